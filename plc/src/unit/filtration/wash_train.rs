//! P-351 and B-351: wash water at a rate that suits the temperature, up and down within 30 s, and air; and whether they do
//! what they are there for.
//!
//! `docs/spec/plant.md` 2.6.1, 2.6.5 (A3, A5), INV-25, INV-26.

use core::time::Duration;

use super::{Inputs, Settings};
use crate::alarm::Condition;
use crate::block::{Pi, PiTuning, Ramp, Sustained, Total, interpolate};
use crate::device::{Ask, Drive, Motor};
use crate::quantity::{Celsius, CubicMetres, KiloPascals, MetresPerHour, Percent, Ratio};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::unit::filter::{Report, Train, Water};

/// Minimum fluidisation of the default sand: °C, m/h (R-2.6.1-12).
const FLUIDISATION: [(f64, f64); 5] =
    [(10.0, 17.8), (15.0, 20.4), (20.0, 23.2), (25.0, 26.0), (30.0, 29.0)];
/// Where the temperature is not known: the coldest water fluidises first, so no sand is lost.
const COLDEST: Celsius = Celsius(10.0);
/// A bed keeps its sand up to these rates, in water from 20 °C and in colder water (INV-26).
const BED_LIMIT_WARM: MetresPerHour = MetresPerHour(45.0);
const BED_LIMIT_COLD: MetresPerHour = MetresPerHour(36.0);
const WARM: Celsius = Celsius(20.0);
/// What is asked stays this share of it below; chosen: twice what the loop overshoots.
const BED_MARGIN: f64 = 0.95;
/// More than the limit for this long stops the pump (INV-26 allows 2 s).
const BED_LIMIT_TIME: Duration = Duration::from_secs(1);
/// The highest rate is reached in 30 s, m/h a second (R-2.6.1-13).
const RAMP: f64 = 40.0 / 30.0;
/// Rate at which the pump starts and stops, m/h; chosen: just above what its lowest speed gives.
const START_RATE: f64 = 4.0;
/// The ramp counts as arrived within this, m/h.
const ARRIVED: f64 = 0.5;
/// The pump starts this much below the speed that moves water, %, and rises by so much a second: where flow begins it is
/// steep, and the bed must not lift (INV-26). Chosen: water then rises by 1.15 m³/h a second at most, of the 1.2 it may.
const START_BELOW: f64 = 5.0;
const SPEED_RATE: f64 = 1.6;
/// And falls as fast as the drive likes, % a second.
const SPEED_FALL: f64 = 20.0;
/// Rate the head lost is given for, m/h.
const REFERENCE_RATE: f64 = 36.0;
/// Less than this share of the rate asked is too little (R-2.6.1-13); alarm 306 clears at so much more (`plant.md` 4).
const FLOW_MIN: f64 = 0.8;
const FLOW_BACK: f64 = 0.05;
/// Less than this share is none: a closed valve rather than a tired pump (INV-20).
const NO_FLOW: f64 = 0.05;
/// None for this long, while P-351 runs, ends it sooner: less than INV-20's 15 s by what the pump needs to come to rest.
const NO_FLOW_TIME: Duration = Duration::from_secs(12);
/// Too little for this long ends the wash (A3).
const FLOW_LOW_TIME: Duration = Duration::from_secs(20);
/// Start, stagger and ramp take no longer; chosen: 10 s, 5 s and 30 s, doubled, and some patience.
const START_TIME: Duration = Duration::from_secs(120);
/// Air must go through the bed within this; chosen as the blower's stagger and feedback time, doubled and more.
const BLOWER_TIME: Duration = Duration::from_secs(60);
/// Air pressure above this means blocked nozzles (A5).
const PRESSURE_MAX: KiloPascals = KiloPascals(45.0);
/// Air that goes through the bed shows a pressure between these (R-2.6.1-06).
const PRESSURE_THROUGH: (KiloPascals, KiloPascals) = (KiloPascals(15.0), KiloPascals(40.0));
/// Alarm 307: high as A5, low below this, with its deadband (`docs/spec/plant.md` 4).
const PRESSURE_LOW: KiloPascals = KiloPascals(12.0);
const PRESSURE_DEADBAND: KiloPascals = KiloPascals(3.0);
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
    still: Sustained,
    fast: Sustained,
    proven: bool,
    /// Share of the rate asked that flows, once the ramp has arrived.
    share: Option<f64>,
    /// Why there will be no wash water in this wash.
    failed: Reasons,
    air_waited: Duration,
    air_proven: bool,
    air_failed: bool,
    /// Why water and air failed last, until they are proven again or a person resets.
    water_why: Reasons,
    air_why: Reasons,
    washing: bool,
    volume: Total,
}

/// `clamp(1.35 · v_mf(T), 24, 40)` (R-2.6.1-12), below what the bed may take (INV-26).
pub fn high_rate(temperature: Signal<Celsius>, settings: &Settings) -> MetresPerHour {
    let known = known(temperature).unwrap_or(COLDEST);
    let fluidisation = interpolate(&FLUIDISATION, known.0);
    MetresPerHour(settings.wash_expansion.0 * fluidisation)
        .within(settings.wash_rate_min, settings.wash_rate_max)
        .or_less(bed_limit(temperature) * BED_MARGIN)
}

fn known(temperature: Signal<Celsius>) -> Option<Celsius> {
    temperature.usable().filter(|known| known.0.is_finite())
}

fn bed_limit(temperature: Signal<Celsius>) -> MetresPerHour {
    let warm = known(temperature).is_some_and(|known| known >= WARM);
    if warm { BED_LIMIT_WARM } else { BED_LIMIT_COLD }
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
        self.measure(washed, inputs, pump, elapsed);
        let Some(filter) = washed.filter(|filter| filter.water_way && filter.area.0 > 0.0) else {
            // The way is not proven: at once, without a ramp (INV-27).
            let stands = washed.is_some_and(|filter| filter.state.is_wash());
            let failed = if stands { self.failed } else { Reasons::NONE };
            *self = WashTrain { failed, ..self.at_rest() };
            return Ask::OFF;
        };
        let target = match filter.water {
            Water::None => MetresPerHour::ZERO,
            Water::Combined => settings.combined_rate,
            Water::High => high_rate(temperature, settings),
            Water::Subfluid => settings.subfluid_rate,
            Water::ByHand => high_rate(temperature, settings),
        };
        let by_hand = filter.water == Water::ByHand;
        let wanted = filter.water != Water::None;
        let running = pump.is_running();
        if running {
            self.rate.follow(target.0, RAMP, RAMP, elapsed);
        } else {
            self.rate.set(START_RATE);
        }
        let flow = inputs.wash_flow.usable().map(|flow| MetresPerHour(flow.0 / filter.area.0));
        let arrived = running && wanted && target.distance(self.rate()).0 <= ARRIVED;
        let least = MetresPerHour(target.0 * NO_FLOW);
        let still = running && wanted && flow.is_some_and(|flow| flow < least);
        let still = self.still.holds(still, NO_FLOW_TIME, elapsed);
        if by_hand {
            // A person may ask for less than a wash needs; what failed stays so until the wish ends.
            (self.share, self.proven) = (None, false);
        } else {
            self.prove(flow, arrived.then_some(target), filter.water, pump, elapsed);
        }
        let over = inputs.wash_flow.is_over()
            || flow.is_some_and(|flow| !(flow <= bed_limit(temperature)));
        if self.fast.holds(over, BED_LIMIT_TIME, elapsed) {
            self.failed = self.failed.with(Reason::WashFlowHigh);
        }
        if still {
            self.failed = self.failed.with(Reason::WashFlowLow).with(Reason::DeadHead);
        }
        self.water_why = match (self.failed.is_empty(), self.proven) {
            (false, _) => self.failed,
            (true, true) => Reasons::NONE,
            (true, false) => self.water_why,
        };
        let wanted = wanted && self.failed.is_empty();
        let runs_down = !self.failed.has(Reason::WashFlowHigh) && filter.water == Water::None;
        let on = wanted || (runs_down && running && self.rate.value() > START_RATE);
        if on {
            // By hand the pump's curve alone says what the bed may take: nothing winds up while less is asked.
            let trim_on = flow.filter(|_| arrived && !by_hand);
            self.speed_for(trim_on, pump.handling.wish(), settings, running, elapsed)
        } else {
            Ask::OFF
        }
    }

    /// What is left of it when no water goes up.
    fn at_rest(&self) -> WashTrain {
        WashTrain {
            air_waited: self.air_waited,
            air_proven: self.air_proven,
            air_failed: self.air_failed,
            water_why: self.water_why,
            air_why: self.air_why,
            washing: self.washing,
            volume: self.volume,
            ..WashTrain::default()
        }
    }

    /// Wash water of this wash.
    fn measure(
        &mut self,
        washed: Option<&Report>,
        inputs: &Inputs,
        pump: &Drive,
        elapsed: Duration,
    ) {
        let washing = washed.is_some();
        if washing && !self.washing {
            self.volume = Total::default();
        }
        self.washing = washing;
        if pump.is_on() {
            let flow = inputs.wash_flow.usable().unwrap_or_default();
            // m³/h × h
            self.volume.add(flow.0 * elapsed.as_secs_f64() / 3600.0);
        }
    }

    /// Whether water flows as asked, once the ramp has arrived at `target`; and why it will not (A3).
    fn prove(
        &mut self,
        flow: Option<MetresPerHour>,
        target: Option<MetresPerHour>,
        water: Water,
        pump: &Drive,
        elapsed: Duration,
    ) {
        let share = target.map(|target| flow.map_or(0.0, |flow| flow.0 / target.0));
        self.share = share;
        self.proven = share.is_some_and(|share| share >= FLOW_MIN);
        // A pump that has to stand still for a while is nobody's failure.
        if self.proven || water != self.asked || pump.rests() {
            self.waited = Duration::ZERO;
        }
        self.asked = water;
        self.waited = self.waited.saturating_add(elapsed);
        let low = self.low.holds(share.is_some() && !self.proven, FLOW_LOW_TIME, elapsed);
        let wanted = water != Water::None;
        let low = wanted && (low || self.waited > START_TIME);
        let none = flow.is_some() && share.is_some_and(|share| share < NO_FLOW);
        self.failed = Reasons::NONE
            .and_if(low && flow.is_some(), Reason::WashFlowLow)
            .and_if(low && flow.is_none(), Reason::FlowUnknown)
            .and_if(low && none, Reason::DeadHead)
            .and_if(wanted && pump.is_faulty(), Reason::PumpFault);
    }

    /// Speed for the rate, corrected by what flows.
    fn speed_for(
        &mut self,
        flow: Option<MetresPerHour>,
        wish: Option<Percent>,
        settings: &Settings,
        running: bool,
        elapsed: Duration,
    ) -> Ask {
        let base = self.base_speed(settings);
        if !running {
            self.trim = Pi::default();
            self.speed.set(self.lowest_speed(settings).0 - START_BELOW);
        }
        let trim = match flow {
            Some(flow) => {
                let tuning =
                    PiTuning { gain: TRIM_GAIN, reset: TRIM_RESET, low: -TRIM_MAX, high: TRIM_MAX };
                self.trim.execute(self.rate.value() - flow.0, tuning, elapsed)
            }
            None => self.trim.output(),
        };
        let target = Percent(base.0 + trim);
        let target = wish.map_or(target, |wish| target.or_less(wish));
        let speed = self.speed.follow(target.0, SPEED_RATE, SPEED_FALL, elapsed);
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

    /// Whether B-351 blows for the filter that is washed. What it did to the air is proven by the pressure it makes: too
    /// much is a bed that lets none through, too little a blower that moves none (A5).
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
            self.air_proven = false;
            // The failure stands as long as the step that needs air.
            self.air_failed &= washed.is_some_and(|filter| filter.water != Water::High);
            return false;
        };
        let (pressure, over) = (inputs.air_pressure.usable(), inputs.air_pressure.is_over());
        let (low, high) = PRESSURE_THROUGH;
        let through = pressure.is_some_and(|pressure| pressure >= low && pressure <= high);
        self.air_proven = blower.is_running() && through;
        let waits = !self.air_proven && !blower.rests();
        self.air_waited =
            if waits { self.air_waited.saturating_add(elapsed) } else { Duration::ZERO };
        let late = self.air_waited > BLOWER_TIME;
        let late_with_air = late && blower.is_running();
        let why = Reasons::NONE
            .and_if(pressure.is_none() && !over, Reason::AirPressureUnknown)
            .and_if(
                over || pressure.is_some_and(|is| !(is <= PRESSURE_MAX)),
                Reason::AirPressureHigh,
            )
            .and_if(late_with_air && pressure.is_some_and(|is| is > high), Reason::AirPressureHigh)
            .and_if(late_with_air && pressure.is_some_and(|is| is < low), Reason::AirPressureLow)
            .and_if(blower.is_faulty() || (late && !late_with_air), Reason::BlowerFault);
        if !why.is_empty() {
            self.air_failed = true;
            self.air_why = why;
        } else if self.air_proven {
            self.air_why = Reasons::NONE;
        }
        !self.air_failed
    }

    /// Somebody has looked after it.
    pub fn reset(&mut self) {
        self.water_why = Reasons::NONE;
        self.air_why = Reasons::NONE;
    }

    /// What the filters are told of it.
    #[must_use]
    pub fn facts(&self, pump: &Drive, blower: Option<&Motor>) -> Train {
        Train {
            water_proven: self.proven,
            water_failed: self.failed,
            stopped: pump.is_still() || pump.is_faulty(),
            air_ready: blower.is_some_and(Motor::is_available),
            air_proven: self.air_proven,
            air_failed: self.air_failed,
            flows: pump.is_on() || blower.is_some_and(Motor::is_on),
        }
    }

    /// Rate asked of P-351.
    #[must_use]
    pub fn rate(&self) -> MetresPerHour {
        MetresPerHour(if self.asked == Water::None { 0.0 } else { self.rate.value() })
    }

    /// Wash water of this wash, or of the last.
    #[must_use]
    pub fn volume(&self) -> CubicMetres {
        CubicMetres(self.volume.value())
    }

    /// Why water that a person sent did not go up, until the wish ends.
    #[must_use]
    pub fn failed_by_hand(&self) -> Reasons {
        self.failed
    }

    /// Why water or air failed last.
    #[must_use]
    pub fn failed_by(&self) -> Reasons {
        self.water_why.and(self.air_why)
    }

    /// Alarm 306: too little water now, or the last wash was given up for it.
    #[must_use]
    pub fn flow_low(&self, pump: &Drive) -> Condition {
        if !self.water_why.is_empty() || pump.is_faulty() {
            return Condition::Active;
        }
        self.share.map_or(Condition::Clear, |share| {
            Signal::Good(Ratio(share)).below(Ratio(FLOW_MIN), Ratio(FLOW_BACK))
        })
    }

    /// Alarm 307: pressure out of range while the blower runs, or the air was given up.
    #[must_use]
    pub fn air_wrong(&self, inputs: &Inputs, blower: Option<&Motor>) -> Condition {
        let Some(blower) = blower else { return Condition::Absent };
        if !self.air_why.is_empty() || blower.is_faulty() {
            return Condition::Active;
        }
        if !blower.is_running() {
            return Condition::Clear;
        }
        let high = inputs.air_pressure.above(PRESSURE_MAX, PRESSURE_DEADBAND);
        let low = inputs.air_pressure.below(PRESSURE_LOW, PRESSURE_DEADBAND);
        high.or(low)
    }
}
