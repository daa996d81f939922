//! Growth: the few lines where wasm allocators break. What is asked for is what is missing behind the free tail.
#![forbid(unsafe_code)]

use super::Engine;
use crate::source::Source;
use crate::units::{LIMIT, Pages};

/// A growth adds at least `1/2^STEP_SHIFT` of the memory: one costs up to 70 µs (Node), so they become rarer as the heap
/// gets larger.
const STEP_SHIFT: u32 = 5;

impl<S: Source> Engine<S> {
    /// Grows the memory so that `len` bytes at a multiple of `align` are free; whether it grew. One growth suffices. Needs
    /// two spare records.
    ///
    /// Computed in 64 bits, because sums of addresses and lengths may pass 4 GiB.
    pub(super) fn grow(&self, len: u32, align: u32) -> bool {
        let (state, vmem) = (self.state(), self.vmem());
        let pages = self.source().end();
        let end = pages.bytes();
        let tail = if u64::from(vmem.end()) == end { u64::from(vmem.tail()) } else { end };
        let align = u64::from(align);
        let needed = (tail + (align - 1) & !(align - 1)) + u64::from(len);
        if needed <= u64::from(LIMIT) {
            let missing = Pages::holding((needed - end) as u32);
            let step = Pages((pages.0 >> STEP_SHIFT).min((LIMIT >> 16) - pages.0)).max(missing);
            let grown = |pages| self.source().grow(pages).map(|start| (start, pages));
            if let Some((start, more)) = grown(step).or_else(|| grown(missing)) {
                state.growths.set(state.growths.get() + 1);
                state.grown_pages.set(state.grown_pages.get() + more.0);
                vmem.add(start.0, more.0 << 16);
                return true;
            }
        }
        state.refusals.set(state.refusals.get() + 1);
        false
    }
}
