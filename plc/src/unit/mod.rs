//! Units of the plant, one file each, in flow order in [`crate::plant`].

pub mod coagulation;
pub mod intake;
pub mod sedimentation;
pub mod tank;
