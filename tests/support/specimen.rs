//! A heap with something of everything, to be damaged.

use flagstone::Heap;

use super::snapshot::Snapshot;
use super::{Fake, LOW, assert_sound, heap, layout, memory};

/// Objects of this size are allocated `TAKEN` times, a number that occurs nowhere else.
pub(crate) const SIZE: u32 = 64;
pub(crate) const TAKEN: u32 = 7_919;

/// A heap with something of everything, sound and copied: slabs partial and full, magazines with rounds, free
/// segments between held ones, a segment in a magazine.
pub(crate) fn sound() -> Snapshot {
    let mut memory = memory(16);
    let heap = heap(Fake::new(&mut memory, LOW));
    // Growth comes first, because it empties magazines.
    let large = [3_000, 20_000, 30_000, 25_000, 20_000, 70_000, 100_000, 2_000].map(|size| layout(size, 1));
    let at = large.map(|layout| heap.alloc(layout));
    let room = layout(90_000, 1);
    give(&heap, heap.alloc(room), room);
    let small = layout(SIZE as usize, 8);
    // A cache's first slab is for 4 objects, each later one for one more, up to 64: 2,040 objects are in 60 slabs.
    let mut held: Vec<_> = (0..3_000).map(|_| heap.alloc(small)).collect();
    held.sort();
    // Every other object, until the magazines have given many of them back to their slabs and hold more.
    let mut others = held.into_iter().step_by(2);
    let in_slabs = || {
        let cache = heap.stats().caches.into_iter().find(|cache| cache.size == SIZE).expect("its cache");
        cache.objects - cache.live - cache.magazine_rounds
    };
    while in_slabs() < 40 {
        give(&heap, others.next().expect("fewer than 1,500 rounds in the magazines"), small);
    }
    give(&heap, others.next().unwrap(), small);
    for _ in 3_000..TAKEN {
        give(&heap, heap.alloc(small), small);
    }
    for size in [24, 500, 1_024] {
        let _ = heap.alloc(layout(size, 1));
    }
    // The third and the fourth adjoin, so one tag is spare.
    for index in [0, 2, 3, 5] {
        give(&heap, at[index], large[index]);
    }
    assert_sound(&heap);
    Snapshot::of(&heap)
}

pub(crate) fn give(heap: &Heap<Fake<'_>>, at: *mut u8, layout: std::alloc::Layout) {
    // SAFETY: live blocks of this heap with their layouts, each given once.
    unsafe { heap.dealloc(at, layout) };
}
