//! `cargo xtask soak`: a mixed load in wasm that goes on for long, and the claim that flagstone needs no more memory in its
//! second half. `benches/replay/src/soak.rs` is the load.

use crate::bench::V8;
use crate::replay::{Config, NO_NODE, Product, build};
use crate::{paths, say};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Whose memory has to stay as it is.
const OURS: &str = "flagstone";
/// What can be soaked.
const ALLOCATORS: [&str; 3] = [OURS, "dlmalloc", "talc"];

/// What can be asked of a soak.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Allocations, reallocations and frees to make
    #[arg(long, value_name = "N", default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(1_000..=1 << 52))]
    operations: u64,
    /// Where the random numbers begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The allocators to soak, with commas between
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = OURS,
        value_parser = clap::builder::PossibleValuesParser::new(ALLOCATORS)
    )]
    allocators: Vec<String>,
    /// Change constants of flagstone, as for a replay
    #[arg(long, value_name = "NAME=VALUE[,NAME=VALUE]...")]
    config: Option<Config>,
}

/// Builds and soaks, one allocator after another.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = ALLOCATORS.into_iter().filter(|name| options.allocators.iter().any(|it| it == name));
    let config = options.config.clone().unwrap_or_default();
    let modules = chosen
        .map(|name| {
            let (config, feature) = if name == OURS { (&config, None) } else { (&Config::default(), Some(name)) };
            Ok((name, build(config, &Product::Module(feature))?))
        })
        .collect::<Result<Vec<_>>>()?;
    say::doing("soaking");
    let mut well = true;
    for (name, module) in modules {
        let mut node = Command::new("node");
        node.args(V8).arg(paths::root().join("benches/replay/soak.mjs"));
        node.arg("--module").arg(module).args(["--name", name]);
        node.args(["--operations", &options.operations.to_string(), "--seed", &options.seed.to_string()]);
        node.args((name == OURS).then_some("--strict"));
        well &= node.status().context(NO_NODE)?.success();
    }
    if !well {
        bail!("the soak failed");
    }
    Ok(())
}
