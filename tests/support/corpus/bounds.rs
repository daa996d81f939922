//! Programs that write before or behind an object.

use flagstone::audit::FaultKind::Redzone;

use super::{Ground, Program, Run, program};

/// An object of `size` bytes at a multiple of `align`, of which `bytes` from `offset` on are written: those outside it are the bug.
fn writes<G: Ground>(name: &str, size: usize, align: usize, offset: isize, bytes: usize) -> Program<G> {
    program(name, Redzone, move |it: &Run<G>| {
        let at = it.alloc(1, size, align);
        it.write(at, 0, size);
        if it.is_wrong() {
            it.write(at, offset, bytes);
        }
        it.free(2, at, size, align);
    })
    .damages(offset as i32, bytes as u32)
    .of(size as u32, align as u32)
    .given(size as u32, align as u32)
    .sites(1, 0, 2)
}

/// Writes so many elements of `width` bytes, one too many by the bug, into an array of `count`.
fn fills<G: Ground>(name: &str, count: usize, width: usize, more: usize) -> Program<G> {
    program(name, Redzone, move |it: &Run<G>| {
        let at = it.alloc(1, count * width, width);
        for index in 0..it.bug(count + more, count) {
            it.write(at, (index * width) as isize, width);
        }
        it.free(2, at, count * width, width);
    })
    .damages((count * width) as i32, (more * width) as u32)
    .of((count * width) as u32, width as u32)
    .sites(1, 0, 2)
}

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    let mut all = vec![
        // Overruns in all sizes: by 1, 2, 8 and more bytes.
        writes("a byte behind one byte", 1, 1, 1, 1),
        writes("a word behind one byte", 1, 1, 1, 8),
        writes("a byte behind 8", 8, 8, 8, 1),
        writes("a byte behind 13, in the slack of the alignment", 13, 8, 13, 1),
        writes("all slack behind 13", 13, 8, 13, 3),
        writes("two bytes behind 24", 24, 8, 24, 2),
        writes("a word behind 100", 100, 4, 100, 8),
        writes("16 bytes behind 128", 128, 16, 128, 16),
        writes("a byte behind 1000", 1000, 8, 1000, 1),
        writes("a byte behind 1025, the first that has no slab", 1025, 1, 1025, 1),
        writes("two bytes behind 20,000", 20_000, 8, 20_000, 2),
        writes("a byte behind a megabyte", 1 << 20, 8, 1 << 20, 1),
        writes("a byte behind what is aligned to 64", 64, 64, 64, 1),
        writes("a word behind what is aligned to 4096", 100, 4096, 100, 8),
        writes("a byte that is 15 behind the end", 40, 8, 55, 1),
        writes("100 bytes behind 40", 40, 8, 40, 100).needs_guard(),
        writes("a byte that is 127 behind the end", 40, 8, 167, 1).needs_guard(),
        // Underruns.
        writes("a byte before the beginning", 40, 8, -1, 1),
        writes("a length before the beginning", 100, 8, -8, 8),
        writes("a header of 16 bytes before the beginning", 24, 8, -16, 16),
        writes("index -1 of words", 48, 4, -4, 4),
        writes("a byte before 20,000", 20_000, 16, -1, 1),
        // Loops.
        fills("a loop up to the length and one more, of bytes", 37, 1, 1),
        fills("a loop up to the length and one more, of words", 10, 4, 1),
        fills("a loop up to the length and one more, of double words", 25, 8, 1),
        fills("a loop of pairs over an odd number of words", 7, 2, 1),
    ];
    all.push(
        program("a loop down to below zero", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 32, 2);
            let mut index = 15_isize;
            while index >= it.bug(-1, 0) {
                it.write(at, 2 * index, 2);
                index -= 1;
            }
            it.free(2, at, 32, 2);
        })
        .damages(-2, 2)
        .of(32, 2)
        .sites(1, 0, 2),
    );
    all.extend(copies());
    all
}

/// Copies with a wrong length, and what was thought of the memory and is not so.
fn copies<G: Ground>() -> [Program<G>; 9] {
    [
        program("a string is copied with its zero", Redzone, |it: &Run<G>| {
            let text = b"hello world\0";
            let at = it.alloc(1, 11, 1);
            let len = it.bug(text.len(), text.len() - 1);
            // SAFETY: 11 bytes are ours; the twelfth is the bug, in the heap's memory.
            unsafe { at.copy_from_nonoverlapping(text.as_ptr(), len) };
            it.free(2, at, 11, 1);
        })
        .damages(11, 1)
        .of(11, 1)
        .sites(1, 0, 2),
        program("the length of the source is taken for that of the target", Redzone, |it: &Run<G>| {
            let source = it.alloc(3, 20, 4);
            it.write(source, 0, 20);
            let at = it.alloc(1, 12, 4);
            // SAFETY: 12 bytes are ours; the others are the bug, in the heap's memory.
            unsafe { at.copy_from_nonoverlapping(source, it.bug(20, 12)) };
            it.free(2, at, 12, 4);
            it.free(2, source, 20, 4);
        })
        .damages(12, 8)
        .of(12, 4)
        .sites(1, 0, 2),
        program("four channels in a picture of three", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 15, 1);
            it.write(at, 0, 5 * it.bug(4, 3));
            it.free(2, at, 15, 1);
        })
        .damages(15, 5)
        .of(15, 1)
        .sites(1, 0, 2),
        program("characters of two bytes in a text of one", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 8, 1);
            for index in 0..8 {
                it.write(at, index * it.bug(2, 1), it.bug(2, 1));
            }
            it.free(2, at, 8, 1);
        })
        .damages(8, 8)
        .of(8, 1)
        .sites(1, 0, 2),
        program("the last field of a longer type", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 24, 8);
            it.write(at, it.bug(24, 16), 8);
            it.free(2, at, 24, 8);
        })
        .damages(24, 8)
        .of(24, 8)
        .sites(1, 0, 2),
        program("a set of 100 bits in 12 bytes", Redzone, |it: &Run<G>| {
            let at = it.alloc_zeroed(1, 12, 1);
            for bit in 0..it.bug(100, 96) {
                it.flip(at, bit / 8, 1 << (bit % 8));
            }
            it.free(2, at, 12, 1);
        })
        .damages(12, 1)
        .of(12, 1)
        .sites(1, 0, 2),
        program("a ring whose index reaches its length", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 64, 8);
            for turn in 0..20 {
                it.write(at, 8 * (turn % it.bug(9, 8)), 8);
            }
            it.free(2, at, 64, 8);
        })
        .damages(64, 8)
        .of(64, 8)
        .sites(1, 0, 2),
        program("the old length after a shrink", Redzone, |it: &Run<G>| {
            let at = it.alloc(3, 48, 8);
            let at = it.realloc(1, at, 48, 8, 40);
            it.write(at, 0, it.bug(48, 40));
            it.free(2, at, 40, 8);
        })
        .damages(40, 8)
        .of(40, 8)
        .sites(1, 0, 2),
        program("the neighbour's object by a long index", Redzone, |it: &Run<G>| {
            let at = it.alloc(1, 96, 8);
            let neighbours = [it.alloc(3, 96, 8), it.alloc(3, 96, 8)];
            it.write(at, 8 * it.bug(13, 11), 8);
            it.free(2, at, 96, 8);
            neighbours.into_iter().for_each(|at| it.free(2, at, 96, 8));
        })
        .damages(104, 8)
        .of(96, 8)
        .sites(1, 0, 2),
    ]
}
