//! What a filter makes of its instruments and of what it is told: the facts its sequence decides on.

use core::time::Duration;

use super::interruption::FAILURES_MAX;
use super::memory::STOOD_MAX;
use super::sequence::{Event, Scan, State};
use super::{Around, Effect, Filter, WashSteps, valves};
use crate::block::{Seen, Sustained};
use crate::interlock::turbidity_limit;
use crate::quantity::Ntu;
use crate::reason::{Reason, Reasons};

/// No water above the limit of 1.0 NTU for 60 s, nor above 0.5 for 15 min, to the clear well (INV-2); the valve's travel comes
/// off. In an emergency profile both are what it lets through (R-2.19-02).
const FAR_TOO_TURBID_TIME: Duration = Duration::from_secs(40);
const TOO_TURBID: Ntu = Ntu(0.5);
const TOO_TURBID_TIME: Duration = Duration::from_secs(14 * 60);
/// A filter without its own analyser filters this long, without any turbidity less than 5 min (`docs/spec/plant.md` 2.12).
pub const OWN_UNKNOWN_MAX: Duration = Duration::from_secs(4 * 3600);
const UNKNOWN_MAX: Duration = Duration::from_secs(240);
/// Ripening is proven this long on its own analyser (R-2.6.1-02).
const RIPE_TIME: Duration = Duration::from_secs(120);
/// At its end ripening goes on this much longer if the water is below this and clears (`docs/spec/plant.md` 2.6.6).
const RIPENING_EXTENSION: Duration = Duration::from_secs(1200);
const NEARLY_RIPE: Ntu = Ntu(0.5);
/// Turbidity is compared with that of so long ago to see whether it falls; chosen: longer than the analyser's
/// lag and noise.
const TREND_TIME: Duration = Duration::from_secs(300);
/// Without air the fluidising wash lasts longer (`docs/spec/contracts.md`, thresholds).
const WITHOUT_AIR: Duration = Duration::from_secs(120);
/// A stopping pump's feedback vanishes within 10 s; after this the valves close anyway.
const PAUSE_TIME: Duration = Duration::from_secs(15);
/// Water says otherwise than the limit switches for this long; chosen: longer than a valve travels and a flow settles.
const WITHOUT_EFFECT_TIME: Duration = Duration::from_secs(60);
/// With wash water behind the outlet much less; chosen: a few readings of the meter.
const LEAK_TIME: Duration = Duration::from_secs(10);
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
    pub effluent: Sustained,
    pub crossed: Sustained,
    pub without_effect: Sustained,
}

impl Filter {
    /// The time of a step counts only while all it needs is proven.
    pub(super) fn works(&self, state: State, around: &Around, in_place: bool) -> bool {
        let train = &around.train;
        let paused = self.is_paused(state, around) && state != State::Settling {};
        in_place
            && !paused
            && match state {
                State::Standby {}
                | State::Filtering {}
                | State::WashQueued {}
                | State::Fault {} => false,
                State::Draining {} => true,
                State::Ripening {} => around.feed_runs,
                State::AirScour {} => train.air_proven,
                State::AirWater {} => train.air_proven && train.water_proven,
                State::HighWash {} | State::SubfluidWash {} => train.water_proven,
                State::Settling {} => train.stopped,
            }
    }

    /// How long the step takes; none: it has no time of its own.
    pub(super) fn step_time(&self, state: State) -> Option<Duration> {
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

    /// How long wash water flows in a wash that goes as it should.
    pub(super) fn wash_steps(&self) -> WashSteps {
        let settings = &self.settings;
        match self.air {
            Some(_) => WashSteps {
                combined: settings.air_water_time,
                high: settings.high_wash_time,
                subfluid: settings.subfluid_time,
            },
            None => WashSteps {
                combined: Duration::ZERO,
                high: settings.high_wash_time.saturating_add(WITHOUT_AIR),
                subfluid: settings.subfluid_time,
            },
        }
    }

    /// Water that may not go to the clear well: how long it has.
    fn may_not_deliver(&mut self, state: State, relaxed: Option<Ntu>, elapsed: Duration) -> bool {
        let most = turbidity_limit(relaxed);
        let longer = if relaxed.is_some() { most } else { TOO_TURBID };
        let filtering = state.is_filtering();
        let judged = self.status.judged_turbidity;
        let above = |limit: Ntu| -> Seen { judged.seen_above(limit).unless(!filtering) };
        let far = self.watch.far_too_turbid.holds(above(most), FAR_TOO_TURBID_TIME, elapsed);
        let turbid = self.watch.too_turbid.holds(above(longer), TOO_TURBID_TIME, elapsed);
        let unknown = filtering && judged.usable().is_none();
        let unknown = self.watch.unknown.holds(unknown, UNKNOWN_MAX, elapsed);
        far || turbid || unknown || self.memory.own_unknown >= OWN_UNKNOWN_MAX
    }

    /// The facts the sequence decides on.
    pub(super) fn facts(&mut self, state: State, around: &Around, elapsed: Duration) -> Scan {
        let train = &around.train;
        let own = self.inputs.turbidity.usable();
        let clear = own.is_some_and(|own| own <= self.ripe_at(around));
        let flows =
            self.works(state, around, self.in_place(valves::chart(state, self.flows(around))));
        let ripening = state == State::Ripening {} && flows;
        let ripe = self.watch.ripe.holds(ripening && clear, RIPE_TIME, elapsed)
            && self.memory.step >= self.settings.ripen_time
            && around.outlet_holds.is_empty();
        let waited = self.watch.pause.holds(!around.run, PAUSE_TIME, elapsed);
        // Water stood in it with its ways open: it leaves, and comes back through RIPEN (INV-14).
        let stale = state.is_filtering() && self.memory.stood >= STOOD_MAX;
        let pause = stale || !around.run && (waited || around.feed_still);
        let crossed = self.outlet_may_leak(state);
        if self.watch.crossed.holds(crossed && !self.memory.blind, CROSSED_TIME, elapsed) {
            self.memory.crossed = true;
        }
        let odd = around.effect != Effect::AsExpected && !self.memory.blind;
        let time = if state.is_wash() { LEAK_TIME } else { WITHOUT_EFFECT_TIME };
        if self.watch.without_effect.holds(odd, time, elapsed) {
            self.memory.without_effect = around.effect;
        }
        let stop = self.may_not_deliver(state, around.relaxed, elapsed);
        Scan {
            done: self.step_time(state).is_some_and(|time| self.memory.step >= time),
            join: around.join && around.run && self.is_fit(around),
            proven: self.memory.proven,
            pause,
            ripe,
            unripe: ripening && !clear && self.ripening_is_over(own, elapsed),
            stop,
            rest: self.rests_clogged(state, around),
            wash_wanted: self.memory.trigger.is_some(),
            wash: around.wash && around.wash_holds.is_empty(),
            resume: self.resumes(),
            air: self.air.is_some() && train.air_ready && !train.air_failed,
            air_water: !self.settings.air_water_time.is_zero(),
            subfluid: !self.settings.subfluid_time.is_zero(),
            give_up: !self.gives_up(around).is_empty(),
            abort: around.wash_aborted,
            failed: self.memory.crossed
                || self.memory.without_effect != Effect::AsExpected
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
        // Where no wash would help it tries to ripen again, from time to time.
        let unripe = self.memory.unripe && self.washing_helps();
        let rests = self.memory.clogged && around.others_deliver;
        !(self.retained.dirty || unripe || rests)
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
            | State::Settling {}
                if self.is_paused(state, around) =>
            {
                Reasons::NONE
            }
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
