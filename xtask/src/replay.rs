//! `cargo xtask replay`: makes the requests of a trace on the allocator as it is, and with changed constants. What a
//! trace is and what the figures are is told in `docs/traces.md`.

mod build;
mod config;
mod constants;
mod figures;
pub(crate) mod record;

pub(crate) use build::{Product, build};
pub(crate) use config::Config;

use crate::{bench, paths, say};
use anyhow::{Context, Result, bail};
use figures::{Replayed, Row};
use flagstone_recorder::trace::{Header, check};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to say where there is no node.
pub(crate) const NO_NODE: &str = "There is no node here: install Node.js 20 or newer and run the same command again.";
/// How many samples a replay takes.
const SAMPLES: u32 = 200;

/// What can be asked of a replay.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The trace
    trace: PathBuf,
    /// Also replay with constants of the allocator changed; may be repeated
    #[arg(long, value_name = "NAME=VALUE[,NAME=VALUE]...")]
    config: Vec<Config>,
    /// Replay in wasm in node, and on dlmalloc and talc too
    #[arg(long)]
    wasm: bool,
    /// How many times each is timed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Write how each heap was at 200 points to this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    over_time: Option<PathBuf>,
}

/// A program that is ready to replay.
struct Player {
    title: String,
    program: PathBuf,
    wasm: bool,
}

/// Builds, replays and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    let header = read(&options.trace)?;
    if header.events == 0 {
        bail!("{} has no events", options.trace.display());
    }
    // A constant that is not there is heard of before anything is built.
    options.config.iter().try_for_each(build::check)?;
    let players = players(options)?;
    say::doing("replaying; the quieter the machine, the firmer the times");
    let mut rows = Vec::new();
    for player in &players {
        let close = player.play(&options.trace, true)?;
        rows.push(Row { title: player.title.clone(), close, timed: Vec::new() });
    }
    for round in 0..options.repeat as usize {
        // Each round begins with another one.
        for turn in 0..players.len() {
            let at = (round + turn) % players.len();
            let replayed = players[at].play(&options.trace, false)?;
            rows[at].timed.push(replayed);
        }
    }
    println!("{}\n", summary(&header));
    print!("{}", figures::table(&rows));
    if let Some(file) = &options.over_time {
        fs::write(file, figures::csv(&rows)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// All that are to replay, built: flagstone as it is first.
fn players(options: &Options) -> Result<Vec<Player>> {
    let product = if options.wasm { Product::Module(None) } else { Product::Native };
    let player = |title, config: &Config, product: &Product| {
        anyhow::Ok(Player { title, program: build(config, product)?, wasm: options.wasm })
    };
    let usual = Config::default();
    let mut players = vec![player(usual.title(), &usual, &product)?];
    for config in &options.config {
        players.push(player(config.title(), config, &product)?);
    }
    for peer in ["dlmalloc", "talc"].into_iter().filter(|_| options.wasm) {
        players.push(player(peer.to_owned(), &usual, &Product::Module(Some(peer)))?);
    }
    Ok(players)
}

impl Player {
    /// One replay in a process of its own, `closely` with all that the allocator counts.
    fn play(&self, trace: &Path, closely: bool) -> Result<Replayed> {
        let samples = SAMPLES.to_string();
        let mut command = if self.wasm { Command::new("node") } else { Command::new(&self.program) };
        if self.wasm {
            command
                .args(bench::V8)
                .arg(paths::root().join("benches/replay/replay.mjs"))
                .arg("--module")
                .arg(&self.program);
            command.arg("--trace").arg(trace).args(["--samples", &samples]);
            command.args(closely.then_some("--closely"));
        } else {
            command.arg(trace).arg(samples).args(closely.then_some("closely"));
        }
        let output = command.output().context(NO_NODE)?;
        if !output.status.success() {
            bail!("{}: {}", self.title, String::from_utf8_lossy(&output.stderr).trim());
        }
        Replayed::parse(&String::from_utf8_lossy(&output.stdout))
    }
}

/// The header of a trace that was read to its end without a fault.
fn read(trace: &Path) -> Result<Header> {
    let file = File::open(trace).with_context(|| format!("{} cannot be read", trace.display()))?;
    let len = file.metadata()?.len();
    check(BufReader::new(file), len).with_context(|| format!("{} is damaged or no trace", trace.display()))
}

/// What a trace is, in a line.
fn summary(header: &Header) -> String {
    let Header { name, events, bytes, objects, peak, .. } = header;
    let (each, peak) = (*bytes as f64 / (*events).max(1) as f64, *peak as f64 / 1_048_576.0);
    let end = if header.incomplete { "; the recorder gave up there, more objects lived than it follows" } else { "" };
    format!("{name}: {events} operations of {each:.1} bytes, at most {objects} objects and {peak:.1} MiB live{end}")
}
