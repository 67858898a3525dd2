//! What the twin must do as published: `plant.md` 6.15. Checks of one process alone stand beside it, in `hil/src/model`:
//! VC-1 to VC-6, VC-8 and VC-14 in `filter/tests.rs` and `settling.rs`, VC-7 in `season.rs`, VC-9 in
//! `chlorine.rs`, VC-16 and VC-17 in `hydraulics.rs`; VC-20 in `hil/src/twin/tests.rs`. VC-18 is also
//! `hil/scenarios/cold_water.toml`, VC-21 is `cargo bench -p hil`.

mod ageing;
mod chlorine;
mod contact;
mod options;
mod published;
mod river;
mod sand;
mod settling;
mod storage;
