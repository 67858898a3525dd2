//! When strokes are made, and whether they are.

use super::{FLOWING, Rig};
use crate::device::Mode;
use crate::signal::{Doubt, Fault, Moment};
use crate::unit::coagulation::*;

const DERIVED: Signal<CubicMetresPerHour> =
    Signal::Uncertain(CubicMetresPerHour(3.5), Doubt::Fallback);

/// R-2.4-08, INV-6: 10 s above 1.0 m³/h; off in the scan in which the flow is below 0.8 or gone.
#[test]
fn doses_once_flow_is_proven_and_stops_in_the_scan_it_is_lost() {
    for (how_lost, flow) in [
        ("too slow", Signal::Good(CubicMetresPerHour(0.79))),
        ("not a number", Signal::Good(CubicMetresPerHour(f64::NAN))),
        ("dead transmitter", Signal::Bad(Fault::Stale)),
        ("held for calibration", Signal::Held(CubicMetresPerHour(5.0), Moment(0))),
    ] {
        let mut rig = Rig::new();
        assert_eq!(rig.run_s(10), 0.0, "{how_lost}");
        assert!((rig.run_s(1) - 16.13).abs() < 0.1, "{how_lost}");
        rig.lower_to(0.86);
        for flow in [0.86, 0.83, 0.82, 0.81] {
            rig.around.raw_flow = Signal::Good(CubicMetresPerHour(flow));
            assert!(rig.run_s(20) > 0.0, "{how_lost}: {flow}");
        }
        rig.around.raw_flow = flow;
        assert_eq!(rig.run_s(1), 0.0, "{how_lost}");
        rig.around.raw_flow = Signal::Good(CubicMetresPerHour(0.99));
        assert_eq!(rig.run_s(60), 0.0, "{how_lost}: it starts above 1.0 only");
        rig.around.raw_flow = FLOWING.raw_flow;
        assert_eq!(rig.run_s(10), 0.0, "{how_lost}: proven afresh");
        assert!(rig.run_s(1) > 0.0, "{how_lost}");
    }
}

/// INV-6: a meter that says flow while no pump is asked to run moves no PAC.
#[test]
fn nothing_is_dosed_while_the_intake_stands_whatever_the_meter_says() {
    let mut rig = Rig::dosing();
    rig.around.intake_on = false;
    assert_eq!(rig.run_s(1), 0.0);
    assert_eq!(rig.run_s(60), 0.0);
    assert!(rig.unit.unready().is_empty(), "the intake may start");
}

/// INV-6: a flow that falls fast is gone before the meter shows it.
#[test]
fn the_pump_stops_with_a_flow_that_falls_and_not_with_the_meter_that_lags() {
    for step in [Duration::from_millis(100), Duration::from_secs(1)] {
        let mut rig = Rig::dosing();
        let (mut flow, mut meter, mut still) = (5.0_f64, 5.0_f64, 0.0);
        for _ in 0..200 {
            let share = |time: f64| 1.0 - libm::exp(-step.as_secs_f64() / time);
            flow -= share(3.0) * flow;
            meter += share(2.0) * (flow - meter);
            rig.around.raw_flow = Signal::Good(CubicMetresPerHour(meter));
            if rig.step(step) > 0.0 && flow < 0.8 {
                still += step.as_secs_f64();
            }
        }
        assert!(still <= 1.0, "{still} s into still water");
    }
}

/// R-2.4-08, R-2.12-13: half an hour on the derived flow, in all, until the meter has been good for a minute, or a reset.
#[test]
fn doses_on_the_derived_flow_for_half_an_hour_and_then_takes_no_raw_water() {
    let mut rig = Rig::dosing();
    rig.around.raw_flow = DERIVED;
    assert!(rig.run_s(1000) > 0.0);
    // A flicker of the meter gives no new half hour.
    rig.around.raw_flow = FLOWING.raw_flow;
    assert!(rig.run_s(30) > 0.0);
    rig.around.raw_flow = DERIVED;
    assert!(rig.run_s(790) > 0.0);
    assert_eq!(rig.run_s(20), 0.0);
    assert!(rig.unit.unready().has(Reason::FlowUnknown));
    // Standing still nothing is derived, and nothing proven.
    rig.around.intake_on = false;
    rig.around.raw_flow = Signal::Uncertain(CubicMetresPerHour::ZERO, Doubt::Fallback);
    rig.run_s(7200);
    assert!(rig.unit.unready().has(Reason::FlowUnknown));
    rig.around.raw_flow = Signal::Good(CubicMetresPerHour::ZERO);
    rig.run_s(61);
    assert!(rig.unit.unready().is_empty(), "the meter is back");
    rig.around = Around { raw_flow: DERIVED, ..FLOWING };
    assert_eq!((rig.run_s(1790) > 0.0, rig.run_s(30)), (true, 0.0));
    rig.around.reset = true;
    assert!(rig.run_s(30) > 0.0, "a person has looked");
}

/// R-2.4-08, R-2.10-08: no restart gives a new half hour on the derived flow, however often the power goes.
#[test]
fn a_restart_gives_no_new_half_hour_on_the_derived_flow() {
    let mut rig = Rig::dosing();
    rig.around.raw_flow = DERIVED;
    for _ in 0..2 {
        assert!(rig.run_s(840) > 0.0);
        let retained = rig.unit.retained;
        rig = Rig::dosing();
        rig.unit.retained = retained;
        rig.unit.restored(Some(Duration::from_secs(300)));
        rig.around.raw_flow = DERIVED;
    }
    assert!(rig.run_s(90) > 0.0);
    assert_eq!(rig.run_s(60), 0.0);
    assert!(rig.unit.unready().has(Reason::FlowUnknown));
}

/// R-2.4-09: too few strokes: P-211B and alarm 201; the second failure: no raw water, within 120 s, until a reset.
#[test]
fn a_pump_that_does_not_stroke_gives_way_and_a_second_one_stops_the_intake() {
    let mut rig = Rig::dosing();
    assert_eq!(rig.unit.alarms.not_dosing, Condition::Clear);
    rig.health[0] = 0.5;
    let changed = rig.until_s(120, |rig| rig.unit.doser.outputs.choose_b.value());
    assert!(changed.is_some_and(|seconds| seconds <= 70), "{changed:?}");
    assert_eq!(rig.unit.alarms.not_dosing, Condition::Active);
    assert!(rig.run_s(1800) > 0.0 && rig.unit.unready().is_empty(), "B does the work");
    assert_eq!(rig.unit.alarms.not_dosing, Condition::Active, "somebody must look at A");
    rig.health[1] = 0.0;
    let stopped = rig.until_s(300, |rig| !rig.unit.unready().is_empty());
    assert!(stopped.is_some_and(|seconds| seconds <= 120), "{stopped:?}");
    assert!(rig.unit.unready().has(Reason::CoagulantPumpUnavailable));
    assert_eq!((rig.run_s(1), rig.unit.is_available()), (0.0, false));
    rig.health = [1.0; 2];
    rig.run_s(7200);
    assert!(!rig.unit.unready().is_empty(), "it does not forget");
    rig.around.reset = true;
    assert!(rig.run_s(200) > 0.0 && rig.unit.unready().is_empty());
    assert_eq!(rig.unit.alarms.not_dosing, Condition::Clear);
}

/// R-2.4-09, INV-8: both pumps dead from the first stroke: the intake is held within 180 s of raw water without PAC.
#[test]
fn with_both_pumps_dead_raw_water_runs_for_less_than_three_minutes() {
    let mut rig = Rig::new();
    rig.health = [0.0; 2];
    let stopped = rig.until_s(400, |rig| !rig.unit.unready().is_empty());
    assert!(stopped.is_some_and(|seconds| seconds <= 180), "{stopped:?}");
}

/// INV-8: whatever keeps PAC from the water, by a person's hand too, keeps raw water from being made.
#[test]
fn raw_water_without_its_coagulant_is_not_made() {
    type Spoil = fn(&mut Rig);
    let rows: [(&str, Spoil, Reason); 6] = [
        (
            "tank empty",
            |rig| rig.unit.inputs.tank_low_low = Signal::Good(false),
            Reason::CoagulantEmpty,
        ),
        (
            "float unknown",
            |rig| rig.unit.inputs.tank_low_low = Signal::default(),
            Reason::CoagulantEmpty,
        ),
        (
            "level low",
            |rig| rig.unit.inputs.tank_level = Signal::Good(Percent(4.0)),
            Reason::CoagulantEmpty,
        ),
        ("cap", |rig| rig.around.cap_reached = true, Reason::HourlyCapReached),
        (
            "pump off",
            |rig| rig.unit.doser.handling.change(Mode::Off, 1),
            Reason::CoagulantPumpUnavailable,
        ),
        (
            "unit off",
            |rig| rig.unit.handling.change(Mode::Off, 1),
            Reason::CoagulantPumpUnavailable,
        ),
    ];
    for (what, spoil, reason) in rows {
        let mut rig = Rig::dosing();
        spoil(&mut rig);
        assert_eq!(rig.run_s(1), 0.0, "{what}");
        assert!(rig.unit.unready().has(reason), "{what}: {:?}", rig.unit.unready());
    }
    // A person at the pump may give more or less, but not next to nothing.
    let mut rig = Rig::dosing();
    rig.unit.doser.handling.change(Mode::Manual, 1);
    for (wish, starves) in [(9.0, false), (5.0, false), (3.0, true)] {
        assert!(rig.unit.doser.handling.ask(Percent(wish), Duration::from_secs(600), 2).is_ok());
        rig.run_s(100);
        assert_eq!(rig.unit.unready().has(Reason::CoagulantMissing), starves, "{wish} %");
        assert_eq!(rig.unit.alarms.not_dosing == Condition::Active, starves, "{wish} %");
    }
    rig.around.intake_on = false;
    rig.unit.doser.handling.change(Mode::Auto, 3);
    rig.run_s(590);
    assert!(!rig.unit.unready().is_empty());
    rig.run_s(20);
    assert!(rig.unit.unready().is_empty(), "ten minutes to look");
}

/// R-2.1-02, INV-6: by hand only into flow.
#[test]
fn a_person_strokes_the_pump_by_hand_only_into_flowing_water() {
    let mut rig = Rig::dosing();
    rig.unit.doser.handling.change(Mode::Manual, 1);
    assert!((rig.run_s(2) - 16.13).abs() < 0.1, "without a bump");
    assert!(rig.unit.doser.handling.ask(Percent(50.0), Duration::from_secs(600), 2).is_ok());
    assert!((rig.run_s(1) - 90.0).abs() < 1e-9);
    rig.around.raw_flow = Signal::Good(CubicMetresPerHour(0.5));
    assert_eq!(rig.run_s(1), 0.0);
}

/// R-2.4-01, R-2.11-02: the pump counts on the strength the day tank has; a tank that does not last two days is called out.
#[test]
fn the_pump_counts_on_the_strength_of_the_day_tank() {
    let with = |strength: f64| {
        let mut rig = Rig::new();
        rig.around.stock = Told { short: Condition::Active, ..Told::of(GramsPerLitre(strength)) };
        let rate = rig.run_s(20);
        assert_eq!(rig.unit.alarms.stock_low, Condition::Active);
        rate
    };
    assert!((with(40.0) / with(50.0) - 1.25).abs() < 1e-6);
}

/// R-2.11-05: M-211 runs two minutes an hour, and as long as a refill asks for it; never with the tank empty.
#[test]
fn the_mixer_runs_two_minutes_an_hour_and_after_a_refill() {
    for (mix, empty, minutes) in [(false, false, 2), (true, false, 60), (true, true, 0)] {
        let mut rig = Rig::new();
        rig.unit.inputs.tank_low_low = Signal::Good(!empty);
        rig.around.stock.mix = mix;
        let mut seconds = 0;
        for _ in 0..3600 {
            rig.run_s(1);
            let runs = rig.unit.mixer.outputs.run.value();
            rig.unit.mixer.inputs.running = Signal::Good(runs);
            seconds += u32::from(runs);
        }
        let found = f64::from(seconds) / 60.0;
        assert!((found - f64::from(minutes)).abs() < 0.1, "{found} min of {minutes}");
    }
}

/// R-2.0-08, R-2.11-05: a mixer that once gave no feedback mixes again after a person's reset.
#[test]
fn a_mixer_that_missed_its_feedback_mixes_again_after_a_reset() {
    let mut rig = Rig::new();
    rig.around.stock.mix = true;
    rig.unit.mixer.inputs.running = Signal::Good(false);
    rig.run_s(60);
    assert!(rig.unit.mixer.is_faulty() && !rig.unit.mixer.outputs.run.value());
    rig.around.reset = true;
    let runs = rig.until_s(600, |rig| rig.unit.mixer.outputs.run.value());
    assert!(runs.is_some(), "{:?}", rig.unit.mixer.status);
    rig.unit.mixer.inputs.running = Signal::Good(true);
    rig.run_s(60);
    assert!(rig.unit.mixer.is_running());
}

/// R-2.2-15, F11: a level that dances around its limit empties the tank once; it is full again when somebody has filled it.
#[test]
fn a_day_tank_that_was_empty_stays_so_until_it_is_filled() {
    let mut rig = Rig::new();
    for (level, float, empty) in [
        (5.1, true, false),
        (4.9, true, true),
        (5.4, true, true),
        (9.9, true, true),
        (10.1, true, false),
        (5.1, true, false),
        (60.0, false, true),
        (60.0, true, false),
        (f64::NAN, true, true),
    ] {
        rig.unit.inputs.tank_level = Signal::Good(Percent(level));
        rig.unit.inputs.tank_low_low = Signal::Good(float);
        rig.run_s(1);
        assert_eq!(rig.unit.is_empty(), empty, "{level} %, float {float}");
    }
}
