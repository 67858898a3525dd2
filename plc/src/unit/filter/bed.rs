//! The bed itself: what a clean one costs in head, and how clear its water is.
//!
//! `docs/spec/plant.md` 2.6.6 (strict profile), 4 (alarm 309).

use core::time::Duration;

use super::{Around, Filter};
use crate::block::{Lag, interpolate};
use crate::interlock::turbidity_limit;
use crate::quantity::{KiloPascals, Ntu, Percent};

/// The clean bed is measured when it has filtered this long since its wash, and not much longer; chosen: rate and gauge are
/// steady by then, and less than 3 % of a run has gone into the bed.
const CLEAN_FROM: Duration = Duration::from_secs(900);
const CLEAN_UNTIL: Duration = Duration::from_secs(3600);
/// Smooths a gauge's noise; chosen.
const SMOOTHING: Duration = Duration::from_secs(60);
/// Viscosity of water over that at 20 °C (IAPWS): head loss through sand is proportional to it.
const VISCOSITY: [(f64, f64); 7] = [
    (5.0, 1.516),
    (10.0, 1.304),
    (15.0, 1.136),
    (20.0, 1.0),
    (25.0, 0.888),
    (30.0, 0.796),
    (35.0, 0.718),
];
/// Alarm 309: this times the head loss of commissioning (`docs/spec/plant.md` 4).
const FOULED: f64 = 1.5;
/// What the strict profile asks of the water (R-2.6.6-04).
pub const STRICT_CLEAR: Ntu = Ntu(0.10);
pub const STRICT_PEAK: Ntu = Ntu(0.30);

/// What is remembered of the clean bed.
#[derive(Clone, Copy, Debug, Default)]
pub struct CleanBed {
    loss: Lag,
    /// A wash was finished, and its bed not yet measured.
    due: bool,
}

impl Filter {
    /// The next filtering shows the clean bed.
    pub(super) fn expect_clean_bed(&mut self) {
        self.clean_bed = CleanBed { due: true, ..CleanBed::default() };
    }

    /// Looks at the bed and its water while it delivers.
    pub(super) fn watch_bed(&mut self, around: &Around, elapsed: Duration) {
        if self.status.judged_turbidity.usable().is_some_and(|turbidity| turbidity <= STRICT_CLEAR)
        {
            self.retained.clear_time = self.retained.clear_time.saturating_add(elapsed);
        }
        let run_time = self.retained.run_time;
        let loss = self.status.head_loss_normal.usable();
        let temperature = around.temperature.usable();
        if let (true, Some(loss), Some(temperature)) = (self.clean_bed.due, loss, temperature) {
            let loss = loss.0 / interpolate(&VISCOSITY, temperature.0);
            let loss = self.clean_bed.loss.follow(loss, SMOOTHING, SMOOTHING, elapsed);
            if run_time >= CLEAN_FROM {
                self.clean_bed.due = false;
                if run_time < CLEAN_UNTIL {
                    self.take_clean_head_loss(KiloPascals(loss));
                }
            }
        }
    }

    fn take_clean_head_loss(&mut self, loss: KiloPascals) {
        self.retained.clean_head_loss = loss;
        if self.retained.first_clean_head_loss == KiloPascals::ZERO {
            self.retained.first_clean_head_loss = loss;
        }
    }

    /// The clean bed holds back much more than when it was new: mud balls, scale.
    pub(super) fn is_fouled(&self) -> bool {
        let set = self.settings.clean_bed;
        let first = if set > KiloPascals::ZERO { set } else { self.retained.first_clean_head_loss };
        first > KiloPascals::ZERO && self.retained.clean_head_loss > first * FOULED
    }

    /// Share of its filtering since the wash with water as clear as the strict profile asks.
    pub(super) fn clear_share(&self) -> Percent {
        let run_time = self.retained.run_time.as_secs_f64();
        let share = if run_time > 0.0 {
            100.0 * self.retained.clear_time.as_secs_f64() / run_time
        } else {
            100.0
        };
        Percent(share).within(Percent(0.0), Percent(100.0))
    }

    /// Turbidity at which ripening ends.
    pub(super) fn ripe_at(&self, around: &Around) -> Ntu {
        let limit = self.settings.ripen_limit;
        let limit = if around.strict { limit.or_less(STRICT_CLEAR) } else { limit };
        // In an emergency a bed that had its time and is no clearer delivers what is let through (R-2.19-02).
        match around.relaxed {
            Some(relaxed) if self.memory.step >= self.settings.ripen_time_max => {
                turbidity_limit(Some(relaxed))
            }
            Some(_) | None => limit,
        }
    }

    /// Turbidity that asks for a wash.
    pub(super) fn turbid_at(&self, around: &Around) -> Ntu {
        let limit = self.settings.turbidity_max;
        if around.strict { limit.or_less(STRICT_PEAK) } else { limit }
    }
}
