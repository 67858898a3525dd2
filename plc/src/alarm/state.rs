//! Region P: is the cause there, has somebody seen it, is it latched. The table of `docs/spec/interfaces.md` 1.2.

use crate::reason::Reason;
use crate::signal::Quality;

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

/// What happens to region P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The cause has been there for its on-delay.
    Comes,
    /// It has been away for its off-delay.
    Goes,
    Acknowledge,
    Reset,
    /// Seen, still there, and nobody has ended it for too long.
    ReAlarm,
    /// It is shown again: it was on the shelf, or out of service.
    ShowAgain,
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

    /// The state after an input; refused: why nothing changes.
    pub(super) fn next(self, input: Input, latching: bool) -> Result<State, Reason> {
        match (input, self) {
            (
                Input::Comes,
                State::Normal
                | State::ReturnedUnacknowledged
                | State::LatchedUnacknowledged
                | State::LatchedAcknowledged,
            ) => Ok(State::Unacknowledged),
            (Input::Comes, State::Unacknowledged | State::Acknowledged) => Err(Reason::NotNow),

            (Input::Goes, State::Unacknowledged) if latching => Ok(State::LatchedUnacknowledged),
            (Input::Goes, State::Unacknowledged) => Ok(State::ReturnedUnacknowledged),
            (Input::Goes, State::Acknowledged) if latching => Ok(State::LatchedAcknowledged),
            (Input::Goes, State::Acknowledged) => Ok(State::Normal),
            (
                Input::Goes,
                State::Normal
                | State::ReturnedUnacknowledged
                | State::LatchedUnacknowledged
                | State::LatchedAcknowledged,
            ) => Err(Reason::NotNow),

            (Input::Acknowledge, State::Unacknowledged) => Ok(State::Acknowledged),
            (Input::Acknowledge, State::ReturnedUnacknowledged) => Ok(State::Normal),
            (Input::Acknowledge, State::LatchedUnacknowledged) => Ok(State::LatchedAcknowledged),
            (
                Input::Acknowledge,
                State::Normal | State::Acknowledged | State::LatchedAcknowledged,
            ) => Err(Reason::NothingToAcknowledge),

            (Input::Reset, State::LatchedAcknowledged) => Ok(State::Normal),
            (Input::Reset, State::Unacknowledged | State::Acknowledged) => {
                Err(Reason::CauseStillActive)
            }
            (
                Input::Reset,
                State::Normal | State::ReturnedUnacknowledged | State::LatchedUnacknowledged,
            ) => Err(Reason::NotNow),

            (Input::ReAlarm | Input::ShowAgain, State::Acknowledged) => Ok(State::Unacknowledged),
            (Input::ShowAgain, State::Unacknowledged | State::LatchedUnacknowledged) => Ok(self),
            (
                Input::ReAlarm | Input::ShowAgain,
                State::Normal
                | State::Unacknowledged
                | State::ReturnedUnacknowledged
                | State::LatchedUnacknowledged
                | State::LatchedAcknowledged,
            ) => Err(Reason::NotNow),
        }
    }

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

    /// It sounds until it is seen.
    #[must_use]
    pub fn sounds(self) -> bool {
        matches!(self, State::Unacknowledged | State::LatchedUnacknowledged)
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
    /// Seen, still there, and announced once more.
    ReAlarmed,
    Shelved,
    /// Shelved until its cause goes.
    ShelvedOnce,
    /// Taken from the shelf by a person.
    Unshelved,
    /// The time on the shelf is over, or the cause has gone that it waited for.
    ShelfEnded,
    /// Something explains it, or its unit is off.
    Suppressed,
    Unsuppressed,
    OutOfService,
    InService,
    /// It chatters: the plant keeps it for longer than its off-delay.
    ChatterGuarded,
    /// After a restart it is still on the shelf, or out of service.
    StillHidden,
}

/// One change of one alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    pub from: State,
    pub to: State,
    pub change: Change,
    /// The order that did it; 0: the plant.
    pub order: u32,
    /// Another alarm went active in the same scan: which came first is not known (AR-13).
    pub same_scan: bool,
    /// It came first of its trip group.
    pub first_out: bool,
    /// It is on the shelf, suppressed, or out of service after this: nobody is told.
    pub hidden: bool,
    /// How often it has come again within ten minutes of the last message about it; 0: this is worth a message.
    pub repeats: u16,
    /// Quality of what the condition was judged on.
    pub quality: Quality,
}

impl Transition {
    /// People are told: it came, came again, or is shown again and must be seen.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        let shows = match self.change {
            Change::Activated
            | Change::ReAlarmed
            | Change::Unshelved
            | Change::ShelfEnded
            | Change::InService => true,
            Change::Returned
            | Change::Acknowledged
            | Change::Reset
            | Change::Shelved
            | Change::ShelvedOnce
            | Change::Suppressed
            | Change::Unsuppressed
            | Change::OutOfService
            | Change::ChatterGuarded
            | Change::StillHidden => false,
        };
        shows && self.to.sounds() && !self.hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of the table of region P, and what each state refuses.
    #[test]
    fn region_p_goes_by_the_table() {
        use State::{
            Acknowledged as C, LatchedAcknowledged as F, LatchedUnacknowledged as E, Normal as A,
            ReturnedUnacknowledged as D, Unacknowledged as B,
        };
        let (not_now, seen, there) =
            (Err(Reason::NotNow), Err(Reason::NothingToAcknowledge), Err(Reason::CauseStillActive));
        // For A, B, C, D, E, F.
        let rows = [
            (Input::Comes, false, [Ok(B), not_now, not_now, Ok(B), Ok(B), Ok(B)]),
            (Input::Comes, true, [Ok(B), not_now, not_now, Ok(B), Ok(B), Ok(B)]),
            (Input::Goes, false, [not_now, Ok(D), Ok(A), not_now, not_now, not_now]),
            (Input::Goes, true, [not_now, Ok(E), Ok(F), not_now, not_now, not_now]),
            (Input::Acknowledge, false, [seen, Ok(C), seen, Ok(A), Ok(F), seen]),
            (Input::Acknowledge, true, [seen, Ok(C), seen, Ok(A), Ok(F), seen]),
            (Input::Reset, true, [not_now, there, there, not_now, not_now, Ok(A)]),
            (Input::ReAlarm, true, [not_now, not_now, Ok(B), not_now, not_now, not_now]),
            (Input::ShowAgain, true, [not_now, Ok(B), Ok(B), not_now, Ok(E), not_now]),
        ];
        for (input, latching, next) in rows {
            for (state, next) in State::ALL.into_iter().zip(next) {
                assert_eq!(state.next(input, latching), next, "{state:?}, {input:?}, {latching}");
            }
        }
    }

    #[test]
    fn each_state_has_its_letter_and_its_flags() {
        for (state, letter, active, acknowledged, latched) in [
            (State::Normal, 'A', false, true, false),
            (State::Unacknowledged, 'B', true, false, false),
            (State::Acknowledged, 'C', true, true, false),
            (State::ReturnedUnacknowledged, 'D', false, false, false),
            (State::LatchedUnacknowledged, 'E', false, false, true),
            (State::LatchedAcknowledged, 'F', false, true, true),
        ] {
            assert_eq!(state.letter(), letter);
            let flags = (state.is_active(), state.is_acknowledged(), state.is_latched());
            assert_eq!(flags, (active, acknowledged, latched), "{letter}");
            assert_eq!(State::from_number(state as u8), Some(state));
        }
    }
}
