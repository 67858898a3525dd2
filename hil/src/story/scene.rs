//! What a story needs of the place where it plays.

use std::time::Duration;

use plc::reason::Reason;

use super::condition::Condition;
use super::happening::Happening;
use super::seen::Seen;

/// A plant with its world, wherever they run.
pub trait Scene {
    /// Goes on to the next moment that can be judged.
    ///
    /// # Errors
    /// When there is none any more: in words.
    fn step(&mut self) -> Result<(), String>;

    /// Plant time since the scene began.
    fn passed(&self) -> Duration;

    /// How things stand.
    fn seen(&self) -> Seen<'_>;

    /// Makes it happen.
    ///
    /// # Errors
    /// When there is nothing of the kind here; what the plant refuses is not an error.
    fn happen(&mut self, happening: &Happening) -> Result<Result<(), Reason>, String>;

    /// How much later than it is so this may be seen to be so, plant time.
    fn lag(&self, what: &Condition) -> Duration;

    /// Time of a scan, plant time.
    fn period(&self) -> Duration;

    /// What the plant says of itself, in a line.
    fn tell(&self) -> String {
        self.seen().tell()
    }
}
