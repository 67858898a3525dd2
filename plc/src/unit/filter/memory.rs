//! What a filter remembers, and what each step of its life leaves behind.

use core::time::Duration;

use super::interruption::FAILURES_MAX;
use super::sequence::{Scan, State};
use super::{Around, Effect, Filter, Retained, Trigger, Washed};
use crate::block::Total;
use crate::quantity::{Count, CubicMetres, Ntu};
use crate::reason::Reasons;

/// A filter stopped for turbidity rests this long before it tries again to waste; chosen: settled water has time to clear,
/// and the waste tank to decant.
const TURBID_WAIT: Duration = Duration::from_secs(900);
/// A filter in which water stood longer ripens first, whether its ways were open or not: the two hours of INV-14, but for the minute in
/// which a meter falls and an outlet begins to move.
pub(super) const STOOD_MAX: Duration = Duration::from_secs(2 * 3600 - 60);
/// Slower than this, m/h, water stands. Chosen: what its meter cannot tell from nothing.
const STANDS: f64 = 0.2;

/// What a filter keeps from scan to scan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Retained totals have been taken up.
    pub awake: bool,
    /// Time this step has really worked: valves in place, pump and blower proven.
    pub step: Duration,
    pub volume: Total,
    /// Its water was proven good, and nothing happened since that would make it doubtful.
    pub proven: bool,
    /// It was asked to ripen first, as of the last scan.
    pub ripens_first: bool,
    pub stood: Duration,
    /// Stopped for turbidity: waits this much longer.
    pub turbid_wait: Duration,
    /// It was stopped for its water, or did not ripen, and has not delivered since.
    pub cloudy: bool,
    pub trigger: Option<Trigger>,
    pub ordered: bool,
    /// Since a person ordered a wash that has not begun, but for the waits that pass by themselves; and in all.
    pub ordered_for: Duration,
    pub ordered_in_all: Duration,
    /// The order was not carried out, and is not waited for any more.
    pub lapsed: bool,
    /// A person ended the wash: it waits for a person.
    pub aborted: bool,
    /// Air was not blown to the end in this wash.
    pub water_only: bool,
    /// Air alone was blown to the end in this wash.
    pub scoured: bool,
    /// Why the last wash was broken off.
    pub failed_by: Reasons,
    /// Time the wash waits for room in the waste tank.
    pub paused_for: Duration,
    /// Time since a power cut broke off a wash with the air done.
    pub interrupted: Option<Duration>,
    /// A wash was finished in this scan.
    pub washed: Option<Washed>,
    /// Clogged, and tired of waiting for its wash.
    pub clogged: bool,
    /// Settled water is too cloudy for a wash to help, or nobody knows.
    pub settled_cloudy: bool,
    /// Turbidity asks for a wash, and none is given.
    pub washes_stopped: bool,
    /// The water contradicts its valves: until reset.
    pub without_effect: Effect,
    /// Time the last ripening took.
    pub ripened_in: Duration,
    /// It did not ripen; only a wash helps.
    pub unripe: bool,
    pub ripening_extended: bool,
    pub failed_washes: u8,
    pub failed_ripenings: u8,
    /// Outlet not closed in a wash: until a supervisor resets.
    pub crossed: bool,
    /// Limit switches are not known: bus D is lost.
    pub blind: bool,
    /// Filter-to-waste closes while the outlet opens.
    pub changes_over: bool,
    pub earlier_turbidity: Ntu,
    pub turbidity_age: Duration,
    pub own_unknown: Duration,
    /// The drain stood open for so long, since water last could come in.
    pub drained_for: Duration,
}

impl Filter {
    /// What this scan's step leaves behind.
    pub(super) fn remember(&mut self, before: State, state: State, scan: &Scan, around: &Around) {
        self.memory.washed = None;
        // Whoever sends wash water or air through its bed: the sequence, or a person (R-2.6.1-15).
        let stirred = around.train.flows && (self.water_way() || self.air_way());
        if state.is_wash() || stirred {
            self.memory.proven = false;
            // Set once the outlet is proven closed, so that no dirty filter ever has it open (INV-9).
            self.retained.dirty |= self.outlet.is_closed();
        }
        if state == before {
            return;
        }
        let worked = self.memory.step;
        self.memory.step = Duration::ZERO;
        self.memory.changes_over = false;
        match state {
            State::Draining {} => self.begin_wash(),
            State::AirWater {} => self.end_air_scour(),
            State::HighWash {} if scan.done && before == State::AirScour {} => self.end_air_scour(),
            // The air failed before it was done (A5), or the wash goes on after a power cut (A2).
            State::HighWash {} => {
                self.memory.interrupted = None;
                self.memory.water_only |= before == State::AirWater {} && !scan.done;
            }
            State::Ripening {} => {
                self.memory.ripening_extended = false;
                self.memory.earlier_turbidity = Ntu::ZERO;
                self.memory.turbidity_age = Duration::ZERO;
            }
            State::Filtering {} if before == State::Ripening {} => {
                self.memory.proven = true;
                self.memory.failed_ripenings = 0;
                self.memory.unripe = false;
                self.memory.cloudy = false;
                self.memory.changes_over = true;
                self.memory.ripened_in = worked;
            }
            State::Standby {} | State::Fault {} => self.come_to_rest(before, scan, around),
            State::Filtering {}
            | State::WashQueued {}
            | State::AirScour {}
            | State::SubfluidWash {}
            | State::Settling {} => {}
        }
    }

    /// What a restart must not forgive: it would try for ever (R-2.6.5-03, R-2.6.5-07, R-2.6.6-01).
    pub(super) fn keep(&mut self) {
        self.retained.aborted = self.memory.aborted;
        self.retained.unripe = self.memory.unripe;
        let count = |failures: u8| Count(f64::from(failures.min(FAILURES_MAX)));
        self.retained.failed_washes = count(self.memory.failed_washes);
        self.retained.failed_ripenings = count(self.memory.failed_ripenings);
    }

    /// Takes it up again.
    pub(super) fn recall(&mut self) {
        self.memory.aborted = self.retained.aborted;
        self.memory.unripe = self.retained.unripe;
        // Whole numbers within 0 to 2: a cast loses nothing.
        self.memory.failed_washes = self.retained.failed_washes.0 as u8;
        self.memory.failed_ripenings = self.retained.failed_ripenings.0 as u8;
    }

    fn begin_wash(&mut self) {
        // One that did not ripen, or was stopped in the queue, is washed for turbidity too.
        if self.memory.trigger == Some(Trigger::Turbidity) || self.memory.unripe {
            self.count_turbidity_wash();
        }
        self.memory.ordered = false;
        self.memory.lapsed = false;
        self.memory.aborted = false;
        self.memory.water_only = true;
        self.memory.scoured = false;
        self.memory.interrupted = None;
    }

    fn end_air_scour(&mut self) {
        self.memory.water_only = false;
        self.memory.scoured = true;
    }

    fn come_to_rest(&mut self, before: State, scan: &Scan, around: &Around) {
        if before.is_filtering() && scan.stop {
            self.memory.proven = false;
            self.memory.turbid_wait = TURBID_WAIT;
            self.memory.cloudy = self.inputs.turbidity.usable().is_some();
            self.memory.unripe |= before == State::WashQueued {};
        } else if before == (State::WashQueued {}) && scan.rest {
            self.memory.clogged = true;
        } else if before == (State::Ripening {}) && scan.unripe {
            self.fail_to_ripen();
        } else if before == (State::Settling {}) && scan.done && !self.memory.aborted {
            self.finish_wash();
        } else if before.is_wash() {
            self.break_off(around);
        }
    }

    /// It is washed once more, where a wash would help and its analyser can say so; the second failure in a row is a fault
    /// (R-2.6.6-01).
    fn fail_to_ripen(&mut self) {
        self.memory.turbid_wait = TURBID_WAIT;
        self.memory.cloudy = self.inputs.turbidity.usable().is_some();
        if self.inputs.turbidity.usable().is_some() && self.washing_helps() {
            self.memory.unripe = true;
            self.memory.failed_ripenings = self.memory.failed_ripenings.saturating_add(1);
        }
    }

    fn finish_wash(&mut self) {
        self.memory.volume = Total::default();
        self.memory.unripe = false;
        self.memory.clogged = false;
        self.memory.turbid_wait = Duration::ZERO;
        self.memory.failed_washes = 0;
        self.memory.failed_by = Reasons::NONE;
        self.memory.washed = Some(match (&self.air, self.memory.water_only) {
            (None, _) => Washed::WithoutBlower,
            (Some(_), true) => Washed::WithWaterOnly,
            (Some(_), false) => Washed::WithAir,
        });
        self.retained = Retained {
            washes: Count(self.retained.washes.0 + 1.0),
            run_time: Duration::ZERO,
            age: Duration::ZERO,
            volume: CubicMetres::ZERO,
            dirty: false,
            clear_time: Duration::ZERO,
            ..self.retained
        };
        self.expect_clean_bed();
    }

    /// Water goes through it: P-301 runs, and its own meter does not show that it goes elsewhere.
    fn moves(&self, around: &Around) -> bool {
        let flow = self.inputs.flow.usable();
        around.feed_runs && flow.is_none_or(|flow| flow.0 > STANDS * self.settings.area.0)
    }

    /// Times and volume.
    pub(super) fn count(&mut self, state: State, around: &Around, elapsed: Duration) {
        self.count_interruption(around, elapsed);
        self.watch_drain(elapsed);
        self.retained.age = self.retained.age.saturating_add(elapsed);
        self.memory.turbid_wait = self.memory.turbid_wait.saturating_sub(elapsed);
        self.memory.changes_over &= !self.outlet.is_open();
        if state.is_filtering() && self.moves(around) {
            self.memory.stood = Duration::ZERO;
        } else {
            self.memory.stood = self.memory.stood.saturating_add(elapsed);
            self.memory.proven &= self.memory.stood < STOOD_MAX;
        }
        if self.delivers() {
            self.retained.run_time = self.retained.run_time.saturating_add(elapsed);
            let flow = self.inputs.flow.usable().unwrap_or_default();
            // m³/h × h
            self.memory.volume.add(flow.0 * elapsed.as_secs_f64() / 3600.0);
            self.retained.volume = CubicMetres(self.memory.volume.value());
            self.watch_bed(around, elapsed);
        }
    }
}
