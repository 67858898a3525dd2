//! Whatever comes.

use super::*;
use proptest::prelude::*;

/// What the instruments may say.
fn told() -> impl Strategy<Value = Option<Signal<MilligramsPerLitre>>> {
    prop_oneof![
        3 => Just(None),
        1 => (-1.0..9.0_f64).prop_map(|value| Some(mg(value))),
        1 => Just(Some(mg(f64::NAN))),
        1 => Just(Some(Signal::Bad(Fault::Range))),
        1 => Just(Some(Signal::Bad(Fault::Overrange))),
        1 => Just(Some(Signal::Bad(Fault::Stale))),
        1 => Just(Some(Signal::Uncertain(MilligramsPerLitre(0.1), Doubt::Rate))),
        1 => Just(Some(Signal::Held(MilligramsPerLitre(0.1), Moment(0)))),
    ]
}

proptest! {
    /// INV-4, INV-7, R-2.7.1-01, R-2.7.1-05, R-2.7.2-01: whatever the instruments say and people do, nothing is pumped into
    /// still or unknown water but a person's priming, nor against a hold, and the dose keeps its limits.
    #[test]
    fn whatever_happens_the_dose_keeps_its_limits(
        steps in proptest::collection::vec(
            (told(), told(), -1.0..8.0_f64, 0..12_u8, 0..3_usize, 1..10_000_u64), 1..300)
    ) {
        let mut rig = Rig::new();
        for (inlet, outlet, flow, act, filters, ms) in steps {
            (rig.told, rig.outlet_told) = (inlet, outlet);
            rig.around.filtering = filters;
            rig.flow = if flow > 0.0 { flow } else { 0.0 };
            rig.around.filtered_flow = match act {
                0 => Signal::Bad(Fault::Stale),
                1 => Signal::Good(CubicMetresPerHour(f64::NAN)),
                _ => Signal::Good(CubicMetresPerHour(flow)),
            };
            rig.around.prime = act == 2;
            rig.around.reset = act == 3;
            rig.around.holds = Reasons::NONE.and_if(act == 4, Reason::ChlorineDangerous);
            rig.around.cap_reached = act == 5;
            let mode = if act == 6 { Mode::Manual } else { Mode::Auto };
            rig.unit.doser.handling.change(mode, 7);
            let _ = rig.unit.enter_residual(MilligramsPerLitre(flow));
            rig.unit.judge(&rig.around, Duration::from_millis(ms));
            rig.unit.scan(rig.around, Duration::from_millis(ms));
            let status = rig.unit.status;
            let flows = rig.around.filtered_flow.usable().is_some_and(|flow| flow.0 >= 0.3);
            let primes = status.state == State::Priming && rig.unit.pumps.by_hand;
            prop_assert!(rig.rate() == 0.0 || flows || primes, "{:?} at {flow}", status.state);
            prop_assert!(rig.rate() == 0.0 || act != 4 && act != 5);
            prop_assert!((0.0..=180.0).contains(&rig.rate()));
            prop_assert!((-0.75..=0.75).contains(&status.trim.0));
            prop_assert!(status.state == State::Manual || (0.3..=5.0).contains(&status.dose.0));
            prop_assert!((0.1..=2.5).contains(&status.demand.0));
            rig.step();
        }
    }
}
