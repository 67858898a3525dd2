//! The panel: emergency stop, selector, local reset, watchdog relay, motor contactor K0. `plant.md` 1.5 and 1.7.

/// The watchdog relay drops after this long without an edge of the heartbeat, s.
const WATCHDOG_S: f64 = 1.0;
/// A push of the reset button that nobody ends lasts this long, s. Chosen: a finger.
const PUSH_S: f64 = 1.0;

/// Buttons, relays and the contactor they hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panel {
    /// ES-900: 24 V loop healthy.
    pub emergency_loop: bool,
    /// HS-900: remote.
    pub remote: bool,
    /// HS-901.
    pub reset_pressed: bool,
    /// The door is shut.
    pub door_shut: bool,
    /// GPIO 27: the controller asks for K0.
    pub requested: bool,
    /// GPIO 17 as it stands.
    pub heartbeat: bool,
    /// K0 is in.
    pub contactor: bool,
    heartbeat_before: bool,
    silence_s: f64,
    pushed_s: f64,
}

impl Default for Panel {
    fn default() -> Panel {
        Panel {
            emergency_loop: true,
            remote: true,
            reset_pressed: false,
            door_shut: true,
            requested: false,
            heartbeat: false,
            contactor: false,
            heartbeat_before: false,
            // Nothing has kicked it yet.
            silence_s: 2.0 * WATCHDOG_S,
            pushed_s: 0.0,
        }
    }
}

impl Panel {
    /// The same under a controller that beats: the last edge of its heart was just now.
    #[must_use]
    pub fn held(self) -> Panel {
        Panel { heartbeat_before: self.heartbeat, silence_s: 0.0, ..self }
    }

    /// One step; `mains` feed the contactor's coil and its motors.
    pub fn advance(&mut self, seconds: f64, mains: Mains) {
        if self.heartbeat == self.heartbeat_before {
            self.silence_s += seconds;
        } else {
            self.silence_s = 0.0;
            self.heartbeat_before = self.heartbeat;
        }
        if self.reset_pressed {
            self.pushed_s += seconds;
            if self.pushed_s > PUSH_S {
                self.reset_pressed = false;
            }
        } else {
            self.pushed_s = 0.0;
        }
        self.contactor = self.emergency_loop
            && self.watchdog_holds()
            && self.requested
            && mains == Mains::Present;
    }

    /// KWD-900 is in.
    #[must_use]
    pub fn watchdog_holds(&self) -> bool {
        self.silence_s <= WATCHDOG_S
    }
}

/// Whether the grid feeds the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mains {
    Present,
    Absent,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(panel: &mut Panel, steps: u32) {
        for _ in 0..steps {
            panel.heartbeat = !panel.heartbeat;
            panel.advance(0.1, Mains::Present);
        }
    }

    /// INV-30, INV-35: K0 is held by the loop, the heartbeat, the request and the mains together.
    #[test]
    fn the_contactor_needs_loop_heartbeat_request_and_mains_all_at_once() {
        let mut panel = Panel { requested: true, ..Panel::default() };
        panel.advance(0.1, Mains::Present);
        assert!(!panel.contactor, "nothing has kicked the watchdog yet");
        beat(&mut panel, 3);
        assert!(panel.contactor);
        panel.emergency_loop = false;
        beat(&mut panel, 1);
        assert!(!panel.contactor);
        panel.emergency_loop = true;
        beat(&mut panel, 1);
        assert!(panel.contactor);
        panel.advance(0.1, Mains::Absent);
        assert!(!panel.contactor);
        panel.requested = false;
        beat(&mut panel, 1);
        assert!(!panel.contactor);
    }

    /// INV-30, INV-41: a controller that hangs or dies drops its motors.
    #[test]
    fn a_heart_that_stands_still_drops_the_motors_within_a_second_or_so() {
        let mut panel = Panel { requested: true, ..Panel::default() };
        beat(&mut panel, 5);
        let held = (0..50).take_while(|_| {
            panel.advance(0.1, Mains::Present);
            panel.contactor
        });
        let held = held.count();
        assert!((9..=10).contains(&held), "{held} steps");
    }
}
