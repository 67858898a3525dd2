//! What a run begins from: the site, and what the journal remembers. The plant is built of it, and the recording begins with it.

use std::time::Duration;

use config::FieldKind;
use plc::alarm::{KeptAlarm, State};
use plc::plant::{Plant, Restored};
use plc::tag::{Catalogue, Kind, Row};

use super::Options;
use crate::exchange::Wall;
use crate::journal::{Memory, Opened};
use crate::recorder::{Beginning, Pair, Recall, Recorder, Tap};

/// The plant's wish to make water, as the core keeps it.
const INTENT: &str = "system.intent";
/// Where the plant keeps that it knows its clear well.
const QUALITY_KNOWN: &str = "distribution.quality_known";

/// What the run begins from: the site, what the journal remembers, and the warm demo's first wish to make water.
pub fn of(
    options: &Options,
    opened: &Opened,
    catalogue: &Catalogue,
    now: Wall,
    ahead_ms: i64,
) -> Beginning {
    let (site, memory) = (&options.site, opened.memory());
    let first = matches!(memory, Memory::First);
    let first_warm = first && matches!(site.field, FieldKind::Twin { warm: true, .. });
    // The twin's clear well begins with good water; of a real one nobody knows before its first disinfection.
    let first_twin = first && matches!(site.field, FieldKind::Twin { .. });
    let kept = |row: &Row| match row.kind {
        Kind::Setting(_) => {
            opened.settings().iter().find(|one| one.path == row.path).map(|one| one.value)
        }
        Kind::Retained(_) if first_twin && row.path == QUALITY_KNOWN => Some(1.0),
        Kind::Retained(_) if first_warm => (row.path == INTENT).then_some(1.0),
        Kind::Retained(_) => memory.value(&row.path),
        Kind::Alarm(_) => {
            let standing = opened.standings().iter().find(|(path, _)| *path == row.path);
            let put_aside = memory.value(&row.path);
            let kept = put_aside.and_then(KeptAlarm::from_f64).unwrap_or_default();
            // Its state is that of its last transition, which is never lost.
            let state = standing.map_or(State::Normal, |(_, standing)| standing.state);
            Some(KeptAlarm { state, ..kept }.to_f64())
        }
        Kind::Input(_) | Kind::Output(..) | Kind::Status(_) => None,
    };
    let age = match memory.saved_ms() {
        None => first_warm.then_some(Duration::ZERO),
        // Without a clock nobody knows how long ago that was.
        Some(_) if !now.trusted && site.has_real_outputs() => None,
        Some(saved) => u64::try_from(now.ms + ahead_ms - saved).ok().map(Duration::from_millis),
    };
    let recall = match memory {
        Memory::Kept(kept) => match kept.ledgers {
            Some([coagulant, chlorine]) => Recall::Ledgers(Box::new(Pair { coagulant, chlorine })),
            None => Recall::LedgersLost,
        },
        Memory::Lost => Recall::AllLost,
        Memory::First | Memory::Old(_) => Recall::Nothing,
    };
    let rows = catalogue.rows.iter();
    Beginning {
        wall_ms: now.ms + ahead_ms,
        speed: options.speed,
        text: options.recording.text.clone(),
        set: options.recording.set.clone(),
        kept: rows.filter_map(|row| Some((row.path.clone(), kept(row)?))).collect(),
        age,
        recall,
        ..Beginning::of(site)
    }
}

/// The plant as it begins.
pub fn plant(beginning: &Beginning) -> Plant {
    let (plant, Restored { refused, unfit }) = beginning.plant();
    if refused > 0 || unfit > 0 {
        tracing::warn!(refused, unfit, "remembered values that no longer fit were left out");
    }
    if beginning.recall == Recall::AllLost {
        tracing::error!("what the plant remembered is lost: its clear well is held");
    }
    plant
}

/// Both ends of the recording. A plant that cannot be recorded runs all the same.
pub fn record(
    options: &Options,
    beginning: Beginning,
    catalogue: &Catalogue,
) -> (Option<Recorder>, Option<Tap>) {
    let bound = options.recording.bound;
    if bound == 0 {
        return (None, None);
    }
    match Recorder::start(&options.state, bound, beginning, catalogue) {
        Ok((recorder, tap)) => (Some(recorder), Some(tap)),
        Err(error) => {
            tracing::error!(%error, "nothing is recorded; control goes on");
            (None, None)
        }
    }
}
