//! The command line: `docs/spec/contracts.md`, "Command line, start, stop".

mod io;
mod modbus;
mod people;
mod replay;
mod run;
mod sites;
mod what_if;

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A controller for village drinking-water plants.
///
/// Without a subcommand it runs the demo: a whole plant with its river and its village, nothing to wire.
#[derive(Debug, Parser)]
#[command(
    name = "sweetspring",
    version,
    after_long_help = EXAMPLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    how: How,
}

const EXAMPLES: &str = "\
Examples:
  sweetspring                                    the demo plant, ten times as fast as life
  sweetspring run --speed 1                      the same in real time
  sweetspring run site.toml                      your own plant
  sweetspring run site.toml --http 0.0.0.0:8443  with the operators' pages on the plant's network (TLS)
  sweetspring run --set disinfection.residual_target=\"0.9 mg/l\"
  sweetspring check site.toml                    every fault of a site file at once
  sweetspring tags site.toml                     every point of a plant, with unit and range
  sweetspring modbus scan --port /dev/ttyUSB0    who answers on a field bus
  sweetspring io check site.toml --walk          a new installation, point by point
  sweetspring user add somchai --role Operator   a person who may log in
  sweetspring trust client.der                   let an OPC UA client in
  sweetspring replay FOLDER                      scan a recorded run again, and find what this program does otherwise
  sweetspring what-if FOLDER --do \"storm 600\"    what a storm would do to the plant that runs, in the next day

Where things are kept:
  Alarms, audit, settings, people, history and certificates of a plant are in its state folder, with a recording of every scan: --state, or
  $XDG_STATE_HOME/sweetspring/SITE (~/.local/state/sweetspring/SITE), where SITE is the name of the site file without its
  ending; `demo` for the demo. Deleting the folder forgets them.

Messages:
  RUST_LOG=debug says more, RUST_LOG=warn less.";

const CHECK_EXAMPLES: &str = "\
Examples:
  sweetspring check site.toml                    sound, with the load of each bus; or every fault, each with its line
  sweetspring check sites/*.toml && echo sound   ends with 1 when one of them is refused";

const TAGS_EXAMPLES: &str = "\
Examples:
  sweetspring tags                               the demo's points: what they are and what may be set
  sweetspring tags site.toml                     those of your plant, and where each is wired
  sweetspring tags site.toml --json > tags.json  the same for a program";

const REPLAY_EXAMPLES: &str = "\
Examples:
  sweetspring replay ~/.local/state/sweetspring/demo    the demo's newest run, whole
  sweetspring replay STATE/recording/000007-0002.rec    the whole run of this file
  sweetspring replay STATE --until \"2 h\"                its first two hours
  sweetspring replay STATE --site changed.toml --diff   what another site file would do
  sweetspring replay STATE --plot run.html              and a page with plots of it

A run is everything from one start of the controller to its end. It is scanned again as it was
recorded: the same readings, orders and times. Ends with 0 when every output, event and sample is
the same bit for bit, with 1 and the first scan that differs when not. Samples are compared by a
digest in each scan; which of them differ is known once a minute of plant time.";

const USER_EXAMPLES: &str = "\
Examples:
  sweetspring user add somchai --of site.toml    an operator of the plant that runs with this site file
  sweetspring user add bounmy --role Engineer --role Admin --state /var/lib/sweetspring
                                                 the owner: the set-up code is not needed any more
  sweetspring user reset somchai                 a new password, asked for twice
  sweetspring user reset somchai < password      a new password, from a file's first line
  sweetspring user list                          who may log in, and as what";

const TRUST_EXAMPLES: &str = "\
Examples:
  sweetspring trust client.der                   a certificate that somebody gave you
  sweetspring trust \"UaExpert [1f2e3d].der\"      one that was rejected, by the name that the log gives it
  sweetspring trust client.der --of site.toml    at the plant that runs with this site file";

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a plant until Ctrl-C, which switches all outputs off and ends within five seconds
    #[command(after_long_help = EXAMPLES)]
    Run {
        /// Site file; without one the built-in demo
        site: Option<PathBuf>,
        #[command(flatten)]
        how: How,
    },
    /// Checks site files: all faults with file, line, key, what was found and what is allowed
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check {
        /// Site files
        #[arg(required = true, value_name = "SITE")]
        sites: Vec<PathBuf>,
    },
    /// Lists every point of a plant: path, tag, unit, range, where it is wired
    #[command(after_long_help = TAGS_EXAMPLES)]
    Tags {
        /// Site file; without one the demo
        site: Option<PathBuf>,
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Scans a recorded run again: the same outputs, events and states, or the first difference
    #[command(after_long_help = REPLAY_EXAMPLES)]
    Replay(replay::Replay),
    /// Looks ahead from a recorded plant, or one that runs: what happens as it is, and what with a setting moved or a storm
    #[command(after_long_help = what_if::EXAMPLES)]
    WhatIf(what_if::WhatIf),
    /// A field bus by hand, before a plant runs on it: who is there, what registers hold
    #[command(after_long_help = modbus::EXAMPLES)]
    Modbus {
        #[command(subcommand)]
        what: modbus::Modbus,
    },
    /// The points of a new installation: what each input reads, and what each output moves
    #[command(after_long_help = io::EXAMPLES)]
    Io {
        #[command(subcommand)]
        what: io::Io,
    },
    /// People who may log in
    #[command(after_long_help = USER_EXAMPLES)]
    User {
        #[command(subcommand)]
        what: UserCommand,
    },
    /// Trusts the certificate of an OPC UA client; the log names each one that was rejected
    #[command(after_long_help = TRUST_EXAMPLES)]
    Trust {
        /// Certificate (DER or PEM), or the name of a rejected one
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

/// How a plant is run.
#[derive(Clone, Debug, Args)]
struct How {
    /// State folder
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where the operators' pages are; port 0: any free one. Anything but loopback is served with TLS
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Where OPC UA is; port 0: any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4840")]
    opcua: SocketAddr,
    /// How many times as fast as life, 1 to 100: with the embedded twin, or a rig started with the same number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    speed: Option<u32>,
    /// Instead of this machine's header, lines that another program plays at this Unix socket: nothing wired to it moves
    #[arg(long, value_name = "SOCKET")]
    simulated_lines: Option<PathBuf>,
    /// Lays a value over the site file; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Most disk space of the recording, MiB: its oldest files go first; 0: nothing is recorded
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = recording_mib)]
    recording: u32,
}

/// Less than this holds no day.
const RECORDING_MIN: u32 = 16;

fn recording_mib(words: &str) -> Result<u32, String> {
    let mib: u32 = words.parse().map_err(|_| "a whole number of MiB".to_owned())?;
    if mib == 0 || mib >= RECORDING_MIN {
        return Ok(mib);
    }
    Err(format!("0, or at least {RECORDING_MIN} MiB"))
}

/// Which plant's state folder is meant.
#[derive(Clone, Debug, Args)]
struct Place {
    /// State folder of the plant
    #[arg(long, value_name = "DIR", conflicts_with = "of")]
    state: Option<PathBuf>,
    /// Its site file, when the plant runs without --state; without either the demo
    #[arg(long, value_name = "SITE")]
    of: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Adds a person; asks for the password, or reads it from standard input
    #[command(after_long_help = USER_EXAMPLES)]
    Add {
        name: String,
        /// Observer, Operator, Supervisor, Engineer or Admin; may be repeated. Engineer and Admin together own the plant
        #[arg(long = "role", value_name = "ROLE", default_value = "Operator")]
        roles: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Gives a person a new password, and lets them try again
    #[command(after_long_help = USER_EXAMPLES)]
    Reset {
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Lists everybody with their roles
    #[command(after_long_help = USER_EXAMPLES)]
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Says something on standard output. Whoever stops reading, as `head` does, has seen enough.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Does what the command line says.
pub fn obey() -> anyhow::Result<()> {
    let line = CommandLine::parse();
    match line.command {
        None => run::run(None, line.how),
        Some(Command::Run { site, how }) => run::run(site.as_deref(), how),
        Some(Command::Check { sites }) => sites::check(&sites),
        Some(Command::Tags { site, json }) => sites::tags(site.as_deref(), json),
        Some(Command::Replay(asked)) => replay::replay(&asked),
        Some(Command::WhatIf(asked)) => what_if::what_if(&asked),
        Some(Command::Io { what }) => io::io(what),
        Some(Command::Modbus { what }) => modbus::modbus(what),
        Some(Command::User { what }) => people::user(what),
        Some(Command::Trust { file, place }) => people::trust(&file, &place),
    }
}
