//! The root: the one record from which everything else about a heap is found.
//!
//! On wasm it is the exported static `__flagstone_root`; over a byte array it is the first record of the array. It begins
//! with a magic and the version of the layout of all records, so it is also found by looking for it.

use crate::record::{Record, Word};

/// What a root begins with.
pub(crate) const MAGIC: [u32; 2] = [u32::from_le_bytes(*b"flag"), u32::from_le_bytes(*b"ston")];

/// The version of the layout of all records. It changes with any of them.
pub(crate) const LAYOUT_VERSION: u32 = 5;

/// What the root of this build says: with the feature `audit`, that its records are there too.
pub(crate) const VERSION: u32 = if cfg!(feature = "audit") { LAYOUT_VERSION | AUDITED } else { LAYOUT_VERSION };

/// Bit of the version: the records of diagnosis lie behind the state of the heap.
pub(crate) const AUDITED: u32 = 0x4000_0000;

/// What a root of the small core says in place of a version: there are no records behind it that an inspector reads.
#[cfg(any(feature = "inspector", all(feature = "small", target_family = "wasm")))]
pub(crate) const SMALL_VERSION: u32 = 0x8000_0000;

/// Where the parts of a memory are. Addresses are bytes from the start of the memory; zero where there is no such part.
#[repr(C)]
pub(crate) struct Root {
    /// [`MAGIC`].
    pub(crate) magic: [Word; 2],
    /// [`LAYOUT_VERSION`].
    pub(crate) version: Word,
    /// Address of the state of the heap.
    pub(crate) state: Word,
    /// Lowest address of the stack.
    pub(crate) stack_low: Word,
    /// One past the highest address of the stack.
    pub(crate) stack_high: Word,
    /// First address above data and stack.
    pub(crate) heap_base: Word,
}

// SAFETY: `repr(C)`, seven words.
unsafe impl Record for Root {}

/// Bytes of a root.
pub(crate) const ROOT_LEN: u32 = size_of::<Root>() as u32;
