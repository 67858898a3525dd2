//! What the water carries, and how it mixes.

/// Constituents of a volume of water, fully mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Water {
    /// NTU.
    pub turbidity: f64,
    /// Share of the turbidity that good coagulation would have made ready to settle, 0 to 1: η_c of `plant.md` 6.4.
    pub coagulated: f64,
    /// PAC dosed into it, mg/l of product.
    pub coagulant: f64,
    /// mg/l as CaCO₃.
    pub alkalinity: f64,
    /// Dissolved carbon dioxide, mmol/l.
    pub carbon_dioxide: f64,
    /// Free chlorine, mg/l.
    pub chlorine: f64,
}

/// Dry matter of raw water, mg/l per NTU: `plant.md` 6.1.
pub const RAW_SOLIDS: f64 = 1.6;
/// Of settled and filtered water: `plant.md` 6.6, capture.
pub const FINE_SOLIDS: f64 = 1.5;
/// Dry matter out of a mg of PAC, mg: `plant.md` 6.5.
pub const COAGULANT_SOLIDS: f64 = 0.3;

/// First dissociation constant of carbonic acid at 25 °C, `plant.md` 6.7.
const PK1: f64 = 6.35;
/// mg of CaCO₃ in one milliequivalent.
const CALCIUM_CARBONATE_MG_PER_MEQ: f64 = 50.0;
/// PAC of 30 % Al₂O₃ and 75 % basicity: mg CaCO₃ of alkalinity used by a mg of product, `plant.md` 6.7.
const ALKALINITY_PER_COAGULANT: f64 = 0.22;

impl Water {
    /// Natural water of this turbidity, pH and alkalinity.
    #[must_use]
    pub fn natural(turbidity: f64, ph: f64, alkalinity: f64) -> Water {
        Water {
            turbidity,
            alkalinity,
            carbon_dioxide: alkalinity / CALCIUM_CARBONATE_MG_PER_MEQ / libm::exp10(ph - PK1),
            ..Water::default()
        }
    }

    /// Adds a dose of PAC, mg/l: uses alkalinity and sets as much carbon dioxide free.
    pub fn add_coagulant(&mut self, dose: f64) {
        let used = (ALKALINITY_PER_COAGULANT * dose).min(self.alkalinity);
        self.coagulant += dose;
        self.alkalinity -= used;
        self.carbon_dioxide += used / CALCIUM_CARBONATE_MG_PER_MEQ;
    }

    /// Dry matter before settling, g/m³: what the river brought and what PAC became.
    #[must_use]
    pub fn raw_solids(&self) -> f64 {
        RAW_SOLIDS * self.turbidity + COAGULANT_SOLIDS * self.coagulant
    }

    /// Dry matter after settling, g/m³.
    #[must_use]
    pub fn fine_solids(&self) -> f64 {
        FINE_SOLIDS * self.turbidity
    }

    /// Closed carbonate system.
    #[must_use]
    pub fn ph(&self) -> f64 {
        // Without alkalinity the formula has no answer: a thousandth of a mg/l stands for none.
        let alkalinity = self.alkalinity.max(0.001) / CALCIUM_CARBONATE_MG_PER_MEQ;
        PK1 + libm::log10(alkalinity / self.carbon_dioxide.max(1.0e-6))
    }

    /// Takes in `share` (0 to 1, of the volume after mixing) of other water.
    pub fn blend(&mut self, share: f64, other: &Water) {
        self.turbidity += share * (other.turbidity - self.turbidity);
        self.coagulated += share * (other.coagulated - self.coagulated);
        self.coagulant += share * (other.coagulant - self.coagulant);
        self.alkalinity += share * (other.alkalinity - self.alkalinity);
        self.carbon_dioxide += share * (other.carbon_dioxide - self.carbon_dioxide);
        self.chlorine += share * (other.chlorine - self.chlorine);
    }

    /// Mixes `incoming` m³ of other water into the `held` m³ of this.
    pub fn take_in(&mut self, held: f64, incoming: f64, other: &Water) {
        if incoming > 0.0 {
            self.blend(incoming / (held + incoming), other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_milligrams_of_pac_lower_the_ph_of_river_water_by_two_tenths() {
        let mut water = Water::natural(10.0, 7.6, 70.0);
        assert!((water.ph() - 7.6).abs() < 1.0e-9);
        water.add_coagulant(10.0);
        assert!((water.ph() - 7.39).abs() < 0.02, "{}", water.ph());
    }

    #[test]
    fn mixing_keeps_the_mass() {
        let mut water = Water { chlorine: 1.0, ..Water::default() };
        water.take_in(3.0, 1.0, &Water::default());
        assert!((water.chlorine * 4.0 - 3.0).abs() < 1.0e-12);
    }
}
