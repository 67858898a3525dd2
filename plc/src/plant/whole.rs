//! What the plant's own sequence is told: permissives, losses, steps of the start.

use core::time::Duration;

use super::causes::{OPEN_TIME, raw_turbidity};
use super::{Plant, Settling};
use crate::device::{Drive, ReturnValve};
use crate::interlock::Column;
use crate::publish::Overdue;
use crate::quantity::{Metres, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};
use crate::unit::filter::Filter;
use crate::unit::system::{self, Steps};
use crate::unit::tank::Tank;

/// P4: raw water above this is not taken.
const MUDDY_MAX: Ntu = Ntu(1000.0);
/// P7 and P8.
const WASTE_MAX: Percent = Percent(80.0);
const CLEAR_WELL_MAX: Metres = Metres(1.80);
/// ST2: raw flow at this share of its setpoint for this long.
const RAW_FLOW_SHARE: f64 = 0.8;
const RAW_FLOW_TIME: Duration = Duration::from_secs(10);
/// The elevated tank needs water soon (`docs/spec/plant.md` 2.10, 4).
const ELEVATED_LOW: Metres = Metres(1.2);
/// P-501 looks for so long whether it may start, and has so long to do it; chosen: two of its starts.
const LIFT_LOOKS: Duration = Duration::from_secs(3);
const LIFT_STARTS: Duration = Duration::from_secs(30);

impl Plant {
    /// The plant's own sequence.
    pub(super) fn run_system(&mut self, elapsed: Duration) {
        self.give_turns();
        let around = self.system_around(elapsed);
        self.units.system.scan(around, elapsed);
    }

    /// One pump at a time (D8): production would never let go, so delivery takes its turn when the elevated tank is low, and
    /// keeps it until it has done.
    fn give_turns(&mut self) {
        let delivery = &self.units.distribution;
        let waits = delivery.pump.iter().any(|pump| pump.status.blocked.has(Reason::PowerLimited));
        let runs = delivery.pump.iter().any(Drive::is_on);
        let level = delivery.inputs.elevated_level.usable();
        let low = level.is_none_or(|level| level <= ELEVATED_LOW);
        let takes = (waits && low) || (self.lift_turn && (waits || runs));
        self.lift_turn = self.units.power.is_limited() && takes;
    }

    pub(super) fn system_around(&mut self, elapsed: Duration) -> system::Around {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let welded = self.welded.lasted() >= OPEN_TIME;
        let mut overdue = Overdue::default();
        self.units.visit(&mut overdue);
        let lock_expired = overdue.any || self.validator.holds().any_expired(self.now);
        let row_of = |slot: usize| self.input_rows.get(slot).copied();
        let unjudged = self.alarms.load().unjudged().and_then(|slot| self.alarms.row(slot));
        let mixed = self.combined_row.filter(|_| self.units.filtration.is_contradicted());
        let frozen = self.settled_row.filter(|_| self.units.sedimentation.settled_frozen());
        // AIT-401 that falls faster than water can carry it off is found out by its unit (F36).
        let inlet = self.units.disinfection.status.inlet_residual;
        let inlet = self.inlet_row.filter(|_| inlet == Signal::Bad(Fault::Implausible));
        let found = mixed.or(frozen).or(inlet).or(unjudged);
        let doubtful = self.validator.doubtful().and_then(row_of).or(found);
        let silent = self.validator.silent().and_then(row_of);
        let missing = self.missing();
        let lost = self.lost();
        let untested = self.untested();
        let degraded = self.degraded();
        let units = &self.units;
        let flow = units.intake.status.raw_flow.usable().unwrap_or_default();
        let setpoint = units.intake.status.setpoint;
        let reached = setpoint.0 > 0.0 && flow >= setpoint * RAW_FLOW_SHARE;
        let settled = units.sedimentation.settled_level().usable();
        let elevated = units.distribution.inputs.elevated_level.usable();
        let raw_flow = self.raw_flow_steady.holds(reached, RAW_FLOW_TIME, elapsed);
        let in_service = units.filter.iter().filter(|filter| filter.is_available()).count() as f64;
        let filtering = units.filtration.status.filtering.0;
        let rests =
            |pumps: &[Drive]| !pumps.iter().any(Drive::is_on) && pumps.iter().any(Drive::rests);
        let waits = match units.system.status.step.0 as u8 {
            2 => rests(&units.intake.pump),
            5 => rests(&units.filtration.pump),
            // Where the next filter ripens at once it takes most of the feed, and ripens no longer than it may.
            6 => {
                let dry = units.disinfection.status.blocked.has(Reason::NoFlow);
                rests(&units.filtration.pump) || (dry && units.filtration.is_ripening())
            }
            _ => false,
        };
        // A batch takes its hours to settle, and the filters wait for its water: nobody's failure.
        let low = !settled.is_some_and(|level| level >= units.filtration.settings.start_level);
        let batch = self.shape.settling == Settling::Batch && units.system.status.step.0 >= 4.0;
        let waits = waits || (batch && low && !units.filtration.feed_runs());
        let horn = !self.silenced && self.alarms.sounds();
        system::Around {
            nominal,
            start: self.asked.start,
            stop: self.asked.stop,
            stop_all: self.asked.stop_all,
            reset: self.asked.reset,
            local_reset: self.asked.local_reset,
            emergency: self.causes.emergency_now,
            mains_good: units.power.is_good(),
            mains_back: units.power.is_back(),
            outage: units.power.status.outage,
            trip: Reasons::only(Reason::RunsUnasked)
                .of(causes)
                .and_if(welded, Reason::SupplyWelded),
            missing,
            lost,
            untested,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            clear_well: units.distribution.status.level.usable(),
            fill_up: self.prepares(),
            elevated_need: elevated.is_some_and(|level| level <= ELEVATED_LOW),
            degraded,
            steps: Steps {
                inlet_open: units.intake.inlet.is_open() && units.tank.iter().any(Tank::takes_in),
                no_raw: units.sedimentation.needs_no_raw_water(),
                raw_flow,
                coagulant: units.coagulation.is_proven(),
                settled: settled
                    .is_some_and(|level| level >= units.filtration.settings.start_level),
                filtered: filtering > 0.0,
                chlorine: units.disinfection.doser.is_confirmed(),
                all_filtering: filtering >= in_service,
                settled_full: causes.has(Reason::SettledTankFull),
                waits,
            },
            settled,
            feed_runs: units.filtration.feed_runs(),
            horn,
            supply_welded: welded,
            lock_expired,
            boil_water: self.boil_water(),
            test_overdue: units.system.calibration.shown.overdue.0 > 0.0,
            doubtful,
            silent,
        }
    }

    /// What the degraded reasons D2 to D11 are judged on.
    fn degraded(&self) -> system::DegradedFacts {
        let units = &self.units;
        let elevated = units.distribution.inputs.elevated_level;
        system::DegradedFacts {
            raw: units.intake.inputs.turbidity,
            settled: units.sedimentation.inputs.settled_turbidity,
            inlet_chlorine: units.disinfection.status.inlet_residual,
            washes_stopped: units.filter.iter().any(Filter::washes_stopped),
            filter_out: units.filtration.status.filtering.0 < self.shape.filters.into(),
            tank_out: units.tank.iter().any(|tank| !tank.carries()),
            power_limited: units.power.is_limited(),
            coagulant_suspect: units.coagulation.is_suspect(),
            elevated_unknown: self.shape.elevated_tank
                && elevated.usable().is_none()
                && !matches!(elevated, Signal::Bad(Fault::NotFitted)),
            voltage_low: units.power.status.starts_held.has(Reason::VoltageLow),
        }
    }

    /// Items of the self-test that have not passed (R-2.2-01). A valve that cannot be read takes its filter or tank out; it
    /// keeps the plant from starting only where no way for the water is left. One that is locked out is looked after.
    pub(super) fn untested(&self) -> Reasons {
        let units = &self.units;
        let inputs = &units.system.inputs;
        let tank = |tank: &Tank| tank.inlet.is_referenced() && tank.outlet.is_referenced();
        let filter = |filter: &Filter| {
            filter.inlet.is_referenced()
                && filter.outlet.is_referenced()
                && filter.wash_inlet.is_referenced()
                && filter.waste.is_referenced()
                && filter.to_waste.is_referenced()
                && filter.drain.is_referenced()
                && filter.air.as_ref().is_none_or(ReturnValve::is_referenced)
        };
        let ways = units.intake.inlet.is_referenced()
            && units.tank.iter().any(tank)
            && units.filter.iter().any(filter);
        Reasons::NONE
            .and_if(!inputs.bus_a.closed(), Reason::BusALost)
            .and_if(!inputs.bus_b.closed(), Reason::BusBLost)
            .and_if(!inputs.bus_d.closed(), Reason::BusDLost)
            .and_if(!inputs.drives_verified.closed(), Reason::DrivesNotVerified)
            .and_if(!ways, Reason::ValveFault)
    }

    /// Permissives P1 to P9 that a start lacks (`docs/spec/plant.md` 2.2), and what else would let it fail at once.
    pub(super) fn missing(&self) -> Reasons {
        let units = &self.units;
        let causes = self.holds.causes();
        let start_level = units.intake.settings.start_level;
        let wet_well = units.intake.inputs.wet_well_level.usable();
        let flood = units.intake.inputs.river_level.exceeds(units.intake.settings.flood_stop);
        let substitute = units.coagulation.status.turbidity;
        let raw = raw_turbidity(units.intake.inputs.turbidity, substitute);
        let muddy = raw.exceeds(MUDDY_MAX);
        let raw_unknown = raw.usable().is_none();
        let waste = units.waste.inputs.level.usable();
        let well = units.distribution.status.level.usable();
        let stopping = Reasons::only(Reason::LocalControl).with(Reason::EmergencyStop);
        // What holds P-101 would let the start fail; a full settled tank is filtered first.
        let intake = self.holds.on(Column::RawPump).without(Reasons::only(Reason::SettledTankFull));
        let settled = units.sedimentation.settled_level().usable();
        causes
            .without(causes.without(stopping))
            .and(intake)
            .and(units.intake.unready())
            .and(units.coagulation.unready())
            .and_if(settled.is_none(), Reason::LevelUnknown)
            .and_if(!units.system.inputs.supply_on.closed(), Reason::SupplyOff)
            .and_if(!wet_well.is_some_and(|level| level > start_level), Reason::WetWellLow)
            .and_if(flood, Reason::RiverFlood)
            .and_if(muddy, Reason::RiverTooMuddy)
            .and_if(raw_unknown, Reason::TurbidityUnknown)
            .and_if(!waste.is_some_and(|level| level < WASTE_MAX), Reason::WasteTankHigh)
            .and_if(!well.is_some_and(|level| level < CLEAR_WELL_MAX), Reason::ClearWellHigh)
            .and_if(!units.disinfection.residual_known(), Reason::ChlorineUnknown)
            .and_if(units.disinfection.guard.is_unknown(), Reason::NotOnRecord)
            .and_if(self.lift_goes_first(), Reason::LiftPumpFirst)
            .and(self.out_of_auto())
            .and(self.lost())
    }

    /// P1: what a start would wait for in vain, for a person has taken it out of AUTO, or out of use.
    fn out_of_auto(&self) -> Reasons {
        let units = &self.units;
        let inlet = &units.intake.inlet;
        // One that stands open, proven, lets the water through whoever holds it.
        let inlet = if inlet.is_open() { Reasons::NONE } else { inlet.handling.why() };
        let feed = units.filtration.pump.iter().any(Drive::is_available);
        let doser = &units.disinfection.doser.handling;
        let chlorine = !units.disinfection.handling.is_auto() && !doser.is_manual();
        inlet
            .and(units.intake.handling.why())
            .and(units.filtration.handling.why())
            .and_if(!units.tank.iter().any(Tank::is_usable), Reason::NoPathOpen)
            .and_if(!feed, Reason::NoPumpAvailable)
            .and_if(chlorine, Reason::ChlorinePumpUnavailable)
    }

    /// After an outage delivery starts before production, where the elevated tank is low and nothing holds P-501
    /// (R-2.10-04). It is given some seconds to see that it may, and some more to do it.
    fn lift_goes_first(&self) -> bool {
        let units = &self.units;
        let Some(returned) = units.power.returned() else { return false };
        let delivery = &units.distribution;
        let low = delivery.inputs.elevated_level.usable().is_some_and(|level| level < ELEVATED_LOW);
        let free = delivery.status.blocked.without(Reasons::DEMAND).is_empty();
        low && !delivery.pump.iter().any(Drive::is_running)
            && (returned < LIFT_LOOKS || (free && returned < LIFT_STARTS))
    }

    /// What makes water impossible: a stop, and no start.
    pub(super) fn lost(&self) -> Reasons {
        let units = &self.units;
        Reasons::NONE
            .and_if(units.system.retained.intake_closed, Reason::IntakeClosedByOperator)
            .and_if(!units.intake.is_available(), Reason::NoPumpAvailable)
            .and_if(!units.tank.iter().any(Tank::is_available), Reason::NoPathOpen)
            .and_if(units.coagulation.is_empty(), Reason::CoagulantEmpty)
            .and_if(units.disinfection.is_empty(), Reason::ChlorineEmpty)
            .and_if(units.coagulation.guard.has_stopped(), Reason::CoagulantPumpUnavailable)
            .and_if(
                units.disinfection.guard.has_stopped() || !units.disinfection.is_available(),
                Reason::ChlorinePumpUnavailable,
            )
            .and_if(!units.coagulation.is_available(), Reason::CoagulantPumpUnavailable)
            .and_if(!units.filter.iter().any(Filter::is_available), Reason::NoFilterAvailable)
    }
}

#[cfg(test)]
mod tests;
