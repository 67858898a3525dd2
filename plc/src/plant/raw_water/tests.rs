//! What the intake is told by the settled tank and by coagulation.

use super::*;
use crate::alarm::Condition;
use crate::plant::Shape;
use crate::quantity::{Metres, Ntu, Percent};
use crate::signal::{Fault, Moment, Signal};
use crate::unit::system::State;

const SECOND: Duration = Duration::from_secs(1);

/// R-2.17-04: from 85 to 95 % linearly from the present rate to MINIMUM, and back.
#[test]
fn a_settled_tank_that_fills_lowers_the_intake_to_minimum() {
    let mut plant = Plant::new(&Shape::default());
    plant.units.sedimentation.status.rate_limit = CubicMetresPerHour(5.0);
    for (rate, level, asked) in [
        (5.0, Signal::Good(Percent(84.0)), 5.0),
        (5.0, Signal::Good(Percent(85.0)), 5.0),
        (5.0, Signal::Good(Percent(90.0)), 3.75),
        (5.0, Signal::Good(Percent(94.0)), 2.75),
        (5.0, Signal::Good(Percent(95.0)), 2.5),
        (5.0, Signal::Good(Percent(99.0)), 2.5),
        (3.5, Signal::Good(Percent(90.0)), 3.0),
        (2.5, Signal::Good(Percent(94.0)), 2.5),
        (5.0, Signal::Bad(Fault::Stale), 5.0),
    ] {
        plant.units.system.status.rate = CubicMetresPerHour(rate);
        plant.units.sedimentation.inputs.settled_level = level;
        let found = plant.raw_rate().0;
        assert!((found - asked).abs() < 1e-9, "{rate} m³/h at {level:?}: {found}");
    }
}

/// R-2.17-01: 95 % stops P-101 and its PAC, until 85 %; a level that nobody knows does so after 30 s.
#[test]
fn a_full_or_unknown_settled_tank_stops_the_intake() {
    let mut plant = Plant::new(&Shape::default());
    for (level, held) in [(94.9, false), (95.0, true), (85.0, true), (84.9, false)] {
        plant.units.sedimentation.inputs.settled_level = Signal::Good(Percent(level));
        plant.judge_causes(SECOND);
        for column in [Column::RawPump, Column::Coagulant] {
            let found = plant.holds.on(column).has(Reason::SettledTankFull);
            assert_eq!(found, held, "{column:?} at {level} %");
        }
    }
    plant.units.intake.inputs.wet_well_level = Signal::Good(Metres(1.5));
    plant.units.sedimentation.inputs.settled_level = Signal::Bad(Fault::Stale);
    (0..29).for_each(|_| plant.run_raw_water(SECOND));
    assert!(!blocks(&plant, Reason::LevelUnknown));
    plant.run_raw_water(SECOND);
    assert!(blocks(&plant, Reason::LevelUnknown));
}

/// INV-8, R-2.4-09: whatever keeps PAC from the raw water holds P-101, and a start waits for it.
#[test]
fn raw_water_is_not_taken_while_it_would_get_no_coagulant() {
    let mut plant = Plant::new(&Shape::default());
    let units = &mut plant.units;
    units.intake.inputs.wet_well_level = Signal::Good(Metres(1.5));
    units.intake.inputs.turbidity = Signal::Good(Ntu(20.0));
    units.sedimentation.inputs.settled_level = Signal::Good(Percent(50.0));
    units.coagulation.inputs.tank_level = Signal::Good(Percent(60.0));
    units.coagulation.inputs.tank_low_low = Signal::Good(true);
    plant.run_raw_water(SECOND);
    plant.run_raw_water(SECOND);
    let reason = Reason::CoagulantPumpUnavailable;
    assert!(!blocks(&plant, reason) && !plant.missing().has(reason));
    plant.units.coagulation.doser.fail(Reason::StrokesMissing);
    plant.run_raw_water(SECOND);
    plant.run_raw_water(SECOND);
    assert!(!blocks(&plant, reason), "one of two");
    plant.units.coagulation.doser.fail(Reason::StrokesMissing);
    plant.run_raw_water(SECOND);
    plant.run_raw_water(SECOND);
    assert!(blocks(&plant, reason) && plant.missing().has(reason) && plant.lost().has(reason));
    plant.asked.reset = true;
    plant.run_raw_water(SECOND);
    plant.run_raw_water(SECOND);
    assert!(!blocks(&plant, reason));
}

/// INV-8, R-2.18-08: after a ledger that was lost nothing is dosed for an hour, so no raw water is taken in it, and no start is
/// begun that would fail at its third step; then it goes on by itself.
#[test]
fn no_raw_water_is_taken_in_the_hour_after_a_lost_ledger() {
    let mut plant = Plant::new(&Shape::default());
    let units = &mut plant.units;
    units.intake.inputs.wet_well_level = Signal::Good(Metres(1.5));
    units.intake.inputs.turbidity = Signal::Good(Ntu(20.0));
    units.sedimentation.inputs.settled_level = Signal::Good(Percent(50.0));
    units.coagulation.inputs.tank_level = Signal::Good(Percent(60.0));
    units.coagulation.inputs.tank_low_low = Signal::Good(true);
    let reason = Reason::NotOnRecord;
    let run = |plant: &mut Plant, seconds: u32| {
        for _ in 0..seconds {
            plant.guard(SECOND);
            plant.run_raw_water(SECOND);
        }
        (blocks(plant, reason), plant.missing().has(reason))
    };
    assert_eq!(run(&mut plant, 3), (false, false));
    plant.distrust_ledgers();
    assert_eq!(run(&mut plant, 3), (true, true));
    assert!(plant.units.coagulation.status.blocked.has(reason), "PAC says so too");
    assert_eq!(run(&mut plant, 3590), (true, true));
    assert_eq!(run(&mut plant, 20), (false, false));
    // Chlorine's alone: a start would filter water that nothing disinfects.
    plant.units.disinfection.guard.distrust();
    assert_eq!(run(&mut plant, 3), (false, true));
}

/// F19, INV-21: LT-206 froze in the middle: what comes and goes is counted, and the table trips by that, until a person's reset
/// believes the gauge again.
#[test]
fn a_settled_level_that_froze_does_not_hide_an_overflow() {
    let mut plant = Plant::new(&Shape::default());
    for tank in &mut plant.units.tank {
        for end in [&mut tank.inlet.inputs, &mut tank.outlet.inputs] {
            (end.opened, end.closed) = (Signal::Good(true), Signal::Good(false));
        }
        tank.sludge.inputs.closed = Signal::Good(true);
        tank.sludge.inputs.opened = Signal::Good(false);
    }
    plant.units.sedimentation.inputs.settled_level = Signal::Good(Percent(50.0));
    plant.units.filtration.inputs.flow = Signal::Good(CubicMetresPerHour(4.0));
    (0..30).for_each(|_| plant.run_raw_water(SECOND));
    let mut full = None;
    for second in 0..7200 {
        plant.units.intake.status.raw_flow = Signal::Good(CubicMetresPerHour(5.0));
        let net = plant.settled_net();
        plant.units.sedimentation.judge(net, SECOND);
        plant.judge_causes(SECOND);
        if plant.holds.causes().has(Reason::SettledTankFull) {
            full = Some(second);
            break;
        }
    }
    // 45 % of 2 m³ at 1 m³/h.
    assert!(full.is_some_and(|second| (3200..3260).contains(&second)), "{full:?}");
    assert!(plant.units.sedimentation.settled_frozen());
    plant.asked.reset = true;
    plant.run_raw_water(SECOND);
    assert!(plant.units.sedimentation.settled_level().good().is_some());
}

/// R-2.12-14, R-2.12-13, INV-44, F9: no water is made any more because nobody knows what to dose, or how full the wells are:
/// that is alarm 105, besides the one of the instrument, unless a lost bus says so already.
#[test]
fn raw_water_that_stops_for_want_of_an_instrument_is_called_out() {
    type Change = fn(&mut Plant);
    let rows: [(&str, Change, u32); 4] = [
        ("turbidity", |p| p.units.intake.inputs.turbidity = Signal::Bad(Fault::Stale), 1),
        ("wet well", |p| p.units.intake.inputs.wet_well_level = Signal::Bad(Fault::Range), 31),
        ("settled", |p| p.units.sedimentation.inputs.settled_level = Signal::Bad(Fault::Stale), 31),
        ("hold", |p| p.units.intake.inputs.wet_well_level = HELD, 0),
    ];
    for (what, wrong, within) in rows {
        for explained in [false, true] {
            let mut plant = Plant::new(&Shape::default());
            let units = &mut plant.units;
            units.intake.inputs.wet_well_level = Signal::Good(Metres(1.5));
            units.sedimentation.inputs.settled_level = Signal::Good(Percent(50.0));
            units.intake.inputs.turbidity = Signal::Good(Ntu(20.0));
            units.coagulation.inputs.tank_level = Signal::Good(Percent(60.0));
            units.coagulation.inputs.tank_low_low = Signal::Good(true);
            units.system.status.state = State::Producing {};
            plant.run_raw_water(SECOND);
            wrong(&mut plant);
            if what == "turbidity" {
                plant.units.coagulation.restored(None);
            }
            if explained {
                plant.holds = plant.holds.then(Reasons::only(Reason::BusBLost), false);
            }
            (0..40).for_each(|_| plant.run_raw_water(SECOND));
            let called = plant.units.intake.alarms.pumps_failed == Condition::Active;
            assert_eq!(called, within > 0 && !explained, "{what} {explained}");
        }
    }
}

const HELD: Signal<Metres> = Signal::Held(Metres(1.5), Moment(u64::MAX));

fn blocks(plant: &Plant, reason: Reason) -> bool {
    plant.units.intake.status.blocked.has(reason)
}
