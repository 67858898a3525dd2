//! What a filter shows, and which alarms speak.

use core::time::Duration;

use super::interruption::RESUME_MAX;
use super::judgement::OWN_UNKNOWN_MAX;
use super::sequence::State;
use super::triggers::QUEUE_MAX;
use super::{Alarms, Around, CLOGGED, CLOGGED_DEADBAND, Effect, Filter, Status, bed};
use crate::alarm::Condition;
use crate::quantity::{Metres, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

/// Alarm 303, its deadband, and how long the water is high (`docs/spec/plant.md` 4). A filter that is stopped for it is called
/// out at once.
const EFFLUENT_HIGH: Ntu = Ntu(0.5);
const EFFLUENT_DEADBAND: Ntu = Ntu(0.1);
const EFFLUENT_TIME: Duration = Duration::from_secs(300);

impl Filter {
    /// A person may have it washed, now or when its turn comes; the answer to the order.
    ///
    /// # Errors
    /// Who holds it: itself, or one of its valves.
    pub fn may_wash(&self) -> Result<(), Reason> {
        self.handled().iter().next().map_or(Ok(()), Err)
    }

    pub(super) fn show(&mut self, state: State, around: &Around) {
        let queued = state == State::WashQueued {} || self.memory.ordered;
        let memory = &self.memory;
        let waited = if memory.ordered { memory.ordered_for } else { self.sequence.in_state() };
        let left = |longest: Duration, lasted: Option<Duration>| {
            lasted.map_or(Duration::ZERO, |lasted| longest.saturating_sub(lasted))
        };
        let without = memory.own_unknown;
        self.status = Status {
            state,
            blocked: self.blocked(state, around),
            step_time: self.sequence.in_state(),
            step_left: left(self.step_time(state).unwrap_or_default(), Some(memory.step)),
            failed_by: memory.failed_by,
            resume_left: left(RESUME_MAX, memory.interrupted),
            rest_left: memory.turbid_wait,
            queue_left: left(QUEUE_MAX, queued.then_some(waited)),
            storm_left: self.retained.earlier_turbidity_wash_left,
            analyser_left: left(OWN_UNKNOWN_MAX, (!without.is_zero()).then_some(without)),
            column: self.column(),
            ripening_time: memory.ripened_in,
            clear_share: self.clear_share(),
            ..self.status
        };
    }

    /// m³/m².
    pub(super) fn column(&self) -> Metres {
        Metres(self.retained.volume.0 / self.settings.area.0)
    }

    /// Alarm 303: water that is high for so long, or for which the filter was stopped: that takes a minute where it is far too
    /// turbid. Suppression: s1 not filtering, s3 in a calibration hold.
    fn effluent_high(&mut self, state: State, around: &Around, elapsed: Duration) -> Condition {
        let limit = if around.strict { bed::STRICT_PEAK } else { EFFLUENT_HIGH };
        let held = matches!(self.inputs.turbidity, Signal::Held(..));
        let high = self
            .status
            .judged_turbidity
            .above(limit, EFFLUENT_DEADBAND)
            .unless(!state.is_filtering() || held);
        let lasts = high == Condition::AsBefore && !self.watch.effluent.lasted().is_zero();
        let long = self.watch.effluent.holds(high.is_active() || lasts, EFFLUENT_TIME, elapsed);
        if !self.memory.turbid_wait.is_zero() {
            Condition::Active
        } else if high.is_active() && !long {
            Condition::AsBefore
        } else {
            high
        }
    }

    pub(super) fn raise(&mut self, state: State, around: &Around, elapsed: Duration) {
        // Suppression: s4 power lost, s6 washing (`docs/spec/plant.md` 4).
        let power_lost = around.wash_holds.has(Reason::MainsLost);
        let long = state == State::Ripening {} && self.memory.step >= self.settings.ripen_time_max;
        let failed = self.valve_failed() && !self.memory.blind;
        let no_effect = self.memory.without_effect != Effect::AsExpected;
        self.alarms = Alarms {
            clogged: self
                .status
                .head_loss_normal
                .above(CLOGGED, CLOGGED_DEADBAND)
                .unless(state.is_wash()),
            effluent_high: self.effluent_high(state, around, elapsed),
            // A wash that goes on by itself needs nobody.
            wash_aborted: Condition::when(
                self.retained.dirty && !state.is_wash() && !self.resumes(),
            )
            .unless(power_lost),
            ripening_long: Condition::when(
                long || self.memory.unripe || self.memory.failed_ripenings > 0,
            ),
            bed_fouled: Condition::when(self.is_fouled()),
            valve_fault: Condition::when(failed || no_effect).unless(power_lost),
            washes_stopped: Condition::when(self.memory.washes_stopped),
            order_lapsed: Condition::when(self.memory.lapsed),
        };
    }

    fn blocked(&self, state: State, around: &Around) -> Reasons {
        let turbid = !self.memory.turbid_wait.is_zero() || self.memory.unripe;
        let unknown = self.inputs.turbidity.usable().is_none();
        let wanted = self.memory.trigger.is_some();
        let wash_blocked = if wanted { around.wash_blocked } else { Reasons::NONE };
        let paused = self.is_paused(state, around);
        let stopped = self.memory.washes_stopped;
        match state {
            State::Filtering {} => Reasons::NONE.and_if(stopped, Reason::WashesStopped),
            State::WashQueued {} => wash_blocked,
            State::Ripening {} => Reasons::only(Reason::Ripening),
            State::Standby {} => around
                .outlet_holds
                .and(wash_blocked)
                .and_if(!around.run, Reason::NoDemand)
                .and_if(self.retained.dirty, Reason::FilterDirty)
                .and_if(self.memory.aborted, Reason::StoppedByOperator)
                .and_if(turbid, Reason::FilterTurbid)
                .and_if(!self.memory.proven && !self.waste_takes(around), Reason::WasteTankFull)
                .and_if(stopped, Reason::WashesStopped)
                .and_if(turbid && !self.washing_helps(), Reason::SettledWaterCloudy)
                .and_if(unknown, Reason::TurbidityUnknown),
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => {
                Reasons::only(Reason::Washing).and_if(paused, Reason::WasteTankFull)
            }
            State::Fault {} => self.why_failed(),
        }
    }

    /// What FAULT waits for, and what may have caused it.
    fn why_failed(&self) -> Reasons {
        let effect = self.memory.without_effect;
        Reasons::only(Reason::FilterFault)
            .and(self.memory.failed_by)
            .and_if(self.valve_failed() || effect != Effect::AsExpected, Reason::ValveFault)
            .and_if(effect == Effect::NothingFlows, Reason::NoFlow)
            .and_if(effect == Effect::StillFlows, Reason::ValveNotInPlace)
            .and_if(self.memory.failed_ripenings > 0, Reason::FilterTurbid)
            .and_if(self.retained.dirty, Reason::FilterDirty)
            .and_if(self.memory.crossed, Reason::OutletNotProvenClosed)
    }
}
