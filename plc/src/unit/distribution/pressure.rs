//! Delivery straight into the network, where there is no elevated tank: PIC-501 keeps the pressure, the pump sleeps while
//! nobody draws water, and wakes when the pressure falls.
//!
//! `docs/spec/plant.md` 2.8 (R-2.8-03). The network holds its pressure meanwhile by a pressure vessel of its own.

use core::time::Duration;

use super::lost_tank::KPA_PER_METRE;
use super::{
    Around, Distribution,
    delivery::{LOOP_PERIOD, SPEED_RATE},
};
use crate::block::{Aim, Hold, Lag, Look, Pace, PiLoop, PiTuning, Ramp, Sustained};
use crate::device::Drive;
use crate::quantity::{KiloPascals, Percent};
use crate::signal::Signal;

/// Less flow than 0.8 m³/h of 5 for this long lets the pump sleep (R-2.8-03); smoothed (chosen, a third of that time), for
/// near shut-off a percent of speed, the noise of PT-501 in the loop, is worth that much flow.
const SLEEP_SHARE: f64 = 0.16;
const SLEEP_TIME: Duration = Duration::from_secs(60);
const SMOOTH_TIME: Duration = Duration::from_secs(20);
/// Before that the pressure is raised for this long at most: what the vessel then holds lets the pump sleep longer. Chosen,
/// twice what `PRESSURE_RATE` takes for 20 kPa; if it is not reached by then and water flows, taps draw it: it goes on.
const BOOST_TIME: Duration = Duration::from_secs(120);
/// The pressure counts as raised this far below (chosen: beyond the noise of PT-501).
const BOOST_BAND: KiloPascals = KiloPascals(2.0);
/// No flow at all lets it sleep at once: a pump against closed taps is dead-headed (INV-20).
const CLOSED_SHARE: f64 = 0.06;
const CLOSED_TIME: Duration = Duration::from_secs(8);
/// Awake for this long at least while anybody draws water: six starts an hour (R-2.15-02).
const AWAKE_TIME: Duration = Duration::from_secs(480);
/// Without PT-501 nobody knows when to wake: every ten minutes (chosen: the budget of starts).
const BLIND_SLEEP: Duration = Duration::from_secs(600);
/// An empty network is filled with 6 m³/h of 5 until it stands under this pressure, for this long at most: what takes longer
/// is broken (chosen). From there on the rule for a broken pipe holds.
const FILL_SHARE: f64 = 1.2;
pub(super) const STANDS: KiloPascals = KiloPascals(100.0);
const FILL_TIME: Duration = Duration::from_secs(600);
/// PIC-501's setpoint moves by this much a second, kPa, from no lower than where the pump wakes (chosen: half the nominal flow
/// fills the vessel in that time; a loop that waits for it longer overshoots, and then has to let the pump stand).
const PRESSURE_RATE: f64 = 1.0 / 3.0;
/// The loop goes no lower than the speed whose shut-off head is this share of the setpoint's.
const LOWEST_HEAD: f64 = 0.7;
/// With less flow than 0.6 m³/h of 5 the loop slows the pump no further, but speeds it up by this much a second, %, until the
/// vessel stands at its raised pressure: a pump that is slowed below what a vessel holds moves nothing, which looks like
/// closed taps (INV-20). Chosen: between the flow that lets it sleep and none; 4 % before that is judged, 25 kPa at least.
const THIN_SHARE: f64 = 0.12;
const PUSH_RATE: f64 = 0.5;

/// What is remembered of pressure mode.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pressure {
    asleep: bool,
    in_state: Duration,
    smooth_flow: Lag,
    little: Sustained,
    closed: Sustained,
    boosting: Option<Duration>,
    /// The network stood under pressure since the pump started; until then it is filled.
    filled: bool,
    filling: Duration,
    pressure_loop: PiLoop,
    flow_loop: PiLoop,
    speed: Ramp,
}

impl Distribution {
    /// The network asks for water, unless it sleeps.
    pub(super) fn network_asks(&mut self, around: &Around, elapsed: Duration) -> bool {
        let settings = &self.settings;
        let pressure = self.inputs.pressure.usable();
        let on = self.pump.iter().any(Drive::is_running);
        let flow = self.inputs.flow.usable();
        let below = |share: f64| on && flow.is_some_and(|flow| flow < around.nominal * share);
        // Without FIT-501 what the village draws says it, half a minute late: enough to let P-501 sleep, not for closed taps.
        let drawn = flow.or(self.inputs.village_flow.usable());
        let draws_less = |share: f64| on && drawn.is_some_and(|flow| flow < around.nominal * share);
        let memory = &mut self.pressure;
        memory.in_state = memory.in_state.saturating_add(elapsed);
        let smooth = match drawn.filter(|_| on) {
            Some(flow) => memory.smooth_flow.follow(flow.0, SMOOTH_TIME, SMOOTH_TIME, elapsed),
            None => {
                memory.smooth_flow = Lag::default();
                f64::INFINITY
            }
        };
        let little = smooth < SLEEP_SHARE * around.nominal.0;
        let little = memory.little.holds(little, SLEEP_TIME, elapsed);
        // A vessel that is being filled takes water too; only at its pressure does no flow mean closed taps.
        let reached = pressure
            .is_none_or(|pressure| pressure >= settings.pressure_target - settings.wake_drop);
        let closed = memory.closed.holds(below(CLOSED_SHARE) && reached, CLOSED_TIME, elapsed);
        if memory.asleep {
            let wake = match pressure {
                Some(pressure) => pressure <= settings.pressure_target - settings.wake_drop,
                None => memory.in_state >= BLIND_SLEEP,
            };
            if wake {
                memory.asleep = false;
                memory.in_state = Duration::ZERO;
            }
            return !memory.asleep;
        }
        memory.boosting = match memory.boosting {
            Some(time) => Some(time.saturating_add(elapsed)),
            None => (little && memory.in_state >= AWAKE_TIME).then_some(Duration::ZERO),
        };
        let over = memory.boosting.is_some_and(|time| time >= BOOST_TIME);
        let full = settings.pressure_target + settings.boost - BOOST_BAND;
        let raised = pressure.is_none_or(|pressure| pressure >= full);
        let boosted = memory.boosting.is_some() && (raised || (over && draws_less(SLEEP_SHARE)));
        if over {
            memory.boosting = None;
        }
        if boosted || closed {
            memory.asleep = true;
            memory.in_state = Duration::ZERO;
            memory.boosting = None;
        }
        !memory.asleep
    }

    /// Whether the network fills, and has not within its time.
    pub(super) fn fills_in_vain(&mut self, on: bool, elapsed: Duration) -> bool {
        let stands = self.inputs.pressure.usable().is_none_or(|pressure| pressure >= STANDS);
        let memory = &mut self.pressure;
        memory.filled = on && (memory.filled || stands);
        memory.filling = if on && !memory.filled {
            memory.filling.saturating_add(elapsed)
        } else {
            Duration::ZERO
        };
        memory.filling >= FILL_TIME
    }

    /// PIC-501, held below the flow that contact time allows. Without PT-501: the speed at which even closed taps see no
    /// more than the setpoint.
    pub(super) fn control_pressure(
        &mut self,
        duty: Option<usize>,
        around: &Around,
        elapsed: Duration,
    ) -> Percent {
        let settings = &self.settings;
        let running = |pump: usize| self.pump.get(pump).is_some_and(Drive::is_running);
        let on = duty.is_some_and(running);
        let head = settings.pressure_target.0 / KPA_PER_METRE;
        let speed_at = |head: f64| {
            let share = libm::sqrt(head / settings.shut_off_head.0);
            Percent(100.0 * share).within(Percent(10.0), Percent(95.0)).0
        };
        let (lowest, blind) = (speed_at(LOWEST_HEAD * head), speed_at(head));
        let floor = self.floor(lowest, around);
        let from = self.rises_from();
        let memory = &mut self.pressure;
        let boost = if memory.boosting.is_some() { settings.boost } else { KiloPascals::ZERO };
        let setpoint = settings.pressure_target + boost;
        let allowed = around.flow_allowed.unwrap_or_default().or_more(around.nominal * 0.6);
        let fill = around.nominal * FILL_SHARE;
        let limit = if memory.filled { allowed } else { allowed.or_less(fill) };
        self.status.setpoint = limit;
        // Two loops on one speed, of which the lower counts: neither runs ahead of it by more than a step.
        let high =
            Percent(memory.speed.value() + SPEED_RATE).within(Percent(lowest), Percent(100.0));
        let pace =
            Pace { period: LOOP_PERIOD, setpoint_rate: PRESSURE_RATE, output_rate: f64::INFINITY };
        let measured = self.inputs.pressure.map(|pressure| pressure.0);
        let target = match (on, measured.usable()) {
            (true, Some(_)) => {
                let tuning = PiTuning {
                    gain: settings.pressure_gain.0,
                    reset: settings.pressure_reset,
                    low: floor.within(Percent(lowest), high).0,
                    high: high.0,
                };
                let aim = Aim { setpoint: setpoint.0, measured, tuning, hold: Hold::Free };
                memory.pressure_loop.scan(aim, pace, elapsed)
            }
            (true | false, _) => {
                memory.pressure_loop.follow(blind, from);
                blind
            }
        };
        let pace = Pace { setpoint_rate: f64::INFINITY, ..pace };
        let measured = self.inputs.flow.map(|flow| flow.0);
        let most = match (on, measured.usable()) {
            (true, Some(flow)) => {
                let tuning = PiTuning {
                    gain: settings.loop_gain.0 / around.nominal.0,
                    reset: settings.loop_reset,
                    low: lowest,
                    high: high.0,
                }
                .for_pump(flow / around.nominal.0);
                let aim = Aim { setpoint: limit.0, measured, tuning, hold: Hold::Free };
                memory.flow_loop.scan(aim, pace, elapsed)
            }
            (true | false, _) => {
                memory.flow_loop.follow(blind, measured);
                blind
            }
        };
        if !on {
            memory.speed.set(blind);
        }
        let target = if target <= most { target } else { most };
        Percent(memory.speed.follow(target, SPEED_RATE, SPEED_RATE, elapsed))
    }

    /// The speed below which PIC-501 does not go: what it is and a little more while hardly anything flows and the vessel would
    /// take more. An unknown flow or pressure pushes nothing.
    fn floor(&self, lowest: f64, around: &Around) -> Percent {
        let full = self.settings.pressure_target + self.settings.boost;
        let takes = self.inputs.pressure.usable().is_some_and(|pressure| pressure < full);
        let flow = self.inputs.flow.usable();
        let thin = takes && flow.is_some_and(|flow| flow < around.nominal * THIN_SHARE);
        Percent(if thin { self.pressure.speed.value() + PUSH_RATE } else { lowest })
    }

    /// PT-501, or the pressure at which the pump wakes where it is less: PIC-501's setpoint begins here.
    fn rises_from(&self) -> Signal<f64> {
        let wakes = self.settings.pressure_target - self.settings.wake_drop;
        self.inputs.pressure.map(|pressure| pressure.or_more(wakes).0)
    }

    /// What PIC-501 saw and did.
    pub(super) fn look_at_pressure_loop(&self) -> Option<Look> {
        self.pressure.pressure_loop.look()
    }
}
