//! Why something is off, or not allowed: data, never sentences. The HMI's catalogues make the sentence.

macro_rules! reasons {
    ($( $(#[$doc:meta])* $name:ident, )*) => {
        /// One reason. Its key, the name as written here, is what interfaces send; it never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Reason { $( $(#[$doc])* $name, )* }

        impl Reason {
            /// All of them, in order of their numbers.
            pub const ALL: &[Reason] = &[$(Reason::$name),*];

            /// The key under which catalogues hold its sentence.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Reason::$name => stringify!($name),)* }
            }
        }
    };
}

reasons! {
    // Causes of the cause-and-effect table (`interlock.rs`), in its order.
    /// ES-900 pressed, its loop broken, or K0 open though asked for; until HS-901 and a new start.
    EmergencyStop,
    /// LSLL-102 or LT-102 low-low.
    WetWellEmpty,
    /// The same three times in six hours.
    WetWellEmptyTooOften,
    /// LT-206 high-high.
    SettledTankFull,
    /// LT-206 low-low.
    SettledTankEmpty,
    /// LSHH-401.
    ClearWellFull,
    /// LSLL-401 or LT-401 low-low.
    ClearWellEmpty,
    /// Combined filtered turbidity above 1 NTU.
    FilteredWaterTurbid,
    /// Chlorine above 4 mg/l.
    ChlorineDangerous,
    /// Chlorine below 0.3 mg/l.
    ChlorineTooLow,
    /// Inactivation ratio below 1.
    ContactTimeTooShort,
    /// LSHH-501 or LT-501 high-high.
    ElevatedTankFull,
    /// LSHH-601.
    WasteTankFull,
    /// A filter's outlet is not proven closed during a wash.
    OutletNotProvenClosed,
    /// P-351 runs.
    WashPumpRuns,
    /// AIT-402 outside 6 to 9.
    TreatedPhOutOfRange,
    /// Contaminated water in the clear well.
    QualityHold,
    /// Bus A is lost.
    BusALost,
    /// Bus B is lost.
    BusBLost,
    /// Bus D is lost.
    BusDLost,
    /// Raw water above 1 000 NTU.
    RiverTooMuddy,
    /// Mains lost, or not yet good for long enough.
    MainsLost,
    /// More power is drawn than may be.
    PowerOverLimit,
    /// The battery is nearly empty: the controller shuts down.
    BatteryEmpty,

    // Plant.
    /// The boot self-test runs, or the first 30 s after power-up.
    Booting,
    /// Nobody has asked for water.
    NotStarted,
    /// The plant stops, or is stopped by a fault.
    PlantStopping,
    /// The plant stands in FAULT until it is reset.
    PlantFault,
    /// The clear well is full enough: AUTO waits.
    StandbyFull,
    /// HS-900 stands at LOCAL: the panel commands.
    LocalControl,
    /// K0 is not closed.
    SupplyOff,
    /// K0 is closed though nobody asks for it.
    SupplyWelded,
    /// A drive's own communication time-out is not as it should be.
    DrivesNotVerified,
    /// Too many outages within an hour.
    BrownOuts,
    /// The mains' voltage is too low for a start.
    VoltageLow,
    /// One more motor would take more power than may be drawn.
    PowerBudget,
    /// Delivery starts first.
    LiftPumpFirst,
    /// Nobody has vouched for the chlorine after a long outage.
    StrengthUnconfirmed,
    /// Another motor started a moment ago.
    StartStaggered,
    /// Three starts failed within two hours.
    StartFailedTooOften,
    /// A start step took too long.
    StepTimeout,
    /// Set-up is not finished.
    SetupNotDone,
    /// River above the flood stop.
    RiverFlood,
    /// The river closes the intake by a person's order.
    IntakeClosedByOperator,
    /// Set by a person to stop.
    StoppedByOperator,
    /// A person has switched it off.
    SwitchedOff,
    /// A person commands it.
    InManual,
    /// Locked out for maintenance.
    InMaintenance,
    /// Cannot be run by hand here.
    NotByHand,

    // Permissives and demand.
    /// Wet well below its start level.
    WetWellLow,
    /// The coagulant tank is below 5 %.
    CoagulantEmpty,
    /// The chlorine tank is below 5 %.
    ChlorineEmpty,
    /// No filter is available.
    NoFilterAvailable,
    /// Waste tank above 80 %.
    WasteTankHigh,
    /// Clear well above the start limit.
    ClearWellHigh,
    /// Clear well below what delivery needs.
    ClearWellLow,
    /// The chlorine pump is not available.
    ChlorinePumpUnavailable,
    /// The coagulant pump is not available.
    CoagulantPumpUnavailable,
    /// No chlorine analyser can be trusted.
    ChlorineUnknown,
    /// No turbidity analyser of filtered water can be trusted.
    TurbidityUnknown,
    /// A level that is needed is not known.
    LevelUnknown,
    /// The flow that is needed is not known.
    FlowUnknown,
    /// Water does not flow, or not yet for long enough.
    NoFlow,
    /// pH that is needed is not known, or no temperature.
    ContactTimeUnknown,
    /// Nothing to do: the level is right.
    NoDemand,
    /// The settled tank is below its start level.
    SettledTankLow,
    /// No way is open for the water.
    NoPathOpen,
    /// A valve has not reached its place.
    ValveNotInPlace,
    /// A pump is locked for its minimum time off.
    MinimumOffTime,
    /// A pump has used up its starts for this hour.
    StartsUsedUp,
    /// A pump failed and waits for a reset.
    PumpFault,
    /// A drive has tripped, or its motor's protection.
    DriveTripped,
    /// A motor was told to run, and nothing says that it does: contactor, fuse, drive, or the wire of its feedback.
    NoRunFeedback,
    /// A motor runs although nobody asks it to: a welded contactor, or a drive in local.
    RunsUnasked,
    /// A drive turns faster than it is asked to: in local, or deaf to its speed reference.
    SpeedIgnored,
    /// A valve does not leave its end: no power, relay, or stuck.
    ValveStands,
    /// A valve has left its end and did not reach the other in its time.
    ValveHalfway,
    /// Another valve is not proven where it must be before this one opens.
    OtherValveNotInPlace,
    /// A valve was open for as long as it may, and stays shut a while.
    ValveRests,
    /// Both pumps of a duty failed.
    NoPumpAvailable,
    /// A valve failed and waits for a reset.
    ValveFault,
    /// A pump ran without water.
    DryRun,
    /// A pump ran against a closed pipe.
    DeadHead,
    /// A pump's motor turns and moves no water: coupling, impeller, or air.
    PumpMovesNothing,
    /// A meter says that nothing moves, and everything else that it does.
    MeterDoubtful,
    /// The screen lets too little water through.
    ScreenBlocked,
    /// AIT-102 far from what may be taken in.
    RawPhOutOfRange,
    /// A dosing pump was told to stroke, and too few strokes were seen: no power, a broken membrane, air, an empty hose.
    StrokesMissing,
    /// Raw water ran without its coagulant.
    CoagulantMissing,
    /// A contact or its wire tells nothing.
    WireOrContact,
    /// A dosing pump strokes, and nothing moves.
    StrokesMoveNothing,
    /// Air in the dosing line, or a foot valve that does not hold.
    AirInLine,
    /// A valve of the dosing line is shut, or its hose is blocked.
    DosingValveShut,
    /// Chlorine stayed low for long although it was raised.
    ChlorineStaysLow,
    /// AIT-401 and AIT-403 cannot both be right.
    AnalysersDisagree,
    /// A pipe is broken: water goes, and no pressure stands.
    PipeBroken,
    /// No water reaches the village although there is some.
    VillageCutOff,
    /// Water runs all night.
    NightLeak,

    // Dosing guard.
    /// The hourly mass cap is reached.
    HourlyCapReached,
    /// The daily mass cap is reached.
    DailyCapReached,
    /// The longest time on without a pause is reached.
    MaximumOnTime,
    /// No flow proof for the dosing guard.
    NoFlowProof,
    /// Cut to what the pump or the cap allows.
    DoseLimited,
    /// No storage: half the caps hold, spread evenly.
    HalfCaps,
    /// The last dose is still being mixed in.
    DoseMixing,
    /// What is to be dosed is not on record yet.
    NotOnRecord,

    // Filters.
    /// A wash is under way elsewhere.
    WashTokenTaken,
    /// Waiting for the clear well to hold enough.
    WashWaterShort,
    /// Waiting for room in the waste tank.
    WashWasteRoom,
    /// Not on battery, and the grid must be stable.
    WashPowerUnstable,
    /// The other filters cannot carry the plant.
    WashOtherFilterOut,
    /// A wash waits until delivery from the clear well has stopped.
    LiftPumpRuns,
    /// The filter is dirty: it must be washed first.
    FilterDirty,
    /// Filtered water of this filter is above its limit.
    FilterTurbid,
    /// Nothing says yet that this filter's water is good.
    WaterNotProven,
    /// The filter ripens.
    Ripening,
    /// The filter washes.
    Washing,
    /// The filter failed.
    FilterFault,
    /// Wash water did not flow as it was asked to.
    WashFlowLow,
    /// More wash water came than the bed may take.
    WashFlowHigh,
    /// B-351 ran, and no pressure rose: no air.
    AirPressureLow,
    /// Air could not get through the bed.
    AirPressureHigh,
    /// PT-352 cannot be trusted: no air without it.
    AirPressureUnknown,
    /// B-351 failed and waits for a reset.
    BlowerFault,
    /// Turbidity asks for washes that do not help: the cause lies upstream.
    WashesStopped,
    /// Rate lowered because a filter or tank is out, joins or leaves.
    RateReduced,
    /// Rate lowered because the settled water is cloudy.
    SettledWaterCloudy,
    /// Settled water has been very cloudy for long: nothing of it is filtered.
    SettledWaterVeryCloudy,
    /// Rate lowered because a filter is out or being washed.
    FilterOut,
    /// Rate lowered because a sedimentation tank is out.
    TankOut,
    /// Rate lowered because PAC seems weaker than it should be.
    CoagulantSuspect,
    /// One pump at a time: battery or sun feed the plant.
    PowerLimited,
    /// The first chlorine analyser cannot be trusted.
    InletChlorineUnknown,
    /// Rate lowered because the river is muddy.
    RiverMuddy,
    /// Rate lowered because an analyser is bad.
    AnalyserBad,

    // Hydrology.
    /// Heavy rain upstream.
    RainUpstream,
    /// The river rises quickly.
    RiverRising,
    /// The stations upstream have not been heard for an hour.
    TelemetryLost,

    // Others.
    /// The elevated tank's level is not known.
    ElevatedTankUnknown,
    /// A sedimentation tank is near its rim.
    SedimentationTankHigh,
    /// Waste water settles first.
    WasteSettling,
    /// Chlorine limits for delivery are not met.
    ChlorineOutOfLimits,
    /// Turbidity limits for delivery are not met.
    TurbidityOutOfLimits,

    /// An alarm is not judged now, by design.
    SuppressedByDesign,
    /// A person has put the alarm on the shelf.
    AlarmShelved,
    /// A person has taken the alarm out of service.
    AlarmOutOfService,

    // Refusals of commands.
    /// This role may not do it.
    NotPermitted,
    /// The value lies outside its range.
    OutOfRange,
    /// Kept, and used once a Supervisor accepts it.
    NeedsSupervisor,
    /// More than this setting may move within ten minutes.
    ChangeTooLarge,
    /// No such point, filter, tank or alarm.
    Unknown,
    /// It needs a person's words why.
    WordsNeeded,
    /// Not possible in the present state.
    NotNow,
    /// The alarm is not active or already seen.
    NothingToAcknowledge,
    /// The cause is still there.
    CauseStillActive,
    /// A critical alarm is never put on the shelf.
    NeverShelved,
    /// Too many commands at once.
    QueueFull,
    /// It must be chosen first, and carried out within 30 s.
    NotSelected,
    /// Only a device in MANUAL takes a wish.
    NotInManual,
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons([u64; 3]);

impl Reasons {
    /// The empty set.
    pub const NONE: Reasons = Reasons([0; 3]);

    /// The set of one.
    #[must_use]
    pub const fn only(reason: Reason) -> Reasons {
        Reasons::NONE.with(reason)
    }

    /// The set of these.
    #[must_use]
    pub const fn all(reasons: &[Reason]) -> Reasons {
        let mut set = Reasons::NONE;
        let mut at = 0;
        while at < reasons.len() {
            set = set.with(reasons[at]);
            at += 1;
        }
        set
    }

    /// With this reason too.
    #[must_use]
    pub const fn with(mut self, reason: Reason) -> Reasons {
        let number = reason as usize;
        self.0[number / 64] |= 1 << (number % 64);
        self
    }

    /// With this reason too, when it holds.
    #[must_use]
    pub fn and_if(self, holds: bool, reason: Reason) -> Reasons {
        if holds { self.with(reason) } else { self }
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Reasons) -> Reasons {
        Reasons([self.0[0] | other.0[0], self.0[1] | other.0[1], self.0[2] | other.0[2]])
    }

    /// Without the reasons of the other set.
    #[must_use]
    pub const fn without(self, other: Reasons) -> Reasons {
        Reasons([self.0[0] & !other.0[0], self.0[1] & !other.0[1], self.0[2] & !other.0[2]])
    }

    /// Those that are in the other set too.
    #[must_use]
    pub const fn of(self, other: Reasons) -> Reasons {
        Reasons([self.0[0] & other.0[0], self.0[1] & other.0[1], self.0[2] & other.0[2]])
    }

    /// Whether it is in.
    #[must_use]
    pub const fn has(self, reason: Reason) -> bool {
        let number = reason as usize;
        self.0[number / 64] & (1 << (number % 64)) != 0
    }

    /// Whether nothing holds.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0[0] == 0 && self.0[1] == 0 && self.0[2] == 0
    }

    /// Reasons that say what the plant wants, not what protects it: a person may go against these by hand, and against no
    /// other (`docs/spec/plant.md` 2.1, MANUAL).
    pub const DEMAND: Reasons = Reasons::NONE
        .with(Reason::NotStarted)
        .with(Reason::PlantStopping)
        .with(Reason::StandbyFull)
        .with(Reason::NoDemand)
        .with(Reason::InManual);

    /// What holds in MANUAL too.
    #[must_use]
    pub const fn protections(self) -> Reasons {
        self.without(Reasons::DEMAND)
    }

    /// The set as bits, by number of the reason.
    #[must_use]
    pub const fn words(self) -> [u64; 3] {
        self.0
    }

    /// Each reason, in order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |reason| self.has(*reason))
    }
}

// A set holds 192 reasons.
const _: () = assert!(Reason::ALL.len() <= 192);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_reasons_holds_each_of_them_apart() {
        for reason in Reason::ALL {
            let set = Reasons::only(*reason);
            assert_eq!(set.iter().collect::<std::vec::Vec<_>>(), [*reason]);
            assert!(set.without(set).is_empty());
        }
    }
}
