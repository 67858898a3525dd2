//! One site, one TOML file: parsed, checked and explained. Device profiles as data.
//!
//! A file is read with its line numbers and walked against the plant's catalogue. It is taken whole or refused whole: a
//! refusal lists every fault at once, each with file, line, key, what was found and what is allowed. What comes out are
//! checked types, used by the field driver and by the rig alike: [`Site`], its [`Device`]s with their [`Profile`]s, and one
//! [`Binding`] for each point that a register carries.
//!
//! # A site file
//!
//! ```toml
//! [site]
//! name = "Ban Nam"
//! languages = ["lo", "en"]        # the first is shown first
//! period = "100 ms"               # 10 ms to 1 s; at most 250 ms with real outputs
//!
//! [plant]                         # how many of everything
//! nominal_flow = "5 m³/h"         # or m3/h
//! tanks = 2                       # 1 to 4
//! filters = 2                     # 1 to 6
//! raw_pumps = 2                   # 1 to 3, as the next two
//! feed_pumps = 2
//! lift_pumps = 2
//! blower = true
//! elevated_tank = true
//! telemetry = true                  # rain gauge, level and soil moisture upstream
//! settling = "continuous"          # or "batch": plain tanks without weirs
//!
//! [field]
//! driver = "modbus"               # or "twin": the embedded model, with seed = 1 and start = "warm" or "cold"
//!
//! [hmi]
//! open_view = true                # anyone on the plant's network may look
//! panels = ["192.168.1.20"]       # from here anyone may stop everything and silence the horn
//!
//! [tags]
//! "AIT-320" = "AIT-902"           # the same instrument under the number it has here
//!
//! [bus.b]                         # a Modbus TCP device or gateway
//! address = "192.168.1.10:502"
//! line = "rs485"                  # behind a gateway; or "ethernet"
//! baud = 19200
//! timeout = "500 ms"
//!
//! [bus.a]                         # a serial port of this machine
//! protocol = "rtu"                # or "tcp", the default; or "rtu_over_tcp", with address and baud
//! port = "/dev/serial/by-id/usb-FTDI_USB-RS485_Cable_FT4XYZ-if00-port0"     # a name that stays
//! baud = 19200                    # 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200
//! parity = "even"                 # or "none" or "odd"
//! stop_bits = 1                   # or 2; data bits are always 8
//!
//! [bus.header]                    # the lines of the Raspberry Pi's own header; one such bus, with one device
//! protocol = "gpio"
//! driver = "rppal"                # the default; or "gpiocdev", where rppal does not run
//! chip = "pinctrl-rp1"            # with gpiocdev only: label or path; else the header of a Pi is found by itself
//!
//! [device.header]
//! profile = "header"              # the address of a register is the number of its line (BCM)
//! bus = "header"                  # without `unit`
//!
//! [device.fit_101]
//! profile = "flow_meter"          # devices/flow_meter.toml, built in or beside the site
//! bus = "b"
//! unit = 1
//!
//! [intake]                        # every section below is a path of the plant: `sweetspring tags SITE` lists them
//! flow = "fit_101.flow"           # device.register
//! discharge_pressure = { from = "slow_analog.ch1", span = "0 to 600 kPa" }    # a loop of 4 to 20 mA
//! river_level = { absent = true } # nothing is absent by silence
//!
//! [intake.pump_a]
//! running = { from = "drive_101a.running", invert = true }
//! power = { from = "drive_101a.power", scale = 0.015 }    # point = register × scale + offset
//!
//! [disinfection]
//! residual_target = "0.9 mg/l"    # a setting, with its unit
//! stock = { value = "10 g/l", low = "5 g/l", high = "20 g/l" }       # its range at this site
//! ```
//!
//! `sites/bench.toml` has a whole plant.
//!
//! # A device profile
//!
//! What a kind of device has, and how it is spoken to. Those in `devices/` are built in; a file of the same name in a folder
//! `devices` beside the site file stands before them.
//!
//! ```toml
//! about = "a drive of that make"
//! source = "the maker's manual, chapter 7"   # where the figures come from
//! first_address = 0               # 1: the maker counts from 1
//! word_order = "abcd"             # of values of two registers: or "cdab", "badc", "dcba"; a register may have its own
//! max_registers_per_read = 60
//! max_gap = 16                    # registers that nobody needs may be read along
//! read_every = "0 s"              # no point faster than this
//! write_every = "1 s"             # outputs are repeated
//! read_back = false               # what is written is read back, where it can be
//! # starts = 0x2500               # of a probe without [watchdog]: reading it starts the measurement, at every connect
//!
//! [watchdog]                      # its own communication time-out, set and read back at every connect: what may run needs one
//! address = 0x8E04
//! value = 30
//! verify = 0x0E04                 # read back elsewhere than it is written
//!
//! [dead_man]                      # or: a coil that is switched on for a time, and again and again
//! address = 0x0200                # of the first, as on the wire whatever `first_address` says
//! ticks = 30                      # of 100 ms
//!
//! # hardware_guard = "..."        # or: what stops its outputs, where neither is needed
//!
//! [register.run]
//! table = "holding"               # "coil", "discrete", "holding" or "input"
//! address = 0x2000
//! access = "write"                # or "read" or "both"
//! form = "command"                # written word by word to start, and another to stop
//! start = [1]
//! stop = 5
//!
//! [register.tripped]
//! table = "holding"
//! address = 0x2100
//! form = "is"                     # a contact that is closed while the register holds this word
//! value = 4
//!
//! [register.frequency]            # a u16 without `form`, a coil a contact; or i16, u32, i32, f32, or bool with `bit`. Without `access` both,
//! table = "holding"               # where the table can be written
//! address = 0x3000
//! scale = 0.01                    # value = register × scale + offset
//! unit = "Hz"
//! sentinels = [0x7FFF]            # words that are no value
//!
//! [register.relay]
//! table = "coil"
//! address = 0
//! count = 8                       # relay1 to relay8
//! ```

mod apply;
mod check;
mod device;
pub mod explain;
mod fault;
mod header;
mod pairs;
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

pub use apply::{apply, lay_over};
pub use check::{check, load};
pub use device::Profiles;
pub use fault::{Fault, Faults, Place};
pub use header::{Duty, PULSES_MAX};
pub use plan::{LOAD_MAX, Load, Request, loads, plan};
pub use profile::{Access, DeadMan, Form, Profile, Register, Table, Watchdog, WordOrder};
pub use site::{
    Binding, Bus, BusKind, Device, Direction, FieldKind, Hmi, LineDriver, Parity, Renamed,
    SettingValue, Site, StopBits,
};

#[cfg(test)]
mod bus_tests;
#[cfg(test)]
mod device_tests;
#[cfg(test)]
mod header_tests;
#[cfg(test)]
mod tests;
