//! Claim: on the real memory of a module the heap grows by little, tolerates others that grow it, and keeps its
//! counters.
#![cfg(target_family = "wasm")]

use core::arch::wasm32::{memory_grow, memory_size};
use std::alloc::{GlobalAlloc, Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::sync::atomic::{AtomicUsize, Ordering};

use flagstone::Flagstone;
use wasm_bindgen_test::wasm_bindgen_test;

/// Flagstone, and the size of the memory before and after the first allocation of all.
struct Probe;

#[global_allocator]
static ALLOCATOR: Probe = Probe;

static BEFORE: AtomicUsize = AtomicUsize::new(0);
static AFTER: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all calls are the allocator's own, with the caller's promises.
unsafe impl GlobalAlloc for Probe {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let before = memory_size::<0>();
        // SAFETY: as the caller promises.
        let at = unsafe { Flagstone.alloc(layout) };
        if BEFORE.load(Ordering::Relaxed) == 0 {
            BEFORE.store(before, Ordering::Relaxed);
            AFTER.store(memory_size::<0>(), Ordering::Relaxed);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { Flagstone.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { Flagstone.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { Flagstone.realloc(at, layout, size) }
    }
}

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

#[wasm_bindgen_test]
fn the_first_allocation_grows_the_memory_by_two_pages_at_most() {
    let _ = std::hint::black_box(Box::new(1));
    let (before, after) = (BEFORE.load(Ordering::Relaxed), AFTER.load(Ordering::Relaxed));
    assert!(before != 0 && after - before <= 2, "{before} pages became {after}");
}

#[wasm_bindgen_test]
fn others_grow_the_memory_between_calls() {
    let mut held = Vec::new();
    let mut theirs = Vec::new();
    for round in 0..40_usize {
        held.push(vec![round as u8; 20_000 + 3_000 * round]);
        let page = memory_grow::<0>(1);
        assert_ne!(page, usize::MAX);
        theirs.push(page);
        held.push(vec![!(round as u8); 40]);
    }
    for (index, block) in held.iter().enumerate() {
        let round = (index / 2) as u8;
        assert!(block.iter().all(|&byte| byte == if index % 2 == 0 { round } else { !round }));
        let (start, end) = (block.as_ptr().addr(), block.as_ptr().addr() + block.len());
        assert!(
            theirs.iter().all(|page| end <= page << 16 || (page + 1) << 16 <= start),
            "somebody else's page is used"
        );
    }
    assert!(flagstone::stats().arena.spans > 1);
}

#[wasm_bindgen_test]
fn a_vector_to_64_mib_takes_about_1024_pages() {
    let before = memory_size::<0>();
    let mut vector: Vec<u8> = Vec::new();
    let part = vec![0x2a_u8; 1 << 16];
    while vector.len() < 64 << 20 {
        vector.extend_from_slice(&part);
    }
    let pages = memory_size::<0>() - before;
    assert!(pages <= 1_024 + 1_024 / 16 + 4, "{pages} pages for 64 MiB");
    assert!(vector.chunks(1 << 16).all(|chunk| chunk == part));
    drop(vector);
    let again = vec![1_u8; 60 << 20];
    assert!(memory_size::<0>() - before <= pages + 1, "what was freed serves again");
    assert_eq!(again[again.len() - 1], 1);
}

#[wasm_bindgen_test]
fn zeroed_memory_is_zero_whether_recycled_or_fresh() {
    for size in [1, 24, 1_000, 1_025, 9_000, 70_000, 1 << 20] {
        for _ in 0..3 {
            // SAFETY: the layout has a size.
            let at = unsafe { alloc_zeroed(bytes(size)) };
            assert!(!at.is_null());
            // SAFETY: `size` bytes were just allocated and zeroed.
            let block = unsafe { std::slice::from_raw_parts_mut(at, size) };
            assert!(block.iter().all(|&byte| byte == 0), "{size} bytes");
            block.fill(0xee);
            // SAFETY: allocated above, and not used any more.
            unsafe { dealloc(at, bytes(size)) };
        }
    }
}

#[wasm_bindgen_test]
fn every_alignment_up_to_a_mebibyte() {
    for shift in 0..=20 {
        for size in [1, 100, 5_000] {
            let layout = Layout::from_size_align(size, 1 << shift).unwrap();
            // SAFETY: the layout has a size.
            let at = unsafe { alloc(layout) };
            assert!(!at.is_null() && at.addr().is_multiple_of(1 << shift), "{layout:?}");
            // SAFETY: allocated above.
            unsafe { dealloc(at, layout) };
        }
    }
}

#[wasm_bindgen_test]
fn sizes_change_and_contents_stay() {
    let mut size = 1;
    // SAFETY: the layout has a size.
    let mut at = unsafe { alloc(bytes(size)) };
    for round in 0..4_000_usize {
        let next = 1 + round * 7_919 % 100_003;
        // SAFETY: the block is `size` bytes long.
        unsafe { at.write_bytes(round as u8, size) };
        // SAFETY: the block came from this allocator with this layout.
        at = unsafe { realloc(at, bytes(size), next) };
        assert!(!at.is_null());
        // SAFETY: the shorter of both lengths was written above and kept.
        let kept = unsafe { std::slice::from_raw_parts(at, size.min(next)) };
        assert!(kept.iter().all(|&byte| byte == round as u8), "{size} bytes to {next}");
        size = next;
    }
    // SAFETY: as above.
    unsafe { dealloc(at, bytes(size)) };
}

#[wasm_bindgen_test]
fn counters_move_and_add_up() {
    let before = flagstone::stats();
    let small: Vec<Box<[u64; 3]>> = (0..1_000).map(|number| Box::new([number; 3])).collect();
    let large = vec![0_u8; 50_000];
    let now = flagstone::stats();
    let class = |stats: &flagstone::Stats| stats.caches.into_iter().find(|cache| cache.size == 24).unwrap();
    // 1,000 objects of 24 bytes; one vector is a segment of the class of 4 KiB, the other 391 quanta of 128.
    assert_eq!(class(&now).live - class(&before).live, 1_000);
    assert!(class(&now).allocations - class(&before).allocations >= 1_000);
    assert_eq!(
        (now.large.live - before.large.live, now.large.live_bytes - before.large.live_bytes),
        (2, 4_096 + 391 * 128)
    );
    drop((small, large));
    let after = flagstone::stats();
    assert_eq!(class(&after).frees - class(&now).frees, 1_000);
    assert_eq!(
        (after.large.live, after.live_objects(), after.live_bytes()),
        (before.large.live, before.live_objects(), before.live_bytes())
    );
    let arena = after.arena;
    assert_eq!(arena.in_use + arena.free, arena.total);
    assert_eq!(arena.in_use, after.large.live_bytes + arena.parked_bytes + arena.slab_bytes + arena.metadata_bytes);
    assert!(arena.total as usize <= memory_size::<0>() << 16);
}
