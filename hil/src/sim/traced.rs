//! What the lines of the header did, with the rig's times: of every edge as CSV, and of those that followed something that
//! was done to the plant as words.

use std::fmt::Write as _;
use std::time::Duration;

use config::Duty;

use crate::rig::{Edge, Rig, Wire, now};

/// A heartbeat, or pulses, that did not come for so long came last before that. KWD-900 waits for one second.
const SILENT: Duration = Duration::from_secs(1);
/// The line that toggles as long as the controller lives.
pub const HEARTBEAT: &str = "system.heartbeat";

/// Something that was done.
#[derive(Clone, Debug)]
struct Struck {
    what: String,
    /// On the clock of the edges.
    at: Duration,
    /// On the story's clock.
    passed: Duration,
}

/// The lines of one story.
#[derive(Debug)]
pub struct Traced {
    wires: Vec<Wire>,
    /// When the rig began.
    begun: Duration,
    edges: Vec<Edge>,
    lost: u64,
    done: Vec<Struck>,
    /// What followed the last was told.
    is_told: bool,
}

impl Traced {
    #[must_use]
    pub fn new(wires: Vec<Wire>, begun: Duration) -> Traced {
        let (edges, done) = (Vec::new(), Vec::new());
        Traced { wires, begun, edges, lost: 0, done, is_told: true }
    }

    /// Takes over what the rig has seen so far.
    pub fn take(&mut self, rig: &Rig) {
        self.edges.extend(rig.edges(self.edges.len()));
        self.lost = rig.edges_lost();
    }

    /// Something is done now, at this time of the story.
    pub fn strike(&mut self, what: String, passed: Duration) {
        self.done.push(Struck { what, at: now(), passed });
        self.is_told = false;
    }

    /// What the lines did since the last thing that was done, with the story's time of it: when each contact and each switch
    /// first moved, and when a heartbeat that no longer beats, or pulses, came last. Told once.
    pub fn aftermath(&mut self) -> Vec<(Duration, String)> {
        self.aftermath_until(now())
    }

    fn aftermath_until(&mut self, end: Duration) -> Vec<(Duration, String)> {
        let Some(struck) = self.done.last().filter(|_| !self.is_told) else { return Vec::new() };
        let mut told = Vec::new();
        for wire in &self.wires {
            let of_line = || self.edges.iter().filter(|edge| edge.line == wire.line);
            let name = wire.name();
            if wire.path == HEARTBEAT || wire.duty == Duty::Pulses {
                let last =
                    of_line().next_back().filter(|edge| end.saturating_sub(edge.at) > SILENT);
                // What had ended long before tells nothing of what was done.
                let last = last.filter(|edge| edge.at + SILENT > struck.at);
                told.extend(last.map(|edge| (edge.at, format!("{name}: last edge"))));
            } else if wire.duty != Duty::Count {
                let first = of_line().find(|edge| edge.at >= struck.at);
                told.extend(first.map(|edge| {
                    (edge.at, format!("{name}: {}", if edge.is_high { "high" } else { "low" }))
                }));
            }
        }
        told.sort_by_key(|(at, _)| *at);
        let struck = struck.clone();
        self.is_told = true;
        let when = |(at, text): (Duration, String)| {
            let (after, before) = (at.saturating_sub(struck.at), struck.at.saturating_sub(at));
            let (apart, side) =
                if before.is_zero() { (after, "after") } else { (before, "before") };
            let text =
                format!("{text} {:.1} ms {side} `{}`", apart.as_secs_f64() * 1e3, struck.what);
            ((struck.passed + after).saturating_sub(before), text)
        };
        told.into_iter().map(when).collect()
    }

    /// Every edge, and everything that was done, by time; `None`: there are no lines.
    #[must_use]
    pub fn csv(&self) -> Option<String> {
        if self.wires.is_empty() {
            return None;
        }
        let side = |wire: &Wire| if wire.is_output() { "controller" } else { "rig" };
        let mut rows: Vec<(Duration, String)> = Vec::new();
        for edge in &self.edges {
            let wire = self.wires.iter().find(|wire| wire.line == edge.line);
            let (path, side) = wire.map_or(("", ""), |wire| (wire.path.as_str(), side(wire)));
            let level = u8::from(edge.is_high);
            rows.push((edge.at, format!("{},{path},{side},{level}", edge.line)));
        }
        for struck in &self.done {
            rows.push((struck.at, format!(",\"{}\",story,", struck.what.replace('"', "\"\""))));
        }
        rows.sort_by_key(|(at, _)| *at);
        let mut text = String::from("seconds,gpio,what,by,level\n");
        for (at, row) in rows {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "{:.6},{row}", at.saturating_sub(self.begun).as_secs_f64());
        }
        if self.lost > 0 {
            let _ = writeln!(text, ",,{} edges were not seen or not kept,rig,", self.lost);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn wire(line: u8, path: &str, duty: Duty) -> Wire {
        Wire { line, path: path.into(), duty, is_pulled_up: false }
    }

    /// Killed at 10 s, when the story was 3 s old.
    fn killed(edges: &[(u32, u8, bool)]) -> Traced {
        let wires = vec![
            wire(7, "system.supply_on", Duty::Contact),
            wire(12, "coagulation.doser.rate", Duty::Pulses),
            wire(16, "intake.permit", Duty::Switch),
            wire(17, HEARTBEAT, Duty::Switch),
        ];
        let edge = |(at, line, is_high): &(u32, u8, bool)| Edge {
            at: MS * *at,
            line: *line,
            is_high: *is_high,
        };
        let struck = Struck { what: "kill".into(), at: MS * 10_000, passed: MS * 3_000 };
        Traced {
            wires,
            begun: MS * 9_000,
            edges: edges.iter().map(edge).collect(),
            lost: 0,
            done: vec![struck],
            is_told: false,
        }
    }

    #[test]
    fn after_a_kill_the_last_beat_and_the_first_move_of_each_line_are_told_once_with_their_times() {
        let mut traced = killed(&[
            (9_500, 16, true),
            (9_910, 17, true),
            (9_950, 12, true),
            (10_012, 17, false),
            (11_020, 7, false),
            (11_030, 16, false),
            (14_000, 16, true),
        ]);
        let told = traced.aftermath_until(MS * 15_000);
        let told: Vec<(u128, &str)> =
            told.iter().map(|(at, text)| (at.as_millis(), text.as_str())).collect();
        assert_eq!(
            told,
            [
                (2_950, "coagulation.doser.rate (GPIO 12): last edge 50.0 ms before `kill`"),
                (3_012, "system.heartbeat (GPIO 17): last edge 12.0 ms after `kill`"),
                (4_020, "system.supply_on (GPIO 7): low 1020.0 ms after `kill`"),
                (4_030, "intake.permit (GPIO 16): low 1030.0 ms after `kill`"),
            ]
        );
        assert_eq!(traced.aftermath_until(MS * 16_000), []);
    }

    #[test]
    fn a_heart_that_still_beats_has_no_last_beat() {
        let mut traced = killed(&[(10_100, 17, true), (10_200, 17, false)]);
        assert_eq!(traced.aftermath_until(MS * 10_300), []);
    }

    #[test]
    fn the_digital_trace_has_every_edge_and_what_was_done_between_them() {
        let traced = killed(&[(9_910, 17, true), (11_020, 7, false)]);
        assert_eq!(
            traced.csv().unwrap(),
            "seconds,gpio,what,by,level\n0.910000,17,system.heartbeat,controller,1\n\
             1.000000,,\"kill\",story,\n2.020000,7,system.supply_on,rig,0\n"
        );
        assert_eq!(Traced::new(Vec::new(), MS).csv(), None);
    }
}
