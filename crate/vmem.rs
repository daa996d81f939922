//! The arena: a resource allocator of integers after Bonwick and Adams 2001 ("Magazines and Vmem"), as in illumos vmem.c
//! and NetBSD subr_vmem.c.
//!
//! An arena is made of spans, which it was given, and each span is tiled by segments, free or busy, in address order.
//! Tags describe them from outside, so the memory itself is never touched here: free memory stays as it was, which is what
//! lets zeroed requests skip the clear. Free segments are in lists by length, four to a power of two, and one word says
//! which lists are not empty. A freed segment merges with its free neighbours at once.
//!
//! Two deviations from the classic. Memory that adjoins the last span extends it instead of making a new one, so segments
//! merge across growth. And a span is only a mark in the list of segments, with the list's ends marks too: a mark is not
//! free, so no segment merges past one, and no operation asks whether it is at an end.
//!
//! Every call needs at most two new tags and takes them from a reserve that the owner keeps filled (invariant I12), so
//! making a tag never needs a tag.
#![deny(unsafe_code)]

use crate::bins;
use crate::list::{self, Head, Link};
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::QUANTUM_SHIFT;

#[allow(unsafe_code, reason = "ids of the arena's fields")]
pub(crate) mod arena;
pub(crate) mod index;
#[allow(unsafe_code, reason = "ids of a tag's fields")]
pub(crate) mod tag;

pub(crate) use arena::Arena;
use arena::ORDERS;
pub(crate) use tag::{FREE, SPAN, Tag};

/// How many free segments of a list a request looks at. Bounds the work where many are a little too short; the price is that
/// one that fits may be overlooked.
const PROBES: u32 = 8;

/// Of how many lists that have a segment long enough a request takes the lowest.
const LISTS: u32 = 4;

/// An arena in its memory: the operations on the record [`Arena`].
pub(crate) struct Vmem<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) arena: Id<Arena>,
}

impl<S: Source> Vmem<'_, S> {
    #[inline(always)]
    fn arena(&self) -> &Arena {
        get(self.source, self.arena)
    }

    #[inline(always)]
    fn tag(&self, id: Id<Tag>) -> &Tag {
        get(self.source, id)
    }

    /// Begins an arena whose record is all zero: links the marks at the ends of its list.
    pub(crate) fn begin(&self) {
        list::insert(self.source, self.arena.first().place().rest(), self.arena.last().place());
    }

    /// Gives the arena the memory `[start, start + len)`, whole quanta of zero bytes. Needs two spare tags.
    pub(crate) fn add(&self, start: u32, len: u32) {
        let last = self.tag(self.arena.last());
        if last.start.get() != start {
            let mark = self.tag(self.make_last());
            mark.start.set(start);
            mark.kind.set(SPAN);
            self.arena().fresh.set(start);
        }
        last.start.set(start + len);
        let id = self.make_last();
        self.tag(id).start.set(start);
        self.tag(id).len.set(len);
        self.free(id);
    }

    /// Takes `len` bytes (whole quanta), or where no free segment has them at least `min`, for a holder that calls them
    /// `kind`. The tag's `owner` is 1 iff they are known to be zero. Needs a spare tag.
    #[inline(never)]
    pub(crate) fn alloc(&self, min: u32, len: u32, kind: u32) -> Option<Id<Tag>> {
        let found = self.find(len);
        let id = if found.is_some() { found } else { self.find(min) }?;
        self.withdraw(id);
        let tag = self.tag(id);
        tag.kind.set(kind);
        tag.owner.set((tag.start.get() >= self.arena().fresh.get()) as u32);
        self.cut(id, len.min(tag.len.get()));
        Some(id)
    }

    /// A free segment of at least `len` bytes: the one with the lowest address among the first [`PROBES`] of each of the first
    /// [`LISTS`] lists that have one long enough.
    ///
    /// Low addresses first keeps what is free together at the end of the memory, where growth extends it.
    #[inline(never)]
    fn find(&self, len: u32) -> Option<Id<Tag>> {
        let mut best = None;
        let mut lowest = u32::MAX;
        let mut lists = LISTS;
        let mut nonempty = self.arena().free.nonempty.get() & u64::MAX << order(len);
        while nonempty != 0 && lists != 0 {
            let mut next = self.first_free(nonempty.trailing_zeros());
            nonempty &= nonempty - 1;
            for _ in 0..PROBES {
                let Some(link) = next else { break };
                let id = Id::<Tag>::of_link(link);
                let tag = self.tag(id);
                if tag.len.get() >= len && tag.start.get() < lowest {
                    lowest = tag.start.get();
                    best = Some(id);
                }
                next = tag.link.next.first.get();
            }
            lists -= best.is_some() as u32;
        }
        best
    }

    #[inline(always)]
    fn first_free(&self, list: u32) -> Option<Id<Link>> {
        bins::first(self.source, self.arena.free(), list)
    }

    /// Makes a segment free, as one with its free neighbours.
    #[inline(never)]
    pub(crate) fn free(&self, id: Id<Tag>) {
        self.absorb_next(id);
        let before = self.tag(id).before();
        if self.tag(before).kind.get() == FREE {
            self.withdraw(before);
            self.absorb(before, id);
            self.file(before);
        } else {
            self.file(id);
        }
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
        index::strike(self.source, self.arena, next);
        list::remove(self.source, next.place());
        arena::give_tag(self.source, self.arena, next);
    }

    /// Makes a held segment `len` bytes long without moving it, where what is behind allows; whether it is now. Needs a
    /// spare tag.
    #[inline(never)]
    pub(crate) fn resize(&self, id: Id<Tag>, len: u32) -> bool {
        let tag = self.tag(id);
        if tag.len.get() < len {
            let next = self.tag(tag.next());
            if next.kind.get() != FREE || tag.len.get() + next.len.get() < len {
                return false;
            }
            self.absorb_next(id);
        }
        self.cut(id, len);
        true
    }

    /// Keeps the first `len` bytes of a held segment and frees the rest. Needs a spare tag.
    #[inline(never)]
    pub(crate) fn cut(&self, id: Id<Tag>, len: u32) {
        let tag = self.tag(id);
        if tag.len.get() != len {
            let rest = self.split(id, len);
            self.free(rest);
        }
        let arena = self.arena();
        if arena.fresh.get() < tag.end() {
            arena.fresh.set(tag.end());
        }
    }

    /// Where the free memory at the end of the last span begins: its end, where the last segment is held.
    pub(crate) fn tail(&self) -> u32 {
        let last = self.tag(self.arena.last());
        let before = self.tag(last.before());
        if before.kind.get() == FREE { before.start.get() } else { last.start.get() }
    }

    /// Where the last span ends; zero before there is one.
    pub(crate) fn end(&self) -> u32 {
        self.tag(self.arena.last()).start.get()
    }

    /// Cuts a segment at `len`: a new tag behind it for the rest, in no free list. Needs a spare tag.
    pub(crate) fn split(&self, id: Id<Tag>, len: u32) -> Id<Tag> {
        let rest = self.make(id.place().rest());
        let (tag, new) = (self.tag(id), self.tag(rest));
        new.start.set(tag.start.get() + len);
        new.len.set(tag.len.get() - len);
        new.kind.set(tag.kind.get());
        new.owner.set(tag.owner.get());
        tag.len.set(len);
        rest
    }

    /// A new tag where `head` names it, out of the reserve.
    #[inline(never)]
    fn make(&self, head: Id<Head>) -> Id<Tag> {
        let id = arena::take_tag(self.source, self.arena);
        list::insert(self.source, head, id.place());
        id
    }

    /// A new tag before the mark that ends the list.
    fn make_last(&self) -> Id<Tag> {
        self.make(self.tag(self.arena.last()).before().place().rest())
    }

    /// Puts a segment on the free list for its length.
    fn file(&self, id: Id<Tag>) {
        let tag = self.tag(id);
        tag.kind.set(FREE);
        bins::file(self.source, self.arena.free(), order(tag.len.get()), id.link());
    }

    /// Takes a segment off its free list.
    #[inline(never)]
    fn withdraw(&self, id: Id<Tag>) {
        bins::withdraw(self.source, self.arena.free(), order(self.tag(id).len.get()), id.link());
    }
}

/// The number of the free list of segments of `len` bytes: exact to 8 quanta, then four lists to a power of two, and the
/// last for all that is longer. A segment of a higher list is longer.
#[inline(never)]
pub(crate) const fn order(len: u32) -> u32 {
    let last = (len >> QUANTUM_SHIFT).wrapping_sub(1);
    let exponent = 31 - (last | 4).leading_zeros();
    let list = ((exponent - 2) << 2) + (last >> (exponent - 2));
    if list < ORDERS as u32 { list } else { ORDERS as u32 - 1 }
}
