//! A disinfection with a compartment, a clear well, a day tank and two pumps that answer: for the stories in `tests.rs`.

use std::collections::VecDeque;

use super::*;
use crate::quantity::{Celsius, Count, GramsPerLitre};
use crate::signal::Fault;
use crate::unit::chemicals::Told;

pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR_S: u32 = 3600;

/// What a pump of the two does with a stroke.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    Sound,
    /// Does not stroke.
    Dead,
    /// Strokes and moves nothing, until so many seconds at full stroke.
    Air(u32),
}

/// The world around the unit.
pub struct Rig {
    pub unit: Disinfection,
    pub around: Around,
    pub health: [Health; 2],
    /// m³/h of filtered water.
    pub flow: f64,
    /// mg/l that the water uses up at once.
    pub demand: f64,
    /// Share of the dose that it uses up besides.
    pub eaten: f64,
    /// g/l in the tank, whatever its setting says.
    pub stock: f64,
    /// mg/l in the compartment and at the outlet.
    pub inlet: f64,
    pub outlet: f64,
    /// The outlet is held at this.
    pub outlet_is: Option<f64>,
    /// AIT-401 and AIT-403 as they are shown, instead of the truth.
    pub told: Option<Signal<MilligramsPerLitre>>,
    pub outlet_told: Option<Signal<MilligramsPerLitre>>,
    /// l in the tank.
    pub tank: f64,
    /// Of sample line and analyser, s.
    pub dead_s: usize,
    pub line: VecDeque<f64>,
    pub counter: f64,
    /// l pumped since the start.
    pub pumped: f64,
}

impl Rig {
    /// At nominal flow, everything sound, nothing dosed yet.
    pub fn new() -> Rig {
        let around = Around {
            nominal: CubicMetresPerHour(5.0),
            filtered_flow: Signal::Good(CubicMetresPerHour(5.0)),
            feed_ends: false,
            filtering: 2,
            run: true,
            holds: Reasons::NONE,
            cap_reached: false,
            too_low: false,
            dangerous: false,
            target_least: MilligramsPerLitre::ZERO,
            high_least: MilligramsPerLitre::ZERO,
            in_use: true,
            prime: false,
            reset: false,
            stock: Told::of(GramsPerLitre(10.0)),
        };
        Rig {
            unit: Disinfection::default(),
            around,
            health: [Health::Sound; 2],
            flow: 5.0,
            demand: 0.6,
            eaten: 0.0,
            stock: 10.0,
            inlet: 0.8,
            outlet: 0.8,
            outlet_is: None,
            told: None,
            outlet_told: None,
            tank: 60.0,
            dead_s: 120,
            line: VecDeque::new(),
            counter: 0.0,
            pumped: 0.0,
        }
    }

    /// Dosing for an hour and a half, all at rest.
    pub fn dosing() -> Rig {
        let mut rig = Rig::new();
        rig.run_s(HOUR_S + 1800);
        assert_eq!(rig.state(), State::PacedTrim);
        rig
    }

    /// One second of the world, then one of the unit.
    pub fn step(&mut self) {
        let outputs = &self.unit.doser.outputs;
        let rate = if outputs.enable.value() { outputs.rate.value().0 } else { 0.0 };
        let health = &mut self.health[usize::from(outputs.choose_b.value())];
        let strokes = if *health == Health::Dead { 0.0 } else { rate / 60.0 };
        self.counter = (self.counter + strokes) % 65_536.0;
        let mut litres = strokes * 0.46 / 1000.0;
        if let Health::Air(left) = health {
            litres = 0.0;
            if rate > 179.0 {
                *left = left.saturating_sub(1);
            }
        }
        if *health == Health::Air(0) {
            *health = Health::Sound;
        }
        self.tank -= litres;
        self.pumped += litres;
        let water = self.flow / 3600.0;
        let dosed = if water > 0.0 { litres * self.stock / water } else { 0.0 };
        let used = self.demand + self.eaten * dosed;
        let arriving = if dosed > used { dosed - used } else { 0.0 };
        self.inlet += (1.0 - libm::exp(-water)) * (arriving - self.inlet);
        // 14 m³ behind it.
        self.outlet += water / 14.0 * (self.inlet - self.outlet);
        self.line.push_back(self.inlet);
        let shown = if self.line.len() > self.dead_s {
            self.line.pop_front().unwrap_or_default()
        } else {
            self.line[0]
        };
        let good = |value: f64| Signal::Good(MilligramsPerLitre(value));
        let inputs = &mut self.unit.inputs;
        inputs.chlorine = self.told.unwrap_or(good(shown));
        let outlet = self.outlet_is.unwrap_or(self.outlet);
        inputs.outlet_chlorine = self.outlet_told.unwrap_or(good(outlet));
        inputs.ph = Signal::Good(Ph(7.5));
        inputs.temperature = Signal::Good(Celsius(25.0));
        inputs.tank_level = Signal::Good(Percent(libm::floor(self.tank * 10.0) / 10.0));
        inputs.tank_low_low = Signal::Good(self.tank > 5.0);
        self.unit.doser.inputs.strokes = Signal::Good(Count(libm::floor(self.counter)));
        if self.around.filtered_flow.usable().is_some() {
            self.around.filtered_flow = Signal::Good(CubicMetresPerHour(self.flow));
        }
        self.unit.judge(&self.around, SECOND);
        if self.around.reset {
            self.unit.doser.reset();
        }
        let nothing_leaves = self.around.stock.nothing_leaves;
        self.around.stock = Told { nothing_leaves, ..Told::of(self.unit.settings.stock) };
        self.unit.scan(self.around, SECOND);
        self.around.reset = false;
        self.around.prime = false;
    }

    pub fn run_s(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.step();
        }
    }

    /// Runs until it holds, at most `seconds`; the seconds it took.
    pub fn until_s(&mut self, seconds: u32, mut holds: impl FnMut(&Rig) -> bool) -> Option<u32> {
        (1..=seconds).find(|_| {
            self.step();
            holds(self)
        })
    }

    pub fn state(&self) -> State {
        self.unit.status.state
    }

    /// Strokes a minute.
    pub fn rate(&self) -> f64 {
        self.unit.doser.outputs.rate.value().0
    }

    pub fn dose(&self) -> f64 {
        self.unit.status.dose.0
    }

    pub fn on_b(&self) -> bool {
        self.unit.doser.outputs.choose_b.value()
    }

    /// AIT-401 shows less and less, a quarter as fast as pure water at full flow would make it, down to this.
    pub fn fade(&mut self, to: f64) {
        let mut shown = self.inlet;
        while shown > to {
            self.told = Some(Signal::Good(MilligramsPerLitre(shown)));
            self.step();
            shown *= libm::exp(-1.0 / 2880.0);
        }
        self.told = Some(Signal::Good(MilligramsPerLitre(to)));
    }

    /// AIT-401 does not answer.
    pub fn lose_inlet(&mut self) {
        self.told = Some(Signal::Bad(Fault::Stale));
    }
}
