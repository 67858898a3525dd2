//! The village's network as FIT-502 sees it: what it usually takes by the hour, leaks by night, bursts, and a valve that
//! somebody closed. And how long the water lasts.
//!
//! `docs/spec/plant.md` 2.8 (R-2.8-07), faults F41, F61. The clock gives the hour of the day and no weekday, so the pattern
//! is one of the day: a festival is no burst at three times the usual.

use alloc::boxed::Box;
use core::time::Duration;

use super::{Around, Distribution};
use crate::block::{Seen, Sustained};
use crate::declare::{kept, parts, retained};
use crate::device::ValveState;
use crate::quantity::{Count, CubicMetresPerHour};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

retained! {
    /// What is learned of an hour.
    pub struct Usual {
        /// FIT-502, usual flow in this hour of the day; 0 until it was seen.
        pub flow: CubicMetresPerHour = kept().within(0.0..=100.0),
    }
}

/// One hour of the day.
#[derive(Default)]
pub struct HourOfDay {
    pub retained: Usual,
}
parts! { HourOfDay { retained; one: ; many: ; maybe: ; } }

/// The day, hour by hour.
pub(super) fn hours() -> Box<[HourOfDay]> {
    (0..24).map(|_| HourOfDay::default()).collect()
}

/// An hour is learned from three quarters of it or more; a day counts for a quarter of the pattern (chosen: a week's change
/// is taken up in a week, one odd day is not).
const HOUR_SEEN: Duration = Duration::from_secs(2700);
const DAY_WEIGHT: f64 = 0.25;
/// Three times the usual for a quarter of an hour (R-2.8-07), and no less than 2 m³/h of 5: at night one tap is three times
/// the usual.
const BURST_TIMES: f64 = 3.0;
const BURST_TIME: Duration = Duration::from_secs(900);
const BURST_LEAST: f64 = 0.4;
/// More than 14 m³/h of 5 is no village at all (F41; chosen above the peak hour of a festival in the dry season).
const TORN_SHARE: f64 = 2.8;
/// No flow where there is always some, for half an hour (F61).
const GONE_SHARE: f64 = 0.02;
const GONE_TIME: Duration = Duration::from_secs(1500);
/// Before an hour is learned: by day somebody always draws 1 m³/h of 5.
const DAY: (Duration, Duration) = (Duration::from_secs(6 * 3600), Duration::from_secs(20 * 3600));
const USUAL_LEAST: f64 = 0.2;
/// Night flow is judged between these (R-2.8-07), on means of ten minutes, when two hours of it were seen.
const NIGHT: (Duration, Duration) = (Duration::from_secs(3600), Duration::from_secs(4 * 3600));
const NIGHT_MEAN: Duration = Duration::from_secs(600);
const NIGHT_SEEN: Duration = Duration::from_secs(7200);
/// The village's mean flow, for the hours that are left, is averaged over a day; at first 82 m³ a day for 5 m³/h nominal.
const MEAN_TIME_S: f64 = 86_400.0;
const MEAN_SHARE: f64 = 0.68;
/// Shown at most: a week.
const HOURS_LEFT_MAX: Duration = Duration::from_secs(7 * 86_400);

/// A mean that is being taken.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    volume: f64,
    time: Duration,
}

impl Mean {
    fn add(&mut self, flow: f64, elapsed: Duration) {
        self.volume += flow * elapsed.as_secs_f64();
        self.time = self.time.saturating_add(elapsed);
    }

    fn value(&self) -> CubicMetresPerHour {
        let seconds = self.time.as_secs_f64();
        CubicMetresPerHour(if seconds > 0.0 { self.volume / seconds } else { 0.0 })
    }
}

/// What is remembered of the village.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Village {
    hour: Option<usize>,
    in_hour: Mean,
    night: Mean,
    night_seen: Duration,
    night_least: Option<CubicMetresPerHour>,
    burst: Sustained,
    gone: Sustained,
    mean: Option<f64>,
}

impl Distribution {
    /// One look at the village, once a second or so.
    pub(super) fn watch_village(&mut self, around: &Around, elapsed: Duration) {
        let flow = if self.has_tank { self.inputs.village_flow } else { self.inputs.flow };
        let hour = around.hour.map(|time| (time.as_secs() / 3600 % 24) as usize);
        self.judge_network(flow, hour, around, elapsed);
        let flow = flow.usable();
        if let Some(flow) = flow {
            let mean = self.village.mean.get_or_insert(MEAN_SHARE * around.nominal.0);
            let share = elapsed.as_secs_f64() / MEAN_TIME_S;
            *mean += (flow.0 - *mean) * if share < 1.0 { share } else { 1.0 };
        }
        self.learn_hour(flow, hour, elapsed);
        self.judge_night(flow, around, elapsed);
        self.status.hours_left = self.time_left(around);
    }

    /// What this hour usually takes, where that is learned.
    fn usual(&self, hour: Option<usize>) -> Option<CubicMetresPerHour> {
        let usual = self.hour.get(hour?)?.retained.flow;
        (usual.0 > 0.0).then_some(usual)
    }

    fn judge_network(
        &mut self,
        flow: Signal<CubicMetresPerHour>,
        hour: Option<usize>,
        around: &Around,
        elapsed: Duration,
    ) {
        let nominal = around.nominal;
        let usual = self.usual(hour);
        let most = usual.map(|usual| (usual * BURST_TIMES).or_more(nominal * BURST_LEAST));
        let over = |most: CubicMetresPerHour| flow.exceeds(most);
        let much = most.map_or(Seen::No, |most| flow.seen_above(most));
        if around.reset {
            self.village.burst = Sustained::default();
        }
        let burst = self.village.burst.holds(much, BURST_TIME, elapsed);
        let torn = over(nominal * TORN_SHARE);
        // A meter that falls silent mends no pipe.
        let calm =
            flow.usable().is_some() && !most.is_some_and(over) && !over(nominal * TORN_SHARE);
        // A valve that was closed on a burst shows no flow: only a person says that the pipe is whole again.
        let kept = self.retained.burst_stands && (!calm || self.settings.close_on_burst);
        self.retained.burst_stands = (burst || torn || kept) && !around.reset;

        let by_day = around.hour.is_some_and(|hour| hour >= DAY.0 && hour < DAY.1);
        let expected = usual.map_or(by_day, |usual| usual >= nominal * USUAL_LEAST);
        let still = flow.seen(|flow| flow < nominal * GONE_SHARE);
        let has_water =
            self.status.tank_level.seen(|level| level > self.settings.tank_very_low_limit);
        let shut = self.retained.burst_stands && self.settings.close_on_burst;
        let gone = still.and(has_water).unless(!expected || !self.has_tank || shut);
        let gone = self.village.gone.holds(gone, GONE_TIME, elapsed);
        let valve = self.outlet.status.state;
        let closed = self.has_tank
            && !shut
            && self.outlet.inputs.closed.closed()
            && matches!(valve, ValveState::Fault | ValveState::Closed);
        self.status.network = Reasons::NONE
            .and_if(self.retained.burst_stands || self.retained.pipe_broken, Reason::PipeBroken)
            .and_if(gone || closed, Reason::VillageCutOff)
            .and_if(self.retained.leak_nights >= Count(LEAK_NIGHTS), Reason::NightLeak);
    }

    fn learn_hour(
        &mut self,
        flow: Option<CubicMetresPerHour>,
        hour: Option<usize>,
        elapsed: Duration,
    ) {
        if hour != self.village.hour {
            let seen = self.village.in_hour;
            if let Some(ended) = self.village.hour.and_then(|hour| self.hour.get_mut(hour))
                && seen.time >= HOUR_SEEN
                && self.status.network.is_empty()
            {
                let (usual, found) = (ended.retained.flow, seen.value());
                ended.retained.flow =
                    if usual.0 > 0.0 { usual + (found - usual) * DAY_WEIGHT } else { found };
            }
            self.village.hour = hour;
            self.village.in_hour = Mean::default();
        }
        if let (Some(flow), Some(_)) = (flow, hour) {
            self.village.in_hour.add(flow.0, elapsed);
        }
    }

    /// The least flow of a night: what nobody drinks.
    fn judge_night(
        &mut self,
        flow: Option<CubicMetresPerHour>,
        around: &Around,
        elapsed: Duration,
    ) {
        let Some(time) = around.hour else { return };
        let memory = &mut self.village;
        if time >= NIGHT.0 && time < NIGHT.1 {
            if let Some(flow) = flow {
                memory.night.add(flow.0, elapsed);
                memory.night_seen = memory.night_seen.saturating_add(elapsed);
            }
            if memory.night.time >= NIGHT_MEAN {
                let mean = memory.night.value();
                memory.night_least =
                    Some(memory.night_least.map_or(mean, |least| least.or_less(mean)));
                memory.night = Mean::default();
            }
            return;
        }
        if let Some(least) = memory.night_least.filter(|_| memory.night_seen >= NIGHT_SEEN) {
            self.status.night_flow = least;
            let scale = around.nominal.0 / 5.0;
            let nights = self.retained.leak_nights.0;
            self.retained.leak_nights = Count(if least > self.settings.night_flow_max * scale {
                nights + 1.0
            } else {
                0.0
            })
            .within(Count(0.0), Count(999.0));
        }
        memory.night = Mean::default();
        memory.night_seen = Duration::ZERO;
        memory.night_least = None;
    }

    /// How long the village has water at its usual rate if no more is made: the elevated tank, and what P-501 can still lift.
    fn time_left(&self, around: &Around) -> Duration {
        let flow = self.village.mean.unwrap_or(MEAN_SHARE * around.nominal.0);
        let tank = self.status.tank_level.usable().filter(|_| self.has_tank);
        let tank = tank.map_or(0.0, |level| level.0 * self.settings.elevated_area.0);
        let lifts = !self.all_failed() && !self.retained.contaminated;
        let well = self
            .status
            .level
            .usable()
            .filter(|_| lifts)
            .map_or(0.0, |level| (level.0 - self.settings.level_min.0) * self.settings.area.0);
        let water = tank + if well > 0.0 { well } else { 0.0 };
        let hours = if flow > 0.0 { water / flow } else { f64::INFINITY };
        Duration::try_from_secs_f64(hours * 3600.0).map_or(HOURS_LEFT_MAX, |left| {
            if left < HOURS_LEFT_MAX { left } else { HOURS_LEFT_MAX }
        })
    }
}

/// Nights in a row (R-2.8-07).
pub(super) const LEAK_NIGHTS: f64 = 3.0;
