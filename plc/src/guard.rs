//! The dosing guard: last thing before the outputs, nothing gets past it.
//!
//! ```text
//! the unit's wish, renewed within a second -> caps of a dose, an hour, a day -> flow proven -> not on for ever -> on record -> pump
//! ```
//! It asks for nothing. It reckons what moved by what was let through, or by the strokes the field counted where those are
//! more, in whole micrograms, with the strongest stock and the largest stroke that may be true: no setting makes it blind.
//! In: the unit's doser, the flow it doses into, what is durable of the ledger. Out: the two dosing outputs, never more than
//! asked. `docs/spec/contracts.md`, "Storage against safety"; `docs/spec/plant.md` 2.0, INV-6, INV-7, INV-17.

use core::time::Duration;

mod ledger;
#[cfg(test)]
mod properties;
mod strokes;
#[cfg(test)]
mod tests;
mod unsaved;

pub use ledger::{Ledger, MIXING_TIME};

use crate::alarm::{Condition, Priority};
use crate::block::{Rolling, Sustained};
use crate::declare::{alarm, alarms, inputs, measured, parts, shown, status};
use crate::device::DosingPump;
use crate::quantity::{CubicMetresPerHour, Grams, GramsPerLitre, Millilitres, StrokesPerMinute};
use crate::reason::{Reason, Reasons};
use crate::signal::Signal;
use ledger::{DAY, HOUR, PRIMING_MAX};
use strokes::Strokes;
use unsaved::{Pace, Unsaved};

inputs! {
    /// What the shell says of the ledger.
    pub struct Inputs {
        /// Mass that is reserved on the disk for certain, counted up since the first start.
        pub durable: Signal<Grams> = measured(0.0..=5e9).reported(),
    }
}

status! {
    /// What the guard lets through.
    pub struct Status {
        /// What the dosing guard holds the pump for.
        pub blocked: Reasons = shown(),
        /// Time left until a dose has mixed in, or a pause is over.
        pub wait_left: Duration = shown(),
        /// Priming left of today's minute.
        pub priming_left: Duration = shown(),
        /// Mass left of what is on record.
        pub reserved: Grams = shown(),
        /// Strength of the stock that the guard reckons with.
        pub strength: GramsPerLitre = shown(),
    }
}

alarms! {
    /// Alarms of the guard.
    pub struct Alarms {
        /// FS-@, dosing while off.
        pub dosing_while_off: Condition = alarm(419, Priority::P1).latching(),
    }
}

/// Limits of one chemical: its unit's settings, and what no setting may undercut.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Strength that people say, and the weakest that the guard believes.
    pub stock: GramsPerLitre,
    pub stock_least: GramsPerLitre,
    /// Volume of a stroke that people say, and the smallest that the guard believes.
    pub stroke: Millilitres,
    pub stroke_least: Millilitres,
    /// Most within one mixing time.
    pub dose_cap: Grams,
    pub hourly_cap: Grams,
    pub daily_cap: Grams,
    pub on_time_max: Duration,
    /// Least flow it may be dosed into.
    pub flow_min: CubicMetresPerHour,
}

/// What the guard knows of the plant in this scan.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// The flow the chemical goes into.
    pub flow: Signal<CubicMetresPerHour>,
    /// A person primes the pump: flow is not needed for a minute a day.
    pub priming: bool,
    /// Storage takes the ledger; without it half the caps are spread evenly, once the durable reservation is used up.
    pub storage_ok: bool,
    pub reset: bool,
}

/// Guard of one chemical.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard {
    pub inputs: Inputs,
    pub status: Status,
    pub alarms: Alarms,
    ledger: Ledger,
    /// What was let through in the last scan: the field holds to it until now.
    rate: StrokesPerMinute,
    /// By priming.
    primes: bool,
    /// Reservation whose record says that priming has begun.
    priming_recorded: u64,
    strokes: Strokes,
    unsaved: Unsaved,
    /// How much of the last day nobody may have seen: what moved then is not on record.
    unseen: Duration,
    flow_proof: Sustained,
    /// Time since the unit asked last.
    unasked_for: Duration,
    on_for: Duration,
    pause: Duration,
    mixing: Duration,
    /// Nobody knows what moved before: nothing moves for so long.
    unknown: Duration,
    /// Parts of a microgram not booked yet.
    rest: f64,
}
parts! { Guard {
    inputs, status, alarms;
    one: ; many: ; maybe: ;
    ledger, rate, primes, priming_recorded, strokes, unsaved, unseen, flow_proof, unasked_for, on_for, pause, mixing, unknown, rest
} }

/// The pause that ends the longest time on: long enough to see that the pump can stop, short against INV-8's 180 s.
const PAUSE: Duration = Duration::from_secs(30);
/// A dose has mixed in: the mixing time, until the last slice of its window has left.
const MIXING_WAIT: Duration = Duration::from_secs(66);
/// A unit asks twice a second (R-2.0-01); a wish twice as old is nobody's.
const WISH_TIME: Duration = Duration::from_secs(1);
/// Flow must be seen for so long; chosen: three looks at a meter, and less than each unit's own proof.
const FLOW_PROOF: Duration = Duration::from_secs(2);
/// Priming that has begun, and moved nothing yet.
const PRIMING_BEGUN: Duration = Duration::from_micros(1);
/// The longest time between two scans: a rate that is let through may move so long. Later than that the field has dropped it
/// (dead-man of the drives and of the remote modules, `docs/spec/plant.md` 1.7).
pub const SCAN_MAX: Duration = Duration::from_secs(10);
/// Mass is reserved ahead for so long (`docs/spec/contracts.md`).
const BLOCK: Duration = Duration::from_secs(600);
/// A block that stands ready before anything is dosed: this share of the hourly cap.
const BLOCK_LEAST: u64 = 60;
/// A weaker stock is believed after this: until then what is left of the stronger one may still come.
const WEAKER_AFTER: Duration = DAY;
/// After a memory that was lost nothing moves before the hour of which nobody knows has left its window.
const UNKNOWN_TIME: Duration = Duration::from_secs(3600);

/// Whole micrograms; what is no number is more than any cap.
fn micrograms(grams: f64) -> u64 {
    if grams.is_nan() { u64::MAX } else { libm::ceil(grams * 1e6) as u64 }
}

/// Whole micrograms of a cap; what is no number is none.
fn whole_micrograms(cap: Grams) -> u64 {
    libm::floor(cap.0 * 1e6) as u64
}

impl Guard {
    /// The last word on a dosing pump in this scan.
    pub fn hold(
        &mut self,
        pump: &mut DosingPump,
        limits: &Limits,
        proof: &Proof,
        elapsed: Duration,
    ) {
        self.believe_stock(limits, elapsed);
        self.book(pump, limits, elapsed);
        let used = self.used(limits);
        self.forget(used, limits, proof);
        let renewed = self.is_renewed(pump, elapsed);
        let rate = pump.outputs.rate.value();
        let holds = self
            .judge(rate, used, limits, proof, elapsed)
            .and_if(!renewed && rate > StrokesPerMinute::ZERO, Reason::NoDemand);
        pump.outputs.rate.hold_off(holds);
        pump.outputs.enable.hold_off(holds);
        if !pump.outputs.enable.value() {
            // A rate without its enable does nothing in one pump and strokes in another: neither goes out.
            let alone = Reasons::NONE.and_if(rate > StrokesPerMinute::ZERO, Reason::NoFlowProof);
            pump.outputs.rate.hold_off(alone.and(holds).and(pump.outputs.enable.held()));
        }
        self.rate = pump.outputs.rate.value();
        self.count(proof.priming, elapsed);
        self.reserve(pump.outputs.rate.wanted(), limits);
        self.show(holds);
    }

    /// Dead-man: a wish lives for so long, and its unit renews it at its own pace.
    fn is_renewed(&mut self, pump: &mut DosingPump, elapsed: Duration) -> bool {
        self.unasked_for = if pump.take_renewed() {
            Duration::ZERO
        } else {
            self.unasked_for.saturating_add(elapsed)
        };
        self.unasked_for <= WISH_TIME
    }

    /// The strongest stock that may still come: a stronger one at once, a weaker one after a day.
    fn believe_stock(&mut self, limits: &Limits, elapsed: Duration) {
        // g/l × 1 000 = mg/l
        let said = limits.stock.or_more(limits.stock_least);
        let said = libm::ceil(said.0 * 1000.0) as u64;
        let ledger = &mut self.ledger;
        ledger.weaker_for = ledger.weaker_for.saturating_add(elapsed);
        if said >= ledger.strength || ledger.weaker_for >= WEAKER_AFTER {
            ledger.strength = said;
            ledger.weaker_for = Duration::ZERO;
        }
    }

    /// mg/l × ml ÷ 1 000 000 = g a stroke.
    fn stroke_mass(&self, limits: &Limits) -> f64 {
        let stroke = limits.stroke.or_more(limits.stroke_least);
        self.ledger.strength as f64 * stroke.0 / 1e6
    }

    /// What a rate moves in this time, grams.
    fn mass(&self, rate: StrokesPerMinute, limits: &Limits, time: Duration) -> f64 {
        rate.0 * time.as_secs_f64() / 60.0 * self.stroke_mass(limits)
    }

    /// What the field did since the last scan: the rate it was given, and strokes it counted beyond that.
    fn book(&mut self, pump: &DosingPump, limits: &Limits, elapsed: Duration) {
        let time = elapsed.min(SCAN_MAX);
        if self.primes {
            self.ledger.primed = self.ledger.primed.saturating_add(time);
        }
        let asked = self.rate.0 * time.as_secs_f64() / 60.0;
        let more = self.strokes.more_than(pump.inputs.strokes, asked, self.rate, elapsed);
        let mass = self.mass(self.rate, limits, time) + more * self.stroke_mass(limits);
        let micro = mass * 1e6 + self.rest;
        let whole = if micro >= 0.0 { libm::floor(micro) } else { 0.0 };
        self.rest = if micro >= 0.0 { micro - whole } else { self.rest };
        let durable = self.durable().max(self.ledger.moved);
        self.ledger.book(whole as u64, elapsed);
        self.unsaved.spend(self.ledger.moved.saturating_sub(durable), pace(limits));
    }

    /// The most that the last hour and day may hold: what is on record, and what may have moved unsaved before a restart.
    fn used(&self, limits: &Limits) -> Used {
        let ledger = &self.ledger;
        if self.unseen == Duration::ZERO {
            return Used { hour: ledger.hour.micro(), day: ledger.day.micro() };
        }
        let pace = pace(limits);
        let most = |window: &Rolling, unseen: Duration| {
            window.most(unseen, |time| pace.mass(time)).saturating_add(pace.fill())
        };
        Used {
            hour: most(&ledger.hour, self.unseen.saturating_sub(DAY - HOUR)),
            day: most(&ledger.day, self.unseen),
        }
    }

    /// What would pass the caps, the flow proof, the time on or the record.
    fn judge(
        &mut self,
        rate: StrokesPerMinute,
        used: Used,
        limits: &Limits,
        proof: &Proof,
        elapsed: Duration,
    ) -> Reasons {
        let flows = proof.flow.usable().is_some_and(|flow| flow >= limits.flow_min);
        let proven = self.flow_proof.holds(flows, FLOW_PROOF, elapsed);
        // One microgram more: what is not booked yet.
        let next = micrograms(self.mass(rate, limits, SCAN_MAX)).saturating_add(1);
        let unrecorded = self.judge_record(next, limits, proof, elapsed);
        if !(rate > StrokesPerMinute::ZERO) {
            return self.stopped();
        }
        let room = |cap: Grams, used: u64| used.saturating_add(next) <= whole_micrograms(cap);
        let ledger = &mut self.ledger;
        ledger.hourly_reached |= !room(limits.hourly_cap, used.hour);
        ledger.daily_reached |= !room(limits.daily_cap, used.day);
        if self.mixing == Duration::ZERO && !room(limits.dose_cap, ledger.dose.micro()) {
            self.mixing = MIXING_WAIT;
        }
        if self.on_for >= limits.on_time_max {
            self.pause = PAUSE;
        }
        let primes = proof.priming && self.may_prime(elapsed);
        self.stopped()
            .and(unrecorded)
            .and_if(self.mixing > Duration::ZERO, Reason::DoseMixing)
            .and_if(!(proven || primes), Reason::NoFlowProof)
            .and_if(self.pause > Duration::ZERO, Reason::MaximumOnTime)
            .and_if(self.unknown > Duration::ZERO, Reason::NotOnRecord)
    }

    /// What is durable may be dosed. Beyond it nothing, while storage works; half the caps, evenly, when it fails.
    fn judge_record(
        &mut self,
        next: u64,
        limits: &Limits,
        proof: &Proof,
        elapsed: Duration,
    ) -> Reasons {
        let durable = self.ledger.moved.saturating_add(next) <= self.durable();
        if durable || proof.storage_ok {
            self.unsaved.rest();
            return Reasons::NONE.and_if(!durable, Reason::NotOnRecord);
        }
        let allowed = self.unsaved.allows(next, pace(limits), elapsed);
        Reasons::NONE.and_if(!allowed, Reason::HalfCaps)
    }

    /// Today's minute of priming is not used up, and that it has begun is on record: a restart gives none of it back. From memory
    /// nothing is primed.
    fn may_prime(&mut self, elapsed: Duration) -> bool {
        let ledger = &mut self.ledger;
        if ledger.primed == Duration::ZERO {
            ledger.primed = PRIMING_BEGUN;
            ledger.since_prime = Duration::ZERO;
            ledger.reserved = ledger.reserved.saturating_add(1);
            self.priming_recorded = ledger.reserved;
        }
        self.durable() >= self.priming_recorded
            && self.ledger.primed + elapsed.min(SCAN_MAX) <= PRIMING_MAX + PRIMING_BEGUN
    }

    /// What is on the disk for certain, micrograms. Nothing is durable that was not reserved.
    fn durable(&self) -> u64 {
        let durable = self.inputs.durable.usable();
        let durable = durable.map_or(0, |grams| libm::round(grams.0 * 1e6) as u64);
        durable.min(self.ledger.reserved)
    }

    /// Time passes after the rate was decided.
    fn count(&mut self, priming: bool, elapsed: Duration) {
        let doses = self.rate > StrokesPerMinute::ZERO;
        self.pause = self.pause.saturating_sub(elapsed);
        self.mixing = self.mixing.saturating_sub(elapsed);
        self.unknown = self.unknown.saturating_sub(elapsed);
        self.ledger.lost &= !self.unknown.is_zero();
        self.unseen = self.unseen.saturating_sub(elapsed);
        self.on_for = if doses { self.on_for.saturating_add(elapsed) } else { Duration::ZERO };
        let ledger = &mut self.ledger;
        ledger.since_prime = ledger.since_prime.saturating_add(elapsed);
        if ledger.since_prime >= DAY {
            ledger.primed = Duration::ZERO;
        }
        self.primes = doses && priming;
        // The day begins with the last stroke of priming, so that no two minutes of it fall together (INV-7).
        if self.primes {
            ledger.since_prime = Duration::ZERO;
        }
    }

    /// Reserves ahead, once half of the last block is used.
    fn reserve(&mut self, wanted: StrokesPerMinute, limits: &Limits) {
        let block = micrograms(self.mass(wanted, limits, BLOCK));
        let hourly = whole_micrograms(limits.hourly_cap);
        let room = hourly.saturating_sub(self.ledger.hour.micro());
        // No more than the cap has room for, but always what the next scan may take: it is the cap that stops, not the record.
        let next = micrograms(self.mass(wanted, limits, SCAN_MAX)).saturating_add(1);
        let block = block.max(hourly / BLOCK_LEAST).min(room).max(2 * next);
        let ledger = &mut self.ledger;
        if ledger.reserved.saturating_sub(ledger.moved) < block / 2 {
            ledger.reserved = ledger.moved.saturating_add(block);
        }
    }

    /// A cap that was reached holds until a person resets it and the window has room again, for a block at least.
    fn forget(&mut self, used: Used, limits: &Limits, proof: &Proof) {
        let least = whole_micrograms(limits.hourly_cap) / BLOCK_LEAST;
        let room = |cap: Grams, used: u64| used.saturating_add(least) <= whole_micrograms(cap);
        if proof.reset {
            self.ledger.hourly_reached &= !room(limits.hourly_cap, used.hour);
            self.ledger.daily_reached &= !room(limits.daily_cap, used.day);
        }
    }

    fn stopped(&self) -> Reasons {
        Reasons::NONE
            .and_if(self.ledger.hourly_reached, Reason::HourlyCapReached)
            .and_if(self.ledger.daily_reached, Reason::DailyCapReached)
    }

    fn show(&mut self, holds: Reasons) {
        let left = self.ledger.reserved.saturating_sub(self.ledger.moved);
        let primed = self.ledger.primed;
        self.status = Status {
            blocked: holds,
            wait_left: self.pause.max(self.mixing).max(self.unknown).max(self.unsaved.wait_left()),
            priming_left: PRIMING_MAX.saturating_sub(primed),
            reserved: Grams(left as f64 / 1e6),
            strength: GramsPerLitre(self.ledger.strength as f64 / 1000.0),
        };
        self.alarms = Alarms { dosing_while_off: Condition::when(self.strokes.are_unasked()) };
    }

    /// A cap was reached and nobody has reset it.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        !self.stopped().is_empty()
    }

    /// The record was lost: nothing moves before its hour is over.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        !self.unknown.is_zero()
    }

    /// Mass of the last hour and day.
    #[must_use]
    pub fn masses(&self) -> (Grams, Grams) {
        let grams = |micro: u64| Grams(micro as f64 / 1e6);
        (grams(self.ledger.hour.micro()), grams(self.ledger.day.micro()))
    }

    /// The record of now, for the shell to keep.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes up the record that was kept: a restart gives nothing back.
    pub fn restore(&mut self, kept: Ledger) {
        self.ledger = kept.after_restart();
        self.unseen = DAY;
        // How much of its hour had passed is not on record either.
        if self.ledger.lost {
            self.unknown = UNKNOWN_TIME;
        }
    }

    /// Takes up what an older version kept, as if moved just now.
    pub fn restore_masses(&mut self, hour: Grams, day: Grams, stopped: Reasons) {
        let mut ledger = Ledger::default();
        let (hour, day) = (micrograms(hour.0), micrograms(day.0));
        ledger.day.add(day.max(hour), Duration::ZERO);
        ledger.hour.add(hour, Duration::ZERO);
        ledger.hourly_reached = stopped.has(Reason::HourlyCapReached);
        ledger.daily_reached = stopped.has(Reason::DailyCapReached);
        self.ledger = ledger;
        self.unseen = DAY;
    }

    /// The record was lost: nobody knows what moved, and nothing moves for an hour.
    pub fn distrust(&mut self) {
        self.unknown = UNKNOWN_TIME;
        self.ledger.lost = true;
        self.unseen = DAY;
    }
}

/// Micrograms of the last hour and day, as the caps see them.
#[derive(Clone, Copy, Debug)]
struct Used {
    hour: u64,
    day: u64,
}

/// Half the caps of this chemical, spread evenly.
fn pace(limits: &Limits) -> Pace {
    Pace::of(limits.hourly_cap, limits.daily_cap)
}
