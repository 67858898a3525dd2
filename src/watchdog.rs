//! Whether scans complete. Fed at the end of a scan whose outputs are written, by nothing else: never by storage or network
//! (`docs/spec/interfaces.md` REL-02).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::machine;

/// Silence after which the plant counts as stopped: the external relay drops the motors then
/// (`docs/spec/contracts.md`, hardware).
const SILENCE_MAX: Duration = Duration::from_secs(1);

/// The pulse of the scan thread.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Boot clock at the end of the last scan, microseconds; 0: none yet.
    last: AtomicU64,
}

impl Pulse {
    /// A scan is complete.
    pub fn beat(&self, now: Duration) {
        self.last.store(u64::try_from(now.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Time since the last complete scan; `None`: there was none.
    #[must_use]
    pub fn silence(&self) -> Option<Duration> {
        let last = self.last.load(Ordering::Relaxed);
        (last > 0).then(|| machine::boot_clock().saturating_sub(Duration::from_micros(last)))
    }

    /// Whether scans complete.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.silence().is_some_and(|silence| silence <= SILENCE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INV-30, INV-41: no scans, no pulse, no watchdog fed.
    #[test]
    fn a_plant_that_does_not_scan_has_no_pulse() {
        let pulse = Pulse::default();
        assert!(!pulse.is_alive());
        pulse.beat(machine::boot_clock());
        assert!(pulse.is_alive());
        pulse.beat(machine::boot_clock().saturating_sub(Duration::from_secs(2)));
        assert!(!pulse.is_alive());
    }
}
