//! The bench: runs scenarios in one process, serves the model plant as Modbus devices, and works its panel.

mod at_once;
mod matrix_line;
mod run;
mod swarm_line;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use config::{FieldKind, Site};
use hil::bench::{File, wiring};
use hil::rig::{CONTROL, End, PlantWorld, Played, Rig, SAYINGS, Setup, WIRES, tell};
use plc::plant::{Plant, Shape};
use plc::tag::Catalogue;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// Plays the world of a plant: runs scenarios against the core, and serves a field for a controller.
///
/// Run the scenarios:
///
///     hil run hil/scenarios/*.toml
///
/// Start a rig, then a controller with the same site file:
///
///     hil rig --site config/sites/bench.toml
///     sweetspring run config/sites/bench.toml
///
/// Then do what happens to a plant: `hil press ES-900`, `hil tell storm 600`, `hil tell link a down`.
#[derive(Parser)]
#[command(name = "hil", version, verbatim_doc_comment, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve every bus of a site: as Modbus TCP devices, as devices on serial lines, and a header's lines.
    ///
    /// The model plant behind them runs in real time. When everything listens, one line `ready {json}` says where each bus
    /// and the control endpoint are, and who to stop. Ctrl-C ends it.
    ///
    /// A bus on a serial line, with a USB adapter at each end, or with a pseudo-terminal instead of a cable:
    ///
    ///     hil rig --site site.toml --serial a=/dev/ttyUSB1
    ///     hil rig --site site.toml --serial a=pty --serial b=pty
    ///
    /// A site whose bus `header` is the Raspberry Pi's own:
    ///
    ///     hil rig --site site.toml --lines /tmp/lines
    ///     sweetspring run site.toml --simulated-lines /tmp/lines
    ///
    /// A bench that is described in a file, with the header's lines on pins of this machine; and what is wired to what:
    ///
    ///     hil rig --rig rig.toml
    ///     hil rig --wiring --site site.toml
    ///     hil rig --wiring --rig rig.toml
    #[command(verbatim_doc_comment)]
    Rig {
        /// The site file the controller is started with; its [field] driver is "modbus".
        #[arg(long, value_name = "SITE", required_unless_present = "rig")]
        site: Option<PathBuf>,
        /// Serve as this bench is described, with the site it names: hil/scenarios/README.md, "On a bench".
        #[arg(long, value_name = "FILE", conflicts_with_all = ["site", "bind", "serial", "lines", "set", "speed"])]
        rig: Option<PathBuf>,
        /// Print what is wired to what, as a table in Markdown, and serve nothing.
        #[arg(long)]
        wiring: bool,
        /// Listen here instead of where the site says. With port 0 every bus gets any free port; tell the controller with
        /// `--set bus.a.address=...` what `ready` says.
        #[arg(long, value_name = "ADDR", verbatim_doc_comment)]
        bind: Option<SocketAddr>,
        /// Serve this bus on a serial line: the rig's end of it, or `pty` for a new pseudo-terminal, whose other end `ready`
        /// names under `ports` (the controller's `port`, or `--set bus.a.port=...`). May be repeated.
        #[arg(long, value_name = "BUS=PORT", verbatim_doc_comment, value_parser = end)]
        serial: Vec<(String, End)>,
        /// Play the lines of the site's header at this socket, for a controller that is started with `--simulated-lines SOCKET`.
        #[arg(long, value_name = "SOCKET")]
        lines: Option<PathBuf>,
        /// Lay this over the site file, as the controller's `--set` does. May be repeated.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Where the control endpoint listens: 127.0.0.1:1500, or with --bind any free port of that address.
        #[arg(long, value_name = "ADDR")]
        control: Option<SocketAddr>,
        /// Weather, noise and habits of the village follow from this number.
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Plant seconds a second. The controller must be started with the same.
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
        speed: u32,
    },
    /// Run scenarios in one process, on virtual time, every invariant judged after every scan; or against the controller.
    ///
    ///     hil run hil/scenarios/*.toml
    ///     hil run hil/scenarios/storm.toml --html storm.html
    ///     hil run --transport sim hil/scenarios/wire/*.toml --measured links.md
    ///     hil run --transport rig --rig rig.toml hil/scenarios/wire/*.toml --trace traces
    ///
    /// On a bench (transport rig) every channel is tried first; when one fails no story is run. Without files that is all.
    ///
    /// A line each; ends non-zero when one failed.
    #[command(verbatim_doc_comment, after_help = run::HELP)]
    Run(run::Line),
    /// Let random villages live with random faults and orders, and see whether a promise breaks.
    ///
    ///     hil swarm --seeds 40 --days 2
    #[command(verbatim_doc_comment, after_help = swarm_line::HELP)]
    Swarm(swarm_line::Line),
    /// Let every fault strike in every state of the plant, and time each output that must be safe.
    Matrix(matrix_line::Line),
    /// Press a button of a rig's panel: ES-900 emergency stop, HS-900 selector (to its other side), HS-901 local reset.
    #[command(verbatim_doc_comment)]
    Press {
        /// ES-900, HS-900, HS-901, HV-401 or door.
        tag: String,
        /// The rig's control endpoint.
        #[arg(long, value_name = "ADDR", default_value = CONTROL)]
        rig: String,
    },
    /// Pull a button out again: ES-900, HV-401, door.
    Release {
        tag: String,
        /// The rig's control endpoint.
        #[arg(long, value_name = "ADDR", default_value = CONTROL)]
        rig: String,
    },
    /// Make something happen at a rig's plant.
    #[command(after_help = format!("{SAYINGS}\n\nWires of a rig:\n{WIRES}"))]
    Tell {
        /// What: see below.
        #[arg(required = true, allow_negative_numbers = true)]
        words: Vec<String>,
        /// The rig's control endpoint.
        #[arg(long, value_name = "ADDR", default_value = CONTROL)]
        rig: String,
    },
}

fn main() -> ExitCode {
    match run(Line::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hil: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(line) => run::run(&line),
        Command::Swarm(line) => swarm_line::run(&line),
        Command::Matrix(line) => matrix_line::run(&line),
        Command::Rig { .. }
        | Command::Press { .. }
        | Command::Release { .. }
        | Command::Tell { .. } => bench(command),
    }
}

fn bench(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        match command {
            Command::Rig { site, rig, wiring, bind, serial, lines, set, control, seed, speed } => {
                let lines = lines.map(Played::Socket);
                let setup = Setup { bind, control, speed, serial, lines, interface: None };
                let (site, setup) = described(site, rig.as_deref(), &set, setup)?;
                if wiring {
                    print!("{}", wiring::table(&site, rig.is_some().then_some(&setup)));
                    return Ok(());
                }
                serve(&site, seed, setup).await
            }
            Command::Press { tag, rig } => say(&rig, &format!("press {tag}")).await,
            Command::Release { tag, rig } => say(&rig, &format!("release {tag}")).await,
            Command::Tell { words, rig } => say(&rig, &words.join(" ")).await,
            Command::Run(_) | Command::Swarm(_) | Command::Matrix(_) => Ok(()),
        }
    })
}

/// `BUS=PORT`.
fn end(words: &str) -> Result<(String, End), String> {
    match words.split_once('=') {
        Some((bus, end)) if !bus.is_empty() && !end.is_empty() => {
            Ok((bus.to_string(), End::understand(end)))
        }
        Some(_) | None => Err("write BUS=PORT, such as a=/dev/ttyUSB1 or a=pty".into()),
    }
}

async fn say(rig: &str, line: &str) -> anyhow::Result<()> {
    tell(rig, line).await.map_err(anyhow::Error::msg)
}

fn catalogue_of(shape: &Shape) -> Catalogue {
    Plant::new(shape).catalogue().clone()
}

/// The site, and how it is served: as the command line says, or as a bench is described.
fn described(
    path: Option<PathBuf>,
    rig: Option<&Path>,
    set: &[String],
    setup: Setup,
) -> anyhow::Result<(Site, Setup)> {
    let bench = rig.map(File::load).transpose().map_err(anyhow::Error::msg)?;
    let path = match (path, bench) {
        (None, Some(bench)) => {
            return Ok((bench.site, Setup { control: setup.control, ..bench.setup }));
        }
        (Some(path), None) => path,
        // The command line has refused both, and neither.
        (Some(_), Some(_)) | (None, None) => bail!("--site SITE, or --rig FILE"),
    };
    let site = config::load(&path, set, catalogue_of)?;
    if site.field != FieldKind::Buses {
        bail!("{} has no buses to serve: its plant is inside the controller", path.display());
    }
    Ok((site, setup))
}

async fn serve(site: &Site, seed: u64, setup: Setup) -> anyhow::Result<()> {
    let catalogue = catalogue_of(&site.shape);
    let world = Box::new(PlantWorld::new(&site.shape, &catalogue, seed));
    let mut terminated = signal(SignalKind::terminate())?;
    let rig = Rig::start(site, &catalogue, world, &setup).await?;
    let buses: serde_json::Map<_, _> =
        rig.buses.iter().map(|(bus, address)| (bus.clone(), json!(address))).collect();
    let ports: serde_json::Map<_, _> =
        rig.ports.iter().map(|(bus, port)| (bus.clone(), json!(port))).collect();
    let lines = match &setup.lines {
        Some(Played::Socket(path)) => json!(path),
        Some(Played::Pins(wiring)) => json!(wiring.chip),
        None => json!(null),
    };
    let ready = json!({
        "buses": buses,
        "ports": ports,
        "lines": lines,
        "control": rig.control,
        "pid": std::process::id(),
        "seed": seed,
        "speed": setup.speed,
    });
    println!("ready {ready}");
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
