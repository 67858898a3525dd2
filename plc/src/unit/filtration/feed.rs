//! P-301: which pump, at what rate, how fast it may change.

use core::time::Duration;

use super::sequence::State;
use super::{Around, Demand, Filtration, MINIMUM};
use crate::block::{Aim, Hold, Pace, PiTuning};
use crate::device::{Ask, Drive, Limits, Stagger};
use crate::output::Output;
use crate::quantity::{CubicMetresPerHour, Percent};
use crate::unit::loop_watch::{self, QUICK};

/// The feed starts at this share of the nominal flow and rises from there; chosen: well above shut-off.
const START_SHARE: f64 = 0.2;
/// The feed is held to this share of what the open beds may carry (INV-12; chosen: 1 % of the meters, 2 % of the loop).
const HELD_BELOW: f64 = 0.97;
/// LT-206, P-301 runs on down to here (R-2.15-02; chosen: half-way from its stop level to its trip).
const RUN_ON_LEVEL: Percent = Percent(15.0);
/// The feed counts as lowered within this of MINIMUM.
const LOWERED: f64 = 1.02;
/// LIC-206, 0.05 m³/h a percent of 5 m³/h (`docs/spec/plant.md` 2.17).
const LEVEL_GAIN: f64 = 0.01;
/// LIC-206, 0.25 m³/h a minute of 5 m³/h (`docs/spec/plant.md` 2.17), as a share a second.
const LEVEL_RATE: f64 = 0.05 / 60.0;
/// A filter's flow changes by 10 % of its nominal flow a minute (`docs/spec/plant.md` 2.6.6), as a share a second.
const FILTER_RATE: f64 = 0.1 / 60.0;
/// Lowest speed lies this much above the speed that beats the static head, % (`docs/spec/plant.md` 6.3).
const SPEED_MARGIN: f64 = 5.0;
/// Speed moves by this much a second, % (`docs/spec/plant.md` 2.3).
const SPEED_RATE: f64 = 5.0;
/// FIC-301 works once a second (R-2.0-01).
const LOOP_PERIOD: Duration = Duration::from_secs(1);
/// FIT-301 moves this much by itself, as a share of nominal: 1 % (`docs/spec/plant.md` 1.4), three times.
const FLOW_NOISE: f64 = 0.03;

impl Filtration {
    /// P-301: rate and speed.
    pub(super) fn feed(
        &mut self,
        state: State,
        duty: Option<usize>,
        around: &Around,
        stagger: &mut Stagger,
        elapsed: Duration,
    ) {
        let run = match state {
            State::Off {} | State::Opening {} | State::Paused {} | State::Fault {} => false,
            State::Feeding {} => true,
        };
        let on = duty.and_then(|pump| self.pump.get(pump)).is_some_and(Drive::is_running);
        self.pace(on, around, elapsed);
        // One that turns by itself, or has not stopped yet, feeds already: no other beside it.
        let mut others = self.pump.iter().enumerate().filter(|(at, _)| duty != Some(*at));
        let feeds =
            others.any(|(_, pump)| pump.inputs.running.closed() && !pump.outputs.run.value());
        let run = run && !feeds;
        let ask = if run { Ask::at(self.control(on, around, elapsed)) } else { Ask::OFF };
        // While a filter joins or leaves, the other's way changes the flow by design (R-2.6.6-02).
        let look = self.feed_loop.look().filter(|_| run && !self.memory.lowering);
        let noise = FLOW_NOISE * around.nominal.0;
        self.feed_watch.scan(loop_watch::Around { look, noise, window: QUICK }, elapsed);
        let held = self.feed_protections(around);
        let most = self.feed_speed_max(around, elapsed);
        for number in 0..self.pump.len() {
            let asked = if duty == Some(number) { ask } else { Ask::OFF };
            let asked = asked.no_faster(most).or_by_hand(held.and(self.pumps.rest_of(number)));
            self.pump[number].scan(asked, Limits::SURFACE, stagger, elapsed);
        }
        let by_hand = self.pump.iter().any(|pump| pump.outputs.run.value());
        self.outputs.feed_permit = Output::want(run || by_hand);
    }

    /// LIC-206 and the ramps: what the feed may be now.
    fn pace(&mut self, on: bool, around: &Around, elapsed: Duration) {
        let nominal = around.nominal.0;
        if !on {
            self.setpoint.set(START_SHARE * nominal);
            self.memory.rising = false;
            return;
        }
        let level = around.settled_level.usable().unwrap_or(self.settings.level_target);
        let base = match around.demand {
            Demand::Run => around.raw_setpoint.0,
            Demand::Drain => MINIMUM * nominal,
            Demand::Idle => 0.0,
        };
        let averaged = base + LEVEL_GAIN * nominal * (level.0 - self.settings.level_target.0);
        let least = match around.demand {
            Demand::Drain => MINIMUM * nominal,
            Demand::Run | Demand::Idle => START_SHARE * nominal,
        };
        let most = if !self.status.run_on_left.is_zero() {
            CubicMetresPerHour(least)
        } else if self.memory.lowering {
            CubicMetresPerHour(MINIMUM * nominal)
        } else {
            self.rate_limit(around.nominal).or_more(CubicMetresPerHour(START_SHARE * nominal))
        };
        let target = CubicMetresPerHour(averaged).within(CubicMetresPerHour(least), most);
        // Share of the filters that take part: each may change by so much of its own nominal flow.
        let share = self.count(|report| report.feed_way) as f64 / self.memory.filters.max(1) as f64;
        let rate = if self.memory.lowering || self.memory.rising || self.setpoint.value() > most.0 {
            FILTER_RATE * share
        } else {
            LEVEL_RATE
        };
        if self.memory.lowering {
            self.memory.rising = true;
        } else if self.setpoint.value() >= target.0 {
            self.memory.rising = false;
        }
        self.setpoint.follow(target.0, rate * nominal, rate * nominal, elapsed);
        // A filter that tripped leaves the others no more than they may carry: that does not wait.
        let carried = self.carried();
        if self.memory.filters > 1 && self.setpoint.value() > carried.0 {
            self.setpoint.set(carried.0);
        }
    }

    /// FIC-301: speed for the rate; the lowest speed until the pump runs.
    fn control(&mut self, on: bool, around: &Around, elapsed: Duration) -> Percent {
        let lowest = self.lowest_speed();
        // The setpoint is ramped already, by LIC-206 and the filters.
        let pace =
            Pace { period: LOOP_PERIOD, setpoint_rate: f64::INFINITY, output_rate: SPEED_RATE };
        let measured = self.feed_flow(around.nominal).map(|flow| flow.0);
        let speed = match measured.usable() {
            Some(flow) if on => {
                let tuning = PiTuning {
                    gain: self.settings.loop_gain.0 / around.nominal.0,
                    reset: self.settings.loop_reset,
                    low: lowest.0,
                    high: 100.0,
                }
                .for_pump(flow / around.nominal.0);
                let setpoint = self.setpoint.value();
                let aim = Aim { setpoint, measured, tuning, hold: Hold::Free };
                self.feed_loop.scan(aim, pace, elapsed)
            }
            None if on => self.feed_loop.lead(lowest.0, measured, pace, elapsed),
            Some(_) | None => {
                self.feed_loop.follow(lowest.0, measured);
                lowest.0
            }
        };
        Percent(speed)
    }

    /// How long the pump that feeds had better run on although T-206 is low: its minimum time on, or until it could start
    /// again (R-2.15-02). It goes by LT-206 itself, and ends with the demand.
    pub(super) fn run_on(&self, around: &Around) -> Duration {
        let feeds = self.status.state == State::Feeding {} && around.demand == Demand::Run;
        let wet = around.settled_level.good().is_some_and(|level| level >= RUN_ON_LEVEL);
        let duty =
            self.pumps.on_duty().filter(|at| feeds && wet && self.pumps.is_fit(&self.pump, *at));
        let pump = duty.and_then(|at| self.pump.get(at));
        pump.map_or(Duration::ZERO, |pump| pump.run_left(Limits::SURFACE))
    }

    /// Water is wanted, and the feed could run.
    pub(super) fn wants_feed(&self, around: &Around) -> bool {
        around.demand != Demand::Idle
            && self.memory.tank_ready
            && around.holds.feed.is_empty()
            && self.handling.is_auto()
            && self.pumps.fit(&self.pump).contains(&true)
    }

    /// A filter may join or leave: the feed is at MINIMUM, or nothing flows.
    pub(super) fn is_lowered(&self, nominal: CubicMetresPerHour) -> bool {
        let nothing_open = !self.reports().iter().any(|report| report.feed_way);
        nothing_open
            || self.pump.iter().all(Drive::is_still)
            || self.setpoint.value() <= LOWERED * MINIMUM * nominal.0
    }

    /// What the filters that are open may carry while one is out.
    pub(super) fn carried(&self) -> CubicMetresPerHour {
        let all = self.count(|report| report.feed_way) == self.memory.filters;
        let area: f64 = self
            .reports()
            .iter()
            .filter(|report| report.feed_way)
            .map(|report| report.area.0)
            .sum();
        if all {
            return CubicMetresPerHour(f64::INFINITY);
        }
        // Beds share the flow by their resistance, not by their area: the fastest one's own meter says how unevenly.
        let uneven = self.fastest() / self.mean_rate(area);
        let uneven = if uneven.is_finite() && uneven > 1.0 { uneven } else { 1.0 };
        CubicMetresPerHour(HELD_BELOW * self.settings.rate_max.0 * area / uneven)
    }

    /// Rate of the fastest filter that is open, m/h, by its own meter. One without a meter may carry all that the others do
    /// not: of two beds that nobody measures, one may be clean and the other full.
    fn fastest(&self) -> f64 {
        let open = || self.reports().iter().filter(|report| report.feed_way);
        let known: f64 = open().filter_map(|report| Some(report.flow.usable()?.0)).sum();
        let rest = self.inputs.flow.usable().map_or(f64::NAN, |flow| flow.0 - known);
        let flows =
            open().map(|report| (report.flow.usable().map_or(rest, |flow| flow.0), report.area.0));
        flows.fold(0.0, |most, (flow, area)| if flow / area > most { flow / area } else { most })
    }

    /// Rate of the open filters together, m/h, by the feed's meter.
    fn mean_rate(&self, area: f64) -> f64 {
        self.inputs.flow.usable().map_or(f64::NAN, |flow| flow.0 / area)
    }

    /// `sqrt(H_st / H0) + 5 %` (`docs/spec/plant.md` 6.3).
    pub(super) fn lowest_speed(&self) -> Percent {
        let share = libm::sqrt(self.settings.static_head.0 / self.settings.shut_off_head.0);
        Percent(100.0 * share + SPEED_MARGIN).within(Percent(10.0), Percent(95.0))
    }
}
