//! What the shipped profiles make of the words that their makers document.

use crate::profile::{Profile, Register, Table};
use crate::{Profiles, Watchdog};

fn profile(name: &str) -> Profile {
    Profiles::shipped().read(name).expect(name).unwrap_or_else(|faults| panic!("{faults}"))
}

fn register<'a>(profile: &'a Profile, name: &str) -> &'a Register {
    &profile.registers[profile.find(name).unwrap_or_else(|| panic!("{}.{name}", profile.name))]
}

/// Device, register, its place on the wire, words, value (`docs/spec/plant.md` 1.6).
type Row = (&'static str, &'static str, (Table, u16), &'static [u16], f64);

#[test]
fn each_makers_words_are_read_as_he_documents_them() {
    use Table::{Coil, DiscreteInput, Holding, Input};
    let rows: [Row; 34] = [
        // ETA masks of the ATV: 0x37 operation enabled, 0x33 switched on.
        ("atv312", "running", (Holding, 3201), &[0x0637], 1.0),
        ("atv312", "running", (Holding, 3201), &[0x0633], 0.0),
        ("atv312", "frequency", (Holding, 3202), &[400], 40.0),
        ("invt_gd", "running", (Holding, 0x2100), &[1], 1.0),
        ("invt_gd", "running", (Holding, 0x2100), &[3], 0.0),
        ("invt_gd", "running", (Holding, 0x2100), &[5], 0.0),
        ("invt_gd", "tripped", (Holding, 0x2100), &[4], 1.0),
        ("invt_gd", "frequency", (Holding, 0x3000), &[4000], 40.0),
        ("invt_gd", "speed", (Holding, 0x2001), &[4000], 80.0),
        ("invt_gd100_pv", "pump_flow", (Holding, 0x120B), &[52], 5.2),
        ("danfoss_fc", "run", (Holding, 49_999), &[0x047C], 1.0),
        ("danfoss_fc", "run", (Holding, 49_999), &[0x043C], 0.0),
        ("danfoss_fc", "speed", (Holding, 50_009), &[0x4000], 100.0),
        ("danfoss_fc", "running", (Holding, 50_199), &[0x0F07], 1.0),
        ("danfoss_fc", "tripped", (Holding, 50_199), &[0x0008], 1.0),
        ("danfoss_fc", "frequency", (Holding, 50_209), &[0x2000], 25.0),
        ("io8", "in8", (DiscreteInput, 7), &[1], 1.0),
        ("io8", "out1", (Coil, 0), &[1], 1.0),
        // 230.0 as a float is 0x43660000; 1500 W 0x44BB8000.
        ("energy_meter", "voltage", (Input, 0x0000), &[0x4366, 0x0000], 230.0),
        ("energy_meter_3ph", "power", (Input, 0x0034), &[0x44BB, 0x8000], 1.5),
        ("turbidity", "turbidity", (Holding, 0x0001), &[0x0000, 0x4020], 2.5),
        // 7.25 is 0x40E80000, least significant byte first.
        ("yosemitech_ph", "ph", (Holding, 0x2800), &[0x0000, 0xE840], 7.25),
        ("yosemitech_turbidity", "turbidity", (Holding, 0x2602), &[0x0000, 0x2040], 2.5),
        ("dfrobot_turbidity", "turbidity", (Holding, 0x0000), &[25], 2.5),
        ("level", "level", (Holding, 0x0004), &[1520], 1.52),
        ("level", "level", (Holding, 0x0004), &[0xFFF6], -0.01),
        ("soil_moisture", "moisture", (Holding, 0x0000), &[423], 42.3),
        ("soil_moisture", "temperature", (Holding, 0x0001), &[0xFF9B], -10.1),
        // The documented number 1 is 0 on the wire; 5.0 is 0x40A00000, low word first.
        ("flow_meter", "flow", (Holding, 0), &[0x0000, 0x40A0], 5.0),
        ("tracer", "panel_voltage", (Input, 0x3100), &[1875], 18.75),
        ("tracer", "temperature", (Input, 0x3110), &[0xFE0C], -5.0),
        ("tracer", "battery", (Input, 0x311A), &[87], 87.0),
        ("analog8", "ch8", (Holding, 7), &[0x8000], 0.000_3),
        ("relay8", "relay8", (Coil, 7), &[0], 0.0),
    ];
    for (device, name, place, words, value) in rows {
        let profile = profile(device);
        let register = register(&profile, name);
        assert_eq!((register.table, register.address), place, "{device}.{name}");
        let found = register.decode(words).unwrap_or_else(|| panic!("{device}.{name}: no value"));
        assert!((found - value).abs() < 1e-4, "{device}.{name}: {found}, {value} is documented");
    }
    assert_eq!(register(&profile("level"), "level").decode(&[0x7FFF]), None, "no value");
}

/// INVT's parameters wear their EEPROM when they are written, and cannot be read in RAM.
#[test]
fn a_time_out_is_written_where_it_wears_nothing_and_read_where_it_can_be_read() {
    let found = |name: &str| profile(name).watchdog;
    let invt = Some(Watchdog { address: 0x8E04, value: 30, verify: 0x0E04 });
    assert_eq!((found("invt_gd"), found("invt_gd100_pv")), (invt, invt));
    assert_eq!(found("atv312"), Some(Watchdog { address: 6005, value: 30, verify: 6005 }));
    // Of neither a time-out is known that could be set: nothing that can hurt is bound to them.
    assert!(!profile("danfoss_fc").is_guarded() && !profile("io8").is_guarded());
}

/// A word that says one thing of several is asked for each, and written so by the rig that plays it.
#[test]
fn a_state_word_carries_one_state() {
    let drive = profile("invt_gd");
    let (running, tripped) = (register(&drive, "running"), register(&drive, "tripped"));
    let mut word = [0];
    running.encode(1.0, &mut word);
    tripped.encode(0.0, &mut word);
    assert_eq!(word, [1]);
    running.encode(0.0, &mut word);
    tripped.encode(1.0, &mut word);
    assert_eq!((word, running.decode(&word), tripped.decode(&word)), ([4], Some(0.0), Some(1.0)));
}

/// What the documentation teaches can be written.
#[test]
fn the_profile_of_the_documentation_is_a_profile() {
    let taught = include_str!("lib.rs").split("//! # A device profile").nth(1).expect("a chapter");
    let example =
        taught.split("//! ```toml\n").nth(1).and_then(|rest| rest.split("//! ```").next());
    let line = |line: &str| line.trim_start_matches("//!").trim_start().to_string() + "\n";
    let text: String = example.expect("an example").lines().map(line).collect();
    let mut profiles = Profiles::shipped();
    profiles.add("taught", "lib.rs", &text);
    let read = profiles.read("taught").expect("added");
    let profile = read.unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(profile.registers.len(), 11);
    assert_eq!(profile.watchdog, Some(Watchdog { address: 0x8E04, value: 30, verify: 0x0E04 }));
}
