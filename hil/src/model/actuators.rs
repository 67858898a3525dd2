//! Drives, contactors, valves and dosing pumps, as the relays and registers move them: `plant.md` 1.3, 6.5, 6.10.

use super::parameters::DoserParameters;

/// VFD ramps, of 50 Hz a second.
const RAMP_UP: f64 = 0.10;
const RAMP_DOWN: f64 = 0.20;
/// Speed of a drive whose run contact is welded. Chosen: what P-501 is set to as a rule.
const WELDED: f64 = 0.95;
/// A motor whose supply or permit is gone coasts. Chosen: a small pump stands within 2 s.
const COAST: f64 = 0.5;
/// Turning slower than this, of 50 Hz, a drive counts as standing.
const STANDING: f64 = 1.0e-3;
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
    /// It heard nothing for its communication time-out and let go: it coasts until it hears again.
    pub timed_out: bool,
    /// Its contactor is welded: it runs while there is power, whoever says what.
    pub welded: bool,
    /// Speed now, 1 is 50 Hz.
    pub ratio: f64,
    /// What its status word says.
    pub running: bool,
    pub power_kw: f64,
    /// Seconds its pump has turned without water since it was last mended.
    pub dry_s: f64,
}

impl Drive {
    /// Ramps towards its command. `chain` is its permit and its hard-wired trips, `power` what feeds it.
    pub fn advance(&mut self, seconds: f64, chain: Supply, power: Supply) {
        let runs_on = self.welded && power == Supply::On;
        let is_on = runs_on || chain == Supply::On && !self.tripped && !self.timed_out;
        let target = if runs_on {
            WELDED
        } else if is_on && self.run {
            (self.speed_percent / 100.0).clamp(0.0, 1.0)
        } else {
            0.0
        };
        if target > self.ratio {
            self.ratio = (self.ratio + RAMP_UP * seconds).min(target);
        } else {
            let down = if is_on { RAMP_DOWN } else { COAST };
            self.ratio = (self.ratio - down * seconds).max(target);
        }
        self.running = is_on && self.ratio > 0.0;
    }

    /// Its shaft turns.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.ratio > STANDING
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
    /// Contactor in for ever.
    pub welded: bool,
    /// The auxiliary contact.
    pub running: bool,
}

impl Motor {
    pub fn advance(&mut self, supply: Supply) {
        self.running = supply == Supply::On && (self.welded || self.run && !self.tripped);
    }

    /// It does its work.
    #[must_use]
    pub fn works(&self) -> bool {
        self.running && !self.seized
    }
}

/// What is wrong with a valve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ValveFault {
    #[default]
    Sound,
    /// Stands where it is.
    Stands,
    /// Opens, whatever its relays say, and stays so.
    DrivenOpen,
    /// Takes three times its time: `plant.md` 6.11.
    Slow,
    /// Moves and says so, but nothing passes: a disc off its stem, a blocked pipe.
    Plugged,
    /// Shut, it still passes this share.
    Leaks(f64),
}

/// A slow valve's travel against a sound one's: `plant.md` 6.11.
const SLOW: f64 = 3.0;

impl ValveFault {
    /// The place after a step, on the way to open or to closed.
    fn moved(self, position: f64, way: f64, opens: bool) -> f64 {
        let (way, opens) = match self {
            ValveFault::Stands => return position,
            ValveFault::DrivenOpen => (way, true),
            ValveFault::Slow => (way / SLOW, opens),
            ValveFault::Sound | ValveFault::Plugged | ValveFault::Leaks(_) => (way, opens),
        };
        (position + if opens { way } else { -way }).clamp(0.0, 1.0)
    }

    /// What water finds open of a valve at this place.
    fn passing(self, position: f64) -> f64 {
        match self {
            ValveFault::Plugged => 0.0,
            ValveFault::Leaks(share) => position.max(share),
            ValveFault::Sound | ValveFault::Stands | ValveFault::DrivenOpen | ValveFault::Slow => {
                position
            }
        }
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
    pub fault: ValveFault,
}

impl MotorValve {
    #[must_use]
    pub fn new(travel_s: f64, position: f64) -> MotorValve {
        MotorValve { open: false, close: false, position, travel_s, fault: ValveFault::Sound }
    }

    pub fn advance(&mut self, seconds: f64) {
        if self.open == self.close && self.fault != ValveFault::DrivenOpen {
            return;
        }
        self.position = self.fault.moved(self.position, seconds / self.travel_s, self.open);
    }

    /// What water finds open, 0 to 1.
    #[must_use]
    pub fn opening(&self) -> f64 {
        self.fault.passing(self.position)
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
    pub fault: ValveFault,
}

impl ReturnValve {
    #[must_use]
    pub fn new(travel_s: f64) -> ReturnValve {
        ReturnValve { open: false, position: 0.0, travel_s, fault: ValveFault::Sound }
    }

    pub fn advance(&mut self, seconds: f64) {
        self.position = self.fault.moved(self.position, seconds / self.travel_s, self.open);
    }

    /// What water finds open, 0 to 1.
    #[must_use]
    pub fn opening(&self) -> f64 {
        self.fault.passing(self.position)
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
    /// At its fastest stroke, whatever rate it is told, while its relay feeds it.
    RunsAway,
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
    /// l since the start that strokes have moved: what the caps of the guard are about.
    pub stroked_l: f64,
    /// l/h that run into the water by themselves: a siphon past the pump.
    pub siphon: f64,
    /// What is left of the stock's strength when the attendant mixes from it, 0 to 1.
    pub stock: f64,
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
            stroked_l: 0.0,
            siphon: 0.0,
            stock: 1.0,
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
        let siphoned = self.draw(self.siphon * seconds / 3_600.0);
        let stroked = self.stroke(seconds, supply);
        self.stroked_l += stroked;
        let grams = (siphoned + stroked) * self.strength;
        self.dosed_g += grams;
        grams
    }

    /// l that strokes move in this step.
    fn stroke(&mut self, seconds: f64, supply: Supply) -> f64 {
        let health = self.health[usize::from(self.choose_b)];
        let rate = match health {
            PumpHealth::RunsAway if self.enable => STROKES_MAX,
            PumpHealth::RunsAway | PumpHealth::Tripped => 0.0,
            PumpHealth::Sound | PumpHealth::AirLocked if self.enable => self.rate.min(STROKES_MAX),
            PumpHealth::Sound | PumpHealth::AirLocked => 0.0,
        };
        if supply == Supply::Off || !(rate > 0.0) {
            return 0.0;
        }
        let strokes = rate / 60.0 * seconds;
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
        self.draw(strokes * self.parameters.stroke_ml / 1_000.0)
    }

    /// l that there were of those wanted.
    fn draw(&mut self, wanted: f64) -> f64 {
        let there = (self.volume_l - HEEL * self.parameters.tank_l).max(0.0);
        let litres = wanted.min(there);
        self.volume_l -= litres;
        litres
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
            let mixed = self.parameters.strength * self.stock;
            self.strength = (self.strength * self.volume_l + mixed * added)
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
        drive.advance(1.0, Supply::Off, Supply::On);
        assert_eq!((drive.ratio, drive.running), (0.0, false));
        for _ in 0..9 {
            drive.advance(1.0, Supply::On, Supply::On);
        }
        assert!((drive.ratio - 0.8).abs() < 1.0e-9 && drive.running);
        drive.advance(1.0, Supply::Off, Supply::On);
        assert!(!drive.running && drive.ratio < 0.31);
        drive.advance(1.0, Supply::Off, Supply::On);
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
