//! The walker that checks every invariant of a heap in an image, I1 to I14 of the crate's documentation, of the arenas in it,
//! A1 to A8 of `vmem/arena.rs`, of the object caches and budgets in it, O1 to O10 of `objects`, and of what
//! diagnosis has on record, D1 to D7 of `audit`.
//!
//! A [`Survey`] checks what it needs to hold together; this adds the rest, and looks at everything from the other side:
//! not only that what is in a list belongs there, but that what belongs there is in the list.
#![forbid(unsafe_code)]

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;

use crate::bins::Bins;
use crate::cache::Cache;
use crate::heap::State;
use crate::image::survey::{Kind, Survey};
use crate::image::{Error, Image, Problem, record, record_or};
use crate::list::{Head, Link};
use crate::record::named;
use crate::slab::{BINS, FULL};
use crate::units::{Addr, LIMIT, QUANTUM};
use crate::vmem::memory::index::{FANOUT, FRAME_SHIFT, Leaf};
use crate::vmem::tag::TAG_LEN;
use crate::vmem::{MemoryArena, Tag};

mod arenas;
mod audit;
mod objects;

/// Checks the heap whose root is at `root`: what is wrong with it, nothing where all invariants hold. Takes time and memory
/// linear in the number of segments, of the heap and of the arenas in it, of rounds in magazines, and of bytes that are known to be
/// zero.
///
/// # Errors
/// Where there is no root to begin at, or the image ends within the state of the heap.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr, verify::verify};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let layout = std::alloc::Layout::new::<[u32; 9]>();
/// let at = heap.alloc(layout);
/// assert_eq!(verify(&heap.image(), heap.root()), Ok(vec![]));
/// # unsafe { heap.dealloc(at, layout) };
/// ```
pub fn verify(image: &(impl Image + ?Sized), root: Addr) -> Result<Vec<Problem>, Error> {
    let survey = Survey::take(image, root)?;
    let state: State = record(image, survey.layout.state)?;
    let mut walker = Walker { image, survey: &survey, problems: survey.problems.clone() };
    if survey.begun {
        walker.check_neighbours();
        walker.check_free_lists(&state.arena);
        walker.check_fresh(state.arena.fresh.get());
        walker.check_index(&state.arena);
        for (class, cache) in (0..).zip(&state.caches) {
            walker.check_cache(class, cache);
        }
        walker.check_reserve(&state.arena);
        walker.check_segment_links(&state.arena);
    }
    walker.check_arenas();
    walker.check_objects();
    walker.check_audit();
    Ok(walker.problems)
}

struct Walker<'a, I: ?Sized> {
    image: &'a I,
    survey: &'a Survey,
    problems: Vec<Problem>,
}

impl<I: Image + ?Sized> Walker<'_, I> {
    fn report(&mut self, invariant: &'static str, at: u32, sentence: String) {
        self.problems.push(Problem::new(invariant, at, sentence));
    }

    /// I2, and of I4 that nothing reaches into the last page.
    fn check_neighbours(&mut self) {
        for pair in self.survey.segments.windows(2) {
            if pair[0].kind == Kind::Free && pair[1].kind == Kind::Free && pair[0].start + pair[0].len == pair[1].start
            {
                let begins_span = self.survey.spans.iter().any(|span| span.start == pair[1].start);
                if !begins_span {
                    self.report("I2", pair[1].tag, format!("two free segments adjoin at {:#x}", pair[1].start));
                }
            }
        }
        for span in &self.survey.spans {
            if u64::from(span.start) + u64::from(span.len) > u64::from(LIMIT) {
                self.report("I4", span.start, format!("the span at {:#x} reaches into the last page", span.start));
            }
        }
    }

    /// I3: each free segment is in the list of its order, and nothing else is.
    fn check_free_lists(&mut self, arena: &MemoryArena) {
        let mut expected: BTreeMap<u32, u32> = BTreeMap::new();
        for segment in self.survey.segments.iter().filter(|segment| segment.kind == Kind::Free) {
            expected.insert(segment.tag + offset_of!(Tag, link) as u32, free_list(segment.len));
        }
        let bins_at = self.survey.arena_at() + offset_of!(MemoryArena, segments.free) as u32;
        self.check_bins(["I3", "I14"], &arena.segments.free, bins_at, expected, "free segment");
    }

    /// That bins hold the links `expected` in the lists it says, each once, and that the word of bits agrees. The second invariant
    /// is that of links, that they name the word that names them.
    fn check_bins<const N: usize>(
        &mut self,
        [invariant, links]: [&'static str; 2],
        bins: &Bins<N>,
        bins_at: u32,
        mut expected: BTreeMap<u32, u32>,
        what: &str,
    ) {
        for (list, head) in (0_u32..).zip(&bins.heads) {
            let head_at = bins_at + offset_of!(Bins<N>, heads) as u32 + 4 * list;
            self.check_list([invariant, links], list, head_at, head, &mut expected, what);
            if (bins.nonempty.get() >> list & 1 == 1) == head.first.get().is_none() {
                self.report(invariant, head_at, format!("the bit of list {list} does not say whether it is empty"));
            }
        }
        self.check_missing(invariant, expected, what);
    }

    /// That list `list`, with its head at `head_at`, holds only links that are `expected` in it, each of which it takes out of
    /// them: the list is followed up to the first that is none.
    fn check_list(
        &mut self,
        [invariant, links]: [&'static str; 2],
        list: u32,
        head_at: u32,
        head: &Head,
        expected: &mut BTreeMap<u32, u32>,
        what: &str,
    ) {
        let (mut back, mut at) = (head_at, named(&head.first));
        while at != 0 {
            let Some(link) = record_or::<Link>(self.image, at, links, &mut self.problems) else { break };
            self.check_back(links, at, &link, back);
            match expected.remove(&at) {
                Some(right) if right == list => {}
                Some(right) => {
                    self.report(invariant, at, format!("a {what} is in list {list} and belongs into list {right}"));
                }
                None => {
                    let text = format!("list {list} holds what is no {what}, or holds it twice");
                    return self.report(invariant, at, text);
                }
            }
            back = at;
            at = named(&link.next.first);
        }
    }

    /// Says which of `expected` were in no list.
    fn check_missing(&mut self, invariant: &'static str, expected: BTreeMap<u32, u32>, what: &str) {
        for (link, list) in expected {
            self.report(invariant, link, format!("a {what} is missing in list {list}"));
        }
    }

    /// Notes where a link does not name the word that names it.
    fn check_back(&mut self, invariant: &'static str, at: u32, link: &Link, back: u32) {
        if named(&link.back) != back {
            self.report(invariant, at, format!("the link at {at:#x} does not name the word {back:#x} that names it"));
        }
    }

    /// I14 for the list of marks and segments: as many as there are, and the two marks at its ends.
    fn check_segment_links(&mut self, arena: &MemoryArena) {
        let limit = self.survey.segments.len() + self.survey.spans.len() + 2;
        let (mut back, mut at) = (self.survey.arena_at(), named(&arena.segments.first.place.next.first));
        for _ in 0..=limit {
            if at == 0 {
                break;
            }
            let Some(link) = record_or::<Link>(self.image, at, "I14", &mut self.problems) else { break };
            self.check_back("I14", at, &link, back);
            back = at;
            at = named(&link.next.first);
        }
    }

    /// I5: what nobody ever held in the last span is zero.
    fn check_fresh(&mut self, fresh: u32) {
        let Some(span) = self.survey.spans.last() else { return };
        let (end, mut at) = (span.start + span.len, fresh.max(span.start));
        let mut window = [0; 4096];
        while at < end {
            let len = (end - at).min(4096);
            let bytes = &mut window[..len as usize];
            if self.image.read(at, bytes).is_err() {
                return;
            }
            if let Some(offset) = bytes.iter().position(|&byte| byte != 0) {
                let place = at + offset as u32;
                self.report("I5", place, format!("the byte at {place:#x} counts as never used and is not zero"));
                return;
            }
            at += len;
        }
        for segment in &self.survey.segments {
            if segment.kind != Kind::Free && segment.start >= span.start && segment.start + segment.len > fresh {
                let text = format!("the segment at {:#x} is held and counts as never used", segment.start);
                self.problems.push(Problem::new("I5", segment.tag, text));
            }
        }
    }

    /// I6: each word of the index names a segment that begins in its frame, and no slab or large segment begins there before.
    fn check_index(&mut self, arena: &MemoryArena) {
        let starts: BTreeMap<u32, u32> = self.survey.segments.iter().map(|it| (it.tag, it.start)).collect();
        let mut firsts: BTreeMap<u32, u32> = BTreeMap::new();
        for segment in self.survey.segments.iter().rev() {
            if matches!(segment.kind, Kind::Large | Kind::Parked | Kind::Slab(_) | Kind::Objects(_) | Kind::Guarded(_))
            {
                firsts.insert(segment.start >> FRAME_SHIFT, segment.start);
            }
        }
        for (high, leaf_at) in (0_u32..).zip(arena.index.iter().map(named)).filter(|(_, at)| *at != 0) {
            let Some(leaf) = record_or::<Leaf>(self.image, leaf_at, "I6", &mut self.problems) else { continue };
            for (low, tag) in (0_u32..).zip(leaf.iter().map(named)).filter(|(_, tag)| *tag != 0) {
                let frame = high * FANOUT as u32 + low;
                let start = starts.get(&tag).copied().filter(|start| start >> FRAME_SHIFT == frame);
                let first = firsts.remove(&frame);
                if start.is_none_or(|start| first.is_some_and(|first| first < start)) {
                    let text = format!("the index names {tag:#x} for the frame at {:#x}", frame << FRAME_SHIFT);
                    self.report("I6", leaf_at + 4 * low, text);
                }
            }
        }
        for (frame, start) in firsts {
            let text = format!("the index has nothing for the frame at {:#x}", frame << FRAME_SHIFT);
            self.report("I6", start, text);
        }
    }

    /// I8, I9, I11 and I13 of a cache.
    fn check_cache(&mut self, class: u32, cache: &Cache) {
        let at = self.survey.cache_at(class);
        let slabs: Vec<_> = self.survey.slabs.iter().filter(|slab| slab.class == class).collect();
        let expected =
            slabs.iter().map(|slab| (slab.tag + offset_of!(Tag, link) as u32, bin(slab.free.count_ones()))).collect();
        let bins_at = at + offset_of!(Cache, bins) as u32;
        self.check_bins::<BINS>(["I8", "I14"], &cache.bins, bins_at, expected, "slab of this bin");
        let empty = slabs.iter().filter(|slab| slab.free.count_ones() == slab.objects).count();
        if empty > 0 {
            self.report("I9", at, format!("the cache keeps {empty} empty slabs"));
        }
        let previous = cache.magazines.previous_rounds.get();
        if previous != 0 && previous != cache.magazines.capacity.get() {
            self.report("I11", at, format!("the previous magazine holds {previous} rounds, neither none nor all"));
        }
        let live: u64 = slabs.iter().map(|slab| u64::from(slab.live())).sum();
        let allocations = self.survey.caches[class as usize].allocations;
        if allocations < live || cache.creates.get() < slabs.len() as u64 {
            let text = format!(
                "{live} objects live of {} allocations, {} slabs of {} made",
                allocations,
                slabs.len(),
                cache.creates.get()
            );
            self.report("I13", at, text);
        }
    }

    /// I12: the spare tags lie in metadata, are in no other use, and there once; what is not used of the metadata is whole.
    fn check_reserve(&mut self, arena: &MemoryArena) {
        let limit = self.survey.memory_len / u64::from(TAG_LEN);
        let mut used: BTreeSet<u32> = self.survey.segments.iter().map(|segment| segment.tag).collect();
        let mut at = named(&arena.spare.first);
        for _ in 0..limit {
            if at == 0 {
                break;
            }
            let tag_at = at.wrapping_sub(offset_of!(Tag, link) as u32);
            if !used.insert(tag_at) {
                self.report(
                    "I12",
                    tag_at,
                    format!("the tag at {tag_at:#x} is in the reserve and in use, or there twice"),
                );
                break;
            }
            let Some(link) = record_or::<Link>(self.image, at, "I12", &mut self.problems) else { break };
            at = named(&link.next.first);
        }
        for tag_at in used {
            if !self.is_metadata(tag_at, TAG_LEN) {
                self.report("I12", tag_at, format!("the tag at {tag_at:#x} does not lie in metadata"));
            }
        }
        let (next, end) = (arena.meta_next.get(), arena.meta_end.get());
        if next > end || (next < end && !self.is_metadata(next, end - next)) {
            self.report("I12", next, format!("the unused metadata [{next:#x}, {end:#x}) is no metadata"));
        }
    }

    /// Whether `[at, at + len)` lies in one segment of metadata, or in the state.
    fn is_metadata(&self, at: u32, len: u32) -> bool {
        let end = u64::from(at) + u64::from(len);
        let inside = |start: u32, bytes: u32| start <= at && end <= u64::from(start) + u64::from(bytes);
        inside(self.survey.layout.state, self.survey.layout.state_len)
            || self
                .survey
                .segment_at(at)
                .is_some_and(|segment| segment.kind == Kind::Metadata && inside(segment.start, segment.len))
    }
}

/// The free list of segments of `len` bytes, computed from the other side than [`order`](crate::vmem::memory::order): by counting
/// through the longest lengths of the lists.
fn free_list(len: u32) -> u32 {
    let quanta = u64::from(len / QUANTUM);
    let longest = |list: u32| if list < 8 { u64::from(list) + 1 } else { u64::from(5 + list % 4) << (list / 4 - 1) };
    (0..63).find(|&list| quanta <= longest(list)).unwrap_or(63)
}

/// The bin of a slab with so many free objects, computed from the other side than [`slab::bin`](crate::slab::bin): by comparing
/// with each bound.
fn bin(free: u32) -> u32 {
    if free == 0 { FULL } else { (0..FULL).find(|&bin| free < 2 << bin).unwrap_or(FULL) }
}
