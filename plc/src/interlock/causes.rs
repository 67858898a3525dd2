//! When each cause of the table stands: on what it is judged, how long that must last, what latches it and what lets it go.
//!
//! Limits and times are those of `docs/spec/plant.md` 2.17 and 3, releases those of `docs/spec/contracts.md`.

use core::time::Duration;

use crate::block::{Seen, Sustained, Trip, TripTimes};
use crate::quantity::{CubicMetresPerHour, Metres, MilligramsPerLitre, Ntu, Percent, Ph};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Fault, Signal};

/// What the causes are judged on: validated signals and facts of this scan and the last.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub nominal: CubicMetresPerHour,
    /// ES-900 healthy.
    pub emergency_loop: Signal<bool>,
    /// K0 closed though asked for, or not asked for.
    pub supply_as_asked: bool,
    /// The emergency stop is latched from before.
    pub emergency_latched: bool,
    /// HS-900 stands at remote.
    pub remote: Signal<bool>,
    pub booting: bool,
    /// STOP ALL was pressed, in this scan or before, and no start since.
    pub stopped_all: bool,
    pub mains_good: bool,
    /// More power was drawn than may be, for too long.
    pub power_over: bool,
    /// The UPS is nearly empty.
    pub battery_empty: bool,
    pub buses: [Signal<bool>; 3],
    pub wet_well_low_low: Signal<bool>,
    pub wet_well: Signal<Metres>,
    pub settled: Signal<Percent>,
    pub clear_well_high_high: Signal<bool>,
    pub clear_well_low_low: Signal<bool>,
    pub clear_well: Signal<Metres>,
    /// The higher of the clear well's levels.
    pub clear_well_highest: Option<Metres>,
    /// AIT-330 or its substitute, `None` while no filtered water flows or it does not count yet.
    pub filtered: Option<Signal<Ntu>>,
    /// Turbidity that an emergency profile lets through.
    pub relaxed: Option<Ntu>,
    pub outlet_chlorine: Signal<MilligramsPerLitre>,
    pub inactivation_ratio: f64,
    pub elevated_high_high: Signal<bool>,
    pub elevated: Signal<Metres>,
    pub waste_high_high: Signal<bool>,
    pub waste: Signal<Percent>,
    /// A filter washes and its outlet is not proven closed.
    pub outlet_not_closed: bool,
    /// A motor runs although its column is held and nobody asks for it.
    pub runs_on: bool,
    pub wash_pump_runs: bool,
    pub treated_ph: Signal<Ph>,
    /// AIT-101, or what counts in its place.
    pub raw_turbidity: Signal<Ntu>,
    pub contaminated: bool,
    /// The plant makes or has made water: a dry analyser before the first start trips nothing.
    pub reset: bool,
    pub supervisor_reset: bool,
}

/// Memory of the causes: times, latches, releases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Causes {
    /// The emergency-stop loop is open, unknown, or K0 open though asked for: now, whatever is latched.
    pub emergency_now: bool,
    supply: Sustained,
    local: Trip,
    empty: Trip,
    was_empty: bool,
    emptied: [Option<Duration>; EMPTIED_MAX],
    emptied_too_often: bool,
    settled_full: Trip,
    settled_empty: Trip,
    well_full: Trip,
    well_empty: Trip,
    turbid: Trip,
    dangerous: Trip,
    dangerous_latched: bool,
    below_dangerous: Sustained,
    too_low: Trip,
    too_short: Trip,
    elevated_full: Trip,
    waste_full: Trip,
    waste_high: Sustained,
    outlet_latched: bool,
    /// A Supervisor pressed reset in the last scan: the filter has taken it since.
    outlet_reset: bool,
    runs_on: Trip,
    ph: Trip,
    buses: [Trip; 3],
    muddy: Trip,
}

/// The wet well may run empty this often in six hours (`docs/spec/contracts.md`).
const EMPTIED_MAX: usize = 3;
const EMPTIED_WINDOW: Duration = Duration::from_secs(6 * 3600);
/// The panel lets go of the motors this long after HS-900 is back at remote: whoever turned it has their hands off the
/// machine (chosen; R-2.1-08).
const LOCAL_TIMES: TripTimes = TripTimes::s(0, 10);
/// A drive that ramps down shows that it runs for 10 s at most (R-2.0-08); what runs longer does not obey.
const RUNS_ON_TIMES: TripTimes = TripTimes::s(12, 0);
/// K0 must follow its request within this.
const SUPPLY_TIME: Duration = Duration::from_secs(2);
// Limits and times: `docs/spec/plant.md` 2.17 and 3, releases `docs/spec/contracts.md`.
const WET_WELL_LOW_LOW: Metres = Metres(0.3);
const WET_WELL_BACK: Metres = Metres(0.8);
const SETTLED_HIGH_HIGH: Percent = Percent(95.0);
const SETTLED_HIGH_BACK: Percent = Percent(85.0);
const SETTLED_LOW_LOW: Percent = Percent(10.0);
const SETTLED_LOW_BACK: Percent = Percent(40.0);
const WELL_HIGH_BACK: Metres = Metres(1.85);
const WELL_LOW_LOW: Metres = Metres(0.30);
const WELL_LOW_BACK: Metres = Metres(0.70);
/// Combined filtered turbidity that nothing may pass (INV-1); and the most that an emergency profile lets pass (INV-45).
pub const TURBID: Ntu = Ntu(1.0);
pub const TURBID_MOST: Ntu = Ntu(5.0);
const DANGEROUS: MilligramsPerLitre = MilligramsPerLitre(4.0);
const DANGEROUS_BACK: MilligramsPerLitre = MilligramsPerLitre(3.0);
const DANGEROUS_BACK_TIME: Duration = Duration::from_secs(600);
const TOO_LOW: MilligramsPerLitre = MilligramsPerLitre(0.3);
const TOO_LOW_BACK: MilligramsPerLitre = MilligramsPerLitre(0.45);
const RATIO_LOW: f64 = 1.0;
const RATIO_BACK: f64 = 1.3;
const ELEVATED_HIGH_HIGH: Metres = Metres(2.40);
const ELEVATED_BACK: Metres = Metres(2.30);
const WASTE_BACK: Percent = Percent(80.0);
/// LT-601 above this for 10 s counts as LSHH-601: a float that is stuck shut does not let T-601 run over (R-2.9-01, R-2.9-03).
const WASTE_HIGH_HIGH: Percent = Percent(95.0);
const WASTE_HIGH_TIME: Duration = Duration::from_secs(10);
const PH_LOW: Ph = Ph(6.0);
const PH_HIGH: Ph = Ph(9.0);
const PH_LOW_BACK: Ph = Ph(6.2);
const PH_HIGH_BACK: Ph = Ph(8.8);
const MUDDY: Ntu = Ntu(1000.0);
const MUDDY_BACK: Ntu = Ntu(700.0);
/// Buses A, B, D: lost this long. The driver tells of a silent bus after 2.9 s of time-outs and retries, and a drive needs a second
/// to run down: of the 5 and 15 s that INV-31 gives so much is left.
const BUS_TIMES: [TripTimes; 3] = [TripTimes::s(1, 10), TripTimes::s(10, 10), TripTimes::s(1, 10)];
const BUS_REASONS: [Reason; 3] = [Reason::BusALost, Reason::BusBLost, Reason::BusDLost];

/// Turbidity above which water may not pass: the rule's, or what an emergency profile lets through, 5 NTU at most.
#[must_use]
pub fn turbidity_limit(relaxed: Option<Ntu>) -> Ntu {
    relaxed.map_or(TURBID, |limit| limit.within(TURBID, TURBID_MOST))
}

fn at_least<Q: PartialOrd + Copy>(signal: Signal<Q>, limit: Q) -> bool {
    signal.usable().is_some_and(|value| value >= limit)
}

fn at_most<Q: PartialOrd + Copy>(signal: Signal<Q>, limit: Q) -> bool {
    signal.usable().is_some_and(|value| value <= limit)
}

impl Causes {
    /// Latches that stand whatever has become of their causes: a restart keeps them.
    #[must_use]
    pub fn latched(&self) -> Reasons {
        Reasons::NONE
            .and_if(self.emptied_too_often, Reason::WetWellEmptyTooOften)
            .and_if(self.turbid.stands(), Reason::FilteredWaterTurbid)
            .and_if(self.dangerous_latched, Reason::ChlorineDangerous)
            .and_if(self.outlet_latched, Reason::OutletNotProvenClosed)
            .and_if(self.runs_on.stands(), Reason::RunsUnasked)
    }

    /// Takes up the latches of before a restart: power that went and came resets nothing.
    pub fn restore(&mut self, latched: Reasons) {
        self.emptied_too_often = latched.has(Reason::WetWellEmptyTooOften);
        if latched.has(Reason::FilteredWaterTurbid) {
            self.turbid = Trip::tripped();
        }
        self.dangerous_latched = latched.has(Reason::ChlorineDangerous);
        self.outlet_latched = latched.has(Reason::OutletNotProvenClosed);
        if latched.has(Reason::RunsUnasked) {
            self.runs_on = Trip::tripped();
        }
    }

    /// Judges every cause. What is not known is on the unsafe side where the table protects people or machines, and is for
    /// the units' own permissives where a bad signal has a fallback of its own.
    pub fn judge(&mut self, facts: &Facts, elapsed: Duration) -> Reasons {
        let mut causes = Reasons::NONE;
        causes = causes
            .and_if(self.emergency(facts, elapsed), Reason::EmergencyStop)
            .and_if(facts.booting, Reason::Booting)
            .and_if(facts.stopped_all, Reason::StoppedByOperator)
            .and_if(self.local(facts, elapsed), Reason::LocalControl)
            .and_if(!facts.mains_good, Reason::MainsLost)
            .and_if(facts.power_over, Reason::PowerOverLimit)
            .and_if(facts.battery_empty, Reason::BatteryEmpty)
            .and_if(facts.contaminated, Reason::QualityHold)
            .and_if(facts.wash_pump_runs, Reason::WashPumpRuns)
            .and_if(self.wet_well(facts, elapsed), Reason::WetWellEmpty)
            .and_if(self.emptied_too_often, Reason::WetWellEmptyTooOften);
        let full = facts.settled.is_over() || at_least(facts.settled, SETTLED_HIGH_HIGH);
        let back = facts.settled.usable().is_some_and(|level| level < SETTLED_HIGH_BACK);
        causes = causes.and_if(
            self.settled_full.judge(full, back, TripTimes::s(0, 0), elapsed),
            Reason::SettledTankFull,
        );
        let empty = !facts.settled.usable().is_some_and(|level| level > SETTLED_LOW_LOW);
        let back = facts.settled.usable().is_some_and(|level| level > SETTLED_LOW_BACK);
        causes = causes.and_if(
            self.settled_empty.judge(empty, back, TripTimes::s(0, 0), elapsed),
            Reason::SettledTankEmpty,
        );
        causes = causes.and(self.clear_well(facts, elapsed)).and(self.chlorine(facts, elapsed));
        causes = causes
            .and_if(self.turbid(facts, elapsed), Reason::FilteredWaterTurbid)
            .and_if(self.contact(facts, elapsed), Reason::ContactTimeTooShort)
            .and_if(self.elevated(facts, elapsed), Reason::ElevatedTankFull)
            .and_if(self.waste(facts, elapsed), Reason::WasteTankFull)
            .and_if(self.outlet(facts), Reason::OutletNotProvenClosed)
            .and_if(self.runs_on(facts, elapsed), Reason::RunsUnasked)
            .and_if(self.treated_ph(facts, elapsed), Reason::TreatedPhOutOfRange)
            .and_if(self.river(facts, elapsed), Reason::RiverTooMuddy);
        for (((bus, trip), times), reason) in
            facts.buses.iter().zip(&mut self.buses).zip(BUS_TIMES).zip(BUS_REASONS)
        {
            causes = causes.and_if(trip.judge(!bus.closed(), bus.closed(), times, elapsed), reason);
        }
        causes
    }

    /// Pressed, broken or unknown; or K0 open though asked for. The latch itself is the system unit's, kept over restarts.
    fn emergency(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let open =
            self.supply.holds(!facts.supply_as_asked && facts.mains_good, SUPPLY_TIME, elapsed);
        // A loop behind a bus has no answer in the first scans of a boot. Nothing runs yet, so that is no emergency.
        let unread = facts.booting && facts.emergency_loop == Signal::Bad(Fault::NotYetRead);
        self.emergency_now = !(facts.emergency_loop.closed() || unread) || (open && !facts.booting);
        self.emergency_now || facts.emergency_latched
    }

    fn local(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let remote = facts.remote.closed();
        self.local.judge(!remote, remote, LOCAL_TIMES, elapsed)
    }

    fn wet_well(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let low = !facts.wet_well_low_low.closed() || at_most(facts.wet_well, WET_WELL_LOW_LOW);
        let back = facts.wet_well_low_low.closed() && at_least(facts.wet_well, WET_WELL_BACK);
        let empty = self.empty.judge(low, back, TripTimes::s(0, 60), elapsed);
        for age in &mut self.emptied {
            *age = age.map(|age| age.saturating_add(elapsed)).filter(|age| *age < EMPTIED_WINDOW);
        }
        if empty
            && !self.was_empty
            && let Some(place) = self.emptied.iter_mut().find(|age| age.is_none())
        {
            *place = Some(Duration::ZERO);
            self.emptied_too_often |= self.emptied.iter().all(Option::is_some);
        }
        self.was_empty = empty;
        if facts.reset && !empty {
            self.emptied_too_often = false;
            self.emptied = [None; EMPTIED_MAX];
        }
        empty
    }

    fn clear_well(&mut self, facts: &Facts, elapsed: Duration) -> Reasons {
        let full = !facts.clear_well_high_high.closed();
        let back = !full && facts.clear_well_highest.is_some_and(|level| level < WELL_HIGH_BACK);
        let full = self.well_full.judge(full, back, TripTimes::s(0, 0), elapsed);
        let low = !facts.clear_well_low_low.closed() || at_most(facts.clear_well, WELL_LOW_LOW);
        let back = !low && at_least(facts.clear_well, WELL_LOW_BACK);
        let empty = self.well_empty.judge(low, back, TripTimes::s(0, 60), elapsed);
        Reasons::NONE.and_if(full, Reason::ClearWellFull).and_if(empty, Reason::ClearWellEmpty)
    }

    /// Latched; after the operator's reset each filter returns through RIPEN on its own analyser.
    fn turbid(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let limit = turbidity_limit(facts.relaxed);
        let turbid = facts.filtered.map_or(Seen::No, |filtered| filtered.seen_above(limit));
        self.turbid.judge(turbid, facts.reset, TripTimes::s(60, 0), elapsed)
    }

    fn chlorine(&mut self, facts: &Facts, elapsed: Duration) -> Reasons {
        let residual = facts.outlet_chlorine;
        let high = residual.seen_above(DANGEROUS);
        let gone = high != Seen::Yes;
        self.dangerous_latched |= self.dangerous.judge(high, gone, TripTimes::s(120, 0), elapsed);
        let below = residual.usable().is_some_and(|residual| residual < DANGEROUS_BACK);
        let calm = self.below_dangerous.holds(below, DANGEROUS_BACK_TIME, elapsed);
        if facts.reset && calm {
            self.dangerous_latched = false;
        }
        let low = residual.seen(|residual| !(residual >= TOO_LOW));
        let back = at_least(residual, TOO_LOW_BACK);
        let low = self.too_low.judge(low, back, TripTimes::s(300, 300), elapsed);
        Reasons::NONE
            .and_if(self.dangerous_latched, Reason::ChlorineDangerous)
            .and_if(low, Reason::ChlorineTooLow)
    }

    fn contact(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let short = !(facts.inactivation_ratio >= RATIO_LOW);
        let back = facts.inactivation_ratio >= RATIO_BACK;
        self.too_short.judge(short, back, TripTimes::s(60, 120), elapsed)
    }

    fn elevated(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let full = facts.elevated_high_high.open() || at_least(facts.elevated, ELEVATED_HIGH_HIGH);
        // Of a tank whose level is lost the float alone says that it is no longer full.
        let back = match facts.elevated.usable() {
            Some(level) => level < ELEVATED_BACK,
            None => facts.elevated_high_high.closed(),
        };
        self.elevated_full.judge(full, back && !full, TripTimes::s(0, 0), elapsed)
    }

    fn waste(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let high = facts.waste.seen_above(WASTE_HIGH_HIGH);
        let high = self.waste_high.holds(high, WASTE_HIGH_TIME, elapsed);
        let full = high || !facts.waste_high_high.closed();
        let back = !full && facts.waste.usable().is_some_and(|level| level < WASTE_BACK);
        self.waste_full.judge(full, back, TripTimes::s(0, 0), elapsed)
    }

    fn outlet(&mut self, facts: &Facts) -> bool {
        self.outlet_latched |= facts.outlet_not_closed;
        // The filter that is crossed takes the same reset, after the causes: one press is enough (F25).
        if (facts.supervisor_reset || self.outlet_reset) && !facts.outlet_not_closed {
            self.outlet_latched = false;
        }
        self.outlet_reset = facts.supervisor_reset;
        self.outlet_latched
    }

    /// Latched: with K0 open it stands still, and would run again.
    fn runs_on(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        self.runs_on.judge(facts.runs_on, facts.reset && !facts.runs_on, RUNS_ON_TIMES, elapsed)
    }

    fn treated_ph(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        let out = facts.treated_ph.seen(|ph| !(ph >= PH_LOW && ph <= PH_HIGH));
        let back =
            facts.treated_ph.usable().is_some_and(|ph| ph >= PH_LOW_BACK && ph <= PH_HIGH_BACK);
        self.ph.judge(out, back, TripTimes::s(600, 600), elapsed)
    }

    fn river(&mut self, facts: &Facts, elapsed: Duration) -> bool {
        // A value of before says nothing of a river that clears.
        let of_before = matches!(facts.raw_turbidity, Signal::Uncertain(_, Doubt::Fallback));
        let raw = facts.raw_turbidity.usable();
        let muddy = facts.raw_turbidity.seen_above(MUDDY);
        let back = !of_before && raw.is_some_and(|turbidity| turbidity < MUDDY_BACK);
        self.muddy.judge(muddy, back, TripTimes::s(600, 1800), elapsed)
    }
}
