//! Every rule of the plant is shown by a test, and `plc/COVERAGE.md` says by which.
//!
//! Rules are the bold ids of `docs/spec/plant.md` 2, the invariants of its section 3, and the alarm rules of
//! `docs/spec/interfaces.md` 1. A test says what it shows in the doc comment directly above it:
//! `/// R-2.4-05, INV-17: why.`

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Where tests live, from the root of the project.
const ROOMS: [&str; 7] =
    ["plc/src", "plc/tests", "config/src", "hil/src", "hil/tests", "src", "tests"];

const TABLE: &str = "plc/COVERAGE.md";

/// Rules and invariants that no test shows, and why.
const NOT_SHOWN: [(&str, &str); 3] = [
    ("AR-05", "a rule of the app's screens; the core has no command that disables an alarm"),
    ("AR-07", "a page of the app that is not built; the snapshot has the flags that it would show"),
    (
        "R-2.3-09",
        "not built: an option for plants with a drain behind P-101, which no plant here has",
    ),
];

/// What the table says of itself.
const PREFACE: &str = "# Which test shows which rule

Made from the sources by `plc/tests/coverage.rs`; not written by hand. To renew it after a change:
`UPDATE_COVERAGE=1 cargo test -p plc --test coverage`. Rules: `docs/spec/plant.md` 2 and 3, `docs/spec/interfaces.md` 1.
A test of `plc` asks the core alone; one of `hil` shows it beside the twin, by what is true there; `config` is the site
file, `src` the shell, `tests` the real binary.
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder above this crate")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of a page from one heading on, and before another.
fn between<'a>(page: &'a str, from: &str, to: &str) -> impl Iterator<Item = &'a str> {
    let (from, to) = (from.to_owned(), to.to_owned());
    page.lines()
        .skip_while(move |line| !line.starts_with(&from))
        .take_while(move |line| !line.starts_with(&to))
}

/// Ids that begin with `prefix` in a text: `R-2.4-05`, `INV-17`, `AR-09`. What stands before one is no letter of a word.
fn ids<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let length = text[at + prefix.len()..]
            .find(|letter: char| !(letter.is_ascii_digit() || letter == '.' || letter == '-'))
            .unwrap_or(text.len() - at - prefix.len());
        let id = text[at..at + prefix.len() + length].trim_end_matches(['.', '-']);
        let word = before.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        (!word && id.len() > prefix.len()).then_some(id)
    })
}

const PREFIXES: [&str; 3] = ["R-", "INV-", "AR-"];

/// The rules under the headings of the pages that state them, in their order.
fn rules() -> Vec<(String, Vec<String>)> {
    let plant = read("docs/spec/plant.md");
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in between(&plant, "## 2. ", "## 3. ") {
        if let Some(heading) = line.strip_prefix("###") {
            found.push((heading.trim_start_matches(['#', ' ']).to_owned(), Vec::new()));
        }
        for bold in line.split("**").skip(1).step_by(2).filter(|bold| bold.starts_with("R-")) {
            found.last_mut().expect("a heading above each rule").1.push(bold.to_owned());
        }
    }
    let invariants = between(&plant, "## 3. ", "Cause-and-effect")
        .filter_map(|line| line.strip_prefix("| INV-")?.split_once(' '))
        .map(|(number, _)| format!("INV-{number}"));
    found.push(("3 Invariants".to_owned(), invariants.collect()));
    let interfaces = read("docs/spec/interfaces.md");
    let alarms = between(&interfaces, "## 1. ", "## 2. ")
        .flat_map(|line| ids(line, "AR-").filter(move |id| line.contains(&format!("({id})"))))
        .map(str::to_owned);
    found.push(("Alarms (`docs/spec/interfaces.md` 1)".to_owned(), alarms.collect()));
    found.retain(|(_, rules)| !rules.is_empty());
    found
}

/// Rust sources below the rooms, by their path from the root.
fn sources() -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = ROOMS.iter().map(|room| root().join(room)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(root()).expect("a path below the root");
                let path = path.to_string_lossy().replace('\\', "/");
                found.push((path, text));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Tests of a source with what stands above them: a doc comment and attributes, nothing between.
fn tests(text: &str) -> Vec<(&str, String)> {
    let (mut words, mut is_test, mut found) = (String::new(), false, Vec::new());
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            words.push_str(comment);
            words.push('\n');
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        } else {
            let head = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
            if let Some((name, _)) = head.filter(|_| is_test).and_then(|head| head.split_once('('))
            {
                found.push((name, std::mem::take(&mut words)));
            }
            (is_test, words) = (false, String::new());
        }
    }
    found
}

/// Rule to the tests that cite it, as the table names them.
fn shown() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources() {
        for (name, words) in tests(&text) {
            for id in PREFIXES.iter().flat_map(|prefix| ids(&words, prefix)) {
                let test = format!("`{name}` in `{path}`");
                found.entry(id.to_owned()).or_default().insert(test);
            }
        }
    }
    found
}

#[test]
fn no_two_rules_share_an_id_and_each_id_has_its_form() {
    let mut seen = BTreeSet::new();
    for id in rules().into_iter().flat_map(|(_, rules)| rules) {
        let is_id = PREFIXES.iter().any(|prefix| ids(&id, prefix).eq([id.as_str()]));
        assert!(is_id, "{id} is no id of a rule");
        assert!(seen.insert(id.clone()), "two rules are called {id}");
    }
    assert!(seen.contains("R-2.0-01") && seen.contains("R-2.17-03"));
    assert!(seen.contains("INV-46") && seen.contains("AR-14"));
}

#[test]
fn no_comment_names_a_rule_that_does_not_exist() {
    let rules: BTreeSet<String> = rules().into_iter().flat_map(|(_, rules)| rules).collect();
    for (path, text) in sources().iter().filter(|(path, _)| path != "plc/tests/coverage.rs") {
        for (number, line) in (1..).zip(text.lines()) {
            let Some((_, comment)) = line.split_once("//") else { continue };
            for id in ["R-2", "INV-", "AR-"].iter().flat_map(|prefix| ids(comment, prefix)) {
                assert!(rules.contains(id), "{path}:{number} names {id}");
            }
        }
    }
}

/// To renew the table: `UPDATE_COVERAGE=1 cargo test -p plc --test coverage`.
#[test]
fn the_table_of_rules_and_tests_is_what_the_sources_say() {
    let shown = shown();
    let mut table = PREFACE.to_owned();
    for (heading, rules) in rules() {
        writeln!(table, "\n## {heading}\n\n| Rule | Shown by |\n|---|---|").unwrap();
        for rule in rules {
            let mut tests = shown.get(&rule).into_iter().flatten().cloned().collect::<Vec<_>>();
            let why_not = NOT_SHOWN.iter().find(|(id, _)| *id == rule);
            tests.extend(why_not.map(|(_, why)| format!("none: {why}")));
            writeln!(table, "| {rule} | {} |", tests.join("<br>")).unwrap();
        }
    }
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        fs::write(root().join(TABLE), &table).unwrap();
    }
    let written = read(TABLE).replace("\r\n", "\n");
    for (line, (now, before)) in (1..).zip(table.lines().zip(written.lines())) {
        assert_eq!(now, before, "line {line} of {TABLE}: UPDATE_COVERAGE=1 renews it");
    }
    assert_eq!(table, written, "{TABLE}: UPDATE_COVERAGE=1 renews it");
}

#[test]
fn every_rule_is_shown_by_a_test() {
    let shown = shown();
    let not_shown: Vec<String> = rules()
        .into_iter()
        .flat_map(|(_, rules)| rules)
        .filter(|rule| shown.contains_key(rule) == NOT_SHOWN.iter().any(|(id, _)| id == rule))
        .collect();
    assert!(not_shown.is_empty(), "no test shows {not_shown:?}");
}
