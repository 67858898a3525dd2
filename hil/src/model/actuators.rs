//! Drives, contactors and valves, as the relays and registers move them: `plant.md` 1.3, 6.5.

/// VFD ramps, of 50 Hz a second.
const RAMP_UP: f64 = 0.10;
const RAMP_DOWN: f64 = 0.20;
/// Speed of a drive whose run contact is welded. Chosen: what P-501 is set to as a rule.
const WELDED: f64 = 0.95;
/// A motor whose supply or permit is gone coasts. Chosen: a small pump stands within 2 s.
const COAST: f64 = 0.5;
/// Turning slower than this, of 50 Hz, a drive counts as standing.
const STANDING: f64 = 1.0e-3;
/// Within this of its end a valve presses its limit switch.
const LIMIT_SWITCH: f64 = 1.0e-3;

/// Whether an actuator has what it needs to move: the motor contactor in, its permit, no hard-wired trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    On,
    Off,
}

impl Supply {
    /// On while this holds.
    #[must_use]
    pub fn given(condition: bool) -> Supply {
        if condition { Supply::On } else { Supply::Off }
    }
}

/// A pump's variable-frequency drive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drive {
    /// Commanded.
    pub run: bool,
    /// Commanded; 100 % is 50 Hz.
    pub speed_percent: f64,
    /// Its own trip, until somebody resets it at the drive.
    pub tripped: bool,
    /// Turns without moving water: a broken coupling, a blocked impeller.
    pub seized: bool,
    /// It heard nothing for its communication time-out and let go: it coasts until it hears again.
    pub timed_out: bool,
    /// Its contactor is welded: it runs while there is power, whoever says what.
    pub welded: bool,
    /// Speed now, 1 is 50 Hz.
    pub ratio: f64,
    /// What its status word says.
    pub running: bool,
    pub power_kw: f64,
    /// Seconds its pump has turned without water since it was last mended.
    pub dry_s: f64,
}

impl Drive {
    /// Ramps towards its command. `chain` is its permit and its hard-wired trips, `power` what feeds it.
    pub fn advance(&mut self, seconds: f64, chain: Supply, power: Supply) {
        let runs_on = self.welded && power == Supply::On;
        let is_on = runs_on || chain == Supply::On && !self.tripped && !self.timed_out;
        let target = if runs_on {
            WELDED
        } else if is_on && self.run {
            (self.speed_percent / 100.0).clamp(0.0, 1.0)
        } else {
            0.0
        };
        if target > self.ratio {
            self.ratio = (self.ratio + RAMP_UP * seconds).min(target);
        } else {
            let down = if is_on { RAMP_DOWN } else { COAST };
            self.ratio = (self.ratio - down * seconds).max(target);
        }
        self.running = is_on && self.ratio > 0.0;
    }

    /// Its shaft turns.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.ratio > STANDING
    }

    /// Hz.
    #[must_use]
    pub fn frequency(&self) -> f64 {
        50.0 * self.ratio
    }
}

/// A motor behind a contactor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motor {
    /// Commanded.
    pub run: bool,
    /// Thermal overload or a burnt coil: the contactor does not pull in.
    pub tripped: bool,
    /// Contactor in, nothing moved.
    pub seized: bool,
    /// Contactor in for ever.
    pub welded: bool,
    /// The auxiliary contact.
    pub running: bool,
}

impl Motor {
    pub fn advance(&mut self, supply: Supply) {
        self.running = supply == Supply::On && (self.welded || self.run && !self.tripped);
    }

    /// It does its work.
    #[must_use]
    pub fn works(&self) -> bool {
        self.running && !self.seized
    }
}

/// What is wrong with a valve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ValveFault {
    #[default]
    Sound,
    /// Stands where it is.
    Stands,
    /// Opens, whatever its relays say, and stays so.
    DrivenOpen,
    /// Takes three times its time: `plant.md` 6.11.
    Slow,
    /// Moves and says so, but nothing passes: a disc off its stem, a blocked pipe.
    Plugged,
    /// Shut, it still passes this share.
    Leaks(f64),
}

/// A slow valve's travel against a sound one's: `plant.md` 6.11.
const SLOW: f64 = 3.0;

impl ValveFault {
    /// The place after a step, on the way to open or to closed.
    fn moved(self, position: f64, way: f64, opens: bool) -> f64 {
        let (way, opens) = match self {
            ValveFault::Stands => return position,
            ValveFault::DrivenOpen => (way, true),
            ValveFault::Slow => (way / SLOW, opens),
            ValveFault::Sound | ValveFault::Plugged | ValveFault::Leaks(_) => (way, opens),
        };
        (position + if opens { way } else { -way }).clamp(0.0, 1.0)
    }

    /// What water finds open of a valve at this place.
    fn passing(self, position: f64) -> f64 {
        match self {
            ValveFault::Plugged => 0.0,
            ValveFault::Leaks(share) => position.max(share),
            ValveFault::Sound | ValveFault::Stands | ValveFault::DrivenOpen | ValveFault::Slow => {
                position
            }
        }
    }
}

/// A motor valve with two relays: it stays where it is when neither pulls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotorValve {
    pub open: bool,
    pub close: bool,
    /// 0 closed, 1 open.
    pub position: f64,
    pub travel_s: f64,
    pub fault: ValveFault,
}

impl MotorValve {
    #[must_use]
    pub fn new(travel_s: f64, position: f64) -> MotorValve {
        MotorValve { open: false, close: false, position, travel_s, fault: ValveFault::Sound }
    }

    pub fn advance(&mut self, seconds: f64) {
        if self.open == self.close && self.fault != ValveFault::DrivenOpen {
            return;
        }
        self.position = self.fault.moved(self.position, seconds / self.travel_s, self.open);
    }

    /// What water finds open, 0 to 1.
    #[must_use]
    pub fn opening(&self) -> f64 {
        self.fault.passing(self.position)
    }

    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.position >= 1.0 - LIMIT_SWITCH
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.position <= LIMIT_SWITCH
    }
}

/// A valve that its capacitor drives closed when its relay lets go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnValve {
    pub open: bool,
    /// 0 closed, 1 open.
    pub position: f64,
    pub travel_s: f64,
    pub fault: ValveFault,
}

impl ReturnValve {
    #[must_use]
    pub fn new(travel_s: f64) -> ReturnValve {
        ReturnValve { open: false, position: 0.0, travel_s, fault: ValveFault::Sound }
    }

    pub fn advance(&mut self, seconds: f64) {
        self.position = self.fault.moved(self.position, seconds / self.travel_s, self.open);
    }

    /// What water finds open, 0 to 1.
    #[must_use]
    pub fn opening(&self) -> f64 {
        self.fault.passing(self.position)
    }

    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.position >= 1.0 - LIMIT_SWITCH
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.position <= LIMIT_SWITCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_needs_its_permit_and_coasts_when_it_goes() {
        let mut drive = Drive { run: true, speed_percent: 80.0, ..Drive::default() };
        drive.advance(1.0, Supply::Off, Supply::On);
        assert_eq!((drive.ratio, drive.running), (0.0, false));
        for _ in 0..9 {
            drive.advance(1.0, Supply::On, Supply::On);
        }
        assert!((drive.ratio - 0.8).abs() < 1.0e-9 && drive.running);
        drive.advance(1.0, Supply::Off, Supply::On);
        assert!(!drive.running && drive.ratio < 0.31);
        drive.advance(1.0, Supply::Off, Supply::On);
        assert_eq!(drive.ratio, 0.0);
    }

    #[test]
    fn a_motor_valve_stays_and_a_return_valve_closes_when_the_relays_let_go() {
        let mut stays = MotorValve { open: true, ..MotorValve::new(15.0, 0.0) };
        let mut returns = ReturnValve { open: true, ..ReturnValve::new(15.0) };
        for _ in 0..150 {
            stays.advance(0.1);
            returns.advance(0.1);
        }
        assert!(stays.is_opened() && returns.is_opened());
        (stays.open, returns.open) = (false, false);
        for _ in 0..150 {
            stays.advance(0.1);
            returns.advance(0.1);
        }
        assert!(stays.is_opened() && returns.is_closed());
    }
}
