//! Snapshots: what the application held at one moment, kept small, to be compared with another moment and to be saved.
//!
//! A snapshot has one bit for each object of a slab, the bounds of each segment, 16 bytes for each object that diagnosis has on record,
//! and the figures of caches, arenas, call sites and tags. A million objects in slabs are a third of a megabyte; a million guarded ones,
//! which is the worst, are 23 MiB.
//!
//! Whether an object is the same in two snapshots is told by its address and its cache, for a segment by its address and its length,
//! and where diagnosis had it on record, by the operation that made it. So without diagnosis an object that was given back,
//! and whose address was handed out again for an object of the same cache, counts as one that survived: what is new is *at least* what
//! is said, and so is what was freed. The counts of allocations, which are exact, say how much there was at most. What changes its size
//! is another one where its cache or its length is another, or where diagnosis has the change on record.
//!
//! | | |
//! |---|---|
//! | `figures` | what is counted, by cache, arena, site and tag |
//! | `objects` | the objects in the order of addresses, and two snapshots beside each other |
//! | `diff` | what changed between two, in figures |
//! | `list` | which objects those are |
//! | `changes` | where they are, for the heap map |
//! | `bytes`, `read` | the format in which snapshots are saved |
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use crate::image::audit::{AuditInfo, Status, WatchInfo};
use crate::image::region::{Composition, regions};
use crate::image::survey::{Guarded, Kind, Survey};

mod bytes;
pub mod changes;
pub mod diff;
pub mod figures;
pub mod list;
mod objects;
mod read;

pub use read::Unreadable;

use figures::{ArenaFigures, CacheFigures, SiteFigures, TagFigures};

/// What a person calls a snapshot, and when it was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub name: String,
    /// Milliseconds since 1970; zero where nobody says.
    pub time: u64,
}

/// The heap as a whole at the moment of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Where the root is.
    pub(crate) root: u32,
    pub(crate) memory_len: u64,
    pub(crate) composition: Composition,
    pub(crate) allocations: u64,
    pub(crate) failures: u64,
    pub(crate) growths: u32,
    pub(crate) grown_pages: u32,
    /// What does not hold together.
    pub(crate) problems: u32,
    /// Operations that diagnosis had on record, plus one; zero of a module without it.
    pub(crate) operations: u64,
}

/// The live objects of a slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slab {
    pub(crate) start: u32,
    /// Index into the caches.
    pub(crate) cache: u32,
    /// Bit `n` is set iff the application holds object `n`; never zero.
    pub(crate) live: u64,
}

/// Numbers that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// What diagnosis knows of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where the object begins.
    pub(crate) object: u32,
    /// Bytes asked for.
    pub(crate) size: u32,
    /// Number of its site; zero for none.
    pub(crate) site: u32,
    /// The low word of the number of the operation that made it.
    pub(crate) operation: u32,
}

/// What the application held at one moment.
///
/// ```
/// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
/// use flagstone::inspector::snapshot::{Note, Snapshot, diff::DiffOptions};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let take = || Snapshot::take(&Survey::take(&heap.image(), heap.root()).unwrap(), None, Note::default());
/// let before = take();
/// let layout = std::alloc::Layout::new::<[u64; 5]>();
/// let at = heap.alloc(layout);
/// let diff = before.diff(&take(), DiffOptions::default());
/// assert_eq!((diff.objects.new.count, diff.objects.new.bytes, diff.objects.freed.count), (1.0, 40, 0.0));
/// # unsafe { heap.dealloc(at, layout) };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub(crate) note: Note,
    pub(crate) whole: Whole,
    /// The caches by size class, the object caches by number, longer segments, guarded objects.
    pub(crate) caches: Vec<CacheFigures>,
    /// The heap's own arena first.
    pub(crate) arenas: Vec<ArenaFigures>,
    /// By number.
    pub(crate) sites: Vec<SiteFigures>,
    /// By number.
    pub(crate) tags: Vec<TagFigures>,
    /// Slabs with live objects, in address order; they do not overlap.
    pub(crate) slabs: Vec<Slab>,
    /// Large segments and guarded objects that are held, in address order; neither among themselves nor with slabs do they overlap.
    pub(crate) segments: Vec<Held>,
    /// Bit `n` of them all is set iff segment `n` is a guarded object.
    pub(crate) guarded: Vec<u64>,
    /// By the address of their object; no two of one.
    pub(crate) marks: Vec<Mark>,
    /// Of the marks that stand for more than themselves: which, and for how many 256ths of an object. By index.
    pub(crate) samples: Vec<(u32, u32)>,
}

impl Snapshot {
    /// A snapshot of the heap of a survey, with what diagnosis has on record of it. Takes time linear in segments, slabs and watches.
    #[must_use]
    pub fn take(survey: &Survey, audit: Option<&AuditInfo>, note: Note) -> Self {
        let mut taken = Self {
            note,
            whole: whole(survey, audit),
            caches: CacheFigures::of(survey),
            arenas: ArenaFigures::of(survey),
            sites: Vec::new(),
            tags: Vec::new(),
            slabs: Vec::new(),
            segments: Vec::new(),
            guarded: Vec::new(),
            marks: Vec::new(),
            samples: Vec::new(),
        };
        taken.add_objects(survey);
        taken.count_live();
        if let Some(audit) = audit {
            taken.sites = SiteFigures::of(audit);
            taken.tags = TagFigures::of(audit);
            taken.add_marks(audit);
        }
        taken.slabs.shrink_to_fit();
        taken.segments.shrink_to_fit();
        taken.guarded.shrink_to_fit();
        taken.marks.shrink_to_fit();
        taken.samples.shrink_to_fit();
        taken
    }

    /// What a person calls it, and when it was taken.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Bytes that it takes itself.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let lists = self.slabs.capacity() * size_of::<Slab>()
            + self.segments.capacity() * size_of::<Held>()
            + self.guarded.capacity() * size_of::<u64>()
            + self.marks.capacity() * size_of::<Mark>()
            + self.samples.capacity() * size_of::<(u32, u32)>();
        let arenas: usize = self.arenas.iter().map(|arena| arena.held.capacity() * size_of::<Held>()).sum();
        let sites: usize = self.sites.iter().map(|site| site.frames.capacity() * size_of::<u32>()).sum();
        lists
            + arenas
            + sites
            + size_of::<Self>()
            + self.caches.capacity() * size_of::<CacheFigures>()
            + self.arenas.capacity() * size_of::<ArenaFigures>()
            + self.sites.capacity() * size_of::<SiteFigures>()
            + self.tags.capacity() * size_of::<TagFigures>()
    }

    /// Notes which objects of slabs are live, and which segments are held.
    fn add_objects(&mut self, survey: &Survey) {
        for segment in &survey.segments {
            match segment.kind {
                kind if kind.is_large() => {
                    let index = self.segments.len();
                    if index.is_multiple_of(64) {
                        self.guarded.push(0);
                    }
                    self.segments.push(Held { start: segment.start, len: segment.len });
                    if kind == Kind::Guarded(Guarded::Held) {
                        self.guarded[index / 64] |= 1 << (index % 64);
                    }
                }
                Kind::Slab(Some(index)) | Kind::Objects(Some(index)) => {
                    let Some(slab) = survey.slabs.get(index) else { continue };
                    let live = !(slab.free | slab.parked) & (u64::MAX >> (u64::BITS - slab.objects));
                    if live != 0 {
                        self.slabs.push(Slab { start: slab.start, cache: slab.class, live });
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes what diagnosis knows of objects that are held.
    fn add_marks(&mut self, audit: &AuditInfo) {
        let held = |watch: &&WatchInfo| watch.status == Some(Status::Held);
        for watch in audit.watches.iter().filter(held) {
            if self.marks.last().is_some_and(|last| last.object >= watch.object) {
                continue;
            }
            let count = watch.stands_for();
            if count != figures::ONE {
                self.samples.push((self.marks.len() as u32, u32::try_from(count).unwrap_or(u32::MAX)));
            }
            self.marks.push(Mark {
                object: watch.object,
                size: watch.size,
                site: watch.alloc_site,
                operation: watch.alloc_operation as u32,
            });
        }
    }

    /// Whether a segment is a guarded object.
    fn is_guarded(&self, segment: usize) -> bool {
        self.guarded.get(segment / 64).is_some_and(|bits| bits >> (segment % 64) & 1 == 1)
    }
}

fn whole(survey: &Survey, audit: Option<&AuditInfo>) -> Whole {
    let counters = &survey.counters;
    let of_caches = survey.caches.iter().map(|cache| cache.allocations);
    let of_objects = survey.object_caches.iter().map(|cache| cache.counters.allocations);
    let failures = survey.caches.iter().map(|cache| u64::from(cache.failures));
    let refusals = survey.object_caches.iter().map(|cache| u64::from(cache.counters.failures));
    Whole {
        root: survey.layout.root,
        memory_len: survey.memory_len,
        composition: Composition::of(survey, &regions(survey)),
        allocations: of_caches
            .chain(of_objects)
            .fold(counters.large_allocations, u64::saturating_add)
            .min(figures::COUNT_MAX),
        failures: u64::from(counters.large_failures) + failures.chain(refusals).sum::<u64>(),
        growths: counters.growths,
        grown_pages: counters.grown_pages,
        problems: survey.problems.len() as u32,
        operations: audit.map_or(0, |audit| audit.operations.min(figures::COUNT_MAX - 1) + 1),
    }
}
