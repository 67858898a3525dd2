//! The methods of the tree: which there are, what they ask of the plant, what they answer.

use ::opcua::types::{Argument, DataTypeId, LocalizedText, StatusCode, UAString, Variant};
use plc::image::{Command, Snapshot};
use plc::reason::Reason;
use plc::tag::{Catalogue, Kind};

use crate::opcua::value::alarm_state;

/// Longest reason or comment a client may give, characters.
const WHY_MAX: usize = 500;

/// A method of a `Commands` or `Alarms` folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    pub name: &'static str,
    pub about: &'static str,
    pub asks: Asks,
}

/// What a method asks of the plant.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// This, with the caller's reason.
    WithReason(Command),
    /// This, with nothing to say.
    Plainly(Command),
    /// That the alarms with a number have been seen: of one unit, or of the whole plant.
    Acknowledge { unit: Option<String> },
}

impl Method {
    fn new(name: &'static str, about: &'static str, asks: Asks) -> Method {
        Method { name, about, asks }
    }

    /// Acknowledgement in an `Alarms` folder.
    pub fn acknowledge(unit: Option<&str>) -> Method {
        let about = "Marks the alarms with this number as seen, with a comment.";
        Method::new("AckAlarm", about, Asks::Acknowledge { unit: unit.map(str::to_owned) })
    }

    /// The command behind it, for asking who may give it.
    pub fn command(&self) -> Command {
        match self.asks {
            Asks::WithReason(command) | Asks::Plainly(command) => command,
            Asks::Acknowledge { .. } => Command::Acknowledge { alarm: 0 },
        }
    }

    /// What the caller hands in.
    pub fn inputs(&self) -> Vec<Argument> {
        match self.asks {
            Asks::WithReason(_) => {
                vec![argument("Reason", DataTypeId::String, "Why, for the audit.")]
            }
            Asks::Plainly(_) => Vec::new(),
            Asks::Acknowledge { .. } => vec![
                argument("Number", DataTypeId::UInt16, "The alarm's number."),
                argument("Comment", DataTypeId::String, "For the audit."),
            ],
        }
    }

    /// What every method answers.
    pub fn outputs() -> Vec<Argument> {
        vec![
            argument("Accepted", DataTypeId::Boolean, "Whether the plant took it."),
            argument("Reason", DataTypeId::String, "The key of the refusal; empty if accepted."),
        ]
    }

    /// The commands these arguments stand for, and the caller's words.
    pub fn commands(
        &self,
        arguments: &[Variant],
        catalogue: &Catalogue,
        snapshot: &Snapshot,
    ) -> Result<(Vec<Command>, String), Refused> {
        match (&self.asks, arguments) {
            (Asks::WithReason(command), [why]) => Ok((vec![*command], text(why)?)),
            (Asks::Plainly(command), []) => Ok((vec![*command], String::new())),
            (Asks::Acknowledge { unit }, [number, comment]) => {
                let number = whole(number).ok_or(StatusCode::BadInvalidArgument)?;
                let alarms = alarms(catalogue, snapshot, unit.as_deref(), number);
                if alarms.is_empty() {
                    return Err(Refused::Plant(Reason::Unknown));
                }
                let seen = |alarm| Command::Acknowledge { alarm };
                Ok((alarms.into_iter().map(seen).collect(), text(comment)?))
            }
            (Asks::WithReason(_) | Asks::Plainly(_) | Asks::Acknowledge { .. }, _) => {
                Err(StatusCode::BadArgumentsMissing.into())
            }
        }
    }
}

/// Why a call came to nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refused {
    /// The call itself is wrong.
    Call(StatusCode),
    /// The call is right, the answer is no.
    Plant(Reason),
}

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Refused {
        Refused::Call(status)
    }
}

/// Rows of the alarms with this number that wait to be seen; if none does, the first with this number, so that the plant
/// itself answers.
fn alarms(
    catalogue: &Catalogue,
    snapshot: &Snapshot,
    unit: Option<&str>,
    number: u16,
) -> Vec<usize> {
    let mut of_number = catalogue.rows.iter().filter(|row| match row.kind {
        Kind::Alarm(words) => words.number == number && unit.is_none_or(|unit| unit == row.unit),
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Setting(_)
        | Kind::Status(_)
        | Kind::Retained(_) => false,
    });
    let waiting: Vec<usize> = of_number
        .clone()
        .filter(|row| !alarm_state(&snapshot.samples[row.id]).is_acknowledged())
        .map(|row| row.id)
        .collect();
    if waiting.is_empty() {
        of_number.next().map(|row| row.id).into_iter().collect()
    } else {
        waiting
    }
}

/// The methods of the plant as a whole.
pub fn of_plant() -> Vec<Method> {
    use Asks::{Plainly, WithReason};
    vec![
        Method::new("Start", "Makes water.", WithReason(Command::Start)),
        Method::new("Stop", "Stops in order.", WithReason(Command::Stop)),
        Method::new("StopAll", "Everything off now.", WithReason(Command::StopAll)),
        Method::new(
            "EndEmergency",
            "Ends the emergency profile before its time.",
            WithReason(Command::EndEmergency),
        ),
        Method::new("Reset", "Resets trips whose cause is gone.", Plainly(Command::Reset)),
    ]
}

/// The methods of a unit, by its name.
pub fn of_unit(unit: &str) -> Vec<Method> {
    use Asks::{Plainly, WithReason};
    let numbered = |name| unit.strip_prefix(name).and_then(|number: &str| number.parse().ok());
    if let Some(filter) = numbered("filter") {
        return vec![
            Method::new("Wash", "Washes this filter.", WithReason(Command::Wash { filter })),
            Method::new(
                "AbortWash",
                "Ends this filter's wash.",
                WithReason(Command::AbortWash { filter }),
            ),
        ];
    }
    if let Some(tank) = numbered("tank") {
        let about = "Draws sludge from this tank.";
        return vec![Method::new("Desludge", about, Plainly(Command::Desludge { tank }))];
    }
    match unit {
        "intake" => vec![
            Method::new("Close", "Closes the intake.", WithReason(Command::CloseIntake)),
            Method::new("Open", "Opens the intake again.", WithReason(Command::OpenIntake)),
        ],
        "disinfection" => {
            let about = "Primes the chlorine pump: a minute at full stroke, once a day.";
            vec![Method::new("Prime", about, Plainly(Command::Prime))]
        }
        _ => Vec::new(),
    }
}

fn argument(name: &str, data_type: DataTypeId, about: &str) -> Argument {
    Argument {
        name: name.into(),
        data_type: data_type.into(),
        value_rank: -1,
        array_dimensions: None,
        description: LocalizedText::from(about),
    }
}

/// A text argument; null counts as empty.
fn text(argument: &Variant) -> Result<String, StatusCode> {
    let text = if let Variant::String(text) = argument {
        text.as_ref()
    } else if let Variant::LocalizedText(text) = argument {
        text.text.as_ref()
    } else if argument.is_empty() {
        ""
    } else {
        return Err(StatusCode::BadInvalidArgument);
    };
    if text.chars().count() > WHY_MAX {
        return Err(StatusCode::BadInvalidArgument);
    }
    Ok(text.chars().filter(|character| !character.is_control()).collect())
}

/// A whole number of any width: clients rarely send the one that was declared.
fn whole(argument: &Variant) -> Option<u16> {
    let number = argument.as_f64().filter(|number| number.fract() == 0.0)?;
    // The span makes the cast exact.
    (0.0..=f64::from(u16::MAX)).contains(&number).then_some(number as u16)
}

/// A call's answer: accepted, or the reason's key.
pub fn answer(verdict: Result<(), Reason>) -> Vec<Variant> {
    let reason = verdict.err().map_or("", Reason::key);
    vec![Variant::Boolean(verdict.is_ok()), Variant::String(UAString::from(reason))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_offers_what_it_can_do() {
        let names = |unit| of_unit(unit).iter().map(|method| method.name).collect::<Vec<_>>();
        assert_eq!(names("filter2"), ["Wash", "AbortWash"]);
        assert_eq!(names("tank1"), ["Desludge"]);
        assert_eq!(names("disinfection"), ["Prime"]);
        assert_eq!(names("intake"), ["Close", "Open"]);
        assert_eq!(names("filtration"), Vec::<&str>::new());
        assert_eq!(of_unit("filter2")[0].asks, Asks::WithReason(Command::Wash { filter: 2 }));
    }

    #[test]
    fn a_reason_of_any_length_or_form_is_not_taken() {
        let start = &of_plant()[0];
        let (catalogue, snapshot) = (Catalogue::default(), Snapshot::new(&Catalogue::default()));
        let call = |why: Variant| start.commands(&[why], &catalogue, &snapshot);
        assert_eq!(call("night\nshift".into()), Ok((vec![Command::Start], "nightshift".into())));
        assert_eq!(call(Variant::Empty), Ok((vec![Command::Start], String::new())));
        for wrong in ["x".repeat(501).into(), Variant::Int32(7)] {
            assert_eq!(call(wrong), Err(Refused::Call(StatusCode::BadInvalidArgument)));
        }
        assert_eq!(
            start.commands(&[], &catalogue, &snapshot),
            Err(Refused::Call(StatusCode::BadArgumentsMissing))
        );
    }
}
