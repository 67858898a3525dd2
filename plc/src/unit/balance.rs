//! The water balance of one tank: a leak, or a meter that is wrong (`docs/spec/plant.md` 2.12, R-2.12-11).

use core::time::Duration;

use crate::alarm::{Condition, Priority};
use crate::block::{Balance, Flows};
use crate::declare::{alarm, alarms, between, parts, settings, shown, status};
use crate::quantity::{CubicMetres, CubicMetresPerHour, Percent};
use crate::signal::Signal;
use crate::tag::Role;

settings! {
    /// How far a balance may be open.
    pub struct Settings {
        /// Share of the throughput that may be missing, or too much, over 4 h.
        pub open_max: Percent = between(5.0..=50.0, 15.0).by(Role::Supervisor),
    }
}

status! {
    /// How it stood at the end of the last hour.
    pub struct Status {
        /// Missing water, share of the throughput of the last 4 h; below zero: too much.
        pub missing: Percent = shown().span(-50.0..=50.0),
    }
}

alarms! {
    /// The alarm of a balance.
    pub struct Alarms {
        /// The water balance does not close.
        pub balance: Condition = alarm(916, Priority::P3),
    }
}

const ENTRY: Duration = Duration::from_secs(1);
/// Over this time (R-2.12-11).
const WINDOW: Duration = Duration::from_secs(4 * 3600);
/// An open balance closes this much below its limit, % (`docs/spec/plant.md` 4, alarm 916).
const DEADBAND: f64 = 5.0;
/// Less throughput than the nominal flow of an hour says nothing: meters and levels are not that fine (chosen).
const THROUGHPUT_MIN_H: f64 = 1.0;
/// Shown at most.
const MISSING_MAX: Percent = Percent(999.0);

/// What is known of a tank in one moment.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub nominal: CubicMetresPerHour,
    pub inflow: Signal<CubicMetresPerHour>,
    pub outflow: Signal<CubicMetresPerHour>,
    pub volume: Signal<CubicMetres>,
    /// Water comes or goes that no meter sees, by design.
    pub unmetered: bool,
}

/// The books of one tank.
#[derive(Default)]
pub struct TankBalance {
    pub settings: Settings,
    pub status: Status,
    pub alarms: Alarms,
    balance: Balance,
    since_entry: Duration,
}
parts! { TankBalance { settings, status, alarms; one: ; many: ; maybe: ; balance, since_entry } }

impl TankBalance {
    /// One scan; an entry a second (class C, R-2.0-01).
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.since_entry = self.since_entry.saturating_add(elapsed);
        if self.since_entry < ENTRY {
            return;
        }
        let elapsed = self.since_entry;
        self.since_entry = Duration::ZERO;
        let known = (around.inflow.usable(), around.outflow.usable(), around.volume.usable());
        let flows = match known {
            (Some(inflow), Some(outflow), Some(volume)) if !around.unmetered => {
                Some(Flows { inflow: inflow.0, outflow: outflow.0, held: volume.0 })
            }
            (Some(_) | None, _, _) => None,
        };
        let Some(account) = self.balance.take(flows, WINDOW, elapsed) else {
            // Between two verdicts the last one stands; what cannot be judged raises nothing.
            self.alarms.balance =
                if flows.is_none() { Condition::Suppressed } else { self.alarms.balance };
            return;
        };
        let enough = account.throughput >= THROUGHPUT_MIN_H * around.nominal.0;
        let share = if enough {
            Percent(100.0 * account.missing / account.throughput)
        } else {
            Percent::ZERO
        };
        self.status.missing = share.within(-MISSING_MAX, MISSING_MAX);
        self.alarms.balance = Signal::Good(share.distance(Percent::ZERO))
            .above(self.settings.open_max, Percent(DEADBAND));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-2.12-11: a tank that loses a fifth of what passes through it raises 916; one that does not, none; and a tank with
    /// a way out that no meter sees is not judged.
    #[test]
    fn a_tank_that_leaks_a_fifth_of_its_water_is_called_out_within_four_hours() {
        for (leak, unmetered, expected) in [
            (0.0, false, Condition::Clear),
            (0.4, false, Condition::Clear),
            (1.0, false, Condition::Active),
            (-1.0, false, Condition::Active),
            (1.0, true, Condition::Suppressed),
        ] {
            let mut tank = TankBalance::default();
            let mut volume = 20.0;
            for _ in 0..4 * 3600 + 60 {
                volume += (5.0 - 4.0 - leak) / 3600.0;
                let around = Around {
                    nominal: CubicMetresPerHour(5.0),
                    inflow: Signal::Good(CubicMetresPerHour(5.0)),
                    outflow: Signal::Good(CubicMetresPerHour(4.0)),
                    volume: Signal::Good(CubicMetres(volume)),
                    unmetered,
                };
                tank.scan(around, Duration::from_secs(1));
            }
            assert_eq!(tank.alarms.balance, expected, "{leak} m³/h lost, unmetered {unmetered}");
        }
    }
}
