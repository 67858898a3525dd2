//! First-out: which alarm of a trip group came first (`docs/spec/interfaces.md` 1.6).

/// What the alarms of a group stop. Where an alarm stops several things, it belongs to the one farthest upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TripGroup {
    /// Everything: mains, K0, emergency stop, a bus.
    Supply,
    /// Raw water and coagulant.
    RawWater,
    /// Filters and washes.
    Filtration,
    /// Chlorine, clear well, delivery.
    Delivery,
}

/// How many groups there are.
const GROUPS: usize = 4;

/// The first of each group since all of it was Normal, by slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct FirstOut {
    first: [Option<usize>; GROUPS],
}

impl FirstOut {
    /// A member has become active; `others_stand`: some other one is not Normal. Whether it is the first.
    pub fn activated(&mut self, trip: TripGroup, slot: usize, others_stand: bool) -> bool {
        let first = &mut self.first[trip as usize];
        if !others_stand {
            *first = Some(slot);
        }
        *first == Some(slot)
    }

    /// All of the group is Normal again; which one had come first.
    pub fn clear(&mut self, trip: TripGroup) -> Option<usize> {
        self.first[trip as usize].take()
    }
}

impl TripGroup {
    /// Every group.
    pub const ALL: [TripGroup; GROUPS] =
        [TripGroup::Supply, TripGroup::RawWater, TripGroup::Filtration, TripGroup::Delivery];
}
