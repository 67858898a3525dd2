//! The raw flow, and the speed that brings it.

use std::vec::Vec;

use crate::quantity::{CubicMetresPerHour, Hertz};
use crate::signal::{Doubt, Fault, Signal};
use crate::unit::intake::rig::{Rig, SECOND, Shown};
use crate::unit::intake::sequence::State;
use crate::unit::intake::*;

/// R-2.3-01: XV-101 first, then the pump.
#[test]
fn opens_the_way_before_it_lifts_water_and_closes_it_after_the_demand() {
    let mut rig = Rig::new();
    rig.around.path_open = false;
    rig.run_s(30);
    assert_eq!(rig.state(), State::Checking {});
    assert!(rig.unit.inlet.is_open() && rig.still() && rig.blocked(Reason::ValveNotInPlace));
    rig.around.path_open = true;
    assert!(rig.until_s(3, |rig| rig.state() == State::Running {}).is_some());
    rig.run_s(180);
    assert!(libm::fabs(rig.flow - 5.0) < 0.05, "{}", rig.flow);
    rig.around.run = false;
    rig.run_s(1);
    assert_eq!(rig.state(), State::Off {});
    assert!(!rig.on(0) && rig.blocked(Reason::NoDemand));
    rig.run_s(20);
    assert!(rig.unit.inlet.is_closed());
}

/// R-2.3-01, INV-44: a way that never opens is a fault with alarm 105, and ends when it opens after all.
#[test]
fn a_way_that_does_not_open_in_time_is_a_fault_until_it_does() {
    let mut rig = Rig::new();
    rig.around.path_open = false;
    let late = rig.until_s(120, |rig| rig.state() == State::Fault {});
    assert!(late.is_some_and(|seconds| seconds > 60 && seconds <= 100), "{late:?}");
    assert_eq!(rig.unit.alarms.pumps_failed, Condition::Active);
    rig.around.path_open = true;
    assert!(rig.until_s(30, |rig| rig.state() == State::Running {}).is_some());
    assert_eq!(rig.unit.alarms.pumps_failed, Condition::Clear);
}

/// R-2.3-03: 48, 55 and 66 % at 6, 8 and 12 m.
#[test]
fn the_lowest_speed_beats_the_static_head_of_the_present_wet_well() {
    for (level, percent) in [(3.5, 48.3), (1.5, 55.0), (-2.5, 66.2), (f64::NAN, 55.0)] {
        let mut rig = Rig::new();
        rig.unit.inputs.wet_well_level =
            if level.is_nan() { Signal::Bad(Fault::Stale) } else { Signal::Good(Metres(level)) };
        let lowest = rig.unit.lowest_speed().0;
        assert!(libm::fabs(lowest - percent) < 0.1, "{level} m: {lowest} %");
    }
}

/// R-2.3-03: it starts 5 % above that, and moves by 5 % a second.
#[test]
fn the_speed_starts_above_the_lowest_and_moves_slowly() {
    let mut rig = Rig::new();
    rig.until_s(60, |rig| rig.on(0));
    assert!(libm::fabs(rig.unit.pump[0].outputs.speed.value().0 - 60.0) < 0.1);
    let mut last = 60.0;
    for _ in 0..200 {
        rig.step();
        let speed = rig.unit.pump[0].outputs.speed.value().0;
        assert!(libm::fabs(speed - last) <= 5.0 + 1e-9 && speed >= 55.0, "{last} to {speed}");
        last = speed;
    }
    rig.around.rate = CubicMetresPerHour(2.5);
    rig.run_s(120);
    assert!(libm::fabs(rig.flow - 2.5) < 0.1, "{}", rig.flow);
}

/// R-2.3-02, R-2.12-13: counts only with run feedback, power on its curve and a wet well above low-low.
#[test]
fn the_derived_flow_counts_only_while_everything_says_that_water_moves() {
    type Spoil = fn(&mut Rig);
    let rows: [(&str, Spoil, bool); 6] = [
        ("nothing wrong", |_| {}, true),
        ("power too low", |rig| rig.power = Shown::Number(0.1), false),
        ("power unknown", |rig| rig.power = Shown::Bad(Fault::Stale), false),
        ("wet well at low-low", |rig| rig.well = Shown::Number(0.3), false),
        ("wet well unknown", |rig| rig.well = Shown::Bad(Fault::Range), false),
        ("pump does not turn", |rig| rig.dead = [true; 2], false),
    ];
    for (what, spoil, counts) in rows {
        let mut rig = Rig::lifting();
        rig.meter = Shown::Bad(Fault::Stale);
        rig.run_s(30);
        let reduced = rig.unit.status.raw_flow;
        assert!(matches!(reduced, Signal::Uncertain(_, Doubt::Fallback)), "{what}: {reduced:?}");
        spoil(&mut rig);
        rig.run_s(1);
        let flow = rig.unit.status.raw_flow;
        assert!(counts || flow.usable().is_none_or(|flow| flow.0 == 0.0), "{what}: {flow:?}");
    }
}

/// R-2.3-02, R-2.3-03, R-2.12-13: the speed is held at the curve's value for REDUCED or less.
#[test]
fn without_its_meter_the_intake_goes_on_at_the_reduced_rate() {
    let mut rig = Rig::lifting();
    rig.meter = Shown::Bad(Fault::Stale);
    rig.run_s(300);
    assert_eq!(rig.state(), State::Running {});
    assert!(rig.flow > 3.2 && rig.flow < 3.8, "{}", rig.flow);
    let derived = rig.unit.status.raw_flow.usable().unwrap().0;
    assert!(libm::fabs(derived - rig.flow) < 0.2, "{derived} for {}", rig.flow);
    rig.around.rate = CubicMetresPerHour(2.5);
    rig.run_s(60);
    assert!(rig.flow < 2.8, "{}", rig.flow);
    // A person's number while the meter is out for calibration is no measurement either.
    rig.meter = Shown::Truth;
    rig.run_s(120);
    assert!(matches!(rig.unit.status.raw_flow, Signal::Good(_)));
}

/// R-2.3-07, R-2.12-13, F7: a meter that falls to zero while water moves stops nothing, and is not believed before it shows
/// flow again.
#[test]
fn a_meter_at_zero_while_water_moves_is_found_out_and_not_believed() {
    let mut rig = Rig::lifting();
    rig.meter = Shown::Number(0.0);
    rig.run_s(30);
    assert_eq!(rig.state(), State::Running {}, "{:?}", rig.unit.proof[0].status);
    // What R-2.12-07 makes of it.
    rig.meter = Shown::Bad(Fault::Implausible);
    rig.run_s(60);
    assert!(matches!(rig.unit.status.raw_flow, Signal::Uncertain(flow, _) if flow.0 > 3.0));
    // Standing still, zero is true and proves nothing; the next run trusts the speed from its first second.
    rig.meter = Shown::Number(0.0);
    rig.around.run = false;
    rig.run_s(600);
    rig.around.run = true;
    rig.run_s(60);
    assert_eq!(rig.state(), State::Running {}, "{:?}", rig.unit.proof[0].status);
    assert!(rig.unit.status.raw_flow.usable().is_some_and(|flow| flow.0 > 2.0));
    rig.meter = Shown::Truth;
    rig.run_s(70);
    assert!(matches!(rig.unit.status.raw_flow, Signal::Good(_)));
}

/// R-2.12-06, R-2.3-02, F6: a meter that froze at 5.0 m³/h is found out by the speed, within a minute or so of a flow that
/// ought to have changed, and is not believed before it moves. One that stands still where the flow does stops nothing.
#[test]
fn a_meter_that_froze_is_found_out_as_soon_as_the_flow_should_have_changed() {
    for rate in [2.5, 3.5] {
        let mut rig = Rig::lifting();
        rig.meter = Shown::Number(5.0);
        rig.run_s(300);
        assert!(matches!(rig.unit.status.raw_flow, Signal::Good(_)), "steady is not frozen");
        rig.around.rate = CubicMetresPerHour(rate);
        let doubted = rig.until_s(75, |rig| {
            matches!(rig.unit.status.raw_flow, Signal::Uncertain(_, Doubt::Fallback))
        });
        assert!(doubted.is_some(), "{rate}: {:?}, {} m³/h", rig.unit.status.raw_flow, rig.flow);
        rig.run_s(600);
        assert_eq!(rig.state(), State::Running {});
        let raw = rig.unit.status.raw_flow;
        assert!(
            matches!(raw, Signal::Uncertain(flow, Doubt::Fallback) if (flow.0 - rig.flow).abs() < 0.3),
            "{rate}: {raw:?} of {}",
            rig.flow
        );
        rig.meter = Shown::Truth;
        rig.run_s(70);
        assert!(matches!(rig.unit.status.raw_flow, Signal::Good(_)), "{rate}");
    }
}

/// R-2.12-06, F6: a meter that has stood still for ten minutes lowers the speed to that of REDUCED, and thereby tells itself
/// apart: one that froze does not follow.
#[test]
fn a_meter_that_stands_still_for_long_is_put_to_the_test() {
    let mut rig = Rig::lifting();
    rig.meter = Shown::Stuck(5.0);
    let doubted = rig.until_s(75, |rig| {
        matches!(rig.unit.status.raw_flow, Signal::Uncertain(_, Doubt::Fallback))
    });
    assert!(doubted.is_some(), "{:?}, {} m³/h", rig.unit.status.raw_flow, rig.flow);
    rig.run_s(60);
    assert!(rig.flow > 3.2 && rig.flow < 3.8, "{}", rig.flow);
}

/// INV-6, R-2.3-02: a meter that stands at 5 while the pump takes no power is no flow for the coagulant.
#[test]
fn power_that_says_no_water_outranks_a_meter_that_says_flow() {
    let mut rig = Rig::lifting();
    rig.meter = Shown::Number(5.0);
    rig.power = Shown::Number(0.15);
    let gone = rig.until_s(10, |rig| rig.unit.status.raw_flow.usable().is_none());
    assert!(gone.is_some_and(|seconds| seconds <= 4), "{gone:?}");
}

/// R-2.3-07: the curve is learned from flow beyond doubt, and from nothing else.
#[test]
fn the_power_of_a_pump_that_moves_water_is_learned_by_its_speed() {
    let mut rig = Rig::learned(false);
    rig.run_s(50);
    assert!(rig.unit.curve.iter().all(|point| point.retained.power.0 == 0.0));
    rig.run_s(200);
    let learned = rig.unit.curve[3].retained.power.0;
    let taken = rig.unit.pump[0].inputs.power.usable().unwrap().0;
    assert!(libm::fabs(learned - taken) < 0.03, "{learned} of {taken} kW");
    let before: Vec<f64> = rig.unit.curve.iter().map(|point| point.retained.power.0).collect();
    rig.meter = Shown::Bad(Fault::Stale);
    rig.run_s(1200);
    let after: Vec<f64> = rig.unit.curve.iter().map(|point| point.retained.power.0).collect();
    assert_eq!(before, after);
}

/// R-2.3-07: a drive that says 0 Hz while its pump lifts teaches nothing: a power without bounds would let every pump trip as dry.
#[test]
fn a_drive_that_shows_no_frequency_teaches_no_power() {
    for hertz in [0.0, f64::MIN_POSITIVE, 1.0] {
        let mut rig = Rig::lifting();
        let powers = |rig: &Rig| -> Vec<f64> {
            rig.unit.curve.iter().map(|point| point.retained.power.0).collect()
        };
        let before = powers(&rig);
        for _ in 0..200 {
            rig.unit.pump[0].inputs.frequency = Signal::Good(Hertz(hertz));
            rig.unit.judge(rig.around.nominal, SECOND);
        }
        assert_eq!(powers(&rig), before, "{hertz} Hz");
    }
}
