//! What is held after a closure, and how it is told.
#![forbid(unsafe_code)]

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

/// Rows that a failure lists.
const LISTED: usize = 12;

/// What a closure asked for and holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaks {
    /// How many allocations.
    pub count: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// The most bytes of the closure's own allocations that were held at once.
    pub peak: u64,
    /// Allocations that there was no memory to put on record; whether they are held is not known.
    pub unrecorded: u64,
    /// The allocations by site and size, the largest sum first.
    pub rows: Vec<Leak>,
}

/// Allocations of one site and size that are held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// Bytes of one.
    pub size: u64,
    /// Alignment of one.
    pub align: u64,
    /// How many.
    pub count: u64,
    /// Which allocation of the closure the first one was, counted from 1 on.
    pub first: u64,
    /// The object cache they belong to.
    pub cache: Option<String>,
    /// The tag in force when they were asked for, within others: `parser/tables`.
    pub tag: Option<String>,
    /// The stack, the innermost frame first: offsets in the module on wasm, functions and lines elsewhere. Empty where it is not known.
    pub frames: Vec<String>,
}

impl Leaks {
    /// Whether nothing is held, for certain.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0 && self.unrecorded == 0
    }
}

/// Brings rows into order: the largest sum first, then the oldest.
pub(super) fn sort(rows: &mut [Leak]) {
    rows.sort_by_key(|row| (u64::MAX - row.size * row.count, row.first));
}

/// The list that a failed assertion shows.
impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} still held, {} in all",
            counted(self.count, "allocation is", "allocations are"),
            bytes(self.bytes)
        )?;
        if self.unrecorded != 0 {
            let unrecorded = counted(self.unrecorded, "allocation", "allocations");
            write!(f, "; there was no memory to put {unrecorded} on record: give the heap more")?;
        }
        list(f, &self.rows)
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.count, bytes(self.size))?;
        if self.align > 16 {
            write!(f, " at a multiple of {}", self.align)?;
        }
        if let Some(cache) = &self.cache {
            write!(f, ", of the object cache \"{cache}\"")?;
        }
        if let Some(tag) = &self.tag {
            write!(f, ", tag \"{tag}\"")?;
        }
        write!(f, "; {} allocation {}", if self.count == 1 { "it was" } else { "the first was" }, self.first)
    }
}

/// Rows, and the frames of each.
pub(super) fn list(f: &mut fmt::Formatter<'_>, rows: &[Leak]) -> fmt::Result {
    for row in rows.iter().take(LISTED) {
        write!(f, "\n  {row}")?;
        for frame in &row.frames {
            write!(f, "\n      {frame}")?;
        }
    }
    if let Some(more) = rows.len().checked_sub(LISTED).filter(|&more| more != 0) {
        write!(f, "\n  and {}", counted(more as u64, "row more", "rows more"))?;
    }
    Ok(())
}

/// A number with its noun.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    alloc::format!("{count} {}", if count == 1 { one } else { many })
}

/// A number of bytes.
pub(super) fn bytes(count: u64) -> String {
    counted(count, "byte", "bytes")
}
