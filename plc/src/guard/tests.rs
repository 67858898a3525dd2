mod boundaries;
mod unsaved;

use super::*;
use crate::quantity::Count;
use crate::signal::{Fault, Moment};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const LIMITS: Limits = Limits {
    stock: GramsPerLitre(10.0),
    stock_least: GramsPerLitre(10.0),
    stroke: Millilitres(0.46),
    stroke_least: Millilitres(0.46),
    dose_cap: Grams(2.0),
    hourly_cap: Grams(30.0),
    daily_cap: Grams(400.0),
    on_time_max: Duration::from_secs(48 * 3600),
    flow_min: CubicMetresPerHour(0.3),
};
pub(super) const PROOF: Proof = Proof {
    flow: Signal::Good(CubicMetresPerHour(5.0)),
    priming: false,
    storage_ok: true,
    reset: false,
};

/// A guard whose unit asks, and whose shell keeps what it reserves.
#[derive(Default)]
pub(super) struct Rig {
    pub guard: Guard,
    pub pump: DosingPump,
    pub limits: Option<Limits>,
}

impl Rig {
    /// A rig that has seen flow for long enough.
    pub fn ready() -> Rig {
        let mut rig = Rig::default();
        (0..5).for_each(|_| assert_eq!(rig.scan(0.0, &PROOF, SECOND), 0.0));
        rig
    }

    /// What is reserved becomes durable.
    pub fn keep(&mut self) {
        self.guard.inputs.durable = Signal::Good(Grams(self.guard.ledger.reserved as f64 / 1e6));
    }

    /// One scan; the rate let through.
    pub fn scan(&mut self, strokes: f64, proof: &Proof, elapsed: Duration) -> f64 {
        self.pump.scan(StrokesPerMinute(strokes), elapsed);
        self.hold(proof, elapsed)
    }

    pub fn hold(&mut self, proof: &Proof, elapsed: Duration) -> f64 {
        let limits = self.limits.unwrap_or(LIMITS);
        self.guard.hold(&mut self.pump, &limits, proof, elapsed);
        let outputs = &self.pump.outputs;
        assert_eq!(outputs.enable.value(), outputs.rate.value().0 > 0.0, "both or neither");
        outputs.rate.value().0
    }

    /// Scans each second, everything kept at once; grams let through, at 10 g/l and 0.46 ml.
    pub fn dose_s(&mut self, seconds: u32, strokes: f64, proof: &Proof) -> f64 {
        let strokes = (0..seconds).map(|_| {
            self.keep();
            self.scan(strokes, proof, SECOND) / 60.0
        });
        strokes.sum::<f64>() * 0.0046
    }
}

/// R-2.18-05, INV-6, INV-7: neither what flows too slowly, nor what nobody knows, is dosed into.
#[test]
fn never_doses_into_still_or_unknown_water() {
    for flow in [
        Signal::Good(CubicMetresPerHour(0.29)),
        Signal::Good(CubicMetresPerHour(f64::NAN)),
        Signal::Bad(Fault::Stale),
        Signal::Held(CubicMetresPerHour(5.0), Moment(0)),
    ] {
        let mut rig = Rig::ready();
        assert!(rig.dose_s(5, 30.0, &PROOF) > 0.0);
        assert_eq!(rig.dose_s(30, 30.0, &Proof { flow, ..PROOF }), 0.0, "{flow:?}");
        assert!(rig.guard.status.blocked.has(Reason::NoFlowProof));
    }
}

/// R-2.18-05, INV-6, INV-7: an interrupted flow is proven afresh.
#[test]
fn flow_must_be_seen_for_two_seconds() {
    let mut rig = Rig::ready();
    let still = Proof { flow: Signal::Good(CubicMetresPerHour::ZERO), ..PROOF };
    rig.keep();
    assert_eq!(rig.scan(30.0, &still, SECOND), 0.0);
    assert_eq!(rig.scan(30.0, &PROOF, SECOND), 0.0);
    assert!(rig.scan(30.0, &PROOF, SECOND) > 0.0);
}

/// R-2.18-02, INV-17: the cap of an hour, latched.
#[test]
fn a_cap_once_reached_holds_until_a_person_resets_it() {
    let mut rig = Rig::ready();
    let moved = rig.dose_s(3600, 180.0, &PROOF);
    assert!(moved > 29.0 && moved <= 30.0, "{moved}");
    assert!(rig.guard.has_stopped() && rig.guard.status.blocked.has(Reason::HourlyCapReached));
    rig.scan(0.0, &Proof { reset: true, ..PROOF }, SECOND);
    assert!(rig.guard.has_stopped(), "the window has no room yet");
    assert_eq!(rig.dose_s(3600, 180.0, &PROOF), 0.0);
    rig.scan(0.0, &Proof { reset: true, ..PROOF }, SECOND);
    assert!(!rig.guard.has_stopped() && rig.dose_s(10, 180.0, &PROOF) > 0.0);
}

/// R-2.18-02, INV-17: the cap of a day, at a rate that no hour stops.
#[test]
fn a_day_holds_no_more_than_its_cap() {
    let mut rig = Rig::ready();
    let moved: f64 = (0..24).map(|_| rig.dose_s(3600, 85.0, &PROOF)).sum();
    assert!(moved > 395.0 && moved <= 400.0, "{moved}");
    assert!(rig.guard.status.blocked.has(Reason::DailyCapReached));
}

/// R-2.18-02, INV-17: what moves within a mixing time is a dose, and has its own cap; then it mixes in.
#[test]
fn a_dose_too_large_is_cut_and_mixes_in_before_the_next() {
    let mut rig = Rig::ready();
    rig.limits = Some(Limits { dose_cap: Grams(0.4), ..LIMITS });
    let mut first = 0.0;
    for _ in 0..3600 {
        let more = rig.dose_s(1, 180.0, &PROOF);
        first += more;
        if more == 0.0 {
            break;
        }
    }
    assert!(first > 0.2 && first <= 0.4, "{first}");
    let mut waits = 1;
    while rig.dose_s(1, 180.0, &PROOF) == 0.0 {
        assert!(rig.guard.status.blocked.has(Reason::DoseMixing));
        waits += 1;
    }
    assert!((60..=66).contains(&waits), "{waits}");
    assert!(!rig.guard.has_stopped(), "nobody has to reset that");
}

/// R-2.18-07, INV-17: the ledger is durable before the pump starts.
#[test]
fn nothing_moves_before_it_is_on_record() {
    for durable in [Signal::default(), Signal::Good(Grams(0.0)), Signal::Bad(Fault::Stale)] {
        let mut rig = Rig::ready();
        rig.guard.inputs.durable = durable;
        assert!((0..60).all(|_| rig.scan(30.0, &PROOF, SECOND) == 0.0), "{durable:?}");
        assert!(rig.guard.status.blocked.has(Reason::NotOnRecord));
        rig.keep();
        assert!(rig.scan(30.0, &PROOF, SECOND) > 0.0);
        // Nobody writes down any more: what was durable is used up, ten minutes at this rate.
        let seconds = (0..3600).filter(|_| rig.scan(30.0, &PROOF, SECOND) > 0.0).count();
        assert!((580..=600).contains(&seconds), "{seconds}");
    }
    // More than was reserved is not believed.
    let mut rig = Rig::ready();
    rig.guard.inputs.durable = Signal::Good(Grams(1e9));
    rig.scan(30.0, &PROOF, SECOND);
    let before = rig.guard.ledger.reserved - rig.guard.ledger.moved;
    assert!(before < 2_000_000, "a block: {before}");
}

/// R-2.18-07, INV-17: a restart gives nothing back, and costs a block of what was reserved.
#[test]
fn after_a_restart_the_reservation_counts_as_used() {
    let mut rig = Rig::ready();
    rig.dose_s(600, 60.0, &PROOF);
    let kept = *rig.guard.ledger();
    assert!(kept.reserved > kept.moved);
    let mut again = Guard::default();
    again.restore(Ledger::from_words(&kept.words()).expect("sound"));
    let (hour, _) = again.masses();
    assert_eq!(micrograms(hour.0), kept.hour.micro() + kept.reserved - kept.moved);
    assert_eq!(again.ledger.moved, kept.reserved);
    let mut full = Guard::default();
    full.restore_masses(Grams(30.0), Grams(100.0), Reasons::NONE);
    let mut rig = Rig { guard: full, ..Rig::default() };
    assert_eq!(rig.dose_s(60, 180.0, &PROOF), 0.0);
}

/// R-2.18-07, INV-17: nor many restarts in a row, though the disk never learns more than what was reserved.
#[test]
fn a_controller_that_restarts_all_the_time_gets_no_more_through() {
    let mut disk = Ledger::default();
    let mut moved = 0.0;
    for _ in 0..40 {
        let mut rig = Rig::default();
        rig.guard.restore(Ledger::from_words(&disk.words()).expect("sound"));
        (0..3).for_each(|_| assert_eq!(rig.scan(0.0, &PROOF, SECOND), 0.0));
        rig.scan(180.0, &PROOF, SECOND);
        rig.keep();
        disk = *rig.guard.ledger();
        moved += (0..80).map(|_| rig.scan(180.0, &PROOF, SECOND) / 60.0 * 0.0046).sum::<f64>();
    }
    // Dosing without a pause for so long: 44 g. Each restart costs what was reserved and not used.
    assert!(moved > 1.0 && moved <= 30.0, "{moved}");
}

/// R-2.18-02, INV-17: a cap that nobody reset holds over a restart even when the window has room.
#[test]
fn a_cap_that_nobody_reset_holds_over_a_restart() {
    let mut rig = Rig::default();
    rig.guard.restore_masses(Grams(0.0), Grams(0.0), Reasons::only(Reason::HourlyCapReached));
    assert_eq!(rig.dose_s(60, 10.0, &PROOF), 0.0);
    rig.scan(0.0, &Proof { reset: true, ..PROOF }, SECOND);
    assert!(rig.dose_s(60, 10.0, &PROOF) > 0.0);
}

/// R-2.18-08, R-2.10-08: nobody knows what moved before: nothing moves for the hour of which nobody knows.
#[test]
fn after_a_lost_ledger_nothing_moves_for_an_hour() {
    let mut rig = Rig::default();
    rig.guard.distrust();
    assert_eq!(rig.dose_s(3599, 30.0, &PROOF), 0.0);
    assert!(rig.guard.status.blocked.has(Reason::NotOnRecord) && !rig.guard.has_stopped());
    assert!(rig.dose_s(5, 30.0, &PROOF) > 0.0);
}

/// R-2.18-08, INV-17: the hour is not over because the controller starts again within it: the ledger that is kept meanwhile is
/// empty, and knows why.
#[test]
fn a_restart_does_not_end_the_hour_after_a_lost_ledger() {
    let mut rig = Rig::default();
    rig.guard.distrust();
    assert_eq!(rig.dose_s(600, 30.0, &PROOF), 0.0);
    let kept = Ledger::from_words(&rig.guard.ledger().words()).unwrap();
    let mut again = Rig::default();
    again.guard.restore(kept);
    assert_eq!(again.dose_s(3599, 30.0, &PROOF), 0.0);
    assert!(again.dose_s(5, 30.0, &PROOF) > 0.0);
    let kept = Ledger::from_words(&again.guard.ledger().words()).unwrap();
    let mut later = Rig::default();
    later.guard.restore(kept);
    assert!(later.dose_s(30, 30.0, &PROOF) > 0.0, "its hour is over");
}

/// R-2.18-03, INV-17: what people say of stock and stroke makes the guard stricter, never blind.
#[test]
fn a_weaker_stock_or_a_smaller_stroke_lets_no_more_through() {
    let said = |stock, stroke| Limits {
        stock: GramsPerLitre(stock),
        stroke: Millilitres(stroke),
        ..LIMITS
    };
    for limits in [said(1.0, 0.46), said(10.0, 0.05), said(f64::NAN, f64::NAN), said(0.0, -1.0)] {
        let mut rig = Rig::ready();
        rig.limits = Some(limits);
        let moved = rig.dose_s(3600, 180.0, &PROOF);
        assert!(moved > 29.0 && moved <= 30.0, "{limits:?}: {moved}");
    }
    // Twice the strength: at once. Back again: after a day.
    let mut rig = Rig::ready();
    rig.limits = Some(said(20.0, 0.46));
    let moved = rig.dose_s(3600, 180.0, &PROOF);
    assert!(moved > 14.0 && moved <= 15.0, "{moved}");
    rig.limits = Some(said(10.0, 0.46));
    rig.dose_s(60, 0.0, &PROOF);
    assert_eq!(rig.guard.status.strength, GramsPerLitre(20.0));
    (0..8641).for_each(|_| assert_eq!(rig.scan(0.0, &PROOF, 10 * SECOND), 0.0));
    assert_eq!(rig.guard.status.strength, GramsPerLitre(10.0));
}

/// R-2.18-05, INV-7: priming needs no flow for a minute a day, and a restart gives none of it back.
#[test]
fn priming_needs_no_flow_for_a_minute_a_day() {
    let mut rig = Rig::ready();
    let still = Proof { flow: Signal::Good(CubicMetresPerHour::ZERO), priming: true, ..PROOF };
    let primed = |rig: &mut Rig| {
        (0..600)
            .filter(|_| {
                rig.keep();
                rig.scan(180.0, &still, SECOND) > 0.0
            })
            .count()
    };
    assert_eq!(primed(&mut rig), 60);
    assert_eq!(rig.guard.status.priming_left, Duration::ZERO);
    let mut again = Rig::default();
    again.guard.restore(*rig.guard.ledger());
    assert_eq!(primed(&mut again), 0);
    (0..8640).for_each(|_| assert_eq!(rig.scan(0.0, &PROOF, 10 * SECOND), 0.0));
    assert_eq!(primed(&mut rig), 60);
}

/// R-2.18-06, R-2.0-04: dead-man: a unit that does not ask for a second gets nothing, whatever it asked before.
#[test]
fn a_wish_that_is_not_renewed_is_dropped() {
    let mut rig = Rig::ready();
    rig.keep();
    assert!(rig.scan(30.0, &PROOF, SECOND) > 0.0);
    // Nobody asks any more, and the outputs stand as they were.
    let tenth = SECOND / 10;
    let doses = (0..30).take_while(|_| rig.hold(&PROOF, tenth) > 0.0).count();
    assert_eq!(doses, 10);
    assert!(rig.scan(30.0, &PROOF, SECOND) > 0.0, "until its unit asks again");
}

/// R-2.18-06, INV-17: the longest time on.
#[test]
fn the_longest_time_on_ends_in_a_pause() {
    let mut rig = Rig::ready();
    rig.limits = Some(Limits { on_time_max: Duration::from_secs(3600), ..LIMITS });
    let doses: std::vec::Vec<bool> = (0..3700).map(|_| rig.dose_s(1, 6.0, &PROOF) > 0.0).collect();
    assert_eq!(doses.iter().position(|doses| !doses), Some(3600));
    assert_eq!(doses.iter().filter(|doses| !**doses).count(), 30);
}

/// R-2.18-04, INV-17: strokes that the field counts beyond those asked for are chemical too.
#[test]
fn strokes_that_nobody_asked_for_are_booked() {
    let mut rig = Rig::ready();
    let mut counter = 65_500.0;
    let mut run = |rig: &mut Rig, seconds: u32, asked: f64, a_second: f64| {
        for _ in 0..seconds {
            counter = (counter + a_second) % 65_536.0;
            rig.pump.inputs.strokes = Signal::Good(Count(libm::floor(counter)));
            rig.keep();
            rig.scan(asked, &PROOF, SECOND);
        }
        rig.guard.masses().0.0
    };
    // As asked: nothing more than that.
    let moved = run(&mut rig, 600, 60.0, 1.0);
    assert!((moved - 599.0 * 0.0046).abs() < 0.02, "{moved}");
    // One asked, three counted: three booked, but for the 15 s that might have been on their way.
    let more = run(&mut rig, 600, 60.0, 3.0) - moved;
    assert!(more > 0.0046 * (1800.0 - 50.0) && more < 0.0046 * 1810.0, "{more}");
    // A counter that began anew moved nothing.
    let before = run(&mut rig, 1, 0.0, 0.0);
    let after = run(&mut rig, 1, 0.0, 20_000.0);
    assert!(after - before < 0.01, "{before} {after}");
}

/// R-2.18-04: alarm 419 at three strokes in 30 s without a rate for 10 s; what is on its way then is none.
#[test]
fn strokes_of_a_pump_that_is_off_are_an_alarm() {
    for (every_s, strokes, alarmed) in [(1, 2, false), (1, 3, true), (14, 3, true), (16, 3, false)]
    {
        let mut rig = Rig::ready();
        rig.pump.inputs.strokes = Signal::Good(Count(0.0));
        rig.dose_s(10, 60.0, &PROOF);
        // Counted late: those of a pump that was on.
        rig.pump.inputs.strokes = Signal::Good(Count(10.0));
        rig.dose_s(12, 0.0, &PROOF);
        assert_eq!(rig.guard.alarms.dosing_while_off, Condition::Clear);
        let mut count = 10.0;
        let mut ever = false;
        for _ in 0..strokes {
            count += 1.0;
            rig.pump.inputs.strokes = Signal::Good(Count(count));
            for _ in 0..every_s {
                rig.dose_s(1, 0.0, &PROOF);
                ever |= rig.guard.alarms.dosing_while_off == Condition::Active;
            }
        }
        assert_eq!(ever, alarmed, "{strokes} strokes, one each {every_s} s");
    }
}
