//! How much the alarms ask of people: rates, flood, shares (`docs/spec/interfaces.md` 1.5, AR-10, AR-11).
//!
//! Counted are announced activations: an alarm that comes, comes again after it was seen, or comes back from the shelf, and
//! that nothing hides.

use core::time::Duration;

use super::Priority;

/// Counts in a window that slides by whole bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window<const N: usize> {
    bins: [u16; N],
    at: usize,
    sum: u32,
}

impl<const N: usize> Default for Window<N> {
    fn default() -> Window<N> {
        Window { bins: [0; N], at: 0, sum: 0 }
    }
}

impl<const N: usize> Window<N> {
    /// So many more, now.
    pub fn add(&mut self, more: u16) {
        let bin = &mut self.bins[self.at];
        let room = u16::MAX - *bin;
        let added = if more < room { more } else { room };
        *bin += added;
        self.sum += u32::from(added);
    }

    /// The next bin begins; the oldest is forgotten.
    pub fn shift(&mut self) {
        self.at = (self.at + 1) % N;
        self.sum -= u32::from(self.bins[self.at]);
        self.bins[self.at] = 0;
    }

    /// All in the window.
    pub fn sum(&self) -> u32 {
        self.sum
    }

    /// The fullest bin.
    pub fn peak(&self) -> u16 {
        self.bins.iter().copied().max().unwrap_or(0)
    }
}

/// The ten largest of some counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Busiest {
    most: [u32; 10],
}

impl Busiest {
    /// One more count.
    pub fn take(&mut self, mut count: u32) {
        if count == 0 {
            return;
        }
        for place in &mut self.most {
            if count > *place {
                core::mem::swap(place, &mut count);
            }
        }
    }

    /// The ten together.
    pub fn sum(&self) -> u32 {
        self.most.iter().sum()
    }
}

/// A beat of this length, made of scans of any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Beat {
    every: Duration,
    passed: Duration,
}

impl Beat {
    pub const fn of_s(seconds: u64) -> Beat {
        Beat { every: Duration::from_secs(seconds), passed: Duration::ZERO }
    }

    /// How many beats end in this scan.
    pub fn elapse(&mut self, elapsed: Duration) -> u32 {
        self.passed = self.passed.saturating_add(elapsed);
        let mut beats = 0;
        // A scan is at most some seconds long: this ends soon. A gap of hours empties every window all the same.
        while self.passed >= self.every && beats < 100 {
            self.passed -= self.every;
            beats += 1;
        }
        beats
    }
}

/// A flood begins at so many in ten minutes, and ends below so many.
const FLOOD_BEGINS: u32 = 10;
const FLOOD_ENDS: u32 = 5;

/// How many alarms stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub now: u32,
    /// For more than a day.
    pub stale: u32,
    /// For more than three.
    pub stale_long: u32,
    /// Not yet seen.
    pub unseen: u32,
    /// Low and medium ones that a page leaves out during a flood.
    pub low: u32,
}

/// The figures of now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    ten_minutes: Window<60>,
    hour: Window<60>,
    /// By priority.
    day: [Window<24>; 4],
    fleeting: Window<24>,
    flood_seconds: Window<24>,
    ten_seconds: Beat,
    minute: Beat,
    whole_hour: Beat,
    second: Beat,
    flood: bool,
    /// Standing, standing for a day, for three days.
    pub(super) standing: u32,
    pub(super) stale: u32,
    pub(super) stale_long: u32,
    pub(super) unseen: u32,
    pub(super) suppressed: u32,
    pub(super) shelved: u32,
    pub(super) out_of_service: u32,
    /// Low and medium ones that a page leaves out during a flood.
    pub(super) low: u32,
    /// Of the last day, the ten alarms that came most often.
    pub(super) top_ten: u32,
    /// Slot of the alarm that chatters, and of one hidden by its unit for too long.
    pub(super) chattering: Option<usize>,
    pub(super) hidden_too_long: Option<usize>,
    pub(super) unjudged: Option<usize>,
}

impl Default for Load {
    fn default() -> Load {
        Load {
            ten_minutes: Window::default(),
            hour: Window::default(),
            day: [Window::default(); 4],
            fleeting: Window::default(),
            flood_seconds: Window::default(),
            ten_seconds: Beat::of_s(10),
            minute: Beat::of_s(60),
            whole_hour: Beat::of_s(3600),
            second: Beat::of_s(1),
            flood: false,
            standing: 0,
            stale: 0,
            stale_long: 0,
            unseen: 0,
            suppressed: 0,
            shelved: 0,
            out_of_service: 0,
            low: 0,
            top_ten: 0,
            chattering: None,
            hidden_too_long: None,
            unjudged: None,
        }
    }
}

impl Load {
    /// Time passes; how many whole hours end.
    pub(super) fn elapse(&mut self, elapsed: Duration) -> u32 {
        (0..self.ten_seconds.elapse(elapsed)).for_each(|_| self.ten_minutes.shift());
        (0..self.minute.elapse(elapsed)).for_each(|_| self.hour.shift());
        let hours = self.whole_hour.elapse(elapsed);
        for _ in 0..hours {
            self.day.iter_mut().for_each(Window::shift);
            self.fleeting.shift();
            self.flood_seconds.shift();
        }
        let seconds = self.second.elapse(elapsed);
        self.judge_flood();
        if self.flood {
            self.flood_seconds.add(seconds as u16);
        }
        hours
    }

    /// What stands and what is hidden is counted anew.
    pub(super) fn begin_survey(&mut self) {
        (self.standing, self.stale, self.stale_long) = (0, 0, 0);
        (self.unseen, self.low) = (0, 0);
        (self.suppressed, self.shelved, self.out_of_service) = (0, 0, 0);
        (self.chattering, self.hidden_too_long, self.unjudged) = (None, None, None);
    }

    fn judge_flood(&mut self) {
        let recent = self.ten_minutes.sum();
        self.flood = recent >= FLOOD_BEGINS || (self.flood && recent >= FLOOD_ENDS);
    }

    /// One was announced.
    pub(super) fn announced(&mut self, priority: Priority) {
        self.ten_minutes.add(1);
        self.hour.add(1);
        self.day[priority as usize].add(1);
        self.judge_flood();
    }

    /// One went before anybody could have done something.
    pub(super) fn fled(&mut self) {
        self.fleeting.add(1);
    }

    /// Slot of an alarm that cannot be judged, and whose words say that this is told (908).
    #[must_use]
    pub fn unjudged(&self) -> Option<usize> {
        self.unjudged
    }

    /// Slots of an alarm that chatters, and of one that its unit has hidden for too long.
    #[must_use]
    pub fn told_of(&self) -> (Option<usize>, Option<usize>) {
        (self.chattering, self.hidden_too_long)
    }

    /// Standing; of them for a day, for three days; not yet seen; low and medium ones that a page leaves out in a flood.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            now: self.standing,
            stale: self.stale,
            stale_long: self.stale_long,
            unseen: self.unseen,
            low: if self.flood { self.low } else { 0 },
        }
    }

    /// Suppressed by design, on the shelf, out of service.
    #[must_use]
    pub fn hidden(&self) -> (u32, u32, u32) {
        (self.suppressed, self.shelved, self.out_of_service)
    }

    /// More come than a person can follow.
    #[must_use]
    pub fn is_flood(&self) -> bool {
        self.flood
    }

    /// Announced in the last ten minutes, hour, day.
    #[must_use]
    pub fn announced_in(&self) -> (u32, u32, u32) {
        (self.ten_minutes.sum(), self.hour.sum(), self.day_sum())
    }

    /// The fullest minute of the last hour.
    #[must_use]
    pub fn peak_minute(&self) -> u16 {
        self.hour.peak()
    }

    /// Share of a priority, and of those below it where `and_below`, in the last day.
    #[must_use]
    pub fn share(&self, priorities: &[Priority]) -> f64 {
        let of = |priority: &Priority| self.day[*priority as usize].sum();
        share(priorities.iter().map(of).sum(), self.day_sum())
    }

    /// Share of the ten that came most often.
    #[must_use]
    pub fn top_share(&self) -> f64 {
        share(self.top_ten, self.day_sum())
    }

    /// Came and went too fast in the last day.
    #[must_use]
    pub fn fleeting(&self) -> u32 {
        self.fleeting.sum()
    }

    /// How much of the last day was a flood.
    #[must_use]
    pub fn flood_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.flood_seconds.sum()))
    }

    fn day_sum(&self) -> u32 {
        self.day.iter().map(Window::sum).sum()
    }
}

/// In %; of nothing, nothing.
fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * f64::from(part) / f64::from(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_s(load: &mut Load, seconds: u64) {
        (0..seconds).for_each(|_| {
            load.elapse(Duration::from_secs(1));
        });
    }

    /// AR-10: ten in ten minutes begin it, in whatever minutes of the clock they lie; fewer than five end it.
    #[test]
    fn a_flood_begins_at_ten_in_ten_minutes_and_ends_below_five() {
        let mut load = Load::default();
        run_s(&mut load, 7);
        for count in 1..=10 {
            load.announced(Priority::P3);
            assert_eq!(load.is_flood(), count == 10, "{count}");
            run_s(&mut load, 60);
        }
        // One a minute came: the sixth of them is ten minutes old after this.
        run_s(&mut load, 290);
        assert_eq!((load.announced_in().0, load.is_flood()), (5, true));
        run_s(&mut load, 60);
        assert_eq!((load.announced_in().0, load.is_flood()), (4, false));
        assert_eq!(load.announced_in(), (4, 10, 10));
        let flood = load.flood_time().as_secs();
        assert!((340..=411).contains(&flood), "{flood}");
    }

    /// AR-10: nine do not, however long they go on so.
    #[test]
    fn nine_in_ten_minutes_are_no_flood() {
        let mut load = Load::default();
        for _ in 0..100 {
            load.announced(Priority::P4);
            run_s(&mut load, 68);
            assert!(!load.is_flood());
        }
    }

    /// AR-10: shares of a day, and a day after that nothing.
    #[test]
    fn shares_and_counts_are_those_of_the_last_day() {
        let mut load = Load::default();
        for (priority, times) in
            [(Priority::P1, 1), (Priority::P2, 3), (Priority::P3, 10), (Priority::P4, 6)]
        {
            (0..times).for_each(|_| load.announced(priority));
        }
        load.fled();
        let low = [Priority::P3, Priority::P4];
        let shares = [&[Priority::P1][..], &[Priority::P2], &low].map(|of| load.share(of));
        assert_eq!(shares, [5.0, 15.0, 80.0]);
        assert_eq!((load.fleeting(), load.peak_minute()), (1, 20));
        for _ in 0..25 * 360 {
            load.elapse(Duration::from_secs(10));
        }
        assert_eq!((load.announced_in(), load.fleeting()), ((0, 0, 0), 0));
        assert_eq!(load.share(&low), 0.0);
    }
}
