//! Heaps over bytes as what programs of the corpus allocate from.

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::source::Source;
use flagstone::units::Addr;

use super::super::objects::{Stage, TestHeap};
use super::super::{LOW, PAGE};
use super::{Foreign, Ground, with_arena};

/// Pages of the heap of a program.
const PAGES: u32 = 64;

/// A heap for one run.
pub(crate) fn stage() -> Stage {
    Stage::new(PAGES)
}

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
        low.wrapping_offset((address as isize).wrapping_sub(LOW.0 as isize))
    }
}
