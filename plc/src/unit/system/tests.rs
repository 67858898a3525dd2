//! The plant's own sequence, told what its units report.

mod outage;
mod production;
mod start;
mod stops;
mod told;

use super::*;
use crate::alarm::Condition;
use crate::interlock::Holds;
use crate::quantity::{Celsius, MilligramsPerLitre, Ntu};
use crate::signal::Fault;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: u32 = 60;

/// A plant whose units report that all is well and done.
struct Rig {
    system: System,
    around: Around,
}

impl Rig {
    fn new() -> Rig {
        let mut system = System::default();
        let on = Signal::Good(true);
        let inputs = &mut system.inputs;
        for contact in [
            &mut inputs.emergency_stop,
            &mut inputs.remote,
            &mut inputs.storage_ok,
            &mut inputs.setup_done,
            &mut inputs.bus_a,
            &mut inputs.bus_b,
            &mut inputs.bus_c,
            &mut inputs.bus_d,
            &mut inputs.drives_verified,
        ] {
            *contact = on;
        }
        inputs.supply_on = Signal::Good(false);
        Rig { system, around: WELL }
    }

    /// Past its self-test.
    fn booted() -> Rig {
        let mut rig = Rig::new();
        assert_eq!(rig.run_s(31), State::Stopped {});
        rig
    }

    /// Making water.
    fn producing() -> Rig {
        let mut rig = Rig::booted();
        rig.start();
        assert_eq!(rig.run_s(10), State::Producing {});
        rig
    }

    /// Scans once a second; K0 follows its request.
    fn run_s(&mut self, seconds: u32) -> State {
        for _ in 0..seconds {
            self.system.scan(self.around, SECOND);
            self.system.inputs.supply_on = Signal::Good(self.system.outputs.supply.value());
        }
        self.system.status.state
    }

    fn start(&mut self) -> State {
        self.around.start = true;
        let state = self.run_s(1);
        self.around.start = false;
        state
    }

    fn reset(&mut self) -> State {
        self.around.reset = true;
        let state = self.run_s(1);
        self.around.reset = false;
        state
    }

    fn blocked(&self, reason: Reason) -> bool {
        self.system.status.blocked.has(reason)
    }

    fn stopped_by(&self, reason: Reason) -> bool {
        self.system.status.stopped_by.has(reason)
    }
}

const DONE: Steps = Steps {
    no_raw: false,
    inlet_open: true,
    raw_flow: true,
    coagulant: true,
    settled: true,
    filtered: true,
    chlorine: true,
    all_filtering: true,
    settled_full: false,
    waits: false,
};

const WELL: Around = Around {
    nominal: CubicMetresPerHour(5.0),
    start: false,
    stop: false,
    stop_all: false,
    reset: false,
    local_reset: false,
    emergency: false,
    mains_good: true,
    mains_back: false,
    outage: Duration::ZERO,
    trip: Reasons::NONE,
    lost: Reasons::NONE,
    missing: Reasons::NONE,
    untested: Reasons::NONE,
    too_muddy: false,
    clear_well: Some(Metres(1.6)),
    fill_up: false,
    elevated_need: false,
    degraded: DegradedFacts {
        raw: Signal::Good(Ntu(20.0)),
        settled: Signal::Good(Ntu(1.0)),
        inlet_chlorine: Signal::Good(MilligramsPerLitre(1.0)),
        washes_stopped: false,
        filter_out: false,
        tank_out: false,
        power_limited: false,
        coagulant_suspect: false,
        elevated_unknown: false,
        voltage_low: false,
    },
    steps: DONE,
    settled: Some(Percent(50.0)),
    feed_runs: false,
    horn: false,
    supply_welded: false,
    lock_expired: false,
    boil_water: false,
    test_overdue: false,
    doubtful: None,
    silent: None,
};
