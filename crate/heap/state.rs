//! The record of a heap.

use core::cell::Cell;

use super::metadata::FIRST;
use crate::cache::Cache;
use crate::record::{Id, Record, Word};
use crate::size_class::CLASSES;
use crate::vmem::arena::record::Siblings;
use crate::vmem::{MemoryArena, Tag};

/// All that a heap knows. All zero is a heap that was never used.
#[repr(C)]
pub(crate) struct State {
    /// The caches by class.
    pub(crate) caches: [Cache; CLASSES],
    /// Segments given to the application, ever, but for those from magazines.
    pub(crate) large_allocations: Cell<u64>,
    /// The arena of the heap.
    pub(crate) arena: MemoryArena,
    /// Tags that a heap begins with.
    pub(crate) tags: [Tag; FIRST],
    /// Requests for segments that got null.
    pub(crate) large_failures: Word,
    /// Successful growths.
    pub(crate) growths: Word,
    /// Pages that they gave.
    pub(crate) grown_pages: Word,
    /// Magazines emptied since the last reclaiming.
    pub(crate) flushes: Word,
    /// Arenas whose records lie in the heap.
    pub(crate) arenas: Siblings,
}

// SAFETY: `repr(C)`; caches, words, names and aligned double words, without padding (asserted below).
unsafe impl Record for State {}

const _: () = assert!(
    size_of::<State>()
        == CLASSES * size_of::<Cache>() + 8 + size_of::<MemoryArena>() + FIRST * size_of::<Tag>() + 6 * 4
);

impl Id<State> {
    /// The record of the arena.
    #[inline(always)]
    pub(crate) const fn arena(self) -> Id<MemoryArena> {
        // SAFETY: `arena` is a field at that offset.
        unsafe { self.field(core::mem::offset_of!(State, arena) as u32) }
    }

    /// The record of the cache of `class`, below `CLASSES`.
    #[inline(always)]
    pub(crate) const fn cache(self, class: u32) -> Id<Cache> {
        // SAFETY: `caches` are the first field.
        unsafe { self.field(class * size_of::<Cache>() as u32) }
    }

    /// Where the list of arenas is.
    pub(crate) const fn arenas(self) -> u32 {
        self.addr() + core::mem::offset_of!(State, arenas) as u32
    }

    /// Where the tags that a heap begins with are.
    pub(crate) const fn tags(self) -> u32 {
        self.addr() + core::mem::offset_of!(State, tags) as u32
    }
}
