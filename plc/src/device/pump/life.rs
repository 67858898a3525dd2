//! What a motor does next, and how long and how often it may.

use core::time::Duration;

use super::{Ask, DriveRetained, Stagger, State};
use crate::block::StartBudget;
use crate::declare::states;
use crate::reason::{Reason, Reasons};

/// Limits of a motor, from its unit's settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Standing time between runs.
    pub minimum_off: Duration,
    /// So large that low voltage and a weak supply hold it (`docs/spec/plant.md` 2.11).
    pub large: bool,
    /// Starts in any 24 h.
    pub starts_per_day: u32,
}

impl Limits {
    /// A surface pump (R-2.15-02): six starts an hour, all day long, as a network without a tank may ask for.
    pub const SURFACE: Limits =
        Limits { minimum_off: Duration::from_secs(180), large: true, starts_per_day: u32::MAX };
    /// A submersible pump (R-2.15-02).
    pub const SUBMERSIBLE: Limits =
        Limits { minimum_off: Duration::from_secs(360), starts_per_day: 60, ..Limits::SURFACE };
    /// A small motor on a contactor that works in short strokes: mixer, sludge pump, decant pump, blower.
    pub const SMALL: Limits =
        Limits { minimum_off: Duration::from_secs(10), large: false, starts_per_day: u32::MAX };
}

/// A pump that has started had better run for this long (R-2.15-02).
const MINIMUM_ON: Duration = Duration::from_secs(120);

/// What passes by itself, and nobody's failure.
pub(super) const RESTS: Reasons = Reasons::all(&[
    Reason::MinimumOffTime,
    Reason::StartsUsedUp,
    Reason::StartStaggered,
    Reason::VoltageLow,
    Reason::PowerBudget,
    Reason::PowerLimited,
]);

/// Feedback must appear within this (`docs/spec/plant.md` 2.0).
const FEEDBACK_TIME: Duration = Duration::from_secs(5);
/// A motor that nobody asks may show that it runs for so long.
const UNASKED_TIME: Duration = Duration::from_secs(10);
/// What a restart goes on with is written this often (R-2.10-08).
const KEPT_EVERY: Duration = Duration::from_secs(5);
/// The meter tells of a low voltage no later than this after a motor that it stopped; chosen: its stale limit and a poll.
const VOLTAGE_SEEN: Duration = Duration::from_secs(10);
/// The voltage must be good for so long before a motor that it stopped is tried again (R-2.10-03).
const VOLTAGE_GOOD: Duration = Duration::from_secs(60);
/// It is tried again so often, until somebody resets or it has run for an hour (chosen; F44).
const RETRIES_MAX: u8 = 3;
const RETRIES_FORGOTTEN: Duration = Duration::from_secs(3600);
/// What a low voltage does to a motor: it stands, or its drive trips.
const BY_VOLTAGE: Reasons = Reasons::all(&[Reason::NoRunFeedback, Reason::DriveTripped]);
/// A running motor may lose its feedback this long: one missed poll of a drive.
const FEEDBACK_GAP: Duration = Duration::from_secs(2);

/// Time and starts of a motor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Life {
    in_state: Duration,
    gap: Duration,
    /// It runs, and nobody asks it to, for so long.
    unasked: Duration,
    starts: StartBudget,
    /// Left of the minimum time off; until it has stopped, all of it.
    off_left: Duration,
    hurried: bool,
    ran_for: Duration,
    /// What became of it, while it is a fault.
    failed_by: Reasons,
    /// It failed while the voltage was too low, and may be tried again.
    by_voltage: bool,
    voltage_good: Duration,
    retries: u8,
}

impl Life {
    pub(super) fn next(
        &mut self,
        before: State,
        feedback: Feedback,
        ask: Ask,
        limits: Limits,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) -> (State, Reasons) {
        self.in_state = self.in_state.saturating_add(elapsed);
        self.off_left = match before {
            State::Off | State::Locked => self.off_left.saturating_sub(elapsed),
            State::Starting | State::Running | State::Stopping | State::Fault => limits.minimum_off,
        };
        self.starts.elapse(elapsed);
        self.gap = if feedback.running { Duration::ZERO } else { self.gap.saturating_add(elapsed) };
        let asked = match before {
            State::Off | State::Locked => ask.run,
            State::Starting | State::Running | State::Stopping => true,
            // Whatever it failed by: it is told to stand.
            State::Fault => false,
        };
        // At the panel people run it, and the controller only looks on.
        let runs_alone = feedback.running && !asked && !ask.is_taken_over();
        self.unasked =
            if runs_alone { self.unasked.saturating_add(elapsed) } else { Duration::ZERO };
        let low = stagger.held(limits).has(Reason::VoltageLow);
        self.voltage_good =
            if low { Duration::ZERO } else { self.voltage_good.saturating_add(elapsed) };
        let mut why = Reasons::NONE;
        let state = match before {
            State::Fault if self.may_be_tried_again(feedback) => {
                self.retries += 1;
                State::Locked
            }
            State::Fault => State::Fault,
            State::Off | State::Starting | State::Running | State::Stopping | State::Locked
                if feedback.tripped =>
            {
                State::Fault
            }
            State::Off | State::Locked if self.unasked > UNASKED_TIME => State::Fault,
            State::Off if ask.run => {
                if feedback.running {
                    // Runs although nobody asked: a welded contactor, or a drive in local.
                    State::Fault
                } else if !self.starts.allows(limits.starts_per_day) {
                    why = why.with(Reason::StartsUsedUp);
                    State::Off
                } else if !stagger.held(limits).is_empty() {
                    why = why.and(stagger.held(limits));
                    State::Off
                } else if stagger.take() {
                    self.starts.count();
                    State::Starting
                } else {
                    why = why.with(Reason::StartStaggered);
                    State::Off
                }
            }
            State::Off => State::Off,
            State::Starting if !ask.run => State::Stopping,
            State::Starting if feedback.running => State::Running,
            State::Starting if self.in_state > FEEDBACK_TIME => State::Fault,
            State::Starting => State::Starting,
            State::Running if !ask.run => State::Stopping,
            State::Running if self.gap > FEEDBACK_GAP => State::Fault,
            State::Running => State::Running,
            State::Stopping if !feedback.running => State::Locked,
            State::Stopping if self.in_state > UNASKED_TIME => State::Fault,
            State::Stopping => State::Stopping,
            State::Locked if self.off_left.is_zero() || self.hurried => State::Off,
            State::Locked => {
                why = why.and_if(ask.run, Reason::MinimumOffTime);
                State::Locked
            }
        };
        if state != before {
            self.in_state = Duration::ZERO;
            self.hurried = false;
        }
        self.by_voltage &= state == State::Fault;
        if state != State::Fault {
            self.failed_by = Reasons::NONE;
        } else if before != State::Fault {
            self.failed_by = Reasons::only(named(before, feedback));
        } else if self.unasked > UNASKED_TIME {
            self.failed_by = self.failed_by.with(Reason::RunsUnasked);
        }
        self.by_voltage |= state == State::Fault && low && self.in_state <= VOLTAGE_SEEN;
        (state, why.and_if(state == State::Fault, Reason::PumpFault).and(self.failed_by))
    }
}

impl Life {
    /// A low voltage is nobody's failure: what it stopped is tried again when it is back for good, some times (F44).
    fn may_be_tried_again(&self, feedback: Feedback) -> bool {
        self.by_voltage
            && self.failed_by.without(BY_VOLTAGE).is_empty()
            && self.voltage_good >= VOLTAGE_GOOD
            && self.retries < RETRIES_MAX
            && !feedback.tripped
            && !feedback.running
    }

    /// A person has reset it: its state begins anew.
    pub(super) fn begin(&mut self) {
        self.in_state = Duration::ZERO;
        self.retries = 0;
    }

    /// Its minimum time off does not count this once.
    pub(super) fn hurry(&mut self) {
        self.hurried = true;
    }

    /// How long it has run without a pause.
    pub(super) fn ran_for(&mut self, feedback: Feedback, elapsed: Duration) -> Duration {
        let ran = self.ran_for.saturating_add(elapsed);
        self.ran_for = if feedback.running { ran } else { Duration::ZERO };
        if self.ran_for >= RETRIES_FORGOTTEN {
            self.retries = 0;
        }
        self.ran_for
    }

    /// Left of its minimum time on, while it runs.
    pub(super) fn on_left(&self) -> Duration {
        MINIMUM_ON.saturating_sub(self.in_state)
    }

    /// Time until its budget has one more start for it.
    pub(super) fn start_left(&self, limits: Limits) -> Duration {
        self.starts.left(limits.starts_per_day)
    }

    /// Writes down what a restart must not give back.
    pub(super) fn keep(&self, kept: &mut DriveRetained) {
        kept.off_left = self.off_left;
        (kept.hour_starts, kept.day_starts, kept.day_time) = self.starts.kept();
    }

    /// Takes it up, so much later; whether its minimum time off is not over. It may have run for a while after it was kept.
    pub(super) fn restored(&mut self, kept: &DriveRetained, age: Duration) -> bool {
        self.starts = StartBudget::of(kept.hour_starts, kept.day_starts, kept.day_time);
        self.starts.elapse(age);
        self.off_left = kept.off_left.saturating_sub(age.saturating_sub(KEPT_EVERY));
        !self.off_left.is_zero()
    }

    /// What a restart must not forgive.
    pub(super) fn failure(&self, state: State) -> Failure {
        match state {
            State::Off | State::Starting | State::Running | State::Stopping | State::Locked => {
                Failure::None
            }
            State::Fault if self.failed_by.has(Reason::RunsUnasked) => Failure::RunsUnasked,
            State::Fault if self.by_voltage => Failure::VoltageLow,
            State::Fault if self.failed_by.has(Reason::DriveTripped) => Failure::DriveTripped,
            State::Fault => Failure::NoRunFeedback,
        }
    }

    /// Takes it up; whether there is any. What a low voltage stopped is tried again as before, as often as ever: the starts that
    /// were used up bound that.
    pub(super) fn recall(&mut self, failure: Failure) -> bool {
        let reason = match failure {
            Failure::None => return false,
            Failure::DriveTripped => Reason::DriveTripped,
            Failure::NoRunFeedback | Failure::VoltageLow => Reason::NoRunFeedback,
            Failure::RunsUnasked => Reason::RunsUnasked,
        };
        self.failed_by = Reasons::only(reason);
        self.by_voltage = failure == Failure::VoltageLow;
        // It failed before the restart: a voltage that is low now, as after most outages, says nothing of that.
        self.in_state = VOLTAGE_SEEN;
        true
    }

    /// How long what rests it will last, as far as that is known.
    pub(super) fn wait_left(
        &self,
        state: State,
        why: Reasons,
        limits: Limits,
        stagger: &Stagger,
    ) -> Duration {
        if state == State::Locked {
            self.off_left
        } else if why.has(Reason::StartsUsedUp) {
            self.starts.left(limits.starts_per_day)
        } else if why.has(Reason::StartStaggered) {
            stagger.left()
        } else {
            Duration::ZERO
        }
    }
}

/// What a motor in FAULT failed by, as it is kept; the worst where there is more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    None,
    DriveTripped,
    NoRunFeedback,
    RunsUnasked,
    /// While the voltage was too low: it is tried again by itself.
    VoltageLow,
}
states! { Failure { None, DriveTripped, NoRunFeedback, RunsUnasked, VoltageLow } }

/// What a motor that fails in this state has.
fn named(before: State, feedback: Feedback) -> Reason {
    match before {
        _ if feedback.tripped => Reason::DriveTripped,
        State::Off | State::Locked | State::Stopping => Reason::RunsUnasked,
        State::Starting | State::Running | State::Fault => Reason::NoRunFeedback,
    }
}

/// What a motor in FAULT may have.
pub(super) const FAULTS: Reasons = Reasons::all(&[
    Reason::PumpFault,
    Reason::DriveTripped,
    Reason::NoRunFeedback,
    Reason::RunsUnasked,
]);

#[derive(Clone, Copy)]
pub(super) struct Feedback {
    pub running: bool,
    pub tripped: bool,
}
