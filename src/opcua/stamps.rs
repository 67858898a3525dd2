//! Source times: when each point was measured, in wall time that never runs backwards.

use std::sync::atomic::{AtomicI64, Ordering};

use plc::image::Snapshot;

use crate::exchange::Live;

/// The newest source time of each row. One writer, many readers.
#[derive(Debug)]
pub struct Stamps {
    rows: Box<[Stamp]>,
}

/// Both in milliseconds: the wall time given out, and the real time at which it was.
#[derive(Debug, Default)]
struct Stamp {
    wall: AtomicI64,
    given: AtomicI64,
}

impl Stamps {
    pub fn new(rows: usize) -> Stamps {
        Stamps { rows: (0..rows).map(|_| Stamp::default()).collect() }
    }

    /// Milliseconds since 1970 of the newest sample of a row.
    pub fn of(&self, row: usize) -> i64 {
        self.rows[row].wall.load(Ordering::Relaxed)
    }

    /// Takes over the times of a scan at `real` milliseconds of a clock that nobody sets. A wall clock that was set back
    /// does not turn a point's time back: the time then goes on from the last one by what has really passed, so that
    /// clients go on sampling.
    pub fn advance(&self, before: &Snapshot, live: &Live, real: i64) {
        let taken = live.snapshot.taken.iter().zip(&before.taken);
        for (stamp, (taken, earlier)) in self.rows.iter().zip(taken) {
            let last = stamp.wall.load(Ordering::Relaxed);
            if taken == earlier && last != 0 {
                continue;
            }
            let wall = live.wall_ms(*taken);
            let passed = real - stamp.given.load(Ordering::Relaxed);
            let wall = if wall > last { wall } else { last + passed.max(1) };
            stamp.wall.store(wall, Ordering::Relaxed);
            stamp.given.store(real, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Wall;
    use plc::signal::Moment;
    use plc::tag::Catalogue;

    #[test]
    fn a_clock_set_back_does_not_turn_a_points_time_back() {
        let mut snapshot = Snapshot::new(&Catalogue::default());
        snapshot.taken = vec![Moment(0)].into_boxed_slice();
        let stamps = Stamps::new(1);
        let mut scan = |at_ms: u64, wall_ms: i64| {
            let before = snapshot.clone();
            snapshot.at = Moment(at_ms * 1000);
            snapshot.taken[0] = Moment(at_ms * 1000);
            let wall = Wall { ms: wall_ms, trusted: true };
            let live = Live { snapshot: snapshot.clone(), wall, scan: 1 };
            stamps.advance(&before, &live, i64::try_from(at_ms).unwrap());
            stamps.of(0)
        };
        assert_eq!(scan(1_000, 1_000_000), 1_000_000);
        assert_eq!(scan(2_000, 1_001_000), 1_001_000);
        assert_eq!(scan(3_000, 500_000), 1_002_000, "set back: goes on by real time");
        assert_eq!(scan(3_000, 500_000), 1_002_000, "nothing new: stays");
        assert_eq!(scan(4_000, 9_000_000), 9_000_000, "set forward: follows");
    }
}
