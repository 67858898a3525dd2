//! What was found, as a table to read and a sheet to sign.

use super::hand::Shows;

/// A point as it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub tag: String,
    pub path: String,
    pub about: String,
    /// Bus, device, register.
    pub wired: String,
    pub shows: Shows,
}

/// What is thought of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It reads something that may be; nobody has said more.
    Reads,
    /// A person saw that it is right.
    Right,
    /// Why not.
    Wrong(String),
    Skipped,
    /// The walk ended before.
    NotLookedAt,
}

impl Verdict {
    /// Without a person's word.
    pub fn of(shows: &Shows) -> Verdict {
        shows.wrong.clone().map_or(Verdict::Reads, Verdict::Wrong)
    }

    fn words(&self) -> String {
        match self {
            Verdict::Reads => String::new(),
            Verdict::Right => "right".to_owned(),
            Verdict::Wrong(why) => format!("WRONG: {why}"),
            Verdict::Skipped => "skipped".to_owned(),
            Verdict::NotLookedAt => "NOT LOOKED AT".to_owned(),
        }
    }
}

/// All that was found so far.
#[derive(Debug, Default)]
pub struct Sheet {
    found: Vec<(Seen, Verdict)>,
}

impl Sheet {
    pub fn add(&mut self, seen: Seen, verdict: Verdict) {
        self.found.push((seen, verdict));
    }

    /// A head and a row a point.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["tag", "path", "wired", "reads", ""].map(String::from).to_vec()];
        rows.extend(self.found.iter().map(|(seen, verdict)| {
            vec![
                seen.tag.clone(),
                seen.path.clone(),
                seen.wired.clone(),
                seen.shows.text.clone(),
                verdict.words(),
            ]
        }));
        rows
    }

    fn count(&self, is_meant: impl Fn(&Verdict) -> bool) -> usize {
        self.found.iter().filter(|(_, verdict)| is_meant(verdict)).count()
    }

    fn wrong(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Wrong(_)))
    }

    /// Nothing is wrong, and nothing was left out.
    pub fn is_well(&self) -> bool {
        self.wrong() == 0 && self.left() == 0
    }

    fn left(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::NotLookedAt)
    }

    /// In a line.
    pub fn summary(&self) -> String {
        let right = self.count(|verdict| *verdict == Verdict::Right);
        let reads = self.count(|verdict| *verdict == Verdict::Reads);
        let skipped = self.count(|verdict| *verdict == Verdict::Skipped);
        let mut said = vec![format!("{} points", self.found.len())];
        for (count, what) in [
            (right, "right"),
            (reads, "read"),
            (self.wrong(), "wrong"),
            (skipped, "skipped"),
            (self.left(), "not looked at"),
        ] {
            if count > 0 {
                said.push(format!("{count} {what}"));
            }
        }
        said.join(", ")
    }

    /// For the folder of the plant.
    pub fn markdown(&self, site: &str) -> String {
        let mut text = format!("# Points of {site}\n\n{}\n\n", self.summary());
        text.push_str("| Tag | What | Wired | Read | Found |\n|---|---|---|---|---|\n");
        for (seen, verdict) in &self.found {
            let cells = [&seen.tag, &seen.about, &seen.wired, &seen.shows.text, &verdict.words()]
                .map(|cell| cell.replace('|', "\\|"));
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text.push_str("\nDate, name, signature:\n");
        text
    }
}
