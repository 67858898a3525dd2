//! Lines through the registers of a Raspberry Pi's chip: rppal, the default.
//!
//! rppal writes to the chip past the kernel, so nobody else keeps two programs off one line. What can be asked is asked
//! before: the kernel, whether a driver or a program has the line; the chip, whether the line has another function; and a
//! lock on the device file, whether another controller is here.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rppal::gpio::{Error, Gpio, InputPin, Mode, OutputPin};
use rppal::system::DeviceInfo;

use super::chardev;
use super::lines::{Level, LineError, Lines, Pull, Wires};

/// Where rppal finds the registers: up to the Pi 4; on the Pi 5, whose lines are on the RP1.
const REGISTERS: [&str; 2] = ["/dev/gpiomem", "/dev/gpiomem0"];
/// The chip rppal begins to look at.
const FIRST_CHIP: &str = "/dev/gpiochip0";

/// The header.
pub struct Broadcom {
    inputs: Vec<InputPin>,
    outputs: Vec<OutputPin>,
    /// Keeps other controllers off; the kernel lets go of it however this one ends.
    _lock: File,
}

impl Broadcom {
    pub fn open(wires: &Wires) -> Result<Broadcom, LineError> {
        let gpio = Gpio::new().map_err(|error| not_opened(error, Path::new("/"), &machine()))?;
        let lock = lock()?;
        if let Ok(board) = DeviceInfo::new() {
            // Whoever looks for a fault later wants to know what it ran on, and through what.
            tracing::info!(board = %board.model(), "the header's lines are driven by rppal");
        }
        let header = chardev::header()?;
        for line in wires.all() {
            chardev::free(&header, line)?;
        }
        let pin = |line: u8| {
            let pin = gpio.get(line).map_err(|error| not_taken(error, line))?;
            match pin.mode() {
                Mode::Input | Mode::Output | Mode::Null => Ok(pin),
                Mode::Alt0
                | Mode::Alt1
                | Mode::Alt2
                | Mode::Alt3
                | Mode::Alt4
                | Mode::Alt5
                | Mode::Alt6
                | Mode::Alt7
                | Mode::Alt8 => {
                    let by =
                        "another function of the chip (SPI, I2C, UART, PWM or sound)".to_owned();
                    Err(LineError::Taken { line, by })
                }
            }
        };
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for line in &wires.outputs {
            // Low is written before the line becomes an output.
            let mut output = pin(*line)?.into_output_low();
            // An output that is low when all has ended is safer than an input that only its resistor holds.
            output.set_reset_on_drop(false);
            outputs.push(output);
        }
        for (line, pull) in &wires.inputs {
            let pin = pin(*line)?;
            inputs.push(match pull {
                Pull::Up => pin.into_input_pullup(),
                Pull::Down => pin.into_input_pulldown(),
            });
        }
        Ok(Broadcom { inputs, outputs, _lock: lock })
    }
}

impl Lines for Broadcom {
    fn levels(&mut self) -> Result<u32, LineError> {
        let high = self.inputs.iter().filter(|pin| pin.is_high());
        Ok(high.fold(0, |levels, pin| levels | 1 << pin.pin()))
    }

    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError> {
        let pin = self.outputs.iter_mut().find(|pin| pin.pin() == line);
        let pin = pin.ok_or(LineError::NotThere { line })?;
        match level {
            Level::Low => pin.set_low(),
            Level::High => pin.set_high(),
        }
        Ok(())
    }

    fn is_high(&mut self, line: u8) -> Result<bool, LineError> {
        let pin = self.outputs.iter().find(|pin| pin.pin() == line);
        // Read from the pin's own level register, not from what was written.
        Ok(pin.ok_or(LineError::NotThere { line })?.is_set_high())
    }
}

/// One controller at a time.
fn lock() -> Result<File, LineError> {
    let mut there = REGISTERS.iter().filter(|path| Path::new(path).exists());
    let path = there.next().unwrap_or(&FIRST_CHIP);
    let file = File::open(path).map_err(|error| refused(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LineError::Held { path: (*path).to_owned() }),
        Err(TryLockError::Error(source)) => Err(LineError::failed(*path, source)),
    }
}

/// What the machine calls itself.
fn machine() -> String {
    let model = std::fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    let model = model.trim_end_matches('\0').trim();
    if model.is_empty() { std::env::consts::ARCH.to_owned() } else { model.to_owned() }
}

/// A file that does not open.
pub fn refused(path: &str, error: io::Error) -> LineError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        LineError::Forbidden { path: path.to_owned() }
    } else {
        LineError::failed(path, error)
    }
}

/// Why rppal does not begin, from its error and from what is there below `root`.
fn not_opened(error: Error, root: &Path, machine: &str) -> LineError {
    let is_there = |path: &str| root.join(path.trim_start_matches('/')).exists();
    match error {
        Error::UnknownModel => LineError::NotAPi { machine: machine.to_owned() },
        // Without the registers rppal tries the whole memory, and says that this is forbidden.
        _ if !REGISTERS.iter().any(|path| is_there(path)) => {
            LineError::NoRegisters { path: REGISTERS.join(" or ") }
        }
        Error::PermissionDenied(path) => LineError::Forbidden { path },
        Error::Io(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            // Of the registers on a Pi 5 rppal does not say which file it was.
            let path = REGISTERS.iter().find(|path| is_there(path)).unwrap_or(&REGISTERS[0]);
            LineError::Forbidden { path: (*path).to_owned() }
        }
        Error::Io(_) if !is_there(FIRST_CHIP) => match chips(root).as_slice() {
            [] => LineError::NoChips,
            found => LineError::Renumbered { found: found.join(", ") },
        },
        Error::Io(source) => LineError::failed("rppal cannot open the header", source),
        Error::PinUsed(_) | Error::PinNotAvailable(_) | Error::ThreadPanic => {
            LineError::failed("rppal cannot open the header", io::Error::other(error))
        }
    }
}

/// Names of the chips below `root`, in order.
fn chips(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root.join("dev")).into_iter().flatten().flatten();
    let paths = entries.map(|entry| PathBuf::from(entry.file_name()));
    let names = paths.map(|path| path.display().to_string());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("gpiochip")).collect();
    names.sort();
    names
}

/// Why rppal does not give a line.
fn not_taken(error: Error, line: u8) -> LineError {
    match error {
        Error::PinUsed(line) => {
            LineError::Taken { line, by: "this controller, for another point".to_owned() }
        }
        Error::PinNotAvailable(line) => LineError::NotThere { line },
        Error::Io(source) => LineError::failed(format!("line {line}"), source),
        Error::UnknownModel | Error::PermissionDenied(_) | Error::ThreadPanic => {
            LineError::failed(format!("line {line}"), io::Error::other(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said where these files are.
    fn said(error: Error, files: &[&str]) -> String {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("dev")).unwrap();
        for file in files {
            std::fs::write(root.path().join("dev").join(file), b"").unwrap();
        }
        not_opened(error, root.path(), "x86_64").to_string()
    }

    #[test]
    fn a_header_that_does_not_open_says_why_and_what_to_do() {
        let io = |kind: io::ErrorKind| Error::Io(kind.into());
        let forbidden = || Error::PermissionDenied("/dev/gpiomem".to_owned());
        let whole_memory = || Error::PermissionDenied("/dev/mem".to_owned());
        let all = ["gpiomem", "gpiochip0"];
        for (error, files, words) in [
            (
                Error::UnknownModel,
                &[][..],
                ["(x86_64) is no Raspberry Pi", "`driver = \"gpiocdev\"`"],
            ),
            (
                whole_memory(),
                &["gpiochip0"],
                ["/dev/gpiomem or /dev/gpiomem0 is not there", "`driver = \"gpiocdev\"`"],
            ),
            (
                io(io::ErrorKind::NotFound),
                &["gpiochip0"],
                ["/dev/gpiomem or /dev/gpiomem0 is not there", "Raspberry Pi OS"],
            ),
            (forbidden(), &all, ["no permission for /dev/gpiomem:", "usermod -aG gpio"]),
            (
                io(io::ErrorKind::PermissionDenied),
                &["gpiomem0", "gpiochip0"],
                ["no permission for /dev/gpiomem0:", "usermod -aG gpio"],
            ),
            (
                io(io::ErrorKind::NotFound),
                &["gpiomem0", "gpiochip11", "gpiochip12"],
                ["numbers its chips otherwise (gpiochip11, gpiochip12)", "`driver = \"gpiocdev\"`"],
            ),
            (io(io::ErrorKind::NotFound), &["gpiomem"], ["no GPIO chips", "GPIO_CDEV"]),
        ] {
            let said = said(error, files);
            assert!(words.iter().all(|word| said.contains(word)), "{files:?}: {said}");
        }
    }

    #[test]
    fn a_line_that_rppal_does_not_give_is_named() {
        assert!(not_taken(Error::PinNotAvailable(40), 40).to_string().contains("line 40"));
        assert!(not_taken(Error::PinUsed(17), 17).to_string().contains("line 17 is used by"));
    }
}
