//! Claim: every offset has a frame, by the best name that the module knows for its function.

mod support;

use flagstone_symbols::Symbols;
use support::{content_of, counted, custom, leb, list, module, names, resolved, section, three_functions};

/// The symbols of a module, and where its code section's content begins.
fn open(sections: &[Vec<u8>]) -> (Symbols, usize) {
    let bytes = module(sections);
    (Symbols::of(&bytes).expect("a sound module"), content_of(&bytes, 10))
}

#[test]
fn functions_without_names_have_their_numbers_and_imports_count() {
    let (symbols, code) = open(&three_functions());
    assert!(!symbols.has_names() && !symbols.has_lines());
    // One byte with the number of bodies, one with the length of the first.
    for (offset, function) in [(2, 1), (5, 1), (7, 2), (11, 2)] {
        assert_eq!(resolved(&symbols, code + offset), [format!("wasm-function[{function}]")], "{offset}");
    }
}

#[test]
fn what_is_in_no_body_still_has_a_frame() {
    let (symbols, code) = open(&three_functions());
    for offset in [0, 8, code, code + 1, code + 6, code + 12, 0xffff_ffff] {
        assert_eq!(resolved(&symbols, offset), [format!("module+{offset:#x}")]);
    }
}

#[test]
fn exports_name_functions_and_the_first_counts() {
    let mut sections = three_functions();
    let export = |name: &str, kind: u8, index: usize| [counted(name.as_bytes()), vec![kind], leb(index)].concat();
    let exports = [export("run", 0, 2), export("also_run", 0, 2), export("memory", 2, 1)];
    sections.insert(3, section(7, &list(&exports)));
    let (symbols, code) = open(&sections);
    assert_eq!(resolved(&symbols, code + 3), ["wasm-function[1]"]);
    assert_eq!(resolved(&symbols, code + 8), ["run"]);
    assert!(!symbols.has_names(), "what is exported is not what functions are called");
}

#[test]
fn names_are_readable_and_win_over_exports() {
    let mut sections = three_functions();
    sections.insert(3, section(7, &list(&[[counted(b"run"), vec![0, 1]].concat()])));
    sections.push(names(&[(0, "imported"), (1, "_ZN4demo3run17h0123456789abcdefE"), (2, "")]));
    let (symbols, code) = open(&sections);
    assert!(symbols.has_names());
    assert_eq!(resolved(&symbols, code + 3), ["demo::run"]);
    assert_eq!(resolved(&symbols, code + 8), ["wasm-function[2]"], "an empty name is none");
}

#[test]
fn damaged_names_are_noted_and_those_before_stay() {
    let mut sections = three_functions();
    let functions = [[leb(1), counted(b"first")].concat(), [leb(2), leb(50), b"short".to_vec()].concat()];
    sections.push(custom("name", &section(1, &list(&functions))));
    let (symbols, code) = open(&sections);
    assert_eq!(resolved(&symbols, code + 3), ["first"]);
    assert_eq!(resolved(&symbols, code + 8), ["wasm-function[2]"]);
    let [damage] = symbols.damage() else { panic!("one note: {:?}", symbols.damage()) };
    assert!(damage.offset().is_some() && damage.to_string().contains("damaged"), "{damage}");
}

#[test]
fn what_is_no_module_is_refused_with_a_sentence() {
    let sentence = |bytes: &[u8]| Symbols::of(bytes).err().expect("a refusal").to_string();
    assert_eq!(sentence(b""), "The file is no WebAssembly module. (at byte 0x0 of the file)");
    assert_eq!(sentence(b"<!doctype html>"), "The file is no WebAssembly module. (at byte 0x0 of the file)");
    assert_eq!(sentence(b"\0asm\x0d\0\x01\0"), "The file is a WebAssembly component, not a module.");
}
