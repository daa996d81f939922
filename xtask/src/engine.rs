//! The wasm modules of the page and of the examples, each with its JavaScript bindings: the inspector's
//! engine in `pkg/`, which is the npm package, the reader of symbols in `www/symbols/pkg/`, the demo in
//! `www/demo/pkg/`, and the program of the examples in `www/examples/notes/pkg/`.

use crate::{bindgen, lock, npm, paths, run, say, sections, stamp::Stamp, wasm};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One module: how cargo makes it and where it goes.
struct Module {
    /// For people.
    title: &'static str,
    /// Arguments of cargo.
    build: &'static [&'static str],
    /// The profile it is compiled with.
    profile: &'static str,
    /// What is done with the module once it has its bindings.
    finish: Finish,
    /// The file's name without its ending, as cargo writes it and as it is published.
    name: &'static str,
    /// The folder for module and bindings, from the root of the repository.
    folder: &'static str,
}

/// The last step to a published module.
enum Finish {
    /// `wasm-opt` with these flags.
    Optimise(&'static [&'static str]),
    /// Left as the compiler made it, but what is only for debuggers goes into a file of its own.
    /// `wasm-opt` keeps the debug sections as they were while it changes the code: lines would be wrong.
    Split,
}

/// Optimised for speed: it walks heaps of a million objects.
const ENGINE: Module = Module {
    title: "the inspector's engine",
    build: &["rustc", "--package", "flagstone", "--lib", "--crate-type", "cdylib", "--features", "engine"],
    profile: "release",
    finish: Finish::Optimise(&["-O2"]),
    name: "flagstone",
    folder: "pkg",
};

/// Optimised for size: it is loaded for a few hundred look-ups.
const SYMBOLS: Module = Module {
    title: "the reader of symbols",
    build: &["build", "--package", "flagstone-symbols", "--lib"],
    profile: "size",
    finish: Finish::Optimise(&["-Oz"]),
    name: "flagstone_symbols",
    folder: "www/symbols/pkg",
};

/// What is measured, and the sites of its allocations have names and lines.
const DEMO: Module = Module {
    title: "the demo",
    build: &["build", "--package", "flagstone-demo"],
    profile: "lines",
    finish: Finish::Split,
    name: "flagstone_demo",
    folder: "www/demo/pkg",
};

/// The program of the examples, as somebody would ship it.
const NOTES: Module = Module {
    title: "the program of the examples",
    build: &["build", "--package", "flagstone-notes"],
    profile: "size",
    finish: Finish::Optimise(&["-Oz"]),
    name: "flagstone_notes",
    folder: "www/examples/notes/pkg",
};

/// Builds all modules where they are not up to date.
pub(crate) fn ensure() -> Result<()> {
    let _lock = lock::hold("wasm modules")?;
    let wasm = wasm::Wasm::ensure()?;
    for module in [ENGINE, SYMBOLS, DEMO, NOTES] {
        module.ensure(&wasm)?;
    }
    Ok(())
}

impl Module {
    /// Compiles the module; when that made something new, binds and finishes it.
    fn ensure(&self, wasm: &wasm::Wasm) -> Result<()> {
        say::doing(&format!("building {}", self.title));
        let mut cargo = wasm.cargo();
        cargo.args(self.build).args(["--profile", self.profile, "--target", wasm::TARGET]);
        if let Finish::Split = self.finish {
            cargo.env("CARGO_ENCODED_RUSTFLAGS", without_places()?);
        }
        run::checked(&format!("building {}", self.title), &mut cargo)?;

        let folder = paths::target().join("wasm").join(wasm::TARGET).join(self.profile);
        let compiled = folder.join(format!("{}.wasm", self.name));
        let inputs = [compiled.clone(), bindgen::ensure()?, paths::www().join("package-lock.json")];
        let stamp = || Stamp::new(self.name, &self.recipe(), &inputs, self.outputs()?);
        if stamp()?.is_fresh() {
            return Ok(());
        }
        say::doing(&format!("binding and finishing {}", self.title));
        let work = self.bind(&compiled)?;
        self.finish(&work)?;
        self.publish(&work)?;
        stamp()?.set()
    }

    /// Everything besides files that decides the result.
    fn recipe(&self) -> String {
        match self.finish {
            Finish::Optimise(flags) => flags.join(" "),
            Finish::Split => "split".to_owned(),
        }
    }

    /// The files that a page needs, and the types; the snippets as they are there now.
    fn outputs(&self) -> Result<Vec<PathBuf>> {
        let folder = paths::root().join(self.folder);
        let own = self.names().into_iter().map(|name| folder.join(name));
        let snippets = snippets(&folder)?.into_iter().map(|name| folder.join(name));
        Ok(own.chain(snippets).collect())
    }

    /// The names of the files that every module of the kind has.
    fn names(&self) -> Vec<String> {
        let endings: &[&str] = match self.finish {
            Finish::Optimise(_) => &["_bg.wasm", ".js", ".d.ts"],
            Finish::Split => &["_bg.wasm", ".js", ".d.ts", ".debug.wasm"],
        };
        endings.iter().map(|ending| format!("{}{ending}", self.name)).collect()
    }

    /// Makes the bindings in a folder of their own, so that a failure leaves the published ones alone.
    fn bind(&self, compiled: &Path) -> Result<PathBuf> {
        let work = paths::state().join("bindings").join(self.name);
        fs::create_dir_all(&work)?;
        remove(&work.join(SNIPPETS))?;
        let mut bindgen = bindgen::command()?;
        bindgen.args(["--target", "web", "--out-name", self.name, "--out-dir"]).arg(&work).arg(compiled);
        if let Finish::Split = self.finish {
            bindgen.arg("--keep-debug");
        }
        run::checked(&format!("binding {}", self.title), &mut bindgen)?;
        Ok(work)
    }

    /// Optimises the module, or takes it apart.
    fn finish(&self, work: &Path) -> Result<()> {
        let module = work.join(format!("{}_bg.wasm", self.name));
        match self.finish {
            Finish::Optimise(flags) => {
                let optimised = work.join("optimised.wasm");
                let mut command = Command::new(npm::bin("wasm-opt")?);
                command.args(flags).arg(&module).arg("-o").arg(&optimised);
                run::checked(&format!("optimising {}", self.title), &mut command)?;
                fs::rename(&optimised, &module)?;
            }
            Finish::Split => {
                let whole = fs::read(&module)?;
                let shipped = sections::without_debug(&whole).context("the bindings' module is damaged")?;
                fs::write(work.join(format!("{}.debug.wasm", self.name)), &whole)?;
                fs::write(&module, shipped)?;
            }
        }
        Ok(())
    }

    /// Moves all into its place.
    fn publish(&self, work: &Path) -> Result<()> {
        let folder = paths::root().join(self.folder);
        remove(&folder.join(SNIPPETS))?;
        for name in self.names().into_iter().map(PathBuf::from).chain(snippets(work)?) {
            let output = folder.join(&name);
            fs::create_dir_all(output.parent().context("an output has a folder")?)?;
            fs::copy(work.join(&name), &output).with_context(|| format!("cannot write {}", output.display()))?;
        }
        Ok(())
    }
}

/// Where the bindings have JavaScript that crates bring along: a folder for each crate.
const SNIPPETS: &str = "snippets";

/// The files of such a folder, named from `folder` on.
fn snippets(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut open) = (Vec::new(), vec![PathBuf::from(SNIPPETS)]);
    while let Some(place) = open.pop() {
        let Ok(entries) = fs::read_dir(folder.join(&place)) else { continue };
        for entry in entries {
            let entry = entry?;
            let name = place.join(entry.file_name());
            let list = if entry.file_type()?.is_dir() { &mut open } else { &mut files };
            list.push(name);
        }
    }
    files.sort();
    Ok(files)
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Flags for the compiler that keep the folders of this machine out of a module that names its source files:
/// the project's own begin with `flagstone/`, those of other crates with the crate's name.
fn without_places() -> Result<String> {
    let mut flags = vec![format!("--remap-path-prefix={}=flagstone", paths::root().display())];
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    for registry in home.iter().filter_map(|home| fs::read_dir(home.join("registry/src")).ok()).flatten() {
        flags.push(format!("--remap-path-prefix={}=", registry?.path().display()));
    }
    flags.sort();
    // Cargo takes flags apart at this character.
    Ok(flags.join("\x1f"))
}
