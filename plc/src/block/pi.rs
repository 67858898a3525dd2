//! A PI controller: clamped integrator, limited output.

use core::time::Duration;

/// Tuning of a loop; gain in output units per unit of the controlled value.
#[derive(Clone, Copy, Debug)]
pub struct PiTuning {
    pub gain: f64,
    /// Integral time.
    pub reset: Duration,
    pub low: f64,
    pub high: f64,
}

/// Positional PI with the integrator held inside the output's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pi {
    integral: f64,
    output: f64,
}

impl Pi {
    /// Takes over from `output` without a bump: the loop goes on from there.
    pub fn take_over(&mut self, output: f64) {
        if output.is_finite() {
            self.integral = output;
            self.output = output;
        }
    }

    /// One execution. An error that is none leaves the output as it was.
    pub fn execute(&mut self, error: f64, tuning: PiTuning, elapsed: Duration) -> f64 {
        if !error.is_finite() {
            return self.output;
        }
        let proportional = tuning.gain * error;
        let reset = tuning.reset.as_secs_f64();
        let step = if reset > 0.0 { proportional * elapsed.as_secs_f64() / reset } else { 0.0 };
        // Anti-windup: the integrator stops where the output saturates, and comes back freely.
        let moved = self.integral + step;
        let free = if step > 0.0 && moved + proportional > tuning.high {
            held(tuning.high - proportional, self.integral, moved)
        } else if step < 0.0 && moved + proportional < tuning.low {
            held(tuning.low - proportional, moved, self.integral)
        } else {
            moved
        };
        self.integral = held(free, tuning.low, tuning.high);
        self.output = held(self.integral + proportional, tuning.low, tuning.high);
        self.output
    }

    /// The last output.
    #[must_use]
    pub fn output(&self) -> f64 {
        self.output
    }
}

fn held(value: f64, low: f64, high: f64) -> f64 {
    if value >= high {
        high
    } else if value > low {
        value
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TUNING: PiTuning =
        PiTuning { gain: 6.0, reset: Duration::from_secs(8), low: 50.0, high: 100.0 };

    #[test]
    fn a_loop_brings_a_lagging_process_to_its_setpoint() {
        let mut pi = Pi::default();
        pi.take_over(60.0);
        let mut flow = 2.0;
        for _ in 0..300 {
            let speed = pi.execute(5.0 - flow, TUNING, SECOND);
            flow += (1.0 - libm::exp(-1.0 / 3.0)) * ((speed - 50.0) / 6.0 - flow);
        }
        assert!(libm::fabs(flow - 5.0) < 0.05, "{flow}");
    }

    #[test]
    fn a_saturated_loop_comes_back_at_once() {
        let mut pi = Pi::default();
        for _ in 0..1000 {
            pi.execute(5.0, TUNING, SECOND);
        }
        assert_eq!(pi.output(), 100.0);
        for _ in 0..3 {
            pi.execute(-2.0, TUNING, SECOND);
        }
        assert!(pi.output() < 90.0);
    }

    #[test]
    fn an_error_that_is_none_leaves_the_output_alone() {
        let mut pi = Pi::default();
        pi.take_over(70.0);
        assert_eq!(pi.execute(f64::NAN, TUNING, SECOND), 70.0);
    }
}
