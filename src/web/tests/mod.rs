//! A browser's view of a small plant: a real listener, a real journal, snapshots and answers made by hand.

mod browser;
mod plant;

use std::time::Duration;

use plc::alarm::{Change, State, Transition};
use plc::image::{Command, Event};
use plc::reason::{Reason, Reasons};
use plc::signal::{Fault, Quality};
use plc::tag::Role;
use serde_json::json;

use self::plant::{PASSWORD, TestPlant};

#[tokio::test]
async fn nobody_changes_anything_without_a_session() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    for (path, body) in [
        ("/api/select", json!({ "command": "Start", "target": null })),
        ("/api/command", json!({ "token": "00", "command": "Start", "target": null })),
        ("/api/ack", json!({ "alarm": plant.row("disinfection.chlorine_too_low") })),
        ("/api/settings", json!({ "path": "disinfection.target", "value": 1.0 })),
    ] {
        let answer = browser.post(path, &body).await;
        assert_eq!((answer.status, answer.error()), (401, "NotLoggedIn"), "{path}");
    }
    assert!(plant.orders().is_empty());
    plant.stop().await;
}

#[tokio::test]
async fn a_change_from_a_foreign_page_is_refused() {
    let plant = TestPlant::start().await;
    let browser = plant.browser();
    let body = json!({ "why": "" });
    for (header, value) in [
        ("Origin", Some("http://evil.example")),
        ("Origin", Some("null")),
        ("Origin", Some("https://127.0.0.1")),
        ("X-Requested-By", None),
        ("X-Requested-By", Some("somebody")),
    ] {
        let answer = browser.with(header, value).post("/api/stop-all", &body).await;
        assert_eq!((answer.status, answer.error()), (403, "WrongOrigin"), "{header} {value:?}");
    }
    let foreign = browser.with("Host", Some("evil.example")).get("/api/session").await;
    assert_eq!((foreign.status, foreign.error()), (421, "WrongHost"));
    assert!(plant.orders().is_empty());
    let from_a_program = browser.with("Origin", None).post("/api/stop-all", &body).await;
    assert_eq!(from_a_program.json(), json!({ "accepted": true }));
    plant.stop().await;
}

#[tokio::test]
async fn the_set_up_code_opens_the_plant_once() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    let session = browser.get("/api/session").await.json();
    assert_eq!(session, json!({ "user": null, "setup_needed": true }));

    let code = plant.access.setup_code().unwrap();
    let owner = |code: &str, password: &str| json!({ "code": code, "user": "bounmy", "password": password });
    let wrong = browser.post("/api/setup", &owner("0000-0000-0000", PASSWORD)).await;
    assert_eq!((wrong.status, wrong.error()), (403, "WrongCode"));
    let weak = browser.post("/api/setup", &owner(&code, "password")).await;
    assert_eq!((weak.status, weak.error()), (422, "WeakPassword"));
    let entered = browser.post("/api/setup", &owner(&code, PASSWORD)).await;
    assert_eq!(entered.json(), json!({ "user": "bounmy", "roles": ["Engineer", "Admin"] }));

    let session = browser.get("/api/session").await.json();
    assert_eq!(session["user"], "bounmy");
    assert_eq!((&session["setup_needed"], &session["idle_s"]), (&json!(false), &json!(900)));
    let again = plant.browser().post("/api/setup", &owner(&code, PASSWORD)).await;
    assert_eq!((again.status, again.error()), (409, "SetupDone"));
    plant.stop().await;
}

#[tokio::test]
async fn a_command_takes_two_steps_in_one_session() {
    let plant = TestPlant::start().await;
    plant.user("bounmy", Role::Operator).await;
    plant.user("khamla", Role::Operator).await;
    let (mut bounmy, mut khamla) = (plant.browser(), plant.browser());
    bounmy.log_in("bounmy").await;
    khamla.log_in("khamla").await;

    let select = json!({ "command": "Wash", "target": 1 });
    let token = bounmy.post("/api/select", &select).await.json()["token"].clone();
    let carry =
        |target: u8| json!({ "token": token, "command": "Wash", "target": target, "why": "dirty" });
    for (browser, target) in [(&mut khamla, 1), (&mut bounmy, 2)] {
        let token = browser.post("/api/select", &select).await.json()["token"].clone();
        let mut other = carry(target);
        if target == 2 {
            other["token"] = token;
        }
        let answer = browser.post("/api/command", &other).await;
        assert_eq!((answer.status, answer.error()), (409, "StaleToken"), "{target}");
    }
    // Shown in a foreign session, the token is spent.
    let spent = bounmy.post("/api/command", &carry(1)).await;
    assert_eq!((spent.status, spent.error()), (409, "StaleToken"));
    assert!(plant.orders().is_empty());

    plant.refuse(Reason::WashTokenTaken);
    let refused = bounmy.command("Wash", json!(1)).await;
    assert_eq!(refused.json(), json!({ "accepted": false, "reason": "WashTokenTaken" }));
    plant.accept();
    let accepted = bounmy.command("Wash", json!(1)).await;
    assert_eq!(accepted.json(), json!({ "accepted": true }));
    assert_eq!(plant.orders(), [Command::Wash { filter: 1 }, Command::Wash { filter: 1 }]);

    let events = bounmy.get("/api/events?limit=10").await.json();
    let answers: Vec<_> =
        events["events"].as_array().unwrap().iter().filter(|one| one["kind"] == "answer").collect();
    assert_eq!(answers.len(), 2);
    assert_eq!((&answers[0]["user"], &answers[0]["why"]), (&json!("bounmy"), &json!("by hand")));
    assert_eq!(
        (&answers[1]["to"], &answers[1]["reason"]),
        (&json!("Refused"), &json!("WashTokenTaken"))
    );
    plant.stop().await;
}

#[tokio::test]
async fn each_role_reaches_only_what_is_its_own() {
    let plant = TestPlant::start().await;
    plant.user("watcher", Role::Observer).await;
    plant.user("bounmy", Role::Operator).await;
    plant.user("khamla", Role::Supervisor).await;
    let set = json!({ "path": "disinfection.target", "value": 1.2, "why": "" });
    let start = json!({ "command": "Start", "target": null });
    for (user, may_start, may_set) in
        [("watcher", false, false), ("bounmy", true, false), ("khamla", true, true)]
    {
        let mut browser = plant.browser();
        browser.log_in(user).await;
        let started = browser.post("/api/select", &start).await;
        assert_eq!(started.status == 200, may_start, "{user}");
        let set = browser.post("/api/settings", &set).await;
        let expected = if may_set { (200, "") } else { (403, "NotPermitted") };
        assert_eq!((set.status, set.error()), expected, "{user}");
    }
    let target = plant.row("disinfection.target");
    assert_eq!(plant.orders(), [Command::Set { setting: target, value: 1.2 }]);
    plant.stop().await;
}

#[tokio::test]
async fn a_guesser_is_locked_out_and_told_for_how_long() {
    let plant = TestPlant::start().await;
    plant.user("bounmy", Role::Operator).await;
    let mut browser = plant.browser();
    for guess in ["river 1", "river 2", "river 3", "river 4"] {
        let answer = browser.try_log_in("bounmy", guess).await;
        assert_eq!((answer.status, answer.error()), (401, "WrongPassword"));
    }
    let fifth = browser.try_log_in("bounmy", "river 5").await;
    assert_eq!((fifth.status, fifth.error()), (429, "LockedOut"));
    assert_eq!(fifth.json()["seconds"], 60);
    let right = browser.try_log_in("bounmy", PASSWORD).await;
    assert_eq!((right.status, right.error()), (429, "LockedOut"));
    assert!(right.header("set-cookie").is_none());
    plant.stop().await;
}

#[tokio::test]
async fn a_log_out_ends_the_session_everywhere() {
    let plant = TestPlant::start().await;
    plant.user("bounmy", Role::Operator).await;
    let mut browser = plant.browser();
    let cookie = browser.log_in("bounmy").await;
    assert!(cookie.starts_with("sid=") && !cookie.contains("Secure"), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let mut copy = browser.clone();
    assert_eq!(browser.delete("/api/session").await.status, 200);
    let answer = copy.post("/api/select", &json!({ "command": "Start", "target": null })).await;
    assert_eq!((answer.status, answer.error()), (401, "NotLoggedIn"));
    plant.stop().await;
}

#[tokio::test]
async fn anybody_at_a_panel_may_stop_all_and_silence_and_nothing_else() {
    let plant = TestPlant::start().await;
    let mut panel = plant.browser();
    assert_eq!(
        panel.post("/api/stop-all", &json!({ "why": "smoke" })).await.json()["accepted"],
        true
    );
    assert_eq!(panel.post("/api/silence", &json!({})).await.json()["accepted"], true);
    assert_eq!(plant.orders(), [Command::StopAll, Command::Silence]);
    let events = panel.get("/api/events").await.json();
    let users: Vec<_> =
        events["events"].as_array().unwrap().iter().map(|one| &one["user"]).collect();
    assert_eq!(users, ["panel", "panel"]);
    let start = panel.post("/api/select", &json!({ "command": "Start", "target": null })).await;
    assert_eq!(start.status, 401);
    plant.stop().await;
}

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
    let health = browser.get("/api/health").await.json();
    assert_eq!(health["ok"], true, "{health}");
    plant.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_others_out() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    for path in ["/", "/api/session", "/api/nothing", "/nothing.js"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    assert_eq!(browser.get("/api/session").await.header("cache-control"), Some("no-store"));
    assert_eq!(browser.get("/api/nothing").await.error(), "NotFound");
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

#[tokio::test]
async fn a_client_that_asks_without_end_is_slowed_down() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    let mut refused = None;
    for _ in 0..2000 {
        let answer = browser.get("/api/nothing").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!((refused.error(), refused.header("retry-after")), ("TooManyRequests", Some("1")));
    plant.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_key() {
    let plant = TestPlant::start().await;
    plant.user("khamla", Role::Supervisor).await;
    let mut browser = plant.browser();
    browser.log_in("khamla").await;
    for (path, body) in [
        ("/api/select", json!({ "command": "Explode", "target": null })),
        ("/api/select", json!({ "command": "Wash", "target": null })),
        ("/api/select", json!({ "command": "Wash", "target": 300 })),
        ("/api/select", json!({ "command": "Start", "target": 1 })),
        ("/api/settings", json!({ "path": "disinfection.target", "value": "high" })),
        ("/api/ack", json!({ "alarm": -1 })),
        ("/api/stop-all", json!({ "why": "x".repeat(501) })),
        ("/api/stop-all", json!({ "why": "x".repeat(20_000) })),
    ] {
        let answer = browser.post(path, &body).await;
        assert_eq!((answer.status, answer.error()), (400, "BadRequest"), "{path}");
    }
    let unknown = json!({ "path": "disinfection.chlorine", "value": 1.0 });
    assert_eq!(browser.post("/api/settings", &unknown).await.status, 404);
    assert!(plant.orders().is_empty());
    plant.stop().await;
}

#[tokio::test]
async fn anything_but_loopback_speaks_tls_only() {
    for (address, tls) in [
        ("127.0.0.1", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("0.0.0.0", true),
        ("::", true),
        ("192.168.1.10", true),
    ] {
        assert_eq!(super::needs_tls(address.parse().unwrap()), tls, "{address}");
    }
    let plant = TestPlant::with_tls().await;
    assert!(plant.serving.url.starts_with("https://"), "{}", plant.serving.url);
    let plain = plant.browser().raw("GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(!String::from_utf8_lossy(&plain).contains("setup_needed"));

    let mut browser = plant.browser().trusting(plant.state.path());
    assert_eq!(browser.get("/api/session").await.json()["user"], json!(null));
    plant.user("bounmy", Role::Operator).await;
    let cookie = browser.log_in("bounmy").await;
    assert!(cookie.starts_with("__Host-sid=") && cookie.contains("; Secure"), "{cookie}");
    assert_eq!(browser.get("/api/session").await.json()["user"], "bounmy");
    plant.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_said_so() {
    let plant = TestPlant::start().await;
    let taken = plant.serving.address;
    let error = plant.serve_again(taken).err().expect("taken").to_string();
    assert!(error.contains(&format!("cannot listen on {taken} for the HMI")), "{error}");
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
