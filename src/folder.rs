//! The state folder: everything of one plant that outlives a start. One controller at a time.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Kept open for as long as the controller runs; the kernel lets go of it however the controller ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a folder cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("state folder {} is in use by another controller", folder.display())]
    InUse { folder: PathBuf },
    #[error("state folder {}: {source}", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
}

/// Makes sure that nobody else runs on this folder. `None`: the disk takes no file now, so nobody can be kept out.
pub fn lock(folder: &Path) -> Result<Option<Lock>, LockError> {
    let opened = std::fs::create_dir_all(folder).and_then(|()| File::create(folder.join("lock")));
    match opened {
        Ok(file) => match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse { folder: folder.into() }),
            Err(TryLockError::Error(source)) => {
                Err(LockError::Folder { folder: folder.into(), source })
            }
        },
        Err(error) if cannot_write_now(&error) => Ok(None),
        Err(source) => Err(LockError::Folder { folder: folder.into(), source }),
    }
}

/// Whether files can be made here.
pub fn probe(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!(".probe-{}", std::process::id()));
    let written = std::fs::write(&file, b"probe");
    // On a full disk the file may be there all the same, empty; on one that takes nothing there is none to remove.
    let removed = std::fs::remove_file(&file);
    written.and(removed)
}

/// A disk that is full or has gone read-only, or files that may not grow: a plant starts all the same.
#[must_use]
pub fn cannot_write_now(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
    )
}

/// Renames a damaged database, with its log, so that somebody can look at it. Never deletes.
pub fn set_aside(folder: &Path, file: &str, wall_ms: i64) -> io::Result<PathBuf> {
    let name = |ending: &str| folder.join(format!("{file}.corrupt-{wall_ms}{ending}"));
    for ending in ["-wal", "-shm"] {
        let log = folder.join(format!("{file}{ending}"));
        if log.exists() {
            std::fs::rename(&log, name(ending))?;
        }
    }
    std::fs::rename(folder.join(file), name(""))?;
    Ok(name(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_controller_is_kept_off_the_folder_until_the_first_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(matches!(lock(folder.path()), Err(LockError::InUse { .. })));
        drop(first);
        assert!(lock(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_damaged_file_is_renamed_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.db"), "x").unwrap();
        std::fs::write(folder.path().join("a.db-wal"), "y").unwrap();
        let aside = set_aside(folder.path(), "a.db", 7).unwrap();
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "x");
        let log = std::fs::read_to_string(folder.path().join("a.db.corrupt-7-wal")).unwrap();
        assert_eq!(log, "y");
    }
}
