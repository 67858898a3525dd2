//! First-out, flood, chatter, repeats, and what is counted.

use super::*;
use crate::tag::Role;

const RAW: Rationale = alarm(1, Priority::P1).trips(TripGroup::RawWater);
const RAW_LATE: Rationale = alarm(2, Priority::P1).trips(TripGroup::RawWater).delays_s(0.0, 60.0);
const DELIVERY: Rationale = alarm(3, Priority::P1).trips(TripGroup::Delivery);

fn first_out(rig: &Rig, slots: &[usize]) -> Vec<bool> {
    slots.iter().map(|slot| rig.engine.sample(*slot).first_out).collect()
}

#[test]
fn the_first_of_a_trip_group_is_marked_until_all_of_it_is_normal() {
    let mut rig = Rig::new(&[RAW, RAW_LATE, DELIVERY, alarm(4, Priority::P1)]);
    rig.run_with(1, Condition::Active, 5);
    for slot in [0, 2, 3] {
        rig.run_with(slot, Condition::Active, 1);
    }
    assert_eq!(first_out(&rig, &[0, 1, 2, 3]), [false, true, true, false]);
    let marked: Vec<bool> = rig.told.iter().map(|(_, told)| told.first_out).collect();
    assert_eq!(marked, [true, false, true, false]);
    // The first goes and is seen, another stands: it is still the one that came first.
    rig.run_with(1, Condition::Clear, 61);
    rig.engine.acknowledge(1, 1).unwrap();
    rig.run_s(5);
    assert_eq!((rig.letter(1), first_out(&rig, &[0, 1])), ('A', [false, true].to_vec()));
    rig.run_with(1, Condition::Active, 1);
    assert_eq!(first_out(&rig, &[0, 1]), [false, true]);
    // All Normal: whoever comes next is first.
    rig.say(0, Condition::Clear);
    rig.run_with(1, Condition::Clear, 61);
    rig.engine.acknowledge(0, 1).unwrap();
    rig.engine.acknowledge(1, 1).unwrap();
    rig.run_s(1);
    assert_eq!(first_out(&rig, &[0, 1]), [false, false]);
    rig.run_with(0, Condition::Active, 1);
    rig.run_with(1, Condition::Active, 1);
    assert_eq!(first_out(&rig, &[0, 1]), [true, false]);
}

/// AR-13: in one scan the order of evaluation counts, and each of them says that it was so.
#[test]
fn alarms_of_one_scan_say_that_their_order_is_not_known() {
    let mut rig = Rig::new(&[RAW, RAW, DELIVERY]);
    rig.say(1, Condition::Active);
    rig.run_with(0, Condition::Active, 1);
    rig.run_with(2, Condition::Active, 1);
    let told: Vec<(usize, bool, bool)> =
        rig.told.iter().map(|(row, told)| (*row, told.same_scan, told.first_out)).collect();
    assert_eq!(told, [(100, true, true), (101, true, false), (102, false, true)]);
    assert_eq!([0, 1, 2].map(|slot| rig.engine.sample(slot).same_scan), [true, true, false]);
}

#[test]
fn what_is_explained_by_another_alarm_came_not_first() {
    let mains = alarm(901, Priority::P2).without_mains();
    let mut rig = Rig::new(&[mains, RAW, RAW]);
    rig.run_with(0, Condition::Active, 2);
    rig.run_with(1, Condition::Active, 1);
    assert_eq!(first_out(&rig, &[1, 2]), [false, false]);
    rig.say(1, Condition::Clear);
    rig.run_with(0, Condition::Clear, 3);
    rig.run_with(2, Condition::Active, 1);
    assert_eq!(first_out(&rig, &[1, 2]), [false, true]);
}

/// AR-10: activations that nothing hides, and each time an alarm is shown again; by priority.
#[test]
fn what_is_announced_is_counted() {
    let mut rig =
        Rig::new(&[alarm(1, Priority::P2), alarm(2, Priority::P3), alarm(3, Priority::P4)]);
    rig.engine.shelve(2, Role::Operator, Shelve::For(60.0), 1).unwrap();
    (0..3).for_each(|slot| rig.say(slot, Condition::Active));
    rig.run_s(10);
    assert_eq!(rig.engine.load().announced_in(), (2, 2, 2), "one lies on the shelf");
    rig.run_s(50);
    assert_eq!(rig.engine.load().announced_in(), (3, 3, 3));
    let load = rig.engine.load();
    assert_eq!(load.share(&[Priority::P2]).round(), 33.0);
    assert_eq!(load.top_share(), 100.0);
    assert_eq!((load.standing().now, load.standing().unseen, load.hidden()), (3, 3, (0, 0, 0)));
    rig.run_s(3 * DAY);
    let standing = rig.engine.load().standing();
    assert_eq!((standing.now, standing.stale, standing.stale_long), (3, 3, 3));
    assert_eq!(rig.engine.load().announced_in(), (0, 0, 0));
}

#[test]
fn what_stands_for_long_is_stale_and_what_flees_is_fleeting() {
    let mut rig = Rig::new(&[alarm(1, Priority::P2), alarm(2, Priority::P3)]);
    rig.run_with(0, Condition::Active, DAY - 1);
    assert_eq!(rig.engine.load().standing().stale, 0);
    rig.run_s(1);
    let standing = rig.engine.load().standing();
    assert_eq!((standing.stale, standing.stale_long), (1, 0));
    for (stands, fled) in [(59, 1), (60, 1), (10, 2)] {
        rig.run_with(1, Condition::Active, stands);
        rig.run_with(1, Condition::Clear, 400);
        assert_eq!(rig.engine.load().fleeting(), fled, "{stands} s");
    }
}

#[test]
fn the_ten_alarms_that_come_most_often_make_a_share() {
    let mut rig = Rig::new(&[alarm(1, Priority::P4).delays_s(0.0, 0.0); 20]);
    for round in 0..4 {
        for slot in 0..20 {
            // Ten of them come in each round, the others once.
            let comes = slot < 10 || round == 0;
            rig.run_with(slot, Condition::when(comes), 1);
            rig.run_with(slot, Condition::Clear, 30);
        }
    }
    assert_eq!(rig.engine.load().announced_in().2, 50);
    assert_eq!(rig.engine.load().top_share(), 80.0);
}

/// Repeats within ten minutes count up, and are no message of their own (`docs/spec/plant.md` 4).
#[test]
fn an_alarm_that_comes_again_within_ten_minutes_is_no_new_message() {
    let mut rig = Rig::new(&[alarm(1, Priority::P2)]);
    let mut told = Vec::new();
    for (wait, repeats) in [(0, 0), (298, 1), (297, 2), (0, 0), (597, 1), (599, 0)] {
        rig.run_with(0, Condition::Clear, wait);
        rig.run_with(0, Condition::Active, 1);
        rig.run_with(0, Condition::Clear, 1);
        told.push((rig.engine.sample(0).repeats, repeats));
    }
    assert!(told.iter().all(|(seen, repeats)| seen == repeats), "{told:?}");
    assert_eq!(rig.engine.sample(0).count, 6);
}

/// AR-12: after the fifth activation in five minutes the alarm stays longer, 918 is told of it, and an hour of quiet ends it.
#[test]
fn an_alarm_that_chatters_is_held_for_longer() {
    let mut rig = Rig::new(&[alarm(1, Priority::P3), alarm(2, Priority::P3).delays_s(0.0, 10.0)]);
    for _ in 0..4 {
        rig.run_with(1, Condition::Active, 1);
        rig.run_with(1, Condition::Clear, 11);
    }
    assert_eq!(rig.engine.load().told_of().0, None);
    assert_eq!(rig.run_with(1, Condition::Active, 1), State::Unacknowledged);
    let changes = rig.changes(1);
    let last = &changes[changes.len() - 2..];
    assert_eq!(last, [(Change::Activated, true), (Change::ChatterGuarded, false)]);
    assert_eq!(rig.engine.load().told_of().0, Some(1));
    assert!(rig.engine.sample(1).guarded);
    // Its off-delay is twice its own.
    assert_eq!(rig.run_with(1, Condition::Clear, 19), State::Unacknowledged);
    assert_eq!(rig.run_with(1, Condition::Clear, 1), State::ReturnedUnacknowledged);
    // 918 lasts for as long as it goes on; its own off-delay is the hour.
    rig.run_s(300);
    assert_eq!(rig.engine.load().told_of().0, None);
    assert!(rig.engine.sample(1).guarded);
    rig.run_s(HOUR - 320);
    assert!(!rig.engine.sample(1).guarded, "an hour of quiet");
    rig.run_with(1, Condition::Active, 1);
    assert_eq!(rig.run_with(1, Condition::Clear, 10), State::ReturnedUnacknowledged);
    assert!(!rig.engine.sample(0).guarded);
}

/// A sample is handed out when something about its alarm is new, and not otherwise.
#[test]
fn only_what_is_new_is_shown_anew() {
    let mut rig = Rig::new(&[alarm(1, Priority::P3), alarm(2, Priority::P3)]);
    let news = |rig: &mut Rig| [0, 1].map(|slot| rig.engine.news(slot).is_some());
    rig.run_s(1);
    assert_eq!(news(&mut rig), [true, true], "before the first scan nothing is known");
    rig.run_s(100);
    assert_eq!(news(&mut rig), [false, false]);
    rig.run_with(1, Condition::Active, 1);
    assert_eq!(news(&mut rig), [false, true]);
    rig.run_s(100);
    assert_eq!(news(&mut rig), [false, false]);
    rig.engine.shelve(1, Role::Operator, Shelve::For(100.0), 1).unwrap();
    assert_eq!(news(&mut rig), [false, true]);
    rig.run_s(1);
    assert_eq!(news(&mut rig), [false, true], "its time on the shelf runs");
}

/// AR-10: an alarm that is idle is not looked at, and is looked at again whatever becomes of it: units, people and time do what
/// they like, and the figures are those that the samples of all alarms add up to.
#[test]
fn the_figures_are_those_of_all_alarms_whatever_happens_to_them() {
    let words = [
        RAW,
        RAW_LATE,
        DELIVERY,
        alarm(4, Priority::P3).delays_s(3.0, 5.0),
        alarm(5, Priority::P4).on_bad(OnBad::Raise),
        alarm(6, Priority::P2).latching(),
    ];
    let says = [
        Condition::Clear,
        Condition::Clear,
        Condition::Active,
        Condition::Suppressed,
        Condition::AsBefore,
        Condition::Bad(crate::signal::Fault::Range),
    ];
    let mut rig = Rig::new(&words);
    let (mut dice, mut seen) = (7_u64, [0_u32; 5]);
    let mut throw = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    // Four days, so that what came is forgotten and alarms are idle again.
    for round in 0..4_000 {
        let slot = throw(words.len());
        // Who is refused has changed nothing.
        match throw(8) {
            0 => rig.engine.acknowledge(slot, 1).map(drop).unwrap_or_default(),
            1 => rig.engine.reset(slot, 1).map(drop).unwrap_or_default(),
            2 => rig.engine.take_out(slot, 1).map(drop).unwrap_or_default(),
            3 => rig.engine.put_in(slot, 1).map(drop).unwrap_or_default(),
            4 => rig
                .engine
                .shelve(slot, Role::Engineer, crate::alarm::Shelve::For(60.0), 1)
                .map(drop)
                .unwrap_or_default(),
            _ => rig.say(slot, says[throw(says.len())]),
        }
        rig.run_s(1 + throw(170) as u32);
        let samples: Vec<_> = (0..words.len()).map(|slot| rig.engine.sample(slot)).collect();
        let count = |which: &dyn Fn(&AlarmSample) -> bool| {
            samples.iter().filter(|sample| which(sample)).count() as u32
        };
        let load = rig.engine.load();
        let found = [
            load.standing().now,
            load.standing().unseen,
            load.hidden().0,
            load.hidden().1,
            load.hidden().2,
        ];
        let counted = [
            count(&|sample| sample.state.is_active() && !sample.is_hidden()),
            count(&|sample| !sample.state.is_acknowledged() && !sample.is_hidden()),
            count(&|sample| sample.suppressed),
            count(&|sample| sample.shelf != crate::alarm::Shelf::Unshelved),
            count(&|sample| sample.out_of_service),
        ];
        assert_eq!(found, counted, "round {round}");
        let judged = rig.said[4] != Condition::Bad(crate::signal::Fault::Range);
        assert_eq!(load.unjudged(), (!judged).then_some(4), "round {round}");
        seen.iter_mut().zip(counted).for_each(|(seen, counted)| *seen += u32::from(counted > 0));
    }
    assert!(seen.iter().all(|rounds| (100..4_000).contains(rounds)), "{seen:?}");
}
