//! Stories of a plant: a site, a season, what happens when, what must be true by when. `docs/spec/interfaces.md` 7.3.
//!
//! A story is a TOML file that a water engineer reads without this program. It is run in one process on virtual time, core
//! and world scan by scan, with every invariant judged all the while; the same words make things happen as on the bench.

pub mod ahead;
pub mod condition;
pub mod duration;
pub mod faults;
pub mod happening;
pub mod order;
pub mod picture;
pub mod report;
pub mod run;
pub mod scenario;
pub mod scene;
pub mod seen;
pub mod stage;
pub mod trace;
pub mod values;
pub mod world;

pub use happening::Happening;
pub use run::{Outcome, run};
pub use scenario::Scenario;
pub use scene::Scene;
pub use seen::Seen;
pub use stage::Stage;
