//! Claim: for each of the invariants I1 to I14, `verify` sees the damage of exactly that, and says its number.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use std::collections::BTreeMap;

use flagstone::image::survey::{Kind, Segment, SlabInfo};
use flagstone::verify::verify;
use support::snapshot::{Snapshot, assert_sees, assert_sees_only, tag};
use support::specimen::{SIZE, TAKEN, sound};
use support::{Fake, PAGE, QUANTUM, heap, layout, memory, top};

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
        [tag::START, tag::LEN].into_iter().flat_map(|at| [(at, QUANTUM), (at, QUANTUM.wrapping_neg())])
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
    damaged.set(last.tag + tag::LEN, last.len + QUANTUM);
    damaged.set(right.word(last.tag + tag::NEXT) + tag::START, 0xffff_0000 + QUANTUM);
    assert_sees("I4", &damaged);
}

#[test]
fn i5_what_nobody_ever_held_in_the_last_span_is_zero() {
    let right = sound();
    let last = right.survey().segments.last().unwrap().clone();
    assert_eq!(last.kind, Kind::Free);
    for at in [last.start + last.len - 4, last.start + last.len - QUANTUM] {
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

/// Bytes of a frame of the index.
const FRAME: u32 = 8_192;

/// Words of a leaf of the index.
const LEAF: u32 = 512;

/// The segments that the index is for, and all that begin in their frames, in address order.
fn by_frame(snapshot: &Snapshot) -> BTreeMap<u32, Vec<Segment>> {
    let mut frames: BTreeMap<u32, Vec<Segment>> = BTreeMap::new();
    for segment in snapshot.survey().segments {
        frames.entry(segment.start / FRAME).or_default().push(segment);
    }
    frames
}

/// Whether the index is for a segment: a slab's, one that the application holds, or one in a magazine.
fn is_indexed(segment: &Segment) -> bool {
    matches!(segment.kind, Kind::Slab(_) | Kind::Large | Kind::Parked)
}

/// Where the only leaf of the index is: for each frame that an indexed segment begins in, it names a tag of a segment that
/// does, and no later one.
fn leaf(snapshot: &Snapshot) -> u32 {
    let frames = by_frame(snapshot);
    let firsts: Vec<(u32, Vec<u32>)> = frames
        .into_iter()
        .filter_map(|(frame, segments)| {
            let first = segments.iter().position(is_indexed)?;
            Some((frame, segments[..=first].iter().map(|segment| segment.tag).collect()))
        })
        .collect();
    assert!(firsts.len() > 20 && firsts.iter().all(|&(frame, _)| frame < LEAF), "some frames of the first 4 MiB");
    let survey = snapshot.survey();
    snapshot.only(snapshot.metadata(), |snapshot, at| {
        survey.segment_at(at + 4 * LEAF - 4).is_some_and(|segment| segment.kind == Kind::Metadata)
            && firsts.iter().all(|(frame, tags)| tags.contains(&snapshot.word(at + 4 * frame)))
    })
}

#[test]
fn i6_the_index_names_for_a_frame_a_segment_that_begins_there_before_which_none_is_to_be_found() {
    // With diagnosis the heap begins elsewhere, and no segment lies before an indexed one of its frame.
    if cfg!(feature = "audit") {
        return;
    }
    let right = sound();
    let (leaf, frames) = (leaf(&right), by_frame(&right));
    let with = |frame: u32, word: u32| {
        let mut damaged = right.clone();
        damaged.set(leaf + 4 * frame, word);
        damaged
    };
    let (mut later, mut earlier) = (0, 0);
    for (&frame, segments) in &frames {
        let Some(first) = segments.iter().position(is_indexed) else { continue };
        let tag = segments[first].tag;
        // Nothing, what is no tag, and the tag of a segment that begins in the frame before.
        let before = frames.range(..frame).next_back().map(|(_, segments)| segments[0].tag);
        for word in [Some(0), Some(tag + 4), Some(leaf), Some(u32::MAX), before].into_iter().flatten() {
            assert_sees_only("I6", &with(frame, word));
        }
        for segment in &segments[first + 1..] {
            assert_sees_only("I6", &with(frame, segment.tag));
            later += 1;
        }
        // Any segment will do from which the first one is reached.
        for segment in &segments[..=first] {
            assert!(with(frame, segment.tag).broken().is_empty());
            earlier += usize::from(segment.tag != tag);
        }
    }
    assert!(later > 20 && earlier > 0, "{later} segments behind another in a frame, {earlier} before it");
    // Frames in which no segment begins: within a segment, and behind the memory.
    let named = right.word(leaf + 4 * frames.keys().next().unwrap());
    let without: Vec<u32> = (0..LEAF).filter(|frame| !frames.contains_key(frame)).collect();
    for &frame in &without {
        assert_eq!(right.word(leaf + 4 * frame), 0, "the frame at {:#x}", frame * FRAME);
        assert_sees_only("I6", &with(frame, named));
    }
    assert!(without.len() > 20);
    // The leaf itself: none, elsewhere, in place of another.
    let name = right.only(right.state(), |snapshot, at| snapshot.word(at) == leaf);
    for (at, word) in [(name, 0), (name, leaf + 4), (name, u32::MAX - 3), (name + 4, leaf)] {
        let mut damaged = right.clone();
        damaged.set(at, word);
        assert_sees_only("I6", &damaged);
    }
}

#[test]
fn i7_slabs_have_as_many_objects_as_fit() {
    let right = sound();
    // Of 8 to 63 objects of 64 bytes: one of 56 bytes more fits, and of 72 one less.
    let slabs = right.survey().slabs;
    let slab = slabs.iter().find(|slab| slab.size == SIZE && (8..64).contains(&slab.objects)).expect("such a slab");
    for (offset, change) in
        [(tag::OWNER, 1), (tag::OWNER, u32::MAX), (tag::OWNER, 0xffff_0000), (tag::KIND, 1), (tag::KIND, u32::MAX)]
    {
        let at = slab.tag + offset;
        let mut damaged = right.clone();
        damaged.set(at, right.word(at).wrapping_add(change));
        assert!(damaged.broken().contains("I7"), "the word {offset} of a slab's tag is wrong by {change}");
    }
    // A slab that is an object longer or shorter, at the cost of what is behind it.
    let segments = right.survey().segments;
    let assert_odd = |objects: u32, change: u32| {
        let pair = segments
            .windows(2)
            .find(|pair| {
                slabs.iter().any(|slab| slab.tag == pair[0].tag && (slab.size, slab.objects) == (SIZE, objects))
            })
            .expect("a slab of so many objects");
        let mut damaged = right.clone();
        damaged.set(pair[0].tag + tag::LEN, pair[0].len.wrapping_add(change));
        damaged.set(pair[1].tag + tag::START, pair[1].start.wrapping_add(change));
        damaged.set(pair[1].tag + tag::LEN, pair[1].len.wrapping_sub(change));
        // What is behind may be a slab, and odd now, too.
        let problems = verify(&damaged, damaged.root).unwrap();
        let seen = problems.iter().any(|problem| (problem.invariant, problem.at) == ("I7", pair[0].tag));
        assert!(seen, "a slab of {objects} objects is {change} bytes longer: {problems:?}");
    };
    assert_odd(20, QUANTUM);
    assert_odd(20, QUANTUM.wrapping_neg());
    // 64 objects are as many as a slab has, whatever fits; but none is longer than 4 KiB.
    assert_odd(64, QUANTUM);
    // A free object beyond the last: the first slab of 1,024 bytes has four.
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
fn i9_no_slab_is_empty() {
    let right = sound();
    let slab = slab_with(&right, |free| free == 0);
    let all = u64::MAX >> (64 - slab.objects);
    let mut damaged = right.clone();
    damaged.set(slab.tag + tag::BITS, all as u32);
    damaged.set(slab.tag + tag::BITS + 4, (all >> 32) as u32);
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
    for round in [parked.start + QUANTUM, 0, right.segment(|segment| segment.kind == Kind::Free).start] {
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
