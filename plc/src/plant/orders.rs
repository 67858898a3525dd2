//! Orders of people, each answered in the scan that takes it. They rank below interlocks: what an order asks, a cause may
//! still hold off.

use core::time::Duration;

use super::{Plant, pairs};
use crate::alarm::{Engine, Shelve, Transition};
use crate::image::{Command, Event, Order, Step};
use crate::publish::{Handle, Set};
use crate::quantity::{Form, MilligramsPerLitre, Ntu, Percent};
use crate::reason::Reason;
use crate::signal::{Fault, Quality};
use crate::tag::{Kind, Role, Row};
use crate::unit::coagulation::table::Moves;
use crate::validate::HOLD_TIME_MAX;

impl Plant {
    /// Orders, each answered in this scan. The panel's button is one too.
    pub(super) fn take(&mut self, orders: &[Order]) {
        let pressed = self.units.system.inputs.local_reset.closed();
        // The edge 0 -> 1; a button stuck at start resets nothing.
        let button = pressed && !self.button_was;
        if self.units.system.is_at_panel() {
            self.end_orders();
        }
        self.button_was = pressed || self.units.system.inputs.local_reset.usable().is_none();
        self.asked.reset |= button;
        for order in orders {
            let verdict = match order.step {
                Step::Select => self.choose(order),
                Step::Direct | Step::Operate { .. } => self.obey(order),
            };
            self.events.push(Event::Answer { number: order.number, step: order.step, verdict });
        }
        self.asked.local_reset = button;
    }

    /// The panel commands: what was asked for from afar, and has not begun, lapses (R-2.1-05).
    fn end_orders(&mut self) {
        self.units.filtration.end_orders();
        self.units.sedimentation.end_orders();
    }

    fn permit(order: &Order) -> Result<(), Reason> {
        let least = order.command.least_role().unwrap_or(Role::Operator);
        // What is no number is like nothing, not even itself: its choice could never be found again.
        let command = order.command;
        let is_like_itself = command == order.command;
        if !order.role.may(least) {
            Err(Reason::NotPermitted)
        } else if !is_like_itself {
            Err(Reason::OutOfRange)
        } else {
            Ok(())
        }
    }

    fn choose(&mut self, order: &Order) -> Result<(), Reason> {
        Plant::permit(order)?;
        self.selections.choose(order);
        Ok(())
    }

    fn obey(&mut self, order: &Order) -> Result<(), Reason> {
        Plant::permit(order)?;
        self.selections.allow(order)?;
        if starts_motors(&order.command) && self.units.system.is_at_panel() {
            return Err(Reason::LocalControl);
        }
        let (by, role) = (order.number, order.role);
        let units = &mut self.units;
        match order.command {
            Command::Start => {
                units.system.may_start()?;
                self.asked.start = true;
            }
            Command::Stop => self.asked.stop = true,
            Command::StopAll => self.asked.stop_all = true,
            Command::Reset => {
                self.asked.reset = true;
                self.asked.supervisor_reset |= order.role >= Role::Supervisor;
            }
            Command::Wash { filter } => {
                let at = number(filter, units.filter.len())?;
                units.filter[at].may_wash()?;
                units.filtration.may_wash()?;
                return units.filtration.order_wash(filter);
            }
            Command::AbortWash { filter } => {
                return units.filtration.order_abort(filter);
            }
            Command::Desludge { tank } => {
                let at = number(tank, units.tank.len())?;
                units.tank[at].may_desludge()?;
                units.sedimentation.may_desludge()?;
                self.asked.desludge |= 1 << at;
            }
            Command::Prime => {
                units.disinfection.may_prime()?;
                self.asked.prime = true;
            }
            Command::CloseIntake => units.system.retained.intake_closed = true,
            Command::OpenIntake => units.system.retained.intake_closed = false,
            Command::ConfirmSludgeRemoved => self.asked.sludge_removed = true,
            Command::ConfirmDrained => return units.distribution.confirm_drained(),
            Command::EnterChlorine { tested } => {
                return units.disinfection.enter_residual(MilligramsPerLitre(tested));
            }
            Command::EnterTurbidity { tested } => {
                return units.coagulation.enter_turbidity(Ntu(tested));
            }
            Command::JarTest { raw, dose, settled } => {
                let (raw, settled) = (Ntu(raw), Ntu(settled));
                let dose = MilligramsPerLitre(dose);
                let moves = units.coagulation.enter_jar_test(raw, dose, settled, order.role)?;
                self.note_moves(moves, order);
            }
            Command::AcceptJarTest => {
                let moves = units.coagulation.accept_jar_test()?;
                self.note_moves(moves, order);
            }
            Command::RevertJarTest => {
                let moves = units.coagulation.revert_jar_test()?;
                self.note_moves(moves, order);
            }
            Command::ConfirmStrength => return units.system.confirm_strength(),
            Command::ConfirmQuality => return units.distribution.confirm_quality(),
            Command::Mixed { chemical, batch } => return self.mixed(chemical, batch),
            Command::BeginEmergency { limit, seconds } => {
                return self.begin_emergency(Ntu(limit), seconds);
            }
            Command::EndEmergency => return units.system.emergency_profile.end(),
            Command::Silence => self.silenced = true,
            Command::Acknowledge { alarm } => {
                return self.with_alarm(alarm, |all, slot| all.acknowledge(slot, by));
            }
            Command::ResetAlarm { alarm } => {
                return self.with_alarm(alarm, |all, slot| all.reset(slot, by));
            }
            Command::Shelve { alarm, seconds } => {
                let how = Shelve::For(seconds);
                return self.with_alarm(alarm, |all, slot| all.shelve(slot, role, how, by));
            }
            Command::ShelveOnce { alarm } => {
                let how = Shelve::Once;
                return self.with_alarm(alarm, |all, slot| all.shelve(slot, role, how, by));
            }
            Command::Unshelve { alarm } => {
                return self.with_alarm(alarm, |all, slot| all.unshelve(slot, by));
            }
            Command::OutOfService { alarm } => {
                return self.with_alarm(alarm, |all, slot| all.take_out(slot, by));
            }
            Command::InService { alarm } => {
                return self.with_alarm(alarm, |all, slot| all.put_in(slot, by));
            }
            Command::AcknowledgeLow => {
                let Plant { alarms, events, .. } = self;
                let seen = |alarm, transition| events.push(Event::Alarm { alarm, transition });
                return alarms.acknowledge_low(by, seen);
            }
            Command::Handle { device, mode } => {
                let mut handle = Handle::new(device, mode, order.number);
                units.visit(&mut handle);
                return if handle.found() { Ok(()) } else { Err(Reason::Unknown) };
            }
            Command::ByHand { device, wish, seconds } => {
                return self.wish(device, Percent(wish), seconds, order.number);
            }
            Command::Hold { input, seconds } => return self.hold(input, seconds, order.number),
            Command::Release { input } => {
                let slot = self.input_slot(input)?;
                self.validator.holds().release(slot)?;
                self.validator.judge_again(slot);
            }
            Command::RecordTest { due, tested } => return self.record_test(due, tested, order),
            Command::Set { setting, value } => return self.set(setting, value, order),
        }
        Ok(())
    }

    /// What a person does with one alarm. What is announced again ends the silence, as what comes anew.
    fn with_alarm(
        &mut self,
        alarm: usize,
        act: impl FnOnce(&mut Engine, usize) -> Result<Transition, Reason>,
    ) -> Result<(), Reason> {
        let slot = self.alarm_slot(alarm)?;
        let transition = act(&mut self.alarms, slot)?;
        self.silenced &= !transition.is_announced();
        self.events.push(Event::Alarm { alarm, transition });
        Ok(())
    }

    /// Points of the dose table that a jar test moved are settings: the journal keeps them.
    fn note_moves(&mut self, moves: Moves, order: &Order) {
        for (path, from, to) in moves.into_iter().flatten() {
            if let Some(row) = self.catalogue.find(path) {
                let row = row.id;
                self.events.push(Event::Setting { row, from, to, number: order.number });
            }
        }
    }

    fn alarm_slot(&self, row: usize) -> Result<usize, Reason> {
        match self.catalogue.rows.get(row) {
            Some(Row { kind: Kind::Alarm(_), slot, .. }) => Ok(*slot),
            Some(_) | None => Err(Reason::Unknown),
        }
    }

    fn input_slot(&self, row: usize) -> Result<usize, Reason> {
        match self.catalogue.rows.get(row) {
            Some(Row { kind: Kind::Input(_), slot, form: Form::Number { .. }, .. }) => Ok(*slot),
            Some(_) | None => Err(Reason::Unknown),
        }
    }

    /// Freezes an instrument at its last value. What has no value cannot be frozen; one beyond its scale counts as too much
    /// (R-2.12-04), and a person who knows that it is wrong makes it unknown by a hold.
    fn hold(&mut self, row: usize, seconds: f64, order: u32) -> Result<(), Reason> {
        let slot = self.input_slot(row)?;
        if !(seconds > 0.0 && seconds <= HOLD_TIME_MAX.as_secs_f64()) {
            return Err(Reason::OutOfRange);
        }
        let sample = self.snapshot.samples.get(row).copied().unwrap_or_default();
        let value = match sample.quality {
            Quality::Bad(Fault::Overrange) => f64::NAN,
            Quality::Bad(_) => return Err(Reason::NotNow),
            Quality::Good | Quality::Uncertain(_) | Quality::Held(_) => sample.value,
        };
        let time = Duration::from_secs_f64(seconds);
        self.validator.holds().hold(slot, value, (self.now, time), order)?;
        self.validator.judge_again(slot);
        Ok(())
    }

    /// By whose order an instrument is held: the journal has the name under the number. By row of the input.
    #[must_use]
    pub fn held_by(&mut self, row: usize) -> Option<u32> {
        let slot = self.input_slot(row).ok()?;
        self.validator.holds().held_by(slot)
    }

    /// A setting inside its range, by somebody who may.
    fn set(&mut self, row: usize, value: f64, order: &Order) -> Result<(), Reason> {
        let Some(Row { kind: Kind::Setting(words), .. }) = self.catalogue.rows.get(row) else {
            return Err(Reason::Unknown);
        };
        if !order.role.may(words.role) {
            return Err(Reason::NotPermitted);
        }
        if !(value >= words.low && value <= words.high) {
            return Err(Reason::OutOfRange);
        }
        let samples = &self.snapshot.samples;
        let shown = |row: usize| samples.get(row).map_or(f64::NAN, |sample| sample.value);
        if pairs::turns_round(&self.catalogue.rows, row, value, |other| shown(other.id)) {
            return Err(Reason::OutOfRange);
        }
        let now = samples.get(row).map_or(words.default, |sample| sample.value);
        if !self.changes.allow(row, now, value, words.step) {
            return Err(Reason::ChangeTooLarge);
        }
        let mut set = Set::new(row, value);
        self.units.visit(&mut set);
        let from = set.before().ok_or(Reason::Unknown)?;
        // The next order of this scan is judged by it.
        if let Some(sample) = self.snapshot.samples.get_mut(row) {
            sample.value = value;
        }
        self.events.push(Event::Setting { row, from, to: value, number: order.number });
        Ok(())
    }
}

/// What would set a motor or a dosing pump going, now or as soon as it can: not while the panel commands (R-2.1-05). A start
/// says so itself.
fn starts_motors(command: &Command) -> bool {
    match command {
        Command::Wash { .. } | Command::Desludge { .. } | Command::Prime => true,
        Command::ByHand { wish, .. } => *wish > 0.0,
        Command::Start
        | Command::Stop
        | Command::StopAll
        | Command::Reset
        | Command::AbortWash { .. }
        | Command::CloseIntake
        | Command::OpenIntake
        | Command::ConfirmDrained
        | Command::ConfirmQuality
        | Command::ConfirmStrength
        | Command::ConfirmSludgeRemoved
        | Command::Mixed { .. }
        | Command::EnterChlorine { .. }
        | Command::EnterTurbidity { .. }
        | Command::JarTest { .. }
        | Command::AcceptJarTest
        | Command::RevertJarTest
        | Command::BeginEmergency { .. }
        | Command::EndEmergency
        | Command::Silence
        | Command::Acknowledge { .. }
        | Command::AcknowledgeLow
        | Command::ResetAlarm { .. }
        | Command::Shelve { .. }
        | Command::ShelveOnce { .. }
        | Command::Unshelve { .. }
        | Command::OutOfService { .. }
        | Command::InService { .. }
        | Command::Handle { .. }
        | Command::Hold { .. }
        | Command::Release { .. }
        | Command::RecordTest { .. }
        | Command::Set { .. } => false,
    }
}

/// A number from 1 as a place in a list.
fn number(from_one: u8, length: usize) -> Result<usize, Reason> {
    let at = usize::from(from_one).checked_sub(1).ok_or(Reason::Unknown)?;
    if at < length { Ok(at) } else { Err(Reason::Unknown) }
}

#[cfg(test)]
mod emergency;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
