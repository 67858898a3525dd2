//! The header's lines, at both ends of the socket and by hand.

use std::path::Path;
use std::time::Duration;

use config::{Profiles, Site, shipped};
use plc::image::{Inputs, Outputs};
use plc::signal::{Moment, Reading};
use plc::tag::Catalogue;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::lines::{Lines, Short};
use super::server::Link;
use super::{PlantWorld, Played, Rig, RigError, STEP, Setup, tell};
use crate::closed_loop::catalogue_of;

// Lines of docs/spec/plant.md 1.5.
const EMERGENCY_STOP: u8 = 4;
const K0_IN: u8 = 7;
const COAGULANT_PULSES: u8 = 12;
const HEARTBEAT: u8 = 17;
const SUPPLY: u8 = 27;
/// A loaded machine may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bench on a header, its emergency stop as an inverted contact or not.
fn site(stop: &str) -> (Site, Catalogue) {
    let text = shipped::on_header(shipped::BENCH, shipped::HEADER);
    let text = text.replace("emergency_stop = \"header.pin4\"", stop);
    let site = config::check(&text, "pi.toml", &Profiles::shipped(), &[], catalogue_of).unwrap();
    let catalogue = catalogue_of(&site.shape);
    (site, catalogue)
}

const PLAIN: &str = "emergency_stop = \"header.pin4\"";
const INVERTED: &str = "emergency_stop = { from = \"header.pin4\", invert = true }";

/// The lines of a site, with the end that works their link.
fn lines(site: &Site, catalogue: &Catalogue) -> (Lines, watch::Sender<Link>) {
    let (link, seen) = watch::channel(Link::Up);
    let bus = site.buses.iter().position(|bus| bus.kind.is_gpio()).unwrap();
    (Lines::of(site, bus, catalogue, seen), link)
}

#[test]
fn a_contact_is_high_while_closed_unless_inverted_and_a_broken_wire_is_open() {
    for (stop, open, closed) in [(PLAIN, false, true), (INVERTED, true, false)] {
        let (site, catalogue) = site(stop);
        let (mut lines, _link) = lines(&site, &catalogue);
        assert_eq!(lines.is_high(EMERGENCY_STOP), open, "before anything was read");
        let slot = catalogue.input_slot("system.emergency_stop").unwrap();
        let mut inputs = Inputs::new(&catalogue);
        inputs.readings[slot] = Reading::good(1.0, Moment(0));
        lines.show(&inputs, Moment(0));
        assert_eq!(lines.is_high(EMERGENCY_STOP), closed);
        lines.show(&inputs, Moment(0).plus(Duration::from_secs(6)));
        assert_eq!(lines.is_high(EMERGENCY_STOP), open, "nobody reads it any more");
        lines.short(EMERGENCY_STOP, if closed { Short::High } else { Short::Low });
        assert_eq!(lines.is_high(EMERGENCY_STOP), closed, "a short hides the break");
    }
}

#[test]
fn each_rising_edge_is_one_stroke_and_a_ribbon_that_is_out_makes_none() {
    let (site, catalogue) = site(PLAIN);
    let (mut lines, link) = lines(&site, &catalogue);
    let slot = catalogue.output_slot("coagulation.doser.rate").unwrap();
    let mut outputs = Outputs::new(&catalogue);
    let mut strokes = |lines: &mut Lines, seconds: u32| -> f64 {
        let made = (0..seconds * 20).map(|_| {
            lines.drive(&mut outputs);
            outputs.values[slot] / 60.0 * STEP.as_secs_f64()
        });
        made.sum()
    };
    let pulse = |lines: &mut Lines| {
        [true, true, false].map(|high| lines.set(COAGULANT_PULSES, high, Duration::ZERO))
    };
    assert_eq!(strokes(&mut lines, 1), 0.0);
    for _ in 0..10 {
        pulse(&mut lines);
        assert!((strokes(&mut lines, 1) - 1.0).abs() < 1e-9);
    }
    for _ in 0..10 {
        pulse(&mut lines);
    }
    assert!((strokes(&mut lines, 10) - 2.0).abs() < 1e-9, "faster than a pump can");
    link.send_replace(Link::Silent);
    pulse(&mut lines);
    assert_eq!(strokes(&mut lines, 1), 0.0);
}

/// A controller's end of the lines.
struct Near {
    heard: BufReader<tokio::net::unix::OwnedReadHalf>,
    say: tokio::net::unix::OwnedWriteHalf,
    levels: u32,
}

impl Near {
    async fn connect(socket: &Path) -> Near {
        let (heard, say) = UnixStream::connect(socket).await.unwrap().into_split();
        let mut near = Near { heard: BufReader::new(heard), say, levels: 0 };
        for line in [EMERGENCY_STOP, K0_IN, 18] {
            near.say(&format!("pull {line} down\n")).await;
        }
        near.say("begin\n").await;
        near
    }

    async fn say(&mut self, words: &str) {
        self.say.write_all(words.as_bytes()).await.unwrap();
    }

    async fn set(&mut self, line: u8, is_high: bool) {
        self.say(&format!("out {line} {}\n", u8::from(is_high))).await;
    }

    /// Takes in one level; whether there was one in this time.
    async fn hear(&mut self, within: Duration) -> bool {
        let mut words = String::new();
        let Ok(read) = timeout(within, self.heard.read_line(&mut words)).await else {
            return false;
        };
        assert!(read.unwrap() > 0, "the rig went away");
        if words == "ready\n" {
            return true;
        }
        let (line, level) = words.trim().strip_prefix("in ").unwrap().split_once(' ').unwrap();
        let bit = 1 << line.parse::<u32>().unwrap();
        self.levels = if level == "1" { self.levels | bit } else { self.levels & !bit };
        true
    }

    /// Waits until a line is at a level, with the heart beating or not.
    async fn until(&mut self, what: &str, line: u8, is_high: bool, beats: &mut Option<bool>) {
        let begun = Instant::now();
        while (self.levels >> line & 1 == 1) != is_high {
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            if let Some(level) = beats {
                *level = !*level;
                let level = *level;
                self.set(HEARTBEAT, level).await;
            }
            self.hear(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_at_the_socket_holds_k0_by_its_heartbeat_and_a_still_heart_drops_it() {
    let (site, catalogue) = site(PLAIN);
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lines");
    let world = || Box::new(PlantWorld::new(&site.shape, &catalogue, 1));
    let bind = Some(([127, 0, 0, 1], 0).into());
    let setup = Setup { bind, lines: Some(Played::Socket(socket.clone())), ..Setup::default() };
    let rig = Rig::start(&site, &catalogue, world(), &setup).await.unwrap();
    let control = rig.control.to_string();
    let mut near = Near::connect(&socket).await;
    let (mut beats, mut still) = (Some(false), None);
    near.until("the loop is healthy", EMERGENCY_STOP, true, &mut still).await;
    near.set(SUPPLY, true).await;
    near.until("K0 comes in", K0_IN, true, &mut beats).await;
    near.until("K0 drops", K0_IN, false, &mut still).await;
    near.until("K0 comes in again", K0_IN, true, &mut beats).await;

    // A broken wire is an emergency stop; a ribbon that is out is every wire broken.
    tell(&control, "line 4 low").await.unwrap();
    near.until("the wire is broken", EMERGENCY_STOP, false, &mut beats).await;
    tell(&control, "line 4 sound").await.unwrap();
    near.until("the wire is mended", EMERGENCY_STOP, true, &mut beats).await;
    tell(&control, "link header silent").await.unwrap();
    near.until("the ribbon is out", EMERGENCY_STOP, false, &mut beats).await;
    tell(&control, "link header up").await.unwrap();
    near.until("the ribbon is in", EMERGENCY_STOP, true, &mut beats).await;

    // The controller dies; another takes its place, and its outputs begin where the last ones stood.
    drop(near);
    let mut near = Near::connect(&socket).await;
    near.until("the next controller sees the loop", EMERGENCY_STOP, true, &mut still).await;
    near.until("K0 is still asked for", K0_IN, true, &mut beats).await;
    for words in ["link header noisy", "line 28 low", "line 4 wet"] {
        assert!(tell(&control, words).await.is_err(), "{words}");
    }
    drop(rig);
    assert!(!socket.exists(), "the socket goes with its rig");
}

#[tokio::test]
async fn lines_that_nobody_is_told_of_and_lines_in_haste_are_refused() {
    let (site, catalogue) = site(PLAIN);
    let folder = tempfile::tempdir().unwrap();
    let world = || Box::new(PlantWorld::new(&site.shape, &catalogue, 1));
    let bind = Some(([127, 0, 0, 1], 0).into());
    let setup = Setup { bind, ..Setup::default() };
    let refused = Rig::start(&site, &catalogue, world(), &setup).await.unwrap_err();
    assert!(matches!(&refused, RigError::NoLines { bus } if bus == "header"), "{refused}");
    let lines = Some(Played::Socket(folder.path().join("lines")));
    let hasty = Setup { speed: 10, lines: lines.clone(), ..setup.clone() };
    let refused = Rig::start(&site, &catalogue, world(), &hasty).await.unwrap_err();
    assert!(matches!(refused, RigError::Haste), "{refused}");
    let bench =
        config::check(shipped::BENCH, "bench.toml", &Profiles::shipped(), &[], catalogue_of);
    let refused = Rig::start(&bench.unwrap(), &catalogue, world(), &Setup { lines, ..setup }).await;
    assert!(matches!(refused, Err(RigError::NoHeader)));
}
