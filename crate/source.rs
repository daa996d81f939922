//! Where pages come from: the one call by which a heap grows, and the map from addresses to pointers.
//!
//! A source owns the casts between [`Addr`] and pointers, so the rest of the crate computes with integers and keeps
//! provenance by construction. There are two: `memory.grow` on wasm, and [`Fixed`], a byte array, for memories
//! that must never grow, for tests and for Miri. This file also holds the arithmetic of growth, which has no pointers.
//!
//! The rules every user of a source keeps (they are where wasm allocators break): somebody else may grow the memory
//! between any two calls, so only what a call returns is ours; growth is asked for what is missing behind the free tail;
//! the last page of the address space is never used; a refusal changes nothing.

use crate::units::{Addr, LIMIT, Pages};

mod fixed;
mod still;
mod storage;
#[cfg(target_family = "wasm")]
pub(crate) mod wasm;

pub use fixed::{Fixed, Page};
pub(crate) use still::Still;
pub use storage::{Slot, Storage};

/// A linear memory that grows by pages.
///
/// # Safety
/// - `grow` returns the start of `pages` pages that nobody else uses or will be given, on a page boundary, zero filled,
///   ending at or below 4 GiB;
/// - `at` returns, for an address inside what `grow` or `initial` returned, a pointer valid for reads and writes to the
///   end of that span for as long as the source lives, and `addr` is its inverse;
/// - neither allocates from the heap that is fed.
pub unsafe trait Source {
    /// Adds pages at the end of the memory. `None` where that is refused; then nothing changed.
    fn grow(&self, pages: Pages) -> Option<Addr>;

    /// The end of the memory now, whoever made it grow: where a [`grow`](Self::grow) would begin. In pages, because
    /// 4 GiB is no address.
    fn end(&self) -> Pages;

    /// Pages that the memory can still grow by, as far as the source knows: what is above the end, where it knows no limit.
    fn room(&self) -> Pages {
        Pages((LIMIT >> 16).saturating_sub(self.end().0))
    }

    /// Memory that is there from the start and that nobody owns: its first and one past its last address.
    fn initial(&self) -> Option<(Addr, Addr)> {
        None
    }

    /// The pointer to the byte at `addr`.
    fn at(&self, addr: Addr) -> *mut u8;

    /// The address of the byte at `ptr`, a pointer that came from [`at`](Self::at).
    fn addr(&self, ptr: *mut u8) -> Addr;
}

/// Copies the bytes from `addr` on, all of which lie in what the source granted.
#[cfg(feature = "inspector")]
pub(crate) fn copy<S: Source>(source: &S, addr: Addr, into: &mut [u8]) {
    let from = source.at(addr);
    // SAFETY: the bytes are in the memory (caller), which outlives this call and which nobody changes meanwhile: a heap and
    // its images have one thread. `into` may lie in that memory: a module's image of its own memory holds its stack.
    unsafe { core::ptr::copy(from, into.as_mut_ptr(), into.len()) };
}
