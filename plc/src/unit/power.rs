//! Power: says when the mains can be trusted, for how long they were away, and what may be started with them.
//!
//! ```text
//! Good --(lost 0.3 s)--> Lost --(back)--> Stabilising (60 s in limits) -> Good        > 4 outages in 1 h: BrownOut (30 min)
//! ```
//! In: mains contact, energy meter, UPS. Out: nothing; the causes "mains lost", "power above its limit" and "battery empty"
//! are its words. `docs/spec/plant.md` 2.10.

use core::time::Duration;

mod sequence;
#[cfg(test)]
mod tests;

pub use sequence::State;

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::{Sustained, Timed, Trip, TripTimes, packed, unpack};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, parts, retained, settings, shown,
    status,
};
use crate::device::Held;
use crate::quantity::{Count, Hertz, KiloWattHours, KiloWatts, Percent, Volts};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Role;
use sequence::{BROWN_OUT_WAIT, Event, Scan, Sequence};

inputs! {
    /// Mains and battery.
    pub struct Inputs {
        /// XS-901, mains present.
        pub mains: Signal<bool> = contact().every_s(0.1),
        /// EI-901, mains voltage.
        pub voltage: Signal<Volts> = measured(0.0..=400.0).every_s(2.0),
        /// SI-901, mains frequency.
        pub frequency: Signal<Hertz> = measured(0.0..=70.0).every_s(2.0),
        /// JI-901, power taken by the plant.
        pub power: Signal<KiloWatts> = measured(0.0..=50.0).every_s(2.0),
        /// JQI-901, energy taken by the plant.
        pub energy: Signal<KiloWattHours> = measured(0.0..=9_999_999.0).every_s(2.0),
        /// UPS-902, controller's supply is on mains.
        pub on_mains: Signal<bool> = contact().every_s(1.0),
        /// UPS-902, charge of the battery.
        pub battery: Signal<Percent> = measured(0.0..=100.0).every_s(10.0),
        /// CC-903, battery or sun feed the plant: supply is limited.
        pub limited: Signal<bool> = contact().every_s(1.0),
    }
}

settings! {
    /// What counts as good mains, and how much of them may be used.
    pub struct Settings {
        /// EI-901, nominal voltage.
        pub voltage_nominal: Volts = between(100.0..=250.0, 220.0),
        /// SI-901, nominal frequency.
        pub frequency_nominal: Hertz = between(50.0..=60.0, 50.0),
        /// How long the mains must be good before anything starts.
        pub stable_time: Duration = between(30.0..=600.0, 60.0).by(Role::Supervisor),
        /// So much longer after an outage, different for each plant on a feeder, so that they do not start together.
        pub restart_delay: Duration = between(0.0..=60.0, 0.0).by(Role::Supervisor),
        /// JI-901, most power the plant may take.
        pub power_limit: KiloWatts = between(1.0..=100.0, 4.0),
        /// JI-901, most power while battery or sun feed the plant.
        pub limited_power: KiloWatts = between(0.5..=100.0, 2.0),
        /// Power a motor takes when it starts: no more than its rated 1.5 kW on a drive's ramp.
        pub start_power: KiloWatts = between(0.1..=30.0, 1.2),
        /// UPS-902, battery low.
        pub battery_alarm: Percent = between(25.0..=80.0, 40.0).by(Role::Supervisor),
        /// UPS-902, charge at which the controller is shut down in order.
        pub battery_stop: Percent = between(10.0..=24.0, 20.0),
    }
}

retained! {
    /// Outages that a restart must not forget: a battery that lasts ten minutes restarts the controller with each of them.
    pub struct Retained {
        /// Outages of the last hour: a byte each, age in quarter minutes and one, 0 for none.
        pub hour_outages: Count = kept().within(0.0..=9_007_199_254_740_992.0),
        /// The wait after too many outages stands; a restart begins it anew.
        pub waits: bool = kept().else_set(),
    }
}

status! {
    /// What the power does.
    pub struct Status {
        /// State of the mains.
        pub state: State = shown(),
        /// What keeps the plant from using it.
        pub blocked: Reasons = shown().among(Reasons::all(&[Reason::MainsLost, Reason::BrownOuts])),
        /// Length of the last outage, without the time in which the mains prove themselves.
        pub outage: Duration = shown(),
        /// Time left until the mains are trusted, or until the wait after brown-outs ends.
        pub wait_left: Duration = shown(),
        /// JI-901, power that all logic judges: the meter's, else the sum of the drives.
        pub drawn: KiloWatts = shown().span(0.0..=10.0),
        /// Why no motor may be started now.
        pub starts_held: Reasons = shown(),
        /// UPS-902, the battery is nearly empty: the controller asks to be shut down.
        pub shut_down: bool = shown(),
    }
}

alarms! {
    /// Alarms of power.
    pub struct Alarms {
        /// XS-901, power lost.
        pub lost: Condition =
            alarm(901, Priority::P2).delays_s(10.0, 60.0).without_mains().trips(TripGroup::Supply),
        /// UPS-902, battery low.
        pub battery_low: Condition = alarm(902, Priority::P2).delays_s(10.0, 60.0).without_mains(),
        /// JI-901, voltage or frequency bad, or power above its limit.
        pub out_of_limits: Condition = alarm(903, Priority::P3).delays_s(30.0, 60.0),
        /// XS-901, repeated brown-outs.
        pub brown_outs: Condition = alarm(915, Priority::P3).delays_s(0.0, 3600.0).without_mains(),
    }
}

/// What the motors take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Motors {
    /// Sum of what the drives report.
    pub power: KiloWatts,
    /// A pump runs, or is asked to.
    pub some_on: bool,
}

/// Mains and battery.
#[derive(Default)]
pub struct Power {
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    sequence: Timed<Sequence>,
    lost: Sustained,
    stable: Sustained,
    over: Trip,
    empty: Sustained,
    good_for: Duration,
    waited: Duration,
    outages: [Option<Duration>; OUTAGES_AN_HOUR],
    /// The outage in which the controller went is counted, whether it goes on or not.
    counted: bool,
    /// A restart found the wait after brown-outs: it begins anew.
    recalled: bool,
}
parts! { Power {
    inputs, settings, retained, status, alarms; one: ; many: ; maybe: ;
    sequence, lost, stable, over, empty, good_for, waited, outages, counted, recalled
} }

/// Lost for this long (`docs/spec/plant.md` 2.10, 1).
const LOST_TIME: Duration = Duration::from_millis(300);
/// This many outages in an hour are a brown-out loop: more than four (`docs/spec/plant.md` 2.10, 7).
const OUTAGES_AN_HOUR: usize = 5;
const HOUR: Duration = Duration::from_secs(3600);
/// Their ages are kept in steps of this.
const KEPT_STEP: Duration = Duration::from_secs(15);
/// A controller that was away for so long was without power, though it saw no outage: begun anew it is back within seconds, a
/// Raspberry Pi boots longer (chosen).
const REBOOT: Duration = Duration::from_secs(15);
/// Bands of good mains, and alarm 903's deadband (`docs/spec/plant.md` 2.10, 3; 4).
const VOLTAGE_BAND: f64 = 0.10;
const FREQUENCY_BAND: f64 = 0.02;
const DEADBAND: f64 = 0.02;
/// The grid counts as stable for a wash after this (`docs/spec/plant.md` 2.6.3, W6).
const WASH_STABLE: Duration = Duration::from_secs(300);
/// Power above its limit is shed after this, and may come back after that; INV-24 allows 10 s, the meter is asked every 2 s.
const OVER_TIMES: TripTimes = TripTimes::s(5, 60);
/// The battery must be empty for so long; chosen: five answers of the UPS.
const EMPTY_TIME: Duration = Duration::from_secs(10);
/// Motors keep their longer distance for so long after power came back; chosen: the plant has started by then.
const RETURN_TIME: Duration = Duration::from_secs(1800);

impl Power {
    /// One scan, first of all units: the causes ask it.
    pub fn judge(&mut self, motors: Motors, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        for age in &mut self.outages {
            *age = age.map(|age| age.saturating_add(elapsed)).filter(|age| *age < HOUR);
        }
        let absent = !self.inputs.mains.closed();
        let lost = self.lost.holds(absent, LOST_TIME, elapsed);
        let stable_time = self.stable_time();
        let stable = self.stable.holds(!absent && self.is_within(0.0), stable_time, elapsed);
        let before = self.sequence.state();
        let scan = Scan {
            in_state: self.sequence.in_state(),
            absent,
            stable,
            often: self.recalled || self.outages.iter().all(Option::is_some),
        };
        let state = self.sequence.advance(lost.then_some(&Event::Trip), &Event::Scan(scan));
        self.count(before, state, elapsed);
        self.keep(state);
        self.status.state = state;
        self.status.blocked = Reasons::NONE
            .and_if(!self.is_good(), Reason::MainsLost)
            .and_if(state == (State::BrownOut {}), Reason::BrownOuts);
        let in_state = self.sequence.in_state();
        self.status.wait_left = match state {
            State::Good {} | State::Lost {} => Duration::ZERO,
            State::Stabilising {} => stable_time.saturating_sub(self.stable.lasted()),
            State::BrownOut {} => BROWN_OUT_WAIT.saturating_sub(in_state),
        };
        self.judge_use(motors, elapsed);
        self.raise(absent);
    }

    /// How long the mains must be good: longer after an outage where plants share a feeder.
    fn stable_time(&self) -> Duration {
        let delay = if self.status.outage > Duration::ZERO {
            self.settings.restart_delay
        } else {
            Duration::ZERO
        };
        self.settings.stable_time + delay
    }

    /// Outages, and how long they last: from the loss until the mains come back for good. The time in which they prove
    /// themselves does not count, unless they fail again in it; a wait after brown-outs does.
    fn count(&mut self, before: State, state: State, elapsed: Duration) {
        if state == (State::Lost {}) && before != (State::Lost {}) {
            if before == (State::Good {}) {
                self.status.outage = Duration::ZERO;
            } else {
                self.status.outage = self.status.outage.saturating_add(self.waited);
            }
            self.waited = Duration::ZERO;
            if !self.counted {
                self.count_outage();
            }
            self.counted = false;
        }
        self.counted &= state != (State::Good {});
        match state {
            State::Good {} => {
                self.good_for = self.good_for.saturating_add(elapsed);
                self.waited = Duration::ZERO;
            }
            State::Lost {} | State::BrownOut {} => {
                self.good_for = Duration::ZERO;
                self.status.outage = self.status.outage.saturating_add(elapsed);
            }
            State::Stabilising {} => {
                self.good_for = Duration::ZERO;
                self.waited = self.waited.saturating_add(elapsed);
            }
        }
    }

    fn count_outage(&mut self) {
        let places = self.outages.iter_mut();
        if let Some(place) = places.max_by_key(|age| age.unwrap_or(Duration::MAX)) {
            *place = Some(Duration::ZERO);
        }
    }

    /// Writes down what a restart must not forget.
    fn keep(&mut self, state: State) {
        self.retained.hour_outages = packed(&self.outages, KEPT_STEP);
        self.recalled &= state == (State::Stabilising {}) || state == (State::Lost {});
        self.retained.waits = self.recalled || state == (State::BrownOut {});
    }

    /// The controller was away for so long, or nobody knows how long; the mains had been away for `outage` before. It went in an
    /// outage, or this was one, where it was away for longer than a new beginning takes (R-2.10-04, R-2.10-07).
    pub fn restored(&mut self, outage: Duration, age: Option<Duration>) {
        let later = age.unwrap_or_default();
        unpack(self.retained.hour_outages, KEPT_STEP, later, &mut self.outages);
        self.recalled = self.retained.waits;
        let seen = !outage.is_zero();
        self.counted = seen || age.is_none_or(|age| age >= REBOOT);
        if !self.counted {
            return;
        }
        if !seen {
            self.count_outage();
        }
        let away = if seen { later } else { later.max(REBOOT) };
        self.status.outage = outage.saturating_add(away);
    }

    /// What is drawn, what may be added, and what the battery has left.
    fn judge_use(&mut self, motors: Motors, elapsed: Duration) {
        let drawn = self.inputs.power.usable().unwrap_or(motors.power);
        let limit = self.limit();
        self.status.drawn = drawn;
        let within = drawn <= limit && !self.inputs.power.is_over();
        self.over.judge(!within, within, OVER_TIMES, elapsed);
        let low = self.inputs.voltage.usable().is_some_and(|voltage| {
            !(voltage >= self.settings.voltage_nominal * (1.0 - VOLTAGE_BAND))
        });
        let short = !(within && drawn + self.settings.start_power <= limit);
        self.status.starts_held = Reasons::NONE
            .and_if(low, Reason::VoltageLow)
            .and_if(short, Reason::PowerBudget)
            .and_if(self.is_limited() && motors.some_on, Reason::PowerLimited);
        let on_battery = !self.inputs.mains.closed() || self.inputs.on_mains.open();
        let empty = self.inputs.battery.seen(|charge| !(charge >= self.settings.battery_stop));
        self.status.shut_down = self.empty.holds(empty.unless(!on_battery), EMPTY_TIME, elapsed);
    }

    fn raise(&mut self, absent: bool) {
        let out = !self.is_within(0.0) || self.over.stands();
        let back = self.is_within(-DEADBAND) && !self.over.stands();
        let limits = match (out, back) {
            (true, _) => Condition::Active,
            (false, true) => Condition::Clear,
            (false, false) => Condition::AsBefore,
        };
        let (state, battery) = (self.status.state, self.inputs.battery);
        self.alarms = Alarms {
            lost: Condition::when(state == (State::Lost {})),
            battery_low: battery.below(self.settings.battery_alarm, Percent(10.0)),
            out_of_limits: limits.unless(absent),
            brown_outs: Condition::when(state == (State::BrownOut {})),
        };
    }

    /// Voltage and frequency inside their bands, widened by so much. A meter that does not answer says nothing against the
    /// mains contact; one that is off its scale does.
    fn is_within(&self, wider: f64) -> bool {
        let voltage = self.inputs.voltage.usable().is_none_or(|voltage| {
            voltage.distance(self.settings.voltage_nominal)
                <= self.settings.voltage_nominal * (VOLTAGE_BAND + wider)
        });
        // The deadband of a frequency is a tenth of that of a voltage, as its band is a fifth.
        let frequency = self.inputs.frequency.usable().is_none_or(|frequency| {
            frequency.distance(self.settings.frequency_nominal)
                <= self.settings.frequency_nominal * (FREQUENCY_BAND + wider / 10.0)
        });
        let over = self.inputs.voltage.is_over() || self.inputs.frequency.is_over();
        voltage && frequency && !over
    }

    /// Most power that may be drawn now.
    fn limit(&self) -> KiloWatts {
        if self.is_limited() { self.settings.limited_power } else { self.settings.power_limit }
    }

    /// Motors may run.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status.state == (State::Good {})
    }

    /// The mains are back, and have yet to prove themselves.
    #[must_use]
    pub fn is_back(&self) -> bool {
        self.status.state == (State::Stabilising {})
    }

    /// Battery or sun feed the plant.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.inputs.limited.closed()
    }

    /// More was drawn than may be, for too long.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.stands()
    }

    /// Power came back from an outage so long ago; `None`: it was not away, or that is long past.
    #[must_use]
    pub fn returned(&self) -> Option<Duration> {
        let recent = self.status.outage > Duration::ZERO && self.good_for < RETURN_TIME;
        (recent && self.is_good()).then_some(self.good_for)
    }

    /// What holds the start of a motor: a low voltage each of them, the budget and a limited supply the pumps.
    #[must_use]
    pub fn starts_held(&self) -> Held {
        let all = Reasons::only(Reason::VoltageLow);
        let held = self.status.starts_held;
        Held { all: held.without(held.without(all)), large: held }
    }

    /// A wash may be begun: not on battery or sun, and on mains that have held for a while.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.is_good()
            && !self.is_limited()
            && self.good_for >= WASH_STABLE
            && self.inputs.on_mains.closed()
    }
}
