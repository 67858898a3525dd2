//! How chemicals age, and how a tank is mixed: pure calculation (`docs/spec/plant.md` 2.7.3, 6.9).

use core::time::Duration;

use crate::quantity::{Celsius, Grams, GramsPerLitre, Litres, Percent};

/// Days as a number.
#[must_use]
pub fn days(time: Duration) -> f64 {
    time.as_secs_f64() / 86_400.0
}

/// What ages, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ageing {
    /// PAC keeps its strength.
    None,
    /// Hypochlorite loses it: the trade solution by the second order, the diluted day tank by a share a day.
    Hypochlorite,
}

/// A diluted 1 % day tank loses this share a day at 25 °C, and twice as much 10 °C warmer (`docs/spec/plant.md` 6.9).
const DAY_TANK_LOSS: f64 = 0.01;
/// A temperature that nobody knows, °C: the lowest of the water over the year. What is not known to be lost counts as there.
const COLD: Celsius = Celsius(15.0);
/// Temperatures that are credible in a shed, °C.
const SHED: (Celsius, Celsius) = (Celsius(5.0), Celsius(45.0));

impl Ageing {
    /// Share of the strength that the day tank keeps over this time.
    #[must_use]
    pub fn kept(self, temperature: Option<Celsius>, time: Duration) -> f64 {
        match self {
            Ageing::None => 1.0,
            Ageing::Hypochlorite => {
                let temperature = temperature.unwrap_or(COLD).within(SHED.0, SHED.1);
                let rate = DAY_TANK_LOSS * libm::exp2((temperature.0 - 25.0) / 10.0);
                libm::exp(-rate * days(time))
            }
        }
    }

    /// Strength of the product so long after it was delivered, % (1 % is 10 g/l): `1/c = 1/c0 + k·t`,
    /// `k = 5.0e-4 · 3.3^((T - 24) / 10)` per %·day.
    #[must_use]
    pub fn product(
        self,
        delivered: Percent,
        temperature: Option<Celsius>,
        age: Duration,
    ) -> Percent {
        match self {
            Ageing::None => delivered,
            Ageing::Hypochlorite if delivered.0 > 0.0 => {
                let temperature = temperature.unwrap_or(COLD).within(SHED.0, SHED.1);
                let k = 5.0e-4 * libm::pow(3.3, (temperature.0 - 24.0) / 10.0);
                Percent(1.0 / (1.0 / delivered.0 + k * days(age)))
            }
            Ageing::Hypochlorite => Percent::ZERO,
        }
    }
}

/// Active mass that a tank lacks to be `wanted` strong when it is full. Nothing where it is too strong already.
#[must_use]
pub fn lacking(
    wanted: GramsPerLitre,
    full: Litres,
    strength: GramsPerLitre,
    held: Litres,
) -> Grams {
    Grams(wanted.0 * full.0 - strength.0 * held.0).within(Grams(0.0), Grams(1e6))
}

/// Strength of a tank that held so much of so strong a solution, and now holds `after` with this mass more.
#[must_use]
pub fn mixed(
    strength: GramsPerLitre,
    before: Litres,
    added: Grams,
    after: Litres,
) -> Option<GramsPerLitre> {
    let mixed = (strength.0 * before.0 + added.0) / after.0;
    (mixed.is_finite() && after.0 > 0.0).then_some(GramsPerLitre(mixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_days(days: f64) -> Duration {
        Duration::from_secs_f64(days * 86_400.0)
    }

    /// R-2.7.3-01: the trade solution's published loss, within the 10 % that the formula claims.
    #[test]
    fn the_trade_solution_ages_as_its_table_says() {
        for (temperature, days, left) in [
            (29.0, 7.0, 11.4),
            (29.0, 30.0, 9.2),
            (29.0, 60.0, 7.6),
            (35.0, 30.0, 7.5),
            (29.0, 0.0, 12.5),
        ] {
            let product = Ageing::Hypochlorite.product(
                Percent(12.5),
                Some(Celsius(temperature)),
                after_days(days),
            );
            let off = libm::fabs(product.0 - left) / left;
            assert!(off < 0.1, "{} % after {days} d at {temperature} °C", product.0);
        }
    }

    /// R-2.7.3-01: a day tank loses 1 % a day at 25 °C, 2 % at 35 °C; of a temperature nobody knows it loses least.
    #[test]
    fn a_day_tank_loses_its_share_a_day() {
        for (temperature, lost) in [
            (Some(25.0), 0.01),
            (Some(35.0), 0.02),
            (Some(15.0), 0.005),
            (None, 0.005),
            (Some(f64::NAN), 0.0025),
        ] {
            let kept = Ageing::Hypochlorite.kept(temperature.map(Celsius), after_days(1.0));
            assert!(libm::fabs(1.0 - kept - lost) < 3e-4, "{kept} at {temperature:?}");
        }
        assert_eq!(Ageing::None.kept(Some(Celsius(35.0)), after_days(100.0)), 1.0);
    }

    /// R-2.7.3-01: what the recipe says, poured in, gives the strength that was wanted.
    #[test]
    fn a_tank_mixed_by_its_recipe_has_the_strength_it_should_have() {
        let (wanted, full) = (GramsPerLitre(10.0), Litres(95.0));
        for (strength, held) in [(8.0, 20.0), (0.0, 0.0), (10.0, 60.0)] {
            let (strength, held) = (GramsPerLitre(strength), Litres(held));
            let mass = lacking(wanted, full, strength, held);
            let found = mixed(strength, held, mass, full).unwrap();
            assert!(libm::fabs(found.0 - 10.0) < 1e-9, "{found:?}");
        }
        assert_eq!(lacking(wanted, full, GramsPerLitre(20.0), Litres(90.0)), Grams::ZERO);
        assert_eq!(mixed(wanted, Litres(10.0), Grams(5.0), Litres::ZERO), None);
        assert_eq!(mixed(wanted, Litres(10.0), Grams(f64::NAN), Litres(9.0)), None);
    }
}
