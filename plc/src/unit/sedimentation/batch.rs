//! Turns of tanks in batches: one is filled at a time, one gives its water at a time (R-2.5-11).

use core::time::Duration;

use super::TANKS_MAX;
use crate::block::{Trip, TripTimes};
use crate::quantity::Percent;
use crate::signal::Signal;
use crate::unit::tank::Report;

/// T-206 takes water from a batch until it is so full, and again below this (chosen: XV-204 moves a few times an hour, and
/// what flows while it shuts fits in).
const ROOM_UNTIL: Percent = Percent(85.0);
const ROOM_AGAIN: Percent = Percent(60.0);
/// Below this two may give their water at once (R-2.5-11).
const BOTH: Percent = Percent(20.0);

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batches {
    fill: Option<usize>,
    /// The one filled last: the next after it comes first.
    last: usize,
    draw: [bool; TANKS_MAX],
    /// The one that gives its water: until it is empty.
    giver: Option<usize>,
    full: Trip,
    is_full: bool,
}

impl Batches {
    /// One scan.
    pub fn take_turns(
        &mut self,
        producing: bool,
        tanks: &[Report],
        settled: Signal<Percent>,
        elapsed: Duration,
    ) {
        self.fill = self.next_fill(producing, tanks);
        if let Some(tank) = self.fill {
            self.last = tank;
        }
        // A level that nobody knows leaves no room.
        let level = settled.usable();
        let full = !level.is_some_and(|level| level < ROOM_UNTIL);
        let room = level.is_some_and(|level| level <= ROOM_AGAIN);
        let full = self.full.judge(full, room, TripTimes::s(0, 0), elapsed);
        self.is_full = full;
        let both = level.is_some_and(|level| level < BOTH);
        // The one that gives goes on; else the first that can.
        let draws = |at: &usize| tanks.get(*at).is_some_and(|tank| tank.draws);
        self.giver = self.giver.filter(draws).or_else(|| (0..tanks.len()).find(draws));
        self.draw = [false; TANKS_MAX];
        if full || !producing {
            return;
        }
        for (at, tank) in tanks.iter().enumerate() {
            self.draw[at] = tank.draws && (Some(at) == self.giver || both);
        }
    }

    /// The tank that is being filled stays; the next one only when no other inlet can pass water.
    fn next_fill(&self, producing: bool, tanks: &[Report]) -> Option<usize> {
        if let Some(tank) = tanks.iter().position(|tank| tank.fills) {
            return Some(tank);
        }
        let count = tanks.len();
        let next = (1..=count).map(|step| (self.last + step) % count);
        let mut waiting = next.filter(|at| producing && tanks[*at].asks_fill);
        waiting.find(|at| {
            let mut others = tanks.iter().enumerate().filter(|(other, _)| other != at);
            !others.any(|(_, tank)| tank.inlet_flows)
        })
    }

    /// The settled tank takes nothing, whoever asks: it is full, or nobody knows.
    pub fn no_room(&self) -> bool {
        self.is_full
    }

    /// This one is to be filled.
    #[must_use]
    pub fn fills(&self, tank: usize) -> bool {
        self.fill == Some(tank)
    }

    /// Some batch is to be filled.
    #[must_use]
    pub fn any_fills(&self) -> bool {
        self.fill.is_some()
    }

    /// This one may give its water.
    #[must_use]
    pub fn draws(&self, tank: usize) -> bool {
        self.draw.get(tank).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Fault;

    const SECOND: Duration = Duration::from_secs(1);
    const HALF: Signal<Percent> = Signal::Good(Percent(50.0));

    fn waiting() -> Report {
        Report { asks_fill: true, ..Report::default() }
    }

    fn full() -> Report {
        Report { draws: true, ..Report::default() }
    }

    /// R-2.5-11: never two are filled at once, the one after the last comes first, and none while another inlet may pass
    /// water, nor while the plant takes none.
    #[test]
    fn batches_are_filled_one_after_the_other() {
        let mut batches = Batches::default();
        let mut tanks = [waiting(); 3];
        batches.take_turns(false, &tanks, HALF, SECOND);
        assert!(!batches.any_fills());
        let mut order = std::vec::Vec::new();
        for _ in 0..6 {
            batches.take_turns(true, &tanks, HALF, SECOND);
            let at = (0..3).find(|at| batches.fills(*at)).unwrap();
            order.push(at);
            tanks[at] = Report { fills: true, inlet_flows: true, ..Report::default() };
            batches.take_turns(true, &tanks, HALF, SECOND);
            assert!(batches.fills(at));
            // It settles, and its inlet still moves: nobody else yet.
            tanks[at] = Report { inlet_flows: true, ..Report::default() };
            batches.take_turns(true, &tanks, HALF, SECOND);
            assert!(!batches.any_fills());
            tanks[at] = waiting();
        }
        assert_eq!(order, [1, 2, 0, 1, 2, 0]);
    }

    /// R-2.5-11: never two give their water at once, unless the settled tank is below 20 %.
    #[test]
    fn batches_give_their_water_one_at_a_time() {
        let mut batches = Batches::default();
        let mut tanks = [Report::default(), full()];
        batches.take_turns(true, &tanks, HALF, SECOND);
        assert!(batches.draws(1) && !batches.draws(0));
        tanks[0] = full();
        for (level, both) in [
            (HALF, false),
            (Signal::Good(Percent(20.0)), false),
            (Signal::Good(Percent(19.9)), true),
            (HALF, false),
        ] {
            batches.take_turns(true, &tanks, level, SECOND);
            assert!(batches.draws(1), "the one that gives goes on");
            assert_eq!(batches.draws(0), both, "{level:?}");
        }
    }

    /// R-2.5-09: a settled tank that is full, or of an unknown level, takes nothing; below 60 % it does again.
    #[test]
    fn a_batch_waits_for_room_in_the_settled_tank() {
        let mut batches = Batches::default();
        let tanks = [full()];
        for (level, draws) in [
            (Signal::Good(Percent(84.0)), true),
            (Signal::Good(Percent(85.0)), false),
            (Signal::Good(Percent(61.0)), false),
            (Signal::Good(Percent(60.0)), true),
            (Signal::Bad(Fault::Stale), false),
            (Signal::Good(Percent(59.0)), true),
            (Signal::Good(Percent(f64::NAN)), false),
        ] {
            batches.take_turns(true, &tanks, level, SECOND);
            assert_eq!(batches.draws(0), draws, "{level:?}");
        }
        batches.take_turns(false, &tanks, HALF, SECOND);
        assert!(!batches.draws(0), "the plant stands");
    }
}
