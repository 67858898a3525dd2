//! What the system shows: points of the panel, K0, the shell and the plant as a whole.

use core::time::Duration;

use super::{Resume, State};
use crate::alarm::{Condition, Parent, Priority, TripGroup};
use crate::declare::{
    alarm, alarms, between, contact, inputs, kept, measured, outputs, parts, retained, settings,
    shown, status, switched,
};
use crate::interlock::{CAUSES, Column};
use crate::output::Output;
use crate::quantity::{Celsius, Count, CubicMetresPerHour, Metres, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Role;

inputs! {
    /// The panel, K0, and what the shell reports.
    pub struct Inputs {
        /// ES-900, emergency-stop loop healthy.
        pub emergency_stop: Signal<bool> = contact().every_s(0.1),
        /// HS-900, selector stands at remote; open is LOCAL.
        pub remote: Signal<bool> = contact().every_s(0.1),
        /// HS-901, local reset button.
        pub local_reset: Signal<bool> = contact().every_s(0.1),
        /// K-900, motor supply contactor K0 is closed.
        pub supply_on: Signal<bool> = contact().every_s(0.1),
        /// ZS-900, cabinet door shut.
        pub door: Signal<bool> = contact().every_s(0.5),
        /// TT-900, cabinet temperature.
        pub cabinet_temperature: Signal<Celsius> = measured(-20.0..=100.0).every_s(60.0),
        /// How late the scan began.
        pub lateness: Signal<Duration> = measured(0.0..=3600.0).reported(),
        /// Scans that took longer than their period.
        pub overruns: Signal<Count> = measured(0.0..=4_294_967_295.0).reported(),
        /// Storage takes what it is given.
        pub storage_ok: Signal<bool> = contact().reported(),
        /// The wall clock can be trusted.
        pub clock_trusted: Signal<bool> = contact().reported(),
        /// Time of day where the plant stands; bad while the wall clock cannot be trusted.
        pub time_of_day: Signal<Duration> = measured(0.0..=86_400.0).every_s(60.0).reported(),
        /// Set-up is finished, or outputs are not real.
        pub setup_done: Signal<bool> = contact().reported(),
        /// Bus A answers.
        pub bus_a: Signal<bool> = contact().reported(),
        /// Bus B answers.
        pub bus_b: Signal<bool> = contact().reported(),
        /// Bus C answers.
        pub bus_c: Signal<bool> = contact().reported(),
        /// Bus D answers.
        pub bus_d: Signal<bool> = contact().reported(),
        /// The last end was not an orderly one.
        pub watchdog_restart: Signal<bool> = contact().reported(),
        /// Every drive that answers was read back with its own communication time-out as it should be; never told: none was.
        pub drives_verified: Signal<bool> = contact().reported(),
        /// Room left where the journal is kept.
        pub disk_free: Signal<Percent> = measured(0.0..=100.0).every_s(60.0).reported(),
        /// The clock is five minutes or more off a person's.
        pub clock_wrong: Signal<bool> = contact().reported(),
        /// A test is overdue that only the shell knows of.
        pub test_overdue: Signal<bool> = contact().reported(),
        /// Somebody tried too many passwords.
        pub log_in_locked: Signal<bool> = contact().reported(),
        /// A certificate ends within 60 days.
        pub certificate_ends: Signal<bool> = contact().reported(),
        /// The audit's chain does not fit together.
        pub audit_broken: Signal<bool> = contact().reported(),
    }
}

settings! {
    /// Levels of start and stop, and how long each start step may take.
    pub struct Settings {
        /// LT-401, production starts again from here.
        pub start_level: Metres = between(0.8..=1.7, 1.45).by(Role::Supervisor),
        /// LT-401, production stops here.
        pub stop_level: Metres = between(1.0..=1.9, 1.85).by(Role::Supervisor),
        /// Motors stay off this long after power-up.
        pub boot_time: Duration = between(30.0..=300.0, 30.0),
        /// ST1: longest time until a way into sedimentation is open; a valve's second try included.
        pub inlet_limit: Duration = between(30.0..=600.0, 60.0),
        /// ST2: longest time until raw water flows.
        pub raw_flow_limit: Duration = between(30.0..=600.0, 120.0),
        /// ST3: longest time until PAC strokes are seen; at the lowest dose one takes 15 s.
        pub coagulant_limit: Duration = between(20.0..=600.0, 40.0),
        /// ST4: longest time until the settled tank is high enough, after a long stop.
        pub settled_limit: Duration = between(600.0..=14_400.0, 3600.0),
        /// ST4: the same after a short stop.
        pub settled_limit_short: Duration = between(300.0..=7200.0, 900.0),
        /// ST5: longest time until a filter delivers; a ripening of 40 min and the way there included.
        pub filtered_limit: Duration = between(900.0..=14_400.0, 4500.0),
        /// ST6: longest time until chlorine strokes are seen.
        pub chlorine_limit: Duration = between(60.0..=900.0, 300.0),
        /// ST7: longest time until every filter delivers; then the plant goes on with those that do.
        pub all_filtering_limit: Duration = between(900.0..=43_200.0, 14_400.0),
        /// TT-900, cabinet too hot for its electronics.
        pub cabinet_temperature_max: Celsius = between(40.0..=80.0, 60.0),
        /// Room that storage should have.
        pub disk_free_min: Percent = between(2.0..=50.0, 10.0),
    }
}

retained! {
    /// What a restart goes on with.
    pub struct Retained {
        /// People want water made.
        pub intent: bool = kept().else_clear(),
        /// The intake was closed by a person.
        pub intake_closed: bool = kept().else_set(),
        /// Emergency stop latched.
        pub emergency_latched: bool = kept().else_set(),
        /// STOP ALL was pressed: nothing runs before the next start.
        pub stopped_all: bool = kept().else_set(),
        /// The wet well ran empty too often; until reset.
        pub wet_well_latched: bool = kept().else_set(),
        /// Filtered water was too turbid; until reset.
        pub turbidity_latched: bool = kept().else_set(),
        /// Chlorine was dangerous; until reset.
        pub chlorine_latched: bool = kept().else_set(),
        /// A filter's outlet was not proven closed in a wash; until a supervisor resets.
        pub outlet_latched: bool = kept().else_set(),
        /// A motor ran on against a cause; until reset.
        pub welded_latched: bool = kept().else_set(),
        /// PAC has reached its cap; until reset.
        pub coagulant_cap_latched: bool = kept().else_set(),
        /// Chlorine has reached its cap; until reset.
        pub chlorine_cap_latched: bool = kept().else_set(),
        /// What a restart should have gone on with was lost; until reset.
        pub memory_lost: bool = kept().else_set(),
        /// Nobody has vouched for the chlorine after more than a day without power.
        pub strength_unconfirmed: bool = kept().else_set(),
        /// Failed starts of the last two hours: a byte each, age in minutes and one, 0 for none.
        pub start_failures: Count = kept().within(0.0..=9_007_199_254_740_992.0),
        /// Time since water was last made.
        pub idle_time: Duration = kept().within(0.0..=1e10).else_is(1e9),
        /// How long the mains have been away; zero while they are good.
        pub mains_away: Duration = kept().within(0.0..=1e10).else_is(1e9),
    }
}

retained! {
    /// An input that a person holds for calibration: a restart does not know where its probe is.
    pub struct Held {
        /// Which: check sum of its path, 0: none.
        pub path_sum: Count = kept().within(0.0..=4_294_967_295.0),
    }
}

/// One place for such an input.
#[derive(Default)]
pub struct HeldInput {
    pub retained: Held,
}
parts! { HeldInput { retained; one: ; many: ; maybe: ; } }

/// Everything that may keep the plant from making water: the self-test, permissives P1 to P9, and what stops it (`docs/spec/plant.md` 2.2).
const PERMISSIVES: Reasons = CAUSES.and(Reasons::all(&[
    Reason::SetupNotDone,
    Reason::DrivesNotVerified,
    Reason::ValveFault,
    Reason::NotStarted,
    Reason::PlantStopping,
    Reason::PlantFault,
    Reason::StandbyFull,
    Reason::StrengthUnconfirmed,
    Reason::StartFailedTooOften,
    Reason::StepTimeout,
    Reason::SupplyOff,
    Reason::SupplyWelded,
    Reason::RunsUnasked,
    Reason::BrownOuts,
    Reason::LiftPumpFirst,
    Reason::LevelUnknown,
    Reason::WetWellLow,
    Reason::ScreenBlocked,
    Reason::RawPhOutOfRange,
    Reason::CoagulantMissing,
    Reason::HourlyCapReached,
    Reason::NotOnRecord,
    Reason::ValveNotInPlace,
    Reason::FlowUnknown,
    Reason::RiverFlood,
    Reason::TurbidityUnknown,
    Reason::WasteTankHigh,
    Reason::ClearWellHigh,
    Reason::ChlorineUnknown,
    Reason::IntakeClosedByOperator,
    Reason::NoPumpAvailable,
    Reason::NoPathOpen,
    Reason::CoagulantEmpty,
    Reason::ChlorineEmpty,
    Reason::CoagulantPumpUnavailable,
    Reason::ChlorinePumpUnavailable,
    Reason::NoFilterAvailable,
    Reason::SettledWaterVeryCloudy,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]));

status! {
    /// What the plant does.
    pub struct Status {
        /// State of the plant.
        pub state: State = shown(),
        /// Step of the start sequence, 1 to 7; 0 outside it.
        pub step: Count = shown(),
        /// What keeps it from making water.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Why it last stopped or went to standby.
        pub stopped_by: Reasons = shown(),
        /// Rate of raw water asked for.
        pub rate: CubicMetresPerHour = shown().span(0.0..=10.0),
        /// Why the rate is not the full one.
        pub reduced_by: Reasons = shown(),
        /// What makes the plant work with more care: D2 to D11.
        pub degraded_by: Reasons = shown(),
        /// Time left: of the wait in BOOT, the start step, the way back from DEGRADED, the orderly stop.
        pub state_left: Duration = shown(),
        /// Failed starts of the last two hours; three are a fault.
        pub failed_starts: Count = shown(),
        /// Step at which the last start failed.
        pub failed_step: Count = shown(),
        /// How the start follows an outage.
        pub resume: Resume = shown(),
        /// People are to boil their water: an emergency profile lets cloudy water through, or some of it is still in the clear well.
        pub boil_water: bool = shown(),
        /// Row of the sensor that cannot be believed; 0: none.
        pub doubted_sensor: Count = shown(),
        /// Row of the input whose device does not answer; 0: none.
        pub silent_sensor: Count = shown(),
    }
}

status! {
    /// What came first, kept until a reset or until something new comes.
    pub struct FirstOut {
        /// What first stopped the plant.
        pub plant: Reasons = shown(),
        /// P-101, what first held the raw water pumps.
        pub raw_pump: Reasons = shown(),
        /// P-211, what first held the coagulant.
        pub coagulant: Reasons = shown(),
        /// P-301, what first held the feed pumps.
        pub feed_pump: Reasons = shown(),
        /// P-411, what first held the chlorine.
        pub hypochlorite: Reasons = shown(),
        /// P-351, what first held the wash.
        pub wash: Reasons = shown(),
        /// P-501, what first held delivery.
        pub lift_pump: Reasons = shown(),
        /// P-601, what first held the waste and sludge pumps.
        pub waste_pump: Reasons = shown(),
        /// XV-302, what first closed the filtered outlets.
        pub filter_outlet: Reasons = shown(),
        /// XV-303, what first closed the wash inlets.
        pub wash_inlet: Reasons = shown(),
    }
}

inputs! {
    /// What a bus carries, as its driver counts it.
    pub struct TrafficInputs {
        /// BUS-@, share of a window of ten seconds in which it was busy.
        pub load: Signal<Percent> = measured(0.0..=100.0).every_s(10.0).reported(),
        /// BUS-@, requests and connections that nobody answered in time, since the controller's start.
        pub timeouts: Signal<Count> = measured(0.0..=4_294_967_295.0).every_s(10.0).reported(),
        /// BUS-@, requests that a device refused, since the controller's start.
        pub exceptions: Signal<Count> = measured(0.0..=4_294_967_295.0).every_s(10.0).reported(),
        /// BUS-@, answers broken or to something else, and connections lost, since the controller's start.
        pub broken: Signal<Count> = measured(0.0..=4_294_967_295.0).every_s(10.0).reported(),
    }
}

/// How well a bus works, for people: nothing is decided by it.
#[derive(Default)]
pub struct Traffic {
    pub inputs: TrafficInputs,
}
parts! { Traffic { inputs; one: ; many: ; maybe: ; } }

outputs! {
    /// Panel and supply.
    pub struct Outputs {
        /// K-900, request to close the motor supply contactor K0.
        pub supply: Output<bool> = switched().held_by(Column::Supply),
        /// XA-900, horn and beacon.
        pub horn: Output<bool> = switched().held_by(Column::Panel),
        /// KWD-900, heartbeat, toggled by every completed scan.
        pub heartbeat: Output<bool> = switched().held_by(Column::Panel),
    }
}

alarms! {
    /// Alarm of a bus.
    pub struct LinkAlarms {
        /// BUS-@, instrument bus lost.
        pub lost: Condition = alarm(906, Priority::P1).delays_s(5.0, 30.0).trips(TripGroup::Supply),
    }
}

/// A bus whose loss stops production: A, B or D.
#[derive(Default)]
pub struct Link {
    pub alarms: LinkAlarms,
}
parts! { Link { alarms; one: ; many: ; maybe: ; } }

alarms! {
    /// Alarms of the system.
    pub struct Alarms {
        /// ES-900, emergency stop pressed.
        pub emergency_stopped: Condition =
            alarm(904, Priority::P1).latching().without_mains().trips(TripGroup::Supply),
        /// K-900, contactor does not open, closes unasked, or does not close.
        pub supply_welded: Condition =
            alarm(905, Priority::P1).delays_s(1.0, 0.0).latching().without_mains()
                .trips(TripGroup::Supply),
        /// DEVICE-900, one device not answering.
        pub device_silent: Condition =
            alarm(907, Priority::P3).delays_s(30.0, 60.0).behind(Parent::AnyBus),
        /// SENSOR-900, sensor value not credible.
        pub sensor_doubted: Condition =
            alarm(908, Priority::P3).delays_s(60.0, 300.0).behind(Parent::AnyBus),
        /// SCAN-900, restarted by the watchdog, or a scan more than 500 ms late.
        pub scan_late: Condition = alarm(909, Priority::P3).latching(),
        /// DISK-900, storage almost full or read-only.
        pub storage: Condition = alarm(910, Priority::P3).delays_s(0.0, 60.0),
        /// CLOCK-900, clock wrong.
        pub clock: Condition = alarm(911, Priority::P4),
        /// TT-900, cabinet hot.
        pub cabinet_hot: Condition = alarm(912, Priority::P3).delays_s(300.0, 300.0),
        /// TEST-900, sensor test overdue.
        pub sensor_test: Condition = alarm(913, Priority::P4),
        /// LOCK-900, calibration hold or maintenance lock expired.
        pub lock_expired: Condition = alarm(917, Priority::P3),
        /// ACCESS-900, log-in locked.
        pub access: Condition = alarm(920, Priority::P3),
        /// CERT-900, certificate ends soon.
        pub certificate: Condition = alarm(921, Priority::P3),
        /// AUDIT-900, audit chain broken.
        pub audit: Condition = alarm(922, Priority::P2).latching(),
        /// AIT-330, water must be boiled.
        pub must_boil: Condition = alarm(923, Priority::P1).without_mains(),
    }
}
