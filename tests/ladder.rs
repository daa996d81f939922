//! Claim: a request goes down the ladder no further than it must: magazine, previous magazine, fullest slab, new slab,
//! idle memory of others where much was freed, growth, idle memory in any case. So what repeats itself neither moves objects between layers nor grows the memory.

mod support;

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::stats::CacheStats;
use support::{Deny, Fake, LOW, Mix, PAGE, Rng, SEGMENTS, SIZES, address, assert_sound, heap, layout, memory};

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
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    // There is room for a slab of each size, of 4 objects at first.
    free(&heap, take(&heap, 2 * PAGE, 1)[0], 2 * PAGE);
    for size in SIZES {
        let held = take(&heap, size, 4);
        for (index, at) in (0..).zip(&held) {
            assert_eq!(address(&heap, *at), address(&heap, held[0]) + index * size, "object {index} of {size} bytes");
        }
    }
}

/// Sizes and slabs by hand: how many objects the first, the second, the tenth and all late slabs of a cache have. They are
/// for 4, 5, 13 and 64 objects, up to 4 KiB, and what whole quanta leave is used.
#[cfg(feature = "inspector")]
#[test]
fn slabs_get_longer_with_the_number_that_a_cache_makes() {
    use flagstone::image::survey::Survey;
    for (size, first, second, tenth, late) in [
        (8, 16, 16, 16, 64),
        (24, 5, 5, 16, 64),
        (64, 4, 6, 14, 64),
        (80, 4, 6, 14, 51),
        (256, 4, 5, 13, 16),
        (1_024, 4, 4, 4, 4),
    ] {
        let mut memory = memory(12);
        let heap = heap(Fake::new(&mut memory, LOW));
        // Room, so that no slab has to do with less.
        free(&heap, take(&heap, 9 * PAGE, 1)[0], 9 * PAGE);
        while cache(&heap, size).slab_creates < 70 {
            take(&heap, size, 1);
        }
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        let slabs: Vec<_> = survey.slabs.iter().filter(|slab| slab.size == size).collect();
        // All were made from one free segment, so the order of their addresses is that in which they were made.
        let objects: Vec<_> = slabs.iter().map(|slab| slab.objects).collect();
        assert_eq!((objects[0], objects[1], objects[9]), (first, second, tenth), "{size} bytes");
        assert!(
            objects.len() == 70 && objects[60..].iter().all(|&objects| objects == late),
            "{size} bytes: {objects:?}"
        );
        assert!(slabs.iter().all(|slab| slab.len <= 4_096 && slab.overhead() < size.max(128)));
    }
}

#[cfg(feature = "inspector")]
#[test]
fn a_slab_does_with_a_hole_for_one_object_before_the_memory_grows() {
    use flagstone::image::survey::Survey;
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let size = 256;
    free(&heap, take(&heap, size, 1)[0], size);
    heap.reclaim();
    // Nothing is free but holes of 256 bytes between blocks of as many, at a multiple that has no class.
    let block = layout(256, 256);
    if cfg!(feature = "audit") {
        // The state is longer then. With so much less it is still the memory that runs out first, and not its metadata.
        assert!(!heap.alloc(bytes(10_000)).is_null());
    }
    heap.source().deny(Deny::Always);
    let blocks: Vec<_> = std::iter::repeat_with(|| heap.alloc(block)).take_while(|at| !at.is_null()).collect();
    while !heap.alloc(layout(1, 256)).is_null() {}
    heap.source().deny(Deny::Never);
    let mut holes: Vec<_> = blocks.into_iter().skip(1).step_by(2).take(20).collect();
    for &at in &holes {
        // SAFETY: a live block of this heap with its layout.
        unsafe { heap.dealloc(at, block) };
    }
    let growths = heap.stats().arena.growths;
    assert_eq!(heap.stats().arena.largest_free, 256);
    let mut held = take(&heap, size, holes.len() as u32);
    holes.sort();
    held.sort();
    assert_eq!((held, heap.stats().arena.growths), (holes, growths), "each hole has become a slab");
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    assert!(survey.slabs.iter().all(|slab| (slab.size, slab.objects, slab.len) == (256, 1, 256)));
    take(&heap, size, 1);
    assert_eq!(heap.stats().arena.growths, growths + 1);
    assert_sound(&heap);
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
    // A slab of 4 KiB has 8 objects of 512 bytes, and a magazine, of 8 KiB, 16 rounds.
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
    // The first slab is for 4 objects, each later one for one more, and the 61st and all later ones for 64.
    let mut held = Vec::new();
    while cache(&heap, size).slab_creates < 64 || cache(&heap, size).live < cache(&heap, size).objects {
        held.extend(take(&heap, size, 1));
    }
    let slabs = || {
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        survey.slabs.into_iter().filter(|slab| slab.size == size).collect::<Vec<_>>()
    };
    let long: Vec<_> = slabs().into_iter().filter(|slab| slab.objects == 64).take(4).collect();
    // Of four slabs of 64 objects leave 3, 60, 10 and 40 free; all others are full.
    for (slab, frees) in long.iter().zip([3, 60, 10, 40]) {
        let inside = held.iter().filter(|at| (slab.start..slab.start + slab.len).contains(&address(&heap, **at)));
        for at in inside.take(frees) {
            free(&heap, *at, size);
        }
    }
    heap.reclaim();
    let made = cache(&heap, size).slab_creates;
    let counts = || -> Vec<u32> {
        let all = slabs();
        assert_eq!(all.len() as u64, made, "no new slab while one has a free object");
        let of = |tag| all.iter().find(|slab| slab.tag == tag).unwrap().free.count_ones();
        let counts: Vec<_> = long.iter().map(|slab| of(slab.tag)).collect();
        assert_eq!(counts.iter().sum::<u32>(), all.iter().map(|slab| slab.free.count_ones()).sum());
        counts
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
    assert_eq!(before, [0; 4]);
}

#[test]
fn no_empty_slab_is_kept_and_what_magazines_hold_serves_again() {
    let size = 256;
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    for at in take(&heap, size, 400) {
        free(&heap, at, size);
        assert_eq!(cache(&heap, size).empty_slabs, 0);
    }
    let made = cache(&heap, size).slab_creates;
    // The two magazines hold up to 64 objects, and one of them has 32 when the last of 400 was freed.
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

/// Takes and frees something of some classes, so that each has magazines and a slab that lie idle. Records for the next
/// request are there then.
fn leave_idle(heap: &Heap<Fake<'_>>) {
    for size in SIZES.into_iter().step_by(3) {
        for at in take(heap, size, 2) {
            free(heap, at, size);
        }
    }
    for _ in 0..2 {
        let aligned = layout(128, 256);
        let at = heap.alloc(aligned);
        assert!(!at.is_null());
        // SAFETY: a live block of this heap with its layout.
        unsafe { heap.dealloc(at, aligned) };
    }
}

/// Bytes of the largest segment that is free once a heap with that past gave back what lies idle: more than before that.
fn idle(pages: u32, past: impl Fn(&Heap<Fake<'_>>)) -> u32 {
    let mut memory = memory(pages);
    let heap = heap(Fake::new(&mut memory, LOW));
    past(&heap);
    let before = heap.stats().arena.largest_free;
    heap.reclaim();
    let size = heap.stats().arena.largest_free;
    assert!(size > before + 1_024, "nothing of note lies idle: {before} bytes free became {size}");
    size
}

#[test]
fn idle_memory_serves_before_the_memory_grows_where_much_was_freed() {
    // Of 8,000 objects of 24 bytes the last ones fill two magazines of 256 rounds; some 29 were emptied, in a memory of 5 pages.
    let past = |heap: &Heap<Fake<'_>>| {
        for at in take(heap, 24, 8_000) {
            free(heap, at, 24);
        }
        take(heap, heap.stats().arena.largest_free - 30_000, 1);
        leave_idle(heap);
    };
    let size = idle(8, past);
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    past(&heap);
    let before = heap.stats().arena;
    assert!(!heap.alloc(bytes(size)).is_null());
    let after = heap.stats().arena;
    assert_eq!((after.slab_bytes, after.growths), (0, before.growths), "{size} bytes idle: {before:?}, {after:?}");
    assert_sound(&heap);
}

#[test]
fn a_heap_that_grows_and_was_hardly_freed_to_keeps_what_its_magazines_hold() {
    let mut memory = memory(50);
    let heap = heap(Fake::new(&mut memory, LOW));
    take(&heap, 40 * PAGE, 1);
    leave_idle(&heap);
    let before = heap.stats();
    assert!(before.arena.slab_bytes != 0);
    assert!(!heap.alloc(bytes(before.arena.largest_free + 1)).is_null());
    let after = heap.stats();
    assert_eq!(after.arena.growths, before.arena.growths + 1);
    assert_eq!(after.arena.slab_bytes, before.arena.slab_bytes);
    for (before, after) in before.caches.iter().zip(&after.caches) {
        assert_eq!(before.magazine_rounds, after.magazine_rounds, "{} bytes", before.size);
    }
    assert_sound(&heap);
}

#[test]
fn idle_memory_is_given_back_before_a_request_is_refused() {
    for pages in [0, 40] {
        let past = |heap: &Heap<Fake<'_>>| {
            if pages != 0 {
                take(heap, pages * PAGE, 1);
            }
            heap.source().deny(Deny::Always);
            leave_idle(heap);
        };
        let size = idle(pages + 4, past);
        let mut memory = memory(pages + 4);
        let heap = heap(Fake::new(&mut memory, LOW));
        past(&heap);
        for round in 0..3 {
            let arena = heap.stats().arena;
            let at = heap.alloc(bytes(size));
            assert!(!at.is_null(), "round {round}: {size} bytes are there once slabs are returned: {arena:?}");
            assert!(round != 0 || arena.slab_bytes != 0 && heap.stats().arena.slab_bytes == 0);
            free(&heap, at, size);
            leave_idle(&heap);
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
        let after = |rounds: u32| {
            (0..if cfg!(miri) { rounds.min(3) } else { rounds }).for_each(|_| round());
            heap.source().granted()
        };
        // How objects lie changes from round to round, and settles: a little more at first, then nothing.
        let [second, twentieth, last] = [2, 18, 40].map(after);
        assert!(twentieth <= second + 1 + second / 32, "{second} pages became {twentieth}");
        assert_eq!(last, twentieth, "pages after 60 rounds and after 20");
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
fn each_size_costs_its_class_and_less_than_a_ninth_of_a_class_is_rounding() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let cost_of = |size| {
        let before = heap.stats().live_bytes();
        let at = heap.alloc(bytes(size));
        let cost = (heap.stats().live_bytes() - before) as u32;
        free(&heap, at, size);
        cost
    };
    // Each size that slabs serve; of those above, up to 16 KiB, the ends of classes and some between.
    let edges = SEGMENTS.into_iter().flat_map(|size| [size - 1, size, size + 1]);
    for size in (1..=1_024).chain((1_025..=16_384).step_by(61)).chain(edges.filter(|&size| size <= 16_384)) {
        let cost = cost_of(size);
        let class = SIZES.into_iter().chain(SEGMENTS).find(|&class| class >= size);
        assert_eq!(Some(cost), class, "{size} bytes");
        // Objects are multiples of 8: up to 64 bytes that is what counts.
        assert!(cost < size + 8 || (cost - size) * 9 < cost, "{size} bytes cost {cost}");
        if cfg!(miri) && size > 130 {
            break;
        }
    }
    // Above, whole quanta.
    for size in [16_385, 16_512, 16_513, 20_000, 100_000] {
        assert_eq!(cost_of(size), size.div_ceil(128) * 128, "{size} bytes");
    }
    assert_eq!((flagstone::size_class::SLAB_CLASSES, flagstone::size_class::CLASSES), (SIZES.len(), 72));
    assert_eq!((flagstone::size_class::SMALL_MAX, flagstone::size_class::CLASS_MAX), (1_024, 16_384));
}
