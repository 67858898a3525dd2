//! The start sequence ST1 to ST7: what each step waits for, and for how long at most (`docs/spec/plant.md` 2.2.1).

use core::time::Duration;

use super::Settings;
use crate::block::{packed, unpack};
use crate::quantity::Count;

/// What each start step waits for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    /// ST1: a way into sedimentation is open.
    pub inlet_open: bool,
    /// ST2: raw flow at 80 % of its setpoint.
    pub raw_flow: bool,
    /// ST3: PAC strokes seen.
    pub coagulant: bool,
    /// ST4: settled tank above its start level.
    pub settled: bool,
    /// ST5: a filter delivers.
    pub filtered: bool,
    /// ST6: hypochlorite strokes seen.
    pub chlorine: bool,
    /// ST7: every filter in service delivers.
    pub all_filtering: bool,
    /// In batches: none is to be filled just now, so no raw water is taken.
    pub no_raw: bool,
    /// The settled tank is full: it is filtered before any raw water is taken.
    pub settled_full: bool,
    /// The motor of this step has to stand still for a while yet, or its water goes elsewhere: that is no failure of the step.
    pub waits: bool,
}

/// The last step.
pub const LAST: u8 = 7;

/// Where the start stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Start {
    /// 1 to 7; 0 outside a start.
    step: u8,
    in_step: Duration,
    /// The plant stood for long: the long form.
    pub full: bool,
    failed: FailedStarts,
}

impl Start {
    /// Step of now, 1 to 7; 0 outside a start.
    #[must_use]
    pub fn step(&self) -> u8 {
        self.step
    }

    /// Begins with ST1, in the long form or the short one.
    pub fn begin(&mut self, full: bool) {
        *self = Start { step: 1, in_step: Duration::ZERO, full, failed: self.failed };
    }

    /// Outside a start.
    pub fn end(&mut self) {
        self.step = 0;
        self.in_step = Duration::ZERO;
        self.full = false;
    }

    /// Time passes.
    pub fn elapse(&mut self, reset: bool, elapsed: Duration) {
        self.in_step = self.in_step.saturating_add(elapsed);
        self.failed.elapse(elapsed);
        if reset {
            self.failed = FailedStarts::default();
        }
    }

    /// The step of now is done: the next one. While it has to wait the step's time stands still.
    pub fn follow(&mut self, steps: &Steps, elapsed: Duration) {
        let full = steps.settled_full;
        let done = match self.step {
            1 => steps.inlet_open || full || steps.no_raw,
            2 => steps.raw_flow || full || steps.no_raw,
            3 => steps.coagulant || full || steps.no_raw,
            4 => steps.settled || full,
            5 => steps.filtered,
            6 => steps.chlorine,
            _ => false,
        };
        if done {
            self.step += 1;
            self.in_step = Duration::ZERO;
        } else if steps.waits {
            self.in_step = self.in_step.saturating_sub(elapsed);
        }
    }

    /// Longest time for the step of now.
    #[must_use]
    pub fn limit(&self, settings: &Settings) -> Duration {
        match self.step {
            1 => settings.inlet_limit,
            2 => settings.raw_flow_limit,
            3 => settings.coagulant_limit,
            4 if self.full => settings.settled_limit,
            4 => settings.settled_limit_short,
            5 => settings.filtered_limit,
            6 => settings.chlorine_limit,
            7 => settings.all_filtering_limit,
            _ => Duration::MAX,
        }
    }

    /// The step of now has taken too long.
    #[must_use]
    pub fn is_late(&self, settings: &Settings) -> bool {
        self.in_step > self.limit(settings)
    }

    /// Time left for the step of now.
    #[must_use]
    pub fn left(&self, settings: &Settings) -> Duration {
        if self.step == 0 {
            return Duration::ZERO;
        }
        self.limit(settings).saturating_sub(self.in_step)
    }

    /// One more start has failed.
    pub fn count_failure(&mut self) {
        self.failed.count();
    }

    /// Failed starts as they are kept over a restart.
    #[must_use]
    pub fn kept(&self) -> Count {
        packed(&self.failed.ages, KEPT_STEP)
    }

    /// Takes them up, so much later.
    pub fn restored(&mut self, kept: Count, age: Duration) {
        unpack(kept, KEPT_STEP, age, &mut self.failed.ages);
    }

    /// Failed starts within the window.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.ages.iter().flatten().count()
    }

    /// Too many starts failed.
    #[must_use]
    pub fn failed_too_often(&self) -> bool {
        self.failures() >= FAILED_STARTS_MAX
    }
}

/// Three failed starts in this time are a fault (`docs/spec/plant.md` 2.2, STARTING).
const FAILED_STARTS_MAX: usize = 3;
const FAILED_STARTS_WINDOW: Duration = Duration::from_secs(2 * 3600);
/// Their ages are kept in steps of this.
const KEPT_STEP: Duration = Duration::from_secs(60);

/// Age of each failed start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct FailedStarts {
    ages: [Option<Duration>; FAILED_STARTS_MAX],
}

impl FailedStarts {
    fn elapse(&mut self, elapsed: Duration) {
        for age in &mut self.ages {
            *age = age
                .map(|age| age.saturating_add(elapsed))
                .filter(|age| *age < FAILED_STARTS_WINDOW);
        }
    }

    fn count(&mut self) {
        if let Some(place) = self.ages.iter_mut().max_by_key(|age| age.unwrap_or(Duration::MAX)) {
            *place = Some(Duration::ZERO);
        }
    }
}
