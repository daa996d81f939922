//! The random actions by which talc measures itself: allocate, free and reallocate with equal chance,
//! 1 to 10,000 bytes, most alignments 8, some 16 and more.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// How many actions are tried; a few find nothing to free and do nothing.
const ACTIONS: u32 = 1_000_000;

/// Allocates, frees and reallocates.
pub(super) fn with_realloc(random: &mut Random) -> u64 {
    actions(random, 3)
}

/// Allocates and frees.
pub(super) fn without_realloc(random: &mut Random) -> u64 {
    actions(random, 2)
}

/// Runs with the first `kinds` of the three actions.
fn actions(random: &mut Random, kinds: usize) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for serial in 0..ACTIONS {
        match random.below(kinds) {
            0 => {
                let align = 8 << (random.next().trailing_zeros() / 2).min(8);
                shelf.push(Object::aligned(random.within(1, 10_000), align, serial));
            }
            1 => {
                if let Some(object) = shelf.take(random) {
                    object.free(&mut fold);
                }
            }
            _ => {
                let size = random.within(1, 10_000);
                if let Some(object) = shelf.any(random) {
                    object.resize(size, serial);
                }
            }
        }
    }
    shelf.clear(&mut fold);
    fold.end()
}
