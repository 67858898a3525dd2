//! P-301, P-351 and B-351 by hand.

use core::time::Duration;

use super::HOUR;
use crate::device::{Handling, Mode};
use crate::quantity::Percent;
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};
use crate::unit::filter::Filter;
use crate::unit::filter::sequence::State;
use crate::unit::filtration::Demand;
use crate::unit::filtration::rig::{Rig, shape};

/// A plant at rest, its motors commanded by a person.
fn by_hand() -> Rig {
    let mut rig = Rig::new(&shape(2, true));
    rig.around.demand = Demand::Idle;
    // Between its start and stop level: the level alone may hold P-301.
    rig.run_s(60);
    for pump in &mut rig.filtration.pump {
        pump.handling.change(Mode::Manual, 1);
    }
    rig.filtration.wash_pump.handling.change(Mode::Manual, 1);
    rig.filtration.blower.as_mut().unwrap().handling.change(Mode::Manual, 1);
    rig.run_s(1);
    rig
}

fn ask(handling: &mut Handling, wish: f64) {
    handling.ask(Percent(wish), Duration::from_secs(3600), 2).unwrap();
}

fn move_by_hand(handling: &mut Handling, wish: f64) {
    handling.change(Mode::Manual, 1);
    ask(handling, wish);
}

/// n1 and n5 open: to waste.
fn open_to_waste(filter: &mut Filter) {
    move_by_hand(&mut filter.inlet.handling, 100.0);
    move_by_hand(&mut filter.to_waste.handling, 100.0);
}

/// n4 and n3 open: up through the bed.
fn open_upwards(filter: &mut Filter) {
    move_by_hand(&mut filter.waste.handling, 100.0);
    move_by_hand(&mut filter.wash_inlet.handling, 100.0);
}

fn feeds(rig: &Rig) -> bool {
    rig.filtration.pump[0].outputs.run.value()
}

fn washes(rig: &Rig) -> bool {
    rig.filtration.wash_pump.outputs.run.value()
}

fn blows(rig: &Rig) -> bool {
    rig.filtration.blower.as_ref().unwrap().outputs.run.value()
}

/// R-2.1-02, INV-20, INV-12: P-301 by hand runs where its water has a way, as fast as the beds bear, and ends by itself.
#[test]
fn a_feed_pump_by_hand_runs_to_waste_and_no_faster_than_a_bed_bears() {
    let mut rig = by_hand();
    ask(&mut rig.filtration.pump[0].handling, 100.0);
    rig.run_s(60);
    assert!(!feeds(&rig), "no way is open");
    assert!(rig.filtration.pump[0].status.blocked.has(Reason::NoPathOpen));
    open_to_waste(&mut rig.filters[0]);
    rig.run_until(60, "it runs", feeds);
    assert!(rig.filtration.outputs.feed_permit.value());
    rig.run_s(1800);
    let flow = rig.filtration.inputs.flow.usable().unwrap().0;
    assert!(flow > 3.0 && flow / 0.503 <= 7.3, "{flow} m³/h through one filter");
    rig.run_s(1800);
    assert!(!feeds(&rig), "a meal is over");
}

/// R-2.1-02, INV-19, INV-21, INV-36: what holds the sequence holds a person.
#[test]
fn a_feed_pump_by_hand_obeys_its_protections() {
    type Change = fn(&mut Rig);
    let rows: &[(Reason, Change)] = &[
        (Reason::SettledTankEmpty, |r| r.hold(Reasons::only(Reason::SettledTankEmpty))),
        (Reason::SettledTankLow, |r| r.around.settled_level = Signal::Good(Percent(19.0))),
        (Reason::LevelUnknown, |r| r.around.settled_level = Signal::Bad(Fault::Stale)),
        (Reason::WasteTankHigh, |r| r.around.waste_level = Signal::Good(Percent(81.0))),
        (Reason::WasteTankHigh, |r| r.around.waste_level = Signal::Good(Percent(f64::NAN))),
        (Reason::NoPathOpen, |r| ask(&mut r.filters[0].to_waste.handling, 0.0)),
    ];
    for (reason, change) in rows {
        let mut rig = by_hand();
        open_to_waste(&mut rig.filters[0]);
        ask(&mut rig.filtration.pump[0].handling, 50.0);
        rig.run_until(60, "it runs", feeds);
        change(&mut rig);
        rig.run_s(1);
        assert!(!feeds(&rig), "{reason:?}");
        assert!(rig.filtration.pump[0].status.blocked.has(*reason), "{reason:?}");
    }
    let mut rig = by_hand();
    rig.feed_shut = true;
    open_to_waste(&mut rig.filters[0]);
    ask(&mut rig.filtration.pump[0].handling, 50.0);
    rig.run_until(60, "it runs", feeds);
    rig.run_s(14);
    assert!(!feeds(&rig), "against a closed pipe");
    rig.run_s(300);
    assert!(!feeds(&rig), "it rests");
    assert!(rig.filtration.pump[0].status.blocked.has(Reason::DeadHead));
}

/// R-2.1-02, R-2.6.1-15, INV-26, INV-27: P-351 by hand runs only with its way proven, and what it washed is dirty. The rig
/// checks the rate and how it rises.
#[test]
fn a_wash_pump_by_hand_runs_only_up_through_a_bed_and_leaves_it_dirty() {
    let mut rig = by_hand();
    ask(&mut rig.filtration.wash_pump.handling, 100.0);
    rig.run_s(60);
    assert!(!washes(&rig));
    assert!(rig.filtration.wash_pump.status.blocked.has(Reason::NoPathOpen));
    open_upwards(&mut rig.filters[0]);
    rig.run_until(90, "it runs", washes);
    assert!(rig.filtration.outputs.wash_permit.value());
    rig.run_s(90);
    assert!(washes(&rig), "{:?}", rig.filtration.wash_pump.status);
    assert!(rig.filtration.inputs.wash_flow.usable().unwrap().0 / 0.503 > 24.0);
    assert!(rig.filters[0].retained.dirty && !rig.filters[1].retained.dirty);
    // Less than a wash needs may be asked.
    ask(&mut rig.filtration.wash_pump.handling, 60.0);
    rig.run_s(300);
    assert!(washes(&rig));
    assert!(rig.filtration.inputs.wash_flow.usable().unwrap().0 / 0.503 < 24.0);
    ask(&mut rig.filters[0].waste.handling, 0.0);
    rig.run_s(2);
    assert!(!washes(&rig), "within 2 s of a valve that leaves its place");
    ask(&mut rig.filters[0].wash_inlet.handling, 0.0);
    rig.run_s(60);
    rig.filters[0].waste.handling.change(Mode::Auto, 3);
    rig.filters[0].wash_inlet.handling.change(Mode::Auto, 3);
    rig.filtration.pump[0].handling.change(Mode::Auto, 3);
    rig.filtration.wash_pump.handling.change(Mode::Auto, 3);
    rig.around.demand = Demand::Run;
    rig.passed.clear();
    rig.run_until(2 * HOUR, "it filters", |rig| rig.filters[0].delivers());
    assert!(rig.passed.contains(&State::HighWash {}), "only after a whole wash: {:?}", rig.passed);
}

/// R-2.1-02, R-2.6.3-06, R-2.6.3-07, INV-29, INV-36: the permissives of a wash hold a wash pump by hand.
#[test]
fn a_wash_pump_by_hand_obeys_the_permissives_of_a_wash() {
    type Change = fn(&mut Rig);
    let rows: &[(Reason, Change)] = &[
        (Reason::ClearWellEmpty, |r| r.hold(Reasons::only(Reason::ClearWellEmpty))),
        (Reason::WashWasteRoom, |r| r.around.waste_level = Signal::Good(Percent(51.0))),
        (Reason::WashWasteRoom, |r| r.around.waste_level = Signal::Bad(Fault::Stale)),
        (Reason::WashWaterShort, |r| r.around.wash_water = false),
        (Reason::WashPowerUnstable, |r| r.around.power_stable = false),
    ];
    for (reason, change) in rows {
        let mut rig = by_hand();
        open_upwards(&mut rig.filters[0]);
        ask(&mut rig.filtration.wash_pump.handling, 100.0);
        rig.run_until(90, "it runs", washes);
        change(&mut rig);
        rig.run_s(1);
        assert!(!washes(&rig), "{reason:?}");
        assert!(rig.filtration.wash_pump.status.blocked.has(*reason), "{reason:?}");
    }
    let mut rig = by_hand();
    rig.wash_dry = true;
    open_upwards(&mut rig.filters[0]);
    ask(&mut rig.filtration.wash_pump.handling, 100.0);
    rig.run_until(90, "it runs", washes);
    rig.run_s(15);
    assert!(!washes(&rig), "INV-20");
    rig.run_s(600);
    assert!(!washes(&rig), "until the wish ends");
    rig.wash_dry = false;
    ask(&mut rig.filtration.wash_pump.handling, 0.0);
    rig.run_s(1);
    ask(&mut rig.filtration.wash_pump.handling, 100.0);
    rig.run_until(120, "it runs", washes);
}

/// R-2.1-02, INV-25, INV-27: B-351 by hand blows only through a filter that was drained; too much pressure ends it.
#[test]
fn a_blower_by_hand_blows_only_through_a_drained_bed() {
    let mut rig = by_hand();
    ask(&mut rig.filtration.blower.as_mut().unwrap().handling, 100.0);
    let filter = &mut rig.filters[0];
    move_by_hand(&mut filter.waste.handling, 100.0);
    move_by_hand(&mut filter.air.as_mut().unwrap().handling, 100.0);
    rig.run_s(120);
    assert!(!blows(&rig), "the vessel is full of water");
    let filter = &mut rig.filters[0];
    ask(&mut filter.waste.handling, 0.0);
    ask(&mut filter.air.as_mut().unwrap().handling, 0.0);
    rig.run_s(20);
    move_by_hand(&mut rig.filters[0].drain.handling, 100.0);
    rig.run_s(150);
    let filter = &mut rig.filters[0];
    ask(&mut filter.drain.handling, 0.0);
    rig.run_s(20);
    let filter = &mut rig.filters[0];
    ask(&mut filter.waste.handling, 100.0);
    ask(&mut filter.air.as_mut().unwrap().handling, 100.0);
    rig.run_until(60, "it blows", blows);
    rig.run_s(60);
    assert!(blows(&rig) && rig.filters[0].retained.dirty);
    rig.air = Some(70.0);
    rig.run_s(2);
    assert!(rig.filtration.air_protections(&rig.around).has(Reason::AirPressureHigh));
    assert!(!blows(&rig));
    rig.air = Some(25.0);
    rig.run_s(600);
    assert!(!blows(&rig), "until the wish ends");
    rig.reset();
    rig.run_until(120, "it blows", blows);
    ask(&mut rig.filters[0].waste.handling, 0.0);
    rig.run_s(2);
    assert!(!blows(&rig));
}
