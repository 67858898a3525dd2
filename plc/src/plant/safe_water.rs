//! Disinfection, distribution, waste: what passes between them.

use core::time::Duration;

use super::Plant;
use crate::contact_time::Contact;
use crate::interlock::Column;
use crate::quantity::{CubicMetresPerHour, Kilograms};
use crate::reason::Reason;
use crate::unit::tank::Tank;
use crate::unit::{disinfection, distribution, waste};

/// P-501 is slowed down to keep this ratio: above the 1.3 at which the interlock lets it start again (R-2.7.4-02, R-2.7.4-03).
const CONTACT_MARGIN: f64 = 1.35;

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
        if reset {
            units.disinfection.doser.reset();
        }
        units.disinfection.scan(around, elapsed);
        let around = distribution::Around {
            nominal,
            run: units.system.distributes(),
            rest_for_wash: units.filtration.needs_lift_stopped(),
            holds: self.holds.on(Column::LiftPump).and(units.chemicals.holds_delivery()),
            residual: units.disinfection.inputs.outlet_chlorine,
            inactivation: contact.map(|contact| contact.inactivation()).unwrap_or_default(),
            contact_volume: contact.and_then(|contact| contact.volume_needed()),
            flow_allowed: contact.and_then(|contact| flow_allowed(&contact)),
            turbid: causes.has(Reason::FilteredWaterTurbid),
            contact_short: causes.has(Reason::ContactTimeTooShort),
            feed: units.filtration.inputs.flow,
            filtered: units.filtration.status.filtered_flow,
            wash: units.filtration.inputs.wash_flow,
            fill_up: false,
            power_spare: units.power.is_stable(),
            hour: units.system.time_of_day(),
            reset,
        };
        units.distribution.scan(around, &mut self.stagger, elapsed);
        let inflow = units.filtration.is_washing()
            || units.filtration.is_ripening()
            || units.tank.iter().any(Tank::sludge_flows);
        let drawn = units.tank.iter().map(Tank::sludge_drawn);
        let around = waste::Around {
            nominal,
            inflow,
            full: causes.has(Reason::WasteTankFull),
            sludge: drawn.fold(Kilograms::ZERO, |sum, drawn| sum + drawn),
            feed: units.filtration.inputs.flow,
            settled: units.sedimentation.inputs.settled_turbidity,
            removed: self.asked.sludge_removed,
            holds: self.holds.on(Column::WastePump),
            reset,
        };
        units.waste.scan(around, &mut self.stagger, elapsed);
    }
}

/// Flow at which contact time is kept with a margin.
pub(super) fn flow_allowed(contact: &Contact) -> Option<CubicMetresPerHour> {
    let needed = contact.volume_needed()?;
    let flow = contact.flow * (contact.volume.0 / (needed.0 * CONTACT_MARGIN));
    let kept = Contact { flow, ..*contact }.inactivation().ratio;
    (flow.0.is_finite() && kept >= CONTACT_MARGIN * 0.999).then_some(flow)
}
