//! What is judged before the units: the causes of the table, and contact time.

use core::time::Duration;

use super::safe_water::flow_allowed;
use super::{Plant, Settling};
use crate::contact_time::{Contact, Logs};
use crate::device::{Drive, Motor};
use crate::interlock::{Column, Facts};
use crate::quantity::{CubicMetresPerHour, KiloWatts, MilligramsPerLitre, Ntu};
use crate::reason::{Reason, Reasons};
use crate::signal::{Doubt, Signal};
use crate::tag::{Activities, Activity};
use crate::unit::filter::Filter;
use crate::unit::power::Motors;
use crate::unit::sedimentation::Net;
use crate::unit::tank::Tank;

/// Contact time is computed with at least this share of nominal (`docs/spec/contracts.md`).
pub(super) const CONTACT_FLOW_SHARE: f64 = 0.2;
/// K0 may take this long to open (`docs/spec/plant.md` 4, alarm 905).
pub(super) const OPEN_TIME: Duration = Duration::from_secs(1);

/// Causes that a motor may outrun without harm to water or machine, or that say only that nothing is seen of it.
const NO_DANGER: Reasons = Reasons::all(&[
    Reason::LocalControl,
    Reason::MainsLost,
    Reason::PowerOverLimit,
    Reason::WashPumpRuns,
    Reason::BusALost,
    Reason::BusBLost,
    Reason::BusDLost,
    Reason::RunsUnasked,
]);
/// A drive that stands takes no more than this (chosen: its own electronics).
const STANDS: KiloWatts = KiloWatts(0.05);
/// While bus A is silent the drives' own time-outs have stopped them (`docs/spec/plant.md` 1.6); more than this share of nominal through
/// a pump's meter says that one has not. Chosen: far beyond a meter's zero.
const UNSEEN_FLOW: f64 = 0.2;
/// A level moves when more than this share of nominal comes or goes unmatched: 0.5 of 5 m³/h, a fifth of a metre an hour in
/// the clear well, well above what a gauge resolves in 20 minutes.
const NET_FLOW: f64 = 0.1;

/// AIT-101, or what counts in its place while it has no value: the dose's substitute, so that a storm that it can no longer
/// follow closes the intake all the same (R-2.12-01, R-2.2.2-01). Off its scale it says that there is more, as long as no person
/// has tested the water.
pub(super) fn raw_turbidity(measured: Signal<Ntu>, substitute: Signal<Ntu>) -> Signal<Ntu> {
    let tested = matches!(substitute, Signal::Uncertain(_, Doubt::HandValue));
    match measured.usable() {
        None if tested || !measured.is_over() => substitute,
        Some(_) | None => measured,
    }
}

impl Plant {
    /// What the motors took in the last scan.
    pub(super) fn motors(&self) -> Motors {
        let units = &self.units;
        let pumps = || {
            let raw = units.intake.pump.iter().chain(units.filtration.pump.iter());
            raw.chain(units.distribution.pump.iter()).chain([&units.filtration.wash_pump])
        };
        let power = pumps().filter_map(|pump| pump.inputs.power.usable());
        Motors {
            power: power.fold(KiloWatts::ZERO, |sum, power| sum + power),
            some_on: pumps().any(Drive::is_on),
        }
    }

    /// A motor runs that nobody asks for, against a cause that stops it for good reason: a welded contactor, a drive in local
    /// (F5). Not while the panel commands, nor where the cause is only a lack of something, or of sight.
    fn runs_on(&self) -> bool {
        let units = &self.units;
        let held = |column| !self.holds.on(column).without(NO_DANGER).is_empty();
        let drive = |drive: &Drive| {
            // A contact alone may stick; a motor that turns takes power.
            let turns = drive.inputs.power.usable().is_none_or(|power| power > STANDS);
            drive.inputs.running.closed() && !drive.outputs.run.value() && turns
        };
        let motor = |motor: &Motor| motor.inputs.running.closed() && !motor.outputs.run.value();
        // What no wire tells of the drives, water does.
        let unseen = |pumps: &[Drive], flow: Signal<CubicMetresPerHour>| {
            self.holds.causes().has(Reason::BusALost)
                && flow.usable().is_some_and(|flow| flow > self.shape.nominal_flow * UNSEEN_FLOW)
                && !pumps.iter().any(|pump| pump.outputs.run.value())
        };
        !self.holds.causes().has(Reason::LocalControl)
            && ((held(Column::RawPump) && units.intake.pump.iter().any(drive))
                || ((held(Column::FeedPump) || units.filtration.overruns())
                    && units.filtration.pump.iter().any(drive))
                || (held(Column::LiftPump) && units.distribution.pump.iter().any(drive))
                || unseen(&units.intake.pump, units.intake.inputs.flow)
                || unseen(&units.filtration.pump, units.filtration.inputs.flow)
                || unseen(&units.distribution.pump, units.distribution.inputs.flow)
                || (held(Column::Wash)
                    && (drive(&units.filtration.wash_pump)
                        || units.filtration.blower.as_ref().is_some_and(motor)))
                || (held(Column::Mixer) && motor(&units.coagulation.mixer))
                || (held(Column::WastePump)
                    && (motor(&units.waste.pump) || motor(&units.sedimentation.sludge_pump))))
    }

    /// What went on in the last scan, and must show in the instruments.
    pub(super) fn activities(&self) -> Activities {
        let units = &self.units;
        let net = |a: Signal<CubicMetresPerHour>, b: Signal<CubicMetresPerHour>| {
            let net = a.zip(b, |a, b| a.distance(b)).usable();
            net.is_some_and(|net| net > self.shape.nominal_flow * NET_FLOW)
        };
        let raw = units.intake.status.raw_flow;
        let feed = units.filtration.inputs.flow;
        // Raw water does not reach the settled tank while batches settle, and what they give no meter sees.
        let batch = self.shape.settling == Settling::Batch;
        let settles = if batch { Signal::Good(CubicMetresPerHour::ZERO) } else { raw };
        let gives = units.tank.iter().any(Tank::gives);
        let lift = units.distribution.inputs.flow;
        let filtered = units.filtration.status.filtered_flow;
        Activities::default()
            .and_if(units.intake.pump.iter().any(Drive::is_running), Activity::RawPump)
            .and_if(units.intake.is_loaded(), Activity::RawPumpLoaded)
            .and_if(units.filtration.pump.iter().any(Drive::is_running), Activity::FeedPump)
            .and_if(units.distribution.pump.iter().any(Drive::is_running), Activity::LiftPump)
            .and_if(net(settles, feed) && !gives, Activity::SettledTank)
            .and_if(net(filtered, lift), Activity::ClearWell)
            .and_if(net(lift, units.distribution.inputs.village_flow), Activity::ElevatedTank)
    }

    /// What goes into the settled tank less what comes out, as of the last scan.
    pub(super) fn settled_net(&self) -> Net {
        let units = &self.units;
        let passes = |tank: &Tank| tank.carries() && !tank.sludge_flows();
        if self.shape.settling == Settling::Batch || !units.tank.iter().all(passes) {
            return Net::Elsewhere;
        }
        let net = units.intake.status.raw_flow.zip(units.filtration.inputs.flow, |a, b| a - b);
        net.usable().map_or(Net::Unknown, Net::Known)
    }

    /// The causes of the cause-and-effect table.
    pub(super) fn judge_causes(&mut self, elapsed: Duration) {
        let around = self.around_disinfection();
        let runs_on = self.runs_on();
        let units = &mut self.units;
        let entering = units.filtration.turbidity_to_clear_well();
        units.disinfection.judge(&around, elapsed);
        let relaxed = units.system.emergency_profile.relaxed();
        units.disinfection.judge_credit(entering, elapsed);
        let residual = units.disinfection.status.outlet_residual;
        units.distribution.judge_quality(entering, residual, relaxed, elapsed);
        let asked = units.system.outputs.supply.value();
        let closed = units.system.inputs.supply_on;
        let facts = Facts {
            nominal: self.shape.nominal_flow,
            emergency_loop: units.system.inputs.emergency_stop,
            supply_as_asked: !asked || closed.closed(),
            emergency_latched: units.system.retained.emergency_latched,
            remote: units.system.inputs.remote,
            booting: units.system.is_booting(),
            stopped_all: self.asked.stop_all || units.system.retained.stopped_all,
            mains_good: units.power.is_good(),
            power_over: units.power.is_over(),
            battery_empty: units.power.status.shut_down,
            buses: [
                units.system.inputs.bus_a,
                units.system.inputs.bus_b,
                units.system.inputs.bus_d,
            ],
            wet_well_low_low: units.intake.inputs.wet_well_low_low,
            wet_well: units.intake.inputs.wet_well_level,
            settled: units.sedimentation.settled_level(),
            clear_well_high_high: units.distribution.inputs.high_high,
            clear_well_low_low: units.distribution.inputs.low_low,
            clear_well: units.distribution.status.level,
            clear_well_highest: units.distribution.level_high(),
            filtered: entering,
            relaxed,
            outlet_chlorine: residual,
            inactivation_ratio: units.distribution.status.inactivation_ratio.0,
            elevated_high_high: units.distribution.inputs.elevated_high_high,
            elevated: units.distribution.status.tank_level,
            waste_high_high: units.waste.inputs.high_high,
            waste: units.waste.inputs.level,
            outlet_not_closed: units.filter.iter().any(Filter::outlet_not_proven_closed),
            runs_on,
            wash_pump_runs: units.filtration.wash_pump_runs(),
            treated_ph: units.disinfection.inputs.ph,
            raw_turbidity: raw_turbidity(
                units.intake.inputs.turbidity,
                units.coagulation.status.turbidity,
            ),
            contaminated: units.distribution.retained.contaminated,
            reset: self.asked.reset,
            supervisor_reset: self.asked.supervisor_reset,
        };
        let before = self.holds.causes();
        self.holds = self.holds.then(self.causes.judge(&facts, elapsed), facts.reset);
        units.system.note_holds(&self.holds, facts.reset);
        self.events.causes(before, self.holds.causes());
        self.welded.holds(
            !asked && closed.closed() && !units.system.is_booting(),
            OPEN_TIME,
            elapsed,
        );
    }

    /// How far the clear well's water is inactivated, for the flow now or about to be asked.
    pub(super) fn contact(&mut self, elapsed: Duration) -> Option<Contact> {
        let nominal = self.shape.nominal_flow;
        let units = &self.units;
        let residual = units.disinfection.lowest_residual().or_else(|| {
            let inlet = units.disinfection.status.inlet_residual.usable()?;
            Some(units.distribution.residual_in_grace()?.or_less(inlet))
        });
        let residual = self.residual.take(residual.map(|residual| residual.0), elapsed);
        let volume = units.distribution.status.volume.usable();
        let (Some(chlorine), Some(volume)) = (residual, volume) else { return None };
        let settings = &units.distribution.settings;
        let (giardia, virus) =
            units.disinfection.required(settings.giardia_required, settings.virus_required);
        let conditions = units.disinfection.conditions(units.intake.inputs.temperature);
        let contact = Contact {
            volume,
            flow: nominal,
            baffling: settings.baffling.0,
            chlorine: MilligramsPerLitre(chlorine),
            temperature: conditions.temperature,
            ph: conditions.ph,
            giardia_required: giardia.0,
            virus_required: virus.0,
            beyond: Logs::default(),
        };
        let contact = Contact { beyond: self.beyond(&contact), ..contact };
        let units = &self.units;
        let asked = units.distribution.asked(flow_allowed(&contact), nominal);
        let measured = units.distribution.inputs.flow;
        // More than FIT-501 can show leaves too little time, nobody knows how little.
        if measured.is_over() {
            return None;
        }
        let now = measured.usable().unwrap_or(asked);
        Some(Contact { flow: now.or_more(asked).or_more(nominal * CONTACT_FLOW_SHARE), ..contact })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::Shape;
    use crate::signal::Fault;

    const SECOND: Duration = Duration::from_secs(1);

    /// A plant whose P-501A runs although a cause holds it.
    fn running_on() -> Plant {
        let mut plant = Plant::new(&Shape::default());
        plant.units.system.inputs.remote = Signal::Good(true);
        plant.units.distribution.inputs.elevated_high_high = Signal::Good(false);
        let pump = &mut plant.units.distribution.pump[0];
        pump.inputs.running = Signal::Good(true);
        pump.inputs.power = Signal::Good(KiloWatts(0.9));
        plant
    }

    /// F5, R-2.0-08, INV-21: a pump that runs on against a cause has but one switch left: K0 opens within 12 s, and all stand
    /// until a person has looked. Not for a contact that sticks, a pump that was asked, nor while the panel commands.
    #[test]
    fn a_pump_that_runs_on_against_a_cause_opens_the_contactor() {
        type Change = fn(&mut Plant);
        let rows: [(&str, Change, bool); 6] = [
            ("welded", |_| {}, true),
            ("power unknown", |p| power(p, Signal::Bad(Fault::Stale)), true),
            ("stands, by its power", |p| power(p, Signal::Good(KiloWatts(0.02))), false),
            (
                "feedback unknown",
                |p| p.units.distribution.pump[0].inputs.running = Signal::Bad(Fault::Stale),
                false,
            ),
            ("at the panel", |p| p.units.system.inputs.remote = Signal::Good(false), false),
            (
                "asked",
                |p| p.units.distribution.pump[0].outputs.run = crate::output::Output::want(true),
                false,
            ),
        ];
        for (what, change, opens) in rows {
            let mut plant = running_on();
            change(&mut plant);
            (0..12).for_each(|_| plant.judge_causes(SECOND));
            assert!(!plant.holds.causes().has(Reason::RunsUnasked), "{what}: too soon");
            plant.judge_causes(SECOND);
            assert_eq!(plant.holds.on(Column::Supply).has(Reason::RunsUnasked), opens, "{what}");
        }
        let mut plant = running_on();
        (0..13).for_each(|_| plant.judge_causes(SECOND));
        plant.units.distribution.pump[0].inputs.running = Signal::Good(false);
        plant.judge_causes(SECOND);
        assert!(plant.holds.causes().has(Reason::RunsUnasked), "until somebody has looked");
        let mut again = Plant::new(&Shape::default());
        again.units.system.inputs.remote = Signal::Good(true);
        again.causes.restore(plant.causes.latched());
        again.judge_causes(SECOND);
        assert!(again.holds.on(Column::Supply).has(Reason::RunsUnasked), "also after a restart");
        plant.asked.reset = true;
        plant.judge_causes(SECOND);
        assert!(!plant.holds.causes().has(Reason::RunsUnasked));
    }

    /// F5, F51, INV-8: while bus A is silent no drive tells that it runs on; what flows through its pump's meter does.
    #[test]
    fn a_pump_that_runs_on_behind_a_dead_bus_is_known_by_its_water() {
        type Change = fn(&mut Plant);
        let flows = |flow| Signal::Good(CubicMetresPerHour(flow));
        let rows: [(&str, Change, Signal<CubicMetresPerHour>, bool); 5] = [
            ("welded", |_| {}, flows(2.0), true),
            ("a zero that drifted", |_| {}, flows(0.5), false),
            ("unknown", |_| {}, Signal::Bad(Fault::Stale), false),
            ("it answers", |p| p.units.system.inputs.bus_a = Signal::Good(true), flows(2.0), false),
            ("panel", |p| p.units.system.inputs.remote = Signal::Good(false), flows(2.0), false),
        ];
        for (what, change, flow, opens) in rows {
            let mut plant = running_on();
            plant.units.distribution.pump[0].inputs.running = Signal::Bad(Fault::Stale);
            plant.units.system.inputs.bus_a = Signal::Good(false);
            plant.units.intake.inputs.flow = flow;
            change(&mut plant);
            (0..40).for_each(|_| plant.judge_causes(SECOND));
            assert_eq!(plant.holds.on(Column::Supply).has(Reason::RunsUnasked), opens, "{what}");
        }
    }

    /// R-2.7.4-05, R-2.12-04: more than FIT-501 can show leaves too little contact time, nobody knows how little: contact time is
    /// not known, which counts as too short. A meter that is merely silent has the flow that is asked.
    #[test]
    fn a_flow_beyond_its_meter_leaves_no_contact_time() {
        for (fault, known) in [(Fault::Stale, true), (Fault::Overrange, false)] {
            let mut plant = Plant::new(&Shape::default());
            let units = &mut plant.units;
            units.disinfection.status.outlet_residual = Signal::Good(MilligramsPerLitre(0.8));
            units.disinfection.status.inlet_residual = Signal::Good(MilligramsPerLitre(0.8));
            units.distribution.status.volume = Signal::Good(crate::quantity::CubicMetres(15.0));
            units.distribution.inputs.flow = Signal::Bad(fault);
            assert_eq!(plant.contact(SECOND).is_some(), known, "{fault:?}");
        }
    }

    fn power(plant: &mut Plant, power: Signal<KiloWatts>) {
        plant.units.distribution.pump[0].inputs.power = power;
    }
}
