//! Filtration: feeds the filters from the settled tank, and washes one filter at a time.
//!
//! ```text
//! Off -> Opening (a filter opens a way) <-> Feeding        Feeding -> Paused (the only filter is washed) -> Opening
//!  ^________________ no demand, settled tank low ________________|      any --(no pump left)--> Fault --reset--> Off
//! ```
//! In: feed flow, combined turbidity, wash flow, air pressure, and what the filters report. Out: P-301, P-351, B-351.
//! Owns the wash token: exactly one filter may be washed. `docs/spec/plant.md` 2.6.

mod by_hand;
mod effect;
mod feed;
mod look;
#[cfg(test)]
pub mod rig;
mod sequence;
#[cfg(test)]
mod tests;
mod token;
mod wash_train;
mod water;

use alloc::boxed::Box;
use core::time::Duration;

use crate::alarm::{Condition, Parent, Priority, TripGroup};
use crate::block::{PiLoop, Ramp, Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, outputs, parts, retained, settings, shown,
    status, switched,
};
use crate::device::{Ask, Drive, Handling, Limits, Motor, Pumps, Stagger};
use crate::interlock::Column;
use crate::output::Output;
use crate::plant::Shape;
use crate::quantity::{
    Celsius, Count, CubicMetres, CubicMetresPerHour, KiloPascals, Metres, MetresPerHour, Ntu,
    Percent, Ratio,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Activity, Group, Role};
use crate::unit::calibration;
use crate::unit::filter;
use crate::unit::loop_watch::LoopWatch;
use by_hand::ByHand;
use effect::Effect;
use sequence::{Event, Scan, Sequence};
use wash_train::WashTrain;

inputs! {
    /// Feed, combined filtrate, wash water, air.
    pub struct Inputs {
        /// FIT-301, filter feed flow.
        pub flow: Signal<CubicMetresPerHour> = measured(0.0..=10.0)
            .rate_max(3.0).stuck_after_s(600.0, 0.01).moved_by(Activity::FeedPump),
        /// AIT-330, turbidity of the combined filtered water.
        pub combined_turbidity: Signal<Ntu> =
            measured(0.0..=20.0).every_s(5.0).rate_max(0.0833).not_below(-0.05)
            .stuck_after_s(7200.0, 0.001).not_zero_for_s(600.0, 0.01).moved_by(Activity::FeedPump),
        /// FIT-351, backwash flow.
        pub wash_flow: Signal<CubicMetresPerHour> = measured(0.0..=25.0).every_s(0.5).rate_max(3.0),
        /// PT-352, pressure of the air header.
        pub air_pressure: Signal<KiloPascals> = measured(0.0..=60.0).every_s(0.5),
    }
}

settings! {
    /// Levels, curves, loops, wash rates.
    pub struct Settings {
        /// P-301, number of the pump that keeps the duty, 1 is A; 0: they take turns.
        pub pinned: Count = between(0.0..=3.0, 0.0).by(Role::Supervisor),
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
        /// Highest rate through a filter while another is off line (INV-12).
        pub rate_max: MetresPerHour = between(3.0..=7.3, 7.3),
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
        pub waste_level_max: Percent = between(10.0..=50.0, 50.0).by(Role::Supervisor),
        /// Strict profile: ripening to 0.10 NTU, a wash at 0.30.
        pub strict: bool = between(0.0..=1.0, 0.0).by(Role::Supervisor),
    }
}

retained! {
    /// What a power cut must not wash away.
    pub struct Retained {
        /// Washes in a row without air although the site has a blower.
        pub water_only_washes: Count = kept().within(0.0..=1e9),
    }
}

/// Everything that may keep P-301 from feeding the filters.
const PERMISSIVES: Reasons = Column::FeedPump.interlocks().and(Reasons::all(&[
    Reason::NoDemand,
    Reason::LevelUnknown,
    Reason::SettledTankLow,
    Reason::NoPumpAvailable,
    Reason::NoPathOpen,
    Reason::Washing,
    Reason::LiftPumpFirst,
    Reason::DryRun,
    Reason::DeadHead,
    Reason::SpeedIgnored,
    Reason::PumpFault,
    Reason::FlowUnknown,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

/// Everything that may keep a wash waiting: W1 to W7 (`docs/spec/plant.md` 2.6.3), and what the wash train says.
const WASH_PERMISSIVES: Reasons =
    Column::Wash.interlocks().and(Column::WashInlet.interlocks()).and(Reasons::all(&[
        Reason::WashTokenTaken,
        Reason::WashOtherFilterOut,
        Reason::WashWaterShort,
        Reason::ChlorineUnknown,
        Reason::WashWasteRoom,
        Reason::WashPowerUnstable,
        Reason::PumpFault,
        Reason::LiftPumpRuns,
        Reason::SwitchedOff,
        Reason::InManual,
        Reason::InMaintenance,
    ]));

status! {
    /// What filtration does.
    pub struct Status {
        /// State of the feed.
        pub state: sequence::State = shown(),
        /// What keeps water from the filters.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// FIC-301, feed flow asked for.
        pub setpoint: CubicMetresPerHour = shown().span(0.0..=10.0),
        /// T-206 is low, and P-301 runs on slowly for this long at most.
        pub run_on_left: Duration = shown().span(0.0..=3600.0),
        /// Water that flows to the clear well.
        pub filtered_flow: Signal<CubicMetresPerHour> = shown().span(0.0..=10.0),
        /// Worst credible turbidity of the water that flows to the clear well.
        pub filtered_turbidity: Signal<Ntu> = shown().span(0.0..=2.0),
        /// Filters that deliver.
        pub filtering: Count = shown().span(0.0..=6.0),
        /// Filter that holds the wash token; 0: none.
        pub wash_token: Count = shown().span(0.0..=6.0),
        /// What keeps the next wash from starting.
        pub wash_blocked: Reasons = shown().among(WASH_PERMISSIVES),
        /// FIC-351, wash rate asked for.
        pub wash_rate: MetresPerHour = shown().span(0.0..=45.0),
        /// FIT-351, water of this wash, or of the last.
        pub wash_volume: CubicMetres = shown().span(0.0..=5.0),
        /// Why a feed pump rests: no water, or a closed pipe.
        pub failed_by: Reasons = shown(),
        /// Rest left of a pump that ran without effect.
        pub rest_left: Duration = shown().span(0.0..=600.0),
        /// Why wash water or air failed last.
        pub wash_failed_by: Reasons = shown(),
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
        /// P-301, filter feed pump fault.
        pub pump_fault: Condition =
            alarm(300, Priority::P2).delays_s(2.0, 0.0).latching().behind(Parent::BusA),
        /// P-301, no filter feed pump.
        pub pumps_failed: Condition =
            alarm(301, Priority::P1).delays_s(2.0, 0.0).latching().behind(Parent::BusA).trips(TripGroup::Filtration),
        /// AIT-330, water not safe: turbidity.
        pub water_not_safe: Condition =
            alarm(304, Priority::P1).delays_s(60.0, 600.0).explained_by(&[303])
                .trips(TripGroup::Filtration),
        /// FIT-351, wash flow low.
        pub wash_flow_low: Condition = alarm(306, Priority::P3).delays_s(20.0, 0.0),
        /// PT-352, air pressure high or low.
        pub air_wrong: Condition = alarm(307, Priority::P3).delays_s(10.0, 0.0),
        /// B-351, second water-only wash in a row.
        pub water_only: Condition = alarm(311, Priority::P3).latching(),
    }
}

/// What the plant wants of filtration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: filters stand; a wash only by order.
    #[default]
    Idle,
    /// Water.
    Run,
    /// The settled tank is run down; no filter joins, no wash starts.
    Drain,
}

/// Causes judged before the units, by the columns filtration asks against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holds {
    pub feed: Reasons,
    pub wash: Reasons,
    pub outlet: Reasons,
    pub wash_inlet: Reasons,
}

/// What others contribute to a scan of filtration and its filters.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    pub demand: Demand,
    /// FIC-101, raw water asked for.
    pub raw_setpoint: CubicMetresPerHour,
    /// LT-206.
    pub settled_level: Signal<Percent>,
    /// AIT-203.
    pub settled_turbidity: Signal<Ntu>,
    /// Turbidity that an emergency profile lets through.
    pub relaxed: Option<Ntu>,
    pub water_temperature: Signal<Celsius>,
    /// The clear well holds a wash above what contact time needs (W3).
    pub wash_water: bool,
    /// It can at least without being emptied: what the last filter that could make water may take (W3).
    pub wash_water_last: bool,
    /// The clear well's chlorine is known (W5).
    pub chlorine_known: bool,
    /// P-501 stands still (W7).
    pub lift_stopped: bool,
    /// The elevated tank has enough for P-501 to wait until the clear well holds a wash.
    pub lift_may_rest: bool,
    /// LT-601.
    pub waste_level: Signal<Percent>,
    /// On mains, and they have been stable (W6).
    pub power_stable: bool,
    pub holds: Holds,
    /// Filters ripen before they deliver: the plant stood too long, or lost power. They know it of their own too.
    pub ripen_first: bool,
    /// Filters that have run for longer are washed, where that is sooner than they would be (R-2.14-04).
    pub run_time_max: Option<Duration>,
    pub reset: bool,
    pub supervisor_reset: bool,
}

/// Most filters of a site.
pub const FILTERS_MAX: usize = 6;
/// Rates as shares of the nominal flow (`docs/spec/contracts.md`, thresholds).
const MINIMUM: f64 = 0.5;
const REDUCED: f64 = 0.7;
/// A limit switch may flicker this long before the way counts as closed.
const WAY_LOST_TIME: Duration = Duration::from_secs(2);
/// What filtration keeps from scan to scan.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    reports: [filter::Report; FILTERS_MAX],
    filters: usize,
    /// LT-206 has reached its start level, and not fallen below its stop level since.
    tank_ready: bool,
    /// The filter that may join.
    joiner: Option<usize>,
    /// The filter that holds the wash token.
    token: Option<usize>,
    /// Nothing but P-501 stands before its wash.
    lift_last: bool,
    /// Its wash may start.
    wash_ready: bool,
    wash_blocked: [Reasons; FILTERS_MAX],
    /// The feed is held at MINIMUM, or rises from there.
    lowering: bool,
    rising: bool,
    /// The only filter that delivers is about to be washed.
    pausing: bool,
    /// A wash waits for nothing but water in the clear well: delivery rests.
    wants_water: bool,
    /// Orders of people, one bit a filter.
    ordered: u8,
    aborted: u8,
}

/// Conditions that must last.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    way_lost: Sustained,
    combined: Sustained,
    contradicted: Sustained,
}

/// Feeds and washes the filters.
#[derive(Default)]
pub struct Filtration {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub outputs: Outputs,
    pub alarms: Alarms,
    pub calibration: calibration::Filtration,
    pub pump: Box<[Drive]>,
    pub wash_pump: Drive,
    pub feed_watch: LoopWatch,
    pub blower: Option<Motor>,
    sequence: Timed<Sequence>,
    pumps: Pumps,
    feed_loop: PiLoop,
    setpoint: Ramp,
    wash_train: WashTrain,
    effect: Effect,
    by_hand: ByHand,
    memory: Memory,
    watch: Watch,
}
parts! { Filtration {
    handling, inputs, settings, retained, status, outputs, alarms;
    one: calibration = Group::single("calibration", "U-300"),
         wash_pump = Group::single("wash_pump", "P-351").held_by(Column::Wash),
         feed_watch = Group::single("feed_loop", "FIC-301");
    many: pump = Group::lettered("pump", "P-301x").held_by(Column::FeedPump);
    maybe: blower = Group::single("blower", "B-351").held_by(Column::Wash);
    sequence, pumps, feed_loop, setpoint, wash_train, effect, by_hand, memory, watch
} }

impl Filtration {
    /// With this many feed pumps, and a blower where the site has one.
    #[must_use]
    pub fn new(shape: &Shape) -> Filtration {
        Filtration {
            pump: (0..shape.feed_pumps).map(|_| Drive::default()).collect(),
            blower: shape.blower.then(Motor::default),
            memory: Memory { filters: usize::from(shape.filters), ..Memory::default() },
            ..Filtration::default()
        }
    }

    /// What filter `index` (from 0) is told in this scan. Filters are scanned first, then filtration with their reports.
    #[must_use]
    pub fn around_filter(&self, index: usize, around: &Around) -> filter::Around {
        let memory = &self.memory;
        let bit = 1_u8 << index.min(7);
        filter::Around {
            run: self.wants_feed(around),
            join: memory.joiner == Some(index) && self.is_lowered(around.nominal),
            wash: memory.token == Some(index) && memory.wash_ready,
            wash_blocked: memory.wash_blocked.get(index).copied().unwrap_or_default(),
            others_deliver: self.others(index).any(|report| report.delivers),
            effect: self.effect_of(index, around.nominal),
            feed_runs: self.pump.iter().any(Drive::is_running),
            feed_still: self.pump.iter().all(Drive::is_still),
            train: self.wash_train.facts(&self.wash_pump, self.blower.as_ref()),
            combined: self.combined(),
            contradicted: self.is_contradicted(),
            settled: around.settled_turbidity,
            temperature: around.water_temperature,
            strict: self.settings.strict,
            relaxed: around.relaxed,
            outlet_holds: around.holds.outlet,
            wash_holds: around.holds.wash.and(around.holds.wash_inlet),
            wash_ordered: memory.ordered & bit != 0,
            wash_aborted: memory.aborted & bit != 0,
            ripen_first: around.ripen_first,
            run_time_max: around.run_time_max,
            reset: around.reset,
            supervisor_reset: around.supervisor_reset,
        }
    }

    /// One scan, with what each filter reports of this scan.
    pub fn scan(
        &mut self,
        around: &Around,
        reports: &[filter::Report],
        stagger: &mut Stagger,
        elapsed: Duration,
    ) {
        self.sequence.elapse(elapsed);
        self.take_in(around, reports);
        self.count_washes();
        self.rest(around.reset, elapsed);
        self.judge_water(around, elapsed);
        self.pass_token(around);
        self.choose_joiner(around);
        let fit = self.pumps.fit(&self.pump);
        let duty = self.pumps.choose(&mut self.pump, fit, self.settings.pinned);
        let open = self.reports().iter().any(|report| report.feed_way);
        let lost = self.watch.way_lost.holds(!open, WAY_LOST_TIME, elapsed);
        let scan = Scan {
            run: self.wants_feed(around),
            way_open: open,
            way_lost: lost,
            pause: self.memory.pausing || (self.is_washing() && !open),
            pump_left: duty.is_some(),
        };
        let trip = (!around.holds.feed.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        self.feed(state, duty, around, stagger, elapsed);
        self.prove(around, elapsed);
        self.wash(around, stagger, elapsed);
        self.show(state, around, duty);
        self.raise(around);
        self.handling.elapse(Percent(if self.feed_runs() { 100.0 } else { 0.0 }), elapsed);
    }

    fn take_in(&mut self, around: &Around, reports: &[filter::Report]) {
        for (kept, report) in self.memory.reports.iter_mut().zip(reports) {
            *kept = *report;
        }
        self.memory.filters = reports.len().min(FILTERS_MAX);
        // Orders are true for one scan; the filters have had them.
        self.memory.ordered = 0;
        self.memory.aborted = 0;
        if around.reset {
            self.pump.iter_mut().for_each(Drive::reset);
            self.wash_pump.reset();
            if let Some(blower) = &mut self.blower {
                blower.reset();
            }
            self.wash_train.reset();
        }
        let level = around.settled_level.usable();
        let enough = level.is_some_and(|level| level >= self.settings.stop_level);
        let low = self.memory.tank_ready && !enough;
        self.status.run_on_left = if low { self.run_on(around) } else { Duration::ZERO };
        let goes_on = self.memory.tank_ready && (enough || !self.status.run_on_left.is_zero());
        self.memory.tank_ready =
            goes_on || level.is_some_and(|level| level >= self.settings.start_level);
    }

    /// P-351 and B-351 for the filter that is washed.
    fn wash(&mut self, around: &Around, stagger: &mut Stagger, elapsed: Duration) {
        let washed = self.reports().iter().find(|report| report.state.is_wash()).copied();
        let washed = washed.filter(|_| around.holds.wash.is_empty());
        let up = washed.or_else(|| self.washed_by_hand());
        let ask = self.wash_train.pace(
            up.as_ref(),
            &self.settings,
            &self.inputs,
            around.water_temperature,
            &self.wash_pump,
            elapsed,
        );
        let held = self.wash_protections(around);
        // A step of a wash that wants no water wants none by hand either.
        let held = held.and_if(!ask.run && held.is_empty(), Reason::Washing);
        let or_by_hand = ask.no_faster(ask.speed).or_by_hand(held);
        self.wash_pump.scan(or_by_hand, Limits::SURFACE, stagger, elapsed);
        let blow =
            self.wash_train.blow(washed.as_ref(), &self.inputs, self.blower.as_ref(), elapsed);
        let protections = self.air_protections(around);
        let mut on = ask.run || blow || self.wash_pump.outputs.run.value();
        if let Some(blower) = &mut self.blower {
            let ask = Ask::when(blow).or_by_hand(protections);
            blower.scan(ask, Limits::SMALL, stagger, elapsed);
            on |= blower.outputs.run.value();
        }
        self.outputs.wash_permit = Output::want(on);
    }
}
