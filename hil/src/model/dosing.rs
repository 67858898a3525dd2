//! A day tank with its dosing pumps: `plant.md` 6.10.

use super::actuators::Supply;
use super::parameters::DoserParameters;

/// What is wrong with a dosing pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum PumpHealth {
    #[default]
    Sound,
    /// No strokes.
    Tripped,
    /// Strokes, but nothing moves: the trap of `plant.md` 6.10.
    AirLocked,
    /// At its fastest stroke, whatever rate it is told, while its relay feeds it.
    RunsAway,
    /// It strokes, and this share of each stroke drips beside the pipe.
    Leaks(f64),
}

/// Fastest stroke, 1/min.
const STROKES_MAX: f64 = 180.0;
/// The suction hangs this high above the tank's floor, of its volume.
const HEEL: f64 = 0.01;
/// The low-low float, of the volume: `plant.md` 2.11.
const LOW_LOW: f64 = 0.05;
/// A tube as worn as this moves no less: what is left of it still pinches. Chosen: a third, a tube that should long be out.
const TUBE_END: f64 = 1.0 / 3.0;
/// How much stronger than its mean at the floor, and weaker at the top, a batch stands whose mixer did not turn: 6.10. A mixer
/// has made it whole after so long, s. Chosen: two of its minutes.
const LAYERS: f64 = 0.2;
const STIR_S: f64 = 120.0;
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
    /// Its relay feeds it, and K0 its relay.
    pub powered: bool,
    /// What is left of the stock's strength when the attendant mixes from it, 0 to 1.
    pub stock: f64,
    /// Hours that each pump's tube has worked: 6.10, it loses 1 % of its stroke in 100 h.
    pub tube_hours: [f64; 2],
    /// l of the last batch when it was ready: a batch that nobody stirred is strong below and weak above.
    batch_l: f64,
    /// Its mixer is broken: what is mixed now lies in layers until it turns again.
    pub mixer_broken: bool,
    /// Layers of this batch, as `unmixed` of the parameters, and the seconds of stirring they still need.
    layers: f64,
    stir_s: f64,
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
            powered: false,
            stock: 1.0,
            tube_hours: [0.0; 2],
            batch_l: parameters.tank_l * parameters.start_fill,
            mixer_broken: false,
            layers: 0.0,
            stir_s: 0.0,
            part_stroke: 0.0,
            is_refilling: false,
        }
    }

    /// Its mixer turns for so long: layers go.
    pub fn stir(&mut self, seconds: f64) {
        if self.layers <= 0.0 {
            return;
        }
        self.stir_s -= seconds;
        if self.stir_s <= 0.0 {
            // What is left counts as a batch of its own.
            self.strength = self.held_g() / self.volume_l.max(1.0e-9);
            (self.layers, self.batch_l) = (0.0, self.volume_l);
        }
    }

    fn unmixed(&self) -> f64 {
        self.parameters.unmixed.max(self.layers)
    }

    /// The pump that the relay has chosen.
    pub fn chosen(&mut self) -> &mut PumpHealth {
        &mut self.health[usize::from(self.choose_b)]
    }

    /// g that reach the water in this step.
    pub fn advance(&mut self, seconds: f64, supply: Supply) -> f64 {
        self.powered = self.enable && supply == Supply::On;
        let strength = self.drawn_strength();
        let siphoned = self.draw(self.siphon * seconds / 3_600.0);
        let stroked = self.stroke(seconds, supply);
        self.stroked_l += stroked;
        let beside = match self.health[usize::from(self.choose_b)] {
            PumpHealth::Leaks(share) => share,
            PumpHealth::Sound
            | PumpHealth::Tripped
            | PumpHealth::AirLocked
            | PumpHealth::RunsAway => 0.0,
        };
        let grams = (siphoned + stroked * (1.0 - beside)) * strength;
        self.dosed_g += grams;
        grams
    }

    /// l that strokes move in this step.
    fn stroke(&mut self, seconds: f64, supply: Supply) -> f64 {
        let health = self.health[usize::from(self.choose_b)];
        let rate = match health {
            PumpHealth::RunsAway if self.enable => STROKES_MAX,
            PumpHealth::RunsAway | PumpHealth::Tripped => 0.0,
            PumpHealth::Sound | PumpHealth::AirLocked | PumpHealth::Leaks(_) if self.enable => {
                self.rate.min(STROKES_MAX)
            }
            PumpHealth::Sound | PumpHealth::AirLocked | PumpHealth::Leaks(_) => 0.0,
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
        let tube = &mut self.tube_hours[usize::from(self.choose_b)];
        *tube += seconds / 3_600.0;
        let worn = (1.0 - self.parameters.tube_wear * *tube).max(TUBE_END);
        if health == PumpHealth::AirLocked {
            return 0.0;
        }
        self.draw(strokes * worn * self.parameters.stroke_ml / 1_000.0)
    }

    /// l that there were of those wanted.
    fn draw(&mut self, wanted: f64) -> f64 {
        let there = (self.volume_l - HEEL * self.parameters.tank_l).max(0.0);
        let litres = wanted.min(there);
        self.volume_l -= litres;
        litres
    }

    /// g/l at the suction, which hangs at the floor: from so much above the mean of an unstirred batch when it is full to so
    /// much below when it is empty, in line, so that the whole batch holds what was mixed.
    #[must_use]
    pub fn drawn_strength(&self) -> f64 {
        self.strength * (1.0 + self.unmixed() * (2.0 * self.left() - 1.0))
    }

    /// g in the tank.
    #[must_use]
    pub fn held_g(&self) -> f64 {
        self.strength * self.volume_l * (1.0 + self.unmixed() * (self.left() - 1.0))
    }

    /// What is left of the batch, 0 to 1.
    fn left(&self) -> f64 {
        if self.batch_l > 0.0 { (self.volume_l / self.batch_l).min(1.0) } else { 0.0 }
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
            self.strength = (self.held_g() + mixed * added) / (self.volume_l + added).max(1.0e-9);
            self.volume_l += added;
            self.batch_l = self.volume_l;
            (self.layers, self.stir_s) =
                if self.mixer_broken { (LAYERS, STIR_S) } else { (0.0, 0.0) };
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

    /// 6.10: a hundred hours take a hundredth of the stroke; the other pump's tube is new.
    #[test]
    fn a_tube_wears_with_the_hours_it_works() {
        let parameters = DoserParameters {
            tube_wear: 1.0e-4,
            tank_l: 1.0e6,
            ..TwinParameters::default().hypochlorite
        };
        let mut doser = Doser::new(parameters);
        (doser.enable, doser.rate) = (true, 60.0);
        let an_hour = |doser: &mut Doser| doser.advance(3_600.0, Supply::On);
        let new = an_hour(&mut doser);
        for _ in 0..99 {
            an_hour(&mut doser);
        }
        let worn = an_hour(&mut doser);
        assert!((worn / new - 0.99).abs() < 2.0e-4, "{worn} after {new} g");
        doser.choose_b = true;
        assert!((an_hour(&mut doser) / new - 1.0).abs() < 1.0e-9);
        doser.tube_hours = [1.0e6; 2];
        assert!((an_hour(&mut doser) / new - TUBE_END).abs() < 1.0e-3);
    }

    /// 6.10: top and bottom ± 20 %, and every gram of a batch comes out of it.
    #[test]
    fn a_batch_that_nobody_stirred_is_strong_below_and_weak_above() {
        let parameters = DoserParameters { unmixed: 0.2, ..TwinParameters::default().coagulant };
        let mut doser = Doser::new(parameters);
        assert!((doser.drawn_strength() / 50.0 - 1.2).abs() < 1.0e-9);
        (doser.enable, doser.rate) = (true, 180.0);
        let before = doser.held_g();
        while doser.fill() > 0.2 {
            doser.advance(1.0, Supply::On);
        }
        let missing = before - doser.held_g() - doser.dosed_g;
        assert!(missing.abs() < 1.0e-3 * doser.dosed_g, "{missing} g");
        assert!((doser.drawn_strength() / 50.0 - 0.9).abs() < 1.0e-3);
        // The attendant stirs what is left into the new batch.
        let (held, litres) = (doser.held_g(), doser.volume_l);
        doser.attend();
        let mixed = 50.0 * (doser.volume_l - litres);
        assert!((doser.strength * doser.volume_l - held - mixed).abs() < 1.0e-9);
    }

    /// 6.10: a tenth of each stroke beside the pipe: the tank empties as before, and the water gets nine tenths.
    #[test]
    fn a_leaking_pump_strokes_and_doses_less() {
        let mut doser = Doser::new(TwinParameters::default().coagulant);
        (doser.enable, doser.rate) = (true, 60.0);
        let before = doser.volume_l;
        let sound = doser.advance(60.0, Supply::On);
        let taken = before - doser.volume_l;
        *doser.chosen() = PumpHealth::Leaks(0.1);
        assert!((doser.advance(60.0, Supply::On) / sound - 0.9).abs() < 1.0e-9);
        assert!((before - doser.volume_l - 2.0 * taken).abs() < 1.0e-9);
        assert_eq!(doser.strokes, 120);
    }

    /// 6.10: a batch that is mixed with a broken mixer lies in layers until the mixer has turned; not a gram is lost.
    #[test]
    fn a_broken_mixer_leaves_layers_until_it_turns() {
        let mut doser = Doser::new(TwinParameters::default().coagulant);
        (doser.volume_l, doser.mixer_broken) = (20.0, true);
        for _ in 0..20 {
            doser.attend();
        }
        assert!((doser.volume_l - 95.0).abs() < 1.0e-6, "{} l", doser.volume_l);
        assert!((doser.drawn_strength() / 50.0 - 1.2).abs() < 1.0e-6);
        (doser.enable, doser.rate) = (true, 180.0);
        while doser.fill() > 0.5 {
            doser.advance(1.0, Supply::On);
        }
        let held = doser.held_g();
        doser.mixer_broken = false;
        doser.stir(STIR_S);
        assert!((doser.held_g() / held - 1.0).abs() < 1.0e-9);
        assert!((doser.drawn_strength() * doser.volume_l / held - 1.0).abs() < 1.0e-9);
    }
}
