//! The checks of A1 to A8, the invariants of the arenas in a heap, that reading them does not make.
#![forbid(unsafe_code)]

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::mem::offset_of;

use super::Walker;
use crate::image::arenas::{ArenaInfo, ArenaKind, ArenaSlab, LONGEST, ROUNDS_MAX};
use crate::image::{Image, record_or};
use crate::list::Head;
use crate::record::{Word, named};
use crate::vmem::Tag;
use crate::vmem::arena::record::{ArenaRecord, Descriptor, QuantumCache};
use crate::vmem::segments::{LISTS, Segments};
use crate::vmem::tag::TAG_LEN;

/// The longest table of held segments, as a shift.
const TABLE_MAX: u32 = 20;

/// The link by which a tag or a descriptor is in a list.
const fn link_of(record: u32) -> u32 {
    const { assert!(offset_of!(Tag, link) == offset_of!(Descriptor, link)) };
    record.wrapping_add(offset_of!(Tag, link) as u32)
}

impl<I: Image + ?Sized> Walker<'_, I> {
    /// A1 to A8 of all arenas.
    pub(super) fn check_arenas(&mut self) {
        self.check_records();
        for arena in &self.survey.arenas {
            let Some(record) = record_or::<ArenaRecord>(self.image, arena.id, "A1", &mut self.problems) else {
                continue;
            };
            self.check_places(arena, &record);
            self.check_neighbours_of(arena);
            self.check_free(arena, &record);
            self.check_held(arena, &record);
            self.check_quantum_caches(arena, &record);
            self.check_counts(arena, &record);
        }
    }

    /// That each record of an arena is an allocation that was not given back, of the heap or of an arena of its memory, and in one use: A1 for tags and the arena's
    /// own record, A7 for quantum caches and what describes slabs, A6 for tables. And what A5 counts on, that spare tags are tags
    /// which nothing else is.
    fn check_records(&mut self) {
        let mut used = BTreeSet::new();
        let arenas = &self.survey.arenas;
        for arena in arenas {
            let mut check = |invariant, at, len, what| self.check_given(&mut used, arena, invariant, at, len, what);
            check("A1", arena.id, size_of::<ArenaRecord>() as u32, "the record");
            for tag in arena.segments.iter().map(|segment| segment.tag).chain(arena.spans.iter().map(|span| span.mark))
            {
                check("A1", tag, TAG_LEN, "a tag");
            }
            for slab in &arena.slabs {
                check("A7", slab.descriptor, TAG_LEN, "what describes a slab");
            }
        }
        for arena in arenas {
            let mut check = |invariant, at, what| self.check_given(&mut used, arena, invariant, at, 4, what);
            if arena.caches != 0 {
                check("A7", arena.caches, "a quantum cache");
            }
            if arena.table != 0 {
                check("A6", arena.table, "the table");
            }
        }
        for arena in arenas {
            for &spare in &arena.spares {
                self.check_given(&mut used, arena, "A5", spare, TAG_LEN, "a spare tag");
            }
        }
    }

    /// Notes where `len` bytes of a record at `at` are not what somebody gave out, or are in another use.
    fn check_given(
        &mut self,
        used: &mut BTreeSet<u32>,
        arena: &ArenaInfo,
        invariant: &'static str,
        at: u32,
        len: u32,
        what: &str,
    ) {
        if self.survey.given_at(at).is_none_or(|held| held < len) {
            let text = format!("{what} of arena {} is at {at:#x}, where nobody gave out {len} bytes", arena.name);
            self.report(invariant, at, text);
        } else if !used.insert(at) {
            let text = format!("{what} of arena {} is at {at:#x}, and something else too", arena.name);
            self.report(invariant, at, text);
        }
    }

    /// Of A1 that each span is in the list of spans, and that a next fit goes on from a place there is.
    fn check_places(&mut self, arena: &ArenaInfo, record: &ArenaRecord) {
        let mut expected = arena.spans.iter().map(|span| (link_of(span.mark), 0)).collect();
        let head_at = arena.id + offset_of!(ArenaRecord, spans) as u32;
        self.check_list(["A1"; 2], 0, head_at, &record.spans, &mut expected, "span");
        self.check_missing("A1", expected, "span");
        let (rotor, first) = (named(&record.rotor), arena.id + offset_of!(ArenaRecord, segments) as u32);
        let ends = [0, first, first + offset_of!(Segments, last) as u32];
        if !ends.contains(&rotor)
            && !arena.segments.iter().any(|segment| segment.tag == rotor)
            && !arena.spans.iter().any(|span| span.mark == rotor)
        {
            let text = format!("arena {} goes on from {rotor:#x}, which is none of its segments", arena.name);
            self.report("A1", arena.id, text);
        }
    }

    /// A2.
    fn check_neighbours_of(&mut self, arena: &ArenaInfo) {
        let starts: BTreeSet<u32> = arena.spans.iter().map(|span| span.start).collect();
        for pair in arena.segments.windows(2) {
            let adjoin = u64::from(pair[0].start) + u64::from(pair[0].len) == u64::from(pair[1].start);
            let free = pair.iter().all(|segment| segment.kind == ArenaKind::Free);
            if adjoin && free && !starts.contains(&pair[1].start) {
                let text = format!("in arena {} two free segments adjoin at {:#x}", arena.name, pair[1].start);
                self.report("A2", pair[1].tag, text);
            }
        }
    }

    /// A3.
    fn check_free(&mut self, arena: &ArenaInfo, record: &ArenaRecord) {
        let free = arena.segments.iter().filter(|segment| segment.kind == ArenaKind::Free);
        let expected = free.map(|segment| (link_of(segment.tag), list_of(segment.len / arena.quantum))).collect();
        let bins_at = arena.id + (offset_of!(ArenaRecord, segments) + offset_of!(Segments, free)) as u32;
        self.check_bins::<LISTS>(["A3"; 2], &record.segments.free, bins_at, expected, "free segment");
    }

    /// A4 and A6.
    fn check_held(&mut self, arena: &ArenaInfo, record: &ArenaRecord) {
        let (shift, table) = (record.table_shift.get(), arena.table);
        let only_at = arena.id + offset_of!(ArenaRecord, only) as u32;
        if shift > TABLE_MAX || (shift == 0) != (table == 0) {
            let text = format!("arena {} has a table of 2 to the {shift} lists at {table:#x}", arena.name);
            return self.report("A6", only_at, text);
        }
        let lists = 1_u32 << shift;
        if table != 0 {
            if self.survey.given_at(table).is_none_or(|len| len < 4 * lists) {
                let text =
                    format!("arena {} has a table of {lists} lists at {table:#x}, which is no such thing", arena.name);
                return self.report("A6", table, text);
            }
            if named(&record.only.first) != 0 {
                let text = format!("arena {} has a table, and held segments outside of it", arena.name);
                self.report("A4", only_at, text);
            }
        }
        let held = arena.segments.iter().filter(|segment| segment.kind != ArenaKind::Free);
        let mut expected =
            held.map(|segment| (link_of(segment.tag), hashed(segment.start / arena.quantum, lists))).collect();
        for list in 0..lists {
            let head_at = if table == 0 { only_at } else { table + 4 * list };
            let Some(head) = record_or::<Head>(self.image, head_at, "A4", &mut self.problems) else { break };
            self.check_list(["A4"; 2], list, head_at, &head, &mut expected, "held segment");
        }
        self.check_missing("A4", expected, "held segment");
    }

    /// A7.
    fn check_quantum_caches(&mut self, arena: &ArenaInfo, record: &ArenaRecord) {
        let max = record.quantum_max.get();
        if max > LONGEST || arena.caches == 0 {
            for slab in &arena.slabs {
                let text = format!("in arena {} the slab at {:#x} is of no quantum cache", arena.name, slab.start);
                self.report("A7", slab.tag, text);
            }
            return;
        }
        let slab_quanta = slab_quanta(max);
        let mut expected: BTreeMap<u32, u32> = BTreeMap::new();
        for slab in &arena.slabs {
            let len = u64::from(slab_quanta) * u64::from(arena.quantum);
            let right = u64::from(slab.len) == len
                && u64::from(slab.start).is_multiple_of(len)
                && slab.quanta <= max
                && serving(max, slab.quanta) == slab.quanta;
            if !right || slab.free.count_ones() == slab.objects {
                let text = format!(
                    "in arena {} the slab at {:#x} is empty, or no cache has slabs of {} objects of {} quanta there",
                    arena.name, slab.start, slab.objects, slab.quanta
                );
                self.report("A7", slab.tag, text);
            }
            self.check_parked(arena, slab);
            if slab.free != 0 {
                expected.insert(link_of(slab.descriptor), slab.quanta);
            }
        }
        let mut magazines = Vec::new();
        for quanta in 1..=max {
            let at = arena.caches.wrapping_add((quanta - 1) * size_of::<QuantumCache>() as u32);
            let Some(cache) = record_or::<QuantumCache>(self.image, at, "A7", &mut self.problems) else { return };
            let head_at = at.wrapping_add(offset_of!(QuantumCache, partial) as u32);
            self.check_list(["A7"; 2], quanta, head_at, &cache.partial, &mut expected, "slab with free objects");
            self.check_quantum_cache(arena, max, quanta, at, &cache);
            let len = 8 * u64::from(cache.magazines.capacity.get());
            magazines
                .extend([&cache.magazines.loaded, &cache.magazines.previous].map(|base| (u64::from(base.get()), len)));
        }
        self.check_missing("A7", expected, "slab with free objects");
        self.check_magazines(arena, max, magazines);
    }

    /// Of A7 what a cache says of itself, and that a round's other word names what describes the slab of the object.
    fn check_quantum_cache(&mut self, arena: &ArenaInfo, max: u32, quanta: u32, at: u32, cache: &QuantumCache) {
        let slabs: Vec<&ArenaSlab> = arena.slabs.iter().filter(|slab| slab.quanta == quanta).collect();
        let taken: u32 = slabs.iter().map(|slab| slab.objects - slab.free.count_ones()).sum();
        if (cache.slabs.get() as usize, cache.taken.get()) != (slabs.len(), taken) {
            let text = format!(
                "in arena {} the cache of {quanta} quanta counts {} slabs and {} objects out of them, and has {} and {taken}",
                arena.name,
                cache.slabs.get(),
                cache.taken.get(),
                slabs.len()
            );
            self.report("A7", at, text);
        }
        let divides =
            (0..slab_quanta(max)).all(|within| within.wrapping_mul(cache.reciprocal.get()) >> 16 == within / quanta);
        if cache.serves.get() != serving(max, quanta) || !divides {
            let text = format!("in arena {} the cache of {quanta} quanta serves or divides by others", arena.name);
            self.report("A7", at, text);
        }
        let magazines = &cache.magazines;
        let capacity = magazines.capacity.get();
        for (base, rounds) in
            [(&magazines.loaded, &magazines.rounds), (&magazines.previous, &magazines.previous_rounds)]
        {
            for index in 0..rounds.get().min(capacity).min(ROUNDS_MAX) {
                let slot = base.get().wrapping_add(4 * index);
                let other = slot.wrapping_add(capacity.wrapping_mul(4));
                let Some(round) = record_or::<Word>(self.image, slot, "A7", &mut self.problems) else { break };
                let Some(name) = record_or::<Word>(self.image, other, "A7", &mut self.problems) else { break };
                let slab = arena.segment_at(round.get()).and_then(|segment| arena.slab_of(segment));
                if slab.is_none_or(|slab| slab.descriptor != name.get()) {
                    let text = format!(
                        "in arena {} the round {:#x} names {:#x}, which does not describe its slab",
                        arena.name,
                        round.get(),
                        name.get()
                    );
                    self.report("A7", other, text);
                }
            }
        }
    }

    /// Of A7 that what describes a slab knows which objects are in magazines.
    fn check_parked(&mut self, arena: &ArenaInfo, slab: &ArenaSlab) {
        let Some(descriptor) = record_or::<Descriptor>(self.image, slab.descriptor, "A7", &mut self.problems) else {
            return;
        };
        let parked = (0..slab.objects).filter(|object| slab.parked >> object & 1 == 1);
        let numbers = parked.map(|object| (slab.start + object * slab.object_len) / arena.quantum % u64::BITS);
        let bits = numbers.map(|number| 1_u64 << number).fold(0, |bits, bit| bits | bit);
        if descriptor.parked.get() != bits {
            let text = format!(
                "in arena {} the objects {:#x} of the slab at {:#x} are in magazines, and it says {:#x}",
                arena.name,
                bits,
                slab.start,
                descriptor.parked.get()
            );
            self.report("A7", slab.descriptor, text);
        }
    }

    /// Of A7 that the magazines lie behind the caches, apart from each other.
    fn check_magazines(&mut self, arena: &ArenaInfo, max: u32, mut magazines: Vec<(u64, u64)>) {
        let mut end = u64::from(arena.caches) + u64::from(max) * size_of::<QuantumCache>() as u64;
        let given = self.survey.given_at(arena.caches).map_or(0, |len| u64::from(arena.caches) + u64::from(len));
        magazines.sort_unstable();
        let mut apart = end <= given;
        for (start, len) in magazines {
            apart &= start >= end && start + len <= given;
            end = start + len;
        }
        if !apart {
            let text = format!("the magazines of arena {} overlap, or do not lie in its memory", arena.name);
            self.report("A7", arena.caches, text);
        }
    }

    /// A8.
    fn check_counts(&mut self, arena: &ArenaInfo, record: &ArenaRecord) {
        let held = || arena.segments.iter().filter(|segment| segment.kind != ArenaKind::Free);
        let total: u64 = arena.spans.iter().map(|span| u64::from(span.len)).sum();
        let in_use: u64 = held().map(|segment| u64::from(segment.len)).sum();
        let busy = held().count() as u64;
        let imported = arena.spans.iter().filter(|span| span.imported).count() as u64;
        let imported_said = u64::from(record.imports.get().wrapping_sub(record.releases.get()));
        for (what, said, found) in [
            ("units", record.total.get(), total),
            ("units in use", record.in_use.get(), in_use),
            ("held segments", u64::from(record.busy.get()), busy),
            ("spare tags", u64::from(record.spares.get()), arena.spares.len() as u64),
            ("imported spans", imported_said, imported),
        ] {
            if said != found {
                let text = format!("arena {} counts {said} {what}, and there are {found}", arena.name);
                self.report("A8", arena.id, text);
            }
        }
        // A caller holds a segment, or an object of a slab.
        let segments = held().filter(|segment| segment.kind == ArenaKind::Held).count() as u64;
        let objects: u64 = arena.slabs.iter().map(|slab| u64::from(slab.live())).sum();
        let (allocations, frees) = (record.allocations.get(), record.frees.get());
        if allocations.checked_sub(frees).is_none_or(|out| out < segments + objects) {
            let text = format!(
                "arena {} served {allocations} requests and got {frees} back, and {} are held",
                arena.name,
                segments + objects
            );
            self.report("A8", arena.id, text);
        }
        if u64::from(record.high_water.get()) < busy {
            let text =
                format!("arena {} holds {busy} segments, and at most {} ever", arena.name, record.high_water.get());
            self.report("A8", arena.id, text);
        }
    }
}

/// The free list of segments of so many quanta, computed from the other side than the arena does: by comparing with the
/// shortest length of each list.
fn list_of(quanta: u32) -> u32 {
    let twice = 2 * u64::from(quanta);
    let twice_shortest = |list: u32| (2 + u64::from(list & 1)) << (list / 2);
    (0..LISTS as u32).rev().find(|&list| twice_shortest(list) <= twice).unwrap_or(0)
}

/// The list, of so many, for a held segment that begins so many quanta above zero: the share of the lists that the last 32 bits of
/// the product are of all that 32 bits can be.
const fn hashed(quanta: u32, lists: u32) -> u32 {
    let product = quanta as u64 * 0x9e37_79b9 % (1 << 32);
    (product * lists as u64 / (1 << 32)) as u32
}

/// Quanta of a slab of the caches up to `max` quanta: doubled until longer than three of the longest objects.
fn slab_quanta(max: u32) -> u32 {
    let mut quanta = 1;
    while quanta <= 3 * max {
        quanta *= 2;
    }
    quanta
}

/// The longest of the lengths up to `max` quanta of which as many fit into a slab as of `quanta`.
fn serving(max: u32, quanta: u32) -> u32 {
    let slab = slab_quanta(max);
    (quanta..=max).rev().find(|longer| slab / longer == slab / quanta).unwrap_or(quanta)
}

#[cfg(test)]
mod tests {
    use super::{hashed, list_of, serving, slab_quanta};

    #[test]
    fn what_is_computed_here_is_what_is_known() {
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, u32::MAX].map(list_of), [0, 2, 3, 4, 4, 5, 5, 6, 6, 7, 63]);
        assert_eq!([1, 2, 3, 5, 8, 16].map(slab_quanta), [4, 8, 16, 16, 32, 64]);
        assert_eq!([1, 5, 7, 8].map(|quanta| serving(8, quanta)), [1, 5, 8, 8]);
        assert!((0..1000).all(|quanta| hashed(quanta, 1) == 0 && hashed(quanta, 64) < 64));
        // The golden ratio spreads neighbours: 0.618 of 16 lists, twice that less 16, and so on.
        assert_eq!([0, 1, 2, 3, 4].map(|quanta| hashed(quanta, 16)), [0, 9, 3, 13, 7]);
    }
}
