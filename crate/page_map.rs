//! The page map: which slab or large segment an address belongs to, in three steps.
//!
//! One word a quantum, in leaves of one wasm page each, reached through branches of 256 pages. A page in which only one
//! thing begins, a large segment, has no leaf: its entry in the branch names the segment. So the map costs nothing for the
//! inside of large segments, next to nothing for their starts, nothing for memory of others, and never has to move:
//! nothing is in the way of a segment that grows at the end of the heap.
//!
//! The word of every quantum of a slab names the slab; the word of the first quantum of a large segment names its tag;
//! all others are zero (invariant I6).

use core::cell::Cell;

use crate::record::{Id, Word, get};
use crate::source::Source;
use crate::units::{Addr, PAGE_BYTES, QUANTUM, QUANTUM_SHIFT};

/// Pages of a branch, and branches of the map: together they span 4 GiB.
pub(crate) const FANOUT: usize = 256;

/// Words of a leaf: the quanta of a page.
pub(crate) const LEAF_WORDS: usize = (PAGE_BYTES / QUANTUM) as usize;

/// Words for the quanta of one wasm page.
pub(crate) type Leaf = [Word; LEAF_WORDS];

/// The entries of 16 MiB: zero, the address of a leaf, or that of the tag of a large segment with [`DIRECT`] set.
pub(crate) type Branch = [Word; FANOUT];

/// The branches of 4 GiB.
pub(crate) type Map = [Cell<Id<Branch>>; FANOUT];

/// Set in an entry that names a tag; records lie at multiples of 32.
pub(crate) const DIRECT: u32 = 1;

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

/// The index of the word of an address in its leaf.
#[inline(always)]
pub(crate) const fn word_index(addr: u32) -> usize {
    (addr >> QUANTUM_SHIFT) as usize & (LEAF_WORDS - 1)
}

/// What is noted for `addr`, of which something is: that page has an entry.
#[inline(never)]
pub(crate) fn look<S: Source>(source: &S, map: Id<Map>, addr: u32) -> u32 {
    let branch = get(source, map)[branch_index(addr)].get();
    let entry = get(source, branch)[entry_index(addr)].get();
    if entry & DIRECT != 0 { entry - DIRECT } else { get(source, leaf_named(entry))[word_index(addr)].get() }
}

/// Notes `value` for the quantum of `addr`, whose page has been made ready for it.
#[inline(never)]
pub(crate) fn note<S: Source>(source: &S, map: Id<Map>, addr: u32, value: u32) {
    let branch = get(source, map)[branch_index(addr)].get();
    let entry = &get(source, branch)[entry_index(addr)];
    if entry.get() == 0 || entry.get() & DIRECT != 0 {
        entry.set(if value == 0 { 0 } else { value | DIRECT });
    } else {
        get(source, leaf_named(entry.get()))[word_index(addr)].set(value);
    }
}

/// Notes `value` for every quantum of `[start, end)`, whose pages have leaves.
pub(crate) fn note_all<S: Source>(source: &S, map: Id<Map>, start: u32, end: u32, value: u32) {
    let mut at = start;
    while at < end {
        note(source, map, at, value);
        at += QUANTUM;
    }
}

/// The leaf that an entry names.
#[inline(always)]
pub(crate) const fn leaf_named(entry: u32) -> Id<Leaf> {
    // SAFETY: I6: an entry that is neither zero nor direct is the address of a leaf.
    unsafe { Id::at(Addr(entry)) }
}
