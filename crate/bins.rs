//! Lists in bins: an array of list heads, and one word that says which are not empty.
//!
//! Bit `n` of `nonempty` is set iff list `n` has a link (invariants I3 and I8), so the lowest list at or above a bin is one
//! instruction away. The free segments of an arena and the slabs of a cache are kept so.

use core::cell::Cell;

use crate::list::{self, Head, Link};
use crate::record::{Id, Record, get};
use crate::source::Source;

/// `N` lists, at most 64 and an even number.
#[repr(C)]
pub(crate) struct Bins<const N: usize> {
    /// Bit `n` is set iff list `n` is not empty.
    pub(crate) nonempty: Cell<u64>,
    /// The lists.
    pub(crate) heads: [Head; N],
}

// SAFETY: `repr(C)`, a double word and an even number of words, no padding.
unsafe impl<const N: usize> Record for Bins<N> {}

impl<const N: usize> Id<Bins<N>> {
    /// The lists without their number, so that the code below is there once.
    const fn any(self) -> Id<Bins<0>> {
        // SAFETY: the word and the lists behind it are the same record, whatever their number.
        unsafe { self.field(0) }
    }
}

/// The head of list `bin`.
const fn head(bins: Id<Bins<0>>, bin: u32) -> Id<Head> {
    // SAFETY: `bin` is below the number of lists (callers count bits of `nonempty` or compute bins); heads are 4 bytes.
    unsafe { bins.field(8 + 4 * bin) }
}

/// Puts `link` first into list `bin`.
pub(crate) fn file<S: Source, const N: usize>(source: &S, bins: Id<Bins<N>>, bin: u32, link: Id<Link>) {
    file_any(source, bins.any(), bin, link);
}

/// Takes `link` out of list `bin`.
pub(crate) fn withdraw<S: Source, const N: usize>(source: &S, bins: Id<Bins<N>>, bin: u32, link: Id<Link>) {
    withdraw_any(source, bins.any(), bin, link);
}

#[inline(never)]
fn file_any<S: Source>(source: &S, bins: Id<Bins<0>>, bin: u32, link: Id<Link>) {
    list::insert(source, head(bins, bin), link);
    let nonempty = &get(source, bins).nonempty;
    nonempty.set(nonempty.get() | 1 << bin);
}

#[inline(never)]
fn withdraw_any<S: Source>(source: &S, bins: Id<Bins<0>>, bin: u32, link: Id<Link>) {
    list::remove(source, link);
    if first(source, bins, bin).is_none() {
        let nonempty = &get(source, bins).nonempty;
        nonempty.set(nonempty.get() & !(1 << bin));
    }
}

/// The first link of list `bin`, or none.
#[inline(always)]
pub(crate) fn first<S: Source, const N: usize>(source: &S, bins: Id<Bins<N>>, bin: u32) -> Option<Id<Link>> {
    get(source, head(bins.any(), bin)).first.get()
}
