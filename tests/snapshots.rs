//! Claim: a snapshot says what is held, two of them what is new, freed and survives between them, by cache, arena, call site and tag,
//! and which objects those are; it stays small, and comes back from its bytes as it was.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;
#[path = "snapshots/world.rs"]
mod world;

use flagstone::image::survey::Survey;
use flagstone::inspector::rows::Summary;
use flagstone::inspector::snapshot::Snapshot;
use flagstone::inspector::snapshot::changes::ChangeMap;
use flagstone::inspector::snapshot::diff::{Diff, DiffOptions};
use flagstone::inspector::snapshot::list::{ObjectFilter, ObjectWords};
use flagstone::objects::{Bare, Cache, Options};
use flagstone::vmem::{Arena, Options as ArenaOptions};
use support::{Fake, LOW, PAGE, address, bytes, free, heap, layout, memory, resize};
use world::{diff, list, named, said, snapshot, tally};

/// Names of caches in a diff, with what is new, freed and survives of each; those of what an object cache needs for itself left out.
fn by_cache(diff: &Diff) -> Vec<(&str, [(u64, u64); 3])> {
    let own = ["40 B", "448 B"];
    let rows = diff.caches.iter().filter(|row| !own.contains(&row.name.as_str()));
    rows.map(|row| (row.name.as_str(), said(&row.objects))).collect()
}

/// The rows of a list: where, how long, of which cache.
fn rows(earlier: &Snapshot, later: &Snapshot, words: ObjectWords) -> Vec<(u32, u32, String)> {
    list(earlier, later, words).rows.into_iter().map(|row| (row.address, row.length, row.name)).collect()
}

#[test]
fn what_is_new_freed_and_survives_is_told_by_cache() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let nodes = Cache::new(&heap, layout(72, 8), Options::new("nodes"), Bare).unwrap();
    // What the cache needs for itself is there from now on.
    let first = nodes.alloc().unwrap();
    // SAFETY: it was just allocated.
    unsafe { nodes.free(first) };
    let kept = [heap.alloc(bytes(56)), heap.alloc(bytes(56)), heap.alloc(bytes(5_000))];
    let gone = [heap.alloc(bytes(56)), heap.alloc(bytes(100))];
    let before = named(&heap, "start", 1_700_000_000_000);
    // What is given back must not be handed out again at once.
    free(&heap, gone[0], bytes(56));
    free(&heap, gone[1], bytes(100));
    let new = [heap.alloc(bytes(24)), heap.alloc(bytes(24)), heap.alloc(bytes(20_000))];
    let node = nodes.alloc().unwrap();
    let after = snapshot(&heap);

    let found = diff(&before, &after);
    let large = 20_096_u64;
    assert_eq!(
        by_cache(&found),
        [
            ("24 B", [(2, 48), (0, 0), (0, 0)]),
            ("56 B", [(0, 0), (1, 56), (2, 112)]),
            ("104 B", [(0, 0), (1, 104), (0, 0)]),
            ("5 KiB segments", [(0, 0), (0, 0), (1, 5_120)]),
            ("nodes", [(1, 72), (0, 0), (0, 0)]),
            ("other segments", [(1, large), (0, 0), (0, 0)]),
        ]
    );
    let records = before.figures().live.bytes - (3 * 56 + 104 + 5_120);
    assert_eq!(said(&found.objects)[..2], [(4, 48 + large + 72), (2, 160)]);
    assert_eq!(found.objects.surviving.bytes, 112 + 5_120 + records);
    assert_eq!(found.objects.after.bytes, 48 + 112 + 5_120 + large + 72 + records);
    assert_eq!((found.allocations, found.told_apart, found.doubts.len()), (4, 0, 0));
    assert_eq!(before.figures().name, "start");
    assert_eq!(before.figures().time, 1_700_000_000_000);

    let at = |pointer: *mut u8| address(&heap, pointer);
    let mut expected = [
        (at(new[0]), 24, "24 B"),
        (at(new[1]), 24, "24 B"),
        (at(new[2]), large as u32, "other segments"),
        (at(node.as_ptr()), 72, "nodes"),
    ]
    .map(|(at, len, name)| (at, len, name.to_string()));
    expected.sort();
    assert_eq!(rows(&before, &after, ObjectWords::default()), expected);
    let freed = ObjectWords { change: Some("freed".into()), order: Some("length".into()), ..ObjectWords::default() };
    assert_eq!(
        rows(&before, &after, freed),
        [(at(gone[1]), 104, "104 B".to_string()), (at(gone[0]), 56, "56 B".to_string())]
    );
    for at in kept {
        let is_large = at == kept[2];
        free(&heap, at, bytes(if is_large { 5_000 } else { 56 }));
    }
    new.into_iter().zip([24, 24, 20_000]).for_each(|(at, len)| free(&heap, at, bytes(len)));
    // SAFETY: it was allocated above.
    unsafe { nodes.free(node) };
}

#[test]
fn a_filter_takes_what_it_says_and_a_third_snapshot_what_is_still_held() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let before = snapshot(&heap);
    let held: Vec<_> = [16, 64, 64, 3_000, 64].map(|size| (heap.alloc(bytes(size)), size)).into();
    let after = snapshot(&heap);
    let of = |index: usize| address(&heap, held[index].0);
    let numbers = |words: ObjectWords| -> Vec<u32> {
        let mut found: Vec<u32> = rows(&before, &after, words).into_iter().map(|row| row.0).collect();
        found.sort_unstable();
        found
    };
    let sixty_four = ObjectWords { caches: Some(vec!["class:64".into()]), ..ObjectWords::default() };
    assert_eq!(numbers(sixty_four.clone()), [of(1), of(2), of(4)]);
    let long = ObjectWords { min_length: Some(65.0), ..ObjectWords::default() };
    assert_eq!(numbers(long), [of(3)]);
    let inside =
        ObjectWords { from: Some(f64::from(of(2) + 5)), to: Some(f64::from(of(2) + 5)), ..ObjectWords::default() };
    assert_eq!(numbers(inside), [of(2)]);
    let page = ObjectWords { offset: Some(1.0), limit: Some(1.0), ..sixty_four.clone() };
    let found = list(&before, &after, page);
    assert_eq!((found.matching, found.bytes, found.rows.len(), found.rows[0].address), (3, 192, 1, of(2)));
    assert_eq!((found.rows[0].asked, found.rows[0].site, found.rows[0].age), (None, None, None));

    let wrong = ObjectWords { caches: Some(vec!["class:64".into(), "class:63".into()]), ..ObjectWords::default() };
    let error = before.list(&after, None, &ObjectFilter::of(&wrong).unwrap()).unwrap_err();
    assert!(error.contains("class:63"), "{error}");
    let limits = ObjectWords { limit: Some(10_001.0), ..ObjectWords::default() };
    assert_eq!(ObjectFilter::of(&limits).unwrap_err(), "limit must be a whole number from 0 to 10000, not 10001");

    free(&heap, held[1].0, bytes(64));
    free(&heap, held[3].0, bytes(3_000));
    let last = snapshot(&heap);
    let all = ObjectFilter::of(&ObjectWords::default()).unwrap();
    let still = before.list(&after, Some(&last), &all).unwrap();
    let mut left: Vec<u32> = still.rows.iter().map(|row| row.address).collect();
    left.sort_unstable();
    let mut expected = [of(0), of(2), of(4)];
    expected.sort_unstable();
    assert_eq!(left, expected);
}

#[test]
fn an_address_that_is_handed_out_again_survives_without_diagnosis() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let first = heap.alloc(bytes(40));
    let before = snapshot(&heap);
    free(&heap, first, bytes(40));
    let second = heap.alloc(bytes(40));
    assert_eq!(first, second, "the magazine gives back what was given last");
    let found = diff(&before, &snapshot(&heap));
    assert_eq!((said(&found.objects), found.allocations), ([(0, 0), (0, 0), (1, 40)], 1));
    // Of another cache it is another one, wherever it lies.
    let long = heap.alloc(bytes(60_000));
    let before = snapshot(&heap);
    let shorter = resize(&heap, long, bytes(60_000), 30_000);
    assert_eq!(long, shorter, "it shrinks in place");
    let found = diff(&before, &snapshot(&heap));
    assert_eq!(said(&found.objects), [(1, 30_080), (1, 60_032), (1, 40)]);
}

#[test]
fn arenas_say_what_their_callers_hold() {
    let mut memory = memory(8);
    let heap = heap(Fake::new(&mut memory, LOW));
    let ports = Arena::new(&heap, ArenaOptions::new("ports")).unwrap();
    let gone = Arena::new(&heap, ArenaOptions::new("gone")).unwrap();
    let small = Arena::new(&heap, ArenaOptions { quantum_caches: 4, ..ArenaOptions::new("small") }).unwrap();
    for arena in [&ports, &gone, &small] {
        arena.add(1_000, 1_000).unwrap();
    }
    let held = [ports.alloc(10).unwrap(), ports.alloc(20).unwrap(), ports.alloc(30).unwrap()];
    gone.alloc(7).unwrap();
    let one = small.alloc(1).unwrap();
    let before = snapshot(&heap);
    ports.free(held[1], 20).unwrap();
    ports.alloc(500).unwrap();
    let two = small.alloc(1).unwrap();
    assert_ne!(one, two);
    drop(gone);
    let after = snapshot(&heap);
    let found = diff(&before, &after);
    let of = |name: &str| found.arenas.iter().find(|row| row.name == name).expect("it is there");
    assert_eq!(said(&of("ports").held), [(1, 500), (1, 20), (2, 40)]);
    assert_eq!((of("ports").in_use.before, of("ports").in_use.after, of("ports").allocations), (60, 540, 1));
    assert_eq!(said(&of("small").held), [(1, 1), (0, 0), (1, 1)]);
    assert_eq!(said(&of("gone").held), [(0, 0), (1, 7), (0, 0)]);
    assert_eq!(found.arenas[0].name, "heap");
    let figures = after.figures();
    let named = figures.arenas.iter().map(|arena| (arena.name.as_str(), arena.held)).collect::<Vec<_>>();
    assert_eq!(named[1..], [("ports", tally(3, 540)), ("small", tally(2, 2))]);
}

#[test]
fn the_map_says_where_what_changed_lies() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let kept = heap.alloc(layout(4_096, 4_096));
    let gone = heap.alloc(layout(1_024, 1_024));
    let before = snapshot(&heap);
    free(&heap, gone, layout(1_024, 1_024));
    let new = heap.alloc(layout(2_048, 4_096));
    let after = snapshot(&heap);
    let map = ChangeMap::of(&before, &after, 4_096).unwrap();
    assert_eq!(map.new.len(), (after.figures().memory_bytes / 4_096) as usize);
    let cell = |at: *mut u8| address(&heap, at) as usize / 4_096;
    // Half of 255, and a quarter of it, both upwards.
    assert_eq!((map.surviving[cell(kept)], map.new[cell(new)]), (255, 128));
    assert_eq!(map.freed.iter().map(|share| u32::from(*share)).sum::<u32>(), 64);
    assert_eq!(map.new.iter().filter(|share| **share != 0).count(), 1);
    assert_eq!(
        ChangeMap::of(&before, &after, 5_000).unwrap_err(),
        "the bytes of a cell must be a power of two from 128 to 1073741824, not 5000"
    );
}

#[test]
fn figures_are_those_of_the_summary() {
    let mut memory = memory(40);
    let heap = heap(Fake::new(&mut memory, LOW));
    let nodes = Cache::new(&heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let mut program = world::Program::new(&heap, &nodes);
    program.run(&mut support::Rng::new(5), 2_000, 150);
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let summary = Summary::of(&survey);
    let figures = snapshot(&heap).figures();
    assert_eq!((figures.live.count as u64, figures.live.bytes), (summary.live_objects, summary.live_bytes));
    assert_eq!((figures.allocations, figures.composition), (summary.allocations, summary.composition));
    assert_eq!((figures.pages, figures.memory_bytes), (summary.pages, summary.memory_bytes));
    let sum: f64 = figures.caches.iter().map(|cache| cache.live.count).sum();
    assert_eq!(sum, figures.live.count);
    program.end();
}

#[test]
fn snapshots_that_do_not_belong_together_are_doubted() {
    let mut low = memory(4);
    let mut high = memory(4);
    let here = heap(Fake::new(&mut low, LOW));
    let there = heap(Fake::new(&mut high, flagstone::units::Addr(9 * PAGE)));
    let before = snapshot(&here);
    assert!(!here.alloc(bytes(40)).is_null());
    let after = snapshot(&here);
    assert!(diff(&before, &after).doubts.is_empty());
    let turned = diff(&after, &before).doubts;
    assert!(
        turned.len() == 1 && turned[0].contains("counts 0 allocations") && turned[0].contains("1 and"),
        "{turned:?}"
    );
    let other = diff(&before, &snapshot(&there)).doubts;
    assert!(other.len() == 1 && other[0].contains("different modules"), "{other:?}");
}

#[test]
fn only_rows_that_changed_are_listed_where_that_is_asked_for() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    assert!(!heap.alloc(bytes(40)).is_null());
    let before = snapshot(&heap);
    assert!(!heap.alloc(bytes(24)).is_null());
    let found = before.diff(&snapshot(&heap), DiffOptions { changed_only: true });
    assert_eq!(by_cache(&found), [("24 B", [(1, 24), (0, 0), (0, 0)])]);
    assert_eq!(said(&found.objects), [(1, 24), (0, 0), (1, 40)]);
    assert!(found.arenas.is_empty(), "{:?}", found.arenas);
}

/// A snapshot of `count` objects, and what it takes.
fn weigh(pages: u32, count: usize, size: usize, prepare: impl FnOnce(&flagstone::Heap<Fake<'_>>)) -> (usize, usize) {
    let mut memory = memory(pages);
    let heap = heap(Fake::new(&mut memory, LOW));
    prepare(&heap);
    for _ in 0..count {
        assert!(!heap.alloc(bytes(size)).is_null());
    }
    let taken = snapshot(&heap);
    assert!(taken.figures().live.count >= count as f64);
    let saved = taken.to_bytes();
    assert_eq!(Snapshot::from_bytes(&saved).as_ref(), Ok(&taken));
    (taken.held_bytes(), saved.len())
}

#[test]
fn a_million_objects_take_less_than_24_mib() {
    const MOST: usize = 24 << 20;
    let (held, saved) = weigh(300, 1_000_000, 16, |_| ());
    assert!(held < 1 << 20 && saved < 1 << 20, "{held} and {saved} bytes for a million objects in slabs");
    // Twenty thousand segments stand for a million: each is worth the same.
    let (held, saved) = weigh(500, 20_000, 1_100, |_| ());
    assert!(50 * held < MOST && 50 * saved < MOST, "{held} and {saved} bytes for 20,000 segments");
}

#[cfg(feature = "audit")]
#[test]
fn a_million_objects_on_record_take_less_than_24_mib() {
    use flagstone::audit::{Auditor, Mode};
    const MOST: usize = 24 << 20;
    let (held, saved) = weigh(500, 20_000, 16, |heap| {
        Auditor::new(heap).set_mode(Mode::REDZONE);
    });
    assert!(held > 20_000 * 24, "each has a segment and a mark: {held}");
    assert!(50 * held < MOST && 50 * saved < MOST, "{held} and {saved} bytes for 20,000 guarded objects");
    let (held, saved) = weigh(500, 20_000, 16, |heap| Auditor::new(heap).set_sampling(16));
    assert!(50 * held < MOST && 50 * saved < MOST, "{held} and {saved} bytes for 20,000 sampled objects");
}
