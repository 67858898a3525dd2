//! The controller as a process: started, killed, stopped and woken by its number, and by nothing else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value as Json;

/// A loaded machine may be slow; a `ready` that never comes is a failure.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much of what it wrote last stands in a failure.
const LAST_WORDS: usize = 1_500;

/// A running controller; it does not outlive its story.
#[derive(Debug)]
pub struct Controller {
    child: Child,
    log: std::path::PathBuf,
    /// What follows `ready ` on its standard output.
    pub ready: Json,
}

impl Controller {
    /// Starts it and waits until it answers. `log` takes what it writes to standard error.
    pub fn start(mut command: Command, log: &Path) -> Result<Controller, String> {
        let failed = |why: std::io::Error| format!("{:?} does not start: {why}", log.display());
        let errors = File::options().create(true).append(true).open(log).map_err(failed)?;
        let program = command.get_program().to_string_lossy().into_owned();
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let child = command.spawn().map_err(|why| {
            format!(
                "{program} does not start: {why}. Build it, or say where it is with --controller"
            )
        })?;
        let mut controller = Controller { child, log: log.into(), ready: Json::Null };
        let (lines, line) = mpsc::channel();
        let out = controller.child.stdout.take().ok_or("no standard output")?;
        std::thread::spawn(move || {
            // Read to the end, so that the pipe is never full.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(ready) = line.strip_prefix("ready ") {
                    let _ = lines.send(ready.to_owned());
                }
            }
        });
        let ready = line
            .recv_timeout(PATIENCE)
            .map_err(|_| format!("the controller is not ready. {}", controller.last_words()))?;
        controller.ready = serde_json::from_str(&ready).map_err(|why| why.to_string())?;
        Ok(controller)
    }

    /// What it wrote last.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.char_indices().rev().nth(LAST_WORDS).map_or(0, |(place, _)| place);
        format!("It wrote last: {}", &text[from..])
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("the controller ended, {status}. {}", self.last_words()))
    }

    /// The end that no program sees coming.
    pub fn kill(&mut self) -> Result<(), String> {
        self.child.kill().and_then(|()| self.child.wait()).map_err(|why| why.to_string())?;
        Ok(())
    }

    /// Stands still (`STOP`), or goes on (`CONT`).
    pub fn signal(&self, name: &str) -> Result<(), String> {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(self.child.id().to_string());
        let status = kill.status().map_err(|why| format!("no program `kill`: {why}"))?;
        if status.success() { Ok(()) } else { Err(format!("kill -{name}: {status}")) }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
