//! Values frozen by a person for calibration, or by a sensor that cleans itself (`docs/spec/plant.md` 2.13).
//!
//! A hold that runs out leaves the signal Bad until a person releases it: nobody has said that the probe is back in the
//! water. After a restart the holds of people have run out: the frozen value is forgotten, and where the probe is nobody has
//! said either.

use core::time::Duration;

use crate::quantity::Value;
use crate::reason::Reason;
use crate::signal::{Fault, Moment, Quality, Signal};

/// A person may hold a value this long at most.
pub const HOLD_TIME_MAX: Duration = Duration::from_secs(3600);
/// A sensor's own wiper or cleaning cycle holds its value this long.
pub const CLEANING_TIME: Duration = Duration::from_secs(120);
/// Holds at once: every analyser of the reference plant.
pub const HOLDS_MAX: usize = 12;
/// So many of people's holds are remembered over a restart: more than anybody has at once, and OPC UA's tree has room for no
/// more (UA-03).
pub const HOLDS_KEPT: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Hold {
    slot: usize,
    /// A person took it then: their hour counts from there, however often they renew it.
    began: Moment,
    until: Moment,
    /// The last value; NaN: there was none, or nobody knows it any more.
    value: f64,
    /// Number of the order; 0: the sensor itself.
    by: u32,
}

/// Every hold of the plant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holds {
    holds: [Option<Hold>; HOLDS_MAX],
    /// How many there are: in most scans none, and nothing is looked for.
    count: u8,
}

impl Holds {
    /// A person holds an input from `now` on; a second order extends it, over the value frozen first, to an hour from the
    /// first one at most: what the probe reads meanwhile nobody sees (R-2.13-01).
    pub fn hold(
        &mut self,
        slot: usize,
        value: f64,
        (now, time): (Moment, Duration),
        by: u32,
    ) -> Result<(), Reason> {
        if let Some(hold) = self.of(slot) {
            if hold.by == 0 {
                hold.began = now;
            }
            let latest = hold.began.plus(HOLD_TIME_MAX);
            if latest <= now || hold.value.is_nan() {
                return Err(Reason::NotNow);
            }
            hold.until = now.plus(time).min(latest);
            hold.by = by;
            return Ok(());
        }
        let free = self.holds.iter_mut().find(|hold| hold.is_none()).ok_or(Reason::QueueFull)?;
        *free = Some(Hold { slot, began: now, until: now.plus(time), value, by });
        self.count += 1;
        Ok(())
    }

    /// A person held it before a restart: as if that had run out. The number of their order is not known any more.
    pub fn recall(&mut self, slot: usize) {
        if self.has(slot) {
            return;
        }
        if let Some(free) = self.holds.iter_mut().find(|hold| hold.is_none()) {
            let (began, by) = (Moment(0), u32::MAX);
            *free = Some(Hold { slot, began, until: began, value: f64::NAN, by });
            self.count += 1;
        }
    }

    /// Which inputs people hold, whether that has run out or not.
    pub fn by_people(&self) -> impl Iterator<Item = usize> {
        self.holds.iter().flatten().filter(|hold| hold.by != 0).map(|hold| hold.slot)
    }

    /// Ends a hold.
    pub fn release(&mut self, slot: usize) -> Result<(), Reason> {
        let hold = self.holds.iter_mut().find(|hold| hold.is_some_and(|hold| hold.slot == slot));
        *hold.ok_or(Reason::NotNow)? = None;
        self.count -= 1;
        Ok(())
    }

    /// By whom an input is held: the number of the order.
    #[must_use]
    pub fn held_by(&self, slot: usize) -> Option<u32> {
        self.holds.iter().flatten().find(|hold| hold.slot == slot).map(|hold| hold.by)
    }

    /// Whether it is held, or its hold ran out.
    #[must_use]
    pub fn has(&self, slot: usize) -> bool {
        self.any() && self.held_by(slot).is_some()
    }

    fn any(&self) -> bool {
        self.count > 0
    }

    /// Some person's hold has run out and was not released: alarm 917.
    #[must_use]
    pub fn any_expired(&self, now: Moment) -> bool {
        self.holds.iter().flatten().any(|hold| hold.by != 0 && hold.until <= now)
    }

    fn of(&mut self, slot: usize) -> Option<&mut Hold> {
        self.holds.iter_mut().flatten().find(|hold| hold.slot == slot)
    }

    /// The signal as it is with its hold. `quality` is the driver's word: `Held` begins a cleaning cycle,
    /// which freezes what it was `before`.
    pub(super) fn apply<Q: Value>(
        &mut self,
        slot: usize,
        quality: Quality,
        before: Signal<Q>,
        signal: Signal<Q>,
        now: Moment,
    ) -> Signal<Q> {
        let cleans = matches!(quality, Quality::Held(_));
        if !cleans && !self.any() {
            return signal;
        }
        if cleans
            && !self.has(slot)
            && let Some(value) = before.shown().map(Value::to_f64)
            && self.hold(slot, value, (now, CLEANING_TIME), 0).is_err()
        {
            // Without a free place the driver's own word stands.
            return signal;
        }
        let Some(hold) = self.of(slot).copied() else { return signal };
        if hold.until > now && !hold.value.is_nan() {
            return Signal::Held(Q::from_f64(hold.value), hold.until);
        }
        if hold.by == 0 && !cleans {
            // The cycle is over and the sensor measures again.
            if let Some(place) =
                self.holds.iter_mut().find(|hold| hold.is_some_and(|hold| hold.slot == slot))
            {
                *place = None;
                self.count -= 1;
            }
            return signal;
        }
        Signal::Bad(Fault::HoldExpired)
    }
}
