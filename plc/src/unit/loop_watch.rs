//! The monitor of one loop: how well it keeps its setpoint, and whether it oscillates (`docs/spec/plant.md` 2.16, R-2.16-07).
//!
//! It looks once a second while the loop controls, not in the two minutes after it began to: a start is no oscillation.

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::block::{Look, Oscillation};
use crate::declare::{alarm, alarms, parts, shown, status};
use crate::quantity::{Count, Percent, Ratio};

status! {
    /// How it did over its window: an hour, or six for the residual.
    pub struct Status {
        /// Standard deviation of the error, in the unit of what the loop controls.
        pub deviation: Ratio = shown().span(0.0..=10.0),
        /// Share of the time its output stood at a limit.
        pub saturated: Percent = shown().span(0.0..=100.0),
        /// Times its error turned about by more than twice the noise.
        pub reversals: Count = shown().span(0.0..=60.0),
    }
}

alarms! {
    /// The alarm of a loop.
    pub struct Alarms {
        /// Loop oscillates.
        pub oscillates: Condition = alarm(914, Priority::P4).delays_s(0.0, 3600.0),
    }
}

/// A loop is looked at this often (class C, R-2.0-01).
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After it began to control it is left alone for so long; chosen: fifteen integral times of a flow loop.
const SETTLING: Duration = Duration::from_secs(120);
/// More turns than this within the window are an oscillation (R-2.16-07).
const REVERSALS_MAX: u32 = 12;
/// The window of a loop on flow or pressure, whose waves take seconds.
pub const QUICK: Duration = Duration::from_secs(3600);
/// The window of a loop on the residual, whose waves take forty minutes behind a long sample hose (R-2.7.2-01).
pub const SLOW: Duration = Duration::from_secs(6 * 3600);

/// What is known of a loop in this scan.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// What it saw and did; `None` while it does not control, or while something else disturbs it by design.
    pub look: Option<Look>,
    /// The most that what is measured moves by itself.
    pub noise: f64,
    /// [`QUICK`] or [`SLOW`].
    pub window: Duration,
}

/// Watches one loop.
#[derive(Default)]
pub struct LoopWatch {
    pub status: Status,
    pub alarms: Alarms,
    oscillation: Oscillation,
    since_look: Duration,
    controls_for: Duration,
}
parts! { LoopWatch { status, alarms; one: ; many: ; maybe: ; oscillation, since_look, controls_for } }

impl LoopWatch {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.since_look = self.since_look.saturating_add(elapsed);
        if self.since_look < LOOK_EVERY {
            return;
        }
        let elapsed = self.since_look;
        self.since_look = Duration::ZERO;
        self.oscillation.elapse(around.window, elapsed);
        match around.look {
            Some(look) if self.controls_for >= SETTLING => {
                self.oscillation.look(look.error, look.saturated, around.noise);
            }
            Some(_) => self.controls_for = self.controls_for.saturating_add(elapsed),
            None => {
                self.controls_for = Duration::ZERO;
                self.oscillation.pause();
            }
        }
        let conduct = self.oscillation.conduct();
        self.status = Status {
            deviation: Ratio(conduct.deviation).within(Ratio(0.0), Ratio(9999.0)),
            saturated: Percent(100.0 * conduct.saturated).within(Percent(0.0), Percent(100.0)),
            reversals: Count(f64::from(conduct.reversals)),
        };
        self.alarms.oscillates = Condition::when(conduct.reversals > REVERSALS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOISE: f64 = 0.1;

    /// The alarm after `hours` of waves of this period and amplitude.
    fn watched(hours: u32, period: f64, amplitude: f64, window: Duration) -> Condition {
        let mut watch = LoopWatch::default();
        for second in 0..hours * 3600 {
            let error = amplitude * libm::sin(f64::from(second) * core::f64::consts::TAU / period);
            let look = Some(Look { error, output: 60.0, saturated: false });
            watch.scan(Around { look, noise: NOISE, window }, SECOND);
        }
        watch.alarms.oscillates
    }

    /// R-2.16-07: more than 12 turns in an hour of more than twice the noise are called out, for the residual in six hours.
    #[test]
    fn a_loop_that_swings_is_called_out() {
        for (hours, period, amplitude, window, expected) in [
            (1, 20.0, 0.5, QUICK, Condition::Active),
            (1, 20.0, 0.15, QUICK, Condition::Clear),
            (1, 900.0, 0.5, QUICK, Condition::Clear),
            (6, 2400.0, 0.5, QUICK, Condition::Clear),
            (6, 2400.0, 0.5, SLOW, Condition::Active),
            (12, 8.0 * 3600.0, 0.5, SLOW, Condition::Clear),
        ] {
            let seen = watched(hours, period, amplitude, window);
            assert_eq!(seen, expected, "{period} s, {amplitude}");
        }
    }

    /// R-2.16-07: what a start stirs up is no oscillation.
    #[test]
    fn a_loop_that_starts_again_and_again_does_not_oscillate() {
        let mut watch = LoopWatch::default();
        for second in 0..7200_u32 {
            let on = second % 600 < 480;
            let stirred = if second % 600 < 60 { 3.0 } else { 0.0 };
            let error = stirred * libm::sin(f64::from(second));
            let look = on.then_some(Look { error, output: 60.0, saturated: false });
            watch.scan(Around { look, noise: NOISE, window: QUICK }, SECOND);
        }
        assert_eq!(watch.alarms.oscillates, Condition::Clear);
        assert_eq!(watch.status.reversals, Count(0.0));
    }
}
