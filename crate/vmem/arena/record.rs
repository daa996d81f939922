//! The record of an arena, and the table by which a held segment is found from its start.

use core::cell::Cell;

use crate::list::{Head, Link};
use crate::magazine::Magazines;
use crate::record::{Id, Name, Record, Word};
use crate::vmem::segments::Segments;
use crate::vmem::tag::Tag;

/// Bytes of an arena's name; longer names are cut.
pub(crate) const NAME_LEN: usize = 24;

/// Bit of [`ArenaRecord::flags`]: the numbers are addresses of the memory that the record lies in.
pub(crate) const MEMORY: u32 = 1;

/// The state of an arena. All zero is one that was not begun.
#[repr(C)]
pub(crate) struct ArenaRecord {
    /// Its segments.
    pub(crate) segments: Segments,
    /// Place among the arenas of a heap.
    pub(crate) link: Link,
    /// Its name, in UTF-8, filled up with zeros.
    pub(crate) name: [Word; NAME_LEN / 4],
    /// Its number among the arenas of a heap, from 1 on.
    pub(crate) number: Word,
    /// Where the record of the arena is that it imports from; zero where there is none, or it is elsewhere.
    pub(crate) parent: Word,
    /// The quantum as a shift.
    pub(crate) shift: Word,
    /// [`MEMORY`], or zero.
    pub(crate) flags: Word,
    /// The marks of its spans, by their `link`.
    pub(crate) spans: Head,
    /// Tags that were used and are none now, or were not used yet.
    pub(crate) spare: Head,
    /// Their number.
    pub(crate) spares: Word,
    /// The lists of held segments by the hash of their starts; none while [`only`](Self::only) is the only one.
    pub(crate) table: Name<Head>,
    /// The number of those lists as a shift.
    pub(crate) table_shift: Word,
    /// The only such list while there is no table.
    pub(crate) only: Head,
    /// Held segments.
    pub(crate) busy: Word,
    /// The most there were since the table was last considered, or a decayed memory of it.
    pub(crate) high_water: Word,
    /// Segments given back since the table was last considered.
    pub(crate) given: Word,
    /// The segment or mark from which a next fit goes on.
    pub(crate) rotor: Name<Tag>,
    /// The number from which it goes on there.
    pub(crate) rotor_at: Word,
    /// The quantum caches: as many as [`quantum_max`](Self::quantum_max) says.
    pub(crate) caches: Name<QuantumCache>,
    /// The most quanta that a quantum cache serves; zero where there are none.
    pub(crate) quantum_max: Word,
    /// Requests that were refused.
    pub(crate) failures: Word,
    /// Units of all spans.
    pub(crate) total: Cell<u64>,
    /// Units of all held segments.
    pub(crate) in_use: Cell<u64>,
    /// Requests served, ever.
    pub(crate) allocations: Cell<u64>,
    /// Of those, given back.
    pub(crate) frees: Cell<u64>,
    /// Spans imported, ever.
    pub(crate) imports: Word,
    /// Of those, given back to where they came from.
    pub(crate) releases: Word,
}

// SAFETY: `repr(C)`; records, words and four aligned double words, without padding (asserted below).
unsafe impl Record for ArenaRecord {}

const _: () = assert!(
    size_of::<ArenaRecord>() == size_of::<Segments>() + 8 + NAME_LEN + 18 * 4 + 4 * 8 + 2 * 4
        && core::mem::offset_of!(ArenaRecord, total) % 8 == 0
);

/// The arenas whose records lie in one memory.
#[repr(C)]
pub(crate) struct Siblings {
    /// By their `link`, newest first.
    pub(crate) list: Head,
    /// How many there ever were.
    pub(crate) made: Word,
}

// SAFETY: `repr(C)`; two words.
unsafe impl Record for Siblings {}

impl Id<Siblings> {
    /// The head of the list.
    pub(crate) const fn list(self) -> Id<Head> {
        // SAFETY: `list` is the first field.
        unsafe { self.field(0) }
    }
}

/// A quantum cache: free segments of one number of quanta, cut from longer ones.
#[repr(C)]
pub(crate) struct QuantumCache {
    /// Free ones at hand.
    pub(crate) magazines: Magazines,
    /// The descriptors of slabs with free objects.
    pub(crate) partial: Head,
    /// Slabs there are.
    pub(crate) slabs: Word,
    /// Objects out of slabs, those in magazines included.
    pub(crate) taken: Word,
    /// The quanta of the cache that serves this many quanta: this one's, or those of a longer one that it shares.
    pub(crate) serves: Word,
    /// 65,536 divided by the quanta of an object, rounded up: a number of quanta within a slab, times this, shifted by 16, is the
    /// number of the object.
    pub(crate) reciprocal: Word,
    /// The slab of the object that was handed out last, while there is that slab: what is given back soon is found at once.
    pub(crate) recent: Name<Descriptor>,
    /// Always zero: an even number of words.
    pub(crate) rest: Word,
}

// SAFETY: `repr(C)`; twelve words.
unsafe impl Record for QuantumCache {}

/// What describes a slab: as long as a tag, and made of one.
#[repr(C)]
pub(crate) struct Descriptor {
    /// Bit `n` is set iff the object whose first quantum has a number that is `n` modulo 64 waits in a magazine.
    pub(crate) parked: Cell<u64>,
    /// Place among the slabs of its quantum cache that have free objects.
    pub(crate) link: Link,
    /// First number of the slab.
    pub(crate) start: Word,
    /// Quanta of an object.
    pub(crate) quanta: Word,
    /// Objects of the slab.
    pub(crate) objects: Word,
    /// Where the tag of the slab is.
    pub(crate) slab: Word,
    /// Bit `n` is set iff object `n` is in its slab: neither held nor in a magazine.
    pub(crate) free: Cell<u64>,
}

// SAFETY: `repr(C)`; a double word, a link, four words and an aligned double word, without padding.
unsafe impl Record for Descriptor {}

const _: () = assert!(size_of::<Descriptor>() == size_of::<Tag>());

impl Descriptor {
    /// Whether a number is in an object of the slab, of an arena whose quantum is `1 << shift`.
    #[inline]
    pub(crate) fn has(&self, number: u32, shift: u32) -> bool {
        (number.wrapping_sub(self.start.get()) >> shift) < self.objects.get() * self.quanta.get()
    }

    /// Whether every object is in the slab.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.get().count_ones() == self.objects.get()
    }
}

impl Id<Descriptor> {
    /// A tag that is in no list, as a descriptor.
    pub(crate) const fn of_tag(tag: Id<Tag>) -> Self {
        // SAFETY: the tag's bytes, which nobody else uses; any are a descriptor.
        unsafe { tag.field(0) }
    }

    /// A descriptor that is given up, as a tag.
    pub(crate) const fn into_tag(self) -> Id<Tag> {
        // SAFETY: it was made of a tag; any bytes are one.
        unsafe { self.field(0) }
    }

    /// The descriptor that a slab's tag or a magazine names.
    pub(crate) fn named(word: &Word) -> Self {
        // SAFETY: A7: such words are addresses of descriptors.
        unsafe { Self::at(word.get()) }
    }

    /// Its place among the slabs of its quantum cache.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` follows a double word.
        unsafe { self.field(8) }
    }

    /// The descriptor whose `link` this is.
    pub(crate) const fn of_link(link: Id<Link>) -> Self {
        // SAFETY: the links in a quantum cache's list are descriptors', at offset 8.
        unsafe { link.container(8) }
    }
}

impl Id<ArenaRecord> {
    /// The segments.
    #[inline(always)]
    pub(crate) const fn segments(self) -> Id<Segments> {
        // SAFETY: `segments` is the first field.
        unsafe { self.field(0) }
    }

    /// The place among the arenas of a heap.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ArenaRecord, link) as u32) }
    }

    /// The list of spans.
    pub(crate) const fn spans(self) -> Id<Head> {
        // SAFETY: `spans` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ArenaRecord, spans) as u32) }
    }

    /// The head of the stack of spare tags.
    pub(crate) const fn spare(self) -> Id<Head> {
        // SAFETY: `spare` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ArenaRecord, spare) as u32) }
    }

    /// The only list of held segments while there is no table.
    pub(crate) const fn only(self) -> Id<Head> {
        // SAFETY: `only` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ArenaRecord, only) as u32) }
    }
}

impl Id<Head> {
    /// The list `index` of a table of lists, which has more than that.
    pub(crate) const fn nth(self, index: u32) -> Self {
        // SAFETY: a table is as many heads as its shift says (A6), and the index is below that.
        unsafe { self.field(4 * index) }
    }
}

impl Id<QuantumCache> {
    /// The cache for `quanta` quanta, of an arena that has one.
    pub(crate) const fn serving(self, quanta: u32) -> Self {
        // SAFETY: there are `quantum_max` caches, and `quanta` is from 1 to that.
        unsafe { self.field((quanta - 1) * size_of::<QuantumCache>() as u32) }
    }

    /// The head of the list of slabs with free objects.
    pub(crate) const fn partial(self) -> Id<Head> {
        // SAFETY: `partial` is at that offset.
        unsafe { self.field(core::mem::offset_of!(QuantumCache, partial) as u32) }
    }
}
