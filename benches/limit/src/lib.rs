//! The speed limit of the bench: what allocation costs when nothing is done for memory.
//!
//! One list of free blocks for each of 4 size classes in a doubling. Freeing puts a block at the head of
//! its list, allocating takes the head: four or five instructions each. When a list is empty, a block is
//! cut from fresh memory, which grows by an eighth. Nothing is ever merged, split or given another length,
//! so what was once a block of 64 bytes stays one, and a program that changes its sizes takes memory for
//! each of them. A `realloc` within a class stays where it is, every other one copies.
//!
//! It is what the others are measured against, not an allocator for use.
#![no_std]

#[cfg(test)]
extern crate std;

mod class;

use class::{COUNT, Class};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};

/// Bytes of a wasm page.
const PAGE: usize = 64 * 1024;

/// The allocator.
pub struct Limit(UnsafeCell<State>);

/// Free blocks and fresh memory.
struct State {
    /// The block freed last of each class; each free block begins with the address of the next one.
    heads: [Option<NonNull<Link>>; COUNT],
    /// Where fresh memory begins, and where it ends.
    fresh: usize,
    end: usize,
    /// Bytes that the memory was grown by.
    grown: usize,
}

/// The first word of a free block.
struct Link(Option<NonNull<Link>>);

// SAFETY: only modules without threads are measured, and nothing here calls out.
unsafe impl Sync for Limit {}

impl Limit {
    /// An empty heap.
    pub const fn new() -> Limit {
        Limit(UnsafeCell::new(State { heads: [None; COUNT], fresh: 0, end: 0, grown: 0 }))
    }

    /// The state, for one call.
    #[expect(clippy::mut_from_ref, reason = "there is one thread, and a call does not call another")]
    fn state(&self) -> &mut State {
        // SAFETY: there is one thread, and the reference ends with the call that made it.
        unsafe { &mut *self.0.get() }
    }
}

impl Default for Limit {
    fn default() -> Limit {
        Limit::new()
    }
}

impl State {
    /// Cuts a block from fresh memory.
    #[cold]
    fn cut(&mut self, class: Class) -> Option<NonNull<u8>> {
        let mut at = self.fresh.next_multiple_of(class.align);
        if at.checked_add(class.len)? > self.end {
            self.grow(class)?;
            at = self.fresh.next_multiple_of(class.align);
        }
        self.fresh = at + class.len;
        NonNull::new(core::ptr::with_exposed_provenance_mut(at))
    }

    /// Grows the memory by an eighth, or by what the block needs.
    fn grow(&mut self, class: Class) -> Option<()> {
        let needed = class.len.next_multiple_of(PAGE);
        let start = [needed.max(self.grown / 8).next_multiple_of(PAGE), needed].into_iter().find_map(|len| {
            let start = memory_grow(len / PAGE)?;
            self.grown += len;
            Some((start, start.checked_add(len)?))
        })?;
        // What is left of the last growth goes on into this one, unless somebody else grew in between.
        if start.0 != self.end {
            self.fresh = start.0;
        }
        self.end = start.1;
        Some(())
    }
}

/// Grows the memory; the address of the first new byte.
#[cfg(target_arch = "wasm32")]
fn memory_grow(pages: usize) -> Option<usize> {
    let before = core::arch::wasm32::memory_grow::<0>(pages);
    (before != usize::MAX).then(|| before * PAGE)
}

/// There is nothing to grow elsewhere.
#[cfg(not(target_arch = "wasm32"))]
fn memory_grow(_: usize) -> Option<usize> {
    None
}

// SAFETY: a block is as long and as aligned as its class, and the class is that of the layout (`Class::of`);
// it comes from fresh memory, which is nobody's, or from the list of its class, to which its owner gave it.
unsafe impl GlobalAlloc for Limit {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout) else { return null_mut() };
        let state = self.state();
        let Some(head) = state.heads[class.index] else {
            return state.cut(class).map_or(null_mut(), NonNull::as_ptr);
        };
        // SAFETY: a free block begins with a link.
        state.heads[class.index] = unsafe { head.read() }.0;
        head.as_ptr().cast()
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let (Some(class), Some(block)) = (Class::of(layout), NonNull::new(at.cast::<Link>())) else { return };
        let head = &mut self.state().heads[class.index];
        // SAFETY: the block is its owner's no more, and holds a link at least.
        unsafe { block.write(Link(*head)) };
        *head = Some(block);
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else { return null_mut() };
        if Class::of(wanted) == Class::of(layout) {
            return at;
        }
        // SAFETY: the caller's promises are those of `alloc`.
        let new = unsafe { self.alloc(wanted) };
        if !new.is_null() {
            // SAFETY: both blocks have as many bytes, and they are two.
            unsafe { new.copy_from_nonoverlapping(at, size.min(layout.size())) };
            // SAFETY: the caller gives the block up.
            unsafe { self.dealloc(at, layout) };
        }
        new
    }
}
