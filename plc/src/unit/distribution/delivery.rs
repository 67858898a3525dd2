//! Delivery to the elevated tank: when it is filled, at what flow, with how many pumps.
//!
//! `docs/spec/plant.md` 2.8 (R-2.8-02, R-2.8-08), 2.7.4 (R-2.7.4-03: contact time is bought with less flow).

use core::time::Duration;

use super::{Around, Distribution, State};
use crate::block::{Aim, Hold, Look, Pace, PiLoop, PiTuning, Ramp, Trip, TripTimes};
use crate::device::{Drive, Limits};
use crate::quantity::{CubicMetresPerHour, Metres, Percent};

/// A tank that is filled whenever there is room, before a storm or in the window, starts this far below its stop level;
/// chosen: an hour of filling, well inside the budget of starts.
const TOP_UP: Metres = Metres(0.2);
/// LT-501, high-high: P-501 stops (R-2.8-02).
pub(super) const TANK_FULL: Metres = Metres(2.40);
/// A pump whose starts are used up runs on until the tank is so far from its stop level to where it trips (chosen: half).
const ROOM_SHARE: f64 = 0.5;
/// The second pump rests again this far above its start level (chosen, wider than the waves of a filling).
const LAG_BAND: Metres = Metres(0.3);
/// FIC-501's setpoint moves by 6 m³/h of 5 a minute, as a share a second (chosen: the interlock on contact time waits 60 s).
const SETPOINT_RATE: f64 = 1.2 / 60.0;
/// P-501 delivers no less than 3 m³/h of 5 before it is inhibited (R-2.7.4-03).
const LEAST_SHARE: f64 = 0.6;
/// Speed lies this much above the speed that beats the static head, % (`docs/spec/plant.md` 6.3).
pub(super) const SPEED_MARGIN: f64 = 5.0;
/// FIC-501 and PIC-501 work once a second (R-2.0-01).
pub(super) const LOOP_PERIOD: Duration = Duration::from_secs(1);
/// Speed moves by this much a second, % (`docs/spec/plant.md` 2.3).
pub(super) const SPEED_RATE: f64 = 5.0;

/// What is remembered of delivery.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    demand: Trip,
    lag: Trip,
    flow_loop: PiLoop,
    setpoint: Ramp,
}

impl Distribution {
    /// Flow about to be asked of P-501: what delivery wants, or as much less as contact time allows, but no less than 3 m³/h
    /// of 5. `allowed` is the flow at which contact time is kept with a margin; unknown allows the least.
    #[must_use]
    pub fn asked(
        &self,
        allowed: Option<CubicMetresPerHour>,
        nominal: CubicMetresPerHour,
    ) -> CubicMetresPerHour {
        let least = nominal * LEAST_SHARE;
        let allowed = allowed.unwrap_or(least).or_more(least);
        let wanted = if !self.has_tank || !self.status.run_on_left.is_zero() {
            // Straight into the network the village says how much; the loop on flow holds it below what is allowed.
            least
        } else if self.delivery.lag.stands() {
            self.settings.lag_delivery * (nominal.0 / 5.0)
        } else {
            self.settings.delivery * (nominal.0 / 5.0)
        };
        wanted.or_less(allowed)
    }

    /// The levels between which the tank is filled.
    fn fill_levels(&self, around: &Around) -> (Metres, Metres) {
        let settings = &self.settings;
        let (from, to) = (settings.window_from, settings.window_to);
        let window = around.hour.filter(|_| from != to).map(|hour| {
            if from < to { hour >= from && hour < to } else { hour >= from || hour < to }
        });
        let full = settings.fill_stop;
        if around.fill_up || window == Some(true) {
            (full - TOP_UP, full)
        } else if window == Some(false) {
            let start = settings.outside_start.or_less(settings.fill_start);
            (start, (start + TOP_UP).or_less(full))
        } else {
            (settings.fill_start, full)
        }
    }

    /// The elevated tank asks for water: from its start level until its stop level. A level that nobody knows asks by the
    /// clock.
    pub(super) fn tank_asks(&mut self, around: &Around, elapsed: Duration) -> bool {
        let (start, stop) = self.fill_levels(around);
        let Some(level) = self.status.tank_level.usable() else {
            self.delivery.demand = Trip::default();
            return self.tank.timed_run();
        };
        self.delivery.demand.judge(level <= start, !(level < stop), TripTimes::s(0, 0), elapsed)
    }

    /// The tank asks for water, or what fills it runs on.
    pub(super) fn tank_demands(
        &mut self,
        duty: Option<usize>,
        around: &Around,
        elapsed: Duration,
    ) -> bool {
        let asks = self.tank_asks(around, elapsed);
        let run_on = if asks { Duration::ZERO } else { self.run_on(duty, around) };
        self.status.run_on_left = run_on;
        asks || !run_on.is_zero()
    }

    /// How long the pump that fills the tank had better run on although that asks no more: its minimum time on, or until it
    /// could start again while there is room (R-2.15-02). It goes by LT-501 itself, never by what counts in its place.
    fn run_on(&self, duty: Option<usize>, around: &Around) -> Duration {
        let level = self.status.tank_level.good().filter(|_| !self.tank.is_lost());
        let (Some(pump), Some(level)) = (self.filling(duty), level) else { return Duration::ZERO };
        let (_, stop) = self.fill_levels(around);
        let most = stop + (TANK_FULL - stop) * ROOM_SHARE;
        if level < most {
            pump.run_left(Limits::SURFACE)
        } else if level < TANK_FULL {
            pump.on_left()
        } else {
            Duration::ZERO
        }
    }

    /// The pump that has the duty, while the sequence runs it.
    fn filling(&self, duty: Option<usize>) -> Option<&Drive> {
        match self.status.state {
            State::Filling {} | State::FillingWithLag {} => self.pump.get(duty?),
            State::Off {}
            | State::Ready {}
            | State::QualityHold {}
            | State::DryHold {}
            | State::TankCommLost {}
            | State::Fault {} => None,
        }
    }

    /// P-501 runs, and its minimum time on is not over.
    pub(super) fn has_just_begun(&self, duty: Option<usize>) -> bool {
        self.filling(duty).is_some_and(|pump| !pump.on_left().is_zero())
    }

    /// A second pump is wanted, and contact time and power allow it.
    pub(super) fn lag_wanted(&mut self, around: &Around, elapsed: Duration) -> bool {
        let spare = self.pumps.fit(&self.pump).iter().filter(|fit| **fit).count() > 1;
        let scale = around.nominal.0 / 5.0;
        let allows = |flow: CubicMetresPerHour| {
            around.flow_allowed.is_some_and(|allowed| allowed >= flow * scale)
        };
        let level = self.status.tank_level.good();
        let low = level.is_some_and(|level| level < self.settings.lag_start);
        let back = !level.is_some_and(|level| level < self.settings.lag_start + LAG_BAND);
        let may = spare && around.power_spare && self.has_tank;
        let start = low && may && allows(self.settings.lag_delivery);
        let stop = back || !may || !allows(self.settings.delivery);
        self.delivery.lag.judge(start && !stop, stop, TripTimes::s(0, 0), elapsed)
    }

    /// FIC-501: the speed that brings the flow asked.
    pub(super) fn control_flow(
        &mut self,
        duty: Option<usize>,
        around: &Around,
        elapsed: Duration,
    ) -> Percent {
        let lowest = self.lowest_speed();
        let running = |pump: usize| self.pump.get(pump).is_some_and(Drive::is_running);
        let on = duty.is_some_and(running);
        let asked = self.asked(around.flow_allowed, around.nominal);
        let delivery = &mut self.delivery;
        if !on {
            delivery.setpoint.set(asked.0);
        }
        let rate = SETPOINT_RATE * around.nominal.0;
        let setpoint = delivery.setpoint.follow(asked.0, rate, rate, elapsed);
        self.status.setpoint = CubicMetresPerHour(setpoint);
        // The setpoint is ramped already.
        let pace =
            Pace { period: LOOP_PERIOD, setpoint_rate: f64::INFINITY, output_rate: SPEED_RATE };
        let measured = self.inputs.flow.map(|flow| flow.0);
        let speed = match (on, measured.usable()) {
            (true, Some(flow)) => {
                let tuning = PiTuning {
                    gain: self.settings.loop_gain.0 / around.nominal.0,
                    reset: self.settings.loop_reset,
                    low: lowest,
                    high: 100.0,
                }
                .for_pump(flow / around.nominal.0);
                let aim = Aim { setpoint, measured, tuning, hold: Hold::Free };
                delivery.flow_loop.scan(aim, pace, elapsed)
            }
            // Without a flow the speed that starts it is kept: delivery is slow, but certain.
            (true, None) => delivery.flow_loop.lead(lowest + SPEED_MARGIN, measured, pace, elapsed),
            (false, _) => {
                delivery.flow_loop.follow(lowest + SPEED_MARGIN, measured);
                lowest + SPEED_MARGIN
            }
        };
        Percent(speed)
    }

    /// What FIC-501 saw and did.
    pub(super) fn look_at_flow_loop(&self) -> Option<Look> {
        self.delivery.flow_loop.look()
    }

    /// The speed below which nothing flows, and a margin, %.
    fn lowest_speed(&self) -> f64 {
        let share = libm::sqrt(self.settings.static_head.0 / self.settings.shut_off_head.0);
        Percent(100.0 * share + SPEED_MARGIN).within(Percent(10.0), Percent(95.0)).0
    }
}
