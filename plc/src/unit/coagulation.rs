//! Coagulation: PAC solution in proportion to raw flow, at a dose decided by raw turbidity.
//!
//! ```text
//! Off -> Proving (flow for 10 s) -> Dosing -> Off (flow lost, held, tank empty)
//!
//! AIT-101 -> median, quick up, slow down -> table in sqrt(NTU) x season x trim -> 3 to 60 mg/l -> slew -> x flow -> strokes
//! ```
//! In: raw flow and turbidity from the intake, settled turbidity, T-211. Out: P-211 strokes a minute, mixer; and word to the
//! intake that raw water would get no PAC. `docs/spec/plant.md` 2.4.

mod effect;
pub mod sequence;
pub mod table;
#[cfg(test)]
mod tests;
mod turbidity;

use alloc::boxed::Box;
use core::time::Duration;

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::{Ahead, Ramp, Sustained, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, parts, retained, settings, shown,
    status,
};
use crate::device::{Ask, DosingPump, Handling, Limits, Motor, Stagger};
use crate::guard::Guard;
use crate::interlock::Column;
use crate::quantity::{
    CubicMetresPerHour, Grams, GramsPerLitre, LitresPerHour, MilligramsPerLitre, Millilitres, Ntu,
    Percent, Ratio, StrokesPerMinute,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::calibration;
use crate::unit::chemicals::Told;
use effect::{Effect, is_derived};
use sequence::{Event, Scan, Sequence, State};
use table::{DOSE_HIGH, DOSE_LOW, JarTest};
use turbidity::DoseTurbidity;

inputs! {
    /// T-211, the PAC day tank.
    pub struct Inputs {
        /// LT-211, PAC tank level.
        pub tank_level: Signal<Percent> = measured(0.0..=100.0).every_s(10.0),
        /// LSLL-211, PAC tank above low-low; opens to trip.
        pub tank_low_low: Signal<bool> = contact(),
    }
}

settings! {
    /// The dose table (`docs/spec/plant.md` 2.4), the stock, the caps.
    pub struct Settings {
        /// PAC dose at 2 NTU and below.
        pub dose_at_2: MilligramsPerLitre = between(3.0..=60.0, 5.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 5 NTU.
        pub dose_at_5: MilligramsPerLitre = between(3.0..=60.0, 6.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 10 NTU.
        pub dose_at_10: MilligramsPerLitre = between(3.0..=60.0, 7.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 20 NTU.
        pub dose_at_20: MilligramsPerLitre = between(3.0..=60.0, 9.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 50 NTU.
        pub dose_at_50: MilligramsPerLitre = between(3.0..=60.0, 12.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 100 NTU.
        pub dose_at_100: MilligramsPerLitre = between(3.0..=60.0, 16.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 200 NTU.
        pub dose_at_200: MilligramsPerLitre = between(3.0..=60.0, 21.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 300 NTU.
        pub dose_at_300: MilligramsPerLitre = between(3.0..=60.0, 25.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 500 NTU.
        pub dose_at_500: MilligramsPerLitre = between(3.0..=60.0, 31.0).by_steps_of(10.0).by(Role::Supervisor),
        /// PAC dose at 1 000 NTU and above.
        pub dose_at_1000: MilligramsPerLitre = between(3.0..=60.0, 42.0).by_steps_of(10.0).by(Role::Supervisor),
        /// Factor of the season on the table.
        pub season: Ratio = between(0.7..=1.5, 1.0).by_steps_of(0.2).by(Role::Supervisor),
        /// Slow trim of the dose on the settled turbidity.
        pub trim_on: bool = between(0.0..=1.0, 0.0).by(Role::Supervisor),
        /// AIT-203, settled water that makes PAC suspect at full dose.
        pub suspect_limit: Ntu = between(2.0..=10.0, 4.0).by(Role::Supervisor),
        /// Strength of the day tank, PAC product.
        pub stock: GramsPerLitre = between(10.0..=200.0, 50.0).by(Role::Operator).by_steps_of(50.0),
        /// P-211, volume of a stroke.
        pub stroke: Millilitres = between(0.05..=5.0, 0.93).by_steps_of(0.5),
        /// Most PAC in an hour, at 5 m³/h nominal; scales with it.
        pub hourly_cap: Grams = between(10.0..=350.0, 350.0),
        /// Most PAC in a day, at 5 m³/h nominal; scales with it.
        pub daily_cap: Grams = between(100.0..=5000.0, 5000.0),
        /// Longest dosing without a pause.
        pub on_time_max: Duration = between(3600.0..=172_800.0, 172_800.0),
    }
}

retained! {
    /// The dosing guard's ledger, and the trim: a restart gives nothing back.
    pub struct Retained {
        /// P-211, PAC moved in the last hour.
        pub mass_hour: Grams = kept().within(0.0..=1e6),
        /// P-211, PAC moved in the last day.
        pub mass_day: Grams = kept().within(0.0..=1e6),
        /// Factor of the slow trim on the table.
        pub trim: Ratio = kept().within(0.0..=10.0),
        /// FIT-101, for how long PAC has been dosed by the speed of the pump; a meter that works again ends it.
        pub derived_for: Duration = kept().within(0.0..=1e9).else_is(1800.0),
        /// AIT-101, last good raw turbidity; its scale and the 2 % above it that still count (R-2.12-04).
        pub last_turbidity: Ntu = kept().within(0.0..=4080.0),
        /// AIT-101, time left in which it counts.
        pub last_turbidity_left: Duration = kept().within(0.0..=3600.0),
        /// AIT-101, raw turbidity tested by hand.
        pub hand_turbidity: Ntu = kept().within(0.0..=4000.0),
        /// AIT-101, time left in which it counts.
        pub hand_turbidity_left: Duration = kept().within(0.0..=5400.0),
    }
}

/// Everything that may keep PAC from being dosed (`docs/spec/plant.md` 2.4).
const PERMISSIVES: Reasons = Column::Coagulant.interlocks().and(Reasons::all(&[
    Reason::CoagulantEmpty,
    Reason::FlowUnknown,
    Reason::TurbidityUnknown,
    Reason::NoDemand,
    Reason::NoFlow,
    Reason::HourlyCapReached,
    Reason::NotOnRecord,
    Reason::CoagulantMissing,
    Reason::CoagulantPumpUnavailable,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What the doser does.
    pub struct Status {
        /// State of the PAC dosing.
        pub state: State = shown(),
        /// What keeps it from dosing.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// PAC dose the raw water needs.
        pub dose: MilligramsPerLitre = shown().span(0.0..=60.0),
        /// What the table says of this turbidity and season, without the trim.
        pub table_dose: MilligramsPerLitre = shown().span(0.0..=60.0),
        /// PAC solution pumped.
        pub flow: LitresPerHour = shown().span(0.0..=10.0),
        /// Raw turbidity the dose is decided on.
        pub turbidity: Signal<Ntu> = shown().span(0.0..=1000.0),
        /// Time left of what serves for AIT-101: its last value, or a test by hand.
        pub turbidity_left: Duration = shown().span(0.0..=5400.0),
        /// Time left on the flow derived from the speed.
        pub derived_left: Duration = shown().span(0.0..=1800.0),
        /// A jar test waits for a Supervisor.
        pub jar_test_waits: bool = shown(),
    }
}

alarms! {
    /// Alarms of coagulation.
    pub struct Alarms {
        /// FS-211, PAC not dosing.
        pub not_dosing: Condition =
            alarm(201, Priority::P1).delays_s(0.0, 30.0).explained_by(&[203])
                .trips(TripGroup::RawWater),
        /// LT-211, PAC low.
        pub stock_low: Condition = alarm(202, Priority::P3).delays_s(60.0, 60.0),
        /// LSLL-211, PAC empty.
        pub stock_empty: Condition =
            alarm(203, Priority::P1).delays_s(5.0, 60.0).trips(TripGroup::RawWater),
        /// AIT-203, PAC weak or overdosed.
        pub drifts: Condition = alarm(209, Priority::P3),
        /// P-211, PAC cap reached, dosing stopped.
        pub cap_reached: Condition = alarm(210, Priority::P1).latching().trips(TripGroup::RawWater),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// The raw flow all logic judges.
    pub raw_flow: Signal<CubicMetresPerHour>,
    pub raw_turbidity: Signal<Ntu>,
    /// AIT-203.
    pub settled: Signal<Ntu>,
    /// Every filter in service, two at least, was stopped for its water: what they share is the coagulant.
    pub filters_cloudy: bool,
    /// A storm is on its way, or here (R-2.14-06).
    pub storm: bool,
    /// P-101 is proven running: without that nothing is dosed, whatever the meter says.
    pub intake_on: bool,
    /// Causes that hold the coagulant.
    pub holds: Reasons,
    /// The dosing guard has stopped this chemical.
    pub cap_reached: bool,
    /// Nobody knows what moved before: the guard lets nothing through for an hour.
    pub record_lost: bool,
    /// What the day tank's books say.
    pub stock: Told,
    pub reset: bool,
}

/// Doses PAC.
#[derive(Default)]
pub struct Coagulation {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub calibration: calibration::Coagulation,
    pub doser: DosingPump,
    /// Not this unit's: the plant lets it have the last word on the doser.
    pub guard: Guard,
    pub mixer: Motor,
    pub jar_test: Box<[JarTest]>,
    sequence: Timed<Sequence>,
    turbidity: DoseTurbidity,
    dose: Ramp,
    dose_known: bool,
    falling: Ahead,
    derived_for: Duration,
    metered: Sustained,
    mixing: Duration,
    effect: Effect,
    since_look: Duration,
    unready: Reasons,
    /// T-211 was empty, and nobody has filled it since.
    empty: bool,
}
parts! { Coagulation {
    handling, inputs, settings, retained, status, alarms;
    one: calibration = Group::single("calibration", "U-210"),
         doser = Group::single("doser", "P-211").held_by(Column::Coagulant),
         guard = Group::single("guard", "P-211"),
         mixer = Group::single("mixer", "M-211").held_by(Column::Mixer);
    many: jar_test = Group::numbered("jar_test", "U-210");
    maybe: ;
    sequence, turbidity, dose, dose_known, falling, derived_for, metered, mixing, effect, since_look, unready, empty
} }

/// Dosing starts above 1.0 m³/h of 5 and stops below 0.8 (R-2.4-08).
const START_SHARE: f64 = 0.2;
const STOP_SHARE: f64 = 0.16;
/// A flow meter follows so slowly (`docs/spec/plant.md` 6.11).
const METER_LAG: Duration = Duration::from_secs(2);
/// Longest dosing on the derived flow alone, until FIT-101 has been good for so long again (R-2.4-08; the latter chosen).
const DERIVED_MAX: Duration = Duration::from_secs(1800);
const METERED_FOR: Duration = Duration::from_secs(60);
/// Slew of the dose, mg/l a second (R-2.4-05).
const SLEW_UP: f64 = 10.0 / 60.0;
const SLEW_DOWN: f64 = 2.0 / 60.0;
/// What the pump can do (`docs/spec/plant.md` 1.3).
const FLOW_MAX: LitresPerHour = LitresPerHour(10.0);
const STROKES_MAX: StrokesPerMinute = StrokesPerMinute(180.0);
/// The mixer runs two minutes an hour, and after a refill (`docs/spec/plant.md` 2.11).
const MIX_EVERY: Duration = Duration::from_secs(3600);
const MIX_FOR: Duration = Duration::from_secs(120);
/// Slow judgements, once a second (class C, R-2.0-01).
const LOOK: Duration = Duration::from_secs(1);

impl Coagulation {
    /// With room for its jar tests.
    #[must_use]
    pub fn new() -> Coagulation {
        Coagulation { jar_test: table::jar_tests(), ..Coagulation::default() }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        self.remember_empty();
        if around.reset {
            self.reset_effect();
            self.derived_for = Duration::ZERO;
        }
        self.status.turbidity =
            self.turbidity.follow(around.raw_turbidity, turbidity::fall(around.storm), elapsed);
        self.unready = self.judge_ready(&around, elapsed);
        let blocked = self.blocked(&around);
        let flow = around.raw_flow.usable().unwrap_or_default();
        let scan = Scan {
            in_state: self.sequence.in_state(),
            free: blocked.is_empty(),
            flow_starts: flow > around.nominal * START_SHARE,
            flow_stays: flow >= around.nominal * STOP_SHARE
                && self.flow_ahead(flow, elapsed) >= around.nominal * STOP_SHARE,
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let dose = self.slewed_dose(elapsed);
        let needed = self.strokes(pumped(dose, flow, around.stock.strength));
        let strokes = match state {
            State::Dosing {} => {
                self.by_hand().map_or(needed, |wish| STROKES_MAX * (wish.0 / 100.0))
            }
            State::Off {} | State::Proving {} => StrokesPerMinute::ZERO,
        };
        self.watch_starving(&around, flow, needed.0, elapsed);
        self.doser.scan(strokes, elapsed);
        self.since_look = self.since_look.saturating_add(elapsed);
        if self.since_look >= LOOK {
            self.watch_effect(&around, state == (State::Dosing {}), self.since_look);
            self.show_slowly();
        }
        self.mix(&around, stagger, elapsed);
        self.handling.elapse(Percent::ZERO, elapsed);
        self.status.state = state;
        self.status.blocked =
            blocked.and(self.handling.why()).and_if(!scan.flow_stays, Reason::NoFlow);
        self.status.dose = dose;
        self.status.flow = self.solution(strokes);
        self.raise(&around);
    }

    /// After a restart what was known of the raw water is as much older; nobody knows how much: it counts no longer (R-2.10-08).
    pub fn restored(&mut self, age: Option<Duration>) {
        self.derived_for = self.retained.derived_for;
        let left = |left: Duration| age.map_or(Duration::ZERO, |age| left.saturating_sub(age));
        self.turbidity = DoseTurbidity::recalled(turbidity::Kept {
            last: self.retained.last_turbidity,
            last_left: left(self.retained.last_turbidity_left),
            tested: self.retained.hand_turbidity,
            hand_left: left(self.retained.hand_turbidity_left),
        });
    }

    /// What people read, and ages by the second.
    fn show_slowly(&mut self) {
        let turbidity = self.status.turbidity.usable();
        self.status.table_dose =
            turbidity.map_or(MilligramsPerLitre::ZERO, |turbidity| self.table_dose(turbidity));
        self.status.turbidity_left = self.turbidity.left();
        let kept = self.turbidity.kept();
        self.retained.derived_for = self.derived_for;
        self.retained.last_turbidity = kept.last;
        self.retained.last_turbidity_left = kept.last_left;
        self.retained.hand_turbidity = kept.tested;
        self.retained.hand_turbidity_left = kept.hand_left;
        self.status.derived_left = DERIVED_MAX.saturating_sub(self.derived_for);
        for test in &mut self.jar_test {
            test.retained.age = test.retained.age.saturating_add(self.since_look);
        }
        let last = self.jar_test.first().map(|test| test.retained).unwrap_or_default();
        self.status.jar_test_waits = last.raw > Ntu::ZERO && !last.in_use && last.point.0 == 0.0;
        self.since_look = Duration::ZERO;
    }

    fn raise(&mut self, around: &Around) {
        self.alarms = Alarms {
            not_dosing: Condition::when(self.doser.is_impaired() || self.is_starved()),
            stock_low: around.stock.low(self.inputs.tank_level),
            stock_empty: Condition::when(self.is_empty()),
            drifts: Condition::when(self.drifts()),
            cap_reached: Condition::when(around.cap_reached),
        };
    }

    fn mix(&mut self, around: &Around, stagger: &mut Stagger, elapsed: Duration) {
        self.mixing = self.mixing.saturating_add(elapsed);
        if self.mixing >= MIX_EVERY {
            self.mixing = Duration::ZERO;
        }
        let free = around.holds.is_empty() && !self.is_empty();
        let due = self.mixing < MIX_FOR || around.stock.mix;
        let ask = Ask::when(free && due).or_by_hand(around.holds);
        self.mixer.scan(ask, Limits::SMALL, stagger, elapsed);
    }

    // Judgements.

    fn blocked(&self, around: &Around) -> Reasons {
        around
            .holds
            .and(self.unready)
            .and_if(around.raw_flow.usable().is_none(), Reason::FlowUnknown)
            .and_if(!around.intake_on, Reason::NoDemand)
    }

    /// What keeps PAC from being dosed whatever flows: raw water is not taken either, for it is never fed without (INV-8).
    fn judge_ready(&mut self, around: &Around, elapsed: Duration) -> Reasons {
        let derived = is_derived(around.raw_flow);
        if self.metered.holds(!derived, METERED_FOR, elapsed) {
            self.derived_for = Duration::ZERO;
        } else if derived && around.intake_on {
            self.derived_for = self.derived_for.saturating_add(elapsed);
        }
        let handling = &self.doser.handling;
        let idle = handling.is_off() || (handling.is_auto() && !self.handling.is_auto());
        Reasons::NONE
            .and_if(self.is_empty(), Reason::CoagulantEmpty)
            .and_if(self.derived_for >= DERIVED_MAX, Reason::FlowUnknown)
            .and_if(self.status.turbidity.usable().is_none(), Reason::TurbidityUnknown)
            .and_if(around.cap_reached, Reason::HourlyCapReached)
            .and_if(around.record_lost, Reason::NotOnRecord)
            .and_if(idle || self.doser.has_failed(), Reason::CoagulantPumpUnavailable)
            .and_if(self.is_starved(), Reason::CoagulantMissing)
    }

    /// The flow that a meter will show when it has caught up with one that falls: `flow + lag · d(flow)/dt`.
    fn flow_ahead(&mut self, flow: CubicMetresPerHour, elapsed: Duration) -> CubicMetresPerHour {
        CubicMetresPerHour(self.falling.of(flow.0, METER_LAG, elapsed))
    }

    /// Why raw water would get no PAC, as of the last scan.
    #[must_use]
    pub fn unready(&self) -> Reasons {
        self.unready
    }

    /// A pump can be had, now or by hand.
    #[must_use]
    pub fn is_available(&self) -> bool {
        !self.doser.has_failed()
    }

    /// T-211 below 5 % or its float down; a level that is not known does not stop it while the float is up.
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

    fn slewed_dose(&mut self, elapsed: Duration) -> MilligramsPerLitre {
        let Some(turbidity) = self.status.turbidity.usable() else {
            return MilligramsPerLitre(self.dose.value());
        };
        let table = self.table_dose(turbidity);
        let needed = (table * self.trim_factor().0).within(DOSE_LOW, DOSE_HIGH);
        if !self.dose_known {
            self.dose.set(needed.0);
            self.dose_known = true;
        }
        MilligramsPerLitre(self.dose.follow(needed.0, SLEW_UP, SLEW_DOWN, elapsed))
    }

    /// l/h × 1 000 ml/l ÷ 60 min/h ÷ ml = strokes a minute.
    fn strokes(&self, pumped: LitresPerHour) -> StrokesPerMinute {
        StrokesPerMinute(pumped.0 * 1000.0 / 60.0 / self.settings.stroke.0)
            .within(StrokesPerMinute(0.0), STROKES_MAX)
    }

    /// Strokes a minute × ml × 60 min/h ÷ 1 000 ml/l = l/h.
    fn solution(&self, strokes: StrokesPerMinute) -> LitresPerHour {
        LitresPerHour(strokes.0 * self.settings.stroke.0 * 60.0 / 1000.0)
            .within(LitresPerHour(0.0), FLOW_MAX)
    }

    /// It doses, and strokes are confirmed.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.status.state == (State::Dosing {}) && self.doser.is_confirmed()
    }
}

/// mg/l × m³/h ÷ g/l = l/h.
fn pumped(
    dose: MilligramsPerLitre,
    flow: CubicMetresPerHour,
    strength: GramsPerLitre,
) -> LitresPerHour {
    LitresPerHour(dose.0 * flow.0 / strength.0).within(LitresPerHour(0.0), FLOW_MAX)
}
