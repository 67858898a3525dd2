use super::*;
use crate::signal::Fault;

const STEP: Duration = Duration::from_millis(100);

/// Mains as good as can be.
fn power() -> Power {
    let mut power = Power::default();
    power.inputs.mains = Signal::Good(true);
    power.inputs.on_mains = Signal::Good(true);
    power.inputs.voltage = Signal::Good(Volts(220.0));
    power.inputs.frequency = Signal::Good(Hertz(50.0));
    power.inputs.power = Signal::Good(KiloWatts(0.5));
    power.inputs.battery = Signal::Good(Percent(90.0));
    power
}

/// Runs for so many seconds; how it stands then.
fn run_s(power: &mut Power, seconds: f64) -> State {
    for _ in 0..libm::round(seconds * 10.0) as u32 {
        power.judge(Motors::default(), STEP);
    }
    power.status.state
}

/// The mains go for so many seconds, and come back.
fn cut(power: &mut Power, seconds: f64) {
    power.inputs.mains = Signal::Good(false);
    run_s(power, seconds);
    power.inputs.mains = Signal::Good(true);
}

fn good() -> Power {
    let mut power = power();
    assert_eq!(run_s(&mut power, 60.0), State::Good {});
    power
}

/// R-2.10-01: 0.3 s without mains is an outage; a shorter dip is none; a contact that cannot be read is.
#[test]
fn mains_that_are_away_for_a_third_of_a_second_are_lost() {
    let mut power = good();
    cut(&mut power, 0.2);
    assert_eq!(run_s(&mut power, 1.0), State::Good {});
    power.inputs.mains = Signal::Bad(Fault::Stale);
    run_s(&mut power, 0.2);
    assert!(power.is_good());
    assert_eq!(run_s(&mut power, 0.1), State::Lost {});
    assert!(!power.is_good() && power.status.blocked.has(Reason::MainsLost));
}

/// R-2.10-03: 60 s inside the bands; anything outside them begins the time anew.
#[test]
fn mains_that_come_back_are_trusted_after_a_minute_in_their_bands() {
    type Change = fn(&mut Inputs);
    let rows: &[(Change, bool)] = &[
        (|i| i.voltage = Signal::Good(Volts(198.0)), true),
        (|i| i.voltage = Signal::Good(Volts(197.9)), false),
        (|i| i.voltage = Signal::Good(Volts(242.1)), false),
        (|i| i.voltage = Signal::Good(Volts(f64::NAN)), false),
        (|i| i.frequency = Signal::Good(Hertz(49.0)), true),
        (|i| i.frequency = Signal::Good(Hertz(48.9)), false),
        (|i| i.frequency = Signal::Good(Hertz(51.1)), false),
        (|i| i.voltage = Signal::Bad(Fault::Stale), true),
        (|i| i.voltage = Signal::Bad(Fault::Overrange), false),
        (|i| i.frequency = Signal::Bad(Fault::Overrange), false),
    ];
    for (number, (change, trusted)) in rows.iter().enumerate() {
        let mut power = good();
        cut(&mut power, 5.0);
        change(&mut power.inputs);
        run_s(&mut power, 60.0);
        assert_eq!(run_s(&mut power, 0.1) == State::Good {}, *trusted, "row {number}");
    }
    let mut power = good();
    cut(&mut power, 5.0);
    run_s(&mut power, 50.0);
    assert_eq!(power.status.wait_left, Duration::from_millis(10_000));
    power.inputs.voltage = Signal::Good(Volts(160.0));
    run_s(&mut power, 0.1);
    power.inputs.voltage = Signal::Good(Volts(220.0));
    assert_eq!(run_s(&mut power, 59.9), State::Stabilising {});
    assert_eq!(run_s(&mut power, 0.1), State::Good {});
}

/// R-2.10-05: plants on one feeder wait differently after an outage, and each the same time every time.
#[test]
fn a_plant_with_a_delay_starts_so_much_later_after_an_outage_and_not_at_power_up() {
    let mut power = power();
    power.settings.restart_delay = Duration::from_secs(23);
    assert_eq!(run_s(&mut power, 60.0), State::Good {});
    for _ in 0..2 {
        cut(&mut power, 30.0);
        assert_eq!(run_s(&mut power, 82.9), State::Stabilising {});
        assert_eq!(run_s(&mut power, 0.2), State::Good {});
    }
}

/// R-2.10-06: the time in which the mains prove themselves is no part of the outage, unless they fail in it.
#[test]
fn an_outage_lasts_from_the_loss_until_the_mains_are_back_for_good() {
    let mut power = good();
    cut(&mut power, 570.3);
    run_s(&mut power, 60.1);
    assert_eq!(power.status.outage.as_secs(), 570);
    cut(&mut power, 100.3);
    run_s(&mut power, 40.0);
    cut(&mut power, 100.3);
    run_s(&mut power, 60.1);
    assert_eq!(power.status.outage.as_secs(), 240, "and it begins anew after good mains");
}

/// R-2.10-07: more than four outages in an hour are waited out for half an hour, with alarm 915; F43.
#[test]
fn mains_that_fail_too_often_are_waited_out() {
    let mut power = good();
    for _ in 0..4 {
        cut(&mut power, 1.0);
        assert_eq!(run_s(&mut power, 61.0), State::Good {});
    }
    cut(&mut power, 1.0);
    assert_eq!(run_s(&mut power, 1.0), State::BrownOut {});
    assert_eq!(power.alarms.brown_outs, Condition::Active);
    assert!(power.status.blocked.has(Reason::BrownOuts));
    assert_eq!(run_s(&mut power, 1798.0), State::BrownOut {});
    assert_eq!(run_s(&mut power, 2.0), State::Good {});
    assert!(power.status.outage >= Duration::from_secs(1800), "the plant stood all the while");
}

/// R-2.10-02: the battery is an alarm at 40 %, and a shut-down at 20 % for 10 s, only while it feeds the controller.
#[test]
fn a_battery_that_runs_out_ends_the_controller_in_order() {
    let mut power = good();
    power.inputs.mains = Signal::Good(false);
    power.inputs.battery = Signal::Good(Percent(39.9));
    run_s(&mut power, 20.0);
    assert_eq!((power.alarms.battery_low, power.status.shut_down), (Condition::Active, false));
    power.inputs.battery = Signal::Good(Percent(19.9));
    run_s(&mut power, 9.9);
    assert!(!power.status.shut_down);
    run_s(&mut power, 0.1);
    assert!(power.status.shut_down);
    power.inputs.mains = Signal::Good(true);
    run_s(&mut power, 0.1);
    assert!(!power.status.shut_down);
    power.inputs.battery = Signal::Bad(Fault::Stale);
    power.inputs.mains = Signal::Good(false);
    run_s(&mut power, 20.0);
    assert!(!power.status.shut_down, "a battery nobody knows ends nothing");
}

/// R-2.10-04, INV-24: what may be started with the power there is; F44: no start below 198 V.
#[test]
fn no_motor_starts_on_a_low_voltage_or_beyond_the_power_that_may_be_drawn() {
    type Change = fn(&mut Power);
    let none = Reasons::NONE;
    let only = Reasons::only;
    let rows: &[(&str, Change, Reasons, Reasons)] = &[
        ("well", |_| {}, none, none),
        (
            "197 V",
            |p| p.inputs.voltage = Signal::Good(Volts(197.0)),
            only(Reason::VoltageLow),
            only(Reason::VoltageLow),
        ),
        (
            "little left",
            |p| p.inputs.power = Signal::Good(KiloWatts(2.9)),
            none,
            only(Reason::PowerBudget),
        ),
        (
            "meter silent, drives take it",
            |p| p.inputs.power = Signal::Bad(Fault::Stale),
            none,
            only(Reason::PowerBudget),
        ),
        ("on battery", |p| p.inputs.limited = Signal::Good(true), none, only(Reason::PowerLimited)),
    ];
    for (name, change, all, large) in rows {
        let mut power = good();
        change(&mut power);
        power.judge(Motors { power: KiloWatts(3.5), some_on: true }, STEP);
        let held = power.starts_held();
        assert_eq!((held.all, held.large), (*all, *large), "{name}");
    }
    let mut limited = good();
    limited.inputs.limited = Signal::Good(true);
    limited.judge(Motors::default(), STEP);
    assert_eq!(limited.starts_held().large, none, "one pump at a time may start");
}

/// INV-24: more than may be drawn is shed after 5 s, and may come back after a minute within the limit.
#[test]
fn power_above_its_limit_is_shed_within_ten_seconds() {
    let mut power = good();
    for above in [Signal::Good(KiloWatts(4.1)), Signal::Bad(Fault::Overrange)] {
        power.inputs.power = above;
        run_s(&mut power, 4.9);
        assert!(!power.is_over());
        run_s(&mut power, 0.1);
        assert!(power.is_over() && power.starts_held().large.has(Reason::PowerBudget));
        power.inputs.power = Signal::Good(KiloWatts(3.9));
        run_s(&mut power, 59.9);
        assert!(power.is_over());
        run_s(&mut power, 0.1);
        assert!(!power.is_over());
    }
}

/// R-2.10-03: alarm 903 comes at the bands' edge and goes 2 % inside; while the mains are away 901 says it.
#[test]
fn a_bad_voltage_is_an_alarm_of_its_own_only_while_there_are_mains() {
    let mut power = good();
    for (volts, condition) in [
        (198.0, Condition::AsBefore),
        (197.0, Condition::Active),
        (201.0, Condition::AsBefore),
        (203.0, Condition::Clear),
    ] {
        power.inputs.voltage = Signal::Good(Volts(volts));
        run_s(&mut power, 0.1);
        assert_eq!(power.alarms.out_of_limits, condition, "{volts} V");
    }
    power.inputs.voltage = Signal::Good(Volts(0.0));
    power.inputs.mains = Signal::Good(false);
    run_s(&mut power, 1.0);
    let alarms = power.alarms;
    assert_eq!((alarms.lost, alarms.out_of_limits), (Condition::Active, Condition::Suppressed));
}

/// The controller is without power for so long, the mains before it for so long.
fn restarted(before: &Power, outage: u64, away: Option<u64>) -> Power {
    let mut power = Power { retained: before.retained, ..power() };
    power.restored(Duration::from_secs(outage), away.map(Duration::from_secs));
    power
}

/// R-2.10-07, R-2.10-08: outages that take the controller with them count like others: it saw the mains go, or it was away for
/// longer than a new beginning takes, or nobody knows how long. A new beginning alone is none.
#[test]
fn outages_count_over_restarts_of_the_controller() {
    for (outage, away, waits) in [
        (300, Some(60), true),
        (0, Some(60), true),
        (0, Some(15), true),
        (0, None, true),
        (0, Some(14), false),
    ] {
        let mut power = good();
        for number in 1..=5 {
            if outage > 0 {
                power.inputs.mains = Signal::Good(false);
                run_s(&mut power, 1.0);
            }
            power = restarted(&power, outage, away);
            let state = run_s(&mut power, 61.0);
            let fifth = waits && number == 5;
            assert_eq!(state == State::BrownOut {}, fifth, "{outage} {away:?} {number}");
        }
        if !waits {
            continue;
        }
        // A restart in the wait ends it no sooner: it begins anew.
        run_s(&mut power, 1000.0);
        let mut power = restarted(&power, 0, Some(3));
        assert_eq!(run_s(&mut power, 1798.0), State::BrownOut {});
        assert_eq!(run_s(&mut power, 3.0), State::Good {});
        assert!(!power.retained.waits);
    }
    // An hour later they are forgotten.
    let mut power = good();
    for away in [60, 60, 60, 60, 3600] {
        power = restarted(&power, 0, Some(away));
        assert_eq!(run_s(&mut power, 61.0), State::Good {}, "{away} s");
    }
}

/// R-2.10-07: an outage that goes on when the controller is back is the same one.
#[test]
fn an_outage_that_outlasts_a_restart_counts_once() {
    let mut power = good();
    for _ in 0..4 {
        cut(&mut power, 1.0);
        run_s(&mut power, 61.0);
        power = restarted(&power, 1, Some(60));
        power.inputs.mains = Signal::Good(false);
        run_s(&mut power, 5.0);
        power.inputs.mains = Signal::Good(true);
        assert_eq!(run_s(&mut power, 61.0), State::Good {});
    }
    cut(&mut power, 1.0);
    assert_eq!(run_s(&mut power, 1.0), State::BrownOut {});
}

/// R-2.10-04, R-2.10-05: after an outage that took the controller with it plants on one feeder wait differently too, and motors
/// keep their longer distance; after a new beginning alone they do not.
#[test]
fn a_controller_that_went_with_the_mains_comes_back_as_after_an_outage() {
    for (outage, away, expected) in
        [(600, 5, true), (600, 3600, true), (0, 60, true), (0, 5, false)]
    {
        let mut power = restarted(&good(), outage, Some(away));
        power.settings.restart_delay = Duration::from_secs(20);
        let state = run_s(&mut power, 61.0);
        assert_eq!(state == State::Stabilising {}, expected, "{outage} {away}");
        assert_eq!(run_s(&mut power, 20.0), State::Good {});
        assert_eq!(power.returned().is_some(), expected, "{outage} {away}");
        let lasted = if expected { outage + away } else { 0 };
        assert_eq!(power.status.outage.as_secs(), lasted, "the time that proves the mains is none");
    }
}
