//! Disinfection, distribution, waste: what passes between them.

use core::time::Duration;

use super::Plant;
use super::causes::CONTACT_FLOW_SHARE;
use crate::contact_time::{Contact, Logs};
use crate::interlock::Column;
use crate::quantity::{CubicMetres, CubicMetresPerHour, Kilograms, MilligramsPerLitre, Ntu, Ratio};
use crate::reason::Reason;
use crate::unit::tank::Tank;
use crate::unit::{disinfection, distribution, system, waste};

/// P-501 is slowed down to keep this ratio: above the 1.3 at which the interlock lets it start again (R-2.7.4-02, R-2.7.4-03).
const CONTACT_MARGIN: f64 = 1.35;

/// Where hardly any volume is needed, the flow that it allows has an end; chosen: a drop.
const LEAST_NEEDED: CubicMetres = CubicMetres(1e-3);
/// Beyond the clear well half of its residual counts (chosen: the elevated tank's decay of a day), and no less than the
/// village's flow in its peak hour, as a share of nominal (`docs/spec/plant.md` 6.12: 2.3 × 3.4 m³/h of 5).
const BEYOND_RESIDUAL: f64 = 0.5;
const BEYOND_FLOW: f64 = 1.6;

impl Plant {
    /// What the elevated tank and the pipe add, where the site counts them; of what is not known for certain nothing.
    pub(super) fn beyond(&self, clear_well: &Contact) -> Logs {
        let delivery = &self.units.distribution;
        let settings = &delivery.settings;
        let Some(flow) = delivery.inputs.village_flow.good() else { return Logs::default() };
        let segment = |volume: CubicMetres, baffling: Ratio| {
            let counts = baffling.0 > 0.0 && volume.0 > 0.0;
            let contact = Contact {
                volume,
                flow: flow.or_more(self.shape.nominal_flow * BEYOND_FLOW),
                baffling: baffling.0,
                chlorine: clear_well.chlorine * BEYOND_RESIDUAL,
                ..*clear_well
            };
            if counts { contact.logs() } else { Logs::default() }
        };
        let level = delivery.status.tank_level.good().filter(|_| self.shape.elevated_tank);
        let held = CubicMetres(level.map_or(0.0, |level| level.0 * settings.elevated_area.0));
        segment(held, settings.elevated_baffling)
            .and(segment(settings.pipe_volume, settings.pipe_baffling))
    }

    /// Disinfection, distribution, waste.
    pub(super) fn run_safe_water(&mut self, contact: Option<Contact>, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        let around = self.around_disinfection();
        let fill_up = self.prepares();
        let units = &mut self.units;
        if reset {
            units.disinfection.doser.reset();
        }
        units.disinfection.scan(around, elapsed);
        let least = nominal * CONTACT_FLOW_SHARE;
        units.disinfection.report(contact.as_ref(), units.distribution.inputs.flow, least, elapsed);
        let around = distribution::Around {
            nominal,
            run: units.system.distributes(),
            rest_for_wash: units.filtration.needs_lift_stopped(),
            holds: self
                .holds
                .on(Column::LiftPump)
                .and(units.chemicals.holds_delivery())
                .and_if(units.disinfection.holds_delivery(), Reason::ChlorineStaysLow),
            residual: units.disinfection.status.outlet_residual,
            inactivation: contact.map(|contact| contact.inactivation()).unwrap_or_default(),
            contact_volume: contact.and_then(|contact| contact.volume_needed()),
            flow_allowed: contact.and_then(|contact| flow_allowed(&contact)),
            turbid: causes.has(Reason::FilteredWaterTurbid),
            contact_short: causes.has(Reason::ContactTimeTooShort),
            feed: units.filtration.inputs.flow,
            filtered: units.filtration.status.filtered_flow,
            wash: units.filtration.inputs.wash_flow,
            fill_up,
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

impl Plant {
    /// Water more turbid than the rule is let through for a while (INV-45).
    pub(super) fn begin_emergency(&mut self, limit: Ntu, seconds: f64) -> Result<(), Reason> {
        let units = &mut self.units;
        // The dose is cut above this: too low a limit would take back what the profile needs.
        if !(units.disinfection.settings.chlorine_high >= system::RESIDUAL_HIGH) {
            return Err(Reason::ChlorineOutOfLimits);
        }
        units.system.emergency_profile.begin(limit, seconds)
    }

    /// People are to boil their water: such water is let through, or is still in the clear well.
    pub(super) fn boil_water(&self) -> bool {
        self.units.system.emergency_profile.relaxed().is_some()
            || self.units.distribution.retained.let_in
    }

    /// What disinfection is told in this scan.
    pub(super) fn around_disinfection(&self) -> disinfection::Around {
        let units = &self.units;
        let causes = self.holds.causes();
        let (target_least, high_least) = if self.boil_water() {
            (system::RESIDUAL, system::RESIDUAL_HIGH)
        } else {
            (MilligramsPerLitre::ZERO, MilligramsPerLitre::ZERO)
        };
        disinfection::Around {
            nominal: self.shape.nominal_flow,
            filtered_flow: units.filtration.status.filtered_flow,
            feed_ends: units.filtration.feed_ends(),
            filtering: units.filtration.filtering(),
            run: units.system.reached(5) || units.system.is_stopping(),
            holds: self.holds.on(Column::Hypochlorite),
            cap_reached: units.disinfection.guard.has_stopped(),
            too_low: causes.has(Reason::ChlorineTooLow),
            dangerous: causes.has(Reason::ChlorineDangerous),
            in_use: units.system.distributes(),
            target_least,
            high_least,
            prime: self.asked.prime,
            reset: self.asked.reset,
            stock: units.chemicals.chlorine.told(units.disinfection.settings.stock),
        }
    }
}

/// Flow at which contact time is kept with a margin.
pub(super) fn flow_allowed(contact: &Contact) -> Option<CubicMetresPerHour> {
    let needed = contact.volume_for(CONTACT_MARGIN)?.or_more(LEAST_NEEDED);
    let flow = contact.flow * (contact.volume.0 / needed.0);
    let kept = Contact { flow, ..*contact }.inactivation().ratio;
    (flow.0.is_finite() && kept >= CONTACT_MARGIN * 0.999).then_some(flow)
}
