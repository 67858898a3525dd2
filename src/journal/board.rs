//! The alarm board: where each alarm stands, as last announced. What the HMI and OPC UA show.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use plc::alarm::{Change, KeptAlarm, State};
use plc::image::Event;
use plc::tag::{Catalogue, Kind};

use crate::exchange::{Happening, Wall};

/// One alarm as last announced.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Row id of the alarm.
    pub alarm: usize,
    pub state: State,
    /// Number of the last transition.
    pub number: u64,
    /// OPC UA's EventId of the last transition.
    pub event_id: [u8; 16],
    /// Wall time in ms when it last became active.
    pub since: i64,
    /// Wall time of the last transition.
    pub changed: Wall,
    /// Who acknowledged it, since it last became active.
    pub acked_by: Option<String>,
    /// What they wrote.
    pub comment: String,
    /// False: storage has not taken the last transition yet.
    pub saved: bool,
    /// On the shelf, suppressed by design or out of service: nobody is told.
    pub hidden: bool,
}

impl Standing {
    /// How an alarm stands after a happening; `None`: that is no transition.
    pub(super) fn after(before: Option<&Standing>, happening: &Happening) -> Option<Standing> {
        let Event::Alarm { alarm, transition } = happening.event else { return None };
        let kept = before.map(|one| (one.since, one.acked_by.clone(), one.comment.clone()));
        let (since, acked_by, comment) = match transition.change {
            Change::Activated => (happening.wall.ms, None, String::new()),
            // Shown again, and not yet seen again.
            Change::ReAlarmed | Change::Unshelved | Change::ShelfEnded | Change::InService
                if transition.from != transition.to =>
            {
                (kept.map_or(happening.wall.ms, |(since, ..)| since), None, String::new())
            }
            Change::Acknowledged => (
                kept.map_or(happening.wall.ms, |(since, ..)| since),
                happening.who.as_ref().map(|who| who.user.clone()),
                happening.why.clone(),
            ),
            Change::Returned
            | Change::Reset
            | Change::ReAlarmed
            | Change::Shelved
            | Change::ShelvedOnce
            | Change::Unshelved
            | Change::ShelfEnded
            | Change::Suppressed
            | Change::Unsuppressed
            | Change::OutOfService
            | Change::InService
            | Change::ChatterGuarded
            | Change::StillHidden => kept.unwrap_or((happening.wall.ms, None, String::new())),
        };
        Some(Standing {
            alarm,
            state: transition.to,
            number: happening.number,
            event_id: happening.event_id,
            since,
            changed: happening.wall,
            acked_by,
            comment,
            saved: happening.saved,
            hidden: transition.hidden,
        })
    }
}

impl Standing {
    /// As the plant remembers an alarm of which the journal knows nothing any more; `None`: it stands nowhere.
    pub(super) fn recovered(alarm: usize, kept: f64, wall: Wall) -> Option<Standing> {
        let kept = KeptAlarm::from_f64(kept)?;
        let state = kept.state;
        if state == State::Normal {
            return None;
        }
        let mut event_id = [0; 16];
        // Without randomness the row keeps the id apart within this journal.
        if getrandom::fill(&mut event_id).is_err() {
            event_id[..8].copy_from_slice(&alarm.to_be_bytes());
        }
        Some(Standing {
            alarm,
            state,
            hidden: kept.is_put_aside(),
            number: 0,
            event_id,
            since: wall.ms,
            changed: wall,
            acked_by: None,
            comment: String::new(),
            saved: false,
        })
    }
}

/// All alarms that ever changed, by row id. Cheap to clone: every clone is the same board.
#[derive(Clone, Debug, Default)]
pub struct Board {
    standings: Arc<Mutex<BTreeMap<usize, Standing>>>,
}

impl Board {
    /// One alarm; `None`: it has never left Normal.
    #[must_use]
    pub fn get(&self, alarm: usize) -> Option<Standing> {
        self.standings.lock().get(&alarm).cloned()
    }

    /// Every alarm that is not Normal and that people are told of, in order of row ids.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let standings = self.standings.lock();
        let told = |one: &&Standing| one.state != State::Normal && !one.hidden;
        standings.values().filter(told).cloned().collect()
    }

    /// Fills in what the journal remembers. Alarms this plant no longer has are left out.
    pub(super) fn restore(&self, catalogue: &Catalogue, remembered: Vec<(String, Standing)>) {
        let mut standings = self.standings.lock();
        for (path, mut standing) in remembered {
            let row = catalogue.find(&path).filter(|row| matches!(row.kind, Kind::Alarm(_)));
            if let Some(row) = row {
                standing.alarm = row.id;
                standings.insert(row.id, standing);
            }
        }
    }

    /// Takes over a transition that is about to be announced.
    pub(super) fn enter(&self, standing: Standing) {
        self.standings.lock().insert(standing.alarm, standing);
    }

    /// The late transition has reached storage after all.
    pub(super) fn settle(&self, event_id: [u8; 16]) {
        let mut standings = self.standings.lock();
        if let Some(one) = standings.values_mut().find(|one| one.event_id == event_id) {
            one.saved = true;
        }
    }
}
