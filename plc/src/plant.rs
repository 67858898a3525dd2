//! Every unit in flow order, and the order of a scan. Read this first.
//!
//! ```text
//! validate signals -> judge causes -> take orders -> units in flow order -> hold off by the cause-and-effect table
//!   -> dosing guard -> alarms -> publish
//! ```
//! A later step can only take permission away. Units never see each other: what passes between them are the arguments
//! written here.

use alloc::boxed::Box;
use core::time::Duration;

mod memory;
mod orders;

use crate::block::{Lowest, Sustained};
use crate::contact_time::Contact;
use crate::declare::parts;
use crate::device::Stagger;
use crate::guard::{self, Guard};
use crate::image::{Event, Inputs, Order, Outputs, Snapshot};
use crate::interlock::{Causes, Column, Facts, Holds};
use crate::publish::{Events, Hold, Publish};
use crate::quantity::{
    CubicMetres, CubicMetresPerHour, Metres, MilligramsPerLitre, Ntu, Percent, Ratio,
};
use crate::reason::{Reason, Reasons};
use crate::signal::Moment;
use crate::tag::{Catalogue, Group, Kind, Visitor};
use crate::unit::coagulation::{self, Coagulation};
use crate::unit::disinfection::{self, Disinfection};
use crate::unit::distribution::{self, Distribution};
use crate::unit::filter::Filter;
use crate::unit::filtration::{self, Demand, FILTERS_MAX, Filtration};
use crate::unit::intake::{self, Intake};
use crate::unit::power::Power;
use crate::unit::sedimentation::{self, Sedimentation, TANKS_MAX, TankView};
use crate::unit::system::{self, Steps, System};
use crate::unit::tank::{self, Tank};
use crate::unit::waste::{self, Waste};
use crate::validate::Validator;

/// What a site has: stated once, in its file, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Raw water at full rate; thresholds scale with it. 1 to 50 m³/h.
    pub nominal_flow: CubicMetresPerHour,
    /// Sedimentation tanks, 1 to 4.
    pub tanks: u8,
    /// Filters, 1 to 6.
    pub filters: u8,
    /// P-101, 1 to 3.
    pub raw_pumps: u8,
    /// P-301, 1 to 3.
    pub feed_pumps: u8,
    /// P-501, 1 to 3.
    pub lift_pumps: u8,
    /// B-351, with the air valves.
    pub blower: bool,
    /// T-501.
    pub elevated_tank: bool,
}

impl Default for Shape {
    /// The reference plant of `docs/spec/plant.md` 1.
    fn default() -> Shape {
        Shape {
            nominal_flow: CubicMetresPerHour(5.0),
            tanks: 2,
            filters: 2,
            raw_pumps: 2,
            feed_pumps: 2,
            lift_pumps: 2,
            blower: true,
            elevated_tank: true,
        }
    }
}

/// The units, in flow order.
pub struct Units {
    pub intake: Intake,
    pub coagulation: Coagulation,
    pub tank: Box<[Tank]>,
    pub sedimentation: Sedimentation,
    pub filtration: Filtration,
    pub filter: Box<[Filter]>,
    pub disinfection: Disinfection,
    pub distribution: Distribution,
    pub waste: Waste,
    pub power: Power,
    pub system: System,
}
parts! { Units {
    ;
    one: intake = Group::single("intake", "U-100"),
         coagulation = Group::single("coagulation", "U-210"),
         sedimentation = Group::single("sedimentation", "U-200"),
         filtration = Group::single("filtration", "U-300"),
         disinfection = Group::single("disinfection", "U-400"),
         distribution = Group::single("distribution", "U-500"),
         waste = Group::single("waste", "U-600"),
         power = Group::single("power", "U-901"),
         system = Group::single("system", "U-900");
    many: tank = Group::numbered("tank", "T-203x"), filter = Group::numbered("filter", "F-3n0");
    maybe: ;
} }

/// The plant: a pure function of what it is told, and what it remembers.
pub struct Plant {
    shape: Shape,
    pub units: Units,
    catalogue: Catalogue,
    validator: Validator,
    causes: Causes,
    holds: Holds,
    coagulant_guard: Guard,
    chlorine_guard: Guard,
    alarms: crate::alarm::Engine,
    stagger: Stagger,
    asked: Asked,
    residual: Lowest,
    raw_flow_steady: Sustained,
    settled_unknown: Sustained,
    welded: Sustained,
    silenced: bool,
    button_was: bool,
    now: Moment,
    /// When each input was measured.
    taken: Box<[Moment]>,
    /// Row of each alarm, by slot.
    alarm_rows: Box<[usize]>,
    /// Alarms that sound the horn, by slot.
    sounds: Box<[bool]>,
    outputs: Outputs,
    snapshot: Snapshot,
    events: Events,
}

/// What people asked for in this scan.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    start: bool,
    stop: bool,
    stop_all: bool,
    reset: bool,
    supervisor_reset: bool,
    local_reset: bool,
    prime: bool,
    /// Bit by tank.
    desludge: u8,
}

/// Motors start this far apart, and this far after the mains came back (INV-23).
const START_SPACING: Duration = Duration::from_secs(5);
const START_SPACING_AFTER_OUTAGE: Duration = Duration::from_secs(10);
/// The settled tank counts as drawn down at this level (`docs/spec/plant.md` 2.2, STOPPING).
const DRAWN_DOWN: Percent = Percent(20.0);
/// P4: raw water above this is not taken.
const MUDDY_MAX: Ntu = Ntu(1000.0);
/// D2: above this the rate is REDUCED (`docs/spec/plant.md` 2.2.2).
const MUDDY: Ntu = Ntu(200.0);
/// P7 and P8.
const WASTE_MAX: Percent = Percent(80.0);
const CLEAR_WELL_MAX: Metres = Metres(1.80);
/// Without LT-206 the intake stops after this; chosen: full flow fills 2 % of the tank meanwhile.
const SETTLED_UNKNOWN_MAX: Duration = Duration::from_secs(30);
/// ST2: raw flow at this share of its setpoint for this long.
const RAW_FLOW_SHARE: f64 = 0.8;
const RAW_FLOW_TIME: Duration = Duration::from_secs(10);
/// Contact time is computed with at least this share of nominal (`docs/spec/contracts.md`).
const CONTACT_FLOW_SHARE: f64 = 0.2;
/// A wash takes this much of the clear well, at 5 m³/h nominal (`docs/spec/plant.md` 2.6.3, W3).
const WASH_VOLUME: CubicMetres = CubicMetres(2.5);
/// K0 may take this long to open (`docs/spec/plant.md` 4, alarm 905).
const OPEN_TIME: Duration = Duration::from_secs(1);
/// Between 85 and 95 % of the settled tank the intake falls linearly to MINIMUM (`docs/spec/plant.md` 2.17).
const SETTLED_HIGH: f64 = 85.0;
const SETTLED_BAND: f64 = 10.0;

impl Plant {
    /// Builds it. The only place that allocates.
    #[must_use]
    pub fn new(shape: &Shape) -> Plant {
        let mut units = Units {
            intake: Intake::new(shape),
            coagulation: Coagulation::default(),
            tank: (0..shape.tanks).map(|_| Tank::default()).collect(),
            sedimentation: Sedimentation::default(),
            filtration: Filtration::new(shape),
            filter: (0..shape.filters).map(|_| Filter::new(shape)).collect(),
            disinfection: Disinfection::default(),
            distribution: Distribution::new(shape),
            waste: Waste::default(),
            power: Power::default(),
            system: System::default(),
        };
        let catalogue = Catalogue::of(|writer| units.visit(writer));
        Plant {
            shape: *shape,
            validator: Validator::new(catalogue.inputs),
            causes: Causes::default(),
            holds: Holds::default(),
            coagulant_guard: Guard::default(),
            chlorine_guard: Guard::default(),
            alarms: crate::alarm::Engine::new(catalogue.alarms),
            stagger: Stagger::default(),
            asked: Asked::default(),
            residual: Lowest::default(),
            raw_flow_steady: Sustained::default(),
            settled_unknown: Sustained::default(),
            welded: Sustained::default(),
            silenced: false,
            button_was: true,
            now: Moment(0),
            taken: (0..catalogue.inputs).map(|_| Moment(0)).collect(),
            alarm_rows: catalogue
                .rows
                .iter()
                .filter(|row| matches!(row.kind, Kind::Alarm(_)))
                .map(|row| row.id)
                .collect(),
            sounds: sounding(&catalogue),
            outputs: Outputs::new(&catalogue),
            snapshot: Snapshot::new(&catalogue),
            events: Events::default(),
            units,
            catalogue,
        }
    }

    /// Walks every declaration with its live value.
    pub fn visit<V: Visitor>(&mut self, visitor: &mut V) {
        self.units.visit(visitor);
    }

    /// Every point of this plant.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// One scan.
    pub fn scan(&mut self, inputs: &Inputs, orders: &[Order], elapsed: Duration) -> &Outputs {
        self.now = self.now.plus(elapsed);
        self.events.clear();
        self.asked = Asked::default();
        let outage = self.units.power.status.outage;
        let spacing =
            if outage > Duration::ZERO { START_SPACING_AFTER_OUTAGE } else { START_SPACING };
        self.stagger.elapse(spacing, elapsed);

        self.units.visit(&mut self.validator.pass(inputs, self.now, &mut self.taken));
        self.judge(elapsed);
        self.take(orders);
        self.judge_causes(elapsed);
        let contact = self.contact(elapsed);
        self.run(contact, elapsed);
        self.units.visit(&mut Hold::new(&self.holds));
        self.guard(elapsed);
        self.remember_latches();
        self.raise(elapsed);
        self.publish();
        &self.outputs
    }

    /// Signals that are made of others.
    fn judge(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let units = &mut self.units;
        units.power.judge(elapsed);
        units.intake.judge(nominal);
        units.distribution.judge(elapsed);
    }

    /// The causes of the cause-and-effect table.
    fn judge_causes(&mut self, elapsed: Duration) {
        let units = &mut self.units;
        let entering = units.filtration.turbidity_to_clear_well();
        units.distribution.judge_quality(
            entering,
            units.disinfection.inputs.outlet_chlorine,
            elapsed,
        );
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
            buses: [
                units.system.inputs.bus_a,
                units.system.inputs.bus_b,
                units.system.inputs.bus_d,
            ],
            wet_well_low_low: units.intake.inputs.wet_well_low_low,
            wet_well: units.intake.inputs.wet_well_level,
            settled: units.sedimentation.inputs.settled_level,
            clear_well_high_high: units.distribution.inputs.high_high,
            clear_well_low_low: units.distribution.inputs.low_low,
            clear_well: units.distribution.status.level,
            clear_well_highest: units.distribution.level_high(),
            filtered: entering,
            outlet_chlorine: units.disinfection.inputs.outlet_chlorine,
            inactivation_ratio: units.distribution.status.inactivation_ratio.0,
            elevated_high_high: units.distribution.inputs.elevated_high_high,
            elevated: units.distribution.inputs.elevated_level,
            waste_high_high: units.waste.inputs.high_high,
            waste: units.waste.inputs.level,
            outlet_not_closed: units.filter.iter().any(Filter::outlet_not_proven_closed),
            wash_pump_runs: units.filtration.wash_pump_runs(),
            treated_ph: units.disinfection.inputs.ph,
            raw_turbidity: units.intake.inputs.turbidity,
            contaminated: units.distribution.retained.contaminated,
            reset: self.asked.reset,
            supervisor_reset: self.asked.supervisor_reset,
        };
        let before = self.holds.causes();
        self.holds = Holds::of(self.causes.judge(&facts, elapsed));
        self.events.causes(before, self.holds.causes());
        self.welded.holds(
            !asked && closed.closed() && !units.system.is_booting(),
            OPEN_TIME,
            elapsed,
        );
    }

    /// How far the clear well's water is inactivated, for the flow now or about to be asked.
    fn contact(&mut self, elapsed: Duration) -> Option<Contact> {
        let nominal = self.shape.nominal_flow;
        let units = &self.units;
        let residual = units.disinfection.lowest_residual().map(|residual| residual.0);
        let residual = self.residual.take(residual, elapsed);
        let inputs = &units.disinfection.inputs;
        let (Some(chlorine), Some(volume), Some(temperature), Some(ph)) = (
            residual,
            units.distribution.status.volume.usable(),
            inputs.temperature.usable(),
            inputs.ph.usable(),
        ) else {
            return None;
        };
        let asked = units.distribution.asked(nominal);
        let now = units.distribution.inputs.flow.usable().unwrap_or(asked);
        Some(Contact {
            volume,
            flow: now.or_more(asked).or_more(nominal * CONTACT_FLOW_SHARE),
            baffling: units.distribution.settings.baffling.0,
            chlorine: MilligramsPerLitre(chlorine),
            temperature,
            ph,
            giardia_required: units.distribution.settings.giardia_required.0,
            virus_required: units.distribution.settings.virus_required.0,
        })
    }

    /// The units, in flow order.
    fn run(&mut self, contact: Option<Contact>, elapsed: Duration) {
        self.run_system(elapsed);
        self.run_raw_water(elapsed);
        self.run_filters(elapsed);
        self.run_safe_water(contact, elapsed);
    }

    /// The plant's own sequence.
    fn run_system(&mut self, elapsed: Duration) {
        let around = self.system_around(elapsed);
        self.units.system.scan(around, elapsed);
    }

    fn system_around(&mut self, elapsed: Duration) -> system::Around {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let welded = self.welded.lasted() >= OPEN_TIME;
        let missing = self.missing();
        let lost = self.lost();
        let units = &self.units;
        let raw = units.intake.inputs.turbidity;
        let flow = units.intake.status.raw_flow.usable().unwrap_or_default();
        let setpoint = units.intake.status.setpoint;
        let reached = setpoint.0 > 0.0 && flow >= setpoint * RAW_FLOW_SHARE;
        let settled = units.sedimentation.inputs.settled_level.usable();
        let raw_flow = self.raw_flow_steady.holds(reached, RAW_FLOW_TIME, elapsed);
        let in_service = units.filter.iter().filter(|filter| filter.is_available()).count() as f64;
        let filtering = units.filtration.status.filtering.0;
        let horn = !self.silenced
            && self.alarms.any_unseen(|slot| self.sounds.get(slot).copied().unwrap_or(true));
        system::Around {
            nominal,
            start: self.asked.start,
            stop: self.asked.stop,
            stop_all: self.asked.stop_all,
            reset: self.asked.reset,
            local_reset: self.asked.local_reset,
            emergency: self.causes.emergency_now,
            mains_good: units.power.is_good(),
            outage: units.power.status.outage,
            trip: Reasons::NONE.and_if(welded, Reason::SupplyOff),
            missing,
            lost,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            muddy: raw.usable().is_some_and(|turbidity| turbidity > MUDDY),
            clear_well: units.distribution.status.level.usable(),
            analyser_bad: raw.usable().is_none(),
            filter_out: filtering < self.shape.filters.into(),
            tank_out: units.tank.iter().any(|tank| !tank.path_open()),
            steps: Steps {
                inlet_open: units.intake.inlet.is_open() && units.tank.iter().any(Tank::path_open),
                raw_flow,
                coagulant: units.coagulation.is_proven(),
                settled: settled
                    .is_some_and(|level| level >= units.filtration.settings.start_level),
                filtered: filtering > 0.0,
                chlorine: units.disinfection.doser.is_confirmed(),
                all_filtering: filtering >= in_service,
            },
            settled_full: causes.has(Reason::SettledTankFull),
            drained: !units.filtration.feed_runs()
                && settled.is_none_or(|level| level <= DRAWN_DOWN + Percent(1.0)),
            horn,
            supply_welded: welded,
        }
    }

    /// Permissives P1 to P9 that a start lacks (`docs/spec/plant.md` 2.2).
    fn missing(&self) -> Reasons {
        let units = &self.units;
        let causes = self.holds.causes();
        let start_level = units.intake.settings.start_level;
        let wet_well = units.intake.inputs.wet_well_level.usable();
        let river = units.intake.inputs.river_level.usable();
        let flood = river.is_some_and(|level| level > units.intake.settings.flood_stop);
        let muddy = units.intake.inputs.turbidity.usable();
        let waste = units.waste.inputs.level.usable();
        let well = units.distribution.status.level.usable();
        let stopping = Reasons::only(Reason::LocalControl).with(Reason::EmergencyStop);
        // What holds P-101 would let the start fail; a full settled tank is filtered first.
        let intake = self.holds.on(Column::RawPump).without(Reasons::only(Reason::SettledTankFull));
        let settled = units.sedimentation.inputs.settled_level.usable();
        causes
            .without(causes.without(stopping))
            .and(intake)
            .and_if(settled.is_none(), Reason::LevelUnknown)
            .and_if(!units.system.inputs.supply_on.closed(), Reason::SupplyOff)
            .and_if(!wet_well.is_some_and(|level| level > start_level), Reason::WetWellLow)
            .and_if(flood, Reason::RiverFlood)
            .and_if(!muddy.is_none_or(|turbidity| turbidity <= MUDDY_MAX), Reason::RiverTooMuddy)
            .and_if(!waste.is_some_and(|level| level < WASTE_MAX), Reason::WasteTankHigh)
            .and_if(!well.is_some_and(|level| level < CLEAR_WELL_MAX), Reason::ClearWellHigh)
            .and_if(!units.disinfection.residual_known(), Reason::ChlorineUnknown)
            .and(self.lost())
    }

    /// What makes water impossible: an orderly stop, and no start.
    fn lost(&self) -> Reasons {
        let units = &self.units;
        Reasons::NONE
            .and_if(units.system.retained.intake_closed, Reason::IntakeClosedByOperator)
            .and_if(!units.intake.is_available(), Reason::NoPumpAvailable)
            .and_if(units.coagulation.is_empty(), Reason::CoagulantEmpty)
            .and_if(units.disinfection.is_empty(), Reason::ChlorineEmpty)
            .and_if(self.coagulant_guard.has_stopped(), Reason::CoagulantPumpUnavailable)
            .and_if(self.chlorine_guard.has_stopped(), Reason::ChlorinePumpUnavailable)
            .and_if(!units.filter.iter().any(Filter::is_available), Reason::NoFilterAvailable)
    }

    /// Intake, coagulation, sedimentation.
    fn run_raw_water(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        let rate = self.raw_rate();
        let units = &mut self.units;
        let takes = units.system.takes_water();
        let tank_high = units.tank.iter().any(Tank::is_high);
        // The feed has stopped without that level: water taken now would run over.
        let unknown = units.sedimentation.inputs.settled_level.usable().is_none();
        let unknown = self.settled_unknown.holds(unknown, SETTLED_UNKNOWN_MAX, elapsed);
        let around = intake::Around {
            nominal,
            run: takes && !tank_high && !unknown,
            rate,
            path_open: units.tank.iter().any(Tank::path_open),
            holds: self
                .holds
                .on(Column::RawPump)
                .and_if(tank_high, Reason::SedimentationTankHigh)
                .and_if(unknown, Reason::LevelUnknown),
            reset,
            too_muddy: causes.has(Reason::RiverTooMuddy),
            empty: causes.has(Reason::WetWellEmpty) && units.power.is_good(),
        };
        units.intake.scan(around, &mut self.stagger, elapsed);
        let around = coagulation::Around {
            nominal,
            raw_flow: units.intake.status.raw_flow,
            raw_turbidity: units.intake.inputs.turbidity,
            intake_on: units.intake.is_on(),
            holds: self.holds.on(Column::Coagulant),
            cap_reached: self.coagulant_guard.has_stopped(),
        };
        units.coagulation.scan(around, &mut self.stagger, elapsed);
        // A full waste tank stops everything that fills it (`docs/spec/plant.md` 2.9).
        let sludge = self
            .holds
            .on(Column::WastePump)
            .and_if(causes.has(Reason::WasteTankFull), Reason::WasteTankFull);
        let mut views = [TankView::default(); TANKS_MAX];
        for (at, (view, tank)) in views.iter_mut().zip(units.tank.iter()).enumerate() {
            *view = TankView {
                in_service: tank.path_open(),
                since: tank.status.since_desludge,
                ordered: self.asked.desludge & (1 << at) != 0,
                sludge_open: tank.sludge.is_open(),
                desludging: tank.is_desludging(),
            };
        }
        let around = sedimentation::Around {
            raw_turbidity: units.intake.inputs.turbidity,
            tanks: views,
            muddy: units.system.status.reduced_by.has(Reason::RiverMuddy),
            producing: takes,
            high_wash: units.filtration.wash_pump_runs(),
            waste_level: units.waste.inputs.level,
            holds: sludge,
            reset,
        };
        units.sedimentation.scan(around, &mut self.stagger, elapsed);
        for (at, tank) in units.tank.iter_mut().enumerate() {
            let around = tank::Around {
                in_service: takes,
                turn: units.sedimentation.turn_of(at),
                holds: sludge,
                reset,
            };
            tank.scan(around, elapsed);
        }
    }

    /// Filters and their wash train: filters first, then filtration with what they report.
    fn run_filters(&mut self, elapsed: Duration) {
        let units = &mut self.units;
        let demand = if units.system.reached(5) {
            Demand::Run
        } else if units.system.is_stopping() {
            Demand::Drain
        } else {
            Demand::Idle
        };
        let around = filtration::Around {
            nominal: self.shape.nominal_flow,
            demand,
            raw_setpoint: units.intake.status.setpoint,
            settled_level: units.sedimentation.inputs.settled_level,
            settled_turbidity: units.sedimentation.inputs.settled_turbidity,
            water_temperature: units.disinfection.inputs.temperature,
            wash_water: units
                .distribution
                .can_spare(WASH_VOLUME * (self.shape.nominal_flow.0 / 5.0)),
            lift_stopped: !units.distribution.is_on(),
            waste_level: units.waste.inputs.level,
            power_stable: units.power.is_stable(),
            holds: filtration::Holds {
                feed: self.holds.on(Column::FeedPump),
                wash: self.holds.on(Column::Wash),
                outlet: self.holds.on(Column::FilterOutlet),
                wash_inlet: self.holds.on(Column::WashInlet),
            },
            ripen_first: units.system.starts_from_long_stop(),
            reset: self.asked.reset,
            supervisor_reset: self.asked.supervisor_reset,
        };
        let mut reports = [crate::unit::filter::Report::default(); FILTERS_MAX];
        for (index, (filter, report)) in units.filter.iter_mut().zip(&mut reports).enumerate() {
            filter.scan(units.filtration.around_filter(index, &around), elapsed);
            *report = filter.report();
        }
        let reports = &reports[..units.filter.len().min(FILTERS_MAX)];
        units.filtration.scan(&around, reports, &mut self.stagger, elapsed);
    }

    /// The plant's rate, lowered linearly to MINIMUM while the settled tank is between 85 and 95 %.
    fn raw_rate(&self) -> CubicMetresPerHour {
        let nominal = self.shape.nominal_flow;
        let rate = self.units.system.status.rate;
        // Before the filters are asked, what they can take does not count.
        let rate = if self.units.system.reached(5) {
            rate.or_less(self.units.filtration.rate_limit(nominal))
        } else {
            rate
        };
        let minimum = self.shape.nominal_flow * system::MINIMUM;
        let level = self.units.sedimentation.inputs.settled_level.usable();
        match level {
            Some(level) if level.0 > SETTLED_HIGH => {
                let share =
                    Ratio((level.0 - SETTLED_HIGH) / SETTLED_BAND).within(Ratio(0.0), Ratio(1.0));
                rate.or_less(rate + (minimum - rate) * share.0)
            }
            Some(_) | None => rate,
        }
    }

    /// Disinfection, distribution, waste.
    fn run_safe_water(&mut self, contact: Option<Contact>, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        let causes = self.holds.causes();
        let reset = self.asked.reset;
        let units = &mut self.units;
        let around = disinfection::Around {
            nominal,
            filtered_flow: units.filtration.status.filtered_flow,
            run: units.system.reached(5) || units.system.is_stopping(),
            holds: self.holds.on(Column::Hypochlorite),
            cap_reached: self.chlorine_guard.has_stopped(),
            too_low: causes.has(Reason::ChlorineTooLow),
            dangerous: causes.has(Reason::ChlorineDangerous),
            in_use: units.system.distributes(),
            prime: self.asked.prime,
        };
        units.disinfection.scan(around, elapsed);
        let around = distribution::Around {
            nominal,
            run: units.system.distributes(),
            rest_for_wash: units.filtration.needs_lift_stopped(),
            holds: self.holds.on(Column::LiftPump),
            residual: units.disinfection.inputs.outlet_chlorine,
            inactivation: contact.map(|contact| contact.inactivation()).unwrap_or_default(),
            contact_volume: contact.and_then(|contact| contact.volume_needed()),
            turbid: causes.has(Reason::FilteredWaterTurbid),
            contact_short: causes.has(Reason::ContactTimeTooShort),
            reset,
        };
        units.distribution.scan(around, &mut self.stagger, elapsed);
        let inflow = units.filtration.is_washing()
            || units.filtration.is_ripening()
            || units.tank.iter().any(Tank::is_desludging);
        let around = waste::Around { inflow, holds: self.holds.on(Column::WastePump), reset };
        units.waste.scan(around, &mut self.stagger, elapsed);
    }

    /// The dosing guards: nothing gets past them.
    fn guard(&mut self, elapsed: Duration) {
        let nominal = self.shape.nominal_flow;
        // Caps are written for 5 m³/h and scale with the site's nominal flow (`docs/spec/contracts.md`).
        let scale = nominal.0 / 5.0;
        let storage_ok = self.units.system.inputs.storage_ok.closed();
        let reset = self.asked.reset;
        let flow = self.units.intake.status.raw_flow;
        let unit = &mut self.units.coagulation;
        let limits = guard::Limits {
            stock: unit.settings.stock,
            stroke: unit.settings.stroke,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * RAW_FLOW_MIN,
        };
        let proof = guard::Proof { flow, priming: false, storage_ok, reset };
        self.coagulant_guard.hold(&mut unit.doser, limits, proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = self.coagulant_guard.masses();

        let flow = self.units.filtration.status.filtered_flow;
        let unit = &mut self.units.disinfection;
        let limits = guard::Limits {
            stock: unit.settings.stock,
            stroke: unit.settings.stroke,
            hourly_cap: unit.settings.hourly_cap * scale,
            daily_cap: unit.settings.daily_cap * scale,
            on_time_max: unit.settings.on_time_max,
            flow_min: nominal * FILTERED_FLOW_MIN,
        };
        let priming = unit.status.state == (disinfection::State::Priming {});
        let proof = guard::Proof { flow, priming, storage_ok, reset };
        self.chlorine_guard.hold(&mut unit.doser, limits, proof, elapsed);
        (unit.retained.mass_hour, unit.retained.mass_day) = self.chlorine_guard.masses();
    }

    /// Alarms. A new one ends the silence.
    fn raise(&mut self, elapsed: Duration) {
        let Plant { units, alarms, events, alarm_rows, silenced, .. } = self;
        units.visit(&mut alarms.pass(elapsed, |slot, transition| {
            *silenced &= transition.change != crate::alarm::Change::Activated;
            if let Some(alarm) = alarm_rows.get(slot) {
                events.push(Event::Alarm { alarm: *alarm, transition });
            }
        }));
    }

    fn publish(&mut self) {
        let Plant { units, outputs, snapshot, events, alarms, taken, now, .. } = self;
        snapshot.at = *now;
        units.visit(&mut Publish::new(outputs, snapshot, events, alarms, taken, *now));
    }

    /// The plant after the last scan.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What happened in the last scan.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        self.events.all()
    }

    /// What the last scan sent to the field.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Plant time of the last scan.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }
}

/// Dosing guard: PAC below 0.8 m³/h of 5 (INV-6), hypochlorite below 0.3 (INV-7) never.
const RAW_FLOW_MIN: f64 = 0.16;
const FILTERED_FLOW_MIN: f64 = 0.06;

/// Critical and high alarms sound the horn.
fn sounding(catalogue: &Catalogue) -> Box<[bool]> {
    let mut sounds = alloc::vec::Vec::new();
    for row in &catalogue.rows {
        if let Kind::Alarm(words) = row.kind {
            sounds.push(words.priority <= crate::alarm::Priority::P2);
        }
    }
    sounds.into_boxed_slice()
}
