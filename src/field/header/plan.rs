//! What each line of a site's header carries, worked out once.

use config::{Binding, BusKind, Direction, Duty, LineDriver, Site};
use plc::tag::Catalogue;

use super::lines::{Pull, Wires};
use crate::field::buses::Unbound;

/// The header of a site.
#[derive(Debug)]
pub struct Plan {
    pub bus: String,
    pub driver: LineDriver,
    pub contacts: Vec<Point>,
    pub counts: Vec<Point>,
    pub switches: Vec<Point>,
    pub pulses: Vec<Point>,
    /// Input slots of the plant: the contacts', then the counts'.
    pub inputs: Vec<usize>,
}

/// A point and its line.
#[derive(Clone, Debug)]
pub struct Point {
    pub line: u8,
    pub binding: Binding,
    /// The plant's.
    slot: usize,
}

impl Point {
    /// The plant's slot of an output.
    #[must_use]
    pub fn slot(&self) -> usize {
        self.slot
    }
}

impl Plan {
    /// The header of a site; `None`: it has none.
    pub fn of(site: &Site, catalogue: &Catalogue) -> Result<Option<Plan>, Unbound> {
        let header = site.buses.iter().find_map(|bus| match &bus.kind {
            BusKind::Gpio { driver } => Some((bus.name.clone(), driver.clone())),
            BusKind::Tcp { .. } | BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => None,
        });
        let Some((bus, driver)) = header else { return Ok(None) };
        let (mut contacts, mut counts) = (Vec::new(), Vec::new());
        let (mut switches, mut pulses) = (Vec::new(), Vec::new());
        for binding in site.bindings.iter().filter(|one| site.is_header(site.device(one))) {
            let unbound = || Unbound { path: binding.path.clone() };
            let slot = match binding.direction {
                Direction::Input => catalogue.input_slot(&binding.path),
                Direction::Output => catalogue.output_slot(&binding.path),
            };
            let register = site.register(binding);
            // The file was checked: a line has one of these duties and a number below 28.
            let of_duty = match Duty::of(register).ok_or_else(unbound)? {
                Duty::Contact => &mut contacts,
                Duty::Count => &mut counts,
                Duty::Switch => &mut switches,
                Duty::Pulses => &mut pulses,
            };
            let line = u8::try_from(register.address).map_err(|_| unbound())?;
            let slot = slot.ok_or_else(unbound)?;
            of_duty.push(Point { line, binding: binding.clone(), slot });
        }
        let inputs = contacts.iter().chain(&counts).map(|point| point.slot).collect();
        Ok(Some(Plan { bus, driver, contacts, counts, switches, pulses, inputs }))
    }

    /// The plant's outputs here.
    #[must_use]
    pub fn output_slots(&self) -> Box<[usize]> {
        self.outputs().map(|point| point.slot).collect()
    }

    /// What the lines are for.
    #[must_use]
    pub fn wires(&self) -> Wires {
        let pull = |point: &Point| {
            if point.binding.is_pulled_up() { Pull::Up } else { Pull::Down }
        };
        Wires {
            inputs: self
                .contacts
                .iter()
                .chain(&self.counts)
                .map(|one| (one.line, pull(one)))
                .collect(),
            outputs: self.outputs().map(|point| point.line).collect(),
        }
    }

    fn outputs(&self) -> impl Iterator<Item = &Point> {
        self.switches.iter().chain(&self.pulses)
    }
}
