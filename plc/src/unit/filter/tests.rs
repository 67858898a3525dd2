mod bed;
mod emergency;
mod interruption;
mod queue;
mod still;
mod storm;
mod valves;

use core::time::Duration;

use super::sequence::State;
use crate::alarm::Condition;
use crate::quantity::{Count, CubicMetres, KiloPascals, Metres, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};
use crate::unit::filtration::rig::{Rig, shape};

const HOUR: u32 = 3600;

fn plant() -> Rig {
    let mut rig = Rig::new(&shape(2, true));
    rig.produce();
    rig.passed.clear();
    rig
}

/// R-2.6.1-02, INV-14: at the limit, above it, NaN, Bad.
#[test]
fn ripening_lasts_five_minutes_and_ends_with_two_of_clear_water() {
    for (turbidity, ripens) in [
        (Signal::Good(Ntu(0.30)), true),
        (Signal::Good(Ntu(0.31)), false),
        (Signal::Good(Ntu(f64::NAN)), false),
        (Signal::Bad(Fault::Stale), false),
    ] {
        let mut rig = Rig::new(&shape(1, true));
        rig.run_until(HOUR, "ripening", |rig| rig.state(0) == State::Ripening {});
        rig.beds[0].turbidity = turbidity;
        rig.run_s(299);
        assert_eq!(rig.state(0), State::Ripening {}, "{turbidity:?}");
        rig.run_s(60);
        assert_eq!(rig.filters[0].delivers(), ripens, "{turbidity:?}");
    }
}

/// R-2.6.1-02, INV-14: 120 s without a gap.
#[test]
fn cloudy_water_starts_the_proof_afresh() {
    let mut rig = Rig::new(&shape(1, true));
    rig.run_until(HOUR, "ripening", |rig| rig.state(0) == State::Ripening {});
    rig.run_s(280);
    rig.beds[0].turbidity = Signal::Good(Ntu(0.4));
    rig.run_s(10);
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.run_s(110);
    assert_eq!(rig.state(0), State::Ripening {});
    rig.run_s(15);
    assert_eq!(rig.state(0), State::Filtering {});
}

/// R-2.6.6-01: second wash once, else FAULT.
#[test]
fn a_filter_that_does_not_ripen_is_washed_once_and_then_waits_for_a_person() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    rig.beds[0].turbidity = Signal::Good(Ntu(0.6));
    rig.run_until(6 * HOUR, "the fault", |rig| rig.state(0) == State::Fault {});
    let count = |state: State| rig.passed.iter().filter(|passed| **passed == state).count();
    assert_eq!((count(State::Draining {}), count(State::Ripening {})), (2, 2));
    assert!(!rig.passed[1..].contains(&State::Filtering {}));
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.reset();
    rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// The controller was away: what is retained is all that is left of a filter.
fn restart(rig: &mut Rig) {
    let before = &rig.filters[0];
    let (retained, settings) = (before.retained, before.settings);
    let mut after = crate::unit::filter::Filter::new(&shape(2, true));
    (after.retained, after.settings) = (retained, settings);
    // Valves and instruments stand where they stood.
    after.inputs = before.inputs;
    rig.filters[0] = after;
}

/// R-2.6.6-01, R-2.6.5-03, R-2.10-08: a fault by two failures, of ripening or of washing, outlives a restart; one failure is counted on.
#[test]
fn a_restart_forgives_no_failed_ripening_and_no_failed_wash() {
    for (ripenings, washes, fault) in [(2.0, 0.0, true), (0.0, 2.0, true), (1.0, 1.0, false)] {
        let mut rig = plant();
        rig.filters[0].retained.failed_ripenings = Count(ripenings);
        rig.filters[0].retained.failed_washes = Count(washes);
        restart(&mut rig);
        rig.run_s(300);
        assert_eq!(rig.state(0) == State::Fault {}, fault, "{ripenings} {washes}");
        let kept = &rig.filters[0].retained;
        assert_eq!((kept.failed_ripenings.0, kept.failed_washes.0), (ripenings, washes));
    }
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    rig.beds[0].turbidity = Signal::Good(Ntu(0.6));
    rig.run_until(6 * HOUR, "the fault", |rig| rig.state(0) == State::Fault {});
    restart(&mut rig);
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Fault {});
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.reset();
    rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// R-2.6.5-07, R-2.10-08: a wash that a person ended waits for a person after a restart too.
#[test]
fn a_restart_does_not_wash_a_filter_whose_wash_a_person_ended() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0) == State::HighWash {});
    rig.filtration.order_abort(1).unwrap();
    rig.run_until(HOUR, "it rests", |rig| rig.state(0) == State::Standby {});
    restart(&mut rig);
    rig.passed.clear();
    rig.run_s(3 * HOUR);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].retained.dirty && rig.filters[0].retained.aborted);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    assert!(!rig.filters[0].retained.aborted);
}

/// R-2.6.6-01: 20 min more.
#[test]
fn water_that_nearly_is_clear_and_clears_may_ripen_longer() {
    let mut rig = Rig::new(&shape(1, true));
    rig.run_until(HOUR, "ripening", |rig| rig.state(0) == State::Ripening {});
    for minute in 0..55 {
        rig.beds[0].turbidity = Signal::Good(Ntu(0.5 - 0.003 * f64::from(minute)));
        rig.run_s(60);
    }
    assert_eq!(rig.state(0), State::Ripening {});
    rig.beds[0].turbidity = Signal::Good(Ntu(0.3));
    rig.run_s(130);
    assert_eq!(rig.state(0), State::Filtering {});
}

/// INV-2, R-2.6.4-01, INV-12: 1.0 NTU for 60 s, 0.5 for 15 min; the other filter carries no more than it may.
#[test]
fn water_that_may_not_go_to_the_clear_well_closes_the_outlet_in_time() {
    for (what, turbidity, seconds) in [
        ("far too turbid", Signal::Good(Ntu(1.01)), 60),
        ("not a number", Signal::Good(Ntu(f64::NAN)), 60),
        ("too turbid", Signal::Good(Ntu(0.51)), 900),
    ] {
        let mut rig = plant();
        rig.around.settled_turbidity = Signal::Good(Ntu(6.0));
        rig.beds[0].turbidity = turbidity;
        rig.run_s(seconds);
        assert!(rig.filters[0].outlet.is_closed(), "{what}");
        assert_eq!(rig.state(0), State::Standby {}, "{what}");
        assert!(rig.filters[0].status.blocked.has(Reason::FilterTurbid), "{what}");
        assert!(rig.filters[1].delivers(), "{what}: the other goes on");
        assert!(rig.filtration.status.setpoint.0 <= 3.68, "{what}: with no more than it may carry");
        rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
        rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert!(rig.passed.contains(&State::Ripening {}), "{what}: through ripening");
    }
}

/// F21, INV-44: a filter that is stopped for its water is called out when it is stopped, and not when the water has been
/// bad for five minutes: by then it has long been shut. Also where nobody can tell how its water is.
#[test]
fn a_filter_that_is_stopped_for_its_water_is_called_out_at_once() {
    for (what, turbidity, seconds) in [
        ("far too turbid", Signal::Good(Ntu(1.5)), 60),
        ("too turbid", Signal::Good(Ntu(0.6)), 900),
        ("unknown", Signal::Bad(Fault::Stale), 260),
        ("off every scale", Signal::Bad(Fault::Overrange), 60),
    ] {
        let mut rig = plant();
        rig.combined = turbidity.usable().is_none().then_some(turbidity);
        rig.beds[0].turbidity = turbidity;
        rig.run_until(seconds, what, |rig| rig.state(0) == State::Standby {});
        rig.run_s(1);
        assert_eq!(rig.filters[0].alarms.effluent_high, Condition::Active, "{what}");
        assert_ne!(rig.filters[1].alarms.effluent_high, Condition::Active, "{what}");
        rig.combined = None;
        rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
        rig.run_until(3600, what, |rig| rig.filters[0].delivers());
        rig.run_s(1);
        assert_eq!(rig.filters[0].alarms.effluent_high, Condition::Clear, "{what}");
    }
}

/// R-2.0-03, INV-2: an analyser that is lost for a moment, with no other to say better, forgives nothing of the time for which the
/// water was bad.
#[test]
fn a_filter_with_bad_water_is_not_saved_by_a_reading_that_fails_to_come() {
    for (turbidity, seconds) in [(1.5, 40), (0.6, 840)] {
        let mut rig = plant();
        let bad = Signal::Good(Ntu(turbidity));
        rig.combined = Some(Signal::Bad(Fault::Stale));
        rig.beds[0].turbidity = bad;
        rig.run_s(seconds / 2);
        rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
        rig.run_s(1);
        rig.beds[0].turbidity = bad;
        rig.run_s(seconds / 2 - 4);
        assert!(rig.filters[0].delivers(), "{turbidity} NTU: not yet");
        rig.run_until(10, "it stops", |rig| rig.state(0) == State::Standby {});
    }
}

/// R-2.12-04, R-2.12-10, INV-2: a filter's analyser off the top of its scale says that its water is far too turbid, and takes the
/// filter out whatever AIT-330 says: the higher counts. With a broken loop it says nothing, and AIT-330 counts.
#[test]
fn an_analyser_off_its_scale_takes_its_filter_out_though_the_mixed_water_reads_clear() {
    for (fault, stops) in [(Fault::Overrange, true), (Fault::Range, false)] {
        let mut rig = plant();
        rig.combined = Some(Signal::Good(Ntu(0.1)));
        rig.beds[0].turbidity = Signal::Bad(fault);
        rig.run_s(60);
        assert_eq!(rig.state(0) == State::Standby {}, stops, "{fault:?}");
        assert_eq!(rig.filters[0].alarms.effluent_high == Condition::Active, stops, "{fault:?}");
    }
}

/// R-2.12-04, R-2.12-09, F22: AIT-330 off the top of its scale is what counts for the clear well, and gives every filter away
/// whose own analyser says better; alarm 304 speaks.
#[test]
fn mixed_water_off_the_scale_is_the_worst_of_all() {
    let mut rig = plant();
    rig.combined = Some(Signal::Bad(Fault::Overrange));
    rig.run_s(10);
    assert_eq!(
        rig.filtration.turbidity_to_clear_well(),
        Some(Signal::Bad(Fault::Overrange)),
        "though both filters read 0.1 NTU"
    );
    assert_eq!(rig.filtration.alarms.water_not_safe, Condition::Active);
    rig.run_until(90, "both stop", |rig| {
        rig.state(0) == State::Standby {} && rig.state(1) == State::Standby {}
    });
    rig.combined = Some(Signal::Bad(Fault::Range));
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.run_until(3 * HOUR, "a broken loop keeps nobody out", |rig| rig.filters[0].delivers());
}

/// R-2.12-04, R-2.6.2-01: head loss off the top of PDT-310's scale asks for a wash as any that is too high, and alarm 302 speaks.
#[test]
fn head_loss_off_the_scale_asks_for_a_wash() {
    let mut rig = plant();
    rig.beds[0].head_loss = KiloPascals(60.0);
    rig.run_s(5);
    assert!(rig.filters[0].inputs.head_loss.is_over());
    assert_eq!(rig.filters[0].alarms.clogged, Condition::Active);
    rig.run_until(120, "it asks", |rig| {
        rig.state(0).is_wash() || rig.state(0) == State::WashQueued {}
    });
}

/// R-2.12-09, F22, INV-2: an analyser that sticks at clear water does not let a filter deliver cloudy water: the mixed water is
/// worse than any filter owns to. One that only reads somewhat higher than the others changes nothing.
#[test]
fn a_filter_whose_analyser_lies_low_is_given_away_by_the_mixed_water() {
    for (mixed, stops) in [(0.3, false), (0.55, true)] {
        let mut rig = plant();
        rig.run_s(120);
        rig.beds[0].turbidity = Signal::Good(Ntu(0.08));
        rig.combined = Some(Signal::Good(Ntu(mixed)));
        rig.run_s(60);
        for filter in &rig.filters {
            let judged = filter.status.judged_turbidity;
            assert_eq!(judged, Signal::Uncertain(Ntu(mixed), Doubt::Disagrees), "{mixed}");
        }
        rig.run_s(840);
        assert_eq!(rig.state(0) == State::Standby {}, stops, "{mixed}");
        assert_eq!(rig.filtration.is_contradicted(), !stops, "{mixed}");
    }
    let mut rig = plant();
    rig.combined = Some(Signal::Good(Ntu(0.25)));
    rig.run_s(600);
    assert!(rig.filters[0].status.judged_turbidity.good().is_some(), "within their accuracy");
}

/// R-2.12-15, R-2.12-17: 4 h on AIT-330, less than 5 min on nothing.
#[test]
fn a_filter_without_its_analyser_goes_on_for_hours_on_the_combined_one_but_not_without_any() {
    let mut rig = plant();
    rig.run_s(120);
    rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
    rig.run_s(3 * HOUR);
    assert!(rig.filters[0].delivers());
    assert!(rig.filters[0].status.judged_turbidity.good().is_none());
    rig.run_s(HOUR + 60);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].status.blocked.has(Reason::TurbidityUnknown));
    assert!(rig.filters[1].delivers());

    // No flow past AIT-330 yet that would let it count.
    let mut rig = Rig::new(&shape(1, true));
    rig.run_until(2 * HOUR, "it filters", |rig| rig.filters[0].delivers());
    rig.filters[0].settings.area = crate::quantity::SquareMetres(0.503);
    rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
    for _ in 0..600 {
        rig.filtration.inputs.combined_turbidity = Signal::Bad(Fault::Stale);
        let around = rig.filtration.around_filter(0, &rig.around);
        let around = super::Around { combined: Signal::Bad(Fault::Stale), ..around };
        rig.filters[0].inputs.turbidity = Signal::Bad(Fault::Stale);
        rig.filters[0].scan(around, Duration::from_millis(500));
    }
    assert!(!rig.filters[0].delivers(), "within five minutes");
}

/// R-2.6.2-01, R-2.6.2-02, R-2.6.2-03, R-2.6.2-04, R-2.6.1-03: each trigger, at its limit and below.
#[test]
fn each_trigger_asks_for_a_wash_at_its_limit() {
    type Spoil = fn(&mut Rig);
    let cases: [(&str, bool, Spoil); 9] = [
        ("run time", true, |rig| rig.filters[0].retained.run_time = Duration::from_secs(172_800)),
        ("calendar", true, |rig| rig.filters[0].retained.age = Duration::from_secs(345_600)),
        ("volume", true, |rig| rig.filters[0].settings.column_max = Metres(1.0)),
        ("less volume", false, |rig| rig.filters[0].settings.column_max = Metres(500.0)),
        ("head loss", true, |rig| rig.beds[0].head_loss = KiloPascals(18.5)),
        ("less head loss", false, |rig| rig.beds[0].head_loss = KiloPascals(16.5)),
        ("turbidity", true, |rig| rig.beds[0].turbidity = Signal::Good(Ntu(0.5))),
        ("turbidity of cloudy settled water", false, |rig| {
            rig.beds[0].turbidity = Signal::Good(Ntu(0.5));
            rig.around.settled_turbidity = Signal::Good(Ntu(5.1));
        }),
        ("turbidity, settled water unknown", false, |rig| {
            rig.beds[0].turbidity = Signal::Good(Ntu(0.5));
            rig.around.settled_turbidity = Signal::Bad(Fault::Stale);
        }),
    ];
    for (what, asks, spoil) in cases {
        let mut rig = plant();
        rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
        rig.run_s(1500);
        rig.around.wash_water = false;
        spoil(&mut rig);
        rig.run_s(400);
        assert_eq!(rig.state(0) == State::WashQueued {}, asks, "{what}");
    }
}

/// R-2.6.2-02: cumulative, over a restart too.
#[test]
fn a_full_wash_resets_every_trigger_and_volume_survives_a_restart() {
    let mut rig = plant();
    rig.filters[0].retained.age = Duration::from_secs(345_600);
    rig.run_until(3 * HOUR, "washed", |rig| rig.filters[0].retained.washes.0 == 1.0);
    rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    rig.run_s(HOUR);
    let kept = rig.filters[0].retained;
    assert!(kept.volume.0 > 1.0 && kept.age < Duration::from_secs(3 * 3600));
    let mut restarted = Rig::new(&shape(2, true));
    restarted.filters[0].retained = kept;
    restarted.produce();
    assert!(restarted.filters[0].retained.volume >= kept.volume);
}

/// R-2.6.5-08, INV-9: the flag is kept.
#[test]
fn a_filter_found_dirty_at_start_is_washed_before_it_filters() {
    let mut rig = Rig::new(&shape(2, true));
    rig.filters[0].retained.dirty = true;
    rig.produce();
    assert!(rig.passed.contains(&State::SubfluidWash {}));
    assert_eq!(rig.filters[0].retained.washes.0, 1.0);
}

/// R-2.6.6-03, INV-14, R-2.6.1-01: from STANDBY.
#[test]
fn after_more_than_two_hours_or_an_outage_a_filter_ripens_first() {
    for (what, stopped_s, reason, ripens) in [
        ("an hour", HOUR, Reason::ClearWellFull, false),
        ("three hours", 3 * HOUR, Reason::ClearWellFull, true),
        ("turbid combined water", 60, Reason::FilteredWaterTurbid, true),
        ("an outage", 60, Reason::MainsLost, true),
    ] {
        let mut rig = plant();
        rig.around.holds.outlet = Reasons::only(reason);
        rig.around.holds.feed = Reasons::only(reason);
        rig.run_s(stopped_s);
        assert!(rig.filters.iter().all(|filter| filter.outlet.is_closed()), "{what}");
        rig.passed.clear();
        rig.hold(Reasons::NONE);
        rig.produce();
        assert_eq!(rig.passed.contains(&State::Ripening {}), ripens, "{what}");
    }
}

/// R-2.6.6-03: once: a start that goes on for hours asks no filter that has ripened to ripen again after a short pause.
#[test]
fn a_filter_that_has_ripened_since_it_was_asked_to_joins_again_without() {
    let mut rig = plant();
    rig.hold(Reasons::only(Reason::ClearWellFull));
    rig.run_s(600);
    rig.around.ripen_first = true;
    for ripens in [true, false] {
        rig.passed.clear();
        rig.hold(Reasons::NONE);
        rig.produce();
        assert_eq!(rig.passed.contains(&State::Ripening {}), ripens);
        rig.hold(Reasons::only(Reason::ClearWellFull));
        rig.run_s(600);
        assert_eq!(rig.state(0), State::Standby {});
    }
}

#[test]
fn valves_that_could_prove_nothing_while_bus_d_was_away_are_no_fault() {
    let mut rig = plant();
    rig.hold(Reasons::only(Reason::BusDLost));
    for filter in &mut rig.filters {
        filter.inlet.inputs.opened = Signal::Bad(Fault::Stale);
        filter.outlet.inputs = Default::default();
    }
    rig.run_s(120);
    assert_ne!(rig.state(0), State::Fault {});
    for filter in &mut rig.filters {
        filter.inlet.inputs.opened = Signal::Good(false);
    }
    rig.hold(Reasons::NONE);
    rig.produce();
}
