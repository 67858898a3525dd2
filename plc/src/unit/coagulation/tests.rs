//! What coagulation promises, told through `scan`: the dose, the strokes, the jar tests, and what it concludes.

mod dose;
mod effect;
mod jars;
mod strokes;

use super::*;
use crate::quantity::Count;

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) const FLOWING: Around = Around {
    nominal: CubicMetresPerHour(5.0),
    raw_flow: Signal::Good(CubicMetresPerHour(5.0)),
    raw_turbidity: Signal::Good(Ntu(20.0)),
    settled: Signal::Good(Ntu(1.5)),
    filters_cloudy: false,
    storm: false,
    intake_on: true,
    holds: Reasons::NONE,
    cap_reached: false,
    record_lost: false,
    stock: Told::of(GramsPerLitre(50.0)),
    reset: false,
};

/// A coagulation with a field that counts its strokes.
pub(super) struct Rig {
    pub unit: Coagulation,
    pub around: Around,
    stagger: Stagger,
    counter: f64,
    /// Share of the strokes that A and B make.
    pub health: [f64; 2],
}

impl Rig {
    pub fn new() -> Rig {
        let inputs =
            Inputs { tank_level: Signal::Good(Percent(60.0)), tank_low_low: Signal::Good(true) };
        let unit = Coagulation { inputs, ..Coagulation::new() };
        let mut stagger = Stagger::default();
        stagger.elapse(Duration::ZERO, Duration::from_secs(60));
        Rig { unit, around: FLOWING, stagger, counter: 0.0, health: [1.0; 2] }
    }

    /// Dosing steadily.
    pub fn dosing() -> Rig {
        let mut rig = Rig::new();
        rig.run_s(120);
        assert_eq!(rig.unit.status.state, State::Dosing {});
        rig
    }

    /// One scan; the rate that goes out, strokes a minute.
    pub fn step(&mut self, step: Duration) -> f64 {
        let outputs = &self.unit.doser.outputs;
        let health = self.health[usize::from(outputs.choose_b.value())];
        self.counter += outputs.rate.value().0 * health * step.as_secs_f64() / 60.0;
        self.unit.doser.inputs.strokes =
            Signal::Good(Count(libm::fmod(libm::floor(self.counter), 65_536.0)));
        self.stagger.elapse(Duration::ZERO, step);
        self.unit.scan(self.around, &mut self.stagger, step);
        self.around.reset = false;
        self.unit.doser.outputs.rate.value().0
    }

    /// Scans once a second; the last rate.
    pub fn run_s(&mut self, seconds: u32) -> f64 {
        (0..seconds).fold(0.0, |_, _| self.step(SECOND))
    }

    /// Scans once a second until it holds, at most `seconds`; how long it took.
    pub fn until_s(&mut self, seconds: u32, holds: impl Fn(&Rig) -> bool) -> Option<u32> {
        (1..=seconds).find(|_| {
            self.step(SECOND);
            holds(self)
        })
    }

    /// The flow comes down slowly, as a ramp brings it.
    pub fn lower_to(&mut self, flow: f64) {
        let mut now = self.around.raw_flow.usable().unwrap_or_default().0;
        while now > flow {
            now = if now - 0.02 > flow { now - 0.02 } else { flow };
            self.around.raw_flow = Signal::Good(CubicMetresPerHour(now));
            self.step(SECOND);
        }
    }

    pub fn dose(&self) -> f64 {
        self.unit.status.dose.0
    }
}

/// R-2.14-06, R-2.4-03: in a storm the dose follows the turbidity down three times as quickly.
#[test]
fn in_a_storm_the_dose_follows_the_turbidity_down_sooner() {
    let after = |storm| {
        let mut rig = Rig::dosing();
        rig.around.storm = storm;
        rig.around.raw_turbidity = Signal::Good(Ntu(500.0));
        rig.run_s(600);
        rig.around.raw_turbidity = Signal::Good(Ntu(100.0));
        rig.run_s(260);
        rig.unit.status.turbidity.usable().unwrap_or_default().0
    };
    let (calm, storm) = (after(false), after(true));
    assert!((350.0..450.0).contains(&calm), "{calm} NTU");
    assert!((200.0..280.0).contains(&storm), "{storm} NTU");
}
