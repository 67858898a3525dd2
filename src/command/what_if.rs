//! `sweetspring what-if`.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use hil::closed_loop::ClosedLoop;
use hil::story::ahead::{self, Future, Told};
use hil::story::stage::MarkKind;
use hil::story::{Happening, Stage, duration};
use hil::twin::begin::Begin;
use plc::signal::Moment;
use plc::tag::Catalogue;
use sweetspring::recorder::{Ended, Progress, Run, Standing};

use super::replay::{Bar, span_words};
use super::say;

/// Both futures have the same weather, demand and noise. Chosen: any number.
const SEED: u64 = 1;
/// A look-ahead longer than this says nothing any more.
const AHEAD_MAX: Duration = Duration::from_secs(14 * 86_400);
/// A recording that is being written ends up to so long before its last block's end.
const SHORT_OF: Duration = Duration::from_secs(10);

pub const EXAMPLES: &str = "\
Examples:
  sweetspring what-if ~/.local/state/sweetspring/demo --do \"at 30 min: storm 600\"
      the demo as it stands now, with a storm that peaks at 600 NTU, and without
  sweetspring what-if STATE --at \"6 h\" --for \"4 h\" --set disinfection.residual_target=1.1
      from six hours into the newest run, beside what was recorded then

The recorded run is scanned again up to that time: the plant then stands exactly as it stood.
A twin of the site takes up what the instruments showed; what nobody measures is assumed, and
the first lines say what. Then both run on: as it is, and with what was asked. Nothing is
changed at the plant itself.

WHAT is what happens in scenarios: storm NTU, mains on|off, demand TIMES,
fill coagulation|disinfection PERCENT, fault PATH stuck|dropout|zero, actuator PATH trip,
attendant on|off, order start|stop|wash 1|set PATH VALUE and more; a word that is not known is
answered with all there are.";

/// What to look at.
#[derive(Clone, Debug, clap::Args)]
pub struct WhatIf {
    /// A file of a recording, or a folder: its newest run, also while the plant runs
    file: PathBuf,
    /// From when, plant time since the start of the run: "90 s", "15 min", "2 h"; without: from its end
    #[arg(long, value_name = "T", value_parser = duration::parse)]
    at: Option<Duration>,
    /// How far ahead
    #[arg(long = "for", value_name = "TIME", default_value = "24 h", value_parser = duration::parse)]
    ahead: Duration,
    /// What happens, in the words of scenarios; may be repeated
    #[arg(long = "do", value_name = "\"at TIME: WHAT\"")]
    acts: Vec<String>,
    /// Moves a setting at once, as an engineer would; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Writes a page with the plots of both futures
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
}

/// One future with where it began.
struct Seen {
    future: Future,
    /// What was recorded after its beginning.
    recorded: Told,
    at: Moment,
    notes: Vec<String>,
}

pub fn what_if(asked: &WhatIf) -> anyhow::Result<()> {
    if asked.ahead.is_zero() || asked.ahead > AHEAD_MAX {
        let (found, most) = (duration::show(asked.ahead), duration::show(AHEAD_MAX));
        bail!("--for is {found}: a look-ahead lasts up to {most}, as in --for \"24 h\"");
    }
    let run = Run::open(&asked.file)?;
    if let Some(at) = asked.at.filter(|at| *at > run.length) {
        bail!(
            "--at is {}, and the recording ends {} after its start: name an earlier time, or leave --at out to begin at the end",
            span_words(at),
            span_words(run.length)
        );
    }
    let (plant, _) = run.beginning().plant();
    let acts = acts(asked, plant.catalogue()).map_err(|why| anyhow!(why))?;
    let bar = Mutex::new(Bar::new());
    let (now, then) = std::thread::scope(|scope| {
        let other = (!acts.is_empty()).then(|| scope.spawn(|| look(&run, asked, &acts, None)));
        let now = look(&run, asked, &[], Some(&bar));
        let then = other.map(|other| {
            other.join().unwrap_or_else(|_| bail!("the future with what was asked panicked"))
        });
        (now, then)
    });
    bar.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    let (now, then) = (now?, then.transpose()?);
    let other = then.as_ref().map(|then| &then.future);
    let title = format!("{}, from {}", run.beginning().site, span_words(now.at.since(Moment(0))));
    let said = words(asked, &run, &now, other);
    say(&said)?;
    if let Some(file) = &asked.html {
        let page = ahead::page(&title, &said, &now.future, other, Some(&now.recorded));
        std::fs::write(file, page).with_context(|| format!("{}", file.display()))?;
        say(&format!("plots are in {}", file.display()))?;
    }
    Ok(())
}

fn acts(asked: &WhatIf, catalogue: &Catalogue) -> Result<Vec<(Duration, Happening)>, String> {
    let mut acts = Vec::new();
    for text in &asked.set {
        let set = ahead::parse_setting(text, catalogue).map_err(|why| format!("--set {why}"))?;
        acts.push((Duration::ZERO, set));
    }
    for line in &asked.acts {
        let (at, act) = ahead::parse(line, catalogue).map_err(|why| format!("--do {why}"))?;
        if at >= asked.ahead {
            let (at, ahead) = (duration::show(at), duration::show(asked.ahead));
            return Err(format!(
                "--do \"{line}\": {at} is not before the end, {ahead} ahead (--for)"
            ));
        }
        acts.push((at, act));
    }
    Ok(acts)
}

/// Replays the run, stands, and looks ahead.
fn look(
    run: &Run,
    asked: &WhatIf,
    acts: &[(Duration, Happening)],
    bar: Option<&Mutex<Bar>>,
) -> anyhow::Result<Seen> {
    let stop = asked.at.unwrap_or(run.length);
    let length = stop.saturating_add(asked.ahead);
    let show = |at: Duration| {
        if let Some(Ok(mut bar)) = bar.map(Mutex::lock) {
            bar.show(Progress { at, length });
        }
    };
    let beginning = run.beginning();
    let (plant, _) = beginning.plant();
    let mut begin = Begin::new(plant.catalogue());
    let mut recorded = Told::new(plant.catalogue(), ahead::every(asked.ahead));
    let standing = run.stand(
        asked.at,
        asked.ahead,
        &mut |at, inputs| {
            let at_s = at.since(Moment(0));
            match asked.at {
                Some(stop) if at_s > stop => recorded.note(at_s.saturating_sub(stop), inputs),
                Some(_) | None => begin.look(at, inputs),
            }
        },
        &mut |progress| show(progress.at.min(stop)),
    )?;
    let at = standing.plant.now();
    let mut notes = fit(&standing, asked)?;
    begin.stand(&standing.inputs, standing.plant.outputs());
    begin.day = day_of(beginning.wall_ms, at);
    let (onward, begun) =
        ClosedLoop::onward(standing.plant, &beginning.shape, &begin, SEED, beginning.period);
    let trace = Some(ahead::every(asked.ahead));
    let mut stage = Stage::of(onward, &beginning.shape, &begun.parameters, trace);
    let rows = plant.catalogue().rows.iter();
    let inputs = rows.filter(|row| matches!(row.kind, plc::tag::Kind::Input(_)));
    for row in inputs.filter(|row| begun.lost.contains(&row.slot)) {
        stage.watch.tamper(Some(&row.path));
        notes.push(format!("{}: no good reading, and it stays so", row.path));
    }
    notes.extend(begun.assumed);
    let from = at.since(Moment(0));
    let future = ahead::run(stage, acts, asked.ahead, &mut |passed| show(from + passed));
    Ok(Seen { future: future.map_err(|why| anyhow!(why))?, recorded, at, notes })
}

/// Whether the plant stands where it was asked to, and what is to be said of it.
fn fit(standing: &Standing, asked: &WhatIf) -> anyhow::Result<Vec<String>> {
    let at = standing.plant.now().since(Moment(0));
    let replayed = &standing.replayed;
    let because = match &replayed.ended {
        Ended::Until | Ended::Stopped | Ended::CutOff | Ended::Differs => None,
        Ended::Panicked { .. } => Some("the plant panicked there".into()),
        Ended::Gap { lost } => Some(format!(
            "{lost} scans after it were not recorded, and nobody knows what the plant remembered after them"
        )),
        Ended::FirstFilesGone { .. } => bail!(
            "the first files of this run have gone, to keep the folder within its bound: nobody knows what the plant remembered. \
             Restart the controller for a new run, or keep more (--recording)"
        ),
        Ended::ChainBroken { file } => {
            Some(format!("{} does not follow the file before it", file.display()))
        }
        Ended::Unreadable => Some("what follows was written by another version".into()),
    };
    let wanted = asked.at.unwrap_or(at);
    if let Some(because) = because.filter(|_| asked.at.is_none() || at < wanted) {
        bail!(
            "the run can be followed up to {}: {because}. Begin there, with --at, or earlier",
            span_words(at)
        );
    }
    if at.is_zero() || at + SHORT_OF < wanted {
        bail!(
            "the recording ends {} after its start: name an earlier time with --at",
            span_words(at)
        );
    }
    let mut notes = Vec::new();
    if let Some(difference) = &replayed.difference {
        notes.push(format!(
            "the plant: this program does otherwise than the one that recorded, from scan {} on (`sweetspring replay` says how); \
             its state is this program's",
            difference.scan
        ));
    }
    if !replayed.new.is_empty() || !replayed.missing.is_empty() {
        notes.push(format!(
            "points: {} are new in this program and were never read, {} of the recording are gone",
            replayed.new.len(),
            replayed.missing.len()
        ));
    }
    Ok(notes)
}

/// Day of the year, by the controller's clock.
fn day_of(wall_ms: i64, at: Moment) -> Option<f64> {
    use chrono::{DateTime, Datelike};
    let after = i64::try_from(at.since(Moment(0)).as_millis()).ok()?;
    let date = DateTime::from_timestamp_millis(wall_ms.checked_add(after)?)?;
    (wall_ms > 0).then(|| f64::from(date.ordinal0()))
}

fn words(asked: &WhatIf, run: &Run, now: &Seen, other: Option<&Future>) -> String {
    let mut said = format!(
        "{}, {} after its start, and {} ahead\nNot measured there, and assumed:\n",
        run.beginning().site,
        span_words(now.at.since(Moment(0))),
        duration::show(asked.ahead)
    );
    for note in &now.notes {
        said.push_str(&format!("  {note}\n"));
    }
    said.push_str(&format!("\n{}\n\n", ahead::table(&now.future, other)));
    let events = ahead::events(&now.future, other);
    said.push_str(match (events.is_empty(), other) {
        (true, _) => "no alarm, and the plant's state stays\n",
        (false, None) => "what happens, and when\n",
        (false, Some(_)) => "     as is    changed\n",
    });
    for line in events {
        said.push_str(&format!("{line}\n"));
    }
    let future = |name: &str, future: &Future| {
        let broken = future.marks.iter().filter(|mark| mark.kind == MarkKind::Breach).count();
        let broken = match broken {
            0 => "no invariant is broken".to_owned(),
            1 => "one invariant is BROKEN".to_owned(),
            count => format!("{count} invariants are BROKEN"),
        };
        format!(
            "{name}{:.1} m³ made, {:.1} m³ served, {:.1} m³ wanted and not served; {broken}\n",
            future.made, future.served, future.unmet
        )
    };
    said.push_str(&format!("\n{}", future("as is:   ", &now.future)));
    if let Some(other) = other {
        said.push_str(&future("changed: ", other));
        for refused in &other.refused {
            said.push_str(&format!("the plant took no notice of {refused}\n"));
        }
    }
    said.push_str(&beside(now));
    said
}

/// The largest differences from what was recorded.
fn beside(now: &Seen) -> String {
    let length = now.recorded.length();
    let apart = now.recorded.furthest(&now.future.told);
    if length.is_zero() || apart.is_empty() {
        return "\nThe recording does not go on: how well the twin fits is not known. With --at in the past it is.\n".into();
    }
    let mut said = format!(
        "\nHow well the twin fits: what was recorded in the {} after it, against the future as it is, where they are furthest \
         apart (orders given after it are not in the future)\n",
        duration::show(length)
    );
    for one in apart {
        said.push_str(&format!(
            "  {:<36} {:>8.2} {:<5} was {:.2}, foreseen {:.2}, at +{}\n",
            one.path,
            one.by,
            one.symbol,
            one.was,
            one.foreseen,
            duration::show(one.after)
        ));
    }
    said
}
