//! [`IdArena`]: dense numbers, one at a time.
//!
//! An arena hands out runs of 64 ids, its quantum; a run's tag says which of them are free, so an id costs less than a byte of
//! records where ids are dense. Runs lie in the list of segments by number, which is how the lowest free id is found: the
//! arena's rotor names a run or mark before which none is free, or, where ids are to be used again as late as possible, the run
//! of the one taken last.
#![forbid(unsafe_code)]

use core::fmt;
use core::ops::RangeInclusive;

use super::arena::fit::{Constraints, Wanted};
use super::arena::{Arena, Error, Import, Options, Records, Usage};
use super::segments::Tiling;
use super::tag::{FREE, LARGE as HELD, Tag};
use crate::record::Id;

/// Ids of a run.
const RUN: u32 = 64;

/// Which free id is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reuse {
    /// The lowest: ids stay dense, for tables that are indexed by them.
    #[default]
    Lowest,
    /// The next one above the one taken last, and the lowest at the end: an id that was given back is used again as late as
    /// possible, so that a stale one is noticed.
    Late,
}

/// Hands out ids.
///
/// For slots of a table of `externref`s, handles of documents, ports, layers of a texture. Runs of numbers, such as pieces of a
/// GPU buffer, come from an [`Arena`]. Takes 40 bytes of records for every 64 ids in use, and 500 bytes.
///
/// ```
/// use flagstone::vmem::{IdArena, Reuse, Slot, Storage};
/// let mut slots = [Slot::EMPTY; 64];
/// let handles = IdArena::new(Storage::new(&mut slots), "documents", 1..=9_999, Reuse::Lowest)?;
/// assert_eq!((handles.alloc()?, handles.alloc()?, handles.alloc()?), (1, 2, 3));
/// handles.free(2)?;
/// assert_eq!(handles.alloc()?, 2);
/// assert!(handles.free(4).is_err());
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
pub struct IdArena<'a, R: Records> {
    arena: Arena<'a, R>,
    first: u32,
    last: u32,
    reuse: Reuse,
}

impl<R: Records> fmt::Debug for IdArena<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdArena")
            .field("ids", &(self.first..=self.last))
            .field("held", &self.len())
            .finish_non_exhaustive()
    }
}

impl<'a, R: Records> IdArena<'a, R> {
    /// An arena of `ids`, all of them free.
    ///
    /// # Errors
    /// [`Error::BadWindow`] where `ids` is empty, [`Error::NoRecords`].
    pub fn new(records: R, name: &'a str, ids: RangeInclusive<u32>, reuse: Reuse) -> Result<Self, Error> {
        let (first, last) = (*ids.start(), *ids.end());
        if first > last {
            return Err(Error::BadWindow { min: first, max: last });
        }
        let arena = Arena::new(records, Options { quantum: RUN, ..Options::new(name) })?;
        let (start, top) = (first & !(RUN - 1), last & !(RUN - 1));
        // All the numbers there are have a length that is none: the upper half is a span of its own.
        let half = 1_u32 << 31;
        if start < half && top >= half {
            arena.add(start, half - start)?;
            arena.add(half, top - half + RUN)?;
        } else {
            arena.add(start, top - start + RUN)?;
        }
        Ok(Self { arena, first, last, reuse })
    }

    /// An arena of the ids that `source` gives, in spans of a multiple of 64 from a multiple of 64 on; for instance one that
    /// grows a table.
    ///
    /// ```
    /// use core::cell::Cell;
    /// use flagstone::vmem::{IdArena, Import, Request, Reuse, Slot, Span, Storage};
    ///
    /// struct Table(Cell<u32>);
    /// impl Import for Table {
    ///     fn import(&self, request: &Request) -> Option<Span> {
    ///         let start = self.0.get();
    ///         self.0.set(start + request.len);
    ///         Some(Span { start, len: request.len })
    ///     }
    ///     fn release(&self, _: Span, _: u32) {}
    /// }
    ///
    /// let table = Table(Cell::new(0));
    /// let mut slots = [Slot::EMPTY; 64];
    /// let ids = IdArena::importing(Storage::new(&mut slots), "externref slots", &table, Reuse::Lowest)?;
    /// assert_eq!(ids.alloc()?, 0);
    /// assert_eq!(table.0.get(), 64);
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoRecords`].
    pub fn importing(records: R, name: &'a str, source: &'a dyn Import, reuse: Reuse) -> Result<Self, Error> {
        let options = Options { quantum: RUN, import: Some(source), ..Options::new(name) };
        Ok(Self { arena: Arena::new(records, options)?, first: 0, last: u32::MAX, reuse })
    }

    /// Takes an id. Constant time where the runs behind the rotor have one; at most linear in the runs that are full.
    ///
    /// # Errors
    /// [`Error::Exhausted`] where all ids are held, [`Error::NoRecords`].
    pub fn alloc(&self) -> Result<u32, Error> {
        let taken = self.arena.reserve().and_then(|()| self.take());
        self.arena.count(taken)
    }

    /// Takes an id, with tags at hand.
    fn take(&self) -> Result<u32, Error> {
        let after = match self.reuse {
            Reuse::Lowest => None,
            Reuse::Late => self.arena.record().rotor.get().map(|_| self.arena.record().rotor_at.get()),
        };
        let Some((segment, from)) = self.find(after) else {
            let wanted = Wanted::new(RUN, RUN.trailing_zeros(), &Constraints::NONE)?;
            let (segment, start) = self.arena.find_imported(&wanted)?;
            return Ok(self.take_from(segment, start));
        };
        Ok(self.take_from(segment, from))
    }

    /// The segment with the first free id: behind the id `after` and then from the first on, or behind the rotor; and from which
    /// number on in it. A free segment becomes a run.
    fn find(&self, after: Option<u32>) -> Option<(Id<Tag>, u32)> {
        let arena = &self.arena;
        let (first, last) = (arena.segments().first(), arena.segments().last());
        let rotor = arena.record().rotor.get().unwrap_or(first);
        // Of the segment it stopped in, what is behind comes first, and all of it at the very end.
        if let Some(from) = after.and_then(|after| after.checked_add(1))
            && let Some(from) = self.free_from(rotor, from)
        {
            return Some((rotor, from));
        }
        let mut id = rotor;
        let mut turned = false;
        loop {
            if (after.is_none() || id != rotor || turned)
                && let Some(from) = self.free_from(id, 0)
            {
                return Some((id, from));
            }
            if turned && id == rotor {
                return None;
            }
            id = if id == last { first } else { arena.tag(id).next() };
            turned |= id == rotor;
        }
    }

    /// The first free id of a segment that is not below `from`.
    fn free_from(&self, id: Id<Tag>, from: u32) -> Option<u32> {
        let tag = self.arena.tag(id);
        let (start, from) = (tag.start.get(), from.max(self.first));
        match tag.kind.get() {
            FREE => {
                let at = start.max(from);
                (at <= self.last && at - start < tag.len.get()).then_some(at)
            }
            HELD => {
                let skipped = from.saturating_sub(start);
                let free = if skipped < RUN { tag.bits.get() & u64::MAX << skipped } else { 0 };
                (free != 0).then(|| start + free.trailing_zeros())
            }
            _ => None,
        }
    }

    /// Takes the id `at` in a run, or in a free segment, which becomes one; needs two tags.
    fn take_from(&self, segment: Id<Tag>, at: u32) -> u32 {
        let arena = &self.arena;
        let mut run = segment;
        if arena.tag(run).kind.get() == FREE {
            run = arena.carve((segment, at & !(RUN - 1)), RUN, HELD);
            arena.tag(run).bits.set(self.ids_of(at & !(RUN - 1)));
        }
        let tag = arena.tag(run);
        let id = at.max(tag.start.get() + tag.bits.get().trailing_zeros());
        tag.bits.set(tag.bits.get() & !(1 << (id % RUN)));
        let record = arena.record();
        record.rotor.set(Some(run));
        record.rotor_at.set(id);
        id
    }

    /// Which ids there are in the run that begins at `start`: bit `n` is set iff `start + n` is one.
    fn ids_of(&self, start: u32) -> u64 {
        let above = self.first.saturating_sub(start).min(RUN - 1);
        let below = (start + (RUN - 1)).saturating_sub(self.last).min(RUN - 1);
        u64::MAX << above & u64::MAX >> below
    }

    /// The run that a held id is in.
    fn run_of(&self, id: u32) -> Option<Id<Tag>> {
        let run = self.arena.held(id & !(RUN - 1))?;
        let held = (self.first..=self.last).contains(&id) && self.arena.tag(run).bits.get() >> (id % RUN) & 1 == 0;
        held.then_some(run)
    }

    /// Gives an id back. Constant time on the average.
    ///
    /// # Errors
    /// [`Error::NotHeld`] where it is not held.
    pub fn free(&self, id: u32) -> Result<(), Error> {
        let arena = &self.arena;
        let run = self.run_of(id).ok_or(Error::NotHeld(id))?;
        let (record, tag) = (arena.record(), arena.tag(run));
        tag.bits.set(tag.bits.get() | 1 << (id % RUN));
        let behind = record.rotor.get().is_some_and(|rotor| arena.tag(rotor).start.get() > tag.start.get());
        if self.reuse == Reuse::Lowest && behind {
            record.rotor.set(Some(run));
        }
        record.frees.set(record.frees.get() + 1);
        if tag.bits.get() == self.ids_of(tag.start.get()) {
            arena.give_back(run);
        }
        Ok(())
    }

    /// Whether an id is held. Constant time on the average.
    #[must_use]
    pub fn is_held(&self, id: u32) -> bool {
        self.run_of(id).is_some()
    }

    /// How many ids are held.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.arena.record().allocations.get() - self.arena.record().frees.get()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the arena of runs has and did; its units are ids, and requests are counted by id. Linear in the runs.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.arena.usage()
    }
}
