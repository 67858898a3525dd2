//! Wrong files and what is said about them; the shipped sites; bus loads.

use plc::plant::{Plant, Shape};
use plc::quantity::Value;
use plc::tag::{Adjustable, Catalogue, Kind, Point, Source, Visitor};

use crate::{BusKind, Faults, FieldKind, LOAD_MAX, Profiles, Site, check, loads, shipped};

pub(crate) fn catalogue_of(shape: &Shape) -> Catalogue {
    Plant::new(shape).catalogue().clone()
}

pub(crate) fn checked(text: &str) -> Result<Site, Faults> {
    check(text, "site.toml", &Profiles::shipped(), &[], catalogue_of)
}

/// What is said about a file, without its name.
pub(crate) fn said(result: Result<Site, Faults>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(faults) => faults
            .0
            .iter()
            .map(|fault| fault.to_string().trim_start_matches("site.toml: ").to_string())
            .collect(),
    }
}

/// The bench with one text exchanged for another.
pub(crate) fn bench_but(found: &str, instead: &str) -> String {
    assert!(shipped::BENCH.contains(found), "{found}");
    shipped::BENCH.replacen(found, instead, 1)
}

fn line_of(text: &str, found: &str) -> usize {
    text.lines().position(|line| line.contains(found)).expect(found) + 1
}

const SMALL: &str = r#"[site]
name = "Small"
[plant]
nominal_flow = "5 m3/h"
tanks = 1
filters = 1
raw_pumps = 1
feed_pumps = 1
lift_pumps = 1
blower = false
elevated_tank = false
[field]
driver = "twin"
"#;

#[test]
fn every_shipped_site_is_right() {
    for (name, text) in shipped::ALL {
        let site = check(text, name, &Profiles::shipped(), &[], catalogue_of);
        let site = site.unwrap_or_else(|faults| panic!("{faults}"));
        let catalogue = catalogue_of(&site.shape);
        let is_wired = |kind: Kind| match kind {
            Kind::Input(words) => words.source == Source::Field,
            Kind::Output(..) => true,
            Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => false,
        };
        let wired = catalogue.rows.iter().filter(|row| is_wired(row.kind)).count();
        let bound = if site.field == FieldKind::Buses { wired } else { 0 };
        assert_eq!(site.bindings.len() + site.absent.len(), bound, "{name}");
    }
}

#[test]
fn every_shipped_profile_is_right() {
    let profiles = Profiles::shipped();
    for name in profiles.names() {
        if let Err(faults) = profiles.read(name).expect(name) {
            panic!("{name}: {faults}");
        }
    }
}

#[test]
fn the_reference_plants_buses_are_as_busy_as_reckoned_by_hand() {
    let site = checked(shipped::BENCH).unwrap_or_else(|faults| panic!("{faults}"));
    let loads = loads(&site, &catalogue_of(&site.shape));
    // docs/spec/plant.md 1.5: transactions a second and share.
    for (bus, a_second, share) in [("a", 15.1, 0.38), ("b", 9.9, 0.25), ("d", 24.0, 0.60)] {
        let load = loads.iter().find(|load| site.buses[load.bus].name == bus).expect(bus);
        assert!((load.transactions_per_second - a_second).abs() < 0.15, "{bus}: {load:?}");
        assert!((load.share - share).abs() < 0.01, "{bus}: {load:?}");
    }
    assert!(loads.iter().all(|load| load.share <= LOAD_MAX));
}

#[test]
fn a_bus_too_slow_for_its_devices_is_refused_with_figures() {
    // plant.md 1.5: at 9 600 baud bus D stands at 96 %.
    let text = shipped::BENCH.replacen("baud = 19200", "baud = 9600", 3);
    let line = line_of(&text, "[bus.d]");
    assert_eq!(
        said(checked(&text)),
        [format!(
            "line {line}: bus.d: carries 24.0 transactions a second of 40 ms at 9600 baud: 96 % busy, at most 80 % is \
             allowed; move devices to another bus or raise its speed"
        )]
    );
}

/// INV-37: settings of a pair stand in their order in a site file too, whether both are written or one keeps its default.
#[test]
fn settings_that_stand_the_wrong_way_round_are_refused_with_both_and_what_to_do() {
    let text = format!(
        "{SMALL}[intake]\nstart_level = \"0.9 m\"\nstop_level = \"1.1 m\"\n[system]\nstart_level = \"1.45 m\"\nstop_level = \
         \"1.45 m\"\n[power]\nbattery_alarm = {{ value = \"30 %\", low = \"25 %\", high = \"40 %\" }}\n"
    );
    assert_eq!(
        said(checked(&text)),
        [
            "line 15: intake: `stop_level = 1.1 m` must lie below `start_level = 0.9 m`: lower the first, or raise the second",
            "line 19: system: `start_level = 1.45 m` must lie below `stop_level = 1.45 m`: lower the first, or raise the second",
        ]
    );
    // One alone, against the default of its partner.
    let text = format!("{SMALL}[disinfection]\nchlorine_low = \"0.95 mg/l\"\n");
    let faults = said(checked(&text));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with(
        "line 15: disinfection: `chlorine_low = 0.95 mg/l` must lie below `residual_target = "
    ));
    let text = format!("{SMALL}[intake]\nstart_level = \"0.9 m\"\nstop_level = \"0.8 m\"\n");
    assert_eq!(said(checked(&text)), Vec::<String>::new());
}

#[test]
fn a_file_with_many_faults_is_refused_with_all_of_them_in_order() {
    let text = r#"[site]
name = "Wrong"
languages = ["en", "fr"]
period = "2 s"
sped = 3
[plant]
nominal_flow = "5 l/h"
tanks = 5
filters = 2
raw_pumps = 2
feed_pumps = 2
lift_pumps = 2
blower = "yes"
elevated_tank = true
[field]
driver = "twins"
[hmi]
panels = ["here"]
"#;
    assert_eq!(
        said(checked(text)),
        [
            "line 3: site: `languages`: \"fr\" is not among \"en\", \"lo\"",
            "line 4: site: `period = \"2 s\"`: a time with its unit from 10ms to 1s is allowed",
            "line 5: site: `sped` is not known here; did you mean `speed`?",
            "line 7: plant: `nominal_flow = \"5 l/h\"`: the unit must be \"m³/h\", this is \"l/h\"",
            "line 8: plant: `tanks = 5`: a whole number from 1 to 4 is allowed",
            "line 13: plant: `blower = \"yes\"`: write true or false",
            "line 16: field: `driver = \"twins\"`: allowed are \"twin\", \"modbus\"",
            "line 18: hmi: `panels`: \"here\" is no IP address, such as \"192.168.1.20\"",
        ]
    );
}

#[test]
fn a_setting_must_have_its_unit_and_lie_in_its_range() {
    for (written, fault) in [
        ("residual_target = \"0.9 mg/l\"", None),
        ("residual_target = { value = \"0.9 mg/l\", high = \"1.2 mg/l\" }", None),
        ("on_time_max = \"2 h\"", None),
        (
            "residual_target = \"9 mg/l\"",
            Some("`residual_target = 9 mg/l` lies outside 0.5 to 2 mg/l"),
        ),
        (
            "residual_target = \"nan mg/l\"",
            Some("`residual_target = \"nan mg/l\"`: write a number with its unit, \"mg/l\""),
        ),
        ("stock = 10", Some("`stock = 10`: write the unit, \"g/l\"")),
        (
            "stock = \"10 mg/l\"",
            Some("`stock = \"10 mg/l\"`: the unit must be \"g/l\", this is \"mg/l\""),
        ),
        (
            "residual_target = \"0.9 mg/L\"",
            Some("`residual_target = \"0.9 mg/L\"`: the unit is spelled \"mg/l\", not \"mg/L\""),
        ),
        (
            "residual_target = { value = \"1.5 mg/l\", high = \"1.2 mg/l\" }",
            Some("`residual_target = 1.5 mg/l` lies outside 0.5 to 1.2 mg/l"),
        ),
        ("residual_target = { low = \"0.5 mg/l\" }", Some("`residual_target`: `value` is missing")),
        (
            "residual_traget = \"1 mg/l\"",
            Some("`residual_traget` is not known here; did you mean `residual_target`?"),
        ),
    ] {
        let text = format!("{SMALL}[disinfection]\n{written}\n");
        let line = text.lines().count();
        let expected: Vec<String> =
            fault.iter().map(|fault| format!("line {line}: disinfection: {fault}")).collect();
        assert_eq!(said(checked(&text)), expected, "{written}");
    }
}

#[test]
fn a_setting_in_the_file_reaches_the_site() {
    let text = format!(
        "{SMALL}[disinfection]\nresidual_target = {{ value = \"0.9 mg/l\", low = \"0.5 mg/l\" }}\n"
    );
    let site = checked(&text).expect("right");
    assert_eq!(site.settings.len(), 1);
    let setting = &site.settings[0];
    assert_eq!(setting.path, "disinfection.residual_target");
    assert_eq!((setting.value, setting.low, setting.high), (0.9, 0.5, 2.0));
}

#[test]
fn points_bound_to_nothing_or_to_the_wrong_thing_are_named() {
    let binding = |what: &str| {
        format!(
            "filter1: `turbidity` (AIT-310, turbidity of its water, upstream of outlet and filter-to-waste) {what}"
        )
    };
    let cases = [
        ("", binding("is bound to nothing")),
        (
            "turbidty = \"ait_310.turbidity\"",
            "filter1: `turbidty` is not known here; did you mean `turbidity`?".to_string(),
        ),
        (
            "turbidity = \"ait_31.turbidity\"",
            binding("is bound to `ait_31.turbidity`: there is no device `ait_31`; did you mean `ait_310`?"),
        ),
        (
            "turbidity = \"ait_310.turbid\"",
            binding("is bound to `ait_310.turbid`: profile `turbidity` has no register `turbid`; known are turbidity"),
        ),
        ("turbidity = \"ait_310\"", binding("is bound to `ait_310`: write \"device.register\"")),
        (
            "turbidity = \"fit_310.flow\"",
            binding("is bound to `fit_310.flow`: it gives m³/h, the point is in NTU; write a `scale`"),
        ),
        (
            "turbidity = \"slow_analog.ch5\"",
            binding("is bound to `slow_analog.ch5`: it gives mA, the point is in NTU; write a `span`"),
        ),
        (
            "turbidity = \"header.pin4\"",
            binding("is bound to `header.pin4`: the point is a number, the register carries a contact"),
        ),
        (
            "turbidity = { from = \"ait_310.turbidity\", invert = true }",
            binding("is bound to `ait_310.turbidity`: `invert` is for contacts; a number has `scale` and `offset`"),
        ),
        (
            "turbidity = 7",
            "filter1: `turbidity = 7`: write \"device.register\", { from = \"device.register\", .. } or \
             { absent = true }"
                .to_string(),
        ),
        (
            "turbidity = { from = \"ait_310.turbidity\", invrt = true }",
            "filter1.turbidity: `invrt` is not known here; did you mean `invert`?".to_string(),
        ),
        ("turbidity = { absent = true }", String::new()),
    ];
    for (written, fault) in cases {
        let text = bench_but("turbidity = \"ait_310.turbidity\"", written);
        let faults = said(checked(&text));
        if fault.is_empty() {
            assert_eq!(faults, Vec::<String>::new(), "{written}");
        } else {
            let found = faults.iter().any(|line| line.ends_with(&fault));
            assert!(found, "{written}: {faults:#?}");
        }
    }
}

#[test]
fn an_output_goes_to_one_register_that_can_be_written_and_holds_its_range() {
    for (found, instead, fault) in [
        (
            "run = \"drive_101a.run\"",
            "run = \"drive_101b.run\"",
            "`run` (P-101B, Run command) is bound to `drive_101b.run`, which `intake.pump_a.run` has already",
        ),
        (
            "run = \"drive_101a.run\"",
            "run = \"drive_101a.running\"",
            "is bound to `drive_101a.running`: an output needs a register that can be written, this one is read-only",
        ),
        (
            "running = \"drive_101a.running\"",
            "running = \"drive_101a.run\"",
            "is bound to `drive_101a.run`: an input needs a register that can be read, this one is write-only",
        ),
        (
            "speed = \"drive_101a.speed\"",
            "speed = { from = \"drive_101a.speed\", scale = 0.001 }",
            "is bound to `drive_101a.speed`: 100 of the point is 100000.000 there, which carries at most -6553.600 to 6553.400",
        ),
        (
            "run = \"drive_101a.run\"",
            "run = { absent = true }",
            "cannot be absent: the plant relies on it",
        ),
    ] {
        let faults = said(checked(&bench_but(found, instead)));
        assert!(faults.iter().any(|line| line.ends_with(fault)), "{instead}: {faults:#?}");
    }
}

#[test]
fn a_valve_that_keeps_its_place_and_its_switches_may_be_absent() {
    let mut text = shipped::BENCH.to_string();
    for key in ["opened", "closed", "open", "close"] {
        let line = format!("{key} = \"tank_node.{key}\"");
        assert!(text.contains(&line));
        text = text.replacen(&line, &format!("{key} = {{ absent = true }}"), 1);
    }
    let site = checked(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let before = checked(shipped::BENCH).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(site.absent.len(), before.absent.len() + 4);
    let heartbeat = bench_but("heartbeat = \"header.pin17\"", "heartbeat = { absent = true }");
    assert_eq!(said(checked(&heartbeat)).len(), 1);
}

#[test]
fn an_output_that_can_hurt_needs_a_device_that_goes_off_by_itself() {
    let mut profiles = Profiles::shipped();
    let bare = "about = \"a relay without dead-man\"\nsource = \"test\"\n[register.relay]\ntable = \"coil\"\naddress = 0\ncount = 8\n";
    profiles.add("relay8", "devices/relay8.toml", bare);
    let result = check(shipped::BENCH, "site.toml", &profiles, &[], catalogue_of);
    let faults = said(result);
    assert!(faults.iter().any(|line| line.contains("filter1.outlet: `open`")
        && line.contains("has no communication watchdog")));
    // A mixer is a motor; a valve that keeps its place hurts nobody.
    assert!(faults.iter().any(|line| line.contains("coagulation.mixer: `run`")));
    assert!(!faults.iter().any(|line| line.contains("filter1.inlet: `open`")));
}

#[test]
fn devices_and_buses_that_clash_or_do_not_exist_are_named() {
    for (found, instead, fault) in [
        (
            "profile = \"flow_meter\"\nbus = \"b\"\nunit = 2",
            "profile = \"flow_meter\"\nbus = \"b\"\nunit = 1",
            "bus `b` unit 1 is device `fit_101` already: their registers overlap",
        ),
        (
            "bus = \"c\"\nunit = 1",
            "bus = \"e\"\nunit = 1",
            "`bus = \"e\"`: there is no such bus; did you mean",
        ),
        (
            "profile = \"ups\"",
            "profile = \"usp\"",
            "`profile = \"usp\"`: there is no such profile; did you mean `ups`?",
        ),
        ("address = \"127.0.0.1:1504\"", "address = \"127.0.0.1\"", "write host:port"),
        ("address = \"127.0.0.1:1504\"", "address = \"127.0.0.1:1503\"", "that of bus `b` already"),
        (
            "[bus.c]\n",
            "[bus.c]\nport = \"/dev/ttyUSB0\"\n",
            "`port` is of a serial port only: give the bus `protocol = \"rtu\"`",
        ),
        (
            "period = \"100 ms\"",
            "period = \"500 ms\"",
            "`period`: 500ms is longer than 250ms, the most with real outputs",
        ),
    ] {
        let faults = said(checked(&bench_but(found, instead)));
        assert!(faults.iter().any(|line| line.contains(fault)), "{instead}: {faults:#?}");
    }
}

#[test]
fn registers_of_a_profile_that_overlap_are_refused() {
    let mut profiles = Profiles::shipped();
    let text = "about = \"a\"\nsource = \"test\"\n[register.battery]\ntable = \"input\"\naddress = 0\nform = \"f32\"\nunit = \"%\"\n\
                [register.temperature]\ntable = \"input\"\naddress = 1\nunit = \"°C\"\n";
    profiles.add("ups", "devices/ups.toml", text);
    let faults = said(check(shipped::BENCH, "site.toml", &profiles, &[], catalogue_of));
    let fault = "devices/ups.toml: register: registers `battery` and `temperature` overlap: input 0 of 2 and 1 of 1 words";
    assert!(faults.iter().any(|line| line == fault), "{faults:#?}");
}

/// R-2.1-06: a site is on the twin or on wires, never on both: what simulates has no wire, what has wires is real.
#[test]
fn the_twin_needs_no_wires_and_takes_none() {
    assert!(!checked(SMALL).expect("right").has_real_outputs());
    assert!(checked(shipped::BENCH).expect("right").has_real_outputs());
    let text = format!("{SMALL}[intake]\nflow = \"fit_101.flow\"\n");
    let what = "line 15: intake: `flow` (FIT-101, raw water flow) is bound to `fit_101.flow`: the twin binds its points by itself";
    assert_eq!(said(checked(&text)), [what]);
    let text = format!("{SMALL}[intake]\nriver_level = {{ absent = true }}\n");
    assert_eq!(checked(&text).expect("right").absent, ["intake.river_level"]);
}

#[test]
fn what_no_file_may_say_is_refused() {
    for (written, fault) in [
        (
            "[filter1]\nstate = \"Off\"",
            "line 15: filter1: `state` (F-310, State of the filter) is a status point and has no line here",
        ),
        (
            "[system]\nlateness = \"a.b\"",
            "line 15: system: `lateness` (U-900, How late the scan began) is reported by the controller itself and has no line here",
        ),
        (
            "[filter2]\nflow = \"a.b\"",
            "line 14: `filter2` is not known here; did you mean `filter1`?",
        ),
        (
            "[tags]\n\"AIT-310\" = \"AIT-330\"",
            "line 15: tags: `AIT-310 = \"AIT-330\"`: this tag is taken already",
        ),
        (
            "[tags]\n\"AIT-319\" = \"AIT-1\"",
            "line 15: tags: `AIT-319` is no tag of this plant; did you mean `AIT-310`?",
        ),
    ] {
        assert_eq!(said(checked(&format!("{SMALL}{written}\n"))), [fault]);
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    for (text, line) in [("[site\nname = 1\n", 1), ("[site]\nname = \"a\"\nname = \"b\"\n", 3)] {
        let faults = said(checked(text));
        assert!(faults[0].starts_with(&format!("line {line}: not TOML: ")), "{faults:?}");
    }
}

#[test]
fn an_empty_file_says_what_it_needs() {
    let faults = said(checked(""));
    for key in ["site: `name`", "plant: `nominal_flow`", "plant: `tanks`", "field: `driver`"] {
        assert!(faults.iter().any(|line| line.starts_with(key)), "{key}: {faults:#?}");
    }
}

#[test]
fn what_is_set_beside_the_file_counts_like_the_file() {
    let set = |given: &[&str]| {
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        check(shipped::DEMO, "site.toml", &Profiles::shipped(), &given, catalogue_of)
    };
    let site =
        set(&["site.speed=1", "disinfection.residual_target=1.2 mg/l", "site.name=Elsewhere"]);
    let site = site.expect("right");
    assert_eq!((site.speed, site.name.as_str(), site.settings[0].value), (1, "Elsewhere", 1.2));
    let moved = ["bus.a.address=127.0.0.1:40001".to_string()];
    let site = check(shipped::BENCH, "site.toml", &Profiles::shipped(), &moved, catalogue_of);
    let kind = site.expect("right").buses[0].kind.clone();
    assert_eq!(kind, BusKind::Tcp { address: "127.0.0.1:40001".into() });
    assert_eq!(
        said(set(&["site.speed=fast", "nothing"])),
        [
            "--set nothing: write KEY=VALUE, for example site.speed=20",
            "--set site.speed=fast: site: `speed = fast`: a whole number from 1 to 1000 is allowed",
        ]
    );
}

#[test]
fn a_broken_loop_is_bad_and_a_live_one_spans_its_range() {
    let site = checked(shipped::BENCH).unwrap_or_else(|faults| panic!("{faults}"));
    let binding = site.bindings.iter().find(|one| one.path == "filter1.head_loss").expect("bound");
    let mut words = [0];
    for head_loss in [0.0, 12.5, 40.0] {
        site.encode(binding, head_loss, &mut words);
        let back = site.decode(binding, &words).expect("alive");
        assert!((back - head_loss).abs() < 0.01, "{head_loss} became {back}");
    }
    // 0 mA in the module's -20 to 20 mA range.
    assert_eq!(site.decode(binding, &[32_767]), Err(plc::signal::Fault::Range));
}

#[test]
fn a_missing_file_is_one_clear_line() {
    let path = std::path::Path::new("no/such/site.toml");
    let faults = crate::load(path, &[], catalogue_of).expect_err("missing");
    assert_eq!(faults.0.len(), 1);
    assert!(faults.to_string().starts_with("no/such/site.toml: cannot be read: "));
}

#[test]
fn a_site_explains_itself_in_tables() {
    let site = checked(shipped::BENCH).unwrap_or_else(|faults| panic!("{faults}"));
    let catalogue = catalogue_of(&site.shape);
    let wiring = crate::explain::wiring(&site, &catalogue);
    assert!(wiring.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words == ["intake.flow", "FIT-101", "in", "b", "fit_101", "1", "flow", "holding", "0"]
    }));
    let loads = crate::explain::bus_loads(&site, &catalogue);
    assert_eq!(loads.lines().count(), 1 + site.buses.len());
    assert_eq!(crate::explain::tags(&catalogue).lines().count(), 1 + catalogue.rows.len());
}

#[test]
fn no_line_of_the_bench_can_be_left_out_unnoticed() {
    // What a line says stands elsewhere as its default.
    let defaults = ["languages", "period", "line = \"rs485\"", "baud", "open_view", "[hmi]"];
    let lines: Vec<&str> = shipped::BENCH.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let is_silent = line.trim().is_empty() || line.starts_with('#');
        if is_silent || defaults.iter().any(|default| line.starts_with(default)) {
            continue;
        }
        // An Ethernet bus weighs as a serial one then: heavier, but maybe not too heavy.
        if line.starts_with("line = \"ethernet\"") {
            continue;
        }
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != index)
            .map(|(_, line)| *line)
            .collect();
        assert!(checked(&rest.join("\n")).is_err(), "line {}: {line}", index + 1);
    }
}

#[test]
fn a_damaged_file_is_refused_or_taken_but_never_a_crash() {
    // Numerical Recipes' generator: the same damage in every run.
    let mut state = 1_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let letters: Vec<char> = shipped::BENCH.chars().collect();
    let damage = ['"', '[', ']', '{', '}', '=', '.', '\n', '0', '-', 'e', '\0', 'µ', '#'];
    for _ in 0..100 {
        let mut damaged = letters.clone();
        for _ in 0..=next(3) {
            let at = next(damaged.len());
            match next(3) {
                0 => damaged[at] = damage[next(damage.len())],
                1 => damaged.truncate(at.max(1)),
                _ => {
                    damaged.remove(at);
                }
            }
        }
        let text: String = damaged.into_iter().collect();
        if let Err(faults) = checked(&text) {
            assert!(!faults.0.is_empty());
        }
    }
}

#[test]
fn a_path_names_one_point_only() {
    let catalogue = catalogue_of(&Shape::default());
    let mut paths: Vec<&str> = catalogue.rows.iter().map(|row| row.path.as_str()).collect();
    paths.sort_unstable();
    let twice: Vec<&&str> =
        paths.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_setting_in_the_file_reaches_the_plant() {
    let site = checked(shipped::YANGNEUA).unwrap_or_else(|faults| panic!("{faults}"));
    let mut plant = Plant::new(&site.shape);
    crate::apply(&site, &mut plant);
    struct Target(Option<f64>);
    impl Visitor for Target {
        fn setting<Q: Value>(&mut self, point: &'static Point<Adjustable>, value: &mut Q) {
            if point.head.field == "residual_target" {
                self.0 = Some(value.to_f64());
            }
        }
    }
    let mut target = Target(None);
    plant.visit(&mut target);
    assert_eq!(target.0, Some(0.8));
}

#[test]
fn the_smallest_and_the_largest_plant_are_right() {
    for (count, pumps, fitted) in [("1", "1", "false"), ("4", "3", "true")] {
        let set = [
            format!("plant.tanks={count}"),
            format!("plant.filters={count}"),
            format!("plant.raw_pumps={pumps}"),
            format!("plant.feed_pumps={pumps}"),
            format!("plant.lift_pumps={pumps}"),
            format!("plant.blower={fitted}"),
            format!("plant.elevated_tank={fitted}"),
        ];
        let site = check(shipped::DEMO, "site.toml", &Profiles::shipped(), &set, catalogue_of);
        let site = site.unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(site.shape.tanks.to_string(), count);
    }
}

/// INV-31: on the bench M-211 hangs on a relay that falls by itself, and a valve that keeps its place does not.
#[test]
fn a_motor_on_a_relay_has_a_dead_man_and_a_valve_that_keeps_its_place_has_none() {
    let site = checked(shipped::BENCH).unwrap_or_else(|faults| panic!("{faults}"));
    for (path, falls) in [
        ("coagulation.mixer.run", true),
        ("sedimentation.sludge_pump.run", true),
        ("waste.pump.run", true),
        ("filtration.blower.run", true),
        ("filter1.outlet.open", true),
        ("intake.inlet.open", false),
        ("coagulation.doser.choose_b", false),
    ] {
        let binding = site.bindings.iter().find(|binding| binding.path == path).expect(path);
        assert_eq!(binding.dead_man, falls, "{path}");
    }
}
