//! What kernels' object caches do and these do as well, a claim at a time: slabs, magazines, depots, life, limits. See
//! `docs/coverage.md`.
#![cfg(feature = "inspector")]

mod support;

use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Bare, Cache, Error, Life, Options};
use support::layout;
use support::objects::{Actor, Script, Stage, TestCache, assert_counts, fill_up, give, let_go, paint, shows};

type Made = Actor<true, false>;

/// A cache of objects of 64 bytes, 64 to a slab, that are constructed.
fn made(stage: &Stage, script: &Rc<Script>, options: Options<'_>) -> TestCache<Made> {
    Cache::new(stage.heap(), layout(64, 8), options, script.actor()).expect("a cache")
}

/// A cache of the same objects, bare, without magazines.
fn slabs_only(stage: &Stage) -> TestCache<Bare> {
    let options = Options { magazines: false, ..Options::new("slabs") };
    Cache::new(stage.heap(), layout(64, 8), options, Bare).expect("a cache")
}

fn take<L: Life>(cache: &TestCache<L>, count: u32) -> Vec<NonNull<u8>> {
    (0..count).map(|_| cache.alloc().expect("an object")).collect()
}

fn give_all<L: Life>(cache: &TestCache<L>, objects: impl IntoIterator<Item = NonNull<u8>>) {
    objects.into_iter().for_each(|object| give(cache, object));
}

#[test]
fn objects_are_their_size_rounded_up_to_their_alignment_apart() {
    let stage = Stage::new(64);
    for (size, align) in [(1, 1), (3, 1), (20, 8), (24, 8), (65, 64), (100, 128), (2049, 1), (5000, 16)] {
        let cache = Cache::new(stage.heap(), layout(size, align), Options::new("apart"), Bare).unwrap();
        let stats = cache.stats();
        assert_eq!((stats.size as usize, stats.stride as usize), (size, size.next_multiple_of(align)));
        for _ in 0..2 {
            let mut objects = take(&cache, 130);
            objects.sort_unstable();
            assert!(objects.iter().all(|at| at.addr().get().is_multiple_of(align)));
            let near = objects.windows(2).map(|pair| pair[1].addr().get() - pair[0].addr().get());
            assert!(near.min().expect("pairs") >= stats.stride as usize, "{size} at {align}");
            give_all(&cache, objects);
        }
    }
}

#[test]
fn objects_of_a_fresh_slab_come_in_the_order_of_their_addresses() {
    let stage = Stage::new(4);
    let cache = slabs_only(&stage);
    let objects = take(&cache, 64);
    assert!(objects.windows(2).all(|pair| pair[1].addr().get() == pair[0].addr().get() + 64));
    assert_eq!(cache.stats().slabs, 1);
}

#[test]
fn an_object_goes_back_to_its_own_place() {
    let stage = Stage::new(32);
    for size in [1, 8, 24, 56, 72, 104, 336, 1000, 1368, 4096, 9000] {
        let options = Options { magazines: false, ..Options::new("places") };
        let cache = Cache::new(stage.heap(), layout(size, 1), options, Bare).unwrap();
        let per_slab = cache.stats().objects_per_slab;
        let mut objects = take(&cache, 3 * per_slab);
        for step in 0..objects.len() {
            let index = (step * 37) % objects.len();
            give(&cache, objects[index]);
            let again = cache.alloc().unwrap();
            // An empty slab is used after all others, but there is only one with anything free.
            assert_eq!(again, objects[index], "objects of {size} bytes");
        }
        assert_eq!(cache.stats().slab_creates, 3);
        give_all(&cache, objects.drain(..));
    }
}

#[test]
fn the_fullest_slab_serves_and_a_new_one_only_where_none_does() {
    let stage = Stage::new(8);
    let cache = slabs_only(&stage);
    let objects = take(&cache, 3 * 64);
    let (nearly, half, hardly) = (&objects[..1], &objects[64..64 + 32], &objects[128..128 + 60]);
    give_all(&cache, hardly.iter().chain(half).chain(nearly).copied());
    let again = take(&cache, 1 + 32 + 60);
    let sorted = |objects: &[NonNull<u8>]| {
        let mut sorted = objects.to_vec();
        sorted.sort_unstable();
        sorted
    };
    assert_eq!(sorted(&again[..1]), sorted(nearly), "the fullest first");
    assert_eq!(sorted(&again[1..33]), sorted(half));
    assert_eq!(sorted(&again[33..]), sorted(hardly));
    assert_eq!((cache.stats().slab_creates, cache.stats().available), (3, 0));
    let next = cache.alloc().unwrap();
    assert_eq!((cache.stats().slab_creates, cache.stats().available), (4, 63));
    give(&cache, next);
}

#[test]
fn one_empty_slab_stays_and_the_next_one_goes_back() {
    let stage = Stage::new(8);
    let cache = slabs_only(&stage);
    let mut objects = take(&cache, 2 * 64);
    give_all(&cache, objects.drain(64..));
    let stats = cache.stats();
    assert_eq!((stats.slabs, stats.empty_slabs, stats.slab_destroys), (2, 1, 0));
    for _ in 0..100 {
        give(&cache, cache.alloc().unwrap());
    }
    assert_eq!((cache.stats().slab_creates, cache.stats().slab_destroys), (2, 0), "an edge costs no slab");
    give_all(&cache, objects);
    assert_eq!((cache.stats().slabs, cache.stats().empty_slabs, cache.stats().slab_destroys), (1, 1, 1));
    cache.reap().unwrap();
    assert_eq!((cache.stats().slabs, cache.stats().slab_destroys, cache.stats().total_max), (0, 2, 128));
}

#[test]
fn what_is_free_is_not_written_to() {
    let stage = Stage::new(4);
    let cache = slabs_only(&stage);
    let objects = take(&cache, 64);
    objects.iter().zip(0..).for_each(|(&object, stamp)| paint(object, 64, stamp));
    give_all(&cache, objects.iter().copied());
    assert!(objects.iter().zip(0..).all(|(&object, stamp)| shows(object, 64, stamp)));
    assert_eq!(take(&cache, 64), objects);
    assert!(objects.iter().zip(0..).all(|(&object, stamp)| shows(object, 64, stamp)));
}

#[test]
fn an_object_longer_than_a_slab_has_one_of_its_own() {
    let stage = Stage::new(16);
    let options = Options { magazines: false, ..Options::new("long") };
    let cache = Cache::new(stage.heap(), layout(100_000, 8), options, Bare).unwrap();
    let objects = take(&cache, 5);
    let stats = cache.stats();
    assert_eq!((stats.slabs, stats.objects_per_slab, stats.slab_bytes, stats.available), (5, 1, 100_096, 0));
    objects.iter().zip(0..).for_each(|(&object, stamp)| paint(object, 100_000, stamp));
    assert!(objects.iter().zip(0..).all(|(&object, stamp)| shows(object, 100_000, stamp)));
    give_all(&cache, objects);
    assert_eq!((cache.stats().slabs, cache.stats().slab_destroys), (1, 4));
}

#[test]
fn only_frees_make_magazines_where_objects_are_constructed() {
    let stage = Stage::new(16);
    let (script, before) = (Script::new(), stage.stats().live_objects());
    let cache = made(&stage, &script, Options { rounds: 15, ..Options::new("made") });
    let own = stage.stats().live_objects();
    let objects = take(&cache, 1000);
    assert_eq!((stage.stats().live_objects(), cache.stats().cached), (own, 0));
    give_all(&cache, objects);
    let magazines = stage.stats().live_objects() - own;
    assert_eq!((magazines, cache.stats().cached), (1000_u64.div_ceil(15), 1000));
    drop(cache);
    assert_eq!(stage.stats().live_objects(), before);
}

#[test]
fn the_first_request_for_bare_objects_fills_a_magazine_from_a_slab() {
    let stage = Stage::new(4);
    let cache = Cache::new(stage.heap(), layout(64, 8), Options::new("bare"), Bare).unwrap();
    let first = cache.alloc().unwrap();
    let stats = cache.stats();
    assert_eq!((stats.magazine_rounds, stats.cached, stats.slab_allocations, stats.slabs), (15, 15, 16, 1));
    let more = take(&cache, 15);
    assert_eq!((cache.stats().cached, cache.stats().slab_allocations), (0, 16));
    give_all(&cache, more.into_iter().chain([first]));
    // Where objects are counted, none is taken ahead.
    let options = Options { limit: 20, ..Options::new("counted") };
    let counted = Cache::new(stage.heap(), layout(64, 8), options, Bare).unwrap();
    give(&counted, counted.alloc().unwrap());
    assert_eq!(counted.stats().slab_allocations, 1);
}

#[test]
fn full_magazines_go_to_the_depot_and_come_back_the_last_one_first() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { rounds: 3, ..Options::new("made") });
    let objects = take(&cache, 12);
    objects.iter().zip(0..).for_each(|(&object, stamp)| paint(object, 64, stamp));
    give_all(&cache, objects.iter().copied());
    let stats = cache.stats();
    assert_eq!((stats.full_magazines, stats.empty_magazines, stats.cached), (2, 0, 12));
    assert_eq!((stats.depot_frees, stats.depot_allocations), (2, 0));
    let mut again = take(&cache, 12);
    let stats = cache.stats();
    assert_eq!((stats.full_magazines, stats.empty_magazines, stats.cached), (0, 2, 0));
    assert_eq!((stats.depot_frees, stats.depot_allocations, stats.slab_allocations), (2, 2, 12));
    again.reverse();
    assert_eq!(again, objects);
    assert!(objects.iter().zip(0..).all(|(&object, stamp)| shows(object, 64, stamp)), "objects wait as they were left");
    give_all(&cache, again);
}

#[test]
fn bursts_over_the_edge_of_a_magazine_exchange_nothing_with_the_depot() {
    for level in 0..14 {
        let stage = Stage::new(4);
        let script = Script::new();
        let cache = made(&stage, &script, Options { rounds: 3, ..Options::new("made") });
        give_all(&cache, take(&cache, 20));
        let held = take(&cache, level);
        give_all(&cache, take(&cache, 3));
        let before = cache.stats();
        for length in [1, 2, 3, 3, 2, 1, 3, 1] {
            give_all(&cache, take(&cache, length));
        }
        let after = cache.stats();
        assert_eq!((after.depot_allocations, after.depot_frees), (before.depot_allocations, before.depot_frees));
        assert_eq!(after.slab_allocations, before.slab_allocations, "{level} held");
        give_all(&cache, held);
    }
}

#[test]
fn without_magazines_objects_go_back_to_their_slabs_at_once() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { magazines: false, ..Options::new("made") });
    let objects = take(&cache, 10);
    give_all(&cache, objects);
    let stats = cache.stats();
    assert_eq!((stats.magazine_rounds, stats.cached, stats.slab_frees), (0, 0, 10));
    assert_eq!((script.constructs.get(), script.destructs.get()), (10, 10));
}

#[test]
fn without_memory_for_a_magazine_objects_go_back_to_their_slabs() {
    let stage = Stage::new(2);
    let script = Script::new();
    let cache = made(&stage, &script, Options::new("made"));
    let objects = take(&cache, 10);
    let held = fill_up(&stage, 8);
    give_all(&cache, objects);
    assert_eq!((cache.stats().live, cache.stats().cached, script.destructs.get()), (0, 0, 10));
    assert_counts(&cache.stats(), true);
    let_go(&stage, held);
}

#[test]
fn reclaiming_ends_what_is_in_the_depot_and_shrinking_what_is_loaded_too() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { rounds: 3, ..Options::new("made") });
    let own = stage.stats().live_objects();
    give_all(&cache, take(&cache, 12));
    stage.reclaim();
    let stats = cache.stats();
    assert_eq!((stats.full_magazines, stats.empty_magazines, stats.cached), (0, 0, 6));
    assert_eq!((stage.stats().live_objects() - own, script.destructs.get()), (2, 6));
    assert_eq!(cache.shrink(), Ok(true));
    assert_eq!((cache.stats().cached, script.destructs.get(), stage.stats().live_objects()), (0, 12, own));
    let object = cache.alloc().unwrap();
    assert_eq!(cache.shrink(), Ok(false), "a slab is in use");
    give(&cache, object);
}

#[test]
fn what_the_depot_never_needed_between_two_ticks_goes_back() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { rounds: 3, ..Options::new("made") });
    give_all(&cache, take(&cache, 30));
    assert_eq!(cache.stats().full_magazines, 8);
    stage.tick();
    assert_eq!(cache.stats().full_magazines, 8, "they came since the last tick");
    // Two magazines beyond the two that are loaded.
    give_all(&cache, take(&cache, 12));
    assert_eq!(cache.stats().full_magazines, 8);
    stage.tick();
    assert_eq!((cache.stats().full_magazines, cache.stats().cached), (2, 12), "two were needed");
    stage.tick();
    assert_eq!((cache.stats().full_magazines, cache.stats().cached), (0, 6));
    for _ in 0..5 {
        stage.tick();
    }
    assert_eq!(cache.stats().cached, 6, "what is loaded stays");
}

#[test]
fn busy_magazines_get_longer_but_not_at_two_looks_in_a_row() {
    let stage = Stage::new(16);
    let script = Script::new();
    let cache = made(&stage, &script, Options::new("made"));
    let busy = || give_all(&cache, take(&cache, 2000));
    let look = || {
        cache.update().unwrap();
        cache.stats().magazine_rounds
    };
    give_all(&cache, take(&cache, 15 * 16));
    assert_eq!(look(), 15, "sixteen exchanges are not many");
    let mut seen = Vec::new();
    for _ in 0..12 {
        busy();
        seen.push(look());
    }
    assert_eq!(seen, [31, 31, 47, 47, 63, 63, 95, 95, 143, 143, 143, 143]);
    assert_counts(&cache.stats(), true);
    let fixed = made(&stage, &script, Options { rounds: 7, ..Options::new("fixed") });
    give_all(&fixed, take(&fixed, 2000));
    fixed.update().unwrap();
    assert_eq!(fixed.stats().magazine_rounds, 7, "the owner said how long");
}

#[test]
fn rounds_and_limits_change_at_run_time_or_the_reason_is_told() {
    let stage = Stage::new(8);
    let script = Script::new();
    let cache = made(&stage, &script, Options { limit: 100, keep: 10, ..Options::new("made") });
    give_all(&cache, take(&cache, 100));
    assert_eq!(cache.set_rounds(8), Err(Error::BadRounds(8)));
    assert_eq!((cache.stats().magazine_rounds, cache.stats().cached), (15, 100), "a refusal changes nothing");
    for rounds in [7, 0, 143] {
        assert_eq!(cache.set_rounds(rounds), Ok(()));
        assert_eq!((cache.stats().magazine_rounds, cache.stats().cached), (rounds, 0), "what waited went back");
        give_all(&cache, take(&cache, 50));
        assert_eq!(cache.stats().cached, if rounds == 0 { 0 } else { 50 });
    }
    assert_eq!(cache.set_limit(9), Err(Error::BadLimit { limit: 9, keep: 10 }));
    assert_eq!(cache.set_limit(20), Ok(()));
    // What waits in magazines was made under the old limit.
    let _ = cache.shrink().unwrap();
    let held = take(&cache, 20);
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 20 }));
    give_all(&cache, held);
    let zone = made(&stage, &script, Options::zone("zone", 5));
    assert_eq!(zone.set_rounds(7), Err(Error::BadRounds(7)));
    assert_eq!(zone.set_limit(6), Err(Error::BadLimit { limit: 6, keep: 5 }));
}
