//! Claim: figures, map and answers about addresses are of one and the same heap: they add up, agree with each other, and say
//! in words what they say in numbers.
#![allow(unsafe_code, reason = "giving memory back is unsafe")]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::alloc::Layout;

use super::arena_rows::arena_rows;
use super::heap_map::HeapMap;
use super::rows::{CheckReport, Summary, cache_rows};
use super::sample::Sample;
use super::whatis::Whatis;
use crate::image::region::{Composition, regions};
use crate::image::survey::Survey;
use crate::source::{Fixed, Page, Source};
use crate::units::{Addr, PAGE_BYTES, Pages, QUANTUM};
use crate::verify::verify;
use crate::{Heap, size_class::SLAB_CLASSES};

mod arenas;

const ORIGIN: Addr = Addr(0x1_0000);

fn memory(pages: usize) -> Vec<Page> {
    vec![Page::ZERO; pages]
}

fn bytes(len: usize) -> Layout {
    Layout::from_size_align(len, 8).expect("a small layout")
}

fn survey<S: Source>(heap: &Heap<S>) -> Survey {
    Survey::take(&heap.image(), heap.root()).expect("a heap that was just used")
}

/// The address that a heap's pointer is in its memory.
fn addr<S: Source>(heap: &Heap<S>, at: *mut u8) -> u32 {
    assert!(!at.is_null());
    heap.source().addr(at).0
}

/// A heap with something of everything: live, free and parked objects of several sizes, segments that are live, parked and
/// free, and pages that somebody else grew.
fn busy(memory: &mut [Page]) -> Heap<Fixed<'_>> {
    let heap = Heap::new(Fixed::new(memory, ORIGIN)).expect("a page");
    let mut held = Vec::new();
    for round in 0..400 {
        let layout = bytes([8, 24, 100, 500, 1024, 1536, 4096, 40_000][round % 8]);
        held.push((heap.alloc(layout), layout));
        if round == 200 {
            assert!(heap.source().grow(Pages(1)).is_some());
        }
    }
    for (index, (at, layout)) in held.into_iter().enumerate() {
        assert!(!at.is_null());
        if index % 3 != 0 {
            // SAFETY: `at` came from this heap for this layout and is given back once.
            unsafe { heap.dealloc(at, layout) };
        }
    }
    heap
}

#[test]
fn scattered_objects_of_a_class_are_told_by_what_their_slabs_would_give_back() {
    let mut memory = vec![Page::ZERO; 16];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let layout = Layout::new::<[u64; 8]>();
    let row = || {
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        cache_rows(&survey).into_iter().find(|row| row.size == 64).unwrap()
    };
    let objects: Vec<_> = (0..6400).map(|_| heap.alloc(layout)).collect();
    heap.reclaim();
    assert!(row().reclaimable_bytes < 8192, "{:?}", row());
    for (_, at) in objects.iter().enumerate().filter(|(index, _)| index % 16 != 0) {
        // SAFETY: it came from this heap for the layout, and is given back once.
        unsafe { heap.dealloc(*at, layout) };
    }
    heap.reclaim();
    let (slabs, needed) = (row().objects * 64, 400_u32.div_ceil(64) * 4096);
    assert_eq!(row().reclaimable_bytes, u64::from(slabs - needed));
    assert!(row().reclaimable_bytes > 300_000);
}

#[test]
fn the_composition_adds_up_at_every_step() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let mut held: Vec<(*mut u8, Layout)> = Vec::new();
    for step in 0..if cfg!(miri) { 60 } else { 300 } {
        if step % 5 == 4 {
            let (at, layout) = held.swap_remove(step % held.len());
            // SAFETY: `at` came from this heap for this layout and is given back once.
            unsafe { heap.dealloc(at, layout) };
        } else {
            let layout = bytes([16, 72, 900, 2000, 5000][step % 5]);
            held.push((heap.alloc(layout), layout));
        }
        let survey = survey(&heap);
        let regions = regions(&survey);
        assert_eq!(Composition::of(&survey, &regions).total(), survey.memory_len);
        assert!(regions.windows(2).all(|pair| pair[0].end == pair[1].start));
        let stats = heap.stats();
        let summary = Summary::of(&survey);
        assert_eq!((summary.live_bytes, summary.live_objects), (stats.live_bytes(), stats.live_objects()));
        assert_eq!(summary.problems, [""; 0]);
    }
}

#[test]
fn a_sample_is_what_the_single_calls_say() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let survey = survey(&heap);
    let sample = Sample::of(&survey, Some(1024)).expect("a good granule");
    assert_eq!(sample.summary, Summary::of(&survey));
    assert_eq!(sample.caches, cache_rows(&survey));
    assert_eq!(sample.arenas, arena_rows(&survey));
    assert_eq!(sample.map, HeapMap::of(&survey, 1024).ok());
    assert_eq!(Sample::of(&survey, None).expect("no granule").map, None);
}

#[test]
fn rows_agree_with_the_heaps_own_counters() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let (survey, stats) = (survey(&heap), heap.stats());
    let rows = cache_rows(&survey);
    assert_eq!(rows.len(), stats.caches.len());
    for (row, cache) in rows.iter().zip(&stats.caches) {
        assert_eq!(
            (row.size, row.allocations, row.frees, row.failures, row.magazine_rounds),
            (cache.size, cache.allocations, cache.frees, cache.failures, cache.magazine_rounds)
        );
        assert_eq!((row.slabs, row.empty_slabs, row.objects), (cache.slabs, cache.empty_slabs, cache.objects));
        assert_eq!((row.slab_creates, row.slab_destroys), (cache.slab_creates, cache.slab_destroys));
        assert_eq!(
            row.objects,
            if row.slab_bytes == 0 { 0 } else { row.live + row.magazine_rounds + row.free_in_slabs }
        );
    }
    let (slabs, segments) = rows.split_at(SLAB_CLASSES);
    assert!(slabs.iter().zip(&stats.caches).all(|(row, cache)| row.live == cache.live));
    assert_eq!(slabs[11].name, "96 B");
    // 50 live segments of 4 KiB were made, and two of three given back. There are 8 classes of segments to 2 KiB, and 8 to 4.
    assert_eq!((segments[3].name.as_str(), segments[15].name.as_str()), ("1.5 KiB segments", "4 KiB segments"));
    assert_eq!((segments[15].size, segments[15].live, segments[15].live_bytes), (4096, 17, 17 * 4096));

    let arena = &arena_rows(&survey)[0];
    let totals = (u64::from(stats.arena.total), u64::from(stats.arena.in_use), u64::from(stats.arena.free));
    assert_eq!((arena.total, arena.in_use, arena.free), totals);
    let figures = arena.heap.expect("the heap's own");
    let busy = figures.large_live_bytes + figures.parked_bytes + figures.slab_bytes + figures.metadata_bytes;
    assert_eq!((arena.in_use, arena.cached), (busy, figures.parked_bytes));
    assert!(figures.parked_bytes != 0);
    assert_eq!((figures.parked_bytes, figures.large_live), (u64::from(stats.arena.parked_bytes), stats.large.live));
    assert_eq!((arena.allocations, arena.frees), (stats.large.allocations, stats.large.frees));
    assert_eq!((arena.spans, arena.span_list.len()), (2, 2));
}

#[test]
fn the_map_says_what_whatis_says() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let survey = survey(&heap);
    let map = HeapMap::of(&survey, QUANTUM).expect("a quantum is a good granule");
    assert_eq!(map.owner.len() as u64, survey.memory_len / u64::from(QUANTUM));
    let mut seen = [false; 8];
    let step = if cfg!(miri) { 61 } else { 1 };
    for cell in (0..map.owner.len()).step_by(step) {
        let start = cell as u32 * QUANTUM;
        let first = Whatis::of(&survey, start);
        if first.slab.is_none() && first.start + first.length < u64::from(start + QUANTUM) {
            continue; // the state of the heap ends within a cell: such a cell has several owners
        }
        let owner = match first.kind {
            "foreign" => 0,
            "object" | "slab overhead" => 3,
            "large" => 4,
            "arena free" => 5,
            "metadata" => 6,
            "parked" => 7,
            other => panic!("{other} in a heap over an array"),
        };
        seen[owner as usize] = true;
        assert_eq!(map.owner[cell], owner, "{}", first.sentence);
        assert_eq!(map.cache[cell], first.cache.map_or(0, |class| class as u8 + 1), "{}", first.sentence);
        // Objects begin and end at multiples of 8.
        let live = 8
            * (start..start + QUANTUM)
                .step_by(8)
                .filter(|&at| {
                    matches!(Whatis::of(&survey, at), Whatis { kind: "large", .. } | Whatis { state: Some("live"), .. })
                })
                .count() as u32;
        assert_eq!(u32::from(map.live[cell]), (live * 255).div_ceil(QUANTUM), "{}", first.sentence);
    }
    assert!(cfg!(miri) || seen == [true, false, false, true, true, true, true, true], "{seen:?}");
}

#[test]
fn a_coarse_map_sums_up_a_fine_one() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let survey = survey(&heap);
    let fine = HeapMap::of(&survey, QUANTUM).expect("good");
    let coarse = HeapMap::of(&survey, PAGE_BYTES).expect("good");
    const CELLS: usize = (PAGE_BYTES / QUANTUM) as usize;
    for ((owners, lives), (&owner, &live)) in
        fine.owner.chunks(CELLS).zip(fine.live.chunks(CELLS)).zip(coarse.owner.iter().zip(&coarse.live))
    {
        let most = owners.iter().filter(|&&of| of == owner).count();
        assert!((0..8).all(|other| owners.iter().filter(|&&of| of == other).count() <= most + 1));
        let mean = lives.iter().map(|&live| u32::from(live)).sum::<u32>() / CELLS as u32;
        assert!(mean.abs_diff(u32::from(live)) <= 1, "{mean} {live}");
    }
    assert_eq!(HeapMap::of(&survey, 1 << 30).expect("good").owner.len(), 1);
}

#[test]
fn a_bad_granule_is_answered_with_a_sentence() {
    let mut memory = memory(1);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let survey = survey(&heap);
    for granule in [0, 1, 64, 129, 384, (1 << 30) + 1, 1 << 31] {
        let sentence = format!("the bytes of a cell must be a power of two from 128 to 1073741824, not {granule}");
        assert_eq!(HeapMap::of(&survey, granule).expect_err("bad"), sentence);
        assert_eq!(Sample::of(&survey, Some(granule)).expect_err("bad"), sentence);
    }
}

/// What is said of the address that is `offset` bytes into what is at `at`.
fn said<S: Source>(heap: &Heap<S>, at: u32, offset: u32) -> String {
    Whatis::of(&survey(heap), at + offset).sentence
}

#[test]
fn an_object_is_told_by_state_and_place() {
    let mut memory = memory(2);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    let pointer = heap.alloc(bytes(112));
    let at = addr(&heap, pointer);
    let slab = Whatis::of(&survey(&heap), at).slab.expect("a slab");
    let (number, start) = ((at - slab.start) / 112 + 1, slab.start);
    // The first slab of a cache is for 4 objects, here of 448 bytes together: 4 quanta of 128, and 64 bytes are left.
    assert_eq!((slab.objects, slab.used, slab.length), (4, 1, 512));
    let around = format!("number {number} of 4 in the slab from {start:#010x}");
    assert_eq!(
        said(&heap, at, 0),
        format!("{at:#010x} is the start of a live object of 112 B, {around}, 1 of them live.")
    );
    assert_eq!(
        said(&heap, at, 8),
        format!("{:#010x} is 8 B into a live object of 112 B, {around}, 1 of them live.", at + 8)
    );
    // SAFETY: `pointer` came from this heap for this layout and is given back once.
    unsafe { heap.dealloc(pointer, bytes(112)) };
    assert_eq!(
        said(&heap, at, 1),
        format!(
            "{:#010x} is 1 B into a free object of 112 B that waits in a magazine, {around}, 0 of them live.",
            at + 1
        )
    );
    let found = Whatis::of(&survey(&heap), at);
    assert_eq!(
        (found.kind, found.state, found.start, found.length, found.offset),
        ("object", Some("magazine"), u64::from(at), 112, 0)
    );
    let state = found.slab.expect("a slab").states[number as usize - 1];
    assert_eq!(state, 2);
    let rest = start + 4 * 112;
    assert_eq!(
        said(&heap, rest, 2),
        format!(
            "{:#010x} is 2 B into the rest of a slab, too small for an object: 4 objects of 112 B from {start:#010x}, 0 of them live.",
            rest + 2
        )
    );
}

#[test]
fn a_segment_is_told_by_state_and_size() {
    let mut memory = memory(4);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    // The fourth class of segments: 1,152, 1,280, 1,408, 1,536.
    let class = SLAB_CLASSES as u32 + 3;
    let pointer = heap.alloc(bytes(1500));
    let at = addr(&heap, pointer);
    assert_eq!(
        said(&heap, at, 1024),
        format!("{:#010x} is 1 KiB into a segment that the application holds: 1.5 KiB from {at:#010x}.", at + 1024)
    );
    let found = Whatis::of(&survey(&heap), at);
    assert_eq!(
        (found.kind, found.cache, found.segment.map(|segment| segment.kind)),
        ("large", Some(class), Some("large"))
    );
    // SAFETY: `pointer` came from this heap for this layout and is given back once.
    unsafe { heap.dealloc(pointer, bytes(1500)) };
    assert_eq!(
        said(&heap, at, 0),
        format!("{at:#010x} is the start of a free segment that waits in a magazine: 1.5 KiB from {at:#010x}.")
    );
    let found = Whatis::of(&survey(&heap), at);
    assert_eq!(
        (found.kind, found.cache, found.segment.map(|segment| segment.kind)),
        ("parked", Some(class), Some("parked"))
    );
    let span = found.span.expect("a span");
    assert!(span.start <= at && at < span.start + span.length);
    heap.reclaim();
    let found = Whatis::of(&survey(&heap), at);
    assert_eq!((found.kind, found.cache), ("arena free", None));
    assert!(
        found.sentence.contains(" a free segment of the arena: ") && found.sentence.ends_with('.'),
        "{}",
        found.sentence
    );
}

#[test]
fn places_that_are_not_the_heaps_are_told_too() {
    let mut memory = memory(2);
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).expect("a page");
    assert!(heap.source().grow(Pages(1)).is_some());
    assert_eq!(
        said(&heap, 0x10, 0),
        "0x00000010 is 16 B into memory that this heap does not own: 64 KiB from 0x00000000."
    );
    assert_eq!(
        said(&heap, 0x2_0000, 0),
        "0x00020000 is the start of memory that this heap does not own: 64 KiB from 0x00020000."
    );
    assert_eq!(said(&heap, 0x3_0000, 0), "0x00030000 is outside the memory, which ends at 0x00030000.");
    assert_eq!(Whatis::of(&survey(&heap), u32::MAX).kind, "outside");
    let root = Whatis::of(&survey(&heap), heap.root().0);
    assert_eq!((root.kind, root.start, root.segment), ("metadata", 0x1_0000, None));
    assert!(root.sentence.starts_with("0x00010000 is the start of the allocator's own records: "), "{}", root.sentence);
}

#[test]
fn a_check_counts_what_it_looked_at_and_passes_problems_on() {
    let mut memory = memory(64);
    let heap = busy(&mut memory);
    let survey = survey(&heap);
    let problems = verify(&heap.image(), heap.root()).expect("a heap");
    let report = CheckReport::new(&survey, &problems);
    assert!(report.ok && report.problems.is_empty());
    assert_eq!(
        (report.checked.segments as usize, report.checked.slabs as usize),
        (survey.segments.len(), survey.slabs.len())
    );
    let problem = crate::image::Problem::new("I7", 0x1234, "a slab is odd".to_string());
    let report = CheckReport::new(&survey, &[problem]);
    assert!(!report.ok);
    assert_eq!(
        (report.problems[0].invariant.as_str(), report.problems[0].address, report.problems[0].sentence.as_str()),
        ("I7", 0x1234, "a slab is odd")
    );
}
