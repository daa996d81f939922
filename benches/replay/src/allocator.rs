//! The program's own allocator: in wasm flagstone, unless a feature chooses another; elsewhere std's.

use std::alloc::{GlobalAlloc, Layout};

#[cfg(all(target_family = "wasm", not(any(feature = "dlmalloc", feature = "talc"))))]
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

#[cfg(all(target_family = "wasm", feature = "talc"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// The program's allocator, whichever that is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Program;

// SAFETY: every call is passed on to the allocator of the program.
unsafe impl GlobalAlloc for Program {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { std::alloc::alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { std::alloc::alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { std::alloc::realloc(at, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { std::alloc::dealloc(at, layout) }
    }
}

/// The counters of the program's allocator, where it is flagstone.
pub(crate) fn arena() -> Option<crate::sample::Arena> {
    let ours = cfg!(all(target_family = "wasm", not(any(feature = "dlmalloc", feature = "talc"))));
    ours.then(|| crate::sample::Arena::of(&flagstone::stats()))
}
