//! Claim: limits, budgets, what is kept, zones, merged caches, and objects that move are under diagnosis as they are without; modes
//! come by rules before a cache is made and after.
#![cfg(feature = "audit")]

mod support;

use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::audit::{Auditor, FaultKind, Mode};
use flagstone::objects::{Bare, Budget, Cache, Error, Flags, MovableCache, Options};
use support::objects::{Script, Stage, TestCache, TestHeap, paint, shows};
use support::{Deny, assert_sound, free, layout};

const GUARDED: [&str; 4] = ["redzone", "poison", "guard", "all"];

fn auditor(stage: &Stage) -> Auditor<&'static TestHeap> {
    let auditor = Auditor::new(stage.heap());
    auditor.configure("policy=continue").unwrap();
    auditor
}

fn give(cache: &TestCache<Bare>, at: NonNull<u8>) {
    // SAFETY: tests pass what came from this cache, once.
    unsafe { cache.free(at) };
}

#[test]
fn a_rule_holds_for_caches_that_are_there_and_for_those_to_come() {
    let stage = Stage::new(32);
    let auditor = auditor(&stage);
    auditor.set_cache_mode("later", Mode::ALL).unwrap();
    assert_eq!(auditor.cache_mode("later"), None);
    let now = Cache::new(stage.heap(), layout(40, 8), Options::new("now"), Bare).unwrap();
    let later = Cache::new(stage.heap(), layout(40, 8), Options::new("later"), Bare).unwrap();
    let other = Cache::new(stage.heap(), layout(40, 8), Options::new("lat"), Bare).unwrap();
    let plain = now.alloc().unwrap();
    auditor.set_cache_mode("now", Mode::REDZONE | Mode::LITE).unwrap();
    stage.tick();
    assert_eq!(auditor.cache_mode("now"), Some(Mode::LITE), "what contradicts itself is settled");
    auditor.set_cache_mode("now", Mode::POISON).unwrap();
    let held = [now.alloc().unwrap(), later.alloc().unwrap(), other.alloc().unwrap()];
    assert_eq!(auditor.cache_mode("now"), Some(Mode::POISON | Mode::REDZONE));
    assert_eq!(auditor.cache_mode("later"), Some(Mode::ALL));
    assert_eq!(auditor.cache_mode("lat"), Some(Mode::OFF));
    assert_eq!([&now, &later, &other].map(|cache| cache.stats().guarded), [1, 1, 0]);
    assert_eq!([&now, &later, &other].map(|cache| cache.stats().live), [2, 1, 1]);
    auditor.set_cache_mode("now", Mode::OFF).unwrap();
    give(&now, plain);
    [&now, &later, &other].into_iter().zip(held).for_each(|(cache, at)| give(cache, at));
    stage.tick();
    assert_eq!(auditor.cache_mode("now"), Some(Mode::OFF));
    assert_ne!(now.stats().magazine_rounds, 0, "it has magazines again");
    assert_eq!((auditor.faults(), now.stats().live), (0, 0));
    assert_sound(stage.heap());
}

#[test]
fn a_limit_counts_guarded_objects() {
    for mode in GUARDED {
        let stage = Stage::new(32);
        let auditor = auditor(&stage);
        let options = Options { limit: 10, reserve: 2, ..Options::new("nodes") };
        let cache = Cache::new(stage.heap(), layout(40, 8), options, Bare).unwrap();
        let mut held: Vec<_> = (0..4).map(|_| cache.alloc().unwrap()).collect();
        auditor.configure(&format!("cache:nodes={mode}")).unwrap();
        held.extend((0..4).map(|_| cache.alloc().unwrap()));
        assert_eq!(cache.alloc(), Err(Error::Limit { objects: 8 }), "{mode}");
        held.extend((0..2).map(|_| cache.alloc_with(Flags::RESERVE).unwrap()));
        assert_eq!(cache.alloc_with(Flags::RESERVE), Err(Error::Limit { objects: 10 }));
        assert_eq!((cache.stats().guarded, cache.stats().limit_failures), (6, 2));
        held.drain(3..).for_each(|at| give(&cache, at));
        held.push(cache.alloc().unwrap());
        assert_sound(stage.heap());
        held.into_iter().for_each(|at| give(&cache, at));
        assert_eq!(auditor.faults(), 0);
    }
}

#[test]
fn a_budget_pays_for_guarded_objects_what_they_take_of_a_slab() {
    for mode in GUARDED {
        let stage = Stage::new(32);
        let auditor = auditor(&stage);
        let asked = Rc::new(std::cell::Cell::new(0));
        let told = Rc::clone(&asked);
        let budget = Budget::new(stage.heap(), "paid", 1000, move |wanted| told.set(wanted)).unwrap();
        auditor.configure(&format!("cache:nodes={mode}")).unwrap();
        let options = Options { budget: Some(&budget), ..Options::new("nodes") };
        let cache = Cache::new(stage.heap(), layout(100, 8), options, Bare).unwrap();
        let mut held: Vec<_> = (0..9).map(|_| cache.alloc().unwrap()).collect();
        assert_eq!(budget.usage().used, 9 * 104, "{mode}");
        assert_eq!(cache.alloc(), Err(Error::Budget { bytes: 104, limit: 1000 }));
        assert_eq!(asked.get(), 104, "its owner is told");
        give(&cache, held.pop().unwrap());
        assert_eq!(budget.usage().used, 8 * 104, "what waits in the quarantine is not its owner's");
        held.push(cache.alloc().unwrap());
        assert_sound(stage.heap());
        // What is abandoned stays charged: somebody made it so.
        let lost = held.pop().unwrap();
        // SAFETY: the byte behind an object is its guard's.
        unsafe { lost.as_ptr().wrapping_add(100).write(1) };
        give(&cache, lost);
        assert_eq!((auditor.faults(), budget.usage().used, cache.stats().live), (1, 9 * 104, 9));
        held.into_iter().for_each(|at| give(&cache, at));
        assert_eq!(budget.usage().used, 104);
        assert_sound(stage.heap());
    }
}

#[test]
fn a_constructor_that_refuses_leaves_nothing_guarded_nor_charged() {
    let stage = Stage::new(32);
    let auditor = auditor(&stage);
    auditor.configure("cache:nodes=all").unwrap();
    let script = Script::new();
    script.construct_by(|_| false);
    let budget = Budget::new(stage.heap(), "paid", 0, |_| ()).unwrap();
    let options = Options { budget: Some(&budget), ..Options::new("nodes") };
    let cache = Cache::new(stage.heap(), layout(100, 8), options, script.actor::<true, false>()).unwrap();
    for _ in 0..10 {
        assert_eq!(cache.alloc(), Err(Error::Refused));
    }
    assert_eq!((cache.stats().guarded, budget.usage().used, auditor.quarantined().0), (0, 0, 0));
    assert_eq!((cache.stats().constructor_failures, cache.stats().live), (10, 0));
    assert_sound(stage.heap());
    script.forget();
}

#[test]
fn owners_are_asked_before_a_guarded_object_is_refused() {
    let stage = Stage::new(8);
    let auditor = auditor(&stage);
    let cache = Rc::new(Cache::new(stage.heap(), layout(20_000, 8), Options::new("nodes"), Bare).unwrap());
    let script = Script::new();
    let options = Options { magazines: false, ..Options::new("pages") };
    let pages = Cache::new(stage.heap(), layout(30_000, 8), options, script.actor::<false, false>()).unwrap();
    let mut idle = Some(pages.alloc().unwrap());
    let mut held = vec![];
    auditor.configure("cache:nodes=guard").unwrap();
    while let Ok(at) = cache.alloc() {
        held.push(at);
    }
    let reclaims = script.reclaims.get();
    assert!(reclaims > 0, "it was asked");
    assert_eq!(cache.alloc(), Err(Error::NoMemory { bytes: 20_000 }));
    // SAFETY: allocated above.
    unsafe { pages.free(idle.take().unwrap()) };
    held.push(cache.alloc().expect("what lies idle in a slab is taken"));
    held.into_iter().for_each(|at| give(&cache, at));
    assert_eq!(auditor.faults(), 0);
    assert_sound(stage.heap());
}

#[test]
fn a_zone_has_no_mode() {
    let stage = Stage::new(32);
    let auditor = auditor(&stage);
    auditor.configure("cache:voices=all;sample=64").unwrap();
    let zone = Cache::new(stage.heap(), layout(64, 8), Options::zone("voices", 20), Bare).unwrap();
    stage.source().deny(Deny::Always);
    for _ in 0..50 {
        let all: Vec<_> = (0..20).map(|_| zone.alloc().unwrap()).collect();
        assert!(zone.alloc().is_err());
        all.into_iter().for_each(|at| give(&zone, at));
    }
    assert_eq!(auditor.cache_mode("voices"), Some(Mode::OFF));
    assert_eq!(zone.stats().guarded, 0);
    assert_sound(stage.heap());
}

#[test]
fn what_must_not_grow_does_not_whatever_the_mode() {
    for mode in ["lite", "redzone", "poison", "guard", "sites", "all"] {
        let stage = Stage::new(32);
        let auditor = auditor(&stage);
        auditor.configure(&format!("cache:nodes={mode};sample=100")).unwrap();
        let cache = Cache::new(stage.heap(), layout(1000, 8), Options::new("nodes"), Bare).unwrap();
        let mut held = vec![cache.alloc().unwrap()];
        let asked = stage.source().asked.borrow().len();
        while let Ok(at) = cache.alloc_with(Flags::NO_GROWTH) {
            paint(at, 1000, 7);
            held.push(at);
        }
        assert_eq!(stage.source().asked.borrow().len(), asked, "{mode}: it asked for pages");
        assert!(held.len() > 5, "{mode}: {}", held.len());
        held.push(cache.alloc().expect("with growth there is more"));
        held.into_iter().for_each(|at| give(&cache, at));
        assert_eq!(auditor.faults(), 0);
        assert_sound(stage.heap());
    }
}

#[test]
fn objects_move_while_others_are_sampled_or_guarded() {
    let stage = Stage::new(128);
    let auditor = auditor(&stage);
    auditor.set_sampling(300);
    let documents = MovableCache::new(stage.heap(), Options::new("documents")).unwrap();
    let mut handles = Vec::new();
    for (turn, mode) in ["off", "guard", "lite", "off", "sites", "all", "off", "redzone"].iter().enumerate() {
        auditor.configure(&format!("cache:documents={mode}")).unwrap();
        for n in 0..400_u64 {
            handles.push((documents.insert([n; 6]).unwrap(), n));
        }
        // Nine of ten go, so that slabs can be emptied.
        let (kept, gone): (Vec<_>, Vec<_>) = handles.drain(..).partition(|(_, n)| (n + turn as u64).is_multiple_of(10));
        for (handle, n) in gone {
            assert_eq!(documents.remove(handle).unwrap(), [n; 6]);
        }
        handles = kept;
        documents.consolidate().unwrap();
        stage.tick();
        for &(handle, n) in &handles {
            assert_eq!(*documents.get(handle).unwrap(), [n; 6], "{mode}");
        }
        assert_eq!(documents.stats().live as usize, handles.len());
        assert_sound(stage.heap());
    }
    assert!(documents.stats().move_yes > 0, "some moved");
    drop(documents);
    auditor.set_sampling(0);
    auditor.drain();
    assert_eq!((auditor.faults(), auditor.estimate()), (0, (0, 0)), "what moved is no more on record than what stayed");
    assert_sound(stage.heap());
}

#[test]
fn merged_caches_share_their_mode() {
    let stage = Stage::new(32);
    let auditor = auditor(&stage);
    let options = |name| Options { merge: true, ..Options::new(name) };
    let first = Cache::new(stage.heap(), layout(40, 8), options("first"), Bare).unwrap();
    let second = Cache::new(stage.heap(), layout(40, 8), options("second"), Bare).unwrap();
    auditor.configure("cache:first=all").unwrap();
    let at = second.alloc().unwrap();
    assert_eq!((first.stats().guarded, second.stats().guarded), (1, 1), "they are one");
    paint(at, 40, 3);
    assert!(shows(at, 40, 3));
    give(&first, at);
    give(&second, at);
    assert_eq!(auditor.last_fault().unwrap().kind, FaultKind::DoubleFree);
    assert_sound(stage.heap());
}

/// A memory in which growth is refused at every point, once.
#[test]
fn a_refused_growth_at_any_point_leaves_a_heap_that_holds_together() {
    for mode in ["lite", "redzone", "guard", "all", "sites", "all+guard"] {
        for nth in 0..40 {
            let stage = Stage::new(64);
            let auditor = auditor(&stage);
            stage.source().deny(Deny::Nth(nth));
            let mut refused = 0;
            // The quarantine is short, so that the memory grows.
            if auditor.configure(&format!("audit={mode};cache:nodes={mode};sample=512;quarantine=1000")).is_err() {
                continue;
            }
            let cache = Cache::new(stage.heap(), layout(700, 8), Options::new("nodes"), Bare);
            let mut held = Vec::new();
            for n in 0..300_usize {
                let size = 1 + n * 977 % 9000;
                let at = stage.alloc(layout(size, 1 << (n % 8)));
                if at.is_null() {
                    refused += 1;
                    assert_sound(stage.heap());
                } else {
                    held.push((at, layout(size, 1 << (n % 8))));
                }
                if let Ok(cache) = &cache {
                    match cache.alloc() {
                        Ok(at) => give(cache, at),
                        Err(_) => assert_sound(stage.heap()),
                    }
                }
            }
            assert!(refused <= 1, "{mode}: one growth was refused, and {refused} requests");
            assert_sound(stage.heap());
            held.into_iter().for_each(|(at, wanted)| free(&stage, at, wanted));
            drop(cache);
            auditor.configure("audit=off;sample=off").unwrap();
            auditor.drain();
            assert_eq!((auditor.faults(), stage.stats().live_objects()), (0, 0), "{mode}, growth {nth}");
        }
    }
}
