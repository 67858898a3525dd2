//! The world of a rig, with its truth told to whoever judges.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plc::image::{Inputs, Outputs};
use plc::signal::Moment;

use crate::Truth;
use crate::rig::{PlantWorld, World};

/// What is really so, and when.
#[derive(Debug, Default)]
pub struct Told {
    now: Mutex<(Moment, Truth)>,
    /// What the controller asked of the world in the last step.
    outputs: Mutex<Vec<f64>>,
    moved: Condvar,
}

impl Told {
    /// Takes over what is so once the world has gone on from `from`; `None`: it did not in this time.
    pub fn next(&self, from: Moment, truth: &mut Truth, within: Duration) -> Option<Moment> {
        let deadline = Instant::now() + within;
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        while now.0 <= from {
            let left = deadline.checked_duration_since(Instant::now())?;
            now = self.moved.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        truth.clone_from(&now.1);
        Some(now.0)
    }

    /// What the controller asked of the world in the last step, by slot.
    pub fn outputs(&self) -> Vec<f64> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A plant that tells.
pub struct Watched {
    plant: PlantWorld,
    told: Arc<Told>,
}

impl Watched {
    pub fn new(plant: PlantWorld) -> (Watched, Arc<Told>) {
        let told = Arc::new(Told::default());
        (Watched { plant, told: told.clone() }, told)
    }
}

impl World for Watched {
    fn step(&mut self, outputs: &Outputs, inputs: &mut Inputs, at: Moment, elapsed: Duration) {
        self.plant.step(outputs, inputs, at, elapsed);
        let mut asked = self.told.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clear();
        asked.extend_from_slice(&outputs.values);
        drop(asked);
        let mut now = self.told.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.0 = at;
        now.1.clone_from(self.plant.truth());
        drop(now);
        self.told.moved.notify_all();
    }

    fn act(&mut self, words: &[&str]) -> Result<(), String> {
        self.plant.act(words)
    }
}
