//! One rapid sand filter: filters, is washed with clean water, ripens to waste, filters again.
//!
//! ```text
//! Standby -> Ripening -> Filtering -> WashQueued -> Draining -> AirScour -> AirWater -> HighWash -> SubfluidWash -> Settling
//!    ^  \_____________/^     |            |            |___________________ any: trip, failure _________________________|  |
//!    |   proven good, < 2 h  v            v                                        v (DIRTY)                               |
//!    +------ no demand, too turbid -------+----------------------------------------+---------------------------------------+
//! Standby -> Draining (dirty, or ordered)      any --(valve fault, second failure)--> Fault --reset--> Standby
//! ```
//! In: its flow, its analyser, its head loss, and what filtration grants (`Around`). Out: seven valves. Valves move first;
//! pump and blower wait for the limit switches. `docs/spec/plant.md` 2.6.

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, parts, retained, settings, shown, states,
    status,
};
use crate::device::{MotorValve, ReturnValve};
use crate::interlock::Column;
use crate::plant::Shape;
use crate::quantity::{
    Count, CubicMetres, CubicMetresPerHour, KiloPascals, Metres, Ntu, SquareMetres,
};
use crate::reason::Reasons;
use crate::signal::Signal;
use crate::tag::{Group, Role};

inputs! {
    /// Instruments of a filter.
    pub struct Inputs {
        /// FIT-3n0, flow through the bed.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=5.0).rate_max(3.0),
        /// AIT-3n0, turbidity of its water, upstream of outlet and filter-to-waste.
        pub turbidity: Signal<Ntu> = measured(0.0..=20.0).every_s(5.0).rate_max(0.0833).not_below(-0.05),
        /// PDT-3n0, head loss over the bed.
        pub head_loss: Signal<KiloPascals> = measured(0.0..=40.0),
    }
}

settings! {
    /// The bed, the triggers of a wash, the steps of a wash, ripening.
    pub struct Settings {
        /// Area of the bed.
        pub area: SquareMetres = between(0.1..=20.0, 0.503),
        /// Filtering time that asks for a wash.
        pub run_time_max: Duration = between(43_200.0..=345_600.0, 172_800.0).by(Role::Supervisor),
        /// Time on the calendar that asks for a wash.
        pub age_max: Duration = between(86_400.0..=604_800.0, 345_600.0).by(Role::Supervisor),
        /// PDT-3n0, head loss at 5 m/h that asks for a wash.
        pub head_loss_max: KiloPascals = between(10.0..=30.0, 17.7).by(Role::Supervisor),
        /// AIT-3n0, turbidity that asks for a wash.
        pub turbidity_max: Ntu = between(0.2..=1.0, 0.5).by(Role::Supervisor),
        /// Volume since the wash below which turbidity asks for none.
        pub turbidity_volume: CubicMetres = between(0.5..=100.0, 3.0),
        /// Volume over area that asks for a wash.
        pub column_max: Metres = between(150.0..=500.0, 350.0).by(Role::Supervisor),
        /// Draining.
        pub drain_time: Duration = between(60.0..=300.0, 120.0).by(Role::Supervisor),
        /// Air alone.
        pub air_time: Duration = between(120.0..=300.0, 180.0).by(Role::Supervisor),
        /// Air and water.
        pub air_water_time: Duration = between(0.0..=180.0, 120.0).by(Role::Supervisor),
        /// Fluidising wash.
        pub high_wash_time: Duration = between(240.0..=600.0, 360.0).by(Role::Supervisor),
        /// Wash below fluidisation at the end.
        pub subfluid_time: Duration = between(0.0..=300.0, 60.0).by(Role::Supervisor),
        /// Settling of the bed.
        pub settle_time: Duration = between(30.0..=600.0, 120.0).by(Role::Supervisor),
        /// AIT-3n0, turbidity at which ripening ends.
        pub ripen_limit: Ntu = between(0.1..=0.3, 0.3).by(Role::Supervisor),
        /// Least time of ripening.
        pub ripen_time: Duration = between(300.0..=2_400.0, 300.0).by(Role::Supervisor),
        /// Longest time of ripening.
        pub ripen_time_max: Duration = between(1_200.0..=7_200.0, 2_400.0).by(Role::Supervisor),
    }
}

retained! {
    /// What a filter remembers of its run.
    pub struct Retained {
        /// Time filtered since the last wash.
        pub run_time: Duration = kept(),
        /// Time since the last wash.
        pub age: Duration = kept(),
        /// Water filtered since the last wash.
        pub volume: CubicMetres = kept(),
        /// A wash was begun and not finished: never filters before a full one.
        pub dirty: bool = kept(),
        /// Washes finished.
        pub washes: Count = kept(),
    }
}

status! {
    /// What a filter does.
    pub struct Status {
        /// State of the filter.
        pub state: State = shown(),
        /// What keeps it from filtering, or a wash from starting.
        pub blocked: Reasons = shown(),
        /// Time in this state.
        pub step_time: Duration = shown(),
        /// AIT-3n0, turbidity that logic judges: its own analyser, else the combined one.
        pub judged_turbidity: Signal<Ntu> = shown().span(0.0..=2.0),
        /// PDT-3n0, head loss as it would be at 5 m/h.
        pub head_loss_normal: Signal<KiloPascals> = shown().span(0.0..=40.0),
    }
}

alarms! {
    /// Alarms of a filter.
    pub struct Alarms {
        /// Wash aborted, the filter is dirty.
        pub wash_aborted: Condition = alarm(305, Priority::P2).latching(),
        /// Filter valve fault.
        pub valve_fault: Condition = alarm(310, Priority::P2).latching(),
    }
}

/// Where a filter stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State {
    Standby {},
    Ripening {},
    Filtering {},
    WashQueued {},
    Draining {},
    AirScour {},
    AirWater {},
    HighWash {},
    SubfluidWash {},
    Settling {},
    Fault {},
}

states! { State {
    Standby, Ripening, Filtering, WashQueued, Draining, AirScour, AirWater, HighWash, SubfluidWash, Settling, Fault
} }

/// A filter with its seven valves.
#[derive(Default)]
pub struct Filter {
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub inlet: MotorValve,
    pub outlet: ReturnValve,
    pub wash_inlet: ReturnValve,
    pub waste: MotorValve,
    pub to_waste: MotorValve,
    pub drain: MotorValve,
    pub air: Option<ReturnValve>,
}
parts! { Filter {
    inputs, settings, retained, status, alarms;
    one: inlet = Group::single("inlet", "XV-3n1").held_by(Column::Positions),
         outlet = Group::single("outlet", "XV-3n2").held_by(Column::FilterOutlet),
         wash_inlet = Group::single("wash_inlet", "XV-3n3").held_by(Column::WashInlet),
         waste = Group::single("waste", "XV-3n4").held_by(Column::Positions),
         to_waste = Group::single("to_waste", "XV-3n5").held_by(Column::Positions),
         drain = Group::single("drain", "XV-3n7").held_by(Column::Positions);
    many: ;
    maybe: air = Group::single("air", "XV-3n6").held_by(Column::WashInlet);
} }

impl Filter {
    /// With an air valve where the site has a blower.
    #[must_use]
    pub fn new(shape: &Shape) -> Filter {
        Filter { air: shape.blower.then(ReturnValve::default), ..Filter::default() }
    }
}
