//! What is of every scan, and what works twice a second.

use std::time::Duration;

use plc::image::{Command, Inputs, Order, Step};
use plc::plant::{Plant, Shape};
use plc::signal::Reading;
use plc::tag::Role;

const SCAN: Duration = Duration::from_millis(100);

struct Scans {
    plant: Plant,
    inputs: Inputs,
}

impl Scans {
    fn new() -> Scans {
        let plant = Plant::new(&Shape::default());
        let inputs = Inputs::new(plant.catalogue());
        Scans { plant, inputs }
    }

    fn value(&self, path: &str) -> f64 {
        let slot = self.plant.catalogue().output_slot(path).expect("an output");
        self.plant.outputs().values[slot]
    }

    /// One scan; whether the sequences worked in it.
    fn works(&mut self, orders: &[Order]) -> bool {
        self.plant.scan(&self.inputs, orders, SCAN);
        let state = self.plant.catalogue().find("system.state").expect("a state").id;
        self.plant.snapshot().taken[state] == self.plant.now()
    }

    /// A contact is read as this from now on.
    fn reads(&mut self, path: &str, closed: f64) {
        let slot = self.plant.catalogue().input_slot(path).expect("an input");
        self.inputs.readings[slot] = Reading::good(closed, self.plant.now());
    }
}

/// R-2.0-01: class S, 500 ms, by accumulated time.
#[test]
fn sequences_work_twice_a_second_and_every_scan_toggles_the_heartbeat() {
    let mut scans = Scans::new();
    // A bus that nobody tells of is a cause within the second, and a cause makes the sequences work at once.
    for bus in ["system.bus_a", "system.bus_b", "system.bus_d"] {
        scans.reads(bus, 1.0);
    }
    let mut beat = 0.0;
    let worked: Vec<bool> = (0..11)
        .map(|_| {
            let works = scans.works(&[]);
            assert_ne!(scans.value("system.heartbeat"), beat);
            beat = scans.value("system.heartbeat");
            works
        })
        .collect();
    assert_eq!(worked.iter().filter(|works| **works).count(), 3, "{worked:?}");
    assert!(worked[0] && worked[5] && worked[10]);
}

/// R-2.0-01: an input has the time of its reading, an output that of each scan, a state and an alarm that of the sequences, a
/// setting and a total that of the last second.
#[test]
fn what_is_published_has_the_time_of_its_class() {
    let mut scans = Scans::new();
    let mut moved = |path: &str| {
        let row = scans.plant.catalogue().find(path).expect("a point").id;
        let of_now = (0..20).filter(|_| {
            for bus in ["system.bus_a", "system.bus_b", "system.bus_d"] {
                scans.reads(bus, 1.0);
            }
            scans.works(&[]);
            scans.plant.snapshot().taken[row] == scans.plant.now()
        });
        of_now.count()
    };
    // In two seconds of a boot; what happens in it is published at once.
    moved("system.state");
    for (path, times) in [
        ("intake.flow", 0..=0),
        ("system.heartbeat", 20..=20),
        ("system.state", 4..=8),
        ("intake.pump_fault", 4..=8),
        ("distribution.fill_stop", 2..=3),
        ("distribution.contaminated", 2..=3),
    ] {
        let found = moved(path);
        assert!(times.contains(&found), "{path}: {found}");
    }
}

/// R-2.0-01: class I, every scan.
#[test]
fn sequences_work_at_once_when_a_contact_moves_or_somebody_orders_something() {
    let mut scans = Scans::new();
    scans.works(&[]);
    assert!(!scans.works(&[]));
    scans.reads("system.emergency_stop", 1.0);
    assert!(scans.works(&[]), "a contact is read for the first time");
    scans.reads("system.emergency_stop", 1.0);
    assert!(!scans.works(&[]), "it was read again, and stands as it stood");
    scans.reads("system.emergency_stop", 0.0);
    assert!(scans.works(&[]), "it moved");
    let stop =
        Order { number: 1, role: Role::Operator, step: Step::Direct, command: Command::Stop };
    assert!(scans.works(&[stop]));
    assert!(!scans.works(&[]));
}
