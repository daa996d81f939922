//! Rules of the sources that no other tool knows.

use crate::{paths, test::Report};
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a file may be: one idea fits in it.
const LINES: usize = 500;
/// Left behind by accident. Each is put together here, so that this file is not found.
const LEFT_BEHIND: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("todo", "!(")];

/// What a file says that has no unsafe code.
const FORBID: &str = "#![forbid(unsafe_code)]";
/// The crates beside the library.
const ROOTS: [&str; 4] =
    ["xtask/src/main.rs", "xtask/bindgen/src/main.rs", "www/demo/src/lib.rs", "www/symbols/src/lib.rs"];

pub(super) fn steps(report: &mut Report) {
    report.check("every file is short enough for one idea", || each(&is_short));
    report.check("nothing is left behind", || each(&is_finished));
    report.check("every Rust file says what it holds", || each(&opens_with_words));
    report.check("a file without unsafe code forbids it", || each(&forbids_or_uses_unsafe));
}

/// A file of the project: its place from the root, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "rs")
    }
}

fn is_short(source: &Source) -> Result<()> {
    let lines = source.text.lines().count();
    if lines > LINES {
        bail!("it has {lines} lines, more than {LINES}");
    }
    Ok(())
}

fn is_finished(source: &Source) -> Result<()> {
    match LEFT_BEHIND.iter().find(|word| source.text.contains(**word)) {
        Some(word) => bail!("it says {word}"),
        None => Ok(()),
    }
}

fn opens_with_words(source: &Source) -> Result<()> {
    if source.is_rust() && !source.text.starts_with("//! ") {
        bail!("it does not open with a doc comment");
    }
    Ok(())
}

/// Unsafe code gathers in few files of the library when all others forbid it, and every crate beside
/// the library forbids it at its root.
fn forbids_or_uses_unsafe(source: &Source) -> Result<()> {
    let is = |path: &&str| source.path == Path::new(path);
    let code = |line: &&str| !line.trim_start().starts_with("//");
    if !source.is_rust() || source.text.lines().any(|line| line == FORBID) {
        return Ok(());
    }
    if ROOTS.iter().any(is) {
        bail!("only the library, tests and benches may use unsafe code; forbid it");
    }
    let uses = source.text.lines().filter(code).any(|line| line.contains("unsafe"));
    // What the root of the library forbids, none of its files could use.
    if source.path.starts_with("crate") && !is(&"crate/lib.rs") && !uses {
        bail!("it uses no unsafe code but does not forbid it");
    }
    Ok(())
}

/// Applies a rule to every source file; all that break it are named.
fn each(rule: &dyn Fn(&Source) -> Result<()>) -> Result<()> {
    let mut broken = Vec::new();
    for folder in ["crate", "tests", "benches", "www", "xtask"] {
        walk(&paths::root().join(folder), &mut |path| {
            let text = fs::read_to_string(path)?;
            let path = path.strip_prefix(paths::root())?.to_path_buf();
            let source = Source { path, text };
            if let Err(error) = rule(&source) {
                broken.push(format!("{}: {error}", source.path.display()));
            }
            Ok(())
        })?;
    }
    if !broken.is_empty() {
        bail!("\n    {}", broken.join("\n    "));
    }
    Ok(())
}

/// Visits the source files below a folder, in order, without what is generated or installed.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["node_modules", "pkg", "target", "dist"].contains(&name.as_str()) {
            walk(&path, visit)?;
        } else if path.is_file()
            && ["rs", "ts", "css", "mjs"].iter().any(|ending| name.ends_with(&format!(".{ending}")))
        {
            visit(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Source, forbids_or_uses_unsafe, is_finished, is_short, opens_with_words};

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn unsafe_code_is_forbidden_where_it_is_not_used() {
        let holds = |path, text| forbids_or_uses_unsafe(&source(path, text)).is_ok();
        assert!(holds("crate/list.rs", "unsafe { link() }"));
        assert!(holds("crate/units.rs", "#![forbid(unsafe_code)]"));
        assert!(!holds("crate/units.rs", "// unsafe is not needed"));
        assert!(!holds("www/demo/src/lib.rs", "unsafe { link() }"));
        assert!(holds("tests/model.rs", "unsafe { link() }"));
        assert!(holds("crate/lib.rs", "mod units;"));
        assert!(holds("crate/inspector/bindings.d.ts", ""));
    }

    #[test]
    fn length_and_opening_are_judged() {
        assert!(is_short(&source("a.rs", &"x\n".repeat(500))).is_ok());
        assert!(is_short(&source("a.rs", &"x\n".repeat(501))).is_err());
        assert!(opens_with_words(&source("a.rs", "//! What it holds.\n")).is_ok());
        assert!(opens_with_words(&source("a.rs", "use std::fs;\n")).is_err());
        assert!(is_finished(&source("a.ts", concat!("// TO", "DO later"))).is_err());
    }
}
