//! Pins of the bench machine through the kernel: the header of a second Pi, or a USB board whose driver shows a GPIO chip.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gpiocdev::line::{Bias, Drive as Driven, EdgeDetection, EdgeKind, Value, Values};
use gpiocdev::{Chip, Request};

use super::edges::Wire;
use super::pins::{Crosswise, Drive, PinEdge, Pins, Sense};

/// What others see that have a look who uses a line.
const CONSUMER: &str = "hil rig";
/// Edges the kernel keeps until they are taken: five heartbeats and both pumps at full rate for half a minute.
const KEPT: u32 = 512;

/// Takes the pins of a header's lines.
///
/// # Errors
/// When the chip or one of its lines cannot be had: which, and what to do.
pub fn open(wires: &[Wire], wiring: &Crosswise) -> Result<Pins, String> {
    let path = find(&wiring.chip)?;
    let pin = |wire: &Wire| {
        let pin = wiring.at.get(&wire.line).copied();
        pin.ok_or_else(|| format!("no line of the bench for {}", wire.name()))
    };
    let refused = |what: &str, why: gpiocdev::Error| format!("{}: {what}: {why}", path.display());
    let (mut sensed, mut driven) = (Request::builder(), Request::builder());
    sensed.on_chip(&path).with_consumer(CONSUMER).with_kernel_event_buffer_size(KEPT);
    driven.on_chip(&path).with_consumer(CONSUMER);
    let mut offsets = Vec::new();
    for wire in wires {
        let pin = pin(wire)?;
        if wire.is_output() {
            offsets.push(pin);
            let line = sensed.with_line(pin).as_input();
            line.with_bias(Bias::PullDown).with_edge_detection(EdgeDetection::BothEdges);
        } else if wire.is_pulled_up {
            let line = driven.with_line(pin).as_output(Value::Active);
            // An open contact is nothing at all: some pins of a Pi are pulled up from power-up on.
            line.with_drive(Driven::OpenDrain).with_bias(Bias::Disabled);
        } else {
            let line = driven.with_line(pin).as_output(Value::Inactive);
            line.with_drive(Driven::OpenSource).with_bias(Bias::Disabled);
        }
    }
    let sensed = sensed.request().map_err(|why| refused("the lines that sense", why))?;
    let driven = driven.request().map_err(|why| refused("the lines that drive", why))?;
    let values = Values::from_offsets(&offsets);
    Ok(Pins {
        sense: Box::new(Sensed { request: sensed, values, taken: None }),
        drive: Box::new(Driving(driven)),
    })
}

struct Sensed {
    request: Request,
    values: Values,
    /// Number of the last edge that was taken.
    taken: Option<u32>,
}

impl Sense for Sensed {
    fn levels(&mut self) -> Result<Vec<(u32, bool)>, String> {
        self.request.values(&mut self.values).map_err(|why| why.to_string())?;
        Ok(self.values.iter().map(|one| (one.offset, one.value == Value::Active)).collect())
    }

    fn edge(&mut self, within: Duration) -> Result<Option<PinEdge>, String> {
        let there = self.request.wait_edge_event(within).map_err(|why| why.to_string())?;
        if !there {
            return Ok(None);
        }
        let edge = self.request.read_edge_event().map_err(|why| why.to_string())?;
        let missed = missed(self.taken.replace(edge.seqno), edge.seqno);
        Ok(Some(PinEdge {
            pin: edge.offset,
            is_high: edge.kind == EdgeKind::Rising,
            at: Duration::from_nanos(edge.timestamp_ns),
            missed,
        }))
    }
}

/// Edges between two by their numbers, the first of which is 1.
fn missed(last: Option<u32>, this: u32) -> u32 {
    this.wrapping_sub(last.unwrap_or(0)).wrapping_sub(1)
}

struct Driving(Request);

impl Drive for Driving {
    fn set(&mut self, pin: u32, is_high: bool) -> Result<(), String> {
        let value = if is_high { Value::Active } else { Value::Inactive };
        self.0.set_value(pin, value).map_err(|why| why.to_string())
    }
}

/// The chip with this label or path.
fn find(wanted: &str) -> Result<PathBuf, String> {
    if wanted.starts_with('/') {
        let path = Path::new(wanted);
        // Opened by hand first: of a file that is forbidden the library does not say so.
        File::open(path).map_err(|why| {
            format!("{wanted}: {why}. `gpiodetect` lists the chips; the group `gpio` owns them")
        })?;
        Chip::from_path(path).map_err(|why| format!("{wanted}: {why}"))?;
        return Ok(path.into());
    }
    let mut found = Vec::new();
    for path in gpiocdev::chip::chips().map_err(|why| why.to_string())? {
        let info = Chip::from_path(&path).and_then(|chip| chip.info());
        let label = info.map_err(|why| format!("{}: {why}", path.display()))?.label;
        if label == wanted {
            return Ok(path);
        }
        found.push(label);
    }
    let found = if found.is_empty() { "none".into() } else { found.join(", ") };
    Err(format!("no GPIO chip `{wanted}` on this machine: there are {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_the_kernel_dropped_is_counted_also_before_the_first() {
        for (last, this, number) in
            [(None, 1, 0), (None, 3, 2), (Some(3), 4, 0), (Some(4), 9, 4), (Some(u32::MAX), 0, 0)]
        {
            assert_eq!(missed(last, this), number, "{last:?} {this}");
        }
    }

    #[test]
    fn a_chip_that_is_not_there_is_said_by_its_name() {
        for wanted in ["/dev/gpiochip_of_nobody", "chip of nobody"] {
            let said = find(wanted).unwrap_err();
            assert!(said.contains(wanted), "{said}");
        }
    }
}
