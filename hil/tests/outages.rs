//! Core and twin in one process: how a plant goes on after its power, its selector or its river stopped it.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Act, Selector, SensorFault, TwinParameters};
use plc::image::{Command, Event};
use plc::plant::Shape;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::tag::Kind;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// The reference plant, making water.
fn producing(parameters: TwinParameters, seed: u64) -> ClosedLoop {
    let mut plant = ClosedLoop::new(&Shape::default(), parameters, seed, PERIOD);
    assert!(plant.run_until(5 * MINUTE, |plant| is(plant, &["Stopped"])), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(HOUR, makes_water), "{}", plant.tell());
    plant
}

fn is(plant: &ClosedLoop, states: &[&str]) -> bool {
    plant.state("system.state").is_some_and(|state| states.contains(&state))
}

fn makes_water(plant: &ClosedLoop) -> bool {
    is(plant, &["Producing", "Degraded"])
}

/// Motors whose run command is on, by path.
fn motors(plant: &ClosedLoop) -> Vec<String> {
    plant.motors_on().into_iter().filter(|path| path.ends_with(".run")).collect()
}

/// Pumps and dosing that came on, with the second they did, until `done`.
fn starts(
    plant: &mut ClosedLoop,
    limit: Duration,
    mut done: impl FnMut(&ClosedLoop) -> bool,
) -> Vec<(f64, String)> {
    let (begun, mut on, mut started) = (plant.now(), plant.motors_on(), Vec::new());
    plant.run_until(limit, |plant| {
        let now = plant.motors_on();
        let at = plant.now().since(begun).as_secs_f64();
        let new = now.iter().filter(|path| !on.contains(path));
        started.extend(new.map(|path| (at, path.clone())));
        on = now;
        done(plant)
    });
    started
}

/// Numbers of the alarms that stand, and of which people are told.
fn alarms(plant: &ClosedLoop) -> Vec<u16> {
    let samples = &plant.plant.snapshot().samples;
    let rows = plant.plant.catalogue().rows.iter();
    let told =
        |row: &&plc::tag::Row| samples[row.id].value != 0.0 && samples[row.id].why.is_empty();
    rows.filter(|row| row.form == Form::Alarm && told(row))
        .filter_map(|row| match row.kind {
            Kind::Alarm(words) => Some(words.number),
            Kind::Input(_)
            | Kind::Output(..)
            | Kind::Setting(_)
            | Kind::Status(_)
            | Kind::Retained(_) => None,
        })
        .collect()
}

/// R-2.2-10, R-2.10-01, R-2.10-03, R-2.10-06, INV-34, F42: whatever its length, an outage is followed by a minute without
/// motors and then by water, without a person.
#[test]
fn an_outage_is_followed_by_a_minute_of_rest_and_then_by_water() {
    for (outage, resume) in
        [(5 * MINUTE, "Continued"), (20 * MINUTE, "ShortStart"), (3 * HOUR, "FullStart")]
    {
        let mut plant = producing(TwinParameters::default(), 5);
        plant.act(Act::Mains(false)).unwrap();
        plant.run(SECOND);
        assert_eq!(plant.motors_on(), [""; 0]);
        for _ in 0..(outage.as_secs_f64() / PERIOD.as_secs_f64()) as u32 {
            plant.step();
            assert_eq!(plant.motors_on(), [""; 0], "without mains");
        }
        assert!(is(&plant, &["PowerWait"]) && alarms(&plant).contains(&901));
        plant.act(Act::Mains(true)).unwrap();
        for _ in 0..59 * 5 {
            plant.step();
            assert_eq!(plant.motors_on(), [""; 0], "mains have to prove themselves");
        }
        assert!(
            plant.run_until(MINUTE, |plant| plant.state("system.resume") == Some(resume)),
            "{outage:?}: {}",
            plant.tell()
        );
        assert!(plant.run_until(3 * HOUR, makes_water), "{outage:?}: {}", plant.tell());
    }
}

/// R-2.0-06: each change of a state is an event with where it came from, and each cause one as it comes and goes.
#[test]
fn every_change_of_a_state_and_every_cause_is_an_event() {
    let mut plant = producing(TwinParameters::default(), 13);
    let row = plant.plant.catalogue().find("system.state").map(|row| row.id);
    let before = plant.value("system.state").map(|state| state as u16);
    plant.act(Act::Mains(false)).unwrap();
    let (mut changes, mut causes) = (Vec::new(), Vec::new());
    plant.run_until(SECOND, |plant| {
        for event in plant.plant.events() {
            match *event {
                Event::State { row: at, from, to } if Some(at) == row => changes.push((from, to)),
                Event::Cause { cause, began } => causes.push((cause, began)),
                Event::Answer { .. }
                | Event::Alarm { .. }
                | Event::State { .. }
                | Event::Setting { .. }
                | Event::Tested { .. }
                | Event::Overflow => {}
            }
        }
        false
    });
    let after = plant.value("system.state").map(|state| state as u16);
    assert_eq!(changes, [(before.unwrap(), after.unwrap())]);
    assert!(causes.contains(&(Reason::MainsLost, true)), "{causes:?}");
}

/// R-2.10-06: after more than a day a person vouches for the chlorine first.
#[test]
fn after_a_day_without_power_a_person_vouches_for_the_chlorine() {
    let mut plant = producing(TwinParameters::default(), 6);
    assert_eq!(plant.order(Command::ConfirmStrength), Err(Reason::NotNow));
    plant.act(Act::Mains(false)).unwrap();
    plant.run(25 * HOUR);
    plant.act(Act::Mains(true)).unwrap();
    plant.run(20 * MINUTE);
    assert!(is(&plant, &["Stopped"]), "{}", plant.tell());
    assert!(plant.plant.units.system.status.blocked.has(Reason::StrengthUnconfirmed));
    assert_eq!(plant.order(Command::ConfirmStrength), Ok(()));
    assert!(plant.run_until(3 * HOUR, makes_water), "{}", plant.tell());
}

/// R-2.10-04, INV-23: after an outage motors start ten seconds apart or more, delivery first where the elevated tank is low,
/// then raw water, PAC, the feed, and chlorine with the flow.
#[test]
fn after_an_outage_motors_start_one_by_one_and_delivery_first() {
    let parameters = TwinParameters { start_elevated: 1.0, ..TwinParameters::default() };
    let mut plant = producing(parameters, 7);
    plant.act(Act::Mains(false)).unwrap();
    plant.run(20 * MINUTE);
    let low = plant.value("distribution.elevated_level").unwrap_or_default() < 1.2;
    plant.act(Act::Mains(true)).unwrap();
    let started = starts(&mut plant, 2 * HOUR, makes_water);
    let motors: Vec<f64> =
        started.iter().filter(|(_, path)| path.ends_with(".run")).map(|(at, _)| *at).collect();
    assert!(motors.windows(2).all(|pair| pair[1] - pair[0] >= 9.9), "{started:?}");
    let first = |unit: &str, end: &str| {
        let found = started.iter().find(|(_, path)| path.starts_with(unit) && path.ends_with(end));
        found.map(|(at, _)| *at).unwrap_or_else(|| panic!("{unit} never started: {started:?}"))
    };
    let order = [
        first("distribution", ".run"),
        first("intake", ".run"),
        first("coagulation.doser", ".rate"),
        first("filtration.pump", ".run"),
        first("disinfection.doser", ".rate"),
    ];
    assert!(low, "the story needs a low elevated tank");
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?} {started:?}");
}

/// R-2.10-07, INV-22, F43: dips that follow each other start nothing again and again.
#[test]
fn twenty_dips_in_ten_minutes_are_no_storm_of_starts() {
    let mut plant = producing(TwinParameters::default(), 8);
    let mut started = Vec::new();
    for _ in 0..20 {
        plant.act(Act::Mains(false)).unwrap();
        started.extend(starts(&mut plant, SECOND, |_| false));
        plant.act(Act::Mains(true)).unwrap();
        started.extend(starts(&mut plant, 29 * SECOND, |_| false));
    }
    assert!(started.is_empty(), "{started:?}");
    assert!(alarms(&plant).contains(&915), "{}", plant.tell());
    assert!(starts(&mut plant, 29 * MINUTE, |_| false).is_empty());
    assert!(plant.run_until(3 * HOUR, makes_water), "{}", plant.tell());
}

/// R-2.1-05, R-2.1-08: the panel takes over at once; remote again gives nothing back before the next start.
#[test]
fn the_selector_ends_production_until_the_next_start() {
    let mut plant = producing(TwinParameters::default(), 9);
    plant.act(Act::Turn(Selector::Local)).unwrap();
    plant.run(SECOND);
    assert_eq!(plant.motors_on(), [""; 0]);
    plant.run(10 * MINUTE);
    assert_eq!((plant.motors_on(), is(&plant, &["Stopped"])), (Vec::new(), true));
    assert_eq!(plant.order(Command::Start), Err(Reason::LocalControl));
    plant.act(Act::Turn(Selector::Remote)).unwrap();
    for _ in 0..9 * 5 {
        plant.step();
        assert_eq!(plant.motors_on(), [""; 0], "hands are still at the panel");
    }
    plant.run(HOUR);
    assert!(is(&plant, &["Stopped"]) && !motors(&plant).iter().any(|at| at.starts_with("intake")));
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, makes_water), "{}", plant.tell());
}

/// R-2.2.2-08: on battery or sun one pump runs at a time, at the lowest rate, and water is made all the same.
#[test]
fn on_battery_or_sun_one_pump_runs_at_a_time() {
    let parameters = TwinParameters { limited_supply: true, ..TwinParameters::default() };
    let mut plant = ClosedLoop::new(&Shape::default(), parameters, 12, PERIOD);
    assert!(plant.run_until(5 * MINUTE, |plant| is(plant, &["Stopped"])), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    let end = plant.now().plus(24 * HOUR);
    let (mut made, mut delivered, mut degraded) = (0.0, 0.0, false);
    while plant.now() < end {
        plant.step();
        let pumps: Vec<String> =
            motors(&plant).into_iter().filter(|path| path.contains("pump_")).collect();
        assert!(pumps.len() <= 1, "{pumps:?}");
        degraded |= plant.plant.units.system.status.degraded_by.has(Reason::PowerLimited);
        assert!(plant.value("system.rate").unwrap_or_default() <= 2.5);
        let hours = PERIOD.as_secs_f64() / 3600.0;
        made += plant.truth().produced_flow.0 * hours;
        delivered += plant.truth().lift_flow.0 * hours;
    }
    // Half the time, half the rate: less than the village drinks, but both have their turn.
    assert!(degraded && made > 10.0, "{made} m³ made, {}", plant.tell());
    assert!(delivered > 10.0, "{delivered} m³ delivered, {}", plant.tell());
}

/// INV-44: whatever takes the water away by itself is an alarm within 10 s of it, and is told by name.
#[test]
fn whatever_takes_the_water_away_by_itself_is_an_alarm_within_ten_seconds() {
    let stuck = |path: &str, value: f64| {
        let act = if value > 0.5 { SensorFault::Bias(value) } else { SensorFault::Zero };
        Act::SensorFault { path: path.into(), fault: Some(act) }
    };
    let rows: Vec<(&str, Act, u16, Reason)> = vec![
        ("mains", Act::Mains(false), 901, Reason::MainsLost),
        ("button", Act::Press("ES-900".into()), 904, Reason::EmergencyStop),
        ("PAC", stuck("coagulation.tank_low_low", 0.0), 203, Reason::CoagulantEmpty),
        ("chlorine", stuck("disinfection.tank_low_low", 0.0), 409, Reason::ChlorineEmpty),
    ];
    for (name, act, number, reason) in rows {
        let mut plant = producing(TwinParameters::default(), 10);
        plant.act(act).unwrap();
        assert!(plant.run_until(MINUTE, |plant| !makes_water(plant)), "{name}: {}", plant.tell());
        plant.run(10 * SECOND + PERIOD);
        assert!(alarms(&plant).contains(&number), "{name}: {:?}", alarms(&plant));
        let system = &plant.plant.units.system;
        assert!(system.status.stopped_by.has(reason), "{name}: {}", plant.tell());
        assert!(system.first_out.plant.has(reason), "{name}");
    }
    for (bus, reason) in [
        ("system.bus_a", Reason::BusALost),
        ("system.bus_b", Reason::BusBLost),
        ("system.bus_d", Reason::BusDLost),
    ] {
        let mut plant = producing(TwinParameters::default(), 10);
        plant.report(bus, 0.0);
        assert!(
            plant.run_until(MINUTE, |plant| plant
                .plant
                .units
                .system
                .first_out
                .raw_pump
                .has(reason))
        );
        plant.run(10 * SECOND);
        assert!(alarms(&plant).contains(&906), "{bus}");
    }
}

/// INV-22, INV-23, INV-24: a day of starts, washes and standbys keeps motors 5 s apart, each below seven starts an hour, and
/// all together within the power there is.
#[test]
fn a_day_keeps_motors_apart_and_within_the_power_there_is() {
    let mut plant = producing(TwinParameters::default(), 11);
    let (mut on, mut begun) = (motors(&plant), Vec::<(f64, String)>::new());
    let (mut most, mut over_s) = (0.0_f64, 0.0_f64);
    let end = plant.now().plus(24 * HOUR);
    while plant.now() < end {
        plant.step();
        let now = motors(&plant);
        let at = plant.now().0 as f64 / 1e6;
        begun.extend(now.iter().filter(|path| !on.contains(path)).map(|path| (at, path.clone())));
        on = now;
        let power = plant.value("power.power").unwrap_or_default();
        most = most.max(power);
        over_s = if power > 4.0 { over_s + PERIOD.as_secs_f64() } else { 0.0 };
        assert!(over_s <= 10.0, "INV-24: {power} kW for {over_s} s");
    }
    assert!(begun.len() > 8 && most > 1.0, "{most} kW, {begun:?}");
    for pair in begun.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 4.9, "INV-23: {pair:?}");
    }
    for (at, path) in begun.iter().filter(|(_, path)| path.contains("pump_")) {
        let again = |(other, same): &&(f64, String)| same == path && *other >= *at;
        let hour = begun.iter().filter(again).filter(|(other, _)| other - at < 3600.0).count();
        assert!(hour <= 6, "INV-22: {path} {hour} times");
    }
    println!("{most} kW at most, {} starts", begun.len());
}
