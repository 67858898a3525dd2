//! Power: says when the mains can be trusted, and for how long they were away.
//!
//! ```text
//! Good --(lost 0.3 s)--> Lost --(back)--> Stabilising (60 s in limits) -> Good        > 4 outages in 1 h: BrownOut (30 min)
//! ```
//! In: mains contact, energy meter, UPS. Out: nothing; the cause "mains lost" is its word. `docs/spec/plant.md` 2.10.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, measured, parts, settings, shown, states, status,
};
use crate::quantity::{Hertz, KiloWattHours, KiloWatts, Percent, Volts};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Role;

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
    }
}

settings! {
    /// What counts as good mains.
    pub struct Settings {
        /// EI-901, nominal voltage.
        pub voltage_nominal: Volts = between(100.0..=250.0, 220.0),
        /// SI-901, nominal frequency.
        pub frequency_nominal: Hertz = between(50.0..=60.0, 50.0),
        /// How long the mains must be good before anything starts.
        pub stable_time: Duration = between(30.0..=600.0, 60.0).by(Role::Supervisor),
    }
}

status! {
    /// What the power does.
    pub struct Status {
        /// State of the mains.
        pub state: State = shown(),
        /// What keeps the plant from using it.
        pub blocked: Reasons = shown(),
        /// Length of the last outage.
        pub outage: Duration = shown(),
    }
}

alarms! {
    /// Alarms of power.
    pub struct Alarms {
        /// XS-901, power lost.
        pub lost: Condition = alarm(901, Priority::P2).delays_s(10.0, 60.0),
        /// UPS-902, battery low.
        pub battery_low: Condition = alarm(902, Priority::P2).delays_s(10.0, 60.0),
        /// XS-901, repeated brown-outs.
        pub brown_outs: Condition = alarm(915, Priority::P3).delays_s(0.0, 3600.0),
    }
}

/// Mains and battery.
#[derive(Default)]
pub struct Power {
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub alarms: Alarms,
    sequence: Timed<Sequence>,
    lost: Sustained,
    stable: Sustained,
    good_for: Duration,
    outages: [Option<Duration>; OUTAGES_AN_HOUR],
}
parts! { Power { inputs, settings, status, alarms; one: ; many: ; maybe: ; sequence, lost, stable, good_for, outages } }

/// Lost for this long (`docs/spec/plant.md` 2.10, 1).
const LOST_TIME: Duration = Duration::from_millis(300);
/// This many outages in an hour are a brown-out loop: more than four (`docs/spec/plant.md` 2.10, 7).
const OUTAGES_AN_HOUR: usize = 5;
const HOUR: Duration = Duration::from_secs(3600);
const BROWN_OUT_WAIT: Duration = Duration::from_secs(1800);
/// Bands of good mains (`docs/spec/plant.md` 2.10, 3).
const VOLTAGE_BAND: f64 = 0.10;
const FREQUENCY_BAND: f64 = 0.02;
/// The grid counts as stable for a wash after this (`docs/spec/plant.md` 2.6.3, W6).
const WASH_STABLE: Duration = Duration::from_secs(300);

impl Power {
    /// One scan, first of all units: the causes ask it.
    pub fn judge(&mut self, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        for age in &mut self.outages {
            *age = age.map(|age| age.saturating_add(elapsed)).filter(|age| *age < HOUR);
        }
        let absent = !self.inputs.mains.closed();
        let lost = self.lost.holds(absent, LOST_TIME, elapsed);
        let stable =
            self.stable.holds(!absent && self.within_bands(), self.settings.stable_time, elapsed);
        let before = self.sequence.state();
        let scan = Scan {
            in_state: self.sequence.in_state(),
            absent,
            stable,
            often: self.outages.iter().all(Option::is_some),
        };
        let state = self.sequence.advance(lost.then_some(&Event::Trip), &Event::Scan(scan));
        if state == (State::Lost {}) && before == (State::Good {}) {
            self.status.outage = Duration::ZERO;
            if let Some(place) =
                self.outages.iter_mut().max_by_key(|age| age.unwrap_or(Duration::MAX))
            {
                *place = Some(Duration::ZERO);
            }
        }
        match state {
            State::Good {} => self.good_for = self.good_for.saturating_add(elapsed),
            State::Lost {} | State::Stabilising {} | State::BrownOut {} => {
                self.good_for = Duration::ZERO;
                self.status.outage = self.status.outage.saturating_add(elapsed);
            }
        }
        self.status.state = state;
        self.status.blocked = Reasons::NONE.and_if(!self.is_good(), Reason::MainsLost);
        self.alarms = Alarms {
            lost: Condition::when(state == (State::Lost {})),
            battery_low: self.inputs.battery.below(Percent(40.0), Percent(10.0)),
            brown_outs: Condition::when(state == (State::BrownOut {})),
        };
    }

    /// Voltage and frequency inside their bands. A meter that does not answer says nothing against the mains contact.
    fn within_bands(&self) -> bool {
        let voltage = self.inputs.voltage.usable().is_none_or(|voltage| {
            voltage.distance(self.settings.voltage_nominal)
                <= self.settings.voltage_nominal * VOLTAGE_BAND
        });
        let frequency = self.inputs.frequency.usable().is_none_or(|frequency| {
            frequency.distance(self.settings.frequency_nominal)
                <= self.settings.frequency_nominal * FREQUENCY_BAND
        });
        voltage && frequency
    }

    /// Motors may run.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status.state == (State::Good {})
    }

    /// A wash may be begun.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.is_good() && self.good_for >= WASH_STABLE && self.inputs.on_mains.closed()
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    absent: bool,
    stable: bool,
    often: bool,
}

/// The loss of the mains comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the mains.
#[derive(Default)]
pub struct Sequence;

states! { State { Stabilising, Good, Lost, BrownOut } }

#[state_machine(
    initial = "State::stabilising()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "present")]
    fn stabilising(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.often => Transition(State::brown_out()),
            Event::Scan(scan) if scan.stable => Transition(State::good()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "present")]
    fn good(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state]
    fn lost(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.absent => Transition(State::stabilising()),
            Event::Scan(_) | Event::Trip => Handled,
        }
    }

    #[state(superstate = "present")]
    fn brown_out(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.in_state >= BROWN_OUT_WAIT && scan.stable => {
                Transition(State::good())
            }
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn present(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::lost()),
            Event::Scan(_) => Handled,
        }
    }
}
