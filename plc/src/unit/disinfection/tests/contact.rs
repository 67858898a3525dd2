//! What filtration leaves to disinfection, and the contact time of the report.

use super::*;
use crate::contact_time::{Contact, Logs};
use crate::quantity::{Celsius, CubicMetres, Ntu, Ratio};

const ASKED: (Ratio, Ratio) = (Ratio(0.5), Ratio(2.0));

fn required(unit: &Disinfection) -> (f64, f64) {
    let (giardia, virus) = unit.required(ASKED.0, ASKED.1);
    (giardia.0, virus.0)
}

/// R-2.7.4-01: above 1 NTU the credit of filtration is lost for four hours; a spike, clear water and water that nobody knows
/// cost nothing here; NaN does.
#[test]
fn turbid_water_costs_the_credit_of_filtration_for_four_hours() {
    for (turbidity, seconds, lost) in [
        (Some(Signal::Good(Ntu(1.01))), 15, true),
        (Some(Signal::Good(Ntu(1.01))), 14, false),
        (Some(Signal::Good(Ntu(f64::NAN))), 15, true),
        (Some(Signal::Bad(Fault::Overrange)), 15, true),
        (Some(Signal::Good(Ntu(1.0))), 900, false),
        (Some(Signal::Bad(Fault::Stale)), 900, false),
        (None, 900, false),
    ] {
        let mut unit = Disinfection::default();
        for _ in 0..seconds {
            unit.judge_credit(turbidity, SECOND);
        }
        let found = required(&unit);
        assert_eq!(found, if lost { (3.0, 4.0) } else { (0.5, 2.0) }, "{turbidity:?} {seconds} s");
        if lost {
            let clear = Some(Signal::Good(Ntu(0.1)));
            unit.judge_credit(clear, Duration::from_secs(4 * 3600 - 1));
            assert_eq!(required(&unit), (3.0, 4.0));
            unit.judge_credit(clear, SECOND);
            assert_eq!(required(&unit), (0.5, 2.0));
        }
    }
}

/// R-2.7.4-01, R-2.0-03: a reading that fails to come does not begin the 15 s anew.
#[test]
fn a_reading_that_is_lost_does_not_save_the_credit() {
    let mut unit = Disinfection::default();
    let turbid = Some(Signal::Good(Ntu(1.5)));
    for second in 0..14 {
        let lost = second == 7;
        unit.judge_credit(if lost { Some(Signal::Bad(Fault::Stale)) } else { turbid }, SECOND);
    }
    assert_eq!(required(&unit), (0.5, 2.0));
    unit.judge_credit(turbid, SECOND);
    assert_eq!(required(&unit), (3.0, 4.0));
}

/// R-2.7.4-01: over a restart too; away for an unknown time it is lost for its whole time.
#[test]
fn the_lost_credit_outlives_a_restart() {
    for (age, left) in [(Some(3600), 3 * 3600), (Some(5 * 3600), 0), (None, 4 * 3600)] {
        let mut unit = Disinfection::default();
        unit.retained.credit_left = Duration::from_secs(4 * 3600);
        unit.restored(age.map(Duration::from_secs));
        assert_eq!(unit.retained.credit_left.as_secs(), left, "{age:?}");
    }
    let mut unit = Disinfection::default();
    unit.restored(None);
    assert_eq!(required(&unit), (0.5, 2.0), "nothing was lost");
}

/// R-2.7.4-05: the report takes the largest ten-minute mean of the last hour, no less than a fifth of nominal.
#[test]
fn the_report_takes_the_peak_of_the_last_hour() {
    let contact = Contact {
        volume: CubicMetres(14.0),
        flow: CubicMetresPerHour(6.0),
        baffling: 0.3,
        chlorine: MilligramsPerLitre(0.8),
        temperature: Celsius(25.0),
        ph: Ph(7.5),
        giardia_required: 0.5,
        virus_required: 2.0,
        beyond: Logs::default(),
    };
    let least = CubicMetresPerHour(1.0);
    let mut unit = Disinfection::default();
    let mut run = |flow: f64, minutes: u32| {
        for _ in 0..minutes * 60 {
            let flow = Signal::Good(CubicMetresPerHour(flow));
            unit.report(Some(&contact), flow, least, SECOND);
        }
        (unit.status.peak_flow.0, unit.status.report_ratio.0)
    };
    let (peak, ratio) = run(6.0, 10);
    assert!(near(peak, 6.0, 1e-6) && near(ratio, 4.58, 0.01), "{peak} {ratio}");
    let (peak, ratio) = run(0.0, 49);
    assert!(near(peak, 6.0, 1e-6) && near(ratio, 4.58, 0.01), "{peak} {ratio}");
    let (peak, ratio) = run(0.0, 20);
    assert!(near(peak, 0.0, 1e-6) && near(ratio, 4.58 * 6.0, 0.1), "{peak} {ratio}");
    unit.report(None, Signal::Bad(Fault::Stale), least, Duration::from_secs(10));
    assert_eq!(unit.status.report_ratio, Ratio(0.0), "unknown reaches nothing");
}
