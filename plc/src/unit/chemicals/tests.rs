//! Stories of two day tanks that are pumped from, leak, and are filled.

use super::*;
use crate::quantity::{Celsius, GramsPerLitre, Millilitres, Percent, StrokesPerMinute};
use crate::signal::Fault;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: u32 = 3600;

/// Two tanks of 100 l, each with its pump; the world they stand in.
struct Rig {
    unit: Chemicals,
    /// % of the tank, T-211 and T-411.
    level: [f64; 2],
    /// Strokes a minute asked.
    strokes: [f64; 2],
    /// Share of a stroke that leaves the tank.
    health: f64,
    /// Share of the tank lost in an hour besides.
    leak: f64,
    known: bool,
    float: bool,
    residual: Signal<MilligramsPerLitre>,
    temperature: Option<Celsius>,
    stock: f64,
    on_b: bool,
    reset: bool,
}

const STROKE: f64 = 0.5;

fn rig() -> Rig {
    Rig {
        unit: Chemicals::default(),
        level: [80.0, 80.0],
        strokes: [0.0, 0.0],
        health: 1.0,
        leak: 0.0,
        known: true,
        float: true,
        residual: Signal::Good(MilligramsPerLitre(0.8)),
        temperature: Some(Celsius(25.0)),
        stock: 10.0,
        on_b: false,
        reset: false,
    }
}

impl Rig {
    fn run(&mut self, seconds: u32) -> &mut Rig {
        for second in 0..seconds {
            for (level, strokes) in self.level.iter_mut().zip(self.strokes) {
                *level -= strokes * STROKE * self.health / 60.0 / 1000.0 + self.leak / 3600.0;
            }
            let around = self.around(second);
            self.unit.scan(around, SECOND);
            self.reset = false;
        }
        self
    }

    fn around(&self, second: u32) -> Around {
        let stock = |at: usize| {
            // The gauge tells a tenth of a percent, and is never quite still.
            let noise = 0.2 * libm::sin(f64::from(second) * 1.7);
            let level = libm::round((self.level[at] + noise) * 10.0) / 10.0;
            StockAround {
                level: if self.known {
                    Signal::Good(Percent(level))
                } else {
                    Signal::Bad(Fault::Stale)
                },
                empty: !self.float || (self.known && self.level[at] < 5.0),
                asked: StrokesPerMinute(self.strokes[at]),
                confirmed: StrokesPerMinute(self.strokes[at]),
                strokes_known: true,
                on_b: self.on_b,
                stroke: Millilitres(STROKE),
                stock: GramsPerLitre(self.stock),
                temperature: self.temperature,
                scale: 1.0,
                reset: self.reset,
            }
        };
        Around { coagulant: stock(0), chlorine: stock(1), residual: self.residual }
    }

    /// T-411 is filled to here within two minutes.
    fn fill(&mut self, to: f64) -> &mut Rig {
        let step = (to - self.level[1]) / 120.0;
        for _ in 0..120 {
            self.level[1] += step;
            self.run(1);
        }
        self
    }

    fn told(&self) -> Told {
        self.unit.chlorine.told(GramsPerLitre(self.stock))
    }

    fn mixed(&mut self, product: f64, days: f64, amount: f64) -> Result<(), Reason> {
        let around = self.around(0).chlorine;
        self.unit.chlorine.mixed(Batch { product, days, amount }, &around)
    }

    fn chlorine(&self) -> &Stock {
        &self.unit.chlorine
    }
}

/// R-2.11-01: what can be pumped, over the mean use of a day.
#[test]
fn a_tank_lasts_as_long_as_the_use_of_the_last_day_says() {
    let mut rig = rig();
    // 20 strokes × 0.5 ml = 0.6 l/h; 80 l less 5 l that nobody can pump, less what was used.
    rig.strokes = [20.0, 20.0];
    rig.run(5 * HOUR);
    assert_eq!(rig.told().short, Condition::Suppressed, "a few hours say nothing of a day");
    rig.run(19 * HOUR);
    let hours = rig.chlorine().status.time_left.as_secs_f64() / 3600.0;
    assert!((hours - (80.0 - 14.4 - 5.0) / 0.6).abs() < 3.0, "{hours} h");
    // A day without use, and it lasts for ever.
    rig.strokes = [0.0, 0.0];
    rig.run(26 * HOUR);
    assert_eq!(rig.chlorine().status.time_left, Duration::from_secs(90 * 86_400));
}

/// R-2.11-02: less than 30 %, or less than two days, is a warning; it goes when neither holds, each with its deadband.
#[test]
fn a_tank_that_is_low_or_does_not_last_two_days_is_called_out() {
    let low = |level: f64, short| {
        Told { short, ..Told::of(GramsPerLitre(10.0)) }.low(Signal::Good(Percent(level)))
    };
    use Condition::{Active, AsBefore, Clear, Suppressed};
    for (level, short, expected) in [
        (29.9, Clear, Active),
        (30.0, Clear, AsBefore),
        (34.9, Clear, AsBefore),
        (35.0, Clear, Clear),
        (80.0, Active, Active),
        (80.0, AsBefore, AsBefore),
        (80.0, Suppressed, Clear),
        (29.0, Suppressed, Active),
        (f64::NAN, Active, Active),
    ] {
        assert_eq!(low(level, short), expected, "{level} %, {short:?}");
    }
    let lost = Told::of(GramsPerLitre(10.0)).low(Signal::Bad(Fault::Stale));
    assert_eq!(lost, Condition::Bad(Fault::Stale));
    // 60 strokes × 0.5 ml = 1.8 l/h: 43.2 l a day, and half a tank is not two days.
    let mut rig = rig();
    rig.strokes = [0.0, 60.0];
    assert_eq!(rig.run(20 * HOUR).told().short, Active);
    assert!(rig.level[1] > 40.0);
}

/// R-2.11-02: with T-411 empty delivery goes on for 30 min, while the outlet has 0.5 mg/l.
#[test]
fn delivery_goes_on_for_half_an_hour_without_chlorine_while_there_is_enough_in_the_water() {
    for (residual, seconds, held) in [
        (Signal::Good(MilligramsPerLitre(0.5)), 1780, false),
        (Signal::Good(MilligramsPerLitre(0.5)), 1801, true),
        (Signal::Good(MilligramsPerLitre(0.49)), 55, false),
        (Signal::Good(MilligramsPerLitre(0.49)), 61, true),
        (Signal::Good(MilligramsPerLitre(f64::NAN)), 61, true),
        (Signal::Bad(Fault::Stale), 61, true),
    ] {
        let mut rig = rig();
        rig.run(700);
        rig.float = false;
        rig.residual = residual;
        rig.run(seconds);
        let holds = rig.unit.holds_delivery().has(Reason::ChlorineEmpty);
        assert_eq!(holds, held, "{residual:?} for {seconds} s");
        // Once lost it stays lost, whatever the analyser says later.
        rig.residual = Signal::Good(MilligramsPerLitre(0.9));
        rig.run(10);
        assert_eq!(rig.unit.holds_delivery().is_empty(), !held);
    }
}

/// R-2.11-02: a tank that hovers about its limit, or a restart, does not give the half hour anew; a tank that was filled does.
#[test]
fn the_half_hour_is_given_once_a_filling() {
    let mut rig = rig();
    rig.run(700);
    for _ in 0..40 {
        rig.float = false;
        rig.run(60);
        rig.float = true;
        rig.run(60);
    }
    rig.float = false;
    assert!(!rig.run(1).unit.holds_delivery().is_empty());
    let kept = rig.unit.retained;
    rig.unit = Chemicals { retained: kept, ..Chemicals::default() };
    assert!(!rig.run(1).unit.holds_delivery().is_empty(), "after a restart");
    rig.float = true;
    assert!(rig.run(1).unit.holds_delivery().is_empty(), "filled: it doses again");
    rig.run(601);
    rig.float = false;
    assert!(rig.run(60).unit.holds_delivery().is_empty());
}

/// R-2.11-03: a rise of more than 10 % within 10 min is a refill and asks for the strength; a spike, a slow gauge or a
/// handful are none.
#[test]
fn a_refill_asks_how_strong_it_is() {
    for (name, pour, asks) in [
        ("a bucket", (|rig| rig.fill(92.0)) as fn(&mut Rig) -> &mut Rig, true),
        ("a cup", |rig| rig.fill(89.0), false),
        (
            "a spike",
            |rig| {
                rig.level[1] = 99.0;
                rig.run(20);
                rig.level[1] = 80.0;
                rig.run(60)
            },
            false,
        ),
        (
            "a gauge that drifts",
            |rig| {
                for _ in 0..12 {
                    rig.level[1] += 1.0;
                    rig.run(120);
                }
                rig
            },
            false,
        ),
        (
            "while the gauge was away",
            |rig| {
                rig.known = false;
                rig.run(HOUR);
                rig.level[1] = 95.0;
                rig.known = true;
                rig.run(60)
            },
            true,
        ),
        (
            "while the controller was away",
            |rig| {
                let retained = rig.unit.chlorine.retained;
                rig.unit.chlorine = Stock::new(Ageing::Hypochlorite);
                rig.unit.chlorine.retained = retained;
                rig.level[1] = 95.0;
                rig.run(60)
            },
            true,
        ),
    ] {
        let mut rig = rig();
        rig.run(1200);
        pour(&mut rig).run(60);
        assert_eq!(rig.chlorine().retained.strength_asked, asks, "{name}");
        assert_eq!(rig.chlorine().status.state == stock::State::Refilled, asks, "{name}");
        assert_eq!(rig.unit.status.state == State::Asking, asks, "{name}");
    }
}

/// R-2.11-03: until it is told the tank counts as no weaker than before and no weaker than its recipe: what is believed too
/// weak is pumped too much.
#[test]
fn until_the_strength_is_told_the_tank_counts_as_strong_as_its_recipe() {
    let mut rig = rig();
    rig.run(20 * 24 * HOUR / 10).fill(95.0).run(60);
    assert!(rig.told().strength > GramsPerLitre(9.99));
    // A person has said 12 g/l before: that stays.
    let mut rig = self::rig();
    rig.level[1] = 20.0;
    rig.run(60).fill(95.0).run(60);
    assert_eq!(rig.mixed(12.5, 0.0, 7.8), Ok(()));
    let strong = rig.told().strength.0;
    assert!(strong > 11.5, "{strong}");
    rig.level[1] = 60.0;
    rig.run(1200).fill(90.0).run(60);
    assert!(rig.chlorine().retained.strength_asked);
    assert!((rig.told().strength.0 - strong).abs() < 0.1);
}

/// R-2.7.3-01, R-2.11-03: product, its days and how much of it give the strength; what cannot be is refused.
#[test]
fn a_batch_that_is_told_gives_the_strength_of_the_tank() {
    let mut rig = rig();
    rig.level[1] = 15.0;
    rig.run(60);
    assert_eq!(rig.mixed(12.5, 0.0, 6.4), Err(Reason::NotNow), "nothing was poured in");
    rig.fill(95.0).run(60);
    for (product, days, amount) in [
        (0.0, 0.0, 6.4),
        (f64::NAN, 0.0, 6.4),
        (12.5, -1.0, 6.4),
        (12.5, 366.0, 6.4),
        (12.5, 0.0, f64::INFINITY),
        (12.5, 0.0, 0.5),
        (12.5, 0.0, 64.0),
    ] {
        assert_eq!(
            rig.mixed(product, days, amount),
            Err(Reason::OutOfRange),
            "{product} {days} {amount}"
        );
    }
    // 15 l of 10 g/l and 6.4 l of 12.5 % in 95 l: (150 + 800) / 95.
    assert_eq!(rig.mixed(12.5, 0.0, 6.4), Ok(()));
    assert!((rig.told().strength.0 - 10.0).abs() < 0.1, "{:?}", rig.told());
    assert_eq!(rig.chlorine().status.state, stock::State::Refilled);
    assert_eq!(rig.run(1).chlorine().status.state, stock::State::Fit);
    // The same litres two months old, put right: 12.5 % has become 8.5 % at 25 °C.
    assert_eq!(rig.mixed(12.5, 60.0, 6.4), Ok(()));
    let weak = rig.told().strength.0;
    assert!((weak - (150.0 + 85.0 * 6.4) / 95.0).abs() < 0.3, "{weak}");
    rig.run(25 * HOUR);
    assert_eq!(rig.mixed(12.5, 0.0, 6.4), Err(Reason::NotNow), "a day later");
}

/// R-2.7.3-01: the recipe fills the tank to the strength asked, of the product as old as it is.
#[test]
fn the_recipe_makes_up_for_an_old_product() {
    let mut rig = rig();
    rig.level[1] = 15.0;
    rig.run(60);
    // 950 g less 150 g, at 125 g a litre.
    assert!((rig.unit.status.chlorine_solution.0 - 6.4).abs() < 0.1, "{:?}", rig.unit.status);
    assert!((rig.unit.status.chlorine_water.0 - 73.6).abs() < 0.5);
    rig.fill(95.0).run(60);
    assert_eq!(rig.mixed(12.5, 60.0, 8.0), Ok(()));
    rig.level[1] = 15.0;
    rig.run(60);
    let old = rig.unit.status.chlorine_solution.0;
    assert!(old > 8.5 && old < 10.5, "{old}");
}

/// R-2.7.3-01: the tank ages, by a fifth at most, PAC does not; after a week it asks to be renewed.
#[test]
fn a_day_tank_ages_and_asks_to_be_renewed_after_a_week() {
    let mut rig = rig();
    rig.run(2 * 24 * HOUR);
    assert!((rig.told().strength.0 - 9.8).abs() < 0.01, "{:?}", rig.told());
    assert_eq!(rig.chlorine().status.state, stock::State::Fit);
    let age = Duration::from_secs(7 * 86_400 - 3600);
    rig.unit.chlorine.retained.tank_age = age;
    assert_eq!(rig.run(HOUR - 5).chlorine().status.state, stock::State::Fit);
    assert_eq!(rig.run(10).chlorine().status.state, stock::State::Old);
    rig.unit.chlorine.retained.strength = GramsPerLitre(8.0);
    assert_eq!(rig.run(HOUR).told().strength, GramsPerLitre(8.0));
    let coagulant = rig.unit.coagulant.told(GramsPerLitre(10.0));
    assert_eq!(coagulant.strength, GramsPerLitre(10.0));
}

/// R-2.7.3-01: a strength typed in as a setting is a person's word on the tank of now.
#[test]
fn a_strength_typed_in_counts_at_once() {
    let mut rig = rig();
    rig.run(48 * HOUR).fill(95.0).run(60);
    assert!(rig.chlorine().retained.strength_asked);
    rig.stock = 7.0;
    rig.run(1);
    assert_eq!(rig.told().strength, GramsPerLitre(7.0));
    assert!(!rig.chlorine().retained.strength_asked);
}

/// R-2.11-04, F15: a level that falls by more than 2 % an hour while nothing is pumped is a leak, within 30 min; the gauge's
/// noise and a pump at work are none.
#[test]
fn a_tank_that_empties_while_its_pump_is_off_leaks() {
    for (leak, strokes, expected) in [
        (0.0, 0.0, Condition::Clear),
        (0.9, 0.0, Condition::Clear),
        (1.5, 0.0, Condition::AsBefore),
        (2.5, 0.0, Condition::Active),
        (20.0, 0.0, Condition::Active),
        (0.0, 100.0, Condition::AsBefore),
    ] {
        let mut rig = rig();
        rig.leak = leak;
        rig.strokes = [strokes, strokes];
        rig.run(36 * 60);
        assert_eq!(rig.unit.alarms.chlorine_leak, expected, "{leak} %/h, {strokes}/min");
        assert_eq!(rig.unit.alarms.coagulant_leak, expected, "{leak} %/h, {strokes}/min");
    }
    let mut rig = rig();
    rig.leak = 5.0;
    rig.run(36 * 60);
    rig.leak = 0.0;
    rig.reset = true;
    assert_eq!(rig.run(1).unit.alarms.chlorine_leak, Condition::Clear, "looked after");
}

/// R-2.4-10: strokes and tank more than 20 % apart over 4 h are called out, either way; a pump that is off says nothing.
#[test]
fn strokes_that_the_tank_does_not_show_are_called_out() {
    for (health, strokes, expected) in [
        (1.0, 40.0, Condition::Clear),
        (0.87, 40.0, Condition::Clear),
        (0.7, 40.0, Condition::Active),
        (1.3, 40.0, Condition::Active),
        (1.0, 1.0, Condition::Suppressed),
        (1.0, 0.0, Condition::Suppressed),
    ] {
        let mut rig = rig();
        rig.health = health;
        rig.strokes = [strokes, strokes];
        rig.run(5 * HOUR + 60);
        assert_eq!(rig.unit.alarms.coagulant_disagrees, expected, "{health} of {strokes}");
        assert_eq!(rig.unit.alarms.chlorine_disagrees, expected, "{health} of {strokes}");
    }
}

/// R-2.4-10, F12: a pump with air in its head strokes and moves nothing: within an hour and a quarter.
#[test]
fn a_pump_that_moves_nothing_is_found_within_the_hour() {
    let mut rig = rig();
    rig.strokes = [40.0, 40.0];
    rig.run(2 * HOUR);
    assert!(!rig.chlorine().told(GramsPerLitre(10.0)).nothing_leaves);
    rig.health = 0.0;
    rig.run(75 * 60);
    assert!(rig.chlorine().told(GramsPerLitre(10.0)).nothing_leaves);
    assert_eq!(rig.unit.alarms.coagulant_disagrees, Condition::Active);
    // In the very scan in which the other pump strokes, or somebody has looked, this says nothing any more.
    rig.on_b = true;
    rig.run(1);
    assert!(!rig.told().nothing_leaves);
    rig.run(55 * 60);
    assert!(!rig.told().nothing_leaves, "the other pump has its own hour");
    rig.run(10 * 60);
    assert!(rig.told().nothing_leaves);
    rig.reset = true;
    rig.run(1);
    assert!(!rig.told().nothing_leaves);
}

/// R-2.4-10: pouring a cup in while it doses is neither air nor a leak.
#[test]
fn a_cup_poured_in_does_not_spoil_the_books() {
    let mut rig = rig();
    rig.strokes = [0.0, 40.0];
    rig.run(5 * HOUR);
    rig.level[1] += 6.0;
    rig.run(5 * HOUR);
    assert_eq!(rig.unit.alarms.chlorine_disagrees, Condition::Clear);
}

/// R-2.11-05: fifteen minutes of mixing after a refill.
#[test]
fn a_tank_is_mixed_for_a_quarter_of_an_hour_after_a_refill() {
    let mut rig = rig();
    rig.run(1200);
    assert!(!rig.told().mix);
    rig.fill(95.0).run(30);
    assert!(rig.told().mix);
    rig.run(800);
    assert!(rig.told().mix);
    assert!(!rig.run(120).told().mix);
}

/// A level is read to 0.2 %: so is what is reckoned from it.
const GAUGE: f64 = 0.99;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// R-2.7.3-01: whatever is poured in and however warm the shed is, a tank mixed by its recipe is never believed weaker than
    /// it is: what is dosed is never more than asked.
    #[test]
    fn a_tank_mixed_by_its_recipe_is_never_believed_weaker_than_it_is(
        fills in proptest::collection::vec((5.0..60.0_f64, 1..100_u32, 0.0..20.0_f64, any::<bool>()), 1..5)
    ) {
        let mut rig = rig();
        let mut truth = 10.0;
        for (from, hours, warmer, tells) in fills {
            let loss = Ageing::Hypochlorite
                .kept(Some(Celsius(25.0 + warmer)), Duration::from_secs(u64::from(hours) * 3600));
            truth *= loss;
            for _ in 0..hours {
                rig.unit.chlorine.retained.tank_age += Duration::from_secs(3600);
                let around = rig.around(0);
                for _ in 0..60 {
                    rig.unit.scan(around, Duration::from_secs(60));
                }
            }
            prop_assert!(rig.told().strength.0 >= truth * GAUGE, "{:?} against {truth}", rig.told());
            rig.level[1] = from;
            // The product is as the books have it: fresh.
            rig.unit.chlorine.retained.product_age = Duration::ZERO;
            rig.run(1200);
            let litres = rig.unit.status.chlorine_solution.0;
            rig.fill(95.0).run(60);
            truth = (truth * from + litres * 125.0) / 95.0;
            if tells {
                prop_assert_eq!(rig.mixed(12.5, 0.0, litres), Ok(()));
            }
            prop_assert!(rig.told().strength.0 >= truth * GAUGE, "{:?} against {truth}", rig.told());
        }
    }
}
