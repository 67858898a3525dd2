//! Core and twin in one process: how the water settles, and what becomes of the sludge.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Act, SensorFault, TwinParameters};
use plc::image::Command;
use plc::plant::{Settling, Shape};
use plc::reason::Reason;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

fn is(state: &'static str) -> impl Fn(&ClosedLoop) -> bool {
    move |plant| plant.state("system.state") == Some(state)
}

/// The reference plant, making water, its filters far from their next wash.
fn producing(seed: u64) -> ClosedLoop {
    producing_with(seed, 0.1)
}

/// The same with so many kg/m² in its first filter.
fn producing_with(seed: u64, start_first_filter: f64) -> ClosedLoop {
    let parameters = TwinParameters { start_first_filter, ..TwinParameters::default() };
    let mut plant = ClosedLoop::new(&Shape::default(), parameters, seed, PERIOD);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(HOUR, is("Producing")), "{}", plant.tell());
    plant
}

/// R-2.5-03, R-2.9-02, R-2.9-03, R-2.2.2-02, INV-21, INV-28: in a storm that stays below 1 000 NTU sludge is drawn as fast as
/// it comes, and the waste tank still settles and is decanted, washes included: it never blocks the desludging for longer
/// than a wash takes to settle. The core's estimate of the sludge follows the truth.
#[test]
fn a_long_storm_fills_neither_the_tanks_with_sludge_nor_the_waste_tank() {
    for (seed, peak_ntu) in [(61, 600.0), (62, 950.0)] {
        // Half full: it is washed within the day, whatever settles.
        let mut plant = producing_with(seed, 0.4);
        plant.act(Act::Storm { peak_ntu }).unwrap();
        let (mut sludge, mut waste, mut apart) = (0.0_f64, 0.0_f64, 0.0_f64);
        let (mut muddiest, mut decanted, mut washed) = (0.0_f64, 0, false);
        let (mut decants, mut blocked) = (false, Duration::ZERO);
        let end = plant.now().plus(24 * HOUR);
        while plant.now() < end {
            plant.run(10 * SECOND);
            let truth = plant.truth();
            waste = waste.max(truth.waste_level.0);
            muddiest = muddiest.max(truth.raw_turbidity.0);
            for (at, tank) in truth.tanks.iter().enumerate() {
                sludge = sludge.max(tank.sludge_kg);
                let estimate = plant.value(&format!("tank{}.sludge_mass", at + 1));
                apart = apart.max((estimate.unwrap_or_default() - tank.sludge_kg).abs());
            }
            washed |= plant.truth().wash_flow.0 > 1.0;
            let now = plant.state("waste.state") == Some("Decanting");
            decanted += u32::from(now && !decants);
            decants = now;
            let unit = &plant.plant.units.sedimentation.status;
            blocked += 10 * SECOND * u32::from(unit.blocked.has(Reason::WasteTankHigh));
        }
        let told = format!("{peak_ntu} NTU: {sludge} kg, {apart} off, {waste} %, {blocked:?}");
        assert!(muddiest > 0.6 * peak_ntu && washed && decanted >= 3, "{decanted} times, {told}");
        // Ripening after a wash in cloudy water may bring the tank to its float; sludge alone never does.
        assert!(waste < 96.0 && blocked < 4 * HOUR, "{told}");
        assert!(sludge < 6.0 && apart < 2.0, "{told}");
        assert_eq!(plant.truth().overflowed.0, 0.0, "{told}");
    }
}

/// R-2.5-01, R-2.5-02, R-2.2.2-05, INV-21: a tank is taken out while water is made, and comes back: the rate is low before,
/// and nothing spills.
#[test]
fn a_tank_is_taken_out_and_comes_back_while_water_is_made() {
    let mut plant = producing(63);
    plant.run(15 * MINUTE);
    assert!(plant.truth().raw_flow.0 > 4.5, "{}", plant.tell());
    plant.plant.units.tank[0].settings.in_use = false;
    let left = |plant: &ClosedLoop| plant.state("tank1.state") == Some("OutOfService");
    assert!(plant.run_until(5 * MINUTE, left), "{}", plant.tell());
    assert!(plant.truth().raw_flow.0 < 3.8, "before its valve moved");
    plant.run(MINUTE);
    assert_eq!(plant.state("tank1.inlet.state"), Some("Closed"));
    plant.run(2 * HOUR);
    assert!(is("Degraded")(&plant) && plant.truth().produced_flow.0 > 2.0, "{}", plant.tell());
    plant.plant.units.tank[0].settings.in_use = true;
    let serves = |plant: &ClosedLoop| plant.state("tank1.state") == Some("InService");
    assert!(plant.run_until(5 * MINUTE, serves), "{}", plant.tell());
    assert!(plant.truth().raw_flow.0 < 3.8);
    plant.run(5 * MINUTE);
    let rising = plant.value("sedimentation.rate_limit").unwrap_or_default();
    assert!((3.9..4.6).contains(&rising), "{rising} m³/h");
    assert!(plant.run_until(30 * MINUTE, is("Producing")), "{}", plant.tell());
    assert_eq!(plant.truth().overflowed.0, 0.0);
}

/// R-2.5-02, INV-21: the only tank of a small plant pauses production while it is out.
#[test]
fn the_only_tank_pauses_production_while_it_is_out() {
    let shape = Shape { tanks: 1, ..Shape::default() };
    let parameters = TwinParameters::for_site(5.0, 1, 2);
    let mut plant = ClosedLoop::new(&shape, parameters, 64, PERIOD);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(HOUR, is("Producing")), "{}", plant.tell());
    plant.plant.units.tank[0].settings.in_use = false;
    let left = |plant: &ClosedLoop| plant.state("tank1.state") == Some("OutOfService");
    assert!(plant.run_until(5 * MINUTE, left), "{}", plant.tell());
    assert!(plant.truth().raw_flow.0 < 0.3);
    plant.run(HOUR);
    assert_eq!(plant.truth().raw_flow.0, 0.0);
    plant.plant.units.tank[0].settings.in_use = true;
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
    assert_eq!(plant.truth().overflowed.0, 0.0);
}

/// F17: a sludge valve stays open: its tank takes no more water, the other one goes on, and alarm 207 calls.
#[test]
fn a_sludge_valve_that_stays_open_costs_one_tank() {
    let mut plant = producing(65);
    assert_eq!(plant.order(Command::Desludge { tank: 1 }), Ok(()));
    plant.run(20 * SECOND);
    let fault = Some(hil::ActuatorFault::Seize);
    plant.act(Act::ActuatorFault { path: "tank1.sludge".into(), fault }).unwrap();
    plant.run(5 * MINUTE);
    assert_eq!(plant.state("tank1.state"), Some("Fault"), "{}", plant.tell());
    assert!(plant.value("tank1.valve_fault").is_some_and(|state| state != 0.0));
    assert!(plant.truth().raw_flow.0 > 1.0, "{}", plant.tell());
    plant.act(Act::ActuatorFault { path: "tank1.sludge".into(), fault: None }).unwrap();
    plant.run(MINUTE);
    assert_eq!(plant.order(Command::Reset), Ok(()));
    assert!(plant.run_until(3 * HOUR, is("Producing")), "{}", plant.tell());
}

/// The reference plant with plain tanks.
fn in_batches(seed: u64) -> ClosedLoop {
    let shape = Shape { settling: Settling::Batch, ..Shape::default() };
    let parameters = TwinParameters::default().with_plain_tanks();
    let mut plant = ClosedLoop::new(&shape, parameters, seed, PERIOD);
    for tank in &mut plant.plant.units.tank {
        if let Some(batch) = &mut tank.batch {
            batch.settings.fill_time_max = 3 * HOUR;
        }
    }
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    plant
}

/// R-2.5-06, R-2.5-07, R-2.5-08, R-2.5-09, R-2.5-10, R-2.5-11, INV-6, INV-21, INV-28: a village with plain tanks starts, and
/// has water for a day and a half; never are two filled at once, PAC is dosed only while one is, and the settled water is clear.
#[test]
fn a_village_with_plain_tanks_makes_water_in_batches() {
    let mut plant = in_batches(66);
    assert!(plant.run_until(10 * HOUR, is("Producing")), "{}", plant.tell());
    let (mut batches, mut both, mut worst, mut delivered) = ([0_u32; 2], 0_u32, 0.0_f64, 0.0_f64);
    let mut before = [String::new(), String::new()];
    let end = plant.now().plus(36 * HOUR);
    while plant.now() < end {
        plant.run(5 * SECOND);
        let state = |at| plant.state(&format!("tank{at}.state")).unwrap_or_default().to_owned();
        let states = [state(1), state(2)];
        for at in 0..2 {
            batches[at] += u32::from(states[at] == "Settle" && before[at] == "Fill");
        }
        let filled = states.iter().filter(|state| *state == "Fill").count();
        assert!(filled <= 1, "both are filled");
        if filled == 0 && before.iter().all(|state| state != "Fill") {
            assert_eq!(plant.value("coagulation.doser.rate"), Some(0.0), "PAC without a batch");
        }
        both += u32::from(plant.plant.units.tank.iter().filter(|tank| tank.gives()).count() == 2);
        let truth = plant.truth();
        if truth.lift_flow.0 > 0.1 {
            worst = worst.max(truth.outlet_turbidity.0);
        }
        delivered += truth.village_flow.0 * 5.0 / 3600.0;
        before = states;
    }
    let told = format!("{batches:?}, {worst} NTU, {delivered} m³, {}", plant.tell());
    assert!(batches.iter().all(|count| *count >= 4), "{told}");
    assert!(worst < 0.5 && both == 0, "{both}, {told}");
    assert!(plant.truth().unmet.0 < 0.05 * delivered, "{:?}, {told}", plant.truth().unmet);
    assert_eq!((plant.truth().overflowed.0, plant.truth().dry_seconds), (0.0, [0.0; 4]), "{told}");
}

/// R-2.10-06: the mains go while one batch settles: it settles on, and production comes back by itself.
#[test]
fn a_power_cut_does_not_disturb_a_batch() {
    let mut plant = in_batches(67);
    assert!(plant.run_until(10 * HOUR, is("Producing")), "{}", plant.tell());
    let settles = |plant: &ClosedLoop| plant.state("tank1.state") == Some("Settle");
    assert!(plant.run_until(10 * HOUR, settles), "{}", plant.tell());
    plant.run(MINUTE);
    let left = plant.value("tank1.batch.settle_left").unwrap_or_default();
    plant.act(Act::Mains(false)).unwrap();
    plant.run(30 * MINUTE);
    let now = plant.value("tank1.batch.settle_left").unwrap_or_default();
    assert!((left - now - 1800.0).abs() < 2.0, "{left} s, {now} s");
    plant.act(Act::Mains(true)).unwrap();
    assert!(plant.run_until(10 * HOUR, is("Producing")), "{}", plant.tell());
    assert_eq!(plant.truth().overflowed.0, 0.0);
}

/// F19, INV-19, INV-21: LT-206 freezes: what the meters move says how full the tank is, and then nobody; P-301 never runs dry and
/// nothing runs over.
#[test]
fn a_frozen_settled_level_neither_empties_nor_spills_its_tank() {
    for (seed, wait) in [(64, 20 * MINUTE), (65, 40 * MINUTE)] {
        let mut plant = producing(seed);
        plant.run(wait);
        let path = "sedimentation.settled_level".into();
        let fault = Some(SensorFault::Stuck);
        assert_eq!(plant.act(Act::SensorFault { path, fault }), Ok(()));
        let dry = plant.truth().dry_seconds[1];
        let (mut least, mut most) = (100.0_f64, 0.0_f64);
        let end = plant.now().plus(8 * HOUR);
        while plant.now() < end {
            plant.step();
            let level = plant.truth().settled_level.0;
            (least, most) = (least.min(level), most.max(level));
        }
        let dry = plant.truth().dry_seconds[1] - dry;
        println!("{least} to {most} %, {}", plant.tell());
        assert!(dry <= 10.0 && plant.truth().overflowed.0 <= 0.05, "{least} to {most} %, {dry} s");
    }
}
