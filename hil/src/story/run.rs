//! Runs a story, and says what came of it.

use std::time::{Duration, Instant};

use super::condition::Condition;
use super::duration::show;
use super::faults::Fault;
use super::happening::Happening;
use super::scenario::{Refused, Scenario, Start, Step};
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
    /// What was not as the story says, in order; empty: it passed.
    pub failures: Vec<String>,
    pub breaches: Vec<Breach>,
    /// How long things took that had a limit.
    pub measured: Vec<Measured>,
    pub plant_time: Duration,
    pub took: Duration,
    pub digest: u64,
    pub marks: Vec<Mark>,
    pub trace: Option<Trace>,
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
struct Play<'a> {
    stage: Stage,
    /// When the plant was where the story begins.
    begun: Duration,
    never: &'a [Condition],
    failures: Vec<String>,
    measured: Vec<Measured>,
}

/// A story ends at so many failures: the rest would be noise.
const FAILURES_MAX: usize = 8;

/// Runs it from its start to its end.
#[must_use]
pub fn run(scenario: &Scenario) -> Outcome {
    let begun = Instant::now();
    let stage = Stage::new(&scenario.setting);
    let mut play = Play {
        stage,
        begun: Duration::ZERO,
        never: &scenario.never,
        failures: Vec::new(),
        measured: Vec::new(),
    };
    play.begin(scenario.start);
    for (place, step) in scenario.steps.iter().enumerate() {
        if play.failures.len() >= FAILURES_MAX {
            break;
        }
        let named = if step.say.is_empty() { String::new() } else { format!(" ({})", step.say) };
        for _ in 0..step.times {
            let before = play.failures.len();
            play.step(step);
            for failure in &mut play.failures[before..] {
                *failure = format!("step {}{named}: {failure}", place + 1);
            }
        }
    }
    let Play { stage, mut failures, measured, .. } = play;
    failures.extend(
        stage.watch.breaches().iter().map(|breach| format!("{breach}, at {}", show(breach.at))),
    );
    Outcome {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        proves: scenario.proves.clone(),
        seed: scenario.setting.seed,
        failures,
        breaches: stage.watch.breaches().to_vec(),
        measured,
        plant_time: stage.plant.passed(),
        took: begun.elapsed(),
        digest: stage.digest(),
        marks: stage.marks,
        trace: stage.trace,
    }
}

/// Brings a plant to where a story begins.
///
/// # Errors
/// When it does not come there.
pub fn bring(stage: &mut Stage, start: Start) -> Result<(), String> {
    if start == Start::Fresh {
        return Ok(());
    }
    let reached = |stage: &mut Stage, states: &[&str], limit: Duration| {
        let end = stage.plant.passed() + limit;
        while stage.plant.passed() < end {
            stage.step();
            if stage.plant.state("system.state").is_some_and(|state| states.contains(&state)) {
                return Ok(());
            }
        }
        Err(format!("never {}: {}", states.join(" or "), stage.plant.tell()))
    };
    reached(stage, &["Stopped"], TO_STOPPED)?;
    if start == Start::Stopped {
        return Ok(());
    }
    let start =
        super::order::Asked { role: plc::tag::Role::Operator, command: plc::image::Command::Start };
    let order = Happening::Order { text: "start".into(), asked: start };
    stage.happen(&order)?.map_err(|reason| format!("start refused: {reason:?}"))?;
    reached(stage, &["Producing", "Degraded", "Standby"], TO_PRODUCING)
}

impl Play<'_> {
    fn begin(&mut self, start: Start) {
        if let Err(why) = bring(&mut self.stage, start) {
            self.failures.push(why);
        }
        self.begun = self.stage.plant.passed();
    }

    fn step(&mut self, step: &Step) {
        while self.stage.plant.passed().saturating_sub(self.begun) < step.at {
            self.scan(&step.never);
        }
        if let Some(fault) = &step.fault {
            self.strike(fault, &step.never);
        }
        for act in &step.acts {
            self.happen(act);
        }
        for attempt in &step.tries {
            if let Err(why) = self.stage.happen(attempt) {
                self.failures.push(format!("{attempt}: {why}"));
            }
        }
        for refused in &step.refused {
            self.refuse(refused);
        }
        if let Some((condition, limit)) = &step.until {
            self.wait(condition, *limit, &step.never);
        }
        let end = self.stage.plant.passed() + step.run;
        while self.stage.plant.passed() < end {
            self.scan(&step.never);
        }
        for condition in &step.check {
            if !condition.holds(&self.stage.plant) {
                let found = condition.found(&self.stage.plant);
                self.failures.push(format!("not {condition}, but {found}"));
            }
        }
    }

    /// A fault of the catalogue: it strikes, and all that is required comes in its time.
    fn strike(&mut self, fault: &Fault, never: &[Condition]) {
        if let Some(when) = &fault.when
            && !when.holds(&self.stage.plant)
        {
            let found = when.found(&self.stage.plant);
            self.failures.push(format!("{} is to strike while {when}, but {found}", fault.id));
            return;
        }
        for act in &fault.acts {
            self.happen(act);
        }
        let begun = self.stage.plant.passed();
        let mut open: Vec<_> = fault.expect.iter().chain(&fault.safe).collect();
        while !open.is_empty() {
            self.scan(never);
            let passed = self.stage.plant.passed().saturating_sub(begun);
            open.retain(|expect| {
                if expect.what.holds(&self.stage.plant) {
                    let what = format!("{}: {}", fault.id, expect.what);
                    self.measured.push(Measured { what, limit: expect.within, took: passed });
                    return false;
                }
                if passed > expect.within + 3 * self.stage.plant.period() {
                    let found = expect.what.found(&self.stage.plant);
                    self.failures.push(format!(
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
        match self.stage.happen(happening) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => self.failures.push(format!("{happening}: refused, {reason:?}")),
            Err(why) => self.failures.push(format!("{happening}: {why}")),
        }
    }

    fn refuse(&mut self, refused: &Refused) {
        match self.stage.happen(&refused.order) {
            Ok(Ok(())) => self.failures.push(format!("{}: not refused", refused.order)),
            Ok(Err(reason)) => {
                let found = format!("{reason:?}");
                if refused.reason.as_ref().is_some_and(|wanted| *wanted != found) {
                    self.failures.push(format!("{}: refused for {found}", refused.order));
                }
            }
            Err(why) => self.failures.push(format!("{}: {why}", refused.order)),
        }
    }

    fn wait(&mut self, condition: &Condition, limit: Duration, never: &[Condition]) {
        let begun = self.stage.plant.passed();
        loop {
            if condition.holds(&self.stage.plant) {
                let took = self.stage.plant.passed().saturating_sub(begun);
                self.measured.push(Measured { what: condition.to_string(), limit, took });
                return;
            }
            if self.stage.plant.passed().saturating_sub(begun) > limit {
                let found = condition.found(&self.stage.plant);
                let tells = self.stage.plant.tell();
                self.failures
                    .push(format!("not {condition} within {}, but {found}; {tells}", show(limit)));
                return;
            }
            self.scan(never);
        }
    }

    fn scan(&mut self, never: &[Condition]) {
        self.stage.step();
        for condition in never.iter().chain(self.never) {
            let told = format!("{condition}, which must never be");
            if condition.holds(&self.stage.plant)
                && !self.failures.iter().any(|one| one.contains(&told))
            {
                let at = show(self.stage.plant.passed());
                self.failures
                    .push(format!("{told}, at {at}: {}", condition.found(&self.stage.plant)));
            }
        }
    }
}
