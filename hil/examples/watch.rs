use hil::{TwinParameters, closed_loop::ClosedLoop};
use plc::{
    image::{Command, Event},
    plant::Shape,
};
use std::time::Duration;
fn main() {
    let hours: f64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(3.0);
    let ms: u64 = std::env::args().nth(2).and_then(|a| a.parse().ok()).unwrap_or(100);
    let mut l =
        ClosedLoop::new(&Shape::default(), TwinParameters::default(), 1, Duration::from_millis(ms));
    let mut started = false;
    let mut next = 0.0;
    while l.now().0 as f64 / 3.6e9 < hours {
        l.step();
        let t = l.now().0 as f64 / 1e6;
        for e in l.plant.events() {
            let cat = l.plant.catalogue();
            match e {
                Event::State { row, from, to } => {
                    let r = &cat.rows[*row];
                    if let plc::quantity::Form::States(n) = r.form {
                        if !r.path.contains("inlet")
                            && !r.path.contains("mixer")
                            && !r.path.contains("outlet")
                            || n[*to as usize] == "Fault"
                        {
                            println!(
                                "{t:9.1} {} {} -> {}",
                                r.path, n[*from as usize], n[*to as usize]
                            );
                        }
                    }
                }
                Event::Alarm { alarm, transition } => {
                    println!("{t:9.1} ALARM {} {:?}", cat.rows[*alarm].path, transition.to)
                }
                Event::Cause { cause, began } => println!("{t:9.1} CAUSE {cause:?} {began}"),
                other => println!("{t:9.1} {other:?}"),
            }
        }
        if !started && l.state("system.state") == Some("Stopped") {
            started = true;
            println!("{t:9.1} start: {:?}", l.order(Command::Start));
        }
        if t >= next {
            next += 300.0;
            let r = |p: &str| {
                let row = l.plant.catalogue().find(p).unwrap();
                l.plant.snapshot().samples[row.id]
                    .why
                    .iter()
                    .map(|r| r.key())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            let tr = l.truth();
            println!(
                "{t:9.1} -- {:?} step {:?} [{}] raw {:.2}/{:.2} ntu {:.1} dose {:.1} set {:.2} lvl206 {:.0} feed {:.2} comb {:.2} prod {:.2} LT401 {:.2} cl {:.2}/{:.2} IR {:.2} lift {:.2} [{}] LT501 {:.2} waste {:.0} demand {:.1}",
                l.state("system.state"),
                l.value("system.step"),
                r("system.blocked"),
                l.value("intake.raw_flow").unwrap_or(-1.0),
                tr.raw_flow.0,
                tr.raw_turbidity.0,
                tr.coagulant_dose.0,
                tr.settled_turbidity.0,
                tr.settled_level.0,
                tr.feed_flow.0,
                tr.combined_turbidity.0,
                tr.produced_flow.0,
                tr.clear_well_level.0,
                tr.inlet_chlorine.0,
                tr.outlet_chlorine.0,
                tr.inactivation_ratio.0,
                tr.lift_flow.0,
                r("distribution.blocked"),
                tr.elevated_level.0,
                tr.waste_level.0,
                tr.demand.0
            );
            for f in 1..=2 {
                print!(
                    "   f{f} {:?} [{}]",
                    l.state(&format!("filter{f}.state")),
                    r(&format!("filter{f}.blocked"))
                );
            }
            println!(
                " filtration [{}] intake [{}] coag [{}]",
                r("filtration.blocked"),
                r("intake.blocked"),
                r("coagulation.blocked")
            );
        }
    }
}
