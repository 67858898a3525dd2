//! The clerk: gives every event its number, its stamp and its sender, has it written, and then tells everybody.
//!
//! An event is announced once it is durable, or after a second anyway, marked unsaved, and written later. So a dead disk
//! delays an alarm by one second and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plc::alarm::State;
use plc::image::{Command, Event};
use plc::tag::Kind as RowKind;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::board::{Board, Standing};
use super::keeper::{Job, Outcome};
use super::memory::{Copies, Image};
use super::record::{Note, Record};
use super::store::{Batch, Remembered, Setting};
use crate::access::users::User;
use crate::exchange::{Exchange, Happening, Left, Who};

/// Longest wait of an event for storage (`docs/spec/contracts.md`, storage against safety).
const ANNOUNCED_AFTER: Duration = Duration::from_secs(1);
/// Events that may wait for storage. At the limit the oldest that is no alarm is dropped first, and counted.
const BACKLOG_MAX: usize = 10_000;
/// Events of one transaction.
const BATCH_MAX: usize = 500;
/// Rest between two tries while storage fails.
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// Retained values are at most this old when the power goes.
const RETAINED_EVERY: Duration = Duration::from_secs(5);
/// How long a stop waits for storage.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Senders remembered past their answer: an alarm's transition may follow it.
const SENDERS_MAX: usize = 64;

/// What others ask of the clerk.
#[derive(Debug)]
pub(super) enum Ask {
    Note(Note),
    /// Keep this person; the answer comes when it is durable.
    User(User, oneshot::Sender<Result<(), String>>),
    /// Write what there is and stop.
    Stop(oneshot::Sender<()>),
}

/// One event on its way to storage.
#[derive(Debug)]
struct Entry {
    row: Record,
    /// What to tell; `None` once told, or for a note.
    happening: Option<Happening>,
    standing: Option<(String, Standing)>,
    setting: Option<Setting>,
    /// When it is told at the latest.
    due: Instant,
}

/// A sender with what was asked.
#[derive(Clone, Debug)]
struct Sender {
    order: u32,
    who: Who,
    why: String,
    command: Command,
}

/// People to keep, each with where to say that it is done.
type Waiting = Vec<(User, oneshot::Sender<Result<(), String>>)>;

pub(super) struct Clerk {
    exchange: Arc<Exchange>,
    board: Board,
    asks: mpsc::Receiver<Ask>,
    jobs: mpsc::Sender<Job>,
    /// Waiting for storage, oldest first; the first `sent` of them are with the keeper.
    waiting: VecDeque<Entry>,
    sent: usize,
    in_flight: Option<oneshot::Receiver<Outcome>>,
    /// When the batch in flight was sent.
    sent_at: Instant,
    failing: bool,
    /// The disk is full, though writing still works.
    short: bool,
    retry_at: Instant,
    retained_at: Instant,
    /// Number of the next image, and which copy it goes to.
    sequence: u64,
    /// What both copies are known to have of the ledgers' reservations.
    durable: [u64; 2],
    users_sent: Waiting,
    users_waiting: Waiting,
    number: u64,
    start: i64,
    dropped: u64,
    senders: VecDeque<Sender>,
    // Everything that a new, empty database must be given.
    standings: BTreeMap<String, Standing>,
    settings: BTreeMap<String, Setting>,
    users: BTreeMap<String, User>,
    /// The next batch carries all of it.
    everything: bool,
}

/// What a clerk starts with.
pub(super) struct Desk {
    pub exchange: Arc<Exchange>,
    pub board: Board,
    pub asks: mpsc::Receiver<Ask>,
    pub jobs: mpsc::Sender<Job>,
    pub remembered: Remembered,
    pub start: i64,
    /// False: the file could not be opened for writing yet.
    pub storage_ok: bool,
    /// The file is new, and lacks what is known.
    pub everything: bool,
}

impl Clerk {
    pub fn new(desk: Desk) -> Clerk {
        let now = Instant::now();
        let Remembered { standings, settings, users, last_number, memory, .. } = desk.remembered;
        desk.exchange.report.storage_ok.store(desk.storage_ok, Ordering::Relaxed);
        Clerk {
            exchange: desk.exchange,
            board: desk.board,
            asks: desk.asks,
            jobs: desk.jobs,
            waiting: VecDeque::new(),
            sent: 0,
            in_flight: None,
            sent_at: now,
            failing: !desk.storage_ok,
            short: false,
            retry_at: now,
            retained_at: now + RETAINED_EVERY,
            sequence: memory.sequence(),
            durable: [0; 2],
            users_sent: Vec::new(),
            users_waiting: Vec::new(),
            number: u64::try_from(last_number).unwrap_or(0),
            start: desk.start,
            dropped: 0,
            senders: VecDeque::new(),
            standings: standings.into_iter().collect(),
            settings: settings.into_iter().map(|one| (one.path.clone(), one)).collect(),
            users: users.into_iter().map(|one| (one.name.clone(), one)).collect(),
            everything: desk.everything,
        }
    }

    /// Works until told to stop.
    pub async fn run(mut self) {
        loop {
            let wake = self.wake_at();
            let exchange = Arc::clone(&self.exchange);
            tokio::select! {
                left = exchange.next_event() => self.take(left),
                ask = self.asks.recv() => match ask {
                    Some(Ask::Note(note)) => self.note(note),
                    Some(Ask::User(user, done)) => self.users_waiting.push((user, done)),
                    Some(Ask::Stop(done)) => {
                        self.finish().await;
                        // Whoever asked may have given up.
                        let _ = done.send(());
                        return;
                    }
                    None => return self.finish().await,
                },
                outcome = landed(&mut self.in_flight) => self.landed(outcome),
                () = exchange.reserved_more() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
            while let Some(left) = self.exchange.try_event() {
                self.take(left);
            }
            self.announce_late();
            self.send();
        }
    }

    /// When something is due without anybody asking.
    fn wake_at(&self) -> Instant {
        let told = self.waiting.iter().find(|one| one.happening.is_some()).map(|one| one.due);
        let hung = self.in_flight.as_ref().map(|_| self.sent_at + ANNOUNCED_AFTER);
        let hung = hung.filter(|_| !self.failing);
        let work = if self.in_flight.is_some() {
            None
        } else if self.failing {
            Some(self.retry_at)
        } else {
            Some(self.retained_at)
        };
        let soonest = [told, hung, work].into_iter().flatten().min();
        soonest.unwrap_or_else(|| Instant::now() + RETAINED_EVERY)
    }

    fn take(&mut self, left: Left) {
        let Left { at, event } = left;
        let order = match event {
            Event::Answer { number, .. }
            | Event::Setting { number, .. }
            | Event::Tested { number, .. } => number,
            Event::Alarm { transition, .. } => transition.order,
            Event::State { .. } | Event::Cause { .. } | Event::Overflow => 0,
        };
        let sender = self.sender(order);
        let mut event_id = [0; 16];
        // Without randomness the number keeps the id apart within this journal.
        if getrandom::fill(&mut event_id).is_err() {
            event_id[..8].copy_from_slice(&self.number.to_be_bytes());
        }
        self.number += 1;
        let happening = Happening {
            number: self.number,
            at,
            wall: self.exchange.wall_of(at),
            event,
            who: sender.as_ref().map(|one| one.who.clone()),
            why: sender.as_ref().map_or_else(String::new, |one| one.why.clone()),
            saved: false,
            event_id,
        };
        let row = Record::of(&happening, &self.exchange.catalogue, sender.map(|one| one.command));
        let standing = self.standing(&row.path, &happening);
        let setting = self.setting(&row, event);
        let due = Instant::now() + ANNOUNCED_AFTER;
        self.push(Entry { row, happening: Some(happening), standing, setting, due });
    }

    fn sender(&mut self, order: u32) -> Option<Sender> {
        if order == 0 {
            return None;
        }
        if let Some(known) = self.senders.iter().find(|one| one.order == order) {
            return Some(known.clone());
        }
        let (who, why, command) = self.exchange.asked(order)?;
        let sender = Sender { order, who, why, command };
        if self.senders.len() == SENDERS_MAX {
            self.senders.pop_front();
        }
        self.senders.push_back(sender.clone());
        Some(sender)
    }

    fn standing(&mut self, path: &str, happening: &Happening) -> Option<(String, Standing)> {
        let standing = Standing::after(self.standings.get(path), happening)?;
        self.standings.insert(path.into(), standing.clone());
        Some((path.into(), standing))
    }

    fn setting(&mut self, row: &Record, event: Event) -> Option<Setting> {
        let Event::Setting { from, to, .. } = event else { return None };
        let (path, user) = (row.path.clone(), row.user.clone());
        let setting = Setting { path, value: to, old: from, user, wall: row.wall.ms };
        self.settings.insert(setting.path.clone(), setting.clone());
        Some(setting)
    }

    fn note(&mut self, note: Note) {
        // What happened before it is written before it.
        while let Some(left) = self.exchange.try_event() {
            self.take(left);
        }
        let at = self.exchange.now();
        let wall = self.exchange.wall_of(at);
        self.number += 1;
        let row = Record::of_note(note, self.number, at, wall);
        let due = Instant::now() + ANNOUNCED_AFTER;
        self.push(Entry { row, happening: None, standing: None, setting: None, due });
    }

    fn push(&mut self, entry: Entry) {
        if self.waiting.len() >= BACKLOG_MAX {
            // Those in flight stay: the keeper's answer counts them.
            let free = self.waiting.range(self.sent..);
            let oldest = free.clone().position(|one| one.standing.is_none()).unwrap_or(0);
            if let Some(lost) = self.waiting.remove(self.sent + oldest) {
                self.dropped += 1;
                // The rows are lost; where alarms and settings stand is not.
                self.everything = true;
                self.tell(lost.happening, false);
            }
        }
        self.waiting.push_back(entry);
    }

    /// Tells what has waited long enough.
    fn announce_late(&mut self) {
        let now = Instant::now();
        if self.in_flight.is_some() && now >= self.sent_at + ANNOUNCED_AFTER {
            self.fail("no answer from storage for a second");
        }
        for place in 0..self.waiting.len() {
            if self.waiting[place].due > now {
                break;
            }
            let late = self.waiting[place].happening.take();
            self.tell(late, false);
        }
    }

    fn tell(&mut self, happening: Option<Happening>, saved: bool) {
        let Some(mut happening) = happening else { return };
        happening.saved = saved;
        if let Event::Alarm { alarm, .. } = happening.event {
            let before = self.board.get(alarm);
            if let Some(standing) = Standing::after(before.as_ref(), &happening) {
                self.board.enter(standing);
            }
        }
        self.exchange.announce(happening);
    }

    /// Hands the next batch to the keeper, if it is free and there is something to write.
    fn send(&mut self) {
        let now = Instant::now();
        if self.in_flight.is_some() || (self.failing && now < self.retry_at) {
            return;
        }
        // While storage fails they are the probe: an empty transaction proves nothing.
        let reserved_more = self.exchange.reserved() != self.durable;
        let due = self.failing || reserved_more || now >= self.retained_at;
        let image = if due { self.image(self.failing || reserved_more) } else { None };
        let nothing = self.waiting.is_empty()
            && self.users_waiting.is_empty()
            && image.is_none()
            && !self.everything
            && !self.failing;
        if nothing {
            if now >= self.retained_at {
                self.retained_at = now + RETAINED_EVERY;
            }
            return;
        }
        let count = self.waiting.len().min(BATCH_MAX);
        let mut batch = self.batch(count);
        batch.image = image;
        let (done, answer) = oneshot::channel();
        match self.jobs.try_send(Job { batch, done }) {
            Ok(()) => {
                self.users_sent = std::mem::take(&mut self.users_waiting);
                self.sent = count;
                self.sent_at = now;
                self.in_flight = Some(answer);
                self.retained_at = now + RETAINED_EVERY;
            }
            // One job at a time: only a keeper that has died does not take it.
            Err(error) => {
                self.retry_at = now + RETRY_AFTER;
                self.fail(&error.to_string());
            }
        }
    }

    fn batch(&self, count: usize) -> Batch {
        let mut batch = Batch::default();
        if self.everything {
            batch.standings = self.standings.clone().into_iter().collect();
            batch.settings = self.settings.values().cloned().collect();
            batch.users = self.users.values().cloned().collect();
        }
        for entry in self.waiting.iter().take(count) {
            batch.records.push(Record { start: self.start, ..entry.row.clone() });
            batch.standings.extend(entry.standing.clone());
            batch.settings.extend(entry.setting.clone());
        }
        batch.users.extend(self.users_waiting.iter().map(|(user, _)| user.clone()));
        batch
    }

    /// What a restart goes on with, in bytes: retained values, alarms that stand, settings of people. The copies take turns;
    /// `both` while storage fails, and for a new reservation.
    fn image(&mut self, both: bool) -> Option<Image> {
        let live = self.exchange.newest();
        if live.scan == 0 {
            return None;
        }
        self.sequence += 1;
        let snapshot = &live.snapshot;
        let kept = |row: &plc::tag::Row| match row.kind {
            RowKind::Retained(_) => Some(snapshot.samples[row.id].value),
            RowKind::Alarm(_) => {
                let kept = snapshot.alarms.get(row.slot)?.kept();
                let stands = kept.state != State::Normal || kept.is_put_aside();
                stands.then(|| kept.to_f64())
            }
            RowKind::Input(_) | RowKind::Output(..) | RowKind::Setting(_) | RowKind::Status(_) => {
                None
            }
        };
        let rows = self.exchange.catalogue.rows.iter();
        let rows = rows.filter_map(|row| Some((row.path.as_str(), kept(row)?)));
        let settings = self.settings.values().map(|one| (one.path.as_str(), one.value));
        let ledgers = &snapshot.ledgers;
        let bytes = plc::kept::encode(rows.chain(settings), ledgers, self.sequence, live.wall.ms);
        let copies = match self.sequence % 2 {
            _ if both || self.everything => Copies::Both,
            0 => Copies::Journal,
            _ => Copies::File,
        };
        Some(Image { bytes, reserved: ledgers.map(|ledger| ledger.reserved()), copies })
    }

    /// The keeper has answered.
    fn landed(&mut self, outcome: Option<Outcome>) {
        self.in_flight = None;
        let count = std::mem::take(&mut self.sent);
        let users = std::mem::take(&mut self.users_sent);
        match outcome {
            Some(Outcome::Written { full, durable }) => {
                self.everything = false;
                self.durable = durable;
                self.exchange.report.set_durable(durable);
                for entry in self.waiting.drain(..count).collect::<Vec<_>>() {
                    match entry.happening {
                        Some(happening) => self.tell(Some(happening), true),
                        None if entry.standing.is_some() => self.board.settle(entry.row.event_id),
                        None => {}
                    }
                }
                for (user, done) in users {
                    self.users.insert(user.name.clone(), user);
                    // Whoever asked may have given up; it is kept all the same.
                    let _ = done.send(Ok(()));
                }
                if full {
                    self.run_short();
                } else {
                    self.recover();
                }
            }
            Some(Outcome::Fresh { aside, start }) => {
                self.start = start;
                self.everything = true;
                self.users_waiting.extend(users);
                self.retry_at = Instant::now();
                if let Some(aside) = aside {
                    let name = aside.file_name().map(|name| name.to_string_lossy().into_owned());
                    let new = name.unwrap_or_default();
                    self.note(Note { new, ..Note::of("JournalSetAside") });
                }
            }
            Some(Outcome::Failed(what)) => self.refuse(users, &what),
            None => self.refuse(users, "the journal's writer has ended"),
        }
    }

    fn refuse(&mut self, users: Waiting, what: &str) {
        for (_, done) in users {
            // Whoever asked may have given up.
            let _ = done.send(Err(what.into()));
        }
        self.retry_at = Instant::now() + RETRY_AFTER;
        self.fail(what);
    }

    fn fail(&mut self, what: &str) {
        if !self.failing {
            tracing::error!(what, "storage fails: the plant goes on, its journal waits");
        }
        self.failing = true;
        self.exchange.report.storage_ok.store(false, Ordering::Relaxed);
    }

    /// What there was is written, but there is no room for more: said before it fails.
    fn run_short(&mut self) {
        if !self.short && !self.failing {
            tracing::error!("the disk is full: the journal still finds room inside its file");
        }
        (self.short, self.failing) = (true, false);
        self.exchange.report.storage_ok.store(false, Ordering::Relaxed);
    }

    fn recover(&mut self) {
        if self.failing || self.short {
            tracing::info!("storage works again");
        }
        (self.short, self.failing) = (false, false);
        self.exchange.report.storage_ok.store(true, Ordering::Relaxed);
        let lost = std::mem::take(&mut self.dropped);
        if lost > 0 {
            self.note(Note { new: lost.to_string(), ..Note::of("EventsLost") });
        }
    }

    /// The last words: everything that waits, and the retained values.
    async fn finish(&mut self) {
        let give_up = Instant::now() + LAST_WORDS;
        self.retained_at = Instant::now();
        self.retry_at = Instant::now();
        let mut last = false;
        while Instant::now() < give_up {
            while let Some(left) = self.exchange.try_event() {
                self.take(left);
            }
            self.send();
            if self.in_flight.is_none() {
                if last {
                    break;
                }
                last = true;
                continue;
            }
            match tokio::time::timeout_at(give_up, landed(&mut self.in_flight)).await {
                Ok(outcome) => self.landed(outcome),
                Err(_) => break,
            }
            last = self.waiting.is_empty() && !self.failing;
            if self.failing {
                break;
            }
        }
        if !self.waiting.is_empty() {
            tracing::error!(events = self.waiting.len(), "stopped with events not written");
        }
    }
}

/// The keeper's answer; `None`: the keeper has ended. Waits for ever while nothing is in flight.
async fn landed(in_flight: &mut Option<oneshot::Receiver<Outcome>>) -> Option<Outcome> {
    match in_flight {
        Some(answer) => answer.await.ok(),
        None => std::future::pending().await,
    }
}
