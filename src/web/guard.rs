//! What every request passes: limits, the address it is meant for, the page it comes from, and the headers of the answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;

use crate::web::refusal::Refusal;
use crate::web::{Peer, Web};

/// Requests a second of one client (`docs/spec/interfaces.md` SEC-10).
const REQUESTS_PER_S: f64 = 10.0;
/// What a client may ask at once after a rest: three seconds' worth, for a page that opens.
const REQUESTS_AT_ONCE: f64 = 30.0;
/// Failed log-ins a minute of one client (SEC-10).
const LOG_INS_PER_MIN: f64 = 5.0;
/// Clients remembered; at the limit the one that asked longest ago is forgotten.
const CLIENTS_MAX: usize = 1024;
/// A request that takes longer is given up: longer than the plant's answer takes at worst.
const PATIENCE: Duration = Duration::from_secs(20);
/// Only this page's own code, styles, pictures and data; nobody may frame it (SEC-06).
const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What each client has left.
#[derive(Debug)]
pub struct Allowance {
    per_s: f64,
    most: f64,
    clients: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Allowance {
    pub fn requests() -> Allowance {
        Allowance { per_s: REQUESTS_PER_S, most: REQUESTS_AT_ONCE, clients: Mutex::default() }
    }

    pub fn log_ins() -> Allowance {
        let (per_s, most) = (LOG_INS_PER_MIN / 60.0, LOG_INS_PER_MIN);
        Allowance { per_s, most, clients: Mutex::default() }
    }

    /// Takes one; otherwise says in how many seconds there is one.
    pub fn take(&self, client: IpAddr, now: Instant) -> Result<(), u64> {
        let mut clients = self.clients.lock();
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(&client) {
            let oldest = clients.iter().min_by_key(|(_, (_, asked))| *asked);
            if let Some(oldest) = oldest.map(|(client, _)| *client) {
                clients.remove(&oldest);
            }
        }
        let (left, asked) = clients.entry(client).or_insert((self.most, now));
        let rested = now.saturating_duration_since(*asked).as_secs_f64();
        *left = (*left + rested * self.per_s).min(self.most);
        *asked = now;
        if *left >= 1.0 {
            *left -= 1.0;
            return Ok(());
        }
        Err(((1.0 - *left) / self.per_s).ceil() as u64)
    }

    /// Gives one back.
    pub fn give_back(&self, client: IpAddr) {
        if let Some((left, _)) = self.clients.lock().get_mut(&client) {
            *left = (*left + 1.0).min(self.most);
        }
    }
}

/// Passes a request on, or not, and puts the headers on the answer.
pub async fn guard(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let of_api = request.uri().path().starts_with("/api/");
    let mut response = match admit(&web, peer, &request) {
        Ok(()) => match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refusal::unavailable("the request took too long").into_response(),
        },
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if of_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn admit(web: &Web, peer: Peer, request: &Request) -> Result<(), Refusal> {
    if request.uri().path().starts_with("/api/") {
        web.requests
            .take(peer.address(), Instant::now())
            .map_err(|seconds| Refusal::too_many("too many requests", seconds))?;
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| Refusal::bad_request("no Host header"))?;
    // A foreign name that resolves to this machine would make a foreign page look like ours. With TLS the certificate
    // prevents it.
    if !web.secure && !is_loopback_name(host) {
        let detail = format!("{host:?} is not this machine's own name");
        return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "WrongHost", detail));
    }
    match *request.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => Ok(()),
        _ => from_own_page(web, host, request.headers()),
    }
}

/// A change must come from this page, or from a program that says what it is.
fn from_own_page(web: &Web, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let wrong = |detail: String| Refusal::new(StatusCode::FORBIDDEN, "WrongOrigin", detail);
    if headers.get("x-requested-by").is_none_or(|by| by != "sweetspring") {
        return Err(wrong("a change needs the header `X-Requested-By: sweetspring`".into()));
    }
    let scheme = if web.secure { "https" } else { "http" };
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let own = format!("{scheme}://{host}");
            if origin.to_str().is_ok_and(|origin| origin.eq_ignore_ascii_case(&own)) {
                Ok(())
            } else {
                Err(wrong(format!("{origin:?} is not {own}")))
            }
        }
        None => Ok(()),
    }
}

/// Whether a Host header names this machine by itself.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    let address: Result<IpAddr, _> = name.parse();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_client_that_asks_too_much_is_told_when_to_come_back() {
        let allowance = Allowance::log_ins();
        let now = Instant::now();
        for _ in 0..5 {
            assert_eq!(allowance.take(CLIENT, now), Ok(()));
        }
        assert_eq!(allowance.take(CLIENT, now), Err(12));
        assert_eq!(allowance.take(CLIENT, now + Duration::from_secs(13)), Ok(()));
        assert!(allowance.take(CLIENT, now + Duration::from_secs(13)).is_err());
        allowance.give_back(CLIENT);
        assert_eq!(allowance.take(CLIENT, now + Duration::from_secs(13)), Ok(()));
    }

    #[test]
    fn a_flood_of_clients_is_remembered_only_so_far() {
        let allowance = Allowance::requests();
        let now = Instant::now();
        for client in 0..2 * CLIENTS_MAX as u32 {
            let _ = allowance.take(IpAddr::from(client.to_be_bytes()), now);
        }
        assert_eq!(allowance.clients.lock().len(), CLIENTS_MAX);
    }

    #[test]
    fn only_own_names_are_this_machine() {
        for (host, own) in [
            ("localhost:8080", true),
            ("LocalHost", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("plant.local", false),
            ("127.0.0.1.evil.example", false),
            ("evil.example:80", false),
            ("[fe80::1]:80", false),
            ("", false),
        ] {
            assert_eq!(is_loopback_name(host), own, "{host}");
        }
    }
}
