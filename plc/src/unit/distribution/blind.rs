//! P-501 without FIT-501: whether water moves is asked of the tanks, ten minutes at a time.
//!
//! R-2.8-09, INV-20. PT-501 cannot tell: a pump that is slowed to what lifts water at all shows little more against a closed
//! pipe than against the tank, less than a worn impeller takes. Levels can, but not in seconds.

use core::time::Duration;

use super::{Around, Distribution};
use crate::device::Drive;
use crate::quantity::{CubicMetresPerHour, Metres};
use crate::reason::{Reason, Reasons};

/// So long it runs on without a word. Chosen: 0.7 kW, what P-501 takes at no flow, warm the 3 l and 15 kg of iron of a closed pump
/// by 20 K in it; and the flow of its lowest speed is by then four times what the gauges resolve.
const UNSEEN_MAX: Duration = Duration::from_secs(600);
/// Water moves when the clear well gave, or the elevated tank took, this much of nominal in it: 0.2 m³ of 5 m³/h (twice the accuracy
/// of LT-401, and less than half of what the lowest speed brings).
const MOVED_HOURS: f64 = 0.04;
/// FIT-502 alone sees what goes straight into the network: INV-20's 5 % of nominal.
const TAKEN_SHARE: f64 = 0.05;
/// A pump of which nobody sees that it moves anything rests three times as long: what it warmed has cooled by then (chosen).
const REST: Duration = Duration::from_secs(1800);

/// What the tanks held, and what came and went since, while FIT-501 says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Blind {
    /// P-501 ran so long.
    lasted: Duration,
    /// It runs; else it stands since.
    runs: bool,
    stood: Duration,
    /// m³ that the clear well gave, that the elevated tank and that the village got, in the runs before this one.
    before: [f64; 3],
    /// LT-401 and LT-501 as this run began.
    well: Option<Metres>,
    tank: Option<Metres>,
    /// m³ into the clear well, and to the village, in this run; unknown once a moment of it was.
    filtered: Option<f64>,
    taken: Option<f64>,
}

impl Blind {
    /// Until a witness is needed; zero while none is.
    pub fn left(&self) -> Duration {
        if self.lasted.is_zero() { Duration::ZERO } else { UNSEEN_MAX.saturating_sub(self.lasted) }
    }
}

impl Distribution {
    /// One scan. A meter that is driven off its scale sees water. A pump that stopped before anybody saw it move any has not
    /// cooled when it starts again: its ten minutes go on, unless it stood as long as it would have had to rest. What moves while it
    /// stands is not its doing.
    pub(super) fn run_blind(&mut self, around: &Around, elapsed: Duration) {
        let on = self.pump.iter().any(Drive::is_running);
        let flow = self.inputs.flow;
        let stops = !on && self.blind.runs;
        let begins = on && !self.blind.runs;
        let stood = if on { Duration::ZERO } else { self.blind.stood.saturating_add(elapsed) };
        let idle = !on && self.blind.lasted.is_zero();
        if idle || stood >= REST || flow.usable().is_some() || flow.is_over() {
            self.blind = Blind::default();
            return;
        }
        let tank = self.inputs.elevated_level.usable().filter(|_| self.has_tank);
        let tank = tank.filter(|_| !self.tank.is_doubtful());
        let well = self.status.level.usable();
        if stops {
            self.blind.before = self.moved(well, tank).map(Option::unwrap_or_default);
        }
        let blind = &mut self.blind;
        (blind.runs, blind.stood) = (on, stood);
        if begins {
            (blind.well, blind.tank) = (well, tank);
            (blind.filtered, blind.taken) = (Some(0.0), Some(0.0));
        }
        if !on {
            return;
        }
        let hours = elapsed.as_secs_f64() / 3600.0;
        let more = |sum: Option<f64>, flow: Option<CubicMetresPerHour>| {
            Some(sum? + flow?.0 * hours).filter(|sum| sum.is_finite())
        };
        blind.filtered = more(blind.filtered, around.filtered.usable());
        blind.taken = more(blind.taken, self.inputs.village_flow.usable());
        blind.lasted = blind.lasted.saturating_add(elapsed);
        if blind.lasted < UNSEEN_MAX {
            return;
        }
        let seen = self.has_moved(well, tank, around.nominal);
        self.blind = Blind::default();
        if !seen {
            let why = Reasons::only(Reason::FlowUnknown).with(Reason::DeadHead);
            self.pumps.send_to_rest(&self.pump, REST, why);
        }
    }

    /// m³ that the clear well gave, that the elevated tank and that the village got, in all runs since the meter was lost; unknown
    /// where this run's are and none was seen before.
    fn moved(&self, well: Option<Metres>, tank: Option<Metres>) -> [Option<f64>; 3] {
        let (blind, settings) = (&self.blind, &self.settings);
        let rise = |from: Option<Metres>, to: Option<Metres>| Some((to? - from?).0);
        let gave = rise(blind.well, well)
            .zip(blind.filtered)
            .map(|(rise, filtered)| filtered - rise * settings.area.0);
        let got = rise(blind.tank, tank)
            .zip(blind.taken)
            .map(|(rise, taken)| taken + rise * settings.elevated_area.0);
        let [gave_before, got_before, taken_before] = blind.before;
        let with = |before: f64, now: Option<f64>| {
            (now.is_some() || before > 0.0).then(|| before + now.unwrap_or_default())
        };
        [
            with(gave_before, gave),
            with(got_before, got),
            with(taken_before, blind.taken.filter(|_| !self.has_tank)),
        ]
    }

    /// The clear well has given water, or the elevated tank, or the village, got some.
    fn has_moved(
        &self,
        well: Option<Metres>,
        tank: Option<Metres>,
        nominal: CubicMetresPerHour,
    ) -> bool {
        let [gave, got, straight] = self.moved(well, tank);
        let needed = nominal.0 * MOVED_HOURS;
        let hours = self.blind.lasted.as_secs_f64() / 3600.0;
        [gave, got].into_iter().flatten().any(|moved| moved >= needed)
            || straight.is_some_and(|taken| taken >= nominal.0 * TAKEN_SHARE * hours)
    }
}
