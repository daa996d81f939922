//! A cache: the objects of one size class, in slabs behind magazines.
//!
//! A cache never asks for memory itself. `refill` says when it has no free object; whoever owns the memory then gives it
//! a slab with `adopt`, and takes empty ones away with `part`. So the order of trying, reclaiming and growing is decided in
//! one place, the heap.
#![deny(unsafe_code)]

use crate::bins;
use crate::magazine::slot;
use crate::page_map::{self, Map};
use crate::record::{Id, get};
use crate::size_class::quotient;
use crate::slab::{EMPTY, FULL, Slab};
use crate::source::Source;

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
            let bin = cache.bins.nonempty.get().trailing_zeros();
            if bin >= FULL || magazines.rounds.get() == magazines.capacity.get() {
                return magazines.rounds.get() != 0;
            }
            let id = Id::<Slab>::of_place(bins::first(self.source, self.cache.bins(), bin));
            let slab = get(self.source, id);
            self.withdraw(id);
            let mut free = slab.free.get();
            while free != 0 {
                let index = 63 - free.leading_zeros();
                if !magazines.give(self.source, slab.start.get() + index * size) {
                    break;
                }
                free &= !(1 << index);
            }
            slab.free.set(free);
            self.file(id);
        }
    }

    /// Gives the `rounds` rounds, objects of `size`, of the magazine at `base` back to their slabs.
    ///
    /// Neighbours in a magazine often come from one slab, so a slab is looked up and filed once for a run of them.
    pub(crate) fn flush(&self, map: Id<Map>, size: u32, base: u32, rounds: u32) {
        let mut index = 0;
        while index < rounds {
            let id = record::slab_named(page_map::look(self.source, map, slot(self.source, base, index).get()));
            let slab = get(self.source, id);
            let bin = slab.bin();
            let mut free = slab.free.get();
            while index < rounds {
                let offset = slot(self.source, base, index).get().wrapping_sub(slab.start.get());
                let object = quotient(offset, size);
                if object >= slab.objects.get() {
                    break;
                }
                free |= 1 << object;
                index += 1;
            }
            slab.free.set(free);
            if slab.bin() != bin {
                bins::withdraw(self.source, self.cache.bins(), bin, id.place());
                self.file(id);
            }
        }
    }

    /// Adds a slab of `objects` free objects, whose `start`, `class` and `segment` are set.
    pub(crate) fn adopt(&self, id: Id<Slab>, objects: u32) {
        let (cache, slab) = (self.state(), get(self.source, id));
        slab.objects.set(objects);
        slab.free.set(u64::MAX >> (64 - objects));
        cache.creates.set(cache.creates.get() + 1);
        self.file(id);
    }

    /// Takes away an empty slab where there are more than `keep`, 0 or 1; it is the caller's to take apart.
    pub(crate) fn part(&self, keep: u32) -> Option<Id<Slab>> {
        let first = bins::first(self.source, self.cache.bins(), EMPTY);
        if first.is_none() || (keep != 0 && get(self.source, first).next.first.get().is_none()) {
            return None;
        }
        let id = Id::<Slab>::of_place(first);
        self.withdraw(id);
        Some(id)
    }

    /// Puts a slab into the bin of its number of free objects.
    fn file(&self, id: Id<Slab>) {
        bins::file(self.source, self.cache.bins(), get(self.source, id).bin(), id.place());
    }

    /// Takes a slab out of its bin, before that number changes.
    fn withdraw(&self, id: Id<Slab>) {
        bins::withdraw(self.source, self.cache.bins(), get(self.source, id).bin(), id.place());
    }
}
