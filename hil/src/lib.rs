//! The world a plant lives in: the process model, the twin that the field sees, the rig that serves it.

pub mod bench;
pub mod closed_loop;
pub mod invariants;
pub mod matrix;
pub mod model;
pub mod rig;
pub mod sim;
pub mod story;
pub mod swarm;
pub mod twin;

pub use model::instruments::SensorFault;
pub use model::parameters::TwinParameters;
pub use twin::devices::ActuatorFault;
pub use twin::truth::Truth;
pub use twin::wiring::Bus;
pub use twin::{Act, Broken, Selector, Trouble, Twin};
