//! A story in front of a real controller: what people order goes over HTTP, what it publishes comes back over its live
//! stream, and what is really so, and how the wires are, is the rig's.

use std::time::Duration;

use plc::image::Sample;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::signal::Moment;
use plc::tag::{Kind, Row};

use super::asking;
use super::client::Client;
use super::ground::Ground;
use super::screen::Screen;
use super::traced::Traced;
use crate::Truth;
use crate::story::condition::Condition;
use crate::story::stage::{Mark, MarkKind};
use crate::story::trace::Trace;
use crate::story::{Happening, Scene, Seen};

/// The live stream looks at the plant once a second; the rest is for a machine that is busy.
const LOOK: Duration = Duration::from_millis(1_500);
/// A rig that does not go on for so long is broken.
const STILL_MAX: Duration = Duration::from_secs(20);
/// What an order did is on the stream within this.
const NEWS_MAX: Duration = Duration::from_secs(10);
/// Samples of the trace.
const TRACED: Duration = Duration::from_secs(1);
/// What the plant does.
const STATE: &str = "system.state";
/// Marks kept of one run at most.
const MARKS_MAX: usize = 4_000;

/// How the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Runs,
    Hangs,
    Gone,
}

/// The controller of a story, as it is worked from outside.
pub trait Machine {
    /// Why it is no longer there although nobody ended it; `None` also where nobody can know.
    fn ended(&mut self) -> Option<String>;
    /// The end that no program sees coming.
    fn kill(&mut self) -> Result<(), String>;
    /// It loses its power.
    fn cut(&mut self) -> Result<(), String>;
    /// It stands still.
    fn hang(&mut self) -> Result<(), String>;
    /// It goes on.
    fn wake(&mut self) -> Result<(), String>;
    /// It comes back with what it kept; its owner is logged in.
    fn restart(&mut self) -> Result<Client, String>;
}

/// What was written down of a story.
pub struct Written {
    pub marks: Vec<Mark>,
    pub trace: Trace,
    /// Every edge of the header's lines, as CSV; `None`: the rig played none.
    pub digital: Option<String>,
}

/// A rig, and a controller that runs its plant.
pub struct Live {
    machine: Box<dyn Machine>,
    client: Client,
    screen: Screen,
    presence: Presence,
    /// News before this is of another time.
    old_news: u64,
    /// News taken over.
    seen_news: u64,
    /// How things stand.
    now: Moment,
    truth: Truth,
    samples: Vec<Sample>,
    is_published: bool,
    marks: Vec<Mark>,
    trace: Trace,
    traced: Traced,
    /// State of the plant and alarms told, as they were marked last.
    marked: Vec<(usize, u8)>,
    /// A dosing pump has power, K0 is in, and which motors turn.
    moved: Vec<bool>,
    // Last: it ends after everything that uses it.
    ground: Ground,
}

impl Live {
    /// A controller that runs, and its owner.
    ///
    /// # Errors
    /// When it shows nothing, or the rig stands still: in words.
    pub fn begin(
        ground: Ground,
        machine: Box<dyn Machine>,
        client: Client,
    ) -> Result<Live, String> {
        let screen = Screen::follow(&client, &ground.catalogue)?;
        let mut live = Live {
            machine,
            client,
            screen,
            presence: Presence::Runs,
            old_news: 0,
            seen_news: 0,
            now: Moment(0),
            truth: Truth::default(),
            samples: Vec::new(),
            is_published: false,
            marks: Vec::new(),
            trace: Trace::new(TRACED),
            traced: Traced::new(ground.wires.clone(), ground.begun),
            marked: Vec::new(),
            moved: Vec::new(),
            ground,
        };
        Scene::step(&mut live)?;
        Ok(live)
    }

    /// What it stands on.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Version of the controller, as it says.
    #[must_use]
    pub fn software(&self) -> &str {
        self.screen.version()
    }

    /// What was written down. The machine is off before its field is gone; `Err` beside it: it may not be.
    pub fn end(mut self) -> (Written, Result<(), String>) {
        let off = self.machine.cut();
        self.mark_lines();
        let mut marks = self.marks;
        marks.sort_by_key(|mark| mark.at);
        (Written { marks, trace: self.trace, digital: self.traced.csv() }, off)
    }

    /// The controller comes back with what it kept.
    fn restart(&mut self) -> Result<(), String> {
        self.client = self.machine.restart()?;
        self.screen = Screen::follow(&self.client, &self.ground.catalogue)?;
        (self.presence, self.old_news, self.seen_news) = (Presence::Runs, 0, 0);
        Ok(())
    }

    /// Writes down what the lines did after the last thing that was done.
    fn mark_lines(&mut self) {
        self.traced.take(&self.ground.rig);
        for (at, text) in self.traced.aftermath() {
            if self.marks.len() < MARKS_MAX {
                self.marks.push(Mark { at, kind: MarkKind::Wire, text });
            }
        }
    }

    fn mark(&mut self, kind: MarkKind, text: String) {
        if self.marks.len() < MARKS_MAX {
            self.marks.push(Mark { at: self.passed(), kind, text });
        }
    }

    /// Writes down when each motor, and the last dosing pump, begins and stops.
    fn mark_world(&mut self) {
        let truth = &self.truth;
        let mut now = vec![truth.dosers.iter().any(|fed| *fed), truth.contactor];
        now.extend(&truth.turning);
        let before = std::mem::replace(&mut self.moved, now);
        let mut marks = Vec::new();
        for (place, is) in self.moved.iter().enumerate() {
            let was = before.get(place).copied().unwrap_or_default();
            if was != *is {
                marks.push(match (place, is) {
                    (0, true) => "a dosing pump has power".to_owned(),
                    (0, false) => "no dosing pump has power".to_owned(),
                    (1, true) => "K0 is in".to_owned(),
                    (1, false) => "K0 is out".to_owned(),
                    (motor, true) => format!("{} turns", self.ground.motors[motor - 2]),
                    (motor, false) => format!("{} stands", self.ground.motors[motor - 2]),
                });
            }
        }
        marks.into_iter().for_each(|text| self.mark(MarkKind::World, text));
    }

    /// Writes down what changed of the plant's state and of its alarms.
    fn mark_changes(&mut self) {
        let mut marks = Vec::new();
        let is_marked = |row: &&Row| matches!(row.kind, Kind::Alarm(_)) || row.path == STATE;
        for row in self.ground.catalogue.rows.iter().filter(is_marked) {
            let sample = self.samples[row.id];
            let is_hidden = matches!(row.kind, Kind::Alarm(_)) && !sample.why.is_empty();
            let value = if is_hidden { 0 } else { sample.value as u8 };
            let before = self.marked.iter_mut().find(|(id, _)| *id == row.id);
            let was = before.as_ref().map_or(0, |(_, value)| *value);
            match (row.kind, row.form) {
                (Kind::Alarm(words), _) if value != was => {
                    // Normal, and returned before anybody saw it, are both away.
                    let stands = |value: u8| crate::story::condition::stands(value.into());
                    let text = format!("{} {} {}", words.number, row.tag, row.path);
                    match (stands(was), stands(value)) {
                        (false, true) => marks.push((MarkKind::AlarmOn, text)),
                        (true, false) => marks.push((MarkKind::AlarmOff, text)),
                        (true, true) | (false, false) => {}
                    }
                }
                (_, Form::States(names)) => {
                    if before.is_some() && value == was {
                        continue;
                    }
                    let name = names.get(usize::from(value)).copied().unwrap_or("?");
                    marks.push((MarkKind::State, name.to_owned()));
                }
                (_, _) => continue,
            }
            match before {
                Some((_, before)) => *before = value,
                None => self.marked.push((row.id, value)),
            }
        }
        for (kind, text) in marks {
            self.mark(kind, text);
        }
    }
}

impl Scene for Live {
    fn step(&mut self) -> Result<(), String> {
        let still = || format!("the rig stands still for {STILL_MAX:?}");
        let told = &self.ground.told;
        self.now = told.next(self.now, &mut self.truth, STILL_MAX).ok_or_else(still)?;
        if let Some(why) = self.ground.rig.trouble() {
            return Err(format!("the lines of the header: {why}"));
        }
        if self.presence != Presence::Gone
            && let Some(why) = self.machine.ended()
        {
            return Err(why);
        }
        self.mark_world();
        let news = self.screen.copy(self.seen_news, &mut self.samples);
        let news = news.filter(|news| self.presence == Presence::Runs && *news > self.old_news);
        self.is_published = news.is_some();
        if let Some(news) = news.filter(|news| *news > self.seen_news) {
            self.seen_news = news;
            self.mark_changes();
        }
        let seen = Seen {
            catalogue: &self.ground.catalogue,
            samples: self.is_published.then_some(&self.samples),
            truth: &self.truth,
        };
        self.trace.sample(Duration::from_micros(self.now.0), &seen);
        Ok(())
    }

    fn passed(&self) -> Duration {
        Duration::from_micros(self.now.0)
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            catalogue: &self.ground.catalogue,
            samples: self.is_published.then_some(&self.samples),
            truth: &self.truth,
        }
    }

    fn happen(&mut self, happening: &Happening) -> Result<Result<(), Reason>, String> {
        self.mark_lines();
        let is_order = matches!(happening, Happening::Order { .. });
        if !is_order {
            self.traced.strike(happening.to_string(), self.passed());
        }
        self.mark(MarkKind::Happening, happening.to_string());
        match happening {
            Happening::Act(act) => self.ground.rig.obey(&act.to_string())?,
            Happening::Wire(words) => self.ground.rig.obey(words)?,
            Happening::Order { asked, .. } => {
                let verdict = asking::ask(&self.client, *asked, &self.ground.catalogue)?;
                self.screen.more_than(self.screen.news(), NEWS_MAX)?;
                return Ok(verdict);
            }
            Happening::Kill => {
                self.presence = Presence::Gone;
                self.machine.kill()?;
            }
            Happening::Dark => {
                self.presence = Presence::Gone;
                self.machine.cut()?;
                self.ground.rig.go_dark();
            }
            Happening::Restart { lost: false } => {
                self.restart()?;
                // What follows is counted from here: it took its time.
                Scene::step(self)?;
            }
            Happening::Hang => {
                self.presence = Presence::Hangs;
                self.machine.hang()?;
            }
            Happening::Wake => {
                self.machine.wake()?;
                (self.presence, self.old_news) = (Presence::Runs, self.screen.news());
                Scene::step(self)?;
            }
            Happening::Restart { lost: true }
            | Happening::Lie { .. }
            | Happening::Truth { .. }
            | Happening::Report { .. } => {
                return Err("nobody can do that to a real controller from outside".into());
            }
        }
        Ok(Ok(()))
    }

    fn lag(&self, what: &Condition) -> Duration {
        if what.is_of_the_world() { Duration::ZERO } else { LOOK * self.ground.speed }
    }

    fn period(&self) -> Duration {
        self.ground.period
    }
}
