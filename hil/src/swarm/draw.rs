//! Draws a plan: a village, its season, its faults, its people.

use std::time::Duration;

use plc::quantity::Form;
use plc::tag::{Catalogue, Kind, Role};

use super::dice::Dice;
use super::{Episode, Plan};
use crate::closed_loop::catalogue_of;
use crate::story::stage::{Setting, site_named};
use crate::story::{Happening, faults, world};
use crate::{Act, ActuatorFault, Bus, SensorFault, Twin, TwinParameters};

/// Shipped sites; the bench is the demo's plant.
const SITES: [&str; 4] = ["demo", "yangneua", "sesnok", "homsang"];
/// Of the world: what differs from village to village and day to day. Ranges: `docs/spec/plant.md` 6.
const WORLD: [(&str, f64, f64); 14] = [
    ("start_day", 0.0, 365.0),
    ("start_hour", 0.0, 23.9),
    ("dry_turbidity", 4.0, 20.0),
    ("wet_turbidity", 20.0, 80.0),
    ("temperature", 16.0, 28.0),
    ("raw_ph", 7.1, 8.1),
    ("alkalinity", 40.0, 100.0),
    ("organic_carbon", 1.0, 3.0),
    // The site factor of 6.4.
    ("coagulant_demand", 0.7, 1.5),
    ("chlorine_dead_s", 60.0, 240.0),
    ("outages_per_day", 0.0, 1.0),
    ("voltage_spread", 2.0, 8.0),
    ("start_first_filter", 0.0, 0.75),
    ("start_other_filters", 0.0, 0.6),
];
/// Faults and orders a day. Chosen: far more than a village has, so that a year of them is a night's run.
const FAULTS_A_DAY: (f64, f64) = (2.0, 8.0);
const ORDERS_A_DAY: (f64, f64) = (0.0, 12.0);
/// How long a fault lasts, s.
const LASTS: (f64, f64) = (20.0, 10.0 * 3_600.0);
/// A person looks at the plant this often, s: acknowledges, resets, starts it again.
const ROUND: f64 = 6.0 * 3_600.0;

/// The plan of a seed.
///
/// # Errors
/// When a shipped site or the catalogue of faults makes no sense.
pub fn draw(seed: u64, days: f64) -> Result<Plan, String> {
    let mut dice = Dice::new(seed);
    let site_name = *dice.one_of(&SITES);
    let site = site_named(site_name)?;
    let mut parameters = TwinParameters::of(&site.shape);
    let mut drawn = Vec::new();
    for (name, low, high) in WORLD {
        let value = (1_000.0 * dice.between(low, high)).round() / 1_000.0;
        world::set(&mut parameters, name, value)?;
        drawn.push((name, value));
    }
    // Faults of timing need fast scans, long runs slow ones.
    let period = Duration::from_millis(if dice.chance(0.25) { 200 } else { 1_000 });
    let catalogue = catalogue_of(&site.shape);
    let length = Duration::from_secs_f64(86_400.0 * days);
    let setting = Setting { site, parameters, seed, period, trace: None };
    let mut hand = Hand {
        dice,
        catalogue: &catalogue,
        setting: &setting,
        faults: faults::all(&catalogue)?,
        lying_until: 0.0,
        busy: [0.0; 2],
    };
    let episodes = hand.episodes(days);
    Ok(Plan { seed, site: site_name, world: drawn, length, episodes, setting: setting.clone() })
}

/// Draws one episode after the other.
struct Hand<'a> {
    dice: Dice,
    catalogue: &'a Catalogue,
    setting: &'a Setting,
    faults: Vec<faults::Fault>,
    /// s: until then a sensor lies.
    lying_until: f64,
    /// s: until then the two faults that may stand at once do.
    busy: [f64; 2],
}

impl Hand<'_> {
    fn episodes(&mut self, days: f64) -> Vec<Episode> {
        let (mut episodes, end) = (Vec::new(), 86_400.0 * days);
        let twin = Twin::new(self.setting.parameters.clone(), self.catalogue, self.setting.seed);
        let sensors: Vec<String> = twin.sensors().map(str::to_owned).collect();
        let devices: Vec<String> = twin.actuators().map(str::to_owned).collect();
        let faults = self.dice.between(FAULTS_A_DAY.0, FAULTS_A_DAY.1) * days;
        let mut times: Vec<f64> =
            (0..faults as usize).map(|_| self.dice.between(60.0, end)).collect();
        times.sort_by(f64::total_cmp);
        for at in times {
            let lasts = self.dice.log_between(LASTS.0, LASTS.1);
            let Some(free) = (0..2).find(|place| self.busy[*place] <= at) else { continue };
            let Some((kind, begin, finish, lies)) = self.fault(&sensors, &devices) else {
                continue;
            };
            if lies && self.lying_until > at {
                continue;
            }
            self.busy[free] = at + lasts;
            if lies {
                self.lying_until = at + lasts;
            }
            episodes.push(Episode {
                kind,
                at: seconds(at),
                begin,
                lasts: seconds(lasts),
                end: finish,
            });
        }
        let orders = self.dice.between(ORDERS_A_DAY.0, ORDERS_A_DAY.1) * days;
        for _ in 0..orders as usize {
            let at = self.dice.between(60.0, end);
            let order = self.order();
            episodes.push(order.into_episode(at));
        }
        let mut at = ROUND;
        while at < end {
            let lines = ["order reset", "order confirm quality", "order start"];
            let begin = lines.iter().filter_map(|line| self.said(line)).collect();
            episodes.push(Episode {
                kind: "round".into(),
                at: seconds(at),
                begin,
                lasts: Duration::ZERO,
                end: Vec::new(),
            });
            at += ROUND;
        }
        episodes
    }

    fn said(&self, line: &str) -> Option<Happening> {
        Happening::parse(line, self.catalogue).ok()
    }

    /// Kind, what begins and ends it, and whether a sensor lies meanwhile.
    fn fault(
        &mut self,
        sensors: &[String],
        devices: &[String],
    ) -> Option<(String, Vec<Happening>, Vec<Happening>, bool)> {
        let act = |act: Act| vec![Happening::Act(act)];
        let draw = self.dice.share();
        Some(if draw < 0.35 {
            let fault = self.dice.one_of(&self.faults).clone();
            let lies = fault.acts.iter().any(is_lie);
            (fault.id, fault.acts, fault.undo, lies)
        } else if draw < 0.60 {
            let path = self.dice.one_of(sensors).clone();
            let (name, fault) = self.sensor_fault(&path)?;
            let begin = act(Act::SensorFault { path: path.clone(), fault: Some(fault) });
            let lies = fault != SensorFault::Dropout;
            (format!("sensor {name}"), begin, act(Act::SensorFault { path, fault: None }), lies)
        } else if draw < 0.78 {
            let path = self.dice.one_of(devices).clone();
            let (name, fault) = self.device_fault();
            let begin = act(Act::ActuatorFault { path: path.clone(), fault: Some(fault) });
            (format!("device {name}"), begin, act(Act::ActuatorFault { path, fault: None }), false)
        } else if draw < 0.84 {
            ("mains off".into(), act(Act::Mains(false)), act(Act::Mains(true)), false)
        } else if draw < 0.89 {
            let bus = *self.dice.one_of(&[Bus::A, Bus::B, Bus::C, Bus::D]);
            let kind = format!("bus {bus:?} down");
            (kind, act(Act::Link { bus, up: false }), act(Act::Link { bus, up: true }), false)
        } else if draw < 0.94 {
            let dark = self.dice.chance(0.5);
            let begin = if dark { Happening::Dark } else { Happening::Kill };
            let lost = self.dice.chance(0.1);
            let kind = if dark { "controller dark" } else { "controller killed" };
            (kind.into(), vec![begin], vec![Happening::Restart { lost }], false)
        } else {
            let peak_ntu = self.dice.log_between(50.0, 3_000.0).round();
            ("storm".into(), act(Act::Storm { peak_ntu }), Vec::new(), false)
        })
    }

    fn sensor_fault(&mut self, path: &str) -> Option<(&'static str, SensorFault)> {
        let row = self.catalogue.find(path)?;
        let Kind::Input(words) = row.kind else { return None };
        if row.form == Form::OnOff {
            return Some(*self.dice.one_of(&[
                ("stuck", SensorFault::Stuck),
                ("dropout", SensorFault::Dropout),
                ("zero", SensorFault::Zero),
                ("closed", SensorFault::Value(1.0)),
            ]));
        }
        let span = words.high - words.low;
        let off = (1_000.0 * self.dice.between(-0.3, 0.3) * span).round() / 1_000.0;
        let value = (1_000.0 * self.dice.between(words.low, words.high)).round() / 1_000.0;
        let times = (100.0 * self.dice.between(0.3, 2.0)).round() / 100.0;
        Some(*self.dice.one_of(&[
            ("stuck", SensorFault::Stuck),
            ("dropout", SensorFault::Dropout),
            ("dropout", SensorFault::Dropout),
            ("zero", SensorFault::Zero),
            ("bias", SensorFault::Bias(off)),
            ("value", SensorFault::Value(value)),
            ("scale", SensorFault::Scale(times)),
            ("drift", SensorFault::Drift(off)),
            ("noise", SensorFault::Noise(off.abs() / 5.0)),
            ("spike", SensorFault::Spike(off)),
        ]))
    }

    fn device_fault(&mut self) -> (&'static str, ActuatorFault) {
        let leak = (100.0 * self.dice.between(0.01, 0.05)).round() / 100.0;
        *self.dice.one_of(&[
            ("trip", ActuatorFault::Trip),
            ("trip", ActuatorFault::Trip),
            ("seize", ActuatorFault::Seize),
            ("seize", ActuatorFault::Seize),
            ("run", ActuatorFault::Run),
            ("slow", ActuatorFault::Slow),
            ("plug", ActuatorFault::Plug),
            ("leak", ActuatorFault::Leak(leak)),
        ])
    }

    /// What somebody asks of the plant, and takes back later where it would hold the plant for ever.
    fn order(&mut self) -> Asked {
        let lasts = self.dice.log_between(30.0, 4.0 * 3_600.0);
        let role = match self.dice.one_of(&[Role::Operator, Role::Operator, Role::Supervisor]) {
            Role::Operator => "operator",
            Role::Observer | Role::Supervisor | Role::Engineer | Role::Admin => "supervisor",
        };
        let filters = self.setting.parameters.filters as f64;
        let tanks = self.setting.parameters.tanks as f64;
        let draw = self.dice.share();
        let (begin, end) = if draw < 0.10 {
            (vec!["stop".into()], vec!["start".to_owned()])
        } else if draw < 0.14 {
            (vec!["stop all".into()], vec!["start".into()])
        } else if draw < 0.28 {
            let filter = 1 + self.dice.between(0.0, filters) as usize;
            (vec![format!("wash {filter}")], Vec::new())
        } else if draw < 0.33 {
            let filter = 1 + self.dice.between(0.0, filters) as usize;
            (vec![format!("abort {filter}")], Vec::new())
        } else if draw < 0.40 {
            let tank = 1 + self.dice.between(0.0, tanks) as usize;
            (vec![format!("desludge {tank}")], Vec::new())
        } else if draw < 0.44 {
            (vec!["prime".into()], Vec::new())
        } else if draw < 0.50 {
            (vec!["intake close".into()], vec!["intake open".into()])
        } else if draw < 0.72 {
            let device = self.device();
            let mode = *self.dice.one_of(&["off", "manual", "maintenance"]);
            let mut begin = vec![format!("mode {device} {mode}")];
            if mode == "manual" {
                let wish = self.dice.between(0.0, 100.0).round();
                begin.push(format!("hand {device} {wish} {:.0}", lasts.min(3_600.0)));
            }
            (begin, vec![format!("mode {device} auto")])
        } else if draw < 0.92 {
            (vec![self.setting_order()], Vec::new())
        } else {
            let path = self.input();
            (
                vec![format!("hold {path} {:.0}", lasts.min(3_600.0))],
                vec![format!("release {path}")],
            )
        };
        let said = |lines: &[String]| -> Vec<Happening> {
            lines.iter().filter_map(|line| self.said(&format!("order as {role} {line}"))).collect()
        };
        Asked { begin: said(&begin), end: said(&end), lasts }
    }

    fn device(&mut self) -> String {
        let rows = self.catalogue.rows.iter();
        let modes: Vec<&str> = rows.filter_map(|row| row.path.strip_suffix(".mode")).collect();
        (*self.dice.one_of(&modes)).to_owned()
    }

    fn input(&mut self) -> String {
        let rows = self.catalogue.rows.iter();
        let inputs: Vec<&str> = rows
            .filter(|row| {
                matches!(row.kind, Kind::Input(_)) && matches!(row.form, Form::Number { .. })
            })
            .map(|row| row.path.as_str())
            .collect();
        (*self.dice.one_of(&inputs)).to_owned()
    }

    /// Any setting to any value of its range; roles and steps refuse most.
    fn setting_order(&mut self) -> String {
        let rows: Vec<_> =
            self.catalogue.rows.iter().filter(|row| matches!(row.kind, Kind::Setting(_))).collect();
        let row = *self.dice.one_of(&rows);
        let Kind::Setting(words) = row.kind else { return String::new() };
        let value = self.dice.between(words.low, words.high);
        format!("set {} {}", row.path, (1_000.0 * value).round() / 1_000.0)
    }
}

/// An order, and what takes it back.
struct Asked {
    begin: Vec<Happening>,
    end: Vec<Happening>,
    lasts: f64,
}

impl Asked {
    fn into_episode(self, at: f64) -> Episode {
        Episode {
            kind: "order".into(),
            at: seconds(at),
            begin: self.begin,
            lasts: seconds(self.lasts),
            end: self.end,
        }
    }
}

/// Whole seconds: a scenario can say them.
fn seconds(seconds: f64) -> Duration {
    Duration::from_secs(seconds as u64)
}

/// A sensor, or what is told of one, is not what is so.
fn is_lie(happening: &Happening) -> bool {
    match happening {
        Happening::Lie { .. } => true,
        Happening::Act(Act::SensorFault { fault, .. }) => {
            fault.is_some_and(|fault| fault != SensorFault::Dropout)
        }
        Happening::Act(_)
        | Happening::Order { .. }
        | Happening::Truth { .. }
        | Happening::Report { .. }
        | Happening::Wire(_)
        | Happening::Hang
        | Happening::Wake
        | Happening::Kill
        | Happening::Dark
        | Happening::Restart { .. } => false,
    }
}
