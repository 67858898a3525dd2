//! Duty and standby: which of several pumps runs, and how often it may start (`docs/spec/plant.md` 2.15).

use core::time::Duration;

use super::{packed, unpack};
use crate::quantity::Count;

/// Starts allowed in a rolling hour: `docs/spec/plant.md` 2.15 [S36].
pub const STARTS_PER_HOUR: usize = 6;
const HOUR: Duration = Duration::from_secs(3600);

/// A day in slices of two hours, and the one that has begun: what is kept of it fits in one number.
const SLICES: usize = 13;
const SLICE: Duration = Duration::from_secs(2 * 3600);
/// Ages are kept in these steps, downwards: a restart makes no start older.
const AGE_STEP: Duration = Duration::from_secs(15);

/// Starts of one motor in the last hour, and in the last day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StartBudget {
    /// Age of each of the last starts.
    ages: [Option<Duration>; STARTS_PER_HOUR],
    /// Starts in each slice of the last day.
    slices: [u8; SLICES],
    in_slice: Duration,
}

impl StartBudget {
    /// Time passes.
    pub fn elapse(&mut self, elapsed: Duration) {
        for age in &mut self.ages {
            *age = age.map(|age| age.saturating_add(elapsed)).filter(|age| *age < HOUR);
        }
        self.in_slice = self.in_slice.saturating_add(elapsed);
        let mut turns = 0;
        while self.in_slice >= SLICE && turns < SLICES {
            self.in_slice = self.in_slice.saturating_sub(SLICE);
            self.slices.rotate_right(1);
            self.slices[0] = 0;
            turns += 1;
        }
        if turns == SLICES {
            self.in_slice = Duration::ZERO;
        }
    }

    /// As it is kept over a restart: the hour's starts a byte each, the day's four bits a slice, and the time since the last
    /// slice began.
    #[must_use]
    pub fn kept(&self) -> (Count, Count, Duration) {
        let day = self.slices.iter().rev().fold(0_u64, |all, starts| {
            (all << 4) | if *starts < 15 { u64::from(*starts) } else { 15 }
        });
        (packed(&self.ages, AGE_STEP), Count(day as f64), self.in_slice)
    }

    /// Of what was kept.
    #[must_use]
    pub fn of(hour: Count, day: Count, in_slice: Duration) -> StartBudget {
        let day = day.0 as u64;
        let mut budget = StartBudget { in_slice, ..StartBudget::default() };
        unpack(hour, AGE_STEP, Duration::ZERO, &mut budget.ages);
        for (at, starts) in budget.slices.iter_mut().enumerate() {
            *starts = ((day >> (4 * at)) & 0xF) as u8;
        }
        budget
    }

    /// One more start, in an empty place or that of the start longest ago.
    pub fn count(&mut self) {
        if let Some(place) = self.ages.iter_mut().max_by_key(|age| age.unwrap_or(Duration::MAX)) {
            *place = Some(Duration::ZERO);
        }
        self.slices[0] = self.slices[0].saturating_add(1);
    }

    /// Time until one more start is allowed, of at most so many a day.
    #[must_use]
    pub fn left(&self, per_day: u32) -> Duration {
        let oldest = self.ages.iter().map(|age| age.unwrap_or(HOUR)).max();
        let hour = HOUR.saturating_sub(oldest.unwrap_or(HOUR));
        let slice = self.slices.iter().rposition(|starts| *starts > 0);
        let day = slice.filter(|_| self.in_a_day() >= per_day).map_or(Duration::ZERO, |slice| {
            (SLICE * (SLICES - slice) as u32).saturating_sub(self.in_slice)
        });
        hour.max(day)
    }

    fn in_a_day(&self) -> u32 {
        self.slices.iter().map(|starts| u32::from(*starts)).sum()
    }

    /// Whether one more start is allowed, of at most so many a day.
    #[must_use]
    pub fn allows(&self, per_day: u32) -> bool {
        self.in_a_day() < per_day && self.ages.iter().any(Option::is_none)
    }
}

/// What the choice knows of a pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidate {
    pub available: bool,
    /// Run since new.
    pub run_time: Duration,
    /// Since it last ran for five minutes.
    pub stood: Duration,
}

/// Chooses among available pumps: the one with fewer run hours; never changes a running one for balance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Duty {
    chosen: Option<usize>,
    stops: u32,
    ran: bool,
}

/// Run hours may differ by this before the duty changes (R-2.15-01).
const HOURS_APART: Duration = Duration::from_secs(8 * 3600);
/// The duty changes at every seventh stop (R-2.15-01).
const STOPS_PER_CHANGE: u32 = 7;
/// A pump that stood for a month takes the next run, so that it does not seize (R-2.15-04).
pub const EXERCISE_AFTER: Duration = Duration::from_secs(30 * 86_400);

/// The place of the pump that a setting pins: 1 is the first; 0, or what is no number of a pump: none.
#[must_use]
pub fn pinned(number: Count) -> Option<usize> {
    let number = libm::round(number.0);
    (1.0..=16.0).contains(&number).then(|| number as usize - 1)
}

impl Duty {
    /// Chooses. A pump out of order is left at once, a running one never for balance, nor for a pin or an exercise: these
    /// begin with a start that is asked for anyway, and so never against an interlock. `pinned` is the place of the pump
    /// that a person wants to have the duty.
    pub fn choose(
        &mut self,
        pumps: &[Candidate],
        running: bool,
        pinned: Option<usize>,
    ) -> Option<usize> {
        if self.ran && !running {
            self.stops += 1;
        }
        self.ran = running;
        let fit = |pump: usize| pumps.get(pump).is_some_and(|pump| pump.available);
        let freshest = (0..pumps.len()).filter(|pump| fit(*pump));
        let freshest = freshest.min_by_key(|pump| pumps[*pump].run_time)?;
        let Some(chosen) = self.chosen.filter(|chosen| fit(*chosen)) else {
            let first = pinned.filter(|pump| !running && fit(*pump));
            self.chosen = Some(first.unwrap_or(freshest));
            return self.chosen;
        };
        if !running {
            let stiff = (0..pumps.len())
                .filter(|pump| fit(*pump) && pumps[*pump].stood >= EXERCISE_AFTER)
                .max_by_key(|pump| pumps[*pump].stood);
            let pinned = pinned.filter(|pump| fit(*pump));
            let next = stiff.or(pinned).unwrap_or_else(|| self.by_turns(chosen, pumps));
            if next != chosen {
                self.chosen = Some(next);
                self.stops = 0;
            }
        }
        self.chosen
    }

    /// By run hours, and by turns.
    fn by_turns(&self, chosen: usize, pumps: &[Candidate]) -> usize {
        let turn = self.stops >= STOPS_PER_CHANGE;
        let hours = |pump: usize| pumps[pump].run_time;
        let other = (0..pumps.len())
            .filter(|pump| *pump != chosen && pumps[*pump].available)
            .min_by_key(|pump| hours(*pump));
        other
            .filter(|other| {
                let more = hours(chosen).saturating_sub(hours(*other));
                // One that has run much more than the other does not get a turn: it would go back at once.
                let less = hours(*other).saturating_sub(hours(chosen));
                more > HOURS_APART || (turn && less <= HOURS_APART)
            })
            .unwrap_or(chosen)
    }

    /// The one that has the duty, once it was chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// R-2.15-01: 0 pins none, 1 the first pump.
    #[test]
    fn a_pin_is_the_number_of_a_pump() {
        for (number, place) in [
            (0.0, None),
            (1.0, Some(0)),
            (3.0, Some(2)),
            (f64::NAN, None),
            (99.0, None),
            (-1.0, None),
        ] {
            assert_eq!(pinned(Count(number)), place, "{number}");
        }
    }

    /// R-2.15-02: sixty times a day at most, also where the hour would allow more.
    #[test]
    fn a_submersible_starts_sixty_times_a_day_at_most() {
        let mut budget = StartBudget::default();
        let mut starts = 0;
        for _ in 0..24 * 6 {
            if budget.allows(60) {
                budget.count();
                starts += 1;
            }
            budget.elapse(Duration::from_secs(601));
        }
        assert_eq!(starts, 60);
        assert!(!budget.allows(60));
        let left = budget.left(60);
        assert!(left > Duration::ZERO && left <= HOUR * 2, "{left:?}");
        budget.elapse(left);
        assert!(budget.allows(60));
        budget.elapse(HOUR * 24);
        assert!(budget.allows(60));
    }

    /// R-2.15-02: what is kept of the starts says the same of the next one, whenever it is written down; what cannot be
    /// allows no more.
    #[test]
    fn starts_that_are_kept_count_as_before() {
        let mut budget = StartBudget::default();
        let mut kept = Vec::new();
        for minute in 0..36 * 60 {
            budget.elapse(HOUR / 60);
            if minute % 15 == 0 && budget.allows(60) {
                budget.count();
            }
            let (hour, day, time) = budget.kept();
            let again = StartBudget::of(hour, day, time);
            assert_eq!(again.in_a_day(), budget.in_a_day(), "minute {minute}");
            assert_eq!(again.allows(60), budget.allows(60), "minute {minute}");
            assert!(again.left(60) >= budget.left(60), "minute {minute}");
            assert!(again.left(60) < budget.left(60) + AGE_STEP, "minute {minute}");
            kept.push(day.0);
        }
        assert!(kept.iter().any(|day| *day > 2_f64.powi(44)), "all slices are in use");
        let full = StartBudget::of(Count(2_f64.powi(48) - 1.0), Count(0.0), Duration::ZERO);
        assert!(!full.allows(60));
        let full = StartBudget::of(Count(0.0), Count(2_f64.powi(52) - 1.0), Duration::ZERO);
        assert!(!full.allows(60));
    }

    /// R-2.15-02: six times in any hour.
    #[test]
    fn a_motor_starts_six_times_an_hour_at_most() {
        let mut budget = StartBudget::default();
        for _ in 0..6 {
            assert!(budget.allows(60));
            budget.count();
            budget.elapse(Duration::from_secs(300));
        }
        assert!(!budget.allows(60));
        assert_eq!(budget.left(60), Duration::from_secs(1800));
        budget.elapse(Duration::from_secs(1801));
        assert!(budget.allows(60));
    }

    const HOUR: Duration = Duration::from_secs(3600);

    fn pump(available: bool, hours: u32) -> Candidate {
        Candidate { available, run_time: HOUR * hours, stood: Duration::ZERO }
    }

    /// R-2.15-01: the pump with fewer run hours, changed beyond 8 h, and only while none runs.
    #[test]
    fn the_duty_goes_to_the_pump_with_fewer_hours_but_only_while_stopped() {
        let mut duty = Duty::default();
        let pumps = |a, b| [pump(true, a), pump(true, b)];
        assert_eq!(duty.choose(&pumps(20, 15), false, None), Some(1), "the first choice");
        assert_eq!(duty.choose(&pumps(20, 28), false, None), Some(1), "8 h are not more than 8");
        assert_eq!(duty.choose(&pumps(20, 29), true, None), Some(1), "it runs");
        assert_eq!(duty.choose(&pumps(20, 29), false, None), Some(0));
    }

    /// R-2.15-01: every seventh stop, unless the other has run far more already.
    #[test]
    fn the_duty_changes_at_every_seventh_stop() {
        for (other, changes) in [(3, true), (8, true), (9, false)] {
            let mut duty = Duty::default();
            let pumps = [pump(true, 0), pump(true, other)];
            for stop in 1..=7 {
                assert_eq!(duty.choose(&pumps, true, None), Some(0));
                let after = duty.choose(&pumps, false, None);
                assert_eq!(
                    after,
                    Some(usize::from(stop == 7 && changes)),
                    "stop {stop}, {other} h"
                );
            }
        }
    }

    /// R-2.15-03: a pump that fails is left at once, for the freshest that is left; none: none.
    #[test]
    fn a_pump_out_of_order_is_left_at_once() {
        let mut duty = Duty::default();
        let three = |a, b, c| [pump(a, 5), pump(b, 9), pump(c, 2)];
        assert_eq!(duty.choose(&three(true, true, true), true, None), Some(2));
        assert_eq!(duty.choose(&three(true, true, false), true, None), Some(0));
        assert_eq!(duty.choose(&three(false, true, false), true, None), Some(1));
        assert_eq!(duty.choose(&three(false, false, false), true, None), None);
        assert_eq!(duty.choose(&[], true, None), None);
    }

    /// R-2.15-01: a pinned pump keeps the duty whatever the hours say, once none runs, and while it is fit.
    #[test]
    fn a_pinned_pump_has_the_duty_while_it_is_fit() {
        let mut duty = Duty::default();
        let pumps = |pinned| [pump(true, 0), pump(pinned, 100)];
        assert_eq!(duty.choose(&pumps(true), true, None), Some(0));
        assert_eq!(duty.choose(&pumps(true), true, Some(1)), Some(0), "it runs");
        assert_eq!(duty.choose(&pumps(true), false, Some(1)), Some(1));
        assert_eq!(duty.choose(&pumps(false), true, Some(1)), Some(0));
        assert_eq!(duty.choose(&pumps(true), false, Some(1)), Some(1));
        assert_eq!(duty.choose(&pumps(true), false, Some(7)), Some(0), "no such pump");
    }

    /// R-2.15-04: a standby that stood for a month takes the next run, also from a pinned one; never while one runs, and not
    /// when it is out of order.
    #[test]
    fn a_pump_that_stood_for_a_month_takes_the_next_run() {
        for (stood, available, running, expected) in [
            (EXERCISE_AFTER, true, false, 1),
            (EXERCISE_AFTER - HOUR, true, false, 0),
            (EXERCISE_AFTER, false, false, 0),
            (EXERCISE_AFTER, true, true, 0),
        ] {
            let mut duty = Duty::default();
            let stiff = Candidate { stood, ..pump(available, 50) };
            assert_eq!(duty.choose(&[pump(true, 0), pump(true, 50)], running, Some(0)), Some(0));
            let chosen = duty.choose(&[pump(true, 0), stiff], running, Some(0));
            assert_eq!(chosen, Some(expected), "{stood:?} {available} {running}");
        }
    }
}
