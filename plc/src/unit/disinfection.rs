//! Disinfection: hypochlorite in proportion to filtered flow, trimmed by the residual, and what contact time makes of it.
//!
//! ```text
//! Off -> NoFlowHold (waits for filtered water) <-> dosing: PacedTrim <-> PacedOnly (AIT-401 lost), Manual
//!                                                          Underfeed (too little: the other pump, +30 %)
//!                                                          Overfeed (too much: half)
//! dosing --(strokes move nothing)--> Priming (60 s) -> dosing      any --(a person primes)--> Priming -> Off
//! any --(held, tank empty)--> Off                                  any --(neither pump doses)--> Fault --(reset)--> NoFlowHold
//! ```
//! In: filtered flow, residuals, strokes, T-411. Out: P-411 strokes a minute, A or B. `docs/spec/plant.md` 2.7.

use core::time::Duration;

mod analysers;
mod credit;
mod dead_time;
mod dose;
mod faces;
mod limits;
mod pumps;
#[cfg(test)]
mod rig;
mod sequence;
#[cfg(test)]
mod tests;

pub use faces::{Alarms, Inputs, Retained, Settings, Status};
pub use sequence::State;

use crate::alarm::Condition;
use crate::block::Sustained;
use crate::declare::parts;
use crate::device::{DosingPump, Handling};
use crate::guard::Guard;
use crate::interlock::Column;
use crate::quantity::{
    CubicMetresPerHour, GramsPerLitre, LitresPerHour, MilligramsPerLitre, Percent, Ph, Value,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Group;
use crate::unit::calibration;
use crate::unit::chemicals::Told;
use crate::unit::loop_watch::{self, LoopWatch};
use analysers::Analysers;
use credit::Report;
use dead_time::DeadTime;
use dose::Dose;
use limits::Limits;
use pumps::Pumps;
use sequence::Scan;

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// Flow through the outlets of the filters in service.
    pub filtered_flow: Signal<CubicMetresPerHour>,
    /// The feed of the filters has ended, or falls so fast that only their meters' lag hides it.
    pub feed_ends: bool,
    /// Filters that deliver.
    pub filtering: usize,
    /// Filters are asked to deliver.
    pub run: bool,
    /// Causes that hold hypochlorite.
    pub holds: Reasons,
    /// The dosing guard has stopped this chemical.
    pub cap_reached: bool,
    /// Causes of the table, judged with their own times: the alarms follow them.
    pub too_low: bool,
    pub dangerous: bool,
    /// The clear well holds water and the plant is past its first minutes.
    pub in_use: bool,
    /// Least residual to aim at, whatever the setting says.
    pub target_least: MilligramsPerLitre,
    /// No less than this at AIT-403 is called high, whatever is set (R-2.19-03).
    pub high_least: MilligramsPerLitre,
    /// A person asks to prime the pump, this scan.
    pub prime: bool,
    pub reset: bool,
    /// What the day tank's books say.
    pub stock: Told,
}

/// Doses hypochlorite.
pub struct Disinfection {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Disinfection,
    pub doser: DosingPump,
    pub trim_watch: LoopWatch,
    /// Not this unit's: the plant lets it have the last word on the doser.
    pub guard: Guard,
    in_state: Duration,
    /// How long it has dosed without a pause.
    dosing_for: Duration,
    flow_seen: Sustained,
    turbid: Sustained,
    analysers: Analysers,
    limits: Limits,
    pumps: Pumps,
    dosing: Dose,
    /// Strength to dose by.
    strength: GramsPerLitre,
    dead_time: DeadTime,
    report: Report,
    /// T-411 was empty, and nobody has filled it since.
    empty: bool,
}
parts! { Disinfection {
    handling, inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "U-400"),
         doser = Group::single("doser", "P-411").held_by(Column::Hypochlorite),
         trim_watch = Group::single("trim_loop", "AIC-401"),
         guard = Group::single("guard", "P-411");
    many: ; maybe: ;
    in_state, dosing_for, flow_seen, turbid, analysers, limits, pumps, dosing, strength, dead_time, report, empty
} }

impl Default for Disinfection {
    fn default() -> Disinfection {
        Disinfection {
            handling: Handling::default(),
            inputs: Inputs::default(),
            settings: Settings::default(),
            retained: Retained::default(),
            status: Status::default(),
            alarms: Alarms::default(),
            calibration: calibration::Disinfection::default(),
            doser: DosingPump::default(),
            trim_watch: LoopWatch::default(),
            guard: Guard::default(),
            in_state: Duration::ZERO,
            dosing_for: Duration::ZERO,
            flow_seen: Sustained::default(),
            turbid: Sustained::default(),
            analysers: Analysers::default(),
            limits: Limits::default(),
            pumps: Pumps::default(),
            dosing: Dose::settled(),
            strength: GramsPerLitre::ZERO,
            dead_time: DeadTime::default(),
            report: Report::default(),
            empty: false,
        }
    }
}

/// Hypo stops below 0.35 m³/h of 5, a meter's error above what INV-7 forbids, and starts above 0.5 (R-2.7.1-05, R-2.2.1-06).
const STOP_SHARE: f64 = 0.07;
const START_SHARE: f64 = 0.1;
/// Filtered flow must be seen this long before hypochlorite is dosed.
const FLOW_PROOF: Duration = Duration::from_secs(10);
/// Alarm 401 does not count AIT-401 in the first ten minutes of dosing (s2), and clears this far above its limit; alarm 411.
const STARTED: Duration = Duration::from_secs(600);
const LOW_DEADBAND: MilligramsPerLitre = MilligramsPerLitre(0.1);
const PH_DEADBAND: Ph = Ph(0.2);
/// What AIT-401 moves by itself: its accuracy, mg/l (`docs/spec/plant.md` 1.4).
const RESIDUAL_NOISE: f64 = 0.03;

impl Disinfection {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.strength = around.stock.strength;
        self.remember_empty();
        let target = self.settings.residual_target;
        self.status.target =
            if target < around.target_least { around.target_least } else { target };
        self.in_state = self.in_state.saturating_add(elapsed);
        self.watch_pumps(&around, elapsed);
        self.limits.high_least = around.high_least;
        self.watch_limits(elapsed);
        let held = self.held(&around);
        self.pumps.held = held;
        let flow = around.filtered_flow.usable().unwrap_or_default();
        let scan = self.facts(&around, held, flow, elapsed);
        let before = self.status.state;
        let state = before.next(&scan);
        self.in_state = if state == before { self.in_state } else { Duration::ZERO };
        let goes_in = state.doses() || (state == State::Priming && scan.flow_stays);
        self.dosing_for =
            if goes_in { self.dosing_for.saturating_add(elapsed) } else { Duration::ZERO };
        self.status.state = state;
        self.note_priming(before, scan.prime);
        let dose = self.dose(state, &around, elapsed);
        let (pumped, dose) = match state {
            State::Manual => {
                self.by_hand(flow).unwrap_or((LitresPerHour::ZERO, MilligramsPerLitre::ZERO))
            }
            State::PacedTrim | State::PacedOnly | State::Overfeed | State::Underfeed => {
                (self.pumped(dose, flow), dose)
            }
            State::Priming => (dose::PUMPED_MAX, dose),
            State::Off | State::NoFlowHold | State::Fault => (LitresPerHour::ZERO, dose),
        };
        self.status.dose = dose;
        self.status.flow = pumped;
        self.doser.scan(self.strokes(pumped), elapsed);
        self.learn(elapsed);
        self.see_dead_time(&around, elapsed);
        let look = self.trim_look();
        let watched = loop_watch::Around { look, noise: RESIDUAL_NOISE, window: loop_watch::SLOW };
        self.trim_watch.scan(watched, elapsed);
        self.show(&around, held, scan.flow_stays);
        self.handling.elapse(Percent(if state.doses() { 100.0 } else { 0.0 }), elapsed);
        self.raise(&around, elapsed);
    }

    fn facts(
        &mut self,
        around: &Around,
        held: Reasons,
        flow: CubicMetresPerHour,
        elapsed: Duration,
    ) -> Scan {
        let manual = self.doser.handling.is_manual() && !self.doser.handling.is_fresh();
        // Taken out of AUTO the sequence rests; the pump may still be run by hand.
        let auto = around.run && self.handling.is_auto();
        let starts = flow > around.nominal * START_SHARE;
        Scan {
            in_state: self.in_state,
            held: !held.is_empty(),
            asked: (auto || manual) && around.filtered_flow.usable().is_some(),
            flow_proven: self.flow_seen.holds(starts, FLOW_PROOF, elapsed),
            flow_stays: flow >= around.nominal * STOP_SHARE && !around.feed_ends,
            prime: around.prime && self.may_prime().is_ok(),
            air_locked: self.pumps.air_locked,
            primed_by_hand: self.pumps.by_hand,
            failed: self.has_failed(),
            reset: around.reset,
            manual,
            overfed: self.is_overfed(),
            underfed: self.is_underfed() && self.trims(),
            trims: self.trims(),
        }
    }

    fn show(&mut self, around: &Around, held: Reasons, flow_stays: bool) {
        let failed = self.status.state == State::Fault;
        self.status.blocked = held
            .and(self.handling.why())
            .and_if(around.filtered_flow.usable().is_none(), Reason::FlowUnknown)
            .and_if(failed, Reason::ChlorinePumpUnavailable)
            .and_if(!around.run, Reason::NoDemand)
            .and_if(!flow_stays, Reason::NoFlow);
        self.status.paced_by =
            if self.status.state.doses() { self.paced_by() } else { Reasons::NONE };
        self.status.failed_by = self.failed_by();
        self.status.demand = self.demand();
        self.status.trim = self.trim();
        self.status.underfeed_left = self.underfeed_left();
    }

    fn raise(&mut self, around: &Around, elapsed: Duration) {
        let settings = &self.settings;
        let outlet = self.status.outlet_residual;
        let started = self.status.state.doses() && self.dosing_for >= STARTED;
        let low = |signal: Signal<MilligramsPerLitre>| {
            let low = signal.below(settings.chlorine_low, LOW_DEADBAND);
            low.unless(is_held(signal))
        };
        let inlet_low = low(self.status.inlet_residual).unless(!started);
        let outlet_low = low(outlet).unless(!around.in_use);
        let failed = self.doser.is_impaired() || !self.pumps_sound();
        let ph = self.inputs.ph;
        let ph_out =
            ph.below(settings.ph_low, PH_DEADBAND).or(ph.above(settings.ph_high, PH_DEADBAND));
        self.alarms = Alarms {
            residual_low: outlet_low.or(inlet_low),
            chlorine_too_low: Condition::when(around.too_low),
            residual_high: outlet
                .above(self.chlorine_high(), limits::OUTLET_DEADBAND)
                .unless(is_held(outlet)),
            chlorine_dangerous: Condition::when(around.dangerous),
            not_dosing: Condition::when(failed)
                .unless(!around.run && self.status.state != State::Fault),
            stock_low: around.stock.low(self.inputs.tank_level),
            stock_empty: Condition::when(self.is_empty()),
            demand_changed: Condition::Clear,
            ph_out: ph_out.unless(is_held(ph) || !around.in_use),
            cap_reached: Condition::when(around.cap_reached),
        };
        self.alarms.demand_changed = Condition::when(self.demand_has_changed(elapsed));
    }

    // Judgements.

    /// What holds the pump whatever is asked: a person's hand on it, a cause, an empty tank, a cap.
    fn held(&self, around: &Around) -> Reasons {
        let handling = &self.doser.handling;
        let by_person = if handling.is_off() { handling.why() } else { Reasons::NONE };
        around
            .holds
            .and(by_person)
            .and_if(self.is_empty(), Reason::ChlorineEmpty)
            .and_if(around.cap_reached, Reason::HourlyCapReached)
    }

    /// T-411 below 5 % or its float down; a level that is not known does not stop it while the float is up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.empty || self.reads_empty()
    }

    fn reads_empty(&self) -> bool {
        !self.inputs.tank_low_low.closed()
            || self.inputs.tank_level.usable().is_some_and(|level| !(level >= Percent(5.0)))
    }

    /// Once empty it stays so until somebody has filled it: a level that dances around its limit would start and stop the
    /// plant for ever. 5 % above the limit, as the deadband of alarms 202 and 408.
    fn remember_empty(&mut self) {
        let level = self.inputs.tank_level.usable();
        let filled = level.is_none_or(|level| level >= Percent(10.0));
        self.empty = self.reads_empty() || (self.empty && !filled);
    }

    /// A pump is left that doses, or may (R-2.2-19).
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status.state != State::Fault && !self.has_failed() && !self.doser.handling.is_off()
    }

    /// After a restart a person's test is as much older; when nobody knows how much, it counts no longer, and what filtration
    /// lost stays lost for its whole time.
    pub fn restored(&mut self, age: Option<Duration>) {
        let retained = &mut self.retained;
        match age {
            Some(age) => {
                retained.hand_left = retained.hand_left.saturating_sub(age);
                retained.credit_left = retained.credit_left.saturating_sub(age);
            }
            None => {
                retained.hand_left = Duration::ZERO;
                if retained.credit_left > Duration::ZERO {
                    retained.credit_left = credit::CREDIT_TIME;
                }
            }
        }
        let most = analysers::HAND_TIME;
        retained.hand_left = if retained.hand_left < most { retained.hand_left } else { most };
    }
}

/// A person works on it (s3).
fn is_held<Q: Value>(signal: Signal<Q>) -> bool {
    matches!(signal, Signal::Held(..))
}
