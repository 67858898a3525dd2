//! What distribution promises, story by story.

mod blind;
mod clear_well;
mod delivery;
mod network;
mod run_on;
mod tank;
mod village;
mod whatever;

use std::vec::Vec;

use super::rig::{HOUR_S, Rig, SECOND, Shown, least_of, most_of};
use super::*;
use crate::device::{Mode, Travel};
use crate::quantity::Ntu;
use crate::signal::Fault;

fn known() -> Distribution {
    let mut unit = Distribution::new(&Shape::default());
    unit.retained.quality_known = true;
    unit
}

/// Without an elevated tank.
fn network() -> Rig {
    Rig::of(&Shape { elevated_tank: false, ..Shape::default() })
}
