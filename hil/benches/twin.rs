//! Simulated time: what one 100 ms step of the reference plant's twin costs, alone and with the core that runs it. A tenth of
//! a second divided by the second figure is the simulated seconds in a second.

use core::time::Duration;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hil::{Twin, TwinParameters};
use plc::image::{Command, Inputs, Order, Outputs, Step};
use plc::plant::{Plant, Shape};
use plc::signal::{Moment, Reading};
use plc::tag::{Catalogue, Kind, Role, Source};

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

/// What a healthy shell reports: no lateness, storage and buses well.
fn report(catalogue: &Catalogue, inputs: &mut Inputs, now: Moment) {
    for row in &catalogue.rows {
        let Kind::Input(words) = row.kind else { continue };
        if words.source == Source::Shell {
            let troubles = ["system.lateness", "system.overruns", "system.watchdog_restart"];
            let durable = row.path.ends_with("guard.durable");
            let quiet = troubles.contains(&row.path.as_str());
            // Everything reserved is on the disk.
            let value = if durable { words.high } else { f64::from(u8::from(!quiet)) };
            inputs.readings[row.slot] = Reading::good(value, now);
        }
    }
}

fn day(criterion: &mut Criterion) {
    let mut plant = Plant::new(&Shape::default());
    let catalogue = plant.catalogue().clone();
    let mut twin = Twin::new(TwinParameters::default(), &catalogue, 1);
    let mut inputs = Inputs::new(&catalogue);
    let mut outputs = Outputs::new(&catalogue);
    let mut now = Moment(0);
    let mut scan = |orders: &[Order]| {
        now = now.plus(STEP);
        twin.step(&outputs, &mut inputs, now, STEP);
        if now.0.is_multiple_of(1_000_000) {
            report(&catalogue, &mut inputs, now);
        }
        outputs.values.copy_from_slice(&plant.scan(&inputs, orders, STEP).values);
    };
    // Two minutes of boot, the start command, half an hour of start.
    for _ in 0..1_200 {
        scan(&[]);
    }
    let (role, command) = (Role::Operator, Command::Start);
    let operate = Step::Operate { token: 1 };
    scan(&[
        Order { number: 1, role, step: Step::Select, command },
        Order { number: 2, role, step: operate, command },
    ]);
    for _ in 0..18_000 {
        scan(&[]);
    }
    criterion.bench_function("core and twin, one scan of 100 ms", |bencher| {
        bencher.iter(|| scan(black_box(&[])));
    });
}

criterion_group!(benches, step, day);
criterion_main!(benches);
