//! The controller of a bench: another machine, switched by commands, asked over HTTP.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::file::{File, Power};
use crate::rig::{Played, Rig};
use crate::sim::{Client, Machine};

/// A machine boots within this; a command that takes longer is ended and has failed.
const COMMAND_MAX: Duration = Duration::from_secs(180);
/// It is looked this often whether a command has ended.
const LOOK: Duration = Duration::from_millis(5);
/// So much of what a command wrote to standard error stands in a failure.
const LAST_WORDS: usize = 1_000;

/// The controller of a bench.
#[derive(Clone, Debug)]
pub struct Dut {
    folder: PathBuf,
    power: Power,
    /// Where it answers, if not as it says.
    url: Option<String>,
    /// Told to the commands.
    environment: Vec<(String, String)>,
}

impl Dut {
    #[must_use]
    pub fn of(file: &File) -> Dut {
        let (folder, power) = (file.folder.clone(), file.power.clone());
        Dut { folder, power, url: file.controller.clone(), environment: Vec::new() }
    }

    /// It is off, and remembers nothing.
    ///
    /// # Errors
    /// When a command fails: in its words.
    pub fn off_and_forgetful(&mut self) -> Result<(), String> {
        self.run("off", &self.power.off)?;
        self.run("forget", &self.power.forget)?;
        Ok(())
    }

    /// It is off.
    ///
    /// # Errors
    /// When the command fails: in its words.
    pub fn off(&self) -> Result<(), String> {
        self.run("off", &self.power.off).map(drop)
    }

    /// A new plant, with its owner.
    ///
    /// # Errors
    /// When it does not come, or is not new: in words.
    pub fn begin(&mut self, rig: &Rig, lines: Option<&Played>) -> Result<Client, String> {
        self.environment = environment(rig, lines);
        let ready = self.on()?;
        let mut client = self.client(&ready)?;
        let code = ready["setup_code"].as_str().ok_or(
            "the controller has an owner already: `forget` must empty its state folder, so that each story begins with a new \
             plant",
        )?;
        client.set_up(code)?;
        Ok(client)
    }

    /// Its `ready` line.
    fn on(&self) -> Result<Json, String> {
        let said = self.run("on", &self.power.on)?;
        let ready = said.lines().rev().find_map(|line| line.strip_prefix("ready "));
        let ready = ready.ok_or_else(|| {
            format!("[power] on printed no `ready {{...}}` line of the controller, but: {said}")
        })?;
        serde_json::from_str(ready).map_err(|why| format!("[power] on: {ready}: {why}"))
    }

    fn client(&self, ready: &Json) -> Result<Client, String> {
        let url = self.url.as_deref().or(ready["http"].as_str());
        Client::new(url.ok_or("neither `controller` nor the `ready` line says where it answers")?)
    }

    fn run(&self, name: &str, words: &[String]) -> Result<String, String> {
        run(&self.folder, words, &self.environment)
            .map_err(|why| format!("[power] {name} {words:?}: {why}"))
    }

    fn optional(&self, name: &str, words: Option<&Vec<String>>) -> Result<(), String> {
        let words = words.ok_or_else(|| format!("this bench has no [power] {name}"))?;
        self.run(name, words).map(drop)
    }
}

impl Machine for Dut {
    /// Nobody can know whether a machine is gone or silent: it publishes nothing then.
    fn ended(&mut self) -> Option<String> {
        None
    }

    fn kill(&mut self) -> Result<(), String> {
        self.optional("kill", self.power.kill.as_ref())
    }

    fn cut(&mut self) -> Result<(), String> {
        self.off()
    }

    fn hang(&mut self) -> Result<(), String> {
        self.optional("hang", self.power.hang.as_ref())
    }

    fn wake(&mut self) -> Result<(), String> {
        self.optional("wake", self.power.wake.as_ref())
    }

    fn restart(&mut self) -> Result<Client, String> {
        let ready = self.on()?;
        let mut client = self.client(&ready)?;
        client.log_in()?;
        Ok(client)
    }
}

/// Where the bench listens, for a controller that is told.
fn environment(rig: &Rig, lines: Option<&Played>) -> Vec<(String, String)> {
    let named = |kind: &str, bus: &str| format!("RIG_{kind}_{}", bus.to_uppercase());
    let buses = rig.buses.iter().map(|(bus, at)| (named("BUS", bus), at.to_string()));
    let ports = rig.ports.iter().map(|(bus, port)| (named("PORT", bus), port.clone()));
    let socket = match lines {
        Some(Played::Socket(path)) => Some(("RIG_LINES".into(), path.display().to_string())),
        Some(Played::Pins(_)) | None => None,
    };
    buses.chain(ports).chain(socket).collect()
}

/// Runs a command to its end; what it printed. What it leaves running may keep its output open.
fn run(
    folder: &Path,
    words: &[String],
    environment: &[(String, String)],
) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("no program")?;
    // A program beside the file, and not beside whoever runs this.
    let is_beside = program.contains('/') && !program.starts_with('/');
    let folder = folder.canonicalize().map_err(|why| why.to_string())?;
    let path = if is_beside { folder.join(program) } else { program.into() };
    let mut command = Command::new(path);
    command.args(arguments).current_dir(&folder).envs(environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|why| why.to_string())?;
    let (say, said) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // Nobody listens any more once it ended.
                let _ = say.send(line);
            }
        });
    }
    let (complain, complained) = mpsc::channel();
    if let Some(mut errors) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut part = [0; 1_024];
            while let Ok(count @ 1..) = errors.read(&mut part) {
                let _ = complain.send(String::from_utf8_lossy(&part[..count]).into_owned());
            }
        });
    }
    let deadline = Instant::now() + COMMAND_MAX;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|why| why.to_string())? {
            break status;
        }
        if Instant::now() >= deadline {
            // It may just have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("not done within {COMMAND_MAX:?}"));
        }
        std::thread::sleep(LOOK);
    };
    if !status.success() {
        let words = gather(&complained).concat();
        let from = words.char_indices().rev().nth(LAST_WORDS).map_or(0, |(place, _)| place);
        return Err(format!("{status}. It wrote last: {}", words[from..].trim_end()));
    }
    Ok(gather(&said).join("\n"))
}

/// What comes of its last words: until there are no more, or for a moment where somebody it left running holds the pipe.
fn gather(said: &mpsc::Receiver<String>) -> Vec<String> {
    const MOMENT: Duration = Duration::from_millis(200);
    std::iter::from_fn(|| said.recv_timeout(MOMENT).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(words: &str) -> Result<String, String> {
        let environment = [("RIG_LINES".to_owned(), "/tmp/lines".to_owned())];
        let words = ["sh", "-c", words].map(str::to_owned);
        run(Path::new("."), &words, &environment)
    }

    #[test]
    fn a_command_is_told_where_the_bench_listens_and_says_what_it_says() {
        assert_eq!(shell("echo one; echo ready $RIG_LINES").unwrap(), "one\nready /tmp/lines");
    }

    #[test]
    fn a_command_that_fails_is_told_with_its_last_words() {
        let said = shell("echo the relay is not there >&2; exit 3").unwrap_err();
        assert!(said.contains("exit status: 3") && said.contains("the relay is not"), "{said}");
        let nobody = run(Path::new("."), &["./nobody".to_owned()], &[]).unwrap_err();
        assert!(nobody.contains("No such file"), "{nobody}");
    }
}
