//! The wasm tests again, in headless Chromium. `webdriver.json` at the root says how it is started.

use super::{Report, node};
use crate::{browser::Browser, wasm};
use anyhow::Result;

/// Seconds for one test program: a browser on a busy machine starts slowly.
const PATIENCE: &str = "120";

pub(super) fn steps(report: &mut Report) -> Result<()> {
    let browser = Browser::ensure()?;
    let wasm = wasm::Wasm::ensure()?;
    for (claim, place) in [
        ("wasm tests pass in Chromium", "WASM_BINDGEN_USE_BROWSER"),
        ("wasm tests pass in a worker of Chromium", "WASM_BINDGEN_USE_DEDICATED_WORKER"),
    ] {
        let mut command = node::command(&wasm, node::DIAGNOSED)?;
        command.env(place, "1").env("CHROMEDRIVER", &browser.driver);
        command.env("WASM_BINDGEN_TEST_TIMEOUT", PATIENCE).env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30");
        report.tests(claim, &mut command);
    }
    Ok(())
}
