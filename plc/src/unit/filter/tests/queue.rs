//! What a wait in the queue comes to.

use super::{HOUR, plant};
use crate::alarm::Condition;
use crate::quantity::{KiloPascals, Percent};
use crate::signal::Signal;
use crate::unit::filter::sequence::State;
use crate::unit::filtration::rig::{Rig, shape};

/// R-2.6.1-04, R-2.6.2-05: nobody expects it any more.
#[test]
fn an_order_lapses_after_two_hours_in_the_queue() {
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.filtration.order_wash(1).unwrap();
    rig.run_s(2 * HOUR - 30);
    assert_eq!(rig.state(0), State::WashQueued {});
    assert!(rig.filters[0].status.queue_left.as_secs() <= 30);
    rig.run_s(60);
    assert_eq!(rig.state(0), State::Filtering {});
    rig.around.wash_water = true;
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Filtering {}, "not hours later either");
    assert_eq!(rig.filters[0].alarms.order_lapsed, Condition::Active, "somebody waits for it");
    rig.filtration.order_wash(1).unwrap();
    rig.run_s(1);
    assert_eq!(rig.filters[0].alarms.order_lapsed, Condition::Clear);
}

/// R-2.6.1-04: what passes by itself, another wash or the hours that T-601 needs, does not count; half a day does.
#[test]
fn an_order_waits_for_the_waste_tank_as_long_as_half_a_day() {
    for (hours, waits) in [(6, true), (11, true), (13, false)] {
        let mut rig = plant();
        rig.around.waste_level = Signal::Good(Percent(64.0));
        rig.filtration.order_wash(1).unwrap();
        rig.run_s(hours * HOUR);
        assert_eq!(rig.filters[0].report().ordered, waits, "{hours} h");
        let told = rig.filters[0].alarms.order_lapsed == Condition::Active;
        assert_eq!(told, !waits, "{hours} h");
        rig.around.waste_level = Signal::Good(Percent(40.0));
        rig.passed.clear();
        rig.run_s(HOUR);
        assert_eq!(rig.passed.contains(&State::HighWash {}), waits, "{hours} h");
    }
}

/// R-2.6.1-04: while another one delivers; the last one goes on.
#[test]
fn a_filter_clogged_for_two_hours_rests_until_it_is_washed() {
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.beds[0].head_loss = KiloPascals(25.0);
    rig.run_s(2 * HOUR + 180);
    assert_eq!(rig.state(0), State::Standby {});
    rig.run_s(HOUR);
    assert_eq!(rig.state(0), State::Standby {});
    assert!(rig.filters[1].delivers());
    rig.around.wash_water = true;
    rig.beds[0].head_loss = KiloPascals(3.0);
    rig.run_until(2 * HOUR, "it filters again", |rig| rig.filters[0].delivers());
    assert_eq!(rig.filters[0].retained.washes.0, 1.0);

    let mut rig = Rig::new(&shape(1, true));
    rig.produce();
    rig.around.wash_water = false;
    rig.beds[0].head_loss = KiloPascals(25.0);
    rig.run_s(4 * HOUR);
    assert!(rig.filters[0].delivers(), "the only filter goes on");
}

/// R-2.6.1-04: its analyser watches it.
#[test]
fn a_filter_that_waits_for_time_or_head_loss_goes_on_filtering() {
    let mut rig = plant();
    rig.around.wash_water = false;
    rig.beds[0].head_loss = KiloPascals(18.0);
    rig.run_s(5 * HOUR);
    assert_eq!(rig.state(0), State::WashQueued {});
    assert!(rig.filters[0].delivers());
}
