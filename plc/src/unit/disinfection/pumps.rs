//! P-411A and B: that they were told to stroke proves nothing, and that they stroke proves not that anything moves.
//!
//! ```text
//! no strokes (the device's own verdict) ---------------------> the other pump -> both failed: Fault
//! strokes, and what arrives looks like pure water: air lock -> Priming (60 s) -> again within 30 min: the other pump
//! ```
//! `docs/spec/plant.md` 2.7.5 (R-2.7.5-04), alarm 407.

use core::time::Duration;

use super::{Around, Disinfection, State};
use crate::quantity::{CubicMetres, MilligramsPerLitre, Percent};
use crate::reason::{Reason, Reasons};

/// The residual says something of the pump once dosed water has come through compartment, sample line and analyser: the
/// longest dead time of 600 s (R-2.7.2-01) and some of the compartment.
const ARRIVES_AFTER: Duration = Duration::from_secs(900);
/// Looked at each time this share of the compartment has been replaced: 5 min at nominal flow, well above the noise.
const LOOK_SHARE: f64 = 0.4;
/// Less than this share of what the dose should bring arrives: the pump moves nothing. Half-strength stock brings 0.4 of it,
/// a demand that jumps by 0.4 mg/l half; chosen between those and none at all.
const ARRIVES_SHARE: f64 = 0.3;
/// A dose that should bring less than this tells nothing, mg/l (chosen: ten times the analyser's noise).
const LEAST_SEEN: f64 = 0.2;
/// The tank falls as it should where it lost this share of what was pumped, beyond what its gauge tells for certain, %.
const TANK_SHARE: f64 = 0.5;
const TANK_SURE: f64 = 0.5;
/// Volume of T-411, l, at 5 m³/h nominal (`docs/spec/plant.md` 1.1).
const TANK: f64 = 100.0;
/// A second air lock this soon after a priming is not air that a priming removes (chosen: twice what it takes to see it).
const PRIMED_LATELY: Duration = Duration::from_secs(1800);
/// A person may prime once in this time: a minute at full stroke is 0.8 mg/l in the inlet compartment (chosen).
const PRIME_EVERY: Duration = Duration::from_secs(600);
/// Below this T-411 may give air, %.
const TANK_NEARLY_EMPTY: Percent = Percent(10.0);

/// What is remembered of the pumps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pumps {
    /// Residual, share of the compartment replaced, tank level, litres pumped and dose, since the last look.
    from: Option<Look>,
    /// Since the last automatic priming.
    since_primed: Option<Duration>,
    /// What was found of the pump of now.
    found: Reasons,
    /// The priming of now was asked by a person.
    pub by_hand: bool,
    /// What holds the pump, as of the last scan.
    pub held: Reasons,
    /// Air was found in this scan.
    pub air_locked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    residual: MilligramsPerLitre,
    replaced: f64,
    tank: Option<Percent>,
    pumped: f64,
    /// What the dose should have brought at least.
    brings: f64,
}

impl Disinfection {
    /// Volume of the inlet compartment.
    pub(super) fn compartment(&self, around: &Around) -> CubicMetres {
        self.settings.inlet_volume * (around.nominal.0 / 5.0)
    }

    /// Whether what arrives is what was dosed. Before the sequence.
    pub(super) fn watch_pumps(&mut self, around: &Around, elapsed: Duration) {
        self.status.prime_left = self.status.prime_left.saturating_sub(elapsed);
        let since = self.pumps.since_primed.map(|since| since.saturating_add(elapsed));
        self.pumps.since_primed = since.filter(|since| *since < PRIMED_LATELY);
        if around.reset {
            self.pumps.found = Reasons::NONE;
            self.pumps.since_primed = None;
        }
        self.pumps.air_locked = false;
        self.watch_tank(around);
        let tells = match self.status.state {
            State::PacedTrim | State::Underfeed => {
                let primed = self.pumps.since_primed;
                self.dosing_for >= ARRIVES_AFTER
                    && primed.is_none_or(|since| since >= ARRIVES_AFTER)
            }
            State::Off
            | State::NoFlowHold
            | State::Priming
            | State::PacedOnly
            | State::Manual
            | State::Overfeed
            | State::Fault => false,
        };
        let Some(residual) = self.status.inlet_residual.good().filter(|_| tells) else {
            self.pumps.from = None;
            return;
        };
        let compartment = self.compartment(around);
        let flow = around.filtered_flow.usable().unwrap_or_default();
        // What the trim adds for an unknown reason is not expected to arrive.
        let brings = self.status.dose - self.status.demand;
        let brings = brings.or_less(self.status.target).0;
        let tank = self.inputs.tank_level.usable();
        let fresh = Look { residual, replaced: 0.0, tank, pumped: 0.0, brings };
        let mut look = self.pumps.from.unwrap_or(fresh);
        let hours = elapsed.as_secs_f64() / 3600.0;
        look.replaced += flow.0 * hours / compartment.0;
        look.pumped += self.status.flow.0 * hours;
        if brings < look.brings {
            look.brings = brings;
        }
        if look.replaced < LOOK_SHARE {
            self.pumps.from = Some(look);
            return;
        }
        self.pumps.from = Some(fresh);
        let stays = libm::exp(-look.replaced);
        let arrives = (residual.0 - look.residual.0 * stays) / (1.0 - stays);
        let seen = look.brings >= LEAST_SEEN;
        let nothing = arrives < ARRIVES_SHARE * look.brings;
        if seen && nothing && self.doser.is_confirmed() && !self.tank_falls(&look, around) {
            self.find_air();
        } else if seen && self.pumps.since_primed.is_none() {
            self.pumps.found = Reasons::NONE;
        }
    }

    /// The tank lost what was pumped: chlorine goes somewhere, and air is not what is wrong.
    fn tank_falls(&self, look: &Look, around: &Around) -> bool {
        let share = 100.0 / (TANK * around.nominal.0 / 5.0);
        match (look.tank, self.inputs.tank_level.usable()) {
            (Some(before), Some(now)) => {
                before.0 - now.0 > TANK_SHARE * look.pumped * share + TANK_SURE
            }
            (Some(_) | None, _) => false,
        }
    }

    /// It strokes and moves nothing: a minute at full stroke, and where that did not help the other pump.
    fn find_air(&mut self) {
        let tank = self.inputs.tank_level.usable();
        let low = !tank.is_some_and(|level| level >= TANK_NEARLY_EMPTY);
        self.pumps.found = Reasons::only(Reason::StrokesMoveNothing)
            .with(Reason::AirInLine)
            .and_if(low, Reason::ChlorineEmpty)
            .and_if(self.pumps.since_primed.is_some(), Reason::DosingValveShut);
        if self.pumps.since_primed.is_some() {
            self.give_up();
        }
        self.pumps.air_locked = true;
    }

    /// The other pump: this one strokes and moves nothing.
    fn give_up(&mut self) {
        self.doser.fail(Reason::StrokesMoveNothing);
        self.forget_priming();
    }

    /// The tank says for an hour that nothing leaves it, and no residual says otherwise (R-2.4-10).
    fn watch_tank(&mut self, around: &Around) {
        let dosing = self.status.state.doses() && !self.doser.has_failed();
        if around.stock.nothing_leaves && dosing && !self.residual_holds() {
            self.pumps.found = Reasons::only(Reason::StrokesMoveNothing)
                .with(Reason::AirInLine)
                .with(Reason::DosingValveShut);
            self.give_up();
        }
    }

    /// The other pump strokes now: what was tried with the one before says nothing of it.
    pub(super) fn forget_priming(&mut self) {
        self.pumps.since_primed = None;
        self.pumps.from = None;
    }

    /// What the pumps remember once the sequence has moved on.
    pub(super) fn note_priming(&mut self, before: State, asked: bool) {
        if self.status.state == State::Priming && before != State::Priming {
            self.pumps.by_hand = asked;
            self.status.prime_left = PRIME_EVERY;
            if !asked {
                self.pumps.since_primed = Some(Duration::ZERO);
            }
        }
    }

    /// Why the pump worked in vain.
    pub(super) fn failed_by(&self) -> Reasons {
        let seen = self.doser.has_failed() && self.residual_holds();
        self.pumps
            .found
            .and(self.doser.status.failed_by)
            // Both pumps without strokes, and chlorine in the water: it is the contact that fails.
            .and_if(seen, Reason::WireOrContact)
    }

    /// Nothing was found wrong with the pump of now.
    pub(super) fn pumps_sound(&self) -> bool {
        self.pumps.found.is_empty()
    }

    /// Neither pump doses. Where no strokes are seen and the residual holds, chlorine goes in all the same.
    pub(super) fn has_failed(&self) -> bool {
        self.doser.has_failed() && !self.residual_holds()
    }

    /// Priming by a person, where there is no water: what the dosing guard lets through for a minute a day.
    #[must_use]
    pub fn primes_still_water(&self) -> bool {
        self.status.state == State::Priming
            && self.pumps.by_hand
            && self.status.blocked.has(Reason::NoFlow)
    }

    /// The pump may be primed by a person now; the answer to the order.
    pub fn may_prime(&self) -> Result<(), Reason> {
        let waits = self.status.prime_left > Duration::ZERO;
        if waits || matches!(self.status.state, State::Priming | State::Overfeed) {
            return Err(Reason::NotNow);
        }
        self.pumps.held.iter().next().map_or(Ok(()), Err)
    }
}
