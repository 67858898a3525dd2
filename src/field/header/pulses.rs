//! The strokes of a dosing pump: pulses on a line, made from a rate.

use std::time::Duration;

use config::PULSES_MAX;

use super::lines::Level;

/// How long a pulse is (`plant.md` 1.5).
const PULSE: Duration = Duration::from_millis(100);

/// One line's pulses. A stroke begins with the rising edge; the pump does the rest by itself.
#[derive(Clone, Debug, Default)]
pub struct Pulses {
    /// Strokes that are due, at most 2.
    due: f64,
    /// What is left of the pulse under way.
    left: Duration,
    /// What is left of the shortest pause after it.
    pause: Duration,
}

impl Pulses {
    /// The level of the line now, `elapsed` after the last one, at `rate` strokes a minute; a rate that is no number is none.
    ///
    /// Without a rate the line is off at once. What is due of a stroke is kept, so that a rate that comes and goes loses
    /// nothing; but a gap in which nobody was here to make strokes is made up for with one at most.
    pub fn level(&mut self, rate: f64, elapsed: Duration) -> Level {
        self.pause = match elapsed.checked_sub(self.left) {
            Some(beyond) => self.pause.saturating_sub(beyond),
            None => self.pause,
        };
        self.left = self.left.saturating_sub(elapsed);
        if !(rate > 0.0) {
            self.left = Duration::ZERO;
            return Level::Low;
        }
        let share = (rate.min(PULSES_MAX) / 60.0 * elapsed.as_secs_f64()).min(1.0);
        self.due = (self.due + share).min(2.0);
        if self.due >= 1.0 && self.left.is_zero() && self.pause.is_zero() {
            self.due -= 1.0;
            (self.left, self.pause) = (PULSE, PULSE);
        }
        Level::high_if(!self.left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(2);

    /// Runs at a rate for a time: pulses begun, and the shortest and longest of those that ended, in ms.
    fn run(pulses: &mut Pulses, rate: f64, time: Duration) -> (usize, u128, u128) {
        let (mut begun, mut shortest, mut longest) = (0, u128::MAX, 0);
        let mut high_for = Duration::ZERO;
        let mut passed = Duration::ZERO;
        while passed < time {
            passed += TICK;
            match pulses.level(rate, TICK) {
                Level::High => {
                    begun += usize::from(high_for.is_zero());
                    high_for += TICK;
                }
                Level::Low if high_for.is_zero() => {}
                Level::Low => {
                    shortest = shortest.min(high_for.as_millis());
                    longest = longest.max(high_for.as_millis());
                    high_for = Duration::ZERO;
                }
            }
        }
        (begun, shortest, longest)
    }

    #[test]
    fn a_minute_has_as_many_strokes_as_its_rate_each_of_100_ms() {
        for (rate, strokes) in [(1.0, 1), (30.0, 30), (60.0, 60), (180.0, 180), (300.0, 300)] {
            // One tick more than a minute, for what rounding leaves due.
            let (begun, shortest, longest) =
                run(&mut Pulses::default(), rate, Duration::from_secs(60) + TICK);
            assert_eq!(begun, strokes, "{rate}");
            if shortest < u128::MAX {
                assert_eq!((shortest, longest), (100, 100), "{rate}");
            }
        }
    }

    #[test]
    fn no_rate_and_no_number_are_no_strokes_and_end_the_one_under_way() {
        for none in [0.0, -1.0, f64::NAN] {
            let mut pulses = Pulses::default();
            assert_eq!(run(&mut pulses, none, Duration::from_secs(600)).0, 0);
            while pulses.level(60.0, TICK) == Level::Low {}
            assert_eq!(pulses.level(none, TICK), Level::Low);
        }
    }

    #[test]
    fn a_rate_beyond_what_a_line_can_give_keeps_pulse_and_pause_apart() {
        for rate in [1e6, f64::INFINITY] {
            let (begun, shortest, longest) =
                run(&mut Pulses::default(), rate, Duration::from_secs(60));
            assert!(begun <= 300, "{rate}: {begun}");
            assert_eq!((shortest, longest), (100, 100));
        }
    }

    #[test]
    fn strokes_that_nobody_made_are_not_made_up_for() {
        let mut pulses = Pulses::default();
        pulses.level(60.0, Duration::from_secs(3_600));
        let (begun, ..) = run(&mut pulses, 60.0, Duration::from_secs(5));
        assert!(begun <= 6, "{begun}");
    }

    #[test]
    fn a_rate_that_comes_and_goes_loses_no_strokes() {
        let mut pulses = Pulses::default();
        let mut begun = 0;
        for _ in 0..600 {
            // A tenth of a second on, a tenth off: half of sixty a minute, for two minutes.
            begun += run(&mut pulses, 60.0, Duration::from_millis(100)).0;
            run(&mut pulses, 0.0, Duration::from_millis(100));
        }
        assert!((59..=60).contains(&begun), "{begun}");
    }
}
