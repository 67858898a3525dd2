//! Coagulation: PAC solution in proportion to raw flow, at a dose decided by raw turbidity.
//!
//! ```text
//! Off -> Proving (flow for 10 s) -> Dosing -> Off (flow lost, held, tank empty)
//! ```
//! In: raw flow and turbidity from the intake, T-211. Out: P-211 strokes a minute, mixer. `docs/spec/plant.md` 2.4.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority, TripGroup};
use crate::block::{Lag, Ramp, Sustained, Timed, interpolate};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, parts, retained, settings, shown,
    states, status,
};
use crate::device::{Ask, DosingPump, Handling, Limits, Motor, Stagger};
use crate::interlock::Column;
use crate::quantity::{
    CubicMetresPerHour, Grams, GramsPerLitre, LitresPerHour, MilligramsPerLitre, Millilitres, Ntu,
    Percent, Ratio, StrokesPerMinute,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};
use crate::unit::chemicals::Told;

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
        /// Strength of the day tank, PAC product.
        pub stock: GramsPerLitre = between(10.0..=200.0, 50.0).by(Role::Operator),
        /// P-211, volume of a stroke.
        pub stroke: Millilitres = between(0.05..=5.0, 0.93),
        /// Most PAC in an hour, at 5 m³/h nominal; scales with it.
        pub hourly_cap: Grams = between(10.0..=350.0, 350.0),
        /// Most PAC in a day, at 5 m³/h nominal; scales with it.
        pub daily_cap: Grams = between(100.0..=5000.0, 5000.0),
        /// Longest dosing without a pause.
        pub on_time_max: Duration = between(3600.0..=345_600.0, 172_800.0),
    }
}

retained! {
    /// The dosing guard's ledger: a restart gives nothing back.
    pub struct Retained {
        /// P-211, PAC moved in the last hour.
        pub mass_hour: Grams = kept(),
        /// P-211, PAC moved in the last day.
        pub mass_day: Grams = kept(),
    }
}

status! {
    /// What the doser does.
    pub struct Status {
        /// State of the PAC dosing.
        pub state: State = shown(),
        /// What keeps it from dosing.
        pub blocked: Reasons = shown(),
        /// PAC dose the raw water needs.
        pub dose: MilligramsPerLitre = shown().span(0.0..=60.0),
        /// PAC solution pumped.
        pub flow: LitresPerHour = shown().span(0.0..=10.0),
        /// Raw turbidity the dose is decided on.
        pub turbidity: Signal<Ntu> = shown().span(0.0..=1000.0),
    }
}

alarms! {
    /// Alarms of coagulation.
    pub struct Alarms {
        /// LT-211, PAC low.
        pub stock_low: Condition = alarm(202, Priority::P3).delays_s(60.0, 60.0),
        /// LSLL-211, PAC empty.
        pub stock_empty: Condition =
            alarm(203, Priority::P1).delays_s(5.0, 60.0).trips(TripGroup::RawWater),
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
    /// P-101 is asked to run: without that nothing is dosed, whatever the meter says.
    pub intake_on: bool,
    /// Causes that hold the coagulant.
    pub holds: Reasons,
    /// The dosing guard has stopped this chemical.
    pub cap_reached: bool,
    /// What the day tank's books say.
    pub stock: Told,
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
    pub doser: DosingPump,
    pub mixer: Motor,
    sequence: Timed<Sequence>,
    turbidity: DoseTurbidity,
    dose: Ramp,
    dose_known: bool,
    on_derived: Sustained,
    mixing: Duration,
}
parts! { Coagulation {
    handling, inputs, settings, retained, status, alarms;
    one: doser = Group::single("doser", "P-211").held_by(Column::Coagulant),
         mixer = Group::single("mixer", "M-211").held_by(Column::Positions);
    many: ; maybe: ;
    sequence, turbidity, dose, dose_known, on_derived, mixing
} }

/// Flow must be seen this long before dosing (`docs/spec/plant.md` 2.4).
const FLOW_PROOF: Duration = Duration::from_secs(10);
/// Dosing starts above 1.0 m³/h of 5 and stops below 0.8.
const START_SHARE: f64 = 0.2;
const STOP_SHARE: f64 = 0.16;
/// Longest dosing on the derived flow alone.
const DERIVED_MAX: Duration = Duration::from_secs(1800);
/// Without AIT-101 the last value plus a fifth serves this long (`docs/spec/plant.md` 2.12).
const LAST_GOOD_MAX: Duration = Duration::from_secs(3600);
const LAST_GOOD_FACTOR: f64 = 1.2;
/// Dose limits and slew, mg/l and mg/l a minute.
const DOSE_LOW: f64 = 3.0;
const DOSE_HIGH: f64 = 60.0;
const SLEW_UP: f64 = 10.0 / 60.0;
const SLEW_DOWN: f64 = 2.0 / 60.0;
/// The mixer runs two minutes an hour, and after a refill (`docs/spec/plant.md` 2.11).
const MIX_EVERY: Duration = Duration::from_secs(3600);
const MIX_FOR: Duration = Duration::from_secs(120);

impl Coagulation {
    /// One scan.
    pub fn scan(&mut self, around: Around, stagger: &mut Stagger, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        self.status.turbidity = self.turbidity.follow(around.raw_turbidity, elapsed);
        let derived = matches!(around.raw_flow, Signal::Uncertain(..));
        let derived_too_long = self.on_derived.holds(derived, DERIVED_MAX, elapsed);
        let blocked = self.blocked(&around, derived_too_long);
        let flow = around.raw_flow.usable().unwrap_or_default();
        let scan = Scan {
            in_state: self.sequence.in_state(),
            free: blocked.is_empty(),
            flow_starts: flow > around.nominal * START_SHARE,
            flow_stays: flow >= around.nominal * STOP_SHARE,
        };
        let trip = (!blocked.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let dose = self.slewed_dose(elapsed);
        let pumped = match state {
            State::Dosing {} => pumped(dose, flow, around.stock.strength),
            State::Off {} | State::Proving {} => LitresPerHour::ZERO,
        };
        self.doser.scan(self.strokes(pumped), elapsed);
        self.mix(&around, stagger, elapsed);
        self.status = Status {
            state,
            blocked: blocked.and_if(!scan.flow_stays, Reason::NoFlow),
            dose,
            flow: pumped,
            turbidity: self.status.turbidity,
        };
        self.alarms = Alarms {
            stock_low: around.stock.low(self.inputs.tank_level),
            stock_empty: Condition::when(self.is_empty()),
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

    fn blocked(&self, around: &Around, derived_too_long: bool) -> Reasons {
        around
            .holds
            .and_if(self.is_empty(), Reason::CoagulantEmpty)
            .and_if(around.raw_flow.usable().is_none() || derived_too_long, Reason::FlowUnknown)
            .and_if(self.status.turbidity.usable().is_none(), Reason::TurbidityUnknown)
            .and_if(!around.intake_on, Reason::NoDemand)
            .and_if(around.cap_reached, Reason::HourlyCapReached)
    }

    /// T-211 below 5 % or its float down; a level that is not known does not stop it while the float is up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.inputs.tank_low_low.closed()
            || self.inputs.tank_level.usable().is_some_and(|level| !(level >= Percent(5.0)))
    }

    fn slewed_dose(&mut self, elapsed: Duration) -> MilligramsPerLitre {
        let Some(turbidity) = self.status.turbidity.usable() else {
            return MilligramsPerLitre(self.dose.value());
        };
        let needed = self.table_dose(turbidity).0;
        if !self.dose_known {
            self.dose.set(needed);
            self.dose_known = true;
        }
        MilligramsPerLitre(self.dose.follow(needed, SLEW_UP, SLEW_DOWN, elapsed))
    }

    /// The table, linear in the square root of turbidity, times the season.
    #[must_use]
    pub fn table_dose(&self, turbidity: Ntu) -> MilligramsPerLitre {
        let table = &self.settings;
        let points = [
            (2.0, table.dose_at_2),
            (5.0, table.dose_at_5),
            (10.0, table.dose_at_10),
            (20.0, table.dose_at_20),
            (50.0, table.dose_at_50),
            (100.0, table.dose_at_100),
            (200.0, table.dose_at_200),
            (300.0, table.dose_at_300),
            (500.0, table.dose_at_500),
            (1000.0, table.dose_at_1000),
        ]
        .map(|(ntu, dose)| (libm::sqrt(ntu), dose.0));
        let root = libm::sqrt(turbidity.within(Ntu(0.0), Ntu(4000.0)).0);
        MilligramsPerLitre(interpolate(&points, root) * self.settings.season.0)
            .within(MilligramsPerLitre(DOSE_LOW), MilligramsPerLitre(DOSE_HIGH))
    }

    /// l/h × 1 000 ml/l ÷ 60 min/h ÷ ml = strokes a minute.
    fn strokes(&self, pumped: LitresPerHour) -> StrokesPerMinute {
        StrokesPerMinute(pumped.0 * 1000.0 / 60.0 / self.settings.stroke.0)
            .within(StrokesPerMinute(0.0), StrokesPerMinute(180.0))
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
    LitresPerHour(dose.0 * flow.0 / strength.0).within(LitresPerHour(0.0), LitresPerHour(10.0))
}

/// Raw turbidity for the dose: median of a minute, then quick up and slow down, so that a spike is never followed by too
/// little.
#[derive(Clone, Copy, Debug, Default)]
struct DoseTurbidity {
    ring: [f64; 12],
    filled: usize,
    at: usize,
    since_sample: Duration,
    lag: Lag,
    bad_for: Duration,
}

impl DoseTurbidity {
    const SAMPLE: Duration = Duration::from_secs(5);
    const RISE: Duration = Duration::from_secs(30);
    const FALL: Duration = Duration::from_secs(600);

    fn follow(&mut self, raw: Signal<Ntu>, elapsed: Duration) -> Signal<Ntu> {
        self.since_sample = self.since_sample.saturating_add(elapsed);
        let Some(value) = raw.usable() else {
            self.bad_for = self.bad_for.saturating_add(elapsed);
            return match self.lag.value() {
                Some(last) if self.bad_for <= LAST_GOOD_MAX => {
                    Signal::Uncertain(Ntu(last * LAST_GOOD_FACTOR), crate::signal::Doubt::Fallback)
                }
                Some(_) | None => Signal::Bad(crate::signal::Fault::Computed),
            };
        };
        self.bad_for = Duration::ZERO;
        if self.filled == 0 || self.since_sample >= DoseTurbidity::SAMPLE {
            self.since_sample = Duration::ZERO;
            self.ring[self.at] = value.0;
            self.at = (self.at + 1) % self.ring.len();
            self.filled = self.ring.len().min(self.filled + 1);
        }
        let median = self.median();
        let smooth = self.lag.follow(median, DoseTurbidity::RISE, DoseTurbidity::FALL, elapsed);
        Signal::new(smooth, raw.quality())
    }

    fn median(&self) -> f64 {
        let mut sorted = self.ring;
        let known = &mut sorted[..self.filled];
        known.sort_unstable_by(f64::total_cmp);
        known.get(self.filled / 2).copied().unwrap_or(0.0)
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    free: bool,
    flow_starts: bool,
    flow_stays: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the doser.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, Proving, Dosing } }

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "in_service")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.free && scan.flow_starts => Transition(State::proving()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn proving(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.flow_starts => Transition(State::off()),
            Event::Scan(scan) if scan.in_state >= FLOW_PROOF => Transition(State::dosing()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn dosing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.flow_stays => Transition(State::off()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn in_service(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip => Transition(State::off()),
            Event::Scan(_) => Handled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dose_follows_the_table_between_its_points() {
        let coagulation = Coagulation::default();
        for (ntu, dose) in
            [(0.0, 5.0), (2.0, 5.0), (10.0, 7.0), (20.0, 9.0), (1000.0, 42.0), (4000.0, 42.0)]
        {
            assert!((coagulation.table_dose(Ntu(ntu)).0 - dose).abs() < 1e-9, "{ntu}");
        }
        let between = coagulation.table_dose(Ntu(32.0)).0;
        let expected = 9.0
            + 3.0 * (libm::sqrt(32.0) - libm::sqrt(20.0)) / (libm::sqrt(50.0) - libm::sqrt(20.0));
        assert!((between - expected).abs() < 1e-9);
    }

    #[test]
    fn doses_once_flow_is_proven_and_stops_in_the_scan_it_is_lost() {
        for (how_lost, flow) in [
            ("too slow", Signal::Good(CubicMetresPerHour(0.79))),
            ("not a number", Signal::Good(CubicMetresPerHour(f64::NAN))),
            ("dead transmitter", Signal::Bad(crate::signal::Fault::Stale)),
        ] {
            let mut coagulation = fed();
            assert_eq!(run_s(&mut coagulation, 9, FLOWING), 0.0, "{how_lost}");
            // 9 mg/l × 5 m³/h ÷ 50 g/l = 0.9 l/h = 16.1 strokes of 0.93 ml a minute.
            assert!((run_s(&mut coagulation, 5, FLOWING) - 16.13).abs() < 0.1, "{how_lost}");
            assert_eq!(
                run_s(&mut coagulation, 1, Around { raw_flow: flow, ..FLOWING }),
                0.0,
                "{how_lost}"
            );
        }
    }

    #[test]
    fn doses_on_the_derived_flow_for_half_an_hour() {
        let derived = Around {
            raw_flow: Signal::Uncertain(CubicMetresPerHour(3.5), crate::signal::Doubt::Fallback),
            ..FLOWING
        };
        let mut coagulation = fed();
        run_s(&mut coagulation, 20, FLOWING);
        assert!(run_s(&mut coagulation, 1790, derived) > 0.0);
        assert_eq!(run_s(&mut coagulation, 20, derived), 0.0);
    }

    #[test]
    fn without_the_analyser_doses_a_fifth_more_than_before_for_an_hour() {
        let blind = Around { raw_turbidity: Signal::Bad(crate::signal::Fault::Stale), ..FLOWING };
        let mut coagulation = fed();
        run_s(&mut coagulation, 20, FLOWING);
        run_s(&mut coagulation, 60, blind);
        assert!(coagulation.status.dose > coagulation.table_dose(Ntu(20.0)));
        assert_eq!(run_s(&mut coagulation, 3600, blind), 0.0);
    }

    #[test]
    fn an_empty_tank_or_an_unknown_float_stops_the_pump() {
        for (low_low, level) in
            [(Signal::Good(false), 50.0), (Signal::default(), 50.0), (Signal::Good(true), 4.0)]
        {
            let mut coagulation = fed();
            run_s(&mut coagulation, 20, FLOWING);
            coagulation.inputs.tank_low_low = low_low;
            coagulation.inputs.tank_level = Signal::Good(Percent(level));
            assert_eq!(run_s(&mut coagulation, 1, FLOWING), 0.0);
        }
    }

    const FLOWING: Around = Around {
        nominal: CubicMetresPerHour(5.0),
        raw_flow: Signal::Good(CubicMetresPerHour(5.0)),
        raw_turbidity: Signal::Good(Ntu(20.0)),
        intake_on: true,
        holds: Reasons::NONE,
        cap_reached: false,
        stock: Told::of(GramsPerLitre(50.0)),
    };

    /// R-2.4-01, R-2.11-02: the pump counts on the strength the day tank has; a tank that does not last two days is called out.
    #[test]
    fn the_pump_counts_on_the_strength_of_the_day_tank() {
        let with = |strength: f64| {
            let mut coagulation = fed();
            let stock = Told { short: Condition::Active, ..Told::of(GramsPerLitre(strength)) };
            let rate = run_s(&mut coagulation, 20, Around { stock, ..FLOWING });
            assert_eq!(coagulation.alarms.stock_low, Condition::Active);
            rate
        };
        assert!((with(40.0) / with(50.0) - 1.25).abs() < 1e-6);
    }

    /// R-2.11-05: M-211 runs two minutes an hour, and as long as a refill asks for it; never with the tank empty.
    #[test]
    fn the_mixer_runs_two_minutes_an_hour_and_after_a_refill() {
        for (mix, empty, minutes) in [(false, false, 2), (true, false, 60), (true, true, 0)] {
            let mut coagulation = fed();
            coagulation.inputs.tank_low_low = Signal::Good(!empty);
            let around = Around { stock: Told { mix, ..FLOWING.stock }, ..FLOWING };
            let mut stagger = Stagger::default();
            stagger.elapse(Duration::ZERO, Duration::from_secs(60));
            let mut seconds = 0;
            for _ in 0..3600 {
                stagger.elapse(Duration::ZERO, Duration::from_secs(1));
                coagulation.scan(around, &mut stagger, Duration::from_secs(1));
                let runs = coagulation.mixer.outputs.run.value();
                coagulation.mixer.inputs.running = Signal::Good(runs);
                seconds += u32::from(runs);
            }
            let found = f64::from(seconds) / 60.0;
            assert!((found - f64::from(minutes)).abs() < 0.1, "{found} min of {minutes}");
        }
    }

    fn fed() -> Coagulation {
        let inputs =
            Inputs { tank_level: Signal::Good(Percent(60.0)), tank_low_low: Signal::Good(true) };
        Coagulation { inputs, ..Coagulation::default() }
    }

    /// Scans once a second; the last rate, strokes a minute.
    fn run_s(coagulation: &mut Coagulation, seconds: u32, around: Around) -> f64 {
        let mut stagger = Stagger::default();
        for _ in 0..seconds {
            coagulation.scan(around, &mut stagger, Duration::from_secs(1));
        }
        coagulation.doser.outputs.rate.value().0
    }
}
