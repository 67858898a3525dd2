//! Stories on a bench: `docs/spec/interfaces.md` 7.3, transport `rig`. The rig in this process is the field, with serial ports,
//! TCP and pins of this machine; the controller is another machine, switched by commands and asked over HTTP.
//!
//! ```text
//! rig.toml -> file --+--> self_test: every channel, before any story
//!                    +--> wiring: the table of what is connected to what
//!                    +--> power: the commands that switch the controller = the `Machine` of a story (`sim`)
//! ```

mod file;
#[cfg(test)]
mod file_tests;
mod power;
mod self_test;
#[cfg(test)]
mod self_test_tests;
pub mod wiring;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use plc::image::Command;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Kind, Role};

pub use self::file::File;
use self::power::Dut;
use self::self_test::Ends;
pub use self::self_test::{Channel, table};
use crate::TwinParameters;
use crate::closed_loop::catalogue_of;
use crate::rig::{Rig, Short, Traffic};
use crate::sim::{Client, Ground, Live, Screen, ask, played};
use crate::story::order::Asked;
use crate::story::run::{Outcome, Tested};
use crate::story::{Happening, Scenario};

/// The world of the self-test: any.
const SEED: u64 = 1;
/// Before what went wrong with switching off.
const STAYS_ON: &str = "the controller may still be on, without its field: switch it off by hand";
/// The self-test looks this often.
const LOOK: Duration = Duration::from_millis(100);

/// A bench with its controller.
pub struct Bench {
    file: File,
    dut: Dut,
}

impl Bench {
    /// Of a `rig.toml`.
    ///
    /// # Errors
    /// When it makes no sense: every fault, with what is allowed.
    pub fn open(path: &Path) -> Result<Bench, String> {
        let file = File::load(path)?;
        Ok(Bench { dut: Dut::of(&file), file })
    }

    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Tries every channel. No output is switched on for it but K0's, which every boot asks for, and perhaps the horn's. The
    /// controller is off before and after.
    ///
    /// # Errors
    /// When it cannot be tried at all: in words.
    pub fn test(&mut self) -> Result<Vec<Channel>, String> {
        self.dut.off_and_forgetful()?;
        let parameters = TwinParameters::of(&self.file.site.shape);
        let ground = Ground::open(&self.file.site, &parameters, SEED, &self.file.setup)?;
        let client = self.dut.begin(&ground.rig, self.file.setup.lines.as_ref());
        let tried = client.and_then(|client| {
            let screen = Screen::follow(&client, &ground.catalogue)?;
            self_test::try_all(&self.file.site, &mut Wired::new(&ground, screen))
        });
        let off = self.dut.off().map_err(|why| format!("{STAYS_ON}: {why}"));
        match (tried, off) {
            (Ok(channels), Ok(())) => Ok(channels),
            (Err(why), Ok(())) | (Ok(_), Err(why)) => Err(why),
            (Err(why), Err(stays)) => Err(format!("{why}; and {stays}")),
        }
    }

    /// Why a story cannot be played here.
    #[must_use]
    pub fn cannot(&self, scenario: &Scenario) -> Option<String> {
        if scenario.setting.site.shape != self.file.site.shape {
            return Some(format!(
                "it tells of a plant like {}, and the bench's {} has another shape",
                scenario.site,
                self.file.site_path.display()
            ));
        }
        if scenario.sim.lines && self.file.setup.lines.is_none() {
            return Some("it needs the lines of a header, and this bench's site has a node".into());
        }
        let power = &self.file.power;
        let missing =
            scenario.steps.iter().flat_map(|step| step.acts.iter().chain(&step.tries)).find_map(
                |happening| match happening {
                    Happening::Kill if power.kill.is_none() => Some("kill"),
                    Happening::Hang if power.hang.is_none() => Some("hang"),
                    Happening::Wake if power.wake.is_none() => Some("wake"),
                    Happening::Act(_)
                    | Happening::Order { .. }
                    | Happening::Lie { .. }
                    | Happening::Truth { .. }
                    | Happening::Report { .. }
                    | Happening::Kill
                    | Happening::Dark
                    | Happening::Restart { .. }
                    | Happening::Hang
                    | Happening::Wake
                    | Happening::Wire(_) => None,
                },
            );
        if let Some(missing) = missing {
            return Some(format!("it needs [power] {missing} in rig.toml"));
        }
        self.settings(scenario).err()
    }

    /// What a story lays over the site, as settings that a person can make: path and value.
    fn settings(&self, scenario: &Scenario) -> Result<Vec<(String, f64)>, String> {
        let wanted = &scenario.sim.set;
        let all: Vec<String> = self.file.set.iter().chain(wanted).cloned().collect();
        let site = config::load(&self.file.site_path, &all, catalogue_of)
            .map_err(|faults| faults.to_string())?;
        let setting = |set: &String| {
            let path = set.split('=').next().unwrap_or_default().trim();
            let found = site.settings.iter().find(|one| one.path == path);
            found.map(|one| (one.path.clone(), one.value)).ok_or_else(|| {
                format!("it lays {set} over the site, which is the controller's own matter here")
            })
        };
        wanted.iter().map(setting).collect()
    }

    /// Plays a story with a new plant, from its start to its end. The controller is off afterwards; `Err` beside the outcome:
    /// it may not be, and nothing else may be played.
    pub fn run(&mut self, scenario: &Scenario) -> (Outcome, Result<(), String>) {
        let tested = Tested {
            hardware: self.file.hardware.clone(),
            bench: self.file.revision.clone(),
            ..Tested::default()
        };
        let mut outcome = played(scenario, "rig", tested, || self.start(scenario));
        let off = self.dut.off().map_err(|why| format!("{STAYS_ON}: {why}"));
        outcome.failures.extend(off.as_ref().err().cloned());
        (outcome, off)
    }

    fn start(&mut self, scenario: &Scenario) -> Result<Live, String> {
        let settings = self.settings(scenario)?;
        self.dut.off_and_forgetful()?;
        let setting = &scenario.setting;
        let ground =
            Ground::open(&self.file.site, &setting.parameters, setting.seed, &self.file.setup)?;
        let begun = self.dut.begin(&ground.rig, self.file.setup.lines.as_ref());
        let begun = begun.and_then(|client| {
            let mut settings = settings.into_iter();
            settings.try_for_each(|(path, value)| set(&client, &ground, &path, value))?;
            Ok(client)
        });
        match begun {
            Ok(client) => Live::begin(ground, Box::new(self.dut.clone()), client),
            Err(why) => {
                // While it still has a field; whether it is off is told by who called.
                let _ = self.dut.off();
                Err(why)
            }
        }
    }
}

/// A setting, as a person makes it.
fn set(client: &Client, ground: &Ground, path: &str, value: f64) -> Result<(), String> {
    let row = ground.catalogue.find(path).ok_or_else(|| format!("no setting {path}"))?;
    let command = Command::Set { setting: row.id, value };
    let verdict = ask(client, Asked { role: Role::Engineer, command }, &ground.catalogue)?;
    verdict.map_err(|reason| format!("set {path} {value}: refused, {reason:?}"))
}

/// Both ends of a bench's wires.
struct Wired<'a> {
    ground: &'a Ground,
    screen: Screen,
    samples: Vec<plc::image::Sample>,
    begun: Instant,
    edges: BTreeMap<u8, usize>,
    taken: usize,
}

impl Wired<'_> {
    fn new(ground: &Ground, screen: Screen) -> Wired<'_> {
        let (samples, edges) = (Vec::new(), BTreeMap::new());
        Wired { ground, screen, samples, begun: Instant::now(), edges, taken: 0 }
    }

    fn rig(&self) -> &Rig {
        &self.ground.rig
    }
}

impl Ends for Wired<'_> {
    fn look(&mut self) -> Result<(), String> {
        std::thread::sleep(LOOK);
        if let Some(why) = self.rig().trouble() {
            return Err(format!("the lines of the header: {why}"));
        }
        if self.screen.copy(0, &mut self.samples).is_none() {
            return Err("the controller says nothing any more".into());
        }
        let edges = self.rig().edges(self.taken);
        self.taken += edges.len();
        for edge in edges {
            *self.edges.entry(edge.line).or_default() += 1;
        }
        Ok(())
    }

    fn passed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn asked(&self) -> BTreeMap<String, u64> {
        self.rig().asked()
    }

    fn traffic(&self, bus: usize) -> Traffic {
        self.rig().traffic(bus)
    }

    fn shows(&self, path: &str) -> Option<f64> {
        let sample = self.samples.get(self.ground.catalogue.find(path)?.id)?;
        match sample.quality {
            Quality::Good | Quality::Uncertain(_) => Some(sample.value),
            Quality::Held(_) | Quality::Bad(_) => None,
        }
    }

    fn hold(&mut self, line: u8, level: Option<bool>) {
        let short = match level {
            Some(true) => Short::High,
            Some(false) => Short::Low,
            None => Short::Sound,
        };
        self.rig().short(line, short);
    }

    fn is_closed(&self, line: u8) -> bool {
        self.rig().is_closed(line)
    }

    fn stroke(&mut self, line: u8) {
        self.rig().stroke(line);
    }

    fn press_reset(&mut self) -> Result<(), String> {
        self.rig().obey("press HS-901")
    }

    fn edges(&self, line: u8) -> usize {
        self.edges.get(&line).copied().unwrap_or(0)
    }

    fn is_driven(&self, line: u8) -> bool {
        self.rig().is_driven(line)
    }

    fn moving(&self) -> Vec<String> {
        let outputs = self.ground.told.outputs();
        let rows = self.ground.catalogue.rows.iter();
        let moves =
            |path: &str| [".run", ".enable", "permit"].iter().any(|end| path.ends_with(end));
        rows.filter(|row| matches!(row.kind, Kind::Output(..)) && row.form == Form::OnOff)
            .filter(|row| moves(&row.path))
            .filter(|row| outputs.get(row.slot).is_some_and(|value| *value != 0.0))
            .map(|row| row.path.clone())
            .collect()
    }
}
