//! What goes on while water is made, what waits, and how it ends.

use super::*;

/// R-2.2-04, R-2.2-06: a full clear well is waited out, and production comes back when water is needed again.
#[test]
fn a_full_clear_well_is_waited_out() {
    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.85));
    assert_eq!(rig.run_s(59), State::Producing {});
    assert_eq!(rig.run_s(1), State::Standby {});
    assert!(rig.blocked(Reason::StandbyFull) && rig.system.distributes());
    assert_eq!(rig.system.status.rate.0, 0.0);
    rig.around.clear_well = Some(Metres(1.46));
    assert_eq!(rig.run_s(600), State::Standby {});
    rig.around.clear_well = Some(Metres(1.45));
    assert_eq!(rig.run_s(59), State::Standby {});
    assert_eq!(rig.run_s(1), State::Starting {});
    assert_eq!(rig.run_s(7), State::Producing {});
}

/// R-2.2-06: an elevated tank that needs water soon ends the wait before the clear well does; a stop ends it at once.
#[test]
fn a_low_elevated_tank_ends_the_wait_early_and_a_stop_at_once() {
    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.86));
    assert_eq!(rig.run_s(60), State::Standby {});
    rig.around.elevated_need = true;
    assert_eq!(rig.run_s(120), State::Standby {}, "there is no room for more");
    rig.around.clear_well = Some(Metres(1.79));
    rig.run_s(59);
    assert_eq!(rig.run_s(1), State::Starting {});

    let mut rig = Rig::producing();
    rig.around.clear_well = Some(Metres(1.86));
    rig.run_s(60);
    rig.around.stop = true;
    assert_eq!(rig.run_s(1), State::Stopped {});
}

/// R-2.2.2-01, R-2.2-05, R-2.2-06, INV-15: D1 stops the intake at once, from PRODUCING and from DEGRADED; the plant waits
/// with that reason and comes back when the river is clear and there is room.
#[test]
fn a_river_too_muddy_to_treat_is_waited_out_with_that_reason() {
    for degraded in [false, true] {
        let mut rig = Rig::producing();
        rig.around.degraded.tank_out = degraded;
        rig.run_s(5);
        rig.around.too_muddy = true;
        assert_eq!(rig.run_s(1), State::Standby {});
        assert!(rig.blocked(Reason::RiverTooMuddy) && !rig.system.takes_water());
        rig.around.clear_well = Some(Metres(1.2));
        assert_eq!(rig.run_s(3600), State::Standby {});
        rig.around.too_muddy = false;
        rig.around.clear_well = Some(Metres(1.79));
        assert_eq!(rig.run_s(1), State::Starting {});
    }
}

/// R-2.2-04, R-2.2-05: a degraded reason makes the plant DEGRADED at once, and PRODUCING 10 min after the last one.
#[test]
fn a_plant_is_degraded_from_the_first_reason_until_ten_minutes_after_the_last() {
    let mut rig = Rig::producing();
    rig.around.degraded.filter_out = true;
    assert_eq!(rig.run_s(1), State::Degraded {});
    assert_eq!(rig.system.status.degraded_by, Reasons::only(Reason::FilterOut));
    assert_eq!(rig.system.status.rate.0, 3.5);
    rig.around.degraded.filter_out = false;
    assert_eq!(rig.run_s(599), State::Degraded {});
    assert_eq!(rig.system.status.state_left, SECOND);
    assert_eq!(rig.run_s(1), State::Producing {});
    rig.around.degraded.coagulant_suspect = true;
    rig.around.clear_well = Some(Metres(1.85));
    assert_eq!(rig.run_s(60), State::Standby {});
    assert!(rig.system.status.degraded_by.is_empty(), "a plant that stands is not degraded");
}

/// R-2.2-05, R-2.2-07: what makes water impossible ends production, from DEGRADED too, and keeps it ended.
#[test]
fn production_ends_when_what_it_needs_is_lost() {
    for degraded in [false, true] {
        let mut rig = Rig::producing();
        rig.around.degraded.tank_out = degraded;
        rig.run_s(5);
        rig.around.feed_runs = true;
        rig.around.lost = Reasons::only(Reason::NoPumpAvailable);
        rig.around.missing = rig.around.lost;
        assert_eq!(rig.run_s(1), State::Stopping {});
        assert!(rig.stopped_by(Reason::NoPumpAvailable) && !rig.system.takes_water());
        assert_eq!(rig.system.first_out.plant, Reasons::only(Reason::NoPumpAvailable));
        rig.around.feed_runs = false;
        rig.run_s(60);
        assert_eq!(rig.run_s(600), State::Stopped {});
        assert!(rig.blocked(Reason::NoPumpAvailable));
    }
}

/// R-2.2-07: the intake stops at once; the settled tank is drawn down for 30 min at most, and 40 min end the stop.
#[test]
fn an_orderly_stop_draws_the_settled_tank_down_and_ends() {
    let mut rig = Rig::producing();
    rig.around.feed_runs = true;
    rig.around.stop = true;
    assert_eq!(rig.run_s(1), State::Stopping {});
    rig.around.stop = false;
    assert!(!rig.system.takes_water() && rig.system.draws_down() && rig.system.is_stopping());
    rig.run_s(29 * MINUTE);
    assert!(rig.system.draws_down());
    rig.run_s(MINUTE);
    assert!(!rig.system.draws_down() && rig.system.is_stopping(), "the feed may still run out");
    assert_eq!(rig.run_s(9 * MINUTE + 58), State::Stopping {});
    assert_eq!(rig.run_s(2), State::Stopped {});

    let mut rig = Rig::producing();
    rig.around.feed_runs = true;
    rig.around.stop = true;
    rig.run_s(1);
    rig.around.stop = false;
    rig.run_s(30);
    rig.around.feed_runs = false;
    assert_eq!(rig.run_s(1), State::Stopping {}, "a changeover is no end");
    rig.around.settled = Some(Percent(20.0));
    assert_eq!(rig.run_s(1), State::Stopped {});
}

/// R-2.2-07: where safety ends production nothing more is drawn through the filters.
#[test]
fn a_stop_for_safety_draws_nothing_more_through_the_filters() {
    for (lost, draws) in [
        (Reason::NoPumpAvailable, true),
        (Reason::CoagulantEmpty, true),
        (Reason::ChlorineEmpty, false),
        (Reason::ChlorinePumpUnavailable, false),
        (Reason::NoFilterAvailable, false),
    ] {
        let mut rig = Rig::producing();
        rig.around.feed_runs = true;
        rig.around.lost = Reasons::only(lost);
        rig.around.missing = rig.around.lost;
        rig.run_s(2);
        assert_eq!(rig.system.draws_down(), draws, "{lost:?}");
        rig.around.feed_runs = false;
        let ended = rig.run_s(1) == State::Stopped {};
        assert_eq!(ended, !draws, "{lost:?}");
    }
}

/// R-2.2.2-03, R-2.2-07: settled water above 10 NTU for 20 min ends production, and no new start before it is clear.
#[test]
fn very_cloudy_settled_water_ends_production() {
    let mut rig = Rig::producing();
    rig.around.degraded.settled = Signal::Good(Ntu(11.0));
    rig.around.feed_runs = true;
    assert_eq!(rig.run_s(1198), State::Producing {});
    rig.run_s(3);
    let very = Reason::SettledWaterVeryCloudy;
    rig.around.feed_runs = false;
    assert!(rig.system.is_stopping() && rig.stopped_by(very) && !rig.system.draws_down());
    rig.run_s(1);
    assert!(rig.blocked(very) && rig.run_s(600) == State::Stopped {});
    assert_eq!(rig.reset(), State::Starting {}, "a person may let it try again");
}
