//! Claim: the corpus is told right in wasm, too: in the module's own heap, which is the one that its collections are in, and in a heap
//! over bytes there.
#![cfg(all(target_family = "wasm", feature = "audit"))]

mod support;

use std::alloc::{GlobalAlloc, Layout};

use flagstone::Flagstone;
use flagstone::audit::Auditor;
use flagstone::vmem::ModuleHeap;
use support::corpus::{FULL, Foreign, Ground, MODES, programs, stage, with_arena};
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

/// What no heap has.
static ELSEWHERE: [u64; 4] = [7; 4];

/// Memory of another heap: it is no memory of this one, as the linker placed it.
static OTHER: [u64; 512] = [9; 512];

/// The module's heap.
#[derive(Clone, Copy)]
struct Module;

impl Ground for Module {
    type Home = ModuleHeap;

    fn home(self) -> ModuleHeap {
        ModuleHeap
    }

    fn alloc(self, layout: Layout) -> *mut u8 {
        // SAFETY: no layout of a program is empty.
        unsafe { ALLOCATOR.alloc(layout) }
    }

    fn alloc_zeroed(self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { ALLOCATOR.alloc_zeroed(layout) }
    }

    fn dealloc(self, at: *mut u8, layout: Layout) {
        // SAFETY: where it is wrong it is found out.
        unsafe { ALLOCATOR.dealloc(at, layout) };
    }

    fn realloc(self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: where it is wrong it is found out.
        unsafe { ALLOCATOR.realloc(at, layout, size) }
    }

    fn reclaim(self) {
        flagstone::reclaim();
    }

    fn with_arena(self, f: &dyn Fn(*mut u8)) {
        with_arena(ModuleHeap, &ModuleHeap, |address| f(self.at(address)));
    }

    fn address(self, at: *mut u8) -> u32 {
        at.expose_provenance() as u32
    }

    fn at(self, address: u32) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(address as usize)
    }

    fn extent(self) -> (u32, u32) {
        (1024, (core::arch::wasm32::memory_size::<0>() << 16) as u32)
    }

    fn foreign(self, foreign: Foreign) -> *mut u8 {
        let on_stack = [3_u64; 2];
        match foreign {
            Foreign::Static => (&raw const ELSEWHERE).cast_mut().cast(),
            Foreign::Stack => (&raw const on_stack).cast_mut().cast(),
            Foreign::OtherHeap => (&raw const OTHER).cast_mut().cast(),
            Foreign::Low => self.at(16),
            Foreign::Beyond => self.at(0xf000_0000),
        }
    }
}

#[wasm_bindgen_test]
fn every_bug_is_told_right_in_the_heap_of_the_module() {
    for program in programs::<Module>() {
        for mode in MODES.into_iter().filter(|mode| program.expected(mode).is_some()) {
            program.check(mode, &program.run(Module, mode, true));
        }
    }
}

#[wasm_bindgen_test]
fn nothing_is_told_of_programs_without_their_bug_in_the_heap_of_the_module() {
    let before = Auditor::new(ModuleHeap).faults();
    for program in programs::<Module>() {
        for mode in MODES {
            let outcome = program.run(Module, mode, false);
            assert_eq!(outcome.faults, 0, "{} without its bug, {mode}: {outcome:?}", program.name);
        }
    }
    assert!(Auditor::new(ModuleHeap).faults() > before, "the numbers of caches are found by a wrong call");
}

#[wasm_bindgen_test]
fn every_bug_is_told_right_in_a_heap_over_bytes() {
    for program in programs() {
        for mode in FULL {
            let (wrong, right) = (stage(), stage());
            program.check(mode, &program.run(wrong.heap(), mode, true));
            let outcome = program.run(right.heap(), mode, false);
            assert_eq!(outcome.faults, 0, "{} without its bug, {mode}: {outcome:?}", program.name);
        }
    }
}
