//! Runs a story, and says what came of it.

use std::time::{Duration, Instant};

use super::condition::Condition;
use super::duration::show;
use super::faults::Fault;
use super::happening::Happening;
use super::scenario::{Refused, Scenario, Start, Step};
use super::scene::Scene;
use super::stage::{Mark, Stage};
use super::trace::Trace;
use crate::invariants::Breach;

/// A plant comes to STOPPED, and to making water, within this.
const TO_STOPPED: Duration = Duration::from_secs(600);
const TO_PRODUCING: Duration = Duration::from_secs(6 * 3_600);

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: String,
    pub title: String,
    pub why: String,
    pub proves: Vec<String>,
    pub seed: u64,
    /// Where it ran.
    pub transport: &'static str,
    pub tested: Tested,
    /// What was not as the story says, in order; empty: it passed.
    pub failures: Vec<String>,
    pub breaches: Vec<Breach>,
    /// How long things took that had a limit.
    pub measured: Vec<Measured>,
    pub plant_time: Duration,
    pub took: Duration,
    /// Of every output of every scan, where it repeats exactly.
    pub digest: Option<u64>,
    pub marks: Vec<Mark>,
    pub trace: Option<Trace>,
    /// Every edge of the header's lines, as CSV, where a rig played them.
    pub digital: Option<String>,
}

/// What was tested, and on what: `docs/spec/interfaces.md` 7.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Version of the controller.
    pub software: String,
    /// The machine it ran on.
    pub hardware: String,
    /// Revision of the bench.
    pub bench: String,
}

/// The program of this version, without any hardware.
impl Default for Tested {
    fn default() -> Tested {
        let version = env!("CARGO_PKG_VERSION");
        Tested { software: version.into(), hardware: "none".into(), bench: version.into() }
    }
}

/// Something awaited, with its limit and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub what: String,
    pub limit: Duration,
    pub took: Duration,
}

impl Outcome {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// A run on its way.
struct Play<'a, S> {
    scene: &'a mut S,
    /// When the plant was where the story begins.
    begun: Duration,
    never: &'a [Condition],
    told: Told,
    /// The scene goes on no more.
    is_over: bool,
}

/// What a story was found to be.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What was not as the story says, in order.
    pub failures: Vec<String>,
    pub measured: Vec<Measured>,
}

/// A story ends at so many failures: the rest would be noise.
const FAILURES_MAX: usize = 8;

/// Runs it in this process from its start to its end.
#[must_use]
pub fn run(scenario: &Scenario) -> Outcome {
    let begun = Instant::now();
    let mut stage = Stage::new(&scenario.setting);
    let Told { mut failures, measured } = play(&mut stage, scenario);
    failures.extend(
        stage.watch.breaches().iter().map(|breach| format!("{breach}, at {}", show(breach.at))),
    );
    Outcome {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        proves: scenario.proves.clone(),
        seed: scenario.setting.seed,
        transport: "process",
        tested: Tested::default(),
        failures,
        breaches: stage.watch.breaches().to_vec(),
        measured,
        plant_time: stage.plant.passed(),
        took: begun.elapsed(),
        digest: Some(stage.digest()),
        marks: stage.marks,
        trace: stage.trace,
        digital: None,
    }
}

/// Plays it in a scene from its start to its end.
pub fn play(scene: &mut impl Scene, scenario: &Scenario) -> Told {
    let never = &scenario.never;
    let told = Told::default();
    let mut play = Play { scene, begun: Duration::ZERO, never, told, is_over: false };
    play.begin(scenario.start);
    for (place, step) in scenario.steps.iter().enumerate() {
        if play.told.failures.len() >= FAILURES_MAX {
            break;
        }
        let named = if step.say.is_empty() { String::new() } else { format!(" ({})", step.say) };
        for _ in 0..step.times {
            let (before, measured) = (play.told.failures.len(), play.told.measured.len());
            play.step(step);
            for one in &mut play.told.measured[measured..] {
                if !step.say.is_empty() {
                    one.what = format!("{}: {}", step.say, one.what);
                }
            }
            for failure in &mut play.told.failures[before..] {
                *failure = format!("step {}{named}: {failure}", place + 1);
            }
            if play.is_over {
                return play.told;
            }
        }
    }
    play.told
}

/// Brings a plant to where a story begins.
///
/// # Errors
/// When it does not come there.
pub fn bring(scene: &mut impl Scene, start: Start) -> Result<(), String> {
    if start == Start::Fresh {
        return Ok(());
    }
    reach(scene, &["Stopped"], TO_STOPPED)?;
    if start == Start::Stopped {
        return Ok(());
    }
    let start =
        super::order::Asked { role: plc::tag::Role::Operator, command: plc::image::Command::Start };
    let order = Happening::Order { text: "start".into(), asked: start };
    scene.happen(&order)?.map_err(|reason| format!("start refused: {reason:?}"))?;
    reach(scene, &["Producing", "Degraded", "Standby"], TO_PRODUCING)
}

fn reach(scene: &mut impl Scene, states: &[&str], limit: Duration) -> Result<(), String> {
    let end = scene.passed() + limit;
    while scene.passed() < end {
        scene.step()?;
        if scene.seen().state("system.state").is_some_and(|state| states.contains(&state)) {
            return Ok(());
        }
    }
    Err(format!("never {}: {}", states.join(" or "), scene.tell()))
}

impl<S: Scene> Play<'_, S> {
    fn begin(&mut self, start: Start) {
        if let Err(why) = bring(self.scene, start) {
            self.told.failures.push(why);
        }
        self.begun = self.scene.passed();
    }

    fn step(&mut self, step: &Step) {
        while !self.is_over && self.scene.passed().saturating_sub(self.begun) < step.at {
            self.scan(&step.never);
        }
        if let Some(fault) = &step.fault {
            self.strike(fault, &step.never);
        }
        for act in &step.acts {
            self.happen(act);
        }
        for attempt in &step.tries {
            if let Err(why) = self.scene.happen(attempt) {
                self.told.failures.push(format!("{attempt}: {why}"));
            }
        }
        for refused in &step.refused {
            self.refuse(refused);
        }
        if let Some((condition, limit)) = &step.until {
            self.wait(condition, *limit, &step.never);
        }
        let end = self.scene.passed() + step.run;
        while !self.is_over && self.scene.passed() < end {
            self.scan(&step.never);
        }
        for condition in &step.check {
            if !condition.holds(&self.scene.seen()) {
                let found = condition.found(&self.scene.seen());
                self.told.failures.push(format!("not {condition}, but {found}"));
            }
        }
    }

    /// A fault of the catalogue: it strikes, and all that is required comes in its time.
    fn strike(&mut self, fault: &Fault, never: &[Condition]) {
        if let Some(when) = &fault.when
            && !when.holds(&self.scene.seen())
        {
            let found = when.found(&self.scene.seen());
            self.told.failures.push(format!("{} is to strike while {when}, but {found}", fault.id));
            return;
        }
        for act in &fault.acts {
            self.happen(act);
        }
        let begun = self.scene.passed();
        let mut open: Vec<_> = fault.expect.iter().chain(&fault.safe).collect();
        while !self.is_over && !open.is_empty() {
            self.scan(never);
            let passed = self.scene.passed().saturating_sub(begun);
            open.retain(|expect| {
                if expect.what.holds(&self.scene.seen()) {
                    let what = format!("{}: {}", fault.id, expect.what);
                    self.told.measured.push(Measured { what, limit: expect.within, took: passed });
                    return false;
                }
                let seen_by =
                    expect.within + 3 * self.scene.period() + self.scene.lag(&expect.what);
                if passed > seen_by {
                    let found = expect.what.found(&self.scene.seen());
                    self.told.failures.push(format!(
                        "{}: not {} within {}, but {found}",
                        fault.id,
                        expect.what,
                        show(expect.within)
                    ));
                    return false;
                }
                true
            });
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match self.scene.happen(happening) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => self.told.failures.push(format!("{happening}: refused, {reason:?}")),
            Err(why) => self.told.failures.push(format!("{happening}: {why}")),
        }
    }

    fn refuse(&mut self, refused: &Refused) {
        match self.scene.happen(&refused.order) {
            Ok(Ok(())) => self.told.failures.push(format!("{}: not refused", refused.order)),
            Ok(Err(reason)) => {
                let found = format!("{reason:?}");
                if refused.reason.as_ref().is_some_and(|wanted| *wanted != found) {
                    self.told.failures.push(format!("{}: refused for {found}", refused.order));
                }
            }
            Err(why) => self.told.failures.push(format!("{}: {why}", refused.order)),
        }
    }

    fn wait(&mut self, condition: &Condition, limit: Duration, never: &[Condition]) {
        let begun = self.scene.passed();
        while !self.is_over {
            if condition.holds(&self.scene.seen()) {
                let took = self.scene.passed().saturating_sub(begun);
                // Whatever began it may itself have taken longer than the limit.
                if took > limit + self.scene.lag(condition) + self.scene.period() {
                    let (limit, took) = (show(limit), show(took));
                    let late = format!("{condition} not within {limit}, but after {took}");
                    self.told.failures.push(late);
                }
                self.told.measured.push(Measured { what: condition.to_string(), limit, took });
                return;
            }
            if self.scene.passed().saturating_sub(begun) > limit + self.scene.lag(condition) {
                let found = condition.found(&self.scene.seen());
                let tells = self.scene.tell();
                self.told
                    .failures
                    .push(format!("not {condition} within {}, but {found}; {tells}", show(limit)));
                return;
            }
            self.scan(never);
        }
    }

    fn scan(&mut self, never: &[Condition]) {
        if let Err(why) = self.scene.step() {
            self.told.failures.push(why);
            self.is_over = true;
            return;
        }
        for condition in never.iter().chain(self.never) {
            let told = format!("{condition}, which must never be");
            if condition.holds(&self.scene.seen())
                && !self.told.failures.iter().any(|one| one.contains(&told))
            {
                let at = show(self.scene.passed());
                self.told
                    .failures
                    .push(format!("{told}, at {at}: {}", condition.found(&self.scene.seen())));
            }
        }
    }
}
