//! Files of a recording: their names, their blocks, what is whole of them.
//!
//! ```text
//! file    "SSREC" | version u8 | block ...                      RUN-NUMBER.rec, numbers from 1
//! block   kind u8 | length u32 | CRC-32 of kind, length and payload | payload
//! head    first block of each file, deflated: run, number, length and CRC-32 of the file before, what the run began from,
//!         names of its rows and reasons (their numbers are of one version only)
//! scans   first scan | plant time before it | scans | lost before it | whole | of each column: length, packed length | columns,
//!         each deflated
//! end     how the run ended | scans lost at last
//! ```
//! All little-endian; numbers as in `coded.rs`. A block that is cut off or damaged ends its file: what lies before it is sound.
//! The number of a file and what it says of the one before make a chain: a file that is missing, or is not what it was, shows.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use plc::reason::Reason;
use plc::signal::Moment;
use plc::tag::Catalogue;

use super::beginning::Beginning;
use super::coded::{Bytes, Coded, Maps, coded};
use super::columns::{COLUMNS, Columns, Size};

/// The folder of recordings, inside the state folder.
pub const FOLDER: &str = "recording";
const ENDING: &str = "rec";
const MAGIC: &[u8; 5] = b"SSREC";
/// Raised when the layout changes; another one is not read.
const VERSION: u8 = 1;
const PREAMBLE: usize = 6;
const BLOCK_HEAD: usize = 9;
const COLUMN_MAX: u64 = 64 << 20;

/// Name of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub run: u64,
    pub number: u64,
}

coded! { struct Name { run, number } }

impl Name {
    /// Of a path, if it is one of ours.
    #[must_use]
    pub fn of(path: &Path) -> Option<Name> {
        let stem = path.file_stem()?.to_str()?;
        let (run, number) = stem.split_once('-')?;
        let name = Name { run: run.parse().ok()?, number: number.parse().ok()? };
        (path.extension()? == ENDING).then_some(name)
    }

    #[must_use]
    pub fn path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{:06}-{:04}.{ENDING}", self.run, self.number))
    }
}

/// Recordings of a folder, oldest first, with their sizes.
pub fn list(folder: &Path) -> io::Result<Vec<(Name, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(name) = Name::of(&entry.path()) {
            found.push((name, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Head,
    Scans,
    End,
}

coded! { enum Kind { 1 Head, 2 Scans, 3 End } }

/// The first block of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub name: Name,
    /// Length and checksum of the file before; `None`: this is the first of the run.
    pub before: Option<(u64, u32)>,
    pub beginning: Beginning,
    pub points: Points,
}

coded! { struct Head { name, before, beginning, points } }

/// Points and reasons by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Paths of the rows.
    pub rows: Vec<String>,
    /// Paths by slot.
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub reasons: Vec<String>,
}

coded! { struct Points { rows, inputs, outputs, reasons } }

impl Points {
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Points {
        use plc::tag::Kind;
        let of = |rows: Box<[usize]>| {
            rows.iter().map(|row| catalogue.rows[*row].path.clone()).collect::<Vec<String>>()
        };
        Points {
            rows: catalogue.rows.iter().map(|row| row.path.clone()).collect(),
            inputs: of(catalogue.rows_of(|kind| matches!(kind, Kind::Input(_)))),
            outputs: of(catalogue.rows_of(|kind| matches!(kind, Kind::Output(..)))),
            reasons: Reason::ALL.iter().map(|reason| reason.key().to_owned()).collect(),
        }
    }

    #[must_use]
    pub fn size(&self) -> Size {
        Size { inputs: self.inputs.len(), outputs: self.outputs.len(), rows: self.rows.len() }
    }
}

/// How a run ended, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Somebody stopped the controller.
    Stopped,
    /// The plant panicked in its last scan.
    Panicked,
}

coded! { enum End { 0 Stopped, 1 Panicked } }

/// A block of scans.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub about: About,
    pub columns: Columns,
}

/// What a block holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Scans of the run before these, lost ones too.
    pub first: u64,
    /// Plant time before them.
    pub at: Moment,
    pub scans: u64,
    /// Scans directly before these that nobody wrote down.
    pub lost: u64,
    /// They say everything anew: who reads them needs nothing from before.
    pub whole: bool,
}

coded! { struct About { first, at, scans, lost, whole } }

/// What every file begins with.
#[must_use]
pub fn preamble() -> [u8; PREAMBLE] {
    let mut bytes = [VERSION; PREAMBLE];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes
}

/// The bytes of a block.
#[must_use]
pub fn block(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BLOCK_HEAD + payload.len());
    kind.put(&mut bytes);
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&bytes);
    checksum.update(payload);
    bytes.extend_from_slice(&checksum.finalize().to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

impl Head {
    #[must_use]
    pub fn to_block(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.put(&mut bytes);
        block(Kind::Head, &deflate(&bytes))
    }

    fn read(payload: &[u8]) -> Option<Head> {
        let bytes = inflate(payload, COLUMN_MAX)?;
        Bytes::new(&bytes, &Maps::default()).read()
    }
}

impl Block {
    #[must_use]
    pub fn to_block(&self) -> Vec<u8> {
        let mut payload = Vec::new();
        self.about.put(&mut payload);
        let packed = self.columns.bytes.each_ref().map(|column| deflate(column));
        for (column, packed) in self.columns.bytes.iter().zip(&packed) {
            (column.len() as u64).put(&mut payload);
            (packed.len() as u64).put(&mut payload);
        }
        packed.iter().for_each(|packed| payload.extend_from_slice(packed));
        block(Kind::Scans, &payload)
    }

    /// What a block holds, without its columns.
    #[must_use]
    pub fn about(payload: &[u8]) -> Option<About> {
        Bytes::new(payload, &Maps::default()).read()
    }

    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Block> {
        let maps = Maps::default();
        let mut from = Bytes::new(payload, &maps);
        let about = from.read()?;
        let mut lengths = [(0_u64, 0_u64); COLUMNS];
        for length in &mut lengths {
            *length = from.read()?;
        }
        let mut columns = Columns::default();
        for (column, (length, packed)) in columns.bytes.iter_mut().zip(lengths) {
            let packed = from.take(usize::try_from(packed).ok()?)?;
            *column = inflate(packed, length)?;
        }
        Some(Block { about, columns })
    }
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail; what would be missing shows when it is read.
    let packed = packer.write_all(bytes).and_then(|()| packer.finish());
    packed.unwrap_or_default()
}

/// `None`: not packed bytes of this length (of a head: of this length at most).
fn inflate(packed: &[u8], length: u64) -> Option<Vec<u8>> {
    if length == 0 {
        return Some(Vec::new());
    }
    let mut bytes = Vec::new();
    let read = DeflateDecoder::new(packed).take(length.min(COLUMN_MAX)).read_to_end(&mut bytes);
    let whole = bytes.len() as u64 == length || length == COLUMN_MAX;
    read.ok().filter(|_| whole).map(|_| bytes)
}

/// A file that was read, as far as it is whole.
#[derive(Debug)]
pub struct Whole {
    bytes: Vec<u8>,
    pub head: Head,
    /// Kind and place of each block after the head.
    blocks: Vec<(Kind, usize, usize)>,
}

/// Why a file is no recording.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error("{} is no recording of sweetspring", file.display())]
    NotOurs { file: PathBuf },
    #[error("{} was written by version {found} of the format; this program reads {VERSION}", file.display())]
    Version { file: PathBuf, found: u8 },
    #[error("{} is cut off before it says what it is of", file.display())]
    NoHead { file: PathBuf },
}

impl Whole {
    /// Reads a file; of one that was cut off, or is damaged, what lies before that.
    pub fn read(file: &Path) -> Result<Whole, FileError> {
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|mut open| open.read_to_end(&mut bytes));
        read.map_err(|source| FileError::Io { file: file.into(), source })?;
        if bytes.len() < PREAMBLE || &bytes[..MAGIC.len()] != MAGIC {
            return Err(FileError::NotOurs { file: file.into() });
        }
        let found = bytes[MAGIC.len()];
        if found != VERSION {
            return Err(FileError::Version { file: file.into(), found });
        }
        let mut blocks = Vec::new();
        let mut sound = PREAMBLE;
        while let Some((kind, from, to)) = next_block(&bytes, sound) {
            blocks.push((kind, from, to));
            sound = to;
        }
        let head = match blocks.first() {
            Some((Kind::Head, from, to)) => Head::read(&bytes[*from..*to]),
            Some((Kind::Scans | Kind::End, ..)) | None => None,
        };
        let head = head.ok_or_else(|| FileError::NoHead { file: file.into() })?;
        blocks.remove(0);
        Ok(Whole { bytes, head, blocks })
    }

    /// Each block after the head.
    pub fn blocks(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        self.blocks.iter().map(|(kind, from, to)| (*kind, &self.bytes[*from..*to]))
    }

    /// Whether this is the file that the next one says was before it; what follows its length there is none of the run.
    #[must_use]
    pub fn is_before(&self, next: &Head) -> bool {
        let Some((length, checksum)) = next.before else { return false };
        let follows = next.name == Name { number: self.head.name.number + 1, ..self.head.name };
        let bytes = usize::try_from(length).ok().and_then(|length| self.bytes.get(..length));
        follows && bytes.is_some_and(|bytes| crc32fast::hash(bytes) == checksum)
    }

    /// The same file as its successor says it was.
    #[must_use]
    pub fn up_to(mut self, length: u64) -> Whole {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.blocks.retain(|(_, _, to)| *to <= length);
        self.bytes.truncate(length);
        self
    }
}

fn next_block(bytes: &[u8], at: usize) -> Option<(Kind, usize, usize)> {
    let head = bytes.get(at..at + BLOCK_HEAD)?;
    let kind = Bytes::new(head, &Maps::default()).read()?;
    let length = u32::from_le_bytes(head[1..5].try_into().ok()?);
    let from = at + BLOCK_HEAD;
    let to = from.checked_add(usize::try_from(length).ok()?)?;
    let payload = bytes.get(from..to)?;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&head[..5]);
    checksum.update(payload);
    (checksum.finalize().to_le_bytes() == head[5..9]).then_some((kind, from, to))
}
