//! Growth: the few lines where wasm allocators break. What is asked for is what is missing behind the free tail.
#![forbid(unsafe_code)]

use super::Engine;
use crate::source::Source;
use crate::units::{LIMIT, Pages};

impl<S: Source> Engine<S> {
    /// Grows the memory so that `len` bytes, which no free segment holds, are free together; whether it grew. One growth
    /// suffices. Needs two spare tags.
    #[inline(never)]
    pub(super) fn grow(&self, len: u32) -> bool {
        let state = self.state();
        let pages = self.source().end().0;
        // The free tail may suffice and have been overlooked: then a page makes it be seen.
        let tail = (pages << 16).wrapping_sub(self.tail());
        let missing = Pages::holding(len.saturating_sub(tail).max(1));
        // A full memory of 65,536 pages has more than this, and refuses by itself.
        if missing.0 > (LIMIT >> 16).wrapping_sub(pages) {
            return false;
        }
        let Some(start) = self.source().grow(missing) else { return false };
        state.growths.set(state.growths.get() + 1);
        state.grown_pages.set(state.grown_pages.get() + missing.0);
        self.vmem().add(start.0, missing.0 << 16);
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
