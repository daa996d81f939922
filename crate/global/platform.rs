//! Off wasm the allocator's line compiles too and means the platform's allocator, so that one program builds for both. With the
//! feature `audit` tests may measure what it hands out.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use std::alloc::System;

use super::Flagstone;
use crate::objects::Reclaimed;
use crate::stats::Stats;

#[cfg(feature = "audit")]
use crate::testing::threads as tests;
#[cfg(not(feature = "audit"))]
#[path = "unmeasured.rs"]
mod tests;

// SAFETY: every call is the platform's, with the caller's promises, or a refusal that changes nothing.
unsafe impl GlobalAlloc for Flagstone {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if tests::refuses() {
            return ptr::null_mut();
        }
        // SAFETY: as the caller promises.
        let at = unsafe { System.alloc(layout) };
        tests::made(at, layout);
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        tests::forget(tests::gone(at));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if tests::refuses() {
            return ptr::null_mut();
        }
        // SAFETY: as the caller promises.
        let at = unsafe { System.alloc_zeroed(layout) };
        tests::made(at, layout);
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // `Vec` cannot go on where it is refused to get shorter.
        if new_size > layout.size() && tests::refuses() {
            return ptr::null_mut();
        }
        let object = tests::gone(at);
        // SAFETY: as the caller promises.
        let new = unsafe { System.realloc(at, layout, new_size) };
        tests::moved(object, at, layout, new, new_size);
        new
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
