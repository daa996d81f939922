//! The record of a cache: its magazines, its bins of slabs, its counters.

use core::cell::Cell;

use crate::bins::Bins;
use crate::magazine::Magazines;
use crate::record::{Id, Record, Word};
use crate::slab::BINS;

/// The state of a cache. All zero is one that was never used: no rounds and no room for any.
#[repr(C)]
pub(crate) struct Cache {
    /// The CPU layer.
    pub(crate) magazines: Magazines,
    /// Requests that got null.
    pub(crate) failures: Word,
    /// Allocations served from magazines, ever; for a class of slabs these are all. Frees follow: allocations less live
    /// objects.
    pub(crate) allocations: Cell<u64>,
    /// Slabs by free objects.
    pub(crate) bins: Bins<BINS>,
    /// Slabs ever made.
    pub(crate) creates: Cell<u64>,
}

// SAFETY: `repr(C)`; words, heads and one aligned double word, without padding (asserted below).
unsafe impl Record for Cache {}

const _: () = assert!(size_of::<Cache>() == 4 * (6 + 2 + 10 + 2));

impl Id<Cache> {
    /// The bins.
    pub(crate) const fn bins(self) -> Id<Bins<BINS>> {
        // SAFETY: `bins` is at that offset.
        unsafe { self.field(core::mem::offset_of!(Cache, bins) as u32) }
    }
}
