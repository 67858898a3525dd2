//! Drives, contactors, valves and dosing pumps, as the relays and registers move them: `plant.md` 1.3, 6.5, 6.10.

use super::parameters::DoserParameters;

/// VFD ramps, of 50 Hz a second.
const RAMP_UP: f64 = 0.10;
const RAMP_DOWN: f64 = 0.20;
/// A motor whose supply or permit is gone coasts. Chosen: a small pump stands within 2 s.
const COAST: f64 = 0.5;
/// Within this of its end a valve presses its limit switch.
const LIMIT_SWITCH: f64 = 1.0e-3;

/// Whether an actuator has what it needs to move: the motor contactor in, its permit, no hard-wired trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    On,
    Off,
}

impl Supply {
    /// On while this holds.
    #[must_use]
    pub fn given(condition: bool) -> Supply {
        if condition { Supply::On } else { Supply::Off }
    }
}

/// A pump's variable-frequency drive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drive {
    /// Commanded.
    pub run: bool,
    /// Commanded; 100 % is 50 Hz.
    pub speed_percent: f64,
    /// Its own trip, until somebody resets it at the drive.
    pub tripped: bool,
    /// Turns without moving water: a broken coupling, a blocked impeller.
    pub seized: bool,
    /// Speed now, 1 is 50 Hz.
    pub ratio: f64,
    /// What its status word says.
    pub running: bool,
    pub power_kw: f64,
}

impl Drive {
    /// Ramps towards its command.
    pub fn advance(&mut self, seconds: f64, supply: Supply) {
        let is_on = supply == Supply::On && !self.tripped;
        let target =
            if is_on && self.run { (self.speed_percent / 100.0).clamp(0.0, 1.0) } else { 0.0 };
        if target > self.ratio {
            self.ratio = (self.ratio + RAMP_UP * seconds).min(target);
        } else {
            let down = if is_on { RAMP_DOWN } else { COAST };
            self.ratio = (self.ratio - down * seconds).max(target);
        }
        self.running = is_on && self.ratio > 0.0;
    }

    /// Hz.
    #[must_use]
    pub fn frequency(&self) -> f64 {
        50.0 * self.ratio
    }
}

/// A motor behind a contactor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motor {
    /// Commanded.
    pub run: bool,
    /// Thermal overload or a burnt coil: the contactor does not pull in.
    pub tripped: bool,
    /// Contactor in, nothing moved.
    pub seized: bool,
    /// The auxiliary contact.
    pub running: bool,
}

impl Motor {
    pub fn advance(&mut self, supply: Supply) {
        self.running = supply == Supply::On && self.run && !self.tripped;
    }

    /// It does its work.
    #[must_use]
    pub fn works(&self) -> bool {
        self.running && !self.seized
    }
}

/// A motor valve with two relays: it stays where it is when neither pulls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotorValve {
    pub open: bool,
    pub close: bool,
    /// 0 closed, 1 open.
    pub position: f64,
    pub travel_s: f64,
    pub seized: bool,
}

impl MotorValve {
    #[must_use]
    pub fn new(travel_s: f64, position: f64) -> MotorValve {
        MotorValve { open: false, close: false, position, travel_s, seized: false }
    }

    pub fn advance(&mut self, seconds: f64) {
        if self.seized || self.open == self.close {
            return;
        }
        let way = seconds / self.travel_s;
        self.position = (self.position + if self.open { way } else { -way }).clamp(0.0, 1.0);
    }

    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.position >= 1.0 - LIMIT_SWITCH
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.position <= LIMIT_SWITCH
    }
}

/// A valve that its capacitor drives closed when its relay lets go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnValve {
    pub open: bool,
    /// 0 closed, 1 open.
    pub position: f64,
    pub travel_s: f64,
    pub seized: bool,
}

impl ReturnValve {
    #[must_use]
    pub fn new(travel_s: f64) -> ReturnValve {
        ReturnValve { open: false, position: 0.0, travel_s, seized: false }
    }

    pub fn advance(&mut self, seconds: f64) {
        if !self.seized {
            let way = seconds / self.travel_s;
            self.position = (self.position + if self.open { way } else { -way }).clamp(0.0, 1.0);
        }
    }

    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.position >= 1.0 - LIMIT_SWITCH
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.position <= LIMIT_SWITCH
    }
}

/// What is wrong with a dosing pump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PumpHealth {
    #[default]
    Sound,
    /// No strokes.
    Tripped,
    /// Strokes, but nothing moves: the trap of `plant.md` 6.10.
    AirLocked,
}

/// Fastest stroke, 1/min.
const STROKES_MAX: f64 = 180.0;
/// The suction hangs this high above the tank's floor, of its volume.
const HEEL: f64 = 0.01;
/// The low-low float, of the volume: `plant.md` 2.11.
const LOW_LOW: f64 = 0.05;
/// The attendant mixes a batch below a quarter, up to 95 %, a tenth of the tank a minute.
const REFILL: (f64, f64, f64) = (0.25, 0.95, 0.1);

/// A day tank with its two dosing pumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doser {
    pub parameters: DoserParameters,
    /// Commanded.
    pub enable: bool,
    /// Commanded strokes a minute.
    pub rate: f64,
    /// Commanded: pump B instead of A.
    pub choose_b: bool,
    pub health: [PumpHealth; 2],
    /// l in the tank.
    pub volume_l: f64,
    /// g/l now.
    pub strength: f64,
    /// What the stroke contact has closed, modulo 65 536.
    pub strokes: u16,
    /// g since the start.
    pub dosed_g: f64,
    part_stroke: f64,
    is_refilling: bool,
}

impl Doser {
    #[must_use]
    pub fn new(parameters: DoserParameters) -> Doser {
        Doser {
            parameters,
            enable: false,
            rate: 0.0,
            choose_b: false,
            health: [PumpHealth::Sound; 2],
            volume_l: parameters.tank_l * parameters.start_fill,
            strength: parameters.strength,
            strokes: 0,
            dosed_g: 0.0,
            part_stroke: 0.0,
            is_refilling: false,
        }
    }

    /// The pump that the relay has chosen.
    pub fn chosen(&mut self) -> &mut PumpHealth {
        &mut self.health[usize::from(self.choose_b)]
    }

    /// g that reach the water in this step.
    pub fn advance(&mut self, seconds: f64, supply: Supply) -> f64 {
        let health = self.health[usize::from(self.choose_b)];
        if supply == Supply::Off
            || !self.enable
            || self.rate <= 0.0
            || health == PumpHealth::Tripped
        {
            return 0.0;
        }
        let strokes = self.rate.min(STROKES_MAX) / 60.0 * seconds;
        self.part_stroke += strokes;
        if self.part_stroke >= 1.0 {
            let whole = libm::floor(self.part_stroke);
            self.part_stroke -= whole;
            let whole = whole as u16;
            self.strokes = self.strokes.wrapping_add(whole);
        }
        if health == PumpHealth::AirLocked {
            return 0.0;
        }
        let there = (self.volume_l - HEEL * self.parameters.tank_l).max(0.0);
        let litres = (strokes * self.parameters.stroke_ml / 1_000.0).min(there);
        self.volume_l -= litres;
        self.dosed_g += litres * self.strength;
        litres * self.strength
    }

    /// A minute of ageing.
    pub fn age(&mut self) {
        self.strength *= 1.0 - self.parameters.decay_per_day / 1_440.0;
    }

    /// A minute of the attendant's work.
    pub fn attend(&mut self) {
        let (from, to, rate) = REFILL;
        if self.fill() < from {
            self.is_refilling = true;
        }
        if self.is_refilling {
            let added =
                (rate * self.parameters.tank_l).min(to * self.parameters.tank_l - self.volume_l);
            let added = added.max(0.0);
            self.strength = (self.strength * self.volume_l + self.parameters.strength * added)
                / (self.volume_l + added).max(1.0e-9);
            self.volume_l += added;
            self.is_refilling = self.fill() < to - 1.0e-6;
        }
    }

    /// 0 to 1.
    #[must_use]
    pub fn fill(&self) -> f64 {
        self.volume_l / self.parameters.tank_l
    }

    /// The low-low float's contact: closed while there is liquid.
    #[must_use]
    pub fn low_low_closed(&self) -> bool {
        self.fill() > LOW_LOW
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::TwinParameters;
    use super::*;

    #[test]
    fn a_drive_needs_its_permit_and_coasts_when_it_goes() {
        let mut drive = Drive { run: true, speed_percent: 80.0, ..Drive::default() };
        drive.advance(1.0, Supply::Off);
        assert_eq!((drive.ratio, drive.running), (0.0, false));
        for _ in 0..9 {
            drive.advance(1.0, Supply::On);
        }
        assert!((drive.ratio - 0.8).abs() < 1.0e-9 && drive.running);
        drive.advance(1.0, Supply::Off);
        assert!(!drive.running && drive.ratio < 0.31);
        drive.advance(1.0, Supply::Off);
        assert_eq!(drive.ratio, 0.0);
    }

    #[test]
    fn a_motor_valve_stays_and_a_return_valve_closes_when_the_relays_let_go() {
        let mut stays = MotorValve { open: true, ..MotorValve::new(15.0, 0.0) };
        let mut returns = ReturnValve { open: true, ..ReturnValve::new(15.0) };
        for _ in 0..150 {
            stays.advance(0.1);
            returns.advance(0.1);
        }
        assert!(stays.is_opened() && returns.is_opened());
        (stays.open, returns.open) = (false, false);
        for _ in 0..150 {
            stays.advance(0.1);
            returns.advance(0.1);
        }
        assert!(stays.is_opened() && returns.is_closed());
    }

    #[test]
    fn the_stroke_counter_wraps_and_the_mass_follows_the_strokes() {
        let mut doser = Doser::new(TwinParameters::default().coagulant);
        (doser.enable, doser.rate, doser.strokes) = (true, 60.0, 65_530);
        let grams: f64 = (0..100).map(|_| doser.advance(0.1, Supply::On)).sum();
        assert!((9..=10).contains(&doser.strokes.wrapping_sub(65_530)), "{}", doser.strokes);
        // Ten strokes of 0.93 ml at 50 g/l.
        assert!((grams - 0.465).abs() < 1.0e-9, "{grams} g");
        *doser.chosen() = PumpHealth::AirLocked;
        let before = doser.strokes;
        assert_eq!((0..100).map(|_| doser.advance(0.1, Supply::On)).sum::<f64>(), 0.0);
        assert_ne!(doser.strokes, before);
        doser.choose_b = true;
        assert!((0..100).map(|_| doser.advance(0.1, Supply::On)).sum::<f64>() > 0.4);
    }
}
