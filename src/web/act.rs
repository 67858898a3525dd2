//! What people do: commands in two steps, acknowledging, settings, and the two things a panel may do without log-in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use plc::alarm::SHELF_DEFAULT;
use plc::device::Mode;
use plc::image::{Command, Tested};
use plc::reason::Reason;
use plc::tag::{Kind, Role};
use plc::unit::chemicals::{Batch, Chemical};
use serde::{Deserialize, Serialize};

use crate::access::Token;
use crate::exchange::{Origin, Who};
use crate::web::refusal::{Body, Refusal};
use crate::web::{Peer, Web, door};

/// Characters of a reason or comment.
const WHY_MAX: usize = 500;

/// What the page may name as a command.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Verb {
    Start,
    Stop,
    StopAll,
    Reset,
    Wash,
    AbortWash,
    Desludge,
    Prime,
    CloseIntake,
    OpenIntake,
    ConfirmDrained,
    ConfirmQuality,
    ConfirmStrength,
    ConfirmSludgeRemoved,
    Mixed,
    EnterChlorine,
    AcknowledgeLow,
    EnterTurbidity,
    JarTest,
    AcceptJarTest,
    RevertJarTest,
    ResetAlarm,
    Shelve,
    ShelveOnce,
    Unshelve,
    OutOfService,
    InService,
    BeginEmergency,
    EndEmergency,
    Silence,
    HandleAuto,
    HandleOff,
    HandleManual,
    HandleMaintenance,
    ByHand,
    Hold,
    Release,
    RecordTest,
}

/// First step.
#[derive(Deserialize)]
pub struct Select {
    command: Verb,
    target: Option<usize>,
    /// What `ByHand` wishes, 0 to 100 %, or the strength of the product that was mixed in, %; for how many seconds, for
    /// `ByHand`, `Hold` and `Shelve`, or how long ago the product was delivered.
    value: Option<f64>,
    seconds: Option<f64>,
    /// What `Mixed` put in: litres of solution, or kilograms of powder.
    amount: Option<f64>,
    /// Best dose, mg/l, and settled NTU of a `JarTest`, whose raw NTU is `value`.
    dose: Option<f64>,
    settled: Option<f64>,
    /// What an instrument showed before and after it was adjusted, for `RecordTest`, whose known value is `value`.
    before: Option<f64>,
    after: Option<f64>,
}

/// Second step.
#[derive(Deserialize)]
pub struct Carry {
    token: String,
    command: Verb,
    target: Option<usize>,
    value: Option<f64>,
    seconds: Option<f64>,
    amount: Option<f64>,
    dose: Option<f64>,
    settled: Option<f64>,
    before: Option<f64>,
    after: Option<f64>,
    #[serde(default)]
    why: String,
}

/// Seen.
#[derive(Deserialize)]
pub struct Acknowledge {
    alarm: usize,
    #[serde(default)]
    comment: String,
}

/// A setting.
#[derive(Deserialize)]
pub struct Set {
    path: String,
    value: f64,
    #[serde(default)]
    why: String,
}

/// Why, where nothing else is asked.
#[derive(Deserialize)]
pub struct Why {
    #[serde(default)]
    why: String,
}

/// The plant's answer.
#[derive(Serialize)]
pub struct Answer {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl From<Result<(), Reason>> for Answer {
    fn from(verdict: Result<(), Reason>) -> Answer {
        Answer { accepted: verdict.is_ok(), reason: verdict.err().map(Reason::key) }
    }
}

/// `POST /api/select`.
pub async fn select(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(asked): Body<Select>,
) -> Result<Json<serde_json::Value>, Refusal> {
    let (session, who) = door::acting(&web, &headers).await?;
    let command = command_of(
        asked.command,
        asked.target,
        (asked.value, asked.seconds, asked.amount),
        (asked.dose, asked.settled),
        (asked.before, asked.after),
    )?;
    permit(&web, &who, &command)?;
    let order = if command.needs_selection() { choose(&web, who, command).await? } else { 0 };
    let token = web.access.select(&session, command, order);
    Ok(Json(serde_json::json!({ "token": token.to_string() })))
}

/// `POST /api/command`.
pub async fn command(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(asked): Body<Carry>,
) -> Result<Json<Answer>, Refusal> {
    let (session, who) = door::acting(&web, &headers).await?;
    let command = command_of(
        asked.command,
        asked.target,
        (asked.value, asked.seconds, asked.amount),
        (asked.dose, asked.settled),
        (asked.before, asked.after),
    )?;
    permit(&web, &who, &command)?;
    let token: Option<Token> = asked.token.parse().ok();
    let Some(order) = token.and_then(|token| web.access.redeem(&session, &token, &command)) else {
        let detail = "announced more than 30 s ago, elsewhere, or not at all";
        return Err(Refusal::new(StatusCode::CONFLICT, "StaleToken", detail));
    };
    if !command.needs_selection() {
        return ask(&web, who, command, asked.why).await;
    }
    let why = reason_of(asked.why)?;
    let exchange = web.exchange.clone();
    answer(tokio::spawn(async move { exchange.operate(who, command, why, order).await })).await
}

/// `POST /api/ack`.
pub async fn acknowledge(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(asked): Body<Acknowledge>,
) -> Result<Json<Answer>, Refusal> {
    let (_, who) = door::acting(&web, &headers).await?;
    let command = Command::Acknowledge { alarm: asked.alarm };
    permit(&web, &who, &command)?;
    ask(&web, who, command, asked.comment).await
}

/// `POST /api/settings`.
pub async fn set(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(asked): Body<Set>,
) -> Result<Json<Answer>, Refusal> {
    let (_, who) = door::acting(&web, &headers).await?;
    let row = web.exchange.catalogue.find(&asked.path);
    let row = row.filter(|row| matches!(row.kind, Kind::Setting(_)));
    let setting = row.ok_or_else(|| Refusal::not_found(format!("no setting {}", asked.path)))?.id;
    let command = Command::Set { setting, value: asked.value };
    permit(&web, &who, &command)?;
    ask(&web, who, command, asked.why).await
}

/// `POST /api/stop-all`.
pub async fn stop_all(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Body(asked): Body<Why>,
) -> Result<Json<Answer>, Refusal> {
    let who = at_panel(&web, peer, &headers, &Command::StopAll).await?;
    ask(&web, who, Command::StopAll, asked.why).await
}

/// `POST /api/silence`.
pub async fn silence(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Body(asked): Body<Why>,
) -> Result<Json<Answer>, Refusal> {
    let who = at_panel(&web, peer, &headers, &Command::Silence).await?;
    ask(&web, who, Command::Silence, asked.why).await
}

/// The person with a session who may; otherwise whoever stands before a panel.
async fn at_panel(
    web: &Web,
    peer: Peer,
    headers: &HeaderMap,
    command: &Command,
) -> Result<Who, Refusal> {
    let person = match door::acting(web, headers).await {
        Ok((_, who)) => permit(web, &who, command).map(|()| who),
        Err(refusal) => Err(refusal),
    };
    let address = peer.address();
    let refusal = match person {
        Ok(who) => return Ok(who),
        Err(refusal) => refusal,
    };
    let own = address.is_loopback();
    if own || web.options.panels.iter().any(|panel| panel.to_canonical() == address) {
        let origin = Origin::Panel(address.to_string());
        return Ok(Who { user: "panel".into(), roles: vec![Role::Operator], origin });
    }
    Err(refusal)
}

fn permit(web: &Web, who: &Who, command: &Command) -> Result<(), Refusal> {
    web.access.may(who, command).map_err(|reason| {
        tracing::warn!(user = who.user, ?command, reason = reason.key(), "command refused");
        Refusal::not_permitted(reason)
    })
}

/// The plant remembers the choice; its token.
async fn choose(web: &Web, who: Who, command: Command) -> Result<u32, Refusal> {
    web.exchange.select(who, command).await.map_err(Refusal::not_permitted)
}

async fn ask(web: &Web, who: Who, command: Command, why: String) -> Result<Json<Answer>, Refusal> {
    let why = reason_of(why)?;
    let exchange = web.exchange.clone();
    answer(tokio::spawn(async move { exchange.ask(who, command, why).await })).await
}

/// The order reaches the plant even when the browser goes away meanwhile.
async fn answer(
    asked: tokio::task::JoinHandle<Result<(), Reason>>,
) -> Result<Json<Answer>, Refusal> {
    let verdict = asked.await.map_err(|error| Refusal::unavailable(error.to_string()))?;
    Ok(Json(verdict.into()))
}

fn reason_of(why: String) -> Result<String, Refusal> {
    let why = why.trim();
    if why.chars().count() > WHY_MAX {
        return Err(Refusal::bad_request(format!("at most {WHY_MAX} characters of reason")));
    }
    Ok(why.to_owned())
}

/// The plant judges whether there is such a filter, tank or alarm.
fn command_of(
    verb: Verb,
    target: Option<usize>,
    (value, seconds, amount): (Option<f64>, Option<f64>, Option<f64>),
    (dose, settled): (Option<f64>, Option<f64>),
    (before, after): (Option<f64>, Option<f64>),
) -> Result<Command, Refusal> {
    let target_needed = || Refusal::bad_request(format!("{verb:?} needs a target"));
    let number = || {
        let number = u8::try_from(target.ok_or_else(target_needed)?);
        number.map_err(|_| Refusal::bad_request("no such number"))
    };
    let whole = |command: Command| match target {
        None => Ok(command),
        Some(_) => Err(Refusal::bad_request(format!("{verb:?} has no target"))),
    };
    let alarm = || target.ok_or_else(target_needed);
    let handle = |mode| Ok(Command::Handle { device: target.ok_or_else(target_needed)?, mode });
    match verb {
        Verb::Start => whole(Command::Start),
        Verb::Stop => whole(Command::Stop),
        Verb::StopAll => whole(Command::StopAll),
        Verb::Reset => whole(Command::Reset),
        Verb::Wash => Ok(Command::Wash { filter: number()? }),
        Verb::AbortWash => Ok(Command::AbortWash { filter: number()? }),
        Verb::Desludge => Ok(Command::Desludge { tank: number()? }),
        Verb::Prime => whole(Command::Prime),
        Verb::CloseIntake => whole(Command::CloseIntake),
        Verb::OpenIntake => whole(Command::OpenIntake),
        Verb::ConfirmDrained => whole(Command::ConfirmDrained),
        Verb::ConfirmQuality => whole(Command::ConfirmQuality),
        Verb::ConfirmStrength => whole(Command::ConfirmStrength),
        Verb::ConfirmSludgeRemoved => whole(Command::ConfirmSludgeRemoved),
        Verb::Mixed => {
            let told = || {
                Refusal::bad_request(
                    "Mixed needs value (% of the product), seconds (since its delivery) and amount",
                )
            };
            let (product, seconds) = value.zip(seconds).ok_or_else(told)?;
            let amount = amount.ok_or_else(told)?;
            let chemical = match target {
                Some(1) => Chemical::Coagulant,
                Some(2) => Chemical::Chlorine,
                Some(_) | None => {
                    return Err(Refusal::bad_request("Mixed needs target 1 (PAC) or 2 (chlorine)"));
                }
            };
            let batch = Batch { product, days: seconds / 86_400.0, amount };
            Ok(Command::Mixed { chemical, batch })
        }
        Verb::EnterChlorine => {
            let tested =
                value.ok_or_else(|| Refusal::bad_request("EnterChlorine needs a value"))?;
            whole(Command::EnterChlorine { tested })
        }
        Verb::AcknowledgeLow => whole(Command::AcknowledgeLow),
        Verb::ResetAlarm => Ok(Command::ResetAlarm { alarm: alarm()? }),
        Verb::Shelve => {
            let seconds = seconds.unwrap_or(SHELF_DEFAULT.as_secs_f64());
            Ok(Command::Shelve { alarm: alarm()?, seconds })
        }
        Verb::ShelveOnce => Ok(Command::ShelveOnce { alarm: alarm()? }),
        Verb::Unshelve => Ok(Command::Unshelve { alarm: alarm()? }),
        Verb::OutOfService => Ok(Command::OutOfService { alarm: alarm()? }),
        Verb::InService => Ok(Command::InService { alarm: alarm()? }),
        Verb::EnterTurbidity => {
            let needed = || Refusal::bad_request("EnterTurbidity needs value, NTU");
            Ok(Command::EnterTurbidity { tested: value.ok_or_else(needed)? })
        }
        Verb::JarTest => {
            let needed = || Refusal::bad_request("JarTest needs value (raw NTU), dose and settled");
            let ((raw, dose), settled) = value.zip(dose).zip(settled).ok_or_else(needed)?;
            Ok(Command::JarTest { raw, dose, settled })
        }
        Verb::AcceptJarTest => whole(Command::AcceptJarTest),
        Verb::RevertJarTest => whole(Command::RevertJarTest),
        Verb::BeginEmergency => {
            let needed = || Refusal::bad_request("BeginEmergency needs value (NTU) and seconds");
            let (limit, seconds) = value.zip(seconds).ok_or_else(needed)?;
            whole(Command::BeginEmergency { limit, seconds })
        }
        Verb::EndEmergency => whole(Command::EndEmergency),
        Verb::Silence => whole(Command::Silence),
        Verb::HandleAuto => handle(Mode::Auto),
        Verb::HandleOff => handle(Mode::Off),
        Verb::HandleManual => handle(Mode::Manual),
        Verb::HandleMaintenance => handle(Mode::Maintenance),
        Verb::ByHand => {
            let wished = || Refusal::bad_request("ByHand needs value (0 to 100) and seconds");
            let (wish, seconds) = value.zip(seconds).ok_or_else(wished)?;
            Ok(Command::ByHand { device: target.ok_or_else(target_needed)?, wish, seconds })
        }
        Verb::Hold => {
            let seconds = seconds.ok_or_else(|| Refusal::bad_request("Hold needs seconds"))?;
            Ok(Command::Hold { input: target.ok_or_else(target_needed)?, seconds })
        }
        Verb::RecordTest => {
            let needed =
                || Refusal::bad_request("RecordTest needs value (the known one), before and after");
            let (reference, (before, after)) = value.zip(before.zip(after)).ok_or_else(needed)?;
            let tested = Tested { reference, before, after };
            Ok(Command::RecordTest { due: target.ok_or_else(target_needed)?, tested })
        }
        Verb::Release => Ok(Command::Release { input: target.ok_or_else(target_needed)? }),
    }
}
