//! Contact time: how far chlorine, time, temperature and pH together inactivate germs.
//!
//! Only the table serves control and report, with conservative rounding: temperature down, pH up, chlorine up
//! (`docs/spec/plant.md` 2.7.4, 5.3, 5.4). Unknown is unsafe: whatever is not a number yields no inactivation.

use crate::quantity::{
    Celsius, CubicMetres, CubicMetresPerHour, MilligramMinutesPerLitre, MilligramsPerLitre, Ph,
};

/// EPA 815-R-20-003 (2020), table B-1: CT for 3-log *Giardia*, free chlorine, mg·min/l (`docs/spec/plant.md` 8.1).
/// By temperature 0.5, 5, 10, 15, 20, 25 °C; chlorine 0.4 to 3.0 mg/l in steps of 0.2; pH 6.0 to 9.0 in steps of 0.5.
#[rustfmt::skip]
const GIARDIA_3_LOG: [[[u16; 7]; 14]; 6] = [
    [
        [137, 163, 195, 237, 277, 329, 390],
        [141, 168, 200, 239, 286, 342, 407],
        [145, 172, 205, 246, 295, 354, 422],
        [148, 176, 210, 253, 304, 365, 437],
        [152, 180, 215, 259, 313, 376, 451],
        [155, 184, 221, 266, 321, 387, 464],
        [157, 189, 226, 273, 329, 397, 477],
        [162, 193, 231, 279, 338, 407, 489],
        [165, 197, 236, 286, 346, 417, 500],
        [169, 201, 242, 297, 353, 426, 511],
        [172, 205, 247, 298, 361, 435, 522],
        [175, 209, 252, 304, 368, 444, 533],
        [178, 213, 257, 310, 375, 452, 543],
        [181, 217, 261, 316, 382, 460, 552],
    ],
    [
        [97, 117, 139, 166, 198, 236, 279],
        [100, 120, 143, 171, 204, 244, 291],
        [103, 122, 146, 175, 210, 252, 301],
        [105, 125, 149, 179, 216, 260, 312],
        [107, 127, 152, 183, 221, 267, 320],
        [109, 130, 155, 187, 227, 274, 329],
        [111, 132, 158, 192, 232, 281, 337],
        [114, 135, 162, 196, 238, 287, 345],
        [116, 138, 165, 200, 243, 294, 353],
        [118, 140, 169, 204, 248, 300, 361],
        [120, 143, 172, 209, 253, 306, 368],
        [122, 146, 175, 213, 258, 312, 375],
        [124, 148, 178, 217, 263, 318, 382],
        [126, 151, 182, 221, 268, 324, 389],
    ],
    [
        [73, 88, 104, 125, 149, 177, 209],
        [75, 90, 107, 128, 153, 183, 218],
        [78, 92, 110, 131, 158, 189, 226],
        [79, 94, 112, 134, 162, 195, 234],
        [80, 95, 114, 137, 166, 200, 240],
        [82, 98, 116, 140, 170, 206, 247],
        [83, 99, 119, 144, 174, 211, 253],
        [86, 101, 122, 147, 179, 215, 259],
        [87, 104, 124, 150, 182, 221, 265],
        [89, 105, 127, 153, 186, 225, 271],
        [90, 107, 129, 157, 190, 230, 276],
        [92, 110, 131, 160, 194, 234, 281],
        [93, 111, 134, 163, 197, 239, 287],
        [95, 113, 137, 166, 201, 243, 292],
    ],
    [
        [49, 59, 70, 83, 99, 118, 140],
        [50, 60, 72, 86, 102, 122, 146],
        [52, 61, 73, 88, 105, 126, 151],
        [53, 63, 75, 90, 108, 130, 156],
        [54, 64, 76, 92, 111, 134, 160],
        [55, 65, 78, 94, 114, 137, 165],
        [56, 66, 79, 96, 116, 141, 169],
        [57, 68, 81, 98, 119, 144, 173],
        [58, 69, 83, 100, 122, 147, 177],
        [59, 70, 85, 102, 124, 150, 181],
        [60, 72, 86, 105, 127, 153, 184],
        [61, 73, 88, 107, 129, 156, 188],
        [62, 74, 89, 109, 132, 159, 191],
        [63, 76, 91, 111, 134, 162, 195],
    ],
    [
        [36, 44, 52, 62, 74, 89, 105],
        [38, 45, 54, 64, 77, 92, 109],
        [39, 46, 55, 66, 79, 95, 113],
        [39, 47, 56, 67, 81, 98, 117],
        [40, 48, 57, 69, 83, 100, 120],
        [41, 49, 58, 70, 85, 103, 123],
        [42, 50, 59, 72, 87, 105, 126],
        [43, 51, 61, 74, 89, 108, 129],
        [44, 52, 62, 75, 91, 110, 132],
        [44, 53, 63, 77, 93, 113, 135],
        [45, 54, 65, 78, 95, 115, 138],
        [46, 55, 66, 80, 97, 117, 141],
        [47, 56, 67, 81, 99, 119, 143],
        [47, 57, 68, 83, 101, 122, 146],
    ],
    [
        [24, 29, 35, 42, 50, 59, 70],
        [25, 30, 36, 43, 51, 61, 73],
        [26, 31, 37, 44, 53, 63, 75],
        [26, 31, 37, 45, 54, 65, 78],
        [27, 32, 38, 46, 55, 67, 80],
        [27, 33, 39, 47, 57, 69, 82],
        [28, 33, 40, 48, 58, 70, 84],
        [29, 34, 41, 49, 59, 72, 86],
        [29, 35, 42, 50, 60, 74, 88],
        [30, 35, 43, 51, 61, 75, 90],
        [30, 36, 44, 52, 62, 77, 92],
        [31, 37, 45, 53, 63, 78, 94],
        [31, 37, 46, 54, 64, 79, 95],
        [32, 38, 46, 55, 65, 81, 97],
    ],
];

const TEMPERATURES: [f64; 6] = [0.5, 5.0, 10.0, 15.0, 20.0, 25.0];
const CHLORINE_LOW: f64 = 0.4;
const CHLORINE_HIGH: f64 = 3.0;
const CHLORINE_STEP: f64 = 0.2;
const PH_LOW: f64 = 6.0;
const PH_HIGH: f64 = 9.0;
const PH_STEP: f64 = 0.5;
/// A value this near a node counts as on it: 0.8 is not exactly four steps of 0.2.
const NODE_TOLERANCE: f64 = 1e-9;

/// Virus CT at pH 6 to 9 for 2, 3 and 4 log, mg·min/l, by the same temperatures (EPA 1991, table E-7).
const VIRUS: [[f64; 3]; 6] = [
    [6.0, 9.0, 12.0],
    [4.0, 6.0, 8.0],
    [3.0, 4.0, 6.0],
    [2.0, 3.0, 4.0],
    [1.0, 2.0, 3.0],
    [1.0, 1.0, 2.0],
];

/// The row for a temperature, rounded down; none below 0.5 °C, where the table ends and service stops.
fn temperature_row(temperature: Celsius) -> Option<usize> {
    TEMPERATURES.iter().rposition(|row| temperature.0 >= *row)
}

/// CT for 3-log *Giardia*; pH and chlorine outside the table count as its nearest end. `None` below 0.5 °C and for what is
/// no number.
#[must_use]
pub fn giardia_3_log(
    temperature: Celsius,
    ph: Ph,
    chlorine: MilligramsPerLitre,
) -> Option<MilligramMinutesPerLitre> {
    if !(temperature.0.is_finite() && ph.0.is_finite() && chlorine.0.is_finite()) {
        return None;
    }
    let row = temperature_row(temperature)?;
    let chlorine =
        chlorine.within(MilligramsPerLitre(CHLORINE_LOW), MilligramsPerLitre(CHLORINE_HIGH)).0;
    let ph = ph.within(Ph(PH_LOW), Ph(PH_HIGH)).0;
    let strength = libm::ceil((chlorine - CHLORINE_LOW) / CHLORINE_STEP - NODE_TOLERANCE) as usize;
    let acidity = libm::ceil((ph - PH_LOW) / PH_STEP - NODE_TOLERANCE) as usize;
    let node = GIARDIA_3_LOG[row].get(strength)?.get(acidity)?;
    Some(MilligramMinutesPerLitre(f64::from(*node)))
}

/// Log inactivation of viruses for a CT, pH 6 to 9: proportional below the 2-log point, linear between distinct points,
/// the higher log where two share a CT, proportional beyond 4 log.
#[must_use]
pub fn virus_log(temperature: Celsius, ct: MilligramMinutesPerLitre) -> f64 {
    let Some(row) = temperature_row(temperature) else { return 0.0 };
    let [two, three, four] = VIRUS[row];
    let ct = ct.0;
    if ct >= four {
        4.0 * ct / four
    } else if ct >= three {
        3.0 + (ct - three) / (four - three)
    } else if ct >= two {
        2.0 + (ct - two) / (three - two)
    } else if ct > 0.0 {
        2.0 * ct / two
    } else {
        0.0
    }
}

/// Logs of inactivation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Logs {
    pub giardia: f64,
    pub virus: f64,
}

impl Logs {
    /// Segments in a row add up (40 CFR 141.534, `docs/spec/plant.md` 5.2). What is no number adds nothing.
    #[must_use]
    pub fn and(self, other: Logs) -> Logs {
        let sound = |logs: f64| if logs > 0.0 && logs.is_finite() { logs } else { 0.0 };
        Logs {
            giardia: sound(self.giardia) + sound(other.giardia),
            virus: sound(self.virus) + sound(other.virus),
        }
    }
}

/// What contact time is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    pub volume: CubicMetres,
    /// The larger of the flow now, the flow about to be asked, and a fifth of nominal.
    pub flow: CubicMetresPerHour,
    /// T10 over the mean residence time (`docs/spec/plant.md` 5.6).
    pub baffling: f64,
    /// The lower of the residuals.
    pub chlorine: MilligramsPerLitre,
    pub temperature: Celsius,
    pub ph: Ph,
    pub giardia_required: f64,
    pub virus_required: f64,
    /// What the segments beyond the clear well add: the elevated tank, the pipe.
    pub beyond: Logs,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Inactivation {
    /// T10, minutes.
    pub minutes: f64,
    pub ct: MilligramMinutesPerLitre,
    pub giardia_log: f64,
    pub virus_log: f64,
    /// The lesser of what is reached over what is required.
    pub ratio: f64,
}

impl Contact {
    /// `T10 = 60 · BF · V / Q`, `CT = C · T10`, `LG = 3 · CT / CT3G`, and what lies beyond.
    #[must_use]
    pub fn inactivation(&self) -> Inactivation {
        let minutes = 60.0 * self.baffling * self.volume.0 / self.flow.0;
        let ct = MilligramMinutesPerLitre(self.chlorine.0 * minutes);
        let needed = giardia_3_log(self.temperature, self.ph, self.chlorine);
        let Some(needed) = needed.filter(|_| ct.0.is_finite() && ct.0 >= 0.0) else {
            return Inactivation::default();
        };
        let own = Logs { giardia: 3.0 * ct.0 / needed.0, virus: virus_log(self.temperature, ct) };
        let Logs { giardia: giardia_log, virus: virus_log } = own.and(self.beyond);
        let giardia = giardia_log / self.giardia_required;
        let virus = virus_log / self.virus_required;
        let ratio = if giardia <= virus { giardia } else { virus };
        Inactivation { minutes, ct, giardia_log, virus_log, ratio }
    }

    /// What this segment reaches by itself.
    #[must_use]
    pub fn logs(&self) -> Logs {
        let found = Contact { beyond: Logs::default(), ..*self }.inactivation();
        Logs { giardia: found.giardia_log, virus: found.virus_log }
    }

    /// Volume below which the required inactivation is not reached at this flow.
    #[must_use]
    pub fn volume_needed(&self) -> Option<CubicMetres> {
        self.volume_for(1.0)
    }

    /// Volume below which this ratio is not reached at this flow.
    #[must_use]
    pub fn volume_for(&self, ratio: f64) -> Option<CubicMetres> {
        let required = ratio * self.giardia_required - Logs::default().and(self.beyond).giardia;
        let required = if required > 0.0 { required } else { 0.0 };
        let giardia = giardia_3_log(self.temperature, self.ph, self.chlorine)?.0 / 3.0 * required;
        let volume = giardia * self.flow.0 / (60.0 * self.baffling * self.chlorine.0);
        volume.is_finite().then_some(CubicMetres(volume))
    }
}

// The published tables and worked examples: `plc/tests/contact_time.rs`, out of the specification itself.
#[cfg(test)]
mod tests {
    use super::*;

    /// R-2.7.4-05: rounded to the unsafe side's loss.
    #[test]
    fn between_nodes_the_colder_the_more_alkaline_and_the_stronger_row_counts() {
        assert_eq!(
            giardia_3_log(Celsius(12.0), Ph(7.8), MilligramsPerLitre(0.7)),
            Some(MilligramMinutesPerLitre(158.0))
        );
        assert_eq!(
            giardia_3_log(Celsius(40.0), Ph(5.0), MilligramsPerLitre(9.0)),
            Some(MilligramMinutesPerLitre(32.0))
        );
    }

    /// R-2.7.4-05: between the published points.
    #[test]
    fn virus_inactivation_follows_the_table_and_its_shared_points() {
        for (temperature, ct, log) in [
            (10.0, 3.0, 2.0),
            (10.0, 4.0, 3.0),
            (10.0, 3.5, 2.5),
            (10.0, 5.0, 3.5),
            (0.5, 8.0, 2.0 + 2.0 / 3.0),
            (10.0, 6.0, 4.0),
            (10.0, 12.0, 8.0),
            (10.0, 1.5, 1.0),
            (25.0, 0.5, 1.0),
            (25.0, 1.0, 3.0),
            (25.0, 1.5, 3.5),
            (0.1, 100.0, 0.0),
            (10.0, 0.0, 0.0),
            (10.0, -1.0, 0.0),
            (10.0, f64::NAN, 0.0),
        ] {
            assert_eq!(
                virus_log(Celsius(temperature), MilligramMinutesPerLitre(ct)),
                log,
                "{temperature} {ct}"
            );
        }
    }

    /// R-2.7.4-05: the lesser of both ratios counts.
    #[test]
    fn whichever_germ_is_left_the_most_of_decides() {
        // 0.5 mg/l for a minute at 25 °C and pH 6: 3 · 0.5 / 25 = 0.06 log of Giardia, 1 log of viruses.
        let contact = |giardia_required, virus_required| Contact {
            volume: CubicMetres(1.0),
            flow: CubicMetresPerHour(60.0),
            baffling: 1.0,
            chlorine: MilligramsPerLitre(0.5),
            temperature: Celsius(25.0),
            ph: Ph(6.0),
            giardia_required,
            virus_required,
            beyond: Logs::default(),
        };
        for (giardia, virus, ratio) in [(0.5, 2.0, 0.12), (0.1, 4.0, 0.25), (0.24, 4.0, 0.25)] {
            let found = contact(giardia, virus).inactivation().ratio;
            assert!(libm::fabs(found - ratio) < 1e-9, "{giardia} {virus}: {found}");
        }
    }

    /// R-2.7.4-05, INV-3: unknown is unsafe, whatever lies beyond.
    #[test]
    fn what_is_not_known_inactivates_nothing() {
        let sound = Contact {
            volume: CubicMetres(14.0),
            flow: CubicMetresPerHour(6.0),
            baffling: 0.3,
            chlorine: MilligramsPerLitre(0.8),
            temperature: Celsius(25.0),
            ph: Ph(7.5),
            giardia_required: 0.5,
            virus_required: 2.0,
            beyond: Logs { giardia: 3.0, virus: 4.0 },
        };
        for unsound in [
            Contact { volume: CubicMetres(f64::NAN), ..sound },
            Contact { flow: CubicMetresPerHour(f64::NAN), ..sound },
            Contact { flow: CubicMetresPerHour(0.0), ..sound },
            Contact { chlorine: MilligramsPerLitre(-0.1), ..sound },
            Contact { chlorine: MilligramsPerLitre(f64::NAN), ..sound },
            Contact { temperature: Celsius(f64::NAN), ..sound },
            Contact { temperature: Celsius(0.2), ..sound },
            Contact { ph: Ph(f64::NAN), ..sound },
        ] {
            assert_eq!(unsound.inactivation(), Inactivation::default(), "{unsound:?}");
        }
    }

    /// R-2.7.4-04, `docs/spec/plant.md` 5.2: segments add up; what is no number adds nothing; the volume that is needed is less.
    #[test]
    fn a_tank_behind_the_clear_well_adds_its_logs() {
        let well = Contact {
            volume: CubicMetres(8.0),
            flow: CubicMetresPerHour(6.0),
            baffling: 0.3,
            chlorine: MilligramsPerLitre(0.6),
            temperature: Celsius(15.0),
            ph: Ph(7.8),
            giardia_required: 0.5,
            virus_required: 2.0,
            beyond: Logs::default(),
        };
        // 30 m³ at 8 m³/h, BF 0.1, half the chlorine.
        let tank = Contact {
            volume: CubicMetres(30.0),
            flow: CubicMetresPerHour(8.0),
            baffling: 0.1,
            chlorine: MilligramsPerLitre(0.3),
            ..well
        };
        let (own, added) = (well.inactivation(), tank.logs());
        assert!(own.ratio < 1.0 && added.giardia > 0.1);
        let both = Contact { beyond: added, ..well };
        let found = both.inactivation();
        assert!(near(found.giardia_log, own.giardia_log + added.giardia), "{found:?}");
        assert!(near(found.virus_log, own.virus_log + added.virus), "{found:?}");
        assert_eq!(Contact { beyond: added, ..well }.logs(), well.logs(), "by itself");
        assert!(found.ratio > 1.0);
        let nonsense = Logs { giardia: f64::NAN, virus: -3.0 };
        assert_eq!(Contact { beyond: nonsense, ..well }.inactivation(), own);
        for ratio in [1.0, 1.35] {
            let volume = both.volume_for(ratio).unwrap();
            assert!(near(Contact { volume, ..both }.inactivation().ratio, ratio), "{ratio}");
        }
        let plenty = Contact { beyond: Logs { giardia: 2.0, virus: 9.0 }, ..well };
        assert_eq!(plenty.volume_needed(), Some(CubicMetres(0.0)));
    }

    /// R-2.7.4-04: 15 °C, pH 7.8, 0.6 mg/l, 6 m³/h: 9.4 m³.
    #[test]
    fn the_volume_that_contact_needs_is_the_specifications() {
        let contact = Contact {
            volume: CubicMetres(14.0),
            flow: CubicMetresPerHour(6.0),
            baffling: 0.3,
            chlorine: MilligramsPerLitre(0.6),
            temperature: Celsius(15.0),
            ph: Ph(7.8),
            giardia_required: 0.5,
            virus_required: 2.0,
            beyond: Logs::default(),
        };
        let volume = contact.volume_needed().unwrap().0;
        assert!(near(volume, 9.44), "{volume}");
        for unknown in [f64::NAN, 0.0, f64::INFINITY] {
            let chlorine = MilligramsPerLitre(unknown);
            let needed = Contact { chlorine, ..contact }.volume_needed();
            assert_eq!(needed, None, "{unknown}");
        }
    }

    /// Within half a per cent (`docs/spec/plant.md` 5.5).
    fn near(found: f64, expected: f64) -> bool {
        libm::fabs(found - expected) <= 0.005 * expected
    }
}
