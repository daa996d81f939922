//! The record of an object cache, and those of its magazines and its budget.

use core::cell::Cell;

use super::slabs::BINS;
use crate::bins::Bins;
use crate::list::{Head, Link};
use crate::magazine::Magazines;
use crate::record::{Id, Record, Word};

/// Bytes of a name; longer names are cut (illumos: 31 characters).
pub(crate) const NAME_LEN: usize = 32;

/// Bit of [`ObjectCacheRecord::flags`]: a zone, whose objects are all there from the start, in one magazine.
pub(crate) const ZONE: u32 = 1;
/// Bit of the flags: objects are constructed when they leave their slab.
pub(crate) const CONSTRUCTED: u32 = 2;
/// Bit of the flags: objects can be moved.
pub(crate) const MOVABLE: u32 = 4;
/// Bit of the flags: its owner is gone and left objects behind.
pub(crate) const ORPHAN: u32 = 8;
/// Bit of the flags of a budget: its owner is being told that it is spent.
pub(crate) const TELLING: u32 = 32;
/// Bit of the flags: others with objects of the same shape may share the cache.
pub(crate) const SHARED: u32 = 16;

/// The state of an object cache. All zero is one that was not begun.
#[repr(C)]
pub(crate) struct ObjectCacheRecord {
    /// Place among the object caches of a heap.
    pub(crate) link: Link,
    /// The magazine layer: addresses of rounds, zero where there is no magazine. The capacity is zero while none is loaded.
    pub(crate) magazines: Magazines,
    /// How many of `limit` only requests get that may use the reserve.
    pub(crate) reserve: Word,
    /// Objects handed out, ever.
    pub(crate) allocations: Cell<u64>,
    /// Rounds of a magazine of the present type; zero for a cache without magazines.
    pub(crate) rounds: Word,
    /// Rounds of a magazine that its type may not grow beyond; zero where only the table says so.
    pub(crate) rounds_max: Word,
    /// The cache's slabs by free objects, those that cannot be emptied first.
    pub(crate) bins: Bins<BINS>,
    /// Full magazines.
    pub(crate) full: MagazineList,
    /// Empty magazines.
    pub(crate) empty: MagazineList,
    /// Slabs that became empty while objects move, by their `link`: they go back when that is over.
    pub(crate) dead: Head,
    /// Its number among the object caches of a heap, from 1 on.
    pub(crate) number: Word,
    /// Its name, in UTF-8, filled up with zeros.
    pub(crate) name: [Word; NAME_LEN / 4],
    /// What it is: [`ZONE`] and the others.
    pub(crate) flags: Word,
    /// Bytes of an object, as it was asked for.
    pub(crate) size: Word,
    /// The alignment of an object.
    pub(crate) align: Word,
    /// Bytes from one object to the next.
    pub(crate) stride: Word,
    /// Bytes of a slab.
    pub(crate) slab_len: Word,
    /// Objects of a slab.
    pub(crate) objects: Word,
    /// The most objects the cache may have out of slabs; zero for any number.
    pub(crate) limit: Word,
    /// Objects for which slabs stay, whatever is reaped.
    pub(crate) keep: Word,
    /// How many share the cache.
    pub(crate) users: Word,
    /// Where the budget is that pays for its slabs; zero where none does.
    pub(crate) budget: Word,
    /// Where its hook is, which is no record; zero where it has none.
    pub(crate) hook: Word,
    /// Slabs now, dead ones apart.
    pub(crate) slabs: Word,
    /// The most slabs there were.
    pub(crate) slabs_max: Word,
    /// Of the slabs, those without an object that is taken.
    pub(crate) empties: Word,
    /// Slabs that wait for the end of a move.
    pub(crate) dead_slabs: Word,
    /// Objects out of slabs: held, in magazines, or the places of moves.
    pub(crate) taken: Word,
    /// The most there were.
    pub(crate) taken_max: Word,
    /// Requests that got nothing.
    pub(crate) failures: Word,
    /// Of those, because the constructor refused.
    pub(crate) constructor_failures: Word,
    /// Of those, because of the limit.
    pub(crate) limit_failures: Word,
    /// Magazines there are.
    pub(crate) magazines_now: Word,
    /// Exchanges with the depot when magazines were last considered.
    pub(crate) exchanges_seen: Word,
    /// Looks since one found exchanges with the depot, or changed the type of the magazines.
    pub(crate) quiet: Word,
    /// Not zero while objects are moved: slabs that become empty are parked.
    pub(crate) moving: Word,
    /// Eighths of a slab's objects below which it is worth emptying; zero counts as one.
    pub(crate) threshold: Word,
    /// Slabs found worth it since the threshold was last considered.
    pub(crate) found: Word,
    /// Scans since then.
    pub(crate) scans: Word,
    /// Slabs emptied by moves, ever.
    pub(crate) move_slabs: Word,
    /// Objects taken out of slabs, ever.
    pub(crate) slab_takes: Cell<u64>,
    /// Objects given back to slabs, ever.
    pub(crate) slab_gives: Cell<u64>,
    /// Slabs made, ever.
    pub(crate) slab_creates: Cell<u64>,
    /// Slabs that went back, ever.
    pub(crate) slab_destroys: Cell<u64>,
    /// Objects constructed, ever.
    pub(crate) constructs: Cell<u64>,
    /// Objects destructed, ever.
    pub(crate) destructs: Cell<u64>,
    /// Times the cache was reaped.
    pub(crate) reaps: Word,
    /// Times its owner was asked for what it can spare.
    pub(crate) reclaims: Word,
    /// Move callbacks by their answer: yes, no, later, don't need, don't know.
    pub(crate) answers: [Word; 5],
    /// Of the last, how often the object was found in a magazine.
    pub(crate) hunts: Word,
    /// Scans for slabs to empty, ever.
    pub(crate) move_scans: Word,
    /// Times all slabs were to be emptied that can be.
    pub(crate) defrags: Word,
    /// Bits of its mode of diagnosis.
    pub(crate) mode: Word,
    /// Objects held that are segments of their own.
    pub(crate) guarded: Word,
    /// Allocations at which the next sample is due, of no meaning where nothing is sampled.
    pub(crate) sample_at: Word,
    /// The era of the modes that it has considered.
    pub(crate) era: Word,
    /// Rounds of a magazine when it had no mode.
    pub(crate) rounds_before: Word,
    /// The most of those there were.
    pub(crate) guarded_max: Word,
}

// SAFETY: `repr(C)`; records, words and aligned double words, without padding (asserted below).
unsafe impl Record for ObjectCacheRecord {}

const _: () = assert!(
    size_of::<ObjectCacheRecord>()
        == 8 + 20
            + 4
            + size_of::<Bins<BINS>>()
            + 2 * size_of::<MagazineList>()
            + 8
            + NAME_LEN
            + 30 * 4
            + 7 * 8
            + 16 * 4
);

/// A stack of the depot.
#[repr(C)]
pub(crate) struct MagazineList {
    /// Its magazines.
    pub(crate) head: Head,
    /// How many there are.
    pub(crate) total: Word,
    /// The fewest there were since the last look.
    pub(crate) least: Word,
    /// How many were not needed between the last two looks.
    pub(crate) idle: Word,
    /// How often one was taken.
    pub(crate) takes: Word,
    /// How often one was put there.
    pub(crate) gives: Word,
}

// SAFETY: `repr(C)`; six words.
unsafe impl Record for MagazineList {}

/// The state of a budget. All zero is one that was not begun.
#[repr(C)]
pub(crate) struct BudgetRecord {
    /// Place among the budgets of a heap.
    pub(crate) link: Link,
    /// Its number among them, from 1 on.
    pub(crate) number: Word,
    /// Where its hook is, which is no record; zero where it has none.
    pub(crate) hook: Word,
    /// Its name, in UTF-8, filled up with zeros.
    pub(crate) name: [Word; NAME_LEN / 4],
    /// Bytes it may charge; zero for any number.
    pub(crate) limit: Word,
    /// Bytes charged now.
    pub(crate) used: Word,
    /// The most there were.
    pub(crate) peak: Word,
    /// Objects that are charged one by one, not by slabs.
    pub(crate) objects: Word,
    /// Charges that were refused.
    pub(crate) denials: Word,
    /// Times those who hold memory of the budget were asked for what they can spare.
    pub(crate) asks: Word,
    /// Caches that it pays for.
    pub(crate) users: Word,
    /// [`ORPHAN`], [`TELLING`], or zero.
    pub(crate) flags: Word,
    /// Bytes of the record and what is behind it.
    pub(crate) len: Word,
    /// The alignment of that.
    pub(crate) align: Word,
    /// Bytes charged, ever.
    pub(crate) charged: Cell<u64>,
}

// SAFETY: `repr(C)`; words and an aligned double word, without padding (asserted below).
unsafe impl Record for BudgetRecord {}

const _: () = assert!(size_of::<BudgetRecord>() == 16 + NAME_LEN + 10 * 4 + 8);

/// A name more of an object cache that several share. All zero is none.
#[repr(C)]
pub(crate) struct AliasRecord {
    /// Place among the aliases of a heap.
    pub(crate) link: Link,
    /// Where the record of the cache is.
    pub(crate) cache: Word,
    /// Its number among the object caches of a heap and their aliases, from 1 on.
    pub(crate) number: Word,
    /// The name, in UTF-8, filled up with zeros.
    pub(crate) name: [Word; NAME_LEN / 4],
}

// SAFETY: `repr(C)`; words without padding (asserted below).
unsafe impl Record for AliasRecord {}

const _: () = assert!(size_of::<AliasRecord>() == 16 + NAME_LEN);

/// A name as it is in a record: its first bytes, whole characters, and zeros behind them.
pub(crate) fn write_name(words: &[Word; NAME_LEN / 4], name: &str) {
    let mut bytes = [0; NAME_LEN];
    let mut cut = name.len().min(NAME_LEN - 1);
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    bytes[..cut].copy_from_slice(&name.as_bytes()[..cut]);
    for (word, bytes) in words.iter().zip(bytes.as_chunks().0) {
        word.set(u32::from_le_bytes(*bytes));
    }
}

/// The name in a record, copied into `bytes`.
pub(crate) fn read_name<'b>(words: &[Word; NAME_LEN / 4], bytes: &'b mut [u8; NAME_LEN]) -> &'b str {
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.get().to_le_bytes();
    }
    let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(NAME_LEN);
    core::str::from_utf8(&bytes[..len]).unwrap_or_default()
}

/// Bytes of a magazine of so many rounds: its link, then the rounds.
pub(crate) const fn magazine_len(rounds: u32) -> u32 {
    (8 + 4 * rounds).next_multiple_of(8)
}

/// The magazine that begins at `at`: the address of its first round.
pub(crate) const fn magazine_at(at: u32) -> u32 {
    at + 8
}

/// Where a magazine begins.
pub(crate) const fn magazine_begin(magazine: u32) -> u32 {
    magazine - 8
}

/// The link of a magazine, which is in no other list.
pub(crate) const fn magazine_link(magazine: u32) -> Id<Link> {
    // SAFETY: O4: a magazine is named by its first round, and its link lies before that.
    unsafe { Id::at(magazine_begin(magazine)) }
}

/// The magazine whose link this is.
pub(crate) const fn magazine_of(link: Id<Link>) -> u32 {
    magazine_at(link.addr())
}

impl Id<MagazineList> {
    /// The head of the stack.
    pub(crate) const fn head(self) -> Id<Head> {
        // SAFETY: `head` is the first field.
        unsafe { self.field(0) }
    }
}

impl Id<AliasRecord> {
    /// The place among the aliases of a heap.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` is the first field.
        unsafe { self.field(0) }
    }

    /// The alias whose place this is.
    pub(crate) const fn of_link(link: Id<Link>) -> Self {
        // SAFETY: links in the list of aliases are the first fields of their records.
        unsafe { link.container(0) }
    }
}

impl Id<BudgetRecord> {
    /// The place among the budgets of a heap.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` is the first field.
        unsafe { self.field(0) }
    }
}

impl Id<ObjectCacheRecord> {
    /// The cache whose slab a segment is.
    #[cfg(feature = "audit")]
    pub(crate) fn owner(slab: &crate::vmem::Tag) -> Self {
        // SAFETY: O4: a slab names the record of its cache.
        unsafe { Self::at(slab.owner.get()) }
    }

    /// The place among the object caches of a heap.
    pub(crate) const fn link(self) -> Id<Link> {
        // SAFETY: `link` is the first field.
        unsafe { self.field(0) }
    }

    /// The object cache whose place this is.
    pub(crate) const fn of_link(link: Id<Link>) -> Self {
        // SAFETY: links in the list of object caches are the first fields of their records.
        unsafe { link.container(0) }
    }

    /// The budget that a record names, where it names one.
    pub(crate) const fn budget(at: u32) -> Id<BudgetRecord> {
        // SAFETY: O8: a budget lives as long as a cache that it pays for.
        unsafe { Id::at(at) }
    }

    /// The bins of slabs.
    pub(crate) const fn bins(self) -> Id<Bins<BINS>> {
        // SAFETY: `bins` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ObjectCacheRecord, bins) as u32) }
    }

    /// The full magazines.
    pub(crate) const fn full(self) -> Id<MagazineList> {
        // SAFETY: `full` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ObjectCacheRecord, full) as u32) }
    }

    /// The empty magazines.
    pub(crate) const fn empty(self) -> Id<MagazineList> {
        // SAFETY: `empty` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ObjectCacheRecord, empty) as u32) }
    }

    /// The list of dead slabs.
    pub(crate) const fn dead(self) -> Id<Head> {
        // SAFETY: `dead` is at that offset.
        unsafe { self.field(core::mem::offset_of!(ObjectCacheRecord, dead) as u32) }
    }
}
