//! Whose sludge is drawn when: rounds over all tanks, so that the waste tank has its hour between two (R-2.5-03).
//!
//! ```text
//! Idle -> Drawing (one tank's sludge valve open, then P-205) -> Resting (60 s) -> Idle
//! ```

use core::time::Duration;

use statig::prelude::*;

use super::{Around, TANKS_MAX};
use crate::declare::states;
use crate::quantity::{Kilograms, Ntu};
use crate::unit::tank::Report;

/// Rest between tanks (R-2.5-03).
pub(super) const REST: Duration = Duration::from_secs(60);
/// A turn is given up after this: XV-205 may be open 180 s at most (INV-28).
const TURN_MAX: Duration = Duration::from_secs(180);
/// Intervals of the rounds (R-2.5-03). The shortest leaves the waste tank an hour to settle and half an hour to be decanted.
pub(super) const INTERVAL_LOW: f64 = 5400.0;
const INTERVAL_HIGH: f64 = 43_200.0;
/// Turbidity at which the set interval holds, NTU, and the least that counts.
const INTERVAL_NTU: f64 = 20.0;
const CLEAR_NTU: f64 = 5.0;
/// In muddy water a turn lasts so many times as long (R-2.2.2-02).
const MUDDY: u32 = 3;
/// A tank has further turns in a round while more than this is left, kg of a reference tank, but no more than so many
/// (chosen: four turns of 120 s draw 6 kg).
const LEFT: Kilograms = Kilograms(1.0);
const TURNS_MAX: u8 = 4;

/// Where the rounds stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rounds {
    /// Bit by tank: to be drawn in this round; asked for by a person.
    pending: u8,
    ordered: u8,
    /// To be drawn once before the mud comes, as soon as it can be (R-2.14-05).
    storm: u8,
    turns: [u8; TANKS_MAX],
    turn: Option<usize>,
    begun: bool,
}

impl Rounds {
    /// Interval between two rounds: the set one at 20 NTU, shorter in muddier water.
    #[must_use]
    pub fn interval(set: Duration, raw: Option<Ntu>) -> Duration {
        let turbidity = raw.unwrap_or(Ntu(INTERVAL_NTU)).or_more(Ntu(CLEAR_NTU));
        let seconds = set.as_secs_f64() * INTERVAL_NTU / turbidity.0;
        let seconds = if seconds >= INTERVAL_HIGH {
            INTERVAL_HIGH
        } else if seconds > INTERVAL_LOW {
            seconds
        } else {
            INTERVAL_LOW
        };
        Duration::from_secs_f64(seconds)
    }

    /// Remembers orders, and begins a round when one is due.
    pub fn call(&mut self, around: &Around, tanks: &[Report], interval: Duration) {
        let every = || (0_u8..).zip(tanks);
        let bits = |asks: &dyn Fn(&Report) -> bool| {
            every().filter(|(_, tank)| asks(tank)).fold(0, |bits, (at, _)| bits | 1 << at)
        };
        let available = bits(&|tank| tank.is_available);
        self.ordered |= around.ordered;
        self.ordered &= available;
        self.storm = if around.all { available } else { self.storm & available };
        let due = around.producing
            && !around.waste_busy
            && tanks.iter().any(|tank| tank.carries && tank.since >= interval);
        let called = bits(&|tank| {
            // One that has just been drawn waits for the next round.
            let round = due && tank.since >= interval / 2;
            tank.can_desludge && (tank.asks_desludge || round || tank.sludge > tank.sludge_high)
        });
        let called = called | self.storm & bits(&|tank| tank.can_desludge);
        let fresh = (self.ordered | called) & !self.pending;
        for (at, turns) in self.turns.iter_mut().enumerate() {
            if fresh & (1 << at) != 0 {
                *turns = 0;
            }
        }
        self.pending |= self.ordered | called;
        // A tank that cannot be drawn any more does not keep the others waiting.
        self.pending &= bits(&|tank| tank.can_desludge || tank.desludging);
    }

    /// What people ordered is wanted no more; what a round calls for it calls for again.
    pub fn end_orders(&mut self) {
        self.pending &= !self.ordered;
        self.ordered = 0;
    }

    #[cfg(test)]
    pub fn has_orders(&self) -> bool {
        self.ordered != 0
    }

    /// The tank with the most sludge of those that wait is next.
    pub fn choose(&mut self, tanks: &[Report]) {
        self.begun = false;
        let mut best: Option<(usize, Kilograms)> = None;
        for (at, tank) in tanks.iter().enumerate() {
            let waits = self.pending & (1 << at) != 0 && tank.can_desludge;
            if waits && best.is_none_or(|(_, most)| tank.sludge > most) {
                best = Some((at, tank.sludge));
            }
        }
        self.turn = best.map(|(at, _)| at);
    }

    /// Nobody's turn.
    pub fn clear(&mut self) {
        self.begun = false;
        self.turn = None;
    }

    /// The tank whose turn it is has begun; whether it has ended too.
    pub fn follow(&mut self, tanks: &[Report]) -> bool {
        let tank = self.turn.and_then(|at| tanks.get(at)).copied().unwrap_or_default();
        self.begun |= tank.desludging;
        self.begun && !tank.desludging
    }

    /// A turn has ended: the tank is through, or has another one in this round.
    pub fn end_turn(&mut self, tanks: &[Report]) {
        let Some((at, tank)) = self.turn.and_then(|at| Some((at, tanks.get(at)?))) else { return };
        let turns = &mut self.turns[at.min(TANKS_MAX - 1)];
        *turns = turns.saturating_add(1);
        let drawn = self.begun && !(tank.sludge > LEFT * tank.scale);
        if drawn || *turns >= TURNS_MAX {
            self.pending &= !(1 << at);
        }
        if self.begun {
            self.ordered &= !(1 << at);
            self.storm &= !(1 << at);
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn turn(&self) -> Option<usize> {
        self.turn
    }

    /// It is this tank's turn, and it has not begun yet.
    #[must_use]
    pub fn calls(&self, tank: usize) -> bool {
        self.turn == Some(tank) && !self.begun
    }

    /// A turn lasts so many times its set time.
    #[must_use]
    pub fn stretch(around: &Around) -> u32 {
        if around.muddy { MUDDY } else { 1 }
    }
}

/// The facts of a scan.
#[derive(Clone, Copy)]
pub struct Scan {
    pub in_state: Duration,
    pub turn: bool,
    pub finished: bool,
}

/// A trip comes first and alone.
pub enum Event {
    Trip,
    Scan(Scan),
}

/// The sequence of the turns.
#[derive(Default)]
pub struct Sequence;

states! { State { Idle, Drawing, Resting } }

#[state_machine(
    initial = "State::idle()",
    visibility = "pub",
    state(derive(Clone, Copy, Debug, PartialEq))
)]
impl Sequence {
    #[state(superstate = "any")]
    fn idle(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.turn => Transition(State::drawing()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[state(superstate = "any")]
    fn drawing(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.finished || scan.in_state >= TURN_MAX => {
                Transition(State::resting())
            }
            Event::Scan(_) => Super,
            Event::Trip => Transition(State::resting()),
        }
    }

    #[state(superstate = "any")]
    fn resting(event: &Event) -> Outcome<State> {
        match event {
            Event::Scan(scan) if scan.in_state >= REST => Transition(State::idle()),
            Event::Scan(_) | Event::Trip => Super,
        }
    }

    #[superstate]
    fn any(event: &Event) -> Outcome<State> {
        match event {
            Event::Trip | Event::Scan(_) => Handled,
        }
    }
}
