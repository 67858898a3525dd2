//! Whatever comes.

use super::*;

/// A random number from 0 to 1: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        from[((self.roll() * from.len() as f64) as usize).min(from.len() - 1)]
    }
}

/// INV-3, INV-16, INV-18, INV-19, INV-21: whatever the instruments say and people do, P-501 is off within the time each
/// invariant gives.
#[test]
fn whatever_happens_nothing_is_delivered_that_must_not_be() {
    for seed in 1..=12 {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ seed);
        let mut rig = if seed % 4 == 0 { network() } else { Rig::new() };
        let (mut short, mut dry, mut full) = (0, 0, 0);
        for _ in 0..1500 {
            rig.around.residual = dice.one_of(&[
                Signal::Good(MilligramsPerLitre(0.8)),
                Signal::Good(MilligramsPerLitre(0.8)),
                Signal::Good(MilligramsPerLitre(0.25)),
                Signal::Bad(Fault::Stale),
            ]);
            rig.around.inactivation.ratio = dice.one_of(&[2.0, 2.0, 1.5, 0.9]);
            rig.around.holds = dice.one_of(&[
                Reasons::NONE,
                Reasons::NONE,
                Reasons::NONE,
                Reasons::only(Reason::TreatedPhOutOfRange),
                Reasons::only(Reason::WashPumpRuns),
            ]);
            rig.shown =
                dice.one_of(&[Shown::Truth, Shown::Truth, Shown::Nothing, Shown::Number(1.4)]);
            rig.node = dice.roll() < 0.8;
            rig.village = 8.0 * dice.roll();
            rig.filtered = 7.0 * dice.roll();
            rig.pipe = dice.one_of(&[1.0, 1.0, 1.0, 0.0]);
            rig.unit.retained.contaminated = dice.roll() < 0.1;
            rig.around.reset = dice.roll() < 0.1;
            let pump = (dice.roll() * 2.0) as usize;
            let mode = dice.one_of(&[Mode::Auto, Mode::Auto, Mode::Manual, Mode::Off]);
            rig.unit.pump[pump].handling.change(mode, 7);
            let wish = Percent(100.0 * dice.roll());
            let _ = rig.unit.pump[pump].handling.ask(wish, Duration::from_secs(3600), 8);
            for _ in 0..(1.0 + 90.0 * dice.roll()) as u32 {
                // The cause that the plant judges: below 1 for 60 s.
                short = if rig.around.inactivation.ratio < 1.0 { short + 1 } else { 0 };
                rig.around.contact_short = short > 60;
                rig.step();
                let on = rig.on();
                assert!(!(on && rig.unit.retained.contaminated), "INV-16, seed {seed}");
                assert!(!on || rig.around.holds.is_empty(), "INV-18, seed {seed}");
                assert!(!(on && short > 62), "INV-3, seed {seed}");
                dry = if on && rig.well < 0.3 { dry + 1 } else { 0 };
                assert!(dry <= 3, "INV-19, seed {seed}");
                full = if on && rig.unit.has_tank && rig.tank >= 2.5 { full + 1 } else { 0 };
                assert!(full == 0, "INV-21, seed {seed}");
            }
        }
    }
}
