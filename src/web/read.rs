//! What everybody who may look can read: the catalogue, alarms, events, trends, reasons, health.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plc::alarm::Priority;
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Catalogue, Kind, Row};
use serde::{Deserialize, Serialize};

use crate::access::users::role_word;
use crate::journal::{Board, Record, Standing};
use crate::web::refusal::Refusal;
use crate::web::{Options, Shape, Web, door};

/// Events sent when no number is asked for, and at most.
const EVENTS_USUAL: u32 = 200;
const EVENTS_MAX: u32 = 500;
/// Points of a trend when no number is asked for, and at most: a screen is not wider.
const POINTS_USUAL: usize = 400;
const POINTS_MAX: usize = 2_000;

/// A body written once, with its tag.
pub struct Prepared {
    body: Bytes,
    tag: HeaderValue,
}

#[derive(Serialize)]
struct WholeCatalogue<'a> {
    version: &'static str,
    site: Site<'a>,
    speed: u32,
    shape: &'a Shape,
    rows: Vec<CatalogueRow<'a>>,
}

#[derive(Serialize)]
struct Site<'a> {
    name: &'a str,
    languages: &'a [String],
    open_view: bool,
    field: bool,
}

#[derive(Serialize)]
struct CatalogueRow<'a> {
    id: usize,
    path: &'a str,
    tag: &'a str,
    unit: &'a str,
    about: &'static str,
    kind: &'static str,
    form: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// How far a setting may move within ten minutes, where its range alone does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<AlarmWords>,
}

#[derive(Serialize)]
struct AlarmWords {
    number: u16,
    priority: &'static str,
    latching: bool,
}

/// The catalogue as every page gets it.
pub fn catalogue(options: &Options, field: bool, catalogue: &Catalogue) -> Prepared {
    let whole = WholeCatalogue {
        version: env!("CARGO_PKG_VERSION"),
        site: Site {
            name: &options.name,
            languages: &options.languages,
            open_view: options.open_view,
            field,
        },
        speed: options.speed,
        shape: &options.shape,
        rows: catalogue.rows.iter().map(catalogue_row).collect(),
    };
    let body = serde_json::to_vec(&whole).expect("keys are words, and nothing here refuses");
    let mut hash = DefaultHasher::new();
    body.hash(&mut hash);
    let tag = format!("W/\"{:016x}\"", hash.finish());
    let tag = HeaderValue::from_str(&tag).expect("hexadecimal digits are visible");
    Prepared { body: body.into(), tag }
}

fn catalogue_row(row: &Row) -> CatalogueRow<'_> {
    let (form, symbol, decimals, states) = match row.form {
        Form::Number { symbol, decimals, .. } => ("number", Some(symbol), Some(decimals), None),
        Form::OnOff => ("onoff", None, None, None),
        Form::States(states) => ("states", None, None, Some(states)),
        Form::Reasons => ("reasons", None, None, None),
        Form::Alarm => ("alarm", None, None, None),
    };
    let step = match row.kind {
        Kind::Setting(words) => Some(words.step).filter(|step| step.is_finite()),
        Kind::Input(_)
        | Kind::Output(..)
        | Kind::Status(_)
        | Kind::Retained(_)
        | Kind::Alarm(_) => None,
    };
    let (role, alarm) = match row.kind {
        Kind::Setting(words) => (Some(role_word(words.role)), None),
        Kind::Alarm(words) => {
            let priority = priority_word(words.priority);
            (None, Some(AlarmWords { number: words.number, priority, latching: words.latching }))
        }
        Kind::Input(_) | Kind::Output(..) | Kind::Status(_) | Kind::Retained(_) => (None, None),
    };
    CatalogueRow {
        id: row.id,
        path: &row.path,
        tag: &row.tag,
        unit: &row.unit,
        about: row.about,
        kind: row.kind.word(),
        form,
        symbol,
        decimals,
        range: row.span(),
        states,
        role,
        step,
        alarm,
    }
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::P1 => "P1",
        Priority::P2 => "P2",
        Priority::P3 => "P3",
        Priority::P4 => "P4",
    }
}

/// `GET /api/catalogue`.
pub async fn send_catalogue(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let Prepared { body, tag } = &web.catalogue;
    let own = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, own).into_response());
    }
    Ok((own, body.clone()).into_response())
}

#[derive(Serialize)]
struct AlarmRow<'a> {
    id: usize,
    number: u16,
    path: &'a str,
    tag: &'a str,
    unit: &'a str,
    priority: &'static str,
    state: &'static str,
    active: bool,
    acked: bool,
    latched: bool,
    since: i64,
    event: String,
    user: Option<String>,
    saved: bool,
}

/// Alarms that are not Normal, worst and newest first, as one JSON object.
pub fn alarm_list(catalogue: &Catalogue, board: &Board) -> String {
    let mut rows: Vec<(Priority, AlarmRow)> = Vec::new();
    for standing in board.standing() {
        let Some(row) = catalogue.rows.get(standing.alarm) else { continue };
        if let Kind::Alarm(words) = row.kind {
            rows.push((words.priority, alarm_row(row, words.number, words.priority, standing)));
        }
    }
    rows.sort_by_key(|(priority, row)| (*priority, std::cmp::Reverse(row.since), row.id));
    let rows: Vec<AlarmRow> = rows.into_iter().map(|(_, row)| row).collect();
    serde_json::json!({ "alarms": rows }).to_string()
}

fn alarm_row(row: &Row, number: u16, priority: Priority, standing: Standing) -> AlarmRow<'_> {
    AlarmRow {
        id: row.id,
        number,
        path: &row.path,
        tag: &row.tag,
        unit: &row.unit,
        priority: priority_word(priority),
        state: standing.state.key(),
        active: standing.state.is_active(),
        acked: standing.state.is_acknowledged(),
        latched: standing.state.is_latched(),
        since: standing.since,
        event: standing.event_id.iter().map(|byte| format!("{byte:02x}")).collect(),
        user: standing.acked_by,
        saved: standing.saved,
    }
}

/// `GET /api/alarms`.
pub async fn alarms(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let list = alarm_list(&web.exchange.catalogue, web.journal.board());
    Ok(([(header::CONTENT_TYPE, "application/json")], list).into_response())
}

/// Which events.
#[derive(Deserialize)]
pub struct Asked {
    limit: Option<u32>,
    before: Option<i64>,
}

#[derive(Serialize)]
struct EventRow<'a> {
    number: i64,
    wall: i64,
    clock: bool,
    kind: &'static str,
    path: &'a str,
    tag: &'a str,
    from: &'a str,
    to: &'a str,
    user: &'a str,
    origin: &'a str,
    why: &'a str,
    reason: &'a str,
}

/// `GET /api/events`: newest first; `before` turns the page.
pub async fn events(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let Query(asked) = asked?;
    let limit = asked.limit.unwrap_or(EVENTS_USUAL).clamp(1, EVENTS_MAX);
    let records = web.journal.events(limit, asked.before).await;
    let records = records.map_err(|error| Refusal::unavailable(error.to_string()))?;
    let rows: Vec<EventRow> =
        records.iter().map(|record| event_row(record, &web.exchange.catalogue)).collect();
    Ok(Json(serde_json::json!({ "events": rows })).into_response())
}

fn event_row<'a>(record: &'a Record, catalogue: &'a Catalogue) -> EventRow<'a> {
    EventRow {
        number: record.number,
        wall: record.wall.ms,
        clock: record.wall.trusted,
        kind: record.kind.word(),
        path: &record.path,
        tag: catalogue.find(&record.path).map_or("", |row| &row.tag),
        from: &record.old,
        to: &record.new,
        user: &record.user,
        origin: &record.origin,
        why: &record.why,
        reason: &record.reason,
    }
}

/// Which samples.
#[derive(Deserialize)]
pub struct Span {
    path: String,
    /// Wall time in ms, both included.
    from: i64,
    to: i64,
    points: Option<usize>,
}

/// `GET /api/history`: samples of a path, oldest first; more than asked for are thinned so that peaks stay.
pub async fn history(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    asked: Result<Query<Span>, QueryRejection>,
) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let Query(Span { path, from, to, points }) = asked?;
    if web.exchange.catalogue.find(&path).is_none() {
        return Err(Refusal::not_found(format!("no point {path}")));
    }
    if from > to {
        return Err(Refusal::bad_request("the span ends before it begins"));
    }
    let points = points.unwrap_or(POINTS_USUAL).clamp(2, POINTS_MAX);
    let found = web.history.query(&path, from, to, points).await;
    let found = found.map_err(|error| Refusal::unavailable(error.to_string()))?;
    let points: Vec<(i64, Option<f64>, &str)> =
        found.iter().map(|point| (point.ts, point.value, point.grade.word())).collect();
    Ok(Json(serde_json::json!({ "path": path, "points": points })).into_response())
}

#[derive(Default, Serialize)]
struct UnitReasons {
    state: Option<&'static str>,
    blocked: Vec<&'static str>,
}

#[derive(Serialize)]
struct OutputReasons {
    value: f64,
    held: Vec<&'static str>,
}

#[derive(Default, Serialize)]
struct AllReasons<'a> {
    units: BTreeMap<&'a str, UnitReasons>,
    outputs: BTreeMap<&'a str, OutputReasons>,
}

/// `GET /api/reasons`: the state of each unit and what keeps it from more, and each output that is held back.
pub async fn reasons(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let live = web.exchange.live();
    let mut all = AllReasons::default();
    for (row, sample) in web.exchange.catalogue.rows.iter().zip(&live.snapshot.samples) {
        let why: Vec<&'static str> = sample.why.iter().map(|reason| reason.key()).collect();
        match (row.kind, row.form) {
            (Kind::Output(..), _) => {
                if !why.is_empty() {
                    all.outputs.insert(&row.path, OutputReasons { value: sample.value, held: why });
                }
            }
            (Kind::Status(_), Form::Reasons) => {
                let unit = all.units.entry(&row.unit).or_default();
                unit.blocked.extend(why);
            }
            (Kind::Status(_), Form::States(names)) => {
                let known = !matches!(sample.quality, Quality::Bad(_));
                let of_unit = row.path.strip_prefix(&row.unit) == Some(".state");
                if known && of_unit {
                    all.units.entry(&row.unit).or_default().state =
                        names.get(sample.value as usize).copied();
                }
            }
            (Kind::Status(_), Form::Number { .. } | Form::OnOff | Form::Alarm)
            | (Kind::Input(_) | Kind::Setting(_) | Kind::Retained(_) | Kind::Alarm(_), _) => {}
        }
    }
    Ok(Json(all).into_response())
}

/// `GET /api/health`: whether the scan counts up, how late it begins, and whether storage takes what it is given.
pub async fn health(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Refusal> {
    door::looking(&web, &headers)?;
    let live = web.exchange.live();
    let value = |path: &str| {
        let row = web.exchange.catalogue.find(path)?;
        let sample = live.snapshot.samples.get(row.id)?;
        (!matches!(sample.quality, Quality::Bad(_))).then_some(sample.value)
    };
    let storage = value("system.storage_ok").map(|value| value >= 0.5);
    let report = &web.exchange.report;
    let ms = |microseconds: &AtomicU64| microseconds.load(Ordering::Relaxed) as f64 / 1000.0;
    let health = serde_json::json!({
        "ok": web.feed.plant_runs() && storage != Some(false),
        "scan": live.scan,
        "lateness_ms": value("system.lateness").map(|seconds| seconds * 1000.0),
        "lateness_p50_ms": ms(&report.lateness_p50_us),
        "lateness_p99_ms": ms(&report.lateness_p99_us),
        "overruns": report.overruns.load(Ordering::Relaxed),
        "storage": storage,
    });
    Ok(Json(health).into_response())
}

/// Everything else under `/api/`.
pub async fn no_such_route() -> Refusal {
    Refusal::not_found("no such route")
}
