//! The bed, its water, and the alarms that speak of them.

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::quantity::{Celsius, KiloPascals, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Moment, Signal};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::{Rig, shape};

fn washed(rig: &mut Rig) {
    let before = rig.filters[0].retained.washes;
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.filters[0].retained.washes > before);
    rig.run_until(HOUR, "it filters", |rig| rig.filters[0].delivers());
    rig.run_s(1000);
}

/// R-2.6.2-01: alarm 309 compares clean beds at one rate and one temperature.
#[test]
fn a_clean_bed_is_compared_with_what_it_was_at_commissioning() {
    let mut rig = plant();
    washed(&mut rig);
    let first = rig.filters[0].retained.first_clean_head_loss;
    // 3 kPa at 5 m/h and 25 °C.
    assert!(first.distance(KiloPascals(3.0 / 0.888)).0 < 0.1, "{first:?}");
    for (loss, temperature, fouled) in
        [(4.4, 25.0, false), (4.7, 25.0, true), (4.7, 10.0, false), (3.0, 25.0, false)]
    {
        rig.beds[0].head_loss = KiloPascals(loss);
        rig.around.water_temperature = Signal::Good(Celsius(temperature));
        washed(&mut rig);
        let alarm = rig.filters[0].alarms.bed_fouled;
        assert_eq!(alarm == Condition::Active, fouled, "{loss} kPa at {temperature} °C");
    }
    assert_eq!(rig.filters[0].retained.first_clean_head_loss, first);
    rig.filters[0].settings.clean_bed = KiloPascals(1.0);
    rig.scan();
    assert_eq!(rig.filters[0].alarms.bed_fouled, Condition::Active, "the engineer's figure counts");
}

/// R-2.6.6-04: ripening to 0.10, a wash at 0.30.
#[test]
fn the_strict_profile_ripens_further_and_washes_sooner() {
    for (strict, turbidity, ripens) in
        [(false, 0.29, true), (true, 0.11, false), (true, 0.10, true), (true, f64::NAN, false)]
    {
        let mut rig = Rig::new(&shape(1, true));
        rig.filtration.settings.strict = strict;
        rig.beds[0].turbidity = Signal::Good(Ntu(turbidity));
        rig.run_until(HOUR, "ripening", |rig| rig.state(0) == State::Ripening {});
        rig.run_s(400);
        assert_eq!(rig.state(0) == State::Filtering {}, ripens, "{strict} {turbidity}");
    }
    for (strict, asks) in [(false, false), (true, true)] {
        let mut rig = plant();
        rig.filters[0].settings.turbidity_volume = crate::quantity::CubicMetres(0.5);
        rig.run_s(1800);
        assert!(rig.filters[0].status.clear_share.0 > 99.0);
        rig.filtration.settings.strict = strict;
        rig.around.wash_water = false;
        rig.beds[0].turbidity = Signal::Good(Ntu(0.31));
        rig.run_s(400);
        assert_eq!(rig.state(0) == State::WashQueued {}, asks);
        assert_eq!(rig.filters[0].alarms.effluent_high == Condition::Active, asks);
        assert!(rig.filters[0].status.clear_share.0 < 90.0);
    }
}

/// R-2.6.6-01: alarm 308 from 40 min of ripening until it has ripened.
#[test]
fn a_ripening_that_takes_too_long_is_an_alarm() {
    let mut rig = Rig::new(&shape(1, true));
    rig.beds[0].turbidity = Signal::Good(Ntu(0.4));
    rig.run_until(HOUR, "ripening", |rig| rig.filters[0].report().feed_way);
    rig.run_s(2380);
    assert_eq!(rig.filters[0].alarms.ripening_long, Condition::Clear);
    rig.run_s(60);
    assert_eq!(rig.filters[0].alarms.ripening_long, Condition::Active);
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.run_until(3 * HOUR, "it filters", |rig| rig.filters[0].delivers());
    rig.scan();
    assert_eq!(rig.filters[0].alarms.ripening_long, Condition::Clear);
    assert!(rig.filters[0].status.ripening_time.as_secs() >= 300);
}

/// R-2.6.3-03, R-2.12-15: limits and deadbands of alarms 302 and 303, and when they are silent.
#[test]
fn alarms_of_a_filter_have_their_limits_and_deadbands() {
    let clogged = |rig: &Rig| rig.filters[0].alarms.clogged;
    let high = |rig: &Rig| rig.filters[0].alarms.effluent_high;
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.run_s(1200);
    let cases = [
        (24.3, Condition::AsBefore),
        (24.8, Condition::Active),
        (22.0, Condition::AsBefore),
        (21.0, Condition::Clear),
    ];
    for (loss, condition) in cases {
        rig.beds[0].head_loss = KiloPascals(loss);
        rig.run_s(5);
        assert_eq!(clogged(&rig), condition, "{loss} kPa");
    }
    let cases = [
        (Signal::Good(Ntu(0.51)), Condition::Active),
        (Signal::Good(Ntu(0.45)), Condition::AsBefore),
        (Signal::Good(Ntu(0.40)), Condition::Clear),
        // In a calibration hold (s3).
        (Signal::Held(Ntu(2.0), Moment(u64::MAX)), Condition::Suppressed),
    ];
    rig.beds[0].turbidity = Signal::Good(Ntu(0.51));
    rig.run_s(298);
    assert_eq!(high(&rig), Condition::AsBefore, "not before its five minutes");
    for (turbidity, condition) in cases {
        rig.beds[0].turbidity = turbidity;
        rig.run_s(4);
        assert_eq!(high(&rig), condition, "{turbidity:?}");
    }
    rig.hold(Reasons::only(Reason::ClearWellFull));
    rig.run_s(30);
    assert_eq!(high(&rig), Condition::Suppressed, "s1: it does not filter");
    rig.beds[0].turbidity = Signal::Good(Ntu(0.1));
    rig.hold(Reasons::NONE);
    rig.around.wash_water = true;
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "a wash", |rig| rig.state(0).is_wash());
    assert_eq!(clogged(&rig), Condition::Suppressed, "s6: it washes");
}
