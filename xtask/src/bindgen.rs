//! The binding generator and test runner of wasm-bindgen: the workspace member `xtask/bindgen`,
//! compiled when it is first needed.

use crate::{paths, run, say, wasm};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// The program, built if it is not up to date.
pub(crate) fn ensure() -> Result<PathBuf> {
    let program = paths::target().join("tools/bindgen");
    if !program.exists() {
        say::doing("building wasm-bindgen's tools, once (two to four minutes)");
    }
    let mut cargo = Command::new(wasm::cargo());
    cargo.current_dir(paths::root()).args(["build", "--package", "bindgen", "--profile", "tools"]);
    cargo.arg("--target-dir").arg(paths::target());
    cargo.env_remove("CARGO_BUILD_TARGET");
    run::checked("building wasm-bindgen's tools", &mut cargo)?;
    Ok(program)
}

/// A command that makes bindings; the tool's own arguments follow.
pub(crate) fn command() -> Result<Command> {
    let mut command = Command::new(ensure()?);
    command.arg("bindgen").current_dir(paths::root());
    Ok(command)
}

/// The value of cargo's runner variable. Cargo splits it at blanks but takes its first word from the
/// folder it runs in, so a relative path is right for any place of the repository.
pub(crate) fn runner() -> Result<String> {
    ensure()?;
    Ok("target/tools/bindgen test-runner".to_owned())
}
