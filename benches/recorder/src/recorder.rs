//! The allocator that records another one.

use std::alloc::{GlobalAlloc, Layout};

use crate::log;

/// An allocator that records what another one is asked for and gives.
///
/// Requests that were refused are not recorded. One thread at a time allocates, so the record has the order in which the
/// requests were served.
///
/// ```
/// use flagstone_recorder::Recorder;
/// use std::alloc::{GlobalAlloc, Layout, System};
///
/// static ALLOCATOR: Recorder<System> = Recorder::new(System);
///
/// let layout = Layout::new::<u64>();
/// // SAFETY: the layout is not empty; what was allocated is freed once.
/// unsafe { ALLOCATOR.dealloc(ALLOCATOR.alloc(layout), layout) };
/// ```
#[derive(Debug)]
pub struct Recorder<A>(A);

impl<A> Recorder<A> {
    /// Records `inner`.
    pub const fn new(inner: A) -> Self {
        Self(inner)
    }
}

// SAFETY: every call is passed on as it came, once, and recording allocates nothing and does not unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Recorder<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut log = log::enter();
        // SAFETY: the caller's promises are the same as ours.
        let at = unsafe { self.0.alloc(layout) };
        if let Some(log) = &mut log {
            log.born(at.addr(), layout, false);
        }
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let mut log = log::enter();
        // SAFETY: the caller's promises are the same as ours.
        let at = unsafe { self.0.alloc_zeroed(layout) };
        if let Some(log) = &mut log {
            log.born(at.addr(), layout, true);
        }
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (mut log, old) = (log::enter(), at.addr());
        // SAFETY: the caller's promises are the same as ours.
        let at = unsafe { self.0.realloc(at, layout, size) };
        if let Some(log) = &mut log {
            log.resized(old, at.addr(), layout, size);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // Held to the end: from then on another thread may get the same address.
        let mut log = log::enter();
        if let Some(log) = &mut log {
            log.died(at.addr(), layout);
        }
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.dealloc(at, layout) }
    }
}
