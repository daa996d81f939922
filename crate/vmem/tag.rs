//! Boundary tags: the record of one segment of an arena, or the mark where a span begins.

use core::cell::Cell;

use crate::list::{Head, Link};
use crate::record::{Id, Record, Word};

/// A mark in the list of segments: a span begins here, or the list does, or it ends.
pub(crate) const SPAN: u32 = 1;
/// A segment that nobody holds.
pub(crate) const FREE: u32 = 2;
/// The first kind of a segment that somebody holds; what it and the ones above mean is the holder's.
pub(crate) const BUSY: u32 = 3;

/// A segment `[start, start + len)`, or a mark.
#[repr(C)]
pub(crate) struct Tag {
    /// Place among the marks and segments of the arena.
    pub(crate) place: Link,
    /// Place in the free list of its order while free; in the list of spare records while it is no tag.
    pub(crate) free: Link,
    /// First address.
    pub(crate) start: Word,
    /// Length in bytes, a multiple of the quantum; zero for a mark.
    pub(crate) len: Word,
    /// `SPAN`, `FREE`, or what its holder calls it.
    pub(crate) kind: Word,
    /// A word for the holder of a busy segment; at first whether its bytes are zero.
    pub(crate) owner: Cell<u32>,
}

// SAFETY: `repr(C)`, eight words, no padding.
unsafe impl Record for Tag {}

/// Bytes of a record that comes out of the reserve: a tag's.
pub(crate) const RECORD_LEN: u32 = size_of::<Tag>() as u32;

impl Tag {
    /// One past the last address; no wrap, because nothing reaches past `LIMIT`.
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

    /// Its place in a free list.
    pub(crate) const fn free(self) -> Id<Link> {
        // SAFETY: `free` follows `place`, a link of 8 bytes.
        unsafe { self.field(8) }
    }

    /// The tag whose `place` this is.
    pub(crate) const fn of_place(link: Id<Link>) -> Self {
        // SAFETY: links in the list of segments are `place`s, at offset 0.
        unsafe { link.container(0) }
    }

    /// The tag whose `place` begins with this word, the head of the rest of the list.
    pub(crate) const fn of_rest(head: Id<Head>) -> Self {
        // SAFETY: every word in the list of segments is the `next` of a `place`, at offset 0: the list begins with a mark.
        unsafe { head.container(0) }
    }

    /// The tag whose `free` this is.
    pub(crate) const fn of_free(link: Id<Link>) -> Self {
        // SAFETY: links in free lists are `free`s, at offset 8.
        unsafe { link.container(8) }
    }
}
