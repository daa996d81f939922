//! [`Arena`]: creation, spans, and the calls that take segments and give them back.
//!
//! A request goes down a ladder: a quantum cache, a free segment, what lies idle in quantum caches, an import. Everything it may
//! need is taken before anything is changed.
//!
//! # Invariants
//! They hold between calls and while a callback runs; [`Arena::check`] checks each.
//!
//! - **A1** Marks and segments are one list; the segments behind a mark tile its span in address order; spans do not overlap.
//! - **A2** No two free segments of a span adjoin.
//! - **A3** A segment is on the free list for its length iff it is free; a list's bit is set iff the list is not empty.
//! - **A4** A segment is in the list for the hash of its start iff it is held.
//! - **A5** Before a request five tags are spare.
//! - **A6** A table has as many lists as its shift says.
//! - **A7** A slab's tag names its descriptor, which names the slab, says which objects are free, and is in the list of its quantum
//!   cache iff some are; no slab is empty.
//! - **A8** The counts of units, segments and tags are what a walk finds.
#![deny(unsafe_code)]

use core::cell::Cell;
use core::fmt;

use crate::list;
use crate::record::{Id, get};
use crate::units::Addr;
use crate::vmem::segments::{Segments, Tiling};
use crate::vmem::tag::{LARGE as HELD, SPAN, Tag};

mod check;
mod error;
pub(super) mod fit;
mod held;
#[allow(unsafe_code, reason = "only an arena may give spans back")]
mod import;
mod options;
mod quantum_cache;
#[allow(unsafe_code, reason = "ids of the fields of an arena's record")]
pub(crate) mod record;
mod resize;
mod search;
#[allow(unsafe_code, reason = "records are made of bytes here")]
pub(crate) mod supply;
mod walk;

pub use check::Fault;
pub use error::Error;
pub use fit::{Constraints, Fit};
pub use import::{Import, Place, Request, Span};
pub use options::Options;
pub use supply::Records;
pub use walk::{Dump, Kind, Measure, Segment, Usage};

use fit::Wanted;
use quantum_cache::ROUNDS;
use record::{ArenaRecord, MEMORY, NAME_LEN, Siblings};
use search::Found;

/// An allocator of numbers: see the [module](crate::vmem).
///
/// Its records lie where `R` says: in an array of [`Slot`](crate::vmem::Slot)s, or in a heap, whose inspector shows the arena
/// then. Dropping an arena gives its records back, and its imported spans where nothing in them is held.
pub struct Arena<'a, R: Records> {
    records: R,
    record: Id<ArenaRecord>,
    import: Option<&'a dyn Import>,
    import_factor: u32,
    fit: Fit,
    walking: Cell<bool>,
    /// Whether a span came back from an arena that imported it while a walk went on, and waits for its end.
    returned: Cell<bool>,
}

impl<R: Records> fmt::Debug for Arena<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("quantum", &self.quantum()).field("usage", &self.usage()).finish_non_exhaustive()
    }
}

impl<R: Records> Tiling for Arena<'_, R> {
    type Memory = R::Memory;

    #[inline(always)]
    fn memory(&self) -> &R::Memory {
        self.records.memory()
    }

    #[inline(always)]
    fn segments(&self) -> Id<Segments> {
        self.record.segments()
    }

    #[inline(always)]
    fn order(&self, len: u32) -> u32 {
        search::order(len >> self.record().shift.get())
    }

    fn take_tag(&self) -> Id<Tag> {
        self.take_spare()
    }

    fn give_tag(&self, tag: Id<Tag>) {
        self.put_spare(tag);
    }

    /// A next fit goes on from the segment or mark before.
    fn absorbs(&self, tag: Id<Tag>) {
        let rotor = &self.record().rotor;
        if rotor.get() == Some(tag) {
            rotor.set(Some(self.tag(tag).before()));
        }
    }
}

impl<'a, R: Records> Arena<'a, R> {
    /// An arena without spans, with its records in `records`.
    ///
    /// # Errors
    /// [`Error::BadQuantum`], [`Error::BadQuantumCaches`], [`Error::BadImportFactor`] where an option makes no sense, and
    /// [`Error::NoRecords`] where there is no room for the arena's own record.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Error, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let options = Options { quantum: 48, ..Options::new("ports") };
    /// assert_eq!(Arena::new(Storage::new(&mut slots), options).err(), Some(Error::BadQuantum(48)));
    /// ```
    pub fn new(records: R, options: Options<'a>) -> Result<Self, Error> {
        let Options { quantum, quantum_caches, import, import_factor, .. } = options;
        if !quantum.is_power_of_two() {
            return Err(Error::BadQuantum(quantum));
        }
        if import_factor == 0 {
            return Err(Error::BadImportFactor(0));
        }
        let quantum_max = quantum_cache::longest(quantum_caches, quantum)?;
        let record = supply::record(&records)?;
        let arena = Self {
            records,
            record,
            import,
            import_factor,
            fit: options.fit,
            walking: Cell::new(false),
            returned: Cell::new(false),
        };
        // From here on a refusal drops the arena, which gives the record back.
        arena.begin();
        let state = arena.record();
        state.shift.set(quantum.trailing_zeros());
        state.flags.set(if options.memory { MEMORY } else { 0 });
        state.parent.set(arena.parent_at());
        let mut name = [0; NAME_LEN];
        let mut cut = options.name.len().min(NAME_LEN);
        while !options.name.is_char_boundary(cut) {
            cut -= 1;
        }
        name[..cut].copy_from_slice(&options.name.as_bytes()[..cut]);
        for (word, bytes) in state.name.iter().zip(name.as_chunks().0) {
            word.set(u32::from_le_bytes(*bytes));
        }
        if quantum_max != 0 {
            state.caches.set(Some(arena.take_caches(quantum_max, ROUNDS)?));
            state.quantum_max.set(quantum_max);
            arena.begin_caches();
        }
        arena.reserve()?;
        if let Some(siblings) = supply::siblings(&arena.records) {
            arena.enlist(siblings);
        }
        Ok(arena)
    }

    /// Where the record of the arena is that spans come from, if that is in the same memory; else zero.
    fn parent_at(&self) -> u32 {
        let own = Place::new(self.memory(), self.at());
        let place = self.import.and_then(Import::place);
        place.filter(|place| place.is_beside(&own)).map_or(0, |place| place.addr.0)
    }

    #[inline(always)]
    pub(super) fn record(&self) -> &ArenaRecord {
        get(self.records.memory(), self.record)
    }

    /// The unit of the arena.
    #[must_use]
    pub fn quantum(&self) -> u32 {
        1 << self.record().shift.get()
    }

    /// Where the arena's record is, for an inspector of the memory it is in.
    #[must_use]
    pub const fn at(&self) -> Addr {
        Addr(self.record.addr())
    }

    /// Adds the numbers `[start, start + len)` as a span that stays. The span may end at the greatest number there is, and begin
    /// at zero. Linear in the number of spans.
    ///
    /// # Errors
    /// [`Error::BadSpan`], [`Error::Overlap`], [`Error::NoRecords`], [`Error::Walking`].
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Error, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("top"))?;
    /// arena.add(0xffff_ff00, 0x100)?;
    /// assert_eq!(arena.add(0xffff_fff0, 8), Err(Error::Overlap { start: 0xffff_ff00, len: 0x100 }));
    /// assert_eq!(arena.alloc(0x100)?, 0xffff_ff00);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn add(&self, start: u32, len: u32) -> Result<(), Error> {
        self.at_rest()?;
        self.reserve()?;
        self.add_span(Span { start, len }, SPAN).map(|_| ())
    }

    /// Takes `len` numbers that lie together; the first of them. Constant time with instant fit, unless only a segment of the
    /// list below will do; see [`Fit`] for the others.
    ///
    /// # Errors
    /// [`Error::ZeroLength`], [`Error::TooLong`], [`Error::Exhausted`], [`Error::NoRecords`], [`Error::BadImport`],
    /// [`Error::Walking`].
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options { quantum: 256, ..Options::new("uniforms") })?;
    /// arena.add(0, 65_536)?;
    /// let offset = arena.alloc(1000)?;
    /// assert_eq!(offset % 256, 0);
    /// arena.free(offset, 1000)?;
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn alloc(&self, len: u32) -> Result<u32, Error> {
        self.at_rest()?;
        let record = self.record();
        if len == 0 || (len - 1) >> record.shift.get() >= record.quantum_max.get() {
            return self.alloc_constrained(len, &Constraints::NONE);
        }
        let taken = self.alloc_cached(((len - 1) >> record.shift.get()) + 1);
        self.count(taken)
    }

    /// As [`alloc`](Self::alloc), for numbers that are as `constraints` say. Never from a quantum cache. A constraint that free
    /// segments do not meet makes the arena import once, enough to meet it wherever the span lies, within `min` and `max`.
    ///
    /// # Errors
    /// As `alloc`; [`Error::BadAlign`], [`Error::BadPhase`], [`Error::BadNoCross`], [`Error::BadWindow`] where no number can be
    /// as they say.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Constraints, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("ports"))?;
    /// arena.add(1024, 64_512)?;
    /// let pair = arena.alloc_constrained(2, &Constraints { align: 2, min: 5001, max: 6000, ..Constraints::NONE })?;
    /// assert_eq!(pair, 5002);
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn alloc_constrained(&self, len: u32, constraints: &Constraints) -> Result<u32, Error> {
        self.at_rest()?;
        let fit = constraints.fit.unwrap_or(self.fit);
        let taken = Wanted::new(len, self.record().shift.get(), constraints)
            .and_then(|wanted| self.obtain(&wanted, fit, HELD))
            .map(|id| self.tag(id).start.get());
        self.count(taken)
    }

    /// Counts a request.
    pub(super) fn count(&self, taken: Result<u32, Error>) -> Result<u32, Error> {
        let record = self.record();
        match taken {
            Ok(_) => record.allocations.set(record.allocations.get() + 1),
            Err(_) => record.failures.set(record.failures.get().wrapping_add(1)),
        }
        taken
    }

    /// Refuses what a walk must not see.
    fn at_rest(&self) -> Result<(), Error> {
        if self.walking.get() { Err(Error::Walking) } else { Ok(()) }
    }

    /// A segment, held as `kind`: from what is free, from what lies idle in quantum caches, from an import.
    fn obtain(&self, wanted: &Wanted, fit: Fit, kind: u32) -> Result<Id<Tag>, Error> {
        self.reserve()?;
        let mut found = self.find(wanted, fit);
        if found.is_none() && self.drain() {
            self.reserve()?;
            found = self.find(wanted, fit);
        }
        let found = match found {
            Some(found) => found,
            None => self.find_imported(wanted)?,
        };
        Ok(self.carve(found, wanted.len, kind))
    }

    /// Takes what was found; needs two tags.
    pub(super) fn carve(&self, (mut id, at): Found, len: u32, kind: u32) -> Id<Tag> {
        self.withdraw(id);
        let before = at - self.tag(id).start.get();
        if before != 0 {
            let front = id;
            id = self.split(front, before);
            self.file(front);
        }
        if self.tag(id).len.get() != len {
            let rest = self.split(id, len);
            self.file(rest);
        }
        self.hold(id, kind);
        let record = self.record();
        record.rotor.set(Some(id));
        record.rotor_at.set(at + (len - 1));
        id
    }

    /// Gives numbers back that a call took: its first number, and the length it was asked for. Joins them with free neighbours; a
    /// span that was imported and is all free goes back. Constant time on the average.
    ///
    /// # Errors
    /// [`Error::NotHeld`] where nothing that is held begins there, [`Error::WrongLength`] where that has another length,
    /// [`Error::ZeroLength`], [`Error::TooLong`], [`Error::Walking`].
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Error, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// let at = arena.alloc(7)?;
    /// assert_eq!(arena.free(at, 8), Err(Error::WrongLength { start: at, len: 8, held: 7 }));
    /// arena.free(at, 7)?;
    /// assert_eq!(arena.free(at, 7), Err(Error::NotHeld(at)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn free(&self, start: u32, len: u32) -> Result<(), Error> {
        self.at_rest()?;
        let rounded = self.rounded(len)?;
        if let Some(slab) = self.slab_for(start, rounded) {
            self.check_object(slab, start, rounded)?;
            self.count_free();
            self.free_cached(slab, start);
        } else {
            let id = self.held_segment(start, rounded)?;
            self.count_free();
            self.give_back(id);
        }
        Ok(())
    }

    /// Counts what is given back; before that is done, because a callback may give back everything meanwhile.
    pub(super) fn count_free(&self) {
        let record = self.record();
        record.frees.set(record.frees.get() + 1);
    }

    /// `len` in whole quanta.
    fn rounded(&self, len: u32) -> Result<u32, Error> {
        fit::whole_quanta(len, self.record().shift.get())
    }

    /// The segment that begins at `start`, is `rounded` long, and is held by a caller.
    fn held_segment(&self, start: u32, rounded: u32) -> Result<Id<Tag>, Error> {
        let id = self.held(start).filter(|id| self.tag(*id).kind.get() == HELD).ok_or(Error::NotHeld(start))?;
        let held = self.tag(id).len.get();
        if held == rounded { Ok(id) } else { Err(Error::WrongLength { start, len: rounded, held }) }
    }

    /// Makes a held segment free.
    pub(super) fn give_back(&self, id: Id<Tag>) {
        self.unhold(id);
        let id = self.join(id);
        self.file(id);
        if self.is_whole_import(id) {
            self.release_span(id);
        }
        self.trim();
    }

    /// Gives everything back at once that is held; spans that were imported go back. Linear in the segments.
    ///
    /// # Errors
    /// [`Error::Walking`].
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Measure, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("frame"))?;
    /// arena.add(0, 100)?;
    /// for _ in 0..10 {
    ///     arena.alloc(3)?;
    /// }
    /// arena.free_all()?;
    /// assert_eq!(arena.size(Measure::InUse), 0);
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn free_all(&self) -> Result<(), Error> {
        self.at_rest()?;
        self.forget_caches();
        let record = self.record();
        record.frees.set(record.allocations.get());
        let mut id = self.tag(self.segments().first()).next();
        while id != self.segments().last() {
            if self.tag(id).kind.get() == HELD {
                self.unhold(id);
                id = self.join(id);
                self.file(id);
            }
            id = self.tag(id).next();
        }
        self.release_whole_imports();
        self.trim();
        Ok(())
    }

    /// Ends the arena.
    ///
    /// # Errors
    /// [`Error::Busy`], with the arena as it was, where something is still held.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Error, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// let at = arena.alloc(1)?;
    /// let (arena, error) = arena.destroy().unwrap_err();
    /// assert_eq!(error, Error::Busy { segments: 1 });
    /// arena.free(at, 1)?;
    /// assert!(arena.destroy().is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn destroy(self) -> Result<(), (Self, Error)> {
        self.drain();
        let segments = self.held_now();
        if segments == 0 { Ok(()) } else { Err((self, Error::Busy { segments })) }
    }

    /// Puts the arena into the list that an inspector finds it by, and numbers it.
    fn enlist(&self, siblings: Id<Siblings>) {
        let made = &get(self.memory(), siblings).made;
        made.set(made.get().wrapping_add(1));
        self.record().number.set(made.get());
        list::insert(self.memory(), siblings.list(), self.record.link());
    }
}

impl<R: Records> Drop for Arena<'_, R> {
    fn drop(&mut self) {
        self.end();
    }
}
