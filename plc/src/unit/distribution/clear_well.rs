//! The clear well: which level counts, whether its water is fit, how much of it may leave.
//!
//! `docs/spec/plant.md` 2.8, 2.12 (vote), 2.17.

use core::time::Duration;

use super::{Around, Distribution};
use crate::block::{Seen, Sustained, Trip, TripTimes};
use crate::interlock::turbidity_limit;
use crate::quantity::{CubicMetres, CubicMetresPerHour, Metres, MilligramsPerLitre, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};

/// LT-401A and B may differ by this (R-2.12-09).
const LEVELS_APART: Metres = Metres(0.08);
const LEVELS_APART_TIME: Duration = Duration::from_secs(60);
/// Heights of the floats LSHH-401 and LSLL-401 (R-2.17-02).
const FLOAT_HIGH: Metres = Metres(1.95);
const FLOAT_LOW: Metres = Metres(0.30);
/// No wash draws the clear well below 0.30 m (INV-29), and 5 cm for what levels and volumes are worth (chosen: ten times the
/// accuracy of LT-401).
const WASH_LEVEL_MIN: Metres = Metres(0.35);
/// What makes the clear well contaminated (R-2.8-05).
const ENTERS_BAD: Ntu = Ntu(1.0);
const ENTERS_BAD_TIME: Duration = Duration::from_secs(60);
const ENTERS_CLOUDY: Ntu = Ntu(0.5);
const ENTERS_CLOUDY_TIME: Duration = Duration::from_secs(900);
/// While a drained well is refilled no water above 0.5 NTU may enter at all (R-2.8-05); chosen: two polls of the analysers.
const REFILL_SPOILT_TIME: Duration = Duration::from_secs(10);
const RESIDUAL_LOST: MilligramsPerLitre = MilligramsPerLitre(0.2);
/// The analyser's lag and a slug of old water do not count (chosen: as the trip on low chlorine).
const RESIDUAL_LOST_TIME: Duration = Duration::from_secs(300);
/// What makes it fit again (R-2.8-05).
const SUPERCHLORINE: MilligramsPerLitre = MilligramsPerLitre(1.5);
pub(super) const SUPERCHLORINE_TIME: Duration = Duration::from_secs(3600);
/// A dip no longer than this stops the count of that hour, and does not begin it anew (chosen: a dosing pump that is primed
/// or changed over is back by then).
const SUPERCHLORINE_DIP: Duration = Duration::from_secs(600);
const DRAINED_LEVEL: Metres = Metres(0.3);
/// P-501 delivers between these (R-2.8-04).
const RESIDUAL_LOW: MilligramsPerLitre = MilligramsPerLitre(0.3);
const RESIDUAL_HIGH: MilligramsPerLitre = MilligramsPerLitre(4.0);
/// While P-501 runs, outside them for this long: noise at the limit does not wear the pump (chosen, inside INV-4's 300 s).
const RESIDUAL_OUT_TIME: Duration = Duration::from_secs(60);
/// Without AIT-403 and without a hand value P-501 goes on this long, counted from the loss of AIT-403 (R-2.12-18).
const RESIDUAL_GRACE: Duration = Duration::from_secs(1800);
/// Without a level P-501 needs this much feed, as a share of nominal: FIT-301 > 1 m³/h of 5 (R-2.12-19).
const FLOATS_FEED: f64 = 0.2;
/// The level must be back for this long (R-2.17-02, `docs/spec/contracts.md`).
const LEVEL_BACK_S: u64 = 60;

/// What is remembered of the clear well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Well {
    disagree: Sustained,
    /// A, B: outside what the floats allow.
    beyond_floats: [Sustained; 2],
    enters_bad: Sustained,
    /// Worse than what an emergency profile lets through.
    enters_worse: Sustained,
    enters_cloudy: Sustained,
    refill_spoilt: Sustained,
    residual_lost: Sustained,
    residual_out: Sustained,
    residual_silent: Duration,
    residual_last: MilligramsPerLitre,
    dip: Duration,
    dry: Trip,
    /// Volume that contact time needs at the flow asked.
    pub contact_volume: CubicMetres,
}

impl Default for Well {
    fn default() -> Well {
        Well {
            disagree: Sustained::default(),
            beyond_floats: [Sustained::default(); 2],
            enters_bad: Sustained::default(),
            enters_worse: Sustained::default(),
            enters_cloudy: Sustained::default(),
            refill_spoilt: Sustained::default(),
            residual_lost: Sustained::default(),
            residual_out: Sustained::default(),
            // A residual that was never read has no grace.
            residual_silent: RESIDUAL_GRACE,
            residual_last: MilligramsPerLitre::ZERO,
            dip: Duration::ZERO,
            dry: Trip::default(),
            contact_volume: CubicMetres(f64::INFINITY),
        }
    }
}

impl Distribution {
    /// Votes on the clear well's level: LT-401A, LT-401B, floats. Taken before the causes.
    ///
    /// Of two that disagree, the one that a float contradicts is out; else the lower counts for suction and contact time, the
    /// higher for overflow. One that is left alone is out where it claims more than the floats allow. Without both, the low float says how
    /// much there is at least.
    pub fn judge(&mut self, elapsed: Duration) {
        let mut members = [self.inputs.level_a, self.inputs.level_b];
        let floats = (self.inputs.low_low.usable(), self.inputs.high_high.usable());
        // Where the two agree, the float is the third that is wrong.
        let two_apart = apart(members[0], members[1]);
        let alone = members[0].usable().is_some() != members[1].usable().is_some();
        for (member, beyond) in members.iter_mut().zip(&mut self.well.beyond_floats) {
            let contradicted = member.usable().is_some_and(|level| {
                (two_apart && contradicts(level, floats))
                    || (alone && claims_too_much(level, floats))
            });
            if beyond.holds(contradicted, LEVELS_APART_TIME, elapsed) {
                *member = Signal::Bad(Fault::Implausible);
            }
        }
        let [a, b] = members;
        let disagree = self.well.disagree.holds(two_apart, LEVELS_APART_TIME, elapsed);
        let (lower, higher) = match (a.usable(), b.usable()) {
            (Some(a), Some(b)) => (Some(a.or_less(b)), Some(a.or_more(b))),
            (Some(only), None) | (None, Some(only)) => (Some(only), Some(only)),
            (None, None) => (None, None),
        };
        let agreed = a.good().is_some() && b.good().is_some() && !disagree;
        let voted = |level: Option<Metres>| match level {
            Some(level) if agreed => Signal::Good(level),
            Some(level) => Signal::Uncertain(level, Doubt::Disagrees),
            None => Signal::Bad(Fault::Computed),
        };
        self.status.level = voted(lower);
        self.status.level_high = voted(higher);
        let area = self.settings.area.0;
        let measured = self.status.level.map(|level| CubicMetres(level.0 * area));
        self.status.volume = if lower.is_none() && self.inputs.low_low.closed() {
            Signal::Uncertain(CubicMetres(FLOAT_LOW.0 * area), Doubt::Fallback)
        } else {
            measured
        };
    }

    /// The level for judging overflow: the higher of what is known.
    #[must_use]
    pub fn level_high(&self) -> Option<Metres> {
        self.status.level_high.usable()
    }

    /// A and B disagree, one of them is out, or missing: what alarm 412 is judged on, its own delay apart.
    pub(super) fn levels_disagree(&self) -> bool {
        self.well.disagree.lasted() > Duration::ZERO
            || self.well.beyond_floats.iter().any(|beyond| beyond.lasted() > Duration::ZERO)
    }

    /// The clear well is contaminated. Taken before the causes. What an emergency profile lets in is held once it has ended.
    pub fn judge_quality(
        &mut self,
        entering: Option<Signal<Ntu>>,
        residual: Signal<MilligramsPerLitre>,
        relaxed: Option<Ntu>,
        elapsed: Duration,
    ) {
        let worst = entering.map(|turbidity| turbidity.usable());
        // Water that enters with a turbidity nobody knows is for the filters to stop; here it begins no count, and forgives none.
        let above = |limit: Ntu| entering.map_or(Seen::No, |turbidity| turbidity.seen_above(limit));
        let bad = self.well.enters_bad.holds(above(ENTERS_BAD), ENTERS_BAD_TIME, elapsed);
        let cloudy =
            self.well.enters_cloudy.holds(above(ENTERS_CLOUDY), ENTERS_CLOUDY_TIME, elapsed);
        let worse = above(turbidity_limit(relaxed));
        let worse = self.well.enters_worse.holds(worse, ENTERS_BAD_TIME, elapsed);
        let lost = residual.seen(|residual| !(residual >= RESIDUAL_LOST));
        let lost = self.well.residual_lost.holds(lost, RESIDUAL_LOST_TIME, elapsed);
        let clear = |turbidity: Option<Ntu>| turbidity.is_some_and(|known| known <= ENTERS_CLOUDY);
        let spoilt = worst.is_some_and(|turbidity| !clear(turbidity));
        let spoilt = self.well.refill_spoilt.holds(spoilt, REFILL_SPOILT_TIME, elapsed);
        // Bad water that enters, or water of which nobody knows, undoes a draining. A residual that is low does not: it is what the refilling mends.
        if bad || cloudy || spoilt || !self.retained.contaminated {
            self.retained.drained = false;
        }
        // What was in the well before this controller knew it nobody knows.
        let runs = relaxed.is_some();
        self.retained.let_in |= runs && (bad || cloudy);
        let unfit = if runs { worse } else { bad || cloudy || self.retained.let_in };
        self.retained.contaminated |= unfit || lost || !self.retained.quality_known;
        self.retained.quality_known = true;
    }

    /// A person says that the clear well was drained, with the level to prove it.
    pub fn confirm_drained(&mut self) -> Result<(), Reason> {
        match self.status.level.usable() {
            Some(level) if self.retained.contaminated && level <= DRAINED_LEVEL => {
                self.retained.drained = true;
                Ok(())
            }
            Some(_) | None => Err(Reason::NotNow),
        }
    }

    /// A person ends the quality hold, where it was drained and refilled, or superchlorinated for an hour.
    pub fn confirm_quality(&mut self) -> Result<(), Reason> {
        let refilled = self.retained.drained
            && self.status.level.usable().is_some_and(|level| level >= self.settings.level_restart);
        if self.retained.contaminated
            && (refilled || self.status.superchlorinated >= SUPERCHLORINE_TIME)
        {
            self.retained.contaminated = false;
            self.retained.drained = false;
            self.retained.let_in = false;
            self.well.enters_bad = Sustained::default();
            self.well.enters_worse = Sustained::default();
            self.well.enters_cloudy = Sustained::default();
            self.well.residual_lost = Sustained::default();
            Ok(())
        } else if self.retained.contaminated {
            Err(Reason::CauseStillActive)
        } else {
            Err(Reason::NotNow)
        }
    }

    /// Counts the hour at 1.5 mg/l while P-501 is off. A short dip stops the count, a longer one begins it anew.
    pub(super) fn superchlorinate(
        &mut self,
        residual: Signal<MilligramsPerLitre>,
        elapsed: Duration,
    ) {
        let held = self.retained.contaminated && !self.is_on();
        // What AIT-403 measures: a test by hand is an hour old before the hour is over.
        let strong = residual.good().is_some_and(|residual| residual >= SUPERCHLORINE);
        self.well.dip = if strong { Duration::ZERO } else { self.well.dip.saturating_add(elapsed) };
        if !held || self.well.dip > SUPERCHLORINE_DIP {
            self.status.superchlorinated = Duration::ZERO;
        } else if strong {
            let counted = self.status.superchlorinated.saturating_add(elapsed);
            self.status.superchlorinated =
                if counted < SUPERCHLORINE_TIME { counted } else { SUPERCHLORINE_TIME };
        }
    }

    /// The clear well holds this much above what contact time needs and above its own reserve: 7 m³ of 20
    /// (`docs/spec/plant.md` 2.6.3, W3). Delivery rests meanwhile, so what contact needs is what it needs at restart.
    #[must_use]
    pub fn can_spare(&self, volume: CubicMetres) -> bool {
        let reserve = CubicMetres(self.settings.area.0 * self.settings.level_min.0);
        let needed = self.well.contact_volume.or_more(reserve);
        self.status.volume.usable().is_some_and(|held| held - volume >= needed)
    }

    /// The clear well can lose this volume and still stand 5 cm above the level that no wash may draw it below (INV-29): what
    /// the last filter that could make water may take (W3). P-501 rests then until contact is long enough again.
    #[must_use]
    pub fn can_spare_last(&self, volume: CubicMetres) -> bool {
        let least = CubicMetres(self.settings.area.0 * WASH_LEVEL_MIN.0);
        self.status.volume.usable().is_some_and(|held| held - volume >= least)
    }

    /// The clear well is too low to deliver from, until it is back above its restart level. A level that is lost changes
    /// nothing: what was too low stays so until a level says otherwise.
    pub(super) fn is_dry(&mut self, elapsed: Duration) -> bool {
        let level = self.status.level.usable();
        let low = level.is_some_and(|level| !(level >= self.settings.level_min));
        let enough = level.is_some_and(|level| level >= self.settings.level_restart);
        self.well.dry.judge(low, enough, TripTimes::s(0, LEVEL_BACK_S), elapsed)
    }

    /// Without a level: the low float stands, and water comes.
    pub(super) fn floats_carry(
        &self,
        feed: Signal<CubicMetresPerHour>,
        nominal: CubicMetresPerHour,
    ) -> bool {
        self.inputs.low_low.closed()
            && feed.usable().is_some_and(|feed| feed > nominal * FLOATS_FEED)
    }

    /// What AIT-403 said last, while it has been silent for no longer than its grace: with AIT-401 it keeps contact time known.
    #[must_use]
    pub fn residual_in_grace(&self) -> Option<MilligramsPerLitre> {
        (self.well.residual_silent < RESIDUAL_GRACE).then_some(self.well.residual_last)
    }

    /// What makes the clear well's water unfit for delivery. To start, everything must be right at once; while P-501 runs,
    /// a limit counts with the time the table gives it.
    pub(super) fn unfit(&mut self, around: &Around, elapsed: Duration) -> Reasons {
        let on = self.is_on();
        let residual = around.residual.usable();
        // An analyser driven off its scale is not silent: it says too much, and is not waited for.
        let over = around.residual.is_over();
        let out = around
            .residual
            .seen(|residual| !(residual >= RESIDUAL_LOW && residual <= RESIDUAL_HIGH));
        let out = if over { Seen::Yes } else { out };
        let out_long = self.well.residual_out.holds(out, RESIDUAL_OUT_TIME, elapsed);
        // A person's test speaks for AIT-403, and does not end its silence: no grace begins when the test is too old.
        let tested = matches!(around.residual, Signal::Uncertain(_, Doubt::HandValue));
        self.well.residual_silent = match residual {
            Some(_) if !tested => Duration::ZERO,
            Some(_) | None => self.well.residual_silent.saturating_add(elapsed),
        };
        self.well.residual_last = residual.unwrap_or(self.well.residual_last);
        let unknown = residual.is_none() && !over && self.well.residual_silent >= RESIDUAL_GRACE;
        let contact_known = around.contact_volume.is_some();
        Reasons::NONE
            .and_if(self.retained.contaminated, Reason::QualityHold)
            .and_if(unknown, Reason::ChlorineUnknown)
            .and_if(
                if on { out_long || over } else { out == Seen::Yes },
                Reason::ChlorineOutOfLimits,
            )
            .and_if(!on && !contact_known, Reason::ContactTimeUnknown)
            .and_if(
                around.contact_short || (!on && !(around.inactivation.ratio >= 1.0)),
                Reason::ContactTimeTooShort,
            )
            .and_if(around.turbid, Reason::FilteredWaterTurbid)
    }
}

fn apart(a: Signal<Metres>, b: Signal<Metres>) -> bool {
    match (a.usable(), b.usable()) {
        (Some(a), Some(b)) => !(a.distance(b) <= LEVELS_APART),
        (Some(_) | None, _) => false,
    }
}

/// More water than the floats allow: above LSHH-401 although it has not tripped, or well above LSLL-401 although it has.
fn claims_too_much(level: Metres, (above_low, below_high): (Option<bool>, Option<bool>)) -> bool {
    (below_high == Some(true) && level > FLOAT_HIGH + LEVELS_APART)
        || (above_low == Some(false) && level > FLOAT_LOW + LEVELS_APART + LEVELS_APART)
}

/// A level that the floats rule out: above LSHH-401 although it has not tripped, or below LSLL-401 although it has not.
fn contradicts(level: Metres, (above_low, below_high): (Option<bool>, Option<bool>)) -> bool {
    (below_high == Some(true) && level > FLOAT_HIGH + LEVELS_APART)
        || (above_low == Some(true) && level < FLOAT_LOW - LEVELS_APART)
        || (below_high == Some(false) && level < FLOAT_HIGH - LEVELS_APART - LEVELS_APART)
        || (above_low == Some(false) && level > FLOAT_LOW + LEVELS_APART + LEVELS_APART)
}
