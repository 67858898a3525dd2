//! What a checked site file says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use plc::plant::Shape;
use plc::signal::Fault;

use crate::profile::{Profile, Register};

/// A plant as its file describes it. Every field has been checked against the plant's declarations.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    /// Languages of the operators' pages, the first one is shown first.
    pub languages: Vec<String>,
    pub shape: Shape,
    /// Time between two scans, 10 to 1 000 ms, at most 250 ms with real outputs.
    pub period: Duration,
    /// Scans a period: plant time runs this many times as fast. 1 with real outputs.
    pub speed: u32,
    pub hmi: Hmi,
    pub field: FieldKind,
    pub buses: Vec<Bus>,
    pub devices: Vec<Device>,
    /// One for each field input and output that a register carries, in catalogue order. Empty with the twin.
    pub bindings: Vec<Binding>,
    /// Settings the file gives, in catalogue order.
    pub settings: Vec<SettingValue>,
    /// Paths of points this site does not have: inputs read `Bad(NotFitted)`, outputs go nowhere.
    pub absent: Vec<String>,
    /// ISA tags that are numbered otherwise here.
    pub tags: Vec<Renamed>,
}

/// The operators' pages.
#[derive(Clone, Debug, Default)]
pub struct Hmi {
    /// Anyone on the plant's network may look.
    pub open_view: bool,
    /// Panels from which anyone may stop everything and silence the horn.
    pub panels: Vec<IpAddr>,
}

/// What stands in for the field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// The embedded model plant.
    Twin {
        seed: u64,
        /// Starts with levels in mid-range and the wish to produce, instead of empty and stopped.
        warm: bool,
    },
    /// Real devices on buses, or a rig that plays them.
    Buses,
}

/// How a bus is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusKind {
    /// Modbus TCP at `host:port`.
    Tcp { address: String },
    /// Modbus RTU on a serial port of this machine.
    Rtu { port: String, parity: Parity, stop_bits: StopBits },
    /// Frames of Modbus RTU through a TCP connection to `host:port`: a serial server that passes bytes on.
    RtuOverTcp { address: String },
    /// No Modbus: the lines of this machine's own 40-pin header (plant.md 1.5).
    Gpio { driver: LineDriver },
}

impl BusKind {
    /// Where it is: `host:port`, the path of a serial port, or who drives the header.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            BusKind::Tcp { address } | BusKind::RtuOverTcp { address } => address,
            BusKind::Rtu { port, .. } => port,
            BusKind::Gpio { driver } => driver.word(),
        }
    }

    /// Whether it is the machine's own header.
    #[must_use]
    pub fn is_gpio(&self) -> bool {
        match self {
            BusKind::Gpio { .. } => true,
            BusKind::Tcp { .. } | BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => false,
        }
    }
}

/// Who drives the lines of the header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LineDriver {
    /// The registers of a Raspberry Pi's chip, through `/dev/gpiomem`.
    #[default]
    Rppal,
    /// The kernel, through `/dev/gpiochip*`: boards and kernels on which rppal does not run.
    Gpiocdev {
        /// Label of the chip, such as `pinctrl-rp1`, or its path; `None`: the header of a Raspberry Pi, whatever its number.
        chip: Option<String>,
    },
}

impl LineDriver {
    /// As a site file writes it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            LineDriver::Rppal => "rppal",
            LineDriver::Gpiocdev { .. } => "gpiocdev",
        }
    }
}

/// The bit that checks each character of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    #[default]
    None,
    Even,
    Odd,
}

/// What ends each character of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopBits {
    #[default]
    One,
    Two,
}

impl Parity {
    /// As in 8N1.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        }
    }
}

impl StopBits {
    #[must_use]
    pub fn count(self) -> u32 {
        match self {
            StopBits::One => 1,
            StopBits::Two => 2,
        }
    }
}

/// A line with devices on it.
#[derive(Clone, Debug)]
pub struct Bus {
    pub name: String,
    pub kind: BusKind,
    /// Speed of the serial line, at this machine or behind the address; `None`: Ethernet all the way.
    pub baud: Option<u32>,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

/// One device on a bus.
#[derive(Clone, Debug)]
pub struct Device {
    pub name: String,
    /// Its place in [`Site::buses`].
    pub bus: usize,
    /// Modbus unit (slave) number; 0 where the device is the header.
    pub unit: u8,
    pub profile: Arc<Profile>,
}

/// Which way a binding carries its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the field: an input of the plant.
    Input,
    /// To the field: an output of the plant.
    Output,
}

/// A point and the register that carries it. Point value = register value × `scale` + `offset`, both ways.
#[derive(Clone, Debug)]
pub struct Binding {
    pub path: String,
    pub direction: Direction,
    /// Its place in [`Site::devices`].
    pub device: usize,
    /// Its place in the device's [`Profile::registers`].
    pub register: usize,
    /// The contact is wired the other way round.
    pub invert: bool,
    pub scale: f64,
    pub offset: f64,
    /// Register values outside are a broken or shorted loop: `Bad(Range)`.
    pub live: Option<(f64, f64)>,
    /// The output goes off by itself unless it is switched on again every second.
    pub dead_man: bool,
}

impl Binding {
    /// The point's value from the register's.
    pub fn to_point(&self, register: f64) -> Result<f64, Fault> {
        if self.live.is_some_and(|(low, high)| !(low..=high).contains(&register)) {
            return Err(Fault::Range);
        }
        let value = register * self.scale + self.offset;
        if !value.is_finite() {
            return Err(Fault::Invalid);
        }
        Ok(if self.invert { 1.0 - value } else { value })
    }

    /// The register's value from the point's.
    #[must_use]
    pub fn to_register(&self, point: f64) -> f64 {
        let value = if self.invert { 1.0 - point } else { point };
        (value - self.offset) / self.scale
    }
}

/// A setting that the file gives.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingValue {
    pub path: String,
    pub value: f64,
    /// Range at this site: inside the declared one.
    pub low: f64,
    pub high: f64,
}

/// An ISA tag under another number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    pub from: String,
    pub to: String,
}

impl Site {
    /// The device of a binding.
    #[must_use]
    pub fn device(&self, binding: &Binding) -> &Device {
        &self.devices[binding.device]
    }

    /// The register of a binding.
    #[must_use]
    pub fn register(&self, binding: &Binding) -> &Register {
        &self.devices[binding.device].profile.registers[binding.register]
    }

    /// A point's value from the words of its register: `Bad(Invalid)` for a sentinel, `Bad(Range)` for a broken loop.
    pub fn decode(&self, binding: &Binding, words: &[u16]) -> Result<f64, Fault> {
        binding.to_point(self.register(binding).decode(words).ok_or(Fault::Invalid)?)
    }

    /// Writes a point's value into the words of its register; other bits of a shared word stay.
    pub fn encode(&self, binding: &Binding, value: f64, words: &mut [u16]) {
        self.register(binding).encode(binding.to_register(value), words);
    }

    /// Whether a bus speaks RTU: bits take the time they take, whatever the speed of the plant.
    #[must_use]
    pub fn has_serial_lines(&self) -> bool {
        self.buses.iter().any(|bus| match bus.kind {
            BusKind::Rtu { .. } | BusKind::RtuOverTcp { .. } => true,
            BusKind::Tcp { .. } | BusKind::Gpio { .. } => false,
        })
    }

    /// Whether points are bound to the machine's own header: what is wired to it lives at the speed of life.
    #[must_use]
    pub fn has_header(&self) -> bool {
        self.buses.iter().any(|bus| bus.kind.is_gpio())
    }

    /// Whether a device is the machine's own header.
    #[must_use]
    pub fn is_header(&self, device: &Device) -> bool {
        self.buses.get(device.bus).is_some_and(|bus| bus.kind.is_gpio())
    }

    /// Whether outputs reach anything but the embedded twin.
    #[must_use]
    pub fn has_real_outputs(&self) -> bool {
        match self.field {
            FieldKind::Twin { .. } => false,
            FieldKind::Buses => true,
        }
    }
}
