//! Stories against the real controller: `docs/spec/interfaces.md` 7.3, transport `sim`.
//!
//! ```text
//! story -> people:  HTTP ------------------> controller (the program, as a process; on a bench: `bench`)
//!       -> world:   rig (in this process) <--pseudo-terminals, sockets, lines--^
//!       <- what the plant publishes: its live stream;  what is really so: the rig's twin
//! ```
//!
//! Nothing of the controller's inside is looked at. Time is the rig's: wall time, times the story's speed, less what a machine
//! without a turn for it lost. What is really so is seen at each step of the rig (50 ms); the live stream looks at the plant
//! once a second, and what it tells may be so much older: [`Scene::lag`](crate::story::Scene::lag).

mod asking;
mod client;
mod controller;
mod ground;
mod live;
mod screen;
mod site;
mod traced;
mod watched;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::asking::ask;
pub use self::client::Client;
use self::controller::Controller;
pub use self::ground::Ground;
pub use self::live::{Live, Machine, Written};
pub use self::screen::Screen;
pub use self::traced::HEARTBEAT;
pub use self::watched::Told;
use crate::rig::{End, Played, Rig, Setup};
use crate::story::run::{Outcome, Tested, play};
use crate::story::{Scenario, Scene};

/// Runs a story against this program, from its start to its end.
#[must_use]
pub fn run(scenario: &Scenario, controller: &Path) -> Outcome {
    played(scenario, "sim", Tested::default(), || start(scenario, controller))
}

/// What comes of a story in a scene that is made for it; a scene that is not made is a failure.
pub fn played(
    scenario: &Scenario,
    transport: &'static str,
    tested: Tested,
    scene: impl FnOnce() -> Result<Live, String>,
) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        proves: scenario.proves.clone(),
        seed: scenario.setting.seed,
        transport,
        tested,
        failures: Vec::new(),
        breaches: Vec::new(),
        measured: Vec::new(),
        plant_time: Duration::ZERO,
        took: Duration::ZERO,
        digest: None,
        marks: Vec::new(),
        trace: None,
        digital: None,
    };
    match scene() {
        Ok(mut live) => {
            let told = play(&mut live, scenario);
            (outcome.failures, outcome.measured) = (told.failures, told.measured);
            outcome.plant_time = live.passed();
            outcome.tested.software = live.software().to_owned();
            let (written, off) = live.end();
            outcome.failures.extend(off.err());
            (outcome.marks, outcome.trace) = (written.marks, Some(written.trace));
            outcome.digital = written.digital;
        }
        Err(why) => outcome.failures.push(why),
    }
    outcome.took = begun.elapsed();
    outcome
}

/// A rig, and a controller beside it that runs its plant.
fn start(scenario: &Scenario, program: &Path) -> Result<Live, String> {
    let (text, site) = site::of(scenario)?;
    let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
    let sim = &scenario.sim;
    let setup = Setup {
        bind: Some(([127, 0, 0, 1], 0).into()),
        speed: sim.speed,
        serial: sim.serial.iter().map(|bus| (bus.clone(), End::Pty)).collect(),
        lines: sim.lines.then(|| Played::Socket(folder.path().join("lines"))),
        ..Setup::default()
    };
    let setting = &scenario.setting;
    let ground = Ground::open(&site, &setting.parameters, setting.seed, &setup)?;
    let file = folder.path().join("site.toml");
    std::fs::write(&file, site::on_ports(&text, &ground.rig.ports))
        .map_err(|why| why.to_string())?;
    let arguments = arguments(scenario, &ground.rig, folder.path());
    let program = Program::start(program.into(), arguments, folder)?;
    let mut client = program.client()?;
    let code = program.controller.ready["setup_code"].as_str().ok_or("no set-up code")?;
    client.set_up(code)?;
    Live::begin(ground, Box::new(program), client)
}

/// The controller as a child of this process.
struct Program {
    path: PathBuf,
    /// What it is started with.
    arguments: Vec<String>,
    controller: Controller,
    // Last: it ends after the controller.
    folder: TempDir,
}

impl Program {
    fn start(path: PathBuf, arguments: Vec<String>, folder: TempDir) -> Result<Program, String> {
        let controller = begin(&path, &arguments, folder.path())?;
        Ok(Program { path, arguments, controller, folder })
    }

    fn client(&self) -> Result<Client, String> {
        Client::new(self.controller.ready["http"].as_str().ok_or("no HTTP address")?)
    }
}

impl Machine for Program {
    fn ended(&mut self) -> Option<String> {
        self.controller.ended()
    }

    fn kill(&mut self) -> Result<(), String> {
        self.controller.kill()
    }

    /// To a program it is the same; what its lines do then is the rig's matter.
    fn cut(&mut self) -> Result<(), String> {
        self.controller.kill()
    }

    fn hang(&mut self) -> Result<(), String> {
        self.controller.signal("STOP")
    }

    fn wake(&mut self) -> Result<(), String> {
        self.controller.signal("CONT")
    }

    fn restart(&mut self) -> Result<Client, String> {
        self.controller = begin(&self.path, &self.arguments, self.folder.path())?;
        let mut client = self.client()?;
        client.log_in()?;
        Ok(client)
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
