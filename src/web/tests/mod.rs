//! A browser's view of a small plant: a real listener, a real journal, snapshots and answers made by hand.

mod acting;
mod browser;
mod field;
mod looking;
mod plant;
