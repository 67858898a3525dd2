//! One alarm's memory: both regions, and what is counted of it.

use core::time::Duration;

use super::chatter::Chatter;
use super::condition::Condition;
use super::load::Window;
use super::sample::{AlarmSample, KeptAlarm};
use super::shelf::{Place, Shelf, Shelve, shelf_max};
use super::state::{Change, Input, State, Transition};
use crate::reason::Reason;
use crate::signal::{Moment, Quality};
use crate::tag::{Rationale, Role};

/// An alarm whose cause is just coming waits so long for it, so that the cause is told and not what follows from it. Chosen:
/// longer than the on-delays of 901, 906, 203 and 409, and short beside the time people need.
const PATIENCE: Duration = Duration::from_secs(15);
/// Repeats within this count up and are no message of their own (`docs/spec/plant.md` 4).
const REPEATS_WITHIN: Duration = Duration::from_secs(600);
/// Gone before anybody could have read it: fleeting; chosen.
pub(super) const FLEETING: Duration = Duration::from_secs(60);

/// One alarm's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Record {
    pub state: State,
    /// How long the condition has differed from the state.
    differs: Duration,
    /// The last plain word of the unit: what `AsBefore` means.
    pub was_active: bool,
    pub quality: Quality,

    pub suppressed: bool,
    pub place: Place,
    pub out_of_service: bool,
    out_by: u32,
    /// People were told since it came.
    announced: bool,

    pub active_for: Duration,
    seen_for: Duration,
    re_alarmed: u8,
    /// How long its unit has kept it from being judged.
    pub unit_hides_for: Duration,
    acknowledged_by: u32,
    /// It has come from Normal in this scan.
    pub fresh: bool,
    pub same_scan: bool,
    pub first_out: bool,
    count: u32,
    repeats: u16,
    message_at: Option<Moment>,
    pub chatter: Chatter,
    /// Announced activations of the last day.
    pub day: Window<24>,
}

impl Default for Record {
    fn default() -> Record {
        Record {
            state: State::Normal,
            differs: Duration::ZERO,
            was_active: false,
            quality: Quality::Good,
            suppressed: false,
            place: Place::default(),
            out_of_service: false,
            out_by: 0,
            announced: false,
            active_for: Duration::ZERO,
            seen_for: Duration::ZERO,
            re_alarmed: 0,
            unit_hides_for: Duration::ZERO,
            acknowledged_by: 0,
            fresh: false,
            same_scan: false,
            first_out: false,
            count: 0,
            repeats: 0,
            message_at: None,
            chatter: Chatter::default(),
            day: Window::default(),
        }
    }
}

impl Record {
    /// Nobody is told of it.
    pub fn is_hidden(&self) -> bool {
        self.suppressed || self.is_put_aside()
    }

    /// A person has hidden it. What that explains is announced all the same.
    pub fn is_put_aside(&self) -> bool {
        self.place.is_taken() || self.out_of_service
    }

    /// There, and shown.
    pub fn stands(&self) -> bool {
        self.state.is_active() && !self.is_hidden()
    }

    /// Nothing happens to it while the unit says the same.
    pub fn is_calm(&self) -> bool {
        self.was_active == self.state.is_active()
    }

    /// It is nothing and was nothing for a day: no time runs for it, and no figure counts it.
    pub fn is_idle(&self) -> bool {
        self.state == State::Normal
            && !self.is_hidden()
            && !self.chatter.is_guarded()
            && self.unit_hides_for.is_zero()
            && self.day.sum() == 0
    }

    // Region P.

    /// One scan of region P. `waits`: an alarm that would explain it is just coming.
    pub fn follow(
        &mut self,
        words: &Rationale,
        condition: Condition,
        waits: bool,
        now: Moment,
        elapsed: Duration,
    ) -> Option<Transition> {
        self.quality = condition.quality().unwrap_or(self.quality);
        let active = condition.sees_cause(words.on_bad, self.was_active);
        if active && !self.was_active {
            self.chatter.edge(now);
        }
        self.was_active = active;
        if active == self.state.is_active() {
            self.differs = Duration::ZERO;
            return None;
        }
        let delay = match (active, waits) {
            (true, false) => words.on_delay,
            (true, true) => words.on_delay.saturating_add(PATIENCE),
            (false, _) => self.chatter.off_delay(words.off_delay),
        };
        if self.differs < delay {
            self.differs = self.differs.saturating_add(elapsed);
            if self.differs < delay {
                return None;
            }
        }
        let input = if active { Input::Comes } else { Input::Goes };
        let to = self.state.next(input, words.latching).ok()?;
        if active {
            self.begin(now);
            return Some(self.change(to, Change::Activated, 0));
        }
        Some(self.change(to, Change::Returned, 0))
    }

    /// It has come, again or for the first time.
    fn begin(&mut self, now: Moment) {
        self.count = self.count.saturating_add(1);
        self.fresh = self.state == State::Normal;
        self.active_for = Duration::ZERO;
        self.seen_for = Duration::ZERO;
        self.re_alarmed = 0;
        self.acknowledged_by = 0;
        self.announced = !self.is_hidden();
        if !self.announced {
            return;
        }
        match self.message_at {
            Some(message) if now.since(message) < REPEATS_WITHIN => {
                self.repeats = self.repeats.saturating_add(1);
            }
            Some(_) | None => {
                self.repeats = 0;
                self.message_at = Some(now);
            }
        }
    }

    /// Somebody has seen it.
    pub fn acknowledge(&mut self, order: u32) -> Result<Transition, Reason> {
        let to = self.state.next(Input::Acknowledge, false)?;
        self.acknowledged_by = order;
        self.seen_for = Duration::ZERO;
        Ok(self.change(to, Change::Acknowledged, order))
    }

    /// Ends it where it is latched, its cause gone, and seen.
    pub fn reset(&mut self, order: u32) -> Result<Transition, Reason> {
        let to = self.state.next(Input::Reset, true)?;
        Ok(self.change(to, Change::Reset, order))
    }

    /// Seen long ago, and still there: announced once more, as often as its words say.
    pub fn re_alarm(&mut self, words: &Rationale, elapsed: Duration) -> Option<Transition> {
        let waits = self.state == State::Acknowledged && self.re_alarmed < words.re_alarms;
        if !waits || self.is_hidden() {
            return None;
        }
        self.seen_for = self.seen_for.saturating_add(elapsed);
        if self.seen_for < words.re_alarm_time {
            return None;
        }
        self.re_alarmed += 1;
        self.acknowledged_by = 0;
        let to = self.state.next(Input::ReAlarm, words.latching).ok()?;
        Some(self.change(to, Change::ReAlarmed, 0))
    }

    // Region S.

    /// Something explains it now, or its unit is off; or no longer.
    pub fn suppress(&mut self, suppressed: bool) -> Option<Transition> {
        if suppressed == self.suppressed {
            return None;
        }
        self.suppressed = suppressed;
        if suppressed {
            // Of what was nothing, nothing need be written down.
            let stands = self.state != State::Normal;
            return stands.then(|| self.change(self.state, Change::Suppressed, 0));
        }
        if self.is_hidden() {
            return Some(self.change(self.state, Change::Unsuppressed, 0));
        }
        let stood = self.state != State::Normal;
        let to = self.forgotten();
        self.differs = Duration::ZERO;
        stood.then(|| self.change(to, Change::Unsuppressed, 0))
    }

    /// What nobody was told of begins anew when it may be told: it comes after its on-delay, if it is still there.
    fn forgotten(&self) -> State {
        match self.state {
            State::Unacknowledged
            | State::ReturnedUnacknowledged
            | State::LatchedUnacknowledged
                if !self.announced =>
            {
                State::Normal
            }
            State::Normal
            | State::Unacknowledged
            | State::Acknowledged
            | State::ReturnedUnacknowledged
            | State::LatchedUnacknowledged
            | State::LatchedAcknowledged => self.state,
        }
    }

    /// Onto the shelf.
    pub fn shelve(
        &mut self,
        words: &Rationale,
        role: Role,
        how: Shelve,
        order: u32,
    ) -> Result<Transition, Reason> {
        self.place = Place::taken(words.priority, role, how, order)?;
        let change = match how {
            Shelve::For(_) => Change::Shelved,
            Shelve::Once => Change::ShelvedOnce,
        };
        Ok(self.change(self.state, change, order))
    }

    /// From the shelf, by a person.
    pub fn unshelve(&mut self, order: u32) -> Result<Transition, Reason> {
        if !self.place.is_taken() {
            return Err(Reason::NotNow);
        }
        Ok(self.leave_shelf(Change::Unshelved, order))
    }

    /// Time passes on the shelf.
    pub fn elapse_shelf(&mut self, elapsed: Duration) -> Option<Transition> {
        self.place.elapse(elapsed).then(|| self.leave_shelf(Change::ShelfEnded, 0))
    }

    /// A shelf until the cause goes ends when it has gone.
    pub fn end_one_shot(&mut self) -> Option<Transition> {
        let ends = self.place.shelf == Shelf::OneShot;
        ends.then(|| self.leave_shelf(Change::ShelfEnded, 0))
    }

    fn leave_shelf(&mut self, change: Change, order: u32) -> Transition {
        self.place = Place::default();
        self.show_again(change, order)
    }

    /// Its instrument or device is being worked on: an engineer's permit.
    pub fn take_out(&mut self, order: u32) -> Result<Transition, Reason> {
        if self.out_of_service {
            return Err(Reason::NotNow);
        }
        self.out_of_service = true;
        self.out_by = order;
        Ok(self.change(self.state, Change::OutOfService, order))
    }

    /// Back in service, as it is now.
    pub fn put_in(&mut self, order: u32) -> Result<Transition, Reason> {
        if !self.out_of_service {
            return Err(Reason::NotNow);
        }
        self.out_of_service = false;
        self.out_by = 0;
        Ok(self.show_again(Change::InService, order))
    }

    /// A person had put it aside: what is there or latched is announced again and must be seen again; what came and went
    /// meanwhile is in the journal.
    fn show_again(&mut self, change: Change, order: u32) -> Transition {
        match self.state.next(Input::ShowAgain, false) {
            Ok(to) => {
                self.acknowledged_by = 0;
                self.announced = !self.is_hidden();
                self.change(to, change, order)
            }
            Err(_) => {
                let to = if self.is_hidden() { self.state } else { self.forgotten() };
                self.change(to, change, order)
            }
        }
    }

    // What is told, shown and kept.

    /// The plant keeps it for longer than its off-delay from now on.
    pub fn guarded(&mut self) -> Transition {
        self.change(self.state, Change::ChatterGuarded, 0)
    }

    /// After a restart: still not shown, though there is something.
    pub fn still_hidden(&mut self) -> Option<Transition> {
        let hidden = self.is_put_aside() && self.state != State::Normal;
        hidden.then(|| self.change(self.state, Change::StillHidden, 0))
    }

    fn change(&mut self, to: State, change: Change, order: u32) -> Transition {
        let from = self.state;
        if to != from {
            self.state = to;
            self.differs = Duration::ZERO;
        }
        Transition {
            from,
            to,
            change,
            order,
            same_scan: false,
            first_out: false,
            hidden: self.is_hidden(),
            repeats: self.repeats,
            quality: self.quality,
        }
    }

    pub fn sample(&self, cause: Option<usize>) -> AlarmSample {
        AlarmSample {
            state: self.state,
            suppressed: self.suppressed,
            shelf: self.place.shelf,
            out_of_service: self.out_of_service,
            first_out: self.first_out,
            same_scan: self.same_scan && self.state != State::Normal,
            guarded: self.chatter.is_guarded(),
            cause,
            shelf_left: self.place.left,
            count: self.count,
            repeats: self.repeats,
            acknowledged_by: self.acknowledged_by,
            shelved_by: self.place.by,
            out_by: self.out_by,
            quality: self.quality,
        }
    }

    /// Takes up what a restart left, so long after it was written; unknown: the shelf has ended. An alarm unseen then is
    /// unseen now, and is not counted again.
    pub fn restore(&mut self, words: &Rationale, kept: &KeptAlarm, age: Option<Duration>) {
        self.state = kept.state;
        self.was_active = kept.state.is_active();
        self.announced = kept.state != State::Normal;
        self.out_of_service = kept.out_of_service;
        self.place = kept.place();
        let most = shelf_max(words.priority).unwrap_or_default();
        if self.place.left > most {
            self.place.left = most;
        }
        self.elapse_shelf(age.unwrap_or(Duration::MAX));
    }
}
