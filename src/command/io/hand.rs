//! A site's field in somebody's hand: the driver of the controller, with nobody behind it but a person.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use config::{Binding, Direction, Form as RegisterForm, Site};
use plc::image::{Inputs, Outputs};
use plc::quantity::Form;
use plc::signal::{Fault, Moment, Quality, Reading};
use plc::tag::{Catalogue, Row};
use sweetspring::controller::catalogue_of;
use sweetspring::field::buses::BusField;
use sweetspring::field::{Field as _, header};
use tokio::runtime::Runtime;

use super::sheet::Seen;

/// The driver is looked at as often as a controller scans.
const TICK: Duration = Duration::from_millis(100);
/// Every device has been asked by then, or has been silent three times.
const FIRST_ANSWERS: Duration = Duration::from_secs(15);
/// The contactor of all motors (`docs/spec/plant.md` 1.7).
const CONTACTOR: &str = "system.supply";
/// Without its edges KWD-900 lets no contactor in.
const HEARTBEAT: &str = "system.heartbeat";

/// A point that is wired.
#[derive(Clone, Debug)]
pub struct Point {
    pub row: Row,
    pub binding: Binding,
}

impl Point {
    pub fn is_contact(&self) -> bool {
        matches!(self.row.form, Form::OnOff)
    }
}

/// What an input shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shows {
    pub text: String,
    /// What is wrong with it, and what to look at.
    pub wrong: Option<String>,
}

/// The field of a site, opened.
pub struct Field {
    site: Site,
    catalogue: Catalogue,
    buses: BusField,
    inputs: Inputs,
    outputs: Outputs,
    began: Instant,
    beat: bool,
}

impl Field {
    /// Opens every bus. Nothing is switched on but by [`Field::switch`].
    pub fn open(site: Site, lines: Option<&Path>, runtime: &Runtime) -> anyhow::Result<Field> {
        let mut catalogue = catalogue_of(&site.shape);
        let buses = BusField::start_on(&site, &catalogue, 1, runtime.handle(), |driver, wires| {
            header::open(driver, wires, lines)
        })?;
        let (inputs, outputs) = (Inputs::new(&catalogue), Outputs::new(&catalogue));
        site.rename_tags(&mut catalogue);
        Ok(Field { site, catalogue, buses, inputs, outputs, began: Instant::now(), beat: false })
    }

    /// The inputs that are wired and whose path begins with one of these; all of them without any.
    pub fn points(&self, only: &[String]) -> anyhow::Result<Vec<Point>> {
        self.wired(Direction::Input, only)
    }

    /// The outputs, as [`Field::points`]; but for the contactor and the heartbeat, which go with each of them.
    pub fn outputs(&self, only: &[String]) -> anyhow::Result<Vec<Point>> {
        let mut outputs = self.wired(Direction::Output, only)?;
        outputs.retain(|point| ![CONTACTOR, HEARTBEAT].contains(&point.row.path.as_str()));
        Ok(outputs)
    }

    /// What is switched is a contact, and not the command word of a drive.
    pub fn may_be_tried(&self, point: &Point) -> bool {
        let command =
            matches!(self.site.register(&point.binding).form, RegisterForm::Command { .. });
        point.is_contact() && !command
    }

    fn wired(&self, direction: Direction, only: &[String]) -> anyhow::Result<Vec<Point>> {
        for begins in only {
            if !self.site.bindings.iter().any(|binding| binding.path.starts_with(begins)) {
                bail!(
                    "--only {begins}: no wired point begins so; `sweetspring tags SITE` lists them"
                );
            }
        }
        let wanted = |path: &str| only.is_empty() || only.iter().any(|one| path.starts_with(one));
        let point = |row: &Row| {
            let binding = self.site.bindings.iter().find(|one| one.path == row.path)?;
            let is_meant = binding.direction == direction && wanted(&row.path);
            is_meant.then(|| Point { row: row.clone(), binding: binding.clone() })
        };
        Ok(self.catalogue.rows.iter().filter_map(point).collect())
    }

    /// The newest readings.
    pub fn look(&mut self) {
        let now = self.now();
        self.buses.read(&mut self.inputs, now);
    }

    fn now(&self) -> Moment {
        let since = self.began.elapsed().as_micros();
        Moment(u64::try_from(since).unwrap_or(u64::MAX))
    }

    /// Until each of these has been read, or was silent for long enough.
    pub fn wait_for(&mut self, points: &[Point], ended: &AtomicBool) {
        let until = Instant::now() + FIRST_ANSWERS;
        loop {
            self.look();
            let unread =
                |point: &Point| self.reading(point).quality == Quality::Bad(Fault::NotYetRead);
            let over = Instant::now() >= until || ended.load(Ordering::Relaxed);
            if over || !points.iter().any(unread) {
                return;
            }
            std::thread::sleep(TICK);
        }
    }

    fn reading(&self, point: &Point) -> Reading {
        self.inputs.readings.get(point.row.slot).copied().unwrap_or_default()
    }

    /// An input in words.
    pub fn shows(&self, point: &Point) -> Shows {
        let reading = self.reading(point);
        let text = match (reading.quality, point.row.form) {
            (Quality::Bad(_), _) => "-".to_owned(),
            (_, Form::Number { symbol, decimals, .. }) => {
                format!("{:.*} {symbol}", usize::from(decimals), reading.value)
            }
            (_, Form::OnOff | Form::States(_) | Form::Reasons | Form::Alarm) => {
                if reading.value >= 0.5 { "closed" } else { "open" }.to_owned()
            }
        };
        Shows { text: text.trim_end().to_owned(), wrong: self.wrong(point, reading) }
    }

    fn wrong(&self, point: &Point, reading: Reading) -> Option<String> {
        let device = &self.site.device(&point.binding).name;
        if let Quality::Bad(fault) = reading.quality {
            return Some(match fault {
                Fault::NotYetRead | Fault::Stale => format!(
                    "{device} does not answer: `sweetspring modbus read --site SITE --device {device}` says what to look at"
                ),
                Fault::Range => {
                    "below its scale: a broken or shorted loop, or no supply".to_owned()
                }
                Fault::Overrange => {
                    "above its scale: a shorted loop, or the span in the site".to_owned()
                }
                Fault::Invalid => "no number: word order and form in the profile".to_owned(),
                Fault::Rate
                | Fault::Implausible
                | Fault::HoldExpired
                | Fault::NotFitted
                | Fault::Computed => format!("{fault:?}"),
            });
        }
        let (low, high) = point.row.span()?;
        let beyond = !(low..=high).contains(&reading.value);
        beyond.then(|| format!("outside its scale of {low} to {high}: scale and unit in the site"))
    }

    /// Where a point is wired, and what it is.
    pub fn seen(&self, point: &Point) -> Seen {
        let device = self.site.device(&point.binding);
        let bus = &self.site.buses[device.bus].name;
        Seen {
            tag: point.row.tag.clone(),
            path: point.row.path.clone(),
            about: point.row.about.to_owned(),
            wired: format!("{bus}: {}.{}", device.name, self.site.register(&point.binding).name),
            shows: match point.binding.direction {
                Direction::Input => self.shows(point),
                Direction::Output => Shows { text: String::new(), wrong: None },
            },
        }
    }

    /// One output on for a time, and off; with the contactor or without. What inputs changed meanwhile, in words.
    pub fn switch(
        &mut self,
        point: &Point,
        lasts: Duration,
        with_contactor: bool,
        ended: &AtomicBool,
    ) -> anyhow::Result<Vec<String>> {
        let inputs = self.wired(Direction::Input, &[])?;
        self.look();
        let before: Vec<Shows> = inputs.iter().map(|input| self.shows(input)).collect();
        let mut moved = vec![false; inputs.len()];
        let until = Instant::now() + lasts;
        while Instant::now() < until && !ended.load(Ordering::Relaxed) {
            if with_contactor && let Some(contactor) = self.catalogue.output_slot(CONTACTOR) {
                self.set(contactor, 1.0);
            }
            self.set(point.row.slot, 1.0);
            self.scan();
            for ((moved, input), before) in moved.iter_mut().zip(&inputs).zip(&before) {
                *moved |= input.is_contact() && self.shows(input) != *before;
            }
        }
        // Long enough for the write to reach the device.
        self.outputs.de_energise();
        for _ in 0..5 {
            self.scan();
        }
        let said = inputs.iter().zip(&before).zip(moved).filter(|(_, moved)| *moved);
        Ok(said.map(|((input, was), _)| format!("{} (was {})", input.row.tag, was.text)).collect())
    }

    fn set(&mut self, slot: usize, value: f64) {
        if let Some(place) = self.outputs.values.get_mut(slot) {
            *place = value;
        }
    }

    /// As a controller scans: a driver whose outputs are not renewed switches them off.
    fn scan(&mut self) {
        if let Some(heartbeat) = self.catalogue.output_slot(HEARTBEAT) {
            self.beat = !self.beat;
            self.set(heartbeat, f64::from(u8::from(self.beat)));
        }
        let now = self.now();
        self.buses.write(&self.outputs, now);
        std::thread::sleep(TICK);
        self.look();
    }

    /// Everything off.
    pub fn close(mut self) {
        self.outputs.de_energise();
        self.buses.stop();
    }
}
