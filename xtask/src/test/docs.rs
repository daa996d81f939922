//! What people read: API documentation, its examples, and the files at the root.

use super::{Report, cargo};
use crate::paths;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// A README longer than this is not read.
const README_LINES: usize = 120;

pub(super) fn steps(report: &mut Report) -> Result<()> {
    let mut doc = cargo("doc --package flagstone --no-deps --document-private-items");
    report.silent_command(
        "the documentation builds without warnings",
        doc.args(["--features", "inspector,allocator-api2,audit"]),
    );
    for (claim, features) in [
        ("its examples work", ""),
        ("its examples work with all that is optional", "inspector,reclaim,allocator-api2,audit"),
    ] {
        let mut test = cargo("test --doc --package flagstone --features");
        report.tests(claim, test.arg(features));
    }
    report.check("README is short and its links lead somewhere", || {
        let readme = fs::read_to_string(paths::root().join("README.md")).context("README.md is missing")?;
        let lines = readme.lines().count();
        if lines > README_LINES {
            bail!("README.md has {lines} lines, more than {README_LINES}");
        }
        check_links(&readme, &paths::root())
    });
    report.check("CHANGELOG and licences are there", || {
        for name in ["CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            if !paths::root().join(name).is_file() {
                bail!("{name} is missing");
            }
        }
        Ok(())
    });
    Ok(())
}

/// Fails at the first link to a file that is not there.
fn check_links(text: &str, root: &Path) -> Result<()> {
    for link in links(text) {
        let file = link.split('#').next().unwrap_or_default();
        if !file.is_empty() && !root.join(file).exists() {
            bail!("README.md links to {link}, which is not there");
        }
    }
    Ok(())
}

/// The targets of Markdown links and images that lie in the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn links_into_the_repository_are_found() {
        let text = "See [the crate](crate/lib.rs), ![shot](docs/page.png \"the page\"), [web](https://example.org) and [up](#top).";
        assert_eq!(links(text).collect::<Vec<_>>(), ["crate/lib.rs", "docs/page.png", "#top"]);
    }
}
