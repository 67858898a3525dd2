//! The twin as the rig's world.

use std::time::Duration;

use plc::image::{Inputs, Outputs};
use plc::plant::Shape;
use plc::signal::Moment;
use plc::tag::Catalogue;

use super::World;
use crate::Truth;
use crate::model::parameters::TwinParameters;
use crate::twin::{Act, Selector, Twin};

/// The twin with its selector's side, which it does not tell.
pub struct PlantWorld {
    twin: Twin,
    selector: Selector,
}

impl PlantWorld {
    /// The plant that a site describes.
    #[must_use]
    pub fn new(shape: &Shape, catalogue: &Catalogue, seed: u64) -> PlantWorld {
        PlantWorld::with(TwinParameters::of(shape), catalogue, seed)
    }

    /// A plant with these parameters.
    #[must_use]
    pub fn with(parameters: TwinParameters, catalogue: &Catalogue, seed: u64) -> PlantWorld {
        let twin = Twin::new(parameters, catalogue, seed);
        PlantWorld { twin, selector: Selector::Remote }
    }

    /// What is really so.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        self.twin.truth()
    }
}

impl World for PlantWorld {
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration) {
        self.twin.step(outputs, inputs, at, elapsed);
    }

    fn act(&mut self, words: &[&str]) -> Result<(), String> {
        let act = Act::understand(words, self.selector)?;
        if let Act::Turn(selector) = act {
            self.selector = selector;
        }
        self.twin.act(act)
    }
}
