//! Counts and hashes the requests of a run, in a build of its own, so that the timed builds carry no
//! counting at all. It wraps the chosen allocator and changes nothing about a request.
//!
//! The hash covers kind, size and alignment of every request in order. Equal hashes from two
//! allocators mean that both served the same stream, also where std or a library made the requests.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::alloc::{GlobalAlloc, Layout};

/// Calls so far: allocations, reallocations and frees.
static OPERATIONS: AtomicU64 = AtomicU64::new(0);
/// Bytes requested and not yet freed.
static LIVE: AtomicU64 = AtomicU64::new(0);
/// The most that `LIVE` has been.
static PEAK: AtomicU64 = AtomicU64::new(0);
/// Hash of all requests in order.
static STREAM: AtomicU64 = AtomicU64::new(0);

/// An allocator that keeps the books of another one.
pub(crate) struct Ledger<A>(A);

impl<A> Ledger<A> {
    /// Wraps `inner`.
    pub(crate) const fn new(inner: A) -> Ledger<A> {
        Ledger(inner)
    }
}

/// Books one request: `kind`, what it is about, and how many bytes come and go with it.
fn book(kind: u64, layout: Layout, gained: usize, lost: usize) {
    OPERATIONS.fetch_add(1, Relaxed);
    let live = LIVE.load(Relaxed) + gained as u64 - lost as u64;
    LIVE.store(live, Relaxed);
    PEAK.fetch_max(live, Relaxed);
    let mut stream = STREAM.load(Relaxed);
    for word in [kind, layout.align() as u64, gained as u64, lost as u64] {
        stream = (stream ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }
    STREAM.store(stream, Relaxed);
}

// SAFETY: every call is passed on as it came, and booking does not allocate.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Ledger<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        book(1, layout, layout.size(), 0);
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        book(2, layout, layout.size(), 0);
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        book(3, layout, size, layout.size());
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        book(4, layout, 0, layout.size());
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.dealloc(at, layout) }
    }
}

/// Allocations, reallocations and frees so far.
#[unsafe(no_mangle)]
extern "C" fn ledger_operations() -> u64 {
    OPERATIONS.load(Relaxed)
}

/// The most bytes that were requested and not yet freed.
#[unsafe(no_mangle)]
extern "C" fn ledger_peak_live() -> u64 {
    PEAK.load(Relaxed)
}

/// Hash of kind, size and alignment of all requests in order.
#[unsafe(no_mangle)]
extern "C" fn ledger_stream() -> u64 {
    STREAM.load(Relaxed)
}
