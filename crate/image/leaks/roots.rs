//! Where a scan begins: what a program reaches without going through the heap, and what the allocator itself keeps for it.
//!
//! The allocator's records that lie among the program's objects are never leaks. Most of them name only one another, and are not
//! read. Read is what is the program's in them: the callbacks of an object cache or a budget and what those own; the objects in the
//! magazines of a cache that keeps them constructed, since those own what their constructor gave them; and of the memory of an
//! arena what it handed out.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::mem::offset_of;

use super::places::Places;
use crate::heap::State;
use crate::image::arenas::{ArenaInfo, ArenaKind};
use crate::image::region::{Owner, regions};
use crate::image::survey::Survey;
use crate::objects::record::{BudgetRecord, ObjectCacheRecord};

/// Where the last word of the address space begins: a range ends there, so that its length is an address too.
const LAST_WORD: u64 = (1 << 32) - 4;

/// Bytes that are read for pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// First address.
    pub(super) start: u32,
    /// How many.
    pub(super) len: u32,
}

/// What a scan begins with.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// What is read for pointers, in address order. Ranges do not overlap, whatever the records say, so no word is read twice.
    pub(super) read: Vec<Range>,
    /// Addresses of objects that are held.
    pub(super) held: Vec<u32>,
    /// Addresses of objects that are held, and that are not read as a whole.
    pub(super) unread: Vec<u32>,
}

impl Roots {
    /// Those of a survey. `stack` says whether the stack is read, too.
    pub(super) fn of(survey: &Survey, places: &Places, stack: bool) -> Self {
        let mut roots = Self::default();
        for region in regions(survey) {
            let damaged = region.owner == Owner::Slab && region.slab.is_none();
            if matches!(region.owner, Owner::StaticData | Owner::Foreign)
                || (region.owner == Owner::Stack && stack)
                || damaged
            {
                roots.read(region.start, region.end);
            }
        }
        roots.add_object_caches(survey, places);
        roots.add_arenas(survey, places);
        roots.settle(survey.memory_len.min(LAST_WORD));
        roots
    }

    /// Puts the ranges in order, cuts them at the end of the memory, and makes those one that overlap.
    fn settle(&mut self, memory_end: u64) {
        self.read.sort_unstable_by_key(|range| range.start);
        let mut cursor = 0_u64;
        for range in &mut self.read {
            let end = (u64::from(range.start) + u64::from(range.len)).min(memory_end);
            let start = u64::from(range.start).max(cursor).min(end);
            *range = Range { start: start as u32, len: (end - start) as u32 };
            cursor = cursor.max(end);
        }
        self.read.retain(|range| range.len != 0);
    }

    /// Reads `[start, end)`, as far as there are addresses for it.
    fn read(&mut self, start: u64, end: u64) {
        let end = end.min(LAST_WORD);
        if start < end {
            self.read.push(Range { start: start as u32, len: (end - start) as u32 });
        }
    }

    /// The object at `record` is held, and read from `len` bytes on.
    fn read_behind(&mut self, places: &Places, record: u32, len: usize) {
        self.unread.push(record);
        if let Some(object) = places.find(record) {
            let end = u64::from(object.start) + u64::from(object.len);
            self.read(u64::from(record) + len as u64, end);
        }
    }

    /// Records, magazines and other names of object caches, budgets, and objects that stay constructed in magazines.
    fn add_object_caches(&mut self, survey: &Survey, places: &Places) {
        for cache in &survey.object_caches {
            self.read_behind(places, cache.id, size_of::<ObjectCacheRecord>());
            self.unread.extend(&cache.magazines);
        }
        for budget in &survey.budgets {
            self.read_behind(places, budget.id, size_of::<BudgetRecord>());
        }
        // Each names the next one by its first word.
        let aliases = u64::from(survey.layout.state) + offset_of!(State, aliases) as u64;
        self.read(aliases, aliases + 4);
        for slab in &survey.slabs {
            if survey.object_cache_of(slab).is_some_and(|cache| cache.constructed) {
                let parked = (0..slab.objects).filter(|object| slab.parked >> object & 1 == 1);
                self.read.extend(parked.map(|n| Range { start: slab.start + n * slab.size, len: slab.size }));
            }
        }
    }

    /// The records of arenas, and what arenas of memory handed out.
    fn add_arenas(&mut self, survey: &Survey, places: &Places) {
        let mut records = Vec::new();
        let mut imported = Vec::new();
        for arena in &survey.arenas {
            records.extend([arena.id, arena.caches, arena.table].iter().filter(|at| **at != 0));
            records.extend(arena.segments.iter().map(|segment| segment.tag));
            records.extend(arena.spans.iter().map(|span| span.mark));
            records.extend(arena.slabs.iter().map(|slab| slab.descriptor));
            records.extend(&arena.spares);
            if arena.memory {
                imported.extend(arena.spans.iter().filter(|span| span.imported).map(|span| (span.start, span.len)));
            }
        }
        records.sort_unstable();
        imported.sort_unstable();
        // Its own records are in none of what an arena handed out, and what another arena imported is looked at there.
        let is_read = |start: u32, len: u32| {
            records.binary_search(&start).is_err() && imported.binary_search(&(start, len)).is_err()
        };
        for arena in survey.arenas.iter().filter(|arena| arena.memory) {
            for span in &arena.spans {
                let whole = |at: u32| {
                    let object = places.find(at)?;
                    let (end, span_end) = (object.start + (object.len - 1), span.start + (span.len - 1));
                    Some(object.start >= span.start && end <= span_end)
                };
                // A span may lie in what the program uses for more than that.
                let list = if whole(span.start) == Some(true) { &mut self.unread } else { &mut self.held };
                list.push(span.start);
            }
            for (start, len) in handed_out(arena).filter(|(start, len)| is_read(*start, *len)) {
                self.read(u64::from(start), u64::from(start) + u64::from(len));
            }
        }
        self.unread.extend(records);
    }
}

/// What an arena handed out: where each begins, and its length.
fn handed_out(arena: &ArenaInfo) -> impl Iterator<Item = (u32, u32)> + use<'_> {
    let held = arena.segments.iter().filter(|segment| segment.kind == ArenaKind::Held);
    let objects = arena.slabs.iter().flat_map(|slab| {
        let taken = (0..slab.objects).filter(|object| (slab.free | slab.parked) >> object & 1 == 0);
        taken.map(|object| (slab.start + object * slab.object_len, slab.object_len))
    });
    held.map(|segment| (segment.start, segment.len)).chain(objects)
}
