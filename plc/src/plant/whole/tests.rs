//! The permissives of a start, as a plant with all its units judges them.

use super::*;
use crate::device::{Mode, ValveState};
use crate::plant::Shape;
use crate::quantity::MilligramsPerLitre;
use crate::signal::Doubt;

/// A plant whose instruments say that it may start.
fn ready() -> Plant {
    let mut plant = Plant::new(&Shape::default());
    let on = Signal::Good(true);
    let units = &mut plant.units;
    units.system.inputs.supply_on = on;
    units.system.inputs.bus_a = on;
    units.system.inputs.bus_b = on;
    units.system.inputs.bus_d = on;
    units.intake.inputs.wet_well_level = Signal::Good(Metres(1.5));
    units.intake.inputs.river_level = Signal::Good(Metres(1.0));
    units.intake.inputs.turbidity = Signal::Good(Ntu(20.0));
    units.coagulation.inputs.tank_level = Signal::Good(Percent(60.0));
    units.coagulation.inputs.tank_low_low = on;
    units.sedimentation.inputs.settled_level = Signal::Good(Percent(50.0));
    units.disinfection.inputs.tank_level = Signal::Good(Percent(60.0));
    units.disinfection.inputs.tank_low_low = on;
    units.disinfection.inputs.chlorine = Signal::Good(MilligramsPerLitre(1.0));
    units.disinfection.inputs.outlet_chlorine = Signal::Good(MilligramsPerLitre(0.9));
    units.waste.inputs.level = Signal::Good(Percent(40.0));
    units.distribution.status.level = Signal::Good(Metres(1.5));
    plant
}

/// R-2.2-11, R-2.2-12, R-2.2-13, R-2.2-14, R-2.2-15, R-2.2-16, R-2.2-17, R-2.2-18, R-2.2-19: each permissive at its edge,
/// with a reading that is none, and with one nobody knows.
#[test]
fn each_permissive_of_a_start_is_missed_by_name() {
    type Change = fn(&mut Plant);
    let none = Reasons::NONE;
    let only = Reasons::only;
    let local = |plant: &mut Plant, cause| plant.holds = plant.holds.then(only(cause), false);
    assert_eq!(ready().missing(), none);
    for (name, cause) in [
        ("P1 local", Reason::LocalControl),
        ("P1 stopped", Reason::StoppedByOperator),
        ("P2 emergency", Reason::EmergencyStop),
    ] {
        let mut plant = ready();
        local(&mut plant, cause);
        assert!(plant.missing().has(cause), "{name}");
    }
    let rows: &[(&str, Change, Reasons)] = &[
        (
            "P2 K0 open",
            |p| p.units.system.inputs.supply_on = Signal::Good(false),
            only(Reason::SupplyOff),
        ),
        (
            "P2 K0 unknown",
            |p| p.units.system.inputs.supply_on = Signal::Bad(Fault::Stale),
            only(Reason::SupplyOff),
        ),
        (
            "P3 at its limit",
            |p| p.units.intake.inputs.wet_well_level = Signal::Good(Metres(0.8)),
            only(Reason::WetWellLow),
        ),
        (
            "P3 above its limit",
            |p| p.units.intake.inputs.wet_well_level = Signal::Good(Metres(0.801)),
            none,
        ),
        (
            "P3 unknown",
            |p| p.units.intake.inputs.wet_well_level = Signal::Bad(Fault::Stale),
            only(Reason::WetWellLow),
        ),
        (
            "P3 none",
            |p| p.units.intake.inputs.wet_well_level = Signal::Good(Metres(f64::NAN)),
            only(Reason::WetWellLow),
        ),
        (
            "P3 flood",
            |p| p.units.intake.inputs.river_level = Signal::Good(Metres(5.01)),
            only(Reason::RiverFlood),
        ),
        (
            "P3 river at the flood stop",
            |p| p.units.intake.inputs.river_level = Signal::Good(Metres(5.0)),
            none,
        ),
        (
            "P3 river none",
            |p| p.units.intake.inputs.river_level = Signal::Good(Metres(f64::NAN)),
            only(Reason::RiverFlood),
        ),
        (
            "P4",
            |p| p.units.intake.inputs.turbidity = Signal::Good(Ntu(1000.1)),
            only(Reason::RiverTooMuddy),
        ),
        ("P4 at its limit", |p| p.units.intake.inputs.turbidity = Signal::Good(Ntu(1000.0)), none),
        (
            "P4 off its scale",
            |p| p.units.intake.inputs.turbidity = Signal::Bad(Fault::Overrange),
            only(Reason::RiverTooMuddy).with(Reason::TurbidityUnknown),
        ),
        (
            "P4 silent, too muddy before",
            |p| {
                p.units.intake.inputs.turbidity = Signal::Bad(Fault::Stale);
                p.units.coagulation.status.turbidity =
                    Signal::Uncertain(Ntu(1080.0), Doubt::Fallback);
            },
            only(Reason::RiverTooMuddy),
        ),
        (
            "P4 off its scale, tested by hand",
            |p| {
                p.units.intake.inputs.turbidity = Signal::Bad(Fault::Overrange);
                p.units.coagulation.status.turbidity =
                    Signal::Uncertain(Ntu(80.0), Doubt::HandValue);
            },
            none,
        ),
        (
            "P4 unknown, and nothing to dose by",
            |p| p.units.intake.inputs.turbidity = Signal::Bad(Fault::Stale),
            only(Reason::TurbidityUnknown),
        ),
        (
            "P5 PAC",
            |p| p.units.coagulation.inputs.tank_level = Signal::Good(Percent(4.9)),
            only(Reason::CoagulantEmpty),
        ),
        (
            "P5 PAC float",
            |p| p.units.coagulation.inputs.tank_low_low = Signal::Good(false),
            only(Reason::CoagulantEmpty),
        ),
        (
            "P5 chlorine",
            |p| p.units.disinfection.inputs.tank_level = Signal::Good(Percent(4.9)),
            only(Reason::ChlorineEmpty),
        ),
        (
            "P7",
            |p| p.units.waste.inputs.level = Signal::Good(Percent(80.0)),
            only(Reason::WasteTankHigh),
        ),
        ("P7 below", |p| p.units.waste.inputs.level = Signal::Good(Percent(79.9)), none),
        (
            "P7 unknown",
            |p| p.units.waste.inputs.level = Signal::Bad(Fault::Stale),
            only(Reason::WasteTankHigh),
        ),
        (
            "P8",
            |p| p.units.distribution.status.level = Signal::Good(Metres(1.80)),
            only(Reason::ClearWellHigh),
        ),
        (
            "P8 unknown",
            |p| p.units.distribution.status.level = Signal::Bad(Fault::Stale),
            only(Reason::ClearWellHigh),
        ),
        (
            "P9 one analyser",
            |p| p.units.disinfection.inputs.chlorine = Signal::Bad(Fault::Stale),
            none,
        ),
        (
            "P9 no analyser",
            |p| {
                p.units.disinfection.inputs.chlorine = Signal::Bad(Fault::Stale);
                p.units.disinfection.inputs.outlet_chlorine = Signal::Bad(Fault::Range);
            },
            only(Reason::ChlorineUnknown),
        ),
        (
            "T-206 unknown",
            |p| p.units.sedimentation.inputs.settled_level = Signal::Bad(Fault::Stale),
            only(Reason::LevelUnknown),
        ),
        (
            "intake closed",
            |p| p.units.system.retained.intake_closed = true,
            only(Reason::IntakeClosedByOperator),
        ),
    ];
    for (name, wrong, missing) in rows {
        let mut plant = ready();
        wrong(&mut plant);
        assert_eq!(plant.missing(), *missing, "{name}");
    }
}

/// R-2.2-01: a valve that cannot be read keeps the plant from starting only where no way for the water is left, and not
/// where it is locked out.
#[test]
fn a_way_for_the_water_must_be_read_before_the_plant_is_ready() {
    let mut plant = Plant::new(&Shape::default());
    let on = Signal::Good(true);
    plant.units.system.inputs.bus_a = on;
    plant.units.system.inputs.bus_b = on;
    plant.units.system.inputs.drives_verified = on;
    assert_eq!(
        plant.untested(),
        Reasons::only(Reason::BusDLost).with(Reason::ValveFault),
        "nothing was read"
    );
    plant.units.system.inputs.bus_d = on;
    let closed = |inputs: &mut crate::device::ValveInputs| {
        inputs.opened = Signal::Good(false);
        inputs.closed = Signal::Good(true);
    };
    closed(&mut plant.units.intake.inlet.inputs);
    closed(&mut plant.units.tank[1].inlet.inputs);
    closed(&mut plant.units.tank[1].outlet.inputs);
    let filter = &mut plant.units.filter[1];
    for valve in [&mut filter.inlet, &mut filter.waste, &mut filter.to_waste, &mut filter.drain] {
        closed(&mut valve.inputs);
    }
    for valve in [&mut filter.outlet, &mut filter.wash_inlet] {
        closed(&mut valve.inputs);
    }
    assert_eq!(plant.untested(), Reasons::only(Reason::ValveFault), "its air valve is not read");
    if let Some(air) = &mut plant.units.filter[1].air {
        air.handling.change(crate::device::Mode::Maintenance, 1);
    }
    assert_eq!(plant.untested(), Reasons::NONE, "one way is enough");
    plant.units.intake.inlet.inputs.opened = on;
    assert_eq!(plant.untested(), Reasons::only(Reason::ValveFault), "open and closed at once");
    for unproven in [Signal::Good(false), Signal::Bad(Fault::Stale), Signal::default()] {
        plant.units.system.inputs.drives_verified = unproven;
        assert!(plant.untested().has(Reason::DrivesNotVerified), "{unproven:?}");
    }
}

/// R-2.2-11: P1, AUTO, of everything without which no start can end well; where another does the same, one may be missing.
#[test]
fn what_a_person_holds_is_missed_before_a_start_and_not_after_three_of_them() {
    type Change = fn(&mut Plant);
    let only = Reasons::only;
    let rows: &[(&str, Change, Reasons)] = &[
        (
            "XV-101 locked out",
            |p| p.units.intake.inlet.handling.change(Mode::Maintenance, 1),
            only(Reason::InMaintenance),
        ),
        (
            "XV-101 locked out, and open",
            |p| {
                p.units.intake.inlet.handling.change(Mode::Maintenance, 1);
                p.units.intake.inlet.status.state = ValveState::Open;
                p.units.intake.inlet.inputs.opened = Signal::Good(true);
                p.units.intake.inlet.inputs.closed = Signal::Good(false);
            },
            Reasons::NONE,
        ),
        (
            "the intake off",
            |p| p.units.intake.handling.change(Mode::Off, 1),
            only(Reason::SwitchedOff),
        ),
        (
            "a tank out of use, and the other out of AUTO",
            |p| {
                p.units.tank[0].settings.in_use = false;
                p.units.tank[1].handling.change(Mode::Off, 1);
            },
            only(Reason::NoPathOpen),
        ),
        ("one tank out of use", |p| p.units.tank[0].settings.in_use = false, Reasons::NONE),
        (
            "both P-301 by hand",
            |p| {
                for pump in &mut p.units.filtration.pump {
                    pump.handling.change(Mode::Manual, 1);
                }
            },
            only(Reason::NoPumpAvailable),
        ),
        (
            "one P-301 by hand",
            |p| p.units.filtration.pump[0].handling.change(Mode::Manual, 1),
            Reasons::NONE,
        ),
        (
            "filtration off",
            |p| p.units.filtration.handling.change(Mode::Off, 1),
            only(Reason::SwitchedOff),
        ),
        (
            "disinfection off",
            |p| p.units.disinfection.handling.change(Mode::Off, 1),
            only(Reason::ChlorinePumpUnavailable),
        ),
    ];
    for (name, change, missing) in rows {
        let mut plant = ready();
        change(&mut plant);
        assert_eq!(plant.missing(), *missing, "{name}");
    }
}
