//! `sweetspring run`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sweetspring::controller::{Controller, Options, Recording};
use sweetspring::machine;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{How, Place, say, sites};

/// What the log says without `RUST_LOG`. The libraries' own chatter is for those who look for it.
const SAID: &str = "info,opcua_server=warn,opcua_crypto=warn,opcua_core=warn";
/// Threads beside the scan: everything else shares them.
const WORKERS: usize = 2;

pub fn run(site: Option<&Path>, how: How) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(SAID));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let checked = sites::load(site, &how.set)?;
    let speed = how.speed.unwrap_or(checked.speed);
    if speed > 1 && checked.has_serial_lines() {
        bail!(
            "--speed {speed}: this site has RTU buses, which carry their bits at the speed of life: --speed 1"
        );
    }
    if speed > 1 && checked.has_header() {
        bail!(
            "--speed {speed}: this site has points on the lines of the header, which live at the speed of life: --speed 1"
        );
    }
    if how.simulated_lines.is_some() && !checked.has_header() {
        bail!("--simulated-lines: this site has no bus with `protocol = \"gpio\"`");
    }
    let options = Options {
        state: match how.state {
            Some(state) => state,
            None => state_folder(site)?,
        },
        http: how.http,
        opcua: how.opcua,
        speed,
        simulated_lines: how.simulated_lines,
        recording: Recording {
            bound: u64::from(how.recording) << 20,
            text: sites::text(site)?,
            set: how.set,
        },
        site: checked,
        wall_ms: machine::wall_ms,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("no runtime")?;
    let ended = runtime.block_on(serve(options));
    // Nothing is left that anybody waits for.
    runtime.shutdown_background();
    ended
}

async fn serve(options: Options) -> anyhow::Result<()> {
    // Taken first: from here on a signal ends the plant in order.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (name, speed, state) = (options.site.name.clone(), options.speed, options.state.clone());
    let mut controller = Controller::start(options).await?;
    say(&format!(
        "{name}, {} as fast as life\n  operators' pages  {}\n  OPC UA            {}\n  state folder      {}{}",
        if speed == 1 { "just".to_owned() } else { format!("{speed} times") },
        controller.http,
        controller.opcua,
        state.display(),
        controller.setup_code.as_ref().map_or_else(String::new, |code| {
            format!("\n  set-up code       {code}   (makes the first user)")
        }),
    ))?;
    let how = tokio::select! {
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        answers = controller.answering() => Some(answers),
    };
    match how {
        None => return Ok(controller.stop().await?),
        Some(Err(error)) => {
            controller.stop().await?;
            bail!(error);
        }
        Some(Ok(())) => {}
    }
    let ready = serde_json::json!({
        "http": controller.http.trim_end_matches('/'),
        "opcua": controller.opcua,
        "setup_code": controller.setup_code,
        "pid": std::process::id(),
    });
    say(&format!("ready {ready}"))?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = controller.ended() => {}
    }
    Ok(controller.stop().await?)
}

/// The state folder of a site without `--state`.
pub fn state_folder(site: Option<&Path>) -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(base), _) => PathBuf::from(base),
        (None, Some(home)) => PathBuf::from(home).join(".local/state"),
        (None, None) => bail!("no home folder to keep the plant's state in: say --state DIR"),
    };
    let name = match site {
        None => "demo".into(),
        Some(site) => site.file_stem().context("the site has no file name")?.to_owned(),
    };
    Ok(base.join("sweetspring").join(name))
}

impl Place {
    /// The state folder meant.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.state {
            Some(state) => Ok(state.clone()),
            None => state_folder(self.of.as_deref()),
        }
    }
}
