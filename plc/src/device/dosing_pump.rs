//! A diaphragm dosing pump driven stroke by stroke: enable and rate out, confirmed strokes back.
//!
//! Pulses are made and counted by the field; the core gives a rate and reads a counter that wraps at 65 536.

use core::time::Duration;

use crate::declare::{inputs, measured, outputs, parts, shown, status, switched, up_to};
use crate::interlock::Column;
use crate::output::Output;
use crate::quantity::{Count, Percent, StrokesPerMinute};
use crate::signal::Signal;

use super::Handling;

inputs! {
    /// What comes back.
    pub struct Inputs {
        /// FS-@, strokes confirmed, a counter that wraps at 65 536.
        pub strokes: Signal<Count> = measured(0.0..=65_535.0).every_s(0.5),
    }
}

status! {
    /// What it does.
    pub struct Status {
        /// Strokes confirmed in the last ten seconds, as a rate.
        pub confirmed: StrokesPerMinute = shown().span(0.0..=180.0),
    }
}

outputs! {
    /// What it is told.
    pub struct Outputs {
        /// Enable input of the pump.
        pub enable: Output<bool> = switched(),
        /// Strokes a minute.
        pub rate: Output<StrokesPerMinute> = up_to(180.0),
        /// Relay that chooses pump B; without it pump A strokes.
        pub choose_b: Output<bool> = switched().held_by(Column::Positions),
    }
}

/// Full rate, strokes a minute (`docs/spec/plant.md` 1.3).
const STROKES_MAX: f64 = 180.0;
/// Confirmed strokes are judged over this window.
const WINDOW: Duration = Duration::from_secs(10);

/// Two pumps of which one strokes.
#[derive(Default)]
pub struct DosingPump {
    pub inputs: Inputs,
    pub status: Status,
    pub handling: Handling,
    pub outputs: Outputs,
    last: Option<f64>,
    counted: f64,
    window: Duration,
}
parts! { DosingPump { inputs, status, handling, outputs; one: ; many: ; maybe: ; last, counted, window } }

impl DosingPump {
    /// One scan: counts what was confirmed, asks for `rate`.
    pub fn scan(&mut self, rate: StrokesPerMinute, elapsed: Duration) {
        let strokes = self.inputs.strokes.usable().map(|strokes| strokes.0);
        if let (Some(now), Some(before)) = (strokes, self.last) {
            let more = now - before;
            self.counted += if more < 0.0 { more + 65_536.0 } else { more };
        }
        self.last = strokes;
        self.window = self.window.saturating_add(elapsed);
        if self.window >= WINDOW {
            self.status.confirmed =
                StrokesPerMinute(self.counted * 60.0 / self.window.as_secs_f64());
            self.counted = 0.0;
            self.window = Duration::ZERO;
        }
        // A person's share of the full rate is the unit's to take in; switched off or locked out it does not stroke.
        let rate = if self.handling.is_off() { StrokesPerMinute::ZERO } else { rate };
        let rate = rate.within(StrokesPerMinute(0.0), StrokesPerMinute(STROKES_MAX));
        self.handling.elapse(Percent(rate.0 * 100.0 / STROKES_MAX), elapsed);
        self.outputs = Outputs {
            enable: Output::want(rate.0 > 0.0),
            rate: Output::want(rate),
            choose_b: Output::want(false),
        };
    }

    /// Strokes were seen in the last window.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.status.confirmed.0 > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_are_counted_across_the_wrap_of_the_counter() {
        let mut pump = DosingPump::default();
        for strokes in 0..=10 {
            pump.inputs.strokes = Signal::Good(Count(f64::from((65_530_u32 + strokes) % 65_536)));
            pump.scan(StrokesPerMinute(60.0), Duration::from_secs(1));
        }
        assert!(pump.status.confirmed.0 >= 50.0 && pump.status.confirmed.0 <= 60.0);
    }
}
