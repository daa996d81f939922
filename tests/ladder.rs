//! Claim: a request goes down the ladder no further than it must: magazine, previous magazine, fullest slab, new slab,
//! idle memory of others, growth. So what repeats itself neither moves objects between layers nor grows the memory.

mod support;

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::stats::CacheStats;
use support::{Deny, Fake, LOW, Mix, PAGE, Rng, SIZES, address, assert_sound, heap, layout, memory};

fn bytes(size: u32) -> Layout {
    layout(size as usize, 1)
}

fn free(heap: &Heap<Fake<'_>>, at: *mut u8, size: u32) {
    // SAFETY: tests pass what this heap returned for this size, once.
    unsafe { heap.dealloc(at, bytes(size)) };
}

fn take(heap: &Heap<Fake<'_>>, size: u32, count: u32) -> Vec<*mut u8> {
    let held: Vec<_> = (0..count).map(|_| heap.alloc(bytes(size))).collect();
    assert!(held.iter().all(|at| !at.is_null()), "{count} objects of {size} bytes");
    held
}

/// The counters of the cache that serves `size`.
fn cache(heap: &Heap<Fake<'_>>, size: u32) -> CacheStats {
    heap.stats().caches.into_iter().find(|cache| cache.size == size).expect("a class in use")
}

/// Objects that are in no slab: live or in magazines.
fn out(heap: &Heap<Fake<'_>>, size: u32) -> u32 {
    let cache = cache(heap, size);
    cache.live + cache.magazine_rounds
}

#[test]
fn the_last_object_freed_is_the_first_to_be_taken() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    for size in SIZES {
        let held = take(&heap, size, 3);
        for &at in &held {
            free(&heap, at, size);
        }
        let again = take(&heap, size, 3);
        assert_eq!(again, held.iter().rev().copied().collect::<Vec<_>>(), "{size} bytes");
    }
}

#[test]
fn objects_of_a_new_slab_come_in_the_order_of_their_addresses() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    for size in SIZES {
        let held = take(&heap, size, 4);
        for (index, at) in (0..).zip(&held) {
            assert_eq!(address(&heap, *at), address(&heap, held[0]) + index * size, "object {index} of {size} bytes");
        }
    }
}

#[test]
fn alternating_at_any_depth_moves_nothing_between_magazines_and_slabs() {
    for size in [16, 64, 512, 1_024] {
        let mut memory = memory(8);
        let heap = heap(Fake::new(&mut memory, LOW));
        let mut held = take(&heap, size, 1);
        let rounds = if cfg!(miri) { 20 } else { 200 };
        for _ in 0..rounds {
            held.extend(take(&heap, size, 1));
            // Here, at whatever place in the magazines: two of each, twice, then nothing more may move.
            let mut alternate = |times: u32| {
                for _ in 0..times {
                    let at = held.pop().unwrap();
                    free(&heap, at, size);
                    held.extend(take(&heap, size, 1));
                }
            };
            alternate(2);
            let (before, slabs) = (out(&heap, size), cache(&heap, size).slab_creates);
            alternate(8);
            assert_eq!(out(&heap, size), before, "objects of {size} bytes went into or out of slabs");
            assert_eq!(cache(&heap, size).slab_creates, slabs);
        }
        assert_sound(&heap);
    }
}

#[test]
fn a_walk_of_a_magazines_length_does_not_touch_the_slabs_each_time() {
    let size = 512;
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    // A slab of 4 KiB has 8 objects of 512 bytes, and so has a magazine.
    let mut held = take(&heap, size, 40);
    let mut moves = 0;
    for _ in 0..if cfg!(miri) { 5 } else { 100 } {
        let mut last = out(&heap, size);
        for _ in 0..8 {
            let at = held.pop().unwrap();
            free(&heap, at, size);
            moves += u32::from(out(&heap, size) != last);
            last = out(&heap, size);
        }
        for _ in 0..8 {
            held.extend(take(&heap, size, 1));
            moves += u32::from(out(&heap, size) != last);
            last = out(&heap, size);
        }
    }
    assert!(moves <= 4, "{moves} times objects went into or out of slabs");
}

#[cfg(feature = "inspector")]
#[test]
fn the_fullest_slab_is_used_up_before_an_emptier_one_is_touched() {
    use flagstone::image::survey::Survey;
    let size = 64;
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut held = take(&heap, size, 64 * 4);
    held.sort();
    // Of four slabs of 64 objects leave 3, 60, 10 and 40 free.
    for (slab, frees) in [3, 60, 10, 40].into_iter().enumerate() {
        for at in &held[64 * slab..64 * slab + frees] {
            free(&heap, *at, size);
        }
    }
    heap.reclaim();
    let counts = || -> Vec<u32> {
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        survey.slabs.iter().filter(|slab| slab.size == size).map(|slab| slab.free.count_ones()).collect()
    };
    assert_eq!(counts(), [3, 60, 10, 40]);
    let order = [0, 2, 3, 1];
    let mut before = counts();
    for _ in 0..3 + 10 + 40 + 60 {
        take(&heap, size, 1);
        let now = counts();
        for pair in order.windows(2) {
            let touched = now[pair[1]] != before[pair[1]];
            assert!(!touched || now[pair[0]] == 0, "{before:?} became {now:?}");
        }
        before = now;
    }
    assert_eq!(cache(&heap, size).slab_creates, 4, "no new slab while one had a free object");
}

#[test]
fn at_most_one_empty_slab_is_kept_and_it_serves_again() {
    let size = 256;
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    for at in take(&heap, size, 400) {
        free(&heap, at, size);
        assert!(cache(&heap, size).empty_slabs <= 1);
    }
    let made = cache(&heap, size).slab_creates;
    // The two magazines and the one slab hold 48 objects.
    for _ in 0..20 {
        for at in take(&heap, size, 16) {
            free(&heap, at, size);
        }
    }
    assert_eq!(cache(&heap, size).slab_creates, made, "an object more or less does not make a slab");
    heap.reclaim();
    assert_eq!(cache(&heap, size).slabs, 0);
    assert_sound(&heap);
}

/// Takes and frees something of some classes, so that each has magazines and a slab that lie idle.
fn leave_idle(heap: &Heap<Fake<'_>>) {
    for size in SIZES.into_iter().step_by(3) {
        for at in take(heap, size, 2) {
            free(heap, at, size);
        }
    }
}

#[test]
fn idle_memory_serves_before_the_memory_grows() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    leave_idle(&heap);
    let before = heap.stats().arena;
    assert_eq!(before.growths, 0, "all of it is in the first page");
    let size = before.largest_free + before.slab_bytes / 2;
    assert!(!heap.alloc(bytes(size)).is_null());
    let after = heap.stats().arena;
    assert_eq!((after.slab_bytes, after.growths), (0, 0), "{size} bytes are there once slabs are returned: {after:?}");
    assert_sound(&heap);
}

#[test]
fn idle_memory_is_given_back_before_a_request_is_refused() {
    for pages in [0, 40] {
        let mut memory = memory(pages + 4);
        let heap = heap(Fake::new(&mut memory, LOW));
        if pages != 0 {
            take(&heap, pages * PAGE, 1);
        }
        heap.source().deny(Deny::Always);
        for round in 0..3 {
            leave_idle(&heap);
            let arena = heap.stats().arena;
            let size = arena.largest_free + arena.slab_bytes / 2;
            let at = heap.alloc(bytes(size));
            assert!(
                !at.is_null(),
                "round {round}: {size} bytes are there once slabs are returned: {:?}",
                heap.stats().arena
            );
            free(&heap, at, size);
        }
        assert_sound(&heap);
    }
}

#[test]
fn what_was_freed_of_one_class_is_reused_by_the_next() {
    let mut memory = memory(48);
    let heap = heap(Fake::new(&mut memory, LOW));
    let total = if cfg!(miri) { PAGE } else { 20 * PAGE };
    let mut most = 0;
    for size in [64, 24, 1_000, 200, 3_000, 8, 500] {
        let held = take(&heap, size, total / size.next_multiple_of(16) * 15 / 16);
        for at in held {
            free(&heap, at, size);
        }
        if most == 0 {
            most = heap.source().granted();
        }
        assert!(heap.source().granted() <= most + most / 8 + 1, "{size} bytes: {} pages", heap.source().granted());
    }
    assert_sound(&heap);
}

#[test]
fn freeing_everything_leaves_one_free_segment_a_gap_between_metadata() {
    let mut memory = memory(48);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut rng = Rng::new(3);
    let mut held = Vec::new();
    for _ in 0..if cfg!(miri) { 100 } else { 3_000 } {
        let most = if rng.below(8) == 0 { 5_000 } else { 300 };
        let size = 1 + rng.below(most);
        held.push((heap.alloc(bytes(size)), size));
    }
    while !held.is_empty() {
        let (at, size) = held.swap_remove(rng.below(held.len() as u32) as usize);
        free(&heap, at, size);
    }
    heap.reclaim();
    let arena = heap.stats().arena;
    assert_eq!((arena.slab_bytes, arena.in_use), (0, arena.metadata_bytes));
    assert!(arena.metadata_bytes < arena.total / if cfg!(miri) { 2 } else { 20 }, "{arena:?}");
    let all = heap.alloc(bytes(arena.largest_free));
    assert!(!all.is_null());
    assert_eq!(heap.stats().arena.growths, arena.growths, "the largest free segment is one request");
}

#[test]
fn a_workload_that_repeats_itself_does_not_grow() {
    for mix in [Mix::Small, Mix::Wide] {
        let mut memory = memory(200);
        let heap = heap(Fake::new(&mut memory, LOW));
        let most = if mix == Mix::Small { 256 } else { 10_000 };
        let round = || {
            let mut rng = Rng::new(11);
            let mut held: Vec<(*mut u8, u32)> = Vec::new();
            for _ in 0..if cfg!(miri) { 60 } else { 1_500 } {
                let size = 1 + rng.below(most);
                let at = heap.alloc(bytes(size));
                assert!(!at.is_null());
                held.push((at, size));
                if rng.below(3) == 0 {
                    let (at, size) = held.swap_remove(rng.below(held.len() as u32) as usize);
                    free(&heap, at, size);
                }
            }
            for (at, size) in held {
                free(&heap, at, size);
            }
        };
        round();
        round();
        let pages = heap.source().granted();
        for _ in 0..10 {
            round();
        }
        assert!(heap.source().granted() <= pages + 1, "{pages} pages became {}", heap.source().granted());
    }
}

#[test]
fn at_least_three_quarters_of_a_memory_hold_small_objects() {
    for (least, most) in [(8, 8), (16, 64), (8, 256), (100, 400), (500, 1_024), (8, 1_024)] {
        let pages = if cfg!(miri) { 3 } else { 16 };
        let mut memory = memory(pages);
        let heap = heap(Fake::new(&mut memory, LOW));
        let mut rng = Rng::new(5);
        let mut asked = 0;
        loop {
            let size = least + rng.below(most - least + 1);
            if heap.alloc(bytes(size)).is_null() {
                break;
            }
            asked += size;
        }
        let share = asked * 100 / (pages * PAGE);
        assert!(
            share >= if cfg!(miri) { 40 } else { 75 },
            "{share} % of the memory holds objects of {least} to {most} bytes"
        );
    }
}

#[test]
fn each_size_costs_its_class_and_no_class_is_more_than_a_quarter_larger() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    for size in 1..=1_024 {
        let before = heap.stats().live_bytes();
        let at = heap.alloc(bytes(size));
        let cost = (heap.stats().live_bytes() - before) as u32;
        assert!(SIZES.contains(&cost) && cost >= size, "{size} bytes cost {cost}");
        assert!(size <= 64 && cost < size + 8 || size > 64 && (cost - size) * 4 < size, "{size} bytes cost {cost}");
        free(&heap, at, size);
        if cfg!(miri) && size > 130 {
            break;
        }
    }
    assert_eq!(flagstone::size_class::SLAB_CLASSES, SIZES.len());
    assert_eq!(flagstone::size_class::SMALL_MAX, 1_024);
}
