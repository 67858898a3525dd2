//! True inactivation behind the clear well: `plant.md` 5.2 to 5.4 and 6.8.
//!
//! Giardia by the EPA regression, not by the table the plant uses: a model that shares the table shares its slips. The
//! regression is never below the table at its nodes, up to 17 % above.

/// T10 over T of N equal compartments, `plant.md` 6.8; between two listed N the lower counts.
const BAFFLING: [(usize, f64); 11] = [
    (1, 0.105),
    (2, 0.266),
    (3, 0.367),
    (4, 0.436),
    (5, 0.487),
    (6, 0.525),
    (8, 0.582),
    (10, 0.622),
    (15, 0.687),
    (20, 0.726),
    (30, 0.774),
];
/// Logs that filtration leaves to disinfection: Giardia, viruses.
const REQUIRED: (f64, f64) = (0.5, 2.0);
/// CT for 4 log of viruses, mg·min/l, pH 6 to 9, by temperature rounded down.
const VIRUS_CT: [(f64, f64, f64); 6] = [
    (25.0, 1.0, 2.0),
    (20.0, 1.0, 3.0),
    (15.0, 2.0, 4.0),
    (10.0, 3.0, 6.0),
    (5.0, 4.0, 8.0),
    (0.5, 6.0, 12.0),
];

/// The true baffling factor of this many compartments.
#[must_use]
pub fn baffling(compartments: usize) -> f64 {
    BAFFLING
        .iter()
        .rev()
        .find(|(count, _)| *count <= compartments)
        .map_or(BAFFLING[0].1, |found| found.1)
}

/// CT for one log of Giardia, mg·min/l (Smith and others 1995).
#[must_use]
pub fn giardia_ct(temperature: f64, ph: f64, chlorine: f64) -> f64 {
    if temperature < 12.5 {
        0.353 * (12.006 + libm::exp(2.46 - 0.073 * temperature + 0.125 * chlorine + 0.389 * ph))
    } else {
        0.361 * (-2.261 + libm::exp(2.69 - 0.065 * temperature + 0.111 * chlorine + 0.361 * ph))
    }
}

/// Logs of viruses at this CT: proportional to 2 log, then linear to 4, beyond in proportion.
#[must_use]
pub fn virus_log(contact: f64, temperature: f64) -> f64 {
    let coldest = VIRUS_CT[VIRUS_CT.len() - 1];
    let row = VIRUS_CT.iter().find(|row| row.0 <= temperature).unwrap_or(&coldest);
    let (two, four) = (row.1, row.2);
    if contact < two {
        2.0 * contact / two
    } else if contact < four {
        2.0 + 2.0 * (contact - two) / (four - two)
    } else {
        4.0 * contact / four
    }
}

/// T10 in minutes of `volume` m³ at `flow` m³/h; without flow it has no end and a week stands for it.
#[must_use]
pub fn contact_minutes(volume: f64, flow: f64, compartments: usize) -> f64 {
    if flow <= 0.0 {
        10_080.0
    } else {
        (60.0 * baffling(compartments) * volume / flow).min(10_080.0)
    }
}

/// IR: what was reached over what is required, the worse of Giardia and viruses.
#[must_use]
pub fn inactivation_ratio(minutes: f64, chlorine: f64, temperature: f64, ph: f64) -> f64 {
    let contact = chlorine * minutes;
    let giardia = contact / giardia_ct(temperature, ph, chlorine);
    (giardia / REQUIRED.0).min(virus_log(contact, temperature) / REQUIRED.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cold_alkaline_water_needs_more_contact() {
        // The table has 73 mg·min/l for 3 log at 15 °C, pH 7, 0.4 mg/l or less; the regression lies up to 17 % above.
        let node = 3.0 * giardia_ct(15.0, 7.0, 0.4);
        assert!((70.0..82.0).contains(&node), "{node}");
        // 12 °C, pH 8.0, 0.8 mg/l: `plant.md` 5.3 gives 140.9.
        assert!((3.0 * giardia_ct(12.0, 8.0, 0.8) - 140.9).abs() < 0.5);
        let warm = inactivation_ratio(60.0, 0.6, 25.0, 7.4);
        let cold = inactivation_ratio(60.0, 0.6, 12.0, 8.0);
        assert!(warm > 2.0 * cold, "{warm} {cold}");
    }

    #[test]
    fn viruses_go_by_the_published_points() {
        for (contact, temperature, logs) in [
            (2.0, 15.0, 2.0),
            (3.0, 15.0, 3.0),
            (4.0, 17.0, 4.0),
            (8.0, 15.0, 8.0),
            (3.0, 2.0, 1.0),
        ] {
            assert!(
                (virus_log(contact, temperature) - logs).abs() < 1.0e-9,
                "{contact} at {temperature}"
            );
        }
    }
}
