//! The four calls of `GlobalAlloc` with sizes and alignments that the compiler does not know: nothing
//! of an allocator can be left out.
//!
//! # Safety
//! All calls are those of `GlobalAlloc`, with `size` and `align` in place of a layout.

use alloc::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};

/// The layout for a size and an alignment that make one.
///
/// # Safety
/// - `align` is a power of two, and `size` rounded up to it is at most `isize::MAX`.
unsafe fn layout(size: usize, align: usize) -> Layout {
    // SAFETY: the caller's promise.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn allocate(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the caller's promise.
    unsafe { alloc(layout) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn allocate_zeroed(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the caller's promise.
    unsafe { alloc_zeroed(layout) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn resize(at: *mut u8, size: usize, align: usize, to: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the caller's promise.
    unsafe { realloc(at, layout, to) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(at: *mut u8, size: usize, align: usize) {
    // SAFETY: the caller's promise.
    let layout = unsafe { layout(size, align) };
    // SAFETY: the caller's promise.
    unsafe { dealloc(at, layout) };
}
