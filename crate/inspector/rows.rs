//! The tables: summary, caches, checks. Field names are those of the JavaScript objects, in `camelCase` there.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::arena_rows::COUNT_MAX;
use super::words::Size;
use crate::image::Problem;
use crate::image::region::{Composition, Region, regions};
use crate::image::survey::{CacheInfo, SlabInfo, Survey};
use crate::root::LAYOUT_VERSION;
use crate::size_class::{CLASSES, SLAB_CLASSES, class_of, objects_in_slab, slab_len};
use crate::units::{PAGE_BYTES, QUANTUM};

/// A heap in a few figures. Bytes, unless a name says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Version of the layout of the records.
    pub layout_version: u32,
    /// Address of the root.
    pub root: u32,
    /// Length of the memory.
    pub memory_bytes: u64,
    /// The same in pages of 64 KiB.
    pub pages: u64,
    /// Bytes of a quantum.
    pub quantum: u32,
    /// Whether anything was ever allocated.
    pub initialized: bool,
    /// What the memory is used for; adds up to `memory_bytes`.
    pub composition: Composition,
    /// Objects and segments that the application holds.
    pub live_objects: u64,
    /// Bytes of those.
    pub live_bytes: u64,
    /// Requests served, ever.
    pub allocations: u64,
    /// Of those, given back.
    pub frees: u64,
    /// Requests that got nothing.
    pub failures: u64,
    /// Times the memory grew for this heap.
    pub growths: u32,
    /// Pages it grew by.
    pub grown_pages: u32,
    /// Times somebody else's growth lay between two of this heap's: spans beyond the first.
    pub foreign_growths: u32,
    /// What does not hold together, in sentences.
    pub problems: Vec<String>,
}

impl Summary {
    /// The summary of a survey.
    #[must_use]
    pub fn of(survey: &Survey) -> Self {
        Self::with(survey, &regions(survey), &cache_rows(survey))
    }

    /// The same, where the survey's regions and caches are known already.
    pub(super) fn with(survey: &Survey, regions: &[Region], caches: &[CacheRow]) -> Self {
        let composition = Composition::of(survey, regions);
        let large = survey.segments.iter().filter(|segment| segment.kind.is_large()).count() as u64;
        let small: u64 = caches[..SLAB_CLASSES].iter().map(|cache| u64::from(cache.live)).sum();
        let made: u64 = survey.object_caches.iter().map(|cache| u64::from(cache.found.live)).sum();
        let live_objects = small + large + made;
        let counters = &survey.counters;
        let of_objects = survey.object_caches.iter().map(|cache| cache.counters.allocations);
        let of_caches = caches.iter().map(|cache| cache.allocations).chain(of_objects);
        let allocations = of_caches.fold(counters.large_allocations, u64::saturating_add).min(COUNT_MAX);
        Self {
            layout_version: LAYOUT_VERSION,
            root: survey.layout.root,
            memory_bytes: survey.memory_len,
            pages: survey.memory_len / u64::from(PAGE_BYTES),
            quantum: QUANTUM,
            initialized: survey.begun,
            composition,
            live_objects,
            live_bytes: composition.live,
            allocations,
            frees: allocations.saturating_sub(live_objects),
            failures: u64::from(counters.large_failures)
                + caches.iter().map(|cache| u64::from(cache.failures)).sum::<u64>()
                + survey.object_caches.iter().map(|cache| u64::from(cache.counters.failures)).sum::<u64>(),
            growths: counters.growths,
            grown_pages: counters.grown_pages,
            foreign_growths: (survey.spans.len() as u32).saturating_sub(1),
            problems: survey
                .problems
                .iter()
                .map(|problem| format!("{}: {}", problem.invariant, problem.sentence))
                .collect(),
        }
    }
}

/// A cache. Counts are of objects, slabs or events since the start, unless a name says bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheRow {
    /// Size class.
    pub class: u32,
    /// What the cache is called.
    pub name: String,
    /// Bytes of an object.
    pub size: u32,
    /// The most bytes that a slab gets; 0 for a cache of segments of the arena.
    pub slab_bytes: u32,
    /// Objects of such a slab.
    pub objects_per_slab: u32,
    /// Allocations served; for a cache of segments only those from its magazines.
    pub allocations: u64,
    /// Of those, given back; 0 for a cache of segments.
    pub frees: u64,
    /// Requests that got null.
    pub failures: u32,
    /// Objects that the application holds.
    pub live: u32,
    /// Bytes of those.
    pub live_bytes: u64,
    /// Slabs now.
    pub slabs: u32,
    /// Slabs of which all objects are free and in no magazine.
    pub empty_slabs: u32,
    /// Objects of all slabs.
    pub objects: u32,
    /// Free objects in magazines.
    pub magazine_rounds: u32,
    /// Rounds a magazine holds; there are two.
    pub magazine_capacity: u32,
    /// Free objects in slabs.
    pub free_in_slabs: u32,
    /// Bytes of slabs that are no object.
    pub overhead_bytes: u64,
    /// Bytes of slabs that would go back if objects could move together, which those of a size class cannot: what fragmentation
    /// costs.
    pub reclaimable_bytes: u64,
    /// Slabs made.
    pub slab_creates: u64,
    /// Slabs returned to the arena.
    pub slab_destroys: u64,
}

/// The caches, by size class, used or not.
#[must_use]
pub fn cache_rows(survey: &Survey) -> Vec<CacheRow> {
    let mut rows: Vec<CacheRow> = survey.caches.iter().map(cache_row).collect();
    for slab in &survey.slabs {
        if let Some(row) = rows.get_mut(slab.class as usize) {
            add_slab(row, slab);
        }
    }
    for segment in survey.segments.iter().filter(|segment| segment.kind.is_large()) {
        if let Some(row) = segment_class(u64::from(segment.len)).and_then(|class| rows.get_mut(class as usize)) {
            row.live += 1;
            row.live_bytes += u64::from(segment.len);
        }
    }
    for row in &mut rows {
        row.frees = if row.slab_bytes == 0 { 0 } else { row.allocations.saturating_sub(u64::from(row.live)) };
        row.slab_destroys = row.slab_creates.saturating_sub(u64::from(row.slabs));
        row.reclaimable_bytes = reclaimable(row);
    }
    rows
}

/// Bytes of slabs beyond what all objects out of them need, packed into the longest slabs there can be.
fn reclaimable(row: &CacheRow) -> u64 {
    let bytes = u64::from(row.objects) * u64::from(row.size) + row.overhead_bytes;
    let taken = row.objects - row.free_in_slabs;
    bytes.saturating_sub(u64::from(taken.div_ceil(row.objects_per_slab.max(1))) * u64::from(row.slab_bytes))
}

/// The class of segments of `len` bytes, where there is one.
pub(super) fn segment_class(len: u64) -> Option<u32> {
    let class = class_of(u32::try_from(len).ok().filter(|&len| len != 0)?, 1);
    (SLAB_CLASSES as u32..CLASSES as u32).contains(&class).then_some(class)
}

fn cache_row(cache: &CacheInfo) -> CacheRow {
    let slabs = (cache.class as usize) < SLAB_CLASSES;
    let size = Size(u64::from(cache.size));
    let slab_bytes = if slabs { slab_len(cache.size, u32::MAX) } else { 0 };
    CacheRow {
        class: cache.class,
        name: if slabs { size.to_string() } else { format!("{size} segments") },
        size: cache.size,
        slab_bytes,
        objects_per_slab: objects_in_slab(slab_bytes, cache.size),
        allocations: cache.allocations.min(COUNT_MAX),
        frees: 0,
        failures: cache.failures,
        live: 0,
        live_bytes: 0,
        slabs: 0,
        empty_slabs: 0,
        objects: 0,
        magazine_rounds: cache.rounds,
        magazine_capacity: cache.capacity,
        free_in_slabs: 0,
        overhead_bytes: 0,
        reclaimable_bytes: 0,
        slab_creates: cache.creates.min(COUNT_MAX),
        slab_destroys: 0,
    }
}

fn add_slab(row: &mut CacheRow, slab: &SlabInfo) {
    let free = slab.free.count_ones();
    row.slabs += 1;
    row.empty_slabs += u32::from(free == slab.objects);
    row.objects += slab.objects;
    row.free_in_slabs += free;
    row.live += slab.live();
    row.live_bytes += u64::from(slab.live()) * u64::from(slab.size);
    row.overhead_bytes += u64::from(slab.overhead());
}

/// How much a check looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Segments of all arenas.
    pub segments: u32,
    /// Slabs of the heap and of arenas.
    pub slabs: u32,
    /// Objects of those, free or not.
    pub objects: u32,
    /// Caches, of size classes and of objects.
    pub caches: u32,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemRow {
    /// The invariant it breaks.
    pub invariant: String,
    /// Where.
    pub address: u32,
    /// What, in a sentence.
    pub sentence: String,
}

/// What a check of all invariants found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Whether all hold.
    pub ok: bool,
    /// How much was looked at.
    pub checked: Checked,
    /// What does not hold.
    pub problems: Vec<ProblemRow>,
}

impl CheckReport {
    /// The report on the problems that `verify` found in the heap of a survey.
    #[must_use]
    pub fn new(survey: &Survey, problems: &[Problem]) -> Self {
        let mut segments = survey.segments.len();
        let mut slabs = survey.slabs.len();
        let mut objects: u32 = survey.slabs.iter().map(|slab| slab.objects).sum();
        for arena in &survey.arenas {
            segments += arena.segments.len();
            slabs += arena.slabs.len();
            objects += arena.slabs.iter().map(|slab| slab.objects).sum::<u32>();
        }
        Self {
            ok: problems.is_empty(),
            checked: Checked {
                segments: segments as u32,
                slabs: slabs as u32,
                objects,
                caches: (survey.caches.len() + survey.object_caches.len()) as u32,
            },
            problems: problems
                .iter()
                .map(|problem| ProblemRow {
                    invariant: problem.invariant.to_string(),
                    address: problem.at,
                    sentence: problem.sentence.clone(),
                })
                .collect(),
        }
    }
}
