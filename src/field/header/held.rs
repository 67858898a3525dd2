//! Lines that are low whenever nobody wants them high: at the beginning, at a stop, in a panic.
//!
//! What remains is a process that is killed (`kill -9`) or hangs: its lines stay as they are, under rppal for good, under
//! gpiocdev as the kernel's pin controller leaves them. The heartbeat is then no longer toggled: KWD-900 opens K0 within 1 s,
//! and with it goes the supply of every motor and of the dosing pumps. The horn may sound on.

use super::lines::{Level, LineError, Lines};

/// Lines, and what was last set.
pub struct Held {
    lines: Box<dyn Lines>,
    outputs: Vec<(u8, Option<Level>)>,
}

impl Held {
    /// Takes lines over and switches every output off.
    pub fn new(lines: Box<dyn Lines>, outputs: &[u8]) -> Held {
        let mut held = Held { lines, outputs: outputs.iter().map(|line| (*line, None)).collect() };
        held.off();
        held
    }

    /// Levels of the inputs.
    pub fn levels(&mut self) -> Result<u32, LineError> {
        self.lines.levels()
    }

    /// Sets an output, by its place among them, unless it is so already.
    pub fn set(&mut self, place: usize, level: Level) -> Result<(), LineError> {
        let Some((line, set)) = self.outputs.get_mut(place) else { return Ok(()) };
        if *set != Some(level) {
            // Unknown until it is done.
            *set = None;
            self.lines.set(*line, level)?;
            *set = Some(level);
        }
        Ok(())
    }

    /// Forgets what was set, so that all is set again: something else may have moved a line.
    pub fn renew(&mut self) {
        self.outputs.iter_mut().for_each(|(_, set)| *set = None);
    }

    /// An output that was set low and whose pin is not: shorted, or driven by something else too.
    pub fn contradicted(&mut self) -> Option<u8> {
        let Held { lines, outputs } = self;
        let mut low = outputs.iter().filter(|(_, set)| *set == Some(Level::Low));
        // One that cannot be read back is not proven low.
        low.find(|(line, _)| lines.is_high(*line).unwrap_or(true)).map(|(line, _)| *line)
    }

    /// Switches every output off, whatever is the matter with another.
    pub fn off(&mut self) {
        for place in 0..self.outputs.len() {
            if let Some((_, set)) = self.outputs.get_mut(place) {
                *set = None;
            }
            if let Err(error) = self.set(place, Level::Low) {
                tracing::error!(%error, "an output of the header cannot be switched off");
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.off();
    }
}
