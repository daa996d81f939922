//! Why the front end refuses a request, and what is on record of the last one.
#![forbid(unsafe_code)]

use core::fmt;

use crate::heap::state;
use crate::objects::Flags;

/// Why a request is refused; nothing is changed then, but for what lay idle and was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Zero bytes are no memory. Never on record.
    ZeroSize,
    /// More bytes than a 32-bit memory can be asked for.
    TooLong {
        /// The bytes asked for.
        size: usize,
        /// Their alignment.
        align: usize,
    },
    /// An array is longer than any memory.
    Overflow {
        /// Bytes from one element to the next.
        size: usize,
        /// How many elements were asked for.
        count: usize,
    },
    /// There is no memory, with all that the flags allow to get some.
    NoMemory {
        /// The bytes asked for.
        size: u32,
        /// Their alignment.
        align: u32,
        /// The flags of the request.
        flags: Flags,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ZeroSize => f.write_str("a request of zero bytes is no request for memory"),
            Self::TooLong { size, align } => {
                write!(f, "{size} bytes at a multiple of {align} are more than a 32-bit memory has")
            }
            Self::Overflow { size, count } => write!(f, "{count} elements of {size} bytes are longer than any memory"),
            Self::NoMemory { size, align, flags } => {
                write!(
                    f,
                    "there is no memory for {size} bytes at a multiple of {align} with the flags {}",
                    flags.bits()
                )
            }
        }
    }
}

impl core::error::Error for Refusal {}

/// The request that was refused last, as an inspector sees it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastRefusal {
    /// How many were refused, this one included.
    pub count: u32,
    /// Its bytes; the greatest number for more than 32 bits say.
    pub size: u32,
    /// Its alignment.
    pub align: u32,
    /// The bits of its flags: [`Flags::bits`].
    pub flags: u32,
}

impl LastRefusal {
    /// What a record says, if it says anything.
    pub(super) fn of(record: &state::Refusal) -> Option<Self> {
        let count = record.count.get();
        (count != 0).then(|| Self {
            count,
            size: record.size.get(),
            align: record.align.get(),
            flags: record.flags.get(),
        })
    }
}
