//! One day tank: how long it lasts, how strong it is, and who filled it (`docs/spec/plant.md` 2.11, 2.7.3).
//!
//! ```text
//! Fit <-> Old (not renewed for 7 days)      any --(rises > 10 % in 10 min)--> Refilled --(strength told)--> Fit
//!                                           any <-> Empty                      any <-> LevelUnknown
//! ```
//! The strength it tells is never below the true one, as far as anybody knows: a stock believed too weak is pumped too
//! much. So the day tank ages slowly, by the water's temperature, and by a fifth at most; and a tank that was refilled,
//! nobody said with what, counts as no weaker than its recipe. What is dosed too little for it the residual shows, and the
//! trim makes up for.

use core::time::Duration;

use super::books::{Books, Now};
use super::lately::Lately;
use super::recipe::{self, Ageing};
use crate::alarm::Condition;
use crate::block::{RollingMass, Sustained};
use crate::declare::{between, kept, parts, retained, settings, shown, states, status};
use crate::quantity::{
    Celsius, Grams, GramsPerLitre, Litres, LitresPerHour, Millilitres, Percent, StrokesPerMinute,
};
use crate::reason::Reason;
use crate::signal::Signal;
use crate::tag::Role;

settings! {
    /// The tank.
    pub struct Settings {
        /// Volume of the full day tank at 5 m³/h nominal; scales with it.
        pub tank_volume: Litres = between(10.0..=1000.0, 100.0),
        /// The day tank is to be renewed after this.
        pub renew_after: Duration = between(86_400.0..=2_592_000.0, 604_800.0).by(Role::Supervisor),
    }
}

retained! {
    /// What a restart must not forget.
    pub struct Retained {
        /// Strength of the day tank, as it has aged; 0: not known yet.
        pub strength: GramsPerLitre = kept().within(0.0..=1000.0),
        /// Its strength when it was mixed.
        pub fresh_strength: GramsPerLitre = kept().within(0.0..=1000.0),
        /// Strength entered as a setting that this goes back to.
        pub entered: GramsPerLitre = kept().within(0.0..=1000.0),
        /// Strength of what was left when it was refilled.
        pub left_strength: GramsPerLitre = kept().within(0.0..=1000.0),
        /// Time since the day tank was filled.
        pub tank_age: Duration = kept().within(0.0..=1e9),
        /// Refilled, and nobody has said how strong it is.
        pub strength_asked: bool = kept().else_set(),
        /// Level before the refill.
        pub filled_from: Percent = kept().within(-5.0..=105.0),
        /// Level after it.
        pub filled_to: Percent = kept().within(-5.0..=105.0),
        /// Level last seen: a tank may be filled while the controller is away.
        pub last_level: Percent = kept().within(-5.0..=105.0),
        /// Pumped in the last 24 h.
        pub used_day: Litres = kept().within(0.0..=1e6),
        /// Of those 24 h, how many are known.
        pub used_over: Duration = kept().within(0.0..=86_400.0),
        /// Product as it was delivered, strength; 0: nobody has said.
        pub product: Percent = kept().within(0.0..=100.0),
        /// Time since the product was delivered.
        pub product_age: Duration = kept().within(0.0..=1e9),
    }
}

status! {
    /// How it stands.
    pub struct Status {
        /// State of the day tank.
        pub state: State = shown(),
        /// Solution that can still be pumped.
        pub volume: Litres = shown().span(0.0..=100.0),
        /// Pumped by its strokes, mean of the last 24 h.
        pub mean_use: LitresPerHour = shown().span(0.0..=10.0),
        /// How long it lasts at that use.
        pub time_left: Duration = shown().span(0.0..=864_000.0),
        /// What left the tank more than was pumped over 4 h, as a share of that; below zero: less.
        pub disagreement: Percent = shown().span(-100.0..=100.0),
        /// Share of the tank lost in an hour while nothing was pumped.
        pub lost: Percent = shown().span(0.0..=20.0),
        /// Active product to add for a full tank of the strength asked.
        pub lacking: Grams = shown().span(0.0..=10_000.0),
    }
}

/// How a day tank stands; the first that holds is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    LevelUnknown,
    Empty,
    /// Filled, and nobody has said how strong it is.
    Refilled,
    /// Not renewed for too long.
    Old,
    Fit,
}
states! { State { LevelUnknown, Empty, Refilled, Old, Fit } }

/// Looked at once a second (class C, R-2.0-01); ages once a minute (class T).
const LOOK: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// The pump's foot valve sucks air below this level (R-2.11-02).
const UNUSABLE: Percent = Percent(5.0);
/// A level that rises by more than this is a refill (R-2.11-03); it must be there for so long, so that a spike is none.
const REFILL: Percent = Percent(10.0);
const REFILL_SEEN: Duration = Duration::from_secs(30);
/// What is poured in within this time is one refill (chosen: two walks to the tap).
const SAME_REFILL: Duration = Duration::from_secs(1800);
/// A full tank is filled to here, %.
const FULL: f64 = 95.0;
/// A tank below this is to be mixed (R-2.11-02, alarms 202 and 408), and none any more this much above.
const LOW: Percent = Percent(30.0);
const LOW_BAND: Percent = Percent(5.0);
/// Less than this long nothing can be said of the mean use (chosen: a morning).
const KNOWN_MIN: Duration = Duration::from_secs(6 * 3600);
/// Less than this lasts is a warning (R-2.11-02), and none any more this much above (chosen).
const DAYS_MIN: Duration = Duration::from_secs(2 * 86_400);
const DAYS_BAND: Duration = Duration::from_secs(43_200);
/// Shown at most: a tank that nobody uses lasts for ever.
const LASTS_MAX: Duration = Duration::from_secs(90 * 86_400);
/// Dosing makes up for a fifth of lost strength at most: a tank that is older is thrown away, and what is believed too weak
/// is dosed too much (chosen; three weeks at 25 °C).
const STRENGTH_KEPT: f64 = 0.8;
/// What people enter lies within these shares of the recipe's strength: a slip of the finger doubles the dose at most.
const ENTERED: (f64, f64) = (0.5, 2.0);
/// Fresh trade product where nobody has said otherwise, %: hypochlorite solution; PAC powder counts as product.
const TRADE: (Percent, Percent) = (Percent(12.5), Percent(100.0));
/// A delivery older than this is no product any more.
const DELIVERY_MAX_DAYS: f64 = 365.0;
/// M-211 mixes this long after a refill (R-2.11-05).
const MIX_FOR: Duration = Duration::from_secs(900);

/// What others say of a tank in this scan.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub level: Signal<Percent>,
    /// Below 5 %, or the float is down.
    pub empty: bool,
    /// Asked of the pump, what its strokes confirm, and whether these can be read.
    pub asked: StrokesPerMinute,
    pub confirmed: StrokesPerMinute,
    pub strokes_known: bool,
    /// Pump B strokes.
    pub on_b: bool,
    pub stroke: Millilitres,
    /// Strength that its recipe gives.
    pub stock: GramsPerLitre,
    pub temperature: Option<Celsius>,
    /// Nominal flow over 5 m³/h.
    pub scale: f64,
    pub reset: bool,
}

/// What dosing is told of its tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Strength to dose by: never below the true one, as far as is known.
    pub strength: GramsPerLitre,
    /// It lasts for less than two days.
    pub short: Condition,
    /// It was filled just now: mix it.
    pub mix: bool,
    /// The pump strokes, and next to nothing leaves the tank.
    pub nothing_leaves: bool,
}

impl Told {
    /// A tank of this strength, of which nothing else is known.
    #[must_use]
    pub const fn of(strength: GramsPerLitre) -> Told {
        Told { strength, short: Condition::Suppressed, mix: false, nothing_leaves: false }
    }

    /// Alarms 202 and 408: below 30 %, or it lasts for less than two days. Clear when neither holds any more.
    #[must_use]
    pub fn low(self, level: Signal<Percent>) -> Condition {
        level.below(LOW, LOW_BAND).or(self.short)
    }
}

/// A batch as the person who mixed it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// Strength of the product at delivery, %.
    pub product: f64,
    /// Days since then.
    pub days: f64,
    /// Put in: litres of solution, or kilograms of powder.
    pub amount: f64,
}

/// A day tank.
pub struct Stock {
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    ageing: Ageing,
    books: Books,
    used: RollingMass,
    lately: Lately,
    rises: Sustained,
    mix_left: Duration,
    since_look: Duration,
    since_minute: Duration,
    on_b: bool,
    began: bool,
}
parts! { Stock {
    settings, retained, status; one: ; many: ; maybe: ;
    ageing, books, used, lately, rises, mix_left, since_look, since_minute, on_b, began
} }

impl Stock {
    /// Of a chemical that ages so.
    #[must_use]
    pub fn new(ageing: Ageing) -> Stock {
        Stock {
            settings: Settings::default(),
            retained: Retained::default(),
            status: Status::default(),
            ageing,
            books: Books::default(),
            used: RollingMass::over(DAY),
            lately: Lately::default(),
            rises: Sustained::default(),
            mix_left: Duration::ZERO,
            since_look: Duration::ZERO,
            since_minute: Duration::ZERO,
            on_b: false,
            began: false,
        }
    }

    /// One scan.
    pub fn scan(&mut self, around: Around, elapsed: Duration) {
        if !self.began {
            self.began = true;
            self.used.restore(self.retained.used_day.within(Litres(0.0), Litres(1e6)).0);
        }
        // Of another pump, or one that somebody has looked after, they say nothing yet.
        if around.reset || around.on_b != self.on_b {
            self.on_b = around.on_b;
            self.books.forget();
        }
        self.since_look = self.since_look.saturating_add(elapsed);
        if self.since_look < LOOK {
            return;
        }
        let elapsed = self.since_look;
        self.since_look = Duration::ZERO;
        self.enter(around.stock);
        self.age(&around, elapsed);
        let level = around.level.usable();
        self.watch_refill(level, around.stock, elapsed);
        self.count(&around, level, elapsed);
        self.show(&around, level);
    }

    /// Strength as a setting: a person's word on the tank as it is. The first one begins the books.
    fn enter(&mut self, stock: GramsPerLitre) {
        let kept = &mut self.retained;
        if kept.entered != stock || !(kept.strength.0 > 0.0) {
            kept.entered = stock;
            kept.strength = stock;
            kept.fresh_strength = stock;
            kept.strength_asked = false;
        }
    }

    fn age(&mut self, around: &Around, elapsed: Duration) {
        let kept = &mut self.retained;
        kept.tank_age = kept.tank_age.saturating_add(elapsed);
        kept.product_age = kept.product_age.saturating_add(elapsed);
        self.mix_left = self.mix_left.saturating_sub(elapsed);
        self.since_minute = self.since_minute.saturating_add(elapsed);
        if self.since_minute >= MINUTE {
            let aged = kept.strength * self.ageing.kept(around.temperature, self.since_minute);
            kept.strength = aged.or_more(kept.fresh_strength * STRENGTH_KEPT);
            self.since_minute = Duration::ZERO;
        }
    }

    /// A level that rises is a refill: the strength is asked for, and until it is told the tank counts as no weaker than its
    /// recipe makes it.
    fn watch_refill(&mut self, level: Option<Percent>, stock: GramsPerLitre, elapsed: Duration) {
        let Some(level) = level else {
            self.lately = Lately::default();
            self.rises = Sustained::default();
            return;
        };
        let kept = &mut self.retained;
        if self.lately.is_empty() && kept.last_level.0 > 0.0 {
            self.lately.take(kept.last_level.0, Duration::ZERO);
        }
        let lowest = self.lately.take(level.0, elapsed);
        kept.last_level = level;
        if kept.strength_asked {
            kept.filled_to = kept.filled_to.or_more(level);
        }
        if self.rises.holds(level.0 - lowest > REFILL.0, REFILL_SEEN, elapsed) {
            // Two buckets one after the other are one refill.
            if !kept.strength_asked || kept.tank_age > SAME_REFILL {
                kept.filled_from = Percent(lowest);
                kept.strength = kept.strength.or_more(stock);
                kept.fresh_strength = kept.strength;
                kept.left_strength = kept.strength;
            }
            kept.filled_to = level;
            kept.strength_asked = true;
            kept.tank_age = Duration::ZERO;
            self.mix_left = MIX_FOR;
            self.lately = Lately::default();
            self.rises = Sustained::default();
            self.books.forget();
        }
    }

    fn count(&mut self, around: &Around, level: Option<Percent>, elapsed: Duration) {
        let strokes = if around.strokes_known { around.confirmed } else { around.asked };
        // strokes/min × ml × 60 min/h ÷ 1 000 ml/l = l/h
        let pumped = LitresPerHour(strokes.0 * around.stroke.0 * 0.06)
            .within(LitresPerHour(0.0), LitresPerHour(1000.0));
        self.used.add(pumped.0 * elapsed.as_secs_f64() / 3600.0, elapsed);
        let kept = &mut self.retained;
        kept.used_day = Litres(self.used.mass());
        kept.used_over = kept.used_over.saturating_add(elapsed).min(DAY);
        let off = around.asked.0 <= 0.0 && around.confirmed.0 <= 0.0;
        let now = Now {
            level,
            volume: self.settings.tank_volume * around.scale,
            pumped: if off { LitresPerHour::ZERO } else { pumped },
            handled: self.rises.lasted() > Duration::ZERO,
        };
        self.books.take(now, elapsed);
    }

    fn show(&mut self, around: &Around, level: Option<Percent>) {
        let kept = &self.retained;
        let tank = self.settings.tank_volume * around.scale;
        let usable = level.map(|level| tank * ((level - UNUSABLE).0 / 100.0));
        let usable = usable.unwrap_or_default().within(Litres(0.0), tank);
        let known = kept.used_over >= KNOWN_MIN;
        let mean_use = if known {
            LitresPerHour(kept.used_day.0 * 3600.0 / kept.used_over.as_secs_f64())
        } else {
            LitresPerHour::ZERO
        };
        let hours = usable.0 / mean_use.0;
        let time_left = if mean_use.0 > 0.0 && hours.is_finite() {
            Duration::try_from_secs_f64(hours * 3600.0).unwrap_or(LASTS_MAX).min(LASTS_MAX)
        } else {
            LASTS_MAX
        };
        let held = level.map_or(Litres::ZERO, |level| tank * (level.0 / 100.0));
        let full = tank * (FULL / 100.0);
        self.status = Status {
            state: match level {
                _ if around.empty => State::Empty,
                None => State::LevelUnknown,
                Some(_) if kept.strength_asked => State::Refilled,
                Some(_) if kept.tank_age >= self.settings.renew_after => State::Old,
                Some(_) => State::Fit,
            },
            volume: usable,
            mean_use,
            time_left,
            disagreement: self.books.open.unwrap_or_default(),
            lost: self.books.lost.unwrap_or_default().within(Percent(0.0), Percent(100.0)),
            lacking: recipe::lacking(around.stock, full, kept.strength, held),
        };
    }

    /// A person has mixed a batch into the tank that was refilled: its strength from now on.
    pub fn mixed(&mut self, batch: Batch, around: &Around) -> Result<(), Reason> {
        let kept = &mut self.retained;
        // What was said may be put right for a day.
        let just_told = kept.left_strength.0 > 0.0 && kept.tank_age < DAY;
        if !(kept.strength_asked || just_told) {
            return Err(Reason::NotNow);
        }
        let days_fit = (0.0..=DELIVERY_MAX_DAYS).contains(&batch.days);
        let product_fits = batch.product > 0.0 && batch.product <= 100.0;
        let amount_fits = batch.amount > 0.0 && batch.amount.is_finite();
        if !(days_fit && product_fits && amount_fits) {
            return Err(Reason::OutOfRange);
        }
        let age = Duration::from_secs_f64(batch.days * 86_400.0);
        let product = self.ageing.product(Percent(batch.product), around.temperature, age);
        let tank = self.settings.tank_volume * around.scale;
        let held = |level: Percent| tank * (level.0 / 100.0);
        // % of a litre or kilogram, 10 g each.
        let added = Grams(product.0 * 10.0 * batch.amount);
        let left = kept.left_strength;
        let strength = recipe::mixed(left, held(kept.filled_from), added, held(kept.filled_to));
        let Some(strength) = strength.filter(|strength| {
            (around.stock.0 * ENTERED.0..=around.stock.0 * ENTERED.1).contains(&strength.0)
        }) else {
            return Err(Reason::OutOfRange);
        };
        kept.strength = strength;
        kept.fresh_strength = strength;
        kept.strength_asked = false;
        kept.product = Percent(batch.product);
        kept.product_age = age;
        Ok(())
    }

    /// Product to add for a full tank: litres of solution, or kilograms of powder, as strong as it is by now.
    #[must_use]
    pub fn amount(&self, temperature: Option<Celsius>) -> f64 {
        let kept = &self.retained;
        let trade = match self.ageing {
            Ageing::None => TRADE.1,
            Ageing::Hypochlorite => TRADE.0,
        };
        let product = if kept.product.0 > 0.0 {
            self.ageing.product(kept.product, temperature, kept.product_age)
        } else {
            trade
        };
        let amount = self.status.lacking.0 / (product.0 * 10.0);
        if amount.is_finite() { amount } else { 0.0 }
    }

    /// Water to add with it.
    #[must_use]
    pub fn room(&self, level: Signal<Percent>, scale: f64) -> Litres {
        let tank = self.settings.tank_volume * scale;
        level
            .usable()
            .map_or(Litres::ZERO, |level| tank * ((FULL - level.0) / 100.0))
            .within(Litres(0.0), tank)
    }

    /// What dosing is told.
    #[must_use]
    pub fn told(&self, stock: GramsPerLitre) -> Told {
        let kept = &self.retained;
        let level_known = self.status.state != State::LevelUnknown;
        Told {
            strength: if kept.strength.0 > 0.0 { kept.strength } else { stock },
            short: if kept.used_over < KNOWN_MIN {
                Condition::Suppressed
            } else if level_known {
                Signal::Good(self.status.time_left).below(DAYS_MIN, DAYS_BAND)
            } else {
                Condition::AsBefore
            },
            mix: self.mix_left > Duration::ZERO,
            nothing_leaves: self.books.nothing_leaves(),
        }
    }

    /// It lasts for less than two days.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.retained.used_over >= KNOWN_MIN && self.status.time_left < DAYS_MIN
    }

    /// Alarms 211 and 420.
    #[must_use]
    pub fn disagrees(&self) -> Condition {
        self.books.disagrees()
    }

    /// Alarms 212 and 417.
    #[must_use]
    pub fn leaks(&self) -> Condition {
        self.books.leaks()
    }
}
