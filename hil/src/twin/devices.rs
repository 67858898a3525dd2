//! Where each device of the catalogue stands in the works.

use crate::model::actuators::{Doser, Drive, Motor, MotorValve, PumpHealth, ReturnValve};
use crate::model::hydraulics::PumpStation;
use crate::model::works::Works;

/// A pump station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    Raw,
    Feed,
    Wash,
    Lift,
}

impl Station {
    pub(super) fn of(self, works: &Works) -> &PumpStation {
        match self {
            Station::Raw => &works.raw,
            Station::Feed => &works.filtration.feed,
            Station::Wash => &works.filtration.wash,
            Station::Lift => &works.lift,
        }
    }

    pub(super) fn of_mut(self, works: &mut Works) -> &mut PumpStation {
        match self {
            Station::Raw => &mut works.raw,
            Station::Feed => &mut works.filtration.feed,
            Station::Wash => &mut works.filtration.wash,
            Station::Lift => &mut works.lift,
        }
    }
}

/// A motor behind a contactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotorAt {
    Mixer,
    SludgePump,
    Blower,
    Decant,
}

impl MotorAt {
    pub(super) fn of(self, works: &Works) -> Option<&Motor> {
        match self {
            MotorAt::Mixer => Some(&works.mixer),
            MotorAt::SludgePump => Some(&works.sludge_pump),
            MotorAt::Blower => works.filtration.blower.as_ref(),
            MotorAt::Decant => Some(&works.decant),
        }
    }

    pub(super) fn of_mut(self, works: &mut Works) -> Option<&mut Motor> {
        match self {
            MotorAt::Mixer => Some(&mut works.mixer),
            MotorAt::SludgePump => Some(&mut works.sludge_pump),
            MotorAt::Blower => works.filtration.blower.as_mut(),
            MotorAt::Decant => Some(&mut works.decant),
        }
    }
}

/// A valve that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotorValveAt {
    RawInlet,
    Outlet,
    TankInlet(usize),
    TankOutlet(usize),
    FilterInlet(usize),
    FilterWaste(usize),
    FilterToWaste(usize),
    FilterDrain(usize),
}

impl MotorValveAt {
    pub(super) fn of(self, works: &Works) -> &MotorValve {
        let filters = &works.filtration.filters;
        match self {
            MotorValveAt::RawInlet => &works.raw_inlet,
            MotorValveAt::Outlet => &works.outlet,
            MotorValveAt::TankInlet(index) => &works.tanks[index].inlet,
            MotorValveAt::TankOutlet(index) => &works.tanks[index].outlet,
            MotorValveAt::FilterInlet(index) => &filters[index].inlet,
            MotorValveAt::FilterWaste(index) => &filters[index].waste,
            MotorValveAt::FilterToWaste(index) => &filters[index].to_waste,
            MotorValveAt::FilterDrain(index) => &filters[index].drain,
        }
    }

    pub(super) fn of_mut(self, works: &mut Works) -> &mut MotorValve {
        let filters = &mut works.filtration.filters;
        match self {
            MotorValveAt::RawInlet => &mut works.raw_inlet,
            MotorValveAt::Outlet => &mut works.outlet,
            MotorValveAt::TankInlet(index) => &mut works.tanks[index].inlet,
            MotorValveAt::TankOutlet(index) => &mut works.tanks[index].outlet,
            MotorValveAt::FilterInlet(index) => &mut filters[index].inlet,
            MotorValveAt::FilterWaste(index) => &mut filters[index].waste,
            MotorValveAt::FilterToWaste(index) => &mut filters[index].to_waste,
            MotorValveAt::FilterDrain(index) => &mut filters[index].drain,
        }
    }
}

/// A valve that closes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnValveAt {
    TankSludge(usize),
    FilterOutlet(usize),
    FilterWashInlet(usize),
    FilterAir(usize),
}

impl ReturnValveAt {
    pub(super) fn of(self, works: &Works) -> &ReturnValve {
        let filters = &works.filtration.filters;
        match self {
            ReturnValveAt::TankSludge(index) => &works.tanks[index].sludge,
            ReturnValveAt::FilterOutlet(index) => &filters[index].outlet,
            ReturnValveAt::FilterWashInlet(index) => &filters[index].wash_inlet,
            ReturnValveAt::FilterAir(index) => &filters[index].air,
        }
    }

    pub(super) fn of_mut(self, works: &mut Works) -> &mut ReturnValve {
        let filters = &mut works.filtration.filters;
        match self {
            ReturnValveAt::TankSludge(index) => &mut works.tanks[index].sludge,
            ReturnValveAt::FilterOutlet(index) => &mut filters[index].outlet,
            ReturnValveAt::FilterWashInlet(index) => &mut filters[index].wash_inlet,
            ReturnValveAt::FilterAir(index) => &mut filters[index].air,
        }
    }
}

/// A day tank with its pumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoserAt {
    Coagulant,
    Hypochlorite,
}

impl DoserAt {
    pub(super) fn of(self, works: &Works) -> &Doser {
        match self {
            DoserAt::Coagulant => &works.coagulant,
            DoserAt::Hypochlorite => &works.hypochlorite,
        }
    }

    pub(super) fn of_mut(self, works: &mut Works) -> &mut Doser {
        match self {
            DoserAt::Coagulant => &mut works.coagulant,
            DoserAt::Hypochlorite => &mut works.hypochlorite,
        }
    }
}

/// Any device that can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Drive(Station, usize),
    Motor(MotorAt),
    MotorValve(MotorValveAt),
    ReturnValve(ReturnValveAt),
    Doser(DoserAt),
}

/// What is wrong with an actuator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActuatorFault {
    /// Overload: it does not move until it is reset.
    Trip,
    /// A pump turns and moves nothing (a dosing pump strokes air), a valve stands where it is.
    Seize,
}

impl Device {
    /// Breaks it.
    pub(super) fn strike(self, works: &mut Works, fault: ActuatorFault) {
        let (trips, seizes) = (fault == ActuatorFault::Trip, fault == ActuatorFault::Seize);
        match self {
            Device::Drive(station, index) => {
                let drive = &mut station.of_mut(works).drives[index];
                (drive.tripped, drive.seized) = (trips, seizes);
            }
            Device::Motor(at) => {
                if let Some(motor) = at.of_mut(works) {
                    (motor.tripped, motor.seized) = (trips, seizes);
                }
            }
            // A valve's motor that tripped stands as fast as one that is stuck.
            Device::MotorValve(at) => at.of_mut(works).seized = true,
            Device::ReturnValve(at) => at.of_mut(works).seized = true,
            Device::Doser(at) => {
                *at.of_mut(works).chosen() =
                    if trips { PumpHealth::Tripped } else { PumpHealth::AirLocked };
            }
        }
    }

    /// Mends it.
    pub(super) fn mend(self, works: &mut Works) {
        match self {
            Device::Drive(station, index) => {
                let drive = &mut station.of_mut(works).drives[index];
                (drive.tripped, drive.seized) = (false, false);
            }
            Device::Motor(at) => {
                if let Some(motor) = at.of_mut(works) {
                    (motor.tripped, motor.seized) = (false, false);
                }
            }
            Device::MotorValve(at) => at.of_mut(works).seized = false,
            Device::ReturnValve(at) => at.of_mut(works).seized = false,
            Device::Doser(at) => at.of_mut(works).health = [PumpHealth::Sound; 2],
        }
    }

    /// What is wrong with it now.
    pub(super) fn fault(self, works: &Works) -> Option<ActuatorFault> {
        let (trips, seizes) = match self {
            Device::Drive(station, index) => {
                let Drive { tripped, seized, .. } = station.of(works).drives[index];
                (tripped, seized)
            }
            Device::Motor(at) => at.of(works).map_or((false, false), |m| (m.tripped, m.seized)),
            Device::MotorValve(at) => (false, at.of(works).seized),
            Device::ReturnValve(at) => (false, at.of(works).seized),
            Device::Doser(at) => {
                let health = &at.of(works).health;
                (health.contains(&PumpHealth::Tripped), health.contains(&PumpHealth::AirLocked))
            }
        };
        if trips {
            Some(ActuatorFault::Trip)
        } else if seizes {
            Some(ActuatorFault::Seize)
        } else {
            None
        }
    }
}
