//! Tests under Miri, which sees undefined behaviour that no run on a machine shows: with pointers of 64
//! bits, and of 32 as on wasm. The tests themselves do fewer rounds there (`cfg!(miri)`).

use super::{Report, cargo_of};
use crate::{run, say, wasm};
use anyhow::Result;
use std::process::Command;

/// Pointers as wide as on wasm. Miri needs no linker for it and builds its standard library itself.
const NARROW: &str = "i686-unknown-linux-gnu";

pub(super) fn steps(report: &mut Report) -> Result<()> {
    let claims = [
        ("nothing is undefined with 64-bit pointers", None),
        ("nothing is undefined with 32-bit pointers", Some(NARROW)),
    ];
    if let Err(reason) = ensure() {
        for (claim, _) in claims {
            report.skip(claim, &reason);
        }
        return Ok(());
    }
    for (claim, target) in claims {
        let mut miri = cargo_of("nightly", "miri test --target-dir target/miri --no-fail-fast");
        miri.args("--package flagstone --lib --tests --features inspector".split_whitespace());
        miri.env("MIRIFLAGS", "-Zmiri-strict-provenance");
        if let Some(target) = target {
            miri.args(["--target", target]);
        }
        report.tests(claim, &mut miri);
    }
    Ok(())
}

/// Finds Miri in the nightly toolchain, or gets it where that is allowed; else the reason why not.
fn ensure() -> Result<(), String> {
    let installed = || run::answer(&mut cargo_of("nightly", "miri --version")).is_some();
    if installed() {
        return Ok(());
    }
    if !wasm::rustup_may_download() {
        return Err("the nightly toolchain here has no Miri, and rustup may not download it".to_owned());
    }
    say::doing("adding Miri to the nightly toolchain with rustup");
    let mut rustup = Command::new("rustup");
    let words = "toolchain install nightly --profile minimal --component miri,rust-src";
    rustup.args(words.split_whitespace());
    match run::logged("rustup toolchain install", &mut rustup) {
        Ok(outcome) if outcome.status.success() && installed() => Ok(()),
        Ok(outcome) => Err(format!("rustup could not add Miri ({})", outcome.status)),
        Err(error) => Err(format!("{error:#}")),
    }
}
