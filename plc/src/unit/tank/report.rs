//! What others see of a tank: sedimentation, the intake, the waste tank.

use core::time::Duration;

use super::{Batch, State, Tank};
use crate::quantity::Kilograms;
use crate::reason::Reason;

/// What sedimentation sees of a tank.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub is_available: bool,
    pub is_in_use: bool,
    pub carries: bool,
    /// It joins or leaves, and waits for a low rate.
    pub wants_to_move: bool,
    pub can_desludge: bool,
    pub desludging: bool,
    /// A batch asks for sludge to be drawn.
    pub asks_desludge: bool,
    /// A batch waits to be filled, or is being filled; its inlet is not proven shut.
    pub asks_fill: bool,
    pub fills: bool,
    pub inlet_flows: bool,
    /// A batch has settled and gives its water.
    pub draws: bool,
    /// Its sludge valve is proven open, or not proven shut.
    pub sludge_open: bool,
    pub sludge_flows: bool,
    /// Since its sludge was last drawn.
    pub since: Duration,
    pub sludge: Kilograms,
    /// Sludge that asks for a turn beyond the schedule.
    pub sludge_high: Kilograms,
    /// Against a tank of the reference plant.
    pub scale: f64,
}

impl Tank {
    /// What sedimentation sees of it, against a tank of the reference plant.
    #[must_use]
    pub fn report(&self, scale: f64) -> Report {
        Report {
            is_available: self.is_available(),
            is_in_use: self.is_in_use(),
            carries: self.carries(),
            wants_to_move: self.wants_to_move(),
            can_desludge: self.can_desludge(),
            desludging: self.is_desludging(),
            asks_desludge: self.batch.is_some() && self.status.state == State::Desludging,
            asks_fill: self.status.state == State::Idle && self.inputs.level.usable().is_some(),
            fills: self.status.state == State::Fill,
            inlet_flows: !self.inlet.is_closed(),
            draws: self.status.state == State::Draw && self.inputs.level.usable().is_some(),
            sludge_open: self.sludge.is_open(),
            sludge_flows: self.sludge_flows(),
            since: self.status.since_desludge,
            sludge: self.retained.sludge_mass,
            sludge_high: self.settings.sludge_high * scale,
            scale,
        }
    }

    /// Water flows through it, or should.
    pub(super) fn should_carry(&self) -> bool {
        self.batch.is_none() && self.is_in_use() && self.wanted
    }

    /// Water can go in and out, proven by limit switches.
    #[must_use]
    pub fn path_open(&self) -> bool {
        self.inlet.is_open() && self.outlet.is_open()
    }

    /// Raw water can go in: through it, or to fill it up to a level that is known.
    #[must_use]
    pub fn takes_in(&self) -> bool {
        if self.batch.is_some() {
            let fills = self.status.state == State::Fill && self.inputs.level.usable().is_some();
            fills && self.inlet.is_open()
        } else {
            self.path_open()
        }
    }

    /// Settled water flows out of a batch.
    #[must_use]
    pub fn gives(&self) -> bool {
        self.gives
    }

    pub(super) fn draws_sludge(&self) -> bool {
        self.batch.as_ref().is_some_and(Batch::draws_sludge)
    }

    /// Fit for service.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.status.state != State::Fault
    }

    /// Fit for service, in AUTO, and used by people.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.is_available() && self.settings.in_use && self.handling.is_auto()
    }

    /// People use it, and it takes water when the plant does.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        match self.status.state {
            State::InService | State::Desludging | State::Filling | State::Hold => {
                self.settings.in_use
            }
            State::Idle | State::Fill | State::Settle | State::Draw => self.settings.in_use,
            State::OutOfService | State::Fault => false,
        }
    }

    /// It gives settled water when the plant takes raw water.
    #[must_use]
    pub fn carries(&self) -> bool {
        match self.status.state {
            State::InService | State::Desludging | State::Hold => self.path_open(),
            State::Idle | State::Fill | State::Settle | State::Draw => true,
            State::Filling | State::OutOfService | State::Fault => false,
        }
    }

    /// It joins the others, or leaves them, and water flows: that wants a low rate.
    pub(super) fn wants_to_move(&self) -> bool {
        let closed = self.inlet.is_closed();
        match self.status.state {
            State::InService | State::Desludging | State::Filling | State::Hold => {
                let leaves = !self.settings.in_use && !closed;
                let joins = self.wanted && self.settings.in_use && !self.inlet.is_open();
                leaves || joins
            }
            State::OutOfService
            | State::Fault
            | State::Idle
            | State::Fill
            | State::Settle
            | State::Draw => false,
        }
    }

    /// Near its rim for long enough to stop the intake. What cannot flow in cannot run over.
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.too_high.stands() && !self.inlet.is_closed()
    }

    /// Sludge is being drawn.
    #[must_use]
    pub fn is_desludging(&self) -> bool {
        if self.batch.is_some() {
            self.draws_sludge()
        } else {
            self.status.state == State::Desludging
        }
    }

    /// Its sludge can be drawn when it is asked.
    #[must_use]
    pub fn can_desludge(&self) -> bool {
        let state = self.status.state;
        let through = matches!(state, State::InService | State::Hold | State::Desludging);
        let batch = state == State::Desludging;
        let now = if self.batch.is_some() { batch } else { through };
        self.sludge.is_available() && !self.must_rest() && now
    }

    /// A person may have its sludge drawn, now or when its turn comes; the answer to the order.
    ///
    /// # Errors
    /// What no waiting ends.
    pub fn may_desludge(&self) -> Result<(), Reason> {
        let why = self
            .handling
            .why()
            .and(self.sludge.handling.why())
            .and_if(!self.settings.in_use, Reason::SwitchedOff)
            .and_if(self.sludge.is_faulty() || !self.is_available(), Reason::ValveFault);
        why.iter().next().map_or(Ok(()), Err)
    }

    /// Water leaves through its sludge valve, or may.
    #[must_use]
    pub fn sludge_flows(&self) -> bool {
        !self.sludge.is_closed()
    }

    /// Sludge that went to the waste tank in this scan.
    #[must_use]
    pub fn sludge_drawn(&self) -> Kilograms {
        self.estimate.drawn
    }
}
