//! The watch sees what is so, and the table is whole.

use std::time::Duration;

use plc::image::Command;
use plc::plant::Shape;

use super::*;

const PERIOD: Duration = Duration::from_millis(200);

fn watched(parameters: TwinParameters) -> (ClosedLoop, Watch) {
    let plant = ClosedLoop::new(&Shape::default(), parameters.clone(), 3, PERIOD);
    let watch = Watch::new(&plant, &parameters, PERIOD);
    (plant, watch)
}

fn run(plant: &mut ClosedLoop, watch: &mut Watch, minutes: u64) {
    for _ in 0..minutes * 300 {
        plant.step();
        watch.look(plant);
    }
}

/// INV-1 to INV-46: a row each, in order.
#[test]
fn the_table_has_every_invariant_once_and_in_order() {
    for (place, row) in TABLE.iter().enumerate() {
        assert_eq!(row.number, place + 1);
    }
}

/// A good half day breaks nothing.
#[test]
fn half_a_day_of_making_water_breaks_nothing() {
    let (mut plant, mut watch) = watched(TwinParameters::default());
    run(&mut plant, &mut watch, 2);
    assert_eq!(plant.order(Command::Start), Ok(()));
    run(&mut plant, &mut watch, 12 * 60);
    assert!(plant.truth().village_flow.0 > 0.0);
    assert_eq!(watch.breaches(), []);
}

/// What the core would never do is seen when the world does it: the watch is not blind.
#[test]
fn a_world_that_breaks_its_promises_is_seen() {
    let (mut plant, mut watch) = watched(TwinParameters::default());
    run(&mut plant, &mut watch, 2);
    let mut wrong = plant.truth().clone();
    wrong.lift_flow.0 = 3.0;
    wrong.outlet_turbidity.0 = 4.0;
    wrong.inactivation_ratio.0 = 0.1;
    wrong.outlet_chlorine.0 = 9.0;
    wrong.contact_minutes = 5.0;
    wrong.overflowed.0 = 1.0;
    for filter in &mut wrong.filters {
        filter.positions = [1.0; 7];
        filter.crossed = true;
        filter.upflow.0 = 60.0;
        filter.rate.0 = 9.0;
    }
    for tank in &mut wrong.tanks {
        tank.sludge_valve = 1.0;
    }
    for minute in 0..20 {
        wrong.dry_seconds = [f64::from(minute); 4];
        for _ in 0..300 {
            wrong.dry_seconds.iter_mut().for_each(|seconds| *seconds += 0.2);
            watch.delivered_water(&wrong);
            watch.filters(&wrong);
            watch.equipment(&wrong);
            watch.washing(&wrong);
            watch.before.clone_from(&wrong);
        }
    }
    let seen: Vec<usize> = watch.breaches().iter().map(|breach| breach.invariant).collect();
    for invariant in [1, 3, 4, 5, 10, 11, 19, 21, 26, 28] {
        assert!(seen.contains(&invariant), "INV-{invariant} was not seen, only {seen:?}");
    }
}
