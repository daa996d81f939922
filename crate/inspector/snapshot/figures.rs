//! What a snapshot counts: by cache, by arena, by call site and by tag. Field names are those of the JavaScript objects, in `camelCase`
//! there.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::{Held, Snapshot};
use crate::image::arenas::{ArenaInfo, ArenaKind};
use crate::image::audit::AuditInfo;
use crate::image::region::Composition;
use crate::image::survey::Survey;
pub(super) use crate::inspector::arena_rows::COUNT_MAX;
use crate::inspector::arena_rows::{ArenaRow, arena_rows};
use crate::inspector::rows::segment_class;
use crate::inspector::words::Size;
use crate::size_class::{CLASSES, SLAB_CLASSES, size_of_class};
use crate::units::PAGE_BYTES;

/// One object, in 256ths.
pub(crate) const ONE: u64 = 256;

/// What tells caches apart, over all snapshots of a heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CacheKey {
    /// Slabs of objects of so many bytes.
    Class(u32),
    /// Segments up to so many bytes, of which free ones wait in magazines.
    Segments(u32),
    /// The object cache of that number.
    Objects(u32),
    /// All other segments.
    Other,
    /// Guarded objects of diagnosis.
    Guarded,
}

impl CacheKey {
    /// The key in words that a filter can have.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Class(size) => format!("class:{size}"),
            Self::Segments(size) => format!("segments:{size}"),
            Self::Objects(number) => format!("cache:{number}"),
            Self::Other => String::from("segments"),
            Self::Guarded => String::from("guarded"),
        }
    }
}

/// A cache at the moment of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheFigures {
    pub(crate) key: CacheKey,
    pub(crate) name: String,
    /// Bytes from one object to the next; zero where they are not all the same.
    pub(crate) size: u32,
    pub(crate) live: u64,
    pub(crate) live_bytes: u64,
    /// Ever.
    pub(crate) allocations: u64,
    /// Bytes of its slabs; zero of segments.
    pub(crate) slab_bytes: u64,
}

impl CacheFigures {
    pub(super) fn new(key: CacheKey, name: String, size: u32, allocations: u64) -> Self {
        let allocations = allocations.min(COUNT_MAX);
        Self { key, name, size, live: 0, live_bytes: 0, allocations, slab_bytes: 0 }
    }

    /// The caches of a survey: their indices are the classes of slabs, of segments those of their class, then come the two rests.
    pub(super) fn of(survey: &Survey) -> Vec<Self> {
        let mut caches = Vec::with_capacity(CLASSES + survey.object_caches.len() + 2);
        for cache in &survey.caches {
            let words = Size(u64::from(cache.size));
            caches.push(if (cache.class as usize) < SLAB_CLASSES {
                Self::new(CacheKey::Class(cache.size), words.to_string(), cache.size, cache.allocations)
            } else {
                let name = format!("{words} segments");
                Self::new(CacheKey::Segments(cache.size), name, cache.size, cache.allocations)
            });
        }
        for cache in &survey.object_caches {
            let (key, allocations) = (CacheKey::Objects(cache.number), cache.counters.allocations);
            caches.push(Self::new(key, cache.called(), cache.shape.stride, allocations));
        }
        let large = survey.counters.large_allocations;
        caches.push(Self::new(CacheKey::Other, String::from("other segments"), 0, large));
        caches.push(Self::new(CacheKey::Guarded, String::from("guarded objects"), 0, 0));
        for slab in &survey.slabs {
            if let Some(cache) = caches.get_mut(slab.class as usize) {
                cache.slab_bytes += u64::from(slab.len);
            }
        }
        caches
    }
}

impl Snapshot {
    /// Counts what is live by cache.
    pub(super) fn count_live(&mut self) {
        for slab in &self.slabs {
            let cache = &mut self.caches[slab.cache as usize];
            let live = u64::from(slab.live.count_ones());
            cache.live += live;
            cache.live_bytes += live * u64::from(cache.size);
        }
        for index in 0..self.segments.len() {
            let len = self.segments[index].len;
            let cache = self.cache_of_segment(index, len);
            self.caches[cache].live += 1;
            self.caches[cache].live_bytes += u64::from(len);
        }
    }

    /// The cache of a segment, as an index.
    pub(super) fn cache_of_segment(&self, segment: usize, len: u32) -> usize {
        let last = self.caches.len() - 1;
        if self.is_guarded(segment) {
            return last;
        }
        let class = segment_class(u64::from(len)).filter(|class| {
            let cache = self.caches.get(*class as usize);
            cache.is_some_and(|cache| cache.key == CacheKey::Segments(size_of_class(*class)))
        });
        class.map_or(last - 1, |class| class as usize)
    }
}

/// Whose numbers an arena has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ArenaClass {
    /// It is the heap's own.
    Heap,
    /// They are addresses of this memory.
    Memory,
    /// They are any.
    Numbers,
}

/// An arena at the moment of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArenaFigures {
    pub(crate) id: u32,
    /// Among those whose records lie in the heap.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) class: ArenaClass,
    pub(crate) total: u64,
    pub(crate) in_use: u64,
    /// Ever.
    pub(crate) allocations: u64,
    /// What callers hold of it, in order; of the heap's own that is the snapshot's segments, and here is nothing.
    pub(crate) held: Vec<Held>,
}

impl ArenaFigures {
    /// The arenas of a survey, the heap's own first.
    pub(super) fn of(survey: &Survey) -> Vec<Self> {
        let rows = arena_rows(survey);
        let infos = core::iter::once(None).chain(survey.arenas.iter().map(Some));
        rows.into_iter().zip(infos).map(|(row, info)| Self::new(row, info)).collect()
    }

    fn new(row: ArenaRow, info: Option<&ArenaInfo>) -> Self {
        Self {
            id: row.id,
            number: info.map_or(0, |info| info.number),
            name: row.name,
            class: match row.kind {
                "heap" => ArenaClass::Heap,
                "memory" => ArenaClass::Memory,
                _ => ArenaClass::Numbers,
            },
            total: row.total,
            in_use: row.in_use,
            allocations: row.allocations,
            held: info.map_or_else(Vec::new, held_of),
        }
    }
}

/// What callers hold of an arena.
fn held_of(arena: &ArenaInfo) -> Vec<Held> {
    let mut held = Vec::new();
    for segment in &arena.segments {
        match (segment.kind, arena.slab_of(segment)) {
            (ArenaKind::Held, _) => held.push(Held { start: segment.start, len: segment.len }),
            (ArenaKind::Slab(_), Some(slab)) => {
                let live = (0..slab.objects).filter(|object| (slab.free | slab.parked) >> object & 1 == 0);
                held.extend(
                    live.map(|object| Held { start: slab.start + object * slab.object_len, len: slab.object_len }),
                );
            }
            _ => {}
        }
    }
    held.shrink_to_fit();
    held
}

/// A place in the program that asked for memory, at the moment of a snapshot. Counts are in 256ths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SiteFigures {
    pub(crate) number: u32,
    /// Number of its tag; zero for none.
    pub(crate) tag: u32,
    pub(crate) frames: Vec<u32>,
    pub(crate) live_bytes: u64,
    pub(crate) live_count: u64,
    /// Ever.
    pub(crate) bytes: u64,
    /// Ever.
    pub(crate) count: u64,
}

impl SiteFigures {
    pub(super) fn of(audit: &AuditInfo) -> Vec<Self> {
        let mut sites: Vec<Self> = Vec::with_capacity(audit.sites.len());
        for site in &audit.sites {
            // Of a damaged table two may say the same number.
            if sites.last().is_none_or(|last| last.number < site.number) {
                sites.push(Self {
                    number: site.number,
                    tag: site.tag,
                    frames: site.frames.clone(),
                    live_bytes: site.live_bytes.min(COUNT_MAX),
                    live_count: site.live_count.min(COUNT_MAX),
                    bytes: site.bytes.min(COUNT_MAX),
                    count: site.count.min(COUNT_MAX),
                });
            }
        }
        sites
    }
}

/// A tag of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagFigures {
    pub(crate) number: u32,
    /// Number of the tag that it is within, which is less; zero for none.
    pub(crate) parent: u32,
    pub(crate) name: String,
}

impl TagFigures {
    pub(super) fn of(audit: &AuditInfo) -> Vec<Self> {
        let mut tags: Vec<Self> = Vec::with_capacity(audit.tags.len());
        for tag in &audit.tags {
            if tags.last().is_none_or(|last| last.number < tag.number) {
                tags.push(Self { number: tag.number, parent: tag.parent, name: tag.name.clone() });
            }
        }
        tags
    }
}

impl Snapshot {
    /// The names of a tag and of those that it is within, the outermost first.
    pub(super) fn tag_path(&self, number: u32) -> Vec<String> {
        let mut path = Vec::new();
        let mut number = number;
        // Each step goes to a smaller number.
        while let Ok(index) = self.tags.binary_search_by_key(&number, |tag| tag.number) {
            path.push(self.tags[index].name.clone());
            number = self.tags[index].parent;
        }
        path.reverse();
        path
    }
}

/// How many objects, and their bytes. Of arenas: how many pieces, and what they add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// How many: whole, but for call sites and tags, where it is worked out from samples.
    pub count: f64,
    /// Bytes.
    pub bytes: u64,
}

impl Tally {
    /// Counts one of `bytes` bytes.
    pub(super) fn add(&mut self, bytes: u32) {
        self.count += 1.0;
        self.bytes += u64::from(bytes);
    }

    /// Counts what a sample stands for.
    pub(super) fn add_weighed(&mut self, size: u32, count: u64) {
        self.count += count as f64 / ONE as f64;
        self.bytes = self.bytes.saturating_add((u64::from(size) * count) / ONE);
    }
}

/// A cache of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotCache {
    /// What tells it from others, over all snapshots.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Bytes from one object to the next; zero where they are not all the same.
    pub size: u32,
    /// Objects that are held.
    pub live: Tally,
    /// Allocations, ever.
    pub allocations: u64,
    /// Bytes of its slabs; zero of segments.
    pub slab_bytes: u64,
}

/// An arena of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotArena {
    /// Where its record is.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// `heap`, `memory` or `numbers`.
    pub(crate) kind: ArenaClass,
    /// What callers hold: pieces and what they add up to.
    pub held: Tally,
    /// What is not free.
    pub in_use: u64,
    /// What the spans add up to.
    pub total: u64,
    /// Requests served, ever.
    pub allocations: u64,
}

/// A call site of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotSite {
    /// Its number.
    pub id: u32,
    /// Names of its tags, the outermost first.
    pub tags: Vec<String>,
    /// Byte offsets in the module, the innermost first.
    pub frames: Vec<u32>,
    /// What is held.
    pub live: Tally,
    /// What was asked for, ever.
    pub ever: Tally,
}

/// A snapshot in figures. Bytes, unless a name says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotFigures {
    /// What a person calls it.
    pub name: String,
    /// Milliseconds since 1970; zero where nobody said.
    pub time: u64,
    /// Bytes that it takes itself.
    pub held_bytes: u64,
    /// Length of the memory.
    pub memory_bytes: u64,
    /// The same in pages of 64 KiB.
    pub pages: u64,
    /// What the memory was used for.
    pub composition: Composition,
    /// Objects and segments that were held.
    pub live: Tally,
    /// Requests served, ever.
    pub allocations: u64,
    /// Requests that got nothing.
    pub failures: u64,
    /// Times the memory grew for this heap.
    pub growths: u32,
    /// Pages it grew by.
    pub grown_pages: u32,
    /// How much did not hold together.
    pub problems: u32,
    /// Operations that diagnosis had on record; none of a module without it.
    pub operations: Option<u64>,
    /// Objects that diagnosis had on record.
    pub watched: u32,
    /// Caches that were ever used.
    pub caches: Vec<SnapshotCache>,
    /// Arenas, the heap's own first.
    pub arenas: Vec<SnapshotArena>,
    /// Call sites, by number.
    pub sites: Vec<SnapshotSite>,
}

impl Snapshot {
    /// The snapshot in figures.
    #[must_use]
    pub fn figures(&self) -> SnapshotFigures {
        let whole = &self.whole;
        let used =
            self.caches.iter().filter(|cache| cache.live != 0 || cache.allocations != 0 || cache.slab_bytes != 0);
        SnapshotFigures {
            name: self.note.name.clone(),
            time: self.note.time,
            held_bytes: self.held_bytes() as u64,
            memory_bytes: whole.memory_len,
            pages: whole.memory_len / u64::from(PAGE_BYTES),
            composition: whole.composition,
            live: self.live(),
            allocations: whole.allocations,
            failures: whole.failures,
            growths: whole.growths,
            grown_pages: whole.grown_pages,
            problems: whole.problems,
            operations: whole.operations.checked_sub(1),
            watched: self.marks.len() as u32,
            caches: used.map(SnapshotCache::from).collect(),
            arenas: self.arenas.iter().map(|arena| self.arena(arena)).collect(),
            sites: self.sites.iter().map(|site| self.site(site)).collect(),
        }
    }

    /// What was held.
    pub(super) fn live(&self) -> Tally {
        let bytes = self.caches.iter().map(|cache| cache.live_bytes).sum();
        Tally { count: self.caches.iter().map(|cache| cache.live as f64).sum(), bytes }
    }

    /// The pieces of an arena that callers hold.
    pub(super) fn held<'s>(&'s self, arena: &'s ArenaFigures) -> &'s [Held] {
        if arena.class == ArenaClass::Heap { &self.segments } else { &arena.held }
    }

    fn arena(&self, arena: &ArenaFigures) -> SnapshotArena {
        let mut held = Tally::default();
        self.held(arena).iter().for_each(|piece| held.add(piece.len));
        SnapshotArena {
            id: arena.id,
            name: arena.name.clone(),
            kind: arena.class,
            held,
            in_use: arena.in_use,
            total: arena.total,
            allocations: arena.allocations,
        }
    }

    fn site(&self, site: &SiteFigures) -> SnapshotSite {
        let tally = |count: u64, bytes| Tally { count: count as f64 / ONE as f64, bytes };
        SnapshotSite {
            id: site.number,
            tags: self.tag_path(site.tag),
            frames: site.frames.clone(),
            live: tally(site.live_count, site.live_bytes),
            ever: tally(site.count, site.bytes),
        }
    }
}

impl From<&CacheFigures> for SnapshotCache {
    fn from(cache: &CacheFigures) -> Self {
        Self {
            key: cache.key.words(),
            name: cache.name.clone(),
            size: cache.size,
            live: Tally { count: cache.live as f64, bytes: cache.live_bytes },
            allocations: cache.allocations,
            slab_bytes: cache.slab_bytes,
        }
    }
}
