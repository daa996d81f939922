//! A slab: one busy segment of the arena, cut into objects of one size.
//!
//! Its descriptor lives outside it, with a bitmap of the free objects, so no link is ever written into a free object:
//! what was constructed stays constructed, and an inspector sees the state of every object. After Bonwick 1994, with the
//! bitmap for the list of buffers.

use core::cell::Cell;

use crate::list::Link;
use crate::record::{Id, Record, Word};
use crate::vmem::Tag;

/// The descriptor of a slab: as long as a tag, so that both come out of one reserve.
#[repr(C)]
pub(crate) struct Slab {
    /// Place in the list of its bin.
    pub(crate) place: Link,
    /// First address.
    pub(crate) start: Word,
    /// Size class of its objects.
    pub(crate) class: Word,
    /// Objects of the slab.
    pub(crate) objects: Word,
    /// The segment it is made of.
    pub(crate) segment: Cell<Id<Tag>>,
    /// Bit `n` is set iff object `n` is free.
    pub(crate) free: Cell<u64>,
}

// SAFETY: `repr(C)`, six words and an aligned double word, no padding.
unsafe impl Record for Slab {}

const _: () = assert!(size_of::<Slab>() == size_of::<Tag>());

/// Bins of slabs: bin `n` holds those with `2^n` to `2^(n+1) - 1` free objects, [`EMPTY`] the empty ones and [`FULL`] the
/// full ones. So the fullest slabs that have a free object are in the lowest bin, and an allocation from there fills what
/// is nearly full (illumos binning).
pub(crate) const BINS: usize = 8;

/// The bin of empty slabs.
pub(crate) const EMPTY: u32 = 6;

/// The bin of full slabs, beyond all that an allocation looks at.
pub(crate) const FULL: u32 = 7;

impl Slab {
    /// Number of free objects.
    pub(crate) fn free_objects(&self) -> u32 {
        self.free.get().count_ones()
    }

    /// The bin the slab belongs into.
    pub(crate) fn bin(&self) -> u32 {
        let free = self.free_objects();
        if free == self.objects.get() {
            EMPTY
        } else if free == 0 {
            FULL
        } else {
            31 - free.leading_zeros()
        }
    }
}

impl Id<Slab> {
    /// Its place in a bin.
    pub(crate) const fn place(self) -> Id<Link> {
        // SAFETY: `place` is the first field.
        unsafe { self.field(0) }
    }

    /// The slab whose `place` this is.
    pub(crate) const fn of_place(link: Id<Link>) -> Self {
        // SAFETY: links in bins are `place`s, at offset 0.
        unsafe { link.container(0) }
    }
}
