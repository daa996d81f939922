//! Claim: a block above 16 KiB changes its size without moving where what is behind it allows, at the end of the heap with the
//! memory; a smaller one moves from class to class, and changes where it is when there is no memory to move to; shrinking
//! never fails; and zeroed memory is zero, cleared only where it was used before.

mod support;

use support::{
    Deny, Fake, LOW, PAGE, QUANTUM, SEGMENTS, address, assert_sound, bytes, free, heap, layout, memory, resize, tail,
    warm,
};

#[test]
fn shrinking_succeeds_in_a_full_memory_whatever_is_left_in_the_reserve_of_records() {
    for quanta in (20..if cfg!(miri) { 21 } else { 400 }).step_by(7) {
        let size = QUANTUM as usize * quanta;
        let mut memory = memory(2);
        let heap = heap(Fake::new(&mut memory, LOW));
        // So that what is shrunk has magazines to go to when it is freed.
        free(&heap, heap.alloc(bytes(size / 2)), bytes(size / 2));
        let held: Vec<_> = std::iter::repeat_with(|| heap.alloc(bytes(size))).take_while(|at| !at.is_null()).collect();
        while !heap.alloc(layout(1, 256)).is_null() {}
        let shrunk = |at| {
            let at = resize(&heap, at, bytes(size), size / 2);
            assert!(!at.is_null(), "half of {size} bytes");
            assert_sound(&heap);
            at
        };
        let halves: Vec<_> = held.iter().map(|&at| shrunk(at)).collect();
        // There was nowhere to move to for the first one. Later ones may move into what others left, but for long ones.
        assert_eq!(halves[0], held[0], "{size} bytes");
        assert!(size / 2 <= 16_384 || halves == held, "{size} bytes");
        for at in halves {
            free(&heap, at, bytes(size / 2));
            assert_sound(&heap);
        }
    }
}

#[test]
fn shrinking_by_a_quantum_succeeds_until_no_tag_is_left_for_the_rest() {
    let (size, less) = (16_640, 16_512);
    let mut memory = memory(if cfg!(miri) { 4 } else { 60 });
    let heap = heap(Fake::new(&mut memory, LOW));
    let held: Vec<_> = std::iter::repeat_with(|| heap.alloc(bytes(size))).take_while(|at| !at.is_null()).collect();
    while !heap.alloc(layout(3_000, 256)).is_null() {}
    // Each one leaves a quantum between two blocks, with a tag of its own, and never enough for more tags.
    for &at in &held {
        let shrunk = resize(&heap, at, bytes(size), less);
        assert_eq!(shrunk, at, "with {} pieces free", heap.stats().arena.free_segments);
    }
    assert_sound(&heap);
    // A segment of metadata is 102 tags, so of 200 blocks some become shorter and others stay as long as they were.
    let kept = (heap.stats().large.live_bytes as usize).saturating_sub(held.len() * less) / 128;
    assert!(cfg!(miri) || held.len() > 200 && kept > 20, "{kept} of {} blocks stay longer", held.len());
    for &at in held.iter().step_by(2).chain(held.iter().skip(1).step_by(2)) {
        free(&heap, at, bytes(less));
        assert_sound(&heap);
    }
    let left = heap.stats().large;
    assert!(held.len() as u64 >= u64::from(left.live), "{left:?}");
}

#[test]
fn from_class_to_class_a_block_moves_unless_there_is_no_memory_to_move_to() {
    let mut memory = memory(8);
    let heap = warm(Fake::new(&mut memory, LOW));
    let mut held = heap.alloc(bytes(1_025));
    let mut size = 1_025;
    for class in SEGMENTS.map(|class| class as usize) {
        // To the end of its class it stays; where it lies, the next class would fit as well.
        assert_eq!(resize(&heap, held, bytes(size), class), held, "{size} bytes to {class}");
        let moved = resize(&heap, held, bytes(class), class + 1);
        assert!(!moved.is_null() && moved != held, "{class} bytes and one more");
        (held, size) = (moved, class + 1);
    }
    assert_sound(&heap);
    free(&heap, held, bytes(size));
    heap.reclaim();
    // Where the two blocks of what follows lie is known of a heap whose state is as long as without diagnosis.
    if cfg!(feature = "audit") {
        return;
    }
    // A block with a free one behind it in a memory that is full otherwise: there is no room for both the old and the new.
    let [first, second] = [(); 2].map(|()| heap.alloc(bytes(4_096)));
    assert_eq!(address(&heap, second), address(&heap, first) + 4_096);
    heap.source().deny(Deny::Always);
    while !heap.alloc(layout(128, 256)).is_null() {}
    free(&heap, second, bytes(4_096));
    let failures = heap.stats().large.failures;
    assert_eq!(resize(&heap, first, bytes(4_096), 8_192), first, "into what the other one left");
    assert_sound(&heap);
    assert!(resize(&heap, first, bytes(8_192), 8_193).is_null());
    assert_eq!(heap.stats().large.failures, failures + 1, "requests that got null");
    assert_eq!(resize(&heap, first, bytes(8_192), 2_000), first, "its rest is not lost");
    assert_sound(&heap);
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
    // What is asked for, the rest of its last page, and what the heap's records and the first move left.
    assert!(pages <= most / PAGE + 4, "{pages} pages for {size} bytes");
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
    // 200,000 bytes are 1,563 quanta of 128, and 50,000 are 391.
    assert_eq!(heap.stats().arena.free - free_before, (1_563 - 391) * 128);
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
    // Nothing is left at the end of what was grown so far.
    let _ = heap.alloc(bytes(tail(&heap) as usize));
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
