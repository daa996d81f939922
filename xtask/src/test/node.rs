//! `tests/wasm_*.rs` on the real thing in node: memory that grows and the module's own exports.

use super::Report;
use crate::{paths, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;

pub(super) fn steps(report: &mut Report) -> Result<()> {
    let wasm = wasm::Wasm::ensure()?;
    report.tests("wasm tests pass in node, with diagnosis", &mut command(&wasm, DIAGNOSED)?);
    report.tests("wasm tests pass in node, optimised", command(&wasm, "inspector")?.arg("--release"));
    report.tests("std's collections work on the small core", &mut small(&wasm)?);
    Ok(())
}

/// A command that runs the tests which need no inspector on the small core.
fn small(wasm: &wasm::Wasm) -> Result<Command> {
    let mut command = wasm.cargo_test()?;
    command.args("test --no-fail-fast --package flagstone --features small --release".split_whitespace());
    command.args(["--target", wasm::TARGET, "--test", "wasm_collections", "--test", "wasm_full"]);
    Ok(command)
}

/// The features of a build whose mistakes are seen, and whose call sites are.
pub(super) const DIAGNOSED: &str = "inspector,sites";

/// A command that runs the wasm tests, in node unless its environment says otherwise.
pub(super) fn command(wasm: &wasm::Wasm, features: &str) -> Result<Command> {
    let mut command = wasm.cargo_test()?;
    command.args("test --no-fail-fast --package flagstone".split_whitespace());
    command.args(["--target", wasm::TARGET, "--features", features]);
    for test in tests()? {
        command.args(["--test", &test]);
    }
    Ok(command)
}

/// The names of the wasm tests. The others need threads or files, and are not built for wasm.
fn tests() -> Result<Vec<String>> {
    let folder = paths::root().join("tests");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").filter(|name| name.starts_with("wasm_")).map(str::to_owned));
    }
    if names.is_empty() {
        bail!("there is no tests/wasm_*.rs");
    }
    names.sort();
    Ok(names)
}
