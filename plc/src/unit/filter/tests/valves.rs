//! Which valves stand open in which state, who may move them, and what the water says of them.

use std::vec::Vec;

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::device::Mode;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::{Rig, shape};

/// The matrix of `docs/spec/plant.md` 2.6.1: n1 to n7.
const MATRIX: [(State, [u8; 7]); 11] = [
    (State::Standby {}, [0, 0, 0, 0, 0, 0, 0]),
    (State::Ripening {}, [1, 0, 0, 0, 1, 0, 0]),
    (State::Filtering {}, [1, 1, 0, 0, 0, 0, 0]),
    (State::WashQueued {}, [1, 1, 0, 0, 0, 0, 0]),
    (State::Draining {}, [0, 0, 0, 0, 0, 0, 1]),
    (State::AirScour {}, [0, 0, 0, 1, 0, 1, 0]),
    (State::AirWater {}, [0, 0, 1, 1, 0, 1, 0]),
    (State::HighWash {}, [0, 0, 1, 1, 0, 0, 0]),
    (State::SubfluidWash {}, [0, 0, 1, 1, 0, 0, 0]),
    (State::Settling {}, [0, 0, 0, 0, 0, 0, 0]),
    (State::Fault {}, [0, 0, 0, 0, 0, 0, 0]),
];

/// R-2.6.1-01, R-2.6.1-02, R-2.6.1-03, R-2.6.1-04, R-2.6.1-05, R-2.6.1-06, R-2.6.1-07, R-2.6.1-08, R-2.6.1-09, R-2.6.1-10,
/// R-2.6.1-11: the valve matrix, and that a filter reaches it in each state.
#[test]
fn each_state_ends_with_its_valves_as_the_matrix_has_them() {
    let mut rig = Rig::new(&shape(2, true));
    let mut seen = Vec::new();
    // A filter is told in the next scan that the pump has run down.
    let mut stood = false;
    let mut note = |rig: &Rig, seen: &mut Vec<State>| {
        let run_down = std::mem::replace(&mut stood, rig.filtration.wash_pump.is_still());
        if rig.filters[0].report().in_place {
            let state = rig.state(0);
            let row = MATRIX.iter().find(|(listed, _)| *listed == state).unwrap().1;
            let open = rig.stems[0].map(|stem| u8::from(stem.at >= 1.0));
            let shut = rig.stems[0].map(|stem| u8::from(stem.at > 0.0));
            if state != (State::Settling {}) || run_down {
                assert_eq!((open, shut), (row, row), "{state:?}");
                if !seen.contains(&state) {
                    seen.push(state);
                }
            }
        }
    };
    for second in 0..4 * HOUR {
        if second == 2 * HOUR {
            rig.around.wash_water = false;
            rig.filtration.order_wash(1).unwrap();
        }
        rig.around.wash_water |= second == 2 * HOUR + 300;
        rig.run_s(1);
        note(&rig, &mut seen);
    }
    rig.stems[0][0].seized = true;
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the fault", |rig| rig.state(0) == State::Fault {});
    rig.stems[0][0].seized = false;
    rig.stems[0][0].at = 0.0;
    rig.run_s(60);
    note(&rig, &mut seen);
    assert_eq!(seen.len(), MATRIX.len(), "{seen:?}");
}

/// R-2.6.1-05, R-2.6.1-06, R-2.6.1-07, R-2.6.1-08, R-2.6.1-09, R-2.6.1-10: each step by its timer, which runs only while the
/// step works.
#[test]
fn each_step_of_a_wash_lasts_its_time() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    // At most so much longer for valves, stagger, ramps.
    for (state, least, patience) in [
        (State::Draining {}, 120, 35),
        (State::AirScour {}, 180, 50),
        (State::AirWater {}, 120, 45),
        (State::HighWash {}, 360, 45),
        (State::SubfluidWash {}, 60, 30),
        (State::Settling {}, 120, 60),
    ] {
        assert_eq!(rig.state(0), state);
        let mut half_seconds = 0;
        while rig.state(0) == state {
            rig.run_until(1, "a scan", |_| true);
            rig.scan();
            half_seconds += 1;
        }
        let lasted = half_seconds / 2;
        assert!((least..least + patience).contains(&lasted), "{state:?}: {lasted} s");
    }
    assert_eq!(rig.filters[0].status.step_left.as_secs(), 0);
}

/// R-2.6.1-11, INV-9, INV-10, INV-14: out of AUTO the filter is out of service; by hand no exclusion is passed.
#[test]
fn by_hand_no_valve_opens_against_another() {
    let mut rig = plant();
    rig.filters[0].outlet.handling.change(Mode::Manual, 1);
    rig.run_s(60);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].status.blocked.has(Reason::InManual));
    assert!(!rig.filters[0].is_available());
    let wish = |rig: &mut Rig, valve: usize, open: bool| {
        let filter = &mut rig.filters[0];
        let handling = match valve {
            1 => &mut filter.outlet.handling,
            2 => &mut filter.wash_inlet.handling,
            _ => &mut filter.waste.handling,
        };
        handling.change(Mode::Manual, 1);
        let wish = Percent(if open { 100.0 } else { 0.0 });
        handling.ask(wish, core::time::Duration::from_secs(3600), 1).unwrap();
    };
    wish(&mut rig, 1, true);
    rig.run_s(30);
    assert_eq!(rig.filters[0].outlet.status.blocked, Reasons::only(Reason::InManual));
    assert!(rig.filters[0].outlet.is_open(), "its water was proven good a moment ago");
    wish(&mut rig, 2, true);
    wish(&mut rig, 3, true);
    rig.run_s(60);
    assert!(rig.filters[0].wash_inlet.is_closed() && rig.filters[0].waste.is_closed());
    let waits = Reasons::all(&[Reason::InManual, Reason::OtherValveNotInPlace]);
    assert_eq!(rig.filters[0].wash_inlet.status.blocked, waits);
    assert_eq!(rig.filters[0].waste.status.blocked, waits);
    wish(&mut rig, 1, false);
    rig.run_s(60);
    assert!(rig.filters[0].wash_inlet.is_open() && rig.filters[0].waste.is_open());
    wish(&mut rig, 1, true);
    rig.filters[0].retained.dirty = true;
    wish(&mut rig, 2, false);
    wish(&mut rig, 3, false);
    rig.run_s(120);
    assert!(rig.filters[0].outlet.is_closed(), "a dirty filter's outlet opens for nobody");
    assert!(rig.filters[0].outlet.status.blocked.has(Reason::FilterDirty));
    rig.filters[0].retained.dirty = false;
    rig.filters[0].memory.proven = false;
    rig.run_s(60);
    assert!(rig.filters[0].outlet.is_closed(), "nor that of one whose water nobody has proven");
    assert!(rig.filters[0].outlet.status.blocked.has(Reason::WaterNotProven));
}

/// INV-2, INV-7, INV-36: a filter that a person takes into MANUAL while it filters delivers nothing that nobody doses or judges:
/// its outlet opens by hand only while its inlet is shut.
#[test]
fn a_filter_taken_by_hand_delivers_nothing_beside_its_sequence() {
    let mut rig = plant();
    let filter = &mut rig.filters[0];
    filter.handling.change(Mode::Manual, 1);
    filter.inlet.handling.change(Mode::Manual, 1);
    filter.outlet.handling.change(Mode::Manual, 1);
    let hour = core::time::Duration::from_secs(3600);
    rig.filters[0].inlet.handling.ask(Percent(100.0), hour, 1).unwrap();
    rig.filters[0].outlet.handling.ask(Percent(100.0), hour, 1).unwrap();
    rig.run_s(60);
    assert!(rig.filters[0].inlet.is_open() && rig.filters[0].outlet.is_closed());
    rig.filters[0].inlet.handling.ask(Percent(0.0), hour, 1).unwrap();
    rig.run_s(60);
    assert!(rig.filters[0].inlet.is_closed() && rig.filters[0].outlet.is_open());
}

/// R-2.6.1-11: a person locks the filter out; it leaves service and waits.
#[test]
fn a_filter_locked_out_for_maintenance_stands_until_it_is_released() {
    let mut rig = plant();
    rig.filters[0].handling.change(Mode::Maintenance, 1);
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].status.blocked.has(Reason::InMaintenance));
    assert_eq!(rig.state(1), State::Filtering {});
    rig.filters[0].handling.change(Mode::Auto, 1);
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// INV-32: limit switches say open, the feed runs, and nothing comes through.
#[test]
fn a_filter_whose_open_valves_let_nothing_through_is_a_fault_with_its_causes() {
    let mut rig = plant();
    rig.beds[0].blocked = true;
    rig.run_s(55);
    assert_eq!(rig.state(0), State::Filtering {});
    rig.run_s(60);
    assert_eq!(rig.state(0), State::Fault {});
    let blocked = rig.filters[0].status.blocked;
    assert!(blocked.has(Reason::NoFlow) && blocked.has(Reason::ValveFault), "{blocked:?}");
    assert_eq!(rig.filters[0].alarms.valve_fault, Condition::Active);
    assert!(rig.filters[1].delivers());
    rig.beds[0].blocked = false;
    rig.reset();
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// INV-32: the neighbours' meters and FIT-301 say whose word counts.
#[test]
fn a_dead_flow_meter_alone_stops_no_filter() {
    for filters in [1, 2, 3] {
        let mut rig = Rig::new(&shape(filters, true));
        rig.produce();
        rig.run_s(600);
        rig.beds[0].meter = Some(0.0);
        rig.run_s(HOUR);
        assert!(rig.filters[0].delivers(), "{filters} filters");
    }
}

/// INV-32: a filter that stands with every valve proven closed, and water flows through it.
#[test]
fn water_through_closed_valves_is_a_valve_fault() {
    let mut rig = plant();
    rig.filters[0].handling.change(Mode::Off, 1);
    rig.run_s(120);
    assert_eq!(rig.filters[0].alarms.valve_fault, Condition::Clear);
    rig.beds[0].meter = Some(1.5);
    rig.filters[0].handling.change(Mode::Auto, 1);
    rig.around.holds.outlet = crate::reason::Reasons::NONE;
    // FIT-301 sees more than the other filter takes.
    rig.beds[1].meter = Some(1.0);
    rig.filters[0].handling.change(Mode::Off, 1);
    rig.run_s(90);
    assert_eq!(rig.state(0), State::Fault {});
    assert!(rig.filters[0].status.blocked.has(Reason::ValveNotInPlace));
    assert_eq!(rig.filters[0].alarms.valve_fault, Condition::Active);
}

/// R-2.6.5-06, INV-10: wash water that leaves by an outlet whose switch says closed (F25).
#[test]
fn wash_water_that_leaks_through_the_outlet_stops_the_wash() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    rig.beds[0].meter = Some(0.4);
    rig.run_s(30);
    assert_eq!(rig.state(0), State::HighWash {}, "a meter's zero is no leak");
    rig.beds[0].meter = Some(0.9);
    rig.run_s(8);
    assert_eq!(rig.state(0), State::HighWash {});
    rig.run_s(4);
    assert_eq!(rig.state(0), State::Fault {});
    assert!(!rig.filtration.wash_pump.outputs.run.value());
    assert!(rig.filters[0].retained.dirty);
    assert!(rig.filters[0].status.failed_by.has(Reason::ValveNotInPlace));
    assert!(rig.filters[0].status.blocked.has(Reason::ValveNotInPlace));
    assert_eq!(rig.filters[0].alarms.valve_fault, Condition::Active);
}
