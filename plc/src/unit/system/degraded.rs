//! What makes the plant produce less, or with more care: D1 to D11 of `docs/spec/plant.md` 2.2.2. All that stand apply, and
//! the most restrictive rate wins. D1 stops the intake and is a cause of its own.

use core::time::Duration;

use super::{MINIMUM, REDUCED};
use crate::block::{Sustained, Trip, TripTimes};
use crate::quantity::{MilligramsPerLitre, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};

/// What the units report.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// AIT-101.
    pub raw: Signal<Ntu>,
    /// AIT-203.
    pub settled: Signal<Ntu>,
    /// AIT-401.
    pub inlet_chlorine: Signal<MilligramsPerLitre>,
    /// Turbidity asks a filter for washes that do not help (R-2.6.4-01).
    pub washes_stopped: bool,
    /// A filter of the site does not deliver.
    pub filter_out: bool,
    /// A sedimentation tank of the site is not in service.
    pub tank_out: bool,
    /// Battery or sun feed the plant.
    pub power_limited: bool,
    /// PAC is as weak as its effect.
    pub coagulant_suspect: bool,
    /// LT-501 is fitted and not known.
    pub elevated_unknown: bool,
    /// No motor may start: the voltage is too low.
    pub voltage_low: bool,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// D2 to D11 that stand.
    pub by: Reasons,
    /// Those that cut the rate.
    pub cut_by: Reasons,
    /// Share of the nominal rate.
    pub share: f64,
    /// Settled water is so cloudy that production stops.
    pub stop: bool,
}

/// Rates of the reasons, as shares of nominal (`docs/spec/plant.md` 2.2.2; R-2.2.2-02 to -11). D7, D10 and D11 cut none.
const RATES: &[(Reason, f64)] = &[
    (Reason::RiverMuddy, REDUCED),
    (Reason::SettledWaterCloudy, REDUCED),
    (Reason::FilterOut, REDUCED),
    (Reason::TankOut, REDUCED),
    (Reason::AnalyserBad, REDUCED),
    (Reason::PowerLimited, MINIMUM),
    (Reason::CoagulantSuspect, MINIMUM),
];

/// D2; it ends 50 NTU below, as alarm 108 does (`docs/spec/plant.md` 4).
const MUDDY: Ntu = Ntu(200.0);
const MUDDY_BACK: Ntu = Ntu(150.0);
/// D3; it ends as alarms 204 and 205 do.
const CLOUDY: Ntu = Ntu(5.0);
const CLOUDY_BACK: Ntu = Ntu(4.0);
const VERY_CLOUDY: Ntu = Ntu(10.0);
const VERY_CLOUDY_BACK: Ntu = Ntu(8.0);
const CLOUDY_TIMES: TripTimes = TripTimes::s(1200, 600);
/// D3: MINIMUM after so long.
const CLOUDY_LONG: Duration = Duration::from_secs(2400);
/// D11: what runs goes on, and the next start waits; chosen: longer than the dip that a start of one's own makes.
const VOLTAGE_TIME: Duration = Duration::from_secs(60);
/// The plant counts as sound again after so long without any reason.
pub const SOUND_TIME: Duration = Duration::from_secs(600);

/// Memory of the reasons.
#[derive(Clone, Copy, Debug, Default)]
pub struct Degraded {
    muddy: Trip,
    cloudy: Trip,
    cloudy_for: Duration,
    very_cloudy: Trip,
    voltage: Sustained,
    sound: Sustained,
}

/// Bad, where it is fitted. One that a person holds is not: the dose goes on by what is known, and a hold that runs out is Bad
/// (R-2.13-01).
fn fitted_and_bad<Q: Copy>(signal: Signal<Q>) -> bool {
    match signal {
        Signal::Good(_) | Signal::Uncertain(..) | Signal::Held(..) => false,
        Signal::Bad(fault) => fault != Fault::NotFitted,
    }
}

impl Degraded {
    /// One scan. `settled_flows`: settled water flows past AIT-203.
    pub fn judge(
        &mut self,
        facts: &Facts,
        settled_flows: bool,
        reset: bool,
        elapsed: Duration,
    ) -> Verdict {
        let raw = facts.raw.usable();
        let muddy = self.muddy.judge(
            facts.raw.exceeds(MUDDY),
            raw.is_some_and(|raw| raw <= MUDDY_BACK),
            TripTimes::s(0, 0),
            elapsed,
        );
        let cloudy = self.judge_settled(facts.settled, settled_flows, reset, elapsed)
            || facts.washes_stopped;
        self.cloudy_for = match (cloudy, settled_flows) {
            (false, _) => Duration::ZERO,
            (true, true) => self.cloudy_for.saturating_add(elapsed),
            (true, false) => self.cloudy_for,
        };
        let by = Reasons::NONE
            .and_if(muddy, Reason::RiverMuddy)
            .and_if(cloudy, Reason::SettledWaterCloudy)
            .and_if(facts.filter_out, Reason::FilterOut)
            .and_if(facts.tank_out, Reason::TankOut)
            .and_if(fitted_and_bad(facts.raw), Reason::AnalyserBad)
            .and_if(fitted_and_bad(facts.inlet_chlorine), Reason::InletChlorineUnknown)
            .and_if(facts.power_limited, Reason::PowerLimited)
            .and_if(facts.coagulant_suspect, Reason::CoagulantSuspect)
            .and_if(facts.elevated_unknown, Reason::ElevatedTankUnknown)
            .and_if(
                self.voltage.holds(facts.voltage_low, VOLTAGE_TIME, elapsed),
                Reason::VoltageLow,
            );
        let (mut share, mut cut_by) = (1.0, Reasons::NONE);
        for (reason, rate) in RATES.iter().filter(|(reason, _)| by.has(*reason)) {
            let long = *reason == Reason::SettledWaterCloudy && self.cloudy_for >= CLOUDY_LONG;
            let rate = if long { MINIMUM } else { *rate };
            cut_by = cut_by.with(*reason);
            if rate < share {
                share = rate;
            }
        }
        self.sound.holds(by.is_empty(), SOUND_TIME, elapsed);
        Verdict { by, cut_by, share, stop: self.very_cloudy.stands() }
    }

    /// D3. Water that stands says nothing; a stop by very cloudy water ends by clear water or a person's reset.
    fn judge_settled(
        &mut self,
        settled: Signal<Ntu>,
        flows: bool,
        reset: bool,
        elapsed: Duration,
    ) -> bool {
        let above = |limit: Ntu| settled.seen_above(limit).unless(!flows);
        let below = |limit: Ntu| settled.usable().is_some_and(|settled| settled <= limit);
        let cloudy = self.cloudy.judge(above(CLOUDY), below(CLOUDY_BACK), CLOUDY_TIMES, elapsed);
        let (worse, better) = (above(VERY_CLOUDY), below(VERY_CLOUDY_BACK));
        self.very_cloudy.judge(worse, better, CLOUDY_TIMES, elapsed);
        if reset {
            self.very_cloudy = Trip::default();
        }
        cloudy
    }

    /// No reason has stood for long enough.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.sound.lasted() >= SOUND_TIME
    }

    /// Time until the plant counts as sound again.
    #[must_use]
    pub fn left(&self) -> Duration {
        SOUND_TIME.saturating_sub(self.sound.lasted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    const WELL: Facts = Facts {
        raw: Signal::Good(Ntu(20.0)),
        settled: Signal::Good(Ntu(1.0)),
        inlet_chlorine: Signal::Good(MilligramsPerLitre(1.0)),
        washes_stopped: false,
        filter_out: false,
        tank_out: false,
        power_limited: false,
        coagulant_suspect: false,
        elevated_unknown: false,
        voltage_low: false,
    };

    fn judge_s(degraded: &mut Degraded, facts: &Facts, seconds: u32) -> Verdict {
        let mut verdict = None;
        for _ in 0..seconds {
            verdict = Some(degraded.judge(facts, true, false, SECOND));
        }
        verdict.unwrap()
    }

    /// R-2.2.2-11, R-2.10-03: a plant whose motors may not start says so, before they are missed; not for the dip of a start.
    #[test]
    fn a_plant_whose_motors_may_not_start_is_degraded_after_a_minute() {
        let mut degraded = Degraded::default();
        let low = Facts { voltage_low: true, ..WELL };
        assert!(judge_s(&mut degraded, &low, 59).by.is_empty());
        let verdict = judge_s(&mut degraded, &low, 1);
        assert_eq!((verdict.by, verdict.share), (Reasons::only(Reason::VoltageLow), 1.0));
        assert!(judge_s(&mut degraded, &WELL, 1).by.is_empty());
    }

    /// R-2.2.2-02, R-2.2.2-04, R-2.2.2-05, R-2.2.2-06, R-2.2.2-07, R-2.2.2-08, R-2.2.2-09, R-2.2.2-10,
    /// R-2.6.4-01: each reason, its rate, and whether it cuts any.
    #[test]
    fn each_degraded_reason_has_its_rate() {
        type Change = fn(&mut Facts);
        let rows: &[(Change, Reason, f64)] = &[
            (|f| f.raw = Signal::Good(Ntu(201.0)), Reason::RiverMuddy, REDUCED),
            (|f| f.raw = Signal::Good(Ntu(f64::NAN)), Reason::RiverMuddy, REDUCED),
            (|f| f.washes_stopped = true, Reason::SettledWaterCloudy, REDUCED),
            (|f| f.filter_out = true, Reason::FilterOut, REDUCED),
            (|f| f.tank_out = true, Reason::TankOut, REDUCED),
            (|f| f.raw = Signal::Bad(Fault::Stale), Reason::AnalyserBad, REDUCED),
            (|f| f.inlet_chlorine = Signal::Bad(Fault::Range), Reason::InletChlorineUnknown, 1.0),
            (|f| f.power_limited = true, Reason::PowerLimited, MINIMUM),
            (|f| f.coagulant_suspect = true, Reason::CoagulantSuspect, MINIMUM),
            (|f| f.elevated_unknown = true, Reason::ElevatedTankUnknown, 1.0),
        ];
        for (wrong, reason, share) in rows {
            let mut facts = WELL;
            wrong(&mut facts);
            let verdict = judge_s(&mut Degraded::default(), &facts, 1);
            assert_eq!((verdict.by, verdict.share), (Reasons::only(*reason), *share), "{reason:?}");
            assert_eq!(verdict.cut_by.is_empty(), *share == 1.0, "{reason:?}");
        }
        let beyond = Facts { raw: Signal::Bad(Fault::Overrange), ..WELL };
        let verdict = judge_s(&mut Degraded::default(), &beyond, 1);
        let both = Reasons::only(Reason::RiverMuddy).with(Reason::AnalyserBad);
        assert_eq!((verdict.by, verdict.share), (both, REDUCED), "AIT-101 off its scale is mud");
        let none = Signal::Bad(Fault::NotFitted);
        let verdict = judge_s(&mut Degraded::default(), &Facts { raw: none, ..WELL }, 1);
        assert!(verdict.by.is_empty(), "an analyser the site does not have degrades nothing");
    }

    /// R-2.2.2-06, R-2.2.2-07, R-2.13-01: a calibration cuts no production; one that is forgotten does.
    #[test]
    fn an_analyser_that_is_held_degrades_nothing_until_its_hold_runs_out() {
        let until = crate::signal::Moment(0);
        let held = Facts {
            raw: Signal::Held(Ntu(20.0), until),
            inlet_chlorine: Signal::Held(MilligramsPerLitre(1.0), until),
            ..WELL
        };
        let verdict = judge_s(&mut Degraded::default(), &held, 3600);
        assert_eq!((verdict.by, verdict.share), (Reasons::NONE, 1.0));
        let forgotten = Facts {
            raw: Signal::Bad(Fault::HoldExpired),
            inlet_chlorine: Signal::Bad(Fault::HoldExpired),
            ..WELL
        };
        let verdict = judge_s(&mut Degraded::default(), &forgotten, 1);
        let both = Reasons::only(Reason::AnalyserBad).with(Reason::InletChlorineUnknown);
        assert_eq!((verdict.by, verdict.share), (both, REDUCED));
        // A river that was muddy when the hold began counts as muddy until it is seen clear.
        let mut degraded = Degraded::default();
        judge_s(&mut degraded, &Facts { raw: Signal::Good(Ntu(300.0)), ..WELL }, 1);
        assert!(judge_s(&mut degraded, &held, 60).by.has(Reason::RiverMuddy));
    }

    /// R-2.2.2-04, R-2.2.2-09: apply all, the most restrictive rate wins.
    #[test]
    fn of_several_reasons_the_most_restrictive_rate_wins() {
        let facts = Facts { filter_out: true, coagulant_suspect: true, ..WELL };
        let verdict = judge_s(&mut Degraded::default(), &facts, 1);
        let both = Reasons::only(Reason::FilterOut).with(Reason::CoagulantSuspect);
        assert_eq!((verdict.cut_by, verdict.share), (both, MINIMUM));
    }

    /// R-2.2.2-02: a river at the limit does not make the rate swing.
    #[test]
    fn a_muddy_river_counts_as_clear_again_50_ntu_below_its_limit() {
        let mut degraded = Degraded::default();
        for (raw, muddy) in [(200.0, false), (200.5, true), (160.0, true), (150.0, false)] {
            let verdict = judge_s(&mut degraded, &Facts { raw: Signal::Good(Ntu(raw)), ..WELL }, 1);
            assert_eq!(verdict.by.has(Reason::RiverMuddy), muddy, "{raw} NTU");
        }
    }

    /// R-2.2.2-03: 5 NTU for 20 min is REDUCED, 40 min of that MINIMUM; 10 NTU for 20 min ends production.
    #[test]
    fn cloudy_settled_water_is_filtered_slower_and_slower_and_very_cloudy_not_at_all() {
        let mut degraded = Degraded::default();
        let cloudy = Facts { settled: Signal::Good(Ntu(5.5)), ..WELL };
        assert_eq!(judge_s(&mut degraded, &cloudy, 1199).share, 1.0);
        let verdict = judge_s(&mut degraded, &cloudy, 1);
        assert_eq!((verdict.share, verdict.stop), (REDUCED, false));
        assert_eq!(judge_s(&mut degraded, &cloudy, 2398).share, REDUCED);
        assert_eq!(judge_s(&mut degraded, &cloudy, 1).share, MINIMUM);
        let very = Facts { settled: Signal::Good(Ntu(10.5)), ..WELL };
        assert!(!judge_s(&mut degraded, &very, 1199).stop);
        assert!(judge_s(&mut degraded, &very, 1).stop);
        // AIT-203 off the top of its scale is settled water as bad as can be.
        let mut over = Degraded::default();
        let beyond = Facts { settled: Signal::Bad(Fault::Overrange), ..WELL };
        assert!(!judge_s(&mut over, &beyond, 1199).stop);
        let verdict = judge_s(&mut over, &beyond, 1);
        assert!(verdict.stop && verdict.by.has(Reason::SettledWaterCloudy));
        // A gap in the signal does not end what stands, and forgives nothing of what is counted.
        let unknown = Facts { settled: Signal::Bad(Fault::Stale), ..WELL };
        assert!(judge_s(&mut degraded, &unknown, 3600).stop);
        assert!(judge_s(&mut degraded, &WELL, 599).stop);
        let verdict = judge_s(&mut degraded, &WELL, 1);
        assert!(!verdict.stop && verdict.by.is_empty());
        judge_s(&mut degraded, &very, 1100);
        judge_s(&mut degraded, &unknown, 5);
        assert!(!judge_s(&mut degraded, &very, 94).stop);
        assert!(judge_s(&mut degraded, &very, 1).stop, "the gap counts");
    }

    /// R-2.2.2-03, R-2.6.4-01: stopped washes raise D3 as cloudy water does, and it grows as strict; water that stands adds no time.
    #[test]
    fn stopped_washes_too_lower_the_rate_to_the_minimum_after_40_min() {
        let mut degraded = Degraded::default();
        let stopped = Facts { washes_stopped: true, ..WELL };
        assert_eq!(judge_s(&mut degraded, &stopped, 2399).share, REDUCED);
        assert_eq!(degraded.judge(&stopped, false, false, SECOND).share, REDUCED);
        assert_eq!(judge_s(&mut degraded, &stopped, 1).share, MINIMUM);
        assert_eq!(judge_s(&mut degraded, &WELL, 1).share, 1.0);
        assert_eq!(judge_s(&mut degraded, &stopped, 1).share, REDUCED, "counted afresh");
    }

    /// R-2.2.2-03: a person's reset ends the stop; the water must be bad for 20 min again.
    #[test]
    fn a_reset_lets_the_plant_try_very_cloudy_water_again() {
        let mut degraded = Degraded::default();
        let very = Facts { settled: Signal::Good(Ntu(12.0)), ..WELL };
        assert!(judge_s(&mut degraded, &very, 1200).stop);
        assert!(!degraded.judge(&very, false, true, SECOND).stop);
        assert!(
            !degraded.judge(&very, false, false, SECOND).stop,
            "water that stands says nothing"
        );
    }

    /// R-2.2-05: sound only after 10 min without any reason.
    #[test]
    fn the_plant_is_sound_ten_minutes_after_the_last_reason() {
        let mut degraded = Degraded::default();
        judge_s(&mut degraded, &Facts { tank_out: true, ..WELL }, 5);
        judge_s(&mut degraded, &WELL, 599);
        assert!(!degraded.is_sound());
        assert_eq!(degraded.left(), SECOND);
        judge_s(&mut degraded, &WELL, 1);
        assert!(degraded.is_sound());
    }
}
