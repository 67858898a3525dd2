use plc::image::Command;
use plc::quantity::Form;
use plc::tag::{Driven, Kind, Row};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::exchange::Who;
use crate::field::Traffic;

/// A plant of one output, which is on as long as it is scanned, and takes every order.
struct Lamp {
    outputs: Outputs,
    snapshot: Snapshot,
    events: Vec<Event>,
    panics_at: u64,
    scans: u64,
    /// Told the elapsed time and the lateness it reads.
    heard: Sender<(Duration, Inputs)>,
}

impl Core for Lamp {
    fn scan(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) -> &Outputs {
        self.scans += 1;
        assert!(self.scans < self.panics_at, "what a plant never does");
        self.outputs.values[0] = 1.0;
        self.snapshot.at = self.snapshot.at.plus(elapsed);
        self.events.clear();
        let answer = |order: &Order| Event::Answer {
            number: order.number,
            step: order.step,
            verdict: Ok(()),
        };
        self.events.extend(orders.iter().map(answer));
        // Nobody may be listening any more.
        let _ = self.heard.send((elapsed, inputs.clone()));
        &self.outputs
    }
    fn outputs(&self) -> &Outputs {
        &self.outputs
    }
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    fn events(&self) -> &[Event] {
        &self.events
    }
}

/// A field that tells what is written to it, and has one time-out more whenever it is asked.
struct Wire(Sender<f64>, AtomicU64);

impl Field for Wire {
    fn read(&mut self, _: &mut Inputs, _: Moment) {}
    fn write(&mut self, outputs: &Outputs, _: Moment) {
        // Nobody may be listening any more.
        let _ = self.0.send(outputs.values[0]);
    }
    fn is_real(&self) -> bool {
        true
    }
    fn bus_answers(&self, bus: char) -> Option<bool> {
        (bus == 'b').then_some(false)
    }
    fn traffic(&self, bus: char) -> Option<Traffic> {
        (bus == 'b').then(|| {
            let timeouts = self.1.fetch_add(1, Ordering::Relaxed);
            Traffic { load: Some(0.12345), timeouts, exceptions: 8, broken: 9 }
        })
    }
    fn stop(&mut self) {}
}

fn exchange() -> Arc<Exchange> {
    let words = plc::declare::measured(0.0..=1.0);
    let column = plc::interlock::Column::Panel;
    let lamp = Kind::Output(Driven { column: None, high: 1.0 }, column);
    let row = |id, path: &str, kind, slot| Row {
        id,
        path: path.into(),
        tag: String::new(),
        unit: String::new(),
        about: "",
        form: Form::OnOff,
        kind,
        slot,
    };
    let rows = vec![
        row(0, "system.lamp", lamp, 0),
        row(1, "system.bus_b", Kind::Input(words), 0),
        row(2, "system.bus_c", Kind::Input(words), 1),
        row(3, "system.time_of_day", Kind::Input(words), 2),
        row(4, "system.traffic_b.load", Kind::Input(words), 3),
        row(5, "system.traffic_b.timeouts", Kind::Input(words), 4),
        row(6, "system.traffic_b.exceptions", Kind::Input(words), 5),
        row(7, "system.traffic_b.broken", Kind::Input(words), 6),
        row(8, "system.traffic_c.load", Kind::Input(words), 7),
    ];
    Exchange::new(Arc::new(Catalogue { rows: rows.into(), inputs: 8, outputs: 1, alarms: 0 }))
}

struct Bench {
    exchange: Arc<Exchange>,
    scanning: Scanning,
    heard: std::sync::mpsc::Receiver<(Duration, Inputs)>,
    written: std::sync::mpsc::Receiver<f64>,
}

fn bench(speed: u32, panics_at: u64) -> Bench {
    let exchange = exchange();
    let (hears, heard) = channel();
    let (writes, written) = channel();
    let lamp = Lamp {
        outputs: Outputs::new(&exchange.catalogue),
        snapshot: Snapshot::new(&exchange.catalogue),
        events: Vec::new(),
        panics_at,
        scans: 0,
        heard: hears,
    };
    let timing =
        Timing { period: Duration::from_millis(10), speed, ahead_ms: 0, wall_ms: machine::wall_ms };
    let scanning =
        start(lamp, Box::new(Wire(writes, AtomicU64::new(7))), exchange.clone(), timing, None)
            .unwrap();
    Bench { exchange, scanning, heard, written }
}

#[tokio::test]
async fn a_stop_switches_every_output_off() {
    let bench = bench(1, u64::MAX);
    assert_eq!(bench.written.recv(), Ok(1.0));
    assert!(bench.scanning.stop().await.is_ok());
    assert_eq!(bench.written.iter().last(), Some(0.0));
}

/// INV-30: a core that gives up leaves nothing on.
#[tokio::test]
async fn a_plant_that_panics_leaves_every_output_off_and_says_so() {
    let bench = bench(1, 3);
    bench.scanning.ended().await;
    assert!(bench.scanning.stop().await.is_err());
    assert_eq!(bench.written.iter().collect::<Vec<_>>(), [1.0, 1.0, 0.0]);
}

#[tokio::test]
async fn an_order_is_taken_by_the_next_scan_and_its_answer_left_for_the_journal() {
    let bench = bench(1, u64::MAX);
    let exchange = bench.exchange.clone();
    let asking = tokio::spawn({
        let exchange = exchange.clone();
        async move { exchange.ask(Who::shell(), Command::Start, String::new()).await }
    });
    let left = exchange.next_event().await;
    assert!(matches!(left.event, Event::Answer { verdict: Ok(()), .. }));
    asking.abort();
    assert!(bench.scanning.stop().await.is_ok());
}

#[tokio::test]
async fn at_speed_a_plant_scans_as_many_times_and_its_stamps_run_as_fast() {
    let bench = bench(20, u64::MAX);
    // 2 s of plant time.
    while bench.exchange.now() < Moment(2_000_000) {
        tokio::task::yield_now().await;
    }
    let first = bench.exchange.newest();
    while bench.exchange.now() < first.snapshot.at.plus(Duration::from_secs(2)) {
        tokio::task::yield_now().await;
    }
    let second = bench.exchange.newest();
    assert!(bench.scanning.stop().await.is_ok());
    let plant_ms = second.snapshot.at.since(first.snapshot.at).as_millis();
    let stamped_ms = u128::try_from(second.wall.ms - first.wall.ms).unwrap();
    assert!(stamped_ms.abs_diff(plant_ms) <= 400, "{stamped_ms} ms for {plant_ms} ms");
}

#[tokio::test]
async fn a_silent_bus_is_reported_and_a_bus_that_is_not_there_is_no_fault() {
    let bench = bench(1, u64::MAX);
    let (_, inputs) = bench.heard.recv().unwrap();
    assert!(bench.scanning.stop().await.is_ok());
    assert_eq!((inputs.readings[0].value, inputs.readings[1].value), (0.0, 1.0));
}

#[tokio::test]
async fn what_a_bus_carries_is_told_and_of_a_bus_that_is_not_there_nothing() {
    let bench = bench(100, u64::MAX);
    let (_, inputs) = bench.heard.recv().unwrap();
    let told: Vec<f64> = inputs.readings[3..7].iter().map(|reading| reading.value).collect();
    assert_eq!(told, [12.3, 7.0, 8.0, 9.0]);
    // Ten seconds later, not sooner, and again.
    let again = bench.heard.iter().find(|(_, inputs)| inputs.readings[4].value > 7.0);
    let reading = again.unwrap().1.readings[4];
    let first = inputs.readings[4].taken;
    assert_eq!((reading.value, reading.taken.since(first).as_secs()), (8.0, 10));
    assert!(bench.scanning.stop().await.is_ok());
    let absent = plc::signal::Quality::Bad(plc::signal::Fault::NotFitted);
    assert_eq!(inputs.readings[7].quality, absent);
}

/// R-2.0-02: what goes by the time of day knows when nobody knows it.
#[tokio::test]
async fn the_time_of_day_is_that_of_the_place_and_bad_while_the_clock_cannot_be_trusted() {
    let bench = bench(1, u64::MAX);
    let (_, inputs) = bench.heard.recv().unwrap();
    assert!(matches!(inputs.readings[2].quality, plc::signal::Quality::Bad(_)));
    let report = &bench.exchange.report;
    report.local_offset_s.store(7 * 3600, Ordering::Relaxed);
    report.clock_trusted.store(true, Ordering::Relaxed);
    let told = |(_, inputs): (Duration, Inputs)| {
        let reading = inputs.readings[2];
        (reading.quality == plc::signal::Quality::Good).then_some(reading.value)
    };
    let value = bench.heard.iter().find_map(told).unwrap();
    let here = (machine::wall_ms() / 1000 + 7 * 3600).rem_euclid(86_400) as f64;
    assert!(bench.scanning.stop().await.is_ok());
    assert_eq!(value % 60.0, 0.0);
    // Midnight may pass between the two.
    assert!((0.0..=70.0).contains(&(here - value).rem_euclid(86_400.0)), "{value} at {here}");
}

/// INV-41: what alarm 909 is judged on.
#[test]
fn lateness_is_judged_over_the_last_scans_only() {
    let mut lateness = Lateness::new();
    for _ in 0..LATENESS_SCANS {
        lateness.note(Duration::from_secs(1));
    }
    for late in 1..=u64::try_from(LATENESS_SCANS).unwrap() {
        lateness.note(Duration::from_micros(late));
    }
    assert_eq!(lateness.percentiles(), (300, 594));
}
