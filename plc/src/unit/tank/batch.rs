//! A plain tank without a weir: filled, left to settle, drawn off, desludged; then anew (R-2.5-06 to -10).
//!
//! ```text
//! Idle -> Fill (to 1.80 m, or 90 min) -> Settle (90 min) -> Draw (down to 0.60 m) -> Desludging -> Idle
//!                                           ^-- +30 min, twice at most -- (the water is still cloudy)
//! ```

use core::time::Duration;

use super::State;
use crate::block::Sustained;
use crate::declare::{between, kept, parts, retained, settings, shown, status};
use crate::quantity::{Count, Kilograms, Metres, Ntu};
use crate::signal::Signal;
use crate::tag::Role;

settings! {
    /// Levels and times of a batch.
    pub struct Settings {
        /// LT-203x, a batch is filled up to here.
        pub fill_level: Metres = between(1.0..=1.9, 1.80).by(Role::Supervisor),
        /// Longest time that raw water flows into a batch.
        pub fill_time_max: Duration = between(1800.0..=14_400.0, 5400.0).by(Role::Supervisor),
        /// Time that a batch settles; half an hour more after muddy water.
        pub settle_time: Duration = between(2700.0..=14_400.0, 5400.0).by(Role::Supervisor),
        /// LT-203x, a batch is drawn down to here.
        pub draw_level: Metres = between(0.4..=1.0, 0.60).by(Role::Supervisor),
        /// XV-205x, how long sludge is drawn after a batch.
        pub batch_desludge_time: Duration = between(20.0..=150.0, 60.0).by(Role::Supervisor),
    }
}

retained! {
    /// Where a batch stands, whatever happens to the controller: settling needs no power.
    pub struct Retained {
        /// State of the batch.
        pub batch_state: State = kept().else_is(0.0),
        /// Time that it has yet to settle.
        pub settle_left: Duration = kept().within(0.0..=86_400.0).else_is(14_400.0),
        /// Raw water that flowed into this batch.
        pub fill_time: Duration = kept().within(0.0..=1e9),
        /// The raw water of this batch was muddy.
        pub muddy: bool = kept().else_set(),
        /// How often it was sent back to settle.
        pub resettled: Count = kept().within(0.0..=1e3),
    }
}

status! {
    /// Time left of a batch.
    pub struct Status {
        /// Time left to fill it.
        pub fill_left: Duration = shown().span(0.0..=14_400.0),
    }
}

/// A batch.
#[derive(Default)]
pub struct Batch {
    pub settings: Settings,
    pub retained: Retained,
    pub status: Status,
    /// Settled water has flowed past AIT-203 for so long, and was cloudy.
    drawn_for: Duration,
    cloudy: Sustained,
    /// Waits for its turn to be desludged; level when that began.
    waits: Duration,
    turns: u8,
    from: Option<Metres>,
    sludge_for: Duration,
    drawing: bool,
}
parts! { Batch {
    settings, retained, status;
    one: ; many: ; maybe: ;
    drawn_for, cloudy, waits, turns, from, sludge_for, drawing
} }

/// Muddy water settles so much longer, and so does cloudy water that is sent back (R-2.5-08, R-2.5-09).
const LONGER: Duration = Duration::from_secs(1800);
const MUDDY: Ntu = Ntu(200.0);
/// AIT-203 above this for so long, in the first minutes of drawing; twice at most (R-2.5-09). The window is chosen: the
/// analyser lags two minutes, and stands in the last batch's water before.
const CLOUDY: Ntu = Ntu(10.0);
const CLOUDY_TIME: Duration = Duration::from_secs(60);
const CLOUDY_WINDOW: Duration = Duration::from_secs(900);
const RESETTLED_MAX: f64 = 2.0;
/// A turn of desludging ends when the level has fallen by so much (R-2.5-10).
const SLUDGE_DROP: Metres = Metres(0.10);
/// A tank asks for another turn while more than this is left, kg of a reference tank, four times at most (R-2.5-03).
const LEFT: Kilograms = Kilograms(1.0);
const TURNS_MAX: u8 = 4;
/// A batch that cannot be desludged for so long goes on without it, as long as the hopper has room (chosen: one cycle in four).
const WAIT_MAX: Duration = Duration::from_secs(1800);

/// The facts of a scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    pub failed: bool,
    pub reset: bool,
    pub usable: bool,
    /// Raw water flows in: wanted, and its turn.
    pub filling: bool,
    /// Its turn to be filled.
    pub fill_turn: bool,
    pub level: Option<Metres>,
    /// Settled water flows out of it, past AIT-203.
    pub draws: bool,
    pub raw: Signal<Ntu>,
    pub settled: Signal<Ntu>,
    /// Its turn to be desludged, and its valve may be opened.
    pub turn: bool,
    pub free: bool,
    pub stretch: u32,
    pub turn_max: Duration,
    pub sludge: Kilograms,
    pub sludge_high: Kilograms,
    pub scale: f64,
}

impl Batch {
    /// The next state, a scan later.
    pub fn next(&mut self, state: State, scan: &Scan, elapsed: Duration) -> State {
        self.count(state, scan, elapsed);
        let next = match state {
            State::Fault if scan.reset && !scan.failed => State::OutOfService,
            State::Fault => State::Fault,
            _ if scan.failed => State::Fault,
            _ if !scan.usable => State::OutOfService,
            State::OutOfService => self.resumed(),
            State::Idle if self.is_full(scan) => State::Settle,
            State::Idle if scan.fill_turn => State::Fill,
            State::Fill if self.is_full(scan) || self.is_late() => State::Settle,
            State::Settle if self.retained.settle_left.is_zero() => State::Draw,
            State::Draw if self.is_cloudy() => State::Settle,
            State::Draw if scan.level.is_some_and(|level| level <= self.settings.draw_level) => {
                State::Desludging
            }
            State::Desludging if self.is_clean(scan) => State::Idle,
            State::Idle | State::Fill | State::Settle | State::Draw | State::Desludging => state,
            // States of a tank with a weir: this one never was.
            State::InService | State::Filling | State::Hold => State::OutOfService,
        };
        if next != state {
            self.enter(state, next);
        }
        next
    }

    /// Time passes.
    fn count(&mut self, state: State, scan: &Scan, elapsed: Duration) {
        let kept = &mut self.retained;
        match state {
            State::Fill => {
                if scan.filling {
                    kept.fill_time = kept.fill_time.saturating_add(elapsed);
                    // Raw water that nobody measures may be muddy.
                    kept.muddy |= !scan.raw.usable().is_some_and(|raw| raw <= MUDDY);
                }
            }
            State::Settle => kept.settle_left = kept.settle_left.saturating_sub(elapsed),
            State::Draw => {
                if scan.draws {
                    self.drawn_for = self.drawn_for.saturating_add(elapsed);
                }
                let early = scan.draws && self.drawn_for <= CLOUDY_WINDOW;
                let cloudy = scan.settled.seen_above(CLOUDY).unless(!early);
                self.cloudy.holds(cloudy, CLOUDY_TIME, elapsed);
            }
            State::Desludging => self.draw_sludge(scan, elapsed),
            State::Idle
            | State::OutOfService
            | State::Fault
            | State::InService
            | State::Filling
            | State::Hold => {}
        }
        self.status.fill_left = self.settings.fill_time_max.saturating_sub(self.retained.fill_time);
    }

    /// Turns of desludging: each by time or level, again while too much is left. What a power cut interrupts is repeated.
    fn draw_sludge(&mut self, scan: &Scan, elapsed: Duration) {
        if !scan.free {
            // Interrupted: the turn is drawn anew, from the beginning.
            self.drawing = false;
            self.sludge_for = Duration::ZERO;
        } else if scan.turn && !self.drawing {
            self.drawing = true;
            self.from = scan.level;
            self.sludge_for = Duration::ZERO;
        }
        if !self.drawing {
            self.waits = self.waits.saturating_add(elapsed);
            return;
        }
        self.waits = Duration::ZERO;
        self.sludge_for = self.sludge_for.saturating_add(elapsed);
        let time = self.settings.batch_desludge_time.saturating_mul(scan.stretch);
        let time = if time < scan.turn_max { time } else { scan.turn_max };
        let fallen = match (self.from, scan.level) {
            (Some(from), Some(level)) => from - level >= SLUDGE_DROP,
            (Some(_) | None, _) => false,
        };
        if self.sludge_for >= time || fallen {
            self.drawing = false;
            self.turns = self.turns.saturating_add(1);
        }
    }

    fn is_full(&self, scan: &Scan) -> bool {
        scan.level.is_some_and(|level| level >= self.settings.fill_level)
    }

    fn is_late(&self) -> bool {
        self.retained.fill_time >= self.settings.fill_time_max
    }

    fn is_cloudy(&self) -> bool {
        self.cloudy.lasted() >= CLOUDY_TIME && self.retained.resettled.0 < RESETTLED_MAX
    }

    /// Its sludge was drawn, or has to wait for the next batch.
    fn is_clean(&self, scan: &Scan) -> bool {
        let drawn =
            self.turns > 0 && (self.turns >= TURNS_MAX || !(scan.sludge > LEFT * scan.scale));
        let room = scan.sludge <= scan.sludge_high;
        !self.drawing && (drawn || (self.waits >= WAIT_MAX && room))
    }

    /// What a change of state leaves behind.
    fn enter(&mut self, before: State, state: State) {
        let kept = &mut self.retained;
        match state {
            State::Fill => {
                *kept = Retained { batch_state: state, ..Retained::default() };
            }
            State::Settle if before == State::Draw => {
                kept.settle_left = LONGER;
                kept.resettled = Count(kept.resettled.0 + 1.0);
            }
            State::Settle if before == State::Fill || before == State::Idle => {
                let more = if kept.muddy { LONGER } else { Duration::ZERO };
                kept.settle_left = self.settings.settle_time + more;
            }
            State::Settle
            | State::Idle
            | State::Draw
            | State::Desludging
            | State::OutOfService
            | State::Fault
            | State::InService
            | State::Filling
            | State::Hold => {}
        }
        if state != State::OutOfService && state != State::Fault {
            kept.batch_state = state;
        }
        self.drawn_for = Duration::ZERO;
        self.cloudy = Sustained::default();
        self.waits = Duration::ZERO;
        self.turns = 0;
        self.drawing = false;
        self.sludge_for = Duration::ZERO;
    }

    /// Where a tank that comes back goes on: where it was.
    fn resumed(&self) -> State {
        match self.retained.batch_state {
            State::Fill => State::Fill,
            State::Settle => State::Settle,
            State::Draw => State::Draw,
            State::Desludging => State::Desludging,
            State::Idle
            | State::OutOfService
            | State::Fault
            | State::InService
            | State::Filling
            | State::Hold => State::Idle,
        }
    }

    /// The controller was away for so long: the batch has settled meanwhile. Nobody knows how long: not at all.
    pub fn restored(&mut self, age: Option<Duration>) {
        let kept = &mut self.retained;
        kept.settle_left = kept.settle_left.saturating_sub(age.unwrap_or_default());
    }

    /// Its sludge valve is to be open.
    #[must_use]
    pub fn draws_sludge(&self) -> bool {
        self.drawing
    }
}
