//! Stories of the waste tank.

use super::*;
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;
const HOUR: u32 = 3600;

const QUIET: Around = Around {
    nominal: CubicMetresPerHour(5.0),
    inflow: false,
    full: false,
    sludge: Kilograms::ZERO,
    feed: Signal::Good(CubicMetresPerHour::ZERO),
    settled: Signal::Good(Ntu(1.0)),
    removed: false,
    holds: Reasons::NONE,
    reset: false,
};

/// A tank at this level; P-601 answers, and lowers it while `works`.
struct Rig {
    waste: Waste,
    works: bool,
}

impl Rig {
    fn at(level: f64) -> Rig {
        let mut waste = Waste::default();
        waste.inputs.level = Signal::Good(Percent(level));
        waste.inputs.high_high = Signal::Good(true);
        Rig { waste, works: true }
    }

    fn run_s(&mut self, seconds: u32, around: Around) -> State {
        let mut stagger = Stagger::default();
        for _ in 0..seconds {
            stagger.elapse(Duration::ZERO, SECOND);
            self.waste.scan(around, &mut stagger, SECOND);
            let runs = self.waste.pump.outputs.run.value();
            self.waste.pump.inputs.running = Signal::Good(runs);
            let level = self.waste.inputs.level.map(|level| {
                // 3 m³/h of 8 m³.
                level - Percent(if runs && self.works { 37.5 / 3600.0 } else { 0.0 })
            });
            self.waste.inputs.level = level;
        }
        self.waste.status.state
    }
}

/// R-2.9-01, R-2.9-02: an hour after the last inflow the upper water goes, down to 30 %, and no further; inflow ends it at
/// once and the hour begins anew.
#[test]
fn washings_settle_for_an_hour_and_are_decanted_down_to_thirty_percent() {
    let mut rig = Rig::at(50.0);
    let inflow = Around { inflow: true, ..QUIET };
    assert_eq!(rig.run_s(1, inflow), State::Receiving);
    assert_eq!(rig.run_s(HOUR - 1, QUIET), State::Settling);
    assert_eq!(rig.waste.status.settling_left, SECOND);
    assert!(rig.waste.status.blocked.has(Reason::WasteSettling));
    assert_eq!(rig.run_s(1, QUIET), State::Decanting);
    assert_eq!(rig.run_s(10 * MINUTE, QUIET), State::Decanting);
    assert!(rig.waste.pump.outputs.run.value());
    assert_eq!(rig.run_s(1, inflow), State::Receiving);
    assert!(!rig.waste.pump.outputs.run.value());
    assert_eq!(rig.run_s(HOUR - 1, QUIET), State::Settling);
    assert_eq!(rig.run_s(1, QUIET), State::Decanting);
    assert_eq!(rig.run_s(2 * HOUR, QUIET), State::Idle);
    let level = rig.waste.inputs.level.usable().unwrap().0;
    assert!((29.5..=30.0).contains(&level), "{level} %");
    // Just above that it is not worth a start.
    rig.waste.inputs.level = Signal::Good(Percent(31.0));
    assert_eq!(rig.run_s(HOUR, QUIET), State::Idle);
}

/// R-2.9-01, R-2.9-03: a full tank says so, settles like any other, is decanted, and is full until 80 %.
#[test]
fn a_full_tank_is_full_until_it_has_settled_and_been_decanted() {
    for (level, float) in [(95.1, false), (70.0, true)] {
        let mut rig = Rig::at(level);
        let full = Around { full: float, ..QUIET };
        rig.run_s(11, Around { inflow: true, ..full });
        assert_eq!(rig.run_s(1, full), State::Full, "{level} %");
        assert_eq!(rig.run_s(HOUR - 2, full), State::Full, "{level} %");
        assert_eq!(rig.run_s(1, full), State::Decanting, "{level} %");
    }
    let mut rig = Rig::at(96.0);
    rig.run_s(11, QUIET);
    assert_eq!(rig.waste.status.state, State::Full);
    rig.waste.inputs.level = Signal::Good(Percent(81.0));
    assert_eq!(rig.run_s(1, QUIET), State::Full);
    rig.waste.inputs.level = Signal::Good(Percent(79.0));
    assert_eq!(rig.run_s(1, QUIET), State::Settling);
    rig.waste.inputs.level = Signal::Good(Percent(95.1));
    assert_eq!(rig.run_s(5, QUIET), State::Settling, "a wave is not a level");
}

/// R-2.9-02: nothing is decanted of which nobody knows how much there is, nor against a cause.
#[test]
fn p601_does_not_run_without_a_level_or_against_a_cause() {
    let held = Around { holds: Reasons::only(Reason::MainsLost), ..QUIET };
    for (level, around) in [
        (Signal::Bad(Fault::Stale), QUIET),
        (Signal::Good(Percent(f64::NAN)), QUIET),
        (Signal::Good(Percent(60.0)), held),
    ] {
        let mut rig = Rig::at(60.0);
        rig.waste.inputs.level = level;
        for _ in 0..2 * HOUR {
            rig.run_s(1, around);
            assert!(!rig.waste.pump.outputs.run.value());
        }
    }
}

/// R-2.9-02: P-601 that runs while the level stands is stopped, calls with alarm 601, and tries again in an hour.
#[test]
fn a_decant_pump_without_effect_rests_and_calls() {
    let mut rig = Rig::at(60.0);
    rig.works = false;
    assert_eq!(rig.run_s(HOUR, QUIET), State::Decanting);
    rig.run_s(10 * MINUTE + 10, QUIET);
    assert!(!rig.waste.pump.outputs.run.value());
    assert_eq!(rig.waste.alarms.level_high, Condition::Active);
    assert!(rig.waste.status.blocked.has(Reason::DryRun) && !rig.waste.status.rest_left.is_zero());
    rig.works = true;
    rig.run_s(58 * MINUTE, QUIET);
    assert!(!rig.waste.pump.outputs.run.value());
    rig.run_s(3 * MINUTE, QUIET);
    assert!(rig.waste.pump.outputs.run.value());
    rig.works = false;
    rig.run_s(11 * MINUTE, QUIET);
    assert!(!rig.waste.status.rest_left.is_zero());
    rig.run_s(1, Around { reset: true, ..QUIET });
    assert!(rig.waste.status.rest_left.is_zero(), "a person has looked");
}

/// R-2.9-03: alarm 601 at its limit, with its deadband, and where the level is lost.
#[test]
fn a_high_waste_tank_is_called_out_between_its_limits() {
    for (level, expected) in [
        (Signal::Good(Percent(85.1)), Condition::Active),
        (Signal::Good(Percent(85.0)), Condition::AsBefore),
        (Signal::Good(Percent(75.0)), Condition::Clear),
        (Signal::Bad(Fault::Stale), Condition::Bad(Fault::Stale)),
    ] {
        let mut rig = Rig::at(20.0);
        rig.waste.inputs.level = level;
        rig.run_s(1, Around { inflow: true, ..QUIET });
        assert_eq!(rig.waste.alarms.level_high, expected, "{level:?}");
    }
}

/// R-2.9-02: sludge and what the filters caught add up; above 20 kg alarm 602 reminds once a week, until people say that it
/// was removed.
#[test]
fn dry_solids_add_up_and_remind_once_a_week_until_they_are_removed() {
    let mut rig = Rig::at(20.0);
    let load = Around { feed: Signal::Good(CubicMetresPerHour(5.0)), ..QUIET };
    rig.run_s(24 * HOUR, load);
    let caught = rig.waste.retained.dry_solids.0;
    assert!((caught - 24.0 * 5.0 * 1.6 / 1000.0).abs() < 0.01, "{caught} kg");
    for bad in [Signal::Bad(Fault::Stale), Signal::Good(CubicMetresPerHour(f64::NAN))] {
        rig.run_s(HOUR, Around { feed: bad, ..QUIET });
    }
    assert_eq!(rig.waste.retained.dry_solids.0, caught);
    rig.run_s(60, Around { sludge: Kilograms(0.33), ..QUIET });
    assert!(rig.waste.retained.dry_solids > Kilograms(19.0));
    assert_eq!(rig.waste.alarms.sludge, Condition::Clear);
    rig.run_s(60, Around { sludge: Kilograms(0.33), ..QUIET });
    assert_eq!(rig.waste.alarms.sludge, Condition::Active);
    let mut came = 0;
    for _ in 0..15 * 24 * 60 {
        // A minute a scan.
        let mut stagger = Stagger::default();
        let before = rig.waste.alarms.sludge;
        rig.waste.scan(QUIET, &mut stagger, SECOND * 60);
        let now = rig.waste.alarms.sludge;
        came += u32::from(before == Condition::Clear && now == Condition::Active);
    }
    assert_eq!(came, 2, "twice in fifteen days");
    rig.run_s(1, Around { removed: true, ..QUIET });
    assert_eq!(rig.waste.retained.dry_solids, Kilograms::ZERO);
    assert_eq!(rig.waste.alarms.sludge, Condition::Clear);
}

/// R-2.9-02, F17: what flows into a full tank through a valve that nobody can shut would run over its brim: P-601 runs, settled or
/// not, until the inflow ends or there is room; not for a valve that only takes its time, nor against what holds it.
#[test]
fn a_full_tank_into_which_water_still_flows_is_pumped_as_it_is() {
    let inflow = Around { inflow: true, ..QUIET };
    let mut rig = Rig::at(95.5);
    assert_eq!(rig.run_s(11, inflow), State::Full);
    rig.run_s(57, inflow);
    assert!(!rig.waste.pump.outputs.run.value(), "a valve takes its time");
    rig.run_s(5, inflow);
    assert!(rig.waste.pump.outputs.run.value());
    assert!(!rig.waste.status.blocked.has(Reason::WasteSettling));
    rig.run_s(10, QUIET);
    assert!(!rig.waste.pump.outputs.run.value(), "what came has to settle again");
    rig.run_s(HOUR / 2, inflow);
    assert!(rig.waste.inputs.level.usable() < Some(FULL_BACK), "there is room");
    assert_eq!(rig.run_s(1, inflow), State::Receiving);
    assert!(!rig.waste.pump.outputs.run.value());

    let holds = Reasons::only(Reason::EmergencyStop);
    let mut rig = Rig::at(99.0);
    rig.run_s(300, Around { holds, ..inflow });
    assert!(!rig.waste.pump.outputs.run.value());
}
