//! Washes that are interrupted: A1 to A7 of `docs/spec/plant.md` 2.6.5.

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::reason::{Reason, Reasons};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::{Rig, shape};

fn washing(state: State) -> Rig {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0) == state);
    rig.run_s(40);
    rig
}

fn cut_s(rig: &mut Rig, reason: Reason, seconds: u32) {
    rig.hold(Reasons::only(reason));
    rig.around.power_stable = false;
    rig.run_s(seconds);
    rig.hold(Reasons::NONE);
    rig.scan();
    rig.around.power_stable = true;
    rig.passed.clear();
}

/// R-2.6.5-02, R-2.6.5-01: air done and less than 30 min away, HIGH_WASH with its full time; else from DRAIN.
#[test]
fn a_wash_cut_by_the_mains_goes_on_without_air_if_that_was_done_and_not_long_ago() {
    let cases = [
        (State::HighWash {}, Reason::MainsLost, 1000, true),
        (State::AirWater {}, Reason::MainsLost, 600, true),
        (State::SubfluidWash {}, Reason::MainsLost, 600, true),
        (State::HighWash {}, Reason::MainsLost, 1900, false),
        (State::AirScour {}, Reason::MainsLost, 60, false),
        (State::Draining {}, Reason::MainsLost, 60, false),
        (State::HighWash {}, Reason::EmergencyStop, 60, false),
    ];
    for (state, reason, seconds, resumes) in cases {
        let mut rig = washing(state);
        cut_s(&mut rig, reason, seconds);
        assert!(rig.filters[0].retained.dirty && rig.filters[0].status.failed_by.has(reason));
        assert_eq!(!rig.filters[0].status.resume_left.is_zero(), resumes, "{state:?} {reason:?}");
        assert_eq!(rig.filters[0].alarms.wash_aborted == Condition::Active, !resumes);
        rig.run_until(2 * HOUR, "the wash goes on", |rig| rig.state(0) == State::HighWash {});
        assert_eq!(!rig.passed.contains(&State::Draining {}), resumes, "{state:?} {reason:?}");
        let mut half_seconds = 0;
        while rig.state(0) == (State::HighWash {}) {
            rig.scan();
            half_seconds += 1;
        }
        assert!(half_seconds >= 720, "{state:?}: with its full time, {half_seconds}");
        rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert!(rig.filters[0].status.failed_by.is_empty());
    }
}

/// R-2.6.5-01: an emergency stop while the power is away spoils what was done.
#[test]
fn an_emergency_stop_in_a_power_cut_makes_it_a_full_wash() {
    let mut rig = washing(State::HighWash {});
    rig.hold(Reasons::only(Reason::MainsLost));
    rig.run_s(60);
    rig.hold(Reasons::only(Reason::MainsLost).with(Reason::EmergencyStop));
    rig.run_s(5);
    cut_s(&mut rig, Reason::MainsLost, 60);
    rig.run_until(2 * HOUR, "the wash", |rig| rig.state(0) == State::HighWash {});
    assert!(rig.passed.contains(&State::AirScour {}));
}

/// R-2.6.5-04: n3 and n6 close, the step goes on where it was; after 20 min it counts as A3.
#[test]
fn a_full_waste_tank_pauses_a_wash_for_twenty_minutes_at_most() {
    let full = Reasons::only(Reason::WasteTankFull);
    for state in [State::AirScour {}, State::AirWater {}, State::HighWash {}] {
        let mut rig = washing(state);
        let left = rig.filters[0].status.step_left;
        rig.around.holds.wash = full;
        rig.around.holds.wash_inlet = full;
        rig.scan();
        rig.scan();
        assert!(!rig.filtration.wash_pump.outputs.run.value(), "{state:?}");
        rig.run_s(60);
        assert!(rig.filters[0].wash_inlet.is_closed() && rig.filters[0].waste.is_open());
        assert!(rig.filters[0].air.as_ref().unwrap().is_closed());
        rig.run_s(1000);
        assert_eq!(rig.state(0), state);
        assert!(rig.filters[0].status.blocked.has(Reason::WasteTankFull));
        assert!(rig.filters[0].status.pause_left.as_secs() < 200);
        assert!(left - rig.filters[0].status.step_left < core::time::Duration::from_secs(2));
        rig.hold(Reasons::NONE);
        rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert!(!rig.passed[3..].contains(&State::Draining {}), "{state:?}: {:?}", rig.passed);

        let mut rig = washing(state);
        rig.around.holds.wash = full;
        rig.around.holds.wash_inlet = full;
        rig.run_s(1190);
        assert_eq!(rig.state(0), state);
        rig.run_s(20);
        assert_eq!(rig.state(0), State::Standby {});
        assert!(rig.filters[0].status.failed_by.has(Reason::WasteTankFull));
        rig.hold(Reasons::NONE);
        rig.passed.clear();
        rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert!(rig.passed.contains(&State::Draining {}), "washed in full");
    }
}

/// R-2.6.5-04: the bed settles without wash water; a full waste tank is nothing to it.
#[test]
fn a_full_waste_tank_does_not_keep_a_bed_from_settling() {
    let mut rig = washing(State::Settling {});
    let full = Reasons::only(Reason::WasteTankFull);
    rig.around.holds.wash = full;
    rig.around.holds.wash_inlet = full;
    rig.run_s(200);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(!rig.filters[0].retained.dirty);
}

/// R-2.6.5-03: an empty clear well breaks a wash off; the second time it waits for a person.
#[test]
fn a_clear_well_that_runs_empty_breaks_a_wash_off_and_it_is_tried_once_more() {
    let mut rig = washing(State::HighWash {});
    let empty = Reasons::only(Reason::ClearWellEmpty);
    for (state, what) in [(State::Standby {}, "tried again"), (State::Fault {}, "given up")] {
        rig.around.holds.wash = empty;
        rig.around.holds.wash_inlet = empty;
        rig.run_s(30);
        assert_eq!(rig.state(0), state, "{what}");
        assert!(rig.filters[0].status.failed_by.has(Reason::ClearWellEmpty));
        rig.hold(Reasons::NONE);
        if state == (State::Standby {}) {
            assert_eq!(rig.filters[0].alarms.wash_aborted, Condition::Active);
            rig.passed.clear();
            rig.run_until(2 * HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
            assert!(rig.passed.contains(&State::Draining {}));
        }
    }
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Fault {});
    rig.reset();
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// R-2.6.5-07, R-2.6.5-08: the reason is shown, and the flag stays over a restart.
#[test]
fn a_wash_ended_by_a_person_says_so_and_its_dirt_is_not_forgotten() {
    let mut rig = washing(State::AirScour {});
    rig.filtration.order_abort(1).unwrap();
    rig.run_s(300);
    let filter = &rig.filters[0];
    assert!(filter.status.failed_by.has(Reason::StoppedByOperator));
    assert!(filter.status.blocked.has(Reason::FilterDirty));
    let kept = filter.retained;
    let mut restarted = Rig::new(&shape(2, true));
    restarted.filters[0].retained = kept;
    restarted.run_s(HOUR);
    assert_eq!(restarted.state(0), State::Standby {}, "it waits for a person, as before");
    restarted.filtration.order_wash(1).unwrap();
    restarted.run_until(3 * HOUR, "it filters", |rig| rig.filters[0].delivers());
    assert!(restarted.passed.contains(&State::HighWash {}), "not before a full wash");
}

/// Suppression s4 of alarms 305 and 310: while the power is away only that is said.
#[test]
fn a_power_cut_is_not_told_as_a_broken_wash() {
    let mut rig = washing(State::AirScour {});
    rig.hold(Reasons::only(Reason::MainsLost));
    rig.run_s(30);
    assert_eq!(rig.filters[0].alarms.wash_aborted, Condition::Suppressed);
    assert_eq!(rig.filters[0].alarms.valve_fault, Condition::Suppressed);
    rig.hold(Reasons::NONE);
    rig.around.power_stable = false;
    rig.run_s(5);
    assert_eq!(rig.filters[0].alarms.wash_aborted, Condition::Active);
}
