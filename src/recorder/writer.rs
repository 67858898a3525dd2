//! The writer: packs what the scan thread hands on, and sees it to the disk. A thread of its own; it may be slow or fail.
//!
//! A file that has grown to its bound is followed by the next one; before that the oldest files of the folder go, of the oldest
//! run first, until the new one has room. A disk that fails, or has little room left, costs scans and nothing else: the gap is
//! recorded once the disk takes something again.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::file::{self, Block, End, Head, Kind, Name};
use super::tap::{Batch, Queue};
use crate::machine;

/// A block is written so long after its first scan was handed on, a second later than it was. A power cut costs 10 s at most
/// (`docs/spec/contracts.md`); the rest is for the disk.
const WRITTEN_EVERY: Duration = Duration::from_secs(7);
/// A block of more than this is written at once, bytes: at speed a second has many scans.
const BLOCK_MAX: usize = 2 << 20;
/// Bound of a file, bytes; also a quarter of the folder's.
const FILE_MAX: u64 = 32 << 20;
/// How far a file is filled: what is on its way when it is full needs the rest.
const FILLED: f64 = 0.9;
/// Free space that is left to journal and history, bytes. Chosen: the recording is the first to stop.
const LEFT_TO_OTHERS: u64 = 96 << 20;
/// Rest between two tries while the disk fails.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Longest sleep; a batch wakes it.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// What the thread holds.
#[derive(Debug)]
pub struct Writer {
    queue: Arc<Queue>,
    folder: PathBuf,
    /// Bytes of the folder.
    bound: u64,
    /// Of the next file, but for its name.
    head: Head,
    open: Option<Open>,
    /// What follows is of no use unless it says everything.
    needs_whole: bool,
    block: Block,
    block_begun: Duration,
    /// Scans lost here since the last block.
    lost: u64,
    failing: bool,
    retry_at: Duration,
}

/// The file under way, as far as it is on the disk.
#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
    checksum: crc32fast::Hasher,
    is_full: bool,
}

impl Writer {
    /// `head` is that of the first file; the folder says the number of the run.
    #[must_use]
    pub fn new(queue: Arc<Queue>, folder: PathBuf, bound: u64, head: Head) -> Writer {
        Writer {
            queue,
            folder,
            bound,
            head,
            open: None,
            needs_whole: true,
            block: Block::default(),
            block_begun: Duration::ZERO,
            lost: 0,
            failing: false,
            retry_at: Duration::ZERO,
        }
    }

    /// Writes until the run has ended.
    pub fn run(mut self) {
        drop(self.queue.writer.set(std::thread::current()));
        // Taken before the queue is emptied: what was handed on before the end is there then.
        loop {
            let ended = self.queue.ended();
            self.take_all();
            if let Some(how) = ended {
                self.finish(how);
                return;
            }
            if machine::boot_clock().saturating_sub(self.block_begun) >= WRITTEN_EVERY {
                self.flush();
            }
            std::thread::park_timeout(LOOKS_EVERY);
        }
    }

    /// Takes what was handed on.
    pub fn take_all(&mut self) {
        while let Some(batch) = self.queue.full.pop() {
            self.take(&batch);
            // There is room for as many as there are.
            drop(self.queue.free.push(batch));
        }
    }

    fn take(&mut self, batch: &Batch) {
        if batch.about.whole {
            self.flush();
            self.begin_file_if_due();
        }
        let is_of_use = self.open.is_some() && (batch.about.whole || !self.needs_whole);
        if !is_of_use {
            self.lose(batch.about.lost + batch.about.scans);
            return;
        }
        self.needs_whole = false;
        if self.block.columns.is_empty() {
            self.block.about = batch.about;
            self.block.about.lost += std::mem::take(&mut self.lost);
            self.block_begun = machine::boot_clock();
        } else {
            self.block.about.scans += batch.about.scans;
        }
        self.block.columns.append(&batch.columns);
        if self.block.columns.len() >= BLOCK_MAX {
            self.flush();
        }
    }

    fn lose(&mut self, scans: u64) {
        self.lost += scans;
        self.needs_whole = true;
        self.queue.wants_whole.store(true, Ordering::Release);
    }

    /// Brings what there is to the disk.
    pub fn flush(&mut self) {
        if self.block.columns.is_empty() {
            return;
        }
        let bytes = self.block.to_block();
        let scans = self.block.about.lost + self.block.about.scans;
        self.block.columns.clear();
        if let Err(error) = self.write(&bytes) {
            self.lose(scans);
            self.fails(&error);
        }
    }

    /// The last words of the run.
    pub fn finish(&mut self, how: End) {
        self.flush();
        let lost = self.lost + self.queue.lost.load(Ordering::Relaxed);
        let mut payload = Vec::new();
        super::coded::Coded::put(&(how, lost), &mut payload);
        if self.open.is_some()
            && let Err(error) = self.write(&file::block(Kind::End, &payload))
        {
            self.fails(&error);
        }
    }

    fn fails(&mut self, error: &io::Error) {
        if !self.failing {
            tracing::error!(%error, "the recording has stopped; control goes on");
        }
        self.failing = true;
        self.retry_at = machine::boot_clock() + RETRY_AFTER;
        if let Some(open) = self.open.take() {
            // What is torn may stay: the next file says how much of this one counts.
            drop(open.file.set_len(open.length));
            self.head.before = Some((open.length, open.checksum.finalize()));
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.has_room()?;
        let full_at = (self.file_bound() as f64 * FILLED) as u64;
        let Some(open) = self.open.as_mut() else { return Ok(()) };
        open.file.write_all(bytes)?;
        open.file.sync_data()?;
        open.length += bytes.len() as u64;
        open.checksum.update(bytes);
        if open.length >= full_at && !open.is_full {
            open.is_full = true;
            self.queue.wants_whole.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn file_bound(&self) -> u64 {
        FILE_MAX.min(self.bound / 4)
    }

    fn begin_file_if_due(&mut self) {
        if self.open.as_ref().is_some_and(|open| !open.is_full) {
            return;
        }
        if self.failing && machine::boot_clock() < self.retry_at {
            return;
        }
        if let Some(open) = self.open.take() {
            self.head.before = Some((open.length, open.checksum.finalize()));
        }
        match self.begin_file() {
            Ok(()) if self.failing => {
                self.failing = false;
                tracing::info!("the recording goes on");
            }
            Ok(()) => {}
            Err(error) => self.fails(&error),
        }
    }

    fn begin_file(&mut self) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let there = file::list(&self.folder)?;
        if self.head.name.run == 0 {
            self.head.name.run = there.last().map_or(0, |(name, _)| name.run) + 1;
        }
        self.has_room()?;
        self.make_room(there)?;
        let name = Name { number: self.head.name.number + 1, ..self.head.name };
        let path = name.path(&self.folder);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let head = Head { name, ..self.head.clone() };
        let bytes = [&file::preamble()[..], &head.to_block()].concat();
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            // One without a head would only be in the way.
            drop(std::fs::remove_file(path));
            return Err(error);
        }
        self.head.name = name;
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&bytes);
        self.open = Some(Open { file, length: bytes.len() as u64, checksum, is_full: false });
        File::open(&self.folder)?.sync_all()
    }

    /// The recording is the first to stop.
    fn has_room(&self) -> io::Result<()> {
        let free = machine::free_space(&self.folder)?;
        if free < LEFT_TO_OTHERS {
            let left = format!("{} MiB of disk left", free >> 20);
            return Err(io::Error::new(ErrorKind::StorageFull, left));
        }
        Ok(())
    }

    /// The oldest files go until one more has room within the folder's bound.
    fn make_room(&self, there: Vec<(Name, u64)>) -> io::Result<()> {
        let mut size: u64 = there.iter().map(|(_, size)| size).sum();
        for (name, bytes) in there {
            if size + self.file_bound() <= self.bound {
                break;
            }
            std::fs::remove_file(name.path(&self.folder))?;
            size -= bytes;
        }
        Ok(())
    }
}
