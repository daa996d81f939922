//! Heaps of which snapshots are taken, and what a model of what is held says of two of them.
#![allow(dead_code, reason = "each test program uses a part of this")]

use std::collections::BTreeMap;
use std::ptr::NonNull;

use flagstone::Heap;
use flagstone::image::audit::AuditInfo;
use flagstone::image::survey::Survey;
use flagstone::inspector::snapshot::diff::{Change, Diff, DiffOptions};
use flagstone::inspector::snapshot::figures::Tally;
use flagstone::inspector::snapshot::list::{ObjectFilter, ObjectList, ObjectWords};
use flagstone::inspector::snapshot::{Note, Snapshot};
use flagstone::objects::{Bare, Cache};

use crate::support::{Fake, Rng, address, bytes, free};

/// A snapshot of a heap now, with what diagnosis has on record where there is any.
pub(crate) fn snapshot(heap: &Heap<Fake<'_>>) -> Snapshot {
    named(heap, "", 0)
}

/// The same with a note.
pub(crate) fn named(heap: &Heap<Fake<'_>>, name: &str, time: u64) -> Snapshot {
    let survey = Survey::take(&heap.image(), heap.root()).expect("a heap with its root");
    let audit = AuditInfo::read(&heap.image(), &survey).expect("its records");
    Snapshot::take(&survey, audit.as_ref(), Note { name: name.into(), time })
}

/// What changed, all of it.
pub(crate) fn diff(earlier: &Snapshot, later: &Snapshot) -> Diff {
    earlier.diff(later, DiffOptions::default())
}

/// A count and bytes.
pub(crate) const fn tally(count: u32, bytes: u64) -> Tally {
    Tally { count: count as f64, bytes }
}

/// What is new, freed and survives of a change, as counts and bytes.
pub(crate) fn said(change: &Change) -> [(u64, u64); 3] {
    [change.new, change.freed, change.surviving].map(|tally| (tally.count as u64, tally.bytes))
}

/// The objects that words ask for.
pub(crate) fn list(earlier: &Snapshot, later: &Snapshot, words: ObjectWords) -> ObjectList {
    earlier.list(later, None, &ObjectFilter::of(&words).expect("words that make sense")).expect("caches that are there")
}

/// What the program holds, by address.
pub(crate) type Shadow = BTreeMap<u32, Thing>;

/// A thing that the program holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thing {
    /// Tells it from all others there ever were.
    pub(crate) serial: u32,
    pub(crate) size: usize,
    /// Whether it is of the object cache.
    pub(crate) node: bool,
    pointer: NonNull<u8>,
}

/// A program that takes and gives back by chance, and knows what it holds.
pub(crate) struct Program<'h, 'm> {
    heap: &'h Heap<Fake<'m>>,
    nodes: &'h Cache<&'h Heap<Fake<'m>>, Bare>,
    pub(crate) held: Shadow,
    pub(crate) made: u32,
}

impl<'h, 'm> Program<'h, 'm> {
    pub(crate) fn new(heap: &'h Heap<Fake<'m>>, nodes: &'h Cache<&'h Heap<Fake<'m>>, Bare>) -> Self {
        Self { heap, nodes, held: Shadow::new(), made: 0 }
    }

    /// Does so many things by chance; the fewer of 256 are taken, the fewer there are in the end.
    pub(crate) fn run(&mut self, rng: &mut Rng, steps: u32, taken: u32) {
        for _ in 0..steps {
            if rng.below(256) < taken {
                self.take(rng);
            } else if let Some((&at, _)) =
                self.held.range(rng.below(u32::MAX)..).next().or_else(|| self.held.iter().next())
            {
                self.give(at);
            }
        }
    }

    fn take(&mut self, rng: &mut Rng) {
        let size = [8, 24, 48, 48, 200, 1_000, 1_500, 3_000, 40_000][rng.below(9) as usize];
        let node = size == 48 && rng.below(2) == 0;
        let pointer = if node { self.nodes.alloc().ok() } else { NonNull::new(self.heap.alloc(bytes(size))) };
        let Some(pointer) = pointer else { return };
        self.made += 1;
        let thing = Thing { serial: self.made, size, node, pointer };
        assert_eq!(self.held.insert(address(self.heap, pointer.as_ptr()), thing), None);
    }

    fn give(&mut self, at: u32) {
        let thing = self.held.remove(&at).expect("it is held");
        if thing.node {
            // SAFETY: it was allocated from the cache and is given back once.
            unsafe { self.nodes.free(thing.pointer) };
        } else {
            free(self.heap, thing.pointer.as_ptr(), bytes(thing.size));
        }
    }

    /// Gives all of it back.
    pub(crate) fn end(mut self) {
        while let Some((&at, _)) = self.held.iter().next() {
            self.give(at);
        }
    }
}
