//! What each instrument and contact of the catalogue looks at.

use super::devices::{DoserAt, MotorAt, MotorValveAt, ReturnValveAt, Station};
use crate::model::panel::Mains;
use crate::model::works::{KPA_PER_METRE, Works};

/// The true value behind a transmitter, in the unit of its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    RiverLevel,
    UpstreamRain,
    UpstreamLevel,
    SoilMoisture,
    WetWellLevel,
    RawPressure,
    RawFlow,
    RawTurbidity,
    RawPh,
    RawTemperature,
    ChemicalLevel(DoserAt),
    Strokes(DoserAt),
    TankLevel(usize),
    SettledTurbidity,
    SettledLevel,
    FeedFlow,
    CombinedTurbidity,
    WashFlow,
    AirPressure,
    FilterFlow(usize),
    FilterTurbidity(usize),
    FilterHeadLoss(usize),
    InletChlorine,
    ContactPh,
    ContactTemperature,
    OutletChlorine,
    ClearWellLevel,
    LiftPressure,
    LiftFlow,
    ElevatedLevel,
    VillageFlow,
    WasteLevel,
    DriveFrequency(Station, usize),
    DrivePower(Station, usize),
    Voltage,
    Frequency,
    Power,
    Energy,
    Battery,
    CabinetTemperature,
}

/// The cabinet against the water of the day, °C. Chosen: a shaded steel cabinet with electronics in it.
const CABINET_ABOVE_WATER: f64 = 10.0;

/// Moisture of a dry soil and its span up to a soaked one, % by volume. Chosen: a loam.
pub(super) const DRY_SOIL: f64 = 10.0;
pub(super) const SOIL_SPAN: f64 = 35.0;

impl Probe {
    pub(super) fn read(self, works: &Works) -> f64 {
        let filters = &works.filtration.filters;
        match self {
            Probe::RiverLevel => works.river.level,
            Probe::UpstreamRain => works.weather.rain,
            Probe::UpstreamLevel => works.river.upstream_level,
            Probe::SoilMoisture => DRY_SOIL + SOIL_SPAN * works.weather.soil,
            Probe::WetWellLevel => works.wet_well.level(),
            Probe::RawPressure => works.raw_pressure(),
            Probe::RawFlow => works.raw.flow,
            Probe::RawTurbidity => works.raw_water.turbidity,
            Probe::RawPh => works.raw_water.ph(),
            Probe::RawTemperature => works.weather.temperature,
            Probe::ChemicalLevel(at) => 100.0 * at.of(works).fill(),
            Probe::Strokes(at) => f64::from(at.of(works).strokes),
            Probe::TankLevel(index) => works.tanks[index].basin.level(),
            Probe::SettledTurbidity => works.settled_sample,
            Probe::SettledLevel => 100.0 * works.settled.fill(),
            Probe::FeedFlow => works.filtration.feed.flow,
            Probe::CombinedTurbidity => works.filtration.combined,
            Probe::WashFlow => works.filtration.wash.flow,
            Probe::AirPressure => works.filtration.air_pressure,
            Probe::FilterFlow(index) => {
                let filter = &filters[index];
                // An electromagnetic meter shows either way as flow.
                filter.outflow + filter.returned
            }
            Probe::FilterTurbidity(index) => filters[index].turbidity + works.bubbles(index),
            Probe::FilterHeadLoss(index) => KPA_PER_METRE * filters[index].head_loss,
            Probe::InletChlorine => works.clear_well.inlet.chlorine,
            Probe::ContactPh => works.clear_well.compartments[0].ph(),
            Probe::ContactTemperature => works.temperature,
            Probe::OutletChlorine => works.clear_well.outlet().chlorine,
            Probe::ClearWellLevel => works.clear_well.basin.level(),
            Probe::LiftPressure => works.lift_pressure(),
            Probe::LiftFlow => works.lift.flow,
            Probe::ElevatedLevel => works.elevated.as_ref().map_or(0.0, |tank| tank.level()),
            Probe::VillageFlow => works.village_flow,
            Probe::WasteLevel => 100.0 * works.waste.fill(),
            Probe::DriveFrequency(station, index) => station.of(works).drives[index].frequency(),
            Probe::DrivePower(station, index) => station.of(works).drives[index].power_kw,
            Probe::Voltage => works.grid.metered_voltage(),
            Probe::Frequency => works.grid.metered_frequency(),
            Probe::Power => works.grid.power_kw,
            Probe::Energy => works.grid.energy_kwh,
            Probe::Battery => 100.0 * works.grid.battery,
            Probe::CabinetTemperature => works.weather.temperature + CABINET_ABOVE_WATER,
        }
    }
}

/// A contact: closed or open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    WetWellLowLow,
    ChemicalLowLow(DoserAt),
    ClearWellLowLow,
    ClearWellHighHigh,
    ElevatedHighHigh,
    WasteHighHigh,
    DriveRunning(Station, usize),
    DriveTripped(Station, usize),
    MotorRunning(MotorAt),
    Opened(MotorValveAt),
    Closed(MotorValveAt),
    ReturnOpened(ReturnValveAt),
    ReturnClosed(ReturnValveAt),
    Mains,
    OnMains,
    /// Battery or sun feed the plant.
    LimitedSupply,
    EmergencyLoop,
    Remote,
    LocalReset,
    SupplyOn,
    Door,
}

impl Contact {
    pub(super) fn is_closed(self, works: &Works) -> bool {
        match self {
            Contact::WetWellLowLow => works.wet_well_low_low.closed,
            Contact::ChemicalLowLow(at) => at.of(works).low_low_closed(),
            Contact::ClearWellLowLow => works.clear_well_low_low.closed,
            Contact::ClearWellHighHigh => works.clear_well_high_high.closed,
            Contact::ElevatedHighHigh => works.elevated_high_high.closed,
            Contact::WasteHighHigh => works.waste_high_high.closed,
            Contact::DriveRunning(station, index) => station.of(works).drives[index].running,
            Contact::DriveTripped(station, index) => station.of(works).drives[index].tripped,
            Contact::MotorRunning(at) => at.of(works).is_some_and(|motor| motor.running),
            Contact::Opened(at) => at.of(works).is_opened(),
            Contact::Closed(at) => at.of(works).is_closed(),
            Contact::ReturnOpened(at) => at.of(works).is_opened(),
            Contact::ReturnClosed(at) => at.of(works).is_closed(),
            Contact::LimitedSupply => works.parameters.limited_supply || works.grid.on_store(),
            Contact::Mains | Contact::OnMains => works.mains() == Mains::Present,
            Contact::EmergencyLoop => works.panel.emergency_loop,
            Contact::Remote => works.panel.remote,
            Contact::LocalReset => works.panel.reset_pressed,
            Contact::SupplyOn => works.panel.contactor,
            Contact::Door => works.panel.door_shut,
        }
    }
}
