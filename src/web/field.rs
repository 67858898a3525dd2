//! The field page of the demo: somebody at this machine plays panel, weather and broken equipment.
//!
//! Only where the embedded twin runs, and only for loopback; for everybody else it does not exist.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Redirect, Response};
use hil::{Act, ActuatorFault, Broken, Bus, Selector, SensorFault, Truth};
use serde::{Deserialize, Serialize};

use crate::web::refusal::{Body, Refusal};
use crate::web::{Peer, Web};

/// What the page sends.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Deed {
    Press { tag: String },
    Release { tag: String },
    Turn { tag: String, to: Position },
    Storm { peak_ntu: f64 },
    Mains { on: bool },
    Fault { path: String, kind: SensorKind, value: Option<f64> },
    Actuator { path: String, kind: ActuatorKind },
    Link { bus: BusName, up: bool },
    Clear,
}

/// Where the selector goes.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    Local,
    Remote,
}

/// How an instrument or contact breaks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    Stuck,
    Dropout,
    Bias,
    Zero,
    Clear,
}

/// How a device breaks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActuatorKind {
    Trip,
    Seize,
    Clear,
}

/// A bus that can be cut.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusName {
    A,
    B,
    C,
    D,
}

impl Deed {
    fn act(self) -> Result<Act, Refusal> {
        Ok(match self {
            Deed::Press { tag } => Act::Press(tag),
            Deed::Release { tag } => Act::Release(tag),
            Deed::Turn { tag, to } if tag == "HS-900" => Act::Turn(match to {
                Position::Local => Selector::Local,
                Position::Remote => Selector::Remote,
            }),
            Deed::Turn { tag, .. } => {
                return Err(Refusal::bad_request(format!("{tag} is no selector: HS-900")));
            }
            Deed::Storm { peak_ntu } => Act::Storm { peak_ntu },
            Deed::Mains { on } => Act::Mains(on),
            Deed::Fault { path, kind, value } => {
                let fault = match kind {
                    SensorKind::Stuck => Some(SensorFault::Stuck),
                    SensorKind::Dropout => Some(SensorFault::Dropout),
                    SensorKind::Bias => {
                        let needed = || Refusal::bad_request("a bias needs a value");
                        Some(SensorFault::Bias(value.ok_or_else(needed)?))
                    }
                    SensorKind::Zero => Some(SensorFault::Zero),
                    SensorKind::Clear => None,
                };
                Act::SensorFault { path, fault }
            }
            Deed::Actuator { path, kind } => {
                let fault = match kind {
                    ActuatorKind::Trip => Some(ActuatorFault::Trip),
                    ActuatorKind::Seize => Some(ActuatorFault::Seize),
                    ActuatorKind::Clear => None,
                };
                Act::ActuatorFault { path, fault }
            }
            Deed::Link { bus, up } => {
                let bus = match bus {
                    BusName::A => Bus::A,
                    BusName::B => Bus::B,
                    BusName::C => Bus::C,
                    BusName::D => Bus::D,
                };
                Act::Link { bus, up }
            }
            Deed::Clear => Act::ClearAll,
        })
    }
}

#[derive(Serialize)]
struct Told {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Scene {
    storm: bool,
    mains: bool,
    emergency_stop: bool,
    remote: bool,
    faults: Vec<BrokenRow>,
    targets: Targets,
    truth: Shown,
}

#[derive(Serialize)]
struct BrokenRow {
    path: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Targets {
    sensors: Vec<String>,
    actuators: Vec<String>,
}

/// What is really there, in the units of the instruments beside it.
#[derive(Serialize)]
struct Shown {
    raw_turbidity: f64,
    river_level: f64,
    rain: f64,
    settled_turbidity: f64,
    filtered_turbidity: f64,
    outlet_chlorine: f64,
    clear_well_level: f64,
    elevated_level: f64,
    demand: f64,
}

impl Shown {
    fn of(truth: &Truth) -> Shown {
        Shown {
            raw_turbidity: truth.raw_turbidity.0,
            river_level: truth.river_level.0,
            rain: truth.rain.0,
            settled_turbidity: truth.settled_turbidity.0,
            filtered_turbidity: truth.combined_turbidity.0,
            outlet_chlorine: truth.outlet_chlorine.0,
            clear_well_level: truth.clear_well_level.0,
            elevated_level: truth.elevated_level.0,
            demand: truth.demand.0,
        }
    }
}

fn kind(broken: Broken) -> &'static str {
    match broken {
        Broken::Sensor(SensorFault::Stuck) => "stuck",
        Broken::Sensor(SensorFault::Dropout) => "dropout",
        Broken::Sensor(SensorFault::Bias(_)) => "bias",
        Broken::Sensor(SensorFault::Zero) => "zero",
        Broken::Sensor(SensorFault::Value(_)) => "value",
        Broken::Sensor(SensorFault::Scale(_)) => "scale",
        Broken::Sensor(SensorFault::Drift(_)) => "drift",
        Broken::Sensor(SensorFault::Noise(_)) => "noise",
        Broken::Sensor(SensorFault::Spike(_)) => "spike",
        Broken::Actuator(ActuatorFault::Trip) => "trip",
        Broken::Actuator(ActuatorFault::Seize) => "seize",
        Broken::Actuator(ActuatorFault::Run) => "run",
        Broken::Actuator(ActuatorFault::Slow) => "slow",
        Broken::Actuator(ActuatorFault::Plug) => "plug",
        Broken::Actuator(ActuatorFault::Leak(_)) => "leak",
    }
}

/// `GET /field`.
pub async fn page(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Redirect, Refusal> {
    here(&web, peer.address())?;
    Ok(Redirect::to("/#/field"))
}

/// `GET /api/field`.
pub async fn look(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
) -> Result<Response, Refusal> {
    here(&web, peer.address())?;
    let view = web.exchange.field_view().await;
    let view = view.map_err(Refusal::unavailable)?;
    let faults = view.faults.into_iter();
    let scene = Scene {
        storm: view.storm,
        mains: view.mains,
        emergency_stop: view.emergency_stop,
        remote: !view.local,
        faults: faults.map(|(path, broken)| BrokenRow { path, kind: kind(broken) }).collect(),
        targets: Targets { sensors: view.sensors, actuators: view.actuators },
        truth: Shown::of(&view.truth),
    };
    Ok(Json(scene).into_response())
}

/// `POST /api/field`.
pub async fn act(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(deed): Body<Deed>,
) -> Result<Response, Refusal> {
    here(&web, peer.address())?;
    let reason = web.exchange.field_act(deed.act()?).await.err();
    Ok(Json(Told { accepted: reason.is_none(), reason }).into_response())
}

fn here(web: &Web, peer: IpAddr) -> Result<(), Refusal> {
    if peer.is_loopback() && web.exchange.has_field_page() {
        Ok(())
    } else {
        Err(Refusal::not_found("no such route"))
    }
}
