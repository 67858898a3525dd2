//! What an emergency profile moves in the table: one limit, to 5 NTU at most.

use super::*;

fn trips(relaxed: Option<Ntu>, turbidity: f64) -> bool {
    let facts = Facts { filtered: Some(Signal::Good(Ntu(turbidity))), relaxed, ..SOUND };
    run_s(&mut Causes::default(), &facts, 60).has(Reason::FilteredWaterTurbid)
}

/// R-2.19-02, INV-45: the limit is the profile's; a profile that asks for more than 5 NTU gets 5, one that is no number or asks
/// for less than the rule gets the rule.
#[test]
fn filtered_water_passes_up_to_the_profiles_limit_and_never_above_5_ntu() {
    for (relaxed, passes, stops) in [
        (None, 1.0, 1.001),
        (Some(1.5), 1.5, 1.501),
        (Some(5.0), 5.0, 5.001),
        (Some(5.1), 5.0, 5.001),
        (Some(f64::INFINITY), 5.0, 5.001),
        (Some(0.5), 1.0, 1.001),
        (Some(-1.0), 1.0, 1.001),
        (Some(f64::NAN), 1.0, 1.001),
    ] {
        let relaxed = relaxed.map(Ntu);
        assert!(!trips(relaxed, passes), "{relaxed:?}: {passes} NTU");
        assert!(trips(relaxed, stops), "{relaxed:?}: {stops} NTU");
        assert!(trips(relaxed, f64::NAN), "{relaxed:?}: no number");
    }
}

/// R-2.19-02, INV-45: above its limit the trip takes its minute, and is latched, as ever; what was latched before stays so.
#[test]
fn an_emergency_profile_changes_neither_the_time_nor_the_latch_of_the_trip() {
    let above = Facts { filtered: Some(Signal::Good(Ntu(3.1))), relaxed: Some(Ntu(3.0)), ..SOUND };
    let mut causes = Causes::default();
    assert!(!run_s(&mut causes, &above, 59).has(Reason::FilteredWaterTurbid));
    assert!(run_s(&mut causes, &above, 1).has(Reason::FilteredWaterTurbid));
    let relaxed = Facts { relaxed: Some(Ntu(5.0)), ..above };
    assert!(run_s(&mut causes, &relaxed, 3600).has(Reason::FilteredWaterTurbid));
    assert!(
        !run_s(&mut causes, &Facts { reset: true, ..relaxed }, 1).has(Reason::FilteredWaterTurbid)
    );
    // It ends: a minute later the rule trips.
    let over = Facts { relaxed: None, ..relaxed };
    assert!(!run_s(&mut causes, &over, 59).has(Reason::FilteredWaterTurbid));
    assert!(run_s(&mut causes, &over, 1).has(Reason::FilteredWaterTurbid));
}

/// R-2.19-02, INV-45, INV-3: whatever else is wrong, the causes are the same with a profile as without.
#[test]
fn an_emergency_profile_moves_no_other_cause() {
    type Change = fn(&mut Facts);
    let wrongs: &[Change] = &[
        |f| f.emergency_loop = Signal::Good(false),
        |f| f.booting = true,
        |f| f.stopped_all = true,
        |f| f.remote = Signal::Good(false),
        |f| f.mains_good = false,
        |f| f.power_over = true,
        |f| f.battery_empty = true,
        |f| f.buses = [Signal::Good(false); 3],
        |f| f.wet_well = Signal::Good(Metres(0.3)),
        |f| f.settled = Signal::Good(Percent(95.0)),
        |f| f.settled = Signal::Good(Percent(10.0)),
        |f| f.clear_well_high_high = Signal::Good(false),
        |f| f.clear_well = Signal::Good(Metres(0.3)),
        |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(4.1)),
        |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.29)),
        |f| f.inactivation_ratio = 0.99,
        |f| f.inactivation_ratio = f64::NAN,
        |f| f.elevated = Signal::Good(Metres(2.4)),
        |f| f.waste_high_high = Signal::Good(false),
        |f| f.outlet_not_closed = true,
        |f| f.wash_pump_runs = true,
        |f| f.treated_ph = Signal::Good(Ph(5.9)),
        |f| f.raw_turbidity = Signal::Good(Ntu(1001.0)),
        |f| f.contaminated = true,
    ];
    for (number, wrong) in wrongs.iter().enumerate() {
        let mut facts = SOUND;
        wrong(&mut facts);
        let (mut with, mut without) = (Causes::default(), Causes::default());
        for second in 0..700 {
            let relaxed = with.judge(&Facts { relaxed: Some(Ntu(5.0)), ..facts }, SECOND);
            assert_eq!(relaxed, without.judge(&facts, SECOND), "row {number}, {second} s");
        }
        assert!(!with.judge(&facts, SECOND).is_empty(), "row {number}");
    }
}
