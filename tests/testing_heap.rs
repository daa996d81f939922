//! Claim: the assertions of `testing` about a heap over bytes see the front end and object caches exactly, with tags and frames, and
//! leave the heap's modes and its faults on purpose as they were.
#![cfg(feature = "audit")]

mod support;

use std::alloc::Layout;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use flagstone::Heap;
use flagstone::audit::{Auditor, Injection, Mode, set_capture};
use flagstone::objects::{Bare, Cache, Options};
use flagstone::source::{Fixed, Page};
use flagstone::testing::{Leaks, of};
use flagstone::units::Addr;

type Home<'a> = Heap<Fixed<'a>>;

/// Runs a program on a heap of so many pages, which is sound after it.
fn with_heap(pages: usize, program: impl FnOnce(&Home<'_>)) {
    let mut memory = vec![Page::ZERO; pages];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    program(&heap);
    support::assert_sound(&heap);
}

/// What a program says that panics.
fn failure(program: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(program)).expect_err("it should fail");
    *panic.downcast::<String>().expect("a message with figures")
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Memory that is given back.
fn borrow(heap: &Home<'_>, size: usize) {
    let at = heap.alloc(layout(size));
    if !at.is_null() {
        // SAFETY: just allocated with the layout.
        unsafe { heap.dealloc(at, layout(size)) };
    }
}

/// Size, count and first allocation of each row.
fn rows(leaks: &Leaks) -> Vec<(u64, u64, u64)> {
    leaks.rows.iter().map(|row| (row.size, row.count, row.first)).collect()
}

#[test]
fn what_is_held_is_known_by_its_exact_size_whatever_the_mode() {
    for mode in ["off", "lite", "all", "redzone", "sites", "guard"] {
        with_heap(64, |heap| {
            let auditor = Auditor::new(heap);
            auditor.configure(&format!("audit={mode}")).unwrap();
            let old = heap.alloc(layout(500));
            let found = of(heap).warm_up(0).leaks(|| {
                borrow(heap, 70);
                let _ = heap.alloc(layout(13));
                let _ = heap.alloc_zeroed(layout(20_001));
                let grown = heap.alloc(layout(10));
                // SAFETY: just allocated.
                let grown = unsafe { heap.realloc(grown, layout(10), 12) };
                // SAFETY: it has this size now.
                let _ = unsafe { heap.realloc(grown, layout(12), 3000) };
                // SAFETY: allocated above.
                unsafe { heap.dealloc(old, layout(500)) };
            });
            assert_eq!((found.count, found.bytes, found.peak, found.unrecorded), (3, 23_014, 23_026, 0), "{mode}");
            assert_eq!(found.rows.len(), 3);
            assert_eq!(auditor.mode(), mode_of(mode), "{mode} is back");
            assert!(of(heap).leaks(|| borrow(heap, 13)).is_empty());
            assert_eq!(auditor.faults(), 0);
        });
    }
}

/// The mode that a text gives a heap.
fn mode_of(text: &str) -> Mode {
    let mut memory = vec![Page::ZERO; 8];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    Auditor::new(&heap).configure(&format!("audit={text}")).unwrap();
    Auditor::new(&heap).mode()
}

#[test]
fn objects_of_caches_are_seen_with_their_cache_also_of_one_that_is_made_meanwhile() {
    with_heap(64, |heap| {
        let nodes = Cache::new(heap, layout(48), Options::new("nodes"), Bare).unwrap();
        // What lies in magazines is handed out again.
        let before: Vec<NonNull<u8>> = (0..40).map(|_| nodes.alloc().unwrap()).collect();
        for object in before {
            // SAFETY: allocated above.
            unsafe { nodes.free(object) };
        }
        let mut kept = Vec::new();
        let mut own = None;
        let found = of(heap).warm_up(0).leaks(|| {
            kept.extend((0..3).map(|_| nodes.alloc().unwrap()));
            let made = Cache::new(heap, layout(100), Options::new("made"), Bare).unwrap();
            kept.push(made.alloc().unwrap());
            own = Some(made);
        });
        let caches: Vec<_> =
            found.rows.iter().filter_map(|row| Some((row.cache.clone()?, row.size, row.count))).collect();
        assert_eq!(caches, [(String::from("nodes"), 48, 3), (String::from("made"), 100, 1)]);
        let said = failure(|| of(heap).assert_no_leak(|| kept.push(nodes.alloc().unwrap())));
        assert!(said.contains("  1 of 48 bytes, of the object cache \"nodes\"; it was allocation 1"), "{said}");
        let last = kept.remove(3);
        // SAFETY: it came from that cache.
        unsafe { own.as_ref().unwrap().free(last) };
        for object in kept {
            // SAFETY: it came from that cache.
            unsafe { nodes.free(object) };
        }
        assert!(own.unwrap().destroy().is_ok());
        let rounds = nodes.stats().magazine_rounds;
        borrow_object(&nodes);
        assert!(nodes.stats().magazine_rounds >= rounds, "it has magazines again");
        assert!(nodes.destroy().is_ok());
        assert_eq!(heap.stats().live_objects(), 0);
    });
}

fn borrow_object(cache: &Cache<&Home<'_>, Bare>) {
    let object = cache.alloc().unwrap();
    // SAFETY: just allocated.
    unsafe { cache.free(object) };
}

#[test]
fn a_failure_names_tags_and_frames() {
    set_capture(|frames| {
        frames[..2].copy_from_slice(&[0x8f8, 0x1234]);
        2
    });
    with_heap(64, |heap| {
        let auditor = Auditor::new(heap);
        let said = failure(|| {
            of(heap).assert_no_leak(|| {
                let _parser = auditor.tag("parser");
                let _ = heap.alloc(layout(40));
                let _tables = auditor.tag("tables");
                let _ = heap.alloc(layout(400));
                let _ = heap.alloc(layout(40));
            });
        });
        assert_eq!(
            said,
            "the closure leaks: 3 allocations are still held, 480 bytes in all\
             \n  1 of 400 bytes, tag \"parser/tables\"; it was allocation 2\n      +0x8f8\n      +0x1234\
             \n  1 of 40 bytes, tag \"parser\"; it was allocation 1\n      +0x8f8\n      +0x1234\
             \n  1 of 40 bytes, tag \"parser/tables\"; it was allocation 3\n      +0x8f8\n      +0x1234"
        );
    });
}

#[test]
fn rows_that_are_too_many_are_counted() {
    with_heap(64, |heap| {
        let found = of(heap).warm_up(0).leaks(|| {
            for size in 1..=20 {
                let _ = heap.alloc(layout(size));
            }
        });
        assert_eq!((found.rows.len(), rows(&found)[0]), (20, (20, 1, 20)));
        assert!(found.to_string().ends_with("\n  1 of 9 bytes; it was allocation 9\n  and 8 rows more"), "{found}");
    });
}

#[test]
fn pages_are_those_that_the_memory_grew_by() {
    with_heap(64, |heap| {
        of(heap).warm_up(0).assert_max_pages(2, || heap.alloc(layout(100_000)));
        let said = failure(|| of(heap).warm_up(0).assert_max_pages(2, || heap.alloc(layout(400_000))));
        assert!(
            said.starts_with("the memory grew by ") && said.ends_with(" of 64 KiB, and may grow by 2 pages"),
            "{said}"
        );
        assert!(said.contains("by 6 pages") || said.contains("by 7 pages"), "{said}");
        of(heap).assert_max_pages(0, || borrow(heap, 300_000));
    });
}

#[test]
fn steady_is_said_of_bytes_and_of_pages() {
    with_heap(100, |heap| {
        of(heap).assert_steady(10, || {
            borrow(heap, 5000);
            borrow(heap, 50);
        });
        // The heap holds no more, but its memory grows: somebody else takes pages.
        let said = failure(|| {
            of(heap).assert_steady(3, || {
                use flagstone::source::Source;
                let _ = heap.source().grow(flagstone::units::Pages(1));
            });
        });
        assert!(said.contains(" and 3 pages after the runs before, "), "{said}");
        assert!(said.ends_with(" and 6 pages after 3 more, other than before from run 1 on"), "{said}");
        let said = failure(|| {
            of(heap).warm_up(2).assert_steady(3, || heap.alloc(layout(24)));
        });
        assert!(said.contains("48 bytes in 2 allocations and "), "{said}");
        assert!(said.ends_with("these are held:\n  3 of 24 bytes; the first was allocation 1"), "{said}");
    });
}

#[test]
fn each_request_of_a_heap_and_its_caches_fails_once() {
    with_heap(64, |heap| {
        let auditor = Auditor::new(heap);
        let nodes = Cache::new(heap, layout(48), Options::new("nodes"), Bare).unwrap();
        let mut refused = 0;
        let requests = of(heap).fail_each(|| {
            borrow(heap, 40);
            match nodes.alloc() {
                // SAFETY: just allocated.
                Ok(object) => unsafe { nodes.free(object) },
                Err(_) => refused += 1,
            }
            borrow(heap, 5000);
        });
        assert_eq!((requests, refused), (3, 1));
        let said = failure(|| {
            of(heap).fail_each(|| {
                let first = heap.alloc(layout(40));
                let second = heap.alloc(layout(90));
                if second.is_null() {
                    return;
                }
                // SAFETY: allocated above.
                unsafe { heap.dealloc(second, layout(90)) };
                if !first.is_null() {
                    // SAFETY: allocated above.
                    unsafe { heap.dealloc(first, layout(40)) };
                }
            });
        });
        assert!(said.starts_with("the closure leaks with request 1 failing, counted from 0: 1 allocation"), "{said}");
        assert!(!heap.alloc(layout(8)).is_null() && nodes.alloc().is_ok(), "nothing fails any more");
        assert_eq!(auditor.mode(), Mode::OFF);
    });
}

#[test]
fn faults_on_purpose_are_as_before_afterwards() {
    with_heap(64, |heap| {
        let auditor = Auditor::new(heap);
        auditor.inject(Injection { nth: 3, ..Injection::default() });
        assert!(!heap.alloc(layout(8)).is_null());
        assert_eq!(of(heap).fail_each(|| borrow(heap, 8)), 1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            of(heap).fail_each(|| assert!(!heap.alloc(layout(8)).is_null()));
        }));
        assert!(panicked.is_err());
        assert!(!heap.alloc(layout(8)).is_null());
        assert!(heap.alloc(layout(8)).is_null(), "the third from before");
        assert_eq!(auditor.injected(), 1);
    });
}

#[test]
fn one_measurement_runs_within_another() {
    with_heap(64, |heap| {
        let outer = of(heap).warm_up(0).leaks(|| {
            let old = heap.alloc(layout(100));
            let inner = of(heap).warm_up(0).leaks(|| {
                let _ = heap.alloc(layout(30));
                borrow(heap, 1000);
                // SAFETY: allocated above.
                unsafe { heap.dealloc(old, layout(100)) };
            });
            assert_eq!((inner.count, inner.bytes, inner.peak), (1, 30, 1030));
            borrow(heap, 7);
            let _ = heap.alloc(layout(4));
        });
        assert_eq!((outer.count, outer.bytes, outer.peak), (2, 34, 1130));
        assert_eq!(Auditor::new(heap).mode(), Mode::OFF);
    });
}

#[test]
fn what_could_not_be_put_on_record_is_no_proof() {
    // The table of watches cannot grow in a memory that is full.
    with_heap(2, |heap| {
        let mut held = Vec::new();
        let said = failure(|| {
            of(heap).warm_up(0).assert_no_leak(|| {
                loop {
                    let at = heap.alloc(layout(8));
                    if at.is_null() {
                        break;
                    }
                    held.push(at);
                }
                for at in held.drain(..) {
                    // SAFETY: allocated above.
                    unsafe { heap.dealloc(at, layout(8)) };
                }
            });
        });
        assert!(
            said.contains("0 allocations are still held") && said.contains("there was no memory to put "),
            "{said}"
        );
    });
}
