//! `cargo xtask test`: everything that is checked, in parts. Each step states its claim, and a part
//! goes on after a failed step, so one run shows all that is broken.

mod browser;
mod count;
mod docs;
mod lint;
mod miri;
mod native;
mod node;
mod page;
mod size;
mod summary;

use crate::{paths, run, say, wasm};
use anyhow::Result;
use clap::ValueEnum;
use count::Count;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// A part of the checks; all of them run when none is named.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Formatting, clippy, types of the page, rules of the sources
    Lint,
    /// Tests on this machine, for every set of features
    Native,
    /// Tests in node on the real wasm module
    Node,
    /// The same tests in headless Chromium
    Browser,
    /// The finished page in headless Chromium
    Page,
    /// Documentation and its examples, README
    Docs,
    /// Bytes of wasm against their bars
    Size,
    /// Tests under Miri, 64 and 32 bits
    Miri,
}

impl Part {
    /// The steps of the part.
    fn steps(self, report: &mut Report) -> Result<()> {
        match self {
            Part::Lint => lint::steps(report),
            Part::Native => native::steps(report),
            Part::Node => node::steps(report),
            Part::Browser => browser::steps(report),
            Part::Page => page::steps(report),
            Part::Docs => docs::steps(report),
            Part::Size => size::steps(report),
            Part::Miri => miri::steps(report),
        }
    }

    /// The name on the command line.
    fn name(self) -> String {
        self.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
    }
}

/// Runs the parts, or all of them, and prints the table; success when nothing failed.
pub(crate) fn run(parts: &[Part]) -> ExitCode {
    let parts = if parts.is_empty() { Part::value_variants() } else { parts };
    let reports: Vec<Report> = parts.iter().map(|part| Report::of(*part)).collect();
    print!("{}", summary::table(&reports));
    if reports.iter().any(|report| report.count().failed > 0) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What became of one part.
pub(crate) struct Report {
    part: String,
    steps: Vec<Step>,
    time: Duration,
}

/// What became of one claim.
struct Step {
    claim: String,
    count: Count,
    /// Why it was skipped.
    reason: Option<String>,
}

impl Report {
    /// Carries out a part.
    fn of(part: Part) -> Report {
        let started = Instant::now();
        let mut report = Report { part: part.name(), steps: Vec::new(), time: Duration::ZERO };
        eprintln!("\n{}", report.part);
        if let Err(error) = part.steps(&mut report) {
            report.fail("the part can run", &format!("{error:#}"), Count::default());
        }
        report.time = started.elapsed();
        report
    }

    /// A claim that holds when a program succeeds.
    fn command(&mut self, claim: &str, command: &mut Command) {
        self.outcome(claim, command, |_| Ok(()));
    }

    /// A claim that holds when a program succeeds and warns of nothing.
    fn silent_command(&mut self, claim: &str, command: &mut Command) {
        self.outcome(claim, command, |text| match text.lines().find(|line| line.starts_with("warning")) {
            Some(line) => anyhow::bail!("a warning: {line}"),
            None => Ok(()),
        });
    }

    /// A claim that holds when tests succeed, and there were some.
    fn tests(&mut self, claim: &str, command: &mut Command) {
        self.outcome(claim, command, |text| match Count::of_tests(text) {
            Count { passed: 0, .. } => anyhow::bail!("no test ran"),
            _ => Ok(()),
        });
    }

    /// Runs a program and judges what it printed.
    fn outcome(&mut self, claim: &str, command: &mut Command, judge: impl Fn(&str) -> Result<()>) {
        say::doing(claim);
        let started = Instant::now();
        let name = format!("{} {claim}", self.part);
        let outcome = match run::logged(&name, command) {
            Ok(outcome) => outcome,
            Err(error) => return self.fail(claim, &format!("{error:#}"), Count::default()),
        };
        let text = outcome.text();
        let verdict = match outcome.status.success() {
            true => judge(&text),
            false => Err(anyhow::anyhow!("it ended with {}", outcome.status)),
        };
        match verdict {
            Ok(()) => self.pass(claim, started, Count::of_tests(&text)),
            Err(error) => {
                eprintln!("{}", run::failure(&name, &outcome));
                self.fail(claim, &format!("{error:#}"), Count::of_tests(&text));
            }
        }
    }

    /// A claim that this program checks by itself.
    fn check(&mut self, claim: &str, check: impl FnOnce() -> Result<()>) {
        say::doing(claim);
        let started = Instant::now();
        match check() {
            Ok(()) => self.pass(claim, started, Count::default()),
            Err(error) => self.fail(claim, &format!("{error:#}"), Count::default()),
        }
    }

    /// Notes success; a step without tests of its own counts as one.
    fn pass(&mut self, claim: &str, started: Instant, tests: Count) {
        let (count, tests) = match tests.total() {
            0 => (Count { passed: 1, ..Count::default() }, String::new()),
            _ => (tests, format!(", tests: {}", tests.passed)),
        };
        say::detail(&format!("ok ({}{tests})", say::time(started.elapsed())));
        self.add(claim, count, None);
    }

    /// Notes failure, which counts even when no single test failed.
    fn fail(&mut self, claim: &str, why: &str, tests: Count) {
        say::detail(&format!("FAILED: {why}"));
        self.add(claim, Count { failed: tests.failed.max(1), ..tests }, None);
    }

    /// Notes that a claim could not be checked here. That is not success.
    fn skip(&mut self, claim: &str, reason: &str) {
        say::doing(claim);
        say::detail(&format!("skipped: {reason}"));
        self.add(claim, Count { skipped: 1, ..Count::default() }, Some(reason.to_owned()));
    }

    /// Adds a line to the report.
    fn add(&mut self, claim: &str, count: Count, reason: Option<String>) {
        self.steps.push(Step { claim: claim.to_owned(), count, reason });
    }

    /// All steps together.
    fn count(&self) -> Count {
        self.steps.iter().map(|step| step.count).sum()
    }
}

/// A cargo of the active toolchain at the root of the repository, with arguments that have no blanks.
fn cargo(words: &str) -> Command {
    let mut cargo = Command::new(wasm::cargo());
    cargo.current_dir(paths::root()).args(words.split_whitespace());
    cargo
}

/// The cargo of another installed toolchain, by way of rustup.
fn cargo_of(toolchain: &str, words: &str) -> Command {
    let mut rustup = Command::new("rustup");
    rustup.args(["run", toolchain, "cargo"]).args(words.split_whitespace());
    // What the active toolchain's cargo told us is not true of another one.
    for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        rustup.env_remove(variable);
    }
    rustup.current_dir(paths::root());
    rustup
}
