//! Tests on this machine, and the oldest compiler that the manifest promises.

use super::{Report, cargo, cargo_of};
use crate::{paths, run};
use anyhow::{Context, Result};
use std::fs;
use std::process::Command;

pub(super) fn steps(report: &mut Report) -> Result<()> {
    for (claim, features) in [
        ("the library's tests pass", ""),
        ("the library's tests pass with the inspector", "inspector"),
        ("the library's tests pass with all that is optional", "inspector,reclaim,allocator-api2,audit"),
    ] {
        // Examples in the documentation are a part of their own.
        let mut test = cargo("test --no-fail-fast --package flagstone --lib --tests --features");
        report.tests(claim, test.arg(features));
    }
    for (claim, package) in [
        ("the demo's tests pass", "flagstone-demo"),
        ("the tests of symbols pass", "flagstone-symbols"),
        ("the tests of the limit pass", "limit"),
        ("the recorder's tests pass", "flagstone-recorder"),
        ("the replay's tests pass", "replay"),
        ("the commands' own tests pass", "xtask"),
    ] {
        report.tests(claim, cargo("test --no-fail-fast --package").arg(package));
    }
    oldest_compiler(report)
}

/// Compiles the library with the oldest compiler that the manifest promises, where it is installed.
fn oldest_compiler(report: &mut Report) -> Result<()> {
    let manifest = fs::read_to_string(paths::root().join("Cargo.toml"))?;
    let version = rust_version(&manifest).context("the root manifest states no rust-version")?;
    let claim = format!("Rust {version}, the oldest promised, compiles the library");
    match installed(&version) {
        // Its own folder: two compilers in one would undo each other's work.
        Some(toolchain) => report.command(
            &claim,
            &mut cargo_of(&toolchain, "check --package flagstone --all-features --target-dir target/oldest"),
        ),
        None => report.skip(&claim, "toolchain not installed (lint's incompatible_msrv still holds)"),
    }
    Ok(())
}

/// `1.88` of a line `rust-version = "1.88"`.
fn rust_version(manifest: &str) -> Option<String> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "))?;
    Some(line.trim().trim_matches('"').to_owned())
}

/// The name of an installed toolchain of that version.
fn installed(version: &str) -> Option<String> {
    let toolchains = run::answer(Command::new("rustup").args(["toolchain", "list", "--quiet"]))?;
    let is_it = |name: &&str| name.strip_prefix(version).is_some_and(|rest| rest.starts_with(['.', '-']));
    toolchains.lines().find(is_it).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::rust_version;

    #[test]
    fn the_promise_is_read_from_the_manifest() {
        let manifest = "[workspace.package]\nedition = \"2024\"\nrust-version = \"1.88\"\n[package]\nrust-version.workspace = true\n";
        assert_eq!(rust_version(manifest).as_deref(), Some("1.88"));
        assert_eq!(rust_version("[package]\n"), None);
    }
}
