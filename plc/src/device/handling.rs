//! Who commands a device or a unit: the sequence, a person, or nobody.
//!
//! ```text
//! Auto <-> Manual (a person's wish, for a limited time)      any <-> Off      any <-> Maintenance (locked out, 8 h)
//! ```
//! A wish replaces the sequence's demand and nothing else: interlocks, protections and caps hold as ever. A change of mode
//! starts nothing in its own scan. `docs/spec/plant.md` 2.1.

use core::time::Duration;

use crate::declare::{kept, retained, states};
use crate::quantity::{Count, Percent};
use crate::reason::{Reason, Reasons};
use crate::tag::Visitor;

/// Who commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The sequence.
    Auto,
    /// Nobody: it stands still until a person says otherwise.
    Off,
    /// A person, for a limited time.
    Manual,
    /// Nobody, and nobody may: somebody has their hands in it.
    Maintenance,
}
states! { Mode { Auto, Off, Manual, Maintenance } }

/// A maintenance lock ends with alarm 917 after this; the device stays off (`docs/spec/plant.md` 2.1).
pub const LOCK_TIME: Duration = Duration::from_secs(8 * 3600);
/// A manual run ends by itself after this, unless it was asked for less: one meal, not one night (chosen; F56).
pub const MANUAL_TIME: Duration = Duration::from_secs(3600);

retained! {
    /// The part that a restart keeps: a lock-out outlives a power cut.
    pub struct Kept {
        /// Mode: who commands it.
        pub mode: Mode = kept().else_is(1.0),
        /// Time left of the manual run, or of the maintenance lock.
        pub mode_left: Duration = kept().within(0.0..=28_800.0),
        /// Number of the order by which a person holds it; the journal has the name under it. 0: nobody.
        pub held_by: Count = kept().within(0.0..=4_294_967_295.0),
    }
}

/// Who commands it, and what a person wishes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Handling {
    kept: Kept,
    /// `None`: nobody wishes anything any more, or nobody has yet.
    wish: Option<Percent>,
    /// What the device does, as of its last scan: a person takes over from there. `None`: nobody knows.
    now: Option<Percent>,
    /// The mode was changed in this scan: nothing starts yet.
    fresh: bool,
}

impl Handling {
    /// Shows itself, then its points.
    pub fn visit<V: Visitor>(&mut self, visitor: &mut V) {
        visitor.handling(self);
        self.kept.visit(visitor);
    }

    /// The mode of now.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.kept.mode
    }

    /// The sequence commands.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.kept.mode == Mode::Auto
    }

    /// A person commands.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.kept.mode == Mode::Manual
    }

    /// Nobody commands: switched off, or locked out.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.kept.mode, Mode::Off | Mode::Maintenance)
    }

    /// Its maintenance lock has run out: alarm 917, and it stays off until released.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.kept.mode == Mode::Maintenance && self.kept.mode_left == Duration::ZERO
    }

    /// What a person asks of it, 0 to 100 %: speed, share of full strokes, or place of a valve; 0 once that has ended. `None`
    /// in AUTO.
    #[must_use]
    pub fn wish(&self) -> Option<Percent> {
        match self.kept.mode {
            Mode::Auto => None,
            Mode::Manual => Some(self.wish.unwrap_or(Percent::ZERO)),
            Mode::Off | Mode::Maintenance => Some(Percent::ZERO),
        }
    }

    /// In MANUAL, and no wish stands: its time is over, it was ended, or the controller has been away.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.is_manual() && self.wish.is_none()
    }

    /// Whether it is to be open or run: the sequence's word in AUTO, else the person's.
    #[must_use]
    pub fn wants(&self, auto: bool) -> bool {
        self.wish().map_or(auto, |wish| wish >= Percent(50.0))
    }

    /// Why the sequence has no say.
    #[must_use]
    pub fn why(&self) -> Reasons {
        match self.kept.mode {
            Mode::Auto => Reasons::NONE,
            Mode::Off => Reasons::only(Reason::SwitchedOff),
            Mode::Manual => Reasons::only(Reason::InManual),
            Mode::Maintenance => Reasons::only(Reason::InMaintenance),
        }
    }

    /// The mode was changed in this scan.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// End of its scan, in which it did `now` (0 to 100 %): time passes. A manual run that ends leaves the device off and in
    /// MANUAL; nothing starts by itself.
    pub fn elapse(&mut self, now: Percent, elapsed: Duration) {
        self.elapse_at(Some(now), elapsed);
    }

    /// The same for a valve, of which nobody may know where it stands.
    pub(super) fn elapse_at(&mut self, now: Option<Percent>, elapsed: Duration) {
        self.fresh = false;
        self.now = now;
        if self.kept.mode == Mode::Auto {
            return;
        }
        self.kept.mode_left = self.kept.mode_left.saturating_sub(elapsed);
        if self.kept.mode_left == Duration::ZERO {
            self.wish = None;
        }
    }

    /// What a person wished of it has ended: it stays in MANUAL, and starts nothing by itself.
    pub fn end_wish(&mut self) {
        self.wish = None;
    }

    /// Another mode, by this order. A person takes over from what the device does, without a bump.
    pub fn change(&mut self, mode: Mode, order: u32) {
        if mode == self.kept.mode {
            return;
        }
        self.fresh = true;
        self.wish = if mode == Mode::Manual { self.now } else { None };
        self.kept = Kept {
            mode,
            mode_left: match mode {
                Mode::Auto | Mode::Off => Duration::ZERO,
                Mode::Manual => MANUAL_TIME,
                Mode::Maintenance => LOCK_TIME,
            },
            held_by: Count(if mode == Mode::Auto { 0.0 } else { f64::from(order) }),
        };
    }

    /// A person's wish for at most `time`, no longer than [`MANUAL_TIME`]. Only in MANUAL.
    pub fn ask(&mut self, wish: Percent, time: Duration, order: u32) -> Result<(), Reason> {
        if !self.is_manual() {
            return Err(Reason::NotInManual);
        }
        self.wish = Some(wish.within(Percent(0.0), Percent(100.0)));
        self.kept.mode_left = if time < MANUAL_TIME { time } else { MANUAL_TIME };
        self.kept.held_by = Count(f64::from(order));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// R-2.1-02: a manual run ends by itself.
    #[test]
    fn a_manual_run_ends_after_its_time_and_the_device_stays_in_manual() {
        let mut handling = Handling::default();
        assert_eq!(handling.ask(Percent(80.0), HOUR, 1), Err(Reason::NotInManual));
        handling.change(Mode::Manual, 7);
        assert!(handling.ask(Percent(80.0), HOUR, 8).is_ok());
        handling.elapse(Percent(0.0), HOUR / 2);
        assert_eq!(handling.wish(), Some(Percent(80.0)));
        handling.elapse(Percent(0.0), HOUR / 2);
        assert_eq!((handling.wish(), handling.mode()), (Some(Percent(0.0)), Mode::Manual));
    }

    /// R-2.1-02: nor can it be asked for longer.
    #[test]
    fn a_manual_run_lasts_an_hour_at_most_whatever_was_asked() {
        let mut handling = Handling::default();
        handling.change(Mode::Manual, 7);
        assert!(handling.ask(Percent(80.0), HOUR * 8, 8).is_ok());
        handling.elapse(Percent(80.0), HOUR - Duration::from_secs(1));
        assert!(!handling.has_ended());
        handling.elapse(Percent(80.0), Duration::from_secs(1));
        assert!(handling.has_ended() && handling.wish() == Some(Percent(0.0)));
    }

    /// R-2.1-04, F58: the lock ends after 8 h with an alarm, and the device stays off until it is released.
    #[test]
    fn a_forgotten_maintenance_lock_is_called_out_and_the_device_stays_off() {
        let mut handling = Handling::default();
        handling.change(Mode::Maintenance, 7);
        handling.elapse(Percent(0.0), HOUR * 8 - Duration::from_secs(1));
        assert!(!handling.is_overdue() && !handling.wants(true));
        handling.elapse(Percent(0.0), HOUR);
        assert!(handling.is_overdue() && !handling.wants(true));
        handling.change(Mode::Auto, 9);
        assert!(!handling.is_overdue() && handling.wants(true));
    }

    /// R-2.1-08: bumpless transfer.
    #[test]
    fn a_person_takes_over_from_what_the_device_does() {
        let mut handling = Handling::default();
        handling.elapse(Percent(72.0), HOUR);
        handling.change(Mode::Manual, 7);
        assert_eq!(handling.wish(), Some(Percent(72.0)));
        assert!(handling.is_fresh());
        handling.elapse(Percent(72.0), Duration::from_secs(1));
        assert!(!handling.is_fresh());
    }
}
