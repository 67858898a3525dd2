//! How what cannot be is refused; who may ask for what, and what by hand, is in `refusals/`.

mod by_hand;
mod roles;

use std::vec::Vec;

use super::*;
use crate::device::{Mode, PumpState, ValveState};
use crate::image::{Inputs, Tested};
use crate::plant::Shape;
use crate::reason::Reasons;
use crate::signal::{Moment, Reading};
use crate::tag::Adjustable;
use crate::unit::chemicals::{Batch, Chemical};
use crate::unit::disinfection::State as Dosing;

const SECOND: Duration = Duration::from_secs(1);

/// A plant with one good reading, and an order's way through it.
struct Rig {
    plant: Plant,
    inputs: Inputs,
    number: u32,
}

impl Rig {
    fn new() -> Rig {
        let mut plant = Plant::new(&Shape::default());
        let mut inputs = Inputs::new(plant.catalogue());
        if let Some(slot) = plant.catalogue().input_slot("intake.turbidity") {
            inputs.readings[slot] = Reading::good(20.0, Moment(1_000_000));
        }
        plant.scan(&inputs, &[], SECOND);
        Rig { plant, inputs, number: 0 }
    }

    /// Scans for so long, HS-900 at remote or at local.
    fn turn(&mut self, remote: bool, seconds: u32) {
        let slot = self.plant.catalogue().input_slot("system.remote").expect("HS-900");
        self.inputs.readings[slot] = Reading::good(f64::from(u8::from(remote)), self.plant.now());
        (0..seconds).for_each(|_| self.scan(&[]));
    }

    /// One scan; what has a value is measured anew.
    fn scan(&mut self, orders: &[Order]) {
        let at = self.plant.now().plus(SECOND);
        for reading in &mut self.inputs.readings {
            if reading.quality == Quality::Good {
                reading.taken = at;
            }
        }
        self.plant.scan(&self.inputs, orders, SECOND);
    }

    /// A plant past its boot, in which nothing stops all motors: every contact at rest.
    fn ready() -> Rig {
        let mut rig = Rig::new();
        for row in &rig.plant.catalogue().rows {
            if matches!(row.kind, Kind::Input(_)) && row.form == Form::OnOff {
                let open =
                    [".opened", ".running", ".tripped"].iter().any(|e| row.path.ends_with(e));
                let value = if open { 0.0 } else { 1.0 };
                rig.inputs.readings[row.slot] = Reading::good(value, Moment(0));
            }
        }
        (0..100).for_each(|_| rig.scan(&[]));
        let stops = rig.plant.holds().causes().of(crate::interlock::END_WISHES);
        assert_eq!(stops, Reasons::NONE);
        rig
    }

    fn row(&self, path: &str) -> usize {
        self.plant.catalogue().find(path).map(|row| row.id).expect("a point of this plant")
    }

    /// Sends orders of one scan; the answer to the last.
    fn send(&mut self, orders: &[Order]) -> Result<(), Reason> {
        self.scan(orders);
        let last = orders.last().expect("an order").number;
        let mut answers = self.plant.events().iter().filter_map(|event| event.verdict_on(last));
        answers.next_back().expect("every order is answered in its scan")
    }

    /// Chooses it first, where it must be.
    fn ask(&mut self, role: Role, command: Command) -> Result<(), Reason> {
        let token = self.number + 1;
        self.number += 2;
        let mut orders = Vec::new();
        let mut step = Step::Direct;
        if command.needs_selection() {
            orders.push(Order { number: token, role, step: Step::Select, command });
            step = Step::Operate { token };
        }
        orders.push(Order { number: self.number, role, step, command });
        self.send(&orders)
    }

    fn setting(&self, path: &str, value: f64) -> Command {
        Command::Set { setting: self.row(path), value }
    }
}

fn every_command(rig: &Rig) -> Vec<Command> {
    let batch = Batch { product: 100.0, days: 0.0, amount: 1.0 };
    let alarm = rig.row("system.clock");
    let (device, input) = (rig.row("intake.pump_a.mode"), rig.row("intake.turbidity"));
    std::vec![
        Command::Start,
        Command::Stop,
        Command::StopAll,
        Command::Reset,
        Command::Wash { filter: 1 },
        Command::AbortWash { filter: 1 },
        Command::Desludge { tank: 1 },
        Command::Prime,
        Command::CloseIntake,
        Command::OpenIntake,
        Command::ConfirmDrained,
        Command::ConfirmQuality,
        Command::ConfirmStrength,
        Command::ConfirmSludgeRemoved,
        Command::Mixed { chemical: Chemical::Chlorine, batch },
        Command::EnterChlorine { tested: 0.8 },
        Command::EnterTurbidity { tested: 20.0 },
        Command::JarTest { raw: 20.0, dose: 9.0, settled: 1.0 },
        Command::AcceptJarTest,
        Command::RevertJarTest,
        Command::Acknowledge { alarm },
        Command::ResetAlarm { alarm },
        Command::BeginEmergency { limit: 3.0, seconds: 3600.0 },
        Command::EndEmergency,
        Command::Silence,
        Command::AcknowledgeLow,
        Command::Shelve { alarm, seconds: 60.0 },
        Command::ShelveOnce { alarm },
        Command::Unshelve { alarm },
        Command::OutOfService { alarm },
        Command::InService { alarm },
        Command::Handle { device, mode: Mode::Manual },
        Command::ByHand { device, wish: 50.0, seconds: 60.0 },
        Command::Hold { input, seconds: 60.0 },
        Command::Release { input },
        Command::RecordTest {
            due: rig.row("intake.calibration.turbidity_left"),
            tested: Tested { reference: 20.0, before: 19.0, after: 20.0 }
        },
        rig.setting("coagulation.stroke", 0.9),
    ]
}

/// INV-36, INV-37: what cannot be is refused, and says why: one row for each way.
#[test]
fn every_refusal_says_why() {
    type Change = fn(&mut Rig);
    type Ask = fn(&Rig) -> Command;
    let quiet: Change = |_| {};
    let rows: &[(&str, Change, Ask, Reason)] = &[
        (
            "start, emergency stop latched",
            |r| r.plant.units.system.retained.emergency_latched = true,
            |_| Command::Start,
            Reason::EmergencyStop,
        ),
        ("wash, filter 0", quiet, |_| Command::Wash { filter: 0 }, Reason::Unknown),
        ("wash, filter 3 of 2", quiet, |_| Command::Wash { filter: 3 }, Reason::Unknown),
        ("abort, filter 9", quiet, |_| Command::AbortWash { filter: 9 }, Reason::Unknown),
        ("abort, no wash", quiet, |_| Command::AbortWash { filter: 1 }, Reason::NotNow),
        ("desludge, tank 0", quiet, |_| Command::Desludge { tank: 0 }, Reason::Unknown),
        ("desludge, tank 3 of 2", quiet, |_| Command::Desludge { tank: 3 }, Reason::Unknown),
        (
            "wash, filter out of AUTO",
            |r| r.plant.units.filter[0].handling.change(Mode::Maintenance, 1),
            |_| Command::Wash { filter: 1 },
            Reason::InMaintenance,
        ),
        (
            "wash, a valve of the filter by hand",
            |r| r.plant.units.filter[1].drain.handling.change(Mode::Manual, 1),
            |_| Command::Wash { filter: 2 },
            Reason::InManual,
        ),
        (
            "wash, filtration off",
            |r| r.plant.units.filtration.handling.change(Mode::Off, 1),
            |_| Command::Wash { filter: 1 },
            Reason::SwitchedOff,
        ),
        (
            "wash, P-351 by hand",
            |r| r.plant.units.filtration.wash_pump.handling.change(Mode::Manual, 1),
            |_| Command::Wash { filter: 1 },
            Reason::InManual,
        ),
        (
            "wash, P-351 failed",
            |r| r.plant.units.filtration.wash_pump.status.state = PumpState::Fault,
            |_| Command::Wash { filter: 1 },
            Reason::PumpFault,
        ),
        (
            "desludge, P-205 locked out",
            |r| r.plant.units.sedimentation.sludge_pump.handling.change(Mode::Maintenance, 1),
            |_| Command::Desludge { tank: 1 },
            Reason::InMaintenance,
        ),
        (
            "desludge, P-205 failed",
            |r| r.plant.units.sedimentation.sludge_pump.status.state = PumpState::Fault,
            |_| Command::Desludge { tank: 1 },
            Reason::PumpFault,
        ),
        (
            "desludge, tank out of AUTO",
            |r| r.plant.units.tank[0].handling.change(Mode::Off, 1),
            |_| Command::Desludge { tank: 1 },
            Reason::SwitchedOff,
        ),
        (
            "desludge, tank out of use",
            |r| r.plant.units.tank[1].settings.in_use = false,
            |_| Command::Desludge { tank: 2 },
            Reason::SwitchedOff,
        ),
        (
            "desludge, sludge valve locked out",
            |r| r.plant.units.tank[0].sludge.handling.change(Mode::Maintenance, 1),
            |_| Command::Desludge { tank: 1 },
            Reason::InMaintenance,
        ),
        (
            "desludge, sludge valve failed",
            |r| r.plant.units.tank[0].sludge.status.state = ValveState::Fault,
            |_| Command::Desludge { tank: 1 },
            Reason::ValveFault,
        ),
        (
            "prime, while there is too much",
            |r| r.plant.units.disinfection.status.state = Dosing::Overfeed,
            |_| Command::Prime,
            Reason::NotNow,
        ),
        (
            "chlorine, no number",
            quiet,
            |_| Command::EnterChlorine { tested: f64::NAN },
            Reason::OutOfRange,
        ),
        (
            "chlorine, too much",
            quiet,
            |_| Command::EnterChlorine { tested: 11.0 },
            Reason::OutOfRange,
        ),
        ("drained, no hold", quiet, |_| Command::ConfirmDrained, Reason::NotNow),
        (
            "quality, not mended",
            |r| r.plant.units.distribution.retained.contaminated = true,
            |_| Command::ConfirmQuality,
            Reason::CauseStillActive,
        ),
        ("strength, nobody asks", quiet, |_| Command::ConfirmStrength, Reason::NotNow),
        (
            "acknowledge, no alarm",
            quiet,
            |r| Command::Acknowledge { alarm: r.row("intake.turbidity") },
            Reason::Unknown,
        ),
        (
            "acknowledge, no row",
            quiet,
            |_| Command::Acknowledge { alarm: usize::MAX },
            Reason::Unknown,
        ),
        (
            "acknowledge, quiet",
            quiet,
            |r| Command::Acknowledge { alarm: r.row("disinfection.cap_reached") },
            Reason::NothingToAcknowledge,
        ),
        (
            "reset, quiet",
            quiet,
            |r| Command::ResetAlarm { alarm: r.row("disinfection.cap_reached") },
            Reason::NotNow,
        ),
        ("reset, no alarm", quiet, |_| Command::ResetAlarm { alarm: usize::MAX }, Reason::Unknown),
        (
            "mode, no device",
            quiet,
            |r| Command::Handle { device: r.row("intake.turbidity"), mode: Mode::Off },
            Reason::Unknown,
        ),
        (
            "by hand, in AUTO",
            quiet,
            |r| Command::ByHand { device: r.row("intake.inlet.mode"), wish: 50.0, seconds: 9.0 },
            Reason::NotInManual,
        ),
        (
            "by hand, no device",
            quiet,
            |_| Command::ByHand { device: usize::MAX, wish: 50.0, seconds: 9.0 },
            Reason::Unknown,
        ),
        (
            "by hand, too much",
            quiet,
            |r| Command::ByHand { device: r.row("intake.pump_a.mode"), wish: 101.0, seconds: 9.0 },
            Reason::OutOfRange,
        ),
        (
            "by hand, no number",
            quiet,
            |r| Command::ByHand {
                device: r.row("intake.pump_a.mode"),
                wish: f64::NAN,
                seconds: 9.0,
            },
            Reason::OutOfRange,
        ),
        (
            "by hand, too long",
            quiet,
            |r| Command::ByHand { device: r.row("intake.pump_a.mode"), wish: 1.0, seconds: 3601.0 },
            Reason::OutOfRange,
        ),
        (
            "by hand, without mains",
            quiet,
            |r| Command::ByHand { device: r.row("waste.pump.mode"), wish: 50.0, seconds: 9.0 },
            Reason::MainsLost,
        ),
        (
            "hold, for no time",
            quiet,
            |r| Command::Hold { input: r.row("intake.turbidity"), seconds: 0.0 },
            Reason::OutOfRange,
        ),
        (
            "hold, too long",
            quiet,
            |r| Command::Hold { input: r.row("intake.turbidity"), seconds: 3601.0 },
            Reason::OutOfRange,
        ),
        (
            "hold, no number",
            quiet,
            |r| Command::Hold { input: r.row("intake.turbidity"), seconds: f64::NAN },
            Reason::OutOfRange,
        ),
        (
            "hold, a contact",
            quiet,
            |r| Command::Hold { input: r.row("intake.wet_well_low_low"), seconds: 60.0 },
            Reason::Unknown,
        ),
        (
            "hold, nothing to freeze",
            quiet,
            |r| Command::Hold { input: r.row("intake.flow"), seconds: 60.0 },
            Reason::NotNow,
        ),
        (
            "release, not held",
            quiet,
            |r| Command::Release { input: r.row("intake.turbidity") },
            Reason::NotNow,
        ),
        ("set, no setting", quiet, |r| r.setting("intake.turbidity", 1.0), Reason::Unknown),
        (
            "set, no row",
            quiet,
            |_| Command::Set { setting: usize::MAX, value: 1.0 },
            Reason::Unknown,
        ),
        ("set, too low", quiet, |r| r.setting("coagulation.stroke", 0.04), Reason::OutOfRange),
        (
            "set, too high",
            quiet,
            |r| r.setting("disinfection.hourly_cap", 30.1),
            Reason::OutOfRange,
        ),
        (
            "set, no number",
            quiet,
            |r| r.setting("coagulation.stroke", f64::NAN),
            Reason::OutOfRange,
        ),
        (
            "set, too far",
            quiet,
            |r| r.setting("disinfection.residual_target", 1.5),
            Reason::ChangeTooLarge,
        ),
    ];
    for (name, change, ask, reason) in rows {
        let mut rig = Rig::new();
        change(&mut rig);
        let command = ask(&rig);
        assert_eq!(rig.ask(Role::Engineer, command), Err(*reason), "{name}");
    }
}

/// R-2.12-04, R-2.13-01: an instrument that stands beyond its scale counts as too much; a hold makes it unknown until it is released,
/// and its alarm for holds that ran out calls. What is silent has no hold.
#[test]
fn a_hold_makes_an_instrument_beyond_its_scale_unknown() {
    let mut rig = Rig::new();
    let row = rig.row("filtration.combined_turbidity");
    let slot = rig.plant.catalogue().input_slot("filtration.combined_turbidity").expect("AIT-330");
    let seen = |rig: &Rig| rig.plant.snapshot().samples[row].quality;
    rig.inputs.readings[slot] = Reading::good(25.0, Moment(0));
    rig.scan(&[]);
    assert_eq!(seen(&rig), Quality::Bad(Fault::Overrange));
    assert_eq!(rig.ask(Role::Supervisor, Command::Hold { input: row, seconds: 60.0 }), Ok(()));
    for second in 0..70 {
        rig.scan(&[]);
        assert_eq!(seen(&rig), Quality::Bad(Fault::HoldExpired), "{second} s");
    }
    assert_eq!(rig.ask(Role::Supervisor, Command::Release { input: row }), Ok(()));
    rig.scan(&[]);
    assert_eq!(seen(&rig), Quality::Bad(Fault::Overrange));
}

/// INV-37, R-2.3-05, R-2.3-06, R-2.5-03, R-2.6.3-07: no order turns a pair of settings round, not even by two of them in one
/// scan, nor lets sludge or a wash go where the waste tank has no room.
#[test]
fn a_setting_that_would_contradict_its_partner_is_refused() {
    for (path, value, verdict) in [
        ("intake.start_level", 0.5, Err(Reason::OutOfRange)),
        ("intake.start_level", 0.51, Ok(())),
        ("intake.stop_level", 0.8, Err(Reason::OutOfRange)),
        ("intake.flood_alarm", 5.1, Err(Reason::OutOfRange)),
        ("intake.flood_stop", 4.4, Err(Reason::OutOfRange)),
        ("intake.flood_stop", 4.6, Ok(())),
        ("tank2.weir_level", 2.0, Err(Reason::OutOfRange)),
        ("system.start_level", 1.6, Ok(())),
        ("sedimentation.waste_level_max", 85.1, Err(Reason::OutOfRange)),
        ("sedimentation.waste_level_max", 84.9, Ok(())),
        ("filtration.waste_level_max", 50.1, Err(Reason::OutOfRange)),
        ("filtration.waste_level_max", 49.9, Ok(())),
    ] {
        let mut rig = Rig::new();
        let command = rig.setting(path, value);
        assert_eq!(rig.ask(Role::Engineer, command), verdict, "{path} {value}");
    }
    let mut rig = Rig::new();
    let order =
        |number, command| Order { number, role: Role::Engineer, step: Step::Direct, command };
    let orders = [
        order(1, rig.setting("intake.stop_level", 0.7)),
        order(2, rig.setting("intake.start_level", 0.6)),
    ];
    let needs = orders.iter().any(|order| order.command.needs_selection());
    assert!(!needs, "a setting needs no selection");
    assert_eq!(rig.send(&orders), Err(Reason::OutOfRange));
}

/// R-2.1-07, INV-37: every setting has a range that its default fits, and what changes a dose moves by steps.
#[test]
fn every_setting_has_a_range_and_what_changes_a_dose_has_a_step() {
    let rig = Rig::new();
    let doses = ["mg/l", "g/l", "ml"];
    for row in &rig.plant.catalogue().rows {
        let Kind::Setting(Adjustable { low, high, default, step, role }) = row.kind else {
            continue;
        };
        assert!(low < high && (low..=high).contains(&default), "{}", row.path);
        assert!(step > 0.0 && role != Role::Observer && role != Role::Admin, "{}", row.path);
        let Form::Number { symbol, .. } = row.form else { continue };
        if doses.contains(&symbol) && matches!(row.unit.as_str(), "coagulation" | "disinfection") {
            assert!(step.is_finite() && step < high - low, "{}: {step}", row.path);
        }
    }
}

/// INV-37: a refused setting leaves the plant as it was, whole.
#[test]
fn a_refused_setting_changes_nothing() {
    let mut rig = Rig::new();
    let target = |rig: &Rig| rig.plant.units.disinfection.settings.residual_target;
    let before = target(&rig);
    for value in [9.0, f64::NAN, -1.0, f64::INFINITY, 2.0] {
        assert!(
            rig.ask(Role::Engineer, rig.setting("disinfection.residual_target", value)).is_err()
        );
        assert_eq!(target(&rig), before);
    }
    assert_eq!(rig.ask(Role::Operator, rig.setting("disinfection.residual_target", 1.2)), Ok(()));
    assert_ne!(target(&rig), before);
}
