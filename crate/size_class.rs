//! Size classes: which requests share a cache. Pure arithmetic.
//!
//! Classes are 8 bytes apart up to 64, then four to a doubling: 8 16 24 .. 64, 80 96 112 128, 160 192 224 256, ... So at
//! most a fifth of an object above 64 bytes is rounding. The rule is Bonwick's power-of-two-with-steps table (illumos
//! kmem.c) as a formula, extended by natural alignment: a class is aligned to the largest power of two that divides it,
//! and a request whose size is first rounded up to its alignment lands in a class that is a multiple of it:
//! a multiple of `align` in `(2^e, 2^(e+1)]` either has `align` at most the step `2^(e-2)`, which divides every class
//! there, or is itself one of the four classes.
#![forbid(unsafe_code)]

/// Number of size classes.
pub const CLASSES: usize = 24;

/// The largest size that has a class, in bytes; larger requests are segments of the arena.
pub const SMALL_MAX: u32 = 1024;

/// The class of requests of `size` bytes, 1 or more. At least [`CLASSES`] where none has it.
#[inline(always)]
pub(crate) const fn class_of(size: u32) -> u32 {
    let last = size - 1;
    let exponent = 31 - (last | 32).leading_zeros();
    ((exponent - 5) << 2) + (last >> (exponent - 2))
}

/// Bytes of an object of `class`.
pub(crate) const fn size_of_class(class: u32) -> u32 {
    if class < 8 { (class + 1) << 3 } else { (5 + (class & 3)) << ((class >> 2) + 2) }
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
#[inline(always)]
pub(crate) const fn quotient(offset: u32, size: u32) -> u32 {
    match offset.checked_div(size) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// The largest power of two that divides `size`: the alignment of the objects of that size in a slab so aligned.
pub(crate) const fn natural_align(size: u32) -> u32 {
    size & size.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::QUANTUM;

    /// The classes, written out.
    const SIZES: [u32; CLASSES] = [
        8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
    ];

    #[test]
    fn the_formula_is_the_table() {
        for (class, size) in SIZES.into_iter().enumerate() {
            assert_eq!(size_of_class(class as u32), size);
        }
    }

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=SMALL_MAX {
            let smallest = SIZES.iter().position(|&held| held >= size).unwrap();
            assert_eq!(class_of(size), smallest as u32, "size {size}");
        }
        assert_eq!(class_of(SMALL_MAX + 1), CLASSES as u32);
        assert!(class_of(i32::MAX as u32) >= CLASSES as u32);
        assert!(class_of(u32::MAX) >= CLASSES as u32);
    }

    #[test]
    fn a_size_rounded_up_to_its_alignment_gets_a_class_of_that_alignment() {
        for align in (0..=SMALL_MAX.trailing_zeros()).map(|shift| 1 << shift) {
            for size in (1..=SMALL_MAX).map(|size: u32| size.next_multiple_of(align)).filter(|&size| size <= SMALL_MAX) {
                assert_eq!(SIZES[class_of(size) as usize] % align, 0, "size {size} align {align}");
            }
        }
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
}
