//! Chromium and its driver: what is installed, or Debian's packages.

use crate::{debian, run};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// A browser and the program that drives it.
pub(crate) struct Browser {
    /// Chromium itself, for Playwright.
    pub(crate) chromium: PathBuf,
    /// The WebDriver server, for wasm tests.
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Finds both, or installs them.
    pub(crate) fn ensure() -> Result<Browser> {
        if let Some(browser) = Browser::find() {
            return Ok(browser);
        }
        debian::ensure(&["chromium", "chromium-driver"], "Chromium with its driver")?;
        Browser::find().context("Chromium is installed but `chromium` and `chromedriver` are not on PATH")
    }

    /// What is on PATH.
    fn find() -> Option<Browser> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(which)?;
        Some(Browser { chromium, driver: driver()? })
    }
}

/// The WebDriver server on PATH.
pub(crate) fn driver() -> Option<PathBuf> {
    which("chromedriver")
}

/// Where the shell would find a program.
fn which(program: &str) -> Option<PathBuf> {
    let script = format!("command -v {program}");
    run::answer(Command::new("sh").args(["-c", &script])).map(PathBuf::from)
}
