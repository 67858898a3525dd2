//! Simulated time: what one 100 ms step of the reference plant's twin costs.

use core::time::Duration;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hil::{Twin, TwinParameters};
use plc::image::{Inputs, Outputs};
use plc::plant::{Plant, Shape};
use plc::signal::Moment;

const STEP: Duration = Duration::from_millis(100);

/// Outputs of a plant that makes water.
const PRODUCING: [(&str, f64); 19] = [
    ("system.supply", 1.0),
    ("intake.permit", 1.0),
    ("intake.inlet.open", 1.0),
    ("intake.pump_a.run", 1.0),
    ("intake.pump_a.speed", 80.0),
    ("tank1.inlet.open", 1.0),
    ("tank2.inlet.open", 1.0),
    ("coagulation.doser.enable", 1.0),
    ("coagulation.doser.rate", 18.0),
    ("filtration.feed_permit", 1.0),
    ("filtration.pump_a.run", 1.0),
    ("filtration.pump_a.speed", 79.0),
    ("filter1.inlet.open", 1.0),
    ("filter1.outlet.open", 1.0),
    ("filter2.inlet.open", 1.0),
    ("filter2.outlet.open", 1.0),
    ("distribution.permit", 1.0),
    ("distribution.pump_a.run", 1.0),
    ("distribution.pump_a.speed", 92.0),
];

fn step(criterion: &mut Criterion) {
    let plant = Plant::new(&Shape::default());
    let catalogue = plant.catalogue();
    let mut twin = Twin::new(TwinParameters::default(), catalogue, 1);
    let mut inputs = Inputs::new(catalogue);
    let mut outputs = Outputs::new(catalogue);
    for (path, value) in PRODUCING {
        let slot = catalogue.output_slot(path).expect("a point of the reference plant");
        outputs.values[slot] = value;
    }
    let heartbeat = catalogue.output_slot("system.heartbeat").expect("a point of every plant");
    let mut now = Moment(0);
    criterion.bench_function("twin, one step of 100 ms", |bencher| {
        bencher.iter(|| {
            now = now.plus(STEP);
            outputs.values[heartbeat] = 1.0 - outputs.values[heartbeat];
            twin.step(black_box(&outputs), &mut inputs, now, STEP);
        });
    });
    assert!(twin.truth().raw_flow.0 > 4.0, "the plant that was measured makes water");
}

criterion_group!(benches, step);
criterion_main!(benches);
