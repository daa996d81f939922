//! Claim: with DWARF, of the module or of a debug file of the same build, a place has its functions, inlined ones too, and their lines.

mod support;

use flagstone_symbols::Symbols;
use support::{LINES, content_of, custom, leb, module, names, resolved, sections, three_functions, without};

/// Offsets that V8 printed for the two calls of `observe` and for the call of `deeper`.
const INLINED: usize = 0xa0;
const CALLED: usize = 0x8d;
const CALL: usize = 0xac;

/// What is true of them, by the lines of `fixtures/lines.rs`.
fn assert_lines(symbols: &Symbols) {
    assert!(symbols.has_lines());
    assert_eq!(
        resolved(symbols, INLINED),
        [
            "innermost < tests/fixtures/lines.rs:18:5",
            "middle < tests/fixtures/lines.rs:23:5",
            "outer tests/fixtures/lines.rs:29:17",
        ]
    );
    assert_eq!(resolved(symbols, CALLED), ["lines::deeper tests/fixtures/lines.rs:36:33"]);
    assert_eq!(resolved(symbols, CALL), ["outer tests/fixtures/lines.rs:30:5"]);
}

#[test]
fn a_modules_own_dwarf_gives_inlined_functions_and_lines() {
    let symbols = Symbols::of(LINES).expect("a sound module");
    assert!(symbols.has_names() && symbols.damage().is_empty());
    assert_lines(&symbols);
}

#[test]
fn without_dwarf_the_function_is_left() {
    let symbols = Symbols::of(&without(LINES, ".debug_")).expect("a sound module");
    assert!(symbols.has_names() && !symbols.has_lines());
    assert_eq!(resolved(&symbols, INLINED), ["outer"]);
    assert_eq!(resolved(&symbols, CALLED), ["lines::deeper"]);
}

#[test]
fn without_names_dwarf_still_names_what_it_can() {
    let symbols = Symbols::of(&without(LINES, "name")).expect("a sound module");
    assert!(!symbols.has_names());
    assert_eq!(resolved(&symbols, INLINED)[1], "middle < tests/fixtures/lines.rs:23:5");
    // Line tables alone do not name a function in which nothing is inlined.
    assert_eq!(resolved(&symbols, CALLED), ["wasm-function[1] tests/fixtures/lines.rs:36:33"]);
}

#[test]
fn a_debug_file_adds_lines_and_names() {
    let shipped = without(&without(LINES, ".debug_"), "name");
    let mut symbols = Symbols::of(&shipped).expect("a sound module");
    assert_eq!(resolved(&symbols, CALLED), ["wasm-function[1]"]);
    symbols.with_debug(LINES).expect("the same build");
    assert!(symbols.has_names());
    assert_lines(&symbols);
}

#[test]
fn sections_before_the_code_do_not_shift_lines() {
    let (header, rest) = LINES.split_at(8);
    let shipped = without(&[header, &custom("note", &[7; 300]), rest].concat(), ".debug_");
    let shift = content_of(&shipped, 10) - content_of(LINES, 10);
    let mut symbols = Symbols::of(&shipped).expect("a sound module");
    symbols.with_debug(LINES).expect("the same build");
    assert_eq!(resolved(&symbols, CALLED + shift), ["lines::deeper tests/fixtures/lines.rs:36:33"]);
}

#[test]
fn a_file_of_another_build_is_refused_by_what_differs() {
    let shipped = without(LINES, ".debug_");
    let mut symbols = Symbols::of(&shipped).expect("a sound module");
    let mut refusal = |bytes: &[u8]| symbols.with_debug(bytes).expect_err("another build").to_string();

    let longer = refusal(&module(&three_functions()));
    assert_eq!(longer, "The file is of another build: its code has 12 bytes, that of the running module 59.");
    let mut changed = LINES.to_vec();
    // A constant in the first function.
    let at = content_of(LINES, 10) + 9;
    changed[at] ^= 1;
    let sentence = "The file is of another build: its code differs from byte 0x9 of the code section on.";
    assert_eq!(refusal(&changed), sentence);
    let sentence = "The file has neither names nor lines: build with `debug = \"line-tables-only\"` in the profile.";
    assert_eq!(refusal(&without(&shipped, "name")), sentence);
    assert!(refusal(b"nonsense").starts_with("The file is no WebAssembly module."));

    assert_eq!(resolved(&symbols, CALLED), ["lines::deeper"], "all is as it was");
}

#[test]
fn a_file_without_code_fits_by_its_build_id() {
    let id = |byte: u8| custom("build_id", &[leb(4), vec![byte; 4]].concat());
    let running = [LINES.to_vec(), id(0xab)].concat();
    let running = without(&running, ".debug_");
    // All that is about code goes: bodies, and what declares them.
    let debug = |tail: Vec<u8>| {
        let parts = sections(LINES).into_iter().filter(|part| part.id == 0);
        let parts: Vec<Vec<u8>> = parts.map(|part| LINES[part.start..part.end].to_vec()).collect();
        module(&[parts.concat(), tail])
    };
    let mut symbols = Symbols::of(&running).expect("a sound module");
    let sentence = "The file is of another build: its build id is cdcdcdcd, that of the running module abababab.";
    assert_eq!(symbols.with_debug(&debug(id(0xcd))).expect_err("another build").to_string(), sentence);
    let sentence = "The file has neither code nor a build id to compare with the running module.";
    assert_eq!(symbols.with_debug(&debug(Vec::new())).expect_err("no way to tell").to_string(), sentence);
    symbols.with_debug(&debug(id(0xab))).expect("the same build");
    assert_lines(&symbols);
}

#[test]
fn dwarf_about_other_code_is_not_believed() {
    // The number of functions, written with one byte more, moves all of them.
    let code = sections(LINES).into_iter().find(|part| part.id == 10).expect("code");
    let content = &LINES[code.content..code.end];
    assert_eq!(content[0], 2, "two functions");
    let moved = support::section(10, &[&[0x82, 0], &content[1..]].concat());
    let symbols = Symbols::of(&[&LINES[..code.start], &moved, &LINES[code.end..]].concat()).expect("a sound module");
    assert!(!symbols.has_lines());
    assert_eq!(resolved(&symbols, CALLED + 1), ["lines::deeper"]);
    let [damage] = symbols.damage() else { panic!("one note: {:?}", symbols.damage()) };
    assert!(damage.to_string().starts_with("The debug sections are about other code: 1 of 1 functions"), "{damage}");
}

#[test]
fn names_of_a_debug_file_add_to_those_of_the_module() {
    let running = module(&[three_functions().concat(), names(&[(1, "first")])]);
    let debug = module(&[three_functions().concat(), names(&[(2, "second")])]);
    let mut symbols = Symbols::of(&running).expect("a sound module");
    symbols.with_debug(&debug).expect("the same build");
    let code = content_of(&running, 10);
    assert_eq!(resolved(&symbols, code + 3), ["first"]);
    assert_eq!(resolved(&symbols, code + 8), ["second"]);
}
