//! Whether P-301 and the filters' valves do what they are there for: a pump that runs and moves nothing, a valve whose limit
//! switches say one thing and whose water another.
//!
//! INV-19, INV-20; `docs/spec/plant.md` 2.15, 2.17, fault F20.

use core::time::Duration;

use super::{Around, Filtration};
use crate::block::{Ahead, Seen, Sustained};
use crate::device::Drive;
use crate::quantity::{CubicMetresPerHour, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Signal};
use crate::unit::filter;

/// Less flow than this share of nominal is none (INV-20); it is stopped within 15 s.
const NO_FLOW_SHARE: f64 = 0.05;
const NO_FLOW_TIME: Duration = Duration::from_secs(10);
/// A flow meter follows so slowly (`docs/spec/plant.md` 6.11).
const METER_LAG: Duration = Duration::from_secs(2);
/// Flow that is about to be less than this has ended for hypochlorite: 0.6 m³/h of 5, so that it stops within 2 s even where
/// every way closes at once (R-2.7.1-05, INV-7). It is never so low while water is made.
const ENDS_SHARE: f64 = 0.12;
/// A pump without effect rests this long, or until reset; chosen: as a dry P-101 (`docs/spec/plant.md` 2.3).
const REST: Duration = Duration::from_secs(600);
/// Water stands at the suction above this (R-2.17-01).
const SUCTION_LOW: Percent = Percent(10.0);
/// A filter's way is open and less than this share of its part flows; or closed, and more than that does. Chosen: well
/// outside a flow meter's zero.
const NOTHING: f64 = 0.05;
const SOMETHING: f64 = 0.2;
/// The feed must leave this share of a filter's part unexplained, or explain it, before its meter is believed; chosen.
const UNEXPLAINED: f64 = 0.3;

/// The open beds get more than this share of what they may carry although P-301 turns as slowly as it can, for so long: it
/// does not obey. With the stop of a drive and K0 well inside INV-12's 120 s.
const OVERRUN: f64 = 1.1;
const OVERRUN_TIME: Duration = Duration::from_secs(60);

/// What is remembered of their effect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    no_flow: Sustained,
    falling: Ahead,
    ending: Ahead,
    leaving: Ahead,
    overrun: Sustained,
    /// Beds got too much for so long although nothing more could be done by speed; of the last scan.
    overruns: bool,
    /// The feed ends or what leaves the filters does, or either falls so fast that it will have ended when the meters have
    /// caught up; of the last scan.
    ends: bool,
}

impl Default for Effect {
    fn default() -> Effect {
        Effect {
            no_flow: Sustained::default(),
            falling: Ahead::default(),
            ending: Ahead::at_once(),
            leaving: Ahead::at_once(),
            overrun: Sustained::default(),
            overruns: false,
            ends: false,
        }
    }
}

impl Filtration {
    /// Time passes; a person's reset ends the rests.
    pub(super) fn rest(&mut self, reset: bool, elapsed: Duration) {
        if reset {
            self.effect = Effect::default();
        }
        self.pumps.elapse(reset, elapsed);
        self.status.rest_left = self.pumps.rest_left();
        self.status.failed_by = self.pumps.why();
    }

    /// P-301 runs and nothing moves: dry, or against a closed pipe.
    pub(super) fn prove(&mut self, around: &Around, elapsed: Duration) {
        let on = self.pump.iter().any(Drive::is_running);
        let least = around.nominal * NO_FLOW_SHARE;
        let flow = self.feed_flow(around.nominal).usable();
        let seen = |ahead: &mut Ahead, flow: CubicMetresPerHour| {
            CubicMetresPerHour(ahead.of(flow.0, METER_LAG, elapsed))
        };
        let ending = flow.map(|flow| seen(&mut self.effect.ending, flow));
        // A drain that opens takes the water behind the feed's meter.
        let leaving = self.sum(|_| true).usable();
        let leaving = leaving.map(|flow| seen(&mut self.effect.leaving, flow));
        self.effect.ends =
            [ending, leaving].iter().flatten().any(|flow| !(*flow >= around.nominal * ENDS_SHARE));
        let ahead = flow.map(|flow| seen(&mut self.effect.falling, flow));
        let none = ahead.map_or(Seen::Unknown, |flow| (!(flow >= least)).into()).unless(!on);
        if self.effect.no_flow.holds(none, NO_FLOW_TIME, elapsed) {
            let wet = around.settled_level.usable().is_some_and(|level| level > SUCTION_LOW);
            let why = if wet { Reason::DeadHead } else { Reason::DryRun };
            self.effect.no_flow = Sustained::default();
            self.pumps.send_to_rest(&self.pump, REST, Reasons::only(why));
        }
        self.prove_speed(flow, elapsed);
    }

    /// A drive that turns faster than it is asked: in local, or deaf to its reference. It rests; if it turns all the same, K0
    /// is what is left (F5).
    fn prove_speed(&mut self, flow: Option<CubicMetresPerHour>, elapsed: Duration) {
        let most = self.carried() * OVERRUN;
        let lowest = self.lowest_speed();
        let slow = |pump: &Drive| pump.outputs.speed.value() <= lowest;
        let turns = self.pump.iter().any(|pump| pump.inputs.running.closed());
        // One meter that stands too high is not believed against the filters' own.
        let through = self.sum(|report| report.feed_way).usable();
        let too_much = flow.map_or(Seen::Unknown, |flow| {
            (flow > most && through.is_none_or(|through| through > most)).into()
        });
        let over = too_much.unless(!turns || !self.pump.iter().all(slow));
        self.effect.overruns = self.effect.overrun.holds(over, OVERRUN_TIME, elapsed);
        if self.effect.overruns {
            self.pumps.send_to_rest(&self.pump, REST, Reasons::only(Reason::SpeedIgnored));
        }
    }

    /// The open beds get more than they may, and no speed changes it.
    #[must_use]
    pub fn overruns(&self) -> bool {
        self.effect.overruns
    }

    /// No water comes to the filters any more, or is just about to.
    #[must_use]
    pub fn feed_ends(&self) -> bool {
        self.effect.ends
    }

    /// FIT-301; what the filters measure, where it is bad or stands at nothing while they see water.
    pub(super) fn feed_flow(&self, nominal: CubicMetresPerHour) -> Signal<CubicMetresPerHour> {
        let least = nominal * NO_FLOW_SHARE;
        let through = || self.sum(|report| report.feed_way);
        match self.inputs.flow.usable() {
            Some(flow) if flow >= least => self.inputs.flow,
            Some(_) if through().usable().is_some_and(|flow| flow >= least * 2.0) => {
                through().doubted(Doubt::Disagrees)
            }
            Some(_) => self.inputs.flow,
            None => through().doubted(Doubt::Fallback),
        }
    }

    /// What the water says of a filter's valves. A meter that contradicts FIT-301 and its neighbours says nothing; in a wash,
    /// with wash water behind the outlet, what it says counts at once (F25).
    pub(super) fn effect_of(&self, index: usize, nominal: CubicMetresPerHour) -> filter::Effect {
        let reports = self.reports();
        if let Some(washed) = reports.get(index).filter(|report| report.water_way) {
            let most = nominal * (SOMETHING / reports.len() as f64);
            let leaks = washed.flow.usable().is_some_and(|flow| !(flow <= most));
            let flows = leaks && self.wash_pump.is_running();
            return if flows { filter::Effect::StillFlows } else { filter::Effect::AsExpected };
        }
        let (Some(report), Some(feed)) = (reports.get(index), self.inputs.flow.usable()) else {
            return filter::Effect::AsExpected;
        };
        let others = reports.iter().enumerate().filter(|(other, _)| *other != index);
        let others = others.fold(Signal::Good(CubicMetresPerHour::ZERO), |sum, (_, other)| {
            sum.zip(other.flow, |sum, flow| sum + flow)
        });
        let open = self.count(|report| report.feed_way);
        let runs = self.pump.iter().any(Drive::is_running) && report.in_place && open > 0;
        let (Some(flow), Some(others), true) = (report.flow.usable(), others.usable(), runs) else {
            return filter::Effect::AsExpected;
        };
        let part = feed * (1.0 / open as f64);
        let unexplained = feed - others;
        if report.feed_way {
            let nothing = flow < part * NOTHING && unexplained < part * UNEXPLAINED;
            if nothing { filter::Effect::NothingFlows } else { filter::Effect::AsExpected }
        } else if report.is_shut() && flow > part * SOMETHING && unexplained > part * SOMETHING {
            filter::Effect::StillFlows
        } else {
            filter::Effect::AsExpected
        }
    }
}
