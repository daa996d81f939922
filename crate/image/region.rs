//! Regions: the whole memory, cut into pieces that each belong to one owner, without gap or overlap.
//!
//! Composition, map and `whatis` are all folds over these, so they agree, and the composition adds up to the length of the
//! memory to the byte by construction.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use serde::Serialize;

use super::survey::{Guarded, Kind, Survey};

/// Who a region belongs to. The numbers are those of the heap map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Owner {
    /// Nobody known: grown by somebody else, or too little to be used.
    Foreign = 0,
    /// Static data of the module.
    StaticData = 1,
    /// The module's stack.
    Stack = 2,
    /// A slab, of a size class or of an object cache.
    Slab = 3,
    /// A segment that the application holds.
    Large = 4,
    /// Free in the arena.
    Free = 5,
    /// The allocator's own records.
    Metadata = 6,
    /// A free segment in a magazine.
    Parked = 7,
}

/// Number of owners.
pub const OWNERS: usize = 8;

/// A piece of memory with one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First address.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Who it belongs to.
    pub owner: Owner,
    /// The index of its slab in [`Survey::slabs`].
    pub slab: Option<usize>,
}

impl Region {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.end - self.start
    }
}

/// The regions of a memory, in address order, from 0 to its end. At least one, unless the memory is empty.
#[must_use]
pub fn regions(survey: &Survey) -> Vec<Region> {
    let mut cover = Cover { regions: Vec::with_capacity(survey.segments.len() + 8), cursor: 0, len: survey.memory_len };
    cover_statics(&mut cover, survey);
    for segment in &survey.segments {
        let (owner, slab) = match segment.kind {
            Kind::Free => (Owner::Free, None),
            Kind::Large | Kind::Guarded(Guarded::Held) => (Owner::Large, None),
            Kind::Parked | Kind::Guarded(Guarded::Quarantined) => (Owner::Parked, None),
            Kind::Slab(slab) | Kind::Objects(slab) => (Owner::Slab, slab),
            Kind::Metadata | Kind::Guarded(Guarded::Abandoned) => (Owner::Metadata, None),
        };
        cover.put(u64::from(segment.start), u64::from(segment.start) + u64::from(segment.len), owner, slab);
    }
    cover.fill(survey.memory_len, Owner::Foreign);
    cover.regions
}

/// Covers what lies below the heap: the stack, the allocator's root and state, and the data around them.
fn cover_statics(cover: &mut Cover, survey: &Survey) {
    let layout = &survey.layout;
    let base = u64::from(layout.heap_base);
    let mut parts = [
        (layout.stack_low, layout.stack_high, Owner::Stack),
        (layout.root, layout.root.saturating_add(layout.root_len), Owner::Metadata),
        (layout.state, layout.state.saturating_add(layout.state_len), Owner::Metadata),
    ];
    parts.sort_by_key(|part| part.0);
    for (start, end, owner) in parts {
        if u64::from(end) <= base && start < end {
            // A heap over a byte array has no data below it; what lies there is not its own.
            let before = if layout.stack_high == 0 && cover.cursor == 0 { Owner::Foreign } else { Owner::StaticData };
            cover.fill(u64::from(start), before);
            cover.put(u64::from(start), u64::from(end), owner, None);
        }
    }
    cover.fill(base, Owner::StaticData);
}

/// Regions that are put one behind the other.
struct Cover {
    regions: Vec<Region>,
    cursor: u64,
    len: u64,
}

impl Cover {
    /// Gives what is not covered yet up to `end` to `owner`.
    fn fill(&mut self, end: u64, owner: Owner) {
        let end = end.min(self.len);
        if self.cursor < end {
            self.regions.push(Region { start: self.cursor, end, owner, slab: None });
            self.cursor = end;
        }
    }

    /// Gives `[start, end)` to `owner`, and what lies before it to nobody; what is covered already stays as it is.
    fn put(&mut self, start: u64, end: u64, owner: Owner, slab: Option<usize>) {
        self.fill(start, Owner::Foreign);
        let end = end.min(self.len);
        if self.cursor < end {
            self.regions.push(Region { start: self.cursor, end, owner, slab });
            self.cursor = end;
        }
    }
}

/// Bytes of a memory by what they are used for. They add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Composition {
    /// Static data of the module.
    pub static_data: u64,
    /// The module's stack.
    pub stack: u64,
    /// Objects and segments that the application holds.
    pub live: u64,
    /// Free objects and segments in magazines.
    pub magazines: u64,
    /// Free objects in slabs.
    pub slab_free: u64,
    /// Bytes of slabs that are no object.
    pub slab_overhead: u64,
    /// Free segments of the arena.
    pub arena_free: u64,
    /// The allocator's own records.
    pub metadata: u64,
    /// Everything else.
    pub foreign: u64,
}

impl Composition {
    /// What the regions of a memory add up to.
    #[must_use]
    pub fn of(survey: &Survey, regions: &[Region]) -> Self {
        let mut sum = Self::default();
        for region in regions {
            let len = region.bytes();
            match region.owner {
                Owner::Foreign => sum.foreign += len,
                Owner::StaticData => sum.static_data += len,
                Owner::Stack => sum.stack += len,
                Owner::Large => sum.live += len,
                Owner::Free => sum.arena_free += len,
                Owner::Parked => sum.magazines += len,
                Owner::Metadata => sum.metadata += len,
                Owner::Slab => sum.add_slab(survey, region, len),
            }
        }
        sum
    }

    /// Adds a slab; one that is damaged, or that is not whole here, counts as overhead.
    fn add_slab(&mut self, survey: &Survey, region: &Region, len: u64) {
        match region.slab.and_then(|index| survey.slabs.get(index)) {
            Some(slab) if u64::from(slab.len) == len => {
                let size = u64::from(slab.size);
                self.live += u64::from(slab.live()) * size;
                self.magazines += u64::from(slab.parked.count_ones()) * size;
                self.slab_free += u64::from(slab.free.count_ones()) * size;
                self.slab_overhead += u64::from(slab.overhead());
            }
            _ => self.slab_overhead += len,
        }
    }

    /// The length of the memory.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.static_data
            + self.stack
            + self.live
            + self.magazines
            + self.slab_free
            + self.slab_overhead
            + self.arena_free
            + self.metadata
            + self.foreign
    }
}
