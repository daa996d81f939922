//! Counters: what a heap counts, taken out by value without allocating.
//!
//! Hot paths keep one counter, allocations by class, and slow ones count what would otherwise be forgotten: slabs made,
//! failures, growths. All else follows from the state, which is walked when somebody asks: live objects are those out of
//! their slabs less those in magazines, frees are allocations less live ones.
#![forbid(unsafe_code)]

#[cfg(feature = "audit")]
use crate::heap::AUDITED;
use crate::heap::{Engine, LARGE, META, SLAB};
use crate::magazine::slot;
use crate::record::{Id, get};
use crate::size_class::{CLASSES, SLAB_CLASSES, size_of_class};
use crate::source::Source;
use crate::units::Pages;
#[cfg(feature = "audit")]
use crate::vmem::tag::KIND;
use crate::vmem::{FREE, SPAN, Tag, index};

/// The counters of a heap at one moment.
///
/// ```
/// # use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// # let mut memory = vec![Page::ZERO; 4];
/// # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let layout = std::alloc::Layout::new::<[u8; 100]>();
/// let at = heap.alloc(layout);
/// let stats = heap.stats();
/// let cache = stats.caches.iter().find(|cache| cache.live == 1).unwrap();
/// assert_eq!(cache.size, 104); // 100 bytes share the class of 104
/// assert_eq!(stats.live_bytes(), 104);
/// # unsafe { heap.dealloc(at, layout) };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The caches, by size class: first those of slabs, then those of segments.
    pub caches: [CacheStats; CLASSES],
    /// Requests above the largest class.
    pub large: LargeStats,
    /// The arena they all draw from.
    pub arena: ArenaStats,
}

/// The counters of one cache. Counts are of objects, slabs or events since the start; bytes say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Bytes of an object.
    pub size: u32,
    /// Allocations served. For a cache of segments only those from its magazines: the others count as large.
    pub allocations: u64,
    /// Objects given back; 0 for a cache of segments, whose objects the arena counts.
    pub frees: u64,
    /// Requests that got null.
    pub failures: u32,
    /// Objects that the application holds; 0 for a cache of segments.
    pub live: u32,
    /// Free objects in magazines.
    pub magazine_rounds: u32,
    /// Slabs now, empty ones included.
    pub slabs: u32,
    /// Slabs without a live object.
    pub empty_slabs: u32,
    /// Objects of all slabs, free or not.
    pub objects: u32,
    /// Slabs made.
    pub slab_creates: u64,
    /// Slabs returned to the arena.
    pub slab_destroys: u64,
}

/// The counters of requests that are served by segments of the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LargeStats {
    /// Allocations served, from magazines of segments too.
    pub allocations: u64,
    /// Segments given back.
    pub frees: u64,
    /// Requests that got null.
    pub failures: u32,
    /// Segments that the application holds.
    pub live: u32,
    /// Bytes of those.
    pub live_bytes: u32,
}

/// The counters of the arena. Bytes, unless a name says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArenaStats {
    /// Bytes of all spans.
    pub total: u32,
    /// Bytes of busy segments.
    pub in_use: u32,
    /// Bytes of free segments.
    pub free: u32,
    /// Bytes of segments in magazines.
    pub parked_bytes: u32,
    /// Bytes of guarded objects that wait in the quarantine, or are abandoned: see `audit`.
    pub quarantined_bytes: u32,
    /// Bytes of slabs.
    pub slab_bytes: u32,
    /// Bytes of metadata.
    pub metadata_bytes: u32,
    /// Spans: one, and one more for each time somebody else grew the memory in between.
    pub spans: u32,
    /// Free segments.
    pub free_segments: u32,
    /// Bytes of the largest free segment.
    pub largest_free: u32,
    /// Times the memory grew for this heap.
    pub growths: u32,
    /// Pages of 64 KiB it grew by.
    pub grown_pages: Pages,
}

impl Default for Stats {
    fn default() -> Self {
        Self { caches: [CacheStats::default(); CLASSES], large: LargeStats::default(), arena: ArenaStats::default() }
    }
}

impl Stats {
    /// Bytes the application holds, rounded up to size classes and quanta.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        let small: u64 = self.caches.iter().map(|cache| u64::from(cache.live) * u64::from(cache.size)).sum();
        small + u64::from(self.large.live_bytes)
    }

    /// Objects and segments the application holds.
    #[must_use]
    pub fn live_objects(&self) -> u64 {
        self.caches.iter().map(|cache| u64::from(cache.live)).sum::<u64>() + u64::from(self.large.live)
    }
}

impl<S: Source> Engine<S> {
    /// The counters now. Takes time linear in the number of segments.
    pub(crate) fn stats(&self) -> Stats {
        let state = self.state();
        let mut stats = Stats::default();
        for (class, cache) in (0..).zip(&mut stats.caches) {
            let record = get(self.source(), self.id().cache(class));
            cache.size = size_of_class(class);
            cache.allocations = self.allocations_of(class);
            cache.failures = record.failures.get();
            cache.slab_creates = record.creates.get();
            cache.magazine_rounds = record.magazines.rounds.get() + record.magazines.previous_rounds.get();
        }
        stats.arena.growths = state.growths.get();
        stats.arena.grown_pages = Pages(state.grown_pages.get());
        self.add_segments(&mut stats);
        let (slabs, segments) = stats.caches.split_at_mut(SLAB_CLASSES);
        for cache in slabs {
            cache.live -= cache.magazine_rounds;
            cache.frees = cache.allocations - u64::from(cache.live);
            cache.slab_destroys = cache.slab_creates - u64::from(cache.slabs);
        }
        stats.large.allocations = state.large_allocations.get();
        for (class, cache) in (SLAB_CLASSES as u32..).zip(segments) {
            stats.large.allocations += cache.allocations;
            stats.large.live -= cache.magazine_rounds;
            stats.arena.parked_bytes += self.parked_bytes(class);
        }
        stats.large.live_bytes -= stats.arena.parked_bytes;
        stats.large.frees = stats.large.allocations - u64::from(stats.large.live);
        stats.large.failures = state.large_failures.get();
        let arena = &mut stats.arena;
        let idle = arena.parked_bytes + arena.quarantined_bytes;
        arena.in_use = stats.large.live_bytes + idle + arena.slab_bytes + arena.metadata_bytes;
        arena.total = arena.in_use + arena.free;
        stats
    }

    /// Bytes of the segments in the magazines of a class.
    fn parked_bytes(&self, class: u32) -> u32 {
        let magazines = &get(self.source(), self.id().cache(class)).magazines;
        let loaded = (magazines.loaded.get(), magazines.rounds.get());
        let previous = (magazines.previous.get(), magazines.previous_rounds.get());
        let rounds =
            [loaded, previous].into_iter().flat_map(|(base, rounds)| (0..rounds).map(move |index| (base, index)));
        rounds
            .map(|(base, index)| index::look(self.source(), self.id().arena(), slot(self.source(), base, index).get()))
            .map(|segment| get(self.source(), segment).len.get())
            .sum()
    }

    /// Adds up what the list of segments tells; for `live`, objects out of their slabs, magazines included.
    fn add_segments(&self, stats: &mut Stats) {
        let arena = self.id().arena();
        let mut next = get(self.source(), arena.segments().first()).place.next.first.get();
        while let Some(link) = next {
            let tag: &Tag = get(self.source(), Id::<Tag>::of_place(link));
            let len = tag.len.get();
            match tag.kind.get() {
                SPAN => stats.arena.spans += 1,
                FREE => {
                    stats.arena.free += len;
                    stats.arena.free_segments += 1;
                    stats.arena.largest_free = stats.arena.largest_free.max(len);
                }
                LARGE => {
                    stats.large.live += 1;
                    stats.large.live_bytes += len;
                }
                META => stats.arena.metadata_bytes += len,
                #[cfg(feature = "audit")]
                kind if kind & KIND == AUDITED && kind != AUDITED => stats.arena.quarantined_bytes += len,
                #[cfg(feature = "audit")]
                AUDITED => {
                    stats.large.live += 1;
                    stats.large.live_bytes += len;
                }
                kind => {
                    stats.arena.slab_bytes += len;
                    if let Some(cache) = stats.caches.get_mut(kind.wrapping_sub(SLAB) as usize) {
                        cache.add_slab(tag);
                    }
                }
            }
            next = tag.place.next.first.get();
        }
        // The mark that ends the list is not a span.
        stats.arena.spans = stats.arena.spans.saturating_sub(1);
    }
}

impl CacheStats {
    /// Adds a slab; to `live` objects out of it, magazines included.
    fn add_slab(&mut self, slab: &Tag) {
        let (objects, free) = (slab.owner.get(), slab.bits.get().count_ones());
        self.slabs += 1;
        self.empty_slabs += (free == objects) as u32;
        self.objects += objects;
        self.live += objects - free;
    }
}
