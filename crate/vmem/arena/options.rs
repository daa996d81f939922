//! What an arena is like.
#![forbid(unsafe_code)]

use core::fmt;

use super::fit::Fit;
use super::import::Import;

/// What an arena is like: `Options { quantum: 4096, ..Options::new("textures") }`.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// What people call it. The inspector shows the first 24 bytes.
    pub name: &'a str,
    /// The unit: a power of two. Lengths are rounded up to it, and segments begin at multiples of it.
    pub quantum: u32,
    /// Which segment a request takes that says nothing of it.
    pub fit: Fit,
    /// Lengths up to this come from quantum caches, in constant time; 1 to 16 quanta, or zero for none. They are cut from longer
    /// segments, which are held while one of their pieces is.
    pub quantum_caches: u32,
    /// Where spans come from, and go back to when they are all free.
    pub import: Option<&'a dyn Import>,
    /// An import asks for this many times the length first, for fewer imports, and for the length itself where that is refused.
    pub import_factor: u32,
    /// Whether the numbers are addresses of the memory in which the arena's records are, so that an inspector can tell for an
    /// address what the arena has there.
    pub memory: bool,
}

impl<'a> Options<'a> {
    /// The simplest: quantum 1, instant fit, no caches, no import.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Self { name, quantum: 1, fit: Fit::Instant, quantum_caches: 0, import: None, import_factor: 1, memory: false }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("name", &self.name).field("quantum", &self.quantum).finish_non_exhaustive()
    }
}
