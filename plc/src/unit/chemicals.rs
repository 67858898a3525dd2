//! Chemicals: what is in the day tanks T-211 and T-411, how strong it is, how long it lasts, and whether it goes where the
//! pumps say.
//!
//! ```text
//! Stocked <-> Asking (low, old, or refilled and nobody has said how strong)        any <-> Empty (dosing stops)
//! ```
//! In: levels, floats and strokes of the two dosers. Out: the strength that dosing counts on, when to mix, and how long
//! delivery may go on without chlorine. It commands nothing itself. `docs/spec/plant.md` 2.11, 2.7.3, 2.4 (R-2.4-10).

mod books;
mod lately;
mod recipe;
mod stock;
#[cfg(test)]
mod tests;

use core::time::Duration;

pub use recipe::Ageing;
pub use stock::{Around as StockAround, Batch, Stock, Told};

use crate::alarm::{Condition, Priority};
use crate::block::Sustained;
use crate::declare::{alarm, alarms, kept, parts, retained, shown, states, status};
use crate::quantity::{Grams, Litres, MilligramsPerLitre};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use crate::tag::Group;

retained! {
    /// What a restart gives nobody back.
    pub struct Retained {
        /// Time that delivery has gone on with T-411 empty.
        pub grace_used: Duration = kept().within(0.0..=1800.0).else_is(1800.0),
    }
}

/// A chemical of which nothing is left.
const PERMISSIVES: Reasons = Reasons::all(&[Reason::ChlorineEmpty, Reason::CoagulantEmpty]);

status! {
    /// Both tanks together.
    pub struct Status {
        /// State of the stocks.
        pub state: State = shown(),
        /// What dosing or delivery lacks.
        pub blocked: Reasons = shown().among(PERMISSIVES),
        /// Time that delivery may go on with T-411 empty.
        pub grace_left: Duration = shown().span(0.0..=1800.0),
        /// T-211, PAC powder to add for a full tank.
        pub coagulant_powder: Grams = shown().span(0.0..=10_000.0),
        /// T-211, water to add with it.
        pub coagulant_water: Litres = shown().span(0.0..=100.0),
        /// T-411, hypochlorite solution to add for a full tank.
        pub chlorine_solution: Litres = shown().span(0.0..=100.0),
        /// T-411, water to add with it.
        pub chlorine_water: Litres = shown().span(0.0..=100.0),
    }
}

alarms! {
    /// Alarms of the tanks.
    pub struct Alarms {
        /// LT-211, PAC strokes and tank disagree.
        pub coagulant_disagrees: Condition = alarm(211, Priority::P3),
        /// LT-211, PAC leak: level falls while the pump is off.
        pub coagulant_leak: Condition = alarm(212, Priority::P2).delays_s(0.0, 600.0),
        /// LT-411, chlorine leak: level falls while the pump is off.
        pub chlorine_leak: Condition = alarm(417, Priority::P2).delays_s(0.0, 600.0),
        /// LT-411, chlorine strokes and tank disagree.
        pub chlorine_disagrees: Condition = alarm(420, Priority::P3),
    }
}

/// How the stocks stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Stocked,
    /// Somebody has to mix, or to say what was mixed.
    Asking,
    Empty,
}
states! { State { Stocked, Asking, Empty } }

/// Which chemical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chemical {
    /// PAC, T-211.
    Coagulant,
    /// Hypochlorite, T-411.
    Chlorine,
}

/// Delivery goes on for so long with T-411 empty, while the outlet has this much chlorine (R-2.11-02).
const GRACE: Duration = Duration::from_secs(1800);
const GRACE_RESIDUAL: MilligramsPerLitre = MilligramsPerLitre(0.5);
/// A residual below that for so long ends it: the noise of one reading does not (chosen, the time of a trip in section 3).
const RESIDUAL_TIME: Duration = Duration::from_secs(60);
/// The grace is there again once the tank was filled for so long: a level that hovers about 5 % gives none (chosen).
const FILLED_TIME: Duration = Duration::from_secs(600);

/// What others contribute.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub coagulant: StockAround,
    pub chlorine: StockAround,
    /// AIT-403, or what counts in its place.
    pub residual: Signal<MilligramsPerLitre>,
}

/// Keeps the day tanks' books.
pub struct Chemicals {
    pub retained: Retained,
    pub status: Status,
    pub alarms: Alarms,
    pub coagulant: Stock,
    pub chlorine: Stock,
    too_low: Sustained,
    filled: Sustained,
    grace_lost: bool,
}
parts! { Chemicals {
    retained, status, alarms;
    one: coagulant = Group::single("coagulant", "T-211"),
         chlorine = Group::single("chlorine", "T-411");
    many: ; maybe: ;
    too_low, filled, grace_lost
} }

impl Default for Chemicals {
    fn default() -> Chemicals {
        Chemicals {
            retained: Retained::default(),
            status: Status::default(),
            alarms: Alarms::default(),
            coagulant: Stock::new(Ageing::None),
            chlorine: Stock::new(Ageing::Hypochlorite),
            too_low: Sustained::default(),
            filled: Sustained::default(),
            grace_lost: false,
        }
    }
}

impl Chemicals {
    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        self.coagulant.scan(around.coagulant, elapsed);
        self.chlorine.scan(around.chlorine, elapsed);
        self.give_grace(around.chlorine.empty, around.residual, elapsed);
        self.show(&around);
        self.alarms = Alarms {
            coagulant_disagrees: self.coagulant.disagrees(),
            coagulant_leak: self.coagulant.leaks(),
            chlorine_leak: self.chlorine.leaks(),
            chlorine_disagrees: self.chlorine.disagrees(),
        };
    }

    /// Without chlorine what is stored is delivered for a while yet, as long as it has enough of it.
    fn give_grace(&mut self, empty: bool, residual: Signal<MilligramsPerLitre>, elapsed: Duration) {
        if self.filled.holds(!empty, FILLED_TIME, elapsed) {
            self.retained.grace_used = Duration::ZERO;
            self.grace_lost = false;
        }
        let enough = residual.usable().is_some_and(|residual| residual >= GRACE_RESIDUAL);
        let too_low = self.too_low.holds(empty && !enough, RESIDUAL_TIME, elapsed);
        self.grace_lost |= too_low;
        if empty {
            self.retained.grace_used = self.retained.grace_used.saturating_add(elapsed).min(GRACE);
        }
        self.status.grace_left = GRACE.saturating_sub(self.retained.grace_used);
        self.status.blocked = Reasons::NONE.and_if(
            empty && (self.grace_lost || self.status.grace_left == Duration::ZERO),
            Reason::ChlorineEmpty,
        );
    }

    fn show(&mut self, around: &Around) {
        let stocks = [(&self.coagulant, &around.coagulant), (&self.chlorine, &around.chlorine)];
        let empty = stocks.iter().any(|(_, around)| around.empty);
        let asks = |stock: &Stock| {
            matches!(stock.status.state, stock::State::Refilled | stock::State::Old)
                || stock.is_short()
        };
        let [coagulant_water, chlorine_water] =
            stocks.map(|(stock, around)| stock.room(around.level, around.scale));
        let powder = self.coagulant.amount(around.coagulant.temperature);
        let solution = self.chlorine.amount(around.chlorine.temperature);
        self.status = Status {
            state: if empty {
                State::Empty
            } else if stocks.iter().any(|(stock, _)| asks(stock)) {
                State::Asking
            } else {
                State::Stocked
            },
            coagulant_powder: Grams(powder * 1000.0).within(Grams(0.0), Grams(1e6)),
            coagulant_water,
            chlorine_solution: Litres(solution).within(Litres(0.0), Litres(1e4)),
            chlorine_water: (chlorine_water - Litres(solution)).within(Litres(0.0), chlorine_water),
            ..self.status
        };
    }

    /// What keeps water from being delivered: no chlorine, and no grace left.
    #[must_use]
    pub fn holds_delivery(&self) -> Reasons {
        self.status.blocked
    }
}
