//! Debian's packages: the way to what is missing when nothing better is there.

use crate::{run, say};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The installed versions, one line for each package, or nothing when one is missing.
pub(crate) fn versions(packages: &[&str]) -> Option<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${db:Status-Status} ${Package} ${Version}\\n"]).args(packages);
    let answer = run::answer(&mut query)?;
    answer.lines().all(|line| line.starts_with("installed ")).then_some(answer)
}

/// The file of an installed package whose path ends like this.
pub(crate) fn file(package: &str, ending: &str) -> Option<PathBuf> {
    let files = run::answer(Command::new("dpkg-query").args(["-L", package]))?;
    files.lines().find(|line| line.ends_with(ending)).map(PathBuf::from)
}

/// The packages that a package needs, as the lists of this machine know them; none when they do not.
pub(crate) fn needs(package: &str) -> Vec<String> {
    let answer = run::answer(Command::new("apt-cache").args(["depends", package])).unwrap_or_default();
    answer.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect()
}

/// Installs what is missing when we are root; else fails with the one command to type.
pub(crate) fn ensure(packages: &[&str], what_for: &str) -> Result<()> {
    if versions(packages).is_some() {
        return Ok(());
    }
    check_machine(&format!("apt-get install -y {}", packages.join(" ")), what_for)?;
    say::doing(&format!("installing {what_for} from Debian's packages: {}", packages.join(", ")));
    // The lists of a fresh machine are empty or old: the first failure is a reason to renew them.
    if !run::logged("apt-get install", &mut install(packages))?.status.success() {
        update(what_for)?;
        run::checked("apt-get install", &mut install(packages))?;
    }
    Ok(())
}

/// Renews the lists of packages when we are root; else fails with the one command to type.
pub(crate) fn update(what_for: &str) -> Result<()> {
    check_machine("apt-get update", what_for)?;
    say::doing("renewing Debian's lists of packages");
    run::checked("apt-get update", Command::new("apt-get").arg("update"))?;
    Ok(())
}

/// Fails when this machine has no apt, or we may not use it and somebody has to type `by_hand`.
fn check_machine(by_hand: &str, what_for: &str) -> Result<()> {
    if run::answer(Command::new("apt-get").arg("--version")).is_none() {
        bail!("{what_for} is missing and this is not a Debian machine: install it and run the same command again.");
    }
    if run::answer(Command::new("id").arg("-u")).as_deref() != Some("0") {
        bail!("{what_for} is missing. Run this, then the same command again: sudo {by_hand}");
    }
    Ok(())
}

/// The command that installs without asking.
fn install(packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args(["install", "-y", "--no-install-recommends"]).args(packages);
    command
}
