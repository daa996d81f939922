//! What a scan for leaks finds.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

/// The most examples of a group.
pub const EXAMPLES: usize = 8;

/// What it means that an object is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// Nobody holds it: what JavaScript holds was given.
    Leak,
    /// Nothing in the memory leads to it, and JavaScript may hold it, or something that leads to it.
    HeldByJsPerhaps,
}

/// Objects that nobody can give back any more: one that nothing points to, or a cycle; and what only they lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The object's first address; of a cycle that of its lowest object.
    pub address: u32,
    /// Bytes of the object.
    pub len: u32,
    /// The [class](crate::image::survey::SlabInfo::class) of its slab; none of a large segment.
    pub class: Option<u32>,
    /// Who allocated it, where that is known.
    pub site: Option<u32>,
    /// Whether only objects point to it that it leads to itself.
    pub cycle: bool,
    /// Objects that it leads to and no leak at a lower address does, the others of its cycle among them.
    pub held: u32,
    /// Bytes of those.
    pub held_bytes: u64,
}

/// One of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// First address.
    pub address: u32,
    /// Bytes of what it holds.
    pub held_bytes: u64,
    /// Its first words, at most four.
    pub words: Vec<u32>,
}

/// Leaks that begin with objects of the same class, length and call site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakGroup {
    /// The [class](crate::image::survey::SlabInfo::class) of their slabs; none of large segments.
    pub class: Option<u32>,
    /// Bytes of an object.
    pub size: u32,
    /// Who allocated them, where that is known.
    pub site: Option<u32>,
    /// Whether they are in cycles.
    pub cycle: bool,
    /// How many there are.
    pub count: u32,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that they hold.
    pub held: u32,
    /// Bytes of those.
    pub held_bytes: u64,
    /// The first of them, at most [`EXAMPLES`].
    pub examples: Vec<Example>,
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakReport {
    /// What being out of reach means here.
    pub certainty: Certainty,
    /// Whether the heap did not hold together: what was not taken up was not looked at, and what it alone holds is out of reach.
    pub damaged: bool,
    /// Objects that are allocated, those of the allocator itself included.
    pub live_objects: u32,
    /// Bytes of those.
    pub live_bytes: u64,
    /// Objects out of reach, those that leaks hold included.
    pub lost_objects: u32,
    /// Bytes of those.
    pub lost_bytes: u64,
    /// Leaks by what they begin with, the most bytes first.
    pub groups: Vec<LeakGroup>,
    /// All of them, by address.
    pub leaks: Vec<Leak>,
}

impl LeakReport {
    /// A report of nothing.
    pub(super) const fn empty(certainty: Certainty) -> Self {
        Self {
            certainty,
            damaged: false,
            live_objects: 0,
            live_bytes: 0,
            lost_objects: 0,
            lost_bytes: 0,
            groups: Vec::new(),
            leaks: Vec::new(),
        }
    }
}
