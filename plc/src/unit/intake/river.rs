//! River, screen and wet well: when there is water, when it is too high, and what stands between.
//!
//! R-2.3-05, R-2.3-06; F60 (a river that no coagulant and nobody should meet).

use core::time::Duration;

use super::Intake;
use crate::block::{Trip, TripTimes};
use crate::quantity::{Metres, Ph};
use crate::signal::Signal;

/// LT-102, low-low (R-2.3-05): the cause-and-effect table trips there.
pub(super) const WET_WELL_TRIP: Metres = Metres(0.3);
/// Above the flood stop for so long, past the waves; back this far below it for so long, as alarm 110 (chosen).
const FLOOD_TIMES: TripTimes = TripTimes::s(10, 600);
const FLOOD_BAND: Metres = Metres(0.3);
/// The screen stops the pump after so long; free again when the loss is gone, that is when the alarm's limit is kept, and not
/// sooner: a clogged screen lets the well fill while the pump stands (chosen: as a dry run).
const SCREEN_TIMES: TripTimes = TripTimes::s(60, 600);
/// pH of the raw water at which nothing is taken, for how long (F60: 10 min), and where it is fit again.
const PH_TIMES: TripTimes = TripTimes::s(600, 600);
const PH_FATAL: (Ph, Ph) = (Ph(5.0), Ph(9.5));
/// A river that rises this much in an hour warns of a flood (R-2.3-06).
const RISE_MAX: Metres = Metres(0.5);
/// Parts of the hour over which the rise is seen.
const PARTS: usize = 12;
const PART: Duration = Duration::from_secs(300);

/// What is remembered of the river.
#[derive(Clone, Copy, Debug)]
pub(super) struct River {
    flood: Trip,
    screen: Trip,
    ph: Trip,
    /// Lowest level of each part of the last hour, m.
    lowest: [f64; PARTS],
    at: usize,
    in_part: Duration,
}

impl Default for River {
    fn default() -> River {
        River {
            flood: Trip::default(),
            screen: Trip::default(),
            ph: Trip::default(),
            lowest: [f64::INFINITY; PARTS],
            at: 0,
            in_part: Duration::ZERO,
        }
    }
}

impl Intake {
    /// One look at the river. What is not known changes nothing, but for the screen: without LT-101 the wet well alone says
    /// whether there is water (R-2.12-12).
    pub(super) fn watch_river(&mut self, elapsed: Duration) {
        let settings = &self.settings;
        let level = self.inputs.river_level.usable();
        let above = |limit: Metres| self.inputs.river_level.exceeds(limit);
        let below = level.is_some_and(|level| level <= settings.flood_stop - FLOOD_BAND);
        let floods = self.inputs.river_level.seen_above(settings.flood_stop);
        self.river.flood.judge(floods, below, FLOOD_TIMES, elapsed);
        self.status.river_rise = self.river.rise(self.inputs.river_level, elapsed);
        let rises = self.status.river_rise.usable().is_some_and(|rise| rise > RISE_MAX);
        self.status.flood_warning = above(settings.flood_alarm) || rises;

        let loss = self
            .inputs
            .river_level
            .zip(self.inputs.wet_well_level, |river, well| river - well - settings.screen_offset);
        self.status.screen_loss = loss;
        let clogged = loss.seen(|loss| loss > settings.screen_stop);
        let clear = loss.usable().is_none_or(|loss| loss <= settings.screen_alarm);
        self.river.screen.judge(clogged, clear, SCREEN_TIMES, elapsed);

        let ph = self.inputs.ph.usable();
        let fatal = self.inputs.ph.seen(|ph| !(ph >= PH_FATAL.0 && ph <= PH_FATAL.1));
        let fit = ph.is_some_and(|ph| ph >= settings.ph_low && ph <= settings.ph_high);
        self.river.ph.judge(fatal, fit, PH_TIMES, elapsed);
    }

    /// The river stands above the flood stop.
    pub(super) fn floods(&self) -> bool {
        self.river.flood.stands()
    }

    /// The screen lets too little through.
    pub(super) fn screen_blocked(&self) -> bool {
        self.river.screen.stands()
    }

    /// The screen is on its way there.
    pub(super) fn screen_clogs(&self) -> bool {
        self.screen_blocked()
            || self
                .status
                .screen_loss
                .usable()
                .is_some_and(|loss| loss > self.settings.screen_alarm)
    }

    /// The raw water is too acid or too alkaline to be taken at all.
    pub(super) fn ph_fatal(&self) -> bool {
        self.river.ph.stands()
    }
}

impl River {
    /// How far the river stands above its lowest of the last hour.
    fn rise(&mut self, level: Signal<Metres>, elapsed: Duration) -> Signal<Metres> {
        self.in_part = self.in_part.saturating_add(elapsed);
        if self.in_part >= PART {
            self.in_part = Duration::ZERO;
            self.at = (self.at + 1) % PARTS;
            self.lowest[self.at] = f64::INFINITY;
        }
        level.map(|level| {
            if level.0 < self.lowest[self.at] {
                self.lowest[self.at] = level.0;
            }
            let lowest = self
                .lowest
                .iter()
                .fold(level.0, |least, part| if *part < least { *part } else { least });
            level - Metres(lowest)
        })
    }
}
