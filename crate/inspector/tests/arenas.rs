//! Rows, lists of segments and chains of arenas that lie in a heap.
#![forbid(unsafe_code)]

use super::*;
use crate::inspector::segment_rows::{FilterWords, SegmentFilter, SegmentKind, SegmentList};
use crate::inspector::words::Size;
use crate::vmem::{Arena, Options};

/// The list of an arena's segments by a filter in words.
fn listed(survey: &Survey, arena: u32, words: &FilterWords) -> Result<SegmentList, String> {
    SegmentList::of(survey, arena, &SegmentFilter::of(words)?)
}

fn starts(list: &SegmentList) -> Vec<u32> {
    list.rows.iter().map(|row| row.start).collect()
}

#[test]
fn a_row_says_what_an_arena_has() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let numbers = Arena::new(&heap, Options { quantum: 4, ..Options::new("numbers") }).expect("records");
    numbers.add(400, 100).expect("room");
    numbers.add(0, 40).expect("room");
    let held = [numbers.alloc(12), numbers.alloc(8), numbers.alloc(20)].map(|at| at.expect("room"));
    numbers.free(held[0], 12).expect("held");
    assert!(numbers.alloc(200).is_err());
    let rows = arena_rows(&survey(&heap));
    assert_eq!((rows.len(), rows[0].kind, rows[0].name.as_str(), rows[0].parent), (2, "heap", "heap", None));
    let row = &rows[1];
    assert_eq!((row.id, row.name.as_str(), row.kind, row.quantum), (numbers.at().0, "numbers", "numbers", 4));
    assert_eq!((row.spans, row.total, row.in_use, row.free), (2, 140, 28, 112));
    assert_eq!((row.allocations, row.frees, row.failures, row.cached), (3, 1, 1, 0));
    assert_eq!((row.imports, row.releases, row.heap, row.parent), (0, 0, None, None));
    assert_eq!(row.segments, row.held_segments + row.free_segments);
    assert_eq!(row.held_segments, 2);
    let spans: Vec<_> = row.span_list.iter().map(|span| (span.start, span.length, span.imported)).collect();
    assert_eq!(spans, [(0, 40, false), (400, 100, false)]);
    assert_eq!(row.free_histogram.iter().map(|it| it.segments).sum::<u32>(), row.free_segments);
    assert_eq!(row.free_histogram.iter().map(|it| it.total).sum::<u64>(), row.free);
    // The longest are at least 2^4 quanta of 4 and less than 2^5, or the list would be longer.
    assert_eq!(row.free_histogram.len(), (row.largest_free / 4).ilog2() as usize + 1);
    let expected = 1.0 - f64::from(row.largest_free) / 112.0;
    assert!((row.fragmentation - expected).abs() < 1e-9 && row.fragmentation > 0.0);
}

#[test]
fn where_nothing_or_all_is_free_nothing_is_fragmented() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let numbers = Arena::new(&heap, Options::new("numbers")).expect("records");
    let row = || arena_rows(&survey(&heap)).swap_remove(1);
    assert_eq!((row().fragmentation, row().free_histogram.len(), row().segments), (0.0, 0, 0));
    numbers.add(0, 1 << 31).expect("room");
    assert_eq!((row().fragmentation, row().free_histogram.len(), row().largest_free), (0.0, 32, 1 << 31));
    numbers.alloc(1 << 31).expect("room");
    assert_eq!((row().fragmentation, row().free, row().in_use), (0.0, 0, 1 << 31));
}

#[test]
fn at_most_a_thousand_spans_are_listed() {
    let mut memory = memory(16);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let numbers = Arena::new(&heap, Options::new("numbers")).expect("records");
    for span in 0..1_010 {
        numbers.add(10 * span, 5).expect("room");
    }
    let row = arena_rows(&survey(&heap)).swap_remove(1);
    assert_eq!((row.spans, row.span_list.len(), row.total), (1_010, 1_000, 5_050));
}

#[test]
fn a_filter_takes_what_it_says_in_the_order_it_says() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let numbers = Arena::new(&heap, Options::new("numbers")).expect("records");
    numbers.add(100, 100).expect("room");
    // Held [100, 110), free [110, 115), held [115, 145), free [145, 200).
    let held = [10, 5, 30].map(|len| numbers.alloc(len).expect("room"));
    assert_eq!(held, [100, 110, 115]);
    numbers.free(110, 5).expect("held");
    let survey = survey(&heap);
    let list = |words: &FilterWords| listed(&survey, numbers.at().0, words).expect("a good filter");
    let none = FilterWords::default();
    let all = list(&none);
    assert_eq!((all.matching, all.length, starts(&all)), (4, 100, vec![100, 110, 115, 145]));
    let row = &all.rows[1];
    assert_eq!((row.length, row.kind, row.span.start, row.span.length), (5, SegmentKind::Free, 100, 100));
    assert_eq!((row.object_length, row.objects, row.live), (None, None, None));
    let longest = list(&FilterWords { order: Some("length".to_string()), ..none.clone() });
    assert_eq!(starts(&longest), [145, 115, 100, 110]);
    let part = list(&FilterWords { offset: Some(1.0), limit: Some(2.0), ..none.clone() });
    assert_eq!((part.matching, part.length, starts(&part)), (4, 100, vec![110, 115]));
    assert_eq!(list(&FilterWords { limit: Some(0.0), ..none.clone() }).matching, 4);
    assert_eq!(list(&FilterWords { offset: Some(9e15), ..none.clone() }).rows, []);
    let of_kind = |kinds: &[&str]| {
        let kinds = Some(kinds.iter().map(ToString::to_string).collect());
        starts(&list(&FilterWords { kinds, ..none.clone() }))
    };
    assert_eq!(
        (of_kind(&["free"]), of_kind(&["slab", "held"]), of_kind(&[])),
        (vec![110, 145], vec![100, 115], vec![])
    );
    let lengths = FilterWords { min_length: Some(10.0), max_length: Some(30.0), ..none.clone() };
    assert_eq!(starts(&list(&lengths)), [100, 115]);
    let between = |from: f64, to: f64| starts(&list(&FilterWords { from: Some(from), to: Some(to), ..none.clone() }));
    assert_eq!((between(110.0, 110.0), between(109.0, 115.0)), (vec![110], vec![100, 110, 115]));
    assert_eq!((between(0.0, 99.0), between(200.0, 9e15)), (vec![], vec![]));
}

#[test]
fn the_heaps_own_segments_are_listed_too() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let survey = survey(&heap);
    let row = arena_rows(&survey).swap_remove(0);
    let mut sum = (0, 0);
    for kind in ["free", "held", "parked", "slab", "metadata"] {
        let words = FilterWords { kinds: Some(vec![kind.to_string()]), ..FilterWords::default() };
        let list = listed(&survey, row.id, &words).expect("the heap's");
        assert!(list.matching != 0, "{kind}");
        sum = (sum.0 + list.matching, sum.1 + list.length);
        if kind == "held" {
            assert_eq!(list.matching, row.heap.expect("the heap's").large_live);
        }
        assert_eq!(list.rows.iter().all(|row| row.live.is_some() && row.objects >= row.live), kind == "slab");
        assert!(list.rows.iter().all(|row| row.start - row.span.start < row.span.length));
    }
    assert_eq!(sum, (row.segments, row.total));
}

#[test]
fn what_makes_no_sense_is_answered_with_a_sentence() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let survey = survey(&heap);
    let own = survey.arena_at();
    let none = FilterWords::default();
    let sentence = |words: FilterWords| SegmentFilter::of(&words).expect_err("a bad filter");
    assert_eq!(listed(&survey, 7, &none).expect_err("none"), format!("there is no arena 7: the heap's is {own}"));
    assert_eq!(
        sentence(FilterWords { kinds: Some(vec!["large".to_string()]), ..none.clone() }),
        "there is no kind of segment called large: kinds are free, held, parked, slab, objects, metadata"
    );
    assert_eq!(
        sentence(FilterWords { order: Some("size".to_string()), ..none.clone() }),
        "order must be address or length, not size"
    );
    for bad in [-1.0, 0.5, f64::NAN, f64::INFINITY, 10_001.0] {
        assert_eq!(
            sentence(FilterWords { limit: Some(bad), ..none.clone() }),
            format!("limit must be a whole number from 0 to 10000, not {bad}")
        );
    }
    assert_eq!(
        sentence(FilterWords { offset: Some(-1.0), ..none.clone() }),
        "offset must be a whole number from 0 to 9007199254740991, not -1"
    );
    assert_eq!(
        sentence(FilterWords { from: Some(5.0), to: Some(4.0), ..none.clone() }),
        "from must not be above to, and 5 is above 4"
    );
    assert_eq!(
        sentence(FilterWords { min_length: Some(5.0), max_length: Some(4.0), ..none }),
        "minLength must not be above maxLength, and 5 is above 4"
    );
}

#[test]
fn a_chain_goes_from_the_heap_inwards() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let options =
        Options { quantum: 1024, import: Some(&heap), import_factor: 8, memory: true, ..Options::new("frames") };
    let frames = Arena::new(&heap, options).expect("records");
    let options =
        Options { quantum: 64, import: Some(&frames), quantum_caches: 256, memory: true, ..Options::new("nodes") };
    let nodes = Arena::new(&heap, options).expect("records");
    let numbers = Arena::new(&heap, Options::new("numbers")).expect("records");
    numbers.add(0, u32::MAX).expect("room");
    numbers.alloc(1 << 30).expect("room");
    let at = nodes.alloc(100).expect("room");
    let state = survey(&heap);
    let found = Whatis::of(&state, at + 8);
    let names: Vec<_> = found.chain.iter().map(|link| (link.arena, link.name.as_str(), link.segment.kind)).collect();
    let expected = [
        (state.arena_at(), "heap", SegmentKind::Held),
        (frames.at().0, "frames", SegmentKind::Held),
        (nodes.at().0, "nodes", SegmentKind::Slab),
    ];
    assert_eq!(names, expected);
    let row = &found.chain[2].segment;
    assert_eq!((row.object_length, row.objects, row.live), (Some(128), Some(8), Some(1)));
    assert!(row.span.imported && found.chain[1].segment.span.imported && !found.chain[0].segment.span.imported);
    assert_eq!(found.kind, "large");
    let (first, size) = (found.chain[1].segment.start, Size(u64::from(found.chain[1].segment.length)));
    let said = format!(
        " In the arena frames it is {} a held segment: {size} from {first:#010x}. In the arena nodes it is 8 B into a held object of a slab: 128 B from {at:#010x}.",
        if at + 8 == first { "the start of".to_string() } else { format!("{} B into", at + 8 - first) }
    );
    assert!(found.sentence.ends_with(&said), "{}", found.sentence);
    nodes.free(at, 100).expect("held");
    let free = Whatis::of(&survey(&heap), at);
    assert!(free.sentence.contains("it is the start of a free object of a slab that waits in a magazine: 128 B"));
    let other = Whatis::of(&survey(&heap), first + 128 * 7);
    assert!(other.sentence.contains(" a free object of a slab"), "{}", other.sentence);
    // What the heap does not have has no chain; numbers are no addresses.
    assert_eq!(Whatis::of(&state, u32::MAX).chain, []);
    assert_eq!(Whatis::of(&state, 0x10).chain, []);
}

#[test]
fn the_records_of_an_arena_are_told() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let ports = Arena::new(&heap, Options { quantum_caches: 4, ..Options::new("ports") }).expect("records");
    ports.add(0, 1000).expect("room");
    for _ in 0..20 {
        ports.alloc(10).expect("room");
    }
    let survey = survey(&heap);
    let info = &survey.arenas[0];
    for at in [info.id, info.table, info.caches, info.segments[3].tag, info.spans[0].mark, info.spares[0]] {
        let found = Whatis::of(&survey, at + 4);
        assert!(found.sentence.ends_with(" It is part of the records of the arena ports."), "{}", found.sentence);
    }
    assert!(!Whatis::of(&survey, heap.root().0).sentence.contains("ports"));
}
