//! An output can only go down: made by [`Output::want`], then only held off or limited.

use crate::quantity::Value;
use crate::reason::{Reason, Reasons};

/// What a unit asks of an actuator, what it gets, and who holds it back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output<Q> {
    wanted: Q,
    value: Q,
    held: Reasons,
}

impl<Q: Value> Default for Output<Q> {
    fn default() -> Output<Q> {
        Output { wanted: Q::SAFE, value: Q::SAFE, held: Reasons::NONE }
    }
}

impl<Q: Value> Output<Q> {
    /// Asks for `value`. A number that is none asks for nothing.
    #[must_use]
    pub fn want(value: Q) -> Output<Q> {
        let value = if value.to_f64().is_finite() { value } else { Q::SAFE };
        Output { wanted: value, value, held: Reasons::NONE }
    }

    /// Forces it off while there is any reason.
    pub fn hold_off(&mut self, reasons: Reasons) {
        if !reasons.is_empty() {
            self.value = Q::SAFE;
            self.held = self.held.and(reasons);
        }
    }

    /// Lets at most `most` through, and says why when that cuts it.
    pub fn limit(&mut self, most: Q, reason: Reason) {
        if self.value.to_f64() > most.to_f64() {
            self.value = most;
            self.held = self.held.with(reason);
        }
    }

    /// What goes to the field.
    #[must_use]
    pub fn value(&self) -> Q {
        self.value
    }

    /// What the unit asked for.
    #[must_use]
    pub fn wanted(&self) -> Q {
        self.wanted
    }

    /// What holds it off or cuts it.
    #[must_use]
    pub fn held(&self) -> Reasons {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Percent;

    #[test]
    fn an_output_held_off_is_safe_and_says_why() {
        let mut output = Output::want(Percent(80.0));
        output.hold_off(Reasons::NONE);
        assert_eq!(output.value(), Percent(80.0));
        output.hold_off(Reasons::NONE.with(Reason::EmergencyStop));
        output.limit(Percent(50.0), Reason::DoseLimited);
        assert_eq!((output.value(), output.wanted()), (Percent(0.0), Percent(80.0)));
        assert!(
            output.held().has(Reason::EmergencyStop) && !output.held().has(Reason::DoseLimited)
        );
    }

    #[test]
    fn an_output_asked_for_nonsense_stays_safe() {
        assert_eq!(Output::want(Percent(f64::NAN)).value(), Percent(0.0));
    }
}
