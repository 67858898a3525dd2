//! The filters together: feed at one common head, wash train, air. `plant.md` 6.6.

use super::actuators::{Motor, Supply};
use super::filter::{Bed, Filter, SHUT};
use super::hydraulics::{Basin, Pace, PumpStation, Suction};
use super::parameters::TwinParameters;
use super::water::{FINE_SOLIDS, Water};

/// P-301 sucks air below this, of the settled tank.
const FEED_DRY: f64 = 0.04;
/// A lifted bed loses its weight, m.
const LIFTED_BED: f64 = 0.75;
/// The blower through an open bed, against a shut waste valve, and against its own relief valve, kPa. Chosen: inside
/// 15 to 40 when all is well, above the 45 that must stop it when not (`plant.md` 2.6.1, 2.6.5).
const AIR_THROUGH: f64 = 27.0;
const AIR_TRAPPED: f64 = 48.0;
const AIR_RELIEF: f64 = 50.0;
/// Filters of one plant at most, `plant.md`: 1 to 6.
const FILTERS_MAX: usize = 8;

/// What washes and drains let go in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Washings {
    /// m³ to the waste tank, and g of dry matter in them.
    pub wasted: f64,
    pub wasted_solids: f64,
    /// m³ back to the clear well through an outlet that should be shut, and g.
    pub returned: f64,
    pub returned_solids: f64,
}

/// What the feed made in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filtered {
    /// m³ to the clear well.
    pub produced: f64,
    /// m³ to the waste tank, and g of dry matter in them.
    pub wasted: f64,
    pub wasted_solids: f64,
    pub water: Water,
}

/// P-301, P-351, B-351 and the filters.
#[derive(Clone, Debug, PartialEq)]
pub struct Filtration {
    pub feed: PumpStation,
    pub wash: PumpStation,
    pub blower: Option<Motor>,
    pub filters: Box<[Filter]>,
    pub bed: Bed,
    /// kPa in the air header.
    pub air_pressure: f64,
    /// Nozzles or relief valve let no air through.
    pub air_blocked: bool,
    /// NTU in the common outlet.
    pub combined: f64,
    /// m³/h to the clear well.
    pub produced_flow: f64,
    /// Common head across the filters, m: where the next search begins.
    head: f64,
}

impl Filtration {
    #[must_use]
    pub fn new(parameters: &TwinParameters, turbidity: f64, temperature: f64) -> Filtration {
        let count = parameters.filters.clamp(1, FILTERS_MAX);
        let filters = (0..count)
            .map(|index| {
                let (first, other) =
                    (parameters.start_first_filter, parameters.start_other_filters);
                let load = if index == 0 { first } else { other };
                let mut filter = Filter::new(parameters.filter_area, load, turbidity);
                filter.binding = parameters.air_binding;
                filter
            })
            .collect();
        Filtration {
            feed: PumpStation::new(parameters.feed_pump, parameters.feed_pumps),
            wash: PumpStation::new(parameters.wash_pump, 1),
            blower: parameters.blower.then(Motor::default),
            filters,
            bed: Bed::at(temperature),
            air_pressure: 0.0,
            air_blocked: false,
            combined: turbidity,
            produced_flow: 0.0,
            head: 0.3,
        }
    }

    /// Drives, blower and valves move.
    pub fn turn(
        &mut self,
        pace: &Pace,
        feed: Supply,
        wash: Supply,
        blower: Supply,
        drives: Supply,
    ) {
        self.feed.turn(pace, feed, drives);
        self.wash.turn(pace, wash, drives);
        if let Some(motor) = &mut self.blower {
            motor.advance(blower);
        }
        for filter in &mut self.filters {
            filter.turn(pace.seconds);
        }
    }

    /// P-301 takes from the settled tank and presses through every open filter.
    pub fn filter(&mut self, pace: &Pace, settled: &mut Basin, water: &Water) -> Filtered {
        let mut rates = [0.0; FILTERS_MAX];
        let mut paths = [None; FILTERS_MAX];
        let mut any = false;
        for (path, filter) in paths.iter_mut().zip(&self.filters) {
            *path = filter.resistance(&self.bed);
            any |= path.is_some();
        }
        let suction = Suction::above(settled.fill(), FEED_DRY);
        if any {
            let steady = self.common_head(&paths);
            self.feed.settle(pace, steady, suction);
        } else {
            self.feed.flow = 0.0;
            self.feed.settle(pace, 0.0, suction);
        }
        let mut sum = 0.0;
        for ((rate, path), filter) in rates.iter_mut().zip(&paths).zip(&self.filters) {
            *rate = path.map_or(0.0, |path| rate_at(self.head.max(1.0e-6), path)) * filter.area;
            sum += *rate;
        }
        let fed = if any { settled.draw(pace.volume(self.feed.flow)) } else { 0.0 };
        let mut made = Filtered { water: *water, ..Filtered::default() };
        let mut turbid = 0.0;
        for (filter, rate) in self.filters.iter_mut().zip(&rates) {
            let volume = if sum > 0.0 { fed * rate / sum } else { 0.0 };
            let out = filter.filter(pace, &self.bed, volume, water.turbidity, water.coagulated);
            let produced = out * filter.outlet_share();
            made.produced += produced;
            made.wasted += out - produced;
            made.wasted_solids += FINE_SOLIDS * filter.turbidity * (out - produced);
            turbid += produced * filter.turbidity;
        }
        if made.produced > 0.0 {
            self.combined = turbid / made.produced;
        }
        made.water.turbidity = self.combined;
        self.produced_flow = made.produced / pace.hours;
        made
    }

    /// Finds the head at which pump and filters agree; answers the flow there, m³/h.
    fn common_head(&mut self, paths: &[Option<(f64, f64)>; FILTERS_MAX]) -> f64 {
        let area = self.filters[0].area;
        let static_head = self.feed.curve.static_head_m;
        let most = self.feed.shut_off() - static_head;
        if most <= 0.0 {
            return 0.0;
        }
        let stiffness = 2.0 * (self.feed.curve.curvature + self.feed.curve.resistance);
        let (mut low, mut high) = (0.0, most);
        let mut head = self.head.clamp(0.0, most);
        let mut flow = 0.0;
        // Newton from the last step's head, bisection where it leaves the bracket: two or three rounds as a rule.
        for _ in 0..40 {
            flow = self.feed.flow_against(static_head + head, 0.0);
            let (mut taken, mut slope) = (0.0, 1.0 / (stiffness * flow.max(0.05)));
            for path in paths.iter().flatten() {
                let root = libm::sqrt(path.0 * path.0 + 4.0 * path.1 * head);
                taken += area * (root - path.0) / (2.0 * path.1);
                slope += area / root;
            }
            let surplus = taken - flow;
            if surplus > 0.0 {
                high = head
            } else {
                low = head
            }
            if libm::fabs(surplus) < 1.0e-6 {
                break;
            }
            let next = head - surplus / slope;
            head = if next > low && next < high { next } else { 0.5 * (low + high) };
        }
        self.head = head;
        flow
    }

    /// P-351 takes from the clear well through `draw`, which answers m³ and g of dry matter in them, and lifts the beds of the
    /// filters whose wash inlet is open.
    pub fn wash(
        &mut self,
        pace: &Pace,
        suction: Suction,
        draw: impl FnOnce(f64) -> (f64, f64),
    ) -> Washings {
        let mut openings = 0.0;
        let mut loss = 0.0_f64;
        for filter in &self.filters {
            if takes_wash_water(filter) {
                openings += filter.wash_inlet.opening();
                // A leak needs no lifted bed.
                loss = filter.wash_loss(&self.bed, LIFTED_BED).max(loss);
            }
        }
        if openings <= 0.0 {
            self.wash.flow = 0.0;
            self.wash.settle(pace, 0.0, suction);
            for filter in &mut self.filters {
                (filter.upflow, filter.returned) = (0.0, 0.0);
            }
            return Washings::default();
        }
        let opening = openings.min(1.0);
        let resistance = self.wash.curve.resistance * (1.0 / (opening * opening) - 1.0);
        let steady = self.wash.flow_against(self.wash.curve.static_head_m + loss, resistance);
        self.wash.settle(pace, steady, suction);
        let (drawn, solids) = draw(pace.volume(self.wash.flow));
        let mut washings = Washings::default();
        for filter in &mut self.filters {
            let opening = filter.wash_inlet.opening();
            let share = if takes_wash_water(filter) { opening / openings } else { 0.0 };
            let (came, brought) = (share * drawn, share * solids);
            let (out, carried, back, metered) = if filter.seeps() {
                let (back, metered) = filter.seep_shares();
                (came, brought, back, metered)
            } else {
                let (out, carried) = filter.wash(pace, &self.bed, came, brought);
                let back = filter.wash_share_back();
                (out, carried, back, back)
            };
            filter.returned = metered * out / pace.hours;
            washings.returned += back * out;
            washings.returned_solids += back * carried;
            washings.wasted += out - back * out;
            washings.wasted_solids += carried - back * carried;
        }
        washings
    }

    /// Air: its pressure, and the beds it scours.
    pub fn blow(&mut self, pace: &Pace) {
        let blows = self.blower.as_ref().is_some_and(Motor::works);
        let mut goal = if blows { AIR_RELIEF } else { 0.0 };
        if blows {
            for filter in &mut self.filters {
                if filter.air.opening() > 0.5 {
                    let vented = !self.air_blocked
                        && (filter.waste.opening() > SHUT || filter.drain.opening() > SHUT);
                    goal = goal.min(if vented { AIR_THROUGH } else { AIR_TRAPPED });
                    filter.scour(pace.seconds);
                }
            }
        }
        self.air_pressure += pace.air * (goal - self.air_pressure);
    }

    /// What open drains let go.
    pub fn drain(&mut self, pace: &Pace) -> Washings {
        let mut washings = Washings::default();
        for filter in &mut self.filters {
            let (out, solids) = filter.run_dry(pace);
            washings.wasted += out;
            washings.wasted_solids += solids;
        }
        washings
    }

    /// g of dry matter in the vessels.
    #[must_use]
    pub fn solids(&self) -> f64 {
        self.filters.iter().map(Filter::solids).sum()
    }

    /// m³ of free water in the vessels.
    #[must_use]
    pub fn held(&self) -> f64 {
        self.filters.iter().map(|filter| filter.freeboard).sum()
    }
}

/// Water of the wash main comes in from below and finds a way out.
fn takes_wash_water(filter: &Filter) -> bool {
    let leaves = if filter.seeps() { filter.lets_seep_out() } else { filter.lets_wash_out() };
    filter.wash_inlet.opening() > SHUT && leaves
}

/// v at this common head, m/h.
fn rate_at(head: f64, (a, b): (f64, f64)) -> f64 {
    (libm::sqrt(a * a + 4.0 * b * head) - a) / (2.0 * b)
}

#[cfg(test)]
mod tests {
    use super::super::actuators::ValveFault;
    use super::*;

    fn open(filtration: &mut Filtration) {
        for filter in &mut filtration.filters {
            (filter.inlet.position, filter.outlet.position) = (1.0, 1.0);
            filter.outlet.open = true;
        }
        filtration.feed.permit = true;
        filtration.feed.drives[0].run = true;
        filtration.feed.drives[0].speed_percent = 75.0;
    }

    fn run(filtration: &mut Filtration, seconds: u32) -> Filtered {
        let pace = Pace::new(1.0);
        let mut settled = Basin::new(1.0, 2_000.0, 1_000.0);
        let water = Water { turbidity: 1.0, coagulated: 1.0, ..Water::default() };
        let mut made = Filtered::default();
        for _ in 0..seconds {
            filtration.turn(&pace, Supply::On, Supply::On, Supply::On, Supply::On);
            made = filtration.filter(&pace, &mut settled, &water);
        }
        made
    }

    #[test]
    fn the_cleaner_filter_takes_more_and_all_of_it_arrives() {
        let mut filtration = Filtration::new(&TwinParameters::default(), 0.1, 25.0);
        open(&mut filtration);
        let made = run(&mut filtration, 120);
        let flow = filtration.feed.flow;
        assert!((4.0..5.8).contains(&flow), "{flow} m³/h");
        assert!((made.produced * 3_600.0 / flow - 1.0).abs() < 1.0e-9);
        let [loaded, clean] = &filtration.filters[..] else { panic!("two filters") };
        assert!(clean.rate > 1.3 * loaded.rate, "{} {}", clean.rate, loaded.rate);
        // The same loss across both, pipes included.
        let whole = |filter: &Filter| filter.head_loss + 0.004 * filter.rate * filter.rate;
        assert!((whole(clean) - whole(loaded)).abs() < 1.0e-3);
    }

    #[test]
    fn with_every_filter_shut_the_pump_works_against_a_wall() {
        let mut filtration = Filtration::new(&TwinParameters::default(), 0.1, 25.0);
        open(&mut filtration);
        for filter in &mut filtration.filters {
            filter.outlet.open = false;
        }
        run(&mut filtration, 60);
        assert_eq!(filtration.feed.flow, 0.0);
        let power = filtration.feed.drives[0].power_kw;
        assert!((0.1..0.4).contains(&power), "{power} kW");
    }

    #[test]
    fn a_wash_lifts_the_bed_and_its_water_goes_to_waste() {
        let mut filtration = Filtration::new(&TwinParameters::default(), 0.1, 25.0);
        let pace = Pace::new(0.1);
        let filter = &mut filtration.filters[0];
        (filter.waste.position, filter.wash_inlet.open) = (1.0, true);
        filtration.wash.permit = true;
        filtration.wash.drives[0].run = true;
        filtration.wash.drives[0].speed_percent = 90.5;
        let mut drawn = 0.0;
        let mut wasted = 0.0;
        for _ in 0..3_000 {
            filtration.turn(&pace, Supply::On, Supply::On, Supply::On, Supply::On);
            let washings = filtration.wash(&pace, Suction::Wet, |volume| {
                drawn += volume;
                (volume, 0.0)
            });
            wasted += washings.wasted;
            assert_eq!(washings.returned, 0.0);
        }
        assert!((filtration.wash.flow - 18.0).abs() < 0.3, "{} m³/h", filtration.wash.flow);
        assert!((drawn - wasted).abs() < 1.0e-9);
        assert!(filtration.filters[0].load < 0.3);
    }

    /// 6.6, F25: wash water parts between the ways that stand open, as they stand open, and none of it is lost.
    #[test]
    fn a_leaking_outlet_lets_its_share_of_the_wash_water_back() {
        let mut filtration = Filtration::new(&TwinParameters::default(), 0.1, 25.0);
        let pace = Pace::new(0.1);
        let filter = &mut filtration.filters[0];
        (filter.waste.position, filter.wash_inlet.open) = (1.0, true);
        filter.outlet.fault = ValveFault::Leaks(0.05);
        filtration.wash.permit = true;
        filtration.wash.drives[0].run = true;
        filtration.wash.drives[0].speed_percent = 90.5;
        let (mut drawn, mut wasted, mut returned, mut dirt) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..3_000 {
            filtration.turn(&pace, Supply::On, Supply::On, Supply::On, Supply::On);
            let washings = filtration.wash(&pace, Suction::Wet, |volume| {
                drawn += volume;
                (volume, 0.0)
            });
            wasted += washings.wasted;
            returned += washings.returned;
            dirt += washings.returned_solids;
        }
        assert!((returned / drawn - 0.05 / 1.05).abs() < 1.0e-9, "{returned} of {drawn} m³");
        assert!((drawn - wasted - returned).abs() < 1.0e-9);
        assert!(dirt > 1.0, "wash water is dirty: {dirt} g");
        let meter = filtration.filters[0].returned;
        assert!((meter - 18.0 * 0.05 / 1.05).abs() < 0.05, "{meter} m³/h");
        assert!(filtration.filters[0].outlet.is_closed(), "its switch says shut");
    }

    /// 6.6: clear-well water that a leaking wash inlet lets under a filter while its neighbour is washed goes round by its
    /// outlet. The filter counts as washed by none of it.
    #[test]
    fn a_leaking_wash_inlet_sends_clear_water_round_and_washes_nothing() {
        let mut filtration = Filtration::new(&TwinParameters::default(), 0.1, 25.0);
        let pace = Pace::new(0.1);
        open(&mut filtration);
        let [washed, leaks] = &mut filtration.filters[..] else { panic!("two filters") };
        (washed.inlet.position, washed.outlet.open, washed.outlet.position) = (0.0, false, 0.0);
        (washed.waste.position, washed.wash_inlet.open) = (1.0, true);
        leaks.wash_inlet.fault = ValveFault::Leaks(0.05);
        filtration.wash.permit = true;
        filtration.wash.drives[0].run = true;
        filtration.wash.drives[0].speed_percent = 90.5;
        let mut settled = Basin::new(1.0, 2_000.0, 1_000.0);
        let water = Water { turbidity: 1.0, coagulated: 1.0, ..Water::default() };
        let (mut drawn, mut returned) = (0.0, 0.0);
        for _ in 0..3_000 {
            filtration.turn(&pace, Supply::On, Supply::On, Supply::On, Supply::On);
            filtration.filter(&pace, &mut settled, &water);
            let washings = filtration.wash(&pace, Suction::Wet, |volume| {
                drawn += volume;
                (volume, 0.0)
            });
            returned += washings.returned;
        }
        let leak = filtration.filters[1].returned;
        assert!((0.5..1.2).contains(&leak), "{leak} m³/h");
        assert!(returned > 0.03 * drawn && returned < 0.06 * drawn, "{returned} of {drawn} m³");
        assert_eq!((filtration.filters[1].washes, filtration.filters[1].upflow), (0, 0.0));
    }
}
