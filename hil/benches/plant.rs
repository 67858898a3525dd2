//! One scan of the reference plant, and how fast plant and world run together. `cargo bench -p hil --bench plant`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use hil::TwinParameters;
use hil::closed_loop::ClosedLoop;
use hil::invariants::Watch;
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

/// Scans timed one by one: three hours of plant time.
const SINGLE_SCANS: usize = 120_000;

/// Sequences work in every fifth scan, so that a mean says little of either kind: each scan by itself.
fn single_scans(plant: &mut ClosedLoop) {
    let mut times: Vec<Duration> = (0..SINGLE_SCANS)
        .map(|_| {
            let begin = Instant::now();
            black_box(plant.scan_again());
            begin.elapsed()
        })
        .collect();
    let mean = times.iter().sum::<Duration>() / SINGLE_SCANS as u32;
    times.sort_unstable();
    let at = |share: f64| times[(share * (SINGLE_SCANS - 1) as f64) as usize];
    println!(
        "single scans: median {:?}, 90 % {:?}, 99 % {:?}, mean {mean:?}",
        at(0.5),
        at(0.9),
        at(0.99)
    );
}

fn scan(criterion: &mut Criterion) {
    let mut plant = producing(PERIOD);
    let points = plant.plant.catalogue().rows.len();
    single_scans(&mut plant);
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

/// VC-21: core, twin and the judgement of the invariants together; 10 µs are 10 000 times real time at 100 ms and 100 000
/// times at 1 s.
fn judged(criterion: &mut Criterion) {
    for period in [PERIOD, Duration::from_secs(1)] {
        let mut plant = producing(period);
        let mut watch = Watch::new(&plant, &TwinParameters::default(), period);
        criterion.bench_function(
            &format!("VC-21: one step of core, twin and invariants at {period:?}"),
            |bencher| {
                bencher.iter(|| {
                    plant.step();
                    watch.look(&plant);
                });
            },
        );
        println!("broken: {:?}", watch.breaches());
    }
}

criterion_group!(benches, scan, judged);
criterion_main!(benches);
