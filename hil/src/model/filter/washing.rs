//! A filter that is washed, scoured with air, or drained.

use super::super::hydraulics::Pace;
use super::{Bed, FREEBOARD, Filter, SHUT, SPIKE};

/// Gentle upflow that counts in full, s; less counts in proportion. Chosen: what the pump's ramp leaves of a step of 60 s.
const SUBFLUID_S: f64 = 45.0;
/// Air that counts as a scour, s, and the efficiency with and without it.
const AIR_S: f64 = 120.0;
const AIR: (f64, f64) = (0.97, 0.85);
/// Cleaning time constant of the high wash, s.
const CLEANING_S: f64 = 120.0;
/// A wash worse than this leaves mud balls, and how many.
const GOOD_WASH: f64 = 0.8;
const MUD: f64 = 0.02;
/// Above this many times minimum fluidisation a wash carries sand away, and how much.
const CARRY_AWAY: (f64, f64) = (1.75, 0.002);
/// How long its analyser sees bubbles after a wash, s: 6.11.
const BUBBLES_S: f64 = 300.0;
/// Rate at which it drains, m/h. Chosen: the freeboard in 90 s.
const DRAINING: f64 = 20.0;

/// A wash so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Wash {
    load_before: f64,
    air_s: f64,
    high_s: f64,
    /// Seconds weighted with how far the bed was lifted.
    lifted_s: f64,
    subfluid_s: f64,
    /// Most upflow, m/h.
    most: f64,
}

impl Wash {
    /// Share of the load it has taken out.
    fn efficiency(&self) -> f64 {
        if self.high_s <= 0.0 {
            return 0.0;
        }
        let air = if self.air_s >= AIR_S { AIR.0 } else { AIR.1 };
        air * (1.0 - libm::exp(-self.high_s / CLEANING_S)) * self.lifted_s / self.high_s
    }
}

impl Filter {
    /// Whether what comes up from below finds a way out.
    #[must_use]
    pub fn lets_wash_out(&self) -> bool {
        let ways = [self.waste.opening(), self.drain.opening(), self.outlet.opening()];
        ways.into_iter().any(|opening| opening > SHUT)
    }

    /// Share of the wash water that goes into the clear well, which INV-10 forbids: as far as the outlet stands open, or
    /// leaks, against all ways out.
    #[must_use]
    pub fn wash_share_back(&self) -> f64 {
        let passed = |opening: f64| if opening > SHUT { opening } else { 0.0 };
        let back = passed(self.outlet.opening());
        let all = back + passed(self.waste.opening()) + passed(self.drain.opening());
        if all > 0.0 { back / all } else { 0.0 }
    }

    /// Its wash inlet is shut and leaks: while another filter is washed, clear-well water comes under its bed.
    #[must_use]
    pub fn seeps(&self) -> bool {
        self.wash_inlet.position <= SHUT && self.wash_inlet.opening() > SHUT
    }

    /// Whether water that seeps in from below finds a way out: filter-to-waste too, which stands below the bed.
    #[must_use]
    pub fn lets_seep_out(&self) -> bool {
        self.lets_wash_out() || self.to_waste.opening() > SHUT
    }

    /// Share of it that goes back to the clear well, and share that passes FIT-3n0: through the outlet, and that to waste below
    /// the bed.
    #[must_use]
    pub fn seep_shares(&self) -> (f64, f64) {
        let passed = |opening: f64| if opening > SHUT { opening } else { 0.0 };
        let (back, below) = (passed(self.outlet.opening()), passed(self.to_waste.opening()));
        let all = back + below + passed(self.waste.opening()) + passed(self.drain.opening());
        if all > 0.0 { (back / all, (back + below) / all) } else { (0.0, 0.0) }
    }

    /// `volume` m³ of wash water with so many g of dry matter come up from below. Answers the m³ that run over the waste outlet,
    /// and the g in them.
    pub fn wash(&mut self, pace: &Pace, bed: &Bed, volume: f64, brought: f64) -> (f64, f64) {
        self.upflow = volume / pace.hours / self.area;
        let filled = (FREEBOARD * self.area - self.freeboard).clamp(0.0, volume);
        self.freeboard += filled;
        if volume > 0.0 {
            let wash = self.wash.get_or_insert(Wash { load_before: self.load, ..Wash::default() });
            wash.most = wash.most.max(self.upflow);
            // What comes up from below takes the gas along.
            self.air_bound = 0.0;
            let lift = self.upflow / bed.fluidisation;
            if lift > 0.8 {
                wash.high_s += pace.seconds;
                wash.lifted_s += pace.seconds * ((lift - 0.8) / 0.4).min(1.0);
                wash.subfluid_s = 0.0;
                let left = self.load.min(wash.load_before * (1.0 - wash.efficiency()));
                self.loosened += 1_000.0 * self.area * (self.load - left);
                self.load = left;
            } else if lift > 0.3 && wash.high_s > 0.0 {
                wash.subfluid_s += pace.seconds;
            }
        }
        self.loosened += brought;
        let out = volume - filled;
        (out, self.carry_off(out))
    }

    /// g that `out` m³ take along from above the media; what is left there counts as mixed.
    fn carry_off(&mut self, out: f64) -> f64 {
        if out <= 0.0 {
            return 0.0;
        }
        let taken = self.loosened * out / (self.freeboard + out);
        self.loosened -= taken;
        taken
    }

    /// Air comes up for this long.
    pub fn scour(&mut self, seconds: f64) {
        let wash = self.wash.get_or_insert(Wash { load_before: self.load, ..Wash::default() });
        wash.air_s += seconds;
    }

    /// m³ that run off through the open drain, down to the media, and the g of dry matter in them.
    pub fn run_dry(&mut self, pace: &Pace) -> (f64, f64) {
        if self.drain.opening() <= SHUT {
            return (0.0, 0.0);
        }
        let out = pace.volume(DRAINING * self.area * self.drain.opening()).min(self.freeboard);
        self.freeboard -= out;
        (out, self.carry_off(out))
    }

    /// Filtered water comes again after a wash: what it was worth is settled now.
    pub(super) fn end_wash(&mut self, bed: &Bed) {
        let Some(wash) = self.wash.take() else { return };
        let efficiency = wash.efficiency();
        if efficiency < GOOD_WASH {
            self.mud += MUD;
        }
        if wash.most > CARRY_AWAY.0 * bed.fluidisation {
            self.sand_lost += CARRY_AWAY.1;
        }
        // What was not carried away falls back.
        self.load += self.loosened / (1_000.0 * self.area);
        self.loosened = 0.0;
        let gentle = (wash.subfluid_s / SUBFLUID_S).min(1.0);
        self.spike = (SPIKE.0 - gentle * (SPIKE.0 - SPIKE.1)) * (1.0 + 4.0 * self.mud);
        self.ripened = 0.0;
        self.filtered = 0.0;
        self.washes += 1;
        self.bubbles_s = BUBBLES_S;
    }
}
