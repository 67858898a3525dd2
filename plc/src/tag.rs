//! Points, the walk over them, and the catalogue that every interface reads.
//!
//! A unit declares each of its fields once (`declare.rs`). A [`Visitor`] walks the declarations together with the live
//! values; the [`Catalogue`] is what one such walk writes down at start.

mod catalogue;

pub use catalogue::{Catalogue, Cataloguer, Place};

use alloc::string::String;
use core::time::Duration;

use crate::alarm::{Condition, OnBad, Parent, Priority, TripGroup};
use crate::device::Handling;
use crate::image::Shown;
use crate::interlock::Column;
use crate::output::Output;
use crate::quantity::{Form, Value};
use crate::reason::Reasons;
use crate::signal::Signal;

/// Who may ask for something. Rows of the role table in `docs/spec/contracts.md`; a person may hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Observer,
    Operator,
    Supervisor,
    Engineer,
    Admin,
}

impl Role {
    /// Whether this role may do what asks for `least`. Admin keeps users and certificates, and does nothing to the plant.
    #[must_use]
    pub fn may(self, least: Role) -> bool {
        match self {
            Role::Observer | Role::Operator | Role::Supervisor | Role::Engineer => self >= least,
            Role::Admin => false,
        }
    }
}

/// What a doc line and a field's type say about a point.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The field's name: the last part of the path.
    pub field: &'static str,
    /// ISA-5.1 tag with its placeholders: `n` the unit's number, `x` the device's letter, `@` the loop of the enclosing
    /// device. Empty: the point carries its group's tag.
    pub tag: &'static str,
    /// One line of description.
    pub about: &'static str,
    /// How its value is shown.
    pub form: Form,
}

/// A declared point: its head and the words of its kind.
#[derive(Clone, Copy, Debug)]
pub struct Point<W> {
    pub head: Head,
    pub words: W,
}

/// Where an input comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An instrument or contact in the field; the site binds it.
    Field,
    /// The shell reports it: lateness, storage, clock, bus health. Never bound.
    Shell,
}

/// What goes on in the plant that must show in an instrument (`docs/spec/plant.md` 2.12, "while process is moving").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Activity {
    /// Its sample always flows.
    Always,
    /// P-101 runs.
    RawPump,
    /// P-101 runs and takes the power of a pump that moves water.
    RawPumpLoaded,
    /// P-301 runs.
    FeedPump,
    /// P-501 runs.
    LiftPump,
    /// The settled tank takes in more than goes out, or less.
    SettledTank,
    /// The clear well does.
    ClearWell,
    /// The elevated tank does.
    ElevatedTank,
}

/// A set of activities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activities(u16);

impl Activities {
    /// With this one too, when it goes on.
    #[must_use]
    pub const fn and_if(self, goes_on: bool, activity: Activity) -> Activities {
        if goes_on { Activities(self.0 | 1 << activity as u16) } else { self }
    }

    /// Whether it goes on.
    #[must_use]
    pub const fn has(self, activity: Activity) -> bool {
        matches!(activity, Activity::Always) || self.0 & (1 << activity as u16) != 0
    }
}

/// Words of an input.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub low: f64,
    pub high: f64,
    /// Longest acceptable time between good values; stale at three times that, at least 5 s.
    pub poll: Duration,
    /// Fastest credible change, units a second; zero: not judged.
    pub rate_max: f64,
    /// Below this it is bad, between it and zero it counts as zero; `-inf`: not judged.
    pub negative_min: f64,
    /// A reading that moves less than half of `resolution` for this long while the process moves is stuck; zero: not judged.
    pub stuck_after: Duration,
    pub resolution: f64,
    /// A reading at or below `zero` for this long while the process moves contradicts it; zero time: not judged.
    pub zero_after: Duration,
    pub zero: f64,
    /// What makes the value move.
    pub moved_by: Activity,
    pub source: Source,
}

impl Measured {
    /// Stale at three polls, and no sooner than 5 s. In whole microseconds.
    #[must_use]
    pub const fn stale_us(&self) -> u64 {
        let three_polls = 3 * (self.poll.as_secs() * 1_000_000 + self.poll.subsec_micros() as u64);
        if three_polls > 5_000_000 { three_polls } else { 5_000_000 }
    }
}

/// Words of an output.
#[derive(Clone, Copy, Debug)]
pub struct Driven {
    /// Its column of the cause-and-effect table; `None`: that of the enclosing device.
    pub column: Option<Column>,
    pub high: f64,
}

/// Words of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Adjustable {
    pub low: f64,
    pub high: f64,
    pub default: f64,
    /// Who may change it.
    pub role: Role,
    /// Largest change within ten minutes, in its unit; infinite: its range alone limits it.
    pub step: f64,
}

/// Words of a status field.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// Span for indicators, where it has one.
    pub span: Option<(f64, f64)>,
    /// Every reason that a set of reasons may hold: the permissives of a unit or a device.
    pub among: Reasons,
}

/// Words of a retained value: what it can be at all. A kept number outside is not taken up.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub low: f64,
    pub high: f64,
    /// What it counts as where what was kept of it cannot be; `None`: what it is before the first start.
    pub doubted: Option<f64>,
    /// It is the time left until an instrument must be tested.
    pub due: Option<Due>,
}

/// A test that is due again and again.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub check: Check,
    /// The largest value that the instrument can be tested against, in its unit.
    pub high: f64,
}

/// What is tested, by kind of instrument (`docs/spec/plant.md` R-2.13-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Turbidity,
    Chlorine,
    Ph,
    Level,
    /// What a dosing pump moves, by the measuring cylinder.
    DrawDown,
}

impl Check {
    /// How long a test is good for (`docs/spec/plant.md` R-2.13-02).
    #[must_use]
    pub const fn good_for(self) -> Duration {
        let days = match self {
            Check::Turbidity => 90,
            Check::Chlorine | Check::Ph | Check::DrawDown => 30,
            Check::Level => 180,
        };
        Duration::from_secs(days * 86_400)
    }
}

/// Words of an alarm: its row of `docs/spec/plant.md` 4.
#[derive(Clone, Copy, Debug)]
pub struct Rationale {
    pub number: u16,
    pub priority: Priority,
    pub on_delay: Duration,
    pub off_delay: Duration,
    /// Stays until reset.
    pub latching: bool,
    /// What a bad sensor means.
    pub on_bad: OnBad,
    /// Numbers of the alarms that explain it: while one of them is there, nobody is told of this one.
    pub explained_by: &'static [u16],
    /// The bus whose loss explains it (code s5).
    pub parent: Option<Parent>,
    /// Told of even without mains.
    pub stands_without_mains: bool,
    /// What it stops, for first-out.
    pub trip: Option<TripGroup>,
    /// Seen and still there, it is announced again after so long, so many times.
    pub re_alarm_time: Duration,
    pub re_alarms: u8,
}

/// How the members of a group are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// There is one: `intake`.
    Single,
    /// `filter1`, `filter2`; tags say `n`.
    Numbered,
    /// `pump_a`, `pump_b`; tags say `x`.
    Lettered,
}

/// A unit or a device as a place in the tree.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub name: &'static str,
    pub tag: &'static str,
    pub numbering: Numbering,
    /// The column its devices' outputs obey, where they name none themselves.
    pub column: Option<Column>,
}

impl Group {
    /// A group of which there is one.
    #[must_use]
    pub const fn single(name: &'static str, tag: &'static str) -> Group {
        Group { name, tag, numbering: Numbering::Single, column: None }
    }
    /// `filter1`, `filter2`, ...
    #[must_use]
    pub const fn numbered(name: &'static str, tag: &'static str) -> Group {
        Group { name, tag, numbering: Numbering::Numbered, column: None }
    }
    /// `pump_a`, `pump_b`, ...
    #[must_use]
    pub const fn lettered(name: &'static str, tag: &'static str) -> Group {
        Group { name, tag, numbering: Numbering::Lettered, column: None }
    }
    /// Its outputs obey this column.
    #[must_use]
    pub const fn held_by(mut self, column: Column) -> Group {
        self.column = Some(column);
        self
    }
}

/// One walk over all declarations with their live values. Every method does nothing unless overridden.
pub trait Visitor {
    /// A unit or device begins; `number` counts from 1 where there are several.
    fn enter(&mut self, _group: &'static Group, _number: Option<u8>) {}
    /// It ends.
    fn leave(&mut self) {}
    fn input<Q: Value>(&mut self, _point: &'static Point<Measured>, _signal: &mut Signal<Q>) {}
    fn output<Q: Value>(&mut self, _point: &'static Point<Driven>, _output: &mut Output<Q>) {}
    fn setting<Q: Value>(&mut self, _point: &'static Point<Adjustable>, _value: &mut Q) {}
    fn status<S: Shown>(&mut self, _point: &'static Point<Plain>, _value: &mut S) {}
    fn retained<Q: Value>(&mut self, _point: &'static Point<Kept>, _value: &mut Q) {}
    fn alarm(&mut self, _point: &'static Point<Rationale>, _condition: &mut Condition) {}
    /// Who commands the device or unit entered last; its points follow.
    fn handling(&mut self, _handling: &mut Handling) {}
}

/// What a row of the catalogue is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Input(Measured),
    /// With the column it obeys.
    Output(Driven, Column),
    Setting(Adjustable),
    Status(Plain),
    Retained(Kept),
    Alarm(Rationale),
}

impl Kind {
    /// One word for interfaces.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Input(_) => "input",
            Kind::Output(..) => "output",
            Kind::Setting(_) => "setting",
            Kind::Status(_) => "status",
            Kind::Retained(_) => "retained",
            Kind::Alarm(_) => "alarm",
        }
    }
}

/// One point of this plant.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its place in the catalogue and in a [`crate::image::Snapshot`]. Valid for one start only.
    pub id: usize,
    /// `filter2.head_loss`: its name for ever.
    pub path: String,
    /// `PDT-320`.
    pub tag: String,
    /// `filter2`: the unit it belongs to.
    pub unit: String,
    pub about: &'static str,
    pub form: Form,
    pub kind: Kind,
    /// Its place among the points of its kind: in [`crate::image::Inputs`], in [`crate::image::Outputs`].
    pub slot: usize,
}

impl Row {
    /// Low and high end of its scale, where it has one.
    #[must_use]
    pub fn span(&self) -> Option<(f64, f64)> {
        match self.kind {
            Kind::Input(words) => match self.form {
                Form::Number { .. } => Some((words.low, words.high)),
                Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => None,
            },
            Kind::Output(words, _) => match self.form {
                Form::Number { .. } => Some((0.0, words.high)),
                Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => None,
            },
            Kind::Setting(words) => Some((words.low, words.high)),
            Kind::Status(words) => words.span,
            Kind::Retained(_) | Kind::Alarm(_) => None,
        }
    }
}
