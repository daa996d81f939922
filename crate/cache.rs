//! A cache: the objects of one size class, in slabs behind magazines.
//!
//! A cache never asks for memory itself. `refill` says when it has no free object; whoever owns the memory then gives it
//! a slab with `adopt`, and takes empty ones away with `part`. So the order of trying, reclaiming and growing is decided in
//! one place, the heap.
#![deny(unsafe_code)]

use crate::bins;
use crate::magazine::slot;
use crate::record::{Id, get};
use crate::size_class::quotient;
use crate::slab::{FULL, bin};
use crate::source::Source;
#[cfg(feature = "audit")]
use crate::units::Addr;
use crate::vmem::tag::SLAB;
use crate::vmem::{Tag, Tiling, Vmem, index};

#[allow(unsafe_code, reason = "ids of a cache's fields")]
pub(crate) mod record;

pub(crate) use record::Cache;

/// A cache in its memory: the operations on the record [`Cache`].
pub(crate) struct Caching<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) cache: Id<Cache>,
}

impl<S: Source> Caching<'_, S> {
    #[inline(always)]
    fn state(&self) -> &Cache {
        get(self.source, self.cache)
    }

    /// Fills the loaded magazine, which is empty, with objects of `size` from the fullest slabs; whether there is a round
    /// now.
    ///
    /// Objects go in from the top of a slab down, so they come out in the order of their addresses.
    pub(crate) fn refill(&self, size: u32) -> bool {
        let cache = self.state();
        let magazines = &cache.magazines;
        loop {
            let list = cache.bins.nonempty.get().trailing_zeros();
            let link = if list < FULL { bins::first(self.source, self.cache.bins(), list) } else { None };
            let Some(link) = link else { return magazines.rounds.get() != 0 };
            let id = Id::<Tag>::of_link(link);
            let slab = get(self.source, id);
            let mut free = slab.bits.get();
            while free != 0 {
                let index = 63 - free.leading_zeros();
                if !magazines.give(self.source, slab.start.get() + index * size) {
                    break;
                }
                free &= !(1 << index);
            }
            self.refile(id, free);
            if free != 0 {
                return true;
            }
        }
    }

    /// Gives the `rounds` rounds, objects of `size`, of the magazine at `base` back to their slabs, and slabs that are empty
    /// then, or rounds that are segments themselves, to the arena. None is kept: the magazines are hysteresis enough.
    ///
    /// Neighbours in a magazine often come from one slab, so a slab is looked up and filed once for a run of them.
    pub(crate) fn flush(&self, vmem: &Vmem<'_, S>, size: u32, base: u32, rounds: u32) {
        let mut index = 0;
        while index < rounds {
            let id = index::look(self.source, vmem.arena, slot(self.source, base, index).get());
            let slab = get(self.source, id);
            if slab.kind.get() < SLAB {
                vmem.make_free(id);
                index += 1;
                continue;
            }
            let mut free = slab.bits.get();
            while index < rounds {
                let object = quotient(slot(self.source, base, index).get().wrapping_sub(slab.start.get()), size);
                if object >= slab.owner.get() {
                    break;
                }
                free |= 1 << object;
                index += 1;
            }
            if free.count_ones() == slab.owner.get() {
                bins::withdraw(self.source, self.cache.bins(), bin(slab), id.link());
                vmem.make_free(id);
            } else {
                self.refile(id, free);
            }
        }
    }

    /// Adds a slab of `objects` free objects.
    pub(crate) fn adopt(&self, id: Id<Tag>, objects: u32) {
        let (cache, slab) = (self.state(), get(self.source, id));
        slab.owner.set(objects);
        slab.bits.set(u64::MAX >> (64 - objects));
        cache.creates.set(cache.creates.get() + 1);
        bins::file(self.source, self.cache.bins(), bin(slab), id.link());
    }

    /// Takes the first free object out of the fullest slab, past the magazines.
    #[cfg(feature = "audit")]
    pub(crate) fn take_one(&self, size: u32) -> Option<Addr> {
        let list = self.state().bins.nonempty.get().trailing_zeros();
        let link = if list < FULL { bins::first(self.source, self.cache.bins(), list) } else { None };
        let id = Id::<Tag>::of_link(link?);
        let slab = get(self.source, id);
        let index = slab.bits.get().trailing_zeros();
        self.refile(id, slab.bits.get() & !(1 << index));
        Some(Addr(slab.start.get() + index * size))
    }

    /// The slabs that have a free object.
    #[cfg(feature = "audit")]
    pub(crate) fn each_slab(&self, mut f: impl FnMut(&Tag)) {
        for list in 0..FULL {
            let mut next = bins::first(self.source, self.cache.bins(), list);
            while let Some(link) = next {
                f(get(self.source, Id::<Tag>::of_link(link)));
                next = get(self.source, link).next.first.get();
            }
        }
    }

    /// Notes which objects of a slab are free now, and moves it to the bin it now belongs into.
    fn refile(&self, id: Id<Tag>, free: u64) {
        let slab = get(self.source, id);
        let old = bin(slab);
        slab.bits.set(free);
        let new = bin(slab);
        if new != old {
            bins::withdraw(self.source, self.cache.bins(), old, id.link());
            bins::file(self.source, self.cache.bins(), new, id.link());
        }
    }
}
