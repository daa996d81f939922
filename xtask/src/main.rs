//! The project's commands: `cargo xtask` lists them.
#![forbid(unsafe_code)]

mod arenas;
mod bench;
mod bindgen;
mod browser;
mod debian;
mod engine;
mod leaks;
mod lock;
mod npm;
mod objects;
mod page;
mod paths;
mod replay;
mod run;
mod sampling;
mod say;
mod sections;
mod serve;
mod size;
mod soak;
mod stamp;
mod test;
mod wasm;

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Builds, serves, tests and measures flagstone.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
}

/// What can be asked for.
#[derive(Subcommand)]
enum Task {
    /// Build everything and serve the inspector on the demo at 127.0.0.1
    Serve {
        /// The port to serve at
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Check everything, or the parts that are named
    Test {
        /// Parts to check
        parts: Vec<test::Part>,
    },
    /// Time the workloads against other allocators, and count the pages they grow
    Bench(bench::Options),
    /// Write down what workloads ask of their allocator
    Record(replay::record::Options),
    /// Replay a trace, also with constants of the allocator changed
    Replay(replay::Options),
    /// Load the allocator for long, and see that its memory stops growing
    Soak(soak::Options),
    /// Measure what calls on arenas cost, with few and with many segments
    Arenas(arenas::Options),
    /// Measure what object caches cost, what consolidation gives back, and an app within a budget
    Objects(objects::Options),
    /// Look for leaks that were planted among a million objects: what is found, and how long it takes
    Leaks(leaks::Options),
    /// Measure how long the page takes to read a program with a million objects, and what snapshots of it cost
    Inspector(leaks::Options),
    /// Measure what it costs that call sites are sampled
    Sampling(sampling::Options),
    /// Weigh the wasm that each allocator adds to a module
    Size,
    /// Build the page into dist/, for any static server
    BuildPage,
    /// Get the wasm toolchain and print the variables that make plain cargo use it
    WasmToolchain,
}

fn main() -> ExitCode {
    let Some(task) = Cli::parse().task else {
        return match Cli::command().print_help() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    };
    match perform(task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out one command.
fn perform(task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Serve { port } => serve::run(port)?,
        Task::Test { parts } => return Ok(test::run(&parts)),
        Task::Bench(options) => bench::run(&options)?,
        Task::Record(options) => replay::record::run(&options)?,
        Task::Replay(options) => replay::run(&options)?,
        Task::Soak(options) => soak::run(&options)?,
        Task::Arenas(options) => arenas::run(&options)?,
        Task::Objects(options) => objects::run(&options)?,
        Task::Leaks(options) => leaks::run(&options)?,
        Task::Inspector(options) => leaks::inspector(&options)?,
        Task::Sampling(options) => sampling::run(&options)?,
        Task::Size => size::run()?,
        Task::BuildPage => {
            page::build()?;
            println!("{}", paths::dist().display());
        }
        Task::WasmToolchain => wasm::Wasm::ensure()?.print_environment()?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::{Cli, Task, test::Part};
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_are_understood() {
        let parse = |words: &str| Cli::try_parse_from(words.split(' ')).map(|cli| cli.task);
        assert!(matches!(parse("xtask"), Ok(None)));
        assert!(matches!(parse("xtask serve"), Ok(Some(Task::Serve { port: 8080 }))));
        assert!(matches!(parse("xtask serve --port 9000"), Ok(Some(Task::Serve { port: 9000 }))));
        assert!(parse("xtask serve --port 70000").is_err());
        assert!(
            matches!(parse("xtask test lint page"), Ok(Some(Task::Test { parts })) if parts == [Part::Lint, Part::Page])
        );
        assert!(parse("xtask test everything").is_err());
        assert!(matches!(parse("xtask record phases,json"), Ok(Some(Task::Record(_)))));
        assert!(matches!(parse("xtask replay a.trace --config A=1,B=2 --config C=3"), Ok(Some(Task::Replay(_)))));
        assert!(parse("xtask replay a.trace --config a=1").is_err());
        assert!(parse("xtask replay a.trace --repeat 0").is_err());
        assert!(matches!(parse("xtask soak --operations 5000000 --allocators talc"), Ok(Some(Task::Soak(_)))));
        assert!(parse("xtask soak --allocators rlsf").is_err());
    }
}
