//! Claim: a scan for leaks finds every object that nothing leads to, and no other: whatever leads to it, by whatever way; it tells
//! what nothing points to from what a leak holds and from cycles; and what the allocator itself keeps is never a leak.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_arenas/specimen.rs"]
mod arenas;
#[path = "image_objects/specimen.rs"]
mod objects;
mod support;
#[path = "image_leaks/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::ptr::NonNull;

use flagstone::image::arenas::ArenaKind;
use flagstone::image::leaks::{Certainty, LeakReport, LeakScan, Options};
use flagstone::objects::{Bare, Budget, Cache, Life, Refused};
use flagstone::vmem::Arena;
use support::{Fake, LOW, address, bytes, free, heap, layout, memory};
use world::{PLAIN, STACK, STATICS, World, hold};

/// A heap of `pages` pages with objects of these sizes that hold nothing: its bytes, and where they are.
fn with(pages: u32, sizes: &[usize]) -> (World, Vec<u32>) {
    let mut memory = memory(pages);
    let heap = heap(Fake::new(&mut memory, LOW));
    let at: Vec<u32> = sizes.iter().map(|size| hold(&heap, *size)).collect();
    let mut world = World::of(&heap);
    world.clear(&at);
    (world, at)
}

/// What is said of the leak at an address: whether it is in a cycle, and how many objects and bytes it holds.
fn said(report: &LeakReport, address: u32) -> (bool, u32, u64) {
    let leak = report.leaks.iter().find(|leak| leak.address == address).expect("the leak");
    (leak.cycle, leak.held, leak.held_bytes)
}

#[test]
fn what_nothing_points_to_is_a_leak_and_what_static_data_points_to_is_not() {
    let (mut world, at) = with(4, &[40, 40, 5_000, 100_000]);
    world.set(STATICS[0], at[0]);
    world.set(STATICS[1], at[2]);
    let report = world.report(Options::default());
    assert_eq!(world.leaks(), [at[1], at[3]]);
    assert_eq!((report.lost_objects, report.live_objects, report.damaged), (2, 4, false));
    let sizes: Vec<_> = report.groups.iter().map(|group| (group.size, group.count, group.class.is_some())).collect();
    assert_eq!(sizes, [(world.survey().held_at(at[3]).unwrap(), 1, false), (40, 1, true)], "the most bytes first");
    assert_eq!(report.groups[1].examples[0].address, at[1]);
    assert_eq!(report.groups[1].examples[0].words, [PLAIN; 4]);
}

#[test]
fn a_leaked_list_is_one_leak_that_holds_the_rest() {
    let (mut world, at) = with(4, &[24; 100]);
    // Not in the order of addresses.
    let order: Vec<u32> = (0..100).map(|index| at[index * 37 % 100]).collect();
    for pair in order.windows(2) {
        world.set(pair[0] + 8, pair[1]);
    }
    let report = world.report(Options::default());
    assert_eq!(world.leaks(), [order[0]]);
    assert_eq!(said(&report, order[0]), (false, 99, 99 * 24));
    assert_eq!((report.lost_objects, report.lost_bytes), (100, 2_400));
    assert_eq!((report.groups[0].bytes, report.groups[0].held_bytes), (24, 99 * 24));
    // Held from the middle on, the rest is the leak.
    world.set(STATICS[0], order[60]);
    assert_eq!(said(&world.report(Options::default()), order[0]), (false, 59, 59 * 24));
}

#[test]
fn a_very_long_list_needs_no_stack() {
    let (mut world, at) = with(40, &[8; 200_000]);
    for pair in at.windows(2) {
        world.set(pair[1], pair[0]);
    }
    let report = world.report(Options::default());
    assert_eq!(said(&report, at[199_999]), (false, 199_999, 199_999 * 8));
    world.set(at[0], at[199_999]);
    assert_eq!(said(&world.report(Options::default()), at[0]), (true, 199_999, 199_999 * 8));
    world.set(STATICS[0], at[777]);
    assert_eq!(world.leaks(), []);
}

#[test]
fn a_cycle_is_one_leak_and_holds_what_hangs_on_it() {
    let (mut world, at) = with(4, &[32; 8]);
    // 1 -> 2 -> 3 -> 1, 2 -> 4, 4 -> 5; 6 -> 6; 7 alone, and 0 held by static data, points at 3, but nothing to it.
    for (from, to) in [(1, 2), (2, 3), (3, 1), (4, 5), (6, 6)] {
        world.set(at[from], at[to]);
    }
    world.set(at[2] + 12, at[4]);
    world.set(STATICS[0], at[0]);
    let report = world.report(Options::default());
    assert_eq!(world.leaks(), [at[1], at[6], at[7]]);
    assert_eq!(said(&report, at[1]), (true, 4, 4 * 32));
    assert_eq!(said(&report, at[6]), (true, 0, 0));
    assert_eq!(said(&report, at[7]), (false, 0, 0));
    let groups: Vec<_> = report.groups.iter().map(|group| (group.cycle, group.count, group.held)).collect();
    assert_eq!(groups, [(true, 2, 4), (false, 1, 0)]);
    // Something that is lost points into the cycle: that is the leak then.
    world.set(at[7] + 28, at[3]);
    let report = world.report(Options::default());
    assert_eq!(world.leaks(), [at[6], at[7]]);
    assert_eq!(said(&report, at[7]), (false, 5, 5 * 32));
    // Held from static data, all of it is in reach.
    world.set(STATICS[0], at[2] + 31);
    assert_eq!(world.leaks(), [at[0], at[6], at[7]]);
}

#[test]
fn pointers_into_an_object_hold_it_and_those_behind_it_do_not() {
    for size in [8, 40, 1_000, 20_000, 70_000] {
        let (world, at) = with(8, &[size, size, size]);
        let len = world.survey().held_at(at[1]).unwrap();
        for (offset, is_held) in [(0, true), (1, true), (len / 2, true), (len - 1, true), (len, false)] {
            let mut world = world.clone();
            world.set(STATICS[0], at[1] + offset);
            assert_eq!(!world.leaks().contains(&at[1]), is_held, "offset {offset} of {len}");
        }
        let mut world = world;
        world.set(STATICS[0], at[1].wrapping_sub(1));
        assert!(world.leaks().contains(&at[1]));
        // A pointer that lies across two words is none.
        world.set(STATICS[0], at[1] << 16);
        world.set(STATICS[0] + 4, at[1] >> 16);
        assert!(world.leaks().contains(&at[1]));
    }
}

#[test]
fn the_last_word_of_an_object_and_of_static_data_is_read() {
    let (mut world, at) = with(8, &[40, 40, 70_000, 40]);
    let survey = world.survey();
    let last = |at: u32| at + survey.held_at(at).unwrap() - 4;
    world.set(LOW.0 - 4, at[0]);
    world.set(last(at[0]), at[2]);
    world.set(last(at[2]), at[3]);
    assert_eq!(world.leaks(), [at[1]]);
}

#[test]
fn the_stack_holds_what_it_points_to_only_where_that_is_asked_for() {
    let (mut world, at) = with(4, &[64, 64]);
    world.set(STACK.1 - 4, at[0] + 20);
    world.set(STACK.0, at[1]);
    assert_eq!(world.leaks(), at);
    assert_eq!(world.report(Options { stack: true, ..Options::default() }).leaks, []);
}

#[test]
fn free_objects_and_free_segments_hold_nothing() {
    let mut pages = memory(40);
    let heap = heap(Fake::new(&mut pages, LOW));
    let at: Vec<u32> = [48, 48, 3_000, 3_000, 90_000].iter().map(|len| hold(&heap, *len)).collect();
    let mut holders = Vec::new();
    let more: Vec<_> =
        [48, 700, 3_000, 80_000].into_iter().cycle().take(80).map(|len| (heap.alloc(bytes(len)), len)).collect();
    for (object, len) in more {
        holders.push(address(&heap, object));
        free(&heap, object, bytes(len));
    }
    // Some wait in magazines, some are back in their slabs and in the arena.
    for flush in [false, true] {
        if flush {
            heap.reclaim();
        }
        let mut world = World::of(&heap);
        world.clear(&at);
        for (index, holder) in holders.iter().enumerate() {
            world.set(*holder + 4, at[index % at.len()]);
        }
        assert_eq!(world.leaks(), at, "after reclaiming: {flush}");
    }
}

#[test]
fn what_javascript_holds_is_a_leak_only_where_it_is_known_what_it_holds() {
    let (mut world, at) = with(4, &[56, 56, 56]);
    world.set(at[0] + 8, at[1]);
    let unknown = world.report(Options::default());
    assert_eq!((unknown.certainty, unknown.leaks.len()), (Certainty::HeldByJsPerhaps, 2));
    // A wrapper's number is the address of the value, behind the counts of its `Rc`.
    let known = world.report(Options { held_by_js: Some(vec![at[0] + 8, 0, u32::MAX]), ..Options::default() });
    assert_eq!((known.certainty, known.leaks.len(), known.leaks[0].address), (Certainty::Leak, 1, at[2]));
    let nothing = world.report(Options { held_by_js: Some(vec![]), ..Options::default() });
    assert_eq!((nothing.certainty, nothing.leaks.len()), (Certainty::Leak, 2));
    let given = world.report(Options { roots: vec![at[2]], ..Options::default() });
    assert_eq!((given.certainty, given.leaks.len(), given.leaks[0].address), (Certainty::HeldByJsPerhaps, 1, at[0]));
}

#[test]
fn call_sites_tell_leaks_apart() {
    let (world, at) = with(4, &[40, 40, 40, 40]);
    let sites = [(at[0], 7), (at[1], 9), (at[3], 7)];
    let site_of = move |address| sites.iter().find(|(at, _)| *at == address).map(|(_, site)| *site);
    let report = world.report(Options { site_of: Some(Box::new(site_of)), ..Options::default() });
    let groups: BTreeSet<_> = report.groups.iter().map(|group| (group.site, group.count)).collect();
    assert_eq!(groups, BTreeSet::from([(None, 1), (Some(7), 2), (Some(9), 1)]));
}

#[test]
fn a_group_has_eight_examples_and_counts_all() {
    let (world, at) = with(4, &[16; 50]);
    let report = world.report(Options::default());
    assert_eq!((report.groups.len(), report.groups[0].count, report.groups[0].bytes), (1, 50, 800));
    let examples: Vec<u32> = report.groups[0].examples.iter().map(|example| example.address).collect();
    let mut lowest = at;
    lowest.sort_unstable();
    assert_eq!(examples, lowest[..8]);
}

/// The addresses of leaks in a world, where nothing but the allocator holds anything.
fn lost(world: &World) -> BTreeSet<u32> {
    world.leaks().into_iter().collect()
}

#[test]
fn records_and_magazines_of_object_caches_are_never_leaks() {
    objects::with_caches(|heap, _, _| {
        let world = World::of(heap);
        let survey = world.survey();
        let scan = || LeakScan::new(&survey, Options::default());
        let own = survey.object_caches.iter().flat_map(|cache| cache.magazines.iter().copied().chain([cache.id]));
        let own: Vec<u32> = own.chain(survey.budgets.iter().map(|budget| budget.id)).collect();
        assert!(own.len() > 10);
        let mut ended = scan();
        while !ended.step(&world, 10_000).ended {}
        assert!(own.iter().all(|at| ended.reaches(*at) == Some(true)));
        // What the caches gave out is held by nobody but the test.
        let live: u32 = survey.object_caches.iter().map(|cache| cache.found.live).sum();
        assert_eq!(world.report(Options::default()).lost_objects, live);
    });
}

#[test]
fn an_object_of_a_cache_holds_and_is_held_as_any_other() {
    objects::with_caches(|heap, tiles, nodes| {
        let plain = hold(heap, 300);
        let (tile, node) = (tiles.alloc().expect("memory"), nodes.alloc().expect("memory"));
        let [tile, node] = [tile, node].map(|at| address(heap, at.as_ptr()));
        let mut world = World::of(heap);
        assert!([plain, tile, node].iter().all(|at| lost(&world).contains(at)));
        world.set(STATICS[1], tile + 50);
        world.set(tile + 96, node);
        world.set(node + 40, plain);
        assert!([plain, tile, node].iter().all(|at| !lost(&world).contains(at)));
        let report = world.report(Options::default());
        assert!(report.groups.iter().any(|group| group.class == Some(72) && group.size == 104));
    });
}

#[test]
fn the_callbacks_of_a_cache_and_of_a_budget_hold_what_they_own() {
    /// Callbacks with something of their own.
    struct Owning(#[expect(dead_code, reason = "it is only held")] [u32; 3]);
    impl Life for Owning {
        const CONSTRUCTS: bool = false;
        const MOVES: bool = false;
    }
    let mut pages = memory(8);
    let heap = heap(Fake::new(&mut pages, LOW));
    let held = [hold(&heap, 100), hold(&heap, 100), hold(&heap, 100), hold(&heap, 100)];
    let [cache_owns, budget_owns, record_says, name_says] = held;
    let cache =
        Cache::new(&heap, layout(40, 8), flagstone::objects::Options::new("lines"), Owning([cache_owns; 3])).unwrap();
    let budget = Budget::new(&heap, "images", 0, move |_| assert_ne!(budget_owns, 1)).unwrap();
    let mut world = World::of(&heap);
    world.clear(&held);
    let survey = world.survey();
    // What records count and say may look like an address.
    world.set(survey.object_caches[0].id + 200, record_says);
    world.set(survey.budgets[0].id + 20, name_says);
    assert_eq!(lost(&world), BTreeSet::from([record_says, name_says]));
    drop((cache, budget));
}

#[test]
fn other_names_of_a_shared_cache_are_no_leaks() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let shared = |name| {
        let options = flagstone::objects::Options { merge: true, ..flagstone::objects::Options::new(name) };
        Cache::new(&heap, layout(48, 8), options, Bare).unwrap()
    };
    let caches = ["lines", "words", "marks"].map(shared);
    let world = World::of(&heap);
    assert_eq!(world.survey().object_caches[0].aliases.len(), 2);
    assert_eq!(world.leaks(), []);
    drop(caches);
}

/// Objects that stay constructed.
struct Constructed;

impl Life for Constructed {
    const CONSTRUCTS: bool = true;
    const MOVES: bool = false;

    unsafe fn construct(&self, _: NonNull<u8>, _: u32) -> Result<(), Refused> {
        Ok(())
    }
}

#[test]
fn a_free_object_in_a_magazine_holds_what_its_constructor_gave_it() {
    let mut pages = memory(8);
    let heap = heap(Fake::new(&mut pages, LOW));
    let options = flagstone::objects::Options::new;
    let constructed = Cache::new(&heap, layout(64, 8), options("buffers"), Constructed).unwrap();
    let bare = Cache::new(&heap, layout(64, 8), options("points"), Bare).unwrap();
    let gifts = [hold(&heap, 500), hold(&heap, 500)];
    let free = [constructed.alloc().unwrap(), bare.alloc().unwrap()];
    // SAFETY: objects of these caches, given back once.
    unsafe { constructed.free(free[0]) };
    // SAFETY: as above.
    unsafe { bare.free(free[1]) };
    let mut world = World::of(&heap);
    for (free, gift) in free.iter().zip(gifts) {
        world.clear(&[gift]);
        world.set(address(&heap, free.as_ptr()) + 16, gift);
    }
    assert_eq!(world.leaks(), [gifts[1]], "nothing constructs the objects of the other");
    constructed.reap().unwrap();
    let mut world = World::of(&heap);
    world.clear(&gifts);
    assert_eq!(lost(&world), BTreeSet::from(gifts), "back in its slab, it was destructed");
}

#[test]
fn arenas_hold_what_they_handed_out_and_their_records_are_no_leaks() {
    arenas::with_arenas(|heap, [frames, nodes, _]| {
        let world = World::of(heap);
        assert_eq!(world.leaks(), []);
        let held = [hold(heap, 90), hold(heap, 90), hold(heap, 90)];
        let (frame, node) = (frames.alloc(2_048).unwrap(), nodes.alloc(64).unwrap());
        let world = World::of(heap);
        let free_at = |arena: &Arena<'_, _>| {
            let survey = world.survey();
            let arena = survey.arenas.into_iter().find(|it| it.id == arena.at().0).unwrap();
            arena.segments.iter().find(|it| it.kind == ArenaKind::Free && it.len > 128).expect("a free segment").start
        };
        let try_one = |holder: u32| {
            let mut world = world.clone();
            world.clear(&held);
            world.set(holder, held[0] + 3);
            world.set(held[0], held[1]);
            lost(&world)
        };
        for holder in [frame, frame + 2_044, node, node + 60] {
            assert_eq!(try_one(holder), BTreeSet::from([held[2]]), "handed out");
        }
        for holder in [free_at(frames) + 8, free_at(nodes) + 8] {
            assert_eq!(try_one(holder), BTreeSet::from([held[0], held[2]]), "free in the arena");
        }
    });
}

#[test]
fn an_arena_over_a_part_of_an_object_leaves_the_rest_of_it_to_the_program() {
    let mut pages = memory(8);
    let heap = heap(Fake::new(&mut pages, LOW));
    let (around, inner) = (hold(&heap, 8_192), hold(&heap, 40));
    let arena = Arena::new(
        &heap,
        flagstone::vmem::Options { quantum: 64, memory: true, ..flagstone::vmem::Options::new("part") },
    )
    .unwrap();
    arena.add(around + 1_024, 2_048).unwrap();
    let mut world = World::of(&heap);
    world.clear(&[around, inner]);
    world.set(around, inner);
    assert_eq!(world.leaks(), []);
}

#[test]
fn a_slab_whose_record_is_damaged_is_read_as_if_all_of_it_was_held() {
    let (mut world, at) = with(4, &[48, 48, 2_000]);
    world.set(at[0] + 4, at[2]);
    assert_eq!(lost(&world), BTreeSet::from([at[0], at[1]]));
    let slab = world.survey().slabs[0].clone();
    world.set(slab.tag + support::snapshot::tag::OWNER, 63);
    let report = world.report(Options::default());
    assert!(report.damaged);
    assert_eq!((report.leaks.len(), report.live_objects), (0, 1));
}

#[cfg(feature = "audit")]
#[test]
fn guarded_objects_are_objects_as_any_other_and_those_in_quarantine_are_gone() {
    use flagstone::audit::{Auditor, Mode};
    use flagstone::image::audit::AuditInfo;
    use flagstone::image::leaks::recorded_sites;
    let mut pages = memory(16);
    let heap = heap(Fake::new(&mut pages, LOW));
    let auditor = Auditor::new(&heap);
    auditor.set_mode(Mode::ALL);
    let mut at: Vec<u32> = [40, 3_000].iter().map(|len| hold(&heap, *len)).collect();
    let parser = auditor.tag("parser");
    at.push(hold(&heap, 40));
    drop(parser);
    let gone = heap.alloc(bytes(40));
    let gone_at = address(&heap, gone);
    free(&heap, gone, bytes(40));
    let mut world = World::of(&heap);
    assert_eq!(world.report(Options::default()).leaks.len(), 3);
    world.set(STATICS[0], at[0] + 8);
    world.set(at[0], at[1] + 2_999);
    world.set(gone_at, at[2]);
    assert_eq!(world.leaks(), [at[2]]);
    let site_of = recorded_sites(&world, &world.survey());
    let sites = world.report(Options { site_of, ..Options::default() }).groups;
    let audit = AuditInfo::read(&world, &world.survey()).expect("it is whole").expect("a heap with diagnosis");
    let tag = audit.sites.iter().find(|site| Some(site.number) == sites[0].site).expect("its site").tag;
    assert_eq!(audit.tag_path(tag), ["parser"]);
}
