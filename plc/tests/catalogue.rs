//! Paths are for ever: a rename is a change of every interface, and must show.

use std::fmt::Write;

use plc::plant::{Plant, Shape};
use plc::quantity::Form;
use plc::tag::Kind;

/// To accept a change on purpose: `UPDATE_GOLDEN=1 cargo test -p plc --test catalogue`.
#[test]
fn every_path_tag_and_unit_of_the_reference_plant_is_as_it_was() {
    let plant = Plant::new(&Shape::default());
    let mut found = String::new();
    for row in &plant.catalogue().rows {
        let unit = match row.form {
            Form::Number { symbol, .. } => symbol,
            Form::OnOff => "on/off",
            Form::States(_) => "states",
            Form::Reasons => "reasons",
            Form::Alarm => "alarm",
        };
        writeln!(found, "{}\t{}\t{}\t{unit}", row.path, row.tag, row.kind.word()).unwrap();
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/catalogue.golden");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &found).unwrap();
    }
    let accepted = std::fs::read_to_string(golden).unwrap();
    for (line, (now, before)) in (1..).zip(found.lines().zip(accepted.lines())) {
        assert_eq!(now, before, "line {line} of tests/catalogue.golden");
    }
    assert_eq!(found.lines().count(), accepted.lines().count(), "points came or went");
}

#[test]
fn no_two_points_share_a_path_and_no_two_alarms_a_number() {
    for shape in
        [Shape::default(), Shape { tanks: 4, filters: 6, raw_pumps: 3, ..Shape::default() }]
    {
        let plant = Plant::new(&shape);
        let rows = &plant.catalogue().rows;
        let mut paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), rows.len());
        let mut numbers: Vec<(u16, &str)> = rows
            .iter()
            .filter_map(|row| match row.kind {
                // One alarm stands at each of several units alike: its number is that of the kind.
                Kind::Alarm(words) => {
                    Some((words.number, row.path.rsplit('.').next().unwrap_or_default()))
                }
                Kind::Input(_)
                | Kind::Output(..)
                | Kind::Setting(_)
                | Kind::Status(_)
                | Kind::Retained(_) => None,
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        for pair in numbers.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{pair:?}");
        }
    }
}

#[test]
fn every_unit_with_a_sequence_says_its_state_and_what_blocks_it() {
    let plant = Plant::new(&Shape::default());
    let rows = &plant.catalogue().rows;
    for row in rows.iter().filter(|row| row.path == format!("{}.state", row.unit)) {
        let blocked = format!("{}.blocked", row.unit);
        assert!(rows.iter().any(|other| other.path == blocked), "{blocked}");
    }
}

/// R-2.9-04: waste water is decanted to the soakaway by P-601; nothing of the plant leads it back to the intake.
#[test]
fn waste_water_has_no_way_back_to_the_intake() {
    let plant = Plant::new(&Shape::default());
    let outputs = |unit: &str| -> Vec<&str> {
        let rows = plant.catalogue().rows.iter();
        rows.filter(|row| row.unit == unit && matches!(row.kind, Kind::Output(..)))
            .map(|row| row.path.as_str())
            .collect()
    };
    assert_eq!(outputs("waste"), ["waste.pump.run"]);
    assert!(outputs("intake").iter().all(|path| {
        ["intake.permit", "intake.inlet.", "intake.pump_"].iter().any(|way| path.starts_with(way))
    }));
}
