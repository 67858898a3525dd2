//! The safety invariants of `docs/spec/plant.md` 3, judged after every scan on what is really so, not on what sensors say.
//!
//! [`TABLE`] says of each what it promises, how long it may be broken, and where it is shown when not here. A [`Watch`]
//! goes along with a run; what it saw broken for longer than allowed is a [`Breach`]. An allowed time is never shorter than
//! three scans: what reads and acts once a scan cannot be faster.
//!
//! Where the specification judges *(meas)*, the plant's own reading counts. Where a fault makes the promise impossible (a
//! valve that is jammed open cannot be shut), the fault waives it until some time after it is mended: `waivers.rs` says which.

mod books;
mod gauges;
mod table;
mod waivers;

use std::time::Duration;

use self::books::{Cap, FilterBook, Starts};
use self::gauges::Gauges;
use self::table::Shown::FaultFree;
pub use self::table::{Invariant, Shown, TABLE};
use self::waivers::{Promise, Waivers};
use crate::closed_loop::ClosedLoop;
use crate::{Act, Bus, Trouble, Truth, TwinParameters};

/// Something promised that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    pub invariant: usize,
    /// Where: a filter, a motor, a bus.
    pub place: String,
    /// When it had lasted longer than allowed, since the start of the world.
    pub at: Duration,
    pub saw: String,
}

impl core::fmt::Display for Breach {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let promise = TABLE[self.invariant - 1].promise;
        write!(f, "INV-{} ({promise}) {}: {}", self.invariant, self.place, self.saw)
    }
}

/// Places of one invariant at most: motors of a large plant.
const PLACES: usize = 20;
/// A valve less open than this passes nothing to speak of.
const SHUT: f64 = 0.02;
/// A valve further open than this counts as open.
const OPEN: f64 = 0.95;
/// Travel of a motor valve, s: what may overlap while valves change over.
const TRAVEL_S: f64 = 15.0;

/// Goes along with a run.
pub struct Watch {
    gauges: Gauges,
    /// Flow against the reference plant, and of one filter.
    scale: f64,
    filter_scale: f64,
    nominal: f64,
    period_s: f64,
    timers: Box<[[f64; PLACES]]>,
    starts: Starts,
    caps: [Cap; 2],
    fault_free: bool,
    waivers: Waivers,
    before: Truth,
    filters: Vec<FilterBook>,
    /// s of priming in the day that runs, s since mains came back, s of controller's life, each bus's silence.
    primed: (f64, f64),
    mains_back_s: f64,
    /// Tanks are filled, left to settle and drawn in turn.
    batch: bool,
    /// What spilled where nobody could have helped it: inside, and from the elevated tank.
    forgiven_m3: [f64; 2],
    /// What spilled from the elevated tank since its level lies.
    spilled_high_m3: f64,
    away_s: f64,
    silence_s: [f64; 4],
    /// The stop was pushed and nobody has reset it at the panel.
    stopped: bool,
    /// The clear well was held for its quality, and nobody has said since that it is fit: whatever the plant thinks of it now.
    held: bool,
    breaches: Vec<Breach>,
    broken: [u32; 47],
    seconds: f64,
}

impl Watch {
    #[must_use]
    pub fn new(plant: &ClosedLoop, parameters: &TwinParameters, period: Duration) -> Watch {
        let truth = plant.truth().clone();
        let motors = Truth::motors(parameters);
        let filters = truth
            .filters
            .iter()
            .map(|filter| FilterBook { washes: filter.washes, ..FilterBook::default() });
        let scale = parameters.scale();
        Watch {
            gauges: Gauges::new(plant),
            scale,
            filter_scale: parameters.filter_area / TwinParameters::default().filter_area,
            nominal: parameters.nominal_flow,
            period_s: period.as_secs_f64(),
            timers: vec![[0.0; PLACES]; 47].into_boxed_slice(),
            starts: Starts::new(motors),
            caps: [
                // INV-17, for 5 m³/h: 0.35 kg/h and 5 kg/d of PAC, 30 g/h and 400 g/d of chlorine.
                Cap::new(350.0 * scale, 5_000.0 * scale, parameters.coagulant.strength),
                Cap::new(30.0 * scale, 400.0 * scale, parameters.hypochlorite.strength),
            ],
            fault_free: true,
            waivers: Waivers::default(),
            filters: filters.collect(),
            before: truth,
            primed: (0.0, 0.0),
            mains_back_s: f64::INFINITY,
            away_s: 0.0,
            batch: parameters.batch,
            forgiven_m3: [0.0; 2],
            spilled_high_m3: 0.0,
            silence_s: [0.0; 4],
            stopped: false,
            held: false,
            breaches: Vec::new(),
            broken: [0; 47],
            seconds: 0.0,
        }
    }

    /// Something was done to the world: it may end the fault-free part of the run, waive what it makes impossible, or mend it.
    pub fn told(&mut self, act: &Act) {
        self.waivers.told(act);
        match act {
            Act::Storm { .. }
            | Act::Press(_)
            | Act::Release(_)
            | Act::Turn(_)
            | Act::ClearAll
            | Act::Befall(Trouble::Attended(true) | Trouble::Demand(_))
            | Act::SensorFault { fault: None, .. }
            | Act::ActuatorFault { fault: None, .. }
            | Act::Silence { silent: false, .. }
            | Act::Link { up: true, .. }
            | Act::Mains(true) => {}
            Act::Mains(false)
            | Act::Link { up: false, .. }
            | Act::Silence { .. }
            | Act::SensorFault { fault: Some(_), .. }
            | Act::ActuatorFault { fault: Some(_), .. }
            | Act::Befall(_) => self.fault_free = false,
        }
    }

    /// Something between world and core was made up, or reported, by somebody other than the world.
    pub fn tamper(&mut self, path: Option<&str>) {
        self.fault_free = false;
        if let Some(path) = path {
            self.waivers.lied(path);
        }
    }

    /// The core is told the truth of this input again.
    pub fn told_the_truth(&mut self, path: &str) {
        self.waivers.believed(path);
    }

    /// A person takes a device from the plant: for its even flow that is as if it had failed.
    pub fn taken(&mut self) {
        self.fault_free = false;
    }

    /// A person says that the clear well is fit again, and the plant takes their word.
    pub fn confirmed(&mut self) {
        self.held = false;
    }

    /// The controller begins anew: what it counts begins anew, what it owes stays.
    pub fn restarted(&mut self, plant: &ClosedLoop) {
        self.gauges = Gauges::new(plant);
        self.away_s = 0.0;
    }

    /// What was broken for longer than allowed, the first time of each invariant and place.
    #[must_use]
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// A critical or high alarm is told just now.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.gauges.any_urgent
    }

    /// Judges one scan.
    pub fn look(&mut self, plant: &ClosedLoop) {
        let truth = plant.truth();
        self.seconds = plant.passed().as_secs_f64();
        self.gauges.read(plant);
        self.watch_clocks(plant, truth);
        self.delivered_water(truth);
        self.chemicals(truth);
        self.filters(truth);
        self.equipment(truth);
        self.washing(truth);
        self.controller(plant, truth);
        self.people(plant, truth);
        self.before.clone_from(truth);
    }

    fn watch_clocks(&mut self, plant: &ClosedLoop, truth: &Truth) {
        let step = self.period_s;
        self.mains_back_s = match (self.before.mains, truth.mains) {
            (_, false) => f64::NEG_INFINITY,
            (false, true) => 0.0,
            (true, true) => self.mains_back_s + step,
        };
        self.away_s = if plant.away().is_some() { self.away_s + step } else { 0.0 };
        // 30 s of boot, 15 s of the valve's travel, and some for the relays.
        let late = plant.away().is_some()
            || age(plant) < Duration::from_secs(60)
            || !truth.contactor
            || self.silence_s[3] > 0.0;
        let drawn_on = self.batch && late && self.seconds > 60.0 && truth.settled_level.0 > 99.0;
        let obeys = !self.waivers.cover(Promise::Obedience);
        let opens = self.batch && self.waivers.cover(Promise::TankOutlets);
        if drawn_on || opens || self.waivers.cover(Promise::Levels) || !obeys {
            self.forgiven_m3[0] += spilled_inside(truth) - spilled_inside(&self.before);
        } else {
            if self.waivers.cover(Promise::SludgeValves) {
                self.forgiven_m3[0] += truth.waste_overflowed.0 - self.before.waste_overflowed.0;
            }
            if self.waivers.cover(Promise::TankInlets) {
                let (now, before) =
                    (truth.flocculation_overflowed, self.before.flocculation_overflowed);
                self.forgiven_m3[0] += now.0 - before.0;
            }
        }
        if !obeys {
            self.forgiven_m3[1] += truth.elevated_overflowed.0 - self.before.elevated_overflowed.0;
        }
        // While LT-501 lies, what spills counts against that fault's own bound; then it is forgotten.
        let lies = self.waivers.cover(Promise::ElevatedTank);
        self.spilled_high_m3 = if lies {
            self.spilled_high_m3 + truth.elevated_overflowed.0 - self.before.elevated_overflowed.0
        } else {
            self.forgiven_m3[1] += self.spilled_high_m3;
            0.0
        };
        self.waivers.elapse(step, truth.produced_flow.0 > 0.1 * self.scale);
        for (silence, bus) in self.silence_s.iter_mut().zip([Bus::A, Bus::B, Bus::C, Bus::D]) {
            *silence = if plant.twin.answers(bus) { 0.0 } else { *silence + step };
        }
        self.stopped = !truth.emergency_loop || self.stopped && !truth.reset_pressed;
        self.held |= self.gauges.contaminated;
    }

    /// 1, 3, 4, 5, 16, 18, 45.
    fn delivered_water(&mut self, truth: &Truth) {
        let delivers = truth.lift_flow.0 > 0.1 * self.scale;
        let limit = self.gauges.turbidity_limit;
        let turbid = truth.outlet_turbidity.0;
        let lied = self.waivers.cover(Promise::Turbidity);
        self.judge(1, 0, delivers && !lied && !(turbid <= limit), 60.0, || {
            format!("{turbid:.2} NTU delivered")
        });
        let ratio = truth.inactivation_ratio.0;
        let doubtful = self.waivers.cover(Promise::Chlorine) || self.waivers.cover(Promise::Levels);
        self.judge(3, 0, delivers && !doubtful && !(ratio >= 1.0), 120.0, || {
            format!("an inactivation ratio of {ratio:.2}")
        });
        let chlorine = truth.outlet_chlorine.0;
        let low = delivers && !(chlorine >= 0.2);
        self.judge(4, 0, low, 300.0, || format!("{chlorine:.2} mg/l delivered"));
        self.judge(4, 1, delivers && !(chlorine <= 5.0), 30.0, || {
            format!("{chlorine:.2} mg/l delivered")
        });
        let minutes = truth.contact_minutes;
        let short = delivers && !(ratio >= 1.3) && !(minutes >= 30.0 && truth.outlet_ph.0 < 8.0);
        self.judge(5, 0, short, 600.0, || {
            format!("{minutes:.0} min of contact, a ratio of {ratio:.2}")
        });
        // Water that still runs out of the pipe was let go before.
        let (turns, stands) = (self.gauges.turns(truth, 3), self.gauges.contaminated);
        self.judge(
            16,
            0,
            self.held && turns && !self.waivers.cover(Promise::Obedience),
            5.0,
            || {
                let ended = if stands { "" } else { " that nobody has ended" };
                format!("delivered from a quality hold{ended}")
            },
        );
        let ph = truth.outlet_ph.0;
        self.judge(18, 0, delivers && !(6.0..=9.0).contains(&ph), 600.0, || {
            format!("pH {ph:.2} delivered")
        });
        let profile = self.gauges.emergency_left_s;
        let silent = profile > 0.0 && !self.gauges.boil_alarm;
        self.judge(45, 0, silent, 0.0, || "an emergency profile without alarm 923".into());
        self.judge(45, 1, profile > 72.0 * 3_600.0, 0.0, || format!("for {profile} s"));
    }

    /// 6, 7, 8, 17.
    fn chemicals(&mut self, truth: &Truth) {
        let coagulant = truth.coagulant_stroked - self.before.coagulant_stroked;
        let chlorine = truth.hypochlorite_stroked - self.before.hypochlorite_stroked;
        let raw = truth.raw_flow.0;
        let still = raw < 0.8 * self.scale;
        self.judge(6, 0, coagulant > 0.0 && still, 2.0, || {
            format!("PAC at {raw:.2} m³/h of raw water")
        });
        let made = truth.produced_flow.0;
        let mut into_still = chlorine > 0.0 && made < 0.3 * self.scale;
        if into_still && self.gauges.primes {
            self.primed.0 += self.period_s;
            into_still = self.primed.0 > 60.0 + 3.0 * self.period_s;
        }
        self.primed.1 += self.period_s;
        if self.primed.1 > 86_400.0 {
            self.primed = (0.0, 0.0);
        }
        // A plant with real outputs scans every 250 ms at least. In steps of a second what a meter shows is known a step later, and
        // obeyed another: these two are the simulation's.
        let steps = if self.period_s > 0.5 { 2.0 * self.period_s } else { 0.0 };
        self.judge(7, 0, into_still, 2.0 + steps, || {
            format!("hypochlorite at {made:.2} m³/h of filtered water")
        });
        let (dose, ntu) = (truth.coagulant_dose.0, truth.raw_turbidity.0);
        // The table of `plant.md` 2.4 and the optimum of 6.4 are one curve.
        let table = 3.2 + 1.24 * libm::sqrt(ntu);
        let bare = raw > self.scale
            && ntu > 5.0
            && !(dose >= 0.5 * table)
            && !self.waivers.cover(Promise::Coagulant);
        self.judge(8, 0, bare, 180.0, || format!("{dose:.1} mg/l for {ntu:.0} NTU"));
        for (place, litres) in [coagulant, chlorine].into_iter().enumerate() {
            let (hour, day) = self.caps[place].add(self.period_s, litres);
            let name = ["PAC", "chlorine"][place];
            self.judge(17, place, hour.is_some(), 0.0, || {
                format!("{:.1} g of {name} within an hour", hour.unwrap_or_default())
            });
            self.judge(17, 2 + place, day.is_some(), 0.0, || {
                format!("{:.0} g of {name} within a day", day.unwrap_or_default())
            });
        }
    }

    /// 2, 9 to 14.
    fn filters(&mut self, truth: &Truth) {
        let washing = self.gauges.filters.iter().filter(|filter| filter.washes).count();
        self.judge(11, 0, washing > 1, 0.0, || format!("{washing} filters wash"));
        // What really rises, whatever the plant says of their states; a metre an hour is no wash.
        let lifted = truth.filters.iter().filter(|filter| filter.upflow.0 > 1.0).count();
        let free = !self.waivers.cover(Promise::FilterValves);
        self.judge(11, 1, lifted > 1 && free, 0.0, || format!("wash water lifts {lifted} beds"));
        let off_line = |filter: &crate::twin::truth::FilterTruth| {
            filter.positions[1] < SHUT && filter.positions[4] < SHUT
        };
        let any_off = truth.filters.iter().any(off_line);
        let joined = truth.filters.iter().zip(&self.before.filters).any(|(now, before)| {
            off_line(now) != off_line(before)
                || (now.positions[1] > 0.5) != (before.positions[1] > 0.5)
        });
        let nominal = self.nominal;
        for place in 0..truth.filters.len() {
            let filter = truth.filters[place];
            let gauge = self.gauges.filters[place];
            let open = filter.positions[1] > SHUT;
            let delivers = open && filter.flow.0 > 0.1 * self.filter_scale;
            let limit = self.gauges.turbidity_limit;
            let ntu = gauge.turbidity;
            let cloudy = |bound: f64| delivers && ntu.is_some_and(|ntu| !(ntu <= bound));
            // A limit of an emergency profile stands for both.
            let soon = if limit > 1.0 { limit } else { 0.5 };
            let shown = ntu.unwrap_or(f64::NAN);
            // The analyser and its 60 s come before the valve's travel.
            self.judge(2, place, cloudy(limit), 60.0 + TRAVEL_S + 5.0, || {
                format!("filter {}: {shown:.2} NTU", place + 1)
            });
            self.judge(2, 6 + place, cloudy(soon), 900.0 + TRAVEL_S + 5.0, || {
                format!("filter {}: {shown:.2} NTU for long", place + 1)
            });
            let free = !self.waivers.cover(Promise::FilterValves);
            self.judge(9, place, gauge.dirty && open && free, 0.0, || {
                format!("filter {} is dirty and open", place + 1)
            });
            // Valves that change over overlap for their travel, while nothing presses.
            let pressed = self.gauges.turns(truth, 2) || self.gauges.blows(truth);
            let allowed = if pressed { 2.0 } else { TRAVEL_S };
            self.judge(10, place, filter.crossed && free, allowed, || {
                format!("filter {}: valves at {:.2?}", place + 1, filter.positions)
            });
            let rate = filter.rate.0;
            self.judge(12, place, any_off && !off_line(&filter) && rate > 7.3, 120.0, || {
                format!("filter {}: {rate:.1} m/h", place + 1)
            });
            let book = &mut self.filters[place];
            book.owes |= filter.washes > book.washes || gauge.washes || book.rested_s > 7_200.0;
            book.washes = filter.washes;
            book.rested_s = if delivers { 0.0 } else { book.rested_s + self.period_s };
            // A ripening that begins proves its water afresh.
            if gauge.ripens && book.since_ripening_s > 0.0 {
                book.clear_s = 0.0;
            }
            book.since_ripening_s =
                if gauge.ripens { 0.0 } else { book.since_ripening_s + self.period_s };
            let bound = if limit > 1.0 { limit } else { 0.30 };
            // What counts is the water by which RIPEN was left: in the second in which the valve begins to move a bubble is none.
            book.clear_s = match (gauge.ripens, ntu.is_some_and(|ntu| ntu <= bound)) {
                (true, true) => book.clear_s + self.period_s,
                (true, false) => 0.0,
                (false, _) => book.clear_s,
            };
            let begins =
                filter.positions[1] > SHUT && self.before.filters[place].positions[1] <= SHUT;
            // It opens as it leaves RIPEN; a minute is the travel of its other valves.
            let ripe = book.since_ripening_s < 60.0 && book.clear_s > 118.0;
            let owed = book.owes;
            // How long it rested is judged now, and no second time before water flows.
            if begins {
                (book.owes, book.rested_s) = (false, 0.0);
            }
            let (ripened, clear) = (book.since_ripening_s, book.clear_s);
            self.judge(14, place, begins && owed && !ripe && free, 0.0, || {
                format!(
                    "filter {} opens {ripened:.0} s after ripening, clear for {clear:.0} s",
                    place + 1
                )
            });
            self.even_flow(place, filter.flow.0, joined, nominal);
        }
    }

    /// 13: against the flow of a minute ago, in samples of a second.
    fn even_flow(&mut self, place: usize, flow: f64, joined: bool, nominal: f64) {
        let samples = (60.0 / self.period_s.max(1.0)) as usize;
        let book = &mut self.filters[place];
        if joined || flow < 0.1 * nominal || !self.fault_free {
            book.flows.clear();
            return;
        }
        let whole = libm::floor(self.seconds) != libm::floor(self.seconds - self.period_s);
        if !whole {
            return;
        }
        if book.flows.len() > 2 * samples {
            book.flows.remove(0);
        }
        book.flows.push(flow);
        // A minute after the last change of the filters, and a minute before.
        if book.flows.len() > 2 * samples {
            let change = (flow - book.flows[samples]).abs();
            self.judge(13, place, change > 0.15 * nominal, 60.0, || {
                format!("filter {}: {change:.2} m³/h in a minute", place + 1)
            });
        }
    }

    /// 15, 19 to 24, 28.
    fn equipment(&mut self, truth: &Truth) {
        let (raw, ntu) = (truth.raw_flow.0, truth.raw_turbidity.0);
        // AIT-101 is within 5 %: below that it cannot tell.
        let muddy =
            ntu > 1_050.0 && raw > 0.1 * self.scale && !self.waivers.cover(Promise::Coagulant);
        self.judge(15, 0, muddy, 720.0, || format!("{raw:.1} m³/h at {ntu:.0} NTU"));
        let tags = ["P-101", "P-301", "P-351", "P-501"];
        let flows = [raw, truth.feed_flow.0, truth.wash_flow.0, truth.lift_flow.0];
        for place in 0..4 {
            let dry = truth.dry_seconds[place] > self.before.dry_seconds[place];
            let free =
                !self.waivers.cover(Promise::Levels) && !self.waivers.cover(Promise::Obedience);
            self.judge(19, place, dry && free, 10.0, || format!("{} runs dry", tags[place]));
            let nominal = if place == 2 { 18.0 * self.filter_scale } else { self.nominal };
            let blind = place == 3 && self.waivers.cover(Promise::LiftMeter);
            let obeys = !self.waivers.cover(Promise::Obedience);
            let still = flows[place] < 0.05 * nominal && obeys && !blind;
            // Each pump by itself: a standby that takes over has its own time to show an effect.
            for motor in self.gauges.motors(place) {
                let turns = truth.turning.get(motor).is_some_and(|turns| *turns);
                // 15 s, and five in which its drive runs down from full speed.
                self.judge(20, motor, turns && still, 20.0, || {
                    format!("{} turns at {:.2} m³/h", tags[place], flows[place])
                });
            }
        }
        // XV-204 of a batch that is drawn keeps its place under a dead controller, without its bus or K0 (plant.md 3).
        let inside = spilled_inside(truth) - self.forgiven_m3[0];
        let spill = if self.fault_free { 1.0e-6 } else { 0.05 * self.scale };
        self.judge(
            21,
            0,
            inside > spill
                && !self.waivers.cover(Promise::Levels)
                && !self.waivers.cover(Promise::Obedience),
            0.0,
            || format!("{inside:.3} m³ spilled"),
        );
        let high = truth.elevated_overflowed.0 - self.forgiven_m3[1];
        // F40 without a float: half an hour of P-501.
        let spill =
            if self.waivers.cover(Promise::ElevatedTank) { 3.0 * self.scale } else { spill };
        self.judge(21, 1, high > spill && !self.waivers.cover(Promise::Obedience), 0.0, || {
            format!("{high:.3} m³ spilled from the elevated tank")
        });
        let welded = self.waivers.cover(Promise::Obedience);
        for place in 0..truth.turning.len() {
            let starts = truth.turning[place] && !self.before.turning[place];
            if !starts {
                continue;
            }
            let verdict = self.starts.note(place, self.seconds);
            let name = self.starts.name(place).to_owned();
            self.judge(22, place, verdict.too_many && !welded, 0.0, || {
                format!("{name} starts a seventh time in an hour")
            });
            let apart = verdict.apart_s;
            self.judge(23, place, apart < 5.0 - 3.0 * self.period_s && !welded, 0.0, || {
                format!("{name} starts {apart:.1} s after another motor")
            });
        }
        let (power, limit) = (truth.power.0, self.gauges.power_limit);
        self.judge(24, 0, power > limit, 10.0, || format!("{power:.2} kW of {limit:.2}"));
        let open = truth.tanks.iter().filter(|tank| tank.sludge_valve > SHUT).count();
        self.judge(28, 0, open > 1 && !self.waivers.cover(Promise::SludgeValves), TRAVEL_S, || {
            format!("{open} sludge valves open")
        });
        for place in 0..truth.tanks.len() {
            let long = truth.tanks[place].sludge_valve > SHUT
                && !self.waivers.cover(Promise::SludgeValves);
            self.judge(28, 1 + place, long, 185.0, || format!("tank {}", place + 1));
        }
    }

    /// 25 to 27, 29.
    fn washing(&mut self, truth: &Truth) {
        let open =
            |filter: &crate::twin::truth::FilterTruth, valve: usize| filter.positions[valve] > OPEN;
        // n4 or n7: what came up must go out.
        let vented = |filter: &crate::twin::truth::FilterTruth| open(filter, 3) || open(filter, 6);
        let air = truth.filters.iter().any(|filter| open(filter, 5) && vented(filter));
        let water = truth.filters.iter().any(|filter| open(filter, 2) && vented(filter));
        let blows = self.gauges.blows(truth);
        let free = !self.waivers.cover(Promise::Obedience);
        self.judge(25, 0, blows && !air && free, 5.0, || {
            "the blower runs without a way out".into()
        });
        let pressure = truth.air_pressure.0;
        self.judge(25, 1, pressure > 45.0 && free, 5.0, || format!("{pressure:.0} kPa of air"));
        let rise = (truth.wash_flow.0 - self.before.wash_flow.0) / self.period_s;
        let steep = rise > 1.2 * self.filter_scale && self.period_s <= 1.0;
        self.judge(26, 0, steep, 2.0, || format!("wash water rises by {rise:.2} m³/h a second"));
        let most = if truth.raw_temperature.0 >= 20.0 { 45.0 } else { 36.0 };
        let upflow = truth.filters.iter().map(|filter| filter.upflow.0).fold(0.0, f64::max);
        self.judge(26, 1, upflow > most, 2.0, || format!("an upflow of {upflow:.1} m/h"));
        let shut_off =
            self.gauges.wash_commanded && !water && !self.waivers.cover(Promise::FilterValves);
        self.judge(27, 0, shut_off, 2.0, || "P-351 is commanded without its way".into());
        let shut_off =
            self.gauges.air_commanded && !air && !self.waivers.cover(Promise::FilterValves);
        self.judge(27, 1, shut_off, 2.0, || "B-351 is commanded without its way".into());
        let washes = self.gauges.turns(truth, 2);
        let level = truth.clear_well_level.0;
        let free = !self.waivers.cover(Promise::Levels) && free;
        self.judge(29, 0, washes && level < 0.30 && free, 0.0, || {
            format!("a wash at {level:.2} m")
        });
    }

    /// 30 to 35.
    fn controller(&mut self, plant: &ClosedLoop, truth: &Truth) {
        let any = truth.turning.iter().any(|turns| *turns);
        let coagulates = truth.coagulant_stroked > self.before.coagulant_stroked;
        let doses = coagulates || truth.hypochlorite_stroked > self.before.hypochlorite_stroked;
        let welded = self.waivers.cover(Promise::Obedience);
        self.judge(30, 0, self.away_s > 5.0 && (any || doses) && !welded, 0.0, || {
            "something moves without a controller".into()
        });
        let drives = (0..4).any(|place| self.gauges.turns(truth, place));
        let [a, b, _, d] = self.silence_s;
        self.judge(31, 0, a > 5.0 && drives && !welded, 0.0, || {
            "a drive turns without bus A".into()
        });
        self.judge(31, 1, b > 15.0 && doses, 0.0, || "something is dosed without bus B".into());
        let makes = truth.produced_flow.0 > 0.3 * self.scale;
        self.judge(
            31,
            2,
            b > 300.0 && makes && !self.waivers.cover(Promise::FilterValves),
            0.0,
            || "filtered without bus B".into(),
        );
        let washes = self.gauges.turns(truth, 2) || self.gauges.blows(truth);
        // A second for what coasts.
        let turns = self.gauges.turns(truth, 0) || washes || self.gauges.relayed(truth);
        let on_d = turns && !welded || doses;
        self.judge(31, 3, d > 6.0 && on_d, 0.0, || {
            "intake, dosing, wash or a motor on a relay without bus D".into()
        });
        let lost = self.gauges.no_turbidity && makes;
        self.judge(
            32,
            0,
            lost && !self.waivers.cover(Promise::FilterValves),
            300.0 + TRAVEL_S,
            || "filtered with no turbidity known".into(),
        );
        let lifts = truth.lift_flow.0 > 0.1 * self.scale && !welded;
        // The plant's own half hour begins with its scan, and a pump runs down.
        self.judge(32, 1, self.gauges.no_chlorine && lifts, 1_830.0, || {
            "delivered with no chlorine known".into()
        });
        let takes = truth.raw_flow.0 > 0.8 * self.scale && !welded;
        // What the last scan of the half hour asked for moves in the next ones.
        let half_an_hour = 1_800.0 + 3.0 * self.period_s;
        self.judge(32, 2, self.gauges.no_raw_flow && coagulates && takes, half_an_hour, || {
            "PAC with no raw flow known".into()
        });
        self.judge(32, 3, self.gauges.no_suction && takes, 10.0, || {
            "P-101 with no level of its well known".into()
        });
        let young = plant.away().is_none() && age(plant) < Duration::from_secs(30);
        self.judge(33, 0, young && self.gauges.asks_motors, 0.0, || {
            "a motor is asked for at once".into()
        });
        let soon = (0.0..58.0).contains(&self.mains_back_s) && any && !welded;
        self.judge(34, 0, soon, 3.0, || "a motor turns as soon as power is back".into());
        let held = !truth.emergency_loop && truth.contactor;
        self.judge(35, 0, held, 0.5, || "K0 is in although the stop is pushed".into());
        self.judge(35, 1, self.stopped && truth.emergency_loop && truth.contactor, 0.5, || {
            "K0 is in again, and nobody reset it".into()
        });
    }

    /// 43, 44, 46.
    fn people(&mut self, plant: &ClosedLoop, truth: &Truth) {
        let moves = self.gauges.locked_out_moves;
        self.judge(43, 0, moves.is_some(), 0.0, || {
            let id = moves.unwrap_or_default();
            format!("{} is on in MAINTENANCE", plant.plant.catalogue().rows[id].path)
        });
        let asked = truth.demand.0 > 0.05 * self.nominal;
        // A controller that has just come to life finds an empty tank; its alarms have their own two minutes.
        let awake = self.away_s == 0.0 && age(plant) > Duration::from_secs(120);
        let without = asked && truth.village_flow.0 < 0.5 * truth.demand.0 && awake;
        let untold = without && !self.gauges.any_urgent && !self.waivers.cover(Promise::Village);
        self.judge(44, 0, untold, 10.0, || {
            format!("{:.2} of {:.2} m³/h, and no alarm", truth.village_flow.0, truth.demand.0)
        });
        let step = truth.worst_step;
        self.judge(46, 0, !step.closes(), 0.0, || format!("{step:?}"));
    }

    /// Counts how long it has been so; over its time it is a breach, once for each place.
    fn judge(
        &mut self,
        invariant: usize,
        place: usize,
        is_broken: bool,
        allowed_s: f64,
        saw: impl FnOnce() -> String,
    ) {
        let timer = &mut self.timers[invariant][place];
        if !is_broken {
            *timer = 0.0;
            return;
        }
        if TABLE[invariant - 1].shown == FaultFree && !self.fault_free {
            return;
        }
        let before = *timer;
        *timer += self.period_s;
        let allowed = if allowed_s > 0.0 { allowed_s.max(3.0 * self.period_s) } else { 0.0 };
        // What is never allowed is told at once, where it is an event; a state has its three scans.
        let allowed =
            if allowed == 0.0 && !is_event(invariant) { 3.0 * self.period_s } else { allowed };
        if before <= allowed && *timer > allowed {
            self.broken[invariant] += 1;
            let known = self.breaches.iter().any(|breach| breach.invariant == invariant);
            if !known {
                self.breaches.push(Breach {
                    invariant,
                    place: format!("place {place}"),
                    at: Duration::from_secs_f64(self.seconds),
                    saw: saw(),
                });
            }
        }
    }
}

/// m³ over the brims of all tanks but the elevated one.
fn spilled_inside(truth: &Truth) -> f64 {
    truth.overflowed.0 - truth.elevated_overflowed.0
}

/// Since the controller's first scan.
fn age(plant: &ClosedLoop) -> Duration {
    plant.now().since(plc::signal::Moment::default())
}

/// Whether it is judged at one moment: an outlet begins to open, a motor starts, a sum is passed.
fn is_event(invariant: usize) -> bool {
    matches!(invariant, 14 | 17 | 21 | 22 | 23 | 33 | 46)
}

#[cfg(test)]
mod tests;
