//! The table of arenas: the heap's own, then those whose records lie in the heap.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::image::arenas::{ArenaInfo, ArenaKind, ArenaSlab, ArenaSpan};
use crate::image::survey::{Guarded, Kind, Span, Survey};
use crate::size_class::SLAB_CLASSES;
use crate::units::QUANTUM;

/// The most spans of an arena that are listed.
const SPANS_MAX: usize = 1_000;

/// The greatest count that JavaScript's numbers have exactly.
pub(super) const COUNT_MAX: u64 = (1 << 53) - 1;

/// A span of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SpanRow {
    /// First number.
    pub start: u32,
    /// How many.
    pub length: u32,
    /// Whether it was imported, and goes back when it is all free.
    pub imported: bool,
}

impl From<&Span> for SpanRow {
    fn from(span: &Span) -> Self {
        Self { start: span.start, length: span.len, imported: false }
    }
}

impl From<&ArenaSpan> for SpanRow {
    fn from(span: &ArenaSpan) -> Self {
        Self { start: span.start, length: span.len, imported: span.imported }
    }
}

/// Free segments of like lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LengthRow {
    /// How many there are.
    pub segments: u32,
    /// What they add up to.
    pub total: u64,
}

/// What only the heap's own arena has. Bytes, unless a name says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeapFigures {
    /// Times the memory grew.
    pub growths: u32,
    /// Pages it grew by.
    pub pages: u32,
    /// Bytes of segments in magazines.
    pub parked_bytes: u64,
    /// Segments that the application holds.
    pub large_live: u32,
    /// Bytes of those.
    pub large_live_bytes: u64,
    /// Bytes of slabs of size classes.
    pub slab_bytes: u64,
    /// Bytes of slabs of object caches.
    pub object_slab_bytes: u64,
    /// Bytes of segments of metadata.
    pub metadata_bytes: u64,
}

/// An arena. Lengths are bytes where its numbers are addresses, else numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArenaRow {
    /// Where its record is, which tells it from others.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// `heap` for this heap's own, `memory` where its numbers are addresses of this memory, else `numbers`.
    pub kind: &'static str,
    /// The `id` of the arena it imports from, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// The unit of lengths.
    pub quantum: u32,
    /// Number of spans.
    pub spans: u32,
    /// Number of segments.
    pub segments: u32,
    /// Of those, not free: what callers hold, and slabs; for the heap's also those parked and of metadata.
    pub held_segments: u32,
    /// Of those, free.
    pub free_segments: u32,
    /// What the spans add up to.
    pub total: u64,
    /// What the segments that are not free add up to.
    pub in_use: u64,
    /// What the free segments add up to.
    pub free: u64,
    /// The longest free segment.
    pub largest_free: u32,
    /// The share of what is free that is not in the longest free segment, 0 to 1.
    pub fragmentation: f64,
    /// Free, but in magazines or in slabs of quantum caches, which is part of `in_use`.
    pub cached: u64,
    /// Requests served, ever, from magazines too.
    pub allocations: u64,
    /// Of those, given back.
    pub frees: u64,
    /// Requests refused.
    pub failures: u32,
    /// Spans imported, ever.
    pub imports: u32,
    /// Of those, given back.
    pub releases: u32,
    /// The first spans, in the order of their numbers.
    pub span_list: Vec<SpanRow>,
    /// Free segments by length: element `n` of at least `2^n` quanta and less than `2^(n + 1)`.
    pub free_histogram: Vec<LengthRow>,
    /// What only the heap's own arena has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap: Option<HeapFigures>,
}

impl ArenaRow {
    /// Counts a segment.
    fn add(&mut self, len: u32, is_free: bool) {
        self.segments += 1;
        self.total += u64::from(len);
        if !is_free {
            self.held_segments += 1;
            self.in_use += u64::from(len);
            return;
        }
        self.free_segments += 1;
        self.free += u64::from(len);
        self.largest_free = self.largest_free.max(len);
        let exponent = (len / self.quantum).max(1).ilog2() as usize;
        if self.free_histogram.len() <= exponent {
            self.free_histogram.resize(exponent + 1, LengthRow::default());
        }
        self.free_histogram[exponent].segments += 1;
        self.free_histogram[exponent].total += u64::from(len);
    }

    /// Computes what follows from the segments.
    fn finish(mut self) -> Self {
        if self.free != 0 {
            self.fragmentation = 1.0 - f64::from(self.largest_free) / self.free as f64;
        }
        self
    }
}

/// All arenas: the heap's own, then the others by number.
///
/// ```
/// use flagstone::{Heap, image::survey::Survey, inspector::arena_rows::arena_rows, source::{Fixed, Page}, units::Addr};
/// use flagstone::vmem::{Arena, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let ports = Arena::new(&heap, Options::new("ports"))?;
/// ports.add(1024, 1000)?;
/// let rows = arena_rows(&Survey::take(&heap.image(), heap.root()).unwrap());
/// assert_eq!((rows[0].kind, rows[1].kind), ("heap", "numbers"));
/// assert_eq!((rows[1].name.as_str(), rows[1].id, rows[1].free), ("ports", ports.at().0, 1000));
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[must_use]
pub fn arena_rows(survey: &Survey) -> Vec<ArenaRow> {
    core::iter::once(heap_row(survey)).chain(survey.arenas.iter().map(arena_row)).collect()
}

/// What the heap's own arena is called.
pub(super) const HEAP: &str = "heap";

fn heap_row(survey: &Survey) -> ArenaRow {
    let mut row = ArenaRow {
        id: survey.arena_at(),
        name: String::from(HEAP),
        kind: "heap",
        quantum: QUANTUM,
        spans: survey.spans.len() as u32,
        failures: survey.counters.large_failures,
        span_list: survey.spans.iter().take(SPANS_MAX).map(SpanRow::from).collect(),
        ..ArenaRow::default()
    };
    let mut heap =
        HeapFigures { growths: survey.counters.growths, pages: survey.counters.grown_pages, ..HeapFigures::default() };
    for segment in &survey.segments {
        let len = u64::from(segment.len);
        row.add(segment.len, segment.kind == Kind::Free);
        match segment.kind {
            Kind::Free => {}
            Kind::Large | Kind::Guarded(Guarded::Held) => {
                heap.large_live += 1;
                heap.large_live_bytes += len;
            }
            Kind::Parked | Kind::Guarded(_) => heap.parked_bytes += len,
            Kind::Slab(_) => heap.slab_bytes += len,
            Kind::Objects(_) => heap.object_slab_bytes += len,
            Kind::Metadata => heap.metadata_bytes += len,
        }
    }
    let of_segments = survey.caches.iter().skip(SLAB_CLASSES).map(|cache| cache.allocations);
    row.allocations = of_segments.fold(survey.counters.large_allocations, u64::saturating_add).min(COUNT_MAX);
    row.frees = row.allocations.saturating_sub(u64::from(heap.large_live));
    row.cached = heap.parked_bytes;
    row.heap = Some(heap);
    row.finish()
}

fn arena_row(arena: &ArenaInfo) -> ArenaRow {
    let mut row = ArenaRow {
        id: arena.id,
        name: arena.name.clone(),
        kind: if arena.memory { "memory" } else { "numbers" },
        parent: arena.parent,
        quantum: arena.quantum,
        spans: arena.spans.len() as u32,
        allocations: arena.counters.allocations.min(COUNT_MAX),
        frees: arena.counters.frees.min(COUNT_MAX),
        failures: arena.counters.failures,
        imports: arena.counters.imports,
        releases: arena.counters.releases,
        span_list: arena.spans.iter().take(SPANS_MAX).map(SpanRow::from).collect(),
        ..ArenaRow::default()
    };
    for segment in &arena.segments {
        row.add(segment.len, segment.kind == ArenaKind::Free);
    }
    let free_objects = |slab: &ArenaSlab| u64::from(slab.objects - slab.live());
    row.cached = arena.slabs.iter().map(|slab| free_objects(slab) * u64::from(slab.object_len)).sum();
    row.finish()
}
