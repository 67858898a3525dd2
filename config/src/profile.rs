//! What a kind of device puts in which register: data, the same for the driver that asks and for the rig that answers.

use std::time::Duration;

/// A kind of device.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub about: String,
    /// Where its figures come from.
    pub source: String,
    pub registers: Vec<Register>,
    /// Most registers (or bits) one request may ask for.
    pub max_registers_per_read: u16,
    /// Registers in between that nobody asked for are read along, up to this many, to save a request.
    pub max_gap: u16,
    /// Not asked more often than this, whatever the points want; zero: no limit.
    pub read_every: Duration,
    /// Outputs are written again this often, changed or not; a change is written at once.
    pub write_every: Duration,
    /// Outputs are read back after each repeated write.
    pub read_back: bool,
    /// A holding register, on the wire, that starts the measurement when it is read: read whenever the device is met anew.
    pub starts: Option<u16>,
    /// What makes it stop its outputs when nobody talks to it.
    pub watchdog: Option<Watchdog>,
    /// Per-channel dead-man: an output goes off by itself unless switched on again.
    pub dead_man: Option<DeadMan>,
    /// What takes its outputs off in hardware when the controller falls silent.
    pub hardware_guard: Option<String>,
}

impl Profile {
    /// Whether its outputs go off by themselves when nobody talks to it (REL-04).
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.watchdog.is_some() || self.dead_man.is_some() || self.hardware_guard.is_some()
    }

    /// The place of a register.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.registers.iter().position(|register| register.name == name)
    }
}

/// A communication time-out: written and read back at every connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchdog {
    /// Wire address of the holding register that it is written to.
    pub address: u16,
    pub value: u16,
    /// And of the one it is read back from: the same, but where a write that spares the EEPROM has an address of its own.
    pub verify: u16,
}

/// Switch-on for a limited time (FC05 at `address` + channel, value = ticks of 100 ms), repeated while it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadMan {
    pub address: u16,
    pub ticks: u16,
}

/// Modbus's four tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// FC01, FC05, FC0F.
    Coil,
    /// FC02.
    DiscreteInput,
    /// FC03, FC06, FC10.
    Holding,
    /// FC04.
    Input,
}

impl Table {
    /// Its entries are bits, not words.
    #[must_use]
    pub fn is_bits(self) -> bool {
        match self {
            Table::Coil | Table::DiscreteInput => true,
            Table::Holding | Table::Input => false,
        }
    }

    /// As a profile writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Table::Coil => "coil",
            Table::DiscreteInput => "discrete",
            Table::Holding => "holding",
            Table::Input => "input",
        }
    }
}

/// What may be done with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    Both,
}

impl Access {
    #[must_use]
    pub fn reads(self) -> bool {
        match self {
            Access::Read | Access::Both => true,
            Access::Write => false,
        }
    }

    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Access::Write | Access::Both => true,
            Access::Read => false,
        }
    }
}

/// In which order a 32-bit value's bytes A (highest) to D lie in two registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordOrder {
    #[default]
    Abcd,
    /// Low word first.
    Cdab,
    /// Bytes swapped in each word.
    Badc,
    /// Least significant byte first.
    Dcba,
}

/// What a register's bits mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One bit of a word; bit 0 of a coil or contact.
    Bool {
        bit: u8,
    },
    /// A contact: closed while the word is this one. Read only.
    Is {
        value: u16,
    },
    /// A drive's command word: the words that start it, written one after the other, and the one that stops it.
    Command {
        start: Vec<u16>,
        stop: u16,
    },
    U16,
    I16,
    U32,
    I32,
    F32,
}

/// One value of a device. Value = raw × `scale` + `offset`.
#[derive(Clone, Debug)]
pub struct Register {
    pub name: String,
    pub table: Table,
    /// On the wire, from 0.
    pub address: u16,
    pub form: Form,
    pub order: WordOrder,
    pub access: Access,
    /// Unit of the value, `""` for contacts and commands.
    pub symbol: String,
    pub scale: f64,
    pub offset: f64,
    /// Raw patterns that mean "no value".
    pub sentinels: Vec<u32>,
}

impl Register {
    /// Words (or bits) it occupies.
    #[must_use]
    pub fn words(&self) -> u16 {
        match self.form {
            Form::Bool { .. } | Form::Is { .. } | Form::Command { .. } | Form::U16 | Form::I16 => 1,
            Form::U32 | Form::I32 | Form::F32 => 2,
        }
    }

    /// One answer among several that a word gives, so that it may share it: a bit, or whether it is this one.
    pub(crate) fn share(&self) -> Option<(u8, u16)> {
        match self.form {
            Form::Bool { bit } => Some((bit, 0)),
            Form::Is { value } => Some((0, value)),
            Form::Command { .. } | Form::U16 | Form::I16 | Form::U32 | Form::I32 | Form::F32 => {
                None
            }
        }
    }

    /// Carries a contact or a command, not a number.
    #[must_use]
    pub fn is_on_off(&self) -> bool {
        match self.form {
            Form::Bool { .. } | Form::Is { .. } | Form::Command { .. } => true,
            Form::U16 | Form::I16 | Form::U32 | Form::I32 | Form::F32 => false,
        }
    }

    /// The value in its words (a coil or contact: one word, 0 or 1). `None`: a sentinel, no number, or too few words.
    #[must_use]
    pub fn decode(&self, words: &[u16]) -> Option<f64> {
        let raw = self.raw(words)?;
        if self.sentinels.contains(&raw) {
            return None;
        }
        let low = u16::try_from(raw & 0xFFFF).ok()?;
        let number = match &self.form {
            Form::Bool { bit } => f64::from((raw >> bit) & 1),
            Form::Is { value } => f64::from(u8::from(*value == low)),
            Form::Command { start, .. } => f64::from(u8::from(start.last() == Some(&low))),
            Form::U16 | Form::U32 => f64::from(raw),
            Form::I16 => f64::from(low.cast_signed()),
            Form::I32 => f64::from(raw.cast_signed()),
            Form::F32 => f64::from(f32::from_bits(raw)),
        };
        let value = number * self.scale + self.offset;
        // plant.md 2.12: a float beyond 1e30 is a sentinel, whatever the profile says.
        (value.is_finite() && value.abs() < 1e30).then_some(value)
    }

    /// Writes a value into its words, held inside what they can carry; other bits of a shared word stay as they are. NaN
    /// becomes the first sentinel where there is one.
    pub fn encode(&self, value: f64, words: &mut [u16]) {
        let Some(before) = self.raw(words) else { return };
        if let (true, Some(sentinel)) = (value.is_nan(), self.sentinels.first()) {
            return self.place(*sentinel, words);
        }
        let number = (value - self.offset) / self.scale;
        let raw = match &self.form {
            Form::Bool { bit } => (before & !(1 << bit)) | (u32::from(number >= 0.5) << bit),
            // What else the word may be nobody knows here: the rig shows zero, which is no state of a drive.
            Form::Is { value } if number >= 0.5 => u32::from(*value),
            Form::Is { value } if before == u32::from(*value) => 0,
            Form::Is { .. } => before,
            Form::Command { start, stop } => {
                u32::from(start.last().copied().filter(|_| number >= 0.5).unwrap_or(*stop))
            }
            // `as` from float to integer holds at the ends and makes NaN zero.
            Form::U16 => u32::from(number.round() as u16),
            Form::I16 => u32::from((number.round() as i16).cast_unsigned()),
            Form::U32 => number.round() as u32,
            Form::I32 => (number.round() as i32).cast_unsigned(),
            Form::F32 => (number as f32).to_bits(),
        };
        self.place(raw, words);
    }

    /// Smallest and largest value it can carry.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        let (low, high) = match self.form {
            Form::Bool { .. } | Form::Is { .. } | Form::Command { .. } => return (0.0, 1.0),
            Form::U16 => (0.0, f64::from(u16::MAX)),
            Form::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Form::U32 => (0.0, f64::from(u32::MAX)),
            Form::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Form::F32 => (f64::from(f32::MIN), f64::from(f32::MAX)),
        };
        let (low, high) = (low * self.scale + self.offset, high * self.scale + self.offset);
        if low <= high { (low, high) } else { (high, low) }
    }

    /// The bits as one number, bytes in order.
    fn raw(&self, words: &[u16]) -> Option<u32> {
        if self.words() == 1 {
            return words.first().map(|word| u32::from(*word));
        }
        let (first, second) = (words.first()?, words.get(1)?);
        let (high, low) = match self.order {
            WordOrder::Abcd => (*first, *second),
            WordOrder::Cdab => (*second, *first),
            WordOrder::Badc => (first.swap_bytes(), second.swap_bytes()),
            WordOrder::Dcba => (second.swap_bytes(), first.swap_bytes()),
        };
        Some(u32::from(high) << 16 | u32::from(low))
    }

    fn place(&self, raw: u32, words: &mut [u16]) {
        // Both halves are masked to 16 bits.
        let (high, low) = ((raw >> 16) as u16, (raw & 0xFFFF) as u16);
        match words {
            [word, ..] if self.words() == 1 => *word = low,
            [first, second, ..] => {
                (*first, *second) = match self.order {
                    WordOrder::Abcd => (high, low),
                    WordOrder::Cdab => (low, high),
                    WordOrder::Badc => (high.swap_bytes(), low.swap_bytes()),
                    WordOrder::Dcba => (low.swap_bytes(), high.swap_bytes()),
                };
            }
            [] | [_] => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(form: Form, order: WordOrder) -> Register {
        Register {
            name: "value".into(),
            table: Table::Holding,
            address: 0,
            form,
            order,
            access: Access::Both,
            symbol: String::new(),
            scale: 1.0,
            offset: 0.0,
            sentinels: Vec::new(),
        }
    }

    #[test]
    fn a_float_is_the_same_number_in_each_of_the_four_word_orders() {
        // 1.5 is 0x3FC00000; 123.456 is 0x42F6E979.
        for (order, words) in [
            (WordOrder::Abcd, [0x42F6, 0xE979]),
            (WordOrder::Cdab, [0xE979, 0x42F6]),
            (WordOrder::Badc, [0xF642, 0x79E9]),
            (WordOrder::Dcba, [0x79E9, 0xF642]),
        ] {
            let register = register(Form::F32, order);
            assert_eq!(register.decode(&words), Some(f64::from(123.456_f32)), "{order:?}");
            let mut written = [0; 2];
            register.encode(123.456, &mut written);
            assert_eq!(written, words, "{order:?}");
        }
    }

    #[test]
    fn a_whole_number_keeps_its_sign() {
        for (form, words, value) in [
            (Form::U16, vec![0xFFFE], 65_534.0),
            (Form::I16, vec![0xFFFE], -2.0),
            (Form::U32, vec![0xFFFF, 0xFFFE], 4_294_967_294.0),
            (Form::I32, vec![0xFFFF, 0xFFFE], -2.0),
        ] {
            let register = register(form.clone(), WordOrder::Abcd);
            assert_eq!(register.decode(&words), Some(value), "{form:?}");
            let mut written = vec![0; words.len()];
            register.encode(value, &mut written);
            assert_eq!(written, words, "{form:?}");
        }
    }

    #[test]
    fn a_sentinel_or_what_is_no_number_has_no_value() {
        let level = Register { sentinels: vec![0x7FFF], ..register(Form::I16, WordOrder::Abcd) };
        assert_eq!(level.decode(&[0x7FFF]), None);
        assert_eq!(level.decode(&[0x7FFE]), Some(32_766.0));
        let mut words = [0];
        level.encode(f64::NAN, &mut words);
        assert_eq!(words, [0x7FFF]);
        let turbidity = register(Form::F32, WordOrder::Abcd);
        for no_number in [f32::NAN, f32::INFINITY, 2e30] {
            let bits = no_number.to_bits();
            assert_eq!(turbidity.decode(&[(bits >> 16) as u16, bits as u16]), None);
        }
    }

    #[test]
    fn too_few_words_have_no_value() {
        assert_eq!(register(Form::U16, WordOrder::Abcd).decode(&[]), None);
        assert_eq!(register(Form::F32, WordOrder::Abcd).decode(&[0x3FC0]), None);
    }

    #[test]
    fn a_value_beyond_the_register_is_held_at_its_end() {
        let speed = Register { scale: 0.2, ..register(Form::I16, WordOrder::Abcd) };
        let mut words = [0];
        for (value, raw) in [(100.0, 500), (1e9, i16::MAX), (-1e9, i16::MIN), (f64::NAN, 0)] {
            speed.encode(value, &mut words);
            assert_eq!(words[0].cast_signed(), raw);
        }
    }

    #[test]
    fn bits_of_one_word_do_not_disturb_each_other() {
        let running = register(Form::Bool { bit: 2 }, WordOrder::Abcd);
        let tripped = register(Form::Bool { bit: 3 }, WordOrder::Abcd);
        let mut words = [0x0031];
        running.encode(1.0, &mut words);
        tripped.encode(1.0, &mut words);
        assert_eq!(words, [0x003D]);
        running.encode(0.0, &mut words);
        assert_eq!(words, [0x0039]);
        assert_eq!((running.decode(&words), tripped.decode(&words)), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn a_drive_runs_on_the_last_word_of_its_start_only() {
        let run = register(Form::Command { start: vec![6, 7, 15], stop: 6 }, WordOrder::Abcd);
        for (word, on) in [(0, 0.0), (6, 0.0), (7, 0.0), (15, 1.0)] {
            assert_eq!(run.decode(&[word]), Some(on));
        }
        let mut words = [0];
        run.encode(1.0, &mut words);
        assert_eq!(words, [15]);
        run.encode(f64::NAN, &mut words);
        assert_eq!(words, [6]);
    }
}
