//! Whatever comes in: nonsense from instruments, orders in any sequence, scans from 1 ms to 10 s apart, beside a world that
//! goes on, in plants of several shapes. Nothing panics, nothing runs against an interlock, no cap is exceeded, nothing is
//! shown that no screen can show, and the same comes out again.

use std::time::Duration;

use hil::TwinParameters;
use hil::closed_loop::{ClosedLoop, Lie};
use plc::device::Mode;
use plc::image::{Command, Event, Order, Sample, Step};
use plc::interlock::Column;
use plc::plant::{Settling, Shape};
use plc::quantity::Form;
use plc::signal::Quality;
use plc::tag::{Kind, Role, Row, Source};
use plc::unit::chemicals::Batch;
use proptest::prelude::*;

use happenings::{Happening, Nonsense, Wish, any_happening, any_shape};
use ledger::Ledger;

mod happenings;
mod ledger;

/// A plant, its world, and the number of the last order.
struct Story {
    plant: ClosedLoop,
    shape: Shape,
    last: u32,
    period: Duration,
    ledgers: [Ledger; 2],
}

impl Story {
    fn new(shape: Shape, seed: u64) -> Story {
        let period = Duration::from_millis(500);
        let (tanks, filters) = (usize::from(shape.tanks), usize::from(shape.filters));
        let scaled = TwinParameters::for_site(shape.nominal_flow.0, tanks, filters);
        let scaled = match shape.settling {
            Settling::Continuous => scaled,
            Settling::Batch => scaled.with_plain_tanks(),
        };
        let parameters = TwinParameters {
            raw_pumps: shape.raw_pumps.into(),
            feed_pumps: shape.feed_pumps.into(),
            lift_pumps: shape.lift_pumps.into(),
            blower: shape.blower,
            elevated_tank: shape.elevated_tank,
            ..scaled
        };
        let mut plant = ClosedLoop::new(&shape, parameters, seed, period);
        plant.run(Duration::from_secs(100));
        let ledgers = [
            Ledger::of("coagulation", "coagulant", 350.0, 5000.0),
            Ledger::of("disinfection", "chlorine", 30.0, 400.0),
        ];
        Story { plant, shape, last: 1_000_000, period, ledgers }
    }

    /// Row of the point that a share names among those that fit.
    fn row(&self, share: f64, fits: impl Fn(&Row) -> bool) -> usize {
        let rows = &self.plant.plant.catalogue().rows;
        let fitting: Vec<usize> = rows.iter().filter(|row| fits(row)).map(|row| row.id).collect();
        fitting[((share * fitting.len() as f64) as usize).min(fitting.len() - 1)]
    }

    fn command(&self, wish: &Wish) -> Command {
        let is_alarm = |row: &Row| matches!(row.kind, Kind::Alarm(_));
        let handled = |row: &Row| row.path.ends_with(".mode");
        match *wish {
            Wish::Plain(command) => command,
            Wish::Set(which, share) => {
                let setting = self.row(which, |row| matches!(row.kind, Kind::Setting(_)));
                let Kind::Setting(words) = self.plant.plant.catalogue().rows[setting].kind else {
                    unreachable!("a setting was chosen")
                };
                Command::Set { setting, value: words.low + share * (words.high - words.low) }
            }
            Wish::Handle(which, mode) => Command::Handle { device: self.row(which, handled), mode },
            Wish::ByHand(which, wish, seconds) => {
                Command::ByHand { device: self.row(which, handled), wish, seconds }
            }
            Wish::Hold(which, seconds) => {
                let input = self.row(which, |row| matches!(row.kind, Kind::Input(_)));
                Command::Hold { input, seconds }
            }
            Wish::Release(which) => {
                let input = self.row(which, |row| matches!(row.kind, Kind::Input(_)));
                Command::Release { input }
            }
            Wish::Acknowledge(which) => Command::Acknowledge { alarm: self.row(which, is_alarm) },
            Wish::ResetAlarm(which) => Command::ResetAlarm { alarm: self.row(which, is_alarm) },
            Wish::Shelve(which, seconds) => {
                Command::Shelve { alarm: self.row(which, is_alarm), seconds }
            }
            Wish::Unshelve(which) => Command::Unshelve { alarm: self.row(which, is_alarm) },
            Wish::InService(which) => Command::InService { alarm: self.row(which, is_alarm) },
            Wish::PutAside(which, out) => {
                let alarm = self.row(which, is_alarm);
                if out { Command::OutOfService { alarm } } else { Command::ShelveOnce { alarm } }
            }
            Wish::Mixed(chemical, product, days, amount) => {
                Command::Mixed { chemical, batch: Batch { product, days, amount } }
            }
            Wish::Tested(tested) => Command::EnterChlorine { tested },
            Wish::Astray(row) => match row % 6 {
                0 => Command::Set { setting: row, value: 1.0 },
                1 => Command::Handle { device: row, mode: Mode::Manual },
                2 => Command::ByHand { device: row, wish: 50.0, seconds: 60.0 },
                3 => Command::Hold { input: row, seconds: 60.0 },
                4 => Command::Acknowledge { alarm: row },
                _ => Command::ResetAlarm { alarm: row },
            },
        }
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Told(which, nonsense) => {
                let row = self.row(*which, |row| matches!(row.kind, Kind::Input(_)));
                let row = &self.plant.plant.catalogue().rows[row];
                let Kind::Input(words) = row.kind else { unreachable!("an input was chosen") };
                let (slot, told) = (row.slot, self.plant.told(row.slot));
                self.plant.lie(
                    slot,
                    Some(match *nonsense {
                        Nonsense::Value(value) => Lie::Value(value),
                        Nonsense::OfRange(share) => {
                            Lie::Value(words.low + share * (words.high - words.low))
                        }
                        Nonsense::Bad(fault) => Lie::Bad(fault),
                        Nonsense::Frozen => Lie::Frozen(told),
                        Nonsense::Stuck => Lie::Stuck(told.value),
                        Nonsense::Ahead(us) => Lie::Ahead(Duration::from_micros(us)),
                    }),
                );
            }
            Happening::Truth => {
                let inputs = self.plant.plant.catalogue().inputs;
                (0..inputs).for_each(|slot| self.plant.lie(slot, None));
            }
            Happening::Ordered(wish, role) => {
                let command = self.command(wish);
                let (role, token) = (*role, self.last + 1);
                self.last += 2;
                let mut step = Step::Direct;
                if command.needs_selection() {
                    self.plant.send(Order { number: token, role, step: Step::Select, command });
                    step = Step::Operate { token };
                }
                self.plant.send(Order { number: token + 1, role, step, command });
            }
            Happening::Reported(which, value) => {
                let shell = |row: &Row| matches!(row.kind, Kind::Input(words) if words.source == Source::Shell);
                let path = self.plant.plant.catalogue().rows[self.row(*which, shell)].path.clone();
                self.plant.report(&path, value.round());
            }
            Happening::Period(milliseconds) => {
                self.period = Duration::from_millis(*milliseconds);
                self.plant.set_period(self.period);
            }
            Happening::Scans(_) => {}
            Happening::Restart(age) => {
                let age = age.map(Duration::from_secs);
                self.plant.restart(&self.shape, age);
                // What lies longer back than an hour, or a day, may be dosed again.
                for ledger in &mut self.ledgers {
                    ledger.now += age.unwrap_or_default();
                }
            }
        }
    }

    /// Scans once, and says what must never be.
    fn scan(&mut self) -> Result<(), TestCaseError> {
        self.plant.step();
        self.outputs_are_held()?;
        self.nothing_moves_that_is_locked_out()?;
        self.everything_can_be_shown()?;
        self.no_cap_is_exceeded()
    }

    fn outputs_are_held(&self) -> Result<(), TestCaseError> {
        let plant = &self.plant.plant;
        let (holds, outputs) = (plant.holds(), plant.outputs());
        for row in &plant.catalogue().rows {
            let Kind::Output(words, column) = row.kind else { continue };
            let value = outputs.values[row.slot];
            prop_assert!((0.0..=words.high).contains(&value), "{} gets {value}", row.path);
            if row.form == Form::OnOff {
                prop_assert!(value == 0.0 || value == 1.0, "{} gets {value}", row.path);
            }
            let held = holds.on(column);
            prop_assert!(
                held.is_empty() || value == 0.0 || matches!(column, Column::Panel | Column::Supply),
                "{} gets {value} against {:?}",
                row.path,
                held.iter().collect::<Vec<_>>()
            );
        }
        Ok(())
    }

    /// INV-43.
    fn nothing_moves_that_is_locked_out(&self) -> Result<(), TestCaseError> {
        let plant = &self.plant.plant;
        let rows = &plant.catalogue().rows;
        let locked = Mode::Maintenance as u8;
        for mode in rows.iter().filter(|row| row.path.ends_with(".mode")) {
            let device = mode.path.trim_end_matches("mode");
            if plant.snapshot().samples[mode.id].value != f64::from(locked) || device == mode.unit {
                continue;
            }
            for row in rows.iter().filter(|row| row.path.starts_with(device)) {
                let on = matches!(row.kind, Kind::Output(..)) && row.path.matches('.').count() > 1;
                let value = plant.outputs().values.get(row.slot).filter(|_| on);
                prop_assert!(value.is_none_or(|value| *value == 0.0), "{} moves", row.path);
            }
        }
        Ok(())
    }

    /// Every sample is what its form says, and every event tells of a point there is.
    fn everything_can_be_shown(&self) -> Result<(), TestCaseError> {
        let plant = &self.plant.plant;
        let (rows, samples) = (&plant.catalogue().rows, &plant.snapshot().samples);
        for row in rows {
            let Sample { value, quality, why } = samples[row.id];
            prop_assert!(
                value.is_finite() || matches!(quality, Quality::Bad(_)),
                "{} is {value}",
                row.path
            );
            let fits = match row.form {
                Form::OnOff => value == 0.0 || value == 1.0,
                Form::States(names) => {
                    value.fract() == 0.0 && (0.0..names.len() as f64).contains(&value)
                }
                Form::Number { .. } | Form::Reasons | Form::Alarm => true,
            };
            prop_assert!(fits, "{} is {value}", row.path);
            if let Kind::Setting(words) = row.kind {
                prop_assert!((words.low..=words.high).contains(&value), "{} is {value}", row.path);
            }
            // An output's holds, a set of reasons, or what keeps an alarm quiet.
            let shows_reasons = match row.kind {
                Kind::Output(..) | Kind::Status(_) | Kind::Alarm(_) => true,
                Kind::Input(_) | Kind::Setting(_) | Kind::Retained(_) => false,
            };
            prop_assert!(why.is_empty() || shows_reasons, "{} for {why:?}", row.path);
        }
        for event in plant.events() {
            let fits = match *event {
                Event::Alarm { alarm, .. } => matches!(rows[alarm].kind, Kind::Alarm(_)),
                Event::State { row, from, to } => match rows[row].form {
                    Form::States(names) => from != to && usize::from(from.max(to)) < names.len(),
                    Form::Number { .. } | Form::OnOff | Form::Reasons | Form::Alarm => false,
                },
                Event::Setting { row, to, .. } => match rows[row].kind {
                    Kind::Setting(words) => (words.low..=words.high).contains(&to),
                    Kind::Input(_)
                    | Kind::Output(..)
                    | Kind::Status(_)
                    | Kind::Alarm(_)
                    | Kind::Retained(_) => false,
                },
                Event::Answer { number, .. } => number <= self.last,
                Event::Tested { row, .. } => row < rows.len(),
                Event::Cause { .. } | Event::Overflow => true,
            };
            prop_assert!(fits, "{event:?}");
        }
        Ok(())
    }

    /// INV-17, by a ledger of its own.
    fn no_cap_is_exceeded(&mut self) -> Result<(), TestCaseError> {
        let scale = self.shape.nominal_flow.0 / 5.0;
        for ledger in &mut self.ledgers {
            let path = |point: &str| format!("{}.{point}", ledger.unit);
            let value = |point: &str| self.plant.value(&path(point)).unwrap_or(f64::NAN);
            let strokes = value("doser.rate") / 60.0 * self.period.as_secs_f64();
            // The stronger of what people set and what was mixed.
            let mixed = self.plant.value(&format!("chemicals.{}.strength", ledger.chemical));
            let strength = [value("stock"), mixed.unwrap_or_default()];
            let strength = strength.into_iter().max_by(f64::total_cmp).unwrap_or(f64::NAN);
            // strokes × ml × g/l ÷ 1 000 = g
            let mass = strokes * value("stroke") * strength / 1000.0;
            ledger.now += self.period;
            prop_assert!(mass >= 0.0, "{mass} of {}", ledger.unit);
            if mass == 0.0 {
                continue;
            }
            for window in &mut ledger.windows {
                let dosed = window.add(ledger.now, mass);
                let cap = self.plant.value(&format!("{}.{}", ledger.unit, window.cap));
                let cap = cap.unwrap_or(f64::NAN);
                prop_assert!(cap <= window.cap_max, "{} is {cap}", window.cap);
                // Strength is shown once a second, while it fades.
                prop_assert!(
                    dosed <= cap * scale * 1.0001 + 1e-6,
                    "{dosed} g of {} for {cap}",
                    ledger.unit
                );
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// INV-17, INV-36, INV-39, INV-43, R-2.0-04: any nonsense, any orders, any pace, any shape.
    #[test]
    fn nothing_runs_against_an_interlock_whatever_comes_in(
        shape in any_shape(),
        seed in 0_u64..1000,
        happenings in proptest::collection::vec(any_happening(), 1..60),
    ) {
        let (mut one, mut other) = (Story::new(shape, seed), Story::new(shape, seed));
        one.happens(&Happening::Ordered(Wish::Plain(Command::Start), Role::Operator));
        other.happens(&Happening::Ordered(Wish::Plain(Command::Start), Role::Operator));
        for happening in &happenings {
            one.happens(happening);
            other.happens(happening);
            let scans = if let Happening::Scans(scans) = happening { *scans } else { 1 };
            for _ in 0..scans {
                one.scan()?;
                other.plant.step();
                prop_assert_eq!(one.plant.plant.outputs(), other.plant.plant.outputs());
                prop_assert_eq!(one.plant.plant.events(), other.plant.plant.events());
            }
            // Same input, same output: every sample, event and output, bit by bit.
            let (mine, its) = (&one.plant.plant, &other.plant.plant);
            prop_assert!(mine.snapshot() == its.snapshot());
        }
    }
}
