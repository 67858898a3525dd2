//! The program under measurement: a plant on Modbus TCP that is started, first left alone and then used by everybody.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value as Json;
use sweetspring::machine;
use sweetspring::recorder::{Ended, Run};

use crate::bare::{Bare, Told};
use crate::busy::Crowd;
use crate::client::Client;
use crate::plant::{Plant, run, shipped};
use crate::rig::Rig;
use crate::said::{Lateness, Measured, State};
use crate::used::{Meter, Used};

/// The mains must have been good for a minute before a plant leaves its boot.
const BOOT_MAX: Duration = Duration::from_secs(150);
/// Between the start of the bare loop's process and its first deadline.
const HEAD_START: Duration = Duration::from_secs(1);
/// Before anything is measured: what came up has settled.
const SETTLES: Duration = Duration::from_secs(5);

/// What was seen while the program ran; how late its scans were the recording says later.
struct Watched {
    state: State,
    /// Scans of the run before it began, and before it ended.
    scans: (u64, u64),
    bare: Told,
    used: Used,
}

/// Measures a plant of this period with nobody looking, then with everything busy.
pub fn measure(period: Duration, span: Duration) -> anyhow::Result<Vec<Measured>> {
    let site = shipped("bench.toml");
    let rig = Rig::start(&site, 1);
    let state = tempfile::tempdir()?;
    let mut command = run(Some(&site), state.path());
    command.args(rig.settings());
    command.args(["--set", &format!("site.period=\"{} ms\"", period.as_millis())]);
    let mut plant = Plant::start(command);
    plant.set_up();
    plant.comes("the boot is done", BOOT_MAX, |plant| {
        plant.client.get("/api/reasons")["units"]["system"]["state"] == "Stopped"
    });
    let started = plant.command("Start");
    ensure!(started["accepted"] == true, "the plant does not start: {started}");
    let beat = Beat::of(&plant.client, period)?;

    std::thread::sleep(SETTLES);
    let alone = beat.watch(&plant, span, State::Alone)?;
    let crowd = Crowd::come(&plant, state.path())?;
    std::thread::sleep(SETTLES);
    let busy = beat.watch(&plant, span, State::Busy);
    let had = crowd.go();
    let does = plant.client.get("/api/reasons")["units"]["system"]["state"].clone();
    plant.process.signal("TERM");
    let ended = plant.process.ends_within(Duration::from_secs(5));
    // A panic shows its log.
    assert!(ended.success(), "the controller: {ended}");
    rig.stop();
    let told = told(state.path())?;
    let loads = [
        String::from("its field alone"),
        format!("{had}; a plant that is {}", does.as_str().unwrap_or("?")),
    ];
    let both = [alone, busy?].into_iter().zip(loads);
    Ok(both.map(|(watched, load)| watched.with(&told, period, load)).collect())
}

impl Watched {
    fn with(self, told: &[(Duration, f64)], period: Duration, load: String) -> Measured {
        let place = |scan: u64| usize::try_from(scan).unwrap().min(told.len());
        let of_it = &told[place(self.scans.0)..place(self.scans.1)];
        let late = of_it.iter().map(|(late, _)| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
        let overruns = of_it.iter().map(|(_, overruns)| *overruns);
        let (least, most) =
            overruns.fold((f64::MAX, 0.0), |(least, most), one| (one.min(least), one.max(most)));
        Measured {
            period,
            state: self.state,
            program: Lateness::of(late.collect()),
            overruns: (most - least).max(0.0) as u64,
            bare: Lateness::of(self.bare.late),
            refused: self.bare.refused,
            used: self.used,
            load,
        }
    }
}

/// How late each scan of a run began, and how many had overrun by then, as the plant was told. The run is scanned again for it,
/// and must have been recorded whole.
fn told(state: &Path) -> anyhow::Result<Vec<(Duration, f64)>> {
    let run = Run::open(state)?;
    let (plant, _) = run.beginning().plant();
    let slot = |path: &str| plant.catalogue().input_slot(path).context("no such input");
    let (late, overruns) = (slot("system.lateness")?, slot("system.overruns")?);
    let mut told = Vec::new();
    let mut look = |_, inputs: &plc::image::Inputs| {
        let seconds = inputs.readings[late].value;
        told.push((Duration::from_secs_f64(seconds), inputs.readings[overruns].value));
    };
    let standing = run.stand(None, Duration::ZERO, &mut look, &mut |_| {})?;
    let replayed = standing.replayed;
    ensure!(replayed.ended == Ended::Stopped, "the recording has a gap: {:?}", replayed.ended);
    let difference = replayed.difference;
    ensure!(difference.is_none(), "scanned again it comes out otherwise: {difference:?}");
    Ok(told)
}

/// When scans begin.
struct Beat {
    period: Duration,
    /// A scan began about then, by the boot clock.
    scanned: Duration,
}

impl Beat {
    /// A scan's stamp is in the first message of the live stream.
    fn of(client: &Client, period: Duration) -> anyhow::Result<Beat> {
        let stream = client.send("GET", "/api/live", "");
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let mut data = lines.filter_map(|line| Some(line.strip_prefix("data: ")?.to_owned()));
        let whole: Json = serde_json::from_str(&data.next().context("an empty stream")?)?;
        let stamp = whole["wall"].as_i64().context("no stamp")?;
        let ago = Duration::from_millis(u64::try_from(machine::wall_ms() - stamp)?);
        Ok(Beat { period, scanned: machine::boot_clock().saturating_sub(ago) })
    }

    /// Half a period after a scan, soon.
    fn between_scans(&self) -> Duration {
        let passed = machine::boot_clock() + HEAD_START - self.scanned;
        let periods = passed.as_nanos() / self.period.as_nanos() + 1;
        self.scanned + self.period * u32::try_from(periods).unwrap() + self.period / 2
    }

    /// Lets the bare loop run beside the program.
    fn watch(&self, plant: &Plant, span: Duration, state: State) -> anyhow::Result<Watched> {
        let pid = plant.ready["pid"].as_u64().context("no pid")?;
        let scan = || plant.client.get("/api/health")["scan"].as_u64().context("no scan");
        let bare = Bare::start(self.period, span, self.between_scans())?;
        let (first, meter) = (scan()?, Meter::start(pid)?);
        let bare = bare.ends()?;
        let (scans, used) = ((first, scan()?), meter.read()?);
        Ok(Watched { state, scans, bare, used })
    }
}
