//! The record of a heap.

use core::cell::Cell;

use super::metadata::FIRST;
use crate::cache::Cache;
use crate::list::Head;
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
    /// Object caches in the heap.
    pub(crate) object_caches: Siblings,
    /// Budgets in the heap.
    pub(crate) budgets: Siblings,
    /// Whether those who hold memory that they can spare are to be asked for it, or are being asked.
    pub(crate) pressure: Word,
    /// Pages that the memory had grown by when they were asked last.
    pub(crate) asked_at: Word,
    /// The last request that the front end refused, and how many it refused.
    pub(crate) refusal: Refusal,
    /// Names that object caches have besides their own, newest first, by the `link` of their records.
    pub(crate) aliases: Head,
    /// Not zero where no more object caches become one.
    pub(crate) unmerged: Word,
}

/// A request that was refused. All zero: none was.
#[repr(C)]
pub(crate) struct Refusal {
    /// How many were refused, this one included.
    pub(crate) count: Word,
    /// Its bytes.
    pub(crate) size: Word,
    /// Its alignment.
    pub(crate) align: Word,
    /// Its flags.
    pub(crate) flags: Word,
}

// SAFETY: `repr(C)`, four words.
unsafe impl Record for Refusal {}

// SAFETY: `repr(C)`; caches, words, names, heads and aligned double words, without padding (asserted below).
unsafe impl Record for State {}

const _: () = assert!(
    size_of::<State>()
        == CLASSES * size_of::<Cache>() + 8 + size_of::<MemoryArena>() + FIRST * size_of::<Tag>() + 18 * 4
);

/// Bytes of the state, with what diagnosis has behind it.
#[cfg(not(feature = "audit"))]
pub(crate) const STATE_LEN: usize = size_of::<State>();
/// The same.
#[cfg(feature = "audit")]
pub(crate) const STATE_LEN: usize = size_of::<State>() + size_of::<crate::audit::record::AuditState>();

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

    /// The list of object caches.
    pub(crate) const fn object_caches(self) -> Id<Siblings> {
        // SAFETY: `object_caches` is a field at that offset.
        unsafe { self.field(core::mem::offset_of!(State, object_caches) as u32) }
    }

    /// The list of budgets.
    pub(crate) const fn budgets(self) -> Id<Siblings> {
        // SAFETY: `budgets` is a field at that offset.
        unsafe { self.field(core::mem::offset_of!(State, budgets) as u32) }
    }

    /// The list of aliases of object caches.
    pub(crate) const fn aliases(self) -> Id<Head> {
        // SAFETY: `aliases` is a field at that offset.
        unsafe { self.field(core::mem::offset_of!(State, aliases) as u32) }
    }

    /// Where the tags that a heap begins with are.
    pub(crate) const fn tags(self) -> u32 {
        self.addr() + core::mem::offset_of!(State, tags) as u32
    }
}
