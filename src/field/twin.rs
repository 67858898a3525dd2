//! The embedded twin as a field: the demo's river, works and village, moved once a scan.

use std::sync::Arc;
use std::time::Duration;

use config::Site;
use hil::{Act, Selector, Truth, Twin, TwinParameters};
use plc::image::{Inputs, Outputs};
use plc::signal::{Fault, Moment, Reading};

use crate::exchange::{Exchange, FieldAsk, FieldView};
use crate::field::{Field, Traffic};

/// Acts and looks of one scan. More wait for the next.
const ASKS_A_SCAN: usize = 8;

/// The world of the demo.
pub struct TwinField {
    twin: Twin,
    exchange: Arc<Exchange>,
    /// What the plant wants since the last scan.
    outputs: Outputs,
    last: Moment,
    /// Input slots that this site does not have.
    absent: Box<[usize]>,
    emergency_stop: bool,
    local: bool,
}

impl TwinField {
    /// Builds the world of a site and opens its field page.
    #[must_use]
    pub fn new(
        site: &Site,
        seed: u64,
        parameters: TwinParameters,
        exchange: Arc<Exchange>,
    ) -> TwinField {
        let catalogue = &exchange.catalogue;
        let absent = site.absent.iter().filter_map(|path| catalogue.input_slot(path)).collect();
        exchange.open_field_page();
        TwinField {
            twin: Twin::new(parameters, catalogue, seed),
            outputs: Outputs::new(catalogue),
            last: Moment(0),
            absent,
            emergency_stop: false,
            local: false,
            exchange,
        }
    }

    /// The world of a site, with levels in mid-range (`warm`) or as after a long stop.
    #[must_use]
    pub fn parameters(site: &Site, warm: bool) -> TwinParameters {
        let fitted = TwinParameters::of(&site.shape);
        if warm {
            return fitted;
        }
        // Chosen: tanks drawn down to where nothing may run from them, filters washed.
        TwinParameters {
            start_settled_percent: 10.0,
            start_clear_well: 0.4,
            start_elevated: 0.4,
            start_waste_percent: 5.0,
            start_first_filter: 0.0,
            start_other_filters: 0.0,
            ..fitted
        }
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        let (emergency_stop, local) = match &act {
            Act::Press(tag) if tag == "ES-900" => (true, self.local),
            Act::Release(tag) if tag == "ES-900" => (false, self.local),
            Act::Turn(selector) => (self.emergency_stop, *selector == Selector::Local),
            Act::Press(_)
            | Act::Release(_)
            | Act::Storm { .. }
            | Act::Mains(_)
            | Act::SensorFault { .. }
            | Act::ActuatorFault { .. }
            | Act::Silence { .. }
            | Act::Link { .. }
            | Act::Befall(_)
            | Act::ClearAll => (self.emergency_stop, self.local),
        };
        self.twin.act(act)?;
        (self.emergency_stop, self.local) = (emergency_stop, local);
        Ok(())
    }

    fn view(&self) -> FieldView {
        let truth: &Truth = self.twin.truth();
        FieldView {
            storm: self.twin.storm_called(),
            mains: truth.mains,
            emergency_stop: self.emergency_stop,
            local: self.local,
            faults: self.twin.faults().map(|(path, broken)| (path.to_owned(), broken)).collect(),
            sensors: self.twin.sensors().map(str::to_owned).collect(),
            actuators: self.twin.actuators().map(str::to_owned).collect(),
            truth: truth.clone(),
        }
    }
}

impl Field for TwinField {
    fn read(&mut self, inputs: &mut Inputs, at: Moment) {
        for _ in 0..ASKS_A_SCAN {
            match self.exchange.take_field_ask() {
                // Whoever asked may have gone.
                Some(FieldAsk::Act(act, done)) => drop(done.send(self.act(act))),
                Some(FieldAsk::Look(seen)) => drop(seen.send(self.view())),
                None => break,
            }
        }
        self.twin.step(&self.outputs, inputs, at, at.since(self.last));
        self.last = at;
        for slot in &self.absent {
            if let Some(place) = inputs.readings.get_mut(*slot) {
                *place = Reading::bad(Fault::NotFitted, at);
            }
        }
    }

    fn write(&mut self, outputs: &Outputs, _: Moment) {
        self.outputs.values.copy_from_slice(&outputs.values);
    }

    fn is_real(&self) -> bool {
        false
    }

    fn bus_answers(&self, bus: char) -> Option<bool> {
        let bus = match bus {
            'a' => hil::Bus::A,
            'b' => hil::Bus::B,
            'c' => hil::Bus::C,
            'd' => hil::Bus::D,
            _ => return None,
        };
        Some(self.twin.answers(bus))
    }

    /// Nothing travels on a wire.
    fn traffic(&self, _bus: char) -> Option<Traffic> {
        None
    }

    fn time_of_day(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(3600.0 * self.twin.truth().hour).ok()
    }

    fn stop(&mut self) {}
}
