//! pulldown-cmark: a long document is parsed and written as HTML, and once more as a list of owned
//! events, which is how tools that change documents keep them.
#![forbid(unsafe_code)]

use crate::input::{self, Text};
use crate::random::{Fold, Random};
use pulldown_cmark::{Event, Options, Parser, html};
use std::fmt::{self, Write};

/// Bytes of the document, at least.
const LEN: usize = 400 * 1024;
/// Times it is rendered.
const RENDERED: usize = 4;

/// Writes the document.
pub(super) fn prepare(random: &mut Random) {
    sections(&mut input::text(), random).expect("the document fits the input");
}

/// Sections with paragraphs, lists, tables, code and links.
fn sections(text: &mut Text, random: &mut Random) -> fmt::Result {
    let mut number = 0;
    while text.len() < LEN {
        number += 1;
        write!(text, "\n## Section {number}\n\n")?;
        for _ in 0..random.within(1, 4) {
            input::words(text, random, 30)?;
            write!(text, " **strong** and *weak* `code` [a link](page-{number}.html) &amp; more\n\n")?;
        }
        for item in 0..random.below(5) {
            write!(text, "{}- [x] item {item} of ", ["", "  ", "    "][item % 3])?;
            input::words(text, random, 6)?;
            text.write_str("\n")?;
        }
        if random.once_in(3) {
            text.write_str("\n| size | count |\n|---|--:|\n")?;
            for row in 0..random.within(1, 8) {
                writeln!(text, "| {row} | {} |", random.next())?;
            }
        }
        if random.once_in(3) {
            text.write_str("\n```rust\nlet slab = arena.alloc(1 << 12);\n```\n")?;
        }
        write!(text, "\nA note[^{number}].\n\n[^{number}]: ")?;
        input::words(text, random, 8)?;
        text.write_str("\n")?;
    }
    Ok(())
}

/// Renders the document and keeps its events.
pub(super) fn run(_: &mut Random) -> u64 {
    let text = input::text();
    let mut fold = Fold::new();
    let mut kept: Vec<Event<'static>> = Vec::new();
    for _ in 0..RENDERED {
        let mut page = String::new();
        html::push_html(&mut page, Parser::new_ext(text.as_str(), Options::all()));
        fold.add_bytes(page.as_bytes());
        kept = Parser::new_ext(text.as_str(), Options::all()).map(Event::into_static).collect();
        fold.add(kept.len() as u64);
    }
    fold.add(kept.len() as u64);
    fold.end()
}
