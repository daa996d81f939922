//! The finished page, served with its real headers and driven by Playwright.

use super::Report;
use crate::{browser::Browser, npm, page, paths, serve::Site};
use anyhow::Result;

pub(super) fn steps(report: &mut Report) -> Result<()> {
    let browser = Browser::ensure()?;
    page::build()?;
    let site = Site::on_any_port(paths::dist())?;
    let mut tests = npm::script("test")?;
    tests.env("FLAGSTONE_URL", &site.url).env("FLAGSTONE_CHROMIUM", &browser.chromium);
    report.tests("the page does its work in Chromium", &mut tests);
    Ok(())
}
