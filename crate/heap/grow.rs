//! Growth: the few lines where wasm allocators break. What is asked for is what is missing behind the free tail.
#![forbid(unsafe_code)]

use super::Engine;
use crate::source::Source;
use crate::units::{LIMIT, Pages};

/// A growth adds at least `1/2^STEP_SHIFT` of the memory: one costs up to 70 µs (Node), so they become rarer as the heap
/// gets larger.
const STEP_SHIFT: u32 = 5;

impl<S: Source> Engine<S> {
    /// Grows the memory so that `len` bytes, which no free segment holds, are free together; whether it grew. One growth
    /// suffices. Needs two spare tags.
    #[inline(never)]
    pub(super) fn grow(&self, len: u32) -> bool {
        let state = self.state();
        let pages = self.source().end().0;
        let missing = Pages::holding(len - (pages << 16).wrapping_sub(self.tail()));
        // A full memory of 65,536 pages has more than this, and refuses by itself.
        let room = (LIMIT >> 16).wrapping_sub(pages);
        if missing.0 > room {
            return false;
        }
        let mut more = missing.max(Pages((pages >> STEP_SHIFT).min(room)));
        let start = loop {
            if let Some(start) = self.source().grow(more) {
                break start.0;
            }
            if more == missing {
                return false;
            }
            more = missing;
        };
        state.growths.set(state.growths.get() + 1);
        state.grown_pages.set(state.grown_pages.get() + more.0);
        self.vmem().add(start, more.0 << 16);
        true
    }

    /// Where the free memory at the end of the memory begins: its end, where the arena does not reach there or its last
    /// segment is held. A memory of 4 GiB ends at zero, as a 32-bit address.
    #[inline(never)]
    pub(super) fn tail(&self) -> u32 {
        let end = self.source().end().0 << 16;
        if self.vmem().end() == end { self.vmem().tail() } else { end }
    }
}
