use std::sync::OnceLock;

use config::{Profiles, Site, shipped};
use hil::{Twin, TwinParameters};
use plc::image::{Command, Inputs, Order, Step};
use plc::plant::Plant;
use plc::signal::{Moment, Reading};
use plc::tag::Role;
use proptest::prelude::*;

use super::tap::BATCHES;
use super::*;
use crate::controller::catalogue_of;

const MIB: u64 = 1 << 20;
const PERIOD: Duration = Duration::from_millis(100);
/// What the shell reports while everything is well.
const REPORTED: [(&str, f64); 10] = [
    ("system.storage_ok", 1.0),
    ("system.clock_trusted", 1.0),
    ("system.setup_done", 1.0),
    ("system.bus_a", 1.0),
    ("system.bus_b", 1.0),
    ("system.bus_c", 1.0),
    ("system.bus_d", 1.0),
    ("system.drives_verified", 1.0),
    ("coagulation.guard.durable", 1e6),
    ("disinfection.guard.durable", 1e6),
];

fn demo(set: &[&str]) -> Site {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    config::check(shipped::DEMO, "demo", &Profiles::shipped(), &set, catalogue_of).unwrap()
}

/// The demo beside its world, recorded on fast time: the writer works when the bench says so.
struct Bench {
    plant: Plant,
    twin: Twin,
    inputs: Inputs,
    tap: Option<Tap>,
    writer: Option<Writer>,
    reported: Vec<(usize, f64)>,
    lateness: usize,
    /// A clock that is never quite punctual.
    jitter: u64,
    number: u32,
}

impl Bench {
    fn new(state: &Path, bound: u64) -> Bench {
        let site = demo(&[]);
        let kept = [("system.intent", 1.0), ("distribution.quality_known", 1.0)];
        let beginning = Beginning {
            kept: kept.map(|(path, value)| (path.to_owned(), value)).to_vec(),
            age: Some(Duration::ZERO),
            ..Beginning::of(&site)
        };
        let (plant, _) = beginning.plant();
        let catalogue = plant.catalogue();
        let slot = |path: &str| catalogue.input_slot(path).unwrap();
        let (tap, writer) = pair(state, bound, beginning, catalogue);
        Bench {
            twin: Twin::new(TwinParameters::of(&site.shape), catalogue, 1),
            inputs: Inputs::new(catalogue),
            tap: Some(tap),
            writer: Some(writer),
            reported: REPORTED.iter().map(|(path, value)| (slot(path), *value)).collect(),
            lateness: slot("system.lateness"),
            jitter: 1,
            number: 0,
            plant,
        }
    }

    /// One scan; the writer takes what is handed on.
    fn scan(&mut self, orders: &[Command]) {
        self.scan_alone(orders);
        self.writer.as_mut().unwrap().take_all();
    }

    /// One scan without the writer.
    fn scan_alone(&mut self, orders: &[Command]) {
        self.jitter = self.jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let late = Duration::from_nanos(self.jitter >> 47);
        let elapsed = PERIOD + late - Duration::from_micros(60);
        let at = self.plant.now().plus(elapsed);
        self.twin.step(self.plant.outputs(), &mut self.inputs, at, elapsed);
        for (slot, value) in &self.reported {
            self.inputs.readings[*slot] = Reading::good(*value, at);
        }
        self.inputs.readings[self.lateness] = Reading::good(late.as_secs_f64(), at);
        let orders: Vec<Order> = orders
            .iter()
            .map(|command| {
                self.number += 1;
                let (number, command) = (self.number, *command);
                Order { number, role: Role::Engineer, step: Step::Direct, command }
            })
            .collect();
        let tap = self.tap.as_mut().unwrap();
        tap.tell(&self.inputs, &orders, elapsed);
        self.plant.scan(&self.inputs, &orders, elapsed);
        tap.note(self.plant.outputs(), self.plant.events(), self.plant.snapshot());
    }

    /// What the writer's thread does after its time.
    fn flush(&mut self) {
        self.tap.as_mut().unwrap().hand_on();
        let writer = self.writer.as_mut().unwrap();
        writer.take_all();
        writer.flush();
    }

    fn end(&mut self, how: End) {
        if let Some(tap) = self.tap.take() {
            tap.end(how);
        }
        let mut writer = self.writer.take().unwrap();
        writer.take_all();
        writer.finish(how);
    }
}

fn replay(path: &Path, wanted: Wanted<'_>) -> Replayed {
    Run::open(path).unwrap().replay(wanted, None, &mut |_| {}).unwrap()
}

/// INV-39: the same told, the same done, over a start, orders taken and refused, and a stop.
#[test]
fn a_recorded_demo_replays_bit_for_bit() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    for scan in 0..4_000 {
        match scan {
            1_500 => bench.scan(&[Command::Silence, Command::Wash { filter: 1 }]),
            3_000 => bench.scan(&[Command::StopAll]),
            _ => bench.scan(&[]),
        }
        if scan % 80 == 79 {
            bench.flush();
        }
    }
    bench.end(End::Stopped);
    let replayed = replay(state.path(), Wanted::default());
    assert_eq!(replayed.difference, None);
    assert_eq!((replayed.scans, &replayed.ended), (4_000, &Ended::Stopped));
    assert_eq!(replayed.at, bench.plant.now());
    let until = Some(Duration::from_secs(60));
    let part = replay(state.path(), Wanted { until, ..Wanted::default() });
    assert_eq!((part.scans, part.ended), (599, Ended::Until));
}

/// What is asked of the recording: a day of a plant of some 200 tags in 60 MB.
#[test]
fn a_day_of_the_demo_takes_less_than_sixty_megabytes() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    let scans = 6_000;
    for scan in 0..scans {
        bench.scan(&[]);
        if scan % 80 == 79 {
            bench.flush();
        }
    }
    bench.end(End::Stopped);
    let name = Name { run: 1, number: 1 };
    let bytes = std::fs::metadata(name.path(&state.path().join(FOLDER))).unwrap().len();
    let day = bytes as f64 * 864_000.0 / f64::from(scans) / 1e6;
    assert!(day < 60.0, "{day:.1} MB a day");
}

#[test]
fn a_changed_setting_shows_the_first_scan_that_differs_and_what() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    (0..1_500).for_each(|_| bench.scan(&[]));
    bench.end(End::Stopped);
    let site = demo(&["system.boot_time=120 s"]);
    let run = Run::open(state.path()).unwrap();
    let said = run.beginning().differences(&run.beginning().at(&site));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("system.boot_time was"), "{said:?}");
    let wanted =
        Wanted { site: Some(&site), samples: Asked::Yes, outputs: Asked::Yes, until: None };
    let replayed = replay(state.path(), wanted);
    let difference = replayed.difference.expect("it differs");
    assert!(difference.samples && difference.scan == 1, "{difference:?}");
    let (_, samples) = difference.frame.expect("the first scan has a frame");
    let line = samples.iter().find(|line| line.path == "system.boot_time").unwrap();
    assert_eq!(line.is, "120 s");
    // It does the same for all that, until half a minute is over.
    let later = difference.later.expect("it starts later");
    assert!((300..1_500).contains(&later.scan) && !later.outputs.is_empty(), "{later:?}");
}

/// A plant with other points, as an upgrade brings them, is told what it knows by name.
#[test]
fn a_plant_with_one_filter_more_is_told_its_inputs_by_name() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    (0..700).for_each(|_| bench.scan(&[]));
    bench.end(End::Stopped);
    let mut site = demo(&[]);
    site.shape.filters += 1;
    let wanted = Wanted { site: Some(&site), samples: Asked::Yes, ..Wanted::default() };
    let replayed = replay(state.path(), wanted);
    assert_eq!(replayed.missing, [""; 0]);
    assert!(replayed.new.iter().all(|path| path.starts_with("filter3.")), "{:?}", replayed.new);
    assert!(!replayed.new.is_empty());
    let (_, samples) = replayed.difference.expect("it differs").frame.expect("a frame");
    assert!(samples.iter().all(|line| line.path != "intake.flow"), "{samples:?}");
}

/// The bytes of a file, and the scans in it up to each block's end.
type Recorded = (Vec<u8>, Vec<(usize, u64)>);

/// A short recording of many blocks.
fn blocks() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let state = tempfile::tempdir().unwrap();
        let path = Name { run: 1, number: 1 }.path(&state.path().join(FOLDER));
        let mut bench = Bench::new(state.path(), 512 * MIB);
        let mut ends = Vec::new();
        for block in 1..=12 {
            (0..10).for_each(|_| bench.scan(&[]));
            bench.flush();
            let length = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
            ends.push((length, 10 * block));
        }
        (std::fs::read(path).unwrap(), ends)
    })
}

fn replay_bytes(bytes: &[u8]) -> Result<Replayed, RunError> {
    let folder = tempfile::tempdir().unwrap();
    let path = Name { run: 1, number: 1 }.path(folder.path());
    std::fs::write(&path, bytes).unwrap();
    Run::open(&path)?.replay(Wanted::default(), None, &mut |_| {})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_file_cut_anywhere_loses_the_block_that_was_open_and_no_more(share in 0.0..1.0_f64) {
        let (bytes, ends) = blocks();
        let cut = (bytes.len() as f64 * share) as usize;
        let whole = ends.iter().filter(|(end, _)| *end <= cut).map(|(_, scans)| *scans).max();
        match replay_bytes(&bytes[..cut]) {
            Ok(replayed) => {
                prop_assert_eq!(replayed.scans, whole.unwrap_or(0));
                prop_assert_eq!(replayed.difference, None);
                prop_assert_eq!(replayed.ended, Ended::CutOff);
            }
            Err(error) => {
                prop_assert!(matches!(error, RunError::File(_)), "{}", error);
                prop_assert_eq!(whole, None);
            }
        }
    }

    #[test]
    fn a_turned_bit_ends_the_recording_before_its_block(share in 0.0..1.0_f64, bit in 0..8_u32) {
        let (bytes, ends) = blocks();
        let mut damaged = bytes.clone();
        let at = ((bytes.len() as f64 * share) as usize).min(bytes.len() - 1);
        damaged[at] ^= 1 << bit;
        let whole = ends.iter().filter(|(end, _)| *end <= at).map(|(_, scans)| *scans).max();
        if let Ok(replayed) = replay_bytes(&damaged) {
            prop_assert_eq!(replayed.scans, whole.unwrap_or(0));
            prop_assert_eq!(replayed.difference, None);
        } else {
            prop_assert_eq!(whole, None);
        }
    }
}

#[test]
fn a_writer_that_does_not_keep_up_leaves_a_gap_that_is_told() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    // Each is a batch of its own, until none is free.
    for _ in 0..BATCHES {
        bench.scan_alone(&[]);
        bench.tap.as_mut().unwrap().hand_on();
    }
    (0..7).for_each(|_| bench.scan_alone(&[]));
    bench.flush();
    (0..5).for_each(|_| bench.scan(&[]));
    bench.end(End::Stopped);
    let replayed = replay(state.path(), Wanted::default());
    assert_eq!(replayed.scans, BATCHES as u64);
    assert_eq!((replayed.difference, replayed.ended), (None, Ended::Gap { lost: 7 }));
    // What came after it is still there to be drawn.
    let run = Run::open(state.path()).unwrap();
    let mut plot = run.plot();
    run.replay(Wanted::default(), Some(&mut plot), &mut |_| {}).unwrap();
    assert_eq!(plot.last(), bench.plant.now());
    assert!(plot.page("a gap").contains("intake.flow"));
}

#[test]
fn a_plant_that_panicked_is_recorded_up_to_what_it_was_told_last() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    (0..5).for_each(|_| bench.scan(&[]));
    let (inputs, tap) = (bench.inputs.clone(), bench.tap.as_mut().unwrap());
    tap.tell(&inputs, &[], PERIOD);
    bench.end(End::Panicked);
    let replayed = replay(state.path(), Wanted::default());
    // This plant has no reason to.
    assert_eq!((replayed.scans, replayed.ended), (5, Ended::Panicked { again: false }));
}

#[test]
fn the_oldest_files_go_first_and_the_folder_keeps_its_bound() {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join(FOLDER);
    let bound = 400_000;
    let mut first = Bench::new(state.path(), bound);
    (0..200).for_each(|_| first.scan(&[]));
    first.end(End::Stopped);
    let mut second = Bench::new(state.path(), bound);
    let mut number = 0;
    while number < 7 {
        (0..20).for_each(|_| second.scan(&[]));
        second.flush();
        let there = file::list(&folder).unwrap();
        let size: u64 = there.iter().map(|(_, size)| size).sum();
        assert!(size <= bound, "{size} bytes, {there:?}");
        number = there.last().unwrap().0.number;
        let runs: Vec<u64> = there.iter().map(|(name, _)| name.run).collect();
        assert!(runs.contains(&2), "{runs:?}");
        assert!(there[0].0.number == 1 || !runs.contains(&1), "the newer run lost a file first");
    }
    second.end(End::Stopped);
    let replayed = replay(&folder, Wanted::default());
    assert_eq!((replayed.scans, replayed.difference), (0, None));
    let Ended::FirstFilesGone { from } = replayed.ended else { panic!("{:?}", replayed.ended) };
    assert!(from > Moment(0));
}

#[test]
fn a_run_of_several_files_replays_as_one_and_a_missing_file_shows() {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join(FOLDER);
    let mut bench = Bench::new(state.path(), 1_000_000);
    let mut scans = 0;
    while file::list(&folder).map_or(0, |there| there.len()) < 4 {
        (0..200).for_each(|_| bench.scan(&[]));
        scans += 200;
        bench.flush();
    }
    bench.end(End::Stopped);
    let replayed = replay(&Name { run: 1, number: 2 }.path(&folder), Wanted::default());
    assert_eq!(replayed.difference, None);
    assert_eq!((replayed.scans, replayed.ended), (scans, Ended::Stopped));
    std::fs::remove_file(Name { run: 1, number: 3 }.path(&folder)).unwrap();
    let replayed = replay(state.path(), Wanted::default());
    assert_eq!(replayed.difference, None);
    let file = Name { run: 1, number: 4 }.path(&folder);
    assert_eq!(replayed.ended, Ended::ChainBroken { file });
    assert!(replayed.scans > 0 && replayed.scans < scans);
}

/// What runs on the scan thread never allocates: what it fills was there before, and is as large after.
#[test]
fn a_batch_never_grows_however_much_happens_in_a_scan() {
    let state = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(state.path(), 512 * MIB);
    let queue = bench.tap.as_ref().unwrap().queue();
    let room = || {
        let batches = std::iter::from_fn(|| queue.free.pop());
        let batches: Vec<_> = batches.collect();
        let room: Vec<[usize; 13]> =
            batches.iter().map(|batch| batch.columns.bytes.each_ref().map(Vec::capacity)).collect();
        batches.into_iter().for_each(|batch| drop(queue.free.push(batch)));
        room
    };
    let before = room();
    let orders = [Command::Silence; crate::exchange::ORDERS_MAX];
    for scan in 0..400_u64 {
        for reading in &mut bench.inputs.readings {
            *reading = Reading::good(scan as f64 + reading.value, Moment(scan));
        }
        let (inputs, tap) = (bench.inputs.clone(), bench.tap.as_mut().unwrap());
        tap.tell(&inputs, &[], PERIOD);
        bench.plant.scan(&inputs, &[], PERIOD);
        tap.note(bench.plant.outputs(), bench.plant.events(), bench.plant.snapshot());
        bench.scan(if scan % 50 == 0 { &orders } else { &[] });
    }
    bench.tap.as_mut().unwrap().hand_on();
    bench.writer.as_mut().unwrap().take_all();
    assert_eq!(room(), before);
}
