//! Metadata: where tags, leaves of the index, and magazines come from.
//!
//! It is cut in order from segments of its own, which are never returned; tags that are no longer used go onto a stack and
//! are used again. Before anything that may take tags, metadata for [`RESERVE`] of them is there (invariant I12): one request
//! takes five at most (two for new memory, one for the segment, two more where it is aligned), and three are then left to
//! get more: two for new memory, one for a segment of metadata. A heap begins with [`FIRST`] in its state, two of them for
//! the memory it begins with. So taking a tag never has to make room for one.

use super::{Engine, META};
use crate::record::{Id, Word, get};
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::memory::index::{self, FRAME_SHIFT, Leaf};
use crate::vmem::tag::TAG_LEN;
use crate::vmem::{Tag, Tiling};

/// The least bytes of a segment of metadata. A heap that grew by more than 32 pages takes a quantum for each, if it can: what
/// stays for ever is in few places then, and in the way of few large segments.
pub(crate) const CHUNK: u32 = 4096;

/// Tags for which there is metadata before an operation.
pub(crate) const RESERVE: u32 = 8;

/// Tags that lie in the state itself.
pub(crate) const FIRST: usize = RESERVE as usize + 2;

impl<S: Source> Engine<S> {
    /// Begins a heap whose state is all zero: its arena, its first tags, and the memory that is there from the start.
    fn begin(&self) {
        let arena = &self.state().arena;
        let tags = self.id().tags();
        arena.meta_next.set(tags);
        arena.meta_end.set(tags + size_of::<[Tag; FIRST]>() as u32);
        self.vmem().begin();
        if let Some((start, end)) = self.source().initial() {
            let start = quanta_up(start.0);
            let end = end.0 >> FRAME_SHIFT << FRAME_SHIFT;
            if start < end {
                self.vmem().add(start, end - start);
                // Nobody vouches for zeros there.
                arena.fresh.set(end);
            }
        }
    }

    /// Gives a new heap the zero bytes `[start, end)` to begin with.
    pub(crate) fn give(&self, start: u32, end: u32) {
        let start = quanta_up(start);
        self.begin();
        self.vmem().add(start, end - start);
    }

    /// Fills the reserve of tags; whether it is full now.
    pub(super) fn reserve(&self) -> bool {
        self.metadata(0).is_some()
    }

    /// `len` zeroed bytes of metadata, a multiple of 8, besides the reserve, which is full then. What is left of a segment
    /// that is too short is given up.
    #[inline(never)]
    pub(crate) fn metadata(&self, len: u32) -> Option<Id<Word>> {
        let arena = &self.state().arena;
        if arena.meta_end.get() == 0 {
            self.begin();
        }
        if arena.meta_end.get() - arena.meta_next.get() < len + RESERVE * TAG_LEN {
            let chunk = CHUNK.max(self.state().grown_pages.get() * QUANTUM);
            let segment = get(self.source(), self.obtain(CHUNK, chunk, META)?);
            arena.meta_next.set(segment.start.get());
            arena.meta_end.set(segment.end());
        }
        let start = arena.meta_next.get();
        arena.meta_next.set(start + len);
        let bytes = self.source().at(Addr(start));
        // SAFETY: new metadata of that length is nobody's.
        unsafe { bytes.write_bytes(0, len as usize) };
        // SAFETY: the bytes were given to the caller; what they become is its choice.
        Some(unsafe { Id::at(start) })
    }

    /// Enters a slab or large segment in the index; whether there is a leaf for it.
    #[inline(never)]
    pub(crate) fn enter(&self, segment: Id<Tag>) -> bool {
        let leaf = index::leaf(self.source(), self.id().arena(), get(self.source(), segment).start.get());
        if leaf.get().is_none() {
            let Some(at) = self.metadata(size_of::<Leaf>() as u32) else { return false };
            // SAFETY: zeroed metadata of that length is an empty leaf.
            leaf.set(Some(unsafe { at.field(0) }));
        }
        index::enter(self.source(), self.id().arena(), segment);
        true
    }
}
