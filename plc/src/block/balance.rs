//! A balance over a rolling window: what came in, what went out, and what is held more than before.

use core::time::Duration;

/// A window is this many parts; it is judged whenever one of them ends.
const PARTS: usize = 4;

/// What flows and what is held, in one unit of amount; flows an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flows {
    pub inflow: f64,
    pub outflow: f64,
    pub held: f64,
}

/// What a window of time has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    /// In, less out, less what is held more than before: what is missing; below zero: too much.
    pub missing: f64,
    /// What came in, or went out, whichever is more.
    pub throughput: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Part {
    inflow: f64,
    outflow: f64,
    gained: f64,
}

/// Keeps the books. A moment of which not everything is known spoils its window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    parts: [Part; PARTS],
    filled: usize,
    now: Part,
    in_part: Duration,
    /// Held when this part began.
    began_with: Option<f64>,
}

impl Balance {
    /// Time passes; answers at the end of each part, once the window is full.
    pub fn take(
        &mut self,
        flows: Option<Flows>,
        window: Duration,
        elapsed: Duration,
    ) -> Option<Account> {
        let sum = |flows: &Flows| flows.inflow + flows.outflow + flows.held;
        let Some(flows) = flows.filter(|flows| sum(flows).is_finite()) else {
            *self = Balance::default();
            return None;
        };
        let hours = elapsed.as_secs_f64() / 3600.0;
        self.now.inflow += flows.inflow * hours;
        self.now.outflow += flows.outflow * hours;
        let began_with = *self.began_with.get_or_insert(flows.held);
        self.in_part = self.in_part.saturating_add(elapsed);
        if self.in_part < window / PARTS as u32 {
            return None;
        }
        self.now.gained = flows.held - began_with;
        self.parts.rotate_left(1);
        self.parts[PARTS - 1] = self.now;
        self.filled = if self.filled < PARTS { self.filled + 1 } else { PARTS };
        self.now = Part::default();
        self.in_part = Duration::ZERO;
        self.began_with = Some(flows.held);
        (self.filled == PARTS).then(|| self.account())
    }

    fn account(&self) -> Account {
        let total = self.parts.iter().fold(Part::default(), |total, part| Part {
            inflow: total.inflow + part.inflow,
            outflow: total.outflow + part.outflow,
            gained: total.gained + part.gained,
        });
        Account {
            missing: total.inflow - total.outflow - total.gained,
            throughput: if total.inflow >= total.outflow { total.inflow } else { total.outflow },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const WINDOW: Duration = Duration::from_secs(4 * 3600);

    /// The last account of `hours` in which `leak` an hour is lost unseen.
    fn account(hours: u32, leak: f64) -> Option<Account> {
        let (mut balance, mut held, mut last) = (Balance::default(), 10.0, None);
        for _ in 0..hours * 60 {
            held += (5.0 - 3.0 - leak) / 60.0;
            let flows = Flows { inflow: 5.0, outflow: 3.0, held };
            last = balance.take(Some(flows), WINDOW, MINUTE).or(last);
        }
        last
    }

    #[test]
    fn a_leak_is_what_came_in_and_is_neither_out_nor_held() {
        assert_eq!(account(3, 1.0), None, "the window is not full yet");
        for leak in [0.0, 1.0] {
            let found = account(9, leak).unwrap();
            assert!(libm::fabs(found.missing - 4.0 * leak) < 0.02, "{found:?}");
            assert!(libm::fabs(found.throughput - 20.0) < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn a_moment_that_is_not_known_spoils_its_window() {
        let mut balance = Balance::default();
        let flows = Flows { inflow: 5.0, outflow: 5.0, held: 10.0 };
        let mut judged = 0;
        for minute in 0..8 * 60 {
            let known = minute != 3 * 60 + 30;
            judged += usize::from(balance.take(known.then_some(flows), WINDOW, MINUTE).is_some());
        }
        // Only from half past seven on are four whole hours known again.
        assert_eq!(judged, 1);
        assert_eq!(balance.take(Some(Flows { held: f64::NAN, ..flows }), WINDOW, MINUTE), None);
    }
}
