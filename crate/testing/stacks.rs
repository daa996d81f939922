//! The frames of a stack that a person wants to see: those of the program, not of the allocator, of the standard library or of the
//! test's harness.
#![forbid(unsafe_code)]

use std::backtrace::Backtrace;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Frames that are kept.
const FRAMES: usize = 6;

/// Beginnings of functions that nobody looks for.
const OTHERS: [&str; 6] = ["alloc::", "core::", "std::", "flagstone::", "__r", "hashbrown::"];

/// Where files are that nobody looks for: those of the standard library. Names do not tell all: a trait for numbers has none that would,
/// and a program whose debug information is lines only has names without their modules.
const LIBRARIES: [&str; 2] = ["/library/", "/deps/hashbrown-"];

/// The frame below which there is the assertion, and what called it.
const ASSERTION: &str = "flagstone::testing::check::";

/// The file of that frame within the crate, and this one.
const ASSERTION_FILE: &str = "testing/check.rs";
const THIS_FILE: &str = "testing/stacks.rs";

/// The frames of the program above the assertion, the innermost first.
pub(super) fn frames(stack: &Backtrace) -> Vec<String> {
    own(&stack.to_string())
}

/// The same, of the text of a stack: lines `  3: function`, each with a line `at file:line:column` or not.
fn own(text: &str) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    let mut is_own = false;
    for line in text.lines().map(str::trim) {
        let function = line.split_once(": ").filter(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()));
        if let Some((_, function)) = function {
            if is(function, ASSERTION) {
                break;
            }
            is_own = frames.len() < FRAMES && !OTHERS.iter().any(|other| is(function, other));
            if is_own {
                frames.push(String::from(function));
            }
        } else if let Some(place) = line.strip_prefix("at ").filter(|_| is_own)
            && let Some(frame) = frames.pop()
        {
            let place = &place.replace('\\', "/");
            let file = within(place);
            if file.is_some_and(|file| file.starts_with(ASSERTION_FILE)) {
                break;
            }
            if file.is_none() && !LIBRARIES.iter().any(|library| place.contains(library)) {
                frames.push(format!("{frame} at {place}"));
            }
            is_own = false;
        }
    }
    frames
}

/// The rest of a place that is in flagstone's own files. The compiler knows those from the workspace on or from the root of all files, and a
/// stack writes `./` for the folder that the program runs in.
fn within(place: &str) -> Option<&str> {
    let known = file!().replace('\\', "/");
    let of_workspace = known.strip_suffix(THIS_FILE)?;
    let of_root = concat!(env!("CARGO_MANIFEST_DIR"), "/crate/").replace('\\', "/");
    let relative = place.strip_prefix("./").unwrap_or(place);
    relative.strip_prefix(of_workspace).or_else(|| place.strip_prefix(of_root.as_str()))
}

/// Whether a function is one of a crate or module, or of a type or trait in it: `<alloc::vec::Vec<u8> as ...>::clone`.
fn is(function: &str, of: &str) -> bool {
    function.trim_start_matches('<').starts_with(of)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::own;

    #[test]
    fn what_is_left_of_a_stack_is_the_program_s() {
        let text = "   0: flagstone::testing::threads::made
             at ./crate/testing/threads.rs:9:9
   1: <alloc::vec::Vec<T> as core::clone::Clone>::clone
   2: <u8 as alloc::vec::spec_from_elem::SpecFromElem>::from_elem
             at /rustc/59807616/library/alloc/src/vec/spec_from_elem.rs:53:21
   3: app::parser::parse
             at ./src/parser.rs:17:5
   4: app::main::{{closure}}
   5: flagstone::testing::check::Check<S>::assert_no_leak
             at ./crate/testing/check.rs:1:1
   6: app::main
";
        assert_eq!(own(text), ["app::parser::parse at ./src/parser.rs:17:5", "app::main::{{closure}}"]);
        assert!(own("disabled backtrace").is_empty());
    }

    #[test]
    fn files_tell_what_names_without_modules_do_not() {
        let check = concat!(env!("CARGO_MANIFEST_DIR"), "/crate/testing/check.rs:7:7");
        let threads = file!().replace("stacks.rs", "threads.rs:9:9");
        let text = format!(
            "   0: made
             at ./{threads}
   1: from_elem
             at /rustc/59807616/library/alloc/src/vec/spec_from_elem.rs:53:21
   2: insert
             at /rust/deps/hashbrown-0.16.1/src/map.rs:1:1
   3: parse
             at ./src/parser.rs:17:5
   4: assert_no_leak
             at {check}
   5: main
             at ./src/main.rs:1:1
"
        );
        assert_eq!(own(&text), ["parse at ./src/parser.rs:17:5"]);
    }
}
