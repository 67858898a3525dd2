//! What a wash that is interrupted does next: waits for room in the waste tank, goes on after a power cut, or begins anew.
//! `docs/spec/plant.md` 2.6.5.

use core::time::Duration;

use super::sequence::State;
use super::{Around, Effect, Filter};
use crate::reason::{Reason, Reasons};

/// A wash waits no longer for room in the waste tank (A4).
const PAUSE_MAX: Duration = Duration::from_secs(1200);
/// After a longer power cut the air has to be blown again (A2).
pub const RESUME_MAX: Duration = Duration::from_secs(1800);
/// A wash, and a ripening, may fail once (A3, R-2.6.6-01).
pub const FAILURES_MAX: u8 = 2;

impl Filter {
    /// A full waste tank alone pauses a wash: wash water and air are shut, the step goes on when there is room (A4).
    pub(super) fn is_paused(&self, state: State, around: &Around) -> bool {
        state.is_wash() && around.wash_holds == Reasons::only(Reason::WasteTankFull)
    }

    pub(super) fn wait_for_room(&mut self, state: State, around: &Around, elapsed: Duration) {
        let paused = self.is_paused(state, around) && state != State::Settling {};
        self.memory.paused_for =
            if paused { self.memory.paused_for.saturating_add(elapsed) } else { Duration::ZERO };
        self.status.pause_left =
            if paused { PAUSE_MAX.saturating_sub(self.memory.paused_for) } else { Duration::ZERO };
    }

    /// Why the wash is given up (A3, A4); empty: it is not.
    pub(super) fn gives_up(&self, around: &Around) -> Reasons {
        let full = self.memory.paused_for > PAUSE_MAX;
        around.train.water_failed.and_if(full, Reason::WasteTankFull)
    }

    /// A wash ended before its end: why, and what is left of it.
    pub(super) fn break_off(&mut self, around: &Around) {
        let given_up = self.gives_up(around);
        let held = around.wash_holds;
        let leaks = self.memory.without_effect == Effect::StillFlows;
        let valves = Reasons::NONE
            .and_if(self.valve_failed(), Reason::ValveFault)
            .and_if(leaks, Reason::ValveNotInPlace)
            .and_if(self.memory.crossed, Reason::OutletNotProvenClosed);
        let why = [given_up, held, valves];
        if let Some(why) = why.into_iter().find(|why| !why.is_empty()) {
            self.memory.failed_by = why;
        }
        if !given_up.is_empty() || held.has(Reason::ClearWellEmpty) {
            self.memory.failed_washes = self.memory.failed_washes.saturating_add(1);
        }
        let cut = held.has(Reason::MainsLost) && !held.has(Reason::EmergencyStop);
        self.memory.interrupted = (cut && self.memory.scoured).then_some(Duration::ZERO);
    }

    /// The time of a power cut runs; an emergency stop in it spoils what was done (A1).
    pub(super) fn count_interruption(&mut self, around: &Around, elapsed: Duration) {
        let spoiled = around.wash_holds.has(Reason::EmergencyStop);
        self.memory.interrupted = self
            .memory
            .interrupted
            .map(|lasted| lasted.saturating_add(elapsed))
            .filter(|lasted| !spoiled && *lasted < RESUME_MAX);
    }

    /// Air was blown before the power went, and that is not long ago: the wash goes on at HIGH_WASH (A2).
    pub(super) fn resumes(&self) -> bool {
        self.retained.dirty && !self.memory.aborted && self.memory.interrupted.is_some()
    }
}
