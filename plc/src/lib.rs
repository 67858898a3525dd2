//! What a village water plant does: a pure function of what it is told.
//!
//! `Plant::scan(inputs, orders, elapsed) -> outputs`. No clock, no I/O, no threads, no heap once the plant is built. Read
//! `plant.rs` first: it has every unit in flow order and the order of a scan.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod alarm;
pub mod block;
pub mod contact_time;
pub mod declare;
pub mod device;
pub mod guard;
pub mod image;
pub mod interlock;
pub mod kept;
pub mod output;
pub mod plant;
pub mod publish;
pub mod quantity;
pub mod reason;
pub mod signal;
pub mod tag;
pub mod unit;
pub mod validate;
pub mod why;
