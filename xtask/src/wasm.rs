//! The toolchain for `wasm32-unknown-unknown`, from whoever has it: the active toolchain, rustup, or
//! Debian's packages with a standard library built here.

mod sysroot;

use crate::{bindgen, browser, paths, run, say};
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// The target everything in the browser is built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A toolchain that has the target.
pub(crate) struct Wasm {
    /// The sysroot built here, or none when the active toolchain serves.
    sysroot: Option<PathBuf>,
}

impl Wasm {
    /// Finds the toolchain, or gets it.
    pub(crate) fn ensure() -> Result<Wasm> {
        if active_has_target() || rustup_adds_target()? {
            return Ok(Wasm { sysroot: None });
        }
        Ok(Wasm { sysroot: Some(sysroot::ensure()?) })
    }

    /// A cargo command at the root of the repository that can build for the target. Flags of the
    /// person's shell do not reach it: what is measured and shipped must not depend on them.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = match &self.sysroot {
            None => Command::new(cargo()),
            Some(sysroot) => {
                let mut command = Command::new(sysroot.join("bin/cargo"));
                // `cargo run` puts the libraries of its own toolchain here; they are not this one's.
                command.env_remove("LD_LIBRARY_PATH");
                for wrapper in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
                    command.env_remove(wrapper);
                }
                command
            }
        };
        command.current_dir(paths::root());
        // Set, but empty: so it also wins over flags in a configuration file.
        command.env("CARGO_ENCODED_RUSTFLAGS", "").env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
        command.envs(self.variables());
        command
    }

    /// A cargo command as above that can also run `cargo test` for the target, in node.
    pub(crate) fn cargo_test(&self) -> Result<Command> {
        let mut command = self.cargo();
        command.env(RUNNER, bindgen::runner()?);
        Ok(command)
    }

    /// What makes a plain cargo use this toolchain.
    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![("CARGO_TARGET_DIR", paths::target().join("wasm"))];
        if let Some(sysroot) = &self.sysroot {
            variables.push(("RUSTC", sysroot.join("bin/rustc")));
            variables.push(("RUSTDOC", sysroot.join("bin/rustdoc")));
        }
        variables
    }

    /// Prints the lines for a shell in which plain `cargo build` and `cargo test --target` work.
    pub(crate) fn print_environment(&self) -> Result<()> {
        let mut variables = self.variables();
        if let Some(sysroot) = &self.sysroot {
            variables.push(("CARGO", sysroot.join("bin/cargo")));
        }
        for (name, value) in variables {
            println!("export {name}='{}'", value.display());
        }
        println!("export {RUNNER}='{}'", paths::root().join(bindgen::runner()?).display());
        if let Some(driver) = browser::driver() {
            println!("export CHROMEDRIVER='{}'", driver.display());
        }
        println!("# then: \"${{CARGO:-cargo}}\" build --target {TARGET}");
        Ok(())
    }
}

/// Names the program that runs wasm tests.
const RUNNER: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER";

/// The cargo that started us, for everything that is built for this machine.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Whether downloads through rustup are allowed and rustup is there.
pub(crate) fn rustup_may_download() -> bool {
    std::env::var_os("RUSTUP_AUTO_INSTALL").as_deref() != Some(OsStr::new("0"))
        && run::answer(Command::new("rustup").arg("--version")).is_some()
}

/// Whether the active toolchain has a standard library for the target.
fn active_has_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = run::answer(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]));
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    entries.into_iter().flatten().flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Lets rustup add the target, where that is allowed.
fn rustup_adds_target() -> Result<bool> {
    if !rustup_may_download() {
        return Ok(false);
    }
    say::doing("adding the wasm target to the active toolchain with rustup");
    run::checked("rustup target add", Command::new("rustup").args(["target", "add", TARGET]))
        .context("rustup could not add the wasm target; set RUSTUP_AUTO_INSTALL=0 to use Debian's packages instead")?;
    Ok(active_has_target())
}
