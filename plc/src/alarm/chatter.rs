//! The chatter guard: an alarm that comes and goes is held for longer, and 918 says so (AR-12).

use core::time::Duration;

use crate::signal::Moment;

/// So many activations within [`WITHIN`] are chatter (`docs/spec/interfaces.md` 1.5, AR-12).
const ACTIVATIONS: usize = 5;
const WITHIN: Duration = Duration::from_secs(300);
/// The off-delay is doubled at most up to here.
const OFF_DELAY_MAX: Duration = Duration::from_secs(600);
/// After so long without a cause the alarm has its own off-delay again.
const QUIET: Duration = Duration::from_secs(3600);
/// What an alarm without off-delay begins with; chosen: less than that no longer tells a contact that bounces from two
/// events.
const OFF_DELAY_LEAST: Duration = Duration::from_secs(10);

/// One alarm's last activations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Chatter {
    /// The last ones, oldest at `next`.
    at: [Moment; ACTIVATIONS],
    next: u8,
    known: u8,
    /// How often the off-delay was doubled.
    doubled: u8,
    /// When its cause was last seen to come.
    last_edge: Moment,
}

impl Chatter {
    /// Its cause has come, whether or not its on-delay has passed.
    pub fn edge(&mut self, now: Moment) {
        self.last_edge = now;
    }

    /// It has become active; whether that makes its off-delay longer.
    pub fn activated(&mut self, now: Moment) -> bool {
        self.at[usize::from(self.next) % ACTIVATIONS] = now;
        self.next = (self.next + 1) % ACTIVATIONS as u8;
        self.known = (self.known + 1).min(ACTIVATIONS as u8);
        let oldest = self.at[usize::from(self.next)];
        let chatters = usize::from(self.known) == ACTIVATIONS && now.since(oldest) <= WITHIN;
        if chatters {
            // Ten seconds doubled six times are more than ten minutes.
            self.doubled = (self.doubled + 1).min(6);
        }
        chatters
    }

    /// An hour of quiet ends it.
    pub fn rest(&mut self, now: Moment) {
        if self.doubled > 0 && now.since(self.last_edge) >= QUIET {
            *self = Chatter::default();
        }
    }

    /// Its off-delay is longer than its own.
    pub fn is_guarded(&self) -> bool {
        self.doubled > 0
    }

    /// It still comes and goes: alarm 918, whose off-delay is the hour of quiet.
    pub fn goes_on(&self, now: Moment) -> bool {
        self.doubled > 0 && now.since(self.last_edge) <= WITHIN
    }

    /// How long the cause must be away.
    pub fn off_delay(&self, own: Duration) -> Duration {
        if self.doubled == 0 || own >= OFF_DELAY_MAX {
            return own;
        }
        let begin = if own > OFF_DELAY_LEAST { own } else { OFF_DELAY_LEAST };
        let longer = begin * (1 << self.doubled);
        if longer < OFF_DELAY_MAX { longer } else { OFF_DELAY_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment(seconds * 1_000_000)
    }

    fn come(chatter: &mut Chatter, seconds: u64) -> bool {
        chatter.edge(at(seconds));
        chatter.activated(at(seconds))
    }

    /// AR-12: the fifth activation within five minutes, and not one that is a second too late.
    #[test]
    fn the_fifth_activation_in_five_minutes_is_chatter() {
        for (fifth, chatters) in [(300, true), (301, false)] {
            let mut chatter = Chatter::default();
            for seconds in [0, 10, 20, 30] {
                assert!(!come(&mut chatter, seconds));
            }
            assert_eq!(come(&mut chatter, fifth), chatters, "{fifth}");
            assert_eq!(chatter.is_guarded(), chatters);
        }
    }

    /// AR-12: doubled each time, up to ten minutes; one that is longer by itself stays as it is.
    #[test]
    fn the_off_delay_doubles_up_to_ten_minutes_until_an_hour_is_quiet() {
        let mut chatter = Chatter::default();
        let mut delays = std::vec::Vec::new();
        for second in 0..12 {
            come(&mut chatter, second);
            delays.push(chatter.off_delay(Duration::from_secs(5)).as_secs());
        }
        assert_eq!(delays, [5, 5, 5, 5, 20, 40, 80, 160, 320, 600, 600, 600]);
        assert_eq!(chatter.off_delay(Duration::from_secs(60)), OFF_DELAY_MAX);
        assert_eq!(chatter.off_delay(Duration::from_secs(3600)).as_secs(), 3600);
        assert!(chatter.goes_on(at(311)) && !chatter.goes_on(at(312)));
        chatter.rest(at(11 + 3599));
        assert!(chatter.is_guarded());
        chatter.rest(at(11 + 3600));
        assert_eq!(
            (chatter.is_guarded(), chatter.off_delay(Duration::ZERO)),
            (false, Duration::ZERO)
        );
    }
}
