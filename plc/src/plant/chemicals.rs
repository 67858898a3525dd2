//! The day tanks: what their dosers tell them, and what they tell back.

use core::time::Duration;

use super::Plant;
use crate::device::DosingPump;
use crate::quantity::{GramsPerLitre, Millilitres, Percent};
use crate::reason::Reason;
use crate::signal::Signal;
use crate::unit::chemicals::{Around, Batch, Chemical, StockAround};

impl Plant {
    /// The books of the day tanks, on what the dosers did in the last scan.
    pub(super) fn run_chemicals(&mut self, elapsed: Duration) {
        let around = self.around_chemicals();
        self.units.chemicals.scan(around, elapsed);
    }

    /// A person says what was mixed into a day tank.
    pub(super) fn mixed(&mut self, chemical: Chemical, batch: Batch) -> Result<(), Reason> {
        let around = self.around_chemicals();
        let stocks = &mut self.units.chemicals;
        match chemical {
            Chemical::Coagulant => {
                stocks.coagulant.mixed(batch, &around.coagulant)?;
                // What was concluded from the PAC before says nothing of this one (R-2.2.2-09).
                self.units.coagulation.judge_anew();
                Ok(())
            }
            Chemical::Chlorine => stocks.chlorine.mixed(batch, &around.chlorine),
        }
    }

    fn around_chemicals(&self) -> Around {
        let units = &self.units;
        let (coagulation, disinfection) = (&units.coagulation, &units.disinfection);
        let stock = |doser: &DosingPump, level: Signal<Percent>, empty| StockAround {
            level,
            empty,
            asked: doser.outputs.rate.value(),
            confirmed: doser.status.confirmed,
            strokes_known: doser.inputs.strokes.usable().is_some(),
            stroke: Millilitres::ZERO,
            stock: GramsPerLitre::ZERO,
            temperature: disinfection.inputs.temperature.usable(),
            scale: self.shape.nominal_flow.0 / 5.0,
            reset: self.asked.reset,
        };
        Around {
            coagulant: StockAround {
                stroke: coagulation.settings.stroke,
                stock: coagulation.settings.stock,
                ..stock(&coagulation.doser, coagulation.inputs.tank_level, coagulation.is_empty())
            },
            chlorine: StockAround {
                stroke: disinfection.settings.stroke,
                stock: disinfection.settings.stock,
                ..stock(
                    &disinfection.doser,
                    disinfection.inputs.tank_level,
                    disinfection.is_empty(),
                )
            },
            residual: disinfection.status.outlet_residual,
        }
    }
}
