//! Log-in, log-out, first set-up, and who stands behind a request.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::access::users::role_word;
use crate::access::{IDLE_MAX, LogInRefused, Token};
use crate::exchange::{Origin, Who};
use crate::journal::Note;
use crate::web::refusal::{Body, Refusal};
use crate::web::{Peer, Web};

/// Characters of an unknown name that are written down.
const NAME_NOTED_MAX: usize = 32;

/// Name and password.
#[derive(Deserialize)]
pub struct LogIn {
    user: String,
    password: String,
}

/// The first user.
#[derive(Deserialize)]
pub struct SetUp {
    code: String,
    user: String,
    password: String,
}

/// `GET /api/session`.
pub async fn session(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let setup_needed = web.access.setup_needed().await;
    let view = token(&web, &headers).and_then(|token| web.access.session(&token));
    let body = match view.filter(|view| !view.idle_left.is_zero()) {
        Some(view) => serde_json::json!({
            "user": view.who.user,
            "roles": role_words(&view.who),
            "setup_needed": setup_needed,
            "idle_s": IDLE_MAX.as_secs(),
        }),
        None => serde_json::json!({ "user": null, "setup_needed": setup_needed }),
    };
    Json(body).into_response()
}

/// `POST /api/session`.
pub async fn log_in(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Body(asked): Body<LogIn>,
) -> Result<Response, Refusal> {
    let origin = Origin::Web(peer.address().to_string());
    knock(&web, peer, &origin)?;
    let opened = web.access.open_session(&asked.user, &asked.password, origin.clone()).await;
    let (fresh, who) = opened.inspect_err(|refused| {
        let who =
            Who { user: asked.user.chars().take(NAME_NOTED_MAX).collect(), roles: vec![], origin };
        match refused {
            LogInRefused::WrongPassword => note(&web, "LogInRefused", who),
            LogInRefused::LockedOut { .. } => note(&web, "LockedOut", who),
            LogInRefused::Busy | LogInRefused::Users(_) => {}
        }
    })?;
    note(&web, "LoggedIn", who.clone());
    Ok(let_in(&web, peer, &headers, fresh, &who))
}

/// `POST /api/setup`.
pub async fn set_up(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Body(asked): Body<SetUp>,
) -> Result<Response, Refusal> {
    let origin = Origin::Web(peer.address().to_string());
    knock(&web, peer, &origin)?;
    let entered = web.access.set_up(&asked.code, &asked.user, &asked.password, origin).await;
    let (fresh, who) = entered?;
    note(&web, "SetUp", who.clone());
    Ok(let_in(&web, peer, &headers, fresh, &who))
}

/// `DELETE /api/session`.
pub async fn log_out(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    if let Some(token) = token(&web, &headers) {
        if let Some(view) = web.access.session(&token) {
            note(&web, "LoggedOut", view.who);
        }
        web.access.close(&token);
    }
    let body = Json(serde_json::json!({ "user": null }));
    (StatusCode::OK, [(header::SET_COOKIE, cookie(&web, "", "; Max-Age=0"))], body).into_response()
}

/// Log-ins and what came of them are part of the journal.
fn note(web: &Web, reason: &str, who: Who) {
    web.journal.note(Note { who: Some(who), ..Note::of(reason) });
}

/// Failed log-ins are few a minute. A lock-out is told first, for it says how long.
fn knock(web: &Web, peer: Peer, origin: &Origin) -> Result<(), Refusal> {
    if let Some(seconds) = web.access.address_locked(origin) {
        return Err(LogInRefused::LockedOut { seconds }.into());
    }
    let taken = web.log_ins.take(peer.address(), Instant::now());
    taken.map_err(|seconds| Refusal::too_many("too many log-ins", seconds))
}

fn let_in(web: &Web, peer: Peer, headers: &HeaderMap, fresh: Token, who: &Who) -> Response {
    web.log_ins.give_back(peer.address());
    // A log-in gets a token of its own; the one before ends.
    if let Some(before) = token(web, headers) {
        web.access.close(&before);
    }
    let body = Json(serde_json::json!({ "user": who.user, "roles": role_words(who) }));
    let cookie = cookie(web, &fresh.to_string(), "");
    ([(header::SET_COOKIE, cookie)], body).into_response()
}

fn role_words(who: &Who) -> Vec<&'static str> {
    who.roles.iter().map(|role| role_word(*role)).collect()
}

/// `docs/spec/interfaces.md` SEC-06. On plain loopback a browser would not keep a `Secure` cookie.
fn cookie_name(web: &Web) -> &'static str {
    if web.secure { "__Host-sid" } else { "sid" }
}

fn cookie(web: &Web, value: &str, end: &str) -> HeaderValue {
    let secure = if web.secure { "; Secure" } else { "" };
    let name = cookie_name(web);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{end}");
    HeaderValue::from_str(&text).expect("a token is hexadecimal")
}

/// The session token a request carries.
fn token(web: &Web, headers: &HeaderMap) -> Option<Token> {
    let name = cookie_name(web);
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = cookies.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// Whether this request may look: everybody while the site says so, else who has a session.
pub fn looking(web: &Web, headers: &HeaderMap) -> Result<Option<Token>, Refusal> {
    let token = token(web, headers);
    let token = token.filter(|token| web.access.session(token).is_some());
    if web.options.open_view || token.is_some() { Ok(token) } else { Err(Refusal::not_logged_in()) }
}

/// The session and the person behind a change.
pub async fn acting(web: &Web, headers: &HeaderMap) -> Result<(Token, Who), Refusal> {
    let token = token(web, headers).ok_or_else(Refusal::not_logged_in)?;
    Ok((token, web.access.acting(&token).await?))
}
