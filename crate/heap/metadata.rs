//! Metadata: where tags, slab descriptors, the parts of the page map, and magazines come from.
//!
//! They lie in segments of their own, which are never returned. Records (tags and slab descriptors) come out of a reserve,
//! into which they go back. Before anything that may take records [`RESERVE`] of them are there (invariant I12): one
//! request takes five at most (two for new memory, two for the segment, one for a slab), and three are then left to get
//! more: two for new memory, one for a segment of records. A heap begins with [`FIRST`] in its state. So taking a record
//! never has to make room for one.

use super::{Engine, META};
use crate::page_map::{self, Branch, Leaf};
use crate::record::{Id, get};
use crate::slab::Slab;
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::Tag;
use crate::vmem::arena::{give_record, stock, take_record};

/// Bytes of a segment of records.
const RECORDS_LEN: u32 = 4 * QUANTUM;

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
            let Some(segment) = self.obtain(RECORDS_LEN, QUANTUM, META) else { return false };
            let start = get(self.source(), segment).start.get();
            // SAFETY: a new segment is nobody's, and metadata stays.
            unsafe { stock(self.source(), self.id().arena(), start, RECORDS_LEN) };
        }
        true
    }

    /// `len` zeroed bytes of metadata at a multiple of the quantum.
    pub(super) fn metadata(&self, len: u32) -> Option<Addr> {
        let len = quanta_up(len);
        let segment = self.segment(len, QUANTUM, META)?;
        let start = Addr(get(self.source(), segment).start.get());
        let bytes = self.source().at(start);
        // SAFETY: a new segment of that length is nobody's.
        unsafe { bytes.write_bytes(0, len as usize) };
        Some(start)
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

    /// Makes sure that the page map has a leaf for the page of `addr`.
    #[inline(never)]
    pub(super) fn map_leaf(&self, addr: u32) -> bool {
        let branch = &get(self.source(), self.id().map())[page_map::branch_index(addr)];
        if branch.get().is_none() {
            let Some(at) = self.metadata(size_of::<Branch>() as u32) else { return false };
            // SAFETY: zeroed metadata of that length is an empty branch.
            branch.set(unsafe { Id::at(at) });
        }
        let leaf = &get(self.source(), branch.get())[page_map::leaf_index(addr)];
        if leaf.get().is_none() {
            let Some(at) = self.metadata(size_of::<Leaf>() as u32) else { return false };
            // SAFETY: zeroed metadata of that length is an empty leaf.
            leaf.set(unsafe { Id::at(at) });
        }
        true
    }
}
