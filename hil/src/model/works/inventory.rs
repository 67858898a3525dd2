//! What the works hold, and what can be read off them.

use super::super::actuators::Motor;
use super::super::hydraulics::{PumpStation, Suction};
use super::super::inactivation;
use super::super::panel::Mains;
use super::super::random::Stream;
use super::super::settling::SedimentationTank;
use super::{KPA_PER_METRE, RAW_DRY, Works};

/// Height of the elevated tank's floor above that of the clear well, m.
const ELEVATED_FLOOR: f64 = 22.0;
/// Share of the seconds in which a bubble passes the light. Chosen.
const BUBBLES_SEEN: f64 = 0.2;
/// Motors behind contactors, kW: mixer, sludge pump, decant pump, blower.
const MOTORS_KW: (f64, f64, f64, f64) = (0.1, 0.55, 0.55, 1.1);

impl Works {
    pub(super) fn motor_power(&self) -> f64 {
        let drives = |station: &PumpStation| station.drives.iter().map(|d| d.power_kw).sum::<f64>();
        let motor = |motor: &Motor, rated: f64| if motor.running { rated } else { 0.0 };
        let (mixer, sludge, decant, blower) = MOTORS_KW;
        let small = motor(&self.mixer, mixer)
            + motor(&self.sludge_pump, sludge)
            + motor(&self.decant, decant)
            + self.filtration.blower.as_ref().map_or(0.0, |found| motor(found, blower));
        drives(&self.raw)
            + drives(&self.filtration.feed)
            + drives(&self.filtration.wash)
            + drives(&self.lift)
            + small * self.parameters.scale()
    }

    /// m³ of water in the plant.
    #[must_use]
    pub fn held(&self) -> f64 {
        self.wet_well.volume
            + self.flocculation.volume
            + self.tanks.iter().map(|tank| tank.basin.volume).sum::<f64>()
            + self.settled.volume
            + self.filtration.held()
            + self.clear_well.held()
            + self.elevated.as_ref().map_or(self.network.water, |elevated| elevated.volume)
            + self.waste.basin.volume
    }

    /// g of dry matter in the plant, from P-101 to the taps.
    #[must_use]
    pub fn solids_held(&self) -> f64 {
        self.flocculation.solids()
            + self.tanks.iter().map(SedimentationTank::solids).sum::<f64>()
            + self.settled.volume * self.settled_water.fine_solids()
            + self.filtration.solids()
            + self.clear_well.solids_held()
            + self.tower.solids()
            + self.main.held().1
            + self.waste.solids()
    }

    /// g of free chlorine in the plant, from P-411 to the taps.
    #[must_use]
    pub fn chlorine_held(&self) -> f64 {
        self.clear_well.chlorine_held() + self.tower.chlorine() + self.main.held().0
    }

    /// m³ over brims inside the plant since the start: INV-21.
    #[must_use]
    pub fn overflowed(&self) -> f64 {
        self.flocculation.overflowed
            + self.tanks.iter().map(|tank| tank.basin.overflowed).sum::<f64>()
            + self.settled.overflowed
            + self.clear_well.basin.overflowed
            + self.elevated.as_ref().map_or(0.0, |elevated| elevated.overflowed)
            + self.waste.basin.overflowed
    }

    /// T10 of the clear well at the present outflow, min.
    #[must_use]
    pub fn contact_minutes(&self) -> f64 {
        let flow = self.lift.flow + self.filtration.wash.flow;
        let count = self.clear_well.compartments.len();
        inactivation::contact_minutes(self.clear_well.basin.volume, flow, count)
    }

    /// NTU that bubbles of the last wash add to the reading of a filter's analyser now: a spike now and then, 6.11.
    #[must_use]
    pub fn bubbles(&self, filter: usize) -> f64 {
        let most = self.parameters.wash_bubbles;
        let left = self.filtration.filters[filter].bubbles_s;
        if !(most > 0.0 && left > 0.0) {
            return 0.0;
        }
        // A draw for each second.
        let draw = self.random.uniform(Stream::Bubble, 1_000 * self.minute + left as u64);
        (1.0 - draw / BUBBLES_SEEN).max(0.0) * most
    }

    /// IR at the present outflow.
    #[must_use]
    pub fn inactivation_ratio(&self) -> f64 {
        let water = self.clear_well.outlet();
        let minutes = self.contact_minutes();
        inactivation::inactivation_ratio(minutes, water.chlorine, self.temperature, water.ph())
    }

    /// kPa in the raw main: the pump's head while it turns in water, else what stands in the rising main.
    #[must_use]
    pub fn raw_pressure(&self) -> f64 {
        let curve = &self.raw.curve;
        let pumped = match Suction::above(self.wet_well.level(), RAW_DRY) {
            Suction::Wet => self.raw.shut_off() - curve.curvature * self.raw.flow * self.raw.flow,
            Suction::Dry => 0.0,
        };
        KPA_PER_METRE * pumped.max(curve.static_head_m)
    }

    /// kPa behind P-501.
    #[must_use]
    pub fn lift_pressure(&self) -> f64 {
        let curve = &self.lift.curve;
        let flow = self.lift.flow;
        match &self.elevated {
            Some(elevated) => {
                KPA_PER_METRE * (ELEVATED_FLOOR + elevated.level() + curve.resistance * flow * flow)
            }
            None => KPA_PER_METRE * self.network.head,
        }
    }

    /// So many kg of sludge more lie in this tank, brought from nowhere.
    pub fn add_sludge(&mut self, tank: usize, kg: f64) {
        let before = self.solids_held();
        self.tanks[tank].sludge_kg += kg;
        self.books.solids.come(self.solids_held() - before);
    }

    /// Foreign water stands in the waste tank up to this fill, 0 to 1.
    pub fn fill_waste(&mut self, fill: f64) {
        let before = self.waste.basin.volume;
        let after = fill * self.waste.basin.area_m2 * self.waste.basin.brim_m;
        self.waste.basin.volume = before.max(after);
        self.books.water.come(self.waste.basin.volume - before);
    }

    /// Whether the mains are there.
    #[must_use]
    pub fn mains(&self) -> Mains {
        self.grid.mains()
    }

    /// Minutes since the start.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        self.minute
    }
}
