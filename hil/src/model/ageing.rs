//! How concentrated hypochlorite loses its strength in the store: `plant.md` 6.9.

/// Trade strength of a fresh drum, %.
pub const FRESH: f64 = 12.5;
/// k at 24 °C, per (%²·day), and by how much it grows in 10 °C. Fitted to the table of `plant.md` 8.4, within 2.1 %.
const RATE: (f64, f64) = (4.3e-5, 3.8);
const REFERENCE: f64 = 24.0;

/// % left of `percent` after so many days at this temperature, °C: dc/dt = −k·c³. The published loss is of second order in
/// hypochlorite, and its constant grows with the salt that is dissolved, which here goes with the strength.
#[must_use]
pub fn remaining(percent: f64, days: f64, temperature: f64) -> f64 {
    let rate = RATE.0 * libm::pow(RATE.1, (temperature - REFERENCE) / 10.0);
    percent / libm::sqrt(1.0 + 2.0 * rate * days.max(0.0) * percent * percent)
}
