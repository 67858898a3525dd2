//! Each row of the table: how it comes, how it goes, who releases it.

use core::time::Duration;

use super::*;
use crate::quantity::{CubicMetresPerHour, Metres, MilligramsPerLitre, Ntu, Percent, Ph};
use crate::signal::{Doubt, Fault, Signal};

mod counts;
mod latches;
mod relaxed;
mod release;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_loop_that_was_never_read_is_an_emergency_once_the_boot_is_over() {
    let unread = Facts { emergency_loop: Signal::Bad(Fault::NotYetRead), ..SOUND };
    let mut causes = Causes::default();
    let boot = run_s(&mut causes, &Facts { booting: true, ..unread }, 1);
    assert!(!boot.has(Reason::EmergencyStop));
    assert!(run_s(&mut causes, &unread, 1).has(Reason::EmergencyStop));
    let stale = Facts { emergency_loop: Signal::Bad(Fault::Stale), booting: true, ..SOUND };
    assert!(run_s(&mut Causes::default(), &stale, 1).has(Reason::EmergencyStop));
}

/// R-2.0-04: who asks what may hold the plant sees every row of the table.
#[test]
fn the_causes_of_every_column_are_among_all_causes() {
    for column in [RawPump, Coagulant, FeedPump, Hypochlorite, Wash, LiftPump, FilterOutlet] {
        let own = column.interlocks();
        assert!(own.has(Reason::EmergencyStop));
        assert!(own.without(CAUSES).is_empty(), "{column:?}");
    }
}

#[test]
fn every_cause_holds_off_exactly_the_columns_of_its_row() {
    use Column::Panel;
    let all = [
        RawPump,
        Coagulant,
        FeedPump,
        Hypochlorite,
        Wash,
        LiftPump,
        WastePump,
        FilterOutlet,
        WashInlet,
        Positions,
        Mixer,
        Supply,
        Panel,
    ];
    for (cause, held) in TABLE {
        let holds = Holds::of(Reasons::only(*cause));
        assert_eq!(holds.causes(), Reasons::only(*cause));
        for column in all {
            assert_eq!(
                holds.on(column).has(*cause),
                held.contains(&column),
                "{cause:?} {column:?}"
            );
        }
    }
}

/// R-2.2.2-01, F10, INV-15: an analyser that falls silent in the mud neither begins the ten minutes anew nor ends the wait by
/// what it said before.
#[test]
fn a_river_that_nobody_can_measure_any_more_is_not_clear() {
    let mut causes = Causes::default();
    let muddy = Facts { raw_turbidity: Signal::Good(Ntu(1500.0)), ..SOUND };
    let silent = Facts { raw_turbidity: Signal::Uncertain(Ntu(1800.0), Doubt::Fallback), ..SOUND };
    run_s(&mut causes, &muddy, 300);
    assert!(run_s(&mut causes, &silent, 300).has(Reason::RiverTooMuddy));
    let before = Facts { raw_turbidity: Signal::Uncertain(Ntu(300.0), Doubt::Fallback), ..SOUND };
    let nothing = Facts { raw_turbidity: Signal::Bad(Fault::Computed), ..SOUND };
    assert!(run_s(&mut causes, &before, 3600).has(Reason::RiverTooMuddy));
    assert!(run_s(&mut causes, &nothing, 3600).has(Reason::RiverTooMuddy));
}

/// R-2.7.4-02, R-2.7.5-03, R-2.4-11, R-2.17-01, INV-15: contact time, chlorine, pH, T-206 and the river among them. One row: what is wrong, how long it takes, the cause it
/// makes, what makes it good again and how long that takes, and whether a person must reset it.
#[test]
fn each_cause_comes_after_its_time_and_goes_as_the_contract_says() {
    type Change = fn(&mut Facts);
    let rows: &[(Change, u64, Reason, Change, u64, bool)] = &[
        (
            |f| f.emergency_loop = Signal::Good(false),
            1,
            Reason::EmergencyStop,
            |f| f.emergency_loop = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.emergency_loop = Signal::Bad(Fault::Stale),
            1,
            Reason::EmergencyStop,
            |f| f.emergency_loop = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.supply_as_asked = false,
            2,
            Reason::EmergencyStop,
            |f| f.supply_as_asked = true,
            1,
            false,
        ),
        (
            |f| f.wet_well_low_low = Signal::Good(false),
            1,
            Reason::WetWellEmpty,
            |f| f.wet_well_low_low = Signal::Good(true),
            60,
            false,
        ),
        (
            |f| f.wet_well_low_low = Signal::Bad(Fault::Stale),
            1,
            Reason::WetWellEmpty,
            |f| f.wet_well_low_low = Signal::Good(true),
            60,
            false,
        ),
        (
            |f| f.wet_well = Signal::Good(Metres(0.3)),
            1,
            Reason::WetWellEmpty,
            |f| f.wet_well = Signal::Good(Metres(0.8)),
            60,
            false,
        ),
        (
            |f| f.settled = Signal::Good(Percent(95.0)),
            1,
            Reason::SettledTankFull,
            |f| f.settled = Signal::Good(Percent(84.9)),
            1,
            false,
        ),
        (
            |f| f.settled = Signal::Good(Percent(10.0)),
            1,
            Reason::SettledTankEmpty,
            |f| f.settled = Signal::Good(Percent(40.1)),
            1,
            false,
        ),
        (
            |f| f.settled = Signal::Good(Percent(f64::NAN)),
            1,
            Reason::SettledTankEmpty,
            |f| f.settled = Signal::Good(Percent(40.1)),
            1,
            false,
        ),
        (
            |f| f.clear_well_high_high = Signal::Good(false),
            1,
            Reason::ClearWellFull,
            |f| f.clear_well_high_high = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.clear_well_low_low = Signal::Good(false),
            1,
            Reason::ClearWellEmpty,
            |f| f.clear_well_low_low = Signal::Good(true),
            60,
            false,
        ),
        (
            |f| f.clear_well = Signal::Good(Metres(0.3)),
            1,
            Reason::ClearWellEmpty,
            |f| f.clear_well = Signal::Good(Metres(0.71)),
            60,
            false,
        ),
        (
            |f| f.filtered = Some(Signal::Good(Ntu(1.01))),
            60,
            Reason::FilteredWaterTurbid,
            |f| f.filtered = Some(Signal::Good(Ntu(0.1))),
            1,
            true,
        ),
        (
            |f| f.filtered = Some(Signal::Good(Ntu(f64::NAN))),
            60,
            Reason::FilteredWaterTurbid,
            |f| f.filtered = Some(Signal::Good(Ntu(0.1))),
            1,
            true,
        ),
        (
            // AIT-330, or a filter's own, driven off its scale: it has seen more than it can show.
            |f| f.filtered = Some(Signal::Bad(Fault::Overrange)),
            60,
            Reason::FilteredWaterTurbid,
            |f| f.filtered = Some(Signal::Good(Ntu(0.1))),
            1,
            true,
        ),
        (
            |f| f.settled = Signal::Bad(Fault::Overrange),
            1,
            Reason::SettledTankFull,
            |f| f.settled = Signal::Good(Percent(84.0)),
            1,
            false,
        ),
        (
            |f| f.waste = Signal::Bad(Fault::Overrange),
            10,
            Reason::WasteTankFull,
            |f| f.waste = Signal::Good(Percent(79.0)),
            1,
            false,
        ),
        (
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(4.1)),
            120,
            Reason::ChlorineDangerous,
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(2.9)),
            600,
            true,
        ),
        (
            |f| f.outlet_chlorine = Signal::Bad(Fault::Overrange),
            120,
            Reason::ChlorineDangerous,
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(2.9)),
            600,
            true,
        ),
        (
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.29)),
            300,
            Reason::ChlorineTooLow,
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.45)),
            300,
            false,
        ),
        (
            |f| f.inactivation_ratio = 0.99,
            60,
            Reason::ContactTimeTooShort,
            |f| f.inactivation_ratio = 1.3,
            120,
            false,
        ),
        (
            |f| f.inactivation_ratio = f64::NAN,
            60,
            Reason::ContactTimeTooShort,
            |f| f.inactivation_ratio = 1.3,
            120,
            false,
        ),
        (
            |f| f.elevated_high_high = Signal::Good(false),
            1,
            Reason::ElevatedTankFull,
            |f| f.elevated_high_high = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.elevated = Signal::Good(Metres(2.4)),
            1,
            Reason::ElevatedTankFull,
            |f| f.elevated = Signal::Good(Metres(2.29)),
            1,
            false,
        ),
        // The float tripped and the level is lost: the float alone lets go.
        (
            |f| {
                f.elevated_high_high = Signal::Good(false);
                f.elevated = Signal::Bad(Fault::Stale);
            },
            1,
            Reason::ElevatedTankFull,
            |f| f.elevated_high_high = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.waste_high_high = Signal::Bad(Fault::Stale),
            1,
            Reason::WasteTankFull,
            |f| f.waste_high_high = Signal::Good(true),
            1,
            false,
        ),
        (
            |f| f.wash_pump_runs = true,
            1,
            Reason::WashPumpRuns,
            |f| f.wash_pump_runs = false,
            1,
            false,
        ),
        (
            |f| f.treated_ph = Signal::Good(Ph(5.9)),
            600,
            Reason::TreatedPhOutOfRange,
            |f| f.treated_ph = Signal::Good(Ph(6.2)),
            600,
            false,
        ),
        (|f| f.contaminated = true, 1, Reason::QualityHold, |f| f.contaminated = false, 1, false),
        (
            |f| f.buses[0] = Signal::Good(false),
            1,
            Reason::BusALost,
            |f| f.buses[0] = Signal::Good(true),
            10,
            false,
        ),
        (
            |f| f.buses[1] = Signal::Good(false),
            10,
            Reason::BusBLost,
            |f| f.buses[1] = Signal::Good(true),
            10,
            false,
        ),
        (
            |f| f.buses[2] = Signal::Bad(Fault::Stale),
            1,
            Reason::BusDLost,
            |f| f.buses[2] = Signal::Good(true),
            10,
            false,
        ),
        (
            |f| f.raw_turbidity = Signal::Good(Ntu(1001.0)),
            600,
            Reason::RiverTooMuddy,
            |f| f.raw_turbidity = Signal::Good(Ntu(699.0)),
            1800,
            false,
        ),
        (
            // Off its scale, what there is nobody can say.
            |f| f.raw_turbidity = Signal::Bad(Fault::Overrange),
            600,
            Reason::RiverTooMuddy,
            |f| f.raw_turbidity = Signal::Uncertain(Ntu(80.0), Doubt::HandValue),
            1800,
            false,
        ),
        (
            |f| f.raw_turbidity = Signal::Uncertain(Ntu(1080.0), Doubt::Fallback),
            600,
            Reason::RiverTooMuddy,
            |f| f.raw_turbidity = Signal::Good(Ntu(699.0)),
            1800,
            false,
        ),
        (
            // A float that is stuck shut.
            |f| f.waste = Signal::Good(Percent(95.1)),
            10,
            Reason::WasteTankFull,
            |f| f.waste = Signal::Good(Percent(79.0)),
            1,
            false,
        ),
        (|f| f.runs_on = true, 12, Reason::RunsUnasked, |f| f.runs_on = false, 1, true),
        (|f| f.mains_good = false, 1, Reason::MainsLost, |f| f.mains_good = true, 1, false),
        (
            |f| f.stopped_all = true,
            1,
            Reason::StoppedByOperator,
            |f| f.stopped_all = false,
            1,
            false,
        ),
        (
            |f| f.remote = Signal::Good(false),
            1,
            Reason::LocalControl,
            |f| f.remote = Signal::Good(true),
            10,
            false,
        ),
        (|f| f.power_over = true, 1, Reason::PowerOverLimit, |f| f.power_over = false, 1, false),
        (
            |f| f.battery_empty = true,
            1,
            Reason::BatteryEmpty,
            |f| f.battery_empty = false,
            1,
            false,
        ),
    ];
    for (number, (wrong, comes, cause, right, goes, latched)) in rows.iter().enumerate() {
        let mut causes = Causes::default();
        let mut facts = SOUND;
        assert!(run_s(&mut causes, &facts, 5).is_empty(), "row {number} before");
        wrong(&mut facts);
        if *comes > 1 {
            assert!(!run_s(&mut causes, &facts, comes - 1).has(*cause), "row {number} too soon");
        }
        assert!(run_s(&mut causes, &facts, 1).has(*cause), "row {number} comes");
        right(&mut facts);
        if *goes > 1 {
            assert!(run_s(&mut causes, &facts, goes - 1).has(*cause), "row {number} stays");
        }
        assert_eq!(run_s(&mut causes, &facts, 1).has(*cause), *latched, "row {number} goes");
        facts.reset = true;
        assert!(!run_s(&mut causes, &facts, 1).has(*cause), "row {number} after reset");
        facts.reset = false;
        assert!(!run_s(&mut causes, &facts, 700).has(*cause), "row {number} later");
    }
}

const SOUND: Facts = Facts {
    nominal: CubicMetresPerHour(5.0),
    emergency_loop: Signal::Good(true),
    supply_as_asked: true,
    emergency_latched: false,
    remote: Signal::Good(true),
    booting: false,
    stopped_all: false,
    mains_good: true,
    power_over: false,
    battery_empty: false,
    buses: [Signal::Good(true); 3],
    wet_well_low_low: Signal::Good(true),
    wet_well: Signal::Good(Metres(1.5)),
    settled: Signal::Good(Percent(60.0)),
    clear_well_high_high: Signal::Good(true),
    clear_well_low_low: Signal::Good(true),
    clear_well: Signal::Good(Metres(1.5)),
    clear_well_highest: Some(Metres(1.5)),
    filtered: Some(Signal::Good(Ntu(0.1))),
    relaxed: None,
    outlet_chlorine: Signal::Good(MilligramsPerLitre(0.8)),
    inactivation_ratio: 2.0,
    elevated_high_high: Signal::Good(true),
    elevated: Signal::Good(Metres(1.5)),
    waste_high_high: Signal::Good(true),
    waste: Signal::Good(Percent(40.0)),
    outlet_not_closed: false,
    runs_on: false,
    wash_pump_runs: false,
    treated_ph: Signal::Good(Ph(7.4)),
    raw_turbidity: Signal::Good(Ntu(20.0)),
    contaminated: false,
    reset: false,
    supervisor_reset: false,
};

/// Judges once a second; the causes of the last.
fn run_s(causes: &mut Causes, facts: &Facts, seconds: u64) -> Reasons {
    (0..seconds).fold(Reasons::NONE, |_, _| causes.judge(facts, SECOND))
}
