//! One rapid sand filter: filters, is washed with clean water, ripens to waste, filters again.
//!
//! ```text
//! Standby -> Ripening -> Filtering -> WashQueued -> Draining -> AirScour -> AirWater -> HighWash -> SubfluidWash -> Settling
//!    ^  \_____________/^     |            |            |___________________ any: trip, failure _________________________|  |
//!    |   proven good, < 2 h  v            v                                        v (DIRTY)                               |
//!    +------ no demand, too turbid -------+----------------------------------------+---------------------------------------+
//! Standby -> Draining (dirty, or ordered)      Standby -> HighWash (power was away for less than 30 min after the air)
//!     any --(valve fault, no effect, second failure)--> Fault --reset--> Standby
//! ```
//! In: its flow, its analyser, its head loss, and what filtration grants (`Around`). Out: seven valves. Valves move first;
//! pump and blower wait for the limit switches. `docs/spec/plant.md` 2.6.

mod around;
mod bed;
mod interruption;
mod judgement;
mod look;
mod memory;
mod report;
pub mod sequence;
#[cfg(test)]
mod tests;
mod triggers;
mod valves;

use core::time::Duration;

pub use around::{Around, Effect, Report, Train, Trigger, WashSteps, Washed, Water};

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::Timed;
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, parts, retained, settings, shown, status,
};
use crate::device::{Handling, MotorValve, ReturnValve};
use crate::interlock::Column;
use crate::plant::Shape;
use crate::quantity::{
    Count, CubicMetres, CubicMetresPerHour, KiloPascals, Metres, Ntu, Percent, SquareMetres,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::calibration;
use bed::CleanBed;
use judgement::Watch;
use memory::Memory;
use sequence::{Event, Sequence, State};

inputs! {
    /// Instruments of a filter.
    pub struct Inputs {
        /// FIT-3n0, flow through the bed.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=5.0).rate_max(3.0),
        /// AIT-3n0, turbidity of its water, upstream of outlet and filter-to-waste.
        pub turbidity: Signal<Ntu> = measured(0.0..=20.0).every_s(5.0)
            .rate_max(0.0833).not_below(-0.05).stuck_after_s(7200.0, 0.001).not_zero_for_s(600.0, 0.01),
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
        /// PDT-3n0, head loss of the clean bed at commissioning, at 5 m/h and 20 °C; 0: the first one measured.
        pub clean_bed: KiloPascals = between(0.0..=20.0, 0.0),
    }
}

retained! {
    /// What a filter remembers of its run.
    pub struct Retained {
        /// Time filtered since the last wash.
        pub run_time: Duration = kept().within(0.0..=1e9),
        /// Time since the last wash.
        pub age: Duration = kept().within(0.0..=1e9),
        /// Water filtered since the last wash.
        pub volume: CubicMetres = kept().within(0.0..=1e9),
        /// A wash was begun and not finished: never filters before a full one.
        pub dirty: bool = kept().else_set(),
        /// A person ended its wash: it waits for a person.
        pub aborted: bool = kept().else_set(),
        /// It did not ripen, or was stopped for turbidity: only a wash helps.
        pub unripe: bool = kept().else_set(),
        /// Washes given up in a row; two are a fault.
        pub failed_washes: Count = kept().within(0.0..=2.0).else_is(2.0),
        /// Ripenings that failed in a row; two are a fault.
        pub failed_ripenings: Count = kept().within(0.0..=2.0).else_is(2.0),
        /// Washes finished.
        pub washes: Count = kept().within(0.0..=1e9),
        /// Until the last wash that turbidity asked for no longer counts.
        pub turbidity_wash_left: Duration = kept().within(0.0..=86_400.0),
        /// Until the one before it no longer counts; turbidity asks in vain as long.
        pub earlier_turbidity_wash_left: Duration = kept().within(0.0..=86_400.0),
        /// Time filtered since the last wash with water as clear as the strict profile asks.
        pub clear_time: Duration = kept().within(0.0..=1e9),
        /// PDT-3n0, head loss of the clean bed after the last wash, at 5 m/h and 20 °C.
        pub clean_head_loss: KiloPascals = kept().within(0.0..=1000.0),
        /// PDT-3n0, the first of these.
        pub first_clean_head_loss: KiloPascals = kept().within(0.0..=1000.0),
    }
}

/// Everything that may keep a filter from delivering or from its wash (`docs/spec/plant.md` 2.6).
const PERMISSIVES: Reasons = Column::FilterOutlet
    .interlocks()
    .and(Column::Wash.interlocks())
    .and(Column::WashInlet.interlocks())
    .and(Reasons::all(&[
        Reason::NoDemand,
        Reason::FilterDirty,
        Reason::FilterTurbid,
        Reason::WaterNotProven,
        Reason::FilterFault,
        Reason::SettledWaterCloudy,
        Reason::TurbidityUnknown,
        Reason::WashesStopped,
        Reason::Ripening,
        Reason::Washing,
        Reason::ValveFault,
        Reason::NoFlow,
        Reason::ValveNotInPlace,
        Reason::WashTokenTaken,
        Reason::WashOtherFilterOut,
        Reason::WashWaterShort,
        Reason::ChlorineUnknown,
        Reason::WashWasteRoom,
        Reason::WashPowerUnstable,
        Reason::PumpFault,
        Reason::LiftPumpRuns,
        Reason::WashFlowLow,
        Reason::WashFlowHigh,
        Reason::BlowerFault,
        Reason::AirPressureHigh,
        Reason::AirPressureLow,
        Reason::AirPressureUnknown,
        Reason::DeadHead,
        Reason::DryRun,
        Reason::SwitchedOff,
        Reason::InManual,
        Reason::InMaintenance,
    ]));

status! {
    /// What a filter does.
    pub struct Status {
        /// State of the filter.
        pub state: State = shown(),
        /// What keeps it from filtering, or a wash from starting.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Time in this state.
        pub step_time: Duration = shown(),
        /// Time left of a step of the wash, not counting what it waits for.
        pub step_left: Duration = shown().span(0.0..=600.0),
        /// Why its last wash was broken off.
        pub failed_by: Reasons = shown(),
        /// A wash waits for room in the waste tank no longer than this.
        pub pause_left: Duration = shown().span(0.0..=1200.0),
        /// A wash broken off by a power cut may go on without air within this.
        pub resume_left: Duration = shown().span(0.0..=1800.0),
        /// Until a filter stopped for turbidity tries again.
        pub rest_left: Duration = shown().span(0.0..=900.0),
        /// A wash that is due waits in the queue no longer than this.
        pub queue_left: Duration = shown().span(0.0..=7200.0),
        /// Until turbidity may ask for a wash again.
        pub storm_left: Duration = shown().span(0.0..=43_200.0),
        /// AIT-3n0, time left without it.
        pub analyser_left: Duration = shown().span(0.0..=14_400.0),
        /// Water filtered since the wash over the area of the bed.
        pub column: Metres = shown().span(0.0..=500.0),
        /// Time the last ripening took.
        pub ripening_time: Duration = shown().span(0.0..=3600.0),
        /// Share of the time since the wash with water as clear as the strict profile asks.
        pub clear_share: Percent = shown().span(0.0..=100.0),
        /// AIT-3n0, turbidity that logic judges: its own analyser, else the combined one.
        pub judged_turbidity: Signal<Ntu> = shown().span(0.0..=2.0),
        /// PDT-3n0, head loss as it would be at 5 m/h.
        pub head_loss_normal: Signal<KiloPascals> = shown().span(0.0..=40.0),
    }
}

alarms! {
    /// Alarms of a filter.
    pub struct Alarms {
        /// PDT-3n0, filter very clogged.
        pub clogged: Condition = alarm(302, Priority::P2).delays_s(60.0, 60.0),
        /// AIT-3n0, filter effluent high, or the filter stopped for it.
        pub effluent_high: Condition =
            alarm(303, Priority::P2).delays_s(0.0, 300.0).explained_by(&[204])
                .trips(TripGroup::Filtration),
        /// Wash aborted, the filter is dirty.
        pub wash_aborted: Condition =
            alarm(305, Priority::P2).latching().trips(TripGroup::Filtration),
        /// Ripening too long.
        pub ripening_long: Condition = alarm(308, Priority::P3),
        /// PDT-3n0, clean-bed head loss rising.
        pub bed_fouled: Condition = alarm(309, Priority::P4),
        /// Filter valve fault.
        pub valve_fault: Condition =
            alarm(310, Priority::P2).latching().trips(TripGroup::Filtration),
        /// Repeated turbidity washes stopped.
        pub washes_stopped: Condition =
            alarm(330, Priority::P1).latching().trips(TripGroup::Filtration),
        /// Wash order lapsed.
        pub order_lapsed: Condition = alarm(312, Priority::P4),
    }
}

/// A filter with its seven valves.
#[derive(Default)]
pub struct Filter {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Filter,
    pub inlet: MotorValve,
    pub outlet: ReturnValve,
    pub wash_inlet: ReturnValve,
    pub waste: MotorValve,
    pub to_waste: MotorValve,
    pub drain: MotorValve,
    pub air: Option<ReturnValve>,
    sequence: Timed<Sequence>,
    memory: Memory,
    watch: Watch,
    clean_bed: CleanBed,
    report: Report,
}
parts! { Filter {
    handling, inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "F-3n0"),
         inlet = Group::single("inlet", "XV-3n1").held_by(Column::Positions),
         outlet = Group::single("outlet", "XV-3n2").held_by(Column::FilterOutlet),
         wash_inlet = Group::single("wash_inlet", "XV-3n3").held_by(Column::WashInlet),
         waste = Group::single("waste", "XV-3n4").held_by(Column::Positions),
         to_waste = Group::single("to_waste", "XV-3n5").held_by(Column::Positions),
         drain = Group::single("drain", "XV-3n7").held_by(Column::Positions);
    many: ;
    maybe: air = Group::single("air", "XV-3n6").held_by(Column::WashInlet);
    sequence, memory, watch, clean_bed, report
} }

/// 2.5 m of water: pre-empts the queue, alarm 302 (R-2.6.3-03, `docs/spec/plant.md` 4). 1 m is 9.81 kPa.
const CLOGGED: KiloPascals = KiloPascals(24.5);
const CLOGGED_DEADBAND: KiloPascals = KiloPascals(2.9);

impl Filter {
    /// With an air valve where the site has a blower.
    #[must_use]
    pub fn new(shape: &Shape) -> Filter {
        Filter { air: shape.blower.then(ReturnValve::default), ..Filter::default() }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        // A filter or a valve of it that a person holds is out of service: held like by a cause.
        let handled = self.handled();
        let around = Around {
            outlet_holds: around.outlet_holds.and(handled),
            wash_holds: around.wash_holds.and(handled),
            ..around
        };
        self.sequence.elapse(elapsed);
        let before = self.sequence.state();
        self.obey(before, &around);
        self.judge(before, &around, elapsed);
        self.wait_for_room(before, &around, elapsed);
        let row = valves::chart(before, self.flows(&around));
        if self.works(before, &around, self.in_place(row)) {
            self.memory.step = self.memory.step.saturating_add(elapsed);
        }
        let scan = self.facts(before, &around, elapsed);
        let trip = self.trip(before, &around, scan.failed);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        self.remember(before, state, &scan, &around);
        self.keep();
        self.count(state, &around, elapsed);
        self.move_valves(valves::chart(state, self.flows(&around)), elapsed);
        self.show(state, &around);
        self.raise(state, &around, elapsed);
        self.report = self.tell(state, &around);
        let in_service = state != State::Standby {} && state != State::Fault {};
        self.handling.elapse(Percent(if in_service { 100.0 } else { 0.0 }), elapsed);
    }

    /// Resets and orders.
    fn obey(&mut self, state: State, around: &Around) {
        if !self.memory.awake {
            self.memory.awake = true;
            self.memory.volume.restore(self.retained.volume.0);
            self.recall();
        }
        let blind = around.outlet_holds.has(Reason::BusDLost);
        // Valves could not prove anything while the bus was away: that is no fault of theirs.
        if around.reset || around.supervisor_reset || (self.memory.blind && !blind) {
            self.reset_valves();
        }
        self.memory.blind = blind;
        if around.reset || around.supervisor_reset {
            self.memory.failed_washes = 0;
            self.memory.failed_ripenings = 0;
            self.memory.turbid_wait = Duration::ZERO;
            self.memory.aborted = false;
            self.memory.lapsed = false;
            self.memory.without_effect = Effect::AsExpected;
            // Somebody has looked for the cause upstream (R-2.6.4-01).
            self.retained.turbidity_wash_left = Duration::ZERO;
            self.retained.earlier_turbidity_wash_left = Duration::ZERO;
        }
        if around.supervisor_reset {
            self.memory.crossed = false;
        }
        // A full clear well says nothing about the water; every other cause does (`docs/spec/plant.md` 2.10, item 6).
        let doubt = around.outlet_holds.without(Reasons::DEMAND.with(Reason::ClearWellFull));
        // Asked once: a filter that has ripened since joins again after a short pause.
        let ripens = around.ripen_first && !self.memory.ripens_first;
        self.memory.ripens_first = around.ripen_first;
        if ripens || !doubt.is_empty() {
            self.memory.proven = false;
        }
        if around.wash_ordered && !state.is_wash() {
            self.memory.ordered = true;
            self.memory.lapsed = false;
            self.memory.aborted = false;
        }
        if around.wash_aborted {
            self.memory.aborted = state.is_wash();
            self.memory.ordered = false;
            if self.memory.aborted {
                self.memory.failed_by = Reasons::only(Reason::StoppedByOperator);
            }
        }
    }
}
