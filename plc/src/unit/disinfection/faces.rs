//! What disinfection shows: its points.

use core::time::Duration;

use super::State;
use crate::alarm::{Condition, Priority, TripGroup};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, retained, settings, shown, status,
};
use crate::interlock::Column;
use crate::quantity::{
    Celsius, CubicMetres, CubicMetresPerHour, Grams, GramsPerLitre, LitresPerHour,
    MilligramsPerLitre, Millilitres, Percent, Ph, Ratio,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Role;

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
    /// Target, stock, trim, limits, caps.
    pub struct Settings {
        /// AIT-401, residual aimed at.
        pub residual_target: MilligramsPerLitre = between(0.5..=2.0, 0.9).by(Role::Operator).by_steps_of(0.5),
        /// Strength of the day tank, as Cl₂.
        pub stock: GramsPerLitre = between(1.0..=50.0, 10.0).by(Role::Operator).by_steps_of(10.0),
        /// P-411, volume of a stroke.
        pub stroke: Millilitres = between(0.05..=5.0, 0.46).by_steps_of(0.5),
        /// AIC-401, gain of the residual trim, mg/l per mg/l.
        pub trim_gain: Ratio = between(0.1..=4.0, 0.8),
        /// AIC-401, integral time of the residual trim at nominal flow; longer as the flow is less.
        pub trim_reset: Duration = between(60.0..=7200.0, 720.0),
        /// Inlet compartment of the clear well, at 5 m³/h nominal; scales with it.
        pub inlet_volume: CubicMetres = between(0.1..=10.0, 1.0),
        /// AIT-403, residual low.
        pub chlorine_low: MilligramsPerLitre = between(0.3..=1.0, 0.5).by(Role::Supervisor).by_steps_of(0.3),
        /// AIT-403, residual high.
        pub chlorine_high: MilligramsPerLitre = between(1.0..=3.0, 2.0).by(Role::Supervisor).by_steps_of(0.5),
        /// AIT-402, treated pH low below this.
        pub ph_low: Ph = between(6.0..=7.5, 6.5).by(Role::Supervisor),
        /// AIT-402, treated pH high above this.
        pub ph_high: Ph = between(7.5..=9.0, 8.5).by(Role::Supervisor),
        /// Coldest water of the year: counts for contact time where no thermometer can be believed.
        pub coldest_water: Celsius = between(0.5..=25.0, 10.0),
        /// Most chlorine in an hour, at 5 m³/h nominal; scales with it.
        pub hourly_cap: Grams = between(1.0..=30.0, 30.0),
        /// Most chlorine in a day, at 5 m³/h nominal; scales with it.
        pub daily_cap: Grams = between(10.0..=400.0, 400.0),
        /// Longest dosing without a pause.
        pub on_time_max: Duration = between(3600.0..=172_800.0, 172_800.0),
    }
}

retained! {
    /// The dosing guard's ledger, a person's test and what was learned: a restart gives nothing back.
    pub struct Retained {
        /// P-411, Chlorine moved in the last hour.
        pub mass_hour: Grams = kept().within(0.0..=1e6),
        /// P-411, Chlorine moved in the last day.
        pub mass_day: Grams = kept().within(0.0..=1e6),
        /// Free chlorine at the clear well's outlet as a person tested it.
        pub hand_residual: MilligramsPerLitre = kept().within(0.0..=5.0),
        /// Time for which the test by hand counts; zero: there is none.
        pub hand_left: Duration = kept().within(0.0..=7200.0),
        /// Time for which filtration earns no credit, since too turbid water entered the clear well.
        pub credit_left: Duration = kept().within(0.0..=14_400.0).else_is(14_400.0),
        /// Demand of the water as estimated; zero: not yet.
        pub demand_seen: MilligramsPerLitre = kept().within(0.0..=100.0),
        /// Dose of the last hour in which AIT-401 could be believed; zero: not yet.
        pub good_dose: MilligramsPerLitre = kept().within(0.0..=100.0),
        /// AIT-401, dead time of sample line and analyser as last seen at a start of dosing; zero: not yet.
        pub dead_time: Duration = kept().within(0.0..=1800.0),
    }
}

/// Everything that may keep chlorine from being dosed (`docs/spec/plant.md` 2.7).
const PERMISSIVES: Reasons = Column::Hypochlorite.interlocks().and(Reasons::all(&[
    Reason::ChlorineEmpty,
    Reason::FlowUnknown,
    Reason::NoDemand,
    Reason::NoFlow,
    Reason::HourlyCapReached,
    Reason::ChlorinePumpUnavailable,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What the doser does.
    pub struct Status {
        /// State of the chlorine dosing.
        pub state: State = shown(),
        /// What keeps it from dosing.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Why the flow alone paces the dose, without the residual.
        pub paced_by: Reasons = shown(),
        /// The pump worked, and nothing moved: what is likely.
        pub failed_by: Reasons = shown(),
        /// Chlorine dose.
        pub dose: MilligramsPerLitre = shown().span(0.0..=5.0),
        /// AIT-401, residual aimed at now: as set, or more while people are to boil their water.
        pub target: MilligramsPerLitre = shown().span(0.0..=2.0),
        /// Demand of the water, estimated slowly.
        pub demand: MilligramsPerLitre = shown().span(0.0..=2.5),
        /// AIC-401, trim of the dose by the residual.
        pub trim: MilligramsPerLitre = shown().span(-0.75..=0.75),
        /// Hypochlorite pumped.
        pub flow: LitresPerHour = shown().span(0.0..=5.0),
        /// AI-401, residual in the inlet compartment all logic judges.
        pub inlet_residual: Signal<MilligramsPerLitre> = shown().span(0.0..=5.0),
        /// AI-403, residual at the outlet all logic judges: AIT-403, or a test by hand in its place.
        pub outlet_residual: Signal<MilligramsPerLitre> = shown().span(0.0..=5.0),
        /// Until the pump may be primed again.
        pub prime_left: Duration = shown().span(0.0..=600.0),
        /// Until the chlorine that stays low stops delivery.
        pub underfeed_left: Duration = shown().span(0.0..=1200.0),
        /// FIT-501, largest ten-minute mean of the last hour.
        pub peak_flow: CubicMetresPerHour = shown().span(0.0..=15.0),
        /// Inactivation ratio at that flow, for the report.
        pub report_ratio: Ratio = shown().span(0.0..=6.0),
    }
}

alarms! {
    /// Alarms of disinfection.
    pub struct Alarms {
        /// AIT-403, chlorine low.
        pub residual_low: Condition = alarm(401, Priority::P2).delays_s(600.0, 300.0),
        /// AIT-403, chlorine too low, delivery stopped.
        pub chlorine_too_low: Condition =
            alarm(402, Priority::P1).delays_s(0.0, 0.0).explained_by(&[407])
                .trips(TripGroup::Delivery),
        /// AIT-403, chlorine high.
        pub residual_high: Condition = alarm(403, Priority::P2).delays_s(600.0, 300.0),
        /// AIT-403, chlorine dangerous, stopped.
        pub chlorine_dangerous: Condition =
            alarm(404, Priority::P1).latching().trips(TripGroup::Delivery),
        /// FS-411, chlorine pump is not dosing.
        pub not_dosing: Condition =
            alarm(407, Priority::P1).delays_s(0.0, 30.0).explained_by(&[409])
                .trips(TripGroup::Delivery),
        /// LT-411, chlorine tank low.
        pub stock_low: Condition = alarm(408, Priority::P3).delays_s(60.0, 60.0),
        /// LSLL-411, chlorine tank empty.
        pub stock_empty: Condition =
            alarm(409, Priority::P1).delays_s(5.0, 60.0).trips(TripGroup::Delivery),
        /// AIC-401, chlorine demand changed, or chlorine is old.
        pub demand_changed: Condition = alarm(410, Priority::P3),
        /// AIT-402, treated pH out of range.
        pub ph_out: Condition = alarm(411, Priority::P2).delays_s(900.0, 600.0),
        /// P-411, chlorine cap reached, dosing stopped.
        pub cap_reached: Condition = alarm(418, Priority::P1).latching().trips(TripGroup::Delivery),
    }
}
