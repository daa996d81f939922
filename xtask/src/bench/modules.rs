//! The modules of the bench: the same programs, compiled against each allocator.

use super::REFERENCE;
use crate::{lock, paths, run, say, stamp::Stamp, wasm};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What makes a counting build quick to compile. It is not timed, and all of them are compiled alike, so
/// their requests can be compared; optimising removes one in a thousand of those that libraries make.
const QUICK: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// Compiles the workloads against each allocator, once to be timed and once to be counted.
pub(super) fn workloads(names: &[&str]) -> Result<PathBuf> {
    each(names, &|wasm, feature, place| {
        compile(wasm.cargo(), feature, &place(""))?;
        let mut quick = wasm.cargo();
        quick.envs(QUICK);
        compile(quick, &format!("ledger,{feature}"), &place("-ledger"))
    })
}

/// Compiles the sweeps against each allocator.
pub(super) fn sweeps(names: &[&str]) -> Result<PathBuf> {
    each(names, &|wasm, feature, place| compile(wasm.cargo(), &format!("sweep,{feature}"), &place("-sweep")))
}

/// What compiles the modules of one allocator: its feature, and the file for each ending of its name.
type Recipe<'a> = &'a dyn Fn(&wasm::Wasm, &str, &dyn Fn(&str) -> PathBuf) -> Result<()>;

/// Follows a recipe for each allocator; the folder of the modules.
fn each(names: &[&str], recipe: Recipe) -> Result<PathBuf> {
    let wasm = wasm::Wasm::ensure()?;
    let _lock = lock::hold("bench modules")?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    for name in names {
        say::doing(&format!("building the bench with {name}"));
        let feature = if *name == REFERENCE { "" } else { name };
        recipe(&wasm, feature, &|ending| folder.join(format!("{name}{ending}.wasm")))?;
    }
    Ok(folder)
}

/// Compiles the workloads with these features into `module`, unless it is what that would make. cargo keeps
/// one module only and would compile each again, half a minute long.
fn compile(mut cargo: Command, features: &str, module: &Path) -> Result<()> {
    let toolchain = run::answer(Command::new(cargo.get_program()).arg("-V").env_remove("LD_LIBRARY_PATH"));
    let recipe = format!("{features} {}", toolchain.unwrap_or_default());
    if stamp(&recipe, module).is_ok_and(|stamp| stamp.is_fresh()) {
        return Ok(());
    }
    cargo.args(["build", "--package", "workloads", "--release"]);
    cargo.args(["--target", wasm::TARGET, "--features", features]);
    run::checked(&format!("building workloads {features}"), &mut cargo)?;
    let built = paths::target().join("wasm").join(wasm::TARGET).join("release/workloads.wasm");
    for ending in ["wasm", "d"] {
        let (from, to) = (built.with_extension(ending), module.with_extension(ending));
        fs::copy(&from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    stamp(&recipe, module)?.set()
}

/// What a module was made from: the sources that the compiler listed beside it, and the manifests.
fn stamp(recipe: &str, module: &Path) -> Result<Stamp> {
    let mut inputs = sources(&fs::read_to_string(module.with_extension("d"))?);
    let manifests = ["Cargo.lock", "Cargo.toml", "benches/workloads/Cargo.toml"];
    inputs.extend(manifests.map(|file| paths::root().join(file)));
    let name = module.file_name().context("a module has a name")?.to_string_lossy();
    Stamp::new(&format!("bench-{name}"), recipe, &inputs, vec![module.to_path_buf()])
}

/// The files after the colon of `module.wasm: a.rs b.rs`; a blank in a name has a backslash before it.
fn sources(rule: &str) -> Vec<PathBuf> {
    let files = rule.trim_end().split_once(": ").map_or("", |(_, files)| files);
    let files = files.replace("\\ ", "\0");
    files.split(' ').filter(|file| !file.is_empty()).map(|file| file.replace('\0', " ").into()).collect()
}

#[cfg(test)]
mod tests {
    use super::sources;
    use std::path::PathBuf;

    #[test]
    fn sources_are_read_from_the_compilers_list() {
        let files = sources("/a b/x.wasm: /a\\ b/lib.rs /c/heap.rs\n");
        assert_eq!(files, [PathBuf::from("/a b/lib.rs"), PathBuf::from("/c/heap.rs")]);
        assert!(sources("").is_empty());
    }
}
