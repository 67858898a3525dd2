//! What the plant carries over a restart: two copies, in the journal's database and in a file beside it, written in turn.
//!
//! A power cut in the middle of one leaves the other whole; of two whole ones the newer counts. What neither can say is lost,
//! and the plant is told so (`docs/spec/plant.md` R-2.10-08). The bytes are `plc`'s own.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use plc::kept::Kept;

use super::store::Retained;

/// The second copy, inside the state folder.
const FILE: &str = "kept.bin";

/// An image on its way to the disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Image {
    pub bytes: Vec<u8>,
    /// Reserved by its ledgers, micrograms.
    pub reserved: [u64; 2],
    pub copies: Copies,
}

/// Which copies an image is written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Copies {
    Journal,
    File,
    /// A reservation is durable once both have it; a first image too.
    #[default]
    Both,
}

impl Copies {
    pub fn has_journal(self) -> bool {
        matches!(self, Copies::Journal | Copies::Both)
    }

    pub fn has_file(self) -> bool {
        matches!(self, Copies::File | Copies::Both)
    }
}

/// What a start goes on with.
#[derive(Clone, Debug, Default)]
pub enum Memory {
    /// Nothing was ever kept here.
    #[default]
    First,
    /// An image, sound as a whole.
    Kept(Box<Kept>),
    /// What a version without images kept.
    Old(Retained),
    /// Something was kept, and none of it can be read.
    Lost,
}

impl Memory {
    /// The newer of two copies that can be read.
    pub(super) fn of(
        journal: Option<&[u8]>,
        file: Option<&[u8]>,
        old: Option<Retained>,
        set_aside: bool,
    ) -> Memory {
        let read = |copy: Option<&[u8]>, name: &str| match Kept::decode(copy?) {
            Ok(kept) => Some(kept),
            Err(why) => {
                tracing::error!(copy = name, ?why, "what was kept cannot be read");
                None
            }
        };
        let copies = [read(journal, "journal"), read(file, FILE)];
        match (copies.into_iter().flatten().max_by_key(|kept| kept.sequence), old) {
            (Some(kept), _) => Memory::Kept(Box::new(kept)),
            (None, Some(old)) => Memory::Old(old),
            (None, None) if set_aside || journal.is_some() || file.is_some() => Memory::Lost,
            (None, None) => Memory::First,
        }
    }

    /// What was kept under this path.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<f64> {
        match self {
            Memory::Kept(kept) => kept.value(path),
            Memory::Old(old) => {
                old.values.iter().find(|(of, _)| of == path).map(|(_, value)| *value)
            }
            Memory::First | Memory::Lost => None,
        }
    }

    /// When it was kept, ms.
    #[must_use]
    pub fn saved_ms(&self) -> Option<i64> {
        match self {
            Memory::Kept(kept) => Some(kept.saved_ms),
            Memory::Old(old) => Some(old.wall),
            Memory::First | Memory::Lost => None,
        }
    }

    /// Counts up from here.
    pub(super) fn sequence(&self) -> u64 {
        match self {
            Memory::Kept(kept) => kept.sequence,
            Memory::Old(_) | Memory::First | Memory::Lost => 0,
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The second copy; a file that is there and cannot be read is an empty one.
pub(super) fn load(folder: &Path) -> Option<Vec<u8>> {
    match std::fs::read(path(folder)) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            tracing::error!(%error, file = FILE, "what was kept cannot be read");
            Some(Vec::new())
        }
    }
}

/// Writes the second copy, over the last one: while this is torn, the journal has the other.
pub(super) fn save(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = path(folder);
    let new = !path.exists();
    let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()?;
    if new {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plc::guard::Ledger;

    fn image(sequence: u64) -> Vec<u8> {
        let value = [("system.intent", sequence as f64)];
        plc::kept::encode(value.into_iter(), &[Ledger::default(); 2], sequence, 1_000)
    }

    /// R-2.10-08: of two whole copies the newer counts, of one whole and one torn the whole one.
    #[test]
    fn the_newer_of_two_whole_copies_counts() {
        let (older, newer, torn) = (image(4), image(5), image(6)[..100].to_vec());
        let intent = |journal: &[u8], file: &[u8]| {
            Memory::of(Some(journal), Some(file), None, false).value("system.intent")
        };
        assert_eq!(intent(&older, &newer), Some(5.0));
        assert_eq!(intent(&newer, &older), Some(5.0));
        assert_eq!(intent(&torn, &older), Some(4.0));
        assert_eq!(intent(&older, &torn), Some(4.0));
        assert!(matches!(Memory::of(Some(&torn), Some(&torn), None, false), Memory::Lost));
        assert!(matches!(Memory::of(None, None, None, true), Memory::Lost));
        assert!(matches!(Memory::of(None, None, None, false), Memory::First));
        let old = Retained { values: vec![("system.intent".into(), 3.0)], wall: 9 };
        let memory = Memory::of(None, None, Some(old), false);
        assert_eq!((memory.value("system.intent"), memory.saved_ms()), (Some(3.0), Some(9)));
    }

    #[test]
    fn the_file_is_replaced_whole_by_a_shorter_one() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()), None);
        save(folder.path(), &[7; 900]).unwrap();
        save(folder.path(), &image(1)).unwrap();
        assert_eq!(load(folder.path()), Some(image(1)));
    }
}
