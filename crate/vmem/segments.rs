//! Segments: the tiling of spans that every arena is, and the few operations that change it.
//!
//! Marks and segments are one list of tags in the order of their places: a mark where a span begins, then the segments that
//! tile the span, in address order, and a mark at either end. A mark is never free, so no segment merges past one, and no
//! operation asks whether it is at an end. Free segments are also in lists by length, and one word says which of those are
//! not empty.
//!
//! What differs between the heap's arena and all others is what an implementation of [`Tiling`] says: the unit of lengths, where
//! tags come from, and what else names a segment.
#![deny(unsafe_code)]

use super::tag::{FREE, Tag};
use crate::bins;
use crate::list::{self, Head, Link};
use crate::record::{Id, get};
use crate::source::Source;

#[allow(unsafe_code, reason = "ids of its fields")]
mod record;

pub(crate) use record::{LISTS, Segments};

/// An arena, as its segments see it.
pub(crate) trait Tiling {
    /// Where its records lie.
    type Memory: Source;

    /// Where its records lie.
    fn memory(&self) -> &Self::Memory;

    /// Its record.
    fn segments(&self) -> Id<Segments>;

    /// The number of the free list of segments that are `len` long; a segment of a higher list is longer.
    fn order(&self, len: u32) -> u32;

    /// A tag with any contents, of those that the caller of an operation reserved.
    fn take_tag(&self) -> Id<Tag>;

    /// Takes a tag back that is in no list.
    fn give_tag(&self, tag: Id<Tag>);

    /// Hears that `tag`, still in its place, is about to be given up because its segment became part of the one before.
    fn absorbs(&self, tag: Id<Tag>);

    /// A tag.
    #[inline(always)]
    fn tag(&self, id: Id<Tag>) -> &Tag {
        get(self.memory(), id)
    }

    /// Begins an arena whose record is all zero: links the marks at the ends of its list.
    fn begin(&self) {
        list::insert(self.memory(), self.segments().first().place().rest(), self.segments().last().place());
    }

    /// The first of free list `list`.
    #[inline(always)]
    fn first_free(&self, list: u32) -> Option<Id<Link>> {
        bins::first(self.memory(), self.segments().free(), list)
    }

    /// Makes a segment free, as one with its free neighbours.
    #[inline(never)]
    fn make_free(&self, id: Id<Tag>) {
        let id = self.join(id);
        self.file(id);
    }

    /// Makes a segment one with its free neighbours; it is in no free list then.
    fn join(&self, id: Id<Tag>) -> Id<Tag> {
        self.absorb_next(id);
        let before = self.tag(id).before();
        if self.tag(before).kind.get() != FREE {
            return id;
        }
        self.withdraw(before);
        self.absorb(before, id);
        before
    }

    /// Adds the segment behind to this one, where it is free.
    fn absorb_next(&self, id: Id<Tag>) {
        let next = self.tag(id).next();
        if self.tag(next).kind.get() == FREE {
            self.withdraw(next);
            self.absorb(id, next);
        }
    }

    /// Adds the segment `next`, which is right behind and in no free list, to this one.
    #[inline(never)]
    fn absorb(&self, id: Id<Tag>, next: Id<Tag>) {
        let tag = self.tag(id);
        tag.len.set(tag.len.get() + self.tag(next).len.get());
        self.absorbs(next);
        self.unmake(next);
    }

    /// Cuts a segment at `len`: a new tag behind it for the rest, in no free list.
    fn split(&self, id: Id<Tag>, len: u32) -> Id<Tag> {
        let rest = self.make(id.place().rest());
        let (tag, new) = (self.tag(id), self.tag(rest));
        new.start.set(tag.start.get() + len);
        new.len.set(tag.len.get() - len);
        new.kind.set(tag.kind.get());
        new.owner.set(tag.owner.get());
        tag.len.set(len);
        rest
    }

    /// A new tag where `head` names it.
    #[inline(never)]
    fn make(&self, head: Id<Head>) -> Id<Tag> {
        let id = self.take_tag();
        list::insert(self.memory(), head, id.place());
        id
    }

    /// A new tag before the mark that ends the list.
    fn make_last(&self) -> Id<Tag> {
        self.make(self.tag(self.segments().last()).before().place().rest())
    }

    /// Gives up a tag that is in no list but that of the places.
    #[inline(always)]
    fn unmake(&self, id: Id<Tag>) {
        list::remove(self.memory(), id.place());
        self.give_tag(id);
    }

    /// Puts a segment on the free list for its length.
    fn file(&self, id: Id<Tag>) {
        let tag = self.tag(id);
        tag.kind.set(FREE);
        bins::file(self.memory(), self.segments().free(), self.order(tag.len.get()), id.link());
    }

    /// Takes a segment off its free list.
    #[inline(never)]
    fn withdraw(&self, id: Id<Tag>) {
        bins::withdraw(self.memory(), self.segments().free(), self.order(self.tag(id).len.get()), id.link());
    }
}
