//! What is told although every meter drops out now and then.

use super::plant;
use crate::device::Drive;
use crate::quantity::Ntu;
use crate::reason::Reason;
use crate::signal::Signal;
use crate::unit::filtration::rig::Rig;

/// Every flow meter of the feed and of the filters is lost for so long.
fn lose_meters(rig: &mut Rig, seconds: u32) {
    rig.feed_meter = false;
    rig.beds.iter_mut().for_each(|bed| bed.unmetered = true);
    rig.run_s(seconds);
    rig.feed_meter = true;
    rig.beds.iter_mut().for_each(|bed| bed.unmetered = false);
}

/// R-2.0-03, INV-12: a bus that drops out for a moment, and every flow meter with it, does not give a P-301 that does not obey its
/// speed another minute.
#[test]
fn meters_that_drop_out_do_not_hide_a_feed_pump_that_does_not_obey_its_speed() {
    let mut rig = plant();
    rig.run_s(1800);
    rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
    rig.run_until(90, "it leaves", |rig| !rig.filters[0].delivers());
    rig.deaf = rig.filtration.pump.iter().position(Drive::is_running);
    rig.run_s(50);
    lose_meters(&mut rig, 6);
    rig.run_until(30, "its speed is not believed", |rig| {
        rig.filtration.status.failed_by.has(Reason::SpeedIgnored)
    });
}

/// R-2.0-03, INV-20: meters that drop out again and again do not let a P-301 run on against a closed pipe.
#[test]
fn meters_that_drop_out_do_not_hide_a_feed_against_a_closed_pipe() {
    let mut rig = plant();
    rig.run_s(1800);
    rig.feed_shut = true;
    for _ in 0..3 {
        rig.run_s(9);
        lose_meters(&mut rig, 2);
    }
    assert!(rig.filtration.status.failed_by.has(Reason::DeadHead));
}
