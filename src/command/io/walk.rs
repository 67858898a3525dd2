//! The walk: one point at a time, with a person's word for each.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::super::say;
use super::hand::{Field, Point};
use super::sheet::{Sheet, Verdict};

const PATIENCE: Duration = Duration::from_millis(100);

/// From here on a signal ends the walk in order, with everything off.
pub fn end_on_signals(runtime: &Runtime, ended: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let _inside = runtime.enter();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut comes, ended) = (signal(kind)?, ended.clone());
        runtime.spawn(async move {
            comes.recv().await;
            ended.store(true, Ordering::Relaxed);
        });
    }
    Ok(())
}

/// What a person typed.
enum Said {
    Line(String),
    /// Nothing more comes, or the program was told to end.
    End,
}

/// A walk under way.
pub struct Walk<'a> {
    field: &'a mut Field,
    sheet: &'a mut Sheet,
    lines: Receiver<String>,
    ended: Arc<AtomicBool>,
    broken_off: bool,
}

impl Walk<'_> {
    pub fn new<'a>(field: &'a mut Field, sheet: &'a mut Sheet, ended: Arc<AtomicBool>) -> Walk<'a> {
        let (typed, lines) = channel();
        // A read from a terminal cannot be ended: it has a thread of its own, which the program does not wait for.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if typed.send(line).is_err() {
                    return;
                }
            }
        });
        Walk { field, sheet, lines, ended, broken_off: false }
    }

    fn hear(&self) -> Said {
        loop {
            if self.ended.load(Ordering::Relaxed) {
                return Said::End;
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => return Said::Line(line.trim().to_owned()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Said::End,
            }
        }
    }

    /// Every input.
    pub fn inputs(&mut self, points: &[Point]) -> anyhow::Result<()> {
        say("Enter: look again   y: right   n: wrong, and why   s: skip   q: end")?;
        for (place, point) in points.iter().enumerate() {
            let seen = self.field.seen(point);
            say(&format!(
                "\n[{} of {}] {}  {}  ({})",
                place + 1,
                points.len(),
                seen.tag,
                seen.about,
                seen.wired
            ))?;
            loop {
                self.field.look();
                let shows = self.field.shows(point);
                let wrong = shows.wrong.map_or(String::new(), |wrong| format!("   {wrong}"));
                say(&format!("  {}{wrong}", shows.text))?;
                let verdict = match self.hear() {
                    Said::End => return self.leave(&points[place..]),
                    Said::Line(line) => match line.split_at_checked(1) {
                        None => continue,
                        Some(("y", _)) => Verdict::Right,
                        Some(("n", why)) => Verdict::Wrong(why.trim().to_owned()),
                        Some(("s", _)) => Verdict::Skipped,
                        Some(("q", _)) => return self.leave(&points[place..]),
                        Some(_) => {
                            say("  y, n, s, q or Enter")?;
                            continue;
                        }
                    },
                };
                let seen = self.field.seen(point);
                self.sheet.add(seen, verdict);
                break;
            }
        }
        Ok(())
    }

    /// The walk is broken off: the sheet says what nobody has looked at.
    fn leave(&mut self, rest: &[Point]) -> anyhow::Result<()> {
        self.broken_off = true;
        for point in rest {
            let seen = self.field.seen(point);
            self.sheet.add(seen, Verdict::NotLookedAt);
        }
        Ok(())
    }

    /// Every switched output, for a moment.
    pub fn outputs(
        &mut self,
        only: &[String],
        lasts: Duration,
        with_contactor: bool,
    ) -> anyhow::Result<()> {
        let points = self.field.outputs(only)?;
        if self.broken_off {
            return self.leave(&points);
        }
        let motors = if with_contactor {
            "K0 goes in: motors may TURN"
        } else {
            "K0 stays out; valves travel"
        };
        say(&format!(
            "\nOutputs, one at a time, on for {} s. {motors}. Nobody is at the machines?\n\
             Its tag: on   s: skip   q: end",
            lasts.as_secs()
        ))?;
        for (place, point) in points.iter().enumerate() {
            let seen = self.field.seen(point);
            say(&format!(
                "\n[{} of {}] {}  {}: {}  ({})",
                place + 1,
                points.len(),
                seen.tag,
                seen.path,
                seen.about,
                seen.wired
            ))?;
            if !self.field.may_be_tried(point) {
                say("  a number, or a drive: not tried here")?;
                self.sheet.add(seen, Verdict::Skipped);
                continue;
            }
            let verdict = match self.ask_for(point, lasts, with_contactor)? {
                Some(verdict) => verdict,
                None => return self.leave(&points[place..]),
            };
            self.sheet.add(seen, verdict);
        }
        Ok(())
    }

    /// Switches it once its tag was typed, and asks what came of it. `None`: the walk ends.
    fn ask_for(
        &mut self,
        point: &Point,
        lasts: Duration,
        with_contactor: bool,
    ) -> anyhow::Result<Option<Verdict>> {
        loop {
            let Said::Line(line) = self.hear() else { return Ok(None) };
            match line.as_str() {
                "s" => return Ok(Some(Verdict::Skipped)),
                "q" => return Ok(None),
                tag if tag.eq_ignore_ascii_case(&point.row.tag) => break,
                _ => say(&format!("  {} switches it on, s skips it, q ends", point.row.tag))?,
            }
        }
        say("  ON")?;
        let moved = self.field.switch(point, lasts, with_contactor, &self.ended)?;
        let moved = if moved.is_empty() { "nothing".to_owned() } else { moved.join(", ") };
        let stays = if point.row.path.ends_with(".open") || point.row.path.ends_with(".close") {
            "\n  A valve stays where it is now: drive it to where it belongs."
        } else {
            ""
        };
        say(&format!(
            "  told to be off; see that it is. What moved: {moved}{stays}\n  Right? y, or n and why"
        ))?;
        loop {
            let Said::Line(line) = self.hear() else { return Ok(None) };
            match line.split_at_checked(1) {
                Some(("y", _)) => return Ok(Some(Verdict::Right)),
                Some(("n", why)) => return Ok(Some(Verdict::Wrong(why.trim().to_owned()))),
                Some(("q", _)) => return Ok(None),
                Some(_) | None => say("  y, or n and why")?,
            }
        }
    }
}
