//! The plant behind the tests: a few points, a journal in a folder of its own, a scan that answers what it is told to.

use std::sync::Arc;
use std::time::Duration;

use hil::{Act, Broken, SensorFault, Truth};
use parking_lot::Mutex;
use plc::alarm::{Condition, Priority};
use plc::image::{Command, Event, Sample, Snapshot, Step};
use plc::output::Output;
use plc::quantity::{Form, MilligramsPerLitre, StrokesPerMinute, Value};
use plc::reason::{Reason, Reasons};
use plc::signal::{Moment, Quality, Signal};
use plc::tag::{
    Adjustable, Catalogue, Driven, Group, Head, Measured, Plain, Point, Rationale, Role, Visitor,
};
use serde_json::Value as Json;
use tokio::task::JoinHandle;

use super::browser::Browser;
use crate::access::Access;
use crate::access::users;
use crate::exchange::{Exchange, FieldAsk, FieldView, Wall};
use crate::history::History;
use crate::journal::{Journal, Opened};
use crate::web::{Options, ServeFailed, Serving, Shape, serve_as};

/// Good enough for everybody.
pub const PASSWORD: &str = "clear river 12";

static UNIT: Group = Group::single("disinfection", "");
static CHLORINE: Point<Measured> = Point {
    head: head("chlorine", "AIT-401", "Chlorine in the clear well.", MilligramsPerLitre::FORM),
    words: plc::declare::measured(0.0..=5.0),
};
static RATE: Point<Driven> = Point {
    head: head("rate", "P-411", "Strokes asked for.", StrokesPerMinute::FORM),
    words: Driven { column: None, high: 180.0 },
};
static TARGET: Point<Adjustable> = Point {
    head: head("target", "", "Chlorine aimed at.", MilligramsPerLitre::FORM),
    words: plc::declare::between(0.2..=2.0, 0.8).by(Role::Supervisor),
};
static STATE: Point<Plain> = Point {
    head: head("state", "", "What it does.", Form::States(&["Off", "Dosing"])),
    words: Plain { span: None, among: Reasons::NONE },
};
static BLOCKED: Point<Plain> = Point {
    head: head("blocked", "", "What keeps it from dosing.", Form::Reasons),
    words: Plain { span: None, among: Reasons::NONE },
};
static TOO_LOW: Point<Rationale> = Point {
    head: head("chlorine_too_low", "AIT-403", "Too little chlorine.", Form::Alarm),
    words: plc::declare::alarm(402, Priority::P1),
};

const fn head(field: &'static str, tag: &'static str, about: &'static str, form: Form) -> Head {
    Head { field, tag, about, form }
}

fn catalogue() -> Catalogue {
    Catalogue::of(|walk| {
        walk.enter(&UNIT, None);
        walk.input(&CHLORINE, &mut Signal::<MilligramsPerLitre>::default());
        walk.output(&RATE, &mut Output::<StrokesPerMinute>::default());
        walk.setting(&TARGET, &mut MilligramsPerLitre(0.8));
        walk.status(&STATE, &mut false);
        walk.status(&BLOCKED, &mut Reasons::NONE.with(Reason::NotNow));
        walk.alarm(&TOO_LOW, &mut Condition::default());
        walk.leave();
    })
}

/// What the scan of the tests does.
struct Hand {
    snapshot: Snapshot,
    verdict: Result<(), Reason>,
    orders: Vec<Command>,
    frozen: bool,
    acts: Vec<Act>,
}

/// A running plant with its HMI.
pub struct TestPlant {
    pub state: tempfile::TempDir,
    pub access: Arc<Access>,
    pub serving: Serving,
    pub exchange: Arc<Exchange>,
    journal: Journal,
    history: History,
    hand: Arc<Mutex<Hand>>,
    tasks: Vec<JoinHandle<()>>,
}

impl TestPlant {
    pub async fn start() -> TestPlant {
        TestPlant::served(false, |_| {}, false).await
    }

    /// With a twin for a field.
    pub async fn with_field_page() -> TestPlant {
        TestPlant::served(false, |_| {}, true).await
    }

    pub async fn with(change: impl FnOnce(&mut Options)) -> TestPlant {
        TestPlant::served(false, change, false).await
    }

    pub async fn with_tls() -> TestPlant {
        TestPlant::served(true, |_| {}, false).await
    }

    async fn served(secure: bool, change: impl FnOnce(&mut Options), twin: bool) -> TestPlant {
        let state = tempfile::tempdir().unwrap();
        let exchange = Exchange::new(Arc::new(catalogue()));
        if twin {
            exchange.open_field_page();
        }
        let opened = Opened::open(state.path(), wall()).await.unwrap();
        let journal = opened.start(exchange.clone(), wall);
        let history = History::start(state.path(), exchange.clone());
        let access = Access::open(Arc::new(journal.clone()), exchange.catalogue.clone()).await;
        let access = Arc::new(access.unwrap());
        let mut options = options(state.path());
        change(&mut options);
        let mut serving = serve_as(
            secure,
            options,
            exchange.clone(),
            access.clone(),
            journal.clone(),
            history.clone(),
        )
        .unwrap();
        serving.answering().await.unwrap();
        let hand = Hand {
            snapshot: Snapshot::new(&exchange.catalogue),
            verdict: Ok(()),
            orders: Vec::new(),
            frozen: false,
            acts: Vec::new(),
        };
        let hand = Arc::new(Mutex::new(hand));
        let tasks = vec![
            tokio::spawn(exchange.clone().pump()),
            tokio::spawn(scan(exchange.clone(), hand.clone())),
        ];
        TestPlant { state, access, serving, exchange, journal, history, hand, tasks }
    }

    /// A second listener on an address.
    pub fn serve_again(&self, bind: std::net::SocketAddr) -> Result<Serving, ServeFailed> {
        let options = Options { bind, ..options(self.state.path()) };
        let (exchange, access) = (self.exchange.clone(), self.access.clone());
        let (journal, history) = (self.journal.clone(), self.history.clone());
        serve_as(false, options, exchange, access, journal, history)
    }

    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.serving.stop().await;
        self.history.close().await;
        self.journal.close().await;
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.serving.address)
    }

    pub async fn user(&self, name: &str, role: Role) {
        users::add(&self.journal, name, PASSWORD, vec![role]).await.unwrap();
    }

    pub fn row(&self, path: &str) -> usize {
        self.exchange.catalogue.find(path).unwrap().id
    }

    pub fn rows(&self) -> usize {
        self.exchange.catalogue.rows.len()
    }

    /// From the next scan on.
    pub fn show(&self, row: usize, value: f64, quality: Quality, why: Reasons) {
        self.hand.lock().snapshot.samples[row] = Sample { value, quality, why };
    }

    /// Waits until screens have it.
    pub async fn shows(&self, row: usize, sample: &Json) {
        let mut stream = self.browser().stream("/api/live").await;
        let mut values = stream.event("full").await;
        while values["values"][row.to_string()] != *sample {
            values = stream.event("change").await;
        }
    }

    pub fn happens(&self, event: Event) {
        self.exchange.leave(self.exchange.now(), event);
    }

    pub fn refuse(&self, reason: Reason) {
        self.hand.lock().verdict = Err(reason);
    }

    pub fn accept(&self) {
        self.hand.lock().verdict = Ok(());
    }

    /// The scan stops.
    pub fn freeze(&self) {
        self.hand.lock().frozen = true;
    }

    /// What has reached the twin.
    pub fn acts(&self) -> Vec<Act> {
        self.hand.lock().acts.clone()
    }

    /// What has reached the scan.
    pub fn orders(&self) -> Vec<Command> {
        self.hand.lock().orders.clone()
    }
}

fn wall() -> Wall {
    Wall { ms: chrono::Utc::now().timestamp_millis(), trusted: true }
}

fn options(state: &std::path::Path) -> Options {
    Options {
        bind: ([127, 0, 0, 1], 0).into(),
        state: state.into(),
        name: "Test".into(),
        languages: vec!["en".into(), "lo".into()],
        open_view: true,
        panels: vec![],
        speed: 10,
        shape: Shape { filters: 2, ..Shape::default() },
    }
}

async fn scan(exchange: Arc<Exchange>, hand: Arc<Mutex<Hand>>) {
    let mut scans = tokio::time::interval(Duration::from_millis(20));
    for scan in 1_u64.. {
        scans.tick().await;
        let mut hand = hand.lock();
        if hand.frozen {
            continue;
        }
        hand.snapshot.at = Moment(scan * 20_000);
        exchange.publish(&hand.snapshot, wall(), scan);
        while let Some(order) = exchange.take_order() {
            // A choice is taken; what is carried out is written down, and answered as the test says.
            let chosen = order.step == Step::Select;
            if !chosen {
                hand.orders.push(order.command);
            }
            let verdict = if chosen { Ok(()) } else { hand.verdict };
            let answer = Event::Answer { number: order.number, step: order.step, verdict };
            exchange.leave(hand.snapshot.at, answer);
        }
        while let Some(ask) = exchange.take_field_ask() {
            match ask {
                FieldAsk::Act(act, done) => {
                    let known = act != Act::Press("HS-000".into());
                    hand.acts.push(act);
                    let answer = if known { Ok(()) } else { Err("no button HS-000".into()) };
                    done.send(answer).unwrap();
                }
                FieldAsk::Look(seen) => drop(seen.send(view())),
            }
        }
    }
}

fn view() -> FieldView {
    FieldView {
        storm: true,
        mains: true,
        emergency_stop: false,
        local: false,
        faults: vec![("disinfection.chlorine".into(), Broken::Sensor(SensorFault::Bias(0.5)))],
        sensors: vec!["disinfection.chlorine".into()],
        actuators: vec!["disinfection.doser".into()],
        truth: Truth { raw_turbidity: plc::quantity::Ntu(12.5), ..Truth::default() },
    }
}
