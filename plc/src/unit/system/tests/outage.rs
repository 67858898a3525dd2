//! After an outage, of the mains or of the controller.

use super::*;

/// R-2.2-10, R-2.10-06, INV-34: after an outage the plant waits for good mains and goes on by the table.
#[test]
fn the_plant_goes_on_after_an_outage_by_its_length() {
    for (outage_s, resume, full, confirm) in [
        (300, Resume::Continued, false, false),
        (3600, Resume::ShortStart, false, false),
        (7200, Resume::FullStart, true, false),
        (90_000, Resume::ConfirmedStart, true, true),
    ] {
        let mut rig = Rig::producing();
        rig.around.mains_good = false;
        assert_eq!(rig.run_s(1), State::PowerWait {});
        assert!(rig.blocked(Reason::MainsLost) && !rig.system.distributes());
        rig.run_s(outage_s - 1);
        rig.around.outage = Duration::from_secs(outage_s.into());
        rig.around.mains_back = true;
        assert_eq!(rig.run_s(60), State::PowerWait {});
        rig.around.mains_back = false;
        rig.around.mains_good = true;
        rig.around.steps.settled = false;
        assert_eq!(rig.run_s(1), State::Stopped {});
        assert_eq!(rig.system.status.resume, resume, "{outage_s} s");
        if confirm {
            assert_eq!(rig.run_s(3600), State::Stopped {});
            assert!(rig.blocked(Reason::StrengthUnconfirmed));
            assert_eq!(rig.system.confirm_strength(), Ok(()));
            assert_eq!(rig.system.confirm_strength(), Err(Reason::NotNow));
        }
        assert_eq!(rig.run_s(1), State::Starting {}, "{outage_s} s");
        assert!(rig.system.ripens_first(), "beds that a sudden stop has shaken ripen first");
        rig.run_s(4);
        let limit = if full { 3600 } else { 900 };
        assert_eq!(rig.run_s(limit - 2), State::Starting {}, "{outage_s} s");
        assert_eq!(rig.run_s(4), State::Stopping {}, "{outage_s} s");
    }
}

/// R-2.10-06: nine and a half minutes without mains and a minute in which they prove themselves are a short outage.
#[test]
fn the_minute_in_which_mains_prove_themselves_makes_no_outage_longer() {
    let mut rig = Rig::producing();
    rig.around.mains_good = false;
    rig.run_s(7150);
    rig.around.mains_back = true;
    rig.run_s(60);
    assert_eq!(rig.system.retained.idle_time.as_secs(), 7150);
}

/// R-2.10-06: mains that stay away in BOOT make the outage longer; a strength that a person has confirmed meanwhile is not asked
/// for again.
#[test]
fn an_outage_that_goes_on_in_the_boot_counts_as_a_whole() {
    let hours = |hours: u64| Duration::from_secs(3600 * hours);
    for (before, whole, resume) in [
        (hours(1), hours(1), Resume::ShortStart),
        (hours(1), hours(3), Resume::FullStart),
        (hours(23), hours(25), Resume::ConfirmedStart),
    ] {
        let mut rig = Rig::new();
        rig.system.retained.intent = true;
        rig.system.retained.mains_away = before;
        rig.system.restored(Some(Duration::from_secs(1)));
        rig.around.mains_good = false;
        rig.around.outage = before;
        assert_eq!(rig.run_s(60), State::Boot {});
        rig.around.outage = whole;
        rig.run_s(1);
        assert_eq!(rig.system.retained.mains_away, whole, "another restart goes on from it");
        rig.around.mains_good = true;
        rig.around.steps.settled = false;
        assert_eq!(rig.run_s(1), State::Stopped {});
        assert_eq!(rig.system.status.resume, resume, "{whole:?}");
    }
    let mut rig = Rig::new();
    rig.system.retained.intent = true;
    rig.system.retained.mains_away = hours(30);
    rig.around.outage = hours(30);
    rig.system.restored(Some(Duration::from_secs(1)));
    rig.run_s(5);
    assert_eq!(rig.system.confirm_strength(), Ok(()));
    assert_eq!(rig.run_s(30), State::Starting {}, "nothing is asked again");
    assert!(!rig.system.retained.strength_unconfirmed);
}

/// R-2.10-06, R-2.10-08: the controller's own absence counts as an outage, with the time the mains were away before it;
/// when nobody knows how long it was, nothing starts by itself.
#[test]
fn a_restart_goes_on_by_how_long_the_controller_was_away() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for (away, age, intent, resume) in [
        (minutes(0), Some(minutes(5)), true, Resume::Continued),
        (minutes(8), Some(minutes(5)), true, Resume::ShortStart),
        (minutes(0), Some(minutes(119)), true, Resume::ShortStart),
        (minutes(60), Some(minutes(61)), true, Resume::FullStart),
        (minutes(0), Some(minutes(1441)), true, Resume::ConfirmedStart),
        (minutes(0), None, false, Resume::None),
    ] {
        let mut rig = Rig::new();
        rig.system.retained.intent = true;
        rig.system.retained.mains_away = away;
        rig.system.restored(age);
        assert_eq!(rig.system.retained.intent, intent, "{away:?} {age:?}");
        assert_eq!(rig.system.status.resume, resume, "{away:?} {age:?}");
        let unconfirmed = rig.system.retained.strength_unconfirmed;
        assert_eq!(unconfirmed, resume == Resume::ConfirmedStart);
    }
    let mut rig = Rig::new();
    rig.system.restored(Some(minutes(1)));
    assert_eq!(rig.system.status.resume, Resume::None, "nobody wanted water");
}
