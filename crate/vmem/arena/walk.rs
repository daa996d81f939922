//! Looking at an arena: sizes, segments, what a number is in, and all of it in words.
#![forbid(unsafe_code)]

use core::fmt;

use super::Arena;
use super::import::Span;
use super::record::NAME_LEN;
use super::supply::Records;
use crate::record::Id;
use crate::vmem::segments::{LISTS, Tiling};
use crate::vmem::tag::{FREE, IMPORTED, LARGE as HELD, SLAB, SPAN, Tag};

/// What a held segment says of its owner when it waits for the end of a walk to be free.
const RETURNED: u32 = 1;

/// Which units [`Arena::size`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Those in held segments: what callers hold and the slabs of quantum caches.
    InUse,
    /// Those in free segments.
    Free,
    /// Both.
    Total,
}

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nobody holds it.
    Free,
    /// A caller does.
    Held,
    /// A quantum cache does: objects of so many quanta are cut from it.
    Slab {
        /// Quanta of an object.
        quanta: u32,
        /// Bit `n` is set iff object `n` is free, in its slab; one that waits in a magazine is not.
        free: u64,
    },
}

/// A segment of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its first number.
    pub start: u32,
    /// How many it has, whole quanta.
    pub len: u32,
    /// What it is.
    pub kind: Kind,
    /// The span it is part of.
    pub span: Span,
    /// Whether that span was imported.
    pub imported: bool,
}

/// What an arena has and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of all spans.
    pub total: u64,
    /// Units in held segments.
    pub in_use: u64,
    /// Units in free objects of quantum caches, part of `in_use`.
    pub cached: u64,
    /// Spans.
    pub spans: u32,
    /// Held segments, slabs among them.
    pub held: u32,
    /// Free segments.
    pub free: u32,
    /// Units of the longest free segment.
    pub largest_free: u32,
    /// Requests served, ever.
    pub allocations: u64,
    /// Of those, given back.
    pub frees: u64,
    /// Requests refused.
    pub failures: u32,
    /// Spans imported, ever.
    pub imports: u32,
    /// Of those, given back.
    pub releases: u32,
}

impl<R: Records> Arena<'_, R> {
    /// How many numbers the arena has, free, in use, or both. Constant time.
    #[must_use]
    pub fn size(&self, measure: Measure) -> u64 {
        let (total, in_use) = (self.record().total.get(), self.record().in_use.get());
        match measure {
            Measure::InUse => in_use,
            Measure::Free => total - in_use,
            Measure::Total => total,
        }
    }

    /// What the arena has and did. Linear in the segments.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// arena.alloc(30)?;
    /// let usage = arena.usage();
    /// assert_eq!((usage.in_use, usage.free, usage.largest_free), (30, 1, 70));
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    #[must_use]
    pub fn usage(&self) -> Usage {
        let record = self.record();
        let mut usage = Usage {
            total: record.total.get(),
            in_use: record.in_use.get(),
            cached: self.cached().0,
            allocations: record.allocations.get(),
            frees: record.frees.get(),
            failures: record.failures.get(),
            imports: record.imports.get(),
            releases: record.releases.get(),
            ..Usage::default()
        };
        self.each(|id| match self.tag(id).kind.get() {
            FREE => {
                usage.free += 1;
                usage.largest_free = usage.largest_free.max(self.tag(id).len.get());
            }
            SPAN | IMPORTED => usage.spans += 1,
            _ => usage.held += 1,
        });
        usage
    }

    /// Shows all segments, spans in the order they came, and in a span by address. Linear in their number. What changes the
    /// arena is refused meanwhile.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Kind, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// arena.alloc(30)?;
    /// let mut seen = Vec::new();
    /// arena.walk(|segment| seen.push((segment.start, segment.len, segment.kind)));
    /// assert_eq!(seen, [(0, 30, Kind::Held), (30, 70, Kind::Free)]);
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn walk(&self, mut show: impl FnMut(Segment)) {
        let rest = Rest { arena: self, before: self.walking.replace(true) };
        let mut span = (Span { start: 0, len: 0 }, false);
        self.each(|id| {
            let tag = self.tag(id);
            let (start, len) = (tag.start.get(), tag.len.get());
            let kind = match tag.kind.get() {
                SPAN | IMPORTED => {
                    span = (Span { start, len }, tag.kind.get() == IMPORTED);
                    return;
                }
                FREE => Kind::Free,
                kind if kind > SLAB => Kind::Slab { quanta: kind - SLAB, free: self.descriptor(tag).free.get() },
                _ => Kind::Held,
            };
            show(Segment { start, len, kind, span: span.0, imported: span.1 });
        });
        drop(rest);
    }

    /// Whether a walk goes on.
    pub(super) fn is_walking(&self) -> bool {
        self.walking.get()
    }

    /// Marks a span that comes back from an arena that imported it, so that it is free after the walk.
    pub(super) fn return_later(&self, span: Span) {
        if let Some(id) = self.held(span.start) {
            self.tag(id).owner.set(RETURNED);
            self.returned.set(true);
        }
    }

    /// Frees the spans that came back during a walk.
    fn free_returned(&self) {
        let mut id = self.tag(self.segments().first()).next();
        while id != self.segments().last() {
            let tag = self.tag(id);
            if tag.kind.get() == HELD && tag.owner.get() == RETURNED {
                self.count_free();
                self.give_back(id);
                // The tags around may be gone, and a callback may have changed anything.
                id = self.segments().first();
            }
            id = self.tag(id).next();
        }
    }

    /// The segment that a number is in; `None` where no span has it. Linear in the segments.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Kind, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(500, 100)?;
    /// let at = arena.alloc(30)?;
    /// assert_eq!(arena.whatis(at + 29).map(|segment| (segment.start, segment.kind)), Some((at, Kind::Held)));
    /// assert_eq!(arena.whatis(600), None);
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    #[must_use]
    pub fn whatis(&self, number: u32) -> Option<Segment> {
        let mut found = None;
        self.walk(|segment| {
            if number.checked_sub(segment.start).is_some_and(|offset| offset < segment.len) {
                found = Some(segment);
            }
        });
        found
    }

    /// The arena in words: its name and counts, each segment, each free list that is not empty.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// arena.alloc(30)?;
    /// assert!(arena.dump().to_string().contains("0x0 30 held"));
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    #[must_use]
    pub const fn dump(&self) -> Dump<'_, Self> {
        Dump(self)
    }

    /// The arena's name, as far as it is kept: 24 bytes.
    pub(super) fn name(&self) -> [u8; NAME_LEN] {
        let mut name = [0; NAME_LEN];
        for (bytes, word) in name.as_chunks_mut().0.iter_mut().zip(&self.record().name) {
            *bytes = word.get().to_le_bytes();
        }
        name
    }

    /// Objects and segments that callers hold.
    pub(super) fn held_now(&self) -> u32 {
        let mut slabs = 0;
        self.each(|id| slabs += u32::from(self.tag(id).kind.get() > SLAB));
        self.record().busy.get() - slabs + self.cached().1
    }

    /// Shows the ids of all marks and segments between those at the ends.
    pub(super) fn each(&self, mut show: impl FnMut(Id<Tag>)) {
        let last = self.segments().last();
        let mut id = self.tag(self.segments().first()).next();
        while id != last {
            show(id);
            id = self.tag(id).next();
        }
    }
}

/// Ends a walk, also one whose callback panics.
struct Rest<'r, 'a, R: Records> {
    arena: &'r Arena<'a, R>,
    /// Whether a walk went on before.
    before: bool,
}

impl<R: Records> Drop for Rest<'_, '_, R> {
    fn drop(&mut self) {
        self.arena.walking.set(self.before);
        if !self.before && self.arena.returned.replace(false) {
            self.arena.free_returned();
        }
    }
}

/// An arena in words: see [`Arena::dump`].
#[derive(Clone, Copy, Debug)]
pub struct Dump<'d, A>(&'d A);

impl<R: Records> fmt::Display for Dump<'_, Arena<'_, R>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arena = self.0;
        let usage = arena.usage();
        let name = arena.name();
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_LEN);
        let name = core::str::from_utf8(&name[..end]).unwrap_or_default();
        writeln!(f, "arena {name}, quantum {}: {} of {} in use", arena.quantum(), usage.in_use, usage.total)?;
        let mut outcome = Ok(());
        let mut span = None;
        arena.walk(|segment| {
            if outcome.is_ok() {
                outcome = write_segment(f, &segment, span.replace(segment.span) != Some(segment.span));
            }
        });
        outcome?;
        for list in 0..LISTS as u32 {
            let mut next = arena.first_free(list);
            if next.is_some() {
                write!(f, "free list {list}:")?;
            }
            let any = next.is_some();
            while let Some(link) = next {
                let tag = arena.tag(Id::<Tag>::of_link(link));
                write!(f, " {:#x}+{}", tag.start.get(), tag.len.get())?;
                next = tag.link.next.first.get();
            }
            if any {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// A segment in words, and before it its span where that is a new one.
fn write_segment(f: &mut fmt::Formatter<'_>, segment: &Segment, new_span: bool) -> fmt::Result {
    if new_span {
        let word = if segment.imported { "imported span" } else { "span" };
        writeln!(f, "{word} {:#x} {}", segment.span.start, segment.span.len)?;
    }
    write!(f, "  {:#x} {} ", segment.start, segment.len)?;
    match segment.kind {
        Kind::Free => writeln!(f, "free"),
        Kind::Held => writeln!(f, "held"),
        Kind::Slab { quanta, free } => writeln!(f, "slab of {quanta} quanta, {} free", free.count_ones()),
    }
}
