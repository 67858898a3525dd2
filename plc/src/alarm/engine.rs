//! The alarm engine: delays, latches, acknowledgement (`docs/spec/interfaces.md` 1.2).

use alloc::boxed::Box;
use alloc::vec;
use core::time::Duration;

use super::{Change, Condition, State, Transition};
use crate::reason::Reason;
use crate::signal::Quality;
use crate::tag::{Point, Rationale, Visitor};

/// One alarm's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Record {
    state: State,
    /// How long the condition has differed from the state.
    differs: Duration,
    /// The last plain word of the unit: what `AsBefore` means.
    was_active: bool,
    suppressed: bool,
}

/// Every alarm of the plant, by walking order.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    records: Box<[Record]>,
}

impl Engine {
    /// For this many alarms.
    #[must_use]
    pub fn new(alarms: usize) -> Engine {
        Engine { records: vec![Record::default(); alarms].into_boxed_slice() }
    }

    /// The state of an alarm.
    #[must_use]
    pub fn state(&self, alarm: usize) -> State {
        self.records.get(alarm).map_or(State::Normal, |record| record.state)
    }

    /// Whether it is suppressed by design now.
    #[must_use]
    pub fn is_suppressed(&self, alarm: usize) -> bool {
        self.records.get(alarm).is_some_and(|record| record.suppressed)
    }

    /// Some alarm of the highest two priorities waits to be seen: the horn's word. Kept by [`Pass`].
    #[must_use]
    pub fn any_unseen(&self, matches: impl Fn(usize) -> bool) -> bool {
        self.records
            .iter()
            .enumerate()
            .any(|(alarm, record)| record.state == State::Unacknowledged && matches(alarm))
    }

    /// Takes up the state of before a restart: an alarm unseen then is unseen now, and is not counted again.
    pub fn restore(&mut self, alarm: usize, state: State) {
        if let Some(record) = self.records.get_mut(alarm) {
            record.state = state;
            record.was_active = state.is_active();
        }
    }

    /// Somebody has seen it.
    pub fn acknowledge(&mut self, alarm: usize, order: u32) -> Result<Transition, Reason> {
        let record = self.records.get_mut(alarm).ok_or(Reason::Unknown)?;
        let to = match record.state {
            State::Unacknowledged => State::Acknowledged,
            State::ReturnedUnacknowledged => State::Normal,
            State::LatchedUnacknowledged => State::LatchedAcknowledged,
            State::Normal | State::Acknowledged | State::LatchedAcknowledged => {
                return Err(Reason::NothingToAcknowledge);
            }
        };
        Ok(record.change(to, Change::Acknowledged, order))
    }

    /// Ends a latched alarm whose cause is gone and that somebody has seen.
    pub fn reset(&mut self, alarm: usize, order: u32) -> Result<Transition, Reason> {
        let record = self.records.get_mut(alarm).ok_or(Reason::Unknown)?;
        match record.state {
            State::LatchedAcknowledged => Ok(record.change(State::Normal, Change::Reset, order)),
            State::Unacknowledged | State::Acknowledged => Err(Reason::CauseStillActive),
            State::Normal | State::ReturnedUnacknowledged | State::LatchedUnacknowledged => {
                Err(Reason::NotNow)
            }
        }
    }

    /// The visitor of one scan; each change goes to `report`.
    pub fn pass<F: FnMut(usize, Transition)>(
        &mut self,
        elapsed: Duration,
        report: F,
    ) -> Pass<'_, F> {
        Pass { records: &mut self.records, elapsed, report, alarm: 0, activated: 0 }
    }
}

impl Record {
    fn change(&mut self, to: State, change: Change, order: u32) -> Transition {
        let from = self.state;
        self.state = to;
        self.differs = Duration::ZERO;
        Transition { from, to, change, order, same_scan: false, quality: Quality::Good }
    }

    fn judge(
        &mut self,
        words: &Rationale,
        condition: Condition,
        elapsed: Duration,
    ) -> Option<Transition> {
        self.suppressed = condition == Condition::Suppressed;
        let active = match condition {
            Condition::Active => true,
            Condition::Clear | Condition::Suppressed => false,
            Condition::AsBefore => self.was_active,
        };
        self.was_active = active;
        if active == self.state.is_active() {
            self.differs = Duration::ZERO;
            return None;
        }
        let delay = if active { words.on_delay } else { words.off_delay };
        // A latched alarm's way back has no delay of its own: it stays until reset anyway.
        if self.differs < delay {
            self.differs = self.differs.saturating_add(elapsed);
            if self.differs < delay {
                return None;
            }
        }
        if active {
            return Some(self.change(State::Unacknowledged, Change::Activated, 0));
        }
        let to = match (self.state, words.latching) {
            (State::Unacknowledged, false) => State::ReturnedUnacknowledged,
            (State::Unacknowledged, true) => State::LatchedUnacknowledged,
            (State::Acknowledged, false) => State::Normal,
            (State::Acknowledged, true) => State::LatchedAcknowledged,
            (
                State::Normal
                | State::ReturnedUnacknowledged
                | State::LatchedUnacknowledged
                | State::LatchedAcknowledged,
                _,
            ) => return None,
        };
        Some(self.change(to, Change::Returned, 0))
    }
}

/// One walk over the alarms.
#[derive(Debug)]
pub struct Pass<'a, F> {
    records: &'a mut [Record],
    elapsed: Duration,
    report: F,
    alarm: usize,
    activated: usize,
}

impl<F: FnMut(usize, Transition)> Visitor for Pass<'_, F> {
    fn alarm(&mut self, point: &'static Point<Rationale>, condition: &mut Condition) {
        let alarm = self.alarm;
        self.alarm += 1;
        let Some(record) = self.records.get_mut(alarm) else { return };
        if let Some(mut transition) = record.judge(&point.words, *condition, self.elapsed) {
            if transition.change == Change::Activated {
                transition.same_scan = self.activated > 0;
                self.activated += 1;
            }
            (self.report)(alarm, transition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Priority;
    use crate::declare::alarm;
    use crate::quantity::Ntu;
    use crate::signal::{Fault, Signal};

    const SECOND: Duration = Duration::from_secs(1);
    const PLAIN: Rationale = alarm(1, Priority::P2).delays_s(3.0, 2.0);
    const LATCHED: Rationale = alarm(2, Priority::P1).latching();

    fn run_s(record: &mut Record, words: &Rationale, condition: Condition, seconds: u32) -> State {
        (0..seconds).for_each(|_| {
            record.judge(words, condition, SECOND);
        });
        record.state
    }

    #[test]
    fn an_alarm_comes_and_goes_after_its_delays() {
        let mut record = Record::default();
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Active, 2), State::Normal);
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Clear, 1), State::Normal);
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Active, 2), State::Normal);
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Active, 1), State::Unacknowledged);
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Clear, 1), State::Unacknowledged);
        assert_eq!(run_s(&mut record, &PLAIN, Condition::Clear, 1), State::ReturnedUnacknowledged);
    }

    #[test]
    fn an_alarm_seen_while_active_ends_by_itself_unless_it_latches() {
        for (words, ended) in [(PLAIN, State::Normal), (LATCHED, State::LatchedAcknowledged)] {
            let mut engine = Engine::new(1);
            run_s(&mut engine.records[0], &words, Condition::Active, 5);
            assert!(engine.acknowledge(0, 7).is_ok());
            assert_eq!(engine.reset(0, 8), Err(Reason::CauseStillActive));
            assert_eq!(run_s(&mut engine.records[0], &words, Condition::Clear, 5), ended);
        }
    }

    #[test]
    fn a_latched_alarm_needs_to_be_seen_and_reset() {
        let mut engine = Engine::new(1);
        run_s(&mut engine.records[0], &LATCHED, Condition::Active, 1);
        run_s(&mut engine.records[0], &LATCHED, Condition::Clear, 1);
        assert_eq!(engine.state(0), State::LatchedUnacknowledged);
        assert_eq!(engine.reset(0, 1), Err(Reason::NotNow));
        assert!(engine.acknowledge(0, 1).is_ok() && engine.reset(0, 2).is_ok());
        assert_eq!(engine.state(0), State::Normal);
        assert_eq!(engine.acknowledge(0, 3), Err(Reason::NothingToAcknowledge));
    }

    #[test]
    fn a_sensor_gone_bad_never_clears_an_alarm() {
        let mut record = Record::default();
        let signal = |value| Signal::Good(Ntu(value)).above(Ntu(1.0), Ntu(0.2));
        run_s(&mut record, &PLAIN, signal(1.1), 5);
        let bad = Signal::<Ntu>::Bad(Fault::Stale).above(Ntu(1.0), Ntu(0.2));
        assert_eq!(run_s(&mut record, &PLAIN, bad, 100), State::Unacknowledged);
        assert_eq!(run_s(&mut record, &PLAIN, signal(0.9), 100), State::Unacknowledged);
        assert_eq!(run_s(&mut record, &PLAIN, signal(0.8), 2), State::ReturnedUnacknowledged);
    }

    #[test]
    fn an_alarm_unseen_before_a_restart_is_unseen_after_it_and_not_new() {
        let mut engine = Engine::new(1);
        engine.restore(0, State::Unacknowledged);
        assert_eq!(engine.records[0].judge(&PLAIN, Condition::Active, SECOND), None);
        assert_eq!(engine.state(0), State::Unacknowledged);
    }
}
