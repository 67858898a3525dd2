//! One sand filter: clean-bed loss, capture, ripening, breakthrough, wash. `plant.md` 6.6.

mod bed;
#[cfg(test)]
mod tests;
mod washing;

use super::actuators::{MotorValve, ReturnValve};
use super::hydraulics::Pace;
use super::water::FINE_SOLIDS;
use washing::Wash;

pub use bed::{Bed, REFERENCE_RATE, clean_loss, minimum_fluidisation, viscosity};

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
/// The finest water sand makes, NTU.
const FINEST: f64 = 0.03;
/// Water above the media that a drain lets go, m. Chosen: a short freeboard under the waste outlet.
const FREEBOARD: f64 = 0.5;
/// Gas fills so much of the pores at most, then it finds its way up. Chosen.
const BOUND_MOST: f64 = 0.6;
/// A valve less open than this passes nothing to speak of.
pub const SHUT: f64 = 0.02;

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
    /// Leaves it for the outlet or to waste, m³/h: none while a drained vessel fills.
    pub outflow: f64,
    /// Upflow of a wash, m/h.
    pub upflow: f64,
    /// Water from below that goes through its meter to the clear well or to waste, m³/h: FIT-3n0 shows it.
    pub returned: f64,
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
    /// Seconds left of the time in which its analyser sees bubbles of the last wash.
    pub bubbles_s: f64,
    /// Share of its water that finds a hole through the bed, 0 to 1: media breakthrough.
    pub bypass: f64,
    /// How fast gas gathers in it, 1/h for each metre of loss beyond the water over the sand, and the share of its pores that
    /// gas fills now: air binding.
    pub binding: f64,
    pub air_bound: f64,
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
            outflow: 0.0,
            upflow: 0.0,
            returned: 0.0,
            turbidity,
            head_loss: 0.0,
            freeboard: FREEBOARD * area,
            loosened: 0.0,
            sand_lost: 0.0,
            washes: 0,
            bubbles_s: 0.0,
            bypass: 0.0,
            binding: 0.0,
            air_bound: 0.0,
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
            / (1.0 - self.air_bound)
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
        self.outflow = 0.0;
        self.head_loss = self.bed_loss(bed) * self.rate;
        let below = self.binding * (self.head_loss - FREEBOARD).max(0.0);
        self.air_bound = (self.air_bound + below * pace.hours).min(BOUND_MOST);
        self.bubbles_s = (self.bubbles_s - pace.seconds).max(0.0);
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
        self.outflow = out / pace.hours;
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
