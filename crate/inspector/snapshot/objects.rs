//! The objects of a snapshot in the order of addresses, and those of two snapshots beside each other: linear, without a list of them.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::figures::{CacheFigures, CacheKey, ONE};
use super::{Mark, Snapshot};

/// An object that the application held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// First address; of a guarded one that of its segment.
    pub(crate) start: u32,
    /// Bytes, up to the next one.
    pub(crate) len: u32,
    /// Index into the caches of its snapshot.
    pub(crate) cache: u32,
    /// What diagnosis knows of it.
    pub(crate) mark: Option<Mark>,
    /// For how many 256ths of an object the mark stands.
    pub(crate) weight: u64,
}

/// The objects of a snapshot.
pub(crate) struct Objects<'s> {
    snapshot: &'s Snapshot,
    slab: usize,
    /// Of the slab, those that did not come yet.
    live: u64,
    segment: usize,
    mark: usize,
    sample: usize,
}

impl Snapshot {
    /// The objects, in the order of addresses.
    pub(crate) fn objects(&self) -> Objects<'_> {
        let live = self.slabs.first().map_or(0, |slab| slab.live);
        Objects { snapshot: self, slab: 0, live, segment: 0, mark: 0, sample: 0 }
    }
}

impl Objects<'_> {
    /// The next object of a slab.
    #[inline]
    fn in_slab(&self) -> Option<Object> {
        let slab = self.snapshot.slabs.get(self.slab)?;
        let len = self.snapshot.caches[slab.cache as usize].size;
        Some(Object {
            start: slab.start + self.live.trailing_zeros() * len,
            len,
            cache: slab.cache,
            mark: None,
            weight: ONE,
        })
    }

    /// Goes on behind an object of a slab.
    #[inline]
    fn pass_slab(&mut self) {
        self.live &= self.live.wrapping_sub(1);
        if self.live == 0 {
            self.slab += 1;
            self.live = self.snapshot.slabs.get(self.slab).map_or(0, |slab| slab.live);
        }
    }

    /// What diagnosis knows of an object; no earlier one is asked for any more.
    #[inline]
    fn marked(&mut self, mut object: Object) -> Object {
        let marks = &self.snapshot.marks;
        while marks.get(self.mark).is_some_and(|mark| mark.object < object.start) {
            self.mark += 1;
        }
        object.mark = marks.get(self.mark).copied().filter(|mark| mark.object - object.start < object.len);
        if object.mark.is_some() {
            let samples = &self.snapshot.samples;
            while samples.get(self.sample).is_some_and(|(mark, _)| (*mark as usize) < self.mark) {
                self.sample += 1;
            }
            let sample = samples.get(self.sample).filter(|(mark, _)| *mark as usize == self.mark);
            object.weight = sample.map_or(ONE, |(_, count)| u64::from(*count));
        }
        object
    }
}

impl Iterator for Objects<'_> {
    type Item = Object;

    #[inline]
    fn next(&mut self) -> Option<Object> {
        let in_slab = self.in_slab();
        let segment = self.snapshot.segments.get(self.segment);
        let object = match (in_slab, segment) {
            (None, None) => return None,
            (Some(object), segment) if segment.is_none_or(|segment| object.start < segment.start) => {
                self.pass_slab();
                object
            }
            (_, Some(segment)) => {
                let cache = self.snapshot.cache_of_segment(self.segment, segment.len) as u32;
                self.segment += 1;
                Object { start: segment.start, len: segment.len, cache, mark: None, weight: ONE }
            }
            (Some(_), None) => return None,
        };
        Some(self.marked(object))
    }
}

/// What became of an object between two snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is in the later one alone.
    New(Object),
    /// It is in the earlier one alone.
    Freed(Object),
    /// It is in both: as it is in the later one.
    Kept(Object),
}

/// The caches of two snapshots, each once: those of the later one, then those that are gone.
pub(crate) struct SharedCaches {
    /// For each the index in the earlier one, and in the later one.
    pub(crate) places: Vec<(Option<usize>, Option<usize>)>,
    /// For each of the earlier one the index here. Those of the later one are the first ones.
    pub(crate) of_earlier: Vec<u32>,
}

impl SharedCaches {
    pub(crate) fn of(earlier: &[CacheFigures], later: &[CacheFigures]) -> Self {
        let mut known: BTreeMap<(CacheKey, &str), usize> = BTreeMap::new();
        let mut places = Vec::with_capacity(later.len());
        for (index, cache) in later.iter().enumerate() {
            known.entry((cache.key, &cache.name)).or_insert(index);
            places.push((None, Some(index)));
        }
        let mut of_earlier = Vec::with_capacity(earlier.len());
        for (index, cache) in earlier.iter().enumerate() {
            let found = known.get(&(cache.key, cache.name.as_str())).filter(|place| places[**place].0.is_none());
            let place = found.copied().unwrap_or_else(|| {
                places.push((None, None));
                places.len() - 1
            });
            places[place].0 = Some(index);
            of_earlier.push(place as u32);
        }
        Self { places, of_earlier }
    }
}

/// Tells which objects of two snapshots are the same.
pub(crate) struct Identity<'s> {
    earlier: &'s Snapshot,
    of_earlier: &'s [u32],
}

impl<'s> Identity<'s> {
    pub(crate) fn of(earlier: &'s Snapshot, caches: &'s SharedCaches) -> Self {
        Self { earlier, of_earlier: &caches.of_earlier }
    }

    /// Whether objects that begin at the same address are the same.
    #[inline]
    pub(crate) fn same(&self, before: &Object, after: &Object) -> bool {
        before.len == after.len
            && self.of_earlier[before.cache as usize] == after.cache
            && match (before.mark, after.mark) {
                (Some(before), Some(after)) => before.operation == after.operation && before.object == after.object,
                (None, Some(after)) => !self.made_after(after),
                // What is on record stays so until it is given back.
                (Some(_), None) => false,
                (None, None) => true,
            }
    }

    /// Whether the operation that made an object is none of those that were on record at the earlier snapshot.
    fn made_after(&self, mark: Mark) -> bool {
        let operations = self.earlier.whole.operations;
        // Numbers of operations are known up to their low word, of which half lies before and half behind.
        operations != 0 && (mark.operation.wrapping_sub((operations - 1) as u32) as i32) > 0
    }
}

/// Goes through the objects of two snapshots side by side, in the order of addresses.
pub(crate) fn compare(earlier: &Snapshot, later: &Snapshot, caches: &SharedCaches, mut visit: impl FnMut(Fate)) {
    let identity = Identity::of(earlier, caches);
    let (mut before, mut after) = (earlier.objects(), later.objects());
    let (mut old, mut young) = (before.next(), after.next());
    loop {
        match (old, young) {
            (None, None) => return,
            (Some(gone), newer) if newer.is_none_or(|newer| gone.start < newer.start) => {
                visit(Fate::Freed(gone));
                old = before.next();
            }
            (older, Some(new)) if older.is_none_or(|older| new.start < older.start) => {
                visit(Fate::New(new));
                young = after.next();
            }
            (Some(gone), Some(new)) => {
                if identity.same(&gone, &new) {
                    visit(Fate::Kept(new));
                } else {
                    visit(Fate::Freed(gone));
                    visit(Fate::New(new));
                }
                (old, young) = (before.next(), after.next());
            }
            // The arms above took these.
            (Some(_), None) | (None, Some(_)) => return,
        }
    }
}
