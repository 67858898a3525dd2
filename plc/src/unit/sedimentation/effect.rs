//! Whether sludge comes when it is drawn: T-601 has to rise, while nothing else flows in or out (R-2.5-12).

use core::time::Duration;

use crate::block::Lag;
use crate::quantity::Percent;
use crate::signal::Signal;

/// P-205 moves 4 m³/h into 8 m³, and both scale with the plant (`docs/spec/plant.md` 1.2, 1.4): % a second.
const RATE: f64 = 100.0 * 4.0 / 8.0 / 3600.0;
/// Less than a quarter of that is no effect (chosen: what comes by gravity alone is sludge drawn, and LT-601 is good to 1 %) ...
const SHARE: f64 = 0.25;
/// ... over as many turns as make up this time of running: 3.3 %, of which the noise of eight levels taken twice is a tenth.
const ENOUGH: Duration = Duration::from_secs(240);
/// LT-601 wavers by half a percent and a turn brings no more: what counts is its mean over this (chosen: with [`SETTLES`] it
/// fits between two turns).
const MEAN_TIME: Duration = Duration::from_secs(10);
/// After a turn the level is taken so much later: the valve has closed in 10 s, the mean has followed, and the next tank's turn
/// has not begun (R-2.5-03).
const SETTLES: Duration = Duration::from_secs(40);

/// What T-601 said in the turns so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    mean: Lag,
    turn: Option<Turn>,
    /// Of the turns that ended undisturbed.
    rise: f64,
    time: Duration,
    fails: bool,
}

/// The turn that is judged.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Level as it began, %.
    from: f64,
    ran: Duration,
    stood: Duration,
}

/// What can be seen of it in a scan.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// P-205 reports that it runs.
    pub runs: bool,
    /// Nothing but sludge flows into T-601 or out of it.
    pub undisturbed: bool,
    pub level: Signal<Percent>,
}

impl Effect {
    /// Sludge was drawn, and T-601 did not rise.
    pub fn fails(&self) -> bool {
        self.fails
    }

    pub fn watch(&mut self, seen: &Seen, elapsed: Duration) {
        let Some(level) = seen.level.usable() else {
            (self.mean, self.turn) = (Lag::default(), None);
            return;
        };
        let level = self.mean.follow(level.0, MEAN_TIME, MEAN_TIME, elapsed);
        if !seen.undisturbed {
            // A turn that something else disturbed says nothing.
            self.turn = None;
        } else if seen.runs {
            let begins = Turn { from: level, ran: Duration::ZERO, stood: Duration::ZERO };
            let turn = self.turn.get_or_insert(begins);
            turn.ran = turn.ran.saturating_add(elapsed);
            turn.stood = Duration::ZERO;
        } else if let Some(turn) = &mut self.turn {
            turn.stood = turn.stood.saturating_add(elapsed);
            if turn.stood >= SETTLES {
                self.rise += level - turn.from;
                self.time = self.time.saturating_add(turn.ran);
                self.turn = None;
                self.judge();
            }
        }
    }

    fn judge(&mut self) {
        if self.time >= ENOUGH {
            self.fails = !(self.rise >= SHARE * RATE * self.time.as_secs_f64());
            (self.rise, self.time) = (0.0, Duration::ZERO);
        }
    }
}
