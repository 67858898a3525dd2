//! A test rig: valves with travel time, pumps that answer, water that follows. It checks the filters' invariants each scan.

use core::time::Duration;
use std::vec::Vec;

use super::{Around, Demand, Filtration, Holds};
use crate::device::{MotorValve, ReturnValve, Stagger};
use crate::plant::Shape;
use crate::quantity::{Celsius, CubicMetresPerHour, Hertz, KiloPascals, Ntu, Percent, Ratio};
use crate::reason::Reasons;
use crate::signal::{Fault, Signal};
use crate::unit::filter::sequence::State;
use crate::unit::filter::{self, Filter};

pub const STEP: Duration = Duration::from_millis(500);
const STEP_S: f64 = 0.5;
/// Valves take 15 s from end to end.
const TRAVEL: f64 = STEP_S / 15.0;

/// A valve of the rig: 0 closed, 1 open.
#[derive(Clone, Copy, Default)]
pub struct Stem {
    pub at: f64,
    /// Does not move any more.
    pub seized: bool,
}

impl Stem {
    fn travel(&mut self, by: f64) {
        if !self.seized {
            self.at = Ratio(self.at + by * TRAVEL).within(Ratio(0.0), Ratio(1.0)).0;
        }
    }
    fn is_closed(self) -> bool {
        self.at <= 0.0
    }
    fn is_open(self) -> bool {
        self.at >= 1.0
    }
}

/// The valves of a filter, `n1` to `n7` as 0 to 6.
pub type Stems = [Stem; 7];

/// A bed: what its instruments see.
#[derive(Clone, Copy)]
pub struct Bed {
    pub turbidity: Signal<Ntu>,
    /// At 5 m/h.
    pub head_loss: KiloPascals,
    /// Its flow meter stands still here.
    pub meter: Option<f64>,
    /// Its flow meter is lost.
    pub unmetered: bool,
    /// How easily water passes against the other beds.
    pub ease: f64,
    /// Nothing passes, whatever its valves say.
    pub blocked: bool,
    flow: f64,
}

/// The rig's own book on a filter, in seconds.
#[derive(Clone, Copy, Default)]
struct Proof {
    /// It was washed, or stood too long, and has not delivered since.
    must_ripen: bool,
    stood: f64,
    /// Clear water through filter-to-waste without a gap.
    clear: f64,
    /// Water above 1.0 and above 0.5 NTU on its way to the clear well.
    bad: f64,
    turbid: f64,
}

pub struct Rig {
    pub filtration: Filtration,
    pub filters: Vec<Filter>,
    pub around: Around,
    pub stems: Vec<Stems>,
    pub beds: Vec<Bed>,
    /// P-351 moves no water.
    pub wash_dry: bool,
    /// FIT-351 reads this share of what flows; none: it is dead.
    pub wash_meter: Option<f64>,
    /// What B-351 makes of the air, kPa; none: PT-352 is dead.
    pub air: Option<f64>,
    /// This P-301 turns as fast as it can, asked or not.
    pub deaf: Option<usize>,
    /// FIT-301 answers.
    pub feed_meter: bool,
    /// A hand valve before the filters is shut.
    pub feed_shut: bool,
    /// What AIT-330 reads in place of the mixed water.
    pub combined: Option<Signal<Ntu>>,
    /// P-501 obeys the wash.
    pub lift_obeys: bool,
    /// States that filter 1 has passed.
    pub passed: Vec<State>,
    /// What was proven of each filter's water, in seconds.
    proofs: Vec<Proof>,
    stagger: Stagger,
    wash_flow: f64,
    feed_flow: f64,
    dead_head: [f64; 2],
    changing_over: f64,
}

pub fn shape(filters: u8, blower: bool) -> Shape {
    Shape { filters, blower, ..Shape::default() }
}

impl Rig {
    /// A plant that wants water, with clear beds.
    pub fn new(shape: &Shape) -> Rig {
        let filters: Vec<Filter> = (0..shape.filters).map(|_| Filter::new(shape)).collect();
        let bed = Bed {
            turbidity: Signal::Good(Ntu(0.1)),
            head_loss: KiloPascals(3.0),
            meter: None,
            unmetered: false,
            ease: 1.0,
            blocked: false,
            flow: 0.0,
        };
        let mut stagger = Stagger::default();
        stagger.elapse(Duration::from_secs(5), Duration::from_secs(60));
        Rig {
            filtration: Filtration::new(shape),
            stems: filters.iter().map(|_| Stems::default()).collect(),
            beds: filters.iter().map(|_| bed).collect(),
            filters,
            around: Around {
                nominal: shape.nominal_flow,
                demand: Demand::Run,
                raw_setpoint: shape.nominal_flow,
                settled_level: Signal::Good(Percent(55.0)),
                settled_turbidity: Signal::Good(Ntu(1.0)),
                relaxed: None,
                water_temperature: Signal::Good(Celsius(25.0)),
                wash_water: true,
                wash_water_last: true,
                chlorine_known: true,
                lift_stopped: true,
                lift_may_rest: true,
                waste_level: Signal::Good(Percent(20.0)),
                power_stable: true,
                holds: Holds::default(),
                ripen_first: false,
                run_time_max: None,
                reset: false,
                supervisor_reset: false,
            },
            wash_dry: false,
            wash_meter: Some(1.0),
            air: Some(25.0),
            deaf: None,
            feed_meter: true,
            feed_shut: false,
            combined: None,
            proofs: Vec::new(),
            lift_obeys: false,
            passed: Vec::new(),
            stagger,
            wash_flow: 0.0,
            feed_flow: 0.0,
            dead_head: [0.0; 2],
            changing_over: 0.0,
        }
    }

    pub fn state(&self, filter: usize) -> State {
        self.filters[filter].status.state
    }

    pub fn run_s(&mut self, seconds: u32) {
        for _ in 0..seconds * 2 {
            self.scan();
        }
    }

    /// Runs until it comes true, at most this long.
    pub fn run_until(&mut self, most_s: u32, what: &str, reached: impl Fn(&Rig) -> bool) {
        for _ in 0..most_s * 2 {
            if reached(self) {
                return;
            }
            self.scan();
        }
        let states: Vec<State> = self.filters.iter().map(|filter| filter.status.state).collect();
        let why: Vec<Vec<_>> =
            self.filters.iter().map(|filter| filter.status.blocked.iter().collect()).collect();
        panic!("not within {most_s} s: {what}; {states:?} {why:?} {:?}", self.filtration.status);
    }

    /// Every filter delivers.
    pub fn produce(&mut self) {
        self.run_until(7200, "every filter filters", |rig| rig.filtration.all_filtering());
    }

    /// One reset of a person.
    pub fn reset(&mut self) {
        self.around.reset = true;
        self.scan();
        self.around.reset = false;
    }

    /// Every column of the filters held, as in an emergency stop; or freed.
    pub fn hold(&mut self, reasons: Reasons) {
        self.around.holds =
            Holds { feed: reasons, wash: reasons, outlet: reasons, wash_inlet: reasons };
    }

    pub fn scan(&mut self) {
        self.stagger.elapse(Duration::from_secs(5), STEP);
        self.around.lift_stopped = !self.lift_obeys || self.filtration.needs_lift_stopped();
        for index in 0..self.filters.len() {
            let around = self.filtration.around_filter(index, &self.around);
            self.filters[index].scan(around, STEP);
        }
        let reports: Vec<filter::Report> = self.filters.iter().map(Filter::report).collect();
        self.filtration.scan(&self.around, &reports, &mut self.stagger, STEP);
        self.hold_off();
        self.move_valves();
        self.move_water();
        self.answer();
        if self.passed.last() != Some(&self.state(0)) {
            self.passed.push(self.state(0));
        }
        self.check();
        self.check_water();
    }

    /// The end of a plant's scan: causes force off.
    fn hold_off(&mut self) {
        let holds = self.around.holds;
        for filter in &mut self.filters {
            filter.outlet.outputs.open.hold_off(holds.outlet);
            filter.wash_inlet.outputs.open.hold_off(holds.wash_inlet);
            if let Some(air) = &mut filter.air {
                air.outputs.open.hold_off(holds.wash_inlet);
            }
        }
        for pump in &mut self.filtration.pump {
            pump.outputs.run.hold_off(holds.feed);
        }
        self.filtration.wash_pump.outputs.run.hold_off(holds.wash);
        if let Some(blower) = &mut self.filtration.blower {
            blower.outputs.run.hold_off(holds.wash);
        }
    }

    fn move_valves(&mut self) {
        let motor = |stem: &mut Stem, valve: &MotorValve| {
            let open = f64::from(u8::from(valve.outputs.open.value()));
            let close = f64::from(u8::from(valve.outputs.close.value()));
            stem.travel(open - close);
        };
        let springs = |stem: &mut Stem, valve: &ReturnValve| {
            stem.travel(if valve.outputs.open.value() { 1.0 } else { -1.0 });
        };
        for (stems, filter) in self.stems.iter_mut().zip(&self.filters) {
            let [n1, n2, n3, n4, n5, n6, n7] = stems;
            motor(n1, &filter.inlet);
            springs(n2, &filter.outlet);
            springs(n3, &filter.wash_inlet);
            motor(n4, &filter.waste);
            motor(n5, &filter.to_waste);
            if let Some(air) = &filter.air {
                springs(n6, air);
            }
            motor(n7, &filter.drain);
        }
    }

    fn move_water(&mut self) {
        let open =
            |stems: &Stems| stems[0].at * Ratio(stems[1].at + stems[4].at).or_less(Ratio(1.0)).0;
        let passes = |(stems, bed): &(&Stems, &Bed)| open(stems) > 0.1 && !bed.blocked;
        let ways = self.stems.iter().zip(&self.beds).filter(passes).count();
        let ease: f64 =
            self.stems.iter().zip(&self.beds).filter(passes).map(|(_, bed)| bed.ease).sum();
        let speed = self
            .filtration
            .pump
            .iter()
            .find(|pump| pump.outputs.run.value())
            .map_or(0.0, |pump| pump.outputs.speed.value().0 / 100.0);
        let speed = if self.deaf.is_some() { 1.0 } else { speed };
        let head: f64 = 24.0 * speed * speed - 2.0;
        let way = ways > 0 && head > 0.0 && !self.feed_shut;
        let target = if way { libm::sqrt(head / 0.4) } else { 0.0 };
        self.feed_flow += (target - self.feed_flow) * STEP_S / 3.0;
        for (bed, stems) in self.beds.iter_mut().zip(&self.stems) {
            let through = open(stems) > 0.1 && ways > 0 && !bed.blocked;
            bed.flow = if through { self.feed_flow * bed.ease / ease } else { 0.0 };
        }
        let wash = &self.filtration.wash_pump.outputs;
        let way = self.stems.iter().any(|stems| stems[2].at > 0.1 && stems[3].at > 0.1);
        let speed = if wash.run.value() { wash.speed.value().0 / 100.0 } else { 0.0 };
        let head: f64 = 20.0 * speed * speed - 3.75;
        let moves = way && head > 0.0 && !self.wash_dry;
        let target = if moves { libm::sqrt(head / 0.039) } else { 0.0 };
        let before = self.wash_flow;
        self.wash_flow += (target - self.wash_flow) * STEP_S / 3.0;
        // INV-26; a pump that stops at once may fall faster.
        let ramp = (self.wash_flow - before) / STEP_S;
        assert!(ramp <= 1.2, "wash ramp {ramp} m³/h a second");
        let upflow = self.wash_flow / 0.503;
        assert!(upflow <= 45.0, "wash rate {upflow} m/h");
    }

    fn answer(&mut self) {
        let good = Signal::Good::<CubicMetresPerHour>;
        let feed = good(CubicMetresPerHour(self.feed_flow));
        self.filtration.inputs.flow =
            if self.feed_meter { feed } else { Signal::Bad(Fault::Stale) };
        self.filtration.inputs.wash_flow = match self.wash_meter {
            Some(share) => metered(self.wash_flow * share, 25.0, CubicMetresPerHour),
            None => Signal::Bad(Fault::Stale),
        };
        let blows =
            self.filtration.blower.as_ref().is_some_and(|blower| blower.outputs.run.value());
        self.filtration.inputs.air_pressure = match self.air {
            Some(pressure) => metered(if blows { pressure } else { 0.0 }, 60.0, KiloPascals),
            None => Signal::Bad(Fault::Stale),
        };
        if let Some(blower) = &mut self.filtration.blower {
            blower.inputs.running = Signal::Good(blows);
        }
        let drives = self.filtration.pump.iter_mut().chain([&mut self.filtration.wash_pump]);
        for drive in drives {
            drive.inputs.running = Signal::Good(drive.outputs.run.value());
            drive.inputs.tripped = Signal::Good(false);
            drive.inputs.frequency = Signal::Good(Hertz(drive.outputs.speed.value().0 / 2.0));
        }
        if let Some(deaf) = self.deaf.and_then(|deaf| self.filtration.pump.get_mut(deaf)) {
            deaf.inputs.running = Signal::Good(true);
        }
        let mut mixed = (0.0, 0.0);
        for ((filter, bed), stems) in self.filters.iter_mut().zip(&self.beds).zip(&self.stems) {
            filter.inputs.flow = match bed.unmetered {
                true => Signal::Bad(Fault::Stale),
                false => good(CubicMetresPerHour(bed.meter.unwrap_or(bed.flow))),
            };
            filter.inputs.turbidity = bed.turbidity;
            // Laminar: as the rate, which is 5 m/h where the bed's head loss is given for.
            let rate = bed.flow / 0.503;
            filter.inputs.head_loss = metered(bed.head_loss.0 * (rate / 5.0), 40.0, KiloPascals);
            if let Some(turbidity) = bed.turbidity.usable().filter(|_| stems[1].at > 0.1) {
                mixed = (mixed.0 + turbidity.0 * bed.flow, mixed.1 + bed.flow);
            }
            let blind = filter.inlet.inputs.opened == Signal::Bad(Fault::Stale);
            if !blind {
                answer(filter, stems);
            }
        }
        let combined = if mixed.1 > 0.0 { mixed.0 / mixed.1 } else { 0.1 };
        self.filtration.inputs.combined_turbidity =
            self.combined.unwrap_or(Signal::Good(Ntu(combined)));
    }

    /// INV-2 and INV-14, on the rig's own truth.
    fn check_water(&mut self) {
        self.proofs.resize(self.filters.len(), Proof::default());
        let each = self.proofs.iter_mut().zip(&self.filters).zip(self.stems.iter().zip(&self.beds));
        for (number, ((proof, filter), (stems, bed))) in each.enumerate() {
            let turbidity = bed.turbidity.usable().map_or(f64::NAN, |turbidity| turbidity.0);
            let out = !stems[1].is_closed();
            let wastes = stems[4].is_open() && bed.flow > 0.1;
            if out && proof.must_ripen {
                assert!(proof.clear >= 119.5, "INV-14: filter {number}, {} s", proof.clear);
                proof.must_ripen = false;
            }
            let (bad, turbid) = self.around.relaxed.map_or((1.0, 0.5), |most| (most.0, most.0));
            let ripe = if self.around.relaxed.is_some() { bad } else { 0.30 };
            proof.clear = match (wastes && turbidity <= ripe, out) {
                (true, _) => proof.clear + STEP_S,
                (false, _) => 0.0,
            };
            proof.stood = if out { 0.0 } else { proof.stood + STEP_S };
            proof.must_ripen |= filter.retained.dirty || proof.stood > 7200.0;
            let delivers = out && bed.flow > 0.1;
            let since = |above: bool, so_far: f64| if above { so_far + STEP_S } else { 0.0 };
            proof.bad = since(delivers && turbidity > bad, proof.bad);
            proof.turbid = since(delivers && turbidity > turbid, proof.turbid);
            assert!(proof.bad <= 60.5, "INV-2: filter {number} above {bad} NTU");
            assert!(proof.turbid <= 900.5, "INV-2: filter {number} above {turbid} NTU");
        }
    }

    /// Invariants of `docs/spec/plant.md` 3, on the rig's own truth.
    fn check(&mut self) {
        let washes = self.filters.iter().filter(|filter| filter.status.state.is_wash()).count();
        assert!(washes <= 1, "INV-11: {washes} filters in a wash");
        let water = self.filtration.wash_pump.outputs.run.value();
        let blows =
            self.filtration.blower.as_ref().is_some_and(|blower| blower.outputs.run.value());
        let open = |stem: Stem| !stem.is_closed();
        for (number, (filter, stems)) in self.filters.iter().zip(&self.stems).enumerate() {
            let [n1, n2, n3, n4, n5, n6, n7] = *stems;
            assert!(!(filter.retained.dirty && open(n2)), "INV-9: filter {number} dirty and open");
            assert!(!(open(n2) && (open(n3) || open(n4) || open(n6))), "INV-10: filter {number}");
            assert!(!(open(n1) && open(n3)), "INV-10: filter {number}, raw water and wash water");
            if filter.status.state.is_wash() && (water || blows) {
                assert!(
                    !open(n1) && !open(n2) && !open(n5) && !open(n7),
                    "filter {number} in wash"
                );
            }
            if open(n2) && open(n5) {
                self.changing_over += STEP_S;
                assert!(self.changing_over <= 15.5, "INV-10: change-over takes too long");
                assert!(!(water && filter.status.state.is_wash()), "INV-10: pump in change-over");
            } else if !self.stems.iter().any(|stems| open(stems[1]) && open(stems[4])) {
                self.changing_over = 0.0;
            }
        }
        let all = || self.stems.iter();
        // A pump may run half a second of scan longer than its valve stands open.
        if water {
            assert!(all().any(|stems| stems[2].at > 0.9 && stems[3].at > 0.9), "INV-27: P-351");
        }
        if blows {
            assert!(all().any(|stems| stems[5].at > 0.9 && stems[3].at > 0.9), "INV-25: B-351");
        }
        for (lasted, pump) in self.dead_head.iter_mut().zip(&self.filtration.pump) {
            let still = pump.outputs.run.value() && self.feed_flow < 0.25;
            *lasted = if still { *lasted + STEP_S } else { 0.0 };
            assert!(*lasted <= 15.0, "INV-20: P-301 against closed valves");
        }
    }
}

fn answer(filter: &mut Filter, stems: &Stems) {
    macro_rules! ends {
        ($valve:expr, $stem:expr) => {
            $valve.inputs.opened = Signal::Good($stem.is_open());
            $valve.inputs.closed = Signal::Good($stem.is_closed());
        };
    }
    let [n1, n2, n3, n4, n5, n6, n7] = stems;
    ends!(filter.inlet, n1);
    ends!(filter.outlet, n2);
    ends!(filter.wash_inlet, n3);
    ends!(filter.waste, n4);
    ends!(filter.to_waste, n5);
    if let Some(air) = &mut filter.air {
        ends!(air, n6);
    }
    ends!(filter.drain, n7);
}

/// What an instrument shows whose scale ends at `most`.
fn metered<Q>(value: f64, most: f64, wrap: fn(f64) -> Q) -> Signal<Q> {
    if value > most * 1.02 { Signal::Bad(Fault::Overrange) } else { Signal::Good(wrap(value)) }
}
