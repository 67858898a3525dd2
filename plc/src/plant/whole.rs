//! What the plant's own sequence is told: permissives, losses, steps of the start.

use core::time::Duration;

use super::Plant;
use super::causes::OPEN_TIME;
use crate::interlock::Column;
use crate::publish::Overdue;
use crate::quantity::{Metres, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::unit::filter::Filter;
use crate::unit::system::{self, Steps};
use crate::unit::tank::Tank;

/// The settled tank counts as drawn down at this level (`docs/spec/plant.md` 2.2, STOPPING).
const DRAWN_DOWN: Percent = Percent(20.0);
/// P4: raw water above this is not taken.
const MUDDY_MAX: Ntu = Ntu(1000.0);
/// D2: above this the rate is REDUCED (`docs/spec/plant.md` 2.2.2).
const MUDDY: Ntu = Ntu(200.0);
/// P7 and P8.
const WASTE_MAX: Percent = Percent(80.0);
const CLEAR_WELL_MAX: Metres = Metres(1.80);
/// ST2: raw flow at this share of its setpoint for this long.
const RAW_FLOW_SHARE: f64 = 0.8;
const RAW_FLOW_TIME: Duration = Duration::from_secs(10);

impl Plant {
    /// The plant's own sequence.
    pub(super) fn run_system(&mut self, elapsed: Duration) {
        let around = self.system_around(elapsed);
        self.units.system.scan(around, elapsed);
    }

    pub(super) fn system_around(&mut self, elapsed: Duration) -> system::Around {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let welded = self.welded.lasted() >= OPEN_TIME;
        let mut overdue = Overdue::default();
        self.units.visit(&mut overdue);
        let lock_expired = overdue.any || self.validator.holds().any_expired(self.now);
        let doubtful = self.validator.doubtful().and_then(|slot| self.input_rows.get(slot));
        let doubtful = doubtful.copied();
        let missing = self.missing();
        let lost = self.lost();
        let units = &self.units;
        let raw = units.intake.inputs.turbidity;
        let flow = units.intake.status.raw_flow.usable().unwrap_or_default();
        let setpoint = units.intake.status.setpoint;
        let reached = setpoint.0 > 0.0 && flow >= setpoint * RAW_FLOW_SHARE;
        let settled = units.sedimentation.inputs.settled_level.usable();
        let raw_flow = self.raw_flow_steady.holds(reached, RAW_FLOW_TIME, elapsed);
        let in_service = units.filter.iter().filter(|filter| filter.is_available()).count() as f64;
        let filtering = units.filtration.status.filtering.0;
        let horn = !self.silenced
            && self.alarms.any_unseen(|slot| self.sounds.get(slot).copied().unwrap_or(true));
        system::Around {
            nominal,
            start: self.asked.start,
            stop: self.asked.stop,
            stop_all: self.asked.stop_all,
            reset: self.asked.reset,
            local_reset: self.asked.local_reset,
            emergency: self.causes.emergency_now,
            mains_good: units.power.is_good(),
            outage: units.power.status.outage,
            trip: Reasons::NONE.and_if(welded, Reason::SupplyOff),
            missing,
            lost,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            muddy: raw.usable().is_some_and(|turbidity| turbidity > MUDDY),
            clear_well: units.distribution.status.level.usable(),
            analyser_bad: raw.usable().is_none(),
            filter_out: filtering < self.shape.filters.into(),
            tank_out: units.tank.iter().any(|tank| !tank.path_open()),
            steps: Steps {
                inlet_open: units.intake.inlet.is_open() && units.tank.iter().any(Tank::path_open),
                raw_flow,
                coagulant: units.coagulation.is_proven(),
                settled: settled
                    .is_some_and(|level| level >= units.filtration.settings.start_level),
                filtered: filtering > 0.0,
                chlorine: units.disinfection.doser.is_confirmed(),
                all_filtering: filtering >= in_service,
            },
            settled_full: causes.has(Reason::SettledTankFull),
            drained: !units.filtration.feed_runs()
                && settled.is_none_or(|level| level <= DRAWN_DOWN + Percent(1.0)),
            horn,
            supply_welded: welded,
            lock_expired,
            doubtful,
        }
    }

    /// Permissives P1 to P9 that a start lacks (`docs/spec/plant.md` 2.2).
    pub(super) fn missing(&self) -> Reasons {
        let units = &self.units;
        let causes = self.holds.causes();
        let start_level = units.intake.settings.start_level;
        let wet_well = units.intake.inputs.wet_well_level.usable();
        let river = units.intake.inputs.river_level.usable();
        let flood = river.is_some_and(|level| level > units.intake.settings.flood_stop);
        let muddy = units.intake.inputs.turbidity.usable();
        let waste = units.waste.inputs.level.usable();
        let well = units.distribution.status.level.usable();
        let stopping = Reasons::only(Reason::LocalControl).with(Reason::EmergencyStop);
        // What holds P-101 would let the start fail; a full settled tank is filtered first.
        let intake = self.holds.on(Column::RawPump).without(Reasons::only(Reason::SettledTankFull));
        let settled = units.sedimentation.inputs.settled_level.usable();
        causes
            .without(causes.without(stopping))
            .and(intake)
            .and_if(settled.is_none(), Reason::LevelUnknown)
            .and_if(!units.system.inputs.supply_on.closed(), Reason::SupplyOff)
            .and_if(!wet_well.is_some_and(|level| level > start_level), Reason::WetWellLow)
            .and_if(flood, Reason::RiverFlood)
            .and_if(!muddy.is_none_or(|turbidity| turbidity <= MUDDY_MAX), Reason::RiverTooMuddy)
            .and_if(!waste.is_some_and(|level| level < WASTE_MAX), Reason::WasteTankHigh)
            .and_if(!well.is_some_and(|level| level < CLEAR_WELL_MAX), Reason::ClearWellHigh)
            .and_if(!units.disinfection.residual_known(), Reason::ChlorineUnknown)
            .and(self.lost())
    }

    /// What makes water impossible: an orderly stop, and no start.
    pub(super) fn lost(&self) -> Reasons {
        let units = &self.units;
        Reasons::NONE
            .and_if(units.system.retained.intake_closed, Reason::IntakeClosedByOperator)
            .and_if(!units.intake.is_available(), Reason::NoPumpAvailable)
            .and_if(units.coagulation.is_empty(), Reason::CoagulantEmpty)
            .and_if(units.disinfection.is_empty(), Reason::ChlorineEmpty)
            .and_if(self.coagulant_guard.has_stopped(), Reason::CoagulantPumpUnavailable)
            .and_if(self.chlorine_guard.has_stopped(), Reason::ChlorinePumpUnavailable)
            .and_if(!units.filter.iter().any(Filter::is_available), Reason::NoFilterAvailable)
    }
}
