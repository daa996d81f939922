//! Size classes: which requests share a cache. Pure arithmetic.
//!
//! Up to [`SMALL_MAX`] a class is served from slabs. Classes are 8 bytes apart up to 64, then four to a doubling: 8 16 24 ..
//! 64, 80 96 112 128, 160 192 224 256, ... So at most a fifth of an object above 64 bytes is rounding. The rule is Bonwick's
//! power-of-two-with-steps table (illumos kmem.c) as a formula, extended by natural alignment: a class is aligned to the
//! largest power of two that divides it, and a request whose size is first rounded up to its alignment lands in a class that
//! is a multiple of it: a multiple of `align` in `(2^e, 2^(e+1)]` either has `align` at most the step `2^(e-2)`, which
//! divides every class there, or is itself one of the four classes.
//!
//! Above that, up to [`QUANTA_MAX`] quanta, a class is a number of quanta: its objects are segments of the arena of just that
//! length, kept in magazines while they are free. These are vmem's quantum caches (Bonwick and Adams 2001).
#![forbid(unsafe_code)]

use crate::units::{QUANTUM, QUANTUM_SHIFT};

/// Number of size classes that are served from slabs.
pub const SLAB_CLASSES: usize = 24;

/// The largest size that is served from slabs, in bytes.
pub const SMALL_MAX: u32 = 1024;

/// The most quanta that have a class; larger requests always are new segments of the arena.
pub const QUANTA_MAX: u32 = 32;

/// Number of size classes.
pub const CLASSES: usize = (FIRST_QUANTA + QUANTA_MAX) as usize + 1;

/// The class of no quanta, were there one: class `FIRST_QUANTA + n` is `n` quanta.
const FIRST_QUANTA: u32 = SLAB_CLASSES as u32 - SMALL_MAX / QUANTUM - 1;

/// The class of requests of `size` bytes, 1 or more, at a multiple of `align`, a power of two: that of the size rounded up to
/// the alignment, which does not overflow 32 bits. At least [`CLASSES`] where none has it: where it is too large, or where
/// `align` is more than the quantum that all segments are aligned to.
#[inline]
pub(crate) const fn class_of(size: u32, align: u32) -> u32 {
    // One less than the size rounded up to its alignment.
    let last = (size - 1) | (align - 1);
    if align > QUANTUM {
        u32::MAX
    } else if last < SMALL_MAX {
        let exponent = 31 - (last | 32).leading_zeros();
        ((exponent - 5) << 2) + (last >> (exponent - 2))
    } else {
        FIRST_QUANTA + 1 + (last >> QUANTUM_SHIFT)
    }
}

/// Bytes of an object of `class`.
pub(crate) const fn size_of_class(class: u32) -> u32 {
    if class < 8 {
        (class + 1) << 3
    } else if class < SLAB_CLASSES as u32 {
        (5 + (class & 3)) << ((class >> 2) + 2)
    } else {
        (class - FIRST_QUANTA) << QUANTUM_SHIFT
    }
}

/// Bytes of a slab of objects of `size`: 64 objects, in at most 4 KiB. 64 is what one bitmap word holds; small slabs
/// return to the arena sooner and serve other sizes.
pub(crate) const fn slab_len(size: u32) -> u32 {
    if size >= 64 { 4096 } else { size * 64 }
}

/// Objects in a slab of objects of `size`.
pub(crate) const fn objects_in_slab(size: u32) -> u32 {
    quotient(slab_len(size), size)
}

/// `offset / size` for the size of a class, without the panic of a division by zero.
#[inline]
pub(crate) const fn quotient(offset: u32, size: u32) -> u32 {
    match offset.checked_div(size) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// Rounds of a magazine of `class`: 256 up to 32 bytes, half as many for each doubling, at least 4. So a magazine holds at most
/// 8 KiB of slabs, and little lies idle.
pub(crate) const fn rounds(class: u32) -> u32 {
    let rounds = 256 >> (class >> 2);
    if rounds < 4 { 4 } else { rounds }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The classes of slabs, written out.
    const SIZES: [u32; SLAB_CLASSES] =
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024];

    #[test]
    fn the_formula_is_the_table() {
        for (class, size) in SIZES.into_iter().enumerate() {
            assert_eq!(size_of_class(class as u32), size);
        }
        assert_eq!(size_of_class(24), 1536);
        assert_eq!(size_of_class(CLASSES as u32 - 1), 16_384);
        assert_eq!(CLASSES, 54);
    }

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=16_384 {
            let class = class_of(size, 1);
            assert!(size_of_class(class) >= size, "size {size}");
            assert!(class == 0 || size_of_class(class - 1) < size, "size {size}");
        }
        for size in [16_385, i32::MAX as u32, 1 << 31, u32::MAX] {
            assert!(class_of(size, 1) >= CLASSES as u32);
        }
    }

    #[test]
    fn a_size_rounded_up_to_its_alignment_gets_a_class_of_that_alignment() {
        for align in (0..=QUANTUM.trailing_zeros()).map(|shift| 1 << shift) {
            for size in 1..=16_384 - align {
                assert_eq!(size_of_class(class_of(size, align)) % align, 0, "size {size} align {align}");
            }
        }
        assert!(class_of(1024, 1024) >= CLASSES as u32);
    }

    #[test]
    fn slabs_are_whole_quanta_of_at_most_64_objects_and_waste_at_most_an_eighth() {
        for size in SIZES {
            let (len, objects) = (slab_len(size), objects_in_slab(size));
            assert_eq!(len % QUANTUM, 0);
            assert!((1..=64).contains(&objects));
            assert!((len - objects * size) * 8 <= len, "size {size}");
        }
    }

    #[test]
    fn magazines_hold_8_kib_or_4_rounds() {
        let of_size = |size| rounds(class_of(size, 1));
        assert_eq!([8, 128, 160, 256, 512, 1024, 1536, 16_384].map(of_size), [256, 64, 32, 32, 16, 8, 4, 4]);
    }
}
