//! Points on the lines of the machine's own header: which lines there are, and what a line can carry (plant.md 1.5).
//!
//! A register of a header's profile is a line: its address is the line's number (BCM), its table says what the line does.

use crate::profile::{Form, Profile, Register, Table};
use crate::site::{Binding, Direction};

/// Lines of a Raspberry Pi's 40-pin header are GPIO 0 to 27.
const LINE_MAX: u16 = 27;
/// Most pulses a minute that a line is asked for: 100 ms on and at least as long off (plant.md 1.5 has 0 to 3 Hz).
pub const PULSES_MAX: f64 = 300.0;

/// What a line of the header does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Shows a contact.
    Contact,
    /// Counts closings of a contact; after 65 535 comes 0.
    Count,
    /// Is on or off.
    Switch,
    /// Gives pulses at a rate, 1/min.
    Pulses,
}

impl Duty {
    /// What a register makes of its line; `None`: nothing that a line can carry.
    #[must_use]
    pub fn of(register: &Register) -> Option<Duty> {
        match (register.table, &register.form, register.symbol.as_str()) {
            (Table::DiscreteInput, Form::Bool { .. }, _) => Some(Duty::Contact),
            (Table::Coil, Form::Bool { .. }, _) => Some(Duty::Switch),
            (Table::Input, Form::U16, "pcs") => Some(Duty::Count),
            (Table::Holding, Form::U16, "1/min") => Some(Duty::Pulses),
            (
                Table::DiscreteInput | Table::Coil | Table::Input | Table::Holding,
                Form::Bool { .. }
                | Form::Is { .. }
                | Form::Command { .. }
                | Form::U16
                | Form::I16
                | Form::U32
                | Form::I32
                | Form::F32,
                _,
            ) => None,
        }
    }
}

/// What else a line is used for, and so carries no point.
fn reserved(line: u16) -> Option<&'static str> {
    match line {
        0 | 1 => Some("the identification of add-on boards"),
        2 | 3 => Some("the clock (I2C)"),
        14 | 15 => Some("the serial port, and 14 goes high while the machine boots"),
        _ => None,
    }
}

/// The place of a line's first register: two registers of one line are one place.
pub(crate) fn place_of(profile: &Profile, register: usize) -> usize {
    let address = profile.registers[register].address;
    profile.registers.iter().position(|one| one.address == address).unwrap_or(register)
}

/// Why a point cannot be on its line; `high` is the most an output is asked for.
pub(crate) fn objection(
    profile: &Profile,
    register: &Register,
    binding: &Binding,
    high: Option<f64>,
) -> Option<String> {
    let line = register.address;
    if line > LINE_MAX {
        return Some(format!("line {line} is not there: a header has lines 4 to {LINE_MAX}"));
    }
    if let Some(what) = reserved(line) {
        return Some(format!(
            "line {line} is for {what}; plant.md 1.5 has the lines to choose from"
        ));
    }
    if profile.watchdog.is_some() || profile.dead_man.is_some() {
        return Some(format!(
            "profile `{}` is that of a Modbus device with a time-out of its own; the header's is `header`",
            profile.name
        ));
    }
    let Some(duty) = Duty::of(register) else {
        return Some(
            "a line carries a contact (discrete), a switch (coil), a count of closings (input, u16 in pcs) or a rate of \
             pulses (holding, u16 in 1/min)"
                .to_string(),
        );
    };
    match (duty, high) {
        (Duty::Switch | Duty::Pulses, _) if binding.invert => Some(
            "`invert`: a driver that is active-low switches on while the lines are inputs, at power-up and after the \
             controller has died; use one that is active-high"
                .to_string(),
        ),
        (Duty::Pulses, Some(high)) if !(binding.to_register(high) <= PULSES_MAX) => Some(format!(
            "{high} of the point are {:.0} pulses a minute; a line gives at most {PULSES_MAX:.0}",
            binding.to_register(high)
        )),
        (Duty::Pulses, _) if binding.to_register(0.0) != 0.0 => {
            Some("`offset`: an output that is off must give no pulses".to_string())
        }
        (Duty::Contact | Duty::Count | Duty::Switch | Duty::Pulses, _) => None,
    }
}

impl Binding {
    /// Which way a line of the header is pulled for it, so that a broken wire reads as an open contact: up where the
    /// contact is inverted, else down.
    #[must_use]
    pub fn is_pulled_up(&self) -> bool {
        self.direction == Direction::Input && self.invert
    }
}
