//! The slab layer of an object cache: bare memory for objects, from segments of the heap.
//!
//! A slab's tag names the cache in `owner`, says in `bits` which objects are free, and in the upper bits of `kind` what is known
//! about moving them. Slabs are kept in bins, those first that are nearly full, so that the emptiest drain (illumos kmem.c orders
//! its partial slabs so): a slab with an object that cannot move comes before all others, because it should be filled up, not
//! emptied.
#![forbid(unsafe_code)]

use super::budget::{charge, discharge};
use super::error::Error;
use super::record::{BudgetRecord, ObjectCacheRecord};
use crate::bins;
use crate::heap::{Engine, OBJECTS};
use crate::list;
use crate::record::{Id, get};
use crate::size_class::quotient;
use crate::source::Source;
use crate::units::{Addr, quanta_up};
use crate::vmem::tag::KIND;
use crate::vmem::{Tag, Tiling, index};

/// Bins of slabs: 7 by the logarithm of their free objects for those that cannot be emptied, then 7 for the others, the empty ones,
/// and the full ones.
pub(crate) const BINS: usize = 16;

/// The bin of empty slabs.
pub(crate) const EMPTY: u32 = 14;

/// The bin of full slabs, beyond all that a request looks at.
pub(crate) const FULL: u32 = 15;

/// The first bin of slabs that can be emptied.
pub(crate) const MOVABLE_BINS: u32 = 7;

/// The most bytes of a slab with more than one object.
const SLAB_MAX: u32 = 4096;

/// The most objects of a slab: bits of the word that says which are free.
const OBJECTS_MAX: u32 = 64;

/// The longest object, in bytes.
pub(crate) const SIZE_MAX: u32 = 1 << 28;

/// Bit of a slab's kind: one of its objects cannot move.
const STUCK: u32 = 1 << 8;
/// Bit of a slab's kind: the scan that goes on has tried it.
const TRIED: u32 = 1 << 9;
/// Bit of a slab's kind: it waits for the end of a move.
const DEAD: u32 = 1 << 10;
/// Where the number of refusals for now begins, two bits.
const LATER_SHIFT: u32 = 12;
/// Where the number of the object begins that refused, plus one.
const CULPRIT_SHIFT: u32 = 16;

/// Refusals for now that are taken for one for good (illumos: disbelief).
const DISBELIEF: u32 = 3;

/// Objects and bytes of a slab of objects `stride` apart: as many as fit 4 KiB, but at most 64 and at least one. At most an
/// eighth of it is no object.
pub(crate) const fn shape(stride: u32) -> (u32, u32) {
    let fit = quotient(SLAB_MAX, stride);
    let objects = if fit == 0 {
        1
    } else if fit > OBJECTS_MAX {
        OBJECTS_MAX
    } else {
        fit
    };
    (objects, quanta_up(objects * stride))
}

/// The bin a slab of so many objects belongs into.
pub(crate) fn bin(slab: &Tag, objects: u32) -> u32 {
    match slab.bits.get().count_ones() {
        0 => FULL,
        free if free == objects => EMPTY,
        free => 31 - free.leading_zeros() + if is_stuck(slab) { 0 } else { MOVABLE_BINS },
    }
}

/// Whether an object of a slab cannot move.
pub(crate) fn is_stuck(slab: &Tag) -> bool {
    slab.kind.get() & STUCK != 0
}

/// Refusals for now that a slab got since one of its objects moved.
pub(crate) fn later(slab: &Tag) -> u32 {
    slab.kind.get() >> LATER_SHIFT & 3
}

/// The number of the object of a slab that refused to move.
pub(crate) fn culprit(slab: &Tag) -> Option<u32> {
    (slab.kind.get() >> CULPRIT_SHIFT).checked_sub(1)
}

/// Whether a slab waits for the end of a move.
pub(crate) fn is_dead(slab: &Tag) -> bool {
    slab.kind.get() & DEAD != 0
}

/// Whether the scan that goes on has tried a slab.
pub(crate) fn is_tried(slab: &Tag) -> bool {
    slab.kind.get() & TRIED != 0
}

/// Notes whether the scan that goes on has tried a slab.
pub(crate) fn set_tried(slab: &Tag, tried: bool) {
    let kind = slab.kind.get() & !TRIED;
    slab.kind.set(if tried { kind | TRIED } else { kind });
}

/// The slabs of a cache in its memory.
pub(crate) struct Slabs<'a, S> {
    pub(crate) engine: &'a Engine<S>,
    pub(crate) cache: Id<ObjectCacheRecord>,
}

impl<S: Source> Slabs<'_, S> {
    #[inline(always)]
    pub(crate) fn record(&self) -> &ObjectCacheRecord {
        get(self.engine.source(), self.cache)
    }

    #[inline(always)]
    pub(crate) fn slab(&self, id: Id<Tag>) -> &Tag {
        get(self.engine.source(), id)
    }

    /// The bin that a slab belongs into.
    fn bin(&self, slab: &Tag) -> u32 {
        bin(slab, self.record().objects.get())
    }

    /// Takes bare memory for an object out of the fullest slab that has any; nowhere where none has.
    pub(crate) fn take(&self) -> Option<Addr> {
        self.fullest().map(|slab| self.take_from(slab))
    }

    /// Takes the first free object of a slab that has one.
    pub(crate) fn take_from(&self, slab: Id<Tag>) -> Addr {
        let (record, tag) = (self.record(), self.slab(slab));
        let index = tag.bits.get().trailing_zeros();
        if tag.bits.get().count_ones() == record.objects.get() {
            record.empties.set(record.empties.get() - 1);
        }
        self.refile(slab, tag.bits.get() & !(1 << index));
        record.taken.set(record.taken.get() + 1);
        record.taken_max.set(record.taken_max.get().max(record.taken.get()));
        record.slab_takes.set(record.slab_takes.get() + 1);
        let at = Addr(tag.start.get() + index * record.stride.get());
        #[cfg(feature = "audit")]
        self.engine.took(at, record);
        at
    }

    /// The first slab in the order of the bins, which has the fewest free objects, but some.
    pub(crate) fn fullest(&self) -> Option<Id<Tag>> {
        let list = self.record().bins.nonempty.get().trailing_zeros();
        let link = if list < FULL { bins::first(self.engine.source(), self.cache.bins(), list) } else { None };
        link.map(Id::<Tag>::of_link)
    }

    /// The fullest slab but `slab`, if `slab` is not fuller than all others, where its objects can go; no empty one.
    pub(crate) fn fullest_beside(&self, slab: Id<Tag>) -> Option<Id<Tag>> {
        let list = self.record().bins.nonempty.get().trailing_zeros();
        let first = if list < EMPTY { bins::first(self.engine.source(), self.cache.bins(), list) } else { None }?;
        let is_other = first.addr() != slab.link().addr();
        let link = if is_other { Some(first) } else { get(self.engine.source(), first).next.first.get() };
        link.map(Id::<Tag>::of_link)
    }

    /// Adds a slab.
    ///
    /// # Errors
    /// Where its budget does not allow it, or there is no memory.
    pub(crate) fn add(&self) -> Result<(), Error> {
        let record = self.record();
        let len = record.slab_len.get();
        self.charge(len)?;
        let Some(slab) = self.segment(len) else {
            self.discharge(len);
            return Err(Error::NoMemory { bytes: len });
        };
        let tag = self.slab(slab);
        tag.kind.set(OBJECTS);
        tag.owner.set(self.cache.addr());
        tag.bits.set(u64::MAX >> (64 - record.objects.get()));
        bins::file(self.engine.source(), self.cache.bins(), EMPTY, slab.link());
        record.empties.set(record.empties.get() + 1);
        record.slabs.set(record.slabs.get() + 1);
        record.slabs_max.set(record.slabs_max.get().max(record.slabs.get()));
        record.slab_creates.set(record.slab_creates.get() + 1);
        #[cfg(feature = "audit")]
        self.engine.made(tag, record);
        Ok(())
    }

    /// Asks whoever can spare what a slab was refused for; whether anybody was asked.
    pub(crate) fn relieve(&self, refused: Error) -> bool {
        match (refused, self.budget()) {
            (Error::Budget { bytes, .. }, Some(budget)) => self.engine.relieve_budget(budget, bytes),
            (Error::NoMemory { bytes }, _) => self.engine.relieve(bytes),
            _ => false,
        }
    }

    /// A segment of the heap for a slab.
    fn segment(&self, len: u32) -> Option<Id<Tag>> {
        let slab = self.engine.segment(len, len, OBJECTS)?;
        if !self.engine.enter(slab) {
            self.engine.vmem().make_free(slab);
            return None;
        }
        Some(slab)
    }

    /// Charges the budget, if there is one.
    ///
    /// # Errors
    /// Where it does not allow that.
    pub(crate) fn charge(&self, len: u32) -> Result<(), Error> {
        match self.budget() {
            Some(budget) if !charge(budget, len) => Err(Error::Budget { bytes: len, limit: budget.limit.get() }),
            _ => Ok(()),
        }
    }

    /// Takes a charge back.
    pub(crate) fn discharge(&self, len: u32) {
        if let Some(budget) = self.budget() {
            discharge(budget, len);
        }
    }

    /// The budget that pays for the slabs.
    fn budget(&self) -> Option<&BudgetRecord> {
        let at = self.record().budget.get();
        (at != 0).then(|| get(self.engine.source(), Id::<ObjectCacheRecord>::budget(at)))
    }

    /// The slab that an object of this cache is in.
    pub(crate) fn slab_of(&self, at: Addr) -> Id<Tag> {
        index::look(self.engine.source(), self.engine.id().arena(), at.0)
    }

    /// The number of an object of a slab.
    pub(crate) fn index_of(&self, slab: Id<Tag>, at: Addr) -> u32 {
        quotient(at.0 - self.slab(slab).start.get(), self.record().stride.get())
    }

    /// Gives bare memory back to its slab. A slab that is empty then goes back to the heap, but for one, and for those that are
    /// to stay.
    pub(crate) fn give(&self, at: Addr) {
        let record = self.record();
        #[cfg(feature = "audit")]
        self.engine.gives(at, record);
        let slab = self.slab_of(at);
        let tag = self.slab(slab);
        let index = self.index_of(slab, at);
        record.taken.set(record.taken.get() - 1);
        record.slab_gives.set(record.slab_gives.get() + 1);
        if culprit(tag) == Some(index) {
            self.forgive(slab);
        }
        let free = tag.bits.get() | 1 << index;
        self.refile(slab, free);
        if free.count_ones() == record.objects.get() {
            record.empties.set(record.empties.get() + 1);
            if record.moving.get() != 0 && !self.is_kept() {
                self.bury(slab);
            } else if record.moving.get() == 0 && record.empties.get() > 1 {
                self.release(slab);
            }
        }
    }

    /// Gives an empty slab back, unless slabs are to stay for that many objects; whether it did.
    fn release(&self, slab: Id<Tag>) -> bool {
        if self.is_kept() {
            return false;
        }
        self.withdraw_empty(slab);
        self.end(slab);
        true
    }

    /// Whether there are no more slabs than are to stay.
    fn is_kept(&self) -> bool {
        let record = self.record();
        (record.slabs.get() - 1) * record.objects.get() < record.keep.get()
    }

    /// The slabs that have a free object.
    #[cfg(feature = "audit")]
    pub(crate) fn each(&self, mut f: impl FnMut(&Tag)) {
        for list in 0..FULL {
            let mut next = bins::first(self.engine.source(), self.cache.bins(), list);
            while let Some(link) = next {
                f(self.slab(Id::<Tag>::of_link(link)));
                next = get(self.engine.source(), link).next.first.get();
            }
        }
    }

    /// Takes an empty slab out of the cache.
    fn withdraw_empty(&self, slab: Id<Tag>) {
        let record = self.record();
        bins::withdraw(self.engine.source(), self.cache.bins(), EMPTY, slab.link());
        record.slabs.set(record.slabs.get() - 1);
        record.empties.set(record.empties.get() - 1);
    }

    /// Gives the memory of a slab back that the cache has no more.
    fn end(&self, slab: Id<Tag>) {
        let record = self.record();
        record.slab_destroys.set(record.slab_destroys.get() + 1);
        #[cfg(feature = "audit")]
        self.engine.gone(self.slab(slab), record);
        self.slab(slab).kind.set(OBJECTS);
        self.engine.vmem().make_free(slab);
        self.discharge(record.slab_len.get());
    }

    /// Parks an empty slab while objects move: no memory that a move callback may still look at is used for something else.
    fn bury(&self, slab: Id<Tag>) {
        let record = self.record();
        self.withdraw_empty(slab);
        let tag = self.slab(slab);
        tag.kind.set(tag.kind.get() | DEAD);
        list::push(self.engine.source(), self.cache.dead(), slab.link());
        record.dead_slabs.set(record.dead_slabs.get() + 1);
    }

    /// Gives the slabs back that were parked while objects moved.
    pub(crate) fn release_dead(&self) {
        let record = self.record();
        while let Some(link) = record.dead.first.get() {
            record.dead.first.set(get(self.engine.source(), link).next.first.get());
            record.dead_slabs.set(record.dead_slabs.get() - 1);
            self.end(Id::<Tag>::of_link(link));
        }
    }

    /// Gives empty slabs back, but for those that are to stay.
    pub(crate) fn release_empty(&self) {
        let record = self.record();
        while record.empties.get() != 0 && record.moving.get() == 0 {
            let empty = bins::first(self.engine.source(), self.cache.bins(), EMPTY).map(Id::<Tag>::of_link);
            if !empty.is_some_and(|slab| self.release(slab)) {
                return;
            }
        }
    }

    /// Notes which objects of a slab are free now, and moves it to the bin it now belongs into. A slab that is full forgets what
    /// was known of moving its objects.
    fn refile(&self, slab: Id<Tag>, free: u64) {
        let tag = self.slab(slab);
        let old = self.bin(tag);
        tag.bits.set(free);
        if free == 0 {
            tag.kind.set(tag.kind.get() & (KIND | TRIED));
        }
        self.rebin(slab, old);
    }

    /// Moves a slab from bin `old` to the one it belongs into.
    fn rebin(&self, slab: Id<Tag>, old: u32) {
        let new = self.bin(self.slab(slab));
        if new != old {
            bins::withdraw(self.engine.source(), self.cache.bins(), old, slab.link());
            bins::file(self.engine.source(), self.cache.bins(), new, slab.link());
        }
    }

    /// Forgets that objects of a slab refused to move.
    pub(crate) fn forgive(&self, slab: Id<Tag>) {
        let tag = self.slab(slab);
        let old = self.bin(tag);
        tag.kind.set(tag.kind.get() & (KIND | TRIED | DEAD));
        if !is_dead(tag) {
            self.rebin(slab, old);
        }
    }

    /// Notes that object `index` of a slab refused to move, for good.
    pub(crate) fn blame(&self, slab: Id<Tag>, index: u32) {
        let tag = self.slab(slab);
        let old = self.bin(tag);
        let kept = tag.kind.get() & (KIND | TRIED);
        tag.kind.set(kept | STUCK | (index + 1) << CULPRIT_SHIFT);
        self.rebin(slab, old);
    }

    /// Notes that object `index` of a slab refused to move for now; the third time in a row that counts as for good.
    pub(crate) fn postpone(&self, slab: Id<Tag>, index: u32) {
        let tag = self.slab(slab);
        let refusals = later(tag) + 1;
        if refusals >= DISBELIEF {
            return self.blame(slab, index);
        }
        let kept = tag.kind.get() & (KIND | TRIED | STUCK);
        let culprit = if is_stuck(tag) { tag.kind.get() >> CULPRIT_SHIFT } else { index + 1 };
        tag.kind.set(kept | refusals << LATER_SHIFT | culprit << CULPRIT_SHIFT);
    }

    /// Makes slabs until there is an object for each of `objects`, for which whoever can spare memory is asked.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(crate) fn provide(&self, objects: u32) -> Result<(), Error> {
        let record = self.record();
        while record.slabs.get() * record.objects.get() < objects {
            if let Err(error) = self.add() {
                if !self.relieve(error) {
                    return Err(error);
                }
                self.add()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn a_slab_holds_64_objects_or_4_kib_and_wastes_at_most_an_eighth() {
        assert_eq!(shape(8), (64, 512));
        assert_eq!(shape(64), (64, 4096));
        assert_eq!(shape(65), (63, 4096));
        assert_eq!(shape(2048), (2, 4096));
        assert_eq!(shape(2056), (1, 2176));
        assert_eq!(shape(100_000), (1, 100_096));
        for stride in (8..20_000).step_by(8) {
            let (objects, len) = shape(stride);
            assert!((len - objects * stride) * 8 <= len, "{stride}: {objects} objects in {len}");
            assert!(objects <= 64 && (objects == 1 || len <= 4096));
        }
    }

    #[test]
    fn a_slab_that_cannot_be_emptied_comes_before_all_that_can() {
        let slab = |free: u32, kind: u32| Tag {
            bits: Cell::new(u128::MAX.unbounded_shl(free) as u64 ^ u64::MAX),
            kind: Cell::new(OBJECTS | kind),
            ..Tag::default()
        };
        for (free, expected) in [(0, FULL), (1, 7), (2, 8), (3, 8), (4, 9), (60, 12), (63, 12)] {
            assert_eq!(bin(&slab(free, 0), 64), expected, "{free} free objects");
            if free != 0 {
                assert_eq!(bin(&slab(free, STUCK), 64), expected - MOVABLE_BINS, "{free} free objects, stuck");
            }
        }
        // More objects in use never put a slab behind.
        for free in 1..64 {
            assert!(bin(&slab(free, 0), 64) <= bin(&slab(free + 1, 0), 64));
        }
    }
}
