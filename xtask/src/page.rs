//! The finished page in `dist/`: engine, demo, script and styles, for any static server.

use crate::{engine, lock, npm, run, say};
use anyhow::Result;

/// Builds everything the page consists of.
pub(crate) fn build() -> Result<()> {
    npm::ensure()?;
    engine::ensure()?;
    let _lock = lock::hold("page")?;
    say::doing("building the page");
    let outcome = run::checked("building the page", &mut npm::script("build")?)?;
    for line in outcome.text().lines() {
        say::detail(line);
    }
    Ok(())
}
