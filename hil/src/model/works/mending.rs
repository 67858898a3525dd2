//! Every device sound again.

use super::super::actuators::ValveFault;
use super::super::dosing::PumpHealth;
use super::{Troubles, Works};

impl Works {
    /// Every device sound again.
    pub fn mend(&mut self) {
        let stations =
            [&mut self.raw, &mut self.filtration.feed, &mut self.filtration.wash, &mut self.lift];
        for drive in stations.into_iter().flat_map(|station| station.drives.iter_mut()) {
            (drive.tripped, drive.seized, drive.welded) = (false, false, false);
        }
        let motors = [&mut self.mixer, &mut self.sludge_pump, &mut self.decant];
        for motor in motors.into_iter().chain(self.filtration.blower.as_mut()) {
            (motor.tripped, motor.seized, motor.welded) = (false, false, false);
        }
        for doser in [&mut self.coagulant, &mut self.hypochlorite] {
            doser.health = [PumpHealth::Sound; 2];
            doser.siphon = 0.0;
            doser.tube_hours = [0.0; 2];
        }
        let tanks = self.tanks.iter_mut().flat_map(|tank| [&mut tank.inlet, &mut tank.outlet]);
        let filters = self.filtration.filters.iter_mut();
        let stay = filters.flat_map(|filter| {
            [&mut filter.inlet, &mut filter.waste, &mut filter.to_waste, &mut filter.drain]
        });
        for valve in [&mut self.raw_inlet, &mut self.outlet].into_iter().chain(tanks).chain(stay) {
            valve.fault = ValveFault::Sound;
        }
        let sludge = self.tanks.iter_mut().map(|tank| &mut tank.sludge);
        let filters = self.filtration.filters.iter_mut();
        let back = filters
            .flat_map(|filter| [&mut filter.outlet, &mut filter.wash_inlet, &mut filter.air]);
        for valve in sludge.chain(back) {
            valve.fault = ValveFault::Sound;
        }
        self.troubles = Troubles::default();
        self.grid.forced_voltage = None;
        self.river.forced_ph = None;
        self.clear_well.spoiled = 0.0;
        self.filtration.air_blocked = false;
        for filter in &mut self.filtration.filters {
            (filter.bypass, filter.air_bound) = (0.0, 0.0);
        }
    }
}
