//! The small core against a model, with all its invariants after every step.

use std::vec;
use std::vec::Vec;

use super::{BEHIND_FREE, FREE, LEAST, LEN, Small, State, order};
use crate::record::make;
use crate::source::{Fixed, Page, Source};
use crate::units::{Addr, PAGE_BYTES, Pages};

const ORIGIN: Addr = Addr(0x1_0000);

/// A heap whose state is in the first page of its memory.
fn small(memory: &mut [Page], origin: Addr) -> Small<Fixed<'_>> {
    let source = Fixed::new(memory, origin);
    let at = source.grow(Pages(1)).expect("a page for the state");
    // SAFETY: the page is this heap's, and a multiple of 8.
    let state = unsafe { make::<_, State>(&source, at) };
    // SAFETY: a zeroed state lives there.
    unsafe { Small::over(source, Addr(state.addr())) }
}

/// Checks S1 to S4; the held blocks.
fn sound<S: Source>(heap: &Small<S>) -> Vec<(u32, u32)> {
    let (mut held, mut free) = (Vec::new(), Vec::new());
    let mut span = heap.state().start.get();
    while span != 0 {
        let (mut block, mut before) = (span + 4, None);
        loop {
            let head = heap.word(block).get();
            let len = head & LEN;
            assert_eq!(head & BEHIND_FREE != 0, before.is_some(), "S4 at {block:#x}");
            assert!(before.is_none_or(|before| heap.word(block - 4).get() == before), "S4 at {block:#x}");
            if len == 0 {
                assert_eq!(head & FREE, 0, "S1 at {block:#x}");
                break;
            }
            assert!(len >= LEAST && (block + 4).is_multiple_of(8), "S1 at {block:#x}");
            if head & FREE != 0 {
                assert_eq!(before, None, "S3 at {block:#x}");
                free.push((block, order(len)));
                before = Some(len);
            } else {
                held.push((block, len));
                before = None;
            }
            block += len;
        }
        span = heap.word(span).get();
    }
    let mut listed = Vec::new();
    for list in 0..64 {
        let mut next = crate::bins::first(&heap.source, heap.lists(), list);
        assert_eq!(heap.state().free.nonempty.get() >> list & 1 == 1, next.is_some(), "S2 of list {list}");
        while let Some(link) = next {
            listed.push((link.addr() - 4, list));
            next = crate::record::get(&heap.source, link).next.first.get();
        }
    }
    listed.sort();
    free.sort();
    assert_eq!(listed, free, "S2");
    held
}

/// A block that the model holds.
#[derive(Clone, Copy)]
struct Held {
    at: Addr,
    size: u32,
    align: u32,
    mark: u8,
}

struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }

    fn size(&mut self) -> u32 {
        let most = [40, 300, 5_000, 70_000][self.below(4) as usize];
        1 + self.below(most)
    }
}

fn fill<S: Source>(heap: &Small<S>, held: Held, from: u32) {
    for at in from..held.size {
        // SAFETY: the block is held and that long.
        unsafe { heap.source.at(Addr(held.at.0 + at)).write(held.mark) };
    }
}

fn check<S: Source>(heap: &Small<S>, held: Held, len: u32) {
    for at in 0..len {
        // SAFETY: the block is held and that long.
        assert_eq!(unsafe { heap.source.at(Addr(held.at.0 + at)).read() }, held.mark, "byte {at} of {:?}", held.at);
    }
}

/// `steps` random requests; no block is touched by another, and every invariant holds after each.
fn campaign(seed: u64, steps: u32, pages: usize, origin: Addr, foreign: bool) {
    let mut memory = vec![Page::ZERO; pages];
    let heap = small(&mut memory, origin);
    let (mut rng, mut held): (_, Vec<Held>) = (Rng(seed), Vec::new());
    for step in 0..steps {
        if foreign && rng.below(60) == 0 {
            let _ = heap.source.grow(Pages(1));
        }
        match rng.below(5) {
            0 | 1 => {
                let (size, align) = (rng.size(), 1 << [0, 3, 4, 7, 12, 16][rng.below(6) as usize]);
                let zeroed = rng.below(3) == 0;
                let at = if zeroed { heap.alloc_zeroed(size, align) } else { heap.alloc(size, align) };
                if at.0 != 0 {
                    assert!(at.0.is_multiple_of(align));
                    let new = Held { at, size, align, mark: step as u8 };
                    if zeroed {
                        check(&heap, Held { mark: 0, ..new }, size);
                    }
                    fill(&heap, new, 0);
                    held.push(new);
                }
            }
            2 | 3 if !held.is_empty() => {
                let old = held.swap_remove(rng.below(held.len() as u32) as usize);
                check(&heap, old, old.size);
                // SAFETY: it came from this heap and is given back once.
                unsafe { heap.free(old.at, old.size, old.align) };
            }
            _ if !held.is_empty() => {
                let index = rng.below(held.len() as u32) as usize;
                let (old, size) = (held[index], rng.size());
                // SAFETY: a live block.
                let at = unsafe { heap.realloc(old.at, old.size, old.align, size) };
                if at.0 == 0 {
                    check(&heap, old, old.size);
                } else {
                    assert!(at.0.is_multiple_of(old.align));
                    held[index] = Held { at, size, ..old };
                    check(&heap, held[index], size.min(old.size));
                    fill(&heap, held[index], size.min(old.size));
                }
            }
            _ => {}
        }
        let blocks = sound(&heap);
        assert_eq!(blocks.len(), held.len());
        for block in &held {
            assert!(blocks.iter().any(|&(at, len)| at + 4 == block.at.0 && len >= block.size + 4));
        }
    }
    let stats = heap.stats();
    assert_eq!(stats.live_objects(), held.len() as u64);
    for block in held.drain(..) {
        check(&heap, block, block.size);
        // SAFETY: it came from this heap and is given back once.
        unsafe { heap.free(block.at, block.size, block.align) };
    }
    assert_eq!(sound(&heap), []);
    // Free memory of a span is one block again.
    let stats = heap.stats();
    assert_eq!(stats.arena.free_segments, stats.arena.spans);
}

#[test]
fn random_programs() {
    let (seeds, steps) = if cfg!(miri) { (1, 60) } else { (12, 1_500) };
    for seed in 0..seeds {
        campaign(seed, steps, 30, ORIGIN, false);
        campaign(seed, steps, 40, ORIGIN, true);
        // A memory of which the heap may have four pages.
        campaign(seed, steps, 5, ORIGIN, false);
        // Up to 4 GiB: the last page belongs to nobody.
        campaign(seed, steps, 12, Addr(0u32.wrapping_sub(12 * PAGE_BYTES)), false);
    }
}

#[test]
fn a_growing_block_at_the_end_grows_in_place_and_with_the_memory() {
    let mut memory = vec![Page::ZERO; 103];
    let heap = small(&mut memory, ORIGIN);
    let at = heap.alloc(100, 8);
    let mut size = 100;
    while size < 4 << 20 {
        // SAFETY: a live block of `size` bytes.
        assert_eq!(unsafe { heap.realloc(at, size, 8, size * 2) }, at);
        size *= 2;
        sound(&heap);
    }
    // 6,553,600 bytes are 100 pages; one more for heads, and one for the state.
    assert_eq!((size, heap.source.end().0 - 1), (100 << 16, 102));
}

#[test]
fn a_refusal_changes_nothing() {
    let mut memory = vec![Page::ZERO; 3];
    let heap = small(&mut memory, ORIGIN);
    let at = heap.alloc(60_000, 8);
    let before = sound(&heap);
    for (size, align) in [(1 << 20, 8), (i32::MAX as u32, 1), (100_000, 1 << 16), (8, 1 << 30)] {
        assert_eq!(heap.alloc(size, align), Addr(0), "{size} at {align}");
        assert_eq!(sound(&heap), before);
    }
    // SAFETY: a live block.
    assert_eq!(unsafe { heap.realloc(at, 60_000, 8, 1 << 20) }, Addr(0));
    assert_eq!(sound(&heap), before);
}

#[test]
fn what_is_freed_between_two_growths_is_one_block() {
    let mut memory = vec![Page::ZERO; 20];
    let heap = small(&mut memory, ORIGIN);
    let blocks: Vec<_> = (0..8).map(|_| heap.alloc(100_000, 8)).collect();
    for at in blocks {
        // SAFETY: a live block, given back once.
        unsafe { heap.free(at, 100_000, 8) };
    }
    assert_eq!(heap.stats().arena.free_segments, 1);
    assert_ne!(heap.alloc(800_000, 8), Addr(0));
}
