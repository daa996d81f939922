//! How many tests a program ran, read from what it printed.

use std::iter::Sum;

/// Numbers of checks.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

impl Count {
    /// Adds up what test programs say about themselves: cargo's (`test result: ok. 3 passed; 1 failed;
    /// 2 ignored; ...`) and node's (`# pass 3`, with a mark of any kind before it).
    pub(super) fn of_tests(text: &str) -> Count {
        text.lines().map(|line| of_cargo(line).or_else(|| of_node(line)).unwrap_or_default()).sum()
    }

    /// All that were counted.
    pub(super) fn total(self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

/// The last line of a Rust test program.
fn of_cargo(line: &str) -> Option<Count> {
    let (_, numbers) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let number = |what: &str| numbers.split("; ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok());
    Some(Count { passed: number(" passed")?, failed: number(" failed")?, skipped: number(" ignored").unwrap_or(0) })
}

/// One of the last lines of a node test program.
fn of_node(line: &str) -> Option<Count> {
    let (mark, rest) = line.trim().split_once(' ')?;
    let (what, number) = rest.split_once(' ')?;
    if mark != "#" && mark != "ℹ" {
        return None;
    }
    let number = number.parse().ok()?;
    match what {
        "pass" => Some(Count { passed: number, ..Count::default() }),
        "fail" => Some(Count { failed: number, ..Count::default() }),
        "skipped" | "todo" => Some(Count { skipped: number, ..Count::default() }),
        _ => None,
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Count>>(counts: I) -> Count {
        counts.fold(Count::default(), |all, one| Count {
            passed: all.passed + one.passed,
            failed: all.failed + one.failed,
            skipped: all.skipped + one.skipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn cargos_programs_are_added_up() {
        let text = "test a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 filtered out; finished in 1.25s\n";
        assert_eq!(Count::of_tests(text), Count { passed: 5, failed: 1, skipped: 1 });
    }

    #[test]
    fn nodes_programs_are_added_up() {
        let text = "# tests 6\n# pass 4\n# fail 1\n# skipped 1\nℹ pass 2\nℹ duration_ms 12.5\n";
        assert_eq!(Count::of_tests(text), Count { passed: 6, failed: 1, skipped: 1 });
    }

    #[test]
    fn other_output_counts_nothing() {
        assert_eq!(Count::of_tests("passed 3\n# passing 4\n3 passed").total(), 0);
    }
}
