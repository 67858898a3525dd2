//! The alarms of the whole plant: who explains whom, and what people's seeing and resetting does to the plant: nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use plc::alarm::{Shelf, State};
use plc::image::{Command, Event, Inputs, Order, Step};
use plc::plant::{Plant, Shape};
use plc::reason::Reason;
use plc::signal::Quality;
use plc::tag::{Kind, Rationale, Role, Row};

const TENTH: Duration = Duration::from_millis(100);

fn declared(plant: &Plant) -> impl Iterator<Item = (&Row, Rationale)> {
    plant.catalogue().rows.iter().filter_map(|row| match row.kind {
        Kind::Alarm(words) => Some((row, words)),
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Setting(_)
        | Kind::Status(_)
        | Kind::Retained(_) => None,
    })
}

/// The chains of `docs/spec/plant.md` 4, as declared: who names whom, and what stands without mains.
#[test]
fn the_consequence_chains_are_those_of_the_list() {
    let plant = Plant::new(&Shape::default());
    let mut chains = BTreeSet::new();
    let (mut without_mains, mut behind_a_bus) = (BTreeSet::new(), BTreeSet::new());
    for (_, words) in declared(&plant) {
        chains.extend(words.explained_by.iter().map(|cause| (*cause, words.number)));
        if words.stands_without_mains {
            without_mains.insert(words.number);
        }
        if words.parent.is_some() {
            behind_a_bus.insert(words.number);
        }
    }
    let asked =
        [(203, 201), (201, 204), (204, 303), (303, 304), (409, 407), (407, 402), (402, 406)];
    assert!(asked.iter().all(|chain| chains.contains(chain)), "{chains:?}");
    let held_back = [304, 402, 404, 406, 409, 411, 413, 416, 906].map(|cause| (cause, 511));
    assert!(held_back.iter().all(|chain| chains.contains(chain)), "{chains:?}");
    assert_eq!(without_mains, [110, 901, 902, 904, 905, 915, 923].into());
    assert_eq!(behind_a_bus, [104, 300, 301, 412, 421, 501, 907, 908].into());
}

/// A plant with its inputs at rest, scanned by hand.
struct Rig {
    plant: Plant,
    inputs: Inputs,
    orders: u32,
}

impl Rig {
    fn new() -> Rig {
        let plant = Plant::new(&Shape::default());
        let inputs = Inputs::new(plant.catalogue());
        Rig { plant, inputs, orders: 0 }
    }

    fn row(&self, path: &str) -> Row {
        self.plant.catalogue().find(path).unwrap_or_else(|| panic!("{path}")).clone()
    }

    /// Nothing is ever read.
    fn scan(&mut self, orders: &[Order]) {
        self.plant.scan(&self.inputs, orders, TENTH);
    }

    fn run_s(&mut self, seconds: u32) {
        (0..10 * seconds).for_each(|_| self.scan(&[]));
    }

    /// In two steps where it needs them.
    fn order(&mut self, role: Role, command: Command) -> Result<(), Reason> {
        self.orders += 2;
        let number = self.orders;
        let step = if command.needs_selection() {
            self.scan(&[Order { number: number - 1, role, step: Step::Select, command }]);
            Step::Operate { token: number - 1 }
        } else {
            Step::Direct
        };
        self.scan(&[Order { number, role, step, command }]);
        let answer = self.plant.events().iter().find_map(|event| event.verdict_on(number));
        answer.expect("an answer in the same scan")
    }

    fn letter(&self, path: &str) -> char {
        self.plant.snapshot().alarms[self.row(path).slot].letter()
    }
}

/// AR-04: whoever sees, resets, shelves or takes alarms out of service moves nothing but the horn.
#[test]
fn what_people_do_with_alarms_changes_no_output_but_the_horn() {
    let mut rigs = [Rig::new(), Rig::new()];
    for rig in &mut rigs {
        // Nothing was ever read: what can be an alarm is one.
        rig.run_s(120);
    }
    let [quiet, busy] = &mut rigs;
    let alarms: Vec<usize> = declared(&quiet.plant).map(|(row, _)| row.id).collect();
    let horn = quiet.row("system.horn").slot;
    assert_eq!(quiet.plant.outputs().values[horn], 1.0);
    let mut taken = 0;
    for alarm in alarms {
        for command in [
            Command::ShelveOnce { alarm },
            Command::Unshelve { alarm },
            Command::Acknowledge { alarm },
            Command::ResetAlarm { alarm },
            Command::OutOfService { alarm },
        ] {
            if busy.order(Role::Engineer, command).is_ok() {
                taken += 1;
            }
            quiet.plant.scan(&quiet.inputs, &[], TENTH);
            if command.needs_selection() {
                quiet.plant.scan(&quiet.inputs, &[], TENTH);
            }
            let mut outputs = [quiet.plant.outputs().clone(), busy.plant.outputs().clone()];
            outputs.iter_mut().for_each(|outputs| outputs.values[horn] = 0.0);
            assert_eq!(outputs[0], outputs[1], "{command:?}");
        }
    }
    assert!(taken > 150, "{taken}");
    busy.scan(&[]);
    assert_eq!(busy.plant.outputs().values[horn], 0.0, "nobody is told of anything");
}

/// INV-40, AR-06: the orders of the shelf, from the role to the sample that pages show.
#[test]
fn an_alarm_is_shelved_by_who_may_and_shows_it() {
    let mut rig = Rig::new();
    rig.run_s(100);
    let [urgent, high, low] =
        ["system.link_a.lost", "power.lost", "system.device_silent"].map(|path| rig.row(path).id);
    let timed = |alarm, seconds| Command::Shelve { alarm, seconds };
    for (role, command, verdict) in [
        (Role::Engineer, timed(urgent, 60.0), Err(Reason::NeverShelved)),
        (Role::Operator, timed(high, 60.0), Err(Reason::NotPermitted)),
        (Role::Observer, timed(low, 60.0), Err(Reason::NotPermitted)),
        (Role::Operator, timed(low, 9.0 * 3600.0), Err(Reason::OutOfRange)),
        (Role::Operator, timed(0, 60.0), Err(Reason::Unknown)),
        (Role::Operator, timed(low, 60.0), Ok(())),
        (Role::Supervisor, Command::ShelveOnce { alarm: high }, Ok(())),
        (Role::Supervisor, Command::OutOfService { alarm: urgent }, Err(Reason::NotPermitted)),
        (Role::Engineer, Command::OutOfService { alarm: urgent }, Ok(())),
    ] {
        let answer = if command.needs_selection()
            && verdict == Err(Reason::NotPermitted)
            && role == Role::Observer
        {
            // Who may not even choose is refused then.
            rig.order(role, command).or(Err(Reason::NotPermitted))
        } else {
            rig.order(role, command)
        };
        assert_eq!(answer, verdict, "{role:?}, {command:?}");
    }
    assert_eq!(rig.letter("system.device_silent"), 'G');
    assert_eq!(rig.letter("power.lost"), 'G');
    assert_eq!(rig.letter("system.link_a.lost"), 'I');
    let sample = rig.plant.snapshot().alarms[rig.row("system.device_silent").slot];
    assert!(sample.shelf == Shelf::Timed && sample.shelved_by > 0);
    assert!((58..=60).contains(&sample.shelf_left.as_secs()), "{sample:?}");
    rig.run_s(62);
    assert_ne!(rig.letter("system.device_silent"), 'G');
    assert_eq!(rig.order(Role::Operator, Command::Unshelve { alarm: high }), Ok(()));
    assert_eq!(rig.order(Role::Engineer, Command::InService { alarm: urgent }), Ok(()));
    let row = rig.row("system.link_a.lost");
    assert!(rig.plant.snapshot().samples[row.id].why.has(Reason::SuppressedByDesign));
}

/// AR-14, INV-31: without mains one alarm is announced; a bus that is lost with them is explained by them, as its sample
/// says.
#[test]
fn an_outage_of_the_whole_plant_announces_the_mains_alone() {
    let mut rig = Rig::new();
    // A plant that was never disinfected holds its water from the first scan on, mains or not.
    rig.run_s(1);
    let mut announced = BTreeSet::new();
    for _ in 0..1000 {
        rig.scan(&[]);
        for event in rig.plant.events() {
            if let Event::Alarm { alarm, transition } = event
                && transition.is_announced()
            {
                announced.insert(rig.plant.catalogue().rows[*alarm].path.clone());
            }
        }
    }
    assert_eq!(announced, ["power.lost".to_owned()].into());
    assert_eq!(rig.letter("distribution.quality_hold"), 'H');
    let bus = rig.row("system.link_a.lost");
    let sample = rig.plant.snapshot().alarms[bus.slot];
    assert_eq!(sample.cause, Some(rig.row("power.lost").id));
    assert_eq!((sample.letter(), sample.state), ('H', State::Unacknowledged));
    let shown = rig.plant.snapshot().samples[bus.id];
    assert!(shown.why.has(Reason::SuppressedByDesign) && shown.quality == Quality::Good);
    let load = rig.row("system.alarm_load.in_day").id;
    assert_eq!(rig.plant.snapshot().samples[load].value, 2.0);
}
