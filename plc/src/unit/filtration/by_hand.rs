//! P-301, P-351 and B-351 by hand: only where their water or air has a way, and no faster than the beds bear.
//!
//! A person's wish replaces the sequence's demand and nothing else (R-2.1-02): dead head, dry run, the rate of a bed and the
//! room in T-601 hold it as they hold a sequence. What the filters' own states would see to, the valves must show here:
//!
//! ```text
//! P-301   a filter that takes water, or n1 and n5 open, n2 closed: to waste
//! P-351   n3 and n4 open, all others closed; P-501 at rest; water to spare, room in T-601
//! B-351   n6 and n4 open, all others closed; drained since water last came in
//! ```
//! Wash water or air makes a filter dirty, whoever sent it: it is washed in full before it delivers (R-2.6.1-15).

use core::time::Duration;

use super::{Around, Filtration};
use crate::device::{Drive, Handling, Motor};
use crate::quantity::{CubicMetresPerHour, KiloPascals, Percent};
use crate::reason::{Reason, Reasons};
use crate::unit::filter::{Report, Water};

/// A P-301 by hand gets faster by so much a second, %: a filter's flow changes by less than 15 % of nominal a minute
/// (INV-13).
const SPEED_RISE: f64 = 0.1;
/// And slower where the beds get too much, % a second: well inside INV-12's 120 s (chosen).
const SPEED_FALL: f64 = 1.0;
/// It gets no faster above this share of what the beds may carry (chosen).
const NEAR: f64 = 0.95;
/// LT-601, above this nothing is filtered to waste by hand (P7 of the start: R-2.2-17).
const WASTE_MAX: Percent = Percent(80.0);
/// PT-352, as in a wash (A5).
const PRESSURE_MAX: KiloPascals = KiloPascals(45.0);

/// What is remembered of runs by hand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ByHand {
    /// P-301 may turn so fast, %.
    feed_speed: f64,
    /// The air found no way: until the wish ends, or a reset.
    air_failed: Reasons,
}

/// A person wants it to run.
fn is_wished(handling: &Handling) -> bool {
    handling.is_manual() && handling.wish().is_some_and(|wish| wish > Percent::ZERO)
}

impl Filtration {
    /// What holds a P-301 that a person commands.
    pub(super) fn feed_protections(&self, around: &Around) -> Reasons {
        let level = around.settled_level.usable();
        let low = level.is_some_and(|level| !(level >= self.settings.stop_level));
        let through = self.reports().iter().any(|report| report.feed_way);
        let to_waste = self.reports().iter().any(|report| report.to_waste_way);
        let room = around.waste_level.usable().is_some_and(|level| level <= WASTE_MAX);
        around
            .holds
            .feed
            .and_if(level.is_none(), Reason::LevelUnknown)
            .and_if(low, Reason::SettledTankLow)
            .and_if(!through && !to_waste, Reason::NoPathOpen)
            .and_if(!through && to_waste && !room, Reason::WasteTankHigh)
    }

    /// The speed that a P-301 by hand may have: rising slowly, and falling while the beds get more than they may carry, or
    /// nobody knows how much (INV-12).
    pub(super) fn feed_speed_max(&mut self, around: &Around, elapsed: Duration) -> Percent {
        let lowest = self.lowest_speed();
        let open = self.reports().iter().filter(|report| report.feed_way || report.to_waste_way);
        let area: f64 = open.map(|report| report.area.0).sum();
        let most = CubicMetresPerHour(self.settings.rate_max.0 * area).or_less(around.nominal);
        let flow = self.feed_flow(around.nominal).usable();
        let turns = |pump: &&Drive| pump.is_running();
        let Some(pump) = self.pump.iter().find(turns) else {
            self.by_hand.feed_speed = lowest.0;
            return lowest;
        };
        let speed = if pump.handling.is_manual() {
            let seconds = elapsed.as_secs_f64();
            let is = self.by_hand.feed_speed;
            match flow {
                Some(flow) if flow <= most * NEAR => is + SPEED_RISE * seconds,
                Some(flow) if flow <= most => is,
                Some(_) | None => is - SPEED_FALL * seconds,
            }
        } else {
            pump.outputs.speed.value().0
        };
        let speed = Percent(speed).within(lowest, Percent(100.0));
        self.by_hand.feed_speed = speed.0;
        speed
    }

    /// The filter through which P-351 by hand may send water: as if it were washed, at the rate of a wash at most.
    pub(super) fn washed_by_hand(&self) -> Option<Report> {
        if !self.wash_pump.handling.is_manual() {
            return None;
        }
        let report = self.reports().iter().find(|report| report.water_way)?;
        let wished = is_wished(&self.wash_pump.handling);
        Some(Report { water: if wished { Water::ByHand } else { Water::None }, ..*report })
    }

    /// What holds P-351 that a person commands: the permissives of a wash (W3, W4, W6), for as long as it runs.
    pub(super) fn wash_protections(&self, around: &Around) -> Reasons {
        let way = self.reports().iter().any(|report| report.water_way);
        self.wash_causes(around)
            .and(self.wash_train.failed_by_hand())
            .and_if(!way, Reason::NoPathOpen)
            .and_if(!around.lift_stopped, Reason::LiftPumpRuns)
            .and_if(!around.wash_water, Reason::WashWaterShort)
    }

    /// What holds B-351 that a person commands.
    pub(super) fn air_protections(&mut self, around: &Around) -> Reasons {
        let pressure = self.inputs.air_pressure.usable();
        let wished =
            self.blower.as_ref().map(|blower: &Motor| &blower.handling).is_some_and(is_wished);
        let wrong = Reasons::NONE
            .and_if(pressure.is_none(), Reason::AirPressureUnknown)
            .and_if(self.inputs.air_pressure.exceeds(PRESSURE_MAX), Reason::AirPressureHigh);
        let kept = if wished && !around.reset { self.by_hand.air_failed } else { Reasons::NONE };
        self.by_hand.air_failed = kept.and(wrong);
        let way = self.reports().iter().any(|report| report.air_way);
        self.wash_causes(around).and(self.by_hand.air_failed).and_if(!way, Reason::NoPathOpen)
    }

    /// What forbids water or air upwards, whoever asks for it.
    pub(super) fn wash_causes(&self, around: &Around) -> Reasons {
        let room =
            around.waste_level.usable().is_some_and(|level| level <= self.settings.waste_level_max);
        around
            .holds
            .wash
            .and(around.holds.wash_inlet)
            .and_if(!room, Reason::WashWasteRoom)
            .and_if(!around.power_stable, Reason::WashPowerUnstable)
    }
}
