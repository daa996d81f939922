//! Claim: up to 4 GiB of a real memory pointers above 2 GiB work, the last page is never used, and what does not fit gets
//! null, after which the heap goes on.
#![cfg(target_family = "wasm")]

use core::arch::wasm32::memory_size;
use std::alloc::{Layout, alloc, dealloc, realloc};
use std::hint::black_box; // an optimiser may leave out an allocation that nothing uses, and call it served

use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 1).unwrap()
}

/// Takes blocks of a size until there is none, touching only their ends.
fn take_all(size: usize) -> Vec<(*mut u8, usize)> {
    let mut held = Vec::with_capacity(100);
    loop {
        // SAFETY: the layout has a size.
        let at = unsafe { alloc(bytes(size)) };
        if at.is_null() {
            return held;
        }
        let last = at.wrapping_add(size - 1);
        // SAFETY: the first byte of the block.
        unsafe { at.write(1) };
        // SAFETY: the last byte of the block.
        unsafe { last.write(2) };
        held.push((at, size));
    }
}

fn check_and_free(held: Vec<(*mut u8, usize)>) {
    for (at, size) in held {
        // SAFETY: the first byte of a live block, written when it was taken.
        assert_eq!(unsafe { at.read() }, 1);
        let last = at.wrapping_add(size - 1);
        // SAFETY: as above, the last byte.
        assert_eq!(unsafe { last.read() }, 2);
        // SAFETY: taken with this layout.
        unsafe { dealloc(at, bytes(size)) };
    }
}

#[wasm_bindgen_test]
fn a_memory_filled_to_the_last_page_and_emptied() {
    // Large blocks first: no byte of them is touched but the ends, so the machine need not have the memory.
    let mut held = take_all(700 << 20);
    held.extend(take_all(50 << 20));
    held.extend(take_all(1 << 20));
    held.extend(take_all(100_000));
    let end = held.iter().map(|&(at, size)| at.addr() as u64 + size as u64).max().unwrap();
    assert!(end <= 0xffff_0000, "a block ends at {end:#x}");
    assert!(memory_size::<0>() <= 65_535, "the last page was taken");
    let refused = flagstone::stats();
    assert!(cfg!(feature = "small") || refused.large.failures >= 4);
    for size in [100_000, 1 << 20, isize::MAX as usize] {
        // SAFETY: the layout has a size.
        assert!(black_box(unsafe { alloc(bytes(size)) }).is_null());
    }
    let (at, size) = held[0];
    // SAFETY: a live block; a null result leaves it as it is.
    assert!(black_box(unsafe { realloc(at, bytes(size), size + (100 << 20)) }).is_null());
    assert_eq!(flagstone::stats().live_objects(), refused.live_objects());
    check_and_free(held);
    // All of it serves again, for other sizes.
    let again = take_all(900 << 20);
    assert!(!again.is_empty());
    check_and_free(again);
    let text: String = (0..10_000).map(|number| number.to_string()).collect();
    assert_eq!(text.len(), 10 + 90 * 2 + 900 * 3 + 9_000 * 4);
}

#[wasm_bindgen_test]
fn sizes_that_no_memory_holds() {
    for less in [0, 1, 7, 4_095, 65_535, 65_536] {
        let mut held = Vec::with_capacity(4);
        for _ in 0..3 {
            // SAFETY: the layout has a size.
            held.push(unsafe { alloc(bytes(isize::MAX as usize - less)) });
        }
        assert!(held.iter().filter(|at| !at.is_null()).count() <= 1, "twice 2 GiB and more do not fit into 4 GiB");
        for at in held.into_iter().filter(|at| !at.is_null()) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(at, bytes(isize::MAX as usize - less)) };
        }
    }
    for shift in 20..=30 {
        let layout = Layout::from_size_align((1 << 31) - (1 << shift), 1 << shift).unwrap();
        // SAFETY: the layout has a size.
        let at = unsafe { alloc(layout) };
        assert!(at.is_null() || at.addr().is_multiple_of(1 << shift));
        if !at.is_null() {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(at, layout) };
        }
    }
}

#[wasm_bindgen_test]
fn every_alignment_up_to_a_gibibyte() {
    for shift in 20..=30 {
        for size in [1, 1_000, 70_000] {
            let layout = Layout::from_size_align(size, 1 << shift).unwrap();
            // SAFETY: the layout has a size.
            let at = unsafe { alloc(layout) };
            assert!(!at.is_null() && at.addr().is_multiple_of(1 << shift), "{size} bytes at a multiple of 2^{shift}");
            // SAFETY: the first byte of the block.
            unsafe { at.write(1) };
            // SAFETY: allocated with this layout.
            unsafe { dealloc(at, layout) };
        }
    }
}
