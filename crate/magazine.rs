//! Magazines: arrays of rounds, the addresses of free objects, loaded and previous.
//!
//! The CPU layer of a cache (Bonwick and Adams 2001): an allocation takes the last round of the loaded magazine, a free
//! puts one there. Neither touches the object or its slab. When the loaded magazine runs out, the previous one takes its
//! place; only when both are empty (or both full) do rounds move between them and the slabs, a magazine at a time, so
//! alternating calls at the edge cost nothing. The previous magazine is always empty or full (invariant I11).
//!
//! A magazine is named by the address of its first round; its number of rounds is its owner's.

use crate::record::{Id, Record, Word, get};
use crate::source::Source;

/// The loaded and the previous magazine of a cache. All zero: none yet, neither rounds nor room.
#[repr(C)]
pub(crate) struct Magazines {
    /// Rounds in the loaded magazine.
    pub(crate) rounds: Word,
    /// Address of the loaded magazine.
    pub(crate) loaded: Word,
    /// Rounds a magazine has room for.
    pub(crate) capacity: Word,
    /// Rounds in the previous magazine: none, or `capacity`.
    pub(crate) previous_rounds: Word,
    /// Address of the previous magazine.
    pub(crate) previous: Word,
}

// SAFETY: `repr(C)`, five words.
unsafe impl Record for Magazines {}

impl Magazines {
    /// Takes the last round, of at least one.
    #[inline]
    pub(crate) fn take<S: Source>(&self, source: &S) -> u32 {
        let rounds = self.rounds.get() - 1;
        self.rounds.set(rounds);
        slot(source, self.loaded.get(), rounds).get()
    }

    /// Puts a round; `false` where the loaded magazine is full.
    #[inline]
    pub(crate) fn give<S: Source>(&self, source: &S, round: u32) -> bool {
        let rounds = self.rounds.get();
        if rounds >= self.capacity.get() {
            return false;
        }
        self.rounds.set(rounds + 1);
        slot(source, self.loaded.get(), rounds).set(round);
        true
    }

    /// Exchanges loaded and previous.
    pub(crate) fn exchange(&self) {
        self.rounds.swap(&self.previous_rounds);
        self.loaded.swap(&self.previous);
    }
}

/// The `index`th round of the magazine at `base`.
#[inline(always)]
pub(crate) fn slot<S: Source>(source: &S, base: u32, index: u32) -> &Word {
    // SAFETY: I10: a magazine is `capacity` words of metadata, and every index used is below `rounds` or, for the one
    // being put, below `capacity`.
    get(source, unsafe { Id::at(base + 4 * index) })
}
