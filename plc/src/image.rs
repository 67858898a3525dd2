//! What crosses the border of the crate: flat, one slot a point.

use alloc::boxed::Box;
use alloc::vec;

use crate::alarm::{AlarmSample, Condition, Transition};
use crate::device::Mode;
use crate::guard::Ledger;
use crate::output::Output;
use crate::quantity::{Form, Value};
use crate::reason::{Reason, Reasons};
use crate::signal::{Moment, Quality, Reading, Signal};
use crate::tag::{Catalogue, Role};
pub use crate::unit::chemicals::{Batch, Chemical};

/// What the field and the shell hand in for one scan, one reading an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// By [`crate::tag::Row::slot`] of the inputs.
    pub readings: Box<[Reading]>,
}

impl Inputs {
    /// Nothing read yet.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Inputs {
        Inputs { readings: vec![Reading::default(); catalogue.inputs].into_boxed_slice() }
    }
}

/// What goes to the field, one number an output. The default is the de-energised plant.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// By [`crate::tag::Row::slot`] of the outputs; contacts are 0 or 1.
    pub values: Box<[f64]>,
}

impl Outputs {
    /// The de-energised plant.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Outputs {
        Outputs { values: vec![0.0; catalogue.outputs].into_boxed_slice() }
    }

    /// Everything off.
    pub fn de_energise(&mut self) {
        self.values.fill(0.0);
    }
}

/// A status value as a sample.
pub trait Shown: Default + 'static {
    /// How it is shown.
    const FORM: Form;
    /// The sample of now.
    fn sample(&self) -> Sample;
}

impl<Q: Value> Shown for Q {
    const FORM: Form = Q::FORM;
    fn sample(&self) -> Sample {
        Sample { value: self.to_f64(), quality: Quality::Good, why: Reasons::NONE }
    }
}

impl Shown for Reasons {
    const FORM: Form = Form::Reasons;
    fn sample(&self) -> Sample {
        Sample { value: 0.0, quality: Quality::Good, why: *self }
    }
}

impl<Q: Value> Shown for Signal<Q> {
    const FORM: Form = Q::FORM;
    fn sample(&self) -> Sample {
        let value = self.shown().map_or(0.0, Value::to_f64);
        Sample { value, quality: self.quality(), why: Reasons::NONE }
    }
}

impl<Q: Value> Shown for Output<Q> {
    const FORM: Form = Q::FORM;
    fn sample(&self) -> Sample {
        Sample { value: self.value().to_f64(), quality: Quality::Good, why: self.held() }
    }
}

impl Shown for Condition {
    const FORM: Form = Form::Alarm;
    fn sample(&self) -> Sample {
        Sample::default()
    }
}

/// One slot of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The number; means nothing while the quality is bad.
    pub value: f64,
    pub quality: Quality,
    /// An output's holds, or the set of a [`Form::Reasons`] point.
    pub why: Reasons,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample {
            value: 0.0,
            quality: Quality::Bad(crate::signal::Fault::NotYetRead),
            why: Reasons::NONE,
        }
    }
}

/// The whole plant after one scan, one sample a row of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub at: Moment,
    /// By [`crate::tag::Row::id`].
    pub samples: Box<[Sample]>,
    /// When each was measured or computed.
    pub taken: Box<[Moment]>,
    /// What the units asked of each output, whatever it was given, by [`crate::tag::Row::slot`] of the outputs.
    pub wanted: Box<[f64]>,
    /// By [`crate::tag::Row::slot`] of the alarms.
    pub alarms: Box<[AlarmSample]>,
    /// What the dosing guards have on record: PAC, chlorine. The shell keeps it.
    pub ledgers: [Ledger; 2],
}

impl Snapshot {
    /// Before the first scan.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Snapshot {
        let rows = catalogue.rows.len();
        Snapshot {
            at: Moment(0),
            samples: vec![Sample::default(); rows].into_boxed_slice(),
            taken: vec![Moment(0); rows].into_boxed_slice(),
            wanted: vec![0.0; catalogue.outputs].into_boxed_slice(),
            alarms: vec![AlarmSample::default(); catalogue.alarms].into_boxed_slice(),
            ledgers: [Ledger::default(); 2],
        }
    }

    /// Writes one row.
    pub(crate) fn put(&mut self, row: usize, sample: Sample, taken: Moment) {
        if let (Some(place), Some(at)) = (self.samples.get_mut(row), self.taken.get_mut(row)) {
            *place = sample;
            *at = taken;
        }
    }

    /// A row was measured again and is as it was.
    pub(crate) fn renew(&mut self, row: Option<&usize>, taken: Moment) {
        if let Some(at) = row.and_then(|row| self.taken.get_mut(*row)) {
            *at = taken;
        }
    }

    /// Takes over another's content without allocating.
    pub fn copy_from(&mut self, other: &Snapshot) {
        self.at = other.at;
        self.samples.copy_from_slice(&other.samples);
        self.taken.copy_from_slice(&other.taken);
        self.wanted.copy_from_slice(&other.wanted);
        self.alarms.copy_from_slice(&other.alarms);
        self.ledgers = other.ledgers;
    }
}

/// What a person or a schedule asks for. True for exactly one scan, ranked below interlocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Make water.
    Start,
    /// Stop in order.
    Stop,
    /// Everything off now.
    StopAll,
    /// Reset latched trips whose cause is gone.
    Reset,
    /// Wash this filter (from 1).
    Wash {
        filter: u8,
    },
    /// Abort its wash.
    AbortWash {
        filter: u8,
    },
    /// Desludge this tank (from 1).
    Desludge {
        tank: u8,
    },
    /// Prime the chlorine pump: a minute at full stroke, once a day.
    Prime,
    /// Close the intake, or open it again.
    CloseIntake,
    OpenIntake,
    /// The clear well was drained by HV-401.
    ConfirmDrained,
    /// The clear well is fit again: ends the quality hold where its conditions are met.
    ConfirmQuality,
    /// After more than a day without power: the chlorine is as strong as its setting says.
    ConfirmStrength,
    /// The waste tank's sludge was removed by hand: the estimate of its dry solids begins anew.
    ConfirmSludgeRemoved,
    /// A batch was mixed into a day tank that was refilled.
    Mixed {
        chemical: Chemical,
        batch: Batch,
    },
    /// Free chlorine at the clear well's outlet as a person tested it, mg/l.
    EnterChlorine {
        tested: f64,
    },
    /// Raw turbidity as a person tested it, NTU, while AIT-101 does not measure.
    EnterTurbidity {
        tested: f64,
    },
    /// A jar test: raw NTU, best dose in mg/l, settled NTU of that jar.
    JarTest {
        raw: f64,
        dose: f64,
        settled: f64,
    },
    /// The dose table follows the last jar test that waits or was taken back.
    AcceptJarTest,
    /// Takes the last jar test back that the dose table follows.
    RevertJarTest,
    /// Seen. By row id of the alarm.
    Acknowledge {
        alarm: usize,
    },
    /// Every low and medium alarm that is shown has been seen.
    AcknowledgeLow,
    /// Ends a latched alarm whose cause is gone. By row id.
    ResetAlarm {
        alarm: usize,
    },
    /// Puts an alarm on the shelf: nobody is told of it for so many seconds. By row id.
    Shelve {
        alarm: usize,
        seconds: f64,
    },
    /// The same until its cause goes.
    ShelveOnce {
        alarm: usize,
    },
    /// Takes it from the shelf.
    Unshelve {
        alarm: usize,
    },
    /// Takes an alarm out of service while its instrument or device is worked on, and back. By row id.
    OutOfService {
        alarm: usize,
    },
    InService {
        alarm: usize,
    },
    /// The emergency profile: filtered water up to so many NTU goes to people, who boil it, for so many seconds.
    BeginEmergency {
        limit: f64,
        seconds: f64,
    },
    /// Ends it before its time.
    EndEmergency,
    /// The horn.
    Silence,
    /// Who commands a device, or a unit with its devices. By row id of its `mode` point.
    Handle {
        device: usize,
        mode: Mode,
    },
    /// A wish of a device in MANUAL, 0 to 100 %: speed, share of full strokes, or place of a valve; for so many seconds.
    ByHand {
        device: usize,
        wish: f64,
        seconds: f64,
    },
    /// Freezes an instrument's value while somebody works on it, for so many seconds. By row id of the input.
    Hold {
        input: usize,
        seconds: f64,
    },
    /// Ends a hold: the instrument measures again.
    Release {
        input: usize,
    },
    /// A test of an instrument or a dosing pump against a known value, by row id of its time left.
    RecordTest {
        due: usize,
        tested: Tested,
    },
    /// A setting, by row id, in its unit.
    Set {
        setting: usize,
        value: f64,
    },
}

impl Command {
    /// The least role that may ask for it; that of a setting stands in its declaration: `None`.
    #[must_use]
    pub fn least_role(&self) -> Option<Role> {
        match self {
            Command::Start
            | Command::Stop
            | Command::StopAll
            | Command::Reset
            | Command::Wash { .. }
            | Command::AbortWash { .. }
            | Command::Desludge { .. }
            | Command::Prime
            | Command::CloseIntake
            | Command::OpenIntake
            | Command::ConfirmDrained
            | Command::ConfirmQuality
            | Command::ConfirmStrength
            | Command::ConfirmSludgeRemoved
            | Command::Mixed { .. }
            | Command::EnterChlorine { .. }
            | Command::EnterTurbidity { .. }
            | Command::JarTest { .. }
            | Command::RevertJarTest
            | Command::Acknowledge { .. }
            | Command::AcknowledgeLow
            | Command::ResetAlarm { .. }
            // How much of this an Operator may do stands beside the alarm's priority.
            | Command::Shelve { .. }
            | Command::ShelveOnce { .. }
            | Command::Unshelve { .. }
            | Command::EndEmergency
            | Command::Silence => Some(Role::Operator),
            Command::OutOfService { .. }
            | Command::InService { .. }
            | Command::BeginEmergency { .. } => Some(Role::Engineer),
            Command::AcceptJarTest
            | Command::Handle { .. }
            | Command::ByHand { .. }
            | Command::Hold { .. }
            | Command::RecordTest { .. }
            | Command::Release { .. } => Some(Role::Supervisor),
            Command::Set { .. } => None,
        }
    }

    /// Whether it is refused without a person's words why: what takes from people a protection that they cannot see is
    /// explained to them (INV-45).
    #[must_use]
    pub fn needs_words(&self) -> bool {
        matches!(self, Command::BeginEmergency { .. })
    }

    /// Whether it is chosen first and carried out then: whatever may start something or take a protection away. What only
    /// stops, shows or is seen, and a number typed in and confirmed on its page, is one step.
    #[must_use]
    pub fn needs_selection(&self) -> bool {
        match self {
            Command::Start
            | Command::Wash { .. }
            | Command::Desludge { .. }
            | Command::Prime
            | Command::OpenIntake
            | Command::ConfirmDrained
            | Command::ConfirmQuality
            | Command::ConfirmStrength
            | Command::ConfirmSludgeRemoved
            | Command::Shelve { .. }
            | Command::ShelveOnce { .. }
            | Command::OutOfService { .. }
            | Command::AcceptJarTest
            | Command::Handle { .. }
            | Command::ByHand { .. }
            | Command::Hold { .. }
            | Command::BeginEmergency { .. } => true,
            Command::Stop
            | Command::StopAll
            | Command::Reset
            | Command::AbortWash { .. }
            | Command::CloseIntake
            | Command::EnterChlorine { .. }
            | Command::EnterTurbidity { .. }
            | Command::JarTest { .. }
            | Command::RevertJarTest
            | Command::Acknowledge { .. }
            | Command::AcknowledgeLow
            | Command::ResetAlarm { .. }
            | Command::Unshelve { .. }
            | Command::InService { .. }
            | Command::EndEmergency
            | Command::Silence
            | Command::Mixed { .. }
            | Command::RecordTest { .. }
            | Command::Release { .. }
            | Command::Set { .. } => false,
        }
    }
}

/// Select before operate: where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Carried out at once, where the command allows it.
    Direct,
    /// Chosen; nothing happens yet. Its number is the token.
    Select,
    /// Carried out, chosen before under this token.
    Operate { token: u32 },
}

/// A command with its sender's number and role. Who and why stay in the shell under the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    pub number: u32,
    pub role: Role,
    pub step: Step,
    pub command: Command,
}

/// What a person found and left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// The known value, in the instrument's unit; of a draw-down ml/min.
    pub reference: f64,
    /// What it showed before it was adjusted.
    pub before: f64,
    /// What it showed after.
    pub after: f64,
}

/// What happened in a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// An order was chosen, carried out, or refused.
    Answer { number: u32, step: Step, verdict: Result<(), Reason> },
    /// An alarm changed its state. By row id.
    Alarm { alarm: usize, transition: Transition },
    /// A unit changed its state. By row id of the state point; names are in its [`Form::States`].
    State { row: usize, from: u16, to: u16 },
    /// A cause of the cause-and-effect table began or ended.
    Cause { cause: Reason, began: bool },
    /// A setting was changed. By row id.
    Setting { row: usize, from: f64, to: f64, number: u32 },
    /// An instrument or a dosing pump was tested. By row id of its time left.
    Tested { row: usize, tested: Tested, number: u32 },
    /// More happened than the buffer holds.
    Overflow,
}

impl Event {
    /// What the plant said to the order of this number, if this says it.
    #[must_use]
    pub fn verdict_on(&self, order: u32) -> Option<Result<(), Reason>> {
        match *self {
            Event::Answer { number, verdict, .. } => (number == order).then_some(verdict),
            Event::Alarm { .. }
            | Event::State { .. }
            | Event::Cause { .. }
            | Event::Setting { .. }
            | Event::Tested { .. }
            | Event::Overflow => None,
        }
    }
}
