//! Disinfection: hypochlorite in proportion to filtered flow, and what contact time makes of it.
//!
//! ```text
//! Off -> NoFlowHold (waiting for filtered water) <-> Dosing        any --(held, tank empty)--> Off
//! Off, NoFlowHold --(a person primes)--> Priming (60 s at full stroke) -> Off
//! ```
//! In: filtered flow, residuals, T-411. Out: P-411 strokes a minute. `docs/spec/plant.md` 2.7.

use core::time::Duration;

use statig::prelude::*;

use crate::alarm::{Condition, Priority};
use crate::block::{Lag, Timed};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, parts, retained, settings, shown,
    states, status,
};
use crate::device::{DosingPump, Handling};
use crate::interlock::Column;
use crate::quantity::{
    Celsius, CubicMetresPerHour, Grams, GramsPerLitre, LitresPerHour, MilligramsPerLitre,
    Millilitres, Percent, Ph, StrokesPerMinute,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::{Group, Role};

inputs! {
    /// Chlorinated water and T-411.
    pub struct Inputs {
        /// AIT-401, free chlorine in the inlet compartment.
        pub chlorine: Signal<MilligramsPerLitre> = measured(0.0..=5.0).every_s(5.0)
            .rate_max(0.00833).not_below(-0.05).stuck_after_s(14_400.0, 0.01),
        /// AIT-403, free chlorine at the clear well's outlet.
        pub outlet_chlorine: Signal<MilligramsPerLitre> = measured(0.0..=5.0).every_s(5.0)
            .rate_max(0.00833).not_below(-0.05).stuck_after_s(14_400.0, 0.01),
        /// AIT-402, pH in the contact tank.
        pub ph: Signal<Ph> = measured(0.0..=14.0).every_s(10.0)
            .rate_max(0.00833).stuck_after_s(86_400.0, 0.01),
        /// TT-401, temperature in the contact tank.
        pub temperature: Signal<Celsius> = measured(0.0..=50.0).every_s(10.0).rate_max(0.0167),
        /// LT-411, hypochlorite tank level.
        pub tank_level: Signal<Percent> = measured(0.0..=100.0).every_s(10.0),
        /// LSLL-411, hypochlorite tank above low-low; opens to trip.
        pub tank_low_low: Signal<bool> = contact(),
    }
}

settings! {
    /// Target, stock, caps.
    pub struct Settings {
        /// AIT-401, residual aimed at.
        pub residual_target: MilligramsPerLitre = between(0.5..=2.0, 0.9).by(Role::Operator).by_steps_of(0.5),
        /// Strength of the day tank, as Cl₂.
        pub stock: GramsPerLitre = between(1.0..=50.0, 10.0).by(Role::Operator),
        /// P-411, volume of a stroke.
        pub stroke: Millilitres = between(0.05..=5.0, 0.46),
        /// AIT-403, residual low.
        pub chlorine_low: MilligramsPerLitre = between(0.3..=1.0, 0.5).by(Role::Supervisor),
        /// AIT-403, residual high.
        pub chlorine_high: MilligramsPerLitre = between(1.0..=3.0, 2.0).by(Role::Supervisor),
        /// Most chlorine in an hour, at 5 m³/h nominal; scales with it.
        pub hourly_cap: Grams = between(1.0..=30.0, 30.0),
        /// Most chlorine in a day, at 5 m³/h nominal; scales with it.
        pub daily_cap: Grams = between(10.0..=400.0, 400.0),
        /// Longest dosing without a pause.
        pub on_time_max: Duration = between(3600.0..=345_600.0, 172_800.0),
    }
}

retained! {
    /// The dosing guard's ledger: a restart gives nothing back.
    pub struct Retained {
        /// P-411, Chlorine moved in the last hour.
        pub mass_hour: Grams = kept(),
        /// P-411, Chlorine moved in the last day.
        pub mass_day: Grams = kept(),
    }
}

status! {
    /// What the doser does.
    pub struct Status {
        /// State of the chlorine dosing.
        pub state: State = shown(),
        /// What keeps it from dosing.
        pub blocked: Reasons = shown(),
        /// Chlorine dose.
        pub dose: MilligramsPerLitre = shown().span(0.0..=5.0),
        /// Demand of the water, estimated slowly.
        pub demand: MilligramsPerLitre = shown().span(0.0..=2.5),
        /// Hypochlorite pumped.
        pub flow: LitresPerHour = shown().span(0.0..=5.0),
    }
}

alarms! {
    /// Alarms of disinfection.
    pub struct Alarms {
        /// AIT-403, chlorine low.
        pub residual_low: Condition = alarm(401, Priority::P2).delays_s(600.0, 300.0),
        /// AIT-403, chlorine too low, delivery stopped.
        pub chlorine_too_low: Condition = alarm(402, Priority::P1).delays_s(0.0, 0.0),
        /// AIT-403, chlorine high.
        pub residual_high: Condition = alarm(403, Priority::P2).delays_s(600.0, 300.0),
        /// AIT-403, chlorine dangerous, stopped.
        pub chlorine_dangerous: Condition = alarm(404, Priority::P1).latching(),
        /// LT-411, chlorine tank low.
        pub stock_low: Condition = alarm(408, Priority::P3).delays_s(60.0, 60.0),
        /// LSLL-411, chlorine tank empty.
        pub stock_empty: Condition = alarm(409, Priority::P1).delays_s(5.0, 60.0),
        /// P-411, chlorine cap reached, dosing stopped.
        pub cap_reached: Condition = alarm(418, Priority::P1).latching(),
    }
}

/// What others contribute.
#[derive(Clone, Copy)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    /// Flow through the outlets of the filters in service.
    pub filtered_flow: Signal<CubicMetresPerHour>,
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
    /// A person asks to prime the pump, this scan.
    pub prime: bool,
}

/// Doses hypochlorite.
#[derive(Default)]
pub struct Disinfection {
    pub handling: Handling,
    pub inputs: Inputs,
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub doser: DosingPump,
    sequence: Timed<Sequence>,
    demand: Lag,
}
parts! { Disinfection {
    handling, inputs, settings, retained, status, alarms;
    one: doser = Group::single("doser", "P-411").held_by(Column::Hypochlorite);
    many: ; maybe: ;
    sequence, demand
} }

/// Hypo stops below 0.3 m³/h of 5 and starts above 0.5 (`docs/spec/plant.md` 2.7.1, 2.2.1 ST6).
const STOP_SHARE: f64 = 0.06;
const START_SHARE: f64 = 0.1;
/// Dose limits (`docs/spec/plant.md` 2.7.1).
const DOSE_LOW: MilligramsPerLitre = MilligramsPerLitre(0.3);
const DOSE_HIGH: MilligramsPerLitre = MilligramsPerLitre(5.0);
/// Demand before it has been estimated, its limits and its time (`docs/spec/plant.md` 2.7.1).
const DEMAND_FIRST: MilligramsPerLitre = MilligramsPerLitre(0.6);
const DEMAND_LOW: MilligramsPerLitre = MilligramsPerLitre(0.1);
const DEMAND_HIGH: MilligramsPerLitre = MilligramsPerLitre(2.5);
const DEMAND_TIME: Duration = Duration::from_secs(6 * 3600);
/// The inlet compartment must have been filled with dosed water before its residual says anything of the demand.
const DEMAND_WAIT: Duration = Duration::from_secs(1800);

impl Disinfection {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.sequence.elapse(elapsed);
        let blocked = self.blocked(&around);
        let trips = blocked.without(Reasons::only(Reason::FlowUnknown));
        let flow = around.filtered_flow.usable().unwrap_or_default();
        let scan = Scan {
            in_state: self.sequence.in_state(),
            free: blocked.is_empty() && around.run,
            flow_starts: flow > around.nominal * START_SHARE,
            flow_stays: flow >= around.nominal * STOP_SHARE,
            run: around.run,
            prime: around.prime && trips.is_empty(),
        };
        let trip = (!trips.is_empty()).then_some(Event::Trip);
        let state = self.sequence.advance(trip.as_ref(), &Event::Scan(scan));
        let demand = self.estimate(state, elapsed);
        let dose = (self.settings.residual_target + demand).within(DOSE_LOW, DOSE_HIGH);
        let pumped = match state {
            State::Dosing {} => self.pumped(dose, flow),
            State::Priming {} => LitresPerHour(5.0),
            State::Off {} | State::NoFlowHold {} => LitresPerHour::ZERO,
        };
        self.doser.scan(self.strokes(pumped), elapsed);
        self.status = Status {
            state,
            blocked: blocked
                .and_if(!around.run, Reason::NoDemand)
                .and_if(!scan.flow_stays, Reason::NoFlow),
            dose,
            demand,
            flow: pumped,
        };
        self.raise(&around);
    }

    fn raise(&mut self, around: &Around) {
        let outlet = self.inputs.outlet_chlorine;
        self.alarms = Alarms {
            residual_low: outlet
                .below(self.settings.chlorine_low, MilligramsPerLitre(0.1))
                .unless(!around.in_use),
            chlorine_too_low: Condition::when(around.too_low),
            residual_high: outlet.above(self.settings.chlorine_high, MilligramsPerLitre(0.2)),
            chlorine_dangerous: Condition::when(around.dangerous),
            stock_low: self.inputs.tank_level.below(Percent(30.0), Percent(5.0)),
            stock_empty: Condition::when(self.is_empty()),
            cap_reached: Condition::when(around.cap_reached),
        };
    }

    /// Slow average of what disappears between dose and residual.
    fn estimate(&mut self, state: State, elapsed: Duration) -> MilligramsPerLitre {
        let settled = state == (State::Dosing {}) && self.sequence.in_state() >= DEMAND_WAIT;
        if self.demand.value().is_none() {
            self.demand.follow(DEMAND_FIRST.0, DEMAND_TIME, DEMAND_TIME, elapsed);
        }
        if let (true, Some(residual)) = (settled, self.inputs.chlorine.good()) {
            let seen = (self.status.dose - residual).within(DEMAND_LOW, DEMAND_HIGH);
            self.demand.follow(seen.0, DEMAND_TIME, DEMAND_TIME, elapsed);
        }
        MilligramsPerLitre(self.demand.value().unwrap_or(DEMAND_FIRST.0))
            .within(DEMAND_LOW, DEMAND_HIGH)
    }

    // Judgements.

    fn blocked(&self, around: &Around) -> Reasons {
        around
            .holds
            .and_if(self.is_empty(), Reason::ChlorineEmpty)
            .and_if(around.filtered_flow.usable().is_none(), Reason::FlowUnknown)
            .and_if(around.cap_reached, Reason::HourlyCapReached)
    }

    /// T-411 below 5 % or its float down; a level that is not known does not stop it while the float is up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.inputs.tank_low_low.closed()
            || self.inputs.tank_level.usable().is_some_and(|level| !(level >= Percent(5.0)))
    }

    /// At least one residual is beyond doubt.
    #[must_use]
    pub fn residual_known(&self) -> bool {
        self.inputs.chlorine.good().is_some() || self.inputs.outlet_chlorine.good().is_some()
    }

    /// The lower of the two residuals: what contact time is computed with. `None` unless the outlet's is usable.
    #[must_use]
    pub fn lowest_residual(&self) -> Option<MilligramsPerLitre> {
        let outlet = self.inputs.outlet_chlorine.usable()?;
        Some(self.inputs.chlorine.usable().map_or(outlet, |inlet| outlet.or_less(inlet)))
    }

    /// mg/l × m³/h ÷ g/l = l/h.
    fn pumped(&self, dose: MilligramsPerLitre, flow: CubicMetresPerHour) -> LitresPerHour {
        LitresPerHour(dose.0 * flow.0 / self.settings.stock.0)
            .within(LitresPerHour(0.0), LitresPerHour(5.0))
    }

    /// l/h × 1 000 ml/l ÷ 60 min/h ÷ ml = strokes a minute.
    fn strokes(&self, pumped: LitresPerHour) -> StrokesPerMinute {
        StrokesPerMinute(pumped.0 * 1000.0 / 60.0 / self.settings.stroke.0)
            .within(StrokesPerMinute(0.0), StrokesPerMinute(180.0))
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    in_state: Duration,
    free: bool,
    flow_starts: bool,
    flow_stays: bool,
    run: bool,
    prime: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the doser.
#[derive(Default)]
pub struct Sequence;

states! { State { Off, NoFlowHold, Dosing, Priming } }

/// Priming lasts this long (INV-7: at most 60 s a day).
const PRIMING: Duration = Duration::from_secs(60);

/// Filtered flow must be seen this long before hypochlorite is dosed.
const FLOW_PROOF: Duration = Duration::from_secs(10);

#[state_machine(
    initial = "State::off()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "in_service")]
    fn off(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.prime => Transition(State::priming()),
            Event::Scan(scan) if scan.free => Transition(State::no_flow_hold()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn no_flow_hold(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.run => Transition(State::off()),
            Event::Scan(scan) if scan.prime => Transition(State::priming()),
            Event::Scan(scan) if scan.free && scan.flow_starts && scan.in_state >= FLOW_PROOF => {
                Transition(State::dosing())
            }
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn dosing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if !scan.free || !scan.flow_stays => {
                Transition(State::no_flow_hold())
            }
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "in_service")]
    fn priming(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.in_state >= PRIMING => Transition(State::off()),
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
    use crate::signal::Fault;

    #[test]
    fn doses_in_proportion_to_filtered_flow() {
        for (flow, rate) in [(5.0, 27.17), (2.5, 13.59), (0.4, 0.0)] {
            let mut disinfection = fed();
            let around =
                Around { filtered_flow: Signal::Good(CubicMetresPerHour(flow)), ..FLOWING };
            // (0.9 + 0.6) mg/l × Q ÷ 10 g/l × 1 000 ÷ 60 ÷ 0.46 ml.
            assert!((run_s(&mut disinfection, 20, around) - rate).abs() < 0.02, "{flow}");
        }
    }

    #[test]
    fn stops_in_the_scan_in_which_filtered_flow_is_lost() {
        for flow in [
            Signal::Good(CubicMetresPerHour(0.29)),
            Signal::Good(CubicMetresPerHour(f64::NAN)),
            Signal::Bad(Fault::Stale),
        ] {
            let mut disinfection = fed();
            assert!(run_s(&mut disinfection, 20, FLOWING) > 0.0);
            assert_eq!(
                run_s(&mut disinfection, 1, Around { filtered_flow: flow, ..FLOWING }),
                0.0,
                "{flow:?}"
            );
        }
    }

    #[test]
    fn a_person_primes_the_pump_for_a_minute_while_nothing_flows() {
        let mut disinfection = fed();
        let still = Around { filtered_flow: Signal::Good(CubicMetresPerHour::ZERO), ..FLOWING };
        run_s(&mut disinfection, 5, still);
        assert_eq!(run_s(&mut disinfection, 1, Around { prime: true, ..still }), 180.0);
        assert_eq!(run_s(&mut disinfection, 58, still), 180.0);
        assert_eq!(run_s(&mut disinfection, 3, still), 0.0);
    }

    #[test]
    fn an_empty_tank_or_a_cause_stops_the_pump() {
        let mut disinfection = fed();
        assert!(run_s(&mut disinfection, 20, FLOWING) > 0.0);
        let held = Around { holds: Reasons::only(Reason::ChlorineDangerous), ..FLOWING };
        assert_eq!(run_s(&mut disinfection, 1, held), 0.0);
        assert!(run_s(&mut disinfection, 20, FLOWING) > 0.0);
        disinfection.inputs.tank_low_low = Signal::Bad(Fault::Stale);
        assert_eq!(run_s(&mut disinfection, 1, FLOWING), 0.0);
    }

    const FLOWING: Around = Around {
        nominal: CubicMetresPerHour(5.0),
        filtered_flow: Signal::Good(CubicMetresPerHour(5.0)),
        run: true,
        holds: Reasons::NONE,
        cap_reached: false,
        too_low: false,
        dangerous: false,
        in_use: true,
        prime: false,
    };

    fn fed() -> Disinfection {
        let inputs = Inputs {
            tank_level: Signal::Good(Percent(60.0)),
            tank_low_low: Signal::Good(true),
            ..Inputs::default()
        };
        Disinfection { inputs, ..Disinfection::default() }
    }

    /// Scans once a second; the last rate, strokes a minute.
    fn run_s(disinfection: &mut Disinfection, seconds: u32, around: Around) -> f64 {
        for _ in 0..seconds {
            disinfection.scan(around, Duration::from_secs(1));
        }
        disinfection.doser.outputs.rate.value().0
    }
}
