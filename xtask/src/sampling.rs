//! `cargo xtask sampling`: what it costs that call sites are sampled, in small churn. `benches/sampling` is what is measured.

use crate::bench::{Engine, V8};
use crate::replay::NO_NODE;
use crate::{bindgen, browser::Browser, lock, npm, paths, run, say, serve::Site, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Each build and its features.
const BUILDS: [(&str, &str); 2] = [("default", ""), ("sites", "sites")];
/// What is beside the builds: from `benches/runner`, and its name there.
const PAGE: [(&str, &str); 2] = [("page.html", "index.html"), ("../sampling/measure.mjs", "measure.mjs")];

/// What can be asked of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many times each cell of the table is timed
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Where to measure
    #[arg(long = "in", value_name = "ENGINE", value_enum, default_value_t = Engine::Node)]
    engine: Engine,
}

/// Builds and measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    npm::ensure()?;
    let browser = if options.engine == Engine::Chromium { Some(Browser::ensure()?) } else { None };
    let folder = builds()?;
    let mut node = Command::new("node");
    node.args(V8).arg(paths::root().join("benches/sampling/sampling.mjs"));
    node.arg("--folder").arg(&folder).args(["--repeat", &options.repeat.to_string()]);
    // It serves until this function ends.
    let site = browser.as_ref().map(|_| Site::on_any_port(folder.clone())).transpose()?;
    if let (Some(browser), Some(site)) = (&browser, &site) {
        node.arg("--chromium").arg(&browser.chromium).args(["--url", &site.url]);
        node.arg(format!("--v8={}", V8.join(" ")));
    }
    say::doing("measuring; the quieter the machine, the firmer the times");
    if !node.status().context(NO_NODE)?.success() {
        bail!("the measurement did not finish");
    }
    Ok(())
}

/// Compiles and binds each build into a folder of its own; the folder above them, with what a page needs.
fn builds() -> Result<PathBuf> {
    let wasm = wasm::Wasm::ensure()?;
    let _lock = lock::hold("bench modules")?;
    let folder = paths::target().join("sampling");
    for (name, features) in BUILDS {
        say::doing(&format!("building small churn, {name}"));
        let mut cargo = wasm.cargo();
        cargo.args(["build", "--package", "sampling", "--release", "--target", wasm::TARGET, "--features", features]);
        run::checked(&format!("building small churn {name}"), &mut cargo)?;
        let built = paths::target().join("wasm").join(wasm::TARGET).join("release/sampling.wasm");
        let mut bindgen = bindgen::command()?;
        bindgen.args(["--target", "web", "--out-dir"]).arg(folder.join(name)).arg(built);
        run::checked(&format!("binding small churn {name}"), &mut bindgen)?;
    }
    for (file, name) in PAGE {
        let source = paths::root().join("benches/runner").join(file);
        fs::copy(&source, folder.join(name)).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(folder)
}
