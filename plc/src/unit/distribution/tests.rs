//! What distribution promises, story by story.

use std::vec::Vec;

use super::rig::{HOUR_S, Rig, SECOND, Shown};
use super::*;
use crate::device::Mode;
use crate::quantity::Ntu;

/// Judges what enters and what leaves the clear well, once a second.
fn judge_s(unit: &mut Distribution, seconds: u32, entering: f64, residual: f64) {
    for _ in 0..seconds {
        let entering = Some(Signal::Good(Ntu(entering)));
        unit.judge_quality(entering, Signal::Good(MilligramsPerLitre(residual)), SECOND);
    }
}

fn known() -> Distribution {
    let mut unit = Distribution::new(&Shape::default());
    unit.retained.quality_known = true;
    unit
}

// The quality hold.

/// R-2.8-05: what sets the hold, and what does not.
#[test]
fn turbid_water_for_a_minute_cloudy_water_for_a_quarter_and_lost_chlorine_hold_the_clear_well() {
    for (seconds, entering, residual, held) in [
        (60, 1.1, 0.8, true),
        (59, 1.1, 0.8, false),
        (900, 0.6, 0.8, true),
        (899, 0.6, 0.8, false),
        (900, 0.5, 0.8, false),
        (300, 0.1, 0.19, true),
        (299, 0.1, 0.19, false),
        (9000, 0.1, 0.2, false),
    ] {
        let mut unit = known();
        judge_s(&mut unit, seconds, entering, residual);
        assert_eq!(
            unit.retained.contaminated, held,
            "{seconds} s of {entering} NTU, {residual} mg/l"
        );
    }
}

/// R-2.8-05: a clear well of which nothing is known is held.
#[test]
fn a_clear_well_that_nobody_knows_is_held_until_it_is_disinfected() {
    let mut unit = Distribution::new(&Shape::default());
    judge_s(&mut unit, 1, 0.1, 0.8);
    assert!(unit.retained.contaminated);
}

/// R-2.8-05: the first exit, by draining.
#[test]
fn a_clear_well_without_chlorine_is_fit_again_once_drained_and_refilled() {
    let mut unit = known();
    judge_s(&mut unit, 301, 0.1, 0.1);
    assert!(unit.retained.contaminated);
    unit.status.level = Signal::Good(Metres(0.31));
    assert_eq!(unit.confirm_drained(), Err(Reason::NotNow));
    unit.status.level = Signal::Good(Metres(0.25));
    assert_eq!(unit.confirm_drained(), Ok(()));
    // The rest of the old water still reads low while the well is refilled.
    judge_s(&mut unit, 1200, 0.1, 0.15);
    judge_s(&mut unit, 1200, 0.1, 0.6);
    unit.status.level = Signal::Good(Metres(1.0));
    assert_eq!(unit.confirm_quality(), Ok(()));
    assert!(!unit.retained.contaminated);
    judge_s(&mut unit, 10, 0.1, 0.6);
    assert!(!unit.retained.contaminated);
}

/// R-2.8-05: refilled at 0.5 NTU or less.
#[test]
fn cloudy_water_while_refilling_undoes_the_draining() {
    let mut unit = known();
    judge_s(&mut unit, 61, 1.5, 0.6);
    unit.status.level = Signal::Good(Metres(0.25));
    assert_eq!(unit.confirm_drained(), Ok(()));
    judge_s(&mut unit, 61, 0.1, 0.6);
    judge_s(&mut unit, 901, 0.6, 0.6);
    unit.status.level = Signal::Good(Metres(1.0));
    assert_eq!(unit.confirm_quality(), Err(Reason::CauseStillActive));
}

/// R-2.8-05: the second exit, an hour at 1.5 mg/l; a dip of ten minutes pauses it, a longer one begins it anew.
#[test]
fn an_hour_of_strong_chlorine_survives_a_short_dip_and_no_long_one() {
    for (dip_s, fit) in [(0, true), (600, true), (602, false)] {
        let mut rig = Rig::new();
        rig.unit.retained.contaminated = true;
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.6));
        rig.run_s(1800);
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.3));
        rig.run_s(dip_s);
        rig.around.residual = Signal::Good(MilligramsPerLitre(1.6));
        rig.run_s(1790);
        assert_eq!(rig.unit.confirm_quality(), Err(Reason::CauseStillActive), "too soon");
        rig.run_s(15);
        assert_eq!(rig.unit.confirm_quality().is_ok(), fit, "a dip of {dip_s} s");
    }
}

/// INV-16, R-2.8-05: contaminated means off, also by hand; the hold needs a person to end it.
#[test]
fn a_contaminated_clear_well_delivers_nothing() {
    let mut rig = Rig::new();
    rig.tank = 1.0;
    rig.run_s(60);
    assert!(rig.on());
    rig.unit.retained.contaminated = true;
    rig.run_s(1);
    assert!(!rig.on() && rig.state() == State::QualityHold {});
    rig.unit.pump[0].handling.change(Mode::Manual, 7);
    rig.step();
    assert!(rig.unit.pump[0].handling.ask(Percent(90.0), Duration::from_secs(3600), 8).is_ok());
    for _ in 0..2000 {
        rig.step();
        assert!(!rig.on());
    }
    assert!(rig.unit.alarms.quality_hold == Condition::Active);
}

// The clear well's level.

/// R-2.12-10, F38: two levels and two floats vote.
#[test]
fn the_lower_of_two_levels_counts_for_suction_and_the_higher_for_overflow() {
    let bad = Signal::Bad(Fault::Stale);
    let good = |level: f64| Signal::Good(Metres(level));
    // level A, level B, low float, high float: for suction, for overflow, whether in doubt.
    for (a, b, low, high, lower, higher, sure) in [
        (good(1.2), good(1.22), true, true, Some(1.2), Some(1.22), true),
        (good(1.6), good(1.2), true, true, Some(1.2), Some(1.6), false),
        (bad, good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(1.2), bad, true, true, Some(1.2), Some(1.2), false),
        // A float contradicts one of two that disagree: the other is right.
        (good(2.1), good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(0.1), good(1.2), true, true, Some(1.2), Some(1.2), false),
        (good(1.0), good(0.25), false, true, Some(0.25), Some(0.25), false),
        (good(1.0), good(1.97), true, false, Some(1.97), Some(1.97), false),
        // Two levels that agree outvote a float.
        (good(1.2), good(1.2), true, false, Some(1.2), Some(1.2), true),
        (bad, bad, true, true, None, None, false),
    ] {
        let mut unit = known();
        unit.inputs.level_a = a;
        unit.inputs.level_b = b;
        unit.inputs.low_low = Signal::Good(low);
        unit.inputs.high_high = Signal::Good(high);
        for _ in 0..61 {
            unit.judge(SECOND);
        }
        let found = (unit.status.level.usable(), unit.level_high());
        let name = std::format!("{a:?} {b:?} {low} {high}");
        assert_eq!(found, (lower.map(Metres), higher.map(Metres)), "{name}");
        assert_eq!(unit.status.level.good().is_some(), sure, "{name}");
    }
}

/// R-2.12-19: both levels gone, P-501 runs only while the low float stands and filtered water comes; the volume is what the
/// float proves.
#[test]
fn without_a_level_the_float_and_the_feed_carry_delivery() {
    for (float, feed, carried) in [(true, 1.1, true), (true, 0.9, false), (false, 5.0, false)] {
        let mut rig = Rig::new();
        rig.tank = 1.0;
        rig.around.feed = Signal::Good(CubicMetresPerHour(feed));
        rig.step();
        rig.unit.inputs.level_a = Signal::Bad(Fault::Stale);
        rig.unit.inputs.level_b = Signal::Bad(Fault::Stale);
        rig.unit.inputs.low_low = Signal::Good(float);
        rig.unit.judge(SECOND);
        let blocked = rig.unit.blocked(&rig.around, Reasons::NONE, Some(0), false);
        assert_eq!(!blocked.has(Reason::LevelUnknown), carried, "{float} {feed}");
        let volume = rig.unit.status.volume.usable();
        assert_eq!(volume, float.then_some(CubicMetres(3.0)));
    }
}

/// R-2.17-02, R-2.8-04, INV-19: delivery stops below 0.70 m and comes back above 0.90 m for a minute.
#[test]
fn a_clear_well_that_is_drawn_down_is_left_to_fill_again() {
    let mut rig = Rig::new();
    (rig.tank, rig.well, rig.filtered, rig.village) = (0.5, 0.9, 0.0, 5.9);
    assert!(rig.until_s(HOUR_S, |rig| rig.state() == State::DryHold {}));
    assert!(rig.well > 0.68 && !rig.on() && rig.blocked(Reason::ClearWellLow));
    rig.filtered = 5.0;
    assert!(rig.until_s(2 * HOUR_S, Rig::on));
    assert!(rig.well > 0.9);
}

/// R-2.17-02: alarms of the clear well's level: high 421, low 413, empty 414, overflow 415, disagree 412.
#[test]
fn the_clear_wells_alarms_speak_at_their_levels() {
    for (level, high, low, empty, overflow) in [
        (1.0, Condition::Clear, Condition::Clear, Condition::Clear, Condition::Clear),
        (1.93, Condition::Active, Condition::Clear, Condition::Clear, Condition::Clear),
        (1.97, Condition::Active, Condition::Clear, Condition::Clear, Condition::Active),
        (0.65, Condition::Clear, Condition::Active, Condition::Clear, Condition::Clear),
        (0.25, Condition::Clear, Condition::Active, Condition::Active, Condition::Clear),
    ] {
        let mut rig = Rig::new();
        (rig.well, rig.filtered) = (level, 0.0);
        rig.run_s(2);
        let alarms = &rig.unit.alarms;
        let found = (alarms.high, alarms.level_low, alarms.empty, alarms.overflow);
        assert_eq!(found, (high, low, empty, overflow), "{level} m");
    }
}

// Delivery.

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

/// R-2.12-18: AIT-403 gone, P-501 goes on for half an hour; off its scale, for none.
#[test]
fn an_analyser_that_falls_silent_stops_delivery_after_half_an_hour() {
    for (fault, seconds, on) in
        [(Fault::Stale, 1790, true), (Fault::Stale, 1810, false), (Fault::Range, 5, false)]
    {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.0, 5.9, 6.0);
        rig.run_s(60);
        rig.around.residual = Signal::Bad(fault);
        rig.run_s(seconds);
        assert_eq!(rig.on(), on, "{fault:?} for {seconds} s");
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

// The elevated tank lost.

/// R-2.8-06, F39: without LT-501, and without anything from its node, the static pressure fills it; it neither spills nor
/// runs empty over a day of changing demand.
#[test]
fn a_lost_tank_is_filled_by_its_static_pressure() {
    let mut rig = Rig::new();
    rig.run_s(600);
    (rig.shown, rig.node) = (Shown::Nothing, false);
    rig.run_s(590);
    assert_ne!(rig.state(), State::TankCommLost {});
    rig.run_s(30);
    assert_eq!(rig.state(), State::TankCommLost {});
    let (mut least, mut most, mut filled) = (9.0_f64, 0.0_f64, false);
    for hour in 0..24 {
        rig.village = [1.0, 3.0, 7.0, 3.0][hour % 4];
        rig.filtered = 5.0;
        for _ in 0..HOUR_S {
            rig.step();
            least = least.min(rig.tank);
            most = most.max(rig.tank);
            filled |= rig.on();
        }
    }
    assert!(filled && least > 0.5 && most < 2.45, "{least} to {most}");
    assert_eq!(rig.spilled, 0.0);
    assert_eq!(rig.unit.alarms.tank_lost, Condition::Active);
    (rig.shown, rig.node) = (Shown::Truth, true);
    rig.run_s(30);
    assert_ne!(rig.state(), State::TankCommLost {});
}

/// R-2.8-06: with nothing at all it is filled half an hour in three, by day; without a clock, by the hours that pass.
#[test]
fn a_tank_of_which_nothing_is_known_is_filled_by_the_clock() {
    for (clock, runs) in [(true, 5..=6), (false, 7..=8)] {
        let mut rig = Rig::new();
        (rig.village, rig.filtered, rig.clock, rig.time) = (0.75, 5.0, clock, 0);
        rig.run_s(60);
        (rig.shown, rig.node, rig.gauge) = (Shown::Nothing, false, false);
        let (mut on_s, mut starts) = (0, 0);
        for _ in 0..24 * HOUR_S {
            let was = rig.on();
            rig.step();
            on_s += u32::from(rig.on());
            starts += u32::from(rig.on() && !was);
            let night = rig.time < 5 * 3600;
            assert!(!(clock && night && rig.on()), "at {} s of the day", rig.time);
        }
        assert!(runs.contains(&starts), "{starts} runs");
        assert!(on_s <= starts * 1801, "{on_s} s");
        assert_eq!(rig.spilled, 0.0);
    }
}

/// F40, INV-21: LT-501 frozen low; without the float the counted volume stops the pump before it spills.
#[test]
fn a_frozen_level_is_found_out_by_the_volume() {
    for village in [1.0, 3.0, 5.0] {
        let mut rig = Rig::new();
        (rig.tank, rig.village, rig.filtered) = (1.45, village, 6.0);
        (rig.high_float, rig.gauge) = (false, false);
        rig.run_s(60);
        assert!(rig.on());
        rig.shown = Shown::Number(1.4);
        for _ in 0..20 * HOUR_S {
            rig.step();
        }
        assert_eq!(rig.spilled, 0.0, "{village} m³/h");
        assert!(rig.tank > 1.0 && rig.state() == State::TankCommLost {}, "{}", rig.tank);
        // The transmitter is mended; it is believed when it has followed the water for a while.
        rig.shown = Shown::Truth;
        assert!(rig.until_s(24 * HOUR_S, |rig| rig.state() != State::TankCommLost {}));
    }
}

/// F54: a level forged low is refused within a minute; LSHH-501 or the volume keeps the tank from spilling.
#[test]
fn a_forged_level_is_refused_within_a_minute() {
    for forged in [0.5, 1.4, 2.6] {
        let mut rig = Rig::new();
        (rig.tank, rig.high_float) = (2.0, false);
        rig.run_s(600);
        rig.shown = Shown::Number(forged);
        rig.run_s(60);
        assert_eq!(rig.state(), State::TankCommLost {}, "{forged}");
        (rig.village, rig.filtered) = (1.0, 6.0);
        rig.run_s(20 * HOUR_S);
        assert_eq!(rig.spilled, 0.0, "{forged}");
        assert!(rig.tank > 0.5, "{forged}: {}", rig.tank);
    }
}

/// A healthy level is believed through days of filling and emptying, and its balances close.
#[test]
fn a_healthy_level_is_never_doubted() {
    let mut rig = Rig::new();
    for hour in 0..72 {
        rig.village = [0.6, 3.0, 7.5, 4.0, 2.0, 1.0][hour % 6];
        for _ in 0..HOUR_S {
            rig.filtered = rig.flow;
            rig.step();
            assert!(!rig.unit.tank.is_doubtful(), "hour {hour}");
        }
    }
    assert_eq!(rig.unit.tank_balance.alarms.balance, Condition::Clear);
    assert_eq!(rig.unit.clear_well_balance.alarms.balance, Condition::Clear);
}

// The village.

/// Lives this many days with a day's pattern; `night` flow from one to four.
fn live_days(rig: &mut Rig, days: u32, night: f64) {
    for _ in 0..days * 24 {
        rig.village = match rig.time / 3600 {
            0..=4 => night,
            6..=8 => 6.0,
            _ => 3.0,
        };
        rig.filtered = 3.5;
        rig.well = 1.5;
        rig.run_s(HOUR_S);
    }
}

/// R-2.8-07: three nights above 0.8 m³/h are a leak; one good night ends the count.
#[test]
fn water_that_runs_three_nights_is_a_leak() {
    let mut rig = Rig::new();
    live_days(&mut rig, 2, 1.2);
    assert_eq!(rig.unit.alarms.night_leak, Condition::Clear);
    live_days(&mut rig, 1, 1.2);
    assert_eq!(rig.unit.alarms.night_leak, Condition::Active);
    assert!((rig.unit.status.night_flow.0 - 1.2).abs() < 0.01);
    live_days(&mut rig, 1, 0.5);
    assert_eq!(rig.unit.alarms.night_leak, Condition::Clear);
}

/// R-2.8-07, F41: three times the usual for a quarter of an hour is a burst; a torn main is one at once. XV-501 closes only
/// where the site says so, and opens again by reset.
#[test]
fn a_burst_is_called_out_and_closes_the_outlet_only_where_the_site_says_so() {
    for (flow, seconds, close) in [(10.0, 890, false), (10.0, 890, true), (14.5, 0, false)] {
        let mut rig = Rig::new();
        rig.unit.settings.close_on_burst = close;
        live_days(&mut rig, 1, 0.5);
        (rig.tank, rig.village) = (2.2, flow);
        rig.run_s(seconds);
        if flow < 14.0 {
            assert_eq!(rig.unit.alarms.pipe_burst, Condition::Clear, "not yet");
        }
        rig.run_s(20);
        assert_eq!(rig.unit.alarms.pipe_burst, Condition::Active, "{flow} m³/h");
        assert!(rig.unit.status.network.has(Reason::PipeBroken));
        rig.run_s(60);
        assert_eq!(rig.unit.outlet.inputs.closed.closed(), close);
        rig.village = 3.0;
        rig.run_s(60);
        assert_eq!(rig.unit.outlet.inputs.closed.closed(), close, "a person opens it again");
        rig.around.reset = true;
        rig.run_s(60);
        assert!(rig.unit.outlet.inputs.opened.closed());
        assert_eq!(rig.unit.alarms.pipe_burst, Condition::Clear);
    }
}

/// F61: the tank has water and the village gets none at an hour when it always draws: an alarm within 30 min.
#[test]
fn a_village_that_is_cut_off_is_noticed_within_half_an_hour() {
    for learned in [false, true] {
        let mut rig = Rig::new();
        if learned {
            live_days(&mut rig, 1, 0.5);
        }
        rig.tank = 2.0;
        rig.village = 0.0;
        rig.run_s(1770);
        assert_eq!(rig.unit.alarms.pipe_burst, Condition::Active, "learned {learned}");
        assert!(rig.unit.status.network.has(Reason::VillageCutOff));
        // At night nobody wonders.
        let mut rig = Rig::new();
        if learned {
            live_days(&mut rig, 1, 0.5);
        }
        (rig.time, rig.tank, rig.village) = (3600, 2.0, 0.0);
        rig.run_s(2 * HOUR_S);
        assert_eq!(rig.unit.alarms.pipe_burst, Condition::Clear, "learned {learned}");
    }
}

/// How long the water lasts: the tank, and what can still be lifted, over the village's mean.
#[test]
fn the_hours_that_are_left_are_told() {
    let mut rig = Rig::new();
    rig.run_s(2);
    // 1.8 m of 12 m², and 0.8 m of 10 m², over 3.4 m³/h.
    let hours = rig.unit.status.hours_left.as_secs_f64() / 3600.0;
    assert!((hours - 29.6 / 3.4).abs() < 0.1, "{hours}");
    for pump in &mut rig.unit.pump {
        pump.status.state = crate::device::PumpState::Fault;
    }
    rig.run_s(2);
    let hours = rig.unit.status.hours_left.as_secs_f64() / 3600.0;
    assert!((hours - 21.6 / 3.4).abs() < 0.1, "{hours}");
}

// Straight into the network.

fn network() -> Rig {
    Rig::of(&Shape { elevated_tank: false, ..Shape::default() })
}

/// R-2.8-03: the pressure is kept while the village draws, by whatever flow that takes.
#[test]
fn without_a_tank_the_pressure_is_kept() {
    let mut rig = network();
    for village in [2.0, 6.0, 4.0] {
        (rig.village, rig.filtered) = (village, village);
        rig.run_s(300);
        let mut worst = 0.0_f64;
        for _ in 0..300 {
            rig.step();
            worst = worst.max((rig.kpa - 250.0).abs());
        }
        assert!(rig.on() && worst < 15.0, "{village} m³/h: {worst} kPa off");
    }
    assert_eq!(rig.state(), State::Filling {});
}

/// R-2.8-03, R-2.15-02, INV-20, INV-22: at night it sleeps on a raised pressure, wakes 30 kPa below its setpoint, and starts
/// no more than six times an hour; with closed taps it sleeps at once.
#[test]
fn without_a_tank_the_pump_sleeps_while_little_is_drawn() {
    let mut rig = network();
    (rig.village, rig.filtered) = (3.0, 3.0);
    rig.run_s(600);
    (rig.village, rig.filtered) = (0.5, 0.5);
    let (mut highest, mut slept_below) = (0.0_f64, 999.0_f64);
    rig.starts = 0;
    for _ in 0..3 * HOUR_S {
        let was = rig.on();
        rig.step();
        highest = highest.max(rig.kpa);
        if rig.on() && !was {
            slept_below = slept_below.min(rig.kpa);
        }
    }
    assert!(rig.starts > 3 && rig.starts <= 18, "{} starts", rig.starts);
    assert!(highest > 262.0 && highest < 290.0, "{highest}");
    assert!(slept_below < 222.0 && slept_below > 205.0, "{slept_below}");
    rig.village = 0.0;
    let mut still = 0;
    for _ in 0..HOUR_S {
        rig.step();
        still = if rig.on() && rig.flow < 0.25 { still + 1 } else { 0 };
        assert!(still <= 15);
    }
    assert_eq!((rig.on(), rig.state()), (false, State::Ready {}));
    assert!(rig.unit.status.failed_by.is_empty());
}

/// R-2.8-03, F41: a broken pipe stops it after 30 s, until a person resets.
#[test]
fn without_a_tank_a_broken_pipe_stops_the_pump() {
    let mut rig = network();
    (rig.village, rig.filtered) = (3.0, 3.0);
    rig.run_s(300);
    // The pipe takes whatever comes.
    (rig.village, rig.filtered) = (30.0, 9.0);
    let stopped = rig.until_s(120, |rig| !rig.on());
    assert!(stopped && rig.blocked(Reason::PipeBroken));
    rig.run_s(HOUR_S);
    assert!(!rig.on());
    // Reset, and still broken: what does not fill is broken too, and is not flooded meanwhile.
    rig.around.reset = true;
    rig.step();
    for _ in 0..900 {
        rig.step();
        assert!(rig.flow < 7.5, "{}", rig.flow);
    }
    assert!(!rig.on() && rig.blocked(Reason::PipeBroken));
    // Mended: the empty network is filled gently, and kept.
    rig.village = 3.0;
    rig.around.reset = true;
    rig.run_s(900);
    assert!(rig.on() && rig.kpa > 200.0, "{}", rig.kpa);
}

/// R-2.8-03: without PT-501 the pump goes no higher than the speed at which closed taps see the setpoint.
#[test]
fn without_a_tank_and_without_its_gauge_the_network_is_not_burst() {
    let mut rig = network();
    (rig.village, rig.filtered, rig.gauge) = (2.0, 2.0, false);
    let mut highest = 0.0_f64;
    for _ in 0..2 * HOUR_S {
        rig.step();
        highest = highest.max(rig.kpa);
    }
    assert!(highest <= 256.0, "{highest} kPa");
    assert!(rig.starts >= 1);
}

// Whatever comes.

/// A random number from 0 to 1: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        from[((self.roll() * from.len() as f64) as usize).min(from.len() - 1)]
    }
}

/// INV-3, INV-16, INV-18, INV-19, INV-21: whatever the instruments say and people do, P-501 is off within the time each
/// invariant gives.
#[test]
fn whatever_happens_nothing_is_delivered_that_must_not_be() {
    for seed in 1..=12 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ seed);
        let mut rig = if seed % 4 == 0 { network() } else { Rig::new() };
        let (mut short, mut dry, mut full) = (0, 0, 0);
        for _ in 0..1500 {
            rig.around.residual = dice.one_of(&[
                Signal::Good(MilligramsPerLitre(0.8)),
                Signal::Good(MilligramsPerLitre(0.8)),
                Signal::Good(MilligramsPerLitre(0.25)),
                Signal::Bad(Fault::Stale),
            ]);
            rig.around.inactivation.ratio = dice.one_of(&[2.0, 2.0, 1.5, 0.9]);
            rig.around.holds = dice.one_of(&[
                Reasons::NONE,
                Reasons::NONE,
                Reasons::NONE,
                Reasons::only(Reason::TreatedPhOutOfRange),
                Reasons::only(Reason::WashPumpRuns),
            ]);
            rig.shown =
                dice.one_of(&[Shown::Truth, Shown::Truth, Shown::Nothing, Shown::Number(1.4)]);
            rig.node = dice.roll() < 0.8;
            rig.village = 8.0 * dice.roll();
            rig.filtered = 7.0 * dice.roll();
            rig.pipe = dice.one_of(&[1.0, 1.0, 1.0, 0.0]);
            rig.unit.retained.contaminated = dice.roll() < 0.1;
            rig.around.reset = dice.roll() < 0.1;
            let pump = (dice.roll() * 2.0) as usize;
            let mode = dice.one_of(&[Mode::Auto, Mode::Auto, Mode::Manual, Mode::Off]);
            rig.unit.pump[pump].handling.change(mode, 7);
            let wish = Percent(100.0 * dice.roll());
            let _ = rig.unit.pump[pump].handling.ask(wish, Duration::from_secs(3600), 8);
            for _ in 0..(1.0 + 90.0 * dice.roll()) as u32 {
                // The cause that the plant judges: below 1 for 60 s.
                short = if rig.around.inactivation.ratio < 1.0 { short + 1 } else { 0 };
                rig.around.contact_short = short > 60;
                rig.step();
                let on = rig.on();
                assert!(!(on && rig.unit.retained.contaminated), "INV-16, seed {seed}");
                assert!(!(on && !rig.around.holds.is_empty()), "INV-18, seed {seed}");
                assert!(!(on && short > 62), "INV-3, seed {seed}");
                dry = if on && rig.well < 0.3 { dry + 1 } else { 0 };
                assert!(dry <= 3, "INV-19, seed {seed}");
                full = if on && rig.unit.has_tank && rig.tank >= 2.5 { full + 1 } else { 0 };
                assert!(full == 0, "INV-21, seed {seed}");
            }
        }
    }
}
