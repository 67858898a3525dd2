//! The cause-and-effect table: which cause forces which outputs off.
//!
//! Causes are judged before the units and seen by them as permissives; the same set is applied again after them, so that no
//! unit can pass it. `docs/spec/plant.md` 3 has the table, `docs/spec/contracts.md` what releases each row.

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
    /// P-601 and P-205.
    WastePump,
    /// XV-3n2: filtered outlets.
    FilterOutlet,
    /// XV-3n3 and XV-3n6: wash water and air inlets.
    WashInlet,
    /// Valves that keep their place, mixers: de-energised only with everything else.
    Positions,
    /// K0-900 request.
    Supply,
    /// Horn and beacon: held off by nobody.
    Panel,
}
