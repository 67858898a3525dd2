//! Shelf and out of service: who is not told of what, for how long, and what is shown again.

use super::*;
use crate::reason::Reason;
use crate::tag::Role;

const HIGH: Rationale = alarm(1, Priority::P2);
const LATCHED: Rationale = alarm(2, Priority::P2).latching();

/// An alarm of these words that stands at this letter.
fn standing(words: Rationale, letter: char) -> Rig {
    let mut rig = Rig::new(&[words]);
    let run = |rig: &mut Rig, condition| rig.run_with(0, condition, 1);
    if letter != 'A' {
        run(&mut rig, Condition::Active);
    }
    if matches!(letter, 'C' | 'F') {
        rig.engine.acknowledge(0, 1).unwrap();
    }
    if matches!(letter, 'D' | 'E' | 'F') {
        run(&mut rig, Condition::Clear);
    }
    assert_eq!(rig.letter(0), letter);
    rig.told.clear();
    rig
}

fn shelve(rig: &mut Rig, seconds: f64) {
    let told = rig.engine.shelve(0, Role::Supervisor, Shelve::For(seconds), 9).unwrap();
    assert!(told.change == Change::Shelved && told.hidden && told.order == 9);
    assert_eq!((rig.letter(0), rig.engine.sample(0).shelved_by), ('G', 9));
}

/// The rows of the shelf, from every state: back from it, what is there or latched is announced again and must be seen again.
#[test]
fn an_alarm_back_from_the_shelf_must_be_seen_again() {
    for (words, before, after, again) in [
        (HIGH, 'A', 'A', false),
        (HIGH, 'B', 'B', true),
        (HIGH, 'C', 'B', true),
        (HIGH, 'D', 'D', false),
        (LATCHED, 'E', 'E', true),
        (LATCHED, 'F', 'F', false),
    ] {
        for by_person in [true, false] {
            let mut rig = standing(words, before);
            shelve(&mut rig, 1800.0);
            rig.run_s(1799);
            assert_eq!(rig.letter(0), 'G', "{before}");
            assert_eq!(rig.changes(0), [], "{before}: nothing is told meanwhile");
            let told = if by_person {
                rig.engine.unshelve(0, 10).unwrap()
            } else {
                rig.run_s(1);
                rig.told.pop().unwrap().1
            };
            let (change, order) =
                if by_person { (Change::Unshelved, 10) } else { (Change::ShelfEnded, 0) };
            assert_eq!((told.change, told.order), (change, order));
            assert_eq!((rig.letter(0), told.is_announced()), (after, again), "{before}");
            assert_eq!(rig.engine.sample(0).shelved_by, 0);
            assert_eq!(rig.engine.unshelve(0, 11), Err(Reason::NotNow));
        }
    }
}

/// Region P keeps running underneath: what came on the shelf is announced when it comes back, what went is not.
#[test]
fn an_alarm_on_the_shelf_comes_and_goes_unheard() {
    let mut rig = standing(HIGH, 'A');
    shelve(&mut rig, 600.0);
    rig.run_with(0, Condition::Active, 10);
    let sample = rig.engine.sample(0);
    assert_eq!((sample.state, sample.letter()), (State::Unacknowledged, 'G'));
    assert!(!rig.engine.sounds());
    assert_eq!(rig.changes(0), [(Change::Activated, false)]);
    assert_eq!(sample.shelf_left.as_secs(), 590);
    rig.run_s(590);
    assert_eq!(rig.changes(0), [(Change::ShelfEnded, true)]);
    assert!(rig.engine.sounds());

    let mut rig = standing(HIGH, 'A');
    shelve(&mut rig, 600.0);
    rig.run_with(0, Condition::Active, 10);
    rig.run_with(0, Condition::Clear, 600);
    assert_eq!(rig.letter(0), 'A', "gone before anybody was told");
    assert_eq!(rig.announced(), 0);
}

/// The row of the one-shot: it ends when the cause goes, and at the longest time.
#[test]
fn a_shelf_until_the_cause_goes_ends_with_it() {
    let mut rig = standing(HIGH, 'B');
    let told = rig.engine.shelve(0, Role::Supervisor, Shelve::Once, 9).unwrap();
    assert_eq!(told.change, Change::ShelvedOnce);
    rig.run_s(1000);
    assert_eq!((rig.letter(0), rig.engine.sample(0).shelf), ('G', Shelf::OneShot));
    rig.run_with(0, Condition::Clear, 1);
    assert_eq!(rig.letter(0), 'D', "it was told before, and wants to be seen");
    assert_eq!(rig.changes(0), [(Change::Returned, false), (Change::ShelfEnded, false)]);
    rig.run_with(0, Condition::Active, 1);
    assert_eq!(rig.changes(0), [(Change::Activated, true)], "the next time it is told");

    let mut rig = standing(HIGH, 'C');
    rig.engine.shelve(0, Role::Supervisor, Shelve::Once, 9).unwrap();
    rig.run_s(HOUR - 1);
    assert_eq!(rig.letter(0), 'G');
    rig.run_s(1);
    assert_eq!(rig.letter(0), 'B', "P2: an hour at most");
}

/// AR-06, INV-40: a refusal leaves everything as it was, and a shelf renewed begins anew.
#[test]
fn what_may_not_be_shelved_stays_announced() {
    let mut rig = Rig::new(&[alarm(1, Priority::P1), alarm(2, Priority::P2)]);
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::Active, 1);
    for (slot, role, how, reason) in [
        (0, Role::Engineer, Shelve::For(60.0), Reason::NeverShelved),
        (0, Role::Engineer, Shelve::Once, Reason::NeverShelved),
        (1, Role::Operator, Shelve::For(60.0), Reason::NotPermitted),
        (1, Role::Supervisor, Shelve::For(3601.0), Reason::OutOfRange),
        (2, Role::Supervisor, Shelve::For(60.0), Reason::Unknown),
    ] {
        assert_eq!(rig.engine.shelve(slot, role, how, 3), Err(reason));
    }
    assert_eq!((rig.letter(0), rig.letter(1)), ('B', 'B'));
    for _ in 0..3 {
        rig.engine.shelve(1, Role::Supervisor, Shelve::For(100.0), 3).unwrap();
        rig.run_s(99);
        assert_eq!(rig.letter(1), 'G');
    }
    rig.run_s(1);
    assert_eq!(rig.letter(1), 'B');
}

/// The rows of out of service: no time limit, P1 too, and fresh evaluation on the way back.
#[test]
fn an_alarm_back_in_service_is_as_it_is_then() {
    for (words, before, during, after, again) in [
        (HIGH, 'A', Condition::Clear, 'A', false),
        (HIGH, 'A', Condition::Active, 'B', true),
        (HIGH, 'B', Condition::Active, 'B', true),
        (HIGH, 'C', Condition::Active, 'B', true),
        (HIGH, 'C', Condition::Clear, 'A', false),
        (LATCHED, 'C', Condition::Clear, 'F', false),
        (LATCHED, 'E', Condition::Clear, 'E', true),
    ] {
        let mut rig = standing(words, before);
        assert_eq!(rig.engine.take_out(0, 5).unwrap().change, Change::OutOfService);
        assert_eq!(rig.engine.take_out(0, 5), Err(Reason::NotNow));
        rig.run_with(0, during, 2 * DAY / 60);
        assert_eq!((rig.letter(0), rig.engine.sample(0).out_by), ('I', 5));
        assert!(rig.announced() == 0 && !rig.engine.sounds());
        let told = rig.engine.put_in(0, 6).unwrap();
        assert_eq!((told.change, told.order), (Change::InService, 6));
        assert_eq!((rig.letter(0), told.is_announced()), (after, again), "{before}, {during:?}");
        assert_eq!(rig.engine.put_in(0, 6), Err(Reason::NotNow));
    }
}

/// Three flags, kept apart: each ends on its own, and only the last shows the alarm again.
#[test]
fn shelf_and_service_and_design_are_kept_apart() {
    let mut rig = Rig::new(&[alarm(901, Priority::P2).without_mains(), HIGH]);
    rig.run_with(1, Condition::Active, 1);
    rig.engine.acknowledge(1, 1).unwrap();
    rig.say(0, Condition::Active);
    rig.run_s(2);
    rig.engine.shelve(1, Role::Supervisor, Shelve::For(100.0), 2).unwrap();
    rig.engine.take_out(1, 3).unwrap();
    let flags = |rig: &Rig| {
        let sample = rig.engine.sample(1);
        (sample.suppressed, sample.shelf != Shelf::Unshelved, sample.out_of_service)
    };
    assert_eq!((flags(&rig), rig.letter(1)), ((true, true, true), 'I'));
    rig.engine.put_in(1, 4).unwrap();
    assert_eq!((flags(&rig), rig.letter(1)), ((true, true, false), 'G'));
    rig.run_s(100);
    assert_eq!((flags(&rig), rig.letter(1)), ((true, false, false), 'H'));
    rig.changes(1);
    rig.run_with(0, Condition::Clear, 2);
    assert_eq!((flags(&rig), rig.letter(1)), ((false, false, false), 'B'));
    let told = [(Change::Unsuppressed, false), (Change::Activated, true)];
    assert_eq!(rig.changes(1), told);
}
