//! A sequence with its clock: the only place where time in a state is counted.

use core::time::Duration;

use statig::blocking::{IntoStateMachine, IntoStateMachineExt, State, StateMachine, Superstate};

/// A statig machine and the time it has spent in its state.
pub struct Timed<M: IntoStateMachine> {
    machine: StateMachine<M>,
    in_state: Duration,
}

impl<M> Default for Timed<M>
where
    M: IntoStateMachine + Default,
    M::State: State<M>,
    for<'sub> M::Superstate<'sub>: Superstate<M>,
{
    fn default() -> Timed<M> {
        Timed { machine: M::default().state_machine(), in_state: Duration::ZERO }
    }
}

impl<M> Timed<M>
where
    M: IntoStateMachine,
    for<'ctx> M: IntoStateMachine<Context<'ctx> = ()>,
    M::State: State<M> + Copy + PartialEq,
    for<'sub> M::Superstate<'sub>: Superstate<M>,
{
    /// Counts this scan's time. First thing in a unit's scan; then [`Timed::in_state`] goes into the event.
    pub fn elapse(&mut self, elapsed: Duration) {
        self.in_state = self.in_state.saturating_add(elapsed);
    }

    /// Time since the state was entered.
    pub fn in_state(&self) -> Duration {
        self.in_state
    }

    /// The state of now.
    pub fn state(&self) -> M::State {
        *self.machine.state()
    }

    /// A trip first, as its own event, so that no leaf can answer the scan before its superstate has seen the trip; then
    /// the scan. The clock restarts when the state changes.
    pub fn advance(&mut self, trip: Option<&M::Event<'_>>, scan: &M::Event<'_>) -> M::State {
        let before = *self.machine.state();
        if let Some(trip) = trip {
            self.machine.handle(trip);
        }
        self.machine.handle(scan);
        let after = *self.machine.state();
        if after != before {
            self.in_state = Duration::ZERO;
        }
        after
    }
}
