//! syn: Rust source is parsed into a tree and written again as tokens, as every procedural macro and many
//! tools do. Tokens, counted references and boxes, most of them small; the text comes last.
#![forbid(unsafe_code)]

use crate::input::{self, Text};
use crate::random::{Fold, Random};
use quote::ToTokens;
use std::fmt::{self, Write};

/// Bytes of the source, at least.
const LEN: usize = 240 * 1024;
/// Times it is parsed; the last tree is dropped when the next one is there.
const PARSED: usize = 2;

/// Writes the source.
pub(super) fn prepare(random: &mut Random) {
    items(&mut input::text(), random).expect("the source fits the input");
}

/// Types, their methods, functions and tests.
fn items(text: &mut Text, random: &mut Random) -> fmt::Result {
    let mut number = 0;
    while text.len() < LEN {
        number += 1;
        write!(text, "/// Holds ")?;
        input::words(text, random, 8)?;
        write!(text, ".\n#[derive(Debug, Clone)]\npub struct Record{number}<'a, T: Clone + 'static> {{\n")?;
        let fields = random.within(1, 9);
        for field in 0..fields {
            let of = ["u32", "&'a str", "Option<Box<T>>", "Vec<(usize, T)>", "[u8; 16]"][random.below(5)];
            writeln!(text, "    pub(crate) field_{field}: {of},")?;
        }
        write!(text, "}}\nimpl<'a, T: Clone> Record{number}<'a, T> {{\n")?;
        for method in 0..random.within(1, 4) {
            writeln!(text, "    pub fn method_{method}(&mut self, limit: usize) -> Result<usize, String> {{")?;
            writeln!(text, "        let mut sum = limit * {} + (limit >> {});", random.below(1_000), random.below(30))?;
            writeln!(text, "        for (i, value) in self.rows.iter().enumerate().filter(|(i, _)| i % 2 == 0) {{")?;
            write!(text, "            match value.kind {{ Kind::A if i < {} => sum += i, ", random.below(90))?;
            write!(
                text,
                "Kind::B(x, ..) | Kind::C {{ x, .. }} => {{ sum ^= x as usize; }} _ => continue }}\n        }}\n"
            )?;
            write!(text, "        if sum > {} {{ return Err(format!(\"sum {{}} at {{}}\", sum, ", random.next())?;
            write!(
                text,
                "self.field_0)); }}\n        Ok(sum.wrapping_add(self.field_{} as usize))\n    }}\n",
                fields - 1
            )?;
        }
        text.write_str("}\n")?;
    }
    Ok(())
}

/// Parses the source and writes its tokens.
pub(super) fn run(_: &mut Random) -> u64 {
    let text = input::text();
    let mut fold = Fold::new();
    let mut kept: Option<syn::File> = None;
    for _ in 0..PARSED {
        let file = syn::parse_file(text.as_str()).expect("the source is sound");
        fold.add_bytes(file.to_token_stream().to_string().as_bytes());
        kept = Some(file);
    }
    fold.add(kept.map_or(0, |file| file.items.len() as u64));
    fold.end()
}
