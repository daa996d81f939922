//! The tables of object caches and of budgets, and the last request that was refused.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::arena_rows::COUNT_MAX;
use crate::image::objects::{BudgetInfo, ObjectCacheInfo, Refusal};
use crate::image::survey::Survey;
use crate::size_class::CLASSES;

/// What part of a cache's objects may lie free in slabs before it counts as fragmented: an eighth, as much as a slab may waste.
const FRACTION: u64 = 8;

/// An object cache. Counts of objects, slabs, magazines or events since the start, unless a name says bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectCacheRow {
    /// Where its record is, which tells it from others.
    pub id: u32,
    /// Its number among the object caches that the heap ever had, from 1 on.
    pub number: u32,
    /// What the map and answers about addresses call it in this sample: [`CLASSES`] and its place in the table.
    pub class: u32,
    /// What it is called.
    pub name: String,
    /// Other names of a cache that several share.
    pub aliases: Vec<String>,
    /// Whether all its objects were made at once and stay.
    pub zone: bool,
    /// Whether objects are constructed when they leave their slab.
    pub constructed: bool,
    /// Whether objects can be moved together.
    pub movable: bool,
    /// Whether its owner is gone and left objects behind.
    pub orphan: bool,
    /// Whether others with objects of the same shape may share it.
    pub shared: bool,
    /// The name of the budget that pays for its slabs.
    pub budget: Option<String>,
    /// Bytes of an object.
    pub size: u32,
    /// The alignment of an object, in bytes.
    pub align: u32,
    /// Bytes from one object to the next.
    pub stride: u32,
    /// Bytes of a slab.
    pub slab_bytes: u32,
    /// Objects of a slab.
    pub objects_per_slab: u32,
    /// The most objects out of slabs; zero for any number.
    pub limit: u32,
    /// Objects for which slabs stay.
    pub keep: u32,
    /// How many of the limit only urgent requests get.
    pub reserve: u32,
    /// Objects handed out.
    pub allocations: u64,
    /// Of those, given back.
    pub frees: u64,
    /// Requests refused.
    pub failures: u32,
    /// Of those, by the constructor.
    pub constructor_failures: u32,
    /// Of those, because of the limit.
    pub limit_failures: u32,
    /// Objects that the application holds.
    pub live: u32,
    /// Bytes of those, from one object to the next.
    pub live_bytes: u64,
    /// Free objects in the loaded and the previous magazine.
    pub cached_loaded: u32,
    /// Free objects in the full magazines of the depot.
    pub cached_depot: u32,
    /// Both.
    pub cached: u32,
    /// Free objects in slabs.
    pub free_in_slabs: u32,
    /// Objects of all slabs, free or not.
    pub total: u64,
    /// The most there were.
    pub total_max: u64,
    /// Slabs now.
    pub slabs: u32,
    /// Of those, without an object that is out of them.
    pub empty_slabs: u32,
    /// Of those, with free objects and others.
    pub partial_slabs: u32,
    /// Of those, without a free object.
    pub full_slabs: u32,
    /// Of those, with an object that refused to move.
    pub stuck_slabs: u32,
    /// Slabs that wait for the end of a move, and are none of `slabs`.
    pub dead_slabs: u32,
    /// Slabs made.
    pub slab_creates: u64,
    /// Slabs that went back.
    pub slab_destroys: u64,
    /// Objects taken out of slabs.
    pub slab_allocations: u64,
    /// Objects given back to slabs.
    pub slab_frees: u64,
    /// Full magazines taken from the depot.
    pub depot_allocations: u32,
    /// Full magazines put there.
    pub depot_frees: u32,
    /// Objects constructed.
    pub constructs: u64,
    /// Objects destructed.
    pub destructs: u64,
    /// Rounds of a magazine; zero for a cache without magazines.
    pub magazine_rounds: u32,
    /// Full magazines in the depot.
    pub full_magazines: u32,
    /// Empty magazines there.
    pub empty_magazines: u32,
    /// Full ones that nobody needed at the last two looks.
    pub idle_magazines: u32,
    /// Bytes of slabs that are no object.
    pub overhead_bytes: u64,
    /// Bytes of slabs, dead ones too.
    pub memory_bytes: u64,
    /// Times the depot was reaped.
    pub reaps: u32,
    /// Times the owner was asked for what it can spare.
    pub reclaims: u32,
    /// Times the owner was asked to move an object.
    pub move_callbacks: u64,
    /// Answers that it moved.
    pub move_yes: u32,
    /// Answers that it cannot.
    pub move_no: u32,
    /// Answers that it cannot now.
    pub move_later: u32,
    /// Answers that it is not needed.
    pub move_dont_need: u32,
    /// Answers that it is not known.
    pub move_dont_know: u32,
    /// Of those, found in a magazine.
    pub move_hunt_found: u32,
    /// Scans for slabs to empty.
    pub move_scans: u32,
    /// Times everything was moved together that could.
    pub defrags: u32,
    /// Slabs that moves emptied.
    pub move_slabs_freed: u32,
    /// Slabs that moving all objects together would empty, whether they can move or not.
    pub reclaimable_slabs: u32,
    /// Bytes of those.
    pub reclaimable_bytes: u64,
    /// The share of the objects that lie free in slabs, 0 to 1.
    pub fragmentation: f64,
    /// Whether that is above an eighth.
    pub fragmented: bool,
    /// Slabs by how full they are: element `n` of those with more than `n` eighths of their objects taken, up to `n + 1`; the first
    /// has the empty ones, too.
    pub fill: [u32; 8],
}

/// The object caches, by number.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, image::survey::Survey, inspector::object_rows::object_cache_rows};
/// use flagstone::{objects::{Bare, Cache, Options}, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let nodes = Cache::new(&heap, Layout::new::<[u64; 6]>(), Options::new("nodes"), Bare)?;
/// let node = nodes.alloc()?;
/// let rows = object_cache_rows(&Survey::take(&heap.image(), heap.root()).unwrap());
/// assert_eq!((rows[0].name.as_str(), rows[0].live, rows[0].live_bytes), ("nodes", 1, 48));
/// # unsafe { nodes.free(node) };
/// # Ok::<(), flagstone::objects::Error>(())
/// ```
#[must_use]
pub fn object_cache_rows(survey: &Survey) -> Vec<ObjectCacheRow> {
    let payers = survey.budgets.iter().map(|budget| (budget.id, &budget.name)).collect();
    survey.object_caches.iter().zip(CLASSES as u32..).map(|(cache, class)| row(&payers, cache, class)).collect()
}

/// The row of a cache; `payers` are the names of budgets by where their records are.
fn row(payers: &BTreeMap<u32, &String>, cache: &ObjectCacheInfo, class: u32) -> ObjectCacheRow {
    let (shape, counters, found) = (&cache.shape, &cache.counters, &cache.found);
    let (stride, slab_bytes) = (u64::from(shape.stride), u64::from(shape.slab_len));
    let (total, cached) = (cache.total(), cache.cached());
    let slabs = u64::from(found.slabs) + u64::from(found.dead);
    let free = u64::from(found.free);
    let [move_yes, move_no, move_later, move_dont_need, move_dont_know] = counters.answers;
    ObjectCacheRow {
        id: cache.id,
        number: cache.number,
        class,
        name: cache.name.clone(),
        aliases: cache.aliases.clone(),
        zone: cache.zone,
        constructed: cache.constructed,
        movable: cache.movable,
        orphan: cache.orphan,
        shared: cache.shared,
        budget: cache.budget.and_then(|at| payers.get(&at)).map(|name| name.to_string()),
        size: shape.size,
        align: shape.align,
        stride: shape.stride,
        slab_bytes: shape.slab_len,
        objects_per_slab: shape.objects,
        limit: shape.limit,
        keep: shape.keep,
        reserve: shape.reserve,
        allocations: counters.allocations.min(COUNT_MAX),
        frees: counters.allocations.saturating_sub(u64::from(found.live)).min(COUNT_MAX),
        failures: counters.failures,
        constructor_failures: counters.constructor_failures,
        limit_failures: counters.limit_failures,
        live: found.live,
        live_bytes: u64::from(found.live) * stride,
        cached_loaded: found.loaded,
        cached_depot: found.depot,
        cached,
        free_in_slabs: found.free,
        total,
        total_max: (u64::from(counters.slabs_max) * u64::from(shape.objects)).min(COUNT_MAX),
        slabs: found.slabs,
        empty_slabs: found.empty,
        partial_slabs: found.slabs - found.empty - found.full,
        full_slabs: found.full,
        stuck_slabs: found.stuck,
        dead_slabs: found.dead,
        slab_creates: counters.slab_creates.min(COUNT_MAX),
        slab_destroys: counters.slab_destroys.min(COUNT_MAX),
        slab_allocations: counters.slab_takes.min(COUNT_MAX),
        slab_frees: counters.slab_gives.min(COUNT_MAX),
        depot_allocations: counters.depot_takes,
        depot_frees: counters.depot_gives,
        constructs: counters.constructs.min(COUNT_MAX),
        destructs: counters.destructs.min(COUNT_MAX),
        magazine_rounds: cache.rounds,
        full_magazines: found.full_magazines,
        empty_magazines: found.empty_magazines,
        idle_magazines: cache.idle_magazines,
        overhead_bytes: found.bytes - slabs * u64::from(shape.objects) * stride,
        memory_bytes: found.bytes,
        reaps: counters.reaps,
        reclaims: counters.reclaims,
        move_callbacks: counters.answers.iter().map(|answer| u64::from(*answer)).sum(),
        move_yes,
        move_no,
        move_later,
        move_dont_need,
        move_dont_know,
        move_hunt_found: counters.hunts,
        move_scans: counters.move_scans,
        defrags: counters.defrags,
        move_slabs_freed: counters.move_slabs,
        reclaimable_slabs: cache.reclaimable(),
        reclaimable_bytes: u64::from(cache.reclaimable()) * slab_bytes,
        fragmentation: if total == 0 { 0.0 } else { free as f64 / total as f64 },
        fragmented: free * FRACTION > total,
        fill: found.fill,
    }
}

/// A budget. Bytes, but for the counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetRow {
    /// Where its record is.
    pub id: u32,
    /// Its number among the budgets that the heap ever had, from 1 on.
    pub number: u32,
    /// What it is called.
    pub name: String,
    /// The most that may be charged; zero for any number.
    pub limit: u32,
    /// Charged now.
    pub used: u32,
    /// The most there was.
    pub peak: u32,
    /// Charged, ever.
    pub charged: u64,
    /// Objects that are charged one by one, not by slabs.
    pub objects: u32,
    /// Charges refused.
    pub denials: u32,
    /// Times those whom it pays for were asked for memory.
    pub asks: u32,
    /// Caches that it pays for.
    pub users: u32,
    /// Whether its owner is gone, and something is still charged to it.
    pub orphan: bool,
}

impl From<&BudgetInfo> for BudgetRow {
    fn from(budget: &BudgetInfo) -> Self {
        let BudgetInfo { id, number, limit, used, peak, objects, denials, asks, users, orphan, .. } = *budget;
        let charged = budget.charged.min(COUNT_MAX);
        Self {
            id,
            number,
            name: budget.name.clone(),
            limit,
            used,
            peak,
            charged,
            objects,
            denials,
            asks,
            users,
            orphan,
        }
    }
}

/// The budgets, by number.
#[must_use]
pub fn budget_rows(survey: &Survey) -> Vec<BudgetRow> {
    survey.budgets.iter().map(BudgetRow::from).collect()
}

/// The last request that the front end refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalRow {
    /// How many were refused, this one included.
    pub count: u32,
    /// Its bytes.
    pub size: u32,
    /// Its alignment.
    pub align: u32,
    /// What it asked for besides memory, as [`Flags::bits`](crate::objects::Flags::bits).
    pub flags: u32,
}

impl From<Refusal> for RefusalRow {
    fn from(Refusal { count, size, align, flags }: Refusal) -> Self {
        Self { count, size, align, flags }
    }
}
