//! serde_json: a document of nested records is parsed into a tree of values, edited and written again.
#![forbid(unsafe_code)]

use crate::input::{self, Text};
use crate::random::{Fold, Random};
use serde_json::{Value, json};
use std::fmt::{self, Write};

/// Bytes of the document, at least.
const LEN: usize = 600 * 1024;
/// Times it is opened; the last version is closed when the next one has been parsed.
const OPENED: usize = 3;

/// Writes the document.
pub(super) fn prepare(random: &mut Random) {
    records(&mut input::text(), random).expect("the document fits the input");
}

/// An array of records.
fn records(text: &mut Text, random: &mut Random) -> fmt::Result {
    text.write_str("[")?;
    let mut number = 0;
    while text.len() < LEN {
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}{{\"id\":{number},\"score\":{}.{},\"name\":\"", random.below(1_000), random.below(100))?;
        input::words(text, random, 3)?;
        write!(text, "\",\"open\":{},\"tags\":[", random.once_in(2))?;
        for tag in 0..random.below(6) {
            let comma = if tag == 0 { "" } else { "," };
            write!(text, "{comma}\"tag-{}\"", random.below(500))?;
        }
        let (x, y) = (random.below(4_000), random.below(4_000));
        write!(text, "],\"place\":{{\"x\":{x},\"y\":{y},\"note\":null}},\"text\":\"")?;
        let length = random.within(1, 30);
        input::words(text, random, length)?;
        text.write_str("\"}")?;
        number += 1;
    }
    text.write_str("]")
}

/// Opens, edits and saves the document.
pub(super) fn run(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut saved = input::text().as_str().to_owned();
    let mut last = Value::Null;
    for _ in 0..OPENED {
        let mut document: Value = serde_json::from_str(&saved).expect("the document is sound");
        for record in document.as_array_mut().expect("the document is an array") {
            record["seen"] = json!({ "by": [random.below(100), random.below(100)], "last": "today" });
        }
        saved = document.to_string();
        fold.add_bytes(saved.as_bytes());
        last = document;
    }
    fold.add(last.as_array().map_or(0, Vec::len) as u64);
    fold.end()
}
