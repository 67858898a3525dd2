//! Every unit in flow order, and the order of a scan. Read this first.

use crate::quantity::CubicMetresPerHour;

/// What a site has: stated once, in its file, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Raw water at full rate; thresholds scale with it. 1 to 50 m³/h.
    pub nominal_flow: CubicMetresPerHour,
    /// Sedimentation tanks, 1 to 4.
    pub tanks: u8,
    /// Filters, 1 to 6.
    pub filters: u8,
    /// P-101, 1 to 3.
    pub raw_pumps: u8,
    /// P-301, 1 to 3.
    pub feed_pumps: u8,
    /// P-501, 1 to 3.
    pub lift_pumps: u8,
    /// B-351, with the air valves.
    pub blower: bool,
    /// T-501.
    pub elevated_tank: bool,
}

impl Default for Shape {
    /// The reference plant of `docs/spec/plant.md` 1.
    fn default() -> Shape {
        Shape {
            nominal_flow: CubicMetresPerHour(5.0),
            tanks: 2,
            filters: 2,
            raw_pumps: 2,
            feed_pumps: 2,
            lift_pumps: 2,
            blower: true,
            elevated_tank: true,
        }
    }
}
