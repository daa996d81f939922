//! Intrusive lists of records: the only code that writes links.
//!
//! A list is a [`Head`]: a word that names the first link. A link names the next one and, in `back`, the word that names
//! it, which is either the head or the `next` of its neighbour. So taking a link out needs no head and no test for the
//! first place, a zeroed head is an empty list, and inserting before a link is inserting after the word that names it.

use core::cell::Cell;

use crate::record::{Id, Record, get};
use crate::source::Source;

/// The word that names the first link of a list, or the next link of one.
#[repr(transparent)]
pub(crate) struct Head {
    pub(crate) first: Cell<Id<Link>>,
}

/// A place in a list: a field of the record that is listed.
#[repr(C)]
pub(crate) struct Link {
    pub(crate) next: Head,
    pub(crate) back: Cell<Id<Head>>,
}

// SAFETY: one transparent id.
unsafe impl Record for Head {}
// SAFETY: two ids, `repr(C)`.
unsafe impl Record for Link {}

impl Id<Link> {
    /// The word of this link that names the next one, as the head of the rest of the list.
    pub(crate) const fn rest(self) -> Id<Head> {
        // SAFETY: `next` is the first field of a link.
        unsafe { self.field(0) }
    }
}

/// Puts `link`, which is in no list, where `head` names it: first in a list, or behind a link given its `rest`.
#[inline(never)]
pub(crate) fn insert<S: Source>(source: &S, head: Id<Head>, link: Id<Link>) {
    let (place, new) = (get(source, head), get(source, link));
    let next = place.first.get();
    new.next.first.set(next);
    new.back.set(head);
    place.first.set(link);
    if let Some(next) = next.some() {
        get(source, next).back.set(link.rest());
    }
}

/// Takes `link` out of the list it is in.
#[inline(never)]
pub(crate) fn remove<S: Source>(source: &S, link: Id<Link>) {
    let old = get(source, link);
    let (next, back) = (old.next.first.get(), old.back.get());
    get(source, back).first.set(next);
    if let Some(next) = next.some() {
        get(source, next).back.set(back);
    }
}
