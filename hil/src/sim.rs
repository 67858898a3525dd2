//! Stories against the real controller: `docs/spec/interfaces.md` 7.3, transport `sim`.
//!
//! ```text
//! story -> people:  HTTP ------------------> controller (the program, as a process)
//!       -> world:   rig (in this process) <--pseudo-terminals, sockets, lines--^
//!       <- what the plant publishes: its live stream;  what is really so: the rig's twin
//! ```
//!
//! Nothing of the controller's inside is looked at. Time is the rig's: wall time, times the story's speed, less what a machine
//! without a turn for it lost. What is really so is seen at each step of the rig (50 ms); the live stream looks at the plant
//! once a second, and what it tells may be so much older: [`Scene::lag`].

mod asking;
mod client;
mod controller;
mod screen;
mod site;
mod watched;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plc::image::Sample;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::Moment;
use plc::tag::{Catalogue, Kind, Row};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::client::Client;
use self::controller::Controller;
use self::screen::Screen;
use self::watched::{Told, Watched};
use crate::Truth;
use crate::closed_loop::catalogue_of;
use crate::rig::{End, PlantWorld, Rig, Setup};
use crate::story::condition::Condition;
use crate::story::run::{Outcome, play};
use crate::story::stage::{Mark, MarkKind};
use crate::story::trace::Trace;
use crate::story::{Happening, Scenario, Scene, Seen};

/// The live stream looks at the plant once a second; the rest is for a machine that is busy.
const LOOK: Duration = Duration::from_millis(1_500);
/// A rig that does not go on for so long is broken.
const STILL_MAX: Duration = Duration::from_secs(20);
/// What an order did is on the stream within this.
const NEWS_MAX: Duration = Duration::from_secs(10);
/// Samples of the trace.
const TRACED: Duration = Duration::from_secs(1);
/// What the plant does.
const STATE: &str = "system.state";
/// Marks kept of one run at most.
const MARKS_MAX: usize = 4_000;

/// Runs a story against this program, from its start to its end.
#[must_use]
pub fn run(scenario: &Scenario, controller: &Path) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        proves: scenario.proves.clone(),
        seed: scenario.setting.seed,
        transport: "sim",
        failures: Vec::new(),
        breaches: Vec::new(),
        measured: Vec::new(),
        plant_time: Duration::ZERO,
        took: Duration::ZERO,
        digest: None,
        marks: Vec::new(),
        trace: None,
    };
    match Sim::start(scenario, controller) {
        Ok(mut sim) => {
            let told = play(&mut sim, scenario);
            (outcome.failures, outcome.measured) = (told.failures, told.measured);
            outcome.plant_time = sim.passed();
            (outcome.marks, outcome.trace) = (sim.marks, Some(sim.trace));
        }
        Err(why) => outcome.failures.push(why),
    }
    outcome.took = begun.elapsed();
    outcome
}

/// How the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Runs,
    Hangs,
    Gone,
}

/// A rig, and a controller that runs its plant.
struct Sim {
    rig: Rig,
    told: Arc<Told>,
    catalogue: Catalogue,
    program: PathBuf,
    /// What the controller is started with.
    arguments: Vec<String>,
    controller: Controller,
    client: Client,
    screen: Screen,
    presence: Presence,
    /// News before this is of another time.
    old_news: u64,
    /// News taken over.
    seen_news: u64,
    /// How things stand.
    now: Moment,
    truth: Truth,
    samples: Vec<Sample>,
    is_published: bool,
    period: Duration,
    speed: u32,
    marks: Vec<Mark>,
    trace: Trace,
    /// State of the plant and alarms told, as they were marked last.
    marked: Vec<(usize, u8)>,
    /// Names of the motors.
    motors: Vec<String>,
    /// A dosing pump has power, K0 is in, and which motors turn.
    moved: Vec<bool>,
    // Last: they end after everything that uses them.
    _runtime: Runtime,
    folder: TempDir,
}

impl Sim {
    fn start(scenario: &Scenario, program: &Path) -> Result<Sim, String> {
        let (text, site) = site::of(scenario)?;
        let catalogue = catalogue_of(&site.shape);
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let sim = &scenario.sim;
        let parameters = scenario.setting.parameters.clone();
        let motors = Truth::motors(&parameters);
        let plant = PlantWorld::with(parameters, &catalogue, scenario.setting.seed);
        let (world, told) = Watched::new(plant);
        let setup = Setup {
            bind: Some(([127, 0, 0, 1], 0).into()),
            control: None,
            speed: sim.speed,
            serial: sim.serial.iter().map(|bus| (bus.clone(), End::Pty)).collect(),
            lines: sim.lines.then(|| folder.path().join("lines")),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|why| why.to_string())?;
        let rig = runtime.block_on(Rig::start(&site, &catalogue, Box::new(world), &setup));
        let rig = rig.map_err(|why| why.to_string())?;
        let file = folder.path().join("site.toml");
        std::fs::write(&file, site::on_ports(&text, &rig.ports)).map_err(|why| why.to_string())?;
        let arguments = arguments(scenario, &rig, folder.path());
        let controller = begin(program, &arguments, folder.path())?;
        let mut client = client_of(&controller)?;
        let code = controller.ready["setup_code"].as_str().ok_or("no set-up code")?;
        client.set_up(code)?;
        let screen = Screen::follow(&client, &catalogue)?;
        let mut sim = Sim {
            rig,
            told,
            program: program.into(),
            arguments,
            controller,
            client,
            screen,
            presence: Presence::Runs,
            old_news: 0,
            seen_news: 0,
            now: Moment(0),
            truth: Truth::default(),
            samples: Vec::new(),
            is_published: false,
            period: site.period,
            speed: sim.speed,
            marks: Vec::new(),
            trace: Trace::new(TRACED),
            marked: Vec::new(),
            motors,
            moved: Vec::new(),
            catalogue,
            _runtime: runtime,
            folder,
        };
        Scene::step(&mut sim)?;
        Ok(sim)
    }

    /// The controller comes back with what it kept.
    fn restart(&mut self) -> Result<(), String> {
        self.controller = begin(&self.program, &self.arguments, self.folder.path())?;
        self.client = client_of(&self.controller)?;
        self.client.log_in()?;
        self.screen = Screen::follow(&self.client, &self.catalogue)?;
        (self.presence, self.old_news, self.seen_news) = (Presence::Runs, 0, 0);
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        self.presence = Presence::Gone;
        self.controller.kill()
    }

    fn mark(&mut self, kind: MarkKind, text: String) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(Mark { at: self.passed(), kind, text });
        }
    }

    /// Writes down when each motor, and the last dosing pump, begins and stops.
    fn mark_world(&mut self) {
        let truth = &self.truth;
        let mut now = vec![truth.dosers.iter().any(|fed| *fed), truth.contactor];
        now.extend(&truth.turning);
        let before = std::mem::replace(&mut self.moved, now);
        let mut marks = Vec::new();
        for (place, is) in self.moved.iter().enumerate() {
            let was = before.get(place).copied().unwrap_or_default();
            if was != *is {
                marks.push(match (place, is) {
                    (0, true) => "a dosing pump has power".to_owned(),
                    (0, false) => "no dosing pump has power".to_owned(),
                    (1, true) => "K0 is in".to_owned(),
                    (1, false) => "K0 is out".to_owned(),
                    (motor, true) => format!("{} turns", self.motors[motor - 2]),
                    (motor, false) => format!("{} stands", self.motors[motor - 2]),
                });
            }
        }
        marks.into_iter().for_each(|text| self.mark(MarkKind::World, text));
    }

    /// Writes down what changed of the plant's state and of its alarms.
    fn mark_changes(&mut self) {
        let mut marks = Vec::new();
        let is_marked = |row: &&Row| matches!(row.kind, Kind::Alarm(_)) || row.path == STATE;
        for row in self.catalogue.rows.iter().filter(is_marked) {
            let sample = self.samples[row.id];
            let is_hidden = matches!(row.kind, Kind::Alarm(_)) && !sample.why.is_empty();
            let value = if is_hidden { 0 } else { sample.value as u8 };
            let before = self.marked.iter_mut().find(|(id, _)| *id == row.id);
            let was = before.as_ref().map_or(0, |(_, value)| *value);
            match (row.kind, row.form) {
                (Kind::Alarm(words), _) if value != was => {
                    // Normal, and returned before anybody saw it, are both away.
                    let stands = |value: u8| crate::story::condition::stands(value.into());
                    let text = format!("{} {} {}", words.number, row.tag, row.path);
                    match (stands(was), stands(value)) {
                        (false, true) => marks.push((MarkKind::AlarmOn, text)),
                        (true, false) => marks.push((MarkKind::AlarmOff, text)),
                        (true, true) | (false, false) => {}
                    }
                }
                (_, Form::States(names)) => {
                    if before.is_some() && value == was {
                        continue;
                    }
                    let name = names.get(usize::from(value)).copied().unwrap_or("?");
                    marks.push((MarkKind::State, name.to_owned()));
                }
                (_, _) => continue,
            }
            match before {
                Some((_, before)) => *before = value,
                None => self.marked.push((row.id, value)),
            }
        }
        for (kind, text) in marks {
            self.mark(kind, text);
        }
    }
}

/// What the controller is started with.
fn arguments(scenario: &Scenario, rig: &Rig, folder: &Path) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let mut arguments = vec!["run".into(), path("site.toml"), "--state".into(), path("state")];
    arguments.extend(["--http", "127.0.0.1:0", "--opcua", "127.0.0.1:0"].map(String::from));
    if scenario.sim.speed > 1 {
        arguments.extend(["--speed".into(), scenario.sim.speed.to_string()]);
    }
    if scenario.sim.lines {
        arguments.extend(["--simulated-lines".into(), path("lines")]);
    }
    let buses = rig.buses.iter().map(|(bus, address)| format!("bus.{bus}.address={address}"));
    for set in buses.chain(scenario.sim.set.iter().cloned()) {
        arguments.extend(["--set".into(), set]);
    }
    arguments
}

fn begin(program: &Path, arguments: &[String], folder: &Path) -> Result<Controller, String> {
    let mut command = Command::new(program);
    command.args(arguments);
    Controller::start(command, &folder.join("errors"))
}

fn client_of(controller: &Controller) -> Result<Client, String> {
    Client::new(controller.ready["http"].as_str().ok_or("no HTTP address")?)
}

impl Scene for Sim {
    fn step(&mut self) -> Result<(), String> {
        let still = || format!("the rig stands still for {STILL_MAX:?}");
        self.now = self.told.next(self.now, &mut self.truth, STILL_MAX).ok_or_else(still)?;
        if self.presence != Presence::Gone
            && let Some(why) = self.controller.ended()
        {
            return Err(why);
        }
        self.mark_world();
        let news = self.screen.copy(self.seen_news, &mut self.samples);
        let news = news.filter(|news| self.presence == Presence::Runs && *news > self.old_news);
        self.is_published = news.is_some();
        if let Some(news) = news.filter(|news| *news > self.seen_news) {
            self.seen_news = news;
            self.mark_changes();
        }
        let seen = Seen {
            catalogue: &self.catalogue,
            samples: self.is_published.then_some(&self.samples),
            truth: &self.truth,
        };
        self.trace.sample(Duration::from_micros(self.now.0), &seen);
        Ok(())
    }

    fn passed(&self) -> Duration {
        Duration::from_micros(self.now.0)
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            catalogue: &self.catalogue,
            samples: self.is_published.then_some(&self.samples),
            truth: &self.truth,
        }
    }

    fn happen(&mut self, happening: &Happening) -> Result<Result<(), Reason>, String> {
        self.mark(MarkKind::Happening, happening.to_string());
        match happening {
            Happening::Act(act) => self.rig.obey(&act.to_string())?,
            Happening::Wire(words) => self.rig.obey(words)?,
            Happening::Order { asked, .. } => {
                let verdict = asking::ask(&self.client, *asked, &self.catalogue)?;
                self.screen.more_than(self.screen.news(), NEWS_MAX)?;
                return Ok(verdict);
            }
            Happening::Kill => self.leave()?,
            Happening::Dark => {
                self.leave()?;
                self.rig.go_dark();
            }
            Happening::Restart { lost: false } => self.restart()?,
            Happening::Hang => {
                self.presence = Presence::Hangs;
                self.controller.signal("STOP")?;
            }
            Happening::Wake => {
                self.controller.signal("CONT")?;
                (self.presence, self.old_news) = (Presence::Runs, self.screen.news());
            }
            Happening::Restart { lost: true }
            | Happening::Lie { .. }
            | Happening::Truth { .. }
            | Happening::Report { .. } => {
                return Err("nobody can do that to a real controller from outside".into());
            }
        }
        Ok(Ok(()))
    }

    fn lag(&self, what: &Condition) -> Duration {
        if what.is_of_the_world() { Duration::ZERO } else { LOOK * self.speed }
    }

    fn period(&self) -> Duration {
        self.period
    }
}
