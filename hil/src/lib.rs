//! The world a plant lives in: the process model, the twin that the field sees, the rig that serves it.

pub mod model;
pub mod rig;
pub mod twin;
