//! Which alarm explains which: the consequence chains and the codes s4 and s5 of `docs/spec/plant.md` 4, as data.
//!
//! Numbers in the declarations become places in a set once, when the plant is built. A cause hides its consequences, and
//! theirs; it never hides one of a higher priority, but for the loss of mains, which explains everything that stands still.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::tag::{Catalogue, Kind, Rationale, Row};

/// The loss of mains hides all but a few (`docs/spec/plant.md` 4).
pub(super) const MAINS_LOST: u16 = 901;
/// The loss of a bus.
const BUS_LOST: u16 = 906;

/// An instrument bus as a parent: code s5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Drives and meter.
    BusA,
    /// Analysers, levels, flows.
    BusB,
    /// Remote I/O.
    BusD,
    /// Any of them.
    AnyBus,
}

impl Parent {
    /// Whether an alarm of a lost bus, at this path, is this parent's.
    fn is_at(self, path: &str) -> bool {
        match self {
            Parent::BusA => path.contains("link_a."),
            Parent::BusB => path.contains("link_b."),
            Parent::BusD => path.contains("link_d."),
            Parent::AnyBus => true,
        }
    }
}

/// A set of causing alarms.
pub(super) type Set = u64;
/// At the limit further alarms hide nothing: more is announced, not less.
const CAUSES_MAX: usize = Set::BITS as usize;

/// Who explains whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Explained {
    /// Slot of each causing alarm; its place is its bit. Roots come first.
    pub causes: Box<[usize]>,
    /// By slot: which causes hide it.
    pub by: Box<[Set]>,
}

impl Explained {
    /// As the catalogue's alarms declare it.
    pub fn by(catalogue: &Catalogue) -> Explained {
        let alarms: Vec<(&Row, Rationale)> = catalogue
            .rows
            .iter()
            .filter_map(|row| match row.kind {
                Kind::Alarm(words) => Some((row, words)),
                Kind::Input(_)
                | Kind::Output(..)
                | Kind::Setting(_)
                | Kind::Status(_)
                | Kind::Retained(_) => None,
            })
            .collect();
        let chains: Vec<Vec<bool>> =
            alarms.iter().map(|(_, words)| direct(&alarms, words)).collect();
        let chains = closed(chains);
        let hides = |of: usize, by: usize| {
            let (own, other) = (&alarms[of].1, &alarms[by].1);
            of != by
                && chains[of][by]
                && (other.priority <= own.priority || other.number == MAINS_LOST)
        };
        let slots = 0..alarms.len();
        let mut causes: Vec<usize> =
            slots.clone().filter(|by| slots.clone().any(|of| hides(of, *by))).collect();
        causes.sort_by_key(|cause| chains[*cause].iter().filter(|explained| **explained).count());
        causes.truncate(CAUSES_MAX);
        let set = |of: usize| {
            let bits = causes.iter().enumerate().filter(|(_, by)| hides(of, **by));
            bits.fold(0, |set: Set, (bit, _)| set | 1 << bit)
        };
        Explained { by: slots.map(set).collect(), causes: causes.into_boxed_slice() }
    }

    /// The root among these causes, as the slot of its alarm.
    pub fn root(&self, set: Set) -> Option<usize> {
        self.causes.get(set.trailing_zeros() as usize).copied()
    }
}

/// Alarms that these words name, by slot.
fn direct(alarms: &[(&Row, Rationale)], words: &Rationale) -> Vec<bool> {
    let named = |(row, other): &(&Row, Rationale)| {
        let bus =
            other.number == BUS_LOST && words.parent.is_some_and(|parent| parent.is_at(&row.path));
        let mains = other.number == MAINS_LOST && !words.stands_without_mains;
        bus || mains || words.explained_by.contains(&other.number)
    };
    alarms.iter().map(named).collect()
}

/// A cause's causes explain too.
fn closed(mut chains: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
    let all = chains.len();
    for through in 0..all {
        let further = chains[through].clone();
        for chain in &mut chains {
            if chain[through] {
                chain.iter_mut().zip(&further).for_each(|(has, more)| *has |= more);
            }
        }
    }
    chains
}
