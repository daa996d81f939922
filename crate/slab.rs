//! A slab: one busy segment of the arena, cut into objects of one size.
//!
//! The bitmap of its free objects lives in its tag, outside it, so no link is ever written into a free object: what was
//! constructed stays constructed, and an inspector sees the state of every object. After Bonwick 1994, with the bitmap for
//! the list of buffers. Of the tag's words for its holder, `owner` is the number of objects and bit `n` of `bits` is set iff
//! object `n` is free.
#![forbid(unsafe_code)]

use crate::vmem::Tag;

/// Bins of slabs: bin `n` holds those with `2^n` to `2^(n+1) - 1` free objects, [`FULL`] the full ones. So the fullest slabs
/// that have a free object are in the lowest bin, and an allocation from there fills what is nearly full (illumos binning).
pub(crate) const BINS: usize = 8;

/// The bin of full slabs, beyond all that an allocation looks at.
pub(crate) const FULL: u32 = 7;

/// The bin a slab belongs into.
#[inline(never)]
pub(crate) fn bin(slab: &Tag) -> u32 {
    (31_u32.wrapping_sub(slab.bits.get().count_ones().leading_zeros())) & FULL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bin_is_the_logarithm_of_the_free_objects() {
        for (free, expected) in [(0, FULL), (1, 0), (2, 1), (3, 1), (4, 2), (31, 4), (32, 5), (63, 5), (64, 6)] {
            let bits = u128::MAX.unbounded_shl(free) as u64;
            let slab = Tag { bits: core::cell::Cell::new(!bits), ..Tag::default() };
            assert_eq!(bin(&slab), expected, "{free} free objects");
        }
    }
}
