//! The list of `docs/spec/plant.md` 4 and the alarms of the plant are the same, with priorities, limits, delays, latches and
//! what keeps them back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plc::image::Inputs;
use plc::plant::{Plant, Shape};
use plc::quantity::Form;
use plc::signal::{Moment, Quality, Reading};
use plc::tag::{Kind, Rationale, Row};

const PERIOD: Duration = Duration::from_millis(500);
const LIST: &str = include_str!("../../docs/spec/plant.md");
/// A row of the list.
#[derive(Debug, PartialEq)]
struct Listed {
    priority: String,
    on_s: f64,
    off_s: f64,
    latching: bool,
    limit: String,
    deadband: String,
    consequence: String,
    action: String,
    /// Codes of suppression, as they stand there.
    suppression: BTreeSet<String>,
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
        let cell = |at: usize| cells[at].clone();
        let codes = cells[10].split(',').map(str::trim);
        let listed = Listed {
            priority: cell(4),
            on_s,
            off_s,
            latching,
            limit: cell(5),
            deadband: cell(6),
            consequence: cell(8),
            action: cell(9),
            suppression: codes.filter(|code| *code != "–").map(String::from).collect(),
        };
        Some((number, listed))
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

/// Where the plant has a limit: the default of a setting, by its path, or a constant of a file. With a factor where the list has
/// another unit.
enum Limit {
    Setting(&'static str, f64),
    Constant(&'static str, &'static str, f64),
}
use Limit::{Constant, Setting};

/// Limits and deadbands of the list, in the order of its numbers. A limit that is a time, a count, a share of a rule or a float
/// is proven where it is counted; so are those that are made of two.
const LIMITS: &[(u16, &[Limit], Option<Limit>)] = &[
    (
        101,
        &[Setting("intake.low_limit", 1.0), Setting("intake.stop_level", 1.0)],
        Some(Constant("unit/intake/look.rs", "LOW_BAND", 1.0)),
    ),
    (
        103,
        &[Setting("intake.screen_alarm", 1.0)],
        Some(Constant("unit/intake/look.rs", "SCREEN_BAND", 1.0)),
    ),
    (
        106,
        &[Constant("unit/intake/look.rs", "FLOW_LOW_SHARE", 100.0)],
        Some(Constant("unit/intake/look.rs", "FLOW_LOW_BAND", 100.0)),
    ),
    (
        108,
        &[Setting("intake.muddy_limit", 1.0)],
        Some(Constant("unit/intake/look.rs", "MUDDY_BAND", 1.0)),
    ),
    (109, &[Constant("interlock/causes.rs", "MUDDY", 1.0)], None),
    (
        110,
        &[Setting("intake.flood_alarm", 1.0)],
        Some(Constant("unit/intake/look.rs", "FLOOD_BAND", 1.0)),
    ),
    (
        112,
        &[Setting("intake.ph_low", 1.0), Setting("intake.ph_high", 1.0)],
        Some(Constant("unit/intake/look.rs", "PH_BAND", 1.0)),
    ),
    (
        202,
        &[Constant("unit/chemicals/stock.rs", "LOW", 1.0)],
        Some(Constant("unit/chemicals/stock.rs", "LOW_BAND", 1.0)),
    ),
    (203, &[Constant("unit/chemicals/stock.rs", "UNUSABLE", 1.0)], None),
    (204, &[Setting("sedimentation.cloudy", 1.0)], None),
    (205, &[Setting("sedimentation.very_bad", 1.0)], None),
    (
        206,
        &[Setting("tank1.overflow_level", 1.0)],
        Some(Constant("unit/tank.rs", "HIGH_BAND", 1.0)),
    ),
    (
        208,
        &[Setting("tank1.sludge_full_limit", 1.0)],
        Some(Constant("unit/tank.rs", "FULL_BAND", 1.0)),
    ),
    (
        210,
        &[Setting("coagulation.hourly_cap", 0.001), Setting("coagulation.daily_cap", 0.001)],
        None,
    ),
    (
        211,
        &[Constant("unit/chemicals/books.rs", "OPEN_MAX", 1.0)],
        Some(Constant("unit/chemicals/books.rs", "OPEN_BAND", 1.0)),
    ),
    (
        212,
        &[Constant("unit/chemicals/books.rs", "LEAK_MAX", 1.0)],
        Some(Constant("unit/chemicals/books.rs", "LEAK_BAND", 1.0)),
    ),
    (
        303,
        &[Constant("unit/filter/look.rs", "EFFLUENT_HIGH", 1.0)],
        Some(Constant("unit/filter/look.rs", "EFFLUENT_DEADBAND", 1.0)),
    ),
    (
        304,
        &[Constant("interlock/causes.rs", "TURBID", 1.0)],
        Some(Constant("unit/filtration/look.rs", "NOT_SAFE_DEADBAND", 1.0)),
    ),
    (
        306,
        &[Constant("unit/filtration/wash_train.rs", "FLOW_MIN", 100.0)],
        Some(Constant("unit/filtration/wash_train.rs", "FLOW_BACK", 100.0)),
    ),
    (
        307,
        &[
            Constant("unit/filtration/wash_train.rs", "PRESSURE_MAX", 1.0),
            Constant("unit/filtration/wash_train.rs", "PRESSURE_LOW", 1.0),
        ],
        Some(Constant("unit/filtration/wash_train.rs", "PRESSURE_DEADBAND", 1.0)),
    ),
    (308, &[Setting("filter1.ripen_time_max", 1.0 / 60.0)], None),
    (309, &[Constant("unit/filter/bed.rs", "FOULED", 1.0)], None),
    (311, &[Constant("unit/filtration/look.rs", "WATER_ONLY_MAX", 1.0)], None),
    (
        401,
        &[Setting("disinfection.chlorine_low", 1.0)],
        Some(Constant("unit/disinfection.rs", "LOW_DEADBAND", 1.0)),
    ),
    (402, &[Constant("interlock/causes.rs", "TOO_LOW", 1.0)], None),
    (
        403,
        &[Setting("disinfection.chlorine_high", 1.0)],
        Some(Constant("unit/disinfection/limits.rs", "OUTLET_DEADBAND", 1.0)),
    ),
    (404, &[Constant("interlock/causes.rs", "DANGEROUS", 1.0)], None),
    (406, &[Constant("interlock/causes.rs", "RATIO_LOW", 1.0)], None),
    (
        408,
        &[Constant("unit/chemicals/stock.rs", "LOW", 1.0)],
        Some(Constant("unit/chemicals/stock.rs", "LOW_BAND", 1.0)),
    ),
    (409, &[Constant("unit/chemicals/stock.rs", "UNUSABLE", 1.0)], None),
    (
        410,
        &[Constant("unit/disinfection/dose.rs", "TRIM_TELLING", 1.0)],
        Some(Constant("unit/disinfection/dose.rs", "TRIM_DEADBAND", 1.0)),
    ),
    (
        411,
        &[Setting("disinfection.ph_low", 1.0), Setting("disinfection.ph_high", 1.0)],
        Some(Constant("unit/disinfection.rs", "PH_DEADBAND", 1.0)),
    ),
    (412, &[Constant("unit/distribution/clear_well.rs", "LEVELS_APART", 1.0)], None),
    (
        413,
        &[Setting("distribution.level_min", 1.0)],
        Some(Constant("unit/distribution/look.rs", "LOW_DEADBAND", 1.0)),
    ),
    (
        417,
        &[Constant("unit/chemicals/books.rs", "LEAK_MAX", 1.0)],
        Some(Constant("unit/chemicals/books.rs", "LEAK_BAND", 1.0)),
    ),
    (418, &[Setting("disinfection.hourly_cap", 1.0), Setting("disinfection.daily_cap", 1.0)], None),
    (
        420,
        &[Constant("unit/chemicals/books.rs", "OPEN_MAX", 1.0)],
        Some(Constant("unit/chemicals/books.rs", "OPEN_BAND", 1.0)),
    ),
    (
        421,
        &[Setting("distribution.level_high_limit", 1.0)],
        Some(Constant("unit/distribution/look.rs", "HIGH_DEADBAND", 1.0)),
    ),
    (
        503,
        &[Setting("distribution.tank_low_limit", 1.0)],
        Some(Constant("unit/distribution/look.rs", "TANK_DEADBAND", 1.0)),
    ),
    (
        504,
        &[Setting("distribution.tank_very_low_limit", 1.0)],
        Some(Constant("unit/distribution/look.rs", "TANK_DEADBAND", 1.0)),
    ),
    (508, &[Setting("distribution.night_flow_max", 1.0)], None),
    (509, &[Constant("unit/distribution/pressure.rs", "STANDS", 1.0)], None),
    (
        601,
        &[Setting("waste.level_high_limit", 1.0)],
        Some(Constant("unit/waste.rs", "HIGH_BAND", 1.0)),
    ),
    (602, &[Setting("waste.solids_limit", 1.0)], None),
    (902, &[Setting("power.battery_alarm", 1.0)], None),
    (
        903,
        &[
            Constant("unit/power.rs", "VOLTAGE_BAND", 100.0),
            Constant("unit/power.rs", "FREQUENCY_BAND", 100.0),
        ],
        Some(Constant("unit/power.rs", "DEADBAND", 100.0)),
    ),
    (
        912,
        &[Setting("system.cabinet_temperature_max", 1.0)],
        Some(Constant("unit/system/panel.rs", "CABINET_BAND", 1.0)),
    ),
    (914, &[Constant("unit/loop_watch.rs", "REVERSALS_MAX", 1.0)], None),
    (
        916,
        &[Setting("sedimentation.balance.open_max", 1.0)],
        Some(Constant("unit/balance.rs", "DEADBAND", 1.0)),
    ),
];

impl Limit {
    fn value(&self, plant: &Plant) -> f64 {
        match *self {
            Setting(path, factor) => {
                let row = plant.catalogue().find(path).unwrap_or_else(|| panic!("{path}"));
                let Kind::Setting(words) = row.kind else { panic!("{path} is no setting") };
                words.default * factor
            }
            Constant(file, name, factor) => {
                let path = format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"));
                let text = std::fs::read_to_string(&path).expect(file);
                let begins = format!("const {name}: ");
                let line = text.lines().find(|line| line.contains(&begins));
                let line = line.unwrap_or_else(|| panic!("{file} has no {name}"));
                let value = line.split("= ").nth(1).expect(name);
                numbers(value)[0] * factor
            }
        }
    }
}

/// The numbers of a text; a space parts thousands, as in `1 000 NTU`.
fn numbers(text: &str) -> Vec<f64> {
    let text = text.replace(" 000", "000").replace('_', "");
    let parts = text.split(|one: char| !(one.is_ascii_digit() || one == '.'));
    parts.filter_map(|part| part.trim_matches('.').parse().ok()).collect()
}

/// AR-01: limits and deadbands of the list are those of the plant.
#[test]
fn the_limits_of_the_list_are_those_of_the_plant() {
    let plant = Plant::new(&Shape::default());
    let list = list();
    let mut faults = Vec::new();
    for (number, limits, deadband) in LIMITS {
        let listed = &list[number];
        let asked = numbers(&listed.limit);
        let found: Vec<f64> = limits.iter().map(|limit| limit.value(&plant)).collect();
        let near = |(asked, found): (&f64, &f64)| (asked - found).abs() < 1e-9;
        if asked.len() < found.len() || !asked.iter().zip(&found).all(near) {
            faults.push(format!("{number}: the list says {asked:?}, the plant has {found:?}"));
        }
        let asked = numbers(&listed.deadband).first().copied();
        let found = deadband.as_ref().map(|deadband| deadband.value(&plant));
        if let Some(found) = found
            && !asked.is_some_and(|asked| near((&asked, &found)))
        {
            faults.push(format!(
                "{number}: the list says a band of {asked:?}, the plant has {found}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A plant that stands, with everything it measures in its place.
fn suppressed_where(reading: impl Fn(&Row, f64) -> Reading) -> BTreeSet<u16> {
    let mut plant = Plant::new(&Shape::default());
    let rows: Vec<Row> = plant.catalogue().rows.to_vec();
    for _ in 0..240 {
        let mut inputs = Inputs::new(plant.catalogue());
        let at = plant.now().plus(PERIOD);
        for row in &rows {
            let Kind::Input(words) = row.kind else { continue };
            let middle = if words.high == 1.0 { 1.0 } else { 0.5 * (words.low + words.high) };
            let value = at_rest(row).unwrap_or(middle);
            inputs.readings[row.slot] = Reading { taken: at, ..reading(row, value) };
        }
        plant.scan(&inputs, &[], PERIOD);
    }
    let alarms = &plant.snapshot().alarms;
    declared(&plant)
        .filter(|(row, _)| alarms[row.slot].suppressed && alarms[row.slot].cause.is_none())
        .map(|(_, words)| words.number)
        .collect()
}

/// Mains as they are to be, and a clear screen.
fn at_rest(row: &Row) -> Option<f64> {
    match row.path.as_str() {
        "power.voltage" => Some(220.0),
        "power.frequency" => Some(50.0),
        "intake.river_level" => Some(1.5),
        "intake.wet_well_level" => Some(1.5),
        _ => None,
    }
}

/// A blocked screen is told also where it keeps P-101 from starting; loops that do not control are not looked at.
const TOLD_STANDING: [u16; 2] = [103, 914];
/// Not of the reference plant: no pressure in a network that an elevated tank carries.
const ABSENT: u16 = 509;

/// AR-14: what a plant that stands does not tell is what the list marks s1 or s2, and nothing else; what a hold keeps back beyond
/// that is marked s3.
#[test]
fn a_plant_that_stands_keeps_back_what_the_list_says_and_nothing_else() {
    let list = list();
    let marked = |codes: &[&str]| -> BTreeSet<u16> {
        let has = |listed: &Listed| codes.iter().any(|code| listed.suppression.contains(*code));
        let marked = list.iter().filter(|(_, listed)| has(listed)).map(|(number, _)| *number);
        marked.filter(|number| !TOLD_STANDING.contains(number)).collect()
    };
    let mut standing = suppressed_where(|_, value| Reading::good(value, Moment(0)));
    standing.remove(&ABSENT);
    assert_eq!(standing, marked(&["s1", "s2"]));
    let held = suppressed_where(|row, value| match row.form {
        Form::Number { .. } => {
            let until = Quality::Held(Moment(u64::MAX));
            Reading { quality: until, ..Reading::good(value, Moment(0)) }
        }
        Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm => {
            Reading::good(value, Moment(0))
        }
    });
    let more = held.difference(&standing).filter(|number| **number != ABSENT);
    let more: BTreeSet<u16> = more.copied().filter(|one| !TOLD_STANDING.contains(one)).collect();
    assert!(more.contains(&403) && more.is_subset(&marked(&["s3"])), "{more:?}");
}

/// AR-14: s5 is a lost bus, and what stands without mains is not marked s4.
#[test]
fn what_a_lost_bus_or_lost_mains_explain_is_what_the_list_marks() {
    let list = list();
    let plant = Plant::new(&Shape::default());
    for (row, words) in declared(&plant) {
        let codes = &list[&words.number].suppression;
        assert_eq!(words.parent.is_some(), codes.contains("s5"), "{}: s5", row.path);
        assert!(!(words.stands_without_mains && codes.contains("s4")), "{}: s4", row.path);
    }
}
