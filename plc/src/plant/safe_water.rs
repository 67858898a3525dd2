//! Disinfection, distribution, waste: what passes between them.

use core::time::Duration;

use super::Plant;
use crate::contact_time::Contact;
use crate::interlock::Column;
use crate::reason::Reason;
use crate::unit::tank::Tank;
use crate::unit::{disinfection, distribution, waste};

impl Plant {
    /// Disinfection, distribution, waste.
    pub(super) fn run_safe_water(&mut self, contact: Option<Contact>, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        let units = &mut self.units;
        let around = disinfection::Around {
            nominal,
            filtered_flow: units.filtration.status.filtered_flow,
            run: units.system.reached(5) || units.system.is_stopping(),
            holds: self.holds.on(Column::Hypochlorite),
            cap_reached: self.chlorine_guard.has_stopped(),
            too_low: causes.has(Reason::ChlorineTooLow),
            dangerous: causes.has(Reason::ChlorineDangerous),
            in_use: units.system.distributes(),
            prime: self.asked.prime,
        };
        units.disinfection.scan(around, elapsed);
        let around = distribution::Around {
            nominal,
            run: units.system.distributes(),
            rest_for_wash: units.filtration.needs_lift_stopped(),
            holds: self.holds.on(Column::LiftPump),
            residual: units.disinfection.inputs.outlet_chlorine,
            inactivation: contact.map(|contact| contact.inactivation()).unwrap_or_default(),
            contact_volume: contact.and_then(|contact| contact.volume_needed()),
            turbid: causes.has(Reason::FilteredWaterTurbid),
            contact_short: causes.has(Reason::ContactTimeTooShort),
            reset,
        };
        units.distribution.scan(around, &mut self.stagger, elapsed);
        let inflow = units.filtration.is_washing()
            || units.filtration.is_ripening()
            || units.tank.iter().any(Tank::is_desludging);
        let around = waste::Around { inflow, holds: self.holds.on(Column::WastePump), reset };
        units.waste.scan(around, &mut self.stagger, elapsed);
    }
}
