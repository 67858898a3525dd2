//! Units of the plant, one file each, in flow order in [`crate::plant`].

pub mod balance;
pub mod calibration;
pub mod chemicals;
pub mod coagulation;
pub mod disinfection;
pub mod distribution;
pub mod filter;
pub mod filtration;
pub mod hydrology;
pub mod intake;
pub mod loop_watch;
pub mod power;
pub mod sedimentation;
pub mod system;
pub mod tank;
pub mod waste;
