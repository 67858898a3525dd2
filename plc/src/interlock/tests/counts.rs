//! What is counted while a reading fails to come.

use super::*;

/// R-2.0-03, INV-1, INV-32: a reading that fails to come forgives no cause what it has counted, completes none, and one that is
/// known to be right begins it anew.
#[test]
fn a_reading_that_fails_to_come_forgives_no_cause_its_count() {
    type Change = fn(&mut Facts);
    let rows: [(Change, Change, u64, Reason); 7] = [
        (
            |f| f.filtered = Some(Signal::Good(Ntu(1.1))),
            |f| f.filtered = Some(Signal::Bad(Fault::Stale)),
            60,
            Reason::FilteredWaterTurbid,
        ),
        (
            |f| f.filtered = Some(Signal::Bad(Fault::Overrange)),
            |f| f.filtered = Some(Signal::Bad(Fault::Computed)),
            60,
            Reason::FilteredWaterTurbid,
        ),
        (
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(4.1)),
            |f| f.outlet_chlorine = Signal::Bad(Fault::Rate),
            120,
            Reason::ChlorineDangerous,
        ),
        (
            |f| f.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.2)),
            |f| f.outlet_chlorine = Signal::Bad(Fault::Rate),
            300,
            Reason::ChlorineTooLow,
        ),
        (
            |f| f.treated_ph = Signal::Good(Ph(9.1)),
            |f| f.treated_ph = Signal::Bad(Fault::Stale),
            600,
            Reason::TreatedPhOutOfRange,
        ),
        (
            |f| f.raw_turbidity = Signal::Good(Ntu(1001.0)),
            |f| f.raw_turbidity = Signal::Bad(Fault::Stale),
            600,
            Reason::RiverTooMuddy,
        ),
        (
            |f| f.waste = Signal::Good(Percent(95.1)),
            |f| f.waste = Signal::Bad(Fault::Stale),
            10,
            Reason::WasteTankFull,
        ),
    ];
    for (number, (wrong, lost, needed, cause)) in rows.into_iter().enumerate() {
        let with = |change: Change| {
            let mut facts = SOUND;
            change(&mut facts);
            facts
        };
        let (wrong, lost) = (with(wrong), with(lost));
        for (between, comes) in [(lost, true), (SOUND, false)] {
            let mut causes = Causes::default();
            run_s(&mut causes, &wrong, needed / 2);
            run_s(&mut causes, &between, 1);
            let soon = run_s(&mut causes, &wrong, needed - needed / 2 - 2);
            assert!(!soon.has(cause), "row {number} too soon");
            assert_eq!(run_s(&mut causes, &wrong, 1).has(cause), comes, "row {number}");
        }
        let mut causes = Causes::default();
        run_s(&mut causes, &wrong, 1);
        assert!(!run_s(&mut causes, &lost, 4 * needed).has(cause), "row {number}: silence");
    }
}
