//! What a story stands on when the controller is a real one: a rig in this process, whose world tells what is really so.

use std::sync::Arc;
use std::time::Duration;

use config::Site;
use plc::tag::Catalogue;
use tokio::runtime::Runtime;

use super::watched::{Told, Watched};
use crate::closed_loop::catalogue_of;
use crate::rig::{PlantWorld, Rig, Setup, Wire, now, wires};
use crate::{Truth, TwinParameters};

/// A rig of a site, and what its world tells.
pub struct Ground {
    pub rig: Rig,
    pub told: Arc<Told>,
    pub catalogue: Catalogue,
    /// When the rig began, on the clock of its edges.
    pub begun: Duration,
    /// Lines of the header, where the rig plays them.
    pub wires: Vec<Wire>,
    /// Names of the motors.
    pub motors: Vec<String>,
    /// Time of a scan, plant time.
    pub period: Duration,
    /// Plant seconds a second.
    pub speed: u32,
    // Last: it ends after everything that uses it.
    _runtime: Runtime,
}

impl Ground {
    /// A world of these parameters begins.
    ///
    /// # Errors
    /// When the rig does not start: in words.
    pub fn open(
        site: &Site,
        parameters: &TwinParameters,
        seed: u64,
        setup: &Setup,
    ) -> Result<Ground, String> {
        let catalogue = catalogue_of(&site.shape);
        let plant = PlantWorld::with(parameters.clone(), &catalogue, seed);
        let (world, told) = Watched::new(plant);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|why| why.to_string())?;
        let begun = now();
        let rig = runtime.block_on(Rig::start(site, &catalogue, Box::new(world), setup));
        Ok(Ground {
            rig: rig.map_err(|why| why.to_string())?,
            told,
            catalogue,
            begun,
            wires: wires(site),
            motors: Truth::motors(parameters),
            period: site.period,
            speed: setup.speed.max(1),
            _runtime: runtime,
        })
    }
}
