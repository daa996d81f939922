//! `cargo xtask leaks`: how many planted leaks are found among a million objects, how long that takes, and how long the page stands
//! still for it. `cargo xtask inspector`: how long the page takes to read such a program, and what snapshots of it cost. `benches/leaks` is what is looked at.

use crate::replay::NO_NODE;
use crate::{browser::Browser, lock, page, paths, run, say, serve::Site, wasm};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// What can be asked of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many times each row of the table is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
}

/// Builds, serves and measures the search for leaks.
pub(crate) fn run(options: &Options) -> Result<()> {
    measure(options, &["leaks.mjs"])
}

/// Builds, serves and measures what the page reads, and snapshots.
pub(crate) fn inspector(options: &Options) -> Result<()> {
    measure(options, &["inspector.mjs", "snapshots.mjs"])
}

/// Builds and serves, and lets scripts beside the program measure.
fn measure(options: &Options, scripts: &[&str]) -> Result<()> {
    // A missing browser is heard of before minutes of building.
    let browser = Browser::ensure()?;
    page::build()?;
    let wasm = wasm::Wasm::ensure()?;
    let module = {
        let _lock = lock::hold("bench modules")?;
        let mut cargo = wasm.cargo();
        cargo.args(["build", "--package", "leaks", "--release", "--target", wasm::TARGET]);
        run::checked("building the program that leaks", &mut cargo)?;
        paths::target().join("wasm").join(wasm::TARGET).join("release/leaks.wasm")
    };
    // It serves until this function ends.
    let site = Site::on_any_port(paths::dist())?;
    say::doing("measuring; the quieter the machine, the firmer the times");
    for script in scripts {
        let mut node = Command::new("node");
        node.arg(paths::root().join("benches/leaks").join(script)).arg("--module").arg(&module);
        node.args(["--url", &site.url]).arg("--chromium").arg(&browser.chromium);
        node.args(["--repeat", &options.repeat.to_string()]);
        if !node.status().context(NO_NODE)?.success() {
            bail!("{script} did not finish, or something is not as it should be");
        }
    }
    Ok(())
}
