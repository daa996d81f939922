//! Claim: an inspector sees of the arenas in a heap what they say of themselves; for each of their invariants A1 to A8 `verify`
//! sees the damage of exactly that; and whatever their records hold, reading them neither panics nor runs on.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_arenas/specimen.rs"]
mod specimen;
mod support;

use std::time::{Duration, Instant};

use flagstone::image::arenas::{ArenaInfo, ArenaKind, ArenaSegment};
use flagstone::image::survey::Survey;
use flagstone::inspector::arena_rows::arena_rows;
use flagstone::inspector::rows::CheckReport;
use flagstone::inspector::sample::Sample;
use flagstone::inspector::segment_rows::{FilterWords, SegmentFilter, SegmentList};
use flagstone::inspector::whatis::Whatis;
use flagstone::verify::verify;
use flagstone::vmem::Kind;
use specimen::{named, record, sound, with_arenas};
use support::Rng;
use support::snapshot::{Snapshot, assert_sees, assert_sees_only, tag};

/// With the word at an address changed.
fn changed(right: &Snapshot, at: u32, word: u32) -> Snapshot {
    let mut damaged = right.clone();
    assert_ne!(right.word(at), word);
    damaged.set(at, word);
    damaged
}

fn segment(arena: &ArenaInfo, is: impl Fn(ArenaKind) -> bool) -> ArenaSegment {
    *arena.segments.iter().find(|segment| is(segment.kind)).expect("such a segment")
}

#[test]
fn the_survey_is_what_the_arenas_say_of_themselves() {
    with_arenas(|heap, arenas| {
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        assert_eq!(survey.problems, []);
        let names: Vec<_> = survey.arenas.iter().map(|arena| (arena.number, arena.name.as_str())).collect();
        assert_eq!(names, [(1, "frames"), (2, "nodes"), (3, "ports"), (4, "handles")]);
        let rows = arena_rows(&survey);
        assert_eq!([1, 2, 3, 4].map(|row| rows[row].kind), ["memory", "memory", "numbers", "numbers"]);
        assert_eq!([1, 2, 3, 4].map(|row| rows[row].parent), [Some(rows[0].id), Some(arenas[0].at().0), None, None]);
        for (arena, (info, row)) in arenas.iter().zip(survey.arenas.iter().zip(&rows[1..])) {
            let usage = arena.usage();
            assert_eq!((row.id, row.quantum), (arena.at().0, arena.quantum()));
            assert_eq!((row.total, row.in_use, row.cached), (usage.total, usage.in_use, usage.cached));
            assert_eq!((row.spans, row.held_segments, row.free_segments), (usage.spans, usage.held, usage.free));
            assert_eq!(
                (row.largest_free, row.allocations, row.frees),
                (usage.largest_free, usage.allocations, usage.frees)
            );
            assert_eq!((row.failures, row.imports, row.releases), (usage.failures, usage.imports, usage.releases));
            assert_eq!((row.segments, row.free), (usage.held + usage.free, usage.total - usage.in_use));
            let mut walked = Vec::new();
            arena.walk(|it| walked.push((it.start, it.len, it.span.start, it.imported, free_objects(it.kind))));
            walked.sort_unstable();
            let read = info.segments.iter().map(|it| {
                let span = info.span_at(it.start).expect("its span");
                let free = match it.kind {
                    ArenaKind::Slab(_) => info.slab_of(it).map(|slab| slab.free),
                    _ => None,
                };
                (it.start, it.len, span.start, span.imported, free)
            });
            assert_eq!(read.collect::<Vec<_>>(), walked);
        }
        assert!(rows[2].cached != 0 && rows[3].cached != 0 && rows[1].imports != 0 && rows[2].imports != 0);
        assert!(survey.arenas[1].slabs.iter().any(|slab| slab.parked != 0) && survey.arenas[2].table != 0);
    });
}

fn free_objects(kind: Kind) -> Option<u64> {
    if let Kind::Slab { free, .. } = kind { Some(free) } else { None }
}

#[test]
fn a1_segments_tile_their_spans_and_spans_do_not_overlap() {
    let right = sound();
    for name in ["frames", "ports"] {
        let arena = named(&right, name);
        let held = segment(&arena, |kind| kind == ArenaKind::Held);
        for offset in [tag::START, tag::LEN] {
            let word = right.word(held.tag + offset);
            assert_sees("A1", &changed(&right, held.tag + offset, word + arena.quantum));
            assert_sees("A1", &changed(&right, held.tag + offset, word.wrapping_sub(arena.quantum)));
        }
        assert_sees("A1", &changed(&right, held.tag + tag::KIND, 77));
        assert_sees_only("A1", &changed(&right, held.tag + tag::BACK, held.tag));
        assert_sees("A1", &changed(&right, held.tag + tag::NEXT, held.tag));
        assert_sees("A1", &changed(&right, held.tag + tag::NEXT, 0));
        let span = arena.spans[0];
        let end = span.start + span.len;
        // The span is said to be longer: it ends elsewhere than its segments, or overlaps.
        assert_sees("A1", &changed(&right, span.mark + tag::LEN, span.len + arena.quantum));
        assert_sees("A1", &changed(&right, span.mark + tag::START, end));
        // It is in the list of spans, which begins at that word of the record or behind another mark.
        assert_sees_only("A1", &changed(&right, right.word(span.mark + tag::LINK_BACK), 0));
    }
    let ports = named(&right, "ports");
    let mut damaged = right.clone();
    for offset in [tag::START, tag::LEN] {
        damaged.set(ports.spans[1].mark + offset, right.word(ports.spans[0].mark + offset));
    }
    assert_sees("A1", &damaged);
    // The record is an allocation, and so is each tag: here one that the heap counts as free.
    let handles = named(&right, "handles");
    let survey = right.survey();
    let slab = survey.slabs.iter().find(|slab| handles.id.wrapping_sub(slab.start) < slab.len);
    if let Some(slab) = slab {
        let bits = slab.tag + tag::BITS;
        let bit = 1 << ((handles.id - slab.start) / slab.size);
        assert_sees("A1", &changed(&right, bits, right.word(bits) | bit));
    }
    // A next fit would go on from there.
    let held = segment(&ports, |kind| kind == ArenaKind::Held);
    let tags: Vec<u32> = ports.segments.iter().map(|it| it.tag).collect();
    let rotor = right.only(record(&right, &ports).skip(86), |it, at| tags.contains(&it.word(at)));
    assert_sees_only("A1", &changed(&right, rotor, held.tag + 8));
}

#[test]
fn a2_no_two_free_segments_adjoin() {
    let right = sound();
    let ports = named(&right, "ports");
    let pair =
        ports.segments.windows(2).find(|pair| pair[0].kind == ArenaKind::Held && pair[1].kind == ArenaKind::Free);
    let pair = pair.expect("such a pair");
    let free = right.word(pair[1].tag + tag::KIND);
    assert_sees("A2", &changed(&right, pair[0].tag + tag::KIND, free));
}

#[test]
fn a3_free_segments_are_in_the_list_for_their_length() {
    let right = sound();
    for name in ["frames", "nodes", "ports"] {
        let arena = named(&right, name);
        let free = segment(&arena, |kind| kind == ArenaKind::Free);
        // The word that names it names none, or itself does.
        assert_sees_only("A3", &changed(&right, right.word(free.tag + tag::LINK_BACK), 0));
        assert_sees_only("A3", &changed(&right, free.tag + tag::LINK_NEXT, free.tag + tag::LINK_NEXT));
        assert_sees_only("A3", &changed(&right, free.tag + tag::LINK_BACK, free.tag));
        // The word of bits lies before the heads: no head, and the first that has no other record's address.
        let bits = arena.id + 2 * 40;
        assert_sees_only("A3", &changed(&right, bits, right.word(bits) ^ 0x10));
    }
}

#[test]
fn a4_held_segments_are_in_the_list_for_their_start() {
    let right = sound();
    for name in ["frames", "nodes", "ports", "handles"] {
        let arena = named(&right, name);
        let held = segment(&arena, |kind| kind != ArenaKind::Free);
        let by = right.word(held.tag + tag::LINK_BACK);
        assert_sees_only("A4", &changed(&right, by, 0));
        assert_sees_only("A4", &changed(&right, held.tag + tag::LINK_BACK, by + 4));
        assert_sees_only("A4", &changed(&right, held.tag + tag::LINK_NEXT, held.tag + tag::LINK_NEXT));
    }
    // In the list beside its own.
    let ports = named(&right, "ports");
    let lists = ports.table..ports.table + 4 * 8;
    let mut firsts = lists.step_by(4).filter(|at| right.word(*at) != 0);
    let (one, other) = (firsts.next().expect("a segment"), firsts.next().expect("another"));
    let mut damaged = right.clone();
    for (from, to) in [(one, other), (other, one)] {
        let link = right.word(from);
        damaged.set(to, link);
        damaged.set(link + 4, to);
    }
    assert_sees_only("A4", &damaged);
}

#[test]
fn a5_spare_tags_are_in_no_other_use() {
    let right = sound();
    for arena in right.survey().arenas {
        let spare = arena.spares[0];
        let next = spare + tag::LINK_NEXT;
        assert_sees("A5", &changed(&right, next, arena.segments[0].tag + tag::LINK_NEXT));
        assert_sees("A5", &changed(&right, next, next));
        assert_sees("A5", &changed(&right, next, u32::MAX - 100));
        assert_sees("A5", &changed(&right, next, arena.id + 8));
    }
}

#[test]
fn a6_a_table_has_as_many_lists_as_it_says() {
    let right = sound();
    let ports = named(&right, "ports");
    let table = right.only(record(&right, &ports), |it, at| it.word(at) == ports.table);
    let shift = right.word(table + 4);
    for wrong in [0, shift + 8, 21, 32, 33, u32::MAX] {
        assert_sees("A6", &changed(&right, table + 4, wrong));
    }
    for wrong in [0, ports.table + 4, ports.id, u32::MAX] {
        assert_sees("A6", &changed(&right, table, wrong));
    }
}

#[test]
fn a7_slabs_and_what_describes_them_agree() {
    let right = sound();
    for name in ["nodes", "ports"] {
        let arena = named(&right, name);
        let slab = *arena.slabs.iter().find(|slab| slab.free != 0).expect("a partial slab");
        // Whose it is, where it begins, the objects, the free ones, which are in magazines, and the place in the list.
        for offset in (0..40).step_by(4) {
            let at = slab.descriptor + offset;
            assert_sees("A7", &changed(&right, at, right.word(at) ^ 0x40));
        }
        assert_sees_only("A7", &changed(&right, slab.tag + tag::OWNER, slab.tag));
        let parked = arena.slabs.iter().find(|slab| slab.parked != 0).expect("a slab with objects in magazines");
        let number = parked.start + parked.parked.trailing_zeros() * parked.object_len;
        // Caches and magazines lie together: the round, and behind it what describes its slab.
        let len = right.survey().held_at(arena.caches).expect("memory for the caches");
        let rounds = (arena.caches..arena.caches + len).step_by(4);
        let round = right.only(rounds, |it, at| it.word(at) == number);
        assert_sees("A7", &changed(&right, round, number + arena.quantum));
        assert_sees("A7", &changed(&right, round, right.word(round - 4)));
        for offset in (0..40).step_by(4) {
            let at = arena.caches + (slab.quanta - 1) * 40 + offset;
            assert_sees("A7", &changed(&right, at, right.word(at) + 0x1_0000));
        }
        assert_sees(
            "A7",
            &changed(&right, right.only(record(&right, &arena), |it, at| it.word(at) == arena.caches), 0),
        );
    }
}

#[test]
fn a8_counts_are_what_a_walk_finds() {
    let right = sound();
    for arena in right.survey().arenas {
        let row = arena_rows(&right.survey()).into_iter().find(|row| row.id == arena.id).expect("its row");
        for count in [row.total, row.in_use, row.allocations] {
            for at in record(&right, &arena).filter(|at| at % 8 == 0 && u64::from(right.word(*at)) == count) {
                assert_sees_only("A8", &changed(&right, at, 1));
            }
        }
    }
    let frames = named(&right, "frames");
    let imports = right.only(record(&right, &frames), |it, at| {
        it.word(at) == frames.counters.imports && it.word(at + 4) == frames.counters.releases
    });
    assert_sees_only("A8", &changed(&right, imports, frames.counters.imports + 1));
    let ports = named(&right, "ports");
    let busy = ports.segments.iter().filter(|segment| segment.kind != ArenaKind::Free).count() as u32;
    let busy_at = right.only(record(&right, &ports), |it, at| it.word(at) == busy && it.word(at + 4) >= busy);
    assert_sees_only("A8", &changed(&right, busy_at, busy + 1));
    assert_sees_only("A8", &changed(&right, busy_at + 4, busy - 1));
    let spares = right.only(record(&right, &ports), |it, at| {
        it.word(at) as usize == ports.spares.len() && it.word(at - 4) == ports.spares[0] + tag::LINK_NEXT
    });
    assert_sees_only("A8", &changed(&right, spares, 0));
}

#[test]
fn names_are_text_whatever_their_bytes_are() {
    let right = sound();
    let ports = named(&right, "ports");
    let at = right.only(record(&right, &ports), |it, at| it.word(at).to_le_bytes() == *b"port");
    let named = |word: &[u8; 4]| {
        let damaged = changed(&right, at, u32::from_le_bytes(*word));
        assert!(damaged.broken().is_empty());
        damaged.survey().arenas[2].name.clone()
    };
    assert_eq!(named(b"p\0rt"), "p");
    assert_eq!(named(b"\0ort"), "");
    assert_eq!(named(&[b'p', 0xff, b'\n', b'!']), "p\u{fffd}\u{fffd}!s");
}

/// Reads the arenas of an image in every way. What is said may be wrong, not how much it is.
fn read(image: &Snapshot) -> bool {
    let begun = Instant::now();
    let survey = image.survey();
    for arena in &survey.arenas {
        for pair in arena.segments.windows(2) {
            assert!(u64::from(pair[0].start) + u64::from(pair[0].len) <= u64::from(pair[1].start), "segments overlap");
        }
        assert!(arena.slabs.iter().all(|slab| slab.live() <= slab.objects && slab.objects <= 64));
        assert!(arena.parent.is_none_or(|parent| parent != arena.id));
    }
    let sample = Sample::of(&survey, None).unwrap();
    for row in &sample.arenas {
        assert_eq!(row.total, row.in_use + row.free);
        assert!((0.0..=1.0).contains(&row.fragmentation) && row.cached <= row.in_use);
        let filter = SegmentFilter::of(&FilterWords { order: Some("length".into()), ..FilterWords::default() });
        let list = SegmentList::of(&survey, row.id, &filter.unwrap()).unwrap();
        assert_eq!((list.matching, list.length), (row.segments, row.total));
        for listed in list.rows.iter().take(3) {
            let found = Whatis::of(&survey, listed.start);
            assert!(
                row.kind == "numbers" || found.kind == "outside" || found.chain.iter().any(|it| it.arena == row.id)
            );
        }
    }
    let problems = verify(image, image.root).unwrap();
    assert!(problems.len() >= survey.problems.len());
    assert!(!CheckReport::new(&survey, &problems).problems.iter().any(|problem| problem.sentence.is_empty()));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "reading took {took:?}");
    !problems.is_empty()
}

/// The words of all records of arenas, by kind of record.
fn words(right: &Snapshot) -> [Vec<u32>; 4] {
    let survey = right.survey();
    let all = |at: u32| (at..at + survey.held_at(at).expect("a record")).step_by(4).collect::<Vec<_>>();
    let of = |records: &dyn Fn(&ArenaInfo) -> Vec<u32>| survey.arenas.iter().flat_map(records).flat_map(all).collect();
    [
        of(&|arena| vec![arena.id]),
        of(&|arena| arena.segments.iter().map(|it| it.tag).chain(arena.spans.iter().map(|it| it.mark)).collect()),
        of(&|arena| arena.slabs.iter().map(|it| it.descriptor).chain(arena.spares.iter().copied()).collect()),
        of(&|arena| [arena.caches, arena.table].into_iter().filter(|at| *at != 0).collect()),
    ]
}

#[test]
fn words_changed_in_records_of_arenas() {
    let right = sound();
    let (words, survey) = (words(&right), right.survey());
    let mut rng = Rng::new(3);
    let mut damaged = right.clone();
    let mut seen = 0;
    for _ in 0..4_000 {
        let mut places = Vec::new();
        for _ in 0..=rng.below(3) {
            let kind = &words[rng.below(4) as usize];
            let at = kind[rng.below(kind.len() as u32) as usize];
            let arena = &survey.arenas[rng.below(4) as usize];
            let it = &arena.segments[rng.below(arena.segments.len() as u32) as usize];
            let word = match rng.below(10) {
                0 => rng.below(70),
                1 => it.start,
                2 => it.tag + 8 * rng.below(2),
                3 => it.len,
                4 => arena.id + 4 * rng.below(120),
                5 => u32::MAX - rng.below(100_000),
                6 => 1 << rng.below(32),
                7 => right.word(at) ^ 1 << rng.below(32),
                8 => right.word(kind[rng.below(kind.len() as u32) as usize]),
                _ => rng.bits() as u32,
            };
            damaged.set(at, word);
            places.push(at);
        }
        seen += u32::from(read(&damaged));
        for at in places {
            damaged.set(at, right.word(at));
        }
    }
    assert!(seen > 2_500, "{seen} seen");
    assert!(!read(&damaged));
}

#[test]
fn bytes_changed_anywhere() {
    let right = sound();
    let mut rng = Rng::new(5);
    let state = right.survey().layout.state - right.origin;
    // Behind the last segment but one there is little but zeros.
    let end = right.survey().segments.iter().rev().nth(1).expect("segments").start - right.origin;
    let mut seen = 0;
    for _ in 0..1_500 {
        let mut damaged = right.clone();
        for _ in 0..=rng.below(8) {
            damaged.bytes[(state + rng.below(end - state)) as usize] = rng.bits() as u8;
        }
        seen += u32::from(read(&damaged));
    }
    assert!(seen > 300, "{seen} seen");
}

#[test]
fn lists_of_arenas_that_go_round_or_share() {
    let right = sound();
    let survey = right.survey();
    // The record of the newest names itself as the next one; a later one names it.
    let newest = named(&right, "handles");
    let head = right.only(right.state(), |it, at| it.word(at).wrapping_sub(newest.id) < 500 && it.word(at + 4) == 4);
    let link = right.word(head);
    for to in survey.arenas.iter().map(|arena| arena.id + (link - newest.id)).chain([4, link + 8, u32::MAX - 7]) {
        for arena in &survey.arenas {
            let at = arena.id + (link - newest.id);
            if right.word(at) != to {
                assert!(read(&changed(&right, at, to)), "the arena at {at:#x} names {to:#x}");
            }
        }
    }
    // The segments of one arena are another's.
    for one in &survey.arenas {
        for other in survey.arenas.iter().filter(|other| other.id != one.id) {
            assert!(read(&changed(&right, one.id, right.word(other.id))));
            assert!(read(&changed(&right, one.segments[0].tag, other.segments[0].tag)));
        }
    }
}
