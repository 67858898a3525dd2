//! Stories of storms upstream.

use super::*;
use crate::signal::Fault;

const MINUTE: Duration = Duration::from_secs(60);

struct Rig {
    unit: Hydrology,
    raw: Signal<Ntu>,
    river: Signal<Metres>,
    begun: u32,
}

impl Rig {
    /// Dry weather, everything heard.
    fn calm() -> Rig {
        let mut unit = Hydrology::default();
        unit.inputs.rain = Signal::Good(MillimetresPerHour(0.0));
        unit.inputs.river_level = Signal::Good(Metres(1.0));
        unit.inputs.soil_moisture = Signal::Good(Percent(20.0));
        let (raw, river) = (Signal::Good(Ntu(20.0)), Signal::Good(Metres(0.9)));
        let mut rig = Rig { unit, raw, river, begun: 0 };
        assert_eq!(rig.run_min(180), State::Watching);
        rig
    }

    fn run_min(&mut self, minutes: u32) -> State {
        for _ in 0..minutes {
            let around = Around { raw: self.raw, river_level: self.river };
            self.unit.scan(around, MINUTE);
            self.begun += u32::from(self.unit.begins());
        }
        self.unit.status.state
    }

    fn rains(&mut self, rain: f64) {
        self.unit.inputs.rain = Signal::Good(MillimetresPerHour(rain));
    }
}

/// R-2.14-02: each sign of a storm at its limit, on dry soil and on wet.
#[test]
fn each_sign_of_a_storm_is_seen_at_its_limit() {
    type Change = fn(&mut Rig);
    let rows: [(&str, Change, u32, Reasons); 11] = [
        ("heavy rain", |rig| rig.rains(20.0), 1, Reasons::only(Reason::RainUpstream)),
        (
            "more than RG-701 can show",
            |rig| rig.unit.inputs.rain = Signal::Bad(Fault::Overrange),
            1,
            Reasons::only(Reason::RainUpstream),
        ),
        ("rain", |rig| rig.rains(9.0), 120, Reasons::NONE),
        ("long rain", |rig| rig.rains(10.1), 179, Reasons::only(Reason::RainUpstream)),
        (
            "wet soil",
            |rig| {
                rig.rains(10.1);
                rig.unit.inputs.soil_moisture = Signal::Good(Percent(35.1));
            },
            60,
            Reasons::only(Reason::RainUpstream),
        ),
        (
            "soil at its limit",
            |rig| {
                rig.rains(10.1);
                rig.unit.inputs.soil_moisture = Signal::Good(Percent(35.0));
            },
            60,
            Reasons::NONE,
        ),
        (
            "rises upstream",
            |rig| rig.unit.inputs.river_level = Signal::Good(Metres(1.201)),
            1,
            Reasons::only(Reason::RiverRising),
        ),
        (
            "a little",
            |rig| rig.unit.inputs.river_level = Signal::Good(Metres(1.2)),
            60,
            Reasons::NONE,
        ),
        (
            "rises here",
            |rig| rig.river = Signal::Good(Metres(1.41)),
            1,
            Reasons::only(Reason::RiverRising),
        ),
        ("no rain at all", |rig| rig.rains(f64::NAN), 60, Reasons::NONE),
        ("falls", |rig| rig.unit.inputs.river_level = Signal::Good(Metres(0.2)), 60, Reasons::NONE),
    ];
    for (name, change, minutes, seen) in rows {
        let mut rig = Rig::calm();
        change(&mut rig);
        let state = rig.run_min(minutes);
        assert_eq!(rig.unit.status.seen_by, seen, "{name}");
        assert_eq!(state == State::Alert, !seen.is_empty(), "{name}");
        assert_eq!(rig.unit.storm(), !seen.is_empty(), "{name}");
    }
}

/// R-2.14-01: the index keeps nine tenths a day, and says that the soil is wet where its sensor is silent.
#[test]
fn the_rain_index_remembers_the_rain_of_weeks() {
    let mut rig = Rig::calm();
    rig.rains(4.0);
    rig.run_min(10 * 60);
    rig.rains(0.0);
    let index = rig.unit.retained.rain_index.0;
    assert!((39.0..40.0).contains(&index), "{index} mm");
    rig.run_min(24 * 60);
    let kept = rig.unit.retained.rain_index.0;
    assert!((kept / index - 0.9).abs() < 0.001, "{kept} mm of {index}");
    for (index, alert) in [(35.0, false), (55.0, true)] {
        let mut rig = Rig::calm();
        rig.unit.inputs.soil_moisture = Signal::Bad(Fault::Stale);
        rig.run_min(70);
        rig.unit.retained.rain_index = Millimetres(index);
        rig.rains(10.0);
        assert_eq!(rig.run_min(65) == State::Alert, alert, "{index} mm");
    }
}

/// R-2.14-09: an hour without a word switches the pre-alert off, and says so; one of the two stations is enough.
#[test]
fn silent_stations_switch_the_pre_alert_off_after_an_hour() {
    let mut rig = Rig::calm();
    rig.unit.inputs.rain = Signal::Bad(Fault::Stale);
    rig.run_min(120);
    assert_eq!(rig.unit.status.state, State::Watching, "LT-701 is heard");
    rig.unit.inputs.river_level = Signal::Bad(Fault::Stale);
    assert_eq!(rig.run_min(60), State::Watching);
    assert_eq!(rig.run_min(1), State::Off);
    assert!(rig.unit.status.blocked.has(Reason::TelemetryLost));
    rig.river = Signal::Good(Metres(3.0));
    assert_eq!(rig.run_min(60), State::Off, "the pre-alert is simply off");
    rig.rains(30.0);
    assert_eq!(rig.run_min(1), State::Alert);
    assert!(rig.unit.status.blocked.is_empty());
}

/// R-2.14-08: it ends when the raw water was below 1.5 times what it was before for six hours, and no sign is left; not while
/// nobody knows how muddy it is.
#[test]
fn a_storm_is_over_after_six_calm_hours() {
    let mut rig = Rig::calm();
    rig.rains(25.0);
    assert_eq!(rig.run_min(30), State::Alert);
    rig.rains(0.0);
    rig.raw = Signal::Good(Ntu(400.0));
    assert_eq!(rig.run_min(10 * 60), State::Alert);
    rig.raw = Signal::Good(Ntu(30.0));
    assert_eq!(rig.run_min(10 * 60), State::Alert, "1.5 times");
    for unknown in [Signal::Bad(Fault::Stale), Signal::Good(Ntu(f64::NAN))] {
        rig.raw = unknown;
        assert_eq!(rig.run_min(7 * 60), State::Alert);
    }
    rig.raw = Signal::Good(Ntu(29.0));
    assert_eq!(rig.run_min(359), State::Alert);
    assert_eq!(rig.unit.status.calm_left, MINUTE);
    assert_eq!(rig.run_min(1), State::Watching);
    assert_eq!(rig.unit.alarms.storm_upstream, Condition::Clear);
    assert_eq!(rig.begun, 1, "R-2.14-05: the tanks are desludged once");
}

/// R-2.14-08: nor does it last for ever where AIT-101 stays away.
#[test]
fn a_storm_that_nobody_can_see_the_end_of_is_over_after_three_days() {
    let mut rig = Rig::calm();
    rig.rains(25.0);
    rig.run_min(5);
    rig.rains(0.0);
    rig.raw = Signal::Bad(Fault::Stale);
    assert_eq!(rig.run_min(71 * 60), State::Alert);
    assert_ne!(rig.run_min(2 * 60), State::Alert);
}

/// R-2.12-04, R-2.14-02: three hours beyond RG-701's scale are a gauge at fault, and no storm that never ends.
#[test]
fn a_gauge_stuck_beyond_its_scale_keeps_no_storm_up_for_ever() {
    let mut rig = Rig::calm();
    rig.unit.inputs.rain = Signal::Bad(Fault::Overrange);
    assert_eq!(rig.run_min(3 * 60), State::Alert);
    assert!(!rig.unit.status.seen_by.is_empty());
    assert_eq!(rig.run_min(6 * 60 - 1), State::Alert, "the raw water has yet to be calm");
    assert_eq!(rig.run_min(2), State::Watching, "LT-701 is heard");
    assert_eq!(rig.run_min(24 * 60), State::Watching);
}

/// R-2.14-07: alarm 111 as long as it stands, over a restart too.
#[test]
fn a_storm_calls_and_outlives_a_restart() {
    let mut rig = Rig::calm();
    rig.rains(25.0);
    rig.run_min(1);
    assert_eq!(rig.unit.alarms.storm_upstream, Condition::Active);
    let mut after = Rig::calm();
    after.unit.retained = rig.unit.retained;
    after.raw = Signal::Good(Ntu(300.0));
    assert_eq!(after.run_min(1), State::Alert);
    assert_eq!(after.begun, 0);
}

/// R-2.0-01: looked at once a minute, whatever the period of the scan.
#[test]
fn the_period_of_the_scan_changes_nothing() {
    let run = |millis: u64| {
        let mut rig = Rig::calm();
        rig.rains(6.0);
        for _ in 0..3_600_000 / millis {
            let around = Around { raw: rig.raw, river_level: rig.river };
            rig.unit.scan(around, Duration::from_millis(millis));
        }
        rig.unit.retained.rain_index.0
    };
    assert!((run(100) - run(10_000)).abs() < 1e-6);
}
