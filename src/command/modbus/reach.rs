//! Which bus, which unit, which registers: what the command line says of them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use config::{BusKind, Form, Parity, Register, Site, StopBits, Table, WordOrder};
use sweetspring::field::modbus::Way;

use super::super::sites;
use super::table;

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// Serial port; `ls -l /dev/serial/by-id` lists USB adapters by names that stay
    #[arg(long, value_name = "PATH")]
    port: Option<String>,
    /// Modbus TCP device or gateway
    #[arg(long, value_name = "HOST:PORT")]
    tcp: Option<String>,
    /// Serial server that passes RTU frames on
    #[arg(long, value_name = "HOST:PORT")]
    rtu_over_tcp: Option<String>,
    /// Site file, with --bus or --device
    #[arg(long, value_name = "SITE")]
    site: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Reach {
    #[command(flatten)]
    place: Place,
    /// Speed of the serial line, 19200 without; of --port and --rtu-over-tcp only
    #[arg(long, conflicts_with_all = ["tcp", "site"])]
    baud: Option<u32>,
    /// Parity of the serial line, none without; of --port only
    #[arg(long, value_enum, conflicts_with_all = ["tcp", "rtu_over_tcp", "site"])]
    parity: Option<ParityWord>,
    /// Stop bits of the serial line, 1 without; of --port only
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=2),
        conflicts_with_all = ["tcp", "rtu_over_tcp", "site"]
    )]
    stop_bits: Option<u8>,
    /// Longest wait for an answer, ms
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(10..=10_000))]
    limit: Option<u64>,
    /// Bus of the site file
    #[arg(long, value_name = "NAME", requires = "site")]
    bus: Option<String>,
    /// Device of the site file: its bus, unit number and registers
    #[arg(long, value_name = "NAME", requires = "site", conflicts_with = "bus")]
    device: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ParityWord {
    None,
    Even,
    Odd,
}

#[derive(Debug, Args)]
pub struct Which {
    #[command(flatten)]
    pub reach: Reach,
    /// Unit number, 1 to 247; a device of a site has its own
    #[arg(long, value_name = "N", value_parser = unit)]
    unit: Option<u8>,
}

#[derive(Debug, Args)]
pub struct Shape {
    /// As which number; without it, every way to read it is shown
    #[arg(long = "as", value_enum, value_name = "FORM")]
    form: Option<FormWord>,
    /// In which order two registers hold the bytes A (highest) to D of one number
    #[arg(long, value_enum, default_value_t = OrderWord::Abcd)]
    order: OrderWord,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormWord {
    U16,
    I16,
    U32,
    I32,
    F32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OrderWord {
    Abcd,
    Cdab,
    Badc,
    Dcba,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TableWord {
    /// Outputs of one bit (FC01, FC05, FC0F)
    Coil,
    /// Inputs of one bit (FC02)
    Discrete,
    /// Registers that may be written (FC03, FC06, FC10)
    Holding,
    /// Registers that are only read (FC04)
    Input,
}

/// Unit numbers that a device may have.
pub fn unit(words: &str) -> Result<u8, String> {
    let number = words.parse().ok().filter(|number| (1..=247).contains(number));
    number.ok_or_else(|| "unit numbers are 1 to 247".to_owned())
}

/// Decimal or 0x.
pub fn word(words: &str) -> Result<u16, String> {
    let number = match words.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => words.parse().ok(),
    };
    let wanted = "a number from 0 to 65535, or 0x0000 to 0xFFFF; a manual's 40001 is `holding 0`";
    number.ok_or_else(|| wanted.to_owned())
}

/// Speed of a serial line where nothing else is said (plant.md 1.5).
const BAUD: u32 = 19_200;
/// Longest wait for an answer where nothing else is said; a scan waits less, so that it ends.
pub const LIMIT: Duration = Duration::from_millis(500);
pub const LIMIT_SCAN: Duration = Duration::from_millis(200);

/// Where to ask, and what a site says of it.
pub struct Reached {
    pub way: Way,
    pub limit: Duration,
    pub unit: Option<u8>,
    pub registers: Vec<Register>,
}

impl Reach {
    pub fn find(&self, limit: Duration) -> anyhow::Result<Reached> {
        let given = self.limit.map(Duration::from_millis);
        let limit = given.unwrap_or(limit);
        let stop_bits = if self.stop_bits == Some(2) { StopBits::Two } else { StopBits::One };
        let parity = match self.parity {
            Some(ParityWord::None) | None => Parity::None,
            Some(ParityWord::Even) => Parity::Even,
            Some(ParityWord::Odd) => Parity::Odd,
        };
        let place = &self.place;
        let kind = match (&place.port, &place.tcp, &place.rtu_over_tcp, &place.site) {
            (Some(port), ..) => BusKind::Rtu { port: port.clone(), parity, stop_bits },
            (_, Some(address), ..) => BusKind::Tcp { address: address.clone() },
            (_, _, Some(address), _) => BusKind::RtuOverTcp { address: address.clone() },
            (None, None, None, Some(site)) => {
                return self.of_site(&sites::load(Some(site), &[])?, given);
            }
            (None, None, None, None) => bail!("no way to a bus given"),
        };
        let way = Way { kind, baud: Some(self.baud.unwrap_or(BAUD)) };
        Ok(Reached { way, limit, unit: None, registers: Vec::new() })
    }

    fn of_site(&self, site: &Site, limit: Option<Duration>) -> anyhow::Result<Reached> {
        let names = |names: Vec<&str>| names.join(", ");
        let device = match &self.device {
            Some(name) => {
                let found = site.devices.iter().find(|device| device.name == *name);
                let known = || names(site.devices.iter().map(|one| one.name.as_str()).collect());
                Some(found.with_context(|| format!("no device {name}: there are {}", known()))?)
            }
            None => None,
        };
        let known = || names(site.buses.iter().map(|one| one.name.as_str()).collect());
        let bus = match (device, &self.bus) {
            (Some(device), _) => site.buses.get(device.bus),
            (None, Some(name)) => site.buses.iter().find(|bus| bus.name == *name),
            (None, None) => bail!("say which: --device NAME, or --bus of {}", known()),
        };
        let bus = bus.with_context(|| format!("no such bus: there are {}", known()))?;
        if bus.kind.is_gpio() {
            bail!("bus {} is the header of this machine: its lines speak no Modbus", bus.name);
        }
        Ok(Reached {
            way: Way::of(bus),
            limit: limit.unwrap_or(bus.timeout),
            unit: device.map(|device| device.unit),
            registers: device.map(|device| device.profile.registers.clone()).unwrap_or_default(),
        })
    }
}

impl Which {
    pub fn find(&self) -> anyhow::Result<(Reached, u8)> {
        let reached = self.reach.find(LIMIT)?;
        let unit = self.unit.or(reached.unit);
        let unit =
            unit.context("which unit? --unit 1 to 247; `sweetspring modbus scan` finds it")?;
        Ok((reached, unit))
    }
}

impl TableWord {
    pub fn table(self) -> Table {
        match self {
            TableWord::Coil => Table::Coil,
            TableWord::Discrete => Table::DiscreteInput,
            TableWord::Holding => Table::Holding,
            TableWord::Input => Table::Input,
        }
    }
}

impl Shape {
    /// A register of this form, where one was asked for.
    pub fn register(&self, table: Table, address: u16) -> Option<Register> {
        let form = match self.form? {
            FormWord::U16 => Form::U16,
            FormWord::I16 => Form::I16,
            FormWord::U32 => Form::U32,
            FormWord::I32 => Form::I32,
            FormWord::F32 => Form::F32,
        };
        let order = match self.order {
            OrderWord::Abcd => WordOrder::Abcd,
            OrderWord::Cdab => WordOrder::Cdab,
            OrderWord::Badc => WordOrder::Badc,
            OrderWord::Dcba => WordOrder::Dcba,
        };
        Some(table::plain(table, address, form, order))
    }
}
