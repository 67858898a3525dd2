//! Select before operate: what starts something, or takes a protection away, is chosen first and carried out within 30 s.
//!
//! A stop needs no second step. `docs/spec/interfaces.md` HMI-30.

use core::time::Duration;

use crate::image::{Command, Order, Step};
use crate::reason::Reason;

/// A choice lapses after this (HMI-30).
const CHOSEN_MAX: Duration = Duration::from_secs(30);
/// Choices waiting at once; at the limit the oldest lapses. One for each person of a village plant, and some to spare.
const CHOICES_MAX: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Choice {
    token: u32,
    command: Command,
    age: Duration,
}

/// What was chosen and not yet carried out. A token is the number of the order that chose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selections {
    choices: [Option<Choice>; CHOICES_MAX],
}

impl Selections {
    /// Time passes.
    pub fn elapse(&mut self, elapsed: Duration) {
        for choice in &mut self.choices {
            if let Some(chosen) = choice {
                chosen.age = chosen.age.saturating_add(elapsed);
                if chosen.age > CHOSEN_MAX {
                    *choice = None;
                }
            }
        }
    }

    /// Remembers the choice of this order.
    pub fn choose(&mut self, order: &Order) {
        let age = |choice: &Option<Choice>| choice.map_or(Duration::MAX, |choice| choice.age);
        if let Some(place) = self.choices.iter_mut().max_by_key(|choice| age(choice)) {
            *place =
                Some(Choice { token: order.number, command: order.command, age: Duration::ZERO });
        }
    }

    /// Whether this order may be carried out: it needs no choice, or its own was made not long ago. A token serves once.
    pub fn allow(&mut self, order: &Order) -> Result<(), Reason> {
        match order.step {
            Step::Direct if !order.command.needs_selection() => Ok(()),
            Step::Direct | Step::Select => Err(Reason::NotSelected),
            Step::Operate { token } => {
                let own = |choice: &&mut Option<Choice>| {
                    choice.is_some_and(|choice| {
                        choice.token == token && choice.command == order.command
                    })
                };
                let place = self.choices.iter_mut().find(own).ok_or(Reason::NotSelected)?;
                *place = None;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Role;

    fn order(number: u32, step: Step, command: Command) -> Order {
        Order { number, role: Role::Operator, step, command }
    }

    #[test]
    fn a_start_is_carried_out_once_after_it_was_chosen_and_not_later_than_30_s() {
        let mut selections = Selections::default();
        let start = |step| order(9, step, Command::Start);
        assert_eq!(selections.allow(&start(Step::Direct)), Err(Reason::NotSelected));
        selections.choose(&order(4, Step::Select, Command::Start));
        let wash = order(9, Step::Operate { token: 4 }, Command::Wash { filter: 1 });
        assert_eq!(selections.allow(&wash), Err(Reason::NotSelected), "another command");
        assert_eq!(selections.allow(&start(Step::Operate { token: 5 })), Err(Reason::NotSelected));
        assert_eq!(selections.allow(&start(Step::Operate { token: 4 })), Ok(()));
        assert_eq!(selections.allow(&start(Step::Operate { token: 4 })), Err(Reason::NotSelected));
        selections.choose(&order(6, Step::Select, Command::Start));
        selections.elapse(Duration::from_secs(31));
        assert_eq!(selections.allow(&start(Step::Operate { token: 6 })), Err(Reason::NotSelected));
    }

    #[test]
    fn a_stop_needs_no_second_step() {
        for stop in [Command::Stop, Command::StopAll, Command::CloseIntake, Command::Silence] {
            assert_eq!(Selections::default().allow(&order(1, Step::Direct, stop)), Ok(()));
        }
    }

    #[test]
    fn the_oldest_choice_makes_room_for_a_new_one() {
        let mut selections = Selections::default();
        for number in 1..=9 {
            selections.choose(&order(number, Step::Select, Command::Start));
            selections.elapse(Duration::from_secs(1));
        }
        let start = |token| order(20, Step::Operate { token }, Command::Start);
        assert_eq!(selections.allow(&start(1)), Err(Reason::NotSelected));
        assert_eq!(selections.allow(&start(9)), Ok(()));
    }
}
