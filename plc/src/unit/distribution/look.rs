//! What is judged once a second, what is shown, and which alarms speak.

use core::time::Duration;

use super::pressure::STANDS;
use super::{Alarms, Around, Distribution, lost_tank, village};
use crate::alarm::Condition;
use crate::device::Drive;
use crate::quantity::{CubicMetres, Metres, MilligramMinutesPerLitre, Percent, Ratio};
use crate::reason::{Reason, Reasons};
use crate::signal::{Fault, Signal};
use crate::unit::balance;
use crate::unit::loop_watch::{self, QUICK};

/// Slow judgements, once a second (class C, R-2.0-01).
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// Alarm 421 clears this far below its limit, 413 and 503, 504 above theirs (`docs/spec/plant.md` 4).
const HIGH_DEADBAND: Metres = Metres(0.07);
const LOW_DEADBAND: Metres = Metres(0.1);
/// FIT-501 moves this much by itself, as a share of nominal: 1 % (`docs/spec/plant.md` 1.4), three times.
const FLOW_NOISE: f64 = 0.03;
/// PT-501 moves this much by itself, kPa: 0.5 % of 1 000, three times; and the village's taps, which nobody can tune away
/// (chosen, the minute's noise of `docs/spec/plant.md` 6.12 on 250 kPa).
const PRESSURE_NOISE: f64 = 15.0;
const TANK_DEADBAND: Metres = Metres(0.2);

/// What keeps water back because there is not enough, or nobody can say that it is safe, or how much of it there is. The conditions on contact time that
/// only a start has are not among them: what lasts is the cause's, a minute later (R-2.8-04).
const HELD_BACK: Reasons = Reasons::all(&[
    Reason::QualityHold,
    Reason::FilteredWaterTurbid,
    Reason::ChlorineUnknown,
    Reason::ChlorineOutOfLimits,
    Reason::ChlorineTooLow,
    Reason::ChlorineDangerous,
    Reason::ChlorineStaysLow,
    Reason::ChlorineEmpty,
    Reason::TreatedPhOutOfRange,
    Reason::LevelUnknown,
    Reason::ClearWellLow,
]);

impl Distribution {
    /// The village asks for water, and the plant by itself gives it none that it cannot vouch for: no such stop is silent (INV-44).
    fn holds_water_back(&self, around: &Around) -> bool {
        let why = self.status.blocked;
        let asked = around.run && !why.has(Reason::NoDemand) && self.handling.why().is_empty();
        asked && !self.is_on() && (around.contact_short || !why.of(HELD_BACK).is_empty())
    }

    /// What changes slowly: the elevated tank's level, the village, the balances.
    pub(super) fn look(&mut self, around: &Around) {
        let elapsed = self.since_look;
        self.since_look = Duration::ZERO;
        let around = &Around { reset: self.reset_seen, ..*around };
        self.reset_seen = false;
        if self.has_tank {
            let now = lost_tank::Now {
                still: self.pump.iter().all(Drive::is_still),
                asked: self.asked(around.flow_allowed, around.nominal),
                hour: around.hour,
                reset: around.reset,
            };
            let offset = &mut self.retained.static_offset;
            self.status.tank_level =
                self.tank.judge(&self.inputs, &self.settings, offset, now, elapsed);
            self.status.next_run_left = self.tank.next_run();
        }
        let depth = self.settings.elevated_depth;
        self.status.elevated_share = self
            .status
            .tank_level
            .map(|level| Percent(100.0 * level.0 / depth.0).within(Percent(0.0), Percent(120.0)));
        self.watch_village(around, elapsed);
        self.watch_loops(around, elapsed);
        let nominal = around.nominal;
        let area = self.settings.elevated_area.0;
        let tank = if self.has_tank && !self.tank.is_doubtful() {
            self.inputs.elevated_level.map(|level| CubicMetres(level.0 * area))
        } else {
            Signal::Bad(Fault::NotFitted)
        };
        let delivered = self.inputs.flow;
        let tank = balance::Around {
            nominal,
            inflow: delivered,
            outflow: self.inputs.village_flow,
            volume: tank,
            unmetered: false,
        };
        self.tank_balance.scan(tank, elapsed);
        let well = balance::Around {
            nominal,
            inflow: around.filtered,
            outflow: delivered.zip(around.wash, |delivered, wash| delivered + wash),
            volume: self.status.level.map(|level| CubicMetres(level.0 * self.settings.area.0)),
            // HV-401 drains it unseen while its water is held.
            unmetered: self.retained.contaminated,
        };
        self.clear_well_balance.scan(well, elapsed);
    }

    fn watch_loops(&mut self, around: &Around, elapsed: Duration) {
        let (flow, pressure) = if self.has_tank {
            (self.look_at_flow_loop(), None)
        } else {
            (None, self.look_at_pressure_loop())
        };
        let noise = FLOW_NOISE * around.nominal.0;
        let flow = loop_watch::Around { look: flow, noise, window: QUICK };
        self.flow_watch.scan(flow, elapsed);
        let pressure = loop_watch::Around { look: pressure, noise: PRESSURE_NOISE, window: QUICK };
        self.pressure_watch.scan(pressure, elapsed);
    }

    pub(super) fn show(&mut self, around: &Around, unfit: Reasons) {
        let inactivation = &around.inactivation;
        self.status.contact_minutes = Ratio(inactivation.minutes).within(Ratio(0.0), Ratio(9999.0));
        self.status.contact =
            inactivation.ct.within(MilligramMinutesPerLitre(0.0), MilligramMinutesPerLitre(9999.0));
        self.status.inactivation_ratio = Ratio(inactivation.ratio).within(Ratio(0.0), Ratio(99.0));
        self.status.safe_to_drink = unfit.is_empty();
    }

    pub(super) fn raise(&mut self, around: &Around) {
        let failed = self.pumps.failed(&self.pump);
        let settings = &self.settings;
        let tank = self.status.tank_level;
        let no_tank = !self.has_tank;
        self.alarms = Alarms {
            contact_low: Signal::Good(Ratio(around.inactivation.ratio))
                .below(Ratio(1.2), Ratio(0.1))
                .unless(!around.run || !self.is_on()),
            contact_too_low: Condition::when(around.contact_short).unless(!around.run),
            levels_disagree: Condition::when(self.levels_disagree()),
            level_low: self.status.level.below(settings.level_min, LOW_DEADBAND),
            empty: Condition::when(!self.inputs.low_low.closed()),
            high: self.status.level_high.above(settings.level_high_limit, HIGH_DEADBAND),
            overflow: Condition::when(!self.inputs.high_high.closed()),
            quality_hold: Condition::when(self.retained.contaminated),
            outlet_fault: Condition::when(self.outlet.is_faulty()),
            pump_fault: Condition::when(failed > 0),
            pumps_failed: Condition::when(failed == self.pump.len()),
            tank_low: tank.below(settings.tank_low_limit, TANK_DEADBAND).absent_where(no_tank),
            tank_very_low: tank
                .below(settings.tank_very_low_limit, TANK_DEADBAND)
                .absent_where(no_tank),
            tank_overflow: Condition::when(self.inputs.elevated_high_high.open())
                .absent_where(no_tank),
            tank_lost: Condition::when(self.tank.is_doubtful()).absent_where(no_tank),
            pipe_burst: Condition::when(
                self.pipe_breaks()
                    || self.status.network.has(Reason::PipeBroken)
                    || self.status.network.has(Reason::VillageCutOff),
            )
            .unless(!around.run),
            water_held_back: Condition::when(self.holds_water_back(around)),
            night_leak: Condition::when(self.retained.leak_nights.0 >= village::LEAK_NIGHTS),
            // Nobody knows it while PT-501 is Bad: that is 908's.
            network_dry: Condition::when(
                self.inputs.pressure.usable().is_some_and(|pressure| pressure < STANDS),
            )
            .absent_where(self.has_tank),
        };
    }
}
