//! The list of `docs/spec/plant.md` 4 and the alarms of the plant are the same, with priorities, delays and latches.

use std::collections::{BTreeMap, BTreeSet};

use plc::plant::{Plant, Shape};
use plc::tag::{Kind, Rationale, Row};

const LIST: &str = include_str!("../../docs/spec/plant.md");
/// A row of the list.
#[derive(Debug, PartialEq)]
struct Listed {
    priority: String,
    on_s: f64,
    off_s: f64,
    latching: bool,
    consequence: String,
    action: String,
}

/// The list, by number.
fn list() -> BTreeMap<u16, Listed> {
    let section = LIST
        .split("## 4. Alarm list")
        .nth(1)
        .expect("as the list is written")
        .split("## 5. ")
        .next()
        .expect("as the list is written");
    let rows = section.lines().filter_map(|line| {
        // A bar inside a cell is written with a backslash.
        let line = line.replace("\\|", "/");
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_string()).collect();
        let number: u16 = cells.get(1)?.parse().ok()?;
        let (on_s, off_s, latching) = delays(&cells[7]);
        let (priority, consequence, action) =
            (cells[4].clone(), cells[8].clone(), cells[9].clone());
        Some((number, Listed { priority, on_s, off_s, latching, consequence, action }))
    });
    rows.collect()
}

/// `30/60`, `2/0 latch`, `0/latch`, a dash; nights are counted by the unit.
fn delays(cell: &str) -> (f64, f64, bool) {
    let number = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0.0)
    };
    match cell.split_once('/') {
        Some((on, off)) => (number(on), number(off.trim()), cell.contains("latch")),
        None => (0.0, 0.0, false),
    }
}

/// Alarms that tell of a cause of the cause-and-effect table, or of something the unit counts: the times are the cause's own,
/// and its release (`docs/spec/contracts.md`, Causes, effects, release). Strokes (201, 407) are counted over their minute; 303 is at
/// once where the filter was stopped, 910 where storage fails.
const TIMED_BY_THE_CAUSE: [u16; 9] = [109, 201, 303, 402, 404, 406, 407, 508, 910];

fn declared(plant: &Plant) -> impl Iterator<Item = (&Row, Rationale)> {
    plant.catalogue().rows.iter().filter_map(|row| match row.kind {
        Kind::Alarm(words) => Some((row, words)),
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Setting(_)
        | Kind::Status(_)
        | Kind::Retained(_) => None,
    })
}

/// The sentence under the list: `That is 91 alarms (P1 25, P2 25, P3 32, P4 9`.
fn counted() -> [usize; 5] {
    let sentence = LIST.split("That is ").nth(1).expect("the sentence under the list");
    let number = |after: &str| -> usize {
        let text = sentence.split(after).nth(1).expect("its numbers");
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
    };
    let all = sentence.split(' ').next().and_then(|all| all.parse().ok()).unwrap_or(0);
    [all, number("P1 "), number("P2 "), number("P3 "), number("P4 ")]
}

/// AR-01: what no list explains is no alarm: each has its consequence and what a villager does about it.
#[test]
fn the_list_explains_each_of_its_alarms() {
    let list = list();
    for (number, listed) in &list {
        let says = |text: &str| text.chars().any(char::is_alphabetic);
        assert!(says(&listed.consequence) && says(&listed.action), "{number}: {listed:?}");
    }
    let of = |priority: &str| list.values().filter(|listed| listed.priority == priority).count();
    assert_eq!(counted(), [list.len(), of("P1"), of("P2"), of("P3"), of("P4")]);
}

/// AR-01: the alarms that the plant declares are those of the list, with priority, delays and latch.
#[test]
fn the_declared_alarms_are_exactly_those_of_the_list() {
    let list = list();
    let plant = Plant::new(&Shape::default());
    let mut faults = Vec::new();
    let mut missing: BTreeSet<u16> = list.keys().copied().collect();
    for (row, words) in declared(&plant) {
        missing.remove(&words.number);
        let Some(listed) = list.get(&words.number) else {
            faults.push(format!("{} {} is on no list", words.number, row.path));
            continue;
        };
        let delays = (words.on_delay.as_secs_f64(), words.off_delay.as_secs_f64());
        let asked = (listed.on_s, listed.off_s);
        let right = if TIMED_BY_THE_CAUSE.contains(&words.number) {
            delays.0 == 0.0
        } else {
            delays == asked
        };
        let same = format!("{:?}", words.priority) == listed.priority
            && words.latching == listed.latching
            && right;
        if !same {
            let found = (words.priority, delays, words.latching);
            faults.push(format!("{} {}: {found:?}, not {listed:?}", words.number, row.path));
        }
    }
    faults.extend(missing.iter().map(|number| format!("{number} is declared nowhere")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
