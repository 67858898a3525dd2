//! The driver against the rig: two implementations of the same profiles that share no line of protocol.

use std::net::SocketAddr;
use std::time::Duration;

use config::{
    DeadMan, Direction, Form, Profile, Profiles, Register, Table, Watchdog, WordOrder, shipped,
};
use hil::rig::{End, PlantWorld, Rig, Setup, World, tell};
use plc::image::{Inputs, Outputs};
use plc::plant::{Plant as Core, Shape};
use plc::signal::{Fault, Moment, Quality, Reading};
use tokio::runtime::Handle;

use super::bench::{Plant, Rigged, profile, register};
use crate::field::Field;
use crate::field::buses::BusField;

/// Shows on each input what the output of the same number asks for.
struct Mirror;

impl World for Mirror {
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, _elapsed: Duration) {
        for (reading, value) in inputs.readings.iter_mut().zip(&outputs.values) {
            *reading = Reading::good(*value, at);
        }
    }

    fn act(&mut self, _words: &[&str]) -> Result<(), String> {
        Err("nothing to do".into())
    }
}

/// Speed of plant time on both sides: a drive's 3 s are 300 ms.
const SPEED: u32 = 10;

async fn rig(site: &mut Rigged) -> Rig {
    site.speed = SPEED;
    let bind = Some(([127, 0, 0, 1], 0).into());
    let setup = Setup { bind, speed: SPEED, ..Setup::default() };
    let world = Box::new(Mirror);
    let rig = Rig::start(&site.site(), &site.catalogue(), world, &setup).await.unwrap();
    site.address = rig.buses[0].1.to_string();
    rig
}

#[tokio::test]
async fn every_register_form_makes_the_way_out_and_back() {
    let bit = |bit| Form::Bool { bit };
    let mut site = Rigged::new(([127, 0, 0, 1], 0).into());
    let mut registers = Vec::new();
    let mut values = Vec::new();
    // Each form once as the plant's output and once as its input.
    let mut both = |form: Form, tables: [Table; 2], order, scale, value| {
        for (way, table) in tables.into_iter().enumerate() {
            let address = u16::try_from(100 * way + 4 * values.len()).unwrap();
            let form = register("value", table, address, form.clone());
            registers.push(Register { order, scale, ..form });
        }
        values.push(value);
    };
    let (holding, input) = ([Table::Holding; 2], [Table::Holding, Table::Input]);
    let abcd = WordOrder::Abcd;
    both(bit(0), [Table::Coil, Table::DiscreteInput], abcd, 1.0, 1.0);
    both(bit(0), [Table::Coil, Table::Coil], abcd, 1.0, 1.0);
    both(bit(9), holding, abcd, 1.0, 1.0);
    both(Form::U16, input, abcd, 0.01, 123.45);
    both(Form::I16, holding, abcd, 0.1, -50.5);
    for order in [abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba] {
        both(Form::U32, input, order, 1.0, 3_000_000_123.0);
        both(Form::I32, holding, order, 1.0, -70_001.0);
        both(Form::F32, input, order, 1.0, 0.375);
    }
    let profile = Profile { registers, max_gap: 8, read_back: true, ..profile() };
    site.device("all", 7, profile);
    for number in 0..values.len() {
        site.output(0, 2 * number);
        site.input(0, 2 * number + 1);
    }
    let _rig = rig(&mut site).await;
    let mut plant = site.start();
    let shows = |plant: &Plant, values: &[f64]| {
        plant.inputs.readings.iter().zip(values).all(|(reading, value)| {
            reading.quality == Quality::Good && (reading.value - value).abs() < 1e-9
        })
    };
    let off = vec![0.0; values.len()];
    plant.until("all stand at zero", |plant| shows(plant, &off)).await;
    plant.outputs.values.copy_from_slice(&values);
    plant.until("all show what was asked", |plant| shows(plant, &values)).await;
}

#[tokio::test]
async fn drives_and_relays_are_kept_awake_and_run_again_after_a_cut() {
    let mut site = Rigged::new(([127, 0, 0, 1], 0).into());
    let drive = Profile {
        registers: vec![
            register("run", Table::Holding, 8501, Form::Command { start: vec![6, 7, 15], stop: 6 }),
            Register { scale: 0.2, ..register("speed", Table::Holding, 8502, Form::I16) },
            register("running", Table::Holding, 3201, Form::Bool { bit: 2 }),
            Register { scale: 0.2, ..register("frequency", Table::Holding, 3202, Form::I16) },
        ],
        watchdog: Some(Watchdog { address: 6005, value: 30, verify: 6005 }),
        ..profile()
    };
    let relays = Profile {
        registers: vec![
            register("relay", Table::Coil, 0, Form::Bool { bit: 0 }),
            register("contact", Table::DiscreteInput, 0, Form::Bool { bit: 0 }),
        ],
        dead_man: Some(DeadMan { address: 0x200, ticks: 30 }),
        read_back: true,
        ..profile()
    };
    site.device("drive", 1, drive);
    site.device("relays", 2, relays);
    for (device, output, input) in [(0, 0, 2), (0, 1, 3), (1, 0, 1)] {
        site.output(device, output);
        site.input(device, input);
    }
    for binding in site.bindings.iter_mut().filter(|binding| binding.device == 1) {
        binding.dead_man = true;
    }
    let rig = rig(&mut site).await;
    let control = rig.control.to_string();
    let mut plant = site.start();
    plant.outputs.values.copy_from_slice(&[1.0, 80.0, 1.0]);
    let all = |plant: &Plant, values: [f64; 3]| {
        let readings = plant.inputs.readings.iter();
        readings.zip(values).all(|(reading, value)| {
            reading.quality == Quality::Good && (reading.value - value).abs() < 1e-9
        })
    };
    plant.until("all run", |plant| all(plant, [1.0, 80.0, 1.0])).await;
    // Longer than every dead-man: they are kept awake.
    let later = plant.now.plus(Duration::from_secs(60));
    plant.until("they run on", |plant| plant.now > later && all(plant, [1.0, 80.0, 1.0])).await;
    for state in ["silent", "down"] {
        tell(&control, &format!("link a {state}")).await.unwrap();
        plant
            .until("all are stale", |plant| {
                let mut readings = plant.inputs.readings.iter();
                readings.all(|reading| reading.quality == Quality::Bad(Fault::Stale))
            })
            .await;
        assert!(!plant.answers());
        tell(&control, "link a up").await.unwrap();
        plant.until("all run again", |plant| all(plant, [1.0, 80.0, 1.0])).await;
        assert!(plant.answers());
    }
}

/// The bench's text, its three RS-485 lines as serial ports of this machine.
fn with_ports(ports: &[(String, String)]) -> String {
    let mut text = shipped::BENCH.to_string();
    for (bus, tcp) in [("a", 1502), ("b", 1503), ("d", 1505)] {
        let found = format!("address = \"127.0.0.1:{tcp}\"\nline = \"rs485\"\n");
        let port = ports.iter().find(|(name, _)| name == bus);
        let port = port.map_or("/dev/ttyUSB0", |(_, port)| port);
        let port = if ports.is_empty() { format!("{port}{bus}") } else { port.to_string() };
        let port = format!("protocol = \"rtu\"\nport = \"{port}\"\nparity = \"even\"\n");
        assert!(text.contains(&found), "{found}");
        text = text.replacen(&found, &port, 1);
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_plant_sees_every_instrument_of_the_bench_and_closes_its_contactor() {
    sees_every_instrument(|_| shipped::BENCH.to_string(), Vec::new(), SPEED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_plant_sees_them_over_three_serial_lines_too() {
    let serial = ["a", "b", "d"].map(|bus| (bus.to_string(), End::Pty)).to_vec();
    // Serial lines do not run faster than life; twice is what these carry.
    sees_every_instrument(with_ports, serial, 2).await;
}

async fn sees_every_instrument(
    text: impl Fn(&[(String, String)]) -> String,
    serial: Vec<(String, End)>,
    speed: u32,
) {
    let catalogue_of = |shape: &Shape| Core::new(shape).catalogue().clone();
    let profiles = Profiles::shipped();
    let bench = |ports: &[(String, String)], set: &[String]| {
        let site = config::check(&text(ports), "bench.toml", &profiles, set, catalogue_of);
        site.unwrap_or_else(|faults| panic!("{faults}"))
    };
    let site = bench(&[], &[]);
    let mut core = Core::new(&site.shape);
    let catalogue = core.catalogue().clone();
    let world = Box::new(PlantWorld::new(&site.shape, &catalogue, 1));
    let bind = Some(([127, 0, 0, 1], 0).into());
    let setup = Setup { bind, speed, serial, ..Setup::default() };
    let rig = Rig::start(&site, &catalogue, world, &setup).await.unwrap();
    let at = |(bus, address): &(String, SocketAddr)| format!("bus.{bus}.address={address}");
    let site = bench(&rig.ports, &rig.buses.iter().map(at).collect::<Vec<String>>());
    let mut field = BusField::start(&site, &catalogue, speed, &Handle::current()).unwrap();
    let bound = |inputs: &Inputs| -> Vec<String> {
        let of_field = site.bindings.iter().filter(|one| one.direction == Direction::Input);
        let paths = of_field.map(|binding| &binding.path);
        let bad = paths.filter(|path| {
            let slot = catalogue.input_slot(path).unwrap();
            inputs.readings[slot].quality != Quality::Good
        });
        bad.cloned().collect()
    };
    let supply = catalogue.input_slot("system.supply_on").unwrap();
    // What the shell says of itself while all is well.
    let well = ["storage_ok", "clock_trusted", "setup_done", "bus_a", "bus_b", "bus_c", "bus_d"];
    let well = well.map(|point| (catalogue.input_slot(&format!("system.{point}")).unwrap(), 1.0));
    let quiet = ["lateness", "overruns", "watchdog_restart"];
    let quiet = quiet.map(|point| (catalogue.input_slot(&format!("system.{point}")).unwrap(), 0.0));
    let reported: Vec<(usize, f64)> = well.into_iter().chain(quiet).collect();
    let mut inputs = Inputs::new(&catalogue);
    let mut now = Moment(0);
    let mut beat = tokio::time::interval(site.period / speed);
    // Two minutes of the plant.
    while now < Moment(120_000_000) {
        beat.tick().await;
        now = now.plus(site.period);
        field.read(&mut inputs, now);
        for (slot, value) in &reported {
            inputs.readings[*slot] = Reading::good(*value, now);
        }
        let outputs = core.scan(&inputs, &[], site.period);
        field.write(outputs, now);
        if bound(&inputs).is_empty() && inputs.readings[supply].value == 1.0 {
            return;
        }
    }
    panic!("bad: {:?}, K0 {:?}", bound(&inputs), inputs.readings[supply]);
}
