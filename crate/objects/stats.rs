//! The counters of an object cache: all of illumos' kstats for a cache that have a meaning here, Linux' slabinfo columns, X15's
//! `kmem_info`, and what DragonFly lists of a zone.
#![forbid(unsafe_code)]

use super::consolidate::reclaimable;
use super::record::ObjectCacheRecord;

/// The counters of an object cache at one moment. Objects, slabs, magazines or events since the start; bytes say so. For each: its
/// name in illumos (`kstat`), Linux (slabinfo), X15 or DragonFly, where it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Bytes of an object (`buf_size`, `objsize`, `obj_size`, `SIZE`).
    pub size: u32,
    /// The alignment of an object, in bytes (`align`).
    pub align: u32,
    /// Bytes from one object to the next (`chunk_size`, `buf_size` of X15).
    pub stride: u32,
    /// Bytes of a slab (`slab_size`).
    pub slab_bytes: u32,
    /// Objects of a slab (`objperslab`, `bufs_per_slab`).
    pub objects_per_slab: u32,
    /// The most objects out of slabs there may be; zero for any number (`LIMIT`).
    pub limit: u32,
    /// Objects handed out, ever (`alloc`, `REQUESTS`). Exact, unlike the kstat.
    pub allocations: u64,
    /// Objects given back, ever (`free`). Exact.
    pub frees: u64,
    /// Requests refused (`alloc_fail`).
    pub failures: u32,
    /// Of those, by the constructor.
    pub constructor_failures: u32,
    /// Of those, by the limit.
    pub limit_failures: u32,
    /// Full magazines taken from the depot, ever (`depot_alloc`).
    pub depot_allocations: u32,
    /// Full magazines put there, ever (`depot_free`).
    pub depot_frees: u32,
    /// Objects taken out of slabs, ever (`slab_alloc`, `listallocs`).
    pub slab_allocations: u64,
    /// Objects given back to slabs, ever (`slab_free`).
    pub slab_frees: u64,
    /// Objects held (`buf_inuse`, `active_objs` less what lies in magazines, `USED`).
    pub live: u32,
    /// Of those, segments of their own, with guards around them: see `audit`.
    pub guarded: u32,
    /// Free objects in magazines (`buf_constructed`).
    pub cached: u32,
    /// Free objects in magazines and in slabs (`buf_avail`, `FREE`).
    pub available: u32,
    /// Objects of all slabs, free or not (`buf_total`, `num_objs`, `nr_bufs`).
    pub total: u32,
    /// The most there were (`buf_max`).
    pub total_max: u32,
    /// The most objects out of slabs there were (`maxobjs`).
    pub taken_max: u32,
    /// Slabs now (`num_slabs`, `nr_slabs`).
    pub slabs: u32,
    /// Of those, without an object out of them (`nr_free_slabs`).
    pub empty_slabs: u32,
    /// Slabs that wait for the end of a move.
    pub dead_slabs: u32,
    /// Slabs made, ever (`slab_create`, `grown`).
    pub slab_creates: u64,
    /// Slabs that went back, ever (`slab_destroy`, `reaped` and more).
    pub slab_destroys: u64,
    /// Objects constructed, ever.
    pub constructs: u64,
    /// Objects destructed, ever.
    pub destructs: u64,
    /// Full magazines in the depot (`full_magazines`).
    pub full_magazines: u32,
    /// Empty magazines in the depot (`empty_magazines`).
    pub empty_magazines: u32,
    /// Rounds of a magazine; zero without (`magazine_size`, `limit`, `cpu_pool_size`).
    pub magazine_rounds: u32,
    /// Full magazines that the last two ticks did not need.
    pub idle_magazines: u32,
    /// Times the depot was reaped (`reap`).
    pub reaps: u32,
    /// Times the owner was asked for what it can spare.
    pub reclaims: u32,
    /// Move callbacks (`move_callbacks`).
    pub move_callbacks: u32,
    /// Answers that an object moved (`move_yes`).
    pub move_yes: u32,
    /// Answers that it cannot (`move_no`).
    pub move_no: u32,
    /// Answers that it cannot now (`move_later`).
    pub move_later: u32,
    /// Answers that it is not needed (`move_dont_need`).
    pub move_dont_need: u32,
    /// Answers that it is not known (`move_dont_know`).
    pub move_dont_know: u32,
    /// Of those, found in a magazine (`move_hunt_found`).
    pub move_hunt_found: u32,
    /// Scans for slabs to empty (`scan`).
    pub move_scans: u32,
    /// Times everything was moved together that could (`defrag`).
    pub defrags: u32,
    /// Slabs that moves emptied (`move_slabs_freed`).
    pub move_slabs_freed: u32,
    /// Slabs that moving everything together would empty, whether objects can move or not (`move_reclaimable`).
    pub move_reclaimable: u32,
    /// Eighths of a slab's objects below which it is worth emptying.
    pub move_threshold: u32,
}

impl CacheStats {
    /// What a record counts.
    pub(crate) fn of(record: &ObjectCacheRecord) -> Self {
        let cached = parked(record);
        let taken = record.taken.get();
        let guarded = record.guarded.get();
        let in_slabs = taken.saturating_sub(cached);
        let live = in_slabs.saturating_add(guarded);
        let total = record.slabs.get() * record.objects.get();
        let answers = record.answers.each_ref().map(core::cell::Cell::get);
        Self {
            size: record.size.get(),
            align: record.align.get(),
            stride: record.stride.get(),
            slab_bytes: record.slab_len.get(),
            objects_per_slab: record.objects.get(),
            limit: record.limit.get(),
            allocations: record.allocations.get(),
            frees: record.allocations.get().saturating_sub(u64::from(live)),
            failures: record.failures.get(),
            constructor_failures: record.constructor_failures.get(),
            limit_failures: record.limit_failures.get(),
            depot_allocations: record.full.takes.get(),
            depot_frees: record.full.gives.get(),
            slab_allocations: record.slab_takes.get(),
            slab_frees: record.slab_gives.get(),
            live,
            guarded,
            cached,
            available: total.saturating_sub(in_slabs),
            total,
            total_max: record.slabs_max.get() * record.objects.get(),
            taken_max: record.taken_max.get(),
            slabs: record.slabs.get(),
            empty_slabs: record.empties.get(),
            dead_slabs: record.dead_slabs.get(),
            slab_creates: record.slab_creates.get(),
            slab_destroys: record.slab_destroys.get(),
            constructs: record.constructs.get(),
            destructs: record.destructs.get(),
            full_magazines: record.full.total.get(),
            empty_magazines: record.empty.total.get(),
            magazine_rounds: record.rounds.get(),
            idle_magazines: record.full.idle.get().min(record.full.least.get()),
            reaps: record.reaps.get(),
            reclaims: record.reclaims.get(),
            move_callbacks: answers.iter().fold(0, |sum, answer| sum.wrapping_add(*answer)),
            move_yes: answers[0],
            move_no: answers[1],
            move_later: answers[2],
            move_dont_need: answers[3],
            move_dont_know: answers[4],
            move_hunt_found: record.hunts.get(),
            move_scans: record.move_scans.get(),
            defrags: record.defrags.get(),
            move_slabs_freed: record.move_slabs.get(),
            move_reclaimable: reclaimable(record),
            move_threshold: record.threshold.get(),
        }
    }
}

/// Objects in magazines.
pub(crate) fn parked(record: &ObjectCacheRecord) -> u32 {
    let magazines = &record.magazines;
    magazines.rounds.get() + magazines.previous_rounds.get() + record.full.total.get() * record.rounds.get()
}
