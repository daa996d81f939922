//! Object caches, case by case: what is refused and how, and what a cache leaves.
#![cfg(feature = "inspector")]

mod support;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use flagstone::objects::{Bare, Budget, Cache, Error, Flags, Options};
use support::objects::{Actor, Script, Stage, TestCache, assert_counts, end, fill_up, give, let_go, paint, shows};
use support::{assert_sound, layout, top};

type Made = Actor<true, false>;
type Plain = Actor<false, false>;

#[test]
fn objects_come_and_go_and_a_cache_ends_without_a_trace() {
    let stage = Stage::new(16);
    let before = stage.stats().live_bytes();
    let cache = Cache::new(stage.heap(), layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let objects: Vec<_> = (0..10_000).map(|_| cache.alloc().unwrap()).collect();
    let mut sorted: Vec<_> = objects.iter().map(|at| at.as_ptr() as usize).collect();
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 48));
    assert_eq!(cache.stats().live, 10_000);
    let (cache, error) = cache.destroy().unwrap_err();
    assert_eq!(error, Error::Busy { objects: 10_000 });
    objects.into_iter().for_each(|at| give(&cache, at));
    assert_eq!(cache.stats().live, 0);
    assert!(cache.destroy().is_ok());
    assert_eq!(stage.stats().live_bytes(), before);
    stage.reclaim();
    assert_eq!(stage.stats().arena.slab_bytes, 0);
}

#[test]
fn a_request_that_must_not_fail_takes_the_reserve_of_a_zone() {
    let stage = Stage::new(8);
    let options = Options { reserve: 2, ..Options::zone("zone", 4) };
    let zone = Cache::new(stage.heap(), layout(64, 8), options, Bare).unwrap();
    let held = [zone.alloc().unwrap(), zone.alloc().unwrap()];
    assert_eq!(zone.alloc(), Err(Error::Limit { objects: 2 }));
    let last = [Flags::NO_FAIL, Flags::RESERVE].map(|flags| zone.alloc_with(flags).unwrap());
    assert_eq!(zone.stats().live, 4);
    assert!(zone.alloc_with(Flags::RESERVE).is_err());
    for object in held.into_iter().chain(last) {
        give(&zone, object);
    }
    assert_counts(&zone.stats(), false);
}

#[test]
fn a_spent_budget_asks_its_caches_and_its_owner_once_a_request() {
    let stage = Stage::new(8);
    let (script, told) = (Script::new(), Rc::new(Cell::new(0)));
    let count = Rc::clone(&told);
    let budget = Budget::new(stage.heap(), "small", 4096, move |wanted| {
        assert_eq!(wanted, 4096);
        count.set(count.get() + 1);
    })
    .unwrap();
    let options = Options { budget: Some(&budget), ..Options::new("plain") };
    let plain: TestCache<Plain> = Cache::new(stage.heap(), layout(4096, 8), options, script.actor()).unwrap();
    let other: TestCache<Plain> =
        Cache::new(stage.heap(), layout(8, 8), Options::new("other"), Script::new().actor()).unwrap();
    let object = plain.alloc().unwrap();
    for asked in 1..4 {
        assert_eq!(plain.alloc(), Err(Error::Budget { bytes: 4096, limit: 4096 }));
        let usage = budget.usage();
        assert_eq!((usage.asks, told.get(), plain.stats().reclaims, other.stats().reclaims), (asked, asked, asked, 0));
        assert_eq!((usage.used, usage.peak, usage.charged, usage.denials), (4096, 4096, 4096, 2 * asked));
    }
    give(&plain, object);
    assert!(plain.shrink().unwrap());
    assert_eq!(budget.usage().used, 0);
}

#[test]
fn a_deferred_cache_begins_when_there_is_memory() {
    let stage = Stage::new(2);
    let script = Script::new();
    let cache: TestCache<Made> =
        Cache::deferred(stage.heap(), layout(512, 8), Options::zone("early", 40), script.actor());
    assert_eq!(cache.stats(), flagstone::objects::CacheStats::default());
    let held = fill_up(&stage, 64);
    let before = stage.stats();
    for _ in 0..10 {
        assert!(matches!(cache.alloc(), Err(Error::NoMemory { .. })));
    }
    assert_eq!(stage.stats().live_bytes(), before.live_bytes(), "a refusal leaves nothing behind");
    let_go(&stage, held);
    let object = cache.alloc().unwrap();
    assert_eq!((cache.stats().live, cache.stats().cached, script.constructs.get()), (1, 39, 40));
    give(&cache, object);
    assert!(cache.destroy().is_ok());
    assert_eq!(script.destructs.get(), 40);
}

#[test]
fn objects_of_a_dropped_cache_stay_and_the_heap_goes_on() {
    let stage = Stage::new(32);
    let script = Script::new();
    let cache: TestCache<Made> =
        Cache::new(stage.heap(), layout(100, 4), Options::new("orphan"), script.actor()).unwrap();
    let held: Vec<_> = (0..200).map(|_| cache.alloc().unwrap()).collect();
    held.iter().zip(0..).for_each(|(&object, stamp)| paint(object, 100, stamp));
    let (cache, error) = cache.destroy().unwrap_err();
    assert_eq!(error, Error::Busy { objects: 200 });
    assert!(cache.alloc().map(|object| give(&cache, object)).is_ok(), "it goes on after a refusal to end");
    drop(cache);
    let reclaims = script.reclaims.get();
    let other = Cache::new(stage.heap(), layout(100, 4), Options::new("next"), Bare).unwrap();
    let more: Vec<_> = (0..2000).map(|_| other.alloc().unwrap()).collect();
    more.iter().for_each(|&object| paint(object, 100, 1 << 40));
    stage.tick();
    stage.tick();
    stage.reclaim();
    assert_eq!(script.reclaims.get(), reclaims, "an orphan's owner is asked no more");
    assert!(held.iter().zip(0..).all(|(&object, stamp)| shows(object, 100, stamp)));
    more.into_iter().for_each(|object| give(&other, object));
    assert!(other.destroy().is_ok());
    assert_sound(&stage);
}

#[test]
fn a_budget_goes_on_counting_for_its_caches_when_its_owner_is_gone() {
    let stage = Stage::new(8);
    let before = stage.stats().live_bytes();
    let told = Rc::new(Cell::new(0));
    let count = Rc::clone(&told);
    let budget = Budget::new(stage.heap(), "gone", 8192, move |_| count.set(count.get() + 1)).unwrap();
    let options = Options { budget: Some(&budget), magazines: false, ..Options::new("left") };
    let cache = Cache::new(stage.heap(), layout(4096, 8), options, Bare).unwrap();
    drop(budget);
    let held = [cache.alloc().unwrap(), cache.alloc().unwrap()];
    assert_eq!(cache.alloc(), Err(Error::Budget { bytes: 4096, limit: 8192 }));
    assert_eq!((told.get(), Rc::strong_count(&told)), (0, 1), "nobody is told, and what its owner gave it is gone");
    held.into_iter().for_each(|object| give(&cache, object));
    assert_counts(&cache.stats(), false);
    end(&stage, cache, before);
}

#[test]
fn a_budget_whose_owner_drops_it_while_it_is_told_stays_until_that_returns() {
    let stage = Stage::new(8);
    let place = Rc::new(RefCell::new(None::<Box<dyn Any>>));
    let own = Rc::clone(&place);
    let witness = Rc::new(7_u32);
    let inside = Rc::clone(&witness);
    let told = move |_| {
        own.borrow_mut().take();
        assert_eq!((*inside, Rc::strong_count(&inside)), (7, 2), "what the callback has is still there");
    };
    let budget = Budget::new(stage.heap(), "told", 4096, told).unwrap();
    let options = Options { budget: Some(&budget), magazines: false, ..Options::new("tiles") };
    let cache = Cache::new(stage.heap(), layout(4096, 8), options, Bare).unwrap();
    place.borrow_mut().replace(Box::new(budget));
    let held = cache.alloc().unwrap();
    assert_eq!(cache.alloc(), Err(Error::Budget { bytes: 4096, limit: 4096 }));
    assert!(place.borrow().is_none());
    assert_eq!(cache.alloc(), Err(Error::Budget { bytes: 4096, limit: 4096 }));
    give(&cache, held);
    assert!(cache.destroy().is_ok());
    assert_sound(&stage);
}

#[test]
fn a_limit_below_what_is_used_refuses_until_enough_went_back() {
    let stage = Stage::new(8);
    let budget = Budget::new(stage.heap(), "shrunk", 0, |_| ()).unwrap();
    let options = Options { budget: Some(&budget), magazines: false, ..Options::new("tiles") };
    let cache = Cache::new(stage.heap(), layout(4096, 8), options, Bare).unwrap();
    let mut held: Vec<_> = (0..4).map(|_| cache.alloc().unwrap()).collect();
    budget.set_limit(8192);
    while held.len() > 1 {
        assert_eq!(cache.alloc(), Err(Error::Budget { bytes: 4096, limit: 8192 }));
        give(&cache, held.pop().expect("one more"));
        assert!(cache.reap().is_ok());
    }
    held.push(cache.alloc().unwrap());
    assert_eq!(budget.usage().used, 8192);
    assert_eq!(cache.set_limit(1), Ok(()));
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 1 }));
    give(&cache, held.pop().expect("one"));
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 1 }));
    give(&cache, held.pop().expect("the last"));
    let last = cache.alloc().unwrap();
    assert_eq!(cache.stats().live, 1);
    give(&cache, last);
}

#[test]
fn a_budget_of_another_heap_is_refused() {
    let (stage, other) = (Stage::new(4), Stage::new(4));
    let budget = Budget::new(other.heap(), "elsewhere", 0, |_| ()).unwrap();
    let before = stage.stats().live_bytes();
    let options = Options { budget: Some(&budget), ..Options::new("here") };
    let refused = Cache::new(stage.heap(), layout(64, 8), options, Bare).map(drop);
    assert_eq!(refused, Err(Error::ForeignBudget));
    assert_eq!(stage.stats().live_bytes(), before);
    assert!(Budget::new(other.heap(), "", 0, |_| ()).is_err_and(|error| error == Error::BadName));
}

#[test]
fn what_makes_no_sense_is_refused_by_its_name() {
    let stage = Stage::new(4);
    let before = stage.stats();
    let refusal = |layout, options| Cache::new(stage.heap(), layout, options, Bare).map(drop).unwrap_err();
    let plain = || Options::new("plain");
    assert_eq!(refusal(layout(0, 1), plain()), Error::BadSize(0));
    assert_eq!(refusal(layout((1 << 28) + 1, 1), plain()), Error::BadSize((1 << 28) + 1));
    assert_eq!(refusal(layout(1 << 40, 1), plain()), Error::BadSize(u32::MAX));
    for align in [256, 4096, 1 << 31] {
        assert_eq!(refusal(layout(8, align), plain()), Error::BadAlign(align as u32));
    }
    assert_eq!(refusal(layout(8, 1 << 33), plain()), Error::BadAlign(u32::MAX));
    assert_eq!(refusal(layout(8, 8), Options::new("")), Error::BadName);
    let limits = [(3, 4), (1, u32::MAX), (0, u32::MAX), (u32::MAX, 0)];
    for (limit, keep) in limits {
        let options = Options { limit, keep, ..plain() };
        assert_eq!(refusal(layout(8, 8), options), Error::BadLimit { limit, keep });
    }
    assert_eq!(refusal(layout(8, 8), Options::zone("none", 0)), Error::BadLimit { limit: 0, keep: 0 });
    for (limit, reserve) in [(0, 1), (4, 4), (4, 5), (4, u32::MAX)] {
        let options = Options { limit, reserve, ..plain() };
        assert_eq!(refusal(layout(8, 8), options), Error::BadReserve { reserve, limit });
    }
    for rounds in [2, 144, u32::MAX] {
        assert_eq!(refusal(layout(8, 8), Options { rounds, ..plain() }), Error::BadRounds(rounds));
    }
    // As long as it may be, but there is no memory.
    assert!(matches!(refusal(layout(8, 8), Options { keep: 1 << 28, ..plain() }), Error::NoMemory { .. }));
    assert!(matches!(refusal(layout(8, 8), Options::zone("vast", 1 << 28)), Error::NoMemory { .. }));
    let longest = Cache::new(stage.heap(), layout(1 << 28, 128), plain(), Bare).unwrap();
    assert_eq!(longest.alloc(), Err(Error::NoMemory { bytes: 1 << 28 }));
    drop(longest);
    let zone = Cache::new(stage.heap(), layout(8, 8), Options::zone("fixed", 4), Bare).unwrap();
    assert_eq!(zone.set_limit(8), Err(Error::BadLimit { limit: 8, keep: 4 }));
    assert_eq!(zone.set_rounds(3), Err(Error::BadRounds(3)));
    drop(zone);
    let options = Options { limit: 8, keep: 4, reserve: 2, ..plain() };
    let cache = Cache::new(stage.heap(), layout(8, 8), options, Bare).unwrap();
    assert_eq!(cache.set_limit(3), Err(Error::BadLimit { limit: 3, keep: 4 }));
    assert_eq!(cache.set_limit(0), Err(Error::BadReserve { reserve: 2, limit: 0 }));
    assert_eq!(cache.set_rounds(3), Err(Error::BadRounds(3)));
    drop(cache);
    let cache = Cache::new(stage.heap(), layout(8, 8), plain(), Bare).unwrap();
    assert_eq!(cache.set_rounds(4), Err(Error::BadRounds(4)));
    drop(cache);
    stage.reclaim();
    assert_eq!(stage.stats().live_bytes(), before.live_bytes());
    assert_eq!(stage.stats().arena.slab_bytes, 0);
    assert_sound(&stage);
}

#[test]
fn names_are_cut_between_characters() {
    for (name, shown) in [
        ("short", "short"),
        ("thirty-one-bytes-are-shown-of-it", "thirty-one-bytes-are-shown-of-i"),
        ("ééééééééééééééééé", "ééééééééééééééé"),
        ("a-name-with-an-end-of-4-bytes-\u{1f600}", "a-name-with-an-end-of-4-bytes-"),
    ] {
        let stage = Stage::new(2);
        let cache = Cache::new(stage.heap(), layout(8, 8), Options::new(name), Bare).unwrap();
        let mut record = shown.as_bytes().to_vec();
        record.resize(32, 0);
        let memory = stage.source().bytes();
        assert_eq!(memory.windows(32).filter(|bytes| *bytes == record).count(), 1, "{name}");
        drop(cache);
    }
}

#[test]
fn caches_fill_a_memory_up_to_4_gib() {
    let stage = Stage::at(6, top(6));
    let before = stage.stats().live_bytes();
    let cache = Cache::new(stage.heap(), layout(128, 128), Options::new("last"), Bare).unwrap();
    let mut held = Vec::new();
    while let Ok(object) = cache.alloc() {
        let at = stage.source().bytes().len();
        assert!(at <= 6 << 16);
        paint(object, 128, held.len() as u64);
        held.push(object);
        assert!(held.len() < 6 * 512, "the last page is nobody's");
    }
    assert!(held.len() > 4 * 512 - 64, "{} objects", held.len());
    assert!(held.iter().zip(0..).all(|(&object, stamp)| shows(object, 128, stamp)));
    assert_counts(&cache.stats(), false);
    held.into_iter().for_each(|object| give(&cache, object));
    end(&stage, cache, before);
}

#[test]
fn magazines_that_nobody_exchanges_get_shorter_again() {
    let stage = Stage::new(32);
    let before = stage.stats().live_bytes();
    let cache = Cache::new(stage.heap(), layout(64, 8), Options::new("nodes"), Bare).unwrap();
    let rounds = || cache.stats().magazine_rounds;
    assert_eq!(rounds(), 15);
    for longer in [31, 31, 47] {
        let objects: Vec<_> = (0..2000).map(|_| cache.alloc().unwrap()).collect();
        objects.into_iter().for_each(|object| give(&cache, object));
        cache.update().unwrap();
        assert_eq!(rounds(), longer, "not twice in a row");
    }
    for (longer, shorter) in [(47, 31), (31, 15)] {
        // The first object that comes back takes a new magazine, which is an exchange.
        let looks = (1..20).find(|_| {
            give(&cache, cache.alloc().unwrap());
            cache.update().unwrap();
            rounds() != longer
        });
        assert_eq!((looks.is_some_and(|looks| (8..10).contains(&looks)), rounds()), (true, shorter), "{looks:?}");
    }
    for _ in 0..20 {
        cache.update().unwrap();
    }
    assert_eq!(rounds(), 15, "never below what the size begins with");
    assert_counts(&cache.stats(), false);
    end(&stage, cache, before);
}

#[test]
fn the_caches_of_a_budget_that_ends_empty_their_depots() {
    let stage = Stage::new(16);
    let budget = Budget::new(stage.heap(), "images", 0, |_| ()).unwrap();
    let options = Options { budget: Some(&budget), ..Options::new("tiles") };
    let tiles = Cache::new(stage.heap(), layout(256, 8), options, Bare).unwrap();
    let others = Cache::new(stage.heap(), layout(256, 8), Options::new("others"), Bare).unwrap();
    for cache in [&tiles, &others] {
        let objects: Vec<_> = (0..500).map(|_| cache.alloc().unwrap()).collect();
        objects.into_iter().for_each(|object| give(cache, object));
        assert!(cache.stats().full_magazines > 20);
    }
    drop(budget);
    assert_eq!(tiles.stats().full_magazines, 0);
    assert!(tiles.stats().slabs < 5);
    assert!(others.stats().full_magazines > 20, "what it did not pay for is left alone");
    assert_sound(&stage);
}
