//! Size classes: four in each doubling, of whole 8 bytes. A class has a number, which is the place of its
//! list, and a length, which all its blocks have. There is no branch on the way to the number.
#![forbid(unsafe_code)]

use core::alloc::Layout;

/// The least block, and what all lengths are multiples of.
const LEAST: usize = 8;
/// The largest block.
const MOST: usize = 1 << 30;
/// A block lies at a multiple of the largest power of two that divides its length, or of this: blocks of
/// many pages need not leave gaps as long as themselves.
const ALIGN: usize = 4096;
/// How many numbers there are: four for each bit of a length. Below 64 bytes some are of no class.
pub(crate) const COUNT: usize = 4 * u32::BITS as usize;

/// One size class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Class {
    /// Its number, below `COUNT`.
    pub(crate) index: usize,
    /// Bytes of a block.
    pub(crate) len: usize,
    /// What a block's address is a multiple of.
    pub(crate) align: usize,
}

impl Class {
    /// The class whose blocks serve a layout; none when it asks for too much.
    #[inline]
    pub(crate) fn of(layout: Layout) -> Option<Class> {
        let (size, align) = (layout.size().max(LEAST), layout.align());
        // From four times the alignment on, the step between two classes is a multiple of it.
        let size = if align > LEAST && size < 4 * align { size.max(align).next_power_of_two() } else { size };
        if size > MOST || align > ALIGN {
            return None;
        }
        // The last byte's offset, as `1qq...` in binary: its length and `qq` make the number.
        let last = (size.next_multiple_of(LEAST) - 1) as u32;
        let shift = last.ilog2() - 2;
        let index = (shift + 2) * 4 + (last >> shift & 3);
        let len = ((last >> shift) + 1) << shift;
        Some(Class { index: index as usize, len: len as usize, align: (1 << len.trailing_zeros()).min(ALIGN) })
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNT, Class, MOST};
    use core::alloc::Layout;
    use std::vec::Vec;

    fn class(size: usize, align: usize) -> Option<Class> {
        Class::of(Layout::from_size_align(size, align).expect("a layout"))
    }

    #[test]
    fn lengths_are_four_in_a_doubling() {
        let mut lens: Vec<usize> = (1..=512).filter_map(|size| Some(class(size, 1)?.len)).collect();
        lens.dedup();
        assert_eq!(lens, [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512]);
    }

    #[test]
    fn numbers_go_up_with_the_lengths() {
        let mut last = class(1, 1).expect("a class");
        while last.len < MOST {
            let next = class(last.len + 1, 1).expect("a class");
            assert!(next.index > last.index && (last.len < 64 || next.index == last.index + 1));
            last = next;
        }
        assert!(last.index < COUNT);
    }

    #[test]
    fn blocks_serve_their_requests() {
        for align in (0..=12).map(|shift| 1 << shift) {
            for size in (0..300).chain([4_095, 4_096, 4_097, 10_000, 123_456, MOST]) {
                let class = class(size, align).expect("a class");
                assert!(class.len >= size && class.align >= align && class.len.is_multiple_of(class.align));
            }
        }
        assert_eq!(class(MOST + 1, 1), None);
        assert_eq!(class(1, 8192), None);
    }
}
