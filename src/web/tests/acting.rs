//! What people may change, and what keeps everybody else from it.

use plc::image::Command;
use plc::reason::Reason;
use plc::tag::Role;
use serde_json::json;

use super::plant::{PASSWORD, TestPlant};
use crate::web::needs_tls;

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
    let of = |one: &&serde_json::Value| one["kind"] == "answer" && one["to"] != "Chosen";
    let answers: Vec<_> = events["events"].as_array().unwrap().iter().filter(of).collect();
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
        assert_eq!(needs_tls(address.parse().unwrap()), tls, "{address}");
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
