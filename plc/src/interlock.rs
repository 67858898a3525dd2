//! The cause-and-effect table: which cause forces which outputs off.
//!
//! Causes are judged before the units and seen by them as permissives; the same set is applied again after them, so that no
//! unit can pass it. `docs/spec/plant.md` 3 has the table, `docs/spec/contracts.md` what releases each row.

mod causes;

use crate::reason::{Reason, Reasons};

pub use causes::{Causes, Facts, TURBID, TURBID_MOST, turbidity_limit};

/// A column of the table: the outputs that a cause forces off together. Every output names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Column {
    /// P-101: raw water pumps and their permit.
    RawPump,
    /// Coagulant.
    Coagulant,
    /// P-301: filter feed pumps and their permit.
    FeedPump,
    /// Hypochlorite.
    Hypochlorite,
    /// P-351 and B-351.
    Wash,
    /// P-501: high-lift pumps and their permit.
    LiftPump,
    /// P-601, P-205 and the sludge valves.
    WastePump,
    /// XV-3n2: filtered outlets.
    FilterOutlet,
    /// XV-3n3 and XV-3n6: wash water and air inlets.
    WashInlet,
    /// Valves that keep their place: de-energised only with everything else.
    Positions,
    /// M-211: a motor, which keeps no place: what switches it lets it fall. Nobody is hurt by it for a while, so that the causes
    /// of one unit leave it alone.
    Mixer,
    /// K0-900 request.
    Supply,
    /// Horn, beacon and heartbeat: held off by nobody.
    Panel,
}

use Column::{
    Coagulant, FeedPump, FilterOutlet, Hypochlorite, LiftPump, Mixer, Positions, RawPump, Supply,
    Wash, WashInlet, WastePump,
};

/// The table, row by row (`docs/spec/plant.md` 3). Columns not named are free.
///
/// P-301 is not held by turbid filtered water: it may run to waste while each filter returns through RIPEN, and does not
/// run without an open way (footnote 1 of the table).
pub const TABLE: &[(Reason, &[Column])] = &[
    (
        Reason::EmergencyStop,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Positions,
            Mixer,
        ],
    ),
    (Reason::WetWellEmpty, &[RawPump, Coagulant]),
    (Reason::WetWellEmptyTooOften, &[RawPump, Coagulant]),
    (Reason::SettledTankFull, &[RawPump, Coagulant]),
    (Reason::SettledTankEmpty, &[FeedPump, Hypochlorite]),
    (Reason::ClearWellFull, &[FeedPump, Hypochlorite, FilterOutlet]),
    (Reason::ClearWellEmpty, &[Wash, LiftPump, WashInlet]),
    (Reason::FilteredWaterTurbid, &[Hypochlorite, LiftPump, FilterOutlet]),
    (Reason::ChlorineDangerous, &[Hypochlorite, LiftPump]),
    (Reason::ChlorineTooLow, &[LiftPump]),
    (Reason::ContactTimeTooShort, &[LiftPump]),
    (Reason::ElevatedTankFull, &[LiftPump]),
    (Reason::WasteTankFull, &[Wash, WashInlet]),
    (Reason::OutletNotProvenClosed, &[Wash, WashInlet]),
    (Reason::WashPumpRuns, &[LiftPump]),
    (Reason::TreatedPhOutOfRange, &[RawPump, Coagulant, LiftPump]),
    (Reason::QualityHold, &[LiftPump]),
    (
        Reason::BusALost,
        &[RawPump, Coagulant, FeedPump, Hypochlorite, Wash, LiftPump, FilterOutlet, WashInlet],
    ),
    (
        Reason::BusBLost,
        &[RawPump, Coagulant, FeedPump, Hypochlorite, Wash, FilterOutlet, WashInlet],
    ),
    (
        // Relays and limit switches are on this bus: no valve is asked to move unseen.
        Reason::BusDLost,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            WastePump,
            FilterOutlet,
            WashInlet,
            Positions,
            Mixer,
        ],
    ),
    (Reason::RiverTooMuddy, &[RawPump, Coagulant]),
    (
        Reason::MainsLost,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Mixer,
        ],
    ),
    // More is drawn than may be: what takes much and can wait. Stored water goes on being filtered and delivered (INV-24).
    (Reason::PowerOverLimit, &[RawPump, Coagulant, Wash, WastePump, WashInlet]),
    (
        // The controller is about to be shut down (`docs/spec/plant.md` 2.10, 2): the de-energised plant.
        Reason::BatteryEmpty,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Positions,
            Mixer,
            Supply,
        ],
    ),
    (
        // A motor that nobody asks for, and that something holds off, has but one switch left (F5).
        Reason::RunsUnasked,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Mixer,
            Supply,
        ],
    ),
    // Not rows of the table, but of the same force: nothing runs before the boot's self-test, while the panel commands, nor
    // between STOP ALL and the next start.
    (
        Reason::Booting,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Positions,
            Mixer,
        ],
    ),
    (
        Reason::LocalControl,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Mixer,
        ],
    ),
    (
        Reason::StoppedByOperator,
        &[
            RawPump,
            Coagulant,
            FeedPump,
            Hypochlorite,
            Wash,
            LiftPump,
            WastePump,
            FilterOutlet,
            WashInlet,
            Mixer,
        ],
    ),
];

/// Columns there are.
const COLUMNS: usize = Column::Panel as usize + 1;

/// The table turned round: by column, every cause that may hold it off.
const INTERLOCKS: [Reasons; COLUMNS] = {
    let mut columns = [Reasons::NONE; COLUMNS];
    let mut row = 0;
    while row < TABLE.len() {
        let (cause, held) = TABLE[row];
        let mut at = 0;
        while at < held.len() {
            let column = held[at] as usize;
            columns[column] = columns[column].with(cause);
            at += 1;
        }
        row += 1;
    }
    columns
};

/// Every cause of the table.
pub const CAUSES: Reasons = {
    let mut causes = Reasons::NONE;
    let mut column = 0;
    while column < COLUMNS {
        causes = causes.and(INTERLOCKS[column]);
        column += 1;
    }
    causes
};

/// What also ends every wish to run a motor or a dosing pump by hand, and lets none be begun: nothing goes on by itself when
/// the loop is closed and reset, at the next start, or when the mains return (R-2.1-02).
pub const END_WISHES: Reasons = Reasons::all(&[
    Reason::EmergencyStop,
    Reason::StoppedByOperator,
    Reason::MainsLost,
    Reason::BatteryEmpty,
    Reason::RunsUnasked,
    Reason::LocalControl,
    Reason::Booting,
]);

impl Column {
    /// Every cause that may hold it off, whether it stands now or not.
    #[must_use]
    pub const fn interlocks(self) -> Reasons {
        INTERLOCKS[self as usize]
    }
}

/// The causes of a scan, and by column what they hold off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Holds {
    causes: Reasons,
    columns: [Reasons; COLUMNS],
    /// What held a column first, this time or, once it is free again, the last time.
    first: [Reasons; COLUMNS],
}

impl Holds {
    /// Looks the causes up in the table.
    #[must_use]
    pub fn of(causes: Reasons) -> Holds {
        let mut columns = INTERLOCKS;
        for column in &mut columns {
            *column = column.of(causes);
        }
        Holds { causes, columns, first: columns }
    }

    /// What these causes hold off after what stood before: the first of them stays the first until its column is free and a
    /// person resets it, or until the next one comes. Nothing runs yet in a boot, so that is nobody's first cause.
    #[must_use]
    pub fn then(&self, causes: Reasons, reset: bool) -> Holds {
        let mut next = Holds::of(causes);
        let boot = Reasons::only(Reason::Booting);
        for at in 0..COLUMNS {
            let (was, is) = (self.columns[at].without(boot), next.columns[at].without(boot));
            next.first[at] = match (was.is_empty(), is.is_empty()) {
                (true, false) => is,
                (_, true) if reset => Reasons::NONE,
                (false, false) | (_, true) => self.first[at],
            };
        }
        next
    }

    /// What held a column first.
    #[must_use]
    pub fn first(&self, column: Column) -> Reasons {
        self.first[column as usize]
    }

    /// What holds a column off.
    #[must_use]
    pub fn on(&self, column: Column) -> Reasons {
        self.columns[column as usize]
    }

    /// Every cause that stands.
    #[must_use]
    pub fn causes(&self) -> Reasons {
        self.causes
    }
}

#[cfg(test)]
mod tests;
