mod by_hand;
mod feed;
mod lost_meters;
mod queue;
mod train;

use core::time::Duration;

use super::Demand;
use super::rig::{Rig, shape};
use super::sequence::State as Feed;
use crate::quantity::KiloPascals;
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::unit::filter::sequence::State;

const HOUR: u32 = 3600;

fn plant() -> Rig {
    let mut rig = Rig::new(&shape(2, true));
    rig.produce();
    rig.passed.clear();
    rig
}

fn has(rig: &Rig, filter: usize, reason: Reason) -> bool {
    rig.filters[filter].status.blocked.has(reason)
}

/// R-2.6.6-02, R-2.6.6-03: MINIMUM, then REDUCED, then all.
#[test]
fn filters_come_on_line_one_after_the_other_each_ripening_first() {
    let mut rig = Rig::new(&shape(2, true));
    rig.run_until(600, "the first ripens", |rig| rig.state(0) == State::Ripening {});
    assert_eq!(rig.state(1), State::Standby {});
    rig.run_until(300, "the feed runs to waste", |rig| {
        rig.filtration.status.state == Feed::Feeding {}
    });
    assert_eq!(
        rig.filtration.filtered_flow(),
        Signal::Good(crate::quantity::CubicMetresPerHour(0.0))
    );
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 2.5);
    rig.run_until(HOUR, "the first filters", |rig| rig.filters[0].delivers());
    rig.run_s(1);
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 3.5);
    rig.produce();
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 5.0);
    rig.run_s(1200);
    let flow = rig.filtration.filtered_flow().usable().unwrap().0;
    assert!((flow - 5.0).abs() < 0.3, "{flow}");
}

/// R-2.6.2-01, R-2.6.3-01, R-2.6.1-08: every step, in its order, at the rate of the temperature.
#[test]
fn a_clogged_filter_passes_every_step_of_a_wash_and_filters_again() {
    let mut rig = plant();
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.run_until(HOUR, "the wash begins", |rig| rig.state(0).is_wash());
    rig.beds[0].head_loss = KiloPascals(3.0);
    assert_eq!(rig.filtration.status.wash_token.0, 1.0);
    rig.run_until(HOUR, "air", |rig| rig.state(0) == State::AirScour {});
    assert!(rig.filters[0].retained.dirty);
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 3.5);
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(120);
    // 1.35 times the minimum fluidisation of 26.0 m/h at 25 °C.
    let rate = rig.filtration.inputs.wash_flow.usable().unwrap().0 / 0.503;
    assert!((rate - 35.1).abs() < 1.0, "{rate}");
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    let states = [
        State::Filtering {},
        State::WashQueued {},
        State::Draining {},
        State::AirScour {},
        State::AirWater {},
        State::HighWash {},
        State::SubfluidWash {},
        State::Settling {},
        State::Standby {},
        State::Ripening {},
        State::Filtering {},
    ];
    assert_eq!(rig.passed, states);
    let retained = rig.filters[0].retained;
    assert!(!retained.dirty && retained.washes.0 == 1.0);
    assert!(retained.volume.0 < 0.1 && retained.run_time < Duration::from_secs(60));
    assert_eq!(rig.state(1), State::Filtering {});
}

/// R-2.6.3-05, R-2.6.6-02: a site with one filter.
#[test]
fn the_only_filter_of_a_site_pauses_production_while_it_is_washed() {
    let mut rig = Rig::new(&shape(1, true));
    rig.produce();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
    assert_eq!(rig.filtration.status.state, Feed::Paused {});
    assert!(!rig.filtration.feed_runs());
    assert_eq!(rig.filtration.rate_limit(rig.around.nominal).0, 0.0);
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    assert_eq!(rig.filtration.status.state, Feed::Feeding {});
    assert_eq!(rig.filters[0].retained.washes.0, 1.0);
}

/// R-2.6.5-03: A3.
#[test]
fn a_wash_without_water_is_given_up_tried_once_more_and_then_waits_for_a_person() {
    let mut rig = plant();
    rig.wash_dry = true;
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(2 * HOUR, "the fault", |rig| rig.state(0) == State::Fault {});
    let begun = rig.passed.iter().filter(|state| **state == State::Draining {}).count();
    assert_eq!(begun, 2);
    assert!(rig.filters[0].retained.dirty);
    assert_eq!(rig.filtration.order_wash(1), Err(Reason::FilterFault));
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Fault {});
    rig.wash_dry = false;
    rig.reset();
    rig.run_until(2 * HOUR, "washed, it filters", |rig| rig.filters[0].delivers());
    assert!(!rig.filters[0].retained.dirty);
}

/// R-2.6.5-01, R-2.6.5-08: A1.
#[test]
fn a_wash_cut_short_leaves_a_dirty_filter_that_is_washed_anew() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    rig.hold(Reasons::only(Reason::EmergencyStop));
    rig.scan();
    assert_eq!(rig.state(0), State::Standby {});
    assert!(!rig.filtration.wash_pump.outputs.run.value());
    assert_eq!(rig.state(1), State::Standby {});
    rig.run_s(300);
    assert!(has(&rig, 0, Reason::FilterDirty) && has(&rig, 0, Reason::EmergencyStop));
    rig.passed.clear();
    rig.hold(Reasons::NONE);
    rig.run_until(3 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    assert!(rig.passed.contains(&State::SubfluidWash {}), "{:?}", rig.passed);
    assert!(!rig.filters[0].retained.dirty);
}

/// R-2.6.5-07: A7.
#[test]
fn a_wash_ended_by_a_person_settles_and_waits_for_a_person() {
    let mut rig = plant();
    assert_eq!(rig.filtration.order_abort(1), Err(Reason::NotNow));
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    rig.filtration.order_abort(1).unwrap();
    rig.scan();
    assert_eq!(rig.state(0), State::Settling {});
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[0].retained.dirty && !rig.filters[0].is_available());
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}

/// INV-2, INV-9, INV-10, INV-11, INV-14, INV-20, INV-25, INV-26, INV-27: checked by the rig at each scan.
#[test]
fn a_dirty_filter_never_opens_its_outlet_whatever_interrupts_its_washes() {
    // A fixed pseudo-random sequence: Knuth's MMIX constants. The rig asserts INV-9, 10, 11, 20, 25, 26, 27 at each scan.
    let mut seed: u64 = 0x5eed;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for filters in [1, 2, 3] {
        let mut rig = Rig::new(&shape(filters, filters != 3));
        let mut cut = 0;
        for _ in 0..400 {
            rig.run_s(30 + next(400) as u32);
            let number = next(u64::from(filters)) as u8 + 1;
            let dirty = |rig: &Rig| rig.filters.iter().any(|filter| filter.retained.dirty);
            cut += u32::from(dirty(&rig));
            match next(9) {
                0 | 1 => drop(rig.filtration.order_wash(number)),
                2 => drop(rig.filtration.order_abort(number)),
                3 => rig.hold(Reasons::only(Reason::MainsLost)),
                4 => rig.around.holds.wash = Reasons::only(Reason::WasteTankFull),
                5 => rig.around.demand = [Demand::Idle, Demand::Drain][next(2) as usize],
                6 => rig.around.holds.feed = Reasons::only(Reason::SettledTankEmpty),
                7 => rig.around.holds.outlet = Reasons::only(Reason::ClearWellFull),
                _ => {
                    // Water comes and goes while the pump stands, not with a jump.
                    let still = rig.filtration.wash_pump.is_still();
                    rig.wash_dry = if still { next(4) == 0 } else { rig.wash_dry };
                }
            }
            if next(2) == 0 {
                rig.run_s(20);
                rig.hold(Reasons::NONE);
                rig.around.demand = Demand::Run;
                rig.reset();
            }
        }
        assert!(cut > 20, "the story hardly touched a wash: {cut}");
        rig.hold(Reasons::only(Reason::EmergencyStop));
        rig.run_s(20);
        rig.wash_dry = false;
        rig.hold(Reasons::NONE);
        rig.around.demand = Demand::Run;
        rig.reset();
        rig.run_until(6 * HOUR, "all filter in the end", |rig| rig.filtration.all_filtering());
    }
}

/// INV-25, INV-27: P-351 and B-351 wait for the limit switches.
#[test]
fn no_pump_starts_before_its_valves_are_proven() {
    // A valve that does not leave or reach its end; by n1 to n7.
    for (valve, most) in
        [(0, None), (1, None), (2, Some(false)), (3, Some(false)), (5, None), (6, None)]
    {
        let mut rig = plant();
        rig.filtration.order_wash(1).unwrap();
        rig.run_until(HOUR, "the wash", |rig| rig.state(0).is_wash());
        rig.stems[0][valve].seized = true;
        for _ in 0..1200 {
            rig.scan();
            let wash = &rig.filtration.wash_pump.outputs.run;
            if most.is_some() {
                assert!(!wash.value(), "n{} stands still", valve + 1);
            }
        }
        assert!(rig.filters[0].retained.dirty || rig.state(0) == State::Fault {}, "n{}", valve + 1);
        assert_eq!(rig.state(0), State::Fault {}, "n{}", valve + 1);
        assert_eq!(rig.state(1), State::Filtering {}, "the other goes on");
    }
}

/// R-2.6.5-06, INV-27: A6.
#[test]
fn an_outlet_that_leaves_its_place_in_a_wash_stops_it_until_a_supervisor_resets() {
    let mut rig = plant();
    rig.filtration.order_wash(1).unwrap();
    rig.run_until(HOUR, "the high wash", |rig| rig.state(0) == State::HighWash {});
    rig.run_s(60);
    // The limit switch fails: nobody knows whether wash water reaches the clear well.
    rig.filters[0].outlet.inputs.closed = Signal::Good(false);
    let around = rig.filtration.around_filter(0, &rig.around);
    rig.filters[0].scan(around, Duration::from_secs(2));
    assert!(rig.filters[0].outlet_not_proven_closed());
    let report = [rig.filters[0].report(), rig.filters[1].report()];
    assert!(!report[0].water_way);
    rig.run_s(2);
    assert_eq!(rig.state(0), State::Fault {});
    assert!(!rig.filtration.wash_pump.outputs.run.value());
    rig.reset();
    rig.run_s(10);
    assert_eq!(rig.state(0), State::Fault {}, "an operator's reset does not do");
    rig.around.supervisor_reset = true;
    rig.scan();
    rig.around.supervisor_reset = false;
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
}
