//! A twin that begins where a running plant stands: what its instruments showed and its outputs wanted goes into the model,
//! the inverse of [`super::probe`]. What nobody measures is assumed, and said.

mod setter;

use core::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::signal::{Moment, Quality, Reading};
use plc::tag::Catalogue;

use self::setter::Setter;
use super::wiring::{Bus, Wiring};
use super::{Links, Twin};
use crate::TwinParameters;
use crate::model::demand::HOURLY;
use crate::model::works::Works;

/// Images are looked at this often: enough for a head loss and a day's demand.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// So much of a usual hour's demand must have been seen before the village is believed to be another than the site's.
const DEMAND_HOURS_MIN: f64 = 1.0;
/// A village takes so many times what a plant of its size is built for, at least and at most. Chosen.
const DEMAND_BAND: (f64, f64) = (0.1, 5.0);
/// A bus that is reported silent has been so for longer than its devices wait, s.
const LONG_SILENT_S: f64 = 60.0;
/// A reading this much older than its poll, or than this, has stopped coming.
const STALE: Duration = Duration::from_secs(60);
/// Whether each of the buses A to D answers, as the shell reports it.
const BUSES: [(&str, Bus); 4] = [
    ("system.bus_a", Bus::A),
    ("system.bus_b", Bus::B),
    ("system.bus_c", Bus::C),
    ("system.bus_d", Bus::D),
];

/// What a filter showed while it ran as it does.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// m³/h, and kPa at it.
    flow: f64,
    loss: f64,
    /// The most flow so far, m³/h.
    most: f64,
}

/// Below this share of the most that a filter has run, its head loss is not taken. Chosen: it starts and stops.
const RUNS: f64 = 0.4;

/// What was seen of a plant up to a moment.
#[derive(Clone, Debug)]
pub struct Begin {
    /// As the core was told last; bad where it was bad.
    pub inputs: Inputs,
    /// As the core wanted last.
    pub outputs: Outputs,
    /// Days since the first of January, where somebody knows; 0 to 366.
    pub day: Option<f64>,
    /// The last good reading of each input: for a level whose transmitter has just failed.
    good: Inputs,
    /// Of each filter.
    beds: Vec<Seen>,
    filters: Vec<[Option<usize>; 2]>,
    time_of_day: Option<usize>,
    village_flow: Option<usize>,
    /// m³ the village took, and hours of a usual day's mean demand in the same time.
    served: f64,
    usual_hours: f64,
    looked: Moment,
}

impl Begin {
    /// Nothing seen yet of a plant with this catalogue.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Begin {
        let slots = (1..).map(|number| {
            let slot = |point: &str| catalogue.input_slot(&format!("filter{number}.{point}"));
            [slot("flow"), slot("head_loss")]
        });
        let filters: Vec<_> = slots.take_while(|[flow, _]| flow.is_some()).collect();
        Begin {
            inputs: Inputs::new(catalogue),
            outputs: Outputs::new(catalogue),
            day: None,
            good: Inputs::new(catalogue),
            beds: vec![Seen::default(); filters.len()],
            filters,
            time_of_day: catalogue.input_slot("system.time_of_day"),
            village_flow: catalogue.input_slot("distribution.village_flow"),
            served: 0.0,
            usual_hours: 0.0,
            looked: Moment(0),
        }
    }

    /// One scan of the plant was told this.
    pub fn look(&mut self, at: Moment, inputs: &Inputs) {
        let passed = at.since(self.looked);
        if passed < LOOKS_EVERY {
            return;
        }
        self.looked = at;
        self.take(inputs);
        let flow = self.number(inputs, self.village_flow);
        if let (Some(flow), Some(second)) = (flow, self.number(inputs, self.time_of_day)) {
            let hours = passed.as_secs_f64() / 3_600.0;
            let hour = (second / 3_600.0).clamp(0.0, 23.9) as usize;
            self.served += flow * hours;
            self.usual_hours += HOURLY[hour] * hours;
        }
    }

    /// This is the moment: what the last scan was told, and what it wanted.
    pub fn stand(&mut self, inputs: &Inputs, outputs: &Outputs) {
        self.take(inputs);
        self.inputs = inputs.clone();
        self.outputs = outputs.clone();
    }

    fn take(&mut self, inputs: &Inputs) {
        for (good, now) in self.good.readings.iter_mut().zip(&inputs.readings) {
            if is_known(now) {
                *good = *now;
            }
        }
        for place in 0..self.beds.len() {
            let [flow, loss] = self.filters[place].map(|slot| self.number(inputs, slot));
            let (Some(flow), Some(loss)) = (flow, loss) else { continue };
            let bed = &mut self.beds[place];
            if flow > bed.most {
                bed.most = flow;
            }
            if flow > RUNS * bed.most {
                (bed.flow, bed.loss) = (flow, loss);
            }
        }
    }

    fn number(&self, inputs: &Inputs, slot: Option<usize>) -> Option<f64> {
        let reading = inputs.readings.get(slot?)?;
        is_known(reading).then_some(reading.value)
    }

    /// Demand of the village, m³/d, from what it took by the hour; none before an hour or so was seen.
    fn demand_per_day(&self, parameters: &TwinParameters) -> Option<f64> {
        let usual = parameters.demand_per_day;
        let seen = 24.0 * self.served / self.usual_hours;
        let band = usual * DEMAND_BAND.0..=usual * DEMAND_BAND.1;
        (self.usual_hours >= DEMAND_HOURS_MIN && band.contains(&seen)).then_some(seen)
    }
}

fn is_known(reading: &Reading) -> bool {
    !matches!(reading.quality, Quality::Bad(_)) && reading.value.is_finite()
}

/// What a plant knows of its own tanks, pumps and stocks, in place of what its size would give: the point, and where it goes.
type Sized = (&'static str, fn(&mut TwinParameters) -> &mut f64);
const SIZES: [Sized; 11] = [
    ("distribution.area", |p| &mut p.clear_well_area),
    ("distribution.elevated_area", |p| &mut p.elevated_area),
    ("disinfection.inlet_volume", |p| &mut p.inlet_volume),
    ("sedimentation.settled_volume", |p| &mut p.settled_volume),
    ("filter1.area", |p| &mut p.filter_area),
    ("chemicals.coagulant.tank_volume", |p| &mut p.coagulant.tank_l),
    ("chemicals.chlorine.tank_volume", |p| &mut p.hypochlorite.tank_l),
    ("coagulation.stroke", |p| &mut p.coagulant.stroke_ml),
    ("disinfection.stroke", |p| &mut p.hypochlorite.stroke_ml),
    ("chemicals.coagulant.strength", |p| &mut p.coagulant.strength),
    ("chemicals.chlorine.strength", |p| &mut p.hypochlorite.strength),
];

impl TwinParameters {
    /// The same with what a plant knows of its sizes and stocks, by the paths of its points.
    #[must_use]
    pub fn as_known(mut self, value: impl Fn(&str) -> Option<f64>) -> TwinParameters {
        for (path, at) in &SIZES {
            if let Some(value) = value(path).filter(|value| *value > 0.0 && value.is_finite()) {
                *at(&mut self) = value;
            }
        }
        self
    }
}

/// A twin that begins so, and what had to be assumed of it, for people.
pub struct Begun {
    pub twin: Twin,
    /// The world it lives in: the parameters given, fitted to what was measured.
    pub parameters: TwinParameters,
    pub assumed: Vec<String>,
    /// Inputs by slot that were bad, or had stopped coming: they stay so.
    pub lost: Vec<usize>,
}

impl Twin {
    /// Slots of the inputs that this world moves.
    pub fn inputs(&self) -> impl Iterator<Item = usize> {
        self.wiring.slots()
    }

    /// The twin of a plant that runs: what was measured as it was measured, everything else as `parameters` have it. Books and
    /// counters begin here. Weather stays as it is: no storm and no outage but those that somebody calls.
    #[must_use]
    pub fn begin(
        mut parameters: TwinParameters,
        catalogue: &Catalogue,
        seed: u64,
        begin: &Begin,
    ) -> Begun {
        (parameters.dry_storms_per_day, parameters.wet_storms_per_day) = (0.0, 0.0);
        (parameters.outages_per_day, parameters.dips_per_day) = (0.0, 0.0);
        parameters.attendant = true;
        let wiring = Wiring::new(&parameters, catalogue);
        let mut setter = Setter::new(&wiring, begin);
        setter.world(&mut parameters);
        let mut works = Works::new(parameters, seed);
        works.troubles.attended = false;
        setter.raw_side(&mut works);
        setter.filters(&mut works);
        setter.clear_side(&mut works);
        setter.panel(&mut works);
        setter.devices(&mut works);
        let assumed = setter.told();
        works.open_books();
        let mut links = Links::default();
        for (path, bus) in BUSES {
            let silent = catalogue.input_slot(path).is_some_and(|slot| {
                let reading = begin.inputs.readings[slot];
                is_known(&reading) && reading.value < 0.5
            });
            if let (true, Some(place)) = (silent, Links::place(bus)) {
                links.cut_s[place] = Some(LONG_SILENT_S);
            }
        }
        let parameters = works.parameters.clone();
        let lost = wiring.lost(begin);
        let twin = Twin { links, ..Twin::of(works, wiring) };
        Begun { twin, parameters, assumed, lost }
    }
}

impl Wiring {
    /// Slots of wired inputs that were bad, or that nobody has renewed for long.
    fn lost(&self, begin: &Begin) -> Vec<usize> {
        let newest = begin.inputs.readings.iter().map(|reading| reading.taken).max();
        self.slots()
            .filter(|slot| {
                let reading = &begin.inputs.readings[*slot];
                let is_stale = newest.is_some_and(|newest| newest.since(reading.taken) > STALE);
                !is_known(reading) || is_stale
            })
            .collect()
    }

    /// Slots of the inputs that the world moves.
    fn slots(&self) -> impl Iterator<Item = usize> {
        let instruments = self.instruments.iter().map(|one| one.slot);
        instruments.chain(self.switches.iter().map(|one| one.slot))
    }
}
