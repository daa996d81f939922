//! Claim: the heap grows by what is missing behind its free tail, once; extends its span where growth adjoins; keeps off
//! what others grew and off the last page of the address space; and a refusal changes nothing but counters.

mod support;

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::units::Addr;
use support::{
    Deny, Fake, LOW, PAGE, QUANTUM, SIZES, address, assert_sound, bytes, free, heap, layout, memory, resize, tail, top,
    warm,
};

/// What a call asked the source for.
fn growths<R>(heap: &Heap<Fake<'_>>, call: impl FnOnce() -> R) -> (R, Vec<(u32, Option<Addr>)>) {
    let before = heap.source().asked.borrow().len();
    let result = call();
    let asked = heap.source().asked.borrow()[before..].to_vec();
    (result, asked)
}

#[test]
fn what_is_asked_for_is_what_is_missing_behind_the_free_tail() {
    for size in [70_000, 100_000, 131_072, 200_000, 65_536, 260_000] {
        let mut memory = memory(16);
        let heap = warm(Fake::new(&mut memory, LOW));
        let tail = tail(&heap);
        let missing = (size as u32).next_multiple_of(QUANTUM) - tail;
        let (at, asked) = growths(&heap, || heap.alloc(bytes(size)));
        assert!(!at.is_null());
        assert_eq!(asked.len(), 1, "{asked:?}");
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
            // A second one can only be for a leaf of the index or for tags, when the first left nothing over.
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

/// What the heap keeps for itself lies between blocks for ever. So it must not lie between every two large ones.
#[test]
fn large_blocks_that_were_freed_make_room_for_larger_ones() {
    if cfg!(miri) {
        return;
    }
    for (size, count) in [(2 << 20, 20), (5 << 20, 16)] {
        let mut memory = memory(size / PAGE * count * 2);
        let heap = heap(Fake::new(&mut memory, LOW));
        let held: Vec<_> = (0..count).map(|_| heap.alloc(bytes(size as usize))).collect();
        for at in held {
            free(&heap, at, bytes(size as usize));
        }
        let arena = heap.stats().arena;
        assert_eq!(arena.in_use, arena.metadata_bytes);
        assert!(arena.largest_free > arena.total / 5 * 2, "after {count} blocks of {size} bytes: {arena:?}");
        assert_sound(&heap);
    }
}

#[test]
fn growth_behind_somebody_elses_page_begins_a_span_of_its_own() {
    let mut memory = memory(16);
    let heap = warm(Fake::new(&mut memory, LOW));
    assert!(heap.source().grow_for_others(1));
    let tail = tail(&heap);
    let (at, asked) = growths(&heap, || heap.alloc(bytes(tail as usize + 1)));
    // The tail is not at the end of the memory any more, so it is no help.
    assert_eq!(asked[0].0, (tail + 1).next_multiple_of(QUANTUM).div_ceil(PAGE));
    assert_eq!(address(&heap, at), LOW.0 + 2 * PAGE, "behind the foreign page");
    let stats = heap.stats();
    assert_eq!(stats.arena.spans, 2);
    heap.source().deny(Deny::Always);
    let rest: Vec<_> =
        std::iter::repeat_with(|| address(&heap, heap.alloc(bytes(1_500)))).take_while(|&at| at != 0).collect();
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
            assert!(
                at.is_null() && asked.iter().all(|(_, got)| got.is_none()),
                "{size} bytes above the top of the address space"
            );
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
    for align in [1, 8, 128, 512, 4_096, 65_536, 1 << 20, 1 << 30, 1 << 31] {
        for less in [0, 1, 7, 8, 127, 128, 4_095, 65_535, 65_536, 65_537, 1 << 20] {
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

/// Fails where more changed since `before` than counters (words of the heap's state that went up, by `most` at most) and
/// which of two empty magazines is the loaded one (words of the state that were exchanged). Diagnosis puts on record, in the state, what
/// was refused and who held the memory, so there only the memory behind the state is looked at.
fn assert_counters_only(heap: &Heap<Fake<'_>>, before: &[u8], most: u32) {
    let after = heap.source().bytes();
    assert_eq!(after.len(), before.len(), "the memory grew");
    let state_end = heap.source().granted() * PAGE - heap.stats().arena.total;
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (index, (old, new)) in before.chunks_exact(4).zip(after.chunks_exact(4)).enumerate() {
        if old != new {
            let [old, new] = [old, new].map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
            assert!(4 * (index as u32) < state_end, "a word at {:#x} changed: {old:#x} to {new:#x}", 4 * index);
            if new.wrapping_sub(old) > most || old > LOW.0 {
                gone.push(old);
                come.push(new);
            }
        }
    }
    if cfg!(feature = "audit") {
        return;
    }
    gone.sort();
    come.sort();
    assert_eq!(gone, come, "words that are no counters changed, and not places with each other");
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
            assert!(
                layout.size() <= 1_024 || layout.size() < held.size() || resize(&heap, at, held, 1 << 20).is_null()
            );
        }
        assert_counters_only(&heap, &before, 3 * refused.len() as u32);
        assert_sound(&heap);
    }
}

/// The free tail is long enough for a request, but the last of its list of lengths, behind more segments that are too short
/// than a request looks at. What is missing behind it is nothing then, which is not a length below zero.
#[test]
fn a_free_tail_that_was_overlooked_serves_once_the_memory_grew_by_a_page() {
    // In quanta of 128 bytes, all of the list from 193 to 224, and longer than what magazines take.
    let (short, tail_len, wanted) = (200 * 128, 224 * 128, 220 * 128);
    let mut memory = memory(16);
    let heap = warm(Fake::new(&mut memory, LOW));
    let room = bytes(12 * PAGE as usize);
    free(&heap, heap.alloc(room), room);
    // `warm` leaves holes of 4 KiB at most, so what keeps the short ones apart is behind them, too.
    let pairs = [(); 20].map(|()| (heap.alloc(bytes(short)), heap.alloc(bytes(5_000))));
    assert!(pairs.iter().all(|(one, other)| address(&heap, *other) >= address(&heap, *one) + short as u32));
    let rest = tail(&heap) as usize - tail_len;
    assert!(rest > 16_384 && !heap.alloc(bytes(rest)).is_null());
    assert_eq!(tail(&heap) as usize, tail_len, "what is free at the end");
    for (at, _) in pairs {
        free(&heap, at, bytes(short));
    }
    let arena = heap.stats().arena;
    assert_eq!(arena.largest_free as usize, tail_len, "{arena:?}");
    assert!(arena.free_segments >= 21, "20 shorter ones and the tail: {arena:?}");
    let end = LOW.0 + heap.source().granted() * PAGE;
    let (at, asked) = growths(&heap, || heap.alloc(bytes(wanted)));
    assert_eq!(address(&heap, at), end - tail_len as u32, "the tail is long enough; asked for: {asked:?}");
    assert_eq!(asked, [(1, Some(Addr(end)))], "a page, so that it is seen");
    assert_sound(&heap);
}

#[test]
fn a_growth_refused_once_is_asked_for_again() {
    let mut memory = memory(8);
    let heap = warm(Fake::new(&mut memory, LOW));
    heap.source().deny(Deny::Nth(0));
    let before = heap.stats();
    let (at, asked) = growths(&heap, || heap.alloc(bytes(100_000)));
    if at.is_null() {
        assert_eq!(heap.stats().large.failures, before.large.failures + 1);
        assert!(!heap.alloc(bytes(100_000)).is_null(), "the second request grows");
    } else {
        // Nothing lay idle, but that was tried before it was asked again.
        assert_eq!((asked[0].1, asked.len()), (None, 2), "{asked:?}");
        assert_eq!(heap.stats().large.failures, before.large.failures);
    }
    assert_sound(&heap);
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

/// The records of a large heap are taken many at a time, but where little is left, little serves.
#[test]
fn a_large_heap_that_is_full_but_for_some_kib_still_gets_tags() {
    if cfg!(miri) {
        return;
    }
    for pages in 376..384 {
        let mut memory = memory(402);
        let heap = heap(Fake::new(&mut memory, LOW));
        let all = bytes(400 * PAGE as usize);
        free(&heap, heap.alloc(all), all);
        assert!(!heap.alloc(bytes(pages * PAGE as usize)).is_null());
        heap.source().deny(Deny::Always);
        // Each takes a quantum at a multiple of two, and tags for it and for the quantum between.
        while !heap.alloc(layout(128, 256)).is_null() {}
        let arena = heap.stats().arena;
        assert!(arena.largest_free < 4_096, "refused with {} bytes free together: {arena:?}", arena.largest_free);
        assert_sound(&heap);
    }
}
