//! Devices: what a unit commands, and what it gets back. They know their limits and times, not the process.

mod dosing_pump;
mod handling;
mod pump;
mod pumps;
mod valve;

pub use dosing_pump::DosingPump;
pub use handling::{Handling, MANUAL_TIME, Mode};
pub use pump::{Ask, Drive, Held, Limits, Motor, Stagger, State as PumpState};
pub use pumps::{PUMPS_MAX, Pumps};
pub use valve::{
    Asked, Inputs as ValveInputs, MotorValve, ReturnValve, State as ValveState, Travel,
};
