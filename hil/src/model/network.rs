//! A village's network without a tank above it: taps, and a pressure vessel that carries them while the pump sleeps.

use super::hydraulics::Pace;

/// Pressure at which the village takes what it wants, m: 250 kPa.
const TAPS_HEAD: f64 = 25.5;
/// The vessel of the reference plant, m³; its gas is charged to this pressure, m: 200 kPa. Chosen: a vessel that lets a pump
/// start six times an hour at night.
pub const VESSEL: f64 = 1.0;
const CHARGE_HEAD: f64 = 20.4;
/// The air around, m of water.
const AIR_HEAD: f64 = 10.3;
/// The vessel is never filled further than this share: its relief valve opens.
const FULL: f64 = 0.9;

/// Pipes, taps and vessel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Network {
    /// Of the vessel, m³.
    pub size: f64,
    /// Water in it, m³.
    pub water: f64,
    /// Pressure at the pump, m.
    pub head: f64,
}

impl Network {
    /// Standing at the pressure that the taps like.
    #[must_use]
    pub fn new(scale: f64) -> Network {
        let size = VESSEL * scale;
        let water = size * (1.0 - (CHARGE_HEAD + AIR_HEAD) / (TAPS_HEAD + AIR_HEAD));
        Network { size, water, head: TAPS_HEAD }
    }

    /// Standing at this pressure at the pump, m.
    pub fn stand_at(&mut self, head: f64) {
        let water = self.size * (1.0 - (CHARGE_HEAD + AIR_HEAD) / (head.max(0.0) + AIR_HEAD));
        self.water = water.clamp(0.0, FULL * self.size);
        self.head = head.max(0.0);
    }

    /// Takes `brought` m³ from the pump; answers what left: what the taps got of `wanted` m³. `open` is the place of the outlet valve.
    pub fn pass(&mut self, pace: &Pace, brought: f64, wanted: f64, open: f64) -> f64 {
        let taps = wanted * open / libm::sqrt(TAPS_HEAD);
        let served = if self.water > 0.0 {
            let drawn = taps * libm::sqrt(self.head.max(0.0));
            drawn.min(brought + self.water)
        } else {
            // An empty vessel: the taps get what comes, as long as its charge is not reached.
            brought.min(taps * libm::sqrt(CHARGE_HEAD))
        };
        let held = (self.water + brought - served).max(0.0);
        self.water = held.min(FULL * self.size);
        let relieved = held - self.water;
        self.head = if self.water > 0.0 {
            (CHARGE_HEAD + AIR_HEAD) * self.size / (self.size - self.water) - AIR_HEAD
        } else if taps > 0.0 {
            let share = served / taps;
            (share * share).min(CHARGE_HEAD)
        } else {
            self.head * (1.0 - pace.flow)
        };
        served + relieved
    }

    /// Whether the vessel takes no more: the pump then works against a closed pipe.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.water >= FULL * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vessel_carries_a_quiet_village_for_minutes_and_is_empty_then() {
        let pace = Pace::new(1.0);
        let mut network = Network::new(1.0);
        let mut seconds = 0;
        while network.head > 22.4 && seconds < 9_999 {
            network.pass(&pace, 0.0, 0.65 / 3_600.0, 1.0);
            seconds += 1;
        }
        assert!((300..1_200).contains(&seconds), "{seconds} s to 220 kPa");
        for _ in 0..7_200 {
            network.pass(&pace, 0.0, 0.65 / 3_600.0, 1.0);
        }
        assert!(network.water < 1.0e-6 && network.head < 0.1, "{network:?}");
    }

    #[test]
    fn what_comes_in_is_served_or_held() {
        let pace = Pace::new(1.0);
        let mut network = Network::new(1.0);
        let (mut brought, mut served, began) = (0.0, 0.0, network.water);
        for second in 0..3_600 {
            let flow = if second % 240 < 120 { 5.0 } else { 0.0 } / 3_600.0;
            brought += flow;
            served += network.pass(&pace, flow, 2.5 / 3_600.0, 1.0);
        }
        assert!((brought - served - (network.water - began)).abs() < 1.0e-9);
        assert!(network.head > 15.0 && network.head < 40.0);
    }
}
