//! Intake, coagulation, sedimentation: what passes between them.

use core::time::Duration;

use super::{Plant, Settling};
use crate::interlock::Column;
use crate::quantity::{CubicMetresPerHour, Ratio};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::unit::filter::Filter;
use crate::unit::hydrology::{self, Hydrology};
use crate::unit::sedimentation::{self, TANKS_MAX};
use crate::unit::system;
use crate::unit::tank::{self, Load, Tank};
use crate::unit::{coagulation, intake};

/// Without LT-206 the intake stops after this; chosen: full flow fills 2 % of the tank meanwhile.
const SETTLED_UNKNOWN_MAX: Duration = Duration::from_secs(30);
/// What raw water cannot be dosed without; and the buses, whose loss is an alarm of its own.
const BLIND: Reasons = Reasons::only(Reason::TurbidityUnknown).with(Reason::FlowUnknown);
const BUSES: Reasons =
    Reasons::only(Reason::BusALost).with(Reason::BusBLost).with(Reason::BusDLost);
/// Between 85 and 95 % of the settled tank the intake falls linearly to MINIMUM (`docs/spec/plant.md` 2.17).
const SETTLED_HIGH: f64 = 85.0;
const SETTLED_BAND: f64 = 10.0;

impl Plant {
    /// Intake, coagulation, sedimentation.
    pub(super) fn run_raw_water(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        let rate = self.raw_rate();
        let storm = self.storm();
        let units = &mut self.units;
        let takes = units.system.takes_water();
        let tank_high = units.tank.iter().any(Tank::is_high);
        // The feed has stopped without that level: water taken now would run over.
        let unknown = units.sedimentation.settled_level().usable().is_none();
        let unknown = self.settled_unknown.holds(unknown, SETTLED_UNKNOWN_MAX, elapsed);
        let well_lost = matches!(units.intake.inputs.wet_well_level, Signal::Bad(_));
        let well_lost = self.wet_well_unknown.holds(well_lost, SETTLED_UNKNOWN_MAX, elapsed);
        let settled_lost = matches!(units.sedimentation.settled_level(), Signal::Bad(_));
        // What the intake cannot do without has no value any more: nobody else would say that no water is made (INV-44).
        let undosed = !BLIND.of(units.coagulation.unready()).is_empty();
        let blind = undosed || well_lost || (unknown && settled_lost);
        let explained = !BUSES.of(causes).is_empty();
        // A sludge valve that has failed open fills the waste tank until that is full (R-2.9-03).
        let leaks = causes.has(Reason::WasteTankFull)
            && units.tank.iter().any(|tank| tank.sludge.is_faulty() && tank.sludge_flows());
        let pauses = units.sedimentation.pauses();
        // A batch is filled once its inlet is open; between two P-101 stands.
        let batch = self.shape.settling == Settling::Batch;
        let way_in = units.tank.iter().any(Tank::takes_in);
        let around = intake::Around {
            nominal,
            run: takes && !tank_high && !unknown && !pauses && !leaks && (!batch || way_in),
            rate,
            path_open: way_in,
            holds: self
                .holds
                .on(Column::RawPump)
                .and_if(tank_high, Reason::SedimentationTankHigh)
                .and_if(self.lift_turn, Reason::LiftPumpFirst)
                .and_if(takes && pauses, Reason::TankOut)
                .and_if(leaks, Reason::WasteTankFull)
                .and_if(unknown, Reason::LevelUnknown)
                // Raw water is never fed without coagulant (R-2.4-09, INV-8).
                .and(units.coagulation.unready()),
            reset,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            empty: causes.has(Reason::WetWellEmpty) && units.power.is_good(),
            hopeless: units.system.start_failed()
                || !units.tank.iter().any(Tank::is_available)
                || (takes && blind && !explained),
            dark: causes.has(Reason::MainsLost),
            silent: causes.has(Reason::BusALost),
        };
        units.intake.scan(around, &mut self.stagger, elapsed);
        let around = coagulation::Around {
            nominal,
            raw_flow: units.intake.status.raw_flow,
            raw_turbidity: units.intake.inputs.turbidity,
            settled: units.sedimentation.inputs.settled_turbidity,
            filters_cloudy: {
                let cloudy = units.filter.iter().filter(|filter| filter.is_cloudy()).count();
                let sound = |filter: &Filter| filter.is_available() && !filter.is_cloudy();
                cloudy >= 2 && !units.filter.iter().any(sound)
            },
            storm,
            intake_on: units.intake.is_lifting(),
            holds: self.holds.on(Column::Coagulant),
            cap_reached: units.coagulation.guard.has_stopped(),
            record_lost: units.coagulation.guard.is_unknown(),
            stock: units.chemicals.coagulant.told(units.coagulation.settings.stock),
            reset,
        };
        units.coagulation.scan(around, &mut self.stagger, elapsed);
        self.run_sedimentation(takes, elapsed);
    }

    /// Looks upstream (`docs/spec/plant.md` 2.14).
    pub(super) fn run_hydrology(&mut self, elapsed: Duration) {
        let around = hydrology::Around {
            raw: self.units.intake.inputs.turbidity,
            river_level: self.units.intake.inputs.river_level,
        };
        if let Some(hydrology) = &mut self.units.hydrology {
            hydrology.scan(around, elapsed);
        }
    }

    /// A storm is on its way, or here.
    pub(super) fn storm(&self) -> bool {
        self.units.hydrology.as_ref().is_some_and(Hydrology::storm)
    }

    /// A storm is on its way, and its mud is not here yet: time to prepare.
    pub(super) fn prepares(&self) -> bool {
        self.storm() && !self.units.system.status.degraded_by.has(Reason::RiverMuddy)
    }

    /// Turns first, then the tanks with what they were given.
    fn run_sedimentation(&mut self, takes: bool, elapsed: Duration) {
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        // A full waste tank stops everything that fills it (`docs/spec/plant.md` 2.9).
        let sludge = self
            .holds
            .on(Column::WastePump)
            .and_if(causes.has(Reason::WasteTankFull), Reason::WasteTankFull);
        let scale = self.tank_scale();
        let mut tanks = [tank::Report::default(); TANKS_MAX];
        for (report, tank) in tanks.iter_mut().zip(self.units.tank.iter()) {
            *report = tank.report(scale);
        }
        let units = &mut self.units;
        let around = sedimentation::Around {
            nominal: self.shape.nominal_flow,
            raw_flow: units.intake.status.raw_flow,
            feed: units.filtration.inputs.flow,
            raw_turbidity: units.coagulation.status.turbidity,
            tanks,
            ordered: self.asked.desludge,
            muddy: units.system.status.degraded_by.has(Reason::RiverMuddy),
            all: units.hydrology.as_ref().is_some_and(Hydrology::begins),
            producing: takes,
            high_wash: units.filtration.wash_pump_runs(),
            waste_level: units.waste.inputs.level,
            waste_busy: units.waste.is_decanting() || units.filtration.status.wash_token.0 > 0.0,
            holds: sludge,
            reset,
        };
        units.sedimentation.scan(around, &mut self.stagger, elapsed);
        let open = units.tank.iter().filter(|tank| tank.inlet.is_open()).count().max(1);
        let raw_flow = units.intake.status.raw_flow.usable().unwrap_or_default();
        let load = Load {
            flow: raw_flow / open as f64,
            raw: units.coagulation.status.turbidity,
            settled: units.sedimentation.inputs.settled_turbidity,
            dose: units.coagulation.status.dose,
        };
        for (at, tank) in units.tank.iter_mut().enumerate() {
            let dry = Load { flow: CubicMetresPerHour::ZERO, ..load };
            let around = tank::Around {
                wanted: takes,
                may_move: units.sedimentation.may_move(),
                turn: units.sedimentation.turn_of(at),
                fill_turn: units.sedimentation.fill_turn(at),
                draw_turn: units.sedimentation.draw_turn(at),
                outlet_held: units.sedimentation.outlet_held(),
                stretch: units.sedimentation.stretch(&around),
                sludge_held: units.sedimentation.sludge_held(at),
                sludge_pump: units.sedimentation.draws_sludge(),
                load: if tank.inlet.is_open() { load } else { dry },
                scale,
                holds: sludge,
                reset,
            };
            tank.scan(around, elapsed);
        }
    }

    /// A tank of this site against one of the reference plant: 5 m³/h shared by two.
    fn tank_scale(&self) -> f64 {
        self.shape.nominal_flow.0 / 5.0 * 2.0 / f64::from(self.shape.tanks.max(1))
    }

    /// The plant's rate, lowered linearly to MINIMUM while the settled tank is between 85 and 95 %.
    pub(super) fn raw_rate(&self) -> CubicMetresPerHour {
        let nominal = self.shape.nominal_flow;
        let rate = self.units.system.status.rate;
        // Before the filters are asked, what they can take does not count.
        // What a batch takes in the filters get hours later.
        if self.shape.settling == Settling::Batch {
            return rate;
        }
        let rate = if self.units.system.reached(5) {
            rate.or_less(self.units.filtration.rate_limit(nominal))
        } else {
            rate
        };
        let rate = rate.or_less(self.units.sedimentation.status.rate_limit);
        let minimum = self.shape.nominal_flow * system::MINIMUM;
        let level = self.units.sedimentation.settled_level().usable();
        match level {
            Some(level) if level.0 > SETTLED_HIGH => {
                let share =
                    Ratio((level.0 - SETTLED_HIGH) / SETTLED_BAND).within(Ratio(0.0), Ratio(1.0));
                rate.or_less(rate + (minimum - rate) * share.0)
            }
            Some(_) | None => rate,
        }
    }
}

#[cfg(test)]
mod tests;
