//! The field page.

use hil::{Act, ActuatorFault, Selector, SensorFault};
use serde_json::json;

use super::plant::TestPlant;

#[tokio::test]
async fn the_field_page_plays_with_the_twin() {
    let plant = TestPlant::with_field_page().await;
    let mut browser = plant.browser();
    assert_eq!(browser.get("/api/catalogue").await.json()["site"]["field"], true);
    let page = browser.get("/field").await;
    assert_eq!((page.status, page.header("location")), (303, Some("/#/field")));

    let path = "disinfection.chlorine";
    let fault = |fault| Act::SensorFault { path: path.into(), fault };
    let deeds = [
        (json!({ "act": "press", "tag": "ES-900" }), Act::Press("ES-900".into())),
        (json!({ "act": "release", "tag": "ES-900" }), Act::Release("ES-900".into())),
        (json!({ "act": "turn", "tag": "HS-900", "to": "local" }), Act::Turn(Selector::Local)),
        (json!({ "act": "storm", "peak_ntu": 600 }), Act::Storm { peak_ntu: 600.0 }),
        (json!({ "act": "mains", "on": false }), Act::Mains(false)),
        (
            json!({ "act": "fault", "path": path, "kind": "bias", "value": 0.5 }),
            fault(Some(SensorFault::Bias(0.5))),
        ),
        (json!({ "act": "fault", "path": path, "kind": "clear" }), fault(None)),
        (
            json!({ "act": "actuator", "path": "intake.pump_a", "kind": "trip" }),
            Act::ActuatorFault { path: "intake.pump_a".into(), fault: Some(ActuatorFault::Trip) },
        ),
        (json!({ "act": "clear" }), Act::ClearAll),
    ];
    for (deed, _) in &deeds {
        let answer = browser.post("/api/field", deed).await;
        assert_eq!(answer.json(), json!({ "accepted": true }), "{deed}");
    }
    assert_eq!(plant.acts(), deeds.map(|(_, act)| act));

    let unknown = browser.post("/api/field", &json!({ "act": "press", "tag": "HS-000" })).await;
    assert_eq!(unknown.json(), json!({ "accepted": false, "reason": "no button HS-000" }));
    for deed in [
        json!({ "act": "explode" }),
        json!({ "act": "turn", "tag": "ES-900", "to": "local" }),
        json!({ "act": "fault", "path": path, "kind": "bias" }),
    ] {
        let answer = browser.post("/api/field", &deed).await;
        assert_eq!((answer.status, answer.error()), (400, "BadRequest"), "{deed}");
    }
    let foreign = browser.with("Origin", Some("http://evil.example"));
    let foreign = foreign.clone().post("/api/field", &json!({ "act": "clear" })).await;
    assert_eq!((foreign.status, foreign.error()), (403, "WrongOrigin"));

    let scene = browser.get("/api/field").await.json();
    assert_eq!((&scene["storm"], &scene["remote"]), (&json!(true), &json!(true)));
    assert_eq!(scene["faults"], json!([{ "path": path, "kind": "bias" }]));
    assert_eq!(scene["targets"]["actuators"], json!(["disinfection.doser"]));
    assert_eq!(scene["truth"]["raw_turbidity"], 12.5);
    plant.stop().await;
}

#[tokio::test]
async fn a_real_plant_has_no_field_page() {
    let plant = TestPlant::start().await;
    let mut browser = plant.browser();
    assert_eq!(browser.get("/api/catalogue").await.json()["site"]["field"], false);
    for path in ["/field", "/api/field"] {
        assert_eq!(browser.get(path).await.error(), "NotFound");
    }
    let answer = browser.post("/api/field", &json!({ "act": "clear" })).await;
    assert_eq!((answer.status, answer.error()), (404, "NotFound"));
    plant.stop().await;
}
