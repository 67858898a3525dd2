//! What a start may cost: a motor that trips, a contact that welds. `plant.md` 6.11.

use super::actuators::{Drive, Motor};
use super::random::{Random, Stream};

/// How likely a start is to end so, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Odds {
    /// 1e-4 in 6.11.
    pub trip: f64,
    /// 1e-5 in 6.11.
    pub weld: f64,
}

/// Starts of all motors of a plant, each a draw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Starts {
    /// Whether each ran, in the order in which they are shown.
    ran: Vec<bool>,
    /// Starts since the beginning.
    pub count: u64,
}

impl Starts {
    /// The motors as they run now. Those that have just started take their chance.
    pub fn watch<'a>(
        &mut self,
        drives: impl Iterator<Item = &'a mut Drive>,
        motors: impl Iterator<Item = &'a mut Motor>,
        odds: Odds,
        random: Random,
    ) {
        let mut at = 0;
        for drive in drives {
            if self.starts(at, drive.running) {
                let (trips, welds) = self.draw(odds, random);
                (drive.tripped, drive.welded) = (drive.tripped || trips, drive.welded || welds);
            }
            at += 1;
        }
        for motor in motors {
            if self.starts(at, motor.running) {
                let (trips, welds) = self.draw(odds, random);
                (motor.tripped, motor.welded) = (motor.tripped || trips, motor.welded || welds);
            }
            at += 1;
        }
    }

    fn starts(&mut self, at: usize, runs: bool) -> bool {
        if at >= self.ran.len() {
            self.ran.resize(at + 1, false);
        }
        !core::mem::replace(&mut self.ran[at], runs) && runs
    }

    /// Whether this start trips, and whether it welds.
    fn draw(&mut self, odds: Odds, random: Random) -> (bool, bool) {
        self.count += 1;
        let trips = random.uniform(Stream::StartTrip, self.count) < odds.trip;
        let welds = random.uniform(Stream::StartWeld, self.count) < odds.weld;
        (trips, !trips && welds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6.11: one start in so many trips, one in so many welds, and a motor that runs on takes no chance.
    #[test]
    fn starts_trip_and_weld_as_often_as_asked() {
        let (odds, random) = (Odds { trip: 0.02, weld: 0.01 }, Random { seed: 5 });
        let mut starts = Starts::default();
        let (mut tripped, mut welded) = (0, 0);
        for start in 0..20_000 {
            let mut drive = Drive { running: start % 2 == 0, ..Drive::default() };
            let mut motor = Motor { running: true, ..Motor::default() };
            starts.watch([&mut drive].into_iter(), [&mut motor].into_iter(), odds, random);
            tripped += i32::from(drive.tripped);
            welded += i32::from(drive.welded);
        }
        assert_eq!(starts.count, 10_001, "every second one of the drive, and the motor's one");
        assert!((160..240).contains(&tripped), "{tripped} of 10 000 trip");
        assert!((70..130).contains(&welded), "{welded} of 10 000 weld");
    }
}
