//! Where each device of the catalogue stands in the works.

use crate::model::actuators::{Drive, Motor, MotorValve, ReturnValve, ValveFault};
use crate::model::dosing::{Doser, PumpHealth};
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActuatorFault {
    /// Overload: it does not move until it is reset.
    Trip,
    /// A pump turns and moves nothing (a dosing pump strokes air), a valve stands where it is.
    Seize,
    /// A motor's contact is welded, a dosing pump is at full stroke, a valve opens and stays open.
    Run,
    /// A valve takes three times its time.
    Slow,
    /// A valve moves and says so, and nothing passes.
    Plug,
    /// A shut valve passes this share; of a dosing pump's stroke this share drips beside the pipe.
    Leak(f64),
}

impl Device {
    /// Breaks it.
    ///
    /// # Errors
    /// When such a device cannot break so: in words.
    pub(super) fn strike(self, works: &mut Works, fault: ActuatorFault) -> Result<(), String> {
        match self {
            Device::Drive(station, index) => {
                let marks = marks(fault)?;
                let drive = &mut station.of_mut(works).drives[index];
                (drive.tripped, drive.seized, drive.welded) = marks;
            }
            Device::Motor(at) => {
                let marks = marks(fault)?;
                if let Some(motor) = at.of_mut(works) {
                    (motor.tripped, motor.seized, motor.welded) = marks;
                }
            }
            Device::MotorValve(at) => at.of_mut(works).fault = of_valve(fault),
            Device::ReturnValve(at) => at.of_mut(works).fault = of_valve(fault),
            Device::Doser(at) => {
                *at.of_mut(works).chosen() = match fault {
                    ActuatorFault::Trip => PumpHealth::Tripped,
                    ActuatorFault::Run => PumpHealth::RunsAway,
                    ActuatorFault::Seize => PumpHealth::AirLocked,
                    ActuatorFault::Leak(share) => PumpHealth::Leaks(share.clamp(0.0, 1.0)),
                    ActuatorFault::Slow | ActuatorFault::Plug => {
                        return Err("a dosing pump can trip, seize, run or leak".into());
                    }
                };
            }
        }
        Ok(())
    }

    /// Mends it.
    pub(super) fn mend(self, works: &mut Works) {
        match self {
            Device::Drive(station, index) => {
                let drive = &mut station.of_mut(works).drives[index];
                (drive.tripped, drive.seized, drive.welded) = (false, false, false);
            }
            Device::Motor(at) => {
                if let Some(motor) = at.of_mut(works) {
                    (motor.tripped, motor.seized, motor.welded) = (false, false, false);
                }
            }
            Device::MotorValve(at) => at.of_mut(works).fault = ValveFault::Sound,
            Device::ReturnValve(at) => at.of_mut(works).fault = ValveFault::Sound,
            Device::Doser(at) => {
                let doser = at.of_mut(works);
                (doser.health, doser.tube_hours) = ([PumpHealth::Sound; 2], [0.0; 2]);
            }
        }
    }

    /// What is wrong with it now.
    pub(super) fn fault(self, works: &Works) -> Option<ActuatorFault> {
        let marked = |tripped, seized, welded| match (tripped, seized, welded) {
            (true, _, _) => Some(ActuatorFault::Trip),
            (_, _, true) => Some(ActuatorFault::Run),
            (_, true, _) => Some(ActuatorFault::Seize),
            (false, false, false) => None,
        };
        match self {
            Device::Drive(station, index) => {
                let Drive { tripped, seized, welded, .. } = station.of(works).drives[index];
                marked(tripped, seized, welded)
            }
            Device::Motor(at) => {
                at.of(works).and_then(|motor| marked(motor.tripped, motor.seized, motor.welded))
            }
            Device::MotorValve(at) => shown_of(at.of(works).fault),
            Device::ReturnValve(at) => shown_of(at.of(works).fault),
            Device::Doser(at) => at.of(works).health.iter().find_map(|health| match *health {
                PumpHealth::Sound => None,
                PumpHealth::Tripped => Some(ActuatorFault::Trip),
                PumpHealth::AirLocked => Some(ActuatorFault::Seize),
                PumpHealth::RunsAway => Some(ActuatorFault::Run),
                PumpHealth::Leaks(share) => Some(ActuatorFault::Leak(share)),
            }),
        }
    }
}

/// Tripped, seized, welded: what a motor can be.
fn marks(fault: ActuatorFault) -> Result<(bool, bool, bool), String> {
    match fault {
        ActuatorFault::Trip => Ok((true, false, false)),
        ActuatorFault::Seize => Ok((false, true, false)),
        ActuatorFault::Run => Ok((false, false, true)),
        ActuatorFault::Slow | ActuatorFault::Plug | ActuatorFault::Leak(_) => {
            Err("a pump or motor can trip, seize or run on; slow and plug are for valves, leak for valves and dosing pumps"
                .into())
        }
    }
}

fn of_valve(fault: ActuatorFault) -> ValveFault {
    match fault {
        // A valve's motor that tripped stands as fast as one that is stuck.
        ActuatorFault::Trip | ActuatorFault::Seize => ValveFault::Stands,
        ActuatorFault::Run => ValveFault::DrivenOpen,
        ActuatorFault::Slow => ValveFault::Slow,
        ActuatorFault::Plug => ValveFault::Plugged,
        ActuatorFault::Leak(share) => ValveFault::Leaks(share),
    }
}

fn shown_of(fault: ValveFault) -> Option<ActuatorFault> {
    match fault {
        ValveFault::Sound => None,
        ValveFault::Stands => Some(ActuatorFault::Seize),
        ValveFault::DrivenOpen => Some(ActuatorFault::Run),
        ValveFault::Slow => Some(ActuatorFault::Slow),
        ValveFault::Plugged => Some(ActuatorFault::Plug),
        ValveFault::Leaks(share) => Some(ActuatorFault::Leak(share)),
    }
}
