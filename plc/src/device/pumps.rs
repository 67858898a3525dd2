//! Pumps that share a duty: whose it is, who takes over from one that failed, and who rests because it ran and nothing moved.
//!
//! R-2.15-01, R-2.15-03; proof of effect: R-2.6.6-02, R-2.8-09, INV-19, INV-20.

use core::time::Duration;

use super::Drive;
use crate::block::{Candidate, Duty, pinned};
use crate::quantity::Count;
use crate::reason::Reasons;

/// Pumps of a duty, at most.
pub const PUMPS_MAX: usize = 3;

/// Bit by pump: not faulty, in AUTO, and nothing else that its unit knows against it.
pub type Fit = [bool; PUMPS_MAX];

/// What is remembered of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pumps {
    duty: Duty,
    had: Option<usize>,
    handed_over: bool,
    /// Rest left of each.
    rest: [Duration; PUMPS_MAX],
    /// Why they rest.
    why: Reasons,
}

impl Pumps {
    /// Time passes; a person's reset ends the rests.
    pub fn elapse(&mut self, reset: bool, elapsed: Duration) {
        for rest in &mut self.rest {
            *rest = if reset { Duration::ZERO } else { rest.saturating_sub(elapsed) };
        }
        if self.rest_left().is_zero() {
            self.why = Reasons::NONE;
        }
    }

    /// Those that run ran without effect: they rest, and why is said.
    pub fn send_to_rest(&mut self, pumps: &[Drive], rest: Duration, why: Reasons) {
        self.why = self.why.and(why);
        for (left, pump) in self.rest.iter_mut().zip(pumps) {
            if pump.is_running() {
                *left = rest;
            }
        }
    }

    /// This one rests.
    #[must_use]
    pub fn rests(&self, pump: usize) -> bool {
        self.rest.get(pump).is_some_and(|rest| !rest.is_zero())
    }

    /// Why it rests, while it does: that holds a run by hand too.
    #[must_use]
    pub fn rest_of(&self, pump: usize) -> Reasons {
        if self.rests(pump) { self.why } else { Reasons::NONE }
    }

    /// Why some rest.
    #[must_use]
    pub fn why(&self) -> Reasons {
        self.why
    }

    /// Until none rests any more.
    #[must_use]
    pub fn rest_left(&self) -> Duration {
        self.rest.iter().copied().fold(Duration::ZERO, Duration::max)
    }

    /// Not faulty, in AUTO, and not resting.
    #[must_use]
    pub fn is_fit(&self, pumps: &[Drive], pump: usize) -> bool {
        !self.rests(pump) && pumps.get(pump).is_some_and(Drive::is_available)
    }

    /// Which of them are.
    #[must_use]
    pub fn fit(&self, pumps: &[Drive]) -> Fit {
        core::array::from_fn(|pump| self.is_fit(pumps, pump))
    }

    /// So many failed or rest.
    #[must_use]
    pub fn failed(&self, pumps: &[Drive]) -> usize {
        pumps.iter().enumerate().filter(|(at, pump)| pump.is_faulty() || self.rests(*at)).count()
    }

    /// Who has the duty: fit, and with fewer run hours; never another one while one runs. The standby of a pump that failed
    /// may ignore its time off once (R-2.15-03). One that a person takes into MANUAL while it runs keeps the duty as long as it
    /// does: no other starts beside it, nor because of the change (R-2.1-08).
    pub fn choose(&mut self, pumps: &mut [Drive], fit: Fit, pin: Count) -> Option<usize> {
        let mut choices = [Candidate::default(); PUMPS_MAX];
        let mut running = false;
        for ((choice, pump), fit) in choices.iter_mut().zip(&*pumps).zip(fit) {
            *choice = pump.as_candidate(fit);
            running |= pump.is_on();
        }
        self.handed_over = false;
        let by_hand = |pump: &Drive| pump.handling.is_manual() && pump.is_on();
        if let Some(had) = self.had.filter(|had| pumps.get(*had).is_some_and(by_hand)) {
            return Some(had);
        }
        let choices = &choices[..pumps.len().min(PUMPS_MAX)];
        let duty = self.duty.choose(choices, running, pinned(pin));
        // Faulty, or in AUTO and yet not fit: a change of mode is no failure.
        let failed = |at: usize| {
            let unfit = !fit.get(at).is_some_and(|fit| *fit);
            unfit && pumps.get(at).is_some_and(|pump| pump.is_faulty() || pump.is_available())
        };
        if let (Some(before), Some(now)) = (self.had, duty)
            && before != now
            && failed(before)
            && let Some(standby) = pumps.get_mut(now)
        {
            standby.hurry();
            self.handed_over = true;
        }
        self.had = duty.or(self.had);
        duty
    }

    /// The duty went from a failed pump to another one in this scan.
    #[must_use]
    pub fn handed_over(&self) -> bool {
        self.handed_over
    }

    /// The one that has the duty, once it was chosen.
    #[must_use]
    pub fn on_duty(&self) -> Option<usize> {
        self.duty.chosen()
    }
}
