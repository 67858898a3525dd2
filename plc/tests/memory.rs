//! What survives a restart: whatever the journal hands back, and the same plant from the same memory.

use std::collections::BTreeMap;
use std::time::Duration;

use plc::image::{Command, Event, Inputs, Order, Step};
use plc::plant::{Plant, Shape, pairs};
use plc::signal::Reading;
use plc::tag::{Kind, Role, Row};
use proptest::prelude::*;

const PERIOD: Duration = Duration::from_millis(500);

/// By path.
type Kept = BTreeMap<String, f64>;

fn kept(plant: &mut Plant) -> Kept {
    let mut kept = Kept::new();
    plant.keep(|row, value| {
        kept.insert(row.path.clone(), value);
    });
    kept
}

fn restored(kept: &Kept, age: Option<Duration>) -> (Plant, usize) {
    let mut plant = Plant::new(&Shape::default());
    let taken = plant.restore(|row| kept.get(&row.path).copied(), age);
    (plant, taken.refused)
}

/// Every input at a share of its range, measured now.
fn inputs(plant: &Plant, share: f64) -> Inputs {
    let mut inputs = Inputs::new(plant.catalogue());
    let at = plant.now().plus(PERIOD);
    for row in &plant.catalogue().rows {
        if let Kind::Input(words) = row.kind {
            let value = words.low + share * (words.high - words.low);
            inputs.readings[row.slot] = Reading::good(value, at);
        }
    }
    inputs
}

fn settings(plant: &Plant) -> Vec<Row> {
    let rows = plant.catalogue().rows.iter();
    rows.filter(|row| matches!(row.kind, Kind::Setting(_))).cloned().collect()
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -10.0..10.0,
        0.0..1e6,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-1.0),
        Just(1e300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// INV-33, INV-37: nonsense in the journal is no setting and starts nothing.
    #[test]
    fn whatever_the_journal_holds_a_plant_boots_within_its_ranges_and_with_everything_off(
        numbers in proptest::collection::vec(any_number(), 64),
        age in proptest::option::of(0_u64..200_000),
        shares in proptest::collection::vec(0.0..1.0_f64, 8),
    ) {
        let empty = Plant::new(&Shape::default());
        let rows = empty.catalogue().rows.iter().enumerate();
        let nonsense: Kept =
            rows.map(|(at, row)| (row.path.clone(), numbers[at % numbers.len()])).collect();
        let (mut plant, refused) = restored(&nonsense, age.map(Duration::from_secs));
        let rows = settings(&empty);
        let unfit = rows.iter().filter(|row| {
            let Kind::Setting(words) = row.kind else { return false };
            let kept = nonsense[&row.path];
            !(words.low..=words.high).contains(&kept)
        });
        // Those that turn their pair round go too.
        prop_assert!(refused >= unfit.count());
        plant.scan(&inputs(&plant, 0.5), &[], PERIOD);
        let now = |row: &Row| plant.snapshot().samples[row.id].value;
        prop_assert_eq!(pairs::turned_round(&plant.catalogue().rows, now), Vec::new());
        for share in shares {
            let now = inputs(&plant, share);
            plant.scan(&now, &[], PERIOD);
            for row in settings(&plant) {
                let Kind::Setting(words) = row.kind else { continue };
                let value = plant.snapshot().samples[row.id].value;
                prop_assert!((words.low..=words.high).contains(&value), "{} is {value}", row.path);
            }
            for row in plant.catalogue().rows.iter().filter(|row| !row.path.starts_with("system.")) {
                let is_output = matches!(row.kind, Kind::Output(..));
                let on = is_output && plant.outputs().values[row.slot] != 0.0;
                prop_assert!(!on, "{} is on in the boot", row.path);
            }
        }
    }

    /// INV-39: one memory, one plant: what is kept comes back, and lives on bit by bit like its twin.
    #[test]
    fn the_same_memory_makes_the_same_plant(
        wishes in proptest::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 0..12),
        shares in proptest::collection::vec(0.0..1.0_f64, 1..40),
        age in proptest::option::of(0_u64..200_000),
    ) {
        let mut plant = Plant::new(&Shape::default());
        let (rows, mut set) = (settings(&plant), Kept::new());
        let now = inputs(&plant, 0.5);
        plant.scan(&now, &[], PERIOD);
        for (number, ((which, share), level)) in (1..).zip(wishes.iter().zip(shares.iter().cycle())) {
            let row = &rows[((which * rows.len() as f64) as usize).min(rows.len() - 1)];
            let Kind::Setting(words) = row.kind else { continue };
            let value = words.low + share * (words.high - words.low);
            let command = Command::Set { setting: row.id, value };
            let order = Order { number, role: Role::Engineer, step: Step::Direct, command };
            let now = inputs(&plant, *level);
            plant.scan(&now, &[order], PERIOD);
            for event in plant.events() {
                // A setting is kept when it is set: the journal has it from its event.
                if let Event::Setting { row, to, .. } = event {
                    set.insert(plant.catalogue().rows[*row].path.clone(), *to);
                }
            }
        }
        let mut before = kept(&mut plant);
        before.append(&mut set);
        let age = age.map(Duration::from_secs);
        let ((mut one, refused), (mut other, _)) = (restored(&before, age), restored(&before, age));
        prop_assert_eq!(refused, 0);
        for share in shares {
            let now = inputs(&one, share);
            one.scan(&now, &[], PERIOD);
            other.scan(&now, &[], PERIOD);
            prop_assert_eq!(one.outputs(), other.outputs());
            prop_assert_eq!(one.events(), other.events());
            prop_assert!(one.snapshot() == other.snapshot());
            for row in &rows {
                let shown = one.snapshot().samples[row.id].value;
                let set = plant.snapshot().samples[row.id].value;
                prop_assert_eq!(shown.to_bits(), set.to_bits(), "{}", row.path);
            }
        }
        prop_assert_eq!(kept(&mut one), kept(&mut other));
    }
}
