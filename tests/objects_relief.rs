//! With the feature `reclaim` whoever holds idle memory is asked before the memory grows, now and then, and once before a refusal.
#![cfg(all(feature = "inspector", feature = "reclaim"))]

mod support;

use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Bare, Cache, Options};
use support::objects::{Actor, Later, Script, Stage, TestCache, assert_counts, fill_up, give, let_go, paint, shows};
use support::{Deny, assert_sound, bytes, layout};

type Made = Actor<true, false>;
type Plain = Actor<false, false>;

/// A heap that grew so much since anybody was asked that the next growth asks.
fn due(stage: &Stage) -> Vec<(*mut u8, usize)> {
    let mut held = vec![(stage.alloc(bytes(20 << 16)), 20 << 16)];
    stage.source().deny(Deny::Always);
    let mut size = 1 << 20;
    while size > 64 {
        // What is refused here asks, too; so everybody was asked when this is over.
        let at = stage.alloc(bytes(size));
        if at.is_null() { size /= 2 } else { held.push((at, size)) }
    }
    stage.source().deny(Deny::Never);
    held.push((stage.alloc(bytes(20 << 16)), 20 << 16));
    assert!(held.iter().all(|(at, _)| !at.is_null()));
    held
}

#[test]
fn a_cache_that_keeps_objects_begins_where_others_are_asked_before_growth() {
    for zone in [false, true] {
        let stage = Stage::new(128);
        let script = Script::new();
        let asked: TestCache<Plain> =
            Cache::new(stage.heap(), layout(64, 8), Options::new("asked"), script.actor()).unwrap();
        let held = due(&stage);
        script.reclaims.set(0);
        let options = Options { keep: 100, ..Options::new("kept") };
        let options = if zone { Options::zone("zone", 100) } else { options };
        let kept = Cache::new(stage.heap(), layout(4096, 8), options, Bare).unwrap();
        assert_eq!((kept.stats().total, script.reclaims.get()), (100, 1));
        assert!(kept.destroy().is_ok());
        let_go(&stage, held);
        drop(asked);
    }
}

#[test]
fn a_small_request_that_depots_can_serve_asks_no_owner() {
    let stage = Stage::new(64);
    let script = Script::new();
    let cache: TestCache<Made> =
        Cache::new(stage.heap(), layout(512, 8), Options::new("idle"), script.actor()).unwrap();
    let objects: Vec<_> = (0..64).map(|_| cache.alloc().unwrap()).collect();
    objects.into_iter().for_each(|object| give(&cache, object));
    assert!(cache.stats().full_magazines > 10);
    // Everything is taken, but no magazine of the heap has room for more.
    stage.source().deny(Deny::Always);
    let mut held = Vec::new();
    script.reclaims.set(0);
    let (before, mut step) = (cache.stats().full_magazines, 0);
    while cache.stats().full_magazines == before && step < 1_000_000 {
        let at = stage.alloc(bytes(48));
        assert!(!at.is_null());
        held.push((at, 48));
        step += 1;
    }
    assert_eq!((cache.stats().full_magazines, script.reclaims.get()), (0, 0));
    let_go(&stage, held);
}

#[test]
fn owners_are_asked_before_growth_but_not_before_every_growth() {
    let stage = Stage::new(512);
    let script = Script::new();
    let cache: TestCache<Plain> =
        Cache::new(stage.heap(), layout(1024, 8), Options::new("growing"), script.actor()).unwrap();
    let (mut held, mut last) = (Vec::new(), (0, stage.stats().arena.grown_pages.0));
    while stage.stats().arena.grown_pages.0 < 480 {
        for _ in 0..16 {
            held.push(cache.alloc().unwrap());
        }
        let (asked, grown) = (script.reclaims.get(), stage.stats().arena.grown_pages.0);
        assert!(asked <= last.0 + 1);
        if asked > last.0 {
            // At least 16 pages, and at least an eighth of all, since the last time.
            assert!(grown > last.1 && grown - last.1 >= 16.max(last.1 / 8), "asked at {} and {grown} pages", last.1);
            last = (asked, grown);
        }
        assert!(grown - last.1 <= 17.max(grown / 8 + 1), "{} pages since anybody was asked", grown - last.1);
    }
    assert!((10..30).contains(&script.reclaims.get()), "{} times", script.reclaims.get());
    held.into_iter().for_each(|object| give(&cache, object));
    assert_counts(&cache.stats(), false);
}

#[test]
fn where_growth_is_refused_everybody_is_asked_once_before_null() {
    let stage = Stage::new(32);
    let script = Script::new();
    let cache: TestCache<Made> =
        Cache::new(stage.heap(), layout(256, 8), Options::new("asked"), script.actor()).unwrap();
    give(&cache, cache.alloc().unwrap());
    let held = fill_up(&stage, 64);
    for size in [48, 1000, 2000, 10_000, 1 << 20] {
        let asked = script.reclaims.get();
        let at = stage.alloc(bytes(size));
        if at.is_null() {
            assert_eq!(script.reclaims.get(), asked + 1, "{size} bytes");
        } else {
            support::free(&stage, at, bytes(size));
        }
    }
    assert!(stage.alloc(bytes(1 << 20)).is_null());
    let_go(&stage, held);
    assert_sound(&stage);
}

#[test]
fn whoever_is_asked_before_growth_may_use_the_heap_that_asks() {
    let stage = Stage::new(256);
    let script = Script::new();
    let heap = stage.heap();
    let spare: Rc<RefCell<Vec<*mut u8>>> = Rc::default();
    let own = Rc::clone(&spare);
    script.reclaim_by(move |_| {
        for at in own.borrow_mut().drain(..) {
            support::free(heap, at, bytes(9000));
        }
        let other = Cache::new(heap, layout(40, 8), Options { keep: 10, ..Options::new("brief") }, Bare).unwrap();
        assert!(other.alloc().map(|object| give(&other, object)).is_ok());
        assert_eq!(heap.reclaim().total(), 0, "not within itself");
    });
    let cache: TestCache<Plain> = Cache::new(heap, layout(64, 8), Options::new("asked"), script.actor()).unwrap();
    for step in 0..2000 {
        let at = stage.alloc(bytes(9000));
        assert!(!at.is_null(), "step {step}");
        spare.borrow_mut().push(at);
    }
    assert!(script.reclaims.get() > 3);
    assert!(stage.stats().arena.grown_pages.0 < 256);
    script.forget();
    drop(cache);
    assert_sound(&stage);
    for at in spare.take() {
        support::free(&stage, at, bytes(9000));
    }
}

#[test]
fn a_magazine_is_given_up_whose_type_changed_while_its_memory_was_asked_for() {
    let stage = Stage::new(8);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let cache = place.put(Cache::new(stage.heap(), layout(64, 8), Options::new("changing"), script.actor()).unwrap());
    let held: Vec<_> = (0..400).map(|_| cache.alloc().unwrap()).collect();
    let noise = Rc::new(RefCell::new(fill_up(&stage, 8)));
    let (own, from, heap) = (Rc::clone(&place), Rc::clone(&noise), stage.heap());
    script.reclaim_by(move |_| {
        let (at, size) = from.borrow_mut().remove(0);
        support::free(heap, at, bytes(size));
        assert_eq!(own.get().expect("the cache").set_rounds(143), Ok(()));
    });
    give(&cache, held[0]);
    assert_eq!((cache.stats().magazine_rounds, cache.stats().live), (143, 399));
    script.forget();
    // What lies beside a magazine of the old type; diagnosis leaves less room there, and the rest is found elsewhere.
    stage.source().deny(Deny::Never);
    let beside: Vec<_> = (0..100).map(|_| NonNull::new(stage.alloc(bytes(68))).expect("memory")).collect();
    beside.iter().zip(0..).for_each(|(&at, stamp)| paint(at, 68, stamp));
    held[1..].iter().for_each(|&at| give(&cache, at));
    assert!(beside.iter().zip(0..).all(|(&at, stamp)| shows(at, 68, stamp)), "a magazine is as long as it says");
    assert_counts(&cache.stats(), true);
    place.take();
    let_go(&stage, noise.take());
    assert_sound(&stage);
}
