//! What kernels' object caches do and these do as well, a claim at a time: constructors, owners, limits, and the reclaim chain. See
//! `docs/coverage.md`.
#![cfg(feature = "inspector")]

mod support;

use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Bare, Cache, Error, Flags, Life, Options, Reclaimed};
use support::layout;
use support::objects::{Actor, Later, Script, Stage, TestCache, assert_counts, give, paint, shows};

type Made = Actor<true, false>;

/// A cache of objects of 64 bytes, 64 to a slab, that are constructed.
fn made(stage: &Stage, script: &Rc<Script>, options: Options<'_>) -> TestCache<Made> {
    Cache::new(stage.heap(), layout(64, 8), options, script.actor()).expect("a cache")
}

fn take<L: Life>(cache: &TestCache<L>, count: u32) -> Vec<NonNull<u8>> {
    (0..count).map(|_| cache.alloc().expect("an object")).collect()
}

fn give_all<L: Life>(cache: &TestCache<L>, objects: impl IntoIterator<Item = NonNull<u8>>) {
    objects.into_iter().for_each(|object| give(cache, object));
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
fn a_reserve_is_for_those_who_may_use_it() {
    let stage = Stage::new(4);
    let cache =
        Cache::new(stage.heap(), layout(64, 8), Options { limit: 5, reserve: 2, ..Options::new("two") }, Bare).unwrap();
    let mut objects = take(&cache, 3);
    for flags in [Flags::NONE, Flags::ZEROED, Flags::NO_GROWTH] {
        assert_eq!(cache.alloc_with(flags), Err(Error::Limit { objects: 3 }));
    }
    objects.extend([Flags::RESERVE; 2].map(|flags| cache.alloc_with(flags).unwrap()));
    assert_eq!(cache.alloc_with(Flags::RESERVE), Err(Error::Limit { objects: 5 }));
    give_all(&cache, objects.drain(..2));
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 3 }), "the reserve is filled up first");
    give_all(&cache, objects);
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
        assert!((0..61).all(|index| unsafe { object.add(index).read() } == 0));
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
fn what_an_owner_gives_goes_back_in_the_same_reclaim() {
    let stage = Stage::new(16);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let cache = place.put(made(&stage, &script, Options { rounds: 3, ..Options::new("made") }));
    let held = Rc::new(RefCell::new(take(&cache, 640)));
    let (from, to) = (Rc::clone(&held), Rc::clone(&place));
    script.reclaim_by(move |wanted| {
        assert_eq!(wanted, u32::MAX, "all that can be spared");
        give_all(&to.get().expect("the cache"), from.borrow_mut().drain(..));
    });
    let reclaimed = stage.reclaim();
    // Four objects are loaded, and hold at most so many slabs.
    assert!(cache.stats().cached == 4 && reclaimed.owners >= 4 * 4096, "{reclaimed:?}, {:?}", cache.stats());
    assert_eq!((script.reclaims.get(), cache.stats().reclaims, cache.stats().full_magazines), (1, 1, 0));
    assert_eq!(reclaimed.total(), reclaimed.depots + reclaimed.slabs + reclaimed.owners + reclaimed.moves);
    assert_eq!(stage.reclaim().owners, 0);
    script.forget();
    place.take();
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
