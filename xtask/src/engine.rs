//! The two wasm modules of the page, each with its JavaScript bindings: the inspector's engine in
//! `pkg/`, which is the npm package, and the demo in `www/demo/pkg/`.

use crate::{bindgen, lock, npm, paths, run, say, stamp::Stamp, wasm};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Optimised for speed: the engine walks heaps of a million objects, and the demo is what is measured.
const OPTIMISE: [&str; 1] = ["-O2"];

/// One module: how cargo makes it and where it goes.
struct Module {
    /// For people.
    title: &'static str,
    /// Arguments of cargo.
    build: &'static [&'static str],
    /// The file's name without its ending, as cargo writes it and as it is published.
    name: &'static str,
    /// The folder for module and bindings, from the root of the repository.
    folder: &'static str,
}

const ENGINE: Module = Module {
    title: "the inspector's engine",
    build: &["rustc", "--package", "flagstone", "--lib", "--crate-type", "cdylib", "--features", "engine"],
    name: "flagstone",
    folder: "pkg",
};

const DEMO: Module = Module {
    title: "the demo",
    build: &["build", "--package", "flagstone-demo"],
    name: "flagstone_demo",
    folder: "www/demo/pkg",
};

/// Builds both modules where they are not up to date.
pub(crate) fn ensure() -> Result<()> {
    let _lock = lock::hold("wasm modules")?;
    let wasm = wasm::Wasm::ensure()?;
    ENGINE.ensure(&wasm)?;
    DEMO.ensure(&wasm)
}

impl Module {
    /// Compiles the module; when that made something new, binds and optimises it.
    fn ensure(&self, wasm: &wasm::Wasm) -> Result<()> {
        say::doing(&format!("building {}", self.title));
        let mut cargo = wasm.cargo();
        cargo.args(self.build).args(["--release", "--target", wasm::TARGET]);
        run::checked(&format!("building {}", self.title), &mut cargo)?;

        let compiled =
            paths::target().join("wasm").join(wasm::TARGET).join("release").join(format!("{}.wasm", self.name));
        let (bindgen, wasm_opt) = (bindgen::ensure()?, npm::bin("wasm-opt")?);
        let inputs = [compiled.clone(), bindgen, paths::www().join("package-lock.json")];
        let stamp = Stamp::new(self.name, &OPTIMISE.join(" "), &inputs, self.outputs())?;
        if stamp.is_fresh() {
            return Ok(());
        }
        say::doing(&format!("binding and optimising {}", self.title));
        let work = self.bind(&compiled)?;
        self.publish(&work, &wasm_opt)?;
        stamp.set()
    }

    /// The files that a page needs, and the types.
    fn outputs(&self) -> Vec<PathBuf> {
        let folder = paths::root().join(self.folder);
        ["_bg.wasm", ".js", ".d.ts"].map(|ending| folder.join(format!("{}{ending}", self.name))).to_vec()
    }

    /// Makes the bindings in a folder of their own, so that a failure leaves the published ones alone.
    fn bind(&self, compiled: &Path) -> Result<PathBuf> {
        let work = paths::state().join("bindings").join(self.name);
        fs::create_dir_all(&work)?;
        let mut bindgen = bindgen::command()?;
        bindgen.args(["--target", "web", "--out-name", self.name, "--out-dir"]).arg(&work).arg(compiled);
        run::checked(&format!("binding {}", self.title), &mut bindgen)?;
        Ok(work)
    }

    /// Optimises the module and moves all into its place.
    fn publish(&self, work: &Path, wasm_opt: &Path) -> Result<()> {
        let optimised = work.join("optimised.wasm");
        let module = work.join(format!("{}_bg.wasm", self.name));
        let mut command = Command::new(wasm_opt);
        command.args(OPTIMISE).arg(&module).arg("-o").arg(&optimised);
        run::checked(&format!("optimising {}", self.title), &mut command)?;
        fs::rename(&optimised, &module)?;
        for output in self.outputs() {
            let name = output.file_name().context("an output has a name")?;
            fs::create_dir_all(output.parent().context("an output has a folder")?)?;
            fs::copy(work.join(name), &output).with_context(|| format!("cannot write {}", output.display()))?;
        }
        Ok(())
    }
}
