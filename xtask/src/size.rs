//! `cargo xtask size`: the bytes of wasm that each allocator adds to a module, and the budget that
//! flagstone has to keep. What is built and what is counted is told in `benches/README.md`.

use crate::{lock, npm, paths, run, say, wasm};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whose budgets are kept, and what their entries begin with.
const OURS: [(&str, &str); 2] = [("flagstone", ""), ("flagstone_small", "small_")];
/// What is weighed; each is a feature of `benches/size`.
const ALLOCATORS: [&str; 7] = ["flagstone", "flagstone_small", "dlmalloc", "talc", "rlsf", "rlsf_small", "rusty_alloc"];
/// Every call of `GlobalAlloc` for any layout, in place of what a `Vec<u8>` needs.
const EVERY_CALL: &str = "every_call";
/// The import that a module keeps exactly when something in it can panic.
const PANIC_IMPORT: &str = "panic_import";

/// What `runner/weigh.mjs` tells about a module.
#[derive(Debug, PartialEq)]
struct Weight {
    /// Bytes of the file.
    bytes: u64,
    /// Bytes of the file after gzip.
    gzip: u64,
    /// Bytes of initialised data.
    data: u64,
    /// The address where static memory ends.
    static_end: u64,
    /// Names of its imports, with commas between.
    imports: String,
    /// Text of panics and formatters found in its data, with commas between.
    text: String,
}

/// Prints the table of all allocators and whether flagstone keeps its budget.
pub(crate) fn run() -> Result<()> {
    let scales = Scales::new()?;
    let empty = scales.weigh(&[])?;
    let empty_every = scales.weigh(&[EVERY_CALL])?;
    let mut lines = vec![line("bytes added", ["wasm", "gzip", "every call", "data", "static"])];
    for allocator in ALLOCATORS {
        let weight = scales.weigh(&[allocator])?;
        let every = scales.weigh(&[allocator, EVERY_CALL])?;
        lines.push(line(
            allocator,
            [
                weight.bytes.saturating_sub(empty.bytes),
                weight.gzip.saturating_sub(empty.gzip),
                every.bytes.saturating_sub(empty_every.bytes),
                weight.data.saturating_sub(empty.data),
                weight.static_end.saturating_sub(empty.static_end),
            ],
        ));
    }
    let faults = scales.faults()?;
    println!("{}\n", lines.join("\n"));
    match faults.as_slice() {
        [] => println!("flagstone keeps its budget."),
        faults => println!("{}", faults.join("\n")),
    }
    Ok(())
}

/// A line of the table.
fn line<T: std::fmt::Display>(name: &str, cells: [T; 5]) -> String {
    let cells = cells.map(|cell| format!("{cell:>11}"));
    format!("{name:<15}{}", cells.concat())
}

/// Fails when flagstone is over its budget or carries anything of a panic.
pub(crate) fn check() -> Result<()> {
    let faults = Scales::new()?.faults()?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// What building and weighing needs.
struct Scales {
    wasm: wasm::Wasm,
    wasm_opt: PathBuf,
    /// Where the finished modules are.
    folder: PathBuf,
    /// All builds write to one place, one after another.
    _lock: fs::File,
}

impl Scales {
    /// Gets the tools.
    fn new() -> Result<Scales> {
        let wasm = wasm::Wasm::ensure()?;
        let wasm_opt = npm::bin("wasm-opt")?;
        let folder = paths::target().join("size");
        fs::create_dir_all(&folder)?;
        Ok(Scales { wasm, wasm_opt, folder, _lock: lock::hold("modules to weigh")? })
    }

    /// Builds the module with these features and weighs it.
    fn weigh(&self, features: &[&str]) -> Result<Weight> {
        let name = match features {
            [] => "no-allocator".to_owned(),
            _ => features.join("-"),
        };
        say::doing(&format!("weighing {name}"));
        let mut cargo = self.wasm.cargo();
        cargo.args(["build", "--package", "size", "--profile", "size"]);
        cargo.args(["--target", wasm::TARGET, "--features", &features.join(",")]);
        run::checked(&format!("building size {name}"), &mut cargo)?;

        let built = paths::target().join("wasm").join(wasm::TARGET).join("size/size.wasm");
        let module = self.folder.join(format!("{name}.wasm"));
        // The module itself lists the wasm features that rustc used, and wasm-opt goes by that.
        let mut command = Command::new(&self.wasm_opt);
        command.arg("-Oz").arg(&built).arg("-o").arg(&module);
        run::checked(&format!("optimising size {name}"), &mut command)?;
        weigh(&module)
    }

    /// The ways in which flagstone is over its budget, a sentence each.
    fn faults(&self) -> Result<Vec<String>> {
        let budget = fs::read_to_string(paths::root().join("benches/size/budget.toml"))
            .context("benches/size/budget.toml is missing")?;
        let empty = self.weigh(&[])?;
        let mut faults = Vec::new();
        for (name, prefix) in OURS {
            let ours = self.weigh(&[name])?;
            let every = self.weigh(&[name, EVERY_CALL, PANIC_IMPORT])?;
            for (what, bytes) in [("added", ours.bytes.saturating_sub(empty.bytes)), ("data", ours.data)] {
                let key = format!("{prefix}{what}");
                let most = entry(&budget, &key).with_context(|| format!("benches/size/budget.toml has no `{key}`"))?;
                if bytes > most {
                    faults.push(format!("{name}: {what} is {bytes} bytes, above the budget of {most}."));
                }
            }
            for text in [&ours.text, &every.text] {
                if !text.is_empty() {
                    faults.push(format!("{name}: its data has text of a panic or formatter: {text}."));
                }
            }
            if !every.imports.is_empty() {
                faults.push(format!("{name}: some call can panic."));
            }
        }
        Ok(faults)
    }
}

/// Weighs a finished module.
fn weigh(module: &Path) -> Result<Weight> {
    let script = paths::root().join("benches/runner/weigh.mjs");
    let line = run::answer(Command::new("node").arg(script).arg(module));
    line.and_then(|line| parse(&line)).with_context(|| format!("{} could not be weighed", module.display()))
}

/// The figures on a line of `runner/weigh.mjs`.
fn parse(line: &str) -> Option<Weight> {
    // The last fields are often empty, and the end of the line was trimmed.
    let mut fields = line.split('\t');
    Some(Weight {
        bytes: fields.next()?.parse().ok()?,
        gzip: fields.next()?.parse().ok()?,
        data: fields.next()?.parse().ok()?,
        static_end: fields.next()?.parse().ok()?,
        imports: fields.next().unwrap_or_default().to_owned(),
        text: fields.next().unwrap_or_default().to_owned(),
    })
}

/// The number of `key` in a flat TOML file.
fn entry(toml: &str, key: &str) -> Option<u64> {
    toml.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::{Weight, entry, parse};

    #[test]
    fn a_budget_is_read() {
        let toml = "# added = 1\nadded = 3500\n\ndata= 1024\n";
        assert_eq!(entry(toml, "added"), Some(3500));
        assert_eq!(entry(toml, "data"), Some(1024));
        assert_eq!(entry(toml, "gzip"), None);
    }

    #[test]
    fn a_line_of_figures_is_read() {
        let weight = |imports: &str, text: &str| Weight {
            bytes: 595,
            gzip: 400,
            data: 12,
            static_end: 1_048_576,
            imports: imports.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(parse("595\t400\t12\t1048576"), Some(weight("", "")));
        assert_eq!(parse("595\t400\t12\t1048576\tpanicked\tsrc/,.rs"), Some(weight("panicked", "src/,.rs")));
        assert_eq!(parse("wasm-opt failed"), None);
    }
}
