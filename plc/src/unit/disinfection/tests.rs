//! What disinfection promises, story by story.

mod analysers;
mod contact;
mod dose;
mod limits;
mod pumps;
mod states;
mod whatever;

use super::rig::{HOUR_S, Health, Rig, SECOND};
use super::*;
use crate::device::Mode;
use crate::signal::{Doubt, Fault, Moment};

fn mg(value: f64) -> Signal<MilligramsPerLitre> {
    Signal::Good(MilligramsPerLitre(value))
}

fn near(found: f64, expected: f64, within: f64) -> bool {
    libm::fabs(found - expected) <= within
}
