//! The controller: the only place with clocks, threads, sockets and files.
//!
//! `exchange` is the border between the scan thread and everything else: snapshots out, commands in. `field`, `opcua` and
//! `web` never see each other.

pub mod access;
pub mod controller;
pub mod exchange;
pub mod field;
pub mod folder;
pub mod history;
pub mod journal;
pub mod machine;
pub mod opcua;
pub mod recorder;
pub mod scan;
pub mod watchdog;
pub mod web;
