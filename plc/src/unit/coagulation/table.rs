//! The dose table, linear in the square root of turbidity, and the jar tests that mend it.
//!
//! R-2.4-02, R-2.4-04, R-2.4-07. A jar test scales the two points around its turbidity, so that the table says there what
//! the jars said; beside a point it scales that one alone.

use alloc::boxed::Box;
use core::time::Duration;

use super::{Coagulation, Settings};
use crate::block::interpolate;
use crate::declare::{kept, parts, retained};
use crate::quantity::{Count, MilligramsPerLitre, Ntu, Ratio};
use crate::reason::Reason;
use crate::tag::Role;

/// Turbidities of the table, NTU, and the default doses, mg/l (R-2.4-02).
const POINTS: usize = 10;
const NTU: [f64; POINTS] = [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1000.0];
const DEFAULTS: [f64; POINTS] = [5.0, 6.0, 7.0, 9.0, 12.0, 16.0, 21.0, 25.0, 31.0, 42.0];
/// Their settings, for the journal.
const PATHS: [&str; POINTS] = [
    "coagulation.dose_at_2",
    "coagulation.dose_at_5",
    "coagulation.dose_at_10",
    "coagulation.dose_at_20",
    "coagulation.dose_at_50",
    "coagulation.dose_at_100",
    "coagulation.dose_at_200",
    "coagulation.dose_at_300",
    "coagulation.dose_at_500",
    "coagulation.dose_at_1000",
];
/// Dose limits, mg/l (R-2.4-05).
pub(super) const DOSE_LOW: MilligramsPerLitre = MilligramsPerLitre(3.0);
pub(super) const DOSE_HIGH: MilligramsPerLitre = MilligramsPerLitre(60.0);
/// A point this far from its default needs a Supervisor (R-2.4-07).
const FAR: (f64, f64) = (0.4, 2.5);
/// Jar tests remembered.
const TESTS: usize = 4;
/// Turbidities a jar test may be done at.
const RAW_RANGE: (Ntu, Ntu) = (Ntu(0.5), Ntu(4000.0));

retained! {
    /// One jar test.
    pub struct Retained {
        /// Raw water of the test; 0: none yet.
        pub raw: Ntu = kept().within(0.0..=4000.0),
        /// Best dose of its jars.
        pub dose: MilligramsPerLitre = kept().within(0.0..=1000.0),
        /// Settled turbidity of the best jar.
        pub settled: Ntu = kept().within(0.0..=4000.0),
        /// Time since it was entered; the journal has the date.
        pub age: Duration = kept().within(0.0..=1e9),
        /// The table follows it. Else it waits for a Supervisor, or was taken back.
        pub in_use: bool = kept().else_clear(),
        /// First of the two points it moved, from 1.
        pub point: Count = kept().within(0.0..=20.0),
        /// What the lower point was before.
        pub before_low: MilligramsPerLitre = kept().within(0.0..=1000.0),
        /// What the higher point was before.
        pub before_high: MilligramsPerLitre = kept().within(0.0..=1000.0),
    }
}

/// A remembered jar test.
#[derive(Default)]
pub struct JarTest {
    pub retained: Retained,
}
parts! { JarTest { retained; one: ; many: ; maybe: ; } }

pub(super) fn jar_tests() -> Box<[JarTest]> {
    (0..TESTS).map(|_| JarTest::default()).collect()
}

/// A point of the table that was moved: the path of its setting, from and to.
pub type Moved = (&'static str, f64, f64);
/// What a jar test did.
pub type Moves = [Option<Moved>; 2];

fn doses(settings: &Settings) -> [f64; POINTS] {
    [
        settings.dose_at_2.0,
        settings.dose_at_5.0,
        settings.dose_at_10.0,
        settings.dose_at_20.0,
        settings.dose_at_50.0,
        settings.dose_at_100.0,
        settings.dose_at_200.0,
        settings.dose_at_300.0,
        settings.dose_at_500.0,
        settings.dose_at_1000.0,
    ]
}

fn place(settings: &mut Settings, at: usize) -> Option<&mut MilligramsPerLitre> {
    [
        &mut settings.dose_at_2,
        &mut settings.dose_at_5,
        &mut settings.dose_at_10,
        &mut settings.dose_at_20,
        &mut settings.dose_at_50,
        &mut settings.dose_at_100,
        &mut settings.dose_at_200,
        &mut settings.dose_at_300,
        &mut settings.dose_at_500,
        &mut settings.dose_at_1000,
    ]
    .into_iter()
    .nth(at)
}

fn table_at(doses: &[f64; POINTS], turbidity: Ntu) -> f64 {
    let mut points = [(0.0, 0.0); POINTS];
    for (point, (ntu, dose)) in points.iter_mut().zip(NTU.iter().zip(doses)) {
        *point = (libm::sqrt(*ntu), *dose);
    }
    interpolate(&points, libm::sqrt(turbidity.within(Ntu(0.0), Ntu(4000.0)).0))
}

/// The points around this turbidity: the lower one, and whether the next one moves too.
fn around(raw: Ntu) -> (usize, bool) {
    let at_or_below = NTU.iter().filter(|ntu| **ntu <= raw.0).count();
    let lower = at_or_below.saturating_sub(1);
    let between = at_or_below > 0 && at_or_below < POINTS && NTU[lower] < raw.0;
    (lower, between)
}

/// Points of the table that a test moves, at most two, each with its dose in mg/l.
type Around = [Option<(usize, f64)>; 2];

impl Coagulation {
    /// What the table says, times the season.
    #[must_use]
    pub fn table_dose(&self, turbidity: Ntu) -> MilligramsPerLitre {
        MilligramsPerLitre(table_at(&doses(&self.settings), turbidity) * self.settings.season.0)
            .within(DOSE_LOW, DOSE_HIGH)
    }

    /// A person's jar test. The table follows it, or it is kept until a Supervisor accepts it.
    pub fn enter_jar_test(
        &mut self,
        raw: Ntu,
        dose: MilligramsPerLitre,
        settled: Ntu,
        role: Role,
    ) -> Result<Moves, Reason> {
        let sound = raw >= RAW_RANGE.0
            && raw <= RAW_RANGE.1
            && dose >= DOSE_LOW
            && dose <= DOSE_HIGH
            && settled >= Ntu(0.0)
            && settled <= raw;
        if !sound {
            return Err(Reason::OutOfRange);
        }
        let test = Retained { raw, dose, settled, ..Retained::default() };
        let (moved, plain) = self.moved_by(&test)?;
        self.jar_test.rotate_right(1);
        self.jar_test[0].retained = test;
        if !plain && role < Role::Supervisor {
            return Err(Reason::NeedsSupervisor);
        }
        Ok(self.use_test(0, moved))
    }

    /// A Supervisor lets the table follow the last test that waits, or was taken back.
    pub fn accept_jar_test(&mut self) -> Result<Moves, Reason> {
        let test = self.jar_test.first().map(|test| test.retained).unwrap_or_default();
        if test.raw == Ntu::ZERO || test.in_use {
            return Err(Reason::NotNow);
        }
        let (moved, _) = self.moved_by(&test)?;
        Ok(self.use_test(0, moved))
    }

    /// Takes the last test back that the table follows.
    pub fn revert_jar_test(&mut self) -> Result<Moves, Reason> {
        let last = self.jar_test.iter_mut().find(|test| test.retained.in_use);
        let test = &mut last.ok_or(Reason::NotNow)?.retained;
        test.in_use = false;
        let Retained { raw, point, before_low, before_high, .. } = *test;
        let lower = (point.0 as usize).saturating_sub(1);
        let (_, between) = around(raw);
        let high = between.then(|| self.set_point(lower + 1, before_high.0)).flatten();
        Ok([self.set_point(lower, before_low.0), high])
    }

    /// What the points around a test become, and whether an Operator may do that.
    fn moved_by(&self, test: &Retained) -> Result<(Around, bool), Reason> {
        let mut after = doses(&self.settings);
        let (lower, between) = around(test.raw);
        // Of the season's factor the jars know nothing: the table is told what is left without it.
        let factor = test.dose.0 / self.settings.season.0 / table_at(&after, test.raw);
        let mut moved = [None; 2];
        for (place, at) in moved.iter_mut().zip(lower..=lower + usize::from(between)) {
            let dose = after.get_mut(at).ok_or(Reason::OutOfRange)?;
            *dose *= factor;
            if !(*dose >= DOSE_LOW.0 && *dose <= DOSE_HIGH.0) {
                return Err(Reason::OutOfRange);
            }
            *place = Some((at, *dose));
        }
        let near = |(dose, default): (&f64, &f64)| {
            Ratio(dose / default).within(Ratio(FAR.0), Ratio(FAR.1)) == Ratio(dose / default)
        };
        let plain = after.windows(2).all(|pair| pair[0] <= pair[1])
            && moved.iter().flatten().all(|(at, dose)| near((dose, &DEFAULTS[*at])));
        Ok((moved, plain))
    }

    fn use_test(&mut self, number: usize, moved: Around) -> Moves {
        let before = doses(&self.settings);
        let [low, high] = moved;
        let was = |point: Option<(usize, f64)>| {
            MilligramsPerLitre(point.map_or(0.0, |(at, _)| before[at]))
        };
        if let Some(test) = self.jar_test.get_mut(number) {
            test.retained.in_use = true;
            test.retained.point = Count(low.map_or(0.0, |(at, _)| at as f64 + 1.0));
            test.retained.before_low = was(low);
            test.retained.before_high = was(high);
        }
        // The jars have said what today's water needs: what was trimmed and suspected before is void.
        self.judge_anew();
        moved.map(|point| point.and_then(|(at, dose)| self.set_point(at, dose)))
    }

    fn set_point(&mut self, at: usize, dose: f64) -> Option<Moved> {
        let path = PATHS.get(at)?;
        let place = place(&mut self.settings, at)?;
        let from = place.0;
        *place = MilligramsPerLitre(dose).within(DOSE_LOW, DOSE_HIGH);
        Some((path, from, place.0))
    }
}
