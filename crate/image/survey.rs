//! A survey: one walk over a heap in an image, into plain lists that everything else is computed from.
//!
//! Only what holds together is taken up: a segment that does not begin where the one before ended, a slab whose tag
//! contradicts itself, a round that is no object are reported as problems and left out, so the lists never overlap and
//! never point outside the memory, whatever the bytes were.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::cell::Cell;
use core::mem::offset_of;

use super::arenas::{self, ArenaInfo};
use super::objects::{BudgetInfo, ObjectCacheInfo, Refusal};
use super::{Error, Image, Problem, record, record_or};
use crate::audit::record::{AuditState, LEFT, QUARANTINED};
use crate::cache::Cache;
use crate::heap::{AUDITED, LARGE, META, OBJECTS, SLAB, State};
use crate::record::{Word, named};
use crate::root::{self, ROOT_LEN, Root};
use crate::size_class::{CLASSES, SLAB_CLASSES, SLAB_MAX, objects_in_slab, rounds, size_of_class};
use crate::units::{Addr, QUANTUM};
use crate::vmem::tag::KIND;
use crate::vmem::{FREE, MemoryArena, SPAN, Tag};

mod pieces;

pub use pieces::{Guarded, Kind, Segment, SlabInfo};

/// The kind of a tag of a guarded object in the quarantine, and of one that is abandoned.
const GUARDED_QUARANTINED: u32 = AUDITED | QUARANTINED;
const GUARDED_LEFT: u32 = AUDITED | LEFT;

/// A cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInfo {
    /// Size class.
    pub class: u32,
    /// Bytes of an object.
    pub size: u32,
    /// Whether it was ever used.
    pub used: bool,
    /// Allocations served, ever.
    pub allocations: u64,
    /// Requests that got null.
    pub failures: u32,
    /// Slabs ever made.
    pub creates: u64,
    /// Rounds a magazine holds.
    pub capacity: u32,
    /// Rounds in both magazines that are objects.
    pub rounds: u32,
}

/// A span of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

/// Where the parts of the memory are that are not the arena's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Where the root is.
    pub root: u32,
    /// Its bytes.
    pub root_len: u32,
    /// Where the state of the heap is.
    pub state: u32,
    /// Its bytes, those of diagnosis with them.
    pub state_len: u32,
    /// Whether the module was built with the feature `audit`.
    pub audited: bool,
    /// The stack: lowest address.
    pub stack_low: u32,
    /// The stack: one past the highest address.
    pub stack_high: u32,
    /// First address above data and stack.
    pub heap_base: u32,
}

/// Counters of the heap as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Large requests served, ever.
    pub large_allocations: u64,
    /// Large requests that got null.
    pub large_failures: u32,
    /// Times the memory grew for this heap.
    pub growths: u32,
    /// Pages it grew by.
    pub grown_pages: u32,
}

/// A heap as it is in an image.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Length of the memory in bytes.
    pub memory_len: u64,
    /// The parts that are not the arena's.
    pub layout: Layout,
    /// Whether the heap was ever used.
    pub begun: bool,
    /// Spans, in address order.
    pub spans: Vec<Span>,
    /// Segments, in address order.
    pub segments: Vec<Segment>,
    /// Slabs, in address order.
    pub slabs: Vec<SlabInfo>,
    /// Caches, by class.
    pub caches: Vec<CacheInfo>,
    /// The arenas whose records lie in the heap, by number.
    pub arenas: Vec<ArenaInfo>,
    /// The object caches, by number.
    pub object_caches: Vec<ObjectCacheInfo>,
    /// The budgets, by number.
    pub budgets: Vec<BudgetInfo>,
    /// The last request that the front end refused.
    pub refusal: Option<Refusal>,
    /// Counters.
    pub counters: Counters,
    /// What does not hold together.
    pub problems: Vec<Problem>,
}

impl Survey {
    /// Surveys the heap whose root is at `root`. Takes time and memory linear in the number of segments, of the heap and of the
    /// arenas in it, and of rounds in magazines.
    ///
    /// # Errors
    /// Where there is no root, it is of another version, or the image ends within the state of the heap.
    ///
    /// ```
    /// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let at = heap.alloc(std::alloc::Layout::new::<u64>());
    /// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    /// assert_eq!(survey.slabs.len(), 1);
    /// assert_eq!(survey.slabs[0].live(), 1);
    /// assert!(survey.problems.is_empty());
    /// # unsafe { heap.dealloc(at, std::alloc::Layout::new::<u64>()) };
    /// ```
    pub fn take(image: &(impl Image + ?Sized), root_at: Addr) -> Result<Self, Error> {
        let root = super::root(image, root_at.0)?;
        let state: State = record(image, root.state.get())?;
        let mut survey = Self {
            memory_len: image.len(),
            layout: layout(&root, root_at),
            begun: state.arena.meta_end.get() != 0,
            spans: Vec::new(),
            segments: Vec::new(),
            slabs: Vec::new(),
            caches: Vec::with_capacity(CLASSES),
            arenas: Vec::new(),
            object_caches: Vec::new(),
            budgets: Vec::new(),
            refusal: Refusal::of(&state),
            counters: Counters {
                large_allocations: state.large_allocations.get(),
                large_failures: state.large_failures.get(),
                growths: state.growths.get(),
                grown_pages: state.grown_pages.get(),
            },
            problems: Vec::new(),
        };
        let records = survey.read_object_caches(image, &state);
        survey.walk_segments(image, &state.arena);
        let ahead = ahead(image, &survey.layout)?;
        // Rounds are looked up by the thousand: close together, the addresses of slabs stay where the processor has them at hand.
        let starts: Vec<u32> = survey.slabs.iter().map(|slab| slab.start).collect();
        for (class, cache) in (0..).zip(&state.caches) {
            survey.add_cache(image, class, cache, ahead[class as usize], &starts);
        }
        survey.read_magazines(image, &records);
        let list = survey.layout.state.wrapping_add(offset_of!(State, arenas) as u32);
        survey.arenas = arenas::read(image, list, &state.arenas, survey.arena_at(), &mut survey.problems);
        Ok(survey)
    }

    /// The address of the state's arena.
    pub(crate) const fn arena_at(&self) -> u32 {
        self.layout.state + offset_of!(State, arena) as u32
    }

    /// The address of the record of a cache.
    pub(crate) const fn cache_at(&self, class: u32) -> u32 {
        self.layout.state + class * size_of::<Cache>() as u32
    }

    /// Walks the list of marks and segments. It is in address order, so it is at an end when it goes back.
    fn walk_segments(&mut self, image: &(impl Image + ?Sized), arena: &MemoryArena) {
        if !self.begun {
            return;
        }
        let caches = self.object_caches.iter().map(|cache| cache.id).zip(0..).collect();
        let end = self.arena_at() + offset_of!(MemoryArena, segments.last) as u32;
        let mut at = named(&arena.segments.first.place.next.first);
        let mut cursor = 0;
        let mut marks = 0_u32;
        while at != end {
            let Some(tag) = record_or::<Tag>(image, at, "I1", &mut self.problems) else { return };
            let (start, len) = (tag.start.get(), tag.len.get());
            if tag.kind.get() == SPAN {
                marks += 1;
                if start < cursor || marks > 1 << 16 {
                    let text =
                        format!("a span begins at {start:#x}, below the end {cursor:#x} of what comes before it");
                    self.problems.push(Problem::new("I1", at, text));
                    return;
                }
                cursor = start;
                self.spans.push(Span { start, len: 0 });
            } else {
                if !self.add_segment(at, &tag, cursor, &caches) {
                    return;
                }
                cursor = start + len;
            }
            at = named(&tag.place.next.first);
        }
        if self.spans.last().is_some_and(|span| span.start + span.len != arena.segments.last.start.get()) {
            let text = format!(
                "the last span ends at {cursor:#x}, not at {:#x} as its mark says",
                arena.segments.last.start.get()
            );
            self.problems.push(Problem::new("I1", end, text));
        }
    }

    /// Takes up a segment that begins at `cursor`; `false` where the walk cannot go on. `caches` are the indices of object caches by
    /// where their records are.
    fn add_segment(&mut self, at: u32, tag: &Tag, cursor: u32, caches: &BTreeMap<u32, usize>) -> bool {
        let (start, len) = (tag.start.get(), tag.len.get());
        let end = u64::from(start) + u64::from(len);
        let Some(span) = self.spans.last_mut() else {
            self.problems.push(Problem::new("I1", at, format!("the segment at {start:#x} is in no span")));
            return false;
        };
        if start != cursor || len == 0 || end > self.memory_len {
            let text = format!(
                "the segment [{start:#x}, {end:#x}) does not begin at {cursor:#x}, is empty, or ends outside the memory"
            );
            self.problems.push(Problem::new("I1", at, text));
            return false;
        }
        if !start.is_multiple_of(QUANTUM) || !len.is_multiple_of(QUANTUM) {
            self.problems.push(Problem::new(
                "I4",
                at,
                format!("the segment [{start:#x}, {end:#x}) is not whole quanta"),
            ));
        }
        span.len += len;
        let kind = match tag.kind.get() {
            FREE => Kind::Free,
            LARGE => Kind::Large,
            META => Kind::Metadata,
            AUDITED => Kind::Guarded(Guarded::Held),
            GUARDED_QUARANTINED => Kind::Guarded(Guarded::Quarantined),
            GUARDED_LEFT => Kind::Guarded(Guarded::Abandoned),
            kind if kind & KIND == OBJECTS => {
                Kind::Objects(self.add_objects(at, tag, caches.get(&tag.owner.get()).copied()))
            }
            kind if kind >= SLAB && kind - SLAB < SLAB_CLASSES as u32 => Kind::Slab(self.add_slab(at, tag)),
            other => {
                self.problems.push(Problem::new(
                    "I1",
                    at,
                    format!("the segment at {start:#x} has the unknown kind {other}"),
                ));
                Kind::Metadata
            }
        };
        let is_guarded = matches!(kind, Kind::Guarded(_));
        let object = if is_guarded { tag.bits.get() as u32 } else { start };
        self.segments.push(Segment { start, len, kind, tag: at, object });
        true
    }

    /// Takes up the slab that a segment with its tag at `at` is; its index.
    fn add_slab(&mut self, at: u32, tag: &Tag) -> Option<usize> {
        let (start, len, class) = (tag.start.get(), tag.len.get(), tag.kind.get() - SLAB);
        let (size, objects, free) = (size_of_class(class), tag.owner.get(), tag.bits.get());
        let fits = len <= SLAB_MAX && objects != 0 && objects == objects_in_slab(len, size);
        if !fits || free & !(u64::MAX >> (64 - objects)) != 0 {
            let text =
                format!("the tag of the slab at {start:#x} says {len} bytes, {objects} objects, free ones {free:#x}");
            self.problems.push(Problem::new("I7", at, text));
            return None;
        }
        self.slabs.push(SlabInfo {
            start,
            len,
            class,
            size,
            objects,
            free,
            parked: 0,
            tag: at,
            object_cache: None,
            stuck: false,
            dead: false,
            culprit: None,
        });
        Some(self.slabs.len() - 1)
    }

    /// Takes up a cache and the rounds of its magazines. `starts` are those of the slabs.
    fn add_cache(&mut self, image: &(impl Image + ?Sized), class: u32, cache: &Cache, ahead: u64, starts: &[u32]) {
        let at = self.cache_at(class);
        let size = size_of_class(class);
        let magazines = &cache.magazines;
        let capacity = magazines.capacity.get();
        if capacity != 0 && capacity != rounds(size) {
            let text = format!("the magazines of the cache of {size} bytes say they have room for {capacity} rounds");
            self.problems.push(Problem::new("I11", at, text));
        }
        let mut found = 0;
        for (base, count) in [(&magazines.loaded, &magazines.rounds), (&magazines.previous, &magazines.previous_rounds)]
        {
            let count = count.get();
            if count > capacity.min(rounds(size)) {
                self.problems.push(Problem::new(
                    "I11",
                    at,
                    format!("a magazine of {capacity} rounds says it holds {count}"),
                ));
                continue;
            }
            for index in 0..count {
                let slot = base.get().wrapping_add(4 * index);
                if let Some(round) = record_or::<Word>(image, slot, "I10", &mut self.problems) {
                    found += u32::from(self.park(class, round.get(), slot, starts));
                }
            }
        }
        self.caches.push(CacheInfo {
            class,
            size,
            used: capacity != 0,
            allocations: cache.allocations.get().wrapping_sub(ahead),
            failures: cache.failures.get(),
            creates: cache.creates.get(),
            capacity,
            rounds: found,
        });
    }

    /// Notes that the object at `round` is in a magazine; whether it is an object that can be.
    fn park(&mut self, class: u32, round: u32, slot: u32, starts: &[u32]) -> bool {
        if class >= SLAB_CLASSES as u32 {
            let index = self.segments.partition_point(|segment| segment.start < round);
            if let Some(segment) = self.segments.get_mut(index)
                && segment.start == round
                && segment.len >= size_of_class(class)
                && segment.kind == Kind::Large
            {
                segment.kind = Kind::Parked;
                return true;
            }
        }
        let slab =
            starts.partition_point(|&start| start <= round).checked_sub(1).and_then(|index| self.slabs.get_mut(index));
        if let Some(slab) = slab
            && slab.class == class
            && (round - slab.start).is_multiple_of(slab.size)
            && (round - slab.start) / slab.size < slab.objects
        {
            let bit = 1_u64 << ((round - slab.start) / slab.size);
            if (slab.free | slab.parked) & bit == 0 {
                slab.parked |= bit;
                return true;
            }
        }
        let size = size_of_class(class);
        let text = format!(
            "the round {round:#x} in a magazine of {size} bytes is no object that was taken, or is there twice"
        );
        self.problems.push(Problem::new("I10", slot, text));
        false
    }

    /// The segment that holds `address`.
    #[must_use]
    pub fn segment_at(&self, address: u32) -> Option<&Segment> {
        let index = self.segments.partition_point(|segment| segment.start <= address).checked_sub(1)?;
        self.segments.get(index).filter(|segment| address - segment.start < segment.len)
    }

    /// As [`held_at`](Self::held_at), but where an arena of memory has the address, what the innermost one handed out.
    #[must_use]
    pub fn given_at(&self, address: u32) -> Option<u32> {
        let inner = self.arenas.iter().filter(|arena| arena.memory).filter_map(|arena| {
            let segment = arena.segment_at(address)?;
            Some((segment.len, arena.held_at(segment, address)))
        });
        inner.min_by_key(|(len, _)| *len).map_or_else(|| self.held_at(address), |(_, given)| given)
    }

    /// The bytes of what the application holds from `address` on: an object or a segment that begins there; `None` where none
    /// does.
    #[must_use]
    pub fn held_at(&self, address: u32) -> Option<u32> {
        let segment = self.segment_at(address)?;
        match segment.kind {
            Kind::Large | Kind::Guarded(Guarded::Held) => {
                (segment.object == address).then(|| segment.len - (address - segment.start))
            }
            Kind::Slab(Some(index)) | Kind::Objects(Some(index)) => {
                let slab = self.slabs.get(index)?;
                let object = (address - slab.start) / slab.size;
                let begins = slab.start + object * slab.size == address && object < slab.objects;
                (begins && (slab.free | slab.parked) >> object & 1 == 0).then_some(slab.size)
            }
            _ => None,
        }
    }
}

/// How far the counts of allocations of each class run ahead of them: see `audit/pace.rs`.
fn ahead(image: &(impl Image + ?Sized), layout: &Layout) -> Result<[u64; CLASSES], Error> {
    if !layout.audited {
        return Ok([0; CLASSES]);
    }
    let at = size_of::<State>() + offset_of!(AuditState, ahead);
    let ahead: [Cell<u64>; CLASSES] = record(image, layout.state.wrapping_add(at as u32))?;
    Ok(ahead.map(Cell::into_inner))
}

fn layout(root: &Root, root_at: Addr) -> Layout {
    let audited = root.version.get() & root::AUDITED != 0;
    Layout {
        root: root_at.0,
        root_len: ROOT_LEN,
        state: root.state.get(),
        state_len: size_of::<State>() as u32 + if audited { size_of::<AuditState>() as u32 } else { 0 },
        audited,
        stack_low: root.stack_low.get(),
        stack_high: root.stack_high.get(),
        heap_base: root.heap_base.get(),
    }
}
