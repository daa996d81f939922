//! The arenas whose records lie in a heap, as they are in an image.
//!
//! As in the survey of the heap itself, only what holds together is taken up: the spans of an arena do not overlap, its segments
//! tile them as far as they were read, and objects of slabs are in one magazine at most, whatever the bytes were. Where the list
//! of an arena's segments does not hold together, it is read up to there, and the other arenas all the same.
#![forbid(unsafe_code)]

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;

use super::{Image, Problem, record_or};
use crate::list::Link;
use crate::record::{Word, named};
use crate::vmem::arena::record::{ArenaRecord, Descriptor, MEMORY, QuantumCache, Siblings};
use crate::vmem::segments::Segments;
use crate::vmem::tag::{FREE, IMPORTED, LARGE as HELD, SLAB, SPAN, TAG_LEN, Tag};

mod slabs;

pub(crate) use slabs::ROUNDS_MAX;

/// One past the greatest number.
const NUMBERS: u64 = 1 << 32;

/// The most quanta that a quantum cache serves.
pub(crate) const LONGEST: u32 = 16;

/// What a segment of an arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArenaKind {
    /// Nobody holds it.
    Free,
    /// A caller does.
    Held,
    /// A quantum cache does; the index is into [`ArenaInfo::slabs`], or none where what describes the slab is damaged.
    Slab(Option<usize>),
}

/// A segment of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaSegment {
    /// First number.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// What it is.
    pub kind: ArenaKind,
    /// Where its tag is.
    pub tag: u32,
}

/// A span of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaSpan {
    /// First number.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// Whether it was imported, and goes back when it is all free.
    pub imported: bool,
    /// Where its mark is.
    pub mark: u32,
}

/// A slab of a quantum cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaSlab {
    /// First number.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// Quanta of an object.
    pub quanta: u32,
    /// How many numbers an object has.
    pub object_len: u32,
    /// Number of objects.
    pub objects: u32,
    /// Bit `n` is set iff object `n` is free, in its slab.
    pub free: u64,
    /// Bit `n` is set iff object `n` is in a magazine.
    pub parked: u64,
    /// Where its tag is.
    pub tag: u32,
    /// Where what describes it is.
    pub descriptor: u32,
}

impl ArenaSlab {
    /// Objects that callers hold.
    #[must_use]
    pub const fn live(&self) -> u32 {
        self.objects - (self.free | self.parked).count_ones()
    }
}

/// Counters of an arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaCounters {
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

/// An arena whose records lie in a heap.
///
/// ```
/// use flagstone::{Heap, image::{arenas::ArenaKind, survey::Survey}, source::{Fixed, Page}, units::Addr};
/// use flagstone::vmem::{Arena, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let ports = Arena::new(&heap, Options::new("ports"))?;
/// ports.add(1024, 1000)?;
/// let port = ports.alloc(1)?;
/// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
/// assert_eq!(survey.arenas[0].name, "ports");
/// let segment = survey.arenas[0].segment_at(port).unwrap();
/// assert_eq!((segment.start, segment.len, segment.kind), (port, 1, ArenaKind::Held));
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArenaInfo {
    /// Where its record is.
    pub id: u32,
    /// Its number among the arenas of the heap.
    pub number: u32,
    /// What it is called: what is text of the bytes it keeps for that.
    pub name: String,
    /// Whether its numbers are addresses of the memory that it lies in.
    pub memory: bool,
    /// Where the record of the arena is that it imports from, if that is the heap's or an older one here.
    pub parent: Option<u32>,
    /// The unit of lengths.
    pub quantum: u32,
    /// Spans, in the order of their numbers.
    pub spans: Vec<ArenaSpan>,
    /// Segments, in the order of their numbers.
    pub segments: Vec<ArenaSegment>,
    /// Slabs, in the order of their numbers.
    pub slabs: Vec<ArenaSlab>,
    /// Counters.
    pub counters: ArenaCounters,
    /// Where its quantum caches are; zero where it has none.
    pub caches: u32,
    /// Where its table of held segments is; zero where it has none.
    pub table: u32,
    /// Where its spare tags are, up to the first that comes again.
    pub spares: Vec<u32>,
}

impl ArenaInfo {
    /// The segment that has `number`.
    #[must_use]
    pub fn segment_at(&self, number: u32) -> Option<&ArenaSegment> {
        let index = self.segments.partition_point(|segment| segment.start <= number).checked_sub(1)?;
        self.segments.get(index).filter(|segment| number - segment.start < segment.len)
    }

    /// The span that has `number`.
    #[must_use]
    pub fn span_at(&self, number: u32) -> Option<&ArenaSpan> {
        let index = self.spans.partition_point(|span| span.start <= number).checked_sub(1)?;
        self.spans.get(index).filter(|span| number - span.start < span.len)
    }

    /// The slab that a segment is, where it is one that is not damaged.
    #[must_use]
    pub fn slab_of(&self, segment: &ArenaSegment) -> Option<&ArenaSlab> {
        match segment.kind {
            ArenaKind::Slab(Some(index)) => self.slabs.get(index),
            _ => None,
        }
    }

    /// How long what a caller holds is that begins at `number`, in the segment of the arena that has it.
    pub(crate) fn held_at(&self, segment: &ArenaSegment, number: u32) -> Option<u32> {
        match (segment.kind, self.slab_of(segment)) {
            (ArenaKind::Held, _) => (segment.start == number).then_some(segment.len),
            (_, Some(slab)) => {
                let object = (number - slab.start) / slab.object_len.max(1);
                let begins = slab.start + object * slab.object_len == number && object < slab.objects;
                (begins && (slab.free | slab.parked) >> object & 1 == 0).then_some(slab.object_len)
            }
            _ => None,
        }
    }

    /// Whether one of the arena's records begins at `at`. Takes time linear in the number of records.
    #[must_use]
    pub fn has_record_at(&self, at: u32) -> bool {
        at != 0
            && ([self.id, self.caches, self.table].contains(&at)
                || self.segments.iter().any(|segment| segment.tag == at)
                || self.spans.iter().any(|span| span.mark == at)
                || self.slabs.iter().any(|slab| slab.descriptor == at)
                || self.spares.contains(&at))
    }
}

/// The name in a record: its bytes before the first zero, as far as they are text that fits in a line.
pub(super) fn name(words: &[Word]) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.get().to_le_bytes()).collect();
    let text = String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default());
    text.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// Reads the arenas of the list at `list_at`, in the order of their numbers. `heap` is where the heap's own arena is.
pub(super) fn read(
    image: &(impl Image + ?Sized),
    list_at: u32,
    siblings: &Siblings,
    heap: u32,
    problems: &mut Vec<Problem>,
) -> Vec<ArenaInfo> {
    const LEN: u32 = size_of::<ArenaRecord>() as u32;
    let mut reader = Reader { image, left: image.len() / u64::from(TAG_LEN), problems };
    let mut arenas = Vec::new();
    let mut ids = BTreeSet::new();
    let (mut back, mut at, mut above) = (list_at, named(&siblings.list.first), u64::from(siblings.made.get()) + 1);
    while at != 0 {
        let id = at.wrapping_sub(offset_of!(ArenaRecord, link) as u32);
        if !id.is_multiple_of(8) || ids.range(id.saturating_sub(LEN - 1)..=id.saturating_add(LEN - 1)).next().is_some()
        {
            reader.report("I14", at, format!("the list of arenas names {id:#x}, which is no arena, or names it again"));
            break;
        }
        ids.insert(id);
        let Some(record) = record_or::<ArenaRecord>(image, id, "A1", reader.problems) else { break };
        if named(&record.link.back) != back {
            reader.report("I14", at, format!("the link at {at:#x} does not name the word {back:#x} that names it"));
        }
        let number = record.number.get();
        if number == 0 || u64::from(number) >= above {
            let text = format!("the arena at {id:#x} has the number {number}, which is not below {above}");
            reader.report("A8", id, text);
        }
        above = u64::from(number);
        arenas.push(reader.arena(id, &record));
        back = at;
        at = named(&record.link.next.first);
    }
    arenas.sort_by_key(|arena| (arena.number, arena.id));
    name_parents(&mut arenas, heap);
    arenas
}

/// Keeps of the parents those that are known. An arena imports from one that was there before it, so parents make no circles.
fn name_parents(arenas: &mut [ArenaInfo], heap: u32) {
    let numbers: BTreeMap<u32, u32> = arenas.iter().map(|arena| (arena.id, arena.number)).collect();
    for arena in arenas {
        let older = |parent: &u32| numbers.get(parent).is_some_and(|number| *number < arena.number);
        arena.parent = arena.parent.filter(|parent| *parent == heap || older(parent));
    }
}

/// Reads arenas.
struct Reader<'a, I: ?Sized> {
    image: &'a I,
    /// Tags that may still be read: no more than there is room for in the image, since a tag is in one list.
    left: u64,
    problems: &'a mut Vec<Problem>,
}

/// Where a walk over an arena's marks and segments is.
#[derive(Default)]
struct Walk {
    /// Where the segments so far end.
    cursor: u64,
    /// Where the span ends that they tile.
    end: u64,
    /// The spans so far: where each begins and ends.
    spans: BTreeMap<u32, u64>,
}

impl<I: Image + ?Sized> Reader<'_, I> {
    fn report(&mut self, invariant: &'static str, at: u32, sentence: String) {
        self.problems.push(Problem::new(invariant, at, sentence));
    }

    fn arena(&mut self, id: u32, record: &ArenaRecord) -> ArenaInfo {
        let shift = record.shift.get();
        let mut arena = ArenaInfo {
            id,
            number: record.number.get(),
            name: name(&record.name),
            memory: record.flags.get() & MEMORY != 0,
            parent: Some(record.parent.get()),
            quantum: 1_u32.checked_shl(shift).unwrap_or(1),
            spans: Vec::new(),
            segments: Vec::new(),
            slabs: Vec::new(),
            counters: ArenaCounters {
                allocations: record.allocations.get(),
                frees: record.frees.get(),
                failures: record.failures.get(),
                imports: record.imports.get(),
                releases: record.releases.get(),
            },
            caches: named(&record.caches),
            table: named(&record.table),
            spares: Vec::new(),
        };
        if shift < u32::BITS {
            self.walk(&mut arena, record);
            arena.spans.sort_by_key(|span| span.start);
            arena.segments.sort_by_key(|segment| segment.start);
            self.read_slabs(&mut arena, record);
        } else {
            let text = format!("the arena {} has a quantum of 2 to the {shift}", arena.name);
            self.report("A1", id, text);
        }
        self.read_spares(&mut arena, record);
        arena
    }

    /// Walks the list of marks and segments. It ends with the last mark: spans do not overlap, and the segments of one are in
    /// order, so nothing is met again.
    fn walk(&mut self, arena: &mut ArenaInfo, record: &ArenaRecord) {
        let last = arena.id + (offset_of!(ArenaRecord, segments) + offset_of!(Segments, last)) as u32;
        let mut walk = Walk::default();
        let (mut back, mut at) = (arena.id, named(&record.segments.first.place.next.first));
        while at != last {
            if at == 0 || self.left == 0 {
                let text = format!("the list of segments of arena {} does not end with its mark", arena.name);
                return self.report("A1", back, text);
            }
            self.left -= 1;
            let Some(tag) = record_or::<Tag>(self.image, at, "A1", self.problems) else { return };
            self.check_back(arena, at, named(&tag.place.back), back);
            let taken = match tag.kind.get() {
                SPAN | IMPORTED => self.add_span(arena, &mut walk, at, &tag),
                _ => self.add_segment(arena, &mut walk, at, &tag),
            };
            if !taken {
                return;
            }
            back = at;
            at = named(&tag.place.next.first);
        }
        self.check_back(arena, last, named(&record.segments.last.place.back), back);
        self.end_span(arena, &walk, last);
    }

    /// Notes where a mark or segment does not name the one before.
    fn check_back(&mut self, arena: &ArenaInfo, at: u32, named: u32, back: u32) {
        if named != back {
            let text = format!(
                "in arena {} the tag at {at:#x} names {named:#x} as the one before, which is {back:#x}",
                arena.name
            );
            self.report("A1", at, text);
        }
    }

    /// Notes where the segments do not reach to the end of their span.
    fn end_span(&mut self, arena: &ArenaInfo, walk: &Walk, at: u32) {
        if walk.cursor != walk.end {
            let (cursor, end) = (walk.cursor, walk.end);
            let text = format!("in arena {} a span ends at {end:#x} and its segments at {cursor:#x}", arena.name);
            self.report("A1", at, text);
        }
    }

    /// Takes up a span; `false` where the walk cannot go on.
    fn add_span(&mut self, arena: &mut ArenaInfo, walk: &mut Walk, at: u32, tag: &Tag) -> bool {
        self.end_span(arena, walk, at);
        let (start, len) = (tag.start.get(), tag.len.get());
        let end = u64::from(start) + u64::from(len);
        if len == 0 || (start | len) & (arena.quantum - 1) != 0 || end > NUMBERS {
            let text = format!("in arena {} the span [{start:#x}, {end:#x}) is empty or not whole quanta", arena.name);
            self.report("A1", at, text);
            return false;
        }
        let below_end = u32::try_from(end - 1).unwrap_or(u32::MAX);
        if walk.spans.range(..=below_end).next_back().is_some_and(|(_, other_end)| *other_end > u64::from(start)) {
            let text = format!("in arena {} the span [{start:#x}, {end:#x}) overlaps another", arena.name);
            self.report("A1", at, text);
            return false;
        }
        walk.spans.insert(start, end);
        (walk.cursor, walk.end) = (u64::from(start), end);
        arena.spans.push(ArenaSpan { start, len, imported: tag.kind.get() == IMPORTED, mark: at });
        true
    }

    /// Takes up a segment; `false` where the walk cannot go on.
    fn add_segment(&mut self, arena: &mut ArenaInfo, walk: &mut Walk, at: u32, tag: &Tag) -> bool {
        let (start, len) = (tag.start.get(), tag.len.get());
        let end = u64::from(start) + u64::from(len);
        if u64::from(start) != walk.cursor || len == 0 || len & (arena.quantum - 1) != 0 || end > walk.end {
            let (cursor, span_end) = (walk.cursor, walk.end);
            let text = format!(
                "in arena {} the segment [{start:#x}, {end:#x}) does not begin at {cursor:#x}, is not whole quanta, or ends behind its span at {span_end:#x}",
                arena.name
            );
            self.report("A1", at, text);
            return false;
        }
        walk.cursor = end;
        let kind = match tag.kind.get() {
            FREE => ArenaKind::Free,
            HELD => ArenaKind::Held,
            kind if kind > SLAB && kind - SLAB <= LONGEST => ArenaKind::Slab(self.add_slab(arena, at, tag)),
            other => {
                let text = format!("in arena {} the segment at {start:#x} has the unknown kind {other}", arena.name);
                self.report("A1", at, text);
                ArenaKind::Held
            }
        };
        arena.segments.push(ArenaSegment { start, len, kind, tag: at });
        true
    }

    /// Reads where the spare tags are.
    fn read_spares(&mut self, arena: &mut ArenaInfo, record: &ArenaRecord) {
        let mut seen = BTreeSet::new();
        let mut at = named(&record.spare.first);
        while at != 0 && self.left != 0 {
            self.left -= 1;
            let tag = at.wrapping_sub(offset_of!(Tag, link) as u32);
            arena.spares.push(tag);
            if !seen.insert(tag) {
                return;
            }
            let Some(link) = record_or::<Link>(self.image, at, "A5", self.problems) else { return };
            at = named(&link.next.first);
        }
    }
}
