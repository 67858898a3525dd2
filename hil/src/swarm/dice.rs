//! Draws that follow from a seed.

use crate::model::random::{Random, Stream};

/// Numbers in order, from a seed.
pub(super) struct Dice {
    random: Random,
    drawn: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice { random: Random { seed }, drawn: 0 }
    }

    /// 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.drawn += 1;
        self.random.uniform(Stream::Swarm, self.drawn)
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.share() * (high - low)
    }

    /// As often between 1 and 10 as between 10 and 100.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        libm::exp(self.between(libm::log(low), libm::log(high)))
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let place = (self.share() * all.len() as f64) as usize;
        &all[place.min(all.len() - 1)]
    }
}
