//! Core and twin in one process: raw water that is lifted, and never without coagulant.

use std::time::Duration;

use hil::closed_loop::ClosedLoop;
use hil::{Act, ActuatorFault, SensorFault, TwinParameters};
use plc::image::Command;
use plc::plant::Shape;
use plc::reason::Reason;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Scans of 200 ms: within the 250 ms that real outputs allow.
const PERIOD: Duration = Duration::from_millis(200);

/// The reference plant, making water for a while.
fn producing(seed: u64) -> ClosedLoop {
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), seed, PERIOD);
    let is =
        |state: &'static str| move |plant: &ClosedLoop| plant.state("system.state") == Some(state);
    assert!(plant.run_until(5 * MINUTE, is("Stopped")), "{}", plant.tell());
    assert_eq!(plant.order(Command::Start), Ok(()));
    assert!(plant.run_until(2 * HOUR, is("Producing")), "{}", plant.tell());
    plant.run(10 * MINUTE);
    plant
}

fn break_device(plant: &mut ClosedLoop, path: &str, fault: ActuatorFault) {
    let act = Act::ActuatorFault { path: path.into(), fault: Some(fault) };
    assert_eq!(plant.act(act), Ok(()));
}

fn break_sensor(plant: &mut ClosedLoop, path: &str, fault: Option<SensorFault>) {
    assert_eq!(plant.act(Act::SensorFault { path: path.into(), fault }), Ok(()));
}

/// What the raw water of a run went through.
#[derive(Default)]
struct Seen {
    /// Longest times without a pause: a pump that turns and moves nothing, PAC into still water, raw water without PAC, s.
    dead: f64,
    into_still: f64,
    bare: f64,
    now: [f64; 3],
    dosed: f64,
}

impl Seen {
    /// Scans and looks at the truth (INV-6, INV-8, INV-20).
    fn run(&mut self, plant: &mut ClosedLoop, time: Duration) {
        let end = plant.now().plus(time);
        while plant.now() < end {
            plant.step();
            let step = PERIOD.as_secs_f64();
            let truth = plant.truth();
            let grams = truth.coagulant_dosed.0 - self.dosed;
            self.dosed = truth.coagulant_dosed.0;
            let flow = truth.raw_flow.0;
            let turns = ["a", "b"]
                .iter()
                .any(|pump| plant.value(&format!("intake.pump_{pump}.running")) == Some(1.0));
            let table = plant.value("coagulation.table_dose").unwrap_or_default();
            // g in a step over m³ in a step: mg/l.
            let dose = if flow > 0.0 { grams * 3600.0 / step / flow } else { 0.0 };
            let facts =
                [turns && flow < 0.25, grams > 0.0 && flow < 0.8, flow > 1.0 && dose < 0.5 * table];
            for (lasted, fact) in self.now.iter_mut().zip(facts) {
                *lasted = if fact { *lasted + step } else { 0.0 };
            }
            self.dead = self.dead.max(self.now[0]);
            self.into_still = self.into_still.max(self.now[1]);
            self.bare = self.bare.max(self.now[2]);
        }
    }

    fn hold(&self, plant: &ClosedLoop) {
        assert!(self.dead <= 15.6, "INV-20: {} s, {}", self.dead, plant.tell());
        assert!(self.into_still <= 2.6, "INV-6: {} s, {}", self.into_still, plant.tell());
        assert!(self.bare <= 180.6, "INV-8: {} s, {}", self.bare, plant.tell());
    }
}

/// R-2.3-04, F2, INV-6, INV-8, INV-20: a pump that trips, and one that turns and moves nothing.
#[test]
fn a_raw_water_pump_that_fails_is_followed_by_its_standby() {
    for fault in [ActuatorFault::Trip, ActuatorFault::Seize] {
        let mut plant = producing(41);
        let duty = ["intake.pump_a", "intake.pump_b"]
            .into_iter()
            .find(|pump| plant.value(&format!("{pump}.running")) == Some(1.0))
            .unwrap();
        let standby = if duty.ends_with('a') { "intake.pump_b" } else { "intake.pump_a" };
        break_device(&mut plant, duty, fault);
        let mut seen = Seen { dosed: plant.truth().coagulant_dosed.0, ..Seen::default() };
        seen.run(&mut plant, 30 * SECOND);
        assert_eq!(plant.value(&format!("{standby}.running")), Some(1.0), "{}", plant.tell());
        seen.run(&mut plant, 2 * MINUTE);
        assert!(plant.truth().raw_flow.0 > 2.4, "{}", plant.tell());
        assert!(plant.truth().coagulant_dose.0 > 3.0, "{}", plant.tell());
        seen.hold(&plant);
    }
}

/// R-2.3-02, R-2.12-13, F7, INV-8: the plant goes on at the reduced rate for half an hour, and then takes no more.
#[test]
fn a_raw_meter_that_reads_zero_costs_half_an_hour_at_the_reduced_rate_and_no_coagulant() {
    let mut plant = producing(42);
    break_sensor(&mut plant, "intake.flow", Some(SensorFault::Zero));
    let mut seen = Seen { dosed: plant.truth().coagulant_dosed.0, ..Seen::default() };
    seen.run(&mut plant, 20 * MINUTE);
    let flow = plant.truth().raw_flow.0;
    assert!(flow > 2.0 && flow < 3.9, "{flow} m³/h, {}", plant.tell());
    assert!(plant.truth().coagulant_dose.0 > 3.0, "{}", plant.tell());
    seen.run(&mut plant, 15 * MINUTE);
    assert!(plant.truth().raw_flow.0 < 0.01, "{}", plant.tell());
    assert!(plant.plant.units.coagulation.unready().has(Reason::FlowUnknown));
    seen.hold(&plant);
    break_sensor(&mut plant, "intake.flow", None);
    assert_eq!(plant.order(Command::Reset), Ok(()));
    let flows = plant.run_until(HOUR, |plant| plant.truth().raw_flow.0 > 2.0);
    assert!(flows, "{}", plant.tell());
}

/// F6, R-2.12-06, R-2.3-02, INV-6, INV-8: FIT-101 freezes at full rate: within twelve minutes the speed says how much flows, and
/// PAC goes by that.
#[test]
fn a_raw_meter_that_froze_is_not_what_coagulant_goes_by() {
    let mut plant = producing(43);
    let full = |plant: &ClosedLoop| plant.truth().raw_flow.0 > 4.7;
    assert!(plant.run_until(2 * HOUR, full), "{}", plant.tell());
    break_sensor(&mut plant, "intake.flow", Some(SensorFault::Stuck));
    let mut seen = Seen { dosed: plant.truth().coagulant_dosed.0, ..Seen::default() };
    seen.run(&mut plant, 12 * MINUTE);
    let (flow, judged) = (plant.truth().raw_flow.0, plant.value("intake.raw_flow").unwrap());
    assert!(plant.value("intake.flow").unwrap() > 4.6 && flow > 2.0, "{}", plant.tell());
    assert!((judged - flow).abs() < 0.4, "{judged} for {flow} m³/h, {}", plant.tell());
    let (dose, table) =
        (plant.truth().coagulant_dose.0, plant.value("coagulation.table_dose").unwrap());
    assert!((dose / table - 1.0).abs() < 0.25, "{dose} mg/l for {table}, {}", plant.tell());
    seen.hold(&plant);
    break_sensor(&mut plant, "intake.flow", None);
    plant.run(3 * MINUTE);
    assert!((plant.value("intake.raw_flow").unwrap() - plant.truth().raw_flow.0).abs() < 0.3);
}

/// R-2.4-09, INV-8: P-211A fails: P-211B; that fails too: no raw water, until a person has looked.
#[test]
fn without_its_dosing_pumps_the_plant_takes_no_raw_water() {
    let mut plant = producing(43);
    let mut seen = Seen { dosed: plant.truth().coagulant_dosed.0, ..Seen::default() };
    break_device(&mut plant, "coagulation.doser", ActuatorFault::Trip);
    seen.run(&mut plant, 5 * MINUTE);
    assert_eq!(plant.value("coagulation.doser.on_b"), Some(1.0), "{}", plant.tell());
    assert!(plant.truth().coagulant_dose.0 > 3.0, "{}", plant.tell());
    break_device(&mut plant, "coagulation.doser", ActuatorFault::Trip);
    seen.run(&mut plant, 3 * MINUTE);
    assert!(plant.truth().raw_flow.0 < 0.01, "{}", plant.tell());
    seen.run(&mut plant, HOUR);
    assert!(plant.truth().raw_flow.0 < 0.01, "{}", plant.tell());
    seen.hold(&plant);
}
