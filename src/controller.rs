//! Builds everything and stops it in order.
//!
//! The scan comes first and waits for nobody: its plant knows what the journal remembers, and everything else starts behind
//! it. At a stop the outputs go off first; then what happened is written; then the doors close.

mod beginning;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use config::{FieldKind, Site};
use plc::plant::Plant;
use plc::tag::{Catalogue, Kind};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::Access;
use crate::access::users::UsersFailed;
use crate::exchange::{Exchange, Wall};
use crate::field::Field;
use crate::field::buses::{BusField, FieldError};
use crate::field::header;
use crate::field::twin::TwinField;
use crate::folder::{self, Lock, LockError};
use crate::history::History;
use crate::journal::{Journal, JournalError, Note, Opened, Setting};
use crate::recorder::Recorder;
use crate::scan::{self, Panicked, Scanning, Timing};
use crate::{machine, opcua, web};

/// How often the wall clock, the history and the set-up are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A wall clock that moves this much against the boot clock has been set (`docs/spec/interfaces.md` REL-14).
const CLOCK_STEP_MS: i64 = 5_000;
/// A stop takes at most this long (`docs/spec/contracts.md`).
const STOP_MAX: Duration = Duration::from_millis(4_800);

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    pub site: Site,
    /// State folder.
    pub state: PathBuf,
    /// HMI; port 0: any free one.
    pub http: SocketAddr,
    /// OPC UA; port 0: any free one.
    pub opcua: SocketAddr,
    /// Scans a period.
    pub speed: u32,
    /// A Unix socket at which another program plays the lines of the header; `None`: the header of this machine.
    pub simulated_lines: Option<PathBuf>,
    pub recording: Recording,
    /// The wall clock, milliseconds since 1970 UTC: [`machine::wall_ms`].
    pub wall_ms: fn() -> i64,
}

/// What is recorded of a run beside its scans, and how much.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Bytes of all recordings in the state folder; 0: nothing is recorded.
    pub bound: u64,
    /// The text of the site file, and what was laid over it.
    pub text: String,
    pub set: Vec<String>,
}

/// Why the controller does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Users(#[from] UsersFailed),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the scan thread cannot be started: {0}")]
    Thread(#[source] std::io::Error),
    #[error(transparent)]
    Web(#[from] web::ServeFailed),
    #[error(transparent)]
    OpcUa(#[from] opcua::ServeFailed),
    #[error(transparent)]
    Panicked(#[from] Panicked),
    #[error("not everything stopped within 5 s")]
    StopTookTooLong,
}

/// The wall clock now.
#[must_use]
pub fn wall() -> Wall {
    Wall { ms: machine::wall_ms(), trusted: machine::clock_is_synchronised() }
}

/// The points of a plant, as its file is checked against.
#[must_use]
pub fn catalogue_of(shape: &plc::plant::Shape) -> Catalogue {
    Plant::new(shape).catalogue().clone()
}

/// A running controller.
pub struct Controller {
    /// What to type into a browser.
    pub http: String,
    /// What OPC UA clients connect to.
    pub opcua: String,
    /// What the first user must know; `None`: the plant has an owner.
    pub setup_code: Option<String>,
    /// What happens, and where to ask.
    pub exchange: Arc<Exchange>,
    pub journal: Journal,
    pub history: History,
    scanning: Scanning,
    recorder: Option<Recorder>,
    hmi: web::Serving,
    opcua_task: JoinHandle<()>,
    opcua_ready: watch::Receiver<bool>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// Let go of last.
    _lock: Option<Lock>,
}

impl Controller {
    /// Starts a plant. Comes back when it is scanned and its doors have their addresses.
    pub async fn start(options: Options) -> Result<Controller, ControllerError> {
        let Options { site, state, .. } = &options;
        let lock = folder::lock(state)?;
        let wall_ms = options.wall_ms;
        let now = Wall { ms: wall_ms(), trusted: machine::clock_is_synchronised() };
        let mut opened = Opened::open(state, now).await?;
        opened.begin(now).await;
        let mut catalogue = catalogue_of(&site.shape);
        site.rename_tags(&mut catalogue);
        opened.recover(&catalogue, now);
        let dropped = drop_settings(&mut opened, site, &catalogue).await;
        let ahead_ms = ahead(&opened, now, options.speed);
        let beginning = beginning::of(&options, &opened, &catalogue, now, ahead_ms);
        let plant = beginning::plant(&beginning);

        let exchange = Exchange::new(Arc::new(catalogue));
        let report = &exchange.report;
        report.clock_trusted.store(now.trusted, Ordering::Relaxed);
        report.local_offset_s.store(machine::local_offset_s(), Ordering::Relaxed);
        report.watchdog_restart.store(!opened.ended_orderly(), Ordering::Relaxed);
        let owned = opened.users().iter().any(|user| crate::access::users::is_owner(&user.roles));
        report.setup_done.store(owned, Ordering::Relaxed);
        let field = field(&options, &exchange)?;
        let journal = opened.start(Arc::clone(&exchange), wall);
        journal.note(Note { new: env!("CARGO_PKG_VERSION").into(), ..Note::of("Started") });
        dropped.into_iter().for_each(|note| journal.note(note));
        let mut tasks = vec![tokio::spawn(Arc::clone(&exchange).pump())];
        let timing = Timing { period: site.period, speed: options.speed, ahead_ms, wall_ms };
        let (recorder, tap) = beginning::record(&options, beginning, &exchange.catalogue);
        let scanning = scan::start(plant, field, Arc::clone(&exchange), timing, tap)
            .map_err(ControllerError::Thread)?;

        let history = History::start(state, Arc::clone(&exchange));
        let doors = Doors { options: &options, exchange, journal, history };
        match doors.open(&mut tasks).await {
            Ok(open) => Ok(open.into_controller((scanning, recorder), tasks, lock, doors)),
            Err(error) => {
                if scanning.stop().await.is_err() {
                    tracing::error!("the scan panicked while the controller was starting");
                }
                doors.journal.note(Note { why: error.to_string(), ..Note::of("Stopped") });
                doors.journal.close().await;
                doors.history.close().await;
                if let Some(recorder) = &recorder {
                    recorder.close().await;
                }
                Err(error)
            }
        }
    }

    /// Comes back when the HMI and OPC UA answer. On first boot the keys are made first, which takes seconds.
    pub async fn answering(&mut self) -> Result<(), ControllerError> {
        let Controller { hmi, opcua_ready, scanning, .. } = self;
        let answering = async {
            hmi.answering().await?;
            // An error means that the server has ended: the log says why, and the plant goes on without it.
            let _ = opcua_ready.wait_for(|ready| *ready).await;
            Ok(())
        };
        tokio::select! {
            answers = answering => answers,
            () = scanning.ended() => Err(Panicked.into()),
        }
    }

    /// Comes back when the scan has ended of itself: it panicked.
    pub async fn ended(&self) {
        self.scanning.ended().await;
    }

    /// Switches all outputs off, writes what happened, closes everything.
    pub async fn stop(self) -> Result<(), ControllerError> {
        let stopped = tokio::time::timeout(STOP_MAX, self.stop_in_order()).await;
        stopped.map_err(|_| ControllerError::StopTookTooLong)?
    }

    async fn stop_in_order(self) -> Result<(), ControllerError> {
        self.shutdown.send_replace(true);
        let scanned = self.scanning.stop().await;
        let how = if scanned.is_ok() { "Stopped" } else { "Panicked" };
        self.journal.note(Note::of(how));
        self.tasks.iter().for_each(JoinHandle::abort);
        let (journal, history) = (self.journal.close(), self.history.close());
        let recorded = async {
            if let Some(recorder) = &self.recorder {
                recorder.close().await;
            }
        };
        let ((), (), (), (), opcua) =
            tokio::join!(recorded, journal, history, self.hmi.stop(), self.opcua_task);
        if let Err(error) = opcua {
            tracing::warn!(%error, "the OPC UA server did not end cleanly");
        }
        scanned.map_err(ControllerError::from)
    }
}

/// What the doors open on.
struct Doors<'a> {
    options: &'a Options,
    exchange: Arc<Exchange>,
    journal: Journal,
    history: History,
}

/// Everything that answers people and other systems.
struct Open {
    hmi: web::Serving,
    opcua: opcua::Serving,
    shutdown: watch::Sender<bool>,
    setup_code: Option<String>,
}

impl Doors<'_> {
    async fn open(&self, tasks: &mut Vec<JoinHandle<()>>) -> Result<Open, ControllerError> {
        let Options { site, state, .. } = self.options;
        let users = Arc::new(self.journal.clone());
        let access = Access::open(users, Arc::clone(&self.exchange.catalogue)).await?;
        let access = Arc::new(access);
        let shape = &site.shape;
        let options = web::Options {
            bind: self.options.http,
            state: state.clone(),
            name: site.name.clone(),
            languages: site.languages.clone(),
            open_view: site.hmi.open_view,
            panels: site.hmi.panels.clone(),
            speed: self.options.speed,
            shape: web::Shape {
                tanks: shape.tanks,
                filters: shape.filters,
                raw_pumps: shape.raw_pumps,
                feed_pumps: shape.feed_pumps,
                lift_pumps: shape.lift_pumps,
                blower: shape.blower,
                elevated_tank: shape.elevated_tank,
            },
        };
        let (exchange, journal) = (Arc::clone(&self.exchange), self.journal.clone());
        let people = Arc::clone(&access);
        let hmi = web::serve(options, exchange, people, journal, self.history.clone())?;
        let options = opcua::Options {
            address: self.options.opcua,
            pki: pki(state),
            plant: site.name.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            policies: opcua::Policy::ALL.to_vec(),
        };
        let (shutdown, mut shut) = watch::channel(false);
        let exchange = Arc::clone(&self.exchange);
        let opcua = opcua::serve(options, exchange, Arc::clone(&access), async move {
            // An error means that nobody is left to say so: the same as a stop.
            let _ = shut.wait_for(|shut| *shut).await;
        });
        let opcua = match opcua {
            Ok(opcua) => opcua,
            Err(error) => {
                hmi.stop().await;
                return Err(error.into());
            }
        };
        let setup_code = access.setup_code();
        let look =
            look(Arc::clone(&self.exchange), self.journal.clone(), access, self.options.wall_ms);
        tasks.push(tokio::spawn(look));
        Ok(Open { hmi, opcua, shutdown, setup_code })
    }
}

impl Open {
    fn into_controller(
        self,
        (scanning, recorder): (Scanning, Option<Recorder>),
        tasks: Vec<JoinHandle<()>>,
        lock: Option<Lock>,
        doors: Doors<'_>,
    ) -> Controller {
        Controller {
            http: self.hmi.url.clone(),
            opcua: self.opcua.endpoint.clone(),
            setup_code: self.setup_code,
            scanning,
            recorder,
            exchange: doors.exchange,
            journal: doors.journal,
            history: doors.history,
            hmi: self.hmi,
            opcua_task: self.opcua.task,
            opcua_ready: self.opcua.ready,
            shutdown: self.shutdown,
            tasks,
            _lock: lock,
        }
    }
}

/// Folder of the OPC UA certificates.
#[must_use]
pub fn pki(state: &std::path::Path) -> PathBuf {
    state.join("pki")
}

fn field(options: &Options, exchange: &Arc<Exchange>) -> Result<Box<dyn Field>, ControllerError> {
    let site = &options.site;
    Ok(match site.field {
        FieldKind::Twin { seed, warm } => {
            let parameters = TwinField::parameters(site, warm);
            Box::new(TwinField::new(site, seed, parameters, Arc::clone(exchange)))
        }
        FieldKind::Buses => {
            let (catalogue, runtime) = (&exchange.catalogue, Handle::current());
            let simulated = options.simulated_lines.as_deref();
            Box::new(BusField::start_on(
                site,
                catalogue,
                options.speed,
                &runtime,
                |driver, wires| header::open(driver, wires, simulated),
            )?)
        }
    })
}

/// At speed an earlier start has left stamps that lie in the future: this one goes on from there.
fn ahead(opened: &Opened, now: Wall, speed: u32) -> i64 {
    if speed > 1 { (opened.last_wall() - now.ms).max(0) } else { 0 }
}

/// Forgets settings that this plant no longer has or whose range they left; what to write down about each.
async fn drop_settings(opened: &mut Opened, site: &Site, catalogue: &Catalogue) -> Vec<Note> {
    let fits = |one: &Setting| {
        let row = catalogue.find(&one.path)?;
        let Kind::Setting(words) = row.kind else { return None };
        let given = site.settings.iter().find(|given| given.path == one.path);
        let (low, high) = given.map_or((words.low, words.high), |given| (given.low, given.high));
        (low..=high).contains(&one.value).then_some(())
    };
    let unfit = opened.settings().iter().filter(|one| fits(one).is_none());
    let unfit: Vec<Setting> = unfit.cloned().collect();
    let mut notes = Vec::new();
    for one in unfit {
        tracing::warn!(path = one.path, value = one.value, "a setting no longer fits: forgotten");
        opened.forget_setting(&one.path).await;
        let (path, old) = (one.path, one.value.to_string());
        notes.push(Note { path, old, ..Note::of("SettingDropped") });
    }
    notes
}

/// Looks after what changes slowly: clock, history, set-up.
async fn look(
    exchange: Arc<Exchange>,
    journal: Journal,
    access: Arc<Access>,
    wall_ms: fn() -> i64,
) {
    let report = &exchange.report;
    let offset = || {
        let boot = i64::try_from(machine::boot_clock().as_millis()).unwrap_or(i64::MAX);
        wall_ms() - boot
    };
    let (mut last, mut history_was) = (offset(), true);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        report.clock_trusted.store(machine::clock_is_synchronised(), Ordering::Relaxed);
        report.local_offset_s.store(machine::local_offset_s(), Ordering::Relaxed);
        report.setup_done.store(!access.setup_needed().await, Ordering::Relaxed);
        let now = offset();
        if (now - last).abs() > CLOCK_STEP_MS {
            let ms = wall_ms();
            let (old, new) = ((ms - (now - last)).to_string(), ms.to_string());
            tracing::warn!(ms = now - last, "the wall clock was set");
            journal.note(Note { old, new, ..Note::of("ClockStepped") });
        }
        last = now;
        let history = report.history_ok.load(Ordering::Relaxed);
        if history != history_was {
            journal.note(Note::of(if history { "HistoryGoesOn" } else { "HistoryStopped" }));
        }
        history_was = history;
    }
}

#[cfg(test)]
mod tests;
