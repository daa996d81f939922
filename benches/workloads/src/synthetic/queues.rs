//! Objects of one size, 64 bytes, that die in order: youngest first as on a stack, or oldest first as
//! in a queue.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// Bytes of every object.
const SIZE: usize = 64;
/// The deepest stack, and the length of the queue.
const DEPTH: usize = 2_000;
/// How many times the stack rises and falls.
const WAVES: u32 = 6_000;
/// How many objects pass through the queue.
const PASSED: u32 = 5_000_000;

/// Youngest first: rises to a random height, falls to a lower one.
pub(super) fn lifo(random: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for wave in 0..WAVES {
        let top = random.within(shelf.len(), DEPTH);
        while shelf.len() < top {
            shelf.push(Object::new(SIZE, wave));
        }
        let bottom = random.below(top + 1);
        while shelf.len() > bottom {
            if let Some(object) = shelf.pop() {
                object.free(&mut fold);
            }
        }
    }
    shelf.clear(&mut fold);
    fold.end()
}

/// Oldest first: a ring in which each new object replaces the oldest.
pub(super) fn fifo(_: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for serial in 0..DEPTH {
        shelf.push(Object::new(SIZE, serial as u32));
    }
    for serial in 0..PASSED {
        let oldest = serial as usize % DEPTH;
        if let Some(old) = shelf.replace(oldest, Object::new(SIZE, serial)) {
            old.free(&mut fold);
        }
    }
    shelf.clear(&mut fold);
    fold.end()
}
