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
    /// It stands since.
    stood: Duration,
    /// LT-401 and LT-501 as it began.
    well: Option<Metres>,
    tank: Option<Metres>,
    /// m³ into the clear well, and to the village; unknown once a moment of it was.
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
    /// cooled when it starts again: its ten minutes go on, unless it stood as long as it would have had to rest.
    pub(super) fn run_blind(&mut self, around: &Around, elapsed: Duration) {
        let on = self.pump.iter().any(Drive::is_running);
        let flow = self.inputs.flow;
        self.blind.stood =
            if on { Duration::ZERO } else { self.blind.stood.saturating_add(elapsed) };
        let begins = self.blind.lasted.is_zero();
        let cooled = self.blind.stood >= REST || (begins && !on);
        if cooled || flow.usable().is_some() || flow.is_over() {
            self.blind = Blind::default();
            return;
        }
        let tank = self.inputs.elevated_level.usable().filter(|_| self.has_tank);
        let tank = tank.filter(|_| !self.tank.is_doubtful());
        let well = self.status.level.usable();
        if begins {
            self.blind =
                Blind { well, tank, filtered: Some(0.0), taken: Some(0.0), ..Blind::default() };
        }
        let hours = elapsed.as_secs_f64() / 3600.0;
        let blind = &mut self.blind;
        let more = |sum: Option<f64>, flow: Option<CubicMetresPerHour>| {
            Some(sum? + flow?.0 * hours).filter(|sum| sum.is_finite())
        };
        blind.filtered = more(blind.filtered, around.filtered.usable());
        blind.taken = more(blind.taken, self.inputs.village_flow.usable());
        if on {
            blind.lasted = blind.lasted.saturating_add(elapsed);
        }
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

    /// The clear well has given water, or the elevated tank, or the village, got some.
    fn has_moved(
        &self,
        well: Option<Metres>,
        tank: Option<Metres>,
        nominal: CubicMetresPerHour,
    ) -> bool {
        let blind = &self.blind;
        let rise = |from: Option<Metres>, to: Option<Metres>| Some((to? - from?).0);
        let settings = &self.settings;
        let gave = rise(blind.well, well)
            .zip(blind.filtered)
            .map(|(rise, filtered)| filtered - rise * settings.area.0);
        let got = rise(blind.tank, tank)
            .zip(blind.taken)
            .map(|(rise, taken)| taken + rise * settings.elevated_area.0);
        let needed = nominal.0 * MOVED_HOURS;
        let hours = blind.lasted.as_secs_f64() / 3600.0;
        let straight = blind.taken.filter(|_| !self.has_tank);
        [gave, got].into_iter().flatten().any(|moved| moved >= needed)
            || straight.is_some_and(|taken| taken >= nominal.0 * TAKEN_SHARE * hours)
    }
}
