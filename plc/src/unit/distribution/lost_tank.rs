//! The elevated tank's level: what LT-501 says, whether it can be believed, and what counts when it cannot.
//!
//! Three witnesses: LT-501 itself; the volume that FIT-501 brought and FIT-502 took since; the pressure at PT-501 while
//! P-501 stands. `docs/spec/plant.md` 2.8 (R-2.8-06), faults F39, F40, F54.

use core::time::Duration;

use super::{Inputs, Settings};
use crate::block::{Lag, Sustained};
use crate::quantity::{CubicMetresPerHour, Metres};
use crate::signal::{Doubt, Fault, Signal};

/// kPa in a metre of water.
pub(super) const KPA_PER_METRE: f64 = 9.81;
/// LT-501 is lost after this long without a value (R-2.8-06).
const LOST_TIME: Duration = Duration::from_secs(600);
/// PT-501 shows the static level once P-501 has stood this long (R-2.8-06).
const STILL_TIME: Duration = Duration::from_secs(60);
/// Noise of PT-501 is averaged over this; 2 kPa are 0.2 m.
const STATIC_LAG: Duration = Duration::from_secs(60);
/// The static level counts once it has been averaged this long.
const STATIC_PROOF: Duration = Duration::from_secs(180);
/// PT-501's own offset is learned over this while LT-501 is believed, and is at most this much.
const OFFSET_LAG: Duration = Duration::from_secs(24 * 3600);
const OFFSET_MAX: Metres = Metres(1.0);
/// LT-501 may differ from the volume by this. The tank has that much air above the stop level (2.3 of 2.5 m): a level forged
/// lower by less does not spill.
const APART: Metres = Metres(0.20);
const APART_TIME: Duration = Duration::from_secs(30);
/// LT-501 may differ from the static level by this, PT-501's accuracy of 0.5 % of 1 000 kPa.
const STATIC_APART: Metres = Metres(0.5);
const STATIC_APART_TIME: Duration = Duration::from_secs(600);
/// A level that stands still to the last digit for this long (R-2.12-06) while this much has moved is frozen.
const FROZEN_TIME: Duration = Duration::from_secs(1200);
const FROZEN_MOVED: Metres = Metres(0.06);
const SAME: Metres = Metres(1e-6);
/// The volume is counted anew from LT-501 this often: meters are 1 % wrong.
const COUNT_TIME: Duration = Duration::from_secs(4 * 3600);
/// With both meters the volume says the level this long, a tenth of a metre wrong by then; without FIT-502 it only says how high it is at most.
const COUNTED_MAX: Duration = Duration::from_secs(24 * 3600);
const BOUND_MAX: Duration = Duration::from_secs(6 * 3600);
/// LT-501 is believed again when it has followed the volume over this much.
const TRIAL_MOVED: Metres = Metres(0.15);
const TRIAL_APART: Metres = Metres(0.07);
/// Timed runs: half an hour in three, from five to twenty-two o'clock (R-2.8-06).
const TIMED_RUN: Duration = Duration::from_secs(1800);
const TIMED_PERIOD: Duration = Duration::from_secs(3 * 3600);
const TIMED_FROM: Duration = Duration::from_secs(5 * 3600);
const TIMED_TO: Duration = Duration::from_secs(22 * 3600);

/// What is counted from a level that was believed.
#[derive(Clone, Copy, Debug)]
struct Count {
    from: Metres,
    /// Net inflow since, as height in the tank.
    moved: Metres,
    age: Duration,
}

impl Count {
    fn at(level: Metres) -> Count {
        Count { from: level, moved: Metres::ZERO, age: Duration::ZERO }
    }

    fn level(&self) -> Metres {
        self.from + self.moved
    }

    fn pass(&mut self, moved: Metres, elapsed: Duration) {
        self.moved += moved;
        self.age = self.age.saturating_add(elapsed);
    }
}

/// What P-501 and the clock say in this moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Every P-501 stands still, or one runs.
    pub still: bool,
    /// What P-501 is asked to bring: counts when FIT-501 does not answer.
    pub asked: CubicMetresPerHour,
    /// Time of day.
    pub hour: Option<Duration>,
    /// A person resets: LT-501 is believed again.
    pub reset: bool,
}

/// Memory of the elevated tank.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LostTank {
    count: Option<Count>,
    silent: Duration,
    last: Option<Metres>,
    same_for: Duration,
    same_moved: f64,
    apart: Sustained,
    static_apart: Sustained,
    distrusted: bool,
    trial: Option<Count>,
    still: Duration,
    stood: Lag,
    offset: Lag,
    /// Place in the cycle of timed runs; it begins with the pause.
    cycle: Duration,
    timed: bool,
}

impl LostTank {
    /// LT-501 is lost, or not believed.
    pub fn is_lost(&self) -> bool {
        self.silent > LOST_TIME || self.distrusted
    }

    /// LT-501 does not answer, or is not believed: what alarm 506 is judged on, its own delay apart.
    pub fn is_doubtful(&self) -> bool {
        self.silent > Duration::ZERO || self.distrusted
    }

    /// A timed run is due: nothing else says how full the tank is.
    pub fn timed_run(&self) -> bool {
        self.timed && self.cycle < TIMED_RUN
    }

    /// Until the next timed run; zero while one is due or none is needed.
    pub fn next_run(&self) -> Duration {
        if self.timed && self.cycle >= TIMED_RUN {
            TIMED_PERIOD.saturating_sub(self.cycle)
        } else {
            Duration::ZERO
        }
    }

    /// One moment, once a second or so; the level that all logic judges.
    pub fn judge(
        &mut self,
        inputs: &Inputs,
        settings: &Settings,
        offset: &mut Metres,
        now: Now,
        elapsed: Duration,
    ) -> Signal<Metres> {
        let moved = self.moved(inputs, settings, now, elapsed);
        if let Some(count) = &mut self.count {
            count.pass(moved, elapsed);
        }
        let stood = self.static_level(inputs, settings, *offset, now, elapsed);
        let level = inputs.elevated_level.usable();
        if now.reset {
            self.distrusted = false;
            self.count = level.map(Count::at);
            self.same_for = Duration::ZERO;
            self.apart = Sustained::default();
            self.static_apart = Sustained::default();
        }
        match level {
            Some(level) => {
                let village_known = inputs.village_flow.usable().is_some();
                self.test(level, moved, stood, village_known, elapsed);
                self.learn(inputs, settings, offset, level, now, elapsed);
            }
            None => {
                self.silent = self.silent.saturating_add(elapsed);
                self.last = None;
            }
        }
        let believed = level.is_some() && !self.distrusted;
        if !believed && let Some(stood) = stood {
            self.count = Some(Count::at(stood));
        }
        let found = if believed { inputs.elevated_level } else { self.substitute(inputs, now) };
        self.pass_cycle(found.usable().is_none(), now.hour, elapsed);
        found
    }

    /// Net inflow as height in the tank. What is not known is on the side of overflow: P-501 brings what it is asked, the
    /// village takes nothing.
    fn moved(&self, inputs: &Inputs, settings: &Settings, now: Now, elapsed: Duration) -> Metres {
        let unknown = if now.still { CubicMetresPerHour::ZERO } else { now.asked };
        let inflow = inputs.flow.usable().unwrap_or(unknown);
        let outflow = inputs.village_flow.usable().unwrap_or_default();
        Metres((inflow - outflow).0 * elapsed.as_secs_f64() / 3600.0 / settings.elevated_area.0)
    }

    /// `h = PT / 9.81 - z` once P-501 has stood for 60 s and the noise is averaged out.
    fn static_level(
        &mut self,
        inputs: &Inputs,
        settings: &Settings,
        offset: Metres,
        now: Now,
        elapsed: Duration,
    ) -> Option<Metres> {
        self.still = if now.still { self.still.saturating_add(elapsed) } else { Duration::ZERO };
        let Some(pressure) = inputs.pressure.usable().filter(|_| self.still >= STILL_TIME) else {
            self.stood = Lag::default();
            return None;
        };
        let head = pressure.0 / KPA_PER_METRE - settings.static_head.0;
        let head = self.stood.follow(head, STATIC_LAG, STATIC_LAG, elapsed) - offset.0;
        let plausible = head > -STATIC_APART.0 && head < (settings.elevated_depth + STATIC_APART).0;
        (plausible && self.still >= STILL_TIME.saturating_add(STATIC_PROOF)).then_some(Metres(head))
    }

    /// PT-501 against a level that is believed.
    fn learn(
        &mut self,
        inputs: &Inputs,
        settings: &Settings,
        offset: &mut Metres,
        level: Metres,
        now: Now,
        elapsed: Duration,
    ) {
        let calm = now.still && self.still >= STILL_TIME && !self.distrusted;
        if let Some(pressure) = inputs.pressure.usable().filter(|_| calm) {
            let apart = pressure.0 / KPA_PER_METRE - settings.static_head.0 - level.0;
            if self.offset.value().is_none() {
                self.offset.follow(offset.0, OFFSET_LAG, OFFSET_LAG, elapsed);
            }
            let learned = self.offset.follow(apart, OFFSET_LAG, OFFSET_LAG, elapsed);
            *offset = Metres(learned).within(-OFFSET_MAX, OFFSET_MAX);
        }
    }

    /// LT-501 against the other two.
    fn test(
        &mut self,
        level: Metres,
        moved: Metres,
        stood: Option<Metres>,
        village_known: bool,
        elapsed: Duration,
    ) {
        let returned = self.silent > Duration::ZERO;
        self.silent = Duration::ZERO;
        let same = self.last.is_some_and(|last| last.distance(level) <= SAME);
        self.last = Some(level);
        if same {
            self.same_for = self.same_for.saturating_add(elapsed);
            self.same_moved += moved.0;
        } else {
            self.same_for = Duration::ZERO;
            self.same_moved = 0.0;
        }
        let frozen = village_known
            && self.same_for >= FROZEN_TIME
            && libm::fabs(self.same_moved) >= FROZEN_MOVED.0;
        let against_static = stood.is_some_and(|stood| !(stood.distance(level) <= STATIC_APART));
        let against_static = self.static_apart.holds(against_static, STATIC_APART_TIME, elapsed);
        if self.distrusted {
            self.try_again(level, moved, frozen, stood, elapsed);
            return;
        }
        let count = match self.count {
            // After a silence the count has drifted: LT-501 is heard first, and tested from there.
            Some(count) if !returned && count.age < COUNT_TIME => count,
            Some(_) | None => Count::at(level),
        };
        let counted = count.level();
        let apart = if village_known {
            !(counted.distance(level) <= APART)
        } else {
            level > counted + APART
        };
        self.count = Some(count);
        if self.apart.holds(apart, APART_TIME, elapsed) || frozen || against_static {
            self.distrusted = true;
            self.trial = None;
        }
    }

    /// LT-501 is believed again when it follows what moves and agrees with the best that is known.
    fn try_again(
        &mut self,
        level: Metres,
        moved: Metres,
        frozen: bool,
        stood: Option<Metres>,
        elapsed: Duration,
    ) {
        let mut trial = self.trial.unwrap_or(Count::at(level));
        trial.pass(moved, elapsed);
        self.trial = Some(trial);
        if frozen || libm::fabs(trial.moved.0) < TRIAL_MOVED.0 {
            return;
        }
        let best = stood.or(self.count.map(|count| count.level()));
        let follows = trial.level().distance(level) <= TRIAL_APART;
        if follows && best.is_some_and(|best| best.distance(level) <= APART + TRIAL_APART) {
            self.distrusted = false;
            self.count = Some(Count::at(level));
            self.apart = Sustained::default();
            self.static_apart = Sustained::default();
        }
        self.trial = None;
    }

    /// What counts instead: the counted volume while it is fresh enough.
    fn substitute(&self, inputs: &Inputs, now: Now) -> Signal<Metres> {
        let fresh = |count: &Count| {
            if inputs.village_flow.usable().is_some() {
                count.age < COUNTED_MAX
            } else {
                // Only an upper bound: it may end a filling, and may begin none once it is old.
                count.age < LOST_TIME || (!now.still && count.age < BOUND_MAX)
            }
        };
        match self.count.as_ref().filter(|count| fresh(count)) {
            Some(count) => Signal::Uncertain(count.level().or_more(Metres::ZERO), Doubt::Fallback),
            None => Signal::Bad(Fault::Computed),
        }
    }

    /// Timed runs, while nothing says how full the tank is.
    fn pass_cycle(&mut self, unknown: bool, hour: Option<Duration>, elapsed: Duration) {
        if !unknown || self.silent < LOST_TIME && !self.distrusted {
            self.timed = false;
            self.cycle = TIMED_RUN;
            return;
        }
        self.timed = true;
        self.cycle = self.cycle.saturating_add(elapsed);
        let day = hour.is_none_or(|hour| hour >= TIMED_FROM && hour < TIMED_TO);
        if self.cycle >= TIMED_PERIOD && day {
            self.cycle = Duration::ZERO;
        }
    }
}
