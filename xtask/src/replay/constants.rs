//! The constants of the allocator, as its sources state them: which there are, and how to change one.
//!
//! A constant that can be changed stands on one line: `const NAME: TYPE = VALUE;`, with `pub` or not. Tests are left out.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The sources of the allocator: paths below its folder, and texts.
pub(super) type Sources = BTreeMap<String, String>;

/// One line that states a constant: the parts of the line.
#[derive(Debug, PartialEq)]
struct Statement<'t> {
    /// Up to the value.
    before: &'t str,
    name: &'t str,
    value: &'t str,
    /// From the semicolon on.
    behind: &'t str,
}

impl<'t> Statement<'t> {
    /// What the line states, if it states a constant.
    fn of(line: &'t str) -> Option<Self> {
        let mut rest = line.trim_start();
        if let Some(public) = rest.strip_prefix("pub") {
            rest = match public.strip_prefix('(') {
                Some(scope) => scope.split_once(") ")?.1,
                None => public.strip_prefix(' ')?,
            };
        }
        let (name, _) = rest.strip_prefix("const ")?.split_once(": ")?;
        let named = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let (_, value) = line.split_once(" = ")?;
        let (value, _) = value.rsplit_once(';')?;
        let start = line.len() - line.split_once(" = ")?.1.len();
        let (before, behind) = (line.get(..start)?, line.get(start + value.len()..)?);
        (named && name != "_").then_some(Statement { before, name, value, behind })
    }
}

/// The lines of a source before its tests, with their numbers from 0.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]")
}

/// Every statement in the sources: path, number of the line from 0, and what it states.
fn statements(sources: &Sources) -> impl Iterator<Item = (&str, usize, Statement<'_>)> {
    let tests = |path: &str| path == "tests.rs" || path.ends_with("/tests.rs");
    sources.iter().filter(move |(path, _)| !tests(path)).flat_map(|(path, text)| {
        lines(text).filter_map(move |(number, line)| Some((path.as_str(), number, Statement::of(line)?)))
    })
}

/// Changes the value of the constant `name`.
pub(super) fn change(sources: &mut Sources, name: &str, value: &str) -> Result<()> {
    let found: Vec<(String, usize)> = statements(sources)
        .filter(|(_, _, statement)| statement.name == name)
        .map(|(path, number, _)| (path.to_owned(), number))
        .collect();
    let (path, number) = match found.as_slice() {
        [] => bail!("the allocator has no constant {name}; it has\n{}", list(sources)),
        [one] => one,
        several => {
            let places: Vec<String> =
                several.iter().map(|(path, number)| format!("crate/{path}:{}", number + 1)).collect();
            bail!("{name} names {} constants of the allocator: {}", several.len(), places.join(", "));
        }
    };
    let text = sources.get_mut(path).context("the source is there")?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = lines.get_mut(*number).context("the line is there")?;
    let statement = Statement::of(line).context("the line states a constant")?;
    *line = format!("{}{value}{}", statement.before, statement.behind);
    *text = lines.join("\n") + "\n";
    Ok(())
}

/// All constants, a line for each: name, value, place.
fn list(sources: &Sources) -> String {
    let mut list = String::new();
    for (path, number, Statement { name, value, .. }) in statements(sources) {
        // Writing to a string does not fail.
        let _ = writeln!(list, "    {name} = {value} (crate/{path}:{})", number + 1);
    }
    list.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Sources, Statement, change};

    const ARENA: &str = "//! The arena.\n\n/// How many.\nconst PROBES: u32 = 16;\nlet x = 1;\n";
    const UNITS: &str = "pub const QUANTUM: u32 = 512;\npub(crate) const TABLE: [u8; 2] = [1; 2]; // two\n\
        const LONG: u32 =\n    1;\nconst _: () = assert!(true);\nconst fn f<const N: usize>() {}\n\
        #[cfg(test)]\nmod tests {\n    const PROBES: u32 = 1;\n}\n";

    fn sources() -> Sources {
        [("vmem.rs", ARENA), ("units.rs", UNITS), ("inspector/tests.rs", ARENA)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into()
    }

    #[test]
    fn a_line_is_taken_apart() {
        let statement =
            Statement::of("    pub(in crate::a) const A_1: [u8; 2] = [7; 2]; // seven").expect("a statement");
        assert_eq!((statement.name, statement.value), ("A_1", "[7; 2]"));
        assert_eq!(statement.before, "    pub(in crate::a) const A_1: [u8; 2] = ");
        assert_eq!(statement.behind, "; // seven");
        for line in ["const fn f() -> u32 {", "pubconst A: u8 = 1;", "const _: () = ();", "const a: u8 = 1;", "A = 1;"]
        {
            assert_eq!(Statement::of(line), None, "{line}");
        }
    }

    #[test]
    fn a_constant_is_changed_and_nothing_else() {
        let mut changed = sources();
        change(&mut changed, "PROBES", "4").expect("one constant");
        assert_eq!(changed["vmem.rs"], ARENA.replace("16", "4"));
        change(&mut changed, "TABLE", "[3; 2]").expect("one constant");
        assert_eq!(changed["units.rs"], UNITS.replace("[1; 2]", "[3; 2]"));
        assert_eq!(changed["inspector/tests.rs"], ARENA);
    }

    #[test]
    fn an_unknown_constant_is_an_error_that_lists_the_known_ones() {
        let error = change(&mut sources(), "PROBE", "4").expect_err("no such constant").to_string();
        assert!(error.contains("no constant PROBE"), "{error}");
        assert!(error.contains("PROBES = 16 (crate/vmem.rs:4)"), "{error}");
        assert!(error.contains("QUANTUM = 512 (crate/units.rs:1)"), "{error}");
        assert!(!error.contains("LONG"), "{error}");
    }

    #[test]
    fn a_constant_that_is_there_twice_is_an_error_with_its_places() {
        let mut twice = sources();
        twice.insert("bins.rs".to_owned(), ARENA.to_owned());
        let error = change(&mut twice, "PROBES", "4").expect_err("two constants").to_string();
        assert_eq!(error, "PROBES names 2 constants of the allocator: crate/bins.rs:4, crate/vmem.rs:4");
    }
}
