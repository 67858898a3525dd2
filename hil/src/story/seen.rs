//! What a condition is judged on: what the plant publishes, and what is really so.

use plc::image::Sample;
use plc::quantity::Form;
use plc::reason::Reason;
use plc::tag::Catalogue;

use crate::Truth;

/// A plant at one moment.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub catalogue: &'a Catalogue,
    /// A sample a row; none: nobody publishes anything.
    pub samples: Option<&'a [Sample]>,
    pub truth: &'a Truth,
}

impl Seen<'_> {
    /// What is published of a row.
    #[must_use]
    pub fn sample(&self, row: usize) -> Option<Sample> {
        self.samples?.get(row).copied()
    }

    /// The name of the state that a point shows.
    #[must_use]
    pub fn state(&self, path: &str) -> Option<&'static str> {
        let row = self.catalogue.find(path)?;
        match row.form {
            Form::States(names) => names.get(self.sample(row.id)?.value as usize).copied(),
            Form::Number { .. } | Form::OnOff | Form::Reasons | Form::Alarm => None,
        }
    }

    /// What the plant says of itself, in a line: its state and what blocks each unit.
    #[must_use]
    pub fn tell(&self) -> String {
        let Some(samples) = self.samples else { return "nobody publishes anything".into() };
        let rows = self.catalogue.rows.iter();
        let blocked: Vec<String> = rows
            .filter(|row| row.path.ends_with("blocked") && !samples[row.id].why.is_empty())
            .map(|row| {
                let why: Vec<Reason> = samples[row.id].why.iter().collect();
                format!("{} {why:?}", row.path)
            })
            .collect();
        format!("{:?}, {blocked:?}", self.state("system.state"))
    }
}
