//! `cargo xtask bench`: compiles the workloads against each allocator and lets `benches/run.mjs` measure
//! them, in node or in Chromium. What is measured and what is counted is told in `benches/README.md`.

mod modules;
mod plot;

use crate::{browser::Browser, npm, paths, say, serve::Site};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The allocator that all others are compared with; it is always measured.
const REFERENCE: &str = "dlmalloc";
/// What can be measured; each but the reference is a feature of `benches/workloads`. The last is no rival
/// but the speed limit.
const ALLOCATORS: [&str; 8] =
    ["flagstone", "flagstone_small", REFERENCE, "talc", "rlsf", "rlsf_small", "rusty_alloc", "limit"];
/// What is measured unless something else is asked for.
const USUAL: [&str; 6] = ["flagstone", REFERENCE, "talc", "rlsf", "rusty_alloc", "limit"];
/// The same for sweeps.
const USUAL_IN_SWEEPS: [&str; 4] = ["flagstone", REFERENCE, "talc", "limit"];
/// V8's flags: all code is compiled by the optimising compiler before it runs, as code that runs for a
/// while is anyway, and the runner may collect the memory of the last run before the next one starts.
pub(crate) const V8: [&str; 3] = ["--no-liftoff", "--no-wasm-lazy-compilation", "--expose-gc"];
/// What the page in Chromium needs beside the modules: from `benches/runner`, and its name there.
const PAGE: [(&str, &str); 2] = [("page.html", "index.html"), ("measure.mjs", "measure.mjs")];

/// What can be asked of a bench.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure only workloads (or sweeps) whose names contain this; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// How many times each workload is timed
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Measure only these allocators and dlmalloc, with commas between
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = clap::builder::PossibleValuesParser::new(ALLOCATORS)
    )]
    allocators: Vec<String>,
    /// Where to measure
    #[arg(long = "in", value_name = "ENGINE", value_enum, default_value_t = Engine::Node)]
    engine: Engine,
    /// Measure how the cost of an operation goes with live objects, their size and the heap
    #[arg(long)]
    sweep: bool,
    /// Write all figures and samples to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the figures into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Who runs the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// This machine's node
    Node,
    /// Headless Chromium
    Chromium,
}

impl Options {
    /// The allocators to measure, in the order of the table.
    fn names(&self) -> Vec<&'static str> {
        let usual: &[&str] = if self.sweep { &USUAL_IN_SWEEPS } else { &USUAL };
        let chosen = |name: &&str| match self.allocators.as_slice() {
            [] => usual.contains(name),
            names => *name == REFERENCE || names.iter().any(|it| it == name),
        };
        ALLOCATORS.into_iter().filter(chosen).collect()
    }
}

/// Builds, measures, prints and draws.
pub(crate) fn run(options: &Options) -> Result<()> {
    let names = options.names();
    // A missing browser is heard of before minutes of building.
    let browser = match options.engine {
        Engine::Node => None,
        Engine::Chromium => {
            npm::ensure()?;
            Some(Browser::ensure()?)
        }
    };
    let folder = if options.sweep { modules::sweeps(&names)? } else { modules::workloads(&names)? };
    let report = options.json.clone().unwrap_or_else(|| paths::state().join("bench.json"));
    let mut node = runner(options, &names, &folder, &report);
    // It serves until this function ends.
    let site = browser.as_ref().map(|_| serve(&folder)).transpose()?;
    if let (Some(browser), Some(site)) = (&browser, &site) {
        node.arg("--chromium").arg(&browser.chromium).args(["--url", &site.url]);
        node.arg(format!("--v8={}", V8.join(" ")));
    }
    say::doing("measuring; the quieter the machine, the firmer the times");
    let status =
        node.status().context("There is no node here: install Node.js 20 or newer and run the same command again.")?;
    if !status.success() {
        bail!("the bench did not finish");
    }
    options.svg.as_deref().map_or(Ok(()), |drawing| plot::draw(&report, drawing))
}

/// The runner, which measures in its own node unless told otherwise.
fn runner(options: &Options, names: &[&str], folder: &Path, report: &Path) -> Command {
    let mut node = Command::new("node");
    node.args(V8).arg(paths::root().join("benches/run.mjs"));
    node.arg("--modules").arg(folder).arg("--json").arg(report);
    node.args(["--allocators", &names.join(",")]);
    node.args(["--repeat", &options.repeat.to_string()]);
    if options.sweep {
        node.arg("--sweep");
    }
    for name in &options.only {
        node.args(["--only", name]);
    }
    node
}

/// Serves the modules, and the page that runs them, with the headers that a fine clock needs.
fn serve(folder: &Path) -> Result<Site> {
    for (file, name) in PAGE {
        let source = paths::root().join("benches/runner").join(file);
        std::fs::copy(&source, folder.join(name)).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Site::on_any_port(folder.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::{Engine, Options};
    use crate::{paths, run};
    use clap::Parser;
    use std::process::Command;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(words: &str) -> Option<Options> {
        Line::try_parse_from(words.split(' ')).ok().map(|line| line.options)
    }

    #[test]
    fn without_arguments_all_but_the_small_sister_are_measured_in_node() {
        let options = parse("bench").expect("no argument is needed");
        assert_eq!(options.names(), ["flagstone", "dlmalloc", "talc", "rlsf", "rusty_alloc", "limit"]);
        assert_eq!((options.engine, options.repeat, options.sweep), (Engine::Node, 7, false));
    }

    #[test]
    fn the_reference_is_always_measured() {
        let names = |words| parse(words).expect("these are allocators").names();
        assert_eq!(names("bench --allocators talc,rlsf_small"), ["dlmalloc", "talc", "rlsf_small"]);
        assert_eq!(names("bench --sweep"), ["flagstone", "dlmalloc", "talc", "limit"]);
        assert_eq!(names("bench --sweep --allocators rlsf"), ["dlmalloc", "rlsf"]);
        assert!(parse("bench --allocators mimalloc").is_none());
    }

    #[test]
    fn engines_files_and_parts_are_understood() {
        let options =
            parse("bench --in chromium --only churn json --svg a.svg --json a.json --repeat 3").expect("all is known");
        assert_eq!((options.engine, options.repeat), (Engine::Chromium, 3));
        assert_eq!(options.only, ["churn", "json"]);
        assert_eq!(options.svg.as_deref(), Some("a.svg".as_ref()));
        assert!(parse("bench --in netscape").is_none());
        assert!(parse("bench --repeat 0").is_none());
    }

    #[test]
    fn the_tests_of_the_runner_pass() {
        let tests = paths::root().join("benches/runner/runner.test.mjs");
        let told = run::answer(Command::new("node").arg("--test").arg(tests));
        assert!(told.is_some(), "run `node --test benches/runner/runner.test.mjs`");
    }
}
