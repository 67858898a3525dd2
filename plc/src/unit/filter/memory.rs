//! What a filter remembers, and what each step of its life leaves behind.

use core::time::Duration;

use super::sequence::{Scan, State};
use super::{Filter, Retained, Trigger};
use crate::block::Total;
use crate::quantity::{Count, CubicMetres, Ntu};

/// A filter stopped for turbidity rests this long before it tries again to waste; chosen: settled water has time to clear,
/// and the waste tank to decant.
const TURBID_WAIT: Duration = Duration::from_secs(900);
/// A filter that stood longer ripens first (INV-14).
const STOOD_MAX: Duration = Duration::from_secs(2 * 3600);

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
    pub stood: Duration,
    /// Stopped for turbidity: waits this much longer.
    pub turbid_wait: Duration,
    pub trigger: Option<Trigger>,
    pub ordered: bool,
    /// A person ended the wash: it waits for a person.
    pub aborted: bool,
    /// Air was not blown to the end in this wash.
    pub water_only: bool,
    /// It did not ripen; only a wash helps.
    pub unripe: bool,
    pub ripening_extended: bool,
    pub failed_washes: u8,
    pub failed_ripenings: u8,
    /// Ages of the last washes that turbidity asked for.
    pub turbidity_washes: [Option<Duration>; 2],
    /// Outlet not closed in a wash: until a supervisor resets.
    pub crossed: bool,
    /// Limit switches are not known: bus D is lost.
    pub blind: bool,
    /// Filter-to-waste closes while the outlet opens.
    pub changes_over: bool,
    pub earlier_turbidity: Ntu,
    pub turbidity_age: Duration,
    pub own_unknown: Duration,
}

impl Filter {
    /// What this scan's step leaves behind.
    pub(super) fn remember(&mut self, before: State, state: State, scan: &Scan) {
        if state.is_wash() {
            self.memory.proven = false;
            // Set once the outlet is proven closed, so that no dirty filter ever has it open (INV-9).
            self.retained.dirty |= self.outlet.is_closed();
        }
        if state == before {
            return;
        }
        self.memory.step = Duration::ZERO;
        self.memory.changes_over = false;
        match state {
            State::Draining {} => self.begin_wash(),
            State::AirWater {} => self.memory.water_only = false,
            State::HighWash {} if scan.done && before == State::AirScour {} => {
                self.memory.water_only = false;
            }
            State::Ripening {} => {
                self.memory.ripening_extended = false;
                self.memory.earlier_turbidity = Ntu::ZERO;
                self.memory.turbidity_age = Duration::ZERO;
            }
            State::Filtering {} if before == State::Ripening {} => {
                self.memory.proven = true;
                self.memory.failed_ripenings = 0;
                self.memory.changes_over = true;
            }
            State::Standby {} | State::Fault {} => self.come_to_rest(before, scan),
            State::Filtering {}
            | State::WashQueued {}
            | State::AirScour {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {} => {}
        }
    }

    fn begin_wash(&mut self) {
        if self.memory.trigger == Some(Trigger::Turbidity) {
            self.memory.turbidity_washes = [Some(Duration::ZERO), self.memory.turbidity_washes[0]];
        }
        self.memory.ordered = false;
        self.memory.aborted = false;
        self.memory.water_only = true;
    }

    fn come_to_rest(&mut self, before: State, scan: &Scan) {
        if before.is_filtering() && scan.stop {
            self.memory.proven = false;
            self.memory.turbid_wait = TURBID_WAIT;
            self.memory.unripe |= before == State::WashQueued {};
        } else if before == (State::Ripening {}) && scan.unripe {
            self.memory.turbid_wait = TURBID_WAIT;
            // Without its analyser nobody knows whether a wash would help.
            if self.inputs.turbidity.usable().is_some() {
                self.memory.unripe = true;
                self.memory.failed_ripenings += 1;
            }
        } else if before == (State::Settling {}) && scan.done && !self.memory.aborted {
            self.finish_wash();
        } else if before.is_wash() && scan.water_failed {
            self.memory.failed_washes += 1;
        }
    }

    fn finish_wash(&mut self) {
        self.memory.volume = Total::default();
        self.memory.unripe = false;
        self.memory.turbid_wait = Duration::ZERO;
        self.memory.failed_washes = 0;
        self.retained =
            Retained { washes: Count(self.retained.washes.0 + 1.0), ..Retained::default() };
    }

    /// Times and volume.
    pub(super) fn count(&mut self, state: State, elapsed: Duration) {
        self.retained.age = self.retained.age.saturating_add(elapsed);
        self.memory.turbid_wait = self.memory.turbid_wait.saturating_sub(elapsed);
        self.memory.changes_over &= !self.outlet.is_open();
        if state.is_filtering() {
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
        }
    }
}
