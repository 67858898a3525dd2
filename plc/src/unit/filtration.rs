//! Filtration: feeds the filters from the settled tank, and washes one filter at a time.
//!
//! ```text
//! Off -> Opening (a filter opens a way) <-> Feeding        Feeding -> Paused (the only filter is washed) -> Opening
//!  ^________________ no demand, settled tank low ________________|      any --(no pump left)--> Fault --reset--> Off
//! ```
//! In: feed flow, combined turbidity, wash flow, air pressure, and what the filters report. Out: P-301, P-351, B-351.
//! Owns the wash token: exactly one filter may be washed. `docs/spec/plant.md` 2.6.

use alloc::boxed::Box;

use crate::alarm::{Condition, Priority};
use crate::declare::{
    alarm, alarms, between, inputs, measured, outputs, parts, settings, shown, states, status,
    switched,
};
use crate::device::{Drive, Motor};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    Count, CubicMetresPerHour, KiloPascals, Metres, MetresPerHour, Ntu, Percent, Ratio,
};
use crate::reason::Reasons;
use crate::signal::Signal;
use crate::tag::{Group, Role};
use core::time::Duration;

inputs! {
    /// Feed, combined filtrate, wash water, air.
    pub struct Inputs {
        /// FIT-301, filter feed flow.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=10.0).rate_max(3.0),
        /// AIT-330, turbidity of the combined filtered water.
        pub combined_turbidity: Signal<Ntu> =
            measured(0.0..=20.0).every_s(5.0).rate_max(0.0833).not_below(-0.05),
        /// FIT-351, backwash flow.
        pub wash_flow: Signal<CubicMetresPerHour> = measured(0.0..=25.0).every_s(0.5).rate_max(3.0),
        /// PT-352, pressure of the air header.
        pub air_pressure: Signal<KiloPascals> = measured(0.0..=60.0).every_s(0.5),
    }
}

settings! {
    /// Levels, curves, loops, wash rates.
    pub struct Settings {
        /// LT-206, level below which the feed stops.
        pub stop_level: Percent = between(15.0..=40.0, 20.0).by(Role::Supervisor),
        /// LT-206, level from which the feed starts.
        pub start_level: Percent = between(25.0..=80.0, 40.0).by(Role::Supervisor),
        /// LIC-206, level the feed rate is averaged around.
        pub level_target: Percent = between(30.0..=80.0, 50.0).by(Role::Supervisor),
        /// P-301, head at no flow and full speed.
        pub shut_off_head: Metres = between(5.0..=100.0, 24.0),
        /// P-301, static head.
        pub static_head: Metres = between(0.5..=60.0, 2.0),
        /// FIC-301, gain in % of speed for a deviation of the whole nominal flow.
        pub loop_gain: Ratio = between(1.0..=200.0, 20.0),
        /// FIC-301, integral time.
        pub loop_reset: Duration = between(1.0..=120.0, 8.0),
        /// Highest rate through a filter while another is off line.
        pub rate_max: MetresPerHour = between(3.0..=15.0, 7.3),
        /// P-351, head at no flow and full speed.
        pub wash_shut_off_head: Metres = between(5.0..=100.0, 20.0),
        /// P-351, static head and the head of the fluidised bed.
        pub wash_static_head: Metres = between(0.5..=60.0, 3.75),
        /// P-351, head lost in pump and pipe at 36 m/h.
        pub wash_head_lost: Metres = between(0.5..=60.0, 12.6),
        /// Wash rate over the minimum fluidisation of the sand.
        pub wash_expansion: Ratio = between(1.0..=1.6, 1.35),
        /// Lowest fluidising wash rate.
        pub wash_rate_min: MetresPerHour = between(20.0..=36.0, 24.0),
        /// Highest fluidising wash rate.
        pub wash_rate_max: MetresPerHour = between(30.0..=45.0, 40.0),
        /// Wash rate together with air.
        pub combined_rate: MetresPerHour = between(8.0..=18.0, 12.0),
        /// Wash rate below fluidisation.
        pub subfluid_rate: MetresPerHour = between(8.0..=18.0, 15.0),
        /// LT-601, level above which no wash starts.
        pub waste_level_max: Percent = between(10.0..=60.0, 50.0).by(Role::Supervisor),
    }
}

status! {
    /// What filtration does.
    pub struct Status {
        /// State of the feed.
        pub state: State = shown(),
        /// What keeps water from the filters.
        pub blocked: Reasons = shown(),
        /// FIC-301, feed flow asked for.
        pub setpoint: CubicMetresPerHour = shown().span(0.0..=10.0),
        /// Water that flows to the clear well.
        pub filtered_flow: Signal<CubicMetresPerHour> = shown().span(0.0..=10.0),
        /// Worst credible turbidity of the water that flows to the clear well.
        pub filtered_turbidity: Signal<Ntu> = shown().span(0.0..=2.0),
        /// Filters that deliver.
        pub filtering: Count = shown().span(0.0..=6.0),
        /// Filter that holds the wash token; 0: none.
        pub wash_token: Count = shown().span(0.0..=6.0),
        /// What keeps the next wash from starting.
        pub wash_blocked: Reasons = shown(),
        /// FIC-351, wash rate asked for.
        pub wash_rate: MetresPerHour = shown().span(0.0..=45.0),
    }
}

outputs! {
    /// Run permits of the drives.
    pub struct Outputs {
        /// P-301, run permit.
        pub feed_permit: Output<bool> = switched().held_by(Column::FeedPump),
        /// P-351, run permit.
        pub wash_permit: Output<bool> = switched().held_by(Column::Wash),
    }
}

alarms! {
    /// Alarms of filtration.
    pub struct Alarms {
        /// AIT-330, water not safe: turbidity.
        pub water_not_safe: Condition = alarm(304, Priority::P1).delays_s(60.0, 600.0),
    }
}

/// Where the feed stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    Off {},
    Opening {},
    Feeding {},
    Paused {},
    Fault {},
}
states! { State { Off, Opening, Feeding, Paused, Fault } }

/// Feeds and washes the filters.
#[derive(Default)]
pub struct Filtration {
    pub inputs: Inputs,
    pub settings: Settings,
    pub status: Status,
    pub outputs: Outputs,
    pub alarms: Alarms,
    pub pump: Box<[Drive]>,
    pub wash_pump: Drive,
    pub blower: Option<Motor>,
}
parts! { Filtration {
    inputs, settings, status, outputs, alarms;
    one: wash_pump = Group::single("wash_pump", "P-351").held_by(Column::Wash);
    many: pump = Group::lettered("pump", "P-301x").held_by(Column::FeedPump);
    maybe: blower = Group::single("blower", "B-351").held_by(Column::Wash);
} }

impl Filtration {
    /// With this many feed pumps, and a blower where the site has one.
    #[must_use]
    pub fn new(shape: &Shape) -> Filtration {
        Filtration {
            pump: (0..shape.feed_pumps).map(|_| Drive::default()).collect(),
            blower: shape.blower.then(Motor::default),
            ..Filtration::default()
        }
    }
}
