use plc::image::{Inputs, Outputs};
use plc::interlock::Column;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Driven, Row, Source};

use super::*;
use plc::tag::Kind;

/// Inputs: path, and the top of a number's span or none for a contact.
type Inward = Vec<(String, Option<f64>)>;
/// Outputs: path, and the top of the span.
type Outward = Vec<(String, f64)>;

/// Points a test plant has.
fn points(p: &TwinParameters) -> (Inward, Outward) {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for (path, high) in [
        ("intake.river_level", 6.0),
        ("intake.wet_well_level", 4.0),
        ("intake.flow", 10.0),
        ("intake.turbidity", 4_000.0),
        ("coagulation.doser.strokes", 65_535.0),
        ("sedimentation.settled_level", 100.0),
        ("sedimentation.settled_turbidity", 100.0),
        ("filtration.flow", 10.0),
        ("filtration.combined_turbidity", 20.0),
        ("filtration.wash_flow", 25.0),
        ("disinfection.chlorine", 5.0),
        ("disinfection.outlet_chlorine", 5.0),
        ("disinfection.doser.strokes", 65_535.0),
        ("distribution.level_a", 2.2),
        ("distribution.elevated_level", 2.7),
        ("distribution.flow", 15.0),
        ("power.voltage", 300.0),
    ] {
        inputs.push((path.to_owned(), Some(high)));
    }
    for path in [
        "intake.wet_well_low_low",
        "intake.pump_a.running",
        "intake.inlet.opened",
        "intake.inlet.closed",
        "distribution.low_low",
        "distribution.high_high",
        "distribution.outlet.opened",
        "power.mains",
        "system.emergency_stop",
        "system.supply_on",
        "system.local_reset",
        "system.remote",
    ] {
        inputs.push((path.to_owned(), None));
    }
    for path in [
        "system.supply",
        "system.heartbeat",
        "intake.permit",
        "intake.inlet.open",
        "intake.inlet.close",
        "coagulation.doser.enable",
        "filtration.feed_permit",
        "filtration.wash_permit",
        "filtration.wash_pump.run",
        "disinfection.doser.enable",
        "distribution.permit",
    ] {
        outputs.push((path.to_owned(), 1.0));
    }
    outputs.push(("coagulation.doser.rate".to_owned(), 180.0));
    outputs.push(("disinfection.doser.rate".to_owned(), 180.0));
    outputs.push(("filtration.wash_pump.speed".to_owned(), 100.0));
    for unit in ["intake", "filtration", "distribution"] {
        outputs.push((format!("{unit}.pump_a.run"), 1.0));
        outputs.push((format!("{unit}.pump_a.speed"), 100.0));
    }
    for tank in 1..=p.tanks {
        inputs.push((format!("tank{tank}.level"), Some(2.5)));
        outputs.push((format!("tank{tank}.inlet.open"), 1.0));
        outputs.push((format!("tank{tank}.outlet.open"), 1.0));
        outputs.push((format!("tank{tank}.sludge.open"), 1.0));
    }
    for filter in 1..=p.filters {
        inputs.push((format!("filter{filter}.turbidity"), Some(20.0)));
        inputs.push((format!("filter{filter}.flow"), Some(5.0)));
        inputs.push((format!("filter{filter}.head_loss"), Some(40.0)));
        inputs.push((format!("filter{filter}.outlet.closed"), None));
        for valve in ["inlet", "outlet", "wash_inlet", "waste"] {
            outputs.push((format!("filter{filter}.{valve}.open"), 1.0));
        }
    }
    (inputs, outputs)
}

fn catalogue(p: &TwinParameters) -> Catalogue {
    let (inputs, outputs) = points(p);
    let row = |path: String, form, kind, slot| Row {
        id: slot,
        path,
        tag: String::new(),
        unit: String::new(),
        about: "",
        form,
        kind,
        slot,
    };
    let number = Form::Number { symbol: "1", unece: "C62", decimals: 3 };
    let mut rows = Vec::new();
    let counts = (inputs.len(), outputs.len());
    for (slot, (path, high)) in inputs.into_iter().enumerate() {
        let words = plc::declare::measured(0.0..=high.unwrap_or(1.0)).every_s(5.0);
        rows.push(row(
            path,
            if high.is_some() { number } else { Form::OnOff },
            Kind::Input(words),
            slot,
        ));
    }
    for (slot, (path, high)) in outputs.into_iter().enumerate() {
        let words = Driven { column: None, high };
        rows.push(row(path, number, Kind::Output(words, Column::Positions), slot));
    }
    Catalogue { rows: rows.into(), inputs: counts.0, outputs: counts.1, alarms: 0 }
}

/// A twin with somebody at its outputs.
struct Plant {
    catalogue: Catalogue,
    outputs: Outputs,
    inputs: Inputs,
    twin: Twin,
    now: Moment,
    step: Duration,
}

impl Plant {
    fn new(parameters: TwinParameters, seed: u64) -> Plant {
        let catalogue = catalogue(&parameters);
        Plant {
            outputs: Outputs::new(&catalogue),
            inputs: Inputs::new(&catalogue),
            twin: Twin::new(parameters, &catalogue, seed),
            catalogue,
            now: Moment(0),
            step: Duration::from_millis(100),
        }
    }

    /// Dry weather: nothing happens that the test does not do.
    fn calm() -> Plant {
        Plant::new(TwinParameters { dry_storms_per_day: 0.0, ..TwinParameters::default() }, 1)
    }

    fn set(&mut self, path: &str, value: f64) {
        let slot = self.catalogue.output_slot(path).expect("an output");
        self.outputs.values[slot] = value;
    }

    fn reading(&self, path: &str) -> Reading {
        self.inputs.readings[self.catalogue.input_slot(path).expect("an input")]
    }

    /// Runs with a beating heart.
    fn run_s(&mut self, seconds: f64) {
        let steps = (seconds / self.step.as_secs_f64()).round() as u32;
        for _ in 0..steps {
            let slot = self.catalogue.output_slot("system.heartbeat").expect("an output");
            self.outputs.values[slot] = 1.0 - self.outputs.values[slot];
            self.step();
        }
    }

    fn step(&mut self) {
        self.now = self.now.plus(self.step);
        self.twin.step(&self.outputs, &mut self.inputs, self.now, self.step);
    }

    /// Lifts about as much as is made.
    fn distribute(&mut self) {
        self.set("distribution.pump_a.run", 1.0);
        self.set("distribution.pump_a.speed", 92.0);
    }

    /// Everything that makes water, at speeds that hold the levels for some hours.
    fn produce(&mut self) {
        for path in [
            "system.supply",
            "intake.permit",
            "intake.inlet.open",
            "intake.pump_a.run",
            "coagulation.doser.enable",
            "filtration.feed_permit",
            "filtration.pump_a.run",
            "disinfection.doser.enable",
            "distribution.permit",
        ] {
            self.set(path, 1.0);
        }
        for unit in 1..=2 {
            self.set(&format!("tank{unit}.inlet.open"), 1.0);
            self.set(&format!("filter{unit}.inlet.open"), 1.0);
            self.set(&format!("filter{unit}.outlet.open"), 1.0);
        }
        self.set("intake.pump_a.speed", 80.0);
        self.set("filtration.pump_a.speed", 79.0);
        self.set("coagulation.doser.rate", 18.0);
        self.set("disinfection.doser.rate", 27.0);
    }
}

#[test]
fn water_flows_from_the_river_to_the_clear_well_and_is_clear_and_chlorinated() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.distribute();
    plant.run_s(2.0 * 3_600.0);
    let truth = plant.twin.truth();
    assert!((truth.raw_flow.0 - 5.0).abs() < 0.3, "{:?}", truth.raw_flow);
    assert!((truth.produced_flow.0 - 5.0).abs() < 0.6, "{:?}", truth.produced_flow);
    assert!((0.4..2.5).contains(&truth.settled_turbidity.0), "{:?}", truth.settled_turbidity);
    assert!(truth.combined_turbidity.0 < 0.3, "{:?}", truth.combined_turbidity);
    assert!((0.5..1.6).contains(&truth.inlet_chlorine.0), "{:?}", truth.inlet_chlorine);
    assert!((plant.reading("intake.flow").value - truth.raw_flow.0).abs() < 0.1);
    assert!(truth.overflowed.0 == 0.0 && truth.coagulant_dosed.0 > 50.0);
}

/// V-6.15-20, INV-46: every step's books of water, solids and chlorine close, whatever happens to the plant.
#[test]
fn not_a_litre_is_lost_in_two_days_of_storm_wash_and_power_cuts() {
    let mut plant = Plant::calm();
    plant.step = Duration::from_secs(1);
    plant.produce();
    plant.twin.act(Act::Storm { peak_ntu: 800.0 }).expect("a storm");
    let mut worst = 0.0_f64;
    for hour in 0..48_u32 {
        plant.set("distribution.pump_a.run", f64::from(u8::from(hour % 3 == 0)));
        plant.set("distribution.pump_a.speed", 96.0);
        let washes = hour % 8 == 5;
        plant.set("filter1.inlet.open", f64::from(u8::from(!washes)));
        for path in ["filter1.wash_inlet.open", "filter1.waste.open", "filtration.wash_permit"] {
            plant.set(path, f64::from(u8::from(washes)));
        }
        plant.set("filter1.outlet.open", f64::from(u8::from(!washes)));
        plant.set("tank1.sludge.open", f64::from(u8::from(hour % 6 == 0)));
        plant.twin.act(Act::Mains(hour % 11 != 7)).expect("a switch");
        for _ in 0..12 {
            plant.run_s(300.0);
            let truth = plant.twin.truth();
            worst = worst.max(truth.balance_error.0).max(truth.chlorine_balance_error.0);
            worst = worst.max(truth.solids_balance_error.0);
        }
    }
    let truth = plant.twin.truth();
    assert!(truth.taken_in.0 > 150.0 && truth.let_out.0 > 100.0);
    assert!(worst < 1.0e-9, "{worst}");
    assert!(truth.worst_step.closes(), "{:?}", truth.worst_step);
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_other_ones() {
    let run = |seed| {
        let mut plant =
            Plant::new(TwinParameters { start_day: 200.0, ..TwinParameters::default() }, seed);
        plant.produce();
        plant.run_s(1_800.0);
        plant.step = Duration::from_secs(1);
        plant.run_s(86_400.0);
        let bits: Vec<u64> = plant.inputs.readings.iter().map(|r| r.value.to_bits()).collect();
        (bits, format!("{:?}", plant.twin.truth()))
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4).0, run(5).0);
}

#[test]
fn long_steps_and_short_ones_tell_the_same_story() {
    let level = |step| {
        let mut plant = Plant::calm();
        plant.step = step;
        plant.produce();
        plant.run_s(3_600.0);
        let truth = plant.twin.truth();
        (truth.clear_well_level.0, truth.inlet_chlorine.0)
    };
    let (short, long) = (level(Duration::from_millis(100)), level(Duration::from_secs(1)));
    assert!(
        (short.0 - long.0).abs() < 0.005 && (short.1 - long.1).abs() < 0.02,
        "{short:?} {long:?}"
    );
}

#[test]
fn the_emergency_stop_drops_the_motors_whatever_the_controller_says() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.run_s(60.0);
    assert!(plant.twin.truth().contactor && plant.reading("intake.pump_a.running").value == 1.0);
    plant.twin.act(Act::Press("ES-900".to_owned())).expect("a button");
    plant.run_s(0.1);
    assert_eq!(plant.reading("system.emergency_stop").value, 0.0);
    assert_eq!(plant.reading("system.supply_on").value, 0.0);
    assert_eq!(plant.reading("intake.pump_a.running").value, 0.0);
    let dosed = plant.twin.truth().coagulant_dosed;
    plant.run_s(30.0);
    assert_eq!(plant.twin.truth().coagulant_dosed, dosed);
    assert!(plant.twin.truth().raw_flow.0 < 0.01);
    plant.twin.act(Act::Release("ES-900".to_owned())).expect("a button");
    plant.run_s(0.1);
    assert_eq!(plant.reading("system.supply_on").value, 1.0);
}

#[test]
fn a_heart_that_stops_beating_drops_the_motors() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.run_s(60.0);
    for _ in 0..11 {
        plant.step();
    }
    assert!(!plant.twin.truth().contactor);
}

#[test]
fn a_permit_taken_away_stops_its_pumps_and_no_others() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.run_s(60.0);
    plant.set("intake.permit", 0.0);
    plant.run_s(20.0);
    let truth = plant.twin.truth();
    assert!(truth.raw_flow.0 < 0.1 && truth.feed_flow.0 > 4.0);
}

#[test]
fn a_valve_takes_its_time_and_stays_without_power_while_an_outlet_falls_shut() {
    let mut plant = Plant::calm();
    plant.set("intake.inlet.open", 1.0);
    plant.set("filter1.outlet.open", 1.0);
    plant.run_s(7.0);
    let ends = |plant: &Plant| {
        (plant.reading("intake.inlet.opened").value, plant.reading("intake.inlet.closed").value)
    };
    assert_eq!(ends(&plant), (0.0, 0.0));
    plant.run_s(9.0);
    assert_eq!(ends(&plant), (1.0, 0.0));
    plant.set("intake.inlet.open", 0.0);
    plant.set("filter1.outlet.open", 0.0);
    plant.run_s(16.0);
    assert_eq!(ends(&plant), (1.0, 0.0));
    assert_eq!(plant.reading("filter1.outlet.closed").value, 1.0);
    assert_eq!(plant.reading("distribution.outlet.opened").value, 1.0);
}

#[test]
fn a_dry_wet_well_and_a_full_clear_well_trip_their_pumps_by_wire() {
    let low = TwinParameters { wet_well_depth: -0.75, ..TwinParameters::default() };
    let mut plant = Plant::new(low, 1);
    plant.produce();
    plant.run_s(120.0);
    assert_eq!(plant.reading("intake.wet_well_low_low").value, 0.0);
    assert_eq!(plant.reading("intake.pump_a.running").value, 0.0);

    let full = TwinParameters { start_clear_well: 1.96, ..TwinParameters::default() };
    let mut plant = Plant::new(full, 1);
    plant.produce();
    plant.run_s(120.0);
    assert_eq!(plant.reading("distribution.high_high").value, 0.0);
    let truth = plant.twin.truth();
    assert!(truth.feed_flow.0 == 0.0 && truth.chlorine_dosed.0 == 0.0 && truth.raw_flow.0 > 4.0);
}

#[test]
fn a_called_storm_reaches_the_raw_water_within_hours() {
    let mut plant = Plant::calm();
    plant.step = Duration::from_secs(1);
    plant.run_s(600.0);
    let calm = plant.twin.truth().raw_turbidity.0;
    plant.twin.act(Act::Storm { peak_ntu: 1_500.0 }).expect("a storm");
    plant.run_s(2.0 * 3_600.0);
    let raw = plant.twin.truth().raw_turbidity.0;
    assert!(raw > 20.0 * calm && plant.reading("intake.turbidity").value > 700.0, "{calm} {raw}");
}

/// V-6.15-14: a storm on the dose of the dry season goes through the sand.
#[test]
fn a_storm_on_the_dry_dose_fails_the_plant() {
    let mut plant = Plant::calm();
    plant.step = Duration::from_secs(1);
    plant.produce();
    plant.distribute();
    plant.twin.act(Act::Storm { peak_ntu: 600.0 }).expect("a storm");
    plant.run_s(5.0 * 3_600.0);
    let truth = plant.twin.truth();
    assert!(truth.settled_turbidity.0 > 50.0, "{:?}", truth.settled_turbidity);
    assert!(truth.combined_turbidity.0 > 5.0, "{:?}", truth.combined_turbidity);
}

#[test]
fn a_cut_bus_goes_silent_and_its_drives_stop_after_three_seconds() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.run_s(60.0);
    plant.twin.act(Act::Link { bus: Bus::A, up: false }).expect("a bus");
    let (drive, flow) = (plant.reading("intake.pump_a.running").taken, "intake.flow");
    plant.run_s(2.0);
    assert!(plant.twin.truth().raw_flow.0 > 4.5);
    plant.run_s(20.0);
    assert!(plant.twin.truth().raw_flow.0 < 0.1);
    assert_eq!(plant.reading("intake.pump_a.running").taken, drive);
    assert!(plant.now.since(plant.reading(flow).taken) <= Duration::from_secs(1));
    plant.twin.act(Act::ClearAll).expect("all sound");
    plant.run_s(20.0);
    assert!(plant.twin.truth().raw_flow.0 > 4.0);
}

#[test]
fn what_can_break_is_listed_breaks_and_is_mended() {
    let mut plant = Plant::calm();
    plant.produce();
    plant.run_s(60.0);
    let path = || "intake.flow".to_owned();
    let stuck = plant.reading("intake.flow").value;
    let fault = Some(SensorFault::Stuck);
    plant.twin.act(Act::SensorFault { path: path(), fault }).expect("an instrument");
    let pump = || "intake.pump_a".to_owned();
    let fault = Some(ActuatorFault::Trip);
    plant.twin.act(Act::ActuatorFault { path: pump(), fault }).expect("a pump");
    plant.run_s(30.0);
    assert_eq!(plant.reading("intake.flow").value, stuck);
    assert!(plant.twin.truth().raw_flow.0 < 0.1);
    let faults: Vec<_> = plant.twin.faults().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(faults, [path(), pump()]);
    assert!(plant.twin.sensors().any(|found| found == "system.emergency_stop"));
    plant.twin.act(Act::ClearAll).expect("all sound");
    assert_eq!(plant.twin.faults().count(), 0);
    plant.run_s(30.0);
    assert!(plant.twin.truth().raw_flow.0 > 4.0);
    for refused in [
        Act::Press("XX-1".to_owned()),
        Act::SensorFault { path: "no.such".to_owned(), fault: None },
        Act::SensorFault { path: "system.remote".to_owned(), fault: Some(SensorFault::Bias(1.0)) },
        Act::ActuatorFault { path: "no.such".to_owned(), fault: None },
        Act::Link { bus: Bus::Header, up: false },
        Act::Storm { peak_ntu: f64::NAN },
    ] {
        assert!(plant.twin.act(refused.clone()).is_err(), "{refused:?}");
    }
}

#[test]
fn the_first_step_reads_every_instrument_and_each_at_least_once_a_second_after() {
    let mut plant = Plant::calm();
    plant.run_s(0.1);
    assert!(plant.inputs.readings.iter().all(|reading| reading.quality == Quality::Good));
    plant.run_s(5.0);
    let late = |reading: &&Reading| plant.now.since(reading.taken) > Duration::from_secs(1);
    assert_eq!(plant.inputs.readings.iter().filter(late).count(), 0);
}

#[test]
fn a_small_site_without_blower_and_tower_makes_water_too() {
    let small = TwinParameters {
        blower: false,
        elevated_tank: false,
        ..TwinParameters::for_site(2.0, 1, 1)
    };
    let mut plant = Plant::new(small, 3);
    plant.step = Duration::from_secs(1);
    for (path, value) in [
        ("system.supply", 1.0),
        ("intake.permit", 1.0),
        ("intake.inlet.open", 1.0),
        ("intake.pump_a.run", 1.0),
        ("intake.pump_a.speed", 80.0),
        ("tank1.inlet.open", 1.0),
        ("filtration.feed_permit", 1.0),
        ("filtration.pump_a.run", 1.0),
        ("filtration.pump_a.speed", 80.0),
        ("filter1.inlet.open", 1.0),
        ("filter1.outlet.open", 1.0),
        ("coagulation.doser.enable", 1.0),
        ("coagulation.doser.rate", 18.0),
        ("distribution.permit", 1.0),
        ("distribution.pump_a.run", 1.0),
        ("distribution.pump_a.speed", 75.0),
    ] {
        plant.set(path, value);
    }
    plant.run_s(3.0 * 3_600.0);
    let truth = plant.twin.truth();
    assert!((1.8..2.2).contains(&truth.raw_flow.0), "{:?}", truth.raw_flow);
    assert!(truth.produced_flow.0 > 1.0 && truth.combined_turbidity.0 < 0.3);
    assert!(truth.village_flow.0 > 0.5 * truth.demand.0, "{:?}", truth.village_flow);
    assert!(truth.balance_error.0 < 1.0e-9);
}

/// The plant's own list of points against ours: a name that drifts apart shows here.
#[test]
fn every_field_point_of_the_plant_ends_at_the_twin() {
    use plc::plant::{Plant, Shape};
    for shape in [
        Shape::default(),
        Shape { tanks: 1, filters: 3, raw_pumps: 1, blower: false, ..Shape::default() },
    ] {
        let plant = Plant::new(&shape);
        let catalogue = plant.catalogue();
        let parameters = TwinParameters {
            blower: shape.blower,
            ..TwinParameters::for_site(5.0, shape.tanks.into(), shape.filters.into())
        };
        let twin = Twin::new(parameters, catalogue, 1);
        let sensors: Vec<&str> = twin.sensors().collect();
        let missing: Vec<&str> = catalogue
            .rows
            .iter()
            .filter(|row| match row.kind {
                Kind::Input(words) => {
                    words.source == Source::Field && !sensors.contains(&row.path.as_str())
                }
                // The horn moves nothing.
                Kind::Output(..) => {
                    row.path != "system.horn"
                        && !twin.wiring.commands.iter().any(|command| command.slot == row.slot)
                }
                Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => false,
            })
            .map(|row| row.path.as_str())
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// 6.11: bubbles of a wash shine in the analyser for five minutes, and never in the water.
#[test]
fn bubbles_after_a_wash_are_seen_for_five_minutes_and_are_not_there() {
    let parameters = TwinParameters { wash_bubbles: 2.0, ..TwinParameters::default() };
    let mut plant = Plant::new(parameters, 1);
    plant.produce();
    plant.run_s(600.0);
    let seen = |plant: &mut Plant, seconds: u32| {
        let mut most = 0.0_f64;
        for _ in 0..seconds {
            plant.run_s(1.0);
            let shown = plant.reading("filter2.turbidity").value;
            most = most.max(shown - plant.twin.truth().filters[1].turbidity.0);
        }
        most
    };
    assert!(seen(&mut plant, 300) < 0.15);
    plant.twin.works.filtration.filters[1].bubbles_s = 300.0;
    assert!(seen(&mut plant, 300) > 0.15);
    plant.run_s(300.0);
    assert!(seen(&mut plant, 300) < 0.15);
}
