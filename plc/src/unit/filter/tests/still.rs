//! What water that stood in a filter comes to.

use super::{HOUR, plant};
use crate::reason::{Reason, Reasons};
use crate::unit::filter::sequence::State;

/// R-2.6.6-03, INV-14: P-301 is held for hours while the filters are open: nothing of what stood in them reaches the clear well
/// before it is proven again; a short while changes nothing.
#[test]
fn water_that_stood_in_an_open_filter_is_proven_before_it_is_delivered() {
    for (stood, ripens) in
        [(HOUR, false), (2 * HOUR - 120, false), (2 * HOUR - 30, true), (5 * HOUR, true)]
    {
        let mut rig = plant();
        assert!(rig.filters[0].delivers());
        rig.around.holds.feed = Reasons::only(Reason::VoltageLow);
        rig.run_s(stood);
        rig.around.holds.feed = Reasons::NONE;
        rig.passed.clear();
        rig.run_until(HOUR, "it delivers", |rig| {
            rig.state(0) == State::Filtering {}
                && rig.filters[0].inputs.flow.usable().is_some_and(|flow| flow.0 > 0.5)
        });
        assert_eq!(rig.passed.contains(&State::Ripening {}), ripens, "{stood} s");
    }
}
