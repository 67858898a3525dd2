//! Where a story plays: a plant of a site beside its world, everything watched, everything written down that a reader or a
//! second run may ask for.

use std::time::Duration;

use config::{Profiles, Site, shipped};
use plc::alarm::Change;
use plc::device::Mode;
use plc::image::{Command, Event};
use plc::plant::Shape;
use plc::reason::Reason;
use plc::tag::Kind;

use super::condition::Condition;
use super::happening::Happening;
use super::order::Asked;
use super::scene::Scene;
use super::seen::Seen;
use super::trace::Trace;
use crate::closed_loop::{Away, ClosedLoop, catalogue_of};
use crate::invariants::Watch;
use crate::{Act, Selector, TwinParameters};

/// What a stage is built from.
#[derive(Clone, Debug)]
pub struct Setting {
    pub site: Site,
    pub parameters: TwinParameters,
    pub seed: u64,
    pub period: Duration,
    /// How often the trace takes a sample; none: no trace.
    pub trace: Option<Duration>,
}

/// A shipped site by its short name: `demo`, `sesnok`.
///
/// # Errors
/// When there is none: with those there are.
pub fn site_named(name: &str) -> Result<Site, String> {
    let (path, text) = text_named(name)?;
    config::check(text, path, &Profiles::shipped(), &[], catalogue_of)
        .map_err(|faults| faults.to_string())
}

/// Path and text of a shipped site by its short name.
///
/// # Errors
/// As [`site_named`].
pub fn text_named(name: &str) -> Result<(&'static str, &'static str), String> {
    let is = |path: &str| {
        path.strip_prefix("sites/").and_then(|file| file.strip_suffix(".toml")) == Some(name)
    };
    shipped::ALL.iter().find(|(path, _)| is(path)).copied().ok_or_else(|| {
        let known: Vec<&str> = shipped::ALL.iter().map(|(path, _)| *path).collect();
        format!("no site {name}: {}", known.join(", "))
    })
}

/// One line of what happened, for the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Duration,
    pub kind: MarkKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Of the story.
    Happening,
    AlarmOn,
    AlarmOff,
    State,
    /// Of the world, where nobody inside can be asked.
    World,
    /// Of a line of the header, with the rig's time.
    Wire,
    Breach,
}

impl MarkKind {
    /// As pages and tables name it.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            MarkKind::Happening => "done",
            MarkKind::AlarmOn => "alarm",
            MarkKind::AlarmOff => "alarm ends",
            MarkKind::State => "plant",
            MarkKind::World => "really",
            MarkKind::Wire => "on the wire",
            MarkKind::Breach => "BROKEN",
        }
    }
}

/// Marks kept of one run at most; a week of storms has some hundreds.
const MARKS_MAX: usize = 4_000;

/// A plant, its world, its watch.
pub struct Stage {
    pub plant: ClosedLoop,
    pub watch: Watch,
    pub trace: Option<Trace>,
    pub marks: Vec<Mark>,
    shape: Shape,
    selector: Selector,
    away_since: Option<Duration>,
    state_row: Option<usize>,
    digest: u64,
    breaches: usize,
}

impl Stage {
    #[must_use]
    pub fn new(setting: &Setting) -> Stage {
        let Setting { site, parameters, seed, period, trace } = setting;
        let mut plant = ClosedLoop::new(&site.shape, parameters.clone(), *seed, *period);
        config::apply(site, &mut plant.plant);
        Stage::of(plant, &site.shape, parameters, *trace)
    }

    /// A plant that runs already, with the world it is in.
    #[must_use]
    pub fn of(
        plant: ClosedLoop,
        shape: &Shape,
        parameters: &TwinParameters,
        trace: Option<Duration>,
    ) -> Stage {
        let watch = Watch::new(&plant, parameters, plant.period());
        let state_row = plant.plant.catalogue().find("system.state").map(|row| row.id);
        Stage {
            watch,
            trace: trace.map(Trace::new),
            marks: Vec::new(),
            shape: *shape,
            selector: Selector::Remote,
            away_since: None,
            state_row,
            digest: 0xcbf2_9ce4_8422_2325,
            breaches: 0,
            plant,
        }
    }

    /// One scan, judged and written down.
    pub fn step(&mut self) {
        self.plant.step();
        self.watch.look(&self.plant);
        for value in &self.plant.plant.outputs().values {
            self.digest =
                (self.digest ^ value.to_bits()).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
        }
        if let Some(trace) = &mut self.trace {
            trace.sample(self.plant.passed(), &self.plant.seen());
            self.mark_events();
        }
        let breaches = self.watch.breaches();
        if breaches.len() > self.breaches {
            self.breaches = breaches.len();
            let text = breaches.last().map(ToString::to_string).unwrap_or_default();
            self.mark(MarkKind::Breach, text);
        }
    }

    /// Scans for this long.
    pub fn run(&mut self, time: Duration) {
        let end = self.plant.passed() + time;
        while self.plant.passed() < end {
            self.step();
        }
    }

    /// A number for the whole run: every output of every scan.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Makes it happen. An order is scanned at once; its answer comes back.
    ///
    /// # Errors
    /// When there is nothing of the kind at this plant; what the plant refuses is not an error.
    pub fn happen(&mut self, happening: &Happening) -> Result<Result<(), Reason>, String> {
        self.mark(MarkKind::Happening, happening.to_string());
        match happening {
            Happening::Act(act) => {
                if let Act::Turn(selector) = act {
                    self.selector = *selector;
                }
                self.watch.told(act);
                self.plant.act(act.clone())?;
            }
            Happening::Order { asked, .. } => return Ok(self.order(*asked)),
            Happening::Lie { path, told } => {
                let slot = self.input(path)?;
                self.watch.tamper(Some(path));
                let lie = told.lie(self.plant.told(slot));
                self.plant.lie(slot, Some(lie));
            }
            Happening::Truth { path } => {
                let slot = self.input(path)?;
                self.watch.told_the_truth(path);
                self.plant.lie(slot, None);
            }
            Happening::Report { path, value } => {
                self.watch.tamper(None);
                self.plant.report(path, *value);
            }
            Happening::Wire(_) | Happening::Hang | Happening::Wake => {
                return Err("that is for a real controller: transports = [\"sim\"]".into());
            }
            Happening::Kill => self.leave(Away::Dead),
            Happening::Dark => self.leave(Away::Dark),
            Happening::Restart { lost } => self.restart(*lost),
        }
        Ok(Ok(()))
    }

    fn order(&mut self, asked: Asked) -> Result<(), Reason> {
        if self.plant.away().is_some() {
            return Err(Reason::NotNow);
        }
        if matches!(asked.command, Command::Handle { mode, .. } if mode != Mode::Auto) {
            self.watch.taken();
        }
        let number = self.plant.ask(asked.role, asked.command);
        self.step();
        let verdict = self.plant.verdict_on(number).unwrap_or(Err(Reason::NotNow));
        if verdict.is_ok() && asked.command == Command::ConfirmQuality {
            self.watch.confirmed();
        }
        verdict
    }

    fn input(&self, path: &str) -> Result<usize, String> {
        self.plant
            .plant
            .catalogue()
            .input_slot(path)
            .ok_or_else(|| format!("no input {path} at this site"))
    }

    fn leave(&mut self, away: Away) {
        self.watch.tamper(None);
        self.away_since.get_or_insert(self.plant.passed());
        self.plant.go_away(away);
    }

    /// The controller comes back with what it kept: retained values, ledgers, settings.
    fn restart(&mut self, lost: bool) {
        self.watch.tamper(None);
        let passed = self.plant.passed();
        let away = passed.saturating_sub(self.away_since.take().unwrap_or(passed));
        let settings = self.settings();
        self.plant.restart(&self.shape, (!lost).then_some(away));
        config::lay_over(&settings, &mut self.plant.plant);
        self.watch.restarted(&self.plant);
    }

    /// Every setting as people have it now.
    fn settings(&self) -> Vec<(String, f64)> {
        let (rows, samples) =
            (&self.plant.plant.catalogue().rows, &self.plant.plant.snapshot().samples);
        let settings = rows.iter().filter(|row| matches!(row.kind, Kind::Setting(_)));
        settings.map(|row| (row.path.clone(), samples[row.id].value)).collect()
    }

    fn mark_events(&mut self) {
        let mut marks = Vec::new();
        let rows = &self.plant.plant.catalogue().rows;
        if self.plant.away().is_some() {
            return;
        }
        for event in self.plant.plant.events() {
            match *event {
                Event::Alarm { alarm, transition } => {
                    let Kind::Alarm(words) = rows[alarm].kind else { continue };
                    if transition.hidden {
                        continue;
                    }
                    let kind = match transition.change {
                        Change::Activated | Change::ReAlarmed => MarkKind::AlarmOn,
                        Change::Returned => MarkKind::AlarmOff,
                        Change::Acknowledged
                        | Change::Reset
                        | Change::Shelved
                        | Change::ShelvedOnce
                        | Change::Unshelved
                        | Change::ShelfEnded
                        | Change::Suppressed
                        | Change::Unsuppressed
                        | Change::OutOfService
                        | Change::InService
                        | Change::ChatterGuarded
                        | Change::StillHidden => continue,
                    };
                    marks.push((
                        kind,
                        format!("{} {} {}", words.number, rows[alarm].tag, rows[alarm].path),
                    ));
                }
                Event::State { row, to, .. } if Some(row) == self.state_row => {
                    let plc::quantity::Form::States(names) = rows[row].form else { continue };
                    let name = names.get(usize::from(to)).copied().unwrap_or("?");
                    marks.push((MarkKind::State, name.to_owned()));
                }
                Event::State { .. }
                | Event::Setting { .. }
                | Event::Answer { .. }
                | Event::Tested { .. }
                | Event::Cause { .. }
                | Event::Overflow => {}
            }
        }
        for (kind, text) in marks {
            self.mark(kind, text);
        }
    }

    fn mark(&mut self, kind: MarkKind, text: String) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(Mark { at: self.plant.passed(), kind, text });
        }
    }
}

impl Scene for Stage {
    fn step(&mut self) -> Result<(), String> {
        Stage::step(self);
        Ok(())
    }

    fn passed(&self) -> Duration {
        self.plant.passed()
    }

    fn seen(&self) -> Seen<'_> {
        self.plant.seen()
    }

    fn happen(&mut self, happening: &Happening) -> Result<Result<(), Reason>, String> {
        Stage::happen(self, happening)
    }

    /// It is seen in the scan in which it is so.
    fn lag(&self, _what: &Condition) -> Duration {
        Duration::ZERO
    }

    fn period(&self) -> Duration {
        self.plant.period()
    }

    fn tell(&self) -> String {
        self.plant.tell()
    }
}
