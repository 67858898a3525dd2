//! An intake with a river, a screen, pumps that answer and a pipe: for the stories in `tests.rs`. Curves of
//! `docs/spec/plant.md` 6.3.

use super::*;
use crate::plant::Shape;
use crate::quantity::Hertz;
use crate::signal::{Doubt, Fault};

pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR_S: u32 = 3600;

/// What an instrument shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    Truth,
    Number(f64),
    /// What R-2.12-06 makes of a number that does not move.
    Stuck(f64),
    Bad(Fault),
}

/// The world around the unit.
pub struct Rig {
    pub unit: Intake,
    pub around: Around,
    pub stagger: Stagger,
    pub step: Duration,
    /// m at LT-101, and what the screen takes of it.
    pub river: f64,
    pub screen: f64,
    pub meter: Shown,
    pub gauge: Shown,
    pub power: Shown,
    pub well: Shown,
    /// What the pipe lets through, whatever the limit switches say.
    pub pipe: f64,
    /// Turns and moves nothing; does not start at all.
    pub seized: [bool; 2],
    pub dead: [bool; 2],
    /// m³/h.
    pub flow: f64,
    speed: [f64; 2],
    /// Longest times without a pause, s: without flow, with a suction below low-low.
    pub still_for: f64,
    pub still_most: f64,
    pub starts: [u32; 2],
    was_on: [bool; 2],
}

impl Rig {
    /// A clear river, everything well, water asked for.
    pub fn new() -> Rig {
        Rig::learned(true)
    }

    pub fn learned(learned: bool) -> Rig {
        let mut unit = Intake::new(&Shape::default());
        unit.inputs.temperature = Signal::Good(Celsius(25.0));
        unit.inputs.turbidity = Signal::Good(Ntu(20.0));
        unit.inputs.ph = Signal::Good(Ph(7.2));
        if learned {
            for (at, point) in unit.curve.iter_mut().enumerate() {
                let n = 0.5 + 0.1 * at as f64;
                let flow = libm::sqrt(most_of(32.0 * n * n - 8.0, 0.1) / 0.5);
                point.retained.power = KiloWatts(kilowatts(n, flow, false));
            }
        }
        let nominal = CubicMetresPerHour(5.0);
        let around = Around {
            nominal,
            run: true,
            rate: nominal,
            path_open: true,
            holds: Reasons::NONE,
            reset: false,
            too_muddy: false,
            empty: false,
            hopeless: false,
            dark: false,
            silent: false,
        };
        Rig {
            unit,
            around,
            stagger: Stagger::default(),
            step: SECOND,
            river: 0.9,
            screen: 0.0,
            meter: Shown::Truth,
            gauge: Shown::Truth,
            power: Shown::Truth,
            well: Shown::Truth,
            pipe: 1.0,
            seized: [false; 2],
            dead: [false; 2],
            flow: 0.0,
            speed: [0.0; 2],
            still_for: 0.0,
            still_most: 0.0,
            starts: [0; 2],
            was_on: [false; 2],
        }
    }

    /// m at LT-102.
    pub fn level(&self) -> f64 {
        most_of(0.0, self.river + 0.6 - self.screen)
    }

    /// One step of the world, then one scan.
    pub fn step(&mut self) {
        let seconds = self.step.as_secs_f64();
        let dry = self.level() <= 0.15;
        let mut lifting = 0.0;
        for at in 0..2 {
            let pump = &self.unit.pump[at];
            let on = pump.outputs.run.value() && !self.dead[at];
            let aim = if on { pump.outputs.speed.value().0 / 100.0 } else { 0.0 };
            let most = if aim > self.speed[at] { 0.1 } else { 0.2 } * seconds;
            self.speed[at] += least_of(most_of(aim - self.speed[at], -most), most);
            if !self.seized[at] {
                lifting = most_of(lifting, self.speed[at]);
            }
        }
        let lift = 8.0 + 1.5 - self.level();
        let spare = most_of(0.0, 32.0 * lifting * lifting - lift);
        let steady = if dry { 0.0 } else { self.pipe * libm::sqrt(spare / 0.5) };
        self.flow += (1.0 - libm::exp(-seconds / 3.0)) * (steady - self.flow);
        let turns = self.speed[0] > 0.5 || self.speed[1] > 0.5;
        self.still_for = if turns && self.flow < 0.25 { self.still_for + seconds } else { 0.0 };
        self.still_most = most_of(self.still_most, self.still_for);
        self.show(lifting, dry, lift);
        self.stagger.elapse(Duration::from_secs(5), self.step);
        self.unit.judge(self.around.nominal, self.step);
        self.unit.scan(self.around, &mut self.stagger, self.step);
        self.around.reset = false;
        for at in 0..2 {
            let on = self.unit.pump[at].outputs.run.value();
            self.starts[at] += u32::from(on && !self.was_on[at]);
            self.was_on[at] = on;
        }
    }

    fn show(&mut self, lifting: f64, dry: bool, lift: f64) {
        let pumped = 32.0 * lifting * lifting - 0.35 * self.flow * self.flow;
        let head = if dry { lift } else { most_of(pumped, lift) };
        let level = self.level();
        let inputs = &mut self.unit.inputs;
        inputs.river_level = if self.river > 6.12 {
            Signal::Bad(Fault::Overrange)
        } else {
            Signal::Good(Metres(self.river))
        };
        inputs.wet_well_level = shown(self.well, level, Metres);
        inputs.wet_well_low_low = Signal::Good(level > 0.25);
        inputs.flow = shown(self.meter, self.flow, CubicMetresPerHour);
        inputs.discharge_pressure = shown(self.gauge, 9.81 * head, KiloPascals);
        for at in 0..2 {
            let speed = self.speed[at];
            let flow = if self.seized[at] { 0.0 } else { self.flow };
            let taken = if speed > 0.0 { kilowatts(speed, flow, dry) } else { 0.0 };
            let pump = &mut self.unit.pump[at].inputs;
            pump.running = Signal::Good(speed > 0.0);
            pump.tripped = Signal::Good(false);
            pump.frequency = Signal::Good(Hertz(50.0 * speed));
            pump.power = shown(self.power, taken, KiloWatts);
        }
        let inlet = &mut self.unit.inlet;
        let shut = inlet.outputs.close.value() || inlet.inputs.closed.closed();
        let shut = shut && !inlet.outputs.open.value();
        inlet.inputs.opened = Signal::Good(!shut);
        inlet.inputs.closed = Signal::Good(shut);
    }

    pub fn run_s(&mut self, seconds: u32) {
        let mut time = Duration::ZERO;
        while time < Duration::from_secs(seconds.into()) {
            self.step();
            time += self.step;
        }
    }

    /// Runs until it holds; the seconds it took, if it did within `seconds`.
    pub fn until_s(&mut self, seconds: u32, mut holds: impl FnMut(&Rig) -> bool) -> Option<u32> {
        (1..=seconds).find(|_| {
            self.step();
            holds(self)
        })
    }

    /// Lifting water, steadily.
    pub fn lifting() -> Rig {
        let mut rig = Rig::new();
        rig.run_s(180);
        assert_eq!(rig.state(), State::Running {}, "{:?}", rig.unit.status);
        assert!(libm::fabs(rig.flow - 5.0) < 0.1, "{} m³/h", rig.flow);
        rig
    }

    pub fn state(&self) -> State {
        self.unit.status.state
    }

    pub fn blocked(&self, reason: Reason) -> bool {
        self.unit.status.blocked.has(reason)
    }

    pub fn on(&self, pump: usize) -> bool {
        self.unit.pump[pump].outputs.run.value()
    }

    pub fn still(&self) -> bool {
        !self.on(0) && !self.on(1) && self.flow < 0.01
    }
}

fn shown<Q: crate::quantity::Value>(shown: Shown, truth: f64, wrap: fn(f64) -> Q) -> Signal<Q> {
    match shown {
        Shown::Truth => Signal::Good(wrap(truth)),
        Shown::Number(number) => Signal::Good(wrap(number)),
        Shown::Stuck(number) => Signal::Uncertain(wrap(number), Doubt::Stuck),
        Shown::Bad(fault) => Signal::Bad(fault),
    }
}

/// kW of a pump of 1.5 kW.
fn kilowatts(n: f64, flow: f64, dry: bool) -> f64 {
    let off_best = (flow - 6.0) / 9.0;
    let efficiency = most_of(0.45 * (1.0 - off_best * off_best), 0.09);
    let head = most_of(32.0 * n * n - 0.35 * flow * flow, 0.0);
    let duty = 1.08 * 9.81 / 3600.0 * flow * head / efficiency;
    let idle = 0.45 * 1.5 * n * n * n;
    if dry {
        return 0.075 * n + 0.2 * idle;
    }
    0.075 * n + most_of(duty, idle * most_of(0.0, 1.0 - flow / 3.0))
}

pub fn least_of(one: f64, other: f64) -> f64 {
    if one <= other { one } else { other }
}

pub fn most_of(one: f64, other: f64) -> f64 {
    if one >= other { one } else { other }
}
