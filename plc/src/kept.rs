//! What survives a restart, as bytes: versioned, checksummed, the same in each copy (`docs/spec/plant.md` R-2.10-08).
//!
//! ```text
//! "SSKP" | version u16 | values u16 | sequence u64 | saved i64 (ms since 1970) | values x (path u64, f64) | 2 ledgers | CRC-32
//! ```
//! All little-endian. A value goes by the hash of its path, so that it survives an upgrade that moves it. Nothing of an image
//! is believed unless all of it is: what is cut off, torn or of another version is no image. The ranges of single values are
//! judged where they are taken up ([`crate::plant::Plant::restore`]).

use alloc::vec::Vec;

use crate::guard::Ledger;

const MAGIC: [u8; 4] = *b"SSKP";
/// Raised when the layout changes; another one is not read.
const VERSION: u16 = 1;
const HEAD: usize = 24;
const VALUE: usize = 16;
const LEDGERS: usize = 2 * 8 * Ledger::WORDS;
const CHECKSUM: usize = 4;
/// Values of one image at most; at the limit the rest is left out. The largest plant has half as many.
pub const VALUES_MAX: usize = 4096;

/// Why bytes are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Too short, or too long, for what it says it holds.
    Length,
    /// It does not begin as an image does.
    NotOurs,
    /// Written by a version that this one does not read.
    Version(u16),
    /// A byte is not what it was.
    Checksum,
}

/// What was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Hash of the path, value.
    values: Vec<(u64, f64)>,
    /// PAC, chlorine; `None`: numbers that no ledger can have.
    pub ledgers: Option<[Ledger; 2]>,
    /// Counts up with each image that is kept: the newest of two copies is the one with more.
    pub sequence: u64,
    /// When it was kept, ms since 1970.
    pub saved_ms: i64,
}

impl Kept {
    /// What was kept under this path.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<f64> {
        let path = hash(path);
        self.values.iter().find(|(of, _)| *of == path).map(|(_, value)| *value)
    }

    /// From its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Kept, Unreadable> {
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(Unreadable::Length)?;
        if head[..4] != MAGIC {
            return Err(Unreadable::NotOurs);
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if version != VERSION {
            return Err(Unreadable::Version(version));
        }
        let count = usize::from(u16::from_le_bytes([head[6], head[7]]));
        if rest.len() != count * VALUE + LEDGERS + CHECKSUM {
            return Err(Unreadable::Length);
        }
        let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        if crc_32(body).to_le_bytes() != *checksum {
            return Err(Unreadable::Checksum);
        }
        let (values, ledgers) = rest[..rest.len() - CHECKSUM].split_at(count * VALUE);
        let values = values.chunks_exact(VALUE).map(|value| (word(value), double(&value[8..])));
        let mut ledgers = ledgers.chunks_exact(LEDGERS / 2).map(|words| {
            let word = |at: usize| word(&words[8 * at..]);
            Ledger::from_words(&core::array::from_fn(word))
        });
        let ledgers = match (ledgers.next().flatten(), ledgers.next().flatten()) {
            (Some(coagulant), Some(chlorine)) => Some([coagulant, chlorine]),
            (None, _) | (_, None) => None,
        };
        Ok(Kept {
            values: values.collect(),
            ledgers,
            sequence: word(&head[8..]),
            saved_ms: i64::from_le_bytes(word(&head[16..]).to_le_bytes()),
        })
    }
}

/// The bytes of an image.
#[must_use]
pub fn encode<'a>(
    values: impl Iterator<Item = (&'a str, f64)>,
    ledgers: &[Ledger; 2],
    sequence: u64,
    saved_ms: i64,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + 256 * VALUE + LEDGERS + CHECKSUM);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&saved_ms.to_le_bytes());
    let mut count = 0_u16;
    for (path, value) in values.take(VALUES_MAX) {
        bytes.extend_from_slice(&hash(path).to_le_bytes());
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        count += 1;
    }
    bytes[6..8].copy_from_slice(&count.to_le_bytes());
    for word in ledgers.iter().flat_map(Ledger::words) {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let checksum = crc_32(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The first eight bytes, as a number; what is not there is zero.
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_le_bytes(word)
}

fn double(bytes: &[u8]) -> f64 {
    f64::from_bits(word(bytes))
}

/// FNV-1a, 64 bits: a test proves that no two points of the largest plant share one.
#[must_use]
pub fn hash(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// CRC-32 as in IEEE 802.3, reflected.
fn crc_32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc_table();
    !bytes
        .iter()
        .fold(!0_u32, |crc, byte| TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8))
}

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 != 0 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::{Plant, Shape};
    use crate::quantity::CubicMetresPerHour;
    use proptest::prelude::*;

    const VALUES: [(&str, f64); 3] =
        [("filter1.dirty", 1.0), ("filter1.volume", 12.5), ("system.idle_time", f64::MAX)];

    fn image() -> Vec<u8> {
        encode(VALUES.into_iter(), &[Ledger::default(); 2], 7, -5)
    }

    /// R-2.10-08: what is kept reads back as it was.
    #[test]
    fn an_image_reads_back_as_it_was() {
        let kept = Kept::decode(&image()).expect("an image");
        for (path, value) in VALUES {
            assert_eq!(kept.value(path), Some(value));
        }
        assert_eq!(kept.value("filter2.dirty"), None);
        assert_eq!((kept.sequence, kept.saved_ms), (7, -5));
        let words = kept.ledgers.map(|ledgers| ledgers.map(|ledger| ledger.words()));
        assert_eq!(words, Some([Ledger::default().words(); 2]));
        // The check value of the standard.
        assert_eq!(crc_32(b"123456789"), 0xcbf4_3926);
    }

    /// R-2.10-08: torn, cut off, of another version, of somebody else: no image, and said why.
    #[test]
    fn what_is_damaged_is_no_image() {
        let whole = image();
        let mut newer = whole.clone();
        newer[4] = 2;
        let mut foreign = whole.clone();
        foreign[0] = b'X';
        let mut flipped = whole.clone();
        flipped[HEAD + 9] ^= 1;
        for (bytes, why) in [
            (&whole[..10], Unreadable::Length),
            (&whole[..whole.len() - 1], Unreadable::Length),
            (&newer, Unreadable::Version(2)),
            (&foreign, Unreadable::NotOurs),
            (&flipped, Unreadable::Checksum),
            (&[], Unreadable::Length),
        ] {
            assert_eq!(Kept::decode(bytes), Err(why));
        }
    }

    proptest! {
        /// R-2.10-08: no bit may turn without being noticed, and no bytes make it panic.
        #[test]
        fn a_turned_bit_is_noticed(at in 0..8 * image().len(), bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let mut turned = image();
            turned[at / 8] ^= 1 << (at % 8);
            prop_assert!(Kept::decode(&turned).is_err());
            prop_assert!(Kept::decode(&bytes).is_err());
        }
    }

    /// R-2.10-08: the hash of a path is its name on the disk.
    #[test]
    fn no_two_points_of_the_largest_plant_share_a_name_on_the_disk() {
        let shape = Shape {
            nominal_flow: CubicMetresPerHour(50.0),
            tanks: 4,
            filters: 6,
            raw_pumps: 3,
            feed_pumps: 3,
            lift_pumps: 3,
            ..Shape::default()
        };
        let plant = Plant::new(&shape);
        let rows = &plant.catalogue().rows;
        let names: std::collections::BTreeSet<u64> =
            rows.iter().map(|row| hash(&row.path)).collect();
        assert_eq!(names.len(), rows.len());
        assert!(rows.len() < VALUES_MAX);
    }
}
