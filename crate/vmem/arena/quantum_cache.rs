//! Quantum caches: lengths of a few quanta in constant time, without searching, cutting or joining.
//!
//! Each serves one number of quanta. Its slabs are segments of the arena, a power of two just above three of the longest objects
//! long (Bonwick and Adams 2001, section 4.4), and begin at a multiple of that, so the slab of a number is a matter of its upper
//! bits. Lengths of which equally many fit into a slab share the cache of the longest. A slab is described by a second tag,
//! its descriptor: which objects are free, and its place among the slabs that have some. On top lie two magazines, which
//! keep what was given back last; where the arena has nothing else, they are emptied and empty slabs go back.
//!
//! A call takes constant time: for a free the look-up of the slab, and for both a bit that says whether the object waits in a
//! magazine, so that what is given back twice is noticed at once.
#![forbid(unsafe_code)]

use super::Arena;
use super::error::Error;
use super::fit::{Constraints, Fit, Wanted};
use super::record::{Descriptor, QuantumCache};
use super::supply::Records;
use crate::list;
use crate::magazine::slot;
use crate::record::{Id, get};
use crate::vmem::segments::Tiling;
use crate::vmem::tag::{SLAB, Tag};

/// The most quanta that a cache serves.
const LONGEST: u32 = 16;

/// Rounds of a magazine.
pub(super) const ROUNDS: u32 = 16;

/// Bytes of a magazine: first where its objects begin, then where their descriptors are.
const MAGAZINE_LEN: u32 = 2 * 4 * ROUNDS;

/// Quanta of a slab of the caches up to `max` quanta.
pub(crate) const fn slab_quanta(max: u32) -> u32 {
    (3 * max + 1).next_power_of_two()
}

/// Which cache serves `quanta` quanta, where there are caches up to `max`.
pub(crate) const fn serving(max: u32, quanta: u32) -> u32 {
    let slab = slab_quanta(max);
    let longest = slab / (slab / quanta);
    if longest < max { longest } else { max }
}

/// How many quanta `len` is, as the longest that caches serve.
pub(super) fn longest(len: u32, quantum: u32) -> Result<u32, Error> {
    let max = len / quantum;
    let slab_fits = u64::from(slab_quanta(LONGEST.min(max))) * u64::from(quantum) < 1 << 32;
    if !len.is_multiple_of(quantum) || max > LONGEST || !slab_fits {
        Err(Error::BadQuantumCaches(len))
    } else {
        Ok(max)
    }
}

impl<R: Records> Arena<'_, R> {
    /// Gives the caches their magazines, which lie behind them.
    pub(super) fn begin_caches(&self) {
        let Some(caches) = self.record().caches.get() else { return };
        let max = self.record().quantum_max.get();
        let rounds_at = caches.addr() + max * size_of::<QuantumCache>() as u32;
        for quanta in 1..=max {
            let cache = get(self.memory(), caches.serving(quanta));
            cache.magazines.loaded.set(rounds_at + 2 * MAGAZINE_LEN * (quanta - 1));
            cache.magazines.previous.set(cache.magazines.loaded.get() + MAGAZINE_LEN);
            cache.magazines.capacity.set(ROUNDS);
            cache.serves.set(serving(max, quanta));
            cache.reciprocal.set(0x1_0000 / quanta + 1);
        }
    }

    /// The cache that serves `quanta` quanta, which are at least one and at most what caches serve.
    fn cache(&self, quanta: u32) -> Option<Id<QuantumCache>> {
        let caches = self.record().caches.get()?;
        Some(caches.serving(get(self.memory(), caches.serving(quanta)).serves.get()))
    }

    /// The cache that a slab is of.
    fn cache_of(&self, slab: &Descriptor) -> Option<Id<QuantumCache>> {
        self.record().caches.get().map(|caches| caches.serving(slab.quanta.get()))
    }

    /// The descriptor of a slab.
    pub(super) fn descriptor(&self, slab: &Tag) -> &Descriptor {
        get(self.memory(), Id::<Descriptor>::named(&slab.owner))
    }

    /// The bit of [`Descriptor::parked`] for the object that begins at `start`.
    fn parked_bit(&self, start: u32) -> u64 {
        1 << ((start >> self.record().shift.get()) & 63)
    }

    /// Puts an object into the loaded magazine; `false` where that is full.
    fn park(&self, cache: &QuantumCache, start: u32, id: Id<Descriptor>) -> bool {
        let rounds = cache.magazines.rounds.get();
        if !cache.magazines.give(self.memory(), start) {
            return false;
        }
        slot(self.memory(), cache.magazines.loaded.get() + 4 * ROUNDS, rounds).set(id.addr());
        let descriptor = get(self.memory(), id);
        descriptor.parked.set(descriptor.parked.get() | self.parked_bit(start));
        true
    }

    /// Takes the last object out of the loaded magazine, which has one.
    fn unpark(&self, cache: &QuantumCache) -> (u32, Id<Descriptor>) {
        let start = cache.magazines.take(self.memory());
        let id = Id::<Descriptor>::named(slot(
            self.memory(),
            cache.magazines.loaded.get() + 4 * ROUNDS,
            cache.magazines.rounds.get(),
        ));
        let descriptor = get(self.memory(), id);
        descriptor.parked.set(descriptor.parked.get() & !self.parked_bit(start));
        cache.recent.set(Some(id));
        (start, id)
    }

    /// An object of at least `quanta` quanta; where no slab of them can be had, a segment.
    #[inline]
    pub(super) fn alloc_cached(&self, quanta: u32) -> Result<u32, Error> {
        if let Some(id) = self.cache(quanta) {
            let cache = get(self.memory(), id);
            if cache.magazines.rounds.get() != 0 || self.load(id) {
                return Ok(self.unpark(cache).0);
            }
        }
        self.alloc_uncached(quanta)
    }

    /// A segment of `quanta` quanta.
    #[cold]
    fn alloc_uncached(&self, quanta: u32) -> Result<u32, Error> {
        let shift = self.record().shift.get();
        let wanted = Wanted::new(quanta << shift, shift, &Constraints::NONE)?;
        let id = self.obtain(&wanted, self.fit, super::HELD)?;
        Ok(self.tag(id).start.get())
    }

    /// Puts rounds into the loaded magazine, which is empty; whether there is one now.
    #[cold]
    fn load(&self, id: Id<QuantumCache>) -> bool {
        let cache = get(self.memory(), id);
        cache.magazines.exchange();
        if cache.magazines.rounds.get() != 0 {
            return true;
        }
        let made = if cache.partial.first.get().is_none() { self.new_slab(id).ok() } else { None };
        self.fill(id);
        // A callback may have filled the magazine while the slab came, which nobody needs then.
        if let Some(slab) = made
            && get(self.memory(), slab).is_empty()
        {
            self.drop_slab(id, slab);
        }
        cache.magazines.rounds.get() != 0
    }

    /// Moves objects from slabs into the loaded magazine, as many as it has room for.
    fn fill(&self, id: Id<QuantumCache>) {
        let cache = get(self.memory(), id);
        let shift = self.record().shift.get();
        while let Some(link) = cache.partial.first.get() {
            let slab = Id::<Descriptor>::of_link(link);
            let descriptor = get(self.memory(), slab);
            while descriptor.free.get() != 0 {
                // From the top down, so they come out in order.
                let index = 63 - descriptor.free.get().leading_zeros();
                if !self.park(cache, descriptor.start.get() + ((index * cache.serves.get()) << shift), slab) {
                    return;
                }
                descriptor.free.set(descriptor.free.get() & !(1 << index));
                cache.taken.set(cache.taken.get() + 1);
            }
            list::remove(self.memory(), link);
        }
    }

    /// Gives a cache a slab.
    fn new_slab(&self, id: Id<QuantumCache>) -> Result<Id<Descriptor>, Error> {
        let (record, cache) = (self.record(), get(self.memory(), id));
        let (quanta, units) = (cache.serves.get(), slab_quanta(record.quantum_max.get()));
        let len = units << record.shift.get();
        let wanted = Wanted::new(len, record.shift.get(), &Constraints { align: len, ..Constraints::NONE })?;
        let slab = self.obtain(&wanted, Fit::Instant, SLAB + quanta)?;
        let descriptor_id = Id::<Descriptor>::of_tag(self.take_tag());
        self.tag(slab).owner.set(descriptor_id.addr());
        let descriptor = get(self.memory(), descriptor_id);
        descriptor.parked.set(0);
        descriptor.start.set(self.tag(slab).start.get());
        descriptor.quanta.set(quanta);
        descriptor.objects.set(units / quanta);
        descriptor.slab.set(slab.addr());
        descriptor.free.set(u64::MAX >> (64 - units / quanta));
        list::insert(self.memory(), id.partial(), descriptor_id.link());
        cache.slabs.set(cache.slabs.get() + 1);
        Ok(descriptor_id)
    }

    /// The slab that `start` is in; nothing where it is in none.
    pub(super) fn slab_of(&self, start: u32) -> Option<Id<Descriptor>> {
        let record = self.record();
        if record.quantum_max.get() == 0 {
            return None;
        }
        let len = slab_quanta(record.quantum_max.get()) << record.shift.get();
        let slab = self.tag(self.held(start & !(len - 1))?);
        (slab.kind.get() > SLAB).then(|| Id::<Descriptor>::named(&slab.owner))
    }

    /// As [`slab_of`](Self::slab_of), for a number that is given back as `rounded` long.
    #[inline]
    pub(super) fn slab_for(&self, start: u32, rounded: u32) -> Option<Id<Descriptor>> {
        let quanta = rounded >> self.record().shift.get();
        if quanta <= self.record().quantum_max.get()
            && let Some(id) = self.cache(quanta)
            && let Some(recent) = get(self.memory(), id).recent.get()
            && get(self.memory(), recent).has(start, self.record().shift.get())
        {
            return Some(recent);
        }
        self.slab_of(start)
    }

    /// The number of the object that begins at `start`, if one begins there in this slab and is not free in it.
    pub(super) fn taken_object(&self, id: Id<Descriptor>, start: u32) -> Option<u32> {
        let descriptor = get(self.memory(), id);
        let reciprocal = get(self.memory(), self.cache_of(descriptor)?).reciprocal.get();
        let within = (start - descriptor.start.get()) >> self.record().shift.get();
        let index = (within * reciprocal) >> 16;
        let begins = descriptor.start.get() + ((index * descriptor.quanta.get()) << self.record().shift.get()) == start;
        (begins && index < descriptor.objects.get() && descriptor.free.get() >> index & 1 == 0).then_some(index)
    }

    /// That an object begins at `start` in this slab, and that a caller may hold it as `rounded` long.
    pub(super) fn check_object(&self, id: Id<Descriptor>, start: u32, rounded: u32) -> Result<(), Error> {
        let (shift, descriptor) = (self.record().shift.get(), get(self.memory(), id));
        if self.taken_object(id, start).is_none() || descriptor.parked.get() & self.parked_bit(start) != 0 {
            return Err(Error::NotHeld(start));
        }
        let held = descriptor.quanta.get() << shift;
        let same = |cache: Id<QuantumCache>| get(self.memory(), cache).serves.get() == descriptor.quanta.get();
        if rounded > held || !self.cache(rounded >> shift).is_some_and(same) {
            return Err(Error::WrongLength { start, len: rounded, held });
        }
        Ok(())
    }

    /// Takes the object back that begins at `start` and that a caller holds.
    #[inline]
    pub(super) fn free_cached(&self, slab: Id<Descriptor>, start: u32) {
        if let Some(id) = self.cache_of(get(self.memory(), slab))
            && !self.park(get(self.memory(), id), start, slab)
        {
            self.unload(id, slab, start);
        }
    }

    /// Puts an object into a cache whose loaded magazine is full.
    #[cold]
    fn unload(&self, id: Id<QuantumCache>, slab: Id<Descriptor>, start: u32) {
        let cache = get(self.memory(), id);
        cache.magazines.exchange();
        if self.park(cache, start, slab) {
            return;
        }
        // Both are full, and the older one is emptied. This object takes the first place in it before any slab goes back, which
        // may call back here.
        let (first, its_slab) = self.replace_first(cache, start, slab);
        self.put_into_slab(id, its_slab, first);
        self.flush(id, 1);
    }

    /// Puts an object in the place of the first one in the loaded magazine, and takes that out.
    fn replace_first(&self, cache: &QuantumCache, start: u32, id: Id<Descriptor>) -> (u32, Id<Descriptor>) {
        let base = cache.magazines.loaded.get();
        let (place, named) = (slot(self.memory(), base, 0), slot(self.memory(), base + 4 * ROUNDS, 0));
        let (first, its_slab) = (place.replace(start), Id::<Descriptor>::named(named));
        named.set(id.addr());
        let (out, into) = (get(self.memory(), its_slab), get(self.memory(), id));
        out.parked.set(out.parked.get() & !self.parked_bit(first));
        into.parked.set(into.parked.get() | self.parked_bit(start));
        (first, its_slab)
    }

    /// Moves objects out of the loaded magazine of a cache into its slabs, but for `kept`; whether there were any.
    fn flush(&self, id: Id<QuantumCache>, kept: u32) -> bool {
        let magazines = &get(self.memory(), id).magazines;
        let any = magazines.rounds.get() > kept;
        // Round by round: a slab that goes back may call back here, and even fill the magazine again, so not until it is empty.
        for _ in kept..ROUNDS {
            if magazines.rounds.get() <= kept {
                break;
            }
            let (start, slab) = self.unpark(get(self.memory(), id));
            self.put_into_slab(id, slab, start);
        }
        any
    }

    /// Gives an object, which is in no magazine, back to its slab, and the slab back to the arena where it is empty then.
    fn put_into_slab(&self, id: Id<QuantumCache>, slab: Id<Descriptor>, start: u32) {
        let Some(index) = self.taken_object(slab, start) else { return };
        let (cache, descriptor) = (get(self.memory(), id), get(self.memory(), slab));
        let before = descriptor.free.get();
        descriptor.free.set(before | 1 << index);
        cache.taken.set(cache.taken.get() - 1);
        if before == 0 {
            list::insert(self.memory(), id.partial(), slab.link());
        }
        if descriptor.is_empty() {
            self.drop_slab(id, slab);
        }
    }

    /// Gives a slab back to the arena, none of whose objects is held or in a magazine.
    fn drop_slab(&self, id: Id<QuantumCache>, slab: Id<Descriptor>) {
        let cache = get(self.memory(), id);
        list::remove(self.memory(), slab.link());
        if cache.recent.get() == Some(slab) {
            cache.recent.set(None);
        }
        let segment = self.held(get(self.memory(), slab).start.get());
        self.give_tag(slab.into_tag());
        cache.slabs.set(cache.slabs.get() - 1);
        if let Some(segment) = segment {
            self.give_back(segment);
        }
    }

    /// Empties all magazines, so that slabs without a held object go back; whether there was anything in them.
    pub(super) fn drain(&self) -> bool {
        let mut any = false;
        for quanta in 1..=self.record().quantum_max.get() {
            let Some(id) = self.own_cache(quanta) else { continue };
            any |= self.flush(id, 0);
            get(self.memory(), id).magazines.exchange();
            any |= self.flush(id, 0);
        }
        any
    }

    /// The cache for just `quanta` quanta, if there is one.
    fn own_cache(&self, quanta: u32) -> Option<Id<QuantumCache>> {
        self.cache(quanta).filter(|id| get(self.memory(), *id).serves.get() == quanta)
    }

    /// Forgets all slabs, which stay as held segments without meaning, and what is in magazines.
    pub(super) fn forget_caches(&self) {
        for quanta in 1..=self.record().quantum_max.get() {
            let Some(id) = self.own_cache(quanta) else { continue };
            let cache = get(self.memory(), id);
            cache.magazines.rounds.set(0);
            cache.magazines.previous_rounds.set(0);
            cache.slabs.set(0);
            cache.taken.set(0);
            cache.recent.set(None);
            while let Some(link) = cache.partial.first.get() {
                list::remove(self.memory(), link);
            }
        }
        self.each(|id| {
            let tag = self.tag(id);
            if tag.kind.get() > SLAB {
                self.give_tag(Id::<Descriptor>::named(&tag.owner).into_tag());
                tag.kind.set(super::HELD);
            }
        });
    }

    /// Objects of quantum caches that are free, in units, and those that callers hold, as a number.
    pub(super) fn cached(&self) -> (u64, u32) {
        let (record, mut free, mut held) = (self.record(), 0, 0);
        for quanta in 1..=record.quantum_max.get() {
            let Some(id) = self.own_cache(quanta) else { continue };
            let cache = get(self.memory(), id);
            let objects = slab_quanta(record.quantum_max.get()) / quanta;
            let parked = cache.magazines.rounds.get() + cache.magazines.previous_rounds.get();
            let out = cache.taken.get() - parked;
            held += out;
            free += u64::from(cache.slabs.get() * objects - out) * u64::from(quanta << record.shift.get());
        }
        (free, held)
    }
}

#[cfg(test)]
mod tests {
    use super::{serving, slab_quanta};

    /// The vectors of NetBSD's `qc_init` (V-64 and V-65 of the inventory).
    #[test]
    fn lengths_with_as_many_objects_to_a_slab_share_a_cache() {
        assert_eq!([1, 2, 3, 5, 8, 16].map(slab_quanta), [4, 8, 16, 16, 32, 64]);
        let of_8: [u32; 8] = core::array::from_fn(|index| serving(8, index as u32 + 1));
        assert_eq!(of_8, [1, 2, 3, 4, 5, 6, 8, 8]);
        let of_16: [u32; 16] = core::array::from_fn(|index| serving(16, index as u32 + 1));
        assert_eq!(of_16, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 12, 16, 16, 16, 16]);
        for max in 1..=16 {
            assert!(slab_quanta(max) > 3 * max && slab_quanta(max) / 2 <= 3 * max && slab_quanta(max) <= 64);
            assert!((1..=max).all(|quanta| serving(max, quanta) >= quanta && serving(max, quanta) <= max));
        }
    }
}
