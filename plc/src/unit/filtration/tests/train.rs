//! P-351 and B-351.

use std::vec::Vec;

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::quantity::{Celsius, CubicMetresPerHour, MetresPerHour, Ratio};
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::{Rig, STEP, shape};
use crate::unit::filtration::{Settings, wash_train};

/// R-2.6.1-08: a site without a blower washes with water.
#[test]
fn without_a_blower_the_high_wash_lasts_two_minutes_longer() {
    let time_of_high_wash = |blower: bool| {
        let mut rig = Rig::new(&shape(2, blower));
        rig.produce();
        rig.filtration.order_wash(1).unwrap();
        rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
        assert_eq!(rig.passed.contains(&State::AirScour {}), blower);
        let mut scans = 0;
        while rig.state(0) == (State::HighWash {}) {
            rig.scan();
            scans += 1;
        }
        scans / 2
    };
    let (with, without) = (time_of_high_wash(true), time_of_high_wash(false));
    assert!((360..420).contains(&with), "{with}");
    assert!((480..560).contains(&without), "{without}");
}

/// R-2.6.1-12: clamp(1.35 v_mf, 24, 40).
#[test]
fn the_wash_rate_follows_the_temperature_and_is_lowest_when_it_is_not_known() {
    let settings = Settings::default();
    for (temperature, rate) in [
        (Signal::Good(Celsius(5.0)), 24.03),
        (Signal::Good(Celsius(10.0)), 24.03),
        (Signal::Good(Celsius(22.5)), 33.21),
        (Signal::Good(Celsius(30.0)), 39.15),
        (Signal::Good(Celsius(45.0)), 39.15),
        (Signal::Bad(Fault::Stale), 24.03),
        (Signal::Good(Celsius(f64::NAN)), 24.03),
    ] {
        let is = wash_train::high_rate(temperature, &settings);
        assert!(is.distance(MetresPerHour(rate)).0 < 0.01, "{temperature:?}: {is:?}");
    }
}

/// R-2.6.1-12, INV-26: below what the bed may take, whatever is set.
#[test]
fn no_setting_asks_more_water_than_the_bed_may_take() {
    let settings = Settings {
        wash_expansion: Ratio(1.6),
        wash_rate_min: MetresPerHour(36.0),
        wash_rate_max: MetresPerHour(45.0),
        ..Settings::default()
    };
    for (temperature, most) in [
        (Signal::Good(Celsius(10.0)), 36.0),
        (Signal::Good(Celsius(19.9)), 36.0),
        (Signal::Good(Celsius(20.0)), 45.0),
        (Signal::Good(Celsius(30.0)), 45.0),
        (Signal::Good(Celsius(f64::NAN)), 36.0),
        (Signal::Bad(Fault::Stale), 36.0),
    ] {
        let rate = wash_train::high_rate(temperature, &settings).0;
        assert!(rate < most && rate > 34.0, "{temperature:?}: {rate}");
    }
}

/// R-2.6.1-13, INV-26: 30 s up and 30 s down; the rig checks how steep at each scan.
#[test]
fn wash_water_rises_and_falls_within_half_a_minute() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    let rate = |rig: &Rig| rig.filtration.status.wash_rate.0;
    rig.run_until(60, "it rises", |rig| rate(rig) > 12.5);
    let mut half_seconds = 0;
    while rate(&rig) < 35.0 {
        rig.scan();
        half_seconds += 1;
    }
    // 22.6 m/h of the 40 that take 30 s.
    assert!((30..=38).contains(&half_seconds), "{half_seconds}");
    rig.run_until(HOUR, "the end", |rig| rig.state(0) == State::Settling {});
    let mut falls = 0;
    while rig.filtration.wash_pump.outputs.run.value() {
        assert!(rig.filters[0].wash_inlet.is_open(), "the way stays open until it has run down");
        rig.scan();
        falls += 1;
    }
    assert!((12..=60).contains(&falls), "{falls}");
}

/// R-2.6.1-13, R-2.6.5-03, INV-20: 80 % for 20 s, none at all for 12 s; alarm 306 with its likely cause, until water flows again.
#[test]
fn too_little_wash_water_breaks_the_wash_off_and_says_why() {
    let cases = [
        (Some(0.82), None),
        (Some(0.5), Some(Reason::WashFlowLow)),
        (Some(0.0), Some(Reason::DeadHead)),
        (None, Some(Reason::FlowUnknown)),
        (Some(1.4), Some(Reason::WashFlowHigh)),
        // Off the top of FIT-351's scale.
        (Some(2.0), Some(Reason::WashFlowHigh)),
    ];
    for (meter, why) in cases {
        let mut rig = plant();
        rig.around.water_temperature = Signal::Good(Celsius(25.0));
        rig.filtration.order_wash(1).unwrap();
        rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
        rig.run_s(90);
        assert_eq!(rig.filtration.alarms.wash_flow_low, Condition::Clear);
        rig.wash_meter = meter;
        rig.scan();
        rig.scan();
        if why == Some(Reason::WashFlowHigh) {
            rig.run_s(1);
            assert!(!rig.filtration.wash_pump.outputs.run.value(), "at once");
        } else if why == Some(Reason::DeadHead) {
            rig.run_s(9);
            assert_eq!(rig.state(0), State::HighWash {}, "{meter:?}");
            rig.run_s(4);
            assert!(!rig.filtration.wash_pump.outputs.run.value(), "before INV-20's 15 s");
        } else {
            rig.run_s(17);
            assert_eq!(rig.state(0), State::HighWash {}, "{meter:?}");
        }
        rig.run_s(6);
        assert_eq!(rig.state(0) != State::HighWash {}, why.is_some(), "{meter:?}");
        if let Some(why) = why {
            assert!(rig.filters[0].status.failed_by.has(why), "{meter:?}");
            assert!(rig.filtration.status.wash_failed_by.has(why), "{meter:?}");
            assert_eq!(rig.filtration.alarms.wash_flow_low, Condition::Active, "{meter:?}");
        }
        rig.wash_meter = Some(1.0);
        rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
        assert_eq!(rig.filtration.alarms.wash_flow_low, Condition::Clear, "{meter:?}");
    }
}

/// R-2.6.1-14: 2.2 m³ a wash.
#[test]
fn a_wash_takes_a_little_more_than_two_cubic_metres() {
    let mut rig = plant();
    for _ in 0..2 {
        let washes = rig.filters[0].retained.washes;
        rig.filtration.order_wash(1).unwrap();
        rig.run_until(HOUR, "the wash", |rig| rig.filters[0].retained.washes > washes);
        let volume = rig.filtration.status.wash_volume.0;
        assert!((2.0..2.5).contains(&volume), "{volume} m³");
        rig.run_until(HOUR, "it filters", |rig| rig.filters[0].delivers());
    }
}

/// R-2.6.5-05, R-2.6.1-06, INV-25: no air, too much, or nobody knows: water alone, two minutes longer, with its cause.
#[test]
fn air_that_does_not_go_through_the_bed_makes_it_a_wash_with_water_only() {
    let cases = [
        (Some(46.0), 3, Reason::AirPressureHigh),
        (Some(f64::NAN), 3, Reason::AirPressureHigh),
        // Off the top of PT-352's scale.
        (Some(70.0), 3, Reason::AirPressureHigh),
        (None, 3, Reason::AirPressureUnknown),
        (Some(42.0), 70, Reason::AirPressureHigh),
        (Some(14.0), 70, Reason::AirPressureLow),
        (Some(0.0), 70, Reason::AirPressureLow),
    ];
    for (air, seconds, why) in cases {
        for late in [false, true] {
            let mut rig = plant();
            rig.filtration.order_wash(1).unwrap();
            if late {
                rig.run_until(HOUR, "air and water", |rig| rig.state(0) == State::AirWater {});
                rig.run_s(20);
            }
            let blows = |rig: &Rig| rig.filtration.blower.as_ref().unwrap().outputs.run.value();
            rig.run_until(HOUR, "the blower", blows);
            rig.air = air;
            rig.run_s(seconds + 8);
            assert_eq!(rig.state(0), State::HighWash {}, "{air:?}");
            assert!(!blows(&rig));
            assert!(rig.filtration.status.wash_failed_by.has(why), "{air:?}");
            assert_eq!(rig.filtration.alarms.air_wrong, Condition::Active, "{air:?}");
            rig.air = Some(25.0);
            let mut half_seconds = 0;
            while rig.state(0) == (State::HighWash {}) {
                rig.scan();
                half_seconds += 1;
            }
            assert!(half_seconds > 2 * 460, "two minutes longer: {half_seconds}");
            rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
            assert_eq!(rig.filtration.retained.water_only_washes.0, 1.0);
        }
    }
}

/// R-2.6.5-05: alarm 311 at the second in a row, of any filters; a wash with air ends it.
#[test]
fn a_second_wash_in_a_row_with_water_only_is_an_alarm() {
    let mut rig = plant();
    let wash = |rig: &mut Rig, number: u8| {
        let filter = usize::from(number) - 1;
        let washes = rig.filters[filter].retained.washes;
        rig.filtration.order_wash(number).unwrap();
        rig.run_until(HOUR, "washed", |rig| rig.filters[filter].retained.washes > washes);
        rig.run_until(HOUR, "it filters", |rig| rig.filters[filter].delivers());
    };
    rig.air = Some(0.0);
    for (number, condition) in [(1, Condition::Clear), (2, Condition::Active)] {
        wash(&mut rig, number);
        assert_eq!(rig.filtration.alarms.water_only, condition);
    }
    rig.air = Some(25.0);
    wash(&mut rig, 1);
    assert_eq!(rig.filtration.alarms.water_only, Condition::Clear);
    assert_eq!(rig.filtration.alarms.air_wrong, Condition::Clear);

    let mut rig = Rig::new(&shape(2, false));
    rig.produce();
    wash(&mut rig, 1);
    wash(&mut rig, 2);
    assert_eq!(rig.filtration.alarms.water_only, Condition::Clear, "a site without a blower");
    assert_eq!(rig.filtration.alarms.air_wrong, Condition::Absent);
}

/// Alarm 307: 45 and 12 kPa with 3 of deadband, while the blower runs.
#[test]
fn air_pressure_is_judged_only_while_the_blower_runs() {
    let mut rig = plant();
    rig.air = Some(0.0);
    rig.run_s(60);
    assert_eq!(rig.filtration.alarms.air_wrong, Condition::Clear);
    rig.air = Some(25.0);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "air", |rig| {
        rig.filtration.blower.as_ref().is_some_and(|blower| blower.is_running())
    });
    for (air, condition) in [
        (25.0, Condition::Clear),
        (11.9, Condition::Active),
        (13.0, Condition::AsBefore),
        (20.0, Condition::Clear),
        (44.0, Condition::AsBefore),
    ] {
        rig.air = Some(air);
        rig.run_s(2);
        assert_eq!(rig.filtration.alarms.air_wrong, condition, "{air} kPa");
    }
}

/// R-2.6.5-03, INV-27: the pump's own fault; F27.
#[test]
fn a_wash_pump_that_trips_breaks_the_wash_off_until_it_is_reset() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    let washed: Vec<_> = rig.filters.iter().map(|filter| filter.report()).collect();
    rig.filtration.wash_pump.inputs.tripped = Signal::Good(true);
    let around = rig.around;
    let mut stagger = crate::device::Stagger::default();
    rig.filtration.scan(&around, &washed, &mut stagger, STEP);
    rig.run_s(2);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(
        rig.filters[0].retained.dirty && rig.filters[0].status.failed_by.has(Reason::PumpFault)
    );
    assert_eq!(rig.filtration.alarms.wash_flow_low, Condition::Active);
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].status.blocked.has(Reason::PumpFault));
    rig.reset();
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// INV-26: a pump that stands still for its minimum time is nobody's failure.
#[test]
fn a_wash_waits_for_a_pump_that_rests() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    let full = Reasons::only(Reason::WasteTankFull);
    rig.around.holds.wash = full;
    rig.around.holds.wash_inlet = full;
    rig.run_s(20);
    rig.hold(Reasons::NONE);
    rig.run_s(300);
    assert_eq!(rig.state(0), State::HighWash {}, "180 s off, and no failure of it");
    assert!(rig.filtration.wash_pump.is_running());
}

/// Alarm 306: 80 % with 5 of deadband.
#[test]
fn the_wash_flow_alarm_has_its_deadband() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(90);
    let asked = 35.1 * 0.503;
    for (share, condition) in [
        (0.79, Condition::Active),
        (0.83, Condition::AsBefore),
        (0.86, Condition::Clear),
        (0.83, Condition::AsBefore),
    ] {
        let flow = CubicMetresPerHour(share * asked);
        rig.filtration.inputs.wash_flow = Signal::Good(flow);
        let reports: Vec<_> = rig.filters.iter().map(|filter| filter.report()).collect();
        let around = rig.around;
        let mut stagger = crate::device::Stagger::default();
        rig.filtration.scan(&around, &reports, &mut stagger, STEP);
        assert_eq!(rig.filtration.alarms.wash_flow_low, condition, "{share}");
    }
}
