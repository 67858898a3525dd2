//! Where each limit lies, to the microgram and the stroke.

use super::super::ledger::PRIMING_MAX;
use super::super::strokes::Strokes;
use super::*;

const NO_RATE: StrokesPerMinute = StrokesPerMinute::ZERO;
const STILL: Proof = Proof { flow: Signal::Good(CubicMetresPerHour::ZERO), ..PROOF };

fn count(strokes: f64) -> Signal<Count> {
    Signal::Good(Count(strokes))
}

/// R-2.18-04, INV-17: a counter is believed as far as a pump can stroke in the time, and over its wrap; what jumps farther began
/// anew.
#[test]
fn a_counter_is_believed_as_far_as_a_pump_can_stroke() {
    for (seconds, from, to, booked) in [
        (1, 0.0, 8.0, 8.0),
        (1, 0.0, 9.0, 0.0),
        (10, 100.0, 162.0, 62.0),
        (10, 100.0, 163.0, 0.0),
        (60, 0.0, 362.0, 362.0),
        (60, 0.0, 363.0, 0.0),
        (90, 0.0, 542.0, 542.0),
        (1, 65_530.0, 2.0, 8.0),
        (1, 65_530.0, 3.0, 0.0),
        (1, 3.0, 65_530.0, 0.0),
    ] {
        let mut strokes = Strokes::default();
        assert_eq!(strokes.more_than(count(from), 0.0, NO_RATE, SECOND), 0.0, "the first look");
        let more = strokes.more_than(count(to), 0.0, NO_RATE, seconds * SECOND);
        assert_eq!(more, booked, "{from} to {to} in {seconds} s");
    }
}

/// R-2.18-04: two strokes may be half done or counted early; from the third on all are booked.
#[test]
fn two_strokes_more_are_none_and_three_are_three() {
    let mut strokes = Strokes::default();
    strokes.more_than(count(0.0), 0.0, NO_RATE, SECOND);
    assert_eq!(strokes.more_than(count(2.0), 0.0, NO_RATE, SECOND), 0.0);
    assert_eq!(strokes.more_than(count(3.0), 0.0, NO_RATE, SECOND), 3.0);
    assert_eq!(strokes.more_than(count(5.0), 0.0, NO_RATE, SECOND), 0.0, "booked once");
}

/// R-2.18-04: alarm 419 counts what comes within 30 s, from 10 s without a rate on.
#[test]
fn strokes_without_a_rate_count_within_half_a_minute_once_the_pump_stood() {
    for (stood_s, apart_s, alarmed) in
        [(10, 30, true), (10, 31, false), (5, 1, false), (9, 0, false)]
    {
        let mut strokes = Strokes::default();
        strokes.more_than(count(0.0), 0.0, StrokesPerMinute(60.0), SECOND);
        (0..stood_s).for_each(|_| {
            strokes.more_than(count(0.0), 0.0, NO_RATE, SECOND);
        });
        strokes.more_than(count(1.0), 0.0, NO_RATE, SECOND);
        for _ in 1..apart_s {
            strokes.more_than(count(1.0), 0.0, NO_RATE, SECOND);
        }
        strokes.more_than(count(3.0), 0.0, NO_RATE, SECOND);
        assert_eq!(strokes.are_unasked(), alarmed, "stood {stood_s} s, {apart_s} s apart");
    }
}

/// R-2.10-08, INV-17: every number of the record has its place, and both caps their own flag.
#[test]
fn a_record_says_where_what_is_reserved_stands() {
    assert_eq!(Ledger::WORDS, Ledger::RESERVED + 6, "six numbers from there to the end");
    for (hourly, daily) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut ledger = Ledger::default();
        ledger.book(7, SECOND);
        ledger.reserved = 123_457;
        (ledger.hourly_reached, ledger.daily_reached) = (hourly, daily);
        assert_eq!((ledger.moved(), ledger.reserved()), (7, 123_457));
        let words = ledger.words();
        assert_eq!(words[Ledger::RESERVED], 123_457);
        let read = Ledger::from_words(&words).expect("sound");
        assert_eq!((read.hourly_reached, read.daily_reached), (hourly, daily));
    }
}

/// R-2.18-05, R-2.18-07: a restart takes today's minute of priming only where some of it was begun.
#[test]
fn a_restart_takes_no_priming_that_was_not_begun() {
    assert_eq!(Ledger::default().after_restart().primed, Duration::ZERO);
    let begun = Ledger { primed: Duration::from_micros(1), ..Ledger::default() };
    assert_eq!(begun.after_restart().primed, PRIMING_MAX);
}

/// R-2.18-01: a pump that nothing is asked of is not held, whatever its water does, nor for want of a wish.
#[test]
fn what_is_not_asked_for_is_not_held() {
    let mut rig = Rig::ready();
    for proof in [PROOF, STILL] {
        for _ in 0..5 {
            rig.keep();
            rig.hold(&proof, SECOND);
            assert!(rig.guard.status.blocked.is_empty(), "{:?}", rig.guard.status.blocked);
            assert!(rig.pump.outputs.rate.held().is_empty());
        }
    }
}

/// R-2.18-01, INV-17: parts of a microgram add up, and scans of any length book the same.
#[test]
fn scans_of_any_length_book_the_same_mass() {
    for (scan_ms, scans) in [(1_u32, 4000), (100, 40), (500, 8), (4000, 1)] {
        let mut rig = Rig::ready();
        let mut counter = 0.0;
        rig.pump.inputs.strokes = count(counter);
        rig.keep();
        rig.scan(30.0, &PROOF, Duration::from_millis(1));
        let before = rig.guard.ledger().moved();
        for _ in 0..scans {
            counter += 0.5 * f64::from(scan_ms) / 1000.0;
            rig.pump.inputs.strokes = count(libm::floor(counter));
            rig.keep();
            rig.scan(30.0, &PROOF, Duration::from_millis(scan_ms.into()));
        }
        // 30 strokes a minute for 4 s are 2 strokes of 4.6 mg.
        let moved = rig.guard.ledger().moved() - before;
        assert!(moved.abs_diff(9200) <= 2, "{scan_ms} ms: {moved} µg");
    }
}

/// R-2.18-04: at ten seconds a scan, what was asked is what is counted.
#[test]
fn what_was_asked_is_not_booked_twice_in_a_long_scan() {
    let mut rig = Rig::ready();
    let ten = 10 * SECOND;
    rig.pump.inputs.strokes = count(0.0);
    for scan in 0..60 {
        rig.pump.inputs.strokes = count(10.0 * f64::from(scan));
        rig.keep();
        rig.scan(60.0, &PROOF, ten);
    }
    let moved = rig.guard.masses().0.0;
    assert!((moved - 590.0 * 0.0046).abs() < 0.02, "{moved} g");
}

/// R-2.18-02, R-2.18-07: near the cap it is the cap that stops, not the record, and what a scan may take is used.
#[test]
fn the_cap_stops_before_the_record_does() {
    let mut rig = Rig::ready();
    let moved = rig.dose_s(3600, 180.0, &PROOF);
    // 180 strokes a minute move 0.138 g in the 10 s that must fit.
    assert!(moved > 30.0 - 0.138 - 0.014 && moved <= 30.0, "{moved}");
    let blocked = rig.guard.status.blocked;
    assert!(blocked.has(Reason::HourlyCapReached) && !blocked.has(Reason::NotOnRecord));
}

/// R-2.18-02, INV-17: the cap of a day, too, needs a person and room.
#[test]
fn the_cap_of_a_day_holds_until_a_person_resets_it_and_it_has_room() {
    let mut rig = Rig { limits: Some(Limits { daily_cap: Grams(5.0), ..LIMITS }), ..Rig::ready() };
    let reset = Proof { reset: true, ..PROOF };
    assert!(rig.dose_s(900, 180.0, &PROOF) <= 5.0);
    assert!(rig.guard.status.blocked.has(Reason::DailyCapReached));
    rig.scan(0.0, &reset, SECOND);
    assert!(rig.guard.has_stopped(), "no room yet");
    // A day, and the slice of it that is dropped last.
    for _ in 0..9900 {
        rig.scan(0.0, &PROOF, 10 * SECOND);
    }
    assert!(rig.guard.has_stopped(), "nobody has reset it");
    rig.scan(0.0, &reset, SECOND);
    assert!(!rig.guard.has_stopped());
    let again = rig.dose_s(10, 180.0, &PROOF);
    assert!(again > 0.0, "{:?}", rig.guard.status);
    assert!(!rig.guard.has_stopped(), "a reset of what has room latches nothing");
    rig.scan(0.0, &reset, SECOND);
    assert!(!rig.guard.has_stopped());
}

/// R-2.18-03, R-2.18-07: what is shown of stock and reservation is what is reckoned with.
#[test]
fn what_is_reserved_and_believed_is_shown() {
    let mut rig = Rig::ready();
    rig.dose_s(10, 60.0, &PROOF);
    let ledger = *rig.guard.ledger();
    let left = (ledger.reserved() - ledger.moved()) as f64 / 1e6;
    assert!(left > 0.4 && (rig.guard.status.reserved.0 - left).abs() < 1e-9);
    assert_eq!(rig.guard.status.strength, GramsPerLitre(10.0));
}

/// R-2.18-08, INV-42: the even pace of 400 g a day, what a minute of it holds, and that nothing is allowed before its time.
#[test]
fn the_even_pace_is_kept_to_the_microgram() {
    use super::super::unsaved::{Pace, Unsaved};
    let pace = Pace::of(Grams(30.0), Grams(400.0));
    // 200 g in 86 400 s are 2 314 µg a second; a time is rounded up to the nanosecond.
    assert_eq!((pace.mass(SECOND), pace.fill()), (2314, 60 * 2314));
    let just = SECOND + Duration::from_nanos(1);
    assert!(Unsaved::default().allows(2314, pace, just), "in exactly its time");
    assert!(!Unsaved::default().allows(2314, pace, SECOND), "nor a nanosecond sooner");
}
