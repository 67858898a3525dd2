//! One thing that happens in a story: to the world, to the wires, to the controller, or by a person's order.

use core::fmt;

use plc::signal::Fault;
use plc::tag::{Catalogue, Kind};

use super::order::{self, Asked};
use crate::closed_loop::Lie;
use crate::{Act, Selector};

/// What can happen beside what a bench can do, for people.
pub const HAPPENINGS: &str = "\
order ...                                   what people ask of the plant (see below)
lie PATH bad|frozen|stuck|value NUMBER      what the core is told of an input
truth PATH                                  it is told the truth again
report PATH VALUE                           what the controller's shell reports: storage, clock, buses
kill                                        the controller dies or hangs: pins stand, buses fall silent
dark                                        the controller loses its power: pins let go
restart [lost]                              it comes back; lost: its clock cannot say how long it was away
of a real controller alone (transports = [\"sim\", \"rig\"]):
hang, wake                                  it stands still (SIGSTOP), and goes on
link BUS silent|noisy|late|slow|swapped, device NAME ..., line NUMBER ...   wires: see `hil tell --help`";

/// What becomes of a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    Bad,
    /// As it was when this began, growing old.
    Frozen,
    /// As it was when this began, always fresh.
    Stuck,
    Value(f64),
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Act(Act),
    Order {
        text: String,
        asked: Asked,
    },
    Lie {
        path: String,
        told: Told,
    },
    Truth {
        path: String,
    },
    Report {
        path: String,
        value: f64,
    },
    Kill,
    Dark,
    Restart {
        lost: bool,
    },
    /// The controller's process is stopped, and goes on.
    Hang,
    Wake,
    /// Something is done to a wire, in the words of a rig.
    Wire(String),
}

/// What a link does that only real wires do.
const OF_WIRES: [&str; 5] = ["silent", "noisy", "late", "slow", "swapped"];

impl Happening {
    /// The happening behind a line.
    ///
    /// # Errors
    /// When there is none such.
    pub fn parse(line: &str, catalogue: &Catalogue) -> Result<Happening, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let input = |path: &str| match catalogue.find(path).map(|row| row.kind) {
            Some(Kind::Input(_)) => Ok(path.to_owned()),
            Some(_) | None => Err(format!("no input {path}")),
        };
        Ok(match *words {
            ["order", ref rest @ ..] => {
                Happening::Order { text: rest.join(" "), asked: order::parse(rest, catalogue)? }
            }
            ["lie", path, ref told @ ..] => {
                let told = match *told {
                    ["bad"] => Told::Bad,
                    ["frozen"] => Told::Frozen,
                    ["stuck"] => Told::Stuck,
                    ["value", number] => {
                        Told::Value(number.parse().map_err(|_| format!("{number} is no number"))?)
                    }
                    [..] => return Err("lie PATH bad|frozen|stuck|value NUMBER".into()),
                };
                Happening::Lie { path: input(path)?, told }
            }
            ["truth", path] => Happening::Truth { path: input(path)? },
            ["report", path, value] => Happening::Report {
                path: input(path)?,
                value: value.parse().map_err(|_| format!("{value} is no number"))?,
            },
            ["kill"] => Happening::Kill,
            ["hang"] => Happening::Hang,
            ["wake"] => Happening::Wake,
            ["device" | "line", _, _] => Happening::Wire(line.to_owned()),
            ["link", bus, state] if bus == "header" || OF_WIRES.contains(&state) => {
                Happening::Wire(line.to_owned())
            }
            ["dark"] => Happening::Dark,
            ["restart"] => Happening::Restart { lost: false },
            ["restart", "lost"] => Happening::Restart { lost: true },
            [..] => Happening::Act(Act::understand(&words, Selector::Remote)?),
        })
    }
}

/// The words it was parsed from, or would be.
impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Happening::Act(act) => act.fmt(f),
            Happening::Order { text, .. } => write!(f, "order {text}"),
            Happening::Lie { path, told: Told::Bad } => write!(f, "lie {path} bad"),
            Happening::Lie { path, told: Told::Frozen } => write!(f, "lie {path} frozen"),
            Happening::Lie { path, told: Told::Stuck } => write!(f, "lie {path} stuck"),
            Happening::Lie { path, told: Told::Value(value) } => {
                write!(f, "lie {path} value {value}")
            }
            Happening::Truth { path } => write!(f, "truth {path}"),
            Happening::Report { path, value } => write!(f, "report {path} {value}"),
            Happening::Wire(words) => f.write_str(words),
            Happening::Hang => f.write_str("hang"),
            Happening::Wake => f.write_str("wake"),
            Happening::Kill => f.write_str("kill"),
            Happening::Dark => f.write_str("dark"),
            Happening::Restart { lost: false } => f.write_str("restart"),
            Happening::Restart { lost: true } => f.write_str("restart lost"),
        }
    }
}

impl Told {
    /// What the core is told, from what it was told last.
    #[must_use]
    pub fn lie(self, last: plc::signal::Reading) -> Lie {
        match self {
            Told::Bad => Lie::Bad(Fault::Invalid),
            Told::Frozen => Lie::Frozen(last),
            Told::Stuck => Lie::Stuck(last.value),
            Told::Value(value) => Lie::Value(value),
        }
    }
}
