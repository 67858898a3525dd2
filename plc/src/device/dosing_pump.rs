//! Two diaphragm dosing pumps driven stroke by stroke, of which one works: enable and rate out, confirmed strokes back.
//!
//! ```text
//! pump A --(fewer than 70 % of the strokes asked for in a minute)--> pump B --(the same)--> failed      reset: anew
//! ```
//! Pulses are made and counted by the field; the core gives a rate and reads a counter that wraps at 65 536. That it was
//! told to stroke proves nothing: only what comes back does. `docs/spec/plant.md` 2.4 (R-2.4-09).

use core::time::Duration;

use crate::declare::{
    inputs, kept, measured, outputs, parts, retained, shown, status, switched, up_to,
};
use crate::interlock::Column;
use crate::output::Output;
use crate::quantity::{Count, Percent, StrokesPerMinute};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;

use super::Handling;

/// Everything that keeps both pumps from stroking, as far as they know it; the guard has its own.
const BLOCKED: Reasons = Reasons::all(&[
    Reason::NoPumpAvailable,
    Reason::StrokesMissing,
    Reason::StrokesMoveNothing,
    Reason::WireOrContact,
    Reason::SwitchedOff,
    Reason::InManual,
    Reason::InMaintenance,
]);

inputs! {
    /// What comes back.
    pub struct Inputs {
        /// FS-@, strokes confirmed, a counter that wraps at 65 536.
        pub strokes: Signal<Count> = measured(0.0..=65_535.0).every_s(0.5),
    }
}

retained! {
    /// Which pump works, and which does not: a restart mends none.
    pub struct Retained {
        /// Pump B has the duty.
        pub on_b: bool = kept().else_clear(),
        /// Pump A was told to stroke and did not, until reset.
        pub failed_a: bool = kept().else_set(),
        /// Pump B was told to stroke and did not, until reset.
        pub failed_b: bool = kept().else_set(),
    }
}

status! {
    /// What it does.
    pub struct Status {
        /// Strokes confirmed in the last ten seconds, as a rate.
        pub confirmed: StrokesPerMinute = shown().span(0.0..=180.0),
        /// Share of the strokes asked for that was confirmed, over the last minute of dosing.
        pub confirmed_share: Percent = shown().span(0.0..=100.0),
        /// It was told to stroke, and nothing moved: why that may be.
        pub failed_by: Reasons = shown(),
        /// What keeps it from dosing: neither pump is sound, or a person commands it.
        pub blocked: Reasons = shown().among(BLOCKED),
    }
}

outputs! {
    /// What it is told.
    pub struct Outputs {
        /// Enable input of the pump.
        pub enable: Output<bool> = switched(),
        /// Strokes a minute.
        pub rate: Output<StrokesPerMinute> = up_to(180.0),
        /// Relay that chooses pump B; without it pump A strokes.
        pub choose_b: Output<bool> = switched().held_by(Column::Positions),
    }
}

/// Full rate, strokes a minute (`docs/spec/plant.md` 1.3).
const STROKES_MAX: f64 = 180.0;
/// Confirmed strokes are shown, and collected for the judgement, over this.
const WINDOW: Duration = Duration::from_secs(10);
/// Windows of a judgement: the 60 s of R-2.4-09.
const WINDOWS: usize = 6;
/// Least share confirmed (R-2.4-09).
const SHARE_MIN: f64 = 0.7;
/// A stroke may be under way, neither here nor there.
const UNDER_WAY: f64 = 1.0;
/// Fewer strokes than this a window prove nothing: a window lasts until so many were asked for. Six of them are two strokes,
/// so that none at all is seen as none.
const STROKES_MIN: f64 = 1.0 / 3.0;
/// A counter that moves faster than this many times the full rate was set anew in the field: it proves no strokes (chosen).
const CREDIBLE: f64 = 1.5;

/// Strokes asked for and seen, in windows of the last minute of dosing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Proof {
    asked: [f64; WINDOWS],
    seen: [f64; WINDOWS],
    at: usize,
    filled: usize,
    time: Duration,
}

impl Proof {
    /// Some dosing; the share that was confirmed once a minute of it is judged. Time without a rate does not count.
    fn add(&mut self, asked: f64, seen: f64, elapsed: Duration) -> Option<f64> {
        self.seen[self.at] += seen;
        if !(asked > 0.0) {
            return None;
        }
        self.asked[self.at] += asked;
        self.time = self.time.saturating_add(elapsed);
        if self.time < WINDOW || self.asked[self.at] < STROKES_MIN {
            return None;
        }
        self.time = Duration::ZERO;
        self.filled = WINDOWS.min(self.filled + 1);
        let share = (self.filled == WINDOWS).then(|| {
            let sum = |windows: &[f64; WINDOWS]| windows.iter().sum::<f64>();
            (sum(&self.seen) + UNDER_WAY) / sum(&self.asked)
        });
        self.at = (self.at + 1) % WINDOWS;
        (self.asked[self.at], self.seen[self.at]) = (0.0, 0.0);
        share
    }
}

/// Two pumps of which one strokes.
#[derive(Default)]
pub struct DosingPump {
    pub inputs: Inputs,
    pub retained: Retained,
    pub status: Status,
    pub handling: Handling,
    pub outputs: Outputs,
    last: Option<f64>,
    since_moved: Duration,
    counted: f64,
    window: Duration,
    proof: Proof,
    /// Why the pumps failed that did.
    failed_by: Reasons,
    /// Its unit has asked since the guard last looked.
    renewed: bool,
}
parts! { DosingPump {
    inputs, retained, status, handling, outputs; one: ; many: ; maybe: ;
    last, since_moved, counted, window, proof, failed_by, renewed
} }

impl DosingPump {
    /// One scan: counts what was confirmed, judges it against what was asked, asks for `rate`.
    pub fn scan(&mut self, rate: StrokesPerMinute, elapsed: Duration) {
        self.renewed = true;
        let seen = self.count(elapsed);
        // What really went out: the table and the guard have had their word on it.
        let asked = self.outputs.rate.value().0 * elapsed.as_secs_f64() / 60.0;
        if let Some(share) = self.proof.add(asked, seen, elapsed) {
            self.status.confirmed_share =
                Percent(100.0 * share).within(Percent(0.0), Percent(100.0));
            if !(share >= SHARE_MIN) {
                self.fail(Reason::StrokesMissing);
            }
        }
        // A person's share of the full rate is the unit's to take in; switched off or locked out it does not stroke.
        let rate = if self.handling.is_off() { StrokesPerMinute::ZERO } else { rate };
        let rate = rate.within(StrokesPerMinute(0.0), StrokesPerMinute(STROKES_MAX));
        self.handling.elapse(Percent(rate.0 * 100.0 / STROKES_MAX), elapsed);
        // No strokes: no power at the pump, or its motor or membrane is broken, or the stroke contact or its wire.
        let impaired = self.is_impaired();
        let why = self.failed_by;
        let wire = impaired && self.inputs.strokes.usable().is_none();
        self.status.failed_by = (if impaired { why } else { Reasons::NONE })
            // After a restart nobody knows more than that it failed.
            .and_if(impaired && why.is_empty(), Reason::StrokesMissing)
            .and_if(wire, Reason::WireOrContact);
        // While one of the two is sound, the other's fault keeps nothing from being dosed.
        let failed = if self.has_failed() {
            self.status.failed_by.with(Reason::NoPumpAvailable)
        } else {
            Reasons::NONE
        };
        self.status.blocked = failed.and(self.handling.why());
        self.outputs = Outputs {
            enable: Output::want(rate.0 > 0.0),
            rate: Output::want(rate),
            // Locked out, its relay falls too: nobody works beside a contact that may move (INV-43).
            choose_b: Output::want(self.retained.on_b && !self.handling.is_off()),
        };
    }

    /// Strokes confirmed since the last scan.
    fn count(&mut self, elapsed: Duration) -> f64 {
        self.since_moved = self.since_moved.saturating_add(elapsed);
        let strokes = self.inputs.strokes.usable().map(|strokes| strokes.0);
        let mut seen = 0.0;
        if let (Some(now), Some(before)) = (strokes, self.last) {
            let more = now - before;
            let more = if more < 0.0 { more + 65_536.0 } else { more };
            let most = CREDIBLE * STROKES_MAX / 60.0 * self.since_moved.as_secs_f64() + UNDER_WAY;
            if more <= most {
                seen = more;
            }
            if more != 0.0 {
                self.since_moved = Duration::ZERO;
            }
        }
        if strokes.is_some() {
            self.last = strokes;
        }
        self.counted += seen;
        self.window = self.window.saturating_add(elapsed);
        if self.window >= WINDOW {
            self.status.confirmed =
                StrokesPerMinute(self.counted * 60.0 / self.window.as_secs_f64());
            self.counted = 0.0;
            self.window = Duration::ZERO;
        }
        seen
    }

    /// The pump of now does not do what it is told: the other one, if that has not failed too.
    pub fn fail(&mut self, why: Reason) {
        self.failed_by = self.failed_by.with(why);
        let kept = &mut self.retained;
        let (own, other) = if kept.on_b {
            (&mut kept.failed_b, kept.failed_a)
        } else {
            (&mut kept.failed_a, kept.failed_b)
        };
        *own = true;
        if !other {
            kept.on_b = !kept.on_b;
        }
        self.proof = Proof::default();
    }

    /// The other pump, where that has not failed: too little comes of this one, for a reason nobody knows.
    pub fn change_over(&mut self) {
        let kept = &mut self.retained;
        if !(if kept.on_b { kept.failed_a } else { kept.failed_b }) {
            kept.on_b = !kept.on_b;
            self.proof = Proof::default();
        }
    }

    /// A person has looked at it: both pumps count as sound, and are judged anew.
    pub fn reset(&mut self) {
        self.retained.failed_a = false;
        self.retained.failed_b = false;
        self.failed_by = Reasons::NONE;
        self.proof = Proof::default();
    }

    /// One of the two does not stroke as it is told.
    #[must_use]
    pub fn is_impaired(&self) -> bool {
        self.retained.failed_a || self.retained.failed_b
    }

    /// Neither strokes as it is told.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.retained.failed_a && self.retained.failed_b
    }

    /// Whether its unit has asked since this was last called.
    pub fn take_renewed(&mut self) -> bool {
        core::mem::take(&mut self.renewed)
    }

    /// Strokes were seen in the last window.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.status.confirmed.0 > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Mode;
    use crate::signal::Fault;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn strokes_are_counted_across_the_wrap_of_the_counter() {
        let mut pump = DosingPump::default();
        for strokes in 0..=10 {
            pump.inputs.strokes = Signal::Good(Count(f64::from((65_530_u32 + strokes) % 65_536)));
            pump.scan(StrokesPerMinute(60.0), SECOND);
        }
        assert!(pump.status.confirmed.0 >= 50.0 && pump.status.confirmed.0 <= 60.0);
    }

    /// A pump and the field that counts its strokes.
    struct Rig {
        pump: DosingPump,
        counter: u16,
        part: f64,
        /// Share of the strokes that A and B make.
        health: [f64; 2],
    }

    impl Rig {
        fn new(a: f64, b: f64) -> Rig {
            Rig { pump: DosingPump::default(), counter: 65_500, part: 0.0, health: [a, b] }
        }

        /// Scans; the seconds until a pump failed, at most `seconds`.
        fn until_failed(&mut self, rate: f64, seconds: u32, step: Duration) -> Option<u32> {
            let failed = |pump: &DosingPump| (pump.retained.failed_a, pump.retained.failed_b);
            let before = failed(&self.pump);
            let mut time = Duration::ZERO;
            while time < Duration::from_secs(seconds.into()) {
                let outputs = &self.pump.outputs;
                let health = self.health[usize::from(outputs.choose_b.value())];
                self.part += outputs.rate.value().0 * health * step.as_secs_f64() / 60.0;
                self.counter = self.counter.wrapping_add(libm::floor(self.part) as u16);
                self.part -= libm::floor(self.part);
                self.pump.inputs.strokes = Signal::Good(Count(f64::from(self.counter)));
                self.pump.scan(StrokesPerMinute(rate), step);
                time += step;
                if failed(&self.pump) != before {
                    return Some(time.as_secs() as u32);
                }
            }
            None
        }
    }

    /// INV-43: a pump in MAINTENANCE strokes no more, and its relay of choice falls; given back, it goes on with B.
    #[test]
    fn a_dosing_pump_in_maintenance_moves_no_relay() {
        let mut rig = Rig::new(1.0, 1.0);
        rig.pump.retained.on_b = true;
        rig.until_failed(0.0, 1, SECOND);
        assert!(rig.pump.outputs.choose_b.value());
        rig.pump.handling.change(Mode::Maintenance, 7);
        rig.until_failed(0.0, 1, SECOND);
        assert!(!rig.pump.outputs.choose_b.value() && !rig.pump.outputs.enable.value());
        rig.pump.handling.change(Mode::Auto, 7);
        rig.until_failed(0.0, 1, SECOND);
        assert!(rig.pump.outputs.choose_b.value());
    }

    /// R-2.4-09: fewer than 70 % of the strokes over 60 s, at any rate and any scan.
    #[test]
    fn a_pump_that_strokes_too_little_gives_way_to_the_other_within_90_s() {
        for (rate, health, fails) in [
            (16.0, 1.0, false),
            (16.0, 0.75, false),
            (16.0, 0.6, true),
            (16.0, 0.0, true),
            (180.0, 0.72, false),
            (180.0, 0.68, true),
            (2.7, 1.0, false),
            (2.7, 0.0, true),
        ] {
            for step in [Duration::from_millis(100), SECOND, SECOND * 10] {
                let mut rig = Rig::new(health, 1.0);
                let after = rig.until_failed(rate, 3600, step);
                assert_eq!(after.is_some(), fails, "{rate} at {health}, {step:?}");
                if fails {
                    assert!(after <= Some(90), "{after:?} {rate} at {health}, {step:?}");
                    assert!(rig.pump.retained.failed_a && rig.pump.outputs.choose_b.value());
                    assert!(rig.pump.is_impaired() && !rig.pump.has_failed());
                    assert!(rig.pump.status.failed_by.has(Reason::StrokesMissing));
                    assert_eq!(rig.until_failed(rate, 3600, step), None, "B is sound");
                }
            }
        }
    }

    /// R-2.4-09: a pump that dies while it works is found within 60 s and two windows.
    #[test]
    fn a_pump_that_dies_while_it_works_is_found_out_within_a_minute() {
        let mut rig = Rig::new(1.0, 0.0);
        assert_eq!(rig.until_failed(16.0, 605, SECOND), None);
        rig.health[0] = 0.0;
        let first = rig.until_failed(16.0, 600, SECOND);
        assert!(first <= Some(60), "{first:?}");
        let second = rig.until_failed(16.0, 600, SECOND);
        assert!(second <= Some(70) && rig.pump.has_failed(), "{second:?}");
        // Neither is left: it stays where it is until a person has looked.
        assert_eq!(rig.until_failed(16.0, 600, SECOND), None);
        rig.pump.reset();
        assert!(!rig.pump.is_impaired());
        rig.health = [1.0, 1.0];
        assert_eq!(rig.until_failed(16.0, 600, SECOND), None);
    }

    /// R-2.4-09, INV-36: one sound pump doses; what keeps both from it can be read at them.
    #[test]
    fn dosing_pumps_say_what_keeps_them_from_dosing_and_only_that() {
        let mut rig = Rig::new(0.0, 0.0);
        assert!(rig.until_failed(16.0, 600, SECOND).is_some());
        assert_eq!(rig.pump.status.blocked, Reasons::NONE, "B may be sound");
        assert!(rig.until_failed(16.0, 600, SECOND).is_some());
        let failed = Reasons::all(&[Reason::NoPumpAvailable, Reason::StrokesMissing]);
        assert_eq!(rig.pump.status.blocked, failed);
        rig.pump.handling.change(Mode::Maintenance, 7);
        rig.pump.scan(StrokesPerMinute(16.0), SECOND);
        assert_eq!(rig.pump.status.blocked, failed.with(Reason::InMaintenance));
        rig.pump.reset();
        rig.pump.scan(StrokesPerMinute(16.0), SECOND);
        assert_eq!(rig.pump.status.blocked, Reasons::only(Reason::InMaintenance));
    }

    /// R-2.4-09: unknown is unsafe. A contact that cannot be read, or a counter that was set anew, proves nothing.
    #[test]
    fn a_counter_that_says_nothing_or_nonsense_proves_no_strokes() {
        let mut pump = DosingPump::default();
        pump.inputs.strokes = Signal::Bad(Fault::Stale);
        (0..100).for_each(|_| pump.scan(StrokesPerMinute(30.0), SECOND));
        assert!(pump.retained.failed_a && pump.status.failed_by.has(Reason::WireOrContact));
        let mut pump = DosingPump::default();
        for second in 0..100_u32 {
            pump.inputs.strokes = Signal::Good(Count(if second % 2 == 0 { 40_000.0 } else { 0.0 }));
            pump.scan(StrokesPerMinute(30.0), SECOND);
        }
        assert!(pump.retained.failed_a);
    }

    #[test]
    fn a_pump_that_is_asked_for_nothing_is_not_judged() {
        let mut rig = Rig::new(0.0, 0.0);
        assert_eq!(rig.until_failed(0.0, 3600, SECOND), None);
        // Half a minute of dosing, an hour of rest, half a minute again: the minute is full.
        assert_eq!(rig.until_failed(16.0, 31, SECOND), None);
        assert_eq!(rig.until_failed(0.0, 3600, SECOND), None);
        assert!(rig.until_failed(16.0, 40, SECOND).is_some());
    }
}
