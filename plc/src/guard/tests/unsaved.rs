//! Storage fails.

use super::*;

const FAILED: Proof = Proof { storage_ok: false, ..PROOF };
/// Half of 400 g in a day, evenly, for an hour.
const EVEN_HOUR: f64 = 200.0 / 24.0;

/// Scans each second with storage failed; grams let through.
fn dose_unsaved_s(rig: &mut Rig, seconds: u32, strokes: f64) -> f64 {
    (0..seconds).map(|_| rig.scan(strokes, &FAILED, SECOND) / 60.0 * 0.0046).sum()
}

/// A controller that starts with this on its disk.
fn started_with(disk: &Ledger) -> Rig {
    let mut rig = Rig::default();
    rig.guard.restore(Ledger::from_words(&disk.words()).expect("sound"));
    rig
}

/// R-2.18-08, INV-42: what is durable is used up as ever, then half the caps are spread evenly, a minute's share at a time.
#[test]
fn without_storage_half_the_caps_are_spread_evenly() {
    let mut rig = Rig::ready();
    rig.keep();
    let block = rig.guard.status.reserved.0;
    let first = dose_unsaved_s(&mut rig, 3600, 180.0);
    assert!((first - block - EVEN_HOUR).abs() < 0.3, "{first}");
    assert!(!rig.guard.has_stopped(), "nobody has to reset that");
    let day: f64 = (0..24).map(|_| dose_unsaved_s(&mut rig, 3600, 180.0)).sum();
    assert!(day > 195.0 && day <= 200.2, "{day}");
    // It comes in spells, with less than a minute and a second between them, and says why.
    let mut waits = 0;
    while rig.scan(180.0, &FAILED, SECOND) == 0.0 {
        assert!(rig.guard.status.blocked.has(Reason::HalfCaps));
        assert!(rig.guard.status.wait_left > Duration::ZERO);
        waits += 1;
        assert!(waits <= 61);
    }
    assert_eq!(rig.guard.status.wait_left, Duration::ZERO);
    assert!(!rig.guard.status.blocked.has(Reason::HalfCaps));
}

/// R-2.18-08, INV-42: who asks for no more than the even share is never held.
#[test]
fn a_usual_dose_goes_on_without_storage_and_without_a_pause() {
    let mut rig = Rig::ready();
    rig.keep();
    // 1.6 mg/l at 5 m³/h: 8 g/h.
    let strokes = 8.0 / 0.0046 / 60.0;
    let held = (0..86_400).filter(|_| rig.scan(strokes, &FAILED, SECOND) == 0.0).count();
    assert!(held <= 61, "once, when what was durable is used up: {held}");
}

/// R-2.18-08, INV-17, INV-42: the disk takes nothing for a day, and the controller starts every few minutes: the water has its
/// chlorine, and no more than half of the day's cap moves.
#[test]
fn a_day_of_restarts_with_a_disk_that_takes_nothing_moves_half_the_cap_at_most() {
    for every_s in [240, 600, 3600] {
        let disk = *Rig::ready().guard.ledger();
        let mut moved = 0.0;
        for _ in 0..86_400 / every_s {
            moved += dose_unsaved_s(&mut started_with(&disk), every_s, 180.0);
        }
        assert!(moved > 130.0 && moved <= 200.2, "{every_s} s: {moved}");
    }
}

/// R-2.18-08, INV-17: a start has no share yet: a controller that starts each minute doses nothing unsaved.
#[test]
fn a_start_without_storage_has_no_share_yet() {
    let disk = Ledger::default();
    let moved: f64 = (0..60).map(|_| dose_unsaved_s(&mut started_with(&disk), 59, 180.0)).sum();
    assert_eq!(moved, 0.0);
    assert!(dose_unsaved_s(&mut started_with(&disk), 62, 180.0) > 0.0);
}

/// R-2.18-08, INV-17: what was saved up while storage failed is gone once it works: the next failure begins with none.
#[test]
fn storage_that_comes_back_ends_the_share() {
    let mut rig = Rig::ready();
    rig.guard.inputs.durable = Signal::Good(Grams(0.0));
    dose_unsaved_s(&mut rig, 60, 0.0);
    assert!(dose_unsaved_s(&mut rig, 1, 60.0) > 0.0, "a share was saved up");
    rig.scan(0.0, &PROOF, SECOND);
    assert_eq!(dose_unsaved_s(&mut rig, 59, 60.0), 0.0);
    assert!(dose_unsaved_s(&mut rig, 2, 60.0) > 0.0);
}

/// R-2.18-08, INV-17: a start counts what may have moved unsaved before it, for as long as that lies in the window.
#[test]
fn after_a_restart_the_caps_count_what_may_have_moved_unsaved() {
    let mut rig = started_with(&Ledger::default());
    let first = rig.dose_s(3600, 180.0, &PROOF);
    // The hour fills as what nobody saw leaves it: all of the cap is never there at once.
    assert!(first > 30.0 - EVEN_HOUR - 2.0 && first <= 30.0, "{first}");
    let early = {
        let mut rig = started_with(&Ledger::default());
        let mut moved = 0.0;
        while !rig.guard.has_stopped() {
            moved += rig.dose_s(1, 180.0, &PROOF);
        }
        moved
    };
    assert!(early < 30.0 - EVEN_HOUR / 3.0, "{early}");
    // Two hours on nothing of it is left in the hour.
    let mut rig = started_with(&Ledger::default());
    rig.dose_s(3601, 0.0, &PROOF);
    let later = rig.dose_s(3600, 180.0, &PROOF);
    assert!(later > 29.5 && later <= 30.0, "{later}");
}

/// R-2.18-08, INV-17: nor does storage that works again after a restart give back what moved unsaved before it.
#[test]
fn what_moved_unsaved_before_a_restart_counts_when_storage_works_again() {
    let mut rig = Rig::ready();
    rig.keep();
    let disk = *rig.guard.ledger();
    let unsaved = dose_unsaved_s(&mut rig, 3000, 180.0);
    let mut again = started_with(&disk);
    let moved = again.dose_s(600, 180.0, &PROOF);
    assert!(unsaved + moved <= 30.0, "{unsaved} {moved}");
    assert!(moved > 8.0, "but the plant goes on: {moved}");
}

/// R-2.18-08, INV-17: restarts in a row do not add up: a village with a power cut each hour keeps its chlorine.
#[test]
fn power_cuts_each_hour_leave_a_usual_dose_alone() {
    let mut disk = Ledger::default();
    for _ in 0..48 {
        let mut rig = started_with(&disk);
        rig.scan(0.0, &PROOF, SECOND);
        // 9 g/h.
        let moved = rig.dose_s(3600, 9.0 / 0.0046 / 60.0, &PROOF);
        assert!(moved > 8.9 && !rig.guard.has_stopped(), "{moved}");
        disk = *rig.guard.ledger();
    }
}

/// R-2.18-08, INV-17: a record of an older version, or a lost one, leaves the same unknown.
#[test]
fn every_kind_of_start_counts_what_nobody_saw() {
    let mut old = Rig::default();
    old.guard.restore_masses(Grams(0.0), Grams(190.0), Reasons::NONE);
    let mut lost = Rig::default();
    lost.guard.distrust();
    (0..3600).for_each(|_| assert_eq!(lost.dose_s(1, 0.0, &PROOF), 0.0));
    let day = |rig: &mut Rig| -> f64 {
        (0..24)
            .map(|_| {
                rig.scan(0.0, &Proof { reset: true, ..PROOF }, SECOND);
                rig.dose_s(3600, 60.0, &PROOF)
            })
            .sum()
    };
    let moved = day(&mut old);
    assert!(moved <= 400.0 - 190.0, "{moved}");
    let first = (0..18).map(|_| lost.dose_s(3600, 85.0, &PROOF)).sum::<f64>();
    assert!(first < 390.0 && lost.guard.has_stopped(), "{first}");
}

/// R-2.18-05, R-2.18-08, INV-7: unsaved, nothing is primed into still water; where water flows, a person's dose needs no minute.
#[test]
fn without_storage_only_still_water_is_not_primed_into() {
    let mut rig = started_with(&Ledger::default());
    let still = Signal::Good(CubicMetresPerHour::ZERO);
    let primes = Proof { priming: true, ..FAILED };
    for _ in 0..600 {
        assert_eq!(rig.scan(180.0, &Proof { flow: still, ..primes }, SECOND), 0.0);
    }
    assert!((0..120).any(|_| rig.scan(180.0, &primes, SECOND) > 0.0));
}

/// R-2.18-08: a cap that is nought or no number leaves no share.
#[test]
fn without_a_cap_nothing_is_dosed_unsaved() {
    for cap in [0.0, -1.0, f64::NAN] {
        for limits in [
            Limits { hourly_cap: Grams(cap), ..LIMITS },
            Limits { daily_cap: Grams(cap), ..LIMITS },
        ] {
            let mut rig = Rig::ready();
            rig.limits = Some(limits);
            assert_eq!(dose_unsaved_s(&mut rig, 600, 60.0), 0.0, "{limits:?}");
        }
    }
}

/// R-2.18-08: the slower of both halves is the pace.
#[test]
fn the_pace_without_storage_is_that_of_the_slower_cap() {
    for (hourly, daily, hour) in [(30.0, 400.0, EVEN_HOUR), (8.0, 400.0, 4.0), (30.0, 96.0, 2.0)] {
        let pace = Pace::of(Grams(hourly), Grams(daily));
        let mass = pace.mass(Duration::from_secs(3600)) as f64 / 1e6;
        assert!(mass <= hour && mass > hour - 0.01, "{mass} of {hour}");
    }
}
