//! Which alarms speak. `docs/spec/plant.md` 4, 101 to 112.

use core::time::Duration;

use super::sequence::State;
use super::{Alarms, Around, Intake};
use crate::alarm::Condition;
use crate::quantity::{CubicMetresPerHour, Metres, Ntu, Ph};
use crate::signal::Signal;

// Deadbands of `docs/spec/plant.md` 4.
const LOW_BAND: Metres = Metres(0.1);
const SCREEN_BAND: Metres = Metres(0.05);
const FLOOD_BAND: Metres = Metres(0.3);
const MUDDY_BAND: Ntu = Ntu(50.0);
const PH_BAND: Ph = Ph(0.2);
/// Flow low, as a share of the setpoint, and its deadband.
const FLOW_LOW_SHARE: f64 = 0.6;
const FLOW_LOW_BAND: f64 = 0.1;
/// s2: the first ten minutes after the start.
const FIRST_MINUTES: Duration = Duration::from_secs(600);

impl Intake {
    pub(super) fn raise(&mut self, around: &Around) {
        let settings = &self.settings;
        let inputs = &self.inputs;
        let failed = self.failed_pumps();
        let locked = (0..self.pump.len()).any(|at| self.proof[at].is_locked());
        let none = !self.is_available() && !self.in_hand();
        let fault = self.status.state == (State::Fault {});
        let young = !self.status.state.runs() || self.running_for < FIRST_MINUTES;
        let setpoint = self.status.setpoint;
        let least = setpoint * FLOW_LOW_SHARE;
        let ph = self.ph_abnormal().unless(!around.run || matches!(inputs.ph, Signal::Held(..)));
        self.alarms = Alarms {
            // Whether water is wanted, not whether the pump runs: at the stop level it does not any more.
            wet_well_low: inputs
                .wet_well_level
                .below(settings.low_limit, LOW_BAND)
                .unless(!around.run),
            wet_well_empty: Condition::when(around.empty).unless(around.dark),
            screen_blocked: self
                .status
                .screen_loss
                .above(settings.screen_alarm, SCREEN_BAND)
                .unless(!around.run && !self.screen_blocked()),
            pump_fault: Condition::when(failed > 0).unless(around.dark || around.silent),
            pumps_failed: Condition::when(none || fault || around.hopeless).unless(around.dark),
            flow_low: self
                .status
                .raw_flow
                .below(least, setpoint * FLOW_LOW_BAND)
                .unless(young || setpoint == CubicMetresPerHour::ZERO),
            ran_dry: Condition::when(locked),
            muddy: inputs
                .turbidity
                .above(settings.muddy_limit, MUDDY_BAND)
                .unless(!around.run && !around.too_muddy),
            very_muddy: Condition::when(around.too_muddy),
            flood: inputs.river_level.above(settings.flood_alarm, FLOOD_BAND),
            ph_abnormal: if self.ph_fatal() { Condition::Active } else { ph },
        };
    }

    /// Somebody has taken every pump out of AUTO: that is no failure.
    fn in_hand(&self) -> bool {
        self.pump.iter().all(|pump| !pump.handling.is_auto())
    }

    fn ph_abnormal(&self) -> Condition {
        let (low, high) = (self.settings.ph_low, self.settings.ph_high);
        self.inputs.ph.below(low, PH_BAND).or(self.inputs.ph.above(high, PH_BAND))
    }
}
