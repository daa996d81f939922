//! Where an arena's records come from: its tags, tables and caches.
//!
//! A request takes five tags at most: two for an imported span and its segment, two where what it takes is cut out of the middle
//! of a segment, one to describe a slab. [`RESERVE`] of them are spare before it begins (invariant A5), so no step of it ever
//! waits for a tag. What fills the reserve, a caller's array or a heap, knows nothing of arenas and never calls one, so filling
//! it cannot come back here: this is what the populating rule and the recursion flags of NetBSD subr_vmem.c are for.

use super::Arena;
use super::error::Error;
use super::quantum_cache::ROUNDS;
use super::record::{ArenaRecord, QuantumCache, Siblings};
use crate::list::{self, Head, push};
use crate::record::{Id, get, make};
use crate::source::Storage;
use crate::units::Addr;
use crate::vmem::segments::Tiling;
use crate::vmem::tag::{TAG_LEN, Tag};

/// Tags that are spare before a request.
pub(crate) const RESERVE: u32 = 5;

/// Spare tags that an arena keeps when it can give some back.
const SPARE_MAX: u32 = 64;

/// Where an arena keeps its records: [`Storage`], `&Heap<S>`, or on wasm `ModuleHeap`. Sealed.
pub trait Records: sealed::Keep {}

impl<K: sealed::Keep> Records for K {}

pub(crate) mod sealed {
    use crate::source::Source;
    use crate::units::Addr;

    /// What [`Records`](super::Records) can do.
    ///
    /// # Safety
    /// - `take` returns bytes of `memory` that nobody else uses until they are given back, zeroed, at a multiple of 8;
    /// - neither calls an arena;
    /// - where `arenas` says, a `Siblings` is, in that memory.
    pub unsafe trait Keep {
        /// The memory the records lie in.
        type Memory: Source;

        /// Whether `give` takes anything back.
        const TAKES_BACK: bool = true;

        /// The memory the records lie in.
        fn memory(&self) -> &Self::Memory;

        /// `len` zeroed bytes.
        fn take(&self, len: u32) -> Option<Addr>;

        /// Takes `len` bytes back, if it takes any.
        ///
        /// # Safety
        /// - they came from `take` for that length, and nobody uses them.
        unsafe fn give(&self, at: Addr, len: u32);

        /// Where the memory's list of arenas is, a `Siblings`, if there is one.
        fn arenas(&self) -> Option<Addr>;
    }
}

// SAFETY: `cut` gives every byte out once, zeroed, at a multiple of 8.
unsafe impl<'s> sealed::Keep for Storage<'s> {
    type Memory = Storage<'s>;

    const TAKES_BACK: bool = false;

    fn memory(&self) -> &Storage<'s> {
        self
    }

    fn take(&self, len: u32) -> Option<Addr> {
        self.cut(len)
    }

    unsafe fn give(&self, _at: Addr, _len: u32) {}

    fn arenas(&self) -> Option<Addr> {
        None
    }
}

/// A new record for an arena.
pub(super) fn record<R: Records>(records: &R) -> Result<Id<ArenaRecord>, Error> {
    let at = records.take(size_of::<ArenaRecord>() as u32).ok_or(Error::NoRecords)?;
    // SAFETY: the bytes are ours.
    Ok(unsafe { make(records.memory(), at) })
}

/// The arenas in the same memory.
pub(super) fn siblings<R: Records>(records: &R) -> Option<Id<Siblings>> {
    // SAFETY: such a record is there, as long as the memory.
    records.arenas().map(|at| unsafe { Id::at(at.0) })
}

impl<R: Records> Arena<'_, R> {
    /// Where the list is that the arena is in.
    pub(crate) fn siblings_at(&self) -> Option<Addr> {
        self.records.arenas()
    }

    /// Fills the reserve of tags.
    pub(crate) fn reserve(&self) -> Result<(), Error> {
        while self.record().spares.get() < RESERVE {
            let at = self.records.take(TAG_LEN).ok_or(Error::NoRecords)?;
            // SAFETY: the bytes are ours.
            self.put_spare(unsafe { make(self.records.memory(), at) });
        }
        Ok(())
    }

    /// A spare tag, with any contents.
    pub(super) fn take_spare(&self) -> Id<Tag> {
        let record = self.record();
        // SAFETY: A5: no request takes more tags than the reserve has.
        let link = unsafe { record.spare.first.get().unwrap_unchecked() };
        record.spare.first.set(get(self.records.memory(), link).next.first.get());
        record.spares.set(record.spares.get() - 1);
        Id::<Tag>::of_link(link)
    }

    /// Takes a tag back that is in no list.
    pub(super) fn put_spare(&self, tag: Id<Tag>) {
        push(self.records.memory(), self.record.spare(), tag.link());
        self.record().spares.set(self.record().spares.get() + 1);
    }

    /// Gives tags back that are more than an arena should keep.
    pub(super) fn trim(&self) {
        while R::TAKES_BACK && self.record().spares.get() > SPARE_MAX {
            let tag = self.take_spare();
            // SAFETY: the tag is in no list; where tags are taken back, each came from `take` for this length.
            unsafe { self.records.give(Addr(tag.addr()), TAG_LEN) };
        }
    }

    /// A table of `1 << shift` empty lists.
    pub(super) fn take_table(&self, shift: u32) -> Option<Id<Head>> {
        let at = self.records.take(4 << shift)?;
        // SAFETY: zeroed bytes are empty lists.
        Some(unsafe { Id::at(at.0) })
    }

    /// Takes a table of `1 << shift` lists back, which are empty. Where it came from an array, it becomes tags.
    pub(super) fn give_table(&self, table: Id<Head>, shift: u32) {
        let len = 4 << shift;
        if R::TAKES_BACK {
            // SAFETY: it came from `take` for this length, and nobody uses it.
            return unsafe { self.records.give(Addr(table.addr()), len) };
        }
        for index in 0..len / TAG_LEN {
            // SAFETY: the bytes are ours, at a multiple of 8.
            self.put_spare(unsafe { make(self.records.memory(), Addr(table.addr() + index * TAG_LEN)) });
        }
    }

    /// Room for `count` quantum caches that have `rounds` rounds in each of their magazines.
    pub(super) fn take_caches(&self, count: u32, rounds: u32) -> Result<Id<QuantumCache>, Error> {
        let at = self.records.take(caches_len(count, rounds)).ok_or(Error::NoRecords)?;
        // SAFETY: zeroed bytes are empty caches.
        Ok(unsafe { Id::at(at.0) })
    }

    /// Ends the arena: gives back the spans that are all free and came from elsewhere, then all records.
    pub(super) fn end(&self) {
        self.drain();
        self.release_whole_imports();
        self.drop_table();
        let record = self.record();
        if get(self.memory(), self.record.link()).back.get().is_some() {
            list::remove(self.memory(), self.record.link());
        }
        self.forget_caches();
        let (first, last) = (self.segments().first(), self.segments().last());
        while self.tag(first).next() != last {
            self.unmake(self.tag(first).next());
        }
        while record.spares.get() != 0 {
            let tag = self.take_spare();
            // SAFETY: no list has the tag any more; where tags are taken back, each came from `take` for this length.
            unsafe { self.records.give(Addr(tag.addr()), TAG_LEN) };
        }
        if let Some(caches) = record.caches.get() {
            // SAFETY: they came from `take` for this length.
            unsafe { self.records.give(Addr(caches.addr()), caches_len(record.quantum_max.get(), ROUNDS)) };
        }
        // SAFETY: it came from `take` for this length, and the arena ends.
        unsafe { self.records.give(Addr(self.record.addr()), size_of::<ArenaRecord>() as u32) };
    }
}

/// Bytes of `count` quantum caches and their magazines, two words for a round.
const fn caches_len(count: u32, rounds: u32) -> u32 {
    count * (size_of::<QuantumCache>() as u32 + 2 * 8 * rounds)
}
