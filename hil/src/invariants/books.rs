//! What invariants must remember: starts of motors, and what was dosed in the last hour and day.

/// An hour, less what the sum of a run's steps loses by rounding: a start just then is no seventh.
const HOUR_S: f64 = 3_600.0 - 1.0e-3;

/// Starts of each motor.
pub(super) struct Starts {
    names: Vec<String>,
    /// The last seven starts of each, s since the start of the world.
    last: Vec<[f64; 7]>,
    newest: f64,
}

/// Of one start.
pub(super) struct Verdict {
    /// The seventh within an hour: INV-22.
    pub too_many: bool,
    /// s after the last start of any other motor: INV-23.
    pub apart_s: f64,
}

impl Starts {
    pub fn new(names: Vec<String>) -> Starts {
        let last = vec![[f64::NEG_INFINITY; 7]; names.len()];
        Starts { names, last, newest: f64::NEG_INFINITY }
    }

    pub fn name(&self, motor: usize) -> &str {
        &self.names[motor]
    }

    pub fn note(&mut self, motor: usize, now: f64) -> Verdict {
        let last = &mut self.last[motor];
        last.rotate_left(1);
        last[6] = now;
        let verdict = Verdict { too_many: now - last[0] < HOUR_S, apart_s: now - self.newest };
        self.newest = now;
        verdict
    }
}

/// Minutes of a day.
const MINUTES: usize = 1_440;

/// One chemical's litres of the last day, by minute.
pub(super) struct Cap {
    hour_g: f64,
    day_g: f64,
    strength: f64,
    minutes: Box<[f64]>,
    place: usize,
    second: f64,
    hour: f64,
    day: f64,
}

impl Cap {
    /// Grams an hour and a day; g/l that the litres are said to carry: the guard cannot know better.
    pub fn new(hour_g: f64, day_g: f64, strength: f64) -> Cap {
        let minutes = vec![0.0; MINUTES].into_boxed_slice();
        Cap { hour_g, day_g, strength, minutes, place: 0, second: 0.0, hour: 0.0, day: 0.0 }
    }

    /// So many litres in this step. Answers the grams of the last hour and day where they pass the cap; of 59 and 1 439
    /// whole minutes and the one that runs, so that a sum is never of more than an hour, or a day.
    pub fn add(&mut self, seconds: f64, litres: f64) -> (Option<f64>, Option<f64>) {
        self.second += seconds;
        if self.second >= 60.0 {
            self.second -= 60.0;
            self.place = (self.place + 1) % MINUTES;
            self.hour -= self.minutes[(self.place + MINUTES - 60) % MINUTES];
            self.day -= self.minutes[self.place];
            self.minutes[self.place] = 0.0;
        }
        if litres <= 0.0 {
            return (None, None);
        }
        let grams = litres * self.strength;
        self.minutes[self.place] += grams;
        self.hour += grams;
        self.day += grams;
        let over = |sum: f64, cap: f64| (sum > 1.001 * cap).then_some(sum);
        (over(self.hour, self.hour_g), over(self.day, self.day_g))
    }
}

/// What must be remembered of a filter.
#[derive(Clone, Debug, Default)]
pub(super) struct FilterBook {
    /// It was washed, or stood for two hours: it has to ripen.
    pub owes: bool,
    /// s since it was in RIPEN, s since it delivered, s of 0.30 NTU.
    pub since_ripening_s: f64,
    pub rested_s: f64,
    pub clear_s: f64,
    pub flows: Vec<f64>,
    pub washes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_counts_an_hour_and_not_what_lies_before_it() {
        let mut cap = Cap::new(60.0, 1_000.0, 1.0);
        let mut passed = None;
        for minute in 0..240 {
            // A gram a minute keeps to it, two do not.
            let litres = if minute < 180 { 1.0 } else { 2.0 };
            if let (Some(sum), _) = cap.add(60.0, litres)
                && passed.is_none()
            {
                passed = Some((minute, sum));
            }
        }
        let (minute, sum) = passed.expect("two grams a minute are too much");
        assert!((180..=183).contains(&minute) && sum < 65.0, "{minute}: {sum} g");
    }

    #[test]
    fn the_seventh_start_within_an_hour_is_one_too_many() {
        let mut starts = Starts::new(vec!["P-1".into()]);
        let verdicts: Vec<bool> =
            (0..8).map(|start| starts.note(0, 550.0 * f64::from(start)).too_many).collect();
        assert_eq!(verdicts, [false, false, false, false, false, false, true, true]);
        let mut starts = Starts::new(vec!["P-1".into()]);
        assert!((0..20).all(|start| !starts.note(0, 601.0 * f64::from(start)).too_many));
    }
}
