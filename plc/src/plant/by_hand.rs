//! Motors, dosing pumps and valves by hand: whose wish is taken, and what ends them all (R-2.1-02).

use core::time::Duration;

use super::{Plant, Units};
use crate::device::{Drive, Handling, MANUAL_TIME, Motor};
use crate::interlock::END_WISHES;
use crate::publish::ByHand;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::tag::Kind;

impl Plant {
    /// A person's wish of a device in MANUAL, by the row of its mode. Nobody's wish waits for the end of what stops all motors.
    pub(super) fn wish(
        &mut self,
        device: usize,
        wish: Percent,
        seconds: f64,
        order: u32,
    ) -> Result<(), Reason> {
        let in_range = (0.0..=100.0).contains(&wish.0);
        if !in_range || !(0.0..=MANUAL_TIME.as_secs_f64()).contains(&seconds) {
            return Err(Reason::OutOfRange);
        }
        if wish > Percent::ZERO
            && self.is_motor(device)
            && let Some(cause) = self.ends_wishes().iter().next()
        {
            return Err(cause);
        }
        let time = Duration::from_secs_f64(seconds);
        let mut by_hand = ByHand::new(device, wish, time, order);
        self.units.visit(&mut by_hand);
        by_hand.answer()
    }

    /// Causes that end every wish to run a motor: of the last scan, or ordered in this one.
    fn ends_wishes(&self) -> Reasons {
        self.holds.causes().of(END_WISHES).and_if(self.asked.stop_all, Reason::StoppedByOperator)
    }

    /// The device whose mode has this row runs, or strokes: it is no valve and no unit.
    fn is_motor(&self, mode: usize) -> bool {
        let rows = &self.catalogue.rows;
        let Some(device) = rows.get(mode).and_then(|row| row.path.strip_suffix("mode")) else {
            return false;
        };
        rows.iter().any(|row| {
            matches!(row.kind, Kind::Output(..))
                && matches!(row.path.strip_prefix(device), Some("run" | "rate"))
        })
    }

    /// What stops all motors ends what people wished of them: nothing takes it up again by itself. Valves keep their place.
    pub(super) fn end_wishes(&mut self) {
        if !self.ends_wishes().is_empty() {
            self.units.motors_by_hand(Handling::end_wish);
        }
    }
}

impl Units {
    /// Every motor and dosing pump that a person may command.
    fn motors_by_hand(&mut self, mut act: impl FnMut(&mut Handling)) {
        let Units { intake, coagulation, sedimentation, filtration, disinfection, .. } = self;
        let drives = |drives: &mut [Drive], act: &mut dyn FnMut(&mut Handling)| {
            drives.iter_mut().for_each(|drive| act(&mut drive.handling));
        };
        drives(&mut intake.pump, &mut act);
        drives(&mut filtration.pump, &mut act);
        drives(&mut self.distribution.pump, &mut act);
        act(&mut filtration.wash_pump.handling);
        let motors = [&mut coagulation.mixer, &mut sedimentation.sludge_pump, &mut self.waste.pump];
        let motors = motors.into_iter().chain(&mut filtration.blower);
        motors.for_each(|motor: &mut Motor| act(&mut motor.handling));
        act(&mut coagulation.doser.handling);
        act(&mut disinfection.doser.handling);
    }
}

#[cfg(test)]
mod tests;
