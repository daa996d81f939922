//! The record of an arena's segments.

use crate::bins::Bins;
use crate::record::{Id, Record};
use crate::vmem::tag::Tag;

/// Free lists of an arena.
pub(crate) const LISTS: usize = 64;

/// The marks at the ends of an arena's list of marks and segments, and the free ones by length.
#[repr(C)]
pub(crate) struct Segments {
    /// The mark that begins the list.
    pub(crate) first: Tag,
    /// The mark that ends it.
    pub(crate) last: Tag,
    /// Free segments by length.
    pub(crate) free: Bins<LISTS>,
}

// SAFETY: `repr(C)`; two tags and bins, each a multiple of 8 bytes, without padding.
unsafe impl Record for Segments {}

impl Id<Segments> {
    /// The mark that begins the list.
    pub(crate) const fn first(self) -> Id<Tag> {
        // SAFETY: `first` is the first field.
        unsafe { self.field(0) }
    }

    /// The mark that ends the list.
    pub(crate) const fn last(self) -> Id<Tag> {
        // SAFETY: `last` is a tag at that offset.
        unsafe { self.field(core::mem::offset_of!(Segments, last) as u32) }
    }

    /// The free lists.
    pub(crate) const fn free(self) -> Id<Bins<LISTS>> {
        // SAFETY: `free` is at that offset.
        unsafe { self.field(core::mem::offset_of!(Segments, free) as u32) }
    }
}
