//! Claim: `docs/coverage.md` lists every behaviour that it says it lists, once, with a place and a test or with a reason, and what it
//! names exists.
//!
//! Not under Miri: it reads the sources, and has nothing to do with memory.
#![cfg(not(miri))]
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where tests are.
const FOLDERS: [&str; 5] = ["tests", "crate", "benches", "xtask", "www"];

/// What is generated or installed.
const GENERATED: [&str; 4] = ["node_modules", "target", "pkg", "dist"];

/// The ids of a source: all numbers from the first to the last, of two digits or more where the last says so, and what lies between
/// two of them.
type Ids = (&'static str, u32, u32, usize, &'static [&'static str]);

/// All that must be listed.
const EXPECTED: [Ids; 50] = [
    ("illumos K-", 1, 21, 1, &["illumos K-18b"]),
    ("illumos SZ-", 1, 9, 1, &[]),
    ("illumos AL-", 1, 9, 1, &[]),
    ("illumos OV-", 1, 1, 1, &[]),
    ("illumos SL-", 1, 14, 1, &[]),
    ("illumos CO-", 1, 4, 1, &[]),
    ("illumos SO-", 1, 10, 1, &[]),
    ("illumos PA-", 1, 6, 1, &[]),
    ("illumos CP-", 1, 14, 1, &[]),
    ("illumos DP-", 1, 7, 1, &[]),
    ("illumos MG-", 1, 6, 1, &[]),
    ("illumos CT-", 1, 8, 1, &[]),
    ("illumos RP-", 1, 7, 1, &[]),
    ("illumos UP-", 1, 6, 1, &[]),
    ("illumos DF-", 1, 11, 1, &[]),
    ("illumos DB-", 1, 6, 1, &[]),
    ("illumos ER-", 0, 8, 1, &[]),
    ("illumos EG-", 1, 7, 1, &[]),
    ("illumos LG-", 1, 8, 1, &[]),
    ("illumos FI-", 1, 1, 1, &[]),
    ("illumos KD-", 1, 1, 1, &[]),
    ("illumos ST-", 1, 9, 1, &[]),
    ("illumos CC-", 1, 7, 1, &[]),
    ("illumos CD-", 1, 2, 1, &[]),
    ("illumos SC-", 1, 32, 1, &["illumos SC-23b"]),
    ("illumos AR-", 1, 4, 1, &[]),
    ("illumos BT-", 1, 4, 1, &[]),
    ("illumos ID-", 1, 3, 1, &[]),
    ("illumos Q-", 1, 3, 1, &["x15 Q-4", "x15 Q-11", "illumos Q-12", "x15 Q-13", "illumos Q-14"]),
    ("illumos Q-", 5, 10, 1, &[]),
    ("illumos LR-", 1, 8, 1, &[]),
    ("x15 X-", 1, 31, 1, &["x15 X-19b"]),
    ("I-", 1, 50, 1, &[]),
    ("linux LG-", 1, 25, 2, &[]),
    ("linux LG-", 30, 48, 2, &[]),
    ("linux LF-", 1, 17, 2, &[]),
    ("linux LC-", 1, 20, 2, &[]),
    ("linux LK-", 1, 22, 2, &[]),
    ("linux LA-", 1, 23, 2, &[]),
    ("linux LN-", 1, 17, 2, &[]),
    ("linux LS-", 1, 10, 2, &[]),
    ("linux LD-", 1, 19, 2, &[]),
    ("linux LR-", 1, 7, 2, &[]),
    ("linux LI-", 1, 13, 2, &[]),
    ("linux LM-", 1, 5, 2, &[]),
    ("linux LX-", 1, 7, 2, &[]),
    ("dragonfly D-", 1, 33, 2, &[]),
    ("netbsd Q-", 1, 13, 2, &[]),
    ("linux Q-", 14, 24, 2, &[]),
    ("dragonfly Q-", 25, 30, 2, &[]),
];

/// Outcomes other than a test, as a row begins to tell them.
const REASONS: [(&str, &str); 3] =
    [("otherwise", "otherwise: "), ("no counterpart", "no counterpart: "), ("not built", "not built: ")];

/// A row of a table.
struct Row {
    id: String,
    files: Vec<String>,
    tests: Vec<String>,
    reason: Option<String>,
}

impl Row {
    /// A line of a table, where it is one.
    fn of(line: &str) -> Option<Self> {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let &[id, what, files, tests] = cells.as_slice() else { return None };
        assert!(!what.is_empty() && what.len() <= 80, "{id} says nothing, or too much: {what}");
        let reason = tests.strip_prefix("not: ").map(str::to_owned);
        let tests = if reason.is_some() { Vec::new() } else { quoted(tests) };
        Some(Self { id: id.to_owned(), files: quoted(files), tests, reason })
    }

    /// What became of it, in a word.
    fn outcome(&self) -> &'static str {
        let Some(reason) = &self.reason else {
            assert!(!self.tests.is_empty(), "{} has neither a test nor a reason", self.id);
            assert!(!self.files.is_empty(), "{} is nowhere, but tested", self.id);
            return "tested";
        };
        assert!(!reason.ends_with(": ") && !reason.ends_with(':'), "{}: {reason} says nothing", self.id);
        let known = REASONS.iter().find(|(_, start)| reason.starts_with(start));
        known.unwrap_or_else(|| panic!("{}: no reason is {reason:?}", self.id)).0
    }
}

/// What stands between backquotes; nothing else may be there but commas.
fn quoted(cell: &str) -> Vec<String> {
    let parts: Vec<_> = cell.split('`').collect();
    let between = parts.iter().step_by(2).all(|text| ["", ", ", "-"].contains(text));
    assert!(between && parts.len() % 2 == 1, "not a list of names: {cell}");
    parts.iter().skip(1).step_by(2).map(|name| (*name).to_owned()).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document() -> String {
    fs::read_to_string(root().join("docs/coverage.md")).expect("the list")
}

/// The rows of all tables but that of figures, which has two columns.
fn rows() -> Vec<Row> {
    let text = document();
    let lines = text.lines().filter(|line| !line.starts_with("| id |"));
    lines.filter_map(Row::of).collect()
}

/// Visits all files below a folder.
fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() {
            visit(&path);
        } else if !GENERATED.contains(&name.as_str()) {
            walk(&path, visit);
        }
    }
}

/// The names of test functions in a Rust file.
fn functions(text: &str, names: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        is_test |= ["#[test]", "#[wasm_bindgen_test"].iter().any(|mark| line.starts_with(mark));
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some((name, _)) = function.and_then(|rest| rest.split_once('(')) {
            if is_test {
                names.insert(name.to_owned());
            }
            is_test = false;
        }
    }
}

/// The titles of the tests in a TypeScript file.
fn titles(text: &str, names: &mut BTreeSet<String>) {
    let starts = text.split("test('").skip(1);
    names.extend(starts.filter_map(|rest| rest.split_once('\'')).map(|(title, _)| title.to_owned()));
}

/// The names of all tests of the project.
fn all_tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in FOLDERS {
        walk(&root().join(folder), &mut |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let read = || fs::read_to_string(path).expect("a text");
            if name.ends_with(".rs") {
                functions(&read(), &mut names);
            } else if name.ends_with(".test.ts") {
                titles(&read(), &mut names);
            }
        });
    }
    names
}

#[test]
fn every_id_is_listed_once_and_no_other() {
    let mut expected = BTreeSet::new();
    for (prefix, first, last, digits, more) in EXPECTED {
        expected.extend((first..=last).map(|number| format!("{prefix}{number:0digits$}")));
        expected.extend(more.iter().map(|id| (*id).to_owned()));
    }
    let mut listed = BTreeSet::new();
    for row in rows() {
        assert!(listed.insert(row.id.clone()), "{} is listed twice", row.id);
    }
    let missing: Vec<_> = expected.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&expected).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, unknown: {unknown:?}");
}

#[test]
fn every_file_and_every_test_that_is_named_exists() {
    let known = all_tests();
    let mut wrong = Vec::new();
    for row in rows() {
        row.outcome();
        wrong
            .extend(row.files.iter().filter(|file| !root().join(file).is_file()).map(|it| format!("{}: {it}", row.id)));
        for test in &row.tests {
            let exists = match test.strip_prefix("doc: ") {
                Some(file) => fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains("/// ```")),
                None => known.contains(test),
            };
            if !exists {
                wrong.push(format!("{}: {test}", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "named and not there:\n{}", wrong.join("\n"));
}

#[test]
fn figures_are_those_of_the_tables() {
    let mut counted = BTreeMap::from([("all", 0)]);
    counted.extend(["tested"].into_iter().chain(REASONS.map(|it| it.0)).map(|outcome| (outcome, 0)));
    for row in rows() {
        for outcome in ["all", row.outcome()] {
            *counted.entry(outcome).or_default() += 1;
        }
    }
    let text = document();
    for (outcome, count) in counted {
        assert!(text.contains(&format!("\n| {outcome} | {count} |\n")), "there are {count} rows: {outcome}");
    }
}

#[test]
fn tests_are_told_from_other_functions() {
    let mut names = BTreeSet::new();
    functions("    #[test]\n    #[ignore]\n    fn one() {\nfn two() {", &mut names);
    functions("#[wasm_bindgen_test]\nasync fn three() {", &mut names);
    titles("test('a sentence', () => {});\n// contest", &mut names);
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a sentence", "one", "three"]);
}
