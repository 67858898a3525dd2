//! How the plant goes on after it was without power, or its controller away (`docs/spec/plant.md` 2.10, item 6).

use core::time::Duration;

use super::{LONG_STOP, System};
use crate::declare::states;

/// How a start follows an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// None stands behind this start.
    None,
    /// Under ten minutes: the plant goes on where it was.
    Continued,
    /// Under two hours.
    ShortStart,
    /// Up to a day.
    FullStart,
    /// More than a day: first a person confirms the strength of the chlorine.
    ConfirmedStart,
}
states! { Resume { None, Continued, ShortStart, FullStart, ConfirmedStart } }

/// Limits of the table (R-2.10-06).
const CONTINUED_MAX: Duration = Duration::from_secs(600);
const SHORT_MAX: Duration = LONG_STOP;
const FULL_MAX: Duration = Duration::from_secs(24 * 3600);

impl Resume {
    /// By how long the power, or the controller, was away.
    #[must_use]
    pub fn after(outage: Duration) -> Resume {
        if outage < CONTINUED_MAX {
            Resume::Continued
        } else if outage < SHORT_MAX {
            Resume::ShortStart
        } else if outage <= FULL_MAX {
            Resume::FullStart
        } else {
            Resume::ConfirmedStart
        }
    }

    /// The long form of the start.
    #[must_use]
    pub fn is_full(self) -> bool {
        match self {
            Resume::FullStart | Resume::ConfirmedStart => true,
            Resume::None | Resume::Continued | Resume::ShortStart => false,
        }
    }
}

impl System {
    /// After a restart the plant goes on by the table of `docs/spec/plant.md` 2.10. When nobody knows how long it was away,
    /// nothing starts by itself.
    pub fn restored(&mut self, age: Option<Duration>) {
        self.emergency_profile.restored(age);
        self.start.restored(self.retained.start_failures, age.unwrap_or_default());
        let Some(age) = age else {
            self.retained.intent = false;
            self.retained.idle_time = LONG_STOP;
            return;
        };
        self.retained.idle_time = self.retained.idle_time.saturating_add(age);
        if self.retained.intent {
            self.resume(self.retained.mains_away.saturating_add(age));
        }
    }

    pub(super) fn resume(&mut self, outage: Duration) {
        self.status.resume = Resume::after(outage);
        self.retained.strength_unconfirmed |= self.status.resume == Resume::ConfirmedStart;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-2.10-06: the table, at its edges.
    #[test]
    fn an_outage_resumes_by_its_length() {
        for (seconds, resume) in [
            (1, Resume::Continued),
            (599, Resume::Continued),
            (600, Resume::ShortStart),
            (7199, Resume::ShortStart),
            (7200, Resume::FullStart),
            (86_400, Resume::FullStart),
            (86_401, Resume::ConfirmedStart),
        ] {
            assert_eq!(Resume::after(Duration::from_secs(seconds)), resume, "{seconds} s");
        }
    }
}
