//! The records of what happened: entries of logs, faults, requests that failed.

use crate::record::{Record, Word};

/// Words of memory around a fault that are kept.
pub(crate) const AROUND: usize = 32;

/// Log entries that a fault names.
pub(crate) const LAST: usize = 8;

/// Rows of each kind in the report of an exhaustion.
pub(crate) const HOLDERS: usize = 12;

/// A log: a ring of parts that are overwritten one by one, the oldest first.
#[repr(C)]
pub(crate) struct LogRecord {
    /// Where its parts are, one behind the other; zero before the first entry.
    pub(crate) at: Word,
    /// Bytes of a part; zero for the default length.
    pub(crate) part_len: Word,
    /// The part that is written.
    pub(crate) part: Word,
    /// Bytes of it that are written.
    pub(crate) filled: Word,
    /// Sequence number of the last entry; the first has 1.
    pub(crate) sequence: Word,
    /// Entries that were cut because they are longer than a part.
    pub(crate) cut: Word,
}

// SAFETY: `repr(C)`, six words.
unsafe impl Record for LogRecord {}

/// Parts of a log.
pub(crate) const PARTS: u32 = 4;

/// An entry of a log, before the bytes that it may have. An entry of length zero ends a part.
#[repr(C)]
pub(crate) struct EntryRecord {
    /// Bytes of the entry, these words included, a multiple of 4.
    pub(crate) len: Word,
    /// Sequence number in its log.
    pub(crate) sequence: Word,
    /// What happened: see [`Event`](crate::audit::Event).
    pub(crate) event: Word,
    /// Low word of the operation.
    pub(crate) operation: Word,
    /// Milliseconds of the host's clock.
    pub(crate) time: Word,
    /// Address.
    pub(crate) address: Word,
    /// Bytes.
    pub(crate) size: Word,
    /// The alignment, or for a reallocation the address before.
    pub(crate) align: Word,
    /// Number of the object cache; zero for the front end.
    pub(crate) cache: Word,
    /// Number of the site; zero for none.
    pub(crate) site: Word,
    /// Sequence number of the entry before for the same object; zero for none.
    pub(crate) before: Word,
}

// SAFETY: `repr(C)`, eleven words.
unsafe impl Record for EntryRecord {}

/// Bytes of an entry without its contents.
pub(crate) const ENTRY_LEN: u32 = size_of::<EntryRecord>() as u32;

/// What went wrong.
#[repr(C)]
pub(crate) struct FaultRecord {
    /// Its number, from 1 on.
    pub(crate) number: Word,
    /// What it turned out to be: see [`FaultKind`](crate::audit::FaultKind).
    pub(crate) kind: Word,
    /// What it was taken for at first.
    pub(crate) reported: Word,
    /// What the program was doing: see [`Event`](crate::audit::Event).
    pub(crate) event: Word,
    /// The address that it named.
    pub(crate) address: Word,
    /// Where the object begins; zero where there is none.
    pub(crate) object: Word,
    /// Bytes of the object as they were asked for, or of its class.
    pub(crate) size: Word,
    /// Its alignment.
    pub(crate) align: Word,
    /// Bytes that the program said it has.
    pub(crate) given_size: Word,
    /// The alignment that it said.
    pub(crate) given_align: Word,
    /// Number of the object cache that the program named; zero for the front end.
    pub(crate) given_cache: Word,
    /// Number of the object cache that it belongs to.
    pub(crate) cache: Word,
    /// First address of its slab or segment; zero where there is none.
    pub(crate) segment: Word,
    /// Bytes of that.
    pub(crate) segment_len: Word,
    /// Where the tag of that is.
    pub(crate) tag: Word,
    /// What is there: bits of the tag's kind.
    pub(crate) place: Word,
    /// First damaged byte, from the beginning of the object on; negative before it.
    pub(crate) offset: Word,
    /// Damaged bytes, up to the last one.
    pub(crate) damaged: Word,
    /// The word that should be there.
    pub(crate) expected: Word,
    /// The word that is.
    pub(crate) found: Word,
    /// Site of the request for the object.
    pub(crate) alloc_site: Word,
    /// Site where it was given back.
    pub(crate) free_site: Word,
    /// Site of the call that found the fault.
    pub(crate) site: Word,
    /// Low words of the operations of these three.
    pub(crate) operations: [Word; 3],
    /// Milliseconds of the host's clock at these three.
    pub(crate) times: [Word; 3],
    /// What was done: see [`Policy`](crate::audit::Policy).
    pub(crate) outcome: Word,
    /// First address of the words around it.
    pub(crate) around_at: Word,
    /// How many words there are.
    pub(crate) around_len: Word,
    /// The words around it.
    pub(crate) around: [Word; AROUND],
    /// Sequence numbers of the last entries of the transaction log for the object, the newest first; zero for none.
    pub(crate) last: [Word; LAST],
}

// SAFETY: `repr(C)`, words.
unsafe impl Record for FaultRecord {}

/// Which requests are made to fail. All zero: none.
#[repr(C)]
pub(crate) struct InjectionRecord {
    /// Not zero where requests are made to fail.
    pub(crate) on: Word,
    /// One of so many requests fails; zero for none by chance.
    pub(crate) one_in: Word,
    /// The request that fails, counted from 1 on; zero for none by number.
    pub(crate) nth: Word,
    /// Failures that are left; zero for any number.
    pub(crate) times: Word,
    /// Bytes that pass before the first failure.
    pub(crate) space: Word,
    /// The least bytes of a request that may fail.
    pub(crate) min: Word,
    /// The most; zero for any number.
    pub(crate) max: Word,
    /// Number of the object cache whose requests may fail, plus one; one for the front end's; zero for all.
    pub(crate) cache: Word,
    /// Hash of the name of the tag under which requests may fail; zero for all.
    pub(crate) tag: Word,
    /// Requests that were looked at.
    pub(crate) looked: Word,
    /// Of those, made to fail.
    pub(crate) failed: Word,
    /// State of its generator of random numbers.
    pub(crate) random: Word,
}

// SAFETY: `repr(C)`, twelve words.
unsafe impl Record for InjectionRecord {}

/// A request that there was no memory for, and who held the memory then.
#[repr(C)]
pub(crate) struct ExhaustionRecord {
    /// How many there were, this one included.
    pub(crate) count: Word,
    /// Low word of the operation.
    pub(crate) operation: Word,
    /// Milliseconds of the host's clock.
    pub(crate) time: Word,
    /// Bytes asked for.
    pub(crate) size: Word,
    /// Their alignment.
    pub(crate) align: Word,
    /// Number of the object cache that asked; zero for the front end.
    pub(crate) cache: Word,
    /// Site that asked.
    pub(crate) site: Word,
    /// Pages of the memory.
    pub(crate) pages: Word,
    /// Whether the reserve served the request.
    pub(crate) reserve_used: Word,
    /// Free bytes of the arena.
    pub(crate) free: Word,
    /// The sites that held most, by live bytes, zero for none.
    pub(crate) sites: [HolderRecord; HOLDERS],
    /// The caches that held most: a size class, or its number above 65,536 for an object cache.
    pub(crate) caches: [HolderRecord; HOLDERS],
}

// SAFETY: `repr(C)`, words.
unsafe impl Record for ExhaustionRecord {}

/// Who holds memory.
#[repr(C)]
pub(crate) struct HolderRecord {
    /// Who: the number of a site, or a cache.
    pub(crate) who: Word,
    /// Bytes.
    pub(crate) bytes: Word,
    /// Objects.
    pub(crate) count: Word,
}

// SAFETY: `repr(C)`, three words.
unsafe impl Record for HolderRecord {}
