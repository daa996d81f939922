//! The two tools of wasm-bindgen in one program, so that no second version of them can be installed:
//! `bindgen bindgen ARGS` makes JavaScript bindings, `bindgen test-runner ARGS` runs wasm tests.
//!
//! `cargo xtask` builds it when it is first needed. It is a crate of its own because it takes minutes
//! to compile and `xtask` must not.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

/// Hands the arguments after the tool's name to that tool.
fn main() -> ExitCode {
    let mut args: Vec<_> = env::args_os().collect();
    let tool = if args.len() > 1 { args.remove(1) } else { Default::default() };
    let result = match tool.to_str() {
        Some("bindgen") => wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args),
        Some("test-runner") => wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(args),
        _ => Err(anyhow::anyhow!("say `bindgen` or `test-runner` first, then the tool's own arguments")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}
