//! A screen on a plant's live stream: what it shows, and waiting until it shows something.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::client::Client;

/// What the stream has said so far.
#[derive(Clone, Debug)]
pub struct View {
    rows: Arc<HashMap<String, Row>>,
    values: HashMap<usize, Json>,
    alarms: Vec<Json>,
    /// Plant time, microseconds.
    pub at: u64,
    /// Wall time, ms since 1970.
    pub wall: i64,
    /// The first beat follows on the whole plant and its alarms.
    whole: bool,
    ended: bool,
}

#[derive(Debug)]
struct Row {
    id: usize,
    kind: String,
    symbol: String,
    states: Vec<String>,
}

impl View {
    fn row(&self, path: &str) -> &Row {
        self.rows.get(path).unwrap_or_else(|| panic!("no point {path}"))
    }

    fn sample(&self, path: &str) -> &Json {
        self.values.get(&self.row(path).id).unwrap_or(&Json::Null)
    }

    /// `None` while it is bad.
    pub fn value(&self, path: &str) -> Option<f64> {
        self.sample(path)[0].as_f64()
    }

    pub fn quality(&self, path: &str) -> &str {
        self.sample(path)[1].as_str().unwrap_or("unknown")
    }

    pub fn state(&self, path: &str) -> &str {
        let state = self.value(path).map(|value| value as usize);
        state.and_then(|state| self.row(path).states.get(state)).map_or("unknown", String::as_str)
    }

    /// An alarm that is not normal.
    pub fn alarm(&self, number: u64) -> Option<&Json> {
        self.alarms.iter().find(|alarm| alarm["number"] == number)
    }

    /// Numbers of the alarms that are not normal.
    pub fn alarms(&self) -> Vec<u64> {
        self.alarms.iter().filter_map(|alarm| alarm["number"].as_u64()).collect()
    }

    /// Points that show a time in seconds and are no setting.
    pub fn timers(&self) -> Vec<String> {
        let rows = self.rows.iter();
        let timers = rows.filter(|(_, row)| row.symbol == "s" && row.kind != "setting");
        timers.map(|(path, _)| path.clone()).collect()
    }

    /// Whether an alarm stands and its condition holds.
    pub fn is_active(&self, number: u64) -> bool {
        self.alarm(number).is_some_and(|alarm| alarm["active"] == true)
    }

    /// Whether the plant makes water or has begun to.
    pub fn is_at_work(&self) -> bool {
        ["Starting", "Producing", "Degraded"].contains(&self.state("system.state"))
    }

    /// Outputs that are not at rest, by path. The heartbeat and the horn move nothing.
    pub fn outputs_on(&self) -> Vec<&str> {
        let mut on: Vec<&str> = self
            .rows
            .iter()
            .filter(|(path, row)| {
                row.kind == "output"
                    && !["system.heartbeat", "system.horn"].contains(&path.as_str())
                    && self.value(path) != Some(0.0)
            })
            .map(|(path, _)| path.as_str())
            .collect();
        on.sort_unstable();
        on
    }

    fn told(&self) -> String {
        let blocked = self.rows.keys().filter(|path| path.ends_with("blocked"));
        let blocked: Vec<String> = blocked
            .filter(|path| self.sample(path).get(2).is_some())
            .map(|path| format!("{path} {}", self.sample(path)[2]))
            .collect();
        let alarms: Vec<String> = self
            .alarms
            .iter()
            .map(|alarm| format!("{} {}", alarm["number"], alarm["state"]))
            .collect();
        let seconds = self.at / 1_000_000;
        format!("{} at {seconds} s, {blocked:?}, alarms {alarms:?}", self.state("system.state"))
    }

    fn take(&mut self, event: &str, data: &Json) {
        match event {
            "full" | "change" => {
                if event == "full" {
                    self.values.clear();
                }
                self.at = data["at"].as_u64().unwrap();
                self.wall = data["wall"].as_i64().unwrap();
                for (id, sample) in data["values"].as_object().unwrap() {
                    self.values.insert(id.parse().unwrap(), sample.clone());
                }
            }
            "alarms" => self.alarms = data["alarms"].as_array().unwrap().clone(),
            other => {
                assert_eq!(other, "beat");
                self.whole = true;
            }
        }
    }
}

/// Follows the stream until it ends.
pub struct Screen {
    seen: Arc<(Mutex<View>, Condvar)>,
}

impl Screen {
    pub fn new(client: &Client) -> Screen {
        let catalogue = client.get("/api/catalogue");
        let texts = |list: &Json| {
            let list = list.as_array().into_iter().flatten();
            list.map(|one| one.as_str().unwrap().to_owned()).collect()
        };
        let rows = catalogue["rows"].as_array().unwrap().iter().map(|row| {
            let id = usize::try_from(row["id"].as_u64().unwrap()).unwrap();
            let kind = row["kind"].as_str().unwrap().to_owned();
            let symbol = row["symbol"].as_str().unwrap_or("").to_owned();
            (
                row["path"].as_str().unwrap().to_owned(),
                Row { id, kind, symbol, states: texts(&row["states"]) },
            )
        });
        let view = View {
            rows: Arc::new(rows.collect()),
            values: HashMap::new(),
            alarms: Vec::new(),
            at: 0,
            wall: 0,
            whole: false,
            ended: false,
        };
        let seen = Arc::new((Mutex::new(view), Condvar::new()));
        let stream = client.send("GET", "/api/live", "");
        let theirs = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut event = String::new();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some(name) = line.strip_prefix("event: ") {
                    event = name.to_owned();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    let data = serde_json::from_str(data).unwrap();
                    theirs.0.lock().unwrap().take(&event, &data);
                    theirs.1.notify_all();
                }
            }
            theirs.0.lock().unwrap().ended = true;
            theirs.1.notify_all();
        });
        Screen { seen }
    }

    /// Waits until the screen shows it; gives what the screen shows then.
    pub fn shows(&self, what: &str, within: Duration, is_so: impl Fn(&View) -> bool) -> View {
        let deadline = Instant::now() + within;
        let (lock, changed) = &*self.seen;
        let mut view = lock.lock().unwrap();
        while !(view.whole && view.at > 0 && is_so(&view)) {
            let left = deadline.saturating_duration_since(Instant::now());
            if view.ended || left.is_zero() {
                let told = view.told();
                let why = if view.ended { "the stream ended before" } else { "still not" };
                drop(view);
                panic!("{why}: {what}. Instead: {told}");
            }
            view = changed.wait_timeout(view, left).unwrap().0;
        }
        view.clone()
    }

    /// What it shows now.
    pub fn now(&self) -> View {
        self.shows("anything", Duration::from_secs(30), |_| true)
    }
}
