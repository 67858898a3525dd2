//! Suppression by design: consequence chains, parents, units that are off. Keep the cause.

use super::*;
use crate::tag::Role;

const PAC_EMPTY: Rationale = alarm(203, Priority::P1).delays_s(5.0, 60.0);
const PAC_NOT_DOSING: Rationale =
    alarm(201, Priority::P1).delays_s(60.0, 30.0).explained_by(&[203]);
const CLOUDY: Rationale = alarm(204, Priority::P2).delays_s(120.0, 60.0).explained_by(&[201]);
const EFFLUENT: Rationale = alarm(303, Priority::P2).delays_s(30.0, 30.0).explained_by(&[204]);
const NOT_SAFE: Rationale = alarm(304, Priority::P1).delays_s(60.0, 60.0).explained_by(&[303]);
const MAINS: Rationale = alarm(901, Priority::P2).delays_s(10.0, 60.0).without_mains();

/// AR-14: a cause hides what follows from it, and what follows from that; while it lasts, region P goes on underneath.
#[test]
fn a_cause_hides_its_consequences_and_says_that_it_does() {
    let mut rig = Rig::new(&[EFFLUENT, CLOUDY, PAC_NOT_DOSING, PAC_EMPTY]);
    rig.run_with(3, Condition::Active, 5);
    for slot in 0..3 {
        rig.say(slot, Condition::Active);
    }
    rig.run_s(200);
    assert_eq!([0, 1, 2, 3].map(|slot| rig.letter(slot)), ['H', 'H', 'H', 'B']);
    assert_eq!(rig.announced(), 1, "the cause");
    for slot in 0..3 {
        let sample = rig.engine.sample(slot);
        assert_eq!((sample.state, sample.cause), (State::Unacknowledged, Some(103)), "{slot}");
    }
    assert_eq!(rig.changes(0), [(Change::Activated, false)]);
}

/// AR-14: a cause never hides an alarm of a higher priority, be it far up the chain; a more urgent cause further up does.
#[test]
fn no_cause_hides_what_is_more_urgent() {
    for (cause, hidden) in [(0, false), (1, false), (2, true), (3, true)] {
        let mut rig = Rig::new(&[EFFLUENT, CLOUDY, PAC_NOT_DOSING, PAC_EMPTY, NOT_SAFE]);
        rig.run_with(cause, Condition::Active, 150);
        rig.run_with(4, Condition::Active, 150);
        assert_eq!(rig.letter(4), if hidden { 'H' } else { 'B' }, "{cause}");
    }
    // Mains are the exception: without them everything stands still, but what does not need them.
    let flood = alarm(110, Priority::P1).without_mains();
    let mut rig = Rig::new(&[MAINS, NOT_SAFE, flood]);
    rig.run_with(0, Condition::Active, 10);
    rig.say(1, Condition::Active);
    rig.run_with(2, Condition::Active, 100);
    assert_eq!([0, 1, 2].map(|slot| rig.letter(slot)), ['B', 'H', 'B']);
}

/// AR-14, code s4: one alarm for an outage; an alarm that comes while the mains' own delay runs waits for it.
#[test]
fn an_outage_is_one_alarm() {
    let bus = alarm(906, Priority::P1).delays_s(5.0, 30.0);
    let mut rig = Rig::new(&[MAINS, bus, alarm(501, Priority::P2).delays_s(2.0, 0.0).latching()]);
    (0..3).for_each(|slot| rig.say(slot, Condition::Active));
    rig.run_s(3600);
    assert_eq!(rig.announced(), 1);
    assert_eq!([0, 1, 2].map(|slot| rig.letter(slot)), ['B', 'H', 'H']);
    // Power is back: the bus answers, the pump's fault is gone, and nobody need see what nobody was told.
    (0..3).for_each(|slot| rig.say(slot, Condition::Clear));
    rig.run_s(120);
    assert_eq!([0, 1, 2].map(|slot| rig.letter(slot)), ['D', 'A', 'A']);
    assert_eq!(rig.announced(), 1);
}

/// AR-14: what is still there when its cause has gone is told after its own delay; what was told before stays as it was.
#[test]
fn what_outlasts_its_cause_is_told() {
    let late = alarm(3, Priority::P2).delays_s(20.0, 0.0);
    let mut rig = Rig::new(&[MAINS, late, alarm(4, Priority::P2), alarm(5, Priority::P2)]);
    rig.say(2, Condition::Active);
    rig.run_with(3, Condition::Active, 1);
    rig.engine.acknowledge(3, 1).unwrap();
    rig.say(1, Condition::Active);
    rig.run_with(0, Condition::Active, 60);
    assert_eq!([1, 2, 3].map(|slot| rig.letter(slot)), ['H', 'H', 'H']);
    rig.told.clear();
    rig.run_with(0, Condition::Clear, 61);
    assert_eq!([1, 2, 3].map(|slot| rig.letter(slot)), ['A', 'B', 'C']);
    assert_eq!(rig.announced(), 0, "nothing of it is new");
    rig.run_s(19);
    assert_eq!(rig.letter(1), 'B');
    let told = [(Change::Unsuppressed, false), (Change::Activated, true)];
    assert_eq!(rig.changes(1), told);
    assert_eq!(rig.changes(2), [(Change::Unsuppressed, false)]);
}

/// AR-14: an alarm waits 15 s for a cause that is just coming, and no longer, however that flickers.
#[test]
fn a_cause_that_never_comes_hides_nothing() {
    let mut rig = Rig::new(&[MAINS, alarm(3, Priority::P1).delays_s(5.0, 5.0)]);
    rig.say(1, Condition::Active);
    for second in 1..=20 {
        // Nine seconds of every ten: never long enough to be an alarm.
        rig.run_with(0, Condition::when(second % 10 != 0), 1);
        assert_eq!(rig.engine.state(1).is_active(), second >= 10, "{second}");
    }
    assert_eq!(rig.changes(1), [(Change::Activated, true)]);
    let mut rig =
        Rig::new(&[alarm(901, Priority::P2).delays_s(600.0, 0.0), alarm(3, Priority::P1)]);
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::Active, 14);
    assert_eq!(rig.letter(1), 'A');
    rig.run_s(1);
    assert_eq!(rig.letter(1), 'B');
}

/// AR-14: a cause that a person has put aside explains nothing to anybody.
#[test]
fn a_cause_on_the_shelf_hides_nothing() {
    let cause = alarm(204, Priority::P2);
    let mut rig = Rig::new(&[cause, EFFLUENT]);
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::Active, 60);
    assert_eq!(rig.letter(1), 'H');
    rig.engine.shelve(0, Role::Supervisor, Shelve::For(600.0), 1).unwrap();
    rig.run_s(31);
    assert_eq!((rig.letter(0), rig.letter(1)), ('G', 'B'));
    let mut rig = Rig::new(&[cause, EFFLUENT]);
    rig.engine.take_out(0, 1).unwrap();
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::Active, 31);
    assert_eq!((rig.letter(0), rig.letter(1)), ('I', 'B'));
}

/// AR-14, code s5: the loss of a bus hides what lies behind it, and nothing behind another.
#[test]
fn a_lost_bus_hides_what_lies_behind_it() {
    let bus = alarm(906, Priority::P1);
    let behind = |parent| alarm(7, Priority::P3).behind(parent);
    for (lost, letters) in
        [(0, ['H', 'B', 'B', 'H']), (1, ['B', 'H', 'B', 'H']), (2, ['B', 'B', 'H', 'H'])]
    {
        let mut rig = Rig::at(&[
            ("system.link_a.lost", bus),
            ("system.link_b.lost", bus),
            ("system.link_d.lost", bus),
            ("a", behind(Parent::BusA)),
            ("b", behind(Parent::BusB)),
            ("d", behind(Parent::BusD)),
            ("any", behind(Parent::AnyBus)),
        ]);
        rig.run_with(lost, Condition::Active, 2);
        (3..7).for_each(|slot| rig.say(slot, Condition::Active));
        rig.run_s(2);
        assert_eq!([3, 4, 5, 6].map(|slot| rig.letter(slot)), letters);
        assert_eq!(rig.engine.sample(6).cause, Some(100 + lost));
    }
}

/// AR-14: what its unit does not judge is no alarm, and is asked for after a day; what the site has not, never.
#[test]
fn a_unit_that_hides_an_alarm_for_a_day_is_asked_why() {
    for (hides, told) in [
        (Condition::Suppressed, Some(0)),
        (Condition::Absent, None),
        (Condition::Clear, None),
        (Condition::AsBefore, None),
    ] {
        let mut rig = Rig::new(&[alarm(1, Priority::P2)]);
        rig.run_with(0, Condition::Active, 1);
        rig.run_with(0, hides, DAY - 1);
        let hidden = matches!(hides, Condition::Suppressed | Condition::Absent);
        assert_eq!(rig.letter(0) == 'H', hidden, "{hides:?}");
        assert_eq!(rig.engine.load().told_of().1, None);
        rig.run_s(1);
        assert_eq!(rig.engine.load().told_of().1, told, "{hides:?}");
        rig.run_with(0, Condition::Active, 1);
        assert_eq!(rig.engine.load().told_of().1, None);
    }
}
