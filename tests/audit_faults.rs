//! Claim: each kind of fault is told right, with its offset, sizes and sites, by the front end and by object caches; and a program
//! that goes on after one has a heap that holds together.
#![cfg(feature = "audit")]

mod support;

use core::alloc::Layout;
use core::ptr::NonNull;

use flagstone::Heap;
use flagstone::audit::{Auditor, Fault, FaultKind, Mode};
use flagstone::objects::{Bare, Cache, Options};
use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;

const START: Addr = Addr(0x1_0000);

type Program<'a> = &'a dyn Fn(&Heap<Fixed<'_>>);

/// Runs a program in a heap with a mode; its faults' number, the last of them, and what is abandoned.
fn run(mode: &str, program: Program<'_>) -> (u32, Option<Fault>, u32) {
    let mut memory = vec![Page::ZERO; 64];
    let heap = Heap::new(Fixed::new(&mut memory, START)).unwrap();
    let auditor = Auditor::new(&heap);
    flagstone::audit::set_on_fault(|fault| println!("{fault} {fault:?}"));
    auditor.configure(&format!("audit={mode};policy=continue")).unwrap();
    program(&heap);
    auditor.drain();
    auditor.check();
    (auditor.faults(), auditor.last_fault(), auditor.abandoned())
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// The one fault of a program.
#[track_caller]
fn fault(mode: &str, program: Program<'_>) -> Fault {
    let (count, fault, _) = run(mode, program);
    assert_eq!(count, 1, "{mode}: {fault:?}");
    fault.unwrap()
}

const FULL: [&str; 4] = ["all", "redzone+poison", "guard", "all+guard"];

#[test]
fn a_program_without_faults_has_none_in_any_mode() {
    for mode in
        ["off", "lite", "all", "redzone", "poison", "guard", "audit", "sites", "contents", "all+guard", "lite+all"]
    {
        let (count, fault, abandoned) = run(mode, &|heap| {
            let mut held = vec![];
            for round in 0..300_usize {
                let layout = layout(1 + round * 37 % 3000, 1 << (round % 9));
                let at = if round % 3 == 0 { heap.alloc_zeroed(layout) } else { heap.alloc(layout) };
                assert!(!at.is_null() && (at as usize).is_multiple_of(layout.align()), "{mode} {layout:?}");
                if round % 3 == 0 {
                    // SAFETY: just allocated.
                    assert!(unsafe { core::slice::from_raw_parts(at, layout.size()) }.iter().all(|&byte| byte == 0));
                }
                // SAFETY: just allocated.
                unsafe { at.write_bytes(round as u8, layout.size()) };
                held.push((at, layout, round as u8));
                if round % 4 == 3 {
                    let (at, layout, byte) = held.swap_remove(round * 7 % held.len());
                    let size = 1 + round * 53 % 5000;
                    // SAFETY: it is live, of that layout.
                    let new = unsafe { heap.realloc(at, layout, size) };
                    assert!(!new.is_null());
                    // SAFETY: as many bytes were kept.
                    let kept = unsafe { core::slice::from_raw_parts(new, size.min(layout.size())) };
                    assert!(kept.iter().all(|&kept| kept == byte), "{mode}");
                    // SAFETY: all of it is ours.
                    unsafe { new.write_bytes(byte, size) };
                    held.push((new, Layout::from_size_align(size, layout.align()).unwrap(), byte));
                }
                if round % 5 == 4 {
                    let (at, layout, byte) = held.swap_remove(round * 11 % held.len());
                    // SAFETY: it is live.
                    assert!(unsafe { core::slice::from_raw_parts(at, layout.size()) }.iter().all(|&kept| kept == byte));
                    // SAFETY: it is live, of that layout.
                    unsafe { heap.dealloc(at, layout) };
                }
            }
            for (at, layout, _) in held {
                // SAFETY: it is live, of that layout.
                unsafe { heap.dealloc(at, layout) };
            }
            assert_eq!(heap.stats().live_objects(), 0, "{mode}");
            Auditor::new(heap).drain();
            assert_eq!(heap.stats().live_objects(), 0, "{mode}");
        });
        assert_eq!((count, fault, abandoned), (0, None, 0), "{mode}");
    }
}

#[test]
fn a_byte_behind_or_before_an_object_is_found_wherever_it_is() {
    for mode in FULL {
        for (size, align) in
            [(1, 1), (5, 1), (8, 8), (13, 4), (24, 8), (100, 16), (1000, 8), (1025, 1), (20_000, 64), (64, 512)]
        {
            for offset in [size as i32, size as i32 + 1, size as i32 + 15, -1, -8, -16] {
                let found = fault(mode, &|heap| {
                    let at = heap.alloc(layout(size, align));
                    // SAFETY: it lies in the object's segment.
                    unsafe { at.wrapping_offset(offset as isize).write(0x41) };
                    // SAFETY: allocated above.
                    unsafe { heap.dealloc(at, layout(size, align)) };
                });
                assert_eq!(
                    (found.kind, found.offset, found.damaged),
                    (FaultKind::Redzone, Some(offset), 1),
                    "{mode} {size} {offset}"
                );
                assert_eq!((found.size, found.align), (size as u32, align as u32));
            }
        }
    }
}

#[test]
fn what_is_written_after_a_free_is_found_at_its_byte() {
    for mode in ["all", "poison", "guard"] {
        for size in [1, 7, 8, 100, 4000] {
            for offset in [0, size / 2, size - 1] {
                let (count, found, abandoned) = run(mode, &|heap| {
                    let at = heap.alloc(layout(size, 1));
                    // SAFETY: allocated above.
                    unsafe { heap.dealloc(at, layout(size, 1)) };
                    // SAFETY: it is memory of the heap.
                    unsafe { at.wrapping_add(offset).write(0x41) };
                });
                let found = found.unwrap();
                assert_eq!((count, abandoned), (1, 1));
                assert_eq!(
                    (found.kind, found.offset, found.damaged),
                    (FaultKind::Modified, Some(offset as i32), 1),
                    "{mode}"
                );
                assert_eq!((found.size, found.given_size), (size as u32, 0));
            }
        }
    }
}

#[test]
fn a_second_free_is_found_at_once_and_later_and_when_the_memory_went_back() {
    for mode in ["all", "poison", "guard", "lite", "redzone"] {
        for between in [0, 1, 40] {
            let found = fault(mode, &|heap| {
                let first = heap.alloc(layout(40, 8));
                let others: Vec<_> = (0..between).map(|_| heap.alloc(layout(40, 8))).collect();
                // SAFETY: allocated above.
                unsafe { heap.dealloc(first, layout(40, 8)) };
                for other in others {
                    // SAFETY: allocated above.
                    unsafe { heap.dealloc(other, layout(40, 8)) };
                }
                if between == 40 {
                    Auditor::new(heap).drain();
                    let _ = heap.reclaim();
                }
                // SAFETY: none: this is the bug.
                unsafe { heap.dealloc(first, layout(40, 8)) };
            });
            let expected = if mode == "redzone" || (mode == "lite" && between != 1) {
                [FaultKind::DoubleFree, FaultKind::BadAddress]
            } else {
                [FaultKind::DoubleFree; 2]
            };
            assert!(expected.contains(&found.kind), "{mode} {between}: {found:?}");
        }
    }
}

#[test]
fn wrong_sizes_alignments_and_addresses_are_found() {
    for mode in FULL {
        for (given, kind) in
            [((41, 8), FaultKind::WrongSize), ((40, 4), FaultKind::WrongSize), ((4000, 8), FaultKind::WrongSize)]
        {
            let found = fault(mode, &|heap| {
                let at = heap.alloc(layout(40, 8));
                // SAFETY: none: this is the bug.
                unsafe { heap.dealloc(at, layout(given.0, given.1)) };
            });
            assert_eq!((found.kind, found.size, found.align), (kind, 40, 8), "{mode}");
            assert_eq!((found.given_size, found.given_align), (given.0 as u32, given.1 as u32));
        }
        let found = fault(mode, &|heap| {
            let at = heap.alloc(layout(40, 8));
            // SAFETY: none: this is the bug.
            unsafe { heap.dealloc(at.wrapping_add(8), layout(32, 8)) };
            // SAFETY: what is right is still taken.
            unsafe { heap.dealloc(at, layout(40, 8)) };
        });
        assert_eq!((found.kind, found.address - found.object), (FaultKind::Interior, 8), "{mode}");
        let found = fault(mode, &|heap| {
            let at = heap.alloc(layout(40, 8));
            // SAFETY: none: this is the bug.
            let new = unsafe { heap.realloc(at, layout(48, 8), 100) };
            // SAFETY: it has that layout.
            unsafe { heap.dealloc(new, layout(100, 8)) };
        });
        assert_eq!((found.kind, found.size, found.given_size), (FaultKind::WrongSize, 40, 48), "{mode}");
        for address in [START.0, START.0 + 64, 0x2_0000, 63 << 16, 64 << 16, 0x8000_0000, u32::MAX - 3] {
            let found = fault(mode, &|heap| {
                let at = heap.source_at(address);
                // SAFETY: none: this is the bug.
                unsafe { heap.dealloc(at, layout(16, 8)) };
            });
            assert_eq!((found.kind, found.address, found.object), (FaultKind::BadAddress, address, 0), "{mode}");
        }
    }
}

/// An address that need not be in the memory.
trait SourceAt {
    fn source_at(&self, address: u32) -> *mut u8;
}

impl SourceAt for Heap<Fixed<'_>> {
    fn source_at(&self, address: u32) -> *mut u8 {
        use flagstone::source::Source;
        self.source().at(START).wrapping_offset(address as isize - START.0 as isize)
    }
}

#[test]
fn an_object_goes_back_to_its_own_cache_only() {
    for mode in ["all", "guard", "lite"] {
        let found = fault("off", &|heap| {
            let auditor = Auditor::new(heap);
            auditor.set_cache_mode("nodes", Mode::ALL).unwrap();
            auditor.configure(&format!("cache:nodes={mode};cache:names={mode}")).unwrap();
            let nodes = Cache::new(heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
            let names = Cache::new(heap, layout(48, 8), Options::new("names"), Bare).unwrap();
            let node = nodes.alloc().unwrap();
            let name = names.alloc().unwrap();
            // SAFETY: none: this is the bug.
            unsafe { names.free(node) };
            // SAFETY: allocated above.
            unsafe { nodes.free(node) };
            // SAFETY: allocated above.
            unsafe { names.free(name) };
            assert_eq!((nodes.stats().live, names.stats().live), (0, 0));
        });
        assert_eq!((found.kind, found.cache, found.given_cache), (FaultKind::WrongCache, 1, 2), "{mode}");
        let found = fault("off", &|heap| {
            Auditor::new(heap).configure(&format!("cache:nodes={mode}")).unwrap();
            let nodes = Cache::new(heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
            let node = nodes.alloc().unwrap();
            // SAFETY: allocated above.
            unsafe { nodes.free(node) };
            // SAFETY: none: this is the bug.
            unsafe { nodes.free(node) };
        });
        assert_eq!((found.kind, found.cache), (FaultKind::DoubleFree, 1), "{mode}");
    }
}

#[test]
fn an_object_of_a_cache_that_is_freed_to_the_heap_is_found() {
    let found = fault("all", &|heap| {
        let nodes = Cache::new(heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
        let node = nodes.alloc().unwrap();
        // SAFETY: none: this is the bug.
        unsafe { heap.dealloc(node.as_ptr(), layout(48, 8)) };
        // SAFETY: allocated above.
        unsafe { nodes.free(node) };
    });
    assert_eq!((found.kind, found.cache, found.given_cache), (FaultKind::WrongCache, 1, 0));
}

#[test]
fn constructors_run_for_each_guarded_object() {
    let (count, ..) = run("off", &|heap| {
        Auditor::new(heap).set_cache_mode("nodes", Mode::ALL).unwrap();
        let nodes = flagstone::objects::ObjectCache::new(heap, Options::new("nodes"), || 7_u64).unwrap();
        for _ in 0..3 {
            let node = nodes.alloc().unwrap();
            assert_eq!(*node, 7);
        }
        assert_eq!((nodes.stats().constructs, nodes.stats().destructs), (3, 3));
    });
    assert_eq!(count, 0);
}

#[test]
fn modes_change_while_objects_are_held() {
    let (count, fault, _) = run("off", &|heap| {
        let auditor = Auditor::new(heap);
        let cache = Cache::new(heap, layout(24, 8), Options::new("nodes"), Bare).unwrap();
        let mut held: Vec<(*mut u8, Layout)> = vec![];
        let mut objects: Vec<NonNull<u8>> = vec![];
        let modes = ["off", "all", "lite", "redzone", "sites", "off", "guard", "lite", "off", "audit"];
        for (turn, mode) in modes.iter().cycle().take(60).enumerate() {
            auditor.configure(&format!("audit={mode};cache:nodes={}", modes[turn * 7 % 10])).unwrap();
            for n in 0..30 {
                let layout = layout(1 + (turn * 31 + n * 17) % 2000, 1 << (n % 5));
                held.push((heap.alloc(layout), layout));
                objects.push(cache.alloc().unwrap());
            }
            for n in 0..25 {
                let (at, layout) = held.swap_remove(turn * n % held.len());
                // SAFETY: allocated above.
                unsafe { heap.dealloc(at, layout) };
                let object = objects.swap_remove(turn * n % objects.len());
                // SAFETY: allocated above.
                unsafe { cache.free(object) };
            }
            assert_eq!(cache.stats().live as usize, objects.len());
            support::assert_sound(heap);
        }
        for (at, layout) in held {
            // SAFETY: allocated above.
            unsafe { heap.dealloc(at, layout) };
        }
        for object in objects {
            // SAFETY: allocated above.
            unsafe { cache.free(object) };
        }
        assert!(cache.destroy().is_ok());
        auditor.drain();
        assert_eq!(heap.stats().live_objects(), 0);
    });
    assert_eq!((count, fault), (0, None));
}
