//! A heap whose objects hold what a test writes into them, with static data and a stack below it, as bytes.
#![allow(dead_code, reason = "each test program uses a part of this")]

use flagstone::Heap;
use flagstone::image::leaks::{LeakReport, LeakScan, Options};
use flagstone::image::survey::Survey;
use flagstone::image::{Error, Image};

use crate::support::snapshot::Snapshot;
use crate::support::{Fake, bytes};

/// Where the stack is, below the heap.
pub(crate) const STACK: (u32, u32) = (0x4000, 0x8000);

/// A word of static data, below the stack and above it.
pub(crate) const STATICS: [u32; 2] = [0x1000, 0x9000];

/// What is in a word that is no pointer: an address far above the memory.
pub(crate) const PLAIN: u32 = 0xf1a6_0001;

/// Offsets in the root: the lowest address of the stack, and one past the highest.
const STACK_IN_ROOT: (u32, u32) = (16, 20);

/// The bytes of a memory.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) heap: Snapshot,
    below: Vec<u8>,
}

impl World {
    /// The memory of a heap as it is now, with a stack and static data, which are empty.
    pub(crate) fn of(heap: &Heap<Fake<'_>>) -> Self {
        let mut heap = Snapshot::of(heap);
        let root = heap.root.0;
        heap.set(root + STACK_IN_ROOT.0, STACK.0);
        heap.set(root + STACK_IN_ROOT.1, STACK.1);
        let layout = heap.survey().layout;
        assert_eq!((layout.stack_low, layout.stack_high), STACK);
        Self { below: vec![0; heap.origin as usize], heap }
    }

    /// Writes a word.
    pub(crate) fn set(&mut self, at: u32, word: u32) {
        if at >= self.heap.origin {
            return self.heap.set(at, word);
        }
        self.below[at as usize..at as usize + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// Writes words that are no pointers over all that is live at these addresses.
    pub(crate) fn clear(&mut self, at: &[u32]) {
        let survey = self.survey();
        for &at in at {
            let len = survey.held_at(at).expect("an object");
            (at..at + len).step_by(4).for_each(|at| self.set(at, PLAIN));
        }
    }

    pub(crate) fn survey(&self) -> Survey {
        Survey::take(self, self.heap.root).expect("a heap with its root")
    }

    /// What a scan finds.
    pub(crate) fn report(&self, options: Options) -> LeakReport {
        LeakScan::new(&self.survey(), options).finish(self)
    }

    /// The addresses of leaks, where JavaScript holds nothing.
    pub(crate) fn leaks(&self) -> Vec<u32> {
        self.report(Options::default()).leaks.into_iter().map(|leak| leak.address).collect()
    }
}

impl Image for World {
    fn len(&self) -> u64 {
        self.heap.len()
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        self.heap.read(at, into)?;
        let below = &self.below[(at as usize).min(self.below.len())..];
        let count = below.len().min(into.len());
        into[..count].copy_from_slice(&below[..count]);
        Ok(())
    }
}

/// Allocates `len` bytes that stay; where they are.
pub(crate) fn hold(heap: &Heap<Fake<'_>>, len: usize) -> u32 {
    let at = heap.alloc(bytes(len));
    assert!(!at.is_null(), "memory");
    crate::support::address(heap, at)
}
