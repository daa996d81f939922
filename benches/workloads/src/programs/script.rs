//! rhai: a script of many small functions is parsed and run. The tree of the program and the values that
//! it makes, strings, arrays and maps, are counted references and small boxes.
#![forbid(unsafe_code)]

use crate::input::{self, Text};
use crate::random::{Fold, Random};
use rhai::packages::{BasicArrayPackage, BasicMapPackage, CorePackage, MoreStringPackage, Package};
use rhai::{Array, Engine, OptimizationLevel, Scope, config::hashing};
use std::fmt::{self, Write};

/// Functions of the script.
const FUNCTIONS: usize = 400;
/// The seed of the engine's hashes, which it would else take from an address.
const KEYS: [u64; 4] = [3, 1, 4, 1];

/// What every function of the script can call.
const COMMON: &str = r#"
fn note(name, value) { #{ name: name, value: value, words: name.split("-") } }
fn weight(notes) { let sum = 0; for note in notes { sum += note.value + note.words.len(); } sum }
fn line(note) { note.name + "=" + note.value + ";" }
fn sorted(values) { values.sort(|a, b| a - b); values }
"#;

/// Writes the script.
pub(super) fn prepare(random: &mut Random) {
    functions(&mut input::text(), random).expect("the script fits the input");
}

/// The functions, and the program that calls them all.
fn functions(text: &mut Text, random: &mut Random) -> fmt::Result {
    text.write_str(COMMON)?;
    for number in 0..FUNCTIONS {
        let (rounds, factor, rest) = (random.within(5, 30), random.within(2, 90), random.within(3, 900));
        write!(text, "fn task_{number}(seed) {{\n  let notes = [];\n  let text = \"")?;
        input::words(text, random, 4)?;
        write!(text, "\";\n  for i in 0..{rounds} {{\n    let value = (seed * {factor} + i * {rest}) % 1000;\n")?;
        writeln!(text, "    notes.push(note(`item-${{i}}-{number}`, value));")?;
        write!(
            text,
            "    if value > {rest} {{ text += line(notes[i]); }} else {{ notes[i].value += {factor}; }}\n  }}\n"
        )?;
        writeln!(text, "  let values = sorted(notes.map(|note| note.value));")?;
        write!(
            text,
            "  #{{ number: {number}, text: text, weight: weight(notes), middle: values[values.len() / 2] }}\n}}\n"
        )?;
    }
    text.write_str("let results = [];\nlet sum = 0;\n")?;
    for number in 0..FUNCTIONS {
        writeln!(text, "results.push(task_{number}(sum)); sum += results[{number}].weight;")?;
    }
    text.write_str("results.map(|result| `${result.number} ${result.middle} ${result.text}`)\n")
}

/// An engine that knows what the script needs, and no more: each package is much code to compile.
fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    // The program is one long block, and optimising it would take most of the time.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.register_global_module(CorePackage::new().as_shared_module());
    engine.register_global_module(BasicArrayPackage::new().as_shared_module());
    engine.register_global_module(BasicMapPackage::new().as_shared_module());
    engine.register_global_module(MoreStringPackage::new().as_shared_module());
    engine
}

/// Parses and runs the script.
pub(super) fn run(_: &mut Random) -> u64 {
    hashing::set_hashing_seed(Some(KEYS)).expect("nothing was hashed before");
    let engine = engine();
    let program = engine.compile(input::text().as_str()).expect("the script is sound");
    let results: Array = engine.eval_ast_with_scope(&mut Scope::new(), &program).expect("the script ends");
    let mut fold = Fold::new();
    for result in results {
        fold.add_bytes(result.into_string().expect("every result is a line").as_bytes());
    }
    fold.end()
}
