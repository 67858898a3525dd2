//! Which requests a site's buses carry: the driver sends them, `check` weighs them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use plc::interlock::Column;
use plc::tag::{Catalogue, Kind, Row};

use crate::profile::Table;
use crate::site::{Bus, Device, Direction, Site};

/// One request, made again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The device's place in [`Site::devices`].
    pub device: usize,
    pub direction: Direction,
    pub table: Table,
    /// First register or bit, on the wire.
    pub address: u16,
    pub count: u16,
    /// Time between two. For outputs: a change goes out at once, this is the refresh.
    pub every: Duration,
    /// The points it carries: places in [`Site::bindings`].
    pub bindings: Vec<usize>,
}

/// What keeps one bus busy.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// The bus's place in [`Site::buses`].
    pub bus: usize,
    pub transactions_per_second: f64,
    /// Share of the time the bus is busy: 0.8 is the most allowed.
    pub share: f64,
}

/// Toggled by each scan and watched by KWD-900.
pub(crate) const HEARTBEAT: &str = "system.heartbeat";
/// The most a bus may be busy (plant.md 1.5).
pub const LOAD_MAX: f64 = 0.8;

impl Bus {
    /// Request, reply, gaps and about 10 ms turnaround: 25 ms at 19 200 baud (plant.md 1.5). Over Ethernet 2 ms (chosen:
    /// ten times what a loopback peer takes).
    #[must_use]
    pub fn transaction(&self) -> Duration {
        match self.baud {
            Some(baud) => {
                Duration::from_secs_f64(0.010 + 0.015 * 19_200.0 / f64::from(baud.max(1)))
            }
            None => Duration::from_millis(2),
        }
    }
}

/// The requests of a site's Modbus buses, device by device, reads before writes: one grouped read for each stretch of
/// registers.
#[must_use]
pub fn plan(site: &Site, catalogue: &Catalogue) -> Vec<Request> {
    let rows: HashMap<&str, &Row> =
        catalogue.rows.iter().map(|row| (row.path.as_str(), row)).collect();
    let mut groups: BTreeMap<(usize, bool, Table), Vec<Wanted>> = BTreeMap::new();
    for (index, binding) in site.bindings.iter().enumerate() {
        let Some(row) = rows.get(binding.path.as_str()) else { continue };
        let device = site.device(binding);
        // Nobody asks the machine's own header: its lines are looked at all the time.
        if site.is_header(device) {
            continue;
        }
        let register = site.register(binding);
        let (every, is_write) = match row.kind {
            Kind::Input(words) => (words.poll.max(device.profile.read_every), false),
            // The heartbeat is toggled by each scan and must reach its relay each time.
            Kind::Output(_, Column::Panel) if binding.path == HEARTBEAT => (site.period, true),
            Kind::Output(..) => (device.profile.write_every, true),
            Kind::Setting(_) | Kind::Status(_) | Kind::Retained(_) | Kind::Alarm(_) => continue,
        };
        let (first, after) = (register.address, register.address.saturating_add(register.words()));
        let wanted = Wanted { first, after, every, binding: index };
        groups.entry((binding.device, is_write, register.table)).or_default().push(wanted);
    }
    let mut requests = Vec::new();
    for ((device, is_write, table), mut wanted) in groups {
        wanted.sort_by_key(|one| (one.first, one.after));
        stretches(&site.devices[device], (device, is_write, table), wanted, &mut requests);
    }
    requests
}

/// A register that a point asks for.
struct Wanted {
    first: u16,
    after: u16,
    every: Duration,
    binding: usize,
}

fn stretches(
    of: &Device,
    (device, is_write, table): (usize, bool, Table),
    wanted: Vec<Wanted>,
    requests: &mut Vec<Request>,
) {
    // What lies between is read along but never written along.
    let max_gap = if is_write { 0 } else { of.profile.max_gap };
    let direction = if is_write { Direction::Output } else { Direction::Input };
    let begin = requests.len();
    for one in wanted {
        if let Some(last) = requests[begin..].last_mut() {
            let end = last.address + last.count;
            let count = one.after.max(end) - last.address;
            if one.first <= end.saturating_add(max_gap)
                && count <= of.profile.max_registers_per_read
            {
                last.count = count;
                last.every = last.every.min(one.every);
                last.bindings.push(one.binding);
                continue;
            }
        }
        let (address, count, every) = (one.first, one.after - one.first, one.every);
        let bindings = vec![one.binding];
        requests.push(Request { device, direction, table, address, count, every, bindings });
    }
}

/// How busy each Modbus bus is.
#[must_use]
pub fn loads(site: &Site, catalogue: &Catalogue) -> Vec<Load> {
    let requests = plan(site, catalogue);
    let load = |(index, bus): (usize, &Bus)| {
        let mut a_second = 0.0;
        for request in &requests {
            let device = &site.devices[request.device];
            if device.bus != index {
                continue;
            }
            let is_read_back = request.direction == Direction::Output && device.profile.read_back;
            let times = if is_read_back { 2.0 } else { 1.0 };
            a_second += times / request.every.as_secs_f64().max(0.001);
        }
        let a_second = a_second + f64::from(site.dead_men(index));
        let share = a_second * bus.transaction().as_secs_f64();
        Load { bus: index, transactions_per_second: a_second, share }
    };
    site.buses.iter().enumerate().filter(|(_, bus)| !bus.kind.is_gpio()).map(load).collect()
}

impl Site {
    /// Dead-man channels energised at once, each refreshed every second (plant.md 1.5): while one filter washes, the
    /// outlets of the others, its wash or air inlet and the blower; a sludge valve for each tank; M-211, P-205 and P-601.
    fn dead_men(&self, bus: usize) -> u32 {
        let held = self.bindings.iter().filter(|one| one.dead_man && self.device(one).bus == bus);
        let at_once = u32::from(self.shape.filters) + u32::from(self.shape.tanks) + 4;
        at_once.min(u32::try_from(held.count()).unwrap_or(u32::MAX))
    }
}
