//! How long ago things happened, as one number that is kept over a restart.

use core::time::Duration;

use crate::quantity::Count;

/// Bits of an age, and its greatest number.
const BITS: usize = 8;
const MOST: u64 = 0xFF;

/// A byte each, six at most: the age in steps, downwards, and one; 0 for none. Downwards: a restart makes nothing older.
#[must_use]
pub fn packed(ages: &[Option<Duration>], step: Duration) -> Count {
    let byte = |age: Duration| MOST.min(age.as_secs() / step.as_secs() + 1);
    Count(ages.iter().rev().fold(0, |all, age| (all << BITS) | age.map_or(0, byte)) as f64)
}

/// Of what was kept, so much later.
pub fn unpack(kept: Count, step: Duration, later: Duration, ages: &mut [Option<Duration>]) {
    let kept = kept.0 as u64;
    for (at, age) in ages.iter_mut().enumerate() {
        let steps = ((kept >> (BITS * at)) & MOST).checked_sub(1);
        *age = steps.map(|steps| step.saturating_mul(steps as u32).saturating_add(later));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-2.10-08: nothing is older after a restart than it is, and none is lost or made up.
    #[test]
    fn ages_that_are_kept_come_back_no_older() {
        let step = Duration::from_secs(15);
        let ages = [Some(Duration::from_secs(3599)), None, Some(Duration::from_secs(44)), None];
        let mut again = [None; 4];
        unpack(packed(&ages, step), step, Duration::ZERO, &mut again);
        let kept = [Some(Duration::from_secs(3585)), None, Some(Duration::from_secs(30)), None];
        assert_eq!(again, kept);
        unpack(packed(&ages, step), step, Duration::from_secs(60), &mut again);
        assert_eq!(again[2], Some(Duration::from_secs(90)), "a minute later");
    }
}
