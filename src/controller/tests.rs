use std::path::Path;
use std::sync::atomic::AtomicI64;

use config::{Profiles, shipped};
use plc::alarm::State;
use plc::image::Command;
use plc::signal::Moment;

use super::*;
use crate::exchange::{Origin, Who};
use crate::journal::Standing;

/// Everything waits for something here; a loaded machine may be slow.
const PATIENCE: Duration = Duration::from_secs(60);
const TEN_YEARS_MS: i64 = 10 * 365 * 86_400_000;

fn demo(state: &Path, wall_ms: fn() -> i64) -> Options {
    let site = config::check(shipped::DEMO, "demo", &Profiles::shipped(), &[], catalogue_of);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (http, opcua) = (any, any);
    let recording = Recording::default();
    let (state, simulated_lines) = (state.into(), None);
    Options {
        site: site.unwrap(),
        state,
        http,
        opcua,
        speed: 20,
        simulated_lines,
        recording,
        wall_ms,
    }
}

/// Comes back when the plant has scanned for this long.
async fn scanned(controller: &Controller, plant_time: Duration) {
    let until = controller.exchange.now().plus(plant_time);
    let mut live = controller.exchange.follow();
    let reached = live.wait_for(|live| live.snapshot.at >= until);
    tokio::time::timeout(PATIENCE, reached).await.expect("the plant is not scanned").unwrap();
}

async fn standing(controller: &Controller, path: &str) -> Standing {
    let row = controller.exchange.catalogue.find(path).expect("no such alarm").id;
    let mut waited = Duration::ZERO;
    loop {
        if let Some(standing) = controller.journal.board().get(row) {
            return standing;
        }
        assert!(waited < PATIENCE, "{path} never came");
        let step = Duration::from_millis(10);
        tokio::time::sleep(step).await;
        waited += step;
    }
}

fn value(controller: &Controller, path: &str) -> f64 {
    let row = controller.exchange.catalogue.find(path).expect("no such point").id;
    controller.exchange.newest().snapshot.samples[row].value
}

fn engineer() -> Who {
    let roles = vec![plc::tag::Role::Engineer];
    Who { user: "bounmy".into(), roles, origin: Origin::Panel("here".into()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_alarms_settings_and_totals() {
    let folder = tempfile::tempdir().unwrap();
    let first = Controller::start(demo(folder.path(), machine::wall_ms)).await.unwrap();
    scanned(&first, Duration::from_secs(40)).await;
    let setting = first.exchange.catalogue.find("system.stop_level").unwrap().id;
    let command = Command::Set { setting, value: 1.7 };
    first.exchange.ask(engineer(), command, "less to keep".into()).await.unwrap();
    first.exchange.field_act(hil::Act::Press("ES-900".into())).await.unwrap();
    let before = standing(&first, "system.emergency_stopped").await;
    assert_eq!(before.state, State::Unacknowledged);
    scanned(&first, Duration::from_secs(1)).await;
    let ran = value(&first, "intake.pump_a.run_time");
    first.stop().await.unwrap();

    let second = Controller::start(demo(folder.path(), machine::wall_ms)).await.unwrap();
    scanned(&second, Duration::from_secs(1)).await;
    let after = standing(&second, "system.emergency_stopped").await;
    assert_eq!(after.since, before.since, "the alarm is the same one");
    assert!(!after.state.is_acknowledged(), "nobody has seen it: {:?}", after.state);
    assert_eq!(value(&second, "system.stop_level"), 1.7);
    assert!(value(&second, "intake.pump_a.run_time") >= ran);
    assert_eq!(value(&second, "system.emergency_latched"), 1.0);
    second.stop().await.unwrap();
}

/// By how much the clock of the next test is off.
static JUMPED_MS: AtomicI64 = AtomicI64::new(0);

fn jumping() -> i64 {
    machine::wall_ms() + JUMPED_MS.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ten_years_moves_stamps_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let controller = Controller::start(demo(folder.path(), jumping)).await.unwrap();
    scanned(&controller, Duration::from_secs(5)).await;
    let before = controller.exchange.newest();
    JUMPED_MS.store(TEN_YEARS_MS, Ordering::Relaxed);
    let mut stepped = false;
    let mut waited = Duration::ZERO;
    while !stepped && waited < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        waited += Duration::from_millis(100);
        let events = controller.journal.events(50, None).await.unwrap();
        stepped = events.iter().any(|event| event.reason == "ClockStepped");
    }
    assert!(stepped, "nobody wrote down that the clock was set");
    let after = controller.exchange.newest();
    let plant_time = after.snapshot.at.since(before.snapshot.at);
    assert!(plant_time < Duration::from_secs(86_400), "plant time jumped too: {plant_time:?}");
    assert!(after.snapshot.at > Moment(0) && after.scan > before.scan);
    assert!(after.wall.ms - before.wall.ms >= TEN_YEARS_MS);
    // Samples of both times are there. A value that stands still is stored once a minute.
    scanned(&controller, Duration::from_secs(61)).await;
    let found = controller.history.query("intake.flow", 0, i64::MAX, 10_000).await.unwrap();
    let (first, last) = (found[0].ts, found[found.len() - 1].ts);
    assert!(last - first >= TEN_YEARS_MS);
    controller.stop().await.unwrap();
    JUMPED_MS.store(0, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_said_and_the_plant_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let options =
        Options { http: taken.local_addr().unwrap(), ..demo(folder.path(), machine::wall_ms) };
    let Err(refused) = Controller::start(options).await else { panic!("two on one port") };
    assert!(refused.to_string().contains(&taken.local_addr().unwrap().to_string()), "{refused}");
    let again = Controller::start(demo(folder.path(), machine::wall_ms)).await.unwrap();
    again.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_controller_on_the_same_state_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Controller::start(demo(folder.path(), machine::wall_ms)).await.unwrap();
    let second = Controller::start(demo(folder.path(), machine::wall_ms)).await;
    assert!(matches!(second, Err(ControllerError::Lock(LockError::InUse { .. }))));
    first.stop().await.unwrap();
}
