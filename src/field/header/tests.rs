//! The header of the reference plant on simulated lines: the keeper on virtual time, and the field with its real thread.
//! None of this has met a Raspberry Pi.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use config::{Profiles, Site, shipped};
use plc::image::{Inputs, Outputs};
use plc::plant::{Plant, Shape};
use plc::signal::{Fault, Moment, Quality};
use plc::tag::Catalogue;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::held::Held;
use super::keeper::Keeper;
use super::lines::{Level, LineError};
use super::plan::Plan;
use super::simulated::{Simulated, Trouble};
use crate::field::Field;
use crate::field::buses::{BusField, FieldError};
use crate::field::image::{Image, Wanted};

const TICK: Duration = Duration::from_millis(2);
/// Longest wait for anything to come true.
const PATIENCE: Duration = Duration::from_secs(20);

// Lines of plant.md 1.5.
const EMERGENCY_STOP: u8 = 4;
const LOCAL_RESET: u8 = 21;
const COAGULANT_STROKE: u8 = 12;
const COAGULANT_CONFIRM: u8 = 18;
const RAW_PERMIT: u8 = 16;
const HEARTBEAT: u8 = 17;
const SUPPLY: u8 = 27;

/// The bench with the header of a Raspberry Pi for its Modbus node; nobody answers on its other buses.
fn site() -> Site {
    let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
    // Nobody listens on these ports of loopback, and each bus needs an address of its own.
    let set = [("a", 1), ("b", 2), ("c", 3), ("d", 4)];
    let set = set.map(|(bus, port)| format!("bus.{bus}.address=127.0.0.1:{port}"));
    config::check(&text, "pi.toml", &Profiles::shipped(), &set, catalogue_of).unwrap()
}

fn catalogue_of(shape: &Shape) -> Catalogue {
    Plant::new(shape).catalogue().clone()
}

/// The keeper of the reference plant, on virtual time.
struct Rig {
    lines: Simulated,
    keeper: Keeper,
    image: Arc<Image>,
    wanted: Arc<Wanted>,
    catalogue: Catalogue,
    slots: Vec<usize>,
    outputs: Outputs,
    now: Instant,
}

impl Rig {
    fn new() -> Rig {
        let site = site();
        let catalogue = catalogue_of(&site.shape);
        let plan = Plan::of(&site, &catalogue).unwrap().unwrap();
        let lines = Simulated::default();
        let held = Held::new(lines.opened(&plan.wires()), &plan.wires().outputs);
        let image = Arc::new(Image::new(plan.inputs.len(), plan.output_slots(), false));
        let wanted = Arc::new(Wanted::new(catalogue.outputs));
        let now = Instant::now();
        let (slots, outputs) = (plan.inputs.clone(), Outputs::new(&catalogue));
        let keeper = Keeper::new(plan, held, image.clone(), wanted.clone());
        Rig { lines, keeper, image, wanted, catalogue, slots, outputs, now }
    }

    fn want(&mut self, path: &str, value: f64) {
        let slot = self.catalogue.output_slot(path).expect(path);
        self.outputs.values[slot] = value;
    }

    /// A scan is completed.
    fn scan(&mut self) {
        self.wanted.write(&self.outputs, std::slice::from_ref(&self.image), self.now);
    }

    fn run(&mut self, time: Duration) -> Result<(), LineError> {
        let until = self.now + time;
        while self.now < until {
            self.now += TICK;
            self.keeper.tick(self.now)?;
        }
        Ok(())
    }

    /// What the next scan reads of a point.
    fn read(&self, path: &str) -> (f64, Quality) {
        let slot = self.catalogue.input_slot(path).expect(path);
        let place = self.slots.iter().position(|one| *one == slot).expect("on the header");
        let taken = self.image.taken.lock()[place].take();
        (taken.value, taken.quality)
    }
}

/// R-2.2-01: a permit that is high although it was set low is found before the plant may start, and when it is mended.
#[test]
fn an_output_that_is_not_low_on_its_pin_is_not_vouched_for() {
    let mut rig = Rig::new();
    let vouches = |rig: &Rig| rig.image.guarded.load(Ordering::Relaxed);
    assert!(vouches(&rig), "all were read back");
    for (trouble, proven) in [
        (Some(Trouble::Shorted(RAW_PERMIT)), false),
        (None, true),
        // An input that reads high is nobody's output.
        (Some(Trouble::Shorted(EMERGENCY_STOP)), true),
    ] {
        rig.lines.trouble(trouble);
        rig.run(Duration::from_millis(1_010)).unwrap();
        assert_eq!(vouches(&rig), proven, "{trouble:?}");
    }
    // What is wanted high is no contradiction.
    rig.lines.trouble(None);
    rig.want("intake.permit", 1.0);
    for _ in 0..20 {
        rig.scan();
        rig.run(Duration::from_millis(100)).unwrap();
        assert!(vouches(&rig));
    }
}

#[test]
fn every_output_is_low_until_a_scan_wants_it_and_when_the_scan_wants_it_no_more() {
    let mut rig = Rig::new();
    rig.want("intake.permit", 1.0);
    rig.want("system.supply", 1.0);
    rig.run(TICK * 5).unwrap();
    assert!(rig.lines.all_low(), "no scan yet");
    rig.scan();
    rig.run(TICK).unwrap();
    assert!(rig.lines.is_high(RAW_PERMIT) && rig.lines.is_high(SUPPLY));
    for off in [0.0, f64::NAN] {
        rig.want("intake.permit", off);
        rig.scan();
        rig.run(TICK).unwrap();
        assert!(!rig.lines.is_high(RAW_PERMIT) && rig.lines.is_high(SUPPLY), "{off}");
        rig.want("intake.permit", 1.0);
        rig.scan();
        rig.run(TICK).unwrap();
        assert!(rig.lines.is_high(RAW_PERMIT));
    }
}

#[test]
fn without_a_scan_for_a_second_every_output_goes_off_and_the_heartbeat_stands() {
    let mut rig = Rig::new();
    rig.want("intake.permit", 1.0);
    rig.want("coagulation.doser.rate", 60.0);
    rig.want("system.heartbeat", 1.0);
    rig.scan();
    rig.run(Duration::from_millis(990)).unwrap();
    assert!(rig.lines.is_high(RAW_PERMIT) && rig.lines.is_high(HEARTBEAT));
    rig.run(Duration::from_millis(10)).unwrap();
    assert!(rig.lines.all_low());
    let (beats, strokes) = (rig.lines.edges(HEARTBEAT), rig.lines.rises(COAGULANT_STROKE));
    rig.run(Duration::from_secs(10)).unwrap();
    assert!(rig.lines.all_low());
    assert_eq!(rig.lines.edges(HEARTBEAT), beats);
    assert_eq!(rig.lines.rises(COAGULANT_STROKE), strokes);
}

#[test]
fn the_heartbeat_has_an_edge_for_each_completed_scan_and_for_nothing_else() {
    let mut rig = Rig::new();
    rig.scan();
    rig.run(TICK).unwrap();
    for scan in 1..=20 {
        rig.want("system.heartbeat", f64::from(scan % 2));
        rig.scan();
        rig.run(Duration::from_millis(40)).unwrap();
        assert_eq!(rig.lines.edges(HEARTBEAT), usize::try_from(scan).unwrap());
    }
}

#[test]
fn a_rate_becomes_strokes_and_the_pumps_answer_is_counted() {
    let mut rig = Rig::new();
    rig.want("coagulation.doser.rate", 180.0);
    rig.lines.drive(COAGULANT_CONFIRM, Level::Low);
    rig.run(Duration::from_millis(100)).unwrap();
    for _ in 0..600 {
        // The pump's contact follows its stroke.
        let follows = Level::high_if(rig.lines.is_high(COAGULANT_STROKE));
        rig.lines.drive(COAGULANT_CONFIRM, follows);
        rig.scan();
        rig.run(Duration::from_millis(10)).unwrap();
    }
    // Six seconds at three a second.
    let strokes = rig.lines.rises(COAGULANT_STROKE);
    assert!((17..=18).contains(&strokes), "{strokes}");
    let (count, quality) = rig.read("coagulation.doser.strokes");
    assert_eq!(quality, Quality::Good);
    assert!((count - strokes as f64).abs() <= 1.0, "{count} of {strokes}");
}

#[test]
fn a_contact_is_unknown_until_it_has_settled_and_then_open_or_closed() {
    let mut rig = Rig::new();
    assert_eq!(rig.read("system.emergency_stop").1, Quality::Bad(Fault::NotYetRead));
    rig.lines.drive(EMERGENCY_STOP, Level::High);
    rig.run(TICK * 4).unwrap();
    assert_eq!(rig.read("system.emergency_stop").1, Quality::Bad(Fault::NotYetRead));
    rig.run(TICK * 10).unwrap();
    assert_eq!(rig.read("system.emergency_stop"), (1.0, Quality::Good));
    // The wire breaks.
    rig.lines.drive(EMERGENCY_STOP, Level::Low);
    rig.run(TICK * 4).unwrap();
    assert_eq!(rig.read("system.emergency_stop"), (0.0, Quality::Good));
}

#[test]
fn a_reset_pressed_and_let_go_between_two_scans_is_seen_by_one_of_them() {
    let mut rig = Rig::new();
    rig.run(TICK).unwrap();
    assert_eq!(rig.read("system.local_reset").0, 0.0);
    rig.lines.drive(LOCAL_RESET, Level::High);
    rig.run(Duration::from_millis(40)).unwrap();
    rig.lines.drive(LOCAL_RESET, Level::Low);
    rig.run(Duration::from_millis(40)).unwrap();
    let seen = [0; 3].map(|_| rig.read("system.local_reset").0);
    assert_eq!(seen, [1.0, 0.0, 0.0]);
}

#[test]
fn inputs_that_cannot_be_read_have_no_value_and_come_back() {
    let mut rig = Rig::new();
    rig.lines.drive(EMERGENCY_STOP, Level::High);
    rig.run(Duration::from_millis(40)).unwrap();
    assert!(rig.image.answers.load(Ordering::Relaxed));
    rig.lines.trouble(Some(Trouble::NoInputs));
    rig.run(TICK).unwrap();
    for path in ["system.emergency_stop", "coagulation.doser.strokes"] {
        assert_eq!(rig.read(path).1, Quality::Bad(Fault::Stale), "{path}");
    }
    assert!(!rig.image.answers.load(Ordering::Relaxed));
    rig.lines.trouble(None);
    rig.run(Duration::from_millis(40)).unwrap();
    assert_eq!(rig.read("system.emergency_stop"), (1.0, Quality::Good));
}

#[test]
fn an_output_that_something_else_moved_is_set_again_within_a_second() {
    let mut rig = Rig::new();
    rig.want("system.supply", 1.0);
    for _ in 0..3 {
        rig.scan();
        rig.run(Duration::from_millis(300)).unwrap();
    }
    let mut other = rig.lines.clone();
    super::lines::Lines::set(&mut other, SUPPLY, Level::Low).unwrap();
    super::lines::Lines::set(&mut other, RAW_PERMIT, Level::High).unwrap();
    rig.scan();
    rig.run(Duration::from_millis(998)).unwrap();
    assert!(rig.lines.is_high(SUPPLY) && !rig.lines.is_high(RAW_PERMIT));
}

#[test]
fn an_output_that_cannot_be_set_is_the_end_and_the_others_go_off() {
    let mut rig = Rig::new();
    for path in ["intake.permit", "system.supply", "system.heartbeat"] {
        rig.want(path, 1.0);
    }
    rig.scan();
    rig.run(TICK).unwrap();
    rig.lines.trouble(Some(Trouble::Stuck(RAW_PERMIT)));
    rig.want("intake.permit", 0.0);
    rig.scan();
    assert!(rig.run(TICK).is_err());
    let (lines, image) = (rig.lines.clone(), rig.image.clone());
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    // It ends by itself.
    rig.keeper.keep(&stopped);
    assert!(!lines.is_high(SUPPLY) && !lines.is_high(HEARTBEAT));
    assert!(!image.answers.load(Ordering::Relaxed));
}

#[test]
fn a_thread_that_panics_leaves_every_output_off_and_no_input_with_a_value() {
    let mut rig = Rig::new();
    rig.lines.drive(EMERGENCY_STOP, Level::High);
    rig.want("intake.permit", 1.0);
    rig.scan();
    rig.run(Duration::from_millis(40)).unwrap();
    assert!(rig.lines.is_high(RAW_PERMIT));
    rig.lines.trouble(Some(Trouble::Panic));
    let (lines, image) = (rig.lines.clone(), rig.image.clone());
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    rig.keeper.keep(&stopped);
    assert!(lines.all_low());
    let known = image.taken.lock().iter_mut().any(|slot| slot.take().quality == Quality::Good);
    assert!(!known);
}

#[test]
fn lines_that_are_dropped_by_a_panic_are_low() {
    let lines = Simulated::default();
    let wires = super::Wires { inputs: Vec::new(), outputs: vec![RAW_PERMIT, SUPPLY] };
    let opened = lines.opened(&wires);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut held = Held::new(opened, &wires.outputs);
        held.set(0, Level::High).unwrap();
        assert!(lines.is_high(RAW_PERMIT));
        panic!("on its way");
    }));
    assert!(panicked.is_err() && lines.all_low());
}

/// The whole field, its thread and the plant.
struct Whole {
    lines: Simulated,
    field: BusField,
    plant: Plant,
    inputs: Inputs,
    now: Moment,
    runtime: Runtime,
}

impl Whole {
    fn start() -> Whole {
        let site = site();
        let plant = Plant::new(&site.shape);
        let catalogue = plant.catalogue().clone();
        let runtime = Runtime::new().unwrap();
        let lines = Simulated::default();
        let field = BusField::start_on(&site, &catalogue, 1, runtime.handle(), |_, wires| {
            Ok(lines.opened(wires))
        });
        let inputs = Inputs::new(&catalogue);
        Whole { lines, field: field.unwrap(), plant, inputs, now: Moment(0), runtime }
    }

    fn scan(&mut self) {
        let period = Duration::from_millis(100);
        self.now = self.now.plus(period);
        self.field.read(&mut self.inputs, self.now);
        let outputs = self.plant.scan(&self.inputs, &[], period);
        self.field.write(outputs, self.now);
    }

    /// Scans, with a breath between, until something is true; how many scans that took.
    fn until(&mut self, what: &str, holds: impl Fn(&Whole) -> bool) -> usize {
        let begun = std::time::Instant::now();
        for scans in 0.. {
            if holds(self) {
                return scans;
            }
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            self.scan();
            std::thread::sleep(TICK * 3);
        }
        0
    }

    fn reading(&self, path: &str) -> (f64, Quality) {
        let slot = self.plant.catalogue().input_slot(path).expect(path);
        (self.inputs.readings[slot].value, self.inputs.readings[slot].quality)
    }
}

#[test]
fn the_plant_sees_its_panel_and_beats_its_heart_through_the_header_while_every_bus_is_dead() {
    let mut whole = Whole::start();
    whole.lines.drive(EMERGENCY_STOP, Level::High);
    whole.until("the loop is healthy", |whole| {
        whole.reading("system.emergency_stop") == (1.0, Quality::Good)
    });
    assert_eq!(whole.reading("system.remote"), (0.0, Quality::Good), "the selector is at LOCAL");
    let beats = whole.lines.edges(HEARTBEAT);
    let scans = whole.until("it beats", |whole| whole.lines.edges(HEARTBEAT) >= beats + 10);
    assert!(whole.lines.edges(HEARTBEAT) - beats <= scans + 1, "an edge without a scan");
    assert_eq!(whole.field.bus_answers('a'), Some(false));
    assert!(!whole.lines.is_high(RAW_PERMIT), "BOOT permits nothing");
    whole.lines.drive(EMERGENCY_STOP, Level::Low);
    whole.until("it is pressed", |whole| {
        whole.reading("system.emergency_stop") == (0.0, Quality::Good)
    });
    let Whole { lines, mut field, runtime, .. } = whole;
    field.stop();
    assert!(lines.all_low(), "off when `stop` comes back");
    let edges = lines.edges(HEARTBEAT);
    drop(field);
    assert_eq!(lines.edges(HEARTBEAT), edges);
    runtime.shutdown_background();
}

#[test]
fn lines_that_do_not_open_are_a_reason_not_to_start() {
    let site = site();
    let catalogue = catalogue_of(&site.shape);
    let runtime = Runtime::new().unwrap();
    let refused = BusField::start_on(&site, &catalogue, 1, runtime.handle(), |_, _| {
        Err(LineError::Taken { line: 7, by: "spi0 CS1".to_owned() })
    });
    let Some(FieldError::Lines { bus, source }) = refused.err() else { panic!("it starts") };
    assert_eq!(bus, "header");
    assert!(source.to_string().contains("line 7 is used by spi0 CS1"));
}
