//! Claim: the heap grows by what is missing behind its free tail, once; extends its span where growth adjoins; keeps off
//! what others grew and off the last page of the address space; and a refusal changes nothing but counters.

mod support;

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::units::Addr;
use support::{Deny, Fake, LOW, PAGE, SIZES, address, assert_sound, heap, layout, memory, top};

/// A request that only the arena serves.
fn bytes(size: usize) -> Layout {
    layout(size, 1)
}

/// What a call asked the source for.
fn growths<R>(heap: &Heap<Fake<'_>>, call: impl FnOnce() -> R) -> (R, Vec<(u32, Option<Addr>)>) {
    let before = heap.source().asked.borrow().len();
    let result = call();
    let asked = heap.source().asked.borrow()[before..].to_vec();
    (result, asked)
}

fn free(heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout) {
    // SAFETY: tests pass what this heap returned for this layout, once.
    unsafe { heap.dealloc(at, layout) };
}

fn resize(heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    // SAFETY: tests pass what this heap returned for this layout, and go on with the result.
    unsafe { heap.realloc(at, layout, size) }
}

/// A heap that has set up what it needs for large requests, so that the next one takes nothing else. What is free is at
/// its end, but for a little.
fn warm(fake: Fake<'_>) -> Heap<Fake<'_>> {
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
fn tail(heap: &Heap<Fake<'_>>) -> u32 {
    heap.stats().arena.largest_free
}

#[test]
fn what_is_asked_for_is_what_is_missing_behind_the_free_tail() {
    for size in [70_000, 100_000, 131_072, 200_000, 65_536, 260_000] {
        let mut memory = memory(16);
        let heap = warm(Fake::new(&mut memory, LOW));
        let tail = tail(&heap);
        let missing = (size as u32).div_ceil(512) * 512 - tail;
        let (at, asked) = growths(&heap, || heap.alloc(bytes(size)));
        assert!(!at.is_null());
        assert_eq!(asked[0].0, missing.div_ceil(PAGE), "pages for {size} bytes with {tail} free at the end");
        assert_sound(&heap);
    }
}

#[test]
fn one_growth_serves_any_size_and_alignment() {
    for align in (0..=20).map(|shift| 1_usize << shift) {
        for size in [1, align - 1, align, align + 1, 3 * align / 2, 5_000, 65_535, 65_536, 65_537, 300_000] {
            if size == 0 {
                continue;
            }
            let mut memory = memory(64);
            let heap = warm(Fake::new(&mut memory, Addr(0x7ff0_0000 - 2 * PAGE)));
            let (at, asked) = growths(&heap, || heap.alloc(layout(size, align)));
            assert!(!at.is_null(), "{size} bytes at a multiple of {align}");
            assert!((address(&heap, at) as usize).is_multiple_of(align));
            let given: Vec<_> = asked.iter().filter(|(_, got)| got.is_some()).collect();
            // A second one can only be for a leaf of the page map, when the first left nothing over.
            assert!(given.len() <= 1 || given[1].0 == 1 && given.len() == 2, "{size} at {align} grew by {asked:?}");
            let excess = heap.stats().arena.free as usize;
            assert!(excess < size + align + 3 * PAGE as usize, "{excess} bytes free after {size} at {align}");
        }
        if cfg!(miri) && align > 4096 {
            break;
        }
    }
}

#[test]
fn growth_that_adjoins_extends_the_span_so_a_ratchet_of_buffers_stays_small() {
    let steps: u32 = if cfg!(miri) { 6 } else { 40 };
    let mut memory = memory(steps * 4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut held = heap.alloc(bytes(PAGE as usize));
    for pages in 2..=steps {
        let size = (pages * PAGE) as usize;
        let next = heap.alloc(bytes(size));
        free(&heap, held, bytes(size - PAGE as usize));
        held = next;
        assert_eq!(heap.stats().arena.spans, 1);
    }
    // Two buffers are live at a time; joined free memory bounds the rest. Unjoined it would be the sum of all: steps^2 / 2.
    let pages = heap.source().granted();
    assert!(pages <= 3 * steps + 2, "{pages} pages for buffers of up to {steps}");
    assert_sound(&heap);
}

#[test]
fn growth_behind_somebody_elses_page_begins_a_span_of_its_own() {
    let mut memory = memory(16);
    let heap = warm(Fake::new(&mut memory, LOW));
    assert!(heap.source().grow_for_others(1));
    let tail = tail(&heap);
    let (at, asked) = growths(&heap, || heap.alloc(bytes(tail as usize + 1)));
    // The tail is not at the end of the memory any more, so it is no help.
    assert_eq!(asked[0].0, (tail + 1).div_ceil(512).div_ceil(PAGE / 512));
    assert_eq!(address(&heap, at), LOW.0 + 2 * PAGE, "behind the foreign page");
    let stats = heap.stats();
    assert_eq!(stats.arena.spans, 2);
    heap.source().deny(Deny::Always);
    let rest: Vec<_> = std::iter::repeat_with(|| address(&heap, heap.alloc(bytes(1_500)))).take_while(|&at| at != 0).collect();
    assert!(rest.iter().any(|&at| at < LOW.0 + PAGE), "the old tail still serves");
    assert!(rest.iter().any(|&at| at > LOW.0 + 2 * PAGE), "so does the new one");
    heap.source().assert_others_untouched();
    assert_sound(&heap);
}

#[test]
fn others_may_grow_between_any_two_calls() {
    let rounds = if cfg!(miri) { 6 } else { 60 };
    let mut memory = memory(4 * rounds);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut held = Vec::new();
    for round in 0..rounds as usize {
        let layout = bytes([24, 700, 3_000, 66_000][round % 4]);
        let at = heap.alloc(layout);
        assert!(!at.is_null());
        held.push((at, layout));
        heap.source().grow_for_others(1);
        if round % 3 == 2 {
            let (at, layout) = held.swap_remove(round / 2);
            free(&heap, at, layout);
            heap.source().grow_for_others(1);
        }
        if round % 5 == 4 {
            let (at, layout) = held.swap_remove(round / 3);
            let grown = resize(&heap, at, layout, layout.size() + 5_000);
            assert!(!grown.is_null());
            held.push((grown, bytes(layout.size() + 5_000)));
            heap.source().grow_for_others(1);
        }
        assert_sound(&heap);
    }
    heap.source().assert_others_untouched();
    for (at, layout) in held {
        free(&heap, at, layout);
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn nothing_is_in_the_last_page_of_the_address_space() {
    for size in [8, 100, 1_024, 1_025, 3_000, 60_000, 65_536, 70_000, 400_000] {
        let pages = if cfg!(miri) { 3 } else { 12 };
        let mut memory = memory(pages);
        let heap = heap(Fake::new(&mut memory, top(pages)));
        let mut highest = 0;
        loop {
            let at = heap.alloc(bytes(size));
            if at.is_null() {
                break;
            }
            highest = highest.max(u64::from(address(&heap, at)) + size as u64);
        }
        assert!(highest <= 0xffff_0000, "{size} bytes reach {highest:#x}");
        assert!(heap.source().granted() < pages, "the last page was taken");
        assert_sound(&heap);
    }
}

#[test]
fn no_address_wraps_when_others_took_the_last_page() {
    let mut memory = memory(6);
    let heap = heap(Fake::new(&mut memory, top(6)));
    assert!(heap.source().grow_for_others(5));
    assert_eq!(heap.source().granted(), 6, "the memory ends at 4 GiB");
    for size in [1, 100, 2_000, 20_000] {
        let at = heap.alloc(bytes(size));
        assert!((1..0xfffb_0000).contains(&address(&heap, at)), "the first page still serves {size} bytes");
    }
    for size in [65_536, 1 << 20, 1 << 30, i32::MAX as usize - 4_095] {
        for align in [1, 4_096] {
            let (at, asked) = growths(&heap, || heap.alloc(layout(size, align)));
            assert!(at.is_null() && asked.iter().all(|(_, got)| got.is_none()), "{size} bytes above the top of the address space");
        }
    }
    assert_sound(&heap);
    heap.source().assert_others_untouched();
}

#[test]
fn a_vector_that_grows_up_to_the_last_page_stops_there() {
    let mut memory = memory(10);
    let heap = heap(Fake::new(&mut memory, top(10)));
    let mut size = 2_000;
    let mut at = heap.alloc(bytes(size));
    loop {
        let grown = resize(&heap, at, bytes(size), size + 30_000);
        if grown.is_null() {
            break;
        }
        (at, size) = (grown, size + 30_000);
        assert!(u64::from(address(&heap, at)) + size as u64 <= 0xffff_0000);
    }
    assert!(size > 8 * PAGE as usize, "{size} bytes of nine pages were reached");
    assert_sound(&heap);
}

#[test]
fn every_alignment_that_a_32_bit_layout_can_have() {
    for shift in 0..=30 {
        let align = 1_usize << shift;
        for size in [1, 8, 1_000, 1_025, 70_000] {
            let mut memory = memory(24);
            // Two pages below a multiple of 2^30.
            let heap = heap(Fake::new(&mut memory, Addr(0x4000_0000 - 2 * PAGE)));
            let at = heap.alloc(layout(size, align));
            // Larger ones may take more than 24 pages on the way.
            assert!(!at.is_null() || shift > 19, "{size} bytes at a multiple of 2^{shift}");
            if !at.is_null() {
                assert!((address(&heap, at) as usize).is_multiple_of(align));
                free(&heap, at, layout(size, align));
            }
            assert_sound(&heap);
        }
        if cfg!(miri) && shift == 12 {
            break;
        }
    }
    // A multiple of 2^31 leaves no room for any size up to `isize::MAX` of 32 bits.
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, Addr(0x8000_0000 - 2 * PAGE)));
    if let Ok(layout) = Layout::from_size_align(1, 1 << 31) {
        assert!(heap.alloc(layout).is_null());
    }
}

#[test]
fn sizes_that_no_memory_can_hold_are_refused_without_harm() {
    let mut memory = memory(4);
    let heap = warm(Fake::new(&mut memory, LOW));
    let held = heap.alloc(bytes(3_000));
    // The first refusal reclaims what lies idle.
    assert!(heap.alloc(bytes(1 << 30)).is_null());
    let before = heap.source().bytes();
    for align in [1, 8, 512, 4_096, 65_536, 1 << 20, 1 << 30, 1 << 31] {
        for less in [0, 1, 7, 8, 511, 512, 4_095, 65_535, 65_536, 65_537, 1 << 20] {
            let Ok(layout) = Layout::from_size_align(i32::MAX as usize - less, align) else { continue };
            assert!(heap.alloc(layout).is_null(), "{layout:?}");
            assert!(heap.alloc_zeroed(layout).is_null(), "{layout:?}");
            assert!(resize(&heap, held, bytes(3_000), layout.size()).is_null(), "{layout:?}");
        }
    }
    for size in [1 << 31, u32::MAX as u64, 1 << 32, (1 << 32) + 8, 1 << 40].map(|size| size as usize) {
        if let Ok(layout) = Layout::from_size_align(size, 8) {
            assert!(heap.alloc(layout).is_null() && heap.alloc_zeroed(layout).is_null(), "{layout:?}");
            assert!(resize(&heap, held, bytes(3_000), size).is_null());
        }
    }
    assert_counters_only(&heap, &before, 3_000);
    assert_sound(&heap);
}

/// Fails where more changed since `before` than counters: words of the heap's state that went up, by `most` at most.
fn assert_counters_only(heap: &Heap<Fake<'_>>, before: &[u8], most: u32) {
    let after = heap.source().bytes();
    assert_eq!(after.len(), before.len(), "the memory grew");
    let state_end = heap.source().granted() * PAGE - heap.stats().arena.total;
    let mut counters = 0;
    for (index, (old, new)) in before.chunks_exact(4).zip(after.chunks_exact(4)).enumerate() {
        if old != new {
            let [old, new] = [old, new].map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
            assert!(4 * (index as u32) < state_end, "a word at {:#x} changed: {old:#x} to {new:#x}", 4 * index);
            assert!(new.wrapping_sub(old) <= most, "no counter at {:#x} changed: {old:#x} to {new:#x}", 4 * index);
            counters += 1;
        }
    }
    assert!(counters <= 2 + SIZES.len(), "{counters} words changed");
}

/// Fills a heap until nothing of any size is left; what was handed out.
fn fill(heap: &Heap<Fake<'_>>) -> Vec<(*mut u8, Layout)> {
    let mut held = Vec::new();
    for size in [50_000, 9_000, 1_100, 1_024, 512, 64, 8] {
        loop {
            let at = heap.alloc(bytes(size));
            if at.is_null() {
                break;
            }
            held.push((at, bytes(size)));
        }
    }
    held
}

/// Every request that can be made of a full heap.
fn requests() -> Vec<Layout> {
    let small = SIZES.map(|size| bytes(size as usize));
    let large = [1_025, 4_096, 65_536, 100_000, 1 << 20, 1 << 30].map(bytes);
    let aligned = [layout(8, 2_048), layout(100, 65_536), layout(70_000, 1 << 20)];
    [&small[..], &large, &aligned].concat()
}

#[test]
fn a_refusal_changes_nothing_but_counters() {
    for pages in [1, 2, 5] {
        let mut memory = memory(pages);
        let heap = heap(Fake::new(&mut memory, LOW));
        let held = fill(&heap);
        // Whatever idled is reclaimed now, and what caches first use is set up if that is possible.
        for layout in requests() {
            assert!(heap.alloc(layout).is_null() || layout.size() <= 1_024);
        }
        heap.source().deny(Deny::Always);
        let refused: Vec<_> = requests().into_iter().filter(|layout| heap.alloc(*layout).is_null()).collect();
        assert!(refused.len() >= 9, "only {} requests are refused", refused.len());
        let before = heap.source().bytes();
        for &layout in &refused {
            assert!(heap.alloc(layout).is_null() && heap.alloc_zeroed(layout).is_null(), "{layout:?}");
            let (at, held) = held[0];
            assert!(layout.size() <= 1_024 || layout.size() < held.size() || resize(&heap, at, held, 1 << 20).is_null());
        }
        assert_counters_only(&heap, &before, 3 * refused.len() as u32);
        assert_sound(&heap);
    }
}

#[test]
fn a_growth_refused_once_is_asked_for_again() {
    let mut memory = memory(8);
    let heap = warm(Fake::new(&mut memory, LOW));
    heap.source().deny(Deny::Nth(0));
    let before = heap.stats();
    let at = heap.alloc(bytes(100_000));
    if at.is_null() {
        assert_eq!(heap.stats().large.failures, before.large.failures + 1);
        assert!(!heap.alloc(bytes(100_000)).is_null(), "the second request grows");
    }
    assert_sound(&heap);
}

#[test]
fn shrinking_succeeds_in_a_full_memory_whatever_is_left_in_the_reserve_of_records() {
    for quanta in 5..if cfg!(miri) { 8 } else { 60 } {
        let size = 512 * quanta;
        let mut memory = memory(2);
        let heap = heap(Fake::new(&mut memory, LOW));
        // So that what is shrunk has magazines to go to when it is freed.
        free(&heap, heap.alloc(bytes(size / 2)), bytes(size / 2));
        let held: Vec<_> = std::iter::repeat_with(|| heap.alloc(bytes(size))).take_while(|at| !at.is_null()).collect();
        while !heap.alloc(layout(1, 2_048)).is_null() {}
        for &at in &held {
            assert_eq!(resize(&heap, at, bytes(size), size / 2), at, "half of {size} bytes");
            assert_sound(&heap);
        }
        for at in held {
            free(&heap, at, bytes(size / 2));
            assert_sound(&heap);
        }
    }
}

#[test]
fn shrinking_by_a_quantum_succeeds_until_no_tag_is_left_for_the_rest() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    free(&heap, heap.alloc(bytes(2_560)), bytes(2_560));
    let held: Vec<_> = std::iter::repeat_with(|| heap.alloc(bytes(3_072))).take_while(|at| !at.is_null()).collect();
    // Each one leaves a quantum between two blocks, with a tag of its own, and never enough for more tags.
    for &at in &held {
        let shrunk = resize(&heap, at, bytes(3_072), 2_560);
        assert_eq!(shrunk, at, "with {} pieces free", heap.stats().arena.free_segments);
    }
    assert_sound(&heap);
    assert!(heap.stats().live_bytes() >= held.len() as u64 * 2_560);
    for &at in held.iter().step_by(2).chain(held.iter().skip(1).step_by(2)) {
        free(&heap, at, bytes(2_560));
        assert_sound(&heap);
    }
    assert_eq!((heap.stats().live_objects(), heap.stats().live_bytes()), (0, 0));
}

#[test]
fn a_vector_at_the_end_of_the_heap_grows_in_place() {
    let most = if cfg!(miri) { 1 << 19 } else { 8 << 20 };
    let mut memory = memory(most / PAGE * 2 + 8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut size = 1_usize << 16;
    let mut at = heap.alloc(bytes(size));
    let mut moves = 0;
    while size < most as usize {
        let grown = resize(&heap, at, bytes(size), 2 * size);
        assert!(grown == at || size < 1 << 18, "moved at {size} bytes");
        moves += u32::from(grown != at);
        (at, size) = (grown, 2 * size);
    }
    assert!(moves <= 1, "once out of the way of what the heap sets up");
    let pages = heap.source().granted();
    // What is asked for, one step of growth, a thirty-second of the memory, and what the first move left.
    assert!(pages <= (most / PAGE) * 33 / 32 + 4, "{pages} pages for {size} bytes");
    assert_sound(&heap);
}

#[test]
fn growth_in_place_stops_at_somebody_elses_page() {
    let mut memory = memory(12);
    let heap = heap(Fake::new(&mut memory, LOW));
    // What the heap sets up for its first large block lies between that and this one.
    let _ = heap.alloc(bytes(70_000));
    let at = heap.alloc(bytes(70_000));
    // SAFETY: 70,000 bytes were just allocated.
    unsafe { at.write_bytes(0x5c, 70_000) };
    let room = heap.stats().arena.largest_free as usize;
    heap.source().grow_for_others(1);
    let same = resize(&heap, at, bytes(70_000), 70_000 + room / 2);
    assert_eq!(same, at, "the free tail still extends it");
    let moved = resize(&heap, same, bytes(70_000 + room / 2), 70_000 + room + PAGE as usize);
    assert_ne!(moved, at);
    // SAFETY: the block is longer than that and its first 70,000 bytes were written.
    let kept = unsafe { std::slice::from_raw_parts(moved, 70_000) };
    assert!(kept == vec![0x5c; 70_000]);
    heap.source().assert_others_untouched();
    assert_sound(&heap);
}

#[test]
fn shrinking_stays_in_place_and_frees_the_rest() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let at = heap.alloc(bytes(200_000));
    let behind = heap.alloc(bytes(2_000));
    let (pages, free_before) = (heap.source().granted(), heap.stats().arena.free);
    let shrunk = resize(&heap, at, bytes(200_000), 50_000);
    assert_eq!(shrunk, at);
    // 200,000 bytes are 391 quanta of 512, and 50,000 are 98.
    assert_eq!(heap.stats().arena.free - free_before, (391 - 98) * 512);
    let again = heap.alloc(bytes(149_000));
    assert!(address(&heap, again) > address(&heap, at) && address(&heap, again) < address(&heap, behind));
    assert_eq!(heap.source().granted(), pages);
    assert_sound(&heap);
}

#[test]
fn a_segment_extends_into_its_free_neighbour() {
    let mut memory = memory(8);
    let heap = warm(Fake::new(&mut memory, LOW));
    let [first, second, third] = [(); 3].map(|()| heap.alloc(bytes(20_480)));
    assert_eq!(address(&heap, second), address(&heap, first) + 20_480);
    assert_eq!(address(&heap, third), address(&heap, second) + 20_480);
    free(&heap, second, bytes(20_480));
    heap.source().deny(Deny::Always);
    assert_eq!(resize(&heap, first, bytes(20_480), 30_000), first, "into a part of it");
    assert_sound(&heap);
    assert_eq!(resize(&heap, first, bytes(30_000), 40_960), first, "into all of it");
    assert_sound(&heap);
    assert_ne!(resize(&heap, first, bytes(40_960), 40_961), first, "not into the next one");
    assert_sound(&heap);
}

#[test]
fn zeroed_memory_is_zero_whether_recycled_or_fresh() {
    let mut memory = memory(12);
    let heap = heap(Fake::new(&mut memory, LOW));
    for size in [1, 8, 100, 1_024, 1_025, 5_000, 65_536, 150_000] {
        for _ in 0..3 {
            let at = heap.alloc_zeroed(bytes(size));
            // SAFETY: `size` bytes were just allocated, and zeroed memory is initialised.
            let block = unsafe { std::slice::from_raw_parts_mut(at, size) };
            assert!(block.iter().all(|&byte| byte == 0), "{size} bytes");
            block.fill(0xff);
            free(&heap, at, bytes(size));
        }
    }
    assert_sound(&heap);
}

#[test]
fn what_is_fresh_from_growth_is_not_cleared_again() {
    let mut memory = memory(8);
    let heap = warm(Fake::new(&mut memory, LOW));
    let grown = LOW.0 + heap.source().granted() * PAGE;
    heap.source().grow_for_others(1);
    // The next growth begins behind the foreign page; a word there is written behind everybody's back, and stays.
    let at = heap.alloc(bytes(100_000));
    assert_eq!(address(&heap, at), grown + PAGE);
    heap.source().poke(grown + PAGE + 120_000, 0xdead_beef);
    let fresh = heap.alloc_zeroed(bytes(20_000));
    let start = address(&heap, fresh);
    assert!(start < grown + PAGE + 120_000 && grown + PAGE + 120_004 <= start + 20_000, "{start:#x}");
    let word = fresh.wrapping_add((grown + PAGE + 120_000 - start) as usize).cast::<u32>();
    // SAFETY: inside the block just allocated, whose bytes are initialised.
    assert_eq!(unsafe { word.read_unaligned() }, 0xdead_beef);
}

#[test]
fn sizes_around_every_multiple_of_a_page_get_enough_pages() {
    for pages in 1..=if cfg!(miri) { 2 } else { 8_u32 } {
        for size in [pages * PAGE - 1, pages * PAGE, pages * PAGE + 1] {
            let mut memory = memory(12);
            let heap = warm(Fake::new(&mut memory, LOW));
            let tail = tail(&heap);
            let at = heap.alloc(bytes(size as usize));
            let end = u64::from(address(&heap, at)) + u64::from(size);
            assert!(!at.is_null() && end <= u64::from(LOW.0 + heap.source().granted() * PAGE), "{size} bytes");
            // SAFETY: the block is `size` bytes, all of which can be written.
            unsafe { at.write_bytes(1, size as usize) };
            let needed = (size - tail).div_ceil(PAGE);
            assert!((needed..=needed + 1).contains(&(heap.source().granted() - 1)), "{size} bytes");
            assert_sound(&heap);
        }
    }
}

#[test]
fn the_first_allocation_grows_by_two_pages_at_most() {
    for size in [1, 24, 1_024, 2_000] {
        let mut memory = memory(4);
        let heap = heap(Fake::new(&mut memory, LOW));
        assert!(!heap.alloc(bytes(size)).is_null());
        assert!(heap.source().granted() <= 2, "{size} bytes");
    }
}

#[test]
fn a_heap_needs_a_page_below_the_last_one() {
    let mut page = memory(1);
    assert!(Heap::new(Fake::new(&mut page, top(1))).is_none(), "the last page of the address space");
    let mut none = memory(0);
    assert!(Heap::new(Fake::new(&mut none, LOW)).is_none(), "no page at all");
    let mut page = memory(1);
    assert!(Heap::new(Fake::new(&mut page, LOW)).is_some());
}
