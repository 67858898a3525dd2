//! Motor valves: two relays and two limit switches, or one relay and a capacitor that closes them.
//!
//! ```text
//! Between -> Opening -> Open -> Closing -> Closed -> Opening ...      any --(both ends, or no end in time)--> Fault
//! ```
//! A valve is open or closed only when its limit switch says so beyond doubt.

mod watch;

use core::time::Duration;

use crate::declare::{
    between, contact, inputs, outputs, parts, settings, shown, states, status, switched,
};
use crate::output::Output;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

use super::{Handling, Mode};
use watch::Watch;

/// Everything a valve itself knows to keep it where it is; its unit adds what else its opening waits for.
const BLOCKED: Reasons = Reasons::all(&[
    Reason::ValveFault,
    Reason::ValveStands,
    Reason::ValveHalfway,
    Reason::WireOrContact,
    Reason::OtherValveNotInPlace,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]);

inputs! {
    /// Limit switches.
    pub struct Inputs {
        /// ZSO-@, fully open.
        pub opened: Signal<bool> = contact(),
        /// ZSC-@, fully closed.
        pub closed: Signal<bool> = contact(),
    }
}

settings! {
    /// Times of a valve.
    pub struct Settings {
        /// Nominal time from end to end.
        pub travel_time: Duration = between(1.0..=120.0, 15.0),
    }
}

status! {
    /// Where it stands.
    pub struct Status {
        /// State of the valve.
        pub state: State = shown(),
        /// What became of it, while it is a fault.
        pub failed_by: Reasons = shown(),
        /// What keeps it from going where it is wanted.
        pub blocked: Reasons = shown().among(BLOCKED),
    }
}

outputs! {
    /// Relays of a valve that keeps its place without power.
    pub struct MotorOutputs {
        /// Relay towards open.
        pub open: Output<bool> = switched(),
        /// Relay towards closed.
        pub close: Output<bool> = switched(),
    }
}

outputs! {
    /// Relay of a valve that closes by itself.
    pub struct ReturnOutputs {
        /// Relay; without it the capacitor closes the valve.
        pub open: Output<bool> = switched(),
    }
}

/// Where a valve stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No end reached, nothing asked.
    Between,
    Closed,
    Opening,
    Open,
    Closing,
    /// Both ends at once, or no end reached in time; until reset.
    Fault,
}
states! { State { Between, Closed, Opening, Open, Closing, Fault } }

/// What is asked of a valve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    Open,
    Close,
    /// As it is.
    Stay,
}

impl Travel {
    /// Open while `open` holds, else closed.
    #[must_use]
    pub fn when(open: bool) -> Travel {
        if open { Travel::Open } else { Travel::Close }
    }
}

/// What is asked of a valve, and why it is not asked to open although it is wanted open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub travel: Travel,
    pub waits_for: Reasons,
}

impl From<Travel> for Asked {
    fn from(travel: Travel) -> Asked {
        Asked { travel, waits_for: Reasons::NONE }
    }
}

impl Asked {
    /// Open while it is wanted and nothing stands against it; what does is told only while it is wanted.
    #[must_use]
    pub fn open(wanted: bool, against: Reasons) -> Asked {
        let travel = Travel::when(wanted && against.is_empty());
        Asked { travel, waits_for: if wanted { against } else { Reasons::NONE } }
    }

    /// Not while this stands against it either.
    #[must_use]
    pub fn unless(self, against: Reasons) -> Asked {
        let wanted = self.travel == Travel::Open || !self.waits_for.is_empty();
        Asked::open(wanted, self.waits_for.and(against))
    }
}

macro_rules! valve {
    ($(#[$doc:meta])* $name:ident, $outputs:ident) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name {
            pub inputs: Inputs,
            pub settings: Settings,
            pub status: Status,
            pub handling: Handling,
            pub outputs: $outputs,
            watch: Watch,
        }
        parts! { $name { inputs, settings, status, handling, outputs; one: ; many: ; maybe: ; watch } }

        impl $name {
            /// Proven open.
            #[must_use]
            pub fn is_open(&self) -> bool {
                self.inputs.opened.closed() && self.inputs.closed.open()
            }

            /// Proven closed.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.inputs.closed.closed() && self.inputs.opened.open()
            }

            /// Where it is to go: the sequence's word in AUTO, a person's in MANUAL. The unit asks before it weighs which
            /// valves exclude each other, so that a person passes no exclusion either.
            #[must_use]
            pub fn wants(&self, auto: bool) -> bool {
                self.handling.wants(auto)
            }

            /// Fit to be asked by a sequence: no fault, and in AUTO.
            #[must_use]
            pub fn is_available(&self) -> bool {
                !self.is_faulty() && self.handling.is_auto()
            }

            /// Shown to the person who takes over: 100 % is open. Halfway it stays until they say where it is to go.
            fn place(&self) -> Option<Percent> {
                match self.status.state {
                    State::Opening | State::Open => Some(Percent(100.0)),
                    State::Closing | State::Closed => Some(Percent::ZERO),
                    State::Between | State::Fault => None,
                }
            }

            /// Its limit switches can be read and do not contradict each other, or it is locked out.
            #[must_use]
            pub fn is_referenced(&self) -> bool {
                let ends = (self.inputs.opened.usable(), self.inputs.closed.usable());
                self.handling.mode() == Mode::Maintenance
                    || matches!(ends, (Some(opened), Some(closed)) if !(opened && closed))
            }

            /// Failed, until reset.
            #[must_use]
            pub fn is_faulty(&self) -> bool {
                self.status.state == State::Fault
            }

            /// Forgets a fault; it comes back if its cause is still there.
            pub fn reset(&mut self) {
                if self.is_faulty() {
                    self.status.state = State::Between;
                    self.watch = self.watch.anew();
                }
            }
        }
    };
}

valve! {
    /// A valve that keeps its place without power. Its relays are on only while it travels.
    MotorValve, MotorOutputs
}
valve! {
    /// A valve that closes without power.
    ReturnValve, ReturnOutputs
}

impl MotorValve {
    /// One that is slower, or faster, than most.
    #[must_use]
    pub fn taking(travel_time: Duration) -> MotorValve {
        MotorValve { settings: Settings { travel_time }, ..MotorValve::default() }
    }

    /// One that lies in no safety path: it gets a second try, and where a person's wish has ended it stays as it is.
    #[must_use]
    pub fn trying_twice() -> MotorValve {
        MotorValve { watch: Watch::trying_twice(), ..MotorValve::default() }
    }

    /// One scan.
    pub fn scan(&mut self, asked: impl Into<Asked>, elapsed: Duration) {
        let Asked { travel, waits_for } = asked.into();
        // Switched off or locked out it keeps its place, and its relays stay dead.
        let stays = self.handling.is_off() || (self.watch.tries_twice && self.handling.has_ended());
        let asked = if stays { Travel::Stay } else { travel };
        let before = self.status.state;
        // What the table held off in the last scan.
        self.watch.excused = !self.outputs.open.held().and(self.outputs.close.held()).is_empty();
        let state = self.watch.next(before, &self.inputs, &self.settings, asked, elapsed);
        self.status = self.watch.shows(before, state, &self.inputs, &self.handling, waits_for);
        self.outputs = MotorOutputs {
            open: Output::want(state == State::Opening),
            close: Output::want(state == State::Closing),
        };
        self.handling.elapse_at(self.place(), elapsed);
    }
}

impl ReturnValve {
    /// One scan. `Stay` means closed: without power it closes.
    pub fn scan(&mut self, asked: impl Into<Asked>, elapsed: Duration) {
        let Asked { travel, waits_for } = asked.into();
        let asked = Travel::when(travel == Travel::Open && !self.handling.is_off());
        let before = self.status.state;
        // Held off it must still prove that it closes, unless its limit switches are away with their bus.
        let held = self.outputs.open.held();
        self.watch.excused =
            held.has(Reason::BusDLost) || (asked == Travel::Open && !held.is_empty());
        let state = self.watch.next(before, &self.inputs, &self.settings, asked, elapsed);
        self.status = self.watch.shows(before, state, &self.inputs, &self.handling, waits_for);
        self.outputs =
            ReturnOutputs { open: Output::want(matches!(state, State::Opening | State::Open)) };
        self.handling.elapse_at(self.place(), elapsed);
    }
}

#[cfg(test)]
mod tests;
