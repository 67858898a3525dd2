//! A run of the recording, scanned again.
//!
//! Files are read one after the other, as far as they are whole and follow each other. Where something is missing the run
//! ends for a replay: what the plant remembered after that nobody knows. Its inputs are still there, for a plot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::Site;
use plc::image::Inputs;
use plc::plant::Plant;
use plc::signal::Moment;

use super::beginning::Beginning;
use super::coded::{Bytes, Maps};
use super::columns::{Before, Reader};
use super::compare::{Asked, Difference, Judge};
use super::file::{self, Block, End, FOLDER, FileError, Head, Kind, Name, Whole};
use super::plot::Plot;

/// Why there is nothing to replay.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: no recording lies there; files of a recording are named like 000001-0001.rec", path.display())]
    NoRecording { path: PathBuf },
    #[error(transparent)]
    File(#[from] FileError),
}

/// One run: from a start of the controller to its end.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    files: Vec<Name>,
    /// Of its first file that is still there.
    head: Head,
    /// Plant time of its last block: about where it ends.
    pub length: Duration,
}

/// How far to go, and what to find.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Plant time since the start; `None`: to the end.
    pub until: Option<Duration>,
    /// Another site file in place of the recorded one.
    pub site: Option<&'a Site>,
    /// After a difference, go on to the next frame and name the samples that differ.
    pub samples: Asked,
    /// And on to the first outputs that differ.
    pub outputs: Asked,
}

/// A plant in the state that it had at a moment of its run.
pub struct Standing {
    pub plant: Plant,
    /// What its last scan was told, by its own slots.
    pub inputs: Inputs,
    /// What became of the replay up to there.
    pub replayed: Replayed,
}

/// Where to stand, and who looks on: at every scan up to there, and at those recorded after it up to `until`.
struct Stand<'a> {
    at: Option<Duration>,
    look: &'a mut dyn FnMut(Moment, &Inputs),
    /// What the scan in hand is told, and what the last one of the plant was.
    told: Inputs,
    last: Inputs,
}

/// Where a replay stands.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub at: Duration,
    pub length: Duration,
}

/// What became of it.
#[derive(Debug)]
pub struct Replayed {
    /// Scans that were scanned again, and their plant time.
    pub scans: u64,
    pub at: Moment,
    /// Points that only the recording has, and that only this program has, by path.
    pub missing: Vec<String>,
    pub new: Vec<String>,
    pub difference: Option<Difference>,
    pub ended: Ended,
}

/// Why a replay went no further.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The controller was stopped there.
    Stopped,
    /// The plant panicked in the last scan; whether it does so again.
    Panicked { again: bool },
    /// The recording ends there without a word: a power cut, a kill, or the run goes on.
    CutOff,
    /// As far as was asked.
    Until,
    /// As far as the first difference can be told.
    Differs,
    /// Scans were not recorded: the writer did not keep up, or the disk failed.
    Gap { lost: u64 },
    /// The first files have gone: nothing can be scanned again. The run is whole from here.
    FirstFilesGone { from: Moment },
    /// This file does not follow the one before it.
    ChainBroken { file: PathBuf },
    /// A sound block says something that this version does not know.
    Unreadable,
}

impl Run {
    /// The run that a file belongs to; of a folder the newest.
    pub fn open(path: &Path) -> Result<Run, RunError> {
        let none = || RunError::NoRecording { path: path.into() };
        let (folder, run) = if path.is_dir() {
            let inner = path.join(FOLDER);
            (if inner.is_dir() { inner } else { path.into() }, None)
        } else {
            let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
            // A bare name has an empty parent, which is not where it lies.
            let folder = if folder.as_os_str().is_empty() { ".".into() } else { folder };
            (folder, Some(Name::of(path).ok_or_else(none)?.run))
        };
        let there = file::list(&folder);
        let there = there.map_err(|source| RunError::Io { path: folder.clone(), source })?;
        let newest = there.last().map(|(name, _)| name.run);
        let run = run.or(newest).ok_or_else(none)?;
        let files: Vec<Name> =
            there.into_iter().map(|(name, _)| name).filter(|name| name.run == run).collect();
        let (Some(first), Some(last)) = (files.first(), files.last()) else { return Err(none()) };
        let head = Whole::read(&first.path(&folder))?.head;
        let length = match Whole::read(&last.path(&folder)) {
            Ok(file) => length(&file),
            // A file that was begun and got no further.
            Err(FileError::NoHead { .. } | FileError::NotOurs { .. }) => Duration::ZERO,
            Err(error @ (FileError::Io { .. } | FileError::Version { .. })) => {
                return Err(error.into());
            }
        };
        Ok(Run { folder, files, head, length })
    }

    /// What it began from.
    #[must_use]
    pub fn beginning(&self) -> &Beginning {
        &self.head.beginning
    }

    /// A plot of its inputs.
    #[must_use]
    pub fn plot(&self) -> Plot {
        let (plant, _) = self.head.beginning.plant();
        Plot::new(plant.catalogue(), &self.head.points, self.length)
    }

    /// Scans it again, and compares.
    pub fn replay(
        &self,
        wanted: Wanted<'_>,
        plot: Option<&mut Plot>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Replayed, RunError> {
        let beginning = match wanted.site {
            Some(site) => self.head.beginning.at(site),
            None => self.head.beginning.clone(),
        };
        let mut walk = Walk::new(&self.head, &beginning, wanted);
        let ended = self.walk(&mut walk, plot, progress)?;
        Ok(walk.done(ended))
    }

    /// Scans it again up to `at`, or to its end, and hands out the plant as it stands there; `look` sees what every scan was
    /// told, also of those that were recorded up to `ahead` later.
    pub fn stand(
        &self,
        at: Option<Duration>,
        ahead: Duration,
        look: &mut dyn FnMut(Moment, &Inputs),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Standing, RunError> {
        let until = at.map(|at| at.saturating_add(ahead));
        let wanted = Wanted { until, ..Wanted::default() };
        let mut walk = Walk::new(&self.head, &self.head.beginning, wanted);
        let (plant, _) = self.head.beginning.plant();
        let inputs = Inputs::new(plant.catalogue());
        walk.stand = Some(Stand { at, look, told: inputs.clone(), last: inputs });
        let ended = self.walk(&mut walk, None, progress)?;
        let last = walk.stand.take().map(|stand| stand.last);
        let judge = walk.judge.take();
        let difference = judge.as_ref().and_then(|judge| judge.difference.clone());
        let plant = judge.map_or(plant, Judge::into_plant);
        let inputs = last.unwrap_or_else(|| Inputs::new(plant.catalogue()));
        let replayed = Replayed { difference, ..walk.done(ended) };
        Ok(Standing { plant, inputs, replayed })
    }

    /// Its files one after the other; why it went no further.
    fn walk(
        &self,
        walk: &mut Walk<'_>,
        mut plot: Option<&mut Plot>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Ended, RunError> {
        for (index, name) in self.files.iter().enumerate() {
            let path = name.path(&self.folder);
            let mut file = match Whole::read(&path) {
                Ok(file) => file,
                // The power went while it was begun: nothing is in it.
                Err(FileError::NoHead { .. } | FileError::NotOurs { .. }) => break,
                Err(error @ (FileError::Io { .. } | FileError::Version { .. })) => {
                    return Err(error.into());
                }
            };
            let next = self.files.get(index + 1).map(|next| Whole::read(&next.path(&self.folder)));
            let mut broken = None;
            if let Some(Ok(next)) = &next {
                if file.is_before(&next.head) {
                    file = file.up_to(next.head.before.map_or(0, |(length, _)| length));
                } else {
                    broken = self.files.get(index + 1).map(|next| next.path(&self.folder));
                }
            }
            let ended = walk.file(&file, plot.as_deref_mut(), &mut |at| {
                progress(Progress { at: at.since(Moment(0)), length: self.length });
            });
            let ended = ended.or(broken.map(|file| Ended::ChainBroken { file }));
            if let Some(ended) = ended {
                return Ok(ended);
            }
        }
        Ok(Ended::CutOff)
    }
}

fn length(file: &Whole) -> Duration {
    let blocks = file.blocks().filter(|(kind, _)| *kind == Kind::Scans);
    let last = blocks.last().and_then(|(_, payload)| Block::about(payload));
    last.map_or(Duration::ZERO, |about| about.at.since(Moment(0)))
}

/// A replay under way.
struct Walk<'a> {
    judge: Option<Judge>,
    maps: Maps,
    before: Before,
    scans: u64,
    at: Moment,
    /// Scans of the run so far, whether they were scanned again or not.
    first: u64,
    /// Why nothing is scanned again any more, though the walk goes on for a plot.
    over: Option<Ended>,
    missing: Vec<String>,
    new: Vec<String>,
    wanted: Wanted<'a>,
    stand: Option<Stand<'a>>,
}

impl<'a> Walk<'a> {
    fn new(head: &Head, beginning: &Beginning, wanted: Wanted<'a>) -> Walk<'a> {
        let (plant, _) = beginning.plant();
        let judge = Judge::new(plant, &head.points);
        let (missing, new) = judge.other_points(&head.points);
        Walk {
            maps: judge.maps(&head.points),
            before: Before::new(head.points.size()),
            judge: Some(judge),
            scans: 0,
            at: Moment(0),
            first: 0,
            over: None,
            missing,
            new,
            wanted,
            stand: None,
        }
    }

    fn done(self, ended: Ended) -> Replayed {
        Replayed {
            scans: self.scans,
            at: self.at,
            missing: self.missing,
            new: self.new,
            difference: self.judge.and_then(|judge| judge.difference),
            ended: self.over.unwrap_or(ended),
        }
    }

    /// Every block of a file; why it goes no further, if so.
    fn file(
        &mut self,
        file: &Whole,
        mut plot: Option<&mut Plot>,
        progress: &mut dyn FnMut(Moment),
    ) -> Option<Ended> {
        for (kind, payload) in file.blocks() {
            let ended = match kind {
                Kind::Head => None,
                Kind::Scans => match Block::read(payload) {
                    Some(block) => self.block(&block, plot.as_deref_mut()),
                    None => Some(Ended::Unreadable),
                },
                Kind::End => Some(self.end(payload)),
            };
            if ended.is_some() {
                return ended;
            }
            progress(self.before.at);
        }
        None
    }

    fn end(&self, payload: &[u8]) -> Ended {
        match Bytes::new(payload, &Maps::default()).read::<(End, u64)>() {
            Some((_, lost @ 1..)) => Ended::Gap { lost },
            Some((End::Stopped, 0)) => Ended::Stopped,
            Some((End::Panicked, 0)) => Ended::Panicked { again: false },
            None => Ended::Unreadable,
        }
    }

    fn block(&mut self, block: &Block, mut plot: Option<&mut Plot>) -> Option<Ended> {
        let about = block.about;
        if about.first != self.first || about.lost > 0 {
            let gap = if self.scans == 0 && about.lost == 0 {
                Ended::FirstFilesGone { from: about.at }
            } else {
                Ended::Gap { lost: about.first.saturating_sub(self.first) }
            };
            self.over.get_or_insert(gap.clone());
            if !about.whole || plot.is_none() {
                return Some(gap);
            }
            self.before.at = about.at;
        }
        self.first = about.first + about.scans;
        let maps = self.maps.clone();
        let mut reader = Reader::new(&block.columns, &maps);
        while !reader.is_done() {
            let Some(scan) = reader.next(&mut self.before) else { return Some(Ended::Unreadable) };
            let at = self.before.at;
            if self.wanted.until.is_some_and(|until| at.since(Moment(0)) > until) {
                return Some(Ended::Until);
            }
            if let Some(plot) = plot.as_deref_mut() {
                plot.note(at, &self.before.inputs, &scan);
            }
            if let (Some(stand), Some(judge)) = (&mut self.stand, &self.judge) {
                judge.tell(&self.before, &mut stand.told);
                (stand.look)(at, &stand.told);
                if stand.at.is_some_and(|stop| at.since(Moment(0)) > stop) {
                    self.over.get_or_insert(Ended::Until);
                } else if self.over.is_none() {
                    stand.last.clone_from(&stand.told);
                }
            }
            let Some(judge) = self.judge.as_mut().filter(|_| self.over.is_none()) else { continue };
            let Some(outcome) = &scan.outcome else {
                let scanned = catch_unwind(AssertUnwindSafe(|| judge.scan(&self.before, &scan)));
                return Some(Ended::Panicked { again: scanned.is_err() });
            };
            if judge.difference.is_none() {
                self.scans += 1;
                self.at = at;
            }
            judge.scan(&self.before, &scan);
            judge.compare(&self.before, outcome);
            if self.stand.is_none() && judge.is_done(self.wanted.samples, self.wanted.outputs) {
                self.over = Some(Ended::Differs);
                if plot.is_none() {
                    return Some(Ended::Differs);
                }
            }
        }
        None
    }
}
