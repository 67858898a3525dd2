//! Trips, the panel, and STOP ALL.

use super::*;

/// R-2.2-08: a trip stops everything in its scan; FAULT needs the cause gone and a reset, and is kept over an outage.
#[test]
fn a_fault_stays_until_its_cause_is_gone_and_a_person_resets_it() {
    let mut rig = Rig::producing();
    rig.around.trip = Reasons::only(Reason::SupplyWelded);
    assert_eq!(rig.run_s(1), State::Fault {});
    assert!(rig.stopped_by(Reason::SupplyWelded) && !rig.system.takes_water());
    assert_eq!(rig.reset(), State::Fault {});
    rig.around.trip = Reasons::NONE;
    rig.around.mains_good = false;
    rig.run_s(100);
    rig.around.mains_good = true;
    assert_eq!(rig.run_s(100), State::Fault {});
    assert_eq!(rig.reset(), State::Stopped {});
    assert!(rig.blocked(Reason::NotStarted));
}

/// R-2.2-09, INV-35: K0 is not asked for between an emergency stop and the local reset, whatever else is ordered.
#[test]
fn an_emergency_stop_is_over_after_loop_local_reset_and_a_new_start() {
    let mut rig = Rig::producing();
    rig.around.emergency = true;
    assert_eq!(rig.run_s(1), State::EmergencyStop {});
    assert!(!rig.system.outputs.supply.value() && !rig.system.distributes());
    rig.around.local_reset = true;
    assert_eq!(rig.run_s(1), State::EmergencyStop {}, "the loop is still open");
    rig.around.local_reset = false;
    rig.around.emergency = false;
    rig.start();
    rig.reset();
    assert_eq!(rig.run_s(60), State::EmergencyStop {});
    assert!(!rig.system.outputs.supply.value());
    assert_eq!(rig.system.may_start(), Err(Reason::EmergencyStop));
    rig.around.local_reset = true;
    assert_eq!(rig.run_s(1), State::Stopped {});
    rig.around.local_reset = false;
    assert!(rig.system.outputs.supply.value());
    assert_eq!(rig.run_s(600), State::Stopped {});
    assert!(rig.system.retained.stopped_all, "delivery and the rest wait for the start too");
    assert_eq!(rig.start(), State::Starting {});
    assert!(!rig.system.retained.stopped_all);
}

/// R-2.2-09: a latch that a restart kept leaves the same behind.
#[test]
fn an_emergency_stop_of_before_a_restart_waits_for_a_new_start_too() {
    let mut rig = Rig::new();
    rig.system.retained.emergency_latched = true;
    rig.run_s(31);
    rig.around.local_reset = true;
    rig.run_s(1);
    assert!(!rig.system.retained.emergency_latched && rig.system.retained.stopped_all);
}

/// R-2.1-05, R-2.1-08, R-2.2-11: whoever turns HS-900 takes over; back at remote, the plant waits for a new start.
#[test]
fn the_selector_at_local_ends_production_and_remote_does_not_begin_it_again() {
    let mut rig = Rig::producing();
    rig.system.inputs.remote = Signal::Good(false);
    assert_eq!(rig.run_s(1), State::Stopped {});
    assert!(rig.stopped_by(Reason::LocalControl) && rig.blocked(Reason::LocalControl));
    assert_eq!(rig.system.may_start(), Err(Reason::LocalControl));
    rig.system.inputs.remote = Signal::Good(true);
    assert_eq!(rig.run_s(3600), State::Stopped {});
    assert!(rig.blocked(Reason::NotStarted) && !rig.blocked(Reason::LocalControl));
    assert_eq!(rig.start(), State::Starting {});

    let mut rig = Rig::producing();
    rig.system.inputs.remote = Signal::Bad(Fault::Stale);
    rig.run_s(5);
    assert!(rig.system.retained.intent, "a contact nobody can read takes no wish away");
}

/// R-2.1-01: STOP ALL is the plant's OFF: at once, from every state, and until the next start.
#[test]
fn stop_all_stops_from_every_state_until_the_next_start() {
    for state in [State::Starting {}, State::Producing {}, State::Standby {}, State::Stopping {}] {
        let mut rig = Rig::producing();
        match state {
            State::Starting {} => {
                rig = Rig::booted();
                rig.around.steps.raw_flow = false;
                rig.start();
            }
            State::Standby {} => {
                rig.around.clear_well = Some(Metres(1.86));
                rig.run_s(60);
            }
            State::Stopping {} => {
                rig.around.stop = true;
                rig.around.feed_runs = true;
                rig.run_s(1);
                rig.around.stop = false;
            }
            State::Boot {}
            | State::Stopped {}
            | State::Producing {}
            | State::Degraded {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => {}
        }
        assert_eq!(rig.system.status.state, state);
        rig.around.stop_all = true;
        assert_eq!(rig.run_s(1), State::Stopped {});
        rig.around.stop_all = false;
        assert_eq!(rig.run_s(3600), State::Stopped {});
        assert!(rig.system.retained.stopped_all);
        rig.start();
        assert!(!rig.system.retained.stopped_all);
    }
}
