//! Watches, sites, tags and refused requests as they are on record.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use crate::audit::Mode;
use crate::audit::weight::weight;

/// What is known of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchInfo {
    /// Where its record is.
    pub id: u32,
    /// Where the object begins.
    pub object: u32,
    /// Bytes asked for.
    pub size: u32,
    /// The alignment asked for.
    pub align: u32,
    /// Whether it is held, was given back, or is abandoned; `None` where the record is damaged.
    pub status: Option<Status>,
    /// The mode it was made with.
    pub mode: Mode,
    /// Number of its object cache; zero for the front end.
    pub cache: u32,
    /// Where the tag of its own segment is; zero where it has none.
    pub segment: u32,
    /// Bytes that the heap uses for it.
    pub used: u32,
    /// Bytes between two samples when it was sampled; zero where it stands for itself alone.
    pub rate: u32,
    /// Number of the site that asked for it; zero for none.
    pub alloc_site: u32,
    /// Number of the site that gave it back.
    pub free_site: u32,
    /// The operation that made it.
    pub alloc_operation: u64,
    /// The operation that gave it back.
    pub free_operation: u64,
    /// Milliseconds of the host's clock when it was made.
    pub alloc_time: u32,
    /// Sequence number of its last entry in the log of calls.
    pub last_entry: u32,
    /// The next one in the quarantine.
    pub(crate) next: u32,
    /// Whether its size and its encoded size agree.
    pub(crate) whole: bool,
    /// Where the record of its site is.
    pub(crate) site_at: u32,
}

impl WatchInfo {
    /// How many objects it stands for, in 256ths.
    #[must_use]
    pub fn stands_for(&self) -> u64 {
        weight(self.used, self.rate)
    }
}

/// What became of a watched object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The application holds it.
    Held,
    /// It waits in the quarantine.
    Freed,
    /// It is never handed out again.
    Abandoned,
}

/// A place in the program that asked for memory. Counts are in 256ths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteInfo {
    /// Where its record is.
    pub id: u32,
    /// Its number, from 1 on.
    pub number: u32,
    /// Number of its tag; zero for none.
    pub tag: u32,
    /// Byte offsets in the module, the innermost first.
    pub frames: Vec<u32>,
    /// Bytes, ever.
    pub bytes: u64,
    /// Objects, ever.
    pub count: u64,
    /// Bytes that are held.
    pub live_bytes: u64,
    /// Objects that are held.
    pub live_count: u64,
    /// Samples, ever.
    pub samples: u32,
    /// Samples that are held.
    pub live_samples: u32,
}

/// A tag of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagInfo {
    /// Where its record is.
    pub id: u32,
    /// Its number, from 1 on.
    pub number: u32,
    /// Number of the tag that it is within; zero for none.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// Times it was entered.
    pub entries: u32,
}

/// Who held memory when there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The number of a site, a size class, or an object cache's number above 65,536.
    pub who: u32,
    /// Bytes.
    pub bytes: u32,
    /// Objects.
    pub count: u32,
}

/// The last request that there was no memory for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExhaustionInfo {
    /// How many there were.
    pub count: u32,
    /// The operation.
    pub operation: u32,
    /// Milliseconds of the host's clock.
    pub time: u32,
    /// Bytes asked for.
    pub size: u32,
    /// Their alignment.
    pub align: u32,
    /// Number of the object cache that asked; zero for the front end.
    pub cache: u32,
    /// Number of the site that asked.
    pub site: u32,
    /// Pages of the memory.
    pub pages: u32,
    /// Free bytes of the arena, all too short.
    pub free: u32,
    /// Whether the reserve was given up.
    pub reserve_used: bool,
    /// Sites that held most.
    pub sites: Vec<Holder>,
    /// Caches that held most.
    pub caches: Vec<Holder>,
}

/// Which requests are made to fail, and how many were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InjectionInfo {
    /// One of so many fails, by chance.
    pub one_in: u32,
    /// The one that fails.
    pub nth: u32,
    /// Failures that are left; zero for any number.
    pub times: u32,
    /// Requests that were looked at.
    pub looked: u32,
    /// Of those, made to fail.
    pub failed: u32,
}
