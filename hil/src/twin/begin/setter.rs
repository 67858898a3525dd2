//! What was measured goes into the works, device by device; what was not is told.

use super::super::devices::{DoserAt, MotorAt, ReturnValveAt, Station};
use super::super::probe::{Contact, DRY_SOIL, Probe, SOIL_SPAN};
use super::super::wiring::{Action, Wiring};
use super::{Begin, Seen, is_known};
use crate::TwinParameters;
use crate::model::chlorine::ClearWell;
use crate::model::coagulation::optimal_dose;
use crate::model::filter::{Bed, Filter};
use crate::model::hydraulics::Basin;
use crate::model::settling::SedimentationTank;
use crate::model::tower::{Main, Tower};
use crate::model::water::Water;
use crate::model::weather::Weather;
use crate::model::works::{KPA_PER_METRE, Works};

/// A river this far from what was measured, m, is told.
const RIVER_OFF: f64 = 0.05;

/// Puts readings into the works.
pub(super) struct Setter<'a> {
    wiring: &'a Wiring,
    begin: &'a Begin,
    assumed: Vec<String>,
}

impl<'a> Setter<'a> {
    pub fn new(wiring: &'a Wiring, begin: &'a Begin) -> Setter<'a> {
        Setter { wiring, begin, assumed: Vec::new() }
    }
}

impl Setter<'_> {
    /// What an instrument showed last that was good, in the unit of its point.
    fn measured(&self, probe: Probe) -> Option<f64> {
        let slots =
            self.wiring.instruments.iter().filter(|one| one.probe == probe).map(|one| one.slot);
        let good = |slot: usize| Some(self.begin.good.readings[slot]).filter(is_known);
        slots.filter_map(good).max_by_key(|reading| reading.taken).map(|reading| reading.value)
    }

    /// The same; what it stands for is told where nobody measures it.
    fn need(&mut self, probe: Probe, what: &str, otherwise: f64) -> f64 {
        self.measured(probe).unwrap_or_else(|| {
            self.assumed.push(format!("{what}: never read, taken as {otherwise:.2}"));
            otherwise
        })
    }

    fn contact(&self, contact: Contact) -> Option<bool> {
        let switch = self.wiring.switches.iter().find(|one| one.contact == contact)?;
        let reading = &self.begin.good.readings[switch.slot];
        is_known(reading).then_some(reading.value >= 0.5)
    }

    /// Calendar, weather and village.
    pub fn world(&mut self, p: &mut TwinParameters) {
        if let Some(day) = self.begin.day {
            p.start_day = day;
        }
        let time = self.begin.time_of_day.map(|slot| self.begin.good.readings[slot]);
        match time.filter(is_known) {
            Some(time) => p.start_hour = time.value / 3_600.0,
            None => self.assumed.push(format!("time of day: taken as {:.0}:00", p.start_hour)),
        }
        if let Some(measured) = self.measured(Probe::RawTemperature) {
            let weather = Weather::new(p);
            p.temperature[0] += measured - weather.temperature;
        }
        match self.begin.demand_per_day(p) {
            Some(seen) => p.demand_per_day = seen,
            None => self.assumed.push(format!(
                "demand of the village: too little was seen of it, taken as {:.0} m³ a day",
                p.demand_per_day
            )),
        }
        p.limited_supply = self.contact(Contact::LimitedSupply).unwrap_or(p.limited_supply);
    }

    pub fn raw_side(&mut self, works: &mut Works) {
        let Works { river, weather, parameters, .. } = works;
        let level = self.measured(Probe::RiverLevel).unwrap_or(river.level);
        let turbidity = self.need(Probe::RawTurbidity, "raw turbidity, NTU", river.water.turbidity);
        if let Some(soil) = self.measured(Probe::SoilMoisture) {
            weather.soil = ((soil - DRY_SOIL) / SOIL_SPAN).clamp(0.0, 1.0);
        }
        river.stand_at(parameters, weather, level, turbidity);
        let ph = self.measured(Probe::RawPh);
        parameters.raw_ph += ph.map_or(0.0, |ph| ph - river.water.ph());
        river.stand_at(parameters, weather, level, turbidity);
        if (works.river.level - level).abs() > RIVER_OFF {
            self.assumed.push(format!(
                "river: measured {level:.2} m, lower than the twin's falls; taken as {:.2} m",
                works.river.level
            ));
        }
        works.raw_water = works.river.water;
        works.raw_water.turbidity = turbidity;
        let level = works.wet_well.level();
        let level = self.need(Probe::WetWellLevel, "wet well, m", level);
        set_level(&mut works.wet_well, level);

        let p = &works.parameters;
        let mut floc = works.raw_water;
        let settled =
            self.need(Probe::SettledTurbidity, "settled turbidity, NTU", works.settled_sample);
        floc.coagulated = 1.0;
        floc.add_coagulant(optimal_dose(floc.turbidity, works.weather.temperature, floc.ph()));
        works.flocculation.cells = [floc; 2];
        works.settled_water = Water { turbidity: settled, ..floc };
        works.settled_sample = settled;
        let fresh = SedimentationTank::new(p, works.settled_water);
        for (index, tank) in works.tanks.iter_mut().enumerate() {
            let level = fresh.basin.level();
            *tank = fresh.clone();
            let level = self.need(Probe::TankLevel(index), "a sedimentation tank, m", level);
            set_level(&mut tank.basin, level);
        }
        let percent = 100.0 * works.settled.fill();
        let fill = self.need(Probe::SettledLevel, "settled water tank, %", percent);
        let level = fill / 100.0 * works.settled.brim_m;
        set_level(&mut works.settled, level);
        let (tanks, kg) = (works.tanks.len(), fresh.sludge_kg);
        self.assumed.push(format!(
            "sludge: not measured, taken as {kg:.1} kg in each of {tanks} tanks, as an hour after a desludge"
        ));
    }

    pub fn filters(&mut self, works: &mut Works) {
        let filtration = &mut works.filtration;
        let combined = filtration.combined;
        filtration.combined = self.measured(Probe::CombinedTurbidity).unwrap_or(combined);
        let bed = Bed::at(works.weather.temperature);
        filtration.bed = bed;
        for (index, filter) in filtration.filters.iter_mut().enumerate() {
            let turbidity = self.measured(Probe::FilterTurbidity(index)).unwrap_or(combined);
            let Seen { flow, loss, .. } = self.begin.beds.get(index).copied().unwrap_or_default();
            let load = Filter::load_of(loss / KPA_PER_METRE, flow / filter.area, &bed);
            if load.is_none() {
                self.assumed.push(format!(
                    "solids in filter {}: it never ran, taken as {:.2} kg/m²",
                    index + 1,
                    filter.load
                ));
            }
            *filter = Filter::new(filter.area, load.unwrap_or(filter.load), turbidity);
            let flow = self.measured(Probe::FilterFlow(index)).unwrap_or(0.0);
            filter.runs_at(flow / filter.area);
        }
        let under_way = filtration.filters.iter().enumerate().any(|(index, _)| {
            let open = |at| self.contact(Contact::ReturnOpened(at)) == Some(true);
            open(ReturnValveAt::FilterWashInlet(index)) || open(ReturnValveAt::FilterAir(index))
        });
        if under_way {
            self.assumed.push("a wash under way: what it has done so far is not known".into());
        }
    }

    pub fn clear_side(&mut self, works: &mut Works) {
        let p = works.parameters.clone();
        let turbidity = works.filtration.combined;
        let before = works.clear_well.outlet().chlorine;
        let delivered = self.need(Probe::OutletChlorine, "chlorine delivered, mg/l", before);
        let entering = self.measured(Probe::InletChlorine).unwrap_or(delivered);
        let alkalinity = works.settled_water.alkalinity;
        let ph = self.measured(Probe::ContactPh).unwrap_or_else(|| works.settled_water.ph());
        let water = Water { chlorine: delivered, ..Water::natural(turbidity, ph, alkalinity) };
        let level = works.clear_well.basin.level();
        works.clear_well = ClearWell::new(&p, water);
        works.clear_well.inlet.chlorine = entering;
        let count = works.clear_well.compartments.len() as f64;
        for (place, part) in works.clear_well.compartments.iter_mut().enumerate() {
            let share = (place as f64 + 1.0) / count;
            part.chlorine = entering + share * (delivered - entering);
        }
        let level = self.need(Probe::ClearWellLevel, "clear well, m", level);
        set_level(&mut works.clear_well.basin, level);
        works.temperature = self.measured(Probe::ContactTemperature).unwrap_or(works.temperature);
        works.lift.flow = self.measured(Probe::LiftFlow).unwrap_or(0.0);
        let stored = match &mut works.elevated {
            Some(tank) => {
                let level = tank.level();
                let level = self.need(Probe::ElevatedLevel, "elevated tank, m", level);
                set_level(tank, level);
                tank.volume
            }
            None => {
                let pressure = self.measured(Probe::LiftPressure);
                works.network.stand_at(pressure.map_or(0.0, |it| it / KPA_PER_METRE));
                works.network.water
            }
        };
        works.tower = Tower::new(p.elevated_mixing, stored, water);
        works.main = Main::new(p.scale(), &water);
        works.village_flow = self.measured(Probe::VillageFlow).unwrap_or(0.0);
        let chlorine = "chlorine behind the lift pump: not measured, taken as what it delivers";
        self.assumed.push(format!("{chlorine}, {delivered:.2} mg/l"));
        let fill = self.need(Probe::WasteLevel, "waste tank, %", 100.0 * works.waste.fill());
        set_level(&mut works.waste.basin, fill / 100.0);
    }

    pub fn panel(&mut self, works: &mut Works) {
        let beats = self.begin.outputs_of(self.wiring, Action::Heartbeat);
        let panel = &mut works.panel;
        panel.emergency_loop = self.contact(Contact::EmergencyLoop).unwrap_or(true);
        panel.remote = self.contact(Contact::Remote).unwrap_or(true);
        panel.door_shut = self.contact(Contact::Door).unwrap_or(true);
        panel.contactor = self.contact(Contact::SupplyOn).unwrap_or(false);
        (panel.requested, panel.heartbeat) = (panel.contactor, beats >= 0.5);
        works.panel = panel.held();
        let mains = self.contact(Contact::Mains) != Some(false);
        if !mains {
            self.assumed.push("the mains are gone, and stay so: \"mains on\" brings them".into());
        }
        let grid = &mut works.grid;
        grid.switched_off = !mains;
        let volts = self.measured(Probe::Voltage).filter(|volts| mains && *volts > 0.0);
        grid.voltage = volts.unwrap_or(grid.voltage);
        grid.energy_kwh = self.measured(Probe::Energy).unwrap_or(0.0);
        grid.battery = self.measured(Probe::Battery).map_or(1.0, |percent| percent / 100.0);
        let floats = [
            (Contact::WetWellLowLow, &mut works.wet_well_low_low),
            (Contact::ClearWellLowLow, &mut works.clear_well_low_low),
            (Contact::ClearWellHighHigh, &mut works.clear_well_high_high),
            (Contact::ElevatedHighHigh, &mut works.elevated_high_high),
            (Contact::WasteHighHigh, &mut works.waste_high_high),
        ];
        for (contact, float) in floats {
            float.closed = self.contact(contact).unwrap_or(true);
        }
    }

    /// Drives, motors, valves and dosing pumps.
    pub fn devices(&mut self, works: &mut Works) {
        for (station, flow) in [
            (Station::Raw, Probe::RawFlow),
            (Station::Feed, Probe::FeedFlow),
            (Station::Wash, Probe::WashFlow),
            (Station::Lift, Probe::LiftFlow),
        ] {
            let flow = self.measured(flow).unwrap_or(0.0);
            let at = station.of_mut(works);
            at.flow = flow;
            for (index, drive) in at.drives.iter_mut().enumerate() {
                drive.running = self.contact(Contact::DriveRunning(station, index)) == Some(true);
                drive.tripped = self.contact(Contact::DriveTripped(station, index)) == Some(true);
                let hertz = self.measured(Probe::DriveFrequency(station, index)).unwrap_or(0.0);
                drive.ratio = (hertz / 50.0).clamp(0.0, 1.0);
            }
        }
        for at in [MotorAt::Mixer, MotorAt::SludgePump, MotorAt::Blower, MotorAt::Decant] {
            let running = self.contact(Contact::MotorRunning(at)) == Some(true);
            if let Some(motor) = at.of_mut(works) {
                motor.running = running;
            }
        }
        for switch in &self.wiring.switches {
            if let Contact::Opened(at) = switch.contact {
                let ends = [Contact::Opened(at), Contact::Closed(at)];
                at.of_mut(works).position = self.place(ends, at.of(works).position);
            } else if let Contact::ReturnOpened(at) = switch.contact {
                let ends = [Contact::ReturnOpened(at), Contact::ReturnClosed(at)];
                at.of_mut(works).position = self.place(ends, at.of(works).position);
            }
        }
        for (at, what) in
            [(DoserAt::Coagulant, "PAC tank, %"), (DoserAt::Hypochlorite, "chlorine tank, %")]
        {
            let fill =
                self.need(Probe::ChemicalLevel(at), what, 100.0 * at.of(works).fill()) / 100.0;
            let strokes = self.measured(Probe::Strokes(at)).unwrap_or(0.0);
            let doser = at.of_mut(works);
            doser.volume_l = doser.parameters.tank_l * fill.clamp(0.0, 1.0);
            doser.strokes = strokes as u16;
        }
    }

    /// Where a valve stands by its limit switches; on its way it is taken as half open.
    fn place(&self, [opened, closed]: [Contact; 2], otherwise: f64) -> f64 {
        match (self.contact(opened), self.contact(closed)) {
            (Some(true), Some(true)) | (None, _) | (_, None) => otherwise,
            (Some(true), Some(false)) => 1.0,
            (Some(false), Some(true)) => 0.0,
            (Some(false), Some(false)) => 0.5,
        }
    }

    /// What had to be assumed, with what is so in every look-ahead.
    pub fn told(self) -> Vec<String> {
        let mut told = self.assumed;
        for all in [
            "flocculation: not measured, taken as dosed well",
            "weather: rain is over, what the river has above its base flow runs off; no storm and no outage but what --do says",
            "people: nobody fills a day tank, cleans the screen or calibrates, unless --do \"attendant on\"",
        ] {
            told.push(all.into());
        }
        told
    }
}

impl Begin {
    /// What the outputs said to an action.
    fn outputs_of(&self, wiring: &Wiring, action: Action) -> f64 {
        let command = wiring.commands.iter().find(|one| one.action == action);
        command.and_then(|one| self.outputs.values.get(one.slot)).copied().unwrap_or(0.0)
    }
}

fn set_level(basin: &mut Basin, level: f64) {
    basin.volume = basin.area_m2 * level.clamp(0.0, basin.brim_m);
}
