//! Programs that write into an object after they gave it back.

use flagstone::audit::FaultKind::Modified;

use super::{Ground, Program, Run, program};

/// Frees an object of `size` bytes and writes `bytes` of it from `offset` on: before that where it is right.
fn stale<G: Ground>(name: &str, size: usize, align: usize, offset: isize, bytes: usize) -> Program<G> {
    program(name, Modified, move |it: &Run<G>| {
        let neighbour = it.alloc(4, size, align);
        let at = it.alloc(1, size, align);
        it.write(at, 0, size);
        if !it.is_wrong() {
            it.write(at, offset, bytes);
        }
        it.free(2, at, size, align);
        if it.is_wrong() {
            it.write(at, offset, bytes);
        }
        it.free(4, neighbour, size, align);
    })
    .damages(offset as i32, bytes as u32)
    .of(size as u32, align as u32)
    .sites(1, 2, 90)
}

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    let mut all = vec![
        stale("the first byte after a free", 40, 8, 0, 1),
        stale("a byte in the middle after a free", 41, 8, 20, 1),
        stale("the last byte after a free", 41, 8, 40, 1),
        stale("the only byte after a free", 1, 1, 0, 1),
        stale("the first byte of 20,000 after a free", 20_000, 8, 0, 1),
        stale("the last byte of 5000 after a free", 5000, 64, 4999, 1),
        stale("all of it after a free", 64, 8, 0, 64),
        stale("a link at 8 after a free", 24, 8, 8, 8),
    ];
    all.extend(pointers());
    all.extend(late());
    all
}

/// Pointers that were copied before the memory moved.
fn pointers<G: Ground>() -> [Program<G>; 4] {
    [
        program("an element of a vector by a pointer from before it grew", Modified, |it: &Run<G>| {
            let at = it.alloc(1, 32, 8);
            let grown = it.realloc(2, at, 32, 8, 64);
            it.write(it.bug(at, grown), 8, 8);
            it.free(3, grown, 64, 8);
        })
        .damages(8, 8)
        .of(32, 8)
        .sites(1, 2, 90),
        program("the tail of a buffer by a pointer from before it shrank", Modified, |it: &Run<G>| {
            let at = it.alloc(1, 4000, 8);
            let shrunk = it.realloc(2, at, 4000, 8, 100);
            it.write(it.bug(at, shrunk), 96, 4);
            it.free(3, shrunk, 100, 8);
        })
        .damages(96, 4)
        .of(4000, 8)
        .sites(1, 2, 90),
        program("a count of references after the last one went", Modified, |it: &Run<G>| {
            let at = it.alloc(1, 32, 8);
            let count = |by: i8| {
                // SAFETY: memory of the heap; once after the free is the bug.
                let old = unsafe { at.cast::<u32>().read() };
                // SAFETY: as above.
                unsafe { at.cast::<u32>().write(old.wrapping_add_signed(by.into())) };
            };
            // SAFETY: just allocated.
            unsafe { at.cast::<u32>().write(2) };
            count(-1);
            if !it.is_wrong() {
                count(-1);
            }
            it.free(2, at, 32, 8);
            if it.is_wrong() {
                count(-1);
            }
        })
        .damages(0, 1)
        .of(32, 8)
        .sites(1, 2, 90),
        program("a flag of one bit after a free", Modified, |it: &Run<G>| {
            let at = it.alloc_zeroed(1, 48, 16);
            if !it.is_wrong() {
                it.flip(at, 21, 0x10);
            }
            it.free(2, at, 48, 16);
            if it.is_wrong() {
                it.flip(at, 21, 0x10);
            }
        })
        .damages(21, 1)
        .of(48, 16)
        .sites(1, 2, 90),
    ]
}

/// What is written long after, or found otherwise than by a check.
fn late<G: Ground>() -> [Program<G>; 4] {
    [
        program("a callback that comes after much else was allocated and freed", Modified, |it: &Run<G>| {
            let at = it.alloc(1, 56, 8);
            if !it.is_wrong() {
                it.write(at, 16, 4);
            }
            it.free(2, at, 56, 8);
            for turn in 0..40 {
                let other = it.alloc(5, 30 + turn, 8);
                it.free(6, other, 30 + turn, 8);
            }
            if it.is_wrong() {
                it.write(at, 16, 4);
            }
        })
        .damages(16, 4)
        .of(56, 8)
        .sites(1, 2, 90),
        program("found when the object leaves the quarantine", Modified, |it: &Run<G>| {
            let at = it.alloc(1, 56, 8);
            if !it.is_wrong() {
                it.write(at, 55, 1);
            }
            it.free(2, at, 56, 8);
            if it.is_wrong() {
                it.write(at, 55, 1);
            }
            it.drain(7);
        })
        .damages(55, 1)
        .of(56, 8)
        .sites(1, 2, 7),
        program("found when the next free makes the quarantine too long", Modified, |it: &Run<G>| {
            it.auditor().set_quarantine(1, 0);
            it.auditor().set_quarantine(4096, 0);
            let at = it.alloc(1, 56, 8);
            if !it.is_wrong() {
                it.write(at, 0, 8);
            }
            it.free(2, at, 56, 8);
            if it.is_wrong() {
                it.write(at, 0, 8);
            }
            let long = it.alloc(5, 4000, 8);
            it.free(6, long, 4000, 8);
            it.auditor().set_quarantine(0, 0);
        })
        .damages(0, 8)
        .of(56, 8)
        .sites(1, 2, 6),
        // The cheap mode finds the beginning of what it hands out again.
        program("found by the next request", Modified, |it: &Run<G>| {
            let neighbour = it.alloc(4, 56, 8);
            let at = it.alloc(1, 56, 8);
            if !it.is_wrong() {
                it.write(at, 3, 2);
            }
            it.free(2, at, 56, 8);
            if it.is_wrong() {
                it.write(at, 3, 2);
            }
            let next = it.alloc(5, 56, 8);
            it.free(6, next, 56, 8);
            it.free(6, neighbour, 56, 8);
        })
        .damages(3, 2)
        .of(56, 8)
        .sites(1, 2, 90)
        .lite(Modified),
    ]
}
