//! What is asked of a motor: by its sequence, or by a person.

use crate::device::Handling;
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};

/// What is asked of a motor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    pub run: bool,
    /// For a drive.
    pub speed: Percent,
    /// What holds it in MANUAL too; `None`: its unit does not let it be run by hand.
    pub(super) by_hand: Option<Reasons>,
}

impl Ask {
    /// Stand still.
    pub const OFF: Ask = Ask { run: false, speed: Percent::ZERO, by_hand: None };

    /// Run at this speed.
    #[must_use]
    pub fn at(speed: Percent) -> Ask {
        Ask { run: true, speed, by_hand: None }
    }

    /// Run while `run` holds.
    #[must_use]
    pub fn when(run: bool) -> Ask {
        Ask { run, speed: Percent(if run { 100.0 } else { 0.0 }), by_hand: None }
    }

    /// A person may run it by hand while none of these protections stands.
    #[must_use]
    pub fn or_by_hand(mut self, protections: Reasons) -> Ask {
        self.by_hand = Some(protections);
        self
    }

    /// What is asked of it in its mode, and why nothing is.
    pub(super) fn under(self, handling: &Handling, is_on: bool) -> (Ask, Reasons) {
        let Some(wish) = handling.wish() else {
            let started = self.run && (is_on || !handling.is_fresh());
            return (Ask { run: started, ..self }, Reasons::NONE);
        };
        let wished = wish > Percent::ZERO && (is_on || !handling.is_fresh());
        let held = self.by_hand.unwrap_or(Reasons::only(Reason::NotByHand));
        let why = if wish > Percent::ZERO { handling.why().and(held) } else { handling.why() };
        let run = wished && held.is_empty();
        (Ask { run, speed: if run { wish } else { Percent::ZERO }, by_hand: self.by_hand }, why)
    }
}
