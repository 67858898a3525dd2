//! The bed of sand as water of one temperature finds it.

/// Bed: depth m, porosity, D60 m.
const DEPTH: f64 = 0.8;
const POROSITY: f64 = 0.42;
const GRAIN: f64 = 0.75e-3;
const KOZENY: f64 = 5.0;
const GRAVITY: f64 = 9.81;
/// The rate at which losses and removals are quoted, m/h.
pub const REFERENCE_RATE: f64 = 5.0;

/// Kinematic viscosity of water, m²/s, from Vogel's equation for the dynamic one.
#[must_use]
pub fn viscosity(temperature: f64) -> f64 {
    let dynamic = 2.414e-5 * libm::exp10(247.8 / (temperature + 133.15));
    let off = temperature - 4.0;
    // Density within 0.1 % from 0 to 40 °C.
    dynamic / (1_000.0 - 0.0057 * off * off)
}

/// Carman and Kozeny: loss of the clean bed, m, at this rate (m/h) and temperature (°C).
#[must_use]
pub fn clean_loss(rate: f64, temperature: f64) -> f64 {
    let solid = (1.0 - POROSITY) * (1.0 - POROSITY);
    let pores = POROSITY * POROSITY * POROSITY;
    DEPTH * 36.0 * KOZENY * solid / pores * viscosity(temperature) * (rate / 3_600.0)
        / (GRAVITY * GRAIN * GRAIN)
}

/// v_mf: upflow that just lifts the bed, m/h.
#[must_use]
pub fn minimum_fluidisation(temperature: f64) -> f64 {
    let pores = POROSITY * POROSITY * POROSITY;
    // Sand weighs 1.65 times its water more than water.
    pores * GRAVITY * GRAIN * GRAIN * 1.65 * 3_600.0
        / (36.0 * KOZENY * viscosity(temperature) * (1.0 - POROSITY))
}

/// What the temperature of the water makes of all filters; worked out when it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bed {
    /// Clean-bed loss at the reference rate and 25 °C, m.
    pub clean_loss: f64,
    /// Viscosity against 25 °C.
    pub viscosity: f64,
    /// m/h.
    pub fluidisation: f64,
}

impl Bed {
    #[must_use]
    pub fn at(temperature: f64) -> Bed {
        Bed {
            clean_loss: clean_loss(REFERENCE_RATE, 25.0),
            viscosity: viscosity(temperature) / viscosity(25.0),
            fluidisation: minimum_fluidisation(temperature),
        }
    }
}
