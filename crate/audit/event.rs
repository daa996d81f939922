//! What logs tell of, and which there are.
#![forbid(unsafe_code)]

/// The log of calls.
pub(crate) const TRANSACTIONS: usize = 0;
/// The log of what was in objects that were freed.
pub(crate) const CONTENTS: usize = 1;
/// The log of requests that got nothing.
pub(crate) const FAILURES: usize = 2;
/// The log of slabs.
pub(crate) const SLABS: usize = 3;

/// What an entry of a log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Event {
    /// Memory was handed out.
    Alloc = 1,
    /// Memory was given back.
    Free = 2,
    /// An allocation got another size.
    Realloc = 3,
    /// What was in an object when it was given back.
    Contents = 4,
    /// A request got nothing.
    Failure = 5,
    /// A request was made to fail.
    Injected = 6,
    /// A slab was made.
    SlabMade = 7,
    /// A slab went back.
    SlabGone = 8,
    /// All objects were checked.
    Check = 9,
    /// An object left the quarantine.
    Released = 10,
}

impl Event {
    /// The event that a number on record is.
    #[cfg(feature = "inspector")]
    pub(crate) const fn of(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Alloc,
            2 => Self::Free,
            3 => Self::Realloc,
            4 => Self::Contents,
            5 => Self::Failure,
            6 => Self::Injected,
            7 => Self::SlabMade,
            8 => Self::SlabGone,
            9 => Self::Check,
            10 => Self::Released,
            _ => return None,
        })
    }
}
