//! What an emergency profile lets a filter deliver.

use super::*;

/// R-2.19-02, INV-2, INV-45: up to the profile's limit it goes on; above it it stops in the time it always has.
#[test]
fn in_an_emergency_a_filter_delivers_up_to_the_profiles_limit() {
    for (turbidity, seconds, delivers) in [
        (Signal::Good(Ntu(3.0)), 2 * HOUR, true),
        (Signal::Good(Ntu(3.01)), 60, false),
        (Signal::Good(Ntu(f64::NAN)), 60, false),
    ] {
        let mut rig = plant();
        rig.around.relaxed = Some(Ntu(3.0));
        rig.around.settled_turbidity = Signal::Good(Ntu(6.0));
        rig.beds[0].turbidity = turbidity;
        rig.run_s(seconds);
        assert_eq!(rig.filters[0].delivers(), delivers, "{turbidity:?}");
    }
}

/// R-2.19-02, INV-14, INV-45: it still ripens to 0.30 NTU if it can; one that had its 40 min delivers what is let through, and
/// nothing above it.
#[test]
fn in_an_emergency_a_filter_ripens_as_ever_and_is_let_go_only_after_its_whole_time() {
    for (turbidity, after, delivers) in
        [(0.3, 420, true), (2.0, 2400, false), (2.0, 2580, true), (3.1, 2580, false)]
    {
        let mut rig = Rig::new(&shape(1, true));
        rig.around.relaxed = Some(Ntu(3.0));
        // A wash would not help: it tries again, and is not washed for it.
        rig.around.settled_turbidity = Signal::Good(Ntu(6.0));
        rig.run_until(HOUR, "ripening", |rig| rig.state(0) == State::Ripening {});
        rig.beds[0].turbidity = Signal::Good(Ntu(turbidity));
        rig.run_s(after);
        assert_eq!(rig.filters[0].delivers(), delivers, "{turbidity} NTU after {after} s");
    }
}

/// R-2.19-02, INV-45: alarm 304 follows the trip; alarm 303 does not move.
#[test]
fn in_an_emergency_unsafe_water_is_called_out_at_the_profiles_limit() {
    use crate::alarm::Condition;
    for (relaxed, turbidity, called) in [
        (None, 1.0, Condition::AsBefore),
        (None, 1.01, Condition::Active),
        (Some(Ntu(3.0)), 2.7, Condition::Clear),
        (Some(Ntu(3.0)), 3.0, Condition::AsBefore),
        (Some(Ntu(3.0)), 3.01, Condition::Active),
    ] {
        let mut rig = plant();
        rig.around.relaxed = relaxed;
        for bed in &mut rig.beds {
            bed.turbidity = Signal::Good(Ntu(turbidity));
        }
        rig.run_s(10);
        assert_eq!(rig.filtration.alarms.water_not_safe, called, "{relaxed:?} {turbidity}");
        rig.run_s(295);
        assert_eq!(rig.filters[0].alarms.effluent_high, Condition::Active, "{turbidity}");
    }
}
