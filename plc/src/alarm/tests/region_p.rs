//! Delays, deadbands, bad sensors, seeing and resetting.

use proptest::prelude::*;

use super::*;
use crate::quantity::Ntu;
use crate::reason::Reason;
use crate::signal::{Doubt, Fault, Quality, Signal};

const PLAIN: Rationale = alarm(1, Priority::P2).delays_s(3.0, 2.0);
const LATCHED: Rationale = alarm(2, Priority::P1).latching();

#[test]
fn an_alarm_comes_and_goes_after_its_delays() {
    let mut rig = Rig::new(&[PLAIN]);
    assert_eq!(rig.run_with(0, Condition::Active, 2), State::Normal);
    assert_eq!(rig.run_with(0, Condition::Clear, 1), State::Normal);
    assert_eq!(rig.run_with(0, Condition::Active, 2), State::Normal, "interrupted: begun anew");
    assert_eq!(rig.run_with(0, Condition::Active, 1), State::Unacknowledged);
    assert_eq!(rig.run_with(0, Condition::Clear, 1), State::Unacknowledged);
    assert_eq!(rig.run_with(0, Condition::Clear, 1), State::ReturnedUnacknowledged);
    assert_eq!(rig.changes(0), [(Change::Activated, true), (Change::Returned, false)]);
}

/// AR-08: a delay is time that has passed, however the scans lie in it; no calendar comes into it.
#[test]
fn a_delay_is_the_same_in_short_and_in_long_scans() {
    for (step_ms, scans) in [(1, 3000), (7, 429), (100, 30), (1000, 3), (1500, 2), (10_000, 1)] {
        let mut rig = Rig::new(&[PLAIN]);
        rig.say(0, Condition::Active);
        for scan in 1..=scans {
            rig.scan(Duration::from_millis(step_ms));
            assert_eq!(rig.engine.state(0).is_active(), scan == scans, "{step_ms} ms, {scan}");
        }
    }
}

proptest! {
    /// AR-09: a sine of less than half the deadband about a limit, wherever its middle lies, raises the alarm at most once.
    #[test]
    fn a_wave_smaller_than_half_the_deadband_gives_one_activation(
        amplitude in 0.0..0.0999_f64, middle in -0.15..0.15_f64, steps in 3_u32..50, below in any::<bool>(),
    ) {
        let mut rig = Rig::new(&[alarm(1, Priority::P3)]);
        let (limit, deadband) = (Ntu(1.0), Ntu(0.2));
        for step in 0..10 * steps {
            let angle = core::f64::consts::TAU * f64::from(step) / f64::from(steps);
            let signal = Signal::Good(Ntu(1.0 + middle + amplitude * libm::sin(angle)));
            let condition =
                if below { signal.below(limit, deadband) } else { signal.above(limit, deadband) };
            rig.run_with(0, condition, 1);
        }
        prop_assert!(rig.announced() <= 1);
    }
}

/// A bad input never clears an alarm, and raises one only where its words say so.
#[test]
fn a_sensor_gone_bad_never_clears_an_alarm() {
    let signal = |value| Signal::Good(Ntu(value)).above(Ntu(1.0), Ntu(0.2));
    let bad = Signal::<Ntu>::Bad(Fault::Stale).above(Ntu(1.0), Ntu(0.2));
    for on_bad in [OnBad::Hold, OnBad::Raise, OnBad::Alarm] {
        let mut rig = Rig::new(&[PLAIN.on_bad(on_bad)]);
        rig.run_with(0, signal(1.1), 5);
        assert_eq!(rig.run_with(0, bad, 100), State::Unacknowledged);
        assert_eq!(rig.run_with(0, signal(0.9), 100), State::Unacknowledged, "in the deadband");
        assert_eq!(rig.run_with(0, signal(0.8), 2), State::ReturnedUnacknowledged);
        let by_bad = rig.run_with(0, bad, 5);
        assert_eq!(by_bad == State::Unacknowledged, on_bad == OnBad::Alarm, "{on_bad:?}");
    }
}

/// One that is told of a bad sensor (`on_bad` raise) tells the plant which it is; a silent device and a hold have their own
/// alarms.
#[test]
fn an_alarm_that_cannot_be_judged_says_so() {
    let words = [PLAIN, PLAIN.on_bad(OnBad::Raise)];
    for (fault, told) in [
        (Fault::Computed, Some(1)),
        (Fault::Range, Some(1)),
        (Fault::Stale, None),
        (Fault::HoldExpired, None),
        (Fault::NotYetRead, None),
    ] {
        let mut rig = Rig::new(&words);
        rig.say(0, Condition::Bad(fault));
        rig.run_with(1, Condition::Bad(fault), 2);
        assert_eq!(rig.engine.load().unjudged(), told, "{fault:?}");
    }
}

/// The transition carries the quality of what it was judged on.
#[test]
fn a_transition_says_what_its_value_was_worth() {
    for (condition, quality) in [
        (Condition::Active, Quality::Good),
        (Condition::ActiveInDoubt(Doubt::Stuck), Quality::Uncertain(Doubt::Stuck)),
        (Condition::Bad(Fault::Range), Quality::Bad(Fault::Range)),
    ] {
        let mut rig = Rig::new(&[alarm(1, Priority::P2).on_bad(OnBad::Alarm)]);
        rig.run_with(0, condition, 1);
        assert_eq!(rig.told[0].1.quality, quality);
        assert_eq!(rig.engine.sample(0).quality, quality);
    }
}

#[test]
fn an_alarm_seen_while_active_ends_by_itself_unless_it_latches() {
    for (words, ended) in [(PLAIN, State::Normal), (LATCHED, State::LatchedAcknowledged)] {
        let mut rig = Rig::new(&[words]);
        rig.run_with(0, Condition::Active, 5);
        assert_eq!(rig.engine.acknowledge(0, 7).map(|seen| seen.order), Ok(7));
        assert_eq!(rig.engine.sample(0).acknowledged_by, 7);
        assert_eq!(rig.engine.reset(0, 8), Err(Reason::CauseStillActive));
        assert_eq!(rig.run_with(0, Condition::Clear, 5), ended);
    }
}

#[test]
fn a_latched_alarm_needs_to_be_seen_and_reset() {
    let mut rig = Rig::new(&[LATCHED]);
    rig.run_with(0, Condition::Active, 1);
    assert_eq!(rig.run_with(0, Condition::Clear, 1), State::LatchedUnacknowledged);
    assert!(rig.engine.sounds(), "it sounds until it is seen");
    assert_eq!(rig.engine.reset(0, 1), Err(Reason::NotNow));
    assert!(rig.engine.acknowledge(0, 1).is_ok() && !rig.engine.sounds());
    assert_eq!(rig.run_with(0, Condition::Active, 1), State::Unacknowledged, "it comes again");
    rig.run_with(0, Condition::Clear, 1);
    assert!(rig.engine.acknowledge(0, 2).is_ok() && rig.engine.reset(0, 2).is_ok());
    assert_eq!(rig.engine.state(0), State::Normal);
    assert_eq!(rig.engine.acknowledge(0, 3), Err(Reason::NothingToAcknowledge));
    assert_eq!(rig.engine.acknowledge(9, 3), Err(Reason::Unknown));
}

/// The row "a higher limit": it is an alarm of its own, told though the lower one was seen.
#[test]
fn a_higher_limit_is_an_alarm_of_its_own() {
    let mut rig = Rig::new(&[alarm(1, Priority::P2), alarm(2, Priority::P1)]);
    rig.run_with(0, Condition::Active, 1);
    rig.engine.acknowledge(0, 1).unwrap();
    rig.run_with(1, Condition::Active, 1);
    assert_eq!((rig.letter(0), rig.letter(1)), ('C', 'B'));
    assert_eq!(rig.changes(1), [(Change::Activated, true)]);
}

/// The row of the re-alarm timer: seen, still there, announced once more, and no more often than its words say.
#[test]
fn an_alarm_seen_and_not_ended_is_announced_again() {
    let mut rig = Rig::new(&[alarm(1, Priority::P1).re_alarms(600.0, 2), alarm(2, Priority::P2)]);
    rig.say(1, Condition::Active);
    rig.run_with(0, Condition::Active, 5);
    for _ in 0..2 {
        rig.engine.acknowledge(0, 1).unwrap();
        rig.run_s(599);
        assert_eq!(rig.letter(0), 'C');
        rig.run_s(1);
        assert_eq!(rig.letter(0), 'B');
        assert_eq!(rig.engine.sample(0).acknowledged_by, 0);
    }
    rig.engine.acknowledge(0, 1).unwrap();
    rig.engine.acknowledge(1, 1).unwrap();
    rig.run_s(2 * HOUR);
    assert_eq!((rig.letter(0), rig.letter(1)), ('C', 'C'));
    let again = (Change::ReAlarmed, true);
    assert_eq!(rig.changes(0), [(Change::Activated, true), again, again]);
    assert_eq!(rig.engine.sample(0).count, 1, "it is the same activation");
    // A new activation may be announced again as often.
    rig.run_with(0, Condition::Clear, 1);
    rig.run_with(0, Condition::Active, 1);
    rig.engine.acknowledge(0, 1).unwrap();
    rig.run_s(600);
    assert_eq!(rig.letter(0), 'B');
}

/// AR-03: urgent alarms are seen one by one; the others together, as far as they are shown.
#[test]
fn only_low_alarms_that_are_shown_are_acknowledged_together() {
    let words =
        [Priority::P1, Priority::P2, Priority::P3, Priority::P4, Priority::P4, Priority::P4]
            .map(|priority| alarm(1, priority));
    let mut rig = Rig::new(&words);
    let role = crate::tag::Role::Operator;
    assert_eq!(rig.engine.acknowledge_low(5, |_, _| ()), Err(Reason::NothingToAcknowledge));
    (0..5).for_each(|slot| rig.say(slot, Condition::Active));
    rig.run_s(1);
    rig.engine.shelve(4, role, Shelve::For(600.0), 4).unwrap();
    let mut seen = Vec::new();
    assert_eq!(rig.engine.acknowledge_low(5, |row, _| seen.push(row)), Ok(()));
    assert_eq!(seen, [102, 103]);
    assert_eq!([0, 1, 2, 3, 4, 5].map(|slot| rig.letter(slot)), ['B', 'B', 'C', 'C', 'G', 'A']);
    assert_eq!(rig.engine.sample(2).acknowledged_by, 5);
}

/// AR-11, AR-03: in a flood nothing is seen by itself, and nothing together that a page leaves out.
#[test]
fn a_flood_acknowledges_nothing() {
    let mut rig = Rig::new(&[alarm(1, Priority::P3); 10]);
    (0..10).for_each(|slot| rig.say(slot, Condition::Active));
    rig.run_s(30);
    assert!(rig.engine.load().is_flood());
    assert_eq!(rig.engine.acknowledge_low(5, |_, _| ()), Err(Reason::NotNow));
    assert!((0..10).all(|slot| rig.letter(slot) == 'B'));
    assert_eq!(rig.engine.load().standing().low, 10);
    rig.run_s(11 * MINUTE);
    assert!(!rig.engine.load().is_flood());
    assert_eq!(rig.engine.load().standing().low, 0);
    assert_eq!(rig.engine.acknowledge_low(5, |_, _| ()), Ok(()));
}
