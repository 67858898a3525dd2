//! P-501 and XV-501: what is asked of them, and what keeps them from it.
//!
//! R-2.8-04, R-2.1-02: a person's run is held by all that holds the sequence, but for a lack of demand.

use core::time::Duration;

use super::delivery::TANK_FULL;
use super::{Around, Distribution, Outputs};
use crate::device::{Ask, Asked, Drive, Limits, PUMPS_MAX, Stagger, Travel};
use crate::output::Output;
use crate::reason::{Reason, Reasons};

impl Distribution {
    /// P-501 and XV-501.
    pub(super) fn drive(
        &mut self,
        pumps: usize,
        duty: Option<usize>,
        blocked: Reasons,
        around: &Around,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) {
        let speed = if self.has_tank {
            self.control_flow(duty, around, elapsed)
        } else {
            self.control_pressure(duty, around, elapsed)
        };
        // A pump in MANUAL is not available to the sequence, and yet no reason against itself.
        let blocked = blocked.and_if(around.rest_for_wash, Reason::Washing);
        let by_hand = blocked.protections().without(Reasons::only(Reason::NoPumpAvailable));
        let mut asked_of = [false; PUMPS_MAX];
        let mut left = pumps;
        let others = (0..self.pump.len())
            .filter(|at| duty != Some(*at) && self.pumps.is_fit(&self.pump, *at));
        for at in duty.into_iter().chain(others) {
            if let Some(asked) = asked_of.get_mut(at).filter(|_| left > 0) {
                *asked = true;
                left -= 1;
            }
        }
        for ((at, pump), asked) in self.pump.iter_mut().enumerate().zip(asked_of) {
            let ask = if asked { Ask::at(speed) } else { Ask::OFF };
            let ask = ask.or_by_hand(by_hand.and(self.pumps.rest_of(at)));
            pump.scan(ask, Limits::SURFACE, stagger, elapsed);
        }
        let by_hand = self.pump.iter().any(|pump| pump.outputs.run.value());
        self.outputs = Outputs { permit: Output::want(pumps > 0 || by_hand) };
        // XV-501 stays open: the village drinks from the elevated tank whatever the plant does. Where its node does not
        // answer nobody sees it move: it stays as it is.
        let shut = self.retained.burst_stands && self.settings.close_on_burst;
        let ends = &self.outlet.inputs;
        let seen = ends.opened.usable().is_some() && ends.closed.usable().is_some();
        // A person's hour that is over leaves nobody without water: it is as in AUTO (R-2.1-02).
        let open = if self.outlet.handling.has_ended() { !shut } else { self.outlet.wants(!shut) };
        let waits_for = Reasons::NONE.and_if(!seen, Reason::WireOrContact);
        let travel = if seen { Travel::when(open) } else { Travel::Stay };
        self.outlet.scan(Asked { travel, waits_for }, elapsed);
    }

    /// Everything that keeps P-501 from running but a lack of demand: it holds a run by hand too.
    pub(super) fn blocked(
        &self,
        around: &Around,
        unfit: Reasons,
        duty: Option<usize>,
        dry: bool,
    ) -> Reasons {
        let level_known = self.status.level.usable().is_some();
        let carried = level_known || self.floats_carry(around.feed, around.nominal);
        let tank = self.status.tank_level.usable();
        let float = self.inputs.elevated_high_high;
        // LT-501 off the top of its scale, and neither what is counted nor the float to say better: the tank is full.
        let brims = self.inputs.elevated_level.is_over() && tank.is_none() && !float.closed();
        let full = self.has_tank
            && (brims || float.open() || tank.is_some_and(|level| level >= TANK_FULL));
        let unseen = self.has_tank && tank.is_none() && !float.closed() && !self.tank.timed_run();
        around
            .holds
            .and(unfit)
            // A wash waits for a pump that has just begun (R-2.15-02).
            .and_if(around.rest_for_wash && !self.has_just_begun(duty), Reason::Washing)
            .and_if(dry, Reason::ClearWellLow)
            .and_if(!carried, Reason::LevelUnknown)
            .and_if(full, Reason::ElevatedTankFull)
            .and_if(unseen, Reason::ElevatedTankUnknown)
            .and_if(self.retained.pipe_broken, Reason::PipeBroken)
            .and_if(self.all_failed(), Reason::PumpFault)
            .and_if(duty.is_none(), Reason::NoPumpAvailable)
    }

    /// P-501 is asked to run, or still runs.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.pump.iter().any(Drive::is_on)
    }
}
