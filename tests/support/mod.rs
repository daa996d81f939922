//! What the tests share: a seeded generator, a source of pages that misbehaves on request, a shadow model of a heap, and
//! random programs that run on both.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of this")]

#[cfg(feature = "audit")]
pub(crate) mod audit_world;
#[cfg(feature = "audit")]
pub(crate) mod corpus;
mod fake;
mod model;
pub(crate) mod objects;
pub(crate) mod objects_world;
mod program;
mod rng;

#[cfg(feature = "inspector")]
pub(crate) mod snapshot;
#[cfg(feature = "inspector")]
pub(crate) mod specimen;

pub(crate) use fake::{Deny, Fake, Foreign};
pub(crate) use model::{Model, QUANTUM, SEGMENTS, SIZES, class_of};
pub(crate) use program::{Mix, Op, Setup, campaign, replay, run};
pub(crate) use rng::Rng;

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::source::{Page, Source};
use flagstone::units::Addr;

/// Bytes of a wasm page.
pub(crate) const PAGE: u32 = 65_536;

/// The lowest place for a memory.
pub(crate) const LOW: Addr = Addr(PAGE);

/// An array of `pages` pages, to be a memory.
pub(crate) fn memory(pages: u32) -> Vec<Page> {
    vec![Page::ZERO; pages as usize]
}

/// Where a memory of `pages` pages begins that ends at 4 GiB exactly.
pub(crate) fn top(pages: u32) -> Addr {
    Addr((1_u64 << 32).wrapping_sub(u64::from(pages) << 16) as u32)
}

/// The layout of `size` bytes at a multiple of `align`.
pub(crate) fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a legal layout")
}

/// A heap over a source that does as it is told.
pub(crate) fn heap(fake: Fake<'_>) -> Heap<Fake<'_>> {
    Heap::new(fake).expect("a page for the heap's state")
}

/// The layout of `size` bytes at any address.
pub(crate) fn bytes(size: usize) -> Layout {
    layout(size, 1)
}

/// Gives a block back.
pub(crate) fn free(heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout) {
    // SAFETY: tests pass what this heap returned for this layout, once.
    unsafe { heap.dealloc(at, layout) };
}

/// Changes the size of a block.
pub(crate) fn resize(heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: tests pass what this heap returned for this layout, and go on with the result.
    unsafe { heap.realloc(at, layout, size) }
}

/// A heap that has set up what it needs for large requests, so that the next one takes nothing else. What is free is at
/// its end, but for a little.
pub(crate) fn warm(fake: Fake<'_>) -> Heap<Fake<'_>> {
    let heap = heap(fake);
    let held = [1_500, 2_500].map(|size| heap.alloc(bytes(size)));
    free(&heap, held[1], bytes(2_500));
    free(&heap, held[0], bytes(1_500));
    heap.reclaim();
    let arena = heap.stats().arena;
    assert!(arena.free - arena.largest_free <= 4_096, "{arena:?}");
    heap
}

/// The bytes that are free at the end of a heap that is `warm`.
pub(crate) fn tail(heap: &Heap<Fake<'_>>) -> u32 {
    heap.stats().arena.largest_free
}

/// The address of what an allocation returned; 0 for null.
pub(crate) fn address<S: Source>(heap: &Heap<S>, at: *mut u8) -> u32 {
    if at.is_null() { 0 } else { heap.source().addr(at).0 }
}

/// What `verify` finds wrong with a heap, after checking that it can be read at all.
#[cfg(feature = "inspector")]
pub(crate) fn problems<S: Source>(heap: &Heap<S>) -> Vec<flagstone::image::Problem> {
    flagstone::verify::verify(&heap.image(), heap.root()).expect("a heap with its root")
}

/// Without the inspector's engine nothing is found.
#[cfg(not(feature = "inspector"))]
pub(crate) fn problems<S: Source>(_: &Heap<S>) -> Vec<()> {
    Vec::new()
}

/// Fails where `verify` finds anything.
pub(crate) fn assert_sound<S: Source>(heap: &Heap<S>) {
    let found = problems(heap);
    assert!(found.is_empty(), "verify reports {found:#?}");
}
