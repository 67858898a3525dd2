//! P-301: how much, from when, and whether anything moves.

use core::time::Duration;
use std::vec::Vec;

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::device::{Drive, Mode};
use crate::quantity::{Count, CubicMetresPerHour, MetresPerHour, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::Demand;
use crate::unit::filtration::rig::{Rig, STEP, shape};
use crate::unit::filtration::sequence::State as Feed;

/// R-2.6.6-02, R-2.6.3-05: lowered at 10 % of nominal a minute.
#[test]
fn the_feed_is_lowered_before_a_filter_leaves_and_rises_afterwards() {
    let mut rig = plant();
    rig.run_s(1200);
    assert!(rig.filtration.status.setpoint.0 > 4.9);
    rig.filtration.order_wash(1).unwrap();
    let mut before = rig.filtration.status.setpoint.0;
    while !rig.state(0).is_wash() {
        rig.scan();
        let setpoint = rig.filtration.status.setpoint.0;
        // 10 % of 2.5 m³/h a minute for each of two filters.
        assert!((before - setpoint).abs() <= 0.5 / 120.0 + 1e-9, "{before} to {setpoint}");
        before = setpoint;
    }
    assert!(before <= 2.56, "{before}");
    rig.run_s(300);
    assert!((rig.filtration.status.setpoint.0 - 3.5).abs() < 0.3);
}

/// R-2.17-01: 20 % stops P-301, 40 % starts it.
#[test]
fn the_feed_does_not_run_with_a_low_or_unknown_settled_tank() {
    for level in
        [Signal::Good(Percent(19.0)), Signal::Bad(Fault::Stale), Signal::Good(Percent(f64::NAN))]
    {
        let mut rig = plant();
        rig.around.settled_level = level;
        rig.run_s(30);
        assert!(!rig.filtration.feed_runs(), "{level:?}");
        assert_eq!(rig.state(0), State::Standby {});
        rig.around.settled_level = Signal::Good(Percent(39.0));
        rig.run_s(HOUR);
        assert!(!rig.filtration.feed_runs(), "starts at 40 %, not before");
        rig.around.settled_level = Signal::Good(Percent(41.0));
        rig.passed.clear();
        rig.produce();
        assert!(!rig.passed.contains(&State::Ripening {}), "a short stop needs no ripening");
    }
}

/// R-2.17-01: down to 20 %, and not below.
#[test]
fn draining_runs_the_settled_tank_down_and_stops() {
    let mut rig = plant();
    rig.around.demand = Demand::Drain;
    rig.around.raw_setpoint = crate::quantity::CubicMetresPerHour(0.0);
    rig.run_s(900);
    assert!(rig.filtration.feed_runs());
    assert!(rig.filtration.status.setpoint.0 >= 2.4);
    rig.around.settled_level = Signal::Good(Percent(19.9));
    rig.run_s(60);
    assert!(!rig.filtration.feed_runs());
    assert_eq!((rig.state(0), rig.state(1)), (State::Standby {}, State::Standby {}));
}

#[test]
fn the_standby_pump_takes_over_from_a_failed_one() {
    let mut rig = plant();
    let duty = rig.filtration.pump.iter().position(|pump| pump.is_running()).unwrap();
    rig.filtration.pump[duty].inputs.tripped = Signal::Good(true);
    let (around, reports): (_, Vec<_>) =
        (rig.around, rig.filters.iter().map(|filter| filter.report()).collect());
    let mut stagger = crate::device::Stagger::default();
    stagger.elapse(Duration::ZERO, Duration::from_secs(60));
    rig.filtration.scan(&around, &reports, &mut stagger, STEP);
    assert!(rig.filtration.pump[duty].is_faulty());
    rig.run_s(30);
    assert!(rig.filtration.pump[1 - duty].is_running());
    rig.filtration.pump[1 - duty].inputs.tripped = Signal::Good(true);
    rig.filtration.scan(&around, &reports, &mut stagger, STEP);
    rig.run_s(30);
    assert_eq!(rig.filtration.status.state, Feed::Fault {});
    assert!(rig.filtration.status.blocked.has(Reason::NoPumpAvailable));
    rig.reset();
    rig.produce();
}

/// R-2.12-09, R-2.12-16: the worst of it and the filters' own analysers counts, at once; without it, the worst of these.
#[test]
fn combined_turbidity_counts_after_a_minute_of_flow() {
    let mut rig = Rig::new(&shape(2, true));
    rig.run_until(HOUR, "ripening to waste", |rig| rig.state(0) == State::Ripening {});
    rig.run_s(60);
    assert_eq!(rig.filtration.turbidity_to_clear_well(), None);
    rig.produce();
    rig.run_s(120);
    rig.beds[0].turbidity = Signal::Good(Ntu(0.4));
    rig.beds[1].turbidity = Signal::Good(Ntu(0.2));
    rig.run_s(5);
    assert_eq!(rig.filtration.turbidity_to_clear_well(), Some(Signal::Good(Ntu(0.4))));
    rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
    rig.beds[1].turbidity = Signal::Bad(Fault::Stale);
    rig.filtration.inputs.combined_turbidity = Signal::Bad(Fault::Stale);
    let (around, reports): (_, Vec<_>) = (rig.around, {
        for index in 0..2 {
            rig.filters[index].inputs.turbidity = Signal::Bad(Fault::Stale);
            let around = rig.filtration.around_filter(index, &rig.around);
            rig.filters[index].scan(around, STEP);
        }
        rig.filters.iter().map(|filter| filter.report()).collect()
    });
    let mut stagger = crate::device::Stagger::default();
    rig.filtration.scan(&around, &reports, &mut stagger, STEP);
    assert_eq!(rig.filtration.turbidity_to_clear_well(), Some(Signal::Bad(Fault::Computed)));
}

/// R-2.17-04, R-2.17-01: `Q3 = Q1 + 0.05 · (LT-206 − 50 %)`, at 0.25 m³/h a minute.
#[test]
fn the_feed_averages_the_settled_tanks_level() {
    let mut rig = plant();
    for (raw, level, flow) in [
        (5.0, 55.0, 5.0),
        (4.0, 55.0, 4.25),
        (4.0, 50.0, 4.0),
        (4.0, 41.0, 3.55),
        (3.5, 80.0, 5.0),
        (3.5, 21.0, 2.05),
    ] {
        rig.around.raw_setpoint = CubicMetresPerHour(raw);
        rig.around.settled_level = Signal::Good(Percent(level));
        let mut before = rig.filtration.status.setpoint.0;
        for _ in 0..2 * 1200 {
            rig.scan();
            let setpoint = rig.filtration.status.setpoint.0;
            assert!((setpoint - before).abs() <= 0.25 / 120.0 + 1e-9, "{before} to {setpoint}");
            before = setpoint;
        }
        assert!((before - flow).abs() < 0.01, "{raw} m³/h at {level} %: {before}");
    }
}

/// R-2.17-01: 10 % is a cause of the table; P-301 stands at once and no filter stays open.
#[test]
fn an_empty_settled_tank_trips_the_feed() {
    let mut rig = plant();
    rig.around.holds.feed = Reasons::only(Reason::SettledTankEmpty);
    rig.scan();
    assert!(rig.filtration.pump.iter().all(|pump| !pump.outputs.run.value()));
    rig.run_s(30);
    assert!(rig.filtration.status.blocked.has(Reason::SettledTankEmpty));
}

/// INV-12: what is left carries no more than 7.3 m/h within 120 s, whatever made the other one leave.
#[test]
fn the_filters_that_are_left_carry_no_more_than_they_may() {
    for filters in [2, 3] {
        let mut rig = Rig::new(&shape(filters, true));
        rig.produce();
        rig.run_s(1800);
        rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
        rig.run_until(90, "it leaves", |rig| !rig.filters[0].delivers());
        rig.run_s(120);
        for _ in 0..1200 {
            rig.scan();
            let rate = rig.filters[1].inputs.flow.usable().unwrap().0 / 0.503;
            assert!(rate <= 7.3 + 0.05, "{filters} filters: {rate} m/h");
        }
    }
}

/// INV-12: a clean bed takes more than its share beside a dirty one; the feed goes by the faster of them.
#[test]
fn the_easier_of_two_beds_carries_no_more_than_it_may_either() {
    let mut rig = Rig::new(&shape(3, true));
    rig.produce();
    rig.run_s(1800);
    rig.beds[2].ease = 0.4;
    // Small beds for what is fed: evenly shared they would carry 3.5 m/h each.
    rig.filtration.settings.rate_max = MetresPerHour(4.0);
    rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
    rig.run_until(90, "it leaves", |rig| !rig.filters[0].delivers());
    rig.run_s(120);
    let mut fastest = 0.0;
    for _ in 0..1200 {
        rig.scan();
        fastest = rig.filters[1].inputs.flow.usable().unwrap().0 / 0.503;
        assert!(fastest <= 4.0 + 0.1, "{fastest} m/h");
    }
    assert!(fastest > 3.5, "it goes on: {fastest} m/h");
}

/// INV-12: of two beds that nobody measures, one may be clean and the other full: as much is fed as one of them may carry.
#[test]
fn a_bed_that_nobody_measures_may_carry_all_that_the_others_do_not() {
    for unmetered in [&[1, 2][..], &[1]] {
        let mut rig = Rig::new(&shape(3, true));
        rig.produce();
        rig.run_s(1800);
        rig.beds[2].ease = 0.2;
        rig.filtration.settings.rate_max = MetresPerHour(6.0);
        rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
        rig.run_until(90, "it leaves", |rig| !rig.filters[0].delivers());
        for bed in unmetered {
            rig.beds[*bed].unmetered = true;
        }
        rig.run_s(180);
        let mut most = 0.0;
        for _ in 0..1200 {
            rig.scan();
            let fed = rig.filtration.inputs.flow.usable().unwrap().0;
            let fastest = fed / 1.2 / 0.503;
            assert!(fastest <= 6.0 + 0.1, "{unmetered:?}: {fastest} m/h");
            most = fed;
        }
        assert!(most > 2.5, "{unmetered:?}: it goes on: {most} m³/h");
    }
}

/// INV-12, F5: a P-301 that turns faster than it is asked rests; one that turns all the same is K0's, and no other starts
/// beside it.
#[test]
fn a_feed_pump_that_does_not_obey_its_speed_is_taken_off() {
    let mut rig = plant();
    rig.run_s(1800);
    rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
    rig.run_until(90, "it leaves", |rig| !rig.filters[0].delivers());
    let deaf = rig.filtration.pump.iter().position(Drive::is_running).unwrap();
    rig.run_s(120);
    assert!(!rig.filtration.overruns() && rig.filtration.status.failed_by.is_empty());
    rig.deaf = Some(deaf);
    rig.run_until(70, "its speed is not believed", |rig| {
        rig.filtration.status.failed_by.has(Reason::SpeedIgnored)
    });
    assert!(rig.filtration.overruns() && rig.filtration.alarms.pump_fault == Condition::when(true));
    for _ in 0..60 {
        rig.scan();
        assert!(!rig.filtration.pump[deaf].outputs.run.value());
        assert!(!rig.filtration.pump[1 - deaf].outputs.run.value(), "two at once");
    }
    assert!(rig.filtration.overruns() && rig.filtration.pump[deaf].is_welded());
    rig.deaf = None;
    rig.run_until(300, "the other one feeds", |rig| rig.filtration.pump[1 - deaf].is_running());
    assert!(!rig.filtration.overruns());
}

/// INV-13: no filter's flow changes by more than 15 % of its nominal in a minute, but around a filter that joins or leaves.
#[test]
fn the_flow_through_a_filter_changes_gently() {
    let mut rig = plant();
    rig.run_s(1800);
    rig.filtration.order_wash(1).unwrap();
    let mut flows = Vec::new();
    let mut moved = Vec::new();
    let takes = |rig: &Rig| rig.state(0) == State::Ripening {} || rig.state(0).is_filtering();
    let mut open = takes(&rig);
    while rig.filters[0].retained.washes.0 < 1.0 || !rig.filters[0].delivers() {
        rig.run_s(1);
        if takes(&rig) != open {
            open = !open;
            moved.push(flows.len());
        }
        flows.push(rig.filters[1].inputs.flow.usable().unwrap().0);
    }
    assert_eq!(moved.len(), 2, "it left and joined");
    for (at, pair) in flows.windows(61).enumerate() {
        let apart = (pair[60] - pair[0]).abs();
        let excepted = moved.iter().any(|moved| (at..at + 121).contains(&(moved + 60)));
        assert!(excepted || apart <= 0.15 * 2.5, "{apart} m³/h in the minute from {at} s");
    }
}

/// INV-20, INV-19: 10 s, then the standby, then both rest; with the likely cause, and an alarm.
#[test]
fn a_feed_pump_that_moves_nothing_rests_and_says_why() {
    let mut rig = plant();
    rig.feed_shut = true;
    rig.run_until(40, "the first rests", |rig| !rig.filtration.status.rest_left.is_zero());
    rig.scan();
    assert_eq!(rig.filtration.alarms.pump_fault, Condition::Active);
    rig.run_until(120, "both rest", |rig| rig.filtration.alarms.pumps_failed == Condition::Active);
    rig.run_s(2);
    assert_eq!(rig.filtration.status.state, Feed::Fault {});
    assert!(rig.filtration.status.blocked.has(Reason::DeadHead));
    rig.run_s(500);
    assert!(!rig.filtration.feed_runs());
    rig.feed_shut = false;
    rig.reset();
    assert!(rig.filtration.status.failed_by.is_empty());
    rig.produce();
}

/// INV-20, INV-7, F20: a pipe that closes at once, behind a meter that follows in seconds: the pump has its ten seconds, not
/// those of the meter besides, and hypochlorite ends before.
#[test]
fn a_closed_pipe_is_seen_before_the_meter_has_shown_it() {
    let mut rig = plant();
    rig.feed_shut = true;
    let mut shown = rig.filtration.inputs.flow.usable().unwrap().0;
    let mut ended = None;
    for scan in 1..=40 {
        rig.scan();
        // The meter's lag of 2 s in steps of half a second.
        shown *= libm::exp(-0.25);
        rig.filtration.inputs.flow = Signal::Good(CubicMetresPerHour(shown));
        if rig.filtration.feed_ends() && ended.is_none() {
            ended = Some(scan);
        }
        if !rig.filtration.status.rest_left.is_zero() {
            assert!(ended.is_some_and(|scan| scan <= 4), "hypochlorite ended after {ended:?}");
            assert!((20..=28).contains(&scan), "it rests after {scan} scans");
            return;
        }
    }
    panic!("it runs on");
}

/// INV-7: the drains of the filters stand open: the feed flows on, and hypochlorite ends before the meters behind the filters
/// have shown that nothing comes.
#[test]
fn water_that_ends_behind_the_filters_is_seen_before_their_meters_have_shown_it() {
    let mut rig = plant();
    assert!(!rig.filtration.feed_ends());
    let mut fallen = 1.0;
    for scan in 1..=5 {
        // The meter's lag of 2 s in steps of half a second, and what a filter reports counts in the next one.
        fallen *= libm::exp(-0.25);
        for bed in &mut rig.beds {
            bed.meter = Some(2.5 * fallen);
        }
        rig.scan();
        if rig.filtration.feed_ends() {
            assert!(rig.filtration.feed_runs() && scan > 1, "{scan}");
            return;
        }
    }
    panic!("hypochlorite goes on");
}

/// INV-19: no water at the suction is told from a closed pipe.
#[test]
fn a_feed_pump_without_water_ran_dry() {
    let mut rig = plant();
    rig.filtration.settings.stop_level = Percent(5.0);
    rig.feed_shut = true;
    rig.around.settled_level = Signal::Good(Percent(9.0));
    rig.run_s(40);
    assert!(rig.filtration.status.failed_by.has(Reason::DryRun));
    assert!(!rig.filtration.status.failed_by.has(Reason::DeadHead));
}

/// INV-20: a meter that stands at nothing while the filters see water stops no pump.
#[test]
fn a_dead_feed_meter_is_told_from_a_closed_pipe() {
    let mut rig = plant();
    for _ in 0..1200 {
        rig.scan();
        rig.filtration.inputs.flow = Signal::Good(CubicMetresPerHour(0.0));
    }
    assert!(rig.filtration.feed_runs());
    assert!(rig.filtration.status.failed_by.is_empty());
}

/// Alarms 300 and 301: suppressed while power or the drives' bus explain them (s4, s5).
#[test]
fn feed_pumps_without_power_are_no_alarm() {
    for reason in [Reason::MainsLost, Reason::BusALost] {
        let mut rig = plant();
        rig.around.holds.feed = Reasons::only(reason);
        rig.run_s(5);
        assert_eq!(rig.filtration.alarms.pump_fault, Condition::Suppressed);
        assert_eq!(rig.filtration.alarms.pumps_failed, Condition::Suppressed);
    }
}

/// R-2.12-16, R-2.12-17: alarm 304 and what it is judged on.
#[test]
fn unsafe_water_is_an_alarm_whichever_analyser_sees_it() {
    type Spoil = fn(&mut Rig);
    let bad = Signal::Bad(Fault::Stale);
    let cases: [(&str, Spoil, Condition); 5] = [
        ("clear", |_| {}, Condition::Clear),
        ("combined", |rig| rig.combined = Some(Signal::Good(Ntu(1.1))), Condition::Active),
        ("deadband", |rig| rig.combined = Some(Signal::Good(Ntu(0.9))), Condition::AsBefore),
        (
            "combined dead, a filter's own",
            |rig| {
                rig.combined = Some(Signal::Bad(Fault::Stale));
                rig.beds[0].turbidity = Signal::Good(Ntu(1.1));
            },
            Condition::ActiveInDoubt(Doubt::Fallback),
        ),
        (
            "none",
            |rig| {
                rig.combined = Some(Signal::Bad(Fault::Stale));
                rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
                rig.beds[1].turbidity = Signal::Bad(Fault::Stale);
            },
            Condition::Bad(Fault::Computed),
        ),
    ];
    for (what, spoil, condition) in cases {
        let mut rig = plant();
        rig.run_s(120);
        spoil(&mut rig);
        rig.run_s(3);
        assert_eq!(rig.filtration.alarms.water_not_safe, condition, "{what}");
        if what == "none" {
            rig.run_s(297);
            assert!(rig.filters.iter().all(|filter| filter.outlet.is_closed()), "within 5 min");
            assert!(rig.filters[0].status.blocked.has(Reason::TurbidityUnknown));
        }
    }
    let mut rig = plant();
    rig.run_s(120);
    rig.combined = Some(bad);
    rig.run_s(5 * HOUR);
    assert!(rig.filtration.all_filtering(), "the filters' own carry on without AIT-330");
}

/// R-2.12-15: four hours of AIT-330 in its place, and the time left is shown.
#[test]
fn a_filter_without_its_analyser_shows_the_time_it_has_left() {
    let mut rig = plant();
    rig.run_s(120);
    assert_eq!(rig.filters[0].status.analyser_left, Duration::ZERO);
    rig.beds[0].turbidity = Signal::Bad(Fault::Stale);
    rig.run_s(HOUR);
    let left = rig.filters[0].status.analyser_left.as_secs();
    assert!((3 * 3600 - 60..=3 * 3600).contains(&left), "{left}");
    rig.combined = Some(Signal::Good(Ntu(0.6)));
    rig.run_s(900);
    assert!(!rig.filters[0].delivers(), "AIT-330 counts for it");
}

/// A feed that has just begun, or has none of its starts left, with settled water just above its stop level.
fn just_fed(used_up: bool) -> Rig {
    let mut rig = plant();
    rig.around.settled_level = Signal::Good(Percent(19.0));
    rig.run_s(400);
    assert!(!rig.filtration.feed_runs());
    rig.around.settled_level = Signal::Good(Percent(41.0));
    rig.run_until(600, "it feeds again", |rig| rig.filtration.pump.iter().any(Drive::is_running));
    rig.around.settled_level = Signal::Good(Percent(21.0));
    rig.run_s(5);
    if used_up {
        for pump in &mut rig.filtration.pump {
            pump.retained.hour_starts = Count(f64::from(0x0101_0101) + 4_294_967_296.0 * 257.0);
            pump.retained.off_left = Duration::ZERO;
            pump.restored(None);
        }
        rig.run_s(130);
    }
    rig
}

fn running(rig: &Rig) -> Vec<bool> {
    rig.filtration.pump.iter().map(Drive::is_on).collect()
}

/// R-2.15-02: a stop by the settled tank's level waits for the minimum time on, or while no start is left, at 1 m³/h of 5.
#[test]
fn a_feed_that_has_just_begun_or_could_not_start_again_runs_on_slowly() {
    for (used_up, lasts_s) in [(false, 105..=125), (true, 3_400..=3_600)] {
        let mut rig = just_fed(used_up);
        rig.around.settled_level = Signal::Good(Percent(17.0));
        let before = rig.filtration.status.setpoint;
        let mut scans = 0;
        while rig.filtration.feed_runs() {
            rig.scan();
            scans += 1;
            assert!(rig.filtration.status.setpoint <= before, "it is lowered");
        }
        assert!(lasts_s.contains(&(scans / 2)), "{} s, used up: {used_up}", scans / 2);
        assert!(rig.filtration.status.run_on_left.is_zero());
    }
    let mut rig = just_fed(true);
    rig.around.settled_level = Signal::Good(Percent(17.0));
    rig.run_s(1200);
    assert!((rig.filtration.status.setpoint.0 - 1.0).abs() < 1e-9);
}

/// R-2.15-02: everything else than that level stops it at once, and starts no other pump.
#[test]
fn a_feed_that_runs_on_stops_at_once_for_everything_else() {
    type Change = fn(&mut Rig);
    fn duty(rig: &mut Rig) -> &mut Drive {
        rig.filtration.pump.iter_mut().find(|pump| pump.is_running()).unwrap()
    }
    for used_up in [false, true] {
        for (name, change) in [
            ("lower", (|rig| rig.around.settled_level = Signal::Good(Percent(14.9))) as Change),
            ("unknown", |rig| rig.around.settled_level = Signal::Bad(Fault::Stale)),
            ("no number", |rig| rig.around.settled_level = Signal::Good(Percent(f64::NAN))),
            ("doubted", |rig| {
                rig.around.settled_level = Signal::Uncertain(Percent(17.0), Doubt::Stuck);
            }),
            ("a cause", |rig| rig.hold(Reasons::only(Reason::EmergencyStop))),
            ("no demand", |rig| rig.around.demand = Demand::Idle),
            ("drained", |rig| rig.around.demand = Demand::Drain),
            ("the unit in OFF", |rig| rig.filtration.handling.change(Mode::Off, 7)),
            ("the pump in OFF", |rig| duty(rig).handling.change(Mode::Off, 7)),
            ("the pump in MANUAL", |rig| duty(rig).handling.change(Mode::Manual, 7)),
            ("a shut hand valve", |rig| rig.feed_shut = true),
        ] {
            let mut rig = just_fed(used_up);
            rig.around.settled_level = Signal::Good(Percent(17.0));
            rig.run_s(3);
            assert!(rig.filtration.feed_runs(), "{name}");
            let on = running(&rig);
            change(&mut rig);
            // A dead head is found within 15 s (INV-20), once what moved has come to rest.
            let patience = if rig.feed_shut { 25 } else { 3 };
            for scan in 0..120 {
                rig.scan();
                let runs = rig.filtration.pump.iter().any(|pump| pump.outputs.run.value());
                assert!(!runs || scan <= 2 * patience, "{name}, used up: {used_up}");
                let started = running(&rig).iter().zip(&on).any(|(is, was)| *is && !was);
                assert!(!started, "{name}, used up: {used_up}: another one starts");
            }
        }
    }
}
