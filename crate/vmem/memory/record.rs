//! The record of a heap's arena, and its reserve of tags.

use super::index::Index;
use crate::list::{Head, push};
use crate::record::{Id, Record, Word, get};
use crate::source::Source;
use crate::vmem::segments::Segments;
use crate::vmem::tag::{TAG_LEN, Tag};

/// The state of the arena. All zero is one that was not begun.
#[repr(C)]
pub(crate) struct MemoryArena {
    /// Its segments. The `start` of the mark that ends them is where the last span ends.
    pub(crate) segments: Segments,
    /// Tags that were used and are none now.
    pub(crate) spare: Head,
    /// Every byte of the last span at or above this address is still as its source gave it: zero.
    pub(crate) fresh: Word,
    /// Metadata that was never used, `[meta_next, meta_end)`: tags are cut from it when none is spare.
    pub(crate) meta_next: Word,
    /// Its end.
    pub(crate) meta_end: Word,
    /// Which segment an address is in.
    pub(crate) index: Index,
}

// SAFETY: `repr(C)`, records without padding and an even number of words.
unsafe impl Record for MemoryArena {}

impl Id<MemoryArena> {
    /// The segments.
    #[inline(always)]
    pub(crate) const fn segments(self) -> Id<Segments> {
        // SAFETY: `segments` is the first field.
        unsafe { self.field(0) }
    }

    /// The head of the stack of spare tags.
    const fn spare(self) -> Id<Head> {
        // SAFETY: `spare` is a head at that offset.
        unsafe { self.field(core::mem::offset_of!(MemoryArena, spare) as u32) }
    }
}

/// A tag with any contents: a spare one, or the next of the metadata, which its owner keeps filled (invariant I12).
#[inline(never)]
pub(crate) fn take_tag<S: Source>(source: &S, arena: Id<MemoryArena>) -> Id<Tag> {
    let state = get(source, arena);
    if let Some(link) = state.spare.first.get() {
        state.spare.first.set(get(source, link).next.first.get());
        return Id::<Tag>::of_link(link);
    }
    let at = state.meta_next.get();
    state.meta_next.set(at + TAG_LEN);
    // SAFETY: the next bytes of the metadata are nobody's, lie at a multiple of 8, and suffice (I12).
    unsafe { Id::at(at) }
}

/// Gives a tag back that is in no list.
pub(crate) fn give_tag<S: Source>(source: &S, arena: Id<MemoryArena>, tag: Id<Tag>) {
    push(source, arena.spare(), tag.link());
}
