//! Modbus: the buses of a site, polled and written from outside the scan thread.

mod connection;
#[cfg(test)]
mod connection_tests;
#[cfg(test)]
mod nasty;
mod wire;
