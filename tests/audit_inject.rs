//! Claim: requests that are made to fail are those that were named, by number, chance, size, cache, tag, bytes before; each failure
//! leaves all invariants and loses nothing (I-40 and invariant 56 of the inventory).
#![cfg(feature = "audit")]

mod support;

use flagstone::audit::{Auditor, Injection};
use flagstone::objects::{Bare, Cache, Error, Flags, MovableCache, ObjectCache, Options};
use support::objects::{Stage, TestHeap};
use support::{assert_sound, free, layout, resize};

const NONE: Injection<'static> =
    Injection { one_in: 0, nth: 0, times: 0, space: 0, min: 0, max: 0, cache: None, tag: None, seed: 0 };

/// Asks for some memory of every kind, gives it back, and says how many requests got nothing.
fn program(heap: &'static TestHeap) -> u32 {
    let mut failed = 0;
    let mut held = Vec::new();
    for size in [10, 100, 1000, 5000, 40_000, 24, 24, 24] {
        let at = heap.alloc(layout(size, 8));
        if at.is_null() {
            failed += 1;
        } else {
            held.push((at, size));
        }
    }
    for (at, size) in &mut held {
        let new = resize(heap, *at, layout(*size, 8), *size * 3);
        if new.is_null() {
            failed += 1;
        } else {
            (*at, *size) = (new, *size * 3);
        }
    }
    match Cache::new(heap, layout(48, 8), Options::new("nodes"), Bare) {
        Ok(cache) => {
            let objects: Vec<_> = (0..100).filter_map(|_| cache.alloc().ok()).collect();
            failed += 100 - objects.len() as u32;
            for object in objects {
                // SAFETY: allocated above.
                unsafe { cache.free(object) };
            }
            assert!(cache.destroy().is_ok());
        }
        Err(error) => {
            assert!(matches!(error, Error::NoMemory { .. }));
            failed += 1;
        }
    }
    match ObjectCache::new(heap, Options { limit: 8, keep: 4, ..Options::new("kept") }, || 5_u64) {
        Ok(cache) => failed += u32::from(cache.alloc().is_err()),
        Err(_) => failed += 1,
    }
    match MovableCache::new(heap, Options::new("moving")) {
        Ok(cache) => {
            let handles: Vec<_> = (0..50_u64).filter_map(|n| cache.insert(n).ok()).collect();
            failed += 50 - handles.len() as u32;
            handles.into_iter().for_each(|handle| assert!(cache.remove(handle).is_ok()));
        }
        Err(_) => failed += 1,
    }
    held.into_iter().for_each(|(at, size)| free(heap, at, layout(size, 8)));
    failed
}

#[test]
fn each_request_fails_once_and_nothing_is_lost() {
    for mode in ["off", "all", "lite"] {
        for nth in 1.. {
            let stage = Stage::new(64);
            let auditor = Auditor::new(stage.heap());
            auditor.configure(&format!("audit={mode}")).unwrap();
            auditor.inject(Injection { nth, ..NONE });
            let failed = program(stage.heap());
            let injected = auditor.injected();
            auditor.inject(NONE);
            auditor.configure("audit=off").unwrap();
            auditor.drain();
            assert_eq!(stage.stats().live_objects(), 0, "{mode}, request {nth}");
            assert_sound(stage.heap());
            stage.reclaim();
            assert_eq!(stage.stats().arena.in_use, stage.stats().arena.metadata_bytes, "{mode}, request {nth}");
            if injected == 0 {
                assert!(nth > 100, "{mode}: only {nth} requests were looked at");
                assert_eq!(failed, 0);
                break;
            }
            assert_eq!(injected, 1, "{mode}, request {nth}");
        }
    }
}

#[test]
fn all_fail_or_none() {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    auditor.inject(Injection { one_in: 1, ..NONE });
    for size in [1, 24, 500, 3000, 100_000] {
        assert!(stage.alloc(layout(size, 1)).is_null());
        assert!(stage.alloc_zeroed(layout(size, 1)).is_null());
    }
    assert!(Cache::new(stage.heap(), layout(48, 8), Options::new("nodes"), Bare).is_err());
    assert_eq!((auditor.injected(), auditor.looked_at()), (11, 11));
    auditor.inject(NONE);
    assert_eq!(program(stage.heap()), 0);
    assert_eq!((auditor.injected(), auditor.looked_at()), (0, 0));
}

/// Which of 1000 requests fail.
fn failures(injection: Injection<'_>) -> Vec<usize> {
    let stage = Stage::new(64);
    Auditor::new(stage.heap()).inject(injection);
    let ask = |_: &usize| {
        let at = stage.alloc(layout(24, 8));
        if !at.is_null() {
            free(&stage, at, layout(24, 8));
        }
        at.is_null()
    };
    (0..1000).filter(ask).collect()
}

#[test]
fn chance_has_the_rate_that_was_asked_for_and_the_same_seed_the_same_failures() {
    for (one_in, expected) in [(2, 400..600), (10, 60..140), (100, 1..30)] {
        let first = failures(Injection { one_in, seed: 7, ..NONE });
        assert!(expected.contains(&first.len()), "one in {one_in}: {} of 1000", first.len());
        assert_eq!(first, failures(Injection { one_in, seed: 7, ..NONE }));
        assert_ne!(first, failures(Injection { one_in, seed: 8, ..NONE }));
    }
    assert_eq!(failures(Injection { nth: 5, ..NONE }), [4]);
    assert_eq!(failures(Injection { one_in: 1, times: 3, ..NONE }), [0, 1, 2]);
    assert_eq!(failures(Injection { one_in: 1, times: 2, space: 240, ..NONE }), [10, 11]);
    assert_eq!(failures(Injection { one_in: 1, max: 20, ..NONE }), []);
    assert_eq!(failures(Injection { one_in: 1, min: 30, ..NONE }), []);
    assert_eq!(failures(Injection { one_in: 1, tag: Some("parser"), ..NONE }), []);
}

#[test]
fn a_cache_or_the_front_end_alone_may_fail() {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    let [nodes, names] =
        ["nodes", "names"].map(|name| Cache::new(stage.heap(), layout(48, 8), Options::new(name), Bare).unwrap());
    // Magazines that are full already are no way past it.
    for cache in [&nodes, &names] {
        let objects: Vec<_> = (0..30).map(|_| cache.alloc().unwrap()).collect();
        // SAFETY: allocated above.
        objects.into_iter().for_each(|object| unsafe { cache.free(object) });
    }
    auditor.inject(Injection { one_in: 1, cache: Some("nodes"), ..NONE });
    assert_eq!(nodes.alloc(), Err(Error::NoMemory { bytes: 48 }));
    let name = names.alloc().unwrap();
    let at = stage.alloc(layout(48, 8));
    assert!(!at.is_null());
    auditor.inject(Injection { one_in: 1, cache: Some(""), ..NONE });
    assert!(stage.alloc(layout(48, 8)).is_null());
    let node = nodes.alloc().unwrap();
    assert_eq!(auditor.injected(), 1);
    auditor.inject(NONE);
    free(&stage, at, layout(48, 8));
    // SAFETY: allocated above.
    unsafe { names.free(name) };
    // SAFETY: allocated above.
    unsafe { nodes.free(node) };
    assert_eq!(nodes.stats().failures, 1);
    assert_sound(stage.heap());
}

#[test]
fn a_tag_alone_may_fail_with_all_that_is_within_it() {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    let fails = || {
        let at = stage.alloc(layout(24, 8));
        if !at.is_null() {
            free(&stage, at, layout(24, 8));
        }
        at.is_null()
    };
    auditor.inject(Injection { one_in: 1, tag: Some("parser"), ..NONE });
    assert!(!fails());
    let outer = auditor.tag("page");
    assert!(!fails());
    let parser = auditor.tag("parser");
    assert!(fails());
    {
        let _tables = auditor.tag("tables");
        assert!(fails(), "within it");
    }
    drop(parser);
    assert!(!fails());
    drop(outer);
    let _other = auditor.tag("parsers");
    assert!(!fails(), "another name that begins so");
}

#[test]
fn what_must_not_fail_is_tried_again_when_everything_was_reclaimed() {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    let nodes = Cache::new(stage.heap(), layout(48, 8), Options::new("nodes"), Bare).unwrap();
    for nth in 1..20 {
        auditor.inject(Injection { nth, cache: Some("nodes"), ..NONE });
        for _ in 0..20 {
            let at = nodes.alloc_with(Flags::NO_FAIL).unwrap();
            // SAFETY: just allocated.
            unsafe { nodes.free(at) };
        }
        assert_eq!(auditor.injected(), 1);
    }
}

#[test]
fn failures_are_counted_as_such() {
    for mode in ["off", "lite", "poison"] {
        let stage = Stage::new(64);
        let auditor = Auditor::new(stage.heap());
        auditor.configure(&format!("audit={mode}")).unwrap();
        let count = || {
            let stats = stage.stats();
            stats.caches.iter().map(|cache| cache.failures).sum::<u32>() + stats.large.failures
        };
        auditor.inject(Injection { one_in: 1, ..NONE });
        for (failed, size) in [8, 200, 2000, 200_000].into_iter().enumerate() {
            assert!(stage.alloc(layout(size, 8)).is_null());
            assert_eq!(count(), failed as u32 + 1, "{mode}");
        }
        auditor.inject(NONE);
        assert!(stage.alloc(layout(1 << 30, 8)).is_null(), "more than there is");
        assert_eq!(count(), 5, "{mode}: tried more than once, it failed once");
    }
}
