//! The page map: which slab or large segment an address belongs to, in three steps.
//!
//! One word a quantum, in leaves of one wasm page each, reached through branches of 256 pages. A page in which only one
//! thing begins, a large segment, has no leaf: its entry in the branch names the segment. So the map costs nothing for the
//! inside of large segments, next to nothing for their starts, nothing for memory of others, and never has to move:
//! nothing is in the way of a segment that grows at the end of the heap.
//!
//! The word of every quantum of a slab names its tag; the word of the first quantum of a large segment names its tag;
//! all others are zero (invariant I6).

use crate::record::{Id, Name, Word, get};
use crate::source::Source;
use crate::units::{PAGE_BYTES, QUANTUM, QUANTUM_SHIFT};
use crate::vmem::Tag;

/// Pages of a branch, and branches of the map: together they span 4 GiB.
pub(crate) const FANOUT: usize = 256;

/// Words of a leaf: the quanta of a page.
pub(crate) const LEAF_WORDS: usize = (PAGE_BYTES / QUANTUM) as usize;

/// Words for the quanta of one wasm page: zero, or the address of a tag with [`TAG`] set.
pub(crate) type Leaf = [Word; LEAF_WORDS];

/// The entries of 16 MiB: zero, the address of a leaf, or that of the tag of a large segment with [`TAG`] set.
pub(crate) type Branch = [Word; FANOUT];

/// The branches of 4 GiB.
pub(crate) type Map = [Name<Branch>; FANOUT];

/// Set in a word or an entry that names a tag; tags and leaves lie at multiples of 8.
pub(crate) const TAG: u32 = 1;

/// The index of the branch of an address in the map.
#[inline(always)]
pub(crate) const fn branch_index(addr: u32) -> usize {
    (addr >> 24) as usize
}

/// The index of the entry of an address in its branch.
#[inline(always)]
pub(crate) const fn entry_index(addr: u32) -> usize {
    (addr >> 16 & 0xff) as usize
}

/// The word for the quantum of `addr`, whose page has been made ready: in the leaf of its page, or the entry of a page that
/// has none.
#[inline(never)]
fn word<S: Source>(source: &S, map: Id<Map>, addr: u32) -> &Word {
    // SAFETY: I6: a page that has been made ready has a branch.
    let branch = unsafe { get(source, map)[branch_index(addr)].get().unwrap_unchecked() };
    let entry = &get(source, branch)[entry_index(addr)];
    if entry.get() == 0 || entry.get() & TAG != 0 {
        return entry;
    }
    // SAFETY: I6: an entry that is neither zero nor names a tag is the address of a leaf.
    let leaf: Id<Leaf> = unsafe { Id::at(entry.get()) };
    &get(source, leaf)[(addr >> QUANTUM_SHIFT) as usize & (LEAF_WORDS - 1)]
}

/// The tag noted for `addr`, for which one is.
pub(crate) fn look<S: Source>(source: &S, map: Id<Map>, addr: u32) -> Id<Tag> {
    let name = word(source, map, addr).get();
    // SAFETY: I6: what is noted for a quantum of a slab, or the first of a large segment, is its tag.
    unsafe { Id::at(name - TAG) }
}

/// Notes `name` (the address of a tag with [`TAG`] set, or zero) for every quantum from that at `start` to that at `last`,
/// whose pages have been made ready.
#[inline(never)]
pub(crate) fn note<S: Source>(source: &S, map: Id<Map>, start: u32, last: u32, name: u32) {
    let mut at = start;
    loop {
        word(source, map, at).set(name);
        if at == last {
            return;
        }
        at += QUANTUM;
    }
}
