//! Water of the elevated tank (or of the pressure vessel where there is none), and the main to the taps: `plant.md` 6.8 and 6.9.

use super::water::Water;

/// The main between tank and village holds so much in the reference plant, m³, and decays with this rate, 1/h: `plant.md` 6.9.
const MAIN: f64 = 1.0;
const MAIN_DECAY: f64 = 0.05;
/// Parts of the main that move as plugs. Chosen: a twentieth each.
const PLUGS: usize = 20;

/// How a tank mixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// One stirred tank.
    #[default]
    Whole,
    /// One pipe for in and out: what came last leaves first, the rest grows old.
    LastInFirstOut,
}

/// Two bodies of water on top of each other; where the tank is stirred the lower one is nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tower {
    /// What leaves next.
    pub fresh: Water,
    old: Water,
    /// m³ of each.
    fresh_volume: f64,
    old_volume: f64,
}

impl Tower {
    #[must_use]
    pub fn new(mixing: Mixing, volume: f64, water: Water) -> Tower {
        let (fresh_volume, old_volume) = match mixing {
            Mixing::Whole => (volume, 0.0),
            Mixing::LastInFirstOut => (0.0, volume),
        };
        Tower { fresh: water, old: water, fresh_volume, old_volume }
    }

    /// `volume` m³ come in.
    pub fn take_in(&mut self, volume: f64, water: &Water) {
        if self.fresh_volume <= 0.0 && volume > 0.0 {
            self.fresh = *water;
        } else {
            self.fresh.take_in(self.fresh_volume, volume, water);
        }
        self.fresh_volume += volume;
    }

    /// `volume` m³ leave; their quality.
    pub fn draw(&mut self, volume: f64) -> Water {
        let mut drawn = self.fresh;
        if self.old_volume <= 0.0 {
            self.fresh_volume = (self.fresh_volume - volume).max(0.0);
            return drawn;
        }
        let upper = volume.min(self.fresh_volume);
        self.fresh_volume -= upper;
        let lower = volume - upper;
        if lower > 0.0 {
            drawn.take_in(upper, lower, &self.old);
            self.old_volume = (self.old_volume - lower).max(0.0);
        }
        drawn
    }

    /// Loses this share of its chlorine; g lost.
    pub fn decay(&mut self, share: f64) -> f64 {
        let lost = share * self.chlorine();
        self.fresh.chlorine -= share * self.fresh.chlorine;
        self.old.chlorine -= share * self.old.chlorine;
        lost
    }

    /// g of free chlorine.
    #[must_use]
    pub fn chlorine(&self) -> f64 {
        self.fresh.chlorine * self.fresh_volume + self.old.chlorine * self.old_volume
    }

    /// g of dry matter.
    #[must_use]
    pub fn solids(&self) -> f64 {
        self.fresh.fine_solids() * self.fresh_volume + self.old.fine_solids() * self.old_volume
    }
}

/// What a plug carries, g/m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Plug {
    chlorine: f64,
    solids: f64,
}

/// The main: always full, what enters pushes the same out at the taps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Main {
    plugs: [Plug; PLUGS],
    /// Where the next water enters; the one after it leaves.
    first: usize,
    /// m³ that have entered the first, and each one's size.
    entered: f64,
    size: f64,
    /// g of chlorine and of dry matter in all plugs but the two at the ends.
    chlorine: f64,
    solids: f64,
}

impl Main {
    #[must_use]
    pub fn new(scale: f64, water: &Water) -> Main {
        let plug = Plug { chlorine: water.chlorine, solids: water.fine_solids() };
        let size = MAIN * scale / (PLUGS - 1) as f64;
        let middle = (PLUGS - 1) as f64 * size;
        Main {
            plugs: [plug; PLUGS],
            first: 0,
            entered: 0.0,
            size,
            chlorine: middle * plug.chlorine,
            solids: middle * plug.solids,
        }
    }

    fn last(&self) -> usize {
        (self.first + 1) % PLUGS
    }

    /// `volume` m³ enter and as much leaves; the g of chlorine and of dry matter that left.
    pub fn pass(&mut self, volume: f64, water: &Water) -> (f64, f64) {
        let (mut left, mut out) = (volume, (0.0, 0.0));
        // A burst main may pass several plugs in a step; a hundred is more than any pump brings.
        for _ in 0..100 {
            let room = self.size - self.entered;
            let part = left.min(room);
            let last = self.plugs[self.last()];
            out.0 += part * last.chlorine;
            out.1 += part * last.solids;
            let (first, held) = (&mut self.plugs[self.first], self.entered);
            let whole = (held + part).max(1.0e-12);
            first.chlorine = (held * first.chlorine + part * water.chlorine) / whole;
            first.solids = (held * first.solids + part * water.fine_solids()) / whole;
            self.chlorine += part * (water.chlorine - last.chlorine);
            self.solids += part * (water.fine_solids() - last.solids);
            self.entered += part;
            left -= part;
            if part >= room {
                self.first = self.last();
                self.entered = 0.0;
            }
            if left <= 0.0 {
                break;
            }
        }
        out
    }

    /// A minute of decay; g lost.
    pub fn decay(&mut self) -> f64 {
        let share = MAIN_DECAY / 60.0;
        for plug in &mut self.plugs {
            plug.chlorine -= share * plug.chlorine;
        }
        let lost = share * self.chlorine;
        self.chlorine -= lost;
        lost
    }

    /// g of free chlorine, g of dry matter.
    #[must_use]
    pub fn held(&self) -> (f64, f64) {
        (self.chlorine, self.solids)
    }

    /// At the first tap, mg/l.
    #[must_use]
    pub fn tap_chlorine(&self) -> f64 {
        self.plugs[self.last()].chlorine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(chlorine: f64) -> Water {
        Water { chlorine, ..Water::default() }
    }

    /// 6.9: plug flow, V/Q late, and a twentieth less an hour.
    #[test]
    fn the_first_tap_gets_the_water_of_a_main_ago() {
        let mut main = Main::new(1.0, &with(0.0));
        let mut out = 0.0;
        for second in 0..3_600 {
            out += main.pass(1.0 / 3_600.0, &with(1.0)).0;
            if second % 60 == 59 {
                main.decay();
            }
            if second == 3_000 {
                assert_eq!(main.tap_chlorine(), 0.0, "{out}");
            }
        }
        for _ in 0..360 {
            main.pass(1.0 / 3_600.0, &with(1.0));
        }
        assert!((0.94..0.97).contains(&main.tap_chlorine()), "{}", main.tap_chlorine());
    }

    #[test]
    fn a_tank_with_one_pipe_keeps_its_oldest_water() {
        let gives = |mixing| {
            let mut tower = Tower::new(mixing, 20.0, with(0.2));
            tower.take_in(5.0, &with(1.0));
            tower.draw(1.0).chlorine
        };
        assert!((gives(Mixing::Whole) - 0.36).abs() < 1.0e-9);
        assert_eq!(gives(Mixing::LastInFirstOut), 1.0);
    }

    #[test]
    fn what_enters_main_and_tower_is_there_or_has_left() {
        for mixing in [Mixing::Whole, Mixing::LastInFirstOut] {
            let mut tower = Tower::new(mixing, 20.0, with(0.5));
            let mut main = Main::new(1.0, &with(0.5));
            let (mut came, mut went) = (tower.chlorine() + main.held().0, 0.0);
            for second in 0..20_000_u32 {
                let brought = if second % 4_000 < 1_500 { 6.0 / 3_600.0 } else { 0.0 };
                tower.take_in(brought, &with(0.8));
                came += 0.8 * brought;
                let drawn = tower.draw(3.0 / 3_600.0);
                went += main.pass(3.0 / 3_600.0, &drawn).0;
                went += tower.decay(1.0e-6);
                if second % 60 == 0 {
                    went += main.decay();
                }
            }
            let missing = came - went - tower.chlorine() - main.held().0;
            assert!(missing.abs() < 1.0e-9, "{mixing:?}: {missing} g");
        }
    }
}
