//! Values as bytes: little-endian, numbers of seven bits a byte, floats bit for bit.
//!
//! Rows and reasons go by number. What reads them again may be another version with other numbers: it brings a [`Maps`].

use std::time::Duration;

use plc::alarm::{Change, State, Transition};
use plc::device::Mode;
use plc::guard::Ledger;
use plc::image::{Command, Event, Order, Step, Tested};
use plc::plant::{Settling, Shape};
use plc::quantity::CubicMetresPerHour;
use plc::reason::{Reason, Reasons};
use plc::signal::{Doubt, Fault, Moment, Quality};
use plc::tag::Role;
use plc::unit::chemicals::{Batch, Chemical};

/// Longest text or list that is believed.
const LENGTH_MAX: usize = 1 << 24;

/// A row that this version does not have: no catalogue is so long.
pub const NO_ROW: usize = usize::MAX;

/// What the numbers of the one who wrote are here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maps {
    /// Rows; beyond its end a number stands for itself.
    pub rows: Vec<usize>,
    /// Reasons; beyond its end as well.
    pub reasons: Vec<Reason>,
}

impl Maps {
    fn row(&self, number: usize) -> usize {
        if self.rows.is_empty() {
            return number;
        }
        self.rows.get(number).copied().unwrap_or(NO_ROW)
    }

    fn reason(&self, number: usize) -> Option<Reason> {
        self.reasons.get(number).or_else(|| Reason::ALL.get(number)).copied()
    }
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    left: &'a [u8],
    maps: &'a Maps,
}

impl<'a> Bytes<'a> {
    #[must_use]
    pub fn new(left: &'a [u8], maps: &'a Maps) -> Bytes<'a> {
        Bytes { left, maps }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count)?;
        self.left = left;
        Some(taken)
    }

    /// What begins here, whole or not at all.
    pub fn read<T: Coded>(&mut self) -> Option<T> {
        T::take(self)
    }
}

/// Something with bytes of its own.
pub trait Coded: Sized {
    fn put(&self, out: &mut Vec<u8>);
    /// `None`: cut off, or a tag that this version does not know.
    fn take(from: &mut Bytes<'_>) -> Option<Self>;
}

impl Coded for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut left = *self;
        while left >= 0x80 {
            out.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        out.push(left.to_le_bytes()[0]);
    }
    fn take(from: &mut Bytes<'_>) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = from.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

macro_rules! coded_numbers {
    ($($number:ty),*) => { $(
        impl Coded for $number {
            fn put(&self, out: &mut Vec<u8>) {
                u64::from(*self).put(out);
            }
            fn take(from: &mut Bytes<'_>) -> Option<$number> {
                <$number>::try_from(from.read::<u64>()?).ok()
            }
        }
    )* };
}
coded_numbers!(u16, u32);

impl Coded for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }
    fn take(from: &mut Bytes<'_>) -> Option<u8> {
        from.take(1).map(|byte| byte[0])
    }
}

/// A row: all that is counted in `usize` at the border of the core.
impl Coded for usize {
    fn put(&self, out: &mut Vec<u8>) {
        u64::try_from(*self).unwrap_or(u64::MAX).put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<usize> {
        let number = usize::try_from(from.read::<u64>()?).ok()?;
        Some(from.maps.row(number))
    }
}

impl Coded for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
    fn take(from: &mut Bytes<'_>) -> Option<i64> {
        from.take(8)?.try_into().ok().map(i64::from_le_bytes)
    }
}

impl Coded for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }
    fn take(from: &mut Bytes<'_>) -> Option<f64> {
        from.take(8)?.try_into().ok().map(|bits| f64::from_bits(u64::from_le_bytes(bits)))
    }
}

impl Coded for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Bytes<'_>) -> Option<bool> {
        match from.read::<u8>()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Coded for Duration {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_secs().put(out);
        self.subsec_nanos().put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Duration> {
        let (seconds, nanos) = (from.read()?, from.read::<u32>()?);
        (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
    }
}

impl Coded for Moment {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Moment> {
        from.read().map(Moment)
    }
}

impl Coded for CubicMetresPerHour {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<CubicMetresPerHour> {
        from.read().map(CubicMetresPerHour)
    }
}

impl Coded for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(from: &mut Bytes<'_>) -> Option<String> {
        let length = length(from)?;
        String::from_utf8(from.take(length)?.to_vec()).ok()
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self, out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Vec<T>> {
        let length = length(from)?;
        (0..length).map(|_| from.read()).collect()
    }
}

/// A list, as [`Vec`] reads it.
pub fn put_all<T: Coded>(all: &[T], out: &mut Vec<u8>) {
    (all.len() as u64).put(out);
    all.iter().for_each(|one| one.put(out));
}

fn length(from: &mut Bytes<'_>) -> Option<usize> {
    usize::try_from(from.read::<u64>()?).ok().filter(|length| *length <= LENGTH_MAX)
}

impl<T: Coded> Coded for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Bytes<'_>) -> Option<Option<T>> {
        if from.read()? { from.read().map(Some) } else { Some(None) }
    }
}

impl<T: Coded> Coded for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_ref().put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Box<T>> {
        from.read().map(Box::new)
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<(A, B)> {
        Some((from.read()?, from.read()?))
    }
}

impl Coded for Reason {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Reason> {
        let number = from.read::<u8>()?;
        from.maps.reason(number.into())
    }
}

impl Coded for Reasons {
    fn put(&self, out: &mut Vec<u8>) {
        self.words().iter().for_each(|word| word.put(out));
    }
    fn take(from: &mut Bytes<'_>) -> Option<Reasons> {
        let mut set = Reasons::NONE;
        for word in 0..3 {
            let bits: u64 = from.read()?;
            for bit in (0..64).filter(|bit| bits & (1 << bit) != 0) {
                set = set.with(from.maps.reason(64 * word + bit)?);
            }
        }
        Some(set)
    }
}

impl Coded for Result<(), Reason> {
    fn put(&self, out: &mut Vec<u8>) {
        self.err().put(out);
    }
    fn take(from: &mut Bytes<'_>) -> Option<Result<(), Reason>> {
        Some(from.read::<Option<Reason>>()?.map_or(Ok(()), Err))
    }
}

impl Coded for Ledger {
    fn put(&self, out: &mut Vec<u8>) {
        self.words().iter().for_each(|word| word.put(out));
    }
    fn take(from: &mut Bytes<'_>) -> Option<Ledger> {
        let mut words = [0; Ledger::WORDS];
        for word in &mut words {
            *word = from.read()?;
        }
        Ledger::from_words(&words)
    }
}

/// Bytes of a structure, field after field, or of an enumeration: the number of the variant and its fields. A number never
/// changes its meaning; a new variant takes a new one.
macro_rules! coded {
    (struct $name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::recorder::coded::Coded for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $( $crate::recorder::coded::Coded::put(&self.$field, out); )*
            }
            fn take(from: &mut $crate::recorder::coded::Bytes<'_>) -> Option<$name> {
                Some($name { $($field: from.read()?),* })
            }
        }
    };
    (enum $name:ident {
        $($tag:literal $variant:ident $({ $($field:ident),* })? $(( $inner:ident ))?),* $(,)?
    }) => {
        impl $crate::recorder::coded::Coded for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $( $name::$variant $({ $($field),* })? $(( $inner ))? => {
                        out.push($tag);
                        $( $( $crate::recorder::coded::Coded::put($field, out); )* )?
                        $( $crate::recorder::coded::Coded::put($inner, out); )?
                    } )*
                }
            }
            fn take(from: &mut $crate::recorder::coded::Bytes<'_>) -> Option<$name> {
                match from.read::<u8>()? {
                    $( $tag => Some($name::$variant
                        $({ $($field: from.read()?),* })?
                        $(({ let $inner = from.read()?; $inner }))?), )*
                    _ => None,
                }
            }
        }
    };
}
pub(super) use coded;

coded! { enum Doubt { 0 Fallback, 1 Rate, 2 Disagrees, 3 Stuck, 4 HandValue } }
coded! { enum Fault {
    0 NotYetRead, 1 Stale, 2 Invalid, 3 Range, 4 Rate, 5 Implausible, 6 HoldExpired, 7 NotFitted, 8 Computed,
    9 Overrange,
} }
coded! { enum Quality { 0 Good, 1 Uncertain(doubt), 2 Held(until), 3 Bad(fault) } }
coded! { enum Role { 0 Observer, 1 Operator, 2 Supervisor, 3 Engineer, 4 Admin } }
coded! { enum Mode { 0 Auto, 1 Off, 2 Manual, 3 Maintenance } }
coded! { enum Chemical { 0 Coagulant, 1 Chlorine } }
coded! { enum Settling { 0 Continuous, 1 Batch } }
coded! { enum Step { 0 Direct, 1 Select, 2 Operate { token } } }
coded! { struct Batch { product, days, amount } }
coded! { struct Tested { reference, before, after } }
coded! { struct Order { number, role, step, command } }
coded! { struct Shape {
    nominal_flow, tanks, filters, raw_pumps, feed_pumps, lift_pumps, blower, elevated_tank, settling, telemetry,
} }
coded! { enum Command {
    0 Start, 1 Stop, 2 StopAll, 3 Reset,
    4 Wash { filter }, 5 AbortWash { filter }, 6 Desludge { tank }, 7 Prime,
    8 CloseIntake, 9 OpenIntake,
    10 ConfirmDrained, 11 ConfirmQuality, 12 ConfirmStrength, 13 ConfirmSludgeRemoved,
    14 Mixed { chemical, batch },
    15 EnterChlorine { tested }, 16 EnterTurbidity { tested },
    17 JarTest { raw, dose, settled }, 18 AcceptJarTest, 19 RevertJarTest,
    20 Acknowledge { alarm }, 21 AcknowledgeLow, 22 ResetAlarm { alarm },
    23 Shelve { alarm, seconds }, 24 ShelveOnce { alarm }, 25 Unshelve { alarm },
    26 OutOfService { alarm }, 27 InService { alarm },
    28 BeginEmergency { limit, seconds }, 29 EndEmergency, 30 Silence,
    31 Handle { device, mode }, 32 ByHand { device, wish, seconds },
    33 Hold { input, seconds }, 34 Release { input },
    35 RecordTest { due, tested }, 36 Set { setting, value },
} }
coded! { enum State {
    0 Normal, 1 Unacknowledged, 2 Acknowledged, 3 ReturnedUnacknowledged, 4 LatchedUnacknowledged,
    5 LatchedAcknowledged,
} }
coded! { enum Change {
    0 Activated, 1 Returned, 2 Acknowledged, 3 Reset, 4 ReAlarmed, 5 Shelved, 6 ShelvedOnce, 7 Unshelved, 8 ShelfEnded,
    9 Suppressed, 10 Unsuppressed, 11 OutOfService, 12 InService, 13 ChatterGuarded, 14 StillHidden,
} }
coded! { struct Transition {
    from, to, change, order, same_scan, first_out, hidden, repeats, quality,
} }
coded! { enum Event {
    0 Answer { number, step, verdict }, 1 Alarm { alarm, transition }, 2 State { row, from, to }, 3 Cause { cause, began },
    4 Setting { row, from, to, number }, 5 Tested { row, tested, number }, 6 Overflow,
} }

/// The most bytes that one of these takes.
pub const ORDER_MAX: usize = 64;
pub const EVENT_MAX: usize = 64;
pub const QUALITY_MAX: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Coded>(value: &T, maps: &Maps) -> Option<T> {
        let mut bytes = Vec::new();
        value.put(&mut bytes);
        let mut from = Bytes::new(&bytes, maps);
        let read = from.read();
        assert!(from.is_empty());
        read
    }

    #[test]
    fn what_is_written_reads_back_bit_for_bit() {
        let maps = Maps::default();
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            assert_eq!(again(&number, &maps), Some(number));
        }
        for value in [0.0, -0.0, 1.0 / 3.0, f64::INFINITY, f64::NAN] {
            assert_eq!(again(&value, &maps).map(f64::to_bits), Some(value.to_bits()));
        }
        let tested = Tested { reference: 1.0, before: -2.0, after: f64::MIN_POSITIVE };
        let batch = Batch { product: 1.0, days: 2.0, amount: 3.0 };
        for command in [
            Command::Start,
            Command::Wash { filter: 2 },
            Command::Mixed { chemical: Chemical::Chlorine, batch },
            Command::Handle { device: 1000, mode: Mode::Maintenance },
            Command::RecordTest { due: 7, tested },
        ] {
            let order = Order {
                number: u32::MAX,
                role: Role::Engineer,
                step: Step::Operate { token: 9 },
                command,
            };
            assert_eq!(again(&order, &maps), Some(order));
        }
        let why = Reasons::only(Reason::ALL[Reason::ALL.len() - 1]).with(Reason::EmergencyStop);
        assert_eq!(again(&why, &maps), Some(why));
        let transition = Transition {
            from: State::Normal,
            to: State::Unacknowledged,
            change: Change::Activated,
            order: 0,
            same_scan: true,
            first_out: false,
            hidden: true,
            repeats: 300,
            quality: Quality::Held(Moment(u64::MAX)),
        };
        let event = Event::Alarm { alarm: 77, transition };
        assert_eq!(again(&event, &maps), Some(event));
        let refused = Event::Answer { number: 3, step: Step::Select, verdict: Err(Reason::NotNow) };
        assert_eq!(again(&refused, &maps), Some(refused));
    }

    #[test]
    fn rows_of_another_version_are_taken_for_what_they_are_here() {
        let maps = Maps { rows: vec![5, NO_ROW], reasons: vec![Reason::NotNow] };
        let read = |row| again(&Command::Acknowledge { alarm: row }, &maps);
        assert_eq!(read(0), Some(Command::Acknowledge { alarm: 5 }));
        assert_eq!(read(1), Some(Command::Acknowledge { alarm: NO_ROW }));
        assert_eq!(read(2), Some(Command::Acknowledge { alarm: NO_ROW }));
        assert_eq!(again(&Reason::ALL[0], &maps), Some(Reason::NotNow));
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        let mut bytes = Vec::new();
        Event::State { row: 1000, from: 1, to: 2 }.put(&mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(Bytes::new(&bytes[..length], &Maps::default()).read::<Event>(), None);
        }
    }
}
