//! What kernels' object caches do and these do as well, a claim at a time, where no other test has it: see `docs/coverage.md`.
#![cfg(feature = "inspector")]

mod support;

use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Bare, Cache, Error, Flags, Life, Options, Reclaimed};
use support::layout;
use support::objects::{Actor, Script, Stage, TestCache, assert_counts, give, paint, shows};

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
fn constructors_run_when_objects_leave_their_slab_and_destructors_when_they_return() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { keep: 100, ..Options::new("made") });
    let runs = || (script.constructs.get(), script.destructs.get());
    assert_eq!(runs(), (0, 0), "not ahead of a request");
    let objects = take(&cache, 5);
    assert_eq!(runs(), (5, 0));
    give_all(&cache, objects);
    give_all(&cache, take(&cache, 5));
    assert_eq!(runs(), (5, 0), "objects wait as they are");
    let objects = take(&cache, 7);
    assert_eq!(runs(), (7, 0));
    give_all(&cache, objects);
    assert!(!cache.shrink().unwrap(), "two slabs are kept");
    assert_eq!(runs(), (7, 7));
    assert_eq!((cache.stats().constructs, cache.stats().destructs), (7, 7));
}

#[test]
fn held_waiting_and_free_objects_are_told_apart() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { rounds: 3, ..Options::new("made") });
    let mut objects = take(&cache, 70);
    give_all(&cache, objects.drain(60..));
    let stats = cache.stats();
    assert_eq!((stats.live, stats.cached, stats.available, stats.total), (60, 10, 68, 128));
    assert_eq!((stats.allocations, stats.frees, stats.total_max, stats.taken_max), (70, 10, 128, 70));
    give_all(&cache, take(&cache, 5));
    assert_eq!((cache.stats().allocations, cache.stats().frees), (75, 15), "exact, whatever magazines change hands");
    give_all(&cache, objects);
    assert!(cache.shrink().unwrap());
    let stats = cache.stats();
    assert_eq!((stats.allocations, stats.frees, stats.total, stats.total_max, stats.taken_max), (75, 75, 0, 128, 70));
}

#[test]
fn a_limit_is_exact_and_what_waits_in_magazines_can_be_had() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { limit: 5, ..Options::new("made") });
    for _ in 0..3 {
        let objects = take(&cache, 5);
        assert_eq!(cache.alloc(), Err(Error::Limit { objects: 5 }));
        give_all(&cache, objects);
    }
    let stats = cache.stats();
    assert_eq!((stats.cached, stats.limit_failures, stats.failures, stats.taken_max), (5, 3, 3, 5));
}

#[test]
fn zeroed_objects_are_zero_and_constructed_ones_are_as_constructed() {
    let stage = Stage::new(4);
    let cache = Cache::new(stage.heap(), layout(61, 1), Options::new("bare"), Bare).unwrap();
    let objects = take(&cache, 100);
    objects.iter().for_each(|&object| paint(object, 61, u64::MAX));
    give_all(&cache, objects);
    for _ in 0..100 {
        let object = cache.alloc_with(Flags::ZEROED).unwrap();
        // SAFETY: the object has 61 bytes, and the test holds it.
        assert!((0..61).all(|index| unsafe { object.as_ptr().wrapping_add(index).read() } == 0));
        paint(object, 61, u64::MAX);
    }
    let made = made(&stage, &Script::new(), Options::new("made"));
    let object = made.alloc().unwrap();
    paint(object, 64, 5);
    give(&made, object);
    let object = made.alloc_with(Flags::ZEROED).unwrap();
    assert!(shows(object, 64, 5), "its constructor would not know");
    give(&made, object);
}

#[test]
fn many_at_once_are_all_or_none() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options { limit: 10, ..Options::new("ten") });
    let mut places = [None; 11];
    assert_eq!(cache.alloc_bulk(&mut places), Err(Error::Limit { objects: 10 }));
    assert_eq!((places, cache.stats().live), ([None; 11], 0));
    assert_eq!(cache.alloc_bulk(&mut places[..10]), Ok(()));
    assert!(places[..10].iter().all(Option::is_some) && cache.stats().live == 10);
    // SAFETY: they came from the cache, and are given back once.
    unsafe { cache.free_bulk(&mut places) };
    assert_eq!((places, cache.stats().live, cache.stats().cached), ([None; 11], 0, 10));
    assert_counts(&cache.stats(), true);
}

#[test]
fn depots_come_first_then_owners_then_moves() {
    let stage = Stage::new(16);
    let (script, steps) = (Script::new(), Rc::new(RefCell::new(Vec::new())));
    let log = |what: &'static str| {
        let steps = Rc::clone(&steps);
        move || {
            if steps.borrow().last() != Some(&what) {
                steps.borrow_mut().push(what);
            }
        }
    };
    let options = Options { rounds: 3, ..Options::new("movable") };
    let cache: TestCache<Actor<true, true>> = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    let mut objects = take(&cache, 128);
    // One object stays in each of two slabs, and there is something in the depot.
    let stay = [objects.remove(70), objects.remove(0)];
    give_all(&cache, objects);
    let (depot, owner, moves) = (log("depot"), log("owner"), log("moves"));
    script.destruct_by(move |_| depot());
    script.reclaim_by(move |_| owner());
    script.relocate_by(move |_, _| {
        moves();
        Answer::No
    });
    stage.reclaim();
    assert_eq!(steps.borrow()[..2], ["depot", "owner"]);
    assert!(steps.borrow().contains(&"moves"));
    script.forget();
    give_all(&cache, stay);
}

#[test]
fn nobody_is_asked_while_somebody_is_asked() {
    let stage = Stage::new(4);
    let script = Script::new();
    let cache = made(&stage, &script, Options::new("made"));
    let heap = stage.heap();
    script.reclaim_by(move |_| {
        assert_eq!(heap.reclaim(), Reclaimed::default());
        heap.tick();
    });
    let reaps = cache.stats().reaps;
    stage.reclaim();
    assert_eq!(script.reclaims.get(), 1);
    // Depots are asked twice: first of all, and for what owners gave.
    assert_eq!(cache.stats().reaps, reaps + 2, "the tick did nothing");
    script.forget();
}

#[test]
fn all_caches_are_asked_once_the_newest_first() {
    let stage = Stage::new(4);
    let order = Rc::new(RefCell::new(Vec::new()));
    let scripts = [1, 2, 3].map(|_| Script::new());
    let caches = scripts.each_ref().map(|script| made(&stage, script, Options::new("made")));
    for (script, number) in scripts.iter().zip(1..) {
        let order = Rc::clone(&order);
        script.reclaim_by(move |_| order.borrow_mut().push(number));
    }
    stage.reclaim();
    assert_eq!(*order.borrow(), [3, 2, 1]);
    drop(caches);
}
