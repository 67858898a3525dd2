//! Stories of a plain tank in batches.

use super::tests::{Rig, flowing};
use super::*;
use crate::device::Mode;
use crate::quantity::{Ntu, Percent};
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;

fn shape() -> Shape {
    Shape { settling: Settling::Batch, ..Shape::default() }
}

/// A plain tank at this level, waiting for its turn.
fn idle(level: f64) -> Rig {
    let mut rig = Rig::of(Tank::new(&shape()));
    rig.tank.inputs.level = Signal::Good(Metres(level));
    assert_eq!(rig.run_s(20, flowing()), State::Idle);
    rig
}

fn load(raw: Signal<Ntu>, settled: f64, flow: f64) -> Load {
    Load {
        flow: CubicMetresPerHour(flow),
        raw,
        settled: Signal::Good(Ntu(settled)),
        ..Load::default()
    }
}

/// Raw water flows in.
fn filling() -> Around {
    let load = load(Signal::Good(Ntu(20.0)), 1.0, 5.0);
    Around { fill_turn: true, load, ..flowing() }
}

fn settling(level: f64, raw: Signal<Ntu>) -> Rig {
    let mut rig = idle(0.6);
    let around = Around { load: load(raw, 1.0, 5.0), ..filling() };
    assert_eq!(rig.run_s(60, around), State::Fill);
    rig.tank.inputs.level = Signal::Good(Metres(level));
    assert_eq!(rig.run_s(1, around), State::Settle);
    rig
}

fn settle_left(rig: &Rig) -> u64 {
    rig.tank.batch.as_ref().map_or(0, |batch| batch.retained.settle_left.as_secs())
}

/// R-2.5-06, R-2.5-07: in its turn a batch is filled to 1.80 m, or for 90 minutes of flow; its inlet alone is open.
#[test]
fn a_batch_is_filled_to_its_level_or_for_its_time() {
    let mut rig = idle(0.6);
    assert_eq!(rig.run_s(600, flowing()), State::Idle, "not its turn");
    assert!(rig.tank.inlet.is_closed() && rig.tank.outlet.is_closed());
    assert_eq!(rig.run_s(20, filling()), State::Fill);
    assert!(rig.tank.takes_in() && rig.tank.inlet.is_open() && rig.tank.outlet.is_closed());
    rig.tank.inputs.level = Signal::Good(Metres(1.79));
    assert_eq!(rig.run_s(1, filling()), State::Fill);
    rig.tank.inputs.level = Signal::Good(Metres(1.80));
    assert_eq!(rig.run_s(20, filling()), State::Settle);
    assert!(!rig.tank.takes_in() && rig.tank.inlet.is_closed());

    let mut rig = idle(0.6);
    rig.run_s(20, filling());
    // Time without flow does not count: the plant stands by, or has no power.
    let stands = Around { load: load(Signal::Good(Ntu(20.0)), 1.0, 0.0), ..filling() };
    assert_eq!(rig.run_s(90 * MINUTE, stands), State::Fill);
    assert_eq!(rig.run_s(90 * MINUTE - 21, filling()), State::Fill);
    assert_eq!(rig.run_s(3, filling()), State::Settle);
}

/// R-2.5-07: a level that nobody knows fills nothing, and near the rim none begins.
#[test]
fn a_batch_is_not_filled_without_a_level() {
    for level in [Signal::Bad(Fault::Stale), Signal::Bad(Fault::Range)] {
        let mut rig = idle(0.6);
        rig.run_s(20, filling());
        rig.tank.inputs.level = level;
        rig.run_s(1, filling());
        assert!(!rig.tank.takes_in(), "{level:?}");
        assert!(rig.tank.status.blocked.has(Reason::LevelUnknown));
    }
    // Already full: it has settled for nobody knows how long.
    let mut rig = Rig::of(Tank::new(&shape()));
    rig.tank.inputs.level = Signal::Good(Metres(1.82));
    assert_eq!(rig.run_s(20, flowing()), State::Settle);
}

/// R-2.5-08: 90 minutes in still water, half an hour more after muddy water or water that nobody measured.
#[test]
fn a_batch_settles_for_its_time_and_longer_after_muddy_water() {
    for (raw, minutes) in [
        (Signal::Good(Ntu(200.0)), 90),
        (Signal::Good(Ntu(200.1)), 120),
        (Signal::Bad(Fault::Stale), 120),
        (Signal::Good(Ntu(f64::NAN)), 120),
    ] {
        let mut rig = settling(1.80, raw);
        assert_eq!(rig.run_s(minutes * MINUTE - 1, flowing()), State::Settle, "{raw:?}");
        assert!(rig.relays() == [false; 3]);
        assert_eq!(rig.run_s(1, flowing()), State::Draw, "{raw:?}");
    }
}

/// R-2.5-09: settled water goes in its turn, down to 0.60 m; where the level is lost it is closed in.
#[test]
fn a_batch_gives_its_water_in_its_turn_down_to_its_level() {
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.run_s(90 * MINUTE, flowing());
    assert_eq!(rig.run_s(600, flowing()), State::Draw);
    assert!(rig.tank.outlet.is_closed() && !rig.tank.gives(), "not its turn");
    let draws =
        Around { draw_turn: true, load: load(Signal::Good(Ntu(20.0)), 1.0, 0.0), ..flowing() };
    assert_eq!(rig.run_s(20, draws), State::Draw);
    assert!(rig.tank.outlet.is_open() && rig.tank.gives() && rig.tank.inlet.is_closed());
    rig.tank.inputs.level = Signal::Bad(Fault::Stale);
    assert!(!rig.tank.report(1.0).draws);
    rig.tank.inputs.level = Signal::Good(Metres(0.61));
    assert_eq!(rig.run_s(1, draws), State::Draw);
    rig.tank.inputs.level = Signal::Good(Metres(0.60));
    assert_eq!(rig.run_s(20, draws), State::Desludging);
    assert!(rig.tank.outlet.is_closed());
}

/// R-2.5-09, INV-21: an outlet that somebody opened by hand shuts while the settled tank is full, says so, and opens again.
#[test]
fn a_batch_given_by_hand_does_not_run_over_the_settled_tank() {
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.tank.outlet.handling.change(Mode::Manual, 7);
    assert!(rig.tank.outlet.handling.ask(Percent(92.0), SECOND * 3600, 7).is_ok());
    rig.run_s(20, flowing());
    assert!(rig.tank.outlet.is_open());
    let full = Around { outlet_held: Reasons::only(Reason::SettledTankFull), ..flowing() };
    rig.run_s(20, full);
    assert!(rig.tank.outlet.is_closed());
    assert!(rig.tank.outlet.status.blocked.has(Reason::SettledTankFull));
    rig.run_s(20, flowing());
    assert!(rig.tank.outlet.is_open(), "there is room again");
}

/// R-2.5-09: water above 10 NTU for a minute goes back to settle for half an hour, twice at most, and only in the beginning.
#[test]
fn a_cloudy_batch_goes_back_to_settle_twice() {
    let draws = |settled| Around {
        draw_turn: true,
        load: load(Signal::Good(Ntu(20.0)), settled, 0.0),
        ..flowing()
    };
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    assert_eq!(rig.run_s(90 * MINUTE, flowing()), State::Draw);
    for again in 0..2 {
        assert_eq!(rig.run_s(300, draws(10.0)), State::Draw, "at its limit");
        assert_eq!(rig.run_s(61, draws(10.1)), State::Settle, "{again}");
        assert!((1790..=1800).contains(&settle_left(&rig)), "{} s", settle_left(&rig));
        assert_eq!(rig.run_s(30 * MINUTE, flowing()), State::Draw);
    }
    assert_eq!(rig.run_s(600, draws(50.0)), State::Draw, "a third time the filters have to do");
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.run_s(90 * MINUTE, flowing());
    assert_eq!(rig.run_s(300, draws(10.0)), State::Draw);
    let mut beyond = draws(0.0);
    beyond.load.settled = Signal::Bad(Fault::Overrange);
    assert_eq!(rig.run_s(61, beyond), State::Settle, "AIT-203 off its scale");
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.run_s(90 * MINUTE, flowing());
    rig.run_s(20 * MINUTE, draws(2.0));
    assert_eq!(rig.run_s(600, draws(50.0)), State::Draw, "later it is the hopper's fault");
}

fn desludging() -> Rig {
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.run_s(90 * MINUTE, flowing());
    rig.tank.inputs.level = Signal::Good(Metres(0.60));
    assert_eq!(rig.run_s(20, flowing()), State::Desludging);
    rig
}

/// R-2.5-10: sludge goes for 60 s, or until the level has fallen by 0.10 m; again while more than a kilogram is left.
#[test]
fn a_batch_is_desludged_by_time_or_level() {
    let turn = Around { turn: true, ..flowing() };
    let mut rig = desludging();
    assert_eq!(rig.run_s(300, flowing()), State::Desludging, "not its turn");
    assert!(!rig.relays()[2] && rig.tank.report(1.0).asks_desludge);
    rig.run_s(1, turn);
    assert_eq!(rig.run_s(58, flowing()), State::Desludging);
    assert!(rig.relays()[2]);
    assert_eq!(rig.run_s(2, flowing()), State::Idle);
    assert!(!rig.relays()[2]);

    let mut rig = desludging();
    rig.run_s(20, turn);
    rig.tank.inputs.level = Signal::Good(Metres(0.499));
    assert_eq!(rig.run_s(2, flowing()), State::Idle);

    let mut rig = desludging();
    rig.tank.retained.sludge_mass = Kilograms(3.0);
    rig.run_s(1, turn);
    assert_eq!(rig.run_s(100, flowing()), State::Desludging, "too much is left");
    rig.run_s(60, flowing());
    rig.tank.retained.sludge_mass = Kilograms(0.9);
    rig.run_s(1, turn);
    assert_eq!(rig.run_s(61, flowing()), State::Idle);
    assert!(rig.longest_open <= 180);
}

/// R-2.5-10: sludge that cannot be drawn for half an hour waits for the next batch, unless the hopper is nearly full.
#[test]
fn a_batch_goes_on_without_desludging_while_its_hopper_has_room() {
    let mut rig = desludging();
    assert_eq!(rig.run_s(29 * MINUTE, flowing()), State::Desludging);
    assert_eq!(rig.run_s(2 * MINUTE, flowing()), State::Idle);
    let mut rig = desludging();
    rig.tank.retained.sludge_mass = Kilograms(6.5);
    assert_eq!(rig.run_s(120 * MINUTE, flowing()), State::Desludging);
}

/// R-2.10-06: a power cut: the filling waits and goes on, the settling counts on, the desludging is shut at once and repeated.
#[test]
fn a_power_cut_does_not_disturb_the_settling() {
    let dark = Around {
        wanted: false,
        holds: Reasons::only(Reason::MainsLost),
        sludge_held: Reasons::only(Reason::OtherValveNotInPlace),
        ..flowing()
    };
    let mut rig = idle(0.6);
    rig.run_s(20, filling());
    assert_eq!(rig.run_s(600, dark), State::Fill);
    assert_eq!(rig.run_s(1, filling()), State::Fill);
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    assert_eq!(rig.run_s(90 * MINUTE, dark), State::Draw);
    let mut rig = desludging();
    rig.run_s(40, Around { turn: true, ..flowing() });
    rig.run_s(1, dark);
    rig.run_s(1, dark);
    assert!(!rig.relays()[2]);
    assert_eq!(rig.run_s(60, dark), State::Desludging);
    rig.run_s(1, Around { turn: true, ..flowing() });
    assert_eq!(rig.run_s(57, flowing()), State::Desludging, "from its beginning");
    assert_eq!(rig.run_s(3, flowing()), State::Idle);
}

/// R-2.10-06: over a restart of the controller a batch stands where it stood, and has settled meanwhile.
#[test]
fn a_batch_goes_on_where_it_was_after_a_restart() {
    for (age, left) in [(Some(SECOND * 600), 4700), (None, 5300), (Some(SECOND * 9999), 0)] {
        let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
        rig.run_s(99, flowing());
        let kept = rig.tank.batch.as_ref().map(|batch| batch.retained);
        let mut tank = Tank::new(&shape());
        tank.batch.as_mut().unwrap().retained = kept.unwrap();
        tank.restored(age);
        let mut rig = Rig::of(tank);
        let state = rig.run_s(2, flowing());
        assert_eq!(state, if left == 0 { State::Draw } else { State::Settle }, "{age:?}");
        assert!(settle_left(&rig).abs_diff(left) <= 2, "{age:?}: {} s", settle_left(&rig));
    }
}

/// R-2.5-06: taken out it is shut on every side, and comes back where it was; a failed valve is a fault until reset.
#[test]
fn a_batch_taken_out_is_shut_in() {
    let mut rig = settling(1.80, Signal::Good(Ntu(20.0)));
    rig.tank.settings.in_use = false;
    assert_eq!(rig.run_s(20, flowing()), State::OutOfService);
    assert!(rig.tank.inlet.is_closed() && rig.tank.outlet.is_closed() && !rig.tank.carries());
    rig.tank.settings.in_use = true;
    assert_eq!(rig.run_s(2, flowing()), State::Settle);
    rig.tank.inlet.inputs =
        crate::device::ValveInputs { opened: Signal::Good(true), closed: Signal::Good(true) };
    rig.tank.scan(flowing(), SECOND);
    rig.tank.scan(flowing(), SECOND);
    assert_eq!(rig.run_s(1, flowing()), State::Fault);
    assert_eq!(rig.run_s(1, Around { reset: true, ..flowing() }), State::OutOfService);
    assert_eq!(rig.run_s(2, flowing()), State::Settle);
}
