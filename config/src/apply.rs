//! What a site file changes in a plant before its first scan.

use std::collections::HashMap;

use plc::plant::Plant;
use plc::quantity::Value;
use plc::tag::{Adjustable, Catalogue, Group, Place, Point, Visitor};

use crate::site::Site;

/// Puts the file's settings into a plant, before its first scan.
pub fn apply(site: &Site, plant: &mut Plant) {
    let values: Vec<_> = site.settings.iter().map(|one| (one.path.clone(), one.value)).collect();
    lay_over(&values, plant);
}

/// Puts settings into a plant by path, before its first scan.
pub fn lay_over(settings: &[(String, f64)], plant: &mut Plant) {
    let values = settings.iter().cloned().collect();
    plant.visit(&mut Settings { values, place: Place::default() });
}

impl Site {
    /// Renumbers the tags of a catalogue as the file says.
    pub fn rename_tags(&self, catalogue: &mut Catalogue) {
        for row in &mut catalogue.rows {
            if let Some(renamed) = self.tags.iter().find(|one| one.from == row.tag) {
                row.tag.clone_from(&renamed.to);
            }
        }
    }
}

/// Puts settings into a plant, by path.
struct Settings {
    values: HashMap<String, f64>,
    place: Place,
}

impl Visitor for Settings {
    fn enter(&mut self, group: &'static Group, number: Option<u8>) {
        self.place.enter(group, number);
    }
    fn leave(&mut self) {
        self.place.leave();
    }
    fn setting<Q: Value>(&mut self, point: &'static Point<Adjustable>, value: &mut Q) {
        if let Some(given) = self.values.get(&self.place.path(point.head.field)) {
            *value = Q::from_f64(*given);
        }
    }
}
