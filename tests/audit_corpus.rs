//! Claim: each of the corpus' small wrong programs is told right, with its kind, bytes, sizes, caches and sites, in every mode that
//! can find it; none is missed where everything is looked at; and the same programs without their bug are told nothing of in any mode.
//! After each the heap holds together.
#![cfg(feature = "audit")]

mod support;

use std::alloc::Layout;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flagstone::Heap;
use flagstone::source::Source;
use flagstone::units::Addr;
use support::corpus::{Foreign, Ground, MODES, Program, programs, with_arena};
use support::objects::{Stage, TestHeap};
use support::{LOW, PAGE, assert_sound};

/// Pages of the heap of a program.
const PAGES: u32 = 64;

impl Ground for &'static TestHeap {
    type Home = Self;

    fn home(self) -> Self {
        self
    }

    fn alloc(self, layout: Layout) -> *mut u8 {
        Heap::alloc(self, layout)
    }

    fn alloc_zeroed(self, layout: Layout) -> *mut u8 {
        Heap::alloc_zeroed(self, layout)
    }

    fn dealloc(self, at: *mut u8, layout: Layout) {
        // SAFETY: where it is wrong it is found out.
        unsafe { Heap::dealloc(self, at, layout) };
    }

    fn realloc(self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: where it is wrong it is found out.
        unsafe { Heap::realloc(self, at, layout, size) }
    }

    fn reclaim(self) {
        Heap::reclaim(self);
    }

    fn with_arena(self, f: &dyn Fn(*mut u8)) {
        with_arena(self, self, |address| f(self.at(address)));
    }

    fn address(self, at: *mut u8) -> u32 {
        self.source().addr(at).0
    }

    fn at(self, address: u32) -> *mut u8 {
        self.source().at(Addr(address))
    }

    fn extent(self) -> (u32, u32) {
        (LOW.0, self.source().end().0 << 16)
    }

    /// What is at a distance in this program could be anywhere; its distance from the heap is what counts.
    fn foreign(self, foreign: Foreign) -> *mut u8 {
        let address = match foreign {
            Foreign::Static => LOW.0 - 4096,
            Foreign::Stack => LOW.0 - 8,
            Foreign::OtherHeap => LOW.0 + PAGES * PAGE + 4096,
            Foreign::Low => 16,
            Foreign::Beyond => 0x8000_0000,
        };
        let low = self.at(LOW.0);
        low.wrapping_offset(address as isize - LOW.0 as isize)
    }
}

/// Runs programs in modes, and tells of all that fail.
fn run_all(wrong: bool) {
    let mut failed = Vec::new();
    for program in programs() {
        for mode in MODES.into_iter().filter(|mode| !wrong || program.expected(mode).is_some()) {
            if catch_unwind(AssertUnwindSafe(|| run(&program, mode, wrong))).is_err() {
                failed.push(format!("{}, {mode}", program.name));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Runs a program in a heap of its own.
fn run(program: &Program<&'static TestHeap>, mode: &'static str, wrong: bool) {
    let stage = Stage::new(PAGES);
    let outcome = program.run(stage.heap(), mode, wrong);
    if wrong {
        program.check(mode, &outcome);
    } else {
        assert_eq!(outcome.faults, 0, "{} without its bug, {mode}: {outcome:?}", program.name);
    }
    assert_sound(stage.heap());
}

#[test]
fn there_are_enough_programs_each_with_a_name() {
    let programs = programs::<&'static TestHeap>();
    let names: BTreeSet<_> = programs.iter().map(|program| &program.name).collect();
    assert_eq!(names.len(), programs.len());
    println!("{} programs", programs.len());
    assert!(programs.len() >= 60);
}

#[test]
fn every_bug_is_told_right_in_every_mode_that_can_find_it() {
    run_all(true);
}

#[test]
fn every_bug_is_found_in_the_modes_that_look_at_everything() {
    for program in programs::<&'static TestHeap>() {
        let full = ["guard", "guard+sites+audit"];
        assert!(full.iter().all(|mode| program.expected(mode).is_some()), "{}", program.name);
    }
}

#[test]
fn nothing_is_told_of_programs_without_their_bug() {
    run_all(false);
}
