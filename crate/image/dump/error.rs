//! Why a file cannot be opened.
#![forbid(unsafe_code)]

use alloc::string::String;
use core::fmt;

use crate::image::Error;
use crate::root::LAYOUT_VERSION;

/// The version of this crate.
pub(super) const THIS: &str = env!("CARGO_PKG_VERSION");

/// Why a file cannot be opened. An `at` is an offset in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DumpError {
    /// The file, or a section of it, ends before something that should be in it.
    Cut {
        /// Where that begins.
        at: u64,
        /// Its bytes.
        wanted: u64,
        /// Where the file or the section ends.
        end: u64,
    },
    /// A number is longer than it may be.
    LongNumber {
        /// Where it begins.
        at: u64,
        /// The bits it may have.
        bits: u32,
    },
    /// A section reaches beyond the end of the file.
    LongSection {
        /// The number that says what it is.
        id: u8,
        /// Where it begins.
        at: u64,
        /// The bytes it says it has.
        bytes: u64,
        /// The bytes of the file.
        len: u64,
    },
    /// The file is WebAssembly of another version, or a component.
    NotAModule {
        /// The version found.
        version: u32,
    },
    /// Flags that the format does not have.
    Flags {
        /// Of what.
        what: &'static str,
        /// What they are.
        flags: u32,
        /// Where they are.
        at: u64,
    },
    /// There is more of something than is read.
    TooMany {
        /// What there is.
        what: &'static str,
        /// How many.
        count: u64,
        /// How many there may be.
        most: u64,
        /// Where that is said.
        at: u64,
    },
    /// A memory of more than 4 GiB.
    LongMemory {
        /// Its bytes, or as many as a number can say.
        bytes: u64,
        /// Where that is said.
        at: u64,
    },
    /// There is no memory in the file.
    NoMemory,
    /// The address of a data segment is not a constant.
    NotConstant {
        /// The instruction that gives it.
        opcode: u8,
        /// Where it is.
        at: u64,
    },
    /// A data segment does not lie in its memory.
    Beyond {
        /// Its address, or what is said to be it.
        address: i64,
        /// Its bytes.
        bytes: u64,
        /// Number of its memory.
        memory: u32,
        /// Bytes of that; zero where there is no such memory.
        memory_bytes: u64,
        /// Where it is.
        at: u64,
    },
    /// Two data segments give the same byte of a memory.
    Overlap {
        /// The address of that byte.
        address: u32,
        /// Where the bytes of one are.
        at: u64,
        /// Where the bytes of the other are.
        other: u64,
    },
    /// Flagstone's own section is of another version.
    SectionVersion {
        /// That version.
        found: u32,
        /// The flagstone that wrote it.
        writer: String,
    },
    /// Flagstone's own section says what cannot be.
    Section {
        /// What it says.
        what: &'static str,
        /// The value.
        value: u64,
        /// Where it is.
        at: u64,
    },
    /// The heap in the file is laid out in a way this reader does not know.
    OtherLayout {
        /// The version found.
        found: u32,
        /// The flagstone that wrote it.
        writer: String,
    },
    /// The memory in the file cannot be read as a heap.
    Heap(Error),
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { at, wanted, end } => {
                write!(
                    f,
                    "the file is cut short: {wanted} bytes should be at its byte {at}, and there it ends at {end}"
                )
            }
            Self::LongNumber { at, bits } => {
                write!(f, "the number at byte {at} of the file has more than {bits} bits")
            }
            Self::LongSection { id, at, bytes, len } => write!(
                f,
                "the section {id} at byte {at} says it has {bytes} bytes, and the file ends at {len}: it was cut short or is damaged"
            ),
            Self::NotAModule { version } => write!(
                f,
                "the file is WebAssembly of version {version:#x}, not a module or core dump, which have version 0x1"
            ),
            Self::Flags { what, flags, at } => {
                write!(f, "the {what} at byte {at} of the file has flags {flags:#x}, which are not known")
            }
            Self::TooMany { what, count, most, at } => {
                write!(f, "byte {at} of the file says there are {count} {what}, and at most {most} are read")
            }
            Self::LongMemory { bytes, at } => write!(
                f,
                "byte {at} of the file says the memory has {bytes} bytes: flagstone's heaps lie in memories of at most 4 GiB"
            ),
            Self::NoMemory => f.write_str(
                "the file is WebAssembly without a memory of its own: open a core dump, or the bytes of a memory",
            ),
            Self::NotConstant { opcode, at } => write!(
                f,
                "the address of the data segment at byte {at} of the file is no constant: it begins with the instruction {opcode:#x}"
            ),
            Self::Beyond { address, bytes, memory, memory_bytes, at } => write!(
                f,
                "the data segment at byte {at} of the file puts {bytes} bytes at address {address:#x} of memory {memory}, which has {memory_bytes} bytes"
            ),
            Self::Overlap { address, at, other } => write!(
                f,
                "two data segments, at bytes {at} and {other} of the file, both say what is at address {address:#x}"
            ),
            Self::SectionVersion { found, writer } => write!(
                f,
                "the dump has a flagstone section of version {found}, written by {flagstone}; this is flagstone {THIS}, which reads version {}: open it with the inspector of {flagstone}",
                super::own::SECTION_VERSION,
                flagstone = Writer(writer),
            ),
            Self::Section { what, value, at } => {
                write!(
                    f,
                    "flagstone's section, at byte {at} of the file, says that {what} is {value:#x}, which cannot be"
                )
            }
            Self::OtherLayout { found, writer } => write!(
                f,
                "the heap in the dump has layout version {found}, and this is flagstone {THIS}, which reads version {LAYOUT_VERSION}: open it with the inspector of {}, which wrote it",
                Writer(writer)
            ),
            Self::Heap(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DumpError {}

impl From<Error> for DumpError {
    fn from(error: Error) -> Self {
        Self::Heap(error)
    }
}

/// The flagstone that wrote a file, as far as it says.
struct Writer<'w>(&'w str);

impl fmt::Display for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("an unknown flagstone") } else { write!(f, "flagstone {}", self.0) }
    }
}
