//! What the doser does, as a sequence. The order of the arms is the priority.

use core::time::Duration;

use crate::declare::states;

/// What the doser does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is asked, or something holds it.
    Off,
    /// Waits for filtered water.
    NoFlowHold,
    /// Flow paces the dose, the residual trims it.
    PacedTrim,
    /// A minute at full stroke.
    Priming,
    /// Flow alone paces the dose.
    PacedOnly,
    /// A person commands the strokes.
    Manual,
    /// Too much chlorine: half the dose.
    Overfeed,
    /// Too little chlorine: the other pump, and more of it.
    Underfeed,
    /// No pump doses, until reset.
    Fault,
}
states! { State { Off, NoFlowHold, PacedTrim, Priming, PacedOnly, Manual, Overfeed, Underfeed, Fault } }

/// Priming lasts this long (R-2.7.5-04; INV-7: into still water at most 60 s a day).
pub(super) const PRIMING: Duration = Duration::from_secs(60);

/// The facts of a scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    pub in_state: Duration,
    /// A cause, an empty tank, a cap: nothing is dosed, whatever else.
    pub held: bool,
    /// Dosing is asked for, and the flow is known.
    pub asked: bool,
    /// Water has flowed for long enough to begin.
    pub flow_proven: bool,
    /// Water flows.
    pub flow_stays: bool,
    /// A person asks to prime: no flow is needed.
    pub prime: bool,
    /// It strokes and moves nothing: air, while water flows.
    pub air_locked: bool,
    /// The priming of now was asked by a person.
    pub primed_by_hand: bool,
    /// Neither pump doses.
    pub failed: bool,
    pub reset: bool,
    pub manual: bool,
    pub overfed: bool,
    pub underfed: bool,
    /// The residual can trim the dose.
    pub trims: bool,
}

impl Scan {
    fn paced(&self) -> State {
        if self.trims { State::PacedTrim } else { State::PacedOnly }
    }
}

impl State {
    /// Chlorine goes in, in proportion to the flow or as a person says.
    #[must_use]
    pub fn doses(self) -> bool {
        match self {
            State::PacedTrim
            | State::PacedOnly
            | State::Manual
            | State::Overfeed
            | State::Underfeed => true,
            State::Off | State::NoFlowHold | State::Priming | State::Fault => false,
        }
    }

    /// What comes after this scan.
    pub(super) fn next(self, scan: &Scan) -> State {
        match self {
            State::Fault if scan.prime && !scan.held => State::Priming,
            State::Fault if !scan.reset => State::Fault,
            _ if scan.held => State::Off,
            State::Priming
                if scan.in_state < PRIMING && (scan.primed_by_hand || scan.flow_stays) =>
            {
                State::Priming
            }
            _ if scan.prime => State::Priming,
            _ if scan.failed => State::Fault,
            _ if !scan.asked => State::Off,
            State::Off | State::Fault => State::NoFlowHold,
            State::NoFlowHold if !scan.flow_proven => State::NoFlowHold,
            _ if !scan.flow_stays => State::NoFlowHold,
            State::PacedTrim | State::PacedOnly | State::Underfeed if scan.air_locked => {
                State::Priming
            }
            _ if scan.manual => State::Manual,
            _ if scan.overfed => State::Overfeed,
            _ if scan.underfed => State::Underfeed,
            State::NoFlowHold
            | State::PacedTrim
            | State::Priming
            | State::PacedOnly
            | State::Manual
            | State::Overfeed
            | State::Underfeed => scan.paced(),
        }
    }
}
