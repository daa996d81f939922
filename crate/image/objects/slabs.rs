//! The slabs of object caches, and which of their objects are in magazines.
#![forbid(unsafe_code)]

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{OBJECTS_MAX, ObjectCacheInfo, ObjectsFound};
use crate::image::survey::{SlabInfo, Survey};
use crate::image::{Image, Problem, record_or};
use crate::list::{Head, Link};
use crate::objects::record::{ObjectCacheRecord, magazine_at};
use crate::objects::slabs::{culprit, is_dead, is_stuck};
use crate::record::named;
use crate::size_class::CLASSES;
use crate::vmem::Tag;

/// Bytes of the link before the rounds of a magazine.
const LINK_LEN: u32 = magazine_at(0);

/// Rounds that are read together.
const WINDOW: usize = 256;

/// Reads the magazines of a cache: counts what is in them, and notes it in the slabs.
struct Reader<'a, I: ?Sized> {
    image: &'a I,
    survey: &'a mut Survey,
    /// Where records are, and the magazines of all caches so far.
    seen: &'a mut BTreeSet<u32>,
    /// The index of the cache.
    cache: usize,
    /// Rounds of a magazine.
    rounds: u32,
    /// The slab that the last round was in: neighbours in a magazine often come from one.
    slab: usize,
}

impl Survey {
    /// The object cache of a slab, where it is one's.
    #[must_use]
    pub fn object_cache_of(&self, slab: &SlabInfo) -> Option<&ObjectCacheInfo> {
        self.object_caches.get(slab.object_cache?)
    }

    /// Takes up the slab of an object cache that a segment with its tag at `at` is; its index. `cache` is that of its cache.
    pub(in crate::image) fn add_objects(&mut self, at: u32, tag: &Tag, cache: Option<usize>) -> Option<usize> {
        let (start, len, free) = (tag.start.get(), tag.len.get(), tag.bits.get());
        let Some((index, info)) = cache.and_then(|index| Some((index, self.object_caches.get_mut(index)?))) else {
            let text = format!(
                "the slab at {start:#x} names {:#x} as its cache, which is no object cache of the heap",
                tag.owner.get()
            );
            self.problems.push(Problem::new("O1", at, text));
            return None;
        };
        let shape = info.shape;
        if !shape.is_whole() {
            // Its record is on report already.
            return None;
        }
        if len != shape.slab_len || free & !(u64::MAX >> (OBJECTS_MAX - shape.objects)) != 0 {
            let text = format!(
                "the slab at {start:#x} of the object cache {} has {len} bytes and the free objects {free:#x}, of {} bytes and {} objects",
                info.called(),
                shape.slab_len,
                shape.objects
            );
            self.problems.push(Problem::new("O1", at, text));
            return None;
        }
        let slab = SlabInfo {
            start,
            len,
            class: (CLASSES + index) as u32,
            size: shape.stride,
            objects: shape.objects,
            free,
            parked: 0,
            tag: at,
            object_cache: Some(index),
            stuck: is_stuck(tag),
            dead: is_dead(tag),
            culprit: culprit(tag),
        };
        info.found.add(&slab);
        self.slabs.push(slab);
        Some(self.slabs.len() - 1)
    }

    /// Reads the magazines of all object caches, whose records are these, and counts what they hold.
    pub(in crate::image) fn read_magazines(
        &mut self,
        image: &(impl Image + ?Sized),
        records: &[(u32, ObjectCacheRecord)],
    ) {
        // No record is a magazine.
        let mut seen = records.iter().map(|(id, _)| *id).chain(self.budgets.iter().map(|it| it.id)).collect();
        for (cache, (_, record)) in records.iter().enumerate() {
            let rounds = record.rounds.get();
            let mut reader = Reader { image, survey: self, seen: &mut seen, cache, rounds, slab: 0 };
            let loaded = reader.read_loaded(record);
            let (full, depot) = reader.read_stack(&record.full.head, true);
            let (empty, _) = reader.read_stack(&record.empty.head, false);
            let found = &mut self.object_caches[cache].found;
            (found.full_magazines, found.empty_magazines) = (full, empty);
            (found.loaded, found.depot) = (loaded, depot);
            found.live = found.live.saturating_sub(loaded + depot);
        }
    }
}

impl ObjectsFound {
    /// Counts a slab; all that is out of it as live.
    fn add(&mut self, slab: &SlabInfo) {
        let free = slab.free.count_ones();
        let taken = slab.objects - free;
        self.bytes += u64::from(slab.len);
        self.live += taken;
        if slab.dead {
            self.dead += 1;
            return;
        }
        self.slabs += 1;
        self.free += free;
        self.empty += u32::from(taken == 0);
        self.full += u32::from(free == 0);
        self.stuck += u32::from(slab.stuck);
        let eighth = (taken * 8).div_ceil(slab.objects).saturating_sub(1);
        self.fill[eighth as usize] += 1;
    }
}

impl<I: Image + ?Sized> Reader<'_, I> {
    fn info(&self) -> &ObjectCacheInfo {
        &self.survey.object_caches[self.cache]
    }

    fn report(&mut self, invariant: &'static str, at: u32, sentence: String) {
        self.survey.problems.push(Problem::new(invariant, at, sentence));
    }

    /// Reads the loaded and the previous magazine; how many rounds they have that are objects.
    fn read_loaded(&mut self, record: &ObjectCacheRecord) -> u32 {
        let magazines = &record.magazines;
        let capacity = magazines.capacity.get();
        let mut found = 0;
        for (magazine, count) in
            [(&magazines.loaded, &magazines.rounds), (&magazines.previous, &magazines.previous_rounds)]
        {
            let (magazine, count) = (magazine.get(), count.get());
            if count > capacity.min(self.rounds) || (magazine == 0 && count != 0) {
                let text = format!(
                    "a magazine of the object cache {} holds {count} of {capacity} rounds",
                    self.info().called()
                );
                self.report("O7", self.info().id, text);
                continue;
            }
            if magazine != 0 && self.take_up(magazine) {
                found += self.read_rounds(magazine, count);
            }
        }
        found
    }

    /// Reads a stack of magazines, full or empty ones; how many there are, and how many rounds they have that are objects.
    fn read_stack(&mut self, head: &Head, full: bool) -> (u32, u32) {
        let (mut magazines, mut found) = (0, 0);
        let mut at = named(&head.first);
        while at != 0 {
            let magazine = at.wrapping_add(LINK_LEN);
            if !self.take_up(magazine) {
                break;
            }
            magazines += 1;
            if full {
                found += self.read_rounds(magazine, self.rounds);
            }
            let Some(link) = record_or::<Link>(self.image, at, "O4", &mut self.survey.problems) else { break };
            at = named(&link.next.first);
        }
        (magazines, found)
    }

    /// Whether a magazine is one: an allocation that has room for its rounds, in one place.
    fn take_up(&mut self, magazine: u32) -> bool {
        let begin = magazine.wrapping_sub(LINK_LEN);
        let needed = u64::from(LINK_LEN) + 4 * u64::from(self.rounds);
        let held = self.survey.held_at(begin).is_some_and(|len| u64::from(len) >= needed);
        if held && self.seen.insert(begin) {
            self.survey.object_caches[self.cache].magazines.push(begin);
            return true;
        }
        let text = format!(
            "the magazine at {magazine:#x} of the object cache {} is no allocation for {} rounds, or is there twice",
            self.info().called(),
            self.rounds
        );
        self.report("O4", magazine, text);
        false
    }

    /// Reads `count` rounds of a magazine; how many of them are objects.
    fn read_rounds(&mut self, magazine: u32, count: u32) -> u32 {
        let mut wrong: Vec<(u32, u32)> = Vec::new();
        let (mut found, mut index) = (0, 0);
        let mut bytes = [0; 4 * WINDOW];
        while index < count {
            let window = (count - index).min(WINDOW as u32);
            let bytes = &mut bytes[..4 * window as usize];
            let at = magazine.wrapping_add(4 * index);
            if self.image.read(at, bytes).is_err() {
                break;
            }
            for (place, round) in (at..).step_by(4).zip(bytes.as_chunks().0) {
                let round = u32::from_le_bytes(*round);
                if self.park(round) {
                    found += 1;
                } else if wrong.is_empty() {
                    wrong.push((place, round));
                }
            }
            index += window;
        }
        // One of a magazine is enough to say.
        for (place, round) in wrong {
            let text = format!(
                "the round {round:#x} in a magazine of the object cache {} is no object that is out of its slab, or is there twice",
                self.info().called()
            );
            self.report("O6", place, text);
        }
        found
    }

    /// Notes that the object at `round` is in a magazine; whether it is an object that can be.
    fn park(&mut self, round: u32) -> bool {
        let slabs = &mut self.survey.slabs;
        if slabs.get(self.slab).is_none_or(|slab| round.wrapping_sub(slab.start) >= slab.len) {
            let Some(index) = slabs.partition_point(|slab| slab.start <= round).checked_sub(1) else { return false };
            self.slab = index;
        }
        let Some(slab) = slabs.get_mut(self.slab) else { return false };
        let (index, rest) = ((round - slab.start) / slab.size, (round - slab.start) % slab.size);
        if slab.object_cache != Some(self.cache) || slab.dead || rest != 0 || index >= slab.objects {
            return false;
        }
        let bit = 1_u64 << index;
        let taken = (slab.free | slab.parked) & bit == 0;
        slab.parked |= if taken { bit } else { 0 };
        taken
    }
}
