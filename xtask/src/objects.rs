//! `cargo xtask objects`: what object caches cost beside the global allocator, what consolidation gives back, and an app within a budget.
//! `benches/objects` is what is measured.

use crate::bench::V8;
use crate::replay::NO_NODE;
use crate::{lock, paths, run, say, wasm};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// What can be asked of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many times each cell of the table is timed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
}

/// Builds and measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    let wasm = wasm::Wasm::ensure()?;
    let module = {
        let _lock = lock::hold("bench modules")?;
        let mut cargo = wasm.cargo();
        cargo.args(["build", "--package", "objects", "--release", "--target", wasm::TARGET]);
        run::checked("building the object caches", &mut cargo)?;
        paths::target().join("wasm").join(wasm::TARGET).join("release/objects.wasm")
    };
    say::doing("measuring; the quieter the machine, the firmer the times");
    let mut node = Command::new("node");
    node.args(V8).arg(paths::root().join("benches/objects/objects.mjs"));
    node.arg("--module").arg(module).args(["--repeat", &options.repeat.to_string()]);
    if !node.status().context(NO_NODE)?.success() {
        bail!("the measurement did not finish");
    }
    Ok(())
}
