//! The machine's own header as a bus: the pinout of plant.md 1.5, and what is said of a wrong line.

use crate::explain::{bus_loads, wiring};
use crate::tests::{catalogue_of, checked, said};
use crate::{BusKind, Direction, Duty, LineDriver, shipped};

const README: &str = include_str!("../../README.md");

/// What the README puts in place of a site's Modbus node.
fn readme() -> &'static str {
    let words = README.split("```toml\n").find(|words| words.contains("protocol = \"gpio\""));
    words.and_then(|words| words.split("```").next()).expect("the README shows it")
}

const BUS: &str = "[bus.header]\nprotocol = \"gpio\"\n";
const DEVICE: &str = "[device.header]\nprofile = \"header\"\nbus = \"header\"\n";

/// The bench on the header of a Raspberry Pi.
fn pi() -> String {
    shipped::on_header(shipped::BENCH, shipped::HEADER)
}

/// The same with one text exchanged for another.
fn pi_but(found: &str, instead: &str) -> String {
    let text = pi();
    assert!(text.contains(found), "{found}");
    text.replacen(found, instead, 1)
}

#[test]
fn every_shipped_plant_takes_the_header_of_a_raspberry_pi_for_its_modbus_node_as_the_readme_says() {
    for (name, text) in
        [("bench", shipped::BENCH), ("sesnok", shipped::SESNOK), ("homsang", shipped::HOMSANG)]
    {
        let node = checked(text).unwrap_or_else(|faults| panic!("{name}: {faults}"));
        let pi = checked(&shipped::on_header(text, readme()));
        let pi = pi.unwrap_or_else(|faults| panic!("{name}: {faults}"));
        assert_eq!(pi.bindings.len(), node.bindings.len(), "{name}");
        assert!(pi.has_header() && !node.has_header() && pi.has_real_outputs());
        let catalogue = catalogue_of(&pi.shape);
        assert!(!bus_loads(&pi, &catalogue).contains("rppal"), "nobody polls it");
        assert!(wiring(&pi, &catalogue).contains("KWD-900"), "{name}");
        let heartbeat = wiring(&pi, &catalogue);
        let heartbeat = heartbeat.lines().find(|line| line.starts_with("system.heartbeat"));
        let words: Vec<&str> = heartbeat.unwrap_or_default().split_whitespace().collect();
        assert!(words.ends_with(&["pin17", "line", "17"]), "{name}: {words:?}");
    }
}

#[test]
fn the_lines_are_those_of_the_pinout() {
    let site = checked(&pi()).expect("right");
    let bus = site.buses.iter().find(|bus| bus.name == "header").expect("it is there");
    assert_eq!(bus.kind, BusKind::Gpio { driver: LineDriver::Rppal });
    // plant.md 1.5 with contracts.md, Hardware.
    let pinout = [
        (4, Duty::Contact, "system.emergency_stop"),
        (5, Duty::Contact, "system.remote"),
        (6, Duty::Contact, "power.mains"),
        (7, Duty::Contact, "system.supply_on"),
        (8, Duty::Contact, "distribution.low_low"),
        (9, Duty::Contact, "distribution.high_high"),
        (10, Duty::Contact, "intake.wet_well_low_low"),
        (11, Duty::Contact, "waste.high_high"),
        (12, Duty::Pulses, "coagulation.doser.rate"),
        (13, Duty::Pulses, "disinfection.doser.rate"),
        (16, Duty::Switch, "intake.permit"),
        (17, Duty::Switch, "system.heartbeat"),
        (18, Duty::Count, "coagulation.doser.strokes"),
        (19, Duty::Count, "disinfection.doser.strokes"),
        (20, Duty::Switch, "system.horn"),
        (21, Duty::Contact, "system.local_reset"),
        (22, Duty::Switch, "coagulation.doser.enable"),
        (23, Duty::Switch, "disinfection.doser.enable"),
        (24, Duty::Switch, "filtration.wash_permit"),
        (25, Duty::Switch, "filtration.feed_permit"),
        (26, Duty::Switch, "distribution.permit"),
        (27, Duty::Switch, "system.supply"),
    ];
    let mut found: Vec<(u16, Duty, &str)> = Vec::new();
    for binding in site.bindings.iter().filter(|one| site.is_header(site.device(one))) {
        let register = site.register(binding);
        let duty = Duty::of(register).expect("a line carries it");
        let is_input = matches!(duty, Duty::Contact | Duty::Count);
        assert_eq!(is_input, binding.direction == Direction::Input, "{}", binding.path);
        found.push((register.address, duty, &binding.path));
    }
    found.sort_by_key(|(line, ..)| *line);
    assert_eq!(found, pinout);
}

#[test]
fn the_kernel_drives_the_lines_where_the_site_says_so() {
    for (words, chip) in [
        ("driver = \"gpiocdev\"\n", None),
        ("driver = \"gpiocdev\"\nchip = \"pinctrl-rp1\"\n", Some("pinctrl-rp1".to_string())),
    ] {
        let site = checked(&pi_but(BUS, &format!("{BUS}{words}"))).expect("right");
        let bus = site.buses.iter().find(|bus| bus.name == "header").expect("it is there");
        assert_eq!(bus.kind, BusKind::Gpio { driver: LineDriver::Gpiocdev { chip } });
    }
}

#[test]
fn a_broken_wire_is_an_open_contact_also_where_the_contact_is_inverted() {
    let inverted = pi_but("\"header.pin4\"", "{ from = \"header.pin4\", invert = true }");
    let site = checked(&inverted).expect("right");
    let pulled_up = |path: &str| {
        site.bindings.iter().find(|one| one.path == path).expect("bound").is_pulled_up()
    };
    assert!(pulled_up("system.emergency_stop"));
    assert!(!pulled_up("system.remote") && !pulled_up("system.heartbeat"));
}

#[test]
fn a_header_that_cannot_be_is_refused_with_what_is_allowed() {
    let bus = |more: &str| pi_but(BUS, &format!("{BUS}{more}\n"));
    let from = |line: &str, words: &str| pi_but(&format!("\"header.{line}\""), words);
    for (text, faults) in [
        (bus("address = \"127.0.0.1:1506\""), vec!["`address` is of Modbus only"]),
        (bus("baud = 19200\nparity = \"even\""), vec!["`baud` is of", "`parity` is of Modbus"]),
        (bus("timeout = \"500 ms\""), vec!["`timeout` is of Modbus only"]),
        (bus("driver = \"sysfs\""), vec!["allowed are \"rppal\", \"gpiocdev\""]),
        (bus("chip = \"pinctrl-rp1\""), vec!["`chip` is of `driver = \"gpiocdev\"` only"]),
        (bus("driver = \"gpiocdev\"\nchip = \"\""), vec!["`chip = \"\"`: write the chip's label"]),
        (pi_but(DEVICE, &format!("{DEVICE}unit = 1\n")), vec!["`unit` is of Modbus only"]),
        (
            pi_but("[bus.c]\n", "[bus.c]\ndriver = \"rppal\"\n"),
            vec!["`driver` is of the header only: give the bus `protocol = \"gpio\"`"],
        ),
        (
            pi() + "[bus.panel]\nprotocol = \"gpio\"\n",
            vec!["is that of bus `header` already: a machine has one header"],
        ),
        (
            pi() + &DEVICE.replace("device.header", "device.panel"),
            vec!["is device `header` already: a header is one device"],
        ),
        (
            from("pin27", "{ from = \"header.pin27\", invert = true }"),
            vec!["a driver that is active-low switches on while the lines are inputs"],
        ),
        (from("pin4", "\"header.pin5\""), vec!["is bound to `header.pin5`, which"]),
        (
            from("rate12", "{ from = \"header.rate12\", scale = 0.5 }"),
            vec!["180 of the point are 360 pulses a minute; a line gives at most 300"],
        ),
        (
            from("rate12", "{ from = \"header.rate12\", offset = 60 }"),
            vec!["`offset`: an output that is off must give no pulses"],
        ),
    ] {
        let said = said(checked(&text));
        for fault in &faults {
            assert!(said.iter().any(|line| line.contains(fault)), "{fault}: {said:#?}");
        }
        assert_eq!(said.len(), faults.len(), "{faults:?}: {said:#?}");
    }
}

#[test]
fn lines_that_are_for_something_else_or_carry_something_else_are_refused() {
    for (register, fault) in [
        ("table = \"discrete\"\naddress = 2", "line 2 is for the clock (I2C)"),
        ("table = \"discrete\"\naddress = 14", "line 14 is for the serial port"),
        ("table = \"discrete\"\naddress = 0", "line 0 is for the identification of add-on boards"),
        ("table = \"discrete\"\naddress = 28", "line 28 is not there"),
        (
            "table = \"holding\"\naddress = 4\nform = \"bool\"",
            "a line carries a contact (discrete)",
        ),
        // The same line under two names.
        ("table = \"discrete\"\naddress = 5", "which `coagulation.doser.strokes` has already"),
    ] {
        let mut profiles = crate::Profiles::shipped();
        let shipped = include_str!("../devices/header.toml");
        let stop = "[register.pin4]\ntable = \"discrete\"\naddress = 4\n";
        assert!(shipped.contains(stop));
        let header = shipped.replacen(stop, &format!("[register.pin4]\n{register}\n"), 1);
        // Registers of two tables may share an address, and then are one line.
        let header = header.replacen(
            "[register.pin5]\ntable = \"discrete\"",
            "[register.pin5]\ntable = \"input\"\nform = \"u16\"\nunit = \"pcs\"",
            1,
        );
        profiles.add("header", "header.toml", &header);
        let text = pi_but("remote = \"header.pin5\"", "remote = { absent = true }");
        let text = match fault.contains("already") {
            true => text.replacen("\"header.count18\"", "\"header.pin5\"", 1),
            false => text,
        };
        let said = said(crate::check(&text, "site.toml", &profiles, &[], catalogue_of));
        assert!(said.iter().any(|line| line.contains(fault)), "{fault}: {said:#?}");
        assert_eq!(said.len(), 1, "{fault}: {said:#?}");
    }
}

/// What `hil rig` advises: a Modbus node plays the header, for the rig and for the controller.
#[test]
fn a_plant_on_a_header_stands_against_a_rig_with_three_words_laid_over_its_file() {
    let set = ["protocol=tcp", "address=127.0.0.1:1506"].map(|word| format!("bus.header.{word}"));
    let set = [set.as_slice(), &["device.header.unit=1".to_string()]].concat();
    let profiles = crate::Profiles::shipped();
    let site = crate::check(&pi(), "site.toml", &profiles, &set, catalogue_of).expect("right");
    assert!(!site.has_header());
    assert_eq!(site.bindings.len(), checked(shipped::BENCH).expect("right").bindings.len());
}
