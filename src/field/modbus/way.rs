//! How a bus is reached, and what that costs in time.

use std::fmt;
use std::time::Duration;

use config::{Bus, BusKind, Parity};

/// Characters of silence between two frames (Modbus over Serial Line V1.02, 2.5.1.1).
const GAP: f64 = 3.5;
/// The same above 19 200 baud, where it does not shrink any more (V1.02, 2.5.1.1).
const GAP_MIN: Duration = Duration::from_micros(1750);
/// Start, eight data bits, parity or a second stop bit, stop (V1.02, 2.5.1): what lies behind a serial server is not known.
const BITS: u32 = 11;

/// The way to a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub kind: BusKind,
    /// Of the serial line, if there is one.
    pub baud: Option<u32>,
}

impl Way {
    #[must_use]
    pub fn of(bus: &Bus) -> Way {
        Way { kind: bus.kind.clone(), baud: bus.baud }
    }

    /// Modbus TCP.
    #[cfg(test)]
    pub fn tcp(address: std::net::SocketAddr) -> Way {
        Way { kind: BusKind::Tcp { address: address.to_string() }, baud: None }
    }

    /// Time that a number of characters takes on the serial line; none where there is no such line, or one behind a gateway
    /// that speaks Modbus TCP and has a clock of its own.
    #[must_use]
    pub fn on_line(&self, characters: usize) -> Duration {
        let bits = match &self.kind {
            BusKind::Tcp { .. } | BusKind::Gpio { .. } => return Duration::ZERO,
            BusKind::RtuOverTcp { .. } => BITS,
            BusKind::Rtu { parity, stop_bits, .. } => {
                let parity = match parity {
                    Parity::None => 0,
                    Parity::Even | Parity::Odd => 1,
                };
                1 + 8 + parity + stop_bits.count()
            }
        };
        let baud = self.baud.unwrap_or(1_200).max(1);
        // A frame has at most 256 characters.
        Duration::from_secs_f64(f64::from(bits) * characters as f64 / f64::from(baud))
    }

    /// Silence before a frame.
    #[must_use]
    pub fn gap(&self) -> Duration {
        self.on_line(1).mul_f64(GAP).max(GAP_MIN)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.place())
    }
}

#[cfg(test)]
mod tests {
    use config::StopBits;

    use super::*;

    #[test]
    fn the_silence_between_frames_is_three_and_a_half_characters_and_never_shorter_than_1_75_ms() {
        let way = |baud, parity, stop_bits| Way {
            kind: BusKind::Rtu { port: "/dev/null".into(), parity, stop_bits },
            baud: Some(baud),
        };
        for (way, gap_us) in [
            (way(9_600, Parity::Even, StopBits::One), 4_010),
            (way(9_600, Parity::None, StopBits::One), 3_645),
            (way(19_200, Parity::None, StopBits::Two), 2_005),
            (way(115_200, Parity::Even, StopBits::One), 1_750),
        ] {
            assert_eq!(way.gap().as_micros(), gap_us, "{way:?}");
        }
    }
}
