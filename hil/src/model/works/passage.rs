//! The water's way through the works, one substep from the river to the tap.

use super::super::actuators::Supply;
use super::super::chlorine;
use super::super::coagulation::Conditions;
use super::super::demand;
use super::super::hydraulics::{Pace, Suction};
use super::super::settling::{self, SedimentationTank};
use super::super::water::{COAGULANT_SOLIDS, FINE_SOLIDS, RAW_SOLIDS, Water};
use super::{RAW_DRY, SHUT, Works};

/// P-351 and P-501 suck air below this level of the clear well, m.
const CLEAR_DRY: f64 = 0.10;
/// LT-102 at which P-101 stands before its static head of 8 m; 6 to 12 with the river.
const REFERENCE_LEVEL: f64 = 1.5;
/// Screen loss at the reference flow and a clean screen, m; the flow, m³/h.
const SCREEN_LOSS: (f64, f64) = (0.02, 5.0);
/// HV-401, m³/h of the reference plant at a full well. Chosen: DN50 under 2 m of water.
const HAND_DRAIN: f64 = 15.0;

impl Works {
    /// River, screen, wet well, P-101, PAC, flocculation.
    pub(super) fn lift_raw_water(&mut self, pace: &Pace) {
        let p = &self.parameters;
        // Through the screen until both sides stand level.
        let level = self.river.level + p.wet_well_depth;
        let drop = level - self.wet_well.level();
        let clear = 1.0 - self.blockage;
        let through =
            SCREEN_LOSS.1 * p.scale() * clear * libm::sqrt(libm::fabs(drop) / SCREEN_LOSS.0);
        let most = libm::fabs(drop) * self.wet_well.area_m2;
        let passed = pace.volume(through).min(most);
        if drop >= 0.0 {
            self.books.water.come(passed);
            self.books.water.go(self.wet_well.pour(passed));
        } else {
            self.books.water.come(-self.wet_well.draw(passed));
        }
        self.raw_water.blend(pace.five_minutes, &self.river.water);

        let path = self.raw_inlet.opening();
        let suction = Suction::above(self.wet_well.level(), RAW_DRY);
        let mut steady = 0.0;
        if path > SHUT {
            let curve = &self.raw.curve;
            let lift = curve.static_head_m + REFERENCE_LEVEL - self.wet_well.level();
            let resistance = curve.resistance * (1.0 / (path * path) - 1.0);
            steady = self.raw.flow_against(lift.clamp(6.0, 12.0), resistance);
        } else {
            self.raw.flow = 0.0;
        }
        self.raw.settle(pace, steady, suction);
        let volume = self.wet_well.draw(pace.volume(self.raw.flow));
        let supply = Supply::given(self.panel.contactor);
        let coagulant = self.coagulant.advance(pace.seconds, supply);
        let conditions = Conditions {
            temperature: self.weather.temperature,
            ph: self.raw_water.ph(),
            flow: self.raw.flow,
            demand: p.coagulant_demand,
            scale: p.scale(),
        };
        let over = self.flocculation.take_in(volume, &self.raw_water, coagulant, &conditions);
        self.books.solids.come(RAW_SOLIDS * self.raw_water.turbidity * volume);
        self.books.solids.come(COAGULANT_SOLIDS * coagulant);
        self.books.water.go(over);
        self.books.solids.go(over * self.flocculation.outlet().raw_solids());
    }

    /// Sedimentation tanks, sludge, settled tank.
    pub(super) fn clarify(&mut self, pace: &Pace) {
        let open: f64 = self.tanks.iter().map(inflow_weight).sum();
        let off = if open > 0.0 { self.flocculation.run_off(pace.seconds) } else { 0.0 };
        let floc = *self.flocculation.outlet();
        let sludge = if self.sludge_pump.works() {
            settling::PUMPED_SLUDGE
        } else {
            settling::GRAVITY_SLUDGE
        };
        let (mut poured, mut turbid) = (0.0, 0.0);
        for tank in &mut self.tanks {
            let volume = if open > 0.0 { off * inflow_weight(tank) / open } else { 0.0 };
            let over = tank.take_in(pace, volume, &floc);
            self.books.water.go(over);
            self.books.solids.go(over * tank.water.fine_solids());
            let settled = tank.run_off(pace);
            if settled > 0.0 {
                self.settled_water.take_in(self.settled.volume, settled, &tank.water);
                let over = self.settled.pour(settled);
                self.books.water.go(over);
                self.books.solids.go(over * self.settled_water.fine_solids());
                poured += settled;
                turbid += settled * tank.water.turbidity;
            }
            let (drawn, solids) = tank.desludge(pace, sludge);
            let (over, lost) = self.waste.take_in(drawn, solids);
            self.books.water.go(over);
            self.books.solids.go(lost);
        }
        if poured > 0.0 {
            self.settled_sample = turbid / poured;
        }
    }

    /// P-301, filters, wash train, hypochlorite, clear well.
    pub(super) fn filter_and_disinfect(&mut self, pace: &Pace) {
        let made = self.filtration.filter(pace, &mut self.settled, &self.settled_water);
        self.filtration.blow(pace);
        let suction = Suction::above(self.clear_well.basin.level(), CLEAR_DRY);
        let well = &mut self.clear_well;
        let mut spent = 0.0;
        let washed = self.filtration.wash(pace, suction, |wanted| {
            let drawn = well.draw(wanted);
            spent = drawn * well.outlet().chlorine;
            (drawn, drawn * well.outlet().fine_solids())
        });
        // Chlorine of the wash water is gone with what it meets in the sand.
        self.books.chlorine.go(spent);
        let drained = self.filtration.drain(pace);
        let (over, lost) = self.waste.take_in(
            made.wasted + washed.wasted + drained.wasted,
            made.wasted_solids + washed.wasted_solids + drained.wasted_solids,
        );
        self.books.water.go(over);
        self.books.solids.go(lost);

        let powered = self.panel.contactor && self.clear_well_high_high.closed;
        let chlorine = self.hypochlorite.advance(pace.seconds, Supply::given(powered));
        let carbon = self.river.organic_carbon;
        let mut water = made.water;
        let returned = washed.returned;
        let produced = made.produced + returned;
        if returned > 0.0 {
            // What came back through the outlet is wash water with the sand's dirt in it.
            let turbidity = washed.returned_solids / FINE_SOLIDS / returned;
            let dirty = Water { turbidity, ..*self.clear_well.outlet() };
            water.blend(returned / produced, &dirty);
        }
        let used = self.clear_well.used;
        let over = self.clear_well.take_in(produced, &water, chlorine, carbon);
        self.books.chlorine.come(chlorine);
        self.lose_clear_water(over);
        self.clear_well.decay(pace, self.decay_rate);
        self.books.chlorine.go(self.clear_well.used - used);
        if self.hand_drain > 0.0 {
            let flow = HAND_DRAIN
                * self.parameters.scale()
                * self.hand_drain
                * self.clear_well.basin.fill();
            let drained = self.clear_well.draw(pace.volume(flow));
            self.lose_clear_water(drained);
        }
        self.temperature += pace.hours_3 * (self.weather.temperature - self.temperature);
    }

    /// m³ of the clear well's outlet go over its brim or into its drain.
    pub(super) fn lose_clear_water(&mut self, volume: f64) {
        let water = self.clear_well.outlet();
        self.books.chlorine.go(volume * water.chlorine);
        self.books.solids.go(volume * water.fine_solids());
        self.books.water.go(volume);
    }

    /// P-501, elevated tank, main, village.
    pub(super) fn distribute(&mut self, pace: &Pace) {
        let level = self.clear_well.basin.level();
        let suction = Suction::above(level, CLEAR_DRY);
        let asked = pace.volume(self.demand);
        let lost = self.troubles.burst + demand::leak(&self.parameters);
        let wanted = asked + pace.volume(lost);
        let served = if let Some(elevated) = &mut self.elevated {
            let lift = self.lift.curve.static_head_m + elevated.level() - level;
            let steady = self.lift.flow_against(lift, 0.0);
            self.lift.settle(pace, steady, suction);
            let lifted = self.clear_well.draw(pace.volume(self.lift.flow));
            self.tower.take_in(lifted, self.clear_well.outlet());
            let over = elevated.pour(lifted);
            let spilled = self.tower.draw(over);
            self.books.water.go(over);
            self.books.chlorine.go(over * spilled.chlorine);
            self.books.solids.go(over * spilled.fine_solids());
            elevated.draw(if self.outlet.opening() > SHUT { wanted } else { 0.0 })
        } else {
            // Straight into the network: no rising main, and a vessel that takes no more is a closed pipe.
            let lift = self.network.head - level;
            let resistance = -self.lift.curve.resistance;
            let full = self.network.is_full();
            let steady = if full { 0.0 } else { self.lift.flow_against(lift, resistance) };
            self.lift.settle(pace, steady, suction);
            let lifted = self.clear_well.draw(pace.volume(self.lift.flow));
            self.tower.take_in(lifted, self.clear_well.outlet());
            self.network.pass(pace, lifted, wanted, self.outlet.opening())
        };
        let lost = self.decay_rate * chlorine::ELEVATED_DECAY * pace.hours;
        self.books.chlorine.go(self.tower.decay(lost));
        let drawn = self.tower.draw(served);
        let (chlorine, solids) = self.main.pass(served, &drawn);
        self.books.chlorine.go(chlorine);
        self.books.solids.go(solids);
        self.books.water.go(served);
        // Taps and hole share what there is.
        let share = if wanted > 0.0 { (served / wanted).min(1.0) } else { 1.0 };
        self.unmet += asked * (1.0 - share);
        self.village_flow = served / pace.hours;
    }

    pub(super) fn clear_waste(&mut self, pace: &Pace) {
        if self.decant.works() {
            let (out, solids) = self.waste.run_off(pace);
            self.books.water.go(out);
            self.books.solids.go(solids);
        }
    }
}

/// How much of the flocculated water a tank takes: by its valve, less as it stands higher than the others.
fn inflow_weight(tank: &SedimentationTank) -> f64 {
    // The flocculation tank stands 0.2 m above the brims.
    let drop = (tank.basin.brim_m + 0.2 - tank.basin.level()).max(0.0);
    if tank.inlet.opening() > SHUT { tank.inlet.opening() * libm::sqrt(drop) } else { 0.0 }
}
