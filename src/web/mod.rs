//! The HMI's side of the border: pages, live stream, sessions, commands. `docs/spec/contracts.md` has the table of routes.
//!
//! Plain HTTP exists on loopback only; any other address is served with TLS. Nothing here is waited for by the scan.

mod act;
mod door;
mod field;
mod guard;
mod live;
mod pages;
mod read;
mod refusal;
mod tls;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::extract::connect_info::Connected;
use axum::routing::{get, post};
use axum::{Router, middleware};
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use serde::Serialize;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::access::Access;
use crate::exchange::Exchange;
use crate::history::History;
use crate::journal::Journal;
use crate::web::guard::Allowance;
use crate::web::live::Feed;
use crate::web::tls::TlsFailed;

/// Bytes of a request's body; the longest is a comment.
const BODY_MAX: usize = 16 * 1024;
/// Open connections: 64 streams and as many pages that load. Beyond that a connection is closed at once.
const CONNECTIONS_MAX: usize = 256;
/// A client sends its request's head within this.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// Open requests are finished this long after a stop, within the 5 s that a stop may take.
const STOP_MAX: Duration = Duration::from_secs(1);

/// What of the plant the page draws.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    pub tanks: u8,
    pub filters: u8,
    pub raw_pumps: u8,
    pub feed_pumps: u8,
    pub lift_pumps: u8,
    pub blower: bool,
    pub elevated_tank: bool,
}

/// How this plant is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port 0: any free one. Anything but loopback is served with TLS.
    pub bind: SocketAddr,
    /// Folder of the certificate.
    pub state: PathBuf,
    /// The plant's name.
    pub name: String,
    /// Languages of its people, the first first.
    pub languages: Vec<String>,
    /// Whether everybody on the plant's network may look.
    pub open_view: bool,
    /// Addresses of panels, where anybody may stop all and silence. Loopback always is one.
    pub panels: Vec<IpAddr>,
    /// Plant seconds a second.
    pub speed: u32,
    pub shape: Shape,
}

/// Why the HMI is not served.
#[derive(Debug, Error)]
pub enum ServeFailed {
    #[error("cannot listen on {address} for the HMI: {source}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsFailed),
    #[error("the HMI stopped: {0}")]
    Stopped(io::Error),
    #[error("the HMI's task ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Everything a request may need.
pub struct Web {
    options: Options,
    /// Served with TLS.
    secure: bool,
    exchange: Arc<Exchange>,
    access: Arc<Access>,
    journal: Journal,
    history: History,
    feed: Arc<Feed>,
    requests: Allowance,
    log_ins: Allowance,
    /// The catalogue as sent: it never changes within a start.
    catalogue: read::Prepared,
}

/// The HMI, being served.
pub struct Serving {
    /// Where, with the port that was free.
    pub address: SocketAddr,
    /// What to type into a browser.
    pub url: String,
    handle: Handle<SocketAddr>,
    task: JoinHandle<Result<(), ServeFailed>>,
    feed: Arc<Feed>,
    looking: JoinHandle<()>,
}

impl Serving {
    /// Comes back once requests are answered; with TLS the first start makes the certificate before.
    pub async fn answering(&mut self) -> Result<(), ServeFailed> {
        tokio::select! {
            _ = self.handle.listening() => Ok(()),
            ended = &mut self.task => ended?,
        }
    }

    /// Comes back when it is not served any more, and why.
    pub async fn ended(&mut self) -> Result<(), ServeFailed> {
        (&mut self.task).await?
    }

    /// Stops serving; open requests get a second, streams end.
    pub async fn stop(self) {
        self.looking.abort();
        self.feed.end();
        self.handle.graceful_shutdown(Some(STOP_MAX));
        match self.task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "HMI"),
            Err(error) => tracing::warn!(%error, "HMI"),
        }
    }
}

/// Serves the HMI on the current runtime, with the field page where a field has opened it before. The address is taken when this returns; answering is a matter of
/// [`Serving::answering`].
pub fn serve(
    options: Options,
    exchange: Arc<Exchange>,
    access: Arc<Access>,
    journal: Journal,
    history: History,
) -> Result<Serving, ServeFailed> {
    let secure = needs_tls(options.bind.ip());
    serve_as(secure, options, exchange, access, journal, history)
}

/// Whether others than this machine can reach an address.
fn needs_tls(address: IpAddr) -> bool {
    !address.to_canonical().is_loopback()
}

fn serve_as(
    secure: bool,
    options: Options,
    exchange: Arc<Exchange>,
    access: Arc<Access>,
    journal: Journal,
    history: History,
) -> Result<Serving, ServeFailed> {
    let bind = options.bind;
    let refused = |source| ServeFailed::Bind { address: bind, source };
    let listener = TcpListener::bind(bind).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let url = format!("{}://{address}/", if secure { "https" } else { "http" });
    let (state, name) = (options.state.clone(), options.name.clone());

    let feed = Arc::new(Feed::new(exchange.clone(), journal.board().clone()));
    let web = Arc::new(Web {
        catalogue: read::catalogue(&options, exchange.has_field_page(), &exchange.catalogue),
        options,
        secure,
        exchange,
        access,
        journal,
        history,
        feed: feed.clone(),
        requests: Allowance::requests(),
        log_ins: Allowance::log_ins(),
    });
    let service = router(web).into_make_service_with_connect_info::<Peer>();
    let handle = Handle::new();
    let mut server =
        axum_server::from_tcp(listener).map_err(refused)?.handle(handle.clone()).http1_only();
    server.http_builder().http1().header_read_timeout(HEAD_MAX);
    let limited = Limited { handle: handle.clone() };
    let task = tokio::spawn(async move {
        let served = if secure {
            let settings =
                tokio::task::spawn_blocking(move || tls::settings(&state, &name, address.ip()));
            let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(settings.await??));
            server.acceptor(acceptor.acceptor(limited)).serve(service).await
        } else {
            server.acceptor(limited).serve(service).await
        };
        served.map_err(ServeFailed::Stopped)
    });
    let looking = tokio::spawn(feed.clone().run());
    Ok(Serving { address, url, handle, task, feed, looking })
}

fn router(web: Arc<Web>) -> Router {
    Router::new()
        .route("/api/catalogue", get(read::send_catalogue))
        .route("/api/live", get(live::stream))
        .route("/api/alarms", get(read::alarms))
        .route("/api/events", get(read::events))
        .route("/api/history", get(read::history))
        .route("/api/reasons", get(read::reasons))
        .route("/api/health", get(read::health))
        .route("/api/session", get(door::session).post(door::log_in).delete(door::log_out))
        .route("/api/setup", post(door::set_up))
        .route("/api/select", post(act::select))
        .route("/api/command", post(act::command))
        .route("/api/ack", post(act::acknowledge))
        .route("/api/settings", post(act::set))
        .route("/api/stop-all", post(act::stop_all))
        .route("/api/silence", post(act::silence))
        .route("/field", get(field::page))
        .route("/api/field", get(field::look).post(field::act))
        .route("/api/{*rest}", axum::routing::any(read::no_such_route))
        .fallback(get(pages::page))
        // A first load goes through 50 kbit/s (HMI-20): bytes are dearer than milliseconds.
        .layer(CompressionLayer::new().quality(CompressionLevel::Best))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(web.clone(), guard::guard))
        .with_state(web)
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Peer(SocketAddr);

impl Peer {
    /// The address; that of IPv4 in its own form, however it came.
    fn address(self) -> IpAddr {
        self.0.ip().to_canonical()
    }
}

impl Connected<SocketAddr> for Peer {
    fn connect_info(peer: SocketAddr) -> Peer {
        Peer(peer)
    }
}

/// Closes connections beyond [`CONNECTIONS_MAX`].
#[derive(Clone, Debug)]
struct Limited {
    handle: Handle<SocketAddr>,
}

impl<S> Accept<TcpStream, S> for Limited {
    type Stream = TcpStream;
    type Service = S;
    type Future = std::future::Ready<io::Result<(TcpStream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        if self.handle.connection_count() > CONNECTIONS_MAX {
            return std::future::ready(Err(io::Error::other("too many connections")));
        }
        std::future::ready(stream.set_nodelay(true).map(|()| (stream, service)))
    }
}
