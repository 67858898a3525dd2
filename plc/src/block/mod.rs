//! Function blocks: no plant knowledge. Each keeps only what its name says.

mod accumulator;
mod ages;
mod balance;
mod duty;
mod lowest;
mod oscillation;
mod pi;
mod ramp;
mod sustained;
mod table;
mod timed;

pub use accumulator::{Rolling, RollingMass, SLICES, Total};
pub use ages::{packed, unpack};
pub use balance::{Account, Balance, Flows};
pub use duty::{Candidate, Duty, StartBudget, pinned};
pub use lowest::Lowest;
pub use oscillation::{Conduct, Oscillation};
pub use pi::{Aim, Hold, Look, Pace, Pi, PiLoop, PiTuning};
pub use ramp::{Ahead, Lag, Ramp};
pub use sustained::{Seen, Sustained, Trip, TripTimes};
pub use table::interpolate;
pub use timed::Timed;
