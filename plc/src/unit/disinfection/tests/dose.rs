//! The dosing law and its trim.

use super::*;
use crate::alarm::Condition;
use crate::quantity::GramsPerLitre;
use crate::unit::chemicals::Told;

/// R-2.7.1-01, R-2.7.1-02, R-2.7.1-04: (0.9 + 0.6) mg/l × Q ÷ 10 g/l × 1 000 ÷ 60 ÷ 0.46 ml.
#[test]
fn doses_in_proportion_to_filtered_flow() {
    for (flow, rate) in [(5.0, 27.17), (2.5, 13.59), (0.51, 2.77), (0.4, 0.0)] {
        let mut rig = Rig { flow, ..Rig::new() };
        rig.lose_inlet();
        rig.run_s(20);
        let share = if flow > 0.5 { rig.dose() / 1.5 } else { 1.0 };
        assert!(near(rig.rate(), rate * share, 0.02), "{flow}: {}", rig.rate());
    }
}

/// R-2.7.1-01, R-2.7.1-03: whatever the setpoint and the estimate, the dose stays between 0.3 and 5 mg/l and the pump below
/// its rating; what is no number is the least.
#[test]
fn the_dose_keeps_its_limits() {
    for (target, demand, dose) in
        [(0.9, 0.0, 1.5), (0.9, 9.0, 3.4), (0.9, 0.01, 1.0), (2.0, 2.5, 4.5), (f64::NAN, 0.6, 0.3)]
    {
        let mut rig = Rig::new();
        rig.unit.settings.residual_target = MilligramsPerLitre(target);
        rig.unit.retained.demand_seen = MilligramsPerLitre(demand);
        rig.told = Some(Signal::Held(MilligramsPerLitre(0.9), Moment(0)));
        rig.run_s(20);
        assert!(near(rig.dose(), dose, 1e-9), "{target} + {demand}: {}", rig.dose());
    }
    let mut rig = Rig::new();
    rig.unit.settings.stock = GramsPerLitre(1.0);
    rig.told = Some(Signal::Held(MilligramsPerLitre(0.9), Moment(0)));
    rig.run_s(20);
    assert_eq!(rig.unit.status.flow, LitresPerHour(5.0));
}

/// R-2.7.3-01, R-2.11-02: the pump counts on the strength the day tank has, not on that of its recipe, and a tank that does
/// not last two days is called out.
#[test]
fn the_pump_counts_on_the_strength_of_the_day_tank() {
    let mut rig = Rig::dosing();
    let flow = |rig: &mut Rig, strength: f64| {
        rig.around.stock = Told::of(GramsPerLitre(strength));
        rig.unit.scan(rig.around, SECOND);
        rig.unit.status.flow.0 / rig.unit.status.dose.0
    };
    assert!(near(flow(&mut rig, 10.0), 0.5, 1e-6));
    assert!(near(flow(&mut rig, 8.0), 0.625, 1e-6));
    rig.around.stock.short = Condition::Active;
    rig.unit.scan(rig.around, SECOND);
    assert_eq!(rig.unit.alarms.stock_low, Condition::Active);
}

/// R-2.7.1-05, INV-7: within a second of the flow's end, and in the scan that loses it.
#[test]
fn stops_in_the_scan_in_which_filtered_flow_is_lost() {
    for flow in [
        Signal::Good(CubicMetresPerHour(0.29)),
        Signal::Good(CubicMetresPerHour(f64::NAN)),
        Signal::Bad(Fault::Stale),
        Signal::Held(CubicMetresPerHour(5.0), Moment(0)),
    ] {
        let mut rig = Rig::dosing();
        assert!(rig.rate() > 0.0);
        rig.around.filtered_flow = flow;
        rig.unit.scan(rig.around, SECOND);
        assert_eq!(rig.rate(), 0.0, "{flow:?}");
    }
}

/// R-2.7.1-05, INV-7, F20: where the feed ends at once, the filters' meters still show flow for seconds.
#[test]
fn stops_as_the_feed_of_the_filters_ends() {
    let mut rig = Rig::dosing();
    rig.around.feed_ends = true;
    rig.unit.scan(rig.around, SECOND);
    assert_eq!(rig.rate(), 0.0);
    rig.around.feed_ends = false;
    rig.run_s(20);
    assert!(rig.rate() > 0.0, "it begins again once flow is seen");
}

/// R-2.7.1-03: tau 6 h, and only from water that was dosed: after six hours 63 % of the way.
#[test]
fn the_demand_is_learned_slowly() {
    let mut rig = Rig { demand: 0.6, ..Rig::dosing() };
    let before = rig.unit.status.demand.0;
    assert!(near(before, 0.6, 0.05), "{before}");
    rig.demand = 1.0;
    rig.run_s(HOUR_S);
    let hour = rig.unit.status.demand.0;
    rig.run_s(5 * HOUR_S);
    let six = rig.unit.status.demand.0;
    assert!(hour - before < 0.08 && hour > before, "{before} {hour}");
    assert!(near(six, 0.6 + 0.4 * 0.63, 0.05), "{six}");
    rig.run_s(24 * HOUR_S);
    assert!(near(rig.unit.status.demand.0, 1.0, 0.03) && near(rig.inlet, 0.9, 0.02));
    // Kept, not learned anew.
    assert!(near(rig.unit.retained.demand_seen.0, 1.0, 0.03));
}

/// R-2.7.2-01: the trim is clamped at 0.75 mg/l, whatever the residual says, and comes back without winding up.
#[test]
fn the_trim_is_clamped_and_does_not_wind_up() {
    let mut rig = Rig { demand: 1.7, inlet: 0.45, ..Rig::new() };
    rig.unit.retained.demand_seen = MilligramsPerLitre(0.6);
    rig.until_s(2 * HOUR_S, |rig| rig.unit.status.trim.0 >= 0.75);
    for _ in 0..600 {
        rig.step();
        assert!(rig.unit.status.trim.0 <= 0.75, "{}", rig.unit.status.trim.0);
    }
    rig.told = Some(mg(1.2));
    let back = rig.until_s(120, |rig| rig.unit.status.trim.0 < 0.6);
    assert!(back.is_some(), "{}", rig.unit.status.trim.0);
}

/// R-2.7.2-01: the integrator is held at low flow, on a doubtful or held residual, for five minutes after a filter joins or
/// leaves, and at a limit of the dose.
#[test]
fn the_trim_rests_while_the_residual_says_nothing_of_the_dose() {
    type Change = fn(&mut Rig);
    let rows: &[(&str, Change, bool)] = &[
        ("everything well", |_| {}, true),
        ("little flow", |rig| rig.flow = 0.99, false),
        ("enough flow", |rig| rig.flow = 1.01, true),
        (
            "stuck",
            |rig| rig.told = Some(Signal::Uncertain(MilligramsPerLitre(0.75), Doubt::Stuck)),
            false,
        ),
        (
            "calibrated",
            |rig| rig.told = Some(Signal::Held(MilligramsPerLitre(0.75), Moment(0))),
            false,
        ),
        ("a filter left", |rig| rig.around.filtering = 1, false),
    ];
    for (name, change, moves) in rows {
        let mut rig = Rig::dosing();
        rig.told = Some(mg(0.75));
        change(&mut rig);
        rig.step();
        let before = rig.unit.status.trim;
        rig.run_s(240);
        let moved = !near(rig.unit.status.trim.0, before.0, 1e-9);
        assert_eq!(moved, *moves, "{name}");
        if *name == "a filter left" {
            rig.run_s(120);
            assert_ne!(rig.unit.status.trim, before, "five minutes later");
        }
    }
    // At the pump's rating more trim would move nothing.
    let mut rig = Rig::dosing();
    rig.unit.settings.stock = GramsPerLitre(1.0);
    rig.run_s(5);
    rig.told = Some(mg(0.7));
    rig.run_s(5);
    let before = rig.unit.status.trim;
    rig.run_s(240);
    assert_eq!(rig.unit.status.trim, before);
}

/// R-2.7.2-01: Ti = 720 s × 5/Q: at half the flow the same error moves the integrator half as fast.
#[test]
fn the_integral_time_follows_the_flow() {
    let moved = |flow: f64| {
        let mut rig = Rig { flow, ..Rig::dosing() };
        rig.told = Some(mg(0.8));
        rig.run_s(60);
        let before = rig.unit.status.trim.0;
        rig.run_s(300);
        rig.unit.status.trim.0 - before
    };
    let (full, half) = (moved(5.0), moved(2.5));
    // 0.8 × 0.1 mg/l × 300 s ÷ 720 s.
    assert!(near(full, 0.0333, 0.003) && near(half, full / 2.0, 0.003), "{full} {half}");
}

/// R-2.7.2-01: executed every 10 s, whatever the scan.
#[test]
fn the_trim_moves_every_ten_seconds() {
    let mut rig = Rig::dosing();
    rig.told = Some(mg(0.7));
    rig.run_s(60);
    let mut changes = 0;
    for _ in 0..100 {
        let before = rig.unit.status.trim;
        rig.step();
        changes += u32::from(rig.unit.status.trim != before);
    }
    assert!((9..=11).contains(&changes), "{changes}");
}

/// R-2.7.2-02, F33: a trim far off for two hours calls for a look at the chlorine; half the strength shows so.
#[test]
fn a_trim_that_stays_far_off_calls_for_a_look_at_the_chlorine() {
    let mut rig = Rig::dosing();
    rig.stock = 5.0;
    let off = rig.until_s(HOUR_S, |rig| rig.unit.status.trim.0 > 0.5).unwrap();
    let called = rig.until_s(3 * HOUR_S, |rig| rig.unit.alarms.demand_changed == Condition::Active);
    assert!(called.is_some_and(|after| near(f64::from(after), 7200.0, 5.0)), "{off} {called:?}");
    assert!(rig.inlet > 0.4, "F33: {}", rig.inlet);
    rig.stock = 10.0;
    assert!(
        rig.until_s(4 * HOUR_S, |rig| rig.unit.alarms.demand_changed == Condition::Clear).is_some()
    );
    assert!(rig.unit.status.trim.0 <= 0.4);
}

/// R-2.7.2-01: how late the residual tells of the dose is seen at a start, within a minute.
#[test]
fn the_dead_time_of_a_long_hose_is_seen_at_a_start() {
    for dead_s in [60, 300, 600] {
        let mut rig = Rig { dead_s, inlet: 0.2, ..Rig::new() };
        rig.run_s(HOUR_S);
        let seen = rig.unit.retained.dead_time.as_secs_f64();
        assert!(near(seen, dead_s as f64, 60.0), "{dead_s} s: {seen}");
    }
}
