//! How far a setting may move in ten minutes: a slip of the finger, or a stolen session, moves a dose a little, not to the
//! end of its range (`docs/spec/contracts.md`, Settings; `docs/spec/interfaces.md` D5).

use core::time::Duration;

/// Changes are counted over this long.
const WINDOW: Duration = Duration::from_secs(600);
/// Settings on their way at once. At the limit a further one waits: whoever changes so many has ten minutes.
const CHANGES_MAX: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Change {
    row: usize,
    from: f64,
    age: Duration,
}

/// Settings changed within the last ten minutes, each with what it was before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes {
    changes: [Option<Change>; CHANGES_MAX],
}

impl Changes {
    /// Time passes.
    pub fn elapse(&mut self, elapsed: Duration) {
        for change in &mut self.changes {
            *change = change.and_then(|change| {
                let age = change.age.saturating_add(elapsed);
                (age < WINDOW).then_some(Change { age, ..change })
            });
        }
    }

    /// Whether a setting of this row may go from `now` to `to`, at most `step` from where it was ten minutes ago.
    pub fn allow(&mut self, row: usize, now: f64, to: f64, step: f64) -> bool {
        if !step.is_finite() {
            return true;
        }
        let known = self.changes.iter().flatten().find(|change| change.row == row);
        let from = known.map_or(now, |change| change.from);
        if !(libm::fabs(to - from) <= step * (1.0 + 1e-9)) {
            return false;
        }
        if known.is_some() {
            return true;
        }
        let Some(place) = self.changes.iter_mut().find(|change| change.is_none()) else {
            return false;
        };
        *place = Some(Change { row, from, age: Duration::ZERO });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INV-37, F55: what was, and not what became of it a minute ago, counts.
    #[test]
    fn small_steps_in_a_row_take_a_setting_no_farther_than_one() {
        let mut changes = Changes::default();
        for (wait, now, to, allowed) in [
            (0, 1.5, 2.1, false),
            (0, 1.5, 2.0, true),
            (60, 2.0, 2.1, false),
            (60, 2.0, 1.0, true),
            (479, 1.0, 0.9, false),
            (1, 1.0, 0.5, true),
        ] {
            changes.elapse(Duration::from_secs(wait));
            assert_eq!(changes.allow(7, now, to, 0.5), allowed, "{now} to {to}");
        }
        assert!(Changes::default().allow(7, 1.0, 100.0, f64::INFINITY));
        assert!(!Changes::default().allow(7, 1.0, f64::NAN, 1.0));
    }

    #[test]
    fn a_seventeenth_setting_waits() {
        let mut changes = Changes::default();
        assert_eq!((0..20).filter(|row| changes.allow(*row, 1.0, 1.1, 1.0)).count(), 16);
    }
}
