//! The safe-state matrix: every fault of the catalogue strikes in every state of the plant, and each output that must be
//! safe is timed. Generated, so that no cell is forgotten.

use std::fmt::Write as _;
use std::time::Duration;

use crate::TwinParameters;
use crate::closed_loop::catalogue_of;
use crate::story::duration::{parse, show};
use crate::story::faults::{self, Fault};
use crate::story::run::bring;
use crate::story::scenario::Start;
use crate::story::stage::{Setting, site_named};
use crate::story::{Happening, Stage, condition::Condition};

/// A state of the plant: where it begins, what is done, and what shows that it is there.
#[derive(Clone, Copy, Debug)]
pub struct PlantState {
    pub name: &'static str,
    start: Start,
    world: &'static [(&'static str, f64)],
    acts: &'static [&'static str],
    there: &'static str,
    within: &'static str,
}

const fn state(
    name: &'static str,
    start: Start,
    acts: &'static [&'static str],
    there: &'static str,
    within: &'static str,
) -> PlantState {
    PlantState { name, start, world: &[], acts, there, within }
}

/// The states of `docs/spec/plant.md` 2.2, and what the plant does beside them.
pub const STATES: [PlantState; 10] = [
    state("Boot", Start::Fresh, &[], "system.state is Boot", "10 s"),
    state("Stopped", Start::Stopped, &[], "system.state is Stopped", "10 s"),
    state("Starting", Start::Stopped, &["order start"], "true.raw_flow > 2", "5 min"),
    state(
        "Producing",
        Start::Producing,
        &[],
        "true.raw_flow > 2 and true.produced_flow > 2",
        "4 h",
    ),
    state(
        "Degraded",
        Start::Producing,
        &["storm 600"],
        "system.state is Degraded and true.raw_turbidity > 250",
        "8 h",
    ),
    state("Washing", Start::Producing, &["order wash 1"], "filter1.state is HighWash", "8 h"),
    PlantState {
        world: &[("start_clear_well", 1.84), ("start_elevated", 2.2), ("start_hour", 0.0)],
        ..state("Standby", Start::Producing, &[], "system.state is Standby", "12 h")
    },
    state("Stopping", Start::Producing, &["order stop"], "system.state is Stopping", "10 s"),
    state("PowerWait", Start::Producing, &["mains off"], "system.state is PowerWait", "10 s"),
    state(
        "EmergencyStop",
        Start::Producing,
        &["press ES-900"],
        "system.state is EmergencyStop",
        "10 s",
    ),
];

/// One fault in one state.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Of each required output state: how long it took, from the fault on, to be so and stay so; none: it never was.
    pub took: Vec<Option<Duration>>,
    /// A promise that broke meanwhile.
    pub broken: Option<String>,
    /// It could not be tried: why.
    pub untried: Option<String>,
}

/// One fault in all states.
#[derive(Clone, Debug)]
pub struct Row {
    pub fault: Fault,
    pub cells: Vec<Cell>,
}

/// After the longest bound the outputs are watched for this long: what is safe must stay so.
const WATCHED_ON: Duration = Duration::from_secs(60);

/// The faults of a site, with what makes them.
///
/// # Errors
/// When the site or the catalogue of faults makes no sense.
pub fn faults_of(site: &str) -> Result<Vec<Fault>, String> {
    faults::all(&catalogue_of(&site_named(site)?.shape))
}

/// Plays one fault in one state.
///
/// # Errors
/// When the site makes no sense.
pub fn play(site: &str, fault: &Fault, state: &PlantState) -> Result<Cell, String> {
    let site = site_named(site)?;
    let mut parameters = TwinParameters::of(&site.shape);
    for (name, value) in state.world {
        crate::story::world::set(&mut parameters, name, *value)?;
    }
    let period = Duration::from_millis(200);
    let mut stage = Stage::new(&Setting { site, parameters, seed: 1, period, trace: None });
    let untried = |why: String| Cell { took: Vec::new(), broken: None, untried: Some(why) };
    if let Err(why) = come_to(&mut stage, state) {
        return Ok(untried(why));
    }
    for act in &fault.acts {
        // What a plant in this state refuses cannot harm it.
        let _ = stage.happen(act)?;
    }
    let begun = stage.plant.passed();
    let longest = fault.safe.iter().map(|safe| safe.within).max().unwrap_or_default();
    let mut took: Vec<Option<Duration>> = vec![None; fault.safe.len()];
    while stage.plant.passed() < begun + longest + WATCHED_ON {
        stage.step();
        let passed = stage.plant.passed().saturating_sub(begun);
        for (took, safe) in took.iter_mut().zip(&fault.safe) {
            *took = if safe.what.holds(&stage.plant.seen()) { took.or(Some(passed)) } else { None };
        }
    }
    let broken = stage.watch.breaches().first().map(ToString::to_string);
    Ok(Cell { took, broken, untried: None })
}

fn come_to(stage: &mut Stage, state: &PlantState) -> Result<(), String> {
    bring(stage, state.start)?;
    let catalogue = stage.plant.plant.catalogue().clone();
    for act in state.acts {
        let happening = Happening::parse(act, &catalogue)?;
        stage.happen(&happening)?.map_err(|reason| format!("{act}: {reason:?}"))?;
    }
    let there = Condition::parse(state.there, &catalogue)?;
    // Before its first scan a plant is in no state, whatever its image shows.
    stage.step();
    let end = stage.plant.passed() + parse(state.within)?;
    while !there.holds(&stage.plant.seen()) {
        if stage.plant.passed() > end {
            return Err(format!("never {there}: {}", there.found(&stage.plant.seen())));
        }
        stage.step();
    }
    Ok(())
}

impl Cell {
    /// Every output became safe in its time, and nothing broke.
    #[must_use]
    pub fn holds(&self, fault: &Fault, period: Duration) -> bool {
        let in_time = |(took, safe): (&Option<Duration>, &faults::Expect)| {
            took.is_some_and(|took| took <= safe.within + 3 * period)
        };
        self.untried.is_none()
            && self.broken.is_none()
            && self.took.iter().zip(&fault.safe).all(in_time)
    }

    fn show(&self, fault: &Fault) -> String {
        if let Some(why) = &self.untried {
            return format!("not tried: {why}");
        }
        if let Some(broken) = &self.broken {
            return format!("**{broken}**");
        }
        if fault.safe.is_empty() {
            return "held".into();
        }
        let times = self.took.iter().zip(&fault.safe).map(|(took, safe)| match took {
            Some(took) if *took <= safe.within + Duration::from_millis(600) => show(*took),
            Some(took) => format!("**{}**", show(*took)),
            None => "**never**".into(),
        });
        times.collect::<Vec<_>>().join(", ")
    }
}

/// The matrix as a Markdown page.
#[must_use]
pub fn page(site: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "# Safe-state matrix of {site}\n\nEvery fault of `docs/spec/plant.md` 7 in every state of the plant. A cell says how long each required output state took \
         to be so and stay so, in the order of the second column; \"held\" where the fault asks for no output but every invariant was \
         judged and held. What is late or broken is bold. Made by `hil matrix`.\n\n| Fault | Required of the outputs |"
    );
    for state in &STATES {
        let _ = write!(text, " {} |", state.name);
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(STATES.len()));
    text.push('\n');
    for row in rows {
        let required: Vec<String> = row
            .fault
            .safe
            .iter()
            .map(|safe| format!("{} ({})", safe.what, show(safe.within)))
            .collect();
        let _ = write!(text, "| {} {} | {} |", row.fault.id, row.fault.what, required.join("; "));
        for cell in &row.cells {
            let _ = write!(text, " {} |", cell.show(&row.fault).replace('|', "/"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pump that trips is off in any state; where it did not run the output is off at once.
    #[test]
    fn a_tripped_pump_is_commanded_off_in_the_states_that_are_quick_to_reach() {
        let faults = faults_of("demo").unwrap();
        let trip = faults.iter().find(|fault| fault.id == "F2").unwrap();
        for state in
            STATES.iter().filter(|state| ["Boot", "Stopped", "Producing"].contains(&state.name))
        {
            let cell = play("demo", trip, state).unwrap();
            assert!(cell.holds(trip, Duration::from_millis(200)), "{}: {cell:?}", state.name);
        }
        // A bound that nothing keeps is seen.
        let mut strict = trip.clone();
        strict.safe[0].what = Condition::parse(
            "system.heartbeat on",
            &catalogue_of(&site_named("demo").unwrap().shape),
        )
        .unwrap();
        let cell = play("demo", &strict, &STATES[1]).unwrap();
        assert!(!cell.holds(&strict, Duration::from_millis(200)), "{cell:?}");
    }

    /// A controller that dies before, or soon after, it has begun breaks no promise.
    #[test]
    fn a_controller_killed_at_any_time_leaves_a_plant_that_holds_its_promises() {
        let faults = faults_of("demo").unwrap();
        let killed = faults.iter().find(|fault| fault.id == "F46").unwrap();
        for state in STATES.iter().filter(|state| ["Boot", "Stopped"].contains(&state.name)) {
            let cell = play("demo", killed, state).unwrap();
            assert!(cell.holds(killed, Duration::from_millis(200)), "{}: {cell:?}", state.name);
        }
    }
}
