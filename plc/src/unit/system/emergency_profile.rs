//! The emergency profile: for a while water goes to people that is more turbid than the rule allows, and everybody is told
//! to boil it.
//!
//! ```text
//! none --(an Engineer, with a reason, for at most 72 h)--> runs --(its time, an Operator, away for nobody knows how long)--> none
//! ```
//! It moves the limit of turbidity, to 5 NTU at most, and no other; what it lets through gets more chlorine, and contact time
//! is asked of disinfection alone. `docs/spec/plant.md` 2.19, INV-45.

use core::time::Duration;

use crate::declare::{kept, parts, retained};
use crate::interlock::{TURBID, TURBID_MOST};
use crate::quantity::{MilligramsPerLitre, Ntu};
use crate::reason::Reason;

retained! {
    /// What an Engineer lets through, and for how much longer.
    pub struct Retained {
        /// AIT-330, turbidity that is let through while the profile runs.
        pub turbidity_limit: Ntu = kept().within(0.0..=5.0),
        /// Time left of the profile; zero: none runs.
        pub time_left: Duration = kept().within(0.0..=259_200.0),
    }
}

/// Longest (INV-45); the least is chosen: what is shorter is a slip of the finger.
const LONGEST: Duration = Duration::from_secs(72 * 3600);
const SHORTEST: Duration = Duration::from_secs(60);
/// AIT-401, residual aimed at while people are to boil their water (INV-45).
pub const RESIDUAL: MilligramsPerLitre = MilligramsPerLitre(1.5);
/// The dose must not be cut at the outlet before that is reached: what disinfection calls high lies so far above it, at least
/// (chosen: its default).
pub const RESIDUAL_HIGH: MilligramsPerLitre = MilligramsPerLitre(2.0);

/// Whether it runs, and how far it goes.
#[derive(Default)]
pub struct EmergencyProfile {
    pub retained: Retained,
}
parts! { EmergencyProfile { retained; one: ; many: ; maybe: ; } }

impl EmergencyProfile {
    /// Begins, or goes on with another limit and time.
    pub fn begin(&mut self, limit: Ntu, seconds: f64) -> Result<(), Reason> {
        let fits = limit > TURBID && limit <= TURBID_MOST;
        if !fits || !(SHORTEST.as_secs_f64()..=LONGEST.as_secs_f64()).contains(&seconds) {
            return Err(Reason::OutOfRange);
        }
        self.retained =
            Retained { turbidity_limit: limit, time_left: Duration::from_secs_f64(seconds) };
        Ok(())
    }

    /// Ends before its time.
    pub fn end(&mut self) -> Result<(), Reason> {
        let ran = self.relaxed().is_some();
        self.retained = Retained::default();
        if ran { Ok(()) } else { Err(Reason::NotNow) }
    }

    /// Time passes.
    pub fn elapse(&mut self, elapsed: Duration) {
        self.retained.time_left = self.retained.time_left.saturating_sub(elapsed);
        if self.relaxed().is_none() {
            self.retained = Retained::default();
        }
    }

    /// The time away counts; where nobody knows it, it was too long.
    pub fn restored(&mut self, age: Option<Duration>) {
        self.elapse(age.unwrap_or(LONGEST));
    }

    /// Turbidity that is let through; none: the rule holds.
    #[must_use]
    pub fn relaxed(&self) -> Option<Ntu> {
        let Retained { turbidity_limit, time_left } = self.retained;
        let runs = time_left > Duration::ZERO && turbidity_limit > TURBID;
        runs.then_some(turbidity_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// R-2.19-01, INV-45: more than the rule and 5 NTU at most, a minute at least and 72 h at most; what does not fit changes nothing.
    #[test]
    fn an_emergency_profile_is_taken_within_its_bounds_and_not_beyond_them() {
        for (limit, seconds, taken) in [
            (5.0, 259_200.0, true),
            (1.000_001, 60.0, true),
            (1.0, 3600.0, false),
            (0.0, 3600.0, false),
            (-5.0, 3600.0, false),
            (5.000_001, 3600.0, false),
            (f64::NAN, 3600.0, false),
            (f64::INFINITY, 3600.0, false),
            (5.0, 259_200.1, false),
            (5.0, 59.9, false),
            (5.0, 0.0, false),
            (5.0, -3600.0, false),
            (5.0, f64::NAN, false),
            (5.0, f64::INFINITY, false),
        ] {
            let mut profile = EmergencyProfile::default();
            let answer = profile.begin(Ntu(limit), seconds);
            let told = if taken { Ok(()) } else { Err(Reason::OutOfRange) };
            assert_eq!(answer, told, "{limit} NTU for {seconds} s");
            assert_eq!(profile.relaxed(), taken.then_some(Ntu(limit)), "{limit} NTU, {seconds} s");
        }
        let mut profile = EmergencyProfile::default();
        profile.begin(Ntu(3.0), 3600.0).unwrap();
        assert_eq!(profile.begin(Ntu(6.0), 3600.0), Err(Reason::OutOfRange));
        assert_eq!(profile.relaxed(), Some(Ntu(3.0)), "the one before goes on");
    }

    /// R-2.19-05, INV-45: by itself, to the second; and by a person, at any time.
    #[test]
    fn an_emergency_profile_ends_by_itself_or_by_a_person() {
        let mut profile = EmergencyProfile::default();
        assert_eq!(profile.end(), Err(Reason::NotNow), "none runs");
        profile.begin(Ntu(5.0), 259_200.0).unwrap();
        profile.elapse(HOUR * 72 - Duration::from_millis(1));
        assert_eq!(profile.relaxed(), Some(Ntu(5.0)));
        profile.elapse(Duration::from_millis(1));
        assert_eq!(profile.relaxed(), None);
        assert_eq!(profile.retained, Retained::default());
        profile.begin(Ntu(5.0), 3600.0).unwrap();
        assert_eq!(profile.end(), Ok(()));
        assert_eq!((profile.relaxed(), profile.retained), (None, Retained::default()));
    }

    /// R-2.19-05, INV-45: the time away counts, and time that nobody knows was too long.
    #[test]
    fn an_emergency_profile_does_not_wait_for_a_controller_that_is_away() {
        for (away, left) in [
            (Some(Duration::ZERO), 2 * HOUR),
            (Some(HOUR), HOUR),
            (Some(2 * HOUR), Duration::ZERO),
            (Some(Duration::MAX), Duration::ZERO),
            (None, Duration::ZERO),
        ] {
            let mut profile = EmergencyProfile::default();
            profile.begin(Ntu(4.0), 7200.0).unwrap();
            profile.restored(away);
            assert_eq!(profile.retained.time_left, left, "{away:?}");
            assert_eq!(profile.relaxed().is_some(), left > Duration::ZERO, "{away:?}");
        }
        // A limit that was kept without its time, or the other way round, lets nothing through.
        for (turbidity_limit, time_left) in
            [(Ntu(5.0), Duration::ZERO), (Ntu(0.0), HOUR), (Ntu(1.0), HOUR), (Ntu(f64::NAN), HOUR)]
        {
            let mut profile =
                EmergencyProfile { retained: Retained { turbidity_limit, time_left } };
            assert_eq!(profile.relaxed(), None, "{turbidity_limit:?} for {time_left:?}");
            profile.restored(Some(Duration::ZERO));
            assert_eq!(profile.retained, Retained::default());
        }
    }
}
