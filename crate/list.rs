//! Intrusive lists of records: the only code that writes links.
//!
//! A list is a [`Head`]: a word that names the first link. A link names the next one and, in `back`, the word that names
//! it, which is either the head or the `next` of its neighbour (invariant I14). So taking a link out needs no head and no
//! test for the first place, a zeroed head is an empty list, and inserting before a link is inserting where the word is that
//! names it. A stack is the same without `back`: only its first link is ever taken.

use crate::record::{Id, Name, Record, get};
use crate::source::Source;

/// The word that names the first link of a list, or the next link of one.
#[repr(transparent)]
#[cfg_attr(test, derive(Default))]
pub(crate) struct Head {
    pub(crate) first: Name<Link>,
}

/// A place in a list: a field of the record that is listed.
#[repr(C)]
#[cfg_attr(test, derive(Default))]
pub(crate) struct Link {
    pub(crate) next: Head,
    pub(crate) back: Name<Head>,
}

// SAFETY: one transparent name.
unsafe impl Record for Head {}
// SAFETY: two names, `repr(C)`.
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
    if let Some(next) = get(source, head).first.get() {
        get(source, next).back.set(Some(link.rest()));
    }
    get(source, link).back.set(Some(head));
    push(source, head, link);
}

/// Takes `link` out of the list it is in.
#[inline(never)]
pub(crate) fn remove<S: Source>(source: &S, link: Id<Link>) {
    let old = get(source, link);
    let (next, back) = (old.next.first.get(), old.back.get());
    // SAFETY: I14: what is in a list is named by a word.
    let back_word = unsafe { back.unwrap_unchecked() };
    get(source, back_word).first.set(next);
    if let Some(next) = next {
        get(source, next).back.set(back);
    }
}

/// Puts `link` first on a stack.
pub(crate) fn push<S: Source>(source: &S, head: Id<Head>, link: Id<Link>) {
    let place = &get(source, head).first;
    get(source, link).next.first.set(place.get());
    place.set(Some(link));
}
