//! What a filter makes of its instruments and of what it is told: the facts its sequence decides on.

use core::time::Duration;

use super::sequence::{Event, Scan, State};
use super::{Around, CLOGGED, Filter, Trigger, valves};
use crate::block::Sustained;
use crate::quantity::{KiloPascals, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};

/// Head loss is compared as if water went through the bed at this rate, m/h (`docs/spec/plant.md` 2.6.2).
const NORMAL_RATE: f64 = 5.0;
/// Below this rate, m/h, head loss tells nothing; chosen: a fifth of the normal rate.
const RATE_MIN: f64 = 1.0;
/// Head loss and turbidity must ask this long (`docs/spec/plant.md` 2.6.2).
const HEAD_LOSS_TIME: Duration = Duration::from_secs(60);
const TURBIDITY_TIME: Duration = Duration::from_secs(300);
/// Settled water above this makes a wash useless (`docs/spec/plant.md` 2.6.4).
const SETTLED_MAX: Ntu = Ntu(5.0);
/// Washes for turbidity count this long.
const TURBIDITY_WASHES_WINDOW: Duration = Duration::from_secs(12 * 3600);
/// No water above 1.0 NTU for 60 s, nor above 0.5 for 15 min, to the clear well (INV-2); the valve's travel comes off.
const FAR_TOO_TURBID: Ntu = Ntu(1.0);
const FAR_TOO_TURBID_TIME: Duration = Duration::from_secs(40);
pub const TOO_TURBID: Ntu = Ntu(0.5);
const TOO_TURBID_TIME: Duration = Duration::from_secs(14 * 60);
/// A filter without its own analyser filters this long, without any turbidity less than 5 min (`docs/spec/plant.md` 2.12).
const OWN_UNKNOWN_MAX: Duration = Duration::from_secs(4 * 3600);
const UNKNOWN_MAX: Duration = Duration::from_secs(240);
/// Ripening is proven this long on its own analyser (`docs/spec/plant.md` 2.6.1).
const RIPE_TIME: Duration = Duration::from_secs(120);
/// At its end ripening goes on this much longer if the water is below this and clears (`docs/spec/plant.md` 2.6.6).
const RIPENING_EXTENSION: Duration = Duration::from_secs(1200);
const NEARLY_RIPE: Ntu = Ntu(0.5);
/// Turbidity is compared with that of so long ago to see whether it falls; chosen: longer than the analyser's
/// lag and noise.
const TREND_TIME: Duration = Duration::from_secs(300);
/// Without air the fluidising wash lasts longer (`docs/spec/contracts.md`, thresholds).
const WITHOUT_AIR: Duration = Duration::from_secs(120);
/// A wash, and a ripening, may fail once (`docs/spec/plant.md` 2.6.5 A3, 2.6.6).
const FAILURES_MAX: u8 = 2;
/// A stopping pump's feedback vanishes within 10 s; after this the valves close anyway.
const PAUSE_TIME: Duration = Duration::from_secs(15);
/// A limit switch may flicker this long before the outlet counts as open in a wash (INV-27).
const CROSSED_TIME: Duration = Duration::from_secs(1);

/// Conditions that must last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    pub ripe: Sustained,
    pub far_too_turbid: Sustained,
    pub too_turbid: Sustained,
    pub unknown: Sustained,
    pub turbidity: Sustained,
    pub head_loss: Sustained,
    pub clogged: Sustained,
    pub pause: Sustained,
    pub crossed: Sustained,
}

impl Filter {
    /// Turbidity, head loss, and what asks for a wash.
    pub(super) fn judge(&mut self, state: State, around: &Around, elapsed: Duration) {
        let filtering = state.is_filtering();
        let own = self.inputs.turbidity.usable();
        self.status.judged_turbidity = match own {
            Some(_) => self.inputs.turbidity,
            None if filtering => around.combined.doubted(Doubt::Fallback),
            None => self.inputs.turbidity,
        };
        let judged = self.status.judged_turbidity.usable();
        let above = |limit: Ntu| filtering && !judged.is_none_or(|judged| judged <= limit);
        self.watch.far_too_turbid.holds(above(FAR_TOO_TURBID), FAR_TOO_TURBID_TIME, elapsed);
        self.watch.too_turbid.holds(above(TOO_TURBID), TOO_TURBID_TIME, elapsed);
        self.watch.unknown.holds(filtering && judged.is_none(), UNKNOWN_MAX, elapsed);
        self.memory.own_unknown = match own {
            None if filtering => self.memory.own_unknown.saturating_add(elapsed),
            Some(_) | None => Duration::ZERO,
        };
        let rate = self.inputs.flow.map(|flow| flow.0 / self.settings.area.0);
        self.status.head_loss_normal = match rate.usable() {
            Some(rate) if rate >= RATE_MIN => {
                self.inputs.head_loss.map(|loss| loss * (NORMAL_RATE / rate))
            }
            Some(_) | None => Signal::Bad(Fault::Computed),
        };
        let loss = self.status.head_loss_normal.usable();
        let reached = |limit: KiloPascals| filtering && loss.is_some_and(|loss| loss >= limit);
        let head_loss = self.watch.head_loss.holds(
            reached(self.settings.head_loss_max),
            HEAD_LOSS_TIME,
            elapsed,
        );
        let clogged = self.watch.clogged.holds(reached(CLOGGED), HEAD_LOSS_TIME, elapsed);
        let turbidity = self.watch.turbidity.holds(
            own.is_some_and(|own| own >= self.settings.turbidity_max)
                && self.retained.volume > self.settings.turbidity_volume
                && self.washing_helps(around),
            TURBIDITY_TIME,
            elapsed,
        );
        for age in &mut self.memory.turbidity_washes {
            *age = age
                .map(|age| age.saturating_add(elapsed))
                .filter(|age| *age < TURBIDITY_WASHES_WINDOW);
        }
        let column = self.retained.volume.0 / self.settings.area.0;
        let time = self.retained.run_time >= self.settings.run_time_max
            || self.retained.age >= self.settings.age_max
            || column >= self.settings.column_max.0;
        let ordered = self.memory.ordered;
        let asked = [
            (time, Trigger::Time),
            (head_loss, Trigger::HeadLoss),
            (turbidity, Trigger::Turbidity),
            (ordered, Trigger::Operator),
            (clogged, Trigger::Clogged),
        ];
        let now = asked.into_iter().filter(|(asks, _)| *asks).map(|(_, trigger)| trigger).max();
        // In the queue a trigger stays; a person's may be taken back.
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

    /// What asks for a wash while it stands.
    fn standing_trigger(&self, around: &Around) -> Option<Trigger> {
        let dirty = self.retained.dirty && !self.memory.aborted;
        let unripe = self.memory.unripe && self.washing_helps(around);
        if dirty || unripe {
            Some(Trigger::Dirty)
        } else {
            self.memory.ordered.then_some(Trigger::Operator)
        }
    }

    /// A wash helps only if the settled water is good, and turbidity has not asked too often (`docs/spec/plant.md` 2.6.4).
    pub(super) fn washing_helps(&self, around: &Around) -> bool {
        let settled = around.settled.usable().is_some_and(|settled| settled <= SETTLED_MAX);
        settled && self.memory.turbidity_washes.iter().any(Option::is_none)
    }

    /// The time of a step counts only while all it needs is proven.
    pub(super) fn works(&self, state: State, around: &Around, in_place: bool) -> bool {
        let train = &around.train;
        in_place
            && match state {
                State::Standby {}
                | State::Filtering {}
                | State::WashQueued {}
                | State::Fault {} => false,
                State::Draining {} => true,
                State::Ripening {} => around.feed_runs,
                State::AirScour {} => train.air_runs,
                State::AirWater {} => train.air_runs && train.water_proven,
                State::HighWash {} | State::SubfluidWash {} => train.water_proven,
                State::Settling {} => train.stopped,
            }
    }

    /// How long the step takes; none: it has no time of its own.
    fn step_time(&self, state: State) -> Option<Duration> {
        let settings = &self.settings;
        let longer = if self.memory.water_only { WITHOUT_AIR } else { Duration::ZERO };
        match state {
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Fault {} => None,
            State::Draining {} => Some(settings.drain_time),
            State::AirScour {} => Some(settings.air_time),
            State::AirWater {} => Some(settings.air_water_time),
            State::HighWash {} => Some(settings.high_wash_time.saturating_add(longer)),
            State::SubfluidWash {} => Some(settings.subfluid_time),
            State::Settling {} => Some(settings.settle_time),
        }
    }

    /// The facts the sequence decides on.
    pub(super) fn facts(&mut self, state: State, around: &Around, elapsed: Duration) -> Scan {
        let train = &around.train;
        let own = self.inputs.turbidity.usable();
        let clear = own.is_some_and(|own| own <= self.settings.ripen_limit);
        let flows = self.works(state, around, self.in_place(valves::chart(state, train.stopped)));
        let ripening = state == State::Ripening {} && flows;
        let ripe = self.watch.ripe.holds(ripening && clear, RIPE_TIME, elapsed)
            && self.memory.step >= self.settings.ripen_time
            && around.outlet_holds.is_empty();
        let waited = self.watch.pause.holds(!around.run, PAUSE_TIME, elapsed);
        let pause = !around.run && (waited || around.feed_still);
        let crossed = self.outlet_may_leak(state);
        if self.watch.crossed.holds(crossed && !self.memory.blind, CROSSED_TIME, elapsed) {
            self.memory.crossed = true;
        }
        Scan {
            done: self.step_time(state).is_some_and(|time| self.memory.step >= time),
            join: around.join && around.run && self.is_fit(around),
            proven: self.memory.proven,
            pause,
            ripe,
            unripe: ripening && !clear && self.ripening_is_over(own, elapsed),
            stop: self.watch.far_too_turbid.lasted() >= FAR_TOO_TURBID_TIME
                || self.watch.too_turbid.lasted() >= TOO_TURBID_TIME
                || self.watch.unknown.lasted() >= UNKNOWN_MAX
                || self.memory.own_unknown >= OWN_UNKNOWN_MAX,
            wash_wanted: self.memory.trigger.is_some(),
            wash: around.wash && around.wash_holds.is_empty(),
            air: self.air.is_some() && train.air_ready && !train.air_failed,
            air_water: !self.settings.air_water_time.is_zero(),
            subfluid: !self.settings.subfluid_time.is_zero(),
            water_failed: train.water_failed,
            abort: around.wash_aborted,
            failed: self.memory.crossed
                || (self.valve_failed() && !self.memory.blind)
                || self.memory.failed_washes >= FAILURES_MAX
                || self.memory.failed_ripenings >= FAILURES_MAX,
        }
    }

    /// Ripening has had its time: the limit, and once more if the water nearly is good and clears.
    fn ripening_is_over(&mut self, own: Option<Ntu>, elapsed: Duration) -> bool {
        let memory = &mut self.memory;
        let falls = own.is_some_and(|own| own <= NEARLY_RIPE && own < memory.earlier_turbidity);
        memory.turbidity_age = memory.turbidity_age.saturating_add(elapsed);
        if memory.turbidity_age >= TREND_TIME {
            memory.turbidity_age = Duration::ZERO;
            memory.earlier_turbidity = own.unwrap_or_default();
        }
        let limit = self.settings.ripen_time_max;
        let over = memory.step >= limit;
        if over && falls {
            memory.ripening_extended = true;
        }
        (over && !memory.ripening_extended)
            || memory.step >= limit.saturating_add(RIPENING_EXTENSION)
    }

    /// May take water: clean, rested, and there is a way to see what it makes.
    pub(super) fn is_fit(&self, around: &Around) -> bool {
        let held = if self.memory.proven {
            around.outlet_holds
        } else {
            // To waste it may run while the combined water was too turbid: so it proves itself.
            around.outlet_holds.without(Reasons::only(Reason::FilteredWaterTurbid))
        };
        !self.retained.dirty
            && !self.memory.unripe
            && self.memory.turbid_wait.is_zero()
            && self.memory.trigger.is_none()
            && self.inputs.turbidity.usable().is_some()
            && held.is_empty()
            && (self.memory.proven || self.waste_takes(around))
    }

    /// Filter-to-waste has room: a full waste tank stops everything that fills it (`docs/spec/plant.md` 2.9).
    pub(super) fn waste_takes(&self, around: &Around) -> bool {
        !around.wash_holds.has(Reason::WasteTankFull)
    }

    /// The outlet is not proven closed although wash water or air may stand behind it.
    fn outlet_may_leak(&self, state: State) -> bool {
        match state {
            State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => !self.outlet.is_closed(),
            State::Draining {} => self.outlet.is_faulty(),
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Fault {} => false,
        }
    }

    /// What a state cannot go on with.
    pub(super) fn trip(&self, state: State, around: &Around, failed: bool) -> Option<Event> {
        if failed {
            return Some(Event::Fault);
        }
        let held = match state {
            State::Standby {} | State::Fault {} => Reasons::NONE,
            State::Ripening {} => {
                let turbid = Reasons::only(Reason::FilteredWaterTurbid);
                let full = !self.waste_takes(around);
                around.outlet_holds.without(turbid).and_if(full, Reason::WasteTankFull)
            }
            State::Filtering {} | State::WashQueued {} => around.outlet_holds,
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => around.wash_holds,
        };
        (!held.is_empty()).then_some(Event::Trip)
    }
}
