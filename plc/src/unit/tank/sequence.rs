//! The continuous life of a tank. What each state asks of the valves is in `tank.rs`; a tank in batches: `batch.rs`.

use crate::declare::states;

/// What a tank does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Taken out by people: no water in, none out.
    OutOfService,
    /// Raw water in, settled water over the weir.
    InService,
    /// Sludge is drawn, or waits to be.
    Desludging,
    /// A valve has failed; until reset.
    Fault,
    /// Water in; it does not reach the weir yet.
    Filling,
    /// Ready, and no raw water is wanted; or near its rim.
    Hold,
    /// In batches: empty, and waits for its turn to be filled.
    Idle,
    /// In batches: raw water in.
    Fill,
    /// In batches: floc settles in still water.
    Settle,
    /// In batches: settled water out.
    Draw,
}
// The numbers of the states stay what they were in histories: a new one comes last.
states! { State { OutOfService, InService, Desludging, Fault, Filling, Hold, Idle, Fill, Settle, Draw } }

/// The facts of a scan that the continuous sequence decides on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    /// A valve has failed so that the tank cannot be used.
    pub failed: bool,
    pub reset: bool,
    /// People use the tank, and the sequence commands it.
    pub usable: bool,
    /// The plant takes raw water.
    pub wanted: bool,
    /// The others can carry the water while this one joins or leaves.
    pub may_move: bool,
    /// Nobody is asked before it leaves: the sequence has no say any more.
    pub taken_over: bool,
    /// Water flows in already, or cannot.
    pub inlet_open: bool,
    pub inlet_closed: bool,
    /// The level stands at the weir.
    pub filled: bool,
    /// The level has fallen far below the weir.
    pub emptied: bool,
    /// The level is near the rim.
    pub high: bool,
    /// Its turn to be desludged.
    pub turn: bool,
    /// Its sludge valve may be opened.
    pub free: bool,
    /// Sludge was drawn for long enough, or cannot be drawn now.
    pub drawn: bool,
}

impl State {
    /// The next state of a tank that water flows through.
    #[must_use]
    pub fn next(self, scan: &Scan) -> State {
        let joins = scan.wanted && !scan.high && (scan.may_move || scan.inlet_open);
        let serves = if scan.filled { State::InService } else { State::Filling };
        match self {
            State::Fault if scan.reset && !scan.failed => State::OutOfService,
            State::Fault => State::Fault,
            _ if scan.failed => State::Fault,
            State::OutOfService if scan.usable => State::Hold,
            State::OutOfService => State::OutOfService,
            _ if scan.taken_over => State::OutOfService,
            _ if !scan.usable && (scan.may_move || scan.inlet_closed) => State::OutOfService,
            State::Desludging if !scan.drawn => State::Desludging,
            State::Hold | State::InService if scan.turn => State::Desludging,
            State::Hold | State::Desludging if joins => serves,
            State::Hold | State::Desludging => State::Hold,
            State::Filling | State::InService if !scan.wanted || scan.high => State::Hold,
            State::Filling if scan.filled => State::InService,
            State::InService if scan.emptied => State::Filling,
            State::Filling | State::InService => self,
            // States of a tank in batches: this one never was.
            State::Idle | State::Fill | State::Settle | State::Draw => State::OutOfService,
        }
    }
}
