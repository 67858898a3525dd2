//! The dosing guard: last thing before the outputs, nothing gets past it.
//!
//! It owns no pump and asks for nothing. It integrates what the strokes asked for would move, and lets a rate through only
//! into proven flow, below the caps of an hour and a day, and not for ever without a pause. `docs/spec/contracts.md`,
//! "Storage against safety"; `docs/spec/plant.md` INV-6, INV-7, INV-17.

use core::time::Duration;

use crate::block::RollingMass;
use crate::device::DosingPump;
use crate::quantity::{CubicMetresPerHour, Grams, GramsPerLitre, Millilitres};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

/// Limits of one chemical, from its unit's settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub stock: GramsPerLitre,
    pub stroke: Millilitres,
    pub hourly_cap: Grams,
    pub daily_cap: Grams,
    pub on_time_max: Duration,
    /// Least flow it may be dosed into.
    pub flow_min: CubicMetresPerHour,
}

/// What the guard knows of the plant in this scan.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// The flow the chemical goes into.
    pub flow: Signal<CubicMetresPerHour>,
    /// A person primes the pump: flow is not needed for a minute a day.
    pub priming: bool,
    /// Storage takes the ledger; without it half the caps hold.
    pub storage_ok: bool,
    pub reset: bool,
}

/// Guard of one chemical.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    hour: RollingMass,
    day: RollingMass,
    on_for: Duration,
    pause: Duration,
    primed: Duration,
    since_prime: Duration,
    stopped: Reasons,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The pause that ends the longest time on: long enough to see that the pump can stop, short against INV-8's 180 s.
const PAUSE: Duration = Duration::from_secs(30);
/// Priming allowed in a day (INV-7).
const PRIMING_MAX: Duration = Duration::from_secs(60);

impl Default for Guard {
    fn default() -> Guard {
        Guard {
            hour: RollingMass::over(HOUR),
            day: RollingMass::over(DAY),
            on_for: Duration::ZERO,
            pause: Duration::ZERO,
            primed: Duration::ZERO,
            since_prime: DAY,
            stopped: Reasons::NONE,
        }
    }
}

impl Guard {
    /// The last word on a dosing pump in this scan.
    pub fn hold(&mut self, pump: &mut DosingPump, limits: Limits, proof: Proof, elapsed: Duration) {
        let share = if proof.storage_ok { 1.0 } else { 0.5 };
        self.forget(proof, limits, share);
        let rate = pump.outputs.rate.value();
        // strokes/min × min × ml × g/l ÷ 1 000 = g
        let mass =
            rate.0 * elapsed.as_secs_f64() / 60.0 * limits.stroke.0 * limits.stock.0 / 1000.0;
        let holds = self.judge(mass, limits, proof, share, elapsed);
        pump.outputs.rate.hold_off(holds);
        pump.outputs.enable.hold_off(holds);
        if !pump.outputs.enable.value() {
            pump.outputs
                .rate
                .hold_off(Reasons::NONE.and_if(rate.0 > 0.0, Reason::NoFlowProof).and(holds));
        }
        let moved = if pump.outputs.rate.value().0 > 0.0 { mass } else { 0.0 };
        self.hour.add(moved, elapsed);
        self.day.add(moved, elapsed);
        self.count(moved > 0.0, proof.priming, elapsed);
    }

    /// What would pass the caps, the flow proof or the time on.
    fn judge(
        &mut self,
        mass: f64,
        limits: Limits,
        proof: Proof,
        share: f64,
        elapsed: Duration,
    ) -> Reasons {
        if !(mass > 0.0) {
            return self.stopped;
        }
        let hourly = self.hour.mass() + mass <= limits.hourly_cap.0 * share;
        let daily = self.day.mass() + mass <= limits.daily_cap.0 * share;
        self.stopped = self
            .stopped
            .and_if(!hourly, Reason::HourlyCapReached)
            .and_if(!daily, Reason::DailyCapReached);
        if self.on_for >= limits.on_time_max {
            self.pause = PAUSE;
        }
        let flows = proof.flow.usable().is_some_and(|flow| flow >= limits.flow_min);
        let primes = proof.priming && self.primed + elapsed <= PRIMING_MAX;
        self.stopped
            .and_if(!(flows || primes), Reason::NoFlowProof)
            .and_if(self.pause > Duration::ZERO, Reason::MaximumOnTime)
    }

    fn count(&mut self, dosed: bool, priming: bool, elapsed: Duration) {
        self.pause = self.pause.saturating_sub(elapsed);
        self.on_for = if dosed { self.on_for.saturating_add(elapsed) } else { Duration::ZERO };
        self.since_prime = self.since_prime.saturating_add(elapsed);
        if self.since_prime >= DAY {
            self.primed = Duration::ZERO;
        }
        if dosed && priming {
            if self.primed == Duration::ZERO {
                self.since_prime = Duration::ZERO;
            }
            self.primed = self.primed.saturating_add(elapsed);
        }
    }

    /// A cap that was reached holds until a person resets it and the window has room again.
    fn forget(&mut self, proof: Proof, limits: Limits, share: f64) {
        let room = self.hour.mass() < limits.hourly_cap.0 * share
            && self.day.mass() < limits.daily_cap.0 * share;
        if proof.reset && room {
            self.stopped = Reasons::NONE;
        }
    }

    /// A cap was reached and nobody has reset it.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        !self.stopped.is_empty()
    }

    /// Mass of the last hour and day.
    #[must_use]
    pub fn masses(&self) -> (Grams, Grams) {
        (Grams(self.hour.mass()), Grams(self.day.mass()))
    }

    /// Takes up what was moved before a restart, as if just now, and a cap that nobody has reset: a restart gives nothing
    /// back.
    pub fn restore(&mut self, hour: Grams, day: Grams, stopped: Reasons) {
        self.hour.restore(hour.0);
        self.day.restore(day.0);
        self.stopped = stopped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::StrokesPerMinute;
    use crate::signal::Fault;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);
    const LIMITS: Limits = Limits {
        stock: GramsPerLitre(10.0),
        stroke: Millilitres(0.46),
        hourly_cap: Grams(30.0),
        daily_cap: Grams(400.0),
        on_time_max: Duration::from_secs(48 * 3600),
        flow_min: CubicMetresPerHour(0.3),
    };
    const PROOF: Proof = Proof {
        flow: Signal::Good(CubicMetresPerHour(5.0)),
        priming: false,
        storage_ok: true,
        reset: false,
    };

    /// Grams let through in one scan.
    fn dose(guard: &mut Guard, strokes: f64, proof: Proof, elapsed: Duration) -> f64 {
        let mut pump = DosingPump::default();
        pump.scan(StrokesPerMinute(strokes), elapsed);
        guard.hold(&mut pump, LIMITS, proof, elapsed);
        assert!(pump.outputs.enable.value() || pump.outputs.rate.value().0 == 0.0);
        pump.outputs.rate.value().0 * elapsed.as_secs_f64() / 60.0 * 0.46 * 10.0 / 1000.0
    }

    #[test]
    fn never_doses_into_still_or_unknown_water() {
        for flow in [
            Signal::Good(CubicMetresPerHour(0.29)),
            Signal::Good(CubicMetresPerHour(f64::NAN)),
            Signal::Bad(Fault::Stale),
            Signal::Held(CubicMetresPerHour(5.0), crate::signal::Moment(0)),
        ] {
            assert_eq!(
                dose(&mut Guard::default(), 30.0, Proof { flow, ..PROOF }, SECOND),
                0.0,
                "{flow:?}"
            );
        }
        assert!(dose(&mut Guard::default(), 30.0, PROOF, SECOND) > 0.0);
    }

    #[test]
    fn a_cap_once_reached_holds_until_a_person_resets_it() {
        let mut guard = Guard::default();
        let moved: f64 = (0..3600).map(|_| dose(&mut guard, 180.0, PROOF, SECOND)).sum();
        assert!(moved > 29.0 && moved <= 30.0, "{moved}");
        (0..7200).for_each(|_| assert_eq!(dose(&mut guard, 180.0, PROOF, SECOND), 0.0));
        assert!(dose(&mut guard, 180.0, Proof { reset: true, ..PROOF }, SECOND) > 0.0);
    }

    #[test]
    fn without_storage_half_the_caps_hold() {
        let mut guard = Guard::default();
        let proof = Proof { storage_ok: false, ..PROOF };
        let moved: f64 = (0..3600).map(|_| dose(&mut guard, 180.0, proof, SECOND)).sum();
        assert!(moved > 14.0 && moved <= 15.0, "{moved}");
    }

    #[test]
    fn priming_needs_no_flow_for_a_minute_a_day() {
        let mut guard = Guard::default();
        let still = Proof { flow: Signal::Good(CubicMetresPerHour::ZERO), priming: true, ..PROOF };
        let seconds = (0..600).filter(|_| dose(&mut guard, 180.0, still, SECOND) > 0.0).count();
        assert_eq!(seconds, 60);
        (0..86_400).for_each(|_| guard.count(false, false, SECOND));
        assert!(dose(&mut guard, 180.0, still, SECOND) > 0.0);
    }

    #[test]
    fn a_restart_gives_nothing_back() {
        let mut guard = Guard::default();
        guard.restore(Grams(30.0), Grams(100.0), Reasons::NONE);
        assert_eq!(dose(&mut guard, 180.0, PROOF, SECOND), 0.0);
    }

    #[test]
    fn a_cap_that_nobody_reset_holds_over_a_restart_even_when_the_window_has_room() {
        let mut guard = Guard::default();
        guard.restore(Grams(0.0), Grams(0.0), Reasons::only(Reason::HourlyCapReached));
        assert_eq!(dose(&mut guard, 10.0, PROOF, SECOND), 0.0);
        assert!(dose(&mut guard, 10.0, Proof { reset: true, ..PROOF }, SECOND) > 0.0);
    }

    #[test]
    fn the_longest_time_on_ends_in_a_pause() {
        let mut guard = Guard { on_for: LIMITS.on_time_max, ..Guard::default() };
        let paused = (0..60).filter(|_| dose(&mut guard, 1.0, PROOF, SECOND) == 0.0).count();
        assert_eq!(paused, 30);
    }

    proptest! {
        #[test]
        fn no_sequence_of_rates_flows_and_resets_passes_a_cap(
            steps in proptest::collection::vec((0.0..400.0_f64, -1.0..6.0_f64, any::<bool>(), any::<bool>(), 1..20_000_u64), 1..400)
        ) {
            let mut guard = Guard::default();
            let mut moved = std::vec::Vec::new();
            let mut now = 0_u64;
            for (strokes, flow, bad, reset, ms) in steps {
                let flow = if bad { Signal::Bad(Fault::Stale) } else { Signal::Good(CubicMetresPerHour(flow)) };
                let flows = flow.usable().is_some_and(|flow| flow.0 >= 0.3);
                now += ms;
                let mass = dose(&mut guard, strokes, Proof { flow, reset, ..PROOF }, Duration::from_millis(ms));
                prop_assert!(mass == 0.0 || flows);
                moved.push((now, mass));
                let hour: f64 = moved.iter().filter(|(at, _)| now - at < 3_600_000).map(|(_, mass)| mass).sum();
                let day: f64 = moved.iter().filter(|(at, _)| now - at < 86_400_000).map(|(_, mass)| mass).sum();
                prop_assert!(hour <= 30.0 + 1e-6 && day <= 400.0 + 1e-6, "{hour} {day}");
            }
        }
    }
}
