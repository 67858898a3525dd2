//! Whatever comes in: nonsense from instruments, orders in any sequence, scans from 1 ms to 10 s apart, beside a world that
//! goes on. Nothing panics, nothing runs against an interlock, and the same comes out again.

use std::time::Duration;

use hil::TwinParameters;
use hil::closed_loop::{ClosedLoop, Lie};
use plc::device::Mode;
use plc::image::{Command, Order, Step};
use plc::interlock::Column;
use plc::plant::Shape;
use plc::quantity::Form;
use plc::signal::{Fault, Quality};
use plc::tag::{Kind, Role};
use proptest::prelude::*;

/// One thing that happens. A share names one of many: an input, a device, a setting.
#[derive(Clone, Debug)]
enum Happening {
    /// An input is told as this.
    Told(f64, Nonsense),
    /// Every input is told as it is again.
    Truth,
    /// An order, chosen first where it must be.
    Ordered(Wish, Role),
    /// The shell reports otherwise of something.
    Reported(f64, f64),
    /// Scans are this many milliseconds apart from now on.
    Period(u64),
    /// So many scans pass.
    Scans(u16),
    /// The controller restarts, so many seconds after it stopped; unknown: the clock cannot say.
    Restart(Option<u64>),
}

#[derive(Clone, Debug)]
enum Nonsense {
    Value(f64),
    OfRange(f64),
    Bad(Fault),
    Frozen,
    Stuck,
    Ahead(u64),
}

/// What somebody asks for.
#[derive(Clone, Debug)]
enum Wish {
    Plain(Command),
    Set(f64, f64),
    Handle(f64, Mode),
    ByHand(f64, f64, f64),
    Hold(f64, f64),
    Acknowledge(f64),
    Shelve(f64, f64),
    PutAside(f64, bool),
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -1e3..1e4,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(0.0),
        Just(-0.0),
        Just(1e30),
        Just(f64::MIN_POSITIVE),
        Just(65_535.0),
    ]
}

fn any_nonsense() -> impl Strategy<Value = Nonsense> {
    let faults = [Fault::NotYetRead, Fault::Stale, Fault::Invalid, Fault::Range, Fault::NotFitted];
    prop_oneof![
        any_number().prop_map(Nonsense::Value),
        (-0.1..1.1).prop_map(Nonsense::OfRange),
        proptest::sample::select(faults.to_vec()).prop_map(Nonsense::Bad),
        Just(Nonsense::Frozen),
        Just(Nonsense::Stuck),
        (0_u64..10_000_000).prop_map(Nonsense::Ahead),
    ]
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let plain = vec![
        Command::Start,
        Command::Start,
        Command::Start,
        Command::Stop,
        Command::StopAll,
        Command::Reset,
        Command::Wash { filter: 1 },
        Command::Wash { filter: 2 },
        Command::Wash { filter: 200 },
        Command::AbortWash { filter: 1 },
        Command::Desludge { tank: 1 },
        Command::Desludge { tank: 0 },
        Command::Prime,
        Command::EnterChlorine { tested: 0.7 },
        Command::CloseIntake,
        Command::OpenIntake,
        Command::ConfirmDrained,
        Command::ConfirmQuality,
        Command::EnterTurbidity { tested: 40.0 },
        Command::EnterTurbidity { tested: f64::NAN },
        Command::JarTest { raw: 30.0, dose: 12.0, settled: 1.0 },
        Command::JarTest { raw: 300.0, dose: 59.0, settled: 1.0 },
        Command::AcceptJarTest,
        Command::RevertJarTest,
        Command::Silence,
        Command::AcknowledgeLow,
    ];
    let modes = vec![Mode::Auto, Mode::Auto, Mode::Off, Mode::Manual, Mode::Maintenance];
    prop_oneof![
        4 => proptest::sample::select(plain).prop_map(Wish::Plain),
        2 => (0.0..1.0, -0.5..1.5).prop_map(|(which, share)| Wish::Set(which, share)),
        1 => (0.0..1.0, any_number()).prop_map(|(which, value)| Wish::Set(which, value)),
        2 => (0.0..1.0, proptest::sample::select(modes))
            .prop_map(|(which, mode)| Wish::Handle(which, mode)),
        2 => (0.0..1.0, 0.0..110.0, 0.0..3600.0)
            .prop_map(|(which, wish, seconds)| Wish::ByHand(which, wish, seconds)),
        1 => (0.0..1.0, 0.0..4000.0).prop_map(|(which, seconds)| Wish::Hold(which, seconds)),
        1 => (0.0..1.0).prop_map(Wish::Acknowledge),
        1 => (0.0..1.0, any_number()).prop_map(|(which, time)| Wish::Shelve(which, time)),
        1 => (0.0..1.0, any::<bool>()).prop_map(|(which, out)| Wish::PutAside(which, out)),
    ]
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let roles = vec![Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer];
    prop_oneof![
        4 => (0.0..1.0, any_nonsense()).prop_map(|(which, what)| Happening::Told(which, what)),
        2 => Just(Happening::Truth),
        5 => (any_wish(), proptest::sample::select(roles))
            .prop_map(|(wish, role)| Happening::Ordered(wish, role)),
        1 => (0.0..1.0, 0.0..1.2).prop_map(|(which, value)| Happening::Reported(which, value)),
        2 => (1_u64..10_000).prop_map(Happening::Period),
        6 => (1_u16..600).prop_map(Happening::Scans),
        1 => proptest::option::of(0_u64..90_000).prop_map(Happening::Restart),
    ]
}

/// A plant, its world, and the number of the last order.
struct Story {
    plant: ClosedLoop,
    shape: Shape,
    last: u32,
}

impl Story {
    fn new(seed: u64) -> Story {
        let shape = Shape::default();
        let period = Duration::from_millis(500);
        let mut plant = ClosedLoop::new(&shape, TwinParameters::default(), seed, period);
        plant.run(Duration::from_secs(100));
        Story { plant, shape, last: 1_000_000 }
    }

    /// Row of the point that a share names among those that fit.
    fn row(&self, share: f64, fits: impl Fn(&plc::tag::Row) -> bool) -> usize {
        let rows = &self.plant.plant.catalogue().rows;
        let fitting: Vec<usize> = rows.iter().filter(|row| fits(row)).map(|row| row.id).collect();
        fitting[((share * fitting.len() as f64) as usize).min(fitting.len() - 1)]
    }

    fn command(&self, wish: &Wish) -> Command {
        let handled = |row: &plc::tag::Row| row.path.ends_with(".mode");
        match *wish {
            Wish::Plain(command) => command,
            Wish::Set(which, share) => {
                let setting = self.row(which, |row| matches!(row.kind, Kind::Setting(_)));
                let Kind::Setting(words) = self.plant.plant.catalogue().rows[setting].kind else {
                    unreachable!("a setting was chosen")
                };
                Command::Set { setting, value: words.low + share * (words.high - words.low) }
            }
            Wish::Handle(which, mode) => Command::Handle { device: self.row(which, handled), mode },
            Wish::ByHand(which, wish, seconds) => {
                Command::ByHand { device: self.row(which, handled), wish, seconds }
            }
            Wish::Hold(which, seconds) => {
                let input = self.row(which, |row| matches!(row.kind, Kind::Input(_)));
                Command::Hold { input, seconds }
            }
            Wish::Acknowledge(which) => {
                let alarm = self.row(which, |row| matches!(row.kind, Kind::Alarm(_)));
                Command::Acknowledge { alarm }
            }
            Wish::Shelve(which, seconds) => {
                let alarm = self.row(which, |row| matches!(row.kind, Kind::Alarm(_)));
                Command::Shelve { alarm, seconds }
            }
            Wish::PutAside(which, out) => {
                let alarm = self.row(which, |row| matches!(row.kind, Kind::Alarm(_)));
                if out { Command::OutOfService { alarm } } else { Command::ShelveOnce { alarm } }
            }
        }
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Told(which, nonsense) => {
                let row = self.row(*which, |row| matches!(row.kind, Kind::Input(_)));
                let row = &self.plant.plant.catalogue().rows[row];
                let Kind::Input(words) = row.kind else { unreachable!("an input was chosen") };
                let (slot, told) = (row.slot, self.plant.told(row.slot));
                self.plant.lie(
                    slot,
                    Some(match *nonsense {
                        Nonsense::Value(value) => Lie::Value(value),
                        Nonsense::OfRange(share) => {
                            Lie::Value(words.low + share * (words.high - words.low))
                        }
                        Nonsense::Bad(fault) => Lie::Bad(fault),
                        Nonsense::Frozen => Lie::Frozen(told),
                        Nonsense::Stuck => Lie::Stuck(told.value),
                        Nonsense::Ahead(us) => Lie::Ahead(Duration::from_micros(us)),
                    }),
                );
            }
            Happening::Truth => {
                let inputs = self.plant.plant.catalogue().inputs;
                (0..inputs).for_each(|slot| self.plant.lie(slot, None));
            }
            Happening::Ordered(wish, role) => {
                let command = self.command(wish);
                let (role, token) = (*role, self.last + 1);
                self.last += 2;
                let mut step = Step::Direct;
                if command.needs_selection() {
                    self.plant.send(Order { number: token, role, step: Step::Select, command });
                    step = Step::Operate { token };
                }
                self.plant.send(Order { number: token + 1, role, step, command });
            }
            Happening::Reported(which, value) => {
                let shell = |row: &plc::tag::Row| matches!(row.kind, Kind::Input(words) if words.source == plc::tag::Source::Shell);
                let path = self.plant.plant.catalogue().rows[self.row(*which, shell)].path.clone();
                self.plant.report(&path, value.round());
            }
            Happening::Period(milliseconds) => {
                self.plant.set_period(Duration::from_millis(*milliseconds));
            }
            Happening::Scans(_) => {}
            Happening::Restart(age) => {
                self.plant.restart(&self.shape, age.map(Duration::from_secs));
            }
        }
    }

    /// Scans once, and says what must never be.
    fn scan(&mut self) -> Result<(), TestCaseError> {
        self.plant.step();
        let plant = &self.plant.plant;
        let (holds, outputs, samples) = (plant.holds(), plant.outputs(), &plant.snapshot().samples);
        for row in &plant.catalogue().rows {
            let sample = &samples[row.id];
            prop_assert!(
                sample.value.is_finite() || matches!(sample.quality, Quality::Bad(_)),
                "{} is {}",
                row.path,
                sample.value
            );
            let Kind::Output(words, column) = row.kind else { continue };
            let value = outputs.values[row.slot];
            prop_assert!((0.0..=words.high).contains(&value), "{} gets {value}", row.path);
            if row.form == Form::OnOff {
                prop_assert!(value == 0.0 || value == 1.0, "{} gets {value}", row.path);
            }
            let held = holds.on(column);
            prop_assert!(
                held.is_empty() || value == 0.0 || matches!(column, Column::Panel | Column::Supply),
                "{} gets {value} against {:?}",
                row.path,
                held.iter().collect::<Vec<_>>()
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// INV-36, INV-39, R-2.0-04: any nonsense, any orders, any pace.
    #[test]
    fn nothing_runs_against_an_interlock_whatever_comes_in(
        seed in 0_u64..1000,
        happenings in proptest::collection::vec(any_happening(), 1..60),
    ) {
        let (mut one, mut other) = (Story::new(seed), Story::new(seed));
        one.happens(&Happening::Ordered(Wish::Plain(Command::Start), Role::Operator));
        other.happens(&Happening::Ordered(Wish::Plain(Command::Start), Role::Operator));
        for happening in &happenings {
            one.happens(happening);
            other.happens(happening);
            let scans = if let Happening::Scans(scans) = happening { *scans } else { 1 };
            for _ in 0..scans {
                one.scan()?;
                other.plant.step();
            }
            // Same input, same output: every sample, event and output, bit by bit.
            let (mine, its) = (&one.plant.plant, &other.plant.plant);
            prop_assert_eq!(mine.outputs(), its.outputs());
            prop_assert_eq!(mine.events(), its.events());
            prop_assert!(mine.snapshot() == its.snapshot());
        }
    }
}
