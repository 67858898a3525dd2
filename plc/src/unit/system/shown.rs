//! What the system says of itself: rate, reasons, time left, and what came first.

use core::time::Duration;

use super::degraded::Verdict;
use super::{
    Around, Count, FirstOut, MINIMUM, REDUCED, Reason, Reasons, STOPPING_MAX, State, System, start,
};
use crate::interlock::{Column, Holds};

impl System {
    pub(super) fn show(&mut self, state: State, around: &Around, verdict: &Verdict) {
        let making = state.takes_water();
        let (share, cut_by) = self.share(state, verdict);
        let status = &mut self.status;
        status.state = state;
        status.rate = around.nominal * share;
        status.reduced_by = cut_by;
        status.degraded_by = if making { verdict.by } else { Reasons::NONE };
        status.boil_water = around.boil_water;
        status.doubted_sensor = Count(around.doubtful.unwrap_or(0) as f64);
        status.silent_sensor = Count(around.silent.unwrap_or(0) as f64);
        status.step = Count(f64::from(self.start.step()));
        self.retained.start_failures = self.start.kept();
        status.failed_starts = Count(self.start.failures() as f64);
        let in_state = self.sequence.in_state();
        status.state_left = match state {
            State::Boot {} => self.settings.boot_time.saturating_sub(self.since_boot),
            State::Starting {} => self.start.left(&self.settings),
            State::Degraded {} => self.degraded.left(),
            State::Stopping {} => STOPPING_MAX.saturating_sub(in_state),
            State::Stopped {}
            | State::Producing {}
            | State::Standby {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => Duration::ZERO,
        };
        self.status.blocked = self.blocked(around, state);
    }

    /// Raw water asked for: MINIMUM until a filter delivers, REDUCED until all do, then what the reasons allow.
    fn share(&self, state: State, verdict: &Verdict) -> (f64, Reasons) {
        let most = match state {
            State::Starting {} if self.start.step() >= start::LAST => REDUCED,
            State::Starting {} => MINIMUM,
            State::Producing {} | State::Degraded {} => 1.0,
            State::Boot {}
            | State::Stopped {}
            | State::Standby {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => return (0.0, Reasons::NONE),
        };
        (if verdict.share < most { verdict.share } else { most }, verdict.cut_by)
    }

    fn blocked(&self, around: &Around, state: State) -> Reasons {
        match state {
            State::Producing {} | State::Degraded {} => Reasons::NONE,
            State::Boot {} => self
                .untested(around)
                .with(Reason::Booting)
                .and_if(!self.inputs.setup_done.closed(), Reason::SetupNotDone)
                .and_if(!around.mains_good, Reason::MainsLost),
            State::Stopped {} | State::Starting {} => self
                .missing(around)
                .and(around.trip)
                .and_if(!self.retained.intent, Reason::NotStarted),
            State::Standby {} => self.missing(around).and(self.status.stopped_by),
            State::Stopping {} => Reasons::only(Reason::PlantStopping).and(self.status.stopped_by),
            State::Fault {} if !self.self_tested => {
                Reasons::only(Reason::PlantFault).and(self.untested(around))
            }
            State::Fault {} => {
                Reasons::only(Reason::PlantFault).and(around.trip).and(self.status.stopped_by)
            }
            State::EmergencyStop {} => Reasons::only(Reason::EmergencyStop),
            State::PowerWait {} => Reasons::only(Reason::MainsLost),
        }
    }

    /// The first cause of a stop stays until a reset, or until water was taken again and something else ended that.
    pub(super) fn note_first(&mut self, before: State, state: State) {
        let was_at_work = before.takes_water() || before == (State::Standby {});
        let ends = match state {
            State::Stopped {}
            | State::Stopping {}
            | State::Fault {}
            | State::EmergencyStop {}
            | State::PowerWait {} => true,
            State::Boot {}
            | State::Starting {}
            | State::Producing {}
            | State::Degraded {}
            | State::Standby {} => false,
        };
        if ends && was_at_work {
            self.first_out.plant = self.status.stopped_by;
        }
    }

    /// First causes of the columns, as of this scan.
    pub fn note_holds(&mut self, holds: &Holds, reset: bool) {
        let first = |column| holds.first(column);
        self.first_out = FirstOut {
            plant: self.first_out.plant,
            raw_pump: first(Column::RawPump),
            coagulant: first(Column::Coagulant),
            feed_pump: first(Column::FeedPump),
            hypochlorite: first(Column::Hypochlorite),
            wash: first(Column::Wash),
            lift_pump: first(Column::LiftPump),
            waste_pump: first(Column::WastePump),
            filter_outlet: first(Column::FilterOutlet),
            wash_inlet: first(Column::WashInlet),
        };
        if reset {
            self.first_out.plant = Reasons::NONE;
        }
    }
}
