//! The words and macros a unit declares its points with.
//!
//! One declaration a point: the doc line is the catalogue row (`/// FIT-3n0, flow through the bed.` is tag and description),
//! the type gives unit and form, the words the rest. In a tag `n` is the unit's number, `x` the device's letter, `@` the
//! loop of the enclosing device.

use core::ops::RangeInclusive;
use core::time::Duration;

use crate::alarm::{OnBad, Parent, Priority, TripGroup};
use crate::interlock::Column;
use crate::reason::Reasons;
use crate::tag::{
    Activity, Adjustable, Check, Driven, Due, Kept, Measured, Plain, Rationale, Role, Source,
};

const fn seconds(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0) as u64)
}

/// An instrument with this range.
#[must_use]
pub const fn measured(range: RangeInclusive<f64>) -> Measured {
    Measured {
        low: *range.start(),
        high: *range.end(),
        poll: seconds(1.0),
        rate_max: 0.0,
        negative_min: f64::NEG_INFINITY,
        stuck_after: Duration::ZERO,
        resolution: 0.0,
        zero_after: Duration::ZERO,
        zero: 0.0,
        moved_by: Activity::Always,
        source: Source::Field,
    }
}

/// A contact on the header or a remote module.
#[must_use]
pub const fn contact() -> Measured {
    measured(0.0..=1.0).every_s(0.5)
}

impl Measured {
    /// Longest acceptable time between good values.
    #[must_use]
    pub const fn every_s(mut self, poll: f64) -> Measured {
        self.poll = seconds(poll);
        self
    }
    /// Fastest credible change, units a second.
    #[must_use]
    pub const fn rate_max(mut self, rate: f64) -> Measured {
        self.rate_max = rate;
        self
    }
    /// Below this it is bad; between it and zero it counts as zero.
    #[must_use]
    pub const fn not_below(mut self, low: f64) -> Measured {
        self.negative_min = low;
        self
    }
    /// Stuck when it moves less than half of `resolution` for so many seconds while the process moves.
    #[must_use]
    pub const fn stuck_after_s(mut self, time: f64, resolution: f64) -> Measured {
        self.stuck_after = seconds(time);
        self.resolution = resolution;
        self
    }
    /// Contradicts the plant when it stays at or below `zero` for so many seconds while the process moves.
    #[must_use]
    pub const fn not_zero_for_s(mut self, time: f64, zero: f64) -> Measured {
        self.zero_after = seconds(time);
        self.zero = zero;
        self
    }
    /// What makes it move.
    #[must_use]
    pub const fn moved_by(mut self, activity: Activity) -> Measured {
        self.moved_by = activity;
        self
    }
    /// Reported by the shell, never bound to the field.
    #[must_use]
    pub const fn reported(mut self) -> Measured {
        self.source = Source::Shell;
        self
    }
}

/// An output that is on or off.
#[must_use]
pub const fn switched() -> Driven {
    Driven { column: None, high: 1.0 }
}

/// An output from 0 to `high`.
#[must_use]
pub const fn up_to(high: f64) -> Driven {
    Driven { column: None, high }
}

impl Driven {
    /// The column of the cause-and-effect table it obeys, where its device does not say.
    #[must_use]
    pub const fn held_by(mut self, column: Column) -> Driven {
        self.column = Some(column);
        self
    }
}

/// A setting with range and default; Engineer may change it unless [`Adjustable::by`] says otherwise.
#[must_use]
pub const fn between(range: RangeInclusive<f64>, default: f64) -> Adjustable {
    Adjustable {
        low: *range.start(),
        high: *range.end(),
        default,
        role: Role::Engineer,
        step: f64::INFINITY,
    }
}

impl Adjustable {
    /// The largest change within ten minutes: a slip of the finger moves it a little, not to the end of its range.
    #[must_use]
    pub const fn by_steps_of(mut self, step: f64) -> Adjustable {
        self.step = step;
        self
    }
    /// The least role that may change it.
    #[must_use]
    pub const fn by(mut self, role: Role) -> Adjustable {
        self.role = role;
        self
    }
}

/// A status field.
#[must_use]
pub const fn shown() -> Plain {
    Plain { span: None, among: Reasons::NONE }
}

impl Plain {
    /// The span of its indicator.
    #[must_use]
    pub const fn span(mut self, range: RangeInclusive<f64>) -> Plain {
        self.span = Some((*range.start(), *range.end()));
        self
    }
    /// Every reason that this set may hold, whether it holds now or not (`why.rs`).
    #[must_use]
    pub const fn among(mut self, permissives: Reasons) -> Plain {
        self.among = permissives;
        self
    }
}

/// A value that survives a restart; a contact is open or closed, a state one of its names. Anything else is a number and must
/// say what it can be (a billion seconds are 31 years); a contact and a state say what they are taken for in doubt.
#[must_use]
pub const fn kept() -> Kept {
    Kept { low: f64::NAN, high: f64::NAN, doubted: None, due: None }
}

impl Kept {
    /// A kept number outside this is not taken up.
    #[must_use]
    pub const fn within(mut self, range: RangeInclusive<f64>) -> Kept {
        self.low = *range.start();
        self.high = *range.end();
        self
    }
    /// Set is its safe side: a latch, a lock-out, a question that stands.
    #[must_use]
    pub const fn else_set(self) -> Kept {
        self.else_is(1.0)
    }
    /// Not set is its safe side.
    #[must_use]
    pub const fn else_clear(self) -> Kept {
        self.else_is(0.0)
    }
    /// What it counts as where what was kept of it cannot be (R-2.10-08): its safe side.
    #[must_use]
    pub const fn else_is(mut self, doubted: f64) -> Kept {
        self.doubted = Some(doubted);
        self
    }
    /// Time left until an instrument is tested against a known value, of `high` at most; it starts whole and is counted down
    /// by the plant, over a restart too.
    #[must_use]
    pub const fn due(mut self, check: Check, high: f64) -> Kept {
        self.low = 0.0;
        self.high = check.good_for().as_secs() as f64;
        self.due = Some(Due { check, high });
        self
    }
}

/// A critical alarm that somebody has seen and nobody has ended is announced again after this, so many times; chosen: the
/// time to act is minutes, and after three more tries it is known and stands.
const RE_ALARM_TIME: f64 = 3600.0;
const RE_ALARMS: u8 = 3;

/// An alarm of `docs/spec/plant.md` 4.
#[must_use]
pub const fn alarm(number: u16, priority: Priority) -> Rationale {
    Rationale {
        number,
        priority,
        on_delay: Duration::ZERO,
        off_delay: Duration::ZERO,
        latching: false,
        on_bad: OnBad::Hold,
        explained_by: &[],
        parent: None,
        stands_without_mains: false,
        trip: None,
        re_alarm_time: seconds(RE_ALARM_TIME),
        re_alarms: if matches!(priority, Priority::P1) { RE_ALARMS } else { 0 },
    }
}

impl Rationale {
    /// How long the condition must last before the alarm comes, and be away before it goes.
    #[must_use]
    pub const fn delays_s(mut self, on: f64, off: f64) -> Rationale {
        self.on_delay = seconds(on);
        self.off_delay = seconds(off);
        self
    }
    /// Stays until reset.
    #[must_use]
    pub const fn latching(mut self) -> Rationale {
        self.latching = true;
        self
    }
    /// What a bad sensor means; unless said, the alarm stays as it is.
    #[must_use]
    pub const fn on_bad(mut self, on_bad: OnBad) -> Rationale {
        self.on_bad = on_bad;
        self
    }
    /// Nobody is told of it while one of these alarms is there, by number (`docs/spec/plant.md` 4, consequence chains): what
    /// explains those explains it too.
    #[must_use]
    pub const fn explained_by(mut self, numbers: &'static [u16]) -> Rationale {
        self.explained_by = numbers;
        self
    }
    /// Nobody is told of it while its bus is lost (code s5).
    #[must_use]
    pub const fn behind(mut self, parent: Parent) -> Rationale {
        self.parent = Some(parent);
        self
    }
    /// Told of even while the mains are lost; all others wait (code s4, and `docs/spec/plant.md` 4: 901 → everything).
    #[must_use]
    pub const fn without_mains(mut self) -> Rationale {
        self.stands_without_mains = true;
        self
    }
    /// What it stops: the first of a group is marked.
    #[must_use]
    pub const fn trips(mut self, group: TripGroup) -> Rationale {
        self.trip = Some(group);
        self
    }
    /// Seen and still there, it is announced again after so many seconds, so many times.
    #[must_use]
    pub const fn re_alarms(mut self, after_s: f64, times: u8) -> Rationale {
        self.re_alarm_time = seconds(after_s);
        self.re_alarms = times;
        self
    }
}

/// Where the tag of a doc line ends: the place of its comma, or 0 when it has no tag.
const fn tag_end(doc: &str) -> usize {
    let bytes = doc.as_bytes();
    if bytes.len() < 2 || !bytes[1].is_ascii_uppercase() {
        return 0;
    }
    let mut at = 1;
    let mut dash = false;
    while at < bytes.len() {
        match bytes[at] {
            b',' if dash => return at,
            b'-' => dash = true,
            b'A'..=b'Z' | b'0'..=b'9' | b'n' | b'x' | b'@' => {}
            _ => return 0,
        }
        at += 1;
    }
    0
}

/// The ISA tag of a doc line, or nothing.
#[must_use]
pub const fn tag_of(doc: &'static str) -> &'static str {
    let end = tag_end(doc);
    if end == 0 { "" } else { doc.split_at(end).0.split_at(1).1 }
}

/// The description of a doc line, without its full stop.
#[must_use]
pub const fn about_of(doc: &'static str) -> &'static str {
    let end = tag_end(doc);
    let about = doc.split_at(if end == 0 { 1 } else { end + 2 }).1;
    let length = about.len();
    if length > 0 && about.as_bytes()[length - 1] == b'.' {
        about.split_at(length - 1).0
    } else {
        about
    }
}

/// The shape all faces share: a struct of points, and the walk over them. `default` says how a field starts.
macro_rules! face {
    ($method:ident, $words_type:ty, ($default:ident)
     $(#[$meta:meta])* pub struct $name:ident { $(
        #[doc = $doc:literal] $(#[doc = $more:literal])*
        pub $field:ident : $type:ty = $words:expr
     ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name { $( #[doc = $doc] $(#[doc = $more])* pub $field: $type ),* }

        impl Default for $name {
            fn default() -> $name {
                $name { $( $field: $crate::declare::$default!($type, $words) ),* }
            }
        }

        impl $name {
            /// Shows each point with its live value to a visitor.
            pub fn visit<V: $crate::tag::Visitor>(&mut self, visitor: &mut V) {
                $({
                    static POINT: $crate::tag::Point<$words_type> = $crate::tag::Point {
                        head: $crate::tag::Head {
                            field: stringify!($field),
                            tag: $crate::declare::tag_of($doc),
                            about: $crate::declare::about_of($doc),
                            form: <$type as $crate::image::Shown>::FORM,
                        },
                        words: $words,
                    };
                    visitor.$method(&POINT, &mut self.$field);
                })*
            }
        }
    };
}

/// Starts as its type does.
macro_rules! of_type {
    ($type:ty, $words:expr) => {
        <$type>::default()
    };
}

/// Starts with the default of its words.
macro_rules! of_words {
    ($type:ty, $words:expr) => {{
        const WORDS: $crate::tag::Adjustable = $words;
        <$type as $crate::quantity::Value>::from_f64(WORDS.default)
    }};
}

/// Starts as its type does; the time left until a test is due starts whole.
macro_rules! of_kept {
    ($type:ty, $words:expr) => {{
        const WORDS: $crate::tag::Kept = $words;
        match WORDS.due {
            Some(_) => <$type as $crate::quantity::Value>::from_f64(WORDS.high),
            None => <$type>::default(),
        }
    }};
}

macro_rules! inputs { ($($tokens:tt)*) => { $crate::declare::face!(input, $crate::tag::Measured, (of_type) $($tokens)*); }; }
macro_rules! settings { ($($tokens:tt)*) => { $crate::declare::face!(setting, $crate::tag::Adjustable, (of_words) $($tokens)*); }; }
macro_rules! status { ($($tokens:tt)*) => { $crate::declare::face!(status, $crate::tag::Plain, (of_type) $($tokens)*); }; }
macro_rules! outputs { ($($tokens:tt)*) => { $crate::declare::face!(output, $crate::tag::Driven, (of_type) $($tokens)*); }; }
macro_rules! retained { ($($tokens:tt)*) => { $crate::declare::face!(retained, $crate::tag::Kept, (of_kept) $($tokens)*); }; }
macro_rules! alarms { ($($tokens:tt)*) => { $crate::declare::face!(alarm, $crate::tag::Rationale, (of_type) $($tokens)*); }; }

/// The parts of a unit: its faces, its devices, its private memory. A field left out does not compile.
///
/// `parts! { Unit { faces; one: device = Group, ..; many: devices = Group, ..; maybe: device = Group, ..; private } }`
macro_rules! parts {
    ($name:ident {
        $($face:ident),* $(,)?;
        one: $($one:ident = $one_group:expr),* ;
        many: $($many:ident = $many_group:expr),* ;
        maybe: $($maybe:ident = $maybe_group:expr),* ;
        $($private:ident),* $(,)?
    }) => {
        impl $name {
            /// Walks its faces, then its devices.
            pub fn visit<V: $crate::tag::Visitor>(&mut self, visitor: &mut V) {
                let $name { $($face,)* $($one,)* $($many,)* $($maybe,)* $($private: _,)* } = self;
                $( $face.visit(visitor); )*
                $({
                    static GROUP: $crate::tag::Group = $one_group;
                    visitor.enter(&GROUP, None);
                    $one.visit(visitor);
                    visitor.leave();
                })*
                $({
                    static GROUP: $crate::tag::Group = $many_group;
                    for (number, member) in (1..).zip($many.iter_mut()) {
                        visitor.enter(&GROUP, Some(number));
                        member.visit(visitor);
                        visitor.leave();
                    }
                })*
                $({
                    static GROUP: $crate::tag::Group = $maybe_group;
                    if let Some(member) = $maybe {
                        visitor.enter(&GROUP, None);
                        member.visit(visitor);
                        visitor.leave();
                    }
                })*
            }
        }
    };
}

/// States as values: their names and numbers. A state left out does not compile.
macro_rules! states {
    ($name:ident { $first:ident $(, $rest:ident)* $(,)? }) => {
        impl Default for $name {
            fn default() -> $name {
                $name::$first {}
            }
        }

        impl $crate::quantity::Value for $name {
            const FORM: $crate::quantity::Form =
                $crate::quantity::Form::States(&[stringify!($first) $(, stringify!($rest))*]);
            const SAFE: $name = $name::$first {};
            fn to_f64(self) -> f64 {
                enum Number { $first $(, $rest)* }
                f64::from(match self {
                    $name::$first {} => Number::$first as u8,
                    $( $name::$rest {} => Number::$rest as u8, )*
                })
            }
            fn from_f64(value: f64) -> $name {
                $( if value == <$name as $crate::quantity::Value>::to_f64($name::$rest {}) {
                    return $name::$rest {};
                } )*
                $name::$first {}
            }
        }
    };
}

pub(crate) use {
    alarms, face, inputs, of_kept, of_type, of_words, outputs, parts, retained, settings, states,
    status,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doc_line_is_tag_and_description() {
        for (doc, tag, about) in [
            (" FIT-3n0, flow through the bed.", "FIT-3n0", "flow through the bed"),
            (" ZSO-@, valve fully open.", "ZSO-@", "valve fully open"),
            (" What the doser does.", "", "What the doser does"),
            (" K0, whatever.", "", "K0, whatever"),
            (" P-101x, pump.", "P-101x", "pump"),
        ] {
            assert_eq!((tag_of(doc), about_of(doc)), (tag, about));
        }
    }
}
