//! What can be judged without running the product: formatting, lints, types, and rules of the sources.

mod sources;

use super::{Report, cargo};
use crate::{engine, npm, run, say, wasm};
use anyhow::Result;
use std::process::Command;

/// Every set of features that is published or built.
const FEATURES: [(&str, &str); 6] = [
    ("default features", ""),
    ("the inspector", "inspector"),
    ("the engine", "engine"),
    ("diagnosis alone", "audit"),
    ("call sites from JavaScript", "sites"),
    ("all that is optional", "inspector,reclaim,allocator-api2,audit"),
];

pub(super) fn steps(report: &mut Report) -> Result<()> {
    ensure_components()?;
    report.command("every Rust file is formatted", &mut cargo("fmt --all --check -- --color never"));
    sources::steps(report);
    clippy(report);
    check_for_wasm(report)?;
    // The page's types include those that the bindings generate.
    engine::ensure()?;
    report.command("the page's types are right", &mut npm::script("types")?);
    Ok(())
}

/// Lints of the library for each set of features, and of the other members.
fn clippy(report: &mut Report) {
    let deny = ["--", "--deny", "warnings"];
    for (name, features) in FEATURES {
        let mut command = cargo("clippy --package flagstone --all-targets --features");
        report.command(&format!("clippy finds nothing, {name}"), command.arg(features).args(deny));
    }
    let mut command = cargo("clippy --workspace --exclude flagstone --all-targets");
    report.command("clippy finds nothing in the other members", command.args(deny));
}

/// What only wasm compiles is not seen by clippy above, so the compiler's own warnings count here.
fn check_for_wasm(report: &mut Report) -> Result<()> {
    let wasm = wasm::Wasm::ensure()?;
    for (name, features) in FEATURES {
        let mut command = wasm.cargo();
        command.args(["check", "--package", "flagstone", "--lib"]);
        command.args(["--target", wasm::TARGET, "--features", features]);
        report.silent_command(&format!("the library compiles for wasm without warnings, {name}"), &mut command);
    }
    Ok(())
}

/// Adds rustfmt and clippy to a minimal toolchain where rustup may; else cargo says what is missing.
fn ensure_components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let installed = run::answer(cargo(subcommand).arg("--version")).is_some();
        if !installed && wasm::rustup_may_download() {
            say::doing(&format!("adding {component} with rustup"));
            let mut rustup = Command::new("rustup");
            run::checked("rustup component add", rustup.args(["component", "add", component]))?;
        }
    }
    Ok(())
}
