//! The process, one file each, in flow order: `works.rs` puts them together.
//!
//! Units inside the model: metres, square metres, cubic metres, m³/h, seconds, mg/l, NTU, kW, unless a name says otherwise.

pub mod actuators;
pub mod ageing;
pub mod balance;
pub mod chlorine;
pub mod coagulation;
pub mod demand;
pub mod dosing;
pub mod filter;
pub mod filtration;
pub mod hydraulics;
pub mod inactivation;
pub mod instruments;
pub mod network;
pub mod panel;
pub mod parameters;
pub mod power;
pub mod random;
pub mod river;
#[cfg(test)]
mod season;
pub mod settling;
pub mod starts;
pub mod tower;
pub mod warming;
pub mod waste;
pub mod water;
pub mod weather;
pub mod works;
