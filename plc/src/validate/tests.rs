use super::*;
use crate::declare::measured;
use crate::quantity::Ntu;
use crate::reason::Reason;
use crate::tag::Activity;

const WORDS: Measured = measured(0.0..=20.0).every_s(5.0).rate_max(0.0833).not_below(-0.05);
const FLOW: Measured = measured(0.0..=10.0)
    .stuck_after_s(600.0, 0.01)
    .not_zero_for_s(30.0, 0.0)
    .moved_by(Activity::RawPump);
const SECOND: u64 = 1_000_000;

fn at(memory: &mut Memory, words: &Measured, value: f64, second: u64, moves: bool) -> Signal<Ntu> {
    let now = Moment(second * SECOND);
    let activities = Activities::default().and_if(moves, Activity::RawPump);
    judge(memory, words, Reading::good(value, now), activities, now)
}

/// Judges readings one poll apart; the last signal.
fn judged(values: &[f64]) -> Signal<Ntu> {
    let mut memory = Memory::default();
    let mut last = Signal::default();
    for (number, value) in (1..).zip(values) {
        last = at(&mut memory, &WORDS, *value, number * 5, true);
    }
    last
}

/// R-2.12-03, R-2.12-04, R-2.12-05, R-2.12-08, F23, F53: by range, rate, sign and sense.
#[test]
fn a_reading_is_judged_by_range_rate_and_sign() {
    for (values, expected) in [
        (&[0.1][..], Signal::Good(Ntu(0.1))),
        (&[f64::NAN], Signal::Bad(Fault::Invalid)),
        (&[1e30], Signal::Bad(Fault::Invalid)),
        (&[-1e30], Signal::Bad(Fault::Invalid)),
        (&[f64::INFINITY], Signal::Bad(Fault::Invalid)),
        (&[20.3], Signal::Good(Ntu(20.3))),
        (&[20.5], Signal::Bad(Fault::Overrange)),
        (&[-0.5], Signal::Bad(Fault::Range)),
        (&[-0.02], Signal::Good(Ntu(0.0))),
        (&[-0.06], Signal::Bad(Fault::Implausible)),
        (&[0.1, 5.0], Signal::Uncertain(Ntu(5.0), Doubt::Rate)),
        (&[0.1, 5.0, 5.0], Signal::Good(Ntu(5.0))),
        (&[0.1, 5.0, 0.1, 5.0], Signal::Bad(Fault::Rate)),
    ] {
        assert_eq!(judged(values), expected, "{values:?}");
    }
}

/// R-2.12-05: readings closer than 0.2 s, two answers of one poll, are judged together; a fast poll hides no jump.
#[test]
fn a_jump_is_seen_however_often_an_instrument_is_read() {
    for every_ms in [20, 100, 190, 200, 500] {
        let mut memory = Memory::default();
        let mut read = |number: u64, value: f64| -> Signal<Ntu> {
            let now = Moment(number * every_ms * 1000);
            judge(&mut memory, &WORDS, Reading::good(value, now), Activities::default(), now)
        };
        // A jump back and forth that lasts 0.4 s each time.
        let each = (400 / every_ms).max(1);
        let mut worst = Signal::Good(Ntu(0.1));
        for number in 0..8 * each {
            let value = if (number / each) % 2 == 0 { 0.1 } else { 5.0 };
            let now = read(number, value);
            if !matches!(now, Signal::Good(_)) && !matches!(worst, Signal::Bad(_)) {
                worst = now;
            }
        }
        assert!(!matches!(worst, Signal::Good(_)), "{every_ms} ms: {worst:?}");
    }
}

/// R-2.12-02: stale at three polls, and no sooner than 5 s.
#[test]
fn a_reading_too_old_or_from_the_future_is_bad() {
    for (taken, now, expected) in [
        (0, 15_000_000, Signal::Good(Ntu(0.1))),
        (0, 15_000_001, Signal::Bad(Fault::Stale)),
        (2, 1, Signal::Bad(Fault::Invalid)),
    ] {
        let reading = Reading::good(0.1, Moment(taken));
        let signal: Signal<Ntu> =
            judge(&mut Memory::default(), &WORDS, reading, Activities::default(), Moment(now));
        assert_eq!(signal, expected, "{taken} {now}");
    }
    assert_eq!(measured(0.0..=1.0).every_s(0.5).stale_us(), 5_000_000);
    assert_eq!(measured(0.0..=1.0).every_s(30.0).stale_us(), 90_000_000);
}

#[test]
fn what_the_driver_calls_bad_stays_bad() {
    let reading = Reading::bad(Fault::NotFitted, Moment(1));
    let signal: Signal<Ntu> =
        judge(&mut Memory::default(), &WORDS, reading, Activities::default(), Moment(1));
    assert_eq!(signal, Signal::Bad(Fault::NotFitted));
}

/// R-2.12-06: a flow that does not move for ten minutes while its pump runs is doubted, not refused; F6.
#[test]
fn a_frozen_flow_is_doubted_only_while_its_pump_runs() {
    let mut memory = Memory::default();
    for second in 0..1200 {
        assert_eq!(at(&mut memory, &FLOW, 5.0, second, false), Signal::Good(Ntu(5.0)));
    }
    for second in 1200..1799 {
        assert_eq!(at(&mut memory, &FLOW, 5.0, second, true), Signal::Good(Ntu(5.0)), "{second}");
    }
    let stuck = Signal::Uncertain(Ntu(5.0), Doubt::Stuck);
    assert_eq!(at(&mut memory, &FLOW, 5.0, 1800, true), stuck);
    // Half a resolution is noise of the last digit.
    assert_eq!(
        at(&mut memory, &FLOW, 5.004, 1801, true),
        Signal::Uncertain(Ntu(5.004), Doubt::Stuck)
    );
    assert_eq!(at(&mut memory, &FLOW, 5.02, 1802, true), Signal::Good(Ntu(5.02)));
}

/// R-2.12-07: zero for half a minute while the pump works is a dead meter, not a dry pipe; F7.
#[test]
fn a_flow_of_zero_while_the_pump_works_is_not_believed() {
    let mut memory = Memory::default();
    at(&mut memory, &FLOW, 5.0, 0, true);
    for second in 1..30 {
        assert_eq!(at(&mut memory, &FLOW, 0.0, second, true), Signal::Good(Ntu(0.0)), "{second}");
    }
    assert_eq!(at(&mut memory, &FLOW, 0.0, 30, true), Signal::Bad(Fault::Implausible));
    assert_eq!(at(&mut memory, &FLOW, 0.1, 31, true), Signal::Good(Ntu(0.1)));
    for second in 32..200 {
        assert_eq!(at(&mut memory, &FLOW, 0.0, second, false), Signal::Good(Ntu(0.0)));
    }
}

/// R-2.13-01, F59: a held value is frozen, and Bad once the hold has run out, until released.
#[test]
fn a_value_held_for_calibration_is_frozen_then_bad_until_released() {
    let mut holds = Holds::default();
    let live = Signal::Good(Ntu(9.0));
    let apply = |holds: &mut Holds, second: u64| {
        holds.apply(3, Quality::Good, live, live, Moment(second * SECOND))
    };
    assert_eq!(apply(&mut holds, 0), live);
    let until = Moment(600 * SECOND);
    assert!(holds.hold(3, 0.4, (Moment(0), Duration::from_secs(600)), 7).is_ok());
    assert_eq!(apply(&mut holds, 1), Signal::Held(Ntu(0.4), until));
    assert_eq!((holds.held_by(3), holds.any_expired(Moment(1))), (Some(7), false));
    assert_eq!(apply(&mut holds, 600), Signal::Bad(Fault::HoldExpired));
    assert!(holds.any_expired(until));
    assert!(holds.release(3).is_ok());
    assert_eq!(apply(&mut holds, 601), live);
    assert_eq!(holds.release(3), Err(Reason::NotNow));
}

/// R-2.13-01: an hour from the first order is the most, however often it is renewed: nobody sees what the probe reads.
#[test]
fn a_hold_that_is_renewed_again_and_again_ends_after_its_hour() {
    let mut holds = Holds::default();
    let live = Signal::Good(Ntu(9.0));
    let hour = Duration::from_secs(3600);
    for minutes in [0, 30, 59] {
        let now = Moment(minutes * 60 * SECOND);
        assert!(holds.hold(3, 0.4, (now, hour), 7).is_ok(), "{minutes} min");
        let held = holds.apply(3, Quality::Good, live, live, now);
        assert_eq!(held, Signal::Held(Ntu(0.4), Moment(3600 * SECOND)));
    }
    let over = Moment(3600 * SECOND);
    assert_eq!(holds.apply(3, Quality::Good, live, live, over), Signal::Bad(Fault::HoldExpired));
    assert_eq!(holds.hold(3, 0.4, (over, hour), 8), Err(Reason::NotNow));
    assert!(holds.release(3).is_ok() && holds.hold(3, 9.0, (over, hour), 8).is_ok());
}

/// R-2.13-03: a cleaning cycle holds the value for 120 s; a sensor that never comes back is Bad.
#[test]
fn a_sensor_that_cleans_itself_holds_its_last_value_for_two_minutes() {
    let mut holds = Holds::default();
    let (before, wiped) = (Signal::Good(Ntu(0.2)), Signal::Good(Ntu(7.0)));
    let cleaning = Quality::Held(Moment(0));
    let until = Moment(120 * SECOND);
    assert_eq!(holds.apply(1, cleaning, before, wiped, Moment(0)), Signal::Held(Ntu(0.2), until));
    let bad = Signal::Bad(Fault::HoldExpired);
    assert_eq!(holds.apply(1, cleaning, before, wiped, until), bad);
    assert_eq!(holds.apply(1, Quality::Good, bad, before, until), before);
    assert!(!holds.any_expired(until));
}

#[test]
fn more_holds_than_places_are_refused() {
    let mut holds = Holds::default();
    let first = (Moment(0), Duration::from_secs(9));
    let taken: usize = (0..20).filter(|slot| holds.hold(*slot, 1.0, first, 1).is_ok()).count();
    assert_eq!(taken, 12);
    let more = (Moment(SECOND), Duration::from_secs(20));
    assert!(holds.hold(0, 1.0, more, 2).is_ok(), "one that stands is extended");
}
