//! Which promises a fault makes impossible to keep, and how long after it is mended they bind again.
//!
//! ```text
//! binds -> waived (a fault stands) -> waived (mended; time runs) -> binds
//! ```
//! A waiver lasts no longer than its fault and what the fault leaves behind: the water that was made under it, the starts of
//! an hour, a filter that must be washed. A batch that was mixed wrong is mended by nobody: nothing says when it is used up.

use crate::twin::devices::DoserAt;
use crate::{Act, ActuatorFault, Trouble};

/// What may be waived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// Nobody can know how much coagulant the water gets: wrong strength, air in the pump, a lying raw turbidity (F8, F12, F13).
    Coagulant,
    /// Motors start and stop when they are told: one is welded (F5), or says so.
    Obedience,
    /// A valve stands open that nobody can shut, of any filter; or of the sludge.
    FilterValves,
    SludgeValves,
    /// The inlet of a sedimentation tank lets nothing through although its limit switches say that it is open.
    TankInlets,
    /// The outlet of a sedimentation tank opened by itself, and nobody can shut it.
    TankOutlets,
    /// FIT-501 lies: what P-501 moves is then known by balances, in ten minutes.
    LiftMeter,
    /// The elevated tank lies about its level (F39, F40).
    ElevatedTank,
    /// The analyser that clears delivered water lies (F35, F36 and their kin), or that of turbidity.
    Chlorine,
    Turbidity,
    /// A level that guards a suction or a brim lies.
    Levels,
    /// Somebody, not the plant, has shut the village off (F61).
    Village,
}

const PROMISES: [Promise; 12] = [
    Promise::Coagulant,
    Promise::Obedience,
    Promise::FilterValves,
    Promise::SludgeValves,
    Promise::TankInlets,
    Promise::TankOutlets,
    Promise::LiftMeter,
    Promise::ElevatedTank,
    Promise::Chlorine,
    Promise::Turbidity,
    Promise::Levels,
    Promise::Village,
];

/// A day of making water renews the clear well six times (chosen; T-401 is 20 m³ at 5 m³/h).
const RENEWED_S: f64 = 86_400.0;
/// Two hours: the starts of an hour are forgotten, a filter has been washed and has ripened, a level is believed (chosen).
const SETTLED_S: f64 = 7_200.0;

impl Promise {
    /// How long after the fault is mended it binds again, s; of water that was let through, of making water.
    fn after_s(self) -> f64 {
        match self {
            Promise::Chlorine | Promise::Turbidity => RENEWED_S,
            Promise::Coagulant
            | Promise::Obedience
            | Promise::FilterValves
            | Promise::SludgeValves
            | Promise::TankInlets
            | Promise::TankOutlets
            | Promise::LiftMeter
            | Promise::ElevatedTank
            | Promise::Levels
            | Promise::Village => SETTLED_S,
        }
    }

    fn is_of_water(self) -> bool {
        self.after_s() == RENEWED_S
    }

    /// An input that lies makes it impossible.
    fn is_waived_by_input(self, path: &str) -> bool {
        let of = |ends: &[&str]| ends.contains(&path);
        match self {
            Promise::Coagulant => of(&[
                "intake.turbidity",
                "intake.flow",
                "intake.ph",
                "coagulation.tank_level",
                "coagulation.doser.strokes",
            ]),
            Promise::Obedience => path.ends_with(".running") || path.ends_with(".frequency"),
            Promise::FilterValves => path.starts_with("filter") && path.matches('.').count() == 2,
            Promise::SludgeValves => path.contains(".sludge."),
            Promise::ElevatedTank => {
                of(&["distribution.elevated_level", "distribution.elevated_high_high"])
            }
            Promise::Chlorine => of(&[
                "disinfection.chlorine",
                "disinfection.outlet_chlorine",
                "disinfection.ph",
                "disinfection.temperature",
                "disinfection.doser.strokes",
                "distribution.level_a",
                "distribution.level_b",
                "distribution.flow",
            ]),
            Promise::Turbidity => path.ends_with("turbidity"),
            Promise::Levels => {
                path.starts_with("tank")
                    || of(&[
                        "distribution.level_a",
                        "distribution.level_b",
                        "distribution.low_low",
                        "distribution.high_high",
                        "sedimentation.settled_level",
                        "intake.wet_well_level",
                        "intake.wet_well_low_low",
                        "waste.level",
                        "waste.high_high",
                    ])
            }
            Promise::LiftMeter => path == "distribution.flow",
            Promise::TankInlets | Promise::TankOutlets | Promise::Village => false,
        }
    }

    /// A device that is broken in this way makes it impossible.
    fn is_waived_by_device(self, path: &str, fault: ActuatorFault) -> bool {
        let is_motor = path.contains(".pump")
            || path.ends_with("_pump")
            || path.ends_with("blower")
            || path.ends_with("mixer");
        match self {
            Promise::Obedience => is_motor && fault == ActuatorFault::Run,
            Promise::FilterValves => path.starts_with("filter") && !is_motor,
            Promise::SludgeValves => path.ends_with(".sludge"),
            Promise::Coagulant => path == "coagulation.doser",
            Promise::TankInlets => {
                path.starts_with("tank") && path.ends_with(".inlet") && fault == ActuatorFault::Plug
            }
            Promise::Village => path == "distribution.outlet",
            Promise::TankOutlets => {
                path.starts_with("tank") && path.ends_with(".outlet") && fault == ActuatorFault::Run
            }
            Promise::LiftMeter
            | Promise::ElevatedTank
            | Promise::Chlorine
            | Promise::Turbidity
            | Promise::Levels => false,
        }
    }
}

/// What stands in a promise's way.
#[derive(Clone, Debug, PartialEq)]
enum Cause {
    /// The world's instrument is wrong.
    Instrument(String),
    /// The core alone is told something wrong.
    Lie(String),
    Device(String),
    /// What nobody mends.
    Batch,
}

/// One promise's faults, and the time after the last of them.
#[derive(Clone, Debug, Default)]
struct Waiver {
    causes: Vec<Cause>,
    left_s: f64,
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Waivers {
    all: [Waiver; PROMISES.len()],
}

impl Waivers {
    /// It cannot be kept now, or binds not yet again.
    pub fn cover(&self, promise: Promise) -> bool {
        let waiver = &self.all[promise as usize];
        !waiver.causes.is_empty() || waiver.left_s > 0.0
    }

    /// Time passes, and water is made or not.
    pub fn elapse(&mut self, seconds: f64, makes: bool) {
        for (promise, waiver) in PROMISES.iter().zip(&mut self.all) {
            if waiver.causes.is_empty() && (makes || !promise.is_of_water()) {
                waiver.left_s -= seconds;
            }
        }
    }

    /// Something was done to the world.
    pub fn told(&mut self, act: &Act) {
        match act {
            Act::SensorFault { path, fault: Some(_) } => {
                self.begin(&Cause::Instrument(path.clone()), |promise| {
                    promise.is_waived_by_input(path)
                });
            }
            Act::ActuatorFault { path, fault: Some(fault) } => {
                self.begin(&Cause::Device(path.clone()), |promise| {
                    promise.is_waived_by_device(path, *fault)
                });
            }
            Act::Befall(
                Trouble::Stock(DoserAt::Coagulant, _) | Trouble::Fill(DoserAt::Coagulant, _),
            ) => self.begin(&Cause::Batch, |promise| promise == Promise::Coagulant),
            Act::SensorFault { path, fault: None } => {
                self.end(|cause| *cause == Cause::Instrument(path.clone()));
            }
            Act::ActuatorFault { path, fault: None } => {
                self.end(|cause| *cause == Cause::Device(path.clone()));
            }
            Act::ClearAll => {
                self.end(|cause| matches!(cause, Cause::Instrument(_) | Cause::Device(_)));
            }
            Act::Befall(
                Trouble::Screen(_)
                | Trouble::Stock(DoserAt::Hypochlorite, _)
                | Trouble::Fill(DoserAt::Hypochlorite, _)
                | Trouble::Siphon(..)
                | Trouble::Attended(_)
                | Trouble::Demand(_)
                | Trouble::Burst(_)
                | Trouble::Voltage(_)
                | Trouble::RiverPh(_)
                | Trouble::Filth(_)
                | Trouble::Bypass(..)
                | Trouble::Sludge(..)
                | Trouble::Waste(_)
                | Trouble::AirBlocked(_),
            )
            | Act::Storm { .. }
            | Act::Press(_)
            | Act::Release(_)
            | Act::Turn(_)
            | Act::Silence { .. }
            | Act::Link { .. }
            | Act::Mains(_) => {}
        }
    }

    /// The core is told something wrong of this input.
    pub fn lied(&mut self, path: &str) {
        self.begin(&Cause::Lie(path.into()), |promise| promise.is_waived_by_input(path));
    }

    /// The core is told the truth of it again.
    pub fn believed(&mut self, path: &str) {
        self.end(|cause| *cause == Cause::Lie(path.into()));
    }

    fn begin(&mut self, cause: &Cause, waives: impl Fn(Promise) -> bool) {
        for (promise, waiver) in PROMISES.iter().zip(&mut self.all) {
            if waives(*promise) && !waiver.causes.contains(cause) {
                waiver.causes.push(cause.clone());
            }
        }
    }

    fn end(&mut self, is_mended: impl Fn(&Cause) -> bool) {
        for (promise, waiver) in PROMISES.iter().zip(&mut self.all) {
            let before = waiver.causes.len();
            waiver.causes.retain(|cause| !is_mended(cause));
            if waiver.causes.len() < before {
                waiver.left_s = promise.after_s();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SensorFault;

    const HOUR_S: f64 = 3_600.0;

    fn lies(path: &str) -> Act {
        Act::SensorFault { path: path.into(), fault: Some(SensorFault::Stuck) }
    }

    fn mended(path: &str) -> Act {
        Act::SensorFault { path: path.into(), fault: None }
    }

    #[test]
    fn a_promise_binds_again_two_hours_after_the_last_of_its_faults_is_mended() {
        let mut waivers = Waivers::default();
        assert!(!waivers.cover(Promise::Levels));
        waivers.told(&lies("waste.level"));
        waivers.lied("intake.wet_well_level");
        waivers.elapse(100.0 * HOUR_S, true);
        waivers.told(&mended("waste.level"));
        waivers.elapse(100.0 * HOUR_S, true);
        assert!(waivers.cover(Promise::Levels), "another level lies still");
        waivers.believed("intake.wet_well_level");
        waivers.elapse(1.9 * HOUR_S, false);
        assert!(waivers.cover(Promise::Levels));
        waivers.elapse(0.2 * HOUR_S, false);
        assert!(!waivers.cover(Promise::Levels));
    }

    #[test]
    fn water_that_was_let_through_is_gone_after_a_day_of_making_water() {
        let mut waivers = Waivers::default();
        waivers.told(&lies("filter1.turbidity"));
        waivers.told(&Act::ClearAll);
        waivers.elapse(1_000.0 * HOUR_S, false);
        assert!(waivers.cover(Promise::Turbidity), "it stands in the clear well");
        waivers.elapse(24.1 * HOUR_S, true);
        assert!(!waivers.cover(Promise::Turbidity));
    }

    #[test]
    fn a_batch_mixed_wrong_is_mended_by_nobody() {
        let mut waivers = Waivers::default();
        waivers.told(&Act::Befall(Trouble::Stock(DoserAt::Coagulant, 0.4)));
        waivers.told(&Act::Befall(Trouble::Stock(DoserAt::Coagulant, 1.0)));
        waivers.told(&Act::ClearAll);
        waivers.elapse(1_000.0 * HOUR_S, true);
        assert!(waivers.cover(Promise::Coagulant));
    }
}
