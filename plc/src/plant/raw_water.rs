//! Intake, coagulation, sedimentation: what passes between them.

use core::time::Duration;

use super::Plant;
use crate::interlock::Column;
use crate::quantity::{CubicMetresPerHour, Ratio};
use crate::reason::Reason;
use crate::unit::sedimentation::{self, TANKS_MAX, TankView};
use crate::unit::system;
use crate::unit::tank::{self, Tank};
use crate::unit::{coagulation, intake};

/// Without LT-206 the intake stops after this; chosen: full flow fills 2 % of the tank meanwhile.
const SETTLED_UNKNOWN_MAX: Duration = Duration::from_secs(30);
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
        let units = &mut self.units;
        let takes = units.system.takes_water();
        let tank_high = units.tank.iter().any(Tank::is_high);
        // The feed has stopped without that level: water taken now would run over.
        let unknown = units.sedimentation.inputs.settled_level.usable().is_none();
        let unknown = self.settled_unknown.holds(unknown, SETTLED_UNKNOWN_MAX, elapsed);
        let around = intake::Around {
            nominal,
            run: takes && !tank_high && !unknown,
            rate,
            path_open: units.tank.iter().any(Tank::path_open),
            holds: self
                .holds
                .on(Column::RawPump)
                .and_if(tank_high, Reason::SedimentationTankHigh)
                .and_if(self.lift_turn, Reason::LiftPumpFirst)
                .and_if(unknown, Reason::LevelUnknown),
            reset,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            empty: causes.has(Reason::WetWellEmpty) && units.power.is_good(),
            hopeless: units.system.start_failed() || !units.tank.iter().any(Tank::is_available),
            dark: causes.has(Reason::MainsLost),
            silent: causes.has(Reason::BusALost),
        };
        units.intake.scan(around, &mut self.stagger, elapsed);
        let around = coagulation::Around {
            nominal,
            raw_flow: units.intake.status.raw_flow,
            raw_turbidity: units.intake.inputs.turbidity,
            intake_on: units.intake.is_on(),
            holds: self.holds.on(Column::Coagulant),
            cap_reached: self.coagulant_guard.has_stopped(),
        };
        if reset {
            units.coagulation.doser.reset();
        }
        units.coagulation.scan(around, &mut self.stagger, elapsed);
        // A full waste tank stops everything that fills it (`docs/spec/plant.md` 2.9).
        let sludge = self
            .holds
            .on(Column::WastePump)
            .and_if(causes.has(Reason::WasteTankFull), Reason::WasteTankFull);
        let mut views = [TankView::default(); TANKS_MAX];
        for (at, (view, tank)) in views.iter_mut().zip(units.tank.iter()).enumerate() {
            *view = TankView {
                in_service: tank.path_open(),
                since: tank.status.since_desludge,
                ordered: self.asked.desludge & (1 << at) != 0,
                sludge_open: tank.sludge.is_open(),
                desludging: tank.is_desludging(),
            };
        }
        let around = sedimentation::Around {
            nominal: self.shape.nominal_flow,
            raw_flow: units.intake.status.raw_flow,
            feed: units.filtration.inputs.flow,
            raw_turbidity: units.intake.inputs.turbidity,
            tanks: views,
            muddy: units.system.status.reduced_by.has(Reason::RiverMuddy),
            producing: takes,
            high_wash: units.filtration.wash_pump_runs(),
            waste_level: units.waste.inputs.level,
            holds: sludge,
            reset,
        };
        units.sedimentation.scan(around, &mut self.stagger, elapsed);
        for (at, tank) in units.tank.iter_mut().enumerate() {
            let around = tank::Around {
                in_service: takes,
                turn: units.sedimentation.turn_of(at),
                holds: sludge,
                reset,
            };
            tank.scan(around, elapsed);
        }
    }

    /// The plant's rate, lowered linearly to MINIMUM while the settled tank is between 85 and 95 %.
    pub(super) fn raw_rate(&self) -> CubicMetresPerHour {
        let nominal = self.shape.nominal_flow;
        let rate = self.units.system.status.rate;
        // Before the filters are asked, what they can take does not count.
        let rate = if self.units.system.reached(5) {
            rate.or_less(self.units.filtration.rate_limit(nominal))
        } else {
            rate
        };
        let minimum = self.shape.nominal_flow * system::MINIMUM;
        let level = self.units.sedimentation.inputs.settled_level.usable();
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
