//! A heap's memory as bytes that can be damaged: an image for the inspector's engine, and where its records are.
//!
//! Places are found by what the bytes say (who names whom), so the tests do not repeat the layout of the records, apart
//! from that of a tag, the format's smallest part.

use std::collections::BTreeSet;

use flagstone::Heap;
use flagstone::image::survey::{Kind, Segment, Survey};
use flagstone::image::{Error, Image};
use flagstone::units::Addr;

use super::Fake;

/// A copy of a memory; below `origin` it is zero.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) origin: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) root: Addr,
}

/// Offsets in a tag: its place among the segments, its place in another list, what it describes, what is its holder's.
pub(crate) mod tag {
    pub(crate) const NEXT: u32 = 0;
    pub(crate) const BACK: u32 = 4;
    pub(crate) const LINK_NEXT: u32 = 8;
    pub(crate) const LINK_BACK: u32 = 12;
    pub(crate) const START: u32 = 16;
    pub(crate) const LEN: u32 = 20;
    pub(crate) const KIND: u32 = 24;
    /// Objects of a slab.
    pub(crate) const OWNER: u32 = 28;
    /// Free objects of a slab, two words.
    pub(crate) const BITS: u32 = 32;
}

impl Image for Snapshot {
    fn len(&self) -> u64 {
        u64::from(self.origin) + self.bytes.len() as u64
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        let end = u64::from(at) + into.len() as u64;
        if end > self.len() {
            return Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len() });
        }
        into.fill(0);
        let below = (self.origin.saturating_sub(at) as usize).min(into.len());
        let from = (at.max(self.origin) - self.origin) as usize;
        let rest = &mut into[below..];
        let len = rest.len();
        if len != 0 {
            rest.copy_from_slice(&self.bytes[from..from + len]);
        }
        Ok(())
    }
}

impl Snapshot {
    /// The memory of a heap now.
    pub(crate) fn of(heap: &Heap<Fake<'_>>) -> Self {
        Self { origin: heap.source().origin().0, bytes: heap.source().bytes(), root: heap.root() }
    }

    /// The word at an address.
    pub(crate) fn word(&self, at: u32) -> u32 {
        let mut bytes = [0; 4];
        self.read(at, &mut bytes).expect("an address in the memory");
        u32::from_le_bytes(bytes)
    }

    /// Changes the word at an address.
    pub(crate) fn set(&mut self, at: u32, word: u32) {
        let from = (at - self.origin) as usize;
        self.bytes[from..from + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// The survey of it.
    pub(crate) fn survey(&self) -> Survey {
        Survey::take(self, self.root).expect("a heap with its root")
    }

    /// The invariants that `verify` finds broken.
    pub(crate) fn broken(&self) -> BTreeSet<&'static str> {
        let problems = flagstone::verify::verify(self, self.root).expect("a heap with its root");
        problems.iter().map(|problem| problem.invariant).collect()
    }

    /// The addresses of the words of the heap's state.
    pub(crate) fn state(&self) -> impl Iterator<Item = u32> + use<> {
        let layout = self.survey().layout;
        (layout.state..layout.state + layout.state_len).step_by(4)
    }

    /// The addresses of the words of all metadata segments.
    pub(crate) fn metadata(&self) -> impl Iterator<Item = u32> + use<> {
        let segments = self.survey().segments.into_iter().filter(|segment| segment.kind == Kind::Metadata);
        segments.flat_map(|segment| (segment.start..segment.start + segment.len).step_by(4))
    }

    /// The only one of `places` of which `is` holds.
    pub(crate) fn only(&self, places: impl Iterator<Item = u32>, is: impl Fn(&Self, u32) -> bool) -> u32 {
        let found: Vec<_> = places.filter(|&at| is(self, at)).collect();
        assert_eq!(found.len(), 1, "places found: {found:#x?}");
        found[0]
    }

    /// The first segment of which `is` holds.
    pub(crate) fn segment(&self, is: impl Fn(&Segment) -> bool) -> Segment {
        self.survey().segments.into_iter().find(is).expect("such a segment")
    }

    /// The word that begins the list in which the link at `at` is: in no record that a link of the list is in.
    pub(crate) fn head_of(&self, at: u32) -> u32 {
        let layout = self.survey().layout;
        let state = layout.state..layout.state + layout.state_len;
        let mut word = self.word(at + 4);
        for _ in 0..100_000 {
            if state.contains(&word) {
                return word;
            }
            word = self.word(word + 4);
        }
        panic!("the list of the link at {at:#x} has no beginning in the state");
    }
}

/// Fails unless the damage is seen as what it is.
pub(crate) fn assert_sees(invariant: &str, damaged: &Snapshot) {
    let broken = damaged.broken();
    assert!(broken.contains(invariant), "{invariant} is broken, and verify reports {broken:?}");
}

/// Fails unless the damage is seen as that, and as nothing else.
pub(crate) fn assert_sees_only(invariant: &str, damaged: &Snapshot) {
    let broken = damaged.broken();
    assert!(broken.iter().eq([&invariant]), "{invariant} is broken, and verify reports {broken:?}");
}
