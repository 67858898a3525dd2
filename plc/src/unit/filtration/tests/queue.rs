//! Who is washed, and when.

use core::time::Duration;

use super::{HOUR, has, plant};
use crate::device::Mode;
use crate::quantity::{Celsius, KiloPascals, Ntu, Percent};
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};
use crate::unit::filter::sequence::State;
use crate::unit::filtration::Filtration;
use crate::unit::filtration::rig::{Rig, shape};

/// R-2.1-05: a wash that was ordered, and has not begun, is ordered no more once the panel commands.
#[test]
fn a_wash_that_was_ordered_ends_at_the_panel() {
    let mut rig = plant();
    rig.around.waste_level = Signal::Good(Percent(60.0));
    rig.filtration.order_wash(1).unwrap();
    rig.run_s(5);
    assert!(rig.filters[0].report().ordered);
    rig.filtration.end_orders();
    rig.run_s(2);
    assert!(!rig.filters[0].report().ordered);
    rig.around.waste_level = Signal::Good(Percent(20.0));
    rig.run_s(HOUR);
    assert!(!rig.passed.contains(&State::Draining {}), "{:?}", rig.passed);
}

/// R-2.6.3-01, R-2.6.3-04, INV-11: one token.
#[test]
fn two_filters_due_at_once_are_washed_one_after_the_other() {
    let mut rig = plant();
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.beds[1].head_loss = KiloPascals(18.0);
    rig.run_until(HOUR, "the first is washed", |rig| rig.state(0).is_wash());
    rig.beds[0].head_loss = KiloPascals(3.0);
    rig.run_s(60);
    assert_eq!(rig.state(1), State::WashQueued {});
    assert!(has(&rig, 1, Reason::WashTokenTaken));
    assert!(rig.filters[1].delivers(), "a queued filter goes on filtering");
    // The rig asserts at each scan that one filter at most is washed (INV-11).
    rig.run_until(3 * HOUR, "the second is washed", |rig| rig.state(1).is_wash());
    assert!(rig.filters[0].delivers());
}

/// R-2.6.3-05, R-2.2.1-07: in a start a filter that is due delivers until another one does, and is washed then.
#[test]
fn a_filter_that_is_due_in_a_start_delivers_until_another_one_does() {
    let mut rig = Rig::new(&shape(2, true));
    rig.filters[0].retained.run_time = Duration::from_secs(172_800);
    rig.run_until(HOUR, "the due one delivers", |rig| rig.filters[0].delivers());
    rig.run_until(HOUR, "the other one ripens", |rig| rig.state(1) == State::Ripening {});
    assert!(rig.filters[0].delivers() && has(&rig, 0, Reason::WashOtherFilterOut));
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    assert!(rig.filters[1].delivers());
}

/// R-2.6.3-02, R-2.6.2-05: who goes first.
#[test]
fn the_queue_is_operator_then_turbidity_then_head_loss_then_time() {
    // Filter 2 asks later or higher; who goes first?
    let ask = |rig: &mut Rig, filter: usize, trigger: u8| match trigger {
        0 => rig.filters[filter].retained.run_time = Duration::from_secs(172_800),
        1 => rig.beds[filter].head_loss = KiloPascals(18.0),
        2 => {
            rig.beds[filter].turbidity = Signal::Good(Ntu(0.5));
            rig.filters[filter].settings.turbidity_volume = crate::quantity::CubicMetres(0.5);
        }
        3 => rig.filtration.order_wash(filter as u8 + 1).unwrap(),
        _ => rig.beds[filter].head_loss = KiloPascals(25.0),
    };
    for lower in 0..4 {
        let mut rig = plant();
        rig.run_s(1800);
        rig.around.waste_level = Signal::Good(Percent(60.0));
        ask(&mut rig, 0, lower);
        ask(&mut rig, 1, lower + 1);
        rig.run_s(400);
        assert_eq!((rig.state(0), rig.state(1)), (State::WashQueued {}, State::WashQueued {}));
        rig.around.waste_level = Signal::Good(Percent(40.0));
        rig.run_until(HOUR, "a wash", |rig| rig.filtration.is_washing());
        assert!(rig.state(1).is_wash(), "{} before {lower}", lower + 1);
    }
}

/// R-2.14-04: a filter that has run for a day meets the mud of a storm clean; one that has not is left alone.
#[test]
fn before_a_storm_the_filter_that_has_run_for_a_day_is_washed() {
    let mut rig = plant();
    rig.filters[0].retained.run_time = Duration::from_secs(25 * 3600);
    rig.filters[1].retained.run_time = Duration::from_secs(10 * 3600);
    rig.run_s(600);
    assert_eq!((rig.state(0), rig.state(1)), (State::Filtering {}, State::Filtering {}));
    rig.around.run_time_max = Some(Duration::from_secs(24 * 3600));
    rig.run_until(HOUR, "a wash", |rig| rig.filtration.is_washing());
    assert!(rig.state(0).is_wash());
    rig.run_until(3 * HOUR, "its end", |rig| rig.filters[0].delivers());
    rig.run_s(600);
    assert_eq!(rig.state(1), State::Filtering {});
}

/// R-2.6.3-06, R-2.6.3-07, R-2.6.3-09, INV-29: unknown is not permitted.
#[test]
fn a_wash_waits_for_each_of_its_permissives() {
    type Spoil = fn(&mut Rig);
    let cases: [(&str, Spoil, Reason); 7] = [
        ("clear well", |rig| rig.around.wash_water = false, Reason::WashWaterShort),
        (
            "waste",
            |rig| rig.around.waste_level = Signal::Good(Percent(51.0)),
            Reason::WashWasteRoom,
        ),
        (
            "waste unknown",
            |rig| rig.around.waste_level = Signal::Bad(Fault::Stale),
            Reason::WashWasteRoom,
        ),
        (
            "waste NaN",
            |rig| rig.around.waste_level = Signal::Good(Percent(f64::NAN)),
            Reason::WashWasteRoom,
        ),
        ("power", |rig| rig.around.power_stable = false, Reason::WashPowerUnstable),
        (
            "cause",
            |rig| rig.around.holds.wash = Reasons::only(Reason::WasteTankFull),
            Reason::WasteTankFull,
        ),
        (
            "valves",
            |rig| rig.around.holds.wash_inlet = Reasons::only(Reason::ClearWellEmpty),
            Reason::ClearWellEmpty,
        ),
    ];
    for (what, spoil, reason) in cases {
        let mut rig = plant();
        spoil(&mut rig);
        rig.filtration.order_wash(1).unwrap();
        rig.run_s(HOUR);
        assert_eq!(rig.state(0), State::WashQueued {}, "{what}");
        assert!(has(&rig, 0, reason), "{what}");
        assert!(rig.filters[0].delivers(), "{what}");
    }
}

/// R-2.6.3-06, INV-29: where no filter makes water, nor could, one is washed with what is left above the floor of a wash; a
/// filter beside one that delivers waits for the whole reserve.
#[test]
fn the_last_filter_that_could_make_water_is_washed_from_the_reserve() {
    for (other_stands, washes) in [(true, true), (false, false)] {
        let mut rig = plant();
        rig.around.wash_water = false;
        if other_stands {
            rig.filters[1].handling.change(Mode::Off, 1);
            rig.run_until(HOUR, "the other has left", |rig| !rig.filters[1].delivers());
        }
        rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
        rig.filtration.order_wash(1).unwrap();
        rig.run_s(2 * 3600);
        assert_eq!(rig.filters[0].retained.washes.0 > 0.0, washes, "{other_stands}");
        rig.around.wash_water_last = false;
    }
    let mut rig = plant();
    (rig.around.wash_water, rig.around.wash_water_last) = (false, false);
    rig.filters[1].handling.change(Mode::Off, 1);
    rig.beds[0].turbidity = Signal::Good(Ntu(1.5));
    rig.run_s(2 * 3600);
    assert_eq!(rig.filters[0].retained.washes.0, 0.0);
}

/// R-2.6.3-10: W7.
#[test]
fn a_wash_waits_until_delivery_has_stopped_and_asks_for_it() {
    let mut rig = plant();
    assert!(!rig.filtration.needs_lift_stopped());
    rig.lift_obeys = true;
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "delivery is asked to stop", |rig| rig.filtration.needs_lift_stopped());
    rig.run_until(HOUR, "the wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_until(HOUR, "the wash pump runs", |rig| rig.filtration.wash_pump_runs());
    rig.run_until(HOUR, "delivery is free again", |rig| !rig.filtration.needs_lift_stopped());
    assert!(!rig.filtration.wash_pump_runs());
}

/// R-2.6.3-10: the feed takes minutes to be lowered, and the village is served meanwhile.
#[test]
fn delivery_goes_on_while_the_feed_is_lowered_for_a_wash() {
    let mut rig = plant();
    rig.lift_obeys = true;
    rig.run_s(1200);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(60, "the token", |rig| rig.filtration.status.wash_token.0 == 1.0);
    rig.run_s(60);
    assert_eq!(rig.state(0), State::WashQueued {});
    assert!(!rig.filtration.needs_lift_stopped());
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    assert!(rig.filtration.needs_lift_stopped());
}

/// R-2.6.2-05: the button, taken back.
#[test]
fn an_order_may_be_taken_back_while_it_waits() {
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.filtration.order_wash(2).unwrap();
    rig.run_s(60);
    assert_eq!(rig.state(1), State::WashQueued {});
    rig.filtration.order_abort(2).unwrap();
    rig.run_s(1);
    assert_eq!(rig.state(1), State::Filtering {});
}

#[test]
fn an_order_for_a_filter_that_is_not_there_is_refused() {
    let mut rig = plant();
    for number in [0, 3, 7, 255] {
        assert_eq!(rig.filtration.order_wash(number), Err(Reason::Unknown));
        assert_eq!(rig.filtration.order_abort(number), Err(Reason::Unknown));
    }
    assert_eq!(Filtration::default().order_wash(1), Err(Reason::Unknown));
}

/// R-2.6.3-08: W5; a person who orders a wash accepts it.
#[test]
fn a_wash_waits_for_chlorine_that_is_known_unless_a_person_orders_it() {
    let mut rig = plant();
    rig.around.chlorine_known = false;
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::WashQueued {});
    assert!(has(&rig, 0, Reason::ChlorineUnknown));
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
}

/// R-2.6.3-03: also when another one has the token and its wash has not begun; never once it has.
#[test]
fn a_filter_clogged_to_two_and_a_half_metres_pre_empts_the_queue() {
    let mut rig = plant();
    rig.run_s(1200);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(60, "the token", |rig| rig.filtration.status.wash_token.0 == 1.0);
    rig.beds[1].head_loss = KiloPascals(25.0);
    rig.run_until(120, "it takes the token", |rig| rig.filtration.status.wash_token.0 == 2.0);
    rig.scan();
    assert!(has(&rig, 0, Reason::WashTokenTaken));
    rig.run_until(HOUR, "its wash", |rig| rig.state(1).is_wash());
    rig.beds[1].head_loss = KiloPascals(3.0);
    rig.run_until(2 * HOUR, "then the other", |rig| rig.state(0).is_wash());

    let mut rig = plant();
    rig.run_s(1200);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    rig.beds[1].head_loss = KiloPascals(25.0);
    rig.run_until(HOUR, "washed", |rig| rig.filters[0].retained.washes.0 == 1.0);
    assert!(!rig.state(1).is_wash());
}

/// R-2.6.3-06, INV-29: where nothing but water is missing, delivery rests until the clear well holds a wash; not while the
/// elevated tank is low.
#[test]
fn delivery_rests_until_the_clear_well_holds_a_wash() {
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.filtration.order_wash(1).unwrap();
    rig.run_s(10);
    assert!(rig.filtration.needs_lift_stopped());
    rig.around.lift_may_rest = false;
    rig.run_s(1);
    assert!(!rig.filtration.needs_lift_stopped());
    rig.around.lift_may_rest = true;
    rig.around.power_stable = false;
    rig.run_s(1);
    assert!(!rig.filtration.needs_lift_stopped(), "something else is missing too");
    rig.around.power_stable = true;
    rig.filtration.order_abort(1).unwrap();
    rig.run_s(1);
    assert!(!rig.filtration.needs_lift_stopped());
}

/// R-2.6.3-06, INV-29: 2.5 m³ at least; more where the steps are set longer, in warmer water, or without air.
#[test]
fn a_wash_reserves_what_it_takes() {
    for (filters, blower, high_s, temperature, least, most) in [
        (2, true, 360, 25.0, 2.5, 2.5),
        (2, true, 600, 25.0, 3.2, 3.4),
        (2, true, 600, 30.0, 3.5, 3.7),
        (1, false, 360, 30.0, 2.7, 2.8),
    ] {
        let mut rig = Rig::new(&shape(filters, blower));
        rig.filters[0].settings.high_wash_time = Duration::from_secs(high_s);
        rig.run_s(1);
        let water =
            rig.filtration.wash_volume(rig.around.nominal, Signal::Good(Celsius(temperature)));
        assert!((least..=most).contains(&water.0), "{high_s} s at {temperature} °C: {water:?}");
    }
}

/// R-2.6.3-11, R-2.6.3-02: of equal claims the worse clogged one; the other runs at MINIMUM meanwhile.
#[test]
fn of_two_clogged_filters_the_worse_is_washed_first_and_the_other_spared() {
    let mut rig = plant();
    rig.run_s(1200);
    rig.around.wash_water = false;
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.beds[1].head_loss = KiloPascals(20.0);
    rig.run_s(300);
    assert_eq!((rig.state(0), rig.state(1)), (State::WashQueued {}, State::WashQueued {}));
    rig.around.wash_water = true;
    rig.run_until(HOUR, "a wash", |rig| rig.filtration.is_washing());
    assert!(rig.state(1).is_wash());
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 2.5);
    rig.run_s(120);
    assert!(rig.filtration.status.setpoint.0 <= 2.51);
    rig.beds[0].head_loss = KiloPascals(3.0);
    rig.beds[1].head_loss = KiloPascals(3.0);
    rig.produce();
}

/// R-2.6.3-01: the token is kept from DRAIN until RIPEN ends.
#[test]
fn the_token_is_kept_until_the_washed_filter_has_ripened() {
    let mut rig = plant();
    rig.filtration.order_wash(2).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(1).is_wash());
    rig.filtration.order_wash(1).unwrap();
    while rig.state(1) != (State::Filtering {}) {
        assert_eq!(rig.filtration.status.wash_token.0, 2.0, "{:?}", rig.state(1));
        assert!(!rig.state(0).is_wash());
        rig.scan();
    }
    rig.run_until(HOUR, "then the other", |rig| rig.state(0).is_wash());
}

/// R-2.6.3-05: W2; a wash waits for a filter that can take over, and not for one that cannot.
#[test]
fn a_wash_waits_for_another_filter_that_could_carry_the_plant() {
    let mut rig = plant();
    rig.filters[1].handling.change(Mode::Off, 1);
    rig.run_s(120);
    rig.filters[1].handling.change(Mode::Auto, 1);
    rig.filtration.order_wash(1).unwrap();
    rig.run_s(30);
    assert!(has(&rig, 0, Reason::WashOtherFilterOut));
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    assert!(rig.filters[1].delivers());
    rig.produce();

    rig.filters[1].handling.change(Mode::Off, 1);
    rig.run_s(120);
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    assert!(!rig.filtration.feed_runs(), "the plant pauses");
    rig.run_until(HOUR, "it filters again", |rig| rig.filters[0].delivers());
}
