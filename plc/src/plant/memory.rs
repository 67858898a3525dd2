//! What survives a restart, by path: retained values, settings set since, alarm states.

use alloc::vec::Vec;
use core::time::Duration;

use super::Plant;
use super::{calibration::path_sum, pairs};
use crate::device::Motor;
use crate::guard::Ledger;
use crate::image::Event;
use crate::publish::{Keep, Restore, Set, Taken, Values};
use crate::quantity::Count;
use crate::reason::{Reason, Reasons};
use crate::tag::Row;

/// What was not taken up of what was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Settings that no longer fit their range, or each other.
    pub refused: usize,
    /// Values that cannot be.
    pub unfit: usize,
}

impl Plant {
    /// Hands out each retained value and alarm state with its row, for the journal.
    pub fn keep(&mut self, keep: impl FnMut(&Row, f64)) {
        let Plant { units, catalogue, alarms, .. } = self;
        units.visit(&mut Keep::new(&catalogue.rows, alarms, keep));
    }

    /// Takes up what was kept, by row, before the first scan. `age` is how long ago it was kept, unknown when the clock cannot
    /// say: then nothing starts by itself.
    pub fn restore(
        &mut self,
        kept: impl FnMut(&Row) -> Option<f64>,
        age: Option<Duration>,
    ) -> Restored {
        let Plant { units, catalogue, alarms, .. } = self;
        let mut restore = Restore::new(&catalogue.rows, alarms, kept, age);
        units.visit(&mut restore);
        let (taken, unfit) = (restore.settings, restore.unfit);
        let restored = Restored { refused: self.drop_settings(taken), unfit };
        let Plant { units, catalogue, validator, input_rows, .. } = self;
        let held = |sum: u32| {
            units.system.hold.iter().any(|held| held.retained.path_sum.0 == f64::from(sum))
        };
        for (slot, row) in input_rows.iter().enumerate() {
            if held(path_sum(&catalogue.rows[*row].path)) {
                validator.holds().recall(slot);
            }
        }
        // Somebody has to look at a plant that begins with guesses (910).
        units.system.retained.memory_lost |= restored.unfit > 0;
        self.take_up(age);
        restored
    }

    /// A setting that was kept and lies outside its range now, or with its partner the wrong way round, is what the site says;
    /// that is told in the first scan. So many were dropped.
    fn drop_settings(&mut self, mut taken: Vec<Taken>) -> usize {
        loop {
            let mut values = Values::default();
            self.units.visit(&mut values);
            let now = |row: &Row| values.of(row.id);
            let turned = pairs::turned_round(&self.catalogue.rows, now);
            let in_pair = |row: usize| turned.iter().any(|(low, high)| row == *low || row == *high);
            // Each time one less is left: it ends.
            let Some(wrong) = taken.iter_mut().find(|one| one.fits && in_pair(one.row)) else {
                break;
            };
            wrong.fits = false;
            self.units.visit(&mut Set::new(wrong.row, wrong.before));
        }
        let dropped = taken.iter().filter(|one| !one.fits);
        self.first_news.extend(dropped.map(|one| Event::Setting {
            row: one.row,
            from: if one.kept.is_finite() { one.kept } else { one.before },
            to: one.before,
            number: 0,
        }));
        self.first_news.len()
    }

    /// Each part goes on from what is retained of it, so much later.
    fn take_up(&mut self, age: Option<Duration>) {
        let units = &mut self.units;
        let system = &units.system.retained;
        // What a version without ledgers kept: which of its caps a guard had reached it did not say, the shorter one names it.
        let stopped = |latched| Reasons::NONE.and_if(latched, Reason::HourlyCapReached);
        let (hour, day) =
            (units.coagulation.retained.mass_hour, units.coagulation.retained.mass_day);
        let reached = stopped(system.coagulant_cap_latched);
        units.coagulation.guard.restore_masses(hour, day, reached);
        let (hour, day) =
            (units.disinfection.retained.mass_hour, units.disinfection.retained.mass_day);
        let reached = stopped(system.chlorine_cap_latched);
        units.disinfection.guard.restore_masses(hour, day, reached);
        self.causes.restore(
            Reasons::NONE
                .and_if(system.wet_well_latched, Reason::WetWellEmptyTooOften)
                .and_if(system.turbidity_latched, Reason::FilteredWaterTurbid)
                .and_if(system.chlorine_latched, Reason::ChlorineDangerous)
                .and_if(system.outlet_latched, Reason::OutletNotProvenClosed)
                .and_if(system.welded_latched, Reason::RunsUnasked),
        );
        units.coagulation.restored(age);
        units.disinfection.restored(age);
        units.system.restored(age);
        units.tank.iter_mut().for_each(|tank| tank.restored(age));
        // What the controller saw of the outage, and how long it was away itself.
        units.power.restored(units.system.retained.mains_away, age);
        let lift = units.intake.pump.iter_mut().chain(units.distribution.pump.iter_mut());
        let filters = units.filtration.pump.iter_mut().chain([&mut units.filtration.wash_pump]);
        lift.chain(filters).for_each(|drive| drive.restored(age));
        let small = [
            &mut units.coagulation.mixer,
            &mut units.sedimentation.sludge_pump,
            &mut units.waste.pump,
        ];
        small.into_iter().chain(units.filtration.blower.as_mut()).for_each(Motor::restored);
    }

    /// What was kept is lost, whole: nobody knows how long ago, what moved, or what is in the clear well. It is held, nothing
    /// starts by itself, and nothing is dosed for an hour. Latches are not made up: a person has to come and vouch for the
    /// water, and what they guarded is judged anew until then.
    pub fn distrust_memory(&mut self) {
        let units = &mut self.units;
        units.system.retained.memory_lost = true;
        units.distribution.retained.quality_known = false;
        units.system.restored(None);
        self.distrust_tests();
        self.distrust_ledgers();
    }

    /// Nobody knows what was dosed before: nothing is for an hour, and people are told (910).
    pub fn distrust_ledgers(&mut self) {
        self.units.system.retained.memory_lost = true;
        self.units.coagulation.guard.distrust();
        self.units.disinfection.guard.distrust();
    }

    /// Takes up the dosing ledgers that were kept, PAC and chlorine; after [`Plant::restore`].
    pub fn restore_ledgers(&mut self, ledgers: [Ledger; 2]) {
        let [coagulant, chlorine] = ledgers;
        self.units.coagulation.guard.restore(coagulant);
        self.units.disinfection.guard.restore(chlorine);
    }

    /// Writes down which inputs people hold.
    pub(super) fn remember_holds(&mut self) {
        let Plant { units, catalogue, validator, input_rows, .. } = self;
        let mut slots = validator.holds().by_people();
        for held in &mut units.system.hold {
            let row = slots.next().and_then(|slot| input_rows.get(slot));
            let sum = row.map_or(0, |row| path_sum(&catalogue.rows[*row].path));
            held.retained.path_sum = Count(f64::from(sum));
        }
    }

    /// Writes down the latches of this scan, for the next start.
    pub(super) fn remember_latches(&mut self) {
        let latched = self.causes.latched();
        let retained = &mut self.units.system.retained;
        retained.wet_well_latched = latched.has(Reason::WetWellEmptyTooOften);
        retained.turbidity_latched = latched.has(Reason::FilteredWaterTurbid);
        retained.chlorine_latched = latched.has(Reason::ChlorineDangerous);
        retained.outlet_latched = latched.has(Reason::OutletNotProvenClosed);
        retained.welded_latched = latched.has(Reason::RunsUnasked);
        retained.coagulant_cap_latched = self.units.coagulation.guard.has_stopped();
        retained.chlorine_cap_latched = self.units.disinfection.guard.has_stopped();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::string::String;

    use super::*;
    use crate::plant::{Settling, Shape};
    use crate::publish::can_be;
    use crate::quantity::Form;
    use crate::signal::{Fault, Quality};
    use crate::tag::Kind;

    /// R-2.10-08: what a restart goes on with, one point for each item of the list.
    const LIST: [&str; 36] = [
        "filter1.calibration.turbidity_left",
        "system.calibration.reference",
        "intake.pump_a.run_time",
        "filtration.pump_b.run_time",
        "filtration.wash_pump.hour_starts",
        "distribution.pump_a.hour_starts",
        "intake.pump_b.day_starts",
        "intake.pump_b.day_time",
        "filter1.run_time",
        "filter1.age",
        "filter2.volume",
        "filter1.dirty",
        "filter1.washes",
        "coagulation.last_turbidity",
        "coagulation.hand_turbidity_left",
        "coagulation.mass_day",
        "disinfection.mass_day",
        "distribution.contaminated",
        "distribution.drained",
        "distribution.quality_known",
        "distribution.burst_stands",
        "distribution.pipe_broken",
        "system.intent",
        "system.emergency_latched",
        "system.turbidity_latched",
        "system.welded_latched",
        "system.idle_time",
        "system.mains_away",
        "system.memory_lost",
        "intake.pump_a.failure",
        "waste.pump.failure",
        "power.hour_outages",
        "power.waits",
        "coagulation.derived_for",
        "system.start_failures",
        "system.hold1.path_sum",
    ];

    fn kept(plant: &mut Plant) -> BTreeMap<String, f64> {
        let mut kept = BTreeMap::new();
        plant.keep(|row, value| _ = kept.insert(row.path.clone(), value));
        kept
    }

    /// R-2.10-08: every point of the list is kept, and comes back.
    #[test]
    fn what_a_restart_goes_on_with_is_kept_and_taken_up() {
        let mut plant = Plant::new(&Shape::default());
        let before = kept(&mut plant);
        for path in LIST {
            assert!(before.contains_key(path), "{path} is not kept");
        }
        // Another number for each, inside what it can be.
        let other = before.iter().map(|(path, value)| (path.clone(), libm::fabs(1.0 - value)));
        let other: BTreeMap<String, f64> = other.collect();
        let mut again = Plant::new(&Shape::default());
        let restored = again.restore(|row| other.get(&row.path).copied(), Some(Duration::ZERO));
        assert_eq!(restored, Restored::default());
        let after = kept(&mut again);
        for path in LIST {
            assert_eq!(after[path], other[path], "{path}");
        }
    }

    /// R-2.10-08: what cannot be is not taken up, each kind of value by its own measure: it is what it was before the first
    /// start, or what is safe; and somebody is told (910).
    #[test]
    fn a_kept_value_that_cannot_be_counts_as_what_is_safe_and_is_told() {
        for (path, safe, values) in [
            ("filter1.dirty", 1.0, &[2.0, 0.5, -1.0, f64::NAN, f64::INFINITY][..]),
            ("distribution.contaminated", 1.0, &[2.0, f64::NAN]),
            ("system.emergency_latched", 1.0, &[-1.0, 1e-9]),
            ("system.intent", 0.0, &[2.0, f64::NAN]),
            ("intake.mode", 1.0, &[4.0, 0.5, -1.0, f64::NAN]),
            ("intake.mode_left", 0.0, &[-1.0, 28_801.0, f64::NAN, f64::INFINITY]),
            ("intake.proof_a.dry_runs", 3.0, &[4.0, -1.0, f64::NAN]),
            ("filter1.failed_washes", 2.0, &[3.0, f64::NAN]),
            ("chemicals.grace_used", 1800.0, &[1801.0, -1.0, f64::NAN]),
            ("disinfection.mass_day", 0.0, &[-0.1, 1e7, f64::NAN]),
            ("waste.dry_solids", 0.0, &[-0.1, 1e7, f64::NAN]),
            ("disinfection.cap_reached", 0.0, &[-1.0, 1e12, f64::NAN, f64::INFINITY]),
        ] {
            for value in values {
                let mut plant = Plant::new(&Shape::default());
                let only = |row: &Row| (row.path == path).then_some(*value);
                let restored = plant.restore(only, Some(Duration::ZERO));
                assert_eq!(restored, Restored { refused: 0, unfit: 1 }, "{path} = {value}");
                assert_eq!(kept(&mut plant)[path], safe, "{path} = {value}");
                assert!(plant.units.system.retained.memory_lost, "{path} = {value}");
            }
        }
        let only = |row: &Row| (row.path == "disinfection.residual_target").then_some(9.0);
        let restored = Plant::new(&Shape::default()).restore(only, None);
        assert_eq!(restored, Restored { refused: 1, unfit: 0 });
    }

    /// R-2.10-08: a number has a range, a contact and a state a safe side; nothing is left to chance.
    #[test]
    fn every_kept_value_says_what_it_can_be_and_what_it_is_in_doubt() {
        let plant = Plant::new(&Shape { settling: Settling::Batch, ..Shape::default() });
        for row in &plant.catalogue().rows {
            let Kind::Retained(words) = row.kind else { continue };
            match row.form {
                Form::Number { .. } => assert!(words.low < words.high, "{} has no range", row.path),
                Form::OnOff | Form::States(_) => {
                    assert!(words.doubted.is_some(), "{} has no safe side", row.path);
                }
                Form::Reasons | Form::Alarm => panic!("{} is kept", row.path),
            }
            let fits = |doubted| can_be(row.form, &words, doubted);
            assert!(words.doubted.is_none_or(fits), "{} has a safe side it cannot have", row.path);
        }
    }

    /// INV-37: a setting that was kept and does not fit any more, its range or its partner, is what the site says, and that is
    /// told; one that fits is taken up.
    #[test]
    fn a_kept_setting_that_fits_no_more_is_dropped_and_told() {
        type Kept = [(&'static str, f64)];
        type Dropped = [(&'static str, f64, f64)];
        let rows: &[(&Kept, &Dropped)] = &[
            (
                &[("filtration.waste_level_max", 60.0)],
                &[("filtration.waste_level_max", 60.0, 50.0)],
            ),
            (&[("filtration.waste_level_max", 40.0)], &[]),
            (&[("intake.stop_level", 0.8)], &[("intake.stop_level", 0.8, 0.5)]),
            (&[("intake.stop_level", 0.9), ("intake.start_level", 1.2)], &[]),
            (
                &[("intake.stop_level", 1.2), ("intake.start_level", 1.1)],
                // Two that contradict each other: neither counts.
                &[("intake.start_level", 1.1, 0.8), ("intake.stop_level", 1.2, 0.5)],
            ),
            (&[("intake.start_level", f64::NAN)], &[("intake.start_level", 0.8, 0.8)]),
        ];
        for (set, dropped) in rows {
            let mut plant = Plant::new(&Shape::default());
            let kept =
                |row: &Row| set.iter().find(|(path, _)| *path == row.path).map(|(_, value)| *value);
            let restored = plant.restore(kept, Some(Duration::ZERO));
            assert_eq!(restored, Restored { refused: dropped.len(), unfit: 0 }, "{set:?}");
            let inputs = crate::image::Inputs::new(plant.catalogue());
            plant.scan(&inputs, &[], Duration::from_secs(1));
            let row = |path: &str| plant.catalogue().find(path).unwrap().id;
            for (path, from, to) in *dropped {
                let told = Event::Setting { row: row(path), from: *from, to: *to, number: 0 };
                assert!(plant.events().contains(&told), "{path}: {:?}", plant.events());
                assert_eq!(plant.snapshot().samples[row(path)].value, *to);
            }
            for (path, value) in
                set.iter().filter(|(path, _)| dropped.iter().all(|one| one.0 != *path))
            {
                assert_eq!(plant.snapshot().samples[row(path)].value, *value);
            }
            plant.scan(&inputs, &[], Duration::from_secs(1));
            assert!(!plant.events().iter().any(|event| matches!(event, Event::Setting { .. })));
        }
    }

    /// R-2.15-02, R-2.10-08: each pump on a drive goes on standing for its time, and with the starts it has had.
    #[test]
    fn no_pump_gets_its_rest_or_its_starts_back_by_a_restart() {
        for pump in [
            "intake.pump_a",
            "intake.pump_b",
            "filtration.pump_a",
            "filtration.pump_b",
            "filtration.wash_pump",
            "distribution.pump_a",
            "distribution.pump_b",
        ] {
            let mut plant = Plant::new(&Shape::default());
            let kept = |row: &Row| {
                let point = row.path.strip_prefix(pump)?.strip_prefix('.')?;
                match point {
                    "off_left" => Some(100.0),
                    "hour_starts" => Some(f64::from(0x0302_0101)),
                    _ => None,
                }
            };
            let restored = plant.restore(kept, Some(Duration::from_secs(45)));
            assert_eq!(restored, Restored::default(), "{pump}");
            let inputs = crate::image::Inputs::new(plant.catalogue());
            plant.scan(&inputs, &[], Duration::from_secs(1));
            let value = |point: &str| {
                let row = plant.catalogue().find(&std::format!("{pump}.{point}")).unwrap();
                plant.snapshot().samples[row.id].value
            };
            let left = value("wait_left");
            assert!((58.0..=60.0).contains(&left), "{pump}: {left} s");
            // A start of each age, 46 s older now.
            assert_eq!(value("hour_starts"), f64::from(0x0605_0404), "{pump}");
        }
    }

    /// R-2.13-01, R-2.10-08: nobody has said that the probe is back in the water: after a restart the hold has run out, and the
    /// signal is Bad until it is released.
    #[test]
    fn an_input_that_a_person_held_is_bad_after_a_restart_until_it_is_released() {
        const PATH: &str = "filter1.turbidity";
        let mut plant = Plant::new(&Shape::default());
        let row = plant.catalogue().find(PATH).unwrap();
        let (slot, id) = (row.slot, row.id);
        let second = Duration::from_secs(1);
        let tick = |plant: &mut Plant| {
            let mut inputs = crate::image::Inputs::new(plant.catalogue());
            let at = plant.now().plus(second);
            inputs.readings[slot] = crate::signal::Reading::good(0.2, at);
            plant.scan(&inputs, &[], second);
        };
        tick(&mut plant);
        let now = plant.now();
        plant.validator.holds().hold(slot, 0.2, (now, second * 600), 7).unwrap();
        tick(&mut plant);
        let before = kept(&mut plant);
        let mut again = Plant::new(&Shape::default());
        again.restore(|row| before.get(&row.path).copied(), Some(second * 30));
        for _ in 0..3 {
            tick(&mut again);
            let quality = again.snapshot().samples[id].quality;
            assert_eq!(quality, Quality::Bad(Fault::HoldExpired));
        }
        assert!(again.units.system.alarms.lock_expired == crate::alarm::Condition::Active);
        // It cannot be held on: what it was nobody knows any more.
        let now = again.now();
        let held = again.validator.holds().hold(slot, 0.2, (now, second * 600), 8);
        assert_eq!(held, Err(Reason::NotNow));
        again.validator.holds().release(slot).unwrap();
        again.validator.judge_again(slot);
        tick(&mut again);
        assert_eq!(again.snapshot().samples[id].quality, Quality::Good);
        assert_eq!(kept(&mut again)["system.hold1.path_sum"], 0.0);
    }

    /// R-2.10-08, R-2.8-05: memory lost: the clear well is held, nothing starts by itself, and a person is told.
    #[test]
    fn a_plant_that_lost_its_memory_holds_its_clear_well_and_starts_nothing() {
        let mut plant = Plant::new(&Shape::default());
        plant.units.system.retained.intent = true;
        plant.units.distribution.retained.quality_known = true;
        plant.distrust_memory();
        assert!(!plant.units.system.retained.emergency_latched, "a person can start it again");
        assert!(!plant.units.system.retained.intent);
        assert!(!plant.units.distribution.retained.quality_known);
        assert!(plant.units.system.retained.memory_lost);
        let inputs = crate::image::Inputs::new(plant.catalogue());
        plant.scan(&inputs, &[], Duration::from_millis(100));
        assert!(plant.units.coagulation.guard.status.wait_left > Duration::from_secs(3500));
        assert!(plant.units.disinfection.guard.status.wait_left > Duration::from_secs(3500));
        let path = "system.storage";
        let row = plant.catalogue().find(path).map(|row| row.id).unwrap();
        plant.scan(&inputs, &[], Duration::from_secs(1));
        assert_eq!(
            plant.snapshot().samples[row].value,
            crate::alarm::State::Unacknowledged as u8 as f64
        );
    }

    /// R-2.10-08, INV-17: the ledgers go through the bytes on the disk and back, and what was reserved counts as used.
    #[test]
    fn the_ledgers_come_back_from_the_disk() {
        let mut plant = Plant::new(&Shape::default());
        let inputs = crate::image::Inputs::new(plant.catalogue());
        plant.scan(&inputs, &[], Duration::from_secs(1));
        let ledgers = plant.snapshot().ledgers;
        assert!(ledgers.iter().all(|ledger| ledger.reserved() > 0), "a block stands ready");
        let bytes = crate::kept::encode(core::iter::empty(), &ledgers, 1, 0);
        let kept = crate::kept::Kept::decode(&bytes).unwrap();
        let kept = kept.ledgers.unwrap();
        assert_eq!(kept.map(|ledger| ledger.words()), ledgers.map(|ledger| ledger.words()));
        let mut again = Plant::new(&Shape::default());
        again.restore_ledgers(kept);
        again.scan(&inputs, &[], Duration::from_secs(1));
        for (before, after) in ledgers.iter().zip(&again.snapshot().ledgers) {
            assert_eq!(after.moved(), before.reserved());
        }
    }

    /// R-2.10-08: nothing that is kept has a range that its own default does not fit.
    #[test]
    fn every_default_can_be_kept() {
        let mut plant = Plant::new(&Shape::default());
        let before = kept(&mut plant);
        let restored = plant.restore(|row| before.get(&row.path).copied(), None);
        assert_eq!(restored, Restored::default());
        let rows = &plant.catalogue().rows;
        let retained =
            rows.iter().filter(|row| matches!(row.kind, Kind::Retained(_) | Kind::Alarm(_)));
        assert_eq!(retained.count(), before.len());
    }
}
