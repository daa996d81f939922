//! What can be wrong with a trace.
#![forbid(unsafe_code)]

use core::fmt;
use std::io;

use super::{HEADER_LEN, SIZE_MAX, VERSION};

/// Something wrong with a trace, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Bytes before it in the file.
    pub at: u64,
    /// What it is.
    pub problem: Problem,
}

/// What is wrong with a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It does not begin like one.
    NotATrace,
    /// It has another version of the format.
    Version(u32),
    /// It ends before the header does, or before as many bytes of events as the header says.
    Truncated {
        /// Bytes that should be there.
        wanted: u64,
        /// Bytes that are.
        found: u64,
    },
    /// More bytes follow than the header says.
    Longer {
        /// Bytes that should be there.
        wanted: u64,
        /// Bytes that are.
        found: u64,
    },
    /// The header says something that is not so.
    Says {
        /// Of what.
        what: &'static str,
        /// The number in the header.
        says: u64,
        /// The number that is right, or the most that is possible.
        found: u64,
    },
    /// The events end in the middle of one.
    HalfAnEvent,
    /// A number has more than 63 bits.
    NumberTooLong,
    /// A size is 0 or above [`SIZE_MAX`].
    Size(u64),
    /// An alignment is a higher power of two than the 31st.
    Align(u8),
    /// The event names an object that does not live.
    NotLive(i64),
    /// More objects live than the header says.
    TooManyObjects(u32),
    /// The file cannot be read.
    Unreadable(io::ErrorKind),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} of the trace: {}", self.at, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace => f.write_str("the file does not begin like a trace"),
            Self::Version(version) => write!(f, "the format has version {version}, and this reads version {VERSION}"),
            Self::Truncated { wanted, found } => write!(f, "the file ends after {found} bytes of {wanted}"),
            Self::Longer { wanted, found } => write!(f, "the file has {found} bytes, but its trace {wanted}"),
            Self::Says { what, says, found } => write!(f, "the header says {says} {what}, but it is {found}"),
            Self::HalfAnEvent => f.write_str("the events end in the middle of one"),
            Self::NumberTooLong => f.write_str("a number has more than 63 bits"),
            Self::Size(size) => write!(f, "a size of {size} bytes is not between 1 and {SIZE_MAX}"),
            Self::Align(shift) => write!(f, "an alignment of 2 to the power of {shift} is above that of 31"),
            Self::NotLive(object) => write!(f, "object {object} does not live"),
            Self::TooManyObjects(objects) => write!(f, "more objects live than {objects}, as the header says"),
            Self::Unreadable(kind) => write!(f, "the file cannot be read: {kind}"),
        }
    }
}

impl core::error::Error for Error {}

impl Problem {
    /// The problem at a place behind the header, `offset` bytes into the events.
    pub(super) const fn in_events(self, offset: u64) -> Error {
        Error { at: HEADER_LEN as u64 + offset, problem: self }
    }
}
