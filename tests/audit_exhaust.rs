//! Claim: when there is no memory, it is on record who held it, once for each request and with no memory taken for that; a reserve is
//! given up then, and serves the request (57 of the inventory).
#![cfg(all(feature = "audit", feature = "inspector"))]

mod support;

use flagstone::audit::{Auditor, Injection, set_capture};
use flagstone::image::audit::{AuditInfo, ExhaustionInfo};
use flagstone::image::survey::Survey;
use flagstone::objects::{Bare, Cache, Flags, Options};
use support::objects::{Stage, TestHeap};
use support::{Deny, assert_sound, free, layout};

fn read(heap: &TestHeap) -> AuditInfo {
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    AuditInfo::read(&heap.image(), &survey).unwrap().unwrap()
}

fn report(heap: &TestHeap) -> ExhaustionInfo {
    read(heap).exhaustion.expect("a report")
}

/// Fills a heap with objects of `size` bytes; how many.
fn fill(stage: &Stage, size: usize) -> Vec<*mut u8> {
    std::iter::from_fn(|| Some(stage.alloc(layout(size, 8))).filter(|at| !at.is_null())).collect()
}

#[test]
fn who_held_the_memory_is_on_record() {
    for mode in ["off", "sites", "redzone+sites", "lite"] {
        let stage = Stage::new(16);
        let auditor = Auditor::new(stage.heap());
        set_capture(|frames| {
            frames[0] = 77;
            1
        });
        auditor.configure(&format!("audit={mode}")).unwrap();
        assert!(read(stage.heap()).exhaustion.is_none());
        let cache = Cache::new(stage.heap(), layout(2000, 8), Options::new("nodes"), Bare).unwrap();
        let objects: Vec<_> = (0..40).map(|_| cache.alloc().unwrap()).collect();
        let tag = auditor.tag("images");
        let held = fill(&stage, 5000);
        let last = report(stage.heap());
        assert_eq!((last.count, last.size, last.align, last.cache), (1, 5000, 8, 0), "{mode}");
        assert!(!last.reserve_used && last.pages == 1 + 16 && last.free < 6000, "{mode}: {last:?}");
        // Classes are told by number, object caches by theirs above 65,536.
        let nodes = last.caches.iter().find(|holder| holder.who == (1 << 16) + 1).expect("the cache");
        assert!(nodes.bytes >= 80_000 && nodes.count == 40, "{mode}: {nodes:?}");
        assert!(last.caches.windows(2).all(|pair| pair[0].bytes >= pair[1].bytes), "the most first");
        if mode.contains("sites") {
            let info = read(stage.heap());
            let most = info.sites.iter().find(|site| site.number == last.sites[0].who).unwrap();
            assert_eq!(most.frames, [77]);
            assert_eq!(info.tag_path(most.tag), ["images"]);
            assert_eq!(
                (last.sites[0].bytes, last.sites[0].count),
                (5000 * held.len() as u32, held.len() as u32),
                "{mode}"
            );
        }
        drop(tag);
        assert!(stage.alloc(layout(9000, 8)).is_null());
        assert_eq!((report(stage.heap()).count, report(stage.heap()).size), (2, 9000), "one more");
        assert!(cache.alloc_with(Flags::NONE).is_ok() || report(stage.heap()).cache == 1);
        assert_sound(stage.heap());
        held.into_iter().for_each(|at| free(&stage, at, layout(5000, 8)));
        // SAFETY: allocated above.
        objects.into_iter().for_each(|at| unsafe { cache.free(at) });
        assert_eq!(auditor.faults(), 0);
    }
}

#[test]
fn a_report_takes_no_memory() {
    let stage = Stage::new(16);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("audit=all").unwrap();
    fill(&stage, 3000);
    // Sites and logs are there now.
    assert!(stage.alloc(layout(9000, 8)).is_null());
    stage.source().deny(Deny::Always);
    let before = stage.stats();
    for count in 3..10 {
        assert!(stage.alloc(layout(9000, 8)).is_null());
        assert_eq!(report(stage.heap()).count, count);
        let after = stage.stats();
        assert_eq!((after.arena, after.live_objects()), (before.arena, before.live_objects()));
    }
}

#[test]
fn a_request_that_was_made_to_fail_is_no_exhaustion() {
    let stage = Stage::new(16);
    let auditor = Auditor::new(stage.heap());
    auditor.inject(Injection { one_in: 1, ..Injection::default() });
    assert!(stage.alloc(layout(40, 8)).is_null());
    assert!(read(stage.heap()).exhaustion.is_none());
}

#[test]
fn a_reserve_serves_the_first_request_that_finds_no_memory() {
    for mode in ["off", "lite", "guard", "all"] {
        let stage = Stage::new(16);
        let auditor = Auditor::new(stage.heap());
        auditor.configure(&format!("audit={mode};reserve=64k")).unwrap();
        let mut held = Vec::new();
        while read(stage.heap()).reserve != 0 {
            let at = stage.alloc(layout(4000, 8));
            assert!(!at.is_null(), "{mode}: the reserve serves it");
            held.push(at);
        }
        let last = report(stage.heap());
        assert!(last.reserve_used && last.count == 1, "{mode}");
        let more = fill(&stage, 4000);
        assert!((8..18).contains(&more.len()), "{mode}: {} more of 64 KiB", more.len());
        assert!(!report(stage.heap()).reserve_used);
        assert_sound(stage.heap());
        for at in held.into_iter().chain(more) {
            free(&stage, at, layout(4000, 8));
        }
        auditor.drain();
        auditor.configure("reserve=64k").unwrap();
        assert_eq!(read(stage.heap()).reserve, 64 << 10, "{mode}: and anew");
    }
}

#[test]
fn a_reserve_serves_an_object_of_a_cache() {
    for mode in ["off", "lite", "guard"] {
        let stage = Stage::new(16);
        let auditor = Auditor::new(stage.heap());
        auditor.configure(&format!("cache:nodes={mode};reserve=32k")).unwrap();
        let cache = Cache::new(stage.heap(), layout(3000, 8), Options::new("nodes"), Bare).unwrap();
        let mut held = Vec::new();
        while let Ok(at) = cache.alloc() {
            held.push(at);
        }
        let last = report(stage.heap());
        assert_eq!((last.cache, last.size, last.count), (1, 3000, 2), "{mode}: the reserve, and when that was spent");
        assert_eq!(read(stage.heap()).reserve, 0);
        assert_eq!(cache.stats().failures, 1, "{mode}");
        // SAFETY: allocated above.
        held.into_iter().for_each(|at| unsafe { cache.free(at) });
        assert_sound(stage.heap());
    }
}

#[test]
fn tags_nest_and_end_with_their_guards() {
    let stage = Stage::new(16);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("audit=redzone+sites").unwrap();
    set_capture(|_| 0);
    let path = |at: *mut u8| {
        let info = read(stage.heap());
        let watch = info.watch_at(support::address(&stage, at)).expect("a watch").clone();
        let site = info.sites.iter().find(|site| site.number == watch.alloc_site).expect("a site");
        info.tag_path(site.tag)
    };
    let take = || stage.alloc(layout(24, 8));
    assert_eq!(path(take()), [] as [&str; 0]);
    let page = auditor.tag("page");
    assert_eq!(path(take()), ["page"]);
    {
        let _parser = auditor.tag("parser");
        let _tables = auditor.tag("a name that is longer than what fits into it");
        assert_eq!(path(take()), ["page", "parser", "a name that is longer than what"]);
    }
    let first = take();
    assert_eq!(path(first), ["page"]);
    drop(page);
    let _parser = auditor.tag("parser");
    assert_eq!(path(take()), ["parser"], "the same name elsewhere is another tag");
    let info = read(stage.heap());
    let sites: std::collections::BTreeSet<_> = info.watches.iter().map(|watch| watch.alloc_site).collect();
    assert_eq!((sites.len(), info.tags.len(), info.watches.len()), (4, 4, 5), "each place is one site");
    assert_sound(stage.heap());
}
