//! Claim: in a module with JavaScript around it, sites have stacks of the module's own calls, and taking and recording them allocates
//! nothing in the heap that is looked at; tags need no JavaScript.
#![cfg(all(target_family = "wasm", feature = "sites"))]

use std::hint::black_box;

use flagstone::Flagstone;
use flagstone::audit::{Auditor, install, stack};
use flagstone::vmem::ModuleHeap;
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

fn auditor() -> Auditor<ModuleHeap> {
    Auditor::new(ModuleHeap)
}

/// The stack `depth` calls further in.
#[inline(never)]
fn stack_below(depth: u32, frames: &mut [u32]) -> usize {
    let taken = if depth == 0 { stack(frames) } else { stack_below(depth - 1, frames) };
    black_box(taken)
}

/// Allocations that the heap ever served, of all kinds.
fn allocations() -> u64 {
    let stats = flagstone::stats();
    stats.caches.iter().map(|cache| cache.allocations).sum::<u64>() + stats.large.allocations
}

#[wasm_bindgen_test]
fn a_stack_has_a_frame_for_each_call_and_the_same_ones_each_time() {
    install();
    install();
    let (mut shallow, mut deep) = ([0; 200], [0; 200]);
    let few = stack_below(1, &mut shallow);
    let many = stack_below(9, &mut deep);
    assert!(few >= 3, "{few} frames");
    assert_eq!(many, few + 8, "{shallow:?} {deep:?}");
    assert!(shallow[..few].iter().all(|&frame| frame != 0));
    let recursion = &deep[many - few - 6..][..6];
    assert!(deep[..many].windows(6).any(|frames| frames.iter().all(|frame| *frame == frames[0])), "{recursion:?}");
    assert_eq!(shallow[few - 1], deep[many - 1], "both began at the same place");
    let (mut once, mut again) = ([0; 200], [0; 200]);
    assert_eq!(stack_below(9, &mut once), stack_below(9, &mut again));
    // These are two calls, and only they differ.
    assert_eq!(once.iter().zip(&again).filter(|(frame, other)| frame != other).count(), 1, "{once:?} {again:?}");
}

#[wasm_bindgen_test]
fn no_more_frames_are_written_than_there_is_room_for() {
    install();
    for room in 0..8 {
        let mut frames = [0xdead_u32; 64];
        assert_eq!(stack_below(20, &mut frames[..room]), room);
        assert!(frames[room..].iter().all(|&frame| frame == 0xdead));
    }
}

#[wasm_bindgen_test]
fn stacks_are_taken_after_the_memory_grew() {
    install();
    let mut frames = [0; 64];
    let before = stack_below(3, &mut frames);
    let pages = core::arch::wasm32::memory_size::<0>();
    let large = black_box(vec![1_u8; 8 << 20]);
    assert!(core::arch::wasm32::memory_size::<0>() > pages);
    assert_eq!(stack_below(3, &mut frames), before);
    drop(large);
}

#[wasm_bindgen_test]
fn samples_take_no_allocation_of_the_heap_that_they_look_at() {
    install();
    auditor().configure("sample=1k").unwrap();
    let mut held: Vec<Box<[u8]>> = Vec::with_capacity(20_000);
    let before = allocations();
    let (bytes, objects) = auditor().estimate();
    for size in 0..20_000_usize {
        held.push(vec![0; 8 + size % 1500].into_boxed_slice());
    }
    let served = allocations() - before;
    assert_eq!(served, 20_000);
    let (now, more) = auditor().estimate();
    let (held_bytes, held_objects): (usize, usize) = (held.iter().map(|each| each.len()).sum(), held.len());
    let error = |estimate: u64, truth: usize| (estimate as f64 / truth as f64 - 1.0).abs();
    assert!(error(now - bytes, held_bytes) < 0.05, "{} of {held_bytes}", now - bytes);
    assert!(error(more - objects, held_objects) < 0.2, "{} of {held_objects}", more - objects);
    held.clear();
    assert_eq!(auditor().estimate(), (bytes, objects));
    assert_eq!(allocations() - before, 20_000);
    auditor().set_sampling(0);
}

#[wasm_bindgen_test]
fn tags_end_with_their_scope() {
    auditor().configure("fail=nth:1,tag:inner").unwrap();
    let asked = || auditor().looked_at();
    drop(black_box(Vec::<u64>::with_capacity(5)));
    {
        flagstone::tag!("outer");
        drop(black_box(Vec::<u64>::with_capacity(5)));
        assert_eq!(asked(), 0);
        {
            flagstone::tag!("inner");
            let refused = black_box(Vec::<u64>::new()).try_reserve(5);
            assert!(refused.is_err());
            assert_eq!(asked(), 1);
        }
        drop(black_box(Vec::<u64>::with_capacity(5)));
        assert_eq!(asked(), 1);
    }
    auditor().configure("fail=off").unwrap();
}
