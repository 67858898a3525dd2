//! The header's lines on the pins of a chip that these tests play: no chip was near.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use config::{Duty, Profiles, Site, shipped};
use plc::image::Inputs;
use plc::signal::{Moment, Reading};
use plc::tag::Catalogue;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Field;
use super::edges::{Edge, now, wires};
use super::lines::{Lines, Short, record};
use super::pins::{Crosswise, Drive, Listener, PinEdge, Pins, Sense, play};
use super::server::Link;
use crate::closed_loop::catalogue_of;

// Lines of docs/spec/plant.md 1.5.
const EMERGENCY_STOP: u8 = 4;
const HEARTBEAT: u8 = 17;
const SUPPLY: u8 = 27;
/// The bench's pins have other numbers than the controller's lines.
const SHIFT: u32 = 100;
/// A loaded machine may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chip of a bench.
struct Chip {
    edges: Receiver<Result<PinEdge, String>>,
    high: Vec<u32>,
}

struct Driven(Arc<Mutex<BTreeMap<u32, bool>>>);

impl Sense for Chip {
    fn levels(&mut self) -> Result<Vec<(u32, bool)>, String> {
        Ok(self.high.iter().map(|pin| (*pin, true)).collect())
    }

    fn edge(&mut self, within: Duration) -> Result<Option<PinEdge>, String> {
        match self.edges.recv_timeout(within) {
            Ok(edge) => edge.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("the board was pulled out".into()),
        }
    }
}

impl Drive for Driven {
    fn set(&mut self, pin: u32, is_high: bool) -> Result<(), String> {
        self.0.lock().unwrap().insert(pin, is_high);
        Ok(())
    }
}

/// A field whose header is on that chip.
struct Bench {
    field: Arc<Field>,
    catalogue: Catalogue,
    say: Option<Sender<Result<PinEdge, String>>>,
    driven: Arc<Mutex<BTreeMap<u32, bool>>>,
    link: watch::Sender<Link>,
    listener: Option<Listener>,
    _tasks: JoinSet<()>,
}

fn site() -> Site {
    let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
    config::check(&text, "pi.toml", &Profiles::shipped(), &[], catalogue_of).unwrap()
}

impl Bench {
    /// With these pins high from the beginning.
    fn with(high: Vec<u32>) -> Bench {
        let site = site();
        let catalogue = catalogue_of(&site.shape);
        let (link, seen) = watch::channel(Link::Up);
        let field = Arc::new(Field::new(Vec::new()));
        let lines = Lines::of(
            &site,
            site.buses.iter().position(|bus| bus.kind.is_gpio()).unwrap(),
            &catalogue,
            seen.clone(),
        );
        field.state().lines = Some(lines);
        let wires = wires(&site);
        let at = wires.iter().map(|wire| (wire.line, SHIFT + u32::from(wire.line))).collect();
        let wiring = Crosswise { chip: "of these tests".into(), at };
        let (say, edges) = channel();
        let driven = Arc::new(Mutex::new(BTreeMap::new()));
        let sense = Box::new(Chip { edges, high });
        let pins = Pins { sense, drive: Box::new(Driven(driven.clone())) };
        let mut tasks = JoinSet::new();
        tasks.spawn(record(field.clone(), seen.clone()));
        let listener = Some(play(pins, &wiring, &field, seen, &mut tasks));
        Bench { field, catalogue, say: Some(say), driven, link, listener, _tasks: tasks }
    }

    fn edge(&self, line: u8, is_high: bool, at: Duration, missed: u32) {
        let pin = SHIFT + u32::from(line);
        self.say.as_ref().unwrap().send(Ok(PinEdge { pin, is_high, at, missed })).unwrap();
    }

    fn edges(&self, line: u8) -> Vec<Edge> {
        let state = self.field.state();
        let edges = state.lines.as_ref().unwrap().edges.since(0);
        edges.iter().filter(|edge| edge.line == line).copied().collect()
    }

    fn is_driven(&self, line: u8) -> bool {
        self.field.state().lines.as_ref().unwrap().is_driven(line)
    }

    /// The bench's pin for a line that the controller reads.
    fn pin(&self, line: u8) -> Option<bool> {
        self.driven.lock().unwrap().get(&(SHIFT + u32::from(line))).copied()
    }

    async fn until(&self, what: &str, mut holds: impl FnMut(&Bench) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn an_edge_keeps_the_kernels_time_and_one_that_was_missed_is_counted_and_looked_for() {
    let bench = Bench::with(vec![SHIFT + u32::from(SUPPLY)]);
    bench.until("what is high already is known", |bench| bench.is_driven(SUPPLY)).await;
    let (first, second) =
        (Duration::from_nanos(1_000_000_001), Duration::from_nanos(1_100_000_002));
    bench.edge(HEARTBEAT, true, first, 0);
    bench.edge(HEARTBEAT, false, second, 0);
    bench.until("both edges are known", |bench| bench.edges(HEARTBEAT).len() == 2).await;
    let edge = |at, is_high| Edge { at, line: HEARTBEAT, is_high };
    assert_eq!(bench.edges(HEARTBEAT), [edge(first, true), edge(second, false)]);

    // The controller let go of the supply while nobody looked, as far as edges tell; the pin says it is high.
    bench.edge(SUPPLY, false, second, 3);
    bench
        .until("the levels are looked at again", |bench| {
            let lost = bench.field.state().lines.as_ref().unwrap().edges.lost();
            lost == 3 && bench.is_driven(SUPPLY)
        })
        .await;
    assert_eq!(bench.edges(SUPPLY).len(), 3, "up, down, and up again by the look");
}

#[tokio::test]
async fn a_contact_is_on_its_pin_and_a_short_or_a_ribbon_that_is_out_leaves_it_as_pulled() {
    let bench = Bench::with(Vec::new());
    let outputs = wires(&site()).into_iter().filter(|wire| wire.is_output());
    bench
        .until("the loop is open at first", |bench| bench.pin(EMERGENCY_STOP) == Some(false))
        .await;
    for wire in outputs {
        assert_eq!(bench.pin(wire.line), None, "{} is the controller's to drive", wire.name());
    }
    let slot = bench.catalogue.input_slot("system.emergency_stop").unwrap();
    let mut inputs = Inputs::new(&bench.catalogue);
    inputs.readings[slot] = Reading::good(1.0, Moment(0));
    let before = now();
    bench.field.show(&inputs, Moment(0));
    bench.until("it closes", |bench| bench.pin(EMERGENCY_STOP) == Some(true)).await;
    bench
        .until("its edge has a time", |bench| {
            bench.edges(EMERGENCY_STOP).last().is_some_and(|edge| edge.is_high && edge.at >= before)
        })
        .await;
    bench.field.state().lines.as_mut().unwrap().short(EMERGENCY_STOP, Short::Low);
    bench.until("shorted", |bench| bench.pin(EMERGENCY_STOP) == Some(false)).await;
    bench.field.state().lines.as_mut().unwrap().short(EMERGENCY_STOP, Short::Sound);
    bench.until("mended", |bench| bench.pin(EMERGENCY_STOP) == Some(true)).await;
    bench.link.send_replace(Link::Silent);
    bench.until("the ribbon is out", |bench| bench.pin(EMERGENCY_STOP) == Some(false)).await;
}

#[tokio::test]
async fn a_board_that_is_pulled_out_is_told_and_a_rig_that_ends_lets_go_of_its_pins() {
    let mut bench = Bench::with(Vec::new());
    bench.say = None;
    bench
        .until("it is told", |bench| {
            bench.field.state().trouble.as_deref() == Some("the board was pulled out")
        })
        .await;

    let mut bench = Bench::with(Vec::new());
    drop(bench.listener.take());
    let said = bench.say.as_ref().unwrap().send(Err("nobody hears this".into()));
    assert!(said.is_err(), "the chip is let go of");
}

#[test]
fn every_line_of_the_header_is_one_wire_with_its_duty() {
    let wires = wires(&site());
    let of = |line: u8| wires.iter().find(|wire| wire.line == line).unwrap();
    assert_eq!(of(HEARTBEAT).name(), "system.heartbeat (GPIO 17)");
    assert_eq!(of(18).duty, Duty::Count);
    assert_eq!(of(12).duty, Duty::Pulses);
    assert!(of(SUPPLY).is_output() && !of(EMERGENCY_STOP).is_output());
    assert_eq!(wires.len(), 22, "docs/spec/plant.md 1.5");
    let bench =
        config::check(shipped::BENCH, "bench.toml", &Profiles::shipped(), &[], catalogue_of);
    assert_eq!(super::wires(&bench.unwrap()), [], "its header is a node");
}
