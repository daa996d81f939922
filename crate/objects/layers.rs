//! The layers of an object cache: magazines, depot, slabs; and the ladder that a request goes down.
//!
//! An object in a magazine stays as it was given back, constructed; one in a slab is bare memory. So a constructor runs when an
//! object leaves its slab, and a destructor when it goes back there. Both may use this cache and all others: whatever they do,
//! the cache is whole when they run. So may whoever is asked for memory while a magazine or a slab is made.
#![forbid(unsafe_code)]

use super::depot::Depot;
use super::error::Error;
use super::magazine_type::{next_rounds, shorter_rounds};
use super::record::{ObjectCacheRecord, ZONE, magazine_at, magazine_begin, magazine_len};
use super::slabs::Slabs;
use crate::heap::Engine;
use crate::magazine::{Magazines, slot};
use crate::record::{Id, Word};
use crate::source::Source;
use crate::units::Addr;

/// Exchanges with the depot between two looks that make a cache take longer magazines. (Where there are threads, contention for
/// the depot says so; here it is how often a magazine was too short.)
const BUSY: i32 = 16;

/// Looks without any exchange after which a cache takes shorter magazines.
const QUIET: u32 = 8;

/// How often an object looks for a place in a magazine: an empty one is made, taken, and filled.
const TRIES: u32 = 4;

/// What the layers need of a [`Life`](super::Life), in addresses.
pub(crate) trait Lives {
    /// Whether objects need no constructor and no destructor, so that slabs may fill magazines.
    const BARE: bool;

    /// Makes an object of the memory at `at`; `false` where that is not possible, and the memory is bare again.
    fn construct(&self, at: Addr) -> bool;

    /// Makes an object bare memory.
    fn destruct(&self, at: Addr);
}

/// An object cache in its memory.
pub(crate) struct Layers<'a, S, L> {
    pub(crate) slabs: Slabs<'a, S>,
    pub(crate) life: &'a L,
}

impl<'a, S: Source, L: Lives> Layers<'a, S, L> {
    /// The cache whose record is `cache`.
    pub(crate) const fn new(engine: &'a Engine<S>, cache: Id<ObjectCacheRecord>, life: &'a L) -> Self {
        Self { slabs: Slabs { engine, cache }, life }
    }

    #[inline(always)]
    pub(crate) fn record(&self) -> &ObjectCacheRecord {
        self.slabs.record()
    }

    pub(crate) fn source(&self) -> &S {
        self.slabs.engine.source()
    }

    fn magazines(&self) -> &Magazines {
        &self.record().magazines
    }

    pub(crate) fn full(&self) -> Depot<'_, S> {
        Depot { memory: self.source(), list: self.slabs.cache.full() }
    }

    pub(crate) fn empty(&self) -> Depot<'_, S> {
        Depot { memory: self.source(), list: self.slabs.cache.empty() }
    }

    /// As [`take_round`], where the loaded magazine has none. `spare` objects of the limit are not for this request.
    #[cold]
    pub(crate) fn alloc_slowly(&self, spare: u32) -> Result<Addr, Error> {
        #[cfg(feature = "audit")]
        return self.alloc_audited(spare);
        #[cfg(not(feature = "audit"))]
        self.alloc_behind(spare)
    }

    /// The slow path itself.
    pub(crate) fn alloc_behind(&self, spare: u32) -> Result<Addr, Error> {
        if self.load(spare) {
            return Ok(take_round(self.source(), self.record()));
        }
        let made = self.make(spare);
        match made {
            Ok(_) => self.fill(),
            // Whoever was asked for memory may have given an object back.
            Err(Error::NoMemory { .. } | Error::Budget { .. } | Error::Limit { .. }) if self.load(spare) => {
                return Ok(take_round(self.source(), self.record()));
            }
            Err(error) => self.note(error),
        }
        made
    }

    /// Counts a request that got nothing.
    pub(crate) fn note(&self, error: Error) {
        let record = self.record();
        let count = |counter: &Word| counter.set(counter.get().wrapping_add(1));
        count(&record.failures);
        match error {
            Error::Refused => count(&record.constructor_failures),
            Error::Limit { .. } => count(&record.limit_failures),
            _ => {}
        }
    }

    /// Puts a magazine with rounds in place of the loaded one, if that has not more than the `spare` ones; whether it has now.
    fn load(&self, spare: u32) -> bool {
        let (record, magazines) = (self.record(), self.magazines());
        if magazines.rounds.get() != 0 {
            return magazines.rounds.get() > spare;
        }
        if magazines.previous_rounds.get() != 0 {
            magazines.exchange();
            return true;
        }
        if let Some(magazine) = self.full().take() {
            if magazines.previous.get() != 0 {
                self.empty().give(magazines.previous.get());
            }
            self.push_loaded(magazine, record.rounds.get());
            return true;
        }
        false
    }

    /// Fills the loaded magazine from slabs, but only where nobody counts the objects, and they need no constructor.
    ///
    /// Its memory is asked for when the request is served: what asks for memory twice could be refused twice.
    fn fill(&self) {
        let (record, magazines) = (self.record(), self.magazines());
        if !L::BARE || record.rounds.get() == 0 || record.limit.get() != 0 || self.slabs.fullest().is_none() {
            return;
        }
        // What gives the memory may load a magazine meanwhile.
        if magazines.loaded.get() == 0
            && (record.empty.total.get() != 0 || self.stock())
            && magazines.loaded.get() == 0
            && let Some(magazine) = self.empty().take()
        {
            self.push_loaded(magazine, 0);
        }
        while magazines.rounds.get() < magazines.capacity.get() {
            // One new slab suffices.
            let Some(at) = self.slabs.take() else { break };
            magazines.give(self.source(), at.0);
        }
    }

    /// The loaded magazine becomes the previous one, and this one, with so many rounds, the loaded one.
    fn push_loaded(&self, magazine: u32, rounds: u32) {
        let (record, magazines) = (self.record(), self.magazines());
        magazines.previous.set(magazines.loaded.get());
        magazines.previous_rounds.set(magazines.rounds.get());
        magazines.loaded.set(magazine);
        magazines.rounds.set(rounds);
        magazines.capacity.set(record.rounds.get());
    }

    /// An object made of bare memory.
    fn make(&self, spare: u32) -> Result<Addr, Error> {
        let at = self.constructed(spare)?;
        let record = self.record();
        record.allocations.set(record.allocations.get() + 1);
        Ok(at)
    }

    /// As `make`, uncounted: an object that nobody asked for yet.
    pub(crate) fn constructed(&self, spare: u32) -> Result<Addr, Error> {
        let at = self.bare(spare)?;
        if self.construct(at) {
            return Ok(at);
        }
        self.slabs.give(at);
        Err(Error::Refused)
    }

    /// Makes an object of bare memory; whether its owner did.
    pub(crate) fn construct(&self, at: Addr) -> bool {
        let constructs = &self.record().constructs;
        let made = L::BARE || self.life.construct(at);
        constructs.set(constructs.get() + u64::from(made && !L::BARE));
        made
    }

    /// Bare memory for an object, out of a new slab if need be, for which whoever can spare memory is asked once.
    fn bare(&self, spare: u32) -> Result<Addr, Error> {
        let slabs = &self.slabs;
        self.within_limit(spare)?;
        if let Some(at) = slabs.take() {
            return Ok(at);
        }
        if let Err(error) = slabs.add() {
            if !slabs.relieve(error) {
                return Err(error);
            }
            // Those who were asked may have given objects back to this cache, or taken some.
            self.within_limit(spare)?;
            if slabs.fullest().is_none() {
                slabs.add()?;
            }
        }
        slabs.take().ok_or(Error::NoMemory { bytes: self.record().slab_len.get() })
    }

    /// Whether the limit allows one object more that leaves `spare` of it.
    pub(crate) fn within_limit(&self, spare: u32) -> Result<(), Error> {
        let (taken, limit) = (self.record().taken.get() + self.record().guarded.get(), self.record().limit.get());
        if limit != 0 && taken >= limit.saturating_sub(spare) {
            return Err(Error::Limit { objects: limit.saturating_sub(spare) });
        }
        Ok(())
    }

    /// Takes a constructed object back, where the loaded magazine is full or there is none.
    #[cold]
    pub(crate) fn free_slowly(&self, at: Addr) {
        #[cfg(feature = "audit")]
        if self.free_audited(at) {
            return;
        }
        let (record, magazines) = (self.record(), self.magazines());
        // What gives the memory for a magazine may use this cache; so everything is looked at again then, but not without end.
        for _ in 0..TRIES {
            if magazines.give(self.source(), at.0) {
                return;
            }
            if record.rounds.get() == 0 {
                break;
            }
            if magazines.previous.get() != 0 && magazines.previous_rounds.get() == 0 {
                magazines.exchange();
            } else if let Some(magazine) = self.empty().take() {
                if magazines.previous.get() != 0 {
                    self.full().give(magazines.previous.get());
                }
                self.push_loaded(magazine, 0);
            } else if !self.stock() {
                break;
            }
        }
        self.unmake(at);
    }

    /// Gives a constructed object back to its slab.
    pub(crate) fn unmake(&self, at: Addr) {
        self.destruct(at);
        self.slabs.give(at);
    }

    /// Makes an object bare memory.
    pub(crate) fn destruct(&self, at: Addr) {
        if !L::BARE {
            let destructs = &self.record().destructs;
            destructs.set(destructs.get() + 1);
            self.life.destruct(at);
        }
    }

    /// Puts a new magazine of the present type into the depot; whether there was memory for one.
    pub(crate) fn stock(&self) -> bool {
        let (engine, record) = (self.slabs.engine, self.record());
        let rounds = record.rounds.get();
        let at = engine.alloc(magazine_len(rounds), 8);
        if at.0 == 0 {
            return false;
        }
        // Whoever was asked for memory may have changed the type.
        if record.rounds.get() != rounds {
            engine.free_record(at, magazine_len(rounds));
            return false;
        }
        record.magazines_now.set(record.magazines_now.get() + 1);
        self.empty().give(magazine_at(at.0));
        true
    }

    /// Fills what is to be there from the start: slabs for what is kept, and the magazine of a zone.
    pub(crate) fn begin(&self) -> Result<(), Error> {
        let (record, magazines) = (self.record(), self.magazines());
        self.slabs.provide(record.keep.get())?;
        if record.flags.get() & ZONE != 0 {
            if !self.stock() {
                return Err(Error::NoMemory { bytes: magazine_len(record.rounds.get()) });
            }
            if let Some(magazine) = self.empty().take() {
                self.push_loaded(magazine, 0);
            }
            while magazines.rounds.get() < magazines.capacity.get() {
                let object = self.constructed(0)?;
                magazines.give(self.source(), object.0);
            }
        }
        Ok(())
    }

    /// Asks the owner for what it can spare. Magazines that fill up meanwhile hold what it gave, so they count as idle.
    pub(crate) fn ask_owner(&self, ask: impl FnOnce()) {
        let record = self.record();
        record.reclaims.set(record.reclaims.get().wrapping_add(1));
        let before = record.full.total.get();
        ask();
        self.full().credit(before);
    }

    /// A look at what the cache needed since the last one: what was idle in the depot may be reaped, and a cache whose
    /// magazines changed hands often gets longer ones, one type at a time. Not twice in a row: the change itself makes exchanges.
    /// One whose magazines did not change hands for a while gets shorter ones again.
    pub(crate) fn update(&self) {
        #[cfg(feature = "audit")]
        self.settle();
        let record = self.record();
        self.full().update();
        self.empty().update();
        let exchanges = record.full.takes.get().wrapping_add(record.empty.takes.get());
        let since = exchanges.wrapping_sub(record.exchanges_seen.replace(exchanges)) as i32;
        let (rounds, size) = (record.rounds.get(), record.stride.get());
        let quiet = if since > 0 { 0 } else { record.quiet.get().saturating_add(1) };
        record.quiet.set(quiet);
        if rounds == 0 || record.flags.get() & ZONE != 0 {
            return;
        }
        let longest = if record.rounds_max.get() == 0 { u32::MAX } else { record.rounds_max.get() };
        let other = if since > BUSY {
            next_rounds(size, rounds).filter(|&longer| longer <= longest)
        } else if quiet >= QUIET {
            shorter_rounds(size, rounds).filter(|_| record.rounds_max.get() == 0)
        } else {
            None
        };
        if let Some(rounds) = other
            && self.set_rounds(rounds)
        {
            record.quiet.set(0);
            if since > BUSY {
                record.exchanges_seen.set(exchanges.wrapping_add(i32::MAX as u32));
            }
        }
    }

    /// Changes how many rounds a magazine has, zero for no magazines; whether it did. It does not while there is a magazine: a
    /// destructor may have filled another one.
    pub(crate) fn set_rounds(&self, rounds: u32) -> bool {
        self.purge();
        let none = self.record().magazines_now.get() == 0;
        if none {
            self.record().rounds.set(rounds);
        }
        none
    }

    /// Gives back what is idle in the depot, and empty slabs.
    pub(crate) fn reap(&self) {
        let record = self.record();
        record.reaps.set(record.reaps.get().wrapping_add(1));
        let rounds = record.rounds.get();
        while let Some(magazine) = self.full().take_idle() {
            self.end_magazine(magazine, rounds);
        }
        while let Some(magazine) = self.empty().take_idle() {
            self.end_magazine(magazine, 0);
        }
        self.slabs.release_empty();
    }

    /// Gives back everything that is in the depot, and empty slabs; what is loaded stays.
    pub(crate) fn reap_all(&self) {
        self.full().release_all();
        self.empty().release_all();
        self.reap();
    }

    /// Gives back everything that is in magazines, and the magazines, and empty slabs. Zones keep theirs.
    pub(crate) fn purge(&self) {
        if self.record().flags.get() & ZONE == 0 {
            self.end_loaded();
            self.reap_all();
        }
    }

    /// Gives back the loaded and the previous magazine, with what is in them.
    ///
    /// Destructors may fill others meanwhile, which follow: a chain of objects ends so, but not what makes a new one each time.
    pub(crate) fn end_loaded(&self) {
        let magazines = self.magazines();
        let mut left = self.record().taken.get() + 2;
        while left != 0 && (magazines.loaded.get() != 0 || magazines.previous.get() != 0) {
            left -= 1;
            let (magazine, rounds) = (magazines.loaded.replace(0), magazines.rounds.replace(0));
            magazines.loaded.set(magazines.previous.replace(0));
            magazines.rounds.set(magazines.previous_rounds.replace(0));
            magazines.capacity.set(if magazines.loaded.get() == 0 { 0 } else { magazines.capacity.get() });
            if magazine != 0 {
                self.end_magazine(magazine, rounds);
            }
        }
    }

    /// Gives the rounds of a magazine that is nowhere any more back to their slabs, and the magazine to the heap.
    fn end_magazine(&self, magazine: u32, rounds: u32) {
        let record = self.record();
        let len = magazine_len(record.rounds.get());
        for index in 0..rounds {
            self.unmake(Addr(slot(self.source(), magazine, index).get()));
        }
        record.magazines_now.set(record.magazines_now.get() - 1);
        self.slabs.engine.free_record(Addr(magazine_begin(magazine)), len);
    }
}

/// Takes the last round of the loaded magazine, which has one: the whole of the fast path.
#[inline(always)]
pub(crate) fn take_round<S: Source>(source: &S, record: &ObjectCacheRecord) -> Addr {
    record.allocations.set(record.allocations.get() + 1);
    Addr(record.magazines.take(source))
}
