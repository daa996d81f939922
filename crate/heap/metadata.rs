//! Metadata: where tags, the parts of the page map, and magazines come from.
//!
//! It is cut in order from segments of its own, which are never returned; tags that are no longer used go onto a stack and
//! are used again. Before anything that may take tags, metadata for [`RESERVE`] of them is there (invariant I12): one request
//! takes five at most (two for new memory, one for the segment, two more where it is aligned), and three are then left to
//! get more: two for new memory, one for a segment of metadata. A heap begins with [`FIRST`] in its state, two of them for
//! the memory it begins with. So taking a tag never has to make room for one.

use super::{Engine, META};
use crate::page_map::{self, Branch, Leaf, TAG};
use crate::record::{Id, Word, get};
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::Tag;
use crate::vmem::tag::TAG_LEN;

/// Bytes of a segment of metadata: long, so that what stays for ever lies together and is in the way of few large segments.
pub(crate) const CHUNK: u32 = 16_384;

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
            let end = end.0 & !(QUANTUM - 1);
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
    pub(super) fn metadata(&self, len: u32) -> Option<Id<Word>> {
        let arena = &self.state().arena;
        if arena.meta_end.get() == 0 {
            self.begin();
        }
        if arena.meta_end.get() - arena.meta_next.get() < len + RESERVE * TAG_LEN {
            let start = get(self.source(), self.obtain(CHUNK, META)?).start.get();
            arena.meta_next.set(start);
            arena.meta_end.set(start + CHUNK);
        }
        let start = arena.meta_next.get();
        arena.meta_next.set(start + len);
        let bytes = self.source().at(Addr(start));
        // SAFETY: new metadata of that length is nobody's.
        unsafe { bytes.write_bytes(0, len as usize) };
        // SAFETY: the bytes were given to the caller; what they become is its choice.
        Some(unsafe { Id::at(start) })
    }

    /// Makes the page of `addr` ready for the page map to note a large segment, or (`every`) every quantum, there.
    #[inline(never)]
    pub(super) fn map_ready(&self, addr: u32, every: bool) -> bool {
        let branch = &get(self.source(), self.id().map())[page_map::branch_index(addr)];
        if branch.get().is_none() {
            let Some(at) = self.metadata(size_of::<Branch>() as u32) else { return false };
            // SAFETY: zeroed metadata of that length is an empty branch.
            branch.set(Some(unsafe { at.field(0) }));
        }
        let Some(branch) = branch.get() else { return false };
        let entry = &get(self.source(), branch)[page_map::entry_index(addr)];
        if entry.get() & TAG != 0 || entry.get() == 0 && every {
            let Some(leaf) = self.metadata(size_of::<Leaf>() as u32) else { return false };
            // Only now, because getting metadata may have freed what the entry named.
            let old = entry.replace(leaf.addr());
            if old & TAG != 0 {
                // SAFETY: I6: it names the tag of the large segment that begins in this page.
                let start = get::<S, Tag>(self.source(), unsafe { Id::at(old & !TAG) }).start.get();
                page_map::note(self.source(), self.id().map(), start, start, old);
            }
        }
        true
    }
}
