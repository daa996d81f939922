//! Off wasm the allocator's line compiles too and means the platform's allocator, so that one program builds for both.

use core::alloc::{GlobalAlloc, Layout};
use std::alloc::System;

use super::Flagstone;
use crate::objects::Reclaimed;
use crate::stats::Stats;

// SAFETY: every call is the platform's, with the caller's promises.
unsafe impl GlobalAlloc for Flagstone {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, new_size) }
    }
}

/// The counters of the program's heap; on this target, where the platform's allocator serves it, all zero.
///
/// ```
/// assert_eq!(flagstone::stats().live_bytes(), 0);
/// ```
#[must_use]
pub fn stats() -> Stats {
    Stats::default()
}

/// Puts idle memory of the program's heap back; on this target, where the platform's allocator serves it, does nothing.
///
/// ```
/// assert_eq!(flagstone::reclaim().total(), 0);
/// ```
pub fn reclaim() -> Reclaimed {
    Reclaimed::default()
}

/// Lets the object caches of the program's heap look at what they needed; on this target there are none.
///
/// ```
/// flagstone::tick();
/// ```
pub const fn tick() {}
