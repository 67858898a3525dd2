//! What may happen to a plant, and to which plants.

use plc::device::Mode;
use plc::image::Command;
use plc::plant::{Settling, Shape};
use plc::quantity::CubicMetresPerHour;
use plc::signal::Fault;
use plc::tag::Role;
use plc::unit::chemicals::Chemical;
use proptest::prelude::*;

/// One thing that happens. A share names one of many: an input, a device, a setting.
#[derive(Clone, Debug)]
pub enum Happening {
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
pub enum Nonsense {
    Value(f64),
    OfRange(f64),
    Bad(Fault),
    Frozen,
    Stuck,
    Ahead(u64),
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub enum Wish {
    Plain(Command),
    Set(f64, f64),
    Handle(f64, Mode),
    ByHand(f64, f64, f64),
    Hold(f64, f64),
    Release(f64),
    Acknowledge(f64),
    ResetAlarm(f64),
    Shelve(f64, f64),
    Unshelve(f64),
    InService(f64),
    PutAside(f64, bool),
    Mixed(Chemical, f64, f64, f64),
    Tested(f64),
    /// Of this row, whatever it is, or none.
    Astray(usize),
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
    let faults = [
        Fault::NotYetRead,
        Fault::Stale,
        Fault::Invalid,
        Fault::Range,
        Fault::Overrange,
        Fault::NotFitted,
    ];
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
        Command::ConfirmStrength,
        Command::ConfirmSludgeRemoved,
        Command::EnterTurbidity { tested: 40.0 },
        Command::EnterTurbidity { tested: f64::NAN },
        Command::JarTest { raw: 30.0, dose: 12.0, settled: 1.0 },
        Command::JarTest { raw: 300.0, dose: 59.0, settled: 1.0 },
        Command::AcceptJarTest,
        Command::RevertJarTest,
        Command::BeginEmergency { limit: 5.0, seconds: 600.0 },
        Command::EndEmergency,
        Command::Silence,
        Command::AcknowledgeLow,
    ];
    let chemicals = vec![Chemical::Coagulant, Chemical::Chlorine];
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
        1 => (0.0..1.0, any_number()).prop_map(|(which, seconds)| Wish::Hold(which, seconds)),
        1 => (0.0..1.0, any_number()).prop_map(|(which, wish)| Wish::ByHand(which, wish, wish)),
        1 => (0.0..1.0).prop_map(Wish::Release),
        1 => (0.0..1.0).prop_map(Wish::Acknowledge),
        1 => (0.0..1.0).prop_map(Wish::ResetAlarm),
        1 => (0.0..1.0, any_number()).prop_map(|(which, time)| Wish::Shelve(which, time)),
        1 => (0.0..1.0).prop_map(Wish::Unshelve),
        1 => (0.0..1.0).prop_map(Wish::InService),
        1 => (0.0..1.0, any::<bool>()).prop_map(|(which, out)| Wish::PutAside(which, out)),
        1 => any_number().prop_map(Wish::Tested),
        1 => (proptest::sample::select(chemicals), 0.0..100.0, -1.0..100.0, -1.0..200.0)
            .prop_map(|(chemical, product, days, amount)| Wish::Mixed(chemical, product, days, amount)),
        1 => any_number().prop_map(|number| Wish::Mixed(Chemical::Chlorine, number, number, number)),
        1 => (0_usize..2000).prop_map(Wish::Astray),
    ]
}

pub fn any_happening() -> impl Strategy<Value = Happening> {
    let roles = vec![Role::Observer, Role::Operator, Role::Supervisor, Role::Engineer];
    prop_oneof![
        4 => (0.0..1.0, any_nonsense()).prop_map(|(which, what)| Happening::Told(which, what)),
        2 => Just(Happening::Truth),
        5 => (any_wish(), proptest::sample::select(roles))
            .prop_map(|(wish, role)| Happening::Ordered(wish, role)),
        1 => (0.0..1.0, 0.0..1.2).prop_map(|(which, value)| Happening::Reported(which, value)),
        2 => (1_u64..=10_000).prop_map(Happening::Period),
        1 => proptest::sample::select(vec![1, 100, 10_000]).prop_map(Happening::Period),
        6 => (1_u16..600).prop_map(Happening::Scans),
        1 => proptest::option::of(0_u64..90_000).prop_map(Happening::Restart),
    ]
}

/// Plants from the smallest to one with more of everything.
pub fn any_shape() -> impl Strategy<Value = Shape> {
    let small = Shape {
        nominal_flow: CubicMetresPerHour(2.0),
        tanks: 1,
        filters: 1,
        raw_pumps: 1,
        feed_pumps: 1,
        lift_pumps: 1,
        blower: false,
        elevated_tank: false,
        settling: Settling::Batch,
        telemetry: false,
    };
    let large = Shape {
        nominal_flow: CubicMetresPerHour(20.0),
        tanks: 4,
        filters: 6,
        raw_pumps: 3,
        feed_pumps: 3,
        lift_pumps: 3,
        ..Shape::default()
    };
    let without_tank = Shape { tanks: 1, elevated_tank: false, ..Shape::default() };
    let plain = Shape { settling: Settling::Batch, ..Shape::default() };
    prop_oneof![
        3 => Just(Shape::default()),
        3 => proptest::sample::select(vec![small, large, without_tank, plain])
    ]
}
