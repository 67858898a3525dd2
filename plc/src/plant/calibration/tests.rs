use super::*;
use crate::image::{Command, Inputs, Step};
use crate::plant::Shape;
use crate::signal::Reading;
use crate::tag::Role;

const DAY: u64 = 86_400;
const CHLORINE: &str = "disinfection.calibration.chlorine_left";
const AT_ONE: Tested = Tested { reference: 1.0, before: 0.8, after: 1.01 };

struct Rig {
    plant: Plant,
    inputs: Inputs,
}

impl Rig {
    fn new() -> Rig {
        let plant = Plant::new(&Shape::default());
        let inputs = Inputs::new(plant.catalogue());
        Rig { plant, inputs }
    }

    /// What a plant goes on with that was away for so long.
    fn restarted(before: &mut Plant, age: Option<Duration>) -> Rig {
        let mut rig = Rig::new();
        let mut kept = std::collections::BTreeMap::new();
        before.keep(|row, value| {
            kept.insert(row.path.clone(), value);
        });
        let _ = rig.plant.restore(|row| kept.get(&row.path).copied(), age);
        rig
    }

    fn row(&self, path: &str) -> usize {
        self.plant.catalogue().find(path).map(|row| row.id).expect("a point of this plant")
    }

    fn left_s(&mut self, path: &str) -> f64 {
        let mut found = f64::NAN;
        self.plant.keep(|row, value| {
            if row.path == path {
                found = value;
            }
        });
        found
    }

    /// An hour a scan: the core takes any step.
    fn run_days(&mut self, days: u64) {
        for _ in 0..24 * days {
            self.plant.scan(&self.inputs, &[], Duration::from_secs(3600));
        }
    }

    fn send(&mut self, path: &str, tested: Tested, role: Role) -> Result<(), Reason> {
        let command = Command::RecordTest { due: self.row(path), tested };
        let order = Order { number: 7, role, step: Step::Direct, command };
        self.plant.scan(&self.inputs, &[order], Duration::from_secs(1));
        let verdict = self.plant.events().iter().find_map(|event| event.verdict_on(order.number));
        verdict.expect("an answer in the same scan")
    }

    fn is_overdue(&self) -> bool {
        self.plant.units.system.alarms.sensor_test == Condition::Active
    }
}

/// R-2.13-02: how long a test is good for, by kind of instrument; and of every instrument of these kinds one is asked.
#[test]
fn each_kind_of_instrument_has_its_interval() {
    let mut rig = Rig::new();
    for (path, days) in [
        ("intake.calibration.turbidity_left", 90),
        ("filter2.calibration.turbidity_left", 90),
        (CHLORINE, 30),
        ("disinfection.calibration.ph_left", 30),
        ("tank1.calibration.level_left", 180),
        ("coagulation.calibration.drawdown_left", 30),
    ] {
        assert_eq!(rig.left_s(path), (days * DAY) as f64, "{path}");
    }
    let places = &rig.plant.calibrations.places;
    let rows = &rig.plant.catalogue().rows;
    for place in places.iter().filter(|place| place.due.check != crate::tag::Check::DrawDown) {
        let input = place.input.map(|row| (rows[row].span(), rows[row].tag.as_str()));
        let tag = rows[place.row].tag.as_str();
        assert_eq!(input, Some((Some((0.0, place.due.high)), tag)), "{}", rows[place.row].path);
    }
    let instruments = rows.iter().filter(|row| {
        let looks = ["AIT-", "LT-"].iter().any(|letters| row.tag.starts_with(letters));
        looks && matches!(row.kind, Kind::Input(_))
    });
    let without = instruments.filter(|row| !places.iter().any(|place| place.input == Some(row.id)));
    assert_eq!(without.map(|row| row.path.as_str()).next(), None);
}

/// R-2.13-02: alarm 913 comes when the first is due, names it, and goes when that test was made.
#[test]
fn a_test_that_is_overdue_is_an_alarm_until_it_is_made() {
    let mut rig = Rig::new();
    rig.run_days(29);
    for path in ["disinfection.calibration.outlet_chlorine_left", "intake.calibration.ph_left"] {
        assert_eq!(rig.send(path, AT_ONE, Role::Supervisor), Ok(()));
    }
    for path in ["disinfection.calibration.ph_left", "disinfection.calibration.drawdown_left"] {
        assert_eq!(rig.send(path, AT_ONE, Role::Supervisor), Ok(()));
    }
    assert_eq!(rig.send("coagulation.calibration.drawdown_left", AT_ONE, Role::Supervisor), Ok(()));
    assert!(!rig.is_overdue());
    rig.run_days(2);
    assert!(rig.is_overdue());
    let overdue = rig.plant.units.system.calibration.shown.overdue;
    assert_eq!(overdue, Count(rig.row(CHLORINE) as f64));
    assert_eq!(rig.send(CHLORINE, AT_ONE, Role::Supervisor), Ok(()));
    assert!(!rig.is_overdue());
    let used = (30 * DAY) as f64 - rig.left_s(CHLORINE);
    assert!((0.0..=60.0).contains(&used), "whole again, but for a step: {used}");
}

/// R-2.13-02: the record has the known value and what was shown before and after; it outlives a restart, with its instrument.
#[test]
fn a_record_says_what_was_found_and_left() {
    let mut rig = Rig::new();
    assert_eq!(rig.send(CHLORINE, AT_ONE, Role::Supervisor), Ok(()));
    let row = rig.row(CHLORINE);
    let told = Event::Tested { row, tested: AT_ONE, number: 7 };
    assert!(rig.plant.events().contains(&told));
    let mut later = Rig::restarted(&mut rig.plant, Some(Duration::from_secs(DAY)));
    later.plant.scan(&later.inputs, &[], Duration::from_secs(1));
    let Record { reference, before, after, .. } = later.plant.units.system.calibration.record;
    assert_eq!((reference, before, after), (Ratio(1.0), Ratio(0.8), Ratio(1.01)));
    assert_eq!(later.plant.units.system.calibration.shown.tested, Count(row as f64));
}

/// R-2.13-02: who may, and what can be. What is refused makes nothing good again.
#[test]
fn a_test_that_cannot_be_is_refused() {
    let mut rig = Rig::new();
    rig.run_days(1);
    let left = rig.left_s(CHLORINE);
    let of = |reference, before, after| Tested { reference, before, after };
    for (tested, role, reason) in [
        (AT_ONE, Role::Operator, Reason::NotPermitted),
        (of(5.1, 1.0, 1.0), Role::Supervisor, Reason::OutOfRange),
        (of(-0.1, 1.0, 1.0), Role::Supervisor, Reason::OutOfRange),
        (of(1.0, 5.2, 1.0), Role::Supervisor, Reason::OutOfRange),
        (of(1.0, 1.0, -0.2), Role::Supervisor, Reason::OutOfRange),
        (of(1.0, 1.0, f64::NAN), Role::Supervisor, Reason::OutOfRange),
    ] {
        assert_eq!(rig.send(CHLORINE, tested, role), Err(reason), "{tested:?}");
    }
    let other = rig.send("disinfection.chlorine", AT_ONE, Role::Supervisor);
    assert_eq!(other, Err(Reason::Unknown));
    assert!(rig.left_s(CHLORINE) <= left);
    assert_eq!(rig.plant.units.system.calibration.record, Record::default());
    assert_eq!(rig.send(CHLORINE, of(0.0, -0.05, 0.0), Role::Supervisor), Ok(()), "a zero");
}

/// R-2.13-02, R-2.10-08: time away counts; of an absence that nobody knows a week is left at most, and so when memory is lost.
#[test]
fn tests_grow_older_while_the_controller_is_away() {
    let days = |days: u64| Some(Duration::from_secs(days * DAY));
    for (age, left) in [(days(0), 30), (days(3), 27), (days(40), 0), (None, 7)] {
        let mut rig = Rig::restarted(&mut Rig::new().plant, age);
        assert_eq!(rig.left_s(CHLORINE), (left * DAY) as f64, "{age:?}");
        rig.plant.scan(&rig.inputs, &[], Duration::from_secs(1));
        assert_eq!(rig.is_overdue(), left == 0, "{age:?}: told in the first scan");
    }
    let mut old = Rig::new();
    old.run_days(28);
    assert_eq!(Rig::restarted(&mut old.plant, None).left_s(CHLORINE), (2 * DAY) as f64);
    let mut rig = Rig::new();
    rig.plant.distrust_memory();
    assert_eq!(rig.left_s(CHLORINE), (7 * DAY) as f64);
}

/// R-2.13-02: what a site lacks is never due.
#[test]
fn an_instrument_that_is_not_fitted_is_not_tested() {
    let mut rig = Rig::new();
    rig.run_days(31);
    for path in [
        CHLORINE,
        "disinfection.calibration.outlet_chlorine_left",
        "disinfection.calibration.ph_left",
        "disinfection.calibration.drawdown_left",
        "coagulation.calibration.drawdown_left",
    ] {
        assert_eq!(rig.send(path, AT_ONE, Role::Supervisor), Ok(()));
    }
    assert!(rig.is_overdue(), "AIT-102");
    let slot = rig.plant.catalogue().input_slot("intake.ph").expect("AIT-102");
    rig.inputs.readings[slot] = Reading::bad(Fault::NotFitted, rig.plant.now());
    rig.plant.scan(&rig.inputs, &[], STEP);
    rig.plant.scan(&rig.inputs, &[], STEP);
    assert!(!rig.is_overdue());
}
