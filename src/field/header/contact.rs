//! One contact: its polarity, what is a bounce, and what it has counted.
//!
//! A contact counts as closed once it has been closed for a while, and as open sooner: a closed contact permits, an open one
//! trips (`plant.md` 1.4). The time it was closed is filled up like a glass, and emptied faster while it is open. So a spike
//! from a drive is forgiven, a bounce is waited for, and one that chatters, which is no contact any more, counts as open.

use std::time::Duration;

use config::Binding;

/// Closed for so long is closed: relays and buttons have come to rest after 10 ms (chosen: twice that; a scan is 100 ms).
const CLOSES_AFTER: Duration = Duration::from_millis(20);
/// Open for so long is open (chosen: longer than spikes of a drive's cable, a hundredth of what K0 has to open, INV-35).
const OPENS_AFTER: Duration = Duration::from_millis(5);
/// The same, both ways, for a contact whose closings are counted: reed contacts bounce for 1 to 3 ms, and a stroke's pulse
/// lasts tens of ms (chosen).
const COUNTS_AFTER: Duration = Duration::from_millis(8);

/// One contact.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Bit of its line among the levels.
    bit: u32,
    /// Closed is low.
    inverted: bool,
    closes_after: Duration,
    opens_after: Duration,
    /// How full the glass is, up to `closes_after`.
    closed_for: Duration,
    /// `None`: not known yet.
    is_closed: Option<bool>,
    /// Closings.
    count: u16,
}

impl Contact {
    /// A contact that is looked at.
    #[must_use]
    pub fn seen(line: u8, binding: &Binding) -> Contact {
        Contact::new(line, binding.invert, CLOSES_AFTER, OPENS_AFTER)
    }

    /// A contact whose closings are counted.
    #[must_use]
    pub fn counted(line: u8, binding: &Binding) -> Contact {
        Contact::new(line, binding.invert, COUNTS_AFTER, COUNTS_AFTER)
    }

    fn new(line: u8, inverted: bool, closes_after: Duration, opens_after: Duration) -> Contact {
        Contact {
            bit: 1_u32.checked_shl(u32::from(line)).unwrap_or(0),
            inverted,
            closes_after,
            opens_after,
            closed_for: Duration::ZERO,
            is_closed: None,
            count: 0,
        }
    }

    /// Takes in the levels of all lines, `elapsed` after the last ones. What the line did in between nobody knows: of a gap
    /// not more than `tick` counts towards closed, all of it towards open.
    pub fn sample(&mut self, levels: u32, elapsed: Duration, tick: Duration) {
        let is_high = levels & self.bit != 0;
        if is_high != self.inverted {
            self.closed_for = (self.closed_for + elapsed.min(tick)).min(self.closes_after);
            if self.closed_for == self.closes_after {
                if self.is_closed == Some(false) {
                    self.count = self.count.wrapping_add(1);
                }
                self.is_closed = Some(true);
            }
        } else {
            let faster = self.closes_after.div_duration_f64(self.opens_after);
            self.closed_for = self.closed_for.saturating_sub(elapsed.mul_f64(faster));
            if self.closed_for.is_zero() {
                self.is_closed = Some(false);
            }
        }
    }

    /// What is known after the bounces.
    #[must_use]
    pub fn is_closed(&self) -> Option<bool> {
        self.is_closed
    }

    /// Closings since the controller's start; after 65 535 comes 0.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(2);

    /// Feeds a contact on line 4 with levels, one a tick.
    fn feed(contact: &mut Contact, levels: &[(bool, usize)]) -> Option<bool> {
        for (is_high, ticks) in levels {
            for _ in 0..*ticks {
                contact.sample(u32::from(*is_high) << 4, TICK, TICK);
            }
        }
        contact.is_closed()
    }

    fn contact() -> Contact {
        Contact::new(4, false, CLOSES_AFTER, OPENS_AFTER)
    }

    #[test]
    fn a_contact_is_closed_after_20_ms_and_open_after_5() {
        for (levels, known) in [
            (&[(true, 9)][..], None),
            (&[(true, 10)], Some(true)),
            (&[(true, 10), (false, 2)], Some(true)),
            (&[(true, 10), (false, 3)], Some(false)),
            (&[(false, 1)], Some(false)),
            (&[(false, 1), (true, 9)], Some(false)),
            (&[(false, 1), (true, 10)], Some(true)),
        ] {
            assert_eq!(feed(&mut contact(), levels), known, "{levels:?}");
        }
    }

    #[test]
    fn a_spike_is_forgiven_and_a_contact_that_chatters_is_open() {
        let mut spiked = contact();
        let mut chattering = contact();
        feed(&mut spiked, &[(true, 10)]);
        feed(&mut chattering, &[(true, 10)]);
        for _ in 0..50 {
            assert_eq!(feed(&mut spiked, &[(false, 1), (true, 9)]), Some(true));
            feed(&mut chattering, &[(false, 1), (true, 1)]);
        }
        assert_eq!(chattering.is_closed(), Some(false));
    }

    #[test]
    fn an_inverted_contact_is_closed_while_its_line_is_low() {
        let mut loop_of_stops = Contact::new(4, true, CLOSES_AFTER, OPENS_AFTER);
        assert_eq!(feed(&mut loop_of_stops, &[(false, 10)]), Some(true));
        // The wire breaks: the line is pulled up.
        assert_eq!(feed(&mut loop_of_stops, &[(true, 3)]), Some(false));
    }

    #[test]
    fn a_gap_between_two_looks_counts_towards_open_and_not_towards_closed() {
        let long = Duration::from_secs(1);
        let mut one = contact();
        feed(&mut one, &[(false, 1)]);
        one.sample(1 << 4, long, TICK);
        assert_eq!(one.is_closed(), Some(false));
        feed(&mut one, &[(true, 10)]);
        one.sample(0, long, TICK);
        assert_eq!(one.is_closed(), Some(false));
    }

    #[test]
    fn each_closing_is_counted_once_however_it_bounces_and_the_first_state_is_none() {
        let mut strokes = Contact::new(4, false, COUNTS_AFTER, COUNTS_AFTER);
        feed(&mut strokes, &[(true, 20)]);
        assert_eq!(strokes.count(), 0);
        for stroke in 1..=3 {
            feed(&mut strokes, &[(false, 50)]);
            let bounces = [(true, 1), (false, 1), (true, 1), (false, 1), (true, 25), (false, 1)];
            feed(&mut strokes, &bounces);
            assert_eq!(strokes.count(), stroke);
        }
        strokes.count = u16::MAX;
        feed(&mut strokes, &[(false, 50), (true, 50)]);
        assert_eq!(strokes.count(), 0);
    }
}
