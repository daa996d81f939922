//! The records of diagnosis: its state behind the heap's own, watches, sites, tags, and tables of them.
//!
//! All of it lies in metadata or in segments of it, so an inspector finds it from the root, after a trap and in a dump.

use core::cell::Cell;

use crate::objects::record::NAME_LEN;
use crate::record::{Id, Record, Word};
use crate::size_class::CLASSES;
use crate::vmem::Tag;

mod told;

#[cfg(feature = "audit")]
pub(crate) use told::LAST;
pub(crate) use told::{
    AROUND, ENTRY_LEN, EntryRecord, ExhaustionRecord, FaultRecord, HolderRecord, InjectionRecord, LogRecord, PARTS,
};

/// Counts of the filter, one for each of the addresses that are the same modulo so many times 8 bytes.
pub(crate) const FILTER: usize = 4096;

/// Frames that a site keeps at most.
pub(crate) const FRAMES: usize = 32;

/// Faults that are kept: the last ones.
pub(crate) const FAULTS: usize = 16;

/// Bit of the kind of a guarded segment's tag: the object waits in the quarantine.
pub(crate) const QUARANTINED: u32 = 1 << 8;
/// Bit of that kind: the object is never given out again.
pub(crate) const LEFT: u32 = 1 << 9;

/// What the number of an object cache has added to it in the report of an exhaustion, to tell it from a size class.
pub(crate) const OBJECT_CACHE: u32 = 1 << 16;

/// Modes that are kept for object caches.
pub(crate) const RULES: usize = 16;

/// Bytes of a text that an inspector leaves to be carried out.
pub(crate) const COMMAND: usize = 248;

/// Status of a watch: the object is held.
pub(crate) const HELD: u32 = 0xa110_c8ed;
/// Status of a watch: the object was given back and waits in the quarantine.
pub(crate) const FREED: u32 = 0xf4ee_f4ee;
/// Status of a watch: something is wrong with the object, and it is never given out again.
pub(crate) const ABANDONED: u32 = 0xabad_0bad;

/// What diagnosis knows. All zero is a heap that nobody looks at.
#[repr(C)]
pub(crate) struct AuditState {
    /// Operations that were recorded, ever: the clock of a heap without a host.
    pub(crate) operations: Cell<u64>,
    /// State of the generator of random numbers; zero before the first.
    pub(crate) random: Cell<u64>,
    /// Bytes that objects in quarantine keep.
    pub(crate) quarantined_bytes: Cell<u64>,
    /// How far a class's count of allocations runs ahead, modulo 2^64: its low word is zero when a sample is due.
    pub(crate) ahead: [Cell<u64>; CLASSES],
    /// The measurement of a test that runs.
    pub(crate) measure: MeasureRecord,
    /// Mode of the front end: bits of [`Mode`](super::Mode).
    pub(crate) mode: Word,
    /// Not zero where every request of the front end takes the slow path: it has a mode, or requests are made to fail.
    pub(crate) slow: Word,
    /// What is done about a fault: see [`Policy`](super::Policy).
    pub(crate) policy: Word,
    /// Bytes between two samples on the average; zero where nothing is sampled.
    pub(crate) rate: Word,
    /// Frames kept of a stack.
    pub(crate) depth: Word,
    /// The tag in force: where its record is; zero for none.
    pub(crate) tag: Word,
    /// Tags, ever.
    pub(crate) tags_made: Word,
    /// The first record of a tag; the others follow by `next`.
    pub(crate) tags: Word,
    /// Watches by the address of their object.
    pub(crate) watches: Table,
    /// Sites by their hash.
    pub(crate) sites: Table,
    /// Records of watches that are none now, by `next`.
    pub(crate) spare_watches: Word,
    /// Objects that are abandoned.
    pub(crate) abandoned: Word,
    /// First and last watch in quarantine, by `next`.
    pub(crate) quarantine: [Word; 2],
    /// Objects in quarantine.
    pub(crate) quarantined: Word,
    /// Bytes that the quarantine may keep.
    pub(crate) quarantine_bytes: Word,
    /// Operations after which an object leaves the quarantine; zero for any number.
    pub(crate) quarantine_age: Word,
    /// Bytes until the next sample of requests that have no class.
    pub(crate) large_left: Word,
    /// For addresses that are the same modulo `8 * FILTER`: how many have a watch, at most 255, which it then stays.
    pub(crate) filter: [Cell<u8>; FILTER],
    /// The logs: transactions, contents, failures, slabs.
    pub(crate) logs: [LogRecord; 4],
    /// Whether something is logged: zero before diagnosis is used, and while a fault is told.
    pub(crate) logging: Word,
    /// Faults, ever.
    pub(crate) faults_made: Word,
    /// The last ones, fault `n` at `n % FAULTS`.
    pub(crate) faults: [FaultRecord; FAULTS],
    /// Requests that are made to fail.
    pub(crate) injection: InjectionRecord,
    /// The last exhaustion.
    pub(crate) exhaustion: ExhaustionRecord,
    /// The segment that is given up at an exhaustion: where its tag is; zero for none.
    pub(crate) reserve: Word,
    /// Its bytes.
    pub(crate) reserve_bytes: Word,
    /// Length of the text that waits to be carried out; zero for none. An inspector writes it last.
    pub(crate) command_len: Word,
    /// What became of the last one: 0 nothing yet, 1 carried out, 2 refused.
    pub(crate) command_outcome: Word,
    /// The text.
    pub(crate) command: [Cell<u8>; COMMAND],
    /// One round, for what goes to its slab by itself.
    pub(crate) round: Word,
    /// Milliseconds of the host's clock at the last operation that asked for it.
    pub(crate) time: Word,
    /// Modes of object caches by their names: for those that are there, and those to come.
    pub(crate) rules: [RuleRecord; RULES],
    /// Not zero where texts of an inspector are refused.
    pub(crate) locked: Word,
    /// Changes whenever a mode does, so that object caches know that they have to look.
    pub(crate) era: Word,
    /// Bytes between two samples that were asked for; `rate` is more where too many stacks were taken.
    pub(crate) asked_rate: Word,
    /// Stacks that samples may take in a second on the average; zero for any number.
    pub(crate) stacks_most: Word,
    /// How many of them are left.
    pub(crate) stacks_left: Word,
    /// Milliseconds of the host's clock when these were counted.
    pub(crate) stacks_at: Word,
}

// SAFETY: a cell of a byte has the byte's representation; any value is valid.
unsafe impl Record for Cell<u8> {}

// SAFETY: `repr(C)`; double words first, then words, bytes in multiples of eight, and records of words (asserted below).
unsafe impl Record for AuditState {}

const _: () = assert!(
    size_of::<AuditState>()
        == 3 * 8
            + size_of::<MeasureRecord>()
            + 8 * 4
            + 2 * size_of::<Table>()
            + 8 * 4
            + CLASSES * 8
            + FILTER
            + 4 * size_of::<LogRecord>()
            + 2 * 4
            + FAULTS * size_of::<FaultRecord>()
            + size_of::<InjectionRecord>()
            + size_of::<ExhaustionRecord>()
            + 4 * 4
            + COMMAND
            + 2 * 4
            + RULES * size_of::<RuleRecord>()
            + 6 * 4
);

/// A measurement of a test: what is handed out while it runs, in bytes that were asked for. See `measure`.
#[repr(C)]
pub(crate) struct MeasureRecord {
    /// The last operation before it began.
    pub(crate) since: Cell<u64>,
    /// Bytes of what was handed out since then and is held.
    pub(crate) bytes: Cell<u64>,
    /// How many objects that are.
    pub(crate) count: Cell<u64>,
    /// The most those bytes were.
    pub(crate) peak: Cell<u64>,
    /// Measurements that run, one within the other; zero for none.
    pub(crate) depth: Word,
    /// Objects that there was no memory for to watch.
    pub(crate) missed: Word,
}

// SAFETY: `repr(C)`; four double words and two words.
unsafe impl Record for MeasureRecord {}

const _: () = assert!(size_of::<MeasureRecord>() == 4 * 8 + 2 * 4);

/// The mode of the object caches of a name.
#[repr(C)]
pub(crate) struct RuleRecord {
    /// The name, in UTF-8, filled up with zeros; all zero where there is no rule.
    pub(crate) name: [Word; NAME_LEN / 4],
    /// The bits of the mode.
    pub(crate) mode: Word,
}

// SAFETY: `repr(C)`, words.
unsafe impl Record for RuleRecord {}

/// A table in a segment of metadata: slots of two words, a key that is not zero and the address of a record.
#[repr(C)]
pub(crate) struct Table {
    /// Where the slots are; zero for none.
    pub(crate) at: Word,
    /// How many there are, a power of two.
    pub(crate) slots: Word,
    /// How many are used.
    pub(crate) used: Word,
    /// Where the tag of their segment is.
    pub(crate) segment: Word,
}

// SAFETY: `repr(C)`, four words.
unsafe impl Record for Table {}

/// What is known of one object: one that was sampled, or one that is a segment of its own with guards around it.
#[repr(C)]
pub(crate) struct WatchRecord {
    /// Operation by which it was handed out.
    pub(crate) alloc_operation: Cell<u64>,
    /// Operation by which it was given back.
    pub(crate) free_operation: Cell<u64>,
    /// Address of the object.
    pub(crate) object: Word,
    /// Bytes asked for.
    pub(crate) size: Word,
    /// The same, encoded, so that damage shows: see `patterns`.
    pub(crate) encoded: Word,
    /// The alignment asked for.
    pub(crate) align: Word,
    /// [`HELD`], [`FREED`] or [`ABANDONED`], each exclusive-or the address of this record.
    pub(crate) status: Word,
    /// Bits of the mode it was made with; zero for a sampled object.
    pub(crate) mode: Word,
    /// Number of the object cache it belongs to; zero for the front end.
    pub(crate) cache: Word,
    /// Where the tag of its segment is; zero for a sampled object.
    pub(crate) segment: Word,
    /// Bytes that the heap uses for it: of its class, or of its segment.
    pub(crate) used: Word,
    /// Bytes between two samples when it was sampled; zero where it is watched for its own sake.
    pub(crate) rate: Word,
    /// Site of the request; zero where none was recorded.
    pub(crate) alloc_site: Word,
    /// Site where it was given back.
    pub(crate) free_site: Word,
    /// Milliseconds of the host's clock when it was handed out.
    pub(crate) alloc_time: Word,
    /// The same when it was given back.
    pub(crate) free_time: Word,
    /// Sequence number of its last entry in the transaction log; zero for none.
    pub(crate) last_entry: Word,
    /// The next one in the quarantine, or of those that are spare.
    pub(crate) next: Word,
}

// SAFETY: `repr(C)`; two double words and sixteen words.
unsafe impl Record for WatchRecord {}

const _: () = assert!(size_of::<WatchRecord>() == 2 * 8 + 16 * 4);

/// A place in the program that asked for memory: a stack, and the tag in force. Its frames follow it.
///
/// A sample stands for more than itself; how much is added here when it is taken, and taken off when the object goes.
#[repr(C)]
pub(crate) struct SiteRecord {
    /// Bytes of what it asked for, ever.
    pub(crate) bytes: Cell<u64>,
    /// How many that were, in 256ths.
    pub(crate) count: Cell<u64>,
    /// Bytes of what of that is held.
    pub(crate) live_bytes: Cell<u64>,
    /// How many that are, in 256ths.
    pub(crate) live_count: Cell<u64>,
    /// Hash of tag and frames, the key in the table.
    pub(crate) hash: Word,
    /// Where the record of the tag is; zero for none.
    pub(crate) tag: Word,
    /// How many frames follow.
    pub(crate) depth: Word,
    /// Samples and watches, ever.
    pub(crate) samples: Word,
    /// Those whose objects are held.
    pub(crate) live_samples: Word,
    /// Its number, from 1 on.
    pub(crate) number: Word,
}

// SAFETY: `repr(C)`; four double words and six words.
unsafe impl Record for SiteRecord {}

/// Bytes of a site without frames.
pub(crate) const SITE_LEN: u32 = size_of::<SiteRecord>() as u32;

const _: () = assert!(SITE_LEN == 4 * 8 + 6 * 4);

/// A tag: a name for what the program does, within another one or not.
#[repr(C)]
pub(crate) struct TagRecord {
    /// The next record of a tag; zero for none.
    pub(crate) next: Word,
    /// Where the record of the one it is within is; zero for none.
    pub(crate) parent: Word,
    /// Its number, from 1 on.
    pub(crate) number: Word,
    /// Times it was entered.
    pub(crate) entries: Word,
    /// Its name, in UTF-8, filled up with zeros.
    pub(crate) name: [Word; NAME_LEN / 4],
}

// SAFETY: `repr(C)`, words.
unsafe impl Record for TagRecord {}

impl Id<AuditState> {
    /// The table of watches.
    pub(crate) const fn watches(self) -> Id<Table> {
        // SAFETY: `watches` is at that offset.
        unsafe { self.field(core::mem::offset_of!(AuditState, watches) as u32) }
    }

    /// The table of sites.
    pub(crate) const fn sites(self) -> Id<Table> {
        // SAFETY: `sites` is at that offset.
        unsafe { self.field(core::mem::offset_of!(AuditState, sites) as u32) }
    }

    /// Where the one round is.
    pub(crate) const fn round(self) -> u32 {
        self.addr() + core::mem::offset_of!(AuditState, round) as u32
    }
}

/// The watch that a table, a list or a tag of diagnosis names.
pub(crate) const fn watch_at(at: u32) -> Id<WatchRecord> {
    // SAFETY: D1: the address is that of a watch.
    unsafe { Id::at(at) }
}

/// The site that a table or a watch names.
pub(crate) const fn site_at(at: u32) -> Id<SiteRecord> {
    // SAFETY: D1: the address is that of a site.
    unsafe { Id::at(at) }
}

/// The record of a tag of the program that a list or a site names.
pub(crate) const fn name_at(at: u32) -> Id<TagRecord> {
    // SAFETY: D1: the address is that of such a record.
    unsafe { Id::at(at) }
}

/// The tag of a segment that a record of diagnosis names.
pub(crate) const fn tag_at(at: u32) -> Id<Tag> {
    // SAFETY: D1, D3: the address is that of the tag of a segment which diagnosis holds.
    unsafe { Id::at(at) }
}

/// The entry of a log, inside one of its parts.
pub(crate) const fn entry_at(at: u32) -> Id<EntryRecord> {
    // SAFETY: D6: the address is a multiple of 4 with as many bytes in the part.
    unsafe { Id::at(at) }
}
