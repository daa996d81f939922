//! The page's npm packages, exactly as `www/package-lock.json` names them.

use crate::{lock, paths, run, say, stamp::Stamp};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The oldest node that the page's tools run on.
const NODE: u32 = 20;

/// Installs the packages unless they are those of the lock file.
pub(crate) fn ensure() -> Result<()> {
    check_node()?;
    let _lock = lock::hold("npm packages")?;
    let www = paths::www();
    let inputs = [www.join("package-lock.json"), www.join("package.json")];
    // npm writes this file last, and it names everything it installed.
    let stamp = Stamp::new("npm", "", &inputs, vec![www.join("node_modules/.package-lock.json")])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    say::doing("installing the page's npm packages");
    let mut install = npm();
    // What is in npm's cache needs no network, and a network that is not there need not be tried for minutes.
    install.args(["ci", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=2000"]);
    run::checked("npm ci", &mut install)?;
    stamp.set()
}

/// A program that one of the packages brings.
pub(crate) fn bin(name: &str) -> Result<PathBuf> {
    ensure()?;
    let program = paths::www().join("node_modules/.bin").join(name);
    if !program.exists() {
        bail!("no npm package of www/package.json brings `{name}`");
    }
    Ok(program)
}

/// A command that runs one of the scripts in `www/package.json`.
pub(crate) fn script(name: &str) -> Result<Command> {
    ensure()?;
    let mut command = npm();
    command.args(["run", "--silent", name]);
    Ok(command)
}

/// npm, in the page's folder.
fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(paths::www());
    command
}

/// Fails with one sentence when node or npm is missing or too old.
fn check_node() -> Result<()> {
    let get = format!("install Node.js {NODE} or newer and run the same command again");
    let answer =
        run::answer(Command::new("node").arg("--version")).with_context(|| format!("There is no node here: {get}."))?;
    if major(&answer).is_none_or(|major| major < NODE) {
        bail!("This node is {answer}, which is too old: {get}.");
    }
    run::answer(npm().arg("--version")).with_context(|| format!("There is node but no npm here: {get}."))?;
    Ok(())
}

/// 20 for `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn nodes_version_is_read() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v8.0.0-pre"), Some(8));
        assert_eq!(major("node"), None);
    }
}
