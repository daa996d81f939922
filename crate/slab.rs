//! A slab: one busy segment of the arena, cut into objects of one size.
//!
//! The bitmap of its free objects lives in its tag, outside it, so no link is ever written into a free object: what was
//! constructed stays constructed, and an inspector sees the state of every object. After Bonwick 1994, with the bitmap for
//! the list of buffers. Of the tag's words for its holder, `owner` is the number of objects and bit `n` of `bits` is set iff
//! object `n` is free.
#![forbid(unsafe_code)]

use crate::vmem::Tag;

/// Bins of slabs: bin `n` holds those with `2^n` to `2^(n+1) - 1` free objects, [`EMPTY`] the empty ones and [`FULL`] the
/// full ones. So the fullest slabs that have a free object are in the lowest bin, and an allocation from there fills what
/// is nearly full (illumos binning).
pub(crate) const BINS: usize = 8;

/// The bin of empty slabs.
pub(crate) const EMPTY: u32 = 6;

/// The bin of full slabs, beyond all that an allocation looks at.
pub(crate) const FULL: u32 = 7;

/// The bin a slab belongs into.
#[inline(never)]
pub(crate) fn bin(slab: &Tag) -> u32 {
    let free = slab.bits.get().count_ones();
    if free == slab.owner.get() {
        EMPTY
    } else if free == 0 {
        FULL
    } else {
        31 - free.leading_zeros()
    }
}
