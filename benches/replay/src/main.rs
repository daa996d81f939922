//! `replay TRACE SAMPLES [closely]`: replays a trace on a heap over a byte array and prints what came of it, a line for
//! each figure, with blanks between its words. `cargo xtask replay` compiles and calls it; `docs/traces.md` tells what the
//! figures are.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::process::ExitCode;

use flagstone_recorder::trace::Reader;
use replay::native::{Sample, replay};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, samples, closely) = match arguments.as_slice() {
        [path, samples] => (path, samples.parse()?, false),
        [path, samples, word] if word == "closely" => (path, samples.parse()?, true),
        _ => return Err("usage: replay TRACE SAMPLES [closely]".into()),
    };
    let file = File::open(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let len = file.metadata()?.len();
    let outcome = replay(Reader::new(file, len)?, samples, closely)?;
    println!("nanoseconds {}", outcome.time.as_nanos());
    println!("pages {}", outcome.pages);
    println!("peak {}", outcome.peak);
    for sample in &outcome.samples {
        println!("sample {}", line(sample));
    }
    Ok(())
}

/// The figures of a sample.
fn line(sample: &Sample) -> String {
    let always = [sample.operations, sample.live, sample.heap];
    let closely = sample.arena.map(|arena| arena.figures());
    let figures = always.into_iter().chain(closely.into_iter().flatten());
    figures.map(|figure| figure.to_string()).collect::<Vec<_>>().join(" ")
}
