//! What the alarms ask of people, and the two alarms about alarms (`docs/spec/interfaces.md` 1.5, 1.6).

use core::time::Duration;

use crate::alarm::{Condition, Engine, Priority};
use crate::declare::{alarm, alarms, parts, shown, status};
use crate::quantity::{Count, Percent};

status! {
    /// Figures of the last ten minutes, hour and day, in plant time.
    pub struct Status {
        /// Ten or more alarms came within ten minutes, and not yet fewer than five.
        pub flood: bool = shown(),
        /// Announced in the last ten minutes.
        pub in_ten_minutes: Count = shown(),
        /// Announced in the last hour.
        pub in_hour: Count = shown(),
        /// Announced in the fullest minute of the last hour.
        pub peak_minute: Count = shown(),
        /// Announced in the last day.
        pub in_day: Count = shown(),
        /// Time of the last day that was a flood.
        pub flood_time: Duration = shown(),
        /// Share of the ten alarms that came most often, of the last day.
        pub top_share: Percent = shown().span(0.0..=100.0),
        /// Share of critical alarms, of the last day; about 5 % is right.
        pub critical_share: Percent = shown().span(0.0..=100.0),
        /// Share of high alarms, of the last day; about 15 % is right.
        pub high_share: Percent = shown().span(0.0..=100.0),
        /// Share of medium and low alarms, of the last day; about 80 % is right.
        pub low_share: Percent = shown().span(0.0..=100.0),
        /// Came and went within a minute, of the last day.
        pub fleeting: Count = shown(),
        /// Alarms that stand.
        pub standing: Count = shown(),
        /// Alarms that stand for more than a day.
        pub stale: Count = shown(),
        /// Alarms that stand for more than three days.
        pub stale_long: Count = shown(),
        /// Alarms that nobody has seen yet.
        pub unseen: Count = shown(),
        /// Medium and low alarms left out while a flood lasts.
        pub left_out: Count = shown(),
        /// Alarms suppressed by design.
        pub suppressed: Count = shown(),
        /// Alarms on the shelf.
        pub shelved: Count = shown(),
        /// Alarms out of service.
        pub out_of_service: Count = shown(),
        /// Row of an alarm that chatters; 0: none.
        pub chattering_alarm: Count = shown(),
        /// Row of an alarm that its unit has hidden for more than a day; 0: none.
        pub hidden_alarm: Count = shown(),
    }
}

alarms! {
    /// Alarms about alarms.
    pub struct Alarms {
        /// ALARM-900, an alarm chatters.
        pub chattering: Condition = alarm(918, Priority::P4).delays_s(0.0, 3600.0),
        /// ALARM-900, an alarm is suppressed by design for too long.
        pub hidden_too_long: Condition = alarm(919, Priority::P4),
    }
}

/// What the alarms ask of people.
#[derive(Default)]
pub struct AlarmLoad {
    pub status: Status,
    pub alarms: Alarms,
}
parts! { AlarmLoad { status, alarms; one: ; many: ; maybe: ; } }

impl AlarmLoad {
    /// As of the last scan.
    pub fn show(&mut self, engine: &Engine) {
        let load = engine.load();
        let (in_ten_minutes, in_hour, in_day) = load.announced_in();
        let (suppressed, shelved, out_of_service) = load.hidden();
        let (chattering, hidden) = load.told_of();
        let standing = load.standing();
        let count = |number: u32| Count(f64::from(number));
        let row =
            |slot: Option<usize>| Count(slot.and_then(|slot| engine.row(slot)).unwrap_or(0) as f64);
        let share = |of: &[Priority]| Percent(load.share(of));
        self.status = Status {
            flood: load.is_flood(),
            in_ten_minutes: count(in_ten_minutes),
            in_hour: count(in_hour),
            peak_minute: count(load.peak_minute().into()),
            in_day: count(in_day),
            flood_time: load.flood_time(),
            top_share: Percent(load.top_share()),
            critical_share: share(&[Priority::P1]),
            high_share: share(&[Priority::P2]),
            low_share: share(&[Priority::P3, Priority::P4]),
            fleeting: count(load.fleeting()),
            standing: count(standing.now),
            stale: count(standing.stale),
            stale_long: count(standing.stale_long),
            unseen: count(standing.unseen),
            left_out: count(standing.low),
            suppressed: count(suppressed),
            shelved: count(shelved),
            out_of_service: count(out_of_service),
            chattering_alarm: row(chattering),
            hidden_alarm: row(hidden),
        };
        self.alarms = Alarms {
            chattering: Condition::when(chattering.is_some()),
            hidden_too_long: Condition::when(hidden.is_some()),
        };
    }
}
