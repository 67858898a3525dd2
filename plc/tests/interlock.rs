//! The cause-and-effect table is the one of `docs/spec/plant.md` 3, cross by cross: nobody takes one away unseen.

use plc::interlock::{Column, TABLE};
use plc::reason::Reason;

use Column::{
    Coagulant, FeedPump, FilterOutlet, Hypochlorite, LiftPump, Mixer, Panel, Positions, RawPump,
    Supply, Wash, WashInlet, WastePump,
};

const SPECIFICATION: &str = include_str!("../../docs/spec/plant.md");
/// The heads of its columns behind cause and latch.
const HEAD: &str = "| Cause | L | P-101 | PAC | P-301 | Hypo | P-351/B-351 | P-501 | P-601 | n2 close | n3,n6 close |";
const COLUMNS: [Column; 9] = [
    RawPump,
    Coagulant,
    FeedPump,
    Hypochlorite,
    Wash,
    LiftPump,
    WastePump,
    FilterOutlet,
    WashInlet,
];
const ALL: [Column; 13] = [
    RawPump,
    Coagulant,
    FeedPump,
    Hypochlorite,
    Wash,
    LiftPump,
    WastePump,
    FilterOutlet,
    WashInlet,
    Positions,
    Mixer,
    Supply,
    Panel,
];
/// How a row of the specification begins, and its causes here.
const ROWS: [(&str, &[Reason]); 23] = [
    ("ESTOP", &[Reason::EmergencyStop]),
    ("LSLL-102", &[Reason::WetWellEmpty, Reason::WetWellEmptyTooOften]),
    ("LT-206 HH", &[Reason::SettledTankFull]),
    ("LT-206 LL", &[Reason::SettledTankEmpty]),
    ("LSHH-401", &[Reason::ClearWellFull]),
    ("LSLL-401", &[Reason::ClearWellEmpty]),
    ("CFE", &[Reason::FilteredWaterTurbid]),
    ("AIT-403 > 4.0", &[Reason::ChlorineDangerous]),
    ("AIT-403 < 0.3", &[Reason::ChlorineTooLow, Reason::ContactTimeTooShort]),
    ("LSHH-501", &[Reason::ElevatedTankFull]),
    ("LSHH-601", &[Reason::WasteTankFull]),
    ("n2 not proven closed", &[Reason::OutletNotProvenClosed]),
    ("P-351 running", &[Reason::WashPumpRuns]),
    ("AIT-402", &[Reason::TreatedPhOutOfRange]),
    ("clear-well quality hold", &[Reason::QualityHold]),
    ("bus A", &[Reason::BusALost]),
    ("bus B", &[Reason::BusBLost]),
    ("bus D", &[Reason::BusDLost]),
    ("raw > 1 000 NTU", &[Reason::RiverTooMuddy]),
    ("mains lost", &[Reason::MainsLost]),
    ("power above", &[Reason::PowerOverLimit]),
    ("a motor runs on", &[Reason::RunsUnasked]),
    ("battery", &[Reason::BatteryEmpty]),
];
/// Of the same force, and no rows of the specification's table.
const BESIDE: [Reason; 3] = [Reason::Booting, Reason::LocalControl, Reason::StoppedByOperator];

/// R-2.0-04: each cause holds off what the specification crosses, and nothing else.
#[test]
fn every_cross_of_the_specification_stands_in_the_table_and_no_other() {
    let rows = rows();
    assert_eq!(rows.len(), ROWS.len());
    for ((text, crossed), (begins, causes)) in rows.iter().zip(ROWS) {
        assert!(text.starts_with(begins), "{text} is not {begins}");
        for cause in causes {
            let held = TABLE.iter().find(|(known, _)| known == cause);
            let (_, held) = held.unwrap_or_else(|| panic!("{cause:?} has no row"));
            for column in ALL {
                assert_eq!(
                    held.contains(&column),
                    crossed.contains(&column),
                    "{text}: {cause:?} and {column:?}"
                );
            }
        }
    }
}

/// R-2.0-04: no cause holds the plant that the specification does not know.
#[test]
fn every_row_of_the_table_stands_in_the_specification() {
    for (cause, _) in TABLE {
        let known = ROWS.iter().any(|(_, causes)| causes.contains(cause));
        assert!(known || BESIDE.contains(cause), "{cause:?}");
    }
}

/// R-2.0-04: before the self-test, while the panel commands and after STOP ALL nothing runs.
#[test]
fn what_stands_beside_the_table_holds_every_pump_and_every_way() {
    for cause in BESIDE {
        let (_, held) = TABLE.iter().find(|(known, _)| *known == cause).expect("a row");
        for column in COLUMNS {
            assert!(held.contains(&column), "{cause:?} and {column:?}");
        }
    }
}

/// Text and crosses of each row.
fn rows() -> Vec<(&'static str, Vec<Column>)> {
    let table = SPECIFICATION.lines().skip_while(|line| *line != HEAD).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 2 + COLUMNS.len(), "{line}");
        // A cross with a footnote is none: P-301 may run to waste.
        let crossed = COLUMNS.iter().zip(&cells[2..]).filter(|(_, cell)| **cell == "X");
        let mut crossed: Vec<Column> = crossed.map(|(column, _)| *column).collect();
        let also = cells[0].rsplit_once("(and ").map_or("", |(_, also)| also);
        crossed.extend(also.contains("positions").then_some(Positions));
        crossed.extend(also.contains("M-211").then_some(Mixer));
        crossed.extend(also.contains("K0").then_some(Supply));
        (cells[0], crossed)
    })
    .collect()
}
