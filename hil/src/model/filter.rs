//! One sand filter: clean-bed loss, capture, ripening, breakthrough, wash. `plant.md` 6.6.

use super::actuators::{MotorValve, ReturnValve};
use super::hydraulics::Pace;
use super::water::FINE_SOLIDS;

/// Bed: depth m, porosity, D60 m.
const DEPTH: f64 = 0.8;
const POROSITY: f64 = 0.42;
const GRAIN: f64 = 0.75e-3;
const KOZENY: f64 = 5.0;
const GRAVITY: f64 = 9.81;
/// The rate at which losses and removals are quoted, m/h.
pub const REFERENCE_RATE: f64 = 5.0;
/// Below this rate, m/h, head loss says nothing of the load. Chosen: there it is as small as its meter's error.
const SLOWEST_SAID: f64 = 1.0;
/// k_h: m of loss per kg/m² at the reference rate.
const LOSS_PER_LOAD: f64 = 2.5;
/// Pipes and valves behind the bed, m per (m/h)²: outlet, filter-to-waste.
const OUTLET_PIPE: f64 = 0.004;
const TO_WASTE_PIPE: f64 = 0.010;
/// m_cap, kg/m².
const CAPACITY: f64 = 0.8;
/// Ripening mass, kg/m².
const RIPENING: f64 = 0.008;
/// Volume to the peak of the remnant spike, m per m² of bed: 0.15 m³ on 0.503 m².
const SPIKE_DEPTH: f64 = 0.15 / 0.503;
/// C_r, NTU: after a plain wash, and after a minute's step of subfluidised wash.
const SPIKE: (f64, f64) = (1.8, 0.9);
/// Gentle upflow that counts in full, s; less counts in proportion. Chosen: what the pump's ramp leaves of a step of 60 s.
const SUBFLUID_S: f64 = 45.0;
/// The finest water sand makes, NTU.
const FINEST: f64 = 0.03;
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
/// Water above the media that a drain lets go, m. Chosen: a short freeboard under the waste outlet.
const FREEBOARD: f64 = 0.5;
/// Rate at which it drains, m/h. Chosen: the freeboard in 90 s.
const DRAINING: f64 = 20.0;
/// A valve less open than this passes nothing to speak of.
pub const SHUT: f64 = 0.02;

/// Kinematic viscosity of water, m²/s, from Vogel's equation for the dynamic one.
#[must_use]
pub fn viscosity(temperature: f64) -> f64 {
    let dynamic = 2.414e-5 * libm::exp10(247.8 / (temperature + 133.15));
    let off = temperature - 4.0;
    // Density within 0.1 % from 0 to 40 °C.
    dynamic / (1_000.0 - 0.0057 * off * off)
}

/// Carman and Kozeny: loss of the clean bed, m, at this rate (m/h) and temperature (°C).
#[must_use]
pub fn clean_loss(rate: f64, temperature: f64) -> f64 {
    let solid = (1.0 - POROSITY) * (1.0 - POROSITY);
    let pores = POROSITY * POROSITY * POROSITY;
    DEPTH * 36.0 * KOZENY * solid / pores * viscosity(temperature) * (rate / 3_600.0)
        / (GRAVITY * GRAIN * GRAIN)
}

/// v_mf: upflow that just lifts the bed, m/h.
#[must_use]
pub fn minimum_fluidisation(temperature: f64) -> f64 {
    let pores = POROSITY * POROSITY * POROSITY;
    // Sand weighs 1.65 times its water more than water.
    pores * GRAVITY * GRAIN * GRAIN * 1.65 * 3_600.0
        / (36.0 * KOZENY * viscosity(temperature) * (1.0 - POROSITY))
}

/// What the temperature of the water makes of all filters; worked out when it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bed {
    /// Clean-bed loss at the reference rate and 25 °C, m.
    pub clean_loss: f64,
    /// Viscosity against 25 °C.
    pub viscosity: f64,
    /// m/h.
    pub fluidisation: f64,
}

impl Bed {
    #[must_use]
    pub fn at(temperature: f64) -> Bed {
        Bed {
            clean_loss: clean_loss(REFERENCE_RATE, 25.0),
            viscosity: viscosity(temperature) / viscosity(25.0),
            fluidisation: minimum_fluidisation(temperature),
        }
    }
}

/// A wash so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wash {
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

/// A filter with its seven valves.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub inlet: MotorValve,
    pub outlet: ReturnValve,
    pub wash_inlet: ReturnValve,
    pub waste: MotorValve,
    pub to_waste: MotorValve,
    pub air: ReturnValve,
    pub drain: MotorValve,
    pub area: f64,
    /// m: solids caught since the last wash, kg/m².
    pub load: f64,
    /// m³ filtered since the last wash.
    pub filtered: f64,
    /// Rate of filtration, m/h.
    pub rate: f64,
    /// Upflow of a wash, m/h.
    pub upflow: f64,
    /// At its analyser, upstream of outlet and filter-to-waste valve, NTU.
    pub turbidity: f64,
    /// Across the bed, m.
    pub head_loss: f64,
    /// Free water above the media, m³.
    pub freeboard: f64,
    /// g of dry matter that a wash has loosened and not yet carried out of the vessel.
    pub loosened: f64,
    /// Share of the sand that washes carried away.
    pub sand_lost: f64,
    /// Washes ended.
    pub washes: u32,
    /// Share of its water that finds a hole through the bed, 0 to 1: media breakthrough.
    pub bypass: f64,
    /// Mud balls: what bad washes have added to k_h.
    mud: f64,
    ripened: f64,
    spike: f64,
    surge: f64,
    /// The rate as it was a minute ago, m/h.
    rate_before: f64,
    wash: Option<Wash>,
}

impl Filter {
    #[must_use]
    pub fn new(area: f64, load: f64, turbidity: f64) -> Filter {
        Filter {
            inlet: MotorValve::new(15.0, 0.0),
            outlet: ReturnValve::new(15.0),
            wash_inlet: ReturnValve::new(15.0),
            waste: MotorValve::new(15.0, 0.0),
            to_waste: MotorValve::new(15.0, 0.0),
            air: ReturnValve::new(15.0),
            drain: MotorValve::new(15.0, 0.0),
            area,
            load,
            // A bed in use: ripened, its remnant spike long gone.
            filtered: 100.0 * area,
            rate: 0.0,
            upflow: 0.0,
            turbidity,
            head_loss: 0.0,
            freeboard: FREEBOARD * area,
            loosened: 0.0,
            sand_lost: 0.0,
            washes: 0,
            bypass: 0.0,
            mud: 0.0,
            ripened: load.max(10.0 * RIPENING),
            spike: 0.0,
            surge: 0.0,
            rate_before: 0.0,
            wash: None,
        }
    }

    /// It has run at this rate, m/h, for a while: nothing jerks when it goes on.
    pub fn runs_at(&mut self, rate: f64) {
        (self.rate, self.rate_before) = (rate, rate);
    }

    /// Solids in a bed without mud balls that loses `loss` m at `rate` m/h, kg/m²; none where nothing can be said of so slow a flow.
    #[must_use]
    pub fn load_of(loss: f64, rate: f64, bed: &Bed) -> Option<f64> {
        if !(rate > SLOWEST_SAID) {
            return None;
        }
        let at_reference = loss / rate * REFERENCE_RATE / bed.viscosity;
        Some(((at_reference - bed.clean_loss) / LOSS_PER_LOAD).max(0.0))
    }

    /// The valves move.
    pub fn turn(&mut self, seconds: f64) {
        self.inlet.advance(seconds);
        self.outlet.advance(seconds);
        self.wash_inlet.advance(seconds);
        self.waste.advance(seconds);
        self.to_waste.advance(seconds);
        self.air.advance(seconds);
        self.drain.advance(seconds);
    }

    /// a and b of `h = a·v + b·v²` for the feed's way through it, if one is open.
    #[must_use]
    pub fn resistance(&self, bed: &Bed) -> Option<(f64, f64)> {
        let (on, off) = (self.outlet.opening(), self.to_waste.opening());
        let opening = self.inlet.opening().min(on.max(off));
        let pipe = if on >= off { OUTLET_PIPE } else { TO_WASTE_PIPE };
        (opening > SHUT).then(|| (self.bed_loss(bed), pipe / (opening * opening)))
    }

    fn bed_loss(&self, bed: &Bed) -> f64 {
        let per_load = LOSS_PER_LOAD * (1.0 + self.mud);
        (bed.clean_loss + per_load * self.load) / REFERENCE_RATE * bed.viscosity
    }

    /// Loss of the bed under this upflow, m: lifted, it weighs what it weighs.
    #[must_use]
    pub fn wash_loss(&self, bed: &Bed, lifted: f64) -> f64 {
        (bed.clean_loss / REFERENCE_RATE * bed.viscosity * self.upflow).min(lifted)
    }

    /// Share of the feed that leaves by the outlet to the clear well; the rest goes to waste.
    #[must_use]
    pub fn outlet_share(&self) -> f64 {
        let (on, off) = (self.outlet.opening(), self.to_waste.opening());
        let (on, off) = (on * on, off * off);
        if on + off > 0.0 { on / (on + off) } else { 0.0 }
    }

    /// `volume` m³ of water of `settled` NTU, coagulated so far, pass the bed. Answers the m³ that leave it.
    pub fn filter(
        &mut self,
        pace: &Pace,
        bed: &Bed,
        volume: f64,
        settled: f64,
        coagulated: f64,
    ) -> f64 {
        self.rate = volume / pace.hours / self.area;
        self.head_loss = self.bed_loss(bed) * self.rate;
        let rate = self.rate;
        // Against the reference rate where the filter stood or crept: the share of nothing has no meaning.
        let change = (rate - self.rate_before) / self.rate_before.max(REFERENCE_RATE);
        self.rate_before += pace.minute * (rate - self.rate_before);
        let shaken = (0.8 * self.load / CAPACITY * (change - 0.15)).max(0.0);
        self.surge = (self.surge - pace.five_minutes * self.surge).max(shaken);
        if volume <= 0.0 {
            return 0.0;
        }
        if rate > 0.2 {
            self.end_wash(bed);
        }
        let filled = (FREEBOARD * self.area - self.freeboard).clamp(0.0, volume);
        self.freeboard += filled;
        self.filtered += volume;
        let passed = libm::exp10(-self.removal(coagulated));
        let held = (settled * passed).max(FINEST) + self.remnant() + self.surge;
        let goal = held + self.bypass * (settled - held).max(0.0);
        self.turbidity += pace.outlet * (goal - self.turbidity);
        // What comes in and does not go out stays in the sand; what goes out beyond that comes from there.
        let (out, came) = (volume - filled, FINE_SOLIDS * settled * volume);
        let there = came + self.solids();
        if FINE_SOLIDS * self.turbidity * out > there {
            self.turbidity = there / (FINE_SOLIDS * out);
        }
        let caught = (came - FINE_SOLIDS * self.turbidity * out) / (1_000.0 * self.area);
        self.load = (self.load + caught).max(0.0);
        self.ripened += caught.max(0.0);
        out
    }

    /// g of dry matter in the vessel.
    #[must_use]
    pub fn solids(&self) -> f64 {
        1_000.0 * self.area * self.load + self.loosened
    }

    /// pC: log removal.
    #[must_use]
    pub fn removal(&self, coagulated: f64) -> f64 {
        // Beyond ten ripening masses the rest is below 1e-4.
        let fresh =
            if self.ripened < 10.0 * RIPENING { libm::exp(-self.ripened / RIPENING) } else { 0.0 };
        let ripeness = 1.0 - 0.5 * fresh;
        let full = (self.load / CAPACITY) * (self.load / CAPACITY);
        let full = full * full;
        let breakthrough = (1.0 - 0.85 * full * full).max(0.05);
        let speed = libm::pow(REFERENCE_RATE / self.rate.max(2.0), 0.3);
        1.05 * (0.25 + 0.75 * coagulated) * ripeness * breakthrough * speed
    }

    fn remnant(&self) -> f64 {
        let x = self.filtered / (SPIKE_DEPTH * self.area);
        if self.spike > 0.0 && x < 30.0 { self.spike * x * libm::exp(1.0 - x) } else { 0.0 }
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
    fn end_wash(&mut self, bed: &Bed) {
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
    }

    /// The wash, outlet and waste sides meet: INV-10.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        let on = |position: f64| position > SHUT;
        on(self.outlet.position)
            && (on(self.wash_inlet.position)
                || on(self.waste.position)
                || on(self.to_waste.position)
                || on(self.air.position))
            || on(self.inlet.position) && on(self.wash_inlet.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V-6.15-01: clean-bed loss of Carman and Kozeny.
    #[test]
    fn the_clean_bed_loses_what_carman_and_kozeny_say() {
        for (temperature, loss) in [(25.0, 0.147), (10.0, 0.215)] {
            let found = clean_loss(5.0, temperature);
            assert!((found / loss - 1.0).abs() < 0.02, "{temperature} °C: {found} m");
        }
    }

    /// V-6.15-02: minimum fluidisation by temperature.
    #[test]
    fn warm_water_needs_a_stronger_wash() {
        for (temperature, rate) in
            [(10.0, 17.8), (15.0, 20.4), (20.0, 23.2), (25.0, 26.0), (30.0, 29.0)]
        {
            let found = minimum_fluidisation(temperature);
            assert!((found / rate - 1.0).abs() < 0.01, "{temperature} °C: {found} m/h");
        }
    }

    const AREA: f64 = 0.503;

    /// Filters at 2.5 m³/h for these minutes; the turbidity of each minute's end.
    fn run(filter: &mut Filter, minutes: u32, settled: f64, coagulated: f64) -> Vec<f64> {
        let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
        (0..minutes)
            .map(|_| {
                for _ in 0..60 {
                    filter.filter(&pace, &bed, pace.volume(2.5), settled, coagulated);
                }
                filter.turbidity
            })
            .collect()
    }

    /// Air 180 s, high wash 360 s at 1.35 v_mf, subfluidised as said.
    fn wash(filter: &mut Filter, subfluid_s: u32) {
        let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
        filter.filter(&pace, &bed, 0.0, 1.0, 1.0);
        filter.scour(180.0);
        for second in 0..360 + subfluid_s {
            let rate = if second < 360 { 1.35 * bed.fluidisation } else { 15.0 };
            filter.wash(&pace, &bed, pace.volume(rate * AREA), 0.0);
        }
        filter.wash(&pace, &bed, 0.0, 0.0);
    }

    /// V-6.15-03, V-6.15-04: head loss in line with what is caught, and the length of runs.
    #[test]
    fn head_loss_grows_with_what_is_caught_and_runs_last_as_long_as_in_the_field() {
        let mut last = f64::INFINITY;
        for settled in [1.0, 2.0, 5.0] {
            let mut filter = Filter::new(AREA, 0.0, 0.1);
            let mut points = Vec::new();
            let mut hours = 0.0;
            while filter.head_loss < 1.8 && hours < 200.0 {
                run(&mut filter, 6, settled, 1.0);
                hours += 0.1;
                points.push((filter.load, filter.head_loss));
            }
            let count = points.len() as f64;
            let mean =
                points.iter().fold((0.0, 0.0), |m, p| (m.0 + p.0 / count, m.1 + p.1 / count));
            let (sxx, sxy, syy) = points.iter().fold((0.0, 0.0, 0.0), |s, p| {
                let (x, y) = (p.0 - mean.0, p.1 - mean.1);
                (s.0 + x * x, s.1 + x * y, s.2 + y * y)
            });
            assert!(sxy * sxy / (sxx * syy) > 0.99);
            assert!((15.0..100.0).contains(&hours) && hours < last, "{settled} NTU: {hours} h");
            last = hours;
        }
    }

    /// V-6.15-05, V-6.15-06: ripening, and what a subfluidised end of the wash takes off its peak.
    #[test]
    fn a_washed_filter_peaks_ripens_and_peaks_less_after_a_gentle_end() {
        let ripening = |subfluid_s| {
            let mut filter = Filter::new(AREA, 0.6, 0.1);
            wash(&mut filter, subfluid_s);
            assert!(filter.load < 0.1 * 0.6, "{} kg/m²", filter.load);
            run(&mut filter, 90, 1.0, 1.0)
        };
        let minutes = ripening(60);
        let peak = minutes.iter().copied().fold(0.0, f64::max);
        let peak_at = minutes.iter().position(|ntu| *ntu == peak).expect("there is one");
        let fit_at =
            peak_at + minutes[peak_at..].iter().position(|ntu| *ntu < 0.3).expect("it ripens");
        assert!((0.7..1.6).contains(&peak) && peak_at < 15, "{peak} NTU after {peak_at} min");
        assert!((10..60).contains(&fit_at), "below 0.3 NTU after {fit_at} min");
        assert!(minutes[89] < 0.15, "{}", minutes[89]);
        let harsh = ripening(0).into_iter().fold(0.0, f64::max);
        assert!((0.3..0.6).contains(&(1.0 - peak / harsh)), "{peak} against {harsh} NTU");
    }

    /// V-6.15-08: a surge on a loaded filter.
    #[test]
    fn a_jerk_shakes_a_loaded_filter_more_than_a_clean_one() {
        let jerk = |load| {
            let mut filter = Filter::new(AREA, load, 0.1);
            let calm = run(&mut filter, 60, 1.0, 1.0)[59];
            let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
            let mut most = 0.0_f64;
            for _ in 0..600 {
                filter.filter(&pace, &bed, pace.volume(3.6), 1.0, 1.0);
                most = most.max(filter.turbidity);
            }
            most - calm
        };
        assert!(jerk(0.5) > 3.0 * jerk(0.05), "{} {}", jerk(0.5), jerk(0.05));
    }

    /// V-6.15-14: badly coagulated water passes the sand.
    #[test]
    fn under_dosed_water_goes_through() {
        let mut filter = Filter::new(AREA, 0.1, 0.1);
        assert!(run(&mut filter, 30, 1.0, 1.0)[29] < 0.12);
        assert!(run(&mut filter, 30, 5.0, 0.42)[29] > 0.5);
    }

    #[test]
    fn a_wash_without_lift_cleans_nothing_and_leaves_mud() {
        let mut filter = Filter::new(AREA, 0.6, 0.1);
        let (pace, bed) = (Pace::new(1.0), Bed::at(25.0));
        for _ in 0..400 {
            filter.wash(&pace, &bed, pace.volume(12.0 * AREA), 0.0);
        }
        run(&mut filter, 1, 1.0, 1.0);
        assert!(filter.load > 0.59 && filter.mud > 0.0);
    }
}
