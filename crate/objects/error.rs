//! Why a call on an object cache is refused. Every error names the value that is at fault.
#![forbid(unsafe_code)]

use core::fmt;

/// Why an object cache refuses a call; it is unchanged then, but for what lay idle in it and was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Objects of so many bytes are none, or too long.
    BadSize(u32),
    /// Objects of the cache cannot begin at multiples of this: at most 128.
    BadAlign(u32),
    /// A name is empty.
    BadName,
    /// A reserve is not below the limit, or there is none to reserve of.
    BadReserve {
        /// The objects to reserve.
        reserve: u32,
        /// The limit.
        limit: u32,
    },
    /// More objects shall be kept than the limit allows, or a zone has no limit.
    BadLimit {
        /// The limit.
        limit: u32,
        /// The objects to keep.
        keep: u32,
    },
    /// Rounds of a magazine that no magazine type has.
    BadRounds(u32),
    /// The cache has as many objects as it may.
    Limit {
        /// How many that are.
        objects: u32,
    },
    /// The budget does not allow it.
    Budget {
        /// The bytes that were to be charged.
        bytes: u32,
        /// The limit of the budget.
        limit: u32,
    },
    /// A budget is in another memory than the cache that it shall pay for.
    ForeignBudget,
    /// There is no memory.
    NoMemory {
        /// The bytes that were asked of the heap.
        bytes: u32,
    },
    /// The constructor refused.
    Refused,
    /// Objects are still held.
    Busy {
        /// How many.
        objects: u32,
    },
    /// The cache is one with others.
    Shared {
        /// How many share it.
        users: u32,
    },
    /// A handle names an object that is no more, or none of this cache.
    Stale,
    /// An object is being used, so it can neither be changed nor given up.
    Pinned,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BadSize(size) => write!(f, "objects of {size} bytes are empty, or longer than 256 MiB"),
            Self::BadAlign(align) => write!(f, "the alignment {align} is no power of two up to 128"),
            Self::BadName => f.write_str("a cache needs a name"),
            Self::BadReserve { reserve, limit } => {
                write!(f, "a reserve of {reserve} objects is not below the limit of {limit}")
            }
            Self::BadLimit { limit, keep } => write!(f, "{keep} objects cannot be kept under a limit of {limit}"),
            Self::BadRounds(rounds) => write!(f, "no magazine type has {rounds} rounds"),
            Self::Limit { objects } => write!(f, "the cache has all the {objects} objects it may"),
            Self::Budget { bytes, limit } => write!(f, "{bytes} bytes more are above the budget of {limit}"),
            Self::ForeignBudget => f.write_str("the budget is in another memory than the cache"),
            Self::NoMemory { bytes } => write!(f, "there is no memory for {bytes} bytes"),
            Self::Refused => f.write_str("the constructor refused to make an object"),
            Self::Busy { objects } => write!(f, "{objects} objects are still held"),
            Self::Shared { users } => write!(f, "the cache is shared by {users}, whom it would bind, too"),
            Self::Stale => f.write_str("the handle names an object that is no more, or none of this cache"),
            Self::Pinned => f.write_str("the object is in use"),
        }
    }
}

impl core::error::Error for Error {}
