//! [`Metadata`]: an arena of a heap's memory for the records of other arenas.
//!
//! Records that lie among the program's objects keep slabs of those from becoming empty. Here they have spans of their own, as
//! illumos keeps its metadata arena apart (kmem.c), and the inspector shows what they take. The records of this arena itself lie
//! in the heap, which calls no arena: a tag for an arena may need a tag here, which needs an object of the heap, and that is
//! the end of it.

use super::arena::supply::sealed::Keep;
use super::arena::{Arena, Error, Options, Records, Usage};
use super::segments::Tiling;
use crate::Heap;
use crate::source::Source;
use crate::units::Addr;

/// Bytes of the longest record that comes from a quantum cache: the longest there can be, so that a slab has twelve tags.
const CACHED: u32 = 128;

/// A span is so many times what is asked for: of tags, a quarter of a page.
const FACTOR: u32 = 16;

/// Room for the records of arenas, apart from the program's objects: give `&metadata` where an arena asks for its records.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::vmem::{Arena, Metadata, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let metadata = Metadata::of(&heap)?;
/// let ports = Arena::new(&metadata, Options::new("ports"))?;
/// ports.add(1024, 1000)?;
/// assert_eq!(ports.alloc(1)?, 1024);
/// assert!(metadata.usage().in_use > 500);
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[derive(Debug)]
pub struct Metadata<'h, R: Records> {
    arena: Arena<'h, R>,
}

/// What its arena is like, but for where spans come from.
const fn options() -> Options<'static> {
    Options { quantum: 8, quantum_caches: CACHED, import_factor: FACTOR, memory: true, ..Options::new("metadata") }
}

impl<'h, S: Source> Metadata<'h, &'h Heap<S>> {
    /// In the memory of `heap`.
    ///
    /// # Errors
    /// [`Error::NoRecords`] where the heap has no memory for the arena's own record.
    pub fn of(heap: &'h Heap<S>) -> Result<Self, Error> {
        Arena::new(heap, Options { import: Some(heap), ..options() }).map(|arena| Self { arena })
    }
}

#[cfg(target_family = "wasm")]
impl Metadata<'static, crate::global::ModuleHeap> {
    /// In this module's heap. Only on wasm.
    ///
    /// # Errors
    /// As [`of`](Metadata::of).
    pub fn of_module() -> Result<Self, Error> {
        let heap = crate::global::ModuleHeap;
        Arena::new(heap, Options { import: Some(&crate::global::ModuleHeap), ..options() }).map(|arena| Self { arena })
    }
}

impl<R: Records> Metadata<'_, R> {
    /// What records take, in bytes. Linear in the segments.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.arena.usage()
    }
}

// SAFETY: the arena's numbers are addresses of the heap's memory, because its spans come from the heap alone, and what it hands
// out is nobody else's until it is freed, at a multiple of its quantum of 8, and cleared here; its own records are the heap's,
// which calls no arena; the list is the heap's.
unsafe impl<R: Records> Keep for &Metadata<'_, R> {
    type Memory = R::Memory;

    fn memory(&self) -> &R::Memory {
        self.arena.memory()
    }

    fn take(&self, len: u32) -> Option<Addr> {
        let at = Addr(self.arena.alloc(len).ok()?);
        let bytes = self.memory().at(at);
        // SAFETY: the bytes were just taken, and are nobody else's.
        unsafe { bytes.write_bytes(0, len as usize) };
        Some(at)
    }

    unsafe fn give(&self, at: Addr, len: u32) {
        let freed = self.arena.free(at.0, len);
        debug_assert_eq!(freed, Ok(()), "records are given back as they were taken");
    }

    fn arenas(&self) -> Option<Addr> {
        self.arena.siblings_at()
    }
}
