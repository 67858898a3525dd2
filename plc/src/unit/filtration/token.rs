//! Who may join, and who may be washed: one filter at a time (`docs/spec/plant.md` 2.6.3, 2.6.6).

use super::{Around, Demand, FILTERS_MAX, Filtration};
use crate::device::Drive;
use crate::reason::{Reason, Reasons};
use crate::unit::filter::sequence::State;
use crate::unit::filter::{Report, Trigger};

impl Filtration {
    /// Keeps, releases or gives away the wash token, and lowers the feed for the filter that holds it.
    pub(super) fn pass_token(&mut self, around: &Around) {
        for index in 0..FILTERS_MAX.min(self.memory.filters) {
            self.memory.wash_blocked[index] = self.wash_blocked(index, around);
        }
        let best = self.most_urgent(around);
        let next = best.filter(|best| self.memory.wash_blocked[*best].is_empty());
        let holder = self.memory.token.filter(|holder| self.keeps_token(*holder, around));
        self.memory.token = match holder {
            Some(holder) => next.filter(|next| self.pre_empts(*next, holder)).or(Some(holder)),
            None => next,
        };
        // Nothing but water is missing: P-501 rests, and the clear well fills (R-2.6.3-06).
        let water_only = Reasons::only(Reason::WashWaterShort);
        let short = best.is_some_and(|best| self.memory.wash_blocked[best] == water_only);
        self.memory.wants_water = self.memory.token.is_none() && short && around.lift_may_rest;
        let token = self.memory.token;
        for index in 0..FILTERS_MAX.min(self.memory.filters) {
            let waits = self.holder(index).wants_wash.is_some();
            let taken = token.is_some_and(|holder| holder != index);
            self.memory.wash_blocked[index] =
                self.memory.wash_blocked[index].and_if(waits && taken, Reason::WashTokenTaken);
        }
        let waits = self.memory.token.filter(|holder| !self.holder(*holder).state.is_wash());
        let waits = waits.filter(|holder| self.holder(*holder).state != State::Ripening {});
        self.memory.pausing = false;
        self.memory.wash_ready = false;
        self.memory.lift_last = false;
        self.memory.lowering = false;
        if let Some(holder) = waits.filter(|holder| self.holder(*holder).wants_wash.is_some()) {
            self.prepare(holder, around);
        }
        if self.memory.joiner.is_some() {
            self.memory.lowering = true;
        }
    }

    /// A clogged filter goes before one whose wash has not begun (R-2.6.3-03).
    fn pre_empts(&self, next: usize, holder: usize) -> bool {
        let waits = self.holder(holder);
        let begun = waits.state.is_wash() || waits.state == State::Ripening {};
        next != holder
            && !begun
            && self.holder(next).wants_wash == Some(Trigger::Clogged)
            && waits.wants_wash < Some(Trigger::Clogged)
    }

    /// Before a wash starts: the feed at MINIMUM, or, for the only filter that delivers, at rest; then P-501 stopped, last, so
    /// that the village waits no longer than it must.
    fn prepare(&mut self, holder: usize, around: &Around) {
        let leaves = self.holder(holder).feed_way;
        let others = self.others(holder).any(|report| report.feed_way);
        self.memory.lowering = leaves;
        let lowered = !leaves || self.is_lowered(around.nominal);
        self.memory.pausing = leaves && lowered && !others;
        let still = others || self.pump.iter().all(Drive::is_still);
        self.memory.lift_last =
            lowered && (still || !leaves) && self.memory.wash_blocked[holder].is_empty();
        self.memory.wash_ready = self.memory.lift_last && around.lift_stopped;
        if !around.lift_stopped {
            self.memory.wash_blocked[holder] =
                self.memory.wash_blocked[holder].with(Reason::LiftPumpRuns);
        }
    }

    /// From DRAIN until RIPEN ends; before that, as long as nothing speaks against it.
    fn keeps_token(&self, holder: usize, around: &Around) -> bool {
        let report = self.holder(holder);
        match report.state {
            State::Draining {}
            | State::AirScour {}
            | State::AirWater {}
            | State::HighWash {}
            | State::SubfluidWash {}
            | State::Settling {}
            | State::Ripening {} => true,
            State::WashQueued {} => {
                report.wants_wash.is_some() && self.memory.wash_blocked[holder].is_empty()
            }
            // Before its wash, and after it until it ripens.
            State::Standby {} => {
                let waits = report.wants_wash.is_some()
                    && self.may_ask(&report, around)
                    && self.memory.wash_blocked[holder].is_empty();
                waits || report.ready
            }
            State::Filtering {} | State::Fault {} => false,
        }
    }

    /// The filter with the highest claim, of those whose wash could start; of two with the same claim the worse clogged one
    /// (R-2.6.3-02, R-2.6.3-11).
    pub(super) fn most_urgent(&self, around: &Around) -> Option<usize> {
        let mut best: Option<(usize, (bool, Trigger, f64))> = None;
        for (index, report) in self.reports().iter().enumerate() {
            let asks = report.wants_wash.filter(|_| self.may_ask(report, around));
            let Some(trigger) = asks else { continue };
            let free = self.memory.wash_blocked[index].is_empty();
            let claim = (free, trigger, report.head_loss.usable().unwrap_or_default().0);
            if best.is_none_or(|(_, highest)| claim > highest) {
                best = Some((index, claim));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Washes start by themselves only while water is made; a person may ask for one at any time.
    fn may_ask(&self, report: &Report, around: &Around) -> bool {
        around.demand == Demand::Run || (around.demand == Demand::Idle && report.ordered)
    }

    /// Permissives W1 to W6 and what the wash train says. A person who orders a wash accepts that the chlorine of its water is
    /// not known (W5).
    fn wash_blocked(&self, index: usize, around: &Around) -> Reasons {
        let report = self.holder(index);
        if report.state.is_wash() || report.wants_wash.is_none() {
            return Reasons::NONE;
        }
        let taken = self
            .others(index)
            .any(|other| other.state.is_wash() || other.state == State::Ripening {});
        // Ready to join, or on the way: ripe, and its outlet still opens.
        let comes = |other: &Report| other.ready || other.state.is_filtering();
        // The others carry the plant; or none of them can, and it pauses.
        let carried = around.demand == Demand::Idle
            || self.others(index).any(|other| other.delivers)
            || !self.others(index).any(comes);
        let joins = self.memory.joiner.is_some();
        // Nobody makes water, nor could: what is kept for delivery would be kept for ever.
        let last =
            !self.reports().iter().any(|other| other.delivers) && !self.others(index).any(comes);
        self.wash_causes(around)
            .and_if(taken, Reason::WashTokenTaken)
            .and_if(!carried || joins, Reason::WashOtherFilterOut)
            .and_if(!(around.wash_water || last && around.wash_water_last), Reason::WashWaterShort)
            .and_if(!around.chlorine_known && !report.ordered, Reason::ChlorineUnknown)
            .and_if(!self.wash_pump.is_available(), Reason::PumpFault)
            .and(self.handling.why())
    }

    /// One filter joins at a time, not while another ripens, is washed, or is about to be.
    pub(super) fn choose_joiner(&mut self, around: &Around) {
        let moves = |index: usize| {
            let report = self.holder(index);
            match report.state {
                State::Standby {} => report.ready,
                State::Ripening {} | State::Filtering {} => !report.in_place,
                State::WashQueued {}
                | State::Draining {}
                | State::AirScour {}
                | State::AirWater {}
                | State::HighWash {}
                | State::SubfluidWash {}
                | State::Settling {}
                | State::Fault {} => false,
            }
        };
        let wanted = around.demand == Demand::Run && self.wants_feed(around);
        let kept = self.memory.joiner.filter(|index| wanted && moves(*index));
        let busy = self
            .reports()
            .iter()
            .any(|report| report.state.is_wash() || report.state == State::Ripening {});
        // A filter that has been washed keeps the token until it ripens: it goes first.
        let holder = self.memory.token.filter(|holder| self.holder(*holder).wants_wash.is_none());
        let free = self.memory.token.is_none() || holder.is_some();
        let next = || {
            holder
                .filter(|holder| self.holder(*holder).ready)
                .or_else(|| self.reports().iter().position(|report| report.ready))
        };
        self.memory.joiner = kept.or_else(|| if wanted && free && !busy { next() } else { None });
    }

    fn holder(&self, index: usize) -> Report {
        self.memory.reports.get(index).copied().unwrap_or_default()
    }

    pub(super) fn others(&self, index: usize) -> impl Iterator<Item = &Report> {
        self.reports()
            .iter()
            .enumerate()
            .filter(move |(other, _)| *other != index)
            .map(|(_, report)| report)
    }

    /// A filter is about to draw wash water, or does: P-501 must stand still (W7). Or one waits for water only (W3).
    #[must_use]
    pub fn needs_lift_stopped(&self) -> bool {
        let holder = self.memory.token;
        self.memory.wants_water
            || holder.is_some_and(|holder| {
                let report = self.holder(holder);
                match report.state {
                    State::Standby {} | State::WashQueued {} => self.memory.lift_last,
                    State::Draining {}
                    | State::AirScour {}
                    | State::AirWater {}
                    | State::HighWash {}
                    | State::SubfluidWash {} => true,
                    State::Settling {} => self.wash_pump_runs(),
                    State::Ripening {} | State::Filtering {} | State::Fault {} => false,
                }
            })
    }

    /// A person may have a filter washed, now or when its turn comes; the answer to the order.
    ///
    /// # Errors
    /// What no waiting ends: filtration or P-351 out of AUTO, P-351 failed.
    pub fn may_wash(&self) -> Result<(), Reason> {
        let why = self
            .handling
            .why()
            .and(self.wash_pump.handling.why())
            .and_if(self.wash_pump.is_faulty(), Reason::PumpFault);
        why.iter().next().map_or(Ok(()), Err)
    }

    /// Wash filter `number`, counted from 1.
    ///
    /// # Errors
    /// Why not.
    pub fn order_wash(&mut self, number: u8) -> Result<(), Reason> {
        let (bit, report) = self.ordered_filter(number)?;
        if report.state.is_wash() {
            return Err(Reason::Washing);
        }
        if report.state == (State::Fault {}) {
            return Err(Reason::FilterFault);
        }
        self.memory.ordered |= bit;
        Ok(())
    }

    /// End the wash of filter `number`, or take back an order for one.
    ///
    /// # Errors
    /// Why not.
    pub fn order_abort(&mut self, number: u8) -> Result<(), Reason> {
        let (bit, report) = self.ordered_filter(number)?;
        let settles = report.state == State::Settling {};
        if settles || !(report.state.is_wash() || report.ordered) {
            return Err(Reason::NotNow);
        }
        self.memory.aborted |= bit;
        Ok(())
    }

    /// The panel commands: a wash that has not begun is ordered no more (R-2.1-05).
    pub fn end_orders(&mut self) {
        for index in 0..self.memory.filters.min(FILTERS_MAX) {
            let report = self.holder(index);
            if report.ordered && !report.state.is_wash() {
                self.memory.aborted |= 1 << index;
            }
        }
    }

    fn ordered_filter(&self, number: u8) -> Result<(u8, Report), Reason> {
        let index = usize::from(number).checked_sub(1).ok_or(Reason::Unknown)?;
        let report = self.reports().get(index).ok_or(Reason::Unknown)?;
        Ok((1 << index, *report))
    }
}
