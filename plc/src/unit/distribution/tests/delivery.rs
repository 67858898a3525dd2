//! Filling the elevated tank.

use super::*;
use crate::signal::Doubt;

/// R-2.8-01, R-2.8-02, R-2.17-03: filled from 1.50 to 2.30 m, and not in between.
#[test]
fn the_tank_is_filled_from_its_start_level_to_its_stop_level() {
    let mut rig = Rig::new();
    rig.run_s(60);
    assert_eq!((rig.state(), rig.on()), (State::Ready {}, false));
    assert!(rig.blocked(Reason::NoDemand));
    assert!(rig.until_s(4 * HOUR_S, |rig| rig.state() == State::Filling {}));
    assert!(rig.tank <= 1.5 && rig.tank > 1.48);
    (rig.village, rig.filtered) = (1.0, 6.0);
    assert!(rig.until_s(4 * HOUR_S, |rig| rig.state() == State::Ready {}));
    assert!(rig.tank >= 2.29 && rig.tank < 2.32, "{}", rig.tank);
    assert!((rig.unit.status.setpoint.0 - 6.0).abs() < 1e-9);
}

/// R-2.8-02, INV-21: HH at 2.40 m, or the float, stops a pump by hand too.
#[test]
fn a_full_tank_stops_the_pump_whoever_runs_it() {
    for float in [true, false] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.high_float, rig.filtered) = (2.25, 0.0, float, 6.0);
        rig.unit.pump[0].handling.change(Mode::Manual, 7);
        rig.step();
        assert!(rig.unit.pump[0].handling.ask(Percent(95.0), Duration::from_secs(3600), 8).is_ok());
        assert!(rig.until_s(60, Rig::on));
        rig.run_s(HOUR_S);
        assert!(
            !rig.on() && rig.tank < 2.42 && rig.blocked(Reason::ElevatedTankFull),
            "{}",
            rig.tank
        );
        assert_eq!(rig.spilled, 0.0);
    }
}

/// F56: a pump left running by hand overnight stops at every limit, and for good after its time.
#[test]
fn a_pump_left_in_manual_overnight_stops_at_its_limits() {
    for (name, spoil) in [
        (
            "chlorine",
            (|rig| rig.around.residual = Signal::Good(MilligramsPerLitre(0.1))) as fn(&mut Rig),
        ),
        ("contact time", |rig| rig.around.contact_short = true),
        ("turbid", |rig| rig.around.turbid = true),
        ("low well", |rig| rig.well = 0.5),
        ("a cause", |rig| rig.around.holds = Reasons::only(Reason::WashPumpRuns)),
    ] {
        let mut rig = Rig::new();
        (rig.village, rig.filtered) = (6.0, 6.0);
        rig.unit.pump[0].handling.change(Mode::Manual, 7);
        rig.step();
        assert!(rig.unit.pump[0].handling.ask(Percent(90.0), Duration::from_secs(3600), 8).is_ok());
        rig.run_s(120);
        assert!(rig.on(), "{name}");
        spoil(&mut rig);
        rig.run_s(70);
        assert!(!rig.on(), "{name}");
    }
    let mut rig = Rig::new();
    (rig.village, rig.filtered) = (6.0, 6.0);
    rig.unit.pump[0].handling.change(Mode::Manual, 7);
    rig.step();
    assert!(rig.unit.pump[0].handling.ask(Percent(90.0), Duration::from_secs(3600), 8).is_ok());
    rig.run_s(3700);
    assert!(!rig.unit.pump[0].outputs.run.value());
}

/// R-2.1-01, R-2.1-02: the unit switched off, or taken by a person, runs nothing by itself.
#[test]
fn a_unit_taken_out_of_auto_fills_no_tank() {
    for (mode, why) in [
        (Mode::Off, Reason::SwitchedOff),
        (Mode::Manual, Reason::InManual),
        (Mode::Maintenance, Reason::InMaintenance),
    ] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 3.0, 6.0);
        rig.run_s(60);
        assert!(rig.on());
        rig.unit.handling.change(mode, 7);
        rig.run_s(60);
        assert_eq!((rig.on(), rig.state()), (false, State::Off {}), "{mode:?}");
        assert!(rig.blocked(why), "{mode:?}");
        rig.unit.handling.change(Mode::Auto, 8);
        rig.run_s(300);
        assert!(rig.on(), "{mode:?}");
    }
}

/// R-2.8-02, R-2.14-03: the window of cheap power and a storm on its way shift start and stop; without a clock there is no
/// window.
#[test]
fn a_window_and_a_storm_shift_the_levels() {
    let ten = Duration::from_secs(10 * 3600);
    let fifteen = Duration::from_secs(15 * 3600);
    for (from, to, hour, clock, storm, level, fills) in [
        (Duration::ZERO, Duration::ZERO, 12, true, false, 1.6, false),
        (Duration::ZERO, Duration::ZERO, 12, true, true, 2.05, true),
        (ten, fifteen, 12, true, false, 2.05, true),
        (ten, fifteen, 9, true, false, 1.45, false),
        (ten, fifteen, 9, true, false, 1.15, true),
        (fifteen, ten, 9, true, false, 2.05, true),
        (ten, fifteen, 9, false, false, 1.45, true),
        (ten, fifteen, 9, true, true, 2.05, true),
    ] {
        let mut rig = Rig::new();
        (rig.unit.settings.window_from, rig.unit.settings.window_to) = (from, to);
        (rig.clock, rig.time, rig.tank, rig.around.fill_up) = (clock, hour * 3600, level, storm);
        rig.run_s(5);
        let found = rig.unit.status.state == State::Filling {};
        assert_eq!(
            found, fills,
            "{from:?} to {to:?} at {hour}, clock {clock}, storm {storm}, {level} m"
        );
    }
}

/// R-2.8-04: each permissive, one by one, holds delivery and says so.
#[test]
fn nothing_is_delivered_without_every_permissive() {
    for (reason, spoil) in [
        (Reason::FilteredWaterTurbid, (|rig| rig.around.turbid = true) as fn(&mut Rig)),
        (Reason::ContactTimeTooShort, |rig| rig.around.inactivation.ratio = 0.99),
        (Reason::ContactTimeTooShort, |rig| rig.around.contact_short = true),
        (Reason::ContactTimeUnknown, |rig| rig.around.contact_volume = None),
        (Reason::ChlorineOutOfLimits, |rig| {
            rig.around.residual = Signal::Good(MilligramsPerLitre(0.29));
        }),
        (Reason::ChlorineOutOfLimits, |rig| {
            rig.around.residual = Signal::Good(MilligramsPerLitre(4.1));
        }),
        (Reason::ChlorineUnknown, |rig| rig.around.residual = Signal::Bad(Fault::Stale)),
        (Reason::ChlorineUnknown, |rig| rig.around.residual = Signal::Bad(Fault::Range)),
        (Reason::ChlorineOutOfLimits, |rig| rig.around.residual = Signal::Bad(Fault::Overrange)),
        (Reason::ClearWellLow, |rig| rig.well = 0.69),
        (Reason::WashPumpRuns, |rig| rig.around.holds = Reasons::only(Reason::WashPumpRuns)),
        (Reason::Washing, |rig| rig.around.rest_for_wash = true),
        (Reason::QualityHold, |rig| rig.unit.retained.contaminated = true),
        (Reason::NotStarted, |rig| rig.around.run = false),
        (Reason::NoPumpAvailable, |rig| {
            rig.unit.pump.iter_mut().for_each(|pump| pump.handling.change(Mode::Maintenance, 7));
        }),
    ] {
        let mut rig = Rig::new();
        (rig.tank, rig.filtered) = (1.0, 0.0);
        spoil(&mut rig);
        for _ in 0..120 {
            rig.step();
            assert!(!rig.on(), "{reason:?}");
        }
        assert!(
            rig.blocked(reason),
            "{reason:?}: {:?}",
            rig.unit.status.blocked.iter().collect::<Vec<_>>()
        );
    }
    let mut rig = Rig::new();
    rig.tank = 1.0;
    rig.run_s(30);
    assert!(rig.on() && rig.unit.status.safe_to_drink);
}

/// INV-44, R-2.8-04: whatever keeps water back for its quality while the tank asks for it is told within 10 s, by alarm 511 if by no
/// other; not while nobody asks, while a wash has the clear well, or where a person stopped it.
#[test]
fn no_stop_of_delivery_for_the_waters_quality_is_silent() {
    type Change = fn(&mut Rig);
    let hold = |reason| Reasons::only(reason);
    let rows: [(&str, Change, u32, bool); 13] = [
        ("well", |_| (), 60, false),
        ("unknown", |r| r.around.residual = Signal::Bad(Fault::Stale), 1801, true),
        ("off the scale", |r| r.around.residual = Signal::Bad(Fault::Overrange), 2, true),
        ("high", |r| r.around.residual = Signal::Good(MilligramsPerLitre(4.1)), 62, true),
        ("low", |r| r.around.residual = Signal::Good(MilligramsPerLitre(0.29)), 62, true),
        ("held", |r| r.unit.retained.contaminated = true, 2, true),
        ("contact", |r| r.around.contact_short = true, 2, true),
        ("turbid", |r| (r.around.turbid, r.around.holds) = TURBID, 2, true),
        ("levels", |r| (r.levels, r.around.feed) = (false, Signal::Bad(Fault::Stale)), 62, true),
        (
            "no demand",
            |r| {
                (r.unit.settings.fill_start, r.unit.settings.fill_stop) =
                    (Metres(0.5), Metres(0.9));
                r.around.residual = Signal::Bad(Fault::Overrange);
            },
            60,
            false,
        ),
        ("a wash", |r| r.around.rest_for_wash = true, 200, false),
        ("stopped", |r| (r.around.run, r.unit.retained.contaminated) = (false, true), 60, false),
        (
            "taken out",
            |r| {
                r.unit.handling.change(Mode::Off, 7);
                r.around.residual = Signal::Bad(Fault::Overrange);
            },
            60,
            false,
        ),
    ];
    assert!(UNPROVEN_HOLDS.iter().all(|reason| {
        let mut rig = Rig::new();
        (rig.tank, rig.around.holds) = (1.0, hold(*reason));
        rig.run_s(5);
        rig.unit.alarms.water_held_back == Condition::Active
    }));
    for (what, spoil, seconds, told) in rows {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
        rig.run_s(200);
        assert!(rig.on(), "{what}");
        spoil(&mut rig);
        rig.run_s(seconds);
        assert_eq!(rig.unit.alarms.water_held_back == Condition::Active, told, "{what}");
        assert!(!told || !rig.on(), "{what}");
    }
}

const TURBID: (bool, Reasons) = (true, Reasons::only(Reason::FilteredWaterTurbid));
/// Causes of the table, and words of the neighbours.
const UNPROVEN_HOLDS: [Reason; 6] = [
    Reason::ChlorineTooLow,
    Reason::ChlorineDangerous,
    Reason::ChlorineStaysLow,
    Reason::ChlorineEmpty,
    Reason::TreatedPhOutOfRange,
    Reason::FilteredWaterTurbid,
];

/// R-2.12-18: AIT-403 gone, P-501 goes on for half an hour; off its scale, for none.
#[test]
fn an_analyser_that_falls_silent_stops_delivery_after_half_an_hour() {
    for (fault, seconds, on) in [
        (Fault::Stale, 1790, true),
        (Fault::Stale, 1810, false),
        (Fault::Range, 1790, true),
        (Fault::Range, 1810, false),
        (Fault::Overrange, 5, false),
    ] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
        rig.run_s(60);
        rig.around.residual = Signal::Bad(fault);
        rig.run_s(seconds);
        assert_eq!(rig.on(), on, "{fault:?} for {seconds} s");
    }
}

/// R-2.12-18, INV-32: a person's test stands in for AIT-403, and when it is too old no new grace begins; while AIT-403 has been
/// silent for less than half an hour, what is left of that goes on.
#[test]
fn a_test_by_hand_that_lapses_gives_no_new_grace() {
    let tested = Signal::Uncertain(MilligramsPerLitre(0.7), Doubt::HandValue);
    for (silent, by_hand, more, on) in
        [(600, 3600, 5, false), (600, 600, 590, true), (600, 600, 610, false)]
    {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
        rig.run_s(60);
        rig.around.residual = Signal::Bad(Fault::Stale);
        rig.run_s(silent);
        rig.around.residual = tested;
        rig.run_s(by_hand);
        assert!(rig.on(), "the test carries it");
        rig.around.residual = Signal::Bad(Fault::Stale);
        rig.run_s(more);
        assert_eq!(rig.on(), on, "{silent} s, {by_hand} s, {more} s");
    }
}

/// R-2.7.4-03, INV-3: less flow buys contact time, down to 3 m³/h of 5, and no further.
#[test]
fn delivery_slows_down_to_keep_contact_time() {
    for (allowed, asked) in [(Some(9.0), 6.0), (Some(4.0), 4.0), (Some(2.0), 3.0), (None, 3.0)] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.3, 4.5, 5.0);
        rig.run_s(60);
        rig.around.flow_allowed = allowed.map(CubicMetresPerHour);
        rig.run_s(50);
        assert_eq!(rig.unit.status.setpoint, CubicMetresPerHour(asked), "within the minute");
        rig.run_s(120);
        assert!((rig.flow - asked).abs() < 0.15, "{allowed:?}: {}", rig.flow);
    }
}

/// R-2.8-08: a second pump below 1.0 m, where contact time and power allow it.
#[test]
fn a_second_pump_helps_a_low_tank_where_contact_time_and_power_allow() {
    for (allowed, power, level, pumps) in
        [(20.0, true, 0.9, 2), (20.0, true, 1.2, 1), (8.0, true, 0.9, 1), (20.0, false, 0.9, 1)]
    {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (level, 6.0, 6.0);
        rig.around.flow_allowed = Some(CubicMetresPerHour(allowed));
        rig.around.power_spare = power;
        rig.run_s(180);
        assert_eq!(rig.pumps_on(), pumps, "{allowed} m³/h, power {power}, {level} m");
        assert_eq!(rig.state() == State::FillingWithLag {}, pumps == 2);
    }
}

/// R-2.15-03, R-2.8-01: the standby of a failed pump does not wait; both failed are a fault until reset.
#[test]
fn a_failed_pump_is_replaced_at_once_and_two_failed_are_a_fault() {
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
    rig.run_s(60);
    for failed in 0..2 {
        rig.unit.pump[failed].inputs.tripped = Signal::Good(true);
        rig.unit.pump[failed].status.state = crate::device::PumpState::Fault;
        rig.run_s(20);
        assert_eq!(rig.pumps_on(), 1 - failed, "{failed}");
    }
    assert_eq!(rig.state(), State::Fault {});
    assert_eq!(rig.unit.alarms.pumps_failed, Condition::Active);
    assert!(rig.unit.status.hours_left > Duration::ZERO);
    rig.around.reset = true;
    rig.run_s(400);
    assert!(rig.on() && rig.unit.alarms.pumps_failed == Condition::Clear);
}

/// R-2.8-09, INV-20: a closed pipe, and INV-19: a dry suction: no effect stops the pump within 15 s of running, with its name.
#[test]
fn a_pump_without_effect_is_stopped_within_15_s_and_named() {
    for (wet, why) in [(true, Reason::DeadHead), (false, Reason::DryRun)] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
        rig.run_s(60);
        rig.pipe = 0.0;
        let mut longest = 0;
        let mut still = 0;
        for _ in 0..120 {
            rig.step();
            if !wet {
                // The levels lie: there is no water, and nothing but the flow says so.
                rig.unit.inputs.low_low = Signal::Good(false);
            }
            still = if rig.on() && rig.flow < 0.25 { still + 1 } else { 0 };
            longest = longest.max(still);
        }
        assert!(longest <= 17, "{longest} s");
        assert_eq!((rig.on(), rig.state()), (false, State::Fault {}));
        assert!(rig.unit.status.rest_left > Duration::ZERO);
        if wet {
            assert!(rig.unit.status.failed_by.has(why));
        }
        rig.pipe = 1.0;
        rig.run_s(900);
        assert!(rig.on(), "it tries again after its rest");
    }
}

/// R-2.8-09, INV-20, F56: a pump that a person runs, too slowly to lift water or against a closed pipe, is stopped like any
/// other, and stands while it rests.
#[test]
fn a_pump_run_by_hand_without_effect_is_stopped_too() {
    let mut rig = Rig::new();
    rig.pipe = 0.0;
    let pump = &mut rig.unit.pump[0];
    pump.handling.change(Mode::Manual, 7);
    rig.step();
    assert!(rig.unit.pump[0].handling.ask(Percent(28.0), Duration::from_secs(90), 8).is_ok());
    let mut ran = 0;
    for _ in 0..90 {
        rig.step();
        ran += i32::from(rig.on());
    }
    assert!((10..=17).contains(&ran), "{ran} s");
    assert!(!rig.on() && rig.unit.status.failed_by.has(Reason::DeadHead));
}

/// R-2.8-03 in a rising main: half the nominal flow and no head of the tank is a broken pipe; until reset.
#[test]
fn a_broken_rising_main_stops_delivery_until_reset() {
    let mut rig = Rig::new();
    (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
    rig.run_s(60);
    rig.main_broken = true;
    rig.run_s(29);
    assert!(rig.on());
    rig.run_s(5);
    assert!(!rig.on() && rig.blocked(Reason::PipeBroken));
    assert_eq!(rig.unit.alarms.pipe_burst, Condition::Active);
    rig.run_s(HOUR_S);
    assert!(!rig.on());
    rig.main_broken = false;
    rig.around.reset = true;
    rig.run_s(60);
    assert!(rig.on());
}

/// R-2.0-07, R-2.8-07, F41: XV-501 is slower than other valves, and is called a fault only after half as long again.
#[test]
fn the_outlet_of_the_tank_has_the_time_it_needs() {
    let mut outlet = Distribution::new(&Shape::default()).outlet;
    outlet.inputs.opened = Signal::Good(false);
    outlet.inputs.closed = Signal::Good(false);
    for _ in 0..44 {
        outlet.scan(Travel::Close, SECOND);
    }
    assert!(!outlet.is_faulty());
    for _ in 0..2 {
        outlet.scan(Travel::Close, SECOND);
    }
    assert!(outlet.is_faulty());
}
