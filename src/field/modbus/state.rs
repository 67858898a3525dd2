//! What a bus knows of its devices, and how it keeps time.

use std::time::Duration;

use tokio::time::Instant;

use super::plan::DevicePlan;

/// A device that has not answered for so long may have stopped its outputs: drives do after 3 s (`plant.md` 1.7). Plant time.
const FORGOTTEN: Duration = Duration::from_secs(2);
/// Two heartbeats follow each other after this share of a scan's time at the earliest, so that a burst of scans is spread
/// over the time it stands for and the beat never falls behind.
const BEAT_SPACING: f64 = 0.9;

/// How plant time runs.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Plant seconds a second.
    pub speed: f64,
    /// Plant time of a scan.
    pub period: Duration,
}

impl Pace {
    /// Real time of a plant time.
    #[must_use]
    pub fn real(self, plant: Duration) -> Duration {
        plant.div_f64(self.speed.max(1.0))
    }
}

/// What is known of a device.
pub struct Device {
    pub silences: u32,
    pub failed: bool,
    /// Left alone until then.
    pub rests_until: Option<Instant>,
    /// Its watchdog is set and was read back, its measurement started; devices with neither always are.
    pub guarded: bool,
    pub guard_due: Instant,
    pub answered: Instant,
    pub reads_due: Vec<Instant>,
    pub writes: Vec<Written>,
    pub channels_due: Instant,
}

/// What is known of a group of outputs.
pub struct Written {
    /// What the device confirmed; `None`: unknown.
    pub words: Option<Vec<u16>>,
    pub due: Instant,
}

/// The heartbeat's coil: toggled once for each completed scan.
pub struct Beat {
    pub scans: u64,
    pub owed: u64,
    pub level: bool,
    pub due: Instant,
}

impl Device {
    /// Before the first request.
    #[must_use]
    pub fn new(plan: &DevicePlan, now: Instant) -> Device {
        Device {
            silences: 0,
            failed: false,
            rests_until: None,
            guarded: !plan.has_to_be_prepared(),
            guard_due: now,
            answered: now,
            reads_due: vec![now; plan.reads.len()],
            writes: plan.writes.iter().map(|_| Written { words: None, due: now }).collect(),
            channels_due: now,
        }
    }

    /// Its outputs may have fallen: they are written again at once, from the first step if it has been away for long.
    pub fn doubt_outputs(&mut self, now: Instant, pace: Pace) {
        let forgotten = now - self.answered > pace.real(FORGOTTEN);
        for written in &mut self.writes {
            written.due = now;
            written.words = written.words.take().filter(|_| !forgotten);
        }
    }
}

impl Beat {
    #[must_use]
    pub fn new(scans: u64, now: Instant) -> Beat {
        Beat { scans, owed: 0, level: false, due: now }
    }

    /// One toggle for each completed scan, no faster than scans follow each other.
    pub fn count(&mut self, scans: u64, now: Instant, pace: Pace) {
        // More than two bursts behind, the beat is not caught up with: it would outlive the scan thread.
        let most = (2.0 * pace.speed.max(1.0)) as u64;
        self.owed = (self.owed + scans.saturating_sub(self.scans)).min(most);
        self.scans = scans;
        if self.owed > 0 && self.due <= now {
            self.owed -= 1;
            self.level = !self.level;
            self.due = now + pace.real(pace.period.mul_f64(BEAT_SPACING));
        }
    }
}
