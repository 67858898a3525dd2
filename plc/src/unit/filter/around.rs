//! What a filter and filtration tell each other, once a scan.

use core::time::Duration;

use super::sequence::State;
use crate::quantity::{Celsius, CubicMetresPerHour, KiloPascals, Ntu, SquareMetres};
use crate::reason::Reasons;
use crate::signal::Signal;

/// Why a filter asks for a wash, in rising rank (`docs/spec/plant.md` 2.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// Run time, calendar, or volume.
    Time,
    HeadLoss,
    Turbidity,
    /// A person asked.
    Operator,
    /// Head loss of 2.5 m: goes before everybody.
    Clogged,
    /// It cannot filter without; washed first, so that the others go on producing.
    Dirty,
}

/// What wash water a filter wants, all its valves being in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Water {
    #[default]
    None,
    /// Together with air.
    Combined,
    /// Fluidising the bed.
    High,
    /// Below fluidisation, at the end.
    Subfluid,
    /// As a person asks, up to what fluidises the bed.
    ByHand,
}

/// How long wash water flows in each step of a wash.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WashSteps {
    pub combined: Duration,
    pub high: Duration,
    pub subfluid: Duration,
}

/// How a bed was washed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Washed {
    WithAir,
    /// The blower did not do its part (A5).
    WithWaterOnly,
    /// The site has no blower.
    WithoutBlower,
}

/// What a filter tells filtration, once a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    pub state: State,
    /// Its head loss, turbidity, age or a person ask for a wash.
    pub wants_wash: Option<Trigger>,
    /// A person asked for it: it may be washed although the plant stands.
    pub ordered: bool,
    /// Stands ready and would take water.
    pub ready: bool,
    /// All valves are where its state has them.
    pub in_place: bool,
    /// Feed water can go through it.
    pub feed_way: bool,
    /// Delivers into the clear well.
    pub delivers: bool,
    pub area: SquareMetres,
    /// Through the bed, either way out.
    pub flow: Signal<CubicMetresPerHour>,
    /// On its own analyser.
    pub turbidity: Signal<Ntu>,
    pub head_loss: Signal<KiloPascals>,
    /// What a wash of it takes.
    pub steps: WashSteps,
    /// A wash was finished in this scan.
    pub washed: Option<Washed>,
    /// Wash water can go up through the bed and nowhere else.
    pub water_way: bool,
    pub water: Water,
    /// Air may be blown, all valves being in place.
    pub air: bool,
    /// It stands, and feed water could go through it and out to waste: valves that a person has moved.
    pub to_waste_way: bool,
    /// Air can go up through the bed, and the vessel is drained.
    pub air_way: bool,
}

/// What P-351 and B-351 do for the filter that is washed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Train {
    /// Wash water flows as asked.
    pub water_proven: bool,
    /// Why it does not, and will not; empty: it does.
    pub water_failed: Reasons,
    /// P-351 has run down.
    pub stopped: bool,
    pub air_ready: bool,
    /// B-351 runs, and the pressure says that air goes through the bed.
    pub air_proven: bool,
    /// B-351 did not do its part in this wash.
    pub air_failed: bool,
    /// P-351 or B-351 is on.
    pub flows: bool,
}

/// What the water says of a filter's valves, whatever their limit switches say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    #[default]
    AsExpected,
    /// Its way stands open, the feed runs, and nothing flows through it.
    NothingFlows,
    /// Its way is closed, and yet water flows through it.
    StillFlows,
}

/// What others contribute to a scan of a filter; made by [`crate::unit::filtration::Filtration::around_filter`].
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Water is wanted through the filters, and the feed can be had.
    pub run: bool,
    /// This filter may join now: the feed is lowered.
    pub join: bool,
    /// This filter's wash may start now.
    pub wash: bool,
    /// What keeps its wash from starting.
    pub wash_blocked: Reasons,
    /// Another filter delivers.
    pub others_deliver: bool,
    pub effect: Effect,
    pub feed_runs: bool,
    pub feed_still: bool,
    pub train: Train,
    /// AIT-330, where water flows past it.
    pub combined: Signal<Ntu>,
    /// AIT-330 shows more than any filter owns to: one of them is better than its water.
    pub contradicted: bool,
    pub settled: Signal<Ntu>,
    pub temperature: Signal<Celsius>,
    /// The strict profile holds (R-2.6.6-04).
    pub strict: bool,
    /// Turbidity that an emergency profile lets through.
    pub relaxed: Option<Ntu>,
    /// Causes that hold the outlets, and the wash.
    pub outlet_holds: Reasons,
    pub wash_holds: Reasons,
    /// A person asks for a wash, or ends it.
    pub wash_ordered: bool,
    pub wash_aborted: bool,
    /// Water must be proven good first: the plant stood too long, or lost power.
    pub ripen_first: bool,
    /// A wash is due after this much running, where that is sooner (R-2.14-04).
    pub run_time_max: Option<Duration>,
    pub reset: bool,
    pub supervisor_reset: bool,
}
