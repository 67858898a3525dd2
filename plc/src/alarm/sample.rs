//! What interfaces show of an alarm beside its state: flat, one slot an alarm.

use core::time::Duration;

use super::shelf::{Place, Shelf};
use super::state::State;
use crate::reason::{Reason, Reasons};
use crate::signal::Quality;

/// One alarm after one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmSample {
    /// Region P.
    pub state: State,
    /// Region S, its three flags.
    pub suppressed: bool,
    pub shelf: Shelf,
    pub out_of_service: bool,
    /// First of its trip group since all of that was Normal.
    pub first_out: bool,
    /// Others became active in the same scan (AR-13).
    pub same_scan: bool,
    /// The chatter guard holds it for longer than its own off-delay.
    pub guarded: bool,
    /// Row of the alarm that explains it; `None`: nothing does, or its own unit is off.
    pub cause: Option<usize>,
    /// Time left on the shelf.
    pub shelf_left: Duration,
    /// Activations since the controller started.
    pub count: u32,
    /// Of them, within ten minutes of the last message about it.
    pub repeats: u16,
    /// Orders of the people who acknowledged it, put it on the shelf, took it out of service; 0: nobody. The journal has the
    /// names.
    pub acknowledged_by: u32,
    pub shelved_by: u32,
    pub out_by: u32,
    /// Quality of what it was last judged on.
    pub quality: Quality,
}

impl Default for AlarmSample {
    fn default() -> AlarmSample {
        AlarmSample {
            state: State::Normal,
            suppressed: false,
            shelf: Shelf::Unshelved,
            out_of_service: false,
            first_out: false,
            same_scan: false,
            guarded: false,
            cause: None,
            shelf_left: Duration::ZERO,
            count: 0,
            repeats: 0,
            acknowledged_by: 0,
            shelved_by: 0,
            out_by: 0,
            quality: Quality::Good,
        }
    }
}

impl AlarmSample {
    /// Nobody is told of it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.suppressed || self.shelf != Shelf::Unshelved || self.out_of_service
    }

    /// The ISA-18.2 letter: I, G, H, else that of region P.
    #[must_use]
    pub fn letter(&self) -> char {
        match (self.out_of_service, self.shelf, self.suppressed) {
            (true, _, _) => 'I',
            (false, Shelf::Timed | Shelf::OneShot, _) => 'G',
            (false, Shelf::Unshelved, true) => 'H',
            (false, Shelf::Unshelved, false) => self.state.letter(),
        }
    }

    /// Why it is hidden.
    #[must_use]
    pub fn why(&self) -> Reasons {
        Reasons::NONE
            .and_if(self.suppressed, Reason::SuppressedByDesign)
            .and_if(self.shelf != Shelf::Unshelved, Reason::AlarmShelved)
            .and_if(self.out_of_service, Reason::AlarmOutOfService)
    }

    /// What of it survives a restart.
    #[must_use]
    pub fn kept(&self) -> KeptAlarm {
        KeptAlarm {
            state: self.state,
            shelf: self.shelf,
            shelf_left: self.shelf_left,
            out_of_service: self.out_of_service,
        }
    }
}

/// What of an alarm survives a restart, as one number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KeptAlarm {
    pub state: State,
    pub shelf: Shelf,
    pub shelf_left: Duration,
    pub out_of_service: bool,
}

// The number's digits: state 0 to 7, out of service, shelf 0 to 2, seconds left. Below 2^53, as the longest shelf is 8 h.
const STATES: u64 = 8;
const OUT: u64 = 2;
const SHELVES: u64 = 4;
/// The longest shelf and a good bit more: what is beyond was never written by this program.
const SECONDS_MAX: u64 = 1 << 20;

impl KeptAlarm {
    /// As a number.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // A part of a second that is left is left.
        let left = self.shelf_left.as_secs() + u64::from(self.shelf_left.subsec_nanos() > 0);
        let packed = (left * SHELVES + self.shelf as u64) * OUT + u64::from(self.out_of_service);
        (packed * STATES + self.state as u64) as f64
    }

    /// A person has put it aside.
    #[must_use]
    pub fn is_put_aside(&self) -> bool {
        self.shelf != Shelf::Unshelved || self.out_of_service
    }

    /// Of such a number; `None`: it is none.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<KeptAlarm> {
        let most = (SECONDS_MAX * SHELVES * OUT * STATES) as f64;
        if !(number >= 0.0 && number < most) {
            return None;
        }
        let packed = number as u64;
        let state = State::from_number((packed % STATES) as u8)?;
        let packed = packed / STATES;
        let out_of_service = packed % OUT == 1;
        let packed = packed / OUT;
        let shelf = match packed % SHELVES {
            0 => Shelf::Unshelved,
            1 => Shelf::Timed,
            2 => Shelf::OneShot,
            _ => return None,
        };
        let shelf_left = Duration::from_secs(packed / SHELVES);
        Some(KeptAlarm { state, shelf, shelf_left, out_of_service })
    }

    pub(super) fn place(&self) -> Place {
        Place { shelf: self.shelf, left: self.shelf_left, by: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letter is that of the strongest flag, and the three flags stay apart.
    #[test]
    fn the_letter_says_out_of_service_before_shelf_before_design_before_state() {
        for (out, shelf, suppressed, letter) in [
            (false, Shelf::Unshelved, false, 'B'),
            (false, Shelf::Unshelved, true, 'H'),
            (false, Shelf::Timed, true, 'G'),
            (false, Shelf::OneShot, false, 'G'),
            (true, Shelf::Timed, true, 'I'),
            (true, Shelf::Unshelved, false, 'I'),
        ] {
            let state = State::Unacknowledged;
            let sample =
                AlarmSample { state, out_of_service: out, shelf, suppressed, ..Default::default() };
            assert_eq!((sample.letter(), sample.is_hidden()), (letter, letter != 'B'));
            let why = Reasons::NONE
                .and_if(out, Reason::AlarmOutOfService)
                .and_if(shelf != Shelf::Unshelved, Reason::AlarmShelved)
                .and_if(suppressed, Reason::SuppressedByDesign);
            assert_eq!(sample.why(), why);
        }
    }

    #[test]
    fn what_is_kept_of_an_alarm_goes_through_one_number() {
        for state in State::ALL {
            for shelf in [Shelf::Unshelved, Shelf::Timed, Shelf::OneShot] {
                for out_of_service in [false, true] {
                    let shelf_left = Duration::from_secs(8 * 3600);
                    let kept = KeptAlarm { state, shelf, shelf_left, out_of_service };
                    assert_eq!(KeptAlarm::from_f64(kept.to_f64()), Some(kept));
                }
            }
            // A state alone is its number, as it was before there was a shelf.
            let plain = KeptAlarm { state, ..KeptAlarm::default() };
            assert_eq!(plain.to_f64(), f64::from(state as u8));
        }
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 1e30, 6.0, 7.0] {
            assert_eq!(KeptAlarm::from_f64(wrong), None, "{wrong}");
        }
    }
}
