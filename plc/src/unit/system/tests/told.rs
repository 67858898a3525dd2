//! What is told: first-out, and alarms.

use super::*;

/// INV-44: what first stopped the plant stays told until a person resets it.
#[test]
fn what_first_stopped_the_plant_stays_told_until_a_reset() {
    let mut rig = Rig::producing();
    rig.around.mains_good = false;
    rig.run_s(5);
    rig.around.emergency = true;
    rig.run_s(5);
    assert!(rig.stopped_by(Reason::EmergencyStop));
    assert_eq!(rig.system.first_out.plant, Reasons::only(Reason::MainsLost));
    rig.system.note_holds(&Holds::default(), true);
    assert!(rig.system.first_out.plant.is_empty());
}

/// R-2.2-09, INV-35: alarms of the panel and of what only the shell can know.
#[test]
fn each_alarm_of_the_system_has_its_cause() {
    type Change = fn(&mut Rig);
    type Look = fn(&Alarms) -> Condition;
    let rows: &[(u16, Change, Look)] = &[
        (904, |r| r.around.emergency = true, |a| a.emergency_stopped),
        (905, |r| r.around.supply_welded = true, |a| a.supply_welded),
        (905, |r| r.around.trip = Reasons::only(Reason::RunsUnasked), |a| a.supply_welded),
        (907, |r| r.around.silent = Some(7), |a| a.device_silent),
        (908, |r| r.around.doubtful = Some(7), |a| a.sensor_doubted),
        (909, |r| r.system.inputs.lateness = Signal::Good(SECOND), |a| a.scan_late),
        (910, |r| r.system.inputs.storage_ok = Signal::Good(false), |a| a.storage),
        (910, |r| r.system.retained.memory_lost = true, |a| a.storage),
        (911, |r| r.system.inputs.clock_wrong = Signal::Good(true), |a| a.clock),
        (
            912,
            |r| r.system.inputs.cabinet_temperature = Signal::Good(Celsius(60.1)),
            |a| a.cabinet_hot,
        ),
        (913, |r| r.system.inputs.test_overdue = Signal::Good(true), |a| a.sensor_test),
        (913, |r| r.around.test_overdue = true, |a| a.sensor_test),
        (917, |r| r.around.lock_expired = true, |a| a.lock_expired),
        (920, |r| r.system.inputs.log_in_locked = Signal::Good(true), |a| a.access),
        (921, |r| r.system.inputs.certificate_ends = Signal::Good(true), |a| a.certificate),
        (922, |r| r.system.inputs.audit_broken = Signal::Good(true), |a| a.audit),
    ];
    for (number, wrong, look) in rows {
        let mut rig = Rig::booted();
        rig.run_s(1);
        assert_ne!(look(&rig.system.alarms), Condition::Active, "{number} before");
        wrong(&mut rig);
        rig.run_s(1);
        assert_eq!(look(&rig.system.alarms), Condition::Active, "{number}");
    }
}

/// INV-31: a bus whose state nobody knows is lost.
#[test]
fn each_bus_has_its_alarm() {
    for bus in [Signal::Good(false), Signal::Bad(Fault::Stale)] {
        let mut rig = Rig::booted();
        rig.system.inputs.bus_b = bus;
        rig.run_s(1);
        let links = [&rig.system.link_a, &rig.system.link_b, &rig.system.link_d];
        let lost = links.map(|link| link.alarms.lost == Condition::Active);
        assert_eq!(lost, [false, true, false]);
    }
}

/// R-2.12-01, F51: while bus C is lost no single device is called out; the elevated tank has its own alarm (506).
#[test]
fn a_silent_device_is_called_out_unless_bus_c_is_lost() {
    let mut rig = Rig::booted();
    rig.around.silent = Some(3);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.device_silent, Condition::Active);
    rig.system.inputs.bus_c = Signal::Good(false);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.device_silent, Condition::Suppressed);
}

/// INV-42, F48: storage that fails is an alarm at once, storage that fills after a minute.
#[test]
fn storage_that_fills_is_an_alarm_after_a_minute() {
    let mut rig = Rig::booted();
    rig.system.inputs.disk_free = Signal::Good(Percent(9.9));
    rig.run_s(59);
    assert_ne!(rig.system.alarms.storage, Condition::Active);
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::Active);
    rig.system.inputs.disk_free = Signal::Good(Percent(14.0));
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::AsBefore);
    rig.system.inputs.disk_free = Signal::Good(Percent(15.0));
    rig.run_s(1);
    assert_eq!(rig.system.alarms.storage, Condition::Clear);
}
