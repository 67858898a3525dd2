//! The settled tank's level: LT-206, or what the meters count once it has frozen (`docs/spec/plant.md` 2.12, F19).
//!
//! A level that stands still says nothing; one that stands still to half its last digit while the meters say that a part of the
//! tank came or went is not the tank's. T-206 is small: what is counted instead serves for an hour.

use core::time::Duration;

use crate::quantity::{CubicMetres, CubicMetresPerHour, Percent};
use crate::signal::{Doubt, Fault, Signal};

/// Half the last digit that R-2.12-06 knows of it.
const STILL_WITHIN: Percent = Percent(0.05);
/// So long, and so much of the tank meanwhile. Chosen: the gauge moves by ten times its last digit by itself; a wrong meter moves
/// 2.5 % in an hour, and 5 % are far from either end.
const STILL_FOR: Duration = Duration::from_secs(600);
const MOVED: f64 = 5.0;
/// What is counted is 2.5 % wrong by then, and as much for the sludge that nobody measures.
const COUNTED_MAX: Duration = Duration::from_secs(3600);

/// What goes into the tank less what comes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Net {
    Known(CubicMetresPerHour),
    /// Not all that is metered comes here: a tank before it fills, or is desludged.
    Elsewhere,
    Unknown,
}

/// Memory of the level.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    stands_at: Percent,
    stood: Duration,
    /// Net inflow since it stands there, % of the tank.
    moved: f64,
    frozen: bool,
    counted_for: Duration,
    lost: bool,
}

impl Settled {
    /// One scan, before the causes. `full` is what the tank holds.
    pub fn judge(
        &mut self,
        shown: Signal<Percent>,
        net: Net,
        full: CubicMetres,
        elapsed: Duration,
    ) {
        let level = shown.usable().filter(|level| level.distance(self.stands_at) < STILL_WITHIN);
        if level.is_none() {
            *self = Settled { stands_at: shown.usable().unwrap_or_default(), ..Settled::default() };
            return;
        }
        if self.frozen {
            self.counted_for = self.counted_for.saturating_add(elapsed);
        }
        match net {
            Net::Known(net) => {
                self.stood = self.stood.saturating_add(elapsed);
                // m³/h × h ÷ m³
                self.moved += 100.0 * net.0 * elapsed.as_secs_f64() / 3600.0 / full.0;
            }
            Net::Elsewhere => {}
            Net::Unknown => self.lost |= self.frozen,
        }
        self.frozen |= self.stood >= STILL_FOR && !(libm::fabs(self.moved) < MOVED);
        self.lost |= self.counted_for >= COUNTED_MAX || !self.moved.is_finite();
    }

    /// It stands still although the water does not.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// The level that all logic judges.
    #[must_use]
    pub fn level(&self, shown: Signal<Percent>) -> Signal<Percent> {
        if !self.frozen {
            return shown;
        }
        if self.lost {
            return Signal::Bad(Fault::Implausible);
        }
        let counted = Percent(self.stands_at.0 + self.moved);
        Signal::Uncertain(counted.within(Percent(0.0), Percent(100.0)), Doubt::Fallback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const FULL: CubicMetres = CubicMetres(2.0);

    fn run_s(settled: &mut Settled, shown: f64, net: Net, seconds: u32) -> Signal<Percent> {
        let shown = Signal::Good(Percent(shown));
        (0..seconds).for_each(|_| settled.judge(shown, net, FULL, SECOND));
        settled.level(shown)
    }

    fn known(net: f64) -> Net {
        Net::Known(CubicMetresPerHour(net))
    }

    /// R-2.12-06, F19: a level that stands still while a twentieth of the tank comes or goes has frozen; the meters say how full
    /// it is for an hour, and then nobody.
    #[test]
    fn a_settled_level_that_froze_is_counted_for_an_hour_and_then_unknown() {
        for (net, seconds) in [(0.5, 720), (-0.5, 720), (0.1, 3600), (2.0, 600)] {
            let mut settled = Settled::default();
            assert_eq!(
                run_s(&mut settled, 50.0, known(net), seconds - 1).good(),
                Some(Percent(50.0))
            );
            let level = run_s(&mut settled, 50.0, known(net), 3);
            assert!(matches!(level, Signal::Uncertain(_, Doubt::Fallback)), "{net}: {level:?}");
            let counted = level.usable().unwrap().0;
            let expected = 50.0 + net * f64::from(seconds) / 3600.0 / 2.0 * 100.0;
            assert!((counted - expected).abs() < 0.3, "{net}: {counted}");
            let steady = run_s(&mut settled, 50.0, known(0.0), 3500);
            assert!(steady.usable().is_some(), "{net}");
            assert_eq!(run_s(&mut settled, 50.0, known(0.0), 120), Signal::Bad(Fault::Implausible));
            // It moves again: it is believed.
            assert_eq!(run_s(&mut settled, 51.0, known(0.0), 1).good(), Some(Percent(51.0)));
        }
    }

    /// R-2.12-06: one that stands still where the water does, or where nobody can say what comes, is a level like any other.
    #[test]
    fn a_settled_level_that_only_stands_still_is_believed() {
        for net in [known(0.0), known(0.02), Net::Elsewhere, Net::Unknown] {
            let mut settled = Settled::default();
            assert!(run_s(&mut settled, 50.0, net, 4 * 3600).good().is_some(), "{net:?}");
        }
        let mut settled = Settled::default();
        for at in 0..36_000_u32 {
            let shown = 50.0 + if at % 60 == 0 { 0.1 } else { 0.0 };
            assert!(run_s(&mut settled, shown, known(1.0), 1).good().is_some(), "it lives");
        }
    }

    /// F19: without its meters a frozen level is no level.
    #[test]
    fn a_frozen_settled_level_without_meters_is_unknown() {
        for net in [Net::Unknown, known(f64::NAN)] {
            let mut settled = Settled::default();
            run_s(&mut settled, 50.0, known(1.0), 700);
            assert_eq!(run_s(&mut settled, 50.0, net, 2), Signal::Bad(Fault::Implausible));
        }
        let bad = Signal::Bad(Fault::Stale);
        let mut settled = Settled::default();
        run_s(&mut settled, 50.0, known(1.0), 700);
        settled.judge(bad, known(1.0), FULL, SECOND);
        assert_eq!(settled.level(bad), bad, "what its own device says comes first");
    }
}
