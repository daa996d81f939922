//! Bytes and words of the memory, wherever they are: diagnosis looks into objects and around them.

use core::cell::Cell;

use super::patterns::byte_at;
use crate::record::{Id, Word, get};
use crate::source::Source;
use crate::units::Addr;

/// The byte at an address, which lies in what the source granted.
#[inline(always)]
pub(crate) fn byte<S: Source>(source: &S, at: u32) -> &Cell<u8> {
    // SAFETY: D1: the address is in a segment of the heap, which is never 0; any byte is a value, and nobody holds an exclusive
    // reference to it while the allocator runs: it is the allocator's own, or it was given back, or its owner called.
    get(source, unsafe { Id::<Cell<u8>>::at(at) })
}

/// The word at an address, a multiple of 4, as `byte`.
#[inline(always)]
pub(crate) fn word<S: Source>(source: &S, at: u32) -> &Word {
    // SAFETY: as for a byte.
    get(source, unsafe { Id::<Word>::at(at) })
}

/// Copies bytes from one place of the memory to another one, which may overlap: a program may name memory that is free.
pub(crate) fn copy<S: Source>(source: &S, from: Addr, to: Addr, len: u32) {
    let (from, to) = (source.at(from), source.at(to));
    // SAFETY: both are segments of the heap, or parts of them, of at least so many bytes.
    unsafe { core::ptr::copy(from, to, len as usize) };
}

/// Writes a pattern into `[start, end)`.
pub(crate) fn fill<S: Source>(source: &S, start: u32, end: u32, pattern: u32) {
    let mut at = start;
    while at < end {
        if at & 3 == 0 && end - at >= 4 {
            word(source, at).set(pattern);
            at += 4;
        } else {
            byte(source, at).set(byte_at(pattern, at));
            at += 1;
        }
    }
}

/// First byte of `[start, end)` that is not the pattern's, and one past the last such byte.
pub(crate) fn damage<S: Source>(source: &S, start: u32, end: u32, pattern: u32) -> Option<(u32, u32)> {
    let mut first = start;
    while first < end {
        if first & 3 == 0 && end - first >= 4 && word(source, first).get() == pattern {
            first += 4;
        } else if byte(source, first).get() == byte_at(pattern, first) {
            first += 1;
        } else {
            let mut last = end;
            while byte(source, last - 1).get() == byte_at(pattern, last - 1) {
                last -= 1;
            }
            return Some((first, last));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::patterns::FREE;
    use super::*;
    use crate::source::{Fixed, Page};
    use crate::units::Pages;

    /// I-35, and that no byte is skipped wherever it is.
    #[test]
    fn a_single_bit_is_found_at_its_byte_and_left_as_it_is() {
        let mut memory = std::vec![Page::ZERO; 1];
        let source = Fixed::new(&mut memory, Addr(0x1_0000));
        assert!(crate::source::Source::grow(&source, Pages(1)).is_some());
        for start in 0x1_0100..0x1_0104 {
            for len in 1..23 {
                fill(&source, start, start + len, FREE);
                assert_eq!(damage(&source, start, start + len, FREE), None);
                for offset in 0..len {
                    for bit in 0..8 {
                        let byte = byte(&source, start + offset);
                        byte.set(byte.get() ^ 1 << bit);
                        let found = damage(&source, start, start + len, FREE);
                        assert_eq!(found, Some((start + offset, start + offset + 1)), "{start:#x} {len} {offset}");
                        assert_eq!(byte.get(), byte_at(FREE, start + offset) ^ 1 << bit);
                        byte.set(byte.get() ^ 1 << bit);
                    }
                }
            }
        }
    }
}
