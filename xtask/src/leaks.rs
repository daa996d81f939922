//! `cargo xtask leaks`: how many planted leaks are found among a million objects, how long that takes, and how long the page stands
//! still for it. `cargo xtask inspector`: how long the page takes to read such a program. `benches/leaks` is what is looked at.

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

/// What is measured: a script of `benches`.
pub(crate) const LEAKS: &str = "benches/leaks/leaks.mjs";
/// The same.
pub(crate) const INSPECTOR: &str = "benches/inspector/inspector.mjs";

/// Builds, serves and measures.
pub(crate) fn run(script: &str, options: &Options) -> Result<()> {
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
    let mut node = Command::new("node");
    node.arg(paths::root().join(script)).arg("--module").arg(module);
    node.args(["--url", &site.url]).arg("--chromium").arg(&browser.chromium);
    node.args(["--repeat", &options.repeat.to_string()]);
    if !node.status().context(NO_NODE)?.success() {
        bail!("the measurement did not finish, or something is not as it should be");
    }
    Ok(())
}
