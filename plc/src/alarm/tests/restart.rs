//! What a restart leaves of the alarms.

use super::*;
use crate::tag::Role;

const WORDS: [Rationale; 3] =
    [alarm(1, Priority::P1).latching(), alarm(2, Priority::P2), alarm(3, Priority::P4)];

/// The same alarms after a restart, so long after; unknown: the clock cannot say.
fn restarted(rig: &Rig, age_s: Option<u64>) -> Rig {
    let mut after = Rig::new(&WORDS);
    for slot in 0..WORDS.len() {
        let number = rig.engine.sample(slot).kept().to_f64();
        let kept = KeptAlarm::from_f64(number).unwrap();
        after.engine.restore(slot, &kept, age_s.map(Duration::from_secs));
    }
    after
}

/// The row of the boot: unseen before is unseen after, is not new, and follows its cause from then on.
#[test]
fn an_alarm_unseen_before_a_restart_is_unseen_after_it_and_not_new() {
    let mut rig = Rig::new(&WORDS);
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::Active, 5);
    let mut rig = restarted(&rig, Some(600));
    rig.say(0, Condition::Active);
    rig.run_with(1, Condition::AsBefore, 100);
    assert_eq!((rig.letter(0), rig.letter(1)), ('B', 'B'));
    assert_eq!(rig.announced(), 0);
    assert_eq!((rig.engine.sample(0).count, rig.engine.load().announced_in().0), (0, 0));
    assert!(rig.engine.sounds());
    rig.say(0, Condition::Clear);
    rig.run_with(1, Condition::Clear, 1);
    assert_eq!((rig.letter(0), rig.letter(1)), ('E', 'D'));
    rig.engine.acknowledge(0, 1).unwrap();
    let mut rig = restarted(&rig, None);
    rig.run_s(10);
    assert_eq!((rig.letter(0), rig.letter(1)), ('F', 'D'), "a latch outlives it");
}

/// INV-40: the shelf goes on for what is left of it, over the time without controller; where nobody knows how long that was,
/// it has ended.
#[test]
fn a_shelf_runs_out_over_a_restart() {
    let mut rig = Rig::new(&WORDS);
    rig.run_with(1, Condition::Active, 1);
    rig.engine.acknowledge(1, 1).unwrap();
    rig.engine.shelve(1, Role::Supervisor, Shelve::For(1800.0), 2).unwrap();
    rig.engine.shelve(2, Role::Operator, Shelve::Once, 3).unwrap();
    rig.run_s(800);
    for (age, letters) in [
        (Some(0), ['G', 'G']),
        (Some(999), ['G', 'G']),
        (Some(1000), ['B', 'G']),
        (Some(7 * 3600 + 3000), ['B', 'A']),
        (None, ['B', 'A']),
    ] {
        let mut rig = restarted(&rig, age);
        assert_eq!([1, 2].map(|slot| rig.letter(slot)), letters, "{age:?}");
        rig.say(1, Condition::Active);
        rig.scan(SECOND / 10);
        let still = letters[0] == 'G';
        assert_eq!(
            rig.changes(1),
            if still { [(Change::StillHidden, false)].to_vec() } else { Vec::new() }
        );
        if age == Some(999) {
            rig.run_s(1);
            assert_eq!(rig.letter(1), 'B', "one second was left");
            assert_eq!(rig.changes(1), [(Change::ShelfEnded, true)]);
        }
    }
}

/// INV-40: out of service stays so until somebody puts it back, and no shelf is longer than its priority allows.
#[test]
fn out_of_service_outlives_a_restart_and_a_forged_shelf_does_not() {
    let mut rig = Rig::new(&WORDS);
    rig.engine.take_out(0, 4).unwrap();
    let mut rig = restarted(&rig, None);
    rig.run_with(0, Condition::Active, 5);
    assert_eq!((rig.letter(0), rig.announced()), ('I', 0));
    assert!(rig.engine.put_in(0, 5).unwrap().is_announced());

    let forged = KeptAlarm {
        shelf: Shelf::Timed,
        shelf_left: Duration::from_secs(1_000_000),
        ..KeptAlarm::default()
    };
    let mut rig = Rig::new(&WORDS);
    (0..3).for_each(|slot| rig.engine.restore(slot, &forged, Some(Duration::ZERO)));
    let left = [0, 1, 2].map(|slot| rig.engine.sample(slot).shelf_left.as_secs());
    assert_eq!(left, [0, 3600, 8 * 3600]);
    assert_eq!(rig.letter(0), 'A', "a critical alarm is never on the shelf");
}
