//! The field: where readings come from and outputs go.
//!
//! A driver answers the scan thread from memory and talks to its devices at its own pace.

pub mod buses;
pub mod header;
mod image;
pub mod modbus;
pub mod twin;

use std::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::signal::Moment;

/// What a bus carries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Share of the last window of ten seconds in which it was busy, 0 to 1; `None`: none is over yet.
    pub load: Option<f64>,
    /// Since the start: requests, and attempts to connect, that nobody answered in time.
    pub timeouts: u64,
    /// Requests that a device refused.
    pub exceptions: u64,
    /// Answers that were broken on the way or belonged to something else, and connections lost under way.
    pub broken: u64,
}

/// One way to the plant's instruments and actuators. Called on the scan thread: nothing but [`Field::stop`] may wait.
pub trait Field: Send {
    /// Fills in the newest reading of every input the field has. Readings keep the time they were measured; what the field
    /// does not have stays as it is.
    fn read(&mut self, inputs: &mut Inputs, at: Moment);

    /// Takes over a scan's outputs. A driver whose newest outputs grow old makes its devices safe by itself.
    fn write(&mut self, outputs: &Outputs, at: Moment);

    /// Whether water moves behind it: every field but the embedded twin.
    fn is_real(&self) -> bool;

    /// Whether anything on a bus (`a` to `d`) answers; `None`: this field has no such bus.
    fn bus_answers(&self, bus: char) -> Option<bool>;

    /// What a bus (`a` to `d`) carries; `None`: this field has no such bus, or it speaks no Modbus.
    fn traffic(&self, bus: char) -> Option<Traffic>;

    /// Whether every device that answers was read back with its own communication time-out as it should be. A field without
    /// such devices has nothing to prove.
    fn drives_verified(&self) -> bool {
        true
    }

    /// Time of day behind it, where that is another than here: the embedded twin's.
    fn time_of_day(&self) -> Option<Duration> {
        None
    }

    /// Sees that the outputs last written reach the devices, and ends. May wait a few seconds.
    fn stop(&mut self);
}
