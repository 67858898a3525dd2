//! What everybody who may look can see.

use std::sync::atomic::Ordering;
use std::time::Duration;

use plc::alarm::{Change, State, Transition};
use plc::image::{Command, Event};
use plc::reason::{Reason, Reasons};
use plc::signal::{Fault, Quality};
use plc::tag::Role;
use serde_json::json;

use super::plant::TestPlant;

#[tokio::test]
async fn a_stream_begins_with_the_whole_plant_and_goes_on_with_changes() {
    let plant = TestPlant::start().await;
    let (chlorine, rate) = (plant.row("disinfection.chlorine"), plant.row("disinfection.rate"));
    plant.show(chlorine, 0.8512, Quality::Good, Reasons::NONE);
    plant.shows(chlorine, &json!([0.85, "good"])).await;
    let mut stream = plant.browser().stream("/api/live").await;
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let full = stream.event("full").await;
    assert_eq!(full["values"].as_object().unwrap().len(), plant.rows());
    assert_eq!(full["values"][chlorine.to_string()], json!([0.85, "good"]));
    assert_eq!(full["values"][rate.to_string()], json!([null, "bad", ["NotYetRead"]]));
    assert_eq!(stream.event("alarms").await, json!({ "alarms": [] }));

    plant.show(rate, 12.0, Quality::Good, Reasons::only(Reason::DoseLimited));
    plant.show(chlorine, 0.8521, Quality::Good, Reasons::NONE);
    let change = stream.event("change").await;
    let values = change["values"].as_object().unwrap();
    assert_eq!(values[&rate.to_string()], json!([12, "good", ["DoseLimited"]]));
    assert_eq!(values.len(), 1, "noise below what is shown is not sent: {change}");

    plant.show(chlorine, 0.0, Quality::Bad(Fault::Stale), Reasons::NONE);
    let change = stream.event("change").await;
    assert_eq!(change["values"][chlorine.to_string()], json!([null, "bad", ["Stale"]]));
    stream.event("beat").await;
    plant.stop().await;
}

#[tokio::test]
async fn an_alarm_reaches_every_screen_and_can_be_acknowledged() {
    let plant = TestPlant::start().await;
    plant.user("bounmy", Role::Operator).await;
    let mut browser = plant.browser();
    browser.log_in("bounmy").await;
    let mut stream = browser.stream("/api/live").await;
    assert_eq!(stream.event("alarms").await, json!({ "alarms": [] }));
    let alarm = plant.row("disinfection.chlorine_too_low");
    plant.happens(Event::Alarm {
        alarm,
        transition: Transition {
            from: State::Normal,
            to: State::Unacknowledged,
            change: Change::Activated,
            order: 0,
            same_scan: false,
            first_out: false,
            hidden: false,
            repeats: 0,
            quality: Quality::Good,
        },
    });
    let list = stream.event("alarms").await;
    let row = &list["alarms"][0];
    assert_eq!((&row["id"], &row["number"]), (&json!(alarm), &json!(402)));
    assert_eq!((&row["priority"], &row["state"]), (&json!("P1"), &json!("Unacknowledged")));
    assert_eq!((&row["active"], &row["acked"]), (&json!(true), &json!(false)));
    assert_eq!(browser.get("/api/alarms").await.json(), list);

    let answer = browser.post("/api/ack", &json!({ "alarm": alarm, "comment": "seen" })).await;
    assert_eq!(answer.json(), json!({ "accepted": true }));
    assert_eq!(plant.orders(), [Command::Acknowledge { alarm }]);
    plant.stop().await;
}

#[tokio::test]
async fn a_closed_view_shows_nothing_without_a_session() {
    let plant = TestPlant::with(|options| options.open_view = false).await;
    plant.user("watcher", Role::Observer).await;
    let mut browser = plant.browser();
    for path in ["catalogue", "live", "alarms", "events", "reasons", "health"] {
        let answer = browser.get(&format!("/api/{path}")).await;
        assert_eq!((answer.status, answer.error()), (401, "NotLoggedIn"), "{path}");
    }
    browser.log_in("watcher").await;
    assert_eq!(browser.get("/api/catalogue").await.status, 200);
    let mut stream = browser.stream("/api/live").await;
    stream.event("full").await;
    browser.delete("/api/session").await;
    stream.ends().await;
    plant.stop().await;
}

#[tokio::test]
async fn the_catalogue_tells_the_page_all_it_draws() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    let answer = browser.get("/api/catalogue").await;
    let catalogue = answer.json();
    assert_eq!(catalogue["site"]["name"], "Test");
    assert_eq!((&catalogue["speed"], &catalogue["shape"]["filters"]), (&json!(10), &json!(2)));
    let row = |path: &str| catalogue["rows"][plant.row(path)].clone();
    assert_eq!(
        row("disinfection.target"),
        json!({
            "id": plant.row("disinfection.target"), "path": "disinfection.target", "tag": "",
            "unit": "disinfection", "about": "Chlorine aimed at.", "kind": "setting", "form": "number",
            "symbol": "mg/l", "decimals": 2, "range": [0.2, 2.0], "role": "Supervisor",
        })
    );
    assert_eq!(
        row("disinfection.chlorine_too_low")["alarm"],
        json!({ "number": 402, "priority": "P1", "latching": false })
    );
    assert_eq!(row("disinfection.state")["states"], json!(["Off", "Dosing"]));
    let tag = answer.header("etag").unwrap().to_owned();
    let again = browser.with("If-None-Match", Some(&tag)).get("/api/catalogue").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    plant.stop().await;
}

#[tokio::test]
async fn a_trend_shows_what_was() {
    let plant = TestPlant::start().await;
    let chlorine = plant.row("disinfection.chlorine");
    plant.show(chlorine, 0.85, Quality::Good, Reasons::NONE);
    let mut browser = plant.browser();
    let path = format!("/api/history?path=disinfection.chlorine&from=0&to={}", i64::MAX);
    let trend = async {
        loop {
            let trend = browser.get(&path).await.json();
            // Until the file stands there is no answer.
            let mut points = trend["points"].as_array().into_iter().flatten();
            if let Some(point) = points.find(|point| point[1] == 0.85) {
                return point.clone();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let point = tokio::time::timeout(Duration::from_secs(30), trend).await.expect("a sample");
    assert_eq!(point[2], "good");
    for (wrong, status) in [
        ("path=disinfection.nothing&from=0&to=1", 404),
        ("path=disinfection.chlorine&from=2&to=1", 400),
        ("path=disinfection.chlorine&from=now&to=1", 400),
    ] {
        let answer = browser.get(&format!("/api/history?{wrong}")).await;
        assert_eq!(answer.status, status, "{wrong}");
        assert_ne!(answer.error(), "", "{wrong}");
    }
    plant.stop().await;
}

#[tokio::test]
async fn reasons_and_health_speak_of_now() {
    let plant = TestPlant::start().await;
    let of_rate = Reasons::only(Reason::NoFlowProof);
    plant.show(plant.row("disinfection.rate"), 0.0, Quality::Good, of_rate);
    let blocked = Reasons::only(Reason::ChlorineEmpty);
    plant.show(plant.row("disinfection.blocked"), 0.0, Quality::Good, blocked);
    plant.show(plant.row("disinfection.state"), 1.0, Quality::Good, Reasons::NONE);
    plant.shows(plant.row("disinfection.state"), &json!([1, "good"])).await;
    let mut browser = plant.browser();
    assert_eq!(
        browser.get("/api/reasons").await.json(),
        json!({
            "units": { "disinfection": { "state": "Dosing", "blocked": ["ChlorineEmpty"] } },
            "outputs": { "disinfection.rate": { "value": 0.0, "held": ["NoFlowProof"] } },
        })
    );
    let report = &plant.exchange.report;
    report.lateness_p50_us.store(50, Ordering::Relaxed);
    report.lateness_p99_us.store(1_250, Ordering::Relaxed);
    report.overruns.store(2, Ordering::Relaxed);
    let health = browser.get("/api/health").await.json();
    assert_eq!(health["ok"], true, "{health}");
    let late = [&health["lateness_p50_ms"], &health["lateness_p99_ms"], &health["overruns"]];
    assert_eq!(late, [&json!(0.05), &json!(1.25), &json!(2)], "{health}");
    plant.stop().await;
}

#[tokio::test]
async fn a_plant_that_does_not_scan_is_not_well() {
    let plant = TestPlant::start().await;
    plant.freeze();
    let mut browser = plant.browser();
    let unwell = async {
        while browser.get("/api/health").await.json()["ok"] == true {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), unwell).await.expect("health tells");
    plant.stop().await;
}

#[tokio::test]
async fn every_address_opens_the_page_and_its_files_are_kept() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    let page = browser.get("/").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(browser.get("/unit/filter1").await.body, page.body);
    let html = String::from_utf8(page.body).unwrap();
    let script = html.split('"').find(|word| word.starts_with("/assets/") && word.ends_with(".js"));
    let script = script.expect("the page has a script");
    let plain = browser.get(script).await;
    assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert!(plain.header("cache-control").unwrap().contains("immutable"));
    let packed = browser.with("Accept-Encoding", Some("gzip")).get(script).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() * 2 < plain.body.len());
    let tag = plain.header("etag").unwrap();
    let known = browser.with("If-None-Match", Some(tag)).get(script).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(browser.get("/assets/nothing.js").await.status, 404);
    plant.stop().await;
}
