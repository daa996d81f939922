//! Dumps: a memory in a file, as an image; and the writing of such files.
//!
//! A dump is a [WebAssembly core dump], a file that runtimes write and other tools open: memories as active data segments, and
//! custom sections that say what was dumped. Ours has one section more, with where the root is, why and when it was written, and
//! what was left out of it. `docs/dump-format.md` has all of it. A file that is no WebAssembly is the bytes of a memory.
//!
//! - **What no data segment gives is zero**, as it is in a memory; what was [left out](Hole) on purpose is not zero but unknown, and
//!   reading it is an [error](Error::LeftOut).
//! - **The file stays where it is.** A [`Dump`] keeps where the segments are in the file and reads from there, through [`File`], so
//!   a gigabyte held by JavaScript is not copied. It takes 24 bytes for each segment.
//! - **Nothing in the file is believed.** Lengths and counts are checked against the file before anything is allocated for them;
//!   segments that overlap, or do not lie in their memory, are refused with their place. So opening takes time linear in the number
//!   of segments, and reading finds a segment by halving.
//!
//! [WebAssembly core dump]: https://github.com/WebAssembly/tool-conventions/blob/main/Coredump.md
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Error, Image, find_root};
use crate::units::Addr;

mod error;
mod file;
mod kept;
mod own;
mod sections;
mod write;

pub use error::DumpError;
pub use file::File;
pub use write::{Part, Request, Written, write};

use sections::Sections;

/// What a file of WebAssembly begins with.
const MAGIC: [u8; 4] = *b"\0asm";

/// What a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// All of the memory.
    All,
    /// The allocator's own records, and nothing that the program put into its memory.
    Records,
}

impl Contents {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Records => "records",
        }
    }
}

/// Addresses whose bytes were left out of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The first.
    pub start: u32,
    /// How many: never none, and none lies beyond 4 GiB.
    pub len: u64,
}

impl Hole {
    /// One past the last.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.start as u64 + self.len
    }
}

/// Where a thread was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Number of the instance.
    pub instance: u32,
    /// Number of the function in its module.
    pub function: u32,
    /// Bytes from the beginning of the function.
    pub offset: u32,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The bytes of a memory.
    Memory,
    /// WebAssembly with a memory.
    Module,
    /// A core dump that somebody else wrote.
    CoreDump,
    /// A core dump with flagstone's own section.
    Flagstone,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What it is.
    pub format: Format,
    /// Its bytes.
    pub file_bytes: u64,
    /// Bytes of the memory.
    pub memory_bytes: u64,
    /// Number of the memory in it, and how many there are.
    pub memory: u32,
    /// How many memories there are.
    pub memories: u32,
    /// The program; empty where that is not known.
    pub program: String,
    /// Why it was made; empty where that is not known.
    pub reason: String,
    /// The text of the error that it was made because of; empty where there was none.
    pub error: String,
    /// Milliseconds since 1970 when it was made, where that is known.
    pub time: Option<u64>,
    /// The flagstone that wrote it, where that is known.
    pub writer: Option<String>,
    /// What it holds.
    pub contents: Contents,
    /// Bytes that were left out.
    pub left_out: u64,
    /// Where the first thread was, the innermost frame first.
    pub frames: Vec<Frame>,
}

/// Bytes of a memory that are in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// The address of the first.
    start: u32,
    /// How many.
    len: u32,
    /// Where they are in the file.
    at: u64,
}

impl Piece {
    const fn end(&self) -> u64 {
        self.start as u64 + self.len as u64
    }
}

/// A memory in a file.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr, image::survey::Survey};
/// use flagstone::image::dump::{Dump, Request, write};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let at = heap.alloc(std::alloc::Layout::new::<u64>());
/// let file = write(&heap.image(), heap.root(), &Request::default()).unwrap().to_bytes(&heap.image()).unwrap();
/// let dump = Dump::open(&file[..], None).unwrap();
/// assert_eq!(Survey::take(&dump, dump.root()).unwrap().slabs[0].live(), 1);
/// assert_eq!(dump.origin().reason, "saved");
/// # unsafe { heap.dealloc(at, std::alloc::Layout::new::<u64>()) };
/// ```
#[derive(Debug)]
pub struct Dump<F> {
    file: F,
    len: u64,
    /// In address order; they do not overlap.
    pieces: Vec<Piece>,
    /// In address order; they do not overlap.
    holes: Vec<Hole>,
    root: Addr,
    origin: Origin,
}

impl<F: File> Dump<F> {
    /// Opens a file: a core dump or the bytes of a memory from address 0 on. Without `root`, and where the file does not say where
    /// the root is, it is looked for in what the file has of the memory.
    ///
    /// # Errors
    /// Where the file is damaged or of another version, or has no heap in it.
    pub fn open(file: F, root: Option<Addr>) -> Result<Self, DumpError> {
        let mut begin = [0; 4];
        if file.len() >= 4 && file.read(0, &mut begin) && begin == MAGIC {
            Self::open_sections(file, root)
        } else {
            Self::open_memory(file, root)
        }
    }

    /// Opens the bytes of a memory.
    fn open_memory(file: F, root: Option<Addr>) -> Result<Self, DumpError> {
        let len = file.len();
        if len > 1 << 32 {
            return Err(DumpError::LongMemory { bytes: len, at: 0 });
        }
        // Two pieces, since the length of one of 4 GiB is no length of a piece.
        let half = 1 << 31;
        let first = Piece { start: 0, len: len.min(half) as u32, at: 0 };
        let second = Piece { start: half as u32, len: len.saturating_sub(half) as u32, at: half };
        let pieces = [first, second].into_iter().filter(|piece| piece.len != 0).collect();
        let origin = Origin {
            format: Format::Memory,
            file_bytes: len,
            memory_bytes: len,
            memory: 0,
            memories: 1,
            program: String::new(),
            reason: String::new(),
            error: String::new(),
            time: None,
            writer: None,
            contents: Contents::All,
            left_out: 0,
            frames: Vec::new(),
        };
        let mut dump = Self { file, len, pieces, holes: Vec::new(), root: Addr(0), origin };
        dump.find(root)?;
        Ok(dump)
    }

    fn open_sections(file: F, given: Option<Addr>) -> Result<Self, DumpError> {
        let mut sections = Sections::read(&file)?;
        let own = sections.own.take();
        let memories = sections.memories.len() as u32;
        let (format, wanted) = match &own {
            Some(own) => (Format::Flagstone, Some(own.memory)),
            None if sections.is_core => (Format::CoreDump, None),
            None => (Format::Module, None),
        };
        if let Some(number) = wanted.filter(|number| *number >= memories) {
            let what = "the number of the heap's memory";
            return Err(DumpError::Section { what, value: u64::from(number), at: 0 });
        }
        let root = given.or(own.as_ref().map(|own| own.root));
        let origin = Origin {
            format,
            file_bytes: file.len(),
            memory_bytes: 0,
            memory: 0,
            memories,
            program: sections.program,
            reason: own.as_ref().map_or_else(String::new, |own| own.reason.clone()),
            error: own.as_ref().map_or_else(String::new, |own| own.error.clone()),
            time: own.as_ref().map(|own| own.time),
            writer: own.as_ref().map(|own| own.writer.clone()),
            contents: own.as_ref().map_or(Contents::All, |own| own.contents),
            left_out: own.as_ref().map_or(0, |own| own.holes.iter().map(|hole| hole.len).sum()),
            frames: sections.frames,
        };
        let holes = own.map_or_else(Vec::new, |own| own.holes);
        let mut dump = Self { file, len: 0, pieces: Vec::new(), holes, root: Addr(0), origin };
        let mut failure = None;
        for number in wanted.map_or(0..memories, |number| number..number + 1) {
            let of_memory = sections.pieces.iter().filter(|(memory, _)| *memory == number);
            dump.pieces = of_memory.map(|(_, piece)| *piece).collect();
            dump.len = sections.memories[number as usize];
            (dump.origin.memory, dump.origin.memory_bytes) = (number, dump.len);
            match dump.find(root) {
                Ok(()) => return Ok(dump),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.map_or(DumpError::NoMemory, |error| dump.named(error)))
    }

    /// Finds the root, or sees that it is where it is said to be.
    fn find(&mut self, root: Option<Addr>) -> Result<(), Error> {
        self.root = match root {
            Some(root) => super::root(self, root.0).map(|_| root)?,
            None => find_root(self)?,
        };
        Ok(())
    }

    /// An error of the heap, with who wrote it where the file says that.
    fn named(&self, error: Error) -> DumpError {
        match (error, &self.origin.writer) {
            (Error::WrongVersion { found }, Some(writer)) => {
                DumpError::OtherLayout { found: super::plain(found), writer: writer.clone() }
            }
            (error, _) => DumpError::Heap(error),
        }
    }
}

impl<F> Dump<F> {
    /// Where the root is.
    #[must_use]
    pub const fn root(&self) -> Addr {
        self.root
    }

    /// What the file says of itself.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What was left out, in address order.
    #[must_use]
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }
}

impl<F: File> Image for Dump<F> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        let (begin, end) = (u64::from(at), u64::from(at) + into.len() as u64);
        let wanted = into.len() as u32;
        if end > self.len {
            return Err(Error::Truncated { at, wanted, len: self.len });
        }
        let hole = self.holes.partition_point(|hole| hole.end() <= begin);
        if self.holes.get(hole).is_some_and(|hole| u64::from(hole.start) < end) {
            return Err(Error::LeftOut { at, wanted });
        }
        let first = self.pieces.partition_point(|piece| piece.end() <= begin);
        let mut cursor = begin;
        for piece in self.pieces[first..].iter().take_while(|piece| u64::from(piece.start) < end) {
            let from = cursor.max(u64::from(piece.start));
            let to = end.min(piece.end());
            into[(cursor - begin) as usize..(from - begin) as usize].fill(0);
            let bytes = &mut into[(from - begin) as usize..(to - begin) as usize];
            if !self.file.read(piece.at + (from - u64::from(piece.start)), bytes) {
                return Err(Error::Truncated { at, wanted, len: self.len });
            }
            cursor = to;
        }
        into[(cursor - begin) as usize..].fill(0);
        Ok(())
    }

    fn next_held(&self, at: u64) -> u64 {
        let next = self.pieces.partition_point(|piece| piece.end() <= at);
        self.pieces.get(next).map_or(self.len, |piece| at.max(u64::from(piece.start)))
    }

    fn left_out(&self) -> &[Hole] {
        &self.holes
    }
}

/// What lies between ranges of addresses that are in order and do not overlap, up to `end`.
fn between(ranges: impl IntoIterator<Item = Hole>, end: u64) -> Vec<Hole> {
    let mut gaps = vec![];
    let mut cursor = 0_u64;
    for range in ranges {
        let start = u64::from(range.start).min(end);
        if cursor < start {
            gaps.push(Hole { start: cursor as u32, len: start - cursor });
        }
        cursor = cursor.max(range.end());
    }
    if cursor < end {
        gaps.push(Hole { start: cursor as u32, len: end - cursor });
    }
    gaps
}
