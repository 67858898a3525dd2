//! Is everything wired as it is written? Each channel of a bench is tried before anything is proven with it
//! (`docs/spec/interfaces.md` 7.5, HIL-02).
//!
//! The controller is a new plant that nobody has started: it wants no motor, and nothing here asks it to. Contacts are closed and opened,
//! strokes are shown, K0 comes in; what would turn or dose is only seen to stay off. So a wire of a permit, a pump's enable or
//! its strokes is not proven to be whole: the first story that uses it does that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use config::{Direction, Duty, Site};

use crate::rig::{Traffic, Wire, wires};
use crate::sim::HEARTBEAT;

/// A contactor's request and what it does.
const SUPPLY: &str = "system.supply";
const SUPPLY_ON: &str = "system.supply_on";
/// It may sound while contacts are tried.
const HORN: &str = "system.horn";
/// Every device is polled within this: the slowest point of a plant is read every 30 s.
const POLLED: Duration = Duration::from_secs(60);
/// K0 comes in, after one or two local resets.
const K0_IN: Duration = Duration::from_secs(30);
/// HS-901 is pressed again.
const RESET_EVERY: Duration = Duration::from_secs(5);
/// A contact is seen: the live stream looks once a second.
const SEEN: Duration = Duration::from_secs(8);
/// What a screen shows is older than what was done to the wires before this has passed.
const SETTLED: Duration = Duration::from_millis(1_500);
/// Edges of a heartbeat: at 5 Hz in half a second.
const BEATS: usize = 5;

/// What the test can do, and see, at both ends of the wires.
pub trait Ends {
    /// Waits for what comes next.
    fn look(&mut self) -> Result<(), String>;
    /// Since the test began.
    fn passed(&self) -> Duration;
    /// Requests for each device so far, by its name.
    fn asked(&self) -> BTreeMap<String, u64>;
    /// What else was on a bus.
    fn traffic(&self, bus: usize) -> Traffic;
    /// A point as the controller has it; `None`: it has no good value.
    fn shows(&self, path: &str) -> Option<f64>;
    /// Holds the wire of a contact at a level, or lets the contact be.
    fn hold(&mut self, line: u8, level: Option<bool>);
    /// Whether the contact itself is closed.
    fn is_closed(&self, line: u8) -> bool;
    /// Closes a stroke contact once.
    fn stroke(&mut self, line: u8);
    fn press_reset(&mut self) -> Result<(), String>;
    /// Edges of a line so far.
    fn edges(&self, line: u8) -> usize;
    /// Whether the controller drives a line high.
    fn is_driven(&self, line: u8) -> bool;
    /// Outputs by which something turns or doses that are on, wherever they go.
    fn moving(&self) -> Vec<String>;
}

/// One way from the controller to the bench, or back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub name: String,
    /// What was seen; or what was not, and what to look at.
    pub found: Result<String, String>,
}

/// Tries every channel of a bench of this site.
///
/// # Errors
/// When one of its ends is no longer there.
pub fn try_all(site: &Site, ends: &mut impl Ends) -> Result<Vec<Channel>, String> {
    let wires = wires(site);
    let mut channels = Vec::new();
    heartbeat(&wires, ends, &mut channels)?;
    supply(&wires, ends, &mut channels)?;
    devices(site, ends, &mut channels)?;
    let contacts: Vec<&Wire> = wires.iter().filter(|one| one.duty == Duty::Contact).collect();
    for contact in &contacts {
        let found = try_contact(contact, &contacts, ends)?;
        channels.push(Channel { name: format!("contact {}", contact.name()), found });
    }
    let counts: Vec<&Wire> = wires.iter().filter(|one| one.duty == Duty::Count).collect();
    for count in &counts {
        let found = try_count(count, &counts, ends)?;
        channels.push(Channel { name: format!("strokes {}", count.name()), found });
    }
    still(&wires, ends, &mut channels);
    Ok(channels)
}

/// Waits until something is so; whether it came.
fn comes<E: Ends>(
    ends: &mut E,
    within: Duration,
    is_so: impl Fn(&E) -> bool,
) -> Result<bool, String> {
    let end = ends.passed() + within;
    while !is_so(ends) {
        if ends.passed() >= end {
            return Ok(false);
        }
        ends.look()?;
    }
    Ok(true)
}

/// Waits until what is shown is of now: else what comes of one wire passes for what comes of the next.
fn settle(ends: &mut impl Ends) -> Result<(), String> {
    comes(ends, SETTLED, |_| false).map(drop)
}

fn heartbeat(
    wires: &[Wire],
    ends: &mut impl Ends,
    channels: &mut Vec<Channel>,
) -> Result<(), String> {
    let Some(heart) = wires.iter().find(|wire| wire.path == HEARTBEAT) else { return Ok(()) };
    let found = if comes(ends, SEEN, |ends| ends.edges(heart.line) >= BEATS)? {
        Ok("beats".to_owned())
    } else {
        let beats = |wire: &&Wire| wire.is_output() && ends.edges(wire.line) >= BEATS;
        Err(match wires.iter().find(beats) {
            Some(other) => format!("still, and {} beats instead: are they swapped?", other.name()),
            None => {
                "still: look at its wire, at ground, and whether the controller runs".to_owned()
            }
        })
    };
    channels.push(Channel { name: format!("output {}", heart.name()), found });
    Ok(())
}

/// K0 is asked for, the rig's relay closes it while the heart beats, and the controller sees it.
fn supply<E: Ends>(
    wires: &[Wire],
    ends: &mut E,
    channels: &mut Vec<Channel>,
) -> Result<(), String> {
    let of = |path: &str| wires.iter().find(|wire| wire.path == path);
    let (Some(asks), Some(is_in)) = (of(SUPPLY), of(SUPPLY_ON)) else { return Ok(()) };
    let end = ends.passed() + K0_IN;
    let is_whole = |ends: &E| {
        ends.is_driven(asks.line)
            && ends.is_closed(is_in.line)
            && ends.shows(SUPPLY_ON) == Some(1.0)
    };
    while !is_whole(ends) && ends.passed() < end {
        // A controller that was late once while it began wants a local reset.
        ends.press_reset()?;
        comes(ends, RESET_EVERY, is_whole)?;
    }
    let found = if is_whole(ends) {
        Ok("K0 comes in, and the controller sees it".to_owned())
    } else if !ends.is_driven(asks.line) {
        Err(format!("never high: look at the wire of GPIO {}", asks.line))
    } else if !ends.is_closed(is_in.line) {
        Err("high, but K0 does not come in: the heartbeat, or the emergency stop".to_owned())
    } else {
        Err(format!("K0 is in, and the controller does not see it: GPIO {}", is_in.line))
    };
    channels.push(Channel { name: format!("output {}", asks.name()), found });
    Ok(())
}

/// Each device is polled, and something of it comes back.
fn devices<E: Ends>(site: &Site, ends: &mut E, channels: &mut Vec<Channel>) -> Result<(), String> {
    let of_device = |place: usize| {
        let bound = site.bindings.iter().filter(move |binding| binding.device == place);
        bound.filter(|one| one.direction == Direction::Input).map(|one| one.path.as_str())
    };
    let devices: Vec<(usize, &config::Device)> =
        site.devices.iter().enumerate().filter(|(_, one)| !site.is_header(one)).collect();
    let is_heard = |ends: &E, place: usize| {
        let mut inputs = of_device(place).peekable();
        inputs.peek().is_none() || inputs.any(|path| ends.shows(path).is_some())
    };
    let is_asked = |ends: &E, device: &config::Device| {
        ends.asked().get(&device.name).is_some_and(|times| *times > 0)
    };
    comes(ends, POLLED, |ends| {
        devices.iter().all(|(place, device)| is_asked(ends, device) && is_heard(ends, *place))
    })?;
    for bus in 0..site.buses.len() {
        let of_bus = || devices.iter().filter(|(_, device)| device.bus == bus);
        let is_dead = of_bus().all(|(_, device)| !is_asked(ends, device));
        for (place, device) in of_bus() {
            let found = match (is_asked(ends, device), is_heard(ends, *place)) {
                (true, true) => Ok("is polled, and heard".to_owned()),
                (true, false) => Err(
                    "is polled, and its answers are not heard: the way back, or another kind of device".to_owned(),
                ),
                (false, _) => Err(unasked(site, bus, is_dead, &ends.traffic(bus))),
            };
            let name = format!("bus {} unit {} {}", site.buses[bus].name, device.unit, device.name);
            channels.push(Channel { name, found });
        }
    }
    Ok(())
}

/// Why nobody asks a device, as far as its bus tells.
fn unasked(site: &Site, bus: usize, is_dead: bool, traffic: &Traffic) -> String {
    let units: BTreeSet<u8> =
        site.devices.iter().filter(|one| one.bus == bus).map(|one| one.unit).collect();
    if !traffic.strangers.is_empty() {
        let strangers: Vec<String> = traffic.strangers.iter().map(u8::to_string).collect();
        let strangers = strangers.join(", ");
        return format!(
            "is not polled, and units are that the bus does not have ({strangers}; it has {units:?}): another bus on this \
             line, or another unit number in the controller's site file"
        );
    }
    match (is_dead, traffic.nonsense) {
        (true, 0) => {
            "nothing at all comes over this bus: its cable, its adapter, its place in rig.toml"
                .into()
        }
        (true, _) => {
            "what comes over this bus is no whole request: baud, parity, A and B swapped".into()
        }
        (false, _) => {
            "is not polled, and others of its bus are: its place in the controller's site file"
                .into()
        }
    }
}

/// It moves, and the controller sees it move and nothing else, both ways.
fn try_contact<E: Ends>(
    contact: &Wire,
    all: &[&Wire],
    ends: &mut E,
) -> Result<Result<String, String>, String> {
    let shown = |closed: bool| Some(f64::from(u8::from(closed)));
    settle(ends)?;
    let agrees =
        comes(ends, SEEN, |ends| ends.shows(&contact.path) == shown(ends.is_closed(contact.line)))?;
    let was = ends.is_closed(contact.line);
    // K0 follows the emergency stop and the mains by itself.
    let rest = all.iter().filter(|one| one.line != contact.line && one.path != SUPPLY_ON);
    let strays = |ends: &E| -> Vec<String> {
        // Somebody may let go of a button meanwhile: what the bench did itself is no stray.
        let is_so = |one: &&&Wire| ends.shows(&one.path) == shown(ends.is_closed(one.line));
        rest.clone().filter(|one| !is_so(one)).map(|one| one.name()).collect()
    };
    let before = strays(ends);
    ends.hold(contact.line, Some(was == contact.is_pulled_up));
    let moved = comes(ends, SEEN, |ends| ends.shows(&contact.path) == shown(!was))?;
    settle(ends)?;
    let is_new = |name: &String| !before.contains(name);
    comes(ends, SEEN, |ends| !strays(ends).iter().any(is_new))?;
    let others: Vec<String> = strays(ends).into_iter().filter(is_new).collect();
    ends.hold(contact.line, None);
    let back =
        comes(ends, SEEN, |ends| ends.shows(&contact.path) == shown(ends.is_closed(contact.line)))?;
    let (at, others) = (contact.line, others.join(", "));
    Ok(match (agrees && moved && back, others.is_empty()) {
        (true, true) => Ok(format!("{} and back", if was { "opens" } else { "closes" })),
        (true, false) => Err(format!("moves, and {others} with it: a short between their wires")),
        (false, false) => {
            Err(format!("moved at the bench, and {others} at the controller: are they swapped?"))
        }
        (false, true) if !agrees => Err(format!(
            "{} at the bench, and not so at the controller: the wire of GPIO {at}, or its polarity",
            if was { "closed" } else { "open" }
        )),
        (false, true) if moved => Err("moved, and did not come back: a loose wire".into()),
        (false, true) => {
            Err(format!("moved at the bench, and nothing at the controller: the wire of GPIO {at}"))
        }
    })
}

/// One stroke is counted once.
fn try_count(
    count: &Wire,
    all: &[&Wire],
    ends: &mut impl Ends,
) -> Result<Result<String, String>, String> {
    settle(ends)?;
    let Some(before) = ends.shows(&count.path) else {
        return Ok(Err(format!("the controller has no count: GPIO {}", count.line)));
    };
    let others: Vec<Option<f64>> = all.iter().map(|one| ends.shows(&one.path)).collect();
    ends.stroke(count.line);
    let is_counted = comes(ends, SEEN, |ends| ends.shows(&count.path) != Some(before))?;
    settle(ends)?;
    let more = ends.shows(&count.path).map(|after| after - before);
    let other = all.iter().zip(others);
    let other = other
        .filter(|(one, before)| one.line != count.line && ends.shows(&one.path) != *before)
        .map(|(one, _)| one.name())
        .next();
    Ok(match (is_counted, more, other) {
        (true, Some(1.0), None) => Ok("one stroke is counted".into()),
        (true, Some(1.0), Some(other)) => {
            Err(format!("one stroke is counted, and by {other} too: do their wires touch?"))
        }
        (_, Some(0.0), Some(other)) => {
            Err(format!("one stroke was counted by {other} instead: are they swapped?"))
        }
        (_, Some(0.0), None) => Err(format!("one stroke was not counted: GPIO {}", count.line)),
        (_, more, _) => Err(format!("one stroke counted as {more:?}: bounce, or a loose wire")),
    })
}

/// Nothing that turns or doses is on, or has been since the beginning.
fn still(wires: &[Wire], ends: &impl Ends, channels: &mut Vec<Channel>) {
    let apart = [HEARTBEAT, SUPPLY, HORN];
    for wire in wires.iter().filter(|one| one.is_output() && !apart.contains(&one.path.as_str())) {
        let found = match (ends.is_driven(wire.line), ends.edges(wire.line)) {
            (false, 0) => Ok("low, and was not moved".to_owned()),
            (true, _) => Err("HIGH although nobody has started the plant".to_owned()),
            (false, edges) => {
                Err(format!("moved {edges} times although nobody has started the plant"))
            }
        };
        channels.push(Channel { name: format!("output {}", wire.name()), found });
    }
    let moving = ends.moving();
    let found = if moving.is_empty() {
        Ok("nothing that turns or doses is asked for".to_owned())
    } else {
        Err(format!("asked for although nobody has started the plant: {}", moving.join(", ")))
    };
    channels.push(Channel { name: "outputs on all buses".into(), found });
}

/// The channels as a table in Markdown; those that failed stand first.
#[must_use]
pub fn table(channels: &[Channel]) -> String {
    let mut text = String::from("| Channel | | Seen, or what to look at |\n|---|---|---|\n");
    let (failed, sound): (Vec<_>, Vec<_>) = channels.iter().partition(|one| one.found.is_err());
    for channel in failed.into_iter().chain(sound) {
        let (word, found) = match &channel.found {
            Ok(found) => ("ok", found),
            Err(found) => ("FAILED", found),
        };
        // Writing to memory cannot fail.
        let _ = writeln!(text, "| {} | {word} | {found} |", channel.name);
    }
    text
}
