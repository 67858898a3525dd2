//! What a `rig.toml` may say, and what it is told when it says something else.

use std::path::Path;

use config::shipped;
use tempfile::TempDir;

use super::Bench;
use super::file::File;
use crate::rig::{End, Played};
use crate::story::Scenario;

/// The bench on a header, its bus A on a serial port of the controller.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
    let gateway = "[bus.a]\naddress = \"127.0.0.1:1502\"\nline = \"rs485\"\n";
    let serial = "[bus.a]\nprotocol = \"rtu\"\nport = \"/dev/ttyAMA0\"\nparity = \"even\"\n";
    assert!(text.contains(gateway));
    std::fs::write(folder.path().join("site.toml"), text.replace(gateway, serial)).unwrap();
    folder
}

const HEAD: &str = "site = \"site.toml\"\nrevision = \"3\"\nhardware = \"a Pi\"\n";
const SERIAL: &str = "[serial]\na = \"/dev/ttyUSB0\"\n";
const LINES: &str = "[lines]\nsocket = \"lines\"\n";
const POWER: &str = "[power]\noff = [\"./off\"]\nforget = [\"./forget\"]\non = [\"./on\"]\n";

fn parse(folder: &Path, parts: &[&str]) -> Result<File, String> {
    File::parse(&parts.concat(), folder)
}

#[test]
fn a_bench_that_is_described_wholly_is_taken_with_its_paths_beside_the_file() {
    let folder = folder();
    let tcp = "[tcp]\nbind = \"0.0.0.0\"\n";
    let file = parse(folder.path(), &[HEAD, tcp, SERIAL, LINES, POWER]).unwrap();
    assert_eq!(file.setup.serial, [("a".to_owned(), End::Port("/dev/ttyUSB0".into()))]);
    assert_eq!(file.setup.lines, Some(Played::Socket(folder.path().join("lines"))));
    assert_eq!(file.setup.interface.unwrap().to_string(), "0.0.0.0");
    assert_eq!((file.revision.as_str(), file.hardware.as_str()), ("3", "a Pi"));
    assert_eq!(file.power.kill, None);
    let tcp = "[tcp]\nbind = \"127.0.0.1:0\"\n";
    let file = parse(folder.path(), &[HEAD, tcp, SERIAL, LINES, POWER]).unwrap();
    assert_eq!(file.setup.bind.unwrap().port(), 0);
}

#[test]
fn a_bench_on_pins_names_the_end_of_every_line_once() {
    let folder = folder();
    let all = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27];
    let at = |skip: u8, more: &str| {
        let lines = all.iter().filter(|line| **line != skip);
        let lines: String = lines.map(|line| format!("{line} = {line}\n")).collect();
        format!("[lines]\nchip = \"pinctrl-bcm2711\"\n[lines.at]\n{lines}{more}")
    };
    let file = parse(folder.path(), &[HEAD, SERIAL, &at(0, ""), POWER]).unwrap();
    let Some(Played::Pins(wiring)) = file.setup.lines else { panic!("no pins") };
    assert_eq!((wiring.chip.as_str(), wiring.at.len()), ("pinctrl-bcm2711", all.len()));
    for (lines, words) in [
        (
            at(17, ""),
            "[lines]: at.17 is missing: which line of the bench is system.heartbeat (GPIO 17)?",
        ),
        (at(17, "17 = 4\n"), "at.4: the bench's line 4 is wired to GPIO 17 too"),
        (at(0, "3 = 3\n"), "at.3: no point of the site is on that GPIO: there are 4, 5"),
    ] {
        let said = parse(folder.path(), &[HEAD, SERIAL, &lines, POWER]).unwrap_err();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn every_fault_is_told_with_what_was_found_and_what_is_allowed() {
    let folder = folder();
    let refused = |parts: &[&str], words: &[&str]| {
        let said = parse(folder.path(), parts).unwrap_err();
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
    };
    let said = |parts: &[&str]| parse(folder.path(), parts).unwrap_err();
    refused(&[HEAD, LINES, POWER], &["[serial] a is missing", "/dev/ttyAMA0"]);
    refused(&[HEAD, SERIAL, POWER], &["[lines]: missing", "socket", "chip"]);
    let wrong = "[serial]\na = \"pty\"\ne = \"pty\"\nheader = \"pty\"\n";
    let both = "[lines]\nsocket = \"lines\"\nchip = \"c\"\n";
    let none = "[power]\noff = []\nforget = [\"\"]\non = [\"./on\"]\nkill = []\n";
    let tcp = "controller = \"https://10.0.0.2:8443\"\n[tcp]\nbind = \"10.0.0.1:502\"\n";
    refused(
        &[HEAD, tcp, wrong, both, none],
        &[
            "[tcp] bind: an address such as 0.0.0.0",
            "not 10.0.0.1:502",
            "[serial] e: the site has no such bus: there are a, b, c, d, header",
            "[serial] header: that bus is the controller's own header",
            "either `socket`, or `chip` with `at`",
            "controller: http://ADDRESS:PORT, not https://10.0.0.2:8443",
            "ssh -N -L",
            "[power] off: a program and its arguments",
            "[power] forget",
            "[power] kill",
        ],
    );
    refused(&[HEAD, "baud = 9600\n", SERIAL, LINES, POWER], &["unknown field `baud`", "expected"]);
    assert!(said(&[HEAD, SERIAL, LINES, "[power]\noff = [\"x\"]\n"]).contains("`forget`"));
    let nobody = HEAD.replace("site.toml", "nobody.toml");
    refused(&[&nobody, SERIAL, LINES, POWER], &["nobody.toml", "cannot be read"]);
    std::fs::write(folder.path().join("twin.toml"), shipped::DEMO).unwrap();
    let twin = HEAD.replace("site.toml", "twin.toml");
    refused(&[&twin, SERIAL, LINES, POWER], &["twin.toml has no buses"]);
}

#[test]
fn a_story_that_a_bench_cannot_play_is_told_why() {
    let folder = folder();
    let path = folder.path().join("rig.toml");
    let kill = "kill = [\"./kill\"]\n";
    std::fs::write(&path, [HEAD, SERIAL, LINES, POWER, kill].concat()).unwrap();
    let bench = Bench::open(&path).unwrap();
    let why = |site: &str, set: &str, act: &str| {
        let text = format!(
            "title = \"t\"\nsite = \"{site}\"\ntransports = [\"rig\"]\n[sim]\nset = [\"{set}\"]\nlines = true\n\
             [[step]]\ndo = [\"{act}\"]\n"
        );
        bench.cannot(&Scenario::parse("t", &text).unwrap())
    };
    let stable = "power.stable_time=30 s";
    assert_eq!(why("bench", stable, "kill"), None);
    for (site, set, act, words) in [
        ("bench", stable, "hang", "it needs [power] hang"),
        ("sesnok", stable, "kill", "another shape"),
        ("bench", "bus.b.timeout=1 s", "kill", "the controller's own matter"),
        ("bench", "power.stable_time=1 s", "kill", "power.stable_time"),
    ] {
        let said = why(site, set, act).unwrap();
        assert!(said.contains(words), "{said}");
    }
}
