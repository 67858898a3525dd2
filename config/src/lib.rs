//! One site, one TOML file: parsed, checked and explained. Device profiles as data.
//!
//! A file is read with its line numbers and walked against the plant's catalogue. It is taken whole or refused whole: a
//! refusal lists every fault at once, each with file, line, key, what was found and what is allowed. What comes out are
//! checked types, used by the field driver and by the rig alike: [`Site`], its [`Device`]s with their [`Profile`]s, and one
//! [`Binding`] for each point that a register carries.

mod apply;
mod check;
mod device;
pub mod explain;
mod fault;
mod plan;
mod points;
mod profile;
mod section;
mod setting;
pub mod shipped;
mod site;
mod tree;
mod unit;
mod wiring;

pub use apply::Settings;
pub use check::{check, load};
pub use device::Profiles;
pub use fault::{Fault, Faults, Place};
pub use plan::{LOAD_MAX, Load, Request, loads, plan};
pub use profile::{Access, DeadMan, Form, Profile, Register, Table, Watchdog, WordOrder};
pub use site::{
    Binding, Bus, BusKind, Device, Direction, FieldKind, Hmi, Renamed, SettingValue, Site,
};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
