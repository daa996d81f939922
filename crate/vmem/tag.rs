//! Boundary tags: the record of one segment of an arena, or the mark where a span begins.
//!
//! A busy segment's tag has two words for whoever holds it. A slab needs no descriptor of its own, then: its bitmap and its
//! place among the slabs of its cache are its tag's.

use core::cell::Cell;

use crate::list::Link;
use crate::record::{Id, Record, Word};

/// A mark in the list of segments: a span begins here, or the list does, or it ends.
pub(crate) const SPAN: u32 = 0;
/// A segment that nobody holds.
pub(crate) const FREE: u32 = 1;
/// A segment of metadata.
pub(crate) const META: u32 = 2;
/// As [`SPAN`], of a span that goes back to where it came from when it is all free.
pub(crate) const IMPORTED: u32 = 3;
/// A segment that the application holds.
pub(crate) const LARGE: u32 = 5;
/// A segment that is a slab of an object cache, whose record `owner` names. Bits above [`KIND`] are that cache's.
pub(crate) const OBJECTS: u32 = 6;
/// A segment that is one guarded object, whose watch `owner` names. Bits above [`KIND`] are diagnosis'.
#[cfg(any(feature = "audit", feature = "inspector"))]
pub(crate) const AUDITED: u32 = 7;
/// The bits of a kind that say what a segment is.
pub(crate) const KIND: u32 = 0xff;
/// A segment that is a slab of class 0; those of class `n` are `SLAB + n`. In an arena with quantum caches a slab of the one for
/// `n` quanta.
pub(crate) const SLAB: u32 = 8;

/// A segment `[start, start + len)`, or a mark.
#[repr(C)]
#[cfg_attr(test, derive(Default))]
pub(crate) struct Tag {
    /// Place among the marks and segments of the arena.
    pub(crate) place: Link,
    /// Place in the free list for its length while free, in a list of its holder's while held, in the reserve while it is
    /// no tag.
    pub(crate) link: Link,
    /// First address.
    pub(crate) start: Word,
    /// Length, a multiple of the quantum; of no meaning for a mark of the heap's arena, the span's for others.
    pub(crate) len: Word,
    /// `SPAN`, `FREE`, or what its holder calls it.
    pub(crate) kind: Word,
    /// The holder's; at first whether the bytes are zero.
    pub(crate) owner: Word,
    /// The holder's.
    pub(crate) bits: Cell<u64>,
}

// SAFETY: `repr(C)`, eight words and an aligned double word, no padding.
unsafe impl Record for Tag {}

/// Bytes of a tag.
pub(crate) const TAG_LEN: u32 = size_of::<Tag>() as u32;

impl Tag {
    /// The segment or mark behind this one, which is not the last mark.
    pub(crate) fn next(&self) -> Id<Tag> {
        // SAFETY: the list ends with a mark, so what is not that has a next one.
        let link = unsafe { self.place.next.first.get().unwrap_unchecked() };
        // SAFETY: links in the list of segments are `place`s, at offset 0.
        unsafe { link.container(0) }
    }

    /// The segment or mark before this one, which is not the first mark.
    pub(crate) fn before(&self) -> Id<Tag> {
        // SAFETY: what is in a list is named by a word.
        let word = unsafe { self.place.back.get().unwrap_unchecked() };
        // SAFETY: but for the first mark, that word is the `next` of a `place`, at offset 0.
        unsafe { word.container(0) }
    }

    /// One past the last address; no wrap in a heap, because nothing there reaches past `LIMIT`.
    pub(crate) fn end(&self) -> u32 {
        self.start.get() + self.len.get()
    }
}

impl Id<Tag> {
    /// Its place among the segments.
    pub(crate) const fn place(self) -> Id<Link> {
        // SAFETY: `place` is the first field.
        unsafe { self.field(0) }
    }

    /// Its place in another list.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` follows `place`, a link of 8 bytes.
        unsafe { self.field(8) }
    }

    /// The tag whose `place` this is.
    pub(crate) const fn of_place(link: Id<Link>) -> Self {
        // SAFETY: links in the list of segments are `place`s, at offset 0.
        unsafe { link.container(0) }
    }

    /// The tag whose `link` this is.
    pub(crate) const fn of_link(link: Id<Link>) -> Self {
        // SAFETY: links in free lists, bins and the reserve are `link`s, at offset 8.
        unsafe { link.container(8) }
    }
}
