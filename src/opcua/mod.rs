//! The OPC UA server: what remote engineers see of the plant, and what they may ask of it.
//!
//! The tree comes from the catalogue (`tree`), values from the newest [`crate::exchange::Live`] (`nodes`), news go out once
//! a scan (`push`). Only encrypted or signed channels, only known certificates (`certificate`), only people with a password
//! (`people`). Every command is a method; only setpoints can be written, and both end in [`Exchange::ask`].
//!
//! Known limits of the library (async-opcua 0.19). A subscription without a filter is told of a new quality only together
//! with a new value (met for numbers in `value`). One that asks for sampling interval -1, "as the subscription", is sent the
//! right values under the time of the value before, and is not served while a wall clock that was set back catches up; any
//! other interval is right. Sessions that never log in hold one of the hundred places until they time out: keep the port off
//! networks that cannot be trusted.

mod certificate;
mod command;
mod nodes;
mod people;
mod push;
mod stamps;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::opcua::crypto::SecurityPolicy;
use ::opcua::server::node_manager::memory::{InMemoryNodeManager, InMemoryNodeManagerBuilder};
use ::opcua::server::{
    Limits, OperationalLimits, Server, ServerBuilder, ServerHandle, SubscriptionLimits,
};
use ::opcua::types::{BuildInfo, DateTime, MessageSecurityMode};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::Access;
use crate::exchange::Exchange;
use crate::opcua::nodes::{PlantNodes, Seed};
use crate::opcua::people::Door;
use crate::opcua::stamps::Stamps;

pub use crate::opcua::certificate::{CertificateFailed, trust};
pub use crate::opcua::tree::NAMESPACE;

/// Longest wait for sessions to end at a stop. The library would wait for ever.
const STOP_MAX: Duration = Duration::from_secs(2);
/// After a failure the server begins anew, not sooner than this.
const RESTART_AFTER: Duration = Duration::from_secs(10);
/// A half-open connection over a poor link ends after this (`docs/spec/interfaces.md` 2.7).
const UNANSWERED_MAX: Duration = Duration::from_secs(60);
/// An idle connection is probed this often (same place).
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Longest life of a session without a word; a link may be out for ten minutes (UA-21).
const SESSION_MAX_MS: u64 = 600_000;

/// How the server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// Folder of the certificates, below the state folder.
    pub pki: PathBuf,
    /// The plant's name, for people and for the certificate.
    pub plant: String,
    /// The controller's version.
    pub version: String,
    /// Security policies on offer, each signed, and signed and encrypted.
    pub policies: Vec<Policy>,
}

/// A security policy that is fit for use. Those with SHA-1 are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Basic256Sha256,
    Aes128Sha256RsaOaep,
    Aes256Sha256RsaPss,
}

impl Policy {
    /// All of them, the best last.
    pub const ALL: [Policy; 3] =
        [Policy::Basic256Sha256, Policy::Aes128Sha256RsaOaep, Policy::Aes256Sha256RsaPss];

    fn of_library(self) -> SecurityPolicy {
        match self {
            Policy::Basic256Sha256 => SecurityPolicy::Basic256Sha256,
            Policy::Aes128Sha256RsaOaep => SecurityPolicy::Aes128Sha256RsaOaep,
            Policy::Aes256Sha256RsaPss => SecurityPolicy::Aes256Sha256RsaPss,
        }
    }
}

/// Why the server does not serve.
#[derive(Debug, Error)]
pub enum ServeFailed {
    #[error("cannot listen for OPC UA on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Certificate(#[from] CertificateFailed),
    #[error("OPC UA: {0}")]
    Library(String),
}

/// A server under way.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// What clients type: `opc.tcp://host:port/`.
    pub endpoint: String,
    /// Turns true when it answers. On first boot the key is made first, which takes seconds.
    pub ready: watch::Receiver<bool>,
    /// Ends soon after `shutdown` does, at the latest 3 s later.
    pub task: JoinHandle<()>,
}

/// Serves the plant until `shutdown` ends.
///
/// The address is taken at once, so that a port in use is an error here and now. Everything slow happens in the task:
/// making the key, building the tree. Connections made meanwhile wait. If the server fails or panics it is begun anew; the
/// scan never notices.
///
/// ```text
/// let serving = opcua::serve(options, exchange, access, shutdown.cancelled()).await?;
/// println!("{}", serving.endpoint);
/// ```
pub fn serve(
    options: Options,
    exchange: Arc<Exchange>,
    access: Arc<Access>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, ServeFailed> {
    let listener = listen(options.address)
        .map_err(|source| ServeFailed::Listen { address: options.address, source })?;
    let address = listener
        .local_addr()
        .map_err(|source| ServeFailed::Listen { address: options.address, source })?;
    let host = host(address);
    let endpoint = format!("opc.tcp://{host}:{}/", address.port());
    let (answers, ready) = watch::channel(false);
    let house = House { options, exchange, access, listener, address, host, answers };
    let task = tokio::spawn(supervise(Arc::new(house), shutdown));
    Ok(Serving { address, endpoint, ready, task })
}

/// Everything a run needs.
struct House {
    options: Options,
    exchange: Arc<Exchange>,
    access: Arc<Access>,
    listener: TcpListener,
    address: SocketAddr,
    host: String,
    answers: watch::Sender<bool>,
}

/// Accepted connections inherit the limits set here.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_keepalive(
        &socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE),
    )?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNANSWERED_MAX))?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// The name clients reach this machine by.
fn host(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let names = ::opcua::crypto::X509Data::computer_hostnames();
        return names.into_iter().next().unwrap_or_else(|| "localhost".to_owned());
    }
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Keeps a server running until `shutdown` ends.
async fn supervise(house: Arc<House>, shutdown: impl Future<Output = ()> + Send + 'static) {
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stop, stopped) = watch::channel(false);
        let mut run = tokio::spawn(run(Arc::clone(&house), stopped));
        tokio::select! {
            () = &mut shutdown => {
                stop.send_replace(true);
                if tokio::time::timeout(STOP_MAX, &mut run).await.is_err() {
                    run.abort();
                }
                return;
            }
            ended = &mut run => match ended {
                Ok(Ok(())) => tracing::error!("the OPC UA server ended"),
                Ok(Err(error)) => tracing::error!(%error, "the OPC UA server ended"),
                Err(error) => tracing::error!(%error, "the OPC UA server failed"),
            },
        }
        house.answers.send_replace(false);
        tokio::select! {
            () = &mut shutdown => return,
            () = tokio::time::sleep(RESTART_AFTER) => {}
        }
    }
}

/// One life of the server.
async fn run(house: Arc<House>, mut stopped: watch::Receiver<bool>) -> Result<(), ServeFailed> {
    let listener = house
        .listener
        .try_clone()
        .and_then(tokio::net::TcpListener::from_std)
        .map_err(|source| ServeFailed::Listen { address: house.address, source })?;
    // Until the first scan there is nothing to show, and nobody has judged the clock.
    let first =
        house.exchange.follow().wait_for(|live| live.scan > 0).await.map(|live| live.clone());
    let Ok(first) = first else { return Ok(()) };
    let stamps = Arc::new(Stamps::new(house.exchange.catalogue.rows.len()));
    stamps.advance(&first.snapshot, &first, 0);

    let (builder_house, builder_stamps) = (Arc::clone(&house), Arc::clone(&stamps));
    let check_time = first.wall.trusted;
    let built =
        tokio::task::spawn_blocking(move || build(&builder_house, builder_stamps, check_time));
    let (server, handle) = match built.await {
        Ok(built) => built?,
        Err(panic) => return Err(ServeFailed::Library(panic.to_string())),
    };
    let Some(nodes) = handle.node_managers().get_of_type::<InMemoryNodeManager<PlantNodes>>()
    else {
        return Err(ServeFailed::Library("the plant's nodes are missing".to_owned()));
    };
    let mut push = std::pin::pin!(push::follow(
        Arc::clone(&house.exchange),
        nodes.inner().tree(),
        stamps,
        Arc::clone(handle.subscriptions()),
    ));
    let mut server = std::pin::pin!(server.run_with(listener));
    let mut watch = std::pin::pin!(certificate::watch(house.options.pki.clone()));
    house.answers.send_replace(true);
    let (mut telling, mut watching, mut stopping) = (true, true, false);
    loop {
        tokio::select! {
            ended = &mut server => return ended.map_err(ServeFailed::Library),
            // The exchange is gone: nothing more to tell.
            () = &mut push, if telling => telling = false,
            _ = stopped.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                handle.cancel();
            }
            () = &mut watch, if watching => watching = false,
        }
    }
}

/// Builds the server. Slow: it makes the key on first boot, and it lays out some thousand nodes.
fn build(
    house: &House,
    stamps: Arc<Stamps>,
    check_time: bool,
) -> Result<(Server, ServerHandle), ServeFailed> {
    let Options { pki, plant, version, policies, .. } = &house.options;
    let application = application_uri(plant);
    certificate::prepare(pki)?;
    certificate::own(pki, &application, plant)?;
    if !check_time {
        tracing::warn!(
            "the clock is not trusted: OPC UA clients' certificates are accepted past their dates"
        );
    }
    let door = Door::new(Arc::clone(&house.access));
    let mut builder = ServerBuilder::new()
        .application_name(format!("Sweetspring {plant}").trim_end())
        .application_uri(application)
        .product_uri("urn:sweetspring")
        .build_info(build_info(version))
        .pki_dir(pki)
        .create_sample_keypair(false)
        .check_cert_time(check_time)
        .host(&house.host)
        .port(house.address.port())
        .discovery_urls(vec![format!("opc.tcp://{}:{}/", house.host, house.address.port())])
        .with_authenticator(Arc::clone(&door) as _)
        .with_node_manager(InMemoryNodeManagerBuilder::new(Seed {
            exchange: Arc::clone(&house.exchange),
            stamps,
            door,
            version: version.clone(),
        }))
        .limits(limits())
        .max_session_timeout_ms(SESSION_MAX_MS)
        .diagnostics_enabled(true);
    for policy in policies {
        for mode in [MessageSecurityMode::Sign, MessageSecurityMode::SignAndEncrypt] {
            let name = format!("{policy:?} {mode}");
            builder = builder.add_endpoint(name, ("/", policy.of_library(), mode, &[] as &[&str]));
        }
    }
    builder.build().map_err(ServeFailed::Library)
}

/// Names this controller among others; the same as long as the plant keeps its name.
fn application_uri(plant: &str) -> String {
    let keep = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
    };
    let name: String = plant.chars().map(keep).collect();
    format!("urn:sweetspring:controller:{}", name.trim_matches('-'))
}

fn build_info(version: &str) -> BuildInfo {
    BuildInfo {
        product_uri: "urn:sweetspring".into(),
        manufacturer_name: "Sweetspring".into(),
        product_name: "Sweetspring".into(),
        software_version: version.into(),
        build_number: version.into(),
        build_date: DateTime::null(),
    }
}

/// Limits of `docs/spec/interfaces.md` 2.7; what is not named there keeps the library's default.
fn limits() -> Limits {
    Limits {
        max_sessions: 100,
        max_array_length: 10_000,
        max_chunk_count: 20,
        // As many chunks of the buffer's size.
        max_message_size: 20 * 65_535,
        subscriptions: SubscriptionLimits {
            max_subscriptions_per_session: 10,
            max_publish_requests_per_subscription: 10,
            max_pending_publish_requests: 100,
            max_monitored_item_queue_size: 1_000,
            max_queued_notifications: 300,
            max_notifications_per_publish: 500,
            ..SubscriptionLimits::default()
        },
        operational: OperationalLimits {
            max_nodes_per_method_call: 10,
            ..OperationalLimits::default()
        },
        ..Limits::default()
    }
}
