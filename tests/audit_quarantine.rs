//! Claim: the quarantine keeps no more bytes and no older objects than it may, the oldest leave first, each is checked when it leaves,
//! and what is said of what left is true.
#![cfg(feature = "audit")]

mod support;

use flagstone::audit::{Auditor, FaultKind, Policy};
use flagstone::objects::{Bare, Cache, Options};
use support::objects::{Stage, TestHeap};
use support::{assert_sound, free, layout};

/// A heap whose front end has a mode.
fn stage(mode: &str) -> (Stage, Auditor<&'static TestHeap>) {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    auditor.configure(&format!("audit={mode};policy=continue")).unwrap();
    (stage, auditor)
}

#[test]
fn the_oldest_leave_when_there_are_too_many_bytes() {
    let (stage, auditor) = stage("poison");
    auditor.set_quarantine(10_000, 0);
    let mut waiting = Vec::new();
    for turn in 0..300 {
        let size = 1 + turn * 37 % 1500;
        let at = stage.alloc(layout(size, 1));
        free(&stage, at, layout(size, 1));
        waiting.push((at, size));
        let (count, bytes) = auditor.quarantined();
        assert!(bytes <= 10_000 && bytes == u64::from(stage.stats().arena.quarantined_bytes), "{bytes} bytes");
        // The last ones are there: what is freed twice is known by its size.
        for &(at, size) in waiting.iter().rev().take(count as usize).step_by(7) {
            free(&stage, at, layout(size, 1));
            let fault = auditor.last_fault().unwrap();
            assert_eq!((fault.kind, fault.size), (FaultKind::DoubleFree, size as u32));
        }
        assert_sound(stage.heap());
    }
    assert!(auditor.quarantined().0 > 3);
}

#[test]
fn the_old_leave_after_so_many_operations() {
    let (stage, auditor) = stage("poison");
    auditor.set_quarantine(0, 20);
    let at = stage.alloc(layout(100, 8));
    free(&stage, at, layout(100, 8));
    for operations in (2..40).step_by(2) {
        let other = stage.alloc(layout(100, 8));
        free(&stage, other, layout(100, 8));
        free(&stage, at, layout(100, 8));
        let fault = auditor.last_fault().unwrap();
        // What left is known by its pattern alone.
        let waits = fault.object != 0;
        assert_eq!(waits, operations <= 20, "{operations} operations later: {fault:?}");
        if !waits {
            break;
        }
    }
    assert!(auditor.quarantined().0 <= 11, "one for each two operations");
}

#[test]
fn a_damaged_one_is_found_when_it_must_leave_and_stays() {
    let (stage, auditor) = stage("poison");
    let held: Vec<_> = (0..20).map(|_| stage.alloc(layout(200, 8))).collect();
    held.iter().for_each(|&at| free(&stage, at, layout(200, 8)));
    // SAFETY: it is memory of the heap.
    unsafe { held[7].wrapping_add(77).write(1) };
    auditor.set_quarantine(1, 0);
    assert_eq!((auditor.faults(), auditor.abandoned(), auditor.quarantined()), (1, 1, (0, 0)));
    let fault = auditor.last_fault().unwrap();
    assert_eq!((fault.kind, fault.offset), (FaultKind::Modified, Some(77)));
    assert!(stage.stats().arena.quarantined_bytes >= 200, "what is abandoned is nobody's");
    for _ in 0..200 {
        let at = stage.alloc(layout(200, 8));
        assert_ne!(at, held[7]);
    }
    assert_sound(stage.heap());
}

#[test]
fn no_memory_lets_all_of_them_go() {
    let (stage, auditor) = stage("poison");
    auditor.set_quarantine(i32::MAX as u32, 0);
    for _ in 0..3000 {
        let at = stage.alloc(layout(5000, 8));
        assert!(!at.is_null(), "what waits is given up before a request fails");
        free(&stage, at, layout(5000, 8));
    }
    assert_eq!((auditor.faults(), auditor.abandoned()), (0, 0));
    let cache = Cache::new(stage.heap(), layout(3000, 8), Options::new("nodes"), Bare).unwrap();
    auditor.configure("cache:nodes=poison").unwrap();
    for _ in 0..3000 {
        let at = cache.alloc().unwrap();
        // SAFETY: just allocated.
        unsafe { cache.free(at) };
    }
    assert_sound(stage.heap());
}

#[test]
fn a_cache_ends_while_its_objects_wait() {
    let (stage, auditor) = stage("off");
    auditor.configure("cache:nodes=all").unwrap();
    let cache = Cache::new(stage.heap(), layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let objects: Vec<_> = (0..50).map(|_| cache.alloc().unwrap()).collect();
    for &at in &objects {
        // SAFETY: allocated above.
        unsafe { cache.free(at) };
    }
    assert!(cache.destroy().is_ok());
    assert_eq!(auditor.quarantined().0, 50);
    assert_sound(stage.heap());
    // SAFETY: it is memory of the heap.
    unsafe { objects[30].as_ptr().write(0) };
    assert_eq!(auditor.check(), 1);
    assert_eq!(auditor.last_fault().unwrap().cache, 1, "its number is known");
    auditor.drain();
    assert_eq!((auditor.quarantined().0, auditor.faults(), auditor.abandoned()), (0, 1, 1));
    assert_sound(stage.heap());
}

/// What a log says of an address may be of an owner before the last one, which no log was kept of.
#[test]
fn a_log_of_before_is_not_taken_for_the_history_of_what_was_not_logged() {
    let (stage, auditor) = stage("all");
    let at = stage.alloc(layout(48, 8));
    free(&stage, at, layout(48, 8));
    auditor.drain();
    auditor.configure("audit=poison").unwrap();
    let again = (0..100).map(|_| stage.alloc(layout(48, 16))).find(|&again| again == at);
    free(&stage, again.expect("the same place"), layout(48, 16));
    auditor.drain();
    free(&stage, at, layout(48, 16));
    let fault = auditor.last_fault().unwrap();
    assert_eq!((fault.kind, fault.size, fault.alloc_site, fault.free_site), (FaultKind::DoubleFree, 0, 0, 0));
}

#[test]
fn nothing_waits_where_nothing_is_patterned() {
    for mode in ["lite", "redzone", "audit", "sites", "contents"] {
        let (stage, auditor) = stage(mode);
        auditor.set_policy(Policy::Trap);
        for size in 1..200 {
            let at = stage.alloc(layout(size, 1));
            free(&stage, at, layout(size, 1));
        }
        assert_eq!(auditor.quarantined(), (0, 0), "{mode}");
        assert_eq!(stage.stats().arena.quarantined_bytes, 0);
    }
}
