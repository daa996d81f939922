//! Size classes: which requests share a cache. Pure arithmetic.
//!
//! Classes are 8 bytes apart up to 128, then eight to a doubling: 8 16 24 .. 128, 144 160 .. 256, 288 320 .. 512, ... So at most
//! a ninth of an object above 64 bytes is rounding. The rule is Bonwick's table of steps (illumos kmem.c) as a formula,
//! extended by natural alignment: a class is aligned to the largest power of two that divides it, and a request whose size is
//! first rounded up to its alignment lands in a class that is a multiple of it: a multiple of `align` in `(2^e, 2^(e+1)]`
//! either has `align` at most the step `2^(e-3)`, which divides every class there, or is itself one of the eight classes.
//!
//! Up to [`SMALL_MAX`] a class is served from slabs. Above, its objects are segments of the arena of just that length, kept
//! in magazines while they are free: vmem's quantum caches (Bonwick and Adams 2001).
#![forbid(unsafe_code)]

use crate::units::{QUANTUM, quanta_up};

/// Number of size classes that are served from slabs.
pub const SLAB_CLASSES: usize = 40;

/// The largest size that is served from slabs, in bytes.
pub const SMALL_MAX: u32 = 1024;

/// The largest size that has a class, in bytes; larger requests always are new segments of the arena.
pub const CLASS_MAX: u32 = 16_384;

/// Number of size classes.
pub const CLASSES: usize = 72;

/// The most bytes of a slab.
pub const SLAB_MAX: u32 = 4096;

/// The most objects of a slab: bits of the word that says which are free.
const OBJECTS_MAX: u32 = 64;

/// The class of requests of `size` bytes, 1 or more, at a multiple of `align`, a power of two: that of the size rounded up to
/// the alignment, which does not overflow 32 bits. At least [`CLASSES`] where none has it: where it is too large, or where
/// `align` is more than the quantum that all segments are aligned to.
pub(crate) const fn class_of(size: u32, align: u32) -> u32 {
    // One less than the size rounded up to its alignment.
    let last = (size - 1) | (align - 1);
    if align > QUANTUM {
        return u32::MAX;
    }
    let exponent = 31 - (last | 64).leading_zeros();
    ((exponent - 6) << 3) + (last >> (exponent - 3))
}

/// Bytes of an object of `class`.
pub(crate) const fn size_of_class(class: u32) -> u32 {
    if class < 8 { (class + 1) << 3 } else { (9 + (class & 7)) << ((class >> 3) + 2) }
}

/// Bytes of a segment for a request that no slab serves: its class's size, or whole quanta.
pub(crate) const fn segment_len(size: u32, align: u32) -> u32 {
    let class = class_of(size, align);
    if class < CLASSES as u32 { size_of_class(class) } else { quanta_up(size) }
}

/// Bytes of a new slab of objects of `size` for a cache that made `creates` slabs before: a few objects for a cache that was
/// hardly used, more for each slab it needed, up to 64 in 4 KiB. A small heap is not spread over many half empty slabs then;
/// slabs that never get large return to the arena soon and serve other sizes.
pub(crate) const fn slab_len(size: u32, creates: u32) -> u32 {
    let objects = least(least(creates.saturating_add(4), OBJECTS_MAX), quotient(SLAB_MAX, size));
    quanta_up(objects * size)
}

/// Objects in a slab of `len` bytes of objects of `size`.
pub(crate) const fn objects_in_slab(len: u32, size: u32) -> u32 {
    least(quotient(len, size), OBJECTS_MAX)
}

/// The smaller one.
const fn least(a: u32, b: u32) -> u32 {
    if a < b { a } else { b }
}

/// `offset / size` for the size of a class, without the panic of a division by zero.
pub(crate) const fn quotient(offset: u32, size: u32) -> u32 {
    match offset.checked_div(size) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// Rounds of a magazine of objects of `size`: 8 KiB of them, but at most 256 and at least 8.
pub(crate) const fn rounds(size: u32) -> u32 {
    let rounds = least(quotient(8192, size), 256);
    if rounds < 8 { 8 } else { rounds }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The classes of slabs from 64 bytes on, written out.
    const SIZES: [u32; 33] = [
        64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448,
        480, 512, 576, 640, 704, 768, 832, 896, 960, 1024,
    ];

    #[test]
    fn the_formula_is_the_table() {
        for class in 0..8 {
            assert_eq!(size_of_class(class), 8 * (class + 1));
        }
        for (class, size) in (7..).zip(SIZES) {
            assert_eq!(size_of_class(class), size);
        }
        assert_eq!(size_of_class(SLAB_CLASSES as u32 - 1), SMALL_MAX);
        assert_eq!(size_of_class(CLASSES as u32 - 1), CLASS_MAX);
    }

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=CLASS_MAX {
            let class = class_of(size, 1);
            assert!(size_of_class(class) >= size, "size {size}");
            assert!(class == 0 || size_of_class(class - 1) < size, "size {size}");
        }
        for size in [CLASS_MAX + 1, i32::MAX as u32, 1 << 31, u32::MAX] {
            assert!(class_of(size, 1) >= CLASSES as u32);
        }
    }

    #[test]
    fn a_size_rounded_up_to_its_alignment_gets_a_class_of_that_alignment() {
        for align in (0..=QUANTUM.trailing_zeros()).map(|shift| 1 << shift) {
            for size in 1..=CLASS_MAX - align {
                assert_eq!(size_of_class(class_of(size, align)) % align, 0, "size {size} align {align}");
            }
        }
        assert!(class_of(1024, 2 * QUANTUM) >= CLASSES as u32);
    }

    #[test]
    fn a_segment_is_whole_quanta_and_what_it_is_for_fits() {
        for size in SMALL_MAX + 1..=2 * CLASS_MAX {
            let len = segment_len(size, 1);
            assert!(len.is_multiple_of(QUANTUM) && len >= size && (len - size) * 8 <= size, "size {size}");
        }
    }

    #[test]
    fn slabs_begin_with_four_objects_and_grow_to_64_or_4_kib() {
        for size in (8..64).step_by(8).chain(SIZES) {
            let objects = |creates| objects_in_slab(slab_len(size, creates), size);
            assert!(objects(0) >= 4 && objects(0) * size < 4 * size + QUANTUM + size, "size {size}");
            assert_eq!(slab_len(size, 60), slab_len(size, u32::MAX), "size {size}");
            assert!(slab_len(size, 60) <= SLAB_MAX && slab_len(size, 60).is_multiple_of(QUANTUM));
            assert!(objects(60) == 64 || (objects(60) + 1) * size > SLAB_MAX, "size {size}");
        }
    }

    #[test]
    fn magazines_hold_8_kib_or_8_rounds() {
        assert_eq!([8, 32, 64, 128, 512, 1024, 1536, 16_384].map(rounds), [256, 256, 128, 64, 16, 8, 8, 8]);
    }
}
