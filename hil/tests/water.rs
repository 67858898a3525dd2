//! Core and twin in one process: what leaves the plant on a day without faults, by what is true and not by what is measured.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Truth, TwinParameters};
use plc::image::Command;
use plc::plant::Shape;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// How long something lasted at most, and in all.
#[derive(Clone, Copy, Debug, Default)]
struct Lasting {
    now: Duration,
    most: Duration,
    all: Duration,
}

impl Lasting {
    fn note(&mut self, holds: bool) {
        self.now = if holds { self.now + PERIOD } else { Duration::ZERO };
        self.most = self.most.max(self.now);
        self.all += if holds { PERIOD } else { Duration::ZERO };
    }
}

/// Water leaves for the village.
fn delivers(truth: &Truth) -> bool {
    truth.lift_flow.0 > 0.1
}

/// INV-1, INV-2, INV-3, INV-4, INV-5, INV-21, INV-46: a day and a night of water, with two washes.
#[test]
fn a_day_without_faults_sends_out_nothing_but_good_water() {
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), 21, PERIOD);
    assert!(plant.run_until(5 * MINUTE, |plant| plant.state("system.state") == Some("Stopped")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    let [mut delivered, mut turbid, mut untreated, mut weak, mut strong, mut off_band, mut short] =
        [Lasting::default(); 7];
    let (mut unfit, mut doubtful) = ([Lasting::default(); 2], [Lasting::default(); 2]);
    let end = plant.now().plus(24 * HOUR);
    let mut hour = 0;
    while plant.now() < end {
        let passed = 24 - end.since(plant.now()).as_secs() / 3600;
        if passed != hour {
            hour = passed;
            if let Some(filter) = [(8, 1), (16, 2)].iter().find(|(at, _)| *at == hour) {
                assert_eq!(plant.order(Command::Wash { filter: filter.1 }), Ok(()));
            }
        }
        plant.step();
        let truth = plant.truth();
        let out = delivers(truth);
        let chlorine = truth.outlet_chlorine.0;
        delivered.note(out);
        turbid.note(out && truth.outlet_turbidity.0 > 1.0);
        untreated.note(out && truth.inactivation_ratio.0 < 1.0);
        weak.note(out && chlorine < 0.2);
        strong.note(out && chlorine > 5.0);
        off_band.note(out && !(0.5..=2.0).contains(&chlorine));
        let long_enough = truth.contact_minutes >= 30.0 && truth.outlet_ph.0 < 8.0;
        short.note(out && !long_enough && truth.inactivation_ratio.0 < 1.3);
        for (at, filter) in truth.filters.iter().enumerate() {
            let to_well = filter.positions[1] > 0.0 && filter.flow.0 > 0.1;
            unfit[at].note(to_well && filter.turbidity.0 > 1.0);
            doubtful[at].note(to_well && filter.turbidity.0 > 0.5);
        }
    }
    assert!(delivered.all > 6 * HOUR, "{delivered:?}, {}", plant.tell());
    assert!(turbid.most <= MINUTE, "INV-1: {turbid:?}");
    assert!(untreated.most <= 2 * MINUTE, "INV-3: {untreated:?}");
    assert!(weak.most <= 5 * MINUTE, "INV-4: {weak:?}");
    assert!(strong.most <= Duration::from_secs(30), "INV-4: {strong:?}");
    assert!(off_band.all * 20 <= delivered.all, "INV-4: {off_band:?} of {delivered:?}");
    assert!(short.most <= 10 * MINUTE, "INV-5: {short:?}");
    for (unfit, doubtful) in unfit.iter().zip(doubtful) {
        assert!(unfit.most <= MINUTE && doubtful.most <= 15 * MINUTE, "INV-2: {unfit:?}");
    }
    let truth = plant.truth();
    assert!(truth.filters.iter().all(|filter| filter.washes >= 1), "{}", plant.tell());
    assert_eq!(truth.overflowed.0, 0.0, "INV-21");
    assert!(truth.balance_error.0.abs() < 1e-6, "INV-46: {}", truth.balance_error.0);
    println!("{delivered:?} {turbid:?} {untreated:?} {weak:?} {strong:?} {off_band:?} {short:?}");
}
