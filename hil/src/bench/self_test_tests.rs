//! The self-test at benches whose wires are right, swapped or broken.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use config::{Duty, Profiles, Site, shipped};

use super::self_test::{Channel, Ends, table, try_all};
use crate::closed_loop::catalogue_of;
use crate::rig::{Traffic, Wire, wires};

// Lines of docs/spec/plant.md 1.5.
const SUPPLY_ON: u8 = 7;
const LOW_LOW: u8 = 8;
const HIGH_HIGH: u8 = 9;
const PERMIT: u8 = 16;
const HEARTBEAT: u8 = 17;
const LOCAL_RESET: u8 = 21;
const COUNTS: [u8; 2] = [18, 19];
const SUPPLY: u8 = 27;

fn site() -> Site {
    let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
    config::check(&text, "pi.toml", &Profiles::shipped(), &[], catalogue_of).unwrap()
}

/// A bench whose controller does what it should; its wires are what a test makes of them.
struct Bench {
    wires: Vec<Wire>,
    /// Where a wire of the bench really ends; `None`: nowhere.
    crossed: BTreeMap<u8, Option<u8>>,
    passed: Duration,
    held: BTreeMap<u8, bool>,
    strokes: BTreeMap<u8, u32>,
    asked: BTreeMap<String, u64>,
    traffic: BTreeMap<usize, Traffic>,
    /// Inputs of devices without an answer.
    unheard: Vec<String>,
    resets: u32,
    /// HS-901 is let go of so long after it was pressed.
    held_down: Duration,
    let_go: Duration,
    permit: bool,
    /// Contacts and counts as the controller's page shows them: as they were some looks ago.
    shown: VecDeque<BTreeMap<String, f64>>,
    /// Wires that touch: what closes the first closes the second.
    touching: Option<(u8, u8)>,
}

/// What the page shows is so many looks old.
const OLD: usize = 2;
/// From look to look.
const LOOK: Duration = Duration::from_millis(500);

impl Bench {
    fn new() -> Bench {
        let site = site();
        Bench {
            wires: wires(&site),
            crossed: BTreeMap::new(),
            passed: Duration::ZERO,
            held: BTreeMap::new(),
            strokes: BTreeMap::new(),
            asked: site.devices.iter().map(|device| (device.name.clone(), 3)).collect(),
            traffic: BTreeMap::new(),
            unheard: Vec::new(),
            resets: 0,
            held_down: Duration::ZERO,
            let_go: Duration::ZERO,
            permit: false,
            shown: VecDeque::new(),
            touching: None,
        }
    }

    /// Which of the bench's wires ends at a line of the controller.
    fn end_at(&self, line: u8) -> Option<u8> {
        let mut all = self.wires.iter().map(|wire| wire.line);
        all.find(|from| self.crossed.get(from).copied().unwrap_or(Some(*from)) == Some(line))
    }

    /// What arrives at the controller's line of a wire now.
    fn arrives(&self, wire: &Wire) -> f64 {
        let from = self.end_at(wire.line);
        if wire.duty == Duty::Count {
            return f64::from(from.and_then(|from| self.strokes.get(&from)).copied().unwrap_or(0));
        }
        let level =
            |from: u8| self.held.get(&from).copied().unwrap_or_else(|| self.is_closed(from));
        let touched = self.touching.filter(|(_, second)| *second == wire.line);
        let is_closed = from.is_some_and(level) && touched.is_none_or(|(first, _)| level(first));
        f64::from(u8::from(is_closed))
    }

    fn fails(mut self) -> Vec<(String, String)> {
        let channels = try_all(&site(), &mut self).unwrap();
        let failed =
            channels.into_iter().filter_map(|Channel { name, found }| Some((name, found.err()?)));
        failed.collect()
    }
}

impl Ends for Bench {
    fn look(&mut self) -> Result<(), String> {
        self.passed += LOOK;
        let inputs = self.wires.iter().filter(|wire| !wire.is_output());
        let now = inputs.map(|wire| (wire.path.clone(), self.arrives(wire))).collect();
        self.shown.push_back(now);
        if self.shown.len() > OLD {
            self.shown.pop_front();
        }
        Ok(())
    }

    fn passed(&self) -> Duration {
        self.passed
    }

    fn asked(&self) -> BTreeMap<String, u64> {
        self.asked.clone()
    }

    fn traffic(&self, bus: usize) -> Traffic {
        self.traffic.get(&bus).cloned().unwrap_or_default()
    }

    fn shows(&self, path: &str) -> Option<f64> {
        if self.wires.iter().any(|wire| wire.path == path) {
            return self.shown.front()?.get(path).copied();
        }
        (!self.unheard.iter().any(|one| one == path)).then_some(1.0)
    }

    fn hold(&mut self, line: u8, level: Option<bool>) {
        match level {
            Some(level) => self.held.insert(line, level),
            None => self.held.remove(&line),
        };
    }

    /// K0 after a reset; the floats rest open, the rest is closed.
    fn is_closed(&self, line: u8) -> bool {
        match line {
            SUPPLY_ON => self.resets > 0 && self.edges(HEARTBEAT) > 0,
            LOCAL_RESET => self.passed < self.let_go,
            LOW_LOW | HIGH_HIGH => false,
            _ => true,
        }
    }

    fn stroke(&mut self, line: u8) {
        *self.strokes.entry(line).or_default() += 1;
    }

    fn press_reset(&mut self) -> Result<(), String> {
        self.resets += 1;
        self.let_go = self.passed + self.held_down;
        Ok(())
    }

    fn edges(&self, line: u8) -> usize {
        if self.end_at(line) == Some(HEARTBEAT) { 10 } else { 0 }
    }

    fn is_driven(&self, line: u8) -> bool {
        self.end_at(line) == Some(SUPPLY) || (line == PERMIT && self.permit)
    }

    fn moving(&self) -> Vec<String> {
        if self.permit { vec!["intake.permit".into()] } else { Vec::new() }
    }
}

#[test]
fn a_bench_that_is_wired_as_written_passes_in_every_channel() {
    let mut bench = Bench::new();
    let channels = try_all(&site(), &mut bench).unwrap();
    assert!(channels.iter().all(|one| one.found.is_ok()), "{}", table(&channels));
    // Each wire but K0's own contact twice, and each device once.
    let site = site();
    let devices = site.devices.len() - 1;
    // The horn may sound.
    assert_eq!(channels.len(), wires(&site).len() - 1 + devices + 1, "{}", table(&channels));
    assert!(bench.held.is_empty(), "no contact is left held");
}

#[test]
fn a_button_that_is_let_go_of_meanwhile_passes_for_no_short_whenever_that_is() {
    for half_seconds in 0..160 {
        let mut bench = Bench::new();
        bench.held_down = LOOK * half_seconds;
        let failed = bench.fails();
        assert!(failed.is_empty(), "after {half_seconds} half seconds: {failed:?}");
    }
}

#[test]
fn two_contacts_that_are_swapped_name_each_other() {
    let mut bench = Bench::new();
    bench.crossed = BTreeMap::from([(LOW_LOW, Some(HIGH_HIGH)), (HIGH_HIGH, Some(LOW_LOW))]);
    let failed = bench.fails();
    assert_eq!(failed.len(), 2, "{failed:?}");
    for ((name, why), (this, other)) in failed.iter().zip([
        ("distribution.low_low (GPIO 8)", "distribution.high_high (GPIO 9)"),
        ("distribution.high_high (GPIO 9)", "distribution.low_low (GPIO 8)"),
    ]) {
        assert!(
            name.contains(this) && why.contains(other) && why.contains("swapped"),
            "{failed:?}"
        );
    }
}

#[test]
fn a_wire_that_is_broken_is_named() {
    for (line, name) in [
        (LOW_LOW, "contact distribution.low_low (GPIO 8)"),
        (COUNTS[0], "strokes coagulation.doser.strokes (GPIO 18)"),
    ] {
        let mut bench = Bench::new();
        bench.crossed = BTreeMap::from([(line, None)]);
        // A float that rests open looks as if its wire were broken; only its closing shows that it is.
        let failed = bench.fails();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(failed[0].0 == name && failed[0].1.contains(&format!("GPIO {line}")), "{failed:?}");
    }
}

#[test]
fn wires_that_touch_are_named_although_each_contact_is_seen() {
    let mut bench = Bench::new();
    // The emergency stop and the selector rest closed.
    bench.touching = Some((4, 5));
    let failed = bench.fails();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "contact system.emergency_stop (GPIO 4)");
    assert!(failed[0].1.contains("system.remote (GPIO 5) with it: a short"), "{failed:?}");
}

#[test]
fn swapped_stroke_contacts_and_a_heartbeat_on_the_wrong_line_are_named() {
    let mut bench = Bench::new();
    let [one, other] = COUNTS;
    bench.crossed = BTreeMap::from([(one, Some(other)), (other, Some(one))]);
    let failed = bench.fails();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed.iter().all(|(_, why)| why.contains("are they swapped")), "{failed:?}");

    let mut bench = Bench::new();
    bench.crossed = BTreeMap::from([(HEARTBEAT, Some(PERMIT)), (PERMIT, Some(HEARTBEAT))]);
    let failed = bench.fails();
    assert!(failed[0].0.contains("system.heartbeat"), "{failed:?}");
    assert!(failed[0].1.contains("intake.permit (GPIO 16) beats instead"), "{failed:?}");
}

#[test]
fn a_device_that_is_not_polled_or_not_heard_is_named_with_what_its_bus_tells() {
    let strangers = || Traffic { strangers: [12].into(), nonsense: 0 };
    let noise = || Traffic { nonsense: 7, ..Traffic::default() };
    let of_bus_a = |name: &String| name.starts_with("drive") || name == "meter" || name == "ups";
    let one = |name: &String| name == "drive_101b";
    type Case<'a> = (&'a dyn Fn(&String) -> bool, Traffic, usize, &'a str);
    let cases: [Case<'_>; 4] = [
        (&one, Traffic::default(), 1, "others of its bus are"),
        (&one, strangers(), 1, "units are that the bus does not have (12;"),
        (&of_bus_a, Traffic::default(), 9, "nothing at all comes over this bus"),
        (&of_bus_a, noise(), 9, "A and B swapped"),
    ];
    for (is_dead, traffic, number, words) in cases {
        let mut bench = Bench::new();
        bench.asked.retain(|name, _| !is_dead(name));
        bench.traffic.insert(0, traffic);
        let failed = bench.fails();
        assert_eq!(failed.len(), number, "{failed:?}");
        assert!(failed.iter().all(|(name, why)| name.contains("bus a") && why.contains(words)));
        assert!(failed.iter().any(|(name, _)| name == "bus a unit 2 drive_101b"), "{failed:?}");
    }
    let mut bench = Bench::new();
    bench.unheard = vec!["intake.flow".into()];
    let failed = bench.fails();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "bus b unit 1 fit_101");
}

#[test]
fn an_output_that_is_on_although_nothing_may_move_fails() {
    let mut bench = Bench::new();
    bench.permit = true;
    let failed = bench.fails();
    let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["output intake.permit (GPIO 16)", "outputs on all buses"]);
}
