//! Claim: logs keep what they say in rings of parts, the oldest part lost as a whole; they write nowhere else; after an error that ends
//! a program they stay as they are until diagnosis is set anew (I-39).
#![cfg(all(feature = "audit", feature = "inspector"))]

mod support;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flagstone::audit::{Auditor, Event, Injection, set_clock, set_on_fault};
use flagstone::image::audit::{AuditInfo, EntryInfo};
use flagstone::image::survey::Survey;
use flagstone::objects::{Bare, Cache, Options};
use support::objects::{Stage, TestHeap, paint};
use support::{address, assert_sound, free, layout};

/// Numbers of the logs: calls, contents, failures, slabs.
const CALLS: usize = 0;
const CONTENTS: usize = 1;
const FAILURES: usize = 2;
const SLABS: usize = 3;

/// Parts of a log.
const PARTS: u32 = 4;

fn read(heap: &TestHeap) -> AuditInfo {
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    AuditInfo::read(&heap.image(), &survey).unwrap().unwrap()
}

/// The entries of a log, of which none is damaged.
fn entries(heap: &TestHeap, log: usize) -> Vec<EntryInfo> {
    let (entries, damaged) = read(heap).logs[log].read(&heap.image());
    assert_eq!(damaged, [], "log {log}");
    entries
}

fn stage(mode: &str) -> (Stage, Auditor<&'static TestHeap>) {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    auditor.configure(&format!("audit={mode};cache:nodes={mode};policy=continue")).unwrap();
    (stage, auditor)
}

#[test]
fn calls_are_told_in_their_order_with_all_that_is_known() {
    let (stage, auditor) = stage("all");
    set_clock(|| 17);
    let first = stage.alloc(layout(40, 8));
    let second = support::resize(&stage, first, layout(40, 8), 100);
    free(&stage, second, layout(100, 8));
    auditor.drain();
    let told: Vec<_> =
        entries(stage.heap(), CALLS).iter().map(|it| (it.event, it.address, it.size, it.align, it.time)).collect();
    let at = [first, second].map(|at| address(&stage, at));
    assert_eq!(
        told,
        [
            (Event::Alloc, at[0], 40, 8, 17),
            (Event::Alloc, at[1], 100, 8, 17),
            (Event::Free, at[0], 40, 8, 17),
            (Event::Free, at[1], 100, 8, 17),
            (Event::Released, at[0], 40, 8, 17),
            (Event::Released, at[1], 100, 8, 17),
        ]
    );
    // Each names the one before of the same object.
    let before: Vec<_> = entries(stage.heap(), CALLS).iter().map(|entry| entry.before).collect();
    assert_eq!(before, [0, 0, 1, 2, 3, 4]);
}

#[test]
fn the_oldest_part_is_lost_as_a_whole() {
    let (stage, _) = stage("audit");
    let mut lost = 0;
    for turn in 0..1500_u32 {
        let at = stage.alloc(layout(40, 8));
        free(&stage, at, layout(40, 8));
        let info = read(stage.heap()).logs[CALLS];
        assert_eq!(info.entries, 2 * turn + 2, "entries, ever");
        if turn % 50 != 0 {
            continue;
        }
        let entries = entries(stage.heap(), CALLS);
        assert_eq!(entries.last().unwrap().sequence, 2 * turn + 2);
        let first = entries[0].sequence;
        assert!(first > lost, "what is lost stays lost");
        if first != 1 {
            // What is left begins where a part begins, and three whole parts are there.
            assert!((entries[0].at - info.at).is_multiple_of(info.part_len));
            assert!(entries.len() as u32 * 44 > (PARTS - 1) * (info.part_len - 44));
        }
        lost = first - 1;
    }
    assert!(lost > 1000, "it went around");
    assert_sound(stage.heap());
}

#[test]
fn nothing_is_written_outside_the_parts() {
    let (stage, _) = stage("all");
    let heap = stage.heap();
    for turn in 0..400_usize {
        let at = stage.alloc(layout(1 + turn % 700, 1));
        paint(std::ptr::NonNull::new(at).unwrap(), 1 + turn as u32 % 700, turn as u64);
        free(&stage, at, layout(1 + turn % 700, 1));
    }
    let info = read(heap);
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    for (log, number) in info.logs.iter().zip(0..).filter(|(log, _)| log.at != 0) {
        let segment = survey.segment_at(log.at).expect("metadata");
        assert_eq!((segment.start, segment.kind), (log.at, flagstone::image::survey::Kind::Metadata));
        assert!(PARTS * log.part_len <= segment.len, "log {number}");
        let end = log.at + PARTS * log.part_len;
        for entry in entries(heap, number) {
            assert!(entry.at >= log.at && entry.at + 44 + entry.contents.len() as u32 <= end, "log {number}");
        }
    }
    assert_sound(heap);
}

#[test]
fn what_was_in_an_object_is_there_up_to_256_bytes_of_it() {
    let (stage, _) = stage("contents+audit+poison");
    for size in [1_u32, 3, 4, 100, 255, 256, 257, 5000] {
        let at = stage.alloc(layout(size as usize, 1));
        paint(std::ptr::NonNull::new(at).unwrap(), size, 99);
        let expected = support::objects::content(std::ptr::NonNull::new(at).unwrap(), size.min(256)).to_vec();
        free(&stage, at, layout(size as usize, 1));
        let last = entries(stage.heap(), CONTENTS).pop().unwrap();
        assert_eq!((last.event, last.address, last.size), (Event::Contents, address(&stage, at), size));
        assert_eq!(last.contents, expected, "{size} bytes");
    }
}

#[test]
fn failures_and_slabs_have_their_own_logs() {
    let (stage, auditor) = stage("lite");
    let cache = Cache::new(stage.heap(), layout(2000, 8), Options { magazines: false, ..Options::new("nodes") }, Bare);
    let cache = cache.unwrap();
    let held: Vec<_> = (0..6).map(|_| cache.alloc().unwrap()).collect();
    // SAFETY: allocated above.
    held.into_iter().for_each(|at| unsafe { cache.free(at) });
    let slabs = entries(stage.heap(), SLABS);
    let of = |event| slabs.iter().filter(|entry| entry.cache == 1 && entry.event == event).count();
    assert_eq!((of(Event::SlabMade), of(Event::SlabGone)), (3, 2), "one empty slab stays");
    auditor.inject(Injection { nth: 2, ..Injection::default() });
    let held = [10, 20, 30].map(|size| stage.alloc(layout(size, 4)));
    assert!(held[1].is_null());
    assert!(stage.alloc(layout(1 << 30, 8)).is_null());
    let told: Vec<_> = entries(stage.heap(), FAILURES).iter().map(|it| (it.event, it.size, it.align)).collect();
    assert_eq!(told, [(Event::Injected, 20, 4), (Event::Failure, 1 << 30, 8)]);
    free(&stage, held[0], layout(10, 4));
    free(&stage, held[2], layout(30, 4));
}

#[test]
fn nothing_is_logged_before_anything_was_set() {
    let stage = Stage::new(64);
    assert!(stage.alloc(layout(1 << 30, 8)).is_null());
    let at = stage.alloc(layout(40, 8));
    free(&stage, at, layout(40, 8));
    assert!((0..4).all(|log| read(stage.heap()).logs[log].at == 0), "and a log that has nothing has no memory");
}

std::thread_local! {
    /// The heap that is used while a fault is told.
    static TOLD: Cell<Option<&'static TestHeap>> = const { Cell::new(None) };
}

#[test]
fn what_is_done_while_a_fault_is_told_is_not_logged() {
    let (stage, auditor) = stage("all");
    TOLD.set(Some(stage.heap()));
    set_on_fault(|_| {
        if let Some(heap) = TOLD.get() {
            let at = heap.alloc(layout(77, 1));
            free(heap, at, layout(77, 1));
        }
    });
    let at = stage.alloc(layout(40, 8));
    free(&stage, at, layout(40, 8));
    free(&stage, at, layout(40, 8));
    assert_eq!(auditor.faults(), 1);
    assert!(entries(stage.heap(), CALLS).iter().all(|entry| entry.size != 77));
    let before = read(stage.heap()).logs[CALLS].entries;
    let at = stage.alloc(layout(40, 8));
    free(&stage, at, layout(40, 8));
    assert_eq!(read(stage.heap()).logs[CALLS].entries, before + 2, "it goes on");
    TOLD.set(None);
}

#[test]
fn after_an_error_that_ends_the_program_logs_stay_as_they_are() {
    let (stage, auditor) = stage("all");
    auditor.configure("policy=trap").unwrap();
    let at = stage.alloc(layout(40, 8));
    free(&stage, at, layout(40, 8));
    assert!(catch_unwind(AssertUnwindSafe(|| free(&stage, at, layout(40, 8)))).is_err());
    let before = entries(stage.heap(), CALLS);
    let at = stage.alloc(layout(50, 8));
    free(&stage, at, layout(50, 8));
    assert_eq!(entries(stage.heap(), CALLS), before, "evidence is not overwritten");
    auditor.configure("policy=continue").unwrap();
    let at = stage.alloc(layout(50, 8));
    free(&stage, at, layout(50, 8));
    assert_eq!(entries(stage.heap(), CALLS).len(), before.len() + 2);
    assert_sound(stage.heap());
}
