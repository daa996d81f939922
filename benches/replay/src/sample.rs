//! What is written down about a heap now and then.
#![forbid(unsafe_code)]

use flagstone::Stats;
use flagstone::size_class::SLAB_CLASSES;

/// What flagstone's arena holds beside the application's objects, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arena {
    /// Free segments.
    pub free: u64,
    /// The largest free segment.
    pub largest_free: u64,
    /// Free objects and segments in magazines.
    pub magazines: u64,
    /// Slabs, but for objects that are live or in magazines.
    pub slab_waste: u64,
    /// Records.
    pub metadata: u64,
}

impl Arena {
    /// How many figures it has.
    pub const FIGURES: usize = 5;

    /// What the counters say of it.
    pub fn of(stats: &Stats) -> Self {
        let slabs = || stats.caches.iter().take(SLAB_CLASSES);
        let rounds: u64 = slabs().map(|cache| u64::from(cache.magazine_rounds) * u64::from(cache.size)).sum();
        let live: u64 = slabs().map(|cache| u64::from(cache.live) * u64::from(cache.size)).sum();
        let arena = &stats.arena;
        Self {
            free: arena.free.into(),
            largest_free: arena.largest_free.into(),
            magazines: rounds + u64::from(arena.parked_bytes),
            slab_waste: u64::from(arena.slab_bytes) - live - rounds,
            metadata: arena.metadata_bytes.into(),
        }
    }

    /// The figures in their order.
    pub const fn figures(&self) -> [u64; Self::FIGURES] {
        [self.free, self.largest_free, self.magazines, self.slab_waste, self.metadata]
    }
}
