//! Loops: a PI controller, and what a loop on a real plant needs around it (`docs/spec/plant.md` 2.16).
//!
//! ```text
//! setpoint -> ramp ->(-)-> PI, integrator clamped, every `period` -> limits -> rate limit -> output
//! measured: good, or uncertain for 60 s at most ----^                 otherwise, or held: output and integrator stay
//! ```
//! While a loop does not control (its pump is off, a person commands, a fallback serves) it follows what is put out instead,
//! and goes on from there without a bump.

use core::time::Duration;

use super::{Ramp, interpolate};
use crate::signal::Signal;

/// Tuning of a loop; gain in output units per unit of the controlled value.
#[derive(Clone, Copy, Debug)]
pub struct PiTuning {
    pub gain: f64,
    /// Integral time.
    pub reset: Duration,
    pub low: f64,
    pub high: f64,
}

impl PiTuning {
    /// The tuning of a loop that sets a pump's speed by its flow, here a share of nominal.
    #[must_use]
    pub fn for_pump(self, share: f64) -> PiTuning {
        self.by_flow(&PUMP_GAINS, &[], share)
    }

    /// The same tuning at this flow: gain and integral time times what their tables say of it, each `(flow, factor)`, sorted
    /// by flow. A flow that is none gets the factors of the lowest.
    #[must_use]
    pub fn by_flow(self, gains: &[(f64, f64)], resets: &[(f64, f64)], flow: f64) -> PiTuning {
        let flow = if flow.is_finite() { flow } else { 0.0 };
        let factor = |table: &[(f64, f64)]| {
            if table.is_empty() { 1.0 } else { interpolate(table, flow) }
        };
        let longer = factor(resets);
        let reset = if longer > 0.0 { self.reset.mul_f64(longer) } else { self.reset };
        PiTuning { gain: self.gain * factor(gains), reset, ..self }
    }
}

/// A centrifugal pump answers its speed the more, the less it delivers: `dQ/dn` goes with `n / Q`, so the gain goes down with
/// the flow. Factors at shares of the nominal flow, from the curves of `docs/spec/plant.md` 6.3.
const PUMP_GAINS: [(f64, f64); 3] = [(0.5, 0.65), (0.7, 0.8), (1.0, 1.0)];

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
        let proportional = tuning.gain * error;
        if !proportional.is_finite() {
            return self.output;
        }
        let reset = tuning.reset.as_secs_f64();
        // A late scan counts as one integral time at most: a longer step would overshoot by itself.
        let share = if reset > 0.0 { elapsed.as_secs_f64() / reset } else { 0.0 };
        let step = proportional * if share < 1.0 { share } else { 1.0 };
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

/// How fast a loop works and moves.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// It is executed this often, by accumulated time: 1 s for flow and pressure, 10 s for the residual (R-2.0-01).
    pub period: Duration,
    /// Most change of the setpoint, units a second.
    pub setpoint_rate: f64,
    /// Most change of the output, units a second.
    pub output_rate: f64,
}

/// Whether a loop may move now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    #[default]
    Free,
    /// Output and integrator stay: what is measured says nothing of what is put out.
    Held,
}

/// What a loop is told in a scan.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    pub setpoint: f64,
    pub measured: Signal<f64>,
    pub tuning: PiTuning,
    pub hold: Hold,
}

/// What a loop did, for its monitor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Setpoint less measured value.
    pub error: f64,
    pub output: f64,
    /// The output stands at one of its limits.
    pub saturated: bool,
}

/// An uncertain value serves a loop this long (R-2.16-02).
const DOUBT_MAX: Duration = Duration::from_secs(60);

/// A PI controller as a loop of a plant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PiLoop {
    pi: Pi,
    setpoint: Ramp,
    output: Ramp,
    /// Time since it was executed.
    since: Duration,
    doubted_for: Duration,
    /// It has followed, and starts from there.
    fresh: bool,
    /// What it saw, while it controls.
    error: Option<f64>,
    saturated: bool,
}

impl PiLoop {
    /// It does not control: it takes over what is put out, and its setpoint what is measured.
    pub fn follow(&mut self, output: f64, measured: Signal<f64>) {
        self.pi.take_over(output);
        self.output.set(output);
        if let Some(measured) = measured.usable() {
            self.setpoint.set(measured);
        }
        *self = PiLoop {
            pi: self.pi,
            setpoint: self.setpoint,
            output: self.output,
            fresh: true,
            ..PiLoop::default()
        };
    }

    /// It does not control: something else leads it to this output, at its pace; the output.
    pub fn lead(
        &mut self,
        output: f64,
        measured: Signal<f64>,
        pace: Pace,
        elapsed: Duration,
    ) -> f64 {
        let now = self.output.follow(output, pace.output_rate, pace.output_rate, elapsed);
        self.follow(now, measured);
        now
    }

    /// One scan; the output. Executed at its pace, and only while what is measured can be believed.
    pub fn scan(&mut self, aim: Aim, pace: Pace, elapsed: Duration) -> f64 {
        let good = aim.measured.good().is_some();
        self.doubted_for =
            if good { Duration::ZERO } else { self.doubted_for.saturating_add(elapsed) };
        let believed = aim.measured.usable().filter(|_| self.doubted_for <= DOUBT_MAX);
        let setpoint =
            self.setpoint.follow(aim.setpoint, pace.setpoint_rate, pace.setpoint_rate, elapsed);
        let error = believed.map(|measured| setpoint - measured).filter(|error| error.is_finite());
        let (Some(error), Hold::Free) = (error, aim.hold) else {
            self.error = None;
            self.saturated = false;
            self.since = Duration::ZERO;
            self.pi.take_over(self.output.value());
            self.fresh = true;
            return self.output.value();
        };
        self.error = Some(error);
        self.since = self.since.saturating_add(elapsed);
        if self.since >= pace.period {
            self.execute(error, aim.tuning, pace);
        }
        self.output.follow(self.pi.output(), pace.output_rate, pace.output_rate, elapsed)
    }

    fn execute(&mut self, error: f64, tuning: PiTuning, pace: Pace) {
        let (low, high) = (tuning.low, tuning.high);
        let proportional = tuning.gain * error;
        if self.fresh && proportional.is_finite() {
            // Without a bump: the integrator takes what the proportional part adds.
            self.pi.integral = held(self.output.value() - proportional, low, high);
            self.fresh = false;
        }
        // What the rate limit holds back is not asked for twice: the integrator waits for the output.
        let ahead = self.pi.output() - self.output.value();
        let waits = ahead * proportional > 0.0
            && libm::fabs(ahead) > pace.output_rate * pace.period.as_secs_f64();
        let step = if waits { Duration::ZERO } else { self.since };
        self.pi.execute(error, tuning, step);
        self.saturated = self.pi.output() <= low || self.pi.output() >= high;
        self.since = Duration::ZERO;
    }

    /// What is put out.
    #[must_use]
    pub fn output(&self) -> f64 {
        self.output.value()
    }

    /// The setpoint of now, on its way to the one asked.
    #[must_use]
    pub fn setpoint(&self) -> f64 {
        self.setpoint.value()
    }

    /// What it sees and does, while it controls; `None`: it follows, is held, or cannot believe what is measured.
    #[must_use]
    pub fn look(&self) -> Option<Look> {
        let look = |error| Look { error, output: self.output(), saturated: self.saturated };
        self.error.map(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{Doubt, Fault, Moment};

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

    const FREE: Pace =
        Pace { period: SECOND, setpoint_rate: f64::INFINITY, output_rate: f64::INFINITY };

    fn aim(setpoint: f64, measured: Signal<f64>) -> Aim {
        Aim { setpoint, measured, tuning: TUNING, hold: Hold::Free }
    }

    /// R-2.16-01: the integrator stays inside the output's limits, whatever the error and however long.
    #[test]
    fn the_integrator_never_leaves_the_limits_of_the_output() {
        for error in [50.0, -50.0, 1e9, -1e9] {
            let mut pi = Pi::default();
            pi.take_over(70.0);
            for _ in 0..10_000 {
                pi.execute(error, TUNING, SECOND);
                assert!((50.0..=100.0).contains(&pi.integral), "{error}: {}", pi.integral);
                assert!((50.0..=100.0).contains(&pi.output()), "{error}");
            }
        }
    }

    /// R-2.16-02: good at once, uncertain for 60 s, held and bad never; the output stays meanwhile.
    #[test]
    fn a_loop_moves_only_on_a_value_it_can_believe() {
        let doubtful = Signal::Uncertain(3.9, Doubt::Stuck);
        for (measured, seconds, moves) in [
            (Signal::Good(3.0), 1, true),
            (doubtful, 60, true),
            (doubtful, 61, false),
            (Signal::Good(f64::NAN), 1, false),
            (Signal::Held(3.0, Moment(0)), 1, false),
            (Signal::Bad(Fault::Stale), 1, false),
        ] {
            let mut flow = PiLoop::default();
            flow.follow(70.0, Signal::Good(4.0));
            let mut before = 70.0;
            for _ in 0..seconds {
                before = flow.output();
                flow.scan(aim(4.0, measured), FREE, SECOND);
            }
            assert_eq!(flow.output() != before, moves, "{measured:?} for {seconds} s");
            assert_eq!(flow.look().is_some(), moves);
        }
    }

    /// R-2.16-02: after a time without a value the loop goes on from where it was.
    #[test]
    fn a_value_that_comes_back_brings_no_bump() {
        let mut flow = PiLoop::default();
        flow.follow(70.0, Signal::Good(4.0));
        for _ in 0..100 {
            flow.scan(aim(4.2, Signal::Good(4.2)), FREE, SECOND);
        }
        let before = flow.output();
        for _ in 0..600 {
            assert_eq!(flow.scan(aim(4.2, Signal::Bad(Fault::Stale)), FREE, SECOND), before);
        }
        let after = flow.scan(aim(4.2, Signal::Good(4.1)), FREE, SECOND);
        // One second's share of the integral part, no jump of the proportional one.
        assert!((after - before).abs() < 6.0 * 0.1 / 8.0 + 1e-9, "{before} {after}");
    }

    /// R-2.16-03: the output moves by so much a second, also through a jump of what is measured.
    #[test]
    fn the_output_never_moves_faster_than_its_rate() {
        let pace = Pace { output_rate: 5.0, ..FREE };
        for step_ms in [20, 100, 1000, 7000] {
            let elapsed = Duration::from_millis(step_ms);
            let mut flow = PiLoop::default();
            flow.follow(60.0, Signal::Good(4.0));
            let mut before = 60.0;
            for scan in 0..2000_u32 {
                let measured = if scan % 300 < 150 { 0.0 } else { 9.0 };
                let now = flow.scan(aim(4.0, Signal::Good(measured)), pace, elapsed);
                assert!((now - before).abs() <= 5.0 * elapsed.as_secs_f64() + 1e-9, "{step_ms}");
                before = now;
            }
        }
    }

    /// R-2.16-04: the setpoint goes to where it is asked, no faster than its rate.
    #[test]
    fn the_setpoint_is_ramped() {
        let pace = Pace { setpoint_rate: 0.1, ..FREE };
        let mut flow = PiLoop::default();
        flow.follow(60.0, Signal::Good(2.0));
        for second in 1..=30 {
            flow.scan(aim(4.0, Signal::Good(2.0)), pace, SECOND);
            let expected = 2.0 + 0.1 * f64::from(second);
            let expected = if expected < 4.0 { expected } else { 4.0 };
            assert!((flow.setpoint() - expected).abs() < 1e-9, "{second} s");
        }
    }

    /// R-2.16-05: from a person's output the loop goes on, whatever the setpoint stands at meanwhile.
    #[test]
    fn a_loop_takes_over_from_a_person_without_a_bump() {
        for (by_hand, measured) in [(70.0, 2.0), (85.0, 6.0), (60.0, 3.9)] {
            let mut flow = PiLoop::default();
            for _ in 0..100 {
                flow.scan(aim(4.0, Signal::Good(0.0)), FREE, SECOND);
            }
            flow.follow(by_hand, Signal::Good(measured));
            assert_eq!(flow.output(), by_hand);
            let output = flow.scan(aim(4.0, Signal::Good(measured)), FREE, SECOND);
            // No more than the integral part of one second.
            let integral = 6.0 * (4.0 - measured) / 8.0;
            assert!((output - by_hand - integral).abs() < 1e-9, "{by_hand} % at {measured}");
        }
    }

    /// R-2.16-06: gain and integral time follow the flow, between the points of their tables and not beyond.
    #[test]
    fn gain_and_integral_time_follow_the_flow() {
        let gains = [(1.0, 0.5), (5.0, 1.0)];
        let resets = [(1.0, 5.0), (5.0, 1.0)];
        for (at, gain, reset) in [
            (0.0, 3.0, 40),
            (1.0, 3.0, 40),
            (3.0, 4.5, 24),
            (5.0, 6.0, 8),
            (9.0, 6.0, 8),
            (f64::NAN, 3.0, 40),
        ] {
            let tuning = TUNING.by_flow(&gains, &resets, at);
            assert!((tuning.gain - gain).abs() < 1e-9, "{at}");
            assert_eq!(tuning.reset, Duration::from_secs(reset), "{at}");
        }
        let same = TUNING.by_flow(&[], &[], 3.0);
        assert_eq!((same.gain, same.reset), (TUNING.gain, TUNING.reset));
    }

    /// R-2.0-01: a loop keeps its own period, however often it is scanned.
    #[test]
    fn a_loop_is_executed_at_its_own_period() {
        let pace = Pace { period: Duration::from_secs(10), ..FREE };
        for scan_ms in [10, 100, 1000, 2500] {
            let tuning = PiTuning { reset: Duration::from_secs(80), ..TUNING };
            let mut residual = PiLoop::default();
            residual.follow(70.0, Signal::Good(4.0));
            let (mut moved, mut before) = (0, 70.0);
            let scans = 60_000 / scan_ms;
            for _ in 0..scans {
                let told = Aim { tuning, ..aim(4.01, Signal::Good(4.0)) };
                let now = residual.scan(told, pace, Duration::from_millis(scan_ms));
                moved += u32::from(now != before);
                before = now;
            }
            assert_eq!(moved, 6, "scanned every {scan_ms} ms");
            assert!((before - 70.0 - 6.0 * 0.01 * 60.0 / 80.0).abs() < 1e-9, "{before}");
        }
    }

    /// R-2.7.2-01: held, a loop neither moves nor winds up.
    #[test]
    fn a_held_loop_keeps_its_output_and_its_integrator() {
        let mut residual = PiLoop::default();
        residual.follow(70.0, Signal::Good(4.0));
        for _ in 0..3600 {
            let held = Aim { hold: Hold::Held, ..aim(4.5, Signal::Good(4.0)) };
            assert_eq!(residual.scan(held, FREE, SECOND), 70.0);
        }
        let freed = residual.scan(aim(4.5, Signal::Good(4.0)), FREE, SECOND);
        assert!((freed - 70.0 - 6.0 * 0.5 / 8.0).abs() < 1e-9, "{freed}");
    }

    /// R-2.16-03: what the rate limit holds back does not wind up the integrator.
    #[test]
    fn a_slow_output_does_not_wind_up_the_integrator() {
        let pace = Pace { output_rate: 0.5, ..FREE };
        let mut flow = PiLoop::default();
        flow.follow(60.0, Signal::Good(2.0));
        for _ in 0..20 {
            flow.scan(aim(4.0, Signal::Good(2.0)), pace, SECOND);
        }
        assert!(flow.pi.integral < 70.0, "{}", flow.pi.integral);
    }
}
