//! What has moved, and what may move next: the record of one chemical, in whole micrograms.
//!
//! Mass is reserved ahead. The shell writes the reservation down, and only what is on the disk for certain may be dosed: after a
//! power cut what was reserved counts as moved, just now, so that no restart gives anything back. Time of which nobody knows
//! did not pass. `docs/spec/contracts.md`, "Storage against safety".

use core::time::Duration;

use crate::block::{Rolling, SLICES};

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// A dose is what moves within so long, and needs so long to mix: the longest of a static mixer with its pipe and of the clear
/// well's inlet compartment, stirred by its own inflow (chosen; short against INV-8's 180 s).
pub const MIXING_TIME: Duration = Duration::from_secs(60);
/// Priming allowed in a day (INV-7).
pub(super) const PRIMING_MAX: Duration = Duration::from_secs(60);

/// No day of a plant of 50 m³/h comes near this: 10 t, in micrograms.
const MASS_MAX: u64 = 10_000_000_000_000;
/// Nor the centuries near this; a float still tells one microgram of it apart.
const TOTAL_MAX: u64 = 1 << 52;
/// No solution is stronger than the dry substance, mg/l.
const STRENGTH_MAX: u64 = 1_000_000;

/// The record of one chemical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub(super) hour: Rolling,
    pub(super) day: Rolling,
    /// What moved within a mixing time. Not kept: no pump starts so soon after a restart.
    pub(super) dose: Rolling,
    /// All that ever moved.
    pub(super) moved: u64,
    /// How far `moved` may go once this is durable.
    pub(super) reserved: u64,
    /// A cap was reached, and nobody has reset it.
    pub(super) hourly_reached: bool,
    pub(super) daily_reached: bool,
    /// What moved before is not on record, and the hour in which nothing moves for it is not over (R-2.18-08).
    pub(super) lost: bool,
    /// Primed within a day, and since when that day runs.
    pub(super) primed: Duration,
    pub(super) since_prime: Duration,
    /// The strongest stock that may still be in the tank, mg/l, and how long ago a weaker one was entered.
    pub(super) strength: u64,
    pub(super) weaker_for: Duration,
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger {
            hour: Rolling::over(HOUR),
            day: Rolling::over(DAY),
            dose: Rolling::over(MIXING_TIME),
            moved: 0,
            reserved: 0,
            hourly_reached: false,
            daily_reached: false,
            lost: false,
            primed: Duration::ZERO,
            since_prime: DAY,
            strength: 0,
            weaker_for: Duration::ZERO,
        }
    }
}

impl Ledger {
    /// Numbers of a kept ledger.
    pub const WORDS: usize = 2 * (SLICES + 1) + 7;
    /// Which of them says what is reserved.
    pub const RESERVED: usize = 2 * SLICES + 3;

    /// Time passed, and so much moved in it.
    pub(super) fn book(&mut self, micro: u64, elapsed: Duration) {
        self.hour.add(micro, elapsed);
        self.day.add(micro, elapsed);
        self.dose.add(micro, elapsed);
        self.moved = self.moved.saturating_add(micro);
        if self.reserved < self.moved {
            self.reserved = self.moved;
        }
    }

    /// What is reserved, in all, micrograms: the shell makes it durable, and says so.
    #[must_use]
    pub fn reserved(&self) -> u64 {
        self.reserved
    }

    /// All that ever moved, micrograms.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.moved
    }

    /// As it is kept.
    #[must_use]
    pub fn words(&self) -> [u64; Ledger::WORDS] {
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let mut words = [0; Ledger::WORDS];
        let (hour, hour_us) = self.hour.slices();
        let (day, day_us) = self.day.slices();
        let flags = u64::from(self.hourly_reached)
            + 2 * u64::from(self.daily_reached)
            + 4 * u64::from(self.lost);
        let rest = [
            hour_us,
            day_us,
            self.moved,
            self.reserved,
            flags,
            us(self.primed),
            us(self.since_prime),
            self.strength,
            us(self.weaker_for),
        ];
        for (place, word) in words.iter_mut().zip(hour.into_iter().chain(day).chain(rest)) {
            *place = word;
        }
        words
    }

    /// From what was kept; `None`: no ledger of this plant can read so.
    #[must_use]
    pub fn from_words(words: &[u64; Ledger::WORDS]) -> Option<Ledger> {
        let slices = |from: usize| core::array::from_fn(|at| words[from + at]);
        let (hour, day): ([u64; SLICES], [u64; SLICES]) = (slices(0), slices(SLICES));
        let [hour_us, day_us, moved, reserved, flags, primed, since_prime, strength, weaker_for] =
            core::array::from_fn(|at| words[2 * SLICES + at]);
        let sound = hour.iter().chain(&day).all(|slice| *slice <= MASS_MAX)
            && moved <= reserved
            && reserved <= TOTAL_MAX
            && flags <= 7
            && strength <= STRENGTH_MAX;
        sound.then(|| Ledger {
            hour: Rolling::restored(HOUR, hour, hour_us),
            day: Rolling::restored(DAY, day, day_us),
            dose: Rolling::over(MIXING_TIME),
            moved,
            reserved,
            hourly_reached: flags & 1 != 0,
            daily_reached: flags & 2 != 0,
            lost: flags & 4 != 0,
            primed: Duration::from_micros(primed),
            since_prime: Duration::from_micros(since_prime),
            strength,
            weaker_for: Duration::from_micros(weaker_for),
        })
    }

    /// After a restart: what was reserved counts as moved just now, and a priming begun as finished.
    #[must_use]
    pub(super) fn after_restart(mut self) -> Ledger {
        let unused = self.reserved.saturating_sub(self.moved);
        self.book(unused, Duration::ZERO);
        if self.primed > Duration::ZERO {
            self.primed = PRIMING_MAX;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used() -> Ledger {
        let mut ledger = Ledger::default();
        for minute in 0..3000 {
            ledger.book(1_000 + minute, Duration::from_secs(61));
        }
        ledger.reserved += 50_000;
        ledger.daily_reached = true;
        ledger.primed = Duration::from_secs(7);
        ledger.strength = 50_000;
        ledger
    }

    /// R-2.10-08, INV-17: what is kept is what was.
    #[test]
    fn a_kept_ledger_reads_back_as_it_was() {
        let ledger = used();
        let again = Ledger::from_words(&ledger.words()).expect("a sound ledger");
        assert_eq!(again.words(), ledger.words());
        assert_eq!(
            (again.hour.micro(), again.day.micro()),
            (ledger.hour.micro(), ledger.day.micro())
        );
        assert_eq!(Ledger::from_words(&Ledger::default().words()).map(|one| one.moved()), Some(0));
    }

    /// R-2.10-08: a number that no ledger can have makes it none.
    #[test]
    fn a_ledger_that_cannot_be_is_none() {
        for (word, value) in
            [(0, u64::MAX), (13, MASS_MAX + 1), (26, u64::MAX), (27, 0), (28, 8), (31, 1 << 40)]
        {
            let mut words = used().words();
            words[word] = value;
            assert_eq!(Ledger::from_words(&words), None, "word {word}");
        }
    }

    /// INV-17: a restart gives nothing back.
    #[test]
    fn after_a_restart_what_was_reserved_counts_as_moved_just_now() {
        let before = used();
        let after = before.after_restart();
        assert_eq!(after.moved, before.reserved);
        assert_eq!(after.hour.micro(), before.hour.micro() + 50_000);
        assert_eq!(after.day.micro(), before.day.micro() + 50_000);
        assert_eq!(after.primed, PRIMING_MAX);
        assert_eq!(after.after_restart(), after, "and a second one nothing more");
    }
}
