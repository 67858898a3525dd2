//! The alarm engine: every alarm of the plant, once a scan (`docs/spec/interfaces.md` 1.2 to 1.6).
//!
//! The walk only collects what the units say. Then causes are judged, then every alarm about which something is new; the
//! rest costs one look. What goes by seconds (shelves, re-alarms, figures) is done once a second.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::causes::{Explained, Set};
use super::groups::{FirstOut, TripGroup};
use super::load::{Busiest, Load};
use super::record::{FLEETING, Record};
use super::sample::{AlarmSample, KeptAlarm};
use super::shelf::Shelve;
use super::state::{Change, State, Transition};
use super::{Condition, OnBad};
use crate::reason::Reason;
use crate::signal::Moment;
use crate::tag::{Catalogue, Kind, Point, Rationale, Role, Visitor};

/// What goes by seconds is looked at this often.
const SLOW: Duration = Duration::from_secs(1);
/// Standing for longer than a day is stale; than three, too stale for a village (`docs/spec/interfaces.md` 1.5).
const STALE: Duration = Duration::from_secs(24 * 3600);
const STALE_LONG: Duration = Duration::from_secs(72 * 3600);
/// Longest time that a unit may keep an alarm from being judged before 919 asks (`docs/spec/plant.md` 4, AR-14).
const HIDDEN_MAX: Duration = Duration::from_secs(24 * 3600);
/// Changes of one scan at most for each alarm: it goes, leaves the shelf, is guarded, is suppressed.
const CHANGES_EACH: usize = 4;

/// What is looked at in every scan.
#[derive(Clone, Copy, Debug)]
struct Hot {
    condition: Condition,
    before: Condition,
    /// Nothing happens while the unit says the same.
    calm: bool,
    /// Its sample is older than it.
    changed: bool,
    /// Nothing of it goes by seconds, and it counts for no figure: nearly all of them, nearly always.
    idle: bool,
}

/// One alarm.
#[derive(Clone, Debug)]
struct Alarm {
    words: Rationale,
    row: usize,
    /// Which causes hide it.
    explained_by: Set,
    record: Record,
}

/// Every alarm of the plant, by slot.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    hot: Box<[Hot]>,
    alarms: Box<[Alarm]>,
    /// Slots of the alarms that explain others, by their bit.
    explained: Explained,
    /// Causes that are there, and those that are just coming.
    active: Set,
    coming: Set,
    first_out: FirstOut,
    load: Load,
    now: Moment,
    since_slow: Duration,
    restored: bool,
    /// The figures were counted anew in the last scan.
    counted: bool,
    /// Of this scan, by row.
    changes: Vec<(usize, Transition)>,
}

impl Engine {
    /// For the alarms of this plant. The only place that allocates.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Engine {
        let explained = Explained::by(catalogue);
        let declared = catalogue.rows.iter().filter_map(|row| match row.kind {
            Kind::Alarm(words) => Some((row.id, words)),
            Kind::Input(_)
            | Kind::Output(..)
            | Kind::Setting(_)
            | Kind::Status(_)
            | Kind::Retained(_) => None,
        });
        let alarms: Box<[Alarm]> = declared
            .zip(explained.by.iter())
            .map(|((row, words), explained_by)| Alarm {
                words,
                row,
                explained_by: *explained_by,
                record: Record::default(),
            })
            .collect();
        let hot = Hot {
            condition: Condition::Clear,
            before: Condition::Clear,
            calm: true,
            changed: true,
            idle: false,
        };
        Engine {
            hot: alarms.iter().map(|_| hot).collect(),
            changes: Vec::with_capacity(CHANGES_EACH * alarms.len()),
            alarms,
            explained,
            ..Engine::default()
        }
    }

    /// The state of an alarm.
    #[must_use]
    pub fn state(&self, slot: usize) -> State {
        self.alarms.get(slot).map_or(State::Normal, |alarm| alarm.record.state)
    }

    /// One alarm as interfaces show it.
    #[must_use]
    pub fn sample(&self, slot: usize) -> AlarmSample {
        self.alarms.get(slot).map_or_else(AlarmSample::default, |alarm| {
            let cause = self.explained.root(alarm.explained_by & self.active);
            let row = cause.and_then(|slot| self.alarms.get(slot)).map(|cause| cause.row);
            alarm.record.sample(row)
        })
    }

    /// Its sample, if something about it is new since the last time.
    pub fn news(&mut self, slot: usize) -> Option<AlarmSample> {
        let hot = self.hot.get_mut(slot)?;
        core::mem::take(&mut hot.changed).then(|| self.sample(slot))
    }

    /// Some critical or high alarm waits to be seen, and nothing hides it: the horn's word.
    #[must_use]
    pub fn sounds(&self) -> bool {
        self.alarms.iter().any(|alarm| {
            alarm.record.state.sounds()
                && alarm.words.priority.is_urgent()
                && !alarm.record.is_hidden()
        })
    }

    /// Whether the last scan counted the figures anew: once a second.
    #[must_use]
    pub fn has_counted(&self) -> bool {
        self.counted
    }

    /// What the alarms ask of people.
    #[must_use]
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// Row of an alarm.
    #[must_use]
    pub fn row(&self, slot: usize) -> Option<usize> {
        self.alarms.get(slot).map(|alarm| alarm.row)
    }

    /// What changed in the last scan, by row.
    #[must_use]
    pub fn changes(&self) -> &[(usize, Transition)] {
        &self.changes
    }

    // What people do.

    /// Somebody has seen it.
    pub fn acknowledge(&mut self, slot: usize, order: u32) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.acknowledge(order))
    }

    /// Somebody has seen every low and medium alarm that is shown; the urgent ones are seen one by one, and in a flood, when
    /// a page leaves the low ones out, each is (AR-03, AR-11).
    pub fn acknowledge_low(
        &mut self,
        order: u32,
        mut report: impl FnMut(usize, Transition),
    ) -> Result<(), Reason> {
        if self.load.is_flood() {
            return Err(Reason::NotNow);
        }
        let mut some = false;
        for (alarm, hot) in self.alarms.iter_mut().zip(self.hot.iter_mut()) {
            if alarm.words.priority.is_urgent() || alarm.record.is_hidden() {
                continue;
            }
            if let Ok(transition) = alarm.record.acknowledge(order) {
                hot.changed = true;
                some = true;
                report(alarm.row, transition);
            }
        }
        if some { Ok(()) } else { Err(Reason::NothingToAcknowledge) }
    }

    /// Ends a latched alarm whose cause is gone and that somebody has seen.
    pub fn reset(&mut self, slot: usize, order: u32) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.reset(order))
    }

    /// Puts it on the shelf.
    pub fn shelve(
        &mut self,
        slot: usize,
        role: Role,
        how: Shelve,
        order: u32,
    ) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.shelve(&alarm.words, role, how, order))
    }

    /// Takes it from the shelf.
    pub fn unshelve(&mut self, slot: usize, order: u32) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.unshelve(order))
    }

    /// Takes it out of service.
    pub fn take_out(&mut self, slot: usize, order: u32) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.take_out(order))
    }

    /// Puts it back in service.
    pub fn put_in(&mut self, slot: usize, order: u32) -> Result<Transition, Reason> {
        self.by_person(slot, |alarm| alarm.record.put_in(order))
    }

    fn by_person(
        &mut self,
        slot: usize,
        act: impl FnOnce(&mut Alarm) -> Result<Transition, Reason>,
    ) -> Result<Transition, Reason> {
        let (Some(alarm), Some(hot)) = (self.alarms.get_mut(slot), self.hot.get_mut(slot)) else {
            return Err(Reason::Unknown);
        };
        let transition = act(alarm)?;
        hot.calm = false;
        hot.changed = true;
        hot.idle = false;
        count(&mut self.load, alarm, &transition);
        Ok(transition)
    }

    // A scan.

    /// The walk that collects what the units say.
    pub fn collect(&mut self) -> Collect<'_> {
        Collect { hot: self.hot.iter_mut() }
    }

    /// One scan.
    pub fn step(&mut self, elapsed: Duration) {
        self.changes.clear();
        self.now = self.now.plus(elapsed);
        for _ in 0..self.load.elapse(elapsed) {
            self.alarms.iter_mut().for_each(|alarm| alarm.record.day.shift());
        }
        if core::mem::take(&mut self.restored) {
            let Engine { alarms, changes, .. } = self;
            let hidden = |alarm: &mut Alarm| Some((alarm.row, alarm.record.still_hidden()?));
            changes.extend(alarms.iter_mut().filter_map(hidden));
        }
        let causes_changed = self.judge_causes();
        self.judge(causes_changed, elapsed);
        self.note_first();
        self.since_slow = self.since_slow.saturating_add(elapsed);
        self.counted = self.since_slow >= SLOW;
        if self.counted {
            let passed = core::mem::take(&mut self.since_slow);
            self.age(passed);
            self.survey();
        }
    }

    /// Which causes are there; whether that has changed.
    fn judge_causes(&mut self) -> bool {
        let (mut active, mut coming): (Set, Set) = (0, 0);
        for (bit, slot) in self.explained.causes.iter().enumerate() {
            let (Some(alarm), Some(hot)) = (self.alarms.get(*slot), self.hot.get(*slot)) else {
                continue;
            };
            let record = &alarm.record;
            // A cause that nobody is told of explains nothing; one that is explained itself does.
            if record.is_put_aside() {
                continue;
            }
            let sees = hot.condition.sees_cause(alarm.words.on_bad, record.was_active);
            active |= Set::from(record.state.is_active()) << bit;
            coming |= Set::from(sees && !record.state.is_active()) << bit;
        }
        self.coming = coming;
        core::mem::replace(&mut self.active, active) != active
    }

    fn judge(&mut self, causes_changed: bool, elapsed: Duration) {
        let Engine { hot, alarms, changes, load, now, active, coming, .. } = self;
        for (hot, alarm) in hot.iter_mut().zip(alarms.iter_mut()) {
            if hot.calm && hot.condition == hot.before && !causes_changed {
                continue;
            }
            let Alarm { words, record, row, explained_by } = alarm;
            let (words, row) = (*words, *row);
            let suppressed = *explained_by & *active != 0 || hot.condition.is_by_design();
            let waits = *explained_by & *coming != 0;
            let told = changes.len();
            changes.extend(record.suppress(suppressed).map(|change| (row, change)));
            let followed = record.follow(&words, hot.condition, waits, *now, elapsed);
            changes.extend(followed.map(|change| (row, change)));
            match followed.map(|transition| transition.change) {
                Some(Change::Activated) => {
                    if record.chatter.activated(*now) {
                        changes.push((row, record.guarded()));
                    }
                }
                Some(Change::Returned) => {
                    if record.active_for < FLEETING && !record.is_hidden() {
                        load.fled();
                    }
                    changes.extend(record.end_one_shot().map(|change| (row, change)));
                }
                Some(_) | None => {}
            }
            hot.before = hot.condition;
            hot.calm = record.is_calm();
            hot.changed = true;
            hot.idle = false;
            for (_, transition) in &changes[told..] {
                count(load, alarm, transition);
            }
        }
    }

    /// First of its group, and who came together.
    fn note_first(&mut self) {
        let is_new = |(_, transition): &&(usize, Transition)| {
            transition.change == Change::Activated && !transition.hidden
        };
        if self.changes.is_empty() {
            return;
        }
        let together = self.changes.iter().filter(is_new).count() > 1;
        for index in 0..self.changes.len() {
            let (row, transition) = self.changes[index];
            if transition.change != Change::Activated {
                continue;
            }
            let Some(slot) = self.alarms.iter().position(|alarm| alarm.row == row) else {
                continue;
            };
            let first = self.is_first(slot);
            let record = &mut self.alarms[slot].record;
            record.fresh = false;
            record.first_out = first;
            record.same_scan = together && !transition.hidden;
            let told = &mut self.changes[index].1;
            (told.same_scan, told.first_out) = (record.same_scan, first);
        }
    }

    /// Whether an alarm that has just become active is the first of its trip group. One that is explained by another, or out
    /// of service, is none.
    fn is_first(&mut self, slot: usize) -> bool {
        let counts = |record: &Record| !record.suppressed && !record.out_of_service;
        let Some(trip) = self.alarms[slot].words.trip else { return false };
        if !counts(&self.alarms[slot].record) {
            return false;
        }
        let others = self.alarms.iter().enumerate().any(|(other, alarm)| {
            let record = &alarm.record;
            let stands = record.state != State::Normal && !record.fresh && counts(record);
            other != slot && alarm.words.trip == Some(trip) && stands
        });
        self.first_out.activated(trip, slot, others)
    }

    /// What goes by seconds, of every alarm of which anything does.
    fn age(&mut self, passed: Duration) {
        let Engine { hot, alarms, changes, load, now, .. } = self;
        let mut standing = [false; TripGroup::ALL.len()];
        for (hot, alarm) in hot.iter_mut().zip(alarms.iter_mut()).filter(|(hot, _)| !hot.idle) {
            let words = alarm.words;
            let record = &mut alarm.record;
            let unit_hides = hot.condition == Condition::Suppressed;
            record.unit_hides_for = if unit_hides {
                record.unit_hides_for.saturating_add(passed)
            } else {
                Duration::ZERO
            };
            if record.state.is_active() {
                record.active_for = record.active_for.saturating_add(passed);
            }
            record.chatter.rest(*now);
            hot.changed |= record.place.is_taken() || record.chatter.is_guarded();
            let ended = record.elapse_shelf(passed);
            for transition in ended.into_iter().chain(record.re_alarm(&words, passed)) {
                hot.changed = true;
                count(load, alarm, &transition);
                changes.push((alarm.row, transition));
            }
            if let (Some(trip), true) = (words.trip, alarm.record.state != State::Normal) {
                standing[trip as usize] = true;
            }
            hot.idle = alarm.record.is_idle();
        }
        for trip in TripGroup::ALL.into_iter().filter(|trip| !standing[*trip as usize]) {
            if let Some(slot) = self.first_out.clear(trip) {
                alarms[slot].record.first_out = false;
                hot[slot].changed = true;
            }
        }
    }

    /// Counts what stands, what is hidden, and finds what 908, 918 and 919 tell of. An idle alarm counts for none of it, but
    /// it may be one that cannot be judged.
    fn survey(&mut self) {
        let Engine { hot, alarms, load, now, .. } = self;
        load.begin_survey();
        let mut most = Busiest::default();
        for (slot, (hot, alarm)) in hot.iter().zip(alarms.iter()).enumerate() {
            if hot.condition.is_unjudged() && alarm.words.on_bad == OnBad::Raise {
                load.unjudged.get_or_insert(slot);
            }
            if hot.idle {
                continue;
            }
            let (words, record) = (&alarm.words, &alarm.record);
            if record.stands() {
                load.standing += 1;
                load.stale += u32::from(record.active_for >= STALE);
                load.stale_long += u32::from(record.active_for >= STALE_LONG);
            }
            let shown = record.state != State::Normal && !record.is_hidden();
            load.unseen += u32::from(shown && !record.state.is_acknowledged());
            load.low += u32::from(shown && !words.priority.is_urgent() && !record.first_out);
            load.suppressed += u32::from(record.suppressed);
            load.shelved += u32::from(record.place.is_taken());
            load.out_of_service += u32::from(record.out_of_service);
            most.take(record.day.sum());
            if record.chatter.goes_on(*now) {
                load.chattering.get_or_insert(slot);
            }
            if record.unit_hides_for >= HIDDEN_MAX {
                load.hidden_too_long.get_or_insert(slot);
            }
        }
        load.top_ten = most.sum();
    }

    // Restart.

    /// Takes up what a restart left of an alarm, written so long ago; unknown: nobody can say.
    pub fn restore(&mut self, slot: usize, kept: &KeptAlarm, age: Option<Duration>) {
        if let (Some(alarm), Some(hot)) = (self.alarms.get_mut(slot), self.hot.get_mut(slot)) {
            alarm.record.restore(&alarm.words, kept, age);
            hot.calm = false;
            hot.changed = true;
            hot.idle = false;
            self.restored = true;
        }
    }
}

/// An announced activation is counted (AR-10).
fn count(load: &mut Load, alarm: &mut Alarm, transition: &Transition) {
    if transition.is_announced() {
        load.announced(alarm.words.priority);
        alarm.record.day.add(1);
    }
}

/// One walk over the alarms.
#[derive(Debug)]
pub struct Collect<'a> {
    hot: core::slice::IterMut<'a, Hot>,
}

impl Visitor for Collect<'_> {
    fn alarm(&mut self, _: &'static Point<Rationale>, condition: &mut Condition) {
        if let Some(hot) = self.hot.next() {
            hot.condition = *condition;
        }
    }
}
