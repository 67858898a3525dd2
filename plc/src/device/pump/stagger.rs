//! Motors do not start together.

use core::time::Duration;

use super::Limits;
use crate::reason::Reasons;

/// Keeps motors from starting together: one start at a time, plant-wide (INV-23).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stagger {
    since: Duration,
    spacing: Duration,
    held: Held,
}

/// What holds the start of motors, plant-wide.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Each motor.
    pub all: Reasons,
    /// Those that count their starts: pumps.
    pub large: Reasons,
}

impl Default for Stagger {
    fn default() -> Stagger {
        Stagger { since: Duration::ZERO, spacing: Duration::from_secs(10), held: Held::default() }
    }
}

impl Stagger {
    /// Time passes; `spacing` until the next start is allowed.
    pub fn elapse(&mut self, spacing: Duration, elapsed: Duration) {
        self.spacing = spacing;
        self.since = self.since.saturating_add(elapsed);
    }

    /// No motor starts while this holds.
    pub fn hold(&mut self, held: Held) {
        self.held = held;
    }

    /// Until the next start is free.
    pub(super) fn left(&self) -> Duration {
        self.spacing.saturating_sub(self.since)
    }

    pub(super) fn held(&self, limits: Limits) -> Reasons {
        if limits.large { self.held.large } else { self.held.all }
    }

    /// Takes the next start, if it is free.
    pub(super) fn take(&mut self) -> bool {
        let free = self.since >= self.spacing;
        if free {
            self.since = Duration::ZERO;
        }
        free
    }
}
