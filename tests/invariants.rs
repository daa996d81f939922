//! Claim: for each of the invariants I1 to I14, `verify` sees the damage of exactly that, and says its number.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use flagstone::Heap;
use flagstone::image::survey::{Kind, SlabInfo};
use support::snapshot::{Snapshot, tag};
use support::{Fake, LOW, PAGE, assert_sound, heap, layout, memory, top};

/// Objects of this size are allocated `TAKEN` times, a number that occurs nowhere else.
const SIZE: u32 = 64;
const TAKEN: u32 = 7_919;

/// A heap with something of everything, sound and copied: slabs partial and full, magazines with rounds, free
/// segments between held ones, a segment in a magazine, pages with and without a leaf.
fn sound() -> Snapshot {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    // Growth comes first, because it empties magazines.
    let large = [3_000, 20_000, 30_000, 25_000, 20_000, 70_000, 100_000, 2_000].map(|size| layout(size, 1));
    let at = large.map(|layout| heap.alloc(layout));
    let room = layout(90_000, 1);
    give(&heap, heap.alloc(room), room);
    let small = layout(SIZE as usize, 8);
    let mut held: Vec<_> = (0..2_048).map(|_| heap.alloc(small)).collect();
    held.sort();
    // Every other object, until the magazines have given many of them back to their slabs and hold more.
    let mut others = held.into_iter().step_by(2);
    let in_slabs = || {
        let cache = heap.stats().caches.into_iter().find(|cache| cache.size == SIZE).expect("its cache");
        cache.objects - cache.live - cache.magazine_rounds
    };
    while in_slabs() < 40 {
        give(&heap, others.next().expect("fewer than 1,024 rounds in the magazines"), small);
    }
    give(&heap, others.next().unwrap(), small);
    for _ in 2_048..TAKEN {
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

fn give(heap: &Heap<Fake<'_>>, at: *mut u8, layout: std::alloc::Layout) {
    // SAFETY: live blocks of this heap with their layouts, each given once.
    unsafe { heap.dealloc(at, layout) };
}

/// Fails unless the damage is seen as what it is.
fn assert_sees(invariant: &str, damaged: &Snapshot) {
    let broken = damaged.broken();
    assert!(broken.contains(invariant), "{invariant} is broken, and verify reports {broken:?}");
}

/// Fails unless the damage is seen as that, and as nothing else.
fn assert_sees_only(invariant: &str, damaged: &Snapshot) {
    let broken = damaged.broken();
    assert!(broken.iter().eq([&invariant]), "{invariant} is broken, and verify reports {broken:?}");
}

/// A slab of `SIZE` with that number of free objects.
fn slab_with(snapshot: &Snapshot, is: impl Fn(u32) -> bool) -> SlabInfo {
    let slabs = snapshot.survey().slabs;
    slabs.into_iter().find(|slab| slab.size == SIZE && is(slab.free.count_ones())).expect("such a slab")
}

/// Where the cache of `SIZE` names its loaded magazine; the magazine; its rounds. The word before counts the rounds, those
/// behind say the capacity, the previous magazine's rounds, and where it is.
fn loaded(snapshot: &Snapshot) -> (u32, u32, u32) {
    let survey = snapshot.survey();
    let cache = survey.caches.iter().find(|cache| cache.size == SIZE).expect("its cache");
    let at = snapshot.only(snapshot.state(), |snapshot, at| {
        let (rounds, base, capacity) = (snapshot.word(at - 4), snapshot.word(at), snapshot.word(at + 4));
        let previous = snapshot.word(at + 8);
        capacity == cache.capacity
            && rounds + previous == cache.rounds
            && rounds != 0
            && survey
                .slabs
                .iter()
                .any(|slab| slab.size == SIZE && snapshot.word(base).wrapping_sub(slab.start) < slab.len)
    });
    (at, snapshot.word(at), snapshot.word(at - 4))
}

/// Where the arena names its first spare tag. Two words behind it are the ends of the metadata that was never used.
fn spare(snapshot: &Snapshot) -> u32 {
    snapshot.only(snapshot.state(), |snapshot, at| {
        let (next, end) = (snapshot.word(at + 8), snapshot.word(at + 12));
        let of_metadata = |address: u32| {
            snapshot.survey().segment_at(address).filter(|it| it.kind == Kind::Metadata).map(|it| it.start + it.len)
        };
        next < end && of_metadata(next) == Some(end) && snapshot.word(at) != 0
    })
}

#[test]
fn the_heap_that_is_damaged_is_sound_and_has_what_can_be() {
    let snapshot = sound();
    assert!(snapshot.broken().is_empty());
    let survey = snapshot.survey();
    let has = |kind: fn(&Kind) -> bool| survey.segments.iter().any(|segment| kind(&segment.kind));
    assert!(has(|kind| *kind == Kind::Free) && has(|kind| *kind == Kind::Large) && has(|kind| *kind == Kind::Metadata));
    assert!(has(|kind| *kind == Kind::Parked) && has(|kind| matches!(kind, Kind::Slab(_))));
    for free in [|free: u32| free == 0, |free| (1..64).contains(&free)] {
        assert!(survey.slabs.iter().any(|slab| slab.size == SIZE && free(slab.free.count_ones())));
    }
    // The offsets used below are those of the records.
    let segment = &survey.segments[3];
    assert_eq!(
        (snapshot.word(segment.tag + tag::START), snapshot.word(segment.tag + tag::LEN)),
        (segment.start, segment.len)
    );
    let slab = &survey.slabs[0];
    assert_eq!(
        (snapshot.word(slab.tag + tag::START), snapshot.word(slab.tag + tag::OWNER)),
        (slab.start, slab.objects)
    );
    assert_eq!(snapshot.word(slab.tag + tag::BITS), slab.free as u32);
}

#[test]
fn i1_segments_tile_their_spans() {
    let right = sound();
    let held = right.segment(|segment| segment.kind == Kind::Large);
    for (offset, change) in
        [(tag::START, 512), (tag::START, 512_u32.wrapping_neg()), (tag::LEN, 512), (tag::LEN, 512_u32.wrapping_neg())]
    {
        let mut damaged = right.clone();
        damaged.set(held.tag + offset, right.word(held.tag + offset).wrapping_add(change));
        assert_sees("I1", &damaged);
    }
    let mut damaged = right.clone();
    damaged.set(held.tag + tag::KIND, 77);
    assert_sees("I1", &damaged);
    // The mark at the end says where the last span ends.
    let survey = right.survey();
    let last = right.word(survey.segments.last().unwrap().tag + tag::NEXT);
    let mut damaged = right.clone();
    damaged.set(last + tag::START, right.word(last + tag::START) - PAGE);
    assert_sees_only("I1", &damaged);
}

#[test]
fn i2_no_two_free_segments_adjoin() {
    let right = sound();
    let segments = right.survey().segments;
    let pair = segments
        .windows(2)
        .find(|pair| pair[0].kind == Kind::Large && pair[1].kind == Kind::Free)
        .expect("such a pair");
    let mut damaged = right.clone();
    damaged.set(pair[0].tag + tag::KIND, right.word(pair[1].tag + tag::KIND));
    assert_sees("I2", &damaged);
}

#[test]
fn i3_free_segments_are_in_the_list_of_their_order_and_bits_say_which_lists_are_not_empty() {
    let right = sound();
    let free = right.segment(|segment| segment.kind == Kind::Free);
    let link = free.tag + tag::LINK_NEXT;
    let head = right.head_of(link);
    let mut missing = right.clone();
    missing.set(head, 0);
    assert_sees_only("I3", &missing);
    // In another list: of a head that names nothing now, next to its own.
    let mut misplaced = right.clone();
    misplaced.set(head, 0);
    misplaced.set(head + 4, link);
    misplaced.set(link + 4, head + 4);
    assert_sees("I3", &misplaced);
    // The bits: some word of the state, before the heads, of which one bit is this list's.
    let bits = (1..=70).map(|words| head - 4 * words).filter(|&at| {
        (0..32).any(|bit| {
            let mut damaged = right.clone();
            damaged.set(at, right.word(at) ^ 1 << bit);
            let broken = damaged.broken();
            broken.iter().eq([&"I3"])
        })
    });
    assert!((1..=2).contains(&bits.count()), "one or two words of bits");
    // Something held in a list of free segments.
    let held = right.segment(|segment| segment.kind == Kind::Large);
    let mut damaged = right.clone();
    damaged.set(link, held.tag + tag::LINK_NEXT);
    damaged.set(held.tag + tag::LINK_BACK, link);
    damaged.set(held.tag + tag::LINK_NEXT, 0);
    assert_sees("I3", &damaged);
}

#[test]
fn i4_segments_are_whole_quanta() {
    let right = sound();
    let segments = right.survey().segments;
    let pair = segments
        .windows(2)
        .find(|pair| pair[0].kind == Kind::Large && pair[1].kind == Kind::Free)
        .expect("such a pair");
    let mut damaged = right.clone();
    damaged.set(pair[0].tag + tag::LEN, pair[0].len + 8);
    damaged.set(pair[1].tag + tag::START, pair[1].start + 8);
    damaged.set(pair[1].tag + tag::LEN, pair[1].len - 8);
    assert_sees("I4", &damaged);
}

#[test]
fn i4_nothing_reaches_into_the_last_page() {
    let mut memory = memory(3);
    let heap = heap(Fake::new(&mut memory, top(3)));
    let _ = heap.alloc(layout(PAGE as usize, 1));
    assert!(heap.source().grow_for_others(1), "the last page of the address space");
    let right = Snapshot::of(&heap);
    assert!(right.broken().is_empty());
    let last = right.survey().segments.last().unwrap().clone();
    assert_eq!((last.kind, last.start + last.len), (Kind::Free, 0xffff_0000));
    let mut damaged = right.clone();
    damaged.set(last.tag + tag::LEN, last.len + 512);
    damaged.set(right.word(last.tag + tag::NEXT) + tag::START, 0xffff_0200);
    assert_sees("I4", &damaged);
}

#[test]
fn i5_what_nobody_ever_held_in_the_last_span_is_zero() {
    let right = sound();
    let last = right.survey().segments.last().unwrap().clone();
    assert_eq!(last.kind, Kind::Free);
    for at in [last.start + last.len - 4, last.start + last.len - 512] {
        let mut damaged = right.clone();
        damaged.set(at, 1 << 24);
        assert_sees_only("I5", &damaged);
    }
}

#[test]
fn i5_what_nobody_ever_held_in_the_last_span_is_not_held() {
    let right = sound();
    let survey = right.survey();
    let held = survey.segments.iter().rev().find(|segment| segment.kind != Kind::Free).unwrap();
    // The word of the state that says where it begins is at or above the end of all that is held.
    let seen = right.state().filter(|&at| {
        let mut damaged = right.clone();
        let span = &survey.spans[survey.spans.len() - 1];
        (held.start + held.len..=span.start + span.len).contains(&right.word(at)) && {
            damaged.set(at, held.start);
            damaged.broken().contains("I5")
        }
    });
    assert_eq!(seen.count(), 1);
}

#[test]
fn i6_the_page_map_names_slabs_and_large_segments_and_nothing_else() {
    let right = sound();
    let slab = slab_with(&right, |free| free == 0);
    let first = right.only(right.metadata(), |snapshot, at| {
        (0..slab.len / 512).all(|quantum| {
            snapshot.survey().segment_at(at + 4 * quantum).is_some() && snapshot.word(at + 4 * quantum) & !1 == slab.tag
        })
    });
    let named = right.word(first);
    for (at, word) in [(first, 0), (first + 4, named + 40), (first + 28, 0)] {
        let mut damaged = right.clone();
        damaged.set(at, word);
        assert_sees_only("I6", &damaged);
    }
    // Large segments: noted in a leaf or in place of one.
    let tags: Vec<_> = right.survey().segments.into_iter().filter(|segment| segment.kind == Kind::Large).collect();
    let mut noted = 0;
    for segment in &tags {
        let names: Vec<_> = right.metadata().filter(|&at| right.word(at) & !1 == segment.tag).collect();
        for at in names {
            let mut damaged = right.clone();
            damaged.set(at, 0);
            // Links name tags, too; the page map is what is not a link.
            noted += usize::from(damaged.broken().iter().eq([&"I6"]));
        }
    }
    assert_eq!(noted, tags.len(), "each large segment is noted once");
    // Nothing else: words of the leaf that are zero come to name something.
    let zeros = (1..128).flat_map(|word| [first - 4 * word, first + 4 * word]).filter(|&at| right.word(at) == 0);
    let seen = zeros.filter(|&at| {
        let mut damaged = right.clone();
        damaged.set(at, named);
        damaged.broken().iter().eq([&"I6"])
    });
    assert!(seen.count() > 0);
}

#[test]
fn i7_slabs_have_the_length_and_the_objects_of_their_class() {
    let right = sound();
    let slab = slab_with(&right, |free| (1..64).contains(&free));
    for (offset, change) in
        [(tag::OWNER, 1), (tag::OWNER, u32::MAX), (tag::OWNER, 0xffff_0000), (tag::KIND, 1), (tag::KIND, u32::MAX)]
    {
        let at = slab.tag + offset;
        let mut damaged = right.clone();
        damaged.set(at, right.word(at).wrapping_add(change));
        assert!(damaged.broken().contains("I7"), "the word {offset} of a slab's tag is wrong by {change}");
    }
    // A free object beyond the last: slabs of 1,024 bytes have four.
    let few = right.survey().slabs.into_iter().find(|slab| slab.size == 1_024).expect("such a slab");
    let mut damaged = right.clone();
    damaged.set(few.tag + tag::BITS, right.word(few.tag + tag::BITS) | 1 << 4);
    assert_sees("I7", &damaged);
}

#[test]
fn i8_slabs_are_in_the_bin_of_their_free_objects() {
    let right = sound();
    let slab = slab_with(&right, |free| (1..64).contains(&free));
    let head = right.head_of(slab.tag + tag::LINK_NEXT);
    let mut missing = right.clone();
    missing.set(head, 0);
    assert_sees_only("I8", &missing);
    // Fewer free objects than its bin stands for: as many as are missing are taken, and nobody has them.
    let mut emptier = right.clone();
    emptier.set(slab.tag + tag::BITS, 0);
    emptier.set(slab.tag + tag::BITS + 4, 0);
    assert_sees("I8", &emptier);
}

#[test]
fn i9_at_most_one_empty_slab_a_cache() {
    let right = sound();
    let full = right.survey().slabs.into_iter().filter(|slab| slab.size == SIZE && slab.free == 0);
    let mut damaged = right.clone();
    for slab in full.take(2) {
        damaged.set(slab.tag + tag::BITS, u32::MAX);
        damaged.set(slab.tag + tag::BITS + 4, u32::MAX);
    }
    assert_sees("I9", &damaged);
}

#[test]
fn i10_rounds_are_objects_taken_from_a_slab_of_their_class_once() {
    let right = sound();
    let (_, base, rounds) = loaded(&right);
    assert!(rounds >= 2);
    let last = base + 4 * (rounds - 1);
    let twice = right.word(last - 4);
    let partial = slab_with(&right, |free| (1..64).contains(&free));
    let free_in_slab = partial.start + SIZE * partial.free.trailing_zeros();
    let other_class = right.survey().slabs.iter().find(|slab| slab.size == 24).unwrap().start;
    for round in [twice, right.word(last) + 8, 0, 8, u32::MAX, free_in_slab, other_class, right.word(last) + SIZE / 2] {
        let mut damaged = right.clone();
        damaged.set(last, round);
        assert_sees_only("I10", &damaged);
    }
    let mut damaged = right.clone();
    damaged.set(loaded(&right).0, 0x10);
    assert_sees("I10", &damaged);
}

#[test]
fn i10_holds_for_magazines_of_segments_too() {
    let right = sound();
    let parked = right.segment(|segment| segment.kind == Kind::Parked);
    let slot =
        right.only(right.metadata(), |snapshot, at| snapshot.word(at) == parked.start && at != parked.tag + tag::START);
    for round in [parked.start + 512, 0, right.segment(|segment| segment.kind == Kind::Free).start] {
        let mut damaged = right.clone();
        damaged.set(slot, round);
        assert_sees("I10", &damaged);
    }
}

#[test]
fn i11_magazines_hold_no_more_than_they_have_room_for_and_the_previous_one_all_or_nothing() {
    let right = sound();
    let (at, _, _) = loaded(&right);
    let capacity = right.word(at + 4);
    for (offset, word) in
        [(0, capacity + 1), (0, u32::MAX), (8, capacity - 1), (8, 1), (8, u32::MAX), (16 - 8, capacity + 1)]
    {
        let mut damaged = right.clone();
        damaged.set(at - 4 + if offset == 0 { 0 } else { offset + 4 }, word);
        assert_sees("I11", &damaged);
    }
    for word in [0, 1, capacity + 1, u32::MAX] {
        let mut damaged = right.clone();
        damaged.set(at + 4, word);
        assert_sees("I11", &damaged);
    }
}

#[test]
fn i12_spare_tags_are_not_in_use_and_lie_in_metadata_as_what_was_never_used_does() {
    let right = sound();
    let head = spare(&right);
    let first = right.word(head);
    // A tag in use goes to the head of the spare ones.
    let held = right.segment(|segment| segment.kind == Kind::Large);
    let mut used = right.clone();
    used.set(held.tag + tag::LINK_NEXT, first);
    used.set(head, held.tag + tag::LINK_NEXT);
    assert_sees_only("I12", &used);
    let mut circle = right.clone();
    circle.set(first, first);
    assert_sees_only("I12", &circle);
    let mut outside = right.clone();
    outside.set(head, right.survey().segments.last().unwrap().start + 8);
    assert_sees("I12", &outside);
    let (next, end) = (right.word(head + 8), right.word(head + 12));
    for (at, word) in [(head + 8, end + 8), (head + 12, end + PAGE), (head + 8, held.start), (head + 12, next - 8)] {
        let mut damaged = right.clone();
        damaged.set(at, word);
        assert_sees_only("I12", &damaged);
    }
}

#[test]
fn i13_what_is_live_was_allocated_and_slabs_were_made() {
    let right = sound();
    let cache = right.survey().caches.into_iter().find(|cache| cache.size == SIZE).unwrap();
    assert_eq!(cache.allocations, u64::from(TAKEN));
    let at = right.only(right.state(), |snapshot, at| snapshot.word(at) == TAKEN);
    let mut damaged = right.clone();
    damaged.set(at, 3);
    assert_sees_only("I13", &damaged);
    // Slabs made: a word of the same record that, smaller, breaks this alone.
    let words = right.state().filter(|&at| {
        let mut damaged = right.clone();
        right.word(at) == cache.creates as u32 && {
            damaged.set(at, 1);
            damaged.broken().iter().eq([&"I13"])
        }
    });
    assert_eq!(words.count(), 1);
}

#[test]
fn i14_a_link_names_the_word_that_names_it() {
    let right = sound();
    let held = right.segment(|segment| segment.kind == Kind::Large);
    let free = right.segment(|segment| segment.kind == Kind::Free);
    let slab = slab_with(&right, |free| (1..64).contains(&free));
    for link in [held.tag, free.tag + tag::LINK_NEXT, slab.tag + tag::LINK_NEXT] {
        let mut damaged = right.clone();
        damaged.set(link + 4, right.word(link + 4) + 8);
        assert_sees_only("I14", &damaged);
    }
}

#[test]
fn damage_of_any_word_of_a_list_or_a_record_in_use_is_seen() {
    let right = sound();
    let survey = right.survey();
    let mut words = 0;
    for segment in survey.segments.iter().step_by(3) {
        // A held segment's free link is not in use; the owner of a large one is whether it was zero.
        let used: &[u32] = match segment.kind {
            Kind::Free => &[tag::NEXT, tag::BACK, tag::LINK_NEXT, tag::LINK_BACK, tag::START, tag::LEN, tag::KIND],
            Kind::Slab(_) => {
                &[tag::NEXT, tag::BACK, tag::LINK_NEXT, tag::LINK_BACK, tag::START, tag::LEN, tag::KIND, tag::OWNER]
            }
            _ => &[tag::NEXT, tag::BACK, tag::START, tag::LEN, tag::KIND],
        };
        for offset in used {
            for bit in [0, 5, 9, 13, 31] {
                let at = segment.tag + offset;
                let mut damaged = right.clone();
                damaged.set(at, right.word(at) ^ 1 << bit);
                assert!(!damaged.broken().is_empty(), "bit {bit} of the word {offset} in the tag of {segment:?}");
                words += 1;
            }
        }
    }
    assert!(words > 100);
}
