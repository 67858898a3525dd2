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
            on_b: doser.retained.on_b,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::Shape;
    use crate::quantity::MilligramsPerLitre;
    use crate::signal::{Doubt, Fault, Moment};

    /// R-2.11-02, R-2.7.5-05: the half hour without chlorine is judged by what counts at the outlet: AIT-403 where it has a
    /// value, a person's test in its place, and nothing where neither is there.
    #[test]
    fn delivery_without_chlorine_goes_on_only_on_a_residual_that_counts() {
        let mg = MilligramsPerLitre;
        for (outlet, tested, goes_on) in [
            (Signal::Good(mg(0.5)), None, true),
            (Signal::Good(mg(0.49)), None, false),
            (Signal::Good(mg(f64::NAN)), None, false),
            (Signal::Uncertain(mg(0.6), Doubt::Stuck), None, true),
            (Signal::Bad(Fault::Stale), None, false),
            (Signal::Bad(Fault::Stale), Some(0.63), true),
            (Signal::Bad(Fault::Stale), Some(0.62), false),
            (Signal::Held(mg(0.9), Moment(u64::MAX)), None, false),
            (Signal::Held(mg(0.9), Moment(u64::MAX)), Some(0.63), true),
            (Signal::Held(mg(0.9), Moment(u64::MAX)), Some(0.62), false),
            // A test of before the analyser went off its scale says nothing of what came since.
            (Signal::Bad(Fault::Overrange), Some(0.8), false),
            // Where AIT-403 measures, the test does not count.
            (Signal::Good(mg(0.3)), Some(0.9), false),
        ] {
            let mut plant = Plant::new(&Shape::default());
            if let Some(tested) = tested {
                assert_eq!(plant.units.disinfection.enter_residual(mg(tested)), Ok(()));
            }
            let second = Duration::from_secs(1);
            for lasted in 1..=61 {
                plant.units.disinfection.inputs.tank_low_low = Signal::Good(false);
                plant.units.disinfection.inputs.outlet_chlorine = outlet;
                let around = plant.around_disinfection();
                plant.units.disinfection.judge(&around, second);
                plant.run_chemicals(second);
                let held = plant.units.chemicals.holds_delivery().has(Reason::ChlorineEmpty);
                let expected = !goes_on && lasted >= 60;
                assert_eq!(held, expected, "{outlet:?}, tested {tested:?}, after {lasted} s");
            }
        }
    }
}
