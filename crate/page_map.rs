//! The page map: which slab or large segment an address belongs to, in three steps.
//!
//! One word a quantum, in leaves of one wasm page each, reached through branches of 256 leaves. Only a page in which a
//! slab lies or a large segment begins has a leaf, so the map costs nothing for the inside of large segments, nothing for
//! memory of others, and never has to move: nothing is in the way of a segment that grows at the end of the heap.
//!
//! The word of every quantum of a slab names the slab; the word of the first quantum of a large segment names its tag;
//! all others are zero (invariant I6).
#![forbid(unsafe_code)]

use core::cell::Cell;

use crate::record::{Id, Word, get};
use crate::source::Source;
use crate::units::{PAGE_BYTES, QUANTUM, QUANTUM_SHIFT};

/// Leaves of a branch, and branches of the map: together they span 4 GiB.
pub(crate) const FANOUT: usize = 256;

/// Words of a leaf: the quanta of a page.
pub(crate) const LEAF_WORDS: usize = (PAGE_BYTES / QUANTUM) as usize;

/// Words for the quanta of one wasm page.
pub(crate) type Leaf = [Word; LEAF_WORDS];

/// The leaves of 16 MiB.
pub(crate) type Branch = [Cell<Id<Leaf>>; FANOUT];

/// The branches of 4 GiB.
pub(crate) type Map = [Cell<Id<Branch>>; FANOUT];

/// The index of the branch of an address in the map.
#[inline(always)]
pub(crate) const fn branch_index(addr: u32) -> usize {
    (addr >> 24) as usize
}

/// The index of the leaf of an address in its branch.
#[inline(always)]
pub(crate) const fn leaf_index(addr: u32) -> usize {
    (addr >> 16 & 0xff) as usize
}

/// The index of the word of an address in its leaf.
#[inline(always)]
const fn word_index(addr: u32) -> usize {
    (addr >> QUANTUM_SHIFT) as usize & (LEAF_WORDS - 1)
}

/// The word for `addr`, or `None` where its page has no leaf.
#[inline(never)]
pub(crate) fn word<'s, S: Source>(source: &'s S, map: Id<Map>, addr: u32) -> Option<&'s Word> {
    let branch = get(source, map)[branch_index(addr)].get().some()?;
    let leaf = get(source, branch)[leaf_index(addr)].get().some()?;
    Some(&get(source, leaf)[word_index(addr)])
}

/// What is noted for `addr`; zero where nothing is.
#[inline(always)]
pub(crate) fn look<S: Source>(source: &S, map: Id<Map>, addr: u32) -> u32 {
    word(source, map, addr).map_or(0, Cell::get)
}

/// Notes `value` for every quantum of `[start, end)`, whose pages have leaves.
pub(crate) fn note<S: Source>(source: &S, map: Id<Map>, start: u32, end: u32, value: u32) {
    let mut at = start;
    while at < end {
        if let Some(word) = word(source, map, at) {
            word.set(value);
        }
        at += QUANTUM;
    }
}
