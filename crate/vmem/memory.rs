//! The arena of a heap: addresses of memory, in quanta of 128 bytes.
//!
//! It differs from other arenas where a wasm heap does from other resources. Memory that adjoins the last span extends it
//! instead of making a new one, so segments merge across growth; spans are in address order, and there are no constraints but
//! the quantum. A request takes a low segment among a few, so that what is free gathers at the end of the memory, where
//! growth extends it. What a segment is found by is an index of the memory ([`index`]), and tags come from the heap's
//! metadata (invariant I12). One address says from where on the last span is still zero.
#![deny(unsafe_code)]

use super::segments::{LISTS as ORDERS, Segments, Tiling};
use super::tag::{FREE, SPAN, Tag};
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::QUANTUM_SHIFT;

pub(crate) mod index;
#[allow(unsafe_code, reason = "ids of the arena's fields")]
pub(crate) mod record;

pub(crate) use record::MemoryArena;

/// How many free segments of a list a request looks at. Bounds the work where many are a little too short; the price is that
/// one that fits may be overlooked.
const PROBES: u32 = 8;

/// Of how many lists that have a segment long enough a request takes the lowest.
const LISTS: u32 = 4;

/// The arena in its memory: the operations on the record [`MemoryArena`].
pub(crate) struct Vmem<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) arena: Id<MemoryArena>,
}

impl<S: Source> Tiling for Vmem<'_, S> {
    type Memory = S;

    #[inline(always)]
    fn memory(&self) -> &S {
        self.source
    }

    #[inline(always)]
    fn segments(&self) -> Id<Segments> {
        self.arena.segments()
    }

    #[inline(always)]
    fn order(&self, len: u32) -> u32 {
        order(len)
    }

    #[inline(always)]
    fn take_tag(&self) -> Id<Tag> {
        record::take_tag(self.source, self.arena)
    }

    #[inline(always)]
    fn give_tag(&self, tag: Id<Tag>) {
        record::give_tag(self.source, self.arena, tag);
    }

    #[inline(always)]
    fn absorbs(&self, tag: Id<Tag>) {
        index::strike(self.source, self.arena, tag);
    }
}

impl<S: Source> Vmem<'_, S> {
    #[inline(always)]
    fn arena(&self) -> &MemoryArena {
        get(self.source, self.arena)
    }

    /// Gives the arena the memory `[start, start + len)`, whole quanta of zero bytes. Needs two spare tags.
    pub(crate) fn add(&self, start: u32, len: u32) {
        let last = self.tag(self.segments().last());
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
        self.make_free(id);
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
        let mut nonempty = get(self.source, self.segments().free()).nonempty.get() & u64::MAX << order(len);
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

    /// Whether a free segment of `len` bytes would be found.
    pub(crate) fn has(&self, len: u32) -> bool {
        self.find(len).is_some()
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
            self.make_free(rest);
        }
        let arena = self.arena();
        if arena.fresh.get() < tag.end() {
            arena.fresh.set(tag.end());
        }
    }

    /// Where the free memory at the end of the last span begins: its end, where the last segment is held.
    pub(crate) fn tail(&self) -> u32 {
        let last = self.tag(self.segments().last());
        let before = self.tag(last.before());
        if before.kind.get() == FREE { before.start.get() } else { last.start.get() }
    }

    /// Where the last span ends; zero before there is one.
    pub(crate) fn end(&self) -> u32 {
        self.tag(self.segments().last()).start.get()
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
