//! The pieces of an arena: segments, and those that are slabs.
#![forbid(unsafe_code)]

#[cfg(doc)]
use super::Survey;
#[cfg(doc)]
use crate::size_class::CLASSES;

/// What a segment of the arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Free memory of the arena.
    Free,
    /// A segment that the application holds.
    Large,
    /// A segment that is free, in a magazine.
    Parked,
    /// A slab; the index is into [`Survey::slabs`], or none where its tag is damaged.
    Slab(Option<usize>),
    /// A slab of an object cache; the index is into [`Survey::slabs`], or none where its tag or its cache is damaged.
    Objects(Option<usize>),
    /// The allocator's records.
    Metadata,
    /// A guarded object of diagnosis.
    Guarded(Guarded),
}

impl Kind {
    /// Whether the application holds it as one: a large segment, or a guarded object.
    #[must_use]
    pub const fn is_large(self) -> bool {
        matches!(self, Self::Large | Self::Guarded(Guarded::Held))
    }
}

/// What became of a guarded object: see `audit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarded {
    /// The application holds it.
    Held,
    /// It was given back and waits in the quarantine.
    Quarantined,
    /// Something is wrong with it: it is never handed out again.
    Abandoned,
}

/// A segment of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub len: u32,
    /// What it is.
    pub kind: Kind,
    /// Where its tag is.
    pub tag: u32,
    /// Where what is in it begins: behind the guard of a guarded object, and at the first address of all others.
    pub object: u32,
}

/// A slab of a size class or of an object cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlabInfo {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub len: u32,
    /// Size class; for an object cache [`CLASSES`] and its index in [`Survey::object_caches`].
    pub class: u32,
    /// Bytes of an object, up to the next one.
    pub size: u32,
    /// Number of objects.
    pub objects: u32,
    /// Bit `n` is set iff object `n` is free.
    pub free: u64,
    /// Bit `n` is set iff object `n` is in a magazine.
    pub parked: u64,
    /// Where its tag is.
    pub tag: u32,
    /// The object cache it belongs to: an index into [`Survey::object_caches`].
    pub object_cache: Option<usize>,
    /// Whether an object of it refused to move.
    pub stuck: bool,
    /// Whether it waits for the end of a move.
    pub dead: bool,
    /// The object that refused to move, for good or for now.
    pub culprit: Option<u32>,
}

impl SlabInfo {
    /// Objects that the application holds.
    #[must_use]
    pub const fn live(&self) -> u32 {
        self.objects - (self.free | self.parked).count_ones()
    }

    /// Bytes of the slab that are no object.
    #[must_use]
    pub const fn overhead(&self) -> u32 {
        self.len - self.objects * self.size
    }
}
