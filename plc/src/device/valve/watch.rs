//! Whether a valve gets where it is asked to go, and in time: its ends and its clock.

use core::time::Duration;

use super::{Inputs, Settings, State, Status, Travel};
use crate::device::Handling;
use crate::reason::{Reason, Reasons};

/// Travel may take half as long again as its nominal time (`docs/spec/plant.md` 2.0).
fn patience(travel_time: Duration) -> Duration {
    travel_time + travel_time / 2
}

/// Watches the ends and the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Watch {
    travelled: Duration,
    asked: Travel,
    /// Its relay is held off, or its ends cannot be read: that it does not arrive is no fault of the valve.
    pub excused: bool,
    /// Not in a safety path: when it does not open it is closed and opened once more (R-2.0-07).
    pub tries_twice: bool,
    tried: bool,
    /// Time left of the closing between two tries.
    closes_for: Duration,
    /// What became of it, while it is a fault.
    failed_by: Reasons,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            travelled: Duration::ZERO,
            asked: Travel::Stay,
            excused: false,
            tries_twice: false,
            tried: false,
            closes_for: Duration::ZERO,
            failed_by: Reasons::NONE,
        }
    }
}

impl Watch {
    /// Of a valve that gets a second try.
    pub(super) fn trying_twice() -> Watch {
        Watch { tries_twice: true, ..Watch::default() }
    }

    /// After a reset.
    pub(super) fn anew(&self) -> Watch {
        Watch { tries_twice: self.tries_twice, ..Watch::default() }
    }

    /// What a valve shows of itself.
    pub(super) fn shows(
        &mut self,
        before: State,
        state: State,
        inputs: &Inputs,
        handling: &Handling,
        waits_for: Reasons,
    ) -> Status {
        let failed_by = self.named(before, state, inputs);
        let blocked = failed_by
            .and_if(state == State::Fault, Reason::ValveFault)
            .and(handling.why())
            .and(waits_for);
        Status { state, failed_by, blocked }
    }

    /// What became of a valve that is a fault.
    fn named(&mut self, before: State, state: State, inputs: &Inputs) -> Reasons {
        if state != State::Fault {
            self.failed_by = Reasons::NONE;
        } else if before != State::Fault {
            let why = match (inputs.opened.usable(), inputs.closed.usable()) {
                (Some(true), Some(true)) | (None, _) | (_, None) => Reason::WireOrContact,
                (Some(true), Some(false)) | (Some(false), Some(true)) => Reason::ValveStands,
                (Some(false), Some(false)) => Reason::ValveHalfway,
            };
            self.failed_by = Reasons::only(why);
        }
        self.failed_by
    }

    pub(super) fn next(
        &mut self,
        before: State,
        inputs: &Inputs,
        settings: &Settings,
        asked: Travel,
        elapsed: Duration,
    ) -> State {
        if asked != self.asked || self.excused {
            self.asked = asked;
            self.travelled = Duration::ZERO;
            self.tried = false;
            self.closes_for = Duration::ZERO;
        }
        let both = inputs.opened.closed() && inputs.closed.closed();
        let at_open = inputs.opened.closed() && !inputs.closed.closed();
        let at_closed = inputs.closed.closed() && !inputs.opened.closed();
        let there = match asked {
            Travel::Open => at_open,
            Travel::Close => at_closed,
            Travel::Stay => true,
        };
        self.travelled =
            if there { Duration::ZERO } else { self.travelled.saturating_add(elapsed) };
        self.tried &= !there;
        let late = !there && self.travelled > patience(settings.travel_time);
        if late && asked == Travel::Open && self.tries_twice && !self.tried && !both {
            self.tried = true;
            self.closes_for = settings.travel_time;
        }
        if before != State::Fault && !both && !self.closes_for.is_zero() {
            self.closes_for =
                if at_closed { Duration::ZERO } else { self.closes_for.saturating_sub(elapsed) };
            self.travelled = Duration::ZERO;
            return State::Closing;
        }
        match before {
            State::Fault => State::Fault,
            State::Between | State::Closed | State::Opening | State::Open | State::Closing => {
                if both || late {
                    State::Fault
                } else if at_open && asked != Travel::Close {
                    State::Open
                } else if at_closed && asked != Travel::Open {
                    State::Closed
                } else {
                    match asked {
                        Travel::Open => State::Opening,
                        Travel::Close => State::Closing,
                        Travel::Stay => State::Between,
                    }
                }
            }
        }
    }
}
