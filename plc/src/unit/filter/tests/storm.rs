//! Turbidity that washing does not cure: `docs/spec/plant.md` 2.6.4.

use core::time::Duration;

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::quantity::{CubicMetres, KiloPascals, Ntu};
use crate::reason::Reason;
use crate::signal::Signal;
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::Rig;

/// A filter that asks for a wash by its turbidity as soon as it has filtered a little.
fn turbid(rig: &mut Rig) {
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.run_until(3 * HOUR, "it filters", |rig| rig.filters[0].delivers());
    rig.run_until(3 * HOUR, "it has filtered a little", |rig| {
        rig.filters[0].retained.volume > CubicMetres(1.0)
    });
    rig.beds[0].turbidity = Signal::Good(Ntu(0.55));
}

fn storm() -> Rig {
    let mut rig = plant();
    rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
    for _ in 0..2 {
        turbid(&mut rig);
        rig.run_until(HOUR, "a wash", |rig| rig.state(0).is_wash());
    }
    turbid(&mut rig);
    rig
}

/// R-2.6.4-01, R-2.6.2-03: two in 12 h, and no third; then the filter is stopped and the cause is called for.
#[test]
fn after_two_turbidity_washes_a_third_is_refused_and_the_filter_stopped() {
    let mut rig = storm();
    rig.run_s(310);
    assert_eq!(rig.state(0), State::Filtering {});
    assert_eq!(rig.filters[0].alarms.washes_stopped, Condition::Active);
    assert!(rig.filters[0].status.blocked.has(Reason::WashesStopped));
    assert!(rig.filters[0].washes_stopped());
    rig.run_s(900 - 310);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].outlet.is_closed());
    assert!(rig.filters[1].delivers());
    let left = rig.filters[0].status.storm_left;
    assert!(left > Duration::from_secs(8 * 3600) && left < Duration::from_secs(12 * 3600));
    // Again and again it tries to ripen, and no wash is spent on it.
    rig.passed.clear();
    rig.run_s(4 * HOUR);
    assert!(rig.passed.contains(&State::Ripening {}) && !rig.passed.contains(&State::Draining {}));
    assert_ne!(rig.state(0), State::Fault {});
}

/// R-2.6.4-01: the count is by turbidity; other triggers wash as ever.
#[test]
fn a_storm_stops_no_wash_for_head_loss() {
    let mut rig = storm();
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.run_until(HOUR, "a wash", |rig| rig.state(0).is_wash());
}

/// R-2.6.4-01: the older of two washes counts for 12 h, over a restart too; a person's reset frees them.
#[test]
fn a_storm_ends_after_twelve_hours_or_by_a_person() {
    let rig = storm();
    let kept = rig.filters[0].retained;
    for (reset, washes) in [(false, false), (true, true)] {
        let mut rig = plant();
        rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
        rig.filters[0].retained = kept;
        if reset {
            rig.reset();
        }
        turbid(&mut rig);
        rig.run_s(800);
        assert_eq!(rig.filters[0].retained.washes > kept.washes || rig.state(0).is_wash(), washes);
    }
    let mut rig = plant();
    rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
    rig.filters[0].retained = kept;
    rig.filters[0].retained.earlier_turbidity_wash_left = Duration::from_secs(3600);
    rig.run_s(HOUR + 10);
    assert!(rig.filters[0].status.storm_left.is_zero());
    turbid(&mut rig);
    rig.run_until(HOUR, "a wash", |rig| rig.state(0).is_wash());
}

/// R-2.6.4-01: at the limit of 5 NTU readings flicker; one that happens to be good is no reason to wash.
#[test]
fn settled_water_that_flickers_about_its_limit_is_cloudy_and_called_for_once() {
    let mut rig = plant();
    rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
    rig.around.settled_turbidity = Signal::Good(Ntu(5.1));
    turbid(&mut rig);
    rig.run_s(310);
    rig.passed.clear();
    for second in 0..300 {
        let settled = if second % 2 == 0 { 4.9 } else { 5.1 };
        rig.around.settled_turbidity = Signal::Good(Ntu(settled));
        rig.run_s(1);
        assert_eq!(rig.filters[0].alarms.washes_stopped, Condition::Active, "{second} s");
        assert!(!rig.passed.contains(&State::Draining {}), "{second} s");
    }
}

/// R-2.6.4-01, R-2.6.2-03: settled water above 5 NTU, or nobody knows.
#[test]
fn cloudy_settled_water_calls_for_its_cause_and_for_no_wash() {
    for settled in [Signal::Good(Ntu(5.1)), Signal::Good(Ntu(f64::NAN)), Signal::default()] {
        let mut rig = plant();
        rig.filters[0].settings.turbidity_volume = CubicMetres(0.5);
        rig.around.settled_turbidity = settled;
        turbid(&mut rig);
        rig.run_s(310);
        assert_eq!(rig.filters[0].alarms.washes_stopped, Condition::Active, "{settled:?}");
        rig.run_s(600);
        assert_eq!(rig.state(0), State::Standby {}, "{settled:?}");
        assert!(rig.filters[0].status.blocked.has(Reason::SettledWaterCloudy));
        rig.around.settled_turbidity = Signal::Good(Ntu(1.0));
        rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
        rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert_eq!(rig.filters[0].alarms.washes_stopped, Condition::Clear);
    }
}
