//! P-501 while FIT-501 says nothing.

use super::*;
use crate::quantity::CubicMetres;

type Change = fn(&mut Rig);

/// Delivering, with a clear well that gains nothing it is not told of; then the meter is lost.
fn blind(shape: &Shape, then: Change) -> Rig {
    let mut rig = Rig::of(shape);
    (rig.tank, rig.village, rig.filtered) = (1.0, 3.0, 3.0);
    rig.around.filtered = Signal::Good(CubicMetresPerHour(3.0));
    rig.run_s(300);
    assert!(rig.on());
    rig.meter = false;
    then(&mut rig);
    rig
}

fn network() -> Shape {
    Shape { elevated_tank: false, ..Shape::default() }
}

/// R-2.8-09: without FIT-501 delivery goes on as long as one of the others sees that water moves: the clear well that gives it, the
/// elevated tank that gets it, or FIT-502 where it goes straight to the village.
#[test]
fn without_its_meter_delivery_goes_on_while_the_tanks_see_water_move() {
    let none: Change = |_| ();
    let rows: [(&str, Shape, Change, u32); 5] = [
        ("all of them", Shape::default(), none, 10_800),
        ("the clear well alone", Shape::default(), |rig| rig.node = false, 10_800),
        // Later it is not believed itself: what is asked of P-501 counts as brought (R-2.8-06).
        ("the elevated tank alone", Shape::default(), |rig| rig.levels = false, 2400),
        ("straight to the village", network(), none, 10_800),
        ("straight, FIT-502 alone", network(), |rig| rig.levels = false, 10_800),
    ];
    for (what, shape, then, seconds) in rows {
        let mut rig = blind(&shape, then);
        for second in 0..seconds {
            rig.tank = most_of(0.8, least_of(rig.tank, 1.4));
            rig.well = most_of(1.0, least_of(rig.well, 1.8));
            rig.step();
            assert!(rig.on(), "{what}, after {second} s");
            assert!(rig.unit.status.failed_by.is_empty(), "{what}, after {second} s");
        }
    }
}

/// R-2.8-09, INV-20: against a pipe that is closed no one sees water move: each pump runs for ten minutes at most and rests for thirty;
/// alarms 501 and 502 call. Where nobody could see it either, P-501 is not believed.
#[test]
fn without_its_meter_a_closed_pipe_stops_each_pump_after_ten_minutes() {
    let rows: [(&str, Shape, Change); 4] = [
        ("closed", Shape::default(), |rig| (rig.pipe, rig.village) = (0.0, 0.0)),
        ("closed, straight to the village", network(), |rig| {
            (rig.pipe, rig.village, rig.node) = (0.0, 0.0, false);
        }),
        ("no witness", Shape::default(), |rig| (rig.levels, rig.node) = (false, false)),
        ("nobody knows what comes", Shape::default(), |rig| {
            rig.node = false;
            rig.around.filtered = Signal::Bad(Fault::Stale);
        }),
    ];
    for (what, shape, then) in rows {
        let mut rig = blind(&shape, |_| ());
        (rig.filtered, rig.around.filtered) = (0.0, Signal::Good(CubicMetresPerHour(0.0)));
        then(&mut rig);
        let mut lasted = [0_u32; 2];
        let (mut longest, mut failed) = (0, false);
        for _ in 0..2 * HOUR_S {
            rig.tank = 1.0;
            rig.step();
            for (lasted, pump) in lasted.iter_mut().zip(&rig.unit.pump) {
                *lasted = if pump.outputs.run.value() { *lasted + 1 } else { 0 };
                longest = longest.max(*lasted);
            }
            failed |= rig.unit.alarms.pumps_failed == Condition::Active;
        }
        assert!((590..=620).contains(&longest), "{what}: {longest} s");
        assert!(failed, "{what}");
        assert!(rig.unit.status.failed_by.has(Reason::FlowUnknown), "{what}");
    }
}

/// R-2.8-09: a stop that is shorter than the rest gives a pump against a closed pipe no ten minutes more; one that is longer does.
#[test]
fn without_its_meter_a_pump_that_stops_and_starts_again_has_its_ten_minutes_only_once() {
    for (stands_s, most_s) in [(60_u32, 620_u32), (1740, 620), (1860, 0)] {
        let mut rig = blind(&Shape { lift_pumps: 1, ..Shape::default() }, |rig| {
            (rig.pipe, rig.village) = (0.0, 0.0);
            (rig.filtered, rig.around.filtered) = (0.0, Signal::Good(CubicMetresPerHour(0.0)));
        });
        let (mut ran, mut rested) = (0, false);
        for second in 0..4 * HOUR_S {
            rig.tank = 1.0;
            let stops = second % (stands_s + 300) >= 300;
            rig.around.holds =
                if stops { Reasons::only(Reason::WashPumpRuns) } else { Reasons::NONE };
            // What the wash takes is not what P-501 moved.
            rig.well = if stops { most_of(1.0, rig.well - 0.001) } else { 1.5 };
            rig.step();
            ran += u32::from(rig.unit.pump[0].outputs.run.value());
            rested |= !rig.unit.status.failed_by.is_empty();
            if rested {
                break;
            }
        }
        assert_eq!(rested, most_s > 0, "stops of {stands_s} s");
        assert!(!rested || ran <= most_s, "stops of {stands_s} s: {ran} s");
    }
}

/// R-2.8-03, R-2.8-09: straight to the village FIT-502 says that nobody draws: P-501 sleeps, and is not taken for one that moves nothing.
#[test]
fn without_its_meter_a_pump_sleeps_by_what_the_village_draws() {
    let mut rig = blind(&network(), |rig| (rig.village, rig.filtered) = (0.4, 0.4));
    rig.starts = 0;
    let mut awake = 0;
    for _ in 0..4 * HOUR_S {
        rig.step();
        awake += u32::from(rig.on());
        assert!(rig.unit.status.failed_by.is_empty());
    }
    assert!(rig.starts > 2 && awake < 3 * HOUR_S, "{} starts, awake for {awake} s", rig.starts);
}

/// R-2.8-09: a meter off the top of its scale sees water; one that answers needs no witness, and its word ends the wait.
#[test]
fn a_meter_that_speaks_again_needs_no_witness() {
    let mut rig = blind(&Shape::default(), |rig| (rig.levels, rig.node) = (false, false));
    rig.run_s(500);
    assert!(rig.unit.status.unseen_left <= Duration::from_secs(101));
    rig.meter = true;
    rig.run_s(2);
    assert_eq!(rig.unit.status.unseen_left, Duration::ZERO);
    rig.meter = false;
    rig.run_s(500);
    assert!(rig.on(), "counted afresh");
    let mut unit = Distribution::new(&Shape::default());
    unit.pump[0].status.state = crate::device::PumpState::Running;
    unit.inputs.flow = Signal::Bad(Fault::Overrange);
    unit.status.volume = Signal::Good(CubicMetres(10.0));
    for _ in 0..700 {
        unit.run_blind(&Rig::new().around, SECOND);
    }
    assert!(unit.status.failed_by.is_empty() && unit.blind.left().is_zero());
}
