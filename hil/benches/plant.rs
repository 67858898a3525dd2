//! One scan of the reference plant, and how fast plant and world run together. `cargo bench -p hil --bench plant`

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use hil::TwinParameters;
use hil::closed_loop::ClosedLoop;
use plc::image::Command;
use plc::plant::Shape;

const PERIOD: Duration = Duration::from_millis(100);

/// The reference plant, making water.
fn producing(period: Duration) -> ClosedLoop {
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), 1, period);
    plant.run_until(Duration::from_secs(300), |plant| {
        plant.state("system.state") == Some("Stopped")
    });
    assert_eq!(plant.order(Command::Start), Ok(()));
    let limit = Duration::from_secs(3600);
    assert!(plant.run_until(limit, |plant| plant.state("system.state") == Some("Producing")));
    plant
}

fn scan(criterion: &mut Criterion) {
    let mut plant = producing(PERIOD);
    let points = plant.plant.catalogue().rows.len();
    criterion.bench_function(
        &format!("one scan of the reference plant, {points} points"),
        |bencher| {
            bencher.iter(|| black_box(plant.scan_again()));
        },
    );
    let mut plant = producing(PERIOD);
    criterion.bench_function("one step of core and twin at 100 ms", |bencher| {
        bencher.iter(|| plant.step());
    });
    let mut plant = producing(Duration::from_secs(1));
    criterion.bench_function("one step of core and twin at 1 s", |bencher| {
        bencher.iter(|| plant.step());
    });
}

criterion_group!(benches, scan);
criterion_main!(benches);
