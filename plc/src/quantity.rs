//! Physical quantities: one newtype a unit, so that a level cannot be added to a flow.
//!
//! Every quantity is an `f64` in the unit its name says. Arithmetic between different units is written on `.0`, with the
//! units in a comment. `within` is the only clamp: it sends NaN to the low end, where `f64::min` would let it through.

use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub};
use core::time::Duration;

/// How a value is shown and sent: with its unit, as on/off, or as one of named states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A number with its unit: the symbol people read, the UNECE Recommendation 20 code OPC UA sends, decimals shown.
    Number { symbol: &'static str, unece: &'static str, decimals: u8 },
    /// A contact or a command.
    OnOff,
    /// An enumeration; the value is the index.
    States(&'static [&'static str]),
    /// A set of [`crate::reason::Reason`]s; the set travels beside the value.
    Reasons,
    /// An alarm; the value is the index of its [`crate::alarm::State`].
    Alarm,
}

/// What can stand in an image slot.
pub trait Value: Copy + PartialEq + Default + 'static {
    /// How it is shown.
    const FORM: Form;
    /// The de-energised value.
    const SAFE: Self;
    /// The number in the slot.
    fn to_f64(self) -> f64;
    /// The value of a slot. A contact is closed at 0.5 and above; NaN reads as open.
    fn from_f64(value: f64) -> Self;
}

impl Value for bool {
    const FORM: Form = Form::OnOff;
    const SAFE: bool = false;
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
    fn from_f64(value: f64) -> bool {
        value >= 0.5
    }
}

impl Value for Duration {
    const FORM: Form = Form::Number { symbol: "s", unece: "SEC", decimals: 0 };
    const SAFE: Duration = Duration::ZERO;
    fn to_f64(self) -> f64 {
        self.as_secs_f64()
    }
    fn from_f64(value: f64) -> Duration {
        Duration::try_from_secs_f64(value).unwrap_or_default()
    }
}

macro_rules! quantities {
    ($( $(#[$doc:meta])* $name:ident = $symbol:literal, $unece:literal, $decimals:literal; )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
            pub struct $name(pub f64);

            impl $name {
                /// Nothing of it.
                pub const ZERO: $name = $name(0.0);

                /// Held inside `low..=high`; NaN becomes `low`.
                #[must_use]
                pub fn within(self, low: $name, high: $name) -> $name {
                    if self.0 >= high.0 { high } else if self.0 > low.0 { self } else { low }
                }

                /// How far it lies from `other`.
                #[must_use]
                pub fn distance(self, other: $name) -> $name {
                    $name(libm::fabs(self.0 - other.0))
                }

                /// Moved towards `target` by at most `step`.
                #[must_use]
                pub fn towards(self, target: $name, step: $name) -> $name {
                    target.within($name(self.0 - step.0), $name(self.0 + step.0))
                }

                /// The larger of two; NaN in either loses.
                #[must_use]
                pub fn or_more(self, other: $name) -> $name {
                    if self.0 >= other.0 { self } else if other.0 >= self.0 { other } else if self.0.is_nan() { other } else { self }
                }

                /// The smaller of two; NaN in either loses.
                #[must_use]
                pub fn or_less(self, other: $name) -> $name {
                    if self.0 <= other.0 { self } else if other.0 <= self.0 { other } else if self.0.is_nan() { other } else { self }
                }
            }

            impl Value for $name {
                const FORM: Form = Form::Number { symbol: $symbol, unece: $unece, decimals: $decimals };
                const SAFE: $name = $name(0.0);
                fn to_f64(self) -> f64 { self.0 }
                fn from_f64(value: f64) -> $name { $name(value) }
            }
            impl Add for $name { type Output = $name; fn add(self, other: $name) -> $name { $name(self.0 + other.0) } }
            impl Sub for $name { type Output = $name; fn sub(self, other: $name) -> $name { $name(self.0 - other.0) } }
            impl Neg for $name { type Output = $name; fn neg(self) -> $name { $name(-self.0) } }
            impl AddAssign for $name { fn add_assign(&mut self, other: $name) { self.0 += other.0; } }
            impl Mul<f64> for $name { type Output = $name; fn mul(self, by: f64) -> $name { $name(self.0 * by) } }
            impl Div<f64> for $name { type Output = $name; fn div(self, by: f64) -> $name { $name(self.0 / by) } }
            impl Div<$name> for $name { type Output = f64; fn div(self, by: $name) -> f64 { self.0 / by.0 } }
        )*

        /// Every unit a site file may write: symbol and decimals.
        pub const UNITS: &[Form] = &[$(<$name as Value>::FORM),*];
    };
}

// Codes: UNECE Recommendation 20 as listed by the OPC Foundation (`UNECE_to_OPCUA.csv`). Litres are `l`.
quantities! {
    /// Level, length, head of water.
    Metres = "m", "MTR", 3;
    /// Volume of a chemical.
    Litres = "l", "LTR", 1;
    /// Area.
    SquareMetres = "m²", "MTK", 2;
    /// Volume.
    CubicMetres = "m³", "MTQ", 2;
    /// Flow of water.
    CubicMetresPerHour = "m³/h", "MQH", 2;
    /// Filtration and wash rate: flow over bed area.
    MetresPerHour = "m/h", "M60", 1;
    /// Flow of a chemical.
    LitresPerHour = "l/h", "E32", 3;
    /// A chemical pump's strokes.
    StrokesPerMinute = "1/min", "C94", 1;
    /// What one stroke moves.
    Millilitres = "ml", "MLT", 2;
    /// Turbidity.
    Ntu = "NTU", "NTU", 2;
    /// Concentration in water.
    MilligramsPerLitre = "mg/l", "M1", 2;
    /// Strength of a stock solution.
    GramsPerLitre = "g/l", "GL", 1;
    /// Mass of a chemical.
    Grams = "g", "GRM", 1;
    /// Mass of sludge, dry.
    Kilograms = "kg", "KGM", 1;
    /// Acidity.
    Ph = "pH", "Q30", 2;
    /// Temperature.
    Celsius = "°C", "CEL", 1;
    /// Pressure. 1 m of water is 9.81 kPa.
    KiloPascals = "kPa", "KPA", 1;
    /// Share of full scale.
    Percent = "%", "P1", 1;
    /// Depth of rain.
    Millimetres = "mm", "MMT", 1;
    /// Rain.
    MillimetresPerHour = "mm/h", "H67", 1;
    /// Voltage.
    Volts = "V", "VLT", 1;
    /// Frequency.
    Hertz = "Hz", "HTZ", 2;
    /// Electric power.
    KiloWatts = "kW", "KWT", 2;
    /// Electric energy.
    KiloWattHours = "kWh", "KWH", 1;
    /// Contact time times residual.
    MilligramMinutesPerLitre = "mg·min/l", "C62", 1;
    /// A count of things.
    Count = "pcs", "H87", 0;
    /// A ratio, a factor, a logarithm.
    Ratio = "1", "C62", 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_gone_wrong_is_held_at_the_low_end() {
        for (value, held) in
            [(f64::NAN, 1.0), (0.0, 1.0), (3.0, 3.0), (9.0, 5.0), (f64::INFINITY, 5.0)]
        {
            assert_eq!(Ntu(value).within(Ntu(1.0), Ntu(5.0)), Ntu(held));
        }
    }

    #[test]
    fn the_larger_of_a_value_and_nan_is_the_value() {
        assert_eq!(Ntu(f64::NAN).or_more(Ntu(2.0)), Ntu(2.0));
        assert_eq!(Ntu(2.0).or_more(Ntu(f64::NAN)), Ntu(2.0));
        assert_eq!(Ntu(2.0).or_less(Ntu(f64::NAN)), Ntu(2.0));
    }
}
