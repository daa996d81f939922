//! The slabs of an arena's quantum caches, and which of their objects are in magazines.
#![forbid(unsafe_code)]

use alloc::format;

use super::{ArenaInfo, ArenaKind, ArenaRecord, ArenaSlab, Descriptor, LONGEST, QuantumCache, Reader, SLAB, Tag};
use crate::image::{Image, record_or};
use crate::record::Word;

/// The most rounds of a magazine that is read.
pub(crate) const ROUNDS_MAX: u32 = 64;

/// The most objects of a slab.
const OBJECTS_MAX: u32 = u64::BITS;

impl<I: Image + ?Sized> Reader<'_, I> {
    /// Takes up the slab that a segment with its tag at `at` is; its index, until slabs are sorted.
    pub(super) fn add_slab(&mut self, arena: &mut ArenaInfo, at: u32, tag: &Tag) -> Option<usize> {
        let (start, len, quanta) = (tag.start.get(), tag.len.get(), tag.kind.get() - SLAB);
        let descriptor_at = tag.owner.get();
        let descriptor: Descriptor = record_or(self.image, descriptor_at, "A7", self.problems)?;
        let objects = len / arena.quantum / quanta;
        let free = descriptor.free.get();
        let named = (descriptor.slab.get(), descriptor.start.get(), descriptor.quanta.get(), descriptor.objects.get());
        let right = named == (at, start, quanta, objects) && (1..=OBJECTS_MAX).contains(&objects);
        if !right || free & !(u64::MAX >> (OBJECTS_MAX - objects)) != 0 {
            let text = format!(
                "in arena {} what describes the slab at {start:#x} says it is of {} objects of {} quanta from {:#x}, free ones {free:#x}",
                arena.name, named.3, named.2, named.1
            );
            self.report("A7", descriptor_at, text);
            return None;
        }
        let object_len = quanta * arena.quantum;
        arena.slabs.push(ArenaSlab {
            start,
            len,
            quanta,
            object_len,
            objects,
            free,
            parked: 0,
            tag: at,
            descriptor: descriptor_at,
        });
        Some(arena.slabs.len() - 1)
    }

    /// Puts the slabs in order and notes which objects are in magazines.
    pub(super) fn read_slabs(&mut self, arena: &mut ArenaInfo, record: &ArenaRecord) {
        arena.slabs.sort_by_key(|slab| slab.start);
        // Segments are in order too, so the slabs among them come one after the other.
        let damaged = |kind: ArenaKind| kind == ArenaKind::Slab(None);
        let slabs = arena.segments.iter_mut().filter(|it| matches!(it.kind, ArenaKind::Slab(_)) && !damaged(it.kind));
        for (index, segment) in slabs.enumerate() {
            segment.kind = ArenaKind::Slab(Some(index));
        }
        let max = record.quantum_max.get();
        if max > LONGEST || (max == 0) != (arena.caches == 0) {
            let text = format!("the arena {} says it has quantum caches up to {max} quanta", arena.name);
            self.report("A7", arena.id, text);
        }
        if arena.caches == 0 {
            return;
        }
        for quanta in 1..=max.min(LONGEST) {
            let at = arena.caches.wrapping_add((quanta - 1) * size_of::<QuantumCache>() as u32);
            let Some(cache) = record_or::<QuantumCache>(self.image, at, "A7", self.problems) else { return };
            self.read_magazines(arena, at, &cache, quanta);
        }
    }

    /// Reads the rounds of both magazines of a cache.
    fn read_magazines(&mut self, arena: &mut ArenaInfo, at: u32, cache: &QuantumCache, quanta: u32) {
        let magazines = &cache.magazines;
        let capacity = magazines.capacity.get();
        for (base, rounds) in
            [(&magazines.loaded, &magazines.rounds), (&magazines.previous, &magazines.previous_rounds)]
        {
            let rounds = rounds.get();
            if rounds > capacity.min(ROUNDS_MAX) {
                let text =
                    format!("in arena {} a magazine of {capacity} rounds says that it holds {rounds}", arena.name);
                self.report("A7", at, text);
                continue;
            }
            for index in 0..rounds {
                let slot = base.get().wrapping_add(4 * index);
                let Some(round) = record_or::<Word>(self.image, slot, "A7", self.problems) else { break };
                self.park(arena, quanta, round.get(), slot);
            }
        }
    }

    /// Notes that the object at `round` is in a magazine.
    fn park(&mut self, arena: &mut ArenaInfo, quanta: u32, round: u32, slot: u32) {
        let slab = arena.slabs.partition_point(|slab| slab.start <= round).checked_sub(1);
        if let Some(slab) = slab.and_then(|index| arena.slabs.get_mut(index))
            && slab.quanta == quanta
            && (round - slab.start).is_multiple_of(slab.object_len)
            && (round - slab.start) / slab.object_len < slab.objects
        {
            let bit = 1_u64 << ((round - slab.start) / slab.object_len);
            if (slab.free | slab.parked) & bit == 0 {
                slab.parked |= bit;
                return;
            }
        }
        let text = format!(
            "in arena {} the round {round:#x} in a magazine of {quanta} quanta is no object that was taken, or is there twice",
            arena.name
        );
        self.report("A7", slot, text);
    }
}
