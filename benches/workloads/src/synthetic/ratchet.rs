//! The ratchet: a buffer that grows by 64 KiB in 150 steps, where the old one is freed only after the
//! new one is made. Freed memory is always a little too small for the next step unless it is joined
//! with its neighbours, also across two growths of the memory.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};

/// Steps, each one page more than the last.
const STEPS: u32 = 150;
/// What a buffer gains in a step.
const STEP: usize = 64 * 1024;

/// Runs the ratchet once: a second time would find memory enough.
pub(super) fn run(_: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut buffer = Object::new(STEP, 0);
    for step in 1..STEPS {
        let larger = Object::new(buffer.size() + STEP, step);
        buffer.free(&mut fold);
        buffer = larger;
    }
    buffer.free(&mut fold);
    fold.end()
}
