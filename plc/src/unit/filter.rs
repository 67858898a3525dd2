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

pub mod sequence;
#[cfg(test)]
mod tests;
mod valves;

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::block::{Sustained, Timed, Total};
use crate::declare::{
    alarm, alarms, between, inputs, kept, measured, parts, retained, settings, shown, status,
};
use crate::device::{MotorValve, ReturnValve};
use crate::interlock::Column;
use crate::plant::Shape;
use crate::quantity::{
    Count, CubicMetres, CubicMetresPerHour, KiloPascals, Metres, Ntu, SquareMetres,
};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};
use crate::tag::{Group, Role};
use sequence::{Event, Scan, Sequence, State};

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
        /// PDT-3n0, filter very clogged.
        pub clogged: Condition = alarm(302, Priority::P2).delays_s(60.0, 60.0),
        /// AIT-3n0, filter effluent high.
        pub effluent_high: Condition = alarm(303, Priority::P2).delays_s(300.0, 300.0),
        /// Wash aborted, the filter is dirty.
        pub wash_aborted: Condition = alarm(305, Priority::P2).latching(),
        /// Filter valve fault.
        pub valve_fault: Condition = alarm(310, Priority::P2).latching(),
    }
}

/// Why a filter asks for a wash, in rising rank (`docs/spec/plant.md` 2.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Run time, calendar, or volume.
    Time,
    HeadLoss,
    Turbidity,
    /// A person asked.
    Operator,
    /// Head loss of 2.5 m: goes before everybody.
    Clogged,
    /// It cannot filter without; washed first, so that the others go on producing.
    Dirty,
}

/// What wash water a filter wants, all its valves being in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Water {
    #[default]
    None,
    /// Together with air.
    Combined,
    /// Fluidising the bed.
    High,
    /// Below fluidisation, at the end.
    Subfluid,
}

/// What a filter tells filtration, once a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    pub state: State,
    /// Its head loss, turbidity, age or a person ask for a wash.
    pub wants_wash: Option<Trigger>,
    /// A person asked for it: it may be washed although the plant stands.
    pub ordered: bool,
    /// Stands ready and would take water.
    pub ready: bool,
    /// All valves are where its state has them.
    pub in_place: bool,
    /// Feed water can go through it.
    pub feed_way: bool,
    /// Delivers into the clear well.
    pub delivers: bool,
    pub area: SquareMetres,
    /// Through the bed, either way out.
    pub flow: Signal<CubicMetresPerHour>,
    /// On its own analyser.
    pub turbidity: Signal<Ntu>,
    /// Wash water can go up through the bed and nowhere else.
    pub water_way: bool,
    pub water: Water,
    /// Air may be blown, all valves being in place.
    pub air: bool,
}

/// What P-351 and B-351 do for the filter that is washed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Train {
    /// Wash water flows as asked.
    pub water_proven: bool,
    /// It does not, and will not.
    pub water_failed: bool,
    /// P-351 has run down.
    pub stopped: bool,
    pub air_ready: bool,
    pub air_runs: bool,
    pub air_failed: bool,
}

/// What others contribute to a scan of a filter; made by [`super::filtration::Filtration::around_filter`].
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Water is wanted through the filters, and the feed can be had.
    pub run: bool,
    /// This filter may join now: the feed is lowered.
    pub join: bool,
    /// This filter's wash may start now.
    pub wash: bool,
    /// What keeps its wash from starting.
    pub wash_blocked: Reasons,
    pub feed_runs: bool,
    pub feed_still: bool,
    pub train: Train,
    /// AIT-330, where water flows past it.
    pub combined: Signal<Ntu>,
    pub settled: Signal<Ntu>,
    /// Causes that hold the outlets, and the wash.
    pub outlet_holds: Reasons,
    pub wash_holds: Reasons,
    /// A person asks for a wash, or ends it.
    pub wash_ordered: bool,
    pub wash_aborted: bool,
    /// Water must be proven good first: the plant stood too long, or lost power.
    pub ripen_first: bool,
    pub reset: bool,
    pub supervisor_reset: bool,
}

/// What a filter keeps from scan to scan.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Retained totals have been taken up.
    awake: bool,
    /// Time this step has really worked: valves in place, pump and blower proven.
    step: Duration,
    volume: Total,
    /// Its water was proven good, and nothing happened since that would make it doubtful.
    proven: bool,
    stood: Duration,
    /// Stopped for turbidity: waits this much longer.
    turbid_wait: Duration,
    trigger: Option<Trigger>,
    ordered: bool,
    /// A person ended the wash: it waits for a person.
    aborted: bool,
    /// Air was not blown to the end in this wash.
    water_only: bool,
    /// It did not ripen; only a wash helps.
    unripe: bool,
    ripening_extended: bool,
    failed_washes: u8,
    failed_ripenings: u8,
    /// Ages of the last washes that turbidity asked for.
    turbidity_washes: [Option<Duration>; 2],
    /// Outlet not closed in a wash: until a supervisor resets.
    crossed: bool,
    /// Limit switches are not known: bus D is lost.
    blind: bool,
    /// Filter-to-waste closes while the outlet opens.
    changes_over: bool,
    earlier_turbidity: Ntu,
    turbidity_age: Duration,
    own_unknown: Duration,
}

/// Conditions that must last.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    ripe: Sustained,
    far_too_turbid: Sustained,
    too_turbid: Sustained,
    unknown: Sustained,
    turbidity: Sustained,
    head_loss: Sustained,
    clogged: Sustained,
    pause: Sustained,
    crossed: Sustained,
}

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
    sequence: Timed<Sequence>,
    memory: Memory,
    watch: Watch,
    report: Report,
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
    sequence, memory, watch, report
} }

/// Head loss is compared as if water went through the bed at this rate, m/h (`docs/spec/plant.md` 2.6.2).
const NORMAL_RATE: f64 = 5.0;
/// Below this rate, m/h, head loss tells nothing; chosen: a fifth of the normal rate.
const RATE_MIN: f64 = 1.0;
/// 2.5 m of water: pre-empts the queue, alarm 302 (`docs/spec/plant.md` 2.6.3). 1 m is 9.81 kPa.
const CLOGGED: KiloPascals = KiloPascals(24.5);
const CLOGGED_DEADBAND: KiloPascals = KiloPascals(2.9);
/// Head loss and turbidity must ask this long (`docs/spec/plant.md` 2.6.2).
const HEAD_LOSS_TIME: Duration = Duration::from_secs(60);
const TURBIDITY_TIME: Duration = Duration::from_secs(300);
/// Settled water above this makes a wash useless (`docs/spec/plant.md` 2.6.4).
const SETTLED_MAX: Ntu = Ntu(5.0);
/// Washes for turbidity count this long.
const TURBIDITY_WASHES_WINDOW: Duration = Duration::from_secs(12 * 3600);
/// No water above 1.0 NTU for 60 s, nor above 0.5 for 15 min, to the clear well (INV-2); the valve's travel comes off.
const FAR_TOO_TURBID: Ntu = Ntu(1.0);
const FAR_TOO_TURBID_TIME: Duration = Duration::from_secs(40);
const TOO_TURBID: Ntu = Ntu(0.5);
const TOO_TURBID_TIME: Duration = Duration::from_secs(14 * 60);
/// Deadband of alarm 303 (`docs/spec/plant.md` 4).
const TOO_TURBID_DEADBAND: Ntu = Ntu(0.1);
/// A filter without its own analyser filters this long, without any turbidity less than 5 min (`docs/spec/plant.md` 2.12).
const OWN_UNKNOWN_MAX: Duration = Duration::from_secs(4 * 3600);
const UNKNOWN_MAX: Duration = Duration::from_secs(240);
/// A filter stopped for turbidity rests this long before it tries again to waste; chosen: settled water has time to clear,
/// and the waste tank to decant.
const TURBID_WAIT: Duration = Duration::from_secs(900);
/// A filter that stood longer ripens first (INV-14).
const STOOD_MAX: Duration = Duration::from_secs(2 * 3600);
/// Ripening is proven this long on its own analyser (`docs/spec/plant.md` 2.6.1).
const RIPE_TIME: Duration = Duration::from_secs(120);
/// At its end ripening goes on this much longer if the water is below this and clears (`docs/spec/plant.md` 2.6.6).
const RIPENING_EXTENSION: Duration = Duration::from_secs(1200);
const NEARLY_RIPE: Ntu = Ntu(0.5);
/// Turbidity is compared with that of so long ago to see whether it falls; chosen: ten bed volumes of sample line.
const TREND_TIME: Duration = Duration::from_secs(300);
/// Without air the fluidising wash lasts longer (`docs/spec/contracts.md`, thresholds).
const WITHOUT_AIR: Duration = Duration::from_secs(120);
/// A wash, and a ripening, may fail once (`docs/spec/plant.md` 2.6.5 A3, 2.6.6).
const FAILURES_MAX: u8 = 2;
/// A stopping pump's feedback vanishes within 10 s; after this the valves close anyway.
const PAUSE_TIME: Duration = Duration::from_secs(15);
/// A limit switch may flicker this long before the outlet counts as open in a wash (INV-27).
const CROSSED_TIME: Duration = Duration::from_secs(1);

impl Filter {
    /// With an air valve where the site has a blower.
    #[must_use]
    pub fn new(shape: &Shape) -> Filter {
        Filter { air: shape.blower.then(ReturnValve::default), ..Filter::default() }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        let before = self.sequence.state();
        self.obey(before, &around);
        self.judge(before, &around, elapsed);
        let row = valves::chart(before, around.train.stopped);
        if self.works(before, &around, self.in_place(row)) {
            self.memory.step = self.memory.step.saturating_add(elapsed);
        }
        let scan = self.facts(before, &around, elapsed);
        let trip = self.trip(before, &around, scan.failed);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        self.remember(before, state, &scan);
        self.count(state, elapsed);
        self.move_valves(valves::chart(state, around.train.stopped), elapsed);
        self.publish(state, &around);
        self.report = self.tell(state, &around);
    }

    /// Resets and orders.
    fn obey(&mut self, state: State, around: &Around) {
        if !self.memory.awake {
            self.memory.awake = true;
            self.memory.volume.restore(self.retained.volume.0);
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
        }
        if around.supervisor_reset {
            self.memory.crossed = false;
        }
        // A full clear well says nothing about the water; every other cause does (`docs/spec/plant.md` 2.10, item 6).
        let doubt = around.outlet_holds.without(Reasons::only(Reason::ClearWellFull));
        if around.ripen_first || !doubt.is_empty() {
            self.memory.proven = false;
        }
        if around.wash_ordered && !state.is_wash() {
            self.memory.ordered = true;
            self.memory.aborted = false;
        }
        if around.wash_aborted {
            self.memory.aborted = state.is_wash();
            self.memory.ordered = false;
        }
    }

    /// Turbidity, head loss, and what asks for a wash.
    fn judge(&mut self, state: State, around: &Around, elapsed: Duration) {
        let filtering = state.is_filtering();
        let own = self.inputs.turbidity.usable();
        self.status.judged_turbidity = match own {
            Some(_) => self.inputs.turbidity,
            None if filtering => around.combined.doubted(Doubt::Fallback),
            None => self.inputs.turbidity,
        };
        let judged = self.status.judged_turbidity.usable();
        let above = |limit: Ntu| filtering && judged.is_some_and(|judged| !(judged <= limit));
        self.watch.far_too_turbid.holds(above(FAR_TOO_TURBID), FAR_TOO_TURBID_TIME, elapsed);
        self.watch.too_turbid.holds(above(TOO_TURBID), TOO_TURBID_TIME, elapsed);
        self.watch.unknown.holds(filtering && judged.is_none(), UNKNOWN_MAX, elapsed);
        self.memory.own_unknown = match own {
            None if filtering => self.memory.own_unknown.saturating_add(elapsed),
            Some(_) | None => Duration::ZERO,
        };
        let rate = self.inputs.flow.map(|flow| flow.0 / self.settings.area.0);
        self.status.head_loss_normal = match rate.usable() {
            Some(rate) if rate >= RATE_MIN => {
                self.inputs.head_loss.map(|loss| loss * (NORMAL_RATE / rate))
            }
            Some(_) | None => Signal::Bad(Fault::Computed),
        };
        let loss = self.status.head_loss_normal.usable();
        let reached = |limit: KiloPascals| filtering && loss.is_some_and(|loss| loss >= limit);
        let head_loss = self.watch.head_loss.holds(
            reached(self.settings.head_loss_max),
            HEAD_LOSS_TIME,
            elapsed,
        );
        let clogged = self.watch.clogged.holds(reached(CLOGGED), HEAD_LOSS_TIME, elapsed);
        let turbidity = self.watch.turbidity.holds(
            own.is_some_and(|own| own >= self.settings.turbidity_max)
                && self.retained.volume > self.settings.turbidity_volume
                && self.washing_helps(around),
            TURBIDITY_TIME,
            elapsed,
        );
        for age in &mut self.memory.turbidity_washes {
            *age = age
                .map(|age| age.saturating_add(elapsed))
                .filter(|age| *age < TURBIDITY_WASHES_WINDOW);
        }
        let column = self.retained.volume.0 / self.settings.area.0;
        let time = self.retained.run_time >= self.settings.run_time_max
            || self.retained.age >= self.settings.age_max
            || column >= self.settings.column_max.0;
        let ordered = self.memory.ordered;
        let asked = [
            (time, Trigger::Time),
            (head_loss, Trigger::HeadLoss),
            (turbidity, Trigger::Turbidity),
            (ordered, Trigger::Operator),
            (clogged, Trigger::Clogged),
        ];
        let now = asked.into_iter().filter(|(asks, _)| *asks).map(|(_, trigger)| trigger).max();
        // In the queue a trigger stays; a person's may be taken back.
        let kept = self.memory.trigger.filter(|kept| *kept != Trigger::Operator);
        self.memory.trigger = match state {
            State::Filtering {} => now,
            State::WashQueued {} => now.max(kept),
            State::Standby {} => self.standing_trigger(around),
            State::Ripening {}
            | State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {}
            | State::Fault {} => None,
        };
    }

    /// What asks for a wash while it stands.
    fn standing_trigger(&self, around: &Around) -> Option<Trigger> {
        let dirty = self.retained.dirty && !self.memory.aborted;
        let unripe = self.memory.unripe && self.washing_helps(around);
        if dirty || unripe {
            Some(Trigger::Dirty)
        } else {
            self.memory.ordered.then_some(Trigger::Operator)
        }
    }

    /// A wash helps only if the settled water is good, and turbidity has not asked too often (`docs/spec/plant.md` 2.6.4).
    fn washing_helps(&self, around: &Around) -> bool {
        let settled = around.settled.usable().is_some_and(|settled| settled <= SETTLED_MAX);
        settled && self.memory.turbidity_washes.iter().any(Option::is_none)
    }

    /// The time of a step counts only while all it needs is proven.
    fn works(&self, state: State, around: &Around, in_place: bool) -> bool {
        let train = &around.train;
        in_place
            && match state {
                State::Standby {}
                | State::Filtering {}
                | State::WashQueued {}
                | State::Fault {} => false,
                State::Draining {} => true,
                State::Ripening {} => around.feed_runs,
                State::AirScour {} => train.air_runs,
                State::AirWater {} => train.air_runs && train.water_proven,
                State::HighWash {} | State::SubfluidWash {} => train.water_proven,
                State::Settling {} => train.stopped,
            }
    }

    /// How long the step takes; none: it has no time of its own.
    fn step_time(&self, state: State) -> Option<Duration> {
        let settings = &self.settings;
        let longer = if self.memory.water_only { WITHOUT_AIR } else { Duration::ZERO };
        match state {
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Fault {} => None,
            State::Draining {} => Some(settings.drain_time),
            State::AirScour {} => Some(settings.air_time),
            State::AirWater {} => Some(settings.air_water_time),
            State::HighWash {} => Some(settings.high_wash_time.saturating_add(longer)),
            State::SubfluidWash {} => Some(settings.subfluid_time),
            State::Settling {} => Some(settings.settle_time),
        }
    }

    /// The facts the sequence decides on.
    fn facts(&mut self, state: State, around: &Around, elapsed: Duration) -> Scan {
        let train = &around.train;
        let own = self.inputs.turbidity.usable();
        let clear = own.is_some_and(|own| own <= self.settings.ripen_limit);
        let flows = self.works(state, around, self.in_place(valves::chart(state, train.stopped)));
        let ripening = state == State::Ripening {} && flows;
        let ripe = self.watch.ripe.holds(ripening && clear, RIPE_TIME, elapsed)
            && self.memory.step >= self.settings.ripen_time
            && around.outlet_holds.is_empty();
        let waited = self.watch.pause.holds(!around.run, PAUSE_TIME, elapsed);
        let pause = !around.run && (waited || around.feed_still);
        let crossed = self.outlet_may_leak(state);
        if self.watch.crossed.holds(crossed && !self.memory.blind, CROSSED_TIME, elapsed) {
            self.memory.crossed = true;
        }
        Scan {
            done: self.step_time(state).is_some_and(|time| self.memory.step >= time),
            join: around.join && around.run && self.is_fit(around),
            proven: self.memory.proven,
            pause,
            ripe,
            unripe: ripening && !clear && self.ripening_is_over(own, elapsed),
            stop: self.watch.far_too_turbid.lasted() >= FAR_TOO_TURBID_TIME
                || self.watch.too_turbid.lasted() >= TOO_TURBID_TIME
                || self.watch.unknown.lasted() >= UNKNOWN_MAX
                || self.memory.own_unknown >= OWN_UNKNOWN_MAX,
            wash_wanted: self.memory.trigger.is_some(),
            wash: around.wash && around.wash_holds.is_empty(),
            air: self.air.is_some() && train.air_ready && !train.air_failed,
            air_water: !self.settings.air_water_time.is_zero(),
            subfluid: !self.settings.subfluid_time.is_zero(),
            water_failed: train.water_failed,
            abort: around.wash_aborted,
            failed: self.memory.crossed
                || (self.valve_failed() && !self.memory.blind)
                || self.memory.failed_washes >= FAILURES_MAX
                || self.memory.failed_ripenings >= FAILURES_MAX,
        }
    }

    /// Ripening has had its time: the limit, and once more if the water nearly is good and clears.
    fn ripening_is_over(&mut self, own: Option<Ntu>, elapsed: Duration) -> bool {
        let memory = &mut self.memory;
        let falls = own.is_some_and(|own| own <= NEARLY_RIPE && own < memory.earlier_turbidity);
        memory.turbidity_age = memory.turbidity_age.saturating_add(elapsed);
        if memory.turbidity_age >= TREND_TIME {
            memory.turbidity_age = Duration::ZERO;
            memory.earlier_turbidity = own.unwrap_or_default();
        }
        let limit = self.settings.ripen_time_max;
        let over = memory.step >= limit;
        if over && falls {
            memory.ripening_extended = true;
        }
        (over && !memory.ripening_extended)
            || memory.step >= limit.saturating_add(RIPENING_EXTENSION)
    }

    /// May take water: clean, rested, and there is a way to see what it makes.
    fn is_fit(&self, around: &Around) -> bool {
        let held = if self.memory.proven {
            around.outlet_holds
        } else {
            // To waste it may run while the combined water was too turbid: so it proves itself.
            around.outlet_holds.without(Reasons::only(Reason::FilteredWaterTurbid))
        };
        !self.retained.dirty
            && !self.memory.unripe
            && self.memory.turbid_wait.is_zero()
            && self.memory.trigger.is_none()
            && self.inputs.turbidity.usable().is_some()
            && held.is_empty()
    }

    /// The outlet is not proven closed although wash water or air may stand behind it.
    fn outlet_may_leak(&self, state: State) -> bool {
        match state {
            State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => !self.outlet.is_closed(),
            State::Draining {} => self.outlet.is_faulty(),
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Fault {} => false,
        }
    }

    /// What a state cannot go on with.
    fn trip(&self, state: State, around: &Around, failed: bool) -> Option<Event> {
        if failed {
            return Some(Event::Fault);
        }
        let held = match state {
            State::Standby {} | State::Fault {} => Reasons::NONE,
            State::Ripening {} => {
                let turbid = Reasons::only(Reason::FilteredWaterTurbid);
                around.outlet_holds.without(turbid)
            }
            State::Filtering {} | State::WashQueued {} => around.outlet_holds,
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => around.wash_holds,
        };
        (!held.is_empty()).then_some(Event::Trip)
    }

    /// What this scan's step leaves behind.
    fn remember(&mut self, before: State, state: State, scan: &Scan) {
        if state.is_wash() {
            self.memory.proven = false;
            // Set once the outlet is proven closed, so that no dirty filter ever has it open (INV-9).
            self.retained.dirty |= self.outlet.is_closed();
        }
        if state == before {
            return;
        }
        self.memory.step = Duration::ZERO;
        self.memory.changes_over = false;
        match state {
            State::Draining {} => self.begin_wash(),
            State::AirWater {} => self.memory.water_only = false,
            State::HighWash {} if scan.done && before == State::AirScour {} => {
                self.memory.water_only = false;
            }
            State::Ripening {} => {
                self.memory.ripening_extended = false;
                self.memory.earlier_turbidity = Ntu::ZERO;
                self.memory.turbidity_age = Duration::ZERO;
            }
            State::Filtering {} if before == State::Ripening {} => {
                self.memory.proven = true;
                self.memory.failed_ripenings = 0;
                self.memory.changes_over = true;
            }
            State::Standby {} | State::Fault {} => self.come_to_rest(before, scan),
            State::Filtering {}
            | State::WashQueued {}
            | State::AirScour {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => {}
        }
    }

    fn begin_wash(&mut self) {
        if self.memory.trigger == Some(Trigger::Turbidity) {
            self.memory.turbidity_washes = [Some(Duration::ZERO), self.memory.turbidity_washes[0]];
        }
        self.memory.ordered = false;
        self.memory.aborted = false;
        self.memory.water_only = true;
    }

    fn come_to_rest(&mut self, before: State, scan: &Scan) {
        if before.is_filtering() && scan.stop {
            self.memory.proven = false;
            self.memory.turbid_wait = TURBID_WAIT;
            self.memory.unripe |= before == State::WashQueued {};
        } else if before == (State::Ripening {}) && scan.unripe {
            self.memory.turbid_wait = TURBID_WAIT;
            // Without its analyser nobody knows whether a wash would help.
            if self.inputs.turbidity.usable().is_some() {
                self.memory.unripe = true;
                self.memory.failed_ripenings += 1;
            }
        } else if before == (State::Settling {}) && scan.done && !self.memory.aborted {
            self.finish_wash();
        } else if before.is_wash() && scan.water_failed {
            self.memory.failed_washes += 1;
        }
    }

    fn finish_wash(&mut self) {
        self.memory.volume = Total::default();
        self.memory.unripe = false;
        self.memory.turbid_wait = Duration::ZERO;
        self.memory.failed_washes = 0;
        self.retained =
            Retained { washes: Count(self.retained.washes.0 + 1.0), ..Retained::default() };
    }

    /// Times and volume.
    fn count(&mut self, state: State, elapsed: Duration) {
        self.retained.age = self.retained.age.saturating_add(elapsed);
        self.memory.turbid_wait = self.memory.turbid_wait.saturating_sub(elapsed);
        self.memory.changes_over &= !self.outlet.is_open();
        if state.is_filtering() {
            self.memory.stood = Duration::ZERO;
        } else {
            self.memory.stood = self.memory.stood.saturating_add(elapsed);
            self.memory.proven &= self.memory.stood < STOOD_MAX;
        }
        if self.delivers() {
            self.retained.run_time = self.retained.run_time.saturating_add(elapsed);
            let flow = self.inputs.flow.usable().unwrap_or_default();
            // m³/h × h
            self.memory.volume.add(flow.0 * elapsed.as_secs_f64() / 3600.0);
            self.retained.volume = CubicMetres(self.memory.volume.value());
        }
    }

    fn publish(&mut self, state: State, around: &Around) {
        self.status.state = state;
        self.status.step_time = self.sequence.in_state();
        self.status.blocked = self.blocked(state, around);
        let judged = self.status.judged_turbidity;
        self.alarms = Alarms {
            clogged: self
                .status
                .head_loss_normal
                .above(CLOGGED, CLOGGED_DEADBAND)
                .unless(state.is_wash()),
            effluent_high: judged
                .above(TOO_TURBID, TOO_TURBID_DEADBAND)
                .unless(!state.is_filtering()),
            wash_aborted: Condition::when(self.retained.dirty && !state.is_wash()),
            valve_fault: Condition::when(self.valve_failed() && !self.memory.blind),
        };
    }

    fn blocked(&self, state: State, around: &Around) -> Reasons {
        let turbid = !self.memory.turbid_wait.is_zero() || self.memory.unripe;
        let unknown = self.inputs.turbidity.usable().is_none();
        let wanted = self.memory.trigger.is_some();
        let wash_blocked = if wanted { around.wash_blocked } else { Reasons::NONE };
        match state {
            State::Filtering {} => Reasons::NONE,
            State::WashQueued {} => wash_blocked,
            State::Ripening {} => Reasons::only(Reason::Ripening),
            State::Standby {} => around
                .outlet_holds
                .and(wash_blocked)
                .and_if(!around.run, Reason::NoDemand)
                .and_if(self.retained.dirty, Reason::FilterDirty)
                .and_if(turbid, Reason::FilterTurbid)
                .and_if(turbid && !self.washing_helps(around), Reason::SettledWaterCloudy)
                .and_if(unknown, Reason::TurbidityUnknown),
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => Reasons::only(Reason::Washing),
            State::Fault {} => Reasons::only(Reason::FilterFault)
                .and_if(self.valve_failed(), Reason::ValveFault)
                .and_if(self.memory.crossed, Reason::OutletNotProvenClosed),
        }
    }

    /// Delivers into the clear well: the outlet is proven open.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.sequence.state().is_filtering() && self.outlet.is_open()
    }

    /// Can be brought to filter without a person.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.sequence.state() != State::Fault {} && !self.memory.aborted
    }

    /// The cause "n2 not proven closed in a wash" (A6).
    #[must_use]
    pub fn outlet_not_proven_closed(&self) -> bool {
        self.memory.crossed
    }

    /// What filtration needs to know.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report
    }

    fn tell(&self, state: State, around: &Around) -> Report {
        let water_way = self.water_way();
        let air_closed = self.air.as_ref().is_none_or(ReturnValve::is_closed);
        let water = match state {
            State::AirWater {} => Water::Combined,
            State::HighWash {} if air_closed => Water::High,
            // Until the air valve is closed the bed is not fluidised.
            State::HighWash {} => Water::Combined,
            State::SubfluidWash {} => Water::Subfluid,
            State::Standby {}
            | State::Ripening {}
            | State::Filtering {}
            | State::WashQueued {}
            | State::Draining {}
            | State::AirScour {}
            | State::Settling {}
            | State::Fault {} => Water::None,
        };
        let blows = state == State::AirScour {} || state == State::AirWater {};
        Report {
            state,
            wants_wash: self.memory.trigger,
            ordered: self.memory.ordered,
            ready: state == State::Standby {} && self.is_fit(around),
            in_place: self.in_place(valves::chart(state, around.train.stopped)),
            feed_way: self.feed_way(state),
            delivers: self.delivers(),
            area: self.settings.area,
            flow: self.inputs.flow,
            turbidity: self.inputs.turbidity,
            water_way,
            water: if water_way { water } else { Water::None },
            air: blows && self.air_way(),
        }
    }
}
