use std::sync::atomic::Ordering;

use plc::alarm::{Change, Priority, State, Transition};
use plc::image::{Command, Event, Snapshot, Step};
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::{Moment, Quality};
use plc::tag::{Catalogue, Kind as RowKind, Role, Row};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::broadcast::Receiver;

use super::*;
use crate::exchange::{Happening, Who};

const ALARM: usize = 0;
const SETTING: usize = 1;
const TOTAL: usize = 2;
const NOON: Wall = Wall { ms: 1_800_000_000_000, trusted: true };

fn noon() -> Wall {
    NOON
}

fn plant() -> Arc<Exchange> {
    let number = Form::Number { symbol: "mg/l", unece: "M1", decimals: 2 };
    let alarm = plc::declare::alarm(402, Priority::P1);
    let target = plc::declare::between(0.2..=2.0, 0.8).by(Role::Supervisor);
    let row = |id: usize, path: &str, form, kind| Row {
        id,
        path: path.into(),
        tag: "AIT-403".into(),
        unit: "disinfection".into(),
        about: "",
        form,
        kind,
        slot: 0,
    };
    let rows = vec![
        row(ALARM, "disinfection.chlorine_too_low", Form::Alarm, RowKind::Alarm(alarm)),
        row(SETTING, "disinfection.residual_target", number, RowKind::Setting(target)),
        row(TOTAL, "disinfection.chlorine_total", number, RowKind::Retained(plc::declare::kept())),
    ];
    Exchange::new(Arc::new(Catalogue { rows: rows.into(), inputs: 0, outputs: 0, alarms: 1 }))
}

/// The plant after a scan in which its total stood at `total`.
fn scanned(exchange: &Exchange, total: f64) {
    let mut snapshot = Snapshot::new(&exchange.catalogue);
    snapshot.at = Moment(5_000_000);
    snapshot.samples[TOTAL].value = total;
    exchange.publish(&snapshot, NOON, 1);
}

fn activated() -> Event {
    transition(State::Normal, State::Unacknowledged, Change::Activated, 0)
}

fn transition(from: State, to: State, change: Change, order: u32) -> Event {
    let quality = Quality::Good;
    let transition = Transition {
        from,
        to,
        change,
        order,
        same_scan: false,
        first_out: false,
        hidden: false,
        repeats: 0,
        quality,
    };
    Event::Alarm { alarm: ALARM, transition }
}

fn operator() -> Who {
    Who {
        user: "bounmy".into(),
        roles: vec![Role::Operator],
        origin: crate::exchange::Origin::Web("::1".into()),
    }
}

async fn next(happenings: &mut Receiver<Arc<Happening>>) -> Arc<Happening> {
    let next = tokio::time::timeout(Duration::from_secs(20), happenings.recv());
    next.await.expect("nothing was announced").unwrap()
}

async fn open(folder: &Path) -> Opened {
    Opened::open(folder, NOON).await.unwrap()
}

/// INV-40, AR-02: announced when it is on the disk, and there after a restart.
#[tokio::test]
async fn an_alarm_is_announced_once_it_is_durable_and_stands_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    scanned(&exchange, 0.0);
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    exchange.leave(Moment(4_000_000), activated());
    let told = next(&mut happenings).await;
    assert!(told.saved);
    assert_eq!(told.wall.ms, NOON.ms - 1_000, "stamped with the time of its scan");
    let events = journal.events(10, None).await.unwrap();
    assert_eq!((events[0].new.as_str(), events[0].event_id), ("Unacknowledged", told.event_id));
    journal.close().await;

    let exchange = plant();
    let opened = open(folder.path()).await;
    let journal = opened.start(exchange.clone(), noon);
    let standing = journal.board().get(ALARM).expect("the alarm is forgotten");
    assert_eq!((standing.state, standing.since), (State::Unacknowledged, NOON.ms - 1_000));
    assert_eq!(standing.event_id, told.event_id);
    assert_eq!(journal.events(10, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_acknowledgement_keeps_its_person_comment_and_the_time_the_alarm_began() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    scanned(&exchange, 0.0);
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    exchange.leave(Moment(1_000_000), activated());
    next(&mut happenings).await;
    let asking = tokio::spawn({
        let exchange = exchange.clone();
        let command = Command::Acknowledge { alarm: ALARM };
        async move { exchange.ask(operator(), command, "valve closed".into()).await }
    });
    let order = loop {
        match exchange.take_order() {
            Some(order) => break order.number,
            None => tokio::task::yield_now().await,
        }
    };
    exchange.leave(
        Moment(5_000_000),
        Event::Answer { number: order, step: Step::Direct, verdict: Ok(()) },
    );
    let seen = transition(State::Unacknowledged, State::Acknowledged, Change::Acknowledged, order);
    exchange.leave(Moment(5_000_000), seen);
    assert_eq!(asking.await.unwrap(), Ok(()));
    next(&mut happenings).await;
    next(&mut happenings).await;
    let standing = journal.board().get(ALARM).unwrap();
    assert_eq!(standing.state, State::Acknowledged);
    assert_eq!(standing.acked_by.as_deref(), Some("bounmy"));
    assert_eq!((standing.comment.as_str(), standing.since), ("valve closed", NOON.ms - 4_000));
    let events = journal.events(10, None).await.unwrap();
    let answer = events.iter().find(|one| one.kind == Kind::Answer).unwrap();
    assert_eq!((answer.old.as_str(), answer.new.as_str()), ("Acknowledge", "Accepted"));
    assert_eq!((answer.user.as_str(), answer.origin.as_str()), ("bounmy", "hmi ::1"));
    assert_eq!(answer.path, "disinfection.chlorine_too_low");
}

#[tokio::test]
async fn a_refused_order_is_journalled_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    scanned(&exchange, 0.0);
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    let verdict = Err(Reason::NotNow);
    exchange.leave(Moment(5_000_000), Event::Answer { number: 9, step: Step::Direct, verdict });
    next(&mut happenings).await;
    let events = journal.events(1, None).await.unwrap();
    assert_eq!((events[0].new.as_str(), events[0].reason.as_str()), ("Refused", "NotNow"));
}

#[tokio::test]
async fn settings_and_retained_values_survive_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    exchange
        .leave(Moment(5_000_000), Event::Setting { row: SETTING, from: 0.8, to: 0.9, number: 0 });
    next(&mut happenings).await;
    scanned(&exchange, 12.5);
    journal.close().await;

    let opened = open(folder.path()).await;
    let setting = &opened.settings()[0];
    assert_eq!((setting.path.as_str(), setting.value), ("disinfection.residual_target", 0.9));
    let memory = opened.memory();
    assert_eq!(memory.saved_ms(), Some(NOON.ms));
    assert_eq!(memory.value("disinfection.chlorine_total"), Some(12.5));
}

#[tokio::test]
async fn people_are_kept_by_a_running_controller_and_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let user = |name: &str| User {
        name: name.into(),
        password_hash: "$argon2id$".into(),
        roles: vec![Role::Operator, Role::Admin],
        created: NOON.ms,
        failures: 2,
        locked_until: 5,
    };
    let offline = Offline::new(open(folder.path()).await);
    offline.save(&user("kham")).await.unwrap();
    assert_eq!(offline.list().await.unwrap(), [user("kham")]);
    drop(offline);
    let journal = open(folder.path()).await.start(plant(), noon);
    journal.save(&user("bounmy")).await.unwrap();
    assert_eq!(journal.list().await.unwrap(), [user("bounmy"), user("kham")]);
    assert_eq!(journal.load("kham").await.unwrap(), Some(user("kham")));
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_whole_and_a_new_one_begun() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = b"this is no database, though it once was".repeat(200);
    std::fs::write(folder.path().join(store::FILE), &garbage).unwrap();
    let journal = open(folder.path()).await.start(plant(), noon);
    let aside = folder.path().join(format!("journal.db.corrupt-{}", NOON.ms));
    assert_eq!(std::fs::read(aside).unwrap(), garbage);
    journal.close().await;
    let journal = open(folder.path()).await.start(plant(), noon);
    let events = journal.events(10, None).await.unwrap();
    assert_eq!(events[0].reason, "JournalSetAside");
}

#[tokio::test]
async fn a_state_folder_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).await);
    let options = SqliteConnectOptions::new().filename(folder.path().join(store::FILE));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99, 'of tomorrow', TRUE, x'00', 0)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let refused = Opened::open(folder.path(), NOON).await.unwrap_err().to_string();
    assert!(refused.contains("newer version") && refused.contains("99"), "{refused}");
}

/// INV-40, AR-02: announced after a second all the same, marked, and written when storage is back.
#[tokio::test]
async fn an_alarm_that_storage_does_not_take_is_announced_unsaved_and_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    scanned(&exchange, 0.0);
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    // Somebody holds the file: what a stuck disk looks like from here.
    let options = SqliteConnectOptions::new().filename(folder.path().join(store::FILE));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    exchange.leave(Moment(4_000_000), activated());
    let told = next(&mut happenings).await;
    assert!(!told.saved);
    assert!(!exchange.report.storage_ok.load(Ordering::Relaxed));
    assert!(!journal.board().get(ALARM).unwrap().saved);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    while !journal.board().get(ALARM).unwrap().saved {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(exchange.report.storage_ok.load(Ordering::Relaxed));
    let events = journal.events(10, None).await.unwrap();
    assert_eq!((events.len(), events[0].event_id), (1, told.event_id));
}

#[tokio::test]
async fn a_state_folder_taken_away_under_the_plant_is_made_anew_with_all_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let exchange = plant();
    scanned(&exchange, 0.0);
    let journal = open(&state).await.start(exchange.clone(), noon);
    let mut happenings = exchange.happenings();
    exchange.leave(Moment(4_000_000), activated());
    next(&mut happenings).await;
    std::fs::remove_dir_all(&state).unwrap();
    exchange
        .leave(Moment(5_000_000), Event::Setting { row: SETTING, from: 0.8, to: 0.9, number: 0 });
    next(&mut happenings).await;
    journal.close().await;
    let opened = open(&state).await;
    assert_eq!(opened.settings().len(), 1);
    assert_eq!(opened.standings()[0].1.state, State::Unacknowledged);
}

#[tokio::test]
async fn a_full_disk_refuses_a_batch_whole_and_takes_it_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = store::open(folder.path()).await.unwrap();
    let pages: i64 =
        sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut connection).await.unwrap();
    let limit = |pages: i64| sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(limit(pages + 2)).execute(&mut connection).await.unwrap();
    let note = Note { why: "w".repeat(500), ..Note::of("LoggedIn") };
    let records = (1..200).map(|number| Record::of_note(note.clone(), number, Moment(0), NOON));
    let batch = store::Batch { records: records.collect(), ..store::Batch::default() };
    assert!(matches!(store::write(&mut connection, &batch).await, Err(StoreError::Sql(_))));
    let count = "SELECT count(*) FROM event";
    let kept: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 0);
    sqlx::query(limit(100_000)).execute(&mut connection).await.unwrap();
    store::write(&mut connection, &batch).await.unwrap();
    let kept: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 199);
}

/// A ledger that has reserved so much, grams.
fn reserved(grams: u64) -> plc::guard::Ledger {
    let mut words = plc::guard::Ledger::default().words();
    words[plc::guard::Ledger::RESERVED] = grams * 1_000_000;
    plc::guard::Ledger::from_words(&words).unwrap()
}

/// R-2.18-07: what a ledger reserves is written to both copies at once, and said to be durable then, not before.
#[tokio::test]
async fn a_reservation_is_durable_once_both_copies_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    assert_eq!(exchange.report.durable(), [0.0, 0.0]);
    let mut snapshot = Snapshot::new(&exchange.catalogue);
    for (scan, grams) in [(1, 3), (2, 5)] {
        snapshot.ledgers = [reserved(grams), reserved(2 * grams)];
        exchange.publish(&snapshot, NOON, scan);
        let wanted = [grams as f64, 2.0 * grams as f64];
        let durable = async {
            while exchange.report.durable() != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Long before the next image is due.
        tokio::time::timeout(Duration::from_secs(4), durable).await.expect("not durable in time");
        let file = plc::kept::Kept::decode(&memory::load(folder.path()).unwrap()).unwrap();
        assert_eq!(file.ledgers.unwrap()[0].reserved(), grams * 1_000_000);
    }
    journal.close().await;
    let Memory::Kept(kept) = open(folder.path()).await.memory().clone() else { panic!("lost") };
    assert_eq!(kept.ledgers.unwrap()[1].reserved(), 10_000_000);
}

/// R-2.10-08: the copy beside the journal serves when the journal is damaged; without either the memory is lost, and said so.
#[tokio::test]
async fn what_the_journal_lost_the_other_copy_still_knows() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = plant();
    let journal = open(folder.path()).await.start(exchange.clone(), noon);
    assert!(matches!(open(folder.path()).await.memory(), Memory::First), "nothing was kept yet");
    let mut happenings = exchange.happenings();
    let changed = Event::Setting { row: SETTING, from: 0.8, to: 0.9, number: 0 };
    exchange.leave(Moment(5_000_000), changed);
    next(&mut happenings).await;
    let mut snapshot = Snapshot::new(&exchange.catalogue);
    snapshot.samples[TOTAL].value = 12.5;
    snapshot.alarms[0].state = State::Acknowledged;
    snapshot.ledgers = [reserved(1), reserved(1)];
    exchange.publish(&snapshot, NOON, 1);
    while exchange.report.durable() != [1.0, 1.0] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    journal.close().await;

    std::fs::write(folder.path().join(store::FILE), b"no database".repeat(500)).unwrap();
    let mut opened = open(folder.path()).await;
    opened.recover(&exchange.catalogue, NOON);
    assert_eq!(opened.memory().value("disinfection.chlorine_total"), Some(12.5));
    assert_eq!(opened.settings()[0].value, 0.9);
    assert_eq!(opened.standings()[0].1.state, State::Acknowledged);
    // And the new journal is given what it lacks.
    let exchange = plant();
    scanned(&exchange, 12.5);
    opened.start(exchange, noon).close().await;
    assert_eq!(open(folder.path()).await.settings().len(), 1);

    for copy in [store::FILE, "kept.bin"] {
        std::fs::write(folder.path().join(copy), b"nothing that anybody could read").unwrap();
    }
    assert!(matches!(open(folder.path()).await.memory(), Memory::Lost));
}

/// INV-45, R-2.19-01: cloudy water is let through only with words why; without them nothing reaches the plant.
#[tokio::test]
async fn an_emergency_profile_without_words_never_reaches_the_plant() {
    let exchange = plant();
    let command = Command::BeginEmergency { limit: 3.0, seconds: 3600.0 };
    for why in ["", "  \n "] {
        let answer = exchange.operate(operator(), command, why.into(), 7).await;
        assert_eq!(answer, Err(Reason::WordsNeeded), "{why:?}");
    }
    assert!(exchange.take_order().is_none());
}
