//! The digital trace: each edge of the header's lines, and when the rig saw it.

use std::time::Duration;

use config::{Direction, Duty, Site};

/// Edges kept at most: a heartbeat makes 36 000 an hour. Later ones are counted and not kept.
const EDGES_MAX: usize = 400_000;

/// A point on a line of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// GPIO number at the controller (BCM).
    pub line: u8,
    pub path: String,
    pub duty: Duty,
    /// Of an input: closed is low, and the line is pulled up.
    pub is_pulled_up: bool,
}

impl Wire {
    /// Whether the controller drives it.
    #[must_use]
    pub fn is_output(&self) -> bool {
        match self.duty {
            Duty::Switch | Duty::Pulses => true,
            Duty::Contact | Duty::Count => false,
        }
    }

    /// As people write it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} (GPIO {})", self.path, self.line)
    }
}

/// Every line of a site's header that carries a point, by number; none where its header is a Modbus node.
#[must_use]
pub fn wires(site: &Site) -> Vec<Wire> {
    let on_header = site.bindings.iter().filter(|one| site.is_header(site.device(one)));
    let mut wires: Vec<Wire> = on_header
        .filter_map(|binding| {
            let register = site.register(binding);
            Some(Wire {
                line: u8::try_from(register.address).ok()?,
                path: binding.path.clone(),
                duty: Duty::of(register)?,
                is_pulled_up: binding.direction == Direction::Input && binding.is_pulled_up(),
            })
        })
        .collect();
    wires.sort_by_key(|wire| wire.line);
    wires
}

/// A line changed its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Since the machine was started: the kernel's time of the edge of a pin; when it was said of a socket.
    pub at: Duration,
    pub line: u8,
    pub is_high: bool,
}

/// The edges so far.
#[derive(Debug, Default)]
pub struct Edges {
    list: Vec<Edge>,
    /// Not kept, or not seen.
    lost: u64,
}

impl Edges {
    pub fn add(&mut self, edge: Edge) {
        if self.list.len() < EDGES_MAX {
            self.list.push(edge);
        } else {
            self.lost += 1;
        }
    }

    pub fn lose(&mut self, number: u64) {
        self.lost += number;
    }

    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Those from a place on.
    pub fn since(&self, place: usize) -> &[Edge] {
        self.list.get(place..).unwrap_or_default()
    }
}

/// The clock of every edge: that of the kernel's time stamps, since the machine was started.
#[must_use]
pub fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // Neither part is negative.
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}
