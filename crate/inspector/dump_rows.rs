//! What a dump says of itself, and what is said of one that is written. Field names are those of the JavaScript objects, in
//! `camelCase` there.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::arena_rows::COUNT_MAX;
use super::words::Size;
use crate::image::dump::{Contents, Format, Origin, Written};

/// Where a thread was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameRow {
    /// Number of the function in its module.
    pub function: u32,
    /// Bytes from the beginning of the function.
    pub offset: u32,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginRow {
    /// `memory`, `module`, `core dump`, or `flagstone`: a core dump with flagstone's own section.
    pub format: &'static str,
    /// The program; empty where that is not known.
    pub program: String,
    /// Why it was made; empty where that is not known.
    pub reason: String,
    /// The text of the error that it was made because of; empty where there was none.
    pub error: String,
    /// Milliseconds since 1970 when it was made.
    pub time: Option<u64>,
    /// The version of flagstone that wrote it.
    pub writer: Option<String>,
    /// `all` or `records`.
    pub contents: &'static str,
    /// Bytes of the memory that were left out.
    pub left_out_bytes: u64,
    /// Bytes of the memory.
    pub memory_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Number of the memory in the file, and how many there are.
    pub memory: u32,
    /// How many memories there are in the file.
    pub memories: u32,
    /// Where the first thread was, the innermost frame first.
    pub frames: Vec<FrameRow>,
    /// All of it in a sentence.
    pub sentence: String,
}

impl OriginRow {
    /// What an origin says.
    ///
    /// ```
    /// use flagstone::image::dump::{Dump, Request, write};
    /// use flagstone::inspector::dump_rows::OriginRow;
    /// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let request = Request { program: "app", reason: "trap", ..Request::default() };
    /// let file = write(&heap.image(), heap.root(), &request).unwrap().to_bytes(&heap.image()).unwrap();
    /// let origin = OriginRow::of(Dump::open(&file[..], None).unwrap().origin());
    /// assert!(origin.sentence.starts_with("A dump of app (trap), with all of its memory of "), "{}", origin.sentence);
    /// ```
    #[must_use]
    pub fn of(origin: &Origin) -> Self {
        Self {
            format: match origin.format {
                Format::Memory => "memory",
                Format::Module => "module",
                Format::CoreDump => "core dump",
                Format::Flagstone => "flagstone",
            },
            program: origin.program.clone(),
            reason: origin.reason.clone(),
            error: origin.error.clone(),
            // What a file says may be no number of JavaScript.
            time: origin.time.map(|time| time.min(COUNT_MAX)),
            writer: origin.writer.clone(),
            contents: origin.contents.word(),
            left_out_bytes: origin.left_out,
            memory_bytes: origin.memory_bytes,
            file_bytes: origin.file_bytes,
            memory: origin.memory,
            memories: origin.memories,
            frames: origin
                .frames
                .iter()
                .map(|frame| FrameRow { function: frame.function, offset: frame.offset })
                .collect(),
            sentence: sentence(origin),
        }
    }
}

fn sentence(origin: &Origin) -> String {
    let memory = Size(origin.memory_bytes);
    let what = match origin.format {
        Format::Memory => return format!("The bytes of a memory of {memory}."),
        Format::Module => return format!("A module with a memory of {memory}, as it is before it runs."),
        Format::CoreDump => "A core dump",
        Format::Flagstone => "A dump",
    };
    let of = if origin.program.is_empty() { String::new() } else { format!(" of {}", origin.program) };
    let because = if origin.reason.is_empty() { String::new() } else { format!(" ({})", origin.reason) };
    let by = if origin.format == Format::CoreDump { ", written by another tool," } else { "," };
    let error = if origin.error.is_empty() { String::new() } else { format!(" The error: {}", origin.error) };
    format!("{what}{of}{because}{by} with {}.{error}", held(origin.contents, origin.left_out, memory))
}

/// What of a memory is there.
fn held(contents: Contents, left_out: u64, memory: Size) -> String {
    match (contents, left_out) {
        (Contents::All, 0) => format!("all of its memory of {memory}"),
        (Contents::All, left_out) => format!("its memory of {memory} but for {} that were left out", Size(left_out)),
        (Contents::Records, left_out) => format!(
            "the allocator's records only: {} of its memory of {memory} were left out, all that the program keeps in it among them",
            Size(left_out)
        ),
    }
}

/// What a dump that is written holds, in a sentence.
#[must_use]
pub fn written_sentence(written: &Written, contents: Contents, memory_bytes: u64) -> String {
    let held = held(contents, written.left_out_bytes(), Size(memory_bytes));
    format!("A dump of {} with {held}.", Size(written.bytes))
}
