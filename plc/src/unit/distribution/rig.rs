//! A distribution with a clear well, a tank, a village and pumps that answer: for the stories in `tests.rs`.

use std::vec::Vec;

use super::*;
use crate::plant::Shape;
use crate::quantity::Ntu;
use crate::signal::{Doubt, Fault};

pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR_S: u32 = 3600;

/// The world around the unit.
pub struct Rig {
    pub unit: Distribution,
    pub around: Around,
    stagger: Stagger,
    /// m in the elevated tank and in the clear well.
    pub tank: f64,
    pub well: f64,
    /// m³/h.
    pub village: f64,
    pub filtered: f64,
    pub flow: f64,
    /// Beyond the pump: 1 open, 0 closed.
    pub pipe: f64,
    /// LT-501 as it is shown: the truth, a number for ever, or nothing.
    pub shown: Shown,
    /// FIT-502 and LSHH-501 answer.
    pub node: bool,
    pub high_float: bool,
    /// LT-401A and B answer.
    pub levels: bool,
    /// FIT-501 answers.
    pub meter: bool,
    /// The rising main is torn: no head stands at PT-501 while water goes.
    pub main_broken: bool,
    /// PT-501 answers.
    pub gauge: bool,
    /// m³ over the brim.
    pub spilled: f64,
    pub clock: bool,
    /// Seconds of the day.
    pub time: u64,
    /// The network: kPa at the taps when there is no tank, and whether a vessel holds it.
    pub kpa: f64,
    pub starts: u32,
    /// The drive of this pump has tripped.
    pub tripped: Option<usize>,
    was_on: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    Truth,
    Number(f64),
    /// A number that is doubted.
    Doubtful(f64),
    /// Off the top of its scale.
    Over,
    Nothing,
}

impl Rig {
    /// Half full, everything well, at noon.
    pub fn new() -> Rig {
        Rig::of(&Shape::default())
    }

    pub fn of(shape: &Shape) -> Rig {
        let mut unit = Distribution::new(shape);
        unit.retained.quality_known = true;
        let around = Around {
            nominal: CubicMetresPerHour(5.0),
            run: true,
            rest_for_wash: false,
            holds: Reasons::NONE,
            residual: Signal::Good(MilligramsPerLitre(0.8)),
            inactivation: Inactivation { ratio: 2.0, ..Inactivation::default() },
            contact_volume: Some(CubicMetres(5.0)),
            flow_allowed: Some(CubicMetresPerHour(20.0)),
            turbid: false,
            contact_short: false,
            feed: Signal::Good(CubicMetresPerHour(5.0)),
            filtered: Signal::Good(CubicMetresPerHour(5.0)),
            wash: Signal::Good(CubicMetresPerHour(0.0)),
            fill_up: false,
            power_spare: true,
            hour: None,
            reset: false,
        };
        let mut stagger = Stagger::default();
        stagger.elapse(Duration::ZERO, Duration::from_secs(60));
        Rig {
            unit,
            around,
            stagger,
            tank: 1.8,
            well: 1.5,
            village: 3.0,
            filtered: 5.0,
            flow: 0.0,
            pipe: 1.0,
            shown: Shown::Truth,
            node: true,
            high_float: true,
            levels: true,
            meter: true,
            main_broken: false,
            gauge: true,
            spilled: 0.0,
            clock: true,
            time: 12 * 3600,
            kpa: 250.0,
            starts: 0,
            tripped: None,
            was_on: false,
        }
    }

    /// One second of the world, then one of the unit.
    pub fn step(&mut self) {
        let outputs: Vec<(bool, f64)> = self
            .unit
            .pump
            .iter()
            .map(|pump| (pump.outputs.run.value(), pump.outputs.speed.value().0))
            .collect();
        let (mut pumps, mut speed) = (0.0, 0.0);
        for (run, at) in &outputs {
            if *run {
                pumps += 1.0;
                speed = if *at > speed { *at } else { speed };
            }
        }
        let wet = self.well > 0.1;
        let head = if self.unit.has_tank { 22.0 + self.tank } else { self.kpa / 9.81 };
        let spare = 48.0 * speed * speed / 1e4 - head;
        // A rising main to the tank; a short pipe to the network.
        let pipe = if self.unit.has_tank { 0.25 } else { 0.05 };
        let free = spare > 0.0 && wet && pumps > 0.0;
        let aim = if free {
            self.pipe * libm::sqrt(spare / (0.36 / (pumps * pumps) + pipe))
        } else {
            0.0
        };
        self.flow += (aim - self.flow) / 3.0;
        let moved = self.flow / 3600.0;
        self.well += (self.filtered / 3600.0 - moved) / 10.0;
        self.well = most_of(0.0, least_of(self.well, 2.0));
        if self.unit.has_tank {
            self.tank += (moved - self.village / 3600.0) / 12.0;
            if self.tank > 2.5 {
                self.spilled += (self.tank - 2.5) * 12.0;
                self.tank = 2.5;
            }
            if self.tank < 0.0 {
                self.tank = 0.0;
            }
        } else {
            // A vessel of 1 m³: about 2 kPa a litre near its setpoint.
            self.kpa += (moved - self.village / 3600.0) * 450.0;
            self.kpa = most_of(0.0, least_of(self.kpa, 470.0));
        }
        self.time = (self.time + 1) % 86_400;
        self.show(&outputs);
        self.stagger.elapse(Duration::ZERO, SECOND);
        self.unit.judge(SECOND);
        self.unit.judge_quality(None::<Signal<Ntu>>, self.around.residual, None, SECOND);
        self.around.hour = self.clock.then(|| Duration::from_secs(self.time));
        self.unit.scan(self.around, &mut self.stagger, SECOND);
        self.around.reset = false;
        let on = self.unit.pump.iter().any(|pump| pump.outputs.run.value());
        self.starts += u32::from(on && !self.was_on);
        self.was_on = on;
    }

    fn show(&mut self, outputs: &[(bool, f64)]) {
        for (at, (pump, (run, _))) in self.unit.pump.iter_mut().zip(outputs).enumerate() {
            pump.inputs.running = Signal::Good(*run);
            pump.inputs.tripped = Signal::Good(self.tripped == Some(at));
        }
        let lost = Signal::Bad(Fault::Stale);
        let inputs = &mut self.unit.inputs;
        let level =
            if self.levels { Signal::Good(Metres(self.well)) } else { Signal::Bad(Fault::Stale) };
        (inputs.level_a, inputs.level_b) = (level, level);
        inputs.low_low = Signal::Good(self.well > 0.3);
        inputs.high_high = Signal::Good(self.well < 1.95);
        inputs.flow = if self.meter { metered(self.flow) } else { lost };
        let kpa = if self.main_broken && self.flow > 1.0 {
            80.0
        } else if self.unit.has_tank {
            9.81 * (22.0 + self.tank + 0.25 * self.flow * self.flow)
        } else {
            self.kpa
        };
        inputs.pressure =
            if self.gauge { Signal::Good(KiloPascals(kpa)) } else { Signal::Bad(Fault::Stale) };
        let tank = self.unit.has_tank;
        inputs.elevated_level = match self.shown {
            Shown::Truth if tank => Signal::Good(Metres(self.tank)),
            Shown::Number(level) => Signal::Good(Metres(level)),
            Shown::Over => Signal::Bad(Fault::Overrange),
            Shown::Doubtful(level) => Signal::Uncertain(Metres(level), Doubt::Stuck),
            Shown::Truth | Shown::Nothing => Signal::Bad(Fault::Stale),
        };
        let float = self.node && self.high_float && tank;
        inputs.elevated_high_high =
            if float { Signal::Good(self.tank < 2.4) } else { Signal::Bad(Fault::Stale) };
        let taken = if self.tank > 0.0 || !tank { self.village } else { 0.0 };
        inputs.village_flow = if self.node { metered(taken) } else { lost };
        let outlet = &mut self.unit.outlet;
        let shut = outlet.outputs.close.value() || outlet.inputs.closed.closed();
        let shut = shut && !outlet.outputs.open.value();
        outlet.inputs.opened =
            if self.node { Signal::Good(!shut) } else { Signal::Bad(Fault::Stale) };
        outlet.inputs.closed =
            if self.node { Signal::Good(shut) } else { Signal::Bad(Fault::Stale) };
    }

    pub fn run_s(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.step();
        }
    }

    /// Runs until it holds, at most `seconds`; whether it did.
    pub fn until_s(&mut self, seconds: u32, mut holds: impl FnMut(&Rig) -> bool) -> bool {
        (0..seconds).any(|_| {
            self.step();
            holds(self)
        })
    }

    pub fn on(&self) -> bool {
        self.unit.pump.iter().any(|pump| pump.outputs.run.value())
    }

    pub fn pumps_on(&self) -> usize {
        self.unit.pump.iter().filter(|pump| pump.outputs.run.value()).count()
    }

    pub fn state(&self) -> State {
        self.unit.status.state
    }

    pub fn blocked(&self, reason: Reason) -> bool {
        self.unit.status.blocked.has(reason)
    }
}

/// FIT-501 and FIT-502 show 15 m³/h, and a little more.
fn metered(flow: f64) -> Signal<CubicMetresPerHour> {
    if flow > 15.3 { Signal::Bad(Fault::Overrange) } else { Signal::Good(CubicMetresPerHour(flow)) }
}

pub fn least_of(one: f64, other: f64) -> f64 {
    if one <= other { one } else { other }
}

pub fn most_of(one: f64, other: f64) -> f64 {
    if one >= other { one } else { other }
}
