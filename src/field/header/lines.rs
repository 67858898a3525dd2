//! What drives the lines of a header, and why it does not.

use std::io;

/// What each line is for, by BCM number: inputs with their pull, outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wires {
    pub inputs: Vec<(u8, Pull)>,
    pub outputs: Vec<u8>,
}

impl Wires {
    /// Every line.
    pub fn all(&self) -> impl Iterator<Item = u8> {
        self.inputs.iter().map(|(line, _)| *line).chain(self.outputs.iter().copied())
    }
}

/// Where a resistor draws an input that nothing drives: to the level at which a broken wire reads open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    Up,
    Down,
}

/// The level of an output; low is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    #[default]
    Low,
    High,
}

impl Level {
    /// High where something is wanted.
    #[must_use]
    pub fn high_if(wanted: bool) -> Level {
        if wanted { Level::High } else { Level::Low }
    }
}

/// The lines of a header, opened: inputs pulled, outputs low from the first moment. A call takes microseconds.
pub trait Lines: Send {
    /// Levels of the inputs: bit n is line n, set when it is high.
    fn levels(&mut self) -> Result<u32, LineError>;
    /// Sets the level of an output.
    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError>;
    /// The level of an output as its pin has it, whatever was set.
    fn is_high(&mut self, line: u8) -> Result<bool, LineError>;
}

/// Why lines cannot be used. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error(
        "this machine ({machine}) is no Raspberry Pi that rppal 0.22 knows. On a newer Pi or another board write \
         `driver = \"gpiocdev\"`; on a desk run a site whose header is a Modbus node, such as config/sites/bench.toml"
    )]
    NotAPi { machine: String },
    #[error(
        "{path} is not there: this kernel does not show the registers that rppal needs. Write `driver = \"gpiocdev\"`, \
         or run Raspberry Pi OS, whose kernel has it"
    )]
    NoRegisters { path: String },
    #[error(
        "rppal looks for /dev/gpiochip0 and gives up when it is not there; this kernel numbers its chips otherwise ({found}). \
         Write `driver = \"gpiocdev\"`, which finds the chip by its label"
    )]
    Renumbered { found: String },
    #[error(
        "this kernel shows no GPIO chips (/dev/gpiochip*): it has none, it was built without GPIO_CDEV, or a container \
         hides them"
    )]
    NoChips,
    #[error(
        "no chip `{wanted}` here: there are {found}. Write one of these labels as `chip` (`gpiodetect` lists them too)"
    )]
    NoSuchChip { wanted: String, found: String },
    #[error(
        "no permission for {path}: make the controller's user a member of the group that owns it (Raspberry Pi OS: \
         `sudo usermod -aG gpio USER`, then log in again; a systemd unit: `SupplementaryGroups=gpio` and \
         `DeviceAllow={path} rw`)"
    )]
    Forbidden { path: String },
    #[error("line {line} is not there")]
    NotThere { line: u8 },
    #[error(
        "line {line} is used by {by}. Two may not drive one line: end the other program, or take the overlay that claims it \
         (SPI has 7 to 11, I2S 18 to 21, fans and buttons any) out of /boot/firmware/config.txt"
    )]
    Taken { line: u8, by: String },
    #[error("the lines are held by another controller on this machine ({path} is locked)")]
    Held { path: String },
    #[error("nobody plays simulated lines at {path}: {source}")]
    NoSimulator { path: String, source: io::Error },
    #[error("{what}: {source}")]
    Failed { what: String, source: io::Error },
}

impl LineError {
    /// Something that the operating system refused.
    pub fn failed(what: impl Into<String>, source: io::Error) -> LineError {
        LineError::Failed { what: what.into(), source }
    }
}
