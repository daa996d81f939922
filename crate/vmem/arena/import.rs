//! Where an arena gets its spans from when it has none that will do.

use super::Arena;
use super::error::Error;
use super::fit::{Constraints, Wanted};
use super::search::Found;
use super::supply::Records;
use crate::list;
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::segments::Tiling;
use crate::vmem::tag::{FREE, IMPORTED, Tag};

/// A run of numbers `[start, start + len)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first.
    pub start: u32,
    /// How many, at least one.
    pub len: u32,
}

/// What an arena asks its source for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// How many numbers at least, whole quanta of the arena that asks.
    pub len: u32,
    /// A power of two of which the first must be a multiple: the quantum of the arena that asks.
    pub align: u32,
    /// The least number that is of use.
    pub min: u32,
    /// The greatest number that is of use.
    pub max: u32,
}

/// Where the record of an arena is: see [`Import::place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address in its memory.
    pub(super) addr: Addr,
    /// The same as a pointer, which tells memories apart.
    pointer: *const u8,
}

impl Place {
    /// The address `addr` of `memory`, which is one of it.
    pub(crate) fn new<S: Source>(memory: &S, addr: Addr) -> Self {
        Self { addr, pointer: memory.at(addr) }
    }

    /// Whether both lie in one memory: as far apart as addresses as they are as pointers.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let pointers = self.pointer.addr().wrapping_sub(other.pointer.addr());
        pointers == (self.addr.0 as usize).wrapping_sub(other.addr.0 as usize)
    }
}

/// A source of spans. An [`Arena`] is one, and a [`Heap`](crate::Heap), whose numbers are addresses.
///
/// The methods may use any other arena, and the one that calls them too: it is whole while they run.
///
/// ```
/// use core::cell::Cell;
/// use flagstone::vmem::{Arena, Import, Options, Request, Slot, Span, Storage};
///
/// /// Hands out the numbers from 0 on, sixteen at a time.
/// struct Counter(Cell<u32>);
/// impl Import for Counter {
///     fn import(&self, request: &Request) -> Option<Span> {
///         let len = request.len.checked_next_multiple_of(16)?;
///         let start = self.0.get();
///         self.0.set(start.checked_add(len)?);
///         Some(Span { start, len })
///     }
///     fn release(&self, _: Span, _: u32) {}
/// }
///
/// let mut slots = [Slot::EMPTY; 64];
/// let source = Counter(Cell::new(0));
/// let arena = Arena::new(Storage::new(&mut slots), Options { import: Some(&source), ..Options::new("numbers") })?;
/// assert_eq!(arena.alloc(10)?, 0);
/// assert_eq!(arena.alloc(6)?, 10);
/// assert_eq!(arena.alloc(1)?, 16);
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
pub trait Import {
    /// A span of at least `request.len` numbers that nobody else uses, whole quanta from a multiple of `request.align` on; it may
    /// be longer. `None` where there is none.
    fn import(&self, request: &Request) -> Option<Span>;

    /// Takes a span back, exactly as it was imported; `align` is the request's.
    fn release(&self, span: Span, align: u32);

    /// As [`release`](Self::release), which this calls, from the arena that imported the span. A heap takes memory back only here.
    ///
    /// # Safety
    /// - `span` came from `import` of this source for a request with this `align`, and nobody uses it;
    /// - it is given back once.
    unsafe fn take_back(&self, span: Span, align: u32) {
        self.release(span, align);
    }

    /// Where the record of the arena is that spans come from, so that the inspector shows one under the other. Nowhere, unless this
    /// is an arena or a heap.
    fn place(&self) -> Option<Place> {
        None
    }
}

impl<R: Records> Import for Arena<'_, R> {
    fn import(&self, request: &Request) -> Option<Span> {
        let len = request.len.checked_next_multiple_of(self.quantum())?;
        let constraints = Constraints { align: request.align, min: request.min, max: request.max, ..Constraints::NONE };
        self.alloc_constrained(len, &constraints).ok().map(|start| Span { start, len })
    }

    fn release(&self, span: Span, _align: u32) {
        if self.is_walking() {
            self.return_later(span);
        } else {
            let freed = self.free(span.start, span.len);
            debug_assert_eq!(freed, Ok(()), "an arena gives back what it imported");
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::new(self.memory(), Addr(self.record.addr())))
    }
}

impl<R: Records> Arena<'_, R> {
    /// Imports for a request that no free segment serves: one span, many times as long first where the arena says so. Where
    /// what comes does not serve either, it goes back: nothing is imported again and again.
    pub(crate) fn find_imported(&self, wanted: &Wanted) -> Result<Found, Error> {
        let exhausted = Error::Exhausted { len: wanted.len };
        let source = self.import.ok_or(exhausted)?;
        let least = wanted.import_len(self.record().shift.get()).ok_or(exhausted)?;
        let ask = |len| source.import(&Request { len, align: self.quantum(), min: wanted.min, max: wanted.max });
        let many = least.checked_mul(self.import_factor).filter(|many| *many != least);
        let span = many.and_then(ask).or_else(|| ask(least)).ok_or(exhausted)?;
        // The callback may have used up the reserve.
        let segment = self.reserve().and_then(|()| {
            let bad = Error::BadImport { start: span.start, len: span.len };
            if span.len < least { Err(bad) } else { self.add_span(span, IMPORTED).map_err(|_| bad) }
        });
        let segment = match segment {
            Ok(segment) => segment,
            Err(error) => {
                self.return_span(source, span);
                return Err(error);
            }
        };
        let record = self.record();
        record.imports.set(record.imports.get().wrapping_add(1));
        match wanted.place_in(span.start, span.len) {
            Some(at) => Ok((segment, at)),
            None => {
                self.release_span(segment);
                Err(exhausted)
            }
        }
    }

    /// Adds a span with one free segment, which is in its list then; needs two tags.
    pub(super) fn add_span(&self, span: Span, kind: u32) -> Result<Id<Tag>, Error> {
        let (start, len) = (span.start, span.len);
        let quantum = self.quantum();
        let end = u64::from(start) + u64::from(len);
        if len == 0 || end > 1 << 32 || (start | len) & (quantum - 1) != 0 {
            return Err(Error::BadSpan { start, len });
        }
        let overlapping = self.spans().find(|other| {
            u64::from(other.start) < end && u64::from(other.start) + u64::from(other.len) > u64::from(start)
        });
        if let Some(Span { start, len }) = overlapping {
            return Err(Error::Overlap { start, len });
        }
        let mark_id = self.make_last();
        list::insert(self.memory(), self.record.spans(), mark_id.link());
        let mark = self.tag(mark_id);
        mark.start.set(start);
        mark.len.set(len);
        mark.kind.set(kind);
        let id = self.make_last();
        self.tag(id).start.set(start);
        self.tag(id).len.set(len);
        self.file(id);
        let record = self.record();
        record.total.set(record.total.get() + u64::from(len));
        Ok(id)
    }

    /// The spans, newest first.
    fn spans(&self) -> impl Iterator<Item = Span> {
        let first = get(self.memory(), self.record.spans()).first.get();
        core::iter::successors(first, |link| get(self.memory(), *link).next.first.get()).map(|link| {
            let mark = self.tag(Id::<Tag>::of_link(link));
            Span { start: mark.start.get(), len: mark.len.get() }
        })
    }

    /// Gives the imported span back whose only segment this is, which is free and in its list.
    pub(super) fn release_span(&self, segment: Id<Tag>) {
        self.withdraw(segment);
        let mark = self.tag(segment).before();
        let span = Span { start: self.tag(mark).start.get(), len: self.tag(mark).len.get() };
        list::remove(self.memory(), mark.link());
        for tag in [segment, mark] {
            self.absorbs(tag);
            self.unmake(tag);
        }
        let record = self.record();
        record.total.set(record.total.get() - u64::from(span.len));
        record.releases.set(record.releases.get().wrapping_add(1));
        if let Some(source) = self.import {
            self.return_span(source, span);
        }
    }

    /// Gives a span back to this arena's source, which it came from.
    fn return_span(&self, source: &dyn Import, span: Span) {
        // SAFETY: it came from this source, either just now or as the span that is no more; none of it is held.
        unsafe { source.take_back(span, self.quantum()) };
    }

    /// Whether a free segment is all of an imported span.
    pub(super) fn is_whole_import(&self, segment: Id<Tag>) -> bool {
        let (tag, mark) = (self.tag(segment), self.tag(self.tag(segment).before()));
        tag.kind.get() == FREE && mark.kind.get() == IMPORTED && mark.len.get() == tag.len.get()
    }

    /// Gives all imported spans back that are all free.
    pub(super) fn release_whole_imports(&self) {
        let mut id = self.tag(self.segments().first()).next();
        while id != self.segments().last() {
            if self.is_whole_import(id) {
                self.release_span(id);
                // A callback may have changed anything.
                id = self.segments().first();
            }
            id = self.tag(id).next();
        }
    }
}
