//! The panel, K0, people's wishes, and the alarms of the system.

use core::time::Duration;

use super::{
    Alarms, Around, LOCAL_TIME, Outputs, Reason, Reasons, SUPPLY_AFTER, Signal, State, System,
};
use crate::alarm::Condition;
use crate::output::Output;
use crate::quantity::{Celsius, Percent};

/// A scan this late is an alarm (`docs/spec/contracts.md`, Hardware).
const LATE: Duration = Duration::from_millis(500);
/// That the last end was not an orderly one is news for so long; chosen: longer than any alarm's delay.
const RESTARTED: Duration = Duration::from_secs(60);
/// Storage that is nearly full is an alarm after this; storage that fails at once (F48).
const STORAGE_TIME: Duration = Duration::from_secs(60);
/// Deadbands of `docs/spec/plant.md` 4, alarms 910 and 912.
const STORAGE_BAND: Percent = Percent(5.0);
const CABINET_BAND: Celsius = Celsius(5.0);

impl System {
    /// People's wishes, kept: a start, a stop, an emergency stop, the panel.
    pub(super) fn take_intent(&mut self, around: &Around, elapsed: Duration) {
        if around.emergency {
            self.retained.emergency_latched = true;
            self.retained.intent = false;
        }
        // Loop and local reset close K0; delivery, sludge and mixers too wait for the start that people order after it (R-2.2-09).
        self.retained.stopped_all |= self.retained.emergency_latched;
        if !around.emergency && around.local_reset && !around.supply_welded {
            // A contactor that did not open would carry the next start without protection.
            self.retained.emergency_latched = false;
        }
        // Whoever turns the selector takes over; back at remote, the plant waits for a new start. A contact that cannot be
        // read holds the motors off, and takes nobody's wish away.
        if self.was_local.holds(self.inputs.remote.open(), LOCAL_TIME, elapsed)
            && self.retained.intent
        {
            self.retained.intent = false;
            self.status.stopped_by = Reasons::only(Reason::LocalControl);
        }
        if around.stop || around.stop_all {
            self.retained.intent = false;
            self.retained.stopped_all |= around.stop_all;
            self.status.stopped_by = Reasons::only(Reason::StoppedByOperator);
        } else if around.start && !self.retained.emergency_latched {
            self.retained.intent = true;
            self.retained.stopped_all = false;
        }
    }

    /// HS-900 stands at LOCAL, be it only now: no order starts anything.
    #[must_use]
    pub fn is_at_panel(&self) -> bool {
        self.inputs.remote.open() || self.was_local.lasted() > Duration::ZERO
    }

    /// HS-900 stands at LOCAL.
    pub(super) fn is_local(&self) -> bool {
        self.was_local.lasted() >= LOCAL_TIME
    }

    /// The heartbeat, in a scan in which no sequence works: every completed scan toggles it.
    pub fn beat(&mut self) {
        self.heartbeat = !self.heartbeat;
        self.outputs.heartbeat = Output::want(self.heartbeat);
    }

    /// K0, horn, heartbeat.
    pub(super) fn drive(&mut self, around: &Around) {
        let asked = self.since_boot >= SUPPLY_AFTER;
        if !asked {
            // Of the last scan before it is asked for: by then the contact has been read.
            self.supply_unasked = self.inputs.supply_on.closed();
        } else if !self.inputs.supply_on.closed() {
            self.supply_unasked = false;
        }
        self.heartbeat = !self.heartbeat;
        self.outputs = Outputs {
            // The drives get their supply through K0: it closes after the boot's read-back, with permits still low.
            supply: Output::want(asked && !self.supply_unasked && !self.retained.emergency_latched),
            horn: Output::want(around.horn),
            heartbeat: Output::want(self.heartbeat),
        };
    }

    pub(super) fn raise(&mut self, around: &Around, elapsed: Duration) {
        self.retained.memory_lost &= !around.reset;
        let inputs = &self.inputs;
        // Before the first answer nothing is lost; a bus whose state is not known is.
        let lost = |bus: Signal<bool>| Condition::when(!bus.closed());
        let late = inputs.lateness.usable().is_some_and(|late| late > LATE);
        let restarted = inputs.watchdog_restart.closed() && self.since_boot < RESTARTED;
        let space = inputs.disk_free.below(self.settings.disk_free_min, STORAGE_BAND);
        let nearly = self.storage_full.holds(space == Condition::Active, STORAGE_TIME, elapsed);
        let storage = if inputs.storage_ok.open() || nearly || self.retained.memory_lost {
            Condition::Active
        } else if space == Condition::AsBefore && inputs.disk_free.usable().is_some() {
            Condition::AsBefore
        } else {
            Condition::Clear
        };
        // K0 that is in though nobody asks, or out though somebody asks and nothing else holds it.
        let unfollowed = self.outputs.supply.value()
            && inputs.supply_on.open()
            && inputs.emergency_stop.closed()
            && around.mains_good
            && self.sequence.state() != (State::Boot {});
        let buses = [inputs.bus_a, inputs.bus_b, inputs.bus_d].map(lost);
        for (link, lost) in
            [&mut self.link_a, &mut self.link_b, &mut self.link_d].into_iter().zip(buses)
        {
            link.alarms.lost = lost;
        }
        let inputs = &self.inputs;
        self.alarms = Alarms {
            emergency_stopped: Condition::when(around.emergency),
            supply_welded: Condition::when(
                around.supply_welded
                    || self.supply_unasked
                    || unfollowed
                    || around.trip.has(Reason::RunsUnasked),
            ),
            // Buses A, B and D have an alarm of their own that explains it; bus C has that of the elevated tank.
            device_silent: Condition::when(around.silent.is_some()).unless(!inputs.bus_c.closed()),
            sensor_doubted: Condition::when(around.doubtful.is_some()),
            scan_late: Condition::when(late || restarted),
            storage,
            clock: Condition::when(inputs.clock_wrong.closed()),
            cabinet_hot: inputs
                .cabinet_temperature
                .above(self.settings.cabinet_temperature_max, CABINET_BAND),
            sensor_test: Condition::when(around.test_overdue || inputs.test_overdue.closed()),
            lock_expired: Condition::when(around.lock_expired),
            access: Condition::when(inputs.log_in_locked.closed()),
            certificate: Condition::when(inputs.certificate_ends.closed()),
            audit: Condition::when(inputs.audit_broken.closed()),
            must_boil: Condition::when(around.boil_water),
        };
    }
}
