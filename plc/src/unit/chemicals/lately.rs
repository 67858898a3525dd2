//! What a day tank's level was lately: a refill is a rise above it (R-2.11-03).

use core::time::Duration;

/// Ten minutes in slices of one.
const SLICES: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// The lowest level of the last ten minutes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lately {
    lowest: [Option<f64>; SLICES],
    at: usize,
    in_slice: Duration,
}

impl Lately {
    /// No level was seen yet.
    pub(super) fn is_empty(&self) -> bool {
        self.lowest.iter().all(Option::is_none)
    }

    /// A level that was seen for so long; the lowest of them.
    pub(super) fn take(&mut self, level: f64, elapsed: Duration) -> f64 {
        self.in_slice = self.in_slice.saturating_add(elapsed);
        if self.in_slice >= MINUTE {
            self.in_slice = Duration::ZERO;
            self.at = (self.at + 1) % SLICES;
            self.lowest[self.at] = None;
        }
        let lower = |slice: f64| if slice < level { slice } else { level };
        self.lowest[self.at] = Some(self.lowest[self.at].map_or(level, lower));
        self.lowest
            .iter()
            .flatten()
            .fold(level, |least, slice| if *slice < least { *slice } else { least })
    }
}
