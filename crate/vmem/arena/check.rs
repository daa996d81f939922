//! The walker that checks the invariants A1 to A8 of an arena from within, without memory: for tests and for the careful.
#![forbid(unsafe_code)]

use core::fmt;

use super::Arena;
use super::quantum_cache::{ROUNDS, serving, slab_quanta};
use super::record::Descriptor;
use super::search::order;
use super::supply::Records;
use crate::record::{Id, get};
use crate::vmem::segments::{LISTS, Tiling};
use crate::vmem::tag::{FREE, IMPORTED, LARGE as HELD, SLAB, SPAN, Tag};

/// An invariant of an arena that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which one, `"A1"` to `"A8"` as the source numbers them.
    pub invariant: &'static str,
    /// The first number of the segment or span that breaks it, or what is counted wrong.
    pub at: u64,
    /// What is wrong.
    pub sentence: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({:#x})", self.invariant, self.sentence, self.at)
    }
}

impl core::error::Error for Fault {}

/// `Ok` where `holds`.
fn expect(holds: bool, invariant: &'static str, at: impl Into<u64>, sentence: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault { invariant, at: at.into(), sentence }) }
}

/// What a walk over the segments counted.
#[derive(Default)]
struct Tally {
    total: u64,
    in_use: u64,
    held: u32,
    free: u32,
    slabs: u32,
}

impl<R: Records> Arena<'_, R> {
    /// Checks every invariant of the arena. Linear in the segments and quadratic in the spans.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// assert_eq!(arena.check(), Ok(()));
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn check(&self) -> Result<(), Fault> {
        let tally = self.check_tiling()?;
        self.check_free_lists(&tally)?;
        self.check_table(&tally)?;
        self.check_caches(&tally)?;
        let record = self.record();
        expect(record.total.get() == tally.total, "A8", record.total.get(), "the units of all spans are miscounted")?;
        expect(record.in_use.get() == tally.in_use, "A8", record.in_use.get(), "the units in use are miscounted")?;
        expect(record.busy.get() == tally.held, "A8", record.busy.get(), "the held segments are miscounted")?;
        expect(
            record.high_water.get() >= record.busy.get(),
            "A8",
            record.high_water.get(),
            "the most held is below the held",
        )?;
        let mut spares = 0;
        let mut next = record.spare.first.get();
        while let Some(link) = next {
            spares += 1;
            next = get(self.memory(), link).next.first.get();
        }
        expect(record.spares.get() == spares, "A8", spares, "the spare tags are miscounted")?;
        expect(
            record.frees.get() <= record.allocations.get(),
            "A8",
            record.frees.get(),
            "more was given back than taken",
        )
    }

    /// A1 and A2, and what the segments add up to.
    fn check_tiling(&self) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let quantum = u64::from(self.quantum());
        let (mut cursor, mut end, mut was_free) = (0_u64, 0_u64, false);
        let last = self.segments().last();
        let mut id = self.tag(self.segments().first()).next();
        loop {
            let tag = self.tag(id);
            let (start, len, kind) = (u64::from(tag.start.get()), u64::from(tag.len.get()), tag.kind.get());
            if id == last || matches!(kind, SPAN | IMPORTED) {
                expect(cursor == end, "A1", cursor, "a span ends elsewhere than its segments")?;
                if id == last {
                    return Ok(tally);
                }
                self.check_span(id)?;
                (cursor, end, was_free) = (start, start + len, false);
                expect(
                    len != 0 && start % quantum == 0 && len % quantum == 0 && end <= 1 << 32,
                    "A1",
                    start,
                    "a span is not whole quanta",
                )?;
                tally.total += len;
            } else {
                expect(
                    start == cursor && len != 0 && len % quantum == 0,
                    "A1",
                    start,
                    "a segment does not begin where the one before ends",
                )?;
                cursor = start + len;
                expect(cursor <= end, "A1", start, "a segment ends behind its span")?;
                expect(!(was_free && kind == FREE), "A2", start, "two free segments adjoin")?;
                was_free = kind == FREE;
                if kind == FREE {
                    tally.free += 1;
                } else {
                    expect(kind == HELD || kind > SLAB, "A1", start, "a segment is of an unknown kind")?;
                    expect(
                        self.held(tag.start.get()) == Some(id),
                        "A4",
                        start,
                        "a held segment is not found by its start",
                    )?;
                    tally.held += 1;
                    tally.in_use += len;
                    tally.slabs += u32::from(kind > SLAB);
                }
            }
            id = tag.next();
        }
    }

    /// A1: no other span overlaps this one.
    fn check_span(&self, id: Id<Tag>) -> Result<(), Fault> {
        let range = |tag: &Tag| (u64::from(tag.start.get()), u64::from(tag.start.get()) + u64::from(tag.len.get()));
        let (start, end) = range(self.tag(id));
        let mut next = get(self.memory(), self.record.spans()).first.get();
        let mut listed = false;
        while let Some(link) = next {
            let other = Id::<Tag>::of_link(link);
            let (other_start, other_end) = range(self.tag(other));
            listed |= other == id;
            expect(other == id || other_end <= start || other_start >= end, "A1", start, "two spans overlap")?;
            next = get(self.memory(), link).next.first.get();
        }
        expect(listed, "A1", start, "a span is not in the list of spans")
    }

    /// A3: what is in a list is free and belongs there, and as many are as there are free segments.
    fn check_free_lists(&self, tally: &Tally) -> Result<(), Fault> {
        let mut listed = 0;
        for list in 0..LISTS as u32 {
            let mut next = self.first_free(list);
            let bit = get(self.memory(), self.segments().free()).nonempty.get() >> list & 1 == 1;
            expect(bit == next.is_some(), "A3", list, "the bit of a list does not say whether it is empty")?;
            while let Some(link) = next {
                let tag = self.tag(Id::<Tag>::of_link(link));
                let right = order(tag.len.get() >> self.record().shift.get()) == list;
                expect(
                    tag.kind.get() == FREE && right,
                    "A3",
                    tag.start.get(),
                    "a free list has what does not belong there",
                )?;
                listed += 1;
                next = tag.link.next.first.get();
            }
        }
        expect(listed == tally.free, "A3", listed, "a free segment is in no list")
    }

    /// A4: as many segments are in the lists of held ones as are held.
    fn check_table(&self, tally: &Tally) -> Result<(), Fault> {
        let record = self.record();
        let mut listed = 0;
        for index in 0..1_u32 << record.table_shift.get() {
            let head = record.table.get().map_or(self.record.only(), |table| table.nth(index));
            let mut next = get(self.memory(), head).first.get();
            while let Some(link) = next {
                listed += 1;
                next = get(self.memory(), link).next.first.get();
            }
        }
        expect(listed == tally.held, "A4", listed, "the lists of held segments have others too")
    }

    /// A7, and that every round is an object that was taken, and is in one magazine once.
    fn check_caches(&self, tally: &Tally) -> Result<(), Fault> {
        let record = self.record();
        let max = record.quantum_max.get();
        let mut outcome = Ok(());
        let (mut taken, mut slabs, mut parked) = ([0_u32; 17], [0_u32; 17], [0_u32; 17]);
        let mut marked = [0_u32; 17];
        self.each(|id| {
            let tag = self.tag(id);
            if tag.kind.get() > SLAB && outcome.is_ok() {
                let quanta = tag.kind.get() - SLAB;
                outcome = self.check_slab(id, quanta);
                if let Some(count) = slabs.get_mut(quanta as usize) {
                    *count += 1;
                    marked[quanta as usize] += self.descriptor(tag).parked.get().count_ones();
                    taken[quanta as usize] += slab_quanta(max) / quanta - self.descriptor(tag).free.get().count_ones();
                }
            }
        });
        outcome?;
        let Some(caches) = record.caches.get() else {
            return expect(tally.slabs == 0, "A7", tally.slabs, "there are slabs and no quantum caches");
        };
        for quanta in 1..=max {
            let cache = get(self.memory(), caches.serving(quanta));
            let counted = (cache.slabs.get(), cache.taken.get()) == (slabs[quanta as usize], taken[quanta as usize]);
            expect(counted, "A7", quanta, "the slabs or the objects of a quantum cache are miscounted")?;
            let magazines = &cache.magazines;
            for (base, rounds) in
                [(&magazines.loaded, &magazines.rounds), (&magazines.previous, &magazines.previous_rounds)]
            {
                for index in 0..rounds.get() {
                    let round = crate::magazine::slot(self.memory(), base.get(), index).get();
                    let taken = self.slab_of(round).is_some_and(|slab| {
                        let descriptor = get(self.memory(), slab);
                        parked[quanta as usize] += 1;
                        let named = crate::magazine::slot(self.memory(), base.get() + 4 * ROUNDS, index).get();
                        descriptor.quanta.get() == quanta
                            && named == slab.addr()
                            && self.taken_object(slab, round).is_some()
                            && descriptor.parked.get() >> (round >> record.shift.get() & 63) & 1 == 1
                    });
                    expect(taken, "A7", round, "a round is no object that was taken")?;
                }
            }
            let same = parked[quanta as usize] == marked[quanta as usize];
            expect(same, "A7", quanta, "an object is marked as in a magazine and is not, or is in one twice")?;
        }
        Ok(())
    }

    /// A7 of one slab.
    fn check_slab(&self, id: Id<Tag>, quanta: u32) -> Result<(), Fault> {
        let tag = self.tag(id);
        let at = tag.start.get();
        let max = self.record().quantum_max.get();
        expect(quanta <= max && serving(max, quanta) == quanta, "A7", at, "a slab is of no quantum cache")?;
        let descriptor_id = Id::<Descriptor>::named(&tag.owner);
        let descriptor = self.descriptor(tag);
        expect(
            descriptor.slab.get() == id.addr() && descriptor.start.get() == at,
            "A7",
            at,
            "a descriptor is another slab's",
        )?;
        let objects = slab_quanta(max) / quanta;
        let free = descriptor.free.get();
        expect(free & !(u64::MAX >> (64 - objects)) == 0, "A7", at, "a slab has free objects beyond its last")?;
        expect(free.count_ones() != objects, "A7", at, "a slab is empty")?;
        let Some(caches) = self.record().caches.get() else { return Ok(()) };
        let mut next = get(self.memory(), caches.serving(quanta).partial()).first.get();
        let mut listed = false;
        while let Some(link) = next {
            listed |= link == descriptor_id.link();
            next = get(self.memory(), link).next.first.get();
        }
        expect(listed == (free != 0), "A7", at, "a slab is in the list of those with free objects wrongly")
    }
}
