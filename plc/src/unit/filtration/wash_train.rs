//! P-351 and B-351: wash water at a rate that suits the temperature, up and down within 30 s, and air.

use core::time::Duration;

use super::{Inputs, Settings};
use crate::block::{Pi, PiTuning, Ramp, Sustained, interpolate};
use crate::device::{Ask, Drive, Motor};
use crate::quantity::{Celsius, KiloPascals, MetresPerHour, Percent};
use crate::signal::Signal;
use crate::unit::filter::{Report, Train, Water};

/// Minimum fluidisation of the default sand: °C, m/h (`docs/spec/plant.md` 2.6.1).
const FLUIDISATION: [(f64, f64); 5] =
    [(10.0, 17.8), (15.0, 20.4), (20.0, 23.2), (25.0, 26.0), (30.0, 29.0)];
/// Where the temperature is not known: the coldest water fluidises first, so no sand is lost.
const COLDEST: Celsius = Celsius(10.0);
/// The highest rate is reached in 30 s, m/h a second (`docs/spec/plant.md` 2.6.1).
const RAMP: f64 = 40.0 / 30.0;
/// Rate at which the pump starts and stops, m/h; chosen: just above what its lowest speed gives.
const START_RATE: f64 = 4.0;
/// The ramp counts as arrived within this, m/h.
const ARRIVED: f64 = 0.5;
/// The pump starts this much below the speed that moves water, %, and rises by so much a second: where flow begins it is
/// steep, and the bed must not lift (INV-26). Chosen; from there to full speed takes 30 s.
const START_BELOW: f64 = 5.0;
const SPEED_RATE: f64 = 2.0;
/// And falls as fast as the drive likes, % a second.
const SPEED_FALL: f64 = 20.0;
/// Rate the head lost is given for, m/h.
const REFERENCE_RATE: f64 = 36.0;
/// Less than this share of the rate asked is too little (`docs/spec/plant.md` 2.6.1).
const FLOW_MIN: f64 = 0.8;
/// Too little for this long ends the wash (A3).
const FLOW_LOW_TIME: Duration = Duration::from_secs(20);
/// Start, stagger and ramp take no longer; chosen: 10 s, 5 s and 30 s, doubled, and some patience.
const START_TIME: Duration = Duration::from_secs(120);
/// The blower must run within this; chosen as its stagger and feedback time, doubled and more.
const BLOWER_TIME: Duration = Duration::from_secs(60);
/// Air pressure above this means blocked nozzles (A5).
const PRESSURE_MAX: KiloPascals = KiloPascals(45.0);
/// The flow controller corrects the pump's curve by at most this, % of speed; chosen.
const TRIM_MAX: f64 = 15.0;
/// Its gain, % of speed a m/h, and integral time; chosen after the default pump: 0.5 to 2 m/h a percent, lag 3 s.
const TRIM_GAIN: f64 = 0.2;
const TRIM_RESET: Duration = Duration::from_secs(6);

/// What the wash train keeps from scan to scan.
#[derive(Clone, Copy, Debug, Default)]
pub struct WashTrain {
    rate: Ramp,
    speed: Ramp,
    trim: Pi,
    asked: Water,
    waited: Duration,
    low: Sustained,
    proven: bool,
    failed: bool,
    air_waited: Duration,
    air_failed: bool,
}

/// `clamp(1.35 · v_mf(T), 24, 40)` (`docs/spec/plant.md` 2.6.1).
pub fn high_rate(temperature: Signal<Celsius>, settings: &Settings) -> MetresPerHour {
    let temperature = temperature.usable().filter(|known| known.0.is_finite()).unwrap_or(COLDEST);
    let fluidisation = interpolate(&FLUIDISATION, temperature.0);
    MetresPerHour(settings.wash_expansion.0 * fluidisation)
        .within(settings.wash_rate_min, settings.wash_rate_max)
}

impl WashTrain {
    /// What P-351 is asked, for the filter that is washed.
    pub fn pace(
        &mut self,
        washed: Option<&Report>,
        settings: &Settings,
        inputs: &Inputs,
        temperature: Signal<Celsius>,
        pump: &Drive,
        elapsed: Duration,
    ) -> Ask {
        let Some(filter) = washed.filter(|filter| filter.water_way && filter.area.0 > 0.0) else {
            // The way is not proven: at once, without a ramp (INV-27).
            let failed = self.failed && washed.is_some_and(|filter| filter.state.is_wash());
            let (air_waited, air_failed) = (self.air_waited, self.air_failed);
            *self = WashTrain { failed, air_waited, air_failed, ..WashTrain::default() };
            return Ask::OFF;
        };
        let target = match filter.water {
            Water::None => MetresPerHour::ZERO,
            Water::Combined => settings.combined_rate,
            Water::High => high_rate(temperature, settings),
            Water::Subfluid => settings.subfluid_rate,
        };
        let wanted = filter.water != Water::None;
        let running = pump.is_running();
        if running {
            self.rate.follow(target.0, RAMP, RAMP, elapsed);
        } else {
            self.rate.set(START_RATE);
        }
        let arrived = running && wanted && target.distance(self.rate()).0 <= ARRIVED;
        let flow = inputs.wash_flow.usable().map(|flow| flow.0 / filter.area.0);
        let enough = flow.is_some_and(|flow| flow >= FLOW_MIN * target.0);
        self.proven = arrived && enough;
        if self.proven || filter.water != self.asked {
            self.waited = Duration::ZERO;
        }
        self.asked = filter.water;
        self.waited = self.waited.saturating_add(elapsed);
        let low = self.low.holds(arrived && !enough, FLOW_LOW_TIME, elapsed);
        self.failed = wanted && (low || pump.is_faulty() || self.waited > START_TIME);
        let on = if wanted { !self.failed } else { running && self.rate.value() > START_RATE };
        if !on {
            return Ask::OFF;
        }
        let base = self.base_speed(settings);
        if !running {
            self.trim = Pi::default();
            self.speed.set(self.lowest_speed(settings).0 - START_BELOW);
        }
        let trim = match flow {
            Some(flow) if arrived => {
                let tuning =
                    PiTuning { gain: TRIM_GAIN, reset: TRIM_RESET, low: -TRIM_MAX, high: TRIM_MAX };
                self.trim.execute(self.rate.value() - flow, tuning, elapsed)
            }
            Some(_) | None => self.trim.output(),
        };
        let speed = self.speed.follow(base.0 + trim, SPEED_RATE, SPEED_FALL, elapsed);
        Ask::at(Percent(speed).within(Percent(10.0), Percent(100.0)))
    }

    /// `n = sqrt((H_st + lost·(v/36)²) / H0)`; FIT-351 corrects it a little.
    fn base_speed(&self, settings: &Settings) -> Percent {
        let share = self.rate.value() / REFERENCE_RATE;
        let head = settings.wash_static_head.0 + settings.wash_head_lost.0 * share * share;
        let speed = 100.0 * libm::sqrt(head / settings.wash_shut_off_head.0);
        Percent(speed).within(self.lowest_speed(settings), Percent(100.0))
    }

    /// Where water begins to move.
    fn lowest_speed(&self, settings: &Settings) -> Percent {
        let share = libm::sqrt(settings.wash_static_head.0 / settings.wash_shut_off_head.0);
        Percent(100.0 * share).within(Percent(15.0), Percent(95.0))
    }

    /// Whether B-351 blows for the filter that is washed.
    pub fn blow(
        &mut self,
        washed: Option<&Report>,
        inputs: &Inputs,
        blower: Option<&Motor>,
        elapsed: Duration,
    ) -> bool {
        let wanted = washed.is_some_and(|filter| filter.air);
        let Some(blower) = blower.filter(|_| wanted) else {
            self.air_waited = Duration::ZERO;
            // The failure stands as long as the step that needs air.
            self.air_failed &= washed.is_some_and(|filter| filter.water != Water::High);
            return false;
        };
        self.air_waited = if blower.is_running() {
            Duration::ZERO
        } else {
            self.air_waited.saturating_add(elapsed)
        };
        let pressure_safe =
            inputs.air_pressure.usable().is_some_and(|pressure| pressure <= PRESSURE_MAX);
        self.air_failed |= !pressure_safe || blower.is_faulty() || self.air_waited > BLOWER_TIME;
        !self.air_failed
    }

    /// What the filters are told of it.
    #[must_use]
    pub fn facts(&self, pump: &Drive, blower: Option<&Motor>) -> Train {
        Train {
            water_proven: self.proven,
            water_failed: self.failed,
            stopped: pump.is_still() || pump.is_faulty(),
            air_ready: blower.is_some_and(Motor::is_available),
            air_runs: blower.is_some_and(Motor::is_running),
            air_failed: self.air_failed,
        }
    }

    /// Rate asked of P-351.
    #[must_use]
    pub fn rate(&self) -> MetresPerHour {
        MetresPerHour(if self.asked == Water::None { 0.0 } else { self.rate.value() })
    }
}
