//! A row of the journal: what happened, in words that stay readable without this program.

use plc::device::Mode;
use plc::image::{Command, Event, Step, Tested};
use plc::quantity::Form;
use plc::signal::Moment;
use plc::tag::Catalogue;
use plc::unit::chemicals::Chemical;

use crate::exchange::{Happening, Origin, Wall, Who};

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An alarm changed its state; `reason` is the change.
    Alarm,
    /// An order was taken or refused; `old` is the order, `new` the answer, `reason` why it was refused.
    Answer,
    /// A unit changed its state.
    State,
    /// A cause of the cause-and-effect table began or ended; `reason` is the cause.
    Cause,
    /// A setting was changed.
    Setting,
    /// An instrument or a dosing pump was tested; `old` and `new` are what it showed before and after, of the known value.
    Test,
    /// The controller itself: starts, stops, log-ins, users, clock, storage.
    Shell,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Alarm,
        Kind::Answer,
        Kind::State,
        Kind::Cause,
        Kind::Setting,
        Kind::Test,
        Kind::Shell,
    ];

    /// The word stored and sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Alarm => "alarm",
            Kind::Answer => "answer",
            Kind::State => "state",
            Kind::Cause => "cause",
            Kind::Setting => "setting",
            Kind::Test => "test",
            Kind::Shell => "shell",
        }
    }

    /// The kind of a stored word; a word of a later version reads as the controller's own.
    pub(super) fn of(word: &str) -> Kind {
        Kind::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(Kind::Shell)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Counts up over all starts.
    pub number: i64,
    /// Which start of the controller; 0 until it is written.
    pub start: i64,
    pub at: Moment,
    pub wall: Wall,
    pub kind: Kind,
    /// The point or unit it is about; empty: the plant.
    pub path: String,
    pub old: String,
    pub new: String,
    pub user: String,
    pub origin: String,
    /// What the person wrote.
    pub why: String,
    /// A key of the catalogues.
    pub reason: String,
    pub event_id: [u8; 16],
}

/// What the controller itself has to write down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    pub path: String,
    pub old: String,
    pub new: String,
    pub who: Option<Who>,
    pub why: String,
    /// What happened, one word: `Started`, `LoggedIn`, `ClockStepped`.
    pub reason: String,
}

impl Note {
    /// A note of the controller's own.
    #[must_use]
    pub fn of(reason: &str) -> Note {
        Note { reason: reason.into(), ..Note::default() }
    }
}

/// The address words of an origin.
pub(super) fn origin_words(origin: &Origin) -> String {
    match origin {
        Origin::Web(address) => format!("hmi {address}"),
        Origin::OpcUa(session) => format!("opc ua {session}"),
        Origin::Panel(address) => format!("panel {address}"),
        Origin::Shell => "controller".into(),
    }
}

impl Record {
    /// The row of something announced.
    #[must_use]
    pub fn of(happening: &Happening, catalogue: &Catalogue, order: Option<Command>) -> Record {
        let words = words(&happening.event, catalogue, order);
        let (user, origin) = sender(happening.who.as_ref());
        Record {
            number: i64::try_from(happening.number).unwrap_or(i64::MAX),
            start: 0,
            at: happening.at,
            wall: happening.wall,
            kind: words.kind,
            path: words.path,
            old: words.old,
            new: words.new,
            user,
            origin,
            why: happening.why.clone(),
            reason: words.reason,
            event_id: happening.event_id,
        }
    }

    /// The row of a note.
    pub(super) fn of_note(note: Note, number: u64, at: Moment, wall: Wall) -> Record {
        let (user, origin) = sender(note.who.as_ref());
        Record {
            number: i64::try_from(number).unwrap_or(i64::MAX),
            start: 0,
            at,
            wall,
            kind: Kind::Shell,
            path: note.path,
            old: note.old,
            new: note.new,
            user,
            origin,
            why: note.why,
            reason: note.reason,
            event_id: [0; 16],
        }
    }
}

fn sender(who: Option<&Who>) -> (String, String) {
    who.map_or_else(Default::default, |who| (who.user.clone(), origin_words(&who.origin)))
}

struct Words {
    kind: Kind,
    path: String,
    old: String,
    new: String,
    reason: String,
}

fn words(event: &Event, catalogue: &Catalogue, order: Option<Command>) -> Words {
    let path =
        |row: usize| catalogue.rows.get(row).map_or_else(String::new, |row| row.path.clone());
    match *event {
        Event::Answer { verdict, step, .. } => {
            let (old, path) = order.map_or_else(Default::default, |order| asked(order, &path));
            let (new, reason) = match verdict {
                Ok(()) if step == Step::Select => ("Chosen", ""),
                Ok(()) => ("Accepted", ""),
                Err(reason) => ("Refused", reason.key()),
            };
            Words { kind: Kind::Answer, path, old, new: new.into(), reason: reason.into() }
        }
        Event::Alarm { alarm, transition } => Words {
            kind: Kind::Alarm,
            path: path(alarm),
            old: transition.from.key().into(),
            new: transition.to.key().into(),
            reason: format!("{:?}", transition.change),
        },
        Event::State { row, from, to } => {
            let name = |state: u16| state_name(catalogue, row, state);
            let (old, new) = (name(from), name(to));
            Words { kind: Kind::State, path: path(row), old, new, reason: String::new() }
        }
        Event::Cause { cause, began } => Words {
            kind: Kind::Cause,
            path: String::new(),
            old: String::new(),
            new: if began { "Began" } else { "Ended" }.into(),
            reason: cause.key().into(),
        },
        Event::Setting { row, from, to, .. } => Words {
            kind: Kind::Setting,
            path: path(row),
            old: from.to_string(),
            new: to.to_string(),
            reason: String::new(),
        },
        Event::Tested { row, tested: Tested { reference, before, after }, .. } => Words {
            kind: Kind::Test,
            path: path(row),
            old: format!("{before} / {reference}"),
            new: format!("{after} / {reference}"),
            reason: String::new(),
        },
        Event::Overflow => Words {
            kind: Kind::Shell,
            path: String::new(),
            old: String::new(),
            new: String::new(),
            reason: "Overflow".into(),
        },
    }
}

fn state_name(catalogue: &Catalogue, row: usize, state: u16) -> String {
    let names = catalogue.rows.get(row).map(|row| row.form);
    match names {
        Some(Form::States(names)) => {
            names.get(usize::from(state)).map_or_else(|| state.to_string(), ToString::to_string)
        }
        Some(Form::Number { .. } | Form::OnOff | Form::Reasons | Form::Alarm) | None => {
            state.to_string()
        }
    }
}

/// The order's name and what it is about.
fn asked(order: Command, path: &impl Fn(usize) -> String) -> (String, String) {
    let (name, about) = match order {
        Command::Start => ("Start", String::new()),
        Command::Stop => ("Stop", String::new()),
        Command::StopAll => ("StopAll", String::new()),
        Command::Reset => ("Reset", String::new()),
        Command::Wash { filter } => ("Wash", format!("filter{filter}")),
        Command::AbortWash { filter } => ("AbortWash", format!("filter{filter}")),
        Command::Desludge { tank } => ("Desludge", format!("tank{tank}")),
        Command::Prime => ("Prime", "disinfection".into()),
        Command::CloseIntake => ("CloseIntake", "intake".into()),
        Command::OpenIntake => ("OpenIntake", "intake".into()),
        Command::ConfirmDrained => ("ConfirmDrained", "distribution".into()),
        Command::ConfirmQuality => ("ConfirmQuality", "distribution".into()),
        Command::EnterChlorine { .. } => ("EnterChlorine", "disinfection.hand_residual".into()),
        Command::ConfirmStrength => ("ConfirmStrength", "system".into()),
        Command::ConfirmSludgeRemoved => ("ConfirmSludgeRemoved", "waste".into()),
        Command::Mixed { chemical, .. } => ("Mixed", stock(chemical).into()),
        Command::EnterTurbidity { .. } => ("EnterTurbidity", "coagulation".into()),
        Command::JarTest { .. } => ("JarTest", "coagulation".into()),
        Command::AcceptJarTest => ("AcceptJarTest", "coagulation".into()),
        Command::RevertJarTest => ("RevertJarTest", "coagulation".into()),
        Command::Acknowledge { alarm } => ("Acknowledge", path(alarm)),
        Command::AcknowledgeLow => ("AcknowledgeLow", String::new()),
        Command::ResetAlarm { alarm } => ("ResetAlarm", path(alarm)),
        Command::Shelve { alarm, .. } => ("Shelve", path(alarm)),
        Command::ShelveOnce { alarm } => ("ShelveOnce", path(alarm)),
        Command::Unshelve { alarm } => ("Unshelve", path(alarm)),
        Command::OutOfService { alarm } => ("OutOfService", path(alarm)),
        Command::InService { alarm } => ("InService", path(alarm)),
        Command::BeginEmergency { .. } => ("BeginEmergency", "system.emergency_profile".into()),
        Command::EndEmergency => ("EndEmergency", "system.emergency_profile".into()),
        Command::Silence => ("Silence", "system".into()),
        Command::Handle { device, mode } => (mode_order(mode), path(device)),
        Command::ByHand { device, .. } => ("ByHand", path(device)),
        Command::Hold { input, .. } => ("Hold", path(input)),
        Command::Release { input } => ("Release", path(input)),
        Command::RecordTest { due, .. } => ("RecordTest", path(due)),
        Command::Set { setting, .. } => ("Set", path(setting)),
    };
    (name.into(), about)
}

/// The day tank of a chemical.
fn stock(chemical: Chemical) -> &'static str {
    match chemical {
        Chemical::Coagulant => "chemicals.coagulant",
        Chemical::Chlorine => "chemicals.chlorine",
    }
}

/// The word of an order that changes who commands.
fn mode_order(mode: Mode) -> &'static str {
    match mode {
        Mode::Auto => "HandleAuto",
        Mode::Off => "HandleOff",
        Mode::Manual => "HandleManual",
        Mode::Maintenance => "HandleMaintenance",
    }
}
