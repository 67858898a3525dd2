//! Lines without a header, for tests: what is wired to them is a value.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::lines::{Level, LineError, Lines, Wires};

/// The far end of the wires, shared with the test that holds it.
#[derive(Clone, Debug, Default)]
pub struct Simulated(Arc<Mutex<Far>>);

#[derive(Debug, Default)]
struct Far {
    wires: Wires,
    /// Levels of the inputs.
    levels: u32,
    /// Of the outputs that were set.
    outputs: BTreeMap<u8, Level>,
    /// Edges of each output.
    edges: BTreeMap<u8, usize>,
    /// Pulses that began on each output.
    rises: BTreeMap<u8, usize>,
    trouble: Option<Trouble>,
}

/// What may happen to lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    NoInputs,
    /// This output cannot be set.
    Stuck(u8),
    /// This output is high, whatever is set.
    Shorted(u8),
    Panic,
}

impl Simulated {
    /// The near end.
    pub fn opened(&self, wires: &Wires) -> Box<dyn Lines> {
        self.0.lock().wires = wires.clone();
        Box::new(self.clone())
    }

    /// Puts a voltage on an input, or takes it off.
    pub fn drive(&self, line: u8, level: Level) {
        let mut far = self.0.lock();
        match level {
            Level::Low => far.levels &= !(1 << line),
            Level::High => far.levels |= 1 << line,
        }
    }

    /// Begins, or ends, what goes wrong.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        self.0.lock().trouble = trouble;
    }

    /// Whether an output is high.
    pub fn is_high(&self, line: u8) -> bool {
        self.0.lock().outputs.get(&line) == Some(&Level::High)
    }

    /// Whether each output was set low last.
    pub fn all_low(&self) -> bool {
        let far = self.0.lock();
        far.wires.outputs.iter().all(|line| far.outputs.get(line) == Some(&Level::Low))
    }

    /// Edges an output has had.
    pub fn edges(&self, line: u8) -> usize {
        self.0.lock().edges.get(&line).copied().unwrap_or_default()
    }

    /// Pulses an output has begun.
    pub fn rises(&self, line: u8) -> usize {
        self.0.lock().rises.get(&line).copied().unwrap_or_default()
    }
}

impl Lines for Simulated {
    fn levels(&mut self) -> Result<u32, LineError> {
        let far = self.0.lock();
        match far.trouble {
            Some(Trouble::NoInputs) => {
                Err(LineError::failed("the inputs", io::ErrorKind::BrokenPipe.into()))
            }
            Some(Trouble::Panic) => panic!("a driver that panics"),
            Some(Trouble::Stuck(_) | Trouble::Shorted(_)) | None => Ok(far.levels),
        }
    }

    fn set(&mut self, line: u8, level: Level) -> Result<(), LineError> {
        let mut far = self.0.lock();
        if far.trouble == Some(Trouble::Stuck(line)) {
            return Err(LineError::failed("an output", io::ErrorKind::BrokenPipe.into()));
        }
        let before = far.outputs.insert(line, level);
        if before.is_some_and(|before| before != level) {
            *far.edges.entry(line).or_default() += 1;
            *far.rises.entry(line).or_default() += usize::from(level == Level::High);
        }
        Ok(())
    }

    fn is_high(&mut self, line: u8) -> Result<bool, LineError> {
        let far = self.0.lock();
        let shorted = far.trouble == Some(Trouble::Shorted(line));
        Ok(shorted || far.outputs.get(&line) == Some(&Level::High))
    }
}
