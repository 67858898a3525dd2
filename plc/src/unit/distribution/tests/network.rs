//! Delivery straight into the network.

use super::*;

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
            worst = most_of(worst, (rig.kpa - 250.0).abs());
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
        highest = most_of(highest, rig.kpa);
        if rig.on() && !was {
            slept_below = least_of(slept_below, rig.kpa);
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

/// R-2.8-03, INV-22: a pump that wakes while taps are open fills the vessel, does not overfill it, and stays awake.
#[test]
fn without_a_tank_a_pump_that_wakes_goes_on_while_taps_are_open() {
    // m³/h that the village takes, and the most that P-501 may bring.
    for (village, most) in [(1.0, 5.0), (1.5, 5.0), (3.0, 9.0), (5.0, 9.0)] {
        let mut rig = network();
        (rig.village, rig.filtered) = (0.5, 0.5);
        assert!(rig.until_s(HOUR_S, Rig::on) && rig.until_s(HOUR_S, |rig| !rig.on()));
        (rig.village, rig.filtered) = (village, village);
        assert!(rig.until_s(HOUR_S, Rig::on));
        rig.starts = 0;
        let (mut highest, mut fastest) = (0.0_f64, 0.0_f64);
        for _ in 0..2 * HOUR_S {
            rig.step();
            highest = most_of(highest, rig.kpa);
            fastest = most_of(fastest, rig.flow);
        }
        assert!(rig.on() && rig.starts == 0, "{village} m³/h: {} starts", rig.starts);
        assert!(highest < 265.0, "{village} m³/h: {highest} kPa");
        assert!(fastest < most, "{village} m³/h: {fastest} m³/h");
    }
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

/// INV-44: taps that are dry because nothing may be lifted are told of; with an elevated tank the tank's own alarms tell.
#[test]
fn without_a_tank_dry_taps_are_told_of() {
    let mut rig = network();
    (rig.village, rig.filtered) = (3.0, 3.0);
    rig.run_s(300);
    assert_eq!(rig.unit.alarms.network_dry, Condition::Clear);
    rig.around.run = false;
    let dry = rig.until_s(1800, |rig| rig.kpa < 90.0);
    rig.run_s(2);
    assert!(dry && rig.unit.alarms.network_dry == Condition::Active, "{} kPa", rig.kpa);
    let mut tall = Rig::new();
    tall.run_s(5);
    assert!(tall.unit.alarms.network_dry != Condition::Active);
}

/// R-2.8-03: without PT-501 the pump goes no higher than the speed at which closed taps see the setpoint.
#[test]
fn without_a_tank_and_without_its_gauge_the_network_is_not_burst() {
    let mut rig = network();
    (rig.village, rig.filtered, rig.gauge) = (2.0, 2.0, false);
    let mut highest = 0.0_f64;
    for _ in 0..2 * HOUR_S {
        rig.step();
        highest = most_of(highest, rig.kpa);
    }
    assert!(highest <= 256.0, "{highest} kPa");
    assert!(rig.starts >= 1);
}
