//! What people order, as the web interface takes it.

use plc::device::Mode;
use plc::image::{Chemical, Command};
use plc::reason::Reason;
use plc::tag::{Catalogue, Role};
use serde_json::{Value as Json, json};

use super::client::{Answer, Client};
use crate::story::order::Asked;

/// Said with every order.
const WHY: &str = "a story";

/// Gives an order as the plant's owner, who may do what each of the roles may; the plant's answer.
pub fn ask(
    client: &Client,
    asked: Asked,
    catalogue: &Catalogue,
) -> Result<Result<(), Reason>, String> {
    if asked.role == Role::Observer {
        return Err("over HTTP a story is the plant's owner: `as observer` cannot be asked".into());
    }
    let (route, mut body) = request_of(asked.command, catalogue);
    if let Some(route) = route {
        return verdict(&client.post(route, &body)?);
    }
    let selected = client.post("/api/select", &body)?;
    let told = selected.json()?;
    if told["token"].is_null() {
        return verdict(&selected);
    }
    body["token"] = told["token"].clone();
    body["why"] = json!(WHY);
    verdict(&client.post("/api/command", &body)?)
}

/// Accepted, or why not.
fn verdict(answer: &Answer) -> Result<Result<(), Reason>, String> {
    let told = answer.json()?;
    if told["accepted"] == true {
        return Ok(Ok(()));
    }
    let key = told["reason"].as_str().or(told["error"].as_str());
    let reason = Reason::ALL.iter().find(|reason| Some(reason.key()) == key);
    reason.map(|reason| Err(*reason)).ok_or_else(|| format!("{} {told}", answer.status))
}

/// Verb and numbers of a command; with a route of its own, where it is not announced first.
fn request_of(command: Command, catalogue: &Catalogue) -> (Option<&'static str>, Json) {
    let target = |verb: &str, target: usize| json!({ "command": verb, "target": target });
    let body = match command {
        Command::Start => json!({ "command": "Start" }),
        Command::Stop => json!({ "command": "Stop" }),
        Command::StopAll => json!({ "command": "StopAll" }),
        Command::Reset => json!({ "command": "Reset" }),
        Command::Prime => json!({ "command": "Prime" }),
        Command::CloseIntake => json!({ "command": "CloseIntake" }),
        Command::OpenIntake => json!({ "command": "OpenIntake" }),
        Command::ConfirmDrained => json!({ "command": "ConfirmDrained" }),
        Command::ConfirmQuality => json!({ "command": "ConfirmQuality" }),
        Command::ConfirmStrength => json!({ "command": "ConfirmStrength" }),
        Command::ConfirmSludgeRemoved => json!({ "command": "ConfirmSludgeRemoved" }),
        Command::AcceptJarTest => json!({ "command": "AcceptJarTest" }),
        Command::RevertJarTest => json!({ "command": "RevertJarTest" }),
        Command::AcknowledgeLow => json!({ "command": "AcknowledgeLow" }),
        Command::EndEmergency => json!({ "command": "EndEmergency" }),
        Command::Silence => json!({ "command": "Silence" }),
        Command::Wash { filter } => target("Wash", filter.into()),
        Command::AbortWash { filter } => target("AbortWash", filter.into()),
        Command::Desludge { tank } => target("Desludge", tank.into()),
        Command::ResetAlarm { alarm } => target("ResetAlarm", alarm),
        Command::ShelveOnce { alarm } => target("ShelveOnce", alarm),
        Command::Unshelve { alarm } => target("Unshelve", alarm),
        Command::OutOfService { alarm } => target("OutOfService", alarm),
        Command::InService { alarm } => target("InService", alarm),
        Command::Release { input } => target("Release", input),
        Command::Handle { device, mode } => {
            let verb = match mode {
                Mode::Auto => "HandleAuto",
                Mode::Off => "HandleOff",
                Mode::Manual => "HandleManual",
                Mode::Maintenance => "HandleMaintenance",
            };
            target(verb, device)
        }
        Command::Shelve { alarm, seconds } => {
            json!({ "command": "Shelve", "target": alarm, "seconds": seconds })
        }
        Command::Hold { input, seconds } => {
            json!({ "command": "Hold", "target": input, "seconds": seconds })
        }
        Command::ByHand { device, wish, seconds } => {
            json!({ "command": "ByHand", "target": device, "value": wish, "seconds": seconds })
        }
        Command::EnterChlorine { tested } => json!({ "command": "EnterChlorine", "value": tested }),
        Command::EnterTurbidity { tested } => {
            json!({ "command": "EnterTurbidity", "value": tested })
        }
        Command::JarTest { raw, dose, settled } => {
            json!({ "command": "JarTest", "value": raw, "dose": dose, "settled": settled })
        }
        Command::BeginEmergency { limit, seconds } => {
            json!({ "command": "BeginEmergency", "value": limit, "seconds": seconds })
        }
        Command::Mixed { chemical, batch } => {
            let target = match chemical {
                Chemical::Coagulant => 1,
                Chemical::Chlorine => 2,
            };
            json!({ "command": "Mixed", "target": target, "value": batch.product,
                "seconds": batch.days * 86_400.0, "amount": batch.amount })
        }
        Command::RecordTest { due, tested } => {
            json!({ "command": "RecordTest", "target": due, "value": tested.reference,
                "before": tested.before, "after": tested.after })
        }
        Command::Set { setting, value } => {
            let path = &catalogue.rows[setting].path;
            let body = json!({ "path": path, "value": value, "why": WHY });
            return (Some("/api/settings"), body);
        }
        Command::Acknowledge { alarm } => {
            return (Some("/api/ack"), json!({ "alarm": alarm, "comment": WHY }));
        }
    };
    (None, body)
}
