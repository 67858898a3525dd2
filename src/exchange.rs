//! Snapshots out, commands in: the border between the scan thread and everything else.
//!
//! The scan thread never waits here. It leaves its newest snapshot behind a lock that is held for one copy, and its events in
//! a bounded queue; it takes orders from another. Everybody else reads [`Live`], follows [`Happening`]s and asks with
//! [`Exchange::ask`]. What happens at each limit is written at the limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use parking_lot::Mutex;
use plc::image::{Command, Event, Order, Snapshot, Step};
use plc::reason::Reason;
use plc::signal::Moment;
use plc::tag::{Catalogue, Role};
use tokio::sync::{Notify, broadcast, oneshot, watch};

/// Orders waiting for the next scan. A full queue refuses with [`Reason::QueueFull`].
pub const ORDERS_MAX: usize = 64;
/// Events between the scan and the journal: ten minutes of a bad day. At the limit the oldest waits are lost and
/// [`Exchange::events_lost`] counts them.
pub const EVENTS_MAX: usize = 4096;
/// Happenings a slow reader may lag behind before it must start over from [`Exchange::live`].
const LAG_MAX: usize = 1024;
/// Acts of the field page waiting for the next scan. A full queue refuses.
const FIELD_ASKS_MAX: usize = 64;
/// The scan answers within one period; this long means that it does not run.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Where an order comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Origin {
    /// Browser, with its address.
    Web(String),
    /// OPC UA session, with its name.
    OpcUa(String),
    /// A panel without log-in.
    Panel(String),
    /// The controller itself.
    Shell,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Who {
    pub user: String,
    #[serde(skip)]
    pub roles: Vec<Role>,
    pub origin: Origin,
}

impl Who {
    /// The controller itself, as Operator.
    #[must_use]
    pub fn shell() -> Who {
        Who { user: "controller".into(), roles: vec![Role::Operator], origin: Origin::Shell }
    }

    /// The role that may do most with the plant. Admin ranks nowhere here: it keeps users, it does not operate.
    #[must_use]
    pub fn highest(&self) -> Role {
        let operating = self.roles.iter().copied().filter(|role| *role != Role::Admin);
        operating.max().unwrap_or(Role::Observer)
    }
}

/// Wall time of a moment, for rows and OPC UA; never used in control.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wall {
    /// Milliseconds since 1970 UTC.
    pub ms: i64,
    /// Whether the clock was trusted then.
    pub trusted: bool,
}

/// The plant after one scan, as everybody outside sees it.
#[derive(Clone, Debug)]
pub struct Live {
    pub snapshot: Snapshot,
    /// Wall time of `snapshot.at`.
    pub wall: Wall,
    /// Scans so far.
    pub scan: u64,
}

impl Live {
    /// Wall time of another moment near this scan.
    #[must_use]
    pub fn wall_ms(&self, moment: Moment) -> i64 {
        let back = self.snapshot.at.0 as i64 - moment.0 as i64;
        self.wall.ms - back / 1000
    }
}

/// An event, stamped, with its sender where it has one; announced once it is durable.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Counts up without gaps within one start.
    pub number: u64,
    pub at: Moment,
    pub wall: Wall,
    pub event: Event,
    /// The sender of the order behind it.
    pub who: Option<Who>,
    /// The sender's reason or comment.
    pub why: String,
    /// False: storage did not answer within a second.
    pub saved: bool,
    /// OPC UA's EventId of an alarm transition.
    pub event_id: [u8; 16],
}

/// An order on its way, remembered under its number.
#[derive(Debug)]
pub struct Asked {
    pub who: Who,
    pub why: String,
    pub command: Command,
    answer: Option<oneshot::Sender<Result<(), Reason>>>,
}

/// What the shell knows of itself and the plant must hear: inputs with [`plc::tag::Source::Shell`].
#[derive(Debug)]
pub struct Report {
    /// The journal takes what it is given.
    pub storage_ok: AtomicBool,
    /// The history takes samples. Shown only; the plant does not care.
    pub history_ok: AtomicBool,
    /// The wall clock is synchronised.
    pub clock_trusted: AtomicBool,
    /// Local time less UTC, seconds.
    pub local_offset_s: AtomicI64,
    /// An owner exists.
    pub setup_done: AtomicBool,
    /// The hardware watchdog brought this start about.
    pub watchdog_restart: AtomicBool,
    /// Scan start lateness over the last 600 scans, microseconds: half of them began at most so late, 99 % at most so late.
    pub lateness_p50_us: AtomicU64,
    pub lateness_p99_us: AtomicU64,
    /// Scans that began after their successor was due.
    pub overruns: AtomicU64,
    /// What is on the disk for certain of the dosing ledgers' reservations, micrograms: PAC, chlorine.
    durable: [AtomicU64; 2],
}

impl Default for Report {
    fn default() -> Report {
        Report {
            storage_ok: AtomicBool::new(true),
            history_ok: AtomicBool::new(true),
            clock_trusted: AtomicBool::new(false),
            local_offset_s: AtomicI64::new(0),
            setup_done: AtomicBool::new(false),
            watchdog_restart: AtomicBool::new(false),
            lateness_p50_us: AtomicU64::new(0),
            lateness_p99_us: AtomicU64::new(0),
            overruns: AtomicU64::new(0),
            durable: Default::default(),
        }
    }
}

impl Report {
    /// The journal has made so much durable.
    pub fn set_durable(&self, micrograms: [u64; 2]) {
        for (place, micrograms) in self.durable.iter().zip(micrograms) {
            place.store(micrograms, Ordering::Relaxed);
        }
    }

    /// What is durable of the reservations, grams.
    #[must_use]
    pub fn durable(&self) -> [f64; 2] {
        self.durable.each_ref().map(|place| place.load(Ordering::Relaxed) as f64 / 1e6)
    }
}

/// What the demo's field page asks of the embedded twin. Answered by the next scan.
#[derive(Debug)]
pub enum FieldAsk {
    /// Does something to the plant.
    Act(hil::Act, oneshot::Sender<Result<(), String>>),
    /// Shows how things really stand.
    Look(oneshot::Sender<FieldView>),
}

/// The embedded twin as its page shows it.
#[derive(Clone, Debug)]
pub struct FieldView {
    /// A called storm is on.
    pub storm: bool,
    pub mains: bool,
    /// ES-900 is pushed in.
    pub emergency_stop: bool,
    /// HS-900 stands at LOCAL.
    pub local: bool,
    /// What is broken, by path.
    pub faults: Vec<(String, hil::Broken)>,
    /// Paths of the instruments and contacts that can break.
    pub sensors: Vec<String>,
    /// Paths of the devices that can break.
    pub actuators: Vec<String>,
    pub truth: hil::Truth,
}

/// An event as the scan thread leaves it.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pub at: Moment,
    pub event: Event,
}

fn reservations(snapshot: &Snapshot) -> [u64; 2] {
    snapshot.ledgers.each_ref().map(plc::guard::Ledger::reserved)
}

/// The border. One a controller, shared by reference count.
#[derive(Debug)]
pub struct Exchange {
    pub catalogue: Arc<Catalogue>,
    /// What the shell reports of itself.
    pub report: Report,
    newest: Mutex<Live>,
    scanned: Notify,
    /// A dosing ledger has reserved more.
    reserved: Notify,
    live: watch::Sender<Arc<Live>>,
    orders: ArrayQueue<Order>,
    numbers: AtomicU32,
    asked: Mutex<HashMap<u32, Asked>>,
    events: ArrayQueue<Left>,
    lost: AtomicU64,
    happened: Notify,
    announced: broadcast::Sender<Arc<Happening>>,
    /// The embedded twin is there to ask.
    field_page: AtomicBool,
    field_asks: ArrayQueue<FieldAsk>,
}

impl Exchange {
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Arc<Exchange> {
        let start = Live { snapshot: Snapshot::new(&catalogue), wall: Wall::default(), scan: 0 };
        Arc::new(Exchange {
            catalogue,
            report: Report::default(),
            newest: Mutex::new(start.clone()),
            scanned: Notify::new(),
            reserved: Notify::new(),
            live: watch::Sender::new(Arc::new(start)),
            orders: ArrayQueue::new(ORDERS_MAX),
            numbers: AtomicU32::new(1),
            asked: Mutex::new(HashMap::new()),
            events: ArrayQueue::new(EVENTS_MAX),
            lost: AtomicU64::new(0),
            happened: Notify::new(),
            announced: broadcast::Sender::new(LAG_MAX),
            field_page: AtomicBool::new(false),
            field_asks: ArrayQueue::new(FIELD_ASKS_MAX),
        })
    }

    // The scan thread's side: no waiting, no allocation.

    /// Leaves the newest snapshot. Readers hold the lock for one copy at most.
    pub fn publish(&self, snapshot: &Snapshot, wall: Wall, scan: u64) {
        let mut newest = self.newest.lock();
        let reserved = reservations(&newest.snapshot);
        newest.snapshot.copy_from(snapshot);
        newest.wall = wall;
        newest.scan = scan;
        drop(newest);
        if reserved != reservations(snapshot) {
            self.reserved.notify_one();
        }
        self.scanned.notify_one();
    }

    /// Leaves an event. A full queue drops the oldest and counts it.
    pub fn leave(&self, at: Moment, event: Event) {
        if self.events.force_push(Left { at, event }).is_some() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.happened.notify_one();
    }

    /// The next order, if any.
    pub fn take_order(&self) -> Option<Order> {
        self.orders.pop()
    }

    // The runtime's side.

    /// Copies each scan's snapshot out to the readers. Runs until dropped.
    pub async fn pump(self: Arc<Exchange>) {
        loop {
            self.scanned.notified().await;
            let newest = Arc::new(self.newest.lock().clone());
            self.live.send_replace(newest);
        }
    }

    /// The plant now.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.live.borrow().clone()
    }

    /// Follows the plant: each wait yields the newest state, however many scans lie between.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Arc<Live>> {
        self.live.subscribe()
    }

    /// Follows what happens, from now. A reader that lags more than 1 024 behind is told so and starts over.
    #[must_use]
    pub fn happenings(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.announced.subscribe()
    }

    /// Wall time of a moment, as the scan saw it: by the newest snapshot, whether the readers have it yet or not.
    #[must_use]
    pub fn wall_of(&self, moment: Moment) -> Wall {
        let newest = self.newest.lock();
        Wall { ms: newest.wall_ms(moment), trusted: newest.wall.trusted }
    }

    /// The newest snapshot, copied, whether the readers have it yet or not.
    #[must_use]
    pub fn newest(&self) -> Live {
        self.newest.lock().clone()
    }

    /// What the dosing ledgers have reserved by now, micrograms.
    #[must_use]
    pub fn reserved(&self) -> [u64; 2] {
        reservations(&self.newest.lock().snapshot)
    }

    /// Comes back when a ledger has reserved more: it wants to be durable before it is dosed.
    pub async fn reserved_more(&self) {
        self.reserved.notified().await;
    }

    /// The moment of the newest snapshot.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.newest.lock().snapshot.at
    }

    /// The next event for the journal, in order.
    pub async fn next_event(&self) -> Left {
        loop {
            if let Some(left) = self.events.pop() {
                return left;
            }
            self.happened.notified().await;
        }
    }

    /// An event for the journal, if one waits.
    pub fn try_event(&self) -> Option<Left> {
        self.events.pop()
    }

    /// Events lost because the journal did not keep up.
    #[must_use]
    pub fn events_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The order behind a number: its sender and reason, for the journal.
    #[must_use]
    pub fn asked(&self, number: u32) -> Option<(Who, String, Command)> {
        let asked = self.asked.lock();
        asked.get(&number).map(|one| (one.who.clone(), one.why.clone(), one.command))
    }

    /// The journal tells everybody. An answer also goes to its sender, who was waiting for exactly this.
    pub fn announce(&self, happening: Happening) {
        if let Event::Answer { number, verdict, .. } = happening.event {
            let asked = self.asked.lock().remove(&number);
            if let Some(answer) = asked.and_then(|mut one| one.answer.take()) {
                let _ = answer.send(verdict);
            }
        }
        let _ = self.announced.send(Arc::new(happening));
    }

    /// Asks the plant. `access` has already said that this person may; the plant says whether it is possible now. The
    /// answer comes once it is journalled.
    pub async fn ask(&self, who: Who, command: Command, why: String) -> Result<(), Reason> {
        if !command.needs_selection() {
            return self.send(who, command, why, Step::Direct).await.map(|_| ());
        }
        let token = self.select(who.clone(), command).await?;
        self.operate(who, command, why, token).await
    }

    /// First step of a command that is chosen before it is carried out; its token.
    pub async fn select(&self, who: Who, command: Command) -> Result<u32, Reason> {
        self.send(who, command, String::new(), Step::Select).await
    }

    /// Second step.
    pub async fn operate(
        &self,
        who: Who,
        command: Command,
        why: String,
        token: u32,
    ) -> Result<(), Reason> {
        self.send(who, command, why, Step::Operate { token }).await.map(|_| ())
    }

    /// Sends an order and waits for its answer; its number.
    async fn send(
        &self,
        who: Who,
        command: Command,
        why: String,
        step: Step,
    ) -> Result<u32, Reason> {
        if step != Step::Select && command.needs_words() && why.trim().is_empty() {
            return Err(Reason::WordsNeeded);
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let role = who.highest();
        let (answer, answered) = oneshot::channel();
        self.asked.lock().insert(number, Asked { who, why, command, answer: Some(answer) });
        if self.orders.push(Order { number, role, step, command }).is_err() {
            self.asked.lock().remove(&number);
            return Err(Reason::QueueFull);
        }
        match tokio::time::timeout(ANSWER_MAX, answered).await {
            Ok(Ok(verdict)) => verdict.map(|()| number),
            Ok(Err(_)) | Err(_) => {
                self.asked.lock().remove(&number);
                Err(Reason::NotNow)
            }
        }
    }

    // The demo's field page, where the field is the embedded twin.

    /// The twin says that it is there.
    pub fn open_field_page(&self) {
        self.field_page.store(true, Ordering::Relaxed);
    }

    /// Whether there is an embedded twin to ask.
    #[must_use]
    pub fn has_field_page(&self) -> bool {
        self.field_page.load(Ordering::Relaxed)
    }

    /// What the page asks next, if anything: for the twin, on the scan thread.
    pub fn take_field_ask(&self) -> Option<FieldAsk> {
        self.field_asks.pop()
    }

    /// Does something to the embedded twin; a refusal is in words.
    pub async fn field_act(&self, act: hil::Act) -> Result<(), String> {
        let (done, answer) = oneshot::channel();
        self.ask_field(FieldAsk::Act(act, done), answer).await?
    }

    /// How things really stand with the embedded twin.
    pub async fn field_view(&self) -> Result<FieldView, String> {
        let (seen, answer) = oneshot::channel();
        self.ask_field(FieldAsk::Look(seen), answer).await
    }

    async fn ask_field<T>(&self, ask: FieldAsk, answer: oneshot::Receiver<T>) -> Result<T, String> {
        if !self.has_field_page() {
            return Err("there is no embedded twin".into());
        }
        self.field_asks.push(ask).map_err(|_| "too much at once".to_owned())?;
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err("the plant is not scanned".into()),
        }
    }
}
