//! The text that the programs read, written by `prepare` into static memory: making it costs neither
//! time nor heap of the run.
#![forbid(unsafe_code)]

use std::fmt::{self, Write};
use std::sync::{Mutex, MutexGuard};

/// The longest input.
const CAPACITY: usize = 1024 * 1024;

/// The text and its length.
static TEXT: Mutex<Text> = Mutex::new(Text { bytes: [0; CAPACITY], len: 0 });

/// Text in a fixed array.
pub(crate) struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Text {
    /// What was written so far.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("only strings were written")
    }

    /// How many bytes were written.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.len + part.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// The input of this run.
pub(crate) fn text() -> MutexGuard<'static, Text> {
    TEXT.lock().expect("a panic ends the run")
}

/// Writes `n` words, with spaces between.
pub(crate) fn words(text: &mut Text, random: &mut crate::random::Random, n: usize) -> fmt::Result {
    const WORDS: [&str; 16] = [
        "slab",
        "arena",
        "of",
        "magazine",
        "the",
        "allocator",
        "a",
        "round",
        "segment",
        "and",
        "boundary",
        "page",
        "quantum",
        "is",
        "reclaimed",
        "memory",
    ];
    for i in 0..n {
        let space = if i == 0 { "" } else { " " };
        write!(text, "{space}{}", WORDS[random.below(WORDS.len())])?;
    }
    Ok(())
}
