//! Lines that another program plays at a Unix socket, in place of a header: for tests on a machine without one.
//!
//! Only the command line can ask for them (`run --simulated-lines SOCKET`), never a site file, and the other program must be
//! there first: no plant gets them by accident.
//!
//! One line of text for each thing said. The controller says first `pull 4 down` of each input, `out 17 0` of each output, and
//! `begin`; the other side says how the inputs stand, and `ready`. From then on the controller says each output that is set,
//! the other side `in 4 1` of an input whose level changes. An input of which nothing was said reads as its pull has it: open.
//! When the other side goes away, inputs cannot be read and outputs cannot be set.

use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use super::lines::{Level, LineError, Lines, Pull, Wires};

/// Longest wait for the other side to take a word (chosen: well below the second after which the heartbeat is missed).
const PATIENCE: Duration = Duration::from_millis(100);

/// Longest wait for the other side to say how the inputs stand: the first look at a header is a true one. One that does not
/// say so is taken as it is (chosen: well below the patience of whoever starts a controller).
const BEGINNING: Duration = Duration::from_secs(2);

/// The controller's end.
#[derive(Debug)]
pub struct Remote {
    stream: UnixStream,
    /// Outputs that were set high.
    high: u32,
    far: Arc<Far>,
}

/// What the other side has said.
#[derive(Debug)]
struct Far {
    levels: AtomicU32,
    is_there: AtomicBool,
}

impl Remote {
    pub fn open(wires: &Wires, socket: &Path) -> Result<Remote, LineError> {
        let path = || socket.display().to_string();
        let failed = |source| LineError::NoSimulator { path: path(), source };
        let stream = UnixStream::connect(socket).map_err(failed)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
        let heard = stream.try_clone().map_err(failed)?;
        let pulled_up = wires.inputs.iter().filter(|(_, pull)| *pull == Pull::Up);
        let levels = pulled_up.fold(0, |levels, (line, _)| levels | 1 << line);
        let far = Arc::new(Far { levels: AtomicU32::new(levels), is_there: AtomicBool::new(true) });
        let (told, (say_ready, ready)) = (far.clone(), channel());
        Builder::new()
            .name("simulated lines".into())
            .spawn(move || {
                told.listen(heard, &say_ready);
                told.is_there.store(false, Ordering::Release);
            })
            .map_err(failed)?;
        let mut remote = Remote { stream, high: 0, far };
        for (line, pull) in &wires.inputs {
            let pull = match pull {
                Pull::Up => "up",
                Pull::Down => "down",
            };
            remote.say(&format!("pull {line} {pull}\n")).map_err(failed)?;
        }
        for line in &wires.outputs {
            remote.set(*line, Level::Low)?;
        }
        remote.say("begin\n").map_err(failed)?;
        // One that is silent, or gone, is met again at the first look.
        let _ = ready.recv_timeout(BEGINNING);
        Ok(remote)
    }

    fn say(&mut self, words: &str) -> io::Result<()> {
        self.stream.write_all(words.as_bytes())
    }
}

impl Far {
    /// Until the other side goes away, or says what is not understood.
    fn listen(&self, heard: UnixStream, say_ready: &Sender<()>) {
        for words in BufReader::new(heard).lines() {
            if words.as_ref().is_ok_and(|words| words == "ready") {
                // Nobody waits for it any more.
                let _ = say_ready.send(());
                continue;
            }
            let Some((line, is_high)) = words.ok().as_deref().and_then(understood) else { return };
            if is_high {
                self.levels.fetch_or(1 << line, Ordering::Release);
            } else {
                self.levels.fetch_and(!(1 << line), Ordering::Release);
            }
        }
    }
}

/// `in 4 1`.
fn understood(words: &str) -> Option<(u8, bool)> {
    let (line, level) = words.strip_prefix("in ")?.split_once(' ')?;
    let line = line.parse().ok().filter(|line| *line < 28)?;
    match level {
        "0" => Some((line, false)),
        "1" => Some((line, true)),
        _ => None,
    }
}

impl Lines for Remote {
    fn levels(&mut self) -> Result<u32, LineError> {
        if self.far.is_there.load(Ordering::Acquire) {
            return Ok(self.far.levels.load(Ordering::Acquire));
        }
        let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
        Err(LineError::failed("the simulated lines", gone))
    }

    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError> {
        let bit = 1_u32.checked_shl(u32::from(line)).unwrap_or(0);
        let level = match level {
            Level::Low => {
                self.high &= !bit;
                0
            }
            Level::High => {
                self.high |= bit;
                1
            }
        };
        let failed = |source| LineError::failed("the simulated lines", source);
        self.say(&format!("out {line} {level}\n")).map_err(failed)
    }

    /// The other side cannot short a line.
    fn is_high(&mut self, line: u8) -> Result<bool, LineError> {
        Ok(self.high & 1_u32.checked_shl(u32::from(line)).unwrap_or(0) != 0)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Ends the thread that listens. An error means that the other side went first.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    use super::*;

    /// Both ends.
    fn pair() -> (Remote, UnixStream, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("lines");
        let listener = UnixListener::bind(&socket).unwrap();
        let wires = Wires { inputs: vec![(4, Pull::Down), (5, Pull::Up)], outputs: vec![17, 27] };
        let near = Remote::open(&wires, &socket).unwrap();
        (near, listener.accept().unwrap().0, folder)
    }

    /// Waits until something is true.
    fn until(what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn both_sides_hear_what_the_other_sets_and_an_input_nobody_drives_reads_open() {
        let (mut near, mut far, _folder) = pair();
        assert_eq!(near.levels().unwrap(), 1 << 5, "as it is pulled");
        near.set(27, Level::High).unwrap();
        let heard: Vec<String> =
            BufReader::new(far.try_clone().unwrap()).lines().take(6).map(Result::unwrap).collect();
        assert_eq!(
            heard,
            ["pull 4 down", "pull 5 up", "out 17 0", "out 27 0", "begin", "out 27 1"]
        );
        far.write_all(b"in 4 1\nin 5 0\n").unwrap();
        until("both are heard", || near.levels().unwrap() == 1 << 4);
    }

    #[test]
    fn the_first_look_at_a_header_is_as_the_other_side_says_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("lines");
        let listener = UnixListener::bind(&socket).unwrap();
        let far = std::thread::spawn(move || {
            let mut far = listener.accept().unwrap().0;
            let heard = BufReader::new(far.try_clone().unwrap());
            assert!(heard.lines().map_while(Result::ok).any(|words| words == "begin"));
            far.write_all(b"in 4 1\nready\n").unwrap();
            far
        });
        let wires = Wires { inputs: vec![(4, Pull::Down)], outputs: Vec::new() };
        let mut near = Remote::open(&wires, &socket).unwrap();
        let _far = far.join().unwrap();
        assert_eq!(near.levels().unwrap(), 1 << 4);
    }

    #[test]
    fn a_simulator_that_goes_away_or_speaks_otherwise_is_no_header_any_more() {
        for words in [&b""[..], b"in 40 1\n", b"in 4 2\n", b"4\n", b"\xFF\n"] {
            let (mut near, mut far, _folder) = pair();
            far.write_all(words).unwrap();
            if words.is_empty() {
                drop(far);
                until("outputs cannot be set", || near.set(17, Level::Low).is_err());
            }
            until("inputs cannot be read", || near.levels().is_err());
        }
        let nowhere = Remote::open(&Wires::default(), Path::new("/no/such/socket"));
        assert!(nowhere.unwrap_err().to_string().contains("/no/such/socket"));
    }
}
