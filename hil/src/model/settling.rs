//! One sedimentation tank with its sludge: `plant.md` 6.5. With a weir, or plain and filled in batches.

use super::actuators::{MotorValve, ReturnValve};
use super::hydraulics::{Basin, Pace};
use super::parameters::TwinParameters;
use super::water::{FINE_SOLIDS, Water};

/// Settling velocity of floc in clear rivers, and of what did not flocculate, m/h.
const FLOC: f64 = 8.0;
const LOOSE: f64 = 0.3;
/// Above this turbidity, NTU, flocs meet more often and settle faster, up to so many times: beyond, they break as fast as they
/// grow. Chosen: 12 m/h, so that a storm of 600 NTU settles to the 5.9 NTU of the prototype (6.14).
const FLOC_GROWS: (f64, f64) = (20.0, 1.5);
/// Floc in still water, m/h.
const QUIESCENT: f64 = 4.0;
/// Share of the loose turbidity that stays in still water.
const QUIESCENT_LOOSE: f64 = 0.6;
/// Active share of the tank's volume.
const ACTIVE: f64 = 0.7;
/// Sludge, kg of dry solids in a m³.
const SLUDGE_STRENGTH: f64 = 15.0;
/// Dry solids that a sludge pipe leaves behind, and where carry-over begins and its span, kg in a reference tank.
const SLUDGE_HEEL: f64 = 0.3;
const CARRY_OVER: (f64, f64) = (10.0, 5.0);
/// Through the open sludge valve of a reference tank with the sludge pump, m³/h: 6.5.
pub const PUMPED_SLUDGE: f64 = 3.0;
/// By gravity alone. Chosen: two metres of head through the same pipe.
pub const GRAVITY_SLUDGE: f64 = 2.0;
/// Water above the weir runs off with this time constant, s. Chosen: 17 mm over the weir at half the nominal flow.
const WEIR_S: f64 = 60.0;
/// Outlet of a plain tank above its floor, m, and through it under one metre of water, m³/h of a reference plant. Chosen: above
/// the hopper; DN50 with 10 m of pipe.
const LOW_OUTLET: f64 = 0.40;
const LOW_OUTLET_FLOW: f64 = 6.0;
/// Below this throughput the tank counts as still, m/h.
const STILL: f64 = 0.02;

/// Hazen's removal with the hydraulics of three equal cells: settling velocity against overflow rate, both m/h.
#[must_use]
pub fn removal(settling: f64, overflow: f64) -> f64 {
    if overflow <= 0.0 {
        return 1.0;
    }
    let cell = 1.0 + settling / (3.0 * overflow);
    1.0 - 1.0 / (cell * cell * cell)
}

/// v_s of floc that was made of water of this turbidity, m/h: the model of S17 has `N·(A·N^⅔ + 1)^(-3/2)` left of N behind
/// flocculator and settler, which grows no more with N; with three cells that is a velocity that goes with N^⅓.
#[must_use]
pub fn floc_velocity(turbidity: f64) -> f64 {
    let (from, most) = FLOC_GROWS;
    FLOC * libm::cbrt((turbidity / from).clamp(1.0, most * most * most))
}

/// f_u: share of the turbidity that does not settle as floc.
#[must_use]
pub fn loose_share(turbidity: f64, coagulated: f64) -> f64 {
    (0.008 + 0.9 / turbidity.max(1.0) + 0.8 * (1.0 - coagulated)).min(1.0)
}

/// What leaves the tank in the end at this overflow rate, NTU, before carry-over.
#[must_use]
pub fn settled(turbidity: f64, coagulated: f64, overflow: f64) -> f64 {
    settled_in_part(turbidity, coagulated, overflow, 1.0)
}

/// The same where the tank's hydraulics keep only a part of both removals, 0 to 1.
fn settled_in_part(turbidity: f64, coagulated: f64, overflow: f64, kept: f64) -> f64 {
    let loose = loose_share(turbidity, coagulated);
    turbidity
        * (loose * (1.0 - kept * removal(LOOSE, overflow))
            + (1.0 - loose) * (1.0 - kept * removal(floc_velocity(turbidity), overflow)))
}

/// A tank with its three valves.
#[derive(Clone, Debug, PartialEq)]
pub struct SedimentationTank {
    pub basin: Basin,
    /// What runs over the weir.
    pub water: Water,
    /// kg of dry solids.
    pub sludge_kg: f64,
    pub inlet: MotorValve,
    pub outlet: MotorValve,
    pub sludge: ReturnValve,
    /// What its hydraulics keep of the removal, 0 to 1: less while warm water runs along its top.
    pub kept: f64,
    weir: f64,
    /// Against the reference tank.
    scale: f64,
    /// A plain tank, and how much its outlet passes against that of the reference plant.
    batch: Option<Batch>,
}

/// Water of a plain tank, in two parts: what settles in still water, and what never does.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Batch {
    /// NTU that settle with 4 m/h.
    settles: f64,
    /// NTU that stay: N_u of 6.5.
    stays: f64,
    /// Nominal flow against the reference plant's.
    outlet: f64,
}

impl Batch {
    /// Water of this turbidity comes in, `volume` m³ to `held` m³.
    fn mix(&mut self, held: f64, volume: f64, floc: &Water) {
        let stays = QUIESCENT_LOOSE * loose_share(floc.turbidity, floc.coagulated) * floc.turbidity;
        let share = volume / (held + volume).max(1.0e-9);
        self.stays += share * (stays - self.stays);
        self.settles += share * (floc.turbidity - stays - self.settles);
    }
}

impl SedimentationTank {
    #[must_use]
    pub fn new(parameters: &TwinParameters, water: Water) -> SedimentationTank {
        SedimentationTank {
            basin: Basin::new(
                parameters.tank_area,
                parameters.tank_brim,
                if parameters.batch { 0.65 } else { parameters.tank_weir },
            ),
            water,
            // Chosen: an hour or two after a desludge in calm weather.
            sludge_kg: 0.5,
            inlet: MotorValve::new(15.0, 0.0),
            outlet: MotorValve::new(15.0, if parameters.batch { 0.0 } else { 1.0 }),
            sludge: ReturnValve::new(10.0),
            kept: 1.0,
            weir: parameters.tank_weir,
            batch: parameters.batch.then(|| Batch {
                settles: 0.0,
                stays: water.turbidity,
                outlet: parameters.scale(),
            }),
            // A plain tank is large for its water, not for its sludge.
            scale: if parameters.batch {
                2.0 * parameters.scale() / parameters.tanks.max(1) as f64
            } else {
                parameters.tank_area / TwinParameters::default().tank_area
            },
        }
    }

    /// The valves move.
    pub fn turn(&mut self, seconds: f64) {
        self.inlet.advance(seconds);
        self.outlet.advance(seconds);
        self.sludge.advance(seconds);
    }

    /// `volume` m³ of flocculated water come in; answers what spilled.
    pub fn take_in(&mut self, pace: &Pace, volume: f64, floc: &Water) -> f64 {
        if self.batch.is_some() {
            return self.fill(pace, volume, floc);
        }
        let before = self.water.turbidity;
        let held = self.suspended();
        let overflow = volume / pace.hours / self.basin.area_m2;
        self.water.take_in(ACTIVE * self.basin.volume, volume, floc);
        self.water.turbidity = before;
        let carried = 1.0
            + 3.0
                * ((self.sludge_kg - CARRY_OVER.0 * self.scale) / (CARRY_OVER.1 * self.scale))
                    .max(0.0);
        if overflow > STILL {
            let goal =
                settled_in_part(floc.turbidity, floc.coagulated, overflow, self.kept) * carried;
            let goal = goal.min(floc.turbidity.max(before));
            let active = ACTIVE * self.basin.brim_m * self.basin.area_m2;
            self.water.turbidity += volume / (active + volume) * (goal - before);
        } else {
            let end = before * QUIESCENT_LOOSE * loose_share(before, self.water.coagulated);
            let share = (QUIESCENT * pace.hours / self.basin.level().max(0.1)).min(1.0);
            self.water.turbidity += share * (end - before);
        }
        self.gather(held + volume * floc.raw_solids(), volume);
        self.basin.pour(volume)
    }

    /// g of dry matter in the water.
    fn suspended(&self) -> f64 {
        self.basin.volume * self.water.fine_solids()
    }

    /// g of dry matter in water and sludge.
    #[must_use]
    pub fn solids(&self) -> f64 {
        self.suspended() + 1_000.0 * self.sludge_kg
    }

    /// Of `there` g in the water, with `volume` m³ about to be poured in, what it does not carry any more lies on the floor; what
    /// it carries beyond that comes from there, as long as there is some.
    fn gather(&mut self, there: f64, volume: f64) {
        let whole = self.basin.volume + volume;
        let most = (there + 1_000.0 * self.sludge_kg) / (FINE_SOLIDS * whole.max(1.0e-9));
        self.water.turbidity = self.water.turbidity.min(most);
        self.sludge_kg += (there - whole * self.water.fine_solids()) / 1_000.0;
        self.sludge_kg = self.sludge_kg.max(0.0);
    }

    /// A plain tank: everything mixes while it is filled, and what can settle settles all the time.
    fn fill(&mut self, pace: &Pace, volume: f64, floc: &Water) -> f64 {
        let Some(batch) = &mut self.batch else { return 0.0 };
        let held = self.basin.volume;
        let there = held * self.water.fine_solids() + volume * floc.raw_solids();
        self.water.take_in(held, volume, floc);
        batch.mix(held, volume, floc);
        let share = 1.0 - libm::exp(-QUIESCENT * pace.hours / self.basin.level().max(0.1));
        let settled = share * batch.settles;
        batch.settles -= settled;
        // Sludge up to the outlet goes along with the water.
        let carried =
            ((self.sludge_kg - CARRY_OVER.0 * self.scale) / (CARRY_OVER.1 * self.scale)).max(0.0);
        self.water.turbidity = (batch.settles + batch.stays) * (1.0 + 3.0 * carried);
        self.gather(there, volume);
        self.basin.pour(volume)
    }

    /// m³ out to the settled tank in this time: over the weir, or through the low outlet of a plain tank.
    pub fn run_off(&mut self, pace: &Pace) -> f64 {
        if let Some(batch) = &self.batch {
            let head = (self.basin.level() - LOW_OUTLET).max(0.0);
            let flow = LOW_OUTLET_FLOW * batch.outlet * libm::sqrt(head) * self.outlet.opening();
            return self.basin.draw(pace.volume(flow));
        }
        let above = self.basin.volume - self.weir * self.basin.area_m2;
        if above <= 0.0 {
            return 0.0;
        }
        self.basin.draw(above * (pace.seconds / WEIR_S).min(1.0) * self.outlet.opening())
    }

    /// m³ of sludge and water through the sludge valve in this time, at this flow through the open valve, and the g of dry matter
    /// in it.
    pub fn desludge(&mut self, pace: &Pace, flow: f64) -> (f64, f64) {
        if self.sludge.opening() <= 0.0 {
            return (0.0, 0.0);
        }
        let out = self.basin.draw(pace.volume(flow * self.scale * self.sludge.opening()));
        let (heel, before) = (SLUDGE_HEEL * self.scale, self.sludge_kg);
        if self.sludge_kg > heel {
            self.sludge_kg = (self.sludge_kg - out * SLUDGE_STRENGTH).max(heel);
        }
        (out, out * self.water.fine_solids() + 1_000.0 * (before - self.sludge_kg))
    }
}

#[cfg(test)]
mod tests {
    use super::super::coagulation::{effectiveness, optimal_dose};
    use super::*;

    fn settled_at(turbidity: f64, dose_factor: f64) -> f64 {
        let optimal = optimal_dose(turbidity, 25.0, 7.4);
        settled(turbidity, effectiveness(optimal * dose_factor, optimal), 1.0)
    }

    /// The bands of 6.14; the storm's is that of REDUCED rate, 0.7 m/h.
    #[test]
    fn with_the_right_dose_the_settled_water_meets_its_goals() {
        assert!((0.7..1.3).contains(&settled_at(12.0, 1.0)), "{}", settled_at(12.0, 1.0));
        assert!(settled_at(50.0, 1.0) < 2.0, "{}", settled_at(50.0, 1.0));
        assert!(settled_at(90.0, 1.0) < 2.0, "{}", settled_at(90.0, 1.0));
        let storm = settled(600.0, 1.0, 0.7);
        assert!((4.0..10.0).contains(&storm), "{storm}");
    }

    /// 6.5: floc of a storm settles half as fast again as that of a clear river, and no faster.
    #[test]
    fn floc_grows_with_the_third_root_of_the_turbidity_between_its_ends() {
        for (turbidity, velocity) in
            [(0.0, 8.0), (20.0, 8.0), (39.0625, 10.0), (67.5, 12.0), (4_000.0, 12.0)]
        {
            let found = floc_velocity(turbidity);
            assert!((found - velocity).abs() < 1.0e-9, "{turbidity} NTU: {found} m/h");
        }
    }

    /// V-6.15-14: worse on each side of the best dose, and steadily so.
    #[test]
    fn settled_water_worsens_on_each_side_of_the_best_dose() {
        for turbidity in [20.0, 100.0, 600.0] {
            let doses = [0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0];
            let settled: Vec<f64> = doses.iter().map(|dose| settled_at(turbidity, *dose)).collect();
            let best = 4;
            assert!(settled[..=best].windows(2).all(|pair| pair[0] > pair[1]), "{settled:?}");
            assert!(settled[best..].windows(2).all(|pair| pair[0] < pair[1]), "{settled:?}");
        }
    }

    /// 6.5: N(t) = N_u + (N0 - N_u) exp(-v_s t / h), and the sludge is what left the water.
    #[test]
    fn a_batch_settles_as_the_formula_of_still_water_says() {
        let pace = Pace::new(1.0);
        let parameters = TwinParameters::default().with_plain_tanks();
        let floc = Water { turbidity: 100.0, coagulated: 1.0, coagulant: 16.0, ..Water::default() };
        let mut tank = SedimentationTank::new(&parameters, floc);
        tank.basin.volume = 0.0;
        tank.sludge_kg = 0.0;
        while tank.basin.level() < 1.8 {
            tank.take_in(&pace, 1.0, &floc);
        }
        let volume = tank.basin.volume;
        tank.batch = tank.batch.map(|batch| Batch { settles: 100.0 - batch.stays, ..batch });
        (tank.sludge_kg, tank.water.turbidity) = (0.0, 100.0);
        let stays = 0.6 * loose_share(100.0, 1.0) * 100.0;
        for minutes in 1..=90_u32 {
            for _ in 0..60 {
                tank.take_in(&pace, 0.0, &floc);
                assert_eq!(tank.run_off(&pace), 0.0, "its outlet is shut");
            }
            let hours = f64::from(minutes) / 60.0;
            let wanted = stays + (100.0 - stays) * libm::exp(-4.0 * hours / tank.basin.level());
            let found = tank.water.turbidity;
            assert!(
                (found / wanted - 1.0).abs() < 0.01,
                "{minutes} min: {found}, not {wanted} NTU"
            );
        }
        let left = 1.5e-3 * (100.0 - tank.water.turbidity) * volume;
        assert!((tank.sludge_kg / left - 1.0).abs() < 1.0e-6, "{} kg", tank.sludge_kg);
        tank.outlet.position = 1.0;
        let mut out = 0.0;
        for _ in 0..7_200 {
            out += tank.run_off(&pace);
        }
        assert!((tank.basin.level() - LOW_OUTLET).abs() < 0.05, "{} m", tank.basin.level());
        assert!((out + tank.basin.volume - volume).abs() < 1.0e-9);
    }

    #[test]
    fn sludge_gathers_is_drawn_and_carries_over_when_forgotten() {
        let pace = Pace::new(1.0);
        let parameters = TwinParameters::default();
        let floc = Water { turbidity: 500.0, coagulated: 1.0, coagulant: 31.0, ..Water::default() };
        let mut tank =
            SedimentationTank::new(&parameters, Water { turbidity: 5.0, ..Water::default() });
        let run = |tank: &mut SedimentationTank, hours: f64| {
            for _ in 0..(hours * 3_600.0) as u32 {
                tank.take_in(&pace, pace.volume(2.5), &floc);
                tank.run_off(&pace);
            }
        };
        run(&mut tank, 5.0);
        // 2.5 m³/h of 0.8 kg/m³: two kilograms an hour.
        assert!((9.0..11.5).contains(&tank.sludge_kg), "{} kg", tank.sludge_kg);
        let clear = tank.water.turbidity;
        run(&mut tank, 5.0);
        assert!(tank.water.turbidity > 2.0 * clear, "{} NTU", tank.water.turbidity);
        tank.sludge.open = true;
        let mut drawn = 0.0;
        for _ in 0..3_600 {
            tank.turn(1.0);
            tank.take_in(&pace, pace.volume(2.5), &floc);
            drawn += tank.desludge(&pace, PUMPED_SLUDGE).0;
        }
        assert!(tank.sludge_kg < 0.6 && (2.9..3.1).contains(&drawn), "{} kg", tank.sludge_kg);
    }

    /// 6.5: a thermal short-circuit takes a fifth of the removal, and the solids are still all there.
    #[test]
    fn a_short_circuit_lets_floc_over_the_weir() {
        let pace = Pace::new(1.0);
        let floc = Water { turbidity: 50.0, coagulated: 1.0, coagulant: 12.0, ..Water::default() };
        let run = |kept| {
            let clear = Water { turbidity: 1.5, ..Water::default() };
            let mut tank = SedimentationTank::new(&TwinParameters::default(), clear);
            tank.kept = kept;
            let (before, mut out, mut came) = (tank.solids(), 0.0, 0.0);
            for _ in 0..6 * 3_600 {
                came += pace.volume(2.5) * floc.raw_solids();
                tank.take_in(&pace, pace.volume(2.5), &floc);
                out += tank.run_off(&pace) * tank.water.fine_solids();
            }
            assert!((tank.solids() - before - came + out).abs() < 1.0e-6 * came);
            tank.water.turbidity
        };
        assert!(run(0.8) > 5.0 * run(1.0), "{} {}", run(0.8), run(1.0));
    }
}
