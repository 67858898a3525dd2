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
    /// In MANUAL no faster than this.
    most: Percent,
}

impl Ask {
    /// Stand still.
    pub const OFF: Ask =
        Ask { run: false, speed: Percent::ZERO, by_hand: None, most: Percent(100.0) };

    /// Run at this speed.
    #[must_use]
    pub fn at(speed: Percent) -> Ask {
        Ask { run: true, speed, ..Ask::OFF }
    }

    /// Run while `run` holds.
    #[must_use]
    pub fn when(run: bool) -> Ask {
        Ask { run, speed: Percent(if run { 100.0 } else { 0.0 }), ..Ask::OFF }
    }

    /// A person may run it by hand while none of these protections stands.
    #[must_use]
    pub fn or_by_hand(mut self, protections: Reasons) -> Ask {
        self.by_hand = Some(protections);
        self
    }

    /// A person may run it no faster than this.
    #[must_use]
    pub fn no_faster(mut self, most: Percent) -> Ask {
        self.most = most;
        self
    }

    /// The panel commands: people run it there (R-2.1-05).
    pub(super) fn is_taken_over(&self) -> bool {
        self.by_hand.is_some_and(|held| held.has(Reason::LocalControl))
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
        let speed = if run { wish.or_less(self.most) } else { Percent::ZERO };
        (Ask { run, speed, ..self }, why)
    }
}
