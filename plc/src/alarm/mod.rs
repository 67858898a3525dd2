//! Alarms after ISA-18.2: what a condition is, and what people have made of it.

mod engine;

pub use engine::Engine;

use crate::quantity::Value;
use crate::signal::{Quality, Signal};

/// How soon somebody must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Critical: minutes.
    P1,
    /// High: within the hour.
    P2,
    /// Medium: the same day.
    P3,
    /// Low: this week.
    P4,
}

impl Priority {
    /// OPC UA severity, 1 to 1000 (`docs/spec/interfaces.md` 1.3).
    #[must_use]
    pub const fn severity(self) -> u16 {
        match self {
            Priority::P1 => 900,
            Priority::P2 => 700,
            Priority::P3 => 500,
            Priority::P4 => 300,
        }
    }

    /// The word people use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Priority::P1 => "critical",
            Priority::P2 => "high",
            Priority::P3 => "medium",
            Priority::P4 => "low",
        }
    }
}

/// What the unit says of an alarm's cause in this scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// The cause is away.
    #[default]
    Clear,
    /// The cause is there.
    Active,
    /// In the deadband, or the sensor is bad: as it was before. Never clears an alarm.
    AsBefore,
    /// Not judged now, by design: the unit is off, or a parent explains it.
    Suppressed,
}

impl Condition {
    /// Active while `cause` holds.
    #[must_use]
    pub fn when(cause: bool) -> Condition {
        if cause { Condition::Active } else { Condition::Clear }
    }

    /// Suppressed while `by_design` holds.
    #[must_use]
    pub fn unless(self, by_design: bool) -> Condition {
        if by_design { Condition::Suppressed } else { self }
    }
}

impl<Q: Value> Signal<Q> {
    /// Active above `limit`, clear at `limit - deadband` and below, else as before. A bad signal changes nothing.
    #[must_use]
    pub fn above(self, limit: Q, deadband: Q) -> Condition {
        let Some(value) = self.usable().map(Value::to_f64) else { return Condition::AsBefore };
        if value > limit.to_f64() {
            Condition::Active
        } else if value <= limit.to_f64() - deadband.to_f64() {
            Condition::Clear
        } else {
            Condition::AsBefore
        }
    }

    /// Active below `limit`, clear at `limit + deadband` and above, else as before. A bad signal changes nothing.
    #[must_use]
    pub fn below(self, limit: Q, deadband: Q) -> Condition {
        let Some(value) = self.usable().map(Value::to_f64) else { return Condition::AsBefore };
        if value < limit.to_f64() {
            Condition::Active
        } else if value >= limit.to_f64() + deadband.to_f64() {
            Condition::Clear
        } else {
            Condition::AsBefore
        }
    }
}

/// Where an alarm stands (ISA-18.2; the letters A to F of `docs/spec/interfaces.md` 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// A: nothing.
    #[default]
    Normal,
    /// B: there, and nobody has seen it.
    Unacknowledged,
    /// C: there, and seen.
    Acknowledged,
    /// D: gone, and nobody has seen it.
    ReturnedUnacknowledged,
    /// E: gone, but latched, and nobody has seen it.
    LatchedUnacknowledged,
    /// F: gone and seen, but latched until reset.
    LatchedAcknowledged,
}

impl State {
    /// Every state, in order of its number.
    pub const ALL: [State; 6] = [
        State::Normal,
        State::Unacknowledged,
        State::Acknowledged,
        State::ReturnedUnacknowledged,
        State::LatchedUnacknowledged,
        State::LatchedAcknowledged,
    ];

    /// The state with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<State> {
        State::ALL.get(usize::from(number)).copied()
    }

    /// The cause is there.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, State::Unacknowledged | State::Acknowledged)
    }

    /// Somebody has seen it, or there is nothing to see.
    #[must_use]
    pub fn is_acknowledged(self) -> bool {
        matches!(self, State::Normal | State::Acknowledged | State::LatchedAcknowledged)
    }

    /// Gone, and kept until reset.
    #[must_use]
    pub fn is_latched(self) -> bool {
        matches!(self, State::LatchedUnacknowledged | State::LatchedAcknowledged)
    }

    /// The ISA-18.2 letter.
    #[must_use]
    pub fn letter(self) -> char {
        char::from(b'A' + self as u8)
    }

    /// The name interfaces send.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            State::Normal => "Normal",
            State::Unacknowledged => "Unacknowledged",
            State::Acknowledged => "Acknowledged",
            State::ReturnedUnacknowledged => "ReturnedUnacknowledged",
            State::LatchedUnacknowledged => "LatchedUnacknowledged",
            State::LatchedAcknowledged => "LatchedAcknowledged",
        }
    }
}

/// Why an alarm changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Activated,
    Returned,
    Acknowledged,
    Reset,
}

/// One change of one alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    pub from: State,
    pub to: State,
    pub change: Change,
    /// The order that did it; 0: the plant.
    pub order: u32,
    /// Another alarm went active in the same scan: which came first is not known.
    pub same_scan: bool,
    /// Quality of what the condition was judged on.
    pub quality: Quality,
}
