//! Strings: made by formatting, split, changed, sorted, joined.
#![forbid(unsafe_code)]

use crate::random::{Fold, Random};

/// Texts worked on, one after another.
const TEXTS: usize = 12;
/// Lines of each text.
const LINES: usize = 3_000;

/// Works on all texts; the last one is still there while the next is made.
pub(super) fn run(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut last = String::new();
    for _ in 0..TEXTS {
        let lines: Vec<String> = (0..LINES).map(|number| line(random, number)).collect();
        let text = lines.join("\n");
        drop(lines);
        let mut fields: Vec<String> = text.lines().flat_map(|line| line.split(", ")).map(str::to_uppercase).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.retain(|field| !field.ends_with('7'));
        last = fields.join(";");
        fold.add_bytes(last.as_bytes());
    }
    fold.add(last.len() as u64);
    fold.end()
}

/// A line of a few fields.
fn line(random: &mut Random, number: usize) -> String {
    let mut line = format!("{number:06}");
    for _ in 0..random.within(2, 6) {
        line += ", ";
        line += &format!("{:x}", random.next());
    }
    line
}
