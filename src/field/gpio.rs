//! The lines of the 40-pin header (`docs/spec/plant.md` 1.5): contacts in, permits, K0 request and heartbeat out.

/// Why a line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("line {line} is not there, or is used by something else")]
    NotAvailable { line: u8 },
    #[error("line {line}: {source}")]
    Failed { line: u8, source: std::io::Error },
}

/// What drives the lines, by their BCM numbers. A read and a write take microseconds: they are called in a scan.
pub trait Lines: Send {
    /// Makes a line an input, pulled towards the level at which a broken wire reads open.
    fn listen(&mut self, line: u8, pull: Pull) -> Result<(), LineError>;
    /// Makes a line an output, off from the first moment.
    fn drive(&mut self, line: u8) -> Result<(), LineError>;
    /// Whether the level is high.
    fn is_high(&mut self, line: u8) -> Result<bool, LineError>;
    /// Sets the level.
    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError>;
}

/// Where a resistor draws an input that nothing drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    Up,
    Down,
    /// The board has its own resistor.
    Neither,
}

/// The level of an output; low is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    #[default]
    Low,
    High,
}
