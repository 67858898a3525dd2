//! Alarms after ISA-18.2: what a condition is, and what people have made of it (`docs/spec/interfaces.md` 1).
//!
//! ```text
//! the unit says     Clear, Active, AsBefore, Suppressed, Absent, Bad        condition.rs
//!        |
//! region P: is it there, has somebody seen it, is it latched    A..F        state.rs, record.rs
//! region S: may it be announced: by design, shelved, out of service   H, G, I     shelf.rs, causes.rs
//!        |
//! announced: sound, first-out, load, flood, chatter guard, re-alarm         engine.rs, groups.rs, load.rs, chatter.rs
//! ```
//! Region P keeps running under region S; only the announcement is held back.

mod causes;
mod chatter;
mod condition;
mod engine;
mod groups;
mod load;
mod record;
mod sample;
mod shelf;
mod state;
#[cfg(test)]
mod tests;

pub use causes::Parent;
pub use condition::{Condition, OnBad};
pub use engine::Engine;
pub use groups::TripGroup;
pub use load::{Load, Standing};
pub use sample::{AlarmSample, KeptAlarm};
pub use shelf::{SHELF_DEFAULT, Shelf, Shelve, shelf_max};
pub use state::{Change, State, Transition};

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

    /// Critical and high ones sound the horn, and are seen one by one (AR-03).
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Priority::P1 | Priority::P2)
    }
}
