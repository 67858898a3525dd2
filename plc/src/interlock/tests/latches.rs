//! What stands until a person has looked, over a restart too; and what came first.

use super::*;

#[test]
fn a_latch_that_stood_before_a_restart_stands_after_it_until_its_reset() {
    for latch in [
        Reason::WetWellEmptyTooOften,
        Reason::FilteredWaterTurbid,
        Reason::ChlorineDangerous,
        Reason::OutletNotProvenClosed,
    ] {
        let mut causes = Causes::default();
        causes.restore(Reasons::only(latch));
        assert_eq!(run_s(&mut causes, &SOUND, 3600), Reasons::only(latch));
        assert_eq!(causes.latched(), Reasons::only(latch));
        run_s(&mut causes, &Facts { reset: true, supervisor_reset: true, ..SOUND }, 1);
        assert!(causes.latched().is_empty(), "{latch:?}");
    }
}

#[test]
fn a_wash_with_an_unproven_outlet_is_released_by_a_supervisor_only() {
    let mut causes = Causes::default();
    run_s(&mut causes, &Facts { outlet_not_closed: true, ..SOUND }, 1);
    assert!(
        run_s(&mut causes, &Facts { reset: true, ..SOUND }, 1).has(Reason::OutletNotProvenClosed)
    );
    assert!(run_s(&mut causes, &Facts { supervisor_reset: true, ..SOUND }, 1).is_empty());
    // The filter takes the same reset after the causes: one press is enough for both (F25), and none for later.
    for (scans, released) in [(1, true), (2, false)] {
        let crossed = Facts { outlet_not_closed: true, ..SOUND };
        let mut causes = Causes::default();
        run_s(&mut causes, &crossed, 1);
        assert!(
            !run_s(&mut causes, &Facts { supervisor_reset: true, ..crossed }, scans).is_empty()
        );
        if !released {
            run_s(&mut causes, &crossed, 1);
        }
        assert_eq!(run_s(&mut causes, &SOUND, 1).is_empty(), released);
    }
}

/// INV-44: what came first is told apart from what followed, and stays told until a person resets it.
#[test]
fn the_first_cause_of_a_column_stays_the_first_until_it_is_free_and_reset() {
    let (empty, muddy) = (Reason::WetWellEmpty, Reason::RiverTooMuddy);
    let only = Reasons::only;
    let both = only(empty).with(muddy);
    let mut holds = Holds::default().then(only(Reason::Booting), false);
    assert!(holds.first(RawPump).is_empty(), "a boot is nobody's first cause");
    for (causes, reset, first) in [
        (only(Reason::Booting).with(muddy), false, only(muddy)),
        (only(muddy), false, only(muddy)),
        (both, false, only(muddy)),
        (only(empty), false, only(muddy)),
        (only(empty), true, only(muddy)),
        (Reasons::NONE, false, only(muddy)),
        (only(empty), false, only(empty)),
        (Reasons::NONE, false, only(empty)),
        (Reasons::NONE, true, Reasons::NONE),
        (both, false, both),
    ] {
        holds = holds.then(causes, reset);
        assert_eq!(holds.first(RawPump), first, "{causes:?} {reset}");
        assert_eq!(holds.on(RawPump), causes);
        assert!(holds.first(LiftPump).is_empty());
    }
}
