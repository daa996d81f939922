//! The list of an arena's segments: those that a filter takes, in an order, a part at a time.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use serde::Serialize;

use super::arena_rows::SpanRow;
use crate::image::arenas::{ArenaInfo, ArenaKind, ArenaSegment};
use crate::image::survey::{Guarded, Kind, Segment, SlabInfo, Survey};

/// Segments that are listed where a filter does not say how many.
const LIMIT: u64 = 200;

/// The most segments that are listed.
const LIMIT_MAX: u64 = 10_000;

/// The greatest number that a filter may have: JavaScript's numbers have all up to it exactly.
pub(super) const NUMBER_MAX: f64 = 9_007_199_254_740_991.0;

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SegmentKind {
    /// Nobody holds it.
    Free,
    /// A caller does; of the heap's arena, the application.
    Held,
    /// It is free, in a magazine of the heap.
    Parked,
    /// It is cut into objects.
    Slab,
    /// It is cut into objects of an object cache.
    Objects,
    /// It has records of the heap.
    Metadata,
}

impl SegmentKind {
    const ALL: [(&'static str, Self); 6] = [
        ("free", Self::Free),
        ("held", Self::Held),
        ("parked", Self::Parked),
        ("slab", Self::Slab),
        ("objects", Self::Objects),
        ("metadata", Self::Metadata),
    ];
}

/// A segment of an arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentRow {
    /// First number.
    pub start: u32,
    /// How many.
    pub length: u32,
    /// What it is.
    pub kind: SegmentKind,
    /// The span that it is in.
    pub span: SpanRow,
    /// Of a slab: the length of an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_length: Option<u32>,
    /// Of a slab: the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<u32>,
    /// Of a slab: the objects that callers hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<u32>,
    /// Of a slab of the heap's own arena: bit `n` of both, the low word first, is set iff a caller holds object `n`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_bits: Option<(u32, u32)>,
    /// Of a slab of an object cache: the name of the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_cache: Option<String>,
}

impl SegmentRow {
    fn new(start: u32, length: u32, kind: SegmentKind, span: Option<SpanRow>) -> Self {
        let span = span.unwrap_or(SpanRow { start, length, imported: false });
        Self {
            start,
            length,
            kind,
            span,
            object_length: None,
            objects: None,
            live: None,
            live_bits: None,
            object_cache: None,
        }
    }

    /// A segment of the heap's own arena.
    pub(super) fn of_heap(survey: &Survey, segment: &Segment) -> Self {
        let (kind, slab) = match segment.kind {
            Kind::Free => (SegmentKind::Free, None),
            Kind::Large | Kind::Guarded(Guarded::Held) => (SegmentKind::Held, None),
            Kind::Parked | Kind::Guarded(_) => (SegmentKind::Parked, None),
            Kind::Slab(slab) => (SegmentKind::Slab, slab),
            Kind::Objects(slab) => (SegmentKind::Objects, slab),
            Kind::Metadata => (SegmentKind::Metadata, None),
        };
        let index = survey.spans.partition_point(|span| span.start <= segment.start);
        let span = index.checked_sub(1).and_then(|index| survey.spans.get(index));
        let mut row = Self::new(segment.start, segment.len, kind, span.map(SpanRow::from));
        if let Some(slab) = slab.and_then(|index| survey.slabs.get(index)) {
            (row.object_length, row.objects, row.live) = (Some(slab.size), Some(slab.objects), Some(slab.live()));
            row.live_bits = Some(live_bits(slab));
            row.object_cache = survey.object_cache_of(slab).map(|cache| cache.name.clone());
        }
        row
    }

    /// A segment of another arena.
    pub(super) fn of_arena(arena: &ArenaInfo, segment: &ArenaSegment) -> Self {
        let kind = match segment.kind {
            ArenaKind::Free => SegmentKind::Free,
            ArenaKind::Held => SegmentKind::Held,
            ArenaKind::Slab(_) => SegmentKind::Slab,
        };
        let span = arena.span_at(segment.start).map(SpanRow::from);
        let mut row = Self::new(segment.start, segment.len, kind, span);
        if let Some(slab) = arena.slab_of(segment) {
            (row.object_length, row.objects, row.live) = (Some(slab.object_len), Some(slab.objects), Some(slab.live()));
        }
        row
    }
}

/// The objects of a slab that callers hold: the low word, and the high one.
const fn live_bits(slab: &SlabInfo) -> (u32, u32) {
    let all = if slab.objects < u64::BITS { (1 << slab.objects) - 1 } else { u64::MAX };
    let live = all & !(slab.free | slab.parked);
    (live as u32, (live >> 32) as u32)
}

/// A filter as it comes from JavaScript: its numbers may be any, and what is no number there is none here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterWords {
    /// Names of kinds.
    pub kinds: Option<Vec<String>>,
    /// The shortest length.
    pub min_length: Option<f64>,
    /// The longest length.
    pub max_length: Option<f64>,
    /// The first number of those of which a segment has one.
    pub from: Option<f64>,
    /// The last one.
    pub to: Option<f64>,
    /// `address` or `length`.
    pub order: Option<String>,
    /// How many that match are left out first.
    pub offset: Option<f64>,
    /// How many are listed then.
    pub limit: Option<f64>,
}

/// Which segments are listed, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFilter {
    kinds: Option<Vec<SegmentKind>>,
    lengths: (u64, u64),
    numbers: (u64, u64),
    longest_first: bool,
    offset: u64,
    limit: u64,
}

impl SegmentFilter {
    /// The filter that words say.
    ///
    /// # Errors
    /// A sentence, where something in it makes no sense.
    ///
    /// ```
    /// use flagstone::inspector::segment_rows::{FilterWords, SegmentFilter};
    /// assert!(SegmentFilter::of(&FilterWords::default()).is_ok());
    /// let words = FilterWords { limit: Some(0.5), ..FilterWords::default() };
    /// assert_eq!(SegmentFilter::of(&words).unwrap_err(), "limit must be a whole number from 0 to 10000, not 0.5");
    /// ```
    pub fn of(words: &FilterWords) -> Result<Self, String> {
        let kinds = words.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind_of(kind)).collect());
        let longest_first = match words.order.as_deref() {
            None | Some("address") => false,
            Some("length") => true,
            Some(other) => return Err(format!("order must be address or length, not {other}")),
        };
        let lengths = (
            whole("minLength", words.min_length, 0, NUMBER_MAX)?,
            whole("maxLength", words.max_length, u64::MAX, NUMBER_MAX)?,
        );
        let numbers = (whole("from", words.from, 0, NUMBER_MAX)?, whole("to", words.to, u64::MAX, NUMBER_MAX)?);
        for (first, last, (low, high)) in [("minLength", "maxLength", lengths), ("from", "to", numbers)] {
            if low > high {
                return Err(format!("{first} must not be above {last}, and {low} is above {high}"));
            }
        }
        Ok(Self {
            kinds: kinds.transpose()?,
            lengths,
            numbers,
            longest_first,
            offset: whole("offset", words.offset, 0, NUMBER_MAX)?,
            limit: whole("limit", words.limit, LIMIT, LIMIT_MAX as f64)?,
        })
    }

    /// Whether a segment is one of those.
    fn takes(&self, row: &SegmentRow) -> bool {
        let (length, start) = (u64::from(row.length), u64::from(row.start));
        (self.lengths.0..=self.lengths.1).contains(&length)
            && start <= self.numbers.1
            && start + length > self.numbers.0
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.kind))
    }
}

fn kind_of(name: &str) -> Result<SegmentKind, String> {
    let found = SegmentKind::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    found.ok_or_else(|| {
        let known: Vec<&str> = SegmentKind::ALL.iter().map(|(known, _)| *known).collect();
        format!("there is no kind of segment called {name}: kinds are {}", known.join(", "))
    })
}

/// A whole number of a filter, `without` where there is none.
pub(super) fn whole(name: &str, number: Option<f64>, without: u64, most: f64) -> Result<u64, String> {
    match number {
        None => Ok(without),
        // Such a number is the same as a `u64`.
        Some(number) if (0.0..=most).contains(&number) && (number as u64) as f64 == number => Ok(number as u64),
        Some(number) => Err(format!("{name} must be a whole number from 0 to {most}, not {number}")),
    }
}

/// Segments that a filter takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentList {
    /// How many it takes.
    pub matching: u32,
    /// What they add up to.
    pub length: u64,
    /// The part of them that was asked for.
    pub rows: Vec<SegmentRow>,
}

impl SegmentList {
    /// The segments of the arena with the record at `arena` that `filter` takes. Takes time linear in the segments of the arena,
    /// where they are ordered by length but for a logarithm.
    ///
    /// # Errors
    /// A sentence, where there is no such arena.
    ///
    /// ```
    /// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
    /// use flagstone::inspector::segment_rows::{FilterWords, SegmentFilter, SegmentList};
    /// use flagstone::vmem::{Arena, Options};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let ports = Arena::new(&heap, Options::new("ports"))?;
    /// ports.add(1024, 1000)?;
    /// ports.alloc(5)?;
    /// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    /// let all = SegmentFilter::of(&FilterWords::default()).unwrap();
    /// let list = SegmentList::of(&survey, ports.at().0, &all).unwrap();
    /// assert_eq!((list.matching, list.length, list.rows[0].length), (2, 1000, 5));
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    pub fn of(survey: &Survey, arena: u32, filter: &SegmentFilter) -> Result<Self, String> {
        if arena == survey.arena_at() {
            let rows = |index: usize| SegmentRow::of_heap(survey, &survey.segments[index]);
            return Ok(Self::listed(survey.segments.len(), rows, filter));
        }
        let Some(arena) = survey.arenas.iter().find(|known| known.id == arena) else {
            let ids: Vec<String> = survey.arenas.iter().map(|known| known.id.to_string()).collect();
            let others = if ids.is_empty() { String::new() } else { format!(", others {}", ids.join(", ")) };
            return Err(format!("there is no arena {arena}: the heap's is {}{others}", survey.arena_at()));
        };
        Ok(Self::listed(arena.segments.len(), |index| SegmentRow::of_arena(arena, &arena.segments[index]), filter))
    }

    /// The list out of `count` segments, of which `row` says each.
    fn listed(count: usize, row: impl Fn(usize) -> SegmentRow, filter: &SegmentFilter) -> Self {
        let mut length = 0;
        let mut matching = Vec::new();
        for index in 0..count {
            let candidate = row(index);
            if filter.takes(&candidate) {
                length += u64::from(candidate.length);
                matching.push(index);
            }
        }
        if filter.longest_first {
            matching.sort_by_cached_key(|index| Reverse(row(*index).length));
        }
        let from = usize::try_from(filter.offset).unwrap_or(usize::MAX);
        let rows = matching.iter().skip(from).take(filter.limit as usize).map(|index| row(*index)).collect();
        Self { matching: matching.len() as u32, length, rows }
    }
}
