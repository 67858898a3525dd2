//! What asks for a wash, and what speaks against it.
//!
//! `docs/spec/plant.md` 2.6.2, 2.6.4, the limit of the queue in 2.6.1.

use core::time::Duration;

use super::sequence::State;
use super::{Around, CLOGGED, Filter, Trigger};
use crate::block::Seen;
use crate::quantity::{KiloPascals, Ntu};
use crate::reason::Reason;
use crate::signal::{Doubt, Fault, Signal};

/// Head loss is compared as if water went through the bed at this rate, m/h (R-2.6.2-01).
const NORMAL_RATE: f64 = 5.0;
/// Below this rate, m/h, head loss tells nothing; chosen: a fifth of the normal rate.
const RATE_MIN: f64 = 1.0;
/// Head loss and turbidity must ask this long (R-2.6.2-01, R-2.6.2-03).
const HEAD_LOSS_TIME: Duration = Duration::from_secs(60);
const TURBIDITY_TIME: Duration = Duration::from_secs(300);
/// Settled water above this makes a wash useless (R-2.6.4-01).
const SETTLED_MAX: Ntu = Ntu(5.0);
/// And not above this it is clear again: the deadband of alarm 204.
const SETTLED_AGAIN: Ntu = Ntu(4.0);
/// A wash for turbidity counts this long; two in this time are the last (R-2.6.4-01).
pub const TURBIDITY_WASHES_WINDOW: Duration = Duration::from_secs(12 * 3600);
/// A wash waits in the queue this long (R-2.6.1-04).
pub const QUEUE_MAX: Duration = Duration::from_secs(2 * 3600);
/// And a person's order no longer than this, whatever it waits for: who gave it has gone home (chosen).
const ORDER_MAX: Duration = Duration::from_secs(12 * 3600);

impl Filter {
    /// Turbidity, head loss, and what asks for a wash.
    pub(super) fn judge(&mut self, state: State, around: &Around, elapsed: Duration) {
        self.judge_turbidity(state, around, elapsed);
        self.judge_settled(around);
        self.judge_head_loss();
        self.count_order(state, around, elapsed);
        let filtering = state.is_filtering();
        let loss = self.status.head_loss_normal.usable();
        let over = self.status.head_loss_normal.is_over();
        let reached =
            |limit: KiloPascals| filtering && (over || loss.is_some_and(|loss| loss >= limit));
        let limit = self.settings.head_loss_max;
        let head_loss = self.watch.head_loss.holds(reached(limit), HEAD_LOSS_TIME, elapsed);
        let clogged = self.watch.clogged.holds(reached(CLOGGED), HEAD_LOSS_TIME, elapsed);
        let turbidity = self.turbidity_asks(filtering, around, elapsed);
        let early = around.run_time_max.unwrap_or(Duration::MAX);
        let time = self.retained.run_time >= self.settings.run_time_max.min(early)
            || self.retained.age >= self.settings.age_max
            || self.column() >= self.settings.column_max;
        let asked = [
            (time, Trigger::Time),
            (head_loss, Trigger::HeadLoss),
            (turbidity, Trigger::Turbidity),
            (self.memory.ordered, Trigger::Operator),
            (clogged, Trigger::Clogged),
        ];
        let now = asked.into_iter().filter(|(asks, _)| *asks).map(|(_, trigger)| trigger).max();
        // In the queue a trigger stays; a person's may be taken back, or lapse.
        let kept = self.memory.trigger.filter(|kept| *kept != Trigger::Operator);
        self.memory.trigger = match state {
            State::Filtering {} => now,
            State::WashQueued {} => now.max(kept),
            State::Standby {} => self.standing_trigger(around),
            State::Ripening {}
            | State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {}
            | State::Fault {} => None,
        };
    }

    /// Its own analyser, off the top of its scale too, or in its place the combined one, for hours at most (R-2.12-15). Where the mixed water is worse than
    /// every filter says of its own, nobody knows whose it is: the worse counts for each of them (F22).
    fn judge_turbidity(&mut self, state: State, around: &Around, elapsed: Duration) {
        let filtering = state.is_filtering();
        let own = self.inputs.turbidity.usable();
        self.status.judged_turbidity = match own {
            None if self.inputs.turbidity.is_over() => self.inputs.turbidity,
            Some(_) if around.contradicted && filtering && around.combined.is_over() => {
                around.combined
            }
            Some(own) if around.contradicted && filtering => {
                let combined = around.combined.usable().unwrap_or(own);
                self.inputs.turbidity.map(|own| own.or_more(combined)).doubted(Doubt::Disagrees)
            }
            Some(_) => self.inputs.turbidity,
            None if filtering => around.combined.doubted(Doubt::Fallback),
            None => self.inputs.turbidity,
        };
        self.memory.own_unknown = match own {
            None if filtering => self.memory.own_unknown.saturating_add(elapsed),
            Some(_) | None => Duration::ZERO,
        };
    }

    /// Settled water is cloudy, or nobody knows, until it is clear for certain: a reading that flickers about its limit neither
    /// washes nor calls people again and again.
    fn judge_settled(&mut self, around: &Around) {
        let most = if self.memory.settled_cloudy { SETTLED_AGAIN } else { SETTLED_MAX };
        let clear = around.settled.usable().is_some_and(|settled| settled <= most);
        self.memory.settled_cloudy = !clear;
    }

    /// `h · 5 / v`: a change of rate fakes no trigger.
    fn judge_head_loss(&mut self) {
        let rate = self.inputs.flow.map(|flow| flow.0 / self.settings.area.0);
        self.status.head_loss_normal = match rate.usable() {
            Some(rate) if rate >= RATE_MIN => {
                self.inputs.head_loss.map(|loss| loss * (NORMAL_RATE / rate))
            }
            Some(_) | None => Signal::Bad(Fault::Computed),
        };
    }

    /// Turbidity asks for a wash, if one would help; where none would, that is said (alarm 330).
    fn turbidity_asks(&mut self, filtering: bool, around: &Around, elapsed: Duration) -> bool {
        let own = self.inputs.turbidity;
        let high = own.seen(|own| own >= self.turbid_at(around));
        let high = if own.is_over() { Seen::Yes } else { high };
        let fresh = !(self.retained.volume > self.settings.turbidity_volume);
        let turbid = high.unless(!filtering || fresh);
        let asks = self.watch.turbidity.holds(turbid, TURBIDITY_TIME, elapsed);
        let helps = self.washing_helps();
        self.memory.washes_stopped = (asks || self.memory.unripe) && !helps;
        for left in
            [&mut self.retained.turbidity_wash_left, &mut self.retained.earlier_turbidity_wash_left]
        {
            *left = left.saturating_sub(elapsed);
        }
        asks && helps
    }

    /// A person's order lapses when the wash could not start for too long: nobody expects it any more, and alarm 312 says so.
    /// What passes by itself is not counted: another wash, and the hours T-601 needs after it (R-2.6.1-04).
    fn count_order(&mut self, state: State, around: &Around, elapsed: Duration) {
        let memory = &mut self.memory;
        if !memory.ordered || state.is_wash() {
            memory.ordered_for = Duration::ZERO;
            memory.ordered_in_all = Duration::ZERO;
            return;
        }
        let why = around.wash_blocked;
        let passes = why.has(Reason::WashTokenTaken) || why.has(Reason::WashWasteRoom);
        memory.ordered_in_all = memory.ordered_in_all.saturating_add(elapsed);
        if !passes {
            memory.ordered_for = memory.ordered_for.saturating_add(elapsed);
        }
        memory.lapsed = memory.ordered_for >= QUEUE_MAX || memory.ordered_in_all >= ORDER_MAX;
        memory.ordered = !memory.lapsed;
    }

    /// What asks for a wash while it stands.
    fn standing_trigger(&self, around: &Around) -> Option<Trigger> {
        let dirty = self.retained.dirty && !self.memory.aborted;
        let unripe = self.memory.unripe && self.washing_helps();
        let clogged = self.memory.clogged && around.others_deliver;
        if !self.handled().is_empty() {
            None
        } else if dirty || unripe {
            Some(Trigger::Dirty)
        } else if clogged {
            Some(Trigger::Clogged)
        } else {
            self.memory.ordered.then_some(Trigger::Operator)
        }
    }

    /// Clogged, it has waited too long for its wash: it rests, if another filter delivers meanwhile (R-2.6.1-04).
    pub(super) fn rests_clogged(&self, state: State, around: &Around) -> bool {
        state == State::WashQueued {}
            && self.sequence.in_state() >= QUEUE_MAX
            && self.memory.trigger == Some(Trigger::Clogged)
            && around.others_deliver
    }

    /// A wash helps only if the settled water is good, and turbidity has not asked too often (R-2.6.4-01).
    pub(super) fn washing_helps(&self) -> bool {
        !self.memory.settled_cloudy && self.retained.earlier_turbidity_wash_left.is_zero()
    }

    /// A wash that turbidity asked for begins.
    pub(super) fn count_turbidity_wash(&mut self) {
        self.retained.earlier_turbidity_wash_left = self.retained.turbidity_wash_left;
        self.retained.turbidity_wash_left = TURBIDITY_WASHES_WINDOW;
    }
}
