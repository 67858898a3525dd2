//! The whole thing through its real interfaces: the programs as processes, with their sockets, files and signals.
//!
//! Every test has a state folder and free ports of its own, and ends only what it started.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails there")]

mod bench;
mod client;
mod clock;
mod command_line;
mod disk;
mod header;
mod io_check;
mod plant;
mod recording;
mod refused;
mod restart;
mod rig;
mod screen;
mod stop;
mod wire;
