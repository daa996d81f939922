//! regex: many patterns are compiled and searched for in a log, as an editor or a filter of messages does.
//! Compiling makes trees and tables that die at once; the patterns and their caches stay until the next set.
#![forbid(unsafe_code)]

use crate::input::{self, Text};
use crate::random::{Fold, Random};
use regex::Regex;
use std::fmt::{self, Write};

/// Bytes of the log, at least.
const LEN: usize = 64 * 1024;
/// Patterns that are alive at a time, until the next ones are compiled.
const SET: usize = 12;
/// Sets of patterns.
const SETS: usize = 8;

/// Writes the log.
pub(super) fn prepare(random: &mut Random) {
    lines(&mut input::text(), random).expect("the log fits the input");
}

/// Lines with a time, a level, an address, words and fields.
fn lines(text: &mut Text, random: &mut Random) -> fmt::Result {
    while text.len() < LEN {
        let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
        let level = ["info", "warning", "error", "debug"][random.below(4)];
        write!(text, "2026-08-{:02}T{hour:02}:{minute:02}:{second:02} {level} ", random.within(1, 31))?;
        write!(text, "10.{}.{}.{} ", random.below(256), random.below(256), random.below(256))?;
        let length = random.within(3, 12);
        input::words(text, random, length)?;
        writeln!(
            text,
            " id={:08x} took={}ms user=u{}@example.org",
            random.next(),
            random.below(5_000),
            random.below(900)
        )?;
    }
    Ok(())
}

/// A pattern of one of twelve shapes.
fn pattern(shape: usize, random: &mut Random) -> String {
    let (a, b) = (random.below(10), random.within(10, 59));
    match shape {
        0 => format!(r"^2026-08-{a}\d"),
        1 => format!(r"T\d\d:{b}:(\d\d) (?P<level>error|warning)"),
        2 => format!(r"\b10\.{b}\.(\d{{1,3}})\.(\d{{1,3}})\b"),
        3 => format!(r"id=([0-9a-f]{{4}}){a}[0-9a-f]{{3}}"),
        4 => format!(r"(?i)SLAB|ARENA|quantum {a}|magazine"),
        5 => format!(r"took=(\d*{a})ms"),
        6 => format!(r"user=(u\d*{a})@([a-z]+)\.(org|com|net)"),
        7 => format!(r"(?:the|a|of) (\w+) (?:and|is) (\w+){{1,{}}}", a + 1),
        8 => format!(r"(?m)^.*debug.*took=\d{{1,{}}}ms.*$", a % 4 + 1),
        9 => format!(r"[^\s=]+={b}"),
        10 => format!(r"(\w+) (\w+) (reclaimed|boundary)( \w+)? id={a}"),
        _ => format!(r"\p{{Lu}}?[a-z]+ {{1,{}}}page", a + 1),
    }
}

/// The last group of every match.
fn last_groups(regex: &Regex, line: &str) -> impl Iterator<Item = String> {
    regex.captures_iter(line).filter_map(|found| Some(found.iter().flatten().last()?.as_str().to_owned()))
}

/// Compiles the patterns of each set and copies what they find in each line.
pub(super) fn run(random: &mut Random) -> u64 {
    let log = input::text();
    let mut fold = Fold::new();
    let mut patterns: Vec<Regex> = Vec::new();
    for _ in 0..SETS {
        patterns = (0..SET).map(|shape| Regex::new(&pattern(shape, random)).expect("the pattern is sound")).collect();
        for line in log.as_str().lines() {
            let found: Vec<String> = patterns.iter().flat_map(|regex| last_groups(regex, line)).collect();
            fold.add(found.len() as u64);
            found.iter().for_each(|text| fold.add_bytes(text.as_bytes()));
        }
    }
    fold.add(patterns.len() as u64);
    fold.end()
}
