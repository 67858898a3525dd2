//! Hydrology: hears of a storm upstream before its mud is here, and lets the plant prepare.
//!
//! ```text
//! Off (nothing heard for an hour) <-> Watching --(heavy rain, or the river rises)--> Alert --(raw water calm for 6 h)--> Watching
//! ```
//! In: RG-701, LT-701, MT-702 by radio, LT-101, AIT-101. Out: what other units do before the mud. `docs/spec/plant.md` 2.14.

mod heard;
#[cfg(test)]
mod tests;

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::block::{Lag, RollingMass, Sustained};
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, parts, retained, settings, shown, states,
    status,
};
use crate::quantity::{Metres, Millimetres, MillimetresPerHour, Ntu, Percent, Ratio};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::calibration;
use heard::{Heard, Rise};

inputs! {
    /// Stations upstream, by radio.
    pub struct Inputs {
        /// RG-701, rain upstream.
        pub rain: Signal<MillimetresPerHour> = measured(0.0..=200.0).every_s(300.0),
        /// LT-701, river level upstream.
        pub river_level: Signal<Metres> = measured(0.0..=10.0).every_s(300.0),
        /// MT-702, soil moisture.
        pub soil_moisture: Signal<Percent> = measured(0.0..=100.0).every_s(900.0),
    }
}

settings! {
    /// What counts as a storm, and when it is over.
    pub struct Settings {
        /// RG-701, rain of a storm.
        pub rain_max: MillimetresPerHour = between(5.0..=100.0, 20.0).by(Role::Supervisor),
        /// RG-701, rain of three hours that makes a storm.
        pub rain_sum_max: Millimetres = between(5.0..=100.0, 30.0).by(Role::Supervisor),
        /// RG-701, the same on wet soil.
        pub rain_sum_wet_max: Millimetres = between(2.0..=50.0, 10.0).by(Role::Supervisor),
        /// MT-702, soil counts as wet above this.
        pub soil_wet: Percent = between(10.0..=60.0, 35.0).by(Role::Supervisor),
        /// Rain index above which soil counts as wet where MT-702 is silent.
        pub index_wet: Millimetres = between(10.0..=200.0, 50.0).by(Role::Supervisor),
        /// LT-701, rise within an hour that makes a storm.
        pub rise_max: Metres = between(0.05..=2.0, 0.2).by(Role::Supervisor),
        /// LT-101, rise within an hour that makes a storm.
        pub local_rise_max: Metres = between(0.1..=3.0, 0.5).by(Role::Supervisor),
        /// AIT-101, the storm is over below so many times what it was before.
        pub calm_factor: Ratio = between(1.1..=5.0, 1.5).by(Role::Supervisor),
        /// AIT-101, for so long.
        pub calm_time: Duration = between(3600.0..=86_400.0, 21_600.0).by(Role::Supervisor),
        /// Filters that have run for longer are washed before the mud comes.
        pub wash_after: Duration = between(14_400.0..=172_800.0, 86_400.0).by(Role::Supervisor),
    }
}

retained! {
    /// What a restart goes on with.
    pub struct Retained {
        /// Antecedent rain index: yesterday's, nine tenths of it, and the rain since.
        pub rain_index: Millimetres = kept().within(0.0..=1e5),
        /// A storm is on its way, or here.
        pub storm: bool = kept().else_clear(),
        /// AIT-101, raw turbidity before the storm; its scale and the 2 % above it that still count (R-2.12-04).
        pub turbidity_before: Ntu = kept().within(0.0..=4080.0),
    }
}

status! {
    /// What is known of the weather upstream.
    pub struct Status {
        /// State of the pre-alert.
        pub state: State = shown(),
        /// Why nothing is watched.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// What the storm was seen by.
        pub seen_by: Reasons = shown().among(SIGNS),
        /// Rain of the last three hours.
        pub rain_sum: Millimetres = shown().span(0.0..=100.0),
        /// LT-701, rise within the last hour.
        pub rise: Metres = shown().span(-1.0..=2.0),
        /// Time that the raw water has yet to be calm.
        pub calm_left: Duration = shown().span(0.0..=86_400.0),
    }
}

alarms! {
    /// Alarms of hydrology.
    pub struct Alarms {
        /// RG-701, storm upstream.
        pub storm_upstream: Condition = alarm(111, Priority::P4).delays_s(0.0, 3600.0),
    }
}

/// What the pre-alert does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was heard for an hour: there is no pre-alert.
    Off,
    /// Heard, and nothing to fear.
    Watching,
    /// Mud is on its way, or here.
    Alert,
}
states! { State { Off, Watching, Alert } }

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    /// AIT-101.
    pub raw: Signal<Ntu>,
    /// LT-101.
    pub river_level: Signal<Metres>,
}

/// The pre-alert.
pub struct Hydrology {
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Hydrology,
    since_step: Duration,
    rain: Heard,
    level: Heard,
    soil: Heard,
    /// For so long RG-701 has been beyond its scale.
    pours_for: Duration,
    rain_sum: RollingMass,
    rise: Rise,
    local_rise: Rise,
    before: Lag,
    calm: Sustained,
    /// Since a storm was last seen.
    since_seen: Duration,
    /// A storm was seen in this scan, after none.
    begins: bool,
}
parts! { Hydrology {
    inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "U-700"); many: ; maybe: ;
    since_step, rain, level, soil, pours_for, rain_sum, rise, local_rise, before, calm, since_seen, begins
} }

impl Default for Hydrology {
    fn default() -> Hydrology {
        Hydrology {
            inputs: Inputs::default(),
            settings: Settings::default(),
            retained: Retained::default(),
            status: Status::default(),
            alarms: Alarms::default(),
            calibration: calibration::Hydrology::default(),
            since_step: Duration::ZERO,
            rain: Heard::default(),
            level: Heard::default(),
            soil: Heard::default(),
            pours_for: Duration::ZERO,
            rain_sum: RollingMass::over(RAIN_SUM_TIME),
            rise: Rise::default(),
            local_rise: Rise::default(),
            before: Lag::default(),
            calm: Sustained::default(),
            since_seen: Duration::ZERO,
            begins: false,
        }
    }
}

/// What keeps it from watching, and what a storm is seen by.
const PERMISSIVES: Reasons = Reasons::only(Reason::TelemetryLost);
const SIGNS: Reasons = Reasons::only(Reason::RainUpstream).with(Reason::RiverRising);

/// Telemetry is looked at this often (class T, R-2.0-01).
const STEP: Duration = Duration::from_secs(60);
/// Rain is summed over this (R-2.14-02).
const RAIN_SUM_TIME: Duration = Duration::from_secs(3 * 3600);
/// Nine tenths of the index are left after a day (R-2.14-01).
const INDEX_KEPT: f64 = 0.9;
/// Turbidity before a storm is that of the last hours, and no less than this, so that noise in clear water is no storm
/// (chosen).
const BEFORE_TIME: Duration = Duration::from_secs(2 * 3600);
const BEFORE_MIN: Ntu = Ntu(5.0);
/// More than RG-701's 200 mm/h for so long would be 600 mm and more, above the records of three hours in the tropics: the gauge is
/// at fault (chosen).
const POURS_MAX: Duration = Duration::from_secs(3 * 3600);
/// A storm that was last seen so long ago is over, whatever AIT-101 says or does not say (chosen: rivers of the region recede in
/// 6 to 15 h, `docs/spec/plant.md` 6.1).
const STORM_MAX: Duration = Duration::from_secs(72 * 3600);

impl Hydrology {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.begins = false;
        self.since_step = self.since_step.saturating_add(elapsed);
        if self.since_step < STEP {
            return;
        }
        let step = self.since_step;
        self.since_step = Duration::ZERO;
        let rain = self.rain.take(self.inputs.rain.usable().map(|rain| rain.0), step);
        let level = self.level.take(self.inputs.river_level.usable().map(|level| level.0), step);
        let soil = self.soil.take(self.inputs.soil_moisture.usable().map(|soil| soil.0), step);
        self.gather(rain, step);
        let rise = self.rise.take(level, step);
        let local = self.local_rise.take(around.river_level.usable().map(|level| level.0), step);
        self.status.rise = Metres(rise.unwrap_or(0.0));
        let pours = self.pours(step);
        let heard = rain.is_some() || level.is_some() || pours;
        let wet = match soil {
            Some(soil) => soil > self.settings.soil_wet.0,
            None => self.retained.rain_index > self.settings.index_wet,
        };
        let seen = if heard { self.sees((rain, pours), wet, (rise, local)) } else { Reasons::NONE };
        self.judge(around.raw, seen, step);
        self.status.state = if self.retained.storm {
            State::Alert
        } else if heard {
            State::Watching
        } else {
            State::Off
        };
        self.status.blocked = Reasons::NONE.and_if(!heard, Reason::TelemetryLost);
        self.alarms.storm_upstream = Condition::when(self.retained.storm);
    }

    /// It rains more than RG-701 can show: for hours that is a gauge at fault, and no rain.
    fn pours(&mut self, step: Duration) -> bool {
        let over = self.inputs.rain.is_over();
        self.pours_for = if over { self.pours_for.saturating_add(step) } else { Duration::ZERO };
        over && self.pours_for <= POURS_MAX
    }

    /// Rain of three hours, and the index (R-2.14-01). Rain that nobody reports is none.
    fn gather(&mut self, rain: Option<f64>, step: Duration) {
        let fallen = rain.unwrap_or(0.0) * step.as_secs_f64() / 3600.0;
        self.rain_sum.add(fallen, step);
        self.status.rain_sum = Millimetres(self.rain_sum.mass());
        let kept = libm::pow(INDEX_KEPT, step.as_secs_f64() / 86_400.0);
        self.retained.rain_index = Millimetres(self.retained.rain_index.0 * kept + fallen)
            .within(Millimetres(0.0), Millimetres(9999.0));
    }

    /// What a storm is seen by (R-2.14-02).
    fn sees(
        &self,
        (rain, pours): (Option<f64>, bool),
        wet: bool,
        (rise, local): (Option<f64>, Option<f64>),
    ) -> Reasons {
        let settings = &self.settings;
        let most = if wet { settings.rain_sum_wet_max } else { settings.rain_sum_max };
        let heavy = pours || rain.is_some_and(|rain| rain >= settings.rain_max.0);
        let long = rain.is_some() && self.status.rain_sum >= most;
        let rises = rise.is_some_and(|rise| rise > settings.rise_max.0)
            || local.is_some_and(|rise| rise > settings.local_rise_max.0);
        Reasons::NONE.and_if(heavy || long, Reason::RainUpstream).and_if(rises, Reason::RiverRising)
    }

    /// A storm begins, goes on or ends (R-2.14-08).
    fn judge(&mut self, raw: Signal<Ntu>, seen: Reasons, step: Duration) {
        let kept = &mut self.retained;
        self.since_seen =
            if seen.is_empty() { self.since_seen.saturating_add(step) } else { Duration::ZERO };
        if !kept.storm {
            if let Some(raw) = raw.usable() {
                self.before.follow(raw.0, BEFORE_TIME, BEFORE_TIME, step);
            }
            let before = Ntu(self.before.value().unwrap_or(0.0));
            kept.turbidity_before = before.or_more(BEFORE_MIN);
            self.begins = !seen.is_empty();
            kept.storm = self.begins;
            self.calm = Sustained::default();
        }
        self.status.seen_by = if kept.storm { self.status.seen_by.and(seen) } else { seen };
        let most = kept.turbidity_before * self.settings.calm_factor.0;
        let calm = seen.is_empty() && raw.usable().is_some_and(|raw| raw < most);
        let calm = self.calm.holds(calm, self.settings.calm_time, step);
        let over = calm || self.since_seen >= STORM_MAX;
        let left = self.settings.calm_time.saturating_sub(self.calm.lasted());
        self.status.calm_left = if kept.storm { left } else { Duration::ZERO };
        if kept.storm && over {
            kept.storm = false;
            self.status.seen_by = Reasons::NONE;
            self.status.calm_left = Duration::ZERO;
        }
    }

    /// A storm is on its way, or here (R-2.14-03 to -06).
    #[must_use]
    pub fn storm(&self) -> bool {
        self.retained.storm
    }

    /// It was seen in this scan for the first time: every tank is desludged now, once (R-2.14-05).
    #[must_use]
    pub fn begins(&self) -> bool {
        self.begins
    }
}
