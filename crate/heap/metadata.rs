//! Metadata: where tags, slab descriptors, the parts of the page map, and magazines come from.
//!
//! They lie in segments of their own of [`CHUNK`] bytes, from which they are cut in order, and which are never returned.
//! Records (tags and slab descriptors) come out of a reserve, into which they go back. Before anything that may take
//! records [`RESERVE`] of them are there (invariant I12): one request takes five at most (two for new memory, two for the
//! segment, one for a slab), and three are then left to get more: two for new memory, one for a segment of metadata. A heap
//! begins with [`FIRST`] in its state. So taking a record never has to make room for one.

use super::{Engine, META};
use crate::page_map::{self, Branch, DIRECT, Leaf};
use crate::record::{Id, get};
use crate::slab::Slab;
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::Tag;
use crate::vmem::arena::{give_record, stock, take_record};
use crate::vmem::tag::RECORD_LEN;

/// Bytes of a segment of metadata: long, so that segments that stay for ever lie together.
pub(crate) const CHUNK: u32 = 4096;

/// Bytes of records that the reserve gets at a time.
const RECORDS_LEN: u32 = 32 * RECORD_LEN;

/// Records in reserve before an operation.
pub(crate) const RESERVE: u32 = 8;

/// Records that lie in the state itself.
pub(crate) const FIRST: usize = RESERVE as usize;

impl<S: Source> Engine<S> {
    /// Begins a heap whose state is all zero: its arena, its first records, and the memory that is there from the start.
    fn begin(&self) {
        let arena = self.id().arena();
        let records = self.id().records();
        self.vmem().begin();
        // SAFETY: the records in the state are the arena's alone.
        unsafe { stock(self.source(), arena, records, size_of::<[Tag; FIRST]>() as u32) };
        if let Some((start, end)) = self.source().initial() {
            let start = quanta_up(start.0);
            let end = end.0 & !(QUANTUM - 1);
            if start < end {
                self.vmem().add(start, end - start);
                // Nobody vouches for zeros there.
                self.state().arena.fresh.set(end);
            }
        }
    }

    /// Gives a new heap the zero bytes `[start, end)` to begin with.
    pub(crate) fn give(&self, start: u32, end: u32) {
        let start = quanta_up(start);
        self.reserve();
        self.vmem().add(start, end - start);
    }

    /// Fills the reserve of records; whether it is full now.
    pub(super) fn reserve(&self) -> bool {
        let arena = &self.state().arena;
        if arena.spare_count.get() < RESERVE {
            if arena.spare_count.get() == 0 {
                self.begin();
                return true;
            }
            let Some(start) = self.carve(RECORDS_LEN) else { return false };
            // SAFETY: new metadata is nobody's, and stays.
            unsafe { stock(self.source(), self.id().arena(), start.0, RECORDS_LEN) };
        }
        true
    }

    /// `len` zeroed bytes of metadata, a multiple of 32, at a multiple of 32.
    pub(super) fn metadata(&self, len: u32) -> Option<Addr> {
        if self.reserve() { self.carve(len) } else { None }
    }

    /// As `metadata`, with a reserve that may not be full. What is left of a segment that is too short is given up.
    fn carve(&self, len: u32) -> Option<Addr> {
        let state = self.state();
        if state.meta_end.get() - state.meta_next.get() < len {
            let start = get(self.source(), self.obtain(CHUNK, QUANTUM, META)?).start.get();
            state.meta_next.set(start);
            state.meta_end.set(start + CHUNK);
        }
        let start = state.meta_next.get();
        state.meta_next.set(start + len);
        let bytes = self.source().at(Addr(start));
        // SAFETY: new metadata of that length is nobody's.
        unsafe { bytes.write_bytes(0, len as usize) };
        Some(Addr(start))
    }

    /// A zeroed descriptor for a slab, out of the reserve.
    pub(super) fn take_slab_record(&self) -> Id<Slab> {
        let record = take_record(self.source(), self.id().arena());
        // SAFETY: a slab's record is as long as a tag's, and zero bytes are an empty one.
        unsafe { Id::at(record.addr()) }
    }

    /// Gives a slab's descriptor back to the reserve.
    pub(super) fn give_slab_record(&self, id: Id<Slab>) {
        // SAFETY: a tag's record is as long as a slab's; the reserve sees it as a tag, and any bytes are one.
        give_record(self.source(), self.id().arena(), unsafe { Id::at(id.addr()) });
    }

    /// Makes the page of `addr` ready for the page map to note a large segment, or (`every`) every quantum, there.
    #[inline(never)]
    pub(super) fn map_ready(&self, addr: u32, every: bool) -> bool {
        let branch = &get(self.source(), self.id().map())[page_map::branch_index(addr)];
        if branch.get().is_none() {
            let Some(at) = self.metadata(size_of::<Branch>() as u32) else { return false };
            // SAFETY: zeroed metadata of that length is an empty branch.
            branch.set(unsafe { Id::at(at) });
        }
        let entry = &get(self.source(), branch.get())[page_map::entry_index(addr)];
        let old = entry.get();
        if old & DIRECT != 0 || old == 0 && every {
            let Some(leaf) = self.metadata(size_of::<Leaf>() as u32) else { return false };
            entry.set(leaf.0);
            if old != 0 {
                // SAFETY: I6: a direct entry names the tag of a large segment.
                let tag: &Tag = get(self.source(), unsafe { Id::at(Addr(old - DIRECT)) });
                page_map::note(self.source(), self.id().map(), tag.start.get(), old - DIRECT);
            }
        }
        true
    }
}
