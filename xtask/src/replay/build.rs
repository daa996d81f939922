//! Compiles `benches/replay` against a configuration of the allocator.
//!
//! A configuration lies in a folder of its own that is laid out as the repository: `crate/` with changed constants,
//! the members that are needed, and the root's manifest and lock file. So every path and every setting holds there too.

use super::config::Config;
use super::constants::{self, Sources};
use crate::{lock, paths, run, say, wasm};
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Members of the workspace that a replay is made of.
const MEMBERS: [&str; 2] = ["benches/recorder", "benches/replay"];
/// The library's folder.
const LIBRARY: &str = "crate";

/// What to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// The program for this machine.
    Native,
    /// The wasm module, with a feature that chooses another allocator, or with none.
    Module(Option<&'static str>),
}

/// Compiles it; where it is.
pub(crate) fn build(config: &Config, product: &Product) -> Result<PathBuf> {
    let _lock = lock::hold("replay programs")?;
    let folder = copy(config)?;
    // A folder of its own: cargo takes packages at the same place of two workspaces for one.
    let target = folder.join("target");
    let (title, mut cargo, built, file) = match product {
        Product::Native => {
            let mut cargo = Command::new(wasm::cargo());
            // As for modules: what is measured must not depend on flags of the person's shell.
            cargo.env("CARGO_ENCODED_RUSTFLAGS", "").env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
            cargo.current_dir(paths::root()).args(["build", "--bin", "replay"]);
            (config.title(), cargo, target.join("release/replay"), "replay".to_owned())
        }
        Product::Module(feature) => {
            let mut cargo = wasm::Wasm::ensure()?.cargo();
            cargo.args(["rustc", "--lib", "--crate-type", "cdylib", "--target", wasm::TARGET]);
            cargo.args(["--features", feature.unwrap_or_default()]);
            let title = feature.map_or_else(|| config.title(), str::to_owned);
            let file = format!("{}.wasm", feature.unwrap_or("flagstone"));
            (title, cargo, target.join(wasm::TARGET).join("release/replay.wasm"), file)
        }
    };
    say::doing(&format!("building the replay with {title}"));
    cargo.args(["--package", "replay", "--release"]);
    cargo.arg("--manifest-path").arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&target);
    let outcome = run::logged(&format!("building replay {title}"), &mut cargo)?;
    if !outcome.status.success() {
        match errors(&outcome.text()) {
            Some(errors) => bail!("the allocator does not compile with {title}:\n{errors}"),
            None => bail!("{}", run::failure("building the replay", &outcome)),
        }
    }
    // Cargo writes the modules of all allocators to one place, one after another.
    let kept = folder.join(file);
    fs::copy(&built, &kept).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(kept)
}

/// The first errors of the compiler, if there are any.
fn errors(log: &str) -> Option<String> {
    /// More are mostly consequences.
    const MOST: usize = 3;
    let blocks = log.split("\n\n").filter_map(|block| Some(block.get(block.find("error")?..)?.trim_end()));
    let errors: Vec<&str> = blocks.filter(|block| block.contains("-->")).take(MOST).collect();
    (!errors.is_empty()).then(|| errors.join("\n\n"))
}

/// Fails where a constant of the configuration cannot be changed.
pub(super) fn check(config: &Config) -> Result<()> {
    changed(config).map(drop)
}

/// The sources of the allocator with the constants of a configuration.
fn changed(config: &Config) -> Result<Sources> {
    let folder = paths::root().join(LIBRARY);
    let mut sources = Sources::new();
    for path in files(&folder)? {
        let text =
            fs::read_to_string(folder.join(&path)).with_context(|| format!("{LIBRARY}/{path} cannot be read"))?;
        sources.insert(path, text);
    }
    for (name, value) in config.changes() {
        constants::change(&mut sources, name, value)?;
    }
    Ok(sources)
}

/// Brings the copy of the repository for a configuration up to date; where it is.
fn copy(config: &Config) -> Result<PathBuf> {
    let (root, sources) = (paths::root(), changed(config)?);
    let folder = paths::target().join("replay").join(digest(config));
    update(&folder.join(LIBRARY), &sources)?;
    for member in MEMBERS {
        let mut sources = Sources::new();
        for path in files(&root.join(member))?.into_iter().filter(|path| path.ends_with(".rs") || path == "Cargo.toml")
        {
            sources.insert(path.clone(), fs::read_to_string(root.join(member).join(path))?);
        }
        update(&folder.join(member), &sources)?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml cannot be read")?;
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    write(&folder.join("Cargo.toml"), &with_members(&manifest, &MEMBERS)?)?;
    write(&folder.join("Cargo.lock"), &lock)?;
    Ok(folder)
}

/// A name for the folder of a configuration.
fn digest(config: &Config) -> String {
    let mut hasher = DefaultHasher::new();
    config.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A workspace's manifest with other members.
fn with_members(manifest: &str, members: &[&str]) -> Result<String> {
    let parts = manifest.split_once("members = [").and_then(|(before, rest)| Some((before, rest.split_once(']')?.1)));
    let (before, behind) = parts.context("the root manifest has no line `members = [...]`")?;
    Ok(format!("{before}members = {members:?}{behind}"))
}

/// Makes a folder hold these files and no others. What is as it should be is not touched, so that cargo does not compile
/// it again.
fn update(folder: &Path, sources: &Sources) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let wanted: BTreeSet<&String> = sources.keys().collect();
    for path in files(folder)?.iter().filter(|path| !wanted.contains(path)) {
        fs::remove_file(folder.join(path))?;
    }
    sources.iter().try_for_each(|(path, text)| write(&folder.join(path), text))
}

/// Writes a file unless it is so already.
fn write(file: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(file).is_ok_and(|now| now == text) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// The files below a folder, as paths from there with slashes.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?.into_iter().map(|path| format!("{name}/{path}")));
        } else {
            found.push(name);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Sources, errors, files, update, with_members};
    use std::fs;

    #[test]
    fn a_manifest_gets_other_members() {
        let manifest = "[workspace]\nmembers = [\n  \"a\",\n  \"b\",\n]\nresolver = \"3\"\n";
        let changed = with_members(manifest, &["c", "d/e"]).expect("a manifest");
        assert_eq!(changed, "[workspace]\nmembers = [\"c\", \"d/e\"]\nresolver = \"3\"\n");
        assert!(with_members("[package]\n", &[]).is_err());
    }

    #[test]
    fn a_folder_holds_what_it_should_and_keeps_what_is_right() {
        let folder = std::env::temp_dir().join(format!("flagstone-replay-{}", std::process::id()));
        let sources = |pairs: &[(&str, &str)]| -> Sources {
            pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
        };
        update(&folder, &sources(&[("a.rs", "1"), ("b/c.rs", "2")])).expect("written");
        let before = fs::metadata(folder.join("a.rs")).and_then(|it| it.modified()).expect("a time");
        update(&folder, &sources(&[("a.rs", "1"), ("d.rs", "3")])).expect("written");
        let mut found = files(&folder).expect("a folder");
        found.sort();
        assert_eq!(found, ["a.rs", "d.rs"]);
        assert_eq!(fs::metadata(folder.join("a.rs")).and_then(|it| it.modified()).expect("a time"), before);
        fs::remove_dir_all(folder).expect("clean up");
    }

    #[test]
    fn the_compilers_errors_are_found() {
        let log = "   Compiling flagstone\nerror[E0308]: mismatched types\n  --> crate/vmem.rs:35:21\n   |\n\n\
            error: could not compile `flagstone`\n";
        assert!(
            errors(log).is_some_and(|text| text.starts_with("error[E0308]") && !text.contains("could not compile"))
        );
        assert_eq!(errors("error: no network\n"), None);
    }
}
