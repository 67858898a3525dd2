//! The village's network.

use super::*;

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

/// R-2.8-07, R-2.0-07: XV-501 takes 30 s from end to end, and is given 45 s before it counts as failed.
#[test]
fn the_outlet_of_the_elevated_tank_is_given_the_time_it_takes() {
    let rig = Rig::new();
    assert_eq!(rig.unit.outlet.settings.travel_time, Duration::from_secs(30));
}

/// INV-44: XV-501 that stands between its ends while it is asked to be open may leave the taps dry: alarm 510.
#[test]
fn an_outlet_that_stands_half_way_is_called() {
    let mut rig = Rig::new();
    rig.run_s(60);
    assert_eq!(rig.unit.alarms.outlet_fault, Condition::Clear);
    rig.unit.outlet.inputs.opened = Signal::Good(false);
    rig.unit.outlet.inputs.closed = Signal::Good(false);
    for _ in 0..60 {
        rig.unit.outlet.scan(Travel::Close, SECOND);
    }
    rig.step();
    assert_eq!(rig.unit.alarms.outlet_fault, Condition::Active);
}

/// R-2.1-02: what a person shut by hand opens again when their hour is over, and after a restart: the village drinks.
#[test]
fn the_village_is_not_shut_off_by_an_hour_by_hand_that_is_over() {
    let mut rig = Rig::new();
    rig.run_s(60);
    let opened = |rig: &Rig| rig.unit.outlet.inputs.opened.closed();
    assert!(opened(&rig));
    rig.unit.outlet.handling.change(Mode::Manual, 1);
    rig.run_s(1800);
    assert!(opened(&rig), "taken over as it stands");
    assert!(rig.unit.outlet.handling.ask(Percent(0.0), Duration::from_secs(600), 2).is_ok());
    rig.run_s(60);
    assert!(rig.unit.outlet.inputs.closed.closed(), "shut by hand");
    rig.run_s(600);
    assert!(opened(&rig), "and open again");
    rig.unit.outlet.handling.change(Mode::Auto, 3);
    rig.unit.outlet.handling.change(Mode::Manual, 4);
    rig.run_s(3700);
    assert!(opened(&rig), "nobody wished anything");
}

/// R-2.0-07, INV-36: where nobody can see XV-501 move it stays as it is, whatever a person wishes, and says why.
#[test]
fn the_outlet_stays_while_its_node_is_silent_and_says_so() {
    let mut rig = Rig::new();
    rig.run_s(60);
    assert!(rig.unit.outlet.is_open() && rig.unit.outlet.status.blocked.is_empty());
    rig.unit.outlet.handling.change(Mode::Manual, 7);
    assert!(rig.unit.outlet.handling.ask(Percent(0.0), Duration::from_secs(600), 8).is_ok());
    rig.node = false;
    rig.run_s(60);
    let outlet = &rig.unit.outlet;
    assert!(!outlet.outputs.open.value() && !outlet.outputs.close.value());
    assert_eq!(outlet.status.blocked, Reasons::all(&[Reason::InManual, Reason::WireOrContact]));
    rig.node = true;
    rig.run_s(60);
    assert!(rig.unit.outlet.is_closed());
    assert_eq!(rig.unit.outlet.status.blocked, Reasons::only(Reason::InManual));
}

/// R-2.8-07, R-2.12-04, F41: three times the usual for a quarter of an hour is a burst; a torn main is one at once, also where it
/// takes more than FIT-502 can show. XV-501 closes only
/// where the site says so, and opens again by reset.
#[test]
fn a_burst_is_called_out_and_closes_the_outlet_only_where_the_site_says_so() {
    for (flow, seconds, close) in
        [(10.0, 890, false), (10.0, 890, true), (14.5, 0, false), (25.0, 0, false), (25.0, 0, true)]
    {
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

/// R-2.8-07, R-2.0-03, F41: a radio that drops out now and then neither hides a burst nor mends one; a person's reset ends it.
#[test]
fn a_radio_that_drops_out_does_not_hide_a_burst() {
    let mut rig = Rig::new();
    live_days(&mut rig, 1, 0.5);
    (rig.tank, rig.village) = (2.2, 10.0);
    for _ in 0..9 {
        rig.run_s(90);
        rig.node = false;
        rig.run_s(10);
        rig.node = true;
    }
    rig.run_s(20);
    assert!(rig.unit.status.network.has(Reason::PipeBroken));
    (rig.node, rig.village) = (false, 3.0);
    rig.run_s(600);
    assert!(rig.unit.status.network.has(Reason::PipeBroken), "nobody knows that it has ended");
    rig.around.reset = true;
    rig.run_s(10);
    assert!(!rig.unit.status.network.has(Reason::PipeBroken));
    (rig.node, rig.village) = (true, 3.0);
    rig.run_s(60);
    assert!(!rig.unit.status.network.has(Reason::PipeBroken));
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

/// R-2.0-03, F61: a tank of which nobody knows any more how full it is opens no valve: a village that was cut off still is, until
/// somebody sees water go.
#[test]
fn a_village_that_was_cut_off_is_not_forgotten_when_the_tanks_level_is_lost() {
    let mut rig = Rig::new();
    (rig.tank, rig.village) = (2.0, 0.0);
    rig.run_s(1770);
    assert!(rig.unit.status.network.has(Reason::VillageCutOff));
    (rig.node, rig.shown, rig.gauge) = (false, Shown::Nothing, false);
    rig.run_s(2 * HOUR_S);
    assert_eq!(rig.unit.status.tank_level.usable(), None, "nobody knows the level");
    assert!(rig.unit.status.network.has(Reason::VillageCutOff));
    assert_eq!(rig.unit.alarms.pipe_burst, Condition::Active);
    (rig.node, rig.shown, rig.village) = (true, Shown::Truth, 3.0);
    rig.run_s(5);
    assert!(!rig.unit.status.network.has(Reason::VillageCutOff));
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
