//! `cargo xtask bench`: compiles the workloads against each allocator and lets `benches/run.mjs` measure
//! them in node. What is measured and what is counted is told in `benches/README.md`.

use crate::{lock, paths, run, say, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The allocator that all others are compared with; it is always measured.
const REFERENCE: &str = "dlmalloc";
/// What can be measured; each but the reference is a feature of `benches/workloads`.
const ALLOCATORS: [&str; 6] = ["flagstone", REFERENCE, "talc", "rlsf", "rlsf_small", "rusty_alloc"];
/// V8's flags: all code is compiled by the optimising compiler before it runs, as code that runs for a
/// while is anyway, and the runner may collect the memory of the last run before the next one starts.
const V8: [&str; 3] = ["--no-liftoff", "--no-wasm-lazy-compilation", "--expose-gc"];

/// What can be asked of a bench.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure only workloads whose names contain this; may be repeated
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
        default_value = "flagstone,dlmalloc,talc,rlsf,rusty_alloc",
        value_parser = clap::builder::PossibleValuesParser::new(ALLOCATORS)
    )]
    allocators: Vec<String>,
    /// Write all figures and samples to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Builds, measures and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = |name: &&str| *name == REFERENCE || options.allocators.iter().any(|it| it == name);
    let names: Vec<&str> = ALLOCATORS.into_iter().filter(chosen).collect();
    let modules = build(&names)?;
    say::doing("measuring; the quieter the machine, the firmer the times");

    let mut node = Command::new("node");
    node.args(V8).arg(paths::root().join("benches/run.mjs"));
    node.arg("--modules").arg(modules);
    node.args(["--allocators", &names.join(",")]);
    node.args(["--repeat", &options.repeat.to_string()]);
    for name in &options.only {
        node.args(["--only", name]);
    }
    if let Some(file) = &options.json {
        node.arg("--json").arg(file);
    }
    let status =
        node.status().context("There is no node here: install Node.js 20 or newer and run the same command again.")?;
    if !status.success() {
        bail!("the bench did not finish");
    }
    Ok(())
}

/// Compiles the workloads against each allocator, once to be timed and once to be counted.
fn build(names: &[&str]) -> Result<PathBuf> {
    let wasm = wasm::Wasm::ensure()?;
    let _lock = lock::hold("bench modules")?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    for name in names {
        say::doing(&format!("building the workloads with {name}"));
        let feature = if *name == REFERENCE { "" } else { name };
        compile(&wasm, feature, &folder.join(format!("{name}.wasm")))?;
        let counting = format!("{feature},ledger");
        let counting = counting.trim_start_matches(',');
        compile(&wasm, counting, &folder.join(format!("{name}-ledger.wasm")))?;
    }
    Ok(folder)
}

/// Compiles the workloads with these features into `module`.
fn compile(wasm: &wasm::Wasm, features: &str, module: &Path) -> Result<()> {
    let mut cargo = wasm.cargo();
    cargo.args(["build", "--package", "workloads", "--release"]);
    cargo.args(["--target", wasm::TARGET, "--features", features]);
    run::checked(&format!("building workloads {features}"), &mut cargo)?;
    let built = paths::target().join("wasm").join(wasm::TARGET).join("release/workloads.wasm");
    fs::copy(&built, module).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(())
}
