//! The shelf: an alarm that a person puts aside for a while (`docs/spec/interfaces.md` 1.2, AR-06).

use core::time::Duration;

use super::Priority;
use crate::reason::Reason;
use crate::tag::Role;

/// How long an alarm is shelved where nobody says (AR-06).
pub const SHELF_DEFAULT: Duration = Duration::from_secs(1800);

/// Whether an alarm is on the shelf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Shelf {
    #[default]
    Unshelved,
    /// For a time.
    Timed,
    /// Until its cause goes; no longer than the longest time.
    OneShot,
}

/// How somebody wants to shelve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shelve {
    /// For so many seconds.
    For(f64),
    /// Until its cause goes.
    Once,
}

/// Longest time on the shelf: P1 never, P2 1 h, P3 and P4 8 h (`docs/spec/contracts.md`, Roles, alarms).
#[must_use]
pub const fn shelf_max(priority: Priority) -> Option<Duration> {
    match priority {
        Priority::P1 => None,
        Priority::P2 => Some(Duration::from_secs(3600)),
        Priority::P3 | Priority::P4 => Some(Duration::from_secs(8 * 3600)),
    }
}

/// The least role that may shelve an alarm of this priority.
const fn least_role(priority: Priority) -> Role {
    match priority {
        Priority::P1 | Priority::P2 => Role::Supervisor,
        Priority::P3 | Priority::P4 => Role::Operator,
    }
}

/// One alarm's place on the shelf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub shelf: Shelf,
    pub left: Duration,
    /// Number of the order; the journal has the name under it.
    pub by: u32,
}

impl Place {
    /// A place for this alarm, if this person may have one.
    pub fn taken(priority: Priority, role: Role, how: Shelve, order: u32) -> Result<Place, Reason> {
        let most = shelf_max(priority).ok_or(Reason::NeverShelved)?;
        if role < least_role(priority) {
            return Err(Reason::NotPermitted);
        }
        let (shelf, left) = match how {
            Shelve::Once => (Shelf::OneShot, most),
            Shelve::For(seconds) if seconds > 0.0 && seconds <= most.as_secs_f64() => {
                (Shelf::Timed, Duration::from_secs_f64(seconds))
            }
            Shelve::For(_) => return Err(Reason::OutOfRange),
        };
        Ok(Place { shelf, left, by: order })
    }

    /// Whether it is on the shelf.
    pub fn is_taken(&self) -> bool {
        self.shelf != Shelf::Unshelved
    }

    /// Time passes; whether it has just run out.
    pub fn elapse(&mut self, elapsed: Duration) -> bool {
        self.left = self.left.saturating_sub(elapsed);
        self.is_taken() && self.left.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: f64 = 3600.0;

    /// AR-06: by priority, role and time.
    #[test]
    fn who_may_shelve_what_for_how_long() {
        let (operator, supervisor, engineer) = (Role::Operator, Role::Supervisor, Role::Engineer);
        let (never, may_not, too_long) =
            (Err(Reason::NeverShelved), Err(Reason::NotPermitted), Err(Reason::OutOfRange));
        for (priority, role, seconds, verdict) in [
            (Priority::P1, engineer, 1.0, never),
            (Priority::P1, supervisor, HOUR, never),
            (Priority::P2, operator, HOUR, may_not),
            (Priority::P2, supervisor, HOUR, Ok(())),
            (Priority::P2, supervisor, HOUR + 0.1, too_long),
            (Priority::P3, Role::Observer, HOUR, may_not),
            (Priority::P3, operator, 8.0 * HOUR, Ok(())),
            (Priority::P3, operator, 8.0 * HOUR + 0.1, too_long),
            (Priority::P4, operator, 8.0 * HOUR, Ok(())),
            (Priority::P4, engineer, 9.0 * HOUR, too_long),
            (Priority::P4, operator, 0.0, too_long),
            (Priority::P4, operator, -1.0, too_long),
            (Priority::P4, operator, f64::NAN, too_long),
            (Priority::P4, operator, f64::INFINITY, too_long),
        ] {
            let taken = Place::taken(priority, role, Shelve::For(seconds), 7).map(|_| ());
            assert_eq!(taken, verdict, "{priority:?}, {role:?}, {seconds}");
        }
        assert_eq!(Place::taken(Priority::P1, engineer, Shelve::Once, 7).map(|_| ()), never);
        assert_eq!(Place::taken(Priority::P2, operator, Shelve::Once, 7).map(|_| ()), may_not);
        let once = Place::taken(Priority::P2, supervisor, Shelve::Once, 7);
        assert_eq!(
            once.map(|place| (place.shelf, place.left.as_secs())),
            Ok((Shelf::OneShot, 3600))
        );
        assert!(
            Place::taken(Priority::P3, operator, Shelve::For(SHELF_DEFAULT.as_secs_f64()), 7)
                .is_ok()
        );
    }
}
