//! `cargo xtask record`: writes down what workloads ask of their allocator.

use super::{read, summary};
use crate::{lock, paths, run, say, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What can be asked of a recording.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The workloads to record, with commas between
    #[arg(value_name = "WORKLOAD[,WORKLOAD]...")]
    workloads: String,
    /// Where to write the trace; target/traces/WORKLOAD.trace unless said
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Builds the workloads with their recorder and runs those that are named.
pub(crate) fn run(options: &Options) -> Result<()> {
    let workloads: Vec<&str> = options.workloads.split(',').collect();
    if let (Some(file), [_, _, ..]) = (&options.file, workloads.as_slice()) {
        bail!("{} workloads cannot all be written to {}", workloads.len(), file.display());
    }
    let module = build()?;
    for workload in workloads {
        let usual = || paths::target().join("traces").join(format!("{workload}.trace"));
        let file = options.file.clone().unwrap_or_else(usual);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        say::doing(&format!("recording {workload}"));
        let mut node = Command::new("node");
        node.arg(paths::root().join("benches/replay/record.mjs"));
        node.arg("--module").arg(&module).args(["--workload", workload]).arg("--file").arg(&file);
        let status = node.status().context(super::NO_NODE)?;
        if !status.success() {
            bail!("{workload} was not recorded");
        }
        println!("{}: {}", file.display(), summary(&read(&file)?));
    }
    Ok(())
}

/// Compiles the workloads with std's allocator and the recorder around it. What they ask for depends on no allocator.
fn build() -> Result<PathBuf> {
    let wasm = wasm::Wasm::ensure()?;
    // The bench writes to the same place.
    let _lock = lock::hold("bench modules")?;
    say::doing("building the workloads with their recorder");
    let mut cargo = wasm.cargo();
    cargo.args(["build", "--package", "workloads", "--release", "--target", wasm::TARGET, "--features", "trace"]);
    run::checked("building workloads trace", &mut cargo)?;
    let built = paths::target().join("wasm").join(wasm::TARGET).join("release/workloads.wasm");
    let module = paths::target().join("traces/workloads.wasm");
    fs::create_dir_all(paths::target().join("traces"))?;
    fs::copy(&built, &module).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(module)
}
